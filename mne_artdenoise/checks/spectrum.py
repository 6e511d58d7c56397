"""Whether denoising left the spectrum of the brain as it was."""

from __future__ import annotations

import numpy as np
from scipy.signal import welch

from .._typing import FloatArray
from ..comparison import Comparison
from .quiet import FEWEST, cut_quiet
from .regions import JUDGED, BoolArray, find_regions
from .row import CheckRow, cannot_tell, judge

BANDS = {
    "delta": (1.0, 4.0),
    "theta": (4.0, 8.0),
    "alpha": (8.0, 13.0),
    "beta": (13.0, 30.0),
    "gamma": (30.0, 45.0),
}
CHANGE = 0.05  # of the power of a band in a region, in seconds without artifact
SHOWN = ("delta", "gamma")  # but not judged: gaze and muscles are nowhere quite without
PEAK_SECONDS = 4.0
PEAK_BAND, FLOOR_BAND = (7.0, 13.0), (3.0, 30.0)
PEAK_HEIGHT = 1.5  # times the floor that a peak stands on
PEAK_SHIFT = 0.25  # hertz


def check_spectrum(pair: Comparison) -> CheckRow:
    """Check that power by band and region is as before, in seconds without artifact.

    Parameters
    ----------
    pair : Comparison
        What `compare` gave.

    Returns
    -------
    row : CheckRow
        ``"alpha, back"`` and so on: relative change of the power, -1 where all is gone. Judged are
        theta to beta at the centre and the back of the head, where muscles and eyes rest at times
        (Whitham et al. 2007, doi:10.1016/j.clinph.2007.04.027).
    """
    name = "Spectrum without artifact"
    pieces = list(cut_quiet(pair))
    regions = find_regions(pair)
    if len(pieces) < FEWEST or not regions:
        why = f"Only {len(pieces)} seconds are without artifact."
        return cannot_tell(name, why if regions else "No electrode has a position.")
    frequencies, old = _measure_power([before for before, _ in pieces], pair.signal.sfreq)
    _, new = _measure_power([after for _, after in pieces], pair.signal.sfreq)
    values = {}
    for band, (low, high) in BANDS.items():
        inside = (frequencies >= low) & (frequencies < high)
        for region, members in regions.items():
            first, second = (x[:, members][..., inside].sum(axis=(1, 2)) for x in (old, new))
            if (first > 0).all():
                # The median second: in some there is artifact nevertheless.
                values[f"{band}, {region}"] = float(np.median(second / first) - 1)
    judged = {
        key: value
        for key, value in values.items()
        if not key.startswith(SHOWN) and key.rpartition(" ")[2] in JUDGED
    }
    if not judged:
        return cannot_tell(name, "No electrode lies at the centre or the back of the head.")
    worst = max(judged, key=lambda key: abs(judged[key]))
    return CheckRow(
        name,
        judge(abs(values[worst]) <= CHANGE),
        f"In the median of {len(pieces)} seconds without artifact, power changed by at most "
        f"{100 * values[worst]:+z.1f} % ({worst}).",
        values,
    )


def _measure_power(pieces: list[FloatArray], sfreq: float) -> tuple[FloatArray, FloatArray]:
    """Measure the power of each piece, shape (n_pieces, n_channels, n_frequencies)."""
    frequencies, power = welch(np.array(pieces), fs=sfreq, nperseg=pieces[0].shape[1])
    return frequencies, power


def check_alpha_peak(pair: Comparison) -> CheckRow:
    """Check that the alpha peak at the back of the head is as high, and where it was.

    Parameters
    ----------
    pair : Comparison
        What `compare` gave.

    Returns
    -------
    row : CheckRow
        ``frequency before``, ``frequency after`` in hertz, ``change``: of the power from 8 to 13
        Hz, relative. A recording without a peak between 7 and 13 Hz cannot tell.
    """
    name = "Alpha peak"
    regions = find_regions(pair)
    members = regions.get("back", np.ones(pair.signal.n_channels, dtype=bool))
    spectra = [_measure_back(pair, x, members) for x in (pair.before, pair.after)]
    peaks = [find_peak(*spectrum) for spectrum in spectra]
    if peaks[0] is None:
        return cannot_tell(name, "There is no alpha peak before.")
    if peaks[1] is None:
        return CheckRow(name, "doubtful", f"The alpha peak at {peaks[0]:.1f} Hz is gone.")
    inside = (spectra[0][0] >= 8.0) & (spectra[0][0] <= 13.0)
    change = float(spectra[1][1][inside].sum() / spectra[0][1][inside].sum() - 1)
    return CheckRow(
        name,
        judge(abs(peaks[1] - peaks[0]) <= PEAK_SHIFT and abs(change) <= CHANGE),
        f"The alpha peak is at {peaks[0]:.1f} Hz before and {peaks[1]:.1f} Hz after; power from 8 "
        f"to 13 Hz changed by {100 * change:+z.1f} %.",
        {"frequency before": peaks[0], "frequency after": peaks[1], "change": change},
    )


def _measure_back(
    pair: Comparison, x: FloatArray, members: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Power over the channels of a region, with a resolution that a peak needs."""
    spans = pair.cut(x)
    longest = max(span.shape[1] for span in spans)
    length = min(round(PEAK_SECONDS * pair.signal.sfreq), longest)
    spans = [span[members] for span in spans if span.shape[1] >= length]
    found = [welch(span, fs=pair.signal.sfreq, nperseg=length) for span in spans]
    weights = [span.shape[1] for span in spans]
    power = np.average([power.mean(axis=0) for _, power in found], axis=0, weights=weights)
    return found[0][0], power


def find_peak(frequencies: FloatArray, power: FloatArray) -> float | None:
    """Find the frequency of the alpha peak in hertz, or None where nothing stands out.

    Parameters
    ----------
    frequencies, power : ndarray, shape (n_frequencies,)
        A spectrum. Its floor is a power law through what lies around alpha.
    """
    inside = (frequencies >= PEAK_BAND[0]) & (frequencies <= PEAK_BAND[1])
    around = (frequencies >= FLOOR_BAND[0]) & (frequencies <= FLOOR_BAND[1]) & ~inside
    if inside.sum() < 3 or around.sum() < 3 or not (power[around | inside] > 0).all():
        return None
    slope, level = np.polyfit(np.log(frequencies[around]), np.log(power[around]), 1)
    height = power[inside] / np.exp(level + slope * np.log(frequencies[inside]))
    top = int(height.argmax())
    if height[top] < PEAK_HEIGHT or top in (0, len(height) - 1):
        return None
    # The top of the parabola through three points: finer than the steps of a spectrum.
    left, middle, right = np.log(height[top - 1 : top + 2])
    shift = 0.5 * (left - right) / (left - 2 * middle + right)
    step = float(frequencies[1] - frequencies[0])
    return float(frequencies[inside][top] + shift * step)
