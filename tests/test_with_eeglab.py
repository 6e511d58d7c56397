"""With EEGLAB: a .set file in, a .set file out."""

from __future__ import annotations

import mne
import numpy as np
import pytest
from importing import import_or_skip

from mne_artdenoise.__main__ import main

import_or_skip("eeglabio")

pytestmark = pytest.mark.filterwarnings("ignore")  # of readers and writers of .set files


@pytest.fixture
def path(make_noisy, tmp_path):
    """Write a .set file with events."""
    raw = make_noisy(12, 20.0)
    raw.set_annotations(mne.Annotations([2.0, 9.0], [0.0, 0.0], ["go", "stop"]))
    mne.export.export_raw(tmp_path / "in.set", raw)
    return tmp_path / "in.set"


def test_set_files_keep_names_positions_and_events(path, tmp_path):
    from mne_artdenoise import ArtifactDenoiser

    raw = mne.io.read_raw_eeglab(path, preload=True)
    clean = ArtifactDenoiser().fit_transform(raw)
    mne.export.export_raw(tmp_path / "out.set", clean)
    back = mne.io.read_raw_eeglab(tmp_path / "out.set", preload=True)
    assert back.ch_names == raw.ch_names
    assert list(back.annotations.description) == ["go", "stop"]
    np.testing.assert_allclose(back.annotations.onset, raw.annotations.onset, atol=1e-3)
    for one, other in zip(back.info["chs"], raw.info["chs"], strict=True):
        np.testing.assert_allclose(one["loc"][:3], other["loc"][:3], atol=1e-4)
    np.testing.assert_allclose(back.get_data(), clean.get_data(), atol=1e-9)  # single precision
    removed = np.var(raw.get_data() - back.get_data()) / np.var(raw.get_data())
    assert removed > 0.1


def test_the_command_line_reads_set_files(path, tmp_path):
    out = tmp_path / "clean_raw.fif"
    assert main(["clean", str(path), str(out)]) == 0
    clean, raw = mne.io.read_raw(out), mne.io.read_raw(path)
    assert clean.ch_names == raw.ch_names
    assert not np.array_equal(clean.get_data(), raw.get_data())
