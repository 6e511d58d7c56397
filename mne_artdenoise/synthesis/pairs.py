"""Noisy and clean pairs of EEG windows, a set of them or an endless stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import mne
import numpy as np
import numpy.typing as npt

from .._typing import FloatArray
from .clean import Clean, find_windows
from .generators import Artifacts, read_generators, share_kinds
from .mixing import check_options
from .ratios import Ratio, read_ratios
from .recipe import Pair, Recipe

SNR_DB = (-10.0, 5.0)  # from artifacts of ten times the power of brain to those of a third


@dataclass(frozen=True, eq=False)
class Pairs:
    """Noisy and clean windows, in volts.

    Attributes
    ----------
    noisy, clean, artifact : ndarray, shape (n_pairs, n_channels, n_times)
        The first is the sum of the others.
    kinds : tuple of (tuple of str)
        Kinds of artifact in each pair; none in a pair without artifact.
    snr_db : ndarray, shape (n_pairs,)
        Ratio of each pair in decibels: the one asked for, or, where none was asked of the sum of
        its artifacts, the one they have over all channels; ``inf`` without artifact.
    info : mne.Info
        The channels, and the sampling rate.
    """

    noisy: FloatArray
    clean: FloatArray
    artifact: FloatArray
    kinds: tuple[tuple[str, ...], ...]
    snr_db: npt.NDArray[np.float64]
    info: mne.Info

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.noisy)

    def to_epochs(self, part: str = "noisy") -> mne.EpochsArray:
        """Make epochs of one part.

        Parameters
        ----------
        part : "noisy" | "clean" | "artifact"
            Which (another is a ValueError).

        Returns
        -------
        epochs : mne.EpochsArray
            One epoch per pair. Events are named after the kinds in them, such as "blink + muscle"
            ("none" without artifact), and so is the column ``kinds`` of the metadata; ``snr_db``
            is another. Metadata need pandas (ImportError without it).
        """
        if part not in ("noisy", "clean", "artifact"):
            raise ValueError(f"part is {part!r}, but must be 'noisy', 'clean' or 'artifact'")
        import pandas as pd

        names = [" + ".join(kinds) or "none" for kinds in self.kinds]
        event_id = {name: number for number, name in enumerate(sorted(set(names)), start=1)}
        onsets = np.arange(len(self)) * self.noisy.shape[-1]
        codes = [event_id[name] for name in names]
        return mne.EpochsArray(
            getattr(self, part).copy(),
            self.info.copy(),
            events=np.column_stack([onsets, np.zeros_like(onsets), codes]),
            event_id=event_id,
            metadata=pd.DataFrame({"kinds": names, "snr_db": self.snr_db}),
            verbose="error",
        )


def make_pairs(
    clean: Clean,
    artifacts: Artifacts,
    *,
    n_pairs: int,
    snr_db: Ratio | Mapping[str, Ratio] = SNR_DB,
    kinds: Sequence[str] | Mapping[str, float] | None = None,
    n_kinds: int | tuple[int, int] = 1,
    duration: float | None = None,
    convention: str = "power",
    per: str = "all",
    span: str = "window",
    info: mne.Info | None = None,
    rng: int | np.random.Generator | None = None,
) -> Pairs:
    """Make noisy and clean windows of which the artifact is known.

    Parameters
    ----------
    clean : Bank | Raw | Epochs | ndarray, shape (..., n_channels, n_times)
        What is taken for brain, in volts, high-passed: an offset counts as power. EEG channels with
        positions are used that are not marked bad; of a Raw, what no annotation calls BAD. People
        of a bank are drawn alike, and brought to 10 µV each.
    artifacts : Bank | ArtifactGenerator | sequence of str | mapping
        What is added: names from ``KINDS`` or ``GROUPS`` that formulas make; a bank, whose real
        artifacts are brought to 30 µV each; anything with ``labels`` and ``generate``, such as a
        learned generator; or a mapping that says for each name which of these draws it, or which
        physical parameters its formula has: ``{"blink": {}, "muscle": bank}``.
    n_pairs : int
        How many, 1 or more (else ValueError).
    snr_db : float | (float, float) | None | mapping of str -> the same
        Power of clean over power of artifact, in decibels: a number, or limits between which one is
        drawn for each pair. It is that of the sum of a pair's artifacts; a mapping gives each kind,
        or what a pair has of a group, a ratio of its own. None leaves them as large as they are.
    kinds : sequence of str | mapping of str -> float | None
        Kinds or groups drawn, alike or by shares; None draws all there are, alike.
    n_kinds : int | (int, int)
        How many different kinds there are in a pair, or the least and the largest number. With 0
        some pairs have no artifact, so that a network learns to leave them alone.
    duration : float | None
        Length in seconds. None is all of an epoch, and 4 s of a Raw or a bank.
    convention, per, span
        As in :func:`~mne_artdenoise.synthesis.mixing.mix_at_snr`: what the ratio means.
    info : mne.Info | None
        Channels of an array. For a bank, the montage wanted, of channels that some of its people
        have; None takes that of most people.
    rng : int | Generator | None
        Seed or generator. The same seed gives the same bytes, and the first pairs of a larger set.

    Returns
    -------
    pairs : Pairs

    Notes
    -----
    ``"flat"`` and ``"dead"`` take the place of what a channel records. They come last, have the
    size of what they replace, and do not count in the ratio.
    """
    recipe = make_recipe(
        clean,
        artifacts,
        snr_db=snr_db,
        kinds=kinds,
        n_kinds=n_kinds,
        duration=duration,
        convention=convention,
        per=per,
        span=span,
        info=info,
    )
    if n_pairs < 1:
        raise ValueError(f"n_pairs must be 1 or more, got {n_pairs!r}")
    windows = recipe.windows
    shape = (n_pairs, len(windows.electrodes), windows.n_times)
    noisy, wanted, artifact = (np.empty(shape) for _ in range(3))
    drawn = []
    for index, pair in enumerate(islice(recipe.stream(read_seed(rng)), n_pairs)):
        noisy[index], wanted[index], artifact[index] = pair.noisy, pair.clean, pair.artifact
        drawn.append((pair.kinds, pair.snr_db))
    names, ratios = zip(*drawn, strict=True)
    return Pairs(noisy, wanted, artifact, names, np.array(ratios), windows.info)


def stream_pairs(
    clean: Clean,
    artifacts: Artifacts,
    *,
    rng: int | np.random.Generator | None = None,
    first: int = 0,
    step: int = 1,
    **options: Any,
) -> Iterator[Pair]:
    """Draw pairs for ever, one in memory at a time.

    Parameters
    ----------
    clean, artifacts
        As in :func:`make_pairs`.
    rng : int | Generator | None
        Seed or generator. Pair ``k`` depends on the seed and ``k`` alone, and is that of
        :func:`make_pairs`.
    first, step : int
        Number of the first pair, and the distance to the next: workers that share a stream begin
        each at their own number and step by how many they are.
    **options
        Those of :func:`make_pairs` but ``n_pairs``.

    Returns
    -------
    pairs : iterator of Pair
        Each with ``noisy``, ``clean``, ``artifact`` of shape (n_channels, n_times), ``kinds`` and
        ``snr_db``.
    """
    # Not a generator itself: what is wrong is told here, not when the first pair is drawn.
    return make_recipe(clean, artifacts, **options).stream(read_seed(rng), first, step)


def make_recipe(
    clean: Clean,
    artifacts: Artifacts,
    *,
    snr_db: Ratio | Mapping[str, Ratio] = SNR_DB,
    kinds: Sequence[str] | Mapping[str, float] | None = None,
    n_kinds: int | tuple[int, int] = 1,
    duration: float | None = None,
    convention: str = "power",
    per: str = "all",
    span: str = "window",
    info: mne.Info | None = None,
) -> Recipe:
    """Check what is asked of pairs, once for all of them; parameters as in :func:`make_pairs`."""
    windows = find_windows(clean, duration, info)
    generators = read_generators(artifacts, windows.electrodes.sfreq, windows.n_times)
    shares = share_kinds(kinds, tuple(generators))
    limits = (n_kinds, n_kinds) if isinstance(n_kinds, int) else tuple(n_kinds)
    if len(limits) != 2 or not 0 <= limits[0] <= limits[1] <= len(shares) or limits[1] == 0:
        raise ValueError(
            f"n_kinds must be a number, or the least and the largest, from 0 to the {len(shares)} "
            f"kinds there are, and not 0 alone, got {n_kinds!r}."
        )
    check_options(convention, per, span)
    return Recipe(
        windows=windows,
        generators=generators,
        shares=shares,
        n_kinds=(limits[0], limits[1]),
        ratios=read_ratios(snr_db, tuple(shares)),
        mixing={"convention": convention, "per": per, "span": span},
    )


def read_seed(rng: int | np.random.Generator | None) -> int:
    """Give the seed of a stream; a generator moves on by one number."""
    if isinstance(rng, np.random.Generator) or rng is None:
        return int(np.random.default_rng(rng).integers(2**63))
    return int(rng)
