"""From settings and flags to the things at work: one place where a line is put together and taken apart."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from ipaddress import ip_network
from typing import Any, TypeVar

from archive import Archive, Writer, open_archive, open_writer
from archive.errors import Locked, ReadOnly, WriteFailed
from archive.importing import Answer, Understand, Understood
from archive.stamps import Authority, Kind
from archive.store import open_alone
from scraper.addresses import read_pin, read_proxy
from scraper.config import Config, proxy_login, secrets_of
from scraper.crawl import PRODUCT, Line, Manners
from scraper.desk import ArchiveDesk, Desk, NoDesk
from scraper.errors import ConfigError
from scraper.frontier import Frontier, name_of_process
from scraper.health import Bounds
from scraper.imports import understood
from scraper.network import Network
from scraper.rounds import Pace
from scraper.school import School
from scraper.tap import NetworkSettings
from scraper.workers import Workers

T = TypeVar("T")
_KINDS: dict[str, Kind] = {"rfc3161": "rfc3161", "opentimestamps": "opentimestamps"}


@dataclass(frozen=True, slots=True)
class Works:
    """A line with what it works on."""

    line: Line
    frontier: Frontier
    archive: Writer | None
    workers: Workers
    network: Network
    school: School | None  # None: nothing is kept, or nothing is to be learned


@asynccontextmanager
async def works(config: Config, *, keep: bool, wait: float = 10.0) -> AsyncIterator[Works]:
    """A line on the config's archive, or, with keep=False, on none; everything is closed and written at the end.

    wait: seconds to wait for an archive that another process holds exclusively. Raises ConfigError or ArchiveError.
    """
    archive = writer(config, wait=wait) if keep else None
    desk = ArchiveDesk(archive, min_free=config.archive.min_free) if archive else NoDesk()
    with _closing(archive, desk):
        frontier = _frontier(config, archive)
        workers = new_workers(config)
        school = _school(config, archive, desk)
        async with Network(network_settings(config)) as network:
            line = Line(network, frontier, workers, desk, _manners(config))
            try:
                yield Works(line, frontier, archive, workers, network, school)
            finally:
                if school:
                    school.close()
                workers.close()
                desk.close()
                frontier.let_go()
                frontier.close()


def _school(config: Config, archive: Writer | None, desk: Desk) -> School | None:
    if archive is None or not config.extract.learn:
        return None
    megabytes = config.extract.memory // 10**6
    return School(desk, root=archive.root, catalog=config.archive.catalog, megabytes=megabytes)


def _frontier(config: Config, archive: Writer | None) -> Frontier:
    polite = config.politeness
    return Frontier(
        archive.root / "frontier.sqlite" if archive else None,
        owner=name_of_process(),
        delay=timedelta(seconds=polite.delay),
        per_address=polite.per_address,
    )


@contextmanager
def _closing(archive: Writer | None, desk: Desk) -> Iterator[None]:
    """Closes the archive at the end; raised is what went wrong first, and nothing that was told already."""
    has_ended = False
    try:
        with archive or nullcontext():
            yield
            has_ended = True
    except (WriteFailed, ReadOnly):
        # A disk that takes no page takes no manifest either, and the page's visit has said why. Recovery does the rest.
        if not (has_ended and desk.has_failed):
            raise


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


def alone(config: Config, *, wait: float = 10.0) -> Writer:
    """As `writer`, of an archive that is there, while nobody else writes to it."""
    where = config.archive
    return waiting(lambda: open_alone(where.dir, catalog=where.catalog), seconds=wait)


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


@contextmanager
def understanding(config: Config) -> Iterator[Understand]:
    """What an import asks what its answers come to: they are read in worker processes, many at a time."""
    workers = new_workers(config)

    async def all_of(answers: Sequence[Answer]) -> list[Understood]:
        return list(await asyncio.gather(*(understood(workers, answer) for answer in answers)))

    with asyncio.Runner() as runner:
        try:
            yield lambda answers: runner.run(all_of(answers))
        finally:
            workers.close()


@contextmanager
def thinking(config: Config) -> Iterator[Callable[..., Any]]:
    """A function that gives what `Workers.think` gives, for who has a page or two and no event loop."""
    workers = new_workers(config)
    with asyncio.Runner() as runner:
        try:
            yield lambda function, *arguments: runner.run(workers.think(function, *arguments))
        finally:
            workers.close()


def network_settings(config: Config) -> NetworkSettings:
    """The door as the config sets it, with a User-Agent that says who asks."""
    net = config.network
    contact = f" (+{config.contact})" if config.contact else ""
    user, password = proxy_login()
    return NetworkSettings(
        user_agent=f"{PRODUCT}/{version('pressmark')}{contact}",
        connect_seconds=net.connect,
        exchange_seconds=net.exchange,
        max_body=net.max_body,
        max_head=net.max_head,
        max_fields=net.max_fields,
        min_rate=net.min_rate,
        ports=net.ports,
        allow_private=tuple(ip_network(str(each)) for each in net.allow_private),
        pins=tuple(read_pin(pin) for pin in net.connect_to),
        ca_file=net.ca_file,
        proxy=read_proxy(net.proxy, user=user, password=password) if net.proxy else None,
        secrets=secrets_of(config),
    )


def authorities(config: Config) -> tuple[Authority, ...]:
    """Who stamps the ledger's roots. Raises ConfigError when the roots of their certificates cannot be read."""
    where = config.archive
    try:
        roots = where.stamps_ca.read_bytes() if where.stamps_ca else None
    except OSError as error:
        raise ConfigError(config.where("archive", "stamps_ca"), f"cannot be read ({error.strerror})") from error
    parted = (text.split() for text in where.stamps)
    return tuple(Authority(name=name, kind=_KINDS[kind], url=url, roots=roots) for name, kind, url in parted)


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
        bounds=Bounds(max_depth=config.sources.max_depth, daily_links=config.sources.daily_links),
    )


def new_workers(config: Config) -> Workers:
    """Processes that read pages, as the config says."""
    extract = config.extract
    return Workers(extract.workers, seconds=extract.time, megabytes=extract.memory // 10**6, idle_seconds=extract.idle)


def _manners(config: Config) -> Manners:
    return Manners(
        delay=timedelta(seconds=config.politeness.delay),
        page_seconds=config.network.page,
        max_redirects=config.network.max_redirects,
        max_age=timedelta(seconds=config.sources.max_age) if config.sources.max_age else None,
        tdmrep=config.politeness.tdmrep,
    )
