"""Potentials of eyes, muscles and heart at the electrodes of any montage.

Eyes and muscles lie outside the skull, where the spherical models for brain sources do not apply.
Their field is taken as that of a current dipole in an unbounded medium, softened near the source
because electrodes and muscles are not points (Malmivuo & Plonsey 1995, eq. 8.1). A length over
which scalp and skull damp the field was fitted too, and gained nothing. Places and spreads are
fitted to independent components of real recordings: ``benchmarks/realism.py`` compares.
"""

from __future__ import annotations

import numpy as np

from .._typing import FloatArray
from .headshape import CENTRE, carry_to_template

# Template head, in metres: +x right, +y nose, +z up.
EYES = np.array([[-0.033, 0.098, -0.012], [0.033, 0.098, -0.012]])  # where the lids act
PUPILS = np.array([[-0.037, 0.080, -0.005], [0.037, 0.080, -0.005]])  # where the gaze acts
HEART = np.array([-0.03, 0.02, -0.38])
MUSCLES: dict[str, tuple[tuple[float, float, float], ...]] = {
    "frontal": ((-0.032, 0.108, 0.045), (0.032, 0.108, 0.045)),
    "temporal": ((-0.080, 0.038, 0.030), (0.080, 0.038, 0.030)),
    "masseter": ((-0.070, 0.040, -0.040), (0.070, 0.040, -0.040)),
    "neck": ((-0.040, -0.090, -0.015), (0.040, -0.090, -0.015)),
    "auricular": ((-0.085, -0.015, 0.005), (0.085, -0.015, 0.005)),
}
SIDES = ("left", "right")


def draw_eye_topographies(positions: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw blink, horizontal and vertical eye movement of one person.

    Parameters
    ----------
    positions : ndarray, shape (n_channels, 3)
        Electrodes in head coordinates, in metres.
    rng : Generator
        Source of the variety.

    Returns
    -------
    topographies : ndarray, shape (3, n_channels)
        Each with a largest absolute value of one, seen from infinity: where that matters, subtract
        the map at the reference, or its mean.
    """
    return _normalise(draw_eyes(carry_to_template(positions), rng)[:3])


def draw_eyes(placed: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw the eyes of one person, in the unit of `project_dipole`, on the template head.

    A blink is the lid sliding over the charged cornea: an upright dipole at both eyes. A saccade
    turns the corneo-retinal dipole in both eyes alike, right or up, and the muscles that start it
    are a dipole backwards (Plöchl et al. 2012, doi:10.3389/fnhum.2012.00278). People differ in all
    of it, and no two eyes of one are equal. The maps are in this order, shape (4, n_channels).
    """
    shift, widen = rng.normal(0, 0.006, 3), rng.normal(0, 0.003)
    turn, balance = rng.normal(0, 0.12, (4, 3)), rng.normal(0, 0.1)
    softening = rng.uniform(0.005, 0.030)
    maps = np.zeros((4, len(placed)))
    for eye, side in enumerate((-1.0, 1.0)):
        outwards = np.array([side, 0.0, 0.0])
        lid, pupil = (places[eye] + shift + widen * outwards for places in (EYES, PUPILS))
        moments = turn + rng.normal(0, 0.12, (4, 3))
        moments += [[0.0, 0.0, 1.0], [1.0, 0.6 * side, 0.0], [0.0, 0.1, 1.0], [0.0, -1.0, 0.0]]
        for row, place in enumerate((lid, pupil, pupil, pupil)):
            maps[row] += np.exp(side * balance) * project_dipole(
                placed, place, moments[row], softening
            )
    return maps


def draw_muscle_topographies(
    positions: FloatArray, n_units: int, rng: np.random.Generator
) -> FloatArray:
    """Draw motor units of one muscle, close together.

    Parameters
    ----------
    positions : ndarray, shape (n_channels, 3)
        Electrodes in head coordinates, in metres.
    n_units : int
        How many: the rank of the muscle, where there are electrodes enough.
    rng : Generator
        Source of the variety.

    Returns
    -------
    topographies : ndarray, shape (n_units, n_channels)
        Each with a largest absolute value of one, seen from infinity.
    """
    muscle = str(rng.choice(sorted(MUSCLES)))
    side = int(rng.integers(2))
    return _normalise(draw_units(carry_to_template(positions), muscle, side, n_units, 0.008, rng))


def draw_units(
    placed: FloatArray,
    muscle: str,
    side: int,
    n_units: int,
    extent: float,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw motor units on the template head, of 1 on the skin straight above each.

    They spread by ``extent`` metres around a place that differs between people. Muscles lie flat
    under the skin, and what an electrode sees of one is mostly its upright part: so were nearly all
    dipoles fitted to muscle components of real recordings.
    """
    site = np.array(MUSCLES[muscle][side])
    upright = (site - CENTRE) / np.linalg.norm(site - CENTRE)
    along = np.eye(3) - np.outer(upright, upright)  # takes away what leaves the scalp
    site = site + along @ rng.normal(0, 0.015, 3)
    maps = []
    for _ in range(n_units):
        depth, softening = rng.uniform(0.004, 0.015), rng.uniform(0.006, 0.022)
        skin = site + along @ rng.normal(0, extent, 3)
        moment = rng.choice([-1.0, 1.0]) * upright + along @ rng.normal(0, 0.4, 3)
        above = depth / (depth**2 + softening**2) ** 1.5
        maps.append(project_dipole(placed, skin - depth * upright, moment, softening) / above)
    return np.array(maps)


def draw_heart_topography(positions: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw the field of the heart at its R wave, shape (1, n_channels), largest value one."""
    placed = carry_to_template(positions)
    return _normalise(project_heart(placed, draw_heart_axis(rng)[np.newaxis]))


def draw_heart_axis(rng: np.random.Generator) -> FloatArray:
    """Draw the direction of a person's heart at its R wave: left and downwards, mostly."""
    axis = np.array([-1.0, 0.3, -0.5]) + rng.normal(0, 0.3, 3)
    return np.asarray(axis / np.linalg.norm(axis))


def project_heart(placed: FloatArray, moments: FloatArray) -> FloatArray:
    """Project moments of the heart, seen from far away nearly a slope, on the template head.

    Parameters
    ----------
    placed : ndarray, shape (n_channels, 3)
        Electrodes on the template head, in metres.
    moments : ndarray, shape (n_moments, 3)
        Moments of the heart.

    Returns
    -------
    maps : ndarray, shape (n_moments, n_channels)
        Potential against the middle of the head: seen from infinity, the whole head goes up and
        down together, which no recording sees.
    """
    maps = [
        project_dipole(placed, HEART, moment, 0.0) - project_dipole(CENTRE[None], HEART, moment, 0)
        for moment in moments
    ]
    return np.array(maps)


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
