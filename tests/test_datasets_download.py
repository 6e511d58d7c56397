"""Tests of fetching published sets, against a server on this machine."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from mne_artdenoise.datasets import download, eegdenoisenet, fetch_eegdenoisenet, fetch_klados
from mne_artdenoise.datasets.download import RemoteFile, check_address, fetch_files
from mne_artdenoise.datasets.klados import ARCHIVE, LAYOUT

CONTENT = b"MAGIC" + bytes(range(256)) * 8


class Server(ThreadingHTTPServer):
    """A server on a free port of this machine: files by path, and what was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.endless = False
        self.cut = False
        self.location = ""

    @property
    def url(self) -> str:
        """Base address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Send the file that was asked for."""

    server: Server

    def do_GET(self) -> None:
        """Answer."""
        self.server.asked.append(self.path)
        body = self.server.files.get(self.path)
        status = 302 if self.server.location else 404 if body is None else 200
        self.send_response(status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        if not self.server.endless:
            self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        try:
            self.wfile.write((body or b"")[: 100 if self.server.cut else None])
            for _ in range(1000 * self.server.endless):
                self.wfile.write(body or b"")
        except OSError:
            pass  # the client hung up, as it should
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    """Run a server for one test."""
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    """Keep the cache and the environment of this machine out of the tests."""
    for variable in (download.SOURCE_VARIABLE, download.HTTP_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    for variable in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("MNE_ARTDENOISE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "datasets"


@pytest.fixture
def file(server) -> RemoteFile:
    """Describe a file that the server has."""
    server.files["/there/a.bin"] = CONTENT
    return RemoteFile("a.bin", f"{server.url}/there/a.bin", 4000, b"MAGIC")


def test_a_file_lands_in_the_cache_whole_and_alone(server, file, cache):
    folder = fetch_files("set", [file])
    assert folder == cache / "set"
    assert (folder / "a.bin").read_bytes() == CONTENT
    assert os.listdir(folder) == ["a.bin"]
    assert fetch_files("set", [file]) == folder
    assert len(server.asked) == 1
    fetch_files("set", [file], force=True)
    assert len(server.asked) == 2


def test_a_file_lands_in_the_folder_that_was_named(server, file, tmp_path, cache):
    assert fetch_files("set", [file], tmp_path / "here") == tmp_path / "here"
    assert (tmp_path / "here" / "a.bin").read_bytes() == CONTENT
    assert not cache.exists()


def test_a_mirror_is_asked_in_the_place_of_the_publisher(server, file, monkeypatch):
    server.files["/mirror/set/a.bin"] = CONTENT
    monkeypatch.setenv(download.SOURCE_VARIABLE, f"{server.url}/mirror/")
    fetch_files("set", [file])
    assert server.asked == ["/mirror/set/a.bin"]


def test_a_folder_is_used_as_it_is(server, file, monkeypatch, tmp_path):
    monkeypatch.setenv(download.SOURCE_VARIABLE, str(tmp_path))
    with pytest.raises(FileNotFoundError, match="MNE_ARTDENOISE_DATASETS, lacks a.bin"):
        fetch_files("set", [file])
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.bin").write_bytes(CONTENT)
    assert fetch_files("set", [file]) == tmp_path / "set"
    assert server.asked == []


@pytest.mark.parametrize("content", [b"", b"<html>log in</html>", b"/annex/objects/x", b"MAGI"])
def test_a_page_in_the_place_of_the_file_is_deleted_and_told(server, file, cache, content):
    server.files["/there/a.bin"] = content
    with pytest.raises(ValueError, match=r"/there/a.bin is not a.bin: what came starts with"):
        fetch_files("set", [file])
    assert os.listdir(cache / "set") == []


def test_a_file_without_end_is_cut(server, file, cache):
    server.endless = True
    with pytest.raises(ValueError, match="expected 4000 bytes, got more"):
        fetch_files("set", [file])
    assert os.listdir(cache / "set") == []


def test_a_download_that_breaks_off_leaves_nothing(server, file, cache):
    server.cut = True
    with pytest.raises(ConnectionError, match=r"Nothing was kept.*by hand"):
        fetch_files("set", [file])
    assert os.listdir(cache / "set") == []


def test_a_failed_download_leaves_what_was_there(server, file, cache):
    fetch_files("set", [file])
    server.files["/there/a.bin"] = b"something else"
    with pytest.raises(ValueError, match="It was deleted"):
        fetch_files("set", [file], force=True)
    assert (cache / "set" / "a.bin").read_bytes() == CONTENT


def test_a_known_hash_must_be_that_of_the_file(server, file, cache):
    digest = hashlib.sha256(CONTENT).hexdigest()
    fetch_files("set", [file], sha256={"a.bin": digest.upper()})
    changed = bytearray(CONTENT)
    changed[-1] ^= 1
    (cache / "set" / "a.bin").write_bytes(changed)
    with pytest.raises(ValueError, match=f"expected {digest}. Delete it, or pass force=True"):
        fetch_files("set", [file], sha256={"a.bin": digest})
    server.files["/there/a.bin"] = bytes(changed)
    with pytest.raises(ValueError, match=f"has SHA-256 .*, expected {digest}. It was deleted"):
        fetch_files("set", [file], sha256={"a.bin": digest}, force=True)


def test_a_damaged_file_that_is_there_is_not_used(file, cache):
    (cache / "set").mkdir(parents=True)
    (cache / "set" / "a.bin").write_bytes(b"<html>")
    with pytest.raises(ValueError, match="starts with b'<html'.*pass force=True"):
        fetch_files("set", [file])


def test_a_server_without_the_file_is_told(server, file, cache):
    server.files.clear()
    with pytest.raises(ConnectionError, match="Could not download a.bin from .*404"):
        fetch_files("set", [file])
    assert os.listdir(cache / "set") == []


def test_no_network_is_told(file):
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody_listens.getsockname()[1]}/a.bin"
        with pytest.raises(ConnectionError, match="Could not download"):
            fetch_files("set", [RemoteFile("a.bin", url, 4000, b"MAGIC")])


def test_a_folder_that_cannot_be_written_is_told(file, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(OSError, match="cannot be kept in .*Pass path="):
        fetch_files("set", [file], tmp_path / "taken" / "below")


def test_a_redirect_to_plain_http_elsewhere_is_not_followed(server, file, cache):
    server.location = "http://example.org/a.bin"
    with pytest.raises(ValueError, match="Nothing is fetched from 'http://example.org/a.bin'"):
        fetch_files("set", [file])
    assert os.listdir(cache / "set") == []


@pytest.mark.parametrize(
    "address", ["http://example.org/a", "ftp://example.org/a", "https://", "file:///etc/passwd"]
)
def test_only_safe_addresses_are_asked(address, monkeypatch):
    with pytest.raises(ValueError, match="needs a folder or an https address"):
        check_address(address)
    check_address("https://example.org/a")
    monkeypatch.setenv(download.HTTP_VARIABLE, "1")
    check_address("http://example.org/a")


def test_a_password_in_an_address_is_not_repeated():
    with pytest.raises(ValueError, match="holds a user name or a password") as caught:
        check_address("https://me:secret@example.org/a")
    assert "secret" not in str(caught.value)


def make_npy(n_times: int) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.random.default_rng(0).standard_normal((6, n_times)))
    return stream.getvalue()


@pytest.mark.parametrize(("sfreq", "n_times", "count"), [(256.0, 512, 3), (512.0, 1024, 2)])
def test_eegdenoisenet_is_fetched_and_loads(server, monkeypatch, tmp_path, sfreq, n_times, count):
    monkeypatch.setattr(eegdenoisenet, "URL", f"{server.url}/raw/")
    names = eegdenoisenet.NAMES[sfreq].values()
    server.files = {f"/raw/{name}": make_npy(n_times) for name in names}
    folder = fetch_eegdenoisenet(tmp_path / "here", sfreq=sfreq)
    assert sorted(os.listdir(folder)) == sorted(names)
    assert len(server.asked) == count
    assert eegdenoisenet.load_eegdenoisenet(folder, sfreq=sfreq).eeg.shape == (6, n_times)
    with pytest.raises(ValueError, match="256 and 512 Hz only"):
        fetch_eegdenoisenet(sfreq=100)


def test_addresses_of_publishers_are_safe():
    check_address(eegdenoisenet.URL)
    check_address(ARCHIVE.url)


def make_zip(names: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in names.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_klados_is_fetched_and_unpacked_without_what_is_not_of_it(server, monkeypatch, cache):
    monkeypatch.setenv(download.SOURCE_VARIABLE, server.url)
    files = {f"A set of eyes/{name}": name.encode() for name in LAYOUT}
    more = {"../outside.mat": b"out", "A set of eyes/readme.txt": b"read"}
    server.files[f"/klados/{ARCHIVE.name}"] = make_zip({**more, **files})
    folder = fetch_klados()
    assert sorted(os.listdir(folder)) == sorted([ARCHIVE.name, *LAYOUT])
    assert not (cache / "outside.mat").exists()
    assert all((folder / name).read_bytes() == name.encode() for name in LAYOUT)
    (folder / "VEOG.mat").unlink()
    assert fetch_klados() == folder
    assert (folder / "VEOG.mat").is_file()
    assert len(server.asked) == 1


@pytest.mark.parametrize("content", [make_zip({"VEOG.mat": b"v"}), make_zip({"a": b"b"})[:-9]])
def test_an_archive_of_something_else_is_told(server, monkeypatch, content):
    monkeypatch.setenv(download.SOURCE_VARIABLE, server.url)
    server.files[f"/klados/{ARCHIVE.name}"] = content
    with pytest.raises(ValueError, match="is not a whole archive with Pure_Data.mat"):
        fetch_klados()
