"""When the events of an artifact happen in a window cut from a longer recording."""

from __future__ import annotations

import numpy as np

from .._typing import FloatArray


def draw_onsets(
    n_times: int, sfreq: float, rate: float, lengths: tuple[float, float], rng: np.random.Generator
) -> list[tuple[float, float]]:
    """Draw events that do not overlap, one or more, each with its middle inside the window.

    Parameters
    ----------
    n_times : int
        Length of the window, in samples.
    sfreq : float
        Sampling rate in hertz.
    rate : float
        Events per minute, on average, where there is room for them.
    lengths : tuple of float
        Shortest and longest event, in seconds.
    rng : Generator
        Source of the variety.

    Returns
    -------
    events : list of tuple
        Onset and length in seconds of each, in order; the first may begin before the window and
        the last may end after it.
    """
    window = n_times / sfreq
    count = max(1, int(rng.poisson(rate * window / 60)))
    middles = np.sort(rng.uniform(0, window, count))
    sizes = rng.uniform(*lengths, count)
    events: list[tuple[float, float]] = []
    for middle, length in zip(middles, sizes, strict=True):
        onset = float(middle - length / 2)
        if not events or onset >= sum(events[-1]):
            events.append((onset, float(length)))
    return events


def cut_span(onset: float, length: float, n_times: int, sfreq: float) -> tuple[slice, FloatArray]:
    """Find the samples strictly inside an event, and their time since its onset in seconds."""
    start = max(0, int(np.floor(onset * sfreq)) + 1)
    stop = min(n_times, int(np.ceil((onset + length) * sfreq)))
    stop = max(start, stop)
    return slice(start, stop), np.arange(start, stop) / sfreq - onset


def make_taper(since: FloatArray, length: float, edge: float) -> FloatArray:
    """Rise from zero and fall to it again like half a cosine over ``edge`` seconds, else one."""
    edge = min(edge, length / 2)
    near = np.minimum(since, length - since) / max(edge, 1e-12)
    return np.asarray(np.sin(0.5 * np.pi * np.clip(near, 0.0, 1.0)) ** 2)


def check_positive(**values: float) -> None:
    """Refuse a physical parameter that is not a finite number above zero, naming it."""
    for name, value in values.items():
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be a finite number above 0, got {value!r}.")


def check_n_times(n_times: int) -> None:
    """Refuse windows without a sample."""
    if n_times < 1:
        raise ValueError(f"n_times must be 1 or more, got {n_times!r}.")
