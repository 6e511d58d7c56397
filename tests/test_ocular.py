"""Tests of blinks, saccades and slow eye movements."""

from __future__ import annotations

import numpy as np
import pytest

from mne_artdenoise.synthesis.electrodes import read_electrodes
from mne_artdenoise.synthesis.gaze import (
    draw_glance,
    find_duration,
    shape_blink,
    shape_saccade,
    shape_spike,
)
from mne_artdenoise.synthesis.ocular import (
    make_blinks,
    make_horizontal_saccades,
    make_slow_eye_movements,
    make_vertical_saccades,
)

MAKERS = [
    make_blinks, make_horizontal_saccades, make_vertical_saccades, make_slow_eye_movements,
]  # fmt: skip


@pytest.fixture
def find(make_info):
    """Give the row of an artifact that a named channel has."""
    names = make_info(64)["ch_names"]
    return lambda artifact, name: artifact[names.index(name)]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("n_channels", [1, 2, 8, 19, 32, 64, 128, 256])
@pytest.mark.parametrize("sfreq", [100.0, 2000.0])
def test_any_montage_and_rate_gives_finite_volts(make_info, make, n_channels, sfreq):
    n_times = round(2 * sfreq)
    artifact = make(make_info(n_channels, sfreq), n_times, 1)
    assert artifact.shape == (n_channels, n_times)
    assert np.isfinite(artifact).all()
    assert 0 < np.abs(artifact).max() < 2e-3


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("n_times", [1, 2, 7, 100])
def test_short_windows_hold_a_part_of_one(make_info, make, n_times):
    for seed in range(10):
        artifact = make(make_info(8), n_times, seed)
        assert artifact.shape == (8, n_times)
        assert np.abs(artifact).max() > 0
    with pytest.raises(ValueError, match="n_times must be 1 or more, got 0"):
        make(make_info(8), 0, 1)


@pytest.mark.parametrize("make", MAKERS)
def test_the_same_seed_gives_the_same_and_electrodes_do_as_info(make_info, make):
    info = make_info(8)
    first, again = make(info, 500, 5), make(read_electrodes(info), 500, np.random.default_rng(5))
    assert first.tobytes() == again.tobytes()
    assert not np.allclose(first, make(info, 500, 6))


@pytest.mark.parametrize("make", MAKERS)
def test_between_events_it_is_exactly_zero(make_info, make):
    longest = {make_slow_eye_movements: 20.0}.get(make, 2.0)
    artifact = make(make_info(8), 200 * 120, 3, rate=1.0)
    active = (artifact != 0).any(axis=0)
    assert 0 < active.sum() <= 200 * longest * (np.diff(active.astype(int)) == 1).sum() + 200
    assert active.mean() < 0.7


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("wrong", [0.0, -1.0, np.nan])
def test_physical_parameters_that_cannot_be_are_refused(make_info, make, wrong):
    for name in ("rate", "gain"):
        with pytest.raises(ValueError, match=f"{name} must be a finite number above 0"):
            make(make_info(2), 100, 1, **{name: wrong})


@pytest.mark.parametrize("amplitude", [100e-6, 200e-6])
def test_blinks_have_their_height_above_the_eyes(make_info, find, amplitude):
    heights = []
    for seed in range(40):
        artifact = make_blinks(make_info(64), 1200, seed, amplitude=amplitude, rotation=0.0)
        heights.append((find(artifact, "Fp1") + find(artifact, "Fp2")).max() / 2)
    # The largest of one or two, that differ by a seventh; a head fitted to 64 electrodes is one or
    # two millimetres off.
    assert np.mean(heights) == pytest.approx(1.1 * amplitude, rel=0.1)


def test_the_size_of_a_blink_does_not_depend_on_the_other_electrodes(make_info):
    many, few = make_info(64), make_info(19)
    which = [many["ch_names"].index(name) for name in few["ch_names"]]
    for seed in range(5):
        all_of_them = make_blinks(many, 400, seed)[which]
        ratio = np.linalg.norm(make_blinks(few, 400, seed)) / np.linalg.norm(all_of_them)
        assert ratio == pytest.approx(1, abs=0.2)  # the head is fitted to other electrodes


def test_far_from_the_eyes_little_of_a_blink_is_seen(make_info, find):
    for seed in range(20):
        artifact = make_blinks(make_info(64), 600, seed)
        assert np.abs(find(artifact, "Oz")).max() < 20e-6
        assert np.abs(find(artifact, "Oz")).max() > 0


def test_lids_close_faster_than_they_open_and_the_length_is_as_asked():
    phase = np.linspace(0, 1, 2001)
    blink = shape_blink(phase)
    peak = int(blink.argmax())
    assert blink[peak] == pytest.approx(1.0)
    assert blink[0] == 0
    assert blink[-1] == pytest.approx(0, abs=1e-12)
    slopes = np.diff(blink)
    assert 1.1 < slopes.max() / -slopes.min() < 1.8  # 1.4 in people
    half = (blink > 0.5).mean()
    assert 0.4 * half == pytest.approx(0.123, abs=0.02)  # as the blinks of eight people, in seconds


def test_a_longer_blink_takes_longer(make_info):
    for duration in (0.2, 0.6):
        artifact = make_blinks(make_info(2), 4000, 1, duration=duration, rate=1.0)
        active = (artifact != 0).any(axis=0)
        number = (np.diff(np.r_[0, active.astype(int)]) == 1).sum()
        assert 0.7 * duration <= active.sum() / 200 / number <= 1.3 * duration


def test_more_blinks_a_minute_are_more(make_info):
    def count(rate):
        active = (make_blinks(make_info(2), 24_000, 2, rate=rate) != 0).any(axis=0)
        return (np.diff(active.astype(int)) == 1).sum()

    assert count(5.0) < count(15.0) < count(30.0)


@pytest.mark.parametrize(
    ("make", "plus", "minus"),
    [(make_horizontal_saccades, "F8", "F7"), (make_vertical_saccades, "Fp1", "Oz")],
)
def test_gaze_moves_the_potential_between_these_electrodes(make_info, find, make, plus, minus):
    seen = []
    for seed in range(20):
        artifact = make(make_info(64), 800, seed, spike=0.0)
        across = find(artifact, plus) - find(artifact, minus)
        seen.append(np.abs(across).max())
        assert np.linalg.matrix_rank(artifact, tol=1e-9) == 1
    assert 20e-6 < np.median(seen) < 200e-6


def test_gaze_to_the_side_has_opposite_signs_at_both_temples(make_info, find):
    for seed in range(20):
        artifact = make_horizontal_saccades(make_info(64), 800, seed, spike=0.0)
        peak = np.abs(find(artifact, "F8")).argmax()
        assert find(artifact, "F8")[peak] * find(artifact, "F7")[peak] < 0


@pytest.mark.parametrize("gain", [8e-6, 16e-6])
def test_gaze_is_as_large_as_asked(make_info, gain):
    one = make_horizontal_saccades(make_info(8), 800, 4, gain=16e-6, spike=0.0)
    other = make_horizontal_saccades(make_info(8), 800, 4, gain=gain, spike=0.0)
    np.testing.assert_allclose(other, one * gain / 16e-6, rtol=1e-9)


@pytest.mark.parametrize(("degrees", "seconds"), [(0.0, 0.021), (10.0, 0.043), (-10.0, 0.043)])
def test_saccades_follow_the_main_sequence(degrees, seconds):
    assert find_duration(degrees) == pytest.approx(seconds)


def test_glances_come_back_to_where_they_began(rng):
    for _ in range(200):
        saccades = draw_glance(1.0, 8.0, rng)
        starts, steps = zip(*saccades, strict=True)
        assert sum(steps) == pytest.approx(0, abs=1e-12)
        assert list(starts) == sorted(starts)
        assert starts[0] > 0
        assert starts[-1] + find_duration(steps[-1]) == pytest.approx(1.0)


def test_a_saccade_rises_smoothly_from_zero_to_one():
    phase = np.linspace(-0.5, 1.5, 401)
    course = shape_saccade(phase)
    assert (course[phase <= 0] == 0).all()
    np.testing.assert_allclose(course[phase >= 1], 1.0)
    assert (np.diff(course) >= 0).all()
    assert course[200] == pytest.approx(0.5)


def test_the_spike_of_eye_muscles_is_short_and_behind_it_all_is_still(make_info, find):
    since = np.arange(-0.05, 0.05, 0.0005)
    assert np.ptp(since[shape_spike(since) != 0]) < 0.025
    with_it = make_horizontal_saccades(make_info(64), 2000, 3, spike=10e-6)
    spikes = with_it - make_horizontal_saccades(make_info(64), 2000, 3, spike=0.0)
    assert 3e-6 < np.abs(find(spikes, "Fp1") - find(spikes, "Pz")).max() < 40e-6
    slow = make_info(64, 150.0)
    first = make_horizontal_saccades(slow, 500, 3, spike=10e-6)
    assert first.tobytes() == make_horizontal_saccades(slow, 500, 3, spike=0.0).tobytes()


@pytest.mark.parametrize("frequency", [0.1, 0.25, 0.5])
def test_slow_eye_movements_are_as_slow_as_asked(make_info, frequency):
    share = []
    for seed in range(10):
        artifact = make_slow_eye_movements(
            make_info(8), 200 * 60, seed, frequency=frequency, duration=60.0
        )
        power = np.square(np.abs(np.fft.rfft(artifact, axis=1))).sum(axis=0)
        where = np.fft.rfftfreq(artifact.shape[1], 1 / 200)
        share.append(np.average(where, weights=power) / frequency)
        assert power[where < 1.5].sum() > 0.98 * power.sum()
    assert 0.6 < np.mean(share) < 1.7
