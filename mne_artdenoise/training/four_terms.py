"""The loss of IC-U-Net: errors in amplitude, velocity, acceleration and spectrum."""

from __future__ import annotations

import torch
from torch import Tensor


def measure_four_terms(estimate: Tensor, clean: Tensor, sfreq: float) -> Tensor:
    """Mean of errors in amplitude, velocity, acceleration and spectrum, as of IC-U-Net.

    After Chuang et al. (2022), doi:10.1016/j.neuroimage.2022.119586. Each of the first three is in
    units of the clean signal's own: else a window with loud artifacts, whose brain is small in the
    scale of the recording, would count little, and velocity and acceleration next to nothing.

    Parameters
    ----------
    estimate, clean : Tensor, shape (n_windows, n_channels, n_times)
        In one scale.
    sfreq : float
        Sampling rate in hertz.

    Returns
    -------
    loss : Tensor, shape ()
    """
    terms, right, found = [], clean, estimate
    for _ in range(3):
        error = (found - right).square().mean((1, 2)) / right.square().mean((1, 2)).clamp_min(1e-9)
        terms.append(error.mean())
        right, found = right.diff(dim=-1), found.diff(dim=-1)
    spectra = (standardise_spectrum(x, sfreq) for x in (estimate, clean))
    terms.append((next(spectra) - next(spectra)).square().mean())
    return torch.stack(terms).mean()


def standardise_spectrum(x: Tensor, sfreq: float) -> Tensor:
    """Power from 1 to 50 Hz, brought to zero mean and unit deviation in each channel."""
    frequency = torch.fft.rfftfreq(x.shape[-1], 1 / sfreq, device=x.device)
    power = torch.fft.rfft(x, dim=-1).abs().square()[..., (frequency >= 1) & (frequency <= 50)]
    power = power - power.mean(-1, keepdim=True)
    # The root has no slope at zero: a channel without any power gets none either.
    standard: Tensor = power / torch.sqrt(power.square().mean(-1, keepdim=True) + 1e-9)
    return standard
