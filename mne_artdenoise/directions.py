"""How much of each source of a recording is artifact, band by band; a leaf.

Let ``x`` be the time course of a source in one band, ``e`` what a network says is artifact in it,
and ``v = x - e`` the rest. Two ratios of artifact to brain follow: that of the powers of ``e`` and
``v``, and ``q / (1 - q)`` of the share ``q = <x e> / <x x>`` of the source that the network
explains. The first knows nothing of whether ``e`` goes with ``x``, the second falls short where the
network sees an artifact smaller than it is; their geometric mean ``l`` is the evidence. Of the
source ``l^p / (l^p + h^p)`` is removed: once sources are separated, they are one or the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._typing import FloatArray

LARGEST = 1e6  # ratio: all of a source is artifact


@dataclass(frozen=True)
class FilterConfig:
    """How estimates become filters.

    Defaults were chosen on people of the training split. With S001R01 and S003R01 of the EEG Motor
    Movement/Imagery set in view it was chosen that there is a ``guard``, and that ``least`` is a
    share of the rest.
    """

    half: float = 0.3  # artifact against brain at which a source is removed by half
    steep: float = 3.0  # how fast the share rises about there
    leak: float = 3.0  # of the median ratio, taken off all: brain that networks take everywhere ...
    most: float = 0.3  # ... which is no more than this: else most of the sources hold artifact
    strongest: float = 0.8  # ratio that a source needs in one band, else it is left alone in all
    weakest: float = 0.1  # below which it is left alone in a band
    least: float = 0.01  # artifact to the rest of a channel, below which a source is left alone
    pool: float = 0.25  # how much the slowest bands say of a source, see `pool_ratios` ...
    faint: float = 0.01  # ... where its own ratio is at least taken for this
    guard: float = 3.0  # times half in a band of its own around 10 Hz, home of the brain's rhythms


@dataclass(frozen=True)
class BandFilter:
    """The sources of one band that hold artifact.

    Attributes
    ----------
    low, high : float
        Edges in hertz.
    unmixing : ndarray, shape (n_directions, n_channels)
        From the recording to sources in which the rest has unit variance.
    mixing : ndarray, shape (n_channels, n_directions)
        And back: topographies.
    ratios : ndarray, shape (n_directions,)
        Artifact against brain in each, falling, above what was found in any source.
    closed : float
        Power of the sources, in units of the rest's, up to which the gate is shut.
    """

    low: float
    high: float
    unmixing: FloatArray
    mixing: FloatArray
    ratios: FloatArray
    closed: float = 0.0


def weigh_sources(
    unmixing: FloatArray,
    mixing: FloatArray,
    recording: FloatArray,
    artifact: FloatArray,
    rest: FloatArray,
    config: FilterConfig,
) -> tuple[FloatArray, FloatArray]:
    """Weigh the sources of a recording in each band.

    Parameters
    ----------
    unmixing : ndarray, shape (n_bands, n_sources, n_channels)
        From the recording to its sources.
    mixing : ndarray, shape (n_channels, n_sources)
        And back.
    recording, artifact, rest : ndarray, shape (n_bands, n_channels, n_channels)
        Covariances of the recording, of the artifact estimated in it, and of their difference.
    config : FilterConfig
        How.

    Returns
    -------
    ratios : ndarray, shape (n_bands, n_sources)
        Artifact against brain; zero where a source is left alone.
    left : ndarray, shape (n_bands, n_sources)
        Power of the rest in each.
    """
    whole, found, left = (
        np.einsum("bij,bjk,bik->bi", unmixing, x, unmixing) for x in (recording, artifact, rest)
    )
    ratios = find_ratios(whole, found, left, config)
    shares = np.square(mixing) * found.sum(axis=0)
    powers = np.einsum("bii->i", rest)[:, np.newaxis]
    small = (shares < config.least * powers).all(axis=0)
    ratios = pool_ratios(ratios, config)
    ratios[:, small | (ratios.max(axis=0, initial=0.0) < config.strongest)] = 0.0
    ratios[ratios < config.weakest] = 0.0
    return ratios, left


def find_ratios(
    whole: FloatArray, found: FloatArray, left: FloatArray, config: FilterConfig
) -> FloatArray:
    """Artifact against brain of each source, from powers of shape (n_bands, n_sources).

    Artifacts have few sources, so the median one holds none: what was found there is brain, unless
    it is more than networks take of brain.
    """
    tiny = np.finfo(float).tiny
    common = 0.5 * (whole + found - left)
    parts = (
        found / np.maximum(left, tiny),
        np.maximum(common, 0.0) / np.maximum(whole - common, 1e-12 * whole + tiny),
    )
    ratios = np.ones_like(whole)
    for part in parts:
        usual = np.sort(part, axis=1)[:, (part.shape[1] - 1) // 2 : (part.shape[1] - 1) // 2 + 1]
        leak = config.leak * np.minimum(usual, config.most)
        ratios = ratios * np.sqrt(np.clip(part - leak, 0.0, LARGEST))
    return ratios


def pool_ratios(ratios: FloatArray, config: FilterConfig) -> FloatArray:
    """Let the slower bands of a source speak for the faster ones, ratios (n_bands, n_sources).

    Brain falls with frequency, faster than what an eye's source has of muscle and noise. So what is
    an eye in slow bands is one in fast ones, where no network sees it. Muscles are no such sign:
    below them lies brain.
    """
    slower = np.maximum.accumulate(ratios, axis=0)
    own = np.maximum(ratios, np.minimum(slower, config.faint))
    return np.asarray(own ** (1 - config.pool) * slower**config.pool)


def make_band(
    limits: tuple[float, float],
    unmixing: FloatArray,
    mixing: FloatArray,
    ratios: FloatArray,
    left: FloatArray,
) -> BandFilter:
    """Make the filter of a band of what is known of each source in it."""
    strong = np.flatnonzero((ratios > 0) & (left > 0))
    strong = strong[np.argsort(-ratios[strong], kind="stable")]
    sizes = np.sqrt(left[strong])
    found = unmixing[strong] / sizes[:, np.newaxis]
    return BandFilter(*limits, found, mixing[:, strong] * sizes, ratios[strong])


def find_gains(band: BandFilter, config: FilterConfig) -> FloatArray:
    """Find the share of each source that is artifact, shape (n_directions,)."""
    alone = band.low < 10.0 < band.high < 4 * band.low
    half = config.half * (config.guard if alone else 1.0)
    return np.asarray(1 / (1 + (half / band.ratios) ** config.steep))
