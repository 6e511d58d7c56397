"""With mne-denoise: its steps before and after ours, in one pipeline."""

from __future__ import annotations

import mne
import numpy as np
import pytest
from importing import import_or_skip
from sklearn.pipeline import make_pipeline

from mne_artdenoise import ArtifactDenoiser

ZapLine = import_or_skip("mne_denoise.zapline").ZapLine
SNS = import_or_skip("mne_denoise.sns").SNS

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # of mne-denoise's own
    pytest.mark.skipif(
        not mne.utils.check_version("mne", "1.13"), reason="mne-denoise needs MNE-Python 1.13"
    ),
]


def measure_line(raw):
    """Measure the power at mains over that beside it."""
    psd = raw.compute_psd(fmin=40, fmax=60, n_fft=200)
    power = psd.get_data().mean(axis=0)
    return power[np.argmin(abs(psd.freqs - 50))] / power[abs(psd.freqs - 50) > 4].mean()


def test_its_steps_go_before_and_after_ours(make_noisy):
    raw = make_noisy(16, 20.0)
    raw._data += 20e-6 * np.sin(2 * np.pi * 50 * raw.times)
    pipeline = make_pipeline(
        ZapLine(raw.info["sfreq"], 50.0, n_harmonics=1, nfft=200), ArtifactDenoiser(), SNS(4)
    )
    clean = pipeline.fit_transform(raw)
    assert isinstance(clean, mne.io.BaseRaw)
    assert clean.ch_names == raw.ch_names
    assert measure_line(clean) < 0.1 * measure_line(raw)
    front = [clean.ch_names.index(name) for name in ("Fp1", "Fp2")]
    assert clean.get_data()[front].std() < 0.5 * raw.get_data()[front].std()


def test_what_was_fitted_is_applied_to_another_recording(make_noisy):
    pipeline = make_pipeline(ArtifactDenoiser(), SNS(4)).fit(make_noisy(16, 20.0))
    other = make_noisy(16, 10.0, seed=5)
    assert pipeline.transform(other).get_data().shape == other.get_data().shape
