"""Bytes to disk: what is waited for, and what a disk answers."""

import errno
import fcntl
import os
from typing import Any

import pytest

from archive import disk
from archive.errors import ReadOnly, WriteFailed
from tests.archive.pages import disk_full_at, open_files


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    path, before = tmp_path / "new" / "text", open_files()
    with disk_full_at(10), pytest.raises(WriteFailed, match="text: not written: the file would be too large"):
        disk.write_whole(path, b"more than ten bytes")
    assert list(path.parent.iterdir()) == []
    disk.write_whole(path, b"more than ten bytes")
    assert (path.read_bytes(), open_files()) == (b"more than ten bytes", before)


@pytest.mark.parametrize("call", ["fdatasync", "fsync", "rename"])
def test_a_disk_that_fails_at_any_step_leaves_no_draft_and_is_asked_once(tmp_path, monkeypatch, call):
    asked = []

    def fail(*_: Any, **__: Any) -> None:
        asked.append(call)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("archive.disk._MACOS_FULL_SYNC", None)
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(WriteFailed, match="Input/output error"):
        disk.write_whole(tmp_path / "text", b"words")
    assert asked == [call]
    assert not list(tmp_path.glob(".*"))


def test_of_several_files_the_one_at_fault_is_named(tmp_path):
    (tmp_path / "blocked").write_text("a file where a folder should be")
    with pytest.raises(WriteFailed, match="blocked/second"):
        disk.write_each({tmp_path / "first": b"1", tmp_path / "blocked" / "second": b"2"})
    assert [path.name for path in tmp_path.iterdir()] == ["blocked"]


@pytest.fixture
def drive(tmp_path, monkeypatch) -> list[int]:
    """A macOS, as far as waiting goes: the descriptors whose drive was told to empty its cache."""
    told: list[int] = []
    (tmp_path / "there").touch()  # so that nobody doubts the folder's own name
    monkeypatch.setattr("archive.disk._MACOS_FULL_SYNC", 51)
    monkeypatch.setattr(fcntl, "fcntl", lambda fd, command: told.append(command))
    monkeypatch.setattr(os, "fdatasync", None)
    monkeypatch.setattr(os, "fsync", None)
    return told


def test_on_macos_the_drive_empties_its_cache_for_every_file_and_every_folder(tmp_path, drive):
    disk.write_whole(tmp_path / "year" / "text", b"words")
    assert drive == [51, 51, 51]  # the new folder's name, the file, the file's name


def test_on_macos_a_disk_that_knows_no_such_thing_is_asked_the_plain_way(tmp_path, drive, monkeypatch):
    asked: list[str] = []

    def unknown(fd: int, command: int) -> None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    monkeypatch.setattr(fcntl, "fcntl", unknown)
    monkeypatch.setattr(os, "fdatasync", lambda fd: asked.append("fdatasync"))
    monkeypatch.setattr(os, "fsync", lambda fd: asked.append("fsync"))
    disk.write_whole(tmp_path / "text", b"words")
    assert asked == ["fdatasync", "fsync"]


def test_an_empty_folder_s_own_name_is_waited_for_because_its_maker_may_have_died(tmp_path, drive):
    (tmp_path / "year").mkdir()
    disk.write_whole(tmp_path / "year" / "first", b"words")
    assert drive == [51, 51, 51]  # the folder's name, the file, the file's name
    disk.write_whole(tmp_path / "year" / "second", b"words")
    assert drive == [51, 51, 51, 51, 51]


def test_what_a_disk_has_left_is_what_is_left_for_us(tmp_path):
    said, left = os.statvfs(tmp_path), disk.space(tmp_path)
    assert left.total == said.f_blocks * said.f_frsize
    assert 0 < left.free <= left.total
    with pytest.raises((WriteFailed, ReadOnly), match="nowhere"):
        disk.space(tmp_path / "nowhere")
