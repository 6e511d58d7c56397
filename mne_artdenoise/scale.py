"""Volts and the numbers the network knows: one factor per recording, measured robustly; a leaf."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mne_artdenoise._typing import FloatArray

_PIECE = 1.0  # seconds: long enough for the slow rhythms, short enough that artifacts stay few
# Times the median channel. Chosen between a loose electrode (S004 of the EEG Motor Movement/Imagery
# set, 12 times) and tonic muscle in held-out mixtures (mostly under 10).
_LOUD = 10.0
_PIECES_AT_ONCE = 64  # bounds the temporary copy on long recordings


def measure_scale(segments: Sequence[FloatArray], sfreq: float) -> float:
    """Measure how large the signal of a recording usually is.

    Parameters
    ----------
    segments : sequence of ndarray, shape (n_channels, n_times)
        The good segments of the recording in volts, all of the same channels.
    sfreq : float
        The sampling rate in hertz.

    Returns
    -------
    scale : float
        The median over channels of the median over pieces of one second of the standard deviation,
        in volts. A segment shorter than that is one piece; of others the last incomplete second
        does not count. Flat channels and segments of one sample are left out.

    Notes
    -----
    Medians, so that artifacts in less than half of the seconds and channels hardly change it.
    ``scale`` is proportional to the signal. A recording that is flat raises a ValueError.
    """
    levels = measure_levels(segments, sfreq)
    levels = levels[levels > 0]
    if not levels.size:
        raise ValueError(
            "Found only flat channels, but a scale needs a signal. Look at inst.plot(), and at "
            "picks if the recording has others."
        )
    return float(np.median(levels))


def measure_levels(segments: Sequence[FloatArray], sfreq: float) -> FloatArray:
    """Measure how large each channel usually is, in volts: `measure_scale` is their median."""
    n_piece = max(2, round(_PIECE * sfreq))
    deviations = [_measure_pieces(segment, n_piece) for segment in segments]
    if not sum(piece.shape[-1] for piece in deviations):
        raise ValueError("Found no segment of two samples or more, but a scale needs a signal.")
    return np.asarray(np.median(np.concatenate(deviations, axis=-1), axis=-1))


def find_loud(levels: FloatArray) -> npt.NDArray[np.bool_]:
    """Find the channels that are usually more than ten times as large as the median channel.

    Parameters
    ----------
    levels : ndarray, shape (n_channels,)
        What `measure_levels` gave.

    Returns
    -------
    loud : ndarray of bool, shape (n_channels,)
        Neither blinks nor brain do that to an electrode: it is loose.
    """
    alive = levels[levels > 0]
    return np.asarray(levels > _LOUD * (np.median(alive) if alive.size else np.inf))


def to_model_scale(x: FloatArray, scale: float) -> npt.NDArray[np.float32]:
    """Divide a signal in volts by the scale.

    Parameters
    ----------
    x : ndarray, shape (..., n_times)
        The signal in volts.
    scale : float
        The number of :func:`measure_scale`, in volts. Others than positive ones raise a ValueError.

    Returns
    -------
    x : ndarray of float32, shape (..., n_times)
        A copy in the numbers the network knows.
    """
    _check_scale(scale)
    out = np.empty(x.shape, np.float32)
    # Written straight into float32: no second copy of the recording in float64.
    np.divide(x, scale, out=out, casting="same_kind")
    return out


def to_volts(x: FloatArray, scale: float) -> npt.NDArray[np.float64]:
    """Multiply what the network returned by the scale.

    Parameters
    ----------
    x : ndarray, shape (..., n_times)
        The signal in the numbers the network knows.
    scale : float
        The number that :func:`to_model_scale` divided by, in volts.

    Returns
    -------
    x : ndarray of float64, shape (..., n_times)
        A copy in volts.
    """
    _check_scale(scale)
    out = np.empty(x.shape, np.float64)
    np.multiply(x, scale, out=out, dtype=np.float64)
    return out


def standardise_windows(
    windows: FloatArray,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Bring each window to zero mean and unit deviation, over all its channels and samples.

    Parameters
    ----------
    windows : ndarray, shape (n_windows, n_channels, n_times)
        The windows.

    Returns
    -------
    windows : ndarray of float32, shape (n_windows, n_channels, n_times)
        A copy; a window that is constant comes out as zeros.
    mean, deviation : ndarray of float32, shape (n_windows, 1, 1)
        What ``windows * deviation + mean`` undoes it with.
    """
    mean = windows.mean(axis=(1, 2), keepdims=True, dtype=np.float64)
    deviation = windows.std(axis=(1, 2), keepdims=True, dtype=np.float64)
    deviation[np.ptp(windows, axis=(1, 2)) == 0] = 1.0  # the mean of a constant is rounded
    standard = (windows - mean) / deviation
    return standard.astype(np.float32), mean.astype(np.float32), deviation.astype(np.float32)


def _check_scale(scale: float) -> None:
    if not (math.isfinite(scale) and scale > 0):
        raise ValueError(
            f"scale must be a positive number of volts, found {scale!r}. Measure it with "
            "measure_scale."
        )


def _measure_pieces(segment: FloatArray, n_piece: int) -> FloatArray:
    """Measure the standard deviation of each piece, zero exactly where it is constant."""
    n_channels, n_times = segment.shape
    if n_times < 2:
        return np.empty((n_channels, 0))
    n_piece = min(n_piece, n_times)
    n_pieces = n_times // n_piece
    pieces = segment[:, : n_pieces * n_piece].reshape(n_channels, n_pieces, n_piece)
    deviation = np.empty((n_channels, n_pieces))
    for start in range(0, n_pieces, _PIECES_AT_ONCE):
        some = slice(start, start + _PIECES_AT_ONCE)
        spread = pieces[:, some].std(axis=-1, dtype=np.float64)
        # The mean of a constant is rounded, so its deviation is not quite zero.
        constant = pieces[:, some].max(axis=-1) == pieces[:, some].min(axis=-1)
        deviation[:, some] = np.where(constant, 0.0, spread)
    return deviation
