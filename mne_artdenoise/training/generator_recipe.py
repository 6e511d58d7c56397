"""The way from banks to a released generator of artifacts, that the recipes share."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from ..datasets.tuar import TuarRecording, load_tuar, split_people
from ..datasets.tuar_segments import cut_tuar
from ..files import write_text
from ..synthesis.bank import Bank
from ..synthesis.segments import DURATION, SFREQ, Segments, cut_segments
from ..weights.load import NETWORKS, save_network
from ..weights.record import ModelRecord, format_record
from .stand_in import make_stand_in_bank

SEEDS = {"train": 0, "held-out": 1}  # of strokes, tremor and jumps, other ones for other people
# From one window to the next, in windows: generators are to learn more than where windows begin.
HOPS = {"train": 0.125, "held-out": 0.5}


@dataclass(frozen=True)
class GeneratorRecipe:
    """What is trained, and what its record says.

    Attributes
    ----------
    model, network : str
        Name of the model, and of its architecture in ``mne_artdenoise.weights.load.NETWORKS``.
    train : callable
        Takes segments, a folder and a config; gives the weights.
    config, smoke : dataclass
        Configs of a training, and of one that takes a minute.
    record : mapping
        Fields of the record that no other source has.
    """

    model: str
    network: str
    train: Callable[[Segments, Path, Any], Path]
    config: Any
    smoke: Any
    record: Mapping[str, Any]


def run_recipe(
    recipe: GeneratorRecipe, description: str, argv: Sequence[str] | None = None
) -> Path | ModelRecord:
    """Read the command line; cut windows and train, or release.

    Parameters
    ----------
    recipe : GeneratorRecipe
        What is trained.
    description : str
        What ``--help`` says.
    argv : sequence of str | None
        Words of the command line; None takes those of the process.

    Returns
    -------
    made : Path | ModelRecord
        The weights, or the record that was written.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--work", type=Path, required=True, help="folder for all that is made")
    parser.add_argument("--banks", type=Path, help="folder with train.npz and held-out.npz")
    parser.add_argument("--tuar", type=Path, help="local copy of TUAR, to learn from as well")
    parser.add_argument("--smoke", action="store_true", help="a run of a minute")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--weights", type=Path, help="weights to begin with, of a diffusion")
    parser.add_argument("--release", type=Path, help="package folder to put weights and record in")
    args = parser.parse_args(argv)
    if not (args.banks or args.smoke or args.release):
        parser.error("--banks is needed: any-montage-v1.py --prepare-only writes them")
    args.work.mkdir(parents=True, exist_ok=True)
    if args.release:
        return release(recipe, args.work, args.release)
    config = recipe.smoke if args.smoke else recipe.config
    config = replace(config, steps=args.steps) if args.steps else config
    config = replace(config, weights=args.weights) if args.weights else config
    segments = prepare_segments(args.work, args.banks, args.tuar)
    return recipe.train(segments["train"], args.work, config)


def prepare_segments(work: Path, banks: Path | None, tuar: Path | None) -> dict[str, Segments]:
    """Cut windows of training and of held-out people, unless they are there."""
    found = {}
    extra: dict[str, tuple[TuarRecording, ...]] = dict.fromkeys(SEEDS, ())
    if tuar is not None:
        parts = split_people(load_tuar(tuar), (0.85, 0.15), rng=0)
        extra = dict(zip(SEEDS, parts, strict=True))
    for name, seed in SEEDS.items():
        path = work / f"segments-{name}.npz"
        if not path.exists():
            bank = (
                make_stand_in_bank(seed=seed) if banks is None else Bank.load(banks / f"{name}.npz")
            )
            segments = cut_segments(bank, hop=HOPS[name], rng=seed)
            (segments | cut_tuar(extra[name]) if extra[name] else segments).save(path)
        found[name] = Segments.load(path)
    return found


def release(recipe: GeneratorRecipe, work: Path, package: Path) -> ModelRecord:
    """Put the averaged weights and their record where the package looks for them."""
    config = recipe.config.network
    network = NETWORKS[recipe.network][1](config)
    network.load_state_dict(load_file(work / "weights.safetensors"))
    file = f"{recipe.model}.safetensors"
    size, sha256 = save_network(network, package / "weights" / "files" / file, model=recipe.model)
    scores = work / "scores.json"
    record = ModelRecord(
        id=recipe.model,
        network=recipe.network,
        config=asdict(config),
        channels="any",
        sfreq=SFREQ,
        window=round(DURATION * SFREQ),
        stride=1,
        context=0,
        l_freq=0.5,
        scaling="window",
        band=(0.5, 60.0),
        kinds=config.labels,
        estimates="nothing",
        file=file,
        sha256=sha256,
        size=size,
        scores=json.loads(scores.read_text()) if scores.exists() else {},
        **recipe.record,
    )
    folder = package / "weights" / "records" / "generators"
    folder.mkdir(exist_ok=True)
    write_text(folder / f"{recipe.model}.json", format_record(record))
    return record
