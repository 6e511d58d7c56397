"""Record what the denoiser makes of the golden recording: ``python tests/golden/record.py``.

To be run, and its file committed, when weights or figures of the denoiser are changed on purpose.
"""

from __future__ import annotations

import platform
from pathlib import Path

import mne
import numpy as np
import torch

from mne_artdenoise import ArtifactDenoiser, get_record

FILE = Path(__file__).with_name("denoised.npz")
NAMES = ["Fp1", "Fp2", "F7", "F8", "C3", "C4", "Cz", "T7", "T8", "Pz", "O1", "O2"]
SFREQ, SECONDS, KEPT = 250.0, 30.0, 25  # every so many samples are recorded


def make_recording() -> mne.io.RawArray:
    """Make the golden recording: by formula, so that no generator of numbers has to stay the same.

    Brain is a sum of sines whose amplitude falls with frequency and whose phase differs by
    electrode, alpha at the back; blinks at the front, saccades, a burst of muscle at one side.
    """
    known = mne.channels.get_builtin_montages()
    montage = "colin27_1005" if "colin27_1005" in known else "standard_1005"
    info = mne.create_info(NAMES, SFREQ, "eeg").set_montage(montage)
    times = np.arange(round(SECONDS * SFREQ)) / SFREQ
    places = np.array([ch["loc"][:3] for ch in info["chs"]])
    x = np.zeros((len(NAMES), len(times)))
    for k in range(240):
        frequency, phase = 0.4 + 0.31 * k + 0.07 * (k * k % 11), places @ np.sin([k, 2 * k, 5 * k])
        wave = np.sin(2 * np.pi * (frequency * times[np.newaxis] + 9 * phase[:, np.newaxis]))
        x += 4e-6 / frequency**0.8 * wave
    x += 8e-6 * np.clip(-10 * places[:, 1:2], 0, None) * np.sin(2 * np.pi * 10.2 * times)
    blinks = sum(np.exp(-(((times - t) / 0.09) ** 2)) for t in (2.1, 5.3, 6.0, 11.7, 17.2, 25.5))
    x += 2e-3 * np.clip(places[:, 1:2], 0, None) * blinks
    gaze = np.tanh(40 * np.sin(2 * np.pi * 0.13 * times))
    x += 4e-4 * places[:, :1] * gaze * (places[:, 1:2] > 0)
    muscle = sum(np.sin(2 * np.pi * f * times + f * f) for f in np.arange(31.0, 95.0, 1.7))
    burst = np.exp(-(((times - 21.0) / 1.5) ** 8))
    x += 6e-5 * np.clip(-places[:, :1], 0, None) * muscle * burst
    return mne.io.RawArray(x, info, verbose=False)


def denoise_golden() -> dict[str, np.ndarray]:
    """Denoise it in both ways, and take every 25th sample."""
    raw = make_recording()
    return {
        name: ArtifactDenoiser(spatial=spatial).fit_transform(raw).get_data()[:, ::KEPT]
        for name, spatial in (("filters", True), ("network", False))
    }


if __name__ == "__main__":
    made_by = f"torch {torch.__version__}, numpy {np.__version__}, {platform.machine()}"
    np.savez(
        FILE,
        **denoise_golden(),
        before=make_recording().get_data()[:, ::KEPT],
        sha256=np.array(get_record("any-montage-v1").sha256),
        made_by=np.array(made_by),
    )
