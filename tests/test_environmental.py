"""Tests of artifacts from outside the head."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.signal import welch

from mne_artdenoise.synthesis.electrodes import Electrodes, read_electrodes
from mne_artdenoise.synthesis.environmental import (
    make_cable_motion,
    make_cap_motion,
    make_drift,
    make_line_noise,
    make_sweat,
)

SFREQ = 10.0  # of the scalp: slow waves need no more

MAKERS = {
    "line": make_line_noise,
    "cable": make_cable_motion,
    "cap": make_cap_motion,
    "drift": make_drift,
    "sweat": make_sweat,
}


@pytest.fixture(scope="module")
def scalp():
    """Give 200 electrodes all over a head, read but ten times a second."""
    rng = np.random.default_rng(0)
    places = rng.standard_normal((200, 3))
    places[:, 2] = np.abs(places[:, 2])
    places *= 0.095 / np.linalg.norm(places, axis=1, keepdims=True)
    return Electrodes(tuple(map(str, range(200))), places + np.array([0, 0.01, 0.045]), SFREQ)


def measure_spectrum(x: np.ndarray, sfreq: float, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    frequency, power = welch(x, fs=sfreq, nperseg=round(seconds * sfreq))
    return frequency, power.mean(axis=0)


def measure_likeness(x: np.ndarray, electrodes: Electrodes, low: float, high: float) -> float:
    """Correlate electrodes between ``low`` and ``high`` metres apart."""
    away = np.linalg.norm(electrodes.positions[:, None] - electrodes.positions, axis=-1)
    covariance = x @ x.T
    inside = (away > low) & (away < high)
    return float(covariance[inside].mean() / np.diag(covariance).mean())


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("n_channels", [2, 8, 19, 32, 64, 128, 256])
@pytest.mark.parametrize("sfreq", [100.0, 256.0, 2000.0])
def test_any_montage_and_rate_will_do(make_info, kind, n_channels, sfreq):
    info = make_info(n_channels, sfreq)
    x, again, other = (MAKERS[kind](info, round(2 * sfreq), seed) for seed in (0, 0, 1))
    assert x.shape == (n_channels, round(2 * sfreq))
    assert x.dtype == np.float64
    assert np.isfinite(x).all()
    assert x.any()
    assert x.tobytes() == again.tobytes() != other.tobytes()
    assert np.abs(x).max() < 3e-3
    assert np.abs(x).max() > 1e-6 or kind == "sweat"  # two electrodes may lie far from any gland


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("n_times", [1, 2, 9])
def test_the_shortest_windows_hold_some_of_it(make_info, kind, n_times):
    for seed in range(10):
        assert MAKERS[kind](make_info(4), n_times, seed).any()


@pytest.mark.parametrize("kind", MAKERS)
def test_an_amplitude_twice_as_large_is_twice_the_artifact(make_info, kind):
    info = make_info(8)
    once, twice = (MAKERS[kind](info, 600, 3, amplitude=size) for size in (20e-6, 40e-6))
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-12, atol=1e-18)


@pytest.mark.parametrize("line_freq", [50.0, 60.0])
def test_hum_is_at_true_multiples_of_the_mains(make_info, line_freq):
    x = make_line_noise(
        make_info(64, 1000.0), 20_000, 0, amplitude=10e-6, line_freq=line_freq,
        harmonics=(1.0, 0.5, 0.0, 0.25), modulation=0.0, wander=0.0,
    )  # fmt: skip
    size = np.abs(np.fft.rfft(x, axis=1)) / 10_000
    frequency = np.fft.rfftfreq(20_000, 1 / 1000)
    expected = {1: 10e-6, 2: 5e-6, 3: 0.0, 4: 2.5e-6}
    for number, amplitude in expected.items():
        peak = size[:, np.isclose(frequency, number * line_freq)]
        assert np.median(peak) == pytest.approx(amplitude, rel=0.15, abs=1e-12)
    at = np.isclose(frequency % line_freq, 0, atol=1e-6)
    assert size[:, ~at].max() < 1e-10


def test_hum_is_a_tone_of_its_own_strength_and_phase_at_each_electrode(make_info):
    x = make_line_noise(
        make_info(128, 500.0), 5000, 0, harmonics=(1.0,), wander=0.0, spread=0.4, modulation=0.0
    )
    tones = x @ np.exp(-2j * np.pi * 50 * np.arange(5000) / 500)
    assert np.log(np.abs(tones)).std() == pytest.approx(0.4, rel=0.2)
    turned = np.angle(tones / np.exp(1j * np.angle(tones.sum())))
    assert turned.std() == pytest.approx(0.65, rel=0.2)


def test_hum_waxes_and_wanes_slowly_and_wanders_little(make_info):
    x = make_line_noise(
        make_info(2, 500.0), 60_000, 0, harmonics=(1.0,), modulation=0.2, wander=0.02
    )
    tone = x[0] * np.exp(-2j * np.pi * 50 * np.arange(60_000) / 500)
    slow = tone.reshape(-1, 250).mean(axis=1)
    size = np.abs(slow)
    assert size.std() / size.mean() == pytest.approx(0.2, rel=0.4)
    assert np.abs(np.diff(size)).max() < 0.5 * size.mean()
    turns = np.diff(np.unwrap(np.angle(slow))) / (2 * np.pi * 0.5)  # hertz
    assert 0 < abs(turns.mean()) < 0.06


def test_harmonics_above_half_of_the_rate_are_not_folded_back(make_info):
    x = make_line_noise(make_info(4, 128.0), 1280, 0, wander=0.0, modulation=0.0)
    size = np.abs(np.fft.rfft(x, axis=1))
    frequency = np.fft.rfftfreq(1280, 1 / 128)
    assert size[:, ~np.isclose(frequency, 50)].max() < 1e-9 * size.max()


def test_mains_that_cannot_be_recorded_are_refused(make_info):
    with pytest.raises(ValueError, match="line_freq of 60 Hz is above half .* rate of 100 Hz"):
        make_line_noise(make_info(4, 100.0), 100, 0, line_freq=60.0)


@pytest.mark.parametrize("extent", [0.02, 0.1])
def test_drift_is_slow_and_as_wide_as_asked(scalp, extent):
    parts = [
        make_drift(scalp, 2000, seed, amplitude=30e-6, low=0.05, high=0.3, extent=extent)
        for seed in range(12)
    ]
    x = np.concatenate(parts, axis=1)
    assert np.sqrt(np.mean(x**2)) == pytest.approx(30e-6, rel=0.25)
    frequency, power = measure_spectrum(parts[0], SFREQ, 100)
    assert power[(frequency < 0.04) | (frequency > 0.32)].sum() < 0.02 * power.sum()
    near, far = measure_likeness(x, scalp, 0.005, 0.015), measure_likeness(x, scalp, 0.15, 0.25)
    assert near > 0.8 if extent == 0.1 else near > 0.6
    assert abs(far) < 0.5 if extent == 0.1 else abs(far) < 0.15
    middle = measure_likeness(x, scalp, extent - 0.003, extent + 0.003)
    assert middle == pytest.approx(0.92 * np.exp(-0.5), abs=0.2)


def test_the_power_of_drift_falls_as_asked(scalp):
    frequency, power = measure_spectrum(
        np.concatenate([make_drift(scalp, 6000, seed, slope=2.0) for seed in range(8)]),
        SFREQ,
        150,
    )
    inside = (frequency > 0.03) & (frequency < 0.28)
    fall = np.polyfit(np.log(frequency[inside]), np.log(power[inside]), 1)[0]
    assert -fall == pytest.approx(2.0, abs=0.5)


def test_sweat_is_slow_and_at_forehead_or_temples(scalp):
    power = np.zeros(200)
    for seed in range(60):
        x = make_sweat(scalp, 600, seed, amplitude=50e-6)
        power += np.mean(x**2, axis=1)
        frequency, spectrum = measure_spectrum(x, SFREQ, 30)
        assert spectrum[(frequency < 0.05) | (frequency > 0.6)].sum() < 0.05 * spectrum.sum()
    top = scalp.positions[np.argsort(power)[-20:]]
    assert (top[:, 2] < 0.08).all()  # not at the vertex
    assert (top[:, 1] > -0.05).all()  # nor at the back


def test_sweat_is_as_large_as_asked_in_the_middle_of_its_patch(scalp):
    tops = []
    for seed in range(40):
        x = make_sweat(scalp, 3000, seed, amplitude=50e-6, n_patches=1, extent=0.1)
        tops.append(np.sqrt(np.mean(x**2, axis=1)).max())
    assert np.median(tops) == pytest.approx(50e-6, rel=0.3)


@pytest.mark.parametrize("maker", [make_drift, make_sweat])
@pytest.mark.parametrize(("low", "high"), [(0.5, 0.1), (0.0, 0.3), (0.1, np.nan)])
def test_bands_that_are_none_are_refused(make_info, maker, low, high):
    with pytest.raises(ValueError, match="low and high must be 0 < low < high"):
        maker(make_info(4), 100, 0, low=low, high=high)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("line", {"amplitude": 0.0}),
        ("line", {"line_freq": np.inf}),
        ("cable", {"damping": 0.0}),
        ("cable", {"frequency": -1.0}),
        ("cap", {"duration": 0.0}),
        ("cap", {"step_rate": np.nan}),
        ("drift", {"extent": 0.0}),
        ("sweat", {"n_patches": 0}),
    ],
)
def test_what_is_not_physical_is_refused(make_info, kind, wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be a finite number above 0"):
        MAKERS[kind](make_info(4), 100, 0, **wrong)


@pytest.mark.parametrize("kind", MAKERS)
def test_a_window_needs_a_sample(make_info, kind):
    with pytest.raises(ValueError, match="n_times must be 1 or more, got 0"):
        MAKERS[kind](make_info(4), 0, 0)


@pytest.mark.benchmark
@pytest.mark.parametrize("kind", MAKERS)
def test_a_window_takes_few_milliseconds(make_info, kind):
    electrodes = read_electrodes(make_info(30, 256.0))
    took = []
    for seed in range(11):
        start = time.perf_counter()
        MAKERS[kind](electrodes, 1024, seed)
        took.append(time.perf_counter() - start)
    assert np.median(took) < 0.020
