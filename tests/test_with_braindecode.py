"""With braindecode: a Preprocessor among others."""

from __future__ import annotations

import numpy as np
import pytest
from importing import import_or_skip

from mne_artdenoise import denoise, denoise_array

braindecode = import_or_skip("braindecode.preprocessing")
datasets = import_or_skip("braindecode.datasets")

pytestmark = pytest.mark.filterwarnings("ignore")  # of braindecode's own


def test_a_preprocessor_denoises_each_recording(make_noisy):
    raws = [make_noisy(8, 10.0, seed=seed) for seed in (1, 2)]
    wanted = [denoise(raw).get_data() for raw in raws]
    dataset = datasets.BaseConcatDataset([datasets.RawDataset(raw) for raw in raws])
    braindecode.preprocess(dataset, [braindecode.Preprocessor(denoise, apply_on_array=False)])
    for one, clean in zip(dataset.datasets, wanted, strict=True):
        np.testing.assert_allclose(one.raw.get_data(), clean, atol=1e-12)
        assert "mne_artdenoise" in one.raw.info["description"]


def test_a_preprocessor_of_arrays_does_the_same(make_noisy):
    raw = make_noisy(8, 10.0)
    wanted = denoise(raw).get_data()
    step = braindecode.Preprocessor(denoise_array, picks="eeg", channel_wise=False, info=raw.info)
    dataset = datasets.BaseConcatDataset([datasets.RawDataset(raw)])
    braindecode.preprocess(dataset, [step])
    np.testing.assert_allclose(dataset.datasets[0].raw.get_data(), wanted, atol=1e-12)
