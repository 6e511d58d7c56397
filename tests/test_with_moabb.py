"""With MOABB: a step of its process pipeline, between the recording and the epochs."""

from __future__ import annotations

import numpy as np
import pytest
from importing import import_or_skip
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from mne_artdenoise import denoise

import_or_skip("moabb")
fake = import_or_skip("moabb.datasets.fake")
paradigms = import_or_skip("moabb.paradigms")
StepType = import_or_skip("moabb.datasets.bids_interface").StepType

pytestmark = pytest.mark.filterwarnings("ignore")  # of moabb's own, many


@pytest.fixture(scope="module")
def dataset():
    """Make one short run of a person."""
    return fake.FakeDataset(
        event_list=("left_hand", "right_hand"),
        channels=("Fp1", "Fp2", "C3", "Cz", "C4", "Pz", "O1", "O2"),
        n_subjects=1, n_sessions=1, n_runs=1, duration=30, n_events=8, seed=1,
    )  # fmt: skip


def test_a_step_is_inserted_after_the_recording(dataset):
    paradigm = paradigms.LeftRightImagery()
    seen = []

    def clean(raw):
        seen.append(denoise(raw))
        return seen[-1]

    (pipeline,) = paradigm.make_process_pipelines(dataset)
    pipeline.insert_step(StepType.RAW, FunctionTransformer(clean), index=1)
    x, labels, _ = paradigm.get_data(dataset, [1], process_pipelines=[pipeline])
    assert len(seen) == 1
    assert "mne_artdenoise" in seen[0].info["description"]
    assert len(x) == len(labels) == 8
    assert np.isfinite(x).all()
    before, _, _ = paradigm.get_data(dataset, [1])
    assert x.shape == before.shape


def test_a_step_of_a_classifier_learns_from_training_folds_only(dataset):
    from mne.decoding import CSP
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    from mne_artdenoise import ArtifactDenoiser

    paradigm = paradigms.LeftRightImagery()
    epochs, labels, _ = paradigm.get_data(dataset, [1], return_epochs=True)
    epochs.set_montage("colin27_1005" if "colin27_1005" in known_montages() else "standard_1005")
    classifier = make_pipeline(
        ArtifactDenoiser(info=epochs.info), CSP(2), LinearDiscriminantAnalysis()
    )
    classifier.fit(epochs.get_data(), labels)
    assert len(classifier.predict(epochs.get_data())) == 8


def known_montages():
    import mne

    return mne.channels.get_builtin_montages()
