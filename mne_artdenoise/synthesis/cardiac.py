"""Artifacts of the heart: its electric field, and the pulse under an electrode, in volts."""

from __future__ import annotations

import mne
import numpy as np

from .._typing import FloatArray
from .electrodes import Electrodes, read_electrodes
from .events import check_n_times, check_positive
from .headmodel import draw_heart_axis, project_heart
from .headshape import carry_to_template

# Waves P, Q, R, S and T: phase of the beat, height before integration, width in phase (McSharry et
# al. 2003, table I), and how far each heart vector lies from that of R, as a share of it.
PHASES = np.array([-np.pi / 3, -np.pi / 12, 0.0, np.pi / 12, np.pi / 2])
SLOPES = np.array([1.2, -5.0, 30.0, -7.5, 0.75])
WIDTHS = np.array([0.25, 0.1, 0.1, 0.1, 0.4])
TURNS = np.array([0.4, 0.4, 0.0, 0.4, 0.4])

# Where the size of the heart's field is told, on the template head in metres: both ears, nasion,
# inion and vertex.
PROBES = np.array([
    [-0.088, 0.003, -0.027], [0.084, 0.002, -0.027],
    [0.0, 0.11, 0.0], [0.0, -0.08, 0.02], [-0.001, 0.028, 0.14],
])  # fmt: skip
# Temporal, frontal and occipital arteries under the skin of the left; those of the right mirror it.
ARTERIES = np.array([[-0.080, 0.030, 0.015], [-0.055, 0.095, 0.050], [-0.050, -0.070, 0.020]])


def make_heart(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    amplitude: float = 8e-6,
    heart_rate: float = 70.0,
    variability: float = 0.05,
) -> FloatArray:
    """Make the electric field of the heart: an electrocardiogram with a far-field topography.

    Parameters
    ----------
    info : mne.Info | Electrodes
        EEG channels, each with a position, and the sampling rate.
    n_times : int
        Length in samples.
    rng : int | Generator | None
        Seed or generator.
    amplitude : float
        Largest difference at the R peak between two of ears, nasion, inion and vertex, in volts.
    heart_rate : float
        Beats per minute.
    variability : float
        Deviation of the time between beats over its mean: breathing and slower.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts, against the middle of the head. The heart never rests, so none of it is zero;
        its waves have directions of their own, so that its rank is up to three.

    Notes
    -----
    Waves after McSharry et al. 2003 (doi:10.1109/TBME.2003.808805), each a Gaussian of the phase
    of the beat, and a moving dipole (Sameni et al. 2007, doi:10.1155/2007/43407). Between the ears
    of 20 people of the eegmat set (doi:10.13026/C2JQ1P) the R peak is 0 to 12 µV.
    """
    electrodes, rng = read_electrodes(info), np.random.default_rng(rng)
    check_n_times(n_times)
    check_positive(amplitude=amplitude)
    axis = draw_heart_axis(rng)
    moments = axis + TURNS[:, np.newaxis] * rng.standard_normal((len(PHASES), 3))
    moments /= np.linalg.norm(moments, axis=1, keepdims=True)
    maps = project_heart(np.vstack([PROBES, carry_to_template(electrodes.positions)]), moments)
    phase = draw_beats(n_times, electrodes.sfreq, heart_rate, variability, rng)
    size = amplitude / np.ptp(maps[2, : len(PROBES)])
    return np.asarray(size * maps[:, len(PROBES) :].T @ shape_heartbeat(phase, heart_rate))


def shape_heartbeat(phase: FloatArray, heart_rate: float = 60.0) -> FloatArray:
    """Waves P, Q, R, S and T over the phase of the beat, R being one at phase zero.

    Parameters
    ----------
    phase : ndarray, shape (n_times,)
        From -pi to pi.
    heart_rate : float
        Beats per minute: the faster, the wider the waves are in phase.

    Returns
    -------
    waves : ndarray, shape (5, n_times)
        Their sum is an electrocardiogram.
    """
    faster = np.sqrt(heart_rate / 60)
    places = PHASES * np.array([np.sqrt(faster), faster, 1.0, faster, np.sqrt(faster)])
    widths = WIDTHS * faster
    # The model gives the slope of each wave; its integral over phase is a Gaussian.
    heights = SLOPES * WIDTHS**2 / (SLOPES[2] * WIDTHS[2] ** 2)
    away = np.angle(np.exp(1j * (phase - places[:, np.newaxis])))
    return np.asarray(heights[:, None] * np.exp(-0.5 * (away / widths[:, None]) ** 2))


def draw_beats(
    n_times: int, sfreq: float, heart_rate: float, variability: float, rng: np.random.Generator
) -> FloatArray:
    """Draw the phase of the beat from -pi to pi at each sample, zero at R, shape (n_times,)."""
    check_positive(heart_rate=heart_rate)
    if not 0 <= variability < 0.5:
        raise ValueError(f"variability must be 0 or more and below 0.5, got {variability!r}.")
    usual, duration = 60 / heart_rate, n_times / sfreq
    count = int(2 * duration / usual) + 4
    about = usual * np.arange(count)
    low, high = rng.uniform(0, 2 * np.pi, 2)
    # Waves of blood pressure at 0.1 Hz and of breathing at 0.25 Hz, and a little of neither.
    swing = np.sin(2 * np.pi * 0.1 * about + low) + np.sin(2 * np.pi * 0.25 * about + high)
    intervals = usual * (1 + variability * (0.9 * swing + 0.4 * rng.standard_normal(count)))
    beats = np.cumsum(np.maximum(intervals, 0.3 * usual)) - usual * (2 + rng.random())
    turns = np.interp(np.arange(n_times) / sfreq, beats, np.arange(count))
    return np.asarray(2 * np.pi * (turns - np.round(turns)))


def make_pulse(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    amplitude: float = 30e-6,
    heart_rate: float = 70.0,
    variability: float = 0.05,
    delay: float = 0.2,
    electrode: str | None = None,
    reach: float = 0.012,
) -> FloatArray:
    """Make the movement of one electrode that sits on an artery: a slow wave with every beat.

    Parameters
    ----------
    info, n_times, rng
        As in `make_heart`.
    amplitude : float
        Height of the wave at that electrode, in volts.
    heart_rate, variability
        As in `make_heart`.
    delay : float
        Time from the R peak of the heart to the peak of the wave, in seconds.
    electrode : str | None
        Name of the channel; one that is not there is a ValueError. None takes the channel nearest
        to an artery that is drawn: temporal, frontal or occipital, left or right.
    reach : float
        Distance over which the skin moves along, in metres.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts; zero at electrodes out of reach.

    Notes
    -----
    A wave after each beat at one electrode, 200 ms or so after the QRS complex (Tatum et al. 2011,
    Artifact and recording concepts in EEG, J. Clin. Neurophysiol. 28, 252-263).
    """
    electrodes, rng = read_electrodes(info), np.random.default_rng(rng)
    check_n_times(n_times)
    check_positive(amplitude=amplitude, delay=delay, reach=reach)
    placed = carry_to_template(electrodes.positions)
    if electrode is not None and electrode not in electrodes.ch_names:
        known = ", ".join(electrodes.ch_names)
        raise ValueError(f"electrode is {electrode!r}, but the EEG channels are {known}.")
    if electrode is None:
        artery = ARTERIES[rng.integers(len(ARTERIES))] * [rng.choice([-1.0, 1.0]), 1.0, 1.0]
        where = int(np.argmin(np.linalg.norm(placed - artery, axis=1)))
    else:
        where = electrodes.ch_names.index(electrode)
    away = np.linalg.norm(placed - placed[where], axis=1) / reach
    share = np.where(away < 3, np.exp(-0.5 * away**2), 0.0)
    phase = draw_beats(n_times, electrodes.sfreq, heart_rate, variability, rng)
    wave = shape_pulse(phase - 2 * np.pi * delay * heart_rate / 60)
    return np.asarray(rng.choice([-1.0, 1.0]) * amplitude * np.outer(share, wave))


def shape_pulse(phase: FloatArray) -> FloatArray:
    """Wave of a pulse over the phase of the beat: steep rise, slow fall with a second hump."""
    away = np.angle(np.exp(1j * phase))
    first = np.exp(-0.5 * (away / np.where(away < 0, 0.45, 0.8)) ** 2)
    second = np.exp(-0.5 * (np.angle(np.exp(1j * (phase - 1.9))) / 0.5) ** 2)
    return np.asarray(first + 0.25 * second)
