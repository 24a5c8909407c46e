"""Whatever a feed, a sitemap or a front is made of, its links are read, or the reason why not is named."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scraper.errors import ScraperError
from scraper.feeds import LARGEST, read_feed
from scraper.polls import read_polled
from scraper.sitemaps import MOST_LINKS, read_sitemap
from scraper.workers import Workers
from tests.scraper.hostile.feeds import LINK, SOURCES, STORY, URL, Source, entities
from tests.scraper.hostile.reading import reading

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
SINCE = datetime(2000, 1, 1, tzinfo=UTC)
SLICE = [source for source in SOURCES if not source.slow][::2]


async def end(workers: Workers, source: Source) -> str:
    announced = await workers.think(read_polled, source.kind, SINCE, HEAD, source.make(), URL)
    return LINK if STORY in {link.url for link in announced.links} else "nothing"


@pytest.fixture(scope="module")
def read() -> Iterator[Callable[[Source], str]]:
    with reading(end) as end_of:
        yield end_of


def test_there_are_hostile_sources_of_every_kind():
    assert len({str(source) for source in SOURCES}) == len(SOURCES) > 320
    assert {source.kind for source in SOURCES} == {"feed", "sitemap", "front"}


@pytest.mark.parametrize("source", SLICE, ids=str)
def test_a_hostile_source_ends_as_it_should(read, source):
    assert read(source) in source.ends.split()


@pytest.mark.torture
@pytest.mark.parametrize("source", [source for source in SOURCES if source not in SLICE], ids=str)
def test_every_hostile_source_ends_as_it_should_and_in_time(read, source):
    began = time.monotonic()
    assert read(source) in source.ends.split()
    assert time.monotonic() - began < 21


def test_no_doctype_makes_a_parser_read_a_file_or_ask_a_server(tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text("the-canary-sings")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        place = f"http://127.0.0.1:{server.getsockname()[1]}/canary.dtd"
        told = [_told(source) for canary in (secret.as_uri(), place) for source in entities(canary)]
        with pytest.raises(BlockingIOError):
            server.accept()
    assert len(told) > 200
    assert not any("canary-sings" in said or "hahaha" in said or "hhhhh" in said for said in told)


def _told(source: Source) -> str:
    with suppress(ScraperError):
        return str(read_feed(source.make(), URL) if source.kind == "feed" else read_sitemap(source.make(), URL))
    return ""


def test_a_feed_of_a_hundred_thousand_entries_is_bounded_and_says_by_how_much():
    entry = b"<item><link>https://gazette.test/%d</link></item>"
    feed = read_feed(
        b"<rss><channel>" + b"".join(entry % number for number in range(100_000)) + b"</channel></rss>", URL
    )
    assert (len(feed.links), feed.dropped, feed.cut) == (2_000, 98_000, 0)


def test_of_a_feed_past_its_largest_size_is_said_how_much_was_not_read():
    body = b"<rss><channel><item><link>https://gazette.test/1</link></item>" + b" " * LARGEST + b"</channel></rss>"
    feed = read_feed(body, URL)
    assert (len(feed.links), feed.cut) == (1, len(body) - LARGEST)


def test_a_json_feed_of_many_entries_is_bounded_and_says_by_how_much():
    entries = b",".join(b'{"url":"https://gazette.test/%d"}' % number for number in range(30_000))
    feed = read_feed(b'{"version":"https://jsonfeed.org/version/1.1","items":[' + entries + b"]}", URL)
    assert (len(feed.links), feed.dropped) == (2_000, 28_000)


def test_an_index_of_more_sitemaps_than_are_followed_says_so():
    children = b"".join(b"<sitemap><loc>/%d.xml</loc></sitemap>" % number for number in range(500))
    announced = read_polled("sitemap", SINCE, HEAD, b"<sitemapindex>" + children + b"</sitemapindex>", URL)
    assert (len(announced.sources), announced.dropped) == (20, 480)


def test_an_endless_sitemap_is_read_no_further_than_is_taken():
    urls = b"".join(b"<url><loc>/%d</loc></url>" % number for number in range(300_000))
    began = time.process_time()
    sitemap = read_sitemap(b"<urlset>" + urls + b"</urlset>", URL)
    assert (len(sitemap.links), sitemap.dropped) == (MOST_LINKS, 250_000)
    assert time.process_time() - began < 10
