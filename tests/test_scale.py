"""Tests of the scale between volts and the network's numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from mne_artdenoise.scale import (
    measure_scale,
    standardise_windows,
    to_model_scale,
    to_volts,
)

SFREQ = 100.0


def make_eeg(n_times: int = 3000, n_channels: int = 9) -> np.ndarray:
    return 1e-5 * np.random.default_rng(n_times).standard_normal((n_channels, n_times))


def test_scale_of_white_noise_is_its_standard_deviation():
    assert measure_scale([make_eeg(30000)], SFREQ) == pytest.approx(1e-5, rel=0.02)


@settings(deadline=None, max_examples=50)
@given(factor=st.floats(1e-3, 1e3), n_times=st.integers(2, 500), offset=st.floats(-1, 1))
def test_scale_is_proportional_to_the_signal(factor, n_times, offset):
    x = make_eeg(n_times) + offset
    expected = factor * measure_scale([x], SFREQ)
    # An offset of a volt leaves eleven digits to the microvolts on top of it.
    assert measure_scale([factor * x], SFREQ) == pytest.approx(expected, rel=1e-9)


@settings(deadline=None, max_examples=50)
@given(factor=st.floats(1e-3, 1e3))
def test_network_sees_the_same_numbers_whatever_the_unit(factor):
    x = make_eeg()
    numbers = to_model_scale(x, measure_scale([x], SFREQ))
    rescaled = to_model_scale(factor * x, measure_scale([factor * x], SFREQ))
    np.testing.assert_allclose(rescaled, numbers, rtol=1e-6)


@pytest.mark.parametrize("n_times", [1, 2, 3, 7, 97, 3001])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_round_trip_returns_volts(n_times, dtype):
    x = make_eeg(n_times).astype(dtype)
    numbers = to_model_scale(x, 1.3e-5)
    volts = to_volts(numbers, 1.3e-5)
    assert numbers.dtype == np.float32
    assert volts.dtype == np.float64
    np.testing.assert_allclose(volts, x, rtol=3e-7)


def test_zero_stays_exactly_zero():
    assert not to_model_scale(np.zeros((2, 5)), 1e-5).any()
    assert not to_volts(np.zeros((2, 5), np.float32), 1e-5).any()


def test_input_is_left_alone():
    x = make_eeg()
    before = x.copy()
    to_volts(to_model_scale(x, measure_scale([x], SFREQ)), 1.0)
    assert np.array_equal(x, before)


def test_artifacts_in_a_third_of_the_seconds_hardly_change_the_scale():
    clean, noisy = make_eeg(), make_eeg()
    noisy[:, :1000] *= 100
    assert measure_scale([noisy], SFREQ) == pytest.approx(measure_scale([clean], SFREQ), rel=0.1)


def test_bad_channels_hardly_change_the_scale():
    x = make_eeg()
    expected = measure_scale([x], SFREQ)
    x[0] *= 1e4
    x[1] *= 1e-4
    assert measure_scale([x], SFREQ) == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("value", [0.0, 1.1e-5, -0.37])
def test_flat_channels_are_left_out(value):
    x = make_eeg()
    with_flat = np.concatenate([x, np.full((20, x.shape[-1]), value)])
    assert measure_scale([with_flat], SFREQ) == measure_scale([x], SFREQ)


def test_pieces_of_segments_count_alike():
    x = make_eeg(3000)
    whole = measure_scale([x], SFREQ)
    parts = measure_scale([x[:, :100], x[:, 100:1700], x[:, 1700:]], SFREQ)
    assert parts == pytest.approx(whole, rel=1e-12)


def test_incomplete_second_of_a_longer_segment_does_not_count():
    x = make_eeg(250)
    assert measure_scale([x], SFREQ) == measure_scale([x[:, :200]], SFREQ)


@pytest.mark.parametrize("n_times", [2, 3, 7, 99])
def test_short_segment_is_one_piece(n_times):
    x = make_eeg(n_times)
    assert measure_scale([x], SFREQ) == pytest.approx(np.median(x.std(axis=-1)), rel=1e-12)


def test_long_recordings_are_measured_in_parts_without_a_trace():
    x = make_eeg(200 * 100)
    expected = np.median(np.median(x.reshape(9, 200, 100).std(axis=-1), axis=-1))
    assert measure_scale([x], SFREQ) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("value", [0.0, 1.1e-5])
def test_flat_recording_is_refused(value):
    with pytest.raises(ValueError, match="only flat channels"):
        measure_scale([np.full((3, 500), value)], SFREQ)


@pytest.mark.parametrize("segments", [[], [np.ones((3, 1))]])
def test_recording_without_two_samples_is_refused(segments):
    with pytest.raises(ValueError, match="two samples or more"):
        measure_scale(segments, SFREQ)


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf])
@pytest.mark.parametrize("convert", [to_model_scale, to_volts])
def test_scale_must_be_positive(convert, scale):
    with pytest.raises(ValueError, match="positive number of volts"):
        convert(np.ones((1, 2)), scale)


def test_windows_are_brought_to_zero_mean_and_unit_deviation(rng):
    windows = rng.normal(3.0, 5.0, (4, 3, 50)) * np.arange(1, 5)[:, None, None]
    standard, mean, deviation = standardise_windows(windows)
    assert standard.dtype == mean.dtype == deviation.dtype == np.float32
    assert_allclose(standard.mean(axis=(1, 2)), 0.0, atol=1e-5)
    assert_allclose(standard.std(axis=(1, 2)), 1.0, rtol=1e-5)
    assert_allclose(standard * deviation + mean, windows, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 0.1, -7.0])
def test_a_constant_window_becomes_zeros(value):
    standard, mean, deviation = standardise_windows(np.full((1, 2, 30), value))
    assert not np.abs(standard).max() > 1e-6
    assert_allclose(standard * deviation + mean, value, atol=1e-6)
