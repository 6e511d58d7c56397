"""Signals at other places of the head, by spherical splines: to a model's fixed channels, and back.

What a network changes on its channels is carried back and subtracted; the recording itself never
is. So what splines cannot carry is left alone, not lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.legendre import legval

from ._typing import FloatArray

# Chosen on 64-channel recordings of people of the training split: hidden electrodes came out no
# worse than with 3 or 4 for brain and eyes, and better for muscle and from few electrodes (docs,
# differences from the papers' code).
STIFFNESS = 2  # powers of the Laplacian on the sphere: what is kept small
N_TERMS = 100  # of the series; the next one is below 1e-5 of the first
RIDGE = 1e-6  # added to the diagonal, so that two electrodes at one place are averaged


@dataclass(frozen=True)
class ChannelMap:
    """How a model of fixed channels sees a recording, and how what it finds comes back.

    Attributes
    ----------
    to_model : ndarray, shape (n_model_channels, n_channels)
        From the recording's channels to the model's.
    to_recording : ndarray, shape (n_channels, n_model_channels)
        And from the model's to the recording's.
    """

    to_model: FloatArray
    to_recording: FloatArray


def map_channels(directions: FloatArray, model_directions: FloatArray) -> ChannelMap:
    """Map the channels of a recording to those of a model, and back.

    Parameters
    ----------
    directions : ndarray, shape (n_channels, 3)
        Unit vectors from the middle of the head to the recording's electrodes.
    model_directions : ndarray, shape (n_model_channels, 3)
        The same for the model's.

    Returns
    -------
    mapping : ChannelMap
        Where a recording has an electrode of the model, the way there gives its signal within
        0.1 %. Neither way changes what is equal at all electrodes.
    """
    return ChannelMap(
        interpolate(directions, model_directions), interpolate(model_directions, directions)
    )


def map_there_and_back(x: FloatArray, mapping: ChannelMap) -> FloatArray:
    """Map a signal to a model's channels and back, with nothing between: what a model can carry.

    Parameters
    ----------
    x : ndarray, shape (n_channels, n_times)
        The signal at the recording's electrodes.
    mapping : ChannelMap
        From `map_channels`.

    Returns
    -------
    x : ndarray, shape (n_channels, n_times)
    """
    return np.asarray(mapping.to_recording @ (mapping.to_model @ x))


def interpolate(origin: FloatArray, target: FloatArray) -> FloatArray:
    """Find the matrix that takes signals at some electrodes to others.

    Parameters
    ----------
    origin : ndarray, shape (n_origin, 3)
        Unit vectors to the electrodes whose signals are known, one or more.
    target : ndarray, shape (n_target, 3)
        Unit vectors to the places where they are wanted.

    Returns
    -------
    weights : ndarray, shape (n_target, n_origin)
        Each row adds to one.

    Notes
    -----
    The smoothest function on the sphere through the signals plus a constant, by equations 1 to 3 of
    Perrin et al. (1989), doi:10.1016/0013-4694(89)90180-6.
    """
    n_origin = len(origin)
    system = np.ones((n_origin + 1, n_origin + 1))
    system[-1, -1] = 0.0
    system[:-1, :-1] = _measure_closeness(origin, origin) + RIDGE * np.eye(n_origin)
    reading = np.ones((len(target), n_origin + 1))
    reading[:, :-1] = _measure_closeness(target, origin)
    # The system is symmetric: solving for the readings gives the weights at once.
    return np.asarray(np.linalg.solve(system, reading.T).T[:, :-1])


def _measure_closeness(a: FloatArray, b: FloatArray) -> FloatArray:
    """Sum the series of Legendre polynomials of the cosines between directions, (n_a, n_b)."""
    n = np.arange(1, N_TERMS + 1)
    factors = (2 * n + 1) / (4 * np.pi * (n * (n + 1.0)) ** STIFFNESS)
    return np.asarray(legval(np.clip(a @ b.T, -1.0, 1.0), np.concatenate([[0.0], factors])))
