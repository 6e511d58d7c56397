"""The same recording before and after denoising, and what can be measured between the two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mne
import numpy as np
from scipy.signal import welch

from mne_artdenoise.channels import find_positioned
from mne_artdenoise.metrics import snr, snr_gain
from mne_artdenoise.recording import LARGEST, Signal, read_signal

if TYPE_CHECKING:
    from mne_artdenoise._typing import FloatArray, Instance, IntArray

# What eyes, brain and muscles mostly show in, in hertz.
BANDS = ((1.0, 7.0), (8.0, 13.0), (20.0, 45.0))
SPECTRUM_SECONDS = 2.0


@dataclass(frozen=True, eq=False)
class Comparison:
    """A recording before and after, and its truth if that is known.

    Attributes
    ----------
    signal : Signal
        The good EEG channels of the recording before, and the spans that may be denoised.
    before, after, truth : ndarray, shape (n_epochs, n_channels, n_times)
        Those channels in volts; the truth may be None.
    bads : tuple of str
        EEG channels of the recording that are marked bad, and so neither cleaned nor counted.
    """

    signal: Signal
    before: FloatArray
    after: FloatArray
    truth: FloatArray | None
    bads: tuple[str, ...] = ()

    @property
    def removed(self) -> FloatArray:
        """What was taken away, of the same shape."""
        return self.before - self.after

    def cut(self, x: FloatArray) -> list[FloatArray]:
        """Cut one of the arrays into the spans that may be denoised.

        Parameters
        ----------
        x : ndarray, shape (n_epochs, n_channels, n_times)
            The array.

        Returns
        -------
        spans : list of ndarray, shape (n_channels, n_times of each)
        """
        return [x[epoch, :, start:stop] for epoch, start, stop in self.signal.places]

    def join(self, x: FloatArray) -> FloatArray:
        """Join those spans.

        Parameters
        ----------
        x : ndarray, shape (n_epochs, n_channels, n_times)
            The array.

        Returns
        -------
        joined : ndarray, shape (n_channels, n_times of all spans)
        """
        return np.concatenate(self.cut(x), axis=1)


def compare(before: Instance, after: Instance, truth: Instance | None = None) -> Comparison:
    """Read the good EEG channels of the same recording, before and after.

    Parameters
    ----------
    before, after : Raw | Epochs | Evoked
        The recordings; another type is a TypeError. What differs in channels, epochs or times, or
        is not finite, is a ValueError.
    truth : Raw | Epochs | Evoked | None
        The clean recording, if it is known.

    Returns
    -------
    pair : Comparison
    """
    for inst in (before, after, before if truth is None else truth):
        if not isinstance(inst, mne.io.BaseRaw | mne.BaseEpochs | mne.Evoked):
            kind = type(inst).__name__
            raise TypeError(f"Recordings must be Raw, Epochs or Evoked to compare, got {kind}.")
    signal = read_signal(before)
    found = _read_channels(before, "before", signal)
    pair = Comparison(
        signal=signal,
        before=found,
        after=_read_channels(after, "after", signal, found.shape),
        truth=None if truth is None else _read_channels(truth, "truth", signal, found.shape),
        bads=_find_bads(before),
    )
    for name, x in (("after", pair.after), ("truth", pair.truth)):
        if x is not None and not (np.abs(pair.join(x)) <= LARGEST).all():
            raise ValueError(
                f"{name} holds values that are NaN, inf or beyond {LARGEST:g} V, where before has "
                "none: nothing can be told of it."
            )
    return pair


def _find_bads(inst: Any) -> tuple[str, ...]:
    eeg = mne.pick_types(inst.info, meg=False, eeg=True, exclude=())
    return tuple(inst.ch_names[pick] for pick in eeg if inst.ch_names[pick] in inst.info["bads"])


def _read_channels(
    inst: Any, name: str, signal: Signal, shape: tuple[int, ...] | None = None
) -> FloatArray:
    missing = [channel for channel in signal.ch_names if channel not in inst.ch_names]
    if missing:
        raise ValueError(f"{name} lacks channels that before has: {', '.join(missing)}.")
    x: FloatArray = inst.get_data(picks=signal.ch_names)
    x = x if x.ndim == 3 else x[np.newaxis]
    if shape is not None and (x.shape != shape or inst.info["sfreq"] != signal.sfreq):
        raise ValueError(
            f"{name} has (epochs, channels, times) {x.shape} at {inst.info['sfreq']:g} Hz, and "
            f"before has {shape} at {signal.sfreq:g} Hz: they must be the same recording."
        )
    return x


def average_spectra(pair: Comparison, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Average the power spectrum of each channel over the spans that may be denoised.

    Parameters
    ----------
    pair : Comparison
        What tells the spans.
    x : ndarray, shape (n_epochs, n_channels, n_times)
        One of its arrays, in volts.

    Returns
    -------
    frequencies : ndarray, shape (n_frequencies,)
        In hertz.
    power : ndarray, shape (n_channels, n_frequencies)
        In V²/Hz.
    """
    spans = pair.cut(x)
    sfreq = pair.signal.sfreq
    longest = max(span.shape[-1] for span in spans)
    length = min(round(SPECTRUM_SECONDS * sfreq), longest)
    spans = [span for span in spans if span.shape[-1] >= length]  # the longest one at least
    found = [welch(span, fs=sfreq, nperseg=length) for span in spans]
    weights = [span.shape[-1] for span in spans]
    return found[0][0], np.average([power for _, power in found], axis=0, weights=weights)


def measure_shares(pair: Comparison) -> dict[tuple[float, float], FloatArray]:
    """Measure how much of the power in each band was removed from each channel.

    Parameters
    ----------
    pair : Comparison
        The recordings.

    Returns
    -------
    shares : dict of ndarray, shape (n_channels,)
        For each of `BANDS` that the sampling rate reaches, power of what was removed over power
        before: 0 where nothing was, 1 where all was (or where nothing was there to remove).
    """
    frequencies, before = average_spectra(pair, pair.before)
    _, removed = average_spectra(pair, pair.removed)
    shares = {}
    for low, high in BANDS:
        inside = (frequencies >= low) & (frequencies <= high)
        if inside.any():
            total, part = before[:, inside].sum(axis=1), removed[:, inside].sum(axis=1)
            shares[low, high] = np.divide(part, total, out=(part > 0) * 1.0, where=total > 0)
    return shares


def measure_snr(pair: Comparison) -> tuple[float, float, float] | None:
    """Measure signal-to-noise before, after, and the gain, in decibels, if the truth is known."""
    if pair.truth is None:
        return None
    truth, before, after = (pair.join(x) for x in (pair.truth, pair.before, pair.after))
    scores = snr(truth, before), snr(truth, after), snr_gain(truth, before, after)
    return float(scores[0]), float(scores[1]), float(scores[2])


def tabulate(pair: Comparison) -> dict[str, str]:
    """Put what was measured into words, name by name."""
    before, removed = pair.join(pair.before), pair.join(pair.removed)
    offset = np.median(before, axis=1, keepdims=True)
    ratio = measure_snr(pair)
    rows = {
        "EEG channels": str(pair.signal.n_channels),
        "Duration": f"{before.shape[-1] / pair.signal.sfreq:.1f} s at {pair.signal.sfreq:g} Hz",
        "Before": f"{_measure_rms(before - offset):.1f} µV RMS",
        "After": f"{_measure_rms(before - removed - offset):.1f} µV RMS",
        "Removed": f"{_measure_rms(removed):.1f} µV RMS",
        "Samples changed": f"{100 * np.mean(removed.any(axis=0)):.1f} %",
    }
    for (low, high), share in measure_shares(pair).items():
        rows[f"Power removed, {low:g} to {high:g} Hz"] = (
            f"{100 * np.median(share):.1f} % (median channel), {100 * share.max():.1f} % at "
            f"{pair.signal.ch_names[int(share.argmax())]}"
        )
    left = _tell_left_alone(pair)
    if left:
        rows["Left alone"] = left
    if ratio is not None:
        rows["SNR"] = "{:.1f} dB before, {:.1f} dB after: gain {:.1f} dB".format(*ratio)
    return rows


def _tell_left_alone(pair: Comparison) -> str:
    """Tell what no model was asked to clean: channels and spans."""
    _, unplaced = find_positioned(pair.signal.info)
    n_left = pair.before.shape[0] * pair.before.shape[2]
    n_left -= sum(stop - start for _, start, stop in pair.signal.places)
    parts = [f"{name} (marked bad)" for name in pair.bads]
    parts += [f"{name} (no position)" for name in unplaced]
    if n_left:
        parts.append(f"{n_left / pair.signal.sfreq:.1f} s annotated BAD or EDGE")
    return ", ".join(parts)


def _measure_rms(x: FloatArray) -> float:
    return float(np.sqrt(np.mean(np.square(x)))) * 1e6


def find_window(pair: Comparison, duration: float, start: float | None) -> tuple[int, int]:
    """Find the samples to show, with epochs one after the other.

    Parameters
    ----------
    pair : Comparison
        The recordings.
    duration : float
        How long, in seconds.
    start : float | None
        From when, in seconds; None for where most was removed.

    Returns
    -------
    first, last : int
        First sample, and the one after the last. Seconds outside the recording are a ValueError.
    """
    if not duration > 0:
        raise ValueError(f"duration must be more than 0 seconds, got {duration!r}.")
    sfreq = pair.signal.sfreq
    n_epochs, _, n_times = pair.before.shape
    n_total = n_epochs * n_times
    length = round(min(max(duration * sfreq, 2), n_total))
    if start is not None:
        if not 0 <= start < n_total / sfreq:
            raise ValueError(f"start must be from 0 to {n_total / sfreq:g} seconds, got {start!r}.")
        first = min(round(start * sfreq), n_total - length)
        return first, first + length
    power = np.zeros((n_epochs, n_times))
    for (epoch, begin, end), removed in zip(
        pair.signal.places, pair.cut(pair.removed), strict=True
    ):
        power[epoch, begin:end] = np.square(removed).sum(axis=0)
    reached = np.concatenate([[0.0], np.cumsum(power)])
    first = int(np.argmax(reached[length:] - reached[: n_total - length + 1]))
    return first, first + length


def choose_channels(pair: Comparison, most: int = 10) -> IntArray:
    """Choose rows of channels that tell: apart from one another, more where much was removed.

    They come from front to back; where no electrode has a position, in the order of the recording.
    """
    size = np.sqrt(np.square(pair.join(pair.removed)).sum(axis=1))
    size /= max(size.max(), 1e-30)
    keep, _ = find_positioned(pair.signal.info)
    if not len(keep):
        return np.sort(np.argsort(-size, kind="stable")[:most])
    places = np.array([pair.signal.info["chs"][row]["loc"][:3] for row in keep])
    size = size[keep]  # a channel without a position was left alone: there is nothing to show
    chosen = [int(np.argmax(size))]
    distance = np.full(len(size), np.inf)
    while len(chosen) < min(most, len(size)):
        away = np.linalg.norm(places - places[chosen[-1]], axis=1)
        distance = np.minimum(distance, away)
        distance[chosen] = -1.0  # not again, even where two electrodes are in one place
        chosen.append(int(np.argmax(distance * (0.5 + size))))
    line = np.round(places[:, 1] / 0.02)  # electrodes in one line across the head: left to right
    return keep[sorted(chosen, key=lambda row: (-line[row], places[row, 0]))]
