"""Artifacts of single electrodes: pops, noise of a bad contact, flat and dead channels."""

from __future__ import annotations

from collections.abc import Sequence

import mne
import numpy as np

from .._typing import FloatArray, IntArray
from .electrodes import Electrodes, read_electrodes
from .events import check_n_times, check_positive
from .rhythms import sum_power_laws

GONE = 0.001  # of a pop is left where it counts as over


def make_electrode_pops(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    amplitude: float = 100e-6,
    rate: float = 10.0,
    high_pass: float = 0.5,
    n_channels: int = 1,
    channels: Sequence[str] | None = None,
) -> FloatArray:
    """Make electrodes whose contact jumps, as an amplifier coupled to alternating current sees it.

    Parameters
    ----------
    info : mne.Info | Electrodes
        EEG channels, each with a position, and the sampling rate.
    n_times : int
        Length in samples.
    rng : int | Generator | None
        Seed or generator.
    amplitude : float
        Usual height of the jump, up or down, in volts. Single pops are half or twice as high.
    rate : float
        Pops per minute; every window has one or more.
    high_pass : float
        Corner of the amplifier's first-order high-pass, in hertz: the potential decays with a time
        constant of 1 / (2 pi high_pass).
    n_channels : int
        At how many electrodes, chosen by chance.
    channels : sequence of str | None
        At which electrodes instead. An unknown name is a ValueError.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts; zero before a pop and once a thousandth of it is left.

    References
    ----------
    Abrupt jumps at one electrode, unlike anything around it: Tatum et al. 2011,
    doi:10.1097/WNP.0b013e31821c3c93. The height is an order of magnitude, not a measurement.
    """
    electrodes, rng = read_electrodes(info), np.random.default_rng(rng)
    check_n_times(n_times)
    check_positive(amplitude=amplitude, rate=rate, high_pass=high_pass)
    artifact = np.zeros((len(electrodes), n_times))
    places = choose_channels(electrodes, channels, n_channels, rng)
    decay = 1 / (2 * np.pi * high_pass) * electrodes.sfreq
    length = int(np.ceil(-decay * np.log(GONE)))
    course = (np.exp(-np.arange(length) / decay) - GONE) / (1 - GONE)
    count = max(len(places), int(rng.poisson(rate * n_times / electrodes.sfreq / 60)))
    for number, start in enumerate(rng.integers(n_times, size=count)):
        height = rng.choice([-1.0, 1.0]) * amplitude * np.exp(rng.normal(0, 0.5))
        stop = min(n_times, start + length)
        artifact[places[number % len(places)], start:stop] += height * course[: stop - start]
    return artifact


def make_impedance_noise(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    amplitude: float = 20e-6,
    slope: float = 1.5,
    hum: float = 10e-6,
    line_freq: float = 50.0,
    n_channels: int = 2,
    channels: Sequence[str] | None = None,
) -> FloatArray:
    """Make the noise of electrodes with a bad contact: slow fluctuations, and hum of the mains.

    Parameters
    ----------
    info : mne.Info | Electrodes
        EEG channels, each with a position, and the sampling rate.
    n_times : int
        Length in samples.
    rng : int | Generator | None
        Seed or generator.
    amplitude : float
        Usual root mean square of the fluctuations from 1 to 40 Hz, in volts. Electrodes differ
        from it by a third or so.
    slope : float
        Exponent by which their power falls with frequency.
    hum : float
        Usual amplitude of the hum, in volts; 0 for none.
    line_freq : float
        Frequency of the mains in hertz; above half of the sampling rate it is not recorded.
    n_channels : int
        How many electrodes have it, chosen by chance.
    channels : sequence of str | None
        Which have it instead. An unknown name is a ValueError.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts; zero at the other electrodes.

    References
    ----------
    Noise of the skin of 1 to 20 µV: Huigen et al. 2002, doi:10.1007/BF02344216; mostly slow where
    impedance is high: Kappenman & Luck 2010, doi:10.1111/j.1469-8986.2010.01009.x. Hum where
    impedances are unequal: Huhta & Webster 1973, doi:10.1109/TBME.1973.324169.
    """
    electrodes, rng = read_electrodes(info), np.random.default_rng(rng)
    check_n_times(n_times)
    check_positive(amplitude=amplitude, slope=slope, line_freq=line_freq)
    artifact = np.zeros((len(electrodes), n_times))
    places = choose_channels(electrodes, channels, n_channels, rng)
    sizes = np.exp(rng.normal(0, 0.3, (2, len(places))))
    noise = sum_power_laws(
        np.diag(amplitude * sizes[0]), np.full(len(places), slope), n_times, electrodes.sfreq, rng
    )
    artifact[places] = noise + hum * _draw_hum(sizes[1], n_times, electrodes.sfreq, line_freq, rng)
    return artifact


def make_flat_channel(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    clean: FloatArray,
    level: float = 0.0,
    duration: float | None = None,
    n_channels: int = 1,
    channels: Sequence[str] | None = None,
) -> FloatArray:
    """Make what turns a clean recording into one with channels that hold one value.

    Parameters
    ----------
    info : mne.Info | Electrodes
        EEG channels, each with a position, and the sampling rate.
    n_times : int
        Length in samples.
    rng : int | Generator | None
        Seed or generator.
    clean : ndarray, shape (n_channels, n_times)
        The recording it is added to, in volts; another shape is a ValueError.
    level : float
        The value they hold, in volts.
    duration : float | None
        For how long, in seconds; the moment is drawn. None is all the time.
    n_channels : int
        How many channels, chosen by chance.
    channels : sequence of str | None
        Which channels instead. An unknown name is a ValueError.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts; ``clean + artifact`` is flat in these channels, and exactly 0 if ``level`` is.

    References
    ----------
    Channels without signal among those to be found: Bigdely-Shamlo et al. 2015 (PREP),
    doi:10.3389/fninf.2015.00016.
    """
    electrodes, rng = read_electrodes(info), np.random.default_rng(rng)
    places, span = _choose_span(electrodes, n_times, rng, clean, duration, n_channels, channels)
    return _replace(clean, places, span, np.full((len(places), span.stop - span.start), level))


def make_dead_channel(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    clean: FloatArray,
    noise: float = 1e-6,
    hum: float = 10e-6,
    line_freq: float = 50.0,
    duration: float | None = None,
    n_channels: int = 1,
    channels: Sequence[str] | None = None,
) -> FloatArray:
    """Make what turns a clean recording into one with channels whose electrode has come off.

    Parameters
    ----------
    info : mne.Info | Electrodes
        EEG channels, each with a position, and the sampling rate.
    n_times : int
        Length in samples.
    rng : int | Generator | None
        Seed or generator.
    clean : ndarray, shape (n_channels, n_times)
        The recording it is added to, in volts; another shape is a ValueError.
    noise : float
        Root mean square of the amplifier's noise, in volts.
    hum : float
        Usual amplitude of what the cable picks up, in volts; 0 for none.
    line_freq : float
        Frequency of the mains in hertz; above half of the sampling rate it is not recorded.
    duration : float | None
        For how long, in seconds; the moment is drawn. None is all the time.
    n_channels : int
        How many channels, chosen by chance.
    channels : sequence of str | None
        Which channels instead. An unknown name is a ValueError.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts; ``clean + artifact`` holds noise and hum in these channels.

    References
    ----------
    Hum of leads: Huhta & Webster 1973, doi:10.1109/TBME.1973.324169. The noise is what data sheets
    of amplifiers tell.
    """
    electrodes, rng = read_electrodes(info), np.random.default_rng(rng)
    check_positive(noise=noise, line_freq=line_freq)
    places, span = _choose_span(electrodes, n_times, rng, clean, duration, n_channels, channels)
    count, length = len(places), span.stop - span.start
    own = noise * rng.standard_normal((count, length))
    sizes = hum * np.exp(rng.normal(0, 0.5, count))
    own += _draw_hum(sizes, length, electrodes.sfreq, line_freq, rng)
    return _replace(clean, places, span, own)


def choose_channels(
    electrodes: Electrodes,
    channels: Sequence[str] | None,
    n_channels: int,
    rng: np.random.Generator,
) -> IntArray:
    """Find channels by name, or draw some; never more than there are."""
    if channels is None:
        if n_channels < 1:
            raise ValueError(f"n_channels must be 1 or more, got {n_channels!r}.")
        return rng.permutation(len(electrodes))[:n_channels]
    lost = [repr(name) for name in channels if name not in electrodes.ch_names]
    if lost or not len(channels):
        found = f"unknown: {', '.join(lost)}" if lost else "none given"
        raise ValueError(f"channels must be of {', '.join(electrodes.ch_names)}; {found}.")
    return np.array([electrodes.ch_names.index(name) for name in channels])


def _draw_hum(
    sizes: FloatArray, n_times: int, sfreq: float, line_freq: float, rng: np.random.Generator
) -> FloatArray:
    """Draw sines of the mains, each with a phase of its own; nothing if they are too fast."""
    phases = rng.uniform(0, 2 * np.pi, (len(sizes), 1))
    if line_freq >= sfreq / 2:
        return np.zeros((len(sizes), n_times))
    time = np.arange(n_times) / sfreq
    return np.asarray(sizes[:, np.newaxis] * np.sin(2 * np.pi * line_freq * time + phases))


def _choose_span(
    electrodes: Electrodes,
    n_times: int,
    rng: np.random.Generator,
    clean: FloatArray,
    duration: float | None,
    n_channels: int,
    channels: Sequence[str] | None,
) -> tuple[IntArray, slice]:
    """Choose which channels fail, and when; the middle of that is inside the window."""
    check_n_times(n_times)
    if np.shape(clean) != (len(electrodes), n_times):
        raise ValueError(
            f"clean has shape {np.shape(clean)}, but must be the recording itself, of shape "
            f"({len(electrodes)}, {n_times})."
        )
    places = choose_channels(electrodes, channels, n_channels, rng)
    if duration is None:
        return places, slice(0, n_times)
    check_positive(duration=duration)
    length = max(1, round(duration * electrodes.sfreq))
    start = int(rng.integers(n_times)) - length // 2
    return places, slice(max(0, start), min(n_times, start + length))


def _replace(clean: FloatArray, places: IntArray, span: slice, own: FloatArray) -> FloatArray:
    """Give what must be added so that ``own`` is recorded in these channels."""
    artifact = np.zeros(np.shape(clean))
    artifact[places, span] = own - np.asarray(clean)[places, span]
    return artifact
