"""A generator of artifact waveforms by class, and the critic that it learns against.

After the conditional WGAN-GP of Arasu & Jahangiri (arXiv 2509.08188), with what their results ask
for: noise enters at every rate, since muscle is noise that no short latent vector holds; the critic
looks at short spectra beside the waveform; and the output has no bound, so no scale is lost in one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class ArtifactGANConfig:
    """Sizes of the generator, and of the critic that only training needs."""

    labels: tuple[str, ...] = ("muscle", "eye", "electrode", "chewing", "shiver", "heart")
    n_times: int = 512  # samples of a window
    latent: int = 64  # numbers drawn for what a window has as a whole
    style: int = 64  # features by which latent and label steer each layer
    widths: tuple[int, ...] = (64, 64, 48, 32, 24, 16)  # each level at twice the rate of the last
    critic: tuple[int, ...] = (24, 48, 64, 96)  # the first level at a quarter, then halves
    frame: int = 64  # samples of a short spectrum
    spectral: int = 48  # features of the branch that sees spectra; 0 for none

    def __post_init__(self) -> None:
        """Refuse sizes that cannot be halved down to the first level."""
        if self.n_times % 2 ** (len(self.widths) - 1) or self.n_times % (4 * self.frame):
            raise ValueError(f"n_times {self.n_times} cannot be divided by its levels and frames.")


class StyledLayer(nn.Module):
    """A convolution at twice the rate, with noise of its own, steered by latent and label."""

    def __init__(self, width_in: int, width_out: int, style: int, *, faster: bool) -> None:
        super().__init__()
        self.faster = faster
        self.convolve = nn.Conv1d(width_in, width_out, 5, padding=2)
        self.loudness = nn.Parameter(torch.full((width_out, 1), 0.3))
        self.steer = nn.Linear(style, 2 * width_out)

    def forward(self, x: Tensor, noise: Tensor, style: Tensor) -> Tensor:
        """Map (batch, width_in, n) to (batch, width_out, n or 2 n); noise has one channel."""
        if self.faster:
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        gain, shift = self.steer(style).unsqueeze(-1).chunk(2, dim=1)
        h = self.convolve(x) + self.loudness * noise
        return F.leaky_relu(h * (1 + gain) + shift, 0.2)


class ArtifactGAN(nn.Module):
    """Noise and class to a waveform of a mean square of one."""

    config: ArtifactGANConfig

    def __init__(self, config: ArtifactGANConfig) -> None:
        super().__init__()
        self.config = config
        self.first = config.n_times // 2 ** (len(config.widths) - 1)
        self.embed = nn.Embedding(len(config.labels), config.latent)
        self.mix = nn.Sequential(
            nn.Linear(2 * config.latent, config.style), nn.LeakyReLU(0.2),
            nn.Linear(config.style, config.style), nn.LeakyReLU(0.2),
        )  # fmt: skip
        self.begin = nn.Linear(2 * config.latent, config.widths[0] // 2 * self.first)
        widths = (config.widths[0] // 2, *config.widths)
        self.layers = nn.ModuleList(
            StyledLayer(before, after, config.style, faster=level > 0)
            for level, (before, after) in enumerate(pairwise(widths))
        )
        self.out = nn.Conv1d(config.widths[-1], 1, 7, padding=3)

    @property
    def n_noise(self) -> int:
        """Numbers that must be drawn for one window."""
        return self.config.latent + sum(self._find_sizes())

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """Make windows (batch, n_times) of noise (batch, n_noise) and classes (batch,)."""
        latent, *parts = torch.split(noise, [self.config.latent, *self._find_sizes()], dim=1)
        seen = torch.cat([latent, self.embed(labels)], dim=1)
        style = self.mix(seen)
        x = self.begin(seen).view(len(seen), -1, self.first)
        for layer, part in zip(self.layers, parts, strict=True):
            x = layer(x, part.unsqueeze(1), style)
        wave: Tensor = self.out(x)[:, 0]
        return wave / torch.sqrt(wave.square().mean(dim=1, keepdim=True) + 1e-8)

    def _find_sizes(self) -> list[int]:
        """Count the samples of each level."""
        return [self.first << level for level in range(len(self.config.widths))]


class ArtifactCritic(nn.Module):
    """How real a waveform is of its class: a score without bounds, by projection on the class."""

    frames: Tensor

    def __init__(self, config: ArtifactGANConfig) -> None:
        super().__init__()
        self.config = config
        first, *rest = config.critic
        self.waves = nn.Sequential(
            nn.Conv1d(1, first, 8, stride=4, padding=2), nn.LeakyReLU(0.2), *_halve(first, rest)
        )
        self.spectra = nn.Sequential(
            nn.Conv1d(config.frame // 2 + 1, config.spectral, 3, padding=1), nn.LeakyReLU(0.2),
            *_halve(config.spectral, [config.spectral]),
        )  # fmt: skip
        n_seen = rest[-1] * config.n_times // (4 * 2 ** len(rest))
        n_seen += config.spectral * config.n_times // config.frame
        self.gather = nn.Linear(n_seen, config.critic[-1])
        self.judge = nn.Linear(config.critic[-1], 1)
        self.project = nn.Embedding(len(config.labels), config.critic[-1])
        self.register_buffer("frames", make_frames(config.frame), persistent=False)

    def forward(self, windows: Tensor, labels: Tensor) -> Tensor:
        """Score windows (batch, n_times) of classes (batch,): (batch,)."""
        x = windows.unsqueeze(1)
        seen = [self.waves(x).flatten(1)]
        if self.config.spectral:
            power = measure_spectra(x, self.frames)
            seen.append(self.spectra(torch.log(power + 1e-3)).flatten(1))
        features = F.leaky_relu(self.gather(torch.cat(seen, dim=1)), 0.2)
        score: Tensor = self.judge(features)[:, 0] + (features * self.project(labels)).sum(dim=1)
        return score


def make_frames(size: int) -> Tensor:
    """Cosines and sines under a Hann window, of unit power for white noise: (size + 2, 1, size)."""
    time = torch.arange(size, dtype=torch.float64)
    turns = 2 * math.pi * torch.arange(size // 2 + 1)[:, None] * time / size
    window = torch.hann_window(size, dtype=torch.float64)
    waves = torch.cat([torch.cos(turns), torch.sin(turns)]) * window / window.square().sum().sqrt()
    return waves.unsqueeze(1).float()


def measure_spectra(x: Tensor, frames: Tensor) -> Tensor:
    """Power of short spectra (batch, frequencies, frames), half overlapping, of (batch, 1, n)."""
    size = frames.shape[-1]
    cosines, sines = F.conv1d(x, frames, stride=size // 2, padding=size // 4).chunk(2, dim=1)
    return cosines.square() + sines.square()


def _halve(width: int, widths: Sequence[int]) -> list[nn.Module]:
    """Stack convolutions that each halve the rate."""
    layers: list[nn.Module] = []
    for after in widths:
        layers += [nn.Conv1d(width, after, 5, stride=2, padding=2), nn.LeakyReLU(0.2)]
        width = after
    return layers
