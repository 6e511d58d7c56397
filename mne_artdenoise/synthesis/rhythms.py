"""Time courses of cortical sources: power laws and rhythms that wax, wane and block; a leaf."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len
from scipy.signal import lfilter

from .._typing import FloatArray

BAND = (1.0, 40.0)  # hertz, in which the background has its amplitude
FLAT_BELOW = 0.5  # hertz
MARGIN = 2.0  # seconds made and cut off: what a Fourier transform makes ends as it begins
BLOCK = 2**22  # numbers held at once
SECONDS_TO_WAX = 1.5  # time constant with which rhythms come and go
ALIKE = 0.8  # of which the sources of one rhythm have this correlation's root in common
KNOT = 0.1  # seconds between what is drawn of an envelope
EYES_OPEN = 0.35  # of the amplitude that posterior alpha has while eyes are closed
SECONDS_PER_STATE = 10.0  # of eyes that open and close
SECONDS_TO_TURN = 0.25  # time constant with which alpha goes when they open and comes back


@dataclass(frozen=True)
class Rhythm:
    """A rhythm of one part of the cortex.

    Attributes
    ----------
    sites : tuple of str
        Below which its sources lie.
    seen_at : tuple of str
        Electrodes of the 10-20 system at which it has its amplitude.
    n_sources : int
        How many waves of their own it has.
    peak, width : float
        Middle and standard deviation of its peak in the spectrum, in hertz.
    amplitude : float
        Root mean square, in units of that of the background without rhythms.
    extent : float
        Of the patch of each source, in metres.
    waxing : float
        How much it comes and goes: standard deviation of its envelope's logarithm.
    """

    sites: tuple[str, ...]
    seen_at: tuple[str, ...]
    n_sources: int
    peak: float
    width: float
    amplitude: float
    extent: float = 0.02
    waxing: float = 0.3


def sum_power_laws(
    maps: FloatArray, slopes: FloatArray, n_times: int, sfreq: float, rng: np.random.Generator
) -> FloatArray:
    """Sum sources whose power falls with frequency, each of unit variance from 1 to 40 Hz.

    Parameters
    ----------
    maps : ndarray, shape (n_channels, n_sources)
        Where each source is seen.
    slopes : ndarray, shape (n_sources,)
        Exponents of frequency by which their power falls.
    n_times : int
        Length in samples.
    sfreq : float
        Sampling rate in hertz.
    rng : Generator

    Returns
    -------
    total : ndarray, shape (n_channels, n_times)
    """
    length = _find_length(n_times, sfreq)
    frequency = np.fft.rfftfreq(length, 1 / sfreq)
    falls = -0.5 * np.log(np.maximum(frequency, FLAT_BELOW))
    steep = np.where(np.abs(slopes - 1) < 1e-6, 1 + 1e-6, slopes)  # the integral of 1/f is no power
    power = (BAND[1] ** (1 - steep) - BAND[0] ** (1 - steep)) / (1 - steep)
    maps = (maps * np.sqrt(sfreq / 2 / power)).astype(np.float32)
    total = np.zeros((len(maps), len(frequency)), dtype=np.complex64)
    step = max(1, BLOCK // len(frequency))
    for start in range(0, len(slopes), step):
        part = slice(start, start + step)
        white = _draw_white(len(slopes[part]), length, rng)
        white *= np.exp(np.outer(slopes[part], falls).astype(np.float32))
        total += maps[:, part] @ white
    total[:, 0] = 0.0
    return np.asarray(irfft(total, n=length)[:, :n_times])


def draw_rhythm(rhythm: Rhythm, n_times: int, sfreq: float, rng: np.random.Generator) -> FloatArray:
    """Draw the waves of a rhythm's sources, of unit variance, shape (n_sources, n_times)."""
    length = _find_length(n_times, sfreq)
    frequency = np.fft.rfftfreq(length, 1 / sfreq)
    peaks = rhythm.peak + 0.2 * rng.standard_normal((rhythm.n_sources, 1))
    gains = np.exp(-0.25 * ((frequency - peaks) / rhythm.width) ** 2)
    gains *= np.sqrt(length / 2 / np.square(gains).sum(axis=1, keepdims=True))
    spectrum = _draw_white(rhythm.n_sources, length, rng) * gains.astype(np.float32)
    envelopes = _draw_envelopes(rhythm, n_times, sfreq, rng)
    return np.asarray(irfft(spectrum, n=length)[:, :n_times] * envelopes)


def follow_eyes(eyes: str | FloatArray, n_times: int, sfreq: float) -> FloatArray:
    """Tell how far alpha has come back, from 0 (eyes open) to 1, shape (n_times,)."""
    if isinstance(eyes, str):
        turn = max(min(SECONDS_PER_STATE, n_times / sfreq / 2), 1 / sfreq)
        states = {
            "closed": np.ones(n_times),
            "open": np.zeros(n_times),
            "blocking": np.arange(n_times) / sfreq // turn % 2 == 0,
        }
        if eyes not in states:
            known = ", ".join(map(repr, states))
            raise ValueError(f"Unknown eyes {eyes!r}. Known: {known}, or an array (n_times,).")
        eyes = states[eyes]
    closed = np.asarray(eyes, dtype=float)
    if closed.shape != (n_times,) or not (closed.min() >= 0 and closed.max() <= 1):
        raise ValueError(
            f"eyes must say for each of {n_times} samples how closed they are, from 0 (open) to 1; "
            f"got an array of shape {closed.shape}."
        )
    memory = np.exp(-1 / (SECONDS_TO_TURN * sfreq))
    start = [memory * closed[0]]
    return np.asarray(lfilter([1 - memory], [1.0, -memory], closed, zi=start)[0])


def _find_length(n_times: int, sfreq: float) -> int:
    return int(next_fast_len(n_times + round(MARGIN * sfreq), real=True))


def _draw_white(n_waves: int, length: int, rng: np.random.Generator) -> FloatArray:
    """Draw the Fourier transforms of white noise of unit variance."""
    n_numbers = 2 * (length // 2 + 1)
    numbers = rng.standard_normal((n_waves, n_numbers), dtype=np.float32)
    numbers *= np.float32(np.sqrt(length / 2))
    return numbers.view(np.complex64)


def _draw_envelopes(
    rhythm: Rhythm, n_times: int, sfreq: float, rng: np.random.Generator
) -> FloatArray:
    """Draw envelopes of unit mean square that wander from knot to knot, in part together."""
    n_knots = int(n_times / sfreq / KNOT) + 2
    memory = np.exp(-KNOT / SECONDS_TO_WAX)
    kicks = rng.standard_normal((rhythm.n_sources + 1, n_knots))
    kicks[:, 1:] *= np.sqrt(1 - memory**2)
    slow = lfilter([1.0], [1.0, -memory], kicks)
    slow = ALIKE * slow[:1] + np.sqrt(1 - ALIKE**2) * slow[1:]
    moment = np.arange(n_times) / sfreq / KNOT
    knot = moment.astype(int)
    part = (moment - knot).astype(np.float32)
    slow = (rhythm.waxing * slow - rhythm.waxing**2).astype(np.float32)
    return np.asarray(np.exp(slow[:, knot] * (1 - part) + slow[:, knot + 1] * part))
