"""The recording's sampling rate and the network's: exact rational, zero phase; a leaf."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np
from scipy.signal import butter, sosfiltfilt
from scipy.sparse import csr_array

from mne_artdenoise._typing import FloatArray

# The low-pass is a Kaiser-windowed sinc. With these three numbers it is flat within 3e-4 up to 0.81
# of the lower Nyquist frequency and at -70 dB from that frequency on, so that nothing folds back.
_HALF_WIDTH = 24  # samples of the lower rate, to either side
_KAISER_BETA = 7.0
_CUTOFF = 0.91  # of the lower Nyquist frequency, at -6 dB

_KERNEL_STEPS = 2048  # per sample of the lower rate; between them a straight line, 4e-7 off at most
_BLOCK = 2048  # output samples made by one sparse matrix
_MAX_TERM = 10**9
_FILTER_BLOCK = 2**18  # samples filtered at once in float64


def to_model_rate(
    x: FloatArray, sfreq: float, model_sfreq: float, l_freq: float | None = None
) -> FloatArray:
    """Resample a signal to the rate of the network, and high-pass it there.

    Parameters
    ----------
    x : ndarray, shape (n_channels, n_times)
        The signal at the recording's rate, any number of samples from 1.
    sfreq : float
        The recording's sampling rate in hertz, integer or not.
    model_sfreq : float
        The network's sampling rate in hertz.
    l_freq : float | None
        Cutoff in hertz of a Butterworth high-pass of second order, run forwards and backwards
        (so -6 dB there, no delay). ``None`` filters nothing.

    Returns
    -------
    x : ndarray, shape (n_channels, n_model_times)
        The signal at the network's rate, ``n_model_times = ceil(n_times * model_sfreq / sfreq)``,
        in float32 or float64 as it came. With equal rates and no high-pass it is ``x`` itself, not
        a copy.

    Notes
    -----
    The ratio is that of :func:`find_ratio`, at most 1e-9 from the true one: below 0.2 samples of
    drift in a day at 2000 Hz, and none after :func:`to_recording_rate`, which takes the same ratio
    the other way. Sample 0 stays at sample 0. Beyond its ends the signal is continued by its odd
    reflection, so that neither an offset nor a slope rings. Constants and zeros stay what they are.
    """
    x = _check_signal(x)
    ratio = find_ratio(sfreq, model_sfreq)
    y = _resample(x, ratio, math.ceil(x.shape[-1] * ratio))
    return y if l_freq is None else _high_pass(y, model_sfreq, l_freq)


def to_recording_rate(x: FloatArray, model_sfreq: float, sfreq: float, n_times: int) -> FloatArray:
    """Resample what the network returned to the rate and the length of the recording.

    Parameters
    ----------
    x : ndarray, shape (n_channels, n_model_times)
        The signal at the network's rate, as long as :func:`to_model_rate` makes ``n_times``.
    model_sfreq : float
        The network's sampling rate in hertz.
    sfreq : float
        The recording's sampling rate in hertz.
    n_times : int
        How many samples the recording has.

    Returns
    -------
    x : ndarray, shape (n_channels, n_times)
        The signal at the recording's rate, in float32 or float64 as it came. With equal rates it is
        ``x`` itself, not a copy.

    Notes
    -----
    A length that does not belong to ``n_times`` raises a ValueError. Where the recording is the
    faster one, its samples after the last one of the network (less than one period of the
    network's rate) are continued by odd reflection.
    """
    x = _check_signal(x)
    ratio = find_ratio(sfreq, model_sfreq)
    n_expected = math.ceil(n_times * ratio)
    if x.shape[-1] != n_expected:
        raise ValueError(
            f"Found {x.shape[-1]} samples at {model_sfreq} Hz, but {n_times} samples at {sfreq} Hz "
            f"need {n_expected}. Pass the signal that to_model_rate made, at its full length."
        )
    return _resample(x, 1 / ratio, n_times)


def low_pass(x: FloatArray, sfreq: float, h_freq: float) -> FloatArray:
    """Take away what lies above a frequency, without delay.

    Parameters
    ----------
    x : ndarray, shape (n_channels, n_times)
        The signal, any number of samples from 1.
    sfreq : float
        Its sampling rate in hertz.
    h_freq : float
        Cutoff in hertz of a Butterworth filter of eighth order, run forwards and backwards (so
        -6 dB there, and -35 dB a fifth above 50 Hz at 256 Hz). One that is not below half of
        ``sfreq`` is a ValueError.

    Returns
    -------
    x : ndarray, shape (n_channels, n_times)
        In float32 or float64 as it came.
    """
    x = _check_signal(x)
    if not 0 < h_freq < sfreq / 2:
        raise ValueError(
            f"h_freq must lie between 0 and half the sampling rate ({sfreq / 2} Hz), "
            f"found {h_freq!r}."
        )
    sos = butter(8, h_freq, "lowpass", fs=sfreq, output="sos")
    return _run_both_ways(sos, x, math.ceil(8 * sfreq / h_freq))


def find_ratio(sfreq: float, model_sfreq: float) -> Fraction:
    """Find the simplest fraction that is the network's rate over the recording's.

    Parameters
    ----------
    sfreq, model_sfreq : float
        Sampling rates in hertz. Rates that are not positive raise a ValueError.

    Returns
    -------
    ratio : Fraction
        ``model_sfreq / sfreq``, exact for rates of up to three decimals, else within 1e-9 of it
        (relative). Its smaller term is at most 1e9.
    """
    for name, rate in (("sfreq", sfreq), ("model_sfreq", model_sfreq)):
        if not (math.isfinite(rate) and rate > 0):
            raise ValueError(f"{name} must be a positive number of hertz, found {rate!r}.")
    ratio = Fraction(model_sfreq) / Fraction(sfreq)
    # The ratio above one is the one rounded, so that the error is relative to at least one.
    if ratio >= 1:
        return ratio.limit_denominator(_MAX_TERM)
    return 1 / (1 / ratio).limit_denominator(_MAX_TERM)


def _check_signal(x: FloatArray) -> FloatArray:
    x = np.asarray(x)
    if x.ndim != 2 or x.shape[-1] == 0:
        raise ValueError(
            f"Found an array of shape {x.shape}, but resampling needs (n_channels, n_times) with "
            "at least one sample."
        )
    return x if x.dtype in (np.float32, np.float64) else x.astype(np.float64)


def _resample(x: FloatArray, ratio: Fraction, n_out: int) -> FloatArray:
    """Read ``x`` at the times 0, 1 / ratio, 2 / ratio, ... through the low-pass.

    One sparse matrix per block of output: as fast as a polyphase filter bank, without its table of
    ``up`` phases, which awkward rates would make huge, and without a padded copy of the signal.
    """
    if ratio == 1:
        return x
    up, down = ratio.numerator, ratio.denominator
    n_rows = min(_BLOCK, n_out)
    if up <= _BLOCK:
        # A multiple of `up` samples: all blocks start at phase 0 and share one matrix.
        n_rows += -n_rows % up
    out = np.empty((x.shape[0], n_out), x.dtype)
    for start in range(0, n_out, n_rows):
        base, phase = divmod(start * down, up)
        n = min(n_rows, n_out - start)
        matrix = _build_interpolator(n_rows, phase, up, down, x.dtype.char)
        first = base - _count_side_taps(up, down) + 1
        stop = first + int(matrix.indices[matrix.indptr[n] - 1]) + 1
        piece = _read_extended(x, first, stop)
        out[:, start : start + n] = (matrix[:n, : stop - first] @ piece.T).T
    return out


def _count_side_taps(up: int, down: int) -> int:
    return -(-_HALF_WIDTH * max(up, down) // up)


@lru_cache(maxsize=4)
def _build_interpolator(n_rows: int, phase: int, up: int, down: int, dtype: str) -> csr_array:
    """Build the matrix whose row i reads its input at the time ``(phase + i * down) / up``."""
    n_side = _count_side_taps(up, down)
    base, remainder = np.divmod(phase + np.arange(n_rows) * down, up)
    taps = np.arange(2 * n_side)
    distance = np.abs(taps - (n_side - 1) - (remainder / up)[:, np.newaxis])
    weights = np.interp(distance * min(1.0, up / down), *_sample_kernel())
    weights /= weights.sum(axis=1, keepdims=True)  # a constant stays that constant
    columns = (base[:, np.newaxis] + taps).astype(np.int32)
    indptr = np.arange(0, weights.size + 1, taps.size, dtype=np.int32)
    shape = (n_rows, int(base[-1]) + taps.size)
    return csr_array((weights.ravel().astype(dtype), columns.ravel(), indptr), shape=shape)


@lru_cache(maxsize=1)
def _sample_kernel() -> tuple[FloatArray, FloatArray]:
    """Sample one side of the low-pass over the distance in samples of the lower rate."""
    distance = np.arange(_HALF_WIDTH * _KERNEL_STEPS + 1) / _KERNEL_STEPS
    window = np.i0(_KAISER_BETA * np.sqrt(1 - (distance / _HALF_WIDTH) ** 2))
    kernel = np.sinc(_CUTOFF * distance) * window
    kernel[-1] = 0.0  # np.interp holds the last value beyond the kernel's end
    return distance, kernel


def _read_extended(x: FloatArray, first: int, stop: int) -> FloatArray:
    """Read samples ``first`` to ``stop``, those beyond the ends by odd reflection."""
    n_times = x.shape[-1]
    before, after = max(-first, 0), max(stop - n_times, 0)
    if not (before or after):
        return x[:, first:stop]
    # Take in as much of the signal as the reflection turns over, so that no more is copied.
    low = max(0, min(first, n_times - 1 - after))
    high = min(n_times, max(stop, before + 1))
    widths = ((0, 0), (before, after))
    padded = np.pad(x[:, low:high], widths, mode="reflect", reflect_type="odd")
    offset = first + before - low
    return padded[:, offset : offset + stop - first]


def _high_pass(x: FloatArray, sfreq: float, l_freq: float) -> FloatArray:
    if not 0 < l_freq < sfreq / 2:
        raise ValueError(
            f"l_freq must lie between 0 and half the network's rate ({sfreq / 2} Hz), "
            f"found {l_freq!r}."
        )
    sos = butter(2, l_freq, "highpass", fs=sfreq, output="sos")
    # One period of the cutoff is over four time constants: what the edges start has died out.
    return _run_both_ways(sos, x, math.ceil(sfreq / l_freq))


def _run_both_ways(sos: FloatArray, x: FloatArray, n_pad: int) -> FloatArray:
    n_pad = min(x.shape[-1] - 1, n_pad)
    out = np.empty_like(x)
    # The recursion needs float64; groups of channels keep the float64 copies small.
    n_group = max(1, _FILTER_BLOCK // x.shape[-1])
    for start in range(0, x.shape[0], n_group):
        group = slice(start, start + n_group)
        out[group] = sosfiltfilt(sos, x[group], axis=-1, padlen=n_pad)
    return out
