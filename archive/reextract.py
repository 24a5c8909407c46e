"""New understanding of what was kept, with today's extractor: first what would change, then, if wanted, the change.

    for reread in reextract(archive, wanted, clean=…):   # reads; nothing is written
        accept(writer, reread, now=…)                    # a new conversion for each text or fact that reads otherwise
    settle_copies(writer, now=…)                         # who told a text first, when all of them are read

Nothing is lost: a revision that is replaced is ruled superseded, its text stays where it is and is found by its name.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from archive.catalog import Reading
from archive.errors import Damaged
from archive.finding import Conditions
from archive.reader import Archive
from archive.records import FOR_THE_SITE, REVISING, Article, Facts, Revision, Ruling, Site, Standing
from archive.writer import Writer

# Facts by which the extractor shows that it reads a page otherwise: it is the same page, whatever its site builds anew.
_TOLD = (*REVISING, "modified", "image", "image_caption", "image_credit", "disagreements")
_ARTICLES_AT_ONCE = 200  # whose names are asked of the catalog at a time


class SavedPage(NamedTuple):
    """A page as it was kept."""

    head: bytes  # of the response
    body: bytes  # with its content coding
    url: str  # after redirects
    site: Site | None = None  # what was known of its site at that time


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A page that gives no article today: its revision is left as it is."""

    reason: str  # one word: "no-text", "parser-timeout", "damaged", …
    message: str


Clean = Callable[[Iterable[SavedPage]], Iterator[Article | Unread]]  # an answer a page, in order; it may read ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What would become of one revision."""

    revision: Revision  # as it stands
    now: Article | None  # what takes its place; None: no text of its own does
    verdict: Standing  # of what takes its place, or of the revision itself; "superseded": it reads as the one before it
    facts_changed: tuple[str, ...]  # since the revision before

    @property
    def is_of_text(self) -> bool:
        """Whether the text itself reads otherwise."""
        return self.now is not None and self.now.sha256 != self.revision.sha256

    @property
    def facts(self) -> tuple[str, ...]:
        """The names of the facts that read otherwise than they were kept."""
        return _differing(self.now, self.revision.facts, _TOLD) if self.now else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """One article as today's extractor reads each of its revisions' pages."""

    standing: tuple[Revision, ...]  # its revisions, oldest first
    changes: tuple[Change, ...]
    unread: tuple[tuple[Revision, Unread], ...]


def reextract(archive: Archive, wanted: Conditions, *, clean: Clean) -> Iterator[Reread]:
    """Every article of which a revision is wanted, read again; writes nothing, and holds a few pages at a time.

    clean: today's extractor over many pages.
    """
    begun: deque[tuple[Revision, ...]] = deque()
    answers = _answers(_pages(archive, wanted, begun), clean)
    for first in answers:
        standing = begun.popleft()
        readings = (first, *islice(answers, len(standing) - 1))
        yield Reread(
            standing=standing,
            changes=tuple(_changes(standing, readings, archive.article)),
            unread=tuple((each, why) for each, why in zip(standing, readings, strict=True) if isinstance(why, Unread)),
        )


def accept(archive: Writer, reread: Reread, *, now: datetime) -> bool:
    """Make the changes of one article, all or none; False when its revisions are others by now: then read it again.

    Raises WriteFailed or ReadOnly.
    """
    with archive.together():
        article = reread.standing[0].article
        with archive.reading() as reading:
            if tuple(reading.revisions_of(article)) != reread.standing:
                return False
            ruled = reading.rulings_on([article])
        for change in reread.changes:
            if change.now and change.verdict != "superseded":
                archive.keep_again(
                    change.now, change.revision, verdict=change.verdict, facts_changed=change.facts_changed
                )
        archive.rule([_ruling(change, ruled.get(change.revision.record_id), now) for change in reread.changes])
    return True


def settle_copies(archive: Writer, *, now: datetime) -> int:
    """A copy is what another article told first, by the dates of the captures: a word on each text that is one now, or
    is one no more, since other articles are read otherwise. How many. Raises WriteFailed or ReadOnly.
    """
    count, after = 0, ""
    while True:
        with archive.together():
            with archive.reading() as reading:
                told = reading.texts_told_twice(after=after, limit=_ARTICLES_AT_ONCE)
                rulings = list(_on_copies(reading, told, now))
            archive.rule(rulings)
        if not told:
            return count
        count, after = count + len(rulings), told[-1]


def _on_copies(reading: Reading, texts: Collection[str], now: datetime) -> Iterator[Ruling]:
    standing = [each for each in reading.revisions_with("sha256", texts) if each.verdict != "superseded"]
    standing.sort(key=lambda each: (each.captured_at, each.article))
    first = {each.sha256: each.article for each in reversed(standing)}
    ruled = reading.rulings_on({each.article for each in standing})
    for each in standing:
        is_copy = first[each.sha256] != each.article
        kind: Standing = "copy" if is_copy else "new"
        verdict = kind if each.verdict in ("new", "copy") else each.verdict
        copy_of = each.pressmark if is_copy else None
        if (verdict, copy_of) != (each.verdict, each.copy_of):
            yield Ruling(
                revision=each.record_id,
                ruled_at=_after(ruled.get(each.record_id), now),
                reason="reextract",
                verdict=verdict,
                copy_of=copy_of,
                facts_changed=each.facts_changed,
            )


def _after(before: Ruling | None, now: datetime) -> datetime:
    """Later than any word before it, whatever the clock says."""
    return max(now, before.ruled_at + timedelta(microseconds=1)) if before else now


def _ruling(change: Change, before: Ruling | None, now: datetime) -> Ruling:
    """What the revision itself is from now on: out of the row, or another kind of revision."""
    stays = change.now is None and change.verdict != "superseded"
    return Ruling(
        revision=change.revision.record_id,
        ruled_at=_after(before, now),
        reason="reextract",
        verdict=change.verdict if stays else "superseded",
        copy_of=change.revision.copy_of,
        facts_changed=change.facts_changed if stays else change.revision.facts_changed,
    )


def _pages(archive: Archive, wanted: Conditions, begun: deque[tuple[Revision, ...]]) -> Iterator[SavedPage | Unread]:
    """The pages of all revisions, article by article; `begun` gets the revisions of each article as it begins."""
    after, known = "", _Known(archive)
    while True:
        with archive.reading() as reading:
            articles = reading.articles_where(wanted, after=after, limit=_ARTICLES_AT_ONCE)
        for after in articles:
            with archive.reading() as reading:
                standing = tuple(reading.revisions_of(after))
            if standing:  # else somebody else has superseded them since
                begun.append(standing)
                yield from (_page(archive, revision, known) for revision in standing)
        if not articles:
            return


class _Known:
    """What was learned of the sites, by the time of a capture; articles come by URL, so a site's come together."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self.periods = lru_cache(maxsize=16)(self._periods)
        self.state = lru_cache(maxsize=16)(self._state)

    def at(self, name: str, captured_at: datetime) -> Site | None:
        """The state in whose period it lies: the newest whose layout had begun by then, else the first; if any."""
        periods = self.periods(name)
        begun = (number for began, number in periods if began <= captured_at)
        return self.state(name, next(begun, periods[-1][1])) if periods else None

    def _periods(self, name: str) -> list[tuple[datetime, int]]:
        with self._archive.reading() as reading:
            return reading.periods(name)

    def _state(self, name: str, number: int) -> Site | None:
        with self._archive.reading() as reading:
            return reading.site(name, number=number)


def _page(archive: Archive, revision: Revision, known: _Known) -> SavedPage | Unread:
    with archive.reading() as reading:
        capture = reading.capture(revision.capture)
    if capture is None:
        return Unread(reason="no-capture", message=f"{revision.capture} is not in this archive any more")
    try:
        state = known.at(revision.facts.site, revision.captured_at)
        return SavedPage(*archive.payload(capture), revision.facts.url, state)
    except Damaged as damage:
        return Unread(reason="damaged", message=str(damage))


def _answers(pages: Iterator[SavedPage | Unread], clean: Clean) -> Iterator[Article | Unread]:
    """An answer for each page, in order; those that cannot be read are not asked for."""
    ahead: deque[Unread | None] = deque()  # what is known of the pages that were taken and not answered yet

    def asked() -> Iterator[SavedPage]:
        for page in pages:
            ahead.append(page if isinstance(page, Unread) else None)
            if not isinstance(page, Unread):
                yield page

    for answer in clean(asked()):
        while (unread := ahead.popleft()) is not None:
            yield unread
        yield answer
    yield from (unread for unread in ahead if unread)


def _changes(
    standing: Sequence[Revision], readings: Sequence[Article | Unread], kept: Callable[[Revision], Article]
) -> Iterator[Change]:
    """What would become of each revision. Its article stays the one it is, whatever the page says today.

    Of consecutive ones that now read the same the first alone stays. Where one stays as it is and the one before it
    does not, it may be another kind of revision.
    """
    before: tuple[str, Facts] | None = None  # text and facts of the one before, as they will be
    moved = False  # whether that is no longer what it was
    replaced_at: datetime | None = None
    for revision, reading in zip(standing, readings, strict=True):
        now = _in_place_of(revision, reading) if isinstance(reading, Article) else None
        if now and not _reads_otherwise(now, revision):
            now = None
        if now is None and replaced_at == revision.captured_at:
            # Revisions of the same moment stand in the order in which they were written: so this one is, again.
            now = kept(revision)
        text, facts = (now.sha256, now) if now else (revision.sha256, revision.facts)
        verdict, changed = _measured(text, facts, before)
        if now:
            replaced_at = revision.captured_at
            yield Change(revision=revision, now=now, verdict=verdict, facts_changed=changed)
        elif moved and verdict != revision.verdict:
            yield Change(revision=revision, now=None, verdict=verdict, facts_changed=changed)
        before, moved = (text, facts), now is not None


def _in_place_of(revision: Revision, reading: Article) -> Article:
    """The reading as the article that it was kept as, with what a file reserved for its site then: no page holds it."""
    facts = revision.facts
    filed = (each for each in facts.reservations if facts.origin_of(each) == FOR_THE_SITE)
    unsaid = [each for each in filed if not reading.origin_of(each)]
    return replace(
        reading,
        canonical_url=revision.article,
        reservations=tuple(sorted((*reading.reservations, *unsaid))),
        origins={**reading.origins, **{f"reservations:{each.partition('=')[0]}": FOR_THE_SITE for each in unsaid}},
    )


def _measured(text: str, facts: Facts, before: tuple[str, Facts] | None) -> tuple[Standing, tuple[str, ...]]:
    """What a revision is after the one before it; "superseded" when it says nothing else."""
    if before is None:
        return "new", ()
    changed = _differing(facts, before[1], REVISING)
    if text != before[0]:
        return "revised", changed
    return ("facts" if changed else "superseded"), changed


def _reads_otherwise(now: Article, revision: Revision) -> bool:
    return now.sha256 != revision.sha256 or bool(_differing(now, revision.facts, _TOLD))


def _differing(now: Facts, before: Facts, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if now.said(name) != before.said(name))
