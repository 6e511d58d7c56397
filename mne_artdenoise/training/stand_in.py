"""A small bank from formulas, for runs that must work without data: smoke tests and first steps."""

from __future__ import annotations

import mne
import numpy as np

from .._typing import FloatArray
from ..channels import THIRTY, find_positions
from ..synthesis.bank import Bank, CleanRecording, Source
from ..synthesis.simulation import simulate_raw

PEOPLE = 3
SECONDS = 20.0
SFREQ = 256.0


def make_stand_in_bank(seed: int = 0) -> Bank:
    """Make a bank of simulated people; two seeds are different people.

    Parameters
    ----------
    seed : int
        Seed.

    Returns
    -------
    bank : Bank
        At 256 Hz and thirty channels: brain, and sources of the eye, muscles, heart and motion.
    """
    info = mne.create_info(list(THIRTY), SFREQ, "eeg")
    positions = find_positions(THIRTY)
    for channel, position in zip(info["chs"], positions, strict=True):
        channel["loc"][:3] = position
    clean, sources = [], []
    for person in range(PEOPLE):
        rng = np.random.default_rng((seed, person))
        name = f"simulated-{seed}-{person}"
        brain = simulate_raw(info, SECONDS, artifacts=(), rng=rng)[1].get_data()
        clean.append(CleanRecording(name, THIRTY, positions, brain.astype(np.float32)))
        eye = simulate_raw(info, SECONDS, artifacts=("eye",), rng=rng)[2].get_data(["Fp1"])[0]
        muscle = simulate_raw(info, SECONDS, artifacts=("muscle",), rng=rng)[2].get_data()
        liveliest = muscle[np.argmax(muscle.std(axis=1))]
        waves = {
            "eye": eye,
            "muscle": liveliest,
            "heart": make_beats(rng),
            "motion": make_sway(rng),
        }
        sources += [Source(name, kind, wave.astype(np.float32)) for kind, wave in waves.items()]
    return Bank(SFREQ, tuple(clean), tuple(sources))


def make_beats(rng: np.random.Generator) -> FloatArray:
    """Spikes of a heart, about one in a second."""
    time = np.arange(round(SECONDS * SFREQ)) / SFREQ
    beats = np.cumsum(rng.normal(0.85, 0.05, round(2 * SECONDS)))
    return np.asarray(np.exp(-0.5 * ((time[:, None] - beats) / 0.02) ** 2).sum(axis=1))


def make_sway(rng: np.random.Generator) -> FloatArray:
    """Slow movement: noise under about 3 Hz."""
    n_times = round(SECONDS * SFREQ)
    frequency = np.fft.rfftfreq(n_times, 1 / SFREQ)
    spectrum = np.fft.rfft(rng.standard_normal(n_times)) * np.exp(-0.5 * (frequency / 1.5) ** 2)
    return np.asarray(np.fft.irfft(spectrum, n=n_times))
