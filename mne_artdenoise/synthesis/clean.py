"""Windows of clean signal for pairs, cut from a bank, a recording, epochs or an array."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeAlias

import mne
import numpy as np

from .._typing import FloatArray
from ..recording import read_signal
from .bank import Bank, CleanRecording
from .electrodes import Electrodes, read_electrodes

Clean: TypeAlias = Bank | mne.io.BaseRaw | mne.BaseEpochs | FloatArray

RAW_SECONDS = 4.0  # two blinks and a few breaths of alpha; what ART and IC-U-Net were given
BANK_RMS = 10e-6  # volts: recordings of a bank may be in any unit, people's EEG is about this large


@dataclass(frozen=True, eq=False)
class CleanWindows:
    """Where windows are cut from.

    Attributes
    ----------
    info : mne.Info
        EEG channels of every window.
    electrodes : Electrodes
        The same channels with their positions.
    n_times : int
        Samples of a window.
    signals : tuple of ndarray, shape (n_channels or more, n_times or more)
        What is cut.
    rows : tuple of (ndarray, shape (n_channels,)) | None
        Where each channel is in a signal that has others too, or the same in another order.
    gains : tuple of float
        Factor to volts of each signal.
    shares : ndarray, shape (n_signals,)
        How often a signal is drawn.
    """

    info: mne.Info
    electrodes: Electrodes
    n_times: int
    signals: tuple[FloatArray, ...]
    rows: tuple[list[int] | None, ...]
    gains: tuple[float, ...]
    shares: FloatArray

    def draw(self, rng: np.random.Generator) -> FloatArray:
        """Cut one window in volts, a copy of shape (n_channels, n_times)."""
        number = int(np.searchsorted(np.cumsum(self.shares), rng.random() * self.shares.sum()))
        signal = self.signals[number]
        start = int(rng.integers(signal.shape[1] - self.n_times + 1))
        window, rows = signal[:, start : start + self.n_times], self.rows[number]
        kept = window if rows is None else window[rows]
        return np.multiply(kept, self.gains[number], dtype=np.float64)


def find_windows(
    clean: Clean, duration: float | None = None, info: mne.Info | None = None
) -> CleanWindows:
    """Find what windows may be cut from.

    Parameters
    ----------
    clean : Bank | Raw | Epochs | ndarray, shape (..., n_channels, n_times)
        Clean signal, in volts unless it is a bank. EEG channels not marked bad are used, each with
        a position; of a Raw, only what no annotation calls BAD or EDGE.
    duration : float | None
        Length of a window in seconds. None is 4 s of a Raw or a bank, and all of an epoch.
    info : mne.Info | None
        Channels and rate of an array. For a bank, the montage wanted: people without one of its
        channels are left out, and electrodes are where it says; None takes the montage that most
        people of the bank have.

    Returns
    -------
    windows : CleanWindows
    """
    if isinstance(clean, Bank):
        return _find_in_bank(clean, duration, info)
    signal = read_signal(clean, "eeg", info)
    whole = not isinstance(clean, mne.io.BaseRaw) and duration is None
    n_times = signal.segments[0].shape[1] if whole else _count(duration, signal.sfreq)
    segments = tuple(segment for segment in signal.segments if segment.shape[1] >= n_times)
    if not segments:
        longest = max(segment.shape[1] for segment in signal.segments) / signal.sfreq
        raise ValueError(
            f"No good span of the clean signal is as long as a window, {n_times / signal.sfreq:g} "
            f"s: the longest has {longest:g} s. Ask for a shorter duration."
        )
    return CleanWindows(
        info=signal.info,
        electrodes=read_electrodes(signal.info),
        n_times=n_times,
        signals=segments,
        rows=(None,) * len(segments),
        gains=(1.0,) * len(segments),
        shares=np.array([segment.shape[1] - n_times + 1.0 for segment in segments]),
    )


def _find_in_bank(bank: Bank, duration: float | None, info: mne.Info | None) -> CleanWindows:
    """Find the people of a bank who have the channels, each as likely as the other."""
    if info is None:
        info = _make_info(bank)
    electrodes, n_times = read_electrodes(info), _count(duration, bank.sfreq)
    if electrodes.sfreq != bank.sfreq:
        raise ValueError(
            f"info is of {electrodes.sfreq:g} Hz and the bank of {bank.sfreq:g} Hz: make the info, "
            "or the bank, at the rate of the other."
        )
    names = electrodes.ch_names
    fitting = [
        item
        for item in bank.clean
        if set(names) <= set(item.ch_names)
        and item.signal.shape[1] >= n_times
        and np.any(item.signal)
    ]
    if not fitting:
        raise ValueError(
            f"Of {len(bank.clean)} clean recordings in the bank none has the {len(names)} channels "
            f"{', '.join(names[:5])}... and {n_times} samples. Pass info= of fewer channels, or "
            "ask for a shorter duration."
        )
    return CleanWindows(
        info=mne.pick_info(info, mne.pick_channels(info["ch_names"], list(names), ordered=True)),
        electrodes=electrodes,
        n_times=n_times,
        signals=tuple(item.signal for item in fitting),
        rows=tuple(_find_rows(item, names) for item in fitting),
        gains=tuple(BANK_RMS / float(np.sqrt(np.mean(item.signal**2))) for item in fitting),
        shares=np.ones(len(fitting)),
    )


def _make_info(bank: Bank) -> mne.Info:
    """Make the channels that most people of a bank have, where the first of them has them."""
    if not bank.clean:
        raise ValueError("The bank has no clean recordings.")
    (names, _), *_ = Counter(item.ch_names for item in bank.clean).most_common(1)
    first = next(item for item in bank.clean if item.ch_names == names)
    info = mne.create_info(list(names), bank.sfreq, "eeg")
    places = dict(zip(names, first.positions.astype(float), strict=True))
    info.set_montage(mne.channels.make_dig_montage(places, coord_frame="head"))
    return info


def _find_rows(item: CleanRecording, names: tuple[str, ...]) -> list[int] | None:
    return None if item.ch_names == names else [item.ch_names.index(name) for name in names]


def _count(duration: float | None, sfreq: float) -> int:
    seconds = RAW_SECONDS if duration is None else duration
    if not (np.isfinite(seconds) and round(seconds * sfreq) >= 1):
        raise ValueError(f"duration must be a sample or more, in seconds, got {duration!r}.")
    return round(seconds * sfreq)
