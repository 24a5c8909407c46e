"""Opening an archive: making the folder, knowing it again, refusing what it is not."""

from contextlib import ExitStack
from pathlib import Path

from archive import copies, disk
from archive.catalog import Catalog
from archive.databases import REBUILD, open_sqlite, open_url
from archive.errors import NewerFormat, NoCatalog, NotAnArchive
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
    with disk.in_our_words(root):
        _make_or_check(root)
        return _open_writer(root, catalog, warc_size, exclusive=False)


def open_alone(path: str | Path, *, catalog: str | None = None) -> Writer:
    """As `open_writer` for an archive that is there, and nobody else writes while it is open.

    Raises Locked while anybody does, and what `open_archive` raises.
    """
    with disk.in_our_words(Path(path)):
        check(Path(path))
        return _open_writer(Path(path), catalog, GIGABYTE, exclusive=True)


def _open_writer(root: Path, catalog: str | None, warc_size: int, *, exclusive: bool) -> Writer:
    if not catalog:
        copies.settle(root)
    with ExitStack() as held:
        lock = disk.take_lock(root / "lock", exclusive=exclusive)
        held.callback(disk.let_go, lock)
        opened = _open_catalog(root, catalog)
        held.callback(opened.close)
        writer = Writer(root, opened, lock, warc_size=warc_size)
        held.pop_all()
        return writer


def _open_catalog(root: Path, url: str | None) -> Catalog:
    """The catalog to write to, made only where nothing was kept yet.

    A lost catalog is never replaced by an empty one: that would give names again that were given. Raises NoCatalog.
    """
    has_kept = _has_kept(root)
    if has_kept and not url:
        copies.check_catalog(root)
    opened = open_url(url, write=True, make=not has_kept) if url else open_sqlite(root / copies.CATALOG, write=True)
    try:
        with opened.reading() as reading:
            if has_kept and not reading.knows_a_warc():
                raise NoCatalog(root, f"its catalog knows none of its WARC files; {REBUILD}")
    except BaseException:
        opened.close()
        raise
    return opened


def _open_reader(root: Path, catalog: str | None) -> Archive:
    check(root)
    if catalog:
        return Archive(root, open_url(catalog, write=False, make=not _has_kept(root)))
    copies.check_catalog(root)
    return Archive(root, open_sqlite(root / copies.CATALOG, write=False))


def _has_kept(root: Path) -> bool:
    """Whether anything was kept: a WARC file that was closed."""
    return any((root / "warc").glob("*/*/*/*.warc.gz"))


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
    begun = (".FORMAT.", f".{copies.CATALOG}.", f"{copies.CATALOG}-")
    return path.name in ("FORMAT", "lock", copies.CATALOG) or path.name.startswith(begun)


def check(root: Path) -> None:
    """Raises NotAnArchive or NewerFormat when the folder is not an archive that we know."""
    if not root.is_dir():
        raise NotAnArchive(
            root, "is not a folder" if root.exists() else "is not there; `pressmark fetch URL` makes an archive"
        )
    try:
        said = (root / "FORMAT").read_text(errors="replace")
    except OSError as error:
        why = "has no FORMAT file, so it is no pressmark archive"
        if (root / "warc").is_dir():
            why = f"has lost its FORMAT file; put it back: echo '{FORMAT.strip()}' > FORMAT in that folder"
        raise NotAnArchive(root, why) from error
    if said == FORMAT:
        return
    if said.startswith("pressmark archive ") and said.split()[-1].isdigit():
        raise NewerFormat(root, f"its format is {said.split()[-1]}, this pressmark knows 1; upgrade pressmark")
    raise NotAnArchive(root, "its FORMAT file says nothing this pressmark knows")
