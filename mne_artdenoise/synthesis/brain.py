"""Brain signal that no recording holds: a whole brain for any montage, and what cleaning took away.

:func:`make_brain` makes clean EEG of known properties from many sources in the cortex;
:func:`draw_background` adds to real clean EEG what filters and cleaning took from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import mne
import numpy as np
from scipy.fft import irfft, rfft

from .._typing import FloatArray, IntArray
from .cortex import N_NODES, draw_cortex, draw_nodes, read_field, spread_patches
from .electrodes import Electrodes, read_electrodes
from .rhythms import EYES_OPEN, Rhythm, draw_rhythm, follow_eyes, sum_power_laws
from .sites import SITES, TEN_TWENTY

N_BACKGROUND = 300  # sources; with the rhythms more than any montage has channels
EXTENTS = (0.005, 0.080)  # of their patches, in metres
UNLIKE = 1.0  # standard deviation of the logarithm of the sizes of sources

# What make_brain draws of a person: middle, and deviation (of the logarithm for amplitudes). Like
# the training people of the eegmat set (Zyma et al. 2019): see benchmarks/brain_realism.py.
AMPLITUDE = (5.3e-6, 0.22)
SLOPE = (1.6, 0.12)
ALPHA_PEAK = (10.3, 0.7)
ALPHA_AMPLITUDE = (6.6e-6, 0.45)

BACK = ("O1", "O2", "POz", "P7", "P8")
ALPHA = Rhythm(BACK, ("O1", "O2"), 8, 10.3, 0.75, 1.0, 0.04, 0.4)
ALPHA_ELSEWHERE = Rhythm(TEN_TWENTY, TEN_TWENTY, 16, 10.3, 0.9, 0.35, 0.03)
OTHERS = (
    Rhythm(("Fz", "FCz"), ("Fz",), 3, 6.5, 1.2, 0.35),
    Rhythm(TEN_TWENTY, TEN_TWENTY, 30, 7.5, 2.5, 0.6),
    Rhythm((*TEN_TWENTY, *BACK), TEN_TWENTY, 32, 19.0, 4.5, 0.6),
)


@dataclass(frozen=True)
class _Person:
    amplitude: float
    slope: float
    alpha_peak: float
    alpha_amplitude: float

    @property
    def rhythms(self) -> tuple[Rhythm, ...]:
        """Rhythms of this person, posterior alpha first."""
        alphas = (replace(alpha, peak=self.alpha_peak) for alpha in (ALPHA, ALPHA_ELSEWHERE))
        return (*alphas, *OTHERS)


def make_brain(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    amplitude: float | None = None,
    slope: float | None = None,
    alpha_peak: float | None = None,
    alpha_amplitude: float | None = None,
    eyes: str | FloatArray = "closed",
    reference: Sequence[str] = (),
) -> FloatArray:
    """Make the EEG of a brain and of nothing else.

    Hundreds of patches of cortex, each with a current of its own, seen through the shells of the
    head: a background whose power falls with a power of frequency, alpha over the back of the head
    that waxes, wanes and blocks, and weaker rhythms elsewhere.

    Parameters
    ----------
    info : mne.Info | Electrodes
        EEG channels, each with a position, and the sampling rate.
    n_times : int
        Length in samples, 1 or more.
    rng : int | Generator | None
        Seed or generator. The same seed gives the same bytes; and the same brain, seen from
        wherever the electrodes are, for every montage at one rate and length.
    amplitude : float | None
        Root mean square from 1 to 40 Hz of all but posterior alpha, in volts: of the 19 electrodes
        of the 10-20 system against their average, whether the montage has them or not.
    slope : float | None
        Exponent by which the power of the background falls with frequency, from 0.5 Hz on. Theta
        and beta rhythms are added to it.
    alpha_peak : float | None
        Frequency of alpha in hertz, from 6 to 14.
    alpha_amplitude : float | None
        Root mean square of posterior alpha with closed eyes at O1 and O2, in volts, against the
        same average.
    eyes : "closed" | "open" | "blocking" | ndarray, shape (n_times,)
        Open eyes leave posterior alpha a third of its amplitude. With "blocking" eyes close and
        open by turns of ten seconds, or by halves of less than twenty. An array says how closed
        they are, from 0 (open) to 1. Alpha follows within a quarter of a second.
    reference : sequence of str
        Names of electrodes whose mean is taken as zero, such as ``("TP9", "TP10")``, from the
        montage or, if it lacks them, from the template. With none it is the mean over the whole
        head.

    Returns
    -------
    brain : ndarray, shape (n_channels, n_times)
        In volts.

    Notes
    -----
    What is None is drawn as it differs between people. Values were chosen so that spectra,
    correlations of channels by distance and amplitudes are those of the training people of the
    eegmat set, and checked on others: see ``benchmarks/brain_realism.py``. A parameter outside its
    range is a ValueError.

    References
    ----------
    Head of four shells: Berg & Scherg 1994, doi:10.1016/0013-4694(94)90113-9. Patches: Nunez &
    Srinivasan 2006, Electric Fields of the Brain, chapter 8. Power law: He 2014,
    doi:10.1016/j.tics.2014.04.003. Blocking: Barry et al. 2007, doi:10.1016/j.clinph.2007.07.028.
    Recordings compared with: Zyma et al. 2019, doi:10.3390/data4010014.
    """
    electrodes = read_electrodes(info)
    sfreq, rng = electrodes.sfreq, np.random.default_rng(rng)
    _check_request(n_times, amplitude, slope, alpha_peak, alpha_amplitude)
    openness = EYES_OPEN + (1 - EYES_OPEN) * follow_eyes(eyes, n_times, sfreq)
    person = _draw_person(rng, amplitude, slope, alpha_peak, alpha_amplitude)
    # All of the brain is drawn before its waves, and none of it depends on who looks from where.
    field = np.concatenate([_read_field_at_rest(), read_field(electrodes, reference)])
    field = draw_cortex(rng).project(field)
    maps = _scale_maps([field @ part for part in _draw_sources(person.rhythms, rng)], person)
    slopes = person.slope + 0.2 * rng.standard_normal(N_BACKGROUND)
    brain = sum_power_laws(maps[0], slopes, n_times, sfreq, rng)
    for rhythm, seen in zip(person.rhythms, maps[1:], strict=True):
        waves = draw_rhythm(rhythm, n_times, sfreq, rng)
        brain += seen @ (waves * openness if rhythm.sites == ALPHA.sites else waves)
    return brain.astype(np.float64)


def _check_request(n_times: int, *physical: float | None) -> None:
    names = ("amplitude", "slope", "alpha_peak", "alpha_amplitude")
    limits = ((0.0, 1e-3), (0.0, 4.0), (6.0, 14.0), (0.0, 1e-3))
    for name, (low, high), value in zip(names, limits, physical, strict=True):
        if value is not None and not low <= value <= high:
            hint = " Amplitudes are in volts." if high == 1e-3 else ""
            raise ValueError(f"{name} must be from {low:g} to {high:g}, got {value!r}.{hint}")
    if n_times < 1:
        raise ValueError(f"n_times must be 1 sample or more, got {n_times!r}.")


def _draw_person(rng: np.random.Generator, *given: float | None) -> _Person:
    """Draw what is not given as it differs between people."""
    draws = rng.standard_normal(4)  # always all, so that giving one leaves the others
    drawn = [
        AMPLITUDE[0] * np.exp(AMPLITUDE[1] * draws[0]),
        SLOPE[0] + SLOPE[1] * draws[1],
        np.clip(ALPHA_PEAK[0] + ALPHA_PEAK[1] * draws[2], 8.0, 13.0),
        ALPHA_AMPLITUDE[0] * np.exp(ALPHA_AMPLITUDE[1] * draws[3]),
    ]
    pairs = zip(given, drawn, strict=True)
    return _Person(*(float(own if value is None else value) for value, own in pairs))


def _draw_sources(rhythms: Sequence[Rhythm], rng: np.random.Generator) -> list[FloatArray]:
    """Shares of the nodes in the sources of the background and of each rhythm."""
    extents = np.exp(rng.uniform(np.log(EXTENTS[0]), np.log(EXTENTS[1]), N_BACKGROUND))
    patches: list[tuple[IntArray, FloatArray]] = [
        (rng.integers(N_NODES, size=N_BACKGROUND), extents)
    ]
    for rhythm in rhythms:
        centres = draw_nodes(rhythm.sites, rhythm.n_sources, rng)
        patches.append((centres, np.full(rhythm.n_sources, rhythm.extent)))
    return [
        spread_patches(centres, extents)
        * np.exp(UNLIKE * rng.standard_normal(len(centres), dtype=np.float32))
        for centres, extents in patches
    ]


def _read_field_at_rest() -> FloatArray:
    """Field at the 10-20 system against its average, where amplitudes are given."""
    positions = np.array([SITES[name] for name in TEN_TWENTY]) / 1000
    field = read_field(Electrodes(TEN_TWENTY, positions, 1.0))
    return np.asarray(field - field.mean(axis=0))


def _scale_maps(maps: Sequence[FloatArray], person: _Person) -> list[FloatArray]:
    """Make of maps at the 10-20 system and at electrodes maps at electrodes, in volts.

    Waves of unit deviation then have the amplitudes of this person.
    """

    def measure(seen: FloatArray, sites: Sequence[str] = TEN_TWENTY) -> float:
        rows = [TEN_TWENTY.index(name) for name in sites]
        return float(np.sqrt(np.square(seen[rows], dtype=float).sum() / len(rows)))

    scaled = [maps[0] / measure(maps[0])]
    for rhythm, seen in zip(person.rhythms, maps[1:], strict=True):
        scaled.append(rhythm.amplitude / measure(seen, rhythm.seen_at) * seen)
    all_but_alpha = measure(np.hstack([scaled[0], *scaled[2:]]))
    scaled = [person.amplitude / all_but_alpha * seen for seen in scaled]
    scaled[1] = person.alpha_amplitude / measure(scaled[1], ALPHA.seen_at) * scaled[1]
    return [seen[len(TEN_TWENTY) :] for seen in scaled]


def draw_background(
    positions: FloatArray, clean: FloatArray, sfreq: float, rng: np.random.Generator
) -> FloatArray:
    """Broad-band background to add to a clean recording, shape (n_channels, n_times).

    Clean sets are low-passed at 45 Hz or so; a network that never sees brain above would call all
    of it artifact. Added are deep and shallow sources with a 1/f spectrum and the noise of
    electrodes.

    Parameters
    ----------
    positions : ndarray, shape (n_channels, 3)
        Electrodes in head coordinates, in metres.
    clean : ndarray, shape (n_channels, n_times)
        The recording it is added to: sets the amplitude.
    sfreq : float
        Sampling rate in hertz.
    rng : Generator
    """
    n_channels, n_times = clean.shape
    frequency = np.maximum(np.fft.rfftfreq(n_times, 1 / sfreq), 1.0)
    slope, size = rng.uniform(0.5, 1.2), np.sqrt(np.mean(clean**2))
    noise = rng.standard_normal((n_channels + 12, n_times), dtype=np.float32)
    shape = (frequency**-slope).astype(np.float32)
    noise = irfft(rfft(noise) * shape, n=n_times)
    noise /= noise.std()
    places = rng.standard_normal((12, 3))
    places = 0.06 * places / np.linalg.norm(places, axis=1, keepdims=True) + [0, 0, 0.04]
    away = positions[:, None] - places
    spread = 1 / (np.linalg.norm(away, axis=-1) ** 2 + 0.03**2)
    spread *= np.sign(rng.standard_normal(12))
    field = spread.astype(np.float32) @ noise[n_channels:]
    field *= size * 10 ** rng.uniform(-1.5, -0.6) / field.std()
    white = (
        rng.standard_normal(clean.shape, dtype=np.float32) * size * 10 ** rng.uniform(-2.0, -1.0)
    )
    return np.asarray(field + white + noise[:n_channels] * size * 10 ** rng.uniform(-2.0, -1.0))
