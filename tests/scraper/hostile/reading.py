"""Hostile documents read in one worker, as the line does."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from scraper.errors import ScraperError
from scraper.workers import Workers

T = TypeVar("T")


@contextmanager
def reading(end: Callable[[Workers, T], Awaitable[str]], *, seconds: float = 20.0) -> Iterator[Callable[[T], str]]:
    """What reads a document and gives the word for its end, or the reason why there is none.

    seconds: that one document may take.
    """
    workers = Workers(1, seconds=seconds)
    with asyncio.Runner() as runner:

        async def read(document: T) -> str:
            return await end(workers, document)

        def end_of(document: T) -> str:
            try:
                return runner.run(read(document))
            except ScraperError as error:
                return str(getattr(error, "reason", type(error).__name__))

        runner.run(workers.think(abs, -1))
        yield end_of
        workers.close()
