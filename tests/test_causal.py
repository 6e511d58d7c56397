"""Causal bands add up, leave constants out, and are those of the offline filters but for a cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mne_artdenoise.causal import TILE, filter_causally, hold_power, make_kernels
from mne_artdenoise.spatial import EDGES

SFREQ = 250.0


@pytest.mark.parametrize("sfreq", [100.0, 249.93, 512.0])
@pytest.mark.parametrize("delay", [0, 1, 25])
@pytest.mark.parametrize("edges", [(), EDGES])
def test_bands_add_up_to_what_passes_above_the_lowest_edge(sfreq, delay, edges):
    kernels = make_kernels(sfreq, edges, delay)
    (whole,) = make_kernels(sfreq, (), delay)
    total = np.zeros(len(whole))
    for kernel in kernels:
        total[: len(kernel)] += kernel
    assert len(kernels) == len(edges) + 1
    np.testing.assert_allclose(total, whole, atol=1e-12)


@pytest.mark.parametrize("delay", [0, 12, 100])
def test_a_constant_leaves_nothing(delay):
    for kernel in make_kernels(SFREQ, EDGES, delay):
        found = filter_causally(np.full((1, len(kernel) + 9), 1e5), kernel)
        assert np.abs(found).max() < 1e-6


@pytest.mark.parametrize(
    ("band", "frequency"), [(0, 1.5), (1, 5.0), (2, 10.0), (3, 19.0), (4, 60.0)]
)
@pytest.mark.parametrize("delay", [0.25, 0.5])
def test_a_rhythm_comes_out_in_its_band_at_the_delay(band, frequency, delay):
    times = np.arange(-6.0, 4.0, 1 / SFREQ)
    x = np.sin(2 * np.pi * frequency * times)[np.newaxis]
    delay = round(delay * SFREQ)
    for number, kernel in enumerate(make_kernels(SFREQ, EDGES, delay)):
        found = filter_causally(x, kernel)[0, -500:]
        expected = np.roll(x[0], delay)[-500:] * (number == band)
        assert np.abs(found - expected).max() < 0.35
        assert np.sqrt(np.square(found - expected).mean()) < 0.2


def test_with_delay_enough_they_are_the_zero_phase_bands(rng):
    from scipy.fft import irfft, rfft, rfftfreq

    from mne_artdenoise.bands import make_masks

    delay, x = round(4 * SFREQ), rng.standard_normal((1, 8000))
    masks = make_masks(rfftfreq(8000, 1 / SFREQ), EDGES)
    inner = slice(2500, 5500)
    for kernel, mask in zip(make_kernels(SFREQ, EDGES, delay), masks, strict=True):
        expected = irfft(rfft(x) * mask, n=8000)[:, inner]
        start = inner.start + delay - len(kernel) + 1
        found = filter_causally(x[:, start : inner.stop + delay], kernel)
        assert np.square(found - expected).mean() < 0.01 * np.square(expected).mean()


@given(st.integers(1, 3 * TILE), st.integers(1, 200), st.integers(1, 4))
def test_convolution_is_that_of_numpy(n_times, n_taps, n_rows):
    rng = np.random.default_rng(n_times)
    kernel, x = rng.standard_normal(n_taps), rng.standard_normal((n_rows, n_taps - 1 + n_times))
    expected = np.array([np.convolve(row, kernel, mode="valid") for row in x])
    np.testing.assert_allclose(filter_causally(x, kernel), expected, atol=1e-10)


def test_the_gate_opens_at_once_and_holds():
    power = np.zeros(400)
    power[200] = 10.0
    held = hold_power(power, 10, 50)
    before = 10 + 50 - 2
    open_at = np.flatnonzero(held > 0) + before
    assert open_at.tolist() == list(range(200, 200 + before + 1))
    assert held.max() == pytest.approx(1.0)
