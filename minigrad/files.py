"""Files that are written whole or not at all."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

__all__ = ["atomic_write"]


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file for writing that takes the place of `path` only when everything is on disk.

    The bytes go to a temporary file in the same folder, which is renamed over `path` at the end of the
    ``with`` block. If the block raises, or the machine stops, `path` is what it was before. Readers see the
    old file or the new one, never a part of it.

    Parameters
    ----------
    path
        The file to write. A link is followed: its target is replaced, and the link stays. An existing file
        keeps its permissions.

    Yields
    ------
    BinaryIO
        The temporary file, open for writing bytes.

    Raises
    ------
    FileNotFoundError
        If the folder of `path` does not exist.
    OSError
        If `path` is a folder, a device or a pipe, which a rename would destroy, or if the disk is full.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "greeting.txt"
    ...     with atomic_write(path) as file:
    ...         _ = file.write(b"hello")
    ...     path.read_bytes()
    b'hello'
    """
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
        raise OSError(f"cannot write {os.fspath(path)}: it is {kind}")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write {os.fspath(path)}: the folder {target.parent} does not exist")

    # The name does not build on the target's, which may already have the greatest length there is.
    temporary = target.parent / f".minigrad-{os.urandom(8).hex()}.tmp"
    # Mode 0o666 is cut down by the umask as for any new file; the tempfile module would make it private.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with open(descriptor, "wb") as file:
            yield file
            file.flush()
            # Without this, a crash soon after the rename can leave the new name on an empty file.
            os.fsync(file.fileno())
        if mode is not None:
            temporary.chmod(stat.S_IMODE(mode))
        os.replace(temporary, target)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` last through a crash, where the system can."""
    if os.name != "posix":
        return  # only POSIX systems let a folder be opened
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        # Some network file systems refuse; the file itself is safe by then.
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
