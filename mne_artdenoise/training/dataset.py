"""Pairs as an endless torch dataset whose workers share one stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import mne
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from ..synthesis.clean import Clean
from ..synthesis.generators import Artifacts
from ..synthesis.pairs import make_recipe, read_seed
from ..synthesis.recipe import Pair


class PairTensors(NamedTuple):
    """One window, or a batch of them, in volts, float32: shape (..., n_channels, n_times)."""

    noisy: Tensor
    clean: Tensor
    artifact: Tensor


def to_tensors(pair: Pair) -> PairTensors:
    """Bring one pair to float32 tensors."""
    parts = (pair.noisy, pair.clean, pair.artifact)
    return PairTensors(*(torch.from_numpy(part.astype(np.float32)) for part in parts))


class PairDataset(IterableDataset[Any]):
    """Pairs without end, drawn while a network trains.

    Parameters
    ----------
    clean, artifacts
        As in :func:`~mne_artdenoise.synthesis.make_pairs`.
    rng : int | Generator | None
        Seed or generator. Pair ``k`` depends on the seed and ``k`` alone: of ``n`` workers, the
        first draws the pairs 0, n, 2n, ..., the second 1, n + 1, ..., so no two draw the same, and
        all together draw the same pairs whatever their number.
    first : int
        Number of the first pair: what a training run that goes on has seen already.
    transform : callable
        What becomes of a :class:`~mne_artdenoise.synthesis.recipe.Pair`, in the worker. By default
        :class:`PairTensors` of volts.
    **options
        Those of :func:`~mne_artdenoise.synthesis.make_pairs` but ``n_pairs``.

    Attributes
    ----------
    info : mne.Info
        The channels, and the sampling rate.

    Examples
    --------
    A loader that draws in two processes beside the training::

        loader = DataLoader(PairDataset(raw, ["eye", "muscle"], rng=0), 32, num_workers=2)
        for noisy, clean, artifact in loader:
            ...
    """

    def __init__(
        self,
        clean: Clean,
        artifacts: Artifacts,
        *,
        rng: int | np.random.Generator | None = None,
        first: int = 0,
        transform: Callable[[Pair], Any] = to_tensors,
        **options: Any,
    ) -> None:
        self._recipe = make_recipe(clean, artifacts, **options)
        self._seed = read_seed(rng)  # drawn here: the workers must all have the same
        self._first = first
        self._transform = transform

    @property
    def info(self) -> mne.Info:
        """The channels, and the sampling rate."""
        return self._recipe.windows.info

    def __iter__(self) -> Iterator[Any]:
        """Draw from the first pair on."""
        worker = get_worker_info()
        number, step = (0, 1) if worker is None else (worker.id, worker.num_workers)
        return map(self._transform, self._recipe.stream(self._seed, self._first + number, step))
