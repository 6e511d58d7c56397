"""The loop that fits a network of fixed channels to pairs mixed from parts, on any device."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from ..inference import pick_device
from .four_terms import measure_four_ratios, measure_four_terms
from .loop import log, resume, save
from .losses import log_error_ratio
from .mixtures import Mixer, MixtureConfig
from .parts import Parts

LOSSES = ("ratio", "four terms", "four ratios")
ESTIMATES = ("clean", "artifact")
SCORED = 1e-2  # ratio under which a held-out window gains no more: 20 dB


@dataclass(frozen=True)
class FixedTrainingConfig:
    """How a network of fixed channels is fitted."""

    steps: int = 20_000
    batch: int = 64
    peak_rate: float = 1e-3
    warmup: int = 400
    weight_decay: float = 0.01
    average: float = 0.999  # of the weights, per step
    clip: float = 1.0
    loss: str = "ratio"
    floor: float = 3e-3  # error over brain under which little more is gained: 25 dB
    estimates: str = "clean"  # what the network gives, or "artifact"
    # Share of the steps, at first, that see pieces of windows: samples, and how many. Attention
    # costs less over them, and they are of more people and artifacts.
    short_share: float = 0.0
    short_times: int = 256
    short_batch: int = 64
    bfloat16: bool = False  # on a CPU, too; worth it on those that multiply in it
    held_out_batches: int = 4
    log_every: int = 50
    save_every: int = 500
    seed: int = 20261121
    mixture: MixtureConfig = field(default_factory=MixtureConfig)

    def __post_init__(self) -> None:
        for name, known in (("loss", LOSSES), ("estimates", ESTIMATES)):
            if (value := getattr(self, name)) not in known:
                options = ", ".join(map(repr, known))
                raise ValueError(f"Unknown {name}: {value!r}. Possible options: {options}.")

    @property
    def short_steps(self) -> int:
        """How many steps see pieces of windows."""
        return round(self.short_share * self.steps)


def train_fixed(
    make_network: Callable[[], nn.Module],
    parts: Parts,
    held_out: Parts,
    work: Path,
    config: FixedTrainingConfig,
    *,
    device: str = "auto",
    compiled: bool = False,
) -> Path:
    """Fit a network of fixed channels, going on from a checkpoint in ``work`` if there is one.

    Parameters
    ----------
    make_network : callable
        Makes the network, which gives what ``config.estimates`` says.
    parts : Parts
        What training pairs are mixed from.
    held_out : Parts
        The same of other people. They only score: no gradient comes from them.
    work : Path
        Folder for ``checkpoint.pt``, ``log.jsonl`` and the averaged ``weights.safetensors``.
    config : FixedTrainingConfig
        How.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``. On cuda in bfloat16 where that is safe, on
        others if the config says so.
    compiled : bool
        Compile the network, which takes a C++ compiler.

    Returns
    -------
    weights : Path
        The averaged weights.

    Notes
    -----
    A step depends on the seed and its number alone, dropout included: a run that was stopped gives
    the curve of one that was not, on the same device.
    """
    place = pick_device(device)
    with torch.random.fork_rng([torch.cuda.current_device()] if place == "cuda" else []):
        torch.manual_seed(config.seed)
        network = make_network().to(place)
        state = make_state(network, config)
        first = resume(work / "checkpoint.pt", state)
        trim_log(work / "log.jsonl", first)
        forward = torch.compile(network) if compiled else network
        _run_steps(forward, state, parts, held_out, work, config, first, place)
    return work / "weights.safetensors"


def make_state(network: nn.Module, config: FixedTrainingConfig) -> dict[str, Any]:
    """Make what a run carries from step to step."""
    optimiser = torch.optim.AdamW(
        network.parameters(),
        lr=config.peak_rate,
        weight_decay=config.weight_decay,
        betas=(0.9, 0.98),
    )
    return {"network": network, "averaged": deepcopy(network), "optimiser": optimiser}


def _run_steps(
    forward: Any,
    state: dict[str, Any],
    parts: Parts,
    held_out: Parts,
    work: Path,
    config: FixedTrainingConfig,
    first: int,
    device: str,
) -> None:
    sfreq = parts.config.sfreq
    scored = draw_held_out(held_out, config, device)
    stream = draw_pairs(Mixer(parts, config.mixture, device), config, first)
    losses: list[Tensor] = []
    idle: list[Tensor] = []
    began = time.monotonic()
    seen = 0
    for step, (noisy, clean) in zip(range(first, config.steps), stream, strict=False):
        torch.manual_seed(config.seed + step)  # dropout of a step is its own
        losses.append(take_step(forward, state, noisy, clean, sfreq, config, step))
        idle.append(measure_loss(noisy, noisy, clean, sfreq, config))
        seen += len(noisy)
        done = step + 1
        if done % config.log_every == 0 or done == config.steps:
            seconds = time.monotonic() - began
            row = {"step": done, "loss": float(torch.stack(losses).mean())}
            # The loss of leaving the same windows alone, less that: windows differ more than steps.
            row["gain"] = float(torch.stack(idle).mean()) - row["loss"]
            row["windows_per_second"] = round(seen / seconds, 1)
            saved = done % config.save_every == 0 or done == config.steps
            if saved:
                row["held_out_gain"] = score(state["averaged"], scored, sfreq, config)
            log(work, **row)
            if saved:
                save(work, state, done)
            losses.clear()
            idle.clear()
            began, seen = time.monotonic(), 0


def draw_pairs(
    mixer: Mixer, config: FixedTrainingConfig, first: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Give the pairs of each step from the first on: pieces of windows, then whole ones."""
    pieces = mixer.stream(config.short_batch, config.seed, first)
    for step, pair in zip(range(first, config.short_steps), pieces, strict=False):
        yield cut_piece(*pair, config, step)
    pieces.close()
    yield from mixer.stream(config.batch, config.seed, max(first, config.short_steps))


def cut_piece(
    noisy: Tensor, clean: Tensor, config: FixedTrainingConfig, step: int
) -> tuple[Tensor, Tensor]:
    """Cut a piece from all windows of a batch, at a place that depends on the step."""
    last = max(0, noisy.shape[-1] - config.short_times)
    start = int(np.random.default_rng((config.seed, step, 1)).integers(last + 1))
    piece = slice(start, start + config.short_times)
    return noisy[..., piece], clean[..., piece]


def trim_log(path: Path, step: int) -> None:
    """Forget the lines of steps that are taken again, because no checkpoint holds them."""
    if path.exists():
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if json.loads(line)["step"] <= step))


def take_step(
    forward: Any,
    state: dict[str, Any],
    noisy: Tensor,
    clean: Tensor,
    sfreq: float,
    config: FixedTrainingConfig,
    step: int,
) -> Tensor:
    """One update from one batch; the loss, left on the device so that nothing waits for it."""
    network, optimiser = state["network"].train(), state["optimiser"]
    for group in optimiser.param_groups:
        group["lr"] = find_rate(config, step)
    halved = config.bfloat16 or noisy.device.type == "cuda"
    with torch.autocast(noisy.device.type, torch.bfloat16, enabled=halved):
        answer = forward(noisy)
    estimate = find_clean(answer.float(), noisy, config)
    loss = measure_loss(estimate, noisy, clean, sfreq, config)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), config.clip)
    optimiser.step()
    average_state(state["averaged"], network, min(config.average, (step + 1) / (step + 10)))
    return loss.detach()


def find_clean(answer: Tensor, noisy: Tensor, config: FixedTrainingConfig) -> Tensor:
    """Find the clean signal in what a network gave."""
    return answer if config.estimates == "clean" else noisy - answer


def measure_loss(
    estimate: Tensor, noisy: Tensor, clean: Tensor, sfreq: float, config: FixedTrainingConfig
) -> Tensor:
    """Measure the loss of an estimate of the clean signal."""
    if config.loss == "four terms":
        return measure_four_terms(estimate, clean, sfreq)
    if config.loss == "four ratios":
        return measure_four_ratios(estimate, clean, sfreq, config.floor)
    return log_error_ratio(noisy - estimate, noisy - clean, clean, sfreq, config.floor)


class Schedule(Protocol):
    """What the rate of learning depends on."""

    @property
    def steps(self) -> int:
        """How many there are."""

    @property
    def peak_rate(self) -> float:
        """The highest rate."""

    @property
    def warmup(self) -> int:
        """Steps until the rate is highest."""


def find_rate(config: Schedule, step: int) -> float:
    """Rise linearly, then fall as a cosine to zero."""
    if step < config.warmup:
        return config.peak_rate * (step + 1) / config.warmup
    done = (step - config.warmup) / max(1, config.steps - config.warmup)
    return config.peak_rate * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def average_state(averaged: nn.Module, network: nn.Module, keep: float) -> None:
    """Move the average a little towards the network, statistics of norms included."""
    with torch.no_grad():
        pairs = zip(averaged.state_dict().values(), network.state_dict().values(), strict=True)
        old, new = zip(*((a, b) for a, b in pairs if a.is_floating_point()), strict=True)
        torch._foreach_lerp_(list(old), list(new), 1 - keep)


def draw_held_out(
    held_out: Parts, config: FixedTrainingConfig, device: str
) -> list[tuple[Tensor, Tensor]]:
    """Draw the pairs that score, the same in every run."""
    stream = Mixer(held_out, config.mixture, device).stream(config.batch, seed=0, ahead=1)
    return [pair for pair, _ in zip(stream, range(config.held_out_batches), strict=False)]


def score(
    network: nn.Module,
    pairs: list[tuple[Tensor, Tensor]],
    sfreq: float,
    config: FixedTrainingConfig,
) -> float:
    """Gain over leaving the windows alone, in decibels."""
    network.eval()
    gains = []
    with torch.no_grad():
        for noisy, clean in pairs:
            found = noisy - find_clean(network(noisy), noisy, config)
            wrong = log_error_ratio(found, noisy - clean, clean, sfreq, SCORED)
            idle = log_error_ratio(0 * noisy, noisy - clean, clean, sfreq, SCORED)
            gains.append(float(idle - wrong))
    return sum(gains) / len(gains)
