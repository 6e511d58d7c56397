"""Tests of the sampling rates."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mne_artdenoise.rate import find_ratio, low_pass, to_model_rate, to_recording_rate

MODEL_SFREQ = 200.0
SFREQS = [100.0, 128.0, 160.0, 200.0, 249.93, 250.0, 1000 / 3, 499.98731, 512.0, 2000.0, 2048.0]
LENGTHS = [1, 2, 3, 7, 8, 9, 97, 1009]


def make_sine(freq: float, sfreq: float, n_times: int) -> np.ndarray:
    times = np.arange(n_times) / sfreq
    return np.stack([np.sin(2 * np.pi * freq * times + phase) for phase in (0.3, 1.7)])


def make_noise(n_times: int, n_channels: int = 2) -> np.ndarray:
    return np.random.default_rng(n_times).standard_normal((n_channels, n_times))


@pytest.mark.parametrize("sfreq", SFREQS)
@pytest.mark.parametrize("n_times", LENGTHS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_round_trip_keeps_length_and_type(sfreq, n_times, dtype):
    x = make_noise(n_times).astype(dtype)
    y = to_model_rate(x, sfreq, MODEL_SFREQ)
    z = to_recording_rate(y, MODEL_SFREQ, sfreq, n_times)
    assert y.shape == (2, math.ceil(n_times * find_ratio(sfreq, MODEL_SFREQ)))
    assert z.shape == x.shape
    assert y.dtype == z.dtype == dtype
    assert np.isfinite(z).all()


@pytest.mark.parametrize("sfreq", SFREQS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.8])
def test_sine_keeps_time_and_amplitude(sfreq, share):
    freq = share * min(sfreq, MODEL_SFREQ) / 2
    x = make_sine(freq, sfreq, round(10 * sfreq))
    y = to_model_rate(x, sfreq, MODEL_SFREQ)
    middle = slice(400, -400)
    assert np.abs(y - make_sine(freq, MODEL_SFREQ, y.shape[-1]))[:, middle].max() < 1e-3
    z = to_recording_rate(y, MODEL_SFREQ, sfreq, x.shape[-1])
    middle = slice(round(2 * sfreq), -round(2 * sfreq))
    assert np.abs(z - x)[:, middle].max() < 1e-3


@pytest.mark.parametrize("sfreq", [250.0, 512.0, 2000.0])
def test_sine_above_the_nyquist_frequency_does_not_fold_back(sfreq):
    x = make_sine(101.0, sfreq, round(10 * sfreq))
    y = to_model_rate(x, sfreq, MODEL_SFREQ)
    assert np.abs(y[:, 400:-400]).max() < 1e-3


@pytest.mark.parametrize("n_times", LENGTHS)
def test_equal_rates_change_no_bit(n_times):
    x = make_noise(n_times)
    assert np.array_equal(to_model_rate(x, 200, 200), x)
    assert np.array_equal(to_recording_rate(x, 200, 200, n_times), x)


@pytest.mark.parametrize("sfreq", SFREQS)
@pytest.mark.parametrize("n_times", [1, 2, 9, 5003])
@pytest.mark.parametrize("l_freq", [None, 0.5])
def test_zero_stays_exactly_zero(sfreq, n_times, l_freq):
    y = to_model_rate(np.zeros((1, n_times)), sfreq, MODEL_SFREQ, l_freq)
    assert not y.any()
    assert not to_recording_rate(y, MODEL_SFREQ, sfreq, n_times).any()


@pytest.mark.parametrize("sfreq", SFREQS)
@pytest.mark.parametrize("n_times", LENGTHS)
def test_offset_and_slope_do_not_ring_at_the_edges(sfreq, n_times):
    x = 1e3 + np.arange(n_times)[np.newaxis] / sfreq
    y = to_model_rate(x, sfreq, MODEL_SFREQ)
    # A ratio off by 1e-9 is all that a long slope may show.
    np.testing.assert_allclose(
        y[0], 1e3 + (n_times > 1) * np.arange(y.shape[-1]) / MODEL_SFREQ, rtol=1e-7
    )


def test_blocks_do_not_show():
    # Sample times are those of the whole signal, wherever the signal begins in a block.
    x = make_noise(9000)
    shift = 5 * 301  # recording samples, 4 * 301 of the model
    whole = to_model_rate(x, 250, 200)
    rest = to_model_rate(x[:, shift:], 250, 200)
    np.testing.assert_allclose(rest[:, 50:], whole[:, 4 * 301 + 50 :], atol=1e-12)


def test_channels_are_resampled_alone():
    x = make_noise(1009, n_channels=5)
    together = to_model_rate(x, 250, 200, 0.5)
    alone = np.concatenate([to_model_rate(row[np.newaxis], 250, 200, 0.5) for row in x])
    np.testing.assert_allclose(together, alone, atol=1e-12)


@settings(deadline=None, max_examples=40)
@given(
    n_times=st.integers(1, 600),
    sfreq=st.floats(100, 2048),
    factor=st.floats(1e-3, 1e3),
    l_freq=st.sampled_from([None, 0.5]),
)
def test_resampling_is_linear(n_times, sfreq, factor, l_freq):
    x, y = make_noise(n_times), make_noise(n_times + 1)[:, 1:]

    def resample(signal):
        model = to_model_rate(signal, sfreq, MODEL_SFREQ, l_freq)
        return to_recording_rate(model, MODEL_SFREQ, sfreq, n_times)

    expected = factor * resample(x) + resample(y)
    np.testing.assert_allclose(resample(factor * x + y), expected, atol=1e-9 * (1 + factor))


@settings(deadline=None, max_examples=200)
@given(sfreq=st.floats(100, 2000), model_sfreq=st.sampled_from([100.0, 200.0, 256.0]))
def test_drift_in_a_day_is_below_one_sample(sfreq, model_sfreq):
    ratio = find_ratio(sfreq, model_sfreq)
    error = abs(ratio * Fraction(sfreq) / Fraction(model_sfreq) - 1)
    assert error * 86400 * Fraction(max(sfreq, model_sfreq)) < 1
    assert min(ratio.numerator, ratio.denominator) <= 10**9
    assert find_ratio(model_sfreq, sfreq) == 1 / ratio


@settings(deadline=None, max_examples=200)
@given(
    simple=st.sampled_from([100.0, 400 / 3, 200.0, 250.0, 2000.0]), exponent=st.floats(-10.0, -3.0)
)
def test_drift_stays_small_next_to_a_simple_ratio(simple, exponent):
    # There fractions with small terms are scarce, and a low bound on them would show.
    sfreq = simple * (1 - 10**exponent)
    error = abs(find_ratio(sfreq, MODEL_SFREQ) * Fraction(sfreq) / Fraction(MODEL_SFREQ) - 1)
    assert error * 86400 * 2000 < 1


@pytest.mark.parametrize(
    ("sfreq", "ratio"),
    [(250, (4, 5)), (1000 / 3, (3, 5)), (249.93, (20000, 24993)), (128, (25, 16))],
)
def test_awkward_rates_have_their_exact_ratio(sfreq, ratio):
    assert find_ratio(sfreq, MODEL_SFREQ) == Fraction(*ratio)


@pytest.mark.parametrize("sfreq", [200.0, 250.0])
def test_high_pass_removes_slow_and_keeps_fast_without_delay(sfreq):
    slow, fast = make_sine(0.05, sfreq, round(60 * sfreq)), make_sine(8, sfreq, round(60 * sfreq))
    y = to_model_rate(100 + slow + fast, sfreq, MODEL_SFREQ, l_freq=0.5)
    expected = make_sine(8, MODEL_SFREQ, y.shape[-1])
    assert np.abs(y - expected)[:, 2000:-2000].max() < 1e-2


@pytest.mark.parametrize("n_times", LENGTHS)
def test_high_pass_of_an_offset_is_zero_at_any_length(n_times):
    y = to_model_rate(np.full((2, n_times), 5.0), 250, 200, l_freq=0.5)
    assert np.abs(y).max() < 1e-9


def test_high_pass_leaves_its_input_alone():
    x = make_noise(500)
    before = x.copy()
    to_model_rate(x, 200, 200, l_freq=1.0)
    assert np.array_equal(x, before)


def test_wrong_length_says_which_is_needed():
    with pytest.raises(ValueError, match="Found 79 samples.*need 80"):
        to_recording_rate(np.zeros((1, 79)), 200, 250, 100)


@pytest.mark.parametrize("rate", [0, -1.0, np.nan, np.inf])
def test_rate_must_be_a_positive_number(rate):
    with pytest.raises(ValueError, match="sfreq must be a positive number"):
        find_ratio(rate, 200)


@pytest.mark.parametrize("shape", [(10,), (2, 0), (1, 2, 3)])
def test_wrong_shape_is_named(shape):
    with pytest.raises(ValueError, match="n_channels, n_times"):
        to_model_rate(np.zeros(shape), 250, 200)


@pytest.mark.parametrize("l_freq", [0.0, -1.0, 100.0])
def test_impossible_high_pass_is_refused(l_freq):
    with pytest.raises(ValueError, match="l_freq must lie between"):
        to_model_rate(np.zeros((1, 100)), 250, 200, l_freq)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_low_pass_keeps_what_is_below_in_place(dtype):
    time = np.arange(2000) / 250.0
    slow, fast = np.sin(2 * np.pi * 10 * time), np.sin(2 * np.pi * 65 * time)
    out = low_pass((slow + fast)[np.newaxis].astype(dtype), 250.0, 50.0)
    assert out.dtype == dtype
    assert np.abs(out[0] - slow)[100:-100].max() < 0.01


@pytest.mark.parametrize("n_times", [1, 2, 7, 100])
def test_a_low_pass_takes_signals_of_any_length(n_times):
    x = np.full((2, n_times), 3.0)
    assert np.allclose(low_pass(x, 250.0, 50.0), x)


@pytest.mark.parametrize("h_freq", [0.0, 125.0, 200.0])
def test_a_low_pass_beyond_the_signal_is_refused(h_freq):
    with pytest.raises(ValueError, match="h_freq must lie between 0 and half the sampling rate"):
        low_pass(np.zeros((1, 10)), 250.0, h_freq)
