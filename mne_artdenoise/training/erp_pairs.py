"""Trials with known truth at three sites: simulated responses in real or simulated background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mne
import numpy as np
import numpy.typing as npt

from .._typing import FloatArray
from ..channels import find_positions
from ..rate import to_model_rate
from ..synthesis.bank import Bank
from ..synthesis.evoked import COMPONENTS, make_evoked_response
from .parts import find_channels
from .stream import cut_span

SITES = ("Fz", "Cz", "Pz")
SFREQ = 250.0
TIMES = np.arange(-62, 194) / SFREQ  # 256 samples from -248 to 772 ms
BEFORE = TIMES < 0
# Of these, without P100 and N170, which three sites of the midline hardly see.
DRAWN = ("N100", "MMN", "P300", "N400", "ERN", "LPP")
MICROVOLT = 1e-6


@dataclass(frozen=True)
class TrialsConfig:
    """What trials may look like, each range with its reason."""

    chance: float = 0.5  # of each component to be in a condition
    size: float = 0.5  # deviation of a component's log amplitude between conditions
    moved: float = 0.04  # deviation of its latency between conditions, in seconds
    stretched: float = 0.2  # deviation of its log duration
    vary: float = 0.3  # deviation of its amplitude over trials, of that amplitude
    jitter: float = 0.03  # deviation of its latency over trials, in seconds
    noise: tuple[float, float] = (6.0, 16.0)  # microvolts of background, root mean square
    most: int = 20  # trials whose mean is one input
    unlike: float = 0.25  # deviation of the log of a trial's size from that of usual ones
    single: float = 0.5  # share of inputs that are single trials


@dataclass(frozen=True)
class Templates:
    """Each component at the sites, at its usual size: ``maps`` (n_components, n_sites) volts."""

    maps: FloatArray
    peaks: FloatArray
    rises: FloatArray
    falls: FloatArray


@dataclass(frozen=True)
class Condition:
    """The components of one condition: sizes, latencies and stretches, (n_components,) each."""

    sizes: FloatArray
    peaks: FloatArray
    stretch: FloatArray


def make_templates() -> Templates:
    """Make each component's potential at the sites against the average of the head."""
    info = mne.create_info(list(SITES), SFREQ, "eeg")
    for channel, position in zip(info["chs"], find_positions(SITES), strict=True):
        channel["loc"][:3] = position
    known = [COMPONENTS[name] for name in DRAWN]
    maps = [
        make_evoked_response(info, np.array([part.latency]), component=name)[:, 0]
        for name, part in zip(DRAWN, known, strict=True)
    ]
    rises, falls = (np.array([getattr(part, side) for part in known]) for side in ("rise", "fall"))
    return Templates(np.array(maps), np.array([part.latency for part in known]), rises, falls)


def take_background(bank: Bank) -> tuple[npt.NDArray[np.float32], ...]:
    """Take the three sites of each clean recording that has them, to the rate, in any unit."""
    found = []
    for item in bank.clean:
        which = find_channels(item, SITES)
        if (which >= 0).all():
            signal = item.signal - item.signal.mean(axis=0)
            resampled = to_model_rate(signal[which], bank.sfreq, SFREQ)
            found.append((resampled / resampled.std()).astype(np.float32))
    return tuple(found)


def draw_condition(
    templates: Templates, config: TrialsConfig, rng: np.random.Generator
) -> Condition:
    """Draw which components a condition has, how large and when."""
    n = len(templates.peaks)
    there = rng.random(n) < config.chance
    return Condition(
        np.where(there, np.exp(rng.normal(0, config.size, n)), 0.0),
        templates.peaks + rng.normal(0, config.moved, n),
        np.exp(rng.normal(0, config.stretched, n)),
    )


def draw_responses(
    templates: Templates,
    condition: Condition,
    n_trials: int,
    config: TrialsConfig,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw the true responses to single events, (n_trials, n_sites, n_times), in volts."""
    shape = (n_trials, len(condition.sizes))
    sizes = condition.sizes * (1 + config.vary * rng.standard_normal(shape))
    peaks = condition.peaks + config.jitter * rng.standard_normal(shape)
    after = (TIMES - peaks[..., None]) / condition.stretch[:, None]
    span = np.where(after < 0, templates.rises[:, None], templates.falls[:, None])
    part = after / span
    courses = np.where(np.abs(part) < 1, 0.5 + 0.5 * np.cos(np.pi * part), 0.0)
    return np.asarray(np.einsum("nc,cs,nct->nst", sizes, templates.maps, courses))


def draw_background(
    recordings: Sequence[FloatArray], n_trials: int, rng: np.random.Generator
) -> FloatArray:
    """Draw trials of the background of one person, (n_trials, n_sites, n_times)."""
    signal = recordings[int(rng.integers(len(recordings)))]
    return np.stack([cut_span(signal, len(TIMES), rng) for _ in range(n_trials)]).astype(float)


def take_baseline(x: FloatArray) -> FloatArray:
    """Take off the mean before the event."""
    return np.asarray(x - x[..., BEFORE].mean(axis=-1, keepdims=True))


def draw_trials(
    templates: Templates,
    recordings: Sequence[FloatArray],
    n_trials: int,
    config: TrialsConfig,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Draw trials of one condition in one person.

    Returns
    -------
    trials, truth : ndarray, shape (n_trials, n_sites, n_times)
        What is recorded, and the response in it, in volts; zero in the mean before the event.
    """
    condition = draw_condition(templates, config, rng)
    truth = take_baseline(draw_responses(templates, condition, n_trials, config, rng))
    noise = rng.uniform(*config.noise) * MICROVOLT * draw_background(recordings, n_trials, rng)
    return truth + take_baseline(noise), truth


def draw_inputs(
    templates: Templates,
    recordings: Sequence[FloatArray],
    batch: int,
    config: TrialsConfig,
    rng: np.random.Generator,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Draw inputs of the network and what it should make of them, in units of single trials."""
    seen, wanted = [], []
    for _ in range(batch):
        few = rng.random() < config.single
        n_trials = 1 if few else int(rng.integers(2, config.most + 1))
        trials, truth = draw_trials(templates, recordings, n_trials, config, rng)
        scale = measure_trials(trials) * np.exp(rng.normal(0, config.unlike / n_trials**0.5))
        seen.append(trials.mean(axis=0) / scale)
        wanted.append(truth.mean(axis=0) / scale)
    return np.array(seen, np.float32), np.array(wanted, np.float32)


def measure_trials(trials: FloatArray) -> float:
    """Measure the usual deviation of a single trial, over sites and samples."""
    return float(np.median(trials.std(axis=(-2, -1))))
