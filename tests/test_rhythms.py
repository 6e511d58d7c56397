"""Tests of the time courses of cortical sources."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import hilbert, welch

from mne_artdenoise.synthesis import rhythms
from mne_artdenoise.synthesis.rhythms import Rhythm, draw_rhythm, follow_eyes, sum_power_laws

ALPHA = Rhythm(("O1",), ("O1",), 6, 10.0, 0.8, 1.0, waxing=0.4)


def measure_band(x: np.ndarray, sfreq: float, low: float, high: float) -> np.ndarray:
    frequency, power = welch(x, fs=sfreq, nperseg=round(20 * sfreq))
    inside = (frequency >= low) & (frequency <= high)
    return np.trapezoid(power[:, inside], frequency[inside], axis=1)


@pytest.mark.parametrize("sfreq", [100.0, 256.0, 2000.0])
@pytest.mark.parametrize("slope", [0.0, 1.0, 2.5])
def test_power_falls_as_asked_and_is_one_between_1_and_40_hz(rng, slope, sfreq):
    x = sum_power_laws(np.eye(4), np.full(4, slope), round(120 * sfreq), sfreq, rng)
    assert measure_band(x, sfreq, 1, 40).mean() == pytest.approx(1, rel=0.15)
    frequency, power = welch(x.mean(axis=0), fs=sfreq, nperseg=round(8 * sfreq))
    inside = (frequency >= 1) & (frequency <= 40)
    fall = np.polyfit(np.log(frequency[inside]), np.log(power[inside]), 1)[0]
    assert -fall == pytest.approx(slope, abs=0.1)


def test_below_half_a_hertz_power_laws_are_flat(rng):
    x = sum_power_laws(np.eye(8), np.full(8, 2.0), 50 * 2000, 50.0, rng)
    slow, usual = (measure_band(x, 50.0, *band).mean() for band in ((0.19, 0.31), (0.39, 0.51)))
    assert slow == pytest.approx(usual, rel=0.3)


def test_sources_add_up_where_they_are_seen():
    maps = np.array([[1.0, 0.0], [0.0, 2.0], [1.0, -2.0]])
    x = sum_power_laws(maps, np.array([1.0, 2.0]), 1000, 200.0, np.random.default_rng(0))
    np.testing.assert_allclose(x[0] - x[1], x[2], atol=1e-5)


def test_long_signals_are_made_in_parts_that_change_nothing(monkeypatch):
    slopes = np.linspace(1, 2, 7)
    whole = sum_power_laws(np.eye(7), slopes, 500, 100.0, np.random.default_rng(0))
    monkeypatch.setattr(rhythms, "BLOCK", 800)
    parts = sum_power_laws(np.eye(7), slopes, 500, 100.0, np.random.default_rng(0))
    np.testing.assert_allclose(parts, whole, atol=1e-5)


def test_a_signal_does_not_end_as_it_begins(rng):
    x = sum_power_laws(np.eye(300), np.full(300, 1.5), 400, 100.0, rng)
    ends = np.mean((x[:, 0] - x[:, -1]) ** 2)
    steps = np.mean((x[:, 1:] - x[:, :-1]) ** 2)
    assert ends > 10 * steps


@pytest.mark.parametrize("sfreq", [100.0, 500.0])
def test_a_rhythm_has_its_peak_and_unit_power(rng, sfreq):
    waves = draw_rhythm(ALPHA, round(300 * sfreq), sfreq, rng)
    assert np.mean(waves**2) == pytest.approx(1, rel=0.2)
    frequency, power = welch(waves, fs=sfreq, nperseg=round(4 * sfreq))
    mean = power.mean(axis=0)
    middle = (frequency * mean).sum() / mean.sum()
    assert middle == pytest.approx(10.0, abs=0.2)
    width = np.sqrt(((frequency - middle) ** 2 * mean).sum() / mean.sum())
    assert width == pytest.approx(0.8, abs=0.2)


def test_rhythms_wax_and_wane_in_part_together(rng):
    def measure(waxing: float) -> tuple[float, float]:
        rhythm = Rhythm((), (), 6, 10.0, 0.8, 1.0, waxing=waxing)
        envelopes = np.abs(hilbert(draw_rhythm(rhythm, 60_000, 100.0, np.random.default_rng(0))))
        slow = envelopes[:, :60_000].reshape(6, 600, 100).mean(axis=-1)
        together = np.corrcoef(slow)[np.triu_indices(6, 1)].mean()
        return float(np.mean(slow.std(axis=1) / slow.mean(axis=1))), float(together)

    (steady, apart), (waning, together) = measure(0.0), measure(0.6)
    assert waning > 1.3 * steady
    assert together > 0.2 > 0.1 > apart


@pytest.mark.parametrize("n_times", [1, 2, 17])
def test_few_samples_are_made_too(rng, n_times):
    assert sum_power_laws(np.eye(3), np.full(3, 1.5), n_times, 100.0, rng).shape == (3, n_times)
    assert draw_rhythm(ALPHA, n_times, 100.0, rng).shape == (6, n_times)
    for eyes in ("closed", "open", "blocking"):
        assert follow_eyes(eyes, n_times, 100.0).shape == (n_times,)


def test_alpha_follows_eyes_within_a_second():
    closed = follow_eyes("blocking", 6000, 200.0)
    states = closed.reshape(3, 2000)  # ten seconds each: closed, open, closed
    assert (states[0] == 1.0).all()
    assert states[1, 0] > 0.95
    assert states[1, 200] < 0.05
    assert states[2, 0] < 0.05
    assert states[2, 200] > 0.95
    assert (follow_eyes("closed", 10, 200.0) == 1).all()
    assert (follow_eyes("open", 10, 200.0) == 0).all()


def test_short_signals_hold_both_states():
    closed = follow_eyes("blocking", 800, 200.0)
    assert closed[:400].min() == 1.0
    assert closed[-1] < 0.01


def test_states_of_ones_own_are_followed():
    own = np.repeat([0.0, 1.0], 500)
    closed = follow_eyes(own, 1000, 500.0)
    assert (closed[:500] == 0).all()
    assert (np.diff(closed[500:]) > 0).all()


def test_unknown_states_are_told():
    with pytest.raises(
        ValueError, match="Unknown eyes 'shut'. Known: 'closed', 'open', 'blocking'"
    ):
        follow_eyes("shut", 10, 100.0)
    with pytest.raises(ValueError, match="each of 10 samples .* shape \\(9,\\)"):
        follow_eyes(np.ones(9), 10, 100.0)
    with pytest.raises(ValueError, match="from 0 \\(open\\) to 1"):
        follow_eyes(np.full(10, 1.5), 10, 100.0)
    with pytest.raises(ValueError, match="from 0 \\(open\\) to 1"):
        follow_eyes(np.full(10, np.nan), 10, 100.0)
