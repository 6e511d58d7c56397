"""The loop that ties symbols to the latents of responses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .._typing import FloatArray
from ..networks.scan import ScanConfig, ScanNetwork, measure_divergence


@dataclass(frozen=True)
class ScanTrainingConfig:
    """How the network is fitted; weights of the terms as named by Higgins et al. (2018)."""

    steps: int = 600
    batch: int = 128
    rate: float = 5e-3
    beta: float = 0.1  # of the divergence of a symbol's latents from a normal distribution
    pull: float = 1.0  # lambda: of the divergence of a response's latents from its symbols'
    seed: int = 0


def fit_scan(
    latents: FloatArray, spreads: FloatArray, symbols: FloatArray, config: ScanTrainingConfig
) -> ScanNetwork:
    """Tie symbols to latents.

    Parameters
    ----------
    latents, spreads : ndarray, shape (n_trials, n_latents)
        Mean and deviation of the latents of each response.
    symbols : ndarray, shape (n_trials, n_symbols)
        Which symbols each response has, 0 or 1.
    config : ScanTrainingConfig
        How.
    """
    mean, log_variance, labels = (
        torch.from_numpy(np.asarray(x, np.float32)) for x in (latents, 2 * np.log(spreads), symbols)
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network = ScanNetwork(ScanConfig(labels.shape[1], mean.shape[1]))
        optimiser = torch.optim.Adam(network.parameters(), config.rate)
        for step in range(config.steps):
            some = torch.randint(len(labels), (min(config.batch, len(labels)),))
            loss = measure_loss(network, mean[some], log_variance[some], labels[some], config)
            for group in optimiser.param_groups:
                group["lr"] = config.rate * (1 - step / config.steps)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return network.eval().requires_grad_(False)


def measure_loss(
    network: ScanNetwork,
    mean: Tensor,
    log_variance: Tensor,
    labels: Tensor,
    config: ScanTrainingConfig,
) -> Tensor:
    """Symbols of symbols, symbols of responses, and how far the latents of both are apart."""
    own, own_log_variance = network.encode(labels)
    noise = torch.randn_like(own)
    again = network.decode(own + torch.exp(0.5 * own_log_variance) * noise)
    heard = network.decode(mean + torch.exp(0.5 * log_variance) * noise)
    told = F.binary_cross_entropy_with_logits(again, labels, reduction="none").sum(1)
    told = told + F.binary_cross_entropy_with_logits(heard, labels, reduction="none").sum(1)
    prior = measure_divergence(own, own_log_variance, torch.zeros(()), torch.zeros(()))
    # Forward: the latents of a symbol must cover those of all responses that have it.
    apart = measure_divergence(mean, log_variance, own, own_log_variance)
    return (told + config.beta * prior + config.pull * apart).mean()


def name_symbols(network: ScanNetwork, latents: FloatArray) -> FloatArray:
    """Tell how likely each symbol is of each response, (n_trials, n_symbols)."""
    with torch.inference_mode():
        logits = network.decode(torch.from_numpy(np.asarray(latents, np.float32)))
    return np.asarray(torch.sigmoid(logits).double().numpy())


def imagine_latents(network: ScanNetwork, symbols: FloatArray) -> FloatArray:
    """Give the mean latents that symbols stand for, (n, n_latents)."""
    with torch.inference_mode():
        mean, _ = network.encode(torch.from_numpy(np.asarray(symbols, np.float32)))
    return np.asarray(mean.double().numpy())
