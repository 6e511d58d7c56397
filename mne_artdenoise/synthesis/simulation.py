"""A whole recording from a formula: brain, the artifacts in it, and both together, for any montage.

Not for training: what is true of real people is in the bank. It needs no data, so it is for first
steps, tests and teaching.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import mne
import numpy as np
from scipy.signal import butter, sosfilt

from .._compat import fill_doc
from .._typing import FloatArray, IntArray
from ..channels import find_positioned
from .headmodel import draw_eye_topographies, draw_muscle_topographies, project_dipole
from .mixing import mix_at_snr

Event: TypeAlias = tuple[float, float, str]  # onset and duration in seconds, what happens

BRAIN_RMS = 10e-6  # volts, over all channels and times
SENSOR_RMS = 0.7e-6
CORTEX = (
    np.array([0.0, 0.01, 0.045]),
    0.05,
    0.065,
)  # centre, least and largest distance, in metres
SKULL_BLUR = 0.03  # metres, for what the skull does to the field of a source
N_SOURCES, N_ALPHA = 40, 6

# Fp1, Fp2, F7, F8 of the adult template, in metres: eyes have their size there, whatever the
# montage.
FRONTAL = np.array(
    [[-0.031, 0.115, 0.028], [0.028, 0.115, 0.028], [-0.072, 0.073, 0.026], [0.071, 0.074, 0.025]]
)


@fill_doc
def simulate_raw(
    info: mne.Info,
    duration: float,
    *,
    artifacts: Sequence[str] = ("eye", "muscle"),
    snr_db: float | None = -3.0,
    rng: int | np.random.Generator | None = None,
) -> tuple[mne.io.RawArray, mne.io.RawArray, mne.io.RawArray]:
    """Simulate a recording of which brain and artifacts are known.

    Parameters
    ----------
    info : mne.Info
        Channels and sampling rate. All EEG channels need a position (else ValueError); channels of
        other types hold zeros.
    duration : float
        Length in seconds, 1 or more.
    artifacts : sequence of "eye" | "muscle"
        What is added to the brain: blinks and eye movements, bursts of facial and neck muscles.
        Each happens once or more; with none, the recording is the brain alone. Another kind is a
        ValueError that lists these.
    snr_db : float | None
        Power of the brain over power of all artifacts, in decibels, over all EEG channels and
        times. None leaves the artifacts as large as they are in people: blinks of 100 to 200 µV
        above the eyes.
    rng : int | Generator | None
        Seed or generator. The same seed gives the same bytes, and the same brain whatever the
        artifacts; None is different each time.

    Returns
    -------
    raw, truth, artifact : mne.io.RawArray
        The recording, its brain and its artifacts, in volts; the first is the sum of the others.
        ``raw`` and ``artifact`` have annotations ``"blink"``, ``"saccade"`` and ``"muscle"``.

    Notes
    -----
    Brain is 40 sources at the depth of the cortex with a spectrum that falls with frequency, six
    of posterior alpha that waxes and wanes, and noise of the sensors: about 10 µV.
    """
    keep = _check_request(info, duration, artifacts)
    positions = np.array([info["chs"][index]["loc"][:3] for index in keep])
    sfreq = float(info["sfreq"])
    n_times = round(duration * sfreq)
    # A generator for each part, drawn in a fixed order: what one part draws moves no other.
    seeds = np.random.default_rng(rng).integers(2**63, size=1 + len(MAKERS))
    truth = _make_brain(positions, n_times, sfreq, np.random.default_rng(seeds[0]))
    total: FloatArray = np.zeros_like(truth)
    events: list[Event] = []
    for seed, (kind, make) in zip(seeds[1:], MAKERS.items(), strict=True):
        if kind in artifacts:
            events += make(total, positions, sfreq, np.random.default_rng(seed))
    noisy: FloatArray = truth + total
    if artifacts and snr_db is not None:
        noisy, total = mix_at_snr(truth, total, snr_db)
    raw, clean, artifact = (_make_raw(x, keep, info) for x in (noisy, truth, total))
    onsets, durations, names = zip(*sorted(events), strict=True) if events else ((), (), ())
    for inst in (raw, artifact):
        inst.set_annotations(mne.Annotations(onsets, durations, names))
    return raw, clean, artifact


def _check_request(info: mne.Info, duration: float, artifacts: Sequence[str]) -> IntArray:
    """Give the indices of the EEG channels, or say what cannot be simulated."""
    if isinstance(artifacts, str):
        raise TypeError(f"artifacts must be a list of names, such as [{artifacts!r}], not one.")
    for kind in artifacts:
        if kind not in MAKERS:
            known = ", ".join(map(repr, MAKERS))
            raise ValueError(f"Unknown artifact {kind!r}. Known artifacts: {known}.")
    if not (np.isfinite(duration) and duration >= 1.0):
        raise ValueError(f"duration must be 1 second or more, got {duration!r}.")
    keep, missing = find_positioned(info)
    kinds = dict(zip(info["ch_names"], info.get_channel_types(), strict=True))
    lost = [name for name in missing if kinds[name] == "eeg"]
    if lost or len(keep) == 0:
        raise ValueError(
            f"EEG channels with positions are needed, and {', '.join(lost) or 'there are none'}"
            f"{' have none' if lost else ''}. Set them with info.set_montage."
        )
    return keep


def _make_raw(x: FloatArray, keep: IntArray, info: mne.Info) -> mne.io.RawArray:
    volts = np.zeros((len(info["ch_names"]), x.shape[-1]))
    volts[keep] = x
    return mne.io.RawArray(volts, info.copy(), verbose="error")


def _make_brain(
    positions: FloatArray, n_times: int, sfreq: float, rng: np.random.Generator
) -> FloatArray:
    centre, least, largest = CORTEX
    directions = rng.standard_normal((N_SOURCES, 3))
    directions[:, 2] = np.abs(directions[:, 2]) - 0.3  # the cortex lies above ears and neck
    directions[:N_ALPHA, 1] = -1.0 - np.abs(directions[:N_ALPHA, 1])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    places = centre + directions * rng.uniform(least, largest, (N_SOURCES, 1))
    # Pyramidal cells stand upright on a folded sheet: outwards, and somewhat to the side.
    moments = directions * rng.choice([-1.0, 1.0], (N_SOURCES, 1))
    moments += 0.5 * rng.standard_normal(moments.shape)
    maps = [
        project_dipole(positions, *dipole, SKULL_BLUR)
        for dipole in zip(places, moments, strict=True)
    ]
    waves = _draw_background(N_SOURCES, n_times, sfreq, rng)
    waves *= np.exp(rng.normal(0.0, 0.4, (N_SOURCES, 1)))
    waves[:N_ALPHA] += 1.5 * _draw_alpha(N_ALPHA, n_times, sfreq, rng)
    brain = np.array(maps).T @ waves
    brain *= BRAIN_RMS / np.sqrt(np.mean(brain**2))
    brain += SENSOR_RMS * rng.standard_normal(brain.shape)
    return np.asarray(brain)


def _draw_background(
    n_sources: int, n_times: int, sfreq: float, rng: np.random.Generator
) -> FloatArray:
    """Draw sources whose power falls with a power of frequency, of unit deviation."""
    slopes = rng.uniform(1.2, 2.0, (n_sources, 1))
    return _shape_noise(
        n_times, sfreq, lambda f: np.maximum(f, 0.7) ** (-slopes / 2) * (f > 0.1), n_sources, rng
    )


def _draw_alpha(n_sources: int, n_times: int, sfreq: float, rng: np.random.Generator) -> FloatArray:
    """Rhythm of one person around 10 Hz that comes and goes over seconds."""
    peak = rng.uniform(9.0, 11.0) + rng.normal(0.0, 0.2, (n_sources, 1))
    rhythm = _shape_noise(
        n_times, sfreq, lambda f: np.exp(-0.5 * ((f - peak) / 0.9) ** 2), n_sources, rng
    )
    # Alike at all sources, as the attention to the outside that it depends on. Cut from a wave of
    # twenty seconds more, for a second by itself would hold no change so slow.
    n_long = n_times + round(20 * sfreq)
    slow = _shape_noise(n_long, sfreq, lambda f: np.exp(-0.5 * (f / 0.12) ** 2), 1, rng)
    return np.asarray(rhythm * np.exp(0.7 * slow[:, :n_times]))


def _shape_noise(
    n_times: int,
    sfreq: float,
    shape: Callable[[FloatArray], FloatArray],
    n_waves: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Noise with a spectrum, shape (n_waves, n_times), each of unit deviation."""
    gains = shape(np.fft.rfftfreq(n_times, 1 / sfreq)[np.newaxis])
    waves = np.fft.irfft(np.fft.rfft(rng.standard_normal((n_waves, n_times))) * gains, n=n_times)
    waves /= np.maximum(waves.std(axis=-1, keepdims=True), 1e-30)
    return np.asarray(waves)


def _add_eye(
    total: FloatArray, positions: FloatArray, sfreq: float, rng: np.random.Generator
) -> list[Event]:
    """Add blinks and saccades of one person to ``total``, and tell where they are."""
    maps = draw_eye_topographies(np.vstack([FRONTAL, positions]), rng)
    blink = maps[0] / maps[0, :2].mean()
    turns = maps[1:] / np.abs(maps[1:, :4]).max(axis=1, keepdims=True)
    n_times = total.shape[-1]
    blinks, events = _draw_blinks(n_times, sfreq, rng)
    gaze, turned = _draw_gaze(n_times, sfreq, rng)
    total += np.outer(blink[4:], blinks) + turns[:, 4:].T @ gaze
    return events + turned


def _draw_blinks(
    n_times: int, sfreq: float, rng: np.random.Generator
) -> tuple[FloatArray, list[Event]]:
    """Lids that close fast and open slower, 10 to 20 times a minute, in volts above the eyes."""
    wave, events = np.zeros(n_times), []
    usual = rng.uniform(110e-6, 180e-6)  # of this person
    for onset, length in _draw_spans(n_times / sfreq, rng.uniform(10, 20), (0.2, 0.4), rng):
        times = np.arange(math.ceil(onset * sfreq), math.floor((onset + length) * sfreq) + 1)
        turn = rng.uniform(0.3, 0.45)
        phase = np.interp(
            (times / sfreq - onset) / length, [0.0, turn, 1.0], [0.0, np.pi, 2 * np.pi]
        )
        size = np.clip(usual * np.exp(rng.normal(0, 0.1)), 100e-6, 200e-6)
        wave[times] = size * (0.5 - 0.5 * np.cos(phase))
        events.append((onset, length, "blink"))
    return wave, events


def _draw_gaze(
    n_times: int, sfreq: float, rng: np.random.Generator
) -> tuple[FloatArray, list[Event]]:
    """Gaze that jumps and rests, right and up, in volts at the electrode that sees most of it."""
    spans = _draw_spans(n_times / sfreq, rng.uniform(20, 40), (0.03, 0.06), rng)
    rests = rng.normal(0.0, (25e-6, 12e-6), (len(spans), 2))
    levels = np.repeat(np.vstack([[0.0, 0.0], rests]), 2, axis=0)[
        1:-1
    ]  # before and after each jump
    corners = np.concatenate([[onset, onset + length] for onset, length in spans])
    time = np.arange(n_times) / sfreq
    gaze = np.array([np.interp(time, corners, level) for level in levels.T])
    # What an amplifier's high-pass makes of a gaze that rests.
    gaze = sosfilt(butter(1, 0.3, "highpass", fs=sfreq, output="sos"), gaze)
    return gaze, [(onset, length, "saccade") for onset, length in spans]


def _add_muscle(
    total: FloatArray, positions: FloatArray, sfreq: float, rng: np.random.Generator
) -> list[Event]:
    """Add bursts of two or three muscles to ``total``, and tell where they are."""
    n_times = total.shape[-1]
    n_units = rng.integers(2, 5, rng.integers(2, 4))
    muscles = [draw_muscle_topographies(positions, int(count), rng) for count in n_units]
    events: list[Event] = []
    for onset, length in _draw_spans(n_times / sfreq, rng.uniform(6, 10), (0.5, 3.0), rng):
        maps = muscles[rng.integers(len(muscles))]
        start, stop = round(onset * sfreq), min(round((onset + length) * sfreq), n_times)
        waves = _shape_noise(stop - start, sfreq, _shape_muscle, len(maps), rng)
        waves *= rng.dirichlet(np.ones(len(maps)))[:, np.newaxis] ** 0.5
        soft = np.linspace(0.0, length, stop - start)  # seconds since the onset
        edge = rng.uniform(0.1, 0.25)
        waves *= np.sin(0.5 * np.pi * np.clip(np.minimum(soft, length - soft) / edge, 0, 1)) ** 2
        total[:, start:stop] += rng.uniform(20e-6, 50e-6) * (maps.T @ waves)
        events.append((onset, length, "muscle"))
    return events


def _shape_muscle(frequency: FloatArray) -> FloatArray:
    """Spectrum of a muscle seen through skin: from 20 to about 100 Hz."""
    rise = 1 / (1 + (20.0 / np.maximum(frequency, 1e-3)) ** 6)
    return np.asarray(rise / (1 + (frequency / 100.0) ** 6))


def _draw_spans(
    duration: float, per_minute: float, lengths: tuple[float, float], rng: np.random.Generator
) -> list[tuple[float, float]]:
    """Onsets and lengths in seconds of one span or more that do not overlap and end in time."""
    count = max(1, round(duration * per_minute / 60))
    slot = duration / count
    spans = []
    for number in range(count):
        length = min(rng.uniform(*lengths), 0.9 * slot)
        spans.append((slot * number + rng.uniform(0, slot - length), length))
    return spans


# In an order that stays: a kind added at the end leaves the recordings of older seeds as they were.
MAKERS: dict[str, Callable[[FloatArray, FloatArray, float, np.random.Generator], list[Event]]] = {
    "eye": _add_eye,
    "muscle": _add_muscle,
}
