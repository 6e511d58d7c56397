"""A bank of clean recordings and artifact sources from which pairs are made, split by person."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from .._typing import FloatArray
from ..archive import Arrays, check_numbers, read_archive, write_archive
from .components import ComponentSet


@dataclass(frozen=True)
class CleanRecording:
    """Brain signal of one person: ``signal`` of shape (n_channels, n_times), in any one unit.

    ``whole`` tells a recording without artifacts from a sum of components that are surely brain,
    which lacks what ICLabel is not sure of.
    """

    subject: str
    ch_names: tuple[str, ...]
    positions: FloatArray
    signal: FloatArray
    whole: bool = True


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


Item: TypeAlias = CleanRecording | Source | FieldSource
GROUPS: dict[str, type[Item]] = {"clean": CleanRecording, "sources": Source, "fields": FieldSource}


@dataclass(frozen=True, repr=False)
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

    Notes
    -----
    People are told apart by ``subject`` alone: where sets of two studies meet, put the study into
    the name (``"study2/S01"``), or two people become one.
    """

    sfreq: float
    clean: tuple[CleanRecording, ...] = ()
    sources: tuple[Source, ...] = ()
    fields: tuple[FieldSource, ...] = ()

    def __iter__(self) -> Iterator[Item]:
        return iter((*self.clean, *self.sources, *self.fields))

    def __or__(self, other: object) -> Bank:
        return self.merge(other) if isinstance(other, Bank) else NotImplemented

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(getattr(self, group))} {group}" for group in GROUPS)
        return f"<Bank | {self.sfreq:g} Hz, {len(self.subjects)} people: {sizes}>"

    @property
    def subjects(self) -> tuple[str, ...]:
        """Names of the people in it, sorted."""
        return tuple(sorted({item.subject for item in self}))

    def summary(self) -> str:
        """Tell what is in it.

        Returns
        -------
        text : str
            Lines: how many of which kind, of how many people.
        """
        lines = [repr(self)]
        people = len({item.subject for item in self.clean})
        minutes = sum(item.signal.shape[-1] for item in self.clean) / self.sfreq / 60
        sizes = sorted({len(item.ch_names) for item in self.clean})
        channels = f", {' or '.join(map(str, sizes))} channels" if sizes else ""
        lines.append(f"  clean: {people} people, {minutes:.1f} min{channels}")
        for group, items in (("sources", self.sources), ("fields", self.fields)):
            for kind, count in sorted(Counter(item.kind for item in items).items()):
                people = len({item.subject for item in items if item.kind == kind})
                lines.append(f"  {group}, {kind}: {count} of {people} people")
        return "\n".join(lines)

    def merge(self, other: Bank) -> Bank:
        """Make one bank of two; ``self | other`` does the same.

        Parameters
        ----------
        other : Bank
            A bank of the same sampling rate, else ValueError.

        Returns
        -------
        merged : Bank
            What is in either, first that of ``self``. What is in both (all values equal) is in it
            once, so that no recording is drawn twice as often.
        """
        if self.sfreq != other.sfreq:
            raise ValueError(
                f"The banks are at {self.sfreq:g} and {other.sfreq:g} Hz, and one bank has one "
                "rate. Make both with make_bank(..., sfreq=...) at the same."
            )
        groups: dict[str, Any] = {}
        for group in GROUPS:
            first = getattr(self, group)
            seen = {_digest(item) for item in first}
            new = {_digest(item): item for item in getattr(other, group)}
            groups[group] = (*first, *(item for key, item in new.items() if key not in seen))
        return replace(self, **groups)

    def split(self, held_out: Iterable[str]) -> tuple[Bank, Bank]:
        """Split by person.

        Parameters
        ----------
        held_out : iterable of str
            People.

        Returns
        -------
        training, held_out : Bank
            Without them, and with only them.
        """
        out = set(held_out)

        def part(inside: bool) -> Bank:
            def keep(items: tuple[Any, ...]) -> tuple[Any, ...]:
                return tuple(item for item in items if (item.subject in out) == inside)

            return replace(
                self, clean=keep(self.clean), sources=keep(self.sources), fields=keep(self.fields)
            )

        return part(False), part(True)

    def save(self, fname: str | Path) -> None:
        """Write to a file without pickled objects.

        Parameters
        ----------
        fname : str | Path
            The file, ``.npz``. Arrays are written as float32.
        """
        arrays: dict[str, Any] = {}
        meta: dict[str, object] = {"sfreq": self.sfreq}
        for group in GROUPS:
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
        write_archive(fname, {"meta": np.array(json.dumps(meta)), **arrays})

    @classmethod
    def load(cls, fname: str | Path) -> Bank:
        """Read what `save` wrote.

        Parameters
        ----------
        fname : str | Path
            The file. One that `save` did not write whole is a ValueError.

        Returns
        -------
        bank : Bank
            What was written.
        """
        return read_archive(fname, "a Bank", cls._build)

    @classmethod
    def _build(cls, arrays: Arrays) -> Bank:
        meta = json.loads(str(arrays.pop("meta")))
        sfreq = float(meta["sfreq"])
        if not (np.isfinite(sfreq) and sfreq > 0):
            raise ValueError(f"its sampling rate is {sfreq}")
        groups: dict[str, Any] = {
            group: tuple(
                _build_item(kind, row, arrays, f"{group}/{index}/")
                for index, row in enumerate(meta[group])
            )
            for group, kind in GROUPS.items()
        }
        if arrays:
            raise ValueError(f"it holds {next(iter(arrays))}, which belongs to nothing")
        return cls(sfreq=sfreq, **groups)


def _build_item(kind: type[Item], row: dict[str, Any], arrays: Arrays, prefix: str) -> Item:
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


def _digest(item: Item) -> tuple[object, ...]:
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
