"""Real recordings, good and bad: the bad ones raise the doubt that fits, the good ones none."""

from __future__ import annotations

import os
from pathlib import Path

import mne
import pytest

from mne_artdenoise.evidence.quality import find_doubts, measure_quality


@pytest.fixture
def open_sets() -> Path:
    """Find the open recordings that the training recipe reads."""
    folder = os.environ.get("MNE_ARTDENOISE_OPEN_SETS", "")
    if not (Path(folder) / "muse_eeg_notebooks").is_dir():
        pytest.skip("MNE_ARTDENOISE_OPEN_SETS names no folder with the open recordings")
    return Path(folder)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of readers
@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("**/S001R01.edf", ()),
        ("**/S002R01.edf", ()),
        ("eegmat/Subject03_1*", ()),
        ("**/S079R01.edf", ("'P1', 'Fp1'",)),
        ("**/S004R01.edf", ("'FT8'",)),
        ("muse_eeg_notebooks/N170_subject10*", ("Only 4 channels", "hardly falls")),
        ("muse_eeg_notebooks/cueing_subject203*", ("Only 4 channels", "hardly falls")),
        ("adhd_ieee/adhd-003*", ("Line noise", "check the unit")),
        ("adhd_ieee/control-035*", ("Line noise", "check the unit")),
    ],
)
def test_bad_recordings_raise_the_doubt_that_fits_and_good_ones_none(open_sets, pattern, words):
    raw = mne.io.read_raw(next(open_sets.glob(pattern)), verbose=False).crop(0, 60).load_data()
    mne.datasets.eegbci.standardize(raw)
    known = mne.channels.get_builtin_montages()
    montage = "colin27_1005" if "colin27_1005" in known else "standard_1005"
    raw.pick("eeg").set_montage(montage, match_case=False, verbose=False)
    doubts = find_doubts(measure_quality(raw))
    assert bool(doubts) == bool(words)
    for word in words:
        assert any(word in doubt for doubt in doubts)
