"""Whatever a page is made of, its article is read, or the reason why not is named; and nobody waits for long."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from scraper.errors import ScraperError
from scraper.ladder import article_of
from scraper.workers import Workers
from tests.scraper.extract.pages import PARAGRAPHS, URL
from tests.scraper.hostile.pages import MOST, OTHER, PAGES, TEXT, Hostile

QUICK = [hostile for hostile in PAGES if not hostile.slow]
SLICE = QUICK[::3]
Read = Callable[[Hostile], str]


@pytest.fixture(scope="module")
def read() -> Iterator[Read]:
    """What reads a page in one worker, as the line does: the word for its end."""
    workers = Workers(1)
    with asyncio.Runner() as runner:

        def end_of(hostile: Hostile) -> str:
            try:
                article = runner.run(article_of(workers, hostile.head, hostile.make(), URL))
            except ScraperError as error:
                return str(getattr(error, "reason", type(error).__name__))
            missing = sum(paragraph not in article.text for paragraph in PARAGRAPHS)
            return TEXT if not missing else MOST if missing == 1 else OTHER

        runner.run(workers.think(abs, -1))
        yield end_of
        workers.close()


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
