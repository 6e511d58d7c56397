"""Scores of one cleaned recording against its truth, and what cleaning cost.

``gain_db`` is the ratio, in power decibels, of the artifact that was added to the error that is
left; where none was added, that of the signal to what was changed. A recording that comes out to
the bit has no decibels: ``LIMIT_DB`` stands for it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from cases import Case
from scipy.signal import welch

from mne_artdenoise import metrics
from mne_artdenoise._typing import FloatArray

LIMIT_DB = 100.0
ALPHA = (8.0, 12.0)  # hertz
QUIET = 0.01  # of the power of the clean signal: less artifact than this, and a second is clean


def score_cleaned(case: Case, cleaned: FloatArray) -> dict[str, float]:
    """Score a cleaned signal in every way."""
    wrong = np.mean((cleaned - case.clean) ** 2)
    right = np.mean(case.artifact**2) if case.artifact.any() else np.mean(case.clean**2)
    gain = 10 * math.log10(right / wrong) if wrong > 0 else math.inf
    scores = {
        "gain_db": min(gain, LIMIT_DB),
        "rrmse": float(metrics.rrmse(case.clean, cleaned)),
        "rrmse_spectral": float(metrics.rrmse_spectral(case.clean, cleaned)),
        "cc": float(metrics.correlation(case.clean, cleaned)),
        "alpha_error": measure_alpha_error(case, cleaned),
        "quiet_error": measure_quiet_error(case, cleaned),
        "changed": float(np.mean((cleaned != case.noisy).any(axis=0))),
    }
    return {name: float(f"{value:.4g}") for name, value in scores.items()}


def measure_alpha_error(case: Case, cleaned: FloatArray) -> float:
    """Measure how far power from 8 to 12 Hz is off: mean over channels of |error| / truth."""
    powers = []
    for x in (case.clean, cleaned):
        sfreq = case.info["sfreq"]
        frequency, density = welch(x, sfreq, nperseg=min(x.shape[1], round(2 * sfreq)))
        band = (frequency >= ALPHA[0]) & (frequency <= ALPHA[1])
        powers.append(density[:, band].mean(axis=1))
    return float(np.mean(np.abs(powers[1] / powers[0] - 1)))


def measure_quiet_error(case: Case, cleaned: FloatArray) -> float:
    """Measure the error in seconds that hold no artifact, relative to the signal there; or nan."""
    n_piece = round(case.info["sfreq"])
    powers = []
    for x in (case.artifact, cleaned - case.clean, case.clean):
        pieces = x[:, : x.shape[1] // n_piece * n_piece].reshape(len(x), -1, n_piece)
        powers.append(np.square(pieces).mean(axis=(0, 2)))
    artifact, wrong, right = powers
    quiet = artifact < QUIET * right.mean()
    return math.sqrt(wrong[quiet].sum() / right[quiet].sum()) if quiet.any() else math.nan


def run_measured(
    run: Callable[[Case], FloatArray], case: Case
) -> tuple[FloatArray, dict[str, float]]:
    """Run a method; its result, CPU seconds, and the memory it took on top, in megabytes."""
    before, is_reset = read_memory("VmRSS"), reset_peak()
    began = time.process_time()
    cleaned = run(case)
    cost = {"cpu_s": round(time.process_time() - began, 3)}
    if is_reset:
        cost["peak_mb"] = round(max(0.0, read_memory("VmHWM") - before), 1)
    return cleaned, cost


def reset_peak() -> bool:
    """Forget the peak memory of this process, where the system lets us."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def read_memory(name: str) -> float:
    """Read a field of this process's status in megabytes; nan where there is none."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return math.nan
    return next(float(line.split()[1]) / 1e3 for line in lines if line.startswith(f"{name}:"))
