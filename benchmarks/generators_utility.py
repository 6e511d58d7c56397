"""Whether generated artifacts help a denoiser: matched trainings with and without them.

Run ``python benchmarks/generators_utility.py --banks BANKS --work WORK --out OUT``. ``BANKS`` holds
the ``train.npz`` and ``held-out.npz`` of ``any-montage-v1.py --prepare-only``. The released network
is trained on, twice from each seed: the same brains, montages, references, kinds of artifact and
ratios in the same order, but in one of the two a share of eyes, muscles and hearts is drawn from
generated ones. Both are scored on recordings of held-out people with held-out artifacts (see
``semisynthetic.py``), so that the difference is what generated artifacts bought.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import mne
import numpy as np
import torch
from quality import format_mean
from semisynthetic import Case, make_cases

from mne_artdenoise import ArtifactDenoiser
from mne_artdenoise._typing import FloatArray
from mne_artdenoise.networks.any_montage import AnyMontage
from mne_artdenoise.synthesis import LearnedArtifacts
from mne_artdenoise.synthesis.bank import Bank, FieldSource, Source
from mne_artdenoise.synthesis.drawing import EyeConfig, draw_artifact
from mne_artdenoise.synthesis.electrodes import Electrodes
from mne_artdenoise.training.loop import TrainingConfig, save, train
from mne_artdenoise.training.release import write_model
from mne_artdenoise.training.stream import StreamConfig
from mne_artdenoise.weights import load_network

SHARE = 0.5  # of artifacts, drawn from generated ones where there are any of their kind
SECONDS = 20.0  # of one generated artifact; windows of training have 16
# What is generated stands for these kinds of the stream, and so many of each.
KINDS = {
    "eye": "eye",
    "muscle": "muscle",
    "chewing": "muscle",
    "shiver": "muscle",
    "heart": "heart",
}
COUNTS = {"eye": 24, "muscle": 14, "chewing": 6, "shiver": 6, "heart": 8}
CELLS = ("19 eye", "19 muscle", "19 both", "19 real eye")
WAYS: dict[str, dict[str, Any]] = {"network alone": {"spatial": False}, "with the spatial step": {}}
Draw = Callable[..., FloatArray]


def main() -> None:
    """Train what is not trained yet, score it, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--banks", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="JSON, written anew")
    parser.add_argument("--kind", default="diffusion", help="of generator")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--compiled", action="store_true", help="needs a C++ compiler")
    args = parser.parse_args()
    mne.set_log_level("ERROR")
    (args.work / "models").mkdir(parents=True, exist_ok=True)
    os.environ["MNE_ARTDENOISE_MODELS"] = str(args.work / "models")
    bank = Bank.load(args.banks / "train.npz")
    generated = take_generated(args.work / f"generated-{args.kind}.npz", args.kind, bank)
    models = {"released": "any-montage-v1"}
    for seed in args.seeds:
        for arm, share in (("without", 0.0), ("with", SHARE)):
            name = f"{arm}-seed{seed}-v1"
            config = make_config(args.steps, seed)
            weights = go_on(
                bank, generated, share, args.work / name, config, compiled=args.compiled
            )
            publish(weights, args.work / "models", name, config)
            models[f"{arm}, seed {seed}"] = name
    cases = list(take_cases(Bank.load(args.banks / "held-out.npz")))
    rows = [row for label, model in models.items() for row in score(label, model, cases)]
    args.out.write_text(json.dumps(rows, indent=1))
    print(make_table(rows, args.seeds))


def take_generated(path: Path, kind: str, bank: Bank) -> Bank:
    """Take generated artifacts from a file, or draw them; what is never generated stays real."""
    if not path.exists():
        make_generated(kind, bank).save(path)
    generated = Bank.load(path)
    rest = tuple(item for item in bank.sources if item.kind not in KINDS.values())
    return replace(generated, sources=generated.sources + rest)


def make_generated(kind: str, bank: Bank, seed: int = 0) -> Bank:
    """Draw artifacts at the electrodes of a dense cap, as maps and sources."""
    cap = next(item for item in bank.clean if len(item.ch_names) > 30)
    positions = cap.positions.astype(float)
    electrodes = Electrodes(cap.ch_names, positions, bank.sfreq)
    generator, rng = LearnedArtifacts(kind, guidance=1.0), np.random.default_rng(seed)
    n_times = round(SECONDS * bank.sfreq)
    sources, fields = [], []
    for label, count in COUNTS.items():
        for number, artifact in enumerate(
            generator.generate_many(electrodes, n_times, [label] * count, rng)
        ):
            who, what = f"generated-{label}-{number}", KINDS[label]
            maps, waves = part(artifact)
            fields.append(FieldSource(who, what, cap.ch_names, positions, maps, waves))
            sources.append(Source(who, what, waves[0]))
    return Bank(bank.sfreq, (), tuple(sources), tuple(fields))


def part(artifact: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Part an artifact into maps and waveforms of unit deviation, blinks and beats upwards."""
    left, sizes, right = np.linalg.svd(artifact, full_matrices=False)
    rank = int(np.sum(sizes > 1e-6 * sizes[0]))
    waves = right[:rank] * np.sqrt(artifact.shape[1])
    signs = np.where(np.mean(waves**3, axis=1) < 0, -1.0, 1.0)[:, np.newaxis]
    maps = (left[:, :rank] * sizes[:rank]).T / np.sqrt(artifact.shape[1])
    return signs * maps, signs * waves


def make_config(steps: int, seed: int) -> TrainingConfig:
    """Go on as the released training ended, at 19 channels and a lower rate."""
    return TrainingConfig(
        steps=steps,
        peak_rate=4e-4,
        warmup=max(1, steps // 10),
        decay=0.5,
        average=0.98,
        floors=((0, 1e-2),),
        seed=seed,
        save_every=10,
        stream=StreamConfig(shapes=((19, 4, 1.0),)),
    )


def go_on(
    bank: Bank, generated: Bank, share: float, work: Path, config: TrainingConfig, *, compiled: bool
) -> Path:
    """Train the released network on; a run that was stopped is taken up again."""
    if not (work / "checkpoint.pt").exists():
        work.mkdir(exist_ok=True)
        network, averaged = AnyMontage(config.network), AnyMontage(config.network)
        for each in (network, averaged):
            each.load_state_dict(load_network("any-montage-v1").state_dict())
        optimiser = torch.optim.AdamW(network.parameters())
        save(work, {"network": network, "averaged": averaged, "optimiser": optimiser}, 0)
    with patch("mne_artdenoise.training.stream.draw_artifact", draw_from(generated, share)):
        return train(bank, work, config, compiled=compiled)


def draw_from(generated: Bank, share: float) -> Draw:
    """Draw a share of artifacts from generated ones.

    Each takes one number of the stream's chance, so that all else is the same whatever the share.
    """

    def draw(
        bank: Bank,
        positions: FloatArray,
        n_times: int,
        rng: np.random.Generator,
        eyes: EyeConfig | None = None,
    ) -> FloatArray:
        own = np.random.default_rng(rng.integers(2**63))
        chosen = generated if own.random() < share else bank
        return draw_artifact(chosen, positions, n_times, own, eyes)

    return draw


def publish(weights: Path, folder: Path, name: str, config: TrainingConfig) -> None:
    """Make a trained network a model that `ArtifactDenoiser` knows."""
    write_model(
        weights, folder, model=name, config=config, sfreq=200.0, kinds=("eye", "muscle", "heart"),
        data_licences=("see any-montage-v1",), weaknesses=("trained on for a comparison",),
    )  # fmt: skip


def take_cases(bank: Bank) -> Iterator[Case]:
    """Make the recordings of 19 channels of held-out people."""
    small = tuple(item for item in bank.clean if item.subject.startswith("Subject"))
    for case in make_cases(replace(bank, clean=small), seconds=60.0):
        if case.cell in CELLS:
            yield case


def score(label: str, model: str, cases: Sequence[Case]) -> Iterator[dict[str, Any]]:
    """Score a model in both ways: gain in power decibels of each recording."""
    for way, parameters in WAYS.items():
        for number, case in enumerate(cases):
            raw = mne.io.RawArray(case.noisy, case.info)
            denoiser = ArtifactDenoiser(model, **parameters)
            left = denoiser.fit_transform(raw).get_data() - case.clean
            gain = 10 * np.log10(np.mean(case.artifact**2) / np.mean(left**2))
            yield {
                **{"model": label, "way": way, "cell": case.cell, "case": number},
                **{"subject": case.subject, "gain_db": round(float(gain), 3)},
            }


def make_table(rows: Sequence[dict[str, Any]], seeds: Sequence[int]) -> str:
    """Markdown: mean gains, and the difference of with and without, paired by recording."""
    lines = ["| | cell (n) | released | without | with | difference |", "|---" * 6 + "|"]
    for way in WAYS:
        for cell in CELLS:
            gains = {
                name: take_gains(rows, way, cell, names)
                for name, names in {
                    "released": ["released"],
                    "without": [f"without, seed {seed}" for seed in seeds],
                    "with": [f"with, seed {seed}" for seed in seeds],
                }.items()
            }
            texts = [f"{gains[name].mean():.2f}" for name in gains]
            difference = gains["with"] - gains["without"]
            by_seed = ", ".join(f"{x:+.2f}" for x in difference.mean(axis=1))
            texts.append(f"{format_mean(difference.mean(axis=0), 2)} ({by_seed})")
            lines.append(
                f"| {way} | {cell} ({gains['with'].shape[1]}) | " + " | ".join(texts) + " |"
            )
    return "\n".join(lines)


def take_gains(
    rows: Sequence[dict[str, Any]], way: str, cell: str, names: Sequence[str]
) -> FloatArray:
    """Take gains of some models in one cell, shape (n_models, n_recordings)."""
    return np.array(
        [
            [r["gain_db"] for r in rows if (r["way"], r["cell"], r["model"]) == (way, cell, name)]
            for name in names
        ]
    )


if __name__ == "__main__":
    main()
