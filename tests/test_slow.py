"""Tests of slow waves of any length and smooth patterns over the head."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.signal import welch

from mne_artdenoise.synthesis import slow
from mne_artdenoise.synthesis.slow import draw_fields, draw_slow_waves, draw_steps


@pytest.mark.parametrize("slope", [0.0, 2.0])
def test_waves_fill_their_band_and_nothing_else(rng, slope):
    x = draw_slow_waves(40, 60_000, 100.0, (0.2, 2.0), slope, rng)
    assert np.mean(x**2) == pytest.approx(1, rel=0.15)
    frequency, power = welch(x, fs=100.0, nperseg=6000)
    power = power.mean(axis=0)
    assert power[(frequency < 0.15) | (frequency > 2.1)].sum() < 0.01 * power.sum()
    bins = np.geomspace(0.25, 1.9, 7)
    levels = [power[(frequency >= low) & (frequency < high)].mean() for low, high in pairwise(bins)]
    fall = np.polyfit(np.log(bins[:-1]), np.log(levels), 1)[0]
    assert -fall == pytest.approx(slope, abs=0.4)


def test_a_short_window_is_the_beginning_of_a_long_one():
    short, long = (
        draw_slow_waves(3, n, 100.0, (0.1, 1.0), 1.0, np.random.default_rng(0)) for n in (7, 5000)
    )
    np.testing.assert_allclose(short, long[:, :7], atol=1e-12)


def test_long_waves_are_made_in_parts_that_change_nothing(monkeypatch):
    whole = draw_slow_waves(2, 1000, 50.0, (0.1, 1.0), 1.0, np.random.default_rng(0))
    monkeypatch.setattr(slow, "BLOCK", 32 * 90)
    parts = draw_slow_waves(2, 1000, 50.0, (0.1, 1.0), 1.0, np.random.default_rng(0))
    np.testing.assert_allclose(parts, whole, atol=1e-12)


def test_patterns_correlate_by_distance(rng):
    positions = np.column_stack([np.linspace(0, 0.2, 21), np.zeros(21), np.zeros(21)])
    covariance = np.mean(
        [(f := draw_fields(positions, 0.05, 16, rng)) @ f.T for _ in range(2000)], axis=0
    )
    expected = np.exp(-0.5 * (positions[:, 0] / 0.05) ** 2)
    np.testing.assert_allclose(covariance[0], expected, atol=0.06)


def test_each_place_has_its_value_whoever_else_is_there():
    positions = np.random.default_rng(1).standard_normal((9, 3))
    few, many = (draw_fields(positions[:n], 0.5, 8, np.random.default_rng(0)) for n in (2, 9))
    np.testing.assert_allclose(few, many[:2], rtol=1e-12)


def test_steps_are_regular_but_no_clock(rng):
    steps = draw_steps(20_000, 100.0, 2.0, 6, rng)
    assert steps.shape == (6, 2, 20_000)
    assert np.mean(steps**2, axis=(1, 2)).sum() == pytest.approx(0.5, rel=0.05)
    np.testing.assert_allclose((steps**2).sum(axis=1)[0], (steps[0] ** 2).sum(axis=0)[0])
    phase = np.unwrap(np.arctan2(steps[0, 1], steps[0, 0]))
    speed = np.diff(phase) * 100 / (2 * np.pi)
    assert speed.mean() == pytest.approx(2.0, rel=0.03)
    assert 0.01 < speed.std() / speed.mean() < 0.06
    turns = np.arctan2(steps[2, 1], steps[2, 0])
    np.testing.assert_allclose(np.exp(1j * turns), np.exp(3j * phase), atol=1e-9)


def test_harmonics_that_cannot_be_recorded_are_left_out(rng):
    assert len(draw_steps(100, 100.0, 10.0, 6, rng)) == 4
