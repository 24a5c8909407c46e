"""Opening an archive: making the folder, knowing it again, refusing what it is not."""

import os
from contextlib import ExitStack
from pathlib import Path

from archive import disk
from archive.databases import open_sqlite, open_url
from archive.errors import NewerFormat, NotAnArchive
from archive.reader import Archive
from archive.warc import GIGABYTE
from archive.writer import Writer

FORMAT = "pressmark archive 1\n"


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
    check(root)
    if not catalog:
        _check_catalog(root)
    return Archive(
        root, open_url(catalog, write=False) if catalog else open_sqlite(root / "catalog.sqlite", write=False)
    )


def _make_or_check(root: Path) -> None:
    """Make a new archive in an absent or empty folder; leave any other folder alone."""
    if (root / "FORMAT").exists() or (root.exists() and not root.is_dir()):
        check(root)
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


def check(root: Path) -> None:
    """Raises NotAnArchive or NewerFormat when the folder is not an archive that we know."""
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
