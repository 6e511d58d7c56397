"""Tests of the potentials of the cortex at electrodes."""

from __future__ import annotations

import mne
import numpy as np
import pytest

from mne_artdenoise.synthesis.cortex import (
    CENTRE,
    DEPTHS,
    N_NODES,
    RADIUS,
    draw_cortex,
    draw_nodes,
    project_currents,
    read_field,
    read_nodes,
    spread_patches,
)
from mne_artdenoise.synthesis.electrodes import Electrodes, read_electrodes
from mne_artdenoise.synthesis.sites import find_site


@pytest.fixture
def places(rng):
    """Give twelve places in the brain, from deep to the surface."""
    outwards = rng.standard_normal((12, 3))
    outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
    return CENTRE + outwards * np.linspace(0.005, 0.084, 12)[:, np.newaxis]


@pytest.mark.parametrize("n_channels", [2, 19, 64])
def test_the_field_is_that_of_mnes_sphere_model(make_info, places, n_channels):
    info = make_info(n_channels)
    for ch in info["chs"]:  # MNE leaves electrodes where they are; here they are on the sphere
        away = ch["loc"][:3] - CENTRE
        ch["loc"][:3] = CENTRE + RADIUS * away / np.linalg.norm(away)
    space = mne.setup_volume_source_space(
        pos={"rr": places, "nn": np.tile([0.0, 0.0, 1.0], (len(places), 1))}, verbose="error"
    )
    forward = mne.make_forward_solution(
        info,
        trans=None,
        src=space,
        bem=mne.make_sphere_model(CENTRE, RADIUS, verbose="error"),
        meg=False,
        verbose="error",
    )
    expected = forward["sol"]["data"].reshape(n_channels, -1, 3)
    field = project_currents(read_electrodes(info).positions, places)
    np.testing.assert_allclose(field, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


def test_how_far_from_the_centre_an_electrode_is_changes_nothing(rng, places):
    directions = rng.standard_normal((5, 3))
    near, far = (project_currents(CENTRE + size * directions, places) for size in (0.05, 0.2))
    np.testing.assert_allclose(near, far, rtol=1e-9)


def test_over_the_whole_head_potentials_add_to_nothing(rng, places):
    directions = rng.standard_normal((4000, 3))
    directions = np.concatenate([directions, -directions])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    field = project_currents(CENTRE + directions, places[:6])
    assert np.abs(field.mean(axis=0)).max() < 0.05 * np.abs(field).max(axis=0).min()


def test_the_mean_of_the_reference_is_zero(make_info, places):
    electrodes = read_electrodes(make_info(19))
    zero = electrodes.positions[[3, 5]]
    field = project_currents(electrodes.positions, places, zero)
    np.testing.assert_allclose(field[[3, 5]].sum(axis=0), 0, atol=1e-12 * np.abs(field).max())
    free = project_currents(electrodes.positions, places)
    np.testing.assert_allclose(field - field[0], free - free[0], atol=1e-9 * np.abs(free).max())


@pytest.mark.parametrize("n_channels", [1, 8])
def test_each_electrode_sees_the_same_whoever_else_is_there(make_info, n_channels):
    few, many = (read_electrodes(make_info(n)) for n in (n_channels, 64))
    np.testing.assert_array_equal(read_field(few), read_field(many)[:n_channels])


def test_the_field_of_a_montage_is_kept_and_cannot_be_changed(make_info):
    electrodes = read_electrodes(make_info(8))
    field = read_field(electrodes)
    assert read_field(read_electrodes(make_info(8, sfreq=500.0))) is field
    assert read_field(electrodes, ["TP9"]) is not field
    with pytest.raises(ValueError, match="read-only"):
        field[0] = 0


def test_nodes_are_spread_evenly_over_the_upper_head():
    nodes = read_nodes()
    np.testing.assert_allclose(np.linalg.norm(nodes, axis=1), 1)
    away = np.linalg.norm(nodes[:, None] - nodes, axis=-1) + 9 * np.eye(N_NODES)
    nearest = DEPTHS[1] * away.min(axis=1)
    assert 0.004 < nearest.min() < nearest.max() < 0.011
    assert nodes[:, 2].min() > -0.5


def test_a_current_upright_is_seen_most_right_above_it(make_info):
    info = make_info(64)
    field = read_field(read_electrodes(info))
    node = int(np.argmax(read_nodes() @ (find_site("C3") - CENTRE)))
    upright = field[:, 1, node] @ read_nodes()[node]
    assert info["ch_names"][int(np.argmax(upright))] == "C3"
    along = field[:, 0, node] @ np.cross(read_nodes()[node], [0, 0, 1])
    assert info["ch_names"][int(np.argmax(np.abs(along)))] != "C3"


def test_currents_of_walls_run_along_the_head_and_differ_between_people():
    first, again, other = (draw_cortex(np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert np.abs((first.walls * first.crowns).sum(axis=1)).max() < 1e-6
    assert first.walls.tobytes() == again.walls.tobytes() != other.walls.tobytes()


def test_a_cortex_is_projected_by_adding_its_currents(make_info):
    cortex, field = draw_cortex(np.random.default_rng(0)), read_field(read_electrodes(make_info(4)))
    projected = cortex.project(field)
    expected = [
        field[:, 0, node] @ cortex.walls[node] + field[:, 1, node] @ cortex.crowns[node]
        for node in range(N_NODES)
    ]
    np.testing.assert_allclose(projected, np.transpose(expected), rtol=2e-3, atol=1e-3)


def test_shares_of_a_patch_add_to_one_and_reach_as_far_as_asked():
    centres, extents = np.array([0, 100, 400]), np.array([0.005, 0.02, 0.06])
    patches = spread_patches(centres, extents)
    assert patches.shape == (N_NODES, 3)
    np.testing.assert_allclose(patches.sum(axis=0), 1, rtol=1e-5)
    assert (patches.argmax(axis=0) == centres).all()
    turned = np.arccos(np.clip(read_nodes() @ read_nodes()[centres].T, -1, 1))
    reach = DEPTHS[1] * np.sqrt((patches * turned**2).sum(axis=0) / 2)
    np.testing.assert_allclose(reach[:2], extents[:2], rtol=0.15)
    assert reach[0] < reach[1] < reach[2]


def test_nodes_are_drawn_below_their_sites(rng):
    nodes = read_nodes()[draw_nodes(("O1", "Fz"), 40, rng)]
    for which, name in enumerate(("O1", "Fz")):
        below = find_site(name) - CENTRE
        away = DEPTHS[1] * np.arccos(nodes[which::2] @ (below / np.linalg.norm(below)))
        assert 0.005 < np.median(away) < 0.04


def test_electrodes_of_any_make_are_projected():
    one = Electrodes(("x",), np.array([[0.0, 0.0, 0.14]]), 100.0)
    assert np.isfinite(read_field(one)).all()
    assert read_field(one).shape == (1, 2, N_NODES, 3)
