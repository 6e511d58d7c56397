"""The best linear filter per band that there is: that of someone who knows the artifact."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft

from mne_artdenoise._typing import FloatArray
from mne_artdenoise.bands import find_margin, transform_block
from mne_artdenoise.covariances import measure_covariances
from mne_artdenoise.spatial import EDGES

RIDGE = 1e-6  # of the mean variance, added to the rest's covariance


def filter_knowing(noisy: FloatArray, artifact: FloatArray, sfreq: float) -> FloatArray:
    """Filter a recording by the Wiener filters of the true artifact and the true rest.

    Parameters
    ----------
    noisy, artifact : ndarray, shape (n_channels, n_times)
        The recording, and the artifact in it.
    sfreq : float
        Their sampling rate in hertz.

    Returns
    -------
    removed : ndarray, shape (n_channels, n_times)
        In each band ``A (A + V)^-1 y``, of the covariances of artifact and rest.
    """
    bad, good = (measure_covariances([x], sfreq, EDGES) for x in (artifact, noisy - artifact))
    spectrum, masks = transform_block(noisy, sfreq, EDGES)
    total = np.zeros_like(spectrum)
    for a, v, mask in zip(bad, good, masks, strict=True):
        v = v + RIDGE * np.trace(v) / len(v) * np.eye(len(v))
        total += np.linalg.solve(a + v, a).T @ (spectrum * mask)
    margin = find_margin(noisy.shape[1], sfreq)
    back = irfft(total, n=2 * (spectrum.shape[1] - 1), axis=-1)
    return np.asarray(back[:, margin : margin + noisy.shape[1]])
