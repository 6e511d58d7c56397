"""Tests of independent components and their labels."""

from __future__ import annotations

import numpy as np
import pytest

from mne_artdenoise.synthesis import simulate_raw
from mne_artdenoise.synthesis.components import (
    ICLABEL_CLASSES,
    ComponentSet,
    extract_components,
)


@pytest.fixture
def make_set(rng):
    def make(probabilities: np.ndarray, n_channels: int = 5, n_times: int = 200) -> ComponentSet:
        n_components = len(probabilities)
        return ComponentSet(
            subject="Ünal/7",
            sfreq=160.0,
            ch_names=tuple(f"EEG {number}" for number in range(n_channels)),
            positions=rng.standard_normal((n_channels, 3)),
            maps=rng.standard_normal((n_components, n_channels)),
            sources=rng.standard_normal((n_components, n_times)),
            probabilities=np.asarray(probabilities, dtype=float),
        )

    return make


def label(*kinds: tuple[str, float]) -> np.ndarray:
    """Give each component its probability of one kind, and the rest to the others alike."""
    rows = []
    for kind, size in kinds:
        row = np.full(len(ICLABEL_CLASSES), (1 - size) / 6)
        row[ICLABEL_CLASSES.index(kind)] = size
        rows.append(row)
    return np.array(rows)


@pytest.mark.parametrize("n_components", [0, 1, 5])
def test_components_come_back_as_they_were_saved(make_set, tmp_path, n_components):
    components = make_set(np.full((n_components, 7), 1 / 7))
    components.save(tmp_path / "components.npz")
    again = ComponentSet.load(tmp_path / "components.npz")
    assert (again.subject, again.sfreq) == ("Ünal/7", 160.0)
    assert again.ch_names == components.ch_names
    for name in ("positions", "probabilities"):
        np.testing.assert_array_equal(getattr(again, name), getattr(components, name))
    for name in ("maps", "sources"):
        expected = getattr(components, name).astype(np.float32)
        np.testing.assert_array_equal(getattr(again, name), expected)


def test_files_with_pickled_objects_are_refused(tmp_path):
    np.savez(tmp_path / "components.npz", subject=np.array([object()], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        ComponentSet.load(tmp_path / "components.npz")


@pytest.mark.parametrize(
    ("kind", "threshold", "expected"),
    [
        ("eye", 0.9, [0]),
        ("eye", 0.5, [0, 2]),
        ("eye", 0.0, [0, 2, 4]),
        ("brain", 0.8, [1]),
        ("heart", 0.1, []),
    ],
)
def test_selected_are_the_likeliest_of_a_kind_over_the_threshold(
    make_set, kind, threshold, expected
):
    kinds = ("eye", 0.95), ("brain", 0.8), ("eye", 0.6), ("line", 0.99), ("eye", 0.3)
    assert make_set(label(*kinds)).select(kind, threshold).tolist() == expected


def test_a_kind_that_is_only_second_is_not_selected(make_set):
    row = np.array([[0.0, 0.45, 0.55, 0.0, 0.0, 0.0, 0.0]])
    assert make_set(row).select("muscle", 0.4).tolist() == []


@pytest.mark.parametrize("which", [[], [2], [0, 3]])
def test_signal_of_components_is_maps_times_sources(make_set, which):
    components = make_set(np.full((4, 7), 1 / 7))
    signal = components.back_project(np.array(which, dtype=int))
    expected = sum(
        (np.outer(components.maps[k], components.sources[k]) for k in which), np.zeros((5, 200))
    )
    np.testing.assert_allclose(signal, expected, rtol=1e-12, atol=1e-12)


def test_parts_add_up_to_the_whole(make_set):
    components = make_set(np.full((4, 7), 1 / 7))
    parts = components.back_project(np.array([0, 2])) + components.back_project(np.array([1, 3]))
    np.testing.assert_allclose(parts, components.maps.T @ components.sources, atol=1e-12)


@pytest.mark.slow
# ICLabel was made for 1 to 100 Hz, which a low sampling rate has not.
@pytest.mark.filterwarnings("ignore:The provided Raw instance is not filtered:RuntimeWarning")
@pytest.mark.parametrize("sfreq", [128.0, 250.0])
def test_unmixing_finds_the_eyes_and_explains_the_recording(make_info, sfreq):
    reason = "mne-icalabel names the components: install the extra 'iclabel'"
    pytest.importorskip("mne_icalabel", reason=reason)
    pytest.importorskip("onnxruntime", reason=reason)
    pytest.importorskip("picard", reason=reason)
    raw, _, _ = simulate_raw(make_info(19, sfreq), 60.0, artifacts=["eye"], snr_db=-6.0, rng=3)
    raw.info["bads"] = ["T7"]
    before = raw.get_data().tobytes()
    components = extract_components(raw, subject="person")
    assert raw.get_data().tobytes() == before
    assert components.ch_names == tuple(name for name in raw.ch_names if name != "T7")
    assert components.positions.shape == (18, 3)
    np.testing.assert_allclose(components.probabilities.sum(axis=1), 1.0, atol=1e-4)
    assert len(components.select("eye", 0.5)) >= 1
    seen = raw.copy().pick("eeg", exclude="bads")
    seen.filter(1.0, min(100.0, sfreq / 2 - 1), verbose="error")
    seen.set_eeg_reference("average", verbose="error")
    truth = seen.get_data() - seen.get_data().mean(axis=1, keepdims=True)
    whole = components.back_project(np.arange(len(components.maps)))
    # One factor is missing, the same for all: see ComponentSet.
    factor = np.vdot(truth, whole) / np.vdot(whole, whole)
    assert np.var(truth - factor * whole) < 1e-3 * np.var(truth)
