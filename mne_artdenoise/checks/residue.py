"""What denoising left of blinks and of muscles."""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, find_peaks, sosfiltfilt

from .._typing import FloatArray, IntArray
from ..channels import find_positioned, read_directions
from ..comparison import Comparison
from .row import CheckRow, cannot_tell, judge

BLINK_BAND = (1.0, 10.0)
BLINK_HEIGHT = 40e-6  # volts at the forehead, above 1 Hz
BLINK_SPREADS = 5.0  # and at least so many robust deviations
FEWEST_BLINKS = 3
HALF, NEAR = 0.5, 0.15  # seconds around a blink: of the average, and of its peak
BLINK_LEFT = 0.2

SLOPE_BAND = (7.0, 75.0)
STEEP = -0.59  # slope of a second above which it holds muscle (RELAX, Fitzgibbon et al. 2016)
MUSCLE_LEFT = 0.05  # share of seconds and channels


def find_forehead(pair: Comparison) -> IntArray:
    """Find the electrodes nearest to the eyes: up to two that are not dead, shape (n_found,)."""
    import mne

    keep, _ = find_positioned(pair.signal.info)
    if not len(keep):
        return keep
    right, front, up = read_directions(mne.pick_info(pair.signal.info, keep)).T
    toward = front - 0.3 * np.abs(up)
    size = pair.join(pair.before)[keep].std(axis=1)
    alive = size > 0.2 * np.median(size)
    order = np.argsort(np.where(alive & (front > 0.6), -toward, np.inf), kind="stable")
    found = [index for index in order if alive[index] and front[index] > 0.6]
    if not found:
        return keep[:0]
    other = [index for index in found if right[index] * right[found[0]] < 0]
    return np.asarray(keep[[found[0], *other[:1]]])


def find_blinks(pair: Comparison, rows: IntArray) -> list[tuple[int, int]]:
    """Find blinks in the recording before: (epoch, sample) of each peak.

    Parameters
    ----------
    pair : Comparison
        The recordings.
    rows : ndarray, shape (n_rows,)
        Channels at the forehead.
    """
    sfreq = pair.signal.sfreq
    sos = butter(2, BLINK_BAND, "bandpass", fs=sfreq, output="sos")
    waves = []
    for span in pair.cut(pair.before):
        mean = span[rows].mean(axis=0)
        waves.append(sosfiltfilt(sos, mean, padlen=min(round(sfreq), len(mean) - 1)))
    spread = 1.4826 * np.median(np.abs(np.concatenate(waves)))
    height = max(BLINK_HEIGHT, BLINK_SPREADS * spread)
    return [
        (epoch, start + int(peak))
        for (epoch, start, _), wave in zip(pair.signal.places, waves, strict=True)
        for peak in find_peaks(wave, height=height, distance=max(1, round(0.4 * sfreq)))[0]
    ]


def check_blinks(pair: Comparison) -> CheckRow:
    """Check what is left of the blinks, in their average.

    Parameters
    ----------
    pair : Comparison
        What `compare` gave.

    Returns
    -------
    row : CheckRow
        ``blinks``: how many; ``before``, ``after``: peak of their average at the forehead in volts;
        ``left``: its share.
    """
    name = "Blinks left"
    rows = find_forehead(pair)
    if not len(rows):
        return cannot_tell(name, "No electrode lies near the eyes.")
    half = round(HALF * pair.signal.sfreq)
    n_times = pair.before.shape[2]
    found = [
        (epoch, peak) for epoch, peak in find_blinks(pair, rows) if half <= peak < n_times - half
    ]
    if len(found) < FEWEST_BLINKS:
        return cannot_tell(name, f"Only {len(found)} blinks were found at the forehead.")
    before, after = (_measure_blink(x, found, rows, half, pair) for x in (pair.before, pair.after))
    left = after / before
    return CheckRow(
        name,
        judge(left <= BLINK_LEFT),
        f"Of the average of {len(found)} blinks, {1e6 * before:.0f} µV, {100 * left:.0f} % is "
        "left.",
        {"blinks": float(len(found)), "before": before, "after": after, "left": left},
    )


def _measure_blink(
    x: FloatArray, found: list[tuple[int, int]], rows: IntArray, half: int, pair: Comparison
) -> float:
    """Peak of the average at the forehead, against what comes just before, in volts."""
    cuts = [x[epoch, rows, peak - half : peak + half].mean(axis=0) for epoch, peak in found]
    average = np.mean(cuts, axis=0)
    near = round(NEAR * pair.signal.sfreq)
    base = average[: half - 2 * near].mean() if half > 2 * near else average[0]
    return float(np.abs(average[half - near : half + near + 1] - base).max())


def check_muscle(pair: Comparison) -> CheckRow:
    """Check in how much of the recording the spectrum still falls as slowly as a muscle's.

    Parameters
    ----------
    pair : Comparison
        What `compare` gave.

    Returns
    -------
    row : CheckRow
        ``before``, ``after``: share of seconds and channels whose log-log slope from 7 to 75 Hz
        lies above -0.59; ``top``: the highest frequency that the rate allows.

    Notes
    -----
    Mains frequencies are left out. The limit is RELAX's (Bailey et al. 2023,
    doi:10.1016/j.clinph.2023.01.017), after Fitzgibbon et al. 2016,
    doi:10.1016/j.clinph.2015.10.032.
    """
    name = "Muscle left"
    top = min(SLOPE_BAND[1], 0.45 * pair.signal.sfreq, float(pair.signal.info["lowpass"]))
    length = round(pair.signal.sfreq)
    if top < 2.5 * SLOPE_BAND[0] or all(stop - a < length for _, a, stop in pair.signal.places):
        return cannot_tell(name, f"The recording ends at {top:g} Hz, or lasts less than a second.")
    before, after = (_share_muscle(pair.cut(x), length, top) for x in (pair.before, pair.after))
    return CheckRow(
        name,
        judge(after <= max(MUSCLE_LEFT, 0.2 * before)),
        f"Muscle shows in {100 * before:.1f} % of seconds and channels before, in "
        f"{100 * after:.1f} % after (slope from {SLOPE_BAND[0]:g} to {top:g} Hz above {STEEP:g}).",
        {"before": before, "after": after, "top": top},
    )


def _share_muscle(spans: list[FloatArray], length: int, top: float) -> float:
    slopes = [
        measure_slopes(span[:, first : first + length], top)
        for span in spans
        for first in range(0, span.shape[1] - length + 1, length)
    ]
    return float(np.mean(np.concatenate(slopes) > STEEP))


def measure_slopes(x: FloatArray, top: float) -> FloatArray:
    """Measure the log-log slope of the power of a second, shape (n_channels,).

    Parameters
    ----------
    x : ndarray, shape (n_channels, n_times)
        One second; a flat channel has no slope, and gets minus infinity.
    top : float
        Highest frequency in hertz.
    """
    window = np.hanning(x.shape[1])
    spectrum = np.fft.rfft((x - x.mean(axis=1, keepdims=True)) * window)
    power: FloatArray = np.square(np.abs(spectrum))
    hertz: IntArray = np.arange(power.shape[1])  # of a second, whatever its rate
    mains = np.isin(hertz, [*range(48, 53), *range(58, 63)])
    used = (hertz >= SLOPE_BAND[0]) & (hertz <= top) & ~mains
    power = power[:, used]
    flat = np.asarray((power <= 0).any(axis=1))
    logs = np.log(np.where(flat[:, np.newaxis], 1.0, power))
    slopes = np.polyfit(np.log(hertz[used]), logs.T, 1)[0]
    return np.asarray(np.where(flat, -np.inf, slopes))
