"""Tests of files of arrays: what comes back, and what is refused."""

from __future__ import annotations

import os
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from mne_artdenoise.archive import read_archive, write_archive

DTYPES = st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_, np.dtype("U5")])
NAMES = st.text(st.sampled_from("abc/ _é-"), min_size=1, max_size=6)


def read(path) -> dict[str, np.ndarray]:
    return read_archive(path, "arrays", dict)


@given(
    stored=st.dictionaries(
        NAMES, arrays(DTYPES, array_shapes(min_dims=0, max_dims=3, min_side=0)), max_size=4
    )
)
def test_arrays_come_back(stored, tmp_path_factory):
    path = tmp_path_factory.mktemp("archive") / "a.npz"
    write_archive(path, stored)
    again = read(path)
    assert set(again) == set(stored)
    for name, array in stored.items():
        assert again[name].dtype == array.dtype
        np.testing.assert_array_equal(again[name], array)
        assert again[name].flags.writeable


def test_columns_come_back_as_columns(tmp_path):
    array = np.asfortranarray(np.arange(12.0).reshape(3, 4))
    write_archive(tmp_path / "a", {"x": array})
    np.testing.assert_array_equal(read(tmp_path / "a.npz")["x"], array)


def test_a_file_is_replaced_whole_and_alone(tmp_path):
    for value in (1.0, 2.0):
        write_archive(str(tmp_path / "a.npz"), {"x": value})
    assert read(str(tmp_path / "a.npz"))["x"] == 2.0
    assert os.listdir(tmp_path) == ["a.npz"]


def test_what_would_be_pickled_is_not_written(tmp_path):
    write_archive(tmp_path / "a.npz", {"x": 1.0})
    with pytest.raises(TypeError, match="x is object"):
        write_archive(tmp_path / "a.npz", {"x": np.array([None, {}])})
    assert read(tmp_path / "a.npz")["x"] == 1.0
    assert os.listdir(tmp_path) == ["a.npz"]


def test_a_file_that_is_not_there_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        read(tmp_path / "a.npz")
    with pytest.raises(FileNotFoundError, match="or is not a file"):
        read(tmp_path)


@pytest.fixture
def whole(tmp_path) -> bytes:
    """Make the bytes of a file of two arrays."""
    values = {"x": np.arange(100.0), "y": np.array("text")}
    write_archive(tmp_path / "whole.npz", values)
    return (tmp_path / "whole.npz").read_bytes()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.95, 0.999])
def test_a_file_that_was_cut_is_told(tmp_path, whole, share):
    (tmp_path / "cut.npz").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match="cut.npz is not a whole file of arrays.*Nothing was"):
        read(tmp_path / "cut.npz")


def test_no_changed_byte_makes_a_file_do_anything_but_fail_or_load(tmp_path, whole):
    path, failed = tmp_path / "changed.npz", 0
    expected = read(tmp_path / "whole.npz")["x"].tolist()
    for place in range(0, len(whole), 3):
        changed = bytearray(whole)
        changed[place] ^= 0x5A
        path.write_bytes(changed)
        try:
            again = read(path)
        except ValueError:
            failed += 1
        else:  # bytes of the archive that say nothing, such as dates; names may change
            assert expected in [array.tolist() for array in again.values()]
    assert failed > 200


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"\0" * 1000, b"a text", b"PK\x05\x06" + b"\0" * 18]
)
def test_a_file_of_something_else_holds_no_arrays(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ValueError, match="not a whole file"):
        read_archive(tmp_path / "a.npz", "arrays", lambda arrays: arrays["x"])


class Harm:
    """What a pickle could do to whoever opens it."""

    def __init__(self, path) -> None:
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


def test_a_pickle_is_not_run(tmp_path):
    array = np.empty(1, dtype=object)
    array[0] = Harm(tmp_path / "harm")
    np.savez(tmp_path / "a.npz", x=array)
    (tmp_path / "b.npz").write_bytes(pickle.dumps(array[0]))
    np.save(tmp_path / "c.npy", array)
    (tmp_path / "c.npy").rename(tmp_path / "c.npz")
    for name in ("a", "b", "c"):
        with pytest.raises(ValueError, match="not a whole file"):
            read(tmp_path / f"{name}.npz")
    assert not (tmp_path / "harm").exists()


def test_a_file_that_would_grow_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros(10**6))
    with pytest.raises(ValueError, match="x takes more room than the file has"):
        read(tmp_path / "a.npz")


@pytest.mark.parametrize("shape", ["(1000000000000,)", "(7,)", "(-5, -1)", "()", "(2, 3)"])
def test_a_header_that_lies_about_its_length_is_told(tmp_path, shape):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    text = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", text + bytes(40))
    with pytest.raises(ValueError, match="not as long as its shape|is not a whole file"):
        read(tmp_path / "a.npz")


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_two_members_of_one_name_are_refused(tmp_path, whole):
    with zipfile.ZipFile(tmp_path / "whole.npz", "a") as archive:
        archive.writestr("x.npy", b"anything")
    with pytest.raises(ValueError, match="more than once"):
        read(tmp_path / "whole.npz")


@pytest.mark.parametrize("dtype", ["M8[s]", "c16", "S3", [("a", "f8")]])
def test_neither_numbers_nor_texts_are_refused(tmp_path, dtype):
    np.savez(tmp_path / "a.npz", x=np.zeros(3, dtype))
    with pytest.raises(ValueError, match="neither numbers nor texts"):
        read(tmp_path / "a.npz")


def test_no_leave_to_read_is_no_damage(tmp_path, monkeypatch, whole):
    def refuse(path):
        raise PermissionError("not yours")

    monkeypatch.setattr("mne_artdenoise.archive._read_members", refuse)
    with pytest.raises(PermissionError, match="not yours"):
        read(tmp_path / "whole.npz")
