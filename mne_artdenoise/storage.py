"""A fitted denoiser in a file: arrays and one JSON text in an ``.npz``, never a pickle."""

from __future__ import annotations

import json
from dataclasses import asdict
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

import mne
import numpy as np

from ._compat import warn
from ._typing import FloatArray
from .archive import Arrays, read_archive, write_archive
from .directions import BandFilter, FilterConfig
from .provenance import find_version
from .spatial import SpatialFilter
from .weights.record import format_record, parse_record

FORMAT = 2  # 1: before sources were separated; its ratios mean something else
FIELDS = ("unmixing", "mixing", "ratios")
SUFFIX = "-artdenoise.npz"
PARAMETERS = ("model", "spatial", "gate", "strength", "picks", "overlap", "batch_size", "device")


class Portable:
    """Pickles that tell their version, and that a later one can read.

    A parameter that a later version has and the pickle has not gets its default. The version is
    told where it differs, for what is done may differ, too; `ArtifactDenoiser.save` keeps to a
    format instead. Reading a pickle runs what is in it: only ever read your own.
    """

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_pickled_by": find_version()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        held = dict(state)
        version = held.pop("_pickled_by", "a version before 1.0")
        if version != find_version():
            warn(
                f"This {type(self).__name__} was pickled by mne-artdenoise {version} and is read "
                f"by {find_version()}: what it does may differ. Use denoiser.save and .load to "
                "keep one.",
                RuntimeWarning,
            )
        for name, parameter in signature(type(self)).parameters.items():
            if parameter.default is not Parameter.empty:
                held.setdefault(name, parameter.default)
        self.__dict__.update(held)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "record_")


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
        "parameters": {name: getattr(denoiser, name) for name in PARAMETERS},
        "record": format_record(denoiser.record_),
        "n_features_in": denoiser.n_features_in_,
        "ch_names": getattr(denoiser, "ch_names_", None),
        "info": None if denoiser.info is None else _pack_info(denoiser.info, arrays),
    }
    if hasattr(denoiser, "filter_"):
        meta["filter"] = _pack_filter(denoiser.filter_, arrays)
    write_archive(path, {"meta": json.dumps(meta, default=_plain), **arrays})


def load_denoiser(cls: type[Any], path: Path) -> Any:
    """Read a fitted denoiser; a file that is not one is a ValueError."""

    def build(arrays: Arrays) -> Any:
        meta = json.loads(str(arrays.pop("meta")))
        if meta["format"] != FORMAT:
            raise ValueError(f"its format is {meta['format']!r}, this version reads {FORMAT}")
        return _build(cls, meta, arrays)

    return read_archive(path, "a fitted ArtifactDenoiser, as denoiser.save writes it", build)


def _build(cls: type[Any], meta: dict[str, Any], arrays: dict[str, Any]) -> Any:
    info = None if meta["info"] is None else _unpack_info(meta["info"], arrays)
    parameters = meta["parameters"]
    if set(parameters) != set(PARAMETERS):
        raise ValueError(f"its parameters are {sorted(parameters)}")
    denoiser = cls(**parameters, info=info)
    denoiser.record_ = parse_record(meta["record"])
    denoiser.n_features_in_ = int(meta["n_features_in"])
    if meta["ch_names"] is not None:
        denoiser.ch_names_ = [str(name) for name in meta["ch_names"]]
    if "filter" in meta:
        denoiser.filter_ = _unpack_filter(meta["filter"], arrays, len(denoiser.ch_names_))
    return denoiser


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"picks={value!r} cannot be kept in a file: name the channels instead.")


def _pack_filter(fitted: SpatialFilter, arrays: dict[str, Any]) -> dict[str, Any]:
    for k, band in enumerate(fitted.bands):
        for name in FIELDS:
            arrays[f"band{k}/{name}"] = getattr(band, name)
    limits = [(band.low, band.high, band.closed) for band in fitted.bands]
    return {"limits": limits, "config": asdict(fitted.config)}


def _unpack_filter(meta: dict[str, Any], arrays: dict[str, Any], n_channels: int) -> SpatialFilter:
    bands = []
    for k, (low, high, closed) in enumerate(meta["limits"]):
        parts = [_read_numbers(arrays, f"band{k}/{name}") for name in FIELDS]
        n = len(parts[2])
        if [part.shape for part in parts] != [(n, n_channels), (n_channels, n), (n,)]:
            raise ValueError(f"the filter of band {k} has shapes that do not fit")
        unmixing, mixing, ratios = parts
        limits = (float(low), float(high))
        bands.append(BandFilter(*limits, unmixing, mixing, ratios, float(closed)))
    return SpatialFilter(tuple(bands), FilterConfig(**meta["config"]))


def _read_numbers(arrays: dict[str, Any], name: str) -> FloatArray:
    array = arrays[name]
    if array.dtype != np.float64 or not np.isfinite(array).all():
        raise ValueError(f"{name} does not hold finite numbers")
    return np.asarray(array)


def _pack_info(info: mne.Info, arrays: dict[str, Any]) -> dict[str, Any]:
    arrays["info/positions"] = np.array([ch["loc"][:3] for ch in info["chs"]])
    for k, proj in enumerate(info["projs"]):
        arrays[f"info/proj{k}"] = np.atleast_2d(proj["data"]["data"])
    return {
        "sfreq": info["sfreq"],
        "ch_names": info["ch_names"],
        "ch_types": info.get_channel_types(),
        "bads": info["bads"],
        "projs": [
            {
                "names": proj["data"]["col_names"],
                "active": bool(proj["active"]),
                "desc": proj["desc"],
                "kind": int(proj["kind"]),
            }
            for proj in info["projs"]
        ],
    }


def _unpack_info(meta: dict[str, Any], arrays: dict[str, Any]) -> mne.Info:
    info = mne.create_info(meta["ch_names"], meta["sfreq"], meta["ch_types"])
    # Not checked for numbers: a channel without a position has NaN.
    for channel, position in zip(info["chs"], arrays["info/positions"], strict=True):
        channel["loc"][:3] = position
    info["bads"] = meta["bads"]
    info["projs"].extend(
        _make_projection(proj, _read_numbers(arrays, f"info/proj{k}"))
        for k, proj in enumerate(meta["projs"])
    )
    return info


def _make_projection(meta: dict[str, Any], rows: FloatArray) -> mne.Projection:
    n_rows, n_columns = rows.shape
    data = {
        "nrow": n_rows,
        "ncol": n_columns,
        "row_names": None,
        "col_names": [str(name) for name in meta["names"]],
        "data": rows,
    }
    return mne.Projection(
        active=bool(meta["active"]), data=data, desc=str(meta["desc"]), kind=int(meta["kind"])
    )
