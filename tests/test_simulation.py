"""Tests of the recording from a formula."""

from __future__ import annotations

import mne
import numpy as np
import pytest
from scipy.signal import welch

from mne_artdenoise.synthesis import simulate_raw

AWKWARD = [(2, 100.0, 1.0), (3, 127.3, 2.3), (32, 250.0, 4.0), (64, 512.0, 2.0), (256, 2000.0, 1.0)]
KINDS = ["eye", "muscle"]


def find_power(x: np.ndarray) -> float:
    return float(np.mean(np.square(x)))


def find_names(raw: mne.io.BaseRaw) -> set[str]:
    return set(raw.annotations.description)


@pytest.mark.parametrize(("n_channels", "sfreq", "duration"), AWKWARD)
def test_recording_is_the_sum_of_brain_and_artifact(make_info, n_channels, sfreq, duration):
    info = make_info(n_channels, sfreq)
    raw, truth, artifact = simulate_raw(info, duration, rng=0)
    for inst in (raw, truth, artifact):
        assert type(inst) is mne.io.RawArray
        assert inst.ch_names == info["ch_names"]
        assert inst.info["sfreq"] == sfreq
        assert inst.n_times == round(duration * sfreq)
        assert np.isfinite(inst.get_data()).all()
        assert np.ptp(inst.get_data(), axis=1).all()
    total = truth.get_data() + artifact.get_data()
    np.testing.assert_allclose(raw.get_data(), total, rtol=1e-12, atol=1e-18)


@pytest.mark.parametrize("snr_db", [-20.0, -3.0, 0.0, 7.5])
@pytest.mark.parametrize("artifacts", [["eye"], ["muscle"], KINDS, ("muscle", "eye")])
def test_artifacts_have_the_power_asked_for(make_info, artifacts, snr_db):
    _, truth, artifact = simulate_raw(make_info(9), 5.0, artifacts=artifacts, snr_db=snr_db, rng=1)
    ratio = find_power(truth.get_data()) / find_power(artifact.get_data())
    assert 10 * np.log10(ratio) == pytest.approx(snr_db, abs=1e-9)


def test_the_same_seed_gives_the_same_bytes(make_info):
    first, again, other = (simulate_raw(make_info(8), 3.0, rng=seed) for seed in (5, 5, 6))
    for inst, same, different in zip(first, again, other, strict=True):
        assert inst.get_data().tobytes() == same.get_data().tobytes()
        assert inst.get_data().tobytes() != different.get_data().tobytes()
        assert inst.annotations == same.annotations


def test_a_generator_moves_on_from_one_recording_to_the_next(make_info):
    rng = np.random.default_rng(5)
    first = simulate_raw(make_info(8), 3.0, rng=rng)[0].get_data()
    second = simulate_raw(make_info(8), 3.0, rng=rng)[0].get_data()
    seeded = simulate_raw(make_info(8), 3.0, rng=5)[0].get_data()
    assert np.array_equal(first, seeded)
    assert not np.array_equal(first, second)


def test_the_brain_does_not_depend_on_the_artifacts(make_info):
    brains = [
        simulate_raw(make_info(8), 3.0, artifacts=kinds, snr_db=snr_db, rng=5)[1].get_data()
        for kinds, snr_db in [((), -3.0), (["eye"], 3.0), (KINDS, None)]
    ]
    assert all(np.array_equal(brains[0], brain) for brain in brains)


def test_without_artifacts_the_recording_is_the_brain(make_info):
    raw, truth, artifact = simulate_raw(make_info(8), 3.0, artifacts=(), rng=0)
    assert np.array_equal(raw.get_data(), truth.get_data())
    assert not artifact.get_data().any()
    assert len(raw.annotations) == 0


@pytest.mark.parametrize(
    ("artifacts", "expected"),
    [
        (["eye"], {"blink", "saccade"}),
        (["muscle"], {"muscle"}),
        (KINDS, {"blink", "saccade", "muscle"}),
    ],
)
def test_annotations_name_what_happens(make_info, artifacts, expected):
    raw, truth, artifact = simulate_raw(make_info(8), 1.0, artifacts=artifacts, rng=0)
    assert find_names(raw) == find_names(artifact) == expected
    assert len(truth.annotations) == 0


@pytest.mark.parametrize("duration", [1.0, 7.3, 60.0])
def test_muscle_is_where_the_annotations_say_and_nowhere_else(make_info, duration):
    raw, _, artifact = simulate_raw(make_info(8), duration, artifacts=["muscle"], rng=3)
    inside = np.zeros(raw.n_times, dtype=bool)
    for span in raw.annotations:
        assert 0 <= span["onset"] <= span["onset"] + span["duration"] <= duration
        assert span["duration"] <= 3.0
        start, stop = (
            round(edge * 200) for edge in (span["onset"], span["onset"] + span["duration"])
        )
        inside[start:stop] = True
    active = artifact.get_data().any(axis=0)
    assert not active[~inside].any()
    assert active[inside].mean() > 0.95  # a soft edge begins with zero


@pytest.mark.parametrize("seed", range(5))
def test_blinks_have_the_size_the_rate_and_the_place_of_blinks(make_info, seed):
    _, _, artifact = simulate_raw(make_info(20), 60.0, artifacts=["eye"], snr_db=None, rng=seed)
    blinks = [a for a in artifact.annotations if a["description"] == "blink"]
    assert 10 <= len(blinks) <= 20
    assert all(0.2 <= blink["duration"] <= 0.4 for blink in blinks)
    volts = artifact.get_data()
    peaks = []
    for blink in blinks:
        start = round(blink["onset"] * 200)
        x = volts[:, start : start + round(blink["duration"] * 200)]
        peaks.append(np.ptp(x, axis=1))
    size = dict(zip(artifact.ch_names, np.median(peaks, axis=0), strict=True))
    assert 80e-6 < (size["Fp1"] + size["Fp2"]) / 2 < 220e-6
    assert size["Fp1"] > 2 * size["Cz"] > 2 * size["Oz"]


@pytest.mark.parametrize("seed", range(3))
def test_brain_looks_like_eeg(make_info, seed):
    _, truth, _ = simulate_raw(make_info(20, 250.0), 60.0, rng=seed)
    volts = truth.get_data()
    assert np.sqrt(find_power(volts)) == pytest.approx(10e-6, rel=0.05)
    frequency, power = welch(volts, fs=250.0, nperseg=500)
    band = {
        low: power[:, (frequency >= low) & (frequency < high)].mean(axis=1)
        for low, high in [(1, 4), (5, 7), (8, 12), (13, 16), (25, 40)]
    }
    assert (band[1] > 10 * band[25]).all()
    back = [truth.ch_names.index(name) for name in ("O1", "O2", "Oz")]
    front = [truth.ch_names.index(name) for name in ("Fp1", "Fp2")]
    assert (band[8][back] > 2 * np.maximum(band[5], band[13])[back]).all()
    assert band[8][back].mean() > 2 * band[8][front].mean()


def test_muscle_is_a_rhythm_of_20_hz_and_more(make_info):
    _, _, artifact = simulate_raw(make_info(20, 500.0), 30.0, artifacts=["muscle"], rng=0)
    frequency, power = welch(artifact.get_data(), fs=500.0, nperseg=500)
    inside = (frequency >= 15) & (frequency <= 130)
    assert power[:, inside].sum() > 0.95 * power.sum()


def test_other_channels_hold_zeros_and_bad_ones_are_simulated(make_info):
    info = make_info(4, extra_types=["eog", "stim"])
    info["bads"] = ["Cz"]
    raw, truth, _ = simulate_raw(info, 2.0, rng=0)
    assert not raw.get_data(picks=["EOG000", "STIM001"]).any()
    assert truth.get_data(picks=["Cz"]).any()
    assert raw.info["bads"] == ["Cz"]


def test_the_info_is_left_alone(make_info):
    info = make_info(4)
    raw, _, _ = simulate_raw(info, 1.0, rng=0)
    raw.rename_channels({"Cz": "other"})
    assert info["ch_names"][0] == "Cz"


def test_an_unknown_artifact_lists_the_known_ones(make_info):
    with pytest.raises(ValueError, match="Unknown artifact 'heart'. Known artifacts: 'eye', 'mu"):
        simulate_raw(make_info(4), 1.0, artifacts=["eye", "heart"])


def test_one_name_is_no_list_of_names(make_info):
    with pytest.raises(TypeError, match=r"\['eye'\]"):
        simulate_raw(make_info(4), 1.0, artifacts="eye")


@pytest.mark.parametrize("duration", [0.5, 0, -1, np.nan, np.inf])
def test_a_duration_too_short_is_told(make_info, duration):
    with pytest.raises(ValueError, match="1 second or more"):
        simulate_raw(make_info(4), duration)


def test_channels_without_a_position_are_named():
    info = mne.create_info(["A1x", "A2x"], 200.0, "eeg")
    with pytest.raises(ValueError, match="A1x, A2x have none.*set_montage"):
        simulate_raw(info, 1.0)
    with pytest.raises(ValueError, match="there are none"):
        simulate_raw(mne.create_info(1, 200.0, "stim"), 1.0)
