"""What is dead is told alike whatever the blocks, and no later than promised."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mne_artdenoise.dropouts import DropoutDetector, count_runs, find_runs


def detect(x, cuts, n_flat, delay):
    """Run a stream through in blocks; what was not given at its end is given then."""
    detector, now, late = DropoutDetector(len(x), n_flat, delay), [], []
    for block in np.split(x, cuts, axis=1):
        if block.shape[1] == 0:
            continue
        now.append(detector.take(block))
        late.append(detector.give(max(0, detector.pending.shape[1] - delay)))
    late.append(detector.give(detector.pending.shape[1]))
    return np.hstack(now), np.hstack(late)


def test_what_is_lost_is_dead_at_once(rng):
    x = rng.standard_normal((2, 50))
    x[0, 10:13] = np.nan
    x[1, 20] = np.inf
    now, late = detect(x, [], 5, 3)
    assert np.array_equal(now, ~np.isfinite(x))
    assert np.array_equal(late, now)


@pytest.mark.parametrize("delay", [0, 2, 5, 9])
def test_what_is_flat_is_dead_from_its_begin_or_the_delay_on(rng, delay):
    x = rng.standard_normal((1, 60))
    x[0, 20:40] = x[0, 20]
    now, late = detect(x, [], 6, delay)
    assert np.flatnonzero(now).tolist() == list(range(26, 40))
    assert np.flatnonzero(late).tolist() == list(range(26 - min(6, delay), 40))


def test_a_short_repeat_is_alive(rng):
    x = rng.standard_normal((1, 60))
    x[0, 20:26] = x[0, 20]
    assert not detect(x, [], 6, 9)[1].any()


@settings(max_examples=50)
@given(data=st.data())
def test_blocks_make_no_difference(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 100)))
    x = np.repeat(rng.integers(0, 2, (2, 40)), rng.integers(1, 5), axis=1).astype(float)
    x[rng.random(x.shape) < 0.05] = np.nan
    cuts = sorted(data.draw(st.lists(st.integers(0, x.shape[1]), max_size=6)))
    n_flat, delay = data.draw(st.integers(1, 8)), data.draw(st.integers(0, 12))
    for whole, parts in zip(
        detect(x, [], n_flat, delay), detect(x, cuts, n_flat, delay), strict=True
    ):
        assert np.array_equal(whole, parts)


def test_runs_are_counted_on():
    same = np.array([[True, True, False, True], [False, True, True, True]])
    assert count_runs(same, np.array([5, 5])).tolist() == [[6, 7, 0, 1], [0, 1, 2, 3]]


def test_runs_are_found():
    columns = np.array([[0, 0, 1, 1, 1], [0, 0, 0, 0, 1]], dtype=bool)
    assert find_runs(columns) == [(0, 2), (2, 4), (4, 5)]
    assert find_runs(columns[:, :0]) == []
