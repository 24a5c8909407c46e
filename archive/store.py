"""The archive: append bytes, keep articles, find and read them again.

    append(page)  → captures        the WARC members are on the medium, then the catalog's rows
    keep(article) → revision        conversion record, text file, sidecar, then the catalog's rows
    note(visit)                     an attempt, whatever came

Many processes may write at once, each to WARC files of its own; the catalog's transactions order them. Readers take no
lock and write nothing.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Self

from archive import disk, index, members, recovery, texts
from archive.catalog import Catalog, Reading, Writing
from archive.databases import open_sqlite, open_url
from archive.errors import Damaged, NewerFormat, NotAnArchive, NotFound
from archive.heads import status_of
from archive.members import Record
from archive.records import Article, Capture, Exchange, Page, Revision, Verdict, Visit
from archive.warc import GIGABYTE, OPEN, Draft, WarcFile, capture_group, conversion, sha1, visits_resource

FORMAT = "pressmark archive 1\n"
_JOURNAL_EVERY = timedelta(minutes=15)


class Archive:
    """A reader of one archive folder."""

    def __init__(self, root: Path, catalog: Catalog) -> None:
        self.root = root
        self.catalog = catalog

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """A view of the catalog for queries."""
        with self.catalog.reading() as reading:
            yield reading

    def dump(self) -> Iterator[str]:
        """Every row of the catalog as JSON lines sorted by table and key."""
        with self.reading() as reading:
            yield from reading.dump()

    def record(self, warc: str, offset: int) -> Record:
        """The record at that place. Raises Damaged when there is none."""
        try:
            return members.read(self.warc_path(warc), offset)
        except FileNotFoundError as error:
            raise Damaged(warc, "the file is missing; bring it back from a second copy of the archive") from error

    def warc_path(self, warc: str) -> Path:
        """Where a WARC file lies now: with .open while its writer holds it."""
        path = self.root / warc
        return path if path.exists() else path.with_name(path.name + OPEN)

    def payload(self, capture: Capture) -> tuple[bytes, bytes]:
        """The response head and the body (content coding kept) that a capture stands for: a revisit's original's.

        Raises Damaged when the record is not there or is another.
        """
        with self.reading() as reading:
            holder = reading.capture(capture.holder) if capture.revisit_of else capture
        if holder is None:
            raise Damaged(capture.record_id, f"refers to {capture.holder}, which this archive does not hold")
        record = self.record(holder.warc, holder.offset)
        if record.record_id != holder.record_id:
            raise Damaged(
                holder.warc, f"holds {record.record_id} where {holder.record_id} should be", offset=holder.offset
            )
        head, empty, body = record.block.partition(b"\r\n\r\n")
        if not empty:
            raise Damaged(holder.warc, "a response without an end of its head", offset=holder.offset)
        return head + empty, body

    def text(self, revision: Revision) -> bytes:
        """The bytes of a revision's text, from its conversion record. Raises Damaged."""
        record = self.record(revision.warc, revision.offset)
        if hashlib.sha256(record.block).hexdigest() != revision.sha256:
            raise Damaged(
                revision.warc, f"the text of {revision.pressmark} is not what was kept", offset=revision.offset
            )
        return record.block

    def article(self, revision: Revision) -> Article:
        """The article as that revision tells it."""
        paragraphs = self.text(revision).decode().removesuffix("\n").split("\n\n")
        facts = {each.name: getattr(revision.facts, each.name) for each in fields(revision.facts)}
        return Article(**facts, paragraphs=tuple(paragraphs[1:] if revision.facts.headline else paragraphs))

    def snapshot(self, revision: Revision) -> Iterator[bytes]:
        """The text's own records as they lie, member for member: a WARC file of its own.

        Each file's warcinfo once, then the captures (a revisit's original, the redirects before it), the conversion.
        """
        begun: set[str] = set()
        for warc, offset in self._records_of(revision):
            if warc not in begun:
                begun.add(warc)
                yield self._raw(next(members.walk(self.warc_path(warc))), warc)
            for record in self._group_at(warc, offset):
                yield self._raw(record, warc)

    def _records_of(self, revision: Revision) -> list[tuple[str, int]]:
        """Where the groups begin that a text rests on, earliest first."""
        with self.reading() as reading:
            capture = reading.capture(revision.capture)
            if capture is None:
                raise Damaged(revision.pressmark, f"its capture {revision.capture} is not in the catalog")
            original = reading.capture(capture.holder) if capture.revisit_of else None
            chain = [*([original] if original else []), *reading.hops_to(capture), capture]
        places = [(each.warc, each.offset) for each in chain]
        return list(dict.fromkeys([*places, (revision.warc, revision.offset)]))

    def _group_at(self, warc: str, offset: int) -> tuple[Record, ...]:
        return next(index.groups(members.walk(self.warc_path(warc), start=offset)), ())

    def _raw(self, record: Record, warc: str) -> bytes:
        with self.warc_path(warc).open("rb") as file:
            file.seek(record.offset)
            return file.read(record.length)

    def close(self) -> None:
        """Let go of the catalog."""
        self.catalog.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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
            [record] = self._write([visits_resource(b"".join(map(index.visit_line, visits)), at=_now())])
            writing.mark_written([visit.visit_id for visit in visits], record.record_id)
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


def open_archive(
    path: str | Path, *, write: bool = False, catalog: str | None = None, warc_size: int = GIGABYTE
) -> Archive:
    """The archive in that folder: a reader, or with write=True a `Writer`, which makes the folder when it is not there.

    catalog: a SQLAlchemy URL when the catalog is not the folder's own SQLite file. warc_size: bytes after which a WARC
    file is closed. Raises NotAnArchive, NewerFormat, ReadOnly, Locked or WriteFailed.
    """
    return open_writer(path, catalog=catalog, warc_size=warc_size) if write else _open_reader(Path(path), catalog)


def open_writer(path: str | Path, *, catalog: str | None = None, warc_size: int = GIGABYTE) -> Writer:
    """As `open_archive(path, write=True)`."""
    root = Path(path)
    _make_or_check(root)
    with ExitStack() as held:
        lock = disk.take_lock(root / "lock", exclusive=False)
        held.callback(os.close, lock)
        if not catalog and any((root / "warc").glob("*/*/*/*.warc.gz")):
            _check_catalog(root)
        opened = open_url(catalog, write=True) if catalog else open_sqlite(root / "catalog.sqlite", write=True)
        held.callback(opened.close)
        writer = Writer(root, opened, lock, warc_size=warc_size)
        held.pop_all()
        return writer


def _open_reader(root: Path, catalog: str | None) -> Archive:
    _check(root)
    if not catalog:
        _check_catalog(root)
    return Archive(
        root, open_url(catalog, write=False) if catalog else open_sqlite(root / "catalog.sqlite", write=False)
    )


def _make_or_check(root: Path) -> None:
    """Make a new archive in an absent or empty folder; leave any other folder alone."""
    if (root / "FORMAT").exists() or (root.exists() and not root.is_dir()):
        _check(root)
        return
    if root.is_dir() and not all(_begun(path) for path in root.iterdir()):
        raise NotAnArchive(
            root, "is a folder with other things in it and no archive; name an empty or new folder with -C"
        )
    disk.write_whole(root / "FORMAT", FORMAT.encode())


def _begun(path: Path) -> bool:
    """Whether this is what another process that makes the archive now, or was killed at it, has made so far."""
    return path.name in ("FORMAT", "lock", "catalog.sqlite") or path.name.startswith((".FORMAT.", "catalog.sqlite-"))


def _check_catalog(root: Path) -> None:
    """A lost catalog is never replaced by an empty one: that would give names again that were given."""
    if not (root / "catalog.sqlite").exists():
        raise NotAnArchive(root, "its catalog is missing; `pressmark rebuild` makes it anew")


def _check(root: Path) -> None:
    if not root.is_dir():
        raise NotAnArchive(
            root, "is not a folder" if root.exists() else "is not there; `pressmark fetch URL` makes an archive"
        )
    try:
        said = (root / "FORMAT").read_text(errors="replace")
    except OSError as error:
        raise NotAnArchive(root, "has no FORMAT file, so it is no pressmark archive") from error
    if said == FORMAT:
        return
    if said.startswith("pressmark archive ") and said.split()[-1].isdigit():
        raise NewerFormat(root, f"its format is {said.split()[-1]}, this pressmark knows 1; upgrade pressmark")
    raise NotAnArchive(root, "its FORMAT file says nothing this pressmark knows")
