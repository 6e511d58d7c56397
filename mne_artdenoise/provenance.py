"""A line in a recording's description that says what was done to it, and survives saving to FIF."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import mne

from .weights.record import ModelRecord

KEY = "mne_artdenoise"
REPLAYED = ("spatial", "gate", "strength", "overlap")  # the parameters that change the result


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
        **{name: parameters[name] for name in REPLAYED},
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
        except json.JSONDecodeError:
            continue
        if isinstance(found, dict) and isinstance(found.get(KEY), dict):
            entries.append(found[KEY])
    return entries


def find_version() -> str:
    """Find the version of this package, or "unknown" where it is not installed."""
    try:
        return version("mne-artdenoise")
    except PackageNotFoundError:
        return "unknown"
