"""Which channels of a stream are alive at a sample, told at a latency; a leaf."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ._typing import FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]


class DropoutDetector:
    """Tell which channels are lost or flat, whatever blocks a stream comes in.

    A value that is NaN or beyond ``largest`` is lost. A channel that keeps the same value for
    ``n_flat`` samples is flat from the first of them on, or, where that is longer ago than
    ``delay``, from ``delay`` samples ago: what came out already stays as it is.

    Parameters
    ----------
    n_channels : int
        Number of channels.
    n_flat : int
        Samples.
    delay : int
        Samples by which the answer comes later.
    largest : float
        What no signal exceeds.
    """

    def __init__(
        self, n_channels: int, n_flat: int, delay: int, largest: float = np.finfo(float).max
    ) -> None:
        self.n_flat, self.delay, self.largest = n_flat, delay, largest
        self.last = np.full(n_channels, np.nan)
        self.run = np.zeros(n_channels, dtype=int)  # samples in a row that repeat the one before
        self.pending = np.zeros((n_channels, 0), dtype=bool)

    def take(self, x: FloatArray) -> BoolArray:
        """Take new samples, shape (n_channels, n_times), and tell what is known of them by now."""
        lost = ~(np.abs(x) <= self.largest)
        before = np.concatenate([self.last[:, np.newaxis], x[:, :-1]], axis=1)
        run = count_runs(x == before, self.run)
        dead = lost | (run >= self.n_flat)
        self.pending = np.concatenate([self.pending, dead], axis=1)
        n_old = self.pending.shape[1] - x.shape[1]
        for row, column in np.argwhere(run == self.n_flat):
            first = n_old + column - min(self.n_flat, self.delay)
            self.pending[row, max(0, first) : n_old + column] = True
        self.last, self.run = x[:, -1].copy(), run[:, -1]
        return np.asarray(dead)

    def give(self, n_times: int) -> BoolArray:
        """Give which channels are dead in the oldest samples, shape (n_channels, n_times)."""
        given, self.pending = np.split(self.pending, [n_times], axis=1)
        return given


def count_runs(same: BoolArray, before: IntArray) -> IntArray:
    """Count, at each sample, how many in a row up to it are True, shape (n_channels, n_times)."""
    n_times = same.shape[1]
    index = np.arange(1, n_times + 1)
    last_false = np.maximum.accumulate(np.where(same, 0, index), axis=1)
    counts = index - last_false
    return np.asarray(np.where(last_false == 0, counts + before[:, np.newaxis], counts))


def find_runs(columns: BoolArray) -> list[tuple[int, int]]:
    """Find the stretches in which all columns are the same: (start, stop)."""
    n_times = columns.shape[1]
    turns = np.flatnonzero((columns[:, 1:] != columns[:, :-1]).any(axis=0)) + 1
    ends = [0, *turns.tolist(), n_times]
    return [(a, b) for a, b in pairwise(ends) if a < b]
