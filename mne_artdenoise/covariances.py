"""Covariance of the channels of a recording in each frequency band; a leaf."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ._typing import FloatArray
from .bands import cut_blocks, transform_block


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
