"""Whether denoising left the phases between channels as they were."""

from __future__ import annotations

import numpy as np
from scipy.fft import rfft, rfftfreq

from .._typing import FloatArray
from ..comparison import Comparison, choose_channels
from .quiet import cut_quiet
from .row import CheckRow, cannot_tell, judge

BAND = (8.0, 13.0)
FEWEST = 10  # seconds: fewer give two halves that say nothing
MOST_CHANNELS = 32


def check_connectivity(pair: Comparison) -> CheckRow:
    """Check the weighted phase lag index in the alpha band, in seconds without artifact.

    Parameters
    ----------
    pair : Comparison
        What `compare` gave.

    Returns
    -------
    row : CheckRow
        ``difference``: mean over pairs of channels of how far the index moved; ``halves``: how far
        it lies apart between every other second and the rest, before: what chance does.

    Notes
    -----
    The index is blind to what reaches channels at the same time, as a reference does (Vinck et al.
    2011, doi:10.1016/j.neuroimage.2011.01.055).
    """
    name = "Connectivity"
    rows = choose_channels(pair, MOST_CHANNELS)
    pieces = list(cut_quiet(pair))
    if len(pieces) < FEWEST:
        return cannot_tell(name, f"Only {len(pieces)} seconds are without artifact.")
    if len(rows) < 3:
        return cannot_tell(name, f"Only {len(rows)} channels: there is no pattern between them.")
    old = [_cross(before[rows], pair.signal.sfreq) for before, _ in pieces]
    new = [_cross(after[rows], pair.signal.sfreq) for _, after in pieces]
    if not old[0].size:
        return cannot_tell(name, "The seconds are too short for the alpha band.")
    difference = _compare(measure_lag(old), measure_lag(new))
    halves = _compare(measure_lag(old[::2]), measure_lag(old[1::2]))
    return CheckRow(
        name,
        judge(difference <= 0.5 * halves),
        f"The phase lag index from 8 to 13 Hz moved by {difference:.3f}; between two halves of the "
        f"recording before it differs by {halves:.3f}.",
        {"difference": difference, "halves": halves},
    )


def measure_lag(cross: list[FloatArray]) -> FloatArray:
    """Measure the weighted phase lag index.

    Parameters
    ----------
    cross : list of ndarray, shape (n_frequencies, n_channels, n_channels)
        Imaginary parts of cross-spectra, one array per piece.

    Returns
    -------
    index : ndarray, shape (n_channels, n_channels)
        From 0 to 1, mean over frequencies.
    """
    total = np.abs(np.sum(cross, axis=0))
    size = np.sum(np.abs(cross), axis=0)
    return np.asarray(np.divide(total, size, out=np.zeros_like(total), where=size > 0).mean(axis=0))


def _cross(x: FloatArray, sfreq: float) -> FloatArray:
    """Imaginary part of the cross-spectra within the band."""
    frequencies = rfftfreq(x.shape[1], 1 / sfreq)
    inside = (frequencies >= BAND[0]) & (frequencies <= BAND[1])
    spectrum = rfft((x - x.mean(axis=1, keepdims=True)) * np.hanning(x.shape[1]))[:, inside].T
    # In microvolts: squares of volts come near the smallest numbers.
    spectrum = 1e6 * spectrum
    return np.asarray((spectrum[:, :, np.newaxis] * spectrum[:, np.newaxis].conj()).imag)


def _compare(one: FloatArray, other: FloatArray) -> float:
    above = np.triu_indices(len(one), 1)
    return float(np.abs(one - other)[above].mean())
