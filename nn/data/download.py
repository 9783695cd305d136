"""Published files: from a folder, from the cache, else from the network."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from minigrad.extras import require

from .sources import Source

__all__ = ["DownloadError", "fetch", "locate"]

_ATTEMPTS = 10  # to get the rest of a file from a mirror that breaks off
_PAUSE_S = 1.0  # between them
_TIMEOUT_S = 30.0  # without a byte
_CHUNK = 1 << 16


class DownloadError(OSError):
    """No mirror gave the published file; the message lists what each of them did."""


def locate(
    data_set: str,
    files: Sequence[Source],
    folder: str | os.PathLike[str] | None,
    cache: str | os.PathLike[str] | None,
    download: bool,
) -> Path:
    """Return the folder in which the files of a data set are, after fetching them if need be.

    Parameters
    ----------
    data_set : str
        The name of its folder, in the folder of data and in the cache.
    files
        What to fetch.
    folder : path-like, optional
        The folder to use; nothing is fetched then. Default: the data set's folder in that of the environment variable
        ``MINIGRAD_DATA``, where that exists.
    cache : path-like, optional
        Where to fetch to, and look before. Default: the folder of the environment variable ``MINIGRAD_CACHE``, else
        the user's cache folder.
    download : bool
        Whether files that are not in the cache may be fetched.

    Raises
    ------
    FileNotFoundError
        If the files are nowhere and must not be fetched.
    DownloadError
        If they cannot be fetched.
    ImportError
        If they would have to be fetched, and pooch is not installed.
    """
    if folder is not None:
        return Path(folder)
    data = os.environ.get("MINIGRAD_DATA")
    if data and (Path(data) / data_set).is_dir():
        return Path(data) / data_set
    purpose = f"{data_set}, which is not in a folder that MINIGRAD_DATA names: downloading it"
    pooch = require("pooch", "data", purpose)
    target = Path(cache or os.environ.get("MINIGRAD_CACHE") or pooch.os_cache("minigrad")) / data_set
    try:
        for file in files:
            fetch(file, target, download=download)
    except (FileNotFoundError, DownloadError) as error:
        if data:
            error.add_note(f"MINIGRAD_DATA is {data!r}, which has no folder {data_set}")
        raise
    return target


def fetch(file: Source, folder: str | os.PathLike[str], *, download: bool = True) -> Path:
    """Return the path of a published file in `folder`, fetched unless it is there already.

    The file is fetched to a temporary name and renamed when its SHA256 is right, so others never see a part of it, and
    several processes may fetch it at once. A connection that breaks off is taken up where it broke, if the server can.

    Parameters
    ----------
    file : Source
    folder : path-like
        It is made if need be.
    download : bool
        Whether the network may be used.

    Raises
    ------
    DownloadError
        If no mirror gave the right file.
    FileNotFoundError
        If the right file is not there and `download` is False.
    OSError
        If the folder cannot be written.
    """
    target = Path(folder) / file.name
    pooch = require("pooch", "data", f"downloading {file.name}")
    exceptions = require("requests", "data", f"downloading {file.name}").exceptions
    there = target.is_file()
    if there and pooch.file_hash(str(target)) == file.sha256:
        return target
    if not download:
        raise FileNotFoundError(
            f"{target} {'is damaged: its SHA256 is not that of the published file' if there else 'does not exist'}. "
            "Allow the download, put the file there, or set MINIGRAD_DATA to a folder that has the data set"
        )
    problems = []
    for url in file.urls:
        try:
            pooch.retrieve(
                url, f"sha256:{file.sha256}", fname=file.name, path=folder, downloader=_Downloader(file)
            )
            return target
        except (exceptions.RequestException, DownloadError) as error:
            problems.append(f"  {url}: {error}")
        except ValueError:  # pooch's, about the hash
            problems.append(f"  {url}: what it sends has the right size, but another SHA256: it is damaged")
    raise DownloadError(
        "\n".join(
            [
                f"cannot download {file.name} ({file.size:,} bytes):",
                *problems,
                f"Check the connection and try again, or fetch the file by other means and put it into {target.parent}",
            ]
        )
    )


class _Downloader:
    """Fetches a file of known size, as pooch asks its downloaders to."""

    def __init__(self, file: Source) -> None:
        self.file = file

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        requests = require("requests", "data", f"downloading {self.file.name}")
        urllib3 = require("urllib3", "data", f"downloading {self.file.name}")
        broken = (
            requests.exceptions.ConnectionError,
            requests.exceptions.Timeout,
            urllib3.exceptions.HTTPError,
        )
        problem = "the connection ended early"
        with requests.Session() as session, open(output_file, "wb") as out, _bar(self.file) as bar:
            for attempt in range(_ATTEMPTS):
                if attempt:
                    time.sleep(_PAUSE_S)
                try:
                    self._rest(session, url, out, bar)
                except broken as error:
                    problem = str(error)
                if out.tell() == self.file.size:
                    return
                if not out.tell() and attempt:
                    break  # there is no server, rather than one that breaks off
            raise DownloadError(f"{problem} (got {out.tell():,} of {self.file.size:,} bytes)")

    def _rest(self, session: Any, url: str, out: BinaryIO, bar: Any) -> None:
        """Append what is still missing, or as much of it as comes."""
        have, size = out.tell(), self.file.size
        # identity: some servers else announce that the .gz is a compressed transfer, and it would be unpacked.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with session.get(url, headers=headers, stream=True, timeout=_TIMEOUT_S) as response:
            if response.status_code not in (200, 206):
                raise DownloadError(f"the server answers {response.status_code} {response.reason}")
            if response.status_code == 206:
                if not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                    raise DownloadError("the server sends another part of the file than it was asked for")
            else:
                # From the start: the first time, and where the server cannot send a part.
                out.seek(0)
                out.truncate()
                have = 0
            announced = response.headers.get("Content-Length")
            if announced is not None and announced != str(size - have):
                raise DownloadError(f"the server has {have + int(announced):,} bytes, but the file has {size:,}")
            bar.reset(total=size)
            bar.update(have)
            for chunk in response.raw.stream(_CHUNK, decode_content=False):
                if out.tell() + len(chunk) > size:
                    raise DownloadError(f"the server sends more than the {size:,} bytes of the file")
                out.write(chunk)
                bar.update(len(chunk))


class _NoBar:
    def __enter__(self) -> _NoBar:
        return self

    def __exit__(self, *exception: object) -> None: ...

    def reset(self, total: int) -> None: ...

    def update(self, count: int) -> None: ...


def _bar(file: Source) -> Any:
    try:
        tqdm = require("tqdm", "train", "a progress bar").tqdm
    except ImportError:
        return _NoBar()
    # disable=None: on a terminal only
    return tqdm(total=file.size, unit="B", unit_scale=True, unit_divisor=1000, desc=file.name, disable=None)
