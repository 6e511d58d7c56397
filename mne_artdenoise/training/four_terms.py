"""The loss of IC-U-Net: errors in amplitude, velocity, acceleration and spectrum."""

from __future__ import annotations

import torch
from torch import Tensor

# What brain of about unit deviation has at a root mean square, per second and per second squared:
# measured on mixtures of the training split, at 256 Hz.
VELOCITY = 80.0
ACCELERATION = 18_000.0


def measure_four_terms(estimate: Tensor, clean: Tensor, sfreq: float) -> Tensor:
    """Mean of squared errors in amplitude, velocity, acceleration and spectrum.

    After Chuang et al. (2022), doi:10.1016/j.neuroimage.2022.119586. Velocity and acceleration are
    in units of those of brain: else they would be next to nothing beside amplitude.

    Parameters
    ----------
    estimate, clean : Tensor, shape (n_windows, n_channels, n_times)
        In the scale of the recording.
    sfreq : float
        Sampling rate in hertz.

    Returns
    -------
    loss : Tensor, shape ()
    """
    amplitude = estimate - clean
    velocity = sfreq * amplitude.diff(dim=-1)
    acceleration = sfreq * velocity.diff(dim=-1)
    spectrum = standardise_spectrum(estimate, sfreq) - standardise_spectrum(clean, sfreq)
    errors = (amplitude, velocity / VELOCITY, acceleration / ACCELERATION, spectrum)
    return torch.stack([error.square().mean() for error in errors]).mean()


def measure_four_ratios(
    estimate: Tensor, clean: Tensor, sfreq: float, floor: float = 1e-2
) -> Tensor:
    """Mean of the logarithms of the same four errors, each over what is clean, window by window.

    Of squares themselves, the mean is that of the few windows with the largest artifacts, and a
    network that serves these spoils the others.

    Parameters
    ----------
    estimate, clean : Tensor, shape (n_windows, n_channels, n_times)
        In one scale.
    sfreq : float
        Sampling rate in hertz.
    floor : float
        Ratio below which nothing more is gained (1e-2: 20 dB).

    Returns
    -------
    loss : Tensor, shape ()
        In decibels of power.
    """
    wrong, right = estimate - clean, clean
    ratios = []
    for _ in range(3):  # amplitude, velocity, acceleration
        ratios.append(_measure_power(wrong) / _measure_power(right).clamp_min(1e-12))
        wrong, right = wrong.diff(dim=-1), right.diff(dim=-1)
    spectrum = standardise_spectrum(estimate, sfreq) - standardise_spectrum(clean, sfreq)
    ratios.append(_measure_power(spectrum))  # the standard one has a power of one
    return 10 * torch.log10(torch.stack(ratios) + floor).mean()


def _measure_power(x: Tensor) -> Tensor:
    return x.square().mean((1, 2))


def standardise_spectrum(x: Tensor, sfreq: float) -> Tensor:
    """Power from 1 to 50 Hz, brought to zero mean and unit deviation in each channel."""
    frequency = torch.fft.rfftfreq(x.shape[-1], 1 / sfreq, device=x.device)
    power = torch.fft.rfft(x, dim=-1).abs().square()[..., (frequency >= 1) & (frequency <= 50)]
    power = power - power.mean(-1, keepdim=True)
    # The root has no slope at zero: a channel without any power gets none either.
    standard: Tensor = power / torch.sqrt(power.square().mean(-1, keepdim=True) + 1e-9)
    return standard
