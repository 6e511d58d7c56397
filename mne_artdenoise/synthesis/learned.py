"""Artifacts drawn by networks that learned to, at any electrodes, rate and length."""

from __future__ import annotations

import math
from collections.abc import Sequence

import mne
import numpy as np
import torch
from torch import Tensor

from .._typing import FloatArray
from ..networks.artifact_gan import ArtifactGAN
from ..networks.artifact_spread import ArtifactSpread
from ..networks.artifact_unet import ArtifactUNet
from ..rate import to_recording_rate
from ..weights.load import load_network
from ..weights.registry import ModelRecord
from .diffusion import guide, make_schedule, sample_ddim
from .electrodes import Electrodes, read_electrodes
from .joining import count_windows, join_windows
from .segments import SFREQ, limit_band
from .spread import draw_spread
from .spread_mixture import draw_mixture

SPREAD = "artifact-spread-v1"
DEFAULTS = {"gan": "artifact-gan-v1", "diffusion": "artifact-diffusion-v1"}
NETWORKS = {"gan": ArtifactGAN, "diffusion": ArtifactUNet}
OVERLAP = REACH = round(SFREQ)  # samples: a second, in which a heart beats once or more
MOST = 256  # windows in one batch


class LearnedArtifacts:
    """Artifacts by a trained network; an `ArtifactGenerator` for `make_pairs` and `simulate_raw`.

    Parameters
    ----------
    kind : "gan" | "diffusion"
        Which network: one that was trained against a critic and makes a window in one step, or one
        that takes noise out of it in many. Another is a ValueError.
    model : str | ModelRecord | ArtifactGAN | ArtifactUNet | None
        A pretrained model, its record, or a network of one's own; None is the released one.
    spread : str | ModelRecord | ArtifactSpread | None
        What draws the topographies of eyes and muscles: a model fitted to those of people, or the
        head model (None), which draws those of the other labels in any case.
    n_steps : int
        Steps of a diffusion, from 1 to 1000.
    guidance : float
        How much a diffusion is steered to the label: 1 is what it learned; more is clearer of its
        kind, and in the end less varied.

    Notes
    -----
    The network makes waveforms of single sources, 128 samples a second. Topographies are drawn
    apart from them, as functions of direction, so that montages are free. What is longer than 4 s
    is joined of several windows. There is nothing above 60 Hz: for muscle at high rates take the
    formulas or a bank.

    The same state of ``rng`` gives the same bytes, on one machine with one number of threads.
    """

    def __init__(
        self,
        kind: str = "gan",
        model: str | ModelRecord | ArtifactGAN | ArtifactUNet | None = None,
        *,
        spread: str | ModelRecord | ArtifactSpread | None = SPREAD,
        n_steps: int = 50,
        guidance: float = 2.0,
    ) -> None:
        if kind not in NETWORKS:
            raise ValueError(f"kind is {kind!r}, but must be {' or '.join(map(repr, NETWORKS))}.")
        if not np.isfinite(guidance):
            raise ValueError(f"guidance must be a finite number, got {guidance!r}.")
        self.kind, self.n_steps, self.guidance = kind, n_steps, guidance
        self.network = _wake(kind, DEFAULTS[kind] if model is None else model).eval()
        self.spread = None if spread is None else _wake_spread(spread).eval()

    def __repr__(self) -> str:
        return f"<LearnedArtifacts | {self.kind}: {', '.join(self.labels)}>"

    @property
    def labels(self) -> tuple[str, ...]:
        """Kinds of artifact it knows."""
        return tuple(self.network.config.labels)

    def generate(
        self, info: mne.Info | Electrodes, n_times: int, label: str, rng: np.random.Generator
    ) -> FloatArray:
        """Draw one artifact.

        Parameters
        ----------
        info : mne.Info | Electrodes
            Channels with positions, and the sampling rate.
        n_times : int
            Samples wanted, 1 or more.
        label : str
            One of ``labels``; another is a ValueError that lists them.
        rng : Generator
            The only source of chance.

        Returns
        -------
        artifact : ndarray, shape (n_channels, n_times)
            In volts, seen from infinity; that of eyes and muscles of the average reference, where
            a model draws their topographies.
        """
        return np.asarray(self.generate_many(info, n_times, [label], rng)[0])

    def generate_many(
        self,
        info: mne.Info | Electrodes,
        n_times: int,
        labels: Sequence[str],
        rng: int | np.random.Generator | None = None,
    ) -> FloatArray:
        """Draw several artifacts at once, which takes less time than one after the other.

        Parameters
        ----------
        info : mne.Info | Electrodes
            Channels with positions, and the sampling rate.
        n_times : int
            Samples wanted of each, 1 or more.
        labels : sequence of str
            What each is; one that the network does not know is a ValueError that lists them.
        rng : int | Generator | None
            Seed or generator.

        Returns
        -------
        artifacts : ndarray, shape (n_labels, n_channels, n_times)
            In volts, seen from infinity. Numbers that are not finite never come out: they are a
            RuntimeError.
        """
        electrodes, rng = read_electrodes(info), np.random.default_rng(rng)
        if n_times < 1:
            raise ValueError(f"n_times must be 1 or more, got {n_times!r}.")
        self._check_labels(labels)
        if not len(labels):
            return np.zeros((0, len(electrodes), n_times))
        maps = [self._draw_maps(electrodes, label, rng) for label in labels]
        n_slow = math.ceil(n_times * SFREQ / electrodes.sfreq)
        n_windows = count_windows(n_slow, self._size, OVERLAP, REACH)
        sources = [label for label, own in zip(labels, maps, strict=True) for _ in own]
        windows = self.sample([label for label in sources for _ in range(n_windows)], rng)
        waves = np.empty((len(sources), n_times))
        for row, label in enumerate(sources):
            joined = join_windows(windows[row * n_windows : (row + 1) * n_windows], OVERLAP, REACH)
            start = rng.integers(len(joined) - n_slow + 1)
            slow = limit_band(joined, SFREQ, label)[start : start + n_slow]
            waves[row] = to_recording_rate(slow[np.newaxis], SFREQ, electrodes.sfreq, n_times)[0]
        ends = np.cumsum([len(own) for own in maps])[:-1]
        parts = zip(maps, np.split(waves, ends), strict=True)
        return np.array([own.T @ mine for own, mine in parts])

    def sample(
        self, labels: Sequence[str], rng: int | np.random.Generator | None = None
    ) -> FloatArray:
        """Draw windows of single sources, as the network makes them.

        Parameters
        ----------
        labels : sequence of str
            What each is.
        rng : int | Generator | None
            Seed or generator.

        Returns
        -------
        windows : ndarray, shape (n_labels, 512)
            Of 4 s at 128 Hz, each of a mean square of one. A network that makes numbers that are
            not finite is a RuntimeError.
        """
        self._check_labels(labels)
        rng = np.random.default_rng(rng)
        classes = torch.tensor([self.labels.index(label) for label in labels], dtype=torch.long)
        with torch.inference_mode():
            parts = (
                [self._sample(some, rng) for some in torch.split(classes, MOST)] if labels else []
            )
        windows = np.concatenate([np.zeros((0, self._size)), *(part.numpy() for part in parts)])
        if not np.isfinite(windows).all():
            raise RuntimeError(
                f"The {self.kind} network made numbers that are not finite: nothing is given back. "
                "Its weights may be damaged."
            )
        size = np.sqrt(np.square(windows).mean(axis=1, keepdims=True))
        return np.asarray(windows / np.maximum(size, 1e-6))

    def _draw_maps(
        self, electrodes: Electrodes, label: str, rng: np.random.Generator
    ) -> FloatArray:
        if self.spread is not None and label in self.spread.config.labels:
            return draw_mixture(self.spread, electrodes, label, rng)
        return draw_spread(electrodes, label, rng)

    @property
    def _size(self) -> int:
        return int(self.network.config.n_times)

    def _sample(self, classes: Tensor, rng: np.random.Generator) -> Tensor:
        def draw(shape: tuple[int, ...]) -> Tensor:
            return torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))

        if isinstance(self.network, ArtifactGAN):
            made: Tensor = self.network(draw((len(classes), self.network.n_noise)), classes)
            return made
        config = self.network.config
        schedule = make_schedule(config.schedule, config.n_steps, config.prediction)
        predict = guide(self.network, classes, self.guidance, self.network.no_label)
        shape = (len(classes), self._size)
        return sample_ddim(predict, draw, shape, schedule, n_steps=self.n_steps)

    def _check_labels(self, labels: Sequence[str]) -> None:
        if isinstance(labels, str):
            raise TypeError(f"labels must be a list of names, such as [{labels!r}], not one.")
        for label in labels:
            if label not in self.labels:
                known = ", ".join(map(repr, self.labels))
                raise ValueError(f"Unknown label {label!r}. This generator knows {known}.")


def _wake(
    kind: str, model: str | ModelRecord | ArtifactGAN | ArtifactUNet
) -> ArtifactGAN | ArtifactUNet:
    """Give the network of a model, which must be of a kind."""
    network = load_network(model) if isinstance(model, str | ModelRecord) else model
    if isinstance(network, ArtifactGAN | ArtifactUNet) and isinstance(network, NETWORKS[kind]):
        return network
    raise ValueError(
        f"Kind {kind!r} needs a network of {NETWORKS[kind].__name__}, and "
        f"{getattr(model, 'id', model)!r} is of {type(network).__name__}."
    )


def _wake_spread(model: str | ModelRecord | ArtifactSpread) -> ArtifactSpread:
    """Give the network of a model, which must draw topographies."""
    network = load_network(model) if isinstance(model, str | ModelRecord) else model
    if isinstance(network, ArtifactSpread):
        return network
    raise ValueError(
        f"spread needs a network of ArtifactSpread, and {getattr(model, 'id', model)!r} is of "
        f"{type(network).__name__}."
    )
