"""The symbol-concept association network: labels and latents of responses, each from the other.

After Higgins et al. (2018), arXiv:1707.03389, and its use on responses to events by Honke et al.
(2021), arXiv:2010.15274. Sizes were chosen for this package.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .beta_vae import make_layers


@dataclass(frozen=True)
class ScanConfig:
    """Sizes of the network."""

    symbols: int  # labels that are there or not
    latents: int = 12
    hidden: tuple[int, ...] = (32,)


class ScanNetwork(nn.Module):
    """Encode symbols as normal distributions over latents, and decode these to symbols.

    Parameters
    ----------
    config : ScanConfig
        Sizes.
    """

    def __init__(self, config: ScanConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = make_layers((config.symbols, *config.hidden, 2 * config.latents))
        self.decoder = make_layers((config.latents, *config.hidden[::-1], config.symbols))

    def forward(self, symbols: Tensor) -> Tensor:
        """Give back the symbols as logits, (batch, symbols) both."""
        return self.decode(self.encode(symbols)[0])

    def encode(self, symbols: Tensor) -> tuple[Tensor, Tensor]:
        """Give mean and logarithm of the variance of the latents that symbols stand for."""
        mean, log_variance = self.encoder(symbols).chunk(2, dim=1)
        return mean, log_variance.clamp(-8.0, 4.0)

    def decode(self, latents: Tensor) -> Tensor:
        """Give the symbols of latents as logits, (batch, latents) to (batch, symbols)."""
        logits: Tensor = self.decoder(latents)
        return logits


def measure_divergence(
    mean: Tensor, log_variance: Tensor, other: Tensor, other_log_variance: Tensor
) -> Tensor:
    """Kullback-Leibler divergence of normal distributions to others, summed over latents."""
    ratio = torch.exp(log_variance - other_log_variance)
    distance = (mean - other).square() / torch.exp(other_log_variance)
    return 0.5 * (ratio + distance - 1 + other_log_variance - log_variance).sum(dim=1)
