"""The loop that fits the network for single channels, against an opponent that judges spectra."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..networks.at_at import ATAT, ATATConfig, SpectrumCritic
from .fixed import average_state, find_rate, trim_log
from .loop import log, resume, save
from .single_channels import ChannelPairsConfig, SingleChannels, draw_channel_pairs

SCORED = (2.0, -7.0)  # decibels of power


@dataclass(frozen=True)
class ATATTrainingConfig:
    """How the network is fitted."""

    steps: int = 1500
    batch: int = 64
    peak_rate: float = 2e-3
    warmup: int = 60
    weight_decay: float = 0.01
    average: float = 0.995  # of the weights, per step
    clip: float = 1.0
    floor: float = 0.01  # error over brain under which little more is gained: 20 dB
    alike: float = 1.0  # weight of what correlation lacks of one
    rough: float = 0.3  # weight of the autoencoder's own error
    adversarial: float = 0.02  # weight of the opponent's judgement
    critic_rate: float = 5e-4
    held_out: int = 200  # channels that score
    log_every: int = 50
    save_every: int = 100
    seed: int = 20261121
    network: ATATConfig = field(default_factory=ATATConfig)
    pairs: ChannelPairsConfig = field(default_factory=ChannelPairsConfig)


def train_at_at(
    material: SingleChannels, held_out: SingleChannels, work: Path, config: ATATTrainingConfig
) -> Path:
    """Fit the network, going on from a checkpoint in ``work`` if there is one.

    Parameters
    ----------
    material : SingleChannels
        What training pairs are made of.
    held_out : SingleChannels
        The same of other people. They only score.
    work : Path
        Folder for ``checkpoint.pt``, ``log.jsonl`` and the averaged ``weights.safetensors``.
    config : ATATTrainingConfig
        How.

    Returns
    -------
    weights : Path
        The averaged weights.

    Notes
    -----
    A step depends on the seed and its number alone: a run that was stopped gives the curve of one
    that was not.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        state = make_state(config)
    first = resume(work / "checkpoint.pt", state)
    trim_log(work / "log.jsonl", first)
    losses: list[Tensor] = []
    for step in range(first, config.steps):
        rng = np.random.default_rng((config.seed, step))
        noisy, clean = draw_channel_pairs(material, config.pairs, config.batch, rng)
        some = torch.from_numpy(noisy), torch.from_numpy(clean)
        losses.append(take_step(state, *some, config, step))
        done = step + 1
        saved = done % config.save_every == 0 or done == config.steps
        if done % config.log_every == 0 or done == config.steps:
            row = {"step": done, "loss": float(torch.stack(losses).mean())}
            log(work, **row, **(score(state["averaged"], held_out, config) if saved else {}))
            losses.clear()
        if saved:
            save(work, state, done)
    return work / "weights.safetensors"


def make_state(config: ATATTrainingConfig) -> dict[str, Any]:
    """Make what a run carries from step to step."""
    network, critic = ATAT(config.network), SpectrumCritic()
    optimiser = torch.optim.AdamW(
        network.parameters(), config.peak_rate, (0.9, 0.98), weight_decay=config.weight_decay
    )
    rival = torch.optim.Adam(critic.parameters(), config.critic_rate, (0.5, 0.9))
    return {
        "network": network,
        "averaged": deepcopy(network),
        "optimiser": optimiser,
        "critic": critic,
        "critic_optimiser": rival,
    }


def take_step(
    state: dict[str, Any], noisy: Tensor, clean: Tensor, config: ATATTrainingConfig, step: int
) -> Tensor:
    """One update of the network and one of its opponent; the loss without its judgement."""
    network, optimiser = state["network"].train(), state["optimiser"]
    for group in optimiser.param_groups:
        group["lr"] = find_rate(config, step)
    artifact, rough, _ = network.look(noisy)
    cleaned = noisy - artifact
    loss = measure_error(cleaned, clean, config) + config.rough * measure_error(
        rough, clean, config
    )
    judged = state["critic"](cleaned)
    optimiser.zero_grad(set_to_none=True)
    total = loss + config.adversarial * (1 - judged).square().mean()
    total.backward()
    nn.utils.clip_grad_norm_(network.parameters(), config.clip)
    optimiser.step()
    teach_critic(state, cleaned.detach(), clean)
    average_state(state["averaged"], network, min(config.average, (step + 1) / (step + 10)))
    return loss.detach()


def teach_critic(state: dict[str, Any], cleaned: Tensor, clean: Tensor) -> None:
    """Move the opponent towards one for clean channels and zero for cleaned ones."""
    critic, optimiser = state["critic"], state["critic_optimiser"]
    wrong = (1 - critic(clean)).square().mean() + critic(cleaned).square().mean()
    optimiser.zero_grad(set_to_none=True)  # the network's own update left slopes here
    wrong.backward()
    optimiser.step()


def measure_error(estimate: Tensor, clean: Tensor, config: ATATTrainingConfig) -> Tensor:
    """Tens of decibels of error over brain, and what correlation lacks of one."""
    wrong = (estimate - clean).square().mean(-1) / clean.square().mean(-1)
    ratio = torch.log10(wrong + config.floor).mean()
    return ratio + config.alike * (1 - correlate(estimate, clean)).mean()


def correlate(a: Tensor, b: Tensor) -> Tensor:
    """Correlate channels, (batch, channels, times) to (batch, channels)."""
    a, b = (x - x.mean(-1, keepdim=True) for x in (a, b))
    power = a.square().sum(-1) * b.square().sum(-1)
    correlation: Tensor = (a * b).sum(-1) / torch.sqrt(power + 1e-12)
    return correlation


def score(
    network: nn.Module, held_out: SingleChannels, config: ATATTrainingConfig
) -> dict[str, float]:
    """Mean correlation with the truth of people who only score, at each ratio."""
    network.eval()
    scores = {}
    for snr_db in SCORED:
        rng = np.random.default_rng(0)
        pair = draw_channel_pairs(held_out, config.pairs, config.held_out, rng, snr_db)
        noisy, clean = map(torch.from_numpy, pair)
        with torch.no_grad():
            found = correlate(noisy - network(noisy), clean)
        scores[f"correlation_at_{snr_db:g}_db"] = float(found.mean())
    return scores
