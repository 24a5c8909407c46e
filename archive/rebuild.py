"""The catalog and the texts made anew from the WARC files alone: they are the archive, all else is an index."""

import hashlib
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from archive import disk, index, texts
from archive.catalog import Writing
from archive.databases import open_sqlite, open_url
from archive.errors import Damaged
from archive.members import survivors
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
    damages: list[Damaged] = field(default_factory=list)  # records that could not be read


def rebuild(root: Path, *, catalog: str | None = None) -> Rebuilt:
    """Make the catalog anew from every WARC file, then each text file or sidecar that is missing or changed.

    Nothing is deleted: the old SQLite catalog goes to quarantine/. What is damaged is told in `damages`; what stands
    before and behind it comes back. catalog: as for `open_archive`. Raises Locked while anybody writes, NotAnArchive,
    WriteFailed or ReadOnly.
    """
    check(root)
    lock = disk.take_lock(root / "lock", exclusive=True)
    try:
        made = _in_its_database(root, catalog) if catalog else _in_a_fresh_file(root)
    finally:
        disk.let_go(lock)
    with open_writer(root, catalog=catalog) as archive:  # takes in what a dead writer left, too
        _write_texts(archive, made)
    return made


def _in_its_database(root: Path, url: str) -> Rebuilt:
    """All rows of the database anew, in one transaction: it is the old catalog until it is the new one."""
    opened = open_url(url, write=True)
    try:
        with opened.writing() as writing:
            writing.clear()
            return _index(root, writing)
    finally:
        opened.close()


def _in_a_fresh_file(root: Path) -> Rebuilt:
    """A fresh SQLite file in the place of the old one, which may be no database any more."""
    fresh = root / _FRESH
    with suppress(FileNotFoundError):
        fresh.unlink()  # of a rebuild that was killed
    opened = open_sqlite(fresh, write=True)
    try:
        with opened.writing() as writing:
            made = _index(root, writing)
    finally:
        opened.close()
    _put_in_place(root)
    return made


def _index(root: Path, writing: Writing) -> Rebuilt:
    """Every closed WARC file, in the order of their names."""
    made = Rebuilt()
    for path in sorted((root / "warc").glob("*/*/*/*.warc.gz")):
        warc = path.relative_to(root).as_posix()
        for group in index.groups(survivors(path, made.damages)):
            index.add_group(writing, group, warc)
            made.groups += group[0].type != "warcinfo"
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        writing.set_warc(warc, path.stat().st_size, sha256)
        made.warcs += 1
    return made


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
