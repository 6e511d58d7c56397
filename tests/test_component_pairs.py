"""Tests of pairs and banks made of the components of recordings."""

from __future__ import annotations

from dataclasses import replace

import mne
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mne_artdenoise.synthesis import component_recipes
from mne_artdenoise.synthesis.bank import Bank
from mne_artdenoise.synthesis.component_pairs import ART_CHANNELS, make_component_pairs
from mne_artdenoise.synthesis.component_recipes import ComponentRecipe, make_bank
from mne_artdenoise.synthesis.components import ICLABEL_CLASSES, ComponentSet

# One row per component: its probabilities in the order of ICLABEL_CLASSES.
LABELS = {
    "sure brain": [0.95, 0.05, 0, 0, 0, 0, 0],
    "brain at the threshold": [0.8, 0.1, 0.1, 0, 0, 0, 0],
    "likely brain": [0.7, 0.3, 0, 0, 0, 0, 0],
    "eye": [0, 0, 0.99, 0, 0, 0, 0.01],
    "weak eye": [0.1, 0.2, 0.4, 0.1, 0.1, 0.1, 0],
    "muscle": [0, 0.9, 0, 0, 0, 0, 0.1],
    "other": [0.2, 0, 0, 0, 0, 0, 0.8],
}
PLAIN = ComponentRecipe(0.8, component_recipes.ART, duration=1.0)


def make_set(rows=tuple(LABELS), n_channels=5, seconds=5.5, sfreq=200.0, seed=0) -> ComponentSet:
    rng = np.random.default_rng(seed)
    names = (*ART_CHANNELS, *(f"X{k}" for k in range(40)))[:n_channels]
    return ComponentSet(
        *("person", sfreq, tuple(names), rng.standard_normal((n_channels, 3))),
        1e-6 * rng.standard_normal((len(rows), n_channels)),
        rng.standard_normal((len(rows), round(seconds * sfreq))),
        np.array([LABELS[row] for row in rows]),
    )


def sum_windows(components: ComponentSet, which: list[int], n_windows: int) -> np.ndarray:
    """Cut the sum of components into windows of a second, written out."""
    whole = sum(np.outer(components.maps[k], components.sources[k]) for k in which)
    n_times = round(components.sfreq)
    return np.array([whole[:, k * n_times : (k + 1) * n_times] for k in range(n_windows)])


def test_pairs_are_those_of_the_paper():
    components = make_set()
    pairs = make_component_pairs(components, recipe=PLAIN)
    assert set(pairs.noisy) == {"eye", "muscle", "other"}  # classes that have a component
    np.testing.assert_allclose(pairs.clean, sum_windows(components, [0, 1], 5), atol=1e-18)
    for kind, which in {"eye": [0, 1, 3, 4], "muscle": [0, 1, 5], "other": [0, 1, 6]}.items():
        expected = sum_windows(components, which, 5)
        np.testing.assert_allclose(pairs.noisy[kind], expected, atol=1e-18)
    assert (pairs.subject, pairs.unit, pairs.sfreq) == ("person", "V", 200.0)
    assert pairs.mixtures == ()


def test_the_sure_recipe_leaves_out_what_is_uncertain():
    recipe = replace(component_recipes.RECIPES["sure"], duration=1.0)
    pairs = make_component_pairs(make_set(), recipe=recipe)
    assert set(pairs.noisy) == {"eye", "muscle"}
    expected = sum_windows(make_set(), [0, 1, 3], 5)
    np.testing.assert_allclose(pairs.noisy["eye"], expected, atol=1e-18)


@pytest.mark.parametrize("sfreq", [160.0, 256.0, 500.0, 512.3])
@pytest.mark.parametrize(("seconds", "n_windows"), [(4.0, 1), (11.9, 2)])
def test_windows_of_the_paper_have_1024_samples_up_to_50_hz(sfreq, seconds, n_windows):
    pairs = make_component_pairs(make_set(sfreq=sfreq, seconds=seconds))
    assert pairs.clean.shape == pairs.noisy["eye"].shape == (n_windows, 5, 1024)
    assert pairs.sfreq == 256.0
    power = np.square(np.abs(np.fft.rfft(pairs.clean))).mean(axis=(0, 1))
    frequency = np.fft.rfftfreq(1024, 1 / 256)
    inside = power[(frequency > 5) & (frequency < 40)].mean()
    assert power[(frequency > 70) & (frequency < 120)].max() < 0.02 * inside


def test_the_filter_has_no_delay():
    components = make_set(["sure brain", "eye"], sfreq=256.0, seconds=8)
    components.sources[:] = 0
    components.sources[:, 700] = 1.0
    pairs = make_component_pairs(components)
    assert set(np.abs(pairs.clean[0]).argmax(axis=-1)) == {700}


@given(
    snr_db=st.floats(-30, 30) | st.tuples(st.floats(-30, 0), st.floats(0, 30)),
    seed=st.integers(0, 1000),
    mixed=st.booleans(),
)
def test_each_window_has_the_ratio_that_was_asked_for(snr_db, seed, mixed):
    components = make_set(seed=seed)
    pairs = make_component_pairs(components, recipe=PLAIN, snr_db=snr_db, mixed=mixed, rng=seed)
    low, high = (snr_db, snr_db) if isinstance(snr_db, float) else snr_db
    for kind in pairs.noisy:
        measured = pairs.measure_snr(kind)
        assert measured.shape == (5,)
        assert (measured > low - 1e-6).all()
        assert (measured < high + 1e-6).all()


def test_a_ratio_changes_the_size_of_the_artifact_alone():
    natural = make_component_pairs(make_set(), recipe=PLAIN)
    scaled = make_component_pairs(make_set(), recipe=PLAIN, snr_db=3.0)
    np.testing.assert_array_equal(natural.clean, scaled.clean)
    for kind in natural.noisy:
        first, second = (pairs.noisy[kind] - pairs.clean for pairs in (natural, scaled))
        gains = (first * second).sum(axis=(1, 2)) / np.square(first).sum(axis=(1, 2))
        np.testing.assert_allclose(second, gains[:, None, None] * first, atol=1e-15)
        assert (gains > 0).all()


def test_a_silent_window_stays_as_it_is():
    components = make_set(["sure brain", "eye"])
    components.sources[0, 200:400] = 0
    components.sources[1, 400:600] = 0
    pairs = make_component_pairs(components, recipe=PLAIN, snr_db=0.0)
    natural = make_component_pairs(components, recipe=PLAIN)
    np.testing.assert_array_equal(pairs.noisy["eye"][1:3], natural.noisy["eye"][1:3])
    np.testing.assert_allclose(pairs.measure_snr("eye"), [0, -np.inf, np.inf, 0, 0], atol=1e-9)


def test_mixed_windows_are_the_sum_of_the_classes_named():
    components = make_set(seconds=40)
    pairs = make_component_pairs(components, recipe=PLAIN, mixed=True, rng=1)
    assert len(pairs.mixtures) == len(pairs.clean) == 40
    for index, kinds in enumerate(pairs.mixtures):
        parts = [pairs.noisy[kind][index] - pairs.clean[index] for kind in kinds]
        found = pairs.noisy["mixed"][index] - pairs.clean[index]
        np.testing.assert_allclose(found, sum(parts), atol=1e-17)
    assert {len(kinds) for kinds in pairs.mixtures} == {2, 3}
    assert all(len(set(kinds)) == len(kinds) for kinds in pairs.mixtures)
    assert {kind for kinds in pairs.mixtures for kind in kinds} == {"eye", "muscle", "other"}


def test_one_class_alone_cannot_be_mixed():
    pairs = make_component_pairs(make_set(["sure brain", "eye"]), recipe=PLAIN, mixed=True)
    assert set(pairs.noisy) == {"eye"}
    assert pairs.mixtures == ()


def test_the_same_seed_makes_the_same_pairs():
    options = {"recipe": PLAIN, "snr_db": (-5.0, 5.0), "mixed": True}
    first, second, other = (
        make_component_pairs(make_set(), **options, rng=seed) for seed in (3, 3, 4)
    )
    assert first.mixtures == second.mixtures
    for kind in first.noisy:
        np.testing.assert_array_equal(first.noisy[kind], second.noisy[kind])
        assert not np.array_equal(first.noisy[kind], other.noisy[kind])


def test_drawing_gives_every_class_and_brain_alike():
    pairs, rng = make_component_pairs(make_set(), recipe=PLAIN), np.random.default_rng(0)
    drawn = [pairs.draw(rng) for _ in range(400)]
    kinds = [kind for _, _, kind in drawn]
    assert all(70 < kinds.count(kind) < 130 for kind in ("brain", "eye", "muscle", "other"))
    for noisy, clean, kind in drawn:
        assert np.array_equal(noisy, clean) == (kind == "brain")
        assert any(np.array_equal(clean, window) for window in pairs.clean)


@pytest.mark.parametrize("old", [False, True])
def test_the_channels_of_the_paper_are_taken_in_its_order(old):
    components = make_set(n_channels=40)
    order = np.random.default_rng(0).permutation(40)
    names = [components.ch_names[k] for k in order]
    if old:
        olds = {"T7": "T3", "T8": "T4", "P7": "T5", "P8": "T6"}
        names = [olds.get(name, name).upper() for name in names]
    shuffled = replace(components, ch_names=tuple(names), maps=components.maps[:, order])
    shuffled = replace(shuffled, positions=components.positions[order])
    first = make_component_pairs(components, recipe=PLAIN)
    second = make_component_pairs(shuffled, recipe=PLAIN, ch_names=ART_CHANNELS)
    assert second.ch_names == ART_CHANNELS
    assert len(ART_CHANNELS) == 30
    np.testing.assert_array_equal(second.positions, first.positions[:30])
    np.testing.assert_allclose(second.clean, first.clean[:, :30], atol=1e-18)


def test_a_channel_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="has no Fz, Oz, only Fp1, Fp2, F7, F3"):
        make_component_pairs(make_set(n_channels=4), ch_names=["F7", "Fz", "Oz"])


def test_a_recording_without_brain_is_an_error():
    with pytest.raises(ValueError, match="'person' is brain at 0.8 or more .the likeliest at 0.70"):
        make_component_pairs(make_set(["likely brain", "eye"]))


def test_a_recording_shorter_than_a_window_is_an_error():
    with pytest.raises(ValueError, match="has 3.99 s, and a window needs 4 s"):
        make_component_pairs(make_set(seconds=3.99))


@pytest.mark.parametrize("make", [make_component_pairs, lambda c, **k: make_bank([c], ["p"], **k)])
def test_an_unknown_recipe_is_an_error_that_names_the_known(make):
    with pytest.raises(ValueError, match="'ART'. Known recipes: 'art', 'sure', or a Comp"):
        make(make_set(), recipe="ART")


def test_a_bank_of_the_papers_recipe_holds_its_pairs(tmp_path):
    components = make_set()
    bank = make_bank([components], ["p"], recipe="art", sfreq=components.sfreq)
    assert bank.subjects == ("p",)
    assert [item.kind for item in bank.fields] == ["muscle", "eye", "other"]
    pairs = make_component_pairs(components, recipe=PLAIN)
    bank.save(tmp_path / "bank.npz")
    clean, *fields = Bank.load(tmp_path / "bank.npz")
    for field in fields:
        noisy = clean.signal + field.maps.T @ field.sources
        expected = pairs.noisy[field.kind].transpose(1, 0, 2).reshape(5, -1)
        np.testing.assert_allclose(noisy[:, :1000], expected, atol=1e-11)


def test_a_bank_has_the_rate_that_was_asked_for():
    bank = make_bank(
        [make_set(sfreq=128.0), make_set(sfreq=500.0, seconds=7)], ["a", "b"], sfreq=200.0
    )
    assert bank.sfreq == 200.0
    assert [item.signal.shape[-1] for item in bank.clean] == [1100, 1400]
    assert [item.sources.shape[-1] for item in bank.fields] == [1100, 1100, 1400, 1400]
    assert [item.kind for item in bank.split(["b"])[1].fields] == ["eye", "muscle"]


def test_a_recording_without_brain_gives_its_artifacts_with_a_warning():
    with pytest.warns(RuntimeWarning, match="No component of 'p' is brain at 0.8"):
        bank = make_bank([make_set(["likely brain", "eye"])], ["p"])
    assert (len(bank.clean), len(bank.fields)) == (0, 1)


def test_recordings_are_unmixed_one_after_another(make_raw, monkeypatch):
    asked = []

    def extract(raw, **options):
        asked.append((raw.n_times, options))
        return make_set()

    monkeypatch.setattr(component_recipes, "extract_components", extract)
    raws = (make_raw(duration=seconds) for seconds in (5, 6))
    bank = make_bank(raws, iter(["a", "b"]), method="infomax", rng=7)
    assert [times for times, _ in asked] == [1000, 1200]
    assert asked[1][1] == {"subject": "b", "method": "infomax", "rng": 7}
    assert {item.subject for item in bank} == {"a", "b"}


def test_as_many_people_as_recordings_are_needed():
    with pytest.raises(ValueError, match="shorter"):
        make_bank([make_set(), make_set()], ["a"])
    with pytest.raises(TypeError, match="one per recording, not 'ab'"):
        make_bank([make_set(), make_set()], "ab")
    with pytest.raises(ValueError, match="sfreq must be a positive"):
        make_bank([make_set()], ["a"], sfreq=0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:ICLabel knows 1 to 100 Hz:RuntimeWarning")
def test_simulated_people_become_a_bank_and_pairs(make_info, tmp_path):
    from mne_artdenoise.synthesis import simulate_raw
    from mne_artdenoise.synthesis.components import extract_components

    for name in ("mne_icalabel", "onnxruntime", "picard"):
        pytest.importorskip(name, reason=f"{name} is of the extra 'iclabel'")
    raws: list[mne.io.BaseRaw] = [
        simulate_raw(make_info(19, 160.0), 60.0, snr_db=-3.0, rng=seed)[0] for seed in (0, 1)
    ]
    components = [extract_components(raw, subject="s") for raw in raws]
    bank = make_bank(components, ["a", "b"], recipe="art")
    bank.save(tmp_path / "bank")
    again = Bank.load(tmp_path / "bank.npz")
    assert again.subjects == ("a", "b")
    assert {"eye"} <= {item.kind for item in again.fields}
    assert 1e-6 < again.clean[0].signal.std() < 1e-4  # volts of a person
    pairs = make_component_pairs(components[0])
    assert pairs.clean.shape == (15, 19, 1024)
    assert set(pairs.noisy) <= set(ICLABEL_CLASSES)
