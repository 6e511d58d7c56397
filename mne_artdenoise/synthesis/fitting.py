"""What the training of both kinds of generator shares: batches, averages, checkpoints, a log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from .segments import Segments

# Labels whose waveforms are as likely upside down; eyes and hearts are not.
TURNING = ("muscle", "electrode", "chewing", "shiver")


class ModeCollapseError(RuntimeError):
    """A generator makes nearly the same again and again."""


def check_labels(segments: Segments, labels: tuple[str, ...]) -> None:
    """Refuse segments that lack a label of the network, or are not named in its order."""
    if segments.labels != labels:
        raise ValueError(f"The segments have the labels {segments.labels}, the network {labels}.")
    empty = [label for label in labels if not segments.find(label).any()]
    if empty:
        raise ValueError(
            f"There is no window of {', '.join(map(repr, empty))}. Add material of that label, or "
            "leave it out of the labels of the network and of the segments."
        )


def draw_batch(segments: Segments, count: int, seed: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Draw windows (count, n_times) and their classes: labels and people alike in turn."""
    rng = np.random.default_rng(seed)
    classes = np.arange(count) % len(segments.labels)
    windows = np.empty((count, segments.windows.shape[1]), np.float32)
    for index, label in enumerate(segments.labels):
        mine = np.flatnonzero(classes == index)
        drawn = segments.windows[segments.draw(len(mine), label, rng)]
        signs = rng.choice([-1.0, 1.0], (len(mine), 1)) if label in TURNING else 1.0
        windows[mine] = drawn * signs
    return torch.from_numpy(windows), torch.from_numpy(classes)


def check_loss(loss: Tensor, step: int, work: Path) -> float:
    """Give the number of a loss; one that is not finite is a RuntimeError."""
    value = float(loss.detach())
    if not np.isfinite(value):
        raise RuntimeError(
            f"The loss is {value} at step {step}: training ended there. The checkpoint in {work} "
            "is of an earlier step; go on from it with a lower rate."
        )
    return value


def average_weights(averaged: nn.Module, network: nn.Module, keep: float) -> None:
    """Move the average a little towards the network."""
    with torch.no_grad():
        for old, new in zip(averaged.parameters(), network.parameters(), strict=True):
            old.lerp_(new, 1 - keep)


def set_rate(optimiser: torch.optim.Optimizer, peak: float, step: int, steps: int) -> None:
    """Warm up over 100 steps, hold, then fall linearly to zero over the last two fifths."""
    rate = peak * min(1.0, (step + 1) / 100, (steps - step) / (0.4 * steps))
    for group in optimiser.param_groups:
        group["lr"] = rate


def save(work: Path, parts: Mapping[str, Any], step: int) -> None:
    """Write the checkpoint whole or not at all, and the averaged weights beside it."""
    stored = {name: part.state_dict() for name, part in parts.items()}
    torch.save({**stored, "step": step}, work / "checkpoint.tmp")
    (work / "checkpoint.tmp").replace(work / "checkpoint.pt")
    save_file(parts["averaged"].state_dict(), work / "weights.tmp")
    (work / "weights.tmp").replace(work / "weights.safetensors")


def resume(work: Path, parts: Mapping[str, Any]) -> int:
    """Load the checkpoint into the parts, where there is one; the step to go on from."""
    path = work / "checkpoint.pt"
    if not path.exists():
        return 0
    stored = torch.load(path, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(stored[name])
    return int(stored["step"])


def log(work: Path, **row: Any) -> None:
    """Append one line to the log."""
    with (work / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
