"""With autoreject: it drops fewer epochs after ours, as blinks no longer stand out."""

from __future__ import annotations

import mne
import numpy as np
import pytest
from importing import import_or_skip

from mne_artdenoise import ArtifactDenoiser

autoreject = import_or_skip("autoreject")

pytestmark = pytest.mark.filterwarnings("ignore")  # of autoreject's own


def test_the_threshold_falls_and_epochs_stay(make_noisy):
    raw = make_noisy(16, 60.0)
    clean = ArtifactDenoiser().fit_transform(raw)
    events = mne.make_fixed_length_events(raw, duration=2.0)
    kept = {}
    for name, inst in (("before", raw), ("after", clean)):
        epochs = mne.Epochs(inst, events, tmin=0, tmax=1.0, baseline=None, preload=True)
        limit = autoreject.get_rejection_threshold(epochs, random_state=0, cv=3)["eeg"]
        peaks = np.ptp(epochs.get_data(), axis=-1).max(axis=-1)
        kept[name] = limit, (peaks < limit).mean()
    assert kept["after"][0] < kept["before"][0]
    assert kept["after"][1] >= kept["before"][1]


def test_autoreject_takes_denoised_epochs(make_noisy):
    clean = ArtifactDenoiser().fit_transform(make_noisy(10, 24.0))
    epochs = mne.make_fixed_length_epochs(clean, 2.0, preload=True)
    reject = autoreject.AutoReject(
        n_interpolate=[1], consensus=[0.5], cv=3, thresh_method="random_search", random_state=0,
        verbose=False,
    )  # fmt: skip
    assert 0 < len(reject.fit_transform(epochs)) <= len(epochs)
