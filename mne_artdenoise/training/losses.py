"""Losses between an estimated and a true artifact."""

from __future__ import annotations

import torch
from torch import Tensor

# The bands of the spatial step, in hertz: each is a filter of its own, so each must be right.
BANDS = (0.5, 3.5, 7.0, 14.0, 25.0, 100.0)


def log_error_ratio(
    estimate: Tensor, artifact: Tensor, clean: Tensor, sfreq: float, floor: float = 1e-4
) -> Tensor:
    """Decibels of error over clean power, whole band and band by band, averaged.

    A ratio to the *clean* signal counts a decibel of damage to quiet brain as much as one of
    artifact left in loud muscle, and it keeps amplitude: nothing is standardised away.

    Parameters
    ----------
    estimate, artifact, clean : Tensor, shape (n_windows, n_channels, n_times)
        In one scale.
    sfreq : float
        Sampling rate in hertz.
    floor : float
        Ratio below which nothing more is gained (1e-4: 40 dB).

    Returns
    -------
    loss : Tensor, shape ()
        Mean over windows, in decibels.
    """
    error = estimate - artifact
    whole = error.square().sum((1, 2)) / clean.square().sum((1, 2)).clamp_min(1e-12)
    wrong, right = sum_bands(error, sfreq), sum_bands(clean, sfreq)
    # A band the clean signal hardly has (low-passed sets) must not rule the rest.
    right = right + 0.01 * right.sum(dim=1, keepdim=True)
    banded = torch.log10(wrong / right + floor).mean(dim=1)
    return 10 * (0.5 * torch.log10(whole + floor) + 0.5 * banded).mean()


def sum_bands(x: Tensor, sfreq: float) -> Tensor:
    """Power in each of ``BANDS``, summed over channels: (n_windows, n_bands)."""
    power = torch.fft.rfft(x, dim=-1).abs().square().sum(dim=1)
    frequency = torch.fft.rfftfreq(x.shape[-1], 1 / sfreq, device=x.device)
    edges = torch.tensor(BANDS, device=x.device)
    band = torch.bucketize(frequency, edges[1:-1])
    member = torch.nn.functional.one_hot(band, len(BANDS) - 1).to(power.dtype)
    summed: Tensor = power @ member
    return summed
