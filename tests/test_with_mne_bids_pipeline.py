"""With mne-bids-pipeline: what its filter step wrote is denoised, and it goes on from there."""

from __future__ import annotations

import subprocess
import sys

import mne
import numpy as np
import pytest
from importing import import_or_skip

from mne_artdenoise import denoise
from mne_artdenoise.provenance import read_lines

mne_bids = import_or_skip("mne_bids")
import_or_skip("mne_bids_pipeline")
import_or_skip("edfio")

CONFIG = """
bids_root = {root!r}
deriv_root = {out!r}
task = "blink"
ch_types = ["eeg"]
l_freq, h_freq = 0.5, None
conditions = ["go"]
epochs_tmin, epochs_tmax = -0.2, 0.8
baseline = None
eeg_reference = "average"
spatial_filter = None
n_jobs = 1
"""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_pipeline_goes_on_with_denoised_recordings(make_noisy, tmp_path):
    raw = make_noisy(16, 40.0)
    onsets = np.arange(2.0, 38.0, 2.0)
    raw.set_annotations(mne.Annotations(onsets, 0.0, ["go"] * len(onsets)))
    root, out = tmp_path / "study", tmp_path / "out"
    path = mne_bids.BIDSPath(subject="01", task="blink", datatype="eeg", root=root)
    mne_bids.write_raw_bids(raw, path, format="EDF", allow_preload=True, verbose="error")
    config = tmp_path / "config.py"
    config.write_text(CONFIG.format(root=str(root), out=str(out)))

    def run(steps):
        code = "from mne_bids_pipeline._main import main; main()"
        words = [sys.executable, "-c", code, "--config", str(config), "--steps", steps]
        done = subprocess.run(words, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]

    run("preprocessing/data_quality,preprocessing/frequency_filter")
    (filtered,) = out.rglob("*_proc-filt_raw.fif")
    before = mne.io.read_raw(filtered, preload=True)
    denoise(before).save(filtered, overwrite=True)
    run("preprocessing/make_epochs")
    (found,) = out.rglob("*_epo.fif")
    epochs = mne.read_epochs(found)
    assert read_lines(epochs.info)[0]["model"] == "any-montage-v1"
    events = mne.make_fixed_length_events(before, duration=2.0)
    loud = mne.Epochs(before, events, tmin=-0.2, tmax=0.8, baseline=None, preload=True)
    assert epochs.get_data(["Fp1"]).std() < 0.7 * loud.get_data(["Fp1"]).std()
