"""The archive as the line sees it: what waits together is written together, and nothing is told before it is kept."""

import asyncio
import errno
import os
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from archive import Writer, open_writer
from archive.catalog import Catalog
from archive.disk import space
from archive.errors import ArchiveError, NotFound, Unsettled, WriteFailed
from archive.records import Capture
from scraper.compare import Change
from scraper.desk import ArchiveDesk, least_free
from tests.archive.pages import HARBOUR, article, disk_full_at, kept, later, page, visit

T = TypeVar("T")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Writer]:
    with open_writer(tmp_path / "archive") as writer:
        yield writer


def at_desk(archive: Writer, work: Callable[[ArchiveDesk], Awaitable[T]], *, min_free: int | None = 0) -> T:
    """What the work gives, done at a desk of the archive."""

    async def done() -> T:
        desk = ArchiveDesk(archive, min_free=min_free)
        try:
            return await work(desk)
        finally:
            desk.close()

    return asyncio.run(done())


async def at_once(desk: ArchiveDesk, *asked: Awaitable[Any]) -> list[Any]:
    """What each comes to, when all were asked for while the archive was busy."""
    go_on = threading.Event()
    busy = asyncio.ensure_future(desk._called(go_on.wait))
    await asyncio.sleep(0)
    tasks = [asyncio.ensure_future(each) for each in asked]
    await asyncio.sleep(0)
    go_on.set()
    await busy
    return await asyncio.gather(*tasks, return_exceptions=True)


async def appended(desk: ArchiveDesk, number: int) -> tuple[Capture, ...]:
    return await desk.append(visit(), page(os.urandom(50), url=f"{HARBOUR}/{number}", at=later(number)))


@contextmanager
def commits(archive: Writer) -> Iterator[list[object]]:
    """One for each commit of the catalog."""
    seen: list[object] = []

    def committed(connection: object) -> None:
        seen.append(connection)

    sa.event.listen(archive.catalog._engine, "commit", committed)
    yield seen
    sa.event.remove(archive.catalog._engine, "commit", committed)


def test_what_waits_at_the_same_time_is_one_group_of_at_most_32(archive):
    async def work(desk: ArchiveDesk) -> list[Any]:
        return await at_once(desk, *(appended(desk, number) for number in range(40)))

    with commits(archive) as seen:
        came = at_desk(archive, work)
    assert len(seen) == 2
    assert [capture.url for [capture] in came] == [f"{HARBOUR}/{number}" for number in range(40)]
    with archive.reading() as reading:
        assert reading.counts()["captures"] == 40


def test_two_captures_of_a_url_that_wait_together_are_a_response_and_its_revisit(archive):
    async def work(desk: ArchiveDesk) -> list[Any]:
        return await at_once(desk, *(desk.append(visit(), page(b"same", at=later(hours))) for hours in (0, 1)))

    [first], [second] = at_desk(archive, work)
    assert second.revisit_of == first.record_id


def test_only_the_one_at_fault_in_a_group_is_refused(archive):
    async def work(desk: ArchiveDesk) -> list[Any]:
        unknown = visit("urn:uuid:none", article=HARBOUR)
        change = Change(verdict="new", facts_changed=())
        return await at_once(
            desk, appended(desk, 1), desk.keep(article(), unknown, change, None), appended(desk, 2), desk.note(visit())
        )

    first, refused, second, noted = at_desk(archive, work)
    assert isinstance(refused, NotFound)
    assert noted is None
    with archive.reading() as reading:
        assert [reading.capture(each.record_id) for [each] in (first, second)] == [first[0], second[0]]
        assert reading.counts()["captures"] == 2


def test_nobody_is_told_before_the_group_is_committed_and_none_of_it_is_written_twice(archive):
    kept(archive)
    log = archive.root / "catalog.sqlite-wal"

    async def work(desk: ArchiveDesk) -> list[Any]:
        with disk_full_at(log.stat().st_size):
            return await at_once(desk, *(appended(desk, number) for number in range(1, 4)))

    assert [type(each) for each in at_desk(archive, work)] == [Unsettled] * 3
    kept(archive, "Recovery looks.", url=f"{HARBOUR}/another")
    with archive.reading() as reading:
        assert [len(reading.captures_of(f"{HARBOUR}/{number}")) for number in range(1, 4)] == [1, 1, 1]


def test_what_nobody_waits_for_any_more_is_not_written(archive):
    async def work(desk: ArchiveDesk) -> None:
        go_on = threading.Event()
        busy = asyncio.ensure_future(desk._called(go_on.wait))
        given_up = asyncio.ensure_future(appended(desk, 1))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.sleep(0)
        go_on.set()
        await busy
        await appended(desk, 2)

    at_desk(archive, work)
    with archive.reading() as reading:
        assert [len(reading.captures_of(f"{HARBOUR}/{number}")) for number in (1, 2)] == [0, 1]


def broken(*_: Any) -> Any:
    raise WriteFailed("catalog", "the catalog was not written (out of reach)")


def test_a_visit_that_cannot_be_noted_is_held_and_noted_with_the_next_success(archive, monkeypatch):
    lost = visit(reason="disk")

    async def work(desk: ArchiveDesk) -> tuple[bool, bool]:
        with monkeypatch.context() as database:
            database.setattr(Catalog, "writing", broken)
            was_noted = await desk.note_unkept(lost)
        assert desk.has_failed
        await desk.note(visit(url="https://another.example/", reason="dns"))
        await desk.known([])  # asked for behind it
        return was_noted, desk.has_failed

    assert at_desk(archive, work) == (False, False)
    with archive.reading() as reading:
        assert reading.last_visits(HARBOUR) == [lost]


def test_a_visit_that_is_held_when_the_work_ends_is_noted_then(archive, monkeypatch):
    async def work(desk: ArchiveDesk) -> None:
        with monkeypatch.context() as database:
            database.setattr(Catalog, "writing", broken)
            await desk.note_unkept(visit(reason="disk"))

    at_desk(archive, work)
    with archive.reading() as reading:
        assert len(reading.last_visits(HARBOUR)) == 1


def test_nothing_is_fetched_for_a_minute_after_a_page_could_not_be_kept_unless_one_is_kept(archive, monkeypatch):
    def full(fd: int, block: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async def failed(desk: ArchiveDesk) -> None:
        with monkeypatch.context() as disk:
            disk.setattr(os, "write", full)
            with pytest.raises(WriteFailed):
                await appended(desk, 1)
        assert "the disk is full" in str(desk.closed())

    async def work(desk: ArchiveDesk) -> None:
        assert desk.closed() is None
        await failed(desk)
        await appended(desk, 2)
        assert desk.closed() is None
        await failed(desk)
        with monkeypatch.context() as clock:
            clock.setattr("scraper.desk._PAUSE", 0.0)
            assert desk.closed() is None

    at_desk(archive, work)


def test_nothing_is_fetched_under_the_floor_of_free_space(archive):
    free = space(archive.root).free

    async def closed(desk: ArchiveDesk) -> ArchiveError | None:
        return desk.closed()

    assert at_desk(archive, closed, min_free=free // 2) is None
    why = str(at_desk(archive, closed, min_free=free * 2))
    assert str(archive.root) in why
    assert f"{free * 2 / 1e6:,.1f} MB must be (archive.min_free)" in why
    assert "make room" in why


def test_the_floor_is_a_gigabyte_or_a_fiftieth_of_a_large_disk_unless_it_is_set():
    assert [least_free(None, total) for total in (10**9, 50 * 10**9, 10**12)] == [10**9, 10**9, 2 * 10**10]
    assert [least_free(setting, 10**12) for setting in (0, 5)] == [0, 5]
