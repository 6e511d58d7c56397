"""The kinds of artifact that formulas make, by name, and the groups they fall into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mne
import numpy as np

from .._typing import FloatArray
from .cardiac import make_heart, make_pulse
from .electrodal import (
    make_dead_channel,
    make_electrode_pops,
    make_flat_channel,
    make_impedance_noise,
)
from .electrodes import Electrodes
from .environmental import make_drift, make_line_noise, make_sweat
from .motion import make_cable_motion, make_cap_motion
from .muscular import make_chewing, make_jaw_clench, make_muscle, make_shiver
from .ocular import (
    make_blinks,
    make_horizontal_saccades,
    make_slow_eye_movements,
    make_vertical_saccades,
)

__all__ = [
    "GROUPS",
    "KINDS",
    "REPLACING",
    "expand_kinds",
    "make_artifact",
    "make_blinks",
    "make_cable_motion",
    "make_cap_motion",
    "make_chewing",
    "make_dead_channel",
    "make_drift",
    "make_electrode_pops",
    "make_flat_channel",
    "make_heart",
    "make_horizontal_saccades",
    "make_impedance_noise",
    "make_jaw_clench",
    "make_line_noise",
    "make_muscle",
    "make_pulse",
    "make_shiver",
    "make_slow_eye_movements",
    "make_sweat",
    "make_vertical_saccades",
]

KINDS: dict[str, Callable[..., FloatArray]] = {
    "blink": make_blinks,
    "horizontal saccade": make_horizontal_saccades,
    "vertical saccade": make_vertical_saccades,
    "slow eye movement": make_slow_eye_movements,
    "muscle": make_muscle,
    "chewing": make_chewing,
    "jaw clench": make_jaw_clench,
    "shiver": make_shiver,
    "heart": make_heart,
    "pulse": make_pulse,
    "pop": make_electrode_pops,
    "cable motion": make_cable_motion,
    "cap motion": make_cap_motion,
    "drift": make_drift,
    "sweat": make_sweat,
    "line": make_line_noise,
    "impedance": make_impedance_noise,
    "flat": make_flat_channel,
    "dead": make_dead_channel,
}

GROUPS: dict[str, tuple[str, ...]] = {
    "eye": ("blink", "horizontal saccade", "vertical saccade"),
    "muscle": ("muscle",),
    "heart": ("heart",),
    "line": ("line",),
    "channel": ("pop", "impedance"),
    "motion": ("cable motion", "cap motion"),
    "drift": ("drift",),
}

# Not added to what a channel records but put in its place, so they come last, need to know what
# was there (``clean=``), and have a size that nobody can choose.
REPLACING = ("flat", "dead")


def make_artifact(
    kind: str,
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    **physical: Any,
) -> FloatArray:
    """Make one artifact of a kind.

    Parameters
    ----------
    kind : str
        One of ``KINDS``; another is a ValueError that lists them.
    info : mne.Info | Electrodes
        EEG channels, each with a position, and the sampling rate.
    n_times : int
        Length in samples.
    rng : int | Generator | None
        Seed or generator.
    **physical
        Parameters of the function of this kind, in ``KINDS``: amplitudes in volts, rates,
        durations. ``"flat"`` and ``"dead"`` need ``clean``, the signal whose place they take.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts; exactly zero where there is none.
    """
    if kind not in KINDS:
        raise ValueError(f"Unknown artifact {kind!r}. Known: {', '.join(map(repr, KINDS))}.")
    return KINDS[kind](info, n_times, np.random.default_rng(rng), **physical)


def expand_kinds(names: Sequence[str]) -> tuple[str, ...]:
    """Put in place of each group its kinds, each once.

    Parameters
    ----------
    names : sequence of str
        Kinds and groups. An unknown one is a ValueError.

    Returns
    -------
    kinds : tuple of str
        Kinds only.
    """
    kinds: list[str] = []
    for name in names:
        if name not in KINDS and name not in GROUPS:
            raise ValueError(
                f"Unknown artifact {name!r}. Known artifacts: {', '.join(map(repr, KINDS))}; "
                f"groups of them: {', '.join(map(repr, GROUPS))}."
            )
        kinds += (name,) if name in KINDS else GROUPS[name]
    return tuple(dict.fromkeys(kinds))
