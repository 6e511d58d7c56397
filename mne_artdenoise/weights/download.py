"""The weights of a model as a verified file: bundled, in a folder, or downloaded."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urljoin, urlsplit

import pooch

from .._compat import logger, verbose, warn
from .registry import ModelRecord, find_own_folder, find_record

FILES = Path(__file__).with_name("files")
BASE_URL = "https://github.com/mne-artdenoise/mne-artdenoise/releases/download/weights"
SOURCE_VARIABLE = "MNE_ARTDENOISE_WEIGHTS"
CACHE_VARIABLE = "MNE_ARTDENOISE_CACHE"
HTTP_VARIABLE = "MNE_ARTDENOISE_ALLOW_HTTP"
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
TIMEOUT = 30  # seconds without an answer or without a byte


@verbose
def fetch_weights(
    model: str | ModelRecord = "any-montage-v1",
    *,
    force: bool = False,
    verbose: bool | str | int | None = None,
) -> Path:
    """Get the file with the weights of a model, verified.

    Parameters
    ----------
    model : str | ModelRecord
        The model: a name that `list_models` knows, or a record.
    force : bool
        Download again what is in the cache already. Bundled files and those in a folder named by
        ``MNE_ARTDENOISE_WEIGHTS`` are not downloads: they are used as they are.
    %(verbose)s

    Returns
    -------
    path : Path
        The file. Its size and full SHA-256 are those of the record, checked in this call.

    Notes
    -----
    The file is looked for in the package, then in the folder of your own models (see
    `list_models`), then where the environment variable ``MNE_ARTDENOISE_WEIGHTS`` says (a folder,
    or a base address), then at the project's own address. An address must be https; plain http is
    for this machine only, unless ``MNE_ARTDENOISE_ALLOW_HTTP`` is 1. Downloads are kept in the
    cache folder of the operating system, or in the folder that ``MNE_ARTDENOISE_CACHE`` names.

    A file that is not the one of the record is a ValueError, a file that cannot be downloaded a
    ConnectionError, a folder without the file a FileNotFoundError, a cache that cannot be written
    an OSError; each says what to do.
    """
    record = model if isinstance(model, ModelRecord) else find_record(model)
    bundled = FILES / record.file
    if bundled.is_file():
        return check_in_place(bundled, record, "Install mne-artdenoise again.")
    own = find_own_folder()
    if own is not None and (own / record.file).is_file():
        return check_in_place(own / record.file, record, "Write the model again.")
    source = os.environ.get(SOURCE_VARIABLE) or BASE_URL
    if "://" not in source:
        return find_in_folder(Path(source).expanduser(), record)
    check_address(source)
    target = find_cache() / record.file
    if target.is_file() and not force:
        fault = find_fault(target, record)
        if fault is None:
            return target
        warn(f"{target} is damaged ({fault}): downloading it again.")
    download(f"{source.rstrip('/')}/{record.file}", target, record)
    return target


def find_fault(path: Path, record: ModelRecord) -> str | None:
    """Compare a file with the record: None when it is the file, else what was expected and got."""
    expected = f"expected {record.size} bytes with SHA-256 {record.sha256}"
    size = path.stat().st_size
    if size != record.size:  # nothing huge is hashed in vain
        return f"{expected}, got {size} bytes"
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return None if digest == record.sha256 else f"{expected}, got SHA-256 {digest}"


def check_in_place(path: Path, record: ModelRecord, remedy: str) -> Path:
    """Give back a file that is not ours to delete; ValueError when it is not that of the record."""
    fault = find_fault(path, record)
    if fault is not None:
        raise ValueError(
            f"{path} does not hold the weights of {record.id!r}: {fault}. The file was not used "
            f"and was left where it is. It may be damaged, or of another version. {remedy}"
        )
    return path


def find_in_folder(folder: Path, record: ModelRecord) -> Path:
    """Find the file in the folder that the user named."""
    path = folder / record.file
    if not path.is_file():
        found = "does not hold that file" if folder.is_dir() else "is not a folder"
        raise FileNotFoundError(
            f"The weights of {record.id!r} are needed as {record.file}, and {folder}, named by the "
            f"environment variable {SOURCE_VARIABLE}, {found}. Put it there, or unset the "
            f"variable to download it from {BASE_URL}/{record.file}."
        )
    return check_in_place(path, record, f"Put the right {record.file} there.")


def check_address(address: str) -> None:
    """Refuse an address that could be read or changed on the way, with a ValueError."""
    parts = urlsplit(address)
    if parts.username is not None or parts.password is not None:
        # Not echoed: it would end in logs.
        raise ValueError(
            f"The address of the weights at {parts.hostname} holds a user name or a password. "
            f"Name it in {SOURCE_VARIABLE} without them; a .netrc file may hold them."
        )
    plain = parts.hostname in THIS_MACHINE or os.environ.get(HTTP_VARIABLE) == "1"
    schemes = ("https", "http") if plain else ("https",)
    if not parts.hostname or parts.scheme not in schemes:
        raise ValueError(
            f"The weights cannot be fetched from {address!r}: {SOURCE_VARIABLE} needs a folder or "
            f"an https address. Plain http is for this machine only, unless {HTTP_VARIABLE}=1."
        )


def find_cache() -> Path:
    """Find the folder that keeps downloads."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).expanduser() if named else Path(pooch.os_cache("mne-artdenoise"))


def download(url: str, target: Path, record: ModelRecord) -> None:
    """Bring a file to its place whole and verified, or not at all."""
    # Under a name of its own beside the target: readers see the old file or the new one, never a
    # part, and two processes at once do not write into one another's file.
    part = create_part(target, record)
    try:
        logger.info(f"Fetching the weights of {record.id} ({record.size} bytes) from {url}")
        with part.open("wb") as file:
            stream(url, file, record)
        fault = find_fault(part, record)
        if fault is not None:
            raise ValueError(describe_wrong_download(url, record, fault))
        part.chmod(0o644)  # temporary files are for their owner only, weights for all who share
        replace(part, target, record)
    finally:
        part.unlink(missing_ok=True)


def create_part(target: Path, record: ModelRecord) -> Path:
    """Make the empty file that a download is written to."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            dir=target.parent, prefix=f".{target.name}.", suffix=".part"
        )
    except OSError as error:
        raise OSError(describe_unwritable_cache(target.parent, record, error)) from error
    os.close(handle)
    return Path(name)


def replace(part: Path, target: Path, record: ModelRecord) -> None:
    """Move a verified file to its place in one step."""
    try:
        part.replace(target)
    except OSError as error:
        # Windows lets nobody replace a file that is being read: then another process was first.
        if not target.is_file() or find_fault(target, record) is not None:
            raise OSError(describe_unwritable_cache(target.parent, record, error)) from error


def stream(url: str, file: BinaryIO, record: ModelRecord) -> None:
    """Download into an open file, no more than the record's size."""
    answers: list[Any] = []

    def inspect(answer: Any, **_: Any) -> None:
        answers.append(answer)
        if answer.is_redirect:  # held to the same rule as the first address
            check_address(urljoin(answer.url, answer.headers["location"]))

    fetch = pooch.HTTPDownloader(timeout=TIMEOUT, hooks={"response": inspect})
    try:
        fetch(url, BoundedFile(file, record.size), None)
    except OverflowError as error:
        raise ValueError(describe_wrong_download(url, record, str(error))) from error
    except OSError as error:  # what requests raises is an OSError, too
        raise ConnectionError(
            f"Could not download the weights of {record.id!r} from {url}: {type(error).__name__}: "
            f"{error}. Nothing was kept. Without a network, put {record.file} into a folder and "
            f"name that folder in the environment variable {SOURCE_VARIABLE}."
        ) from error
    finally:
        for answer in answers:  # pooch leaves the connection of a refused one open
            answer.close()


class BoundedFile:
    """An open file that takes no more than ``limit`` bytes: a server may send without end."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self.file = file
        self.room = self.limit = limit

    def write(self, chunk: bytes) -> None:
        """Write, or raise OverflowError."""
        self.room -= len(chunk)
        if self.room < 0:
            raise OverflowError(f"expected {self.limit} bytes, got more")
        self.file.write(chunk)

    def flush(self) -> None:
        """Leave flushing to the file: it is read only when it is whole."""


def describe_wrong_download(url: str, record: ModelRecord, fault: str) -> str:
    """Say what came, what was done about it, and why it may have come."""
    return (
        f"{url} is not the file of {record.id!r}: {fault}. The download was deleted, nothing was "
        f"loaded. It may have been cut short or changed on the way, the page of a proxy may have "
        f"come in its place, or the file belongs to another version of mne-artdenoise."
    )


def describe_unwritable_cache(folder: Path, record: ModelRecord, error: OSError) -> str:
    """Say how to keep downloads elsewhere."""
    return (
        f"The weights of {record.id!r} cannot be kept in {folder}: {error}. Name a folder that can "
        f"be written in the environment variable {CACHE_VARIABLE}, or one that holds {record.file} "
        f"already in {SOURCE_VARIABLE}."
    )
