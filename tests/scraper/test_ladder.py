"""A page that is the end of its worker is read by simpler means, and says so."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from archive.records import Article
from scraper import ladder
from scraper.compare import between
from scraper.errors import ExtractError, NotAnArticle
from scraper.extract import understand
from scraper.extract.boilerplate import RUNGS
from scraper.ladder import MOST_DEATHS, STEPS, Deaths, article_of
from scraper.workers import Workers
from tests.scraper.extract.pages import HEADLINE, PARAGRAPHS, URL, page, paragraphs

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
# trafilatura needs minutes for it, Lexbor half a second.
STALLS = page("<p>" + "a <input>" * 100_000 + "</p>" + paragraphs())


@pytest.fixture
def hasty() -> Iterator[Workers]:
    """One worker with six seconds a page."""
    workers = Workers(1, seconds=6)
    yield workers
    workers.close()


def test_the_rungs_are_the_extractor_s_and_their_shares_leave_time_to_start_workers():
    assert [rung for rung, _ in STEPS] == [rung for rung in RUNGS if rung in dict(STEPS)]
    assert sum(share for _, share in STEPS) < 0.8


def test_a_page_that_ends_no_worker_never_leaves_the_first_rung(hasty):
    article = asyncio.run(article_of(hasty, HEAD, page(), URL))
    assert article == understand(HEAD, page(), URL)
    assert "after" not in article.extractor


def test_a_page_that_stalls_its_worker_keeps_its_text_and_says_after_what(hasty):
    article = asyncio.run(article_of(hasty, HEAD, STALLS, URL))
    assert article.paragraphs[-len(PARAGRAPHS) :] == PARAGRAPHS
    assert article.headline == HEADLINE
    assert article.extractor["after"] == "parser-timeout"
    assert article.extractor["rung"] in RUNGS[1:]


def test_without_the_lower_rungs_its_text_is_lost(hasty, monkeypatch):
    monkeypatch.setattr(ladder, "STEPS", STEPS[:1])
    with pytest.raises(ExtractError, match="not understood within"):
        asyncio.run(article_of(hasty, HEAD, STALLS, URL))


def test_a_page_that_takes_too_much_memory_keeps_its_text(hasty, monkeypatch):
    monkeypatch.setattr(ladder, "understand", _greedy)
    article = asyncio.run(article_of(hasty, HEAD, page(), URL))
    assert article.paragraphs == PARAGRAPHS
    assert (article.extractor["rung"], article.extractor["after"]) == ("trafilatura-fast", "parser-memory")


def _greedy(head: bytes, body: bytes, url: str, *, start: str) -> Article:
    """Understands a page, and on the first rung wants the memory that some pages of 8 MB want."""
    bytearray(3 << 30 if start == RUNGS[0] else 1)
    return understand(head, body, url, start=start)


def test_when_no_rung_comes_back_alive_the_first_one_s_end_is_told():
    without_time = Workers(1, seconds=0.02)
    try:
        with pytest.raises(ExtractError) as caught:
            asyncio.run(article_of(without_time, HEAD, STALLS, URL))
    finally:
        without_time.close()
    assert (caught.value.reason, caught.value.subject) == ("parser-timeout", URL)


def test_a_page_that_is_no_article_is_not_tried_again(hasty):
    with pytest.raises(NotAnArticle):
        asyncio.run(article_of(hasty, HEAD, b"<html><body></body></html>", URL))


def test_pages_in_hand_when_the_workers_are_ended_are_not_tried_again():
    workers = Workers(1)

    async def close_in_between() -> str:
        task = asyncio.ensure_future(article_of(workers, HEAD, STALLS, URL))
        await asyncio.sleep(0.2)
        workers.close()
        with pytest.raises(ExtractError) as caught:
            await task
        return caught.value.reason

    assert asyncio.run(close_in_between()) == "stopped"
    assert not workers.running


def test_a_text_made_after_a_death_is_compared_as_one_of_another_extractor(hasty):
    alive = asyncio.run(article_of(hasty, HEAD, page(), URL))
    fallen = asyncio.run(article_of(hasty, HEAD, STALLS, URL))
    assert between(alive, alive) == ()
    assert between(alive, fallen) is None


def rungs_of(hasty: Workers, pages: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where pages of one site begin whose first rung ends their worker, all else being well."""
    monkeypatch.setattr(ladder, "understand", _greedy)
    deaths = Deaths()

    async def read() -> list[str]:
        read = [await article_of(hasty, HEAD, page(), URL, deaths=deaths) for _ in range(pages)]
        return [article.extractor["rung"] + " " + article.extractor["after"] for article in read]

    return asyncio.run(read())


def test_a_site_whose_pages_end_workers_begins_at_the_last_rung_and_every_other_page_at_the_top(hasty, monkeypatch):
    top, last = "trafilatura-fast parser-memory", "plain site-deaths"
    assert rungs_of(hasty, 6, monkeypatch) == [top, top, top, last, top, last]


def test_without_that_memory_all_its_pages_begin_at_the_top(hasty, monkeypatch):
    monkeypatch.setattr(ladder, "MOST_DEATHS", 1_000)
    assert set(rungs_of(hasty, 5, monkeypatch)) == {"trafilatura-fast parser-memory"}


def test_of_a_site_that_is_well_again_and_of_other_sites_pages_begin_at_the_top():
    deaths = Deaths()
    for _ in range(MOST_DEATHS):
        deaths.add(URL, killed=True)
    assert deaths.are_many(URL)
    assert not deaths.are_many("https://herald.example/")
    deaths.add(URL, killed=False)
    deaths.add(URL, killed=False)
    for _ in range(MOST_DEATHS - 1):
        deaths.add(URL, killed=True)
        assert not deaths.are_many(URL)


@pytest.mark.parametrize("rung", ["trafilatura-fast", "lexbor", "plain"])
def test_from_any_rung_the_article_is_read_with_what_its_head_declares(rung):
    head = '<meta name="author" content="Ann Lee"><meta property="og:title" content="' + HEADLINE + '">'
    article = understand(HEAD, page(head=head), URL, start=rung)
    assert article.paragraphs == PARAGRAPHS
    assert (article.headline, article.authors) == (HEADLINE, ("Ann Lee",))
    assert article.extractor["rung"] == rung


@pytest.mark.torture
def test_a_page_that_no_rung_can_read_is_given_up_within_21_seconds(monkeypatch):
    # Each of these takes a C parser, which no signal handler interrupts, past its share.
    workers = Workers(1)
    monkeypatch.setattr(ladder, "understand", _never)
    began = time.monotonic()
    try:
        with pytest.raises(ExtractError):
            asyncio.run(article_of(workers, HEAD, b"", URL))
    finally:
        workers.close()
    assert time.monotonic() - began < 21


def _never(head: bytes, body: bytes, url: str, *, start: str) -> int:
    return sum(range(10**13))
