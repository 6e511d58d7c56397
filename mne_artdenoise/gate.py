"""The gate: whether a band of the spatial step is open at a moment; a leaf.

The directions of a band hold artifact at some times and brain at all. The gate of the band is shut,
and the band left alone to the bit, while the power in them is what it is when the network finds
nothing; it opens smoothly as the power rises above that.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from ._typing import FloatArray

CYCLES = 1.5  # of a band's lower edge: how long the gate looks
SHORTEST = 0.25  # seconds that it looks at least
QUIET = 0.1  # artifact against brain up to which a moment counts as quiet
HOLD = 2.0  # seconds that it stays open around what opened it: artifacts have slow ends
USUAL = 0.5  # quantile of the power in quiet moments ...
FACTOR = 1.25  # ... and how far above it the gate begins to open
WIDTH = 0.25  # of that power, over which it opens
FEWEST = 0.05  # share of quiet moments without which the gate stays open always


def find_span(low: float, sfreq: float) -> int:
    """Find how many samples the gate of a band with this lower edge in hertz looks at."""
    return max(3, round(max(SHORTEST, CYCLES / max(low, 1.0)) * sfreq))


def find_hold(low: float, sfreq: float) -> int:
    """Find for how many samples the gate of a band with this lower edge stays open at least."""
    return max(find_span(low, sfreq), round(HOLD * sfreq))


def smooth_power(sources: FloatArray, span: int, hold: int = 1) -> FloatArray:
    """Measure the power around each sample, widened so that the gate opens before an artifact.

    Parameters
    ----------
    sources : ndarray, shape (n_directions, n_times)
        Time courses, in units of the brain in each.
    span : int
        Samples to look at.
    hold : int
        Samples for which the highest power counts, at least ``span`` of them.

    Returns
    -------
    power : ndarray, shape (n_times,)
        Mean over directions.
    """
    power = np.square(sources).mean(axis=0)
    span = min(span, len(power))
    power = uniform_filter1d(power, span, mode="nearest")
    power = maximum_filter1d(power, min(max(hold, span), len(power)), mode="nearest")
    return np.asarray(uniform_filter1d(power, span, mode="nearest"))


def calibrate_gate(recording: FloatArray, artifact: FloatArray) -> float:
    """Find the power up to which a gate is shut.

    Parameters
    ----------
    recording, artifact : ndarray, shape (n_times,)
        What `smooth_power` gave for the recording and for the network's estimate.

    Returns
    -------
    closed : float
        Zero where there is artifact nearly always: such a gate never shuts.
    """
    quiet = artifact < QUIET
    usual = float(np.quantile(recording[quiet], USUAL)) if quiet.mean() >= FEWEST else 0.0
    return FACTOR * usual


def open_gate(power: FloatArray, closed: float) -> FloatArray:
    """Open the gate: exactly 0 up to ``closed``, 1 from a quarter above that, smooth between.

    Parameters
    ----------
    power : ndarray, shape (n_times,)
        What `smooth_power` gave.
    closed : float
        What `calibrate_gate` gave.

    Returns
    -------
    opening : ndarray, shape (n_times,)
    """
    if not closed > 0:
        return np.ones_like(power)
    rise = np.clip((power - closed) / (WIDTH * closed), 0.0, 1.0)
    return np.asarray(rise * rise * (3 - 2 * rise))
