"""A fitted denoiser comes back from its file as it was, and nothing else is taken for one."""

from __future__ import annotations

import contextlib
import io
import json
import pickle
import zipfile

import mne
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError

from mne_artdenoise import ArtifactDenoiser
from mne_artdenoise.storage import PARAMETERS


@pytest.fixture
def path(tmp_path):
    return tmp_path / "subject-artdenoise.npz"


@pytest.fixture
def raw(make_raw):
    raw = make_raw(5, 6.0, extra_types=["eog"], bads=["Pz"])
    raw._data[0, 300:400] += 3e-4 * np.hanning(100)
    return raw


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"spatial": False, "strength": 0.5},
        {"gate": False, "picks": ["Cz", "Fz", "C3"], "overlap": 0.25, "batch_size": 3},
        {"picks": np.array([0, 2, 4]), "strength": np.float32(0.5), "batch_size": np.int64(2)},
    ],
)
@pytest.mark.parametrize("with_info", [False, True])
def test_a_denoiser_read_does_what_the_one_written_did(raw, path, options, with_info):
    denoiser = ArtifactDenoiser(**options, info=raw.info if with_info else None).fit(raw)
    denoiser.save(path)
    found = ArtifactDenoiser.load(str(path))
    assert np.array_equal(found.transform(raw).get_data(), denoiser.transform(raw).get_data())
    for name in set(PARAMETERS) - {"picks"}:
        assert getattr(found, name) == getattr(denoiser, name)
    assert found.record_ == denoiser.record_
    assert found.ch_names_ == denoiser.ch_names_
    assert found.n_features_in_ == denoiser.n_features_in_
    assert hasattr(found, "filter_") == hasattr(denoiser, "filter_")
    if with_info:
        x = raw.get_data()
        assert np.array_equal(found.transform(x), denoiser.transform(x))


def test_the_channels_of_arrays_come_back_with_their_projectors(raw, path):
    raw.set_eeg_reference(projection=True, verbose=False).apply_proj(verbose=False)
    ArtifactDenoiser(info=raw.info).fit(raw).save(path)
    info = ArtifactDenoiser.load(path).info
    assert info["ch_names"] == raw.ch_names
    assert info["bads"] == ["Pz"]
    assert info["sfreq"] == raw.info["sfreq"]
    assert info.get_channel_types() == raw.get_channel_types()
    for found, expected in zip(info["chs"], raw.info["chs"], strict=True):
        assert np.array_equal(found["loc"][:3], expected["loc"][:3], equal_nan=True)
    (proj,) = info["projs"]
    assert proj == raw.info["projs"][0]
    other = mne.io.RawArray(raw.get_data(), info, verbose=False)
    assert other.copy().apply_proj(verbose=False).info["projs"][0]["active"]


def test_an_info_with_personal_data_leaves_them_behind(raw, path):
    raw.info["subject_info"] = {"his_id": "Miller", "last_name": "Miller"}
    raw.info["experimenter"] = "Miller"
    ArtifactDenoiser(info=raw.info).fit(raw).save(path)
    with zipfile.ZipFile(path) as file:
        assert not any(b"Miller" in file.read(name) for name in file.namelist())


@pytest.mark.filterwarnings("ignore:An array without info:RuntimeWarning")
def test_a_denoiser_that_knows_nothing_can_be_kept(path, rng):
    x = rng.standard_normal((4, 6))
    ArtifactDenoiser().fit(x).save(path)
    assert np.array_equal(ArtifactDenoiser.load(path).transform(x), x)


def test_no_object_is_pickled(raw, path):
    ArtifactDenoiser(info=raw.info).fit(raw).save(path)
    with np.load(path, allow_pickle=False) as stored:
        assert all(stored[name].dtype.kind in "fU" for name in stored.files)


def test_an_existing_file_is_kept_unless_told(raw, path):
    path.write_text("mine")
    denoiser = ArtifactDenoiser().fit(raw)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        denoiser.save(path)
    assert path.read_text() == "mine"
    denoiser.save(path, overwrite=True)
    ArtifactDenoiser.load(path)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_what_cannot_be_kept_leaves_nothing(raw, path):
    with pytest.raises(TypeError, match=r"slice\(0, 4, None\).*name the channels"):
        ArtifactDenoiser(picks=slice(0, 4)).fit(raw).save(path)
    assert list(path.parent.iterdir()) == []


def test_a_write_that_fails_leaves_the_old_file(raw, path, monkeypatch):
    denoiser = ArtifactDenoiser().fit(raw)
    denoiser.save(path)
    before = path.read_bytes()

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="disk full"):
        denoiser.save(path, overwrite=True)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_the_name_must_say_what_it_is(raw, tmp_path):
    with pytest.raises(ValueError, match=r"must end in '-artdenoise\.npz', found 'x\.npz'"):
        ArtifactDenoiser().fit(raw).save(tmp_path / "x.npz")


def test_only_a_fitted_denoiser_is_written(path):
    with pytest.raises(NotFittedError):
        ArtifactDenoiser().save(path)


# Files that are no denoiser


@pytest.fixture(scope="module")
def content(make_raw, tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "x-artdenoise.npz"
    raw = make_raw(3, 4.0)
    raw._data[0, 300:400] += 3e-4 * np.hanning(100)
    ArtifactDenoiser(info=raw.info).fit(raw).save(path)
    return path  # not its bytes: hypothesis would print them


def test_a_missing_file_is_told(path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        ArtifactDenoiser.load(path)


class Bomb:
    """What fails when it is read from a pickle."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


def test_a_few_bytes_that_stand_for_many_are_refused(path, content):
    with np.load(content, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    np.savez_compressed(path, **arrays | {"band0/mixing": np.zeros((3, 10**6))})
    assert path.stat().st_size < 10**5
    with pytest.raises(ValueError, match="takes more room than the file has"):
        ArtifactDenoiser.load(path)


def write_npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


@pytest.mark.parametrize(
    "make",
    [
        lambda content: b"",
        lambda content: b"not a zip file",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: pickle.dumps(Bomb()),
        lambda content: write_npy(np.array([Bomb()], dtype=object)),
        lambda content: write_npy(np.zeros(3)),
    ],
    ids=["empty", "text", "half", "less one byte", "pickle", "object array", "array"],
)
def test_what_is_no_denoiser_is_told(path, content, make):
    path.write_bytes(make(content.read_bytes()))
    with pytest.raises(ValueError, match=r"not a whole file of a fitted ArtifactDenoiser.*save"):
        ArtifactDenoiser.load(path)


def change(content, path, meta=None, **arrays):
    """Write the file again with something changed."""
    path.write_bytes(content.read_bytes())
    with np.load(path, allow_pickle=False) as stored:
        found = {name: stored[name] for name in stored.files}
    known = json.loads(str(found["meta"]))
    known.update(meta or {})
    found.update(arrays)
    found["meta"] = np.array(json.dumps(known))
    np.savez(path, **found)


@pytest.mark.parametrize(
    ("meta", "arrays", "message"),
    [
        ({"format": 1}, {}, "its format is 1, this version reads 2"),
        ({"parameters": {"model": "x"}}, {}, "its parameters are"),
        ({"ch_names": ["Cz"]}, {}, "shapes that do not fit"),
        ({"record": "{}"}, {}, "missing"),
        ({"filter": {"limits": [[1, 2, 0]], "config": {"power": 9}}}, {}, "power"),
        ({}, {"band0/mixing": np.full((3, 1), np.nan)}, "mixing does not hold finite numbers"),
        ({}, {"band0/ratios": np.array(["a"])}, "ratios does not hold finite numbers"),
        ({}, {"band0/ratios": np.array([Bomb()], dtype=object)}, "holds pickled objects"),
        ({}, {"info/positions": np.zeros((1, 3))}, "shorter|longer"),
    ],
)
def test_a_changed_file_is_told(path, content, meta, arrays, message):
    change(content, path, meta, **arrays)
    with pytest.raises(ValueError, match=message):
        ArtifactDenoiser.load(path)


@settings(max_examples=60)
@given(where=st.floats(0, 1, exclude_max=True), value=st.integers(1, 255))
def test_a_damaged_file_is_refused_or_read_as_it_was(content, tmp_path_factory, where, value):
    damaged = bytearray(content.read_bytes())
    damaged[int(where * len(damaged))] ^= value
    path = tmp_path_factory.getbasetemp() / "damaged-artdenoise.npz"
    path.write_bytes(damaged)
    with contextlib.suppress(ValueError):  # any other error fails the test
        assert ArtifactDenoiser.load(path).ch_names_ == ["Cz", "Pz", "Fz"]
