"""Files of published sets: from a folder, a mirror or the publisher, each whole or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urljoin, urlsplit

import pooch

from .._compat import logger
from ..weights.download import HTTP_VARIABLE, THIS_MACHINE, TIMEOUT, BoundedFile, find_cache

SOURCE_VARIABLE = "MNE_ARTDENOISE_DATASETS"


@dataclass(frozen=True)
class RemoteFile:
    """One file of a set.

    Attributes
    ----------
    name : str
        Its name in the folder of the set.
    url : str
        Where its publisher has it.
    most : int
        Bytes that are taken at most.
    magic : bytes
        What it starts with: publishers and proxies send pages, and git-annex pointers, in the
        place of files.
    sha256 : str | None
        Its SHA-256, where that is known.
    """

    name: str
    url: str
    most: int
    magic: bytes
    sha256: str | None = None


def fetch_files(
    dataset: str,
    files: Sequence[RemoteFile],
    path: str | Path | None = None,
    *,
    sha256: Mapping[str, str] | None = None,
    force: bool = False,
) -> Path:
    """Get the files of a set into one folder.

    Parameters
    ----------
    dataset : str
        Name of the set; that of its folder, too.
    files : sequence of RemoteFile
        What belongs to it.
    path : str | Path | None
        The folder. None for one in the cache of the operating system, or of the folder named by
        ``MNE_ARTDENOISE_CACHE``.
    sha256 : mapping of str to str | None
        SHA-256 that a file of this name must have.
    force : bool
        Download again what is there already.

    Returns
    -------
    path : Path
        The folder, with all files in it.

    Notes
    -----
    ``MNE_ARTDENOISE_DATASETS`` may name a folder that has a folder of the set (it is used as it
    is), or the address of a mirror that has one. A file that is not what it should be is a
    ValueError, one that cannot be downloaded a ConnectionError, one that is missing in a named
    folder a FileNotFoundError, a folder that cannot be written an OSError.
    """
    source = os.environ.get(SOURCE_VARIABLE) or ""
    if source and "://" not in source:
        return _find_in_folder(Path(source).expanduser() / dataset, files)
    folder = find_cache() / "datasets" / dataset if path is None else Path(path).expanduser()
    for file in files:
        url = f"{source.rstrip('/')}/{dataset}/{file.name}" if source else file.url
        check_address(url)
        target, expected = folder / file.name, (sha256 or {}).get(file.name, file.sha256)
        if not target.is_file() or force:
            _download(url, target, file, expected)
        elif (fault := find_fault(target, file, expected)) is not None:
            raise ValueError(f"{target} {fault}. Delete it, or pass force=True to replace it.")
    return folder


def find_fault(path: Path, file: RemoteFile, sha256: str | None) -> str | None:
    """Tell why a file is not the one of the set; None if nothing speaks against it."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        start = stream.read(len(file.magic))
        stream.seek(0)
        if start != file.magic or size > file.most:
            return f"starts with {start!r} and has {size} bytes, which {file.name} does not"
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if sha256 is not None and digest != sha256.lower():
        return f"has SHA-256 {digest}, expected {sha256}"
    if sha256 is None:
        logger.info(f"{path} has SHA-256 {digest}; its publisher gives none to compare with.")
    return None


def check_address(address: str) -> None:
    """Refuse an address that could be read or changed on the way, with a ValueError."""
    parts = urlsplit(address)
    if parts.username is not None or parts.password is not None:
        # Not echoed: it would end in logs.
        raise ValueError(
            f"The address of the mirror at {parts.hostname} holds a user name or a password. Name "
            f"it in {SOURCE_VARIABLE} without them; a .netrc file may hold them."
        )
    plain = parts.hostname in THIS_MACHINE or os.environ.get(HTTP_VARIABLE) == "1"
    if not parts.hostname or parts.scheme not in (("https", "http") if plain else ("https",)):
        raise ValueError(
            f"Nothing is fetched from {address!r}: {SOURCE_VARIABLE} needs a folder or an https "
            f"address. Plain http is for this machine only, unless {HTTP_VARIABLE}=1."
        )


def _find_in_folder(folder: Path, files: Sequence[RemoteFile]) -> Path:
    missing = [file.name for file in files if not (folder / file.name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"{folder}, below the folder named by the environment variable {SOURCE_VARIABLE}, "
            f"lacks {', '.join(missing)}. Put them there, or unset the variable to download them."
        )
    return folder


def _download(url: str, target: Path, file: RemoteFile, sha256: str | None) -> None:
    """Bring a file to its place, or leave what was there."""
    part = _create_part(target)
    try:
        logger.info(f"Fetching {file.name} from {url}")
        with part.open("wb") as stream:
            _stream(url, stream, file)
        fault = find_fault(part, file, sha256)
        if fault is not None:
            raise ValueError(
                f"{url} is not {file.name}: what came {fault}. It was deleted. A page of the "
                "publisher or of a proxy, or a pointer in the place of the file, may have come."
            )
        part.chmod(0o644)  # temporary files are for their owner only
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _create_part(target: Path) -> Path:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise OSError(
            f"{target.name} cannot be kept in {target.parent}: {error}. Pass path= with a folder "
            "that can be written."
        ) from error
    os.close(handle)
    return Path(name)


def _stream(url: str, stream: BinaryIO, file: RemoteFile) -> None:
    answers: list[Any] = []

    def inspect(answer: Any, **_: Any) -> None:
        answers.append(answer)
        if answer.is_redirect:  # held to the same rule as the first address
            check_address(urljoin(answer.url, answer.headers["location"]))

    fetch = pooch.HTTPDownloader(timeout=TIMEOUT, hooks={"response": inspect})
    try:
        fetch(url, BoundedFile(stream, file.most), None)
    except OverflowError as error:
        raise ValueError(f"{url} is not {file.name}: {error}. It was deleted.") from error
    except OSError as error:  # what requests raises is an OSError, too
        raise ConnectionError(
            f"Could not download {file.name} from {url}: {type(error).__name__}: {error}. Nothing "
            "was kept. Download it by hand, and pass the folder that holds it to the loader."
        ) from error
    finally:
        for answer in answers:  # pooch leaves the connection of a refused one open
            answer.close()
