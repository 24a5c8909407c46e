"""Working off the frontier: claim what is due, visit it, add what it announces, say when it is due again.

The daemon does this for ever, `pressmark fetch` until nothing is due.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from scraper.agenda import article_again, is_dead_end, rhythm_after
from scraper.crawl import Line, Told
from scraper.errors import FetchError
from scraper.frontier import Due, Frontier, Row, Wanted
from scraper.gate import PATIENCE
from scraper.health import Bounds, Fallen, Health
from scraper.links import Kind, Link, moment
from scraper.rhythm import Rhythm, next_poll, next_poll_of_missing
from scraper.schedule import next_fire
from scraper.sitemaps import places_to_look
from scraper.sources import Source
from scraper.tap import also_allowed
from scraper.traps import holds_all, mark, words
from scraper.urls import host, key

_AFTER_DISK = timedelta(minutes=15)  # what was fetched and not kept is asked for again then; not at once, in vain
_CLAIM_SECONDS = 600.0  # longer than any visit: page deadline, waits for slots on the way, robots.txt, extraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often, how many."""

    in_flight: int  # visits at once
    least: timedelta  # between polls of one source
    most: timedelta
    looks: tuple[timedelta, ...]  # ages at which an article is fetched again
    again: bool = False  # also fetch what is announced and was kept before
    thorough: bool = False  # read sources that did not change, too
    bounds: Bounds = field(default_factory=Bounds)


class Rounds:
    """Visits on their way, at most so many at once and one to a host."""

    def __init__(self, line: Line, frontier: Frontier, pace: Pace, tell: Callable[[Due, Told], None]) -> None:
        self._line = line
        self._frontier = frontier
        self._pace = pace
        self._tell = tell
        self._sources: Mapping[str, Source] = {}
        self._health = Health(frontier, pace.bounds)
        self._thorough = pace.thorough or frontier.fresh
        self._woken: set[str] = set()  # articles that were kept before and are fetched again in this pass, once
        self.tasks: set[asyncio.Task[None]] = set()
        self._under_way: set[tuple[Wanted, str]] = set()  # role and key of their links
        self._ended = asyncio.Event()  # set whenever a visit ends
        self._failure: BaseException | None = None  # the first one that ended a visit

    def watch(self, sources: Sequence[Source], *, wake: bool, spread: timedelta = timedelta(0)) -> int:
        """Poll these sources, and no others that no other process watches; how many were not known before.

        wake: poll all of them now; spread: over this time the first polls are scattered, so that they are no burst.
        """
        self._sources = {source.key: source for source in sources}
        own = {key: source.daily_links for key, source in self._sources.items() if source.daily_links}
        self._health = Health(self._frontier, replace(self._pace.bounds, own=own))
        now, new = _now(), 0
        for source in sources:
            at = now + spread * random.random()  # noqa: S311
            row = (source.kind, source.key, source.url, host(source.url), None)
            new += self._frontier.add([row], now=now, due_at=at)
            if wake or not self._frontier.is_due(source.kind, source.key):
                self._frontier.wake(source.kind, source.key, at=at)
        self._frontier.keep_only(source.key for source in sources)
        return new

    def dispatch(self) -> int:
        """Claim what is due, as far as there is room and what comes could be kept; how many visits began."""
        room = 0 if self._line.desk.closed() else self._pace.in_flight - len(self.tasks)
        claimed = self._frontier.claim(now=_now(), limit=room, seconds=_CLAIM_SECONDS) if room > 0 else []
        return sum(map(self._begin, claimed))

    def _begin(self, due: Due) -> bool:
        """Begin a visit, unless it is on its way already and its claim ran out, as when the workers are long busy."""
        what = (due.role, due.key)
        if what in self._under_way:
            self._frontier.release(due.host)
            return False
        task = asyncio.create_task(self._visit(due), name=due.url)
        self.tasks.add(task)
        self._under_way.add(what)
        task.add_done_callback(partial(self._over, what))
        return True

    def _over(self, what: tuple[Wanted, str], task: "asyncio.Task[None]") -> None:
        self.tasks.discard(task)
        self._under_way.discard(what)
        self._failure = self._failure or (None if task.cancelled() else task.exception())
        self._ended.set()

    async def until_done(self) -> None:
        """Work until nothing is on its way and nothing is due, but with hosts that rest for longer than PATIENCE.

        Raises ArchiveError when something is due and nothing can be kept, once those on their way have ended.
        """
        while True:
            self.dispatch()
            if not self.tasks and not self._is_due_soon():
                return
            if self.tasks:
                await self._one_over()
            elif closed := self._line.desk.closed():
                raise closed
            else:
                await asyncio.sleep(self._pause())

    async def _one_over(self) -> None:
        """Wait until a visit ends or, for another host may be ready, a fifth of a second. Raises what ended a visit."""
        self._ended.clear()  # an event, for asyncio.wait would look at a hundred tasks each time one of them ends
        with suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                await self._ended.wait()
        if self._failure:
            raise self._failure

    def _is_due_soon(self) -> bool:
        at, now = self._frontier.next_due(), _now()
        return at is not None and at - now <= PATIENCE and self._frontier.counts(now=now)["due"] > 0

    def _pause(self) -> float:
        """Seconds until the next host is ready: between a hundredth and one."""
        at = self._frontier.next_due()
        return min(max((at - _now()).total_seconds(), 0.01), 1.0) if at else 0.01

    async def _visit(self, due: Due) -> None:
        root = self._health.root_of(due)
        source = self._sources.get(root) if root else None
        also_allowed.set(source.allow_private if source else ())  # of this visit alone: each is a task of its own
        match due.role:
            case "article":
                told = await self._line.article(due.url, source=due.source, held=due.host)
                looks, now = self._pace.looks, _now()
                again = article_again(told.visit, found_at=due.found_at, tries=due.tries, looks=looks, now=now)
                told = await self._marked(due, told, root)
            case "page":
                told = await self._line.article(due.url, source=due.source, held=due.host)
                again = self._next(due, Rhythm())
            case kind:
                is_unread = self._thorough or self._health.is_unread(due, now=_now())
                read_at = None if is_unread else self._frontier.rhythm(due.key)[1]
                told = await self._line.poll(kind, due.url, source=due.source, held=due.host, read_at=read_at)
                told, again = await self._polled(due, told)
        if told.visit.reason == "disk":  # no fault of theirs, so it counts as no failure
            self._frontier.done(due, again_at=_now() + (_AFTER_DISK if told.visit.status else timedelta(0)))
        else:
            self._frontier.done(due, again_at=again, failed=told.visit.outcome in ("failed", "blocked", "refused"))
        self._tell(due, told)

    async def _polled(self, due: Due, told: Told) -> tuple[Told, datetime | None]:
        """Add what a source announced, learn from it, and say what was left out and when it is polled next.

        Of one that could not be kept nothing is learned.
        """
        if told.visit.reason == "disk":
            return told, None
        new, left, announced = 0, Counter[str](), told.announced
        if announced:
            new, left = await self._add_links(announced.links, due)
            left += await self._add_sources(due, announced.sources)
            told = replace(told, left_out=dict(left))
        looked = announced is not None and bool(announced.links or announced.sources)
        fallen = self._health.polled(due, left, taken=new, looked=looked, now=_now())
        if fallen and (fallen.is_new or due.source is None):
            told = await self._fell(told, fallen)
        is_trap = announced is not None and holds_all(left, announced=len(announced.links))
        return told, self._again(due, told, new_links=new, least=self._pace.most if is_trap else None)

    async def _marked(self, due: Due, told: Told, root: str | None) -> Told:
        """Learn from what a link brought what its source is like."""
        brought = mark(told.visit, told.article)
        if root is None or brought is None:
            return told
        fallen = self._health.saw(due, brought, root=root, now=_now())
        return await self._fell(told, fallen) if fallen else told

    async def _fell(self, told: Told, fallen: Fallen) -> Told:
        """Leave a visit that says what a configured source is in: its health is told by visits alone."""
        message = f"{fallen.url}: {words(fallen.trap)}; looked at again after {fallen.trap.until:%Y-%m-%d %H:%M} UTC"
        await self._line.leave_alone(fallen.kind, fallen.url, reason=fallen.trap.reason)
        return replace(told, trap=message, fell=fallen.is_new)

    def _again(self, due: Due, told: Told, *, new_links: int, least: timedelta | None) -> datetime | None:
        rhythm, answered_at = self._frontier.rhythm(due.key)
        if is_dead_end(told.visit, announced=due.source is not None, answered_at=answered_at):
            return None
        learned = rhythm_after(told.visit, rhythm, new_links=new_links, answered_at=answered_at)
        self._frontier.learn(due.key, learned, answered_at=told.visit.visited_at if not learned.failures else None)
        if told.visit.outcome == "gone":
            return next_poll_of_missing(now=_now(), jitter=random.random())  # noqa: S311
        if least:
            return next_poll(learned, now=_now(), least=least, most=least, jitter=random.random())  # noqa: S311
        return self._next(due, learned, ttl=told.announced.ttl if told.announced else None)

    def _next(self, due: Due, rhythm: Rhythm, *, ttl: timedelta | None = None) -> datetime:
        source = self._sources.get(due.key)
        if source and source.schedule:
            return next_fire(source.schedule, _now())
        least, most = self._pace.least, self._pace.most
        return next_poll(rhythm, now=_now(), ttl=ttl, least=least, most=most, jitter=random.random())  # noqa: S311

    async def _add_links(self, links: Iterable[Link], due: Due) -> tuple[int, Counter[str]]:
        """Add the links that a source announced: how many were new, and how many were left out, by kind of trap."""
        ordered = sorted(links, key=_date, reverse=True) if due.role == "sitemap" else links
        found = {link.key: link for link in ordered}
        kept = set() if self._pace.again else await self._line.desk.known(list(found))
        rows = [(_ARTICLE, each, link.url, host(link.url), due.url) for each, link in found.items() if each not in kept]
        now = _now()
        came = self._health.admit(rows, due=due, now=now, announced=len(found))
        if self._pace.again:
            for each in found.keys() - self._woken:
                self._frontier.wake("article", each, at=now)
            self._woken |= found.keys()
        return came

    async def _add_sources(self, due: Due, announced: Iterable[tuple[Kind, str]]) -> Counter[str]:
        """Add the feeds and sitemaps that a source led to, of a home page those of robots.txt, too.

        How many were left out, by kind of trap.
        """
        found = list(announced)
        if due.role == "home":
            with suppress(FetchError):  # it was read before this poll and has run out since: the next poll asks again
                rules = await self._line.gate.rules(due.url)
                told = map(self._line.heard, rules.sitemaps)
                found += [("sitemap", place) for place in places_to_look(told, due.url)]
        rows: list[Row] = []
        root = due.source or due.key
        for kind, url in found:
            with suppress(ValueError):
                rows.append((kind, key(url), url, host(url), root))
        return self._health.lead(rows, due=due, now=_now())


_ARTICLE: Wanted = "article"


def _date(link: Link) -> datetime:
    """What a sitemap's links are ordered by: those without a date come last."""
    return moment(link.published or link.modified) or datetime.min.replace(tzinfo=UTC)


def _now() -> datetime:
    return datetime.now(UTC)
