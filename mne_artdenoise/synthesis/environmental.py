"""Artifacts from outside the head: mains, cables, a cap that moves, drift and sweat."""

from __future__ import annotations

from collections.abc import Sequence

import mne
import numpy as np

from .._typing import FloatArray
from .electrodes import Electrodes, read_electrodes
from .events import check_n_times, check_positive
from .motion import make_cable_motion, make_cap_motion
from .sites import find_site
from .slow import draw_fields, draw_slow_waves

__all__ = ["make_cable_motion", "make_cap_motion", "make_drift", "make_line_noise", "make_sweat"]

HUM_PHASES = 0.65  # radians between electrodes: measured, see make_line_noise
GLANDS = ("Fp1", "Fp2", "F7", "F8", "T7", "T8", "M1", "M2")  # where foreheads and temples sweat


def make_line_noise(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    amplitude: float = 5e-6,
    line_freq: float = 50.0,
    harmonics: Sequence[float] = (1.0, 0.3, 0.2, 0.1, 0.05),
    spread: float = 0.3,
    modulation: float = 0.1,
    wander: float = 0.01,
) -> FloatArray:
    """Make hum of the mains with its harmonics.

    Parameters
    ----------
    info : mne.Info | Electrodes
        EEG channels, each with a position, and the sampling rate.
    n_times : int
        Length in samples.
    rng : int | Generator | None
        Seed or generator.
    amplitude : float
        Usual amplitude of the fundamental, in volts.
    line_freq : float
        Frequency of the mains in hertz. Above half of the sampling rate nothing could be recorded:
        a ValueError.
    harmonics : sequence of float
        Usual amplitudes at 1, 2, 3, ... times the frequency of the mains, in units of
        ``amplitude``. Those above half of the sampling rate are left out.
    spread : float
        How much electrodes differ: standard deviation of the logarithm of their amplitudes.
    modulation : float
        How much the amplitude changes over seconds: standard deviation in units of itself.
    wander : float
        Standard deviation of the true frequency about ``line_freq``, in hertz.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts.

    Notes
    -----
    Amplitudes of 1 to 80 µV, nearly alike at all electrodes, 0.65 radians between their phases,
    changes of 4 to 11 % over seconds and frequencies within 0.02 Hz of 60 were measured in S018,
    S028 and S032 of the EEG Motor Movement/Imagery set (doi:10.13026/C28G6P); ratios of harmonics
    in the Glasgow recordings (doi:10.5525/gla.researchdata.676). How mains get in: Huhta & Webster
    1973, doi:10.1109/TBME.1973.324169.
    """
    electrodes, rng = read_electrodes(info), np.random.default_rng(rng)
    check_n_times(n_times)
    check_positive(amplitude=amplitude, line_freq=line_freq)
    sfreq, count = electrodes.sfreq, len(electrodes)
    if line_freq > sfreq / 2:
        raise ValueError(
            f"line_freq of {line_freq:g} Hz is above half of the sampling rate of {sfreq:g} Hz: "
            "nothing of it could be recorded. Choose another line_freq, or a higher rate."
        )
    true = line_freq + wander * rng.standard_normal()
    phase = 2 * np.pi * true * np.arange(n_times) / sfreq
    total = np.zeros((count, n_times))
    for number, ratio in enumerate(harmonics, 1):
        sizes = ratio * amplitude * np.exp(spread * rng.standard_normal((count, 1)))
        turns = rng.uniform(0, 2 * np.pi) + HUM_PHASES * rng.standard_normal((count, 1))
        if number * line_freq <= sfreq / 2:
            total += sizes * np.cos(turns) * np.cos(number * phase)
            total += sizes * np.sin(turns) * np.sin(number * phase)
    slow = draw_slow_waves(1, n_times, sfreq, (0.02, 0.3), 1.0, rng)
    return np.asarray(total * np.maximum(1 + modulation * slow, 0))


def make_drift(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    amplitude: float = 30e-6,
    low: float = 0.02,
    high: float = 0.3,
    slope: float = 2.0,
    extent: float = 0.08,
) -> FloatArray:
    """Make slow changes of the potentials of electrodes and skin, anywhere on the head.

    Parameters
    ----------
    info : mne.Info | Electrodes
        EEG channels, each with a position, and the sampling rate.
    n_times : int
        Length in samples.
    rng : int | Generator | None
        Seed or generator.
    amplitude : float
        Usual root mean square of an electrode over minutes, in volts. A short window may hold but
        an offset.
    low, high : float
        Between which frequencies it is, in hertz; others than 0 < low < high are a ValueError.
    slope : float
        Exponent by which the power falls with frequency.
    extent : float
        Distance over which electrodes drift alike, in metres: 0.02 is each for itself, 0.2 nearly
        the whole head together.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts.

    References
    ----------
    Slow potentials of the skin, larger in warmth and at high impedance: Kappenman & Luck 2010,
    doi:10.1111/j.1469-8986.2010.01009.x. Power that falls with the square of frequency: Gondran et
    al. 1996, Noise of surface bio-potential electrodes, Med Biol Eng Comput 34. The amplitude is an
    order of magnitude.
    """
    electrodes, rng = read_electrodes(info), np.random.default_rng(rng)
    check_n_times(n_times)
    check_positive(amplitude=amplitude, extent=extent)
    waves = draw_slow_waves(16, n_times, electrodes.sfreq, (low, high), slope, rng)
    fields = draw_fields(electrodes.positions, extent, len(waves), rng)
    own = np.exp(0.3 * rng.standard_normal((len(electrodes), 1)))
    return np.asarray(amplitude * own * (fields @ waves))


def make_sweat(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    amplitude: float = 60e-6,
    low: float = 0.1,
    high: float = 0.5,
    extent: float = 0.05,
    n_patches: int = 2,
) -> FloatArray:
    """Make the slow waves of skin that sweats, below hairline and temples.

    Parameters
    ----------
    info : mne.Info | Electrodes
        EEG channels, each with a position, and the sampling rate.
    n_times : int
        Length in samples.
    rng : int | Generator | None
        Seed or generator.
    amplitude : float
        Root mean square in the middle of a patch of skin, in volts, whether there is an electrode
        or not.
    low, high : float
        Between which frequencies it is, in hertz; others than 0 < low < high are a ValueError.
    extent : float
        Radius of the patches, in metres.
    n_patches : int
        How many there are, each with waves of its own.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts.

    References
    ----------
    Long waves of 0.25 to 0.5 Hz at forehead and temples: Tatum et al. 2011,
    doi:10.1097/WNP.0b013e31821c3c93; potentials of the skin: Kappenman & Luck 2010,
    doi:10.1111/j.1469-8986.2010.01009.x. The amplitude is an order of magnitude.
    """
    electrodes, rng = read_electrodes(info), np.random.default_rng(rng)
    check_n_times(n_times)
    check_positive(amplitude=amplitude, extent=extent, n_patches=n_patches)
    waves = draw_slow_waves(n_patches, n_times, electrodes.sfreq, (low, high), 1.0, rng)
    sites = [find_site(GLANDS[k]) for k in rng.integers(len(GLANDS), size=n_patches)]
    middles = np.array(sites) + 0.02 * rng.standard_normal((n_patches, 3))
    away = np.linalg.norm(electrodes.positions[:, np.newaxis] - middles, axis=-1)
    return np.asarray(amplitude * np.exp(-0.5 * (away / extent) ** 2) @ waves)
