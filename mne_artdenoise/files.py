"""Files that appear under their name whole or not at all; a leaf."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def write_whole(target: Path, save: Callable[[Path], Any]) -> None:
    """Write a file in a folder beside its place, and move it there when it is whole.

    Parameters
    ----------
    target : Path
        Its place. What is there is replaced.
    save : callable
        Writes the file under the path that it is given, and other files, if it is written in parts,
        beside it.
    """
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".mne-artdenoise-") as folder:
        save(Path(folder) / target.name)
        move_parts(Path(folder), target)


def move_parts(folder: Path, target: Path) -> None:
    """Move all files of a folder beside ``target``; the one of its name last.

    MNE-Python splits recordings of 2 GB and more. The first part names the others, so it is the
    one that appears when all are there.
    """
    for part in sorted(folder.iterdir(), key=lambda path: path.name == target.name):
        part.replace(target.parent / part.name)


def write_text(target: Path, text: str) -> None:
    """Write a text that survives a loss of power right after."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, target)
    finally:
        Path(name).unlink(missing_ok=True)


def check_channels(info: Any) -> None:
    """Refuse channels that FIF cannot hold: other than ASCII names, calibrations of 0 or NaN.

    Parameters
    ----------
    info : mne.Info
        Of what is to be written.
    """
    odd = [name for name in info["ch_names"] if not name.isascii()]
    if odd:
        raise ValueError(
            f"MNE-Python writes only ASCII names of channels to FIF, found {', '.join(odd)}: give "
            "them others first, with raw.rename_channels."
        )
    sizes = {ch["ch_name"]: ch["cal"] * ch.get("scale", 1.0) for ch in info["chs"]}
    odd = [name for name, size in sizes.items() if not (math.isfinite(size) and size != 0)]
    if odd:
        raise ValueError(
            f"The calibration of {', '.join(odd)} is 0 or not finite: the file is damaged. What it "
            "holds there cannot be written; leave these channels out, with raw.drop_channels."
        )
