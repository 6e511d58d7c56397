"""Arrays in an ``.npz`` file: written whole or not at all, read without believing it."""

from __future__ import annotations

import math
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
import numpy.typing as npt

from .files import write_whole

Arrays = dict[str, npt.NDArray[Any]]
Built = TypeVar("Built")

KINDS = "fiubU"  # numbers and texts: of these, no byte is ever run
# What numpy, zipfile and json raise on files that are damaged, cut, or of something else.
UNREADABLE = (
    *(KeyError, TypeError, ValueError, AttributeError, IndexError, EOFError, OverflowError),
    *(RecursionError, NotImplementedError, MemoryError, RuntimeError, OSError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)


def write_archive(fname: str | Path, arrays: Mapping[str, Any]) -> None:
    """Write named arrays to a file; what was there before is replaced in one step.

    Parameters
    ----------
    fname : str | Path
        The file. ``.npz`` is added to a name that does not end in it.
    arrays : mapping of str to array
        Numbers and texts; anything else would be pickled, and is a TypeError.
    """
    path = name_archive(fname)
    stored = {name: np.asarray(value) for name, value in arrays.items()}
    for name, array in stored.items():
        if array.dtype.kind not in KINDS:
            raise TypeError(f"{name} is {array.dtype}, but a file takes numbers and texts only.")
    write_whole(path, lambda part: np.savez(part, **stored))  # type: ignore[arg-type]


def name_archive(fname: str | Path) -> Path:
    """Name the file that :func:`write_archive` writes."""
    path = Path(fname).expanduser()
    return path if path.suffix == ".npz" else path.with_name(f"{path.name}.npz")


def read_archive(fname: str | Path, what: str, build: Callable[[Arrays], Built]) -> Built:
    """Read a file of :func:`write_archive` and build something of its arrays.

    Parameters
    ----------
    fname : str | Path
        The file. One that is not there is a FileNotFoundError.
    what : str
        What the file should be of, for the error.
    build : callable
        Makes the result from the arrays, or raises.

    Returns
    -------
    built : object
        What ``build`` gave back.

    Notes
    -----
    A file that is damaged, cut, of something else, or made to do harm is a ValueError that names
    it. Nothing in it is run, and nothing larger than the file is taken into memory: members must
    be stored as they are, each as long as its header says.
    """
    path = Path(fname).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist, or is not a file.")
    try:
        return build(_read_members(path))
    except PermissionError:
        raise
    except UNREADABLE as error:
        raise ValueError(
            f"{path} is not a whole file of {what}: {type(error).__name__}: {error}. "
            "Nothing was loaded."
        ) from error


def _read_members(path: Path) -> Arrays:
    arrays: Arrays = {}
    room = path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            room -= member.file_size
            # Compressed, a few bytes may stand for as many as fill the memory.
            if member.compress_type != zipfile.ZIP_STORED or room < 0:
                raise ValueError(f"{name} takes more room than the file has")
            if name in arrays:
                raise ValueError(f"the name {name} stands there more than once")
            with archive.open(member) as stream:
                arrays[name] = read_array(stream, name, member.file_size)
    return arrays


def read_array(stream: IO[bytes], name: str, size: int) -> npt.NDArray[Any]:
    """Read numbers or texts in numpy's format from ``size`` bytes, or raise ValueError."""
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"{name} is written in version {version} of numpy's format")
    read_header = getattr(np.lib.format, f"read_array_header_{version[0]}_0")
    shape, in_columns, dtype = read_header(stream)
    if dtype.hasobject:
        raise ValueError(f"{name} holds pickled objects, which could run code when loaded")
    if dtype.kind not in KINDS:
        raise ValueError(f"{name} holds {dtype}, neither numbers nor texts")
    needed = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or needed != size - stream.tell():
        raise ValueError(f"{name} is not as long as its shape {shape} of {dtype} says")
    stored = stream.read()  # to the end, where the checksum is compared
    array: npt.NDArray[Any] = np.ndarray(shape, dtype, stored, order="F" if in_columns else "C")
    return array.copy()


def check_numbers(array: npt.NDArray[Any], name: str, shape: tuple[int | None, ...]) -> None:
    """Refuse an array that is not of finite floats in this shape (None: any length)."""
    fits = array.ndim == len(shape) and all(
        length in (None, found) for length, found in zip(shape, array.shape, strict=True)
    )
    if array.dtype.kind != "f" or not fits:
        wanted = " × ".join("any" if length is None else str(length) for length in shape)
        raise ValueError(f"{name} is {array.dtype} of shape {array.shape}, needs floats, {wanted}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds values that are not finite")
