"""Topographies of artifacts drawn from a mixture over spherical harmonics, at any electrodes.

Harmonics are functions of direction, so what is fitted to maps of one montage is drawn for another.
Few maps of people allow few centres, and one covariance for all of them in a label.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class ArtifactSpreadConfig:
    """Sizes of the mixture."""

    labels: tuple[str, ...] = ("muscle", "eye")
    degree: int = 5  # of the finest harmonics: waves of a seventh of the way around the head
    parts: int = 4  # centres of each label

    @property
    def n_harmonics(self) -> int:
        """Count the harmonics."""
        return (self.degree + 1) ** 2


class ArtifactSpread(nn.Module):
    """Label, centre and noise to maps; all that it knows is in buffers."""

    config: ArtifactSpreadConfig
    shares: Tensor
    centres: Tensor
    factors: Tensor

    def __init__(self, config: ArtifactSpreadConfig) -> None:
        super().__init__()
        self.config = config
        n_labels, size = len(config.labels), config.n_harmonics
        self.register_buffer("shares", torch.full((n_labels, config.parts), 1 / config.parts))
        self.register_buffer("centres", torch.zeros(n_labels, config.parts, size))
        self.register_buffer("factors", torch.eye(size).repeat(n_labels, 1, 1))

    def forward(self, directions: Tensor, label: int, parts: Tensor, noise: Tensor) -> Tensor:
        """Make maps (n_maps, n_channels) of parts (n_maps,) and noise (n_maps, n_harmonics)."""
        weights = self.centres[label, parts] + noise @ self.factors[label].T
        return weights @ make_harmonics(directions, self.config.degree).T


def make_harmonics(directions: Tensor, degree: int) -> Tensor:
    """Real spherical harmonics at directions (n, 3), orthonormal: (n, (degree + 1) ** 2)."""
    x, y, z = (directions / directions.norm(dim=1, keepdim=True)).unbind(1)
    # Cosines and sines of m times the azimuth, times the sine of the polar angle to the m.
    turns = [(torch.ones_like(x), torch.zeros_like(x))]
    for _ in range(degree):
        c, s = turns[-1]
        turns.append((c * x - s * y, c * y + s * x))
    columns = []
    for n in range(degree + 1):
        by_order = [_make_legendre(n, m, z) for m in range(n + 1)]
        columns += [by_order[m] * turns[m][1] for m in range(n, 0, -1)]
        columns += [by_order[m] * turns[m][0] for m in range(n + 1)]
    return torch.stack(columns, dim=1)


def _make_legendre(n: int, m: int, z: Tensor) -> Tensor:
    """Associated Legendre polynomial without its power of the sine, scaled to be orthonormal."""
    last, value = torch.zeros_like(z), torch.full_like(z, float(math.prod(range(1, 2 * m, 2))))
    for k in range(m + 1, n + 1):
        last, value = value, ((2 * k - 1) * z * value - (k + m - 1) * last) / (k - m)
    share = (2 * n + 1) / (4 * math.pi) * math.factorial(n - m) / math.factorial(n + m)
    return math.sqrt(share * (2 if m else 1)) * value
