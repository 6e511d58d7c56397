"""Recordings with known truth for the cells of the grid, of people that no training saw.

Up to 64 channels the clean part is a real recording of a held-out person. At 128, and where there
is no bank, it is a simulated brain. Eyes and muscles are real in two ways that take turns from
person to person: waveforms of held-out people through dipoles of a head model, and components of
raw recordings of other held-out people with their own topographies. The heart is a held-out
person's electrocardiogram; electrodes, motion and line come from formulas.

Recordings have the average reference; with fewer than eight channels that of the larger montage
they were taken from, as an average over two would leave one signal. All is high-passed at 1 Hz.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import mne
import numpy as np
from grid import Cell
from semisynthetic import (
    CLEAN_64,
    EIGHT,
    MICROVOLTS,
    draw_long_wave,
    make_muscle,
    make_real,
    take_high_pass,
)

from mne_artdenoise._typing import FloatArray
from mne_artdenoise.synthesis.artifacts import GROUPS, make_artifact
from mne_artdenoise.synthesis.bank import Bank, CleanRecording
from mne_artdenoise.synthesis.brain import make_brain
from mne_artdenoise.synthesis.electrodes import Electrodes
from mne_artdenoise.synthesis.headmodel import draw_eye_topographies, draw_heart_topography
from mne_artdenoise.synthesis.mixing import mix_at_snr

SFREQ = 200.0
PARTS = ("eye", "muscle", "heart", "electrode", "motion", "line")
MIXED = {"both": PARTS[:2], "all": PARTS, "none": ()}
FORMULAS = {"electrode": "channel"}  # groups of other names in the package
SUBSETS = {
    2: ("Fp1", "Fp2"),
    4: ("Fp1", "Fp2", "T5", "T6"),
    8: EIGHT,
    32: (
        *("Fp1", "AF3", "F7", "F3", "FC1", "FC5", "T7", "C3", "CP1", "CP5", "P7", "P3", "Pz"),
        *("PO3", "O1", "Oz", "O2", "PO4", "P4", "P8", "CP6", "CP2", "C4", "T8", "FC6", "FC2"),
        *("F4", "F8", "AF4", "Fp2", "Fz", "Cz"),
    ),
}
SIMULATED_PEOPLE = 4
FADE = 1.0  # seconds over which two runs of a person are joined
LEAK = 0.3  # of the brain at the forehead, that electrooculograms record, too
EOG_NOISE = 3e-6  # volts


@dataclass(frozen=True)
class Case:
    """One recording with known truth; signals in volts, shape (n_channels, n_times).

    ``eog`` holds two electrooculograms, where eyes move.
    """

    cell: Cell
    subject: str
    clean: FloatArray
    artifact: FloatArray
    eog: FloatArray | None
    info: mne.Info

    @property
    def noisy(self) -> FloatArray:
        """What a recording would hold, in volts."""
        return self.clean + self.artifact

    def make_raw(self, eog: bool = False) -> mne.io.RawArray:
        """Make the recording, with its electrooculograms or without."""
        if not eog:
            return mne.io.RawArray(self.noisy, self.info)
        others = mne.create_info(["VEOG", "HEOG"], self.info["sfreq"], "eog")
        raw = mne.io.RawArray(self.noisy, self.info)
        return raw.add_channels([mne.io.RawArray(self.eog, others)], force_update_info=True)


def count_people(cell: Cell, bank: Bank | None) -> int:
    """Count the people of a cell."""
    if bank is None or cell.n_channels == 128:
        return SIMULATED_PEOPLE
    return len(list_people(cell, bank))


def list_people(cell: Cell, bank: Bank) -> list[str]:
    """List the people whose clean recordings a cell is made of."""
    names = dict.fromkeys(item.subject for item in bank.clean)
    large = cell.n_channels > 19
    return [name for name in names if (name in CLEAN_64 if large else name.startswith("Subject"))]


def make_case(cell: Cell, number: int, bank: Bank | None) -> Case:
    """Make the recording of one person for a cell; the same each time."""
    if bank is None or cell.n_channels == 128:
        clean = simulate_clean(cell.n_channels, number, cell.seconds)
        names = clean.ch_names
    else:
        clean = read_clean(bank, list_people(cell, bank)[number], cell.seconds)
        names = SUBSETS.get(cell.n_channels, clean.ch_names)
    kinds = MIXED.get(cell.kind, (cell.kind,))
    made = {kind: make_part(kind, clean, number, bank) for kind in kinds}
    total = np.zeros(clean.signal.shape)
    for x, _ in made.values():
        x = take_high_pass(x - x.mean(axis=0), SFREQ)
        total += x / x.std()
    signal, total = (refer(x, clean.ch_names, names) for x in (clean.signal, total))
    signal = take_high_pass(signal, SFREQ)
    if kinds:
        _, total = mix_at_snr(signal, total, cell.snr_db)
    eog = make_eog(clean, made["eye"][1], number) if "eye" in made else None
    return Case(cell, clean.subject, signal, total, eog, describe(clean, names))


def refer(x: FloatArray, ch_names: tuple[str, ...], names: tuple[str, ...]) -> FloatArray:
    """Take channels out of a montage, in the average reference; few keep that of the montage."""
    which = [ch_names.index(name) for name in names]
    over = which if len(which) >= 8 else list(range(len(x)))
    return np.asarray(x[which] - x[over].mean(axis=0))


def describe(clean: CleanRecording, names: tuple[str, ...]) -> mne.Info:
    """Describe some channels of a recording."""
    places = dict(zip(clean.ch_names, clean.positions.astype(float), strict=True))
    info = mne.create_info(list(names), SFREQ, "eeg")
    montage = mne.channels.make_dig_montage({n: places[n] for n in names}, coord_frame="head")
    return info.set_montage(montage)


def read_clean(bank: Bank, subject: str, seconds: float) -> CleanRecording:
    """Take the first seconds of a person's runs, one faded into the next."""
    runs = [item for item in bank.clean if item.subject == subject]
    signal, n_fade, n_times = runs[0].signal.astype(float), round(FADE * SFREQ), seconds * SFREQ
    rise = np.linspace(0, 1, n_fade)
    for run in runs[1:]:
        if signal.shape[1] >= n_times:
            break
        more = run.signal * (signal.std() / run.signal.std())
        seam = signal[:, -n_fade:] * (1 - rise) + more[:, :n_fade] * rise
        signal = np.hstack([signal[:, :-n_fade], seam, more[:, n_fade:]])
    if signal.shape[1] < n_times:
        raise ValueError(f"{subject} has {signal.shape[1] / SFREQ} s, and {seconds} s are needed.")
    signal = signal[:, : round(n_times)]
    signal *= MICROVOLTS * 1e-6 / signal.std()
    return CleanRecording(subject, runs[0].ch_names, runs[0].positions, signal)


def simulate_clean(n_channels: int, number: int, seconds: float) -> CleanRecording:
    """Simulate the brain of a person, at electrodes that lie evenly over the head."""
    known = mne.channels.get_builtin_montages()  # MNE 1.13 renamed it: same positions
    name = "colin27_1005" if "colin27_1005" in known else "standard_1005"
    montage = mne.channels.make_standard_montage(name)
    info = mne.create_info(montage.ch_names, SFREQ, "eeg").set_montage(montage)
    places = np.array([ch["loc"][:3] for ch in info["chs"]])
    chosen = choose_evenly(places, n_channels)
    names = tuple(montage.ch_names[k] for k in chosen)
    electrodes = Electrodes(names, places[chosen], SFREQ)
    rng = np.random.default_rng((2, number))
    signal = make_brain(electrodes, round(seconds * SFREQ), rng)
    signal = signal - signal.mean(axis=0)
    signal *= MICROVOLTS * 1e-6 / signal.std()
    return CleanRecording(f"simulated-{number}", names, places[chosen], signal)


def choose_evenly(places: FloatArray, n: int) -> list[int]:
    """Choose places far from one another, from the first on."""
    chosen = [0]
    away = np.linalg.norm(places - places[0], axis=1)
    while len(chosen) < n:
        chosen.append(int(away.argmax()))
        away = np.minimum(away, np.linalg.norm(places - places[chosen[-1]], axis=1))
    return chosen


def make_part(
    kind: str, clean: CleanRecording, number: int, bank: Bank | None
) -> tuple[FloatArray, FloatArray]:
    """Make one kind of artifact of any size, and the waveforms of eyes."""
    rng = np.random.default_rng((3, number, crc32(kind.encode())))
    n_times = clean.signal.shape[1]
    if bank is not None and kind in ("eye", "muscle") and number % 2 and len(clean.signal) < 128:
        dense = len(clean.signal) > 19
        real = make_real(bank, kind, clean, number, avoid=clean.subject, dense=dense)
        return real, take_two_waves(real)
    if bank is not None and kind == "eye":
        waves = np.array([draw_long_wave(bank, "eye", n_times, rng) for _ in range(3)])
        waves *= np.array([[1.0], [0.5], [0.4]])
        eye = draw_eye_topographies(clean.positions, rng).T @ waves
        return eye, waves[:2]
    if bank is not None and kind == "muscle":
        return make_muscle(bank, clean, 2, 3, rng), np.zeros((0, n_times))
    if bank is not None and kind == "heart":
        wave = draw_heart(bank, clean.subject, n_times, rng)
        return np.outer(draw_heart_topography(clean.positions, rng), wave), np.zeros((0, n_times))
    electrodes = Electrodes(clean.ch_names, clean.positions.astype(float), SFREQ)
    group = GROUPS[FORMULAS.get(kind, kind)]
    total = sum(make_artifact(name, electrodes, n_times, rng) for name in group)
    return np.asarray(total), take_two_waves(np.asarray(total))


def draw_heart(bank: Bank, avoid: str, n_times: int, rng: np.random.Generator) -> FloatArray:
    """Draw the electrocardiogram of another held-out person, repeated to length."""
    hearts = [x.signal for x in bank.sources if x.kind == "heart" and x.subject != avoid]
    return np.resize(hearts[int(rng.integers(len(hearts)))], n_times).astype(float)


def take_two_waves(artifact: FloatArray) -> FloatArray:
    """Take the two strongest waveforms of an artifact."""
    values, vectors = np.linalg.eigh(artifact @ artifact.T)
    return np.asarray(vectors[:, -2:].T @ artifact) if len(values) else artifact


def make_eog(clean: CleanRecording, waves: FloatArray, number: int) -> FloatArray:
    """Make two electrooculograms: eyes mixed, brain of the forehead, noise.

    They see no muscle and no loose electrode, so what is regressed on them is an upper bound.
    """
    rng = np.random.default_rng((4, number))
    mixing = np.array([[1.0, 0.3], [0.3, 1.0]])
    eyes = take_high_pass(mixing @ (waves / waves.std(axis=1, keepdims=True)), SFREQ)
    forehead = np.argsort(-clean.positions[:, 1])[:2]
    brain = LEAK * take_high_pass(clean.signal[forehead], SFREQ)
    return np.asarray(100e-6 * eyes + brain + EOG_NOISE * rng.standard_normal(brain.shape))
