"""Scores of a denoised recording against its truth; a leaf.

Conventions
-----------
Truth first, then what is scored, as in scikit-learn and mir_eval. Arrays have the shape
``(..., n_channels, n_times)``; each recording along the leading dimensions gets a score of its own,
so a single recording gives a number, and epochs give one per epoch. Any unit will do, as long as it
is the same for all.

Decibels are ``10 log10`` of a ratio of powers, power the mean square over channels and times. (The
code of EEGdenoiseNet takes ``10 log10`` of a ratio of root mean squares: its decibels are half of
these.) What is not truth is noise: an artifact left, brain taken away, and an offset all count.

Metrics
-------
* `rrmse`: error in time, relative to the truth; 0 is perfect, 1 is what silence would get.
* `rrmse_spectral`: the same of power spectra, which do not see a shift in time.
* `correlation`: with the truth, mean over channels; 1 is perfect, whatever the amplitude.
* `snr`, `snr_gain`: signal-to-noise ratio, and what denoising added to it, in decibels.

Shapes that differ, values that are not finite, and a truth that is silent (or, for `correlation`,
flat in some channel) are a ValueError, for they have no score.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mne_artdenoise._typing import FloatArray

Score = np.float64 | npt.NDArray[np.float64]


def rrmse(truth: FloatArray, estimate: FloatArray) -> Score:
    """Root mean square error, relative to the root mean square of the truth.

    Parameters
    ----------
    truth, estimate : ndarray, shape (..., n_channels, n_times)
        The clean recording, and what is scored.

    Returns
    -------
    score : float | ndarray, shape (...)
        From 0 (perfect), without upper limit.
    """
    truth, estimate = _check_pair(truth, estimate)
    power = _check_power(_mean_square(truth))
    return np.sqrt(_mean_square(estimate - truth) / power)[()]


def rrmse_spectral(truth: FloatArray, estimate: FloatArray, *, n_per_segment: int = 256) -> Score:
    """Root mean square error of power spectra, relative to the root mean square of the truth's.

    Parameters
    ----------
    truth, estimate : ndarray, shape (..., n_channels, n_times)
        The clean recording, and what is scored.
    n_per_segment : int
        Samples of the pieces whose spectra are averaged (Welch's method: Hann window, half of a
        piece in common with the next, mean removed). A shorter recording is one piece.

    Returns
    -------
    score : float | ndarray, shape (...)
        From 0 (perfect), without upper limit.
    """
    truth, estimate = _check_pair(truth, estimate)
    wanted = _average_spectrum(truth, n_per_segment)
    found = _average_spectrum(estimate, n_per_segment)
    # Divided first: powers of microvolts, squared once more, come near the smallest numbers.
    size = _check_power(wanted.max(axis=(-2, -1), initial=0.0))[..., np.newaxis, np.newaxis]
    return np.sqrt(_mean_square((found - wanted) / size) / _mean_square(wanted / size))[()]


def correlation(truth: FloatArray, estimate: FloatArray) -> Score:
    """Correlate each channel with its truth by Pearson, mean over channels.

    Parameters
    ----------
    truth, estimate : ndarray, shape (..., n_channels, n_times)
        The clean recording, and what is scored.

    Returns
    -------
    score : float | ndarray, shape (...)
        From -1 to 1 (perfect). A channel that the estimate leaves flat counts as 0; one that is
        flat in the truth is a ValueError.
    """
    truth, estimate = _check_pair(truth, estimate)
    wanted, is_flat = _standardise(truth)
    if is_flat.any():
        *recording, channel = (int(index) for index in np.argwhere(is_flat)[0])
        where = f" of recording {tuple(recording)}" if recording else ""
        raise ValueError(
            f"truth is flat in channel {channel}{where}, and nothing correlates with a constant. "
            "Leave flat channels out."
        )
    found, _ = _standardise(estimate)
    score: Score = np.clip((wanted * found).sum(axis=-1).mean(axis=-1), -1.0, 1.0)[()]
    return score


def snr(truth: FloatArray, estimate: FloatArray) -> Score:
    """Signal-to-noise ratio: power of the truth over power of the error.

    Parameters
    ----------
    truth, estimate : ndarray, shape (..., n_channels, n_times)
        The clean recording, and what is scored.

    Returns
    -------
    score : float | ndarray, shape (...)
        In decibels; infinite if there is no error.
    """
    truth, estimate = _check_pair(truth, estimate)
    power = _check_power(_mean_square(truth))
    return _to_decibels(power, _mean_square(estimate - truth))[()]


def snr_gain(truth: FloatArray, before: FloatArray, after: FloatArray) -> Score:
    """Signal-to-noise ratio after denoising, less the one before.

    Parameters
    ----------
    truth, before, after : ndarray, shape (..., n_channels, n_times)
        The clean recording, the noisy one, and the denoised one.

    Returns
    -------
    score : float | ndarray, shape (...)
        In decibels; 0 if nothing was won, infinite if there is no error left, minus infinite if an
        error was brought into a perfect recording.
    """
    noisy = _check_pair(truth, before, "before")[1]
    truth, clean = _check_pair(truth, after, "after")
    _check_power(_mean_square(truth))
    return _to_decibels(_mean_square(noisy - truth), _mean_square(clean - truth))[()]


def _check_pair(
    truth: FloatArray, estimate: FloatArray, name: str = "estimate"
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Give both as float64, after a look at whether they can be compared."""
    if np.shape(truth) != np.shape(estimate):
        raise ValueError(
            f"truth has shape {np.shape(truth)} and {name} has shape {np.shape(estimate)}: they "
            "must be the same channels and times, (..., n_channels, n_times)."
        )
    if np.ndim(truth) < 2 or np.size(truth) == 0:
        raise ValueError(
            f"truth has shape {np.shape(truth)}, and (..., n_channels, n_times) with a sample or "
            "more is needed: a single channel is x[np.newaxis]."
        )
    for label, x in (("truth", truth), (name, estimate)):
        if np.iscomplexobj(x) or not np.isfinite(x).all():
            raise ValueError(f"{label} must hold real and finite numbers (no NaN, no inf).")
    return np.asarray(truth, dtype=np.float64), np.asarray(estimate, dtype=np.float64)


def _check_power(power: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    silent = np.argwhere(~(power > 0))
    if len(silent):
        where = f" in recording {tuple(silent[0].tolist())}" if power.ndim else ""
        raise ValueError(
            f"truth is silent{where}: no score is relative to nothing. Leave such recordings out."
        )
    return power


def _mean_square(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(np.square(x).mean(axis=(-2, -1)))


def _to_decibels(
    power: npt.NDArray[np.float64], noise: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = 10.0 * (np.log10(power) - np.log10(noise))
    return np.where((power == 0) & (noise == 0), 0.0, ratio)


def _standardise(
    x: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Take the mean from each channel and make its norm one; flat channels become zero."""
    is_flat = np.ptp(x, axis=-1) == 0  # exact, where the mean of a constant is off by rounding
    centred = x - x.mean(axis=-1, keepdims=True)
    centred[is_flat] = 0.0
    norm = np.linalg.norm(centred, axis=-1, keepdims=True)
    return centred / np.where(norm == 0, 1.0, norm), is_flat


def _average_spectrum(x: npt.NDArray[np.float64], n_per_segment: int) -> npt.NDArray[np.float64]:
    """Average the power spectra of overlapping pieces, shape (..., n_channels, n_frequencies)."""
    length = min(n_per_segment, x.shape[-1])
    if length < 2:
        raise ValueError(f"A spectrum needs two samples or more, got {length}.")
    # Periodic, as Welch's method wants it: np.hanning repeats its first sample at the end.
    window = np.hanning(length + 1)[:-1]
    total = np.zeros((*x.shape[:-1], length // 2 + 1))
    starts = range(0, x.shape[-1] - length + 1, max(length - length // 2, 1))
    for start in starts:
        piece = x[..., start : start + length]
        piece = piece - piece.mean(axis=-1, keepdims=True)
        total += np.abs(np.fft.rfft(piece * window)) ** 2
    total[..., 1 : (length + 1) // 2] *= 2  # what negative frequencies hold
    return total / len(starts)
