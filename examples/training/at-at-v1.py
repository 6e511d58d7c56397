"""Train the model ``at-at-v1``: muscle in single channels, in the style of AT-AT.

Run ``python at-at-v1.py --banks BANKS --work WORK``. ``BANKS`` holds the ``train.npz`` and
``held-out.npz`` that ``any-montage-v1.py --prepare-only`` writes. Pairs are drawn as they are
needed: brain of one electrode of the people at rest and counting (eegmat), or between two, and
muscle of the chin and of independent components of other people. The same command continues a run
that was stopped. ``--release mne_artdenoise`` puts weights and record into the package, and
``--score`` measures it on held-out people. ``--smoke`` is a run of simulated people.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from mne_artdenoise.networks.at_at import ATAT, ATATConfig
from mne_artdenoise.synthesis.bank import Bank
from mne_artdenoise.training.at_at import ATATTrainingConfig, correlate, train_at_at
from mne_artdenoise.training.single_channels import (
    ChannelPairsConfig,
    SingleChannels,
    draw_channel_pairs,
    take_single_channels,
)
from mne_artdenoise.training.stand_in import make_stand_in_bank
from mne_artdenoise.weights.load import save_network
from mne_artdenoise.weights.record import ModelRecord, format_record

MODEL = "at-at-v1"
SFREQ = 256.0
SECONDS = 120.0  # of each clean recording
TRAINING = ATATTrainingConfig(steps=420)
SMOKE = replace(TRAINING, steps=60, batch=16, warmup=10, average=0.9, log_every=10, save_every=30)
LICENCES = (
    "eegmat: ODC-BY 1.0, doi:10.13026/C2JQ1P",
    "EEG during everyday tasks (Glasgow): CC BY 3.0, doi:10.5525/gla.researchdata.676",
    "eegmmidb: ODC-BY 1.0, doi:10.13026/C28G6P",
    "ADHD and control children: CC BY 4.0 as its home states, doi:10.21227/rzfh-zn36",
    "UCI EEG Database: CC BY 4.0 as its home states, doi:10.24432/C5TS3D",
)
WEAKNESSES = (
    "Trained for 420 steps of 64 windows on one processor core, a minute of its time: far from "
    "what the architecture can do.",
    "Of the paper, sizes and code are not published: this is its idea, not its network.",
    "Knows muscle only, and one channel at a time: eyes and pulse stay, and nothing of what "
    "channels have in common is used without the spatial step.",
    "Its clean training signal ends at 45 Hz, with simulated background above: telling muscle from "
    "brain is easier there than in recordings with gamma, which it may take for muscle.",
    "Windows of 2 s are seen one by one: what is slower than 1 Hz is left alone.",
)


def main(argv: Sequence[str] | None = None) -> list[dict[str, float]]:
    """Read the command line, then train, score or release; the rows of the log."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for all that is made")
    parser.add_argument("--banks", type=Path, help="folder with train.npz and held-out.npz")
    parser.add_argument("--smoke", action="store_true", help="a run of two minutes on two cores")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--score", action="store_true", help="measure what was trained, and stop")
    parser.add_argument("--release", type=Path, help="package folder to put weights and record in")
    args = parser.parse_args(argv)
    if not (args.banks or args.smoke or args.release):
        parser.error("--banks is needed: any-montage-v1.py --prepare-only writes them")
    args.work.mkdir(parents=True, exist_ok=True)
    if args.release:
        release(args.work, args.release)
        return []
    train, held_out = (read_material(args.banks, name) for name in ("train", "held-out"))
    if args.score:
        scores = measure_scores(load_trained(args.work), held_out)
        path = args.work / "scores.json"  # which may hold what benchmarks/zoo.py measured, too
        measured = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps(measured | scores, indent=1))
        return []
    config = SMOKE if args.smoke else TRAINING
    train_at_at(train, held_out, args.work, replace(config, steps=args.steps or config.steps))
    return [json.loads(line) for line in (args.work / "log.jsonl").read_text().splitlines()]


def read_material(banks: Path | None, name: str) -> SingleChannels:
    """Take brain of people of eegmat and muscle of all, or those of simulated people."""
    if banks is None:
        return take_single_channels(make_stand_in_bank(int(name == "held-out")), SFREQ)
    bank = Bank.load(banks / f"{name}.npz")
    stop = round(SECONDS * bank.sfreq)
    people = (item for item in bank.clean if item.subject.startswith("Subject"))
    clean = tuple(replace(item, signal=item.signal[:, :stop]) for item in people)
    return take_single_channels(replace(bank, clean=clean), SFREQ)


def load_trained(work: Path) -> ATAT:
    """Load the averaged weights of a run."""
    network = ATAT()
    network.load_state_dict(load_file(work / "weights.safetensors"))
    return network.eval()


def measure_scores(network: ATAT, held_out: SingleChannels, count: int = 400) -> dict[str, object]:
    """Correlation, relative error and gain at the ratios of the paper, in both conventions."""
    found: dict[str, dict[str, object]] = {"this model": {}, "nothing done": {}}
    for name, snr_db in (
        ("2 dB of power", 2.0), ("-7 dB of power", -7.0),
        ("2 dB of root mean squares (4 of power)", 4.0),
        ("-7 dB of root mean squares (-14 of power)", -14.0),
    ):  # fmt: skip
        rng = np.random.default_rng(1)
        pair = draw_channel_pairs(held_out, ChannelPairsConfig(), count, rng, snr_db)
        noisy, clean = map(torch.from_numpy, pair)
        with torch.inference_mode():
            cleaned = noisy - network(noisy)
        for method, estimate in (("this model", cleaned), ("nothing done", noisy)):
            wrong = (estimate - clean).square().mean(-1) / clean.square().mean(-1)
            row = found[method]
            row[f"correlation, {name}"] = round(float(correlate(estimate, clean).mean()), 3)
            row[f"relative error, {name}"] = round(float(wrong.sqrt().mean()), 3)
    # Of EEGdenoiseNet, epochs split at random, which decibels is not said; no relative errors.
    found["published, AT-AT"] = {
        "correlation, 2 dB as published": "above 0.95",
        "correlation, -7 dB as published": 0.70,
    }
    return {
        "single_channels_scored": count,
        "published_on": "EEGdenoiseNet, 100 epochs split at random, decibels of unstated kind",
        "single_channels": found,
    }


def release(work: Path, package: Path) -> None:
    """Put the averaged weights and their record where the package looks for them."""
    file = f"{MODEL}.safetensors"
    target = package / "weights" / "files" / file
    size, sha256 = save_network(load_trained(work), target, model=MODEL)
    scores = work / "scores.json"
    record = ModelRecord(
        id=MODEL,
        network="at_at",
        config=asdict(ATATConfig()),
        channels="any",
        sfreq=SFREQ,
        window=ChannelPairsConfig.n_times,
        stride=ATATConfig.segment,
        context=0,
        l_freq=1.0,
        scaling="recording",
        band=(1.0, 100.0),
        kinds=("muscle",),
        estimates="artifact",
        file=file,
        sha256=sha256,
        size=size,
        licence="BSD-3-Clause",
        data_licences=LICENCES,
        recipe="examples/training/at-at-v1.py",
        scores=json.loads(scores.read_text()) if scores.exists() else {},
        weaknesses=WEAKNESSES,
        description=(
            "Muscle in single channels: an autoencoder proposes where noise is, a transformer "
            "filters there. In the style of AT-AT, whose sizes are not published."
        ),
    )
    path = package / "weights" / "records" / f"{MODEL}.json"
    path.write_text(format_record(record))


if __name__ == "__main__":
    rows = main()
    sys.stdout.write("".join(json.dumps(row) + "\n" for row in rows))
