"""A bank of clean recordings and artifact sources from which pairs are made, split by person."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..archive import Arrays, read_archive, write_archive
from .items import (
    GROUPS,
    CleanRecording,
    FieldSource,
    Item,
    Source,
    build_item,
    digest,
    take_clean,
    take_fields,
)

__all__ = ["Bank", "CleanRecording", "FieldSource", "Source", "take_clean", "take_fields"]


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
            seen = {digest(item) for item in first}
            new = {digest(item): item for item in getattr(other, group)}
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
                build_item(kind, row, arrays, f"{group}/{index}/")
                for index, row in enumerate(meta[group])
            )
            for group, kind in GROUPS.items()
        }
        if arrays:
            raise ValueError(f"it holds {next(iter(arrays))}, which belongs to nothing")
        return cls(sfreq=sfreq, **groups)
