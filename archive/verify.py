"""Is every byte at rest what was written? Reads everything, writes nothing.

Each WARC member whole and with the digests it states; each closed file with the digest it was closed with; each row of
the catalog at a record with its digest; each text file under the name that its hash gives.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from archive.catalog import Reading
from archive.errors import Damaged
from archive.members import Record, survivors
from archive.reader import Archive
from archive.records import Capture, Revision
from archive.warc import sha1

REBUILD = "the WARC files hold what is needed: `pressmark rebuild` makes catalog and texts anew"
SECOND_COPY = "bring the file back from a second copy of the archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One thing that is not as it was written."""

    file: str  # path from the archive's folder
    offset: int | None  # bytes from its start, where that says something
    url: str | None  # what is lost or in doubt
    what: str
    mend: str  # what to do


@dataclass(slots=True)
class Counts:
    """What was looked at."""

    warcs: int = 0
    records: int = 0
    rows: int = 0
    texts: int = 0


def verify(archive: Archive, counts: Counts) -> Iterator[Damage]:
    """Every damage found, file by file; `counts` says what was looked at when it ends."""
    with archive.reading() as reading:
        files = reading.warc_files()
        for warc, (length, sha256) in files.items():
            yield from _warc(archive, reading, warc, length=length, sha256=sha256, counts=counts)
        for revision in reading.all_revisions():
            if revision.names_file:
                counts.texts += 1
                yield from _text(archive.root, revision)
    yield from _strangers(archive.root, files)


def _warc(
    archive: Archive, reading: Reading, warc: str, *, length: int, sha256: str | None, counts: Counts
) -> Iterator[Damage]:
    counts.warcs += 1
    rows: dict[str, Capture | Revision] = {
        # Of an open file, what its living writer appended since we asked for its length is not looked at.
        row.record_id: row
        for row in reading.rows_in(warc)
        if sha256 or row.offset < length
    }
    counts.rows += len(rows)
    path = archive.warc_path(warc)
    seen, damages = 0, list[Damaged]()
    try:
        for record in survivors(path, damages, end=length):
            seen += 1
            yield from _record(warc, record, rows.pop(record.record_id, None))
    except FileNotFoundError:
        yield Damage(file=warc, offset=None, url=None, what="the file is missing", mend=SECOND_COPY)
    else:
        yield from (
            Damage(file=warc, offset=each.offset, url=_near(rows, each.offset), what=each.message, mend=SECOND_COPY)
            for each in damages
        )
        if not damages:
            yield from _whole(path, warc, length=length, records=seen, sha256=sha256)
    counts.records += seen
    for row in rows.values():
        url = row.url if isinstance(row, Capture) else row.article
        yield Damage(
            file=warc, offset=row.offset, url=url, what=f"record {row.record_id} is not there", mend=SECOND_COPY
        )


def _near(rows: dict[str, Capture | Revision], offset: int) -> str | None:
    """The URL of the row whose record begins there."""
    return next(
        (row.url if isinstance(row, Capture) else row.article for row in rows.values() if row.offset == offset), None
    )


def _record(warc: str, record: Record, row: Capture | Revision | None) -> Iterator[Damage]:
    for what in _differences(record, row):
        yield Damage(file=warc, offset=record.offset, url=record.field("WARC-Target-URI"), what=what, mend=SECOND_COPY)


def _differences(record: Record, row: Capture | Revision | None) -> Iterator[str]:
    stated = record.field("WARC-Block-Digest")
    if stated and sha1(record.block) != stated:
        yield "the block is not what its digest says"
    payload = record.block.partition(b"\r\n\r\n")[2] if record.type == "response" else record.block
    stated = record.field("WARC-Payload-Digest")
    if stated and record.type != "revisit" and sha1(payload) != stated:
        yield "the payload is not what its digest says"
    if row is None:
        return
    if (row.offset, row.length) != (record.offset, record.length):
        yield f"the catalog places it at {row.offset}+{row.length}, it lies at {record.offset}+{record.length}"
    if isinstance(row, Revision) and hashlib.sha256(payload).hexdigest() != row.sha256:
        yield "the text is not the one in the catalog"
    if isinstance(row, Capture) and stated != row.payload_digest:
        yield "the payload digest is not the one in the catalog"
    if (
        isinstance(row, Capture)
        and record.type == "response"
        and hashlib.sha256(payload).hexdigest() != row.payload_sha256
    ):
        yield "the payload's SHA-256 is not the one in the catalog"


def _whole(path: Path, warc: str, *, length: int, records: int, sha256: str | None) -> Iterator[Damage]:
    """A closed file against its manifest: the only way to see that whole records at its end are gone."""
    size = path.stat().st_size
    if size < length or (sha256 and size != length):
        yield Damage(
            file=warc, offset=size, url=None, what=f"has {size} bytes, the catalog says {length}", mend=SECOND_COPY
        )
    if not sha256:
        return
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    manifest = path.with_name(path.name + ".manifest.json")
    try:
        said = dict(json.loads(manifest.read_bytes()))
    except (OSError, TypeError, ValueError):
        yield Damage(
            file=f"{warc}.manifest.json", offset=None, url=None, what="the manifest cannot be read", mend=SECOND_COPY
        )
        return
    stated = (said.get("bytes"), said.get("records"))
    if stated != (size, records):
        what = f"the manifest says {stated[0]} bytes and {stated[1]} records, there are {size} and {records}"
        yield Damage(file=warc, offset=None, url=None, what=what, mend=SECOND_COPY)
    for name, closed_with in (("manifest", said.get("sha256")), ("catalog", sha256)):
        if closed_with != digest:
            what = f"its SHA-256 is {digest}, the {name} says {closed_with}"
            yield Damage(file=warc, offset=None, url=None, what=what, mend=SECOND_COPY)


def _text(root: Path, revision: Revision) -> Iterator[Damage]:
    path = root / revision.text_file
    for file, what in (
        (path, _text_wrong(path, revision)),
        (path.with_suffix(".json"), _sidecar_wrong(path, revision)),
    ):
        if what:
            name = file.relative_to(root).as_posix()
            yield Damage(file=name, offset=None, url=revision.article, what=what, mend=REBUILD)


def _text_wrong(path: Path, revision: Revision) -> str | None:
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return "the text file is missing"
    except OSError as error:
        return f"the text file cannot be read ({error.strerror})"
    return (
        None
        if found == revision.sha256 and found[:16] in path.name
        else f"the text's SHA-256 is {found}, its name says otherwise"
    )


def _sidecar_wrong(path: Path, revision: Revision) -> str | None:
    try:
        said = json.loads(path.with_suffix(".json").read_bytes())
    except FileNotFoundError:
        return "the sidecar is missing"
    except (OSError, ValueError):
        return "the sidecar is no JSON"
    if isinstance(said, dict) and said.get("sha256") == revision.sha256:
        return None
    return "the sidecar names another text"


def _strangers(root: Path, files: Mapping[str, object]) -> Iterator[Damage]:
    """Closed WARC files that the catalog does not know."""
    for path in sorted((root / "warc").glob("*/*/*/*.warc.gz")):
        warc = path.relative_to(root).as_posix()
        if warc not in files:
            yield Damage(file=warc, offset=None, url=None, what="the catalog does not know this file", mend=REBUILD)
