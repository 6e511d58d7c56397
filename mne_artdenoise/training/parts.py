"""Windows of brain and windows of artifact at fixed channels, on disk, from which pairs are mixed.

A network on a fast device sees more windows in a second than one processor can draw. So the two
parts of a pair are drawn beforehand, by all processors, and mixed anew at every step: n windows of
brain and m of artifact make n times m pairs, at any ratio and any reference.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .._typing import FloatArray, IntArray
from ..channels import THIRTY, find_directions, find_positions
from ..rate import to_model_rate
from ..scale import measure_scale
from ..splines import interpolate
from ..synthesis.bank import Bank, CleanRecording
from ..synthesis.brain import draw_background
from ..synthesis.drawing import draw_artifact
from .stream import cut_span, move_cap

ALIASES = {"t3": "t7", "t4": "t8", "t5": "p7", "t6": "p8"}  # names of 1958 for those of 1991
FEWEST = 8  # electrodes that a recording must share with the model
CHUNK = 100  # windows that are drawn from one seed
KINDS = ("clean", "artifact")
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PartsConfig:
    """What is drawn, each number with its reason."""

    ch_names: tuple[str, ...] = THIRTY
    sfreq: float = 256.0
    n_times: int = 1024
    n_clean: int = 20_000  # more than a bank of a hundred recordings has without overlap
    n_artifacts: int = 40_000  # there is more variety in them than in brain
    large: float = 0.4  # share of brain from recordings with all the channels, where there are any
    whole: float = 0.6  # of the others: share that is no sum of components that are surely brain
    seed: int = 20261121


@dataclass(frozen=True)
class Parts:
    """Parts of pairs: arrays on disk, read where they are touched.

    Attributes
    ----------
    config : PartsConfig
        How they were drawn.
    clean : ndarray of float16, shape (n_clean, n_channels, n_times)
        Brain, each window divided by its scale. Channels that the recording does not have are
        filled in by splines.
    present : ndarray of bool, shape (n_clean, n_channels)
        Which channels the recording has.
    artifact : ndarray of float16, shape (n_artifacts, n_channels, n_times)
        Artifacts of mean square one.
    """

    config: PartsConfig
    clean: npt.NDArray[np.float16]
    present: BoolArray
    artifact: npt.NDArray[np.float16]


def write_parts(bank: Bank, folder: Path, config: PartsConfig, workers: int | None = None) -> Parts:
    """Draw the parts of pairs and keep them in a folder, unless they are there.

    Parameters
    ----------
    bank : Bank
        What they are made of, at any sampling rate.
    folder : Path
        Where ``clean.npy``, ``present.npy``, ``artifact.npy`` and ``parts.json`` are kept. Each
        window takes 60 kB. One with parts that were drawn otherwise is a ValueError.
    config : PartsConfig
        What to draw.
    workers : int | None
        Processes that draw, as many as there are processors by default. What they draw does not
        depend on it.

    Returns
    -------
    parts : Parts
    """
    if (folder / "parts.json").exists():
        return _read_same(folder, config)
    folder.mkdir(parents=True, exist_ok=True)
    bank = resample_bank(bank, config.sfreq)
    sizes = {"clean": config.n_clean, "artifact": config.n_artifacts}
    shape = (len(config.ch_names), config.n_times)
    for kind, count in sizes.items():
        _create(folder / f"{kind}.npy", (count, *shape), np.float16)
    _create(folder / "present.npy", (config.n_clean, shape[0]), np.bool_)
    jobs = [(kind, start) for kind in KINDS for start in range(0, sizes[kind], CHUNK)]
    for _ in _run_jobs(bank, config, folder, jobs, workers):
        pass
    # Last, so that parts with a description are whole.
    (folder / "parts.json").write_text(json.dumps(asdict(config)))
    return load_parts(folder)


def load_parts(folder: Path) -> Parts:
    """Open the parts that `write_parts` wrote; a folder without them is a FileNotFoundError."""
    description = json.loads((folder / "parts.json").read_text())
    config = PartsConfig(**description | {"ch_names": tuple(description["ch_names"])})
    clean, present, artifact = (
        np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("clean", "present", "artifact")
    )
    return Parts(config, clean, present, artifact)


def _read_same(folder: Path, config: PartsConfig) -> Parts:
    parts = load_parts(folder)
    if parts.config != config:
        raise ValueError(
            f"{folder} holds parts that were drawn with {parts.config}, and {config} is needed: "
            "name another folder, or remove that one."
        )
    return parts


def _create(path: Path, shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
    np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape).flush()


# Set in each process once: a bank is too large to send with every job.
_material: tuple[Bank, PartsConfig, Path] | None = None


def _run_jobs(
    bank: Bank,
    config: PartsConfig,
    folder: Path,
    jobs: Sequence[tuple[str, int]],
    workers: int | None,
) -> Iterator[None]:
    workers = workers or os.cpu_count() or 1
    if workers == 1:
        _start(bank, config, folder)
        yield from map(_draw_chunk, jobs)
        return
    # Processes of their own from the start: one forked while torch runs threads may hang.
    context = get_context("spawn")
    material = (bank, config, folder)
    with ProcessPoolExecutor(workers, context, initializer=_start, initargs=material) as pool:
        yield from pool.map(_draw_chunk, jobs)


def _start(bank: Bank, config: PartsConfig, folder: Path) -> None:
    global _material
    _material = (bank, config, folder)


def _draw_chunk(job: tuple[str, int]) -> None:
    """Draw some windows of one kind, and write them to their place."""
    if _material is None:
        raise RuntimeError("Parts are drawn by write_parts only.")
    bank, config, folder = _material
    kind, start = job
    rng = np.random.default_rng((config.seed, KINDS.index(kind), start))
    target = np.load(folder / f"{kind}.npy", mmap_mode="r+")
    present = np.load(folder / "present.npy", mmap_mode="r+")
    for number in range(start, min(start + CHUNK, len(target))):
        if kind == "clean":
            target[number], present[number] = draw_clean(bank, config, rng)
        else:
            target[number] = draw_part(bank, config, rng)


def draw_clean(
    bank: Bank, config: PartsConfig, rng: np.random.Generator
) -> tuple[FloatArray, BoolArray]:
    """Draw one window of brain at the channels of the model, and which of them were recorded."""
    item, which = draw_recording(bank, config, rng)
    present = which >= 0
    signal = cut_span(item.signal[which[present]], config.n_times, rng)
    positions = item.positions[which[present]]
    signal = signal + draw_background(positions, signal, bank.sfreq, rng)
    if not present.all():
        directions = find_directions(config.ch_names)
        signal = interpolate(directions[present], directions) @ signal
    return signal / measure_scale([signal], config.sfreq), present


def draw_recording(
    bank: Bank, config: PartsConfig, rng: np.random.Generator
) -> tuple[CleanRecording, IntArray]:
    """Draw a recording with enough of the channels, and where they are in it."""
    found = [(item, find_channels(item, config.ch_names)) for item in bank.clean]
    found = [(item, which) for item, which in found if (which >= 0).sum() >= FEWEST]
    if not found:
        raise ValueError(
            f"No recording of the bank has {FEWEST} or more of {', '.join(config.ch_names)}."
        )
    large = [pair for pair in found if (pair[1] >= 0).all()]
    whole = [pair for pair in found if pair[0].whole]
    for group, share in ((large, config.large), (whole, config.whole)):
        if group and rng.random() < share:
            return group[rng.integers(len(group))]
    return found[rng.integers(len(found))]


def draw_part(bank: Bank, config: PartsConfig, rng: np.random.Generator) -> FloatArray:
    """Draw one artifact at the channels of the model, of mean square one."""
    while True:
        positions = move_cap(find_positions(config.ch_names), rng)
        artifact = draw_artifact(bank, positions, config.n_times, rng)
        size = np.sqrt(np.mean(artifact**2))
        if size > 0:  # a burst may lie outside the window
            return np.asarray(artifact / size)


def find_channels(item: CleanRecording, ch_names: Sequence[str]) -> IntArray:
    """Find the index of each channel in a recording, -1 where it is not there."""
    known = {}
    for index, name in enumerate(item.ch_names):
        known[ALIASES.get(name.lower(), name.lower())] = index
    return np.array([known.get(name.lower(), -1) for name in ch_names])


def resample_bank(bank: Bank, sfreq: float) -> Bank:
    """Bring everything in a bank to another sampling rate."""
    if bank.sfreq == sfreq:
        return bank

    def resample(x: FloatArray) -> FloatArray:
        return to_model_rate(np.atleast_2d(x), bank.sfreq, sfreq).reshape(*x.shape[:-1], -1)

    return replace(
        bank,
        sfreq=sfreq,
        clean=tuple(replace(item, signal=resample(item.signal)) for item in bank.clean),
        sources=tuple(replace(item, signal=resample(item.signal)) for item in bank.sources),
        fields=tuple(replace(item, sources=resample(item.sources)) for item in bank.fields),
    )
