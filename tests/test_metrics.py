"""Tests of the scores against truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import welch

from mne_artdenoise import metrics

PAIRWISE = [metrics.rrmse, metrics.rrmse_spectral, metrics.correlation, metrics.snr]
SHAPES = [(1, 2), (1, 7), (2, 256), (3, 301), (2, 3, 97), (2, 1, 4, 500)]


def draw(seed: int, shape: tuple[int, ...] = (3, 400)) -> np.ndarray:
    return 1e-5 * np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_recording_gets_a_score_of_its_own(shape):
    truth, estimate = draw(0, shape), draw(1, shape)
    for metric in PAIRWISE:
        scores = metric(truth, estimate)
        assert np.shape(scores) == shape[:-2]
        first = (0,) * len(shape[:-2])
        expected = metric(truth[first], estimate[first])
        assert np.asarray(scores)[first] == pytest.approx(expected)
    assert np.shape(metrics.snr_gain(truth, estimate, truth)) == shape[:-2]


@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 1000),
    n_channels=st.integers(1, 5),
    n_times=st.integers(2, 600),
    scale=st.floats(1e-9, 1e3),
)
def test_a_perfect_estimate_gets_perfect_scores(seed, n_channels, n_times, scale):
    truth = scale * draw(seed, (n_channels, n_times))
    assert metrics.rrmse(truth, truth) == 0.0
    assert metrics.rrmse_spectral(truth, truth) == 0.0
    assert metrics.correlation(truth, truth) == pytest.approx(1.0)
    assert metrics.snr(truth, truth) == np.inf
    assert metrics.snr_gain(truth, truth, truth) == 0.0


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 1000), scale=st.floats(1e-6, 1e6), sign=st.sampled_from([-1, 1]))
def test_the_unit_does_not_matter(seed, scale, sign):
    truth, estimate = draw(seed), draw(seed + 1)
    factor = sign * scale
    for metric in PAIRWISE:
        expected = metric(truth, estimate)
        assert metric(factor * truth, factor * estimate) == pytest.approx(expected, rel=1e-6)


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 1000), snr_db=st.floats(-40, 40))
def test_snr_is_the_power_ratio_that_the_noise_was_scaled_to(seed, snr_db):
    truth, noise = draw(seed), draw(seed + 1)
    ratio = np.mean(truth**2) / np.mean(noise**2)
    noise *= np.sqrt(ratio * 10 ** (-snr_db / 10))
    assert metrics.snr(truth, truth + noise) == pytest.approx(snr_db, abs=1e-8)
    # The two are one number in other words.
    assert metrics.rrmse(truth, truth + noise) == pytest.approx(10 ** (-snr_db / 20))


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 1000), share=st.floats(1e-3, 1e3))
def test_gain_is_how_much_the_error_shrank(seed, share):
    truth, noise = draw(seed), draw(seed + 1)
    gain = metrics.snr_gain(truth, truth + noise, truth + share * noise)
    assert gain == pytest.approx(-20 * np.log10(share), abs=1e-6)
    difference = metrics.snr(truth, truth + share * noise) - metrics.snr(truth, truth + noise)
    assert gain == pytest.approx(difference)


def test_a_perfect_result_gains_without_limit_and_a_spoilt_one_loses():
    truth, noisy = draw(0), draw(1)
    assert metrics.snr_gain(truth, noisy, truth) == np.inf
    assert metrics.snr_gain(truth, truth, noisy) == -np.inf


def test_silence_as_an_estimate_has_an_error_as_large_as_the_truth():
    truth = draw(0)
    silence = np.zeros_like(truth)
    assert metrics.rrmse(truth, silence) == pytest.approx(1.0)
    assert metrics.rrmse_spectral(truth, silence) == pytest.approx(1.0)
    assert metrics.snr(truth, silence) == pytest.approx(0.0)
    assert metrics.correlation(truth, silence) == 0.0


@pytest.mark.parametrize("shape", [(1, 40), (3, 401), (2, 3, 256)])
def test_correlation_is_the_mean_of_numpys(shape):
    truth, estimate = draw(0, shape), draw(1, shape) + 0.5 * draw(0, shape) + 3.0
    rows = zip(truth.reshape(-1, shape[-1]), estimate.reshape(-1, shape[-1]), strict=True)
    expected = [np.corrcoef(row, other)[0, 1] for row, other in rows]
    expected = np.mean(np.reshape(expected, shape[:-1]), axis=-1)
    assert metrics.correlation(truth, estimate) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("n_times", [2, 9, 255, 256, 257, 1000])
def test_spectral_error_is_that_of_welchs_spectra(n_times):
    truth, estimate = draw(0, (3, n_times)), 2 * draw(1, (3, n_times))
    length = min(256, n_times)
    wanted, found = (
        welch(x, nperseg=length, window="hann", scaling="spectrum")[1] for x in (truth, estimate)
    )
    expected = np.sqrt(np.mean((found - wanted) ** 2) / np.mean(wanted**2))
    assert metrics.rrmse_spectral(truth, estimate) == pytest.approx(expected)


def test_spectral_error_does_not_see_a_shift_that_the_error_in_time_sees():
    time = np.arange(2000) / 200
    truth = np.sin(2 * np.pi * 10 * time)[np.newaxis]
    shifted = np.cos(2 * np.pi * 10 * time)[np.newaxis]
    assert metrics.rrmse_spectral(truth, shifted) < 1e-2
    assert metrics.rrmse(truth, shifted) == pytest.approx(np.sqrt(2))


def test_inputs_are_left_alone_whatever_their_type():
    truth, estimate = draw(0).astype(np.float32), draw(1).astype(np.float32)
    copies = truth.copy(), estimate.copy()
    for metric in PAIRWISE:
        assert isinstance(metric(truth, estimate), np.float64)
    assert np.array_equal(truth, copies[0])
    assert np.array_equal(estimate, copies[1])


@pytest.mark.parametrize("metric", PAIRWISE)
@pytest.mark.parametrize("other", [(3, 399), (2, 400), (1, 400), (1, 3, 400), (400,)])
def test_shapes_that_differ_are_told(metric, other):
    with pytest.raises(ValueError, match=r"\(3, 400\).*estimate has shape"):
        metric(draw(0), draw(1, other))


def test_gain_names_the_array_that_does_not_fit():
    with pytest.raises(ValueError, match="before has shape"):
        metrics.snr_gain(draw(0), draw(1, (3, 5)), draw(0))
    with pytest.raises(ValueError, match="after has shape"):
        metrics.snr_gain(draw(0), draw(1), draw(0, (3, 5)))


@pytest.mark.parametrize("metric", PAIRWISE)
@pytest.mark.parametrize("shape", [(), (400,), (0, 400), (3, 0)])
def test_what_holds_no_channel_or_sample_is_told(metric, shape):
    with pytest.raises(ValueError, match="n_channels, n_times"):
        metric(np.ones(shape), np.ones(shape))


@pytest.mark.parametrize("metric", [metrics.rrmse, metrics.rrmse_spectral, metrics.snr])
def test_a_silent_truth_is_told_with_its_recording(metric):
    truth = draw(0, (2, 3, 50))
    truth[1] = 0.0
    with pytest.raises(ValueError, match=r"silent in recording \(1,\)"):
        metric(truth, draw(1, (2, 3, 50)))
    with pytest.raises(ValueError, match="truth is silent:"):
        metric(truth[1], draw(1, (3, 50)))


def test_gain_needs_a_truth_that_is_not_silent():
    with pytest.raises(ValueError, match="silent"):
        metrics.snr_gain(np.zeros((3, 50)), draw(0, (3, 50)), draw(1, (3, 50)))


@pytest.mark.parametrize("level", [0.0, 1.1e-5])
def test_correlation_names_a_flat_channel_of_the_truth(level):
    truth = draw(0, (2, 3, 50))
    truth[1, 2] = level
    with pytest.raises(ValueError, match=r"channel 2 of recording \(1,\)"):
        metrics.correlation(truth, draw(1, (2, 3, 50)))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1j])
def test_numbers_that_have_no_score_are_told(value):
    wrong = draw(1).astype(type(value))
    wrong[0, 3] = value
    with pytest.raises(ValueError, match="estimate must hold real and finite"):
        metrics.rrmse(draw(0), wrong)


def test_one_sample_has_no_spectrum():
    with pytest.raises(ValueError, match="two samples or more"):
        metrics.rrmse_spectral(np.ones((2, 1)), np.ones((2, 1)))
