"""A bank of clean recordings and artifact sources from which pairs are made, split by person."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .._typing import FloatArray
from .components import ComponentSet


@dataclass(frozen=True)
class CleanRecording:
    """Brain signal of one person: ``signal`` of shape (n_channels, n_times), in any one unit."""

    subject: str
    ch_names: tuple[str, ...]
    positions: FloatArray
    signal: FloatArray


@dataclass(frozen=True)
class Source:
    """One artifact waveform of one person without a topography: ``signal`` of shape (n_times,)."""

    subject: str
    kind: str
    signal: FloatArray


@dataclass(frozen=True)
class FieldSource:
    """Artifact components of one recording: maps (n_components, n_channels) and their sources."""

    subject: str
    kind: str
    ch_names: tuple[str, ...]
    positions: FloatArray
    maps: FloatArray
    sources: FloatArray


@dataclass(frozen=True)
class Bank:
    """Material for pairs, all at one sampling rate.

    Attributes
    ----------
    sfreq : float
        Sampling rate of everything in it, in hertz.
    clean : tuple of CleanRecording
    sources : tuple of Source
        Waveforms by kind: ``"eye"``, ``"muscle"``, ``"heart"``, ``"motion"``.
    fields : tuple of FieldSource
        Components of real recordings, with their topographies.
    """

    sfreq: float
    clean: tuple[CleanRecording, ...] = ()
    sources: tuple[Source, ...] = ()
    fields: tuple[FieldSource, ...] = ()

    def split(self, held_out: Iterable[str]) -> tuple[Bank, Bank]:
        """Two banks: without, and with only, the people named in ``held_out``."""
        out = set(held_out)

        def part(inside: bool) -> Bank:
            def keep(items: tuple[Any, ...]) -> tuple[Any, ...]:
                return tuple(item for item in items if (item.subject in out) == inside)

            return replace(
                self, clean=keep(self.clean), sources=keep(self.sources), fields=keep(self.fields)
            )

        return part(False), part(True)

    def save(self, fname: str | Path) -> None:
        """Write to an ``.npz`` file without pickled objects."""
        arrays: dict[str, FloatArray] = {}
        meta: dict[str, object] = {"sfreq": self.sfreq}
        for group in ("clean", "sources", "fields"):
            rows = []
            for index, item in enumerate(getattr(self, group)):
                row = {}
                for name, value in vars(item).items():
                    if isinstance(value, np.ndarray):
                        arrays[f"{group}/{index}/{name}"] = value.astype(np.float32)
                    else:
                        row[name] = value
                rows.append(row)
            meta[group] = rows
        np.savez(fname, meta=np.array(json.dumps(meta)), **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, fname: str | Path) -> Bank:
        """Read what :meth:`save` wrote."""
        kinds = {"clean": CleanRecording, "sources": Source, "fields": FieldSource}
        groups: dict[str, tuple[Any, ...]] = {}
        with np.load(fname, allow_pickle=False) as stored:
            meta = json.loads(str(stored["meta"]))
            for group, kind in kinds.items():
                items = []
                for index, row in enumerate(meta[group]):
                    prefix = f"{group}/{index}/"
                    found = {
                        key[len(prefix) :]: stored[key]
                        for key in stored.files
                        if key.startswith(prefix)
                    }
                    if "ch_names" in row:
                        row["ch_names"] = tuple(row["ch_names"])
                    items.append(kind(**row, **found))
                groups[group] = tuple(items)
        return cls(sfreq=float(meta["sfreq"]), **groups)


def take_fields(components: ComponentSet, kinds: dict[str, float]) -> list[FieldSource]:
    """Artifact components of a recording by kind, each with its lowest accepted probability."""
    fields = []
    for kind, threshold in kinds.items():
        which = components.select(kind, threshold)
        if len(which):
            fields.append(
                FieldSource(
                    subject=components.subject,
                    kind=kind,
                    ch_names=components.ch_names,
                    positions=components.positions,
                    maps=components.maps[which],
                    sources=components.sources[which],
                )
            )
    return fields


def take_clean(components: ComponentSet, threshold: float = 0.8) -> CleanRecording:
    """Sum the components of a recording that are surely brain (ART's recipe)."""
    return CleanRecording(
        subject=components.subject,
        ch_names=components.ch_names,
        positions=components.positions,
        signal=components.back_project(components.select("brain", threshold)),
    )
