"""The channels of recordings and of models: who has a position, and where."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import mne
import numpy as np
import numpy.typing as npt

from mne_artdenoise._typing import FloatArray, IntArray

# Centre of the directions in metres, in the head frame: about that of a sphere fitted to a scalp.
# It is fixed, so that the direction of an electrode does not depend on which others are there.
ORIGIN = (0.0, 0.0, 0.04)

# The channels of ART and IC-U-Net, in their order.
THIRTY = (
    *("Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "FT7", "FC3", "FCz", "FC4", "FT8"),
    *("T7", "C3", "Cz", "C4", "T8", "TP7", "CP3", "CPz", "CP4", "TP8"),
    *("P7", "P3", "Pz", "P4", "P8", "O1", "Oz", "O2"),
)

# Nearer to the centre of the head than this, in metres, no electrode can be: readers put there
# what has no position.
MIN_DISTANCE = 1e-3


def find_positioned(info: mne.Info) -> tuple[IntArray, list[str]]:
    """Find the electrodes whose position is known.

    Parameters
    ----------
    info : mne.Info
        The channels.

    Returns
    -------
    keep : ndarray, shape (n_positioned,)
        Indices of the EEG channels with a position, in the order of ``info``.
    missing : list of str
        Names of all other channels.
    """
    is_eeg = np.array([kind == "eeg" for kind in info.get_channel_types()], dtype=bool)
    usable = is_eeg & _is_position(_read_positions(info))
    missing = [name for name, ok in zip(info["ch_names"], usable, strict=True) if not ok]
    return np.flatnonzero(usable), missing


def read_directions(info: mne.Info) -> FloatArray:
    """Read the direction of each electrode from a fixed point in the head.

    Parameters
    ----------
    info : mne.Info
        The channels, each with a position; one without is a ValueError that names it.

    Returns
    -------
    directions : ndarray, shape (n_channels, 3)
        Vectors of length one in the head frame (right, front, up) from the point 4 cm above its
        origin to the electrode. Each depends on its own electrode only.
    """
    positions = _read_positions(info)
    known = _is_position(positions)
    if not known.all():
        names = [name for name, ok in zip(info["ch_names"], known, strict=True) if not ok]
        raise ValueError(
            f"No position is known for {', '.join(names)}. Set a montage with inst.set_montage, "
            "or leave these channels out (find_positioned tells which to keep)."
        )
    offsets = positions - np.array(ORIGIN)
    directions: FloatArray = offsets / np.linalg.norm(offsets, axis=1, keepdims=True)
    return directions


def find_directions(ch_names: Sequence[str]) -> FloatArray:
    """Find the directions of electrodes that are only named, on the adult template head.

    Parameters
    ----------
    ch_names : sequence of str
        Names of the 10-05 system in upper or lower case; others are a ValueError that lists them.

    Returns
    -------
    directions : ndarray, shape (n_channels, 3)
        As from `read_directions`.
    """
    return read_directions(_place_on_template(tuple(ch_names)))


def find_positions(ch_names: Sequence[str]) -> FloatArray:
    """Find the positions of electrodes that are only named, on the adult template head.

    Parameters
    ----------
    ch_names : sequence of str
        As for `find_directions`.

    Returns
    -------
    positions : ndarray, shape (n_channels, 3)
        In metres, in the head frame.
    """
    return _read_positions(_place_on_template(tuple(ch_names)))


@lru_cache(maxsize=8)
def _place_on_template(ch_names: tuple[str, ...]) -> mne.Info:
    # MNE 1.13 renamed standard_1005 (same positions), and warns of the old name.
    known = mne.channels.get_builtin_montages()
    montage = "colin27_1005" if "colin27_1005" in known else "standard_1005"
    info = mne.create_info(list(ch_names), 1.0, "eeg")
    info.set_montage(montage, match_case=False, on_missing="ignore")
    unknown = find_positioned(info)[1]
    if unknown:
        raise ValueError(
            f"No electrodes of the 10-05 system: {', '.join(unknown)}. "
            f"mne.channels.make_standard_montage({montage!r}).ch_names lists those there are."
        )
    return info


def _read_positions(info: mne.Info) -> FloatArray:
    """Read the positions in metres, shape (n_channels, 3)."""
    return np.array([ch["loc"][:3] for ch in info["chs"]], dtype=np.float64).reshape(-1, 3)


def _is_position(positions: FloatArray) -> npt.NDArray[np.bool_]:
    centres = np.array([(0.0, 0.0, 0.0), ORIGIN])
    distances = np.linalg.norm(positions[:, np.newaxis] - centres, axis=2).min(axis=1)
    known: npt.NDArray[np.bool_] = np.isfinite(distances) & (distances > MIN_DISTANCE)
    return known
