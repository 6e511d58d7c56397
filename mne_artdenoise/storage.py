"""A fitted denoiser in a file: arrays and one JSON text in an ``.npz``, never a pickle."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import mne
import numpy as np

from .provenance import find_version
from .spatial import BandFilter, FilterConfig, SpatialFilter
from .weights.record import format_record, parse_record

FORMAT = 1
SUFFIX = "-artdenoise.npz"
PARAMETERS = ("model", "spatial", "gate", "strength", "picks", "overlap", "batch_size", "device")


def save_denoiser(denoiser: Any, path: Path, *, overwrite: bool) -> None:
    """Write a fitted denoiser, whole or not at all."""
    if not path.name.endswith(SUFFIX):
        raise ValueError(f"The file name must end in {SUFFIX!r}, found {path.name!r}.")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists: pass overwrite=True to replace it.")
    arrays: dict[str, Any] = {}
    meta: dict[str, Any] = {
        "format": FORMAT,
        "version": find_version(),
        "parameters": {name: _plain(getattr(denoiser, name)) for name in PARAMETERS},
        "record": format_record(denoiser.record_),
        "n_features_in": denoiser.n_features_in_,
        "ch_names": getattr(denoiser, "ch_names_", None),
        "info": None if denoiser.info is None else _pack_info(denoiser.info, arrays),
    }
    if hasattr(denoiser, "filter_"):
        meta["filter"] = _pack_filter(denoiser.filter_, arrays)
    temporary = path.with_name(path.name + ".part")
    try:
        with temporary.open("wb") as file:
            np.savez(file, meta=np.array(json.dumps(meta)), **arrays)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_denoiser(cls: type[Any], path: Path) -> Any:
    """Read a fitted denoiser; a file that is not one is a ValueError."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        meta = json.loads(str(arrays.pop("meta")))
        if meta["format"] != FORMAT:
            raise ValueError(f"its format is {meta['format']!r}, this version reads {FORMAT}")
        info = None if meta["info"] is None else _unpack_info(meta["info"], arrays)
        denoiser = cls(**meta["parameters"], info=info)
        denoiser.record_ = parse_record(meta["record"])
        denoiser.n_features_in_ = int(meta["n_features_in"])
        if meta["ch_names"] is not None:
            denoiser.ch_names_ = [str(name) for name in meta["ch_names"]]
        if "filter" in meta:
            denoiser.filter_ = _unpack_filter(meta["filter"], arrays)
    except (KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path} is not a whole file of a fitted ArtifactDenoiser: {error}. Fit again and "
            "write it with denoiser.save."
        ) from error
    return denoiser


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, slice):
        raise ValueError("picks is a slice, which JSON cannot hold: name the channels instead.")
    return value


def _pack_filter(fitted: SpatialFilter, arrays: dict[str, Any]) -> dict[str, Any]:
    for k, band in enumerate(fitted.bands):
        for name in ("unmixing", "mixing", "ratios"):
            arrays[f"band{k}/{name}"] = getattr(band, name)
    limits = [(band.low, band.high) for band in fitted.bands]
    return {"limits": limits, "config": asdict(fitted.config)}


def _unpack_filter(meta: dict[str, Any], arrays: dict[str, Any]) -> SpatialFilter:
    names = ("unmixing", "mixing", "ratios")
    bands = []
    for k, (low, high) in enumerate(meta["limits"]):
        parts = [arrays[f"band{k}/{name}"] for name in names]
        if parts[0].shape != parts[1].T.shape or len(parts[2]) != len(parts[0]):
            raise ValueError(f"the filter of band {k} has shapes that do not fit")
        bands.append(BandFilter(low, high, *parts))
    return SpatialFilter(tuple(bands), FilterConfig(**meta["config"]))


def _pack_info(info: mne.Info, arrays: dict[str, Any]) -> dict[str, Any]:
    arrays["info/positions"] = np.array([ch["loc"][:3] for ch in info["chs"]])
    return {
        "sfreq": info["sfreq"],
        "ch_names": info["ch_names"],
        "ch_types": info.get_channel_types(),
        "bads": info["bads"],
    }


def _unpack_info(meta: dict[str, Any], arrays: dict[str, Any]) -> mne.Info:
    info = mne.create_info(meta["ch_names"], meta["sfreq"], meta["ch_types"])
    for channel, position in zip(info["chs"], arrays["info/positions"], strict=True):
        channel["loc"][:3] = position
    info["bads"] = meta["bads"]
    return info
