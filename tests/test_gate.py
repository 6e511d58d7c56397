"""A gate is shut while nothing is found, open when something is, and smooth between."""

from __future__ import annotations

import numpy as np
import pytest

from mne_artdenoise.gate import QUIET, calibrate_gate, find_span, open_gate, smooth_power


@pytest.mark.parametrize("n_times", [1, 2, 3, 50, 1000])
@pytest.mark.parametrize("span", [3, 50, 333])
def test_power_of_a_constant_is_its_square(n_times, span):
    power = smooth_power(np.full((4, n_times), -3.0), span)
    np.testing.assert_allclose(power, np.full(n_times, 9.0))


def test_power_rises_before_a_burst_and_is_zero_far_from_it():
    sources = np.zeros((2, 1000))
    sources[1, 500:600] = 1.0
    power = smooth_power(sources, 50)
    assert (power[480:620] > 0).all()
    np.testing.assert_allclose(power[:420], 0, atol=1e-12)
    np.testing.assert_allclose(power[680:], 0, atol=1e-12)


def test_a_gate_is_exactly_zero_up_to_closed_and_one_from_a_quarter_more():
    power = np.array([0.0, 1.0, 2.0, 2.1, 2.3, 2.5, 1e9])
    opening = open_gate(power, 2.0)
    assert (opening[:3] == 0).all()
    assert (opening[-2:] == 1).all()
    assert (np.diff(opening[2:6]) > 0).all()


def test_a_gate_that_never_shuts_is_open_at_any_power():
    assert (open_gate(np.array([0.0, 1e-9, 5.0]), 0.0) == 1).all()


def test_calibration_is_by_the_quiet_moments_only(rng):
    power = rng.uniform(0.8, 1.2, 1000)
    found = np.zeros(1000)
    power[:300], found[:300] = 1e4, 50.0
    closed = calibrate_gate(power, found)
    assert 1.0 < closed < 2.0
    assert not open_gate(power, closed)[300:].any()
    assert open_gate(power, closed)[:300].all()


def test_without_quiet_moments_the_gate_stays_open():
    assert calibrate_gate(np.ones(100), np.full(100, 2 * QUIET)) == 0.0


def test_slow_bands_are_looked_at_for_longer():
    spans = [find_span(low, 200.0) for low in (0.25, 3.5, 7.0, 14.0, 25.0)]
    assert spans == sorted(spans, reverse=True)
    assert find_span(25.0, 100.0) >= 3
