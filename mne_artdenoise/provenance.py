"""What was done to a recording: a line in its description that survives saving, and spans."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import mne
import numpy as np

from .weights.record import ModelRecord

KEY = "mne_artdenoise"
REPLAYED = ("spatial", "gate", "strength", "overlap")  # the parameters that change the result
DESCRIPTION = "artdenoise"  # of annotated spans


def add_line(
    inst: mne.io.BaseRaw | mne.BaseEpochs | mne.Evoked,
    record: ModelRecord,
    parameters: Mapping[str, Any],
) -> None:
    """Append one line of JSON to ``inst.info["description"]``.

    Parameters
    ----------
    inst : Raw | Epochs | Evoked
        The denoised recording; its info is changed.
    record : ModelRecord
        The model.
    parameters : mapping
        Parameters of the denoiser.
    """
    entry = {
        "version": find_version(),
        "model": record.id,
        "sha256": record.sha256,
        **{name: _plain(parameters[name]) for name in REPLAYED},
    }
    before = inst.info["description"]
    line = json.dumps({KEY: entry}, sort_keys=True)
    inst.info["description"] = f"{before}\n{line}" if before else line


def read_lines(info: mne.Info) -> list[dict[str, Any]]:
    """Read what `add_line` wrote, oldest first.

    Parameters
    ----------
    info : mne.Info
        Info of a recording.

    Returns
    -------
    entries : list of dict
        Version, model, weights and parameters of each denoising.
    """
    entries = []
    for line in (info["description"] or "").splitlines():
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):  # free text of the user
            continue
        if isinstance(found, dict) and isinstance(found.get(KEY), dict):
            entries.append(found[KEY])
    return entries


def check_raw(inst: object) -> None:
    """Refuse what has no annotations of its own, with a TypeError."""
    if not isinstance(inst, mne.io.BaseRaw):
        raise TypeError(f"Only a Raw can be annotated, found {type(inst).__name__}.")


def annotate_spans(
    raw: mne.io.BaseRaw, starts: Sequence[int], spans: Sequence[Sequence[tuple[int, int]]]
) -> mne.Annotations:
    """Turn spans of samples into annotations whose onsets are those of ``raw.annotations``.

    Parameters
    ----------
    raw : Raw
        The recording.
    starts : sequence of int
        First sample of each segment.
    spans : sequence of sequence of (int, int)
        First and last sample (excluded) of the spans in each segment.

    Returns
    -------
    annotations : mne.Annotations
        One per span.
    """
    samples = [
        (begin + start, begin + stop)
        for begin, some in zip(starts, spans, strict=True)
        for start, stop in some
    ]
    seconds = np.array(samples, dtype=float).reshape(-1, 2) / raw.info["sfreq"]
    # MNE-Python counts from the start of the acquisition, with and without a date of measurement.
    return mne.Annotations(
        onset=seconds[:, 0] + raw.first_time,
        duration=seconds[:, 1] - seconds[:, 0],
        description=[DESCRIPTION] * len(seconds),
        orig_time=raw.annotations.orig_time,
    )


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def find_version() -> str:
    """Find the version of this package, or "unknown" where it is not installed."""
    try:
        return version("mne-artdenoise")
    except PackageNotFoundError:
        return "unknown"
