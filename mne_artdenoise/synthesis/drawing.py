"""Artifacts of any kind at any electrodes, from real sources where the bank has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfilt
from scipy.special import expit

from .._typing import FloatArray, IntArray
from .bank import Bank, FieldSource
from .headmodel import draw_eye_topographies, draw_heart_topography, draw_muscle_topographies

# How often each kind is drawn; muscle and eyes are most of what is wrong with recordings. Slow
# waves at any electrodes are rare on purpose: a network that often meets them takes slow brain for
# them.
SHARES = {
    "eye": 0.42,
    "muscle": 0.39,
    "heart": 0.05,
    "line": 0.04,
    "channel": 0.03,
    "pop": 0.04,
    "drift": 0.01,
    "motion": 0.02,
}
WIDE = 0.06  # metres over which the wide part of an eye's map falls off


@dataclass(frozen=True)
class EyeConfig:
    """How eyes are drawn beyond dipoles and independent components."""

    wide: float = 0.0  # share of them whose maps are widened, see `widen_maps`
    glances: float = 0.0  # share of them that are nothing but horizontal saccades


def draw_artifact(
    bank: Bank,
    positions: FloatArray,
    n_times: int,
    rng: np.random.Generator,
    eyes: EyeConfig | None = None,
) -> FloatArray:
    """One artifact of a random kind, shape (n_channels, n_times), of arbitrary size."""
    kind = str(rng.choice(list(SHARES), p=np.array(list(SHARES.values())) / sum(SHARES.values())))
    if kind != "eye" or eyes is None:
        return draw_kind(kind, bank, positions, n_times, rng)
    if eyes.glances and rng.random() < eyes.glances:
        sideways = draw_eye_topographies(positions, rng)[1]
        artifact = np.outer(sideways, draw_saccades(n_times, bank.sfreq, rng))
    else:
        artifact = draw_kind(kind, bank, positions, n_times, rng)
    if eyes.wide and rng.random() < eyes.wide:
        artifact = widen_maps(artifact.T, positions, rng.uniform(0.2, 2.0)).T
    return artifact


def draw_kind(
    kind: str, bank: Bank, positions: FloatArray, n_times: int, rng: np.random.Generator
) -> FloatArray:
    """One artifact of this kind, real components where the bank has them."""
    fields = [item for item in bank.fields if item.kind == kind]
    real = {"eye": 0.5, "muscle": 0.45, "line": 0.3, "channel": 0.3, "heart": 0.1}.get(kind, 0.0)
    if fields and rng.random() < real:
        return draw_field(fields[rng.integers(len(fields))], positions, n_times, rng)
    if kind == "eye":
        return draw_eye(bank, positions, n_times, rng)
    if kind == "muscle":
        return draw_muscle(bank, positions, n_times, rng)
    if kind == "heart":
        wave = draw_wave(bank, "heart", n_times, rng)
        return draw_heart_topography(positions, rng).T @ wave[None]
    if kind == "motion":
        return draw_motion(bank, positions, n_times, rng)
    makers = {
        "line": draw_line,
        "channel": draw_noisy_channel,
        "pop": draw_pop,
        "drift": draw_drift,
    }
    return makers[kind](len(positions), n_times, bank.sfreq, rng)


def draw_field(
    field: FieldSource, positions: FloatArray, n_times: int, rng: np.random.Generator
) -> FloatArray:
    """Components of one real recording, carried to these electrodes."""
    start = draw_start(field.sources, n_times, rng)
    sources = field.sources[:, start : start + n_times].astype(float)
    gains = np.exp(rng.normal(0, 0.3, len(sources)))
    maps = carry_maps(field.maps, field.positions, positions)
    artifact: FloatArray = maps.T @ (gains[:, None] * sources)
    return artifact


def carry_maps(maps: FloatArray, origin: FloatArray, target: FloatArray) -> FloatArray:
    """Interpolate topographies (n_maps, n_origin) to other electrodes by Gaussian weights."""
    away = np.linalg.norm(target[:, None] - origin[None], axis=-1)
    nearest = np.maximum(away.min(axis=1, keepdims=True), 0.004)
    weight = np.exp(-0.5 * (away / np.maximum(0.012, 0.6 * nearest)) ** 2)
    carried: FloatArray = maps @ (weight / weight.sum(axis=1, keepdims=True)).T
    return carried


def draw_eye(
    bank: Bank, positions: FloatArray, n_times: int, rng: np.random.Generator
) -> FloatArray:
    """Blinks, with eye movements under them in most cases."""
    maps = draw_eye_topographies(positions, rng)
    if rng.random() < 0.3:  # a real topography moved by a real waveform of somebody else
        fields = [item for item in bank.fields if item.kind == "eye"]
        if fields:
            field = fields[rng.integers(len(fields))]
            maps = carry_maps(field.maps, field.positions, positions)
            maps = maps / np.maximum(np.abs(maps).max(axis=1, keepdims=True), 1e-30)
    total = np.zeros((len(positions), n_times))
    share = rng.dirichlet(np.ones(len(maps)) * 0.7)
    for topography, weight in zip(maps, np.sqrt(share), strict=True):
        wave = (
            draw_wave(bank, "eye", n_times, rng)
            if rng.random() < 0.75
            else draw_saccades(n_times, bank.sfreq, rng)
        )
        total += weight * np.outer(topography, wave / max(wave.std(), 1e-30))
    return total


def draw_saccades(n_times: int, sfreq: float, rng: np.random.Generator) -> FloatArray:
    """Jumps of gaze held between, seen through an amplifier's high-pass."""
    steps = np.zeros(n_times)
    count = rng.poisson(1.0 + 2.5 * n_times / sfreq * rng.random() / 2)
    for start in rng.integers(0, n_times, max(count, 1)):
        steps[start:] += rng.laplace()
    width = max(2, round(rng.uniform(0.02, 0.06) * sfreq))
    steps = np.convolve(np.pad(steps, width, mode="edge"), np.ones(width) / width, "same")[
        width:-width
    ]
    return np.asarray(sosfilt(butter(1, 0.5, "highpass", fs=sfreq, output="sos"), steps - steps[0]))


def widen_maps(maps: FloatArray, positions: FloatArray, share: float) -> FloatArray:
    """Add to each map, shape (n_maps, n_channels), a wider one around its strongest electrodes.

    In averages around blinks F7, F3, Fz, F4 and F8 see half of what Fp1 and Fp2 see (58 recordings
    of children), or more (adults); in single components, and so in dipoles fitted to them, a
    quarter. ``share`` is that of the wide part, 1 for as much as the map itself.
    """
    away = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    # The strongest electrodes are the same in all samples of an artifact of one or two maps.
    weight = np.square(maps).mean(axis=0)
    weight /= max(float(weight.sum()), 1e-30)
    wide: FloatArray = (maps * weight) @ np.exp(-0.5 * (away / WIDE) ** 2)
    return maps + share * wide


def draw_muscle(
    bank: Bank, positions: FloatArray, n_times: int, rng: np.random.Generator
) -> FloatArray:
    """One to three muscles, each of a few motor units with waveforms of their own."""
    total = np.zeros((len(positions), n_times))
    for _ in range(rng.choice([1, 2, 3], p=[0.5, 0.3, 0.2])):
        n_units = int(rng.integers(1, 5))
        maps = draw_muscle_topographies(positions, n_units, rng)
        waves = np.array([draw_wave(bank, "muscle", n_times, rng) for _ in range(n_units)])
        waves *= draw_envelope(n_times, bank.sfreq, rng)
        total += maps.T @ (waves * np.exp(rng.normal(0, 0.7, (n_units, 1))))
    return total


def draw_envelope(n_times: int, sfreq: float, rng: np.random.Generator) -> FloatArray:
    """Tonic activity, or a few bursts with soft ends."""
    if rng.random() < 0.45:
        return np.ones(n_times)
    time, envelope = np.arange(n_times), np.zeros(n_times)
    for _ in range(rng.integers(1, 3 + n_times // round(4 * sfreq))):
        centre, half = rng.uniform(0, n_times), rng.uniform(0.1, 1.0) * sfreq
        soft = rng.uniform(0.02, 0.2) * sfreq
        envelope += expit((half - np.abs(time - centre)) / soft)
    return np.minimum(envelope, 1.0)


def draw_motion(
    bank: Bank, positions: FloatArray, n_times: int, rng: np.random.Generator
) -> FloatArray:
    """Move the cap or a cable: one slow waveform, strongest at some electrodes."""
    wave = draw_wave(bank, "motion", n_times, rng)
    near = np.linalg.norm(positions - positions[rng.integers(len(positions))], axis=1)
    topography = np.exp(-0.5 * (near / rng.uniform(0.02, 0.15)) ** 2)
    topography *= np.exp(rng.normal(0, 0.3, len(positions)))
    return np.outer(topography, wave)


def draw_wave(bank: Bank, kind: str, n_times: int, rng: np.random.Generator) -> FloatArray:
    """Cut a stretch of a real source of this kind where something happens, to unit deviation."""
    sources = [item.signal for item in bank.sources if item.kind == kind]
    signal = sources[rng.integers(len(sources))]
    start = draw_start(signal[None], n_times, rng)
    wave = signal[start : start + n_times].astype(float)
    return wave / max(float(wave.std()), 1e-30)


def draw_start(sources: FloatArray, n_times: int, rng: np.random.Generator) -> int:
    """Where to cut: the liveliest of three random places, so that silence is rare."""
    starts: IntArray = rng.integers(0, sources.shape[-1] - n_times + 1, 3)
    power = [np.square(sources[:, start : start + n_times]).sum() for start in starts]
    return int(starts[int(np.argmax(power))])


def draw_line(n_channels: int, n_times: int, sfreq: float, rng: np.random.Generator) -> FloatArray:
    """Mains hum and its second harmonic, of an own strength and phase at each electrode."""
    time = np.arange(n_times) / sfreq
    base = rng.choice([50.0, 60.0]) + rng.normal(0, 0.05)
    strength = np.exp(rng.normal(0, 0.7, n_channels)) * (1 + 3 * (rng.random(n_channels) < 0.2))
    phase = rng.normal(0, 0.4, n_channels) + rng.uniform(0, 2 * np.pi)
    hum = strength[:, None] * np.sin(2 * np.pi * base * time + phase[:, None])
    if 2 * base < sfreq / 2:
        hum += 0.1 * strength[:, None] * np.sin(2 * np.pi * 2 * base * time + 2 * phase[:, None])
    return np.asarray(hum)


def draw_noisy_channel(
    n_channels: int, n_times: int, sfreq: float, rng: np.random.Generator
) -> FloatArray:
    """Loosen electrodes: strong noise of its own at one or two channels."""
    total = np.zeros((n_channels, n_times))
    frequency = np.maximum(np.fft.rfftfreq(n_times, 1 / sfreq), 0.5)
    for channel in rng.choice(n_channels, min(n_channels, int(rng.integers(1, 3))), replace=False):
        spectrum = np.fft.rfft(rng.standard_normal(n_times)) * frequency ** -rng.uniform(0, 1.5)
        noise = np.fft.irfft(spectrum, n=n_times) * draw_envelope(n_times, sfreq, rng)
        total[channel] = noise / max(noise.std(), 1e-30)
    return total


def draw_pop(n_channels: int, n_times: int, sfreq: float, rng: np.random.Generator) -> FloatArray:
    """Let one or two electrodes jump, their potential then decaying back."""
    total, time = np.zeros((n_channels, n_times)), np.arange(n_times)
    for channel in rng.choice(n_channels, min(n_channels, int(rng.integers(1, 3))), replace=False):
        for start in rng.integers(0, n_times, rng.integers(1, 3 + n_times // round(8 * sfreq))):
            decay = np.exp(-np.maximum(time - start, 0) / (rng.uniform(0.05, 1.0) * sfreq))
            total[channel] += (
                rng.choice([-1, 1]) * np.exp(rng.normal()) * np.where(time >= start, decay, 0)
            )
    return total


def draw_drift(n_channels: int, n_times: int, sfreq: float, rng: np.random.Generator) -> FloatArray:
    """Sweat and slow polarisation: random slow waves, alike at few electrodes or many."""
    frequency = np.fft.rfftfreq(n_times, 1 / sfreq)
    shape = np.exp(-0.5 * (frequency / rng.uniform(0.2, 0.5)) ** 2)
    waves = np.fft.irfft(np.fft.rfft(rng.standard_normal((3, n_times))) * shape, n=n_times)
    mixing = rng.standard_normal((n_channels, 3)) * np.exp(rng.normal(0, 0.7, (n_channels, 1)))
    return mixing @ waves
