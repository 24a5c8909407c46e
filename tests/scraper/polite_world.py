"""A made-up web with a clock of its own, and processes that visit it through the real gate and frontier.

Time passes when everybody waits, so a day takes a moment. `faults` looks at what the servers saw, by rules of its own.
"""

import asyncio
import selectors
import socket
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Literal
from unittest.mock import patch
from urllib.parse import urlsplit

from archive.records import Exchange
from scraper.errors import FetchError
from scraper.fetcher import Fetcher
from scraper.frontier import Due, Frontier, Wanted
from scraper.gate import Gate, Memory

ADDRESSES = {"a.example": "one", "b.example": "one", "c.example": "one", "d.example": "two", "e.example": "two"}
HOSTS = tuple(ADDRESSES)
DELAY = 2.0
PER_ADDRESS = 2
PAGE_SECONDS = 90.0
LEASE = PAGE_SECONDS + 30
CLAIM = 300.0
BEGAN = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
LATEST = 30 * 86_400.0  # seconds after which whoever still waits waits for ever
EPS = 1e-3

Reply = Literal["good", "unchanged", "missing", "forbidden", "broken", "busy", "nothing"]
STATUS = {"good": 200, "unchanged": 304, "missing": 404, "forbidden": 403, "broken": 500, "busy": 503, "nothing": None}


@dataclass(frozen=True)
class Hop:
    """One stop of a visit."""

    host: str
    seconds: float = 0.1
    reply: Reply = "good"  # of the last stop; every other one redirects
    retry_after: int | None = None
    private: bool = False  # robots.txt forbids it


@dataclass(frozen=True)
class Robots:
    """What a host says at /robots.txt."""

    crawl_delay: float | None = None
    seconds: float = 0.1
    status: int = 200
    leads_to: str | None = None  # the host whose robots.txt it redirects to


@dataclass(frozen=True)
class Step:
    """What happens after so many seconds."""

    after: float
    act: Literal["visit", "link", "work", "stop", "kill", "start", "put"]
    process: int = 0
    hops: tuple[Hop, ...] = ()
    by: float = 0.0  # seconds by which the wall clock is put


@dataclass
class Asked:
    """One request as a server sees it; times of the steady clock."""

    host: str
    visit: str
    is_robots: bool
    is_private: bool
    start: float
    end: float = float("inf")
    status: int | None = None
    retry_after: int | None = None
    died: bool = False  # with the process that asked


WHO: ContextVar[str] = ContextVar("visit")


@dataclass
class World:
    """The web, its clock, and what was asked of it."""

    robots: dict[str, Robots]
    steady: float = 1000.0
    ahead: float = BEGAN  # of the wall clock
    log: list[Asked] = field(default_factory=list)
    visits: dict[str, tuple[Hop, ...]] = field(default_factory=dict)
    alive: set[int] = field(default_factory=set)  # process ids

    def clocks(self) -> tuple[float, float]:
        return self.steady + self.ahead, self.steady

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.steady + self.ahead, UTC)

    def kill(self, process: int, _: int) -> None:
        """As os.kill, asked whether a process is there."""
        if process not in self.alive:
            raise ProcessLookupError

    def url(self, visit: str, number: int) -> str:
        hop = self.visits[visit][number]
        return f"http://{hop.host}/{'private' if hop.private else 'open'}/{visit}/{number}"


class Loop(asyncio.SelectorEventLoop):
    """An event loop in which waiting takes no time."""

    def __init__(self, world: World) -> None:
        self._world = world
        super().__init__(_Selector(world))

    def time(self) -> float:
        return self._world.steady


class _Selector(selectors.SelectSelector):
    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("everybody waits, and nobody for a time")
        self._world.steady += max(timeout, 0)
        return super().select(0)


class Wire:
    """The network as one process has it."""

    max_body = 10**9

    def __init__(self, world: World) -> None:
        self._world = world
        self.is_dead = False

    async def address(self, url: str) -> str:
        return ADDRESSES[urlsplit(url).hostname or ""]

    async def exchange(
        self, url: str, headers: Sequence[tuple[str, str]] = (), *, seconds: float = 0, **_: object
    ) -> Exchange:
        """What the made-up host answers, after the time that it takes."""
        parts = urlsplit(url)
        host, is_robots = parts.hostname or "", parts.path == "/robots.txt"
        asked = Asked(host, WHO.get(), is_robots, parts.path.startswith("/private"), self._world.steady)
        self._world.log.append(asked)
        status, fields, body, takes = self._answer(host, parts.path)
        try:
            await asyncio.sleep(min(takes, seconds))
        except asyncio.CancelledError:
            asked.died = self.is_dead
            raise
        finally:
            asked.end = self._world.steady
        if status is None or takes > seconds:
            raise FetchError(url, "timeout", "no answer")
        asked.status = status
        asked.retry_after = int(fields["Retry-After"]) if "Retry-After" in fields else None
        return _exchange(url, status, fields, body)

    def _answer(self, host: str, path: str) -> tuple[int | None, dict[str, str], str, float]:
        """Status, header fields, body and seconds."""
        if path == "/robots.txt":
            said = self._world.robots[host]
            if said.leads_to:
                return 302, {"Location": f"http://{said.leads_to}/robots.txt"}, "", said.seconds
            slow = f"Crawl-delay: {said.crawl_delay}\n" if said.crawl_delay else ""
            return said.status, {}, f"User-agent: *\nDisallow: /private\n{slow}", said.seconds
        _, _, visit, number = path.split("/")
        hops = self._world.visits[visit]
        hop = hops[int(number)]
        fields = {"Retry-After": str(hop.retry_after)} if hop.retry_after is not None else {}
        if int(number) + 1 < len(hops):
            fields["Location"] = self._world.url(visit, int(number) + 1)
            return 302, fields, "", hop.seconds
        return STATUS[hop.reply], fields, "news", hop.seconds


def _exchange(url: str, status: int, fields: dict[str, str], body: str) -> Exchange:
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return Exchange(
        url=url,
        started_at=datetime.fromtimestamp(0, UTC),
        seconds=0.0,
        request_head=b"",
        response_head=f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode(),
        body=body.encode(),
        ip=None,
    )


async def _nothing(*_: object) -> None:
    """Robots are not kept here."""


class Process:
    """One process at work on the frontier."""

    def __init__(self, world: World, path: Path, number: int) -> None:
        self._world = world
        self.id = 90_000_000 + number  # no system has so many
        world.alive.add(self.id)
        self.wire = Wire(world)
        name = f"{socket.gethostname()} {self.id} {number}"
        delay = timedelta(seconds=DELAY)
        self.frontier = Frontier(
            path, owner=name, delay=delay, per_address=PER_ADDRESS, clocks=world.clocks, boot="this one"
        )
        memory = Memory(keep=_nothing, last_good=_nothing, validators=lambda _: None)
        network: object = self.wire
        self.gate = Gate(
            network, self.frontier, product="pressmark", delay=delay, memory=memory, seconds=LEASE  # type: ignore[arg-type]
        )  # fmt: skip
        self.fetcher = Fetcher(network, gate=self.gate, page_seconds=PAGE_SECONDS)  # type: ignore[arg-type]
        self.tasks: set[asyncio.Task[None]] = set()

    def begin(self, visit: str, due: Due | None = None) -> None:
        task = asyncio.create_task(self._visit(visit, due))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _visit(self, visit: str, due: Due | None) -> None:
        WHO.set(visit)
        with suppress(FetchError):
            async with self.gate.visit(held=due.host if due else None):
                await self.fetcher.page(self._world.url(visit, 0), validators=lambda _: None)
        if due:
            self.frontier.done(due, again_at=None)

    def work(self, limit: int = 3) -> int:
        claimed = self.frontier.claim(now=self._world.now(), limit=limit, seconds=CLAIM)
        for due in claimed:
            self.begin(due.key, due)
        return len(claimed)

    async def stop(self) -> None:
        """In order: what is on its way is broken off, what was claimed is let go."""
        await self._break_off()
        self.frontier.let_go()
        self.frontier.close()
        self._world.alive.discard(self.id)

    async def kill(self) -> None:
        """kill -9: nothing is written any more."""
        self.wire.is_dead = True
        self.frontier.close()
        self._world.alive.discard(self.id)
        with suppress(sqlite3.ProgrammingError):
            await self._break_off()

    async def _break_off(self) -> None:
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        for each in ended:
            if isinstance(each, BaseException) and not isinstance(
                each, asyncio.CancelledError | sqlite3.ProgrammingError
            ):
                raise each


class Play:
    """Steps in a world, with two processes on one frontier."""

    def __init__(self, world: World, path: Path) -> None:
        self._world = world
        self._path = path
        self._born = 0
        self._processes: list[Process | None] = [None, None]

    async def run(self, steps: Sequence[Step]) -> None:
        for number in range(len(self._processes)):
            self._start(number)
        for number, step in enumerate(steps):
            await asyncio.sleep(step.after)
            await self._do(step, f"v{number}")
        await self._until_all_is_done()

    def _start(self, number: int) -> None:
        self._born += 1
        self._processes[number] = Process(self._world, self._path, self._born)

    async def _do(self, step: Step, name: str) -> None:
        process = self._processes[step.process]
        if step.act == "put":
            self._world.ahead += step.by
        elif step.act == "start" and process is None:
            self._start(step.process)
        elif process is None:
            return
        elif step.act in ("visit", "link"):
            self._world.visits[name] = step.hops
            if step.act == "visit":
                process.begin(name)
            else:
                process.frontier.add([_link(name, step.hops[0].host)], now=self._world.now())
        elif step.act == "work":
            process.work()
        elif step.act in ("stop", "kill"):
            await (process.stop() if step.act == "stop" else process.kill())
            self._processes[step.process] = None

    async def _until_all_is_done(self) -> None:
        began = self._world.steady
        for number, process in enumerate(self._processes):
            if process is None:
                self._start(number)
        working = [each for each in self._processes if each]
        while any(each.tasks for each in working) or working[0].frontier.next_due():
            if self._world.steady - began > LATEST:
                raise AssertionError("somebody waits for ever")
            await asyncio.sleep(0.0 if sum(each.work(limit=5) for each in working) else 1.0)
        for each in working:
            await each.stop()


def _link(name: str, host: str) -> tuple[Wanted, str, str, str, str | None]:
    return ("article", name, f"http://{host}/{name}", host, None)


@contextmanager
def _in(world: World) -> Iterator[None]:
    """The gate's clocks are the world's."""
    clock = SimpleNamespace(monotonic=lambda: world.steady)
    with ExitStack() as stack:
        for module in ("gate", "fetcher"):
            stack.enter_context(patch(f"scraper.{module}.time", clock))
        stack.enter_context(patch("scraper.gate._now", world.now))
        stack.enter_context(patch("os.kill", world.kill))
        yield


def play(robots: dict[str, Robots], steps: Sequence[Step], path: Path) -> World:
    """What a world has seen when all of it is over."""
    world = World({host: robots.get(host, Robots()) for host in HOSTS})
    with _in(world), asyncio.Runner(loop_factory=lambda: Loop(world)) as runner:
        runner.run(Play(world, path).run(steps))
    return world


# ── what the servers saw ─────────────────────────────────────────────────────────────────────────────────────────────


def faults(world: World) -> list[str]:
    """Everything that should not have been."""
    said = {host: _said(world, host) for host in HOSTS}
    forbidden = {host for host, robots in said.items() if robots and robots.status in (200, 500)}
    found = [f"{each.host} forbids that" for each in world.log if each.is_private and each.host in forbidden]
    found += [f"{each.host} says nothing" for each in world.log if not each.is_robots and _fails(said[each.host])]
    order: dict[str, list[Asked]] = defaultdict(list)
    for each in world.log:
        order[each.visit].append(each)
    for host in HOSTS:
        found += _Host(world, host).faults([each for each in world.log if each.host == host], order)
    return found + list(_crowds(world))


def _crowds(world: World) -> Iterator[str]:
    for each in world.log:
        place = ADDRESSES[each.host]
        there = [
            other
            for other in world.log
            if ADDRESSES[other.host] == place and other.start <= each.start < other.end - EPS
        ]
        if len(there) > PER_ADDRESS:
            yield f"{len(there)} requests at once to {place}"


def _goes_on(asked: Asked, before: Sequence[Asked]) -> bool:
    """Whether a visit only goes on where it is, or where it began; before: what it asked before."""
    if not before:
        return False
    pages = [each for each in before if not each.is_robots or each.host == asked.host]
    return asked.host in (before[0].host, pages[-1].host if pages else None)


class _Host:
    """How long a host must be left alone, by what the issue says."""

    def __init__(self, world: World, host: str) -> None:
        self._host = host
        said = _said(world, host)
        self._crawl_delay = said.crawl_delay or 0.0 if said and said.status == 200 else 0.0
        self._slow = 0.0
        self._refusals = 0
        self._delay = DELAY
        self._free_from = 0.0

    def faults(self, asked: Sequence[Asked], order: dict[str, list[Asked]]) -> Iterator[str]:
        last: Asked | None = None
        for each in asked:
            if last and each.start < last.end - EPS:
                yield f"two requests at once to {self._host}, at {each.start:.3f}"
            earlier = order[each.visit][: order[each.visit].index(each)]
            at_once = last is not None and last.visit == each.visit and _goes_on(each, earlier)
            if not at_once and each.start < self._free_from - EPS:
                early = self._free_from - each.start
                yield f"{self._host} was visited {early:.3f} s too early, at {each.start:.3f}"
            self._left(each)
            last = each

    def _left(self, asked: Asked) -> None:
        if asked.died:  # nobody could say how it went
            self._free_from = max(self._free_from, asked.end + self._delay)
            return
        seconds, status = asked.end - asked.start, asked.status or 0
        is_good = status in (200, 304) and not asked.is_robots
        self._slow = seconds if is_good else max(self._slow, seconds)
        if status in (403, 429, 503):
            self._refusals += 1
        elif status in (200, 304, 404):
            self._refusals = 0
        self._delay = max(DELAY, 2 * self._slow, 0 if asked.is_robots else self._crawl_delay)
        cool = 0.0
        if status in (429, 503) or (status == 403 and self._refusals >= 3):
            cool = 60.0 * 2 ** (self._refusals - 1)
        longest = max(self._delay, cool, asked.retry_after or 0)
        self._free_from = max(self._free_from, asked.end + min(longest, 86_400.0))


def _said(world: World, host: str) -> Robots | None:
    """The robots.txt that holds for a host; None where redirects lead nowhere, so that there is none."""
    seen: list[str] = []
    while leads_to := world.robots[host].leads_to:
        if host in seen:
            return None
        seen.append(host)
        host = leads_to
    return world.robots[host]


def _fails(robots: Robots | None) -> bool:
    return robots is not None and robots.status == 500
