"""A network for one channel at a time in the style of AT-AT: find where noise is, filter there.

AT-AT (Choi 2025, arXiv:2502.05332) was published without code or sizes. What its text says is here:
a convolutional autoencoder with batch norms whose correlation with its input tells where noise is,
a time-series transformer that filters the segments so proposed, and an opponent in training that
makes spectra realistic. All sizes, the form of that correlation and how the transformer's features
become a signal were chosen for this package.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

TINY = 1e-12


@dataclass(frozen=True)
class ATATConfig:
    """Sizes of the network, none of them published, each with its reason."""

    segment: int = 32  # samples that are proposed as one: 125 ms at 256 Hz, a short burst
    patch: int = 8  # samples per token of the transformer
    widths: tuple[int, ...] = (16, 32)  # of the autoencoder, which halves time at each
    kernel: int = 15  # of the autoencoder's convolutions
    bank: int = 64  # samples, and number, of the filters that carry the signal: 4 Hz apart
    width: int = 48
    heads: int = 4
    layers: int = 2
    hidden: int = 96


class Autoencoder(nn.Module):
    """Convolutions to a fourth of the samples and back: what of a channel looks like brain."""

    def __init__(self, config: ATATConfig) -> None:
        super().__init__()
        sizes, kernel, parts = (1, *config.widths), config.kernel, []
        for a, b in pairwise(sizes):
            down = nn.Conv1d(a, b, kernel, stride=2, padding=kernel // 2)
            parts += [down, nn.BatchNorm1d(b), nn.GELU()]
        back = sizes[:0:-1]
        for a, b in zip(back, (*back[1:], back[-1]), strict=True):
            up = nn.ConvTranspose1d(a, b, kernel + 1, stride=2, padding=kernel // 2)
            parts += [up, nn.BatchNorm1d(b), nn.GELU()]
        self.layers = nn.Sequential(*parts, nn.Conv1d(back[-1], 1, kernel, padding=kernel // 2))

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, 1, times) to the same shape."""
        rough: Tensor = self.layers(x)
        return rough


class TransformerLayer(nn.Module):
    """Attention among tokens, then two matrices; each on normed tokens, and added to them."""

    def __init__(self, config: ATATConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.norm = nn.LayerNorm(config.width)
        self.mix = nn.Linear(config.width, 3 * config.width)
        self.out = nn.Linear(config.width, config.width)
        self.feed = nn.Sequential(
            nn.LayerNorm(config.width),
            nn.Linear(config.width, config.hidden),
            nn.GELU(),
            nn.Linear(config.hidden, config.width),
        )

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """Map (n, tokens, width) to the same shape; ``bias`` (n, tokens) tells whom to hear."""
        n, tokens, width = x.shape
        mixed = self.mix(self.norm(x)).view(n, tokens, 3, self.heads, width // self.heads)
        query, key, value = mixed.permute(2, 0, 3, 1, 4)
        heard = F.scaled_dot_product_attention(query, key, value, bias[:, None, None])
        x = x + self.out(heard.transpose(1, 2).reshape(n, tokens, width))
        changed: Tensor = x + self.feed(x)
        return changed


class ATAT(nn.Module):
    """Estimate the artifact in each channel, of any number, by itself.

    Parameters
    ----------
    config : ATATConfig
        Sizes.
    """

    def __init__(self, config: ATATConfig | None = None) -> None:
        super().__init__()
        self.config = config = ATATConfig() if config is None else config
        self.autoencoder = Autoencoder(config)
        # How unlike its rough version a segment must be, and how soon that counts in full.
        self.threshold = nn.Parameter(torch.tensor(0.05))
        self.slope = nn.Parameter(torch.tensor(3.0))
        patch = config.patch
        self.embed = nn.Conv1d(3, config.width, 3 * patch, stride=patch, padding=patch)
        self.transformer = nn.ModuleList(TransformerLayer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.masks = nn.Linear(config.width, config.bank)
        self.analysis = nn.Parameter(torch.empty(config.bank, 1, config.bank))
        self.synthesis = nn.Parameter(torch.empty(config.bank, 1, config.bank))
        self.reset()

    def reset(self) -> None:
        """Begin with a bank that reconstructs, and with next to no artifact."""
        config = self.config
        nn.init.orthogonal_(self.analysis[:, 0])
        with torch.no_grad():
            self.synthesis.copy_(config.patch / config.bank * self.analysis)
        nn.init.normal_(self.masks.weight, std=1e-2)
        nn.init.zeros_(self.masks.bias)

    def forward(self, x: Tensor, directions: Tensor | None = None) -> Tensor:
        """Artifact in the scale of the input.

        Parameters
        ----------
        x : Tensor, shape (batch, channels, times)
            Signal of any size; ``times`` a multiple of ``config.segment``.
        directions : Tensor | None
            Not used: no channel knows of another.

        Returns
        -------
        artifact : Tensor, shape (batch, channels, times)
            Exactly zero where no noise is proposed.
        """
        return self.look(x)[0]

    def look(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Give artifact, rough clean signal (both like ``x``) and what is proposed.

        The last has shape (batch, channels, segments): 0 for what is left alone, up to 1.
        """
        segment = self.config.segment
        if x.shape[-1] % segment:
            raise ValueError(
                f"Found windows of {x.shape[-1]} samples, and the network looks at segments of "
                f"{segment}: their length must be a multiple of that."
            )
        flat = x.reshape(-1, 1, x.shape[-1])
        size = torch.sqrt(flat.square().mean(-1, keepdim=True) + TINY)
        signal = flat / size
        rough = self.autoencoder(signal)
        proposed = self.propose(signal, rough)
        spread = F.interpolate(proposed, size=x.shape[-1], mode="linear")
        artifact = spread * self.filter(signal, rough, spread)
        return (
            (size * artifact).view_as(x),
            (size * rough).view_as(x),
            proposed.view(*x.shape[:2], -1),
        )

    def propose(self, signal: Tensor, rough: Tensor) -> Tensor:
        """Find how much of each segment to filter, from its correlation with the rough version."""
        segment = self.config.segment
        products = torch.cat([signal * rough, signal.square(), rough.square()], dim=1)
        # Over a segment and its neighbours: one alone has few cycles.
        sums = F.avg_pool1d(products, 3 * segment, segment, padding=segment)
        both, own, other = sums.chunk(3, dim=1)
        correlation = both / torch.sqrt(own * other + TINY)
        return F.relu(torch.tanh(self.slope * (1 - correlation - self.threshold)))

    def filter(self, signal: Tensor, rough: Tensor, spread: Tensor) -> Tensor:
        """Weigh a bank of filters at each moment; (n, 1, times) each, and so is the outcome."""
        config = self.config
        h = self.embed(torch.cat([signal, rough, spread], dim=1)).transpose(1, 2)
        h = h + encode_times(h.shape[1], config.width).to(h)
        # Tokens that are not proposed are hardly heard: they are as they should be.
        bias = torch.log(F.avg_pool1d(spread, config.patch)[:, 0] + 1e-3)
        for layer in self.transformer:
            h = layer(h, bias)
        masks = self.masks(self.norm(h)).transpose(1, 2)
        margin = (config.bank - config.patch) // 2
        bands = F.conv1d(signal, self.analysis, stride=config.patch, padding=margin)
        return F.conv_transpose1d(
            masks * bands, self.synthesis, stride=config.patch, padding=margin
        )


class SpectrumCritic(nn.Module):
    """The opponent in training: tells spectra of clean channels from those of cleaned ones."""

    def __init__(self, piece: int = 128, hidden: int = 64) -> None:
        super().__init__()
        self.piece = piece
        self.layers = nn.Sequential(
            nn.Linear(piece // 2 + 1, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Judge channels, (batch, channels, times): about 1 for clean, 0 for cleaned."""
        pieces = x.unfold(-1, self.piece, self.piece // 2)
        window = torch.hann_window(self.piece, device=x.device, dtype=x.dtype)
        power = torch.fft.rfft(pieces * window).abs().square().mean(dim=-2)
        # Shape only: the size of a channel is no sign of noise.
        power = power / (power.mean(dim=-1, keepdim=True) + TINY)
        judged: Tensor = self.layers(torch.log10(power + 1e-6))
        return judged[..., 0]


def encode_times(n_tokens: int, width: int) -> Tensor:
    """Sines and cosines of the place of each token, shape (n_tokens, width)."""
    token = torch.arange(n_tokens, dtype=torch.float32)[:, None]
    rate = torch.exp(torch.arange(0, width, 2) * -(math.log(1e3) / width))
    return torch.stack([torch.sin(token * rate), torch.cos(token * rate)], dim=-1).flatten(1)
