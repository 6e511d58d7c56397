"""A folder beside a result in the making, which holds what is done of it and survives a kill."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from ._typing import FloatArray
from .files import move_parts, write_text
from .spatial import find_active

EVERY = 1.0  # seconds between two notes of what is done
ITEM = 8  # bytes of a value
STATE = "state.json"
STALE = 600.0  # seconds without a write, after which whoever wrote a result is thought dead


class Staging:
    """What is done of a recording: the fitted filter, the artifact found so far, the result.

    The artifact is one file of float64, sample after sample. Where nothing was found nothing is
    written, which leaves holes that read as zeros and take no space on most file systems.

    Parameters
    ----------
    target : Path
        The result. Its folder must be there.
    fingerprint : str
        Of the recording and of how it is denoised. What was done under another one is of no use,
        and removed.
    resume : bool
        Whether what is done already may be used.
    """

    def __init__(self, target: Path, fingerprint: str, *, resume: bool = True) -> None:
        self.target = target
        self.folder = find_folder(target)
        self.fitted = self.folder / "fitted-artdenoise.npz"
        self._artifact = self.folder / "artifact.f64"
        self._known = read_state(self.folder) if resume else {}
        self._noted, self._fingerprint = time.monotonic(), fingerprint
        if self._known.get("fingerprint") != fingerprint:
            self.start_over()

    def start_over(self) -> None:
        """Forget what is done."""
        self.remove()
        self.folder.mkdir()
        self._known = {"fingerprint": self._fingerprint, "done": 0, "shape": None, "result": None}
        self._note()

    @property
    def done(self) -> int:
        """How many blocks of the artifact are there."""
        return int(self._known["done"])

    @property
    def is_written(self) -> bool:
        """Whether the result is whole, and has only to be moved to its place if it is not there."""
        result = self._known["result"]
        there = result is not None and (self.folder / result / self.target.name).exists()
        return there or (result is not None and self.target.exists())

    def allocate(self, n_channels: int, n_times: int) -> None:
        """Make the file of the artifact, of zeros, unless it is there in that shape."""
        shape = [n_times, n_channels]
        size = n_times * n_channels * ITEM
        if (
            self._known["shape"] == shape
            and self._artifact.is_file()
            and self._artifact.stat().st_size == size
        ):
            return
        with self._artifact.open("wb") as file:
            file.truncate(size)
        self._note(shape=shape, done=0, result=None)

    def write(self, start: int, artifact: FloatArray, done: int) -> None:
        """Keep the artifact from sample ``start`` on; it is block number ``done``, from 1."""
        with self._artifact.open("r+b") as file:
            for first, last in find_active([artifact])[0]:
                file.seek((start + first) * len(artifact) * ITEM)
                file.write(np.ascontiguousarray(artifact[:, first:last].T, dtype="<f8").tobytes())
        self._known["done"] = done
        if time.monotonic() - self._noted >= EVERY:
            self.note_done()

    def note_done(self) -> None:
        """Note how many blocks are there, once their data are on the disk."""
        with self._artifact.open("r+b") as file:
            os.fsync(file.fileno())
        self._note()

    def read(self, start: int, stop: int) -> FloatArray:
        """Read the artifact between two samples, shape (n_channels, stop - start)."""
        n_channels = self._known["shape"][1]
        with self._artifact.open("rb") as file:
            file.seek(start * n_channels * ITEM)
            data = file.read((stop - start) * n_channels * ITEM)
        return np.frombuffer(data, dtype="<f8").reshape(stop - start, n_channels).T

    def make_room(self) -> Path:
        """Make an empty folder for the result, and give back the path to write it under."""
        for left in self.folder.glob("result-*"):  # of writers that were killed, and large
            times = [path.stat().st_mtime for path in (left, *left.iterdir())]
            if time.time() - max(times) > STALE:
                shutil.rmtree(left, ignore_errors=True)
        # Of its own for each process: one that was thought dead must not move half of another's.
        return Path(tempfile.mkdtemp(prefix="result-", dir=self.folder)) / self.target.name

    def note_written(self, path: Path) -> None:
        """Note that the result is whole, under the path that `make_room` gave."""
        self._note(result=path.parent.name)

    def finish(self) -> None:
        """Move the result to its place, and remove the folder."""
        result = self.folder / self._known["result"]
        if result.is_dir():
            if len(list(result.iterdir())) > 1:  # an old first part must not name new others
                self.target.unlink(missing_ok=True)
            move_parts(result, self.target)
        self.remove()

    def remove(self) -> None:
        """Remove the folder."""
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def _note(self, **changes: Any) -> None:
        self._known |= changes
        write_text(self.folder / STATE, json.dumps(self._known))
        self._noted = time.monotonic()


def find_folder(target: Path) -> Path:
    """Find the folder of a result: beside it, hidden, and named after it."""
    return target.parent / f".{target.name}.artdenoise"


def read_state(folder: Path) -> dict[str, Any]:
    """Read what is noted in a folder; nothing where that is damaged or not there."""
    try:
        known = json.loads((folder / STATE).read_text(encoding="utf-8"))
        return dict(known) if set(known) == {"fingerprint", "done", "shape", "result"} else {}
    except (OSError, ValueError, TypeError, RecursionError):
        return {}


def is_left_over(target: Path, fingerprint: str) -> bool:
    """Tell whether a result is whole and of this fingerprint, but its folder was not removed."""
    known = read_state(find_folder(target))
    return known.get("fingerprint") == fingerprint and known["result"] is not None
