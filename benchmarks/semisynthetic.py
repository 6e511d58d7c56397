"""Recordings with known truth, made of people and artifact sources that no training ever saw.

Real clean recordings of held-out people, plus real artifact sources of other held-out people at a
signal-to-artifact ratio of -3 dB (power above 1 Hz, over the whole recording and all channels), of
the average reference.
"eye" and "muscle" are waveforms of the everyday-artifact set through dipoles; "real eye" and "real
muscle" are back-projected independent components of raw recordings, with their own topographies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import mne
import numpy as np

from mne_artdenoise._typing import FloatArray
from mne_artdenoise.synthesis.bank import Bank, CleanRecording
from mne_artdenoise.synthesis.drawing import carry_maps
from mne_artdenoise.synthesis.headmodel import draw_eye_topographies, draw_muscle_topographies
from mne_artdenoise.synthesis.mixing import mix_at_snr

EIGHT = ("Fp1", "Fp2", "C3", "C4", "T3", "T4", "O1", "O2")
TEN_TWENTY = {"T7": "T3", "T8": "T4", "P7": "T5", "P8": "T6"}
MICROVOLTS = 12.0  # root mean square of the clean signal
# Mains, dead channels and unstable people apart: see the data's notes on S004 and S079.
CLEAN_64 = ("S001", "S002", "S003", "S004")


@dataclass(frozen=True)
class Case:
    """One recording with known truth; signals in volts, shape (n_channels, n_times)."""

    cell: str
    subject: str
    clean: FloatArray
    artifact: FloatArray
    info: mne.Info

    @property
    def noisy(self) -> FloatArray:
        """What a recording would hold, in volts."""
        return self.clean + self.artifact


def make_cases(
    bank: Bank, *, snr_db: float = -3.0, seconds: float = 120.0, seed: int = 1
) -> Iterator[Case]:
    """Every cell of the quality table, over all held-out people of the bank."""
    small = [item for item in bank.clean if item.subject.startswith("Subject")]
    large = [item for item in bank.clean if item.subject in CLEAN_64]
    for index, item in enumerate(small):
        rng = np.random.default_rng((seed, index))
        for n_channels, names in ((19, item.ch_names), (8, EIGHT)):
            part = pick_recording(item, names, seconds, bank.sfreq)
            eye, muscle = make_eye(bank, part, 1, rng), make_muscle(bank, part, 1, 1, rng)
            both = eye / eye.std() + muscle / muscle.std()
            parts = {"eye": eye, "muscle": muscle, "both": both}
            if n_channels == 19:
                parts |= {"clean": np.zeros_like(eye)}
                parts |= {"eye x3": make_eye(bank, part, 3, rng)}
                parts |= {"muscle x6": make_muscle(bank, part, 2, 3, rng)}
                for kind in ("eye", "muscle"):
                    real = make_real(bank, kind, part, index)
                    parts |= {f"real {kind}": real} if real is not None else {}
            yield from make_cells(f"{n_channels}", part, parts, snr_db, bank.sfreq)
    for index, item in enumerate(large):
        rng = np.random.default_rng((seed, 100 + index))
        part = pick_recording(item, item.ch_names, 60.0, bank.sfreq)
        parts = {"eye": make_eye(bank, part, 1, rng), "muscle": make_muscle(bank, part, 1, 1, rng)}
        real = make_real(bank, "eye", part, index, avoid=item.subject, dense=True)
        yield from make_cells("64", part, parts | {"real eye": real}, snr_db, bank.sfreq)


def make_cells(
    size: str, part: CleanRecording, parts: dict[str, FloatArray], snr_db: float, sfreq: float
) -> Iterator[Case]:
    """Mix one recording with each artifact; "clean" stays without."""
    info = mne.create_info(list(part.ch_names), sfreq, "eeg")
    montage = dict(zip(part.ch_names, part.positions.astype(float), strict=True))
    info.set_montage(mne.channels.make_dig_montage(montage, coord_frame="head"))
    # Both of the average reference: artifacts from a head model are seen from infinity, and what
    # ICA takes off a recording of another reference would be without its mean.
    clean = take_high_pass(part.signal - part.signal.mean(axis=0), sfreq)
    for kind, artifact in parts.items():
        scaled = take_high_pass(artifact - artifact.mean(axis=0), sfreq)
        if kind != "clean":
            _, scaled = mix_at_snr(clean, scaled, snr_db)
        yield Case(f"{size} {kind}", part.subject, clean, scaled, info)


def take_high_pass(x: FloatArray, sfreq: float) -> FloatArray:
    """High-pass at 1 Hz, as ICA and ICLabel want it: no method is judged below."""
    return np.asarray(mne.filter.filter_data(x, sfreq, 1.0, None, verbose="error"))


def pick_recording(
    item: CleanRecording, names: tuple[str, ...], seconds: float, sfreq: float
) -> CleanRecording:
    """Take some channels of a recording, and no more than its first seconds."""
    which = [item.ch_names.index(name) for name in names]
    stop = round(seconds * sfreq)
    signal = item.signal[which, :stop].astype(float)
    # Back-projected components come in ICA's own unit: every recording is given a usual size.
    signal *= MICROVOLTS * 1e-6 / signal.std()
    return CleanRecording(item.subject, tuple(names), item.positions[which], signal)


def make_eye(bank: Bank, part: CleanRecording, rank: int, rng: np.random.Generator) -> FloatArray:
    """Blinks; with rank 3 also weaker movements to the side and up, of unseen waveforms."""
    maps = draw_eye_topographies(part.positions, rng)[:rank]
    n_times = part.signal.shape[1]
    waves = np.array([draw_long_wave(bank, "eye", n_times, rng) for _ in maps])
    artifact: FloatArray = (maps * np.array([[1.0], [0.5], [0.4]])[:rank]).T @ waves
    return artifact


def make_muscle(
    bank: Bank, part: CleanRecording, n_muscles: int, n_units: int, rng: np.random.Generator
) -> FloatArray:
    """Muscles of some motor units each, of unseen waveforms."""
    n_times = part.signal.shape[1]
    total = np.zeros(part.signal.shape)
    for _ in range(n_muscles):
        maps = draw_muscle_topographies(part.positions, n_units, rng)
        waves = np.array([draw_long_wave(bank, "muscle", n_times, rng) for _ in maps])
        total += maps.T @ (waves * np.array([[1.0], [0.6], [0.4]])[:n_units])
    return total


def make_real(
    bank: Bank, kind: str, part: CleanRecording, index: int, avoid: str = "", dense: bool = False
) -> FloatArray | None:
    """Repeat components of a real recording of another person to length, others for each index."""
    fields = [item for item in bank.fields if item.kind == kind and item.subject != avoid]
    fields = [item for item in fields if (len(item.ch_names) > 30) or not dense]
    fields = [item for item in fields if not (dense and item.subject.startswith("co2"))]
    if not fields:
        return None
    item = fields[index % len(fields)]
    n_times = part.signal.shape[1]
    sources = np.array([np.resize(source, n_times) for source in item.sources], dtype=float)
    artifact: FloatArray = carry_maps(item.maps, item.positions, part.positions).T @ sources
    return artifact


def draw_long_wave(bank: Bank, kind: str, n_times: int, rng: np.random.Generator) -> FloatArray:
    """Join the sources of one kind in random order, each of unit deviation, from a random place."""
    sources = [item.signal for item in bank.sources if item.kind == kind]
    order = rng.permutation(len(sources))
    wave = np.concatenate([sources[k] / sources[k].std() for k in order])
    return np.resize(np.roll(wave, -int(rng.integers(len(wave)))), n_times).astype(float)
