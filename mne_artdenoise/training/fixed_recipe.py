"""What the recipes of models of fixed channels share: the command line, the parts, the release."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from ..inference import pick_device
from ..synthesis.bank import Bank
from ..weights.load import NETWORKS, save_network
from ..weights.record import ModelRecord, format_record
from .fixed import LOSSES, FixedTrainingConfig, make_state, take_step, train_fixed
from .mixtures import Mixer
from .parts import Parts, PartsConfig, write_parts
from .stand_in import make_stand_in_bank

HELD_OUT = 0.05  # parts of held-out people for each one of the others
SMOKE: dict[str, Any] = {"n_times": 256, "n_clean": 300, "n_artifacts": 500}
PILOT = 30  # steps that are timed to find how many fit into the time asked for
SPENT = 0.95  # share of that time for steps: the rest is for scores and checkpoints


@dataclass(frozen=True)
class FixedRecipe:
    """How a model of fixed channels is made.

    Attributes
    ----------
    model : str
        Its name.
    network : str
        Its architecture in ``weights.load.NETWORKS``.
    config : Any
        The config of that.
    training : FixedTrainingConfig
        How it is fitted.
    smoke : FixedTrainingConfig
        The same for a run of two minutes on two cores.
    record : dict
        Fields of its record that are not found from the rest.
    begin : callable
        Sets the weights that a training starts from, where those drawn do badly.
    """

    model: str
    network: str
    config: Any
    training: FixedTrainingConfig
    smoke: FixedTrainingConfig
    record: dict[str, Any]
    begin: Callable[[Any], None] | None = None

    def make_network(self, weights: Path | None = None) -> torch.nn.Module:
        """Make the network.

        Parameters
        ----------
        weights : Path | None
            Weights to start from, such as those of an earlier training.

        Returns
        -------
        network : nn.Module
            With the weights that training starts from.
        """
        network = NETWORKS[self.network][1](self.config)
        if self.begin is not None:
            self.begin(network)
        if weights is not None:
            network.load_state_dict(load_file(weights))
        return network


def run_recipe(
    recipe: FixedRecipe, description: str, argv: Sequence[str] | None = None
) -> list[dict[str, float]]:
    """Read the command line, prepare the parts, train or release.

    Parameters
    ----------
    recipe : FixedRecipe
        What is trained.
    description : str
        What ``--help`` says.
    argv : sequence of str | None
        Words of the command line; None takes those of the process.

    Returns
    -------
    rows : list of dict
        What was logged.
    """
    args = read_arguments(description, argv)
    args.work.mkdir(parents=True, exist_ok=True)
    if args.release:
        release(recipe, args.work, args.release)
        return []
    config = recipe.smoke if args.smoke else recipe.training
    asked = {"batch": args.batch, "loss": args.loss}
    config = replace(config, **{name: value for name, value in asked.items() if value})
    parts, held_out = prepare_parts(args)
    if args.prepare_only:
        return []
    device = pick_device(args.device)
    config = replace(config, steps=plan_steps(recipe, config, parts, args, device))
    train_fixed(
        partial(recipe.make_network, args.weights),
        parts,
        held_out,
        args.work,
        config,
        device=device,
        compiled=args.compile,
    )
    lines = (args.work / "log.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def read_arguments(description: str, argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line of a recipe."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--work", type=Path, required=True, help="folder for all that is made")
    parser.add_argument("--banks", type=Path, help="folder with train.npz and held-out.npz")
    parser.add_argument("--smoke", action="store_true", help="a run of two minutes on two cores")
    parser.add_argument("--weights", type=Path, help="weights to begin with: trains further")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--minutes", type=float, help="as many steps as fit into this time")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--loss", choices=LOSSES, help="another loss than that of the recipe")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--compile", action="store_true", help="needs a C++ compiler")
    parser.add_argument("--workers", type=int, help="processes that draw the parts")
    parser.add_argument("--clean", type=int, default=PartsConfig.n_clean)
    parser.add_argument("--artifacts", type=int, default=PartsConfig.n_artifacts)
    parser.add_argument("--prepare-only", action="store_true", help="draw the parts and stop")
    parser.add_argument("--release", type=Path, help="package folder to put weights and record in")
    args = parser.parse_args(argv)
    if not (args.banks or args.smoke or args.release):
        parser.error("--banks is needed: any-montage-v1.py --prepare-only writes them")
    return args


def prepare_parts(args: argparse.Namespace) -> tuple[Parts, Parts]:
    """Draw the parts of both groups of people, unless they are there."""
    found = []
    for number, (name, share) in enumerate((("train", 1.0), ("held-out", HELD_OUT))):
        config = PartsConfig(
            n_clean=round(share * args.clean), n_artifacts=round(share * args.artifacts)
        )
        if args.smoke:
            config = replace(config, **SMOKE)
        if args.banks:
            bank = Bank.load(args.banks / f"{name}.npz")
        else:
            bank = make_stand_in_bank(seed=number)
        folder = args.work / f"parts-{name}"
        found.append(write_parts(bank, folder, config, args.workers))
    return found[0], found[1]


def plan_steps(
    recipe: FixedRecipe,
    config: FixedTrainingConfig,
    parts: Parts,
    args: argparse.Namespace,
    device: str,
) -> int:
    """Find how many steps to take: those asked for, or those that fit into the time.

    The number is kept in ``plan.json``: the rate of learning falls over it, so a run that goes on
    must keep to it.
    """
    if args.steps:
        return int(args.steps)
    if not args.minutes:
        return config.steps
    plan = args.work / "plan.json"
    if not plan.exists():
        seconds = time_step(recipe, config, parts, device)
        steps = max(1, round(SPENT * 60 * args.minutes / seconds))
        plan.write_text(json.dumps({"steps": steps, "seconds_per_step": seconds}))
    return int(json.loads(plan.read_text())["steps"])


def time_step(recipe: FixedRecipe, config: FixedTrainingConfig, parts: Parts, device: str) -> float:
    """Time the steps of a network that is thrown away, in seconds per step."""
    state = make_state(recipe.make_network().to(device), config)
    stream = Mixer(parts, config.mixture, device).stream(config.batch, config.seed)
    began = 0.0
    for step, (noisy, clean) in zip(range(2 * PILOT), stream, strict=False):
        if step == PILOT:  # by now the device is warm
            began = _wait(device)
        take_step(state["network"], state, noisy, clean, parts.config.sfreq, config, step)
    seconds = (_wait(device) - began) / PILOT
    if device == "cuda":  # else the parts of the run itself may find no room
        del state, stream
        torch.cuda.empty_cache()
    return seconds


def _wait(device: str) -> float:
    """Wait for what a device is at, and give the time."""
    if device == "cuda":
        torch.cuda.synchronize()
    return time.monotonic()


def release(recipe: FixedRecipe, work: Path, package: Path) -> ModelRecord:
    """Put the record into the package, and the averaged weights where they are served from.

    That is ``weights`` beside the package: ten megabytes are fetched by who wants them.
    """
    network = recipe.make_network()
    network.load_state_dict(load_file(work / "weights.safetensors"))
    file = f"{recipe.model}.safetensors"
    served = package.resolve().parent / "weights"
    served.mkdir(exist_ok=True)
    size, sha256 = save_network(network, served / file, model=recipe.model)
    scores = work / "scores.json"
    record = ModelRecord(
        id=recipe.model,
        network=recipe.network,
        config=asdict(recipe.config),
        channels=PartsConfig.ch_names,
        sfreq=PartsConfig.sfreq,
        window=PartsConfig.n_times,
        stride=1,
        context=0,
        file=file,
        sha256=sha256,
        size=size,
        estimates=recipe.training.estimates,
        scores=json.loads(scores.read_text()) if scores.exists() else {},
        **deepcopy(recipe.record),
    )
    path = package / "weights" / "records" / f"{recipe.model}.json"
    path.write_text(format_record(record))
    return record
