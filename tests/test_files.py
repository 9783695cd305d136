"""Files written whole or not at all."""

import os
import stat
import sys
from pathlib import Path

import pytest

from minigrad.files import atomic_write

posix = pytest.mark.skipif(os.name != "posix", reason="permissions, links and devices of POSIX systems")


def test_new_file(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "new") as file:
        file.write(b"content")
        assert not (tmp_path / "new").exists()
    assert (tmp_path / "new").read_bytes() == b"content"
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failing_write_leaves_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "state"
    path.write_bytes(b"old")
    with pytest.raises(error), atomic_write(path) as file:  # noqa: PT012
        file.write(b"new" * 100_000)
        raise error
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failing_rename_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("refused")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError, match="refused"), atomic_write(tmp_path / "new") as file:
        file.write(b"content")
    assert list(tmp_path.iterdir()) == []


@posix
def test_the_content_is_on_disk_before_the_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    fsync, replace = os.fsync, os.replace

    def watched_fsync(descriptor: int) -> None:
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        calls.append("folder" if folder else f"file of {os.fstat(descriptor).st_size} bytes")
        fsync(descriptor)

    def watched_replace(*paths: str) -> None:
        calls.append("rename")
        replace(*paths)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "replace", watched_replace)
    with atomic_write(tmp_path / "new") as file:
        file.write(b"content")
    assert calls == ["file of 7 bytes", "rename", "folder"]


@posix
def test_permissions_are_kept_and_new_files_follow_the_umask(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.touch()
    old.chmod(0o640)
    umask = os.umask(0o027)
    try:
        for path in old, tmp_path / "new":
            with atomic_write(path) as file:
                file.write(b"content")
            assert stat.S_IMODE(path.stat().st_mode) == 0o640
    finally:
        os.umask(umask)


@posix
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    with atomic_write(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_the_longest_name_there_is(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows limits the whole path instead")
    path = tmp_path / ("n" * 255)
    with atomic_write(path) as file:
        file.write(b"content")
    assert path.read_bytes() == b"content"


def test_wrong_targets_raise_at_once(tmp_path: Path) -> None:
    message = r"cannot write .*file: the folder .*absent does not exist"
    with pytest.raises(FileNotFoundError, match=message), atomic_write(tmp_path / "absent" / "file"):
        pytest.fail("the block must not run")
    with pytest.raises(OSError, match="it is a folder"), atomic_write(tmp_path):
        pytest.fail("the block must not run")


@posix
def test_a_device_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="it is not a regular file"), atomic_write(pipe):
        pytest.fail("the block must not run")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
