"""Sites are learned between visits: one at a time, in a process of its own that gives way to all others.

It reads the archive itself, so neither the line nor its desk waits for it; and when it dies, a page less is cleaned by
a template, and no more.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from archive import Archive, open_archive
from archive.errors import ArchiveError, Damaged, ReadOnly, WriteFailed
from archive.records import Facts, Revision, Site
from scraper.desk import Desk
from scraper.errors import ExtractError, FetchError
from scraper.extract import LARGEST, charset_in
from scraper.learning import Attempt, Report, Why, layout_began, next_state, why_learn
from scraper.wire import decoded
from scraper.workers import Workers

if TYPE_CHECKING:
    from scraper.extract.learning import Example

_SECONDS: Final = 120.0  # for one site; forty pages take two
_IDLE_SECONDS: Final = 20.0  # then the process ends; a new one costs as much as a whole extraction of forty pages
_GIVES_WAY: Final = 10  # niceness


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What became of a site that was due to be learned."""

    site: str
    why: Why
    state: Site | None = None  # the new one; None: there is none, for nothing new was taught
    failure: str | None = None  # what went wrong


class School:
    """What is waiting to be learned."""

    def __init__(
        self, desk: Desk, *, root: Path, catalog: str | None, megabytes: int, seconds: float = _SECONDS
    ) -> None:
        """root, catalog: of the desk's archive, as for `open_archive`.

        megabytes: address space of the process; seconds: that one site may take.
        """
        self._desk = desk
        self._place = root, catalog
        self._workers = Workers(1, seconds=seconds, megabytes=megabytes, idle_seconds=_IDLE_SECONDS)
        self._waiting: dict[str, None] = {}  # sites, in the order in which they are looked at
        self._tried: dict[str, Attempt] = {}
        self._is_closed = False

    def saw(self, site: str) -> None:
        """An article of that site was read: it may be due."""
        self._waiting[site] = None

    @property
    def is_waited_for(self) -> bool:
        """Whether a site may be due."""
        return bool(self._waiting) and not self._is_closed

    async def look_at_all(self) -> None:
        """Any site may be due: another process may have died while it learned one."""
        for name in await self._desk.sites():
            self.saw(name)

    async def next(self) -> Lesson | None:
        """Learn the next site that is due; None when none is.  Raises ArchiveError when the archive cannot be read."""
        while self._waiting and not self._is_closed:
            name = next(iter(self._waiting))
            del self._waiting[name]
            report, now = await self._desk.report(name), datetime.now(UTC)
            why = why_learn(report, now=now, tried=self._tried.get(name))
            if why:
                return await self._learned(name, report, why, now)
        return None

    async def _learned(self, name: str, report: Report, why: Why, now: datetime) -> Lesson | None:
        failure, memory = None, None
        self._tried[name] = Attempt(why=why, at=now)
        try:
            began = layout_began(report, why, now=now)
            memory = await self._workers.think(memory_kept, *self._place, began, name)
        except (ExtractError, ArchiveError) as error:
            if self._is_closed:
                return None
            failure = str(error)
        state = next_state(name, report, why, memory, now=now)
        if state is None:
            return Lesson(site=name, why=why, failure=failure)
        try:
            is_new = await self._desk.remember(state)
        except (WriteFailed, ReadOnly) as error:
            return Lesson(site=name, why=why, failure=f"not kept: {error}")
        if is_new and failure is None:
            del self._tried[name]
        return Lesson(site=name, why=why, state=state if is_new else None, failure=failure)

    def close(self) -> None:
        """End the process that learns; whatever it is at is learned another time."""
        self._is_closed = True
        self._workers.close()


# ── in the worker


def memory_kept(root: Path, catalog: str | None, began: datetime | None, name: str) -> dict[str, Any]:
    """What the newest articles of a site teach, as an archive holds them.

    began: when the layout of today did; None: it has been the same always. Raises ArchiveError.
    """
    from scraper.extract.learning import MOST_PAGES, memory_of  # noqa: PLC0415  whoever names this does not pay for it

    os.setpriority(os.PRIO_PROCESS, 0, _GIVES_WAY)
    with open_archive(root, catalog=catalog) as archive:
        with archive.reading() as reading:
            newest_first = reading.articles_of(name, limit=MOST_PAGES)
        return memory_of(_examples(archive, newest_first), since=began)


def _examples(archive: Archive, newest_first: Sequence[Revision]) -> "Iterator[Example]":
    """The pages behind these revisions; one that cannot be read any more, or ended its worker, teaches nothing."""
    from scraper.extract.learning import Example  # noqa: PLC0415

    for revision in newest_first:
        with archive.reading() as reading:
            capture = reading.capture(revision.capture)
        if capture is None or "after" in revision.facts.extractor:
            continue
        with suppress(Damaged, FetchError):
            head, body = archive.payload(capture)
            yield Example(
                url=revision.facts.url,
                body=decoded(head, body, limit=LARGEST, url=revision.facts.url),
                charset=charset_in(head),
                captured_at=revision.captured_at,
                paragraphs=archive.article(revision).paragraphs if _is_by_the_teacher(revision.facts) else None,
            )


def _is_by_the_teacher(facts: Facts) -> bool:
    """Whether the kept text is what the teacher of today would find, by itself: then it need not be asked again."""
    from scraper.extract.boilerplate import VERSIONS  # noqa: PLC0415
    from scraper.extract.facts import FACTS  # noqa: PLC0415
    from scraper.extract.lines import RULES  # noqa: PLC0415

    today = {**VERSIONS, "facts": FACTS, "rules": RULES}
    return facts.site_memory is None and today.items() <= dict(facts.extractor).items()
