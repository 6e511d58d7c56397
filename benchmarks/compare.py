"""Means over recordings with their intervals, and methods compared on the same recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

N_DRAWS = 2000
EXACT = 14  # recordings up to which all signs are tried
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Mean:
    """A mean over recordings and its 95 % interval, by bootstrap over recordings."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        """Write it as tables have it."""
        if self.n < 2:
            return f"{self.value:.1f}"
        return f"{self.value:.1f} [{self.low:.1f}, {self.high:.1f}]"


def average(values: Sequence[float]) -> Mean:
    """Average over recordings."""
    x = np.asarray(values, dtype=float)
    draws = np.random.default_rng(0).choice(x, (N_DRAWS, len(x))).mean(axis=1)
    low, high = np.percentile(draws, [2.5, 97.5])
    return Mean(float(x.mean()), float(low), float(high), len(x))


def flip_signs(differences: Sequence[float]) -> float:
    """Test whether paired differences are zero in the mean: two-sided, by flipping their signs.

    Exact up to 14 pairs. With four, the smallest value there can be is 0.125.
    """
    x = np.asarray(differences, dtype=float)
    if len(x) <= EXACT:
        bits = np.arange(2 ** len(x))[:, np.newaxis] >> np.arange(len(x)) & 1
        signs = 2.0 * bits - 1
    else:
        signs = np.random.default_rng(0).choice([-1.0, 1.0], (10_000, len(x)))
    # Rounding must not part what is equal.
    return float(np.mean(np.abs(signs @ x) >= abs(x.sum()) * (1 - 1e-9)))


@dataclass(frozen=True)
class Verdict:
    """How ours stands in one cell against one of its blind peers."""

    cell: str
    ours: Mean
    name: str
    peer: Mean
    lead: Mean  # ours less the peer, pair by pair
    p: float

    @property
    def is_best(self) -> bool:
        """Whether ours has the highest mean."""
        return self.ours.value >= self.peer.value

    @property
    def is_level(self) -> bool:
        """Whether ours is best, or within the interval of the best."""
        return self.is_best or self.ours.value >= self.peer.low


def judge_cell(cell: str, gains: dict[str, dict[int, float]], ours: str) -> Verdict | None:
    """Compare ours with the peer that leads most, or is led least, on recordings of both.

    Parameters
    ----------
    cell : str
        Name of the cell.
    gains : dict of str to dict of int to float
        For each method, its gain on each recording.
    ours : str
        Which of them is ours; the others are peers.
    """
    verdicts = [
        compare_pairs(cell, gains.get(ours, {}), found, name)
        for name, found in gains.items()
        if name != ours
    ]
    there = [verdict for verdict in verdicts if verdict is not None]
    return min(there, key=lambda verdict: verdict.lead.value, default=None)


def compare_pairs(
    cell: str, ours: dict[int, float], theirs: dict[int, float], name: str
) -> Verdict | None:
    """Compare ours with one peer on the recordings that both cleaned; None without any."""
    both = sorted(set(ours) & set(theirs))
    if not both:
        return None
    own, other = np.array([[ours[k], theirs[k]] for k in both]).T
    return Verdict(
        *(cell, average(own), name, average(other)), average(own - other), flip_signs(own - other)
    )
