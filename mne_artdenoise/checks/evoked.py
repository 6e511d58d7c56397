"""Whether denoising left an evoked response as large and as late as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mne
import numpy as np
import numpy.typing as npt

from .._typing import FloatArray, IntArray
from ..comparison import Comparison, compare
from .quiet import find_calm
from .row import CheckRow, cannot_tell, judge

AMPLITUDE, LATENCY = 0.02, 0.004  # bias that is still good: relative, and seconds
FEWEST = 10  # trials without artifact that an average needs
AROUND = 0.01  # seconds on either side of the peak that count into its amplitude


@dataclass(frozen=True)
class Peak:
    """The largest deflection of an evoked response.

    Attributes
    ----------
    channel : str
        Where.
    amplitude : float
        Mean over 20 ms around the peak, in volts.
    latency : float
        In seconds, finer than the samples.
    """

    channel: str
    amplitude: float
    latency: float


def measure_peak(
    evoked: mne.Evoked,
    window: tuple[float, float],
    *,
    channel: str | None = None,
    sign: float | None = None,
) -> Peak:
    """Measure the peak of an evoked response.

    Parameters
    ----------
    evoked : mne.Evoked
        The response.
    window : tuple of (float, float)
        Seconds between which the peak is looked for. Fewer than three samples are a ValueError.
    channel : str | None
        Where; None is where the deflection is largest.
    sign : float | None
        1 for a positive peak, -1 for a negative one, None for the larger.

    Returns
    -------
    peak : Peak
        Where, when and how high.
    """
    picks = mne.pick_types(evoked.info, meg=False, eeg=True)
    inside = np.flatnonzero((evoked.times >= window[0]) & (evoked.times <= window[1]))
    if len(inside) < 3 or len(picks) == 0:
        raise ValueError(
            f"window {window!r} holds {len(inside)} samples of {len(picks)} EEG channels, and 3 "
            f"are needed: the response lasts from {evoked.times[0]:g} to {evoked.times[-1]:g} s."
        )
    row = picks if channel is None else np.array([evoked.ch_names.index(channel)])
    wave = evoked.data[row][:, inside]
    size = np.abs(wave) if sign is None else sign * wave
    where, when = np.unravel_index(int(size.argmax()), size.shape)
    whole = evoked.data[row[where]]
    middle = inside[when]
    near = np.abs(evoked.times - evoked.times[middle]) <= AROUND
    return Peak(
        evoked.ch_names[row[where]],
        float(whole[near].mean()),
        float(evoked.times[middle] + _find_top(whole, middle) / evoked.info["sfreq"]),
    )


def _find_top(wave: FloatArray, middle: int) -> float:
    """Find the top of the parabola through three samples, in samples from the middle one."""
    if not 0 < middle < len(wave) - 1:
        return 0.0
    left, top, right = wave[middle - 1 : middle + 2]
    bend = left - 2 * top + right
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend else 0.0


def check_evoked(
    before: Any,
    after: Any,
    events: IntArray | None = None,
    *,
    window: tuple[float, float] = (0.25, 0.5),
    truth: Any = None,
    tmin: float = -0.2,
    tmax: float = 0.8,
) -> CheckRow:
    """Check the largest peak of an evoked response, by its amplitude and its latency.

    Parameters
    ----------
    before, after : Raw | Epochs
        The recordings.
    events : ndarray, shape (n_events, 3) | None
        The stimuli, for a Raw.
    window : tuple of (float, float)
        Seconds after the stimulus between which the peak is looked for.
    truth : Raw | Epochs | None
        The clean recording, if it is known: all trials are compared with it. Without it, after is
        compared with before in the trials without artifact.
    tmin, tmax : float
        Start and end of the trials of a Raw in seconds; up to the stimulus is baseline.

    Returns
    -------
    row : CheckRow
        ``amplitude``: relative bias; ``latency``: bias in seconds; ``trials``.
    """
    name = "Evoked response"
    trials = [_cut_trials(x, events, tmin, tmax) for x in (before, after)]
    if truth is None:
        calm = _find_calm_trials(compare(*trials))
        if calm.sum() < FEWEST:
            return cannot_tell(name, f"Only {calm.sum()} trials are without artifact.")
        wanted, found = (some[calm].average() for some in trials)
        reference = "before, in trials without artifact"
    else:
        wanted = _cut_trials(truth, events, tmin, tmax).average()
        found = trials[1].average()
        reference = "the truth"
    peak = measure_peak(wanted, window)
    other = measure_peak(
        found, window, channel=peak.channel, sign=float(np.sign(peak.amplitude)) or None
    )
    amplitude = other.amplitude / peak.amplitude - 1 if peak.amplitude else 0.0
    latency = other.latency - peak.latency
    return CheckRow(
        name,
        judge(abs(amplitude) <= AMPLITUDE and abs(latency) <= LATENCY),
        f"The peak at {peak.channel}, {1e6 * peak.amplitude:.1f} µV at {1e3 * peak.latency:.0f} "
        f"ms, changed by {100 * amplitude:+z.1f} % and {1e3 * latency:+z.1f} ms against "
        f"{reference} ({found.nave} trials).",
        {"amplitude": float(amplitude), "latency": latency, "trials": float(found.nave)},
    )


def _cut_trials(inst: Any, events: IntArray | None, tmin: float, tmax: float) -> mne.BaseEpochs:
    if isinstance(inst, mne.BaseEpochs):
        return inst.copy().load_data().pick("eeg", exclude="bads")
    if events is None:
        raise ValueError("events are needed to cut trials out of a Raw: mne.find_events.")
    return mne.Epochs(
        inst,
        events,
        tmin=tmin,
        tmax=tmax,
        baseline=(None, 0.0) if tmin < 0 else None,
        picks=mne.pick_types(inst.info, meg=False, eeg=True),
        preload=True,
        verbose="ERROR",
    )


def _find_calm_trials(pair: Comparison) -> npt.NDArray[np.bool_]:
    """Find the trials without artifact, each judged as a whole."""
    return find_calm(pair, pair.before.shape[2])
