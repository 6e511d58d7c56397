"""Electrodes of any head carried to the adult template, where eyes and muscles are placed."""

from __future__ import annotations

import numpy as np

from .._typing import FloatArray

# Ellipsoid through the electrodes of MNE's template montage "colin27_1005", in metres: all of
# them lie within 0.94 and 1.09 of its radius.
CENTRE = np.array([0.0, 0.014, 0.021])
AXES = np.array([0.089, 0.106, 0.124])

# How far heads and montages on spheres are from it: deviation of the centre in metres, of the
# logarithm of the axes, and of single electrodes in parts of the radius.
CENTRE_SPREAD, AXES_SPREAD, ELECTRODE_SPREAD = 0.02, 0.2, 0.03
THICKEST = 0.09  # electrodes further from the fitted surface than this part are pulled to it


def carry_to_template(positions: FloatArray) -> FloatArray:
    """Carry electrodes of any head, or of a montage on a sphere, to the template head.

    Parameters
    ----------
    positions : ndarray, shape (n_channels, 3)
        Electrodes in head coordinates, in metres.

    Returns
    -------
    positions : ndarray, shape (n_channels, 3)
        On the template head; electrodes of the template itself hardly move.
    """
    positions = np.asarray(positions, dtype=np.float64)
    centre, axes = fit_head(positions)
    direction = (positions - centre) / axes
    radius = np.linalg.norm(direction, axis=1, keepdims=True)
    direction *= np.clip(radius, 1 - THICKEST, 1 + THICKEST) / np.maximum(radius, 1e-9)
    return np.asarray(CENTRE + AXES * direction)


def fit_head(positions: FloatArray, n_steps: int = 3) -> tuple[FloatArray, FloatArray]:
    """Fit an ellipsoid to electrodes, drawn to the template where they say little.

    Parameters
    ----------
    positions : ndarray, shape (n_channels, 3)
        Electrodes in head coordinates, in metres.
    n_steps : int
        Steps of Gauss and Newton.

    Returns
    -------
    centre, axes : ndarray, shape (3,)
        Of the ellipsoid, in metres.
    """
    prior = np.repeat([CENTRE_SPREAD, AXES_SPREAD], 3) ** -2.0
    centre, stretch = CENTRE.copy(), np.zeros(3)
    for _ in range(n_steps):
        axes = AXES * np.exp(stretch)
        direction = (positions - centre) / axes
        radius = np.maximum(np.linalg.norm(direction, axis=1), 1e-9)
        slopes = np.hstack([direction / axes, direction**2]) / radius[:, np.newaxis]
        left = slopes.T @ slopes / ELECTRODE_SPREAD**2 + np.diag(prior)
        right = slopes.T @ (radius - 1) / ELECTRODE_SPREAD**2
        right -= prior * np.concatenate([centre - CENTRE, stretch])
        # Heads differ by half at most: a step never goes further.
        step = np.clip(np.linalg.solve(left, right), -0.4, 0.4)
        centre, stretch = centre + step[:3], np.clip(stretch + step[3:], -0.7, 0.7)
    return centre, AXES * np.exp(stretch)
