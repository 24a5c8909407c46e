"""What a dead writer left: its WARC file cut to the last whole group, indexed, closed.

In this order, so that a crash anywhere in it loses nothing: in one transaction, what lies behind the acknowledged bytes
goes into the catalog and what is torn to quarantine; then manifest and final name; then the file's digest.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from archive import disk, erasure, index, manifest, texts
from archive.catalog import Catalog, Writing
from archive.errors import Damaged
from archive.members import Record, walk
from archive.warc import OPEN, READ_ONLY, finish

_DYING_SECONDS = 2.0  # a killed process takes milliseconds to close its files
_STALE_SECONDS = 3600  # a ".new" file older than this belongs to nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was found in one file behind the bytes that the catalog had acknowledged."""

    indexed: int  # groups that the catalog lacked
    cut: int  # bytes moved to quarantine


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What was done with one file."""

    warc: str
    records: int  # whole records kept
    cut: int  # bytes moved to quarantine
    indexed: int  # groups that the catalog lacked


def recover(root: Path, catalog: Catalog) -> list[Recovered]:
    """Every file that a dead writer left: taken in, then closed; a redaction that was begun is finished.

    Raises WriteFailed or ReadOnly.
    """
    folders = sorted((root / "warc").glob("*/*/*"))
    _put_aside_outrun(root, folders)
    with catalog.writing() as writing:
        taken = take_in(root, writing, folders)
    done = []
    for path, _ in _left(folders):
        with _in_our_words(path):
            done.append(_close(root, path, catalog, taken.get(_warc(root, path), Taken(indexed=0, cut=0))))
    _end_what_was_begun(root, catalog)
    for folder in folders:
        _sweep(folder)
    erasure.finish_begun(root, catalog)
    return done


def take_in(root: Path, writing: Writing, folders: Sequence[Path], *, own: Path | None = None) -> dict[str, Taken]:
    """Put the groups that dead writers left into the catalog, with their text files; the files stay open.

    Bytes that the catalog has acknowledged are never cut: what is wrong among them is damage, for `verify` to report.
    folders: the day folders to look in. own: the caller's file, by its final name. Raises WriteFailed or ReadOnly.
    """
    _outwait_the_dying(root, writing, folders, own)
    taken = {}
    for path, fd in _left(folders):
        with _in_our_words(path):
            if found := _take_in(root, path, fd, writing):
                taken[_warc(root, path)] = found
    return taken


def _outwait_the_dying(root: Path, writing: Writing, folders: Iterable[Path], own: Path | None) -> None:
    """Wait for writers that die just now: the system ends their transaction before it frees their file.

    We hold the transaction, so nobody alive is in the middle of a group; what lies behind the acknowledged bytes of a
    locked file is a dying writer's, and its numbers would be given again if we passed it over.
    """
    until = time.monotonic() + _DYING_SECONDS
    for folder in folders:
        with _in_our_words(folder):
            paths = [path for path in folder.glob(f"*.warc.gz{OPEN}") if path.with_suffix("") != own]
        for path in paths:
            while time.monotonic() < until and _is_held(path) and _holds_more(root, path, writing):
                time.sleep(0.01)


def _is_held(path: Path) -> bool:
    with _alone(path) as fd:
        return fd is None and path.exists()


def _holds_more(root: Path, path: Path, writing: Writing) -> bool:
    """Whether whole groups lie behind the acknowledged bytes; a warcinfo alone says nothing."""
    try:
        behind = index.groups(_sound(path, start=writing.acknowledged(_warc(root, path))))
        return any(group[0].type != "warcinfo" for group in behind)
    except FileNotFoundError:  # closed since we looked
        return False


def _take_in(root: Path, path: Path, fd: int, writing: Writing) -> Taken | None:
    warc, size = _warc(root, path), path.stat().st_size
    end = writing.acknowledged(warc)
    if size <= end:
        return None
    # Before a text is made of them: whoever was killed between writing and waiting left bytes in memory alone.
    disk.sync(fd)
    indexed = 0
    for group in index.groups(_sound(path, start=end)):
        indexed += _index(root, group, warc, writing)
        end = group[-1].offset + group[-1].length
    if end < size:
        _quarantine(root, path, end)
        os.ftruncate(fd, end)
        disk.sync(fd)
    if end:
        writing.set_warc(warc, end, None)
    return Taken(indexed=indexed, cut=size - end)


def _index(root: Path, group: tuple[Record, ...], warc: str, writing: Writing) -> int:
    """Put the group into the catalog, and make the text file that it names; 1, or 0 for a group that has no row."""
    if group[0].type == "warcinfo":
        return 0
    for revision, text in index.add_group(writing, group, warc):
        if revision.names_file:
            texts.write(root, revision, text, writing.capture(revision.capture))
    return 1


def _close(root: Path, path: Path, catalog: Catalog, taken: Taken) -> Recovered:
    """Manifest, final name, read-only, digest; a file that holds nothing is dropped."""
    warc, size = _warc(root, path), path.stat().st_size
    with catalog.reading() as reading:
        acknowledged = reading.acknowledged(warc)
    if not (size or acknowledged):
        path.unlink()
        return Recovered(warc=warc, records=0, cut=taken.cut, indexed=0)
    records = sum(1 for _ in _sound(path))
    sha256 = disk.digest_of(path)
    finish(path, size=size, records=records, sha256=sha256)
    with catalog.writing() as writing:
        # A file that lost acknowledged bytes keeps the length it should have, so that `verify` sees it.
        writing.set_warc(warc, max(size, acknowledged), sha256)
    return Recovered(warc=warc, records=records, cut=taken.cut, indexed=taken.indexed)


def _end_what_was_begun(root: Path, catalog: Catalog) -> None:
    """Tell the catalog of files that got their final name before their writer died: the manifest has the digest."""
    with catalog.reading() as reading:
        unclosed = [(warc, length) for warc, (length, sha256) in reading.warc_files().items() if sha256 is None]
    for warc, length in unclosed:
        path = root / warc
        if not path.exists():
            continue
        sha256 = (manifest.read(path) or {}).get("sha256")
        if isinstance(sha256, str):  # a manifest that is none is for `verify` to report
            with catalog.writing() as writing:
                writing.set_warc(warc, length, sha256)
            with suppress(OSError):
                path.chmod(READ_ONLY)


def _left(folders: Iterable[Path]) -> Iterator[tuple[Path, int]]:
    """The `.open` files whose writer is dead, path and descriptor, each under our lock while it is looked at."""
    for folder in folders:
        with _in_our_words(folder):
            paths = sorted(folder.glob(f"*.warc.gz{OPEN}"))
            outrun = {path for path in paths if path.with_suffix("").exists()}
        for path in paths:
            if path in outrun:  # never closed over the whole file
                continue
            with _alone(path) as fd:
                if fd is not None:
                    yield path, fd


def _put_aside_outrun(root: Path, folders: Iterable[Path]) -> None:
    """Move the beginning of a file that lies there closed, too, to quarantine.

    rsync leaves one when it copies an archive a second time, after the file was closed, and may not delete.
    """
    for folder in folders:
        for path in sorted(folder.glob(f"*.warc.gz{OPEN}")):
            if path.with_suffix("").exists():
                with _in_our_words(path):
                    aside = root / "quarantine" / time.strftime("%Y-%m-%d", time.gmtime(path.stat().st_mtime))
                    disk.make_folder(aside)
                    path.rename(aside / path.name)


@contextmanager
def _alone(path: Path) -> Iterator[int | None]:
    """The file's descriptor under our lock; None when its writer is alive, or has closed it since we looked."""
    with _in_our_words(path):
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            yield None
            return
    try:
        with _in_our_words(path):
            is_ours = _locked(fd) and path.exists()
        yield fd if is_ours else None
    finally:
        disk.let_go(fd)


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _in_our_words(path: Path) -> Iterator[None]:
    """A block whose OSErrors are ours; that a file is not there is for the caller to know."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise disk.refused(path, error) from error


def _warc(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix().removesuffix(OPEN)


def _sound(path: Path, *, start: int = 0) -> Iterator[Record]:
    """The records from there up to the first that is damaged."""
    try:
        yield from walk(path, start=start)
    except Damaged:
        return


def _quarantine(root: Path, path: Path, end: int) -> None:
    """Copy what will be cut off to quarantine/<date>/: nothing is thrown away."""
    folder = root / "quarantine" / time.strftime("%Y-%m-%d", time.gmtime(path.stat().st_mtime))
    disk.make_folder(folder)
    with path.open("rb") as torn, (folder / f"{path.name}.{end}.tail").open("wb") as tail:
        torn.seek(end)
        shutil.copyfileobj(torn, tail)
        tail.flush()
        disk.sync(tail.fileno())
    disk.sync_folder(folder)


def _sweep(folder: Path) -> None:
    """Drop drafts that a writer left between making a file and locking it; they hold nothing yet."""
    for path in folder.glob("*.warc.gz.new"):
        with suppress(FileNotFoundError):  # its writer gave it its name between our look and now
            if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                path.unlink()
