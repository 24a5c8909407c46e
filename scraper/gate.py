"""Before every request: does robots.txt allow it, and is the host free? The Fetcher passes here at each hop.

The delay lies between visits; robots.txt before the first request and the redirect hops of one visit follow at once.
Never is there more than one request to a host, over all processes that share the frontier.
"""

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from archive.errors import ArchiveError
from archive.heads import field, status_of
from archive.records import Exchange, Page, Validators
from scraper.errors import FetchError, NoRoom, Refused
from scraper.fetcher import Fetcher
from scraper.frontier import Frontier
from scraper.network import Network
from scraper.politeness import cool_down, host_delay, retry_after
from scraper.robots import ALLOW_ALL, DISALLOW_ALL, Rules, read_rules, robots_url
from scraper.urls import host
from scraper.wire import decoded

_FRESH = timedelta(hours=24)  # RFC 9309, 2.4
_RETRY = timedelta(minutes=15)  # after a robots.txt that could not be had
_MOST_RULES = 10_000
PATIENCE = timedelta(minutes=3)  # nobody waits longer for a host; a slot is held for two minutes at most
LARGEST_ROBOTS = 40_000_000  # bytes, decoded; the reader takes the first 500 KiB


@dataclass(slots=True)
class _Visit:
    """One visit on its way: the slot that was claimed for it beforehand, and whether it has begun."""

    held: str | None
    begun: bool = False


_visit: ContextVar[_Visit] = ContextVar("visit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """How the gate remembers robots.txt files: functions of the archive, or of nothing when nothing is kept."""

    keep: Callable[[str, Page | FetchError], Awaitable[None]]  # (robots URL, what came)
    # (robots URL, URL that answered it) → the newest body, content coding undone, if it was good within a week
    last_good: Callable[[str, str], Awaitable[bytes | None]]
    validators: Callable[[str], Validators | None]


class Gate:
    """Robots rules and host slots. Call it with a URL for the context in which that URL may be asked for."""

    def __init__(
        self,
        network: Network,
        frontier: Frontier,
        *,
        product: str,
        delay: timedelta,
        memory: Memory,
        seconds: float,
        closed: Callable[[], ArchiveError | None] = lambda: None,
    ) -> None:
        """delay: between visits to a host, at least; seconds: the longest a slot is held for one exchange.

        closed: why nothing may be asked for now, because it could not be kept; None: it may.
        """
        self._frontier = frontier
        self._product = product
        self._delay = delay
        self._memory = memory
        self._seconds = seconds
        self._closed = closed
        self._fetcher = Fetcher(network, gate=self._slot, max_redirects=5)
        self._rules: OrderedDict[str, tuple[Rules, datetime]] = OrderedDict()
        self._asking: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def visit(self, *, held: str | None = None) -> AsyncIterator[None]:
        """One visit: the first request waits for the host's delay, what it leads to does not.

        held: a host whose slot was claimed for this visit; it is given back when the visit never used it.
        """
        way = _Visit(held)
        token = _visit.set(way)
        try:
            yield
        finally:
            self._give_back()
            _visit.reset(token)

    def _give_back(self) -> None:
        """Give back the slot that was claimed for this visit and not used yet."""
        way = _visit.get(None)
        if way and way.held:
            self._frontier.release(way.held, next_at=_now())
            way.held = None

    @asynccontextmanager
    async def __call__(self, url: str) -> AsyncIterator[None]:
        """The context in which `url` may be asked for.

        Raises Refused, NoRoom, or FetchError when its host does not answer.
        """
        try:
            rules = await self.rules(url)
        except FetchError as error:  # what was asked for is the page, not its robots.txt
            raise type(error)(url, error.reason, error.message, exchanges=error.exchanges) from error
        if not rules.allows(url):
            if rules is DISALLOW_ALL:
                raise Refused(url, "no-robots", "not asked for: its robots.txt could not be had; try again later")
            raise Refused(url, "robots", "not asked for: its robots.txt forbids it to us")
        async with self._slot(url, crawl_delay=rules.crawl_delay):
            yield

    @asynccontextmanager
    async def _slot(self, url: str, *, crawl_delay: float | None = None) -> AsyncIterator[None]:
        name, way = host(url), _visit.get(None) or _Visit(None)
        if way.held == name:
            way.held = None
        else:
            await self._take(url, hop=way.begun)
        way.begun = True
        began = time.monotonic()
        try:
            self._check_room(url)  # now, because the slot may have been waited for
            yield
        finally:
            pause = host_delay(setting=self._delay, crawl_delay=crawl_delay, last_seconds=time.monotonic() - began)
            # Without a delay (a demo, a test) only the order of requests is kept.
            self._frontier.release(name, next_at=_now() + (pause if self._delay else timedelta(0)))

    def _check_room(self, url: str) -> None:
        """Raises NoRoom when what would come could not be kept."""
        if why := self._closed():
            raise NoRoom(url, "disk", f"not asked for: {why}")

    async def _take(self, url: str, *, hop: bool) -> None:
        while True:
            now = _now()
            at = self._frontier.take(host(url), now=now, seconds=self._seconds, hop=hop)
            if at is None:
                return
            rests_until = self._frontier.rests_until(host(url))
            if not hop and rests_until - now > PATIENCE:
                when = f"{rests_until:%Y-%m-%d %H:%M} UTC"
                raise FetchError(url, "host-rests", f"{host(url)} is left alone until {when}; try again then")
            await asyncio.sleep(min(max((at - now).total_seconds(), 0.005), 1.0))

    async def free(self, name: str) -> None:
        """Wait until the host's delay is over, without taking its slot; not for one that rests longer than PATIENCE."""
        while (at := self._frontier.free_at(name)) and timedelta(0) < (wait := at - _now()) <= PATIENCE:  # noqa: ASYNC110
            # Another process may hold the slot, and tells no event of ours.
            await asyncio.sleep(min(wait.total_seconds(), 1.0))

    def settle(self, exchanges: Iterable[Exchange]) -> None:
        """Cool down hosts that refused (429, 503, repeated 403); forget the refusals of those that answered."""
        for exchange in exchanges:
            status, name = status_of(exchange.response_head), host(exchange.url)
            refusals = self._frontier.refused(name, again=status in (403, 429, 503))
            wait = cool_down(status, retry_after=_asked_wait(exchange), refusals=refusals, jitter=random.random())  # noqa: S311
            if wait:
                self._frontier.rest(name, until=_now() + wait)

    async def rules(self, url: str) -> Rules:
        """What robots.txt says to us about the URL's origin. Raises FetchError when its host does not answer."""
        place = robots_url(url)
        asking = self._asking.setdefault(place, asyncio.Lock())
        if asking.locked():
            self._give_back()  # whoever asks may be waiting for the very slot that was claimed for this visit
        async with asking:
            known = self._rules.get(place)
            if known is None or known[1] <= _now():
                known = await self._ask(place)
                self._rules[place] = known
                self._asking.pop(place, None)
        self._rules.move_to_end(place)
        while len(self._rules) > _MOST_RULES:
            self._rules.popitem(last=False)
        return known[0]

    async def _ask(self, place: str) -> tuple[Rules, datetime]:
        """robots.txt from the site; from the last good copy when it answers 5xx or not at all."""
        try:
            page = await self._fetcher.page(place, validators=self._memory.validators)
        except NoRoom:  # nobody was asked, so there is nothing to remember
            raise
        except FetchError as error:
            await self._memory.keep(place, error)
            if error.reason == "redirects":  # RFC 9309, 2.3.1.2: as if there were none
                return ALLOW_ALL, _now() + _FRESH
            kept = await self._memory.last_good(place, place)
            if kept is None or isinstance(error, Refused):
                raise
            return read_rules(200, kept, self._product), _now() + _RETRY
        await self._memory.keep(place, page)
        self.settle(page.exchanges)
        if status_of(page.answer.response_head) == 429:
            raise FetchError(place, "http-429", "the host asks us to stay away (HTTP 429); try again later")
        return await self._read(place, page.answer)

    async def _read(self, place: str, answer: Exchange) -> tuple[Rules, datetime]:
        status = status_of(answer.response_head)
        if status == 304 or status >= 500 or answer.truncated:
            kept = await self._memory.last_good(place, answer.url)
            if kept is not None:
                return read_rules(200, kept, self._product), _now() + (_FRESH if status == 304 else _RETRY)
            if status == 304:  # of something we do not hold any more
                return DISALLOW_ALL, _now() + _RETRY
        try:
            body = decoded(answer.response_head, answer.body, limit=LARGEST_ROBOTS, url=place)
        except FetchError:
            return DISALLOW_ALL, _now() + _RETRY
        return read_rules(status, body, self._product), _now() + (_RETRY if status >= 500 else _FRESH)


def _asked_wait(exchange: Exchange) -> timedelta | None:
    """What Retry-After asks for; None when it says nothing that can be kept."""
    value = field(exchange.response_head, "retry-after")
    try:
        return retry_after(value, _now()) if value else None
    except ValueError:
        return None


def _now() -> datetime:
    return datetime.now(UTC)
