"""Where the electrodes of a recording are, and how often they are read: all an artifact needs."""

from __future__ import annotations

from dataclasses import dataclass

import mne
import numpy as np

from .._typing import FloatArray
from ..channels import find_positioned


@dataclass(frozen=True)
class Electrodes:
    """EEG channels that have a position.

    Attributes
    ----------
    ch_names : tuple of str
        Names of the channels.
    positions : ndarray, shape (n_channels, 3)
        Electrodes in head coordinates, in metres. Others than finite, three for each name and one
        name or more, are a ValueError.
    sfreq : float
        Sampling rate in hertz.
    """

    ch_names: tuple[str, ...]
    positions: FloatArray
    sfreq: float

    def __post_init__(self) -> None:
        """Refuse what no recording has."""
        if np.shape(self.positions) != (len(self.ch_names), 3):
            raise ValueError(
                f"positions has shape {np.shape(self.positions)}, but must have three coordinates "
                f"for each of the {len(self.ch_names)} channels of ch_names."
            )
        if not len(self.ch_names) or not np.isfinite(self.positions).all():
            raise ValueError("Electrodes needs one channel or more, each with a finite position.")
        if not (np.isfinite(self.sfreq) and self.sfreq > 0):
            raise ValueError(f"sfreq must be above 0 hertz, got {self.sfreq!r}.")

    def __len__(self) -> int:
        """Count the channels."""
        return len(self.ch_names)


def read_electrodes(info: mne.Info | Electrodes) -> Electrodes:
    """Read the EEG channels of a recording and their positions.

    Parameters
    ----------
    info : mne.Info | Electrodes
        Channels and sampling rate. An ``Electrodes`` is given back as it is, so that a stream of
        windows need not build an ``Info`` for each. Channels of other types are left out. Info
        without EEG channels, or EEG channels without a position, are a ValueError that names them.

    Returns
    -------
    electrodes : Electrodes
        In the order of ``info``; channels marked bad included.
    """
    if isinstance(info, Electrodes):
        return info
    if not isinstance(info, mne.Info):
        raise TypeError(f"info must be mne.Info or Electrodes, got {type(info).__name__}.")
    keep, missing = find_positioned(info)
    kinds = dict(zip(info["ch_names"], info.get_channel_types(), strict=True))
    lost = [name for name in missing if kinds[name] == "eeg"]
    if lost:
        raise ValueError(
            f"EEG channels without a position: {', '.join(lost)}. "
            "Set a montage with info.set_montage, or leave these channels out with mne.pick_info."
        )
    if not len(keep):
        raise ValueError("info has no EEG channel. Set types with raw.set_channel_types.")
    return Electrodes(
        ch_names=tuple(info["ch_names"][index] for index in keep),
        positions=np.array([info["chs"][index]["loc"][:3] for index in keep], dtype=np.float64),
        sfreq=float(info["sfreq"]),
    )
