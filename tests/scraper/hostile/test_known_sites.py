"""A known site costs no hostile page more than an unknown one: its template is applied in time, or passes it on."""

import functools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from archive.records import Site
from scraper.extract import understand
from scraper.workers import Workers
from tests.scraper.extract.pages import URL
from tests.scraper.hostile.pages import PAGES, Hostile
from tests.scraper.hostile.reading import reading

# The widest template that a site may come to: nested elements of every sort are places of its articles.
SELECTOR = "article p, main p, article li, h2, blockquote, tr, article > div, div > div, li, dd"
SITE = Site(
    site="harbour-herald.example",
    number=1,
    learned_at=datetime(2026, 11, 20, tzinfo=UTC),
    memory={"version": 1, "templates": {"*": {"selector": SELECTOR, "pages": 5}}, "cruft": ["menu"], "sample": 10**9},
)
ENDS = ("parser-timeout", "parser-memory", "parser-crash", "parser-error")
QUICK = [hostile for hostile in PAGES if not hostile.slow]
SLICE = [hostile for hostile in QUICK if str(hostile).startswith("nested")] + QUICK[1::9]


async def end(workers: Workers, hostile: Hostile) -> str:
    article = await workers.think(functools.partial(understand, site=SITE), hostile.head, hostile.make(), URL)
    return article.extractor["rung"]


@pytest.fixture(scope="module")
def read() -> Iterator[Callable[[Hostile], str]]:
    with reading(end, seconds=10) as end_of:
        yield end_of


@pytest.mark.parametrize("hostile", SLICE, ids=str)
def test_a_hostile_page_of_a_known_site_ends_in_time(read, hostile):
    assert read(hostile) not in ENDS


@pytest.mark.torture
@pytest.mark.parametrize("hostile", [hostile for hostile in QUICK if hostile not in SLICE], ids=str)
def test_every_hostile_page_of_a_known_site_ends_in_time(read, hostile):
    assert read(hostile) not in ENDS
