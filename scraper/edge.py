"""From settings and flags to the things at work: one place where a line is put together and taken apart."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from ipaddress import ip_network
from typing import Any, TypeVar

from archive import Archive, Writer, open_archive, open_writer
from archive.errors import Locked
from scraper.addresses import read_pin
from scraper.config import Config
from scraper.crawl import PRODUCT, Line, Manners
from scraper.desk import ArchiveDesk, NoDesk
from scraper.frontier import Frontier, name_of_process
from scraper.network import Network
from scraper.rounds import Pace
from scraper.tap import NetworkSettings
from scraper.workers import Workers

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Works:
    """A line with what it works on."""

    line: Line
    frontier: Frontier
    archive: Writer | None
    workers: Workers


@asynccontextmanager
async def works(config: Config, *, keep: bool, wait: float = 10.0) -> AsyncIterator[Works]:
    """A line on the config's archive, or, with keep=False, on none; everything is closed and written at the end.

    wait: seconds to wait for an archive that another process holds exclusively. Raises ConfigError or ArchiveError.
    """
    archive = writer(config, wait=wait) if keep else None
    try:
        frontier = Frontier(archive.root / "frontier.sqlite" if archive else None, owner=name_of_process())
        workers = _workers(config)
        async with Network(network_settings(config)) as network:
            desk = ArchiveDesk(archive) if archive else NoDesk()
            line = Line(network, frontier, workers, desk, _manners(config))
            try:
                yield Works(line, frontier, archive, workers)
            finally:
                workers.close()
                desk.close()
                frontier.let_go()
                frontier.close()
    finally:
        if archive:
            archive.close()


def run(work: Coroutine[Any, Any, T]) -> T:
    """The work's result, on uvloop's event loop where it is installed (`pip install 'pressmark[fast]'`)."""
    try:
        import uvloop  # noqa: PLC0415  it may be missing
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def writer(config: Config, *, wait: float = 10.0) -> Writer:
    """A writer of the config's archive; waits so many seconds while another process holds it exclusively."""
    where = config.archive
    return waiting(lambda: open_writer(where.dir, catalog=where.catalog, warc_size=where.warc_size), seconds=wait)


def waiting(attempt: Callable[[], T], *, seconds: float) -> T:
    """What the attempt gives, tried again for so long while it raises Locked."""
    until = time.monotonic() + seconds
    while True:
        try:
            return attempt()
        except Locked:
            if time.monotonic() >= until:
                raise
            time.sleep(0.1)


@contextmanager
def reader(config: Config) -> Iterator[Archive]:
    """A reader of the config's archive."""
    with open_archive(config.archive.dir, catalog=config.archive.catalog) as archive:
        yield archive


def network_settings(config: Config) -> NetworkSettings:
    """The door as the config sets it, with a User-Agent that says who asks."""
    net = config.network
    contact = f" (+{config.contact})" if config.contact else ""
    return NetworkSettings(
        user_agent=f"{PRODUCT}/{version('pressmark')}{contact}",
        connect_seconds=net.connect,
        exchange_seconds=net.exchange,
        max_body=net.max_body,
        max_head=net.max_head,
        ports=net.ports,
        allow_private=tuple(ip_network(str(each)) for each in net.allow_private),
        pins=tuple(read_pin(pin) for pin in net.connect_to),
        ca_file=net.ca_file,
    )


def pace(config: Config, *, again: bool = False, thorough: bool = False, looks: bool = True) -> Pace:
    """How often and how many, as the config says. looks: whether kept articles are looked at again."""
    daemon = config.daemon
    return Pace(
        in_flight=daemon.in_flight,
        least=timedelta(seconds=daemon.poll_least),
        most=timedelta(seconds=daemon.poll_most),
        looks=tuple(timedelta(seconds=age) for age in daemon.look_again) if looks else (),
        again=again,
        thorough=thorough,
    )


def _workers(config: Config) -> Workers:
    extract = config.extract
    return Workers(extract.workers, seconds=extract.time, megabytes=extract.memory // 10**6, idle_seconds=extract.idle)


def _manners(config: Config) -> Manners:
    return Manners(
        delay=timedelta(seconds=config.politeness.delay),
        page_seconds=config.network.page,
        max_redirects=config.network.max_redirects,
        max_age=timedelta(seconds=config.sources.max_age) if config.sources.max_age else None,
    )
