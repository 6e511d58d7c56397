"""Gain in signal-to-noise ratio on recordings with known truth: ``python benchmarks/quality.py``.

Every method sees the same recordings of people and sources that no training saw (see
``semisynthetic.py``). The score is the ratio, in power decibels, of the artifact that was added to
the error that is left; for the clean cells it is the signal over what the method changed. Means are
over recordings, with the 95 % interval of the mean from a bootstrap over recordings.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import mne
import numpy as np
from oracle import filter_knowing
from peers import clean_with_asr, clean_with_gedai, clean_with_ica
from semisynthetic import Case, make_cases

from mne_artdenoise import ArtifactDenoiser
from mne_artdenoise.synthesis.bank import Bank

Method = Callable[[mne.io.BaseRaw], mne.io.BaseRaw]
METHODS: dict[str, Method] = {
    "ours": lambda raw: ArtifactDenoiser().fit_transform(raw),
    "ours, no gate": lambda raw: ArtifactDenoiser(gate=False).fit_transform(raw),
    "network alone": lambda raw: ArtifactDenoiser(spatial=False).fit_transform(raw),
    "ICA + ICLabel": clean_with_ica,
    "ASR": clean_with_asr,
    "GEDAI": clean_with_gedai,
}


def main() -> None:
    """Score what is not scored yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bank", type=Path, required=True, help="held-out.npz of the recipe")
    parser.add_argument("--out", type=Path, required=True, help="JSON lines, finished rows stay")
    parser.add_argument("--methods", nargs="*", default=[*METHODS, "oracle"])
    args = parser.parse_args()
    mne.set_log_level("ERROR")
    warnings.simplefilter("ignore")
    done = {(row["method"], row["cell"], row["case"]) for row in read_rows(args.out)}
    cases = list(make_cases(Bank.load(args.bank)))
    with args.out.open("a") as file:
        for method in args.methods:
            for number, case in enumerate(cases):
                if (method, case.cell, number) not in done:
                    file.write(json.dumps(score_case(method, number, case)) + "\n")
                    file.flush()
    print(make_table(read_rows(args.out)))


def score_case(method: str, number: int, case: Case) -> dict[str, object]:
    """One row: how one method did on one recording."""
    raw = mne.io.RawArray(case.noisy, case.info)
    began = time.perf_counter()
    if method == "oracle":
        removed = filter_knowing(case.noisy, case.artifact, case.info["sfreq"])
    else:
        try:
            removed = case.noisy - METHODS[method](raw.copy()).get_data()
        except Exception as error:  # a peer that fails left the recording as it was
            print(method, case.cell, repr(error)[:200])
            removed = np.zeros_like(case.noisy)
    seconds = time.perf_counter() - began
    wrong = np.mean((removed - case.artifact) ** 2)
    right = np.mean(case.artifact**2) if case.artifact.any() else np.mean(case.clean**2)
    gain = 10 * np.log10(right / max(wrong, 1e-30 * right))
    changed = float(np.mean((removed != 0).any(axis=0)))
    return {
        **{"method": method, "cell": case.cell, "case": number, "subject": case.subject},
        **{"gain_db": round(float(gain), 3), "changed": changed, "seconds": round(seconds, 2)},
    }


def read_rows(path: Path) -> list[dict[str, object]]:
    """Read the rows of earlier runs."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def make_table(rows: list[dict[str, object]]) -> str:
    """Markdown: a row per cell, a column per method, mean gain and its interval."""
    methods = list(dict.fromkeys(str(row["method"]) for row in rows))
    cells = list(dict.fromkeys(str(row["cell"]) for row in rows))
    lines = ["| cell (n) | " + " | ".join(methods) + " |", "|---" * (len(methods) + 1) + "|"]
    for cell in cells:
        texts = []
        for method in methods:
            found = [r["gain_db"] for r in rows if r["method"] == method and r["cell"] == cell]
            # A recording that came out untouched has no decibels: 100 stands for it.
            gains = np.minimum(np.array(found, dtype=float), 100.0)
            texts.append(format_mean(gains) if len(gains) else "")
        n = max(sum(r["cell"] == cell and r["method"] == m for r in rows) for m in methods)
        lines.append(f"| {cell} ({n}) | " + " | ".join(texts) + " |")
    return "\n".join(lines)


def format_mean(gains: np.ndarray, digits: int = 1) -> str:
    """Write a mean and its 95 % interval."""
    mean, low, high = find_interval(gains)
    return f"{mean:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def find_interval(gains: np.ndarray) -> tuple[float, float, float]:
    """Find a mean and the limits of its 95 % interval, by drawing recordings anew."""
    draws = np.random.default_rng(0).choice(gains, (2000, len(gains))).mean(axis=1)
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(gains.mean()), float(low), float(high)


if __name__ == "__main__":
    main()
