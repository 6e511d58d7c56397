"""A recording split into frequency bands, stretch by stretch; a leaf."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from scipy.fft import next_fast_len, rfft, rfftfreq

from ._typing import FloatArray

LOWEST = 0.25  # hertz: under it the network sees next to nothing, so nothing is removed
SEEN = 0.5  # hertz, above which gates look: below, the drift of electrodes drowns everything
MARGIN = 4.0  # seconds mirrored at either end of a segment, longer than any band's response
BLOCK = 300.0  # seconds filtered at once, which bounds the memory of long recordings ...
VALUES = 2e6  # ... or fewer where there are many or fast channels: samples times channels ...
SHORTEST_BLOCK = 30.0  # ... but no less than this many seconds, long against the margins


def cut_blocks(x: FloatArray, sfreq: float) -> Iterator[tuple[int, int, FloatArray]]:
    """Stretches of a segment with a margin around them: (start, stop, stretch with margins)."""
    for start, stop in plan_blocks(x.shape, sfreq):
        yield start, stop, take_block(x, start, stop, sfreq)


def plan_blocks(shape: tuple[int, ...], sfreq: float) -> list[tuple[int, int]]:
    """Plan the stretches of a segment of this shape: first and last sample (excluded) of each."""
    n_channels, n_times = shape
    fewer = max(SHORTEST_BLOCK, VALUES / (max(n_channels, 1) * sfreq))
    size = round(min(BLOCK, fewer) * sfreq)
    starts = range(0, max(1, n_times - size // 2), size)
    return [(start, n_times if start + 1.5 * size >= n_times else start + size) for start in starts]


def take_block(x: FloatArray, start: int, stop: int, sfreq: float) -> FloatArray:
    """Take a stretch of a segment with the margin around it."""
    margin = round(MARGIN * sfreq)
    return x[:, max(0, start - margin) : stop + margin]


def find_offset(start: int, sfreq: float) -> int:
    """Find how many samples of margin `take_block` puts before a stretch."""
    return min(start, round(MARGIN * sfreq))


def transform_block(
    block: FloatArray, sfreq: float, edges: Sequence[float]
) -> tuple[FloatArray, FloatArray]:
    """Spectrum of a stretch, mirrored beyond its ends, and the masks of the bands on its bins."""
    margin = find_margin(block.shape[1], sfreq)
    centred = block - block.mean(axis=1, keepdims=True)
    length = next_fast_len(block.shape[1] + 2 * margin, real=True)
    while length % 2:
        length = next_fast_len(length + 1, real=True)
    # Filled up by more of the mirror: a constant would count as slow power in covariances.
    after = length - margin - block.shape[1]
    mirrored = np.pad(centred, ((0, 0), (margin, after)), mode="reflect")
    spectrum = rfft(mirrored, axis=-1)
    return spectrum, make_masks(rfftfreq(length, 1 / sfreq), edges)


def find_margin(n_times: int, sfreq: float) -> int:
    """Find how many samples are mirrored at either end of a stretch."""
    return min(round(MARGIN * sfreq), n_times - 1)


def make_masks(frequency: FloatArray, edges: Sequence[float]) -> FloatArray:
    """Smooth band masks that add to one above ``LOWEST``, shape (n_bands, n_frequencies).

    Neighbours cross as raised cosines on a logarithmic axis, a third of an octave to either side.
    """
    octaves = np.log2(np.maximum(frequency, 1e-3))
    steps = [_rise(octaves, edge) for edge in (LOWEST, *edges)]
    steps.append(np.zeros_like(octaves))
    return np.array([low - high for low, high in pairwise(steps)])


def make_seen(frequency: FloatArray) -> FloatArray:
    """Smooth mask of what is above ``SEEN``, shape (n_frequencies,)."""
    return _rise(np.log2(np.maximum(frequency, 1e-3)), SEEN)


def _rise(octaves: FloatArray, edge: float, half: float = 1 / 3) -> FloatArray:
    phase = np.clip((octaves - np.log2(edge)) / half, -1.0, 1.0)
    return np.asarray(0.5 + 0.5 * np.sin(0.5 * np.pi * phase))
