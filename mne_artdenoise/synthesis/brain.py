"""Brain signal that no recording of the bank holds: what filters and cleaning took from it."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, rfft

from .._typing import FloatArray


def draw_background(
    positions: FloatArray, clean: FloatArray, sfreq: float, rng: np.random.Generator
) -> FloatArray:
    """Broad-band background to add to a clean recording, shape (n_channels, n_times).

    Clean sets are low-passed at 45 Hz or so; a network that never sees brain above would call all
    of it artifact. Added are deep and shallow sources with a 1/f spectrum and the noise of
    electrodes.

    Parameters
    ----------
    positions : ndarray, shape (n_channels, 3)
        Electrodes in head coordinates, in metres.
    clean : ndarray, shape (n_channels, n_times)
        The recording it is added to: sets the amplitude.
    sfreq : float
        Sampling rate in hertz.
    rng : Generator
    """
    n_channels, n_times = clean.shape
    frequency = np.maximum(np.fft.rfftfreq(n_times, 1 / sfreq), 1.0)
    slope, size = rng.uniform(0.5, 1.2), np.sqrt(np.mean(clean**2))
    noise = rng.standard_normal((n_channels + 12, n_times), dtype=np.float32)
    shape = (frequency**-slope).astype(np.float32)
    noise = irfft(rfft(noise) * shape, n=n_times)
    noise /= noise.std()
    places = rng.standard_normal((12, 3))
    places = 0.06 * places / np.linalg.norm(places, axis=1, keepdims=True) + [0, 0, 0.04]
    away = positions[:, None] - places
    spread = 1 / (np.linalg.norm(away, axis=-1) ** 2 + 0.03**2)
    spread *= np.sign(rng.standard_normal(12))
    field = spread.astype(np.float32) @ noise[n_channels:]
    field *= size * 10 ** rng.uniform(-1.5, -0.6) / field.std()
    white = (
        rng.standard_normal(clean.shape, dtype=np.float32) * size * 10 ** rng.uniform(-2.0, -1.0)
    )
    return np.asarray(field + white + noise[:n_channels] * size * 10 ** rng.uniform(-2.0, -1.0))
