"""The condition of a recording, in numbers, and what in it is unlike the recordings of training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import mne
import numpy as np
import numpy.typing as npt
from scipy.signal import butter, sosfiltfilt, welch

from .._typing import FloatArray
from ..channels import find_positioned, read_directions
from ..preconditions import list_names
from ..recording import read_signal
from ..scale import measure_levels

BoolArray: TypeAlias = npt.NDArray[np.bool_]

HIGH_PASS = 1.0  # hertz: slower drifts say nothing of quality
BAND = (1.0, 45.0)
MAINS = (50.0, 60.0)
SLOPE_BAND = (15.0, 45.0)
# A channel against its six nearest: in recordings of people of the training split 0.4 to 3.7 times
# their median (the reference of one set apart).
NEIGHBOURS, LOUD, DEAD = 6, 4.0, 0.25

# Beyond these no good recording of the training split was found.
FEWEST_CHANNELS, FEWEST_SECONDS = 8, 10.0
SMALL, LARGE = 2e-6, 80e-6  # volts, of `Quality.level`
LINE = 0.5  # of the power from 1 to 45 Hz
FLATTEST = -1.0  # log-log slope from 15 to 45 Hz; skin without brain gives 0


@dataclass(frozen=True)
class Quality:
    """The condition of a recording, in numbers.

    Attributes
    ----------
    n_channels : int
        Good EEG channels with a position.
    seconds : float
        Of good data.
    level : float
        Standard deviation of the median channel in its median second, above 1 Hz, in volts.
    loud, dead : tuple of str
        Channels more than four times, and less than a quarter, as large as those around them.
    line : float
        Power around 50 or 60 Hz over the power from 1 to 45 Hz, median channel; the larger.
    slope : float
        Log-log slope of the power from 15 to 45 Hz, median channel.
    forehead : bool
        Whether an electrode lies near the eyes.
    """

    n_channels: int
    seconds: float
    level: float
    loud: tuple[str, ...]
    dead: tuple[str, ...]
    line: float
    slope: float
    forehead: bool


def measure_quality(inst: Any) -> Quality:
    """Measure the condition of a recording.

    Parameters
    ----------
    inst : Raw | Epochs | Evoked
        The recording, in volts.

    Returns
    -------
    quality : Quality
        Of its good EEG channels with a position, outside of BAD and EDGE spans.
    """
    signal = read_signal(inst)
    keep, _ = find_positioned(signal.info)
    sfreq = signal.sfreq
    if not len(keep):
        seconds = sum(x.shape[1] for x in signal.segments) / sfreq
        return Quality(0, seconds, np.nan, (), (), 0.0, np.nan, False)
    sos = butter(2, HIGH_PASS, "highpass", fs=sfreq, output="sos")
    spans = [
        sosfiltfilt(sos, x[keep], padlen=min(round(sfreq), x.shape[1] - 1)) for x in signal.segments
    ]
    directions = read_directions(mne.pick_info(signal.info, keep))
    levels = measure_levels(spans, sfreq)
    loud, dead = find_odd(levels, directions)
    frequencies, power = _average_power(spans, sfreq)
    names = np.array(signal.ch_names)[keep]
    return Quality(
        n_channels=len(keep),
        seconds=sum(x.shape[1] for x in spans) / sfreq,
        level=float(np.median(levels)),
        loud=tuple(names[loud].tolist()),
        dead=tuple(names[dead].tolist()),
        line=_measure_line(frequencies, power[~dead]),
        slope=_measure_slope(frequencies, power[~dead]),
        forehead=bool(((directions[:, 1] > 0.6) & (directions[:, 2] < 0.6)).any()),
    )


def find_doubts(quality: Quality) -> tuple[str, ...]:
    """Find what speaks against trusting a denoiser with a recording, and the call that helps.

    Parameters
    ----------
    quality : Quality
        What `measure_quality` gave.

    Returns
    -------
    doubts : tuple of str
        A sentence for each; none for a recording like those of training.
    """
    q = quality
    odd = list(dict.fromkeys([*q.loud, *q.dead]))
    found = {
        "No channel has a position, so none is cleaned: inst.set_montage.": not q.n_channels,
        f"Only {q.n_channels} channels: artifact and brain can hardly be told apart, and nothing "
        "shows whether they were.": 0 < q.n_channels < FEWEST_CHANNELS,
        "No electrode lies near the eyes, where blinks are known by: keep Fp1 and Fp2 in.": (
            q.n_channels > 0 and not q.forehead
        ),
        f"Only {q.seconds:.1f} s: fit the denoiser on a longer recording.": (
            q.seconds < FEWEST_SECONDS
        ),
        f"The channels vary by {1e6 * q.level:.1f} µV, and EEG does by {1e6 * SMALL:g} to "
        f"{1e6 * LARGE:g} µV: check the unit, raw.apply_function(lambda x: x * factor).": (
            q.level < SMALL or q.level > LARGE
        ),
        f"Far larger or smaller than the channels around: {list_names(odd)}. Set "
        f"raw.info['bads'] += {odd!r}, and raw.interpolate_bads() afterwards.": bool(odd),
        f"Line noise has {q.line:.1f} times the power of the EEG: raw.notch_filter first.": (
            q.line > LINE
        ),
        f"Power hardly falls from 15 to 45 Hz (slope {q.slope:.1f}): muscle or electrode noise in "
        "most channels, beneath which there is little brain to keep.": q.slope > FLATTEST,
    }
    return tuple(sentence for sentence, holds in found.items() if holds)


def find_odd(levels: FloatArray, directions: FloatArray) -> tuple[BoolArray, BoolArray]:
    """Find channels that are too large and too small against those around them.

    Parameters
    ----------
    levels : ndarray, shape (n_channels,)
        What `measure_levels` gave.
    directions : ndarray, shape (n_channels, 3)
        What `read_directions` gave.

    Returns
    -------
    loud, dead : ndarray of bool, shape (n_channels,)
    """
    if len(levels) < NEIGHBOURS + 1:
        return np.zeros(len(levels), bool), levels <= 0
    near = np.argsort(-(directions @ directions.T), axis=1)[:, 1 : NEIGHBOURS + 1]
    usual = np.median(levels[near], axis=1)
    return levels > LOUD * usual, (levels < DEAD * usual) | (levels <= 0)


def _average_power(spans: list[FloatArray], sfreq: float) -> tuple[FloatArray, FloatArray]:
    length = min(round(2 * sfreq), max(x.shape[1] for x in spans))
    long = [x for x in spans if x.shape[1] >= length]
    found = [welch(x, fs=sfreq, nperseg=length, average="median") for x in long]
    weights = [x.shape[1] for x in long]
    return found[0][0], np.average([power for _, power in found], axis=0, weights=weights)


def _measure_line(frequencies: FloatArray, power: FloatArray) -> float:
    total = power[:, (frequencies >= BAND[0]) & (frequencies <= BAND[1])].sum(axis=1)
    shares = [
        power[:, np.abs(frequencies - mains) <= 1.5].sum(axis=1) / np.maximum(total, 1e-300)
        for mains in MAINS
    ]
    return float(np.median(shares, axis=1).max()) if len(power) else 0.0


def _measure_slope(frequencies: FloatArray, power: FloatArray) -> float:
    inside = (frequencies >= SLOPE_BAND[0]) & (frequencies <= SLOPE_BAND[1])
    if inside.sum() < 3 or not len(power):
        return float("nan")
    logs = np.log(np.maximum(power[:, inside], 1e-300))
    return float(np.median(np.polyfit(np.log(frequencies[inside]), logs.T, 1)[0]))
