"""Tests of brain signal that no recording holds."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.signal import welch

from mne_artdenoise.synthesis.brain import draw_background, make_brain
from mne_artdenoise.synthesis.cortex import project_currents
from mne_artdenoise.synthesis.electrodes import Electrodes, read_electrodes
from mne_artdenoise.synthesis.sites import SITES, TEN_TWENTY, find_site

SFREQ = 250.0


@pytest.fixture(scope="module")
def ten_twenty():
    """Give the 19 electrodes of the 10-20 system, where amplitudes are given."""
    return Electrodes(TEN_TWENTY, np.array([SITES[name] for name in TEN_TWENTY]) / 1000, SFREQ)


def measure_power(x: np.ndarray, low: float, high: float, sfreq: float = SFREQ) -> np.ndarray:
    frequency, power = welch(x, fs=sfreq, nperseg=round(4 * sfreq))
    inside = (frequency >= low) & (frequency <= high)
    return np.trapezoid(power[:, inside], frequency[inside], axis=1)


def at(names: tuple[str, ...]) -> list[int]:
    return [TEN_TWENTY.index(name) for name in names]


@pytest.mark.parametrize("amplitude", [2e-6, 10e-6])
def test_without_alpha_amplitude_is_that_of_the_ten_twenty_system(ten_twenty, amplitude):
    power = []
    for seed in range(6):
        x = make_brain(ten_twenty, 15_000, seed, amplitude=amplitude, alpha_amplitude=0.0)
        power.append(measure_power(x - x.mean(axis=0), 1, 40).mean())
    assert np.sqrt(np.mean(power)) == pytest.approx(amplitude, rel=0.1)


def test_alpha_has_its_amplitude_at_the_back(ten_twenty):
    power = []
    for seed in range(6):
        x = make_brain(ten_twenty, 15_000, seed, amplitude=1e-9, alpha_amplitude=8e-6)
        power.append(np.mean((x - x.mean(axis=0))[at(("O1", "O2"))] ** 2))
    assert np.sqrt(np.mean(power)) == pytest.approx(8e-6, rel=0.15)


@pytest.mark.parametrize("peak", [8.5, 10.0, 12.0])
def test_alpha_has_its_peak_where_asked(ten_twenty, peak):
    x = make_brain(ten_twenty, 30_000, 0, alpha_peak=peak, alpha_amplitude=15e-6)
    frequency, power = welch(x[at(("O1", "O2"))], fs=SFREQ, nperseg=1000)
    inside = (frequency >= 6) & (frequency <= 14)
    found = frequency[inside][np.argmax(power.mean(axis=0)[inside])]
    assert found == pytest.approx(peak, abs=0.6)


@pytest.mark.parametrize("slope", [1.0, 2.0])
def test_the_background_falls_as_asked(make_info, slope):
    x = make_brain(make_info(8, 500.0), 30_000, 1, slope=slope, alpha_amplitude=0.0)
    frequency, power = welch(x, fs=500.0, nperseg=1000)
    inside = (frequency >= 40) & (frequency <= 150)  # above all rhythms
    fall = np.polyfit(np.log(frequency[inside]), np.log(power.mean(axis=0)[inside]), 1)[0]
    assert -fall == pytest.approx(slope, abs=0.25)


def test_alpha_is_at_the_back_and_blocks(ten_twenty):
    power = {"closed": [], "open": []}
    for seed in range(6):
        for eyes, found in power.items():
            x = make_brain(ten_twenty, 7500, seed, alpha_amplitude=10e-6, eyes=eyes)
            found.append(measure_power(x - x.mean(axis=0), 8, 13))
    closed, opened = (np.mean(found, axis=0) for found in power.values())
    back, middle = at(("O1", "O2")), at(("F3", "F4", "C3", "C4"))
    assert closed[back].mean() > 3 * closed[middle].mean()
    assert 0.1 < opened[back].mean() / closed[back].mean() < 0.35
    both = make_brain(ten_twenty, 5000, 3, alpha_amplitude=10e-6, eyes="blocking")
    halves = (both[:, :2500], both[:, 2800:])
    before, after = (measure_power(x, 8, 13)[at(("O1", "O2"))].mean() for x in halves)
    assert after < 0.5 * before


def test_eyes_change_nothing_but_alpha(make_info):
    info = make_info(19)
    closed, opened = (make_brain(info, 4000, 0, eyes=eyes) for eyes in ("closed", "open"))
    change = measure_power(closed - opened, 8, 13, 200.0)
    assert (change > 0.95 * measure_power(closed - opened, 0.5, 90, 200.0)).all()


def test_giving_one_property_leaves_the_rest_of_the_person(make_info):
    info = make_info(8)
    as_drawn = make_brain(info, 2000, 7)
    louder = make_brain(info, 2000, 7, alpha_amplitude=50e-6)
    change = measure_power(louder - as_drawn, 8, 13, 200.0)
    assert (change > 0.9 * measure_power(louder - as_drawn, 0.5, 90, 200.0)).all()


def test_the_same_seed_gives_the_same_bytes(make_info):
    info = make_info(19)
    first, again, other = (make_brain(info, 800, seed) for seed in (5, 5, 6))
    assert first.tobytes() == again.tobytes()
    assert first.dtype == np.float64
    assert np.abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.5
    generator = np.random.default_rng(5)
    assert make_brain(info, 800, generator).tobytes() == first.tobytes()
    assert make_brain(info, 800, generator).tobytes() != first.tobytes()


def test_the_same_brain_is_seen_by_all_montages(make_info):
    few, many = (make_brain(make_info(n), 400, 2) for n in (2, 64))
    np.testing.assert_allclose(few, many[:2], rtol=0, atol=1e-10)


def test_what_the_electrodes_see_is_taken_against_the_reference(make_info):
    info = make_info(64)
    names = [name for name in ("T7", "T8") if name in info["ch_names"]]
    free, against = (make_brain(info, 400, 2, reference=ref) for ref in ((), names))
    rows = [info["ch_names"].index(name) for name in names]
    np.testing.assert_allclose(against, free - free[rows].mean(axis=0), rtol=0, atol=1e-10)
    outside = make_brain(make_info(2), 400, 2, reference=("A1", "A2"))
    assert not np.allclose(outside, free[:2], atol=1e-7)


@pytest.mark.parametrize("n_channels", [2, 8, 19, 32, 64, 128, 256])
@pytest.mark.parametrize("sfreq", [100.0, 512.0, 2000.0])
def test_any_montage_and_rate_will_do(make_info, n_channels, sfreq):
    x = make_brain(make_info(n_channels, sfreq), round(sfreq), 0)
    assert x.shape == (n_channels, round(sfreq))
    assert np.isfinite(x).all()
    assert (x.std(axis=1) > 0.3e-6).all()
    assert np.sqrt(np.mean(x**2)) < 60e-6


@pytest.mark.parametrize("n_times", [1, 2, 7, 101])
def test_any_length_will_do(make_info, n_times):
    x = make_brain(make_info(4), n_times, 0, eyes="blocking")
    assert x.shape == (4, n_times)
    assert x.any()


def test_the_brain_fills_the_space_of_its_electrodes(make_info):
    x = make_brain(make_info(64), 2000, 0)
    assert np.linalg.matrix_rank(x, tol=1e-4 * np.linalg.norm(x, 2)) == 64


def test_neighbours_are_alike_and_opposite_sides_are_not(ten_twenty):
    alike = []
    for seed in range(8):
        x = make_brain(ten_twenty, 5000, seed)
        alike.append(np.corrcoef(x - x.mean(axis=0)))
    away = np.linalg.norm(ten_twenty.positions[:, None] - ten_twenty.positions, axis=-1)
    mean = np.mean(alike, axis=0)
    near, middle, far = (
        mean[(away > low) & (away < high)].mean()
        for low, high in ((0.03, 0.065), (0.09, 0.12), (0.17, 0.25))
    )
    assert 0.3 < near < 0.7
    assert abs(middle) < 0.3
    assert far < -0.2


def test_brains_are_like_those_of_people(ten_twenty):
    """Where the middle 80 % of 18 people at rest are: benchmarks/brain_realism.py."""
    found = {"amplitude": [], "slope": [], "delta": [], "alpha": [], "beta": []}
    for seed in range(12):
        x = make_brain(ten_twenty, 15_000, seed)
        x = x - x.mean(axis=0)
        total = measure_power(x, 1, 40)
        found["amplitude"].append(1e6 * np.median(np.sqrt(total)))
        for name, band in {"delta": (1, 4), "alpha": (8, 13), "beta": (13, 30)}.items():
            found[name].append(np.median(measure_power(x, *band) / total))
        frequency, power = welch(x, fs=SFREQ, nperseg=1000)
        usual = (frequency >= 2) & (frequency <= 40) & ((frequency < 6.5) | (frequency > 14.5))
        logs = np.log(frequency[usual])
        fits = [np.polyfit(logs, np.log(row[usual]), 1)[0] for row in power]
        found["slope"].append(-np.median(fits))
    middle = {name: np.median(values) for name, values in found.items()}
    assert 4.9 < middle["amplitude"] < 8.8
    assert 1.41 < middle["slope"] < 1.78
    assert 0.195 < middle["delta"] < 0.452
    assert 0.228 < middle["alpha"] < 0.584
    assert 0.088 < middle["beta"] < 0.186
    assert np.std(found["alpha"]) > 0.05  # and not all the same


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"n_times": 0}, "n_times must be 1 sample or more, got 0"),
        ({"amplitude": -1e-6}, "amplitude must be from 0 to 0.001.* volts"),
        ({"alpha_amplitude": 10.0}, "alpha_amplitude must be .* volts"),
        ({"alpha_peak": 20.0}, "alpha_peak must be from 6 to 14, got 20.0"),
        ({"slope": np.nan}, "slope must be from 0 to 4"),
        ({"eyes": "shut"}, "Unknown eyes"),
        ({"reference": ("nose",)}, "Unknown site 'nose'. Known sites: Fp1"),
    ],
)
def test_what_no_brain_does_is_refused(make_info, wrong, match):
    with pytest.raises(ValueError, match=match):
        make_brain(make_info(4), **({"n_times": 100, "rng": 0} | wrong))


@pytest.mark.benchmark
def test_a_window_takes_milliseconds_and_five_minutes_a_few_seconds(make_info):
    window, long = read_electrodes(make_info(30, 256.0)), read_electrodes(make_info(64, SFREQ))
    make_brain(window, 1024, 0)
    took = []
    for seed in range(11):
        start = time.perf_counter()
        make_brain(window, 1024, seed)
        took.append(time.perf_counter() - start)
    assert np.median(took) < 0.030
    start = time.perf_counter()
    make_brain(long, 75_000, 0)
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("n_channels", [2, 19])
def test_the_background_of_clean_sets_is_weak_and_broad(make_info, n_channels):
    electrodes = read_electrodes(make_info(n_channels))
    clean = make_brain(electrodes, 4000, 0)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        added = draw_background(electrodes.positions, clean, 200.0, rng)
        again = draw_background(electrodes.positions, clean, 200.0, np.random.default_rng(seed))
        assert added.shape == clean.shape
        assert added.tobytes() == again.tobytes()
        assert 0.01 < np.std(added) / np.std(clean) < 0.5
        assert (measure_power(added, 50, 90, 200.0) > 0).all()
        double = draw_background(
            electrodes.positions, 2 * clean, 200.0, np.random.default_rng(seed)
        )
        np.testing.assert_allclose(double, 2 * added, rtol=1e-5, atol=1e-12)


def test_sites_are_those_of_the_template(make_info):
    electrodes = read_electrodes(make_info(64))
    for name, position in zip(electrodes.ch_names, electrodes.positions, strict=True):
        if name in SITES:
            np.testing.assert_allclose(find_site(name), position, atol=0.001)
            assert find_site(name.upper(), electrodes).tolist() == position.tolist()
    moved = Electrodes(("Pz",), np.array([[0.0, -0.05, 0.13]]), 100.0)
    assert find_site("Pz", moved).tolist() == [0.0, -0.05, 0.13]
    assert project_currents(moved.positions, np.zeros((1, 3))).shape == (1, 1, 3)
