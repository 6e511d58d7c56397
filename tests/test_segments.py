"""Tests of the windows that generators learn from, and of how made and real ones are compared."""

from __future__ import annotations

import json
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mne_artdenoise.networks.artifact_gan import ArtifactGANConfig
from mne_artdenoise.synthesis import LearnedArtifacts
from mne_artdenoise.synthesis.bank import Bank, Source
from mne_artdenoise.synthesis.fidelity import (
    BANDS,
    classify_linearly,
    classify_nearest,
    compare_autocorrelations,
    compare_band_powers,
    compare_covariances,
    describe,
    measure_band_powers,
    measure_mmd,
    measure_precision_recall,
    measure_telling,
    score_balanced,
)
from mne_artdenoise.synthesis.segments import (
    LABELS,
    Segments,
    cut_lively,
    cut_segments,
    gather,
    limit_band,
)
from mne_artdenoise.training import generator_recipe
from mne_artdenoise.weights.load import load_network
from mne_artdenoise.weights.registry import get_record, list_models, parse_record

RECIPES = Path(__file__).parents[1] / "examples" / "training"


@pytest.fixture(scope="module")
def segments(make_bank) -> Segments:
    """Cut windows from a bank of noise."""
    return cut_segments(make_bank(), rng=0)


def draw_rhythms(rng, frequency, n_windows=60, sfreq=128.0):
    time, phases = np.arange(512) / sfreq, rng.uniform(0, 2 * np.pi, (n_windows, 1))
    x = np.sin(2 * np.pi * frequency * time + phases) + 0.3 * rng.standard_normal((n_windows, 512))
    return x / np.sqrt(np.square(x).mean(axis=1, keepdims=True))


def test_every_label_has_windows_of_a_mean_square_of_one(segments):
    assert segments.windows.shape[1:] == (512,)
    for label in LABELS:
        assert segments.find(label).any()
    np.testing.assert_allclose(np.square(segments.windows).mean(axis=1), 1, rtol=1e-4)


def test_segments_come_back_from_a_file(segments, tmp_path):
    segments.save(tmp_path / "segments.npz")
    loaded = Segments.load(tmp_path / "segments.npz")
    assert (loaded.sfreq, loaded.labels) == (segments.sfreq, segments.labels)
    for name in ("windows", "classes", "people"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(segments, name))


def test_files_of_other_arrays_are_refused(segments, tmp_path):
    broken = Segments(128.0, ("eye",), segments.windows, segments.classes, segments.people)
    broken.save(tmp_path / "broken.npz")
    with pytest.raises(ValueError, match="do not fit the 1 labels"):
        Segments.load(tmp_path / "broken.npz")


def test_seeds_cut_the_same_windows(make_bank, segments):
    same, other = cut_segments(make_bank(), rng=0), cut_segments(make_bank(), rng=1)
    np.testing.assert_array_equal(same.windows, segments.windows)
    assert not np.array_equal(other.windows, segments.windows)


def test_people_of_a_label_are_drawn_alike(rng):
    people = np.array(["many"] * 90 + ["few"] * 10)
    windows = np.ones((100, 4), np.float32)
    segments = Segments(128.0, ("eye",), windows, np.zeros(100, np.int64), people)
    drawn = segments.people[segments.draw(2000, "eye", rng)]
    assert np.mean(drawn == "few") == pytest.approx(0.5, abs=0.05)


def test_only_lively_windows_are_cut(rng):
    signal = 0.01 * rng.standard_normal(128 * 40)
    signal[128 * 16 : 128 * 20] += np.sin(np.arange(512) / 128 * 2 * np.pi * 20)
    windows = cut_lively(signal, 128.0, "muscle")
    power = np.square(windows).mean(axis=1)
    assert len(windows) == 10
    assert power.max() > 0.4


def test_a_smaller_hop_cuts_more_windows_of_the_same(rng):
    signal = rng.standard_normal(128 * 40)
    few, many = (cut_lively(signal, 128.0, "heart", hop) for hop in (0.5, 0.125))
    assert len(few) == 19
    assert len(many) == 73
    np.testing.assert_array_equal(many[::4], few)


def test_blinks_and_beats_are_turned_upwards():
    time = np.arange(128 * 12) / 128
    blinks = -np.exp(-(((time % 3 - 1.5) / 0.1) ** 2))
    windows = cut_lively(blinks, 128.0, "eye")
    assert windows.max() > 2 * -windows.min()


@pytest.mark.parametrize(("label", "kept", "lost"), [("eye", 5, 40), ("muscle", 30, 2)])
def test_a_label_keeps_its_band(label, kept, lost):
    time = np.arange(1024) / 128
    for frequency, share in ((kept, 1.0), (lost, 0.0)):
        x = np.sin(2 * np.pi * frequency * time)
        left = np.square(limit_band(x, 128.0, label)[256:-256]).mean() / 0.5
        assert left == pytest.approx(share, abs=0.1)


def test_chewing_comes_and_goes_and_a_shiver_trembles(segments):
    features = {
        x: describe(segments.windows[segments.find(x)].astype(float), 128.0) for x in LABELS
    }
    swing = {label: x[:, 16].mean() for label, x in features.items()}
    assert swing["chewing"] > swing["muscle"] + 1


def test_a_bank_of_nothing_that_is_learned_is_told():
    with pytest.raises(ValueError, match="no artifact to cut windows from"):
        cut_segments(Bank(200.0))
    with pytest.raises(ValueError, match="no artifact"):
        gather([("eye", "S1", np.zeros(512))])
    with pytest.raises(ValueError, match="Unknown label 'hiccup'"):
        cut_segments(Bank(200.0, (), (Source("S", "eye", np.arange(2000.0) % 7),))).find("hiccup")


def test_segments_join_only_with_their_like(segments):
    assert len(segments | segments) == 2 * len(segments)
    other = Segments(64.0, segments.labels, segments.windows, segments.classes, segments.people)
    with pytest.raises(ValueError, match="one sampling rate"):
        segments | other


@pytest.mark.parametrize("band", BANDS)
def test_band_powers_find_a_rhythm_in_its_band(band, rng):
    frequency = np.mean(BANDS[band])
    powers = measure_band_powers(draw_rhythms(rng, frequency), 128.0)
    assert max(powers, key=lambda name: powers[name].mean()) == band


def test_what_is_alike_has_no_distance(rng):
    ours, theirs = draw_rhythms(rng, 10, 200), draw_rhythms(rng, 10, 200)
    assert all(abs(x) < 0.15 for x in compare_band_powers(ours, theirs, 128.0).values())
    assert compare_autocorrelations(ours, theirs, 128.0) < 0.01
    features = describe(ours, 128.0), describe(theirs, 128.0)
    assert measure_mmd(*features) < 0.05
    assert min(measure_precision_recall(*features)) > 0.85
    assert measure_telling(*features) == pytest.approx(0.5, abs=0.1)


def test_what_differs_has_a_distance(rng):
    ours, theirs = draw_rhythms(rng, 5), draw_rhythms(rng, 20)
    assert compare_band_powers(ours, theirs, 128.0)["beta"] < -0.8
    assert compare_autocorrelations(ours, theirs, 128.0) > 0.3
    features = describe(ours, 128.0), describe(theirs, 128.0)
    assert measure_mmd(*features) > 0.5
    assert max(measure_precision_recall(*features)) < 0.3
    assert measure_telling(*features) > 0.95


def test_collapse_costs_recall_and_not_precision(rng):
    real = np.vstack([draw_rhythms(rng, f, 50) for f in (3, 8, 20, 40)])
    made = draw_rhythms(rng, 8, 200)
    precision, recall = measure_precision_recall(describe(made, 128.0), describe(real, 128.0))
    assert precision > 0.8
    assert recall < 0.5


def test_covariances_compare_shapes_and_not_sizes(rng):
    x = rng.standard_normal((30, 4, 100)) * np.array([4.0, 1, 1, 1])[:, None]
    assert compare_covariances(7 * x, x) == pytest.approx(0, abs=1e-12)
    assert compare_covariances(x[:, ::-1], x) > 1


@pytest.mark.parametrize("classify", [classify_nearest, classify_linearly])
def test_classifiers_tell_classes_apart(classify, rng):
    classes = np.repeat([2, 5, 9], 40)
    known = rng.standard_normal((120, 6)) + 4 * np.eye(6)[np.repeat([0, 1, 2], 40)]
    other = rng.standard_normal((120, 6)) + 4 * np.eye(6)[np.repeat([0, 1, 2], 40)]
    assert score_balanced(classify(other, known, classes), classes) > 0.9


def test_balanced_accuracy_counts_each_class_the_same():
    true, found = np.array([0] * 9 + [1]), np.zeros(10, int)
    assert score_balanced(found, true) == 0.5


@pytest.mark.parametrize("kind", ["gan", "diffusion"])
def test_a_recipe_smokes_and_releases(kind, tmp_path):
    script = runpy.run_path(str(RECIPES / f"artifact-{kind}-v1.py"))
    recipe = script["RECIPE"]
    weights = generator_recipe.run_recipe(
        recipe, "", ["--work", str(tmp_path), "--smoke", "--steps", "2"]
    )
    assert weights.exists()
    for part in ("train", "held-out"):
        assert (tmp_path / f"segments-{part}.npz").exists()
    (tmp_path / "weights" / "files").mkdir(parents=True)
    (tmp_path / "weights" / "records").mkdir()
    released = generator_recipe.release(replace(recipe, config=recipe.smoke), tmp_path, tmp_path)
    stored = tmp_path / "weights" / "records" / "generators" / f"{recipe.model}.json"
    assert parse_record(stored.read_text()) == released
    assert json.loads(stored.read_text())["estimates"] == "nothing"


def test_released_generators_load_and_draw(make_info):
    for model in list_models("generate"):
        record = get_record(model, "generate")
        assert not load_network(model).training
        if record.network == "artifact_spread":
            continue
        kind = "gan" if record.network == "artifact_gan" else "diffusion"
        generator = LearnedArtifacts(kind, model, n_steps=2)
        for label in record.kinds:
            artifact = generator.generate(make_info(5), 300, label, np.random.default_rng(0))
            assert np.isfinite(artifact).all()
            assert 1e-8 < np.abs(artifact).max() < 5e-3


def test_networks_refuse_lengths_they_cannot_halve():
    with pytest.raises(ValueError, match="n_times 500 cannot be divided"):
        ArtifactGANConfig(n_times=500)
