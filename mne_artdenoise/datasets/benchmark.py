"""The benchmark of EEGdenoiseNet: its split and ratios as published, and a split in blocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .._typing import FloatArray, IntArray
from ..synthesis.mixing import mix_at_snr
from .eegdenoisenet import EEGdenoiseNet

LEVELS = 10  # ratios of validation and test
Parts = list[tuple[IntArray, IntArray]]  # EEG and artifacts of training, validation and test


@dataclass(frozen=True, eq=False)
class EpochPairs:
    """Noisy and clean epochs of one part of a benchmark.

    Attributes
    ----------
    noisy, clean : ndarray, shape (n_pairs, n_times)
        Epochs as float32, divided by ``scale``.
    scale : ndarray, shape (n_pairs,)
        Standard deviation of the noisy epoch in volts: what it was divided by. Ones where nothing
        was divided.
    snr_db : ndarray, shape (n_pairs,)
        Ratio in decibels, in the benchmark's convention.
    eeg, artifact : ndarray, shape (n_pairs,)
        Which epochs of the set were mixed.
    """

    noisy: FloatArray
    clean: FloatArray
    scale: FloatArray
    snr_db: FloatArray
    eeg: IntArray
    artifact: IntArray


@dataclass(frozen=True, eq=False, repr=False)
class Benchmark:
    """Three parts, and what has to be said with every number that comes of them.

    Attributes
    ----------
    task : "eog" | "emg"
    protocol : "official" | "blocks"
    convention : "rms" | "power"
    snr_db : tuple of float
        Ends of the range of ratios in decibels, in this convention.
    sfreq : float
        Sampling rate in hertz.
    train, validation, test : EpochPairs
    """

    task: str
    protocol: str
    convention: str
    snr_db: tuple[float, float]
    sfreq: float
    train: EpochPairs
    validation: EpochPairs
    test: EpochPairs

    def __repr__(self) -> str:
        low, high = self.snr_db
        factor = 2 if self.convention == "rms" else 1
        sizes = " / ".join(str(len(p.snr_db)) for p in (self.train, self.validation, self.test))
        return (
            f"<Benchmark | {self.task}, {self.protocol} split, {low:g} to {high:g} dB of "
            f"{self.convention} ({factor * low:g} to {factor * high:g} dB of power), {sizes} pairs>"
        )


def make_benchmark(
    data: EEGdenoiseNet,
    task: str = "eog",
    *,
    protocol: str = "official",
    snr_db: tuple[float, float] = (-7.0, 2.0),
    convention: str = "rms",
    n_mixtures: int = 10,
    normalise: bool = True,
    rng: int | np.random.Generator | None = None,
) -> Benchmark:
    """Split the epochs and mix them, as the authors do or in blocks.

    Parameters
    ----------
    data : EEGdenoiseNet
        The epochs.
    task : "eog" | "emg"
        Which artifact is mixed in.
    protocol : "official" | "blocks"
        ``"official"``: both pools are shuffled; of EEG as many epochs are taken as there are
        artifacts (the muscle task repeats the first ones, all of them in training); then 80, 10
        and 10 % are for training, validation and test. No epoch is in two parts, but epochs of one
        recording are in all three. ``"blocks"``: each pool is cut in the order of its file, from a
        random place on and round its end, so that what neighbours there stays together; EEG and
        artifacts are cut each by itself, and the fewer of a part are repeated within it.
    snr_db : tuple of float
        Ends of the range of ratios in decibels: uniform in training, ten levels in the others.
    convention : "rms" | "power"
        What a decibel is, see :func:`~mne_artdenoise.synthesis.mixing.mix_at_snr`. The authors'
        -7 to 2 dB of ``"rms"`` are -14 to 4 dB of power.
    n_mixtures : int
        Times that each training epoch is mixed, with another partner each time; less than 1, like
        a protocol that is neither, is a ValueError.
    normalise : bool
        Whether noisy and clean are divided by the deviation of the noisy epoch, as the authors do.
    rng : int | Generator | None
        Seed or generator of splits, partners and ratios. The authors set no seed: the very split
        of their paper cannot be had.

    Returns
    -------
    benchmark : Benchmark
        Pairs of the three parts. Validation and test hold all their epochs at the first ratio,
        then all at the second, and so on.

    Notes
    -----
    The files do not say whose epoch is whose, so neither protocol can separate people. The scripts
    of the authors append recording to recording; as far as the files kept that order, ``"blocks"``
    tears apart a few recordings at most, and ``"official"`` tears all.
    """
    artifacts = _choose_artifacts(data, task)
    if n_mixtures < 1:
        raise ValueError(f"n_mixtures is {n_mixtures!r}, must be 1 or more.")
    rng = np.random.default_rng(rng)
    splits = {"official": _split_shuffled, "blocks": _split_blocks}
    if protocol not in splits:
        raise ValueError(f"protocol is {protocol!r}, but must be 'official' or 'blocks'.")
    parts = splits[protocol](len(data.eeg), len(artifacts), rng)
    pairs = []
    for number, (eeg, artifact) in enumerate(parts):
        if number == 0:
            eeg, artifact = (
                np.concatenate([rng.permutation(part) for _ in range(n_mixtures)])
                for part in (eeg, artifact)
            )
            ratios = rng.uniform(*snr_db, len(eeg))
        else:
            ratios = np.repeat(np.linspace(*snr_db, LEVELS), len(eeg))
            eeg, artifact = (np.tile(part, LEVELS) for part in (eeg, artifact))
        # One epoch after the other: the pools are small, their mixtures are not.
        signals = ((data.eeg[k], artifacts[n]) for k, n in zip(eeg, artifact, strict=True))
        size = (len(eeg), data.eeg.shape[-1])
        mixed = _mix(signals, size, ratios, convention, normalise)
        pairs.append(EpochPairs(*mixed, ratios, eeg, artifact))
    return Benchmark(task, protocol, convention, snr_db, data.sfreq, *pairs)


def _choose_artifacts(data: EEGdenoiseNet, task: str) -> FloatArray:
    if task not in ("eog", "emg"):
        raise ValueError(f"task is {task!r}, but must be 'eog' or 'emg'.")
    artifacts = data.eog if task == "eog" else data.emg
    if artifacts is None:
        raise ValueError(
            f"The set has no eyes at {data.sfreq:g} Hz: load_eegdenoisenet(path, sfreq=256.0)."
        )
    return artifacts


def _cut_shares(order: IntArray) -> list[IntArray]:
    """Cut into 80, 10 and 10 %, rounded as the authors round."""
    n_train = round(0.8 * len(order))
    n_validation = round((len(order) - n_train) / 2)
    return np.split(order, [n_train, n_train + n_validation])


def _split_shuffled(n_eeg: int, n_artifacts: int, rng: np.random.Generator) -> Parts:
    """Bring shuffled EEG to as many epochs as artifacts, then cut both: what the authors do."""
    eeg, artifacts = rng.permutation(n_eeg), rng.permutation(n_artifacts)
    more = n_artifacts - n_eeg
    if more > n_eeg:
        raise ValueError(f"{n_artifacts} artifacts are more than {n_eeg} EEG epochs taken twice.")
    eeg = np.concatenate([eeg[:more], eeg]) if more > 0 else eeg[:n_artifacts]
    return list(zip(_cut_shares(eeg), _cut_shares(artifacts), strict=True))


def _split_blocks(n_eeg: int, n_artifacts: int, rng: np.random.Generator) -> Parts:
    """Cut both in the order of their files, then repeat the fewer ones within each part."""
    pools = [_cut_shares(np.roll(np.arange(n), rng.integers(n))) for n in (n_eeg, n_artifacts)]
    parts = []
    for eeg, artifacts in zip(*pools, strict=True):
        size = max(len(eeg), len(artifacts)) if len(eeg) and len(artifacts) else 0
        parts.append((np.resize(eeg, size), np.resize(rng.permutation(artifacts), size)))
    return parts


def _mix(
    signals: Iterable[tuple[FloatArray, FloatArray]],
    size: tuple[int, int],
    ratios: FloatArray,
    convention: str,
    normalise: bool,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mix clean epochs and artifacts; noisy, clean and what both were divided by."""
    noisy, divided = np.empty((2, *size), dtype=np.float32)
    scale = np.ones(len(ratios))
    for index, ((clean, artifact), ratio) in enumerate(zip(signals, ratios, strict=True)):
        mixed, _ = mix_at_snr(clean, artifact, ratio, convention=convention)
        if normalise:
            scale[index] = mixed.std()
        noisy[index], divided[index] = mixed / scale[index], clean / scale[index]
    return noisy, divided, scale
