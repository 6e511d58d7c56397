"""ICLabel, which never saw a simulated recording, on components of simulated ones."""

from __future__ import annotations

import mne
import numpy as np
import pytest

from mne_artdenoise.synthesis import simulate_raw
from mne_artdenoise.synthesis.components import ICLABEL_CLASSES, extract_components

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


def filter_volts(raw: mne.io.BaseRaw) -> np.ndarray:
    """Give the signal as ICLabel wants it."""
    raw = raw.copy().filter(1.0, 100.0, verbose=False)
    return raw.set_eeg_reference("average", verbose=False).get_data()


def name_component(kind: str, seed: int) -> tuple[str, float]:
    """Name the component that carries most of an artifact, and tell how much of it is artifact."""
    montage = mne.channels.make_standard_montage("biosemi32")
    info = mne.create_info(montage.ch_names, 250.0, "eeg").set_montage(montage)
    raw, _, artifact = simulate_raw(info, 60.0, artifacts=[kind], snr_db=-3.0, rng=seed)
    components = extract_components(raw, subject="nobody", rng=seed)
    unmixing = np.linalg.pinv(components.maps.T)
    whole, part = ((unmixing @ filter_volts(x)).var(axis=1) for x in (raw, artifact))
    carried = (components.maps**2).sum(axis=1) * part
    best = int(np.argmax(carried))
    return ICLABEL_CLASSES[components.probabilities[best].argmax()], float(part[best] / whole[best])


@pytest.mark.parametrize(
    ("kind", "expected", "least"),
    [("blink", "eye", 9), ("muscle", "muscle", 8), ("line", "line", 9)],
)
def test_iclabel_knows_simulated_artifacts_for_what_they_are(kind, expected, least):
    pytest.importorskip("mne_icalabel")
    pytest.importorskip("picard")
    named = [name_component(kind, seed) for seed in range(10)]
    assert min(share for _, share in named) > 0.9  # it is the artifact that was named
    assert [name for name, _ in named].count(expected) >= least, named
