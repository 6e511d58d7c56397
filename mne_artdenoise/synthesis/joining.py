"""Windows joined to one waveform of any length, without seams that are heard."""

from __future__ import annotations

import numpy as np

from .._typing import FloatArray


def count_windows(n_times: int, size: int, overlap: int, reach: int) -> int:
    """Count the windows that surely fill ``n_times`` samples; see `join_windows`."""
    if not 0 < overlap <= size - overlap - reach or reach < 0:
        raise ValueError(f"overlap {overlap} and reach {reach} do not fit windows of {size}.")
    return 1 + max(0, -(-(n_times - size) // (size - overlap - reach)))


def join_windows(windows: FloatArray, overlap: int, reach: int) -> FloatArray:
    """Join windows where each goes on best from the last.

    Parameters
    ----------
    windows : ndarray, shape (n_windows, n_times)
        Alike in size.
    overlap : int
        Samples over which one fades into the next.
    reach : int
        How many of the first samples of a window may be left out, so that it fits: a heart then
        keeps its rhythm.

    Returns
    -------
    joined : ndarray, shape (n_joined,)
        Its power across a seam is that beside it, whether or not the two windows are alike there.
    """
    joined = np.asarray(windows[0], dtype=np.float64)
    fade = 0.5 - 0.5 * np.cos(np.pi * (np.arange(overlap) + 0.5) / overlap)
    for window in windows[1:]:
        tail = joined[-overlap:]
        heads = np.lib.stride_tricks.sliding_window_view(window[: overlap + reach], overlap)
        power = np.sqrt(np.square(heads).sum(axis=1) * np.square(tail).sum())
        alike = heads @ tail / np.maximum(power, 1e-30)
        skipped = int(np.argmax(alike))
        # Of what is alike amplitudes add up, of what is not powers do.
        both = 2 * fade * (1 - fade) * max(float(alike[skipped]), 0.0)
        gain = 1 / np.sqrt(fade**2 + (1 - fade) ** 2 + both)
        seam = gain * ((1 - fade) * tail + fade * heads[skipped])
        joined = np.concatenate([joined[:-overlap], seam, window[skipped + overlap :]])
    return joined
