"""Writing an archive.

    append(page)  → captures        the WARC members are on the medium, then the catalog's rows
    keep(article) → revision        conversion record, text file, sidecar, then the catalog's rows
    note(visit)                     an attempt, whatever came

Many processes may write at once, each to WARC files of its own; the catalog's transactions order them.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from archive import index, recovery, texts
from archive.catalog import Catalog, Reading, Writing
from archive.errors import NotFound
from archive.heads import status_of
from archive.members import Record
from archive.reader import Archive
from archive.records import Article, Capture, Exchange, Page, Revision, Ruling, Site, Verdict, Visit
from archive.warc import Draft, WarcFile, capture_group, conversion, resource, sha1

_JOURNAL_EVERY = timedelta(minutes=15)


class Writer(Archive):
    """A writer of one archive folder: a reader that also appends and keeps. Not for two threads at once."""

    def __init__(self, root: Path, catalog: Catalog, lock: int, *, warc_size: int) -> None:
        super().__init__(root, catalog)
        self._lock: int | None = lock
        self._warc_size = warc_size
        self._file: WarcFile | None = None
        self._journalled_at: datetime | None = None
        self.recovered = recovery.recover(root, catalog)

    def append(self, page: Page, notes: Sequence[tuple[str, str]] = ()) -> tuple[Capture, ...]:
        """The page's exchanges as captures, hop by hop, on the medium and in the catalog.

        A payload that an earlier capture of the URL holds whole becomes a revisit, an empty one never; a 304 becomes
        one of the newest whole capture, if there is one.
        notes: how the fetch went, for the metadata records. Raises WriteFailed or ReadOnly.
        """
        with self._undoing():
            written = self._write(self._capture_drafts(page, notes))
            made = tuple(index.capture_from(group[0], group[-1], self._path) for group in index.groups(written))
            with self._committing() as writing:
                writing.add_captures(made)
                writing.set_warc(self._path, self._size, None)
        return made

    def keep(
        self,
        article: Article,
        visit: Visit,
        *,
        verdict: Verdict,
        after: str | None,
        facts_changed: tuple[str, ...] = (),
    ) -> Revision | None:
        """The article as a new revision, and the visit that brought it; None when somebody else kept one since.

        visit: its `capture` is what the article was understood from. after: record id of the revision that the verdict
        was measured against, None when there was none; when it is no longer the latest, nothing is kept and the caller
        decides anew. A text whose bytes were kept before gets no second file; as the first text of another article it
        becomes a copy. Raises WriteFailed, ReadOnly or NotFound.
        """
        text = article.text.encode()
        sha256 = hashlib.sha256(text).hexdigest()
        with self._undoing(), self._committing() as writing:
            capture = writing.capture(visit.capture or "")
            if capture is None:
                raise NotFound(str(visit.capture), "no such capture; append the page before keeping its article")
            # What a dead writer kept counts: it may have given the next name, or be the latest revision.
            recovery.take_in(self.root, writing, self._recent_folders())
            latest = writing.latest(article.canonical_url)
            if (latest.record_id if latest else None) != after:
                return None
            decision = _decide(writing, article, sha256, capture, verdict=verdict, facts_changed=facts_changed)
            return self._keep(writing, article, text, decision, capture, visit)

    def _keep(
        self, writing: Writing, article: Article, text: bytes, decision: index.Decision, capture: Capture, visit: Visit
    ) -> Revision:
        """Conversion record, text file and sidecar, rows: in this order, and all or nothing."""
        said = index.facts_and(decision, article)
        draft = conversion(text, said, url=article.canonical_url, refers_to=capture.record_id, at=_now())
        [record] = self._write([draft])
        revision = index.revision_from(record, text, self._path)
        try:
            if revision.names_file:
                texts.write(self.root, revision, text, capture)
            writing.add_revision(revision)
            writing.add_visit(replace(visit, outcome="copy") if revision.verdict == "copy" else visit)
            writing.set_warc(self._path, self._size, None)
        except BaseException:
            if revision.names_file:
                texts.drop(self.root, revision)
            raise
        return revision

    def note(self, visit: Visit) -> None:
        """The visit in the catalog; a record holds it when this writer closes.

        Or before: with the first visit noted 15 minutes after the last journal, or when the caller journals.
        """
        with self.catalog.writing() as writing:
            writing.add_visit(visit)
        if self._journalled_at is None:
            self._journalled_at = _now()
        elif _now() - self._journalled_at > _JOURNAL_EVERY:
            self.journal()

    def journal(self) -> None:
        """Write the visits that no record holds yet into one. Raises WriteFailed or ReadOnly."""
        self._journalled_at = _now()
        with self._undoing(), self._committing() as writing:
            visits = writing.unwritten_visits()
            if not visits:
                return
            [record] = self._write([resource(index.urn(index.VISITS), b"".join(map(index.line, visits)), at=_now())])
            writing.mark_written([visit.visit_id for visit in visits], record.record_id)
            writing.set_warc(self._path, self._size, None)

    def remember(self, site: Site) -> None:
        """A new state of what was learned about a host: record and row. Raises WriteFailed or ReadOnly."""
        self._state(
            f"{index.SITE}:{site.site}:{site.number}",
            [site],
            lambda writing, record: writing.add_site(site, record=record),
        )

    def rule(self, rulings: Sequence[Ruling]) -> None:
        """Later words on revisions: record and rows. Raises WriteFailed or ReadOnly."""

        def add(writing: Writing, record: str) -> None:
            for ruling in rulings:
                writing.add_ruling(ruling, record=record)

        if rulings:
            self._state(index.urn(index.RULINGS), rulings, add)

    def _state(self, urn: str, values: Sequence[Ruling | Site], add: Callable[[Writing, str], None]) -> None:
        """A resource record with these values, and their rows."""
        with self._undoing(), self._committing() as writing:
            [record] = self._write([resource(urn, b"".join(map(index.line, values)), at=_now())])
            add(writing, record.record_id)
            writing.set_warc(self._path, self._size, None)

    def _capture_drafts(self, page: Page, notes: Sequence[tuple[str, str]]) -> list[Draft]:
        drafts: list[Draft] = []
        hop_from: str | None = None
        with self.reading() as reading:
            for exchange in page.exchanges:
                group = capture_group(exchange, original=_original(reading, exchange), hop_from=hop_from, notes=notes)
                hop_from = group[0].record_id
                drafts.extend(group)
        return drafts

    def _write(self, drafts: Sequence[Draft]) -> list[Record]:
        """Append the drafts to this run's WARC file, and wait until they are on the medium."""
        if self._file is None:
            self._file = WarcFile(self.root, now=_now(), software=f"pressmark/{version('pressmark')}")
        places = self._file.append(drafts)
        return [index.as_record(draft, place) for draft, place in zip(drafts, places, strict=True)]

    @contextmanager
    def _undoing(self) -> Iterator[None]:
        """A block that appends once and commits: when the commit fails, the bytes are taken back."""
        self._rotate()
        before = (self._path, self._size)
        try:
            yield
        except BaseException:
            if self._file and (self._path, self._size) != before:
                self._file.take_back()
            raise

    @contextmanager
    def _committing(self) -> Iterator[Writing]:
        """A transaction over what was appended.

        When its commit fails nobody knows whether it stands (a connection may be lost on the way back): the bytes are
        not taken back then, but the file let go as a dead writer's, whose recovery finds out.
        """
        at_commit = False
        try:
            with self.catalog.writing() as writing:
                yield writing
                at_commit = True
        except BaseException:
            if at_commit and self._file:
                self._file.dead = True
            raise

    def _rotate(self) -> None:
        """Close the WARC file when it is full, dead or of another day; before a transaction, because closing is one."""
        file = self._file
        if file and (file.dead or file.size >= self._warc_size or file.opened_at.date() != _now().date()):
            self.close_warc()

    @property
    def _path(self) -> str:
        return self._file.path if self._file else ""

    @property
    def _size(self) -> int:
        return self._file.size if self._file else 0

    def _recent_folders(self) -> list[Path]:
        """Where those who gave names in the folders of today and yesterday wrote."""
        now = _now()
        return [self.root / "warc" / f"{day:%Y/%m/%d}" for day in (now - timedelta(days=1), now)]

    def close_warc(self) -> None:
        """Close this run's WARC file: manifest, final name, read-only. The next append opens another."""
        file, self._file = self._file, None
        if file is None:
            return
        sha256 = file.close()
        if sha256:
            with self.catalog.writing() as writing:
                writing.set_warc(file.path, file.size, sha256)

    def close(self) -> None:
        """Write what is not written, close the WARC file, let go of catalog and lock: each of them, whatever fails."""
        lock, self._lock = self._lock, None
        if lock is None:
            return
        with ExitStack() as last:
            last.callback(os.close, lock)
            last.callback(super().close)
            last.callback(self.close_warc)
            self.journal()


def _now() -> datetime:
    return datetime.now(UTC)


def _original(reading: Reading, exchange: Exchange) -> Capture | None:
    """The response whose payload this exchange brought again, if there is one."""
    if status_of(exchange.response_head) == 304:
        whole = reading.latest_whole(exchange.url)
        return reading.capture(whole.holder) if whole else None
    if not exchange.body or exchange.truncated:
        return None
    return reading.payload_of(exchange.url, sha1(exchange.body))


def _decide(
    writing: Writing,
    article: Article,
    sha256: str,
    capture: Capture,
    *,
    verdict: Verdict,
    facts_changed: tuple[str, ...],
) -> index.Decision:
    """A decision and its file's name: that of the first text with these bytes, if there is one, or the next free."""
    first = writing.first_with(sha256)
    elsewhere = first is not None and first.article != article.canonical_url
    return index.Decision(
        verdict="copy" if elsewhere and verdict == "new" else verdict,
        text_file=first.text_file if first else _free_name(writing, article.site, sha256, capture.captured_at),
        names_file=first is None,
        copy_of=first.pressmark if first and elsewhere else None,
        facts_changed=facts_changed,
        captured_at=capture.captured_at,
    )


def _free_name(writing: Writing, site: str, sha256: str, at: datetime) -> str:
    folder = texts.folder_of(site, at)
    return f"{folder}/{texts.name_of(writing.next_ordinal(folder), sha256)}"
