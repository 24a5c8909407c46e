"""Working off the frontier: claim what is due, visit it, add what it announces, say when it is due again.

The daemon does this for ever, `pressmark fetch` until nothing is due.
"""

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from scraper.agenda import article_again, is_dead_end, rhythm_after
from scraper.crawl import Line, Told
from scraper.errors import FetchError
from scraper.frontier import Due, Frontier, Wanted
from scraper.gate import PATIENCE
from scraper.links import Kind, Link
from scraper.rhythm import Rhythm, next_poll, next_poll_of_missing
from scraper.schedule import next_fire
from scraper.sitemaps import places_to_look
from scraper.sources import Source
from scraper.urls import host, key

MOST_FOUND = 200  # feeds and sitemaps that are polled because one configured source led to them
_AFTER_DISK = timedelta(minutes=15)  # what was fetched and not kept is asked for again then; not at once, in vain
_CLAIM_SECONDS = 300.0  # longer than any visit: page deadline, slots on the way, extraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often, how many."""

    in_flight: int  # visits at once
    least: timedelta  # between polls of one source
    most: timedelta
    looks: tuple[timedelta, ...]  # ages at which an article is fetched again
    again: bool = False  # also fetch what is announced and was kept before
    thorough: bool = False  # read sources that did not change, too


class Rounds:
    """Visits on their way, at most so many at once and one to a host."""

    def __init__(self, line: Line, frontier: Frontier, pace: Pace, tell: Callable[[Due, Told], None]) -> None:
        self._line = line
        self._frontier = frontier
        self._pace = pace
        self._tell = tell
        self._schedules: Mapping[str, str] = {}
        self._thorough = pace.thorough or frontier.fresh
        self._woken: set[str] = set()  # articles that were kept before and are fetched again in this pass, once
        self.tasks: set[asyncio.Task[None]] = set()
        self._ended = asyncio.Event()  # set whenever a visit ends
        self._failure: BaseException | None = None  # the first one that ended a visit

    def watch(self, sources: Sequence[Source], *, wake: bool, spread: timedelta = timedelta(0)) -> int:
        """Poll these sources, and no others that no other process watches; how many were not known before.

        wake: poll all of them now; spread: over this time the first polls are scattered, so that they are no burst.
        """
        self._schedules = {source.key: source.schedule for source in sources if source.schedule}
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
        for due in claimed:
            task = asyncio.create_task(self._visit(due), name=due.url)
            self.tasks.add(task)
            task.add_done_callback(self._over)
        return len(claimed)

    def _over(self, task: "asyncio.Task[None]") -> None:
        self.tasks.discard(task)
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
        match due.role:
            case "article":
                told = await self._line.article(due.url, source=due.source, held=due.host)
                looks, now = self._pace.looks, _now()
                again = article_again(told.visit, found_at=due.found_at, tries=due.tries, looks=looks, now=now)
            case "page":
                told = await self._line.article(due.url, source=due.source, held=due.host)
                again = self._next(due, Rhythm())
            case kind:
                read_at = None if self._thorough else self._frontier.rhythm(due.key)[1]
                told = await self._line.poll(kind, due.url, source=due.source, held=due.host, read_at=read_at)
                told, again = await self._polled(due, told)
        if told.visit.reason == "disk":  # no fault of theirs, so it counts as no failure
            self._frontier.done(due, again_at=_now() + (_AFTER_DISK if told.visit.status else timedelta(0)))
        else:
            self._frontier.done(due, again_at=again, failed=told.visit.outcome in ("failed", "blocked", "refused"))
        self._tell(due, told)

    async def _polled(self, due: Due, told: Told) -> tuple[Told, datetime | None]:
        """Add what a source announced, learn from it, and say what was too much and when it is polled next.

        Of one that could not be kept nothing is learned.
        """
        if told.visit.reason == "disk":
            return told, None
        new, announced = 0, told.announced
        if announced:
            new = await self._add_links(announced.links, due.url)
            left = await self._add_sources(due, announced.sources)
            told = replace(told, announced=replace(announced, dropped=announced.dropped + left))
        return told, self._again(due, told, new_links=new)

    def _again(self, due: Due, told: Told, *, new_links: int) -> datetime | None:
        rhythm, answered_at = self._frontier.rhythm(due.key)
        if is_dead_end(told.visit, announced=due.source is not None, answered_at=answered_at):
            return None
        learned = rhythm_after(told.visit, rhythm, new_links=new_links, answered_at=answered_at)
        self._frontier.learn(due.key, learned, answered_at=told.visit.visited_at if not learned.failures else None)
        if told.visit.outcome == "gone":
            return next_poll_of_missing(now=_now(), jitter=random.random())  # noqa: S311
        return self._next(due, learned, ttl=told.announced.ttl if told.announced else None)

    def _next(self, due: Due, rhythm: Rhythm, *, ttl: timedelta | None = None) -> datetime:
        schedule = self._schedules.get(due.key)
        if schedule:
            return next_fire(schedule, _now())
        least, most = self._pace.least, self._pace.most
        return next_poll(rhythm, now=_now(), ttl=ttl, least=least, most=most, jitter=random.random())  # noqa: S311

    async def _add_links(self, links: Iterable[Link], source: str) -> int:
        found = {link.key: link for link in links}
        kept = await self._line.desk.known(list(found))
        rows = [(_ARTICLE, each, link.url, host(link.url), source) for each, link in found.items()]
        now = _now()
        if self._pace.again:
            new = self._frontier.add(rows, now=now)
            for each in found.keys() - self._woken:
                self._frontier.wake("article", each, at=now)
            self._woken |= found.keys()
            return new
        return self._frontier.add((row for row in rows if row[1] not in kept), now=now)

    async def _add_sources(self, due: Due, announced: Iterable[tuple[Kind, str]]) -> int:
        """Add the feeds and sitemaps that a source led to, of a home page those of robots.txt, too.

        How many were too many: an index of indexes may go on for ever.
        """
        found = list(announced)
        if due.role == "home":
            with suppress(FetchError):  # it was read before this poll and has run out since: the next poll asks again
                rules = await self._line.gate.rules(due.url)
                found += [("sitemap", place) for place in places_to_look(rules.sitemaps, due.url)]
        rows, root = [], due.source or due.key
        for kind, url in found:
            with suppress(ValueError):
                rows.append((kind, key(url), url, host(url), root))
        room = max(0, MOST_FOUND - self._frontier.found_through(root))
        new = [row for row in rows if not self._frontier.known(row[0], [row[1]])]
        self._frontier.add(new[:room], now=_now())
        return len(new[room:])


_ARTICLE: Wanted = "article"


def _now() -> datetime:
    return datetime.now(UTC)
