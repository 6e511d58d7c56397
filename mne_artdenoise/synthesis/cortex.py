"""Potentials of the cortex at electrodes: dipoles and patches in a head of four spherical shells.

Brain, cerebrospinal fluid, skull and scalp are MNE-Python's sphere model; its field is computed in
closed form, so that a montage never seen before costs milliseconds and no files (Berg & Scherg
1994, doi:10.1016/0013-4694(94)90113-9; Mosher et al. 1999, doi:10.1109/10.748978).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import mne
import numpy as np

from .._typing import FloatArray, IntArray
from .electrodes import Electrodes
from .sites import find_site

# The sphere that fits an adult head, in metres and head coordinates. It is fixed, so that what an
# electrode sees does not depend on which others are there.
CENTRE = np.array([0.0, 0.010, 0.045])
RADIUS = 0.095

DEPTHS = (0.070, 0.080)  # of the cortex: from the walls of folds to their crowns, from the centre
LOWEST = -0.4  # sine of the elevation below which there is no cortex
N_NODES = 900
NEAR = 0.02  # metres, between a site and the sources below it
WALLS = 2.0  # current of a node along the head, against that which stands upright


def project_currents(
    positions: FloatArray, places: FloatArray, reference: FloatArray | None = None
) -> FloatArray:
    """Potential of unit currents in the brain at electrodes on the scalp.

    Parameters
    ----------
    positions : ndarray, shape (n_channels, 3)
        Electrodes in head coordinates, in metres. Each counts as on the sphere, in its direction.
    places : ndarray, shape (n_places, 3)
        Where the currents are, in metres; inside the brain.
    reference : ndarray, shape (n_sites, 3) | None
        Electrodes whose mean is taken as zero. None takes the mean over the whole sphere, as MNE's
        forward solutions do.

    Returns
    -------
    field : ndarray, shape (n_channels, n_places, 3)
        Volts for each ampere-metre to the right, to the front and up.
    """
    shells = _read_shells()
    scalp, inside = _project_to_sphere(positions), np.asarray(places) - CENTRE
    field = sum(
        weight * _project_in_one_shell(scalp, shift * inside) for shift, weight in shells
    ) / (4 * np.pi)
    if reference is not None and len(reference):
        field = field - project_currents(reference, places).mean(axis=0)
    return np.asarray(field)


@cache
def _read_shells() -> tuple[tuple[float, float], ...]:
    """Read depths and weights of the three dipoles that stand for one within four shells.

    The weights are in ohm-metres: the conductivity of the scalp is in them.
    """
    sphere = mne.make_sphere_model(
        (0.0, 0.0, 0.0),
        RADIUS,
        relative_radii=(0.90, 0.92, 0.97, 1.0),
        sigmas=(0.33, 1.0, 0.004, 0.33),
        verbose="error",
    )
    pairs = zip(sphere["mu"], sphere["lambda"], strict=True)
    return tuple((float(shift), float(weight)) for shift, weight in pairs)


def _project_to_sphere(positions: FloatArray) -> FloatArray:
    away = np.asarray(positions, dtype=float) - CENTRE
    distance = np.linalg.norm(away, axis=-1, keepdims=True)
    return np.asarray(RADIUS * away / np.maximum(distance, 1e-6))


def _project_in_one_shell(scalp: FloatArray, inside: FloatArray) -> FloatArray:
    """Potential on a homogeneous sphere, times 4 pi and its conductivity.

    With ``r`` the electrode, ``q`` the dipole and ``d = r - q``.
    """
    d = scalp[:, None] - inside
    d_norm = np.linalg.norm(d, axis=-1)
    q_square, r_q = (inside**2).sum(axis=-1), scalp @ inside.T
    f = d_norm * (RADIUS * d_norm + RADIUS**2 - r_q)
    c1 = 2 * (r_q - q_square) / d_norm**3 + 1 / d_norm - 1 / RADIUS
    c2 = 2 / d_norm**3 + (d_norm + RADIUS) / (RADIUS * f)
    along = (c1 - c2 * r_q) / q_square
    return np.asarray(along[..., None] * inside + c2[..., None] * scalp[:, None])


@cache
def read_nodes() -> FloatArray:
    """Directions in which there is cortex, evenly spread, shape (n_nodes, 3)."""
    # A Fibonacci lattice: no two neighbours are much nearer than others.
    height = np.linspace(1.0, LOWEST, N_NODES)
    angle = np.pi * (3 - np.sqrt(5)) * np.arange(N_NODES)
    width = np.sqrt(1 - height**2)
    nodes = np.column_stack([width * np.cos(angle), width * np.sin(angle), height])
    nodes.flags.writeable = False
    return nodes


def read_field(electrodes: Electrodes, reference: Sequence[str] = ()) -> FloatArray:
    """Field of currents at all nodes, at both depths: (n_channels, 2, n_nodes, 3), kept ready.

    Parameters
    ----------
    electrodes : Electrodes
        Where it is measured.
    reference : sequence of str
        Names of electrodes whose mean is taken as zero: see `find_site`.
    """
    sites = np.array([find_site(name, electrodes) for name in reference], dtype=float)
    positions = np.ascontiguousarray(electrodes.positions, dtype=float)
    return _compute_field(positions.tobytes(), sites.tobytes())


@lru_cache(maxsize=8)
def _compute_field(positions: bytes, sites: bytes) -> FloatArray:
    electrodes, reference = (np.frombuffer(x).reshape(-1, 3) for x in (positions, sites))
    fields = [
        project_currents(electrodes, CENTRE + depth * read_nodes(), reference) for depth in DEPTHS
    ]
    field = np.stack(fields, axis=1).astype(np.float32)
    field.flags.writeable = False
    return field


@dataclass(frozen=True)
class Cortex:
    """One person's folds: at each node a current on a crown and one in a wall, (n_nodes, 3) each.

    Crowns lie just below the skull and their currents stand upright; walls lie deeper and theirs
    run along the head, in a direction of their own.
    """

    walls: FloatArray
    crowns: FloatArray

    def project(self, field: FloatArray) -> FloatArray:
        """Potential of each node's current in a field from `read_field`, (n_channels, n_nodes)."""
        moments = np.stack([self.walls, self.crowns])
        flat = field.reshape(len(field), 2, N_NODES, 3)
        return np.asarray(np.einsum("cdnx,dnx->cn", flat, moments, optimize=False))


def draw_cortex(rng: np.random.Generator) -> Cortex:
    """Draw how the cortex of one person is folded."""
    nodes = read_nodes()
    along = np.cross(nodes, rng.standard_normal((N_NODES, 3)))
    along *= WALLS / np.linalg.norm(along, axis=1, keepdims=True)
    return Cortex(along.astype(np.float32), nodes.astype(np.float32))


def spread_patches(centres: IntArray, extents: FloatArray) -> FloatArray:
    """Share of each node in patches around some of them, shape (n_nodes, n_patches).

    Parameters
    ----------
    centres : ndarray, shape (n_patches,)
        Nodes in the middle of each patch.
    extents : ndarray, shape (n_patches,)
        Their radii along the cortex, in metres. The shares of a patch add to one.
    """
    nodes = read_nodes().astype(np.float32)
    angles = 1 - nodes @ nodes[centres].T
    weights = np.exp(-angles / (extents / DEPTHS[1]).astype(np.float32) ** 2)
    return np.asarray(weights / weights.sum(axis=0))


def draw_nodes(sites: Sequence[str], n_nodes: int, rng: np.random.Generator) -> IntArray:
    """Draw nodes about two centimetres from what lies below some sites, in turn."""
    directions = np.array([find_site(name) for name in sites]) - CENTRE
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    aims = np.resize(directions, (n_nodes, 3))
    aims = aims + NEAR / DEPTHS[1] * rng.standard_normal((n_nodes, 3))
    return np.asarray(np.argmax(aims @ read_nodes().T, axis=1))
