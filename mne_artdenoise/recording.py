"""Raw, Epochs, Evoked or array, and the volts in them: what is read, written back, left alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias, cast

import mne
import numpy as np

from mne_artdenoise._compat import picks_to_idx
from mne_artdenoise._typing import FloatArray, IntArray
from mne_artdenoise.spans import (
    Place,
    StoredSpan,
    count_wrong,
    find_places,
    lock,
    refuse_complex,
    take_rows,
    tell_unreadable,
)

if TYPE_CHECKING:
    from mne_artdenoise._typing import Instance

Picks: TypeAlias = "str | Sequence[str] | Sequence[int] | IntArray | slice | None"
LARGEST = 1e12  # volts: larger than any mistake of units makes them, and too large for squares
AT_ONCE = 2**24  # values of a Raw on disk that are read at once, 128 MB; larger ones in stretches


@dataclass(frozen=True, eq=False)
class Signal:
    """The spans of a recording that may be denoised.

    Attributes
    ----------
    segments : tuple of ndarray, shape (n_channels, n_times)
        The spans in volts, float64 and read-only. They share memory with the recording where that
        saves a copy, so use them before it is modified. Those of a large Raw that is not loaded
        stay on disk, and what is indexed is read (`StoredSpan`).
    info : mne.Info
        What is known of the picked channels, in the order of the rows.
    picks : ndarray, shape (n_channels,)
        Indices of those channels in the recording.
    places : tuple of (int, int, int)
        Epoch (leading dimensions of an array flattened), first and last sample (excluded) of each.
    """

    segments: tuple[FloatArray, ...]
    info: mne.Info
    picks: IntArray
    places: tuple[Place, ...]

    @property
    def n_channels(self) -> int:
        """Number of picked channels."""
        return len(self.picks)

    @property
    def sfreq(self) -> float:
        """Sampling rate in hertz."""
        return float(self.info["sfreq"])

    @property
    def ch_names(self) -> list[str]:
        """Names of the picked channels."""
        return list(self.info["ch_names"])


def read_signal(X: Instance, picks: Picks = "eeg", info: mne.Info | None = None) -> Signal:
    """Read the picked channels wherever they may be denoised.

    Parameters
    ----------
    X : Raw | Epochs | Evoked | ndarray, shape (..., n_channels, n_times)
        The recording in volts, neither modified nor loaded.
    picks : str | list of str | list of int | ndarray | slice | None
        Channels by the rules of MNE-Python: types ("eeg", "data", or None for "data") leave out
        those marked bad, names and indices do not.
    info : mne.Info | None
        The channels of an array; other kinds of ``X`` bring their own.

    Returns
    -------
    signal : Signal
        One segment per epoch, or per span of a Raw between annotations that start with "BAD" or
        "EDGE" in any case. One of no length, as concatenation leaves, also parts two segments;
        one of some channels counts for all, as elsewhere in MNE-Python.
        Data that are complex, empty, not finite (it says where), wholly annotated, or do not fit
        ``info`` and ``picks`` are a ValueError, another kind of ``X`` a TypeError.
    """
    # A copy: MNE-Python unlocks an info while it checks it, which threads that share it must not.
    info = _get_info(X, info).copy()
    indices = _pick_channels(info, picks)
    places, segments = _read_segments(X, indices)
    signal = Signal(segments, mne.pick_info(info, indices), indices, places)
    _check_finite(signal, X)
    return signal


def write_signal(
    X: Instance, signal: Signal, artifact: Sequence[FloatArray], strength: float = 1.0
) -> Instance:
    """Subtract an artifact, on a copy of the recording.

    Parameters
    ----------
    X : Raw | Epochs | Evoked | ndarray, shape (..., n_channels, n_times)
        The recording, not modified.
    signal : Signal
        What `read_signal` gave for it.
    artifact : sequence of ndarray, shape (n_channels, n_times)
        One array in volts per segment of ``signal``, of its shape and finite (else ValueError).
    strength : float
        Factor of the artifact before it is subtracted.

    Returns
    -------
    clean : same type as X
        A loaded copy, equal to ``X`` bit for bit outside the segments, in channels not picked and
        where the artifact is zero. A baseline is not applied again. Integers become float64.
    """
    _check_artifact(signal, artifact, strength)
    result, volts = _copy_loaded(X)
    for (epoch, start, stop), estimate in zip(signal.places, artifact, strict=True):
        for pick, row in zip(signal.picks, estimate, strict=True):  # by row, to save memory
            volts[epoch, pick, start:stop] -= weigh(row, strength)
    return result


def write_artifact(
    X: Instance, signal: Signal, artifact: Sequence[FloatArray], strength: float = 1.0
) -> Instance:
    """Put an artifact where `write_signal` would subtract it, with zeros everywhere else.

    Parameters
    ----------
    X, signal, artifact, strength
        As in `write_signal`.

    Returns
    -------
    removed : same type as X
        Zero outside the segments and in all channels not picked, stimulus channels included.
    """
    _check_artifact(signal, artifact, strength)
    result, volts = _copy_loaded(X)
    volts[...] = 0.0
    for (epoch, start, stop), estimate in zip(signal.places, artifact, strict=True):
        for pick, row in zip(signal.picks, estimate, strict=True):
            volts[epoch, pick, start:stop] = weigh(row, strength)
    return result


def restrict(signal: Signal, keep: Sequence[int] | IntArray) -> Signal:
    """Keep the rows ``keep`` of a signal, one or more and each once, in that order."""
    rows = np.arange(signal.n_channels)[np.asarray(keep, dtype=int)]
    if len(rows) == 0 or len(np.unique(rows)) < len(rows):
        raise ValueError(f"keep must name one channel or more, and each once, got {keep!r}.")
    return replace(
        signal,
        segments=tuple(take_rows(segment, _as_index(rows)) for segment in signal.segments),
        info=mne.pick_info(signal.info, rows),
        picks=signal.picks[rows],
    )


def _get_info(X: Instance, info: mne.Info | None) -> mne.Info:
    if isinstance(X, mne.io.BaseRaw | mne.BaseEpochs | mne.Evoked):
        return X.info
    if not isinstance(X, np.ndarray):
        raise TypeError(
            "X must be an instance of Raw, Epochs or Evoked, or an ndarray of shape "
            f"(..., n_channels, n_times), got {type(X).__name__}."
        )
    if X.dtype.kind not in "fiuc":
        raise TypeError(f"An array must hold numbers in volts, found {X.dtype}.")
    if info is None:
        raise ValueError("An array does not tell its channels: pass info=, such as epochs.info.")
    if not isinstance(info, mne.Info):
        raise TypeError(f"info must be an instance of mne.Info, got {type(info).__name__}.")
    if X.ndim < 2 or X.shape[-2] != len(info["ch_names"]):
        raise ValueError(
            f"info has {len(info['ch_names'])} channels and the array has shape {X.shape}, not "
            '(..., n_channels, n_times): pass its own info, such as epochs.copy().pick("eeg").info.'
        )
    return info


def _pick_channels(info: mne.Info, picks: Picks) -> IntArray:
    try:
        indices: IntArray = np.array(picks_to_idx(info, picks), dtype=int)
    except IndexError as err:
        raise ValueError(f"picks={picks!r} names channels that are not there: {err}.") from err
    except ValueError as err:
        raise ValueError(
            f"picks={picks!r} finds no channel to denoise; there are "
            f"{dict(Counter(info.get_channel_types()))}, marked bad: {info['bads']}. Set types "
            "with inst.set_channel_types, change inst.info['bads'], or name channels in picks."
        ) from err
    if len(np.unique(indices)) < len(indices):
        raise ValueError(f"picks names a channel more than once: {picks!r}. Name each once.")
    return indices


def _read_segments(
    X: Instance, picks: IntArray
) -> tuple[tuple[Place, ...], tuple[FloatArray, ...]]:
    if isinstance(X, mne.io.BaseRaw) and not X.preload and len(picks) * X.n_times > AT_ONCE:
        with tell_unreadable(X):
            sample = X[int(picks[0]), :1][0]
        refuse_complex(sample)
        places = find_places(X, (1, len(picks), X.n_times))
        spans = (StoredSpan(X, picks, start, stop) for _, start, stop in places)
        return places, cast("tuple[FloatArray, ...]", tuple(spans))
    volts = _read_volts(X, picks)
    places = find_places(X, volts.shape)
    return places, tuple(volts[epoch, :, start:stop] for epoch, start, stop in places)


def _read_volts(X: Instance, picks: IntArray) -> FloatArray:
    """Give the picked channels, shape (n_epochs, n_channels, n_times), without a copy if we can."""
    if isinstance(X, mne.io.BaseRaw | mne.BaseEpochs) and not X.preload:
        # Reading epochs drops the bad ones from the object itself, so a copy has to do it.
        inst = X.copy() if isinstance(X, mne.BaseEpochs) else X
        with tell_unreadable(X):
            found = _view_data(inst.get_data(picks=picks))
    else:
        found = _view_data(X)[:, _as_index(picks)]
    if found.size == 0:
        raise ValueError(f"There is no sample to denoise: the data have shape {found.shape}.")
    refuse_complex(found)
    return lock(np.asarray(found, dtype=np.float64))


def _view_data(X: Instance) -> FloatArray:
    """View what an array or a loaded instance holds, shape (n_epochs, n_channels, n_times)."""
    if isinstance(X, np.ndarray):
        return X.reshape(int(np.prod(X.shape[:-2])), *X.shape[-2:])
    held: FloatArray = X.data if isinstance(X, mne.Evoked) else X._data
    return held if held.ndim == 3 else held[np.newaxis]


def _as_index(picks: IntArray) -> slice | IntArray:
    """Turn neighbouring channels into a slice, which numpy reads without a copy."""
    span = slice(int(picks[0]), int(picks[-1]) + 1)
    return span if np.array_equal(picks, np.arange(span.start, span.stop)) else picks


def _check_finite(signal: Signal, X: Instance) -> None:
    lost, first = count_wrong(signal.segments, LARGEST)
    if first is None:
        return
    number, offset, row, value = first
    epoch, sample = signal.places[number][0], signal.places[number][1] + offset
    what = f"beyond {LARGEST:g} V" if np.isfinite(value) else "NaN or inf"
    where = "" if isinstance(X, mne.io.BaseRaw | mne.Evoked) else f" of epoch {epoch}"
    onset = X.times[sample] if hasattr(X, "times") else sample / signal.sfreq
    raise ValueError(
        f"The data hold {lost.sum()} values that are {what}, in "
        f"{', '.join(np.array(signal.ch_names)[lost > 0])}; the first is in "
        f"{signal.ch_names[row]} at {onset:.3f} s{where}. "
        "Mark the channels in inst.info['bads'], or the spans of a Raw with BAD_ annotations "
        "(both are then left alone), or drop such epochs with epochs.drop."
    )


def _check_artifact(signal: Signal, artifact: Sequence[FloatArray], strength: float) -> None:
    if not np.isfinite(strength):
        raise ValueError(f"strength must be a finite number, got {strength!r}.")
    needed = [(signal.n_channels, stop - start) for _, start, stop in signal.places]
    found = [np.shape(estimate) for estimate in artifact]
    if found != needed:
        raise ValueError(
            f"The artifact must hold arrays of the {len(needed)} shapes of the segments, "
            f"{needed[:3]}..., got {len(found)}, {found[:3]}..."
        )
    if not all(np.isfinite(estimate).all() for estimate in artifact):
        raise ValueError("The artifact holds NaN or inf.")


def _copy_loaded(X: Instance) -> tuple[Instance, FloatArray]:
    """Copy the recording, and view the copy's data, shape (n_epochs, n_channels, n_times)."""
    if isinstance(X, np.ndarray):
        # C order, so that the reshaped view writes into the copy and not into another one.
        result = np.array(X, dtype=X.dtype if X.dtype.kind == "f" else np.float64, order="C")
    else:
        with tell_unreadable(X):
            result = X.copy() if isinstance(X, mne.Evoked) else X.copy().load_data()
    return result, _view_data(result)


def weigh(row: FloatArray, strength: float) -> FloatArray:
    """Multiply an artifact by the share of it that is subtracted."""
    removed: FloatArray = np.multiply(row, strength, dtype=np.float64)
    removed += 0.0  # makes 0.0 of -0.0, which less -0.0 would not stay bit for bit as it was
    return removed
