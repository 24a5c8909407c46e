"""WARC files: when one is closed, and what a disk that refuses leaves of it."""

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from archive import open_writer
from archive.errors import WriteFailed
from archive.members import walk
from archive.warc import WarcFile, resource, stamp
from tests.archive.pages import HARBOUR, NOON, damages, disk_full_at, kept, later, open_files, page, visit


def test_a_closed_warc_file_has_its_manifest_and_is_read_only(archive):
    [capture] = archive.append(page())
    open_name = archive.warc_path(capture.warc)
    archive.close_warc()
    path = archive.root / capture.warc
    manifest = json.loads(path.with_name(path.name + ".manifest.json").read_text())
    assert (open_name.suffix, path.stat().st_mode & 0o222) == (".open", 0)
    assert manifest["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (manifest["bytes"], manifest["records"]) == (path.stat().st_size, 4)


def test_a_warc_file_is_closed_when_it_is_large_enough(tmp_path):
    with open_writer(tmp_path / "a", warc_size=1000) as archive:
        [first] = archive.append(page(os.urandom(2000)))
        [second] = archive.append(page(os.urandom(2000)))
    assert first.warc != second.warc


def test_a_full_disk_takes_nothing_that_was_kept_and_the_next_page_can_be_kept(archive):
    revision = kept(archive)
    size = archive.warc_path(revision.warc).stat().st_size
    with disk_full_at(size + 500), pytest.raises(WriteFailed, match="too large"):
        archive.append(page(os.urandom(5000), url="https://big.example/"))
    assert archive.warc_path(revision.warc).stat().st_size == size
    archive.append(page(b"small", url="https://small.example/"))
    archive.close_warc()
    assert damages(archive.root) == []


def test_a_file_begins_with_its_warcinfo_also_when_its_first_page_did_not_fit_the_disk(archive):
    with disk_full_at(2000), pytest.raises(WriteFailed):
        archive.append(page(os.urandom(5000)))
    [capture] = archive.append(page(b"small"))
    assert [record.type for record in walk(archive.warc_path(capture.warc))][:2] == ["warcinfo", "response"]


def test_a_file_that_cannot_even_be_begun_leaves_nothing_open(archive):
    before = open_files()
    for _ in range(3):
        with disk_full_at(10), pytest.raises(WriteFailed):
            archive.append(page())
    assert (open_files(), list(archive.root.rglob("pressmark-*"))) == (before, [])


def test_what_a_disk_does_not_confirm_is_taken_back_and_the_file_never_written_again(archive, monkeypatch):
    revision = kept(archive)
    path = archive.warc_path(revision.warc)
    size = path.stat().st_size
    with monkeypatch.context() as disk:
        disk.setattr(os, "fdatasync", broken)
        disk.setattr("archive.disk._MACOS_FULL_SYNC", None)
        with pytest.raises(WriteFailed):
            archive.append(page(b"lost", url="https://lost.example/"))
    assert path.stat().st_size == size
    [capture] = archive.append(page(b"next", url="https://next.example/"))
    assert capture.warc != revision.warc
    assert damages(archive.root) == []


def broken(fd: int, block: bytes = b"") -> int:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def asked_after(monkeypatch, call: str, fails: int, of: Path) -> list[str]:
    """What is asked of a file's descriptor once the call on it has failed: the list grows as it is asked."""
    asked: list[str] = []
    failed = list[int]()

    def watched(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def do(fd: int, *arguments: Any) -> Any:
            if isinstance(fd, int) and os.path.samestat(os.fstat(fd), of.stat()):
                asked.extend([name] * bool(failed))
                if name == call and not failed:
                    failed.append(fd)
                    raise OSError(fails, os.strerror(fails))
            return real(fd, *arguments)

        return do

    for name in ("write", "fdatasync", "fsync", "ftruncate"):
        monkeypatch.setattr(os, name, watched(name, getattr(os, name)))
    monkeypatch.setattr("archive.disk._MACOS_FULL_SYNC", None)
    return asked


@pytest.mark.parametrize("call", ["write", "fdatasync"])
def test_a_file_whose_disk_failed_is_cut_and_never_written_or_synced_again(archive, monkeypatch, call):
    revision = kept(archive)
    path = archive.warc_path(revision.warc)
    size = path.stat().st_size
    with monkeypatch.context() as disk:
        asked = asked_after(disk, call, errno.EIO, path)
        with pytest.raises(WriteFailed, match="Input/output error"):
            archive.append(page(b"lost", url="https://lost.example/"))
        [capture] = archive.append(page(b"next", url="https://next.example/"))
        archive.close_warc()
    assert asked == ["ftruncate"]
    assert capture.warc != revision.warc
    kept(archive, "Recovery closes it.", url=f"{HARBOUR}/2")
    assert path.stat().st_size == size
    archive.close_warc()
    assert damages(archive.root) == []


@pytest.mark.parametrize("refuses", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_file_whose_disk_was_full_is_cut_and_goes_on(archive, monkeypatch, refuses):
    revision = kept(archive)
    path = archive.warc_path(revision.warc)
    with monkeypatch.context() as disk:
        asked = asked_after(disk, "write", refuses, path)
        with pytest.raises(WriteFailed, match="untouched"):
            archive.append(page(b"lost", url="https://lost.example/"))
        [capture] = archive.append(page(b"next", url="https://next.example/"))
    assert asked == ["ftruncate", "fdatasync", "write", "fdatasync"]
    assert capture.warc == revision.warc
    archive.close_warc()
    assert damages(archive.root) == []


def test_a_disk_that_takes_seven_bytes_at_a_time_gets_them_all(archive, monkeypatch):
    write = os.write
    with monkeypatch.context() as disk:
        disk.setattr(os, "write", lambda fd, block: write(fd, block[:7]))
        revision = kept(archive)
    archive.close_warc()
    assert (archive.root / revision.text_file).read_bytes() == archive.text(revision)
    assert damages(archive.root) == []


def test_a_disk_that_takes_nothing_and_says_nothing_is_not_asked_for_ever(archive, monkeypatch):
    kept(archive)
    with monkeypatch.context() as disk:
        disk.setattr(os, "write", lambda fd, block: 0)
        with pytest.raises(WriteFailed, match="takes no bytes"):
            archive.append(page(b"lost", url="https://lost.example/"))


def test_a_record_that_is_broken_off_leaves_no_part_of_it(archive, monkeypatch):
    revision = kept(archive)
    path, write = archive.warc_path(revision.warc), os.write
    size = path.stat().st_size

    def half(fd: int, block: bytes) -> int:
        if path.stat().st_size > size:
            raise KeyboardInterrupt
        return write(fd, block[:100])

    with monkeypatch.context() as disk:
        disk.setattr(os, "write", half)
        with pytest.raises(KeyboardInterrupt):
            archive.append(page(b"lost", url="https://lost.example/"))
    assert path.stat().st_size == size
    archive.append(page(b"next", url="https://next.example/"))
    archive.close_warc()
    assert damages(archive.root) == []


def test_closing_on_a_full_disk_names_what_failed_first_and_lets_go_of_everything(tmp_path, monkeypatch):
    before = open_files()
    archive = open_writer(tmp_path / "a")
    revision = kept(archive)
    archive.note(visit(reason="dns"))
    with monkeypatch.context() as disk:
        disk.setattr(os, "write", full)
        with pytest.raises(WriteFailed, match="the disk is full") as failed:
            archive.close()
    assert failed.value.subject.endswith(f"{revision.warc}.open")
    assert open_files() == before
    with open_writer(tmp_path / "a") as heir:
        assert [found.warc for found in heir.recovered] == [revision.warc]
    assert damages(tmp_path / "a") == []


def test_what_went_wrong_first_is_told_and_not_what_came_of_it_when_the_archive_was_closed(tmp_path, monkeypatch):
    def work() -> None:
        with open_writer(tmp_path / "a") as archive:
            kept(archive)
            monkeypatch.setattr(os, "write", full)
            archive.append(page(b"lost", url="https://lost.example/"))

    with pytest.raises(WriteFailed, match=r"warc\.gz\.open: not written") as failed:
        work()
    assert failed.value.__notes__[0].startswith("and when the archive was closed: ")


def full(fd: int, block: bytes) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_when_nobody_knows_whether_the_catalog_took_a_page_its_bytes_stay_for_recovery(archive):
    [first] = archive.append(page(b"first"))
    path, log = archive.warc_path(first.warc), archive.root / "catalog.sqlite-wal"
    with disk_full_at(log.stat().st_size), pytest.raises(WriteFailed, match="the catalog was not written"):
        archive.append(page(b"second", at=later(1)))
    told = kept(archive, "Another story.", url=f"{HARBOUR}/2")
    assert told.warc != first.warc
    with archive.reading() as reading:
        assert [capture.captured_at for capture in reading.captures_of(HARBOUR)] == [later(1), later(0)]
        assert reading.acknowledged(first.warc) == path.stat().st_size


def test_nobody_waits_for_the_file_of_a_commit_that_failed(archive):
    [first] = archive.append(page(b"first"))
    path, log = archive.warc_path(first.warc), archive.root / "catalog.sqlite-wal"
    with disk_full_at(log.stat().st_size), pytest.raises(WriteFailed):
        archive.append(page(b"second", at=later(1)))
    with path.open() as left:
        fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_files_begun_in_the_same_millisecond_have_names_of_their_own(tmp_path):
    with ThreadPoolExecutor(8) as threads:
        made = [
            each.result()
            for each in [threads.submit(WarcFile, tmp_path, now=NOON, software="pressmark") for _ in range(40)]
        ]
    assert len({each.path for each in made}) == len(list(tmp_path.rglob("*.open"))) == 40
    for each in made:
        each.write([resource("urn:pressmark:visits:1", b"{}\n", at=NOON)])
        each.close()
    assert len(list(tmp_path.rglob("*.warc.gz"))) == 40


def test_a_file_in_which_nothing_came_to_be_is_not_left(tmp_path):
    file = WarcFile(tmp_path, now=NOON, software="pressmark")
    file.write([resource("urn:pressmark:visits:1", b"{}\n", at=NOON)])
    file.take_back()
    assert file.close() is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_moment_in_another_zone_is_written_as_utc():
    assert stamp(datetime(2026, 11, 20, 16, tzinfo=timezone(timedelta(hours=4)))) == "2026-11-20T12:00:00.000000Z"
