"""How the sources of one artifact of a label spread over the electrodes of any montage.

The head model says where eyes, muscles and heart are, so a learned waveform needs no montage of its
own. Sizes are root mean squares of the waveform in volts, and differ from window to window
by ``SIZE_SPREAD``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .._typing import FloatArray
from .cardiac import PROBES as EARS_TO_VERTEX
from .electrodes import Electrodes
from .headmodel import MUSCLES, SIDES, draw_eyes, draw_heart_axis, draw_units, project_heart
from .headshape import carry_to_template
from .muscular import EXTENTS, SIZES
from .sites import SITES

# At Fp1 and Fp2 (F7 and F8 for glances), of a moving electrode, and of the heart between ears,
# nasion, inion and vertex. The first two are medians of windows of the Glasgow recordings; that of
# the heart is its R wave of 8 µV over the crest of electrocardiograms of eegmat, 4.6.
EYE_SIZE, ELECTRODE_SIZE, HEART_SIZE = 36e-6, 60e-6, 1.7e-6
SIZE_SPREAD = 0.6  # deviation of the logarithm, as of those windows
GLANCES = 0.5  # chance that eyes turn aside, too
UNITS = 3  # sources of one muscle: its rank


def draw_spread(electrodes: Electrodes, label: str, rng: np.random.Generator) -> FloatArray:
    """Draw the topographies of the sources of one artifact.

    Parameters
    ----------
    electrodes : Electrodes
        Of any montage.
    label : str
        One of those of `segments`; another is a ValueError that lists them.
    rng : Generator
        Source of the variety.

    Returns
    -------
    maps : ndarray, shape (n_sources, n_channels)
        In volts, for waveforms of a mean square of one. Muscles that tense together, in chewing
        and shivering, are one source.
    """
    if label not in SPREADS:
        known = ", ".join(map(repr, SPREADS))
        raise ValueError(f"Unknown label {label!r}. Known labels: {known}.")
    placed = carry_to_template(electrodes.positions)
    return np.asarray(np.exp(rng.normal(0, SIZE_SPREAD)) * SPREADS[label](placed, rng))


def _spread_eye(placed: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Blink, and in half of the people a glance of half its size or less, with its own course."""
    sites = np.array([SITES[name] for name in ("Fp1", "Fp2", "F7", "F8")]) / 1000
    maps = draw_eyes(np.vstack([sites, placed]), rng)
    blink = maps[0, 4:] / maps[0, :2].mean()
    glance = maps[1, 4:] / (0.5 * np.ptp(maps[1, 2:4])) * rng.uniform(0.1, 0.5)
    glance *= rng.choice([-1.0, 1.0])
    return EYE_SIZE * np.array([blink, glance] if rng.random() < GLANCES else [blink])


def _spread_muscle(placed: FloatArray, rng: np.random.Generator) -> FloatArray:
    muscle, side = str(rng.choice(sorted(MUSCLES))), int(rng.integers(2))
    maps = draw_units(placed, muscle, side, UNITS, EXTENTS[muscle], rng)
    shares = np.sqrt(rng.dirichlet(np.full(UNITS, 2.0)))
    return np.asarray(SIZES[muscle] * shares[:, np.newaxis] * maps)


def _spread_chewing(placed: FloatArray, rng: np.random.Generator) -> FloatArray:
    working, other = (int(side) for side in rng.permutation(len(SIDES)))
    weak = rng.uniform(0.4, 0.8)
    parts = [
        (muscle, side, size * share)
        for muscle, size in (("masseter", 100e-6), ("temporal", 50e-6))
        for side, share in ((working, 1.0), (other, weak))
    ]
    return _sum_muscles(placed, parts, rng)


def _spread_shiver(placed: FloatArray, rng: np.random.Generator) -> FloatArray:
    sizes = {"neck": 60e-6, "masseter": 54e-6, "temporal": 30e-6}
    parts = [(muscle, side, size) for muscle, size in sizes.items() for side in range(len(SIDES))]
    return _sum_muscles(placed, parts, rng)


def _sum_muscles(
    placed: FloatArray, parts: list[tuple[str, int, float]], rng: np.random.Generator
) -> FloatArray:
    total = np.zeros((1, len(placed)))
    for muscle, side, size in parts:
        total += size * draw_units(placed, muscle, side, 1, EXTENTS[muscle], rng)
    return total


def _spread_heart(placed: FloatArray, rng: np.random.Generator) -> FloatArray:
    axis = draw_heart_axis(rng)
    maps = project_heart(np.vstack([EARS_TO_VERTEX, placed]), axis[np.newaxis])
    return np.asarray(HEART_SIZE * maps[:, len(EARS_TO_VERTEX) :] / np.ptp(maps[0, :5]))


def _spread_electrode(placed: FloatArray, rng: np.random.Generator) -> FloatArray:
    spread = np.zeros((1, len(placed)))
    spread[0, rng.integers(len(placed))] = ELECTRODE_SIZE
    return spread


SPREADS: dict[str, Callable[[FloatArray, np.random.Generator], FloatArray]] = {
    "muscle": _spread_muscle,
    "eye": _spread_eye,
    "electrode": _spread_electrode,
    "chewing": _spread_chewing,
    "shiver": _spread_shiver,
    "heart": _spread_heart,
}
