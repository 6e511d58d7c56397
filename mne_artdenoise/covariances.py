"""Covariance of the channels of a recording in each frequency band; a leaf."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import uniform_filter1d

from ._typing import FloatArray
from .bands import cut_blocks, transform_block

SPAN = 0.5  # seconds over which the power of a moment is measured
QUIET_SECONDS = 1.5  # of quiet data per channel: with less, all data are better than the quiet ones


def measure_covariances(
    segments: Sequence[FloatArray], sfreq: float, edges: Sequence[float]
) -> FloatArray:
    """Covariance in each band, pooled over segments, shape (n_bands, n_channels, n_channels)."""
    total, n_times = 0.0, 0
    for x in segments:
        for _, _, block in cut_blocks(x, sfreq):
            spectrum, masks = transform_block(block, sfreq, edges)
            # Parseval: the mean square is twice the sum of squares over the length squared.
            scale = 2 * block.shape[1] / (2 * spectrum.shape[1] - 2) ** 2
            total = total + scale * np.array([_square(spectrum, mask) for mask in masks])
            n_times += block.shape[1]
    return np.asarray(total) / max(n_times, 1)


def _square(spectrum: FloatArray, mask: FloatArray) -> FloatArray:
    banded = spectrum[:, mask > 0] * mask[mask > 0]
    return np.asarray((banded @ banded.conj().T).real, dtype=float)


def weigh_quiet(
    rest: Sequence[FloatArray], artifact: Sequence[FloatArray], sfreq: float, quiet: float
) -> list[FloatArray]:
    """Weigh the rest of a recording by how little artifact was found at the moment.

    What a network misses of an artifact is in the rest, and more of it where there is more.

    Parameters
    ----------
    rest, artifact : sequence of ndarray, shape (n_channels, n_times)
        The segments of a recording without the artifact, and the artifact.
    sfreq : float
        Their sampling rate in hertz.
    quiet : float
        The weight of a moment with as much artifact as rest is ``1 / (1 + quiet)`` of one without.

    Returns
    -------
    weighed : list of ndarray, shape (n_channels, n_times)
        In which all moments together weigh as much as before; ``rest`` where too little is quiet.
    """
    if not any(x.size for x in rest):
        return list(rest)
    levels = np.median(np.abs(np.concatenate(rest, axis=1)), axis=1, keepdims=True)
    alive = levels[:, 0] > 0
    usual = np.median(np.concatenate([_power(x[alive] / levels[alive], sfreq) for x in rest]))
    weights = [
        1 / (1 + quiet * _power(x[alive] / levels[alive], sfreq) / max(usual, 1e-30))
        for x in artifact
    ]
    total, squares = (sum(float((w**k).sum()) for w in weights) for k in (1, 2))
    if not alive.any() or total**2 / squares < QUIET_SECONDS * sfreq * len(levels):
        return list(rest)
    mean = total / sum(map(len, weights))
    return [x * np.sqrt(w / mean) for x, w in zip(rest, weights, strict=True)]


def _power(x: FloatArray, sfreq: float) -> FloatArray:
    """Power around each sample, mean over channels, shape (n_times,)."""
    if not x.size:
        return np.zeros(x.shape[1])
    size = min(max(1, round(SPAN * sfreq)), x.shape[1])
    return np.asarray(uniform_filter1d(np.square(x).mean(axis=0), size, mode="nearest"))
