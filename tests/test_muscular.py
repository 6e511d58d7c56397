"""Tests of muscles: where, how much, how fast and how spiky."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kurtosis

from mne_artdenoise.synthesis.electrodes import read_electrodes
from mne_artdenoise.synthesis.headmodel import MUSCLES
from mne_artdenoise.synthesis.motor_units import CORNERS, draw_bursts, draw_firing
from mne_artdenoise.synthesis.muscular import (
    make_chewing,
    make_jaw_clench,
    make_muscle,
    make_shiver,
)

MAKERS = [make_muscle, make_chewing, make_jaw_clench, make_shiver]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("n_channels", [1, 2, 8, 19, 32, 64, 128, 256])
@pytest.mark.parametrize("sfreq", [100.0, 2000.0])
def test_any_montage_and_rate_gives_finite_volts(make_info, make, n_channels, sfreq):
    n_times = round(sfreq)
    artifact = make(make_info(n_channels, sfreq), n_times, 1)
    assert artifact.shape == (n_channels, n_times)
    assert np.isfinite(artifact).all()
    assert 0 < np.abs(artifact).max() < 2e-3


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("n_times", [1, 2, 7])
def test_short_windows_do(make_info, make, n_times):
    for seed in range(5):
        assert make(make_info(8), n_times, seed).shape == (8, n_times)
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
    active = (make(make_info(4), 200 * 60, 3, rate=1.0) != 0).any(axis=0)
    assert 0 < active.mean() < 0.5


def test_tonic_muscles_never_rest(make_info):
    assert (make_muscle(make_info(4), 4000, 3, mode="tonic") != 0).all()


@pytest.mark.parametrize("n_units", [1, 3, 6])
def test_the_rank_is_the_number_of_units(make_info, n_units):
    artifact = make_muscle(make_info(64), 2000, 1, n_units=n_units, mode="tonic")
    assert np.linalg.matrix_rank(artifact, tol=1e-12) == n_units


def test_both_sides_have_units_of_their_own(make_info):
    artifact = make_muscle(make_info(64), 2000, 1, n_units=2, mode="tonic", side="both")
    assert np.linalg.matrix_rank(artifact, tol=1e-12) == 4


@pytest.mark.parametrize(
    ("muscle", "near", "far"),
    [
        ("temporal", ("FT7", "T7", "F7", "FC5"), ("Pz", "Oz", "Fp2", "T8")),
        ("frontal", ("Fp1", "AF7", "AF3"), ("Pz", "Oz", "T8", "O1")),
        ("neck", ("O1", "PO7", "P7"), ("Fz", "Fp1", "T8", "F8")),
        ("masseter", ("F7", "FT7", "FT9"), ("Pz", "Oz", "P4", "T8")),
    ],
)
def test_a_muscle_is_loudest_at_the_electrodes_near_it(make_info, muscle, near, far):
    info = make_info(128)
    size = np.mean(
        [
            make_muscle(info, 400, seed, muscle=muscle, side="left", mode="tonic").std(axis=1)
            for seed in range(30)
        ],
        axis=0,
    )
    at = dict(zip(info["ch_names"], size, strict=True))
    assert max(at[name] for name in near) > 2 * max(at[name] for name in far)


@pytest.mark.parametrize("amplitude", [10e-6, 40e-6])
def test_on_the_skin_a_muscle_is_as_large_as_asked(make_info, amplitude):
    # An electrode is rarely straight above it: at most what was asked, and not much less.
    loudest = []
    for seed in range(30):
        artifact = make_muscle(
            make_info(256, 1000.0), 2000, seed,
            muscle="temporal", mode="tonic", amplitude=amplitude, n_units=1,
        )  # fmt: skip
        loudest.append(artifact.std(axis=1).max())
    assert 0.2 * amplitude < np.median(loudest) < 1.3 * amplitude


@pytest.mark.parametrize("sfreq", [250.0, 1000.0])
@pytest.mark.parametrize("firing_rate", [50.0, 400.0])
def test_waves_have_unit_size_over_all_frequencies(rng, sfreq, firing_rate):
    waves = draw_firing(8, round(60 * sfreq), sfreq, "masseter", firing_rate, rng)
    size = np.square(waves).mean()
    assert size == pytest.approx(1.0, rel=0.08) if sfreq > 500 else 0.85 < size < 1.02


# What the chin of nine people of the Glasgow set shows while they clench, smile and turn the head:
# benchmarks/realism.py measures it.
MEDIAN_FREQUENCY, SLOPE, KURTOSIS = (34.0, 66.0), (-18.0, -6.0), (-0.04, 1.92)


@pytest.mark.parametrize("muscle", sorted(MUSCLES))
def test_spectrum_and_spikiness_are_those_of_real_muscles(rng, muscle):
    sfreq = 1000.0
    waves = draw_firing(12, 20_000, sfreq, muscle, 400.0, rng)
    frequency = np.fft.rfftfreq(500, 1 / sfreq)
    pieces = waves.reshape(12, -1, 500)
    power = np.square(np.abs(np.fft.rfft(pieces * np.hanning(500), axis=-1))).mean(axis=(0, 1))
    band = (frequency >= 20) & (frequency <= 400)
    share = np.cumsum(power[band]) / power[band].sum()
    middle = frequency[band][np.searchsorted(share, 0.5)]
    upper = (frequency >= 80) & (frequency <= 300)
    slope = np.polyfit(np.log2(frequency[upper]), 10 * np.log10(power[upper]), 1)[0]
    assert MEDIAN_FREQUENCY[0] <= middle <= MEDIAN_FREQUENCY[1]
    assert SLOPE[0] <= slope <= SLOPE[1]
    assert KURTOSIS[0] <= np.median(kurtosis(pieces, axis=-1)) <= KURTOSIS[1]


def test_fewer_action_potentials_are_spikier(rng):
    def measure(rate):
        return kurtosis(draw_firing(6, 20_000, 1000.0, "temporal", rate, rng), axis=1).mean()

    assert measure(30.0) > measure(150.0) + 1 > measure(600.0) + 1


def test_the_forehead_is_slower_than_the_jaw():
    for corner in (0, 1):
        assert np.mean(CORNERS["frontal"][corner]) < np.mean(CORNERS["masseter"][corner])
    assert set(CORNERS) == set(MUSCLES)


def envelope_spectrum(artifact: np.ndarray, sfreq: float) -> tuple[np.ndarray, np.ndarray]:
    loudest = artifact[np.argmax(artifact.std(axis=1))]
    rectified = np.abs(loudest) - np.abs(loudest).mean()
    frequency = np.fft.rfftfreq(len(rectified), 1 / sfreq)
    return frequency, np.square(np.abs(np.fft.rfft(rectified)))


@pytest.mark.parametrize("frequency", [1.0, 1.57, 2.0])
def test_chewing_has_as_many_strokes_a_second_as_asked(make_info, frequency):
    artifact = make_chewing(make_info(64), 200 * 60, 1, frequency=frequency, duration=100.0)
    where, power = envelope_spectrum(artifact, 200.0)
    slow = (where > 0.5) & (where < 3.5)
    smooth = np.convolve(power[slow], np.ones(15), "same")
    assert where[slow][smooth.argmax()] == pytest.approx(frequency, rel=0.15)


@pytest.mark.parametrize("frequency", [8.0, 12.0])
def test_shivers_tremble_as_often_as_asked(make_info, frequency):
    artifact = make_shiver(make_info(64), 200 * 30, 1, frequency=frequency, duration=40.0)
    where, power = envelope_spectrum(artifact, 200.0)
    tremor = (where > 5) & (where < 15)
    smooth = np.convolve(power[tremor], np.ones(31), "same")
    assert where[tremor][smooth.argmax()] == pytest.approx(frequency, rel=0.15)


def test_clenches_are_long_and_on_both_sides(make_info):
    info = make_info(64)
    for seed in range(5):
        artifact = make_jaw_clench(info, 200 * 60, seed, duration=4.0, rate=2.0)
        active = (artifact != 0).any(axis=0)
        number = (np.diff(np.r_[0, active.astype(int)]) == 1).sum()
        assert 1.5 < active.sum() / 200 / number < 6.0
        at = dict(zip(info["ch_names"], artifact.std(axis=1), strict=True))
        assert 0.1 < at["T7"] / at["T8"] < 10
        assert np.linalg.matrix_rank(artifact, tol=1e-12) == 24


def test_bursts_stay_around_one(rng):
    envelope = draw_bursts(100_000, 200.0, 20.0, 1.0, rng)
    assert envelope.min() == 0
    assert 0.8 < np.median(envelope[envelope > 0]) < 1.2


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"muscle": "biceps"}, r"muscle is 'biceps', but must be one of 'frontal', 'temporal'"),
        ({"mode": "on"}, r"mode is 'on', but must be one of 'tonic', 'bursts'"),
        ({"side": "up"}, r"side is 'up', but must be one of 'left', 'right', 'both', None"),
        ({"amplitude": 0.0}, "amplitude must be a finite number above 0, got 0.0"),
        ({"n_units": 0}, "n_units must be a finite number above 0, got 0"),
        ({"firing_rate": np.nan}, "firing_rate must be a finite number above 0, got nan"),
    ],
)
def test_what_cannot_be_is_refused(make_info, wrong, message):
    with pytest.raises(ValueError, match=message):
        make_muscle(make_info(4), 100, 1, **wrong)
