"""How one pair is drawn: a clean window, artifacts of some kinds, and a ratio between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from .._typing import FloatArray
from .clean import CleanWindows
from .electrodes import Electrodes
from .generators import (
    TRIES,
    ArtifactGenerator,
    PhysicalArtifacts,
    draw_active,
    replaces,
)
from .mixing import measure_snr, mix_artifacts
from .ratios import RangeOfKinds, RatioOfKinds, draw_ratios


@dataclass(frozen=True, eq=False)
class Pair:
    """One window with its truth, in volts.

    Attributes
    ----------
    noisy, clean, artifact : ndarray, shape (n_channels, n_times)
        The first is the sum of the others.
    kinds : tuple of str
        Kinds of artifact in it; none in a pair without artifact.
    snr_db : float
        Ratio in decibels; see :func:`~mne_artdenoise.synthesis.make_pairs`.
    """

    noisy: FloatArray
    clean: FloatArray
    artifact: FloatArray
    kinds: tuple[str, ...]
    snr_db: float


@dataclass(frozen=True, eq=False)
class Recipe:
    """All that decides what a pair may be; chance comes from outside.

    Attributes
    ----------
    windows : CleanWindows
    generators : dict of str -> ArtifactGenerator
        What draws each kind.
    shares : dict of str -> float
        How often each kind is drawn; the sum is one.
    n_kinds : tuple of int
        Least and largest number of kinds in a pair.
    ratios : tuple of (tuple of str, float | (float, float) | None)
        Kinds that have a ratio together, and that ratio or limits between which it is drawn.
    mixing : dict of str -> str
        Options of :func:`~mne_artdenoise.synthesis.mixing.mix_at_snr`.
    """

    windows: CleanWindows
    generators: Mapping[str, ArtifactGenerator]
    shares: Mapping[str, float]
    n_kinds: tuple[int, int]
    ratios: tuple[RangeOfKinds, ...]
    mixing: Mapping[str, str]

    def draw(self, rng: np.random.Generator) -> Pair:
        """Draw one pair."""
        clean = self._draw_clean(rng)
        kinds = self._draw_kinds(rng)
        ratios = draw_ratios(self.ratios, rng)
        generators = {kind: self.generators[kind] for kind in kinds}
        electrodes = self.windows.electrodes
        parts = add_artifacts(clean, generators, electrodes, ratios, lambda _: rng, **self.mixing)
        artifact = sum_parts(clean, parts)
        added = {kind: x for kind, x in parts.items() if not replaces(kind, generators[kind])}
        snr_db = self._find_ratio(clean, added, ratios)
        return Pair(clean + artifact, clean, artifact, kinds, snr_db)

    def stream(self, seed: int, first: int = 0, step: int = 1) -> Iterator[Pair]:
        """Draw pairs for ever; the k-th depends on the seed and k alone."""
        for k in count(first, step):
            yield self.draw(np.random.default_rng((seed, k)))

    def _draw_clean(self, rng: np.random.Generator) -> FloatArray:
        for _ in range(TRIES):
            clean = self.windows.draw(rng)
            if clean.any():
                return clean
        raise ValueError(f"The clean signal was silent in {TRIES} windows, one after the other.")

    def _draw_kinds(self, rng: np.random.Generator) -> tuple[str, ...]:
        least, largest = self.n_kinds
        n_kinds = int(rng.integers(least, largest + 1))
        names, shares = list(self.shares), list(self.shares.values())
        chosen = rng.choice(len(names), n_kinds, replace=False, p=shares)
        return tuple(names[index] for index in sorted(chosen))

    def _find_ratio(
        self, clean: FloatArray, added: Mapping[str, FloatArray], ratios: Sequence[RatioOfKinds]
    ) -> float:
        """Find the ratio of a pair: the one asked for if there is one, else the one it has."""
        if not added:
            return np.inf
        for kinds, ratio in ratios:
            if ratio is not None and set(added) <= set(kinds):
                return ratio
        total: FloatArray = np.sum(list(added.values()), axis=0)
        return float(measure_snr(clean, total, **{**self.mixing, "per": "all"}))


def add_artifacts(
    clean: FloatArray,
    generators: Mapping[str, ArtifactGenerator],
    electrodes: Electrodes,
    ratios: Sequence[RatioOfKinds],
    find_rng: Callable[[str], np.random.Generator],
    **mixing: str,
) -> dict[str, FloatArray]:
    """Draw one artifact of each kind, and bring them to their ratios.

    Parameters
    ----------
    clean : ndarray, shape (n_channels, n_times)
        What they are added to.
    generators : mapping of str -> ArtifactGenerator
        What draws each kind.
    electrodes : Electrodes
    ratios : sequence of (tuple of str, float | None)
        Kinds, and the ratio of clean to their sum in decibels; None leaves them as they are drawn.
    find_rng : callable
        Gives the generator of chance of a kind.
    **mixing
        Options of :func:`~mne_artdenoise.synthesis.mixing.mix_at_snr`.

    Returns
    -------
    parts : dict of str -> ndarray, shape (n_channels, n_times)
        What is added, by kind, of the average reference where ``clean`` is. What takes the place
        of a channel comes last and knows the others; it is not scaled.
    """
    parts: dict[str, FloatArray] = {
        kind: draw_active(generator, electrodes, clean.shape[1], kind, find_rng(kind))
        for kind, generator in generators.items()
        if not replaces(kind, generator)
    }
    if has_average_reference(clean):
        # Seen from infinity, an artifact would be told from the brain by its mean alone.
        parts = {kind: part - part.mean(axis=0) for kind, part in parts.items()}
    for kinds, ratio in ratios:
        together = [kind for kind in parts if kind in kinds]
        if together:
            _, scaled = mix_artifacts(clean, [parts[kind] for kind in together], ratio, **mixing)
            parts.update(zip(together, scaled, strict=True))
    for kind, generator in generators.items():
        if isinstance(generator, PhysicalArtifacts) and replaces(kind, generator):
            last = generator.on(sum(parts.values(), clean))
            parts[kind] = draw_active(last, electrodes, clean.shape[1], kind, find_rng(kind))
    return parts


def has_average_reference(clean: FloatArray, largest: float = 1e-6) -> bool:
    """Tell whether the channels of a signal add up to nothing, but for this share of its power."""
    power = float(np.mean(np.square(clean)))
    return len(clean) > 2 and float(np.mean(np.square(clean.mean(axis=0)))) < largest * power


def sum_parts(clean: FloatArray, parts: Mapping[str, FloatArray]) -> FloatArray:
    """Sum what is added to a clean signal; where nothing remains of both, nothing exactly."""
    artifact: FloatArray = sum(parts.values(), np.zeros_like(clean))
    # Summed in another order, rounding would leave a whisper in a flat channel.
    return np.where(sum(parts.values(), clean) == 0.0, -clean, artifact)
