"""The loop that fits the variational autoencoder to responses whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .._typing import FloatArray
from ..networks.beta_vae import BetaVAE, BetaVAEConfig
from .erp_pairs import TrialsConfig, draw_inputs, make_templates
from .fixed import average_state, find_rate, trim_log
from .loop import log, resume, save


@dataclass(frozen=True)
class BetaVAETrainingConfig:
    """How the network is fitted."""

    steps: int = 1500
    batch: int = 64
    peak_rate: float = 2e-3
    warmup: int = 60
    weight_decay: float = 0.01
    average: float = 0.998  # of the weights, per step
    clip: float = 1.0
    beta: float = 0.5  # weight of the divergence of latents from a normal distribution
    spread: float = 0.1  # deviation of responses about what is decoded, of a single trial's
    held_out: int = 400  # inputs that score
    log_every: int = 100
    save_every: int = 500
    seed: int = 20261121
    network: BetaVAEConfig = field(default_factory=BetaVAEConfig)
    trials: TrialsConfig = field(default_factory=TrialsConfig)


def train_beta_vae(
    background: Sequence[FloatArray],
    held_out: Sequence[FloatArray],
    work: Path,
    config: BetaVAETrainingConfig,
) -> Path:
    """Fit the network, going on from a checkpoint in ``work`` if there is one.

    Parameters
    ----------
    background : sequence of ndarray, shape (n_sites, n_times)
        Recordings of people, from `take_background`.
    held_out : sequence of ndarray, shape (n_sites, n_times)
        The same of other people. They only score.
    work : Path
        Folder for ``checkpoint.pt``, ``log.jsonl`` and the averaged ``weights.safetensors``.
    config : BetaVAETrainingConfig
        How.

    Returns
    -------
    weights : Path
        The averaged weights.

    Notes
    -----
    A step depends on the seed and its number alone, the draw of latents included.
    """
    templates = make_templates()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        state = make_state(config)
        first = resume(work / "checkpoint.pt", state)
        trim_log(work / "log.jsonl", first)
        scored = draw_inputs(
            templates, held_out, config.held_out, config.trials, np.random.default_rng(0)
        )
        losses: list[Tensor] = []
        for step in range(first, config.steps):
            rng = np.random.default_rng((config.seed, step))
            seen, wanted = draw_inputs(templates, background, config.batch, config.trials, rng)
            torch.manual_seed(config.seed + step)
            some = torch.from_numpy(seen), torch.from_numpy(wanted)
            losses.append(take_step(state, *some, config, step))
            done = step + 1
            if done % config.log_every == 0 or done == config.steps:
                row = {"step": done, "loss": float(torch.stack(losses).mean())}
                log(work, **row, held_out_correlation=score(state["averaged"], *scored))
                losses.clear()
            if done % config.save_every == 0 or done == config.steps:
                save(work, state, done)
    return work / "weights.safetensors"


def make_state(config: BetaVAETrainingConfig) -> dict[str, Any]:
    """Make what a run carries from step to step."""
    network = BetaVAE(config.network)
    optimiser = torch.optim.AdamW(
        network.parameters(), config.peak_rate, (0.9, 0.98), weight_decay=config.weight_decay
    )
    return {"network": network, "averaged": deepcopy(network), "optimiser": optimiser}


def take_step(
    state: dict[str, Any], seen: Tensor, wanted: Tensor, config: BetaVAETrainingConfig, step: int
) -> Tensor:
    """One update from one batch; the loss."""
    network, optimiser = state["network"].train(), state["optimiser"]
    for group in optimiser.param_groups:
        group["lr"] = find_rate(config, step)
    mean, log_variance = network.encode(seen)
    latents = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
    loss = measure_loss(network.decode(latents), wanted, mean, log_variance, config)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), config.clip)
    optimiser.step()
    average_state(state["averaged"], network, min(config.average, (step + 1) / (step + 10)))
    return loss.detach()


def measure_loss(
    decoded: Tensor,
    wanted: Tensor,
    mean: Tensor,
    log_variance: Tensor,
    config: BetaVAETrainingConfig,
) -> Tensor:
    """Unlikeliness of the true response, and beta times the divergence of the latents."""
    # Samples of a response are smooth: those of a tenth of a second count as one.
    wrong = (decoded - wanted).square().sum((1, 2)) / (2 * config.spread**2) / 25
    divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)
    return (wrong + config.beta * divergence).mean()


def score(network: nn.Module, seen: FloatArray, wanted: FloatArray) -> float:
    """Mean correlation with the true response; conditions without one are left out."""
    network.eval()
    with torch.no_grad():
        found = network(torch.from_numpy(np.asarray(seen))).flatten(1).numpy()
    true = wanted.reshape(len(wanted), -1)
    true, found = (x - x.mean(axis=1, keepdims=True) for x in (true, found))
    there = true.std(axis=1) > 0.02
    norms = np.linalg.norm(true, axis=1) * np.linalg.norm(found, axis=1) + 1e-12
    return float(((true * found).sum(axis=1) / norms)[there].mean())
