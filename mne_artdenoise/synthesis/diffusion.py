"""Diffusion of waveforms: schedules, samplers of any network, guidance, and how it is trained.

A window ``x`` at a step is ``signal * clean + noise * normal``. What a network predicts, the noise
(``"epsilon"``) or ``v = signal * normal - noise * clean``, is turned into clean and noise in one
place, :func:`split_prediction`, which training and samplers share.

References
----------
Ho et al. 2020 (arXiv 2006.11239), Song et al. 2021 (arXiv 2010.02502), Salimans & Ho 2022
(arXiv 2202.00512), Ho & Salimans 2022 (arXiv 2207.12598).
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from ..networks.artifact_unet import ArtifactUNet, ArtifactUNetConfig
from .fitting import (
    average_weights,
    check_labels,
    check_loss,
    draw_batch,
    log,
    resume,
    save,
    set_rate,
)
from .segments import Segments

LIMIT = 12.0  # of clean windows of a mean square of one; the highest R waves have 8

# Windows (batch, n_times) and steps (batch,) to what the network predicts (batch, n_times).
Predict: TypeAlias = Callable[[Tensor, Tensor], Tensor]
# A shape to standard normal numbers: the only source of chance of a sampler.
Draw: TypeAlias = Callable[[tuple[int, ...]], Tensor]


@dataclass(frozen=True)
class Schedule:
    """Share of signal and noise at each step, squares adding to one, from nearly clean to noise.

    Attributes
    ----------
    signal, noise : Tensor, shape (n_steps,)
        Factors of the clean window and of the noise.
    prediction : "v" | "epsilon"
        What networks predict.
    """

    signal: Tensor
    noise: Tensor
    prediction: str = "v"

    def __len__(self) -> int:
        """Count the steps."""
        return len(self.signal)


def make_schedule(kind: str = "cosine", n_steps: int = 1000, prediction: str = "v") -> Schedule:
    """Make a schedule.

    Parameters
    ----------
    kind : "cosine" | "linear"
        As Nichol & Dhariwal 2021 or Ho et al. 2020; the latter's ends are those of 1000 steps,
        stretched to as many as there are. Another is a ValueError.
    n_steps : int
        How many steps.
    prediction : "v" | "epsilon"
        What networks predict; another is a ValueError.

    Returns
    -------
    schedule : Schedule
    """
    if prediction not in ("v", "epsilon"):
        raise ValueError(f"prediction is {prediction!r}, but must be 'v' or 'epsilon'.")
    if kind == "cosine":
        angles = (torch.arange(n_steps + 1, dtype=torch.float64) / n_steps + 0.008) / 1.008
        levels = torch.cos(0.5 * np.pi * angles).square()
        betas = (1 - levels[1:] / levels[:-1]).clamp(max=0.999)
    elif kind == "linear":
        stretch = 1000 / n_steps
        ends = (1e-4 * stretch, min(0.02 * stretch, 0.999))
        betas = torch.linspace(*ends, n_steps, dtype=torch.float64)
    else:
        raise ValueError(f"schedule is {kind!r}, but must be 'cosine' or 'linear'.")
    kept = torch.cumprod(1 - betas, dim=0)
    return Schedule(kept.sqrt().float(), (1 - kept).sqrt().float(), prediction)


def split_prediction(
    found: Tensor, x: Tensor, signal: Tensor, noise: Tensor, prediction: str
) -> tuple[Tensor, Tensor]:
    """Turn a prediction for windows ``x`` into the clean windows and the noise in them."""
    if prediction == "v":
        return signal * x - noise * found, noise * x + signal * found
    return (x - noise * found) / signal, found


def join_prediction(
    clean: Tensor, normal: Tensor, signal: Tensor, noise: Tensor, prediction: str
) -> Tensor:
    """Say what a network should predict: what :func:`split_prediction` takes apart."""
    return signal * normal - noise * clean if prediction == "v" else normal


def guide(network: Callable[..., Tensor], labels: Tensor, scale: float, no_label: int) -> Predict:
    """Steer a network to labels, without a classifier.

    Parameters
    ----------
    network : callable
        Takes windows, steps and classes; trained with labels left out now and then.
    labels : Tensor, shape (batch,)
        The classes wanted.
    scale : float
        0 for no label, 1 for what the network learned of them, more for what tells them from one
        another, at the cost of variety.
    no_label : int
        The class that stands for "no label".

    Returns
    -------
    predict : callable
        For the samplers.
    """
    if scale == 1.0:
        return lambda x, steps: network(x, steps, labels)
    both = torch.cat([labels, torch.full_like(labels, no_label)])

    def predict(x: Tensor, steps: Tensor) -> Tensor:
        told, untold = network(torch.cat([x, x]), torch.cat([steps, steps]), both).chunk(2)
        return untold + scale * (told - untold)

    return predict


def sample_ddpm(predict: Predict, draw: Draw, shape: tuple[int, int], schedule: Schedule) -> Tensor:
    """Sample windows by every step of the diffusion, each with new noise; see `sample_ddim`.

    With ``eta`` of one and no step left out, the other sampler is this one: the variance is that of
    a step back when the clean window is known.
    """
    return sample_ddim(predict, draw, shape, schedule, n_steps=len(schedule), eta=1.0)


def sample_ddim(
    predict: Predict,
    draw: Draw,
    shape: tuple[int, int],
    schedule: Schedule,
    *,
    n_steps: int = 50,
    eta: float = 0.0,
) -> Tensor:
    """Sample windows by a few steps of the diffusion.

    Parameters
    ----------
    predict : callable
        Any network: windows (batch, n_times) and steps (batch,) to what the schedule says it
        predicts.
    draw : callable
        A shape to standard normal numbers. The same numbers give the same windows.
    shape : tuple of int
        Of the windows, (batch, n_times).
    schedule : Schedule
        That of training.
    n_steps : int
        How many of its steps are taken, evenly spread; a ValueError unless from 1 to all.
    eta : float
        0 draws noise at the start only, 1 as much at each step as the whole diffusion would.

    Returns
    -------
    windows : Tensor, shape (batch, n_times)
        Finite, and not beyond 12 times the mean square of the windows learned; a network that
        predicts numbers that are not finite is a RuntimeError that names the step.
    """
    if not 1 <= n_steps <= len(schedule):
        raise ValueError(f"n_steps must be from 1 to {len(schedule)}, got {n_steps!r}.")
    x = draw(shape)
    taken = np.linspace(len(schedule) - 1, 0, n_steps).round().astype(int).tolist()
    for step, after in zip(taken, [*taken[1:], None], strict=True):
        signal, noise = schedule.signal[step], schedule.noise[step]
        found = predict(x, torch.full((shape[0],), step))
        if not torch.isfinite(found).all():
            raise RuntimeError(
                f"The network predicted numbers that are not finite at step {step}: nothing was "
                "sampled. Its weights may be damaged."
            )
        clean, _ = split_prediction(found, x, signal, noise, schedule.prediction)
        clean = clean.clamp(-LIMIT, LIMIT)
        if after is None:
            return clean
        normal = (x - signal * clean) / noise
        less, left = schedule.signal[after], schedule.noise[after]
        # What a step back adds anew when the clean window is known, and what stays.
        anew = eta * (left / noise) * (1 - (signal / less) ** 2).clamp(min=0).sqrt()
        x = less * clean + (left**2 - anew**2).clamp(min=0).sqrt() * normal
        if eta:
            x = x + anew * draw(shape)
    return x


@dataclass(frozen=True)
class DiffusionConfig:
    """How a diffusion model is fitted."""

    steps: int = 24000
    batch: int = 32
    peak_rate: float = 1e-3
    weight_decay: float = 0.01
    noisier: float = 0.6  # even draws of steps to this power: those that decide most, more often
    drop_labels: float = 0.15  # share of windows whose label the network is not told
    average: float = 0.999  # of the weights, per step
    clip: float = 1.0
    seed: int = 20261122
    save_every: int = 50
    weights: Path | None = None  # to begin with, such as the released ones; None draws them
    network: ArtifactUNetConfig = field(default_factory=ArtifactUNetConfig)


def train_diffusion(segments: Segments, work: Path, config: DiffusionConfig) -> Path:
    """Fit the U-Net, going on from a checkpoint in ``work`` where there is one.

    Parameters
    ----------
    segments : Segments
        Windows of training people, with every label of the network.
    work : Path
        Folder for ``checkpoint.pt``, ``log.jsonl`` and the averaged ``weights.safetensors``.
    config : DiffusionConfig
        How.

    Returns
    -------
    weights : Path
        The averaged weights. A loss that is not finite is a RuntimeError that names the step.
    """
    check_labels(segments, config.network.labels)
    torch.manual_seed(config.seed)
    network = ArtifactUNet(config.network)
    if config.weights is not None:
        network.load_state_dict(load_file(config.weights))
    averaged = deepcopy(network)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.peak_rate, weight_decay=config.weight_decay
    )
    parts = {"network": network, "averaged": averaged, "optimiser": optimiser}
    kind = config.network
    schedule = make_schedule(kind.schedule, kind.n_steps, kind.prediction)
    losses: list[float] = []
    for step in range(resume(work, parts), config.steps):
        set_rate(optimiser, config.peak_rate, step, config.steps)
        loss = measure_loss(network, segments, schedule, config, step)
        losses.append(check_loss(loss, step, work))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), config.clip)
        optimiser.step()
        average_weights(averaged, network, min(config.average, (step + 1) / (step + 10)))
        if (step + 1) % config.save_every == 0 or step + 1 == config.steps:
            save(work, parts, step + 1)
            log(work, step=step + 1, loss=float(np.mean(losses)))
            losses.clear()
    return work / "weights.safetensors"


def measure_loss(
    network: ArtifactUNet,
    segments: Segments,
    schedule: Schedule,
    config: DiffusionConfig,
    step: int,
) -> Tensor:
    """Mean square of the error of the prediction, over one batch that step and seed determine."""
    clean, labels = draw_batch(segments, config.batch, (config.seed, step))
    chance = torch.Generator().manual_seed(config.seed + step)
    even = torch.rand(config.batch, generator=chance)
    when = (len(schedule) * even**config.noisier).long().clamp(max=len(schedule) - 1)
    normal = torch.randn(clean.shape, generator=chance)
    untold = torch.rand(config.batch, generator=chance) < config.drop_labels
    signal, noise = schedule.signal[when, None], schedule.noise[when, None]
    wanted = join_prediction(clean, normal, signal, noise, schedule.prediction)
    labels = torch.where(untold, network.no_label, labels)
    found = network(signal * clean + noise * normal, when, labels)
    return F.mse_loss(found, wanted)
