"""Sources of a recording: directions in which its covariances of all moments are diagonal; a leaf.

Brain, eyes and muscles differ in when and in which bands they are active. So the matrix that makes
the covariances of all pieces and bands diagonal at once separates them (Pham & Cardoso 2001,
doi:10.1109/78.942614), without a network and without knowing what is what. It is found by steps of
a quasi-Newton method on the likelihood of Gaussian sources whose powers change from piece to piece
(Pham 2001, doi:10.1137/S089547980035689X; Ablin, Cardoso & Gramfort 2019, arXiv:1811.11433).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft
from scipy.linalg import eigh
from scipy.sparse.csgraph import connected_components

from ._typing import FloatArray
from .bands import LOWEST, cut_blocks, find_margin, find_offset, transform_block

PIECE = 2.0  # seconds of which a covariance is taken: a blink and a burst of muscle fill some
STEPS = 20  # of the search; more of them fit noise
ALIKE = 0.2  # curvature of two sources that the recording cannot tell apart
FLAT = 1.0  # curvature below which steps are not longer for a lower one
RIDGE = 1e-3  # of its mean variance, added to each covariance
TIE = 1e-3  # of the recording's own power: tells directions without artifact apart
MOST = 64  # sources: of more channels, the directions that hold most artifact
EMPTY = 1e-5  # of the largest variance of standardised channels: what holds less shows nowhere


@dataclass(frozen=True)
class Sources:
    """Directions of a recording.

    Attributes
    ----------
    unmixing : ndarray, shape (n_sources, n_channels)
        From the recording to the sources.
    mixing : ndarray, shape (n_channels, n_sources)
        And back: topographies.
    """

    unmixing: FloatArray
    mixing: FloatArray


def separate(
    recording: Sequence[FloatArray],
    artifact: Sequence[FloatArray],
    sfreq: float,
    edges: Sequence[float],
) -> Sources:
    """Separate the sources of a recording.

    Parameters
    ----------
    recording : sequence of ndarray, shape (n_channels, n_times)
        Its segments.
    artifact : sequence of ndarray, shape (n_channels, n_times)
        What is likely artifact in them: where the search begins, which directions of a recording
        of many channels are searched, and how sources are turned that the recording cannot tell
        apart.
    sfreq : float
        Sampling rate in hertz.
    edges : sequence of float
        Between the bands in which covariances are taken, in hertz.

    Returns
    -------
    sources : Sources
        As many as the recording has dimensions, but ``MOST`` of them.
    """
    pieces = measure_pieces(recording, sfreq, edges)
    bad = measure_pieces(artifact, sfreq, edges).mean(axis=1).sum(axis=0)
    whitening, colouring = whiten(pieces.mean(axis=1).sum(axis=0))
    # Where no artifact is, some pieces say which direction is which: any other order of channels
    # would begin elsewhere.
    bad = bad + TIE * pieces[:, ::2].mean(axis=1).sum(axis=0)
    _, directions = np.linalg.eigh(whitening @ bad @ whitening.T)
    turn = directions[:, ::-1][:, :MOST].T
    if not turn.size:
        return Sources(whitening, colouring)
    start = turn @ whitening
    weights = np.sqrt(np.diff([LOWEST, *edges, min(60.0, sfreq / 2)]))
    weights = np.repeat(weights, pieces.shape[1])
    seen = (start @ pieces @ start.T).reshape(len(weights), len(turn), len(turn))
    found = diagonalise(seen, weights)
    found = turn_alike(found, seen, weights, start @ bad @ start.T)
    return Sources(found @ start, colouring @ turn.T @ np.linalg.inv(found))


def measure_pieces(
    segments: Sequence[FloatArray], sfreq: float, edges: Sequence[float]
) -> FloatArray:
    """Covariance of each piece in each band, shape (n_bands, n_pieces, n_channels, n_channels)."""
    found = []
    for x in segments:
        for start, stop, block in cut_blocks(x, sfreq):
            spectrum, masks = transform_block(block, sfreq, edges)
            margin = find_margin(block.shape[1], sfreq)
            inside = margin + find_offset(start, sfreq)
            found.append([_square_pieces(spectrum * m, inside, stop - start, sfreq) for m in masks])
    return np.concatenate(found, axis=1)


def _square_pieces(spectrum: FloatArray, start: int, n_times: int, sfreq: float) -> FloatArray:
    banded = irfft(spectrum, n=2 * (spectrum.shape[1] - 1), axis=-1)[:, start : start + n_times]
    size = min(max(1, round(PIECE * sfreq)), n_times)
    cut = banded[:, : n_times // size * size].reshape(len(banded), -1, size).swapaxes(0, 1)
    return np.asarray(cut @ cut.swapaxes(1, 2) / size)


def whiten(covariance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Matrices to directions of unit variance, (n_directions, n_channels), and back.

    Directions of which the recording holds nothing, by its reference or flat channels, are none.
    """
    sizes = np.sqrt(np.diag(covariance))
    alive = np.where(sizes > 0, sizes, 1.0)
    values, vectors = np.linalg.eigh(covariance / np.outer(alive, alive))
    full = values > EMPTY * max(values[-1], 1e-300)
    roots, vectors = np.sqrt(values[full]), vectors[:, full]
    return (vectors / roots).T / alive, alive[:, np.newaxis] * vectors * roots


def diagonalise(matrices: FloatArray, weights: FloatArray) -> FloatArray:
    """Find a matrix that makes covariances as diagonal as can be.

    Parameters
    ----------
    matrices : ndarray, shape (..., n, n)
        Covariances.
    weights : ndarray, shape (n_matrices,)
        How much each counts.

    Returns
    -------
    unmixing : ndarray, shape (n, n)
    """
    n = matrices.shape[-1]
    eye = np.eye(n)
    matrices = matrices.reshape(-1, n, n)
    level = np.trace(matrices, axis1=1, axis2=2) / n
    matrices = matrices + (RIDGE * (level + 1e-3 * level.mean()))[:, np.newaxis, np.newaxis] * eye
    weights, unmixing = weights / weights.sum(), eye
    loss = _measure_loss(matrices, weights, unmixing)
    for _ in range(STEPS):
        step = _find_step(matrices, weights)
        for size in 0.5 ** np.arange(8):
            change = eye + size * step
            turned = change @ matrices @ change.T
            found = _measure_loss(turned, weights, change @ unmixing)
            if found < loss:
                break
        else:
            return unmixing
        matrices, unmixing, loss = turned, change @ unmixing, found
    return unmixing


def _measure_loss(matrices: FloatArray, weights: FloatArray, unmixing: FloatArray) -> float:
    powers = np.einsum("kii->ki", matrices)
    if not (powers > 0).all():
        return np.inf
    volume = np.linalg.slogdet(unmixing)[1]
    return float(0.5 * (weights @ np.log(powers)).sum() - volume)


def _find_step(matrices: FloatArray, weights: FloatArray) -> FloatArray:
    """Relative quasi-Newton step: pairs of sources by pairs, as if the others were right."""
    powers = np.einsum("kii->ki", matrices)
    shares = weights[:, np.newaxis] / powers
    slope = np.einsum("ki,kij->ij", shares, matrices)
    np.fill_diagonal(slope, 0.0)
    curves = shares.T @ powers
    step = (slope.T - curves.T * slope) / np.maximum(curves * curves.T - 1, FLAT)
    return np.asarray(step)


def turn_alike(
    unmixing: FloatArray, matrices: FloatArray, weights: FloatArray, artifact: FloatArray
) -> FloatArray:
    """Turn sources whose powers rise and fall alike, so that few of them hold the artifact.

    The recording cannot tell them apart, whatever the likelihood says: the estimate of the
    artifact, of covariance ``artifact`` (n, n), can.
    """
    powers = np.einsum("ij,kjl,il->ki", unmixing, matrices, unmixing)
    shares = (weights / weights.sum())[:, np.newaxis] / np.maximum(powers, 1e-300)
    curves = shares.T @ powers
    n_groups, group = connected_components(curves * curves.T - 1 < ALIKE, directed=False)
    whole = np.einsum("k,kij->ij", weights / weights.sum(), matrices)
    turned = unmixing.copy()
    for number in range(n_groups):
        rows = unmixing[group == number]
        if len(rows) > 1:
            _, turns = eigh(rows @ artifact @ rows.T, rows @ whole @ rows.T)
            turned[group == number] = turns.T @ rows
    return turned
