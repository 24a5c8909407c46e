"""Before every request: does robots.txt allow it, and is the host free? The Fetcher passes here at each hop.

The delay lies between visits. robots.txt before the first request follows at once, and so do redirect hops within a
host and back to the one the visit began at, unless somebody else was there meanwhile. A hop to another host is a visit
to it: whoever links to a thousand redirects shall not send us to their target a thousand times at once.
Never is there more than one request to a host, nor more than so many to an address, over all processes that share the
frontier.
"""

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from archive.errors import ArchiveError
from archive.heads import field as head_field
from archive.heads import status_of
from archive.records import Exchange, Page, Validators
from scraper.errors import FetchError, NoRoom, Refused
from scraper.fetcher import Fetcher
from scraper.frontier import Frontier, Parting
from scraper.network import Network
from scraper.politeness import Answered, Standing, host_delay, pause_after, retry_after, standing_after
from scraper.robots import ALLOW_ALL, DISALLOW_ALL, LARGEST, Rules, fresh_for, read_rules, robots_url
from scraper.urls import host
from scraper.wire import beginning

_FRESH = timedelta(hours=24)  # RFC 9309, 2.4
_LONG_AGO = datetime.fromtimestamp(0, UTC)
_RETRY = timedelta(minutes=15)  # after a robots.txt that could not be had
_MOST_RULES = 10_000  # robots.txt files that are remembered
_MOST_WEIGHT = 64_000_000  # bytes that they take together, roughly; those asked least lately are forgotten
_READ_HERE = 16 * 1024  # bytes of a robots.txt, 5 ms; a larger one is read in a thread
_BUSY = timedelta(seconds=0.2)  # until a host is tried again that this process has a request in flight to
SPARE = 30.0  # seconds that a slot is held beyond the time that a page may take
PATIENCE = timedelta(minutes=3)  # nobody waits longer for a host; a slot is held for two minutes at most


@dataclass(slots=True)
class _Visit:
    """One visit on its way."""

    held: str | None = None  # the host whose slot was claimed for it beforehand
    began_at: str | None = None  # the first host it asked
    pauses: dict[str, datetime] = field(default_factory=dict)  # host that it is at or began at → the end of its pause
    patience: float = PATIENCE.total_seconds()  # what is left of it for hosts that redirects lead to

    def left(self, name: str, until: datetime, *, for_good: bool) -> None:
        """It has asked a host, whose pause ends then. for_good: that was no robots.txt, so it goes on from there."""
        self.began_at = self.began_at or name
        kept = {host: end for host, end in self.pauses.items() if host == self.began_at or not for_good}
        self.pauses = kept | {name: until}


@dataclass(frozen=True, slots=True)
class _Known:
    """What a robots.txt said, and how long that holds: by either clock, whichever is earlier."""

    rules: Rules
    until: datetime
    until_steady: float  # seconds of time.monotonic()

    def is_fresh(self) -> bool:
        return _now() < self.until and time.monotonic() < self.until_steady


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
        """delay: between visits to a host, at least; seconds: the longest a slot is held for one exchange,
        which is SPARE more than a page, or a robots.txt, may take with its redirects.
        closed: why nothing may be asked for now, because it could not be kept; None: it may.
        """
        self._frontier = frontier
        self._product = product
        self._delay = delay
        self._memory = memory
        self._seconds = seconds
        self._closed = closed
        self._network = network
        self._fetcher = Fetcher(network, gate=self._slot, page_seconds=max(seconds - SPARE, 1.0), max_redirects=5)
        self._rules: OrderedDict[str, _Known] = OrderedDict()
        self._weight = 0  # bytes that they take
        self._asking: dict[str, asyncio.Lock] = {}
        self._at: set[str] = set()  # hosts that this process has a request in flight to, whatever becomes of their slot

    @asynccontextmanager
    async def visit(self, *, held: str | None = None) -> AsyncIterator[None]:
        """One visit: its first request, and a hop to another host, wait for that host's delay; all others do not.

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
            self._frontier.release(way.held)
            way.held = None

    @asynccontextmanager
    async def __call__(self, url: str) -> AsyncIterator[Callable[[Exchange], object]]:
        """The context in which `url` may be asked for; it is to be told the exchange.

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
        async with self._slot(url, rules=rules) as tell:
            yield tell

    @asynccontextmanager
    async def _slot(self, url: str, *, rules: Rules | None = None) -> AsyncIterator[Callable[[Exchange], object]]:
        """The host's slot for one request. rules: what robots.txt says; None: it is the one that is asked for."""
        name, way = host(url), _visit.get(None) or _Visit()
        await self._take(url, way, await self._network.address(url))
        self._at.add(name)
        try:
            self._check_room(url)  # now, because the slot may have been waited for
        except NoRoom:
            self._at.discard(name)
            self._frontier.release(name)
            raise
        came: list[Exchange] = []
        began = time.monotonic()
        try:
            yield came.append
        finally:
            self._at.discard(name)
            answered = _answered(came, seconds=time.monotonic() - began, is_page=rules is not None)
            until = self._leave(name, answered, crawl_delay=rules.crawl_delay if rules else None)
            way.left(name, until, for_good=rules is not None)

    def _leave(self, name: str, answered: Answered, *, crawl_delay: float | None) -> datetime:
        """Give the slot back; when the host may be visited again."""

        def parting(before: Standing) -> Parting:
            after = standing_after(before, answered)
            delay = host_delay(setting=self._delay, crawl_delay=crawl_delay, last_seconds=after.seconds)
            pause = pause_after(after, answered, delay=delay, jitter=random.random())  # noqa: S311
            return Parting(standing=after, delay=delay, pause=pause)

        return self._frontier.leave(name, now=_now(), parting=parting)

    def _check_room(self, url: str) -> None:
        """Raises NoRoom when what would come could not be kept."""
        if why := self._closed():
            raise NoRoom(url, "disk", f"not asked for: {why}")

    async def _take(self, url: str, way: _Visit, address: str | None) -> None:
        """The host's slot, with room at its address: the one that was claimed, or one that is waited for."""
        name = host(url)
        if way.held == name and name not in self._at and self._frontier.still_has(name, now=_now(), address=address):
            way.held = None
            return
        if way.held == name:
            self._give_back()
        past = way.pauses.get(name, _LONG_AGO)
        with _waiting(way) as patience:
            while (at := self._asked_slot(name, past, address)) is not None:
                self._check_patience(url, past, patience() if way.began_at else None)
                await asyncio.sleep(min(max((at - _now()).total_seconds(), 0.005), 1.0))

    def _asked_slot(self, name: str, past: datetime, address: str | None) -> datetime | None:
        """None when the slot is ours, else when to ask again."""
        now = _now()
        if name in self._at:
            return now + _BUSY
        return self._frontier.take(name, now=now, seconds=self._seconds, past=past, address=address)

    def _check_patience(self, url: str, past: datetime, left: float | None) -> None:
        """Raises FetchError when the host rests for too long. left: seconds of patience; None: it waits its turn."""
        rests_until = self._frontier.rests_until(host(url))
        longest = PATIENCE if left is None else timedelta(seconds=left)
        if left is not None and left <= 0:
            raise FetchError(url, "host-rests", f"{host(url)} was busy whenever it was its turn; try again later")
        if rests_until > past and rests_until - _now() > longest:
            when = f"{rests_until:%Y-%m-%d %H:%M} UTC"
            raise FetchError(url, "host-rests", f"{host(url)} is left alone until {when}; try again then")

    async def free(self, name: str) -> None:
        """Wait until the host's delay is over, without taking its slot; not for one that rests longer than PATIENCE."""
        while (at := self._frontier.free_at(name)) and timedelta(0) < (wait := at - _now()) <= PATIENCE:  # noqa: ASYNC110
            # Another process may hold the slot, and tells no event of ours.
            await asyncio.sleep(min(wait.total_seconds(), 1.0))

    async def rules(self, url: str) -> Rules:
        """What robots.txt says to us about the URL's origin. Raises FetchError when its host does not answer."""
        place = robots_url(url)
        if (known := self._rules.get(place)) and known.is_fresh():
            self._rules.move_to_end(place)
            return known.rules
        asking = self._asking.setdefault(place, asyncio.Lock())
        if asking.locked():
            self._give_back()  # whoever asks may be waiting for the very slot that was claimed for this visit
        async with asking:
            known = self._rules.get(place)
            if known is None or not known.is_fresh():  # else whoever asked before us has it
                try:
                    rules, fresh = await self._ask(place)
                finally:
                    self._asking.pop(place, None)
                if rules.crawl_delay:
                    delay = host_delay(setting=self._delay, crawl_delay=rules.crawl_delay, last_seconds=0.0)
                    self._frontier.heed(host(url), delay=delay)
                known = _Known(rules, _now() + fresh, time.monotonic() + fresh.total_seconds())
                self._remember(place, known)
        return known.rules

    def _remember(self, place: str, known: _Known) -> None:
        """Remember what a robots.txt said, and forget others for it when there are too many."""
        if before := self._rules.pop(place, None):
            self._weight -= before.rules.weight
        self._rules[place] = known
        self._weight += known.rules.weight
        while len(self._rules) > _MOST_RULES or (self._weight > _MOST_WEIGHT and len(self._rules) > 1):
            self._weight -= self._rules.popitem(last=False)[1].rules.weight

    async def _read_rules(self, status: int, body: bytes) -> Rules:
        """As `read_rules`; of a large file not here, where everybody else would wait for it."""
        if len(body) <= _READ_HERE:
            return read_rules(status, body, self._product)
        return await asyncio.to_thread(read_rules, status, body, self._product)

    async def _ask(self, place: str) -> tuple[Rules, timedelta]:
        """robots.txt from the site, and for how long it holds; from the last good copy when it answers 5xx or not."""
        try:
            page = await self._fetcher.page(place, validators=self._memory.validators)
        except NoRoom:  # nobody was asked, so there is nothing to remember
            raise
        except FetchError as error:
            await self._memory.keep(place, error)
            if error.reason == "redirects":  # RFC 9309, 2.3.1.2: as if there were none
                return ALLOW_ALL, _FRESH
            kept = await self._memory.last_good(place, place)
            if kept is None or isinstance(error, Refused):
                raise
            return await self._read_rules(200, kept), _RETRY
        await self._memory.keep(place, page)
        if status_of(page.answer.response_head) == 429:
            raise FetchError(place, "http-429", "the host asks us to stay away (HTTP 429); try again later")
        return await self._read(place, page.answer)

    async def _read(self, place: str, answer: Exchange) -> tuple[Rules, timedelta]:
        status = status_of(answer.response_head)
        fresh = fresh_for(head_field(answer.response_head, "cache-control"))
        if status == 304 or status >= 500 or answer.truncated:
            kept = await self._memory.last_good(place, answer.url)
            if kept is not None:
                return await self._read_rules(200, kept), fresh if status == 304 else _RETRY
            if status == 304:  # of something we do not hold any more
                return DISALLOW_ALL, _RETRY
        try:
            body = beginning(answer.response_head, answer.body, limit=LARGEST + 1, url=place)
        except FetchError:
            return DISALLOW_ALL, _RETRY
        return await self._read_rules(status, body), _RETRY if status >= 500 else fresh


@contextmanager
def _waiting(way: _Visit) -> Iterator[Callable[[], float]]:
    """What is waited in this block comes off the visit's patience; yields what tells the seconds left of it."""
    began, patience = time.monotonic(), way.patience
    try:
        yield lambda: patience - (time.monotonic() - began)
    finally:
        way.patience = patience - (time.monotonic() - began)


def _answered(came: Sequence[Exchange], *, seconds: float, is_page: bool) -> Answered:
    """How a request went; came: its exchange, if any."""
    if not came:
        return Answered(status=None, seconds=seconds, is_whole_page=False)
    (exchange,) = came
    # A page that breaks off is no good answer, however quickly it does.
    is_whole_page = is_page and exchange.truncated != "disconnect"
    status, asked = status_of(exchange.response_head), _asked_wait(exchange)
    return Answered(status=status, seconds=seconds, is_whole_page=is_whole_page, retry_after=asked)


def _asked_wait(exchange: Exchange) -> timedelta | None:
    """What Retry-After asks for; None when it says nothing that can be kept."""
    value = head_field(exchange.response_head, "retry-after")
    try:
        return retry_after(value, _now()) if value else None
    except ValueError:
        return None


def _now() -> datetime:
    return datetime.now(UTC)
