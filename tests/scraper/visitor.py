"""Run in a process of its own: visits misbehaving servers, and prints how each visit ended and what it took, as JSON.

stdin: {"settings": {…}, "pins": […], "in_flight": 8, "visits": [[name, URL, URL of one that behaves, role], …]}
Without a role (article, feed, sitemap) the door alone is asked, and a worker reads what came.
"""

import asyncio
import json
import resource
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from archive.heads import status_of
from archive.records import Page
from scraper.addresses import read_pin
from scraper.crawl import Line, Manners
from scraper.desk import NoDesk
from scraper.errors import ExtractError, FetchError, NotAnArticle
from scraper.extract import understand
from scraper.fetcher import Fetcher
from scraper.frontier import Frontier, name_of_process
from scraper.links import Kind
from scraper.network import Network
from scraper.outcomes import meaning
from scraper.tap import NetworkSettings
from scraper.workers import Workers


@asynccontextmanager
async def open_gate(_: str) -> AsyncIterator[None]:
    """Lets everything through."""
    yield


def peak() -> int:
    """The most memory this process has held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # not ru_maxrss, which begins with that of whoever started us
        return 1024 * int(status.read_text().partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


async def ends(fetcher: Fetcher, workers: Workers, url: str) -> tuple[str, float]:
    """How a visit ends, and the seconds until the door has let go of it."""
    began = time.monotonic()
    try:
        page = await fetcher.page(url, validators=lambda _: None)
    except FetchError as error:
        return error.reason, time.monotonic() - began
    took = time.monotonic() - began
    return await _read(workers, page), took


async def _read(workers: Workers, page: Page) -> str:
    answer = page.answer
    outcome, reason = meaning(status_of(answer.response_head), answer.truncated)
    if outcome != "new" or status_of(answer.response_head) == 304:
        return "cut" if reason == "truncated" else reason or "http-304"
    try:
        await workers.think(understand, answer.response_head, answer.body, answer.url)
    except NotAnArticle:
        return "whole"
    except (FetchError, ExtractError) as error:
        return error.reason
    return "whole"


async def on_the_line(line: Line, role: Kind | Literal["article"], url: str) -> tuple[str, float]:
    """How a visit by the whole line ends, robots.txt first."""
    began = time.monotonic()
    told = await (line.article(url) if role == "article" else line.poll(role, url, source=None))
    return told.visit.reason or told.visit.outcome, time.monotonic() - began


async def visit_all(order: Mapping[str, Any]) -> dict[str, Any]:
    """What came of every visit: how it ended, seconds, what one that behaves said then, bytes held at most by then."""
    pins = tuple(read_pin(pin) for pin in order["pins"])
    settings = NetworkSettings(user_agent="pressmark test", pins=pins, **order["settings"])
    room, workers = asyncio.Semaphore(order["in_flight"]), Workers(2)
    found: dict[str, list[object]] = {}
    frontier, desk = Frontier(None, owner=name_of_process()), NoDesk()
    manners = Manners(delay=timedelta(0), page_seconds=order["page_seconds"], max_redirects=10, max_age=None)
    async with Network(settings) as network:
        fetcher = Fetcher(network, gate=open_gate, page_seconds=order["page_seconds"])
        line = Line(network, frontier, workers, desk, manners)

        async def visit(name: str, url: str, fine: str, role: Kind | Literal["article", ""] = "") -> None:
            async with room:
                end, took = await (on_the_line(line, role, url) if role else ends(fetcher, workers, url))
                try:
                    next_one = (await fetcher.page(fine, validators=lambda _: None)).answer.body.decode()
                except FetchError as error:
                    next_one = str(error)
                found[name] = [end, took, next_one, peak()]

        try:
            await asyncio.gather(*(visit(*each) for each in order["visits"]))
        finally:
            workers.close()
            frontier.close()
    return {"ends": found, "peak": peak()}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(visit_all(json.load(sys.stdin)))))
