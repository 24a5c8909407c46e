"""Is a catalog that of the WARC files beside it, or was the archive copied while somebody wrote?

Whoever copies a living archive gets its files of different moments. A WARC file only grows, so that its copy is sound;
a SQLite file and its -wal are changed in place, so that theirs may be anything. Therefore a catalog bears the mark of
the place it was made in, and one in another place is used only when the copy was taken while the archive was at rest.
"""

from collections.abc import Mapping
from pathlib import Path

from archive import disk
from archive.databases import REBUILD, is_sound, mark_in, mark_of, open_sqlite, put_mark
from archive.errors import ArchiveError, Copied, Locked, NoCatalog
from archive.warc import OPEN

CATALOG = "catalog.sqlite"
COPIED = f"is a copy taken while somebody wrote, so its catalog cannot be trusted; {REBUILD}"


def check_catalog(root: Path) -> None:
    """Raises NoCatalog when the folder's own catalog is missing, Copied when it may not be used."""
    if not (root / CATALOG).exists():
        raise NoCatalog(root, f"its catalog is missing; {REBUILD}")
    if not is_at_home(root):
        _check_moments(root)


def _check_pages(root: Path) -> None:
    """What a reader is spared, because all pages are read."""
    if not (is_at_home(root) or is_sound(root / CATALOG)):
        raise Copied(root, COPIED)


def settle(root: Path) -> None:
    """Make the folder's own catalog one that a writer may use: a copy of an archive at rest is marked as such.

    Raises Copied for a copy that was taken while somebody wrote, Locked while another process holds the archive.
    """
    if not (root / CATALOG).exists() or mark_in(root / CATALOG) == mark_of(root / CATALOG):
        return
    try:
        lock = disk.take_lock(root / "lock", exclusive=True)
    except Locked:
        if is_at_home(root):  # one made before there were marks: it gets its own when nobody writes
            return
        raise
    try:
        check_catalog(root)
        _check_pages(root)
        if mark_in(root / CATALOG) is not None and not put_mark(root / CATALOG):
            raise Locked(root, "a reader holds its catalog; wait for it to end, or give --wait SECONDS")
    finally:
        disk.let_go(lock)


def is_at_home(root: Path) -> bool:
    """Whether the catalog lies where it was made, or was made before there were marks, or is no database."""
    return mark_in(root / CATALOG) in (None, 0, mark_of(root / CATALOG))


def is_alive(root: Path) -> bool:
    """Whether somebody writes to the archive, or has died at it: files of which a copy may be of different moments."""
    log = root / f"{CATALOG}-wal"
    return (log.exists() and log.stat().st_size > 0) or any((root / "warc").glob(f"*/*/*/*{OPEN}"))


def _check_moments(root: Path) -> None:
    """Raises Copied or NoCatalog when a catalog that was made in another place is not that of the WARC files."""
    if is_alive(root):
        raise Copied(root, COPIED)
    try:
        opened = open_sqlite(root / CATALOG, write=False)
    except NoCatalog:
        raise
    except ArchiveError as error:
        raise Copied(root, COPIED) from error
    try:
        with opened.reading() as reading:
            _compare(root, reading.warc_files())
    finally:
        opened.close()


def _compare(root: Path, known: Mapping[str, tuple[int, str | None]]) -> None:
    """The WARC files of an archive at rest against what its catalog says of them, as `Reading.warc_files` gives it."""
    there = {path.relative_to(root).as_posix(): path for path in (root / "warc").glob("*/*/*/*.warc.gz")}
    closed = {warc: length for warc, (length, sha256) in known.items() if sha256}
    missing = known.keys() - there.keys()
    # Names begin with the moment a file was made: one that was still open may have been made since the copy began.
    lost = [warc for warc in missing if warc in closed or (there and warc < max(there))]
    other = [warc for warc, path in there.items() if warc in closed and path.stat().st_size != closed[warc]]
    if lost or other:
        of = f"{min(lost)}, which it knows, is not there" if lost else f"{min(other)} has another length than it says"
        why = f"its catalog is not that of its WARC files: {of}"
        raise NoCatalog(root, f"{why}; copy it again or bring back what is missing from a second copy, else {REBUILD}")
    if missing or there.keys() - closed.keys():
        raise Copied(root, COPIED)
