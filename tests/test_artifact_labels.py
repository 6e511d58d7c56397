"""What ICLabel calls simulated blinks and muscles after an independent component analysis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mne
import numpy as np
import pytest

from mne_artdenoise.synthesis.brain import make_brain
from mne_artdenoise.synthesis.components import ICLABEL_CLASSES
from mne_artdenoise.synthesis.muscular import make_muscle
from mne_artdenoise.synthesis.ocular import make_blinks, make_horizontal_saccades

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
THIRTY_TWO = (
    *("Fp1", "Fp2", "AF3", "AF4", "F7", "F3", "Fz", "F4", "F8", "FC5", "FC1", "FC2", "FC6", "T7"),
    *("C3", "Cz", "C4", "T8", "CP5", "CP1", "CP2", "CP6", "P7", "P3", "Pz", "P4", "P8", "PO3"),
    *("PO4", "O1", "Oz", "O2"),
)
SFREQ, SECONDS = 250.0, 60


@pytest.fixture
def name_artifact(make_info) -> Callable[..., str]:
    """Add an artifact to a simulated brain, unmix, and say what ICLabel calls most of it."""
    pytest.importorskip("picard")
    iclabel = pytest.importorskip("mne_icalabel.iclabel")
    pytest.importorskip("onnxruntime")
    every = make_info(256, SFREQ)
    info = mne.pick_info(every, [every["ch_names"].index(name) for name in THIRTY_TWO])

    def name(make: Callable[..., np.ndarray], seed: int, **physical: Any) -> str:
        n_times = round(SECONDS * SFREQ)
        artifact = make(info, n_times, 100 + seed, **physical)
        raw = mne.io.RawArray(make_brain(info, n_times, seed) + artifact, info, verbose="error")
        raw.filter(1.0, 100.0, verbose="error").set_eeg_reference("average", verbose="error")
        ica = mne.preprocessing.ICA(
            method="picard", fit_params={"ortho": False, "extended": True}, random_state=0,
            max_iter=300, verbose="error",
        ).fit(raw, verbose="error")  # fmt: skip
        labels = iclabel.iclabel_label_components(raw, ica, inplace=False, backend="onnx")
        alone = mne.io.RawArray(artifact, info, verbose="error").filter(1.0, 100.0, verbose="error")
        alone.set_eeg_reference("average", verbose="error")
        course = np.linalg.svd(alone.get_data(), full_matrices=False)[2][0]
        likeness = [abs(np.corrcoef(row, course)[0, 1]) for row in ica.get_sources(raw).get_data()]
        return ICLABEL_CLASSES[int(labels[int(np.argmax(likeness))].argmax())]

    return name


def test_blinks_are_named_eye_in_nine_of_ten_people(name_artifact):
    names = [name_artifact(make_blinks, seed) for seed in range(10)]
    assert names.count("eye") >= 9, names


def test_gaze_to_the_side_is_named_eye(name_artifact):
    names = [name_artifact(make_horizontal_saccades, seed) for seed in range(3)]
    assert names.count("eye") == 3, names


def test_tense_muscles_are_named_muscle_in_eight_of_ten_people(name_artifact):
    # ICLabel's spectrum is a median over time: a muscle tense for less than half of it is not seen.
    names = [name_artifact(make_muscle, seed, mode="tonic") for seed in range(10)]
    assert names.count("muscle") >= 8, names
