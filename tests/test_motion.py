"""Tests of artifacts of motion."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import welch

from mne_artdenoise.synthesis.motion import make_cable_motion, make_cap_motion


def find_spells(x: np.ndarray) -> list[tuple[int, int]]:
    active = np.concatenate([[False], x.any(axis=0), [False]])
    turns = np.flatnonzero(active[1:] != active[:-1])
    return list(zip(turns[::2].tolist(), turns[1::2].tolist(), strict=True))


def test_a_cable_is_felt_where_it_hangs(make_info):
    info = make_info(64)
    positions = np.array([ch["loc"][:3] for ch in info["chs"]])
    middles = set()
    for seed in range(20):
        x = make_cable_motion(info, 2000, seed, extent=0.02)
        size = np.abs(x).max(axis=1)
        felt = np.flatnonzero(size)
        assert 1 <= len(felt) < 25
        middle = felt[np.argmax(size[felt])]
        assert np.linalg.norm(positions[felt] - positions[middle], axis=1).max() < 0.13
        assert np.linalg.matrix_rank(x / size.max(), tol=1e-9) == 1
        middles.add(int(middle))
    assert len(middles) > 10


def test_a_cable_sways_and_comes_to_rest(make_info):
    x = make_cable_motion(
        make_info(1, 500.0), 500 * 600, 0, amplitude=100e-6, rate=6.0, frequency=3.0, damping=0.3
    )
    tugs = find_spells(x)
    # Two that fall together are one.
    assert 40 < len(tugs) < 65
    peaks, speeds = [], []
    for start, stop in tugs:
        tug = x[0, start:stop]
        if (stop - start) / 500 < 1.45:  # cut at an end
            continue
        assert (stop - start) / 500 <= 5 * 0.3 * 2 + 0.01
        peaks.append(np.abs(tug).max())
        assert np.abs(tug[-50:]).max() < 0.05 * peaks[-1]
        crossings = np.flatnonzero(np.diff(np.sign(tug[: 500 * 1])))
        speeds.append(500 / (2 * np.diff(crossings).mean()))
    assert np.median(peaks) == pytest.approx(100e-6, rel=0.2)
    assert np.median(speeds) == pytest.approx(3.0, rel=0.15)


def test_a_cap_moves_in_spells_and_rests_between(make_info):
    x = make_cap_motion(make_info(8), 200 * 300, 0, rate=4.0, duration=3.0)
    spells = find_spells(x)
    assert 8 <= len(spells) <= 30
    lengths = np.array([stop - start for start, stop in spells]) / 200
    assert lengths.max() <= 4.6 * 2
    assert np.median(lengths) == pytest.approx(3.0, abs=1.0)
    assert x.any(axis=0).mean() < 0.4
    for start, _ in spells:
        assert np.abs(x[:, start]).max() < 0.05 * np.abs(x).max()  # begins softly


def test_a_cap_moves_as_much_as_caps_of_real_people(make_info):
    spans = []
    for seed in range(10):
        x = make_cap_motion(make_info(20), 200 * 20, seed, rate=60.0, duration=20.0)
        x = x[:, x.any(axis=0)]
        assert np.sqrt(np.mean(x**2)) == pytest.approx(80e-6, rel=0.5)
        spans += [np.ptp(x[:, i : i + 400], axis=1) for i in range(0, x.shape[1] - 400, 400)]
    # Six people of the Glasgow recordings: 160 to 740 µV in two seconds, median 270.
    assert 160e-6 < np.median(spans) < 400e-6


def test_turns_of_the_head_are_slow(make_info):
    x = make_cap_motion(make_info(20), 200 * 120, 0, rate=60.0, duration=30.0, gait=0.0)
    frequency, power = welch(x, fs=200.0, nperseg=1600)
    power = power.mean(axis=0)
    assert power[(frequency > 0.3) & (frequency < 7)].sum() > 0.9 * power.sum()
    inside = (frequency > 0.75) & (frequency < 5)
    fall = np.polyfit(np.log(frequency[inside]), np.log(power[inside]), 1)[0]
    assert 1.2 < -fall < 2.8


def test_steps_have_harmonics_and_electrodes_see_other_shapes(make_info):
    x = make_cap_motion(
        make_info(20), 200 * 120, 0, rate=60.0, duration=60.0, gait=1.0, step_rate=2.0
    )
    frequency, power = welch(x, fs=200.0, nperseg=4000)
    mean = power.mean(axis=0)
    at_steps = [mean[np.abs(frequency - 2 * k) < 0.3 * k].sum() for k in (1, 2, 3)]
    assert at_steps[0] > at_steps[1] > at_steps[2] > 0.01 * at_steps[0]
    assert sum(at_steps) > 0.75 * mean.sum()
    values = np.linalg.svd(x, compute_uv=False)
    assert (values[:4] > 0.1 * values[0]).all()  # not one shape for all


@pytest.mark.parametrize("gait", [-0.1, 1.1, np.nan])
def test_a_share_is_between_nothing_and_all(make_info, gait):
    with pytest.raises(ValueError, match="gait must be a share from 0 to 1"):
        make_cap_motion(make_info(4), 100, 0, gait=gait)
