"""What the other sources of a recording tell of those that hold artifact; a leaf.

Sources are separated by all bands and moments at once. Within one band they are not quite
independent: a part of what the source of an artifact holds of the brain can be predicted from the
other sources. How, its quiet moments say, in which it holds brain alone; they are looked for again
in what the first prediction leaves, where brain no longer hides them. The prediction is taken off
it: with the other sources as references, this is the beamformer with a sidelobe canceller
(Griffiths & Jim 1982, doi:10.1109/TAP.1982.1142739). How far to trust a prediction is found by
leaving out pieces of the recording and predicting them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.fft import irfft
from scipy.ndimage import uniform_filter1d

from ._typing import FloatArray
from .bands import LOWEST, cut_blocks, find_margin, find_offset, transform_block
from .gate import find_span

QUIETEST = 0.2  # quantile of a source's power from which its quiet moments are known ...
LOUDER = 4.0  # ... and the power in units of that at which a moment counts half
SPAN = 0.5  # of what the gate of the band looks at, over which that power is taken
LOOKS = 2  # how often quiet moments are looked for: again in what is left of the source
PIECE = 4.0  # seconds that are left out together
FOLDS = 4
RIDGES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)  # of the others' variance


def take_off_predicted(
    recording: Sequence[FloatArray],
    unmixing: FloatArray,
    ratios: FloatArray,
    sfreq: float,
    edges: Sequence[float],
) -> FloatArray:
    """Take what is predicted in each band off the sources that hold artifact there.

    Parameters
    ----------
    recording : sequence of ndarray, shape (n_channels, n_times)
        Its segments.
    unmixing : ndarray, shape (n_sources, n_channels)
        From the recording to its sources.
    ratios : ndarray, shape (n_bands, n_sources)
        Artifact against brain in each; zero where a source holds no artifact.
    sfreq : float
        Sampling rate in hertz.
    edges : sequence of float
        Between the bands, in hertz.

    Returns
    -------
    unmixing : ndarray, shape (n_bands, n_sources, n_channels)
        One for each band. What is no artifact anywhere is as before.
    """
    found = np.repeat(unmixing[np.newaxis], len(ratios), axis=0)
    seen = split_sources(recording, unmixing, sfreq, edges)
    for number, low in enumerate((LOWEST, *edges)):
        bad, others = np.flatnonzero(ratios[number] > 0), np.flatnonzero(ratios[number] <= 0)
        if not (bad.size and others.size):
            continue
        x, rate = seen[number]
        span = max(1, round(SPAN * find_span(low, rate)))
        size = max(1, round(PIECE * rate))
        folds = [np.arange(x.shape[1]) // size % FOLDS == k for k in range(FOLDS)]
        about = x[others]
        parts = [about[:, m] for m in folds]
        for k in bad:
            pieces, rest = [x[k, m] for m in folds], x[k]
            for _ in range(LOOKS):
                weights = find_quiet(rest, span)
                told = predict(pieces, parts, [weights[m] for m in folds])
                rest = x[k] - told @ about
            found[number, k] -= told @ unmixing[others]
    return found


def split_sources(
    recording: Sequence[FloatArray], unmixing: FloatArray, sfreq: float, edges: Sequence[float]
) -> list[tuple[FloatArray, float]]:
    """Split sources into bands, segments joined; each has the lowest rate that holds it, given."""
    parts: list[list[FloatArray]] = [[] for _ in range(len(edges) + 1)]
    rates = [sfreq] * len(parts)
    for x in recording:
        for start, stop, block in cut_blocks(x, sfreq):
            spectrum, masks = transform_block(block, sfreq, edges)
            sources = unmixing @ spectrum
            first = find_margin(block.shape[1], sfreq) + find_offset(start, sfreq)
            for number, mask in enumerate(masks):
                kept, share = crop_band(sources, mask)
                inside = slice(*(round(k * share) for k in (first, first + stop - start)))
                parts[number].append(kept[:, inside])
                rates[number] = sfreq * share
    return [(np.concatenate(p, axis=1), rate) for p, rate in zip(parts, rates, strict=True)]


def crop_band(spectrum: FloatArray, mask: FloatArray) -> tuple[FloatArray, float]:
    """Turn the bins of a band into a signal of as few samples as it takes, and their share."""
    n_bins = min(int(np.flatnonzero(mask > 0).max(initial=1)) + 2, spectrum.shape[1])
    share = (n_bins - 1) / (spectrum.shape[1] - 1)
    return share * irfft(spectrum[:, :n_bins] * mask[:n_bins], n=2 * (n_bins - 1), axis=-1), share


def find_quiet(source: FloatArray, span: int) -> FloatArray:
    """Weigh moments by how quiet a source is, shape (n_times,)."""
    power = uniform_filter1d(np.square(source), min(span, len(source)), mode="nearest")
    usual = max(float(np.quantile(power, QUIETEST)), np.finfo(float).tiny)
    return np.asarray(1 / (1 + np.square(power / usual / LOUDER)))


def predict(
    source: Sequence[FloatArray], others: Sequence[FloatArray], weights: Sequence[FloatArray]
) -> FloatArray:
    """Find how to predict a source from others, shape (n_others,); zeros if they tell nothing.

    Parameters
    ----------
    source : sequence of ndarray, shape (n_times,)
        To be predicted, in pieces that are left out in turn.
    others : sequence of ndarray, shape (n_others, n_times)
        From these.
    weights : sequence of ndarray, shape (n_times,)
        How much each moment counts.
    """
    parts = [
        ((w * o) @ o.T, o @ (w * x))
        for x, o, w in zip(source, others, weights, strict=True)
        if len(x)
    ]
    square, product = (np.sum(x, axis=0) for x in zip(*parts, strict=True))
    best: float = 0.0
    found: FloatArray = np.zeros(len(others[0]))
    for ridge in RIDGES:
        left_out = [(_solve(square - s, product - p, ridge), s, p) for s, p in parts]
        common = float(sum(b @ p for b, s, p in left_out))
        power = float(sum(b @ s @ b for b, s, p in left_out))
        share = min(1.0, common / power) if power > 0 else 0.0
        explained = 2 * share * common - share**2 * power
        if share > 0 and explained > best:
            best, found = explained, share * _solve(square, product, ridge)
    return found


def _solve(square: FloatArray, product: FloatArray, ridge: float) -> FloatArray:
    level = np.diag(square) + np.finfo(float).tiny
    return np.asarray(np.linalg.solve(square + ridge * np.diag(level), product))
