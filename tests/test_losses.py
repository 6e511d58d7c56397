"""Tests of the losses."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.fft import irfft
from torch import Tensor

from mne_artdenoise.bands import find_margin, transform_block
from mne_artdenoise.covariances import measure_covariances
from mne_artdenoise.spatial import EDGES
from mne_artdenoise.training.losses import (
    BANDS,
    MU,
    RIDGE,
    log_error_ratio,
    log_filtered_error_ratio,
    sum_bands,
)

SFREQ = 200.0
TONES = (2.0, 5.0, 10.0, 20.0, 40.0)  # hertz: one in each band


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def make_tones(*frequencies: float, channels: int = 3) -> Tensor:
    """Make sines of equal power, on a bin each: shape (1, channels, 800)."""
    time = torch.arange(800, dtype=torch.float64) / SFREQ
    total = sum(torch.sin(2 * math.pi * frequency * time) for frequency in frequencies)
    return total.expand(1, channels, 800).clone()


@pytest.mark.parametrize("floor", [1e-1, 1e-4, 1e-6])
@pytest.mark.parametrize("shape", [(1, 1, 400), (3, 19, 800), (2, 4, 801)])
def test_a_perfect_estimate_gives_the_floor(shape, floor):
    artifact, clean = draw(*shape), draw(*shape, seed=1)
    loss = log_error_ratio(artifact, artifact, clean, SFREQ, floor)
    assert loss.shape == ()
    assert loss.item() == pytest.approx(10 * math.log10(floor), abs=1e-5)


@pytest.mark.parametrize("ratio_db", [-30.0, -10.0, 0.0, 15.0])
def test_an_error_like_the_clean_signal_gives_the_ratio_of_the_two(ratio_db):
    clean = make_tones(*TONES)
    artifact = draw(1, 3, 800)
    estimate = artifact + 10 ** (ratio_db / 20) * clean
    loss = log_error_ratio(estimate, artifact, clean, SFREQ, floor=0.0)
    # Each band of the clean signal holds a fifth, and a hundredth of the whole is added to it.
    assert loss.item() == pytest.approx(ratio_db - 0.5 * 10 * math.log10(1.05), abs=1e-6)


@pytest.mark.parametrize("tone", TONES)
def test_an_error_in_one_band_counts_there_and_in_the_whole(tone):
    clean, artifact, floor = make_tones(*TONES), draw(1, 3, 800), 1e-3
    loss = log_error_ratio(artifact + make_tones(tone), artifact, clean, SFREQ, floor)
    whole = math.log10(1 / 5 + floor)
    banded = (math.log10(1 / 1.05 + floor) + 4 * math.log10(floor)) / 5
    assert loss.item() == pytest.approx(5 * (whole + banded), abs=1e-4)


def test_damage_to_quiet_brain_costs_as_much_as_artifact_left_in_loud_muscle():
    clean, muscle = draw(2, 3, 800), 30 * draw(2, 3, 800, seed=1)
    damaged = log_error_ratio(0.5 * clean, torch.zeros_like(clean), clean, SFREQ)
    left = log_error_ratio(muscle - 0.5 * clean, muscle, clean, SFREQ)
    assert damaged.item() == pytest.approx(left.item(), abs=1e-6)


@pytest.mark.parametrize("factor", [1e-3, 40.0])
def test_the_unit_of_the_signals_does_not_matter(factor):
    parts = [draw(2, 3, 800, seed=seed) for seed in range(3)]
    loss = log_error_ratio(*parts, SFREQ)
    scaled = log_error_ratio(*(factor * part for part in parts), SFREQ)
    assert scaled.item() == pytest.approx(loss.item(), abs=1e-6)


def test_windows_count_alike():
    parts = [draw(3, 2, 800, seed=seed) for seed in range(3)]
    parts[0][1] *= 1000
    alone = [log_error_ratio(*(part[k : k + 1] for part in parts), SFREQ) for k in range(3)]
    expected = sum(loss.item() for loss in alone) / 3
    assert log_error_ratio(*parts, SFREQ).item() == pytest.approx(expected, abs=1e-9)


def test_less_error_is_less_loss():
    artifact, clean, error = (draw(2, 3, 800, seed=seed) for seed in range(3))
    losses = [
        log_error_ratio(artifact + size * error, artifact, clean, SFREQ).item()
        for size in (0.0, 0.01, 0.1, 1.0, 10.0)
    ]
    assert losses == sorted(losses)
    assert len(set(losses)) == len(losses)


@pytest.mark.parametrize("size", [0.0, 1e-6, 1.0, 1e6])
def test_gradients_are_finite_even_where_nothing_is_wrong(size):
    artifact, clean = draw(2, 3, 400).float(), draw(2, 3, 400, seed=1).float()
    estimate = (artifact + size * draw(2, 3, 400, seed=2).float()).requires_grad_()
    log_error_ratio(estimate, artifact, clean, SFREQ).backward()
    assert estimate.grad.isfinite().all()


@pytest.mark.parametrize("band", range(5))
def test_a_tone_counts_in_its_band_alone(band):
    power = sum_bands(make_tones(TONES[band]), SFREQ)
    assert power.shape == (1, len(BANDS) - 1)
    assert int(power.argmax()) == band
    assert power[0, band] > (1 - 1e-9) * power.sum()


@pytest.mark.parametrize("n_times", [256, 401, 800])
def test_bands_add_up_to_the_whole(n_times):
    x = draw(2, 3, n_times)
    whole = torch.fft.rfft(x).abs().square().sum(dim=(1, 2))
    torch.testing.assert_close(sum_bands(x, SFREQ).sum(dim=1), whole)


def make_window(seed: int = 0, channels: int = 6, n_times: int = 3200) -> tuple[Tensor, Tensor]:
    """Make a clean window of mixed noise, and an artifact of one topography."""
    clean = draw(channels, channels, seed=seed) @ draw(1, channels, n_times, seed=seed + 1)
    artifact = 5 * draw(1, channels, 1, seed=seed + 2) * draw(1, 1, n_times, seed=seed + 3)
    return clean, artifact


def filter_guided(noisy: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Filter a recording in each band by ``A (A + mu V)^-1``, beside the loss and in time."""
    spectrum, masks = transform_block(noisy, SFREQ, EDGES)
    margin, total = find_margin(noisy.shape[1], SFREQ), 0
    bad, good = (measure_covariances([x], SFREQ, EDGES) for x in (found, noisy - found))
    for a, v, mask in zip(bad, good, masks, strict=True):
        v = v + RIDGE * np.trace(v) / len(v) * np.eye(len(v))
        total = total + a @ np.linalg.inv(a + MU * v) @ (spectrum * mask)
    return irfft(total, n=2 * (spectrum.shape[1] - 1))[:, margin : margin + noisy.shape[1]]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("share", [0.3, 0.8])
def test_the_filtered_loss_is_the_error_that_the_spatial_step_leaves(seed, share):
    clean, artifact = make_window(seed)
    estimate = share * artifact + 0.1 * draw(*clean.shape, seed=9)
    noisy, found = (clean + artifact)[0].numpy(), estimate[0].numpy()
    removed = torch.from_numpy(filter_guided(noisy, found))[None]
    expected = log_error_ratio(removed, artifact, clean, SFREQ, floor=1e-3).item()
    loss = log_filtered_error_ratio(estimate, artifact, clean, SFREQ, floor=1e-3).item()
    # The spatial step mirrors the ends of a recording; in the loss they meet.
    assert loss == pytest.approx(expected, abs=0.3)


def test_an_estimate_of_the_right_direction_is_enough_for_the_filtered_loss():
    clean, artifact = make_window()
    whole, most, blurred = (
        log_filtered_error_ratio(estimate, artifact, clean, SFREQ).item()
        for estimate in (artifact, 0.85 * artifact, 0.85 * artifact + 0.5 * clean)
    )
    assert whole < -8.0
    assert most == pytest.approx(whole, abs=0.5)
    assert blurred > whole + 1.0


@pytest.mark.parametrize("shape", [(2, 3, 800), (1, 19, 1600)])
def test_without_an_estimate_the_filtered_loss_is_that_of_leaving_all_as_it_is(shape):
    artifact, clean = draw(*shape), draw(*shape, seed=1)
    nothing = torch.zeros_like(artifact)
    filtered = log_filtered_error_ratio(nothing, artifact, clean, SFREQ)
    plain = log_error_ratio(nothing, artifact, clean, SFREQ, floor=1e-3)
    assert filtered.item() == pytest.approx(plain.item(), abs=1e-6)


@pytest.mark.parametrize("factor", [1e-3, 40.0])
def test_the_unit_of_the_signals_does_not_matter_to_the_filtered_loss(factor):
    parts = [draw(2, 3, 800, seed=seed) for seed in range(3)]
    loss = log_filtered_error_ratio(*parts, SFREQ)
    scaled = log_filtered_error_ratio(*(factor * part for part in parts), SFREQ)
    assert scaled.item() == pytest.approx(loss.item(), abs=1e-6)


@pytest.mark.parametrize("size", [0.0, 1e-6, 1.0, 1e6])
@pytest.mark.parametrize("identity", [True, False])
def test_gradients_through_the_filters_are_finite(size, identity):
    artifact, clean = draw(2, 8, 400).float(), draw(2, 8, 400, seed=1).float()
    artifact = artifact * (not identity)
    estimate = (artifact + size * draw(2, 8, 400, seed=2).float()).requires_grad_()
    log_filtered_error_ratio(estimate, artifact, clean, SFREQ).backward()
    assert estimate.grad.isfinite().all()
