"""Tests of artifacts of single electrodes."""

from __future__ import annotations

import mne
import numpy as np
import pytest
from scipy.signal import welch

from mne_artdenoise.synthesis.electrodal import (
    make_dead_channel,
    make_electrode_pops,
    make_flat_channel,
    make_impedance_noise,
)

ADDED = {"pops": make_electrode_pops, "impedance": make_impedance_noise}
REPLACING = {"flat": make_flat_channel, "dead": make_dead_channel}
MAKERS = ADDED | REPLACING


def make(kind: str, info, n_times: int, seed, **physical) -> np.ndarray:
    """Make an artifact; those that replace a signal replace ten microvolts of noise."""
    if kind in REPLACING:
        n_channels = len(info["ch_names"])
        noise = np.random.default_rng(1).standard_normal((n_channels, n_times))
        physical = {"clean": 10e-6 * noise} | physical
    return MAKERS[kind](info, n_times, seed, **physical)


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("n_channels", [2, 8, 19, 32, 64, 128, 256])
@pytest.mark.parametrize("sfreq", [100.0, 256.0, 2000.0])
def test_any_montage_and_rate_will_do(make_info, kind, n_channels, sfreq):
    info = make_info(n_channels, sfreq)
    n_times = round(2 * sfreq)
    x, again, other = (make(kind, info, n_times, seed) for seed in (0, 0, 1))
    assert x.shape == (n_channels, n_times)
    assert x.dtype == np.float64
    assert np.isfinite(x).all()
    assert x.any()
    assert x.tobytes() == again.tobytes()
    assert x.tobytes() != other.tobytes() or (kind == "flat" and n_channels == 2)
    assert 1e-6 < np.abs(x).max() < 5e-3


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("n_times", [1, 2, 9])
def test_the_shortest_windows_hold_some_of_it(make_info, kind, n_times):
    for seed in range(10):
        assert make(kind, make_info(4), n_times, seed).any()


@pytest.mark.parametrize("kind", MAKERS)
def test_other_channels_are_left_alone(make_info, kind):
    info = make_info(20)
    some = make(kind, info, 800, 0, n_channels=3, **({"rate": 600.0} if kind == "pops" else {}))
    assert some.any(axis=1).sum() == 3
    named = make(kind, info, 800, 0, channels=["Oz", "F3"])
    assert {info["ch_names"][row] for row in np.flatnonzero(named.any(axis=1))} == {"Oz", "F3"}
    assert make(kind, info, 800, 0, n_channels=500).any(axis=1).all() or kind == "pops"
    first = {int(np.flatnonzero(make(kind, info, 800, seed).any(axis=1))[0]) for seed in range(20)}
    assert len(first) > 4  # not always the same ones


@pytest.mark.parametrize("kind", MAKERS)
def test_unknown_channels_are_named(make_info, kind):
    with pytest.raises(ValueError, match="channels must be of Cz, .*; unknown: 'cz', 'Q1'"):
        make(kind, make_info(4), 100, 0, channels=["cz", "Q1"])
    with pytest.raises(ValueError, match="none given"):
        make(kind, make_info(4), 100, 0, channels=[])
    with pytest.raises(ValueError, match="n_channels must be 1 or more, got 0"):
        make(kind, make_info(4), 100, 0, n_channels=0)
    with pytest.raises(ValueError, match="n_times must be 1 or more"):
        make(kind, make_info(4), 0, 0)


@pytest.mark.parametrize("high_pass", [0.16, 1.0])
@pytest.mark.parametrize("sfreq", [100.0, 1000.0])
def test_pops_jump_and_decay_with_the_amplifier(make_info, sfreq, high_pass):
    decay = 1 / (2 * np.pi * high_pass)
    n_times = round(20 * decay * sfreq)
    found = 0
    for seed in range(20):
        x = make_electrode_pops(make_info(1, sfreq), n_times, seed, rate=0.01, high_pass=high_pass)
        start = int(np.flatnonzero(x[0])[0])
        later = start + round(decay * sfreq)
        assert np.argmax(np.abs(x[0])) == start
        if start + round(8 * decay * sfreq) < n_times:
            assert x[0, later] / x[0, start] == pytest.approx(np.exp(-1), abs=0.02)
            assert not x[0, start + round(7 * decay * sfreq) :].any()
            found += 1
    assert found > 5


def test_pops_are_as_high_and_as_frequent_as_asked(make_info):
    x = make_electrode_pops(
        make_info(1), 600 * 200, 0, amplitude=50e-6, rate=30.0, high_pass=20.0
    )  # so short that they do not overlap
    jumps = np.abs(np.diff(x[0]))
    starts = np.flatnonzero(jumps > 10e-6)
    starts = starts[np.abs(x[0, starts + 1]) > np.abs(x[0, starts])]
    assert len(starts) == pytest.approx(300, rel=0.15)
    assert np.median(np.abs(x[0, starts + 1])) == pytest.approx(50e-6, rel=0.15)
    signs = np.sign(x[0, starts + 1])
    assert abs(signs.mean()) < 0.3


def test_impedance_noise_is_slow_noise_of_its_amplitude(make_info):
    x = make_impedance_noise(
        make_info(32, 250.0), 30_000, 0, amplitude=10e-6, slope=1.5, hum=0.0, n_channels=32
    )
    frequency, power = welch(x, fs=250.0, nperseg=2500)
    inside = (frequency >= 1) & (frequency <= 40)
    size = np.sqrt(np.trapezoid(power[:, inside], frequency[inside], axis=1))
    assert np.median(size) == pytest.approx(10e-6, rel=0.15)
    fall = np.polyfit(np.log(frequency[inside]), np.log(power.mean(axis=0)[inside]), 1)[0]
    assert -fall == pytest.approx(1.5, abs=0.1)
    together = np.corrcoef(x)[np.triu_indices(32, 1)]
    assert np.abs(together).mean() < 0.1  # each electrode its own


@pytest.mark.parametrize(("kind", "line_freq"), [("impedance", 60.0), ("dead", 50.0)])
def test_bad_contacts_hum(make_info, kind, line_freq):
    physical = {"hum": 20e-6, "line_freq": line_freq, "n_channels": 40}
    physical |= {"amplitude": 1e-6} if kind == "impedance" else {"noise": 1e-6}
    clean = {"clean": np.zeros((40, 2000))} if kind == "dead" else {}
    x = make(kind, make_info(40, 200.0), 2000, 0, **physical, **clean)
    spectrum = np.abs(np.fft.rfft(x, axis=1)) / 1000
    frequency = np.fft.rfftfreq(2000, 1 / 200.0)
    assert (frequency[spectrum.argmax(axis=1)] == line_freq).all()
    assert np.median(spectrum.max(axis=1)) == pytest.approx(20e-6, rel=0.25)
    slow = make(kind, make_info(40, 100.0), 2000, 0, **physical, **clean)
    assert np.abs(slow).max() < 15e-6  # too slow to see the mains


@pytest.mark.parametrize("level", [0.0, -30e-6])
def test_a_flat_channel_is_flat(make_info, rng, level):
    clean = 10e-6 * rng.standard_normal((8, 500))
    artifact = make_flat_channel(
        make_info(8), 500, 0, clean=clean, level=level, channels=["Fz", "Fp1"]
    )
    flat = (clean + artifact)[[2, 6]]
    np.testing.assert_allclose(flat, level, rtol=0, atol=1e-20)
    if level == 0.0:
        assert not flat.any()


def test_a_dead_channel_holds_noise_and_no_brain(make_info, rng):
    clean = 30e-6 * np.cumsum(rng.standard_normal((8, 4000)), axis=1) / 60
    artifact = make_dead_channel(
        make_info(8), 4000, 0, clean=clean, noise=2e-6, hum=0.0, channels=["Pz"]
    )
    left = (clean + artifact)[1]
    assert left.std() == pytest.approx(2e-6, rel=0.1)
    assert abs(np.corrcoef(left, clean[1])[0, 1]) < 0.1
    assert abs(np.corrcoef(left[1:], left[:-1])[0, 1]) < 0.1


@pytest.mark.parametrize("kind", REPLACING)
def test_channels_fail_for_a_while(make_info, rng, kind):
    info, clean = make_info(4), 10e-6 * rng.standard_normal((4, 2000))
    starts = set()
    for seed in range(20):
        artifact = make(kind, info, 2000, seed, clean=clean, duration=2.0)
        where = np.flatnonzero(artifact.any(axis=0))
        assert 200 <= len(where) <= 400
        assert where[-1] - where[0] + 1 == len(where)
        starts.add(int(where[0]))
    assert len(starts) > 15
    assert make(kind, info, 2000, 0, clean=clean, duration=100.0).any(axis=0).mean() > 0.99


@pytest.mark.parametrize("kind", REPLACING)
def test_the_signal_replaced_must_be_the_recording(make_info, kind):
    with pytest.raises(ValueError, match="clean has shape \\(4, 99\\).* \\(4, 100\\)"):
        make(kind, make_info(4), 100, 0, clean=np.zeros((4, 99)))


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("pops", {"amplitude": 0.0}),
        ("pops", {"rate": -1.0}),
        ("pops", {"high_pass": np.inf}),
        ("impedance", {"amplitude": np.nan}),
        ("impedance", {"line_freq": 0.0}),
        ("dead", {"noise": 0.0}),
        ("flat", {"duration": 0.0}),
    ],
)
def test_what_is_not_physical_is_refused(make_info, kind, wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be a finite number above 0"):
        make(kind, make_info(4), 100, 0, **wrong)


@pytest.mark.parametrize("kind", MAKERS)
def test_electrodes_without_a_position_are_named(kind):
    with pytest.raises(ValueError, match="without a position: A, B"):
        make(kind, mne.create_info(["A", "B"], 200.0, "eeg"), 100, 0)
