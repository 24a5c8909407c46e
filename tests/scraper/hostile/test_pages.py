"""Whatever a page is made of, its article is read, or the reason why not is named; and nobody waits for long."""

import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from scraper.ladder import article_of
from scraper.workers import Workers
from tests.scraper.extract.pages import PARAGRAPHS, URL
from tests.scraper.hostile.pages import MOST, OTHER, PAGES, TEXT, Hostile
from tests.scraper.hostile.reading import reading

QUICK = [hostile for hostile in PAGES if not hostile.slow]
SLICE = QUICK[::3]


async def end(workers: Workers, hostile: Hostile) -> str:
    article = await article_of(workers, hostile.head, hostile.make(), URL)
    missing = sum(paragraph not in article.text for paragraph in PARAGRAPHS)
    return TEXT if not missing else MOST if missing == 1 else OTHER


@pytest.fixture(scope="module")
def read() -> Iterator[Callable[[Hostile], str]]:
    with reading(end) as end_of:
        yield end_of


def test_there_are_hostile_pages_of_many_classes():
    assert len({str(hostile) for hostile in PAGES}) == len(PAGES) > 320
    assert len(Counter(hostile.kind for hostile in PAGES)) > 25


@pytest.mark.parametrize("hostile", SLICE, ids=str)
def test_a_hostile_page_ends_as_it_should(read, hostile):
    assert read(hostile) in hostile.ends.split()


@pytest.mark.torture
@pytest.mark.parametrize("hostile", [hostile for hostile in PAGES if hostile not in SLICE], ids=str)
def test_every_hostile_page_ends_as_it_should_and_in_time(read, hostile):
    began = time.monotonic()
    assert read(hostile) in hostile.ends.split()
    assert time.monotonic() - began < 21
