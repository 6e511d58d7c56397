"""Responses that are known, with blinks locked to a third of the stimuli: amplitude and latency."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mne
import numpy as np
from peers import clean_with_ica

from mne_artdenoise import ArtifactDenoiser
from mne_artdenoise.checks import measure_peak
from mne_artdenoise.checks.evoked import Peak
from mne_artdenoise.synthesis import simulate_raw
from mne_artdenoise.synthesis.evoked import make_evoked_response
from mne_artdenoise.synthesis.ocular import make_blinks

RESPONSES = {"P300": (0.25, 0.5), "N170": (0.12, 0.22)}
N_TRIALS, SPACING = 60, 1.8
BLINK_AT = 0.35  # seconds after the stimulus, give or take 50 ms
Cleaner = Callable[[mne.io.BaseRaw], mne.io.BaseRaw]
Way = Callable[[mne.io.BaseRaw, mne.io.BaseRaw, np.ndarray], mne.io.BaseRaw]


@dataclass(frozen=True)
class Bias:
    """How far a response is from the truth: relative, and in milliseconds.

    ``calm`` is the relative one in the trials without a blink: what was taken from the brain.
    """

    amplitude: float
    latency: float
    calm: float


def tell_responses(info: mne.Info, denoise: Cleaner, n_seeds: int = 10) -> None:
    """Print the bias of each response for each way of cleaning."""
    ways: dict[str, Way] = {
        "as it is": lambda raw, truth, events: raw,
        "ICA + ICLabel": lambda raw, truth, events: clean_with_ica(raw),
        "regression on the true blinks, without the response": regress_on_truth,
        "this package": lambda raw, truth, events: denoise(raw),
        "this package, fitted without the response": (
            lambda raw, truth, events: denoise_without_response(raw, events)
        ),
    }
    found: dict[str, dict[str, list[Bias]]] = {c: {w: [] for w in ways} for c in RESPONSES}
    for component, window in RESPONSES.items():
        for seed in range(n_seeds):
            raw, truth, events = simulate_trials(info, component, seed)
            for name, clean in ways.items():
                bias = measure_bias(clean(raw.copy(), truth, events), truth, events, window)
                found[component][name].append(bias)
    tell_biases(found, n_seeds)


def denoise_without_response(raw: mne.io.BaseRaw, events: np.ndarray) -> mne.io.BaseRaw:
    """Learn what the artifact is from epochs without the average, and take it from all of it."""
    epochs = cut_trials(raw, events)
    return ArtifactDenoiser().fit(epochs.subtract_evoked()).transform(raw)


def regress_on_truth(
    raw: mne.io.BaseRaw, truth: mne.io.BaseRaw, events: np.ndarray
) -> mne.io.BaseRaw:
    """Regress the blinks out on their true time courses, which nobody knows.

    What is left of the bias is chance: brain that a few blinks happen to go with.
    """
    blinks = raw.get_data() - truth.get_data()
    _, sizes, courses = np.linalg.svd(blinks, full_matrices=False)
    wave = raw.copy()  # the time courses instead of the first channels
    n_courses = int((sizes > 1e-3 * sizes[0]).sum())
    wave._data[:] = 0.0
    wave._data[:n_courses] = 1e-4 * courses[:n_courses]
    x, known = (
        np.hstack(list(cut_trials(inst, events).subtract_evoked().get_data()))
        for inst in (raw, wave)
    )
    known = known[:n_courses]
    weights = x @ known.T @ np.linalg.inv(known @ known.T)
    clean = raw.copy()
    clean._data -= weights @ wave.get_data()[:n_courses]
    return clean


def cut_trials(inst: mne.io.BaseRaw, events: np.ndarray) -> mne.Epochs:
    """Cut trials as long as their spacing allows."""
    return mne.Epochs(inst, events, tmin=-0.2, tmax=1.4, baseline=None, preload=True)


def tell_biases(found: dict[str, dict[str, list[Bias]]], n_seeds: int) -> None:
    """Print biases: the largest of a seed says what may happen, the median what mostly does."""
    print(
        f"{n_seeds} simulated people, {N_TRIALS} trials each, a third of which have a blink about "
        f"{1e3 * BLINK_AT:.0f} ms after the stimulus. Bias of the peak of the average against that "
        "of the same trials without artifact, at the electrode where it is largest: size in the "
        "median and the worst of the people; last column: in the trials without a blink alone.\n"
    )
    print(
        "| way | response | amplitude: median, worst | latency: median, worst "
        "| amplitude in trials without a blink: median, worst |"
    )
    print("|---|---|---|---|---|")
    for component in found:
        for name, biases in found[component].items():
            amplitude, latency, calm = (
                np.array([getattr(bias, part) for bias in biases])
                for part in ("amplitude", "latency", "calm")
            )
            print(
                f"| {name} | {component} | {100 * np.median(np.abs(amplitude)):.1f} %, "
                f"{100 * amplitude[np.abs(amplitude).argmax()]:+.1f} % "
                f"| {np.median(np.abs(latency)):.1f} ms, "
                f"{latency[np.abs(latency).argmax()]:+.1f} ms "
                f"| {100 * np.median(np.abs(calm)):.1f} %, "
                f"{100 * calm[np.abs(calm).argmax()]:+.1f} % |",
                flush=True,
            )


def simulate_trials(
    info: mne.Info, component: str, seed: int
) -> tuple[mne.io.RawArray, mne.io.RawArray, np.ndarray]:
    """Simulate a recording with a response to each of 60 stimuli, and blinks to 20 of them."""
    rng = np.random.default_rng(seed)
    sfreq = info["sfreq"]
    _, truth, _ = simulate_raw(info, N_TRIALS * SPACING + 4, artifacts=(), rng=seed)
    onsets = np.round((2 + SPACING * np.arange(N_TRIALS) + rng.uniform(0, 0.3, N_TRIALS)) * sfreq)
    onsets = onsets.astype(int)
    times = np.arange(round(1.0 * sfreq)) / sfreq
    response = make_evoked_response(info, times, component=component)
    response = response - response.mean(axis=0)
    for onset in onsets:
        truth._data[:, onset : onset + len(times)] += response
    raw = truth.copy()
    blinked = rng.choice(onsets, N_TRIALS // 3, replace=False)
    raw._data += place_blinks(info, blinked, rng, raw)
    events = np.column_stack([onsets, 0 * onsets, np.isin(onsets, blinked) + 1])
    return raw, truth, events


def place_blinks(
    info: mne.Info, onsets: np.ndarray, rng: np.random.Generator, raw: mne.io.BaseRaw
) -> np.ndarray:
    """Put one blink of a person after each of these stimuli."""
    sfreq = info["sfreq"]
    blinks = make_blinks(info, round(240 * sfreq), rng)
    active = np.concatenate([[False], blinks.any(axis=0), [False]])
    turns = np.flatnonzero(active[1:] != active[:-1])
    total = np.zeros(raw.get_data().shape)
    for onset, start, stop in zip(onsets, turns[::2], turns[1::2], strict=False):
        blink = blinks[:, start:stop]
        top = int(np.abs(blink).max(axis=0).argmax())
        first = onset + round((BLINK_AT + rng.uniform(-0.05, 0.05)) * sfreq) - top
        total[:, first : first + blink.shape[1]] += blink
    return total - total.mean(axis=0)


def measure_bias(
    inst: mne.io.BaseRaw, truth: mne.io.BaseRaw, events: np.ndarray, window: tuple[float, float]
) -> Bias:
    """Measure the peak against that of the truth, at the electrode where the truth is largest."""
    wanted, found = measure_peaks(inst, truth, events, window)
    calm = measure_peaks(inst, truth, events[events[:, 2] == 1], window)
    return Bias(
        found.amplitude / wanted.amplitude - 1,
        1e3 * (found.latency - wanted.latency),
        calm[1].amplitude / calm[0].amplitude - 1,
    )


def measure_peaks(
    inst: mne.io.BaseRaw, truth: mne.io.BaseRaw, events: np.ndarray, window: tuple[float, float]
) -> tuple[Peak, Peak]:
    """Measure the peak of the truth and of a recording."""
    averages = [
        mne.Epochs(x, events, tmin=-0.2, tmax=0.8, baseline=(None, 0), preload=True).average()
        for x in (truth, inst)
    ]
    wanted = measure_peak(averages[0], window)
    sign = float(np.sign(wanted.amplitude))
    return wanted, measure_peak(averages[1], window, channel=wanted.channel, sign=sign)
