"""Tests of the potentials of dipoles outside the brain."""

from __future__ import annotations

import numpy as np
import pytest

from mne_artdenoise.synthesis.headmodel import (
    MUSCLES,
    draw_eye_topographies,
    draw_heart_topography,
    draw_muscle_topographies,
    project_dipole,
)

TEN_TWENTY = 19
BLINK, SIDEWAYS = 0, 1


@pytest.fixture
def read_positions(make_info):
    def read(n_channels: int) -> tuple[list[str], np.ndarray]:
        info = make_info(n_channels)
        return info["ch_names"], np.array([ch["loc"][:3] for ch in info["chs"]])

    return read


@pytest.mark.parametrize("distance", [0.02, 0.1, 0.5])
def test_on_its_axis_a_dipole_falls_with_the_square_of_the_distance(distance):
    above = np.array([[0.0, 0.0, distance], [0.0, 0.0, -distance], [distance, 0.0, 0.0]])
    potential = project_dipole(above, np.zeros(3), np.array([0.0, 0.0, 2.0]), softening=0.0)
    expected = np.array([2.0, -2.0, 0.0]) / distance**2
    np.testing.assert_allclose(potential, expected, rtol=1e-12)


def test_a_soft_dipole_stays_finite_at_its_own_place():
    potential = project_dipole(np.zeros((1, 3)), np.zeros(3), np.ones(3), softening=0.01)
    assert potential.tolist() == [0.0]


def test_potentials_of_dipoles_add_up(rng):
    positions, first, second = (rng.standard_normal(shape) for shape in ((9, 3), 3, 3))
    together = project_dipole(positions, np.zeros(3), first + 2 * second)
    apart = project_dipole(positions, np.zeros(3), first)
    apart = apart + 2 * project_dipole(positions, np.zeros(3), second)
    np.testing.assert_allclose(together, apart, rtol=1e-9, atol=1e-12)


def test_turning_head_and_dipole_together_changes_nothing(rng):
    turn, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    positions, place, moment = rng.standard_normal((9, 3)), rng.standard_normal(3), np.ones(3)
    turned = project_dipole(positions @ turn.T, turn @ place, turn @ moment)
    np.testing.assert_allclose(turned, project_dipole(positions, place, moment), rtol=1e-9)


@pytest.mark.parametrize("n_channels", [1, 2, 8, 19, 64])
@pytest.mark.parametrize(
    ("draw", "n_maps"),
    [
        (draw_eye_topographies, 3),
        (lambda positions, rng: draw_muscle_topographies(positions, 4, rng), 4),
        (draw_heart_topography, 1),
    ],
    ids=["eye", "muscle", "heart"],
)
def test_topographies_have_a_largest_value_of_one(read_positions, rng, draw, n_maps, n_channels):
    _, positions = read_positions(n_channels)
    maps = draw(positions, rng)
    assert maps.shape == (n_maps, n_channels)
    np.testing.assert_allclose(np.abs(maps).max(axis=1), 1.0, rtol=1e-12)


def test_a_blink_is_largest_at_the_forehead_and_of_one_sign(read_positions):
    names, positions = read_positions(TEN_TWENTY)
    rng = np.random.default_rng(0)
    blinks = np.array([draw_eye_topographies(positions, rng)[BLINK] for _ in range(200)])
    at = dict(zip(names, blinks.T, strict=True))
    largest = [names[index] for index in np.abs(blinks).argmax(axis=1)]
    assert np.mean([name in {"Fp1", "Fp2"} for name in largest]) > 0.95
    assert (at["Fp1"] * at["Fp2"] > 0).all()
    assert max(np.abs(at["O1"]).max(), np.abs(at["O2"]).max()) < 0.25


def test_blinks_fall_over_the_head_as_those_of_people_do(read_positions):
    # Mean blink component of 36 people, referenced to the average, Fp2 set to one.
    measured = {
        **{"Fp1": 0.96, "Fp2": 1.0, "F7": 0.08, "F8": 0.16, "F3": 0.07, "F4": 0.10, "Fz": 0.03},
        **{"T7": -0.15, "T8": -0.14, "C3": -0.15, "C4": -0.14, "Cz": -0.13, "P7": -0.26},
        **{"P8": -0.25, "P3": -0.23, "P4": -0.20, "Pz": -0.24, "O1": -0.28, "O2": -0.25},
    }
    names, positions = read_positions(20)
    which = [names.index(name) for name in measured]
    rng = np.random.default_rng(0)
    maps = np.array([draw_eye_topographies(positions[which], rng)[BLINK] for _ in range(200)])
    likeness = [np.corrcoef(blink, list(measured.values()))[0, 1] for blink in maps]
    assert np.corrcoef(maps.mean(axis=0), list(measured.values()))[0, 1] > 0.98
    assert np.quantile(likeness, 0.05) > 0.85
    assert np.quantile(likeness, 0.05) < 0.97, "people are not all alike"


@pytest.mark.parametrize("seed", range(20))
def test_looking_aside_has_opposite_signs_at_both_temples(read_positions, seed):
    names, positions = read_positions(TEN_TWENTY)
    sideways = draw_eye_topographies(positions, np.random.default_rng(seed))[SIDEWAYS]
    at = dict(zip(names, sideways, strict=True))
    assert at["F8"] > 0 > at["F7"]  # the dipole points to the right


def test_muscles_are_strongest_at_the_rim_of_the_cap(read_positions):
    names, positions = read_positions(TEN_TWENTY)
    draws = [draw_muscle_topographies(positions, 3, np.random.default_rng(k)) for k in range(300)]
    at = dict(zip(names, np.abs(np.concatenate(draws)).mean(axis=0), strict=True))
    middle = np.mean([at[name] for name in ("Cz", "Fz", "Pz")])
    assert min(at[name] for name in ("F7", "F8", "T7", "T8", "P7", "O1", "O2")) > 1.5 * middle
    assert at["Fp1"] > 1.3 * middle


@pytest.mark.parametrize("seed", range(20))
def test_the_heart_is_seen_by_all_electrodes_nearly_as_a_slope(read_positions, seed):
    _, positions = read_positions(TEN_TWENTY)
    heart = draw_heart_topography(positions, np.random.default_rng(seed))[0]
    slope = np.column_stack([positions, np.ones(len(positions))])
    fit = slope @ np.linalg.lstsq(slope, heart, rcond=None)[0]
    assert np.var(heart - fit) < 0.05 * np.var(heart)


def test_muscles_lie_in_pairs_left_and_right():
    for left, right in MUSCLES.values():
        assert (-left[0], *left[1:]) == right


def test_the_same_seed_gives_the_same_topographies(read_positions):
    _, positions = read_positions(8)
    for draw in (draw_eye_topographies, draw_heart_topography):
        first, again, other = (draw(positions, np.random.default_rng(s)) for s in (5, 5, 6))
        assert first.tobytes() == again.tobytes()
        assert not np.allclose(first, other)
