"""Courses of motor units: when muscles are tense, and the action potentials that fire then."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, next_fast_len, rfft

from .._typing import FloatArray
from .events import cut_span, draw_onsets, make_taper

# Spectrum of a motor unit on the skin: f^2 / ((f^2 + low^2)(f^2 + high^2)^2(1 + f^2 / skin^2)).
# Lowest and highest of the three corners, in hertz, by muscle: that of the forehead is slower than
# those of the jaw (Goncharova et al. 2003). Fitted to chin and forehead of the Glasgow recordings.
JAW = ((22.0, 36.0), (42.0, 85.0), (350.0, 700.0))
CORNERS: dict[str, tuple[tuple[float, float], ...]] = {
    "frontal": ((20.0, 34.0), (40.0, 70.0), (110.0, 180.0)),
    "temporal": JAW,
    "masseter": JAW,
    "neck": ((20.0, 34.0), (40.0, 75.0), (300.0, 600.0)),
    "auricular": JAW,
}
PERSON_SPREAD = 0.12  # deviation of the logarithm by which the corners of people differ
SIZE_SPREAD = 0.4  # deviation of the logarithm of the sizes of single action potentials


def draw_bursts(
    n_times: int, sfreq: float, rate: float, duration: float, rng: np.random.Generator
) -> FloatArray:
    """Draw when and how much a muscle is tense, shape (n_times,): around one in a burst."""
    envelope = np.zeros(n_times)
    for onset, length in draw_onsets(n_times, sfreq, rate, (0.5 * duration, 1.5 * duration), rng):
        span, since = cut_span(onset, length, n_times, sfreq)
        taper = make_taper(since, length, rng.uniform(0.05, 0.25))
        envelope[span] = np.exp(rng.normal(0, 0.25)) * taper
    return envelope


def draw_strokes(
    n_times: int,
    sfreq: float,
    rate: float,
    duration: float,
    frequency: float,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw when and how much jaws chew: strokes in episodes; parameters as in `make_chewing`."""
    envelope = np.zeros(n_times)
    lengths = (0.6 * duration, 1.6 * duration)
    for onset, length in draw_onsets(n_times, sfreq, rate, lengths, rng):
        stroke = onset
        while stroke < onset + length:
            period = np.exp(rng.normal(0, 0.08)) / frequency
            tense = rng.uniform(0.35, 0.5) * period
            span, since = cut_span(stroke, tense, n_times, sfreq)
            envelope[span] = np.exp(rng.normal(0, 0.2)) * make_taper(since, tense, tense / 2)
            stroke += period
    return envelope


def draw_tremor(
    n_times: int,
    sfreq: float,
    rate: float,
    duration: float,
    frequency: float,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw how a shiver swells and trembles, shape (n_times,); parameters as in `make_shiver`."""
    envelope = np.zeros(n_times)
    lengths = (0.7 * duration, 1.3 * duration)
    for onset, length in draw_onsets(n_times, sfreq, rate, lengths, rng):
        span, since = cut_span(onset, length, n_times, sfreq)
        phase = 2 * np.pi * frequency * np.exp(rng.normal(0, 0.05)) * since
        phase += 0.8 * np.sin(2 * np.pi * 0.7 * since + rng.uniform(0, 2 * np.pi))
        tremor = 1 + rng.uniform(0.75, 0.95) * np.sin(phase)
        envelope[span] = tremor / np.sqrt(1.4) * make_taper(since, length, length / 2)
    return envelope


def draw_firing(
    n_units: int,
    n_times: int,
    sfreq: float,
    muscle: str,
    firing_rate: float,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw the courses of some motor units.

    Parameters
    ----------
    n_units : int
        How many.
    n_times : int
        Length in samples.
    sfreq : float
        Sampling rate in hertz.
    muscle : str
        Of which muscle: sets the spectrum.
    firing_rate : float
        Action potentials per second in each.
    rng : Generator
        Source of the variety.

    Returns
    -------
    waves : ndarray, shape (n_units, n_times)
        Of a mean square of one over all frequencies; a slow recording sees only a part of them.
    """
    # Filtering by Fourier transform is circular: what the end leaves over falls before the start.
    n_long = next_fast_len(n_times + round(0.2 * sfreq), real=True)
    in_bin = firing_rate / sfreq
    sizes = np.exp(rng.normal(0, SIZE_SPREAD, (n_units, n_long)))
    pulses = rng.poisson(in_bin, (n_units, n_long)) * sizes
    square = np.exp(SIZE_SPREAD**2)
    power = (in_bin + in_bin**2) * square**2 - in_bin**2 * square
    person = np.exp(rng.normal(0, PERSON_SPREAD))
    corners = [person * rng.uniform(*corner, (n_units, 1)) for corner in CORNERS[muscle]]
    # The power of its square at all frequencies, of which a slow recording sees a part.
    step, above = 2.0, np.arange(1.0, 2500.0, 2.0)
    whole = 2 * step * np.square(np.abs(filter_unit(above, *corners))).sum(axis=1, keepdims=True)
    response = filter_unit(np.fft.rfftfreq(n_long, 1 / sfreq), *corners)
    waves = irfft(rfft(pulses) * (response / np.sqrt(whole * power / sfreq)), n=n_long)
    return np.asarray(waves[:, n_long - n_times :])


def filter_unit(
    frequency: FloatArray, low: FloatArray, high: FloatArray, skin: FloatArray
) -> npt.NDArray[np.complexfloating[Any]]:
    """Response of the skin to a motor unit, causal, at frequencies and with corners in hertz."""
    turn = 1j * frequency
    return np.asarray(turn / ((turn + low) * (turn + high) ** 2 * (1 + turn / skin)))
