"""A variational autoencoder that denoises responses to events, after Honke et al. (2021).

Responses of three sites, 256 samples each, become a few numbers (latents) and responses again
(arXiv:2010.15274). The sizes of the layers and beta were not published; those here were chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from mne_artdenoise._typing import FloatArray


@dataclass(frozen=True)
class BetaVAEConfig:
    """Sizes of the network; sites and samples as published, the others chosen."""

    sites: int = 3
    times: int = 256
    latents: int = 12  # more than components times what each may vary in: some stay unused
    hidden: tuple[int, ...] = (192, 96)


class BetaVAE(nn.Module):
    """Encode responses as normal distributions over a few latents, and decode these.

    Parameters
    ----------
    config : BetaVAEConfig
        Sizes.
    """

    def __init__(self, config: BetaVAEConfig | None = None) -> None:
        super().__init__()
        self.config = config = BetaVAEConfig() if config is None else config
        samples = config.sites * config.times
        self.encoder = make_layers((samples, *config.hidden, 2 * config.latents))
        self.decoder = make_layers((config.latents, *config.hidden[::-1], samples))

    def forward(self, x: Tensor, directions: Tensor | None = None) -> Tensor:
        """Denoised responses in the scale of the input.

        Parameters
        ----------
        x : Tensor, shape (batch, sites, times)
            Responses divided by the scale of single trials.
        directions : Tensor | None
            Not used: the sites are fixed.

        Returns
        -------
        response : Tensor, shape (batch, sites, times)
        """
        return self.decode(self.encode(x)[0])

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give mean and logarithm of the variance of the latents, shape (batch, latents) each."""
        mean, log_variance = self.encoder(x.flatten(1)).chunk(2, dim=1)
        return mean, log_variance.clamp(-8.0, 4.0)

    def decode(self, latents: Tensor) -> Tensor:
        """Make responses (batch, sites, times) of latents (batch, latents)."""
        response: Tensor = self.decoder(latents)
        return response.view(-1, self.config.sites, self.config.times)

    def find_latents(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give mean and deviation of the latents of responses that are arrays."""
        with torch.inference_mode():
            mean, log_variance = self.encode(torch.from_numpy(np.array(x, np.float32)))
        return mean.double().numpy(), torch.exp(0.5 * log_variance).double().numpy()

    def make_responses(self, latents: FloatArray) -> FloatArray:
        """Make responses of latents that are arrays."""
        with torch.inference_mode():
            response = self.decode(torch.from_numpy(np.array(latents, np.float32)))
        return np.asarray(response.double().numpy())


def make_layers(sizes: tuple[int, ...]) -> nn.Sequential:
    """Make matrices from size to size, with an activation between two of them."""
    parts: list[nn.Module] = []
    for a, b in pairwise(sizes):
        parts += [nn.Linear(a, b), nn.GELU()]
    return nn.Sequential(*parts[:-1])
