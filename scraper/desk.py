"""The archive as the line sees it. One thread works on it, so that the event loop never waits for a disk.

What is to be written and waits at the same time becomes one group: one wait for the medium, one transaction. Nothing is
told to whoever waits before that has ended.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from archive import Writer
from archive.catalog import Reading
from archive.disk import space
from archive.errors import ArchiveError, ReadOnly, Unsettled, WriteFailed
from archive.heads import status_of
from archive.records import Article, Capture, Exchange, Outcome, Page, Redaction, Revision, Site, Validators, Visit
from archive.warc import read_fields, sha1
from scraper.compare import Change, known_as
from scraper.handing import AtHand, Handed
from scraper.learning import FIRST, Report, look_of
from scraper.outcomes import known_by
from scraper.urls import site

T = TypeVar("T")

_MOST_TOGETHER = 32  # operations in one group; a group of more is hardly faster, and whoever waits waits longer
_LOOKS = 100  # pages that the newest state of a site helped to read: so many are looked at
_PAUSE = 60.0  # seconds after a write that failed, before anything is fetched again
_LEAST_FREE = 10**9  # bytes
_LEAST_FREE_SHARE = 50  # of how many parts one is to be free: 2 %


def least_free(setting: int | None, total: int) -> int:
    """The bytes that must be free before anything is fetched: the setting, or the larger of 1 GB and 2 % of `total`."""
    return max(_LEAST_FREE, total // _LEAST_FREE_SHARE) if setting is None else setting


def lacks_room(root: Path, min_free: int | None, therefore: str) -> ArchiveError | None:
    """Why nothing may be written to the archive at `root` now; None: there is room.

    min_free: see `least_free`. therefore: what does not happen, and what to do when there is room.
    """
    try:
        left = space(root)
    except (WriteFailed, ReadOnly) as error:
        return error
    floor = least_free(min_free, left.total)
    if left.free >= floor:
        return None
    free, least = (f"{each / 1e6:,.1f} MB" for each in (left.free, floor))
    return WriteFailed(root, f"the disk has {free} free and {least} must be (archive.min_free), so {therefore}")


class Desk(Protocol):
    """What the line asks of an archive.

    Every method that writes may raise WriteFailed or ReadOnly: then this could not be kept. Any may raise Damaged.
    """

    keeps: bool  # whether anything is kept at all

    @property
    def has_failed(self) -> bool:
        """Whether the last page could not be kept, or a visit is held that could not be noted; it was told."""

    def closed(self) -> ArchiveError | None:
        """Why nothing may be fetched now, for it could not be kept; None: all is well."""

    async def append(self, visit: Visit, page: Page) -> tuple[Capture, ...]:
        """The exchanges that a visit brought as captures, on the medium."""

    async def append_changed(self, visit: Visit, page: Page) -> tuple[Visit, tuple[Capture, ...]]:
        """The page as captures unless its bytes are those of the newest one; the visit says which it was."""

    async def payload(self, answer: Exchange) -> tuple[bytes, bytes]:
        """Head and body that an answer means; of a 304, those of the capture it points to."""

    async def seen(self, capture: Capture, asked: str) -> Revision | None:
        """The latest revision of the article at `asked` (normalised), when it was understood from these very bytes."""

    async def known_as(self, canonical: str, *, asked: str, moved: bool) -> str:
        """What the article is known by.  See scraper.compare.known_as."""

    async def latest(self, article: str) -> Revision | None:
        """The newest revision of an article."""

    async def payload_of(self, revision: Revision) -> tuple[bytes, bytes] | None:
        """Head and body that a revision was understood from."""

    async def told_by(self, revision: Revision) -> Article:
        """The article as that revision tells it."""

    async def known_site(self, url: str) -> Handed | None:
        """What was learned of the URL's site; None: nothing yet. What another process learns is known in minutes."""

    async def report(self, name: str) -> Report:
        """What the archive tells of a site, for the decision whether it is learned."""

    async def sites(self) -> list[str]:
        """Every site of which an article was kept."""

    async def remember(self, state: Site) -> bool:
        """A new state of what was learned of a site; False: another process has remembered one meanwhile."""

    async def keep(self, article: Article, visit: Visit, change: Change, latest: Revision | None) -> Revision | None:
        """A new revision; None when another process kept one since `latest`."""

    async def note(self, visit: Visit) -> None:
        """Leave the visit."""

    async def note_unkept(self, visit: Visit) -> bool:
        """Leave a visit whose bytes the disk did not take; False when it takes not even that.

        Then the visit is held in memory and noted with the next one that can be. Raises nothing of the disk's.
        """

    async def known(self, keys: list[str]) -> set[str]:
        """Which of these normalised URLs lead to an article that was kept."""

    async def newest(self, url: str) -> tuple[Capture, bytes, bytes] | None:
        """The newest whole capture of exactly that URL, with its head and body."""

    async def journal(self) -> None:
        """Write the visits that no record holds yet."""

    async def close_warc(self) -> None:
        """Write them, and close the WARC file; the next append opens another."""

    async def captured_at(self, url: str) -> datetime | None:
        """When exactly that URL was last captured."""

    async def robots(self, place: str, url: str) -> tuple[datetime, bytes, bytes] | None:
        """The robots.txt that we last fetched ourselves from `url`, asking at `place`: head and body, and when.

        What an import brought does not count: whoever wrote that file is not the site.
        """

    def robots_validators(self, url: str) -> Validators | None:
        """As `validators`, but None where the newest capture came with an import."""

    def validators(self, url: str) -> Validators | None:
        """What a conditional request for exactly that URL may name."""

    def redaction(self, url: str, *, asked: str | None = None) -> Redaction | None:
        """Why no article is fetched at that URL; None: it may be.

        asked: the same, normalised, when it is the first request of a visit: then the article that it leads to counts,
        too. That of a redirect on the way does not, for many articles may be reached through one.
        """

    def close(self) -> None:
        """Let go. The archive itself stays open."""


@dataclass(frozen=True, slots=True)
class _Operation(Generic[T]):
    """Something to be written, and whoever waits for it."""

    call: Callable[[], T]
    done: "Future[T]" = field(default_factory=Future)

    def is_wanted(self) -> bool:
        """Whether somebody still waits for it; from now on nobody can call it off."""
        return self.done.set_running_or_notify_cancel()

    def alone(self) -> None:
        """Do it, and tell whoever waits."""
        try:
            came = self.call()
        except BaseException as error:  # noqa: BLE001  handed on, whatever it is, to whoever waits
            self.done.set_exception(error)
        else:
            self.done.set_result(came)


class ArchiveDesk:
    """The desk of an archive that is written to."""

    keeps = True

    def __init__(self, archive: Writer, *, min_free: int | None = 0) -> None:
        """min_free: bytes that must be free before anything is fetched; None: see `least_free`."""
        self._archive = archive
        self._min_free = min_free
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archive")
        self._waiting: deque[_Operation[Any]] = deque()
        self._held: list[Visit] = []
        self._sites = AtHand()
        # When a page could not be kept (time.monotonic), and why; None once one is kept again.
        self._failed: tuple[float, ArchiveError] | None = None

    @property
    def has_failed(self) -> bool:
        return self._failed is not None or bool(self._held)

    def closed(self) -> ArchiveError | None:
        failed = self._failed
        if failed and time.monotonic() - failed[0] < _PAUSE:
            return failed[1]
        therefore = "nothing is fetched; make room, or lower the setting"
        return lacks_room(self._archive.root, self._min_free, therefore)

    async def _called(self, call: Callable[..., T], *arguments: Any) -> T:
        """The call, made by the archive's one thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *arguments)

    async def _asked(self, question: Callable[[Reading], T]) -> T:
        def answer() -> T:
            with self._archive.reading() as reading:
                return question(reading)

        return await self._called(answer)

    async def _written(self, call: Callable[[], T]) -> T:
        """What the call returns, once it and the group it came into are on the medium and in the catalog."""
        operation = _Operation(call)
        self._waiting.append(operation)
        self._thread.submit(self._write_what_waits)
        return await asyncio.wrap_future(operation.done)

    async def _kept(self, call: Callable[[], T]) -> T:
        """As `_written`, of bytes: when they cannot be kept, the desk is closed for a while."""
        try:
            came = await self._written(call)
        except (WriteFailed, ReadOnly) as error:
            self._failed = time.monotonic(), error
            raise
        self._failed = None
        return came

    def _write_what_waits(self) -> None:
        """One group of what waits by now; nothing when an earlier call has taken it."""
        taken: list[_Operation[Any]] = []
        while self._waiting and len(taken) < _MOST_TOGETHER:
            operation = self._waiting.popleft()
            if operation.is_wanted():
                taken.append(operation)
        if len(taken) == 1:
            taken[0].alone()
        elif taken:
            self._write_together(taken)
        if self._held and any(operation.done.exception() is None for operation in taken):
            self._note_held()

    def _write_together(self, taken: Sequence[_Operation[Any]]) -> None:
        try:
            with self._archive.together():
                came = [operation.call() for operation in taken]
        except Unsettled as error:  # the group may stand: to write it once more would say it twice
            for operation in taken:
                operation.done.set_exception(error)
        except BaseException:  # noqa: BLE001  one of them is at fault, and alone it says so to whoever waits for it
            for operation in taken:
                operation.alone()
        else:
            for operation, each in zip(taken, came, strict=True):
                operation.done.set_result(each)

    def _note_held(self) -> None:
        held = tuple(self._held)
        with suppress(WriteFailed, ReadOnly):  # they are held on, and the next success tries again
            with self._archive.together():
                for visit in held:
                    self._archive.note(visit)
            del self._held[: len(held)]

    async def append(self, visit: Visit, page: Page) -> tuple[Capture, ...]:
        notes = [("visit", visit.visit_id), ("role", visit.role), *([("source", visit.source)] if visit.source else [])]
        return await self._kept(lambda: self._archive.append(page, notes))

    async def append_changed(self, visit: Visit, page: Page) -> tuple[Visit, tuple[Capture, ...]]:
        known = await self._asked(lambda reading: reading.captures_of(page.answer.url, limit=1))
        before = known[0] if known else None
        if before and visit.role == "robots" and not await self._called(self._is_ours, before):
            before = None
        same = before and (before.status, before.payload_digest) == (visit.status, sha1(page.answer.body))
        if visit.status == 304 or (same and not page.answer.truncated):
            outcome: Outcome = "unchanged" if visit.outcome == "new" else visit.outcome
            return replace(visit, outcome=outcome), ()
        captures = await self.append(visit, page)
        outcome = "revised" if visit.outcome == "new" and before else visit.outcome
        return replace(visit, outcome=outcome, capture=captures[-1].record_id), captures

    async def payload(self, answer: Exchange) -> tuple[bytes, bytes]:
        newest = await self.newest(answer.url) if status_of(answer.response_head) == 304 else None
        return newest[1:] if newest else (answer.response_head, answer.body)

    async def seen(self, capture: Capture, asked: str) -> Revision | None:
        def look(reading: Reading) -> Revision | None:
            article = reading.article_at(asked)
            latest = reading.latest(article) if article else None
            before = reading.capture(latest.capture) if latest else None
            return latest if before and before.holder == capture.holder else None

        return await self._asked(look) if capture.revisit_of else None

    async def known_as(self, canonical: str, *, asked: str, moved: bool) -> str:
        return await self._asked(
            lambda reading: known_as(canonical, asked=asked, moved=moved, article_at=reading.article_at)
        )

    async def latest(self, article: str) -> Revision | None:
        return await self._asked(lambda reading: reading.latest(article))

    async def payload_of(self, revision: Revision) -> tuple[bytes, bytes] | None:
        capture = await self._asked(lambda reading: reading.capture(revision.capture))
        return await self._called(self._archive.payload, capture) if capture else None

    async def told_by(self, revision: Revision) -> Article:
        return await self._called(self._archive.article, revision)

    async def known_site(self, url: str) -> Handed | None:
        try:
            name = site(url)
        except ValueError:
            return None
        if not self._sites.is_fresh(name, now=time.monotonic()):
            newest = await self._asked(lambda reading: reading.site(name))
            self._sites.put(name, newest, now=time.monotonic())
        return self._sites.get(name)

    async def report(self, name: str) -> Report:
        def asked(reading: Reading) -> Report:
            state = reading.site(name)
            if state is None:
                return Report(articles=reading.count_articles(name, limit=FIRST), state=None, has_news=False)
            looks = reading.read_by(state, limit=_LOOKS)
            has_news = reading.has_news(name, since=state.learned_at)
            return Report(articles=FIRST, state=state, has_news=has_news, looks=tuple(look_of(*each) for each in looks))

        return await self._asked(asked)

    async def sites(self) -> list[str]:
        return await self._asked(lambda reading: reading.sites_told())

    async def remember(self, state: Site) -> bool:
        is_new = await self._written(lambda: self._archive.remember(state))
        newest = state if is_new else await self._asked(lambda reading: reading.site(state.site))
        self._sites.put(state.site, newest, now=time.monotonic())
        return is_new

    async def keep(self, article: Article, visit: Visit, change: Change, latest: Revision | None) -> Revision | None:
        after = latest.record_id if latest else None
        changed, verdict = change.facts_changed, change.verdict
        if verdict is None:
            raise ValueError(f"{visit.url}: what has not changed is not kept")
        return await self._kept(
            lambda: self._archive.keep(article, visit, verdict=verdict, after=after, facts_changed=changed)
        )

    async def note(self, visit: Visit) -> None:
        await self._written(lambda: self._archive.note(visit))

    async def note_unkept(self, visit: Visit) -> bool:
        try:
            await self.note(visit)
        except (WriteFailed, ReadOnly):
            self._held.append(visit)
            return False
        return True

    async def known(self, keys: list[str]) -> set[str]:
        return await self._asked(lambda reading: reading.known(keys))

    async def newest(self, url: str) -> tuple[Capture, bytes, bytes] | None:
        capture = await self._asked(lambda reading: reading.latest_whole(url))
        return (capture, *await self._called(self._archive.payload, capture)) if capture else None

    async def captured_at(self, url: str) -> datetime | None:
        known = await self._asked(lambda reading: reading.captures_of(url, limit=1))
        return known[0].captured_at if known else None

    async def robots(self, place: str, url: str) -> tuple[datetime, bytes, bytes] | None:
        captures = await self._asked(lambda reading: reading.captures_of(url))
        whole = (each for each in captures if each.status == 200 and not each.truncated)
        ours = await self._called(lambda: next(filter(self._is_ours, whole), None))
        if ours is None:
            return None
        visits = await self._asked(lambda reading: reading.last_visits(place, limit=100))
        kept = (visit for visit in visits if visit.outcome in ("new", "revised", "unchanged"))
        # One that does not change is captured once, so what counts is when it last answered us.
        answered = (visit.visited_at for visit in kept if visit.capture in (None, ours.record_id))
        last = max(ours.captured_at, next(answered, ours.captured_at))
        return (last, *await self._called(self._archive.payload, ours))

    def _is_ours(self, capture: Capture) -> bool:
        """Whether we fetched it, and no import brought it."""
        group = self._archive.group_at(capture.warc, capture.offset)
        return bool(group) and "import-sha256" not in read_fields(group[-1].block)

    def robots_validators(self, url: str) -> Validators | None:
        with self._archive.reading() as reading:
            newest, validators = reading.latest_whole(url), reading.validators(url)
        return validators if newest and validators and self._is_ours(newest) else None

    async def journal(self) -> None:
        await self._written(self._archive.journal)

    async def close_warc(self) -> None:
        await self.journal()
        await self._called(self._archive.close_warc)

    def validators(self, url: str) -> Validators | None:
        with self._archive.reading() as reading:
            return reading.validators(url)

    def redaction(self, url: str, *, asked: str | None = None) -> Redaction | None:
        with self._archive.reading() as reading:
            article = reading.article_at(asked) if asked else None
            return reading.closed([url, known_by(url), *([article] if article else [])])

    def close(self) -> None:
        if self._held:
            self._thread.submit(self._note_held)
        self._thread.shutdown()


class NoDesk:
    """The desk of a fetch that keeps nothing: it knows nothing and forgets everything."""

    keeps = False
    has_failed = False

    def closed(self) -> ArchiveError | None:
        return None

    async def append(self, visit: Visit, page: Page) -> tuple[Capture, ...]:
        return ()

    async def append_changed(self, visit: Visit, page: Page) -> tuple[Visit, tuple[Capture, ...]]:
        return visit, ()

    async def payload(self, answer: Exchange) -> tuple[bytes, bytes]:
        return answer.response_head, answer.body

    async def seen(self, capture: Capture, asked: str) -> Revision | None:
        return None

    async def known_as(self, canonical: str, *, asked: str, moved: bool) -> str:
        return canonical

    async def latest(self, article: str) -> Revision | None:
        return None

    async def payload_of(self, revision: Revision) -> tuple[bytes, bytes] | None:
        return None

    async def told_by(self, revision: Revision) -> Article:
        raise NotImplementedError("a line that keeps nothing has no revision")

    async def known_site(self, url: str) -> Handed | None:
        return None

    async def report(self, name: str) -> Report:
        return Report(articles=0, state=None, has_news=False)

    async def sites(self) -> list[str]:
        return []

    async def remember(self, state: Site) -> bool:
        return False

    async def keep(self, article: Article, visit: Visit, change: Change, latest: Revision | None) -> Revision | None:
        raise NotImplementedError("a line that keeps nothing does not ask for it")

    async def note(self, visit: Visit) -> None:
        return

    async def note_unkept(self, visit: Visit) -> bool:
        return True

    async def known(self, keys: list[str]) -> set[str]:
        return set()

    async def newest(self, url: str) -> tuple[Capture, bytes, bytes] | None:
        return None

    async def captured_at(self, url: str) -> datetime | None:
        return None

    async def robots(self, place: str, url: str) -> tuple[datetime, bytes, bytes] | None:
        return None

    def robots_validators(self, url: str) -> Validators | None:
        return None

    async def journal(self) -> None:
        return

    async def close_warc(self) -> None:
        return

    def validators(self, url: str) -> Validators | None:
        return None

    def redaction(self, url: str, *, asked: str | None = None) -> Redaction | None:
        return None

    def close(self) -> None:
        return
