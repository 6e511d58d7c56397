"""A recording made up of brain, alpha, blinks, saccades and muscle, with its clean part known."""

from __future__ import annotations

import sys
from pathlib import Path

import mne
import numpy as np
from scipy.signal import butter, sosfiltfilt

SFREQ = 250.0
N_SOURCES, N_ALPHA = 80, 12


def read_directions(info: mne.Info) -> np.ndarray:
    """Read where the electrodes lie from the middle of the head: unit vectors, (n_channels, 3)."""
    picks = mne.pick_types(info, eeg=True)
    places = np.array([info["chs"][pick]["loc"][:3] for pick in picks]) - (0, 0, 0.04)
    return places / np.linalg.norm(places, axis=1, keepdims=True)


def spread(directions: np.ndarray, centre: tuple[float, ...], width: float) -> np.ndarray:
    """Weigh the electrodes by their angle to a source below a point of the scalp."""
    cosine = directions @ (np.asarray(centre) / np.linalg.norm(centre))
    return np.exp(-0.5 * (np.arccos(np.clip(cosine, -1, 1)) / width) ** 2)


def draw_pink(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Draw noise of deviation one whose amplitude falls with the root of the frequency."""
    spectrum = np.fft.rfft(rng.standard_normal(shape))
    spectrum /= np.sqrt(np.maximum(np.arange(spectrum.shape[-1]), 1.0))
    noise = np.fft.irfft(spectrum, n=shape[-1])
    return noise / noise.std(axis=-1, keepdims=True)


def draw_band(rng: np.random.Generator, n_times: int, band: tuple[float, float]) -> np.ndarray:
    """Draw band-limited noise of deviation one."""
    sos = butter(4, band, "bandpass", fs=SFREQ, output="sos")
    noise = sosfiltfilt(sos, rng.standard_normal(n_times))
    return noise / noise.std()


def draw_pulses(
    rng: np.random.Generator, n_times: int, per_minute: float, seconds: float
) -> np.ndarray:
    """Draw raised-cosine pulses of about unit height at random times."""
    pulse = np.hanning(round(seconds * SFREQ))
    n_pulses = max(2, round(per_minute * n_times / SFREQ / 60))
    train = np.zeros(n_times)
    starts = rng.choice(n_times - len(pulse), n_pulses, replace=False)
    for start, height in zip(starts, rng.uniform(0.7, 1.3, n_pulses), strict=True):
        train[start : start + len(pulse)] += height * pulse
    return train


def make_brain(rng: np.random.Generator, directions: np.ndarray, n_times: int) -> np.ndarray:
    """Make pink sources all over the head, some with alpha, shape (n_channels, n_times)."""
    sources = draw_pink(rng, (N_SOURCES, n_times))
    centres = rng.standard_normal((N_SOURCES, 3))
    centres[:N_ALPHA] = (0, -1, 0.3) + 0.4 * rng.standard_normal((N_ALPHA, 3))
    for source in sources[:N_ALPHA]:
        source += 1.5 * draw_band(rng, n_times, (8.5, 11.5))
    widths, signs = rng.uniform(0.5, 1.0, N_SOURCES), rng.choice([-1, 1], N_SOURCES)
    columns = zip(centres, widths, signs, strict=True)
    mixing = np.stack([sign * spread(directions, c, w) for c, w, sign in columns], axis=1)
    brain = mixing @ sources
    return 10e-6 * brain / brain.std() + 0.5e-6 * rng.standard_normal(brain.shape)


def make_eyes(
    rng: np.random.Generator, directions: np.ndarray, n_times: int
) -> tuple[np.ndarray, np.ndarray]:
    """Make blinks and saccades in the EEG, and in a vertical and a horizontal EOG channel."""
    front, left, right = (0, 1, -0.3), (-0.6, 0.8, -0.3), (0.6, 0.8, -0.3)
    blinks = 150e-6 * draw_pulses(rng, n_times, 15, 0.35)
    # The eyes stay where a saccade brought them; the amplifier's high-pass makes them drift back.
    jumps = np.zeros(n_times)
    turns = rng.choice(n_times, max(2, round(n_times / SFREQ / 3)), replace=False)
    jumps[turns] = rng.normal(0, 40e-6, len(turns))
    saccades = sosfiltfilt(butter(1, [0.3, 40], "bandpass", fs=SFREQ, output="sos"), jumps.cumsum())
    across = spread(directions, right, 0.5) - spread(directions, left, 0.5)
    eeg = np.outer(spread(directions, front, 0.6), blinks) + np.outer(across, saccades)
    return eeg, np.stack([1.5 * blinks, 2 * saccades]) + 3e-6 * draw_pink(rng, (2, n_times))


def make_muscles(rng: np.random.Generator, directions: np.ndarray, n_times: int) -> np.ndarray:
    """Make bursts of temporal, frontal and neck muscles, shape (n_channels, n_times)."""
    eeg = np.zeros((len(directions), n_times))
    for centre in [(-1, 0.3, 0), (1, 0.3, 0), (-0.7, 0.8, 0), (0.7, 0.8, 0), (0, -1, -0.3)]:
        bursts = draw_pulses(rng, n_times, 4, 2.0)
        for _ in range(2):  # fibres that fire apart, nearly at one place
            column = spread(directions, tuple(np.add(centre, 0.15 * rng.standard_normal(3))), 0.3)
            eeg += 20e-6 * np.outer(column, bursts * draw_band(rng, n_times, (20, 110)))
    return eeg


def simulate_recording(
    duration: float = 300.0, seed: int = 0
) -> tuple[mne.io.RawArray, mne.io.RawArray]:
    """Simulate 64 EEG and two EOG channels at 250 Hz, 0.5 to 100 Hz.

    Parameters
    ----------
    duration : float
        Length in seconds.
    seed : int
        Of everything but the electrodes.

    Returns
    -------
    raw, clean : mne.io.RawArray
        The recording, and the same without artifacts (its EOG channels are the recording's).
    """
    rng = np.random.default_rng(seed)
    names = mne.channels.make_standard_montage("biosemi64").ch_names
    info = mne.create_info([*names, "VEOG", "HEOG"], SFREQ, ["eeg"] * len(names) + ["eog"] * 2)
    info.set_montage("biosemi64")
    directions, n_times = read_directions(info), round(duration * SFREQ)
    brain = make_brain(rng, directions, n_times)
    eyes, eog = make_eyes(rng, directions, n_times)
    muscles = make_muscles(rng, directions, n_times)
    raws = [np.vstack([eeg, eog]) for eeg in (brain + eyes + muscles, brain)]
    raw, clean = (mne.io.RawArray(x, info, verbose=False) for x in raws)
    return tuple(x.filter(0.5, 100.0, picks=["eeg", "eog"], verbose=False) for x in (raw, clean))


def write_recordings(folder: Path, duration: float) -> None:
    """Write a recording, its clean part, and a second recording of the same person's head."""
    raw, clean = simulate_recording(duration, seed=0)
    new, _ = simulate_recording(duration, seed=1)
    for name, inst in {"raw": raw, "clean": clean, "new": new}.items():
        inst.save(folder / f"{name}_raw.fif", fmt="double", verbose="ERROR")


if __name__ == "__main__":
    write_recordings(Path(sys.argv[1]), float(sys.argv[2]))
