"""Artifacts of motion: cables that are pulled and a cap that moves on the head."""

from __future__ import annotations

import mne
import numpy as np

from .._typing import FloatArray
from .electrodes import Electrodes, read_electrodes
from .events import check_n_times, check_positive, cut_span, draw_onsets, make_taper
from .slow import draw_fields, draw_slow_waves, draw_steps

SWAYS = 5.0  # time constants after which a cable hangs still
FARTHEST = 0.01  # of a cable's pull is no longer felt by its neighbours
N_HARMONICS = 6  # of steps


def make_cable_motion(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    amplitude: float = 150e-6,
    rate: float = 15.0,
    frequency: float = 2.0,
    damping: float = 0.4,
    extent: float = 0.02,
) -> FloatArray:
    """Make tugs at one cable that then sways.

    Parameters
    ----------
    info : mne.Info | Electrodes
        EEG channels, each with a position, and the sampling rate.
    n_times : int
        Length in samples.
    rng : int | Generator | None
        Seed or generator.
    amplitude : float
        Usual peak at the electrode of the cable, in volts. Single tugs are half or twice as
        strong.
    rate : float
        Tugs per minute; every window has one or more.
    frequency : float
        At which the cable sways, in hertz; tugs differ by a quarter or so.
    damping : float
        Time constant with which it comes to rest, in seconds.
    extent : float
        How far around the electrode its neighbours, whose cables hang with it, feel it, in metres.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts; zero between tugs, and at electrodes far away.

    References
    ----------
    Swaying cables as a main source of motion artifacts, at the frequency of the motion up to 2 Hz:
    Symeonidou et al. 2018, doi:10.3390/s18041073. The amplitude is of the order of the head turns
    of the Glasgow recordings (doi:10.5525/gla.researchdata.676), 290 µV from peak to peak.
    """
    electrodes, rng = read_electrodes(info), np.random.default_rng(rng)
    check_n_times(n_times)
    check_positive(
        amplitude=amplitude, rate=rate, frequency=frequency, damping=damping, extent=extent
    )
    positions = electrodes.positions
    away = np.linalg.norm(positions - positions[rng.integers(len(electrodes))], axis=1)
    felt = np.exp(-0.5 * (away / extent) ** 2)
    felt *= np.where(away > 0, np.exp(0.3 * rng.standard_normal(len(away))), 1.0)
    wave, length = np.zeros(n_times), SWAYS * damping
    for onset, _ in draw_onsets(n_times, electrodes.sfreq, rate, (length, length), rng):
        span, since = cut_span(onset, length, n_times, electrodes.sfreq)
        speed = 2 * np.pi * frequency * np.exp(0.25 * rng.standard_normal())
        top = np.arctan(speed * damping) / speed  # when the first swing is widest
        highest = np.sin(speed * top) * np.exp(-top / damping)
        size = rng.choice([-1.0, 1.0]) * amplitude * np.exp(rng.normal(0, 0.4)) / highest
        rest = np.exp(-since / damping) - np.exp(-SWAYS)
        wave[span] += size * np.sin(speed * since) * rest / (1 - np.exp(-SWAYS))
    return np.outer(np.where(felt < FARTHEST, 0.0, felt), wave)


def make_cap_motion(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    amplitude: float = 80e-6,
    rate: float = 6.0,
    duration: float = 4.0,
    gait: float = 0.3,
    step_rate: float = 1.8,
    extent: float = 0.06,
) -> FloatArray:
    """Make a cap that moves on the head: with turns of the head, and with steps.

    Parameters
    ----------
    info : mne.Info | Electrodes
        EEG channels, each with a position, and the sampling rate.
    n_times : int
        Length in samples.
    rng : int | Generator | None
        Seed or generator.
    amplitude : float
        Usual root mean square of an electrode while the cap moves, in volts.
    rate : float
        Spells of motion per minute; every window has one or more.
    duration : float
        Usual length of a spell, in seconds.
    gait : float
        Share of the power that is steps, from 0 (turns of the head alone) to 1 (steps alone).
    step_rate : float
        Steps per second.
    extent : float
        Distance over which electrodes move alike, in metres.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts; zero between spells.

    Notes
    -----
    Turns have a power that falls with the square of frequency from 0.5 to 6 Hz, and the amplitude
    is that of caps moved by hand: 270 µV from peak to peak in two seconds, the median of six people
    of the Glasgow recordings (doi:10.5525/gla.researchdata.676). Steps have harmonics and differ
    from electrode to electrode: Kline et al. 2015, doi:10.1088/1741-2560/12/4/046022. A ``gait``
    outside its range is a ValueError.
    """
    electrodes, rng = read_electrodes(info), np.random.default_rng(rng)
    check_n_times(n_times)
    check_positive(
        amplitude=amplitude, rate=rate, duration=duration, step_rate=step_rate, extent=extent
    )
    if not 0 <= gait <= 1:
        raise ValueError(f"gait must be a share from 0 to 1, got {gait!r}.")
    sfreq, positions = electrodes.sfreq, electrodes.positions
    turns = draw_slow_waves(16, n_times, sfreq, (0.5, 6.0), 2.0, rng)
    motion = np.sqrt(1 - gait) * draw_fields(positions, extent, len(turns), rng) @ turns
    # Each harmonic of the steps has its own pattern, so that electrodes see other shapes.
    for step in draw_steps(n_times, sfreq, step_rate, N_HARMONICS, rng):
        strengths = np.sqrt(gait) * rng.standard_normal((16, 2))
        motion += draw_fields(positions, extent, 16, rng) @ strengths @ step
    envelope = np.zeros(n_times)
    lengths = (0.5 * duration, 1.5 * duration)
    for onset, length in draw_onsets(n_times, sfreq, rate, lengths, rng):
        span, since = cut_span(onset, length, n_times, sfreq)
        envelope[span] = make_taper(since, length, 0.3)
    return np.asarray(amplitude * envelope * motion)
