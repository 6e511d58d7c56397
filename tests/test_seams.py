"""Seams of discontinuous EDF+ are found, marked, and kept from being filtered across."""

from __future__ import annotations

from datetime import UTC, datetime

import mne
import numpy as np
import pytest

from mne_artdenoise import ArtifactDenoiser, denoise_file
from mne_artdenoise.outofcore import open_recording
from mne_artdenoise.seams import find_seams, mark_seams, read_starts

pytest.importorskip("edfio", reason="edfio is not installed")


@pytest.fixture
def write_edf(make_noisy, tmp_path):
    """Write EDF+ whose records begin where they should and, from some on, a second late."""

    def write(jumps=(4, 7), *, kind=b"EDF+D", meas_date=None):
        raw = make_noisy(4, 10.0, meas_date=meas_date)
        raw.set_annotations(mne.Annotations([1.0, 6.5], [0.5, 0.0], ["x", "BAD_y"]))
        path = tmp_path / "in.edf"
        mne.export.export_raw(path, raw, verbose=False)
        data = bytearray(path.read_bytes())
        data[192:197] = kind
        n_records, size = int(data[236:244]), 256 * (int(data[252:256]) + 1)
        length, late = (len(data) - size) // n_records, 0
        for record in range(n_records):
            late += record in jumps
            place = slice(size + record * length, size + (record + 1) * length)
            old, new = (b"+%d\x14\x14" % start for start in (record, record + late))
            assert old in data[place]
            padded = bytes(data[place]).replace(old + b"\0" * (len(new) - len(old)), new, 1)
            data[place] = padded
        path.write_bytes(data)
        return path

    return write


def test_starts_of_records_are_read(write_edf):
    duration, starts = read_starts(write_edf())
    assert duration == 1.0
    assert starts == [0, 1, 2, 3, 5, 6, 7, 9, 10, 11]


@pytest.mark.parametrize("meas_date", [None, datetime(2021, 3, 4, tzinfo=UTC)])
def test_seams_are_marked_where_records_jump(write_edf, meas_date):
    raw = mne.io.read_raw_edf(write_edf(meas_date=meas_date), verbose=False)
    before = list(zip(raw.annotations.onset, raw.annotations.description, strict=True))
    assert find_seams(raw) == [800, 1400]
    assert mark_seams(raw) == 2
    after = list(zip(raw.annotations.onset, raw.annotations.description, strict=True))
    assert set(before) <= set(after)
    marked = [onset for onset, text in after if text == "EDGE boundary"]
    assert marked == [4.0, 7.0]


def test_a_cropped_recording_has_its_seams_where_they_are(write_edf):
    raw = mne.io.read_raw_edf(write_edf(), verbose=False).crop(3.0, 6.0)
    assert find_seams(raw) == [200]
    mark_seams(raw)
    start = raw.annotations.onset[raw.annotations.description == "EDGE boundary"]
    assert start - raw.first_time == pytest.approx([1.0])


@pytest.mark.parametrize("kind", [b"EDF+C", b"     "])
def test_what_is_continuous_has_none(write_edf, kind):
    raw = mne.io.read_raw_edf(write_edf(kind=kind), verbose=False)
    assert find_seams(raw) == []
    assert mark_seams(raw) == 0


def test_records_without_a_jump_have_none(write_edf):
    assert find_seams(mne.io.read_raw_edf(write_edf(()), verbose=False)) == []


def test_a_recording_that_was_not_ended_has_its_seams(write_edf):
    path = write_edf()
    data = bytearray(path.read_bytes())
    data[236:244] = b"-1      "
    path.write_bytes(data)
    with pytest.warns(RuntimeWarning, match="Number of records from the header does not match"):
        raw = mne.io.read_raw_edf(path, verbose=False)
    assert find_seams(raw) == [800, 1400]


@pytest.mark.parametrize("value", [b"\xff" * 8, b"inf     ", b"nan     ", b"-5      ", b"0       "])
@pytest.mark.parametrize("where", [236, 244, 252, 256, 700, 1300, 5000])
def test_a_damaged_file_has_none_or_some(write_edf, where, value):
    path = write_edf()
    raw = mne.io.read_raw_edf(path, verbose=False)
    data = bytearray(path.read_bytes())
    data[where : where + 8] = value
    path.write_bytes(data)
    find_seams(raw)
    path.write_bytes(data[:where])
    find_seams(raw)
    path.unlink()
    assert find_seams(raw) == []


@pytest.mark.parametrize("count", [b"-1      ", b"0       ", b"9" * 8, b"x       "])
def test_impossible_counts_of_samples_are_no_obstacle(write_edf, count):
    path = write_edf()
    raw = mne.io.read_raw_edf(path, verbose=False)
    data = bytearray(path.read_bytes())
    place = 256 + 216 * int(data[252:256])
    for signal in range(int(data[252:256])):
        data[place + 8 * signal : place + 8 * signal + 8] = count
    path.write_bytes(data)
    assert find_seams(raw) == []


def test_nothing_is_filtered_across_a_seam(write_edf, tmp_path):
    path = write_edf()
    opened = open_recording(path)
    assert sum(opened.annotations.description == "EDGE boundary") == 2
    known = mne.channels.get_builtin_montages()
    montage = "colin27_1005" if "colin27_1005" in known else "standard_1005"
    opened.set_montage(montage)
    found = mne.io.read_raw_fif(denoise_file(opened, tmp_path / "x_raw.fif"), verbose=False)
    assert sum(found.annotations.description == "EDGE boundary") == 2
    unmarked = mne.io.read_raw_edf(path, verbose=False).set_montage(montage)
    with pytest.warns(RuntimeWarning, match=r"interrupted 2 times, first at 4.000 s.*mark_seams"):
        other = ArtifactDenoiser().fit_transform(unmarked)
    assert not np.allclose(other.get_data(), found.get_data(), atol=1e-9)
    mark_seams(unmarked)
    same = ArtifactDenoiser().fit_transform(unmarked)
    np.testing.assert_allclose(same.get_data(), found.get_data(), atol=1e-11)
