"""Seconds without artifact, and whether denoising left them as they were.

Which seconds these are is read from the recording before, by amplitude alone: no denoiser has a say
in it. What changes there is brain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, sosfiltfilt

from .._typing import FloatArray
from ..comparison import Comparison
from .regions import find_judged
from .row import CheckRow, cannot_tell, judge

SECONDS = 1.0
USUAL = 0.25  # quantile of a channel's seconds that counts as usual
SLOW, FAST = (1.0, 15.0), (20.0, 40.0)  # hertz: where eyes, and where muscles show, and no mains
# Times the usual size, in any channel. Chosen on simulated recordings dense with artifacts: of
# 3.5 and 2 half of the seconds passed, and gaze was in them.
SLOW_LIMIT, FAST_LIMIT = 2.0, 1.5
FEWEST = 5  # seconds to judge from
TOP = 30.0  # hertz, far enough below mains
ALIKE = 0.95  # correlation before and after in three of four quiet seconds
CHANGE = 0.05  # of the covariance, relative


def cut_quiet(
    pair: Comparison, shown: Comparison | None = None
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Cut out the seconds in which no channel is far larger than usual.

    Parameters
    ----------
    pair : Comparison
        The recordings.
    shown : Comparison | None
        The same, filtered, if that is to be cut.

    Yields
    ------
    before, after : ndarray, shape (n_channels, n_piece_times)
        The same second; of spans shorter than a second, the whole span.
    """
    length = find_length(pair)
    places = [
        (epoch, first)
        for epoch, start, stop in pair.signal.places
        for first in range(start, stop - length + 1, length)
    ]
    calm = find_calm(pair, length)
    for (epoch, first), is_calm in zip(places, calm, strict=True):
        if is_calm:
            piece = slice(first, first + length)
            cut = pair if shown is None else shown
            yield cut.before[epoch, :, piece], cut.after[epoch, :, piece]


def take_off_line(pair: Comparison) -> Comparison:
    """Low-pass both recordings below mains: line noise is there in quiet seconds, too."""
    sfreq = pair.signal.sfreq
    sos = butter(4, min(TOP, 0.45 * sfreq), fs=sfreq, output="sos")

    def filter_spans(x: FloatArray) -> FloatArray:
        smooth = x.copy()
        for epoch, start, stop in pair.signal.places:
            padlen = min(round(sfreq), stop - start - 1)
            smooth[epoch, :, start:stop] = sosfiltfilt(sos, x[epoch, :, start:stop], padlen=padlen)
        return smooth

    return replace(pair, before=filter_spans(pair.before), after=filter_spans(pair.after))


def find_length(pair: Comparison) -> int:
    """Find the samples of a piece: a second, or the longest span if that is shorter."""
    longest = max(stop - start for _, start, stop in pair.signal.places)
    return min(round(SECONDS * pair.signal.sfreq), longest)


def find_calm(pair: Comparison, length: int) -> npt.NDArray[np.bool_]:
    """Find the pieces in which no channel is far larger than usual, shape (n_pieces,), bool."""
    slow, fast = [], []
    for span in pair.cut(pair.before):
        if span.shape[1] < length:
            continue
        slow.append(_cut(_filter(span, pair.signal.sfreq, SLOW), length))
        fast.append(_cut(_filter(span, pair.signal.sfreq, FAST), length))
    ranges = np.ptp(np.concatenate(slow), axis=2)
    sizes = np.concatenate(fast).std(axis=2)
    return np.asarray(_is_usual(ranges, SLOW_LIMIT) & _is_usual(sizes, FAST_LIMIT))


def _cut(x: FloatArray, length: int) -> FloatArray:
    n_pieces = x.shape[1] // length
    pieces = x[:, : n_pieces * length].reshape(len(x), n_pieces, length)
    return np.asarray(pieces.swapaxes(0, 1))


def _filter(x: FloatArray, sfreq: float, band: tuple[float, float]) -> FloatArray:
    sos = butter(4, (band[0], min(band[1], 0.45 * sfreq)), "bandpass", fs=sfreq, output="sos")
    return np.asarray(sosfiltfilt(sos, x, padlen=min(round(sfreq), x.shape[1] - 1)))


def _is_usual(sizes: FloatArray, limit: float) -> npt.NDArray[np.bool_]:
    """Tell in which pieces no channel exceeds its usual size by this factor."""
    usual = np.quantile(sizes, USUAL, axis=0)
    return np.asarray((sizes <= limit * usual).all(axis=1))


def check_quiet(pair: Comparison) -> CheckRow:
    """Check that seconds without artifact correlate before and after.

    Parameters
    ----------
    pair : Comparison
        What `compare` gave.

    Returns
    -------
    row : CheckRow
        ``correlation``: the lower quartile over quiet seconds of the mean over channels;
        ``identical``: share of quiet seconds that are the same to the bit; ``quiet``: their number.
    """
    name = "Seconds without artifact"
    judged = find_judged(pair)
    smooth = take_off_line(pair)
    found = [
        (_correlate(old[judged], new[judged]), np.array_equal(first, second))
        for (first, second), (old, new) in zip(
            cut_quiet(pair), cut_quiet(pair, smooth), strict=True
        )
    ]
    if len(found) < FEWEST:
        return cannot_tell(name, f"Only {len(found)} seconds are without artifact.")
    low = float(np.quantile([r for r, _ in found], 0.25))
    same = float(np.mean([same for _, same in found]))
    return CheckRow(
        name,
        judge(low >= ALIKE),
        f"In {len(found)} seconds without artifact before and after correlate by {low:.3f} or more "
        f"(three of four; centre and back of the head); {100 * same:.0f} % are the same to the "
        "bit everywhere.",
        {"correlation": low, "identical": same, "quiet": float(len(found))},
    )


def _correlate(old: FloatArray, new: FloatArray) -> float:
    """Correlate channel by channel, mean over those that move."""
    old, new = (x - x.mean(axis=1, keepdims=True) for x in (old, new))
    norm = np.linalg.norm(old, axis=1) * np.linalg.norm(new, axis=1)
    moving = norm > 0
    if not moving.any():
        return 1.0
    return float((np.einsum("ij,ij->i", old, new)[moving] / norm[moving]).mean())


def check_covariance(pair: Comparison) -> CheckRow:
    """Check that the rank, and the covariance of quiet seconds, are as before.

    Parameters
    ----------
    pair : Comparison
        What `compare` gave.

    Returns
    -------
    row : CheckRow
        ``rank before``, ``rank after`` (of the whole recordings) and ``change``: of the covariance
        between channels at the centre and back of the head in the median quiet second, relative to
        its Frobenius norm.
    """
    name = "Rank and covariance"
    ranks = [count_rank(pair.join(x)) for x in (pair.before, pair.after)]
    judged = find_judged(pair)
    changes = [
        _compare_covariances(old[judged], new[judged])
        for old, new in cut_quiet(pair, take_off_line(pair))
    ]
    values = {"rank before": float(ranks[0]), "rank after": float(ranks[1])}
    told = f"The rank is {ranks[0]} before and {ranks[1]} after"
    if len(changes) < FEWEST:
        return CheckRow(name, judge(ranks[0] == ranks[1]), f"{told}.", values)
    change = float(np.median(changes))
    return CheckRow(
        name,
        judge(ranks[0] == ranks[1] and change <= CHANGE),
        f"{told}; where there is no artifact, the covariance between channels changed by "
        f"{100 * change:.1f} %.",
        values | {"change": change},
    )


def _compare_covariances(old: FloatArray, new: FloatArray) -> float:
    first, second = (np.atleast_2d(np.cov(x)) for x in (old, new))
    return float(np.linalg.norm(second - first) / max(float(np.linalg.norm(first)), 1e-300))


def count_rank(x: FloatArray) -> int:
    """Count the dimensions that a recording really has."""
    power = np.linalg.eigvalsh(np.cov(x)) if len(x) > 1 else np.array([x.var()])
    return int((power > 1e-12 * max(float(power[-1]), 1e-300)).sum())
