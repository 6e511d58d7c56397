"""Tests of fetching weights, against a server on this machine."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mne_artdenoise.weights import download, registry
from mne_artdenoise.weights.download import fetch_weights
from mne_artdenoise.weights.registry import ModelRecord, format_record

CONTENT = bytes(range(256)) * 40
FILE = "stand-in-v1.safetensors"


@dataclass
class Answer:
    """What the server says to every request."""

    body: bytes = CONTENT
    status: int = 200
    length: int | None = None  # what Content-Length says; None for the truth
    location: str | None = None
    endless: bool = False
    paths: list[str] = field(default_factory=list)  # what was asked for


class Server(ThreadingHTTPServer):
    """A server on a free port of this machine that gives one answer."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = Answer()

    @property
    def url(self) -> str:
        """Base address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Send the server's answer."""

    server: Server

    def do_GET(self) -> None:
        """Answer."""
        answer = self.server.answer
        answer.paths.append(self.path)
        self.send_response(answer.status)
        if answer.location:
            self.send_header("Location", answer.location)
        if not answer.endless:
            length = len(answer.body) if answer.length is None else answer.length
            self.send_header("Content-Length", str(length))
        self.end_headers()
        try:
            self.wfile.write(answer.body)
            for _ in range(1000 * answer.endless):  # bounded, should the client never hang up
                self.wfile.write(answer.body)
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
    """Keep the bundled files, the cache and the environment of this machine out of the tests."""
    for variable in (download.SOURCE_VARIABLE, download.HTTP_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    for variable in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(variable)
    folder = tmp_path / "cache"
    monkeypatch.setenv(download.CACHE_VARIABLE, str(folder))
    monkeypatch.setattr(download, "FILES", tmp_path / "bundled")
    return folder


@pytest.fixture
def record(make_record) -> ModelRecord:
    """Record of the file that the server has."""
    return make_record(sha256=hashlib.sha256(CONTENT).hexdigest(), size=len(CONTENT))


@pytest.fixture
def use(monkeypatch) -> Callable[[object], None]:
    """Name a source in the environment."""
    return lambda source: monkeypatch.setenv(download.SOURCE_VARIABLE, str(source))


def put(folder: Path, content: bytes = CONTENT) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(content)
    return folder / FILE


def damage(kind: str) -> bytes:
    flipped = bytearray(CONTENT)
    flipped[len(CONTENT) // 2] ^= 1
    damaged = {"one bit": bytes(flipped), "short": CONTENT[:-1], "long": CONTENT + b"\0"}
    return damaged.get(kind, b"")


DAMAGES = ["one bit", "short", "long", "empty"]


def test_a_download_lands_in_the_cache_whole_and_alone(server, use, record, cache):
    use(server.url)
    path = fetch_weights(record)
    assert path == cache / FILE
    assert path.read_bytes() == CONTENT
    assert os.listdir(cache) == [FILE]
    assert server.answer.paths == [f"/{FILE}"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such bits")
def test_a_download_may_be_read_by_all_who_share_the_cache(server, use, record):
    use(server.url)
    assert fetch_weights(record).stat().st_mode & 0o777 == 0o644


def test_a_slash_at_the_end_of_the_address_makes_no_difference(server, use, record):
    use(server.url + "/models/")
    fetch_weights(record)
    assert server.answer.paths == [f"/models/{FILE}"]


def test_what_is_in_the_cache_is_not_fetched_again(server, use, record):
    use(server.url)
    assert fetch_weights(record) == fetch_weights(record)
    assert len(server.answer.paths) == 1


def test_force_fetches_again(server, use, record):
    use(server.url)
    fetch_weights(record)
    fetch_weights(record, force=True)
    assert len(server.answer.paths) == 2


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_file_in_the_cache_is_replaced_with_a_warning(server, use, record, cache, kind):
    path = put(cache, damage(kind))
    use(server.url)
    with pytest.warns(RuntimeWarning, match=f"damaged .expected .*{record.sha256}, got"):
        assert fetch_weights(record) == path
    assert path.read_bytes() == CONTENT


def test_a_damaged_file_in_the_cache_is_not_used_without_a_network(server, use, record, cache):
    put(cache, damage("one bit"))
    use(server.url)
    server.answer.status = 503
    with (
        pytest.warns(RuntimeWarning, match="damaged"),
        pytest.raises(ConnectionError, match="Could not download"),
    ):
        fetch_weights(record)


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_wrong_download_is_deleted_and_told(server, use, record, cache, kind):
    server.answer.body = damage(kind)
    use(server.url)
    message = f"expected {record.size} bytes with SHA-256 {record.sha256}, got|got more"
    with pytest.raises(ValueError, match=message) as caught:
        fetch_weights(record)
    assert "deleted" in str(caught.value)
    assert "another version" in str(caught.value)
    assert os.listdir(cache) == []


def test_a_wrong_download_leaves_the_good_file_in_the_cache(server, use, record, cache):
    path = put(cache)
    server.answer.body = damage("one bit")
    use(server.url)
    with pytest.raises(ValueError, match="is not the file of 'stand-in-v1'"):
        fetch_weights(record, force=True)
    assert path.read_bytes() == CONTENT
    assert os.listdir(cache) == [FILE]


def test_a_download_that_breaks_off_leaves_nothing(server, use, record, cache):
    server.answer.body = CONTENT[:5000]
    server.answer.length = len(CONTENT)
    use(server.url)
    with pytest.raises(ConnectionError, match="Nothing was kept"):
        fetch_weights(record)
    assert os.listdir(cache) == []


def test_a_download_without_end_is_cut_at_the_size_of_the_record(server, use, record, cache):
    server.answer.endless = True
    use(server.url)
    with pytest.raises(ValueError, match=f"expected {len(CONTENT)} bytes, got more"):
        fetch_weights(record)
    assert os.listdir(cache) == []


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_server_without_the_file_says_how_to_do_without(server, use, record, cache, status):
    server.answer.status = status
    use(server.url)
    with pytest.raises(ConnectionError, match=f"{server.url}/{FILE}.*{status}") as caught:
        fetch_weights(record)
    assert f"put {FILE} into a folder" in str(caught.value)
    assert "MNE_ARTDENOISE_WEIGHTS" in str(caught.value)
    assert os.listdir(cache) == []


def test_no_network_says_which_file_to_put_where(use, record, cache):
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        use(f"http://127.0.0.1:{nobody_listens.getsockname()[1]}")
        message = f"put {FILE} into a folder and name that folder in .* MNE_ARTDENOISE_WEIGHTS"
        with pytest.raises(ConnectionError, match=message) as caught:
            fetch_weights(record)
    assert isinstance(caught.value.__cause__, OSError)
    assert os.listdir(cache) == []


def test_without_a_source_the_projects_own_address_is_asked(record, monkeypatch):
    asked = []
    monkeypatch.setattr(download, "stream", lambda url, file, record: asked.append(url))
    monkeypatch.setenv(download.SOURCE_VARIABLE, "")  # as good as unset
    with pytest.raises(ValueError, match="got 0 bytes"):
        fetch_weights(record)
    assert asked == [f"{download.BASE_URL}/{FILE}"]
    assert asked[0].startswith("https://")


def test_the_cache_is_that_of_the_operating_system_unless_named(monkeypatch, tmp_path):
    assert download.find_cache() == tmp_path / "cache"
    monkeypatch.delenv(download.CACHE_VARIABLE)
    assert "mne-artdenoise" in str(download.find_cache())


def test_a_cache_that_cannot_be_written_says_how_to_keep_it_elsewhere(
    server, use, record, tmp_path, monkeypatch
):
    # Below a file: that refuses a superuser, too, whom permissions do not hold.
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(download.CACHE_VARIABLE, str(tmp_path / "file" / "cache"))
    use(server.url)
    with pytest.raises(OSError, match="cannot be kept in") as caught:
        fetch_weights(record)
    assert "MNE_ARTDENOISE_CACHE" in str(caught.value)
    assert f"one that holds {FILE} already in MNE_ARTDENOISE_WEIGHTS" in str(caught.value)
    assert server.answer.paths == []


def test_a_folder_in_the_place_of_the_file_is_told_and_leaves_nothing(server, use, record, cache):
    (cache / FILE).mkdir(parents=True)
    use(server.url)
    with pytest.raises(OSError, match="cannot be kept in"):
        fetch_weights(record)
    assert os.listdir(cache) == [FILE]


def refuse_to_replace(self: Path, target: Path) -> Path:
    raise PermissionError("the file is being read by another process")


def test_a_file_that_another_process_brought_meanwhile_is_good_enough(
    server, use, record, cache, monkeypatch
):
    path = put(cache)
    monkeypatch.setattr(Path, "replace", refuse_to_replace)
    use(server.url)
    assert fetch_weights(record, force=True) == path
    assert os.listdir(cache) == [FILE]


def fetch_in_process(record: ModelRecord, bundled: Path, barrier, results) -> None:
    download.FILES = bundled
    barrier.wait(60)
    try:
        results.put(fetch_weights(record, verbose="error").read_bytes() == CONTENT)
    except Exception as error:
        results.put(repr(error))


def test_processes_that_fetch_one_file_at_once_all_get_it(server, use, record, cache, tmp_path):
    use(server.url)
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(2), context.Queue()
    arguments = (record, tmp_path / "bundled", barrier, results)
    processes = [context.Process(target=fetch_in_process, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    assert [results.get(timeout=60) for _ in processes] == [True, True]
    for process in processes:
        process.join(60)
    assert os.listdir(cache) == [FILE]


def test_threads_that_replace_one_file_never_show_a_part_of_it(server, use, record, cache):
    use(server.url)
    path = fetch_weights(record)
    seen: set[bytes] = set()
    threads = [
        threading.Thread(target=fetch_weights, args=(record,), kwargs={"force": True})
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen.add(path.read_bytes())
    assert seen <= {CONTENT}
    assert os.listdir(cache) == [FILE]


def test_a_bundled_file_needs_no_network(record, use, tmp_path, cache):
    use("http://example.invalid/never-asked")
    path = put(tmp_path / "bundled")
    assert fetch_weights(record) == path
    assert not cache.exists()


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_bundled_file_is_told_and_left(record, tmp_path, kind):
    path = put(tmp_path / "bundled", damage(kind))
    with pytest.raises(ValueError, match="expected .* got .*Install mne-artdenoise again"):
        fetch_weights(record)
    assert path.read_bytes() == damage(kind)


def test_a_folder_is_used_in_place(record, use, tmp_path, cache):
    path = put(tmp_path / "hospital")
    use(tmp_path / "hospital")
    assert fetch_weights(record) == path
    assert not cache.exists()


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_file_in_a_folder_is_told_and_left(record, use, tmp_path, kind):
    path = put(tmp_path / "hospital", damage(kind))
    use(tmp_path / "hospital")
    with pytest.raises(ValueError, match=f"expected .* got .*left where it is.*right {FILE}"):
        fetch_weights(record)
    assert path.read_bytes() == damage(kind)


@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_without_the_file_says_which_is_needed(record, use, tmp_path, exists):
    use(tmp_path if exists else tmp_path / "missing")
    found = "does not hold that file" if exists else "is not a folder"
    with pytest.raises(FileNotFoundError, match=f"needed as {FILE}.*{found}.*Put it there"):
        fetch_weights(record)


@pytest.mark.parametrize(
    "source",
    ["http://example.org/w", "ftp://example.org/w", "file:///tmp/w", "https://", "://", "HTTP://a"],
)
def test_an_address_that_is_not_https_is_never_asked(record, use, source, monkeypatch):
    monkeypatch.setattr(download, "stream", None)
    use(source)
    with pytest.raises(ValueError, match="needs a folder or an https address"):
        fetch_weights(record)


@pytest.mark.parametrize(
    "address",
    ["https://example.org/w", "http://localhost/w", "http://127.0.0.1:80", "http://[::1]"],
)
def test_https_and_this_machine_are_allowed(address):
    download.check_address(address)


def test_plain_http_is_allowed_by_name_only(monkeypatch):
    with pytest.raises(ValueError, match="MNE_ARTDENOISE_ALLOW_HTTP=1"):
        download.check_address("http://example.org")
    monkeypatch.setenv(download.HTTP_VARIABLE, "1")
    download.check_address("http://example.org")
    with pytest.raises(ValueError, match="https"):
        download.check_address("ftp://example.org")


def test_a_password_in_the_address_is_refused_and_not_repeated(use, record):
    use("https://me:hunter2@example.org/weights")
    with pytest.raises(ValueError, match="user name or a password") as caught:
        fetch_weights(record)
    assert "hunter2" not in str(caught.value)


def test_a_redirect_to_plain_http_is_not_followed(server, use, record, cache):
    server.answer.status, server.answer.location = 302, "http://example.invalid/" + FILE
    use(server.url)
    with pytest.raises(ValueError, match="'http://example.invalid/.*needs a folder or an https"):
        fetch_weights(record)
    assert os.listdir(cache) == []


def test_a_redirect_round_in_a_circle_ends(server, use, record, cache):
    server.answer.status, server.answer.location = 302, "/again"
    use(server.url)
    with pytest.raises(ConnectionError, match="TooManyRedirects"):
        fetch_weights(record)
    assert os.listdir(cache) == []


def test_a_model_is_fetched_by_name(server, use, record, tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "RECORDS", tmp_path)
    (tmp_path / "stand-in-v1.json").write_text(format_record(record))
    use(server.url)
    assert fetch_weights("stand-in-v1").read_bytes() == CONTENT
    with pytest.raises(ValueError, match="Unknown model 'other-v1'"):
        fetch_weights("other-v1")


def test_fetching_tells_from_where_when_asked(server, use, record, capsys):
    use(server.url)
    fetch_weights(record, verbose="info")
    assert f"Fetching the weights of stand-in-v1 ({len(CONTENT)} bytes)" in capsys.readouterr().out
    fetch_weights(record, force=True, verbose="warning")
    assert capsys.readouterr().out == ""
