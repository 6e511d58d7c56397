"""The network's estimate turned into linear filters of the recording, one per band; a leaf.

The recording itself says which sources it is made of (`separation`), the network which of them are
artifact, and how much of each in each band (`directions`). A filter removes these shares. With the
gate they follow the moment: exactly zero where the power of the sources says nothing of artifact,
rising smoothly with that power. So spans without artifact come out bit-identical.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.fft import irfft, rfftfreq

from ._typing import FloatArray
from .bands import (
    LOWEST,
    SEEN,
    cut_blocks,
    find_margin,
    find_offset,
    make_seen,
    plan_blocks,
    take_block,
    transform_block,
)
from .covariances import measure_covariances
from .directions import BandFilter, FilterConfig, find_gains, make_band, weigh_sources
from .gate import calibrate_gate, find_hold, find_span, open_gate, smooth_power
from .prediction import take_off_predicted
from .separation import Sources, separate

EDGES = (3.5, 7.0, 14.0, 25.0)  # hertz, between delta, theta, alpha, beta and what is above
SECONDS_PER_CHANNEL = 0.5  # of data, from which on every band has a filter of its own


@dataclass(frozen=True)
class SpatialFilter:
    """Linear filters of a recording, one per band, and how they are applied.

    Attributes
    ----------
    bands : tuple of BandFilter
        From low to high.
    config : FilterConfig
        How they were made.
    """

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
    found: Sequence[FloatArray] | None = None,
    seen: Sequence[FloatArray] | None = None,
    sources: Sources | None = None,
    gated: bool = True,
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
    found : sequence of ndarray, shape (n_channels, n_times) | None
        What tells the gates where nothing is wrong, if it is not ``artifact``.
    seen : sequence of ndarray, shape (n_channels, n_times) | None
        The recording as it was when the artifact was estimated, if that was without its drift,
        which would count as brain.
    sources : Sources | None
        The sources of the recording, if they are known.
    gated : bool
        Whether to set the gates; without, the filter is for use without them.

    Returns
    -------
    fitted : SpatialFilter
    """
    config = FilterConfig() if config is None else config
    seen = recording if seen is None else seen
    sources = separate(seen, artifact, sfreq, edges) if sources is None else sources
    rest = [y - a for y, a in zip(seen, artifact, strict=True)]
    whole, bad, left = (measure_covariances(x, sfreq, edges) for x in (seen, artifact, rest))
    limits = list(pairwise((LOWEST, *edges, sfreq / 2)))
    alike = np.repeat(sources.unmixing[np.newaxis], len(limits), axis=0)
    ratios, _ = weigh_sources(alike, sources.mixing, whole, bad, left, config)
    unmixing = take_off_predicted(seen, sources.unmixing, ratios, sfreq, edges)
    ratios, powers = weigh_sources(unmixing, sources.mixing, whole, bad, left, config)
    bands = tuple(
        make_band(limit, rows, sources.mixing, ratio, power)
        for limit, rows, ratio, power in zip(limits, unmixing, ratios, powers, strict=True)
    )
    if gated:
        bands = _calibrate(bands, recording, artifact if found is None else found, sfreq)
    return SpatialFilter(bands, config)


def _calibrate(
    bands: tuple[BandFilter, ...],
    recording: Sequence[FloatArray],
    artifact: Sequence[FloatArray],
    sfreq: float,
) -> tuple[BandFilter, ...]:
    """Set the gates of the bands by what the directions do where no artifact was found."""
    edges = tuple(band.low for band in bands[1:])
    powers: list[list[list[FloatArray]]] = [[[], []] for _ in bands]
    for pair in zip(recording, artifact, strict=True):
        for which, x in enumerate(pair):
            for _, _, block in cut_blocks(x, sfreq):
                spectrum, masks = transform_block(block, sfreq, edges)
                for band, mask, kept in zip(bands, masks, powers, strict=True):
                    if not len(band.ratios):
                        continue
                    sources = filter_directions(band, spectrum, mask, block.shape[1], sfreq)
                    kept[which].append(watch_power(band, sources, spectrum, mask, sfreq))
    return tuple(
        replace(band, closed=calibrate_gate(*map(np.concatenate, kept))) if kept[0] else band
        for band, kept in zip(bands, powers, strict=True)
    )


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
    artifact = np.empty(x.shape)
    for start, stop in plan_blocks(x.shape, sfreq):
        artifact[:, start:stop] = filter_block(fitted, x, start, stop, sfreq, gate=gate)
    return artifact


def filter_block(
    fitted: SpatialFilter, x: FloatArray, start: int, stop: int, sfreq: float, *, gate: bool = True
) -> FloatArray:
    """Artifact in one of the stretches that `plan_blocks` plans for a segment."""
    block = take_block(x, start, stop, sfreq)
    artifact = np.zeros((x.shape[0], stop - start))
    spectrum, masks = transform_block(block, sfreq, fitted.edges)
    margin = find_offset(start, sfreq)
    for band, mask in zip(fitted.bands, masks, strict=True):
        if not len(band.ratios):
            continue
        sources = filter_directions(band, spectrum, mask, block.shape[1], sfreq)
        if gate:
            power = watch_power(band, sources, spectrum, mask, sfreq)
            sources *= open_gate(power, band.closed)
        sources *= find_gains(band, fitted.config)[:, np.newaxis]
        artifact += band.mixing @ sources[:, margin : margin + stop - start]
    return artifact


def filter_directions(
    band: BandFilter, spectrum: FloatArray, mask: FloatArray, n_times: int, sfreq: float
) -> FloatArray:
    """Time courses of a band's directions, shape (n_directions, n_times)."""
    used = mask > 0
    banded = np.zeros((len(band.ratios), spectrum.shape[1]), dtype=spectrum.dtype)
    banded[:, used] = band.unmixing @ (spectrum[:, used] * mask[used])
    margin = find_margin(n_times, sfreq)
    length = 2 * (spectrum.shape[1] - 1)
    return np.asarray(irfft(banded, n=length, axis=-1)[:, margin : margin + n_times])


def watch_power(
    band: BandFilter, sources: FloatArray, spectrum: FloatArray, mask: FloatArray, sfreq: float
) -> FloatArray:
    """Power of a band's directions that its gate acts on, from `filter_directions`' time courses.

    That of the lowest band leaves out what is below `SEEN`.
    """
    if band.low < SEEN:
        seen = make_seen(rfftfreq(2 * (spectrum.shape[1] - 1), 1 / sfreq))
        sources = filter_directions(band, spectrum, mask * seen, sources.shape[1], sfreq)
    return smooth_power(sources, find_span(band.low, sfreq), find_hold(band.low, sfreq))
