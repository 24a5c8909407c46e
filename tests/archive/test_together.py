"""Several operations in one group: one wait for the medium, one transaction; all of them, or nothing."""

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from archive import Writer, open_archive, open_writer
from archive.errors import NotFound, Unsettled, WriteFailed
from tests.archive.pages import HARBOUR, article, damages, disk_full_at, kept, later, page, visit

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="needs /proc to know the file behind a descriptor"
)


@contextmanager
def watched(archive: Writer, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is waited for, in order: the names of files and folders that are synced, and "commit"."""
    seen: list[str] = []
    fdatasync, fsync = os.fdatasync, os.fsync

    def name(fd: int) -> str:
        return Path(f"/proc/self/fd/{fd}").readlink().name.lstrip(".").partition(".txt")[0]

    def said(real: Callable[[int], None]) -> Callable[[int], None]:
        def wait(fd: int) -> None:
            seen.append(name(fd))
            real(fd)

        return wait

    with monkeypatch.context() as disk:
        disk.setattr("archive.disk._MACOS_FULL_SYNC", None)
        disk.setattr(os, "fdatasync", said(fdatasync))
        disk.setattr(os, "fsync", said(fsync))
        sa.event.listen(archive.catalog._engine, "commit", commit := lambda _: seen.append("commit"))
        yield seen
        sa.event.remove(archive.catalog._engine, "commit", commit)


def keep(archive: Writer, number: int) -> None:
    """A page of its own and its article, in the group that is going on."""
    url = f"{HARBOUR}/{number}"
    [capture] = archive.append(page(url.encode(), url=url))
    told = visit(capture.record_id, url=url, article=url)
    assert archive.keep(article(f"Story {number}.", url=url), told, verdict="new", after=None)


def test_what_is_asked_in_a_group_sees_what_the_group_has_written(archive):
    with archive.together():
        [first] = archive.append(page(b"same"))
        [second] = archive.append(page(b"same", at=later(1)))
        keep(archive, 1)
    assert second.revisit_of == first.record_id
    assert archive.payload(second)[1] == b"same"


@needs_proc
def test_twenty_pages_in_a_group_are_waited_for_once_and_committed_once(archive, monkeypatch):
    [first] = archive.append(page())
    with watched(archive, monkeypatch) as seen, archive.together():
        for number in range(20):
            archive.append(page(os.urandom(50), url=f"{HARBOUR}/{number}"))
            archive.note(visit(url=f"{HARBOUR}/{number}", reason="dns"))
    assert seen == [Path(first.warc).name + ".open", "commit"]


@needs_proc
def test_records_are_on_the_medium_before_the_text_files_and_those_before_the_commit(archive, monkeypatch):
    warc = kept(archive).warc
    with watched(archive, monkeypatch) as seen, archive.together():
        for number in (1, 2):
            keep(archive, number)
    texts = sorted(Path(path).stem for path in archive.root.rglob("*.txt"))[1:]
    sidecars = [f"{text}.json" for text in texts]
    assert seen[0] == Path(warc).name + ".open"
    assert [each.rsplit(".json")[0] for each in seen[1:5]] == [texts[0], texts[0], texts[1], texts[1]], sidecars
    assert seen[5:] == ["20", "commit"]  # the day's folder, once


def test_a_group_in_which_one_fails_leaves_nothing_of_the_others(archive):
    first = kept(archive)
    path, size = archive.warc_path(first.warc), archive.warc_path(first.warc).stat().st_size

    def group() -> None:
        with archive.together():
            keep(archive, 1)
            archive.note(visit(url=f"{HARBOUR}/2", reason="dns"))
            archive.keep(article(), visit("urn:uuid:none", article=HARBOUR), verdict="new", after=None)

    with pytest.raises(NotFound):
        group()
    assert path.stat().st_size == size
    assert len(list(archive.root.rglob("*.txt"))) == 1
    with archive.reading() as reading:
        assert (reading.counts()["captures"], reading.counts()["visits"]) == (1, 1)
    keep(archive, 1)
    archive.close_warc()
    assert damages(archive.root) == []


def test_an_error_that_the_caller_passes_over_in_a_group_undoes_it_all_the_same(archive):
    def group() -> None:
        with archive.together():
            keep(archive, 1)
            with pytest.raises(NotFound):
                archive.keep(article(), visit("urn:uuid:none", article=HARBOUR), verdict="new", after=None)

    with pytest.raises(NotFound):
        group()
    with archive.reading() as reading:
        assert reading.counts()["captures"] == 0


def test_a_text_that_cannot_be_written_takes_the_group_s_other_texts_with_it(archive):
    folder = (archive.root / kept(archive).text_file).parent
    digits = hashlib.sha256(article("Story 2.").text.encode()).hexdigest()[:16]
    blocked = folder / f"002_{digits}.json"
    blocked.mkdir()
    before = sorted(folder.iterdir())

    def group() -> None:
        with archive.together():
            keep(archive, 1)
            keep(archive, 2)

    with pytest.raises(WriteFailed):
        group()
    assert sorted(folder.iterdir()) == before
    blocked.rmdir()
    group()
    archive.close_warc()
    assert damages(archive.root) == []


def test_a_group_whose_commit_fails_is_left_for_recovery_to_find(archive):
    [first] = archive.append(page(b"first"))
    log = archive.root / "catalog.sqlite-wal"

    def group() -> None:
        with disk_full_at(log.stat().st_size), archive.together():
            archive.append(page(b"second", at=later(1)))
            archive.append(page(b"third", at=later(2)))

    with pytest.raises(Unsettled, match="the catalog was not written"):
        group()
    assert kept(archive, "Another story.", url=f"{HARBOUR}/2").warc != first.warc
    with archive.reading() as reading:
        assert [capture.captured_at for capture in reading.captures_of(HARBOUR)] == [later(2), later(1), later(0)]


def test_nobody_else_sees_a_group_before_it_is_whole(tmp_path):
    with open_writer(tmp_path / "a") as archive:
        with archive.together():
            archive.append(page())
            with open_archive(tmp_path / "a") as reader, reader.reading() as reading:
                assert reading.captures_of(HARBOUR) == []
        with open_archive(tmp_path / "a") as reader, reader.reading() as reading:
            assert len(reading.captures_of(HARBOUR)) == 1


def test_a_journal_that_cannot_be_written_does_not_fail_the_visit_that_was_due_before_it(archive, monkeypatch):
    archive.note(visit(reason="dns"))
    [capture] = archive.append(page())
    size = archive.warc_path(capture.warc).stat().st_size
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    with monkeypatch.context() as disk:
        disk.setattr(archive, "_journalled_at", an_hour_ago)
        disk.setattr(os, "write", full)
        archive.note(visit(reason="timeout"))
    assert archive.warc_path(capture.warc).stat().st_size == size
    with archive.reading() as reading:
        assert len(reading.unwritten_visits()) == 2
    monkeypatch.setattr(archive, "_journalled_at", an_hour_ago)
    archive.note(visit(reason="http-503"))
    with archive.reading() as reading:
        assert reading.unwritten_visits() == []


def full(fd: int, block: bytes) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
