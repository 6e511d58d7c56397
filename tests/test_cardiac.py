"""Tests of the heart's field and of the pulse under an electrode."""

from __future__ import annotations

import numpy as np
import pytest

from mne_artdenoise.synthesis.cardiac import (
    draw_beats,
    make_heart,
    make_pulse,
    shape_heartbeat,
    shape_pulse,
)
from mne_artdenoise.synthesis.electrodes import read_electrodes

MAKERS = [make_heart, make_pulse]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("n_channels", [1, 2, 8, 19, 32, 64, 128, 256])
@pytest.mark.parametrize("sfreq", [100.0, 2000.0])
def test_any_montage_and_rate_gives_finite_volts(make_info, make, n_channels, sfreq):
    n_times = round(2 * sfreq)
    artifact = make(make_info(n_channels, sfreq), n_times, 1)
    assert artifact.shape == (n_channels, n_times)
    assert np.isfinite(artifact).all()
    assert 0 < np.abs(artifact).max() < 200e-6


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("n_times", [1, 2, 7])
def test_short_windows_do(make_info, make, n_times):
    assert make(make_info(8), n_times, 1).shape == (8, n_times)
    with pytest.raises(ValueError, match="n_times must be 1 or more, got 0"):
        make(make_info(8), 0, 1)


@pytest.mark.parametrize("make", MAKERS)
def test_the_same_seed_gives_the_same_and_electrodes_do_as_info(make_info, make):
    info = make_info(8)
    first, again = make(info, 500, 5), make(read_electrodes(info), 500, np.random.default_rng(5))
    assert first.tobytes() == again.tobytes()
    assert not np.allclose(first, make(info, 500, 6))


@pytest.mark.parametrize("heart_rate", [45.0, 70.0, 150.0])
def test_there_are_as_many_beats_a_minute_as_asked(rng, heart_rate):
    phase = draw_beats(60_000, 200.0, heart_rate, 0.05, rng)
    assert -np.pi <= phase.min() < phase.max() <= np.pi
    beats = np.flatnonzero((phase[:-1] < 0) & (phase[1:] >= 0) & (np.diff(phase) < np.pi))
    assert len(beats) / 5 == pytest.approx(heart_rate, rel=0.03)


@pytest.mark.parametrize("variability", [0.0, 0.05, 0.15])
def test_beats_vary_as_asked(rng, variability):
    phase = draw_beats(120_000, 200.0, 60.0, variability, rng)
    beats = np.flatnonzero((phase[:-1] < 0) & (phase[1:] >= 0) & (np.diff(phase) < np.pi))
    spread = np.std(np.diff(beats)) / 200
    assert spread == pytest.approx(variability, abs=0.004 + 0.15 * variability)


def test_a_beat_has_its_waves_in_order():
    phase = np.linspace(-np.pi, np.pi, 4001)
    waves = shape_heartbeat(phase)
    peaks = phase[np.abs(waves).argmax(axis=1)]
    assert (np.diff(peaks) > 0).all()  # P Q R S T
    heights = waves[np.arange(5), np.abs(waves).argmax(axis=1)]
    assert heights[2] == pytest.approx(1.0)
    assert heights[1] < 0 > heights[3]
    assert 0.1 < heights[0] < heights[4] < 0.6
    beat = waves.sum(axis=0)
    assert abs(beat[0]) < 0.01  # it rests before the next
    assert phase[beat.argmax()] == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("amplitude", [4e-6, 12e-6])
def test_the_field_of_the_heart_is_as_large_as_asked(make_info, amplitude):
    sizes = []
    for seed in range(20):
        artifact = make_heart(make_info(64), 1000, seed, amplitude=amplitude)
        sizes.append(np.ptp(artifact, axis=0).max())
    # Caps end above ears and neck, and some electrodes lie further out than the five places.
    assert 0.6 * amplitude < np.median(sizes) < 1.2 * amplitude
    assert np.max(sizes) < 1.6 * amplitude


def test_the_field_of_the_heart_is_nearly_a_slope(make_info):
    info = make_info(64)
    positions = np.array([ch["loc"][:3] for ch in info["chs"]])
    slope = np.column_stack([positions, np.ones(len(positions))])
    for seed in range(10):
        artifact = make_heart(info, 400, seed)
        assert 2 <= np.linalg.matrix_rank(artifact, tol=1e-10) <= 3
        left = artifact - slope @ np.linalg.lstsq(slope, artifact, rcond=None)[0]
        assert np.square(left).sum() < 0.06 * np.square(artifact).sum()


def test_a_pulse_is_at_one_electrode_and_hardly_at_its_neighbours(make_info):
    info = make_info(64)
    artifact = make_pulse(info, 1000, 1, electrode="F7", amplitude=30e-6)
    size = np.abs(artifact).max(axis=1)
    assert info["ch_names"][int(size.argmax())] == "F7"
    assert size.max() == pytest.approx(30e-6, rel=0.05)
    assert np.sort(size)[-2] < 15e-6
    assert (size == 0).sum() > 50


def test_arteries_are_at_temples_forehead_and_neck(make_info):
    info = make_info(64)
    where = set()
    for seed in range(60):
        where.add(info["ch_names"][int(np.abs(make_pulse(info, 300, seed)).max(axis=1).argmax())])
    assert 4 <= len(where) <= 6
    assert not where & {"Cz", "Pz", "Fz", "C3", "C4", "FCz", "CPz"}


@pytest.mark.parametrize("delay", [0.1, 0.3])
def test_a_pulse_follows_its_beat(delay):
    phase = np.linspace(-np.pi, np.pi, 2001)
    wave = shape_pulse(phase - 2 * np.pi * delay)  # at one beat a second
    assert phase[wave.argmax()] / (2 * np.pi) == pytest.approx(delay, abs=0.01)
    assert wave.max() == pytest.approx(1.0, abs=0.01)
    assert wave.min() < 0.05


@pytest.mark.parametrize(
    ("make", "wrong", "message"),
    [
        (make_heart, {"heart_rate": 0.0}, "heart_rate must be a finite number above 0"),
        (make_heart, {"variability": 0.6}, "variability must be 0 or more and below 0.5, got 0.6"),
        (make_heart, {"amplitude": np.inf}, "amplitude must be a finite number above 0, got inf"),
        (make_pulse, {"electrode": "Q9"}, "electrode is 'Q9', but the EEG channels are Cz, Pz"),
        (make_pulse, {"delay": -1.0}, "delay must be a finite number above 0, got -1.0"),
    ],
)
def test_what_cannot_be_is_refused(make_info, make, wrong, message):
    with pytest.raises(ValueError, match=message):
        make(make_info(4), 100, 1, **wrong)
