"""The network's estimate turned into linear filters of the recording, one per band; a leaf.

In each band, let ``y`` be the recording, ``a`` the estimated artifact and ``v = y - a`` the rest.
The generalised eigenvectors of ``(A, V)``, with ``A = a a^T / n`` and ``V = v v^T / n + r I``, are
directions of the recording sorted by how much artifact they hold against brain. Without the gate
each is removed by the gain ``l / (l + mu)`` of its eigenvalue: a multichannel Wiener filter guided
by a network (Somers et al. 2018, doi:10.1088/1741-2552/aaac92, with spans marked by hand).

With the gate that gain follows the moment: it is exactly zero where the power of a direction, in
units of the rest's, says nothing of artifact, and opens smoothly as that power rises. So spans
without artifact come out bit-identical.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.linalg import eigh
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from ._typing import FloatArray

EDGES = (3.5, 7.0, 14.0, 25.0)  # hertz, between delta, theta, alpha, beta and what is above
LOWEST = 0.25  # hertz: under it the network sees next to nothing, so nothing is removed
MARGIN = 4.0  # seconds mirrored at either end of a segment, longer than any band's response
BLOCK = 300.0  # seconds filtered at once: bounds the memory of long recordings


SECONDS_PER_CHANNEL = 0.5  # of data, from which on every band has a filter of its own


@dataclass(frozen=True)
class FilterConfig:
    """How estimates become filters, each default measured on people of the training split."""

    mu: float = 1.0  # artifact against brain at which a direction is removed by half
    ridge: float = 1e-3  # of the mean variance, added to the rest's covariance
    pooling: float = 0.5  # share of a band's covariances taken from all bands: topographies agree
    weakest: float = 0.3  # artifact against brain below which a direction is left alone altogether
    closed: float = (
        1.5  # power of a direction, in units of the rest's, up to which the gate is shut
    )
    opened: float = 4.0  # and from which on it is open
    cycles: float = 1.5  # of a band's lower edge: how long the gate looks


@dataclass(frozen=True)
class BandFilter:
    """The directions of one band that hold artifact.

    Attributes
    ----------
    low, high : float
        Edges in hertz.
    unmixing : ndarray, shape (n_directions, n_channels)
        From the recording to directions in which the rest has unit variance.
    mixing : ndarray, shape (n_channels, n_directions)
        And back: topographies.
    ratios : ndarray, shape (n_directions,)
        Artifact against brain in each, falling.
    """

    low: float
    high: float
    unmixing: FloatArray
    mixing: FloatArray
    ratios: FloatArray


@dataclass(frozen=True)
class SpatialFilter:
    """Linear filters of a recording, one per band, and how they are applied."""

    bands: tuple[BandFilter, ...]
    config: FilterConfig

    @property
    def edges(self) -> tuple[float, ...]:
        """Frequencies between neighbouring bands, in hertz."""
        return tuple(band.low for band in self.bands[1:])


def fit_filter(
    recording: Sequence[FloatArray],
    artifact: Sequence[FloatArray],
    sfreq: float,
    *,
    edges: Sequence[float] = EDGES,
    config: FilterConfig | None = None,
) -> SpatialFilter:
    """Fit one filter per band to segments of a recording and the artifact estimated in them.

    Parameters
    ----------
    recording, artifact : sequence of ndarray, shape (n_channels, n_times)
        Segments, in volts.
    sfreq : float
        Their sampling rate in hertz.
    edges : sequence of float
        Between the bands, in hertz.
    config : FilterConfig | None
        How.

    Returns
    -------
    fitted : SpatialFilter
    """
    config = FilterConfig() if config is None else config
    rest = [y - a for y, a in zip(recording, artifact, strict=True)]
    bad = pool_bands(measure_covariances(artifact, sfreq, edges), config.pooling)
    good = pool_bands(measure_covariances(rest, sfreq, edges), config.pooling)
    limits = (LOWEST, *edges, sfreq / 2)
    bands = tuple(
        solve_band(bad[k], good[k], limits[k], limits[k + 1], config) for k in range(len(bad))
    )
    return SpatialFilter(bands, config)


def choose_edges(n_channels: int, seconds: float, top: float) -> tuple[float, ...]:
    """Choose the edges between bands for so many channels and seconds of data, in hertz.

    Covariances of many channels from few seconds are noisy, and each band has but its share.
    """
    edges = EDGES if seconds >= SECONDS_PER_CHANNEL * n_channels else ()
    return tuple(edge for edge in edges if edge < top)


def find_active(artifact: Sequence[FloatArray]) -> list[list[tuple[int, int]]]:
    """Find the spans of each segment in which any channel is not exactly zero: (start, stop)."""
    spans = []
    for x in artifact:
        active = np.concatenate([[False], (x != 0).any(axis=0), [False]])
        turns = np.flatnonzero(active[1:] != active[:-1])
        spans.append([(int(a), int(b)) for a, b in zip(turns[::2], turns[1::2], strict=True)])
    return spans


def solve_band(
    bad: FloatArray, good: FloatArray, low: float, high: float, config: FilterConfig
) -> BandFilter:
    """Directions of one band from the covariances of artifact and rest."""
    n_channels = len(bad)
    level = np.trace(good) / n_channels
    if not np.trace(bad) > 0 or not level > 0:
        nothing = np.zeros((0, n_channels))
        return BandFilter(low, high, nothing, nothing.T, np.zeros(0))
    good = good + config.ridge * level * np.eye(n_channels)
    ratios, directions = eigh(bad, good)
    strong = np.flatnonzero(ratios >= config.weakest)[::-1]
    unmixing = directions[:, strong].T
    return BandFilter(low, high, unmixing, good @ unmixing.T, ratios[strong])


def pool_bands(covariances: FloatArray, share: float) -> FloatArray:
    """Mix into each band's covariance that of all bands, at the size of the band's own."""
    total = covariances.sum(axis=0)
    size = np.trace(covariances, axis1=1, axis2=2) / max(float(np.trace(total)), 1e-300)
    return np.asarray((1 - share) * covariances + share * size[:, None, None] * total)


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


def apply_filter(
    fitted: SpatialFilter, x: FloatArray, sfreq: float, *, gate: bool = True
) -> FloatArray:
    """Artifact in a segment of a recording at any rate.

    Parameters
    ----------
    fitted : SpatialFilter
        From `fit_filter`.
    x : ndarray, shape (n_channels, n_times)
        Segment in volts.
    sfreq : float
        Its sampling rate in hertz.
    gate : bool
        Whether the gain of each direction follows the moment.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts; with the gate exactly zero where nothing was found.
    """
    artifact = np.zeros(x.shape)
    for start, stop, block in cut_blocks(x, sfreq):
        spectrum, masks = transform_block(block, sfreq, fitted.edges)
        margin = start - max(0, start - round(MARGIN * sfreq))
        for band, mask in zip(fitted.bands, masks, strict=True):
            if not len(band.ratios):
                continue
            sources = filter_directions(band, spectrum, mask, block.shape[1], sfreq)
            sources *= find_gain(sources, band, sfreq, fitted.config, gate)
            artifact[:, start:stop] += band.mixing @ sources[:, margin : margin + stop - start]
    return artifact


def filter_directions(
    band: BandFilter, spectrum: FloatArray, mask: FloatArray, n_times: int, sfreq: float
) -> FloatArray:
    """Time courses of a band's directions, shape (n_directions, n_times)."""
    used = mask > 0
    banded = np.zeros((len(band.ratios), spectrum.shape[1]), dtype=spectrum.dtype)
    banded[:, used] = band.unmixing @ (spectrum[:, used] * mask[used])
    margin = _margin(n_times, sfreq)
    length = 2 * (spectrum.shape[1] - 1)
    return np.asarray(irfft(banded, n=length, axis=-1)[:, margin : margin + n_times])


def find_gain(
    sources: FloatArray, band: BandFilter, sfreq: float, config: FilterConfig, gate: bool
) -> FloatArray:
    """Find what share of each direction to remove: constant, or by the power of the moment."""
    constant: FloatArray = (band.ratios / (band.ratios + config.mu))[:, None]
    if not gate:
        return constant
    span = max(0.25, config.cycles / max(band.low, 1.0))
    length = min(max(3, round(span * sfreq)), sources.shape[1])
    rise = (smooth_power(sources, length) - config.closed) / (config.opened - config.closed)
    rise = np.clip(rise, 0.0, 1.0)
    return np.asarray(constant * rise * rise * (3 - 2 * rise))


def smooth_power(sources: FloatArray, length: int) -> FloatArray:
    """Power around each sample, widened so that the gate opens before an artifact begins."""
    power = uniform_filter1d(sources**2, length, axis=-1, mode="nearest")
    power = maximum_filter1d(power, length, axis=-1, mode="nearest")
    smooth: FloatArray = uniform_filter1d(power, length, axis=-1, mode="nearest")
    return smooth


def cut_blocks(x: FloatArray, sfreq: float) -> Iterator[tuple[int, int, FloatArray]]:
    """Stretches of a segment with a margin around them: (start, stop, stretch with margins)."""
    n_times, size, margin = x.shape[1], round(BLOCK * sfreq), round(MARGIN * sfreq)
    for start in range(0, max(1, n_times - size // 2), size):
        stop = n_times if start + 1.5 * size >= n_times else start + size
        yield start, stop, x[:, max(0, start - margin) : stop + margin]


def transform_block(
    block: FloatArray, sfreq: float, edges: Sequence[float]
) -> tuple[FloatArray, FloatArray]:
    """Spectrum of a stretch, mirrored beyond its ends, and the masks of the bands on its bins."""
    margin = _margin(block.shape[1], sfreq)
    centred = block - block.mean(axis=1, keepdims=True)
    length = next_fast_len(block.shape[1] + 2 * margin, real=True)
    while length % 2:
        length = next_fast_len(length + 1, real=True)
    # Filled up by more of the mirror: a constant would count as slow power in covariances.
    after = length - margin - block.shape[1]
    mirrored = np.pad(centred, ((0, 0), (margin, after)), mode="reflect")
    spectrum = rfft(mirrored, axis=-1)
    return spectrum, make_masks(rfftfreq(length, 1 / sfreq), edges)


def _margin(n_times: int, sfreq: float) -> int:
    return min(round(MARGIN * sfreq), n_times - 1)


def make_masks(frequency: FloatArray, edges: Sequence[float]) -> FloatArray:
    """Smooth band masks that add to one above ``LOWEST``, shape (n_bands, n_frequencies).

    Neighbours cross as raised cosines on a logarithmic axis, a third of an octave to either side.
    """
    octaves = np.log2(np.maximum(frequency, 1e-3))
    steps = [_rise(octaves, edge) for edge in (LOWEST, *edges)]
    steps.append(np.zeros_like(octaves))
    return np.array([low - high for low, high in pairwise(steps)])


def _rise(octaves: FloatArray, edge: float, half: float = 1 / 3) -> FloatArray:
    phase = np.clip((octaves - np.log2(edge)) / half, -1.0, 1.0)
    return np.asarray(0.5 + 0.5 * np.sin(0.5 * np.pi * phase))
