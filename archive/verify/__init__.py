"""Is every byte at rest what was written? Reads everything, writes nothing.

`files` reads each WARC file once, against its rows, manifest and texts; `grammar` says what a record must be; `seen`
joins ids and references over the whole archive; `repair` mends what can be mended from what is sound.
"""

import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from archive import index, ledger
from archive.catalog import Reading
from archive.errors import Copied, Damaged, NewerFormat, NotAnArchive
from archive.manifest import MANIFEST, manifests
from archive.members import bare, walk
from archive.reader import Archive
from archive.rebuild import gone, provisional
from archive.store import check, open_archive
from archive.verify import rows
from archive.verify.crew import cores, looked_at
from archive.verify.damage import (
    LOST,
    REBUILD,
    REPAIR,
    SECOND_COPY,
    WRITTEN_SO,
    Counts,
    Damage,
)
from archive.verify.files import Expected
from archive.verify.progress import Progress
from archive.verify.sample import Sample, choose, read_sample
from archive.verify.seen import Odd, Seen, entry, key_of
from archive.verify.texts import folders, strangers
from archive.warc import read_fields

__all__ = [
    "REBUILD",
    "SECOND_COPY",
    "Counts",
    "Damage",
    "Progress",
    "Sample",
    "open_to_verify",
    "read_sample",
    "verify",
    "verify_copy",
]

_CATALOG = "catalog.sqlite"
_YOUNG_SECONDS = 60  # a file younger than that may be one whose transaction is not through yet
_FIRST_THE_FILES = f"mend the WARC files first, if any is damaged; then {REBUILD}"
_NO_ROW = ""  # stands for the catalog where an entry names a WARC file


def verify(
    archive: Archive,
    counts: Counts,
    *,
    sample: Sample | None = None,
    progress: Progress | None = None,
    only: Collection[str] | None = None,
    jobs: int | None = None,
) -> Iterator[Damage]:
    """Every damage found, file by file; `counts` says what was looked at when it ends.

    What looks damaged is read once more before it is said. sample: look at a part of the WARC files and what hangs on
    them. only: look at these WARC files. progress: where it is noted how far this has come. jobs: processes at once;
    None: one a core.
    """
    partly = sample is not None or only is not None
    seen = Seen(progress.folder if progress else None)
    with archive.reading() as reading:
        if not partly:
            seen.add(b"".join(_of_row(record_id) for _, record_id in rows.records_named(reading)))
        known = {warc: Expected(warc=warc, length=length, sha256=sha256)
                 for warc, (length, sha256) in reading.warc_files().items()}  # fmt: skip
        chosen = choose(list(known), sample) if sample and known else list(known)
        some = [known[warc] for warc in chosen if only is None or warc in only]
        yield from _files(archive, some, jobs=jobs or cores(), counts=counts, seen=seen, progress=progress)
        yield from _references(archive, reading, seen, known)
        yield from _catalog(reading)
        yield from _unnamed_texts(archive.root, reading, sample)
    yield from _unknown_files(archive, known)
    if not partly:
        yield from _ledger(archive.root)
    if progress:
        progress.end()  # before the ids go: a run that is killed between the two has nothing left to do
    seen.forget()


def verify_copy(
    archive: Archive, counts: Counts, waiting: list[Damage], *, jobs: int | None = None
) -> Iterator[Damage]:
    """As `verify` for a copy that was taken while somebody wrote, on a catalog made for the moment.

    waiting: gets what such a copy may have: texts that are not there yet or whose records are not, which a rebuild or
    the next copy brings.
    """
    for warc, size in gone(archive.root).items():
        what = f"{size} bytes of it are not there, and they were before the copy began"
        yield Damage(file=warc, kind="missing_file", what=what, lost="every record in them", mend=SECOND_COPY)
    for damage in verify(archive, counts, jobs=jobs):
        of_moments = damage.kind in ("stranger", "orphan") or damage.what in (
            "the text file is missing",
            "the sidecar is missing",
        )
        if of_moments:
            waiting.append(damage)
        else:
            yield damage


def _files(
    archive: Archive, chosen: Sequence[Expected], *, jobs: int, counts: Counts, seen: Seen, progress: Progress | None
) -> Iterator[Damage]:
    """What is wrong with WARC files and what hangs on them, or what an interrupted run has found in them."""
    noted = {each.warc: progress.of(each) for each in chosen} if progress else {}
    looking = looked_at(archive, [each for each in chosen if not noted.get(each.warc)], jobs=jobs)
    for expected in chosen:
        known = noted.get(expected.warc)
        if known:
            counts.add(known[0])
            yield from known[1]
            continue
        looked = next(looking)
        seen.add(bytes(looked.entries))
        counts.add(looked.counts)
        if progress:
            seen.write()
            progress.note(expected, looked.counts, looked.damages)
        yield from looked.damages


# ── references ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_row(record_id: str) -> bytes:
    return entry(b"j", record_id, (key_of(_NO_ROW), 0))


def _references(archive: Archive, reading: Reading, seen: Seen, known: Mapping[str, object]) -> Iterator[Damage]:
    """Ids that lie in two places; references to nothing, or to another record than they say."""
    paths = {key_of(warc): warc for warc in known}
    for odd in seen.odd():
        if odd.of == b"j":
            yield from _row_of_nothing(reading, odd)
        elif odd.warc in paths:
            with suppress(Damaged):  # a record that cannot be read has been told of
                yield from _reference(archive, reading, odd, paths)


def _row_of_nothing(reading: Reading, odd: Odd) -> Iterator[Damage]:
    for table, record_id in rows.records_named(reading):
        if key_of(record_id) == odd.id[:8]:
            what = f"rows of {table} come from {record_id}, which no record of the archive is"
            yield Damage(file=_CATALOG, kind="row_of_nothing", what=what, lost="perhaps nothing", mend=_FIRST_THE_FILES)
            return


def _reference(archive: Archive, reading: Reading, odd: Odd, paths: Mapping[bytes, str]) -> Iterator[Damage]:
    warc = paths[odd.warc]
    group = next(index.groups(walk(archive.warc_path(warc), start=odd.offset)), None)
    if group is None:
        return
    first = group[0]
    if odd.kind == "record_twice":
        there = paths.get(odd.other[0]) if odd.other else None
        what = f"{first.record_id} is the id of another record, too: {there} @{odd.other[1] if odd.other else 0}"
        yield _about(warc, odd, first.field("WARC-Target-URI"), what, lost="which of the two is meant")
        return
    hop = odd.of == b"h"
    target = read_fields(group[-1].block).get("hop-from") if hop else bare(first.field("WARC-Refers-To"))
    if target is None or reading.redaction(target):
        return
    row = reading.capture(target)
    why: str | None = odd.what
    if row and "no record" in odd.what:
        # It lies in a file that this sample leaves out, or in one whose damage has been told of.
        why = _unlike_row(odd, first.field("WARC-Payload-Digest"), row.payload_digest)
    if why:
        refers = f"refers to {target}, {why}"
        yield _about(warc, odd, first.field("WARC-Target-URI"), refers, lost=LOST.get(first.type, ""))


def _unlike_row(odd: Odd, said: str | None, digest: str) -> str | None:
    return "whose digest is another than the revisit says" if odd.of == b"r" and said != digest else None


def _about(warc: str, odd: Odd, url: str | None, what: str, *, lost: str) -> Damage:
    return Damage(file=warc, offset=odd.offset, url=url, kind=odd.kind, what=what, lost=lost, mend=WRITTEN_SO)


# ── the catalog, and files that nobody names ─────────────────────────────────────────────────────────────────────────


def _catalog(reading: Reading) -> Iterator[Damage]:
    """What is wrong with rows taken together."""
    for what in rows.quick_check(reading):
        yield Damage(file=_CATALOG, kind="database", what=f"SQLite finds: {what}", mend=REBUILD)
    for warc, record_id, url in rows.rows_of_no_file(reading):
        what = f"record {record_id} should be in this file, which the catalog does not know"
        yield Damage(file=warc, url=url, kind="row_of_no_file", what=what, lost="this record", mend=SECOND_COPY)
    for file, what in rows.texts_unlike_revisions(reading):
        yield Damage(file=file, kind="text_row", what=what, mend=REBUILD)
    for alias, article in rows.aliases_of_no_visit(reading):
        what = f"leads {alias} to {article}, and no visit says so"
        yield Damage(file=_CATALOG, url=article, kind="alias", what=what, mend=REBUILD)


def _unnamed_texts(root: Path, reading: Reading, sample: Sample | None) -> Iterator[Damage]:
    there = folders(root)
    for folder in choose(there, sample) if sample and there else there:
        yield from strangers(root, reading, folder)


def _is_young(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_ctime < _YOUNG_SECONDS
    except OSError:
        return True  # gone since we looked: taken back by its writer


def _unknown_files(archive: Archive, known: Mapping[str, object]) -> Iterator[Damage]:
    """Closed WARC files that the catalog does not know, and manifests without a file."""
    root = archive.root
    closed = [path.relative_to(root).as_posix() for path in sorted((root / "warc").glob("*/*/*/*.warc.gz"))]
    for warc in _still_unknown(archive, [warc for warc in closed if warc not in known]):
        what = "the catalog does not know this file"
        yield Damage(
            file=warc, kind="unknown_file", what=what, lost="sight of its records, not the records", mend=REPAIR
        )
    for path in manifests(root):
        warc = path.relative_to(root).as_posix().removesuffix(MANIFEST)
        # Twice, because a file gets its final name between two looks.
        if warc not in known and not any(archive.warc_path(warc).exists() for _ in range(2)) and path.exists():
            what = "a manifest without its WARC file, which the catalog does not know either"
            yield Damage(
                file=f"{warc}{MANIFEST}", kind="missing_file", what=what, lost="every record in it", mend=SECOND_COPY
            )


def _still_unknown(archive: Archive, unknown: list[str]) -> list[str]:
    """Those that the catalog does not know after a second either: a writer tells it after it has named the file."""
    until = time.monotonic() + 1
    while unknown:
        with archive.reading() as reading:
            now = reading.warc_files()
        unknown = [warc for warc in unknown if warc not in now]
        young = any(_is_young(archive.root / warc) for warc in unknown)
        if not young or time.monotonic() > until:
            break
        time.sleep(0.1)
    return unknown


def _ledger(root: Path) -> Iterator[Damage]:
    for fault in ledger.faults(root):
        yield Damage(
            file=fault.file,
            kind="ledger",
            what=fault.what,
            lost="the certainty that nothing was changed",
            mend=fault.mend,
        )


# ── opening ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def open_to_verify(root: Path, *, catalog: str | None = None) -> Iterator[tuple[Archive, list[Damage]]]:
    """A reader of the archive, and what is wrong with its catalog.

    When the SQLite catalog is lost or cannot be read, one is made for the moment, so that all the rest can be checked.
    Raises NotAnArchive or NewerFormat for a folder that is no archive of ours, Copied for a copy that was taken while
    somebody wrote: then `verify_copy` is meant, on `archive.rebuild.provisional`.
    """
    root = Path(root)
    check(root)
    try:
        archive = open_archive(root, catalog=catalog)
    except (NewerFormat, Copied):
        raise
    except NotAnArchive as error:
        path = root / _CATALOG
        if catalog or (path.exists() and not os.access(path, os.R_OK)):
            raise
        with provisional(root) as (archive, _):
            lost = "what it knows and no record holds"
            yield (
                archive,
                [Damage(file=_CATALOG, kind="database", what=error.message, lost=lost, mend=_FIRST_THE_FILES)],
            )
        return
    with archive:
        unreadable = _unreadable(archive)
        if not unreadable:
            yield archive, []
            return
    with provisional(root) as (archive, _):
        yield archive, [Damage(file=_CATALOG, kind="database", what=each, mend=REBUILD) for each in unreadable]


def _unreadable(archive: Archive) -> list[str]:
    try:
        with archive.reading() as reading:
            return [f"SQLite finds: {each}" for each in rows.quick_check(reading)]
    except Damaged as error:
        return [error.message]
