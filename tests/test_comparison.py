"""Tests of what is measured between a recording before and after."""

from __future__ import annotations

import mne
import numpy as np
import pytest

from mne_artdenoise import comparison as c
from mne_artdenoise.synthesis import simulate_raw


def subtract(inst, artifact):
    result = inst.copy()
    result._data -= artifact
    return result


def make_wave(raw: mne.io.BaseRaw, hertz: float, volts: float = 20e-6) -> np.ndarray:
    return volts * np.sqrt(2) * np.sin(2 * np.pi * hertz * raw.times)


def test_recording_compared_with_itself_lost_nothing(make_raw):
    raw = make_raw()
    pair = c.compare(raw, raw)
    assert not pair.removed.any()
    assert all(not share.any() for share in c.measure_shares(pair).values())
    assert c.measure_snr(pair) is None
    assert c.find_window(pair, 3.0, None) == (0, 600)
    rows = c.tabulate(pair)
    assert rows["Removed"] == "0.0 µV RMS"
    assert rows["Samples changed"] == "0.0 %"


def test_recording_is_as_it_was_and_may_be_on_disk(make_raw, tmp_path):
    raw = make_raw()
    raw.save(tmp_path / "some_raw.fif", fmt="double")
    stored = mne.io.read_raw(tmp_path / "some_raw.fif")
    pair = c.compare(stored, stored)
    assert np.array_equal(pair.before[0], raw.get_data())
    assert not stored.preload


@pytest.mark.parametrize("value", [np.nan, -np.inf, 1e38])
def test_what_is_not_finite_is_no_result(make_raw, value):
    raw = make_raw()
    raw.set_annotations(mne.Annotations([2.0], [0.5], ["BAD_lost"]))
    after, marked = raw.copy(), raw.copy()
    after._data[1, 100] = marked._data[1, 450] = value
    with pytest.raises(ValueError, match="after holds values that are NaN, inf or beyond 1e"):
        c.compare(raw, after)
    with pytest.raises(ValueError, match="truth holds values"):
        c.compare(raw, raw, after)
    c.compare(raw, marked)  # where nothing is compared


@pytest.mark.parametrize(("hertz", "band"), [(4, (1, 7)), (10, (8, 13)), (30, (20, 45))])
def test_what_was_removed_from_one_band_is_found_there_only(make_raw, hertz, band):
    raw = make_raw(6, 20.0)
    clean = raw.copy()
    raw._data[2] += make_wave(raw, hertz)
    shares = c.measure_shares(c.compare(raw, clean))
    for key, share in shares.items():
        assert (share[2] > 0.9) == (key == band)
        assert not np.delete(share, 2).any()


def test_a_sampling_rate_too_low_for_a_band_leaves_it_out(make_raw):
    raw = make_raw(4, 5.0, 30.0)
    assert list(c.measure_shares(c.compare(raw, raw))) == [(1, 7), (8, 13)]


def test_signal_to_noise_is_that_of_the_simulation(make_info):
    raw, truth, artifact = simulate_raw(make_info(8), 5.0, snr_db=-3.0, rng=0)
    pair = c.compare(raw, subtract(raw, 0.9 * artifact.get_data()), truth)
    np.testing.assert_allclose(c.measure_snr(pair), (-3.0, 17.0, 20.0), atol=1e-6)
    assert c.tabulate(pair)["SNR"] == "-3.0 dB before, 17.0 dB after: gain 20.0 dB"


@pytest.mark.parametrize("duration", [0.5, 2.0, 10.0])
def test_window_is_where_most_was_removed(make_raw, duration):
    raw = make_raw(4, 30.0)
    artifact = np.zeros(raw._data.shape)
    artifact[1, 3000:3100] = 30e-6
    artifact[2, 500:510] = 20e-6
    first, last = c.find_window(c.compare(raw, subtract(raw, artifact)), duration, None)
    assert last - first == round(duration * 200)
    assert first <= 3000
    assert last >= 3100


def test_bad_spans_and_bad_channels_do_not_count(make_raw):
    raw = make_raw(4, 30.0, annotations=mne.Annotations([5], [5], ["BAD_jump"]), bads=["Pz"])
    artifact = np.zeros(raw._data.shape)
    artifact[0, 1000:2000] = 1.0
    artifact[1] = 1.0  # Pz
    artifact[0, 4000:4100] = 1e-6
    pair = c.compare(raw, subtract(raw, artifact))
    assert pair.signal.ch_names == ["Cz", "Fz", "Oz"]
    first, last = c.find_window(pair, 2.0, None)
    assert first <= 4000 < 4100 <= last
    assert c.tabulate(pair)["Samples changed"] == "2.0 %"


@pytest.mark.parametrize(
    ("duration", "start", "expected"),
    [(4.0, 0.0, (0, 800)), (4.0, 3.0, (600, 1400)), (4.0, 9.9, (1200, 2000)), (99, 3, (0, 2000))],
)
def test_window_stays_inside_the_recording(make_raw, duration, start, expected):
    assert c.find_window(c.compare(make_raw(), make_raw()), duration, start) == expected


@pytest.mark.parametrize("start", [-1.0, 10.0, np.nan])
def test_a_start_outside_the_recording_is_told(make_raw, start):
    with pytest.raises(ValueError, match="start must be from 0 to 10 seconds"):
        c.find_window(c.compare(make_raw(), make_raw()), 2.0, start)


@pytest.mark.parametrize("duration", [0.0, -1.0, np.nan])
def test_a_window_without_length_is_told(make_raw, duration):
    with pytest.raises(ValueError, match="duration must be more than 0"):
        c.find_window(c.compare(make_raw(), make_raw()), duration, None)


@pytest.mark.parametrize("n_channels", [2, 9, 33, 256])
def test_channels_are_chosen_once_and_with_the_one_that_lost_most(make_raw, n_channels):
    raw = make_raw(n_channels, 2.0)
    artifact = np.zeros(raw._data.shape)
    artifact[1] = 1e-5
    rows = c.choose_channels(c.compare(raw, subtract(raw, artifact)))
    assert len(rows) == len(set(rows)) == min(n_channels, 10)
    assert 1 in rows


def test_channels_stand_from_front_to_back_and_left_to_right(make_raw):
    raw = make_raw(20, 2.0)
    rows = c.choose_channels(c.compare(raw, raw), most=20)
    names = [raw.ch_names[row] for row in rows]
    assert names[:2] == ["Fp1", "Fp2"]
    assert names[-3:] == ["O1", "Oz", "O2"]


def test_without_positions_those_that_lost_most_are_chosen():
    rng = np.random.default_rng(0)
    raw = mne.io.RawArray(1e-5 * rng.standard_normal((20, 300)), mne.create_info(20, 100, "eeg"))
    artifact = np.zeros((20, 300))
    artifact[5:15] = 1e-5
    rows = c.choose_channels(c.compare(raw, subtract(raw, artifact)))
    assert rows.tolist() == list(range(5, 15))


def test_one_electrode_without_a_position_does_not_put_the_others_in_disorder(make_raw):
    raw = make_raw(20, 2.0)
    rows = c.choose_channels(c.compare(raw, raw)).tolist()
    raw.info["chs"][3]["loc"][:3] = np.nan  # Oz
    without = c.choose_channels(c.compare(raw, raw)).tolist()
    assert 3 in rows
    assert 3 not in without
    assert [raw.ch_names[row] for row in without][:2] == [raw.ch_names[row] for row in rows][:2]
    assert len(without) == 10


def test_epochs_and_evoked_are_compared(make_epochs, make_evoked):
    epochs = make_epochs(3)
    artifact = np.zeros(epochs._data.shape)
    artifact[2, 1, 50:60] = 1e-5
    pair = c.compare(epochs, subtract(epochs, artifact))
    first, last = c.find_window(pair, 0.5, None)
    assert first <= 2 * 200 + 50 < 2 * 200 + 60 <= last
    assert c.compare(make_evoked(), make_evoked()).before.shape == (1, 8, 200)


def test_recordings_that_do_not_fit_are_told(make_raw):
    raw = make_raw(4)
    with pytest.raises(ValueError, match="after lacks channels that before has: Oz"):
        c.compare(raw, raw.copy().drop_channels(["Oz"]))
    with pytest.raises(ValueError, match=r"after has .* \(1, 4, 1000\).*\(1, 4, 2000\)"):
        c.compare(raw, make_raw(4, 5.0))
    with pytest.raises(ValueError, match="truth has .* at 100 Hz"):
        c.compare(raw, raw, make_raw(4, 20.0, 100.0))
    with pytest.raises(TypeError, match="Raw, Epochs or Evoked to compare, got ndarray"):
        c.compare(raw, raw.get_data())


def test_what_was_left_alone_is_told(make_raw):
    spans = mne.Annotations([5, 8], [2, 1], ["BAD_jump", "stimulus"])
    raw = make_raw(5, 10.0, annotations=spans, bads=["Pz", "EOG000"], extra_types=["eog"])
    raw.info["chs"][3]["loc"][:3] = np.nan
    told = c.tabulate(c.compare(raw, raw))["Left alone"]
    assert told == "Pz (marked bad), Oz (no position), 2.0 s annotated BAD or EDGE"
    assert "Left alone" not in c.tabulate(c.compare(make_raw(), make_raw()))
