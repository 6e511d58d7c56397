"""Slow waves of any length, and smooth patterns over the head, without a Fourier transform."""

from __future__ import annotations

import numpy as np

from .._typing import FloatArray

N_TONES = 32  # of which a wave is made
BLOCK = 2**21  # numbers held at once


def draw_slow_waves(
    n_waves: int,
    n_times: int,
    sfreq: float,
    band: tuple[float, float],
    slope: float,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw waves that hold nothing outside a band, however short they are.

    Each is a sum of tones whose frequencies are spread over the band by chance, so that none comes
    round, and the same in a window as in the recording it could be cut from.

    Parameters
    ----------
    n_waves, n_times : int
        How many, and their length in samples.
    sfreq : float
        Sampling rate in hertz.
    band : tuple of float
        Lowest and highest frequency in hertz; others than 0 < low < high are a ValueError.
    slope : float
        Exponent by which their power falls with frequency.
    rng : Generator

    Returns
    -------
    waves : ndarray, shape (n_waves, n_times)
        Of unit variance over long times.
    """
    low, high = band
    if not 0 < low < high < np.inf:
        raise ValueError(f"low and high must be 0 < low < high, got {low!r} and {high!r} Hz.")
    steps = (np.arange(N_TONES) + rng.random(N_TONES)) / N_TONES
    tones = low * (high / low) ** steps
    power = tones ** (1 - slope)  # tones lie the denser the slower they are
    sizes = np.sqrt(power / power.sum()) * rng.standard_normal((2, n_waves, N_TONES))
    waves = np.empty((n_waves, n_times))
    for start in range(0, n_times, BLOCK // N_TONES):
        times = np.arange(start, min(n_times, start + BLOCK // N_TONES)) / sfreq
        phases = 2 * np.pi * np.outer(tones, times)
        waves[:, start : start + len(times)] = sizes[0] @ np.cos(phases) + sizes[1] @ np.sin(phases)
    return waves


def draw_fields(
    positions: FloatArray, extent: float, n_fields: int, rng: np.random.Generator
) -> FloatArray:
    """Draw patterns over the head by which waves of one strength add up to one everywhere.

    Signals ``fields @ waves`` of independent waves of unit variance have unit variance at each
    electrode, on average over draws, and correlate by ``exp(-d ** 2 / (2 * extent ** 2))`` at the
    distance ``d`` (random Fourier features: Rahimi & Recht 2007).

    Parameters
    ----------
    positions : ndarray, shape (n_channels, 3)
        Electrodes in metres. Each has its values whoever else is there.
    extent : float
        Distance over which electrodes are alike, in metres.
    n_fields : int
        How many patterns.
    rng : Generator

    Returns
    -------
    fields : ndarray, shape (n_channels, n_fields)
    """
    speeds = rng.standard_normal((3, n_fields)) / extent
    shifts = rng.uniform(0, 2 * np.pi, n_fields)
    return np.asarray(np.sqrt(2 / n_fields) * np.cos(positions @ speeds + shifts))


def draw_steps(
    n_times: int, sfreq: float, rate: float, n_harmonics: int, rng: np.random.Generator
) -> FloatArray:
    """Draw the rhythm of steps and its harmonics, shape (n_harmonics, 2, n_times).

    Cosine and sine of each; people do not walk like clocks, so the rate wanders by a thirtieth.
    Amplitudes fall as 1, 1/2, 1/3, ..., and the sum of a cosine and a sine of every harmonic, each
    of random sign and size of unit variance, has unit variance.
    """
    wander = 0.03 * draw_slow_waves(1, n_times, sfreq, (0.05, 0.5), 1.0, rng)[0]
    phase = 2 * np.pi * (rng.random() + np.cumsum(rate * (1 + wander)) / sfreq)
    numbers = np.arange(1, n_harmonics + 1)
    numbers = numbers[numbers * rate < 0.45 * sfreq]
    sizes = (1 / numbers) / np.sqrt(np.sum(1.0 / numbers**2))
    turns = np.outer(numbers, phase)
    return np.asarray(
        sizes[:, np.newaxis, np.newaxis] * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    )
