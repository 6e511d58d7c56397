"""What the other sources tell of those that hold artifact."""

from __future__ import annotations

import numpy as np
import pytest

from mne_artdenoise.prediction import crop_band, find_quiet, predict, split_sources
from mne_artdenoise.prediction import take_off_predicted as take_off
from mne_artdenoise.spatial import EDGES

SFREQ = 200.0


@pytest.fixture
def make_sources():
    """Make a source of brain that others share, with bursts of artifact in it; and the bursts."""

    def make(n_others: int = 5, share: float = 0.9, seconds: float = 60.0, seed: int = 0):
        rng = np.random.default_rng(seed)
        n_times = round(seconds * SFREQ)
        others = rng.standard_normal((n_others, n_times))
        bursts = np.zeros(n_times)
        for start in range(round(SFREQ), n_times - 100, round(4 * SFREQ)):
            bursts[start : start + 80] = 20 * rng.standard_normal(80)
        brain = np.sqrt(share) * others[0] + np.sqrt(1 - share) * rng.standard_normal(n_times)
        return np.vstack([brain + bursts, others]), bursts

    return make


@pytest.mark.parametrize("n_others", [1, 2, 5, 30])
def test_brain_that_others_share_is_taken_off(make_sources, n_others):
    sources, bursts = make_sources(n_others)
    ratios = np.zeros((5, n_others + 1))
    ratios[:, 0] = 5.0
    unmixing = take_off([sources], np.eye(n_others + 1), ratios, SFREQ, EDGES)
    fast = unmixing[4, 0] @ sources - bursts
    assert np.var(fast) < 0.25 * np.var(sources[0] - bursts)


def test_the_artifact_itself_is_kept_in_full(make_sources):
    sources, _ = make_sources()
    ratios = np.zeros((5, 6))
    ratios[:, 0] = 5.0
    unmixing = take_off([sources], np.eye(6), ratios, SFREQ, EDGES)
    np.testing.assert_allclose(unmixing[:, 0, 0], 1.0)
    np.testing.assert_array_equal(unmixing[:, 1:], np.repeat(np.eye(6)[None, 1:], 5, axis=0))


@pytest.mark.parametrize("seed", range(5))
def test_sources_that_tell_nothing_hardly_change_one(make_sources, seed):
    sources, _ = make_sources(18, share=0.0, seed=seed)
    ratios = np.zeros((5, 19))
    ratios[:, 0] = 5.0
    unmixing = take_off([sources], np.eye(19), ratios, SFREQ, EDGES)
    for rows in unmixing:
        assert np.linalg.norm(rows[0, 1:]) < 0.3


def test_where_all_or_nothing_is_artifact_nothing_is_predicted(make_sources):
    sources, _ = make_sources()
    for ratio in (0.0, 3.0):
        unmixing = take_off([sources], np.eye(6), np.full((5, 6), ratio), SFREQ, EDGES)
        np.testing.assert_array_equal(unmixing, np.repeat(np.eye(6)[None], 5, axis=0))


@pytest.mark.parametrize("n_times", [2, 7, 199, 800, 801])
def test_short_and_silent_segments_give_finite_filters(n_times):
    rng = np.random.default_rng(0)
    for x in (rng.standard_normal((4, n_times)), np.zeros((4, n_times))):
        ratios = np.array([[4.0, 0.0, 0.0, 0.0]])
        assert np.isfinite(take_off([x, x], np.eye(4), ratios, SFREQ, ())).all()


def test_segments_say_together_what_a_whole_says(make_sources):
    sources, _ = make_sources(seconds=120.0)
    ratios = np.zeros((5, 6))
    ratios[:, 0] = 5.0
    whole = take_off([sources], np.eye(6), ratios, SFREQ, EDGES)
    parts = take_off(np.split(sources, 4, axis=1), np.eye(6), ratios, SFREQ, EDGES)
    np.testing.assert_allclose(whole, parts, atol=0.1)


def test_bands_at_their_lowest_rates_hold_all_of_a_recording():
    x = np.random.default_rng(1).standard_normal((3, 6000))
    bands = split_sources([x], np.eye(3), SFREQ, EDGES)
    rates = [rate for _, rate in bands]
    assert rates == sorted(rates)
    assert rates[0] < 12.0
    assert rates[-1] == SFREQ
    for band, rate in bands:
        assert band.shape[1] == pytest.approx(30.0 * rate, abs=1)
    # Neighbouring bands overlap, and each is counted once: some of their power is common.
    power = sum(np.square(band).mean(axis=1) * 1.0 for band, _ in bands)
    assert (power < 1.05 * x.var(axis=1)).all()
    assert (power > 0.7 * x.var(axis=1)).all()


def test_stretches_of_a_long_recording_join_without_gap_or_shift(monkeypatch):
    monkeypatch.setattr("mne_artdenoise.bands.BLOCK", 30.0)
    monkeypatch.setattr("mne_artdenoise.bands.SHORTEST_BLOCK", 1.0)
    x = np.random.default_rng(4).standard_normal((2, round(100 * SFREQ)))
    (joined, rate), *_ = split_sources([x], np.eye(2), SFREQ, ())
    assert rate == SFREQ
    away = np.square(joined - x + x.mean(axis=1, keepdims=True)).mean()
    assert away < 0.05  # what is under the lowest band


def test_a_cropped_sine_is_the_sine_at_a_lower_rate():
    time = np.arange(2000) / SFREQ
    spectrum = np.fft.rfft(np.sin(2 * np.pi * 2.0 * time))[None]
    mask = (np.fft.rfftfreq(2000, 1 / SFREQ) < 4.0).astype(float)
    cropped, share = crop_band(spectrum, mask)
    np.testing.assert_allclose(
        cropped[0], np.sin(2 * np.pi * 2.0 * np.arange(cropped.shape[1]) / SFREQ / share), atol=1e-9
    )


def test_loud_moments_count_little():
    source = np.ones(1000)
    source[400:600] = 20.0
    weights = find_quiet(source, 10)
    assert weights[:350].min() > 0.9
    assert weights[420:580].max() < 1e-3


def test_a_prediction_is_trusted_as_far_as_it_predicts_what_was_left_out():
    rng = np.random.default_rng(2)
    others = rng.standard_normal((40, 200))
    pieces, weights = np.split(others, 4, axis=1), [np.ones(50)] * 4
    noise = rng.standard_normal((4, 50))
    assert np.linalg.norm(predict(noise, pieces, weights)) < 0.5
    found = predict(np.split(3 * others[7], 4), pieces, weights)
    assert found[7] == pytest.approx(3.0, abs=0.1)


def test_quiet_moments_are_looked_for_again_in_what_is_left(make_sources, monkeypatch):
    """Bursts no larger than the brain are seen once that is predicted."""
    ratios = np.zeros((1, 19))
    ratios[:, 0] = 5.0
    errors = np.zeros(2)
    for seed in range(5):
        sources, bursts = make_sources(18, share=0.97, seconds=30.0, seed=seed)
        sources[0] -= 0.95 * bursts
        for looks in (1, 2):
            monkeypatch.setattr("mne_artdenoise.prediction.LOOKS", looks)
            (rows,) = take_off([sources], np.eye(19), ratios, SFREQ, ())
            errors[looks - 1] += np.linalg.norm(rows[0, 1:] + np.sqrt(0.97) * np.eye(18)[0])
    assert errors[1] < 0.9 * errors[0]
