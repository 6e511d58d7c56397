"""What a model expects of a recording, told with the MNE call that sets it right."""

from __future__ import annotations

from collections.abc import Sequence

import mne
import numpy as np

from mne_artdenoise._compat import logger, warn
from mne_artdenoise._typing import FloatArray

# The scalp shows 1 to 100 microvolts. Beyond these standard deviations (volts) the unit is wrong.
TOO_LARGE = 1e-3
TOO_SMALL = 1e-9

# Rounding of a filter or a reference leaves a flat channel this far below the largest one.
FLAT = 1e-9

# Below this low-pass edge (hertz) little of the activity of muscles is left to recognise.
MUSCLE_LOWPASS = 30.0

# A hundred pieces of a second tell the unit of a recording; more would only cost time.
N_PIECES = 100


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
    samples in a row, no position at all, no signal at all. What looks like an oversight is a
    RuntimeWarning: another unit than volts, some flat channels, some channels without a position,
    projectors that are not applied. Each names the MNE call that sets it right.
    """
    _check_channel_count(info, *n_channels)
    _check_sfreq(float(info["sfreq"]), *sfreq)
    _check_length(segments)
    _check_positions(info)
    _check_flat(segments, info)
    _check_unit(segments, float(info["sfreq"]))
    _check_projectors(info)
    _mention_lowpass(info)


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


def _check_length(segments: Sequence[FloatArray]) -> None:
    longest = max((segment.shape[-1] for segment in segments), default=0)
    if longest < 2:
        raise ValueError(
            f"The longest span without a break has {longest} samples, and at least 2 are needed. "
            "Crop less (raw.crop), or remove some BAD and EDGE annotations "
            "(raw.annotations.delete)."
        )


def _check_positions(info: mne.Info) -> None:
    # Not finite compares as False; the centre of the head stands for "not known".
    missing = [
        ch["ch_name"] for ch in info["chs"] if not 1e-3 < np.linalg.norm(ch["loc"][:3]) < np.inf
    ]
    if not missing:
        return
    call = "Set positions with inst.set_montage, for example inst.set_montage('biosemi64')."
    if len(missing) == len(info["ch_names"]):
        raise ValueError(f"None of the {len(missing)} EEG channels has a position. {call}")
    warn(
        f"{_list(missing)} will be left as they are, for they have no position. {call}",
        RuntimeWarning,
    )


def _check_flat(segments: Sequence[FloatArray], info: mne.Info) -> None:
    ranges = np.max([np.ptp(segment, axis=1) for segment in segments], axis=0)
    flat = ranges <= FLAT * ranges.max()
    names = [name for name, still in zip(info["ch_names"], flat, strict=True) if still]
    if ranges.max() == 0.0:
        raise ValueError(
            f"All {len(names)} EEG channels are flat, so there is nothing to denoise. Check the "
            "recording with raw.plot(), and name other channels in picks."
        )
    if names:
        warn(
            f"Flat throughout: {_list(names)}. Mark them bad, with "
            f"inst.info['bads'] += {names!r}, or fill them in afterwards with "
            "inst.interpolate_bads().",
            RuntimeWarning,
        )


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
    pieces = [
        segment[:, start : start + n_times]
        for segment in segments
        for start in range(0, segment.shape[-1] - 1, n_times)
    ]
    chosen = np.linspace(0, len(pieces) - 1, min(len(pieces), N_PIECES)).astype(int)
    spreads = np.array([pieces[index].std(axis=1) for index in chosen])
    moving = spreads > FLAT * spreads.max()
    return float(np.median(spreads[moving])) if moving.any() else 0.0


def _check_projectors(info: mne.Info) -> None:
    pending = [proj["desc"] for proj in info["projs"] if not proj["active"]]
    if pending:
        warn(
            f"Projectors that are not applied yet: {_list(pending)}. They would be estimated on "
            "other data than they meet after denoising. Apply them first, with inst.apply_proj(), "
            "or remove them with inst.del_proj().",
            RuntimeWarning,
        )


def _mention_lowpass(info: mne.Info) -> None:
    lowpass = info["lowpass"]
    if lowpass is not None and lowpass < MUSCLE_LOWPASS:
        logger.info(
            f"The recording is low-passed at {lowpass:g} Hz: activity of muscles, which lies "
            "mostly above, can hardly be recognised. Denoise before raw.filter where you can."
        )


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(names[:10])
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10} more"
