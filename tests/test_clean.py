"""Tests of the windows that pairs are cut from."""

from __future__ import annotations

from dataclasses import replace

import mne
import numpy as np
import pytest

from mne_artdenoise.synthesis.bank import Bank
from mne_artdenoise.synthesis.clean import BANK_RMS, find_windows


def number_samples(raw: mne.io.BaseRaw) -> mne.io.BaseRaw:
    """Let every sample of every channel tell its place."""
    raw._data[:] = np.arange(raw.n_times) + 1e6 * np.arange(1, len(raw.ch_names) + 1)[:, None]
    return raw


def test_windows_of_a_raw_are_stretches_of_it_of_four_seconds(make_raw, rng):
    raw = number_samples(make_raw(3, 10.0, extra_types=["stim"], bads=["Pz"]))
    windows = find_windows(raw)
    assert windows.info["ch_names"] == list(windows.electrodes.ch_names) == ["Cz", "Fz"]
    starts = set()
    for _ in range(50):
        window = windows.draw(rng)
        start = round(window[0, 0] - 1e6)
        starts.add(start)
        assert np.array_equal(window, raw.get_data(["Cz", "Fz"], start, start + 800))
    assert len(starts) > 40


def test_spans_called_bad_are_left_out(make_raw, rng):
    annotations = mne.Annotations([3.0, 7.0], [1.0, 1.0], ["BAD_chewing", "edge"])
    windows = find_windows(make_raw(3, 10.0, annotations=annotations), 1.0)
    assert [signal.shape[1] for signal in windows.signals] == [600, 600, 400]
    # A longer span has more windows.
    assert windows.shares.tolist() == [401.0, 401.0, 201.0]


@pytest.mark.parametrize("duration", [None, 0.4, 1.0])
def test_epochs_are_taken_whole_unless_a_duration_is_asked_for(make_epochs, rng, duration):
    epochs = make_epochs(4, 5)
    x = epochs.get_data()
    for windows in (find_windows(epochs, duration), find_windows(x, duration, epochs.info)):
        window = windows.draw(rng)
        assert window.shape == (5, 200 if duration is None else round(200 * duration))
        n_times = window.shape[1]
        found = [
            (epoch, start)
            for epoch in range(4)
            for start in range(201 - n_times)
            if np.array_equal(window, x[epoch, :, start : start + n_times])
        ]
        assert len(found) == 1


def test_a_window_is_a_copy(make_raw, rng):
    raw = make_raw(3, 5.0)
    before = raw.get_data()
    find_windows(raw).draw(rng)[:] = 0.0
    assert np.array_equal(raw.get_data(), before)


def test_people_of_a_bank_are_as_large_as_people(make_bank, rng):
    bank = make_bank()
    bank = replace(bank, clean=tuple(replace(c, signal=c.signal * 1e7) for c in bank.clean))
    windows = find_windows(bank, 2.0)
    sizes = [np.sqrt(np.mean(windows.draw(rng) ** 2)) for _ in range(20)]
    assert np.median(sizes) == pytest.approx(BANK_RMS, rel=0.5)


def test_without_info_a_bank_has_the_montage_of_most_people(make_bank, rng):
    windows = find_windows(make_bank((8, 19, 19, 64)), 1.0)
    assert len(windows.signals) == 3  # he of 64 channels has them, too
    assert len(windows.electrodes) == len(windows.info["ch_names"]) == 19
    assert windows.draw(rng).shape == (19, 200)
    first = make_bank((8, 19, 19, 64)).clean[1]
    assert windows.electrodes.ch_names == first.ch_names
    np.testing.assert_allclose(windows.electrodes.positions, first.positions, atol=1e-7)


def test_channels_of_a_bank_are_found_by_name(make_bank, make_info, rng):
    bank = make_bank((8, 19))
    info = make_info(19, 200.0)
    info = mne.pick_info(info, [6, 2, 0])  # three that both people have, in another order
    windows = find_windows(bank, 12.0, info)
    assert windows.info["ch_names"] == ["Fp1", "Fz", "Cz"]
    for _ in range(10):
        window = windows.draw(rng)
        ratios = [
            window / item.signal[[6, 2, 0]]
            for item in bank.clean
        ]  # fmt: skip
        assert any(np.allclose(ratio, ratio[0, 0], rtol=1e-4) for ratio in ratios)


def test_people_without_a_channel_are_left_out(make_bank, make_info):
    assert len(find_windows(make_bank((8, 19, 64)), 1.0, make_info(19, 200.0)).signals) == 2


def test_a_montage_that_nobody_has_is_told(make_bank, make_info):
    with pytest.raises(ValueError, match="Of 1 clean recordings in the bank none has the 19 chan"):
        find_windows(make_bank((8,)), 1.0, make_info(19, 200.0))


def test_rates_that_differ_are_told(make_bank, make_info):
    with pytest.raises(ValueError, match="info is of 256 Hz and the bank of 200 Hz"):
        find_windows(make_bank(), 1.0, make_info(8, 256.0))


def test_an_empty_bank_is_told():
    with pytest.raises(ValueError, match="no clean recordings"):
        find_windows(Bank(200.0), 1.0)


def test_a_recording_shorter_than_a_window_is_told(make_raw, make_bank):
    with pytest.raises(ValueError, match="as long as a window, 4 s: the longest has 3 s"):
        find_windows(make_raw(3, 3.0))
    with pytest.raises(ValueError, match="and 4000 samples"):
        find_windows(make_bank(), 20.0)


@pytest.mark.parametrize("duration", [0.0, -1.0, np.nan, np.inf, 0.001])
def test_a_duration_without_a_sample_is_told(make_raw, duration):
    with pytest.raises(ValueError, match="duration must be a sample or more"):
        find_windows(make_raw(3), duration)


def test_channels_without_a_position_are_told():
    with pytest.raises(ValueError, match="without a position: a, b"):
        find_windows(np.ones((2, 100)), 0.1, mne.create_info(["a", "b"], 200.0, "eeg"))
