"""The bands and the gate of the spatial step at a latency, for streams; a leaf.

Offline, bands are split by zero-phase filters and the gate looks to both sides. Here the impulse
response of each band is cut ``delay`` samples after its middle, which was measured to lose less
than weighing frequencies by the spectrum of EEG, and the gate holds what it saw. Bands still add up
to the recording above ``LOWEST``: neighbours share the response between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.fft import irfft, next_fast_len, rfftfreq
from scipy.linalg import toeplitz

from ._typing import FloatArray
from .bands import LOWEST, make_masks

CYCLES = 4.0  # of a band's lower edge, that its response lasts: fewer lose up to 0.4 dB ...
LONGEST = 4.0  # ... and seconds at most, which only concerns the edge at LOWEST
ATTACK = 0.1  # seconds that the gate averages power over: half a cycle of theta
TILE = 64  # output samples that one matrix product makes


def make_kernels(sfreq: float, edges: Sequence[float], delay: int) -> list[FloatArray]:
    """Make the impulse response of each band.

    Parameters
    ----------
    sfreq : float
        Sampling rate in hertz.
    edges : sequence of float
        Between the bands, in hertz.
    delay : int
        Samples by which the bands come after the recording.

    Returns
    -------
    kernels : list of ndarray, shape (n_taps,)
        One per band, for `filter_causally`. A constant leaves nothing in any of them.
    """
    lows = (LOWEST, *edges)
    lengths = [round(min(CYCLES / low, LONGEST) * sfreq) + delay + 1 for low in lows]
    size = next_fast_len(8 * max(lengths), real=True)
    masks = make_masks(rfftfreq(size, 1 / sfreq), edges)
    steps = []  # responses of what passes above each edge, which neighbouring bands share
    for k, length in enumerate(lengths):
        whole = irfft(masks[k:].sum(axis=0), n=size)
        step = whole[np.arange(length) - delay]
        steps.append(step - step.mean())
    steps.append(np.zeros(0))
    return [_subtract(lower, higher) for lower, higher in pairwise(steps)]


def _subtract(long: FloatArray, short: FloatArray) -> FloatArray:
    difference = long.copy()
    difference[: len(short)] -= short
    return difference


def filter_causally(x: FloatArray, kernel: FloatArray) -> FloatArray:
    """Convolve each row with a kernel, where it lies within the row.

    Parameters
    ----------
    x : ndarray, shape (n_rows, n_taps - 1 + n_times)
        What came before, and ``n_times`` new samples.
    kernel : ndarray, shape (n_taps,)
        From `make_kernels`.

    Returns
    -------
    filtered : ndarray, shape (n_rows, n_times)
        A sample for each new one.
    """
    n_before = len(kernel) - 1
    n_times = x.shape[1] - n_before
    out = np.empty((len(x), n_times))
    matrix = _spread(kernel.tobytes(), TILE)
    for start in range(0, n_times, TILE):
        n = min(TILE, n_times - start)
        part = x[:, start : start + n_before + n]
        out[:, start : start + n] = part @ matrix[: n_before + n, :n]
    return out


@lru_cache(maxsize=32)
def _spread(kernel: bytes, n_times: int) -> FloatArray:
    """Matrix that convolves by one product, shape (n_taps - 1 + n_times, n_times)."""
    taps = np.frombuffer(kernel)[::-1]
    column = np.concatenate([taps, np.zeros(n_times - 1)])
    return np.asarray(toeplitz(column, np.r_[taps[0], np.zeros(n_times - 1)]))


def count_attack(sfreq: float) -> int:
    """Count the samples that the gate averages power over."""
    return max(1, round(ATTACK * sfreq))


def hold_power(power: FloatArray, attack: int, hold: int) -> FloatArray:
    """Measure the power that a gate acts on, from what came before each sample only.

    Parameters
    ----------
    power : ndarray, shape (attack + hold - 2 + n_times,)
        Mean over directions of the square, of what came before and of the new samples.
    attack, hold : int
        Samples to average over, and samples for which the highest average counts.

    Returns
    -------
    power : ndarray, shape (n_times,)
    """
    averaged = sliding_window_view(power, attack).mean(axis=-1)
    return np.asarray(sliding_window_view(averaged, hold).max(axis=-1))
