"""Fit the model ``artifact-spread-v1``: topographies of eyes and muscles for any montage.

Run ``python artifact-spread-v1.py --banks BANKS --work WORK --release mne_artdenoise``. ``BANKS``
holds the ``train.npz`` that ``any-montage-v1.py --prepare-only`` writes. It takes seconds.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

from safetensors.torch import save_file

from mne_artdenoise.networks.artifact_spread import ArtifactSpreadConfig
from mne_artdenoise.synthesis.bank import Bank
from mne_artdenoise.synthesis.spread_mixture import fit_spread
from mne_artdenoise.training.generator_recipe import GeneratorRecipe, release

LICENCES = (
    "eegmmidb: ODC-BY 1.0, doi:10.13026/C28G6P",
    "ADHD and control children: CC BY 4.0 as its home states, doi:10.21227/rzfh-zn36",
    "UCI EEG Database: CC BY 4.0 as its home states, doi:10.24432/C5TS3D",
)
WEAKNESSES = (
    "Fitted to 96 components of eyes, most of 19 electrodes, and 37 of muscles of 11 people.",
    "What lies below the ears, or between electrodes 5 cm apart, it has not seen.",
    "Components that ICLabel is sure of: what it cannot name is not among them.",
)


@dataclass(frozen=True)
class Config:
    """Only the sizes: nothing is trained by steps."""

    network: ArtifactSpreadConfig = field(default_factory=ArtifactSpreadConfig)


RECIPE = GeneratorRecipe(
    model="artifact-spread-v1",
    network="artifact_spread",
    train=lambda segments, work, config: work,
    config=Config(),
    smoke=Config(),
    record={
        "licence": "BSD-3-Clause",
        "data_licences": LICENCES,
        "recipe": "examples/training/artifact-spread-v1.py",
        "weaknesses": WEAKNESSES,
        "description": (
            "Mixture of topographies of eyes and muscles over spherical harmonics, for any montage."
        ),
    },
)


def main() -> None:
    """Read the command line, fit and release."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--banks", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--release", type=Path, help="package folder to put weights and record in")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    spread = fit_spread(Bank.load(args.banks / "train.npz"), RECIPE.config.network)
    save_file(spread.state_dict(), args.work / "weights.safetensors")
    if args.release:
        release(RECIPE, args.work, args.release)


if __name__ == "__main__":
    main()
