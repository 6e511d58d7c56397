"""Pairs of single channels: brain of one electrode or between two, and muscle over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .._typing import FloatArray
from ..rate import to_model_rate
from ..synthesis.bank import Bank
from ..synthesis.brain import draw_background
from .stream import cut_span


@dataclass(frozen=True)
class SingleChannels:
    """What pairs of single channels are made of, at one rate.

    Attributes
    ----------
    sfreq : float
        Sampling rate in hertz.
    brain : tuple of ndarray, shape (n_channels, n_times)
        Recordings without artifacts, each of one person, of the average reference.
    noise : tuple of ndarray, shape (n_times,)
        Waveforms of muscles.
    """

    sfreq: float
    brain: tuple[npt.NDArray[np.float32], ...]
    noise: tuple[npt.NDArray[np.float32], ...]


@dataclass(frozen=True)
class ChannelPairsConfig:
    """What a pair may look like, each range with its reason."""

    n_times: int = 512
    snr_db: tuple[float, float] = (-14.0, 6.0)  # power over the window
    identity: float = 0.1  # share of channels without any noise
    between: float = 0.3  # share of channels that are a difference of two electrodes
    partly: float = 0.4  # share with noise in a part of the window only
    shortest: float = 0.15  # of such a part, of the window


def take_single_channels(bank: Bank, sfreq: float, seed: int = 0) -> SingleChannels:
    """Take brain and muscle of a bank to a rate.

    Parameters
    ----------
    bank : Bank
        Its clean recordings; its waveforms and components of muscles.
    sfreq : float
        Sampling rate in hertz.
    seed : int
        Of the faint broad-band background that is added to brain: most clean sets end at 45 Hz, and
        a network that never saw brain above would call all of it noise.
    """

    def resample(x: FloatArray) -> npt.NDArray[np.float32]:
        return to_model_rate(np.atleast_2d(x), bank.sfreq, sfreq).astype(np.float32)

    brain = []
    for number, item in enumerate(bank.clean):
        rng = np.random.default_rng((seed, number))
        signal = item.signal + draw_background(item.positions, item.signal, bank.sfreq, rng)
        brain.append(resample(signal - signal.mean(axis=0)))
    noise = [resample(item.signal)[0] for item in bank.sources if item.kind == "muscle"]
    for field in bank.fields:
        if field.kind == "muscle":
            noise.extend(resample(field.sources))
    return SingleChannels(sfreq, tuple(brain), tuple(noise))


def draw_channel_pairs(
    material: SingleChannels,
    config: ChannelPairsConfig,
    batch: int,
    rng: np.random.Generator,
    snr_db: float | None = None,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Draw noisy channels and what is brain of them.

    Parameters
    ----------
    material : SingleChannels
        What they are made of.
    config : ChannelPairsConfig
        How.
    batch : int
        How many.
    rng : Generator
        Source of randomness.
    snr_db : float | None
        One ratio for all, in decibels of power over the window, with noise all the way.

    Returns
    -------
    noisy, clean : ndarray of float32, shape (batch, 1, n_times)
        Clean channels have mean square one.
    """
    clean = np.stack([draw_brain(material, config, rng) for _ in range(batch)])
    noise = np.stack([draw_noise(material, config, rng, snr_db is None) for _ in range(batch)])
    ratios = rng.uniform(*config.snr_db, batch) if snr_db is None else np.full(batch, snr_db)
    gains = 10 ** (-ratios / 20)
    if snr_db is None:
        gains[rng.random(batch) < config.identity] = 0.0
    noisy = clean + gains[:, None] * noise
    return noisy[:, None].astype(np.float32), clean[:, None].astype(np.float32)


def draw_brain(
    material: SingleChannels, config: ChannelPairsConfig, rng: np.random.Generator
) -> FloatArray:
    """Draw a window of one electrode, or of one against another, of mean square one."""
    while True:
        recording = material.brain[rng.integers(len(material.brain))]
        signal = cut_span(recording, config.n_times, rng)
        one, other = rng.choice(len(signal), 2, replace=False)
        window = signal[one] - (signal[other] if rng.random() < config.between else 0.0)
        if (size := np.sqrt(np.mean(window**2))) > 0:
            return np.asarray(window / size)


def draw_noise(
    material: SingleChannels, config: ChannelPairsConfig, rng: np.random.Generator, varied: bool
) -> FloatArray:
    """Draw a window of one muscle, all the way or in a part of it, of mean square one."""
    while True:
        wave = material.noise[rng.integers(len(material.noise))]
        window = cut_span(wave[None], config.n_times, rng)[0].astype(float)
        if varied and rng.random() < config.partly:
            window = window * draw_part(config, rng)
        if (size := np.sqrt(np.mean(window**2))) > 0:
            return np.asarray(window / size)


def draw_part(config: ChannelPairsConfig, rng: np.random.Generator) -> FloatArray:
    """Draw an envelope that is one in a part of the window, with soft edges."""
    n = config.n_times
    length = rng.integers(round(config.shortest * n), n)
    start = rng.integers(-length // 2, n - length // 2)
    time = np.arange(n)
    edge = rng.uniform(2.0, 20.0)  # samples
    rise = 1 / (1 + np.exp(-(time - start) / edge))
    return np.asarray(rise / (1 + np.exp((time - start - length) / edge)))
