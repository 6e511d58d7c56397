"""What each part of the spatial step buys: ``python benchmarks/ablation.py --bank train.npz``.

Recordings with known truth as in ``quality.py``, but of people of the training split, on whom the
numbers of the spatial step were chosen: held-out people are kept for the scores. The network has
seen these people's clean signals, so differences between rows count, not their height.
"""

from __future__ import annotations

import argparse
import warnings
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import mne
import numpy as np
import semisynthetic
from semisynthetic import Case, make_cases

from mne_artdenoise import ArtifactDenoiser
from mne_artdenoise.directions import FilterConfig
from mne_artdenoise.synthesis.bank import Bank

PEOPLE = ("Subject04", "Subject06", "Subject13")
PEOPLE_64 = ("S050", "S064")
# Name of a variant: numbers of the filters, constants of modules, parameters.
VARIANTS: dict[str, tuple[dict[str, object], dict[str, object], dict[str, object]]] = {
    "as released": ({}, {}, {}),
    "sources are where the network's evidence is largest": ({}, {"separation.STEPS": 0}, {}),
    "quiet moments looked for once": ({}, {"prediction.LOOKS": 1, "prediction.SPAN": 1.0}, {}),
    "nothing predicted from other sources": ({}, {"prediction.RIDGES": ()}, {}),
    "each band of a source for itself": ({"pool": 0.0}, {}, {}),
    "no leak taken off": ({"leak": 0.0}, {}, {}),
    "a leak however large": ({"most": 1e9}, {}, {}),
    "shares rise slowly with the evidence": ({"steep": 1.0}, {}, {}),
    "no guard of alpha": ({"guard": 1.0}, {}, {}),
    "the network looks once": ({}, {"estimation.PASSES": 1}, {}),
    "no gate": ({}, {}, {"gate": False}),
    "network alone": ({}, {}, {"spatial": False}),
}


def main() -> None:
    """Score every variant and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bank", type=Path, required=True, help="train.npz of the recipe")
    args = parser.parse_args()
    mne.set_log_level("ERROR")
    warnings.simplefilter("ignore")
    cases = list(take_cases(Bank.load(args.bank)))
    cells = list(dict.fromkeys(case.cell for case in cases))
    print("| | " + " | ".join(cells) + " |\n|---" + "|---" * len(cells) + "|")
    for name, variant in VARIANTS.items():
        gains = score_variant(cases, *variant)
        print(
            f"| {name} | " + " | ".join(f"{gains[cell]:.1f}" for cell in cells) + " |", flush=True
        )


def take_cases(bank: Bank) -> Iterator[Case]:
    """Make the recordings of a few people of the training split."""
    clean = {item.subject: item for item in bank.clean if item.subject in PEOPLE + PEOPLE_64}
    bank = replace(bank, clean=tuple(clean.values()))
    with patch.object(semisynthetic, "CLEAN_64", PEOPLE_64):
        yield from make_cases(bank, seed=2, seconds=100.0)


def score_variant(
    cases: list[Case],
    numbers: dict[str, object],
    constants: dict[str, object],
    parameters: dict[str, object],
) -> dict[str, float]:
    """Mean gain in power decibels by cell; what a method leaves untouched counts as 100."""
    gains = defaultdict(list)
    config = replace(FilterConfig(), **numbers)  # type: ignore[arg-type]
    with ExitStack() as stack:
        stack.enter_context(patch("mne_artdenoise.spatial.FilterConfig", lambda: config))
        for name, value in constants.items():
            stack.enter_context(patch(f"mne_artdenoise.{name}", value))
        for case in cases:
            raw = mne.io.RawArray(case.noisy, case.info)
            removed = case.noisy - ArtifactDenoiser(**parameters).fit_transform(raw).get_data()
            right = case.artifact if case.artifact.any() else case.clean
            wrong = np.mean((removed - case.artifact) ** 2)
            gains[case.cell].append(
                min(100.0, 10 * np.log10(np.mean(right**2) / max(wrong, 1e-30)))
            )
    return {cell: float(np.mean(found)) for cell, found in gains.items()}


if __name__ == "__main__":
    main()
