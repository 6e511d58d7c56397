"""Clean plus artifact at an exact ratio of their powers; a leaf.

Ratios are in power decibels, ``10 log10(P_clean / P_artifact)``. The code of EEGdenoiseNet applies
the same number to a ratio of *root mean squares*, so its "-7 dB" is -14 dB here;
``convention="rms"`` does what it does.
"""

from __future__ import annotations

import numpy as np

from .._typing import FloatArray


def mix_at_snr(
    clean: FloatArray, artifact: FloatArray, snr_db: float, *, convention: str = "power"
) -> tuple[FloatArray, FloatArray]:
    """Scale an artifact so that the mixture has the asked signal-to-noise ratio.

    Parameters
    ----------
    clean, artifact : ndarray, shape (..., n_channels, n_times)
        Signals in volts. Power is the mean square over everything given.
    snr_db : float
        Ratio wanted, in decibels.
    convention : "power" | "rms"
        Whether the number means ``10 log10`` of a ratio of powers, or EEGdenoiseNet's ``10 log10``
        of a ratio of root mean squares.

    Returns
    -------
    noisy, scaled : ndarray
        ``clean + scaled`` and the scaled artifact. A silent artifact cannot be scaled: ValueError.
    """
    if convention not in ("power", "rms"):
        raise ValueError(f"convention is {convention!r}, but must be 'power' or 'rms'")
    power_clean, power_artifact = np.mean(np.square(clean)), np.mean(np.square(artifact))
    if not power_clean > 0 or not power_artifact > 0:
        raise ValueError(
            "clean and artifact must both be non-zero: a ratio to silence has no decibels"
        )
    power_db = snr_db if convention == "power" else 2 * snr_db
    gain = np.sqrt(power_clean / power_artifact * 10 ** (-power_db / 10))
    scaled = gain * artifact
    return clean + scaled, scaled
