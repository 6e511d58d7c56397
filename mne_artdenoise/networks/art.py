"""The Artifact Removal Transformer: an encoder and a decoder over the samples of a window.

After Chuang, Chang, Huang & Bessas (2025), doi:10.1016/j.neuroimage.2025.121123, in whose published
form it has 2,517,022 parameters. One token per sample holds all channels. The encoder reads the
whole window; the decoder reads it again, each sample those up to it, and gives the clean signal.
"""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

TINY = 1e-12  # variance below which a token counts as constant; the root is the reference's 1e-6


@dataclass(frozen=True)
class ARTConfig:
    """Sizes of the network, as published unless a reason is given."""

    channels: int = 30
    width: int = 128
    hidden: int = 2048
    heads: int = 8
    layers: int = 2  # of the encoder, and as many of the decoder
    longest: int = 5000  # samples of a window for which there are positions
    dropout: float = 0.1
    # 0.1 as published. The fused attention of a CPU has no dropout: it would hold every weight of
    # 1024 x 1024 samples, 32 MB for each window and attention.
    attention_dropout: float = 0.0
    # Samples by which what the decoder reads is ahead of what it gives. 0: sample by sample. The
    # reference infers with 1, so its last sample is missing; here the last one is read twice.
    shift: int = 0
    # Samples over which shorter windows wander in training, so that they teach all positions.
    wander: int = 0


class TokenNorm(nn.Module):
    """Bring each token to zero mean and unit deviation, the unbiased one, then scale and shift."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.unbiased = math.sqrt((width - 1) / width)

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., width) to the same shape."""
        # The fused norm divides by the biased deviation.
        return F.layer_norm(x, x.shape[-1:], self.unbiased * self.weight, self.bias, TINY)


class Attention(nn.Module):
    """Attention of the tokens of one sequence to those of another, or of the same."""

    def __init__(self, config: ARTConfig) -> None:
        super().__init__()
        self.heads, self.dropout = config.heads, config.attention_dropout
        self.query = nn.Linear(config.width, config.width)
        self.key = nn.Linear(config.width, config.width)
        self.value = nn.Linear(config.width, config.width)
        self.out = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor, heard: Tensor, causal: bool = False) -> Tensor:
        """From (batch, n, width) and (batch, m, width) to (batch, n, width)."""
        dropout = self.dropout if self.training else 0.0
        q, k, v = (self._split(x) for x in (self.query(x), self.key(heard), self.value(heard)))
        # A processor trains its fused attention four times as fast in float32 as in bfloat16.
        halved = x.device.type == "cpu" and torch.is_autocast_enabled("cpu")
        if halved:
            q, k, v = q.float(), k.float(), v.float()
        with torch.autocast("cpu", enabled=False) if halved else nullcontext():
            mixed = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=causal)
        change: Tensor = self.out(mixed.transpose(1, 2).reshape(x.shape))
        return change

    def _split(self, x: Tensor) -> Tensor:
        """Part the features by heads: (batch, n, width) to (batch, heads, n, width / heads)."""
        batch, tokens, width = x.shape
        return x.view(batch, tokens, self.heads, width // self.heads).transpose(1, 2)


class FeedForward(nn.Module):
    """Two matrices with a rectifier between them, for each token alone."""

    def __init__(self, config: ARTConfig) -> None:
        super().__init__()
        self.widen = nn.Linear(config.width, config.hidden)
        self.drop = nn.Dropout(config.dropout)
        self.narrow = nn.Linear(config.hidden, config.width)

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., width) to the same shape."""
        change: Tensor = self.narrow(self.drop(F.relu(self.widen(x))))
        return change


class EncoderLayer(nn.Module):
    """Self-attention, then the matrices; each on normed tokens, and added to them."""

    def __init__(self, config: ARTConfig) -> None:
        super().__init__()
        self.attention_norm = TokenNorm(config.width)
        self.attention = Attention(config)
        self.feed_norm = TokenNorm(config.width)
        self.feed = FeedForward(config)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n, width) to the same shape."""
        h = self.attention_norm(x)
        x = x + self.drop(self.attention(h, h))
        changed: Tensor = x + self.drop(self.feed(self.feed_norm(x)))
        return changed


class DecoderLayer(nn.Module):
    """As in the encoder, but no token hears later ones, and all hear the encoder."""

    def __init__(self, config: ARTConfig) -> None:
        super().__init__()
        self.attention_norm = TokenNorm(config.width)
        self.attention = Attention(config)
        self.cross_norm = TokenNorm(config.width)
        self.cross = Attention(config)
        self.feed_norm = TokenNorm(config.width)
        self.feed = FeedForward(config)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        """Map (batch, n, width), with the encoder's (batch, m, width), to (batch, n, width)."""
        h = self.attention_norm(x)
        x = x + self.drop(self.attention(h, h, causal=True))
        x = x + self.drop(self.cross(self.cross_norm(x), memory))
        changed: Tensor = x + self.drop(self.feed(self.feed_norm(x)))
        return changed


class ART(nn.Module):
    """Estimate the clean signal of windows of fixed channels.

    Parameters
    ----------
    config : ARTConfig
        Sizes.
    """

    def __init__(self, config: ARTConfig | None = None) -> None:
        super().__init__()
        self.config = config = ARTConfig() if config is None else config
        self.source = nn.Linear(config.channels, config.width)
        self.target = nn.Linear(config.channels, config.width)
        self.drop = nn.Dropout(config.dropout)
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.layers))
        self.encoder_norm = TokenNorm(config.width)
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.layers))
        self.decoder_norm = TokenNorm(config.width)
        self.head = nn.Linear(config.width, config.channels)
        self.positions: Tensor
        positions = encode_positions(config.longest, config.width)
        self.register_buffer("positions", positions, persistent=False)
        for weight in self.parameters():
            if weight.ndim > 1:
                nn.init.xavier_uniform_(weight)

    def forward(self, x: Tensor, directions: Tensor | None = None) -> Tensor:
        """Clean signal in the scale of the input.

        Parameters
        ----------
        x : Tensor, shape (batch, channels, times)
            Signal of the channels that the network knows, about one in standard deviation.
        directions : Tensor | None
            Not used: the channels are fixed. It is there for the networks that need it.

        Returns
        -------
        clean : Tensor, shape (batch, channels, times)
        """
        shift = self.config.shift
        if not shift:
            return self.translate(x, x)
        last = x[..., -1:].expand(-1, -1, shift)
        return self.translate(x, torch.cat([x[..., shift:], last], dim=-1))

    def translate(self, source: Tensor, target: Tensor) -> Tensor:
        """Encode one signal and decode with another, (batch, channels, times) each.

        The reference's own function: the output at a sample depends on all of ``source`` and on
        ``target`` up to that sample.
        """
        start = self._choose_start(source.shape[-1])
        memory = self._embed(self.source, source, start)
        for encode in self.encoder:
            memory = encode(memory)
        memory = self.encoder_norm(memory)
        h = self._embed(self.target, target, start)
        for decode in self.decoder:
            h = decode(h, memory)
        clean: Tensor = self.head(self.decoder_norm(h)).transpose(1, 2)
        return clean

    def pass_through(self, gain: float = 0.3) -> None:
        """Set the weights so that about what comes in goes out, for a training to start from.

        The signal, ``gain`` times, is carried by those mixtures of the decoder's features in which
        positions change least, nor does their mean, which norms take off; all else adds nothing.
        """
        channels, width = self.config.channels, self.config.width
        if width <= channels:
            raise ValueError(f"{channels} channels need a width above that to pass, found {width}.")
        places = self.positions[: self.config.wander or self.config.longest]
        spread = float(places.std(dim=1).mean())
        taken = torch.cat([places - places.mean(dim=0), 1e3 * torch.ones(1, width)])
        carried = torch.linalg.svd(taken, full_matrices=False).Vh[-channels:].T
        with torch.no_grad():
            self.target.weight.copy_(gain / math.sqrt(width) * carried)
            nn.init.zeros_(self.target.bias)
            self.head.weight.copy_(spread / gain * carried.T)
            nn.init.zeros_(self.head.bias)
            self.head.bias.sub_(self.head(self.decoder_norm(places)).mean(dim=0))
            for name, weight in self.decoder.named_parameters():
                if name.rpartition(".")[0].endswith((".attention.out", ".cross.out", ".narrow")):
                    nn.init.zeros_(weight)

    def widen(self, narrow: ART) -> None:
        """Do as a trained network of fewer hidden features does; the others add nothing as yet."""
        less = narrow.config.hidden
        state = narrow.state_dict()
        for name, own in self.state_dict().items():
            if name.endswith("feed.widen.weight") or name.endswith("feed.widen.bias"):
                state[name] = torch.cat([state[name], own[less:]])
            elif name.endswith("feed.narrow.weight"):
                state[name] = torch.cat([state[name], torch.zeros_like(own[:, less:])], dim=1)
        self.load_state_dict(state)

    def _choose_start(self, n_times: int) -> int:
        """Choose the first position: the first there is, but in training any that leaves room."""
        room = self.config.wander - n_times if self.training else 0
        return int(torch.randint(room + 1, ())) if room > 0 else 0

    def _embed(self, linear: nn.Module, x: Tensor, start: int) -> Tensor:
        """Turn samples into tokens with a position: (b, channels, times) to (b, times, width)."""
        if x.shape[-1] > self.config.longest:
            raise ValueError(
                f"Found windows of {x.shape[-1]} samples, and the network has positions for "
                f"{self.config.longest}: set longest in its config, or use shorter windows."
            )
        tokens = linear(x.transpose(1, 2)) * math.sqrt(self.config.width)
        placed: Tensor = self.drop(tokens + self.positions[start : start + x.shape[-1]])
        return placed


def encode_positions(longest: int, width: int) -> Tensor:
    """Sines and cosines of wavelengths from 2 pi to 20,000 pi samples, shape (longest, width).

    As in Vaswani et al. (2017), arXiv:1706.03762, section 3.5; in float32 all the way, as the
    reference has them, which is up to 6e-5 from the exact values.
    """
    sample = torch.arange(longest, dtype=torch.float32)[:, None]
    rate = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * -(math.log(1e4) / width))
    waves = torch.stack([torch.sin(sample * rate), torch.cos(sample * rate)], dim=-1)
    return waves.flatten(1)
