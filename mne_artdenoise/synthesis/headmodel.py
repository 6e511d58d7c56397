"""Potentials of dipoles at electrodes: from a source outside the brain to any montage; a leaf.

Eyes and muscles lie outside the skull, where the closed-form spherical models for brain sources
do not apply. Their field is taken as that of a current dipole in an unbounded medium, softened
near the source because electrodes and muscles are not points (Malmivuo & Plonsey 1995, eq. 8.1).
"""

from __future__ import annotations

import numpy as np

from .._typing import FloatArray

# Head coordinates in metres: +x right, +y nose, +z up. After the adult template head.
EYES = np.array([[-0.032, 0.098, -0.020], [0.032, 0.098, -0.020]])
HEART = np.array([0.05, 0.05, -0.40])
MUSCLES: dict[str, tuple[tuple[float, float, float], ...]] = {
    "frontalis": ((-0.030, 0.115, 0.040), (0.030, 0.115, 0.040)),
    "temporalis": ((-0.080, 0.045, 0.005), (0.080, 0.045, 0.005)),
    "masseter": ((-0.070, 0.040, -0.040), (0.070, 0.040, -0.040)),
    "neck": ((-0.040, -0.100, -0.020), (0.040, -0.100, -0.020)),
    "auricular": ((-0.090, -0.020, -0.005), (0.090, -0.020, -0.005)),
}


def draw_eye_topographies(positions: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Blink, horizontal and vertical eye movement of one person, shape (3, n_channels).

    A blink is the lid sliding over the charged cornea: a vertical dipole at both eyes. A saccade
    turns the corneo-retinal dipole in both eyes alike (Plochl et al. 2012,
    doi:10.3389/fnhum.2012.00278).
    """
    eyes = EYES * rng.uniform(0.9, 1.1, (1, 3)) + rng.normal(0, 0.003, 3)
    balance = np.exp(rng.normal(0, 0.1, 2))
    moments = np.array([[0.0, 0.35, 1.0], [1.0, 0.0, 0.0], [0.0, 0.1, 1.0]])
    moments = moments + rng.normal(0, 0.08, moments.shape)
    softening = rng.uniform(0.005, 0.03)
    maps = []
    for moment in moments:
        sides = [project_dipole(positions, eye, moment, softening) for eye in eyes]
        maps.append(balance[0] * sides[0] + balance[1] * sides[1])
    return _normalise(np.array(maps))


def draw_muscle_topographies(
    positions: FloatArray, n_units: int, rng: np.random.Generator
) -> FloatArray:
    """Motor units of one muscle, close together, shape (n_units, n_channels)."""
    sites = MUSCLES[rng.choice(sorted(MUSCLES))]
    site = np.array(sites[rng.integers(len(sites))]) + rng.normal(0, 0.01, 3)
    maps = []
    for _ in range(n_units):
        moment = rng.standard_normal(3)
        place = site + rng.normal(0, 0.008, 3)
        maps.append(project_dipole(positions, place, moment, rng.uniform(0.008, 0.025)))
    return _normalise(np.array(maps))


def draw_heart_topography(positions: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Field of the heart, seen from far away nearly a plane wave, shape (1, n_channels)."""
    moment = np.array([1.0, 0.3, 1.0]) + rng.normal(0, 0.4, 3)
    return _normalise(project_dipole(positions, HEART, moment, 0.0)[None])


def project_dipole(
    positions: FloatArray, place: FloatArray, moment: FloatArray, softening: float = 0.01
) -> FloatArray:
    """Relative potential of one dipole at each electrode.

    Parameters
    ----------
    positions : ndarray, shape (n_channels, 3)
        Electrodes in head coordinates, in metres.
    place, moment : ndarray, shape (3,)
        Where the dipole is, in metres, and its direction.
    softening : float
        Extent of source and electrode, in metres, added in quadrature to their distance.

    Returns
    -------
    topography : ndarray, shape (n_channels,)
    """
    away = positions - place
    distance = np.sqrt((away**2).sum(axis=1) + softening**2)
    return np.asarray(away @ moment / distance**3)


def _normalise(maps: FloatArray) -> FloatArray:
    return np.asarray(maps / np.maximum(np.abs(maps).max(axis=1, keepdims=True), 1e-30))
