"""What a model expects of a recording, told with the MNE call that sets it right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from numbers import Real

import mne
import numpy as np

from mne_artdenoise._compat import logger, warn
from mne_artdenoise._typing import FloatArray
from mne_artdenoise.spans import read_pieces

# The scalp shows 1 to 100 microvolts. Beyond these standard deviations (volts) the unit is wrong.
TOO_LARGE = 1e-3
TOO_SMALL = 1e-9

# Rounding of a filter or a reference leaves a flat channel this far below the largest one.
FLAT = 1e-9

# Below this low-pass edge (hertz) little of the activity of muscles is left to recognise.
MUSCLE_LOWPASS = 30.0

# A hundred pieces of a second tell the unit of a recording; more would only cost time.
N_PIECES = 100

# A blink lasts 0.3 s: in shorter spans (seconds) it cannot be told from a slow wave.
SHORT = 0.5

# Of data to learn filters from, whatever the number of channels: with less, filters were measured
# to gain up to 1 dB less than the network alone, with 3 s at least as much (8 to 64 channels).
FEWEST_SECONDS = 2.0

# Names of electrodes that see the eyes, the heart or a muscle, not the brain.
OTHER_TYPE = re.compile(r"[vh]?(eog|ecg|ekg|emg)\b|[vh]?(eog|ecg|ekg|emg)[\W_\d]", re.IGNORECASE)


def check_preconditions(
    segments: Sequence[FloatArray],
    info: mne.Info,
    *,
    n_channels: tuple[int, int] = (2, 256),
    sfreq: tuple[float, float] = (100.0, 2000.0),
) -> None:
    """Check that a recording is one that a model can denoise.

    Parameters
    ----------
    segments : sequence of ndarray, shape (n_channels, n_times)
        The spans to denoise, in volts.
    info : mne.Info
        Their channels.
    n_channels : tuple of (int, int)
        Least and largest number of channels.
    sfreq : tuple of (float, float)
        Least and largest sampling rate in hertz.

    Notes
    -----
    What cannot be denoised is a ValueError: too few or too many channels or hertz, fewer than two
    samples in a row, no signal at all. What looks like an oversight is a RuntimeWarning: spans too
    short to recognise anything in, another unit than volts, some flat channels, EOG channels that
    are called EEG, projectors that are not applied. Each names the MNE call that sets it right.
    """
    _check_channel_count(info, *n_channels)
    _check_sfreq(float(info["sfreq"]), *sfreq)
    _check_length(segments, float(info["sfreq"]))
    _check_flat(segments, info)
    _check_types(info)
    _check_unit(segments, float(info["sfreq"]))
    _check_projectors(info)
    _mention_lowpass(info)


def check_positions(info: mne.Info, missing: Sequence[str]) -> None:
    """Check that enough channels have a position, and name those that have none.

    Parameters
    ----------
    info : mne.Info
        The channels picked to denoise.
    missing : sequence of str
        Those without a position. Some are a RuntimeWarning; where fewer than two others remain, it
        is a ValueError.
    """
    if not missing:
        return
    call = (
        "Set positions with inst.set_montage, for example inst.set_montage('biosemi64'), after "
        "inst.rename_channels where names are not those of the montage."
    )
    n_known = len(info["ch_names"]) - len(missing)
    if n_known == 0:
        raise ValueError(f"None of the {len(missing)} EEG channels has a position. {call}")
    if n_known == 1:
        raise ValueError(
            f"Found 1 channel with a position, and {list_names(missing)} without one: at least 2 "
            f"are needed to tell artifact from brain. {call}"
        )
    others = [name for name in missing if OTHER_TYPE.match(name)]
    if others:
        kind = f"If they are no EEG, set their type: {_name_types(others)}."
        call = kind if len(others) == len(missing) else f"{call} {kind}"
    warn(
        f"{list_names(missing)} will be left unchanged, for want of a position. {call}",
        RuntimeWarning,
    )


def check_parameters(strength: float, overlap: float) -> None:
    """Check the parameters of a denoiser that are numbers; ValueError or TypeError."""
    for name, value in (("strength", strength), ("overlap", overlap)):
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(f"{name} must be a number, found {value!r}.")
    if not 0 <= strength <= 1:
        raise ValueError(f"strength must be from 0 to 1, found {strength!r}.")
    if not 0 <= overlap < 1:
        raise ValueError(f"overlap must be from 0 to below 1, found {overlap!r}.")


def check_duration(seconds: float) -> None:
    """Warn when a recording is too short to learn filters from."""
    if seconds < FEWEST_SECONDS:
        warn(
            f"Found {seconds:.2g} s in all, and {FEWEST_SECONDS:g} s are needed to learn filters. "
            "Fit the denoiser on the recording that this is from, as in "
            "denoiser.fit(raw).transform(evoked), or do without filters: spatial=False.",
            RuntimeWarning,
        )


def _check_types(info: mne.Info) -> None:
    others = [name for name in info["ch_names"] if OTHER_TYPE.match(name)]
    if others:
        warn(
            f"{list_names(others)} will be denoised as EEG, and by their names are none. Set their "
            f"type: {_name_types(others)}.",
            RuntimeWarning,
        )


def _name_types(names: Sequence[str]) -> str:
    """Name the call that gives channels the types that their names tell."""
    known = {"eog": "eog", "ecg": "ecg", "ekg": "ecg", "emg": "emg"}
    types = {
        name: next(known[part] for part in known if part in name.lower()) for name in names[:3]
    }
    return f"inst.set_channel_types({types})"


def _check_channel_count(info: mne.Info, fewest: int, most: int) -> None:
    names = info["ch_names"]
    if len(names) < fewest:
        raise ValueError(
            f"Found {len(names)} EEG channel{'s' * (len(names) != 1)} "
            f"({', '.join(names) or 'none'}), and at least {fewest} are needed to tell artifact "
            "from brain. Name more in picks, or take good ones out of inst.info['bads']."
        )
    if len(names) > most:
        raise ValueError(
            f"Found {len(names)} EEG channels, and at most {most} are supported. Name fewer in "
            "picks, or keep some of them with inst.pick."
        )


def _check_sfreq(sfreq: float, lowest: float, highest: float) -> None:
    # Files store rates such as 99.9996 Hz for 100 Hz.
    if lowest * 0.999 <= sfreq <= highest * 1.001:
        return
    nearest = min(max(sfreq, lowest), highest)
    raise ValueError(
        f"The sampling rate is {sfreq:g} Hz, and {lowest:g} to {highest:g} Hz are supported. "
        f"Change it first, with raw.resample({nearest:g})."
    )


def _check_length(segments: Sequence[FloatArray], sfreq: float) -> None:
    longest = max((segment.shape[-1] for segment in segments), default=0)
    if longest < 2:
        raise ValueError(
            f"The longest span without a break has {longest} samples, and at least 2 are needed. "
            "Crop less (raw.crop), or remove some BAD and EDGE annotations "
            "(raw.annotations.delete)."
        )
    if longest / sfreq < SHORT:
        warn(
            f"The longest span without a break lasts {longest / sfreq:.2g} s, in which artifacts "
            "can hardly be recognised. Denoise the recording before it is cut, as in "
            "mne.Epochs(denoise(raw), ...).",
            RuntimeWarning,
        )


def _check_flat(segments: Sequence[FloatArray], info: mne.Info) -> None:
    ranges = np.max([_measure_range(segment) for segment in segments], axis=0)
    flat = ranges <= FLAT * ranges.max()
    names = [name for name, still in zip(info["ch_names"], flat, strict=True) if still]
    if ranges.max() == 0.0:
        raise ValueError(
            f"All {len(names)} EEG channels are flat, so there is nothing to denoise. Check the "
            "recording with raw.plot(), and name other channels in picks."
        )
    if names:
        warn(
            f"Flat throughout: {list_names(names)}. Mark them bad, with "
            f"inst.info['bads'] += {names!r}, or fill them in afterwards with "
            "inst.interpolate_bads().",
            RuntimeWarning,
        )


def _measure_range(segment: FloatArray) -> FloatArray:
    low, high = np.inf, -np.inf
    for _, piece in read_pieces(segment):
        low, high = np.minimum(low, piece.min(axis=1)), np.maximum(high, piece.max(axis=1))
    return np.asarray(high - low)


def _check_unit(segments: Sequence[FloatArray], sfreq: float) -> None:
    spread = _measure_spread(segments, max(2, round(sfreq)))
    if spread > TOO_LARGE:
        warn(
            f"The channels vary by {spread:.2g} V, so the data look like they are in microvolts. "
            "Turn them into volts: multiply by 1e-6, with "
            "raw.apply_function(lambda x: x * 1e-6).",
            RuntimeWarning,
        )
    elif 0.0 < spread < TOO_SMALL:
        warn(
            f"The channels vary by {spread:.2g} V, which is too little for EEG. If the data were "
            "divided by a million twice, multiply them by 1e6, with "
            "raw.apply_function(lambda x: x * 1e6).",
            RuntimeWarning,
        )


def _measure_spread(segments: Sequence[FloatArray], n_times: int) -> float:
    """Measure the median standard deviation in volts within pieces of ``n_times`` samples.

    Pieces are short, for the slow drift of an unfiltered recording may well reach millivolts.
    """
    places = [
        (segment, start)
        for segment in segments
        for start in range(0, segment.shape[-1] - 1, n_times)
    ]
    chosen = np.linspace(0, len(places) - 1, min(len(places), N_PIECES)).astype(int)
    pieces = (places[index] for index in chosen)  # the others are not read
    spreads = np.array([segment[:, a : a + n_times].std(axis=1) for segment, a in pieces])
    moving = spreads > FLAT * spreads.max()
    return float(np.median(spreads[moving])) if moving.any() else 0.0


def _check_projectors(info: mne.Info) -> None:
    pending = [proj["desc"] for proj in info["projs"] if not proj["active"]]
    if pending:
        warn(
            f"Projectors that are not applied yet: {list_names(pending)}. They would be estimated "
            "on other data than they meet after denoising. Apply them first, with "
            "inst.apply_proj(), or remove them with inst.del_proj().",
            RuntimeWarning,
        )


def _mention_lowpass(info: mne.Info) -> None:
    lowpass = info["lowpass"]
    if lowpass is not None and lowpass < MUSCLE_LOWPASS:
        logger.info(
            f"The recording is low-passed at {lowpass:g} Hz: activity of muscles, which lies "
            "mostly above, can hardly be recognised. Denoise before raw.filter where you can."
        )


def list_names(names: Sequence[str]) -> str:
    """List names, the first ten of many."""
    shown = ", ".join(names[:10])
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10} more"
