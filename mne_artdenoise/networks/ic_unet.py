"""IC-U-Net: a convolutional encoder and decoder over windows of fixed channels.

After Chuang, Chang, Huang & Jung (2022), doi:10.1016/j.neuroimage.2022.119586. What was published
and what was released differ: the paper has skip connections, rectifiers and transposed convolution,
the released network none of these, and 2,669,854 parameters. Both are here.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}
UPSAMPLINGS = ("linear", "transposed")


@dataclass(frozen=True)
class ICUNetConfig:
    """Sizes and form of the network; the defaults are the paper's."""

    channels: int = 30
    widths: tuple[int, ...] = (64, 128, 256, 512)
    kernels: tuple[int, ...] = (7, 7, 5, 3)  # of the encoder, level by level
    kernel: int = 3  # of the decoder
    skips: bool = True  # whether each level of the decoder sees that of the encoder
    activation: str = "relu"  # or "sigmoid"
    upsampling: str = "transposed"  # or "linear"

    def __post_init__(self) -> None:
        _check_option("activation", self.activation, ACTIVATIONS)
        _check_option("upsampling", self.upsampling, UPSAMPLINGS)
        if len(self.widths) != len(self.kernels):
            raise ValueError(
                f"widths has {len(self.widths)} levels and kernels {len(self.kernels)}: each level "
                "of the encoder needs one of both."
            )

    @property
    def stride(self) -> int:
        """Samples of which the length of a window must be a multiple."""
        return 1 << (len(self.widths) - 1)


def _check_option(name: str, value: str, known: Any) -> None:
    if value not in known:
        raise ValueError(f"Unknown {name}: {value!r}. Possible options: {', '.join(known)}.")


RELEASED = ICUNetConfig(skips=False, activation="sigmoid", upsampling="linear")


class DoubleConvolution(nn.Module):
    """Convolution, batch norm and activation, twice."""

    def __init__(self, inputs: int, outputs: int, kernel: int, activation: str) -> None:
        super().__init__()
        self.first = nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2)
        self.first_norm = nn.BatchNorm1d(outputs)
        self.second = nn.Conv1d(outputs, outputs, kernel, padding=kernel // 2)
        self.second_norm = nn.BatchNorm1d(outputs)
        self.activation = ACTIVATIONS[activation]()

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, inputs, times) to (batch, outputs, times)."""
        x = self.activation(self.first_norm(self.first(x)))
        x = self.activation(self.second_norm(self.second(x)))
        return x


class Rise(nn.Module):
    """One level of the decoder: twice the samples, then convolutions beside the encoder's."""

    def __init__(self, inputs: int, outputs: int, config: ICUNetConfig) -> None:
        super().__init__()
        self.skips = config.skips
        self.upsample: nn.Module
        if config.upsampling == "linear":
            self.upsample = nn.Upsample(scale_factor=2, mode="linear", align_corners=False)
            risen = inputs
        else:
            self.upsample = nn.ConvTranspose1d(inputs, outputs, 2, stride=2)
            risen = outputs
        seen = risen + outputs if config.skips else risen
        self.convolve = DoubleConvolution(seen, outputs, config.kernel, config.activation)

    def forward(self, x: Tensor, beside: Tensor) -> Tensor:
        """From (batch, inputs, times / 2) to (batch, outputs, times), the shape of ``beside``."""
        x = self.upsample(x)
        if self.skips:
            x = torch.cat([beside, x], dim=1)
        risen: Tensor = self.convolve(x)
        return risen


class ICUNet(nn.Module):
    """Estimate the clean signal, or the artifact, of windows of fixed channels.

    Parameters
    ----------
    config : ICUNetConfig
        Sizes and form.
    """

    def __init__(self, config: ICUNetConfig | None = None) -> None:
        super().__init__()
        self.config = config = ICUNetConfig() if config is None else config
        inputs = (config.channels, *config.widths[:-1])
        self.encoder = nn.ModuleList(
            DoubleConvolution(a, b, kernel, config.activation)
            for a, b, kernel in zip(inputs, config.widths, config.kernels, strict=True)
        )
        self.halve = nn.MaxPool1d(2)
        self.decoder = nn.ModuleList(Rise(a, b, config) for a, b in pairwise(config.widths[::-1]))
        self.head = nn.Conv1d(config.widths[0], config.channels, 1)

    def begin_at_zero(self) -> None:
        """Let nothing come out, for a training on artifacts to start from."""
        for weight in self.head.parameters():
            nn.init.zeros_(weight)

    def forward(self, x: Tensor, directions: Tensor | None = None) -> Tensor:
        """Clean signal in the scale of the input, or the artifact: what it was trained to give.

        Parameters
        ----------
        x : Tensor, shape (batch, channels, times)
            Signal of the channels that the network knows, about one in standard deviation;
            ``times`` a multiple of ``config.stride``.
        directions : Tensor | None
            Not used: the channels are fixed. It is there for the networks that need it.

        Returns
        -------
        estimate : Tensor, shape (batch, channels, times)
        """
        if x.shape[-1] % self.config.stride:
            raise ValueError(
                f"Found windows of {x.shape[-1]} samples, and the network halves them to "
                f"1 / {self.config.stride}: their length must be a multiple of that."
            )
        levels: list[Tensor] = []
        for depth, convolve in enumerate(self.encoder):
            x = convolve(self.halve(x) if depth else x)
            levels.append(x)
        for rise, beside in zip(self.decoder, levels[-2::-1], strict=True):
            x = rise(x, beside)
        estimate: Tensor = self.head(x)
        return estimate
