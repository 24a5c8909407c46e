"""/.well-known/tdmrep.json on the line: asked for once a day and politely, and never in an article's way."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import pytest

from archive import Writer, open_writer
from archive.records import Visit
from scraper.crawl import Line, Told
from scraper.demo import Answer, Press, page
from tests.scraper.lines_at_work import on_line

T = TypeVar("T")
SITE = "http://old-quay.example"
FILE, ROBOTS = f"{SITE}/.well-known/tdmrep.json", f"{SITE}/robots.txt"
BERTHS = [f"{SITE}/berths/{number}" for number in (1, 2)]
SENTENCE = "The harbour office says that the quay will stay closed until the crane has been inspected. "


def declaring(*said: str, status: int = 200, etag: str = '"1"') -> Answer:
    """tdmrep.json with these objects."""
    headers = (("Content-Type", "application/json"), ("ETag", etag))
    return Answer(status=status, headers=headers, body=f"[{', '.join(said)}]".encode())


RESERVES = declaring('{"location": "/berths/", "tdm-reservation": 1, "tdm-policy": "/tdm"}')
CUT = replace(RESERVES, body=RESERVES.body + b" " * 99, cut=len(RESERVES.body))
RESERVED = (f"tdm-policy={SITE}/tdm", "tdm-reservation=1")


def berth(url: str, head: str = "") -> Answer:
    body = f"<article><h1>Berth {url[-1]} stays closed</h1><p>{SENTENCE * 4}</p><p>{SENTENCE * 3}</p></article>"
    return page(f"<html><head><title>Berth {url[-1]}</title>{head}</head><body>{body}</body></html>")


@pytest.fixture
def archive(tmp_path) -> Iterator[Writer]:
    with open_writer(tmp_path / "a") as writer:
        yield writer


@pytest.fixture
def quay(press: Press) -> Press:
    press.add(ROBOTS, Answer(status=404))
    press.add(FILE, RESERVES)
    for url in BERTHS:
        press.add(url, berth(url))
    return press


def fetched(press: Press, archive: Writer, urls: Sequence[str] = BERTHS, *, tdmrep: bool = True) -> list[Told]:
    """What becomes of these links, fetched by a process that has just begun."""

    async def work(line: Line) -> list[Told]:
        return await asyncio.gather(*(line.article(url) for url in urls))

    return on_line(press, archive, work, tdmrep=tdmrep)


def asked(press: Press, url: str = FILE) -> int:
    return sum(f"http://{host}{path}" == url for host, path, _ in press.requests)


def visits(archive: Writer, url: str = FILE) -> list[Visit]:
    with archive.reading() as reading:
        return reading.last_visits(url)


def reserved(told: Told) -> tuple[str, ...]:
    assert told.revision
    return told.revision.facts.reservations


def test_what_a_site_reserves_for_a_page_is_a_fact_of_its_article(quay, archive):
    told = fetched(quay, archive)
    assert [(each.visit.outcome, reserved(each)) for each in told] == [("new", RESERVED)] * 2
    assert told[0].revision
    assert {told[0].revision.facts.origin_of(each) for each in RESERVED} == {"tdmrep.json"}
    assert (asked(quay), quay.crowds["old-quay.example"]) == (1, 1)
    assert [(each.role, each.outcome) for each in visits(archive)] == [("robots", "new")]


def test_of_two_that_want_to_know_one_asks(quay, archive):
    async def work(line: Line) -> None:
        await asyncio.gather(*(line._declarations.look(url) for url in BERTHS))

    on_line(quay, archive, work, tdmrep=True)
    assert asked(quay) == 1


def test_a_head_that_begins_to_reserve_over_the_same_bytes_is_a_revision_of_facts(quay, archive):
    answer = berth(BERTHS[0])
    fetched(quay, archive, BERTHS[:1], tdmrep=False)
    quay.add(BERTHS[0], replace(answer, headers=(*answer.headers, ("X-Robots-Tag", "noai"))))
    [told] = fetched(quay, archive, BERTHS[:1], tdmrep=False)
    assert told.revision
    assert (told.visit.outcome, told.revision.verdict, told.facts_changed) == ("unchanged", "facts", ("reservations",))


def test_nobody_is_asked_unless_it_was_set(quay, archive):
    told = fetched(quay, archive, tdmrep=False)
    assert [reserved(each) for each in told] == [(), ()]
    assert (asked(quay), visits(archive)) == (0, [])


def test_a_site_that_asks_to_be_left_alone_is_not_asked_for_more(quay, archive):
    quay.add(BERTHS[0], Answer(status=429))
    [told] = fetched(quay, archive, BERTHS[:1])
    assert (told.visit.outcome, asked(quay)) == ("blocked", 0)


def test_a_page_that_says_otherwise_outranks_the_file(quay, archive):
    quay.add(BERTHS[0], berth(BERTHS[0], '<meta name="tdm-reservation" content="0">'))
    [told] = fetched(quay, archive, BERTHS[:1])
    assert reserved(told) == (RESERVED[0], "tdm-reservation=0")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=404), Answer(status=500), Answer(status=304), Answer(body=b"<html>"), CUT,
        Answer(status=200, headers=(("Content-Encoding", "gzip"),), body=b"x"),
        Answer(status=301, headers=(("Location", FILE),)),
        Answer(status=301, headers=(("Location", "http://127.0.0.1/"),)),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_had_is_in_no_article_s_way_and_not_asked_for_again(quay, archive, answer):
    quay.add(FILE, answer)
    told = fetched(quay, archive)
    assert [(each.visit.outcome, reserved(each)) for each in told] == [("new", ())] * 2
    assert asked(quay) == 1
    assert len(visits(archive)) == 1


def test_a_file_that_robots_txt_forbids_is_not_asked_for(quay, archive):
    quay.add(ROBOTS, Answer(headers=(("Content-Type", "text/plain"),), body=b"User-agent: *\nDisallow: /.well-known/"))
    told = fetched(quay, archive)
    assert [(each.visit.outcome, reserved(each)) for each in told] == [("new", ())] * 2
    assert asked(quay) == 0
    assert [(each.outcome, each.reason) for each in visits(archive)] == [("refused", "robots")]


def test_the_file_is_kept_when_its_bytes_changed_and_an_unchanged_one_is_read_from_the_archive(quay, archive):
    fetched(quay, archive, BERTHS[:1])
    quay.add(FILE, Answer(status=304, headers=(("ETag", '"1"'),)))
    [told] = fetched(quay, archive, BERTHS[1:])
    assert reserved(told) == RESERVED
    quay.add(FILE, declaring(etag='"2"'))
    fetched(quay, archive, BERTHS[1:])
    assert [each.outcome for each in reversed(visits(archive))] == ["new", "unchanged", "revised"]
    with archive.reading() as reading:
        assert len(reading.captures_of(FILE)) == 2


def test_a_site_that_begins_to_reserve_by_a_file_makes_no_revision_of_each_of_its_articles(quay, archive):
    quay.add(FILE, Answer(status=404))
    [before] = fetched(quay, archive, BERTHS[:1])
    quay.add(FILE, RESERVES)
    quay.add(BERTHS[0], berth(BERTHS[0], "<!-- 4711 visitors -->"))
    [after] = fetched(quay, archive, BERTHS[:1])
    assert (after.visit.outcome, after.facts_changed, after.revision) == ("unchanged", (), before.revision)
    assert after.article
    assert after.article.reservations == RESERVED
