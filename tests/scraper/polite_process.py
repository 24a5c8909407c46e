"""A process that visits what it is told to, on a frontier that others share: python -m tests.scraper.polite_process.

Its one argument is JSON: the frontier's path, the port of loopback that every host is found at, the delay in seconds,
visits at once to an address, and the URLs. They are visited all at once, as far as politeness lets them.
"""

import asyncio
import json
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from scraper.addresses import Pin
from scraper.errors import FetchError
from scraper.fetcher import Fetcher
from scraper.frontier import Frontier, name_of_process
from scraper.gate import Gate, Memory
from scraper.network import Network
from scraper.tap import NetworkSettings


async def _nothing(*_: object) -> None:
    """Robots are not kept here."""


async def visit_all(frontier: Frontier, *, port: int, hosts: list[str], delay: timedelta, urls: list[str]) -> None:
    pins = tuple(Pin(host, 80, "127.0.0.1", port) for host in hosts)
    memory = Memory(keep=_nothing, last_good=_nothing, validators=lambda _: None)
    async with Network(NetworkSettings(user_agent="pressmark test", pins=pins)) as network:
        gate = Gate(network, frontier, product="pressmark", delay=delay, memory=memory, seconds=120)
        fetcher = Fetcher(network, gate=gate)

        async def visit(url: str) -> None:
            with suppress(FetchError):
                async with gate.visit():
                    await fetcher.page(url, validators=lambda _: None)

        await asyncio.gather(*(visit(url) for url in urls))


def main() -> None:
    said = json.loads(sys.argv[1])
    delay = timedelta(seconds=said["delay"])
    frontier = Frontier(Path(said["frontier"]), owner=name_of_process(), delay=delay, per_address=said["per_address"])
    hosts = said["hosts"] or [urlsplit(url).hostname for url in said["urls"]]
    asyncio.run(visit_all(frontier, port=said["port"], hosts=hosts, delay=delay, urls=said["urls"]))
    frontier.let_go()
    frontier.close()


if __name__ == "__main__":
    main()
