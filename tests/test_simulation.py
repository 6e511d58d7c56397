"""Tests of the recording from formulas."""

from __future__ import annotations

import mne
import numpy as np
import pytest
from scipy.signal import butter, lfilter, lfilter_zi, welch

from mne_artdenoise.synthesis import GROUPS, KINDS, simulate_raw
from mne_artdenoise.synthesis.artifacts import REPLACING
from mne_artdenoise.synthesis.electrodes import read_electrodes
from mne_artdenoise.synthesis.simulation import annotate, find_spans

AWKWARD = [(2, 100.0, 1.0), (3, 127.3, 2.3), (32, 250.0, 4.0), (64, 512.0, 2.0), (256, 2000.0, 1.0)]
BOTH = ["eye", "muscle"]
EYE = set(GROUPS["eye"])
ADDED = [kind for kind in KINDS if kind not in REPLACING]


def find_power(x: np.ndarray) -> float:
    return float(np.mean(np.square(x)))


def find_names(raw: mne.io.BaseRaw) -> set[str]:
    return set(raw.annotations.description)


def mark(raw: mne.io.BaseRaw, kind: str | None = None) -> np.ndarray:
    """Which samples the annotations call artifact, shape (n_channels, n_times)."""
    inside = np.zeros((len(raw.ch_names), raw.n_times), dtype=bool)
    for span in raw.annotations:
        if kind in (None, span["description"]):
            edges = np.array([span["onset"], span["onset"] + span["duration"]])
            start, stop = np.round(edges * raw.info["sfreq"]).astype(int)
            assert 0 <= start < stop <= raw.n_times
            rows = [raw.ch_names.index(name) for name in span.get("ch_names") or raw.ch_names]
            inside[rows, start:stop] = True
    return inside


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
    assert np.array_equal(raw.get_data(), truth.get_data() + artifact.get_data())


@pytest.mark.parametrize("snr_db", [-20.0, -3.0, 0.0, 7.5])
@pytest.mark.parametrize("artifacts", [["eye"], ["muscle"], BOTH, ("muscle", "line", "pop")])
def test_artifacts_have_the_power_asked_for(make_info, artifacts, snr_db):
    _, truth, artifact = simulate_raw(make_info(9), 5.0, artifacts=artifacts, snr_db=snr_db, rng=1)
    ratio = find_power(truth.get_data()) / find_power(artifact.get_data())
    assert 10 * np.log10(ratio) == pytest.approx(snr_db, abs=1e-9)


def test_a_ratio_may_be_drawn_and_kinds_may_have_their_own(make_info):
    ratios = []
    for seed in range(4):
        _, truth, artifact = simulate_raw(make_info(4), 2.0, snr_db=(-5.0, 5.0), rng=seed)
        ratios.append(10 * np.log10(find_power(truth.get_data()) / find_power(artifact.get_data())))
    assert -5 <= min(ratios) < max(ratios) <= 5
    asked = {"line": 10.0, "drift": -10.0}
    _, truth, artifact = simulate_raw(make_info(4), 9.0, artifacts=[*asked], snr_db=asked, rng=0)
    power = np.abs(np.fft.fft(artifact.get_data())) ** 2
    slow = np.abs(np.fft.fftfreq(1800, 1 / 200.0)) < 20
    ratio = power[:, slow].sum() / power[:, ~slow].sum()
    assert 10 * np.log10(ratio) == pytest.approx(20.0, abs=0.5)


@pytest.mark.parametrize("kind", [*KINDS, *GROUPS])
@pytest.mark.parametrize(("n_channels", "sfreq"), [(2, 100.0), (30, 256.0)])
def test_every_kind_and_group_can_be_simulated(make_info, kind, n_channels, sfreq):
    info = make_info(n_channels, sfreq)
    raw, truth, artifact = simulate_raw(info, 3.0, artifacts=[kind], snr_db=None, rng=2)
    assert np.array_equal(raw.get_data(), truth.get_data() + artifact.get_data())
    assert find_names(raw) == find_names(artifact) == set(GROUPS.get(kind, [kind]))
    assert len(truth.annotations) == 0


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
        for kinds, snr_db in [((), -3.0), (["eye"], 3.0), (BOTH, None), (["flat"], (1.0, 2.0))]
    ]
    assert all(np.array_equal(brains[0], brain) for brain in brains)


def test_an_artifact_does_not_depend_on_the_others(make_info):
    alone, beside = (
        simulate_raw(make_info(8), 3.0, artifacts=kinds, snr_db=None, rng=5)[0].annotations
        for kinds in (["blink"], ["muscle", "blink"])
    )
    blinks = [span["onset"] for span in beside if span["description"] == "blink"]
    assert alone.onset.tolist() == blinks


@pytest.mark.parametrize("nothing", [(), [], {}])
def test_without_artifacts_the_recording_is_the_brain(make_info, nothing):
    raw, truth, artifact = simulate_raw(make_info(8), 3.0, artifacts=nothing, rng=0)
    assert np.array_equal(raw.get_data(), truth.get_data())
    assert not artifact.get_data().any()
    assert len(raw.annotations) == 0


@pytest.mark.parametrize(
    ("artifacts", "expected"),
    [
        (["eye"], EYE),
        (["muscle"], {"muscle"}),
        (BOTH, {*EYE, "muscle"}),
        ({"blink": {}, "line": {}}, {"blink", "line"}),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_annotations_name_what_happens(make_info, artifacts, expected, seed):
    raw, truth, artifact = simulate_raw(make_info(8), 1.0, artifacts=artifacts, rng=seed)
    assert find_names(raw) == find_names(artifact) == expected
    assert len(truth.annotations) == 0


@pytest.mark.parametrize("kind", [*ADDED, "flat"])
@pytest.mark.parametrize("duration", [1.0, 12.3])
def test_an_artifact_is_where_the_annotations_say_and_nowhere_else(make_info, kind, duration):
    # Without an amplifier, which carries tails, and a reference, which carries to other channels.
    options = {"artifacts": [kind], "high_pass": None, "rng": 3}
    raw, _, artifact = simulate_raw(make_info(2), duration, **options)
    inside, active = mark(raw), artifact.get_data() != 0
    assert not active[~inside].any()
    # Only pauses shorter than two hundredths of a second are bridged.
    heard = inside.any(axis=0)
    silent = heard & ~active.any(axis=0)
    assert silent.sum() <= 4 * len(raw.annotations) * round(0.02 * 200)
    ends = np.array([np.flatnonzero(heard)[0], np.flatnonzero(heard)[-1]])
    assert active.any(axis=0)[ends].all()


@pytest.mark.parametrize("high_pass", [0.1, 0.5, 2.0])
def test_an_amplifier_takes_slow_waves_off_and_moves_no_annotation(make_info, high_pass):
    options = {"artifacts": ["horizontal saccade", "pop"], "snr_db": None, "rng": 4}
    direct, brain, waves = simulate_raw(make_info(8), 30.0, high_pass=None, **options)
    raw, truth, artifact = simulate_raw(make_info(8), 30.0, high_pass=high_pass, **options)
    assert raw.annotations == direct.annotations
    for shown, source in ((truth, brain), (artifact, waves)):
        x = source.get_data()  # the amplifier was on before
        b, a = butter(1, high_pass, "highpass", fs=200.0)
        expected = lfilter(b, a, x, zi=lfilter_zi(b, a) * x[:, :1])[0]
        np.testing.assert_allclose(shown.get_data(), expected, atol=1e-12)
    np.testing.assert_array_equal(raw.get_data(), truth.get_data() + artifact.get_data())


@pytest.mark.parametrize("high_pass", [0.0, -1.0, 100.0, np.nan])
def test_an_amplifier_that_cannot_be_is_told(make_info, high_pass):
    with pytest.raises(ValueError, match="high_pass must lie between 0 and 100 Hz"):
        simulate_raw(make_info(8), 2.0, high_pass=high_pass)


@pytest.mark.parametrize("n_channels", [3, 8, 19])
def test_brain_and_artifacts_are_of_the_average_reference(make_info, n_channels):
    _, truth, artifact = simulate_raw(make_info(n_channels), 4.0, rng=1)
    for part in (truth.get_data(), artifact.get_data()):
        assert np.abs(part.mean(axis=0)).max() < 1e-6 * np.abs(part).max()


def test_annotations_name_the_channels_where_not_all_have_it(make_info):
    info = make_info(3)
    part = np.zeros((3, 100))
    part[1:, 20:30] = part[:, 60] = 1.0
    found = annotate({"pop": part}, read_electrodes(info))
    assert [span["ch_names"] for span in found] == [tuple(info["ch_names"][1:]), ()]
    np.testing.assert_allclose(found.onset, [0.1, 0.3])
    np.testing.assert_allclose(found.duration, [0.05, 0.005])


def test_short_pauses_do_not_part_spans():
    active = np.zeros(30, dtype=bool)
    active[[0, 1, 4, 5, 9, 29]] = True
    assert find_spans(active, 2) == [(0, 6), (9, 10), (29, 30)]
    assert find_spans(active, 0) == [(0, 2), (4, 6), (9, 10), (29, 30)]
    assert find_spans(active, 30) == [(0, 30)]
    assert find_spans(active[10:20], 3) == []


def test_physical_parameters_can_be_given(make_info):
    sizes = []
    for amplitude in (1e-5, 1e-4):
        asked = {"drift": {"amplitude": amplitude}}
        _, _, artifact = simulate_raw(make_info(8), 5.0, artifacts=asked, snr_db=None, rng=0)
        sizes.append(np.sqrt(find_power(artifact.get_data())))
    assert sizes[1] == pytest.approx(10 * sizes[0])
    with pytest.raises(TypeError, match="colour"):
        simulate_raw(make_info(8), 5.0, artifacts={"drift": {"colour": 1}})


def test_real_artifacts_of_a_bank_can_be_simulated_with(make_info, make_bank):
    raw, _, _ = simulate_raw(make_info(8), 5.0, artifacts={"eye": make_bank(), "line": {}}, rng=0)
    assert find_names(raw) == {"eye", "line"}


@pytest.mark.parametrize("seed", range(3))
def test_brain_looks_like_eeg(make_info, seed):
    closed = {"eyes": "closed", "alpha_amplitude": 8e-6}
    truth = simulate_raw(make_info(20, 250.0), 60.0, artifacts=(), brain=closed, rng=seed)[1]
    volts = truth.get_data()
    assert 4e-6 < np.sqrt(find_power(volts)) < 25e-6
    # Against the forehead: the average reference would show it what the back does, upside down.
    volts -= truth.get_data(["Fp1", "Fp2"]).mean(axis=0)
    frequency, power = welch(volts, fs=250.0, nperseg=500)
    band = {
        low: power[:, (frequency >= low) & (frequency < high)].mean(axis=1)
        for low, high in [(1, 4), (5, 7), (8, 12), (13, 16), (25, 40)]
    }
    assert (band[1] > 5 * band[25]).all()
    back = [truth.ch_names.index(name) for name in ("O1", "O2", "Oz")]
    assert (band[8][back] > 2 * np.maximum(band[5], band[13])[back]).all()
    assert band[8][back].mean() > 2 * np.delete(band[8], back).mean()


def test_eyes_are_open_unless_told_otherwise(make_info):
    alpha = []
    for brain in (None, {"eyes": "closed"}):
        truth = simulate_raw(make_info(20), 30.0, brain=brain, rng=1)[1].filter(
            8, 12, verbose=False
        )
        alpha.append(find_power(truth.get_data(["O1", "O2"])))
    assert alpha[1] > 3 * alpha[0]


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
    with pytest.raises(ValueError, match="Unknown artifact 'cough'. Known artifacts: 'blink', "):
        simulate_raw(make_info(4), 1.0, artifacts=["eye", "cough"])


def test_one_name_is_no_list_of_names(make_info):
    with pytest.raises(TypeError, match=r"\['eye'\]"):
        simulate_raw(make_info(4), 1.0, artifacts="eye")


@pytest.mark.parametrize("duration", [0.5, 0, -1, np.nan, np.inf])
def test_a_duration_too_short_is_told(make_info, duration):
    with pytest.raises(ValueError, match="1 second or more"):
        simulate_raw(make_info(4), duration)


def test_channels_without_a_position_are_named():
    info = mne.create_info(["A1x", "A2x"], 200.0, "eeg")
    with pytest.raises(ValueError, match="without a position: A1x, A2x.*set_montage"):
        simulate_raw(info, 1.0)
    with pytest.raises(ValueError, match="no EEG channel"):
        simulate_raw(mne.create_info(1, 200.0, "stim"), 1.0)
