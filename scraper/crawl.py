"""The line itself: from a link to a kept text.

    link ─► gate ─► fetch ─► append ─► understand ─► compare ─► keep
            │       │        │         │             │          └ conversion record, text file, sidecar, catalog: one transaction
            │       │        │         │             └ pure: new, revised, unchanged, copy
            │       │        │         └ in a worker process that may be killed
            │       │        └ on the medium before any parser runs
            │       └ redirects hop by hop
            └ robots.txt and the host's slot, at every hop

Whatever comes, a Visit is left. The archive is worked on by one thread, in order, so that the event loop never waits for a disk.
"""

import asyncio
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from archive import Writer
from archive.errors import ArchiveError
from archive.heads import status_of
from archive.records import Article, Capture, Exchange, Outcome, Page, Revision, Role, Validators, Visit
from archive.warc import sha1
from scraper.compare import Change, compare, known_as, same_extractor
from scraper.errors import ExtractError, FetchError, NotAnArticle, Refused, Unreadable
from scraper.extract import understand
from scraper.fetcher import Fetcher
from scraper.frontier import Frontier
from scraper.gate import LARGEST_ROBOTS, Gate, Memory
from scraper.links import Announced
from scraper.network import Network
from scraper.outcomes import aliases, answered, known_by, moved, why
from scraper.polls import read_polled
from scraper.wire import decoded
from scraper.workers import Workers

T = TypeVar("T")

PRODUCT = "pressmark"  # our token in robots.txt and in the User-Agent
_EVER = datetime.min.replace(tzinfo=UTC)
_ROBOTS_AGE = timedelta(days=7)  # for so long a good copy stands in for a robots.txt that cannot be had


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of one link: what the command line prints and the daemon logs."""

    visit: Visit
    message: str | None = None  # of a failure: what, where, why, what to do
    captures: tuple[Capture, ...] = ()
    article: Article | None = None  # as understood now; None when nothing was, or nothing had to be
    revision: Revision | None = None  # the one kept, or the one that is unchanged
    facts_changed: tuple[str, ...] = ()
    announced: Announced | None = None  # of a poll


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How the line behaves."""

    delay: timedelta
    page_seconds: float
    max_redirects: int
    max_age: timedelta | None  # of what a sitemap lists; None: any


class Line:
    """One crawler at work on one archive, or on none."""

    def __init__(
        self, network: Network, frontier: Frontier, workers: Workers, archive: Writer | None, manners: Manners
    ) -> None:
        self._archive = archive
        self._workers = workers
        self._manners = manners
        self._in_order = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archive")
        memory = Memory(keep=self._keep_robots, last_good=self._good_robots, validators=self._validators)
        seconds = manners.page_seconds + 30
        self.gate = Gate(network, frontier, product=PRODUCT, delay=manners.delay, memory=memory, seconds=seconds)
        self._fetcher = Fetcher(
            network, gate=self.gate, page_seconds=manners.page_seconds, max_redirects=manners.max_redirects
        )

    async def article(self, url: str, *, source: str | None = None, held: str | None = None) -> Told:
        """Fetch a link, keep what came, and the article in it.

        held: the host whose slot was claimed for this visit. Raises ArchiveError alone: then nothing more can be kept.
        """
        visit = _attempt(url, "article", source)
        page, visit, message = await self._fetched(visit, held)
        if page is None:
            return await self._noted(visit, message)
        captures = await self._appended(page)
        visit = answered(replace(visit, capture=captures[-1].record_id if captures else None), page)
        if visit.outcome != "new":
            return await self._noted(visit, why(visit), captures)
        try:
            return await self._understood(visit, page, captures)
        except NotAnArticle as error:
            return await self._noted(replace(visit, outcome="not-article", reason=error.reason), str(error), captures)
        except (ExtractError, FetchError) as error:
            return await self._noted(replace(visit, outcome="failed", reason=error.reason), str(error), captures)

    async def poll(self, kind: str, url: str, *, source: str | None, held: str | None = None, thorough: bool) -> Told:
        """Ask a source for links; it is kept when its bytes changed.

        thorough: read it also when it is unchanged, because what it announced is not known any more.
        """
        role: Role = {"feed": "feed", "home": "front", "front": "front"}.get(kind, "sitemap")  # type: ignore[assignment]
        visit = _attempt(url, role, source)
        page, visit, message = await self._fetched(visit, held)
        if page is None:
            return await self._noted(visit, message)
        visit, captures = await self._changed(answered(visit, page), page)
        if visit.outcome not in ("new", "revised", "unchanged"):
            return await self._noted(visit, why(visit), captures)
        if visit.outcome == "unchanged" and not thorough:
            return await self._noted(visit, None, captures, announced=Announced())
        head, body = await self._payload(page.answer)
        try:
            since = _now() - self._manners.max_age if self._manners.max_age else _EVER
            told = await self._workers.think(read_polled, kind, since, head, body, page.answer.url)
        except (Unreadable, ExtractError, FetchError) as error:
            return await self._noted(replace(visit, outcome="failed", reason=error.reason), str(error), captures)
        return await self._noted(visit, None, captures, announced=told)

    # ── fetch and append ─────────────────────────────────────────────────────────────────────────────────────────────

    async def _fetched(self, visit: Visit, held: str | None) -> tuple[Page | None, Visit, str | None]:
        """The page, or the visit as it failed and why; the hops that were answered are kept either way."""
        try:
            async with self.gate.visit(held=held):
                page = await self._fetcher.page(visit.url, validators=self._validators)
        except FetchError as error:
            self.gate.settle(error.exchanges)
            if error.exchanges:
                await self._appended(Page(exchanges=error.exchanges))
            outcome: Outcome = "refused" if isinstance(error, Refused) else "failed"
            return None, replace(visit, outcome=outcome, reason=error.reason), str(error)
        self.gate.settle(page.exchanges)
        return page, visit, None

    async def _appended(self, page: Page) -> tuple[Capture, ...]:
        if self._archive is None:
            return ()
        return await self.in_order(self._archive.append, page)

    async def _changed(self, visit: Visit, page: Page) -> tuple[Visit, tuple[Capture, ...]]:
        """A poll's page is appended when its bytes are not those of the newest capture."""
        before = await self._latest_whole(page.answer.url)
        same = before is not None and before.payload_digest == sha1(page.answer.body)
        if visit.status == 304 or (visit.outcome == "new" and same):
            return replace(visit, outcome="unchanged", reason=None), ()
        captures = await self._appended(page)
        outcome: Outcome = "revised" if visit.outcome == "new" and before else visit.outcome
        return replace(visit, outcome=outcome, capture=captures[-1].record_id if captures else None), captures

    async def _payload(self, answer: Exchange) -> tuple[bytes, bytes]:
        """What the answer means: its own head and body, or, of a 304, those of the capture it points to."""
        if status_of(answer.response_head) != 304 or self._archive is None:
            return answer.response_head, answer.body
        whole = await self._latest_whole(answer.url)
        return await self.in_order(self._archive.payload, whole) if whole else (answer.response_head, answer.body)

    async def _latest_whole(self, url: str) -> Capture | None:
        return await self._asked(lambda reading: reading.latest_whole(url))

    # ── understand, compare, keep ────────────────────────────────────────────────────────────────────────────────────

    async def _understood(self, visit: Visit, page: Page, captures: tuple[Capture, ...]) -> Told:
        asked = known_by(visit.url)
        if captures and (seen := await self._seen(captures[-1], asked)):
            visit = replace(visit, outcome="unchanged", article=seen.article, aliases=aliases(page))
            return await self._noted(visit, None, captures, revision=seen)
        head, body = await self._payload(page.answer)
        article: Article = await self._workers.think(understand, head, body, page.answer.url)
        if self._archive is None:
            return Told(visit=replace(visit, article=article.canonical_url), article=article)
        known = await self._asked(lambda reading: known_as(
            article.canonical_url, asked=asked, moved=moved(page), article_at=reading.article_at
        ))  # fmt: skip
        article = replace(article, canonical_url=known)
        return await self._kept(replace(visit, article=known, aliases=aliases(page)), article, captures)

    async def _seen(self, capture: Capture, asked: str) -> Revision | None:
        """The latest revision, when it was understood from these very bytes."""

        def look(reading: Any) -> Revision | None:
            article = reading.article_at(asked)
            latest: Revision | None = reading.latest(article) if article else None
            before = reading.capture(latest.capture) if latest else None
            return latest if before and before.holder == capture.holder else None

        return await self._asked(look) if capture.revisit_of else None

    async def _kept(self, visit: Visit, article: Article, captures: tuple[Capture, ...]) -> Told:
        """Keep the article if it says something new; decide anew when another process kept one meanwhile."""
        assert self._archive is not None
        while True:
            latest = await self._asked(lambda reading: reading.latest(article.canonical_url))
            change = await self._compared(article, latest)
            if change.verdict is None:
                visit = replace(visit, outcome="unchanged")
                return await self._noted(visit, None, captures, article=article, revision=latest, change=change)
            outcome: Outcome = "unchanged" if change.verdict == "facts" else change.verdict
            revision = await self.in_order(
                self._archive.keep, article, replace(visit, outcome=outcome),
                verdict=change.verdict, after=latest.record_id if latest else None, facts_changed=change.facts_changed,
            )  # fmt: skip
            if revision is not None:
                outcome = "copy" if revision.verdict == "copy" else outcome
                return Told(
                    visit=replace(visit, outcome=outcome), captures=captures, article=article, revision=revision,
                    facts_changed=change.facts_changed,
                )  # fmt: skip

    async def _compared(self, article: Article, latest: Revision | None) -> Change:
        """Like with like: when the extractor is another one, the earlier capture is read by today's."""
        if latest is None or same_extractor(article, latest) or self._archive is None:
            return compare(article, latest)
        baseline: Article | None = None
        with suppress(NotAnArticle, ExtractError, FetchError):
            capture = await self._asked(lambda reading: reading.capture(latest.capture))
            head, body = await self.in_order(self._archive.payload, capture)
            baseline = await self._workers.think(understand, head, body, latest.facts.url)
        return compare(article, latest, baseline=baseline)

    # ── the archive ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def in_order(self, call: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """The call, made by the archive's one thread, after all that were asked for before it."""
        return await asyncio.get_running_loop().run_in_executor(self._in_order, lambda: call(*arguments, **named))

    async def _asked(self, question: Callable[[Any], T | None]) -> T | None:
        """The answer of the catalog; None when nothing is kept."""
        archive = self._archive
        if archive is None:
            return None

        def answer() -> T | None:
            with archive.reading() as reading:
                return question(reading)

        return await self.in_order(answer)

    async def _noted(
        self, visit: Visit, message: str | None, captures: tuple[Capture, ...] = (), *, article: Article | None = None,
        revision: Revision | None = None, change: Change | None = None, announced: Announced | None = None,
    ) -> Told:  # fmt: skip
        if self._archive is not None:
            await self.in_order(self._archive.note, visit)
        return Told(
            visit=visit, message=message, captures=captures, article=article, revision=revision,
            facts_changed=change.facts_changed if change else (), announced=announced,
        )  # fmt: skip

    def _validators(self, url: str) -> Validators | None:
        if self._archive is None:
            return None
        with self._archive.reading() as reading:
            return reading.validators(url)

    async def _keep_robots(self, url: str, came: Page | FetchError) -> None:
        visit = _attempt(url, "robots", None)
        if isinstance(came, FetchError):
            outcome: Outcome = "refused" if isinstance(came, Refused) else "failed"
            await self._noted(replace(visit, outcome=outcome, reason=came.reason), str(came))
        else:
            visit, _ = await self._changed(answered(visit, came), came)
            await self._noted(visit, None)

    async def _good_robots(self, url: str) -> bytes | None:
        whole = await self._latest_whole(url)
        if whole is None or self._archive is None or _now() - whole.captured_at > _ROBOTS_AGE:
            return None
        head, body = await self.in_order(self._archive.payload, whole)
        return decoded(head, body, limit=LARGEST_ROBOTS, url=url)

    async def kept(self, keys: list[str]) -> set[str]:
        """Which of these normalised URLs lead to an article that was kept."""
        return await self._asked(lambda reading: reading.known(keys)) or set()

    def close(self) -> None:
        """Let the archive's thread end. The archive itself stays open."""
        self._in_order.shutdown()


def _attempt(url: str, role: Role, source: str | None) -> Visit:
    return Visit(
        visit_id=f"urn:uuid:{uuid.uuid4()}", url=url, visited_at=_now(), role=role, outcome="new", source=source
    )


def _now() -> datetime:
    return datetime.now(UTC)


__all__ = ["PRODUCT", "ArchiveError", "Line", "Manners", "Told"]
