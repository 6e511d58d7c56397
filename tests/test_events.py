"""Tests of when the events of an artifact happen."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from mne_artdenoise.synthesis.events import check_positive, cut_span, draw_onsets, make_taper


@pytest.mark.parametrize("n_times", [1, 3, 100, 6000])
@pytest.mark.parametrize("rate", [0.1, 20.0, 600.0])
def test_events_have_their_middle_inside_and_do_not_overlap(n_times, rate):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        events = draw_onsets(n_times, 100.0, rate, (0.2, 0.5), rng)
        assert len(events) >= 1
        for onset, length in events:
            assert 0.2 <= length <= 0.5
            assert 0 <= onset + length / 2 <= n_times / 100
        for (onset, length), (following, _) in itertools.pairwise(events):
            assert following >= onset + length


def test_as_many_events_as_asked_where_there_is_room():
    rng = np.random.default_rng(0)
    counts = [len(draw_onsets(60_000, 100.0, 6.0, (0.1, 0.2), rng)) for _ in range(30)]
    assert np.mean(counts) == pytest.approx(60, rel=0.06)  # ten minutes


@pytest.mark.parametrize("sfreq", [100.0, 99.97, 2000.0])
@pytest.mark.parametrize(("onset", "length"), [(0.5, 0.25), (-0.1, 0.3), (0.9, 0.5), (0.505, 1e-4)])
def test_a_span_holds_exactly_the_samples_inside(onset, length, sfreq):
    n_times = round(sfreq)
    span, since = cut_span(onset, length, n_times, sfreq)
    time = np.arange(n_times) / sfreq
    inside = (time > onset) & (time < onset + length)
    np.testing.assert_array_equal(np.arange(n_times)[span], np.flatnonzero(inside))
    np.testing.assert_allclose(since, time[inside] - onset, atol=1e-12)


def test_a_taper_rises_from_zero_to_one_and_falls_again():
    since = np.linspace(0, 2, 201)
    taper = make_taper(since, 2.0, 0.5)
    assert taper[0] == 0
    assert taper[-1] == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(taper[50:151], 1.0)
    assert taper[25] == pytest.approx(0.5)
    assert make_taper(since, 2.0, 9.0).max() == pytest.approx(1.0)  # an edge longer than half


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.nan, np.inf])
def test_a_parameter_that_cannot_be_is_named(wrong):
    with pytest.raises(ValueError, match=r"rate must be a finite number above 0"):
        check_positive(angle=1.0, rate=wrong)
