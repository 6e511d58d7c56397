"""Artifacts of the muscles of head, jaw and neck, in volts at any electrodes."""

from __future__ import annotations

from collections.abc import Sequence

import mne
import numpy as np

from .._typing import FloatArray
from .electrodes import Electrodes, read_electrodes
from .events import check_n_times, check_positive
from .headmodel import MUSCLES, SIDES, draw_units
from .headshape import carry_to_template
from .motor_units import draw_bursts, draw_firing, draw_strokes, draw_tremor

MODES = ("tonic", "bursts")

# Usual size on the skin in volts, root mean square, and how far the motor units of a muscle lie
# from its middle, in metres. The forehead's size is that of raised eyebrows at Fp1 in the Glasgow
# recordings (23 to 69 µV); those of jaw and neck give caps, which end above them, much less.
SIZES = {
    "frontal": 40e-6, "temporal": 60e-6, "masseter": 150e-6, "neck": 100e-6, "auricular": 40e-6,
}  # fmt: skip
EXTENTS = {
    "frontal": 0.014, "temporal": 0.018, "masseter": 0.014, "neck": 0.018, "auricular": 0.008,
}  # fmt: skip


def make_muscle(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    muscle: str | None = None,
    side: str | None = None,
    mode: str = "bursts",
    amplitude: float | None = None,
    n_units: int = 4,
    firing_rate: float = 400.0,
    duration: float = 1.0,
    rate: float = 15.0,
) -> FloatArray:
    """Make the activity of one muscle.

    Parameters
    ----------
    info : mne.Info | Electrodes
        EEG channels, each with a position, and the sampling rate.
    n_times : int
        Length in samples.
    rng : int | Generator | None
        Seed or generator.
    muscle : "frontal" | "temporal" | "masseter" | "neck" | "auricular" | None
        Which; None draws one. Another is a ValueError that lists these.
    side : "left" | "right" | "both" | None
        None draws one of the first two.
    mode : "tonic" | "bursts"
        Whether it is tense all the time, or now and then.
    amplitude : float | None
        Root mean square on the skin straight above the muscle while it is tense, in volts. None is
        what is usual of this muscle (``SIZES``).
    n_units : int
        Sources on each side, each with a place and a course of its own: the rank.
    firing_rate : float
        Action potentials per second in each source, which stands for some motor units. The fewer,
        the spikier.
    duration : float
        Usual length of a burst, in seconds.
    rate : float
        Bursts per minute; every window has one or more.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts, seen from infinity; zero between bursts.

    Notes
    -----
    Trains of action potentials through a filter with the spectrum of Shwedyk et al. 1977 (A
    nonstationary model for the electromyogram, IEEE Trans. Biomed. Eng. 24). Spectrum and kurtosis
    lie within those of chin recordings of the Glasgow set (doi:10.5525/gla.researchdata.676); how
    muscles differ is after Goncharova et al. 2003 (Clin. Neurophysiol. 114, 1580-1593).
    """
    electrodes, rng = _open(info, n_times, rng)
    check_positive(duration=duration, rate=rate)
    _check_known("mode", mode, MODES)
    _check_known("muscle", muscle, (*MUSCLES, None))
    _check_known("side", side, (*SIDES, "both", None))
    muscle = muscle or str(rng.choice(sorted(MUSCLES)))
    side = side or str(rng.choice(SIDES))
    sides = SIDES if side == "both" else (side,)
    envelope: FloatArray = np.ones(n_times)
    if mode == "bursts":
        envelope = draw_bursts(n_times, electrodes.sfreq, rate, duration, rng)
    parts = [(muscle, part, 1.0) for part in sides]
    amplitude = SIZES[muscle] if amplitude is None else amplitude
    return _tense(electrodes, parts, envelope, amplitude, n_units, firing_rate, rng)


def make_chewing(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    amplitude: float = 100e-6,
    frequency: float = 1.57,
    duration: float = 8.0,
    rate: float = 4.0,
    n_units: int = 4,
    firing_rate: float = 400.0,
) -> FloatArray:
    """Make chewing: masseter and temporal muscle of both sides tense with every stroke.

    Parameters
    ----------
    info, n_times, rng
        As in `make_muscle`.
    amplitude : float
        Root mean square on the skin above the masseter of the side that works, in the middle of a
        stroke, in volts.
    frequency : float
        Strokes per second.
    duration : float
        Usual length of an episode, in seconds.
    rate : float
        Episodes per minute; every window has one or more.
    n_units, firing_rate
        As in `make_muscle`.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts, seen from infinity; zero between strokes.

    Notes
    -----
    Po et al. 2011 (doi:10.1177/0022034511416669): 0.94 to 2.17 strokes per second, 1.57 on
    average, in episodes of 3 to 35 s. Here a stroke is tense for 35 to 50 % of its time, and one
    side works harder.
    """
    electrodes, rng = _open(info, n_times, rng)
    check_positive(frequency=frequency, duration=duration, rate=rate)
    envelope = draw_strokes(n_times, electrodes.sfreq, rate, duration, frequency, rng)
    working, other = rng.permutation(SIDES)
    parts = [
        (muscle, side, size * share)
        for muscle, size in (("masseter", 1.0), ("temporal", 0.5))
        for side, share in ((working, 1.0), (other, rng.uniform(0.4, 0.8)))
    ]
    return _tense(electrodes, parts, envelope, amplitude, n_units, firing_rate, rng)


def make_jaw_clench(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    amplitude: float = 150e-6,
    duration: float = 4.0,
    rate: float = 4.0,
    n_units: int = 6,
    firing_rate: float = 400.0,
) -> FloatArray:
    """Make clenched jaws: masseter and temporal muscle of both sides, tense for seconds.

    Parameters
    ----------
    info, n_times, rng
        As in `make_muscle`.
    amplitude : float
        Root mean square on the skin above the masseter, in volts.
    duration : float
        Usual length of a clench, in seconds.
    rate : float
        Clenches per minute; every window has one or more.
    n_units, firing_rate
        As in `make_muscle`.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts, seen from infinity; zero between clenches.

    Notes
    -----
    Clenches of the Glasgow recordings (doi:10.5525/gla.researchdata.676) last 2.5 to 5 s; they
    give 15 to 43 µV root mean square at the chin, some centimetres from the masseter.
    """
    electrodes, rng = _open(info, n_times, rng)
    check_positive(duration=duration, rate=rate)
    envelope = draw_bursts(n_times, electrodes.sfreq, rate, duration, rng)
    parts = [
        (muscle, side, size * np.exp(rng.normal(0, 0.15)))
        for muscle, size in (("masseter", 1.0), ("temporal", 0.5))
        for side in SIDES
    ]
    return _tense(electrodes, parts, envelope, amplitude, n_units, firing_rate, rng)


def make_shiver(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    amplitude: float = 60e-6,
    frequency: float = 10.0,
    duration: float = 6.0,
    rate: float = 6.0,
    n_units: int = 3,
    firing_rate: float = 400.0,
) -> FloatArray:
    """Make shivering: jaw, temples and neck tense ten times a second, all together.

    Parameters
    ----------
    info, n_times, rng
        As in `make_muscle`.
    amplitude : float
        Root mean square on the skin above the neck's muscle in the middle of a bout, in volts.
    frequency : float
        Tremors per second, 8 to 12.
    duration : float
        Usual length of a bout, in seconds.
    rate : float
        Bouts per minute; every window has one or more.
    n_units, firing_rate
        As in `make_muscle`.

    Returns
    -------
    artifact : ndarray, shape (n_channels, n_times)
        In volts, seen from infinity; zero between bouts.

    Notes
    -----
    Pozos et al. 1987 (doi:10.1016/S0196-0644(87)80756-4): tremor of 8 to 10 Hz that swells six to
    eight times a minute, alike in all muscles.
    """
    electrodes, rng = _open(info, n_times, rng)
    check_positive(frequency=frequency, duration=duration, rate=rate)
    envelope = draw_tremor(n_times, electrodes.sfreq, rate, duration, frequency, rng)
    sizes = {"neck": 1.0, "masseter": 0.9, "temporal": 0.5}
    parts = [(muscle, side, size) for muscle, size in sizes.items() for side in SIDES]
    return _tense(electrodes, parts, envelope, amplitude, n_units, firing_rate, rng)


def _open(
    info: mne.Info | Electrodes, n_times: int, rng: int | np.random.Generator | None
) -> tuple[Electrodes, np.random.Generator]:
    check_n_times(n_times)
    return read_electrodes(info), np.random.default_rng(rng)


def _check_known(name: str, value: str | None, known: Sequence[str | None]) -> None:
    if value not in known:
        raise ValueError(f"{name} is {value!r}, but must be one of {', '.join(map(repr, known))}.")


def _tense(
    electrodes: Electrodes,
    parts: Sequence[tuple[str, str, float]],
    envelope: FloatArray,
    amplitude: float,
    n_units: int,
    firing_rate: float,
    rng: np.random.Generator,
) -> FloatArray:
    """Add up muscles, each (muscle, side, relative size), that tense together."""
    check_positive(amplitude=amplitude, n_units=n_units, firing_rate=firing_rate)
    placed = carry_to_template(electrodes.positions)
    total = np.zeros((len(electrodes), len(envelope)))
    for muscle, side, size in parts:
        maps = draw_units(placed, muscle, SIDES.index(side), n_units, EXTENTS[muscle], rng)
        waves = draw_firing(n_units, len(envelope), electrodes.sfreq, muscle, firing_rate, rng)
        shares = np.sqrt(rng.dirichlet(np.full(n_units, 2.0)))
        total += size * amplitude * (maps * shares[:, np.newaxis]).T @ waves
    return np.asarray(total * envelope)
