"""A whole dataset in BIDS: every EEG recording denoised into a derivative, with its provenance."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import mne
import numpy as np

from .batch import Outcome, run_each
from .denoiser import ArtifactDenoiser
from .files import write_text
from .outofcore import denoise_file
from .provenance import REPLAYED, find_version
from .seams import mark_seams
from .weights import get_record
from .wording import to_line

NAME = "mne-artdenoise"
EXTENSIONS = (".vhdr", ".edf", ".bdf", ".set", ".fif")
COLUMNS = (
    *("source", "status", "target", "seconds", "n_channels", "sfreq", "duration"),
    *("repaired", "removed", "error", "warnings"),
)
LEAST = 1e-7  # volts: what is removed below is told from rounding no more
PIECE = 2**20  # values compared at once


def clean_bids(
    root: str | Path,
    denoiser: ArtifactDenoiser | None = None,
    *,
    out: str | Path | None = None,
    subjects: Sequence[str] | None = None,
    part: tuple[int, int] = (1, 1),
    montage: str | None = None,
    n_jobs: int = 1,
    resume: bool = True,
    overwrite: bool = False,
) -> list[Outcome]:
    """Denoise every EEG recording of a BIDS dataset.

    Parameters
    ----------
    root : str | Path
        The dataset.
    denoiser : ArtifactDenoiser | None
        How. One that is not fitted is fitted to each recording anew.
    out : str | Path | None
        Folder of the derivative. None stands for ``derivatives/mne-artdenoise`` in the dataset.
    subjects : sequence of str | None
        Labels of the subjects, without ``sub-``; None takes all.
    part : tuple of (int, int)
        Which part of the recordings, from 1, and of how many: for the tasks of an array job. One
        that there is not is a ValueError.
    montage : str | None
        Template of positions, such as ``"standard_1005"``, for recordings that bring none.
    n_jobs : int
        Recordings at once. An engine that was chosen by `joblib.parallel_config` is used, such as
        dask or ray.
    resume : bool
        Whether results that are there, and were made from the same file in the same way, are kept,
        and work that was interrupted is continued.
    overwrite : bool
        Whether results that are there are replaced.

    Returns
    -------
    outcomes : list of Outcome
        One per recording. A recording that fails does not stop the others. They are written to
        ``summary.tsv`` in the folder of the derivative, too.

    Notes
    -----
    Each result is a FIF file ``..._desc-denoised_eeg.fif`` with a JSON file beside it that tells
    its source, the model, its weights and the parameters. Needs mne-bids.
    """
    root, paths = Path(root), find_recordings(root, subjects)
    number, total = part
    if not 1 <= number <= total:
        raise ValueError(f"part must be from (1, n) to (n, n), found {part!r}.")
    out = Path(out) if out is not None else root / "derivatives" / NAME
    out.mkdir(parents=True, exist_ok=True)
    describe_dataset(out, root)
    pairs = [(path, name_result(path, root, out)) for path in paths[number - 1 :: total]]
    work = partial(
        clean_one,
        root=root,
        denoiser=ArtifactDenoiser() if denoiser is None else denoiser,
        montage=montage,
        resume=resume,
        overwrite=overwrite,
    )
    outcomes = run_each(work, pairs, n_jobs=n_jobs)
    suffix = "" if total == 1 else f"_part-{number}of{total}"
    write_summary(out / f"summary{suffix}.tsv", outcomes, root)
    return outcomes


def find_recordings(root: str | Path, subjects: Sequence[str] | None = None) -> list[Path]:
    """Find the EEG recordings of a BIDS dataset, its derivatives left out, sorted."""
    root = Path(root)
    if not root.is_dir():
        raise FileNotFoundError(f"{root} is not a folder.")
    names = ["sub-*"] if subjects is None else [f"sub-{label}" for label in subjects]
    found = [path for name in names for path in root.glob(f"{name}/**/eeg/*_eeg.*")]
    found = sorted({path for path in found if path.suffix in EXTENSIONS})
    if not found:
        raise FileNotFoundError(
            f"{root} holds no EEG recording ({', '.join(names)}): sub-*/[ses-*/]eeg/*_eeg.* with "
            f"the ending {', '.join(EXTENSIONS)}."
        )
    return found


def name_result(path: Path, root: Path, out: Path) -> Path:
    """Name the result of a recording: the same place in the derivative, described as denoised."""
    stem = path.name.removesuffix(path.suffix).removesuffix("_eeg")
    return out / path.parent.relative_to(root) / f"{stem}_desc-denoised_eeg.fif"


def clean_one(
    source: Path,
    target: Path,
    *,
    root: Path,
    denoiser: ArtifactDenoiser,
    montage: str | None,
    resume: bool,
    overwrite: bool,
) -> tuple[str, dict[str, Any]]:
    """Denoise one recording of a dataset, and write down how."""
    side = target.with_suffix(".json")
    entry = describe_way(source, root, denoiser, montage)
    if target.exists() and not overwrite:
        known = read_side(side)
        if not resume:
            raise FileExistsError(f"{target} exists: keep it by resume, replace it by overwrite.")
        if known is not None and all(known.get(name) == value for name, value in entry.items()):
            return "kept", known.get("Facts", {})
        if known is not None:
            raise FileExistsError(
                f"{target} was made from another file or in another way: replace it by overwrite, "
                "or choose another folder."
            )
    raw = read_recording(source, montage)
    target.parent.mkdir(parents=True, exist_ok=True)
    side.unlink(missing_ok=True)  # a result without it is one whose making was interrupted
    denoise_file(raw, target, denoiser, resume=resume, overwrite=True, verbose="error")
    facts = compare(raw, target)
    write_text(side, json.dumps(entry | {"Facts": facts}, indent=2) + "\n")
    return "done", facts


def read_recording(source: Path, montage: str | None) -> mne.io.BaseRaw:
    """Read a recording with what the dataset says of it: bad channels, types, positions, events."""
    try:
        from mne_bids import get_bids_path_from_fname, read_raw_bids
    except ImportError as error:
        raise ImportError(
            "Reading BIDS needs mne-bids: pip install mne-bids, or pip install mne-artdenoise[bids]"
        ) from error
    try:
        raw = read_raw_bids(get_bids_path_from_fname(source, check=False), verbose="error")
        mark_seams(raw)
    except Exception as error:  # readers of damaged files fail in every way
        raise OSError(f"{source.name} cannot be read: {to_line(error)}") from error
    if montage is not None and raw.get_montage() is None:
        raw.set_montage(montage, match_case=False, on_missing="warn")
    return raw


def describe_way(
    source: Path, root: Path, denoiser: ArtifactDenoiser, montage: str | None
) -> dict[str, Any]:
    """Describe from what and how a result is made, as its JSON file holds it."""
    record = get_record(denoiser.model)
    entry = {
        "Description": "EEG without artifacts",
        "Sources": [f"bids::{source.relative_to(root).as_posix()}"],
        "SourceBytes": source.stat().st_size,
        "GeneratedBy": {"Name": NAME, "Version": find_version()},
        "Model": record.id,
        "ModelSHA256": record.sha256,
        "Parameters": {name: getattr(denoiser, name) for name in ("picks", *REPLAYED)},
        "Montage": montage,
        "FiltersOf": "the recording" if not hasattr(denoiser, "filter_") else "another recording",
    }
    return dict(json.loads(json.dumps(entry, default=str)))  # as it comes back from the file


def describe_dataset(out: Path, root: Path) -> None:
    """Write what the folder of the derivative is, as BIDS asks for it."""
    text = {
        "Name": "EEG without artifacts",
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": NAME, "Version": find_version()}],
        "SourceDatasets": [{"URL": root.resolve().as_uri()}],
    }
    write_text(out / "dataset_description.json", json.dumps(text, indent=2) + "\n")


def read_side(side: Path) -> dict[str, Any] | None:
    """Read the JSON file of a result; None where there is none that can be read."""
    try:
        known = json.loads(side.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return known if isinstance(known, dict) else None


def compare(before: mne.io.BaseRaw, target: Path) -> dict[str, float]:
    """Measure what was removed, piece by piece: shares of the time, and of the variance."""
    after = mne.io.read_raw_fif(target, verbose="error")
    eeg = mne.pick_types(before.info, eeg=True)
    size, n_repaired, removed, there = max(1, PIECE // max(1, len(eeg))), 0, 0.0, 0.0
    for start in range(0, before.n_times, size):
        x, y = (raw[eeg, start : start + size][0] for raw in (before, after))
        difference = x - y
        n_repaired += int((np.abs(difference) > LEAST).any(axis=0).sum())
        removed += float(np.nan_to_num(difference.var(axis=1)).sum()) * x.shape[1]
        there += float(np.nan_to_num(x.var(axis=1)).sum()) * x.shape[1]
    return {
        "n_channels": len(eeg),
        "sfreq": float(before.info["sfreq"]),
        "duration": round(before.n_times / float(before.info["sfreq"]), 3),
        "repaired": round(n_repaired / before.n_times, 4),
        "removed": round(removed / there, 4) if there > 0 else 0.0,
    }


def write_summary(path: Path, outcomes: Sequence[Outcome], root: Path) -> None:
    """Write a table of what became of each recording."""
    rows = ["\t".join(COLUMNS)]
    for outcome in outcomes:
        held = dict(outcome.facts) | {
            "source": Path(outcome.source).relative_to(root).as_posix(),
            "status": outcome.status,
            "target": outcome.target,
            "seconds": round(outcome.seconds, 1),
            "error": outcome.error,
            "warnings": " | ".join(outcome.warnings),
        }
        cells = [to_line(held[name]) if held.get(name, "") != "" else "n/a" for name in COLUMNS]
        rows.append("\t".join(cells))
    write_text(path, "\n".join(rows) + "\n")
