"""Electrodes with a position are found, and their directions are theirs alone."""

from __future__ import annotations

import mne
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from mne_artdenoise.channels import (
    ORIGIN,
    find_directions,
    find_positioned,
    find_positions,
    read_directions,
)


def test_every_electrode_of_a_montage_is_found(make_info):
    keep, missing = find_positioned(make_info(64))
    assert_array_equal(keep, np.arange(64))
    assert missing == []


@pytest.mark.parametrize("position", [(0, 0, 0), (np.nan,) * 3, (0.05, np.inf, 0.0), ORIGIN])
def test_what_is_no_position_is_missing(make_info, position):
    info = make_info(4)
    info["chs"][1]["loc"][:3] = position
    keep, missing = find_positioned(info)
    assert_array_equal(keep, [0, 2, 3])
    assert missing == ["Pz"]
    with pytest.raises(ValueError, match=r"Pz\. Set a montage with inst\.set_montage"):
        read_directions(info)


def test_channels_of_other_types_are_missing(make_info):
    info = make_info(2, extra_types=["eog", "stim"])
    info["chs"][2]["loc"][:3] = (0.0, 0.08, 0.0)
    keep, missing = find_positioned(info)
    assert_array_equal(keep, [0, 1])
    assert missing == ["EOG000", "STIM001"]


def test_without_montage_all_are_missing():
    keep, missing = find_positioned(mne.create_info(["Cz", "Pz"], 200.0, "eeg"))
    assert len(keep) == 0
    assert keep.dtype.kind == "i"
    assert missing == ["Cz", "Pz"]


def test_directions_point_from_the_origin_to_the_electrode(make_info):
    info = make_info(20)
    directions = read_directions(info)
    assert directions.shape == (20, 3)
    assert_allclose(np.linalg.norm(directions, axis=1), 1.0, rtol=1e-12)
    for direction, ch in zip(directions, info["chs"], strict=True):
        offset = ch["loc"][:3] - np.array(ORIGIN)
        assert_allclose(direction * np.linalg.norm(offset), offset, atol=1e-12)


def test_axes_are_right_front_up(make_info):
    info = make_info(20)
    rows = dict(zip(info["ch_names"], read_directions(info), strict=True))
    assert rows["Cz"][2] > 0.9
    assert rows["T8"][0] > 0.9
    assert rows["Fp1"][1] > 0.8
    assert rows["Oz"][1] < -0.8


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 31), min_size=1, max_size=32, unique=True))
def test_direction_does_not_depend_on_the_other_electrodes(make_info, picks):
    info = make_info(32)
    expected = read_directions(info)[picks]
    assert_array_equal(read_directions(mne.pick_info(info, picks)), expected)


def test_info_is_not_modified(make_info):
    info = make_info(4)
    before = np.array([ch["loc"] for ch in info["chs"]])
    read_directions(info)[:] = 0.0
    find_positioned(info)
    assert_array_equal([ch["loc"] for ch in info["chs"]], before)


def test_named_electrodes_lie_where_those_of_a_recording_lie(make_info):
    info = make_info(20)
    assert_allclose(find_directions(info["ch_names"]), read_directions(info), atol=1e-12)
    assert_array_equal(find_directions(["FP1", "cz"]), find_directions(["Fp1", "Cz"]))
    assert_allclose(find_positions(info["ch_names"]), [ch["loc"][:3] for ch in info["chs"]])


def test_named_electrodes_that_nobody_knows_are_refused():
    with pytest.raises(ValueError, match=r"No electrodes of the 10-05 system: E1, Q2\."):
        find_directions(["Cz", "E1", "Q2"])


def test_directions_given_twice_are_not_shared():
    find_directions(["Cz"])[:] = 0.0
    assert find_directions(["Cz"]).any()
