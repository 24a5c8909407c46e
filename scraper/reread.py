"""Kept pages read again by the workers, for code that does not wait: the archive's."""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator

from archive.records import Article
from archive.reextract import SavedPage, Unread
from scraper.errors import ExtractError, FetchError, NotAnArticle
from scraper.handing import handed
from scraper.ladder import article_of
from scraper.secrets import Secrets
from scraper.workers import Workers


def read_again(
    pages: Iterable[SavedPage], *, workers: Workers, at_once: int, secrets: Secrets
) -> Iterator[Article | Unread]:
    """What today's extractor makes of each page, in order; so many pages are in hand at a time, and no more in memory.

    secrets: what a page may repeat of them stays out, as when it was fetched. The workers are ended with the last page.
    """
    with asyncio.Runner() as runner:
        in_hand: deque[asyncio.Task[Article | Unread]] = deque()
        try:
            for page in pages:
                in_hand.append(runner.run(_begin(page, workers, secrets)))
                if len(in_hand) >= at_once:
                    yield runner.run(_end(in_hand.popleft()))
            while in_hand:
                yield runner.run(_end(in_hand.popleft()))
        finally:
            workers.close()


async def _begin(page: SavedPage, workers: Workers, secrets: Secrets) -> asyncio.Task[Article | Unread]:
    """The page in the hands of the workers: they go on with it while nobody waits."""
    task = asyncio.create_task(_read(page, workers, secrets))
    await asyncio.sleep(0)  # the task's first step hands it over
    return task


async def _end(task: asyncio.Task[Article | Unread]) -> Article | Unread:
    return await task


async def _read(page: SavedPage, workers: Workers, secrets: Secrets) -> Article | Unread:
    known = handed(page.site) if page.site else None
    try:
        return secrets.told(await article_of(workers, page.head, page.body, page.url, site=known))
    except (NotAnArticle, ExtractError, FetchError) as error:
        return Unread(reason=error.reason, message=str(error))
