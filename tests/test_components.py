"""Tests of independent components and their labels."""

from __future__ import annotations

import mne
import numpy as np
import pytest

from mne_artdenoise.synthesis import components, simulate_raw
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
    with pytest.raises(ValueError, match="a ComponentSet: ValueError: subject holds pickled"):
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


def test_an_unknown_kind_is_an_error_that_names_the_known(make_set):
    with pytest.raises(ValueError, match="'blink'. ICLabel knows 'brain', 'muscle'"):
        make_set(np.full((1, 7), 1 / 7)).select("blink")


def test_files_of_older_versions_have_no_unit(make_set, tmp_path):
    components = make_set(np.full((3, 7), 1 / 7))
    old = {name: value for name, value in vars(components).items() if name != "unit"}
    np.savez(tmp_path / "old.npz", **{**old, "ch_names": np.array(components.ch_names)})
    again = ComponentSet.load(tmp_path / "old.npz")
    assert again.unit == "arbitrary"
    np.testing.assert_array_equal(again.maps, components.maps)
    again.save(tmp_path / "again.npz")
    assert ComponentSet.load(tmp_path / "again.npz").unit == "arbitrary"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sfreq": 0.0}, "sampling rate"),
        ({"unit": "mV"}, "unit 'mV'"),
        ({"maps": np.zeros((3, 4))}, "maps is float64 of shape .3, 4., needs floats, 3 × 5"),
        ({"sources": np.zeros((2, 9))}, "sources"),
        ({"probabilities": np.full((3, 7), np.nan)}, "not finite"),
        ({"positions": np.zeros((5, 2))}, "positions"),
    ],
)
def test_a_file_whose_parts_do_not_fit_is_told(make_set, tmp_path, changes, message):
    arrays = {**vars(make_set(np.full((3, 7), 1 / 7))), **changes}
    np.savez(tmp_path / "set.npz", **{**arrays, "ch_names": np.array(arrays["ch_names"])})
    with pytest.raises(ValueError, match=message):
        ComponentSet.load(tmp_path / "set.npz")


@pytest.fixture
def name_all_brain(monkeypatch):
    """Put something in the place of ICLabel: unmixing is MNE's own and needs no extra."""

    def name(raw, ica):
        assert raw.info["custom_ref_applied"]
        return np.tile(np.eye(7)[0], (ica.n_components_, 1))

    monkeypatch.setattr(components, "_check_installed", lambda *modules: None)
    monkeypatch.setattr(components, "_name_components", name)
    # Any rotation will do here, and noise has no good one to wait for.
    monkeypatch.setitem(components.METHODS, "infomax", ({"extended": True}, 2))


def prepare(raw: mne.io.BaseRaw) -> np.ndarray:
    """Filter and reference a recording as components are found from, less its mean."""
    seen = raw.copy().pick("eeg", exclude="bads")
    seen.filter(1.0, min(100.0, seen.info["sfreq"] / 2 - 1), verbose="error")
    seen.set_eeg_reference("average", verbose="error")
    x = seen.get_data(reject_by_annotation="omit", verbose="error")
    return x - x.mean(axis=1, keepdims=True)


@pytest.mark.parametrize(("scale", "n_components"), [(1.0, 6), (40.0, 6), (1.0, 4)])
def test_all_components_are_the_recording_in_volts(make_raw, name_all_brain, scale, n_components):
    raw = make_raw(8, 60.0, 250.0, bads=["Cz"])
    raw._data *= scale
    before = raw.get_data().tobytes()
    found = extract_components(raw, subject="p", method="infomax", n_components=n_components)
    assert raw.get_data().tobytes() == before
    assert found.ch_names == tuple(raw.ch_names[1:])
    assert found.unit == "V"
    truth, whole = prepare(raw), found.back_project(np.arange(len(found.maps)))
    if n_components == 6:  # seven channels of average reference have six dimensions
        np.testing.assert_allclose(whole, truth, atol=1e-9 * np.abs(truth).max())
    else:  # what few components keep is as large as it was
        assert np.vdot(truth, whole) / np.vdot(whole, whole) == pytest.approx(1.0, abs=1e-3)
        assert np.var(truth - whole) < 0.5 * np.var(truth)


def test_spans_that_are_bad_are_in_no_component(make_raw, name_all_brain):
    bad = mne.Annotations([10.0, 30.0], [5.0, 0.5], ["BAD_move", "BAD"])
    raw = make_raw(6, 70.0, 200.0, annotations=bad)
    raw._data[:, 2000:3000] *= 1000
    found = extract_components(raw, subject="p", method="infomax", n_components=5)
    assert found.sources.shape == (5, 70 * 200 - 1100)
    truth = prepare(raw)
    whole = found.maps.T @ found.sources
    whole -= whole.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(whole, truth, atol=1e-8 * np.abs(truth).max())


def test_an_unknown_method_is_an_error_that_names_the_known(make_raw):
    with pytest.raises(ValueError, match="'fastica'. Known methods: 'picard', 'infomax'"):
        extract_components(make_raw(), subject="p", method="fastica")


@pytest.mark.parametrize(
    ("method", "lost", "named"),
    [
        ("picard", {"mne_icalabel"}, "needs mne_icalabel, not"),
        ("picard", {"picard"}, "needs picard, not"),
        ("infomax", {"picard", "mne_icalabel"}, "needs mne_icalabel, not"),
        ("picard", {"picard", "mne_icalabel"}, "needs mne_icalabel and picard, not"),
    ],
)
def test_what_is_not_installed_is_named_with_how_to_get_it(
    make_raw, monkeypatch, method, lost, named
):
    monkeypatch.setattr(components, "find_spec", lambda name: None if name in lost else "there")
    with pytest.raises(ImportError, match=f"{named}.*pip install mne-artdenoise.iclabel."):
        extract_components(make_raw(), subject="p", method=method)


@pytest.mark.usefixtures("name_all_brain")
class TestConditions:
    """What ICLabel needs of a recording."""

    def test_too_slow_a_rate_is_an_error(self, make_raw):
        with pytest.raises(ValueError, match="from 100 Hz on, the recording has 90"):
            extract_components(make_raw(8, 70.0, 90.0), subject="p", method="infomax")

    def test_too_few_channels_are_an_error(self, make_raw):
        with pytest.raises(ValueError, match="Found 3 good EEG channels"):
            extract_components(make_raw(4, 70.0, bads=["Pz"]), subject="p", method="infomax")

    def test_a_channel_without_position_is_named(self, make_raw):
        raw = make_raw(8, 70.0)
        raw.rename_channels({"Cz": "X1"})
        raw.info["chs"][0]["loc"][:] = np.nan
        with pytest.raises(ValueError, match="X1 have no position.*raw.set_montage"):
            extract_components(raw, subject="p", method="infomax")

    def test_a_short_recording_is_warned_of(self, make_raw):
        with pytest.warns(RuntimeWarning, match="lasts 30 s.*concatenate_raws"):
            extract_components(make_raw(5, 30.0), subject="p", method="infomax", n_components=4)

    @pytest.mark.parametrize(
        ("sfreq", "low", "high", "holds"),
        [
            (160.0, None, None, "0 to 80 Hz"),
            (250.0, None, 45.0, "0 to 45 Hz"),
            (250.0, 2.0, None, "2 to 125 Hz"),
        ],
    )
    def test_a_narrow_band_is_warned_of(self, make_raw, sfreq, low, high, holds):
        raw = make_raw(5, 60.0, sfreq).filter(low, high, verbose="error")
        with pytest.warns(RuntimeWarning, match=f"ICLabel knows 1 to 100 Hz.*holds {holds}"):
            extract_components(raw, subject="p", method="infomax", n_components=4)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:ICLabel knows 1 to 100 Hz:RuntimeWarning")
@pytest.mark.parametrize(
    ("sfreq", "method"), [(128.0, "picard"), (250.0, "picard"), (128.0, "infomax")]
)
def test_unmixing_finds_the_eyes_and_explains_the_recording(make_info, sfreq, method):
    reason = "mne-icalabel names the components: install the extra 'iclabel'"
    pytest.importorskip("mne_icalabel", reason=reason)
    pytest.importorskip("onnxruntime", reason=reason)
    pytest.importorskip("picard", reason=reason)
    raw, _, _ = simulate_raw(make_info(19, sfreq), 60.0, artifacts=["eye"], snr_db=-6.0, rng=3)
    raw.info["bads"] = ["T7"]
    before = raw.get_data().tobytes()
    found = extract_components(raw, subject="person", method=method)
    assert raw.get_data().tobytes() == before
    assert found.ch_names == tuple(name for name in raw.ch_names if name != "T7")
    assert found.positions.shape == (18, 3)
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1.0, atol=1e-4)
    assert len(found.select("eye", 0.5)) >= 1
    truth, whole = prepare(raw), found.back_project(np.arange(len(found.maps)))
    assert np.var(truth - whole) < 1e-3 * np.var(truth)
