"""Blinks removed and alpha kept in real recordings: ``benchmarks/real_recordings.py --data DATA``.

The recordings are raw (64 channels, one minute, EEG Motor Movement/Imagery), of people that no
training saw. *Blink removed*: the blink-locked average of Fp1 and Fp2, largest magnitude within
150 ms of the blink, after against before. *Alpha change*: power from 8 to 12 Hz at O1, Oz and O2.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import mne
import numpy as np
from quality import METHODS


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of MNE-eegbci-data")
    parser.add_argument("--methods", nargs="*", default=list(METHODS))
    args = parser.parse_args()
    mne.set_log_level("ERROR")
    warnings.simplefilter("ignore")
    print("| person | method | blinks | blink removed, R01 | alpha, R01 | alpha, R02 |")
    print("|---|---|---|---|---|---|")
    for subject in ("S001", "S003", "S002", "S004", "S079"):
        runs = [read_run(args.data, subject, run) for run in ("R01", "R02")]
        events = mne.preprocessing.find_eog_events(runs[0], ch_name=choose_forehead(runs[0]))
        for method in args.methods:
            cleaned = [METHODS[method](raw.copy()) for raw in runs]
            before, after = (measure_blink(raw, events) for raw in (runs[0], cleaned[0]))
            alpha = [
                100 * (measure_alpha(new) / measure_alpha(old) - 1)
                for old, new in zip(runs, cleaned, strict=True)
            ]
            print(
                f"| {subject} | {method} | {len(events)} | {100 * (1 - after / before):.1f} % "
                f"| {alpha[0]:+.2f} % | {alpha[1]:+.2f} % |",
                flush=True,
            )


def read_run(data: Path, subject: str, run: str) -> mne.io.BaseRaw:
    """Read one run with standard names and positions."""
    path = next(data.rglob(f"{subject}{run}.edf"))
    raw = mne.io.read_raw_edf(path, preload=True)
    mne.datasets.eegbci.standardize(raw)
    return raw.set_montage("colin27_1005")


def choose_forehead(raw: mne.io.BaseRaw) -> str:
    """Choose Fp1, or Fp2 where Fp1 is nearly dead (S079)."""
    left, right = raw.get_data(["Fp1", "Fp2"]).std(axis=1)
    return "Fp2" if left < 0.3 * right else "Fp1"


def measure_blink(raw: mne.io.BaseRaw, events: np.ndarray) -> float:
    """Largest magnitude of the blink-locked average of Fp1 and Fp2, in volts."""
    epochs = mne.Epochs(
        raw, events, tmin=-0.6, tmax=0.6, baseline=(-0.6, -0.35), picks=["Fp1", "Fp2"], preload=True
    )
    average = epochs.get_data().mean(axis=(0, 1))
    return float(np.abs(average[np.abs(epochs.times) <= 0.15]).max())


def measure_alpha(raw: mne.io.BaseRaw) -> float:
    """Mean power density from 8 to 12 Hz at O1, Oz and O2."""
    spectrum = raw.compute_psd(
        "welch", fmin=8, fmax=12, n_fft=round(2 * raw.info["sfreq"]), picks=["O1", "Oz", "O2"]
    )
    return float(spectrum.get_data().mean())


if __name__ == "__main__":
    main()
