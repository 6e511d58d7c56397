"""What a bank holds: brain signals, waveforms and components, each of one person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeAlias

import numpy as np

from .._typing import FloatArray
from ..archive import Arrays, check_numbers
from .components import ComponentSet


@dataclass(frozen=True)
class CleanRecording:
    """Brain signal of one person.

    Attributes
    ----------
    subject : str
        Whose.
    ch_names, positions : tuple of str, ndarray, shape (n_channels, 3)
        The electrodes, in metres in head coordinates.
    signal : ndarray, shape (n_channels, n_times)
        In any one unit.
    whole : bool
        A recording without artifacts, rather than a sum of components that are surely brain.
    """

    subject: str
    ch_names: tuple[str, ...]
    positions: FloatArray
    signal: FloatArray
    whole: bool = True


@dataclass(frozen=True)
class Source:
    """One artifact waveform of one person, without a topography.

    Attributes
    ----------
    subject, kind : str
        Whose, and of what.
    signal : ndarray, shape (n_times,)
        In any unit.
    """

    subject: str
    kind: str
    signal: FloatArray


@dataclass(frozen=True)
class FieldSource:
    """Artifact components of one recording.

    Attributes
    ----------
    subject, kind : str
        Whose, and of what.
    ch_names, positions : tuple of str, ndarray, shape (n_channels, 3)
        The electrodes, in metres in head coordinates.
    maps, sources : ndarray, shape (n_components, n_channels), (n_components, n_times)
        Topographies and waveforms.
    """

    subject: str
    kind: str
    ch_names: tuple[str, ...]
    positions: FloatArray
    maps: FloatArray
    sources: FloatArray


Item: TypeAlias = CleanRecording | Source | FieldSource
GROUPS: dict[str, type[Item]] = {"clean": CleanRecording, "sources": Source, "fields": FieldSource}


def build_item(kind: type[Item], row: dict[str, Any], arrays: Arrays, prefix: str) -> Item:
    """Make one item of its texts and of the arrays under its prefix, which are taken out."""
    texts = [row[name] for name in ("subject", "kind") if name in row]
    if not all(isinstance(text, str) for text in (*texts, *row.get("ch_names", []))):
        raise ValueError(f"{prefix} has a name that is not a text")
    if not isinstance(row.get("whole", True), bool):
        raise ValueError(f"{prefix}whole is {row['whole']!r}, not true or false")
    shapes: dict[str, tuple[int | None, ...]] = {"signal": (None,)}
    if "ch_names" in row:
        row = {**row, "ch_names": tuple(row["ch_names"])}
        n_channels = len(row["ch_names"])
        shapes = {"positions": (n_channels, 3), "signal": (n_channels, None)}
        if kind is FieldSource:
            n_components = len(arrays[f"{prefix}maps"])
            shapes = {
                "positions": (n_channels, 3),
                "maps": (n_components, n_channels),
                "sources": (n_components, None),
            }
    found: dict[str, Any] = {name: arrays.pop(prefix + name) for name in shapes}
    for name, shape in shapes.items():
        check_numbers(found[name], prefix + name, shape)
    return kind(**row, **found)


def digest(item: Item) -> tuple[object, ...]:
    """Make of an item what is equal where all its values are, as they are stored."""
    parts: list[object] = [type(item)]
    for value in vars(item).values():
        if isinstance(value, np.ndarray):
            stored = np.ascontiguousarray(value, dtype=np.float32)
            parts += [stored.shape, blake2b(stored.tobytes(), digest_size=16).digest()]
        else:
            parts.append(value)
    return tuple(parts)


def take_fields(components: ComponentSet, kinds: Mapping[str, float]) -> list[FieldSource]:
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
        whole=False,
    )
