"""The any-montage network: temporal convolution in each channel, attention across channels.

Written for this package. Electrode positions enter as real spherical harmonics, so channels may
come in any number and any order. Everything over time is a convolution: the output at a sample
depends on the input within ``AnyMontageConfig.context`` samples of it and on nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SLAB = 2048  # tokens times channels that a processor takes through a layer at once


@dataclass(frozen=True)
class AnyMontageConfig:
    """Sizes of the network, each with its reason.

    Attributes
    ----------
    width : int
        Features per token: 8 samples of signal need 8, the rest is context.
    patch : int
        Samples per token: 40 ms at 200 Hz, short against any artifact but a pop.
    kernel : int
        Samples a token sees at first: its neighbours' edges and 10 Hz cycles.
    dilations : tuple of int
        In tokens; one block each, 1.3 s to either side.
    attentive : int
        Every so many blocks channels attend: it costs most, and is needed less.
    heads : int
        Of attention.
    hidden : int
        Features between the two matrices of a convolution.
    filters : int
        Of the bank that carries the signal itself: twice the kernel's samples.
    mixtures : int
        Of all channels, heard beside the channel itself.
    key : int
        Features by which a mixture chooses its channels.
    """

    width: int = 48
    patch: int = 8
    kernel: int = 32
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16)
    attentive: int = 2
    heads: int = 4
    hidden: int = 128
    filters: int = 64
    mixtures: int = 3
    key: int = 16

    @property
    def context(self) -> int:
        """Samples to either side that can change an output sample."""
        return self.patch * (sum(self.dilations) + 1) + self.kernel


def encode_directions(directions: Tensor) -> Tensor:
    """Real spherical harmonics up to degree 3, without constants: (..., 3) to (..., 15)."""
    x, y, z = directions.unbind(-1)
    return torch.stack(
        [
            x, y, z,
            x * y, y * z, z * x, x * x - y * y, 3 * z * z - 1,
            y * (3 * x * x - y * y), x * (x * x - 3 * y * y), x * y * z,
            y * (5 * z * z - 1), x * (5 * z * z - 1), z * (5 * z * z - 3), z * (x * x - y * y),
        ],
        dim=-1,
    )  # fmt: skip


def plan_slabs(x: Tensor) -> list[slice]:
    """Plan which tokens of (tokens, batch, channels, features) go through a layer together.

    What a processor has to fetch and clear for large tensors costs it more than products of few
    tokens do. For gradients, and elsewhere, all go together.
    """
    tokens, batch, channels, _ = x.shape
    size = max(1, SLAB // (batch * channels))
    if torch.is_grad_enabled() or x.device.type != "cpu":
        size = tokens
    return [slice(start, start + size) for start in range(0, tokens, size)]


class TemporalConvolution(nn.Module):
    """Three taps ``dilation`` tokens apart, in each channel alone, as matrix products."""

    def __init__(self, width: int, hidden: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.norm = nn.LayerNorm(width)
        self.taps = nn.Linear(3 * width, hidden)
        self.out = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """Map (tokens, batch, channels, width) to the same shape."""
        step = self.dilation
        padded = F.pad(self.norm(x), (0, 0, 0, 0, 0, 0, step, step))
        done = [x[slab] + self.change(padded, slab, len(x[slab])) for slab in plan_slabs(x)]
        return torch.cat(done)

    def change(self, padded: Tensor, slab: slice, tokens: int) -> Tensor:
        """Map so many tokens and their neighbours to what is added to them."""
        width, step, first = padded.shape[-1], self.dilation, slab.start
        before, here, after = self.taps.weight.chunk(3, dim=1)
        # Slices of the first axis are contiguous, so no tap is copied.
        taps = [padded[first + k * step : first + k * step + tokens] for k in range(3)]
        h = F.linear(taps[1], here, self.taps.bias)
        total = h.view(-1, h.shape[-1])  # products are added where they are made, without a pass
        for tap, weight in ((taps[0], before), (taps[2], after)):  # autocast looks not in here
            total.addmm_(tap.reshape(-1, width).to(h.dtype), weight.t().to(h.dtype))
        change: Tensor = self.out(F.silu(h))
        return change


class ChannelAttention(nn.Module):
    """Attention across the channels at one moment; positions steer who listens to whom."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.mix = nn.Linear(width, 3 * width)
        self.place = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, place: Tensor) -> Tensor:
        """Map (tokens, batch, channels, width) to the same shape; ``place`` has no tokens."""
        place = self.place(place)
        return torch.cat([x[slab] + self.change(x[slab], place) for slab in plan_slabs(x)])

    def change(self, x: Tensor, place: Tensor) -> Tensor:
        """Map tokens to what is added to them."""
        tokens, batch, channels, width = x.shape
        mixed = self.mix(self.norm(x)) + place
        split = mixed.view(tokens * batch, channels, 3, self.heads, width // self.heads)
        # Each (tokens * batch, heads, channels, width / heads).
        query, key, value = split.permute(2, 0, 3, 1, 4)
        # Written out: for so few keys it is faster on a CPU than the fused kernel.
        query = query * query.shape[-1] ** -0.5  # smaller than what is scaled else, the products
        weights = torch.softmax(query @ key.transpose(-1, -2), dim=-1)
        heard = (weights @ value).transpose(1, 2).reshape(tokens, batch, channels, width)
        change: Tensor = self.out(heard)
        return change


class LinearReadout(nn.Module):
    """The artifact as a linear function of the signal whose coefficients the features choose.

    The signal is split by a bank of filters. Each is weighed at each moment, in the channel itself
    and in some mixtures of all channels, and joined again, as masks do in speech separation (Luo &
    Mesgarani 2019, doi:10.1109/TASLP.2019.2915167). So amplitude passes through whatever its size.
    """

    def __init__(self, config: AnyMontageConfig) -> None:
        super().__init__()
        self.patch, self.mixtures = config.patch, config.mixtures
        self.norm = nn.LayerNorm(config.width)
        self.analysis = nn.Linear(config.kernel, config.filters, bias=False)
        self.synthesis = nn.Linear(config.filters, 2 * config.patch, bias=False)
        self.masks = nn.Linear(config.width, (1 + config.mixtures) * config.filters)
        self.listen = nn.Linear(config.width, 2 * config.mixtures * config.key)
        self.place = nn.Linear(config.width, 2 * config.mixtures * config.key, bias=False)
        self.reset(config)

    def reset(self, config: AnyMontageConfig) -> None:
        """Begin with a bank that reconstructs, and with "no artifact anywhere"."""
        nn.init.orthogonal_(self.analysis.weight)
        margin = (config.kernel - 2 * config.patch) // 2
        with torch.no_grad():
            middle = self.analysis.weight[:, margin : margin + 2 * config.patch]
            self.synthesis.weight.copy_(0.5 * middle.T)
        nn.init.zeros_(self.masks.weight)
        nn.init.zeros_(self.masks.bias)

    def forward(self, h: Tensor, pieces: Tensor, place: Tensor) -> Tensor:
        """Features (t, b, c, width) and signal (t, b, c, kernel) to pieces (t, b, c, 2 * patch)."""
        place = self.place(place)
        return torch.cat([self.read(h[slab], pieces[slab], place) for slab in plan_slabs(h)])

    def read(self, h: Tensor, pieces: Tensor, place: Tensor) -> Tensor:
        """Read out some of the tokens."""
        tokens, batch, channels, _ = h.shape
        h = self.norm(h)
        bank = self.analysis(pieces)  # (t, b, c, filters)
        own, *masks = self.masks(h).chunk(1 + self.mixtures, dim=-1)
        asked = (self.listen(h) + place).view(tokens * batch, channels, 2, self.mixtures, -1)
        query, key = asked.permute(2, 3, 0, 1, 4)  # each (mixtures, t * b, c, key)
        query = query * query.shape[-1] ** -0.5
        total = own * bank
        for number, mask in enumerate(masks):  # one at a time: a third of the memory
            weights = torch.softmax(query[number] @ key[number].transpose(-1, -2), dim=-1)
            heard = weights @ bank.reshape(tokens * batch, channels, -1)
            total.addcmul_(mask, heard.view(tokens, batch, channels, -1))
        pieces_of_artifact: Tensor = self.synthesis(total)
        return pieces_of_artifact


class AnyMontage(nn.Module):
    """Estimate the artifact in windows of any channels.

    Parameters
    ----------
    config : AnyMontageConfig
        Sizes.
    """

    def __init__(self, config: AnyMontageConfig | None = None) -> None:
        super().__init__()
        self.config = config = AnyMontageConfig() if config is None else config
        self.embed = nn.Linear(config.kernel, config.width)
        self.place = nn.Sequential(
            nn.Linear(15, config.width), nn.GELU(), nn.Linear(config.width, config.width)
        )
        self.convolutions = nn.ModuleList(
            TemporalConvolution(config.width, config.hidden, dilation)
            for dilation in config.dilations
        )
        self.attentions = nn.ModuleList(
            ChannelAttention(config.width, config.heads)
            for _ in config.dilations[:: config.attentive]
        )
        self.readout = LinearReadout(config)

    def forward(self, x: Tensor, directions: Tensor) -> Tensor:
        """Artifact in the scale of the input.

        Parameters
        ----------
        x : Tensor, shape (batch, channels, times)
            Signal, about one in standard deviation; ``times`` a multiple of ``config.patch``.
        directions : Tensor, shape (batch, channels, 3)
            Unit vectors from the middle of the head to the electrodes.

        Returns
        -------
        artifact : Tensor, shape (batch, channels, times)
        """
        patch, kernel = self.config.patch, self.config.kernel
        margin = (kernel - patch) // 2
        padded = F.pad(x, (margin, margin))
        # Compressed before it is cut, as pieces overlap; each (t, b, c, kernel).
        pieces, shrunk = (
            y.unfold(-1, kernel, patch).permute(2, 0, 1, 3) for y in (padded, compress(padded))
        )
        place = self.place(encode_directions(directions))  # (b, c, width)
        h = self.embed(shrunk) + place  # (t, b, c, width)
        for number, convolution in enumerate(self.convolutions):
            h = convolution(h)
            if number % self.config.attentive == 0:
                h = self.attentions[number // self.config.attentive](h, place)
        halves = self.readout(h, pieces, place).permute(1, 2, 0, 3)  # (b, c, t, 2 * patch)
        return overlap_halves(halves, patch)


def compress(x: Tensor) -> Tensor:
    """Keep small values and shrink huge ones like a logarithm: a pop must not drown the rest."""
    return torch.asinh(x)


def overlap_halves(pieces: Tensor, patch: int) -> Tensor:
    """Add pieces of two patches, one patch apart, each centred on its token, to one signal."""
    batch, channels, tokens, _ = pieces.shape
    left = F.pad(pieces[..., :patch].reshape(batch, channels, tokens * patch), (0, patch))
    right = F.pad(pieces[..., patch:].reshape(batch, channels, tokens * patch), (patch, 0))
    return (left + right)[..., patch // 2 : tokens * patch + patch // 2]
