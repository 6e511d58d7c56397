"""The active projectors of a recording, and artifacts that stay in the space they leave; a leaf."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ._typing import FloatArray

if TYPE_CHECKING:
    import mne

LEAST = 1e-6  # of a projector's vector: with less in these channels it says nothing about them
EMPTY = 1e-12  # of the power of the largest direction: with less, a direction holds rounding alone


def project(artifact: Sequence[FloatArray], info: mne.Info) -> list[FloatArray]:
    """Take out of an artifact what the active projectors took out of the recording.

    Parameters
    ----------
    artifact : sequence of ndarray, shape (n_channels, n_times)
        What is to be subtracted, in volts.
    info : mne.Info
        Its channels, with the projectors.

    Returns
    -------
    artifact : list of ndarray, shape (n_channels, n_times)
        With it subtracted, the recording is as orthogonal to the projectors as before, those of
        channels that are left alone included. Samples of zero stay exactly zero.
    """
    return take_out(artifact, find_removed(info))


def find_empty(recording: Sequence[FloatArray]) -> FloatArray:
    """Find what a recording holds nothing of, by its reference or interpolated channels.

    Parameters
    ----------
    recording : sequence of ndarray, shape (n_channels, n_times)
        Its segments.

    Returns
    -------
    empty : ndarray, shape (n_directions, n_channels)
        An orthonormal basis, for `take_out`.
    """
    total = sum(x @ x.T for x in recording)
    sizes, directions = np.linalg.eigh(np.asarray(total))
    return np.asarray(directions[:, sizes < EMPTY * sizes[-1]].T)


def take_out(artifact: Sequence[FloatArray], basis: FloatArray) -> list[FloatArray]:
    """Take some directions, an orthonormal basis (n_directions, n_channels), out of segments."""
    return [x - basis.T @ (basis @ x) for x in artifact] if len(basis) else list(artifact)


def find_removed(info: mne.Info) -> FloatArray:
    """Find an orthonormal basis of what is projected out, shape (n_directions, n_channels)."""
    vectors = [
        _spread(row, proj["data"]["col_names"], info["ch_names"])
        for proj in info["projs"]
        if proj["active"]
        for row in np.atleast_2d(proj["data"]["data"])
    ]
    rows = [vector for vector in vectors if np.linalg.norm(vector) > LEAST]
    if not rows:
        return np.zeros((0, len(info["ch_names"])))
    _, sizes, basis = np.linalg.svd(np.array(rows), full_matrices=False)
    return np.asarray(basis[sizes > LEAST * sizes[0]])


def _spread(row: FloatArray, col_names: Sequence[str], ch_names: Sequence[str]) -> FloatArray:
    weights = dict(zip(col_names, row / max(float(np.linalg.norm(row)), 1e-300), strict=True))
    return np.array([float(weights.get(name, 0.0)) for name in ch_names])
