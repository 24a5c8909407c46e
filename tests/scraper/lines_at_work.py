"""The line between a newspaper and an archive, for tests of what only shows when all of it works together."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from archive import Writer
from scraper.addresses import read_pin
from scraper.crawl import Line, Manners
from scraper.demo import Press
from scraper.desk import ArchiveDesk
from scraper.frontier import Frontier, name_of_process
from scraper.network import Network
from scraper.tap import NetworkSettings
from scraper.workers import Workers

T = TypeVar("T")


def on_line(
    press: Press, archive: Writer, work: Callable[[Line], Awaitable[T]], *, min_free: int = 0, tdmrep: bool = False
) -> T:
    """What the work gives, done on a line by a process that has just begun."""

    async def done() -> T:
        settings = NetworkSettings(user_agent="pressmark/test", pins=tuple(read_pin(pin) for pin in press.pins))
        manners = Manners(delay=timedelta(0), page_seconds=20, max_redirects=10, max_age=None, tdmrep=tdmrep)
        workers, desk = Workers(1), ArchiveDesk(archive, min_free=min_free)
        frontier = Frontier(None, owner=name_of_process())
        try:
            async with Network(settings) as network:
                return await work(Line(network, frontier, workers, desk, manners))
        finally:
            workers.close()
            desk.close()
            frontier.close()

    return asyncio.run(done())
