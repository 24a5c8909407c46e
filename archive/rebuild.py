"""The catalog and the texts made anew from the WARC files alone: they are the archive, all else is an index."""

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from itertools import chain, count, islice
from pathlib import Path

from archive import copies, disk, erasure, index, manifest, texts
from archive.catalog import Writing
from archive.databases import open_sqlite, open_url, settle_log
from archive.errors import ArchiveError, Damaged
from archive.manifest import MANIFEST, manifests
from archive.members import survivors
from archive.reader import Archive
from archive.records import Capture, Revision
from archive.store import check, open_writer
from archive.warc import OPEN

_CATALOG = copies.CATALOG
_FRESH = f"{_CATALOG}.fresh"
_FRONTIER = "frontier.sqlite"  # the crawler's, which may be lost
_AT_ONCE = 500  # groups in one transaction of a fresh file
_TEXTS_AT_ONCE = 50  # written with one wait for each of their folders

Begin = Callable[[], AbstractContextManager[Writing]]  # begins a transaction, or goes on with one


@dataclass(slots=True)
class Rebuilt:
    """What was made."""

    warcs: int = 0
    groups: int = 0  # captures, conversions and journals read
    texts: int = 0  # text files that were missing or not as they were written
    aside: int = 0  # text files and sidecars of a copy that no record names; they are in quarantine/ now
    damages: list[Damaged] = field(default_factory=list)  # records that could not be read
    lost: dict[str, int] = field(default_factory=dict)  # WARC file → bytes of it that are gone, see `gone`


def rebuild(root: Path, *, catalog: str | None = None) -> Rebuilt:
    """Make the catalog anew from every WARC file, then each text file or sidecar that is missing or changed.

    Nothing is deleted: the old SQLite catalog goes to quarantine/, and is in its place until the new one is. What is
    damaged is told in `damages`; what stands before and behind it comes back. catalog: as for `open_archive`. Raises
    Locked while anybody writes, NotAnArchive, WriteFailed or ReadOnly.
    """
    check(root)
    lock = disk.take_lock(root / "lock", exclusive=True)
    try:
        lost = gone(root, catalog=catalog)
        made = _in_its_database(root, catalog) if catalog else _in_a_fresh_file(root, lost)
    finally:
        disk.let_go(lock)
    with open_writer(root, catalog=catalog) as archive:  # takes in what a dead writer left, too
        erasure.finish(root, archive.catalog)  # a file from a second copy may hold again what was redacted
        _write_texts(archive, made)
    made.lost = lost
    return made


def gone(root: Path, *, catalog: str | None = None) -> dict[str, int]:
    """WARC files, and the bytes of each that are not there though the catalog or a manifest knows of them.

    Of a copy that was taken while somebody wrote, what may have come or grown since the copy began is not looked for.
    """
    moving = _is_copy(root) and copies.is_alive(root)
    there = {path.relative_to(root).as_posix(): path.stat().st_size for path in warc_files(root)}
    missing: dict[str, int] = {}
    for warc, length in sorted(_known_before(root, catalog).items()):
        if warc in there or not moving:
            size = there.get(warc, there.get(f"{warc}{OPEN}", 0))
        else:
            size = 0 if f"{warc}{OPEN}" not in there and warc < max(there, default="") else length
        if size < length:
            missing[warc] = length - size
    return missing


def _known_before(root: Path, url: str | None) -> dict[str, int]:
    """The WARC files that ought to be there with their lengths, as the old catalog and the manifests say."""
    known: dict[str, int] = {}
    for path in manifests(root):
        closed = path.with_name(path.name.removesuffix(MANIFEST))
        size = (manifest.read(closed) or {}).get("bytes")
        known[closed.relative_to(root).as_posix()] = size if isinstance(size, int) else 1
    with suppress(ArchiveError):  # there is none, or it is no database any more
        opened = open_url(url, write=False, make=False) if url else open_sqlite(root / _CATALOG, write=False)
        try:
            with opened.reading() as reading:
                for warc, (length, _) in reading.warc_files().items():
                    known[warc] = max(length, known.get(warc, 0))
        finally:
            opened.close()
    return known


@contextmanager
def provisional(root: Path) -> Iterator[tuple[Archive, Rebuilt]]:
    """A reader of an archive without a catalog of its own: on one made for the moment, outside of the archive.

    Raises NotAnArchive, WriteFailed or ReadOnly.
    """
    check(root)
    with tempfile.TemporaryDirectory(prefix="pressmark-") as folder:
        made = _index_in(Path(folder) / _CATALOG, root)
        with Archive(root, open_sqlite(Path(folder) / _CATALOG, write=False)) as archive:
            yield archive, made


def _in_its_database(root: Path, url: str) -> Rebuilt:
    """All rows of the database anew, in one transaction: it is the old catalog until it is the new one."""
    opened = open_url(url, write=True)
    try:
        with opened.writing() as writing:
            writing.clear()
            return index_files(root, warc_files(root), lambda: nullcontext(writing))
    finally:
        opened.close()


def _in_a_fresh_file(root: Path, lost: Collection[str]) -> Rebuilt:
    """A fresh SQLite file in the place of the old one, which may be no database any more."""
    fresh, aside = root / _FRESH, _free_folder(root / "quarantine" / time.strftime("%Y-%m-%dT%H%M%SZ", time.gmtime()))
    _drop(fresh)  # of a rebuild that was killed
    try:
        made = _index_in(fresh, root)
        if _is_copy(root) and copies.is_alive(root) and not lost:
            made.aside = _put_unnamed_aside(root, fresh, aside)
        _put_in_place(root, aside)
    except BaseException:
        _drop(fresh)
        raise
    return made


def _free_folder(folder: Path) -> Path:
    """That folder, or one like it that nothing has: two rebuilds may fall into one second."""
    numbered = (folder.with_name(f"{folder.name}.{number}") for number in count(1))
    return next(each for each in chain((folder,), numbered) if not each.exists())


def _drop(fresh: Path) -> None:
    for name in _with_logs(fresh.name):
        with suppress(FileNotFoundError):
            fresh.with_name(name).unlink()


def _with_logs(name: str) -> tuple[str, str, str]:
    """A SQLite file and what SQLite puts beside it."""
    return name, f"{name}-wal", f"{name}-shm"


def _index_in(fresh: Path, root: Path) -> Rebuilt:
    """Every WARC file of the archive in a catalog of its own."""
    opened = open_sqlite(fresh, write=True)
    try:
        return index_files(root, warc_files(root), opened.writing)
    finally:
        opened.close()


def warc_files(root: Path) -> list[Path]:
    """Every WARC file, in the order of their names; of one that lies there open and closed, the closed one."""
    closed = set((root / "warc").glob("*/*/*/*.warc.gz"))
    left = (root / "warc").glob(f"*/*/*/*.warc.gz{OPEN}")
    return sorted([*closed, *(path for path in left if path.with_suffix("") not in closed)])


def index_files(root: Path, paths: Iterable[Path], begin: Begin) -> Rebuilt:
    """Put the WARC files into the catalog; their order makes no difference. Raises WriteFailed."""
    made = Rebuilt()
    for path in paths:
        _index_file(root, path, begin, made)
    with begin() as writing:
        writing.drop_redacted()
    return made


def _index_file(root: Path, path: Path, begin: Begin, made: Rebuilt) -> None:
    """What a WARC file holds, and how far it goes: a closed one as it is, an open one to its last whole group."""
    warc = path.relative_to(root).as_posix().removesuffix(OPEN)
    damages, digest, end = list[Damaged](), hashlib.sha256(), 0
    groups = index.groups(survivors(path, damages, heard=digest.update))
    more = True
    while more:
        more = False
        with begin() as writing:
            for group in islice(groups, _AT_ONCE):
                more, end = True, group[-1].offset + group[-1].length
                made.groups += group[0].type != "warcinfo"
                try:
                    index.add_group(writing, group, warc)
                except Damaged as damage:
                    damages.append(damage)
    is_open = path.suffix == OPEN
    # What follows the last whole group of an open file is what its writer was at when it died.
    made.damages += [damage for damage in damages if not is_open or damage.offset < end]
    made.warcs += 1
    if is_open and not end:
        return  # it holds nothing, and the next writer takes it away
    with begin() as writing:
        if is_open:
            writing.set_warc(warc, end, None)
        else:
            # What the file was when it was closed, so that nobody takes what it is now for sound.
            stated = (manifest.read(path) or {}).get("sha256")
            found = disk.digest_of(path) if damages else digest.hexdigest()
            writing.set_warc(warc, path.stat().st_size, stated if isinstance(stated, str) else found)


def _is_copy(root: Path) -> bool:
    return (root / _CATALOG).exists() and not copies.is_at_home(root)


def _put_unnamed_aside(root: Path, fresh: Path, aside: Path) -> int:
    """What of a copy was copied after the WARC file that was to name it; the next copy brings both. How many files."""
    opened = open_sqlite(fresh, write=False)
    count = 0
    try:
        with opened.reading() as reading:
            for folder in sorted((root / "text").glob("*/*/*/*")):
                named = reading.texts_in(folder.relative_to(root).as_posix())
                there = {path.relative_to(root).as_posix(): path for path in folder.iterdir()}
                unnamed = [name for name, path in there.items() if f"{name.removesuffix(path.suffix)}.txt" not in named]
                _put_aside(root, aside, unnamed)
                count += len(unnamed)
    finally:
        opened.close()
    return count


def _put_in_place(root: Path, aside: Path) -> None:
    """The fresh catalog for the old one, which goes to quarantine and is in its place until the fresh one is.

    The -wal of the old one must not lie beside the fresh one, SQLite would believe it: so it is written into its file
    first. In one that is no database, or was copied, there is nothing to keep: it goes before the fresh one comes.
    """
    old, *logs = _with_logs(_CATALOG)
    there, is_copy = (root / old).exists(), _is_copy(root)
    if is_copy or not there or not settle_log(root / old):
        _put_aside(root, aside, [old] if there else [])
    if is_copy:  # its frontier, too, is of several moments
        _put_aside(root, aside, _with_logs(_FRONTIER))
    _put_aside(root, aside, logs)
    if (root / old).exists():
        disk.make_folder(aside)
        os.link(root / old, aside / old)
    (root / _FRESH).rename(root / _CATALOG)
    disk.sync_folder(root)


def _put_aside(root: Path, aside: Path, names: Iterable[str]) -> None:
    for name in names:
        if (root / name).exists():
            disk.make_folder((aside / name).parent)
            (root / name).rename(aside / name)


def _write_texts(archive: Archive, made: Rebuilt) -> None:
    """Each text file or sidecar that is missing, or not as it was written."""
    wanting: list[tuple[Revision, bytes, Capture | None]] = []
    with archive.reading() as reading:
        for revision in reading.all_revisions():
            if not revision.names_file:
                continue
            text, capture = archive.text(revision), reading.capture(revision.capture)
            if not _is_written(archive.root, revision, text, capture):
                wanting.append((revision, text, capture))
            if len(wanting) >= _TEXTS_AT_ONCE:
                _write(archive.root, wanting, made)
                wanting.clear()
    _write(archive.root, wanting, made)


def _is_written(root: Path, revision: Revision, text: bytes, capture: Capture | None) -> bool:
    path = root / revision.text_file
    sidecar = path.with_suffix(".json")
    there = [each.read_bytes() if each.is_file() else None for each in (path, sidecar)]
    return there == [text, texts.sidecar(revision, capture)]


def _write(root: Path, wanting: list[tuple[Revision, bytes, Capture | None]], made: Rebuilt) -> None:
    texts.write_each(root, wanting)
    made.texts += len(wanting)
