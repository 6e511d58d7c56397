"""Losses between an estimated and a true artifact, as it is and after the spatial step."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..bands import make_masks
from ..spatial import EDGES

# The bands of the spatial step, in hertz: each is a filter of its own, so each must be right.
BANDS = (0.5, 3.5, 7.0, 14.0, 25.0, 100.0)
RIDGE = 1e-3  # of the mean variance, added to the rest's covariance
MU = 0.7  # of the filters in the loss; released ones chose theirs when the network was there


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
    wrong, right = sum_bands(estimate - artifact, sfreq), sum_bands(clean, sfreq)
    return average_ratios(wrong, right, floor)


def log_filtered_error_ratio(
    estimate: Tensor, artifact: Tensor, clean: Tensor, sfreq: float, floor: float = 1e-3
) -> Tensor:
    """Decibels of the error that is left when Wiener filters have used the estimate.

    In each band of ``spatial.py`` a filter is made from the covariances of estimate and rest of
    each window and applied to it, all of it differentiable. The spatial step separates sources
    instead, which takes longer data than a window; both ask the same of a network, that it learns
    estimates whose *directions* are right. An estimate that is right at the sure moments and
    silent at the doubtful ones is better here than one that takes a little of everything.

    Parameters
    ----------
    estimate, artifact, clean : Tensor, shape (n_windows, n_channels, n_times)
        In one scale. Windows must be long against the number of channels, or any estimate can be
        filtered out of them: 16 s for 64 channels is little.
    sfreq : float
        Sampling rate in hertz.
    floor : float
        Ratio below which nothing more is gained.

    Returns
    -------
    loss : Tensor, shape ()
        Mean over windows, in decibels.

    Notes
    -----
    With covariances ``A`` of the estimate and ``V`` of the rest in one band, what is removed is
    ``A (A + mu V)^-1 y``: the speech-distortion weighted multichannel Wiener filter (Spriet et al.
    2004, doi:10.1016/j.sigpro.2004.07.028).
    """
    n_channels = estimate.shape[1]
    frequency = np.fft.rfftfreq(estimate.shape[-1], 1 / sfreq)
    masks = torch.from_numpy(make_masks(frequency, EDGES)).to(estimate)[:, None]
    found = masks * torch.fft.rfft(estimate)[:, None]  # (windows, bands, channels, frequencies)
    seen = masks * torch.fft.rfft(clean + artifact)[:, None]
    bad, good = measure_covariance(found), measure_covariance(seen - found)
    level = good.diagonal(dim1=-2, dim2=-1).mean(-1) + 1e-9 * seen.abs().square().sum((-2, -1))
    eye = torch.eye(n_channels, dtype=bad.dtype, device=bad.device)
    good = good + RIDGE * level[..., None, None] * eye
    filters = torch.linalg.solve(bad + MU * good, bad).mT
    removed = (filters.to(seen.dtype) @ seen).sum(1)
    wrong = sum_spectrum(removed - torch.fft.rfft(artifact), estimate.shape[-1], sfreq)
    return average_ratios(wrong, sum_bands(clean, sfreq), floor)


def measure_covariance(spectrum: Tensor) -> Tensor:
    """Sum the products of channels over frequencies: (..., channels, channels)."""
    return spectrum.real @ spectrum.real.mT + spectrum.imag @ spectrum.imag.mT


def average_ratios(wrong: Tensor, right: Tensor, floor: float) -> Tensor:
    """Average the decibels of whole and bands, from powers of shape (n_windows, n_bands)."""
    total = right.sum(dim=1, keepdim=True)
    whole = wrong.sum(1) / total[:, 0].clamp_min(1e-12)
    # A band the clean signal hardly has (low-passed sets) must not rule the rest.
    banded = torch.log10(wrong / (right + 0.01 * total).clamp_min(1e-12) + floor).mean(dim=1)
    return 10 * (0.5 * torch.log10(whole + floor) + 0.5 * banded).mean()


def sum_bands(x: Tensor, sfreq: float) -> Tensor:
    """Power in each of ``BANDS``, summed over channels: (n_windows, n_bands)."""
    return sum_spectrum(torch.fft.rfft(x), x.shape[-1], sfreq)


def sum_spectrum(spectrum: Tensor, n_times: int, sfreq: float) -> Tensor:
    """Power in each of ``BANDS`` of a spectrum (n_windows, n_channels, n_frequencies)."""
    power = spectrum.abs().square().sum(dim=1)
    frequency = torch.fft.rfftfreq(n_times, 1 / sfreq, device=spectrum.device)
    edges = torch.tensor(BANDS, device=spectrum.device)
    band = torch.bucketize(frequency, edges[1:-1])
    member = torch.nn.functional.one_hot(band, len(BANDS) - 1).to(power.dtype)
    summed: Tensor = power @ member
    return summed
