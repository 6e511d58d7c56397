"""Pairs mixed from parts on the device that trains: ratio, reference, electrodes and band anew.

Each step is linear and done to brain and artifact alike, so their sum stays the truth.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .._typing import FloatArray, IntArray
from ..channels import find_directions
from ..splines import interpolate
from .parts import FEWEST, BoolArray, Parts

MOST = 3  # artifacts in a window
LEAST = 0.05  # of an artifact's power that must be left at the electrodes there are


@dataclass(frozen=True)
class MixtureConfig:
    """What a pair may look like, each range with its reason."""

    identity: float = 0.12  # share of windows without any artifact
    snr_db: tuple[float, float] = (-15.0, 10.0)  # power, brain against each artifact
    gain_sd: float = 0.25  # natural log: the recording's scale is not the window's
    fewer: float = 0.3  # share of windows seen through fewer electrodes than there are
    n_subsets: int = 64  # sets of fewer electrodes, for each set that recordings have
    mirror: float = 0.5  # share of brains turned left to right
    band: float = 0.5  # share of windows with a band-pass


@dataclass(frozen=True)
class Draw:
    """The choices for one batch of pairs, and the parts they fall on where these lie on disk.

    ``clean`` and ``artifacts`` are indices, shapes (batch,) and (batch, MOST); ``mapping`` and
    ``turned`` take brain and artifact to the electrodes and the reference, (batch, n, n) each.
    """

    clean: IntArray
    artifacts: IntArray
    gains: FloatArray
    turned: FloatArray
    mapping: FloatArray
    low: FloatArray
    high: FloatArray
    jitter: FloatArray
    loaded: tuple[FloatArray, FloatArray] | None = None


@dataclass(frozen=True)
class Electrodes:
    """The sets of electrodes that a window may be seen through.

    ``groups`` gives each window of brain the set that its recording has; ``subsets`` (n_groups,
    n_subsets, n) masks, the first the set itself, and ``maps`` (n_groups, n_subsets, n, n) to all
    electrodes from those of the mask.
    """

    groups: IntArray
    subsets: BoolArray
    maps: FloatArray
    mirror: IntArray
    symmetric: BoolArray


class Mixer:
    """Mix pairs on a device; the k-th batch depends on the seed and k alone.

    Parameters
    ----------
    parts : Parts
        The parts.
    config : MixtureConfig
        How they are mixed.
    device : str
        Where. On ``"cuda"`` the parts are kept in its memory if they take less than half of it.
    """

    def __init__(self, parts: Parts, config: MixtureConfig, device: str = "cpu") -> None:
        self.parts, self.config, self.device = parts, config, device
        self.electrodes = find_electrodes(parts, config)
        self.kept: tuple[Tensor, Tensor] | None = None
        if device == "cuda":
            free, _ = torch.cuda.mem_get_info()
            if parts.clean.nbytes + parts.artifact.nbytes < free / 2:
                clean, artifact = (np.array(x) for x in (parts.clean, parts.artifact))
                self.kept = torch.from_numpy(clean).cuda(), torch.from_numpy(artifact).cuda()

    def stream(
        self, batch: int, seed: int, first: int = 0, ahead: int = 4
    ) -> Generator[tuple[Tensor, Tensor]]:
        """Give noisy and clean windows, (batch, n_channels, n_times) each, for ever."""
        with ThreadPoolExecutor(1) as pool:
            waiting = deque(
                pool.submit(self.draw, batch, np.random.default_rng((seed, first + k)))
                for k in range(ahead)
            )
            for k in count(first + ahead):
                yield self.mix(waiting.popleft().result())
                waiting.append(pool.submit(self.draw, batch, np.random.default_rng((seed, k))))

    def draw(self, batch: int, rng: np.random.Generator) -> Draw:
        """Choose parts and how they are mixed, and load them unless the device keeps them."""
        config, electrodes = self.config, self.electrodes
        clean = rng.integers(len(self.parts.clean), size=batch)
        artifacts = rng.integers(len(self.parts.artifact), size=(batch, MOST))
        n_added = rng.choice([1, 2, 3], batch, p=[0.45, 0.4, 0.15])
        n_added[rng.random(batch) < config.identity] = 0
        gains = 10 ** (-rng.uniform(*config.snr_db, (batch, MOST)) / 20)
        gains *= np.arange(MOST) < n_added[:, None]
        group = electrodes.groups[clean]
        subset = rng.integers(1, electrodes.maps.shape[1], batch)
        subset[rng.random(batch) >= config.fewer] = 0
        there = electrodes.subsets[group, subset]
        weights = draw_references(there, rng)
        # Splines keep what is equal everywhere: the reference may be taken off after them.
        mapping = electrodes.maps[group, subset] - weights[:, None]
        turn = electrodes.symmetric[group] & (rng.random(batch) < config.mirror)
        turned = np.where(turn[:, None, None], mapping[:, :, electrodes.mirror], mapping)
        banded = rng.random(batch) < config.band
        low = np.where(banded & (rng.random(batch) < 0.6), rng.uniform(0.5, 2.0, batch), 0.0)
        high = np.where(banded, rng.uniform(28.0, 95.0, batch), np.inf)
        jitter = np.exp(rng.normal(0, config.gain_sd, batch))
        loaded = None
        if self.kept is None:
            loaded = self.parts.clean[clean], self.parts.artifact[artifacts]
        return Draw(clean, artifacts, gains, turned, mapping, low, high, jitter, loaded)

    def mix(self, draw: Draw) -> tuple[Tensor, Tensor]:
        """Mix the pairs of a draw: noisy and clean, in the scale of the noisy windows."""
        if draw.loaded is not None:
            brain, parts = (self._send(part) for part in draw.loaded)
        elif self.kept is not None:
            brain = self.kept[0][self._send(draw.clean, torch.int64)].float()
            parts = self.kept[1][self._send(draw.artifacts, torch.int64)].float()
        clean = self._send(draw.turned) @ brain
        mapped = self._send(draw.mapping)[:, None] @ parts
        power = clean.square().mean((1, 2), keepdim=True)[:, None]
        sizes = mapped.square().mean((2, 3), keepdim=True).clamp_min(LEAST)
        gains = self._send(draw.gains)[..., None, None]
        artifact = (gains * torch.sqrt(power / sizes) * mapped).sum(1)
        both = torch.stack([clean, artifact])
        both = take_band(both, self._send(draw.low), self._send(draw.high), self.parts.config.sfreq)
        noisy = both.sum(0)
        scale = measure_scales(noisy, round(self.parts.config.sfreq))
        scale = (scale * self._send(draw.jitter))[:, None, None]
        return noisy / scale, both[0] / scale

    def _send(self, x: Any, dtype: torch.dtype = torch.float32) -> Tensor:
        return torch.as_tensor(x, dtype=dtype).to(self.device)


def find_electrodes(parts: Parts, config: MixtureConfig, seed: int = 0) -> Electrodes:
    """Find the sets of electrodes that recordings have, and draw smaller ones of each."""
    rng = np.random.default_rng(seed)
    directions = find_directions(parts.config.ch_names)
    sets, groups = np.unique(parts.present[:], axis=0, return_inverse=True)
    subsets = np.repeat(sets[:, None], 1 + config.n_subsets, axis=1)
    for mask, smaller in zip(sets, subsets, strict=True):
        there = np.flatnonzero(mask)
        for some in smaller[1:]:
            left = rng.integers(min(FEWEST, len(there)), len(there) + 1)
            some[rng.permutation(there)[left:]] = False
    maps = np.zeros((*subsets.shape, len(directions)), np.float32)
    maps = maps.swapaxes(-1, -2)
    for where in np.ndindex(subsets.shape[:2]):
        mask = subsets[where]
        maps[where][:, mask] = interpolate(directions[mask], directions)
    # The electrode that lies where the mirror image of each one does.
    mirror = np.argmax((directions * np.array([-1.0, 1.0, 1.0])) @ directions.T, axis=1)
    return Electrodes(groups.ravel(), subsets, maps, mirror, (sets == sets[:, mirror]).all(axis=1))


def draw_references(there: BoolArray, rng: np.random.Generator) -> FloatArray:
    """Weights of the reference of each window: none new, the average, or a single electrode."""
    average = there / there.sum(axis=1, keepdims=True)
    keys = np.where(there, rng.random(there.shape), -1.0)
    single = np.arange(there.shape[1]) == keys.argmax(axis=1)[:, None]
    choice = rng.random(len(there))[:, None]
    return np.where(choice > 0.8, single, np.where(choice > 0.45, average, 0.0))


def take_band(x: Tensor, low: Tensor, high: Tensor, sfreq: float) -> Tensor:
    """Band-pass each window by edges in hertz of its own, shape (batch,) each."""
    frequency = torch.fft.rfftfreq(x.shape[-1], 1 / sfreq, device=x.device)
    gain = 1 / (1 + (frequency / high[:, None]) ** 16)
    gain = gain / (1 + (low[:, None] / frequency.clamp_min(1e-6)).clamp_max(1e4) ** 8)
    filtered: Tensor = torch.fft.irfft(torch.fft.rfft(x) * gain[:, None], n=x.shape[-1])
    return filtered


def measure_scales(x: Tensor, piece: int) -> Tensor:
    """Measure of windows what the path measures of a whole recording (see ``scale.py``)."""
    piece = min(piece, x.shape[-1])
    used = x[..., : x.shape[-1] // piece * piece]
    pieces = used.reshape(*used.shape[:-1], -1, piece)
    deviation = pieces.std(-1, correction=0)
    median: Tensor = deviation.quantile(0.5, dim=-1).quantile(0.5, dim=-1)
    return median.clamp_min(1e-6)
