"""Regions of the head, and the channels by which the brain can be judged."""

from __future__ import annotations

from typing import TypeAlias

import mne
import numpy as np
import numpy.typing as npt

from ..channels import find_positioned, read_directions
from ..comparison import Comparison
from ..evidence.quality import find_odd
from ..scale import measure_levels

BoolArray: TypeAlias = npt.NDArray[np.bool_]

JUDGED = ("centre", "back")  # muscles and eyes rest here at times
OUTER = 0.6  # distance of a unit vector from the axis through the top of the head


def find_regions(pair: Comparison) -> dict[str, BoolArray]:
    """Sort the channels by where they are on the head.

    Parameters
    ----------
    pair : Comparison
        The recordings.

    Returns
    -------
    regions : dict of ndarray, shape (n_channels,)
        True for the channels of each. Channels without a position, and those that are far larger or
        smaller than others around, are nowhere; regions without a channel are left out.
    """
    keep, _ = find_positioned(pair.signal.info)
    right, front = np.full((2, pair.signal.n_channels), np.nan)
    if len(keep):
        directions = read_directions(mne.pick_info(pair.signal.info, keep))
        spans = [span[keep] for span in pair.cut(pair.before)]
        loud, dead = find_odd(measure_levels(spans, pair.signal.sfreq), directions)
        right[keep], front[keep] = np.where(loud | dead, np.nan, directions[:, :2].T)
    side = np.abs(right) > np.abs(front)
    away = np.hypot(right, front)
    regions = {
        "front": (away > OUTER) & ~side & (front > 0),
        "left": (away > OUTER) & side & (right < 0),
        "centre": away <= OUTER,
        "right": (away > OUTER) & side & (right > 0),
        "back": (away > OUTER) & ~side & (front < 0),
    }
    return {name: members for name, members in regions.items() if members.any()}


def find_judged(pair: Comparison) -> BoolArray:
    """Find the channels by which the brain is judged: those of `JUDGED`, or all if there are none.

    Returns
    -------
    judged : ndarray, shape (n_channels,)
    """
    regions = find_regions(pair)
    found = [members for name, members in regions.items() if name in JUDGED]
    return np.any(found, axis=0) if found else np.ones(pair.signal.n_channels, dtype=bool)
