"""Which robots.txt the archive answers for: the one that we fetched, whatever was imported."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archive import Writer, open_writer
from archive.records import Capture, Exchange, Page, Validators, Visit
from scraper.desk import ArchiveDesk
from tests.archive.pages import HARBOUR, NOON, exchange, visit
from tests.scraper.test_desk import at_desk

ROBOTS = f"{HARBOUR}/robots.txt"
IMPORTED = [("import-sha256", "0" * 64), ("role", "robots")]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Writer]:
    with open_writer(tmp_path / "archive") as writer:
        yield writer


def days(count: int) -> datetime:
    return NOON + timedelta(days=count)


def answered(text: bytes, day: int) -> Exchange:
    return exchange(text, url=ROBOTS, at=days(day), headers=b'ETag: "1"\r\n')


def asked(day: int) -> Visit:
    return replace(visit(url=ROBOTS, at=days(day)), role="robots", outcome="new", status=200)


def fetched(archive: Writer, text: bytes, day: int) -> tuple[Capture, ...]:
    """We ask on that day; what was captured then."""

    async def append(desk: ArchiveDesk) -> tuple[Capture, ...]:
        made, captures = await desk.append_changed(asked(day), Page(exchanges=(answered(text, day),)))
        await desk.note(made)
        return captures

    return at_desk(archive, append)


def imported(archive: Writer, text: bytes, day: int) -> None:
    """An import brings a capture of that day, and a visit of it."""
    capture = archive.append_past(answered(text, day), original=None, notes=IMPORTED)
    archive.note(replace(asked(day), capture=capture.record_id))


def held(archive: Writer) -> tuple[datetime, bytes] | None:
    last = at_desk(archive, lambda desk: desk.robots(ROBOTS, ROBOTS))
    return (last[0], last[2]) if last else None


def validators(archive: Writer) -> Validators | None:
    async def look(desk: ArchiveDesk) -> Validators | None:
        return desk.robots_validators(ROBOTS)

    return at_desk(archive, look)


def test_an_imported_robots_txt_does_not_speak_for_the_site(archive):
    imported(archive, b"User-agent: *\nAllow: /", 3)
    assert held(archive) is None


def test_a_younger_import_does_not_take_the_place_of_what_we_fetched(archive):
    fetched(archive, b"User-agent: *\nDisallow: /", 1)
    imported(archive, b"User-agent: *\nAllow: /", 3)
    assert held(archive) == (days(1), b"User-agent: *\nDisallow: /")


def test_what_we_fetch_is_captured_though_an_import_has_the_same_bytes(archive):
    fetched(archive, b"old", 1)
    imported(archive, b"new", 2)
    assert len(fetched(archive, b"new", 3)) == 1
    assert held(archive) == (days(3), b"new")


def test_what_does_not_change_is_captured_once_and_good_since_it_last_answered(archive):
    assert len(fetched(archive, b"same", 1)) == 1
    assert fetched(archive, b"same", 5) == ()
    assert held(archive) == (days(5), b"same")


def test_the_validators_of_an_import_are_not_sent(archive):
    fetched(archive, b"ours", 1)
    assert validators(archive) == Validators(etag='"1"', last_modified=None)
    imported(archive, b"theirs", 2)
    assert validators(archive) is None
