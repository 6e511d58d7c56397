"""Artifacts of the eyes: blinks, saccades and slow movements, in volts at any electrodes."""

from __future__ import annotations

import mne
import numpy as np

from .._typing import FloatArray
from .electrodes import Electrodes, read_electrodes
from .events import check_n_times, check_positive, cut_span, draw_onsets, make_taper
from .gaze import draw_glance, find_duration, shape_blink, shape_saccade, shape_spike
from .headmodel import draw_eyes
from .headshape import carry_to_template

# Where amplitudes are told, on the template head in metres: Fp1 and Fp2, left and right outer
# canthus, above both eyes, below both eyes, and Pz.
PROBES = np.array([
    [-0.031, 0.115, 0.028], [0.028, 0.115, 0.028],
    [-0.062, 0.072, -0.005], [0.062, 0.072, -0.005],
    [-0.033, 0.105, 0.022], [0.033, 0.105, 0.022],
    [-0.033, 0.098, -0.035], [0.033, 0.098, -0.035],
    [-0.002, -0.045, 0.127],
])  # fmt: skip

SPIKE_SFREQ = 200.0  # hertz: slower recordings do not hold the spike of the eye muscles


def make_blinks(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    amplitude: float = 150e-6,
    duration: float = 0.4,
    rate: float = 15.0,
    rotation: float = 2.0,
    gain: float = 16e-6,
) -> FloatArray:
    """Make blinks of one person.

    Parameters
    ----------
    info : mne.Info | Electrodes
        EEG channels, each with a position, and the sampling rate.
    n_times : int
        Length in samples.
    rng : int | Generator | None
        Seed or generator.
    amplitude : float
        Usual height above the eyes, at the places of Fp1 and Fp2, in volts. Single blinks differ
        by a seventh or so.
    duration : float
        Time from the first to the last movement of the lids, in seconds; at half its height a
        blink is a third as long.
    rate : float
        Blinks per minute; every window has one or more.
    rotation : float
        How far the eyes turn down under the lids meanwhile, in degrees, and back.
    gain : float
        Potential of a turn of one degree, in volts, between above and below the eye.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts, seen from infinity; zero between blinks. Closing and opening lids and turning
        eyes have topographies of their own: the rank is two.

    Notes
    -----
    Topography after Plöchl et al. 2012 (doi:10.3389/fnhum.2012.00278); lids close faster than they
    open, as VanderWerf et al. 2003 measured (doi:10.1152/jn.00557.2002) and as the blinks of the
    Glasgow recordings do (doi:10.5525/gla.researchdata.676).
    """
    electrodes, maps, rng = _open_eyes(info, n_times, rng)
    check_positive(amplitude=amplitude, duration=duration, rate=rate, gain=gain)
    lids, turned = np.zeros(n_times), np.zeros(n_times)
    lengths = (0.75 * duration, 1.25 * duration)
    for onset, length in draw_onsets(n_times, electrodes.sfreq, rate, lengths, rng):
        span, since = cut_span(onset, length, n_times, electrodes.sfreq)
        lids[span] = np.exp(rng.normal(0, 0.15)) * shape_blink(since / length)
        turned[span] = -np.exp(rng.normal(0, 0.3)) * make_taper(since, length, 0.5 * length)
    blink = amplitude / maps[0, :2].mean() * maps[0, len(PROBES) :]
    down = gain * rotation * _level_vertical(maps)[len(PROBES) :]
    return np.asarray(np.outer(blink, lids) + np.outer(down, turned))


def make_horizontal_saccades(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    angle: float = 8.0,
    rate: float = 20.0,
    hold: float = 0.6,
    gain: float = 16e-6,
    spike: float = 8e-6,
) -> FloatArray:
    """Make glances to the side: saccades there, mostly on to another place, and back.

    Parameters
    ----------
    info : mne.Info | Electrodes
        EEG channels, each with a position, and the sampling rate.
    n_times : int
        Length in samples.
    rng : int | Generator | None
        Seed or generator.
    angle : float
        Usual size of a saccade, in degrees.
    rate : float
        Glances per minute; every window has one or more.
    hold : float
        Usual time that the gaze rests at a place, in seconds.
    gain : float
        Potential of a turn of one degree, in volts, between the outer corners of both eyes.
    spike : float
        Potential of the eye muscles at the start of a saccade of ``angle``, in volts, between the
        brows and Pz. Left out where the sampling rate is below 200 Hz, which does not hold it.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts, seen from infinity; zero while the gaze is straight ahead. No amplifier's
        high-pass is in it: while a gaze rests elsewhere, so does the potential.

    Notes
    -----
    A saccade of so many degrees takes 2.2 ms for each and 21 ms (Carpenter 1988, Movements of the
    Eyes); its course is that of least jerk. 16 µV a degree is usual for the electrooculogram
    (Malmivuo & Plonsey 1995, ch. 28: 5 to 20). Spike potential: Plöchl et al. 2012
    (doi:10.3389/fnhum.2012.00278).
    """
    electrodes, maps, rng = _open_eyes(info, n_times, rng)
    check_positive(angle=angle, rate=rate, hold=hold, gain=gain)
    level = gain * _level_horizontal(maps)
    return _make_glances(electrodes, maps, level, n_times, rng, angle, rate, hold, spike)


def make_vertical_saccades(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    angle: float = 6.0,
    rate: float = 15.0,
    hold: float = 0.6,
    gain: float = 16e-6,
    spike: float = 8e-6,
) -> FloatArray:
    """Make glances up and down: saccades there, mostly on to another place, and back.

    Parameters
    ----------
    info, n_times, rng, angle, rate, hold
        As in `make_horizontal_saccades`.
    gain : float
        Potential of a turn of one degree, in volts, between above and below the eye.
    spike
        As in `make_horizontal_saccades`.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts, seen from infinity; zero while the gaze is straight ahead.

    Notes
    -----
    As in `make_horizontal_saccades`. The lids, which follow the gaze, are left out.
    """
    electrodes, maps, rng = _open_eyes(info, n_times, rng)
    check_positive(angle=angle, rate=rate, hold=hold, gain=gain)
    level = gain * _level_vertical(maps)
    return _make_glances(electrodes, maps, level, n_times, rng, angle, rate, hold, spike)


def make_slow_eye_movements(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    angle: float = 12.0,
    frequency: float = 0.25,
    duration: float = 15.0,
    rate: float = 2.0,
    gain: float = 16e-6,
) -> FloatArray:
    """Make eyes that roll from side to side, as in drowsiness.

    Parameters
    ----------
    info, n_times, rng
        As in `make_horizontal_saccades`.
    angle : float
        Usual turn to either side, in degrees.
    frequency : float
        Usual number of turns to and fro per second, 0.1 to 0.5.
    duration : float
        Usual length of a bout, in seconds.
    rate : float
        Bouts per minute; every window has one or more.
    gain : float
        Potential of a turn of one degree, in volts, between the outer corners of both eyes.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts, seen from infinity; zero between bouts.

    Notes
    -----
    Pendular, mostly horizontal, below 1 Hz: what sleep scoring calls slow rolling eye movements
    (Rechtschaffen & Kales 1968). The vertical part is smaller and goes along with a lag.
    """
    electrodes, maps, rng = _open_eyes(info, n_times, rng)
    check_positive(angle=angle, frequency=frequency, duration=duration, rate=rate, gain=gain)
    waves = np.zeros((2, n_times))
    lengths = (0.7 * duration, 1.3 * duration)
    for onset, length in draw_onsets(n_times, electrodes.sfreq, rate, lengths, rng):
        span, since = cut_span(onset, length, n_times, electrodes.sfreq)
        pace, wander = frequency * np.exp(rng.normal(0, 0.2)), rng.uniform(0.5, 1.5)
        # The pace swings by a third around its own mean, over some cycles.
        phase = 2 * np.pi * pace * since + rng.uniform(0, 2 * np.pi)
        phase += np.sin(0.4 * wander * pace * 2 * np.pi * since + rng.uniform(0, 2 * np.pi))
        size = np.exp(rng.normal(0, 0.25)) * make_taper(since, length, 0.5 / pace)
        waves[:, span] = size * np.sin(phase - np.array([[0.0], [rng.uniform(-1, 1)]]))
    levels = np.array([_level_horizontal(maps), 0.2 * _level_vertical(maps)])
    return np.asarray(gain * angle * levels[:, len(PROBES) :].T @ waves)


def _open_eyes(
    info: mne.Info | Electrodes, n_times: int, rng: int | np.random.Generator | None
) -> tuple[Electrodes, FloatArray, np.random.Generator]:
    """Draw a person's eyes at the probes and then the electrodes, shape (4, n_all)."""
    electrodes, rng = read_electrodes(info), np.random.default_rng(rng)
    check_n_times(n_times)
    placed = np.vstack([PROBES, carry_to_template(electrodes.positions)])
    return electrodes, draw_eyes(placed, rng), rng


def _level_horizontal(maps: FloatArray) -> FloatArray:
    """Horizontal movement, 1 from the left to the right corner."""
    return np.asarray(maps[1] / (maps[1, 3] - maps[1, 2]))


def _level_vertical(maps: FloatArray) -> FloatArray:
    """Vertical movement, 1 between above and below the eyes."""
    return np.asarray(maps[2] / (maps[2, 4:6].mean() - maps[2, 6:8].mean()))


def _make_glances(
    electrodes: Electrodes,
    maps: FloatArray,
    level: FloatArray,
    n_times: int,
    rng: np.random.Generator,
    angle: float,
    rate: float,
    hold: float,
    spike: float,
) -> FloatArray:
    """Turn glances into potentials: ``level`` in volts a degree, and the spikes at their starts."""
    gaze, spikes = np.zeros(n_times), np.zeros(n_times)
    lengths = (0.6 * hold + 0.15, 2.5 * hold + 0.15)
    for onset, length in draw_onsets(n_times, electrodes.sfreq, rate, lengths, rng):
        span, since = cut_span(onset, length, n_times, electrodes.sfreq)
        for start, step in draw_glance(length, angle, rng):
            gaze[span] += step * shape_saccade((since - start) / find_duration(step))
            spikes[span] += np.sqrt(abs(step) / angle) * shape_spike(since - start)
        gaze[span] *= since < length - find_duration(0.0) / 10  # rounding must not outlast it
    artifact = np.outer(level[len(PROBES) :], gaze)
    if electrodes.sfreq >= SPIKE_SFREQ:
        depth = maps[3] / (maps[3, 4:6].mean() - maps[3, 8])
        artifact += spike * np.outer(depth[len(PROBES) :], spikes)
    return np.asarray(artifact)
