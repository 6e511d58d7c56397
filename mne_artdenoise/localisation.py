"""Where a source of known place is found, before and after denoising.

Artifacts pull a source towards eyes and muscles, and so does a denoiser that takes brain with them:
the distance between where a dipole was put and where it is found shows both (Chuang et al. 2025,
doi:10.1016/j.neuroimage.2025.121123, check that way).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import mne
import numpy as np

from ._compat import use_log_level
from ._typing import FloatArray, IntArray
from .synthesis.simulation import simulate_raw

Rank: TypeAlias = dict[str, int] | None

METHODS = ("dipole", "whitened dipole", "minimum norm", "beamformer")
GRID = 0.012  # metres between the places that are tried by methods that do not move a dipole
PERIOD, JITTER = 1.5, 0.3  # seconds between stimuli, and by how much that varies
TMIN, TMAX = -0.3, 0.7
DEEPEST, SHALLOWEST = 0.35, 0.75  # of the radius of the head: from where sources are drawn
BASELINE = (None, 0.0)
SIGMA = 0.04  # seconds: half width of the response


@dataclass(frozen=True, eq=False)
class SourceSimulation:
    """A recording with one evoked source of known place.

    Attributes
    ----------
    raw, truth : mne.io.RawArray
        The recording with artifacts, and without.
    events : ndarray, shape (n_trials, 3)
        The stimuli.
    position : ndarray, shape (3,)
        Place of the source in head coordinates, in metres.
    latency : float
        Seconds after the stimulus at which it is largest.
    sphere : mne.bem.ConductorModel
        The head.
    """

    raw: mne.io.RawArray
    truth: mne.io.RawArray
    events: IntArray
    position: FloatArray
    latency: float
    sphere: mne.bem.ConductorModel


def simulate_source(
    info: mne.Info,
    *,
    n_trials: int = 60,
    amplitude: float = 8e-6,
    latency: float = 0.3,
    rng: int | np.random.Generator | None = None,
) -> SourceSimulation:
    """Simulate brain, artifacts, and one dipole that answers each stimulus.

    Parameters
    ----------
    info : mne.Info
        EEG channels with positions.
    n_trials : int
        How many stimuli, one every 1.2 to 1.8 s.
    amplitude : float
        Of the response, in volts, at the electrode that sees most of it.
    latency : float
        Its peak, in seconds after the stimulus.
    rng : int | Generator | None
        Seed or generator.

    Returns
    -------
    simulation : SourceSimulation
        Everything in average reference.
    """
    rng = np.random.default_rng(rng)
    sfreq = float(info["sfreq"])
    gaps = PERIOD + rng.uniform(-JITTER, JITTER, n_trials)
    onsets = np.round((1.0 + np.cumsum(gaps) - gaps[0]) * sfreq).astype(int)
    duration = (onsets[-1] + PERIOD * sfreq) / sfreq
    raw, truth, _ = simulate_raw(info, duration, snr_db=None, rng=rng)
    with use_log_level("ERROR"):
        sphere = mne.make_sphere_model("auto", "auto", info)
        position, moment = _draw_dipole(sphere, rng)
        pattern = _project(position, moment, sphere, raw.info)
    times = np.arange(len(raw.times))[:, np.newaxis]
    wave = np.exp(-0.5 * ((times - onsets) / sfreq - latency) ** 2 / SIGMA**2).sum(axis=1)
    response = amplitude * np.outer(pattern / np.abs(pattern).max(), wave)
    events = np.column_stack([onsets, np.zeros_like(onsets), np.ones_like(onsets)])
    for inst in (raw, truth):
        inst.apply_function(
            lambda x: x + response, picks="eeg", channel_wise=False, verbose="ERROR"
        )
        inst.set_eeg_reference("average", projection=False, verbose="ERROR")
    return SourceSimulation(raw, truth, events, position, latency, sphere)


def measure_errors(
    inst: mne.io.BaseRaw, simulation: SourceSimulation, methods: tuple[str, ...] = METHODS
) -> dict[str, float]:
    """Measure how far from its place the source is found.

    Parameters
    ----------
    inst : Raw
        The recording of a simulation, as it is or denoised.
    simulation : SourceSimulation
        The simulation.
    methods : tuple of "dipole" | "whitened dipole" | "minimum norm" | "beamformer"
        How the source is looked for: by a dipole that moves freely, fitted to all channels alike or
        to channels whitened by what they hold before the stimulus, by the largest standardised
        minimum-norm estimate, or by the largest output of a beamformer. Others: ValueError.

    Returns
    -------
    errors : dict of float
        Metres, for each method.
    """
    unknown = set(methods) - set(METHODS)
    if unknown:
        raise ValueError(f"Unknown method {sorted(unknown)[0]!r}. Known: {', '.join(METHODS)}.")
    with use_log_level("ERROR"):
        epochs = mne.Epochs(
            inst, simulation.events, tmin=TMIN, tmax=TMAX, baseline=BASELINE, preload=True
        )
        epochs.set_eeg_reference(projection=True).apply_proj()
        # Of the data: what ICA or a projector took out is no dimension in which noise is small.
        rank = mne.compute_rank(epochs)
        noise = mne.compute_covariance(epochs, tmax=0.0, method="shrunk", rank=rank)
        found = {}
        if "dipole" in methods:
            found["dipole"] = _fit_dipole(epochs, mne.make_ad_hoc_cov(epochs.info), simulation)
        if "whitened dipole" in methods:
            found["whitened dipole"] = _fit_dipole(epochs, noise, simulation, rank)
        if "minimum norm" in methods or "beamformer" in methods:
            forward = _make_forward(epochs.info, simulation.sphere)
        if "minimum norm" in methods:
            found["minimum norm"] = _find_minimum_norm(
                epochs, noise, forward, simulation.latency, rank
            )
        if "beamformer" in methods:
            found["beamformer"] = _find_beamformer(epochs, noise, forward, simulation.latency, rank)
    return {
        method: float(np.linalg.norm(found[method] - simulation.position)) for method in methods
    }


def _draw_dipole(sphere: Any, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Draw a place in the upper head, and a direction."""
    place = rng.standard_normal(3)
    place[2] = np.abs(place[2])
    place *= rng.uniform(DEEPEST, SHALLOWEST) * sphere.radius / np.linalg.norm(place)
    moment = rng.standard_normal(3)
    return sphere["r0"] + place, moment / np.linalg.norm(moment)


def _project(position: FloatArray, moment: FloatArray, sphere: Any, info: mne.Info) -> FloatArray:
    """Potential of a dipole at the EEG channels."""
    dipole = mne.Dipole([0.0], position[np.newaxis], [1e-8], moment[np.newaxis], [1.0])
    eeg = mne.pick_info(info, mne.pick_types(info, meg=False, eeg=True))
    forward, _ = mne.make_forward_dipole(dipole, sphere, eeg)
    return np.asarray(forward["sol"]["data"][:, 0])


def _make_forward(info: mne.Info, sphere: Any) -> mne.Forward:
    grid = mne.setup_volume_source_space(pos=1e3 * GRID, sphere=sphere, mindist=5.0)
    return mne.make_forward_solution(info, trans=None, src=grid, bem=sphere, meg=False)


def _fit_dipole(
    epochs: Any, noise: mne.Covariance, simulation: SourceSimulation, rank: Rank = None
) -> FloatArray:
    """Fit a dipole to the mean around the peak."""
    at = simulation.latency
    evoked = epochs.average().crop(at - SIGMA / 2, at + SIGMA / 2)
    mean = mne.EvokedArray(evoked.data.mean(axis=1, keepdims=True), evoked.info, tmin=at)
    dipole, _ = mne.fit_dipole(mean, noise, simulation.sphere, rank=rank)
    return np.asarray(dipole.pos[0])


def _find_minimum_norm(
    epochs: Any, noise: mne.Covariance, forward: mne.Forward, latency: float, rank: Rank
) -> FloatArray:
    from mne.minimum_norm import apply_inverse, make_inverse_operator

    inverse = make_inverse_operator(epochs.info, forward, noise, loose=1.0, depth=0.8, rank=rank)
    estimate = apply_inverse(epochs.average(), inverse, lambda2=1 / 9, method="eLORETA")
    near = np.abs(estimate.times - latency) <= SIGMA
    return _find_peak(estimate.data[:, near].mean(axis=1), inverse["src"])


def _find_beamformer(
    epochs: Any, noise: mne.Covariance, forward: mne.Forward, latency: float, rank: Rank
) -> FloatArray:
    from mne.beamformer import apply_lcmv, make_lcmv

    active = mne.compute_covariance(
        epochs, tmin=latency - 4 * SIGMA, tmax=latency + 4 * SIGMA, method="shrunk", rank=rank
    )
    filters = make_lcmv(
        epochs.info,
        forward,
        active,
        reg=0.05,
        noise_cov=noise,
        pick_ori="vector",
        weight_norm="unit-noise-gain-invariant",
        rank=rank,
    )
    estimate = apply_lcmv(epochs.average(), filters)
    near = np.abs(estimate.times - latency) <= SIGMA
    return _find_peak(
        np.linalg.norm(estimate.data[..., near].mean(axis=-1), axis=1), forward["src"]
    )


def _find_peak(values: FloatArray, places: Any) -> FloatArray:
    used: FloatArray = places[0]["rr"][places[0]["vertno"]]
    return np.asarray(used[int(np.argmax(values))])
