"""Downloads from a local server that breaks off, truncates, damages and denies: the right file or an error."""

from __future__ import annotations

import hashlib
import multiprocessing
import re
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minigrad.nn.data import DownloadError, fashion_mnist, mnist, sources, write_idx
from minigrad.nn.data import download as module
from minigrad.nn.data.download import fetch
from minigrad.nn.data.sources import CIFAR10, FASHION_MNIST, MNIST, Source

pytest.importorskip("pooch", reason="downloading needs pooch: pip install 'minigrad[data]'")

CONTENT = np.random.default_rng(0).bytes(200_000)


class Handler(BaseHTTPRequestHandler):
    """The first part of the path says what is wrong with the answer."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server: Any = self.server
        how, name = self.path.strip("/").split("/")
        asked = self.headers.get("Range")
        server.requests.append((how, asked))
        content = server.files.get(name, CONTENT)
        start, total = 0, len(content)
        match how:
            case "missing":
                self.send_error(404)
                return
            case "page":
                content = b"<html>Sign in to the network of the hotel</html>"
            case "damaged":
                content = content[:1000] + bytes([content[1000] ^ 1]) + content[1001:]
            case "short":
                content = content[:-10]
            case "long" | "long-unannounced":
                content += b"more"
        if asked and how in ("breaks", "lies"):
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start:
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start + (how == 'lies')}-{total - 1}/{total}")
        else:
            self.send_response(200)
        if not how.endswith("unannounced"):
            self.send_header("Content-Length", str(len(content) - start))
        self.send_header("Connection", "close")
        self.end_headers()
        body = content[start:]
        first = len(server.requests) == 1
        if how == "breaks":
            body = body[:70_000]
        elif how == "lies" or (how in ("breaks-once-no-ranges", "breaks-once-unannounced") and first):
            body = body[:50_000]
        elif how == "always-breaks":
            body = body[:10]
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *arguments: object) -> None: ...


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.requests, server.files = [], {}  # type: ignore[attr-defined]
        server.url = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setattr(module, "_PAUSE_S", 0)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.setenv(name, "127.0.0.1")
        yield server
        server.shutdown()
        thread.join()


def source(server: Any, *how: str, content: bytes = CONTENT) -> Source:
    urls = tuple(f"{server.url}/{one}/file.bin" for one in how)
    return Source("file.bin", len(content), hashlib.sha256(content).hexdigest(), urls)


@pytest.mark.parametrize(
    "how", ["good", "good-unannounced", "breaks", "breaks-once-no-ranges", "breaks-once-unannounced"]
)
def test_the_right_file(server: Any, how: str, tmp_path: Path) -> None:
    path = fetch(source(server, how), tmp_path / "new" / "folder")
    assert path.read_bytes() == CONTENT
    assert [entry.name for entry in path.parent.iterdir()] == ["file.bin"]


def test_a_broken_connection_is_taken_up_where_it_broke(server: Any, tmp_path: Path) -> None:
    fetch(source(server, "breaks"), tmp_path)
    assert [asked for _, asked in server.requests] == [None, "bytes=70000-", "bytes=140000-"]


WRONG = {
    "missing": "the server answers 404",
    "page": "the server has 48 bytes, but the file has 200,000",
    "damaged": "the right size, but another SHA256",
    "short": "the server has 199,990 bytes, but the file has 200,000",
    "long": "the server has 200,004 bytes",
    "long-unannounced": "sends more than the 200,000 bytes",
    "lies": "sends another part of the file",
    "always-breaks": r"\(got 10 of 200,000 bytes\)",
}


@pytest.mark.parametrize("how", WRONG)
def test_a_wrong_file_is_an_error_and_leaves_nothing(server: Any, how: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=WRONG[how]) as caught:
        fetch(source(server, how), tmp_path)
    message = str(caught.value)
    assert message.startswith("cannot download file.bin (200,000 bytes):")
    assert f"{server.url}/{how}/file.bin: " in message
    assert f"put it into {tmp_path}" in message
    assert list(tmp_path.iterdir()) == []
    assert len(server.requests) <= 10


@pytest.mark.parametrize("how", WRONG)
def test_the_next_mirror_helps(server: Any, how: str, tmp_path: Path) -> None:
    assert fetch(source(server, how, "good"), tmp_path).read_bytes() == CONTENT
    assert len(list(tmp_path.iterdir())) == 1


def test_no_server_at_all(tmp_path: Path, server: Any) -> None:
    gone = Source("file.bin", 1, "0" * 64, ("http://127.0.0.1:9/file.bin",))
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1:9/file\.bin: .*refused"):
        fetch(gone, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_download_leaves_nothing(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Bar(module._NoBar):
        def update(self, count: int) -> None:
            if count:
                raise KeyboardInterrupt

    monkeypatch.setattr(module, "_bar", lambda file: Bar())
    with pytest.raises(KeyboardInterrupt):
        fetch(source(server, "good"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_is_not_blamed_on_the_mirrors(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Bar(module._NoBar):
        def update(self, count: int) -> None:
            if count:
                raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_bar", lambda file: Bar())
    with pytest.raises(OSError, match="No space left") as caught:
        fetch(source(server, "good", "good"), tmp_path)
    assert not isinstance(caught.value, DownloadError)
    assert len(server.requests) == 1


def test_the_progress_bar_is_not_needed(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert fetch(source(server, "breaks"), tmp_path).read_bytes() == CONTENT


def test_without_pooch_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)
    monkeypatch.setenv("MINIGRAD_DATA", str(tmp_path))
    with pytest.raises(ImportError, match=r"^mnist, which .*MINIGRAD_DATA.* needs pooch: pip install 'minigrad\[data"):
        mnist()


def test_what_is_there_is_not_fetched_again_unless_it_is_damaged(server: Any, tmp_path: Path) -> None:
    file = source(server, "good")
    path = fetch(file, tmp_path)
    assert fetch(file, tmp_path, download=False) == fetch(file, tmp_path) == path
    assert len(server.requests) == 1
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(FileNotFoundError, match=r"file\.bin is damaged: its SHA256"):
        fetch(file, tmp_path, download=False)
    assert fetch(file, tmp_path).read_bytes() == CONTENT
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"file\.bin does not exist"):
        fetch(file, tmp_path, download=False)


def test_a_damaged_file_stays_until_there_is_a_right_one(server: Any, tmp_path: Path) -> None:
    (tmp_path / "file.bin").write_bytes(b"damaged")
    with pytest.raises(DownloadError):
        fetch(source(server, "missing"), tmp_path)
    assert (tmp_path / "file.bin").read_bytes() == b"damaged"


@pytest.mark.parametrize(
    "kind", [threading.Thread, multiprocessing.get_context("spawn").Process], ids=["threads", "processes"]
)
def test_several_at_once(server: Any, kind: Any, tmp_path: Path) -> None:
    file = source(server, "breaks")
    jobs = [kind(target=fetch, args=(file, tmp_path)) for _ in range(2)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
        assert getattr(job, "exitcode", 0) == 0
    assert (tmp_path / "file.bin").read_bytes() == CONTENT
    assert len(list(tmp_path.iterdir())) == 1


# ------------------------------------------------------------------------------------------------- whole data sets
def served(server: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Put four small files in the place of the published ones."""
    folder.mkdir()
    files = []
    for part in ("train", "t10k"):
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", np.full((3, 2, 2), 51, np.uint8))
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", np.arange(3, dtype=np.uint8))
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        server.files[path.name] = content
        urls = tuple(f"{server.url}/{how}/{path.name}" for how in ("missing", "good"))
        files.append(Source(path.name, len(content), hashlib.sha256(content).hexdigest(), urls))
    monkeypatch.setattr(sources, name, tuple(files))


@pytest.mark.parametrize(("load", "name"), [(mnist, "MNIST"), (fashion_mnist, "FASHION_MNIST")])
def test_a_set_is_fetched_once_into_the_cache(
    server: Any, load: Any, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(server, tmp_path / "published", monkeypatch, name)
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "cache"))
    # The folder of data has no such set, so the cache serves.
    monkeypatch.setenv("MINIGRAD_DATA", str(tmp_path / "published"))
    with pytest.raises(FileNotFoundError, match=r"t10k-images-idx3-ubyte\.gz does not exist") as caught:
        load(download=False)
    assert caught.value.__notes__ == [
        f"MINIGRAD_DATA is {str(tmp_path / 'published')!r}, which has no folder {name.lower()}"
    ]
    x_train, t_train, _, _ = load()
    assert x_train.shape == (3, 1, 2, 2)
    np.testing.assert_allclose(x_train, np.float32(0.2))
    assert t_train.tolist() == [0, 1, 2]
    assert {path.parent.name for path in (tmp_path / "cache").glob("*/*.gz")} == {name.lower()}
    count = len(server.requests)
    load(download=False)
    load()
    assert len(server.requests) == count == 8
    load(cache=tmp_path / "other", flatten=True)
    assert len(server.requests) == 16


def test_a_folder_that_is_named_is_never_filled(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(server, tmp_path / "published", monkeypatch, "MNIST")
    (tmp_path / "mnist").mkdir()
    monkeypatch.setenv("MINIGRAD_DATA", str(tmp_path))
    for folder in (None, tmp_path / "mnist"):
        with pytest.raises(FileNotFoundError, match=re.escape(f"train-images-idx3-ubyte in {tmp_path / 'mnist'}")):
            mnist(folder)
    assert server.requests == []


def test_the_table_of_sources() -> None:
    for file in (*MNIST, *FASHION_MNIST, CIFAR10):
        assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert len(set(file.urls)) == len(file.urls) >= 3
        assert all(url.endswith("/" + file.name) for url in file.urls)
    assert len({file.sha256 for file in (*MNIST, *FASHION_MNIST, CIFAR10)}) == 9
    assert {file.name for file in MNIST} == {file.name for file in FASHION_MNIST}
