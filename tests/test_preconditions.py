"""What cannot be denoised is refused, an oversight warned of, each with the call to fix it."""

from __future__ import annotations

import logging
from contextlib import nullcontext as nothing

import mne
import numpy as np
import pytest

from mne_artdenoise.preconditions import (
    check_duration,
    check_parameters,
    check_positions,
    check_preconditions,
)


@pytest.fixture
def make_segments(make_raw):
    """Make segments and info of a recording without anything to complain about."""

    def make(n_channels=4, sfreq=200.0, **kwargs):
        raw = make_raw(n_channels, 10.0, sfreq, **kwargs)
        x = raw.get_data()
        return [x[:, : round(5.5 * sfreq)], x[:, round(5.5 * sfreq) :]], raw.info

    return make


@pytest.mark.parametrize("n_channels", [2, 19, 256])
@pytest.mark.parametrize("sfreq", [100.0, 99.9996, 250.3, 2000.0])
def test_a_good_recording_passes_in_silence(make_segments, n_channels, sfreq):
    check_preconditions(*make_segments(n_channels, sfreq))


def test_nothing_is_modified(make_segments):
    segments, info = make_segments()
    before = [segment.copy() for segment in segments]
    for segment in segments:
        segment.flags.writeable = False
    check_preconditions(segments, info)
    assert all(np.array_equal(*pair) for pair in zip(segments, before, strict=True))


def test_one_channel_is_too_few(make_segments):
    with pytest.raises(ValueError, match=r"Found 1 EEG channel \(Cz\), and at least 2.*picks"):
        check_preconditions(*make_segments(1))


def test_channel_limits_are_those_of_the_model(make_segments):
    check_preconditions(*make_segments(1), n_channels=(1, 8))
    with pytest.raises(ValueError, match=r"Found 9 EEG channels, and at most 8.*inst\.pick"):
        check_preconditions(*make_segments(9), n_channels=(1, 8))
    with pytest.raises(ValueError, match="Found 257 EEG channels, and at most 256"):
        check_preconditions(*make_segments(257))


@pytest.mark.parametrize(("sfreq", "nearest"), [(99.0, 100), (2048.0, 2000)])
def test_rates_out_of_range_name_resample(make_segments, sfreq, nearest):
    with pytest.raises(ValueError, match=rf"{sfreq:g} Hz.*raw\.resample\({nearest}\)"):
        check_preconditions(*make_segments(2, sfreq))


@pytest.mark.parametrize("n_segments", [0, 1, 3])
def test_single_samples_are_too_short(make_info, n_segments):
    with pytest.raises(ValueError, match=rf"has {min(n_segments, 1)} samples.*at least 2"):
        check_preconditions([np.ones((2, 1))] * n_segments, make_info(2))


def test_a_single_sample_beside_longer_spans_is_fine(make_segments):
    (first, second), info = make_segments()
    check_preconditions([first, second[:, :1]], info)


def test_no_position_at_all_names_set_montage(make_info):
    info = make_info(4)
    with pytest.raises(ValueError, match=r"None of the 4 EEG channels.*inst\.set_montage"):
        check_positions(info, info["ch_names"])


def test_one_position_is_too_few(make_info):
    with pytest.raises(
        ValueError, match=r"1 channel with a position, and Pz, Fz without.*set_mont"
    ):
        check_positions(make_info(3), ["Pz", "Fz"])


def test_some_channels_without_a_position_are_named(make_info):
    with pytest.warns(RuntimeWarning, match=r"^Fz will be left.*inst\.set_montage"):
        check_positions(make_info(4), ["Fz"])
    check_positions(make_info(4), [])


@pytest.mark.parametrize("name", ["EOG1", "VEOG", "heog_l", "EOG-R", "ECG", "EKG 2", "EMG chin"])
def test_eyes_and_hearts_that_are_called_eeg_are_told(make_segments, name):
    segments, info = make_segments(3)
    info.rename_channels({info["ch_names"][1]: name})
    with pytest.warns(RuntimeWarning, match="denoised as EEG.*set_channel_types"):
        check_preconditions(segments, info)


def test_names_of_eeg_are_none_of_these(make_segments):
    segments, info = make_segments(3)
    info.rename_channels(dict(zip(info["ch_names"], ["Emgx", "EEG EOG1", "Hz"], strict=True)))
    check_preconditions(segments, info)


def test_eyes_without_a_position_want_a_type_rather_than_a_montage(make_info):
    info = make_info(5)
    info.rename_channels({"C3": "EOG1"})
    with pytest.warns(RuntimeWarning, match=r"types\(\{'EOG1': 'eog'\}\)") as told:
        check_positions(info, ["EOG1"])
    assert "set_montage" not in str(told[0].message)
    with pytest.warns(RuntimeWarning, match=r"set_montage.*set_channel_types"):
        check_positions(info, ["EOG1", "Fz"])


def test_a_long_list_of_names_is_cut(make_info):
    info = make_info(20)
    with pytest.warns(RuntimeWarning, match="O2 and 5 more will be left"):
        check_positions(info, info["ch_names"][:15])


@pytest.mark.parametrize(("n_times", "told"), [(2, True), (99, True), (100, False)])
def test_spans_too_short_to_see_anything_in_are_told(make_segments, n_times, told):
    segments, info = make_segments()
    with pytest.warns(RuntimeWarning, match="Denoise .* before it is cut") if told else nothing():
        check_preconditions([segment[:, :n_times] for segment in segments], info)


@pytest.mark.parametrize(("seconds", "told"), [(0.8, True), (2.0, False)])
def test_data_too_few_for_filters_are_told(seconds, told):
    with pytest.warns(RuntimeWarning, match=r"fit\(raw\).*spatial=False") if told else nothing():
        check_duration(seconds)


@pytest.mark.parametrize("value", [0.0, 0.5, np.float32(0.25), 0])
def test_numbers_in_range_are_taken(value):
    check_parameters(value, value)


@pytest.mark.parametrize(
    ("strength", "overlap", "message"),
    [
        (1.5, 0.5, "strength must be from 0 to 1, found 1.5"),
        (-0.1, 0.5, "strength must be from 0 to 1, found -0.1"),
        (np.nan, 0.5, "strength must be from 0 to 1, found nan"),
        (1.0, 1.0, "overlap must be from 0 to below 1, found 1.0"),
    ],
)
def test_numbers_out_of_range_are_told(strength, overlap, message):
    with pytest.raises(ValueError, match=message):
        check_parameters(strength, overlap)


@pytest.mark.parametrize("value", ["1", None, True])
def test_what_is_no_number_is_told(value):
    with pytest.raises(TypeError, match=f"strength must be a number, found {value!r}"):
        check_parameters(value, 0.5)


@pytest.mark.parametrize("level", [0.0, 3.7e-5])
def test_all_flat_is_refused(make_info, level):
    with pytest.raises(ValueError, match=r"All 3 EEG channels are flat.*raw\.plot"):
        check_preconditions([np.full((3, 500), level)] * 2, make_info(3))


@pytest.mark.parametrize("rest", [0.0, 1e-20])
def test_some_flat_channels_are_named(make_segments, rest):
    segments, info = make_segments()
    for segment in segments:
        segment[[0, 2]] *= rest
    with pytest.warns(RuntimeWarning, match=r"Cz, Fz\. Mark them bad.*\['Cz', 'Fz'\]"):
        check_preconditions(segments, info)


def test_a_channel_flat_in_one_segment_only_is_not_flat(make_segments):
    segments, info = make_segments()
    segments[0][1] = 0.0
    check_preconditions(segments, info)


@pytest.mark.parametrize(
    ("factor", "text"), [(1e6, r"x \* 1e-6"), (1e3, r"x \* 1e-6"), (1e-6, r"x \* 1e6")]
)
def test_another_unit_than_volts_is_suspected(make_segments, factor, text):
    segments, info = make_segments()
    with pytest.warns(RuntimeWarning, match=rf"raw\.apply_function\(lambda x: {text}\)"):
        check_preconditions([factor * segment for segment in segments], info)


@pytest.mark.parametrize("factor", [1e-2, 30.0])
def test_small_and_large_eeg_is_still_in_volts(make_segments, factor):
    segments, info = make_segments()
    check_preconditions([factor * segment for segment in segments], info)


def test_offsets_drift_and_one_wild_channel_are_no_other_unit(make_segments):
    segments, info = make_segments()
    for number, segment in enumerate(segments):
        segment += 0.1 * (number + 1) + np.linspace(0.0, 5e-3, segment.shape[1])
        segment[0] *= 1e4
    check_preconditions(segments, info)


def test_unit_is_told_from_the_channels_that_are_not_flat(make_segments):
    segments, info = make_segments()
    for segment in segments:
        segment[:3] = 0.0
        segment[3] *= 1e6
    with (
        pytest.warns(RuntimeWarning, match="microvolts"),
        pytest.warns(RuntimeWarning, match="Flat throughout"),
    ):
        check_preconditions(segments, info)


def test_unit_is_told_from_short_segments(make_segments):
    (first, _), info = make_segments()
    pieces = [1e6 * first[:, start : start + 110] for start in range(0, 1100, 110)]
    with pytest.warns(RuntimeWarning, match="microvolts"):
        check_preconditions(pieces, info)


def test_pending_projectors_name_apply_proj(make_raw):
    raw = make_raw(4).set_eeg_reference(projection=True, verbose=False)
    with pytest.warns(RuntimeWarning, match=r"Average EEG reference.*inst\.apply_proj\(\)"):
        check_preconditions([raw.get_data()], raw.info)
    raw.apply_proj(verbose=False)
    check_preconditions([raw.get_data()], raw.info)


@pytest.mark.parametrize(("lowpass", "told"), [(20.0, True), (40.0, False), (None, False)])
def test_lowpass_that_hides_muscle_is_mentioned(make_segments, caplog, lowpass, told):
    segments, info = make_segments()
    with info._unlock():
        info["lowpass"] = lowpass
    with mne.utils.use_log_level("info"), caplog.at_level(logging.INFO, logger="mne"):
        logging.getLogger("mne").addHandler(caplog.handler)
        check_preconditions(segments, info)
        logging.getLogger("mne").removeHandler(caplog.handler)
    assert ("low-passed at" in caplog.text) == told
