"""Directions of a recording that hold artifact, and how much of each is one; a leaf.

Let ``y`` be the recording, ``a`` the estimated artifact and ``v = y - a`` the rest, of covariances
``A_k`` and ``V_k`` in band ``k``, ``A`` and ``V`` in all bands. The generalised eigenvectors ``u``
of ``(A, V + r I)`` are directions sorted by how much artifact they hold against brain. Within the
span of those that hold any, each band has the eigenvectors of its own ``(A_k, V_k)``, of ratios
``l``, and each is removed by the gain ``l / (l + mu)``: a multichannel Wiener filter guided by a
network (Somers et al. 2018, doi:10.1088/1741-2552/aaac92, with spans marked by hand) of which all
bands share the span. An eye or a muscle has the same topography in all of them, while the brain
that a network takes along differs from band to band.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from ._typing import FloatArray


@dataclass(frozen=True)
class FilterConfig:
    """How estimates become filters.

    Defaults were chosen on people of the training split. Of an earlier choice with S001R01 and
    S003R01 of the EEG Motor Movement/Imagery set in view, that there is a ``guard`` remains.
    """

    mu: float = 0.25  # artifact against brain at which a direction is removed by half
    ridge: float = 1e-3  # of the mean variance, added to the rest's covariance
    quiet: float = 3.0  # how much more quiet moments tell of the brain: see `weigh_quiet`
    shared: bool = True  # directions are those of all bands together, or each band has its own
    leak: float = 2.0  # of the median ratio, taken off all: brain that networks take everywhere
    strongest: float = 3.0  # artifact against brain that one direction needs, else the band is left
    weakest: float = 0.7  # below which a direction is left alone
    guard: float = 5.0  # times mu in a band of its own around 10 Hz, home of the brain's rhythms


@dataclass(frozen=True)
class BandFilter:
    """The directions of one band that hold artifact.

    Attributes
    ----------
    low, high : float
        Edges in hertz.
    unmixing : ndarray, shape (n_directions, n_channels)
        From the recording to directions in which the rest has unit variance.
    mixing : ndarray, shape (n_channels, n_directions)
        And back: topographies.
    ratios : ndarray, shape (n_directions,)
        Artifact against brain in each, falling, above what was found in any direction.
    closed : float
        Power of the directions, in units of the rest's, up to which the gate is shut.
    """

    low: float
    high: float
    unmixing: FloatArray
    mixing: FloatArray
    ratios: FloatArray
    closed: float = 0.0


def solve_band(
    bad: FloatArray, good: FloatArray, low: float, high: float, config: FilterConfig
) -> BandFilter:
    """Directions of one band from the covariances of artifact and rest."""
    n_channels = len(bad)
    level = np.trace(good) / n_channels
    if not np.trace(bad) > 0 or not level > 0:
        return _leave_alone(low, high, n_channels)
    good = good + config.ridge * level * np.eye(n_channels)
    ratios, directions = eigh(bad, good)
    # Artifacts have few directions, so the median one holds none: what was found there is brain.
    ratios = ratios - config.leak * ratios[(n_channels - 1) // 2]
    if ratios[-1] < config.strongest:  # no more than a network finds in clean recordings
        return _leave_alone(low, high, n_channels)
    strong = np.flatnonzero(ratios >= config.weakest)[::-1]
    unmixing = directions[:, strong].T
    return BandFilter(low, high, unmixing, good @ unmixing.T, ratios[strong])


def weigh_directions(
    whole: BandFilter,
    bad: FloatArray,
    good: FloatArray,
    low: float,
    high: float,
    config: FilterConfig,
) -> BandFilter:
    """Turn the directions of all bands within their span, and weigh them, as one band needs it."""
    n_channels = len(bad)
    level = np.trace(good) / n_channels
    if not len(whole.ratios) or not np.trace(bad) > 0 or not level > 0:
        return _leave_alone(low, high, n_channels)
    good = good + config.ridge * level * np.eye(n_channels)
    found, rest = (whole.unmixing @ x @ whole.unmixing.T for x in (bad, good))
    ratios, turns = eigh(found, rest)
    usual = eigh(bad, good, eigvals_only=True)[(n_channels - 1) // 2]
    ratios = ratios - config.leak * usual
    if max(whole.ratios[0], ratios[-1]) < config.strongest:
        return _leave_alone(low, high, n_channels)
    strong = np.flatnonzero(ratios >= config.weakest)[::-1]
    turns = turns[:, strong]
    unmixing, mixing = turns.T @ whole.unmixing, whole.mixing @ (rest @ turns)
    return BandFilter(low, high, unmixing, mixing, ratios[strong])


def _leave_alone(low: float, high: float, n_channels: int) -> BandFilter:
    nothing = np.zeros((0, n_channels))
    return BandFilter(low, high, nothing, nothing.T, np.zeros(0))


def find_gains(band: BandFilter, config: FilterConfig) -> FloatArray:
    """Find the share of each direction that is artifact, shape (n_directions,)."""
    alone = band.low < 10.0 < band.high < 4 * band.low
    mu = config.mu * (config.guard if alone else 1.0)
    return np.asarray(band.ratios / (band.ratios + mu))
