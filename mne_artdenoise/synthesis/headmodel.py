"""Potentials of dipoles at electrodes: from a source outside the brain to any montage; a leaf.

Eyes and muscles lie outside the skull, where the closed-form spherical models for brain sources
do not apply. Their field is taken as that of a current dipole in an unbounded medium, softened
near the source because electrodes and muscles are not points (Malmivuo & Plonsey 1995, eq. 8.1).
"""

from __future__ import annotations

import numpy as np

from .._typing import FloatArray

# Head coordinates in metres: +x right, +y nose, +z up. After the adult template head. Places and
# spreads are fitted to the independent components of real recordings (benchmarks/realism.py).
CENTRE = np.array([0.0, 0.0, 0.04])
EYES = np.array([[-0.033, 0.098, -0.012], [0.033, 0.098, -0.012]])  # where the lids act
PUPILS = np.array([[-0.033, 0.085, -0.005], [0.033, 0.085, -0.005]])  # where the gaze acts
HEART = np.array([0.05, 0.05, -0.40])
MUSCLES: dict[str, tuple[tuple[float, float, float], ...]] = {
    "frontalis": ((-0.032, 0.108, 0.045), (0.032, 0.108, 0.045)),
    "temporalis": ((-0.080, 0.038, 0.030), (0.080, 0.038, 0.030)),
    "masseter": ((-0.070, 0.040, -0.040), (0.070, 0.040, -0.040)),
    "neck": ((-0.040, -0.090, -0.015), (0.040, -0.090, -0.015)),
    "auricular": ((-0.085, -0.015, 0.005), (0.085, -0.015, 0.005)),
}


def draw_eye_topographies(positions: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Blink, horizontal and vertical eye movement of one person, shape (3, n_channels).

    A blink is the lid sliding over the charged cornea: a vertical dipole at both eyes. A saccade
    turns the corneo-retinal dipole in both eyes alike (Plochl et al. 2012,
    doi:10.3389/fnhum.2012.00278). People differ in all of it, and no two eyes of one are equal. The
    reference is at infinity: subtract the map at the reference, or its mean, where that matters.
    """
    shift, widen = rng.normal(0, 0.006, 3), rng.normal(0, 0.003)
    turn, balance = rng.normal(0, 0.12, (3, 3)), rng.normal(0, 0.1)
    softening = rng.uniform(0.005, 0.030)
    maps = np.zeros((3, len(positions)))
    for eye, side in enumerate((-1.0, 1.0)):
        outwards = np.array([side, 0.0, 0.0])
        lid, pupil = (places[eye] + shift + widen * outwards for places in (EYES, PUPILS))
        moments = np.array([[0.0, 0.0, 1.0], [1.0, 0.4 * side, 0.0], [0.0, 0.1, 1.0]])
        moments += turn + rng.normal(0, 0.12, (3, 3))
        for row, place in enumerate((lid, pupil, pupil)):
            maps[row] += np.exp(side * balance) * project_dipole(
                positions, place, moments[row], softening
            )
    return _normalise(maps)


def draw_muscle_topographies(
    positions: FloatArray, n_units: int, rng: np.random.Generator
) -> FloatArray:
    """Motor units of one muscle, close together, shape (n_units, n_channels).

    Muscles lie flat under the skin, and what an electrode sees of one is mostly its upright part:
    so were nearly all dipoles fitted to muscle components of real recordings.
    """
    sites = MUSCLES[rng.choice(sorted(MUSCLES))]
    site = np.array(sites[rng.integers(len(sites))])
    upright = (site - CENTRE) / np.linalg.norm(site - CENTRE)
    along = np.eye(3) - np.outer(upright, upright)  # takes away what leaves the scalp
    site = site + along @ rng.normal(0, 0.015, 3)
    maps = []
    for _ in range(n_units):
        moment = rng.choice([-1.0, 1.0]) * upright + 0.4 * rng.standard_normal(3)
        place = site + along @ rng.normal(0, 0.008, 3) - upright * rng.uniform(0, 0.015)
        maps.append(project_dipole(positions, place, moment, rng.uniform(0.004, 0.022)))
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
