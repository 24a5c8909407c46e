"""Writing an archive.

    append(page)  → captures        the WARC members are on the medium, then the catalog's rows
    keep(article) → revision        conversion record, text file, sidecar, then the catalog's rows
    note(visit)                     an attempt, whatever came
    with together(): …              several of them, with one wait for the medium and one transaction

Many processes may write at once, each to WARC files of its own; the catalog's transactions order them.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from archive import disk, index, ledger, recovery, texts
from archive.catalog import Catalog, Reading, Writing
from archive.errors import ArchiveError, NotFound, ReadOnly, Redacted, Unsettled, WriteFailed
from archive.heads import status_of
from archive.members import Record
from archive.reader import Archive
from archive.records import Article, Capture, Exchange, Page, Redaction, Revision, Ruling, Site, Verdict, Visit
from archive.warc import Draft, WarcFile, capture_group, conversion, resource, sha1

_SOFTWARE = f"pressmark/{version('pressmark')}"  # read now: it lies in a file, and descriptors may be short later
_JOURNAL_EVERY = timedelta(minutes=15)


@dataclass(slots=True)
class _Together:
    """What one transaction of the catalog holds so far, and what is still to do before it may end."""

    writing: Writing
    texts: list[tuple[Revision, bytes, Capture]] = field(default_factory=list)  # whose files are to be written
    has_recovered: bool = False  # whether what dead writers left was looked for
    error: BaseException | None = None  # what an operation in it failed with


@dataclass(frozen=True, slots=True)
class _Said:
    """What was decided about an article before its text has a name."""

    verdict: Verdict
    is_copy: bool  # whether another article told the text first
    facts_changed: tuple[str, ...]


class Writer(Archive):
    """A writer of one archive folder: a reader that also appends and keeps. Not for two threads at once."""

    def __init__(self, root: Path, catalog: Catalog, lock: int, *, warc_size: int) -> None:
        super().__init__(root, catalog)
        self._lock: int | None = lock
        self._warc_size = warc_size
        self._file: WarcFile | None = None
        self._group: _Together | None = None
        self._journalled_at: datetime | None = None
        self.recovered = recovery.recover(root, catalog)

    def append(self, page: Page, notes: Sequence[tuple[str, str]] = ()) -> tuple[Capture, ...]:
        """The page's exchanges as captures, hop by hop, on the medium and in the catalog.

        A payload that an earlier capture of the URL holds whole becomes a revisit, an empty one never; a 304 becomes
        one of the newest whole capture, if there is one.
        notes: how the fetch went, for the metadata records. Raises WriteFailed or ReadOnly.
        """
        with self._in_group() as group:
            return self._add(group, _capture_drafts(group.writing, page, notes))

    def append_past(
        self, exchange: Exchange, *, original: Capture | None, notes: Sequence[tuple[str, str]] = ()
    ) -> Capture:
        """As `append`, for an exchange of another day that an import tells.

        original: of a 304, the response that it means; None: it is kept as it came.
        """
        with self._in_group() as group:
            held = original if original or is_not_modified(exchange) else _original(group.writing, exchange)
            [capture] = self._add(group, capture_group(exchange, original=held, hop_from=None, notes=notes))
            return capture

    def _add(self, group: _Together, drafts: Sequence[Draft]) -> tuple[Capture, ...]:
        """Groups of captures, and their rows."""
        written = self._write(drafts)
        made = tuple(index.capture_from(first, last, self._path) for first, *_, last in index.groups(written))
        group.writing.add_captures(made)
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
        becomes a copy. Raises WriteFailed, ReadOnly, NotFound, or Redacted for a text or an article that was redacted.
        """
        with self._in_group() as group:
            capture = group.writing.capture(visit.capture or "")
            if capture is None:
                raise NotFound(str(visit.capture), "no such capture; append the page before keeping its article")
            _check_not_redacted(group.writing, article, capture)
            self._take_in_recent(group)
            latest = group.writing.latest(article.canonical_url)
            if (latest.record_id if latest else None) != after:
                return None
            said = _decide(group.writing, article, capture, verdict=verdict, facts_changed=facts_changed)
            revision = self._keep(group, article, capture, said)
            group.writing.add_visit(replace(visit, outcome="copy") if revision.verdict == "copy" else visit)
            return revision

    def keep_past(
        self, article: Article, capture: Capture, *, verdict: Verdict, is_copy: bool, facts_changed: tuple[str, ...]
    ) -> Revision:
        """As `keep`, for a capture that need not be the article's latest: the caller has decided what it is.

        is_copy: another article told the text first. The visit is the caller's, too. Raises as `keep`.
        """
        with self._in_group() as group:
            _check_not_redacted(group.writing, article, capture)
            self._take_in_recent(group)
            return self._keep(group, article, capture, _Said(verdict, is_copy, facts_changed))

    def keep_again(
        self, article: Article, kept: Revision, *, verdict: Verdict, facts_changed: tuple[str, ...] = ()
    ) -> Revision:
        """A new understanding of the capture of a revision that was kept: a revision of its own, under its own name.

        The caller rules what becomes of the earlier one. Raises WriteFailed, ReadOnly or NotFound.
        """
        with self._in_group() as group:
            capture = group.writing.capture(kept.capture)
            if capture is None:
                raise NotFound(kept.capture, "this capture is not there any more; nothing can be read from it again")
            self._take_in_recent(group)
            said = _decide(group.writing, article, capture, verdict=verdict, facts_changed=facts_changed)
            return self._keep(group, article, capture, said)

    def _keep(self, group: _Together, article: Article, capture: Capture, said: _Said) -> Revision:
        """Conversion record and rows; the text file and its sidecar are written when the group ends."""
        text = article.text.encode()
        facts = index.facts_and(_named(group.writing, article, capture, said), article)
        draft = conversion(text, facts, url=article.canonical_url, refers_to=capture.record_id, at=_now())
        [record] = self._write([draft])
        revision = index.revision_from(record, text, self._path)
        if revision.names_file:
            group.texts.append((revision, text, capture))
        group.writing.add_revision(revision)
        return revision

    def _take_in_recent(self, group: _Together) -> None:
        """What a dead writer kept counts: it may have given the next name, or be the latest revision.

        Once a group is enough: nobody keeps anything while its transaction lasts.
        """
        if not group.has_recovered:
            own = self.root / self._path if self._file else None
            recovery.take_in(self.root, group.writing, self._recent_folders(), own=own)
            group.has_recovered = True

    def note(self, visit: Visit) -> None:
        """The visit in the catalog; a record holds it when this writer closes.

        Or before: when something is written 15 minutes after the last journal, or when the caller journals.
        Raises WriteFailed.
        """
        with self._in_group() as group:
            group.writing.add_visit(visit)
            self._journalled_at = self._journalled_at or _now()

    def journal(self) -> None:
        """Write the visits that no record holds yet into one. Raises WriteFailed or ReadOnly."""
        self._journalled_at = _now()
        with self._in_group() as group:
            visits = group.writing.unwritten_visits()
            if not visits:
                return
            [record] = self._write([resource(index.urn(index.VISITS), b"".join(map(index.line, visits)), at=_now())])
            group.writing.mark_written([visit.visit_id for visit in visits], record.record_id)

    def remember(self, site: Site) -> bool:
        """A new state of what was learned about a host: record and row; False when its number is there already.

        Two processes may learn at once. Then nothing is written, and what the other one knows is in the catalog. Raises
        WriteFailed or ReadOnly.
        """
        with self._in_group() as group:
            self._take_in_recent(group)
            if group.writing.site(site.site, number=site.number):
                return False
            self._state(
                f"{index.SITE}:{site.site}:{site.number}",
                [site],
                lambda writing, record: writing.add_site(site, record=record),
            )
            return True

    def rule(self, rulings: Sequence[Ruling]) -> None:
        """Later words on revisions: record and rows. Raises WriteFailed or ReadOnly."""

        def add(writing: Writing, record: str) -> None:
            for ruling in rulings:
                writing.add_ruling(ruling, record=record)

        if rulings:
            self._state(index.urn(index.RULINGS), rulings, add)

    def redact(self, redactions: Sequence[Redaction]) -> None:
        """That these records are gone: record and rows, before `archive.erasure` takes them out.

        Raises WriteFailed or ReadOnly.
        """

        def add(writing: Writing, _record: str) -> None:
            for redaction in redactions:
                writing.add_redaction(redaction)

        self._state(index.urn(index.REDACTIONS), redactions, add)

    def _state(
        self, urn: str, values: Sequence[Ruling | Redaction | Site], add: Callable[[Writing, str], None]
    ) -> None:
        """A resource record with these values, and their rows."""
        with self._in_group() as group:
            [record] = self._write([resource(urn, b"".join(map(index.line, values)), at=_now())])
            add(group.writing, record.record_id)

    @contextmanager
    def together(self) -> Iterator[None]:
        """A block whose operations wait for the medium and commit once, at its end; each sees those before it.

        What they return counts only when the block has ended without an error. After an error, of theirs or of the end,
        nothing of the block is there, and the caller may try each of them alone. But not after Unsettled: then the
        commit failed, and what the block held may be there all the same. Raises WriteFailed, ReadOnly or Unsettled.
        """
        with self._in_group():
            yield

    @contextmanager
    def _in_group(self) -> Iterator[_Together]:
        """The group that is going on, or one of its own for a single operation."""
        if self._group:
            try:
                yield self._group
            except BaseException as error:
                self._group.error = error
                raise
            return
        self._rotate()
        if self._file:
            self._file.mark()
        at_commit = False
        try:
            with self.catalog.writing() as writing:
                self._group = _Together(writing)
                yield self._group
                self._settle(self._group)
                at_commit = True
        except BaseException as error:
            self._undo(at_commit=at_commit)
            if at_commit and isinstance(error, WriteFailed):
                raise Unsettled(error.subject, error.message) from error
            raise
        finally:
            self._group = None
        self._journal_if_due()

    def _settle(self, group: _Together) -> None:
        """Records, then text files and sidecars: all on the medium before the transaction may end."""
        if group.error:  # an operation was broken off half-way, whatever the caller made of it
            raise group.error
        file = self._file
        if file is None or not file.has_grown:
            return
        file.settle()
        group.writing.set_warc(file.path, file.size, None)
        try:
            texts.write_each(self.root, group.texts)
        except BaseException:
            texts.drop_each(self.root, [revision for revision, *_ in group.texts])
            raise

    def _undo(self, *, at_commit: bool) -> None:
        """Take back what the group has written.

        When the commit itself failed nobody knows whether it stands (a connection may be lost on the way back): the
        bytes are not taken back then, but the file let go as a dead writer's, whose recovery finds out. At once: as
        long as we held its lock, others who keep a text would wait for us as for a dying writer.
        """
        file = self._file
        if file is None:
            return
        if file.has_grown and at_commit:
            file.dead = True
        file.take_back()
        if file.dead:
            self.close_warc()

    def _journal_if_due(self) -> None:
        if self._journalled_at and _now() - self._journalled_at > _JOURNAL_EVERY:
            # What was asked for is done. A journal that cannot be written loses no visit: the catalog holds them, and
            # the next journal tries again.
            with suppress(WriteFailed, ReadOnly):
                self.journal()

    def _write(self, drafts: Sequence[Draft]) -> list[Record]:
        """Append the drafts to this run's WARC file; the group's end waits until they are on the medium."""
        if self._file is None:
            self._file = WarcFile(self.root, now=_now(), software=_SOFTWARE)
        places = self._file.write(drafts)
        return [index.as_record(draft, place) for draft, place in zip(drafts, places, strict=True)]

    def _rotate(self) -> None:
        """Close the WARC file when it is full, dead or of another day; before a transaction, because closing is one."""
        file = self._file
        if file and (file.dead or file.size >= self._warc_size or file.opened_at.date() != _now().date()):
            self.close_warc()

    @property
    def _path(self) -> str:
        return self._file.path if self._file else ""

    def _recent_folders(self) -> list[Path]:
        """Where those who gave names in the folders of today and yesterday wrote."""
        now = _now()
        return [self.root / "warc" / f"{day:%Y/%m/%d}" for day in (now - timedelta(days=1), now)]

    def close_warc(self) -> None:
        """Close this run's WARC file: manifest, final name, read-only. The next append opens another.

        Raises WriteFailed or ReadOnly; then the file is left for recovery.
        """
        file, self._file = self._file, None
        if file is None:
            return
        sha256 = file.close()
        if sha256:
            with self.catalog.writing() as writing:
                writing.set_warc(file.path, file.size, sha256)

    def seal(self) -> None:
        """Give each day that is over its entry in the ledger. Raises as `ledger.seal`."""
        try:
            ledger.seal(self.root, now=_now())
        except OSError as error:
            raise disk.refused(self.root, error) from error

    def close(self) -> None:
        """Write what is not written, close the WARC file, let go of catalog and lock: each of them, whatever fails.

        Raises WriteFailed or ReadOnly: of several the first, for the others are likely to follow from it. What could
        not be closed is left for recovery.
        """
        lock, self._lock = self._lock, None
        if lock is None:
            return
        failed: list[ArchiveError] = []
        try:
            for step in (self.journal, self.close_warc, self.seal):
                try:
                    step()
                except (WriteFailed, ReadOnly) as error:
                    failed.append(error)
        finally:
            try:
                super().close()
            finally:
                disk.let_go(lock)
        if failed:
            raise failed[0]

    def __exit__(self, *raised: object) -> None:
        """Close; when something went wrong before, that is what must be told, not what came of it at the end."""
        error = raised[1]
        try:
            self.close()
        except (WriteFailed, ReadOnly) as last:
            if not isinstance(error, BaseException):
                raise
            error.add_note(f"and when the archive was closed: {last}")


def _now() -> datetime:
    return datetime.now(UTC)


def _capture_drafts(reading: Reading, page: Page, notes: Sequence[tuple[str, str]]) -> list[Draft]:
    drafts: list[Draft] = []
    hop_from: str | None = None
    for exchange in page.exchanges:
        group = capture_group(exchange, original=_original(reading, exchange), hop_from=hop_from, notes=notes)
        hop_from = group[0].record_id
        drafts.extend(group)
    return drafts


def is_not_modified(exchange: Exchange) -> bool:
    """Whether the answer is a 304: it has no payload of its own."""
    return status_of(exchange.response_head) == 304


def _original(reading: Reading, exchange: Exchange) -> Capture | None:
    """The response whose payload this exchange brought again, if there is one."""
    if is_not_modified(exchange):
        whole = reading.latest_whole(exchange.url)
        return reading.capture(whole.holder) if whole else None
    if not exchange.body or exchange.truncated:
        return None
    return reading.payload_of(exchange.url, sha1(exchange.body))


def _decide(
    writing: Writing, article: Article, capture: Capture, *, verdict: Verdict, facts_changed: tuple[str, ...]
) -> _Said:
    """What is said of an article; a copy is what another article told first, by the dates of the captures."""
    first = writing.told_first(article.sha256)
    is_copy = first is not None and first != article.canonical_url
    return _Said("copy" if is_copy and verdict == "new" else verdict, is_copy, facts_changed)


def _named(writing: Writing, article: Article, capture: Capture, said: _Said) -> index.Decision:
    """The decision with its file's name: that of the first text with these bytes, if there is one, or the next free."""
    held = writing.first_with(article.sha256)
    text_file = held.text_file if held else _free_name(writing, article.site, article.sha256, capture.captured_at)
    return index.Decision(
        verdict=said.verdict,
        text_file=text_file,
        names_file=held is None,
        copy_of=text_file.rpartition("/")[2].removesuffix(".txt") if said.is_copy else None,
        facts_changed=said.facts_changed,
        captured_at=capture.captured_at,
    )


def _check_not_redacted(reading: Reading, article: Article, capture: Capture) -> None:
    """Raises Redacted: what was taken out does not come back under another address or with another page."""
    gone = reading.closed([article.canonical_url]) or next(iter(reading.redacted_texts(article.sha256)), None)
    if gone:
        why = f"was redacted on {gone.redacted_at:%Y-%m-%d} ({gone.reason}) and is not kept again"
        again = f"the page that brought it is kept: `pressmark redact {capture.record_id} --reason …` takes it out, too"
        raise Redacted(article.canonical_url, f"{why}; {again}")


def _free_name(writing: Writing, site: str, sha256: str, at: datetime) -> str:
    folder = texts.folder_of(site, at)
    return f"{folder}/{texts.name_of(writing.next_ordinal(folder), sha256)}"
