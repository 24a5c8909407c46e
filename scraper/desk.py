"""The archive as the line sees it. One thread works on it, in order, so that the event loop never waits for a disk."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol, TypeVar

from archive import Writer
from archive.catalog import Reading
from archive.heads import status_of
from archive.records import Article, Capture, Exchange, Outcome, Page, Revision, Validators, Visit
from archive.warc import sha1
from scraper.compare import Change, known_as

T = TypeVar("T")


class Desk(Protocol):
    """What the line asks of an archive. Every method may raise ArchiveError: then nothing more can be kept."""

    keeps: bool  # whether anything is kept at all

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

    async def keep(self, article: Article, visit: Visit, change: Change, latest: Revision | None) -> Revision | None:
        """A new revision; None when another process kept one since `latest`."""

    async def note(self, visit: Visit) -> None:
        """Leave the visit."""

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

    async def answered_at(self, url: str) -> datetime | None:
        """When exactly that URL was last visited and brought what it should."""

    def validators(self, url: str) -> Validators | None:
        """What a conditional request for exactly that URL may name."""

    def close(self) -> None:
        """Let go. The archive itself stays open."""


class ArchiveDesk:
    """The desk of an archive that is written to."""

    keeps = True

    def __init__(self, archive: Writer) -> None:
        self._archive = archive
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archive")

    async def in_order(self, call: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """The call, made by the archive's one thread, after all that were asked for before it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: call(*arguments, **named))

    async def _asked(self, question: Callable[[Reading], T]) -> T:
        def answer() -> T:
            with self._archive.reading() as reading:
                return question(reading)

        return await self.in_order(answer)

    async def append(self, visit: Visit, page: Page) -> tuple[Capture, ...]:
        notes = [("visit", visit.visit_id), ("role", visit.role), *([("source", visit.source)] if visit.source else [])]
        return await self.in_order(self._archive.append, page, notes)

    async def append_changed(self, visit: Visit, page: Page) -> tuple[Visit, tuple[Capture, ...]]:
        known = await self._asked(lambda reading: reading.captures_of(page.answer.url, limit=1))
        before = known[0] if known else None
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
        return await self.in_order(self._archive.payload, capture) if capture else None

    async def keep(self, article: Article, visit: Visit, change: Change, latest: Revision | None) -> Revision | None:
        after = latest.record_id if latest else None
        changed, verdict = change.facts_changed, change.verdict
        return await self.in_order(
            self._archive.keep, article, visit, verdict=verdict, after=after, facts_changed=changed
        )

    async def note(self, visit: Visit) -> None:
        await self.in_order(self._archive.note, visit)

    async def known(self, keys: list[str]) -> set[str]:
        return await self._asked(lambda reading: reading.known(keys))

    async def newest(self, url: str) -> tuple[Capture, bytes, bytes] | None:
        capture = await self._asked(lambda reading: reading.latest_whole(url))
        return (capture, *await self.in_order(self._archive.payload, capture)) if capture else None

    async def captured_at(self, url: str) -> datetime | None:
        known = await self._asked(lambda reading: reading.captures_of(url, limit=1))
        return known[0].captured_at if known else None

    async def answered_at(self, url: str) -> datetime | None:
        visits = await self._asked(lambda reading: reading.last_visits(url, limit=100))
        answered = (visit.visited_at for visit in visits if visit.outcome in ("new", "revised", "unchanged"))
        return next(answered, None)

    async def journal(self) -> None:
        await self.in_order(self._archive.journal)

    async def close_warc(self) -> None:
        await self.in_order(self._archive.journal)
        await self.in_order(self._archive.close_warc)

    def validators(self, url: str) -> Validators | None:
        with self._archive.reading() as reading:
            return reading.validators(url)

    def close(self) -> None:
        self._thread.shutdown()


class NoDesk:
    """The desk of a fetch that keeps nothing: it knows nothing and forgets everything."""

    keeps = False

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

    async def keep(self, article: Article, visit: Visit, change: Change, latest: Revision | None) -> Revision | None:
        raise NotImplementedError("a line that keeps nothing does not ask for it")

    async def note(self, visit: Visit) -> None:
        return

    async def known(self, keys: list[str]) -> set[str]:
        return set()

    async def newest(self, url: str) -> tuple[Capture, bytes, bytes] | None:
        return None

    async def captured_at(self, url: str) -> datetime | None:
        return None

    async def answered_at(self, url: str) -> datetime | None:
        return None

    async def journal(self) -> None:
        return

    async def close_warc(self) -> None:
        return

    def validators(self, url: str) -> Validators | None:
        return None

    def close(self) -> None:
        return
