"""Ratios that are asked for: of all artifacts together, or of each kind or group by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from .artifacts import REPLACING
from .generators import find_members

# In decibels; or limits between which one is drawn; or none, for what stays as large as it is.
Ratio: TypeAlias = float | tuple[float, float] | None

# Kinds whose sum has one ratio, and that ratio.
RangeOfKinds: TypeAlias = tuple[tuple[str, ...], Ratio]
RatioOfKinds: TypeAlias = tuple[tuple[str, ...], float | None]


def read_ratios(
    snr_db: Ratio | Mapping[str, Ratio], labels: Sequence[str]
) -> tuple[RangeOfKinds, ...]:
    """Find which kinds have a ratio together.

    Parameters
    ----------
    snr_db : float | (float, float) | None | mapping of str -> the same
        One for all together, or one for each kind or group.
    labels : sequence of str
        Kinds that are drawn. A mapping that leaves one out, or names one twice, is a ValueError.

    Returns
    -------
    ratios : tuple of (tuple of str, float | (float, float) | None)
        Each label once, but for those that have no ratio because they take a channel's place.
    """
    if not isinstance(snr_db, Mapping):
        return ((tuple(labels), _read_ratio(snr_db)),)
    ratios = tuple(
        (find_members(name, labels), _read_ratio(ratio)) for name, ratio in snr_db.items()
    )
    named = [kind for kinds, _ in ratios for kind in kinds]
    lost = [kind for kind in labels if kind not in named and kind not in REPLACING]
    twice = sorted({kind for kind in named if named.count(kind) > 1})
    for wrong, text in ((lost, "no ratio"), (twice, "two ratios")):
        if wrong:
            raise ValueError(f"snr_db has {text} for {', '.join(map(repr, wrong))}.")
    return ratios


def draw_ratios(
    ratios: Sequence[RangeOfKinds], rng: np.random.Generator
) -> tuple[RatioOfKinds, ...]:
    """Draw each ratio between its limits, where it has some."""
    return tuple(
        (kinds, float(rng.uniform(*ratio)) if isinstance(ratio, tuple) else ratio)
        for kinds, ratio in ratios
    )


def _read_ratio(ratio: Ratio) -> Ratio:
    if ratio is None:
        return None
    limits = np.atleast_1d(np.asarray(ratio, dtype=float))
    if limits.shape not in {(1,), (2,)} or not np.isfinite(limits).all() or limits[0] > limits[-1]:
        raise ValueError(
            "snr_db must be a number, two of them of which the first is not the larger, None, or "
            f"a dict of these by kind, got {ratio!r}."
        )
    return float(limits[0]) if len(limits) == 1 else (float(limits[0]), float(limits[1]))
