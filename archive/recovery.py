"""What a dead writer left: its WARC file cut to the last whole group, indexed, closed.  Source: reference of crash protocols in docs/design.md."""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archive import disk, index, texts
from archive.catalog import Writing
from archive.errors import Damaged
from archive.members import Record, walk
from archive.warc import OPEN, finish

_STALE_SECONDS = 3600  # a ".new" file older than this belongs to nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What was done with one file."""

    warc: str
    records: int  # whole records kept
    cut: int  # bytes moved to quarantine
    indexed: int  # groups that the catalog lacked


def recover(root: Path, writing: Writing, *, folders: Iterator[Path] | None = None) -> list[Recovered]:
    """Every `.open` file whose lock is free: cut, indexed, closed. Raises WriteFailed or ReadOnly.

    folders: the day folders to look in; all of them when None.
    """
    done = []
    for folder in folders if folders is not None else (root / "warc").glob("*/*/*"):
        for path in sorted(folder.glob(f"*.warc.gz{OPEN}")):
            with _unheld(path) as fd:
                if fd is not None:
                    done.append(_mend(root, path, fd, writing))
        _sweep(folder)
    return done


class _unheld:
    """The file's descriptor under our lock, or None when its writer is alive."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    def __enter__(self) -> int | None:
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None  # its writer closed it between our look and now
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        self._fd = fd
        return fd if self._path.exists() else None

    def __exit__(self, *_: object) -> None:
        if self._fd is not None:
            os.close(self._fd)


def _mend(root: Path, path: Path, fd: int, writing: Writing) -> Recovered:
    warc = path.relative_to(root).as_posix().removesuffix(OPEN)
    whole = list(index.groups(_sound(path)))
    end = whole[-1][-1].offset + whole[-1][-1].length if whole else 0
    cut = path.stat().st_size - end
    if cut:
        _quarantine(root, path, end)
        os.ftruncate(fd, end)
        disk.sync(fd)
    indexed = _index(root, whole, warc, writing)
    records = sum(len(group) for group in whole)
    if records == 0:
        path.unlink()
        return Recovered(warc=warc, records=0, cut=cut, indexed=0)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    writing.set_warc(warc, end, digest)
    finish(path, size=end, records=records, sha256=digest)
    return Recovered(warc=warc, records=records, cut=cut, indexed=indexed)


def _sound(path: Path) -> Iterator[Record]:
    """The records up to the first that is damaged."""
    try:
        yield from walk(path)
    except Damaged:
        return


def _index(root: Path, whole: list[tuple[Record, ...]], warc: str, writing: Writing) -> int:
    """Add the groups that the catalog lacks, and the text files that they name."""
    known = {row.record_id for row in writing.rows_in(warc)}
    lacking = [group for group in whole if group[0].type != "warcinfo" and group[0].record_id not in known]
    for group in lacking:
        for revision, text in index.add_group(writing, group, warc):
            if revision.names_file:
                texts.write(root, revision, text, writing.capture(revision.capture))
    return len(lacking)


def _quarantine(root: Path, path: Path, end: int) -> None:
    """Copy what will be cut off to quarantine/<date>/: nothing is thrown away."""
    folder = root / "quarantine" / time.strftime("%Y-%m-%d", time.gmtime(path.stat().st_mtime))
    disk.make_folder(folder)
    with path.open("rb") as torn, (folder / f"{path.name}.{end}.tail").open("wb") as tail:
        torn.seek(end)
        shutil.copyfileobj(torn, tail)
        tail.flush()
        disk.sync(tail.fileno())


def _sweep(folder: Path) -> None:
    """Drop drafts that a writer left between making a file and locking it; they hold no more than a warcinfo."""
    for path in folder.glob("*.warc.gz.new"):
        if time.time() - path.stat().st_mtime > _STALE_SECONDS:
            path.unlink(missing_ok=True)
