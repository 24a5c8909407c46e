"""One WARC file, read once from its first byte to its last, against its rows, its manifest and its texts."""

import hashlib
import itertools
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from archive import index, manifest
from archive.catalog import Reading
from archive.errors import Damaged
from archive.manifest import MANIFEST
from archive.members import Record, bare, survivors
from archive.reader import Archive
from archive.records import Capture, Redaction, Revision, Ruling, Site, Visit
from archive.verify import grammar, rows
from archive.verify.damage import (
    LOST,
    REBUILD,
    REPAIR,
    SECOND_COPY,
    UNKNOWN_LOSS,
    Counts,
    Damage,
    lost_with,
    url_of,
)
from archive.verify.grammar import Sight
from archive.verify.seen import Holds, entry, key_of
from archive.verify.texts import text_faults

_MOST = 1000  # damages named in one file
_RECENT = 4096  # captures of a file held in memory for the texts understood from them
_KINDS = {
    index.VISITS: Visit,
    index.RULINGS: Ruling,
    index.REDACTIONS: Redaction,
    index.SITE: Site,
}
_KEPT_AS = {"response": b"R", "revisit": b"V"}  # kinds of entries
_RULED = ("verdict", "copy_of", "facts_changed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the catalog says of a WARC file."""

    warc: str
    length: int  # bytes acknowledged
    sha256: str | None  # when it is closed


@dataclass(slots=True)
class Looked:
    """What one reading of a file came to."""

    damages: list[Damage] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    entries: bytearray = field(default_factory=bytearray)  # for `Seen`
    sound: bool = True  # every record of it, by itself and in its group
    digest: str | None = None  # SHA-256 of the file's bytes, when all of them were read


def look_at(archive: Archive, reading: Reading, expected: Expected) -> Looked:
    """Read a WARC file once: every record, every row, its manifest, the texts that its conversions name."""
    for _ in range(3):  # its writer may give it its final name while we look
        with suppress(FileNotFoundError):
            return _look(archive, reading, expected, archive.warc_path(expected.warc))
    return _look(archive, reading, expected, None)


def _look(archive: Archive, reading: Reading, expected: Expected, path: Path | None) -> Looked:
    looked = Looked(counts=Counts(warcs=1))
    damages = _Pass(archive, reading, expected, looked).damages(path)
    looked.damages = list(itertools.islice(damages, _MOST))
    more = sum(1 for _ in damages)
    if more:
        what = f"{more} more damages in this file"
        looked.damages.append(Damage(file=expected.warc, kind="more", what=what, lost="see above", mend=SECOND_COPY))
    return looked


class _Pass:
    """One reading of one file."""

    def __init__(self, archive: Archive, reading: Reading, expected: Expected, looked: Looked) -> None:
        self._archive = archive
        self._reading = reading
        self._expected = expected
        self._warc = expected.warc
        self._key = key_of(expected.warc)
        self._looked = looked
        self._rows = _Rows(reading, expected, looked.counts)
        self._tombstones = {each.offset: each for each in reading.redactions_in(expected.warc)}
        self._warcinfo: str | None = None
        self._group: list[Sight] = []
        self._torn: list[Damaged] = []
        self._told = 0  # of the torn
        self._gap = False  # a damage stands between this record and the last one that was read
        self._recent: OrderedDict[str, Capture] = OrderedDict()
        self._unplaced: dict[str, tuple[Record, Capture | Revision]] = {}

    def damages(self, path: Path | None) -> Iterator[Damage]:
        """Everything that is wrong with the file. path: where it lies, None when it is missing."""
        if path is None:
            self._looked.sound = False
            yield self._damage("missing_file", "the file is missing", lost="every record in it")
        else:
            try:
                yield from self._read(path)
            except FileNotFoundError:
                raise
            except OSError as error:
                self._looked.sound = False
                what = f"cannot be read ({error.strerror})"
                yield self._damage("unreadable", what, lost="what stands from there on")
        yield from self._rows_left()

    def _read(self, path: Path) -> Iterator[Damage]:
        digest = hashlib.sha256()
        end = None if self._expected.sha256 else self._expected.length
        records = 0
        for record in survivors(path, self._torn, end=end, heard=digest.update):
            records += 1
            if len(self._torn) > self._told:
                yield from self._gaps(record.offset)
            yield from self._record(grammar.sight_of(record))
        yield from self._gaps(None)
        yield from self._unfinished()
        self._looked.counts.records = records
        if not self._torn:
            self._looked.digest = digest.hexdigest()
        yield from self._whole(path, records)

    def _damage(self, kind: str, what: str, *, offset: int | None = None, **said: Any) -> Damage:
        made: dict[str, Any] = {
            "url": None,
            "lost": "the certainty that nothing was changed",
            "mend": SECOND_COPY,
            **said,
        }
        return Damage(file=self._warc, offset=offset, kind=kind, what=what, **made)

    # ── bytes that are no records ────────────────────────────────────────────────────────────────────────────────

    def _gaps(self, before: int | None) -> Iterator[Damage]:
        """The damaged members up to a place that is sound again."""
        # Those read ahead while digests are computed come later.
        torn = [each for each in self._torn[self._told :] if before is None or each.offset < before]
        self._told += len(torn)
        if torn:
            self._gap, self._looked.sound = True, False
            if self._group:
                self._rows.at(self._group[0].record.offset)  # the answer itself is there
        for number, each in enumerate(torn):
            following = torn[number + 1].offset if number + 1 < len(torn) else before
            yield self._gap_damage(each, following)
        if torn:
            self._group = []

    def _gap_damage(self, torn: Damaged, following: int | None) -> Damage:
        row = self._rows.at(torn.offset)
        zeros = _zeros(self._archive.warc_path(self._warc), torn.offset, following)
        kind, what = ("zeros", f"{zeros} zero bytes where a record should begin") if zeros else ("member", torn.message)
        return self._damage(
            kind, what, offset=torn.offset, url=url_of(row) if row else self._neighbour(),
            lost=lost_with(row) if row else UNKNOWN_LOSS,
        )  # fmt: skip

    def _neighbour(self) -> str | None:
        """The URL of the capture that an unreadable record belongs to, when its group had begun."""
        return self._group[0].said.get("warc-target-uri") if self._group else None

    # ── records ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _record(self, sight: Sight) -> Iterator[Damage]:
        record = sight.record
        if index.is_tombstone(record):
            yield from self._unfinished()
            yield from self._tombstone(sight)
            return
        faults = list(grammar.faults(sight))
        faults += self._in_file(sight)
        for kind, what in faults:
            yield self._fault(sight, kind, what)
        self._remember(sight)
        yield from self._grouped(sight)

    def _fault(self, sight: Sight, kind: str, what: str, **said: Any) -> Damage:
        self._looked.sound = False
        lost = LOST.get(sight.type, "what this record holds")
        about = sight.said.get("warc-target-uri")
        made = {"url": _readable(about), "lost": lost, **said}
        return self._damage(kind, what, offset=sight.record.offset, **made)

    def _in_file(self, sight: Sight) -> Iterator[tuple[str, str]]:
        """The file begins with its warcinfo, which names the file; every other record names the warcinfo."""
        if sight.type == "warcinfo":
            name = self._warc.rpartition("/")[2]
            if sight.said.get("warc-filename", name) != name:
                yield "file_name", f"its warcinfo says that it is {sight.said['warc-filename'][:80]}: was it swapped?"
            if sight.record.offset:
                yield "warcinfo", "a warcinfo that is not the file's first record"
            self._warcinfo = sight.said.get("warc-record-id")
            return
        if sight.record.offset == 0:
            yield "warcinfo", "the file does not begin with a warcinfo"
        said = sight.said.get("warc-warcinfo-id")
        if self._warcinfo is not None and said is not None and said != self._warcinfo:
            yield "warcinfo", f"WARC-Warcinfo-ID {said[:60]} is not that of the file's warcinfo"

    def _tombstone(self, sight: Sight) -> Iterator[Damage]:
        """What lies where a record was taken out: the catalog must know of it."""
        self._remember(sight)
        self._looked.counts.redacted += 1
        for kind, what in itertools.chain(grammar.faults_of_tombstone(sight), self._in_file(sight)):
            yield self._fault(sight, kind, what)
        if sight.record.offset not in self._tombstones:
            what = "a tombstone that the catalog does not know of"
            yield self._damage("tombstone", what, offset=sight.record.offset, lost="when and why it was", mend=REBUILD)

    def _remember(self, sight: Sight) -> None:
        """The record's id and what it refers to, for `Seen`."""
        said, kind = sight.said, _KEPT_AS.get(sight.type, b"M")
        holds: Holds = (None, None, None, None)
        if kind == b"R":
            held = (said.get("warc-payload-digest"), said.get("warc-target-uri"), said.get("warc-date"))
            holds = (*held, sight.sums.payload_sha256)
        self._enter(kind, sight.record.record_id, sight, holds)
        refers_to = bare(said.get("warc-refers-to"))
        if sight.type == "conversion" and refers_to:
            self._enter(b"c", refers_to, sight)

    def _refer(self, answer: Sight, went: Mapping[str, str]) -> None:
        """What a capture refers to: the response it revisits, the redirect before it."""
        said = answer.said
        refers_to = bare(said.get("warc-refers-to"))
        if answer.type == "revisit" and refers_to:
            meant = said.get("warc-payload-digest"), said.get("warc-refers-to-target-uri")
            when = said.get("warc-refers-to-date")
            self._enter(b"r", refers_to, answer, (*meant, when, went.get("payload-sha256")))
        if "hop-from" in went:
            self._enter(b"h", went["hop-from"], answer)

    def _enter(self, kind: bytes, record_id: str, at: Sight, holds: Holds = (None, None, None, None)) -> None:
        self._looked.entries += entry(kind, record_id, (self._key, at.record.offset), holds)

    # ── groups ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _grouped(self, sight: Sight) -> Iterator[Damage]:
        """Response or revisit, request, metadata, in this order; all others alone."""
        if (sight.type, len(self._group)) in (("request", 1), ("metadata", 2)) or self._ends_an_import(sight):
            self._group.append(sight)
            if sight.type == "metadata":
                group, self._group = tuple(self._group), []
                yield from self._capture(group)
            return
        yield from self._unfinished()
        if sight.type in ("response", "revisit"):
            self._group = [sight]
        elif sight.type in ("request", "metadata"):
            if not self._gap:
                what = f"a {sight.type} without the records that should stand before it"
                yield self._fault(sight, "group", what, lost="the answer, or what was asked")
            return
        self._gap = False
        if sight.type == "conversion":
            yield from self._conversion(sight)
        elif sight.type == "resource":
            yield from self._resource(sight)

    def _ends_an_import(self, sight: Sight) -> bool:
        """Whether it is the metadata of an answer whose request the imported file did not tell."""
        is_next = len(self._group) == 1 and sight.type == "metadata"
        return is_next and "import-sha256" in sight.went

    def _unfinished(self) -> Iterator[Damage]:
        """A capture whose request or metadata does not follow it."""
        group, self._group = self._group, []
        if group:
            row = self._rows.at(group[0].record.offset)
            what = f"no {'request' if len(group) == 1 else 'metadata'} follows it"
            lost = LOST["request" if len(group) == 1 else "metadata"]
            yield self._fault(group[-1], "group", what, lost=lost, url=url_of(row) if row else None)

    def _capture(self, group: grammar.Group) -> Iterator[Damage]:
        answer, metadata = group[0], group[-1]
        for sight, kind, what in grammar.group_faults(group):
            yield self._fault(sight, kind, what)
        self._refer(answer, metadata.went)
        try:
            made = index.capture_as_told(answer.record, metadata.went, self._warc)
        except (KeyError, TypeError, ValueError):
            self._rows.at(answer.record.offset)  # said above
            return
        self._recent[made.record_id] = made
        if len(self._recent) > _RECENT:
            self._recent.popitem(last=False)
        yield from self._against_row(answer, made)

    def _conversion(self, sight: Sight) -> Iterator[Damage]:
        try:
            made = index.revision_from(sight.record, sight.record.block, self._warc)
        except (KeyError, TypeError, ValueError) as error:
            self._rows.at(sight.record.offset)
            yield self._fault(sight, "facts", f"its facts cannot be read ({type(error).__name__}: {error})")
            return
        yield from self._against_row(sight, made)
        yield from self._text_of(made)

    def _text_of(self, revision: Revision) -> Iterator[Damage]:
        if revision.names_file:
            self._looked.counts.texts += 1
            capture = self._recent.get(revision.capture) or self._reading.capture(revision.capture)
            yield from text_faults(self._archive.root, revision, capture)

    def _resource(self, sight: Sight) -> Iterator[Damage]:
        """The rows that a resource record gives."""
        urn = sight.said.get("warc-target-uri", "")
        try:
            values = kept_values(sight.record)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            yield self._fault(sight, "lines", f"its lines cannot be read ({type(error).__name__}: {error})")
            return
        found = rows.kept_in(self._reading, values)
        for value in values:
            what = _unlike(self._as_ruled(value), found.get(rows.key_of(value)), sight.record.record_id)
            if what:
                yield self._row_damage(sight.record, what, url=getattr(value, "url", urn))
            if isinstance(value, Visit) and value.article:
                yield from self._aliases(sight.record, value)

    def _as_ruled(self, value: rows.Kept) -> rows.Kept:
        """A visit as the rulings since have it: they may have changed what it came to."""
        ruled = self._reading.outcome_ruled(value.capture) if isinstance(value, Visit) and value.capture else None
        return replace(value, outcome=ruled) if ruled and isinstance(value, Visit) and value.article else value

    def _aliases(self, record: Record, visit: Visit) -> Iterator[Damage]:
        """Each alias that a visit taught leads to its article, or to one that was seen later."""
        for alias in dict.fromkeys((*visit.aliases, visit.article or "")):
            leads = rows.leads_to(self._reading, alias)
            if leads is None or (leads[1], leads[0]) < (visit.visited_at, visit.article):
                yield self._row_damage(record, f"the catalog does not lead {alias} to {visit.article}", url=visit.url)

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _row_damage(self, record: Record, what: str, *, url: str | None, kind: str = "row") -> Damage:
        return self._damage(kind, what, offset=record.offset, url=url, lost="nothing: the record is there", mend=REPAIR)

    def _against_row(self, sight: Sight, made: Capture | Revision) -> Iterator[Damage]:
        """What the catalog says of a record, against what the record says."""
        row = self._rows.at(sight.record.offset)
        if row is not None and row.record_id == made.record_id:
            yield from self._row_differences(sight.record, row, made)
            return
        if row is not None:
            self._rows.missed[row.record_id] = row
        self._unplaced[made.record_id] = (sight.record, made)

    def _row_differences(self, record: Record, row: Capture | Revision, made: Capture | Revision) -> Iterator[Damage]:
        if row == made:
            return
        if (row.offset, row.length) != (made.offset, made.length):
            what = f"the catalog places it at {row.offset}+{row.length}, it lies at {made.offset}+{made.length}"
            yield self._row_damage(record, what, url=url_of(made), kind="row_place")
        names = _differing(row, made)
        if isinstance(made, Revision) and set(names) & set(_RULED):
            ruled = rows.ruling_on(self._reading, made.record_id)
            if ruled:
                names = [name for name in names if name not in _RULED or getattr(row, name) != ruled[name]]
        if names:
            what = f"the catalog says otherwise than the record: {', '.join(names)}"
            yield self._row_damage(record, what, url=url_of(made))

    def _rows_left(self) -> Iterator[Damage]:
        """Rows without a record, and records without a row."""
        missed = self._rows.rest()
        for record_id, (record, made) in self._unplaced.items():
            row = missed.pop(record_id, None)
            if row is not None:
                yield from self._row_differences(record, row, made)
                continue
            yield self._row_damage(record, "the catalog has no row of this record", url=url_of(made), kind="unlisted")
        for row in missed.values():
            lost, mend = lost_with(row), SECOND_COPY
            if self._looked.sound and self._expected.sha256 and not self._short():
                lost, mend = "nothing: no such record was written", REPAIR
            yield self._damage(
                "no_record", f"record {row.record_id} is not there", offset=row.offset, url=url_of(row), lost=lost,
                mend=mend,
            )  # fmt: skip
            if isinstance(row, Revision):
                yield from self._text_of(row)

    def _short(self) -> bool:
        try:
            return self._archive.warc_path(self._warc).stat().st_size < self._expected.length
        except OSError:
            return True

    # ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _whole(self, path: Path, records: int) -> Iterator[Damage]:
        """The file's size, and of a closed one what the manifest says: the only way to see that its end is gone."""
        size, length = path.stat().st_size, self._expected.length
        if size < length or (self._expected.sha256 and size != length):
            lost = f"{length - size} bytes at its end" if size < length else "nothing; bytes were added"
            what = f"has {size} bytes, the catalog says {length}"
            yield self._damage("size", what, offset=min(size, length), lost=lost)
        # What is no record has been told of: that digest and count are others, too, says nothing more.
        if self._expected.sha256 and self._looked.digest:
            yield from self._against_manifest(path, size, records, self._looked.digest)

    def _against_manifest(self, path: Path, size: int, records: int, digest: str) -> Iterator[Damage]:
        said = manifest.read(path)
        if said is None:
            yield Damage(
                file=f"{self._warc}{MANIFEST}", kind="manifest", what="the manifest cannot be read",
                lost="how many bytes and records the file should have", mend=REPAIR,
            )  # fmt: skip
        else:
            stated = (said.get("bytes"), said.get("records"))
            redacted = self._looked.counts.redacted
            if stated != (size, records) or said.get("file") != path.name:
                what = (
                    f"the manifest says {stated[0]} bytes and {stated[1]} records in {said.get('file')}, there are"
                    f" {size} and {records}"
                )
                yield self._damage("manifest", what, lost=_records_lost(stated, size, records))
            elif manifest.path_of(path).read_bytes() != manifest.block(
                path, size=size, records=records, sha256=str(said.get("sha256")), redacted=redacted
            ):  # a lost line end is no loss, and yet a sign
                yield Damage(
                    file=f"{self._warc}{MANIFEST}", kind="manifest", what="the manifest is not as it was written",
                    mend=REPAIR,
                )  # fmt: skip
            if said.get("sha256") != digest:
                yield self._damage("file_digest", f"its SHA-256 is {digest}, the manifest says {said.get('sha256')}")
        if self._expected.sha256 != digest:
            yield self._damage("file_digest", f"its SHA-256 is {digest}, the catalog says {self._expected.sha256}")


class _Rows:
    """The captures and revisions that the catalog places in a file, met in the order of the records."""

    def __init__(self, reading: Reading, expected: Expected, counts: Counts) -> None:
        # Of an open file, what its living writer appended since we asked for its length is not looked at.
        self._rows: Iterator[Capture | Revision] = (
            row for row in reading.rows_in(expected.warc) if expected.sha256 or row.offset < expected.length
        )
        self._counts = counts
        self._next = next(self._rows, None)
        self.missed: dict[str, Capture | Revision] = {}

    def at(self, offset: int) -> Capture | Revision | None:
        """The row at that place, which is then done with; those before it have no record."""
        found = None
        while self._next is not None and self._next.offset <= offset:
            row, self._next = self._next, next(self._rows, None)
            self._counts.rows += 1
            if row.offset == offset and found is None:
                found = row
            else:
                self.missed[row.record_id] = row
        return found

    def rest(self) -> dict[str, Capture | Revision]:
        """Every row that met no record."""
        self.at(1 << 62)
        return self.missed


def kept_values(resource: Record) -> list[rows.Kept]:
    """The values that a resource record holds; none of a kind that we do not know. Raises as `index.values_from`."""
    urn = resource.field("WARC-Target-URI") or ""
    kind: Any = next((each for name, each in _KINDS.items() if urn.startswith(f"{name}:")), None)
    return list(index.values_from(resource, kind)) if kind else []


def _records_lost(stated: tuple[Any, Any], size: int, records: int) -> str:
    if isinstance(stated[1], int) and stated[1] > records:
        return f"{stated[1] - records} records"
    return "the certainty that nothing was changed"


def _zeros(path: Path, start: int, end: int | None) -> int:
    """How many zero bytes stand there when nothing else does at the beginning of a damage; else 0."""
    with suppress(OSError), path.open("rb") as file:
        file.seek(start)
        count = 0
        while chunk := file.read(1 << 20 if end is None else max(0, min(1 << 20, end - start - count))):
            rest = chunk.lstrip(b"\0")
            count += len(chunk) - len(rest)
            if rest:
                break
        return count if count >= 16 else 0
    return 0


def _readable(urn: str | None) -> str | None:
    """The URL that a record is about: a conversion's without our prefix."""
    return urn.removeprefix("urn:pressmark:text:") if urn else None


def _differing(row: Capture | Revision, made: Capture | Revision) -> list[str]:
    """The names of the fields in which a row differs from its record; where it lies is said apart."""
    names = []
    for each in fields(made):
        mine, other = getattr(row, each.name, None), getattr(made, each.name)
        if each.name == "facts":
            names += [f.name for f in fields(other) if getattr(mine, f.name, None) != getattr(other, f.name)]
        elif mine != other and each.name not in ("offset", "length"):
            names.append(each.name)
    return names


def _is_later(row: rows.Row, value: rows.Kept, record_id: str) -> bool:
    """Whether the row is of a later word: of several rulings on a revision, of two states with one number."""
    match row.value, value:
        case Ruling() as there, Ruling():
            return (there.ruled_at, row.record or "") > (value.ruled_at, record_id)
        case Site() as there, Site():
            return (there.learned_at, row.record or "") > (value.learned_at, record_id)
    return False


def _unlike(value: rows.Kept, row: rows.Row | None, record_id: str) -> str | None:
    """How a row differs from the line of a resource record that it came from."""
    name = type(value).__name__.lower()
    if row is None:
        return f"the catalog has no row of this {name}: {rows.key_of(value)}"
    if row.value != value:
        if _is_later(row, value, record_id):
            return None
        return f"the catalog says otherwise of this {name}: {rows.key_of(value)}"
    if isinstance(value, Visit) and (row.record is None or row.record > record_id):
        return f"the catalog says that another record holds this visit: {value.visit_id}"
    return None
