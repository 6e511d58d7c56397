"""The protocol of EEGdenoiseNet on any folder of its layout: ``benchmarks/eegdenoisenet.py``.

``--path`` names the published arrays. ``--bank`` writes arrays of the same layout from single
channels and sources of held-out people first, so that the protocol runs where the arrays cannot be
had; its numbers compare with each other, not with published ones.

Two conventions and two splits. *official*: the ratio is ``10 ** (dB / 10)`` of root mean squares,
so that -7 to 2 "dB" are -14 to 4 decibels of power, and epochs are shuffled before they are split.
*true*: ``10 ** (dB / 20)``. *leak-free*: the first 80 % of each pool train and the last 10 % test,
as neighbouring epochs come from one recording, and no epoch is used twice.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mne
import numpy as np

from mne_artdenoise import get_record, metrics
from mne_artdenoise._typing import FloatArray
from mne_artdenoise.datasets import load_eegdenoisenet
from mne_artdenoise.inference import run_network
from mne_artdenoise.rate import to_model_rate, to_recording_rate
from mne_artdenoise.synthesis.bank import Bank
from mne_artdenoise.weights import open_network

LEVELS = np.arange(-7.0, 3.0)
SFREQ = 256.0
KINDS = {"eye": "eog", "muscle": "emg"}
MODEL = "any-montage-v1"
FRONT = np.array([[0.0, 0.95, 0.31]])  # direction of the one channel: the forehead
# As their authors or others report them, mean over their levels: each under its own conditions.
PUBLISHED = """
| published | eye: RRMSE time / spectrum / CC | muscle | conditions |
|---|---|---|---|
| EEGDfus | 0.182 / 0.188 / 0.983 | 0.171 / 0.154 / 0.989 | trained on it, -5 to 5 true dB |
| EEGDfus, run by others | 0.297 / 0.303 / 0.953 | 0.421 / - / 0.907 | the same |
| GCTNet | 0.184 | | the same, as told by EEGDfus |
| EEGIFNet | 0.206 | | the same |
| EEGDnet | 0.497 | | the same |
| EEG-WNet | 0.212 / - / 0.967 | | trained on it, its abstract |
| ReHA-Net | 0.165 / - / 0.976 | | trained on it, its abstract |
| AT-AT | | CC > 0.95 at 2 dB, 0.70 at -7 dB | trained on it, its abstract |
"""
Method = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Pairs:
    """Epochs of one protocol: noisy and clean, shape (n_levels, n_epochs, n_times)."""

    noisy: FloatArray
    clean: FloatArray


def main() -> None:
    """Run every protocol and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--path", type=Path, required=True, help="folder of the arrays")
    parser.add_argument("--bank", type=Path, help="write the arrays from this bank before")
    parser.add_argument("--most", type=int, default=460, help="epochs of a test, at most")
    parser.add_argument("--out", type=Path, help="file for the tables")
    arguments = parser.parse_args()
    mne.set_log_level("ERROR")
    if arguments.bank:
        write_pools(Bank.load(arguments.bank), arguments.path)
    data = load_eegdenoisenet(arguments.path)
    source = "single channels of held-out people" if arguments.bank else "EEGdenoiseNet"
    lines = [
        f"Arrays: {source}: {len(data.eeg)} of EEG, {len(data.eog)} of eyes, {len(data.emg)} of "
        f"muscle. Levels from {LEVELS[0]:g} to {LEVELS[-1]:g}. {MODEL} is shown one channel, which "
        "no training showed it, without the spatial step; the Wiener filter is fitted on the "
        "training part. RRMSE in time / of spectra / CC, mean over levels and epochs.",
        "",
        "| kind, convention, split (epochs) | identity | zero | Wiener filter | network alone |",
        "|---|---|---|---|---|",
    ]
    for kind, name in KINDS.items():
        for true in (False, True):
            for shuffled in (True, False):
                rng = np.random.default_rng(7)
                pools = (data.eeg, getattr(data, name))
                train, test = split_pools(*pools, kind, shuffled, rng)
                test = tuple(x[: arguments.most] for x in test)
                lines.append(
                    describe(kind, true, shuffled, mix(*train, true, rng), mix(*test, true, rng))
                )
    text = "\n".join([*lines, PUBLISHED])
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")


def describe(kind: str, true: bool, shuffled: bool, train: Pairs, test: Pairs) -> str:
    """Score the methods under one protocol: a row of the table."""
    methods: dict[str, Method] = {
        "identity": lambda x: x,
        "zero": np.zeros_like,
        "Wiener filter": fit_wiener(train),
        "network alone": run_one_channel,
    }
    convention = "true" if true else "official"
    split = "official" if shuffled else "leak-free"
    texts = [score(method, test) for method in methods.values()]
    return f"| {kind}, {convention}, {split} ({test.noisy.shape[1]}) | " + " | ".join(texts) + " |"


def split_pools(
    eeg: FloatArray, noise: FloatArray, kind: str, shuffled: bool, rng: np.random.Generator
) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    """Split both pools, and give as many epochs of each to training and to test."""
    if shuffled:
        n = len(noise) if kind == "muscle" else min(len(eeg), len(noise))
        # The official code repeats EEG for muscle, before it splits.
        eeg = np.resize(rng.permutation(eeg), (n, eeg.shape[1]))
        noise = rng.permutation(noise)[:n]
        order = rng.permutation(n)
        eeg, noise = eeg[order], noise[order]
    parts = []
    for start, stop in ((0.0, 0.8), (0.9, 1.0)):
        cut = [x[round(start * len(x)) : round(stop * len(x))] for x in (eeg, noise)]
        n = min(map(len, cut))
        parts.append((cut[0][:n], cut[1][:n]))
    return parts[0], parts[1]


def mix(eeg: FloatArray, noise: FloatArray, true: bool, rng: np.random.Generator) -> Pairs:
    """Mix every epoch at every level, and divide both by the deviation of the mixture."""
    ratio = 10 ** (LEVELS / (20 if true else 10))[:, np.newaxis, np.newaxis]
    size = [np.sqrt(np.square(x).mean(axis=-1, keepdims=True)) for x in (eeg, noise)]
    noisy = eeg + noise * size[0] / (size[1] * ratio)
    deviation = noisy.std(axis=-1, keepdims=True)
    return Pairs(noisy / deviation, eeg / deviation)


def fit_wiener(train: Pairs) -> Method:
    """Fit one gain per frequency, the best there is for all epochs and levels together."""
    noisy, clean = (np.fft.rfft(x, axis=-1) for x in (train.noisy, train.clean))
    gain = (clean * noisy.conj()).real.mean(axis=(0, 1)) / np.square(np.abs(noisy)).mean(
        axis=(0, 1)
    )
    return lambda x: np.fft.irfft(gain * np.fft.rfft(x, axis=-1), n=x.shape[-1], axis=-1)


def run_one_channel(x: FloatArray) -> FloatArray:
    """Subtract what the network of the default model finds in single channels."""
    record, shape = get_record(MODEL), x.shape
    flat = x.reshape(-1, shape[-1])
    seen = to_model_rate(flat, SFREQ, record.sfreq)
    n_times = seen.shape[1] // record.stride * record.stride
    found = np.zeros_like(seen)
    network = open_network(record)
    found[:, :n_times] = run_network(network, seen[:, np.newaxis, :n_times], FRONT, progress=False)[
        :, 0
    ]
    return x - to_recording_rate(found, record.sfreq, SFREQ, shape[-1]).reshape(shape)


def score(method: Method, test: Pairs) -> str:
    """Score a method: mean over levels and epochs."""
    cleaned = method(test.noisy)
    truth, estimate = (y[:, :, np.newaxis] for y in (test.clean, cleaned))
    time, spectrum, cc = (
        np.mean(f(truth, estimate))
        for f in (metrics.rrmse, metrics.rrmse_spectral, metrics.correlation)
    )
    return f"{time:.3f} / {spectrum:.3f} / {cc:.3f}"


def write_pools(bank: Bank, folder: Path) -> None:
    """Write arrays of the published layout from the single channels and sources of a bank."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = [item for item in bank.clean if item.subject.startswith("Subject")]
    eeg = [take_epochs(x, bank.sfreq) for item in whole for x in item.signal]
    pools = {"eeg": np.concatenate(eeg)}
    for kind, name in KINDS.items():
        waves = [item.signal for item in bank.sources if item.kind == kind]
        pools[name] = np.concatenate([take_epochs(x, bank.sfreq) for x in waves])
    for name, epochs in pools.items():
        epochs = epochs[epochs.std(axis=1) > 0]
        np.save(folder / f"{name.upper()}_all_epochs.npy", epochs.astype(np.float32))


def take_epochs(x: FloatArray, sfreq: float) -> FloatArray:
    """Cut a signal into epochs of two seconds at the rate of the set, without their mean."""
    wanted = to_model_rate(x[np.newaxis].astype(float), sfreq, SFREQ)[0]
    n_times = round(2 * SFREQ)
    epochs = wanted[: len(wanted) // n_times * n_times].reshape(-1, n_times)
    return np.asarray(epochs - epochs.mean(axis=1, keepdims=True))


if __name__ == "__main__":
    main()
