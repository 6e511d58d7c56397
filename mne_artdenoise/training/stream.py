"""An endless stream of training windows of random montages, artifacts, references and bands."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import count

import numpy as np
from scipy.fft import irfft, rfft

from .._typing import FloatArray, IntArray
from ..synthesis.bank import Bank, CleanRecording, FieldSource
from ..synthesis.brain import draw_background
from ..synthesis.drawing import EyeConfig, draw_artifact


@dataclass(frozen=True)
class StreamConfig:
    """What a training window may look like, each range with its reason.

    Attributes
    ----------
    n_times : int
        Samples of a window: 16 seconds, which the filters of the loss need of data.
    shapes : tuple of (int, int, float)
        Channels, windows in a batch, how often; about the same work in each.
    whole : float
        Share of recordings whose brain signal is whole, not a sum of components.
    unreferenced : int
        Batches, from the first, whose artifacts are seen from infinity even where the brain is of
        the average reference: their mean over channels gives them away. A fault of the first part
        of the released training, kept so that it can be repeated; 0 is better.
    eyes : EyeConfig | None
        How eyes are drawn beyond dipoles and independent components.
    identity : float
        Share of windows without any artifact.
    snr_db : (float, float)
        Ratio of powers in decibels, clean against each artifact.
    gain_sd : float
        Natural logarithm: the recording's scale is not the window's.
    """

    n_times: int = 3200
    shapes: tuple[tuple[int, int, float], ...] = (
        (4, 24, 0.10),
        (8, 16, 0.18),
        (19, 7, 0.42),
        (32, 4, 0.08),
        (64, 2, 0.22),
    )
    whole: float = 0.6
    unreferenced: int = 0
    eyes: EyeConfig | None = field(default_factory=lambda: EyeConfig(wide=0.6, glances=0.12))
    identity: float = 0.12
    snr_db: tuple[float, float] = (-15.0, 10.0)
    gain_sd: float = 0.25


@dataclass(frozen=True)
class Batch:
    """Windows of one montage size: noisy and artifact in model scale, electrode directions.

    ``noisy`` and ``artifact`` have shape (n_windows, n_channels, n_times), ``directions``
    (n_windows, n_channels, 3), all float32.
    """

    noisy: FloatArray
    artifact: FloatArray
    directions: FloatArray


def draw_batch(bank: Bank, config: StreamConfig, rng: np.random.Generator) -> Batch:
    """Draw one batch of a random shape."""
    weights = np.array([shape[2] for shape in config.shapes])
    n_channels, n_windows, _ = config.shapes[rng.choice(len(weights), p=weights / weights.sum())]
    windows = [draw_window(bank, n_channels, config, rng) for _ in range(n_windows)]
    noisy, artifact, directions = (np.stack(parts) for parts in zip(*windows, strict=True))
    return Batch(*(part.astype(np.float32) for part in (noisy, artifact, directions)))


def stream_batches(
    bank: Bank, config: StreamConfig, seed: int, first: int = 0, ahead: int = 4
) -> Iterator[Batch]:
    """Draw batches for ever; the k-th depends on ``seed`` and k alone, so a stopped run can go on.

    The next few are drawn in a thread of their own while the network works. Everything in the bank
    must be as long as a window, else ValueError.
    """
    check_length(bank, config.n_times)

    def draw(k: int) -> Batch:
        part = replace(config, unreferenced=max(0, config.unreferenced - k))
        return draw_batch(bank, part, np.random.default_rng((seed, k)))

    with ThreadPoolExecutor(1) as pool:
        waiting = deque(pool.submit(draw, first + k) for k in range(ahead))
        for k in count(first + ahead):
            yield waiting.popleft().result()
            waiting.append(pool.submit(draw, k))


def check_length(bank: Bank, n_times: int) -> None:
    """Refuse a bank in which something is shorter than a window."""
    signals = [item.sources if isinstance(item, FieldSource) else item.signal for item in bank]
    shortest = min((x.shape[-1] for x in signals), default=0)
    if shortest < n_times:
        raise ValueError(
            f"The shortest signal of the bank holds {shortest / bank.sfreq:g} s, but a window "
            f"takes {n_times / bank.sfreq:g} s. Leave it out, or set StreamConfig(n_times=...)."
        )


def draw_window(
    bank: Bank, n_channels: int, config: StreamConfig, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """One noisy window, the artifact in it, and where the electrodes are."""
    recording = draw_recording(bank, n_channels, config.whole, rng)
    chosen = choose_channels(recording.positions, n_channels, rng)
    reference = draw_reference(len(recording.positions), chosen, rng)
    needed = chosen if reference is None else np.union1d(chosen, reference)
    clean = cut_span(recording.signal[needed], config.n_times, rng)
    clean = clean + draw_background(recording.positions[needed], clean, bank.sfreq, rng)
    positions = move_cap(recording.positions, rng)
    # Sums of components are of the average reference, so what is added to them must be.
    average = config.unreferenced == 0 and not recording.whole
    places, among = (positions, needed) if average else (positions[needed], None)
    artifact = add_artifacts(bank, places, clean, config, rng, among)
    seen, common = np.arange(n_channels), None
    if reference is not None:
        seen, common = np.searchsorted(needed, chosen), np.searchsorted(needed, reference)
    clean, artifact = reference_and_band(clean, artifact, seen, common, bank.sfreq, rng)
    noisy = clean + artifact
    scale = measure_scale(noisy, round(bank.sfreq)) * np.exp(rng.normal(0, config.gain_sd))
    return noisy / scale, artifact / scale, find_directions(positions[chosen])


def add_artifacts(
    bank: Bank,
    positions: FloatArray,
    clean: FloatArray,
    config: StreamConfig,
    rng: np.random.Generator,
    among: IntArray | None = None,
) -> FloatArray:
    """Sum of up to three artifacts, each at a ratio of its own to the clean signal.

    With ``among``, the artifacts are of the average reference over all ``positions``, and the clean
    channels are these of them.
    """
    total = np.zeros_like(clean)
    if rng.random() < config.identity:
        return total
    power = np.mean(clean**2)
    for _ in range(rng.choice([1, 2, 3], p=[0.45, 0.4, 0.15])):
        part = draw_artifact(bank, positions, config.n_times, rng, config.eyes)
        if among is not None:
            part = part[among] - part.mean(axis=0)
        size = np.mean(part**2)
        if size > 0:
            total += part * np.sqrt(power / size * 10 ** (-rng.uniform(*config.snr_db) / 10))
    return total


def draw_recording(
    bank: Bank, n_channels: int, whole: float, rng: np.random.Generator
) -> CleanRecording:
    """Draw a clean recording with enough channels, ``whole`` of them of the whole brain signal.

    What ICLabel is sure is brain lacks much of the slow activity of real brains: a network that
    saw nothing else would call it artifact.
    """
    enough = [item for item in bank.clean if len(item.ch_names) >= n_channels]
    groups = [[item for item in enough if item.whole], [item for item in enough if not item.whole]]
    group = groups[0] if groups[0] and (rng.random() < whole or not groups[1]) else groups[1]
    large = [item for item in group if len(item.ch_names) > 30]
    if large and rng.random() < 0.3:  # more often than they occur
        group = large
    return group[rng.integers(len(group))]


def cut_span(signal: FloatArray, n_times: int, rng: np.random.Generator) -> FloatArray:
    """Cut a random stretch of a signal, shape (..., n_times), in a copy."""
    start = rng.integers(signal.shape[-1] - n_times + 1)
    return signal[..., start : start + n_times].astype(np.float32)


def move_cap(positions: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Turn and shift the cap a little, as caps sit, and mirror half of them left to right."""
    turn = rng.normal(0, 0.05, 3)
    moved = positions + np.cross(turn, positions) + rng.normal(0, 0.003, 3)
    return moved * np.array([-1.0, 1.0, 1.0]) if rng.random() < 0.5 else moved


def choose_channels(positions: FloatArray, n_channels: int, rng: np.random.Generator) -> IntArray:
    """Choose channels at random, or those nearest to a place, as small montages are."""
    if n_channels < len(positions) and rng.random() < 0.3:
        near = np.linalg.norm(positions - positions[rng.integers(len(positions))], axis=1)
        return np.argsort(near)[:n_channels]
    return rng.permutation(len(positions))[:n_channels]


def draw_reference(n_total: int, chosen: IntArray, rng: np.random.Generator) -> IntArray | None:
    """Which channels the reference is the mean of: none new, the average, a single one."""
    choice = rng.random()
    if choice < 0.45:
        return None
    if choice < 0.8:
        return chosen if rng.random() < 0.5 or n_total > 30 else np.arange(n_total)
    others = np.setdiff1d(np.arange(n_total), chosen)
    return rng.choice(others, 1) if len(others) else rng.choice(chosen, 1)


def reference_and_band(
    clean: FloatArray,
    artifact: FloatArray,
    chosen: IntArray,
    reference: IntArray | None,
    sfreq: float,
    rng: np.random.Generator,
) -> list[FloatArray]:
    """Apply one reference and one band-pass to both parts alike: their sum stays the truth."""
    gain = draw_band(clean.shape[-1], sfreq, rng)
    parts = []
    for part in (clean, artifact):
        kept = part[chosen]
        if reference is not None:
            kept = kept - part[reference].mean(axis=0)
        if gain is not None:
            kept = irfft(rfft(kept) * gain, n=part.shape[-1])
        parts.append(kept)
    return parts


def draw_band(n_times: int, sfreq: float, rng: np.random.Generator) -> FloatArray | None:
    """Response of a random smooth band-pass over the bins of a real transform, or none."""
    if rng.random() < 0.5:
        return None
    frequency = np.fft.rfftfreq(n_times, 1 / sfreq)
    low = rng.uniform(0.5, 2.0) if rng.random() < 0.6 else 0.0
    high = rng.uniform(28.0, 95.0)
    gain = 1 / (1 + (frequency / high) ** 16)
    gain = gain / (1 + (low / np.maximum(frequency, 1e-6)) ** 8) if low else gain
    return gain.astype(np.float32)


def measure_scale(signal: FloatArray, piece: int) -> float:
    """Measure of a window what the path measures of a whole recording (see ``scale.py``)."""
    pieces = signal[:, : signal.shape[1] // piece * piece].reshape(len(signal), -1, piece)
    deviation = np.median(pieces.std(axis=-1), axis=-1)
    return float(np.median(deviation[deviation > 0])) if (deviation > 0).any() else 1.0


def find_directions(positions: FloatArray) -> FloatArray:
    """Find unit vectors from the middle of the head, as ``channels.py`` gives them."""
    away = positions - np.array([0.0, 0.0, 0.04])
    directions: FloatArray = away / np.linalg.norm(away, axis=1, keepdims=True)
    return directions
