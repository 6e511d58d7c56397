"""Event-related potentials whose peak is known: how large, when, and where on the head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mne
import numpy as np

from .._typing import FloatArray, IntArray
from .cortex import CENTRE, project_currents
from .electrodes import Electrodes, read_electrodes
from .sites import find_site


@dataclass(frozen=True)
class Generator:
    """One source of a component: below which site, how deep, and which way its current points.

    Attributes
    ----------
    below : str
        Name of the site.
    distance : float
        From the centre of the head, in metres.
    moment : tuple of float
        Current to the right, to the front and up, in any one unit. All zero: straight outwards.
    share : float
        Of this source among those of the component.
    """

    below: str
    distance: float
    moment: tuple[float, float, float] = (0.0, 0.0, 0.0)
    share: float = 1.0


@dataclass(frozen=True)
class Component:
    """A component of the event-related potential, as it is in most people.

    Attributes
    ----------
    site : str
        Where it has its amplitude.
    amplitude : float
        At its peak, in volts, with its sign.
    latency : float
        Of its peak after the event, in seconds.
    rise, fall : float
        From nothing to the peak, and from the peak to nothing, in seconds.
    generators : tuple of Generator
    """

    site: str
    amplitude: float
    latency: float
    rise: float
    fall: float
    generators: tuple[Generator, ...]


_AUDITORY = (Generator("T7", 0.045, (0.3, 0.5, 1.0)), Generator("T8", 0.045, (-0.3, 0.5, 1.0)))

COMPONENTS: dict[str, Component] = {
    "P100": Component(
        "Oz", 5e-6, 0.10, 0.04, 0.04, (Generator("O1", 0.070), Generator("O2", 0.070))
    ),
    "N100": Component("FCz", -6e-6, 0.10, 0.04, 0.05, _AUDITORY),
    "N170": Component(
        "PO8",
        -6e-6,
        0.16,
        0.04,
        0.06,
        (Generator("PO8", 0.070), Generator("PO7", 0.070, share=0.6)),
    ),
    "MMN": Component("FCz", -4e-6, 0.18, 0.06, 0.08, _AUDITORY),
    "P300": Component("Pz", 8e-6, 0.38, 0.16, 0.30, (Generator("Pz", 0.038),)),
    "N400": Component("CPz", -6e-6, 0.38, 0.14, 0.22, (Generator("CPz", 0.035),)),
    "ERN": Component("FCz", -9e-6, 0.05, 0.06, 0.08, (Generator("FCz", 0.055),)),
    "LPP": Component("Pz", 6e-6, 0.65, 0.30, 0.80, (Generator("Pz", 0.050),)),
}


def make_evoked_response(
    info: mne.Info | Electrodes,
    times: FloatArray,
    *,
    component: str = "P300",
    amplitude: float | None = None,
    latency: float | None = None,
    reference: Sequence[str] = (),
) -> FloatArray:
    """Make one response to one event, without noise.

    Parameters
    ----------
    info : mne.Info | Electrodes
        EEG channels, each with a position.
    times : ndarray, shape (n_times,)
        Seconds after the event.
    component : str
        One of ``COMPONENTS``: "P100", "N100", "N170", "MMN", "P300", "N400", "ERN" (after a
        response), "LPP"; another is a ValueError that lists these.
    amplitude : float | None
        Of the peak at the component's site, in volts, with its sign. None is what is usual.
    latency : float | None
        Of the peak, in seconds. None is what is usual.
    reference : sequence of str
        Names of electrodes whose mean is taken as zero, as in :func:`make_brain`; the amplitude is
        that against them. With none it is the mean over the whole head. One that is so near the
        component's site that nothing is left is a ValueError.

    Returns
    -------
    response : ndarray, shape (n_channels, n_times)
        In volts. It is ``amplitude`` at ``latency`` at the electrode of the component's site (or
        would be: on a montage without it, the template's site counts), less at any other time,
        and exactly zero before it rises and after it has fallen.

    Notes
    -----
    Sites of N170, MMN, N400, P300 and ERN as in ERP CORE (Kappenman et al. 2021,
    doi:10.1016/j.neuroimage.2020.117465), of P100 and N100 as in Luck 2014, An Introduction to the
    Event-Related Potential Technique, chapter 3, of LPP as in Hajcak & Foti 2020,
    doi:10.1111/psyp.13570. Sizes and latencies are round numbers of the order of such averages.
    Generators are dipoles that give these topographies, no claim about where in the brain the
    components arise.
    """
    electrodes = read_electrodes(info)
    known = find_component(component)
    size = known.amplitude if amplitude is None else amplitude
    peak = known.latency if latency is None else latency
    topography = _find_topography(known, electrodes, reference)
    return np.asarray(size * np.outer(topography, _rise_and_fall(np.asarray(times) - peak, known)))


def place_evoked_responses(
    info: mne.Info | Electrodes,
    n_times: int,
    rng: int | np.random.Generator | None = None,
    *,
    events: Sequence[float] | FloatArray,
    component: str = "P300",
    amplitude: float | None = None,
    latency: float | None = None,
    amplitude_spread: float = 0.0,
    latency_spread: float = 0.0,
    reference: Sequence[str] = (),
) -> FloatArray:
    """Make the responses to events in a long signal.

    Parameters
    ----------
    info : mne.Info | Electrodes
        EEG channels, each with a position, and the sampling rate.
    n_times : int
        Length in samples.
    rng : int | Generator | None
        Seed or generator of what differs from event to event.
    events : sequence of float
        When they happen, in seconds from the first sample. Responses that overlap add up.
    component, amplitude, latency
        As in :func:`make_evoked_response`.
    amplitude_spread : float
        Standard deviation of the amplitude over events, in units of the amplitude.
    latency_spread : float
        Standard deviation of the latency over events, in seconds.
    reference
        As in :func:`make_evoked_response`.

    Returns
    -------
    responses : ndarray, shape (n_channels, n_times)
        In volts. Between samples peaks are where they belong, not moved to a sample.
    """
    electrodes, rng = read_electrodes(info), np.random.default_rng(rng)
    known = find_component(component)
    usual = known.amplitude if amplitude is None else amplitude
    peaks = (known.latency if latency is None else latency) + np.asarray(events, dtype=float)
    sizes = usual * (1 + amplitude_spread * rng.standard_normal(len(peaks)))
    peaks = peaks + latency_spread * rng.standard_normal(len(peaks))
    wave = np.zeros(n_times)
    for size, peak in zip(sizes, peaks, strict=True):
        inside = _find_samples(peak - known.rise, peak + known.fall, n_times, electrodes.sfreq)
        wave[inside] += size * _rise_and_fall(inside / electrodes.sfreq - peak, known)
    return np.asarray(np.outer(_find_topography(known, electrodes, reference), wave))


def find_component(name: str) -> Component:
    """Find a component by name; an unknown one is a ValueError that lists the known ones."""
    if name not in COMPONENTS:
        known = ", ".join(map(repr, COMPONENTS))
        raise ValueError(f"Unknown component {name!r}. Known components: {known}.")
    return COMPONENTS[name]


def _find_topography(
    component: Component, electrodes: Electrodes, reference: Sequence[str]
) -> FloatArray:
    """Potential at each electrode, 1 at the component's own site, shape (n_channels,)."""
    places, moments = [], []
    for generator in component.generators:
        outwards = find_site(generator.below) - CENTRE
        outwards /= np.linalg.norm(outwards)
        moment = np.array(generator.moment)
        moment = moment / np.linalg.norm(moment) if moment.any() else outwards
        places.append(CENTRE + generator.distance * outwards)
        moments.append(generator.share * moment)
    at = np.vstack([find_site(component.site, electrodes), electrodes.positions])
    zero = np.array([find_site(name, electrodes) for name in reference]).reshape(-1, 3)
    field = np.einsum("cpx,px->c", project_currents(at, np.array(places), zero), moments)
    if abs(field[0]) < 1e-3 * np.abs(field).max():
        raise ValueError(
            f"Against {', '.join(reference)} nothing is left of the component at {component.site}: "
            "choose a reference farther from it."
        )
    return np.asarray(field[1:] / field[0])


def _rise_and_fall(after: FloatArray, component: Component) -> FloatArray:
    """Give the course of a component some seconds after its peak: two halves of raised cosines."""
    part = after / np.where(after < 0, component.rise, component.fall)
    return np.asarray(np.where(np.abs(part) < 1, 0.5 + 0.5 * np.cos(np.pi * part), 0.0))


def _find_samples(start: float, stop: float, n_times: int, sfreq: float) -> IntArray:
    first, last = np.clip([np.ceil(start * sfreq), np.floor(stop * sfreq) + 1], 0, n_times)
    return np.arange(int(first), int(last))
