"""The loop that fits a network to a stream of pairs: it resumes, logs and averages the weights."""

from __future__ import annotations

import json
import time
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ..networks.any_montage import AnyMontage, AnyMontageConfig
from ..synthesis.bank import Bank
from .losses import log_error_ratio, log_filtered_error_ratio
from .stream import Batch, StreamConfig, stream_batches


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is fitted.

    Attributes
    ----------
    steps : int
        Batches of windows.
    start : int
        Step at which this part of a training in parts began, from a checkpoint.
    peak_rate, warmup, decay : float, int, float
        The rate of learning, steps in which it rises to that, and the share of all steps, at the
        end, over which it falls to zero.
    weight_decay, clip : float
        Of the optimiser, and largest norm of a gradient.
    average : float
        Of the averaged weights, the share that a step keeps.
    floors : tuple of (int, float)
        By step, the ratio of powers under which nothing is gained.
    piece : int
        Samples over which the error of the estimate itself is a ratio.
    filtered : float
        Share of the loss that looks at what the spatial step leaves.
    seed : int
        Of the windows and of the first weights.
    save_every : int
        Steps between checkpoints, and between lines of the log.
    network : AnyMontageConfig
        Sizes of the network.
    stream : StreamConfig
        What windows look like.
    """

    steps: int = 7200
    start: int = 0
    peak_rate: float = 2e-3
    warmup: int = 200
    decay: float = 0.35
    weight_decay: float = 0.01
    average: float = 0.998
    clip: float = 1.0
    # Ratio under which nothing is gained, by step. A low one from the start holds the network at
    # zero output: on clean windows any first attempt costs tens of decibels. A low one to the end
    # spends the network on quiet windows, which the spatial step and its gate protect anyway.
    floors: tuple[tuple[int, float], ...] = ((0, 0.1), (600, 1e-2))
    piece: int = 800
    filtered: float = 0.5
    seed: int = 20261121
    save_every: int = 50
    network: AnyMontageConfig = field(default_factory=AnyMontageConfig)
    stream: StreamConfig = field(default_factory=StreamConfig)


def train(bank: Bank, work: Path, config: TrainingConfig, *, compiled: bool = True) -> Path:
    """Fit the any-montage network, going on from a checkpoint in ``work`` where there is one.

    Parameters
    ----------
    bank : Bank
        What windows are made of.
    work : Path
        Folder for ``checkpoint.pt``, ``log.jsonl`` and the averaged ``weights.safetensors``.
    config : TrainingConfig
        How.
    compiled : bool
        Compile the network, which takes a C++ compiler: about twice as fast on a CPU.

    Returns
    -------
    weights : Path
        The averaged weights.
    """
    torch.manual_seed(config.seed)
    network = AnyMontage(config.network)
    averaged = deepcopy(network)
    optimiser = torch.optim.AdamW(
        network.parameters(),
        lr=config.peak_rate,
        weight_decay=config.weight_decay,
        betas=(0.9, 0.98),
    )
    state: dict[str, Any] = {"network": network, "averaged": averaged, "optimiser": optimiser}
    first = resume(work / "checkpoint.pt", state)
    forward = torch.compile(network, dynamic=False) if compiled else network
    stream = stream_batches(bank, config.stream, config.seed, first)
    began, seen = time.monotonic(), 0
    rows: list[tuple[float, float]] = []
    for step, batch in zip(range(first, config.steps), stream, strict=False):
        set_rate(optimiser, config, step)
        rows.append(take_step(forward, state, batch, bank.sfreq, config, step))
        average_weights(averaged, network, min(config.average, (step + 1) / (step + 10)))
        seen += len(batch.noisy)
        if (step + 1) % config.save_every == 0 or step + 1 == config.steps:
            save(work, state, step + 1)
            rate = seen / (time.monotonic() - began)
            loss, gain = (sum(part) / len(part) for part in zip(*rows, strict=True))
            log(work, step=step + 1, loss=loss, gain=gain, windows_per_second=rate)
            rows.clear()
    return work / "weights.safetensors"


def take_step(
    forward: Any,
    state: dict[str, Any],
    batch: Batch,
    sfreq: float,
    config: TrainingConfig,
    step: int,
) -> tuple[float, float]:
    """One update from one batch; the loss, and the gain over leaving windows alone, in decibels."""
    noisy, artifact = torch.from_numpy(batch.noisy), torch.from_numpy(batch.artifact)
    with torch.autocast("cpu", torch.bfloat16):
        estimate = forward(noisy, torch.from_numpy(batch.directions))
    clean = noisy - artifact
    floor = find_floor(config, step)
    loss = measure_loss(estimate.float(), artifact, clean, sfreq, floor, config)
    optimiser = state["optimiser"]
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(state["network"].parameters(), config.clip)
    optimiser.step()
    idle = measure_loss(torch.zeros_like(artifact), artifact, clean, sfreq, floor, config)
    return loss.item(), idle.item() - loss.item()


def measure_loss(
    estimate: Tensor,
    artifact: Tensor,
    clean: Tensor,
    sfreq: float,
    floor: float,
    config: TrainingConfig,
) -> Tensor:
    """Weigh the error of the estimate itself with the one that the spatial step leaves of it."""
    found, wanted, kept = (cut_pieces(x, config.piece) for x in (estimate, artifact, clean))
    loss = log_error_ratio(found, wanted, kept, sfreq, floor)
    if not config.filtered:
        return loss
    left = log_filtered_error_ratio(estimate, artifact, clean, sfreq, 0.3 * floor)
    return (1 - config.filtered) * loss + config.filtered * left


def cut_pieces(x: Tensor, size: int) -> Tensor:
    """Cut windows (n_windows, n_channels, n_times) into shorter ones, where they are longer."""
    if x.shape[-1] <= size:
        return x
    return torch.cat(torch.split(x[..., : x.shape[-1] // size * size], size, dim=-1))


def find_floor(config: TrainingConfig, step: int) -> float:
    """Interpolate the floor of this step, geometrically."""
    steps, floors = zip(*config.floors, strict=True)
    return float(np.exp(np.interp(step, steps, np.log(floors))))


def set_rate(optimiser: torch.optim.Optimizer, config: TrainingConfig, step: int) -> None:
    """Warm up, hold, then fall linearly to zero over the last part."""
    left = (config.steps - step) / max(1.0, config.decay * (config.steps - config.start))
    rate = config.peak_rate * min(1.0, (step + 1 - config.start) / config.warmup, left)
    for group in optimiser.param_groups:
        group["lr"] = rate


def average_weights(averaged: nn.Module, network: nn.Module, keep: float) -> None:
    """Move the average a little towards the network."""
    with torch.no_grad():
        for old, new in zip(averaged.parameters(), network.parameters(), strict=True):
            old.lerp_(new, 1 - keep)


def save(work: Path, state: dict[str, Any], step: int) -> None:
    """Write the checkpoint whole or not at all, and the averaged weights beside it."""
    parts = {name: part.state_dict() for name, part in state.items()}
    torch.save({**parts, "step": step}, work / "checkpoint.tmp")
    (work / "checkpoint.tmp").replace(work / "checkpoint.pt")
    save_file(state["averaged"].state_dict(), work / "weights.tmp")
    (work / "weights.tmp").replace(work / "weights.safetensors")


def resume(path: Path, state: dict[str, Any]) -> int:
    """Load a checkpoint into the parts of ``state``; the step to go on from."""
    if not path.exists():
        return 0
    stored = torch.load(path, weights_only=True)
    for name, part in state.items():
        part.load_state_dict(stored[name])
    return int(stored["step"])


def log(work: Path, **row: float) -> None:
    """Append one line to the log."""
    with (work / "log.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")
