"""The line on a real archive: what only shows when fetching, keeping and deciding work together."""

import errno
import gzip
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest

from archive import Writer, open_writer
from archive.catalog import Catalog
from archive.errors import WriteFailed
from archive.records import Page, Site
from scraper.crawl import Line, Told
from scraper.demo import SITES, Answer, Asked, Press, respond
from scraper.extract.form import bare
from scraper.extract.site import digest
from tests.archive.pages import exchange, visit
from tests.scraper.lines_at_work import on_line

T = TypeVar("T")
UNCHANGING = "http://gulf-courier.example/business/grain-ships-get-a-quay-of-their-own"  # answers 304
STORY = "http://kosova-wire.example/2026/11/10/last-lighthouse-keeper-of-the-tarn-islands-hands-over-his-keys/"


@pytest.fixture
def archive(tmp_path) -> Iterator[Writer]:
    with open_writer(tmp_path / "a") as writer:
        yield writer


def fetch(press: Press, archive: Writer, url: str = STORY) -> Told:
    return on_line(press, archive, lambda line: line.article(url))


def test_a_robots_txt_that_has_not_changed_for_weeks_still_forbids(press, archive):
    robots, ago = "http://kosova-wire.example/robots.txt", datetime.now(UTC) - timedelta(days=20)
    rules = exchange(b"User-agent: *\nDisallow: /2026/", url=robots, headers=b'ETag: "1"\r\n', at=ago)
    archive.append(Page(exchanges=(rules,)))
    archive.note(replace(visit(url=robots, at=ago), role="robots", outcome="new"))
    press.add(robots, lambda asked: Answer(status=304 if asked.headers.get("if-none-match") == '"1"' else 500))
    told = fetch(press, archive)
    assert (told.visit.outcome, told.visit.reason) == ("refused", "robots")
    assert all(path == "/robots.txt" for _, path, _ in press.requests)


def test_bytes_are_kept_also_when_nothing_can_be_made_of_them(press, archive):
    press.add(STORY, Answer(body=b"<html><body><div id=root></div><script>1</script></body></html>",
                            headers=(("Content-Type", "text/html"),)))  # fmt: skip
    told = fetch(press, archive)
    assert (told.visit.outcome, told.visit.reason) == ("not-article", "needs-javascript")
    assert archive.payload(told.captures[-1])[1].startswith(b"<html>")


def test_a_capture_that_was_never_understood_is_understood_when_it_comes_again_unchanged(press, archive):
    first = fetch(press, archive, UNCHANGING)
    with archive.catalog.writing() as writing:  # as after a crash between append and keep
        for table in ("revisions", "texts", "aliases", "visits"):
            writing._sql.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608  names of ours
    again = fetch(press, archive, UNCHANGING)
    assert first.revision
    assert again.revision
    assert (again.visit.outcome, again.revision.sha256) == ("new", first.revision.sha256)
    assert again.captures[-1].revisit_of == first.captures[-1].record_id


def test_a_text_that_only_the_extractor_changed_is_no_revision(press, archive):
    fetched = fetch(press, archive)
    first = fetched.revision
    assert first
    older = replace(archive.article(first), paragraphs=("As an earlier extractor read it.",), extractor={"rules": "0"})
    at = first.captured_at + timedelta(milliseconds=1)
    head, body = archive.payload(fetched.captures[-1])
    came = Page(exchanges=(replace(exchange(body, url=STORY, at=at), response_head=head),))
    [capture] = archive.append(came)
    told_then = visit(capture.record_id, url=STORY, at=at, article=first.article)
    kept = archive.keep(older, told_then, verdict="revised", after=first.record_id)
    assert kept
    press.add(STORY, _with_a_counter(press))
    told = fetch(press, archive)
    assert (told.visit.outcome, told.revision) == ("unchanged", kept)


def _with_a_counter(press: Press) -> Callable[[Asked], Answer]:
    """The same story on a page whose bytes are others."""

    def answer(asked: Asked) -> Answer:
        page = respond(asked, edition=1, hits=1)
        return replace(page, body=page.body + b"<!-- 4711 visitors -->")

    return answer


# ── a site that is known ─────────────────────────────────────────────────────────────────────────────────────────────

WIRE = "kosova-wire.example"
TEXT, FOOTER = "div.entry-content > p", "footer.footer-wrap > p"


def learned(archive: Writer, number: int, selector: str, *cruft: str) -> None:
    """A state of what is known of the Kosova Wire: where its text stands, and what it repeats."""
    templates = {"*": {"selector": selector, "pages": 5}}
    memory = {
        "version": 1,
        "templates": templates,
        "cruft": [digest(line) for line in cruft],
        "sample": 1_000_003,
        "held": None,
    }
    assert archive.remember(Site(site=WIRE, number=number, learned_at=datetime.now(UTC), memory=memory))


def printed(press: Press, *edits: tuple[bytes, bytes], edition: int = 1) -> None:
    """The same story on a page whose bytes are others, with these words in the place of those."""

    def answer(asked: Asked) -> Answer:
        page = respond(asked, edition=edition, hits=1)
        body = page.body + b"<!-- 4711 visitors -->"
        for before, now in edits:
            assert before in body
            body = body.replace(before, now)
        return replace(page, body=body)

    press.add(STORY, answer)


def rung_of(told: Told) -> tuple[str | None, str | None]:
    assert told.article
    return told.article.extractor["rung"], told.article.site_memory


def test_what_is_known_of_a_site_reads_its_pages_and_the_text_says_so(press, archive):
    learned(archive, 1, TEXT)
    told = fetch(press, archive)
    assert told.revision
    assert (told.visit.outcome, rung_of(told)) == ("new", ("template", f"{WIRE}@1"))
    assert told.revision.facts.site_memory == f"{WIRE}@1"


def test_a_state_that_another_process_has_learned_since_is_the_one_that_is_used(press, archive):
    learned(archive, 1, TEXT)
    learned(archive, 2, TEXT)
    assert rung_of(fetch(press, archive)) == ("template", f"{WIRE}@2")


@pytest.mark.parametrize("before", [None, f"{TEXT}, {FOOTER}"])
def test_a_site_learned_anew_makes_no_page_look_revised_and_hides_no_revision(press, archive, before):
    if before:
        learned(archive, 1, before)
    first = fetch(press, archive)
    paragraphs = (first.article or pytest.fail("no article")).paragraphs
    learned(archive, 2, TEXT, bare(paragraphs[-1]))
    printed(press)
    told = fetch(press, archive)
    assert (told.visit.outcome, told.revision, rung_of(told)) == (
        "unchanged",
        first.revision,
        ("template", f"{WIRE}@2"),
    )
    assert told.article
    assert told.article.paragraphs != paragraphs
    printed(press, (b"wound the clock", b"stopped the clock"))
    assert fetch(press, archive).visit.outcome == "revised"


def test_a_redesign_makes_no_page_look_revised_and_hides_no_revision(press, archive):
    learned(archive, 1, f"{TEXT}, {FOOTER}")  # the teacher takes no footer
    first = fetch(press, archive)
    printed(press, edition=4)
    told = fetch(press, archive)
    assert told.article
    assert told.article.extractor["template"] == "misfit"
    assert first.article
    assert told.article.text != first.article.text
    assert (told.visit.outcome, told.revision) == ("unchanged", first.revision)
    printed(press, (b"wound the clock", b"stopped the clock"), edition=4)
    assert fetch(press, archive).visit.outcome == "revised"


def test_a_page_that_fits_the_layout_of_today_and_did_not_yesterday_is_not_revised(press, archive):
    learned(archive, 1, "div.reader__column > p")
    first = fetch(press, archive)
    assert rung_of(first) == ("trafilatura", f"{WIRE}@1")
    printed(press, edition=4)
    told = fetch(press, archive)
    assert (told.visit.outcome, told.revision, rung_of(told)) == (
        "unchanged",
        first.revision,
        ("template", f"{WIRE}@1"),
    )


def test_a_fact_that_changed_is_kept_with_the_text_as_it_was_when_the_site_was_learned_anew(press, archive):
    learned(archive, 1, f"{TEXT}, {FOOTER}")
    first = fetch(press, archive)
    learned(archive, 2, TEXT)
    said = (b'<html lang="en-US">', b'<html lang="en-GB">'), (b'"inLanguage": "en-US"', b'"inLanguage": "en-GB"')
    printed(press, *said)
    told = fetch(press, archive)
    assert told.revision
    assert first.revision
    assert (told.revision.verdict, told.facts_changed) == ("facts", ("language",))
    assert (told.revision.sha256, told.revision.facts.site_memory) == (first.revision.sha256, f"{WIRE}@1")
    printed(press, *said, (b"4711", b"4712"))
    assert fetch(press, archive).revision == told.revision


def test_a_feed_whose_links_were_never_taken_in_is_read_though_it_did_not_change(press, archive):
    feed = next(url for paper in SITES for url in paper.feeds if "gulf-courier" in url)
    before = datetime.now(UTC)

    def links(read_at: datetime | None) -> int:
        told = on_line(press, archive, lambda line: line.poll("feed", feed, source=None, read_at=read_at))
        return len(told.announced.links) if told.announced else -1

    assert links(before) > 0  # captured and, as after a kill, never reported as read
    assert links(before) > 0
    assert links(datetime.now(UTC)) == 0


def refuses(monkeypatch, kind: bytes) -> None:
    """A disk that is full for whatever holds these bytes, once it is unpacked."""
    write = os.write

    def full(fd: int, block: bytes) -> int:
        with suppress(zlib.error):
            if kind in zlib.decompress(bytes(block), 31):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(fd, block)

    monkeypatch.setattr(os, "write", full)


def test_a_page_whose_bytes_the_disk_does_not_take_leaves_a_visit_that_failed(press, archive, monkeypatch):
    with monkeypatch.context() as disk:
        refuses(disk, f"WARC-Target-URI: {STORY}".encode())
        told = fetch(press, archive)
    assert (told.visit.outcome, told.visit.reason, told.visit.status, told.captures) == ("failed", "disk", 200, ())
    assert told.message
    assert "the disk is full" in told.message
    with archive.reading() as reading:
        assert reading.last_visits(STORY) == [told.visit]
    assert fetch(press, archive).visit.outcome == "new"


def test_a_text_that_the_disk_does_not_take_leaves_its_page_and_a_visit_that_failed(press, archive, monkeypatch):
    with monkeypatch.context() as disk:
        refuses(disk, b"WARC-Type: conversion")
        told = fetch(press, archive)
    assert (told.visit.outcome, told.visit.reason) == ("failed", "disk")
    assert told.visit.capture == told.captures[-1].record_id
    assert fetch(press, archive).visit.outcome == "new"


def test_a_visit_that_cannot_even_be_noted_is_said_to_be_held_in_memory(press, archive, monkeypatch):
    def broken(_: Catalog) -> None:
        raise WriteFailed("catalog", "the catalog was not written (out of reach)")

    async def work(line: Line) -> tuple[Told, Told]:
        with monkeypatch.context() as database:
            database.setattr(Catalog, "writing", broken)
            lost = await line.article(STORY)
        return lost, await line.article(STORY)

    lost, kept = on_line(press, archive, work)
    assert (lost.visit.outcome, lost.visit.reason) == ("failed", "disk")
    assert "held in memory" in str(lost.message)
    with archive.reading() as reading:
        assert {each.visit_id for each in reading.last_visits(STORY)} == {lost.visit.visit_id, kept.visit.visit_id}


def test_robots_txt_that_the_disk_does_not_take_is_no_leave_to_go_on(press, archive, monkeypatch):
    with monkeypatch.context() as disk:
        refuses(disk, b"/robots.txt\r\n")
        told = fetch(press, archive)
    assert (told.visit.outcome, told.visit.reason) == ("failed", "disk")
    assert "not kept" in str(told.message)
    assert [path for _, path, _ in press.requests] == ["/robots.txt"]
    with archive.reading() as reading:
        assert reading.outcomes() == {("robots", "failed"): 1, ("article", "failed"): 1}


def test_nothing_is_asked_for_not_even_robots_txt_while_nothing_could_be_kept(press, archive):
    told = on_line(press, archive, lambda line: line.article(STORY), min_free=10**18)
    assert (told.visit.outcome, told.visit.reason, told.visit.status) == ("failed", "disk", None)
    assert "archive.min_free" in str(told.message)
    assert press.requests == []


@pytest.mark.parametrize("kind", ["article", "home"])
def test_a_gzip_that_came_cut_replaces_nothing_and_the_whole_one_is_asked_for_outright(press, archive, kind):
    """Its validator must not make the next request conditional, for then the answer is 304 for ever."""
    url = STORY if kind == "article" else "http://kosova-wire.example/"
    story = respond(Asked(host="kosova-wire.example", path=STORY[26:]), edition=1, hits=1).body
    first, second = gzip.compress(story), gzip.compress(story.replace(b"lighthouse ", b"light-house "))
    answers = {'"1"': first, '"2"': second[: len(second) // 2], '"3"': second}
    sent: list[str | None] = []

    def answer(asked: Asked) -> Answer:
        sent.append(asked.headers.get("if-none-match"))
        etag = list(answers)[min(len(sent), 3) - 1]
        if sent[-1] == etag:
            return Answer(status=304)
        coded = (("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("ETag", etag))
        return Answer(body=answers[etag], headers=coded)

    press.add(url, answer)
    told = [on_line(press, archive, lambda line: _visited(line, kind, url)) for _ in range(4)]
    assert [(each.visit.outcome, each.visit.reason) for each in told] == [
        ("new", None), ("failed", "truncated"), ("revised", None), ("unchanged", None),
    ]  # fmt: skip
    assert sent == [None, '"1"', '"1"', '"3"']
    with archive.reading() as reading:
        assert [capture.truncated for capture in reading.captures_of(url, limit=9)][-3:] == [None, "disconnect", None]


async def _visited(line: Line, kind: str, url: str) -> Told:
    return await (line.article(url) if kind == "article" else line.poll("home", url, source=None))
