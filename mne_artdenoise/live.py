"""Fitted filters as a stream needs them: causal, and for the channels that are alive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ._typing import FloatArray
from .bands import MARGIN, cut_blocks, transform_block
from .causal import count_attack, filter_causally, hold_power, make_kernels
from .covariances import measure_covariances
from .directions import BandFilter, find_gains
from .dropouts import BoolArray
from .gate import FACTOR, USUAL, find_hold, open_gate
from .projectors import find_removed
from .spatial import (
    SpatialFilter,
    filter_directions,
    watch_power,
)

if TYPE_CHECKING:
    from .recording import Signal

RIDGE = 1e-6  # of the mean variance, where a channel is told from the others
MOST_SETS = 64  # of dead channels whose filters are kept


class LiveFilter:
    """Filters of one calibration, and what they have to remember of a stream.

    Parameters
    ----------
    fitted : SpatialFilter
        The filters.
    signal : Signal
        What they were fitted to: tells how channels go together, so that directions can be read
        from those that are left, and how much power is usual.
    delay : int
        Samples by which the artifact comes after the recording.
    """

    def __init__(self, fitted: SpatialFilter, signal: Signal, delay: int) -> None:
        segments = [np.asarray(segment) for segment in signal.segments]
        self.sfreq, self.delay = signal.sfreq, delay
        self.kernels = make_kernels(self.sfreq, fitted.edges, delay)
        self.bands = calibrate(fitted.bands, segments, self.sfreq, self.kernels, delay)
        self.config = fitted.config
        self.covariances = measure_covariances(segments, self.sfreq, fitted.edges)
        self.removed = find_removed(signal.info)
        self.n_faded = 0  # samples since it began to take over from another
        self._known: dict[bytes, list[tuple[FloatArray, FloatArray]]] = {}
        self.forget()

    @property
    def n_before(self) -> int:
        """Samples before a new one that its artifact depends on."""
        return max(map(len, self.kernels)) - 1

    def forget(self) -> None:
        """Forget the power that was seen: a stream begins."""
        attack = count_attack(self.sfreq)
        self._powers = [
            np.zeros(attack + find_hold(band.low, self.sfreq) - 2) for band in self.bands
        ]

    def find(self, x: FloatArray, dead: BoolArray, *, gate: bool) -> FloatArray:
        """Find the artifact, ``delay`` samples before each new one.

        Parameters
        ----------
        x : ndarray, shape (n_channels, n_before + n_times)
            What came before, and ``n_times`` new samples, finite.
        dead : ndarray of bool, shape (n_channels,)
            The channels that are not to be looked at, nor changed.
        gate : bool
            Whether the gain of each direction follows the moment.

        Returns
        -------
        artifact : ndarray, shape (n_channels, n_times)
        """
        n_times = x.shape[1] - self.n_before
        artifact = np.zeros((len(x), n_times))
        ways = zip(self.bands, self.kernels, self._adapt(dead), strict=True)
        for k, (band, kernel, (unmixing, mixing)) in enumerate(ways):
            heard = x[:, x.shape[1] - n_times - len(kernel) + 1 :]
            sources = filter_causally(unmixing @ heard, kernel)
            now = np.square(sources).sum(axis=0) / max(1, len(sources))
            power = np.concatenate([self._powers[k], now])
            self._powers[k] = power[n_times:]
            if gate and len(sources):
                attack, hold = count_attack(self.sfreq), find_hold(band.low, self.sfreq)
                sources *= open_gate(hold_power(power, attack, hold), band.closed)
            artifact += mixing @ sources
        return artifact

    def _adapt(self, dead: BoolArray) -> list[tuple[FloatArray, FloatArray]]:
        key = dead.tobytes()
        if key not in self._known:
            if len(self._known) >= MOST_SETS:
                self._known.clear()
            ways = zip(self.bands, self.covariances, strict=True)
            self._known[key] = [self._solve(band, cov, dead) for band, cov in ways]
        return self._known[key]

    def _solve(
        self, band: BandFilter, covariance: FloatArray, dead: BoolArray
    ) -> tuple[FloatArray, FloatArray]:
        """From alive channels to directions, and from there to what is removed of them."""
        unmixing = read_from_others(band.unmixing, covariance, dead)
        mixing = band.mixing * find_gains(band, self.config)
        mixing = mixing - self.removed.T @ (self.removed @ mixing)
        mixing[dead] = 0.0
        return (unmixing, mixing) if not dead.all() else (unmixing[:0], mixing[:, :0])


def read_from_others(unmixing: FloatArray, covariance: FloatArray, dead: BoolArray) -> FloatArray:
    """Make unmixing do without some channels: what they would say is told from the others.

    Parameters
    ----------
    unmixing : ndarray, shape (n_directions, n_channels)
        From all channels to directions.
    covariance : ndarray, shape (n_channels, n_channels)
        Of the recording.
    dead : ndarray of bool, shape (n_channels,)
        The channels to do without.

    Returns
    -------
    unmixing : ndarray, shape (n_directions, n_channels)
        Zero for dead channels; else the least-squares estimate of what it was.
    """
    alive = ~dead
    adapted = np.where(alive, unmixing, 0.0)
    if dead.any() and alive.any():
        known = covariance[np.ix_(alive, alive)]
        level = np.trace(covariance) / len(covariance)
        known = known + RIDGE * level * np.eye(len(known))
        told = np.linalg.solve(known, covariance[np.ix_(alive, dead)])  # alive to dead
        adapted[:, alive] += unmixing[:, dead] @ told.T
    return adapted


def calibrate(
    bands: Sequence[BandFilter],
    segments: Sequence[FloatArray],
    sfreq: float,
    kernels: Sequence[FloatArray],
    delay: int,
) -> tuple[BandFilter, ...]:
    """Set the gates for causal power, by where the gates of the fitted filters are shut."""
    edges = tuple(band.low for band in bands[1:])
    causal: list[list[FloatArray]] = [[] for _ in bands]
    for x in segments:
        for start, stop, block in cut_blocks(x, sfreq):
            spectrum, masks = transform_block(block, sfreq, edges)
            margin = start - max(0, start - round(MARGIN * sfreq))
            for band, mask, kernel, kept in zip(bands, masks, kernels, causal, strict=True):
                if not len(band.ratios):
                    continue
                sources = filter_directions(band, spectrum, mask, block.shape[1], sfreq)
                shut = watch_power(band, sources, spectrum, mask, sfreq) <= band.closed
                inner = slice(margin, margin + stop - start)
                kept.append(_follow(band, block, sfreq, kernel, delay)[inner][shut[inner]])
    return tuple(
        replace(band, closed=FACTOR * float(np.quantile(np.concatenate(kept), USUAL)))
        if band.closed > 0 and any(len(some) for some in kept)
        else replace(band, closed=0.0)
        for band, kept in zip(bands, causal, strict=True)
    )


def _follow(
    band: BandFilter, x: FloatArray, sfreq: float, kernel: FloatArray, delay: int
) -> FloatArray:
    """Power of a band that its gate would act on in a stream, at the samples of ``x``."""
    attack, hold = count_attack(sfreq), find_hold(band.low, sfreq)
    sources = band.unmixing @ (x - x[:, :1])
    ends = ((0, 0), (len(kernel) - 1 - delay, delay))
    power = np.square(filter_causally(np.pad(sources, ends, mode="edge"), kernel)).mean(axis=0)
    return hold_power(np.concatenate([np.zeros(attack + hold - 2), power]), attack, hold)
