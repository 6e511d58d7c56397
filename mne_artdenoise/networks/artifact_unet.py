"""A U-Net in one dimension that takes noise out of artifact waveforms, steered by time and class.

After the diffusion model of Arasu & Jahangiri (arXiv 2509.08188), with what its paper describes and
its code lacks: skips across the U, normalisation, and a class of its own for "no label", which
guidance needs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class ArtifactUNetConfig:
    """Sizes of the network, and the diffusion that it was trained for."""

    labels: tuple[str, ...] = ("muscle", "eye", "electrode", "chewing", "shiver", "heart")
    n_times: int = 512  # samples of a window
    patch: int = 8  # samples per token: 62 ms at 128 Hz
    widths: tuple[int, ...] = (56, 64, 72)  # each level at half the rate of the last
    condition: int = 96  # features of time and class
    groups: int = 8  # of features that are normalised together
    heads: int = 4  # of attention over the whole window, which rhythms need; 0 for none
    prediction: str = "v"  # what it predicts: "v", or the noise itself, "epsilon"
    schedule: str = "cosine"  # of the noise, or "linear"
    n_steps: int = 1000  # of the diffusion

    def __post_init__(self) -> None:
        """Refuse sizes that cannot be halved, and a prediction or schedule that is not known."""
        if self.n_times % (self.patch * 2 ** (len(self.widths) - 1)):
            raise ValueError(f"n_times {self.n_times} cannot be divided by patch and levels.")
        if self.heads and self.widths[-1] % self.heads:
            raise ValueError(f"width {self.widths[-1]} cannot be divided by {self.heads} heads.")
        if self.prediction not in ("v", "epsilon"):
            raise ValueError(f"prediction is {self.prediction!r}, but must be 'v' or 'epsilon'.")
        if self.schedule not in ("cosine", "linear"):
            raise ValueError(f"schedule is {self.schedule!r}, but must be 'cosine' or 'linear'.")


class SteeredBlock(nn.Module):
    """Two convolutions around a residual, scaled and shifted by time and class."""

    def __init__(self, width_in: int, width_out: int, condition: int, groups: int) -> None:
        super().__init__()
        self.first_norm = nn.GroupNorm(groups, width_in)
        self.first = nn.Conv1d(width_in, width_out, 3, padding=1)
        self.steer = nn.Linear(condition, 2 * width_out)
        self.second_norm = nn.GroupNorm(groups, width_out)
        self.second = nn.Conv1d(width_out, width_out, 3, padding=1)
        self.skip = nn.Conv1d(width_in, width_out, 1) if width_in != width_out else nn.Identity()
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Map (batch, width_in, n) to (batch, width_out, n)."""
        h = self.first(F.silu(self.first_norm(x)))
        gain, shift = self.steer(condition).unsqueeze(-1).chunk(2, dim=1)
        h = self.second(F.silu(self.second_norm(h) * (1 + gain) + shift))
        total: Tensor = self.skip(x) + h
        return total


class WholeAttention(nn.Module):
    """Attention of each moment to all of the window, in which places are known."""

    def __init__(self, width: int, n_tokens: int, heads: int, groups: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(groups, width)
        self.place = nn.Parameter(0.1 * torch.randn(width, n_tokens))
        self.ask = nn.Conv1d(width, 3 * width, 1)
        self.answer = nn.Conv1d(width, width, 1)
        nn.init.zeros_(self.answer.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, width, n) to the same shape."""
        asked = self.ask(self.norm(x) + self.place).unflatten(1, (3, self.heads, -1))
        query, key, value = asked.transpose(-1, -2).unbind(1)
        found = F.scaled_dot_product_attention(query, key, value)
        total: Tensor = x + self.answer(found.transpose(-1, -2).flatten(1, 2))
        return total


class ArtifactUNet(nn.Module):
    """Noisy waveform, step and class to what the config says it predicts."""

    config: ArtifactUNetConfig

    def __init__(self, config: ArtifactUNetConfig) -> None:
        super().__init__()
        self.config = config
        widths, size, groups = config.widths, config.condition, config.groups
        # One more class than labels: "no label".
        self.embed = nn.Embedding(len(config.labels) + 1, size)
        self.clock = nn.Sequential(nn.Linear(size, size), nn.SiLU(), nn.Linear(size, size))
        # Taps beyond the token on both sides: what is smooth across tokens is seen to be.
        self.begin = nn.Conv1d(1, widths[0], 3 * config.patch, config.patch, config.patch)
        self.down = nn.ModuleList(SteeredBlock(w, w, size, groups) for w in widths[:-1])
        self.slower = nn.ModuleList(
            nn.Conv1d(before, after, 4, 2, 1) for before, after in pairwise(widths)
        )
        self.middle = nn.ModuleList(
            SteeredBlock(widths[-1], widths[-1], size, groups) for _ in range(2)
        )
        n_slow = config.n_times // (config.patch * 2 ** (len(widths) - 1))
        self.whole = nn.ModuleList(
            WholeAttention(widths[-1], n_slow, config.heads, groups) if config.heads
            else nn.Identity() for _ in self.middle
        )  # fmt: skip
        self.faster = nn.ModuleList(
            nn.ConvTranspose1d(after, before, 4, 2, 1) for before, after in pairwise(widths)
        )
        self.up = nn.ModuleList(SteeredBlock(2 * w, w, size, groups) for w in widths[:-1])
        self.last = nn.GroupNorm(groups, widths[0])
        self.out = nn.ConvTranspose1d(widths[0], 1, 3 * config.patch, config.patch, config.patch)

    @property
    def no_label(self) -> int:
        """The class that stands for "no label"."""
        return len(self.config.labels)

    def forward(self, x: Tensor, steps: Tensor, labels: Tensor) -> Tensor:
        """Predict from windows (batch, n_times), steps (batch,) and classes (batch,)."""
        condition = F.silu(self.clock(self._tell(steps)) + self.embed(labels))
        h = self.begin(x.unsqueeze(1))
        kept = []
        for block, slower in zip(self.down, self.slower, strict=True):
            h = block(h, condition)
            kept.append(h)
            h = slower(h)
        for block, whole in zip(self.middle, self.whole, strict=True):
            h = whole(block(h, condition))
        for block, faster in zip(reversed(self.up), reversed(self.faster), strict=True):
            h = block(torch.cat([faster(h), kept.pop()], dim=1), condition)
        found: Tensor = self.out(F.silu(self.last(h)))[:, 0]
        return found

    def _tell(self, steps: Tensor) -> Tensor:
        """Turn steps (batch,) into sines and cosines, slow to fast: (batch, condition)."""
        half = self.config.condition // 2
        rates = torch.exp(-math.log(1e4) * torch.arange(half, device=steps.device) / half)
        turns = 1000 / self.config.n_steps * steps.float()[:, None] * rates
        return torch.cat([torch.sin(turns), torch.cos(turns)], dim=1)
