"""Tests of the checks that the brain was preserved: each sees the harm that it is there for."""

from __future__ import annotations

import mne
import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from mne_artdenoise import checks
from mne_artdenoise.checks import evoked as e
from mne_artdenoise.checks import residue
from mne_artdenoise.checks.quiet import cut_quiet
from mne_artdenoise.checks.regions import find_regions
from mne_artdenoise.checks.spectrum import find_peak
from mne_artdenoise.comparison import compare
from mne_artdenoise.synthesis import simulate_raw


@pytest.fixture(scope="module")
def known(make_info):
    """Simulate a minute of 20 channels: recording, truth, artifact."""
    return simulate_raw(make_info(20, 200.0), 60.0, snr_db=None, rng=3)


def subtract(raw, x):
    after = raw.copy()
    after._data -= x
    return after


def find_row(rows, name):
    return next(row for row in rows if row.name == name)


def band(x, low, high, sfreq=200.0):
    return sosfiltfilt(butter(4, (low, high), "bandpass", fs=sfreq, output="sos"), x)


def test_a_perfect_denoiser_passes_every_check_that_can_tell(known):
    raw, truth, _ = known
    rows = checks.check_preservation(raw, truth)
    assert {row.name: row.verdict for row in rows if row.verdict == "doubtful"} == {}
    assert sum(row.verdict == "good" for row in rows) >= 5
    for row in rows:
        assert row.sentence.endswith(".")
    table = checks.to_data_frame(rows)
    assert list(table.columns) == ["check", "verdict", "quantity", "value"]
    assert np.isfinite(table["value"]).all()


def test_nothing_removed_is_seen_as_nothing_changed_and_artifact_left(known):
    raw = known[0]
    rows = checks.check_preservation(raw, raw)
    quiet = find_row(rows, "Seconds without artifact")
    assert (quiet.values["correlation"], quiet.values["identical"]) == (pytest.approx(1.0), 1.0)
    assert max(map(abs, find_row(rows, "Spectrum without artifact").values.values())) == 0.0
    assert find_row(rows, "Connectivity").values["difference"] == 0.0
    assert find_row(rows, "Rank and covariance").values["change"] == 0.0
    blinks = find_row(rows, "Blinks left")
    assert (blinks.verdict, blinks.values["left"]) == ("doubtful", pytest.approx(1.0))


@pytest.mark.parametrize(("low", "high", "name"), [(7, 14, "alpha"), (12, 32, "beta")])
def test_brain_taken_from_a_band_is_named(known, low, high, name):
    raw, truth, _ = known
    lost = 0.2 * band(truth.get_data(), low, high)
    row = find_row(
        checks.check_preservation(raw, subtract(truth, lost)), "Spectrum without artifact"
    )
    assert row.verdict == "doubtful"
    assert row.values[f"{name}, back"] == pytest.approx(0.8**2 - 1, abs=0.06)
    other = {"alpha": "beta", "beta": "alpha"}[name]
    assert abs(row.values[f"{other}, back"]) < 0.15


def test_quiet_seconds_hold_no_blink_and_no_burst(known):
    raw, truth, _ = known
    pair = compare(raw, truth)
    pieces = list(cut_quiet(pair))
    assert 5 <= len(pieces) < 55
    spread = [np.abs(before - after).max() for before, after in pieces]
    assert np.quantile(spread, 0.9) < 0.4 * np.abs(pair.removed).max()


def test_line_noise_that_is_removed_is_no_harm(known):
    raw, truth, _ = known
    noisy = raw.copy()
    pattern = np.linspace(-1, 1, len(noisy.ch_names))  # of the average reference, too
    noisy._data += 50e-6 * np.outer(pattern, np.sin(2 * np.pi * 50 * noisy.times))
    rows = checks.check_preservation(noisy, truth)
    assert [row.name for row in rows if row.verdict == "doubtful"] == []


def test_alpha_that_is_weakened_shifted_or_gone_is_doubtful(make_raw, rng):
    raw = make_raw(20, duration=40.0)
    times = raw.times

    def add(frequency, size):
        inst = raw.copy()
        inst._data += size * np.sin(2 * np.pi * frequency * times)
        return inst

    before = add(10.0, 15e-6)

    def verdict(after):
        return checks.check_alpha_peak(compare(before, after)).verdict

    assert verdict(before) == "good"
    assert verdict(add(10.0, 13e-6)) == "doubtful"
    assert verdict(add(11.0, 15e-6)) == "doubtful"
    assert verdict(raw) == "doubtful"
    assert checks.check_alpha_peak(compare(raw, before)).verdict == "cannot tell"


@pytest.mark.parametrize("frequency", [8.3, 9.87, 11.4])
def test_a_peak_is_found_between_the_steps_of_a_spectrum(frequency):
    f = np.arange(0, 60, 0.25)
    power = 1 / np.maximum(f, 0.25) + 3 * np.exp(-0.5 * ((f - frequency) / 0.6) ** 2)
    assert find_peak(f, power) == pytest.approx(frequency, abs=0.1)
    assert find_peak(f, 1 / np.maximum(f, 0.25)) is None


def test_a_lost_dimension_and_a_changed_pattern_are_seen(known):
    raw, truth, _ = known
    u = np.linalg.svd(truth.get_data(), full_matrices=False)[0][:, 3]
    projected = subtract(truth, np.outer(u, u @ truth.get_data()))
    row = checks.check_covariance(compare(raw, projected))
    assert row.values["rank after"] <= row.values["rank before"] - 1
    assert row.verdict == "doubtful"
    smeared = truth.copy()
    smeared._data[0] += smeared._data[1:].sum(axis=0)
    assert checks.check_covariance(compare(raw, smeared)).values["change"] > 0.05


def test_phases_that_move_are_seen(known, rng):
    raw, truth, _ = known
    later = truth.copy()
    later._data[::2] = np.roll(later._data[::2], 5, axis=1)
    good, bad = (checks.check_connectivity(compare(raw, x)) for x in (truth, later))
    assert good.values["difference"] < bad.values["difference"]
    assert bad.verdict == "doubtful"


@pytest.mark.parametrize("left", [0.0, 0.1, 0.5])
def test_blinks_left_are_measured(known, left):
    raw, _, artifact = known
    row = checks.check_blinks(compare(raw, subtract(raw, (1 - left) * artifact.get_data())))
    assert row.values["left"] == pytest.approx(left, abs=0.06)
    assert row.verdict == ("good" if left < 0.2 else "doubtful")
    annotated = sum(d == "blink" for d in raw.annotations.description)
    assert 0.6 * annotated <= row.values["blinks"] <= 1.5 * annotated


def test_a_dead_electrode_at_the_forehead_is_not_asked_for_blinks(known):
    raw = known[0].copy()
    raw._data[raw.ch_names.index("Fp1")] *= 1e-3
    pair = compare(raw, raw)
    names = [pair.signal.ch_names[row] for row in residue.find_forehead(pair)]
    assert "Fp2" in names
    assert "Fp1" not in names


def test_muscle_left_is_measured(make_raw, rng):
    raw = make_raw(8, duration=20.0)
    noisy = raw.copy()
    noisy._data[0] += band(rng.standard_normal(len(raw.times)), 20, 90) * 60e-6
    row = checks.check_muscle(compare(noisy, raw))
    assert row.values["before"] - row.values["after"] == pytest.approx(1 / 8, abs=0.02)
    assert checks.check_muscle(compare(noisy, noisy)).verdict == "doubtful"


def test_slopes_are_those_of_the_noise(rng):
    x = rng.standard_normal((400, 200))
    steep = np.cumsum(x, axis=1)
    assert residue.measure_slopes(x, 75.0).mean() == pytest.approx(0.0, abs=0.1)
    assert residue.measure_slopes(steep, 75.0).mean() == pytest.approx(-2.0, abs=0.4)
    assert residue.measure_slopes(0 * x, 75.0).max() == -np.inf


def make_response(make_raw, amplitude=10e-6, latency=0.3, noise=0.02):
    raw = make_raw(8, duration=80.0)
    raw._data *= noise
    onsets = np.arange(200, len(raw.times) - 400, 300)
    wave = np.exp(-0.5 * ((np.arange(300) / 200.0 - latency) / 0.04) ** 2)
    for onset in onsets:
        raw._data[1, onset : onset + 300] += amplitude * wave
    return raw, np.column_stack([onsets, 0 * onsets, 0 * onsets + 1])


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (0.9, 0.0), (1.0, 0.02)])
def test_bias_of_a_response_is_measured(make_raw, scale, shift):
    truth, events = make_response(make_raw)
    after, _ = make_response(make_raw, 10e-6 * scale, 0.3 + shift)
    for known_truth in (truth, None):
        row = checks.check_evoked(truth, after, events, truth=known_truth)
        assert row.values["amplitude"] == pytest.approx(scale - 1, abs=0.01)
        assert row.values["latency"] == pytest.approx(shift, abs=0.002)
        assert row.verdict == ("good" if (scale, shift) == (1.0, 0.0) else "doubtful")


def test_latency_is_finer_than_the_samples(make_raw):
    raw, events = make_response(make_raw, latency=0.3012, noise=0.0)
    epochs = mne.Epochs(raw, events, tmin=-0.2, tmax=0.8, preload=True, verbose=False)
    peak = e.measure_peak(epochs.average(), (0.2, 0.4))
    assert peak.latency == pytest.approx(0.3012, abs=0.0005)
    with pytest.raises(ValueError, match=r"window \(2, 3\) holds 0 samples"):
        e.measure_peak(epochs.average(), (2, 3))


def test_a_raw_needs_events_for_its_response(make_raw):
    with pytest.raises(ValueError, match="mne.find_events"):
        checks.check_evoked(make_raw(4), make_raw(4))


@pytest.mark.parametrize(
    "make",
    [
        lambda raw, epochs, evoked: raw(2, duration=1.0),
        lambda raw, epochs, evoked: raw(4, duration=0.4, sfreq=100.0),
        lambda raw, epochs, evoked: epochs(3, 6, duration=0.5),
        lambda raw, epochs, evoked: evoked(5),
    ],
)
def test_short_and_small_recordings_can_be_checked(make, make_raw, make_epochs, make_evoked):
    inst = make(make_raw, make_epochs, make_evoked)
    rows = checks.check_preservation(inst, inst)
    assert not [row.name for row in rows if row.verdict == "doubtful"]


def test_recordings_without_positions_or_with_flat_channels_can_be_checked(make_raw):
    raw = make_raw(10, duration=12.0)
    raw._data[2] = 0.0
    for channel in raw.info["chs"]:
        channel["loc"][:3] = np.nan
    rows = checks.check_preservation(raw, raw)
    assert find_row(rows, "Blinks left").sentence == "No electrode lies near the eyes."


def test_regions_hold_what_their_names_say(make_raw):
    raw = make_raw(20)
    regions = find_regions(compare(raw, raw))
    names = {key: {raw.ch_names[i] for i in np.flatnonzero(v)} for key, v in regions.items()}
    assert {"Fp1", "Fp2"} <= names["front"]
    assert {"O1", "O2", "Oz"} <= names["back"]
    assert {"Cz"} <= names["centre"]
    assert ("T7" in names["left"], "T8" in names["right"]) == (True, True)
