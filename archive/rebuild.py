"""The catalog and the texts made anew from the WARC files alone: they are the archive, all else is an index."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from archive import disk, index, texts
from archive.catalog import Catalog
from archive.databases import open_sqlite
from archive.errors import Damaged
from archive.members import Record, walk
from archive.reader import Archive
from archive.store import check, open_writer

_CATALOG = "catalog.sqlite"
_FRESH = "catalog.sqlite.fresh"


@dataclass(slots=True)
class Rebuilt:
    """What was made."""

    warcs: int = 0
    groups: int = 0  # captures, conversions and journals read
    texts: int = 0  # text files that were missing or not as they were written


def rebuild(root: Path) -> Rebuilt:
    """Make the catalog anew from every WARC file, then each text file that is missing or changed, then each sidecar.

    Nothing is deleted: the old catalog goes to quarantine/<date>/. A damaged WARC file gives what stands before the
    damage; `verify` names it. Raises Locked while anybody writes, NotAnArchive, WriteFailed or ReadOnly.
    """
    check(root)
    lock = disk.take_lock(root / "lock", exclusive=True)
    try:
        with suppress(FileNotFoundError):
            (root / _FRESH).unlink()  # of a rebuild that was killed
        made = _indexed(root)
        _put_in_place(root)
    finally:
        disk.let_go(lock)
    open_writer(root).close()  # takes in what a dead writer left, too
    with Archive(root, open_sqlite(root / _CATALOG, write=False)) as archive:
        _write_texts(archive, made)
    return made


def _indexed(root: Path) -> Rebuilt:
    """A fresh catalog of all closed WARC files, in one transaction a file."""
    made, catalog = Rebuilt(), open_sqlite(root / _FRESH, write=True)
    try:
        for path in sorted((root / "warc").glob("*/*/*/*.warc.gz")):
            made.warcs += 1
            made.groups += _index(catalog, path, path.relative_to(root).as_posix())
    finally:
        catalog.close()
    return made


def _index(catalog: Catalog, path: Path, warc: str) -> int:
    groups = 0
    with catalog.writing() as writing, path.open("rb") as file:
        for group in index.groups(_sound(path)):
            index.add_group(writing, group, warc)
            groups += group[0].type != "warcinfo"
        writing.set_warc(warc, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
    return groups


def _sound(path: Path) -> Iterator[Record]:
    with suppress(Damaged):
        yield from walk(path)


def _put_in_place(root: Path) -> None:
    """The fresh catalog for the old one, which is moved aside with its log."""
    aside = root / "quarantine" / time.strftime("%Y-%m-%dT%H%M%SZ", time.gmtime())
    for name in (_CATALOG, f"{_CATALOG}-wal", f"{_CATALOG}-shm"):
        if (root / name).exists():
            disk.make_folder(aside)
            (root / name).rename(aside / name)
    (root / _FRESH).rename(root / _CATALOG)
    disk.sync_folder(root)


def _write_texts(archive: Archive, made: Rebuilt) -> None:
    with archive.reading() as reading:
        for revision in reading.all_revisions():
            if not revision.names_file:
                continue
            text, capture = archive.text(revision), reading.capture(revision.capture)
            path = archive.root / revision.text_file
            there = path.read_bytes() if path.is_file() else None
            sidecar = path.with_suffix(".json")
            if there != text or not sidecar.is_file() or sidecar.read_bytes() != texts.sidecar(revision, capture):
                made.texts += 1
                texts.write(archive.root, revision, text, capture)
