"""Tests of reading electrodes and their positions."""

from __future__ import annotations

import mne
import numpy as np
import pytest

from mne_artdenoise.synthesis.electrodes import Electrodes, read_electrodes


@pytest.mark.parametrize("n_channels", [1, 2, 19, 256])
def test_eeg_channels_come_in_order_with_their_positions(make_info, n_channels):
    info = make_info(n_channels, 250.0)
    electrodes = read_electrodes(info)
    assert electrodes.ch_names == tuple(info["ch_names"])
    assert electrodes.sfreq == 250.0
    assert len(electrodes) == n_channels
    expected = [ch["loc"][:3] for ch in info["chs"]]
    np.testing.assert_array_equal(electrodes.positions, expected)


def test_channels_of_other_types_are_left_out_and_bad_ones_are_not(make_info):
    info = make_info(4, extra_types=("eog", "stim"))
    info["bads"] = [info["ch_names"][1]]
    assert read_electrodes(info).ch_names == tuple(info["ch_names"][:4])


def test_electrodes_are_given_back_as_they_are(make_info):
    electrodes = read_electrodes(make_info(3))
    assert read_electrodes(electrodes) is electrodes


def test_a_channel_without_position_is_named(make_info):
    info = make_info(4)
    info["chs"][2]["loc"][:3] = np.nan
    with pytest.raises(ValueError, match=rf"position: {info['ch_names'][2]}\. .*set_montage"):
        read_electrodes(info)


def test_info_without_eeg_says_what_to_do():
    with pytest.raises(ValueError, match="set_channel_types"):
        read_electrodes(mne.create_info(["A"], 100.0, "misc"))


def test_another_type_is_named():
    with pytest.raises(TypeError, match="got list"):
        read_electrodes([1, 2])


@pytest.mark.parametrize(
    ("names", "positions", "sfreq", "message"),
    [
        (("A", "B"), np.zeros((3, 3)), 100.0, "three coordinates for each of the 2"),
        ((), np.zeros((0, 3)), 100.0, "one channel or more"),
        (("A",), np.full((1, 3), np.nan), 100.0, "finite position"),
        (("A",), np.zeros((1, 3)), 0.0, "above 0 hertz, got 0.0"),
    ],
)
def test_what_no_recording_has_is_refused(names, positions, sfreq, message):
    with pytest.raises(ValueError, match=message):
        Electrodes(names, positions, sfreq)
