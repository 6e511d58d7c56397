"""Tests of carrying electrodes of any head to the template."""

from __future__ import annotations

import mne
import numpy as np
import pytest

from mne_artdenoise.synthesis.headshape import AXES, CENTRE, carry_to_template, fit_head


@pytest.fixture
def read_montage():
    def read(name: str, n_channels: int | None = None) -> dict[str, np.ndarray]:
        montage = mne.channels.make_standard_montage(name)
        info = mne.create_info(montage.ch_names[:n_channels], 100.0, "eeg")
        info.set_montage(montage)
        return {ch["ch_name"]: ch["loc"][:3] for ch in info["chs"]}

    return read


@pytest.fixture
def template(make_info):
    info = make_info(128)
    return {ch["ch_name"]: ch["loc"][:3] for ch in info["chs"]}


def distance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.linalg.norm(first - second, axis=1)


@pytest.mark.parametrize("n_channels", [1, 2, 8, 19, 64, 256])
def test_electrodes_of_the_template_hardly_move(make_info, n_channels):
    positions = np.array([ch["loc"][:3] for ch in make_info(n_channels)["chs"]])
    assert distance(carry_to_template(positions), positions).max() < 0.012
    assert distance(carry_to_template(positions), positions).mean() < 0.007


@pytest.mark.parametrize("size", [0.6, 0.8, 1.25])
def test_smaller_and_larger_heads_become_the_template(template, size):
    positions = np.array(list(template.values()))
    assert distance(carry_to_template(size * positions), positions).mean() < 0.004


@pytest.mark.parametrize("name", ["biosemi64", "easycap-M1", "brainproducts-RNP-BA-128"])
def test_a_montage_on_a_sphere_comes_nearer_to_the_template(read_montage, template, name):
    found = read_montage(name)
    shared = sorted(set(found) & set(template))
    before = np.array([found[key] for key in shared])
    goal = np.array([template[key] for key in shared])
    after = carry_to_template(np.array(list(found.values())))
    after = np.array([after[list(found).index(key)] for key in shared])
    assert distance(after, goal).mean() < 0.85 * distance(before, goal).mean()
    front = [shared.index(key) for key in ("Fp1", "Fp2", "F7", "F8")]
    assert distance(after, goal)[front].max() < 0.015


def test_points_of_an_ellipsoid_give_its_centre_and_axes(rng):
    centre, axes = CENTRE + np.array([0.004, -0.01, 0.015]), AXES * [1.05, 0.9, 0.85]
    points = rng.standard_normal((200, 3))
    points = centre + axes * points / np.linalg.norm(points, axis=1, keepdims=True)
    found = fit_head(points, n_steps=8)
    np.testing.assert_allclose(found[0], centre, atol=1e-3)
    np.testing.assert_allclose(found[1], axes, rtol=0.02)


def test_few_electrodes_leave_the_template_where_they_say_nothing(template):
    centre, axes = fit_head(np.array([template["Fp1"], template["Fp2"]]))
    np.testing.assert_allclose(centre, CENTRE, atol=2e-3)
    np.testing.assert_allclose(axes, AXES, rtol=0.02)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1000.0])
def test_nonsense_stays_finite(rng, scale):
    carried = carry_to_template(scale * rng.standard_normal((5, 3)))
    assert np.isfinite(carried).all()
    assert np.linalg.norm(carried, axis=1).max() < 0.3


def test_left_and_right_stay_apart_by_sign(template):
    names = ["F7", "F8", "T7", "T8", "P7", "P8"]
    carried = carry_to_template(np.array([template[name] for name in names]))
    assert (np.sign(carried[:, 0]) == [-1, 1, -1, 1, -1, 1]).all()
