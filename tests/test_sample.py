"""Tests of the recording to try things on."""

from __future__ import annotations

from pathlib import Path

import mne
import numpy as np
import pytest

from mne_artdenoise.datasets import load_sample, sample


@pytest.fixture
def offline(monkeypatch):
    """Let no download succeed."""

    def fail(*args, **kwargs):
        raise ConnectionError("no network")

    monkeypatch.setattr(mne.datasets.eegbci, "load_data", fail)


def load_offline(*args):
    with pytest.warns(RuntimeWarning, match="simulated instead"):
        return load_sample(*args)


def test_without_network_a_recording_is_simulated_that_says_so(offline):
    raw = load_offline(3, [1])
    assert raw.info["description"].startswith("simulated")
    assert len(raw.ch_names) == 64
    assert raw.info["sfreq"] == 160.0
    assert raw.times[-1] == pytest.approx(61.0, abs=0.01)
    assert raw.info.get_montage() is not None
    assert not len(raw.annotations)


def test_the_same_numbers_simulate_the_same_recording_and_others_another(offline):
    first, again, other = (sample.simulate_run(*who).get_data() for who in ((3, 1), (3, 1), (4, 1)))
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)


def test_a_simulated_task_has_events_and_blocks_the_rhythm_on_the_other_side(offline):
    raw = load_offline(1, [4, 8])
    assert set(raw.annotations.description) >= {"T0", "T1", "T2"}
    raw.set_annotations(
        mne.Annotations(*zip(*((a["onset"], a["duration"], a["description"])
        for a in raw.annotations if a["description"] in ("T1", "T2")), strict=True))
    )  # fmt: skip
    events, ids = mne.events_from_annotations(raw, verbose=False)
    epochs = mne.Epochs(raw, events, ids, 0.5, 4.0, baseline=None, verbose=False)
    power = {
        fist: epochs[fist].compute_psd(fmin=9, fmax=13, verbose=False).average()
        for fist in ("T1", "T2")
    }
    left, right = (
        power["T1"].get_data([site]).mean() / power["T2"].get_data([site]).mean()
        for site in ("C3", "C4")
    )
    assert left > 1.5  # imagined left fists leave the left half of the brain its rhythm
    assert right < 1 / 1.5


def test_a_folder_that_holds_the_set_is_read(monkeypatch):
    data = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not (data / "MNE-eegbci-data").is_dir():
        pytest.skip("no folder of the set beside the repository")
    raw = load_sample(3, [1], path=data)
    assert raw.info["description"] == "EEGBCI S003R01"
    assert raw.info.get_montage() is not None
    assert {"Fp1", "Cz", "Oz"} <= set(raw.ch_names)
