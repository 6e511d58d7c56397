"""Spherical splines carry signals to other electrodes, exactly to those that are there."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import lpmv

from mne_artdenoise.channels import find_directions, read_directions
from mne_artdenoise.splines import interpolate, map_channels, map_there_and_back

TEN_TWENTY = (
    *("Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8"),
    *("P7", "P3", "Pz", "P4", "P8", "O1", "O2"),
)


def draw_directions(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw places on the upper part of a head, a centimetre or more apart in most cases."""
    places = rng.standard_normal((n, 3))
    places[:, 2] = np.abs(places[:, 2]) - 0.2
    return places / np.linalg.norm(places, axis=1, keepdims=True)


def make_field(directions: np.ndarray, degree: int = 2) -> np.ndarray:
    """Make smooth fields: spherical harmonics, one per row."""
    height, around = directions[:, 2], np.arctan2(directions[:, 1], directions[:, 0])
    return np.array(
        [
            lpmv(m, n, height) * np.cos(m * around) / np.sqrt(prod(range(n - m + 1, n + m + 1)))
            for n in range(1, degree + 1)
            for m in range(n + 1)
        ]
    )


@given(n=st.integers(1, 64), seed=st.integers(0, 99))
def test_at_their_own_electrodes_signals_stay_as_they_are(n, seed):
    places = draw_directions(np.random.default_rng(seed), n)
    away = places @ places.T - 2 * np.eye(n)
    if n > 1 and away.max() > np.cos(0.1):  # nearer than 9 mm: see the test of doubles
        return
    assert_allclose(interpolate(places, places), np.eye(n), atol=2e-3)


@given(n=st.integers(1, 256), m=st.integers(1, 40), seed=st.integers(0, 99))
def test_what_is_equal_everywhere_stays_so(n, m, seed):
    rng = np.random.default_rng(seed)
    weights = interpolate(draw_directions(rng, n), draw_directions(rng, m))
    assert weights.shape == (m, n)
    assert np.isfinite(weights).all()
    assert_allclose(weights.sum(axis=1), 1.0, atol=1e-8)


def test_smooth_fields_are_carried_to_places_between(make_info):
    known = read_directions(make_info(64))
    wanted = find_directions(("CPz", "FC3", "P5", "AF3"))
    known = known[(known @ wanted.T).max(axis=1) < 0.9999]  # not those themselves
    carried = make_field(known) @ interpolate(known, wanted).T
    assert_allclose(carried, make_field(wanted), atol=0.03)


def test_more_electrodes_carry_a_field_better(make_info):
    wanted = find_directions(("FC3", "CP4", "FT7", "Oz"))
    truth, all_places = make_field(wanted, 3), read_directions(make_info(64))
    others = all_places[(all_places @ wanted.T).max(axis=1) < 0.9999]
    errors = [
        np.std(make_field(known, 3) @ interpolate(known, wanted).T - truth)
        for known in (find_directions(TEN_TWENTY[:8]), find_directions(TEN_TWENTY), others)
    ]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.1 * truth.std()


def test_two_electrodes_at_one_place_are_averaged():
    places = find_directions(("Cz", "Fz", "Oz", "T7", "T8"))[[0, 0, 1, 2, 3, 4]]
    (weights,) = interpolate(places, find_directions(("Cz",)))
    assert_allclose(weights[:2], 0.5, atol=1e-3)
    assert_allclose(weights[2:], 0.0, atol=1e-3)


def test_turning_the_head_turns_all():
    rng = np.random.default_rng(0)
    places, wanted = draw_directions(rng, 20), draw_directions(rng, 5)
    turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    assert_allclose(
        interpolate(places @ turn, wanted @ turn), interpolate(places, wanted), atol=1e-6
    )


def test_there_and_back_keeps_what_the_model_has_an_electrode_for():
    rng = np.random.default_rng(1)
    mapping = map_channels(find_directions(TEN_TWENTY[:8]), find_directions(TEN_TWENTY))
    x = rng.standard_normal((8, 100))
    assert_allclose(map_there_and_back(x, mapping), x, atol=5e-3)


def test_there_and_back_loses_what_lies_between_the_electrodes(make_info):
    directions = read_directions(make_info(64))
    mapping = map_channels(directions, find_directions(TEN_TWENTY))
    x = np.random.default_rng(2).standard_normal((64, 100))
    back = map_there_and_back(x, mapping)
    assert back.shape == x.shape
    assert np.linalg.matrix_rank(back) == 19
    assert np.std(back - x) > 0.5
    smooth = make_field(directions).T
    assert np.std(map_there_and_back(smooth, mapping) - smooth) < 0.3 * np.std(smooth)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_electrodes_give_finite_guesses(n):
    mapping = map_channels(find_directions(TEN_TWENTY[:n]), find_directions(TEN_TWENTY))
    assert np.abs(mapping.to_model).max() < 10
    assert np.abs(mapping.to_recording).max() < 10
