"""Taking out what was redacted: from the WARC files, the texts, the quarantine, the files of the catalog.

The redaction's own record is the word that counts; it is written before anything here begins. From then on a file
`redacting` in the archive's folder says that something may be left to do, and the next writer does it.
"""

import hashlib
import mmap
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from archive import disk, index, manifest, texts
from archive.catalog import Catalog
from archive.errors import Damaged, WriteFailed
from archive.ledger import leaf
from archive.members import Record, bare, read, survivors, walk
from archive.records import Redaction
from archive.tombstones import Grave, tombstone
from archive.warc import READ_ONLY, stamp

BEGUN = "redacting"
_DRAFT = ".redacting"  # behind the name of a WARC file that is being written anew
_CHUNK = 1 << 20
_MAGIC = b"\x1f\x8b\x08"
_HEAD = 1 << 16  # bytes of an inflated record in which its WARC header ends, or nearly


@dataclass(slots=True)
class Erased:
    """What was done."""

    tombstones: int = 0  # groups of records replaced
    quarantine: tuple[str, ...] = ()  # files removed from there, paths from the archive's folder
    left: str | None = None  # what could not be done yet; the next writer tries again


def begin(root: Path) -> None:
    """Leave word that something may be left to do. Raises WriteFailed or ReadOnly."""
    disk.write_whole(root / BEGUN, b"")


def finish_begun(root: Path, catalog: Catalog) -> None:
    """As `finish`, when a redaction was begun and nobody knows whether it was finished."""
    if (root / BEGUN).exists():
        finish(root, catalog)


def finish(root: Path, catalog: Catalog) -> Erased:
    """Take out everything that any redaction names and that is still there. To do it again changes nothing.

    No `.open` file may hold what is redacted. Raises WriteFailed or ReadOnly; then the next writer tries again.
    """
    with catalog.reading() as reading:
        gone = reading.all_redactions()
    done = Erased()
    if not gone:
        _ended(root)
        return done
    for warc in sorted({redaction.warc for redaction in gone}):
        done.tombstones += _bury(root, warc, [each for each in gone if each.warc == warc], catalog)
    with disk.in_our_words(root):
        for redaction in gone:
            _drop_text(root, redaction)
        done.quarantine = tuple(_sweep(root, gone))
        # All of them: one who was killed after removing a file did not wait, and it would be back after a power cut.
        for folder in (root / "quarantine").rglob("*/"):
            disk.sync_folder(folder)
    with catalog.writing() as writing:
        writing.drop_redacted()
    try:
        catalog.scrub()
    except WriteFailed as error:
        done.left = error.message
        return done
    _ended(root)
    return done


def _ended(root: Path) -> None:
    with disk.in_our_words(root):
        (root / BEGUN).unlink(missing_ok=True)  # not waited for: a word that is back after a power cut is obeyed again


# ── WARC files ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _bury(root: Path, warc: str, redactions: Sequence[Redaction], catalog: Catalog) -> int:
    """A tombstone for each of these groups that is still there, and a manifest that knows of it; how many were there.

    A file that is lost is for `verify` to report.
    """
    path = root / warc
    if not path.exists():
        return 0
    graves = {
        redaction.offset: tombstone(redaction, grave)
        for redaction in redactions
        if (grave := _grave(path, warc, redaction))
    }
    with disk.in_our_words(path):
        path.with_name(path.name + _DRAFT).unlink(missing_ok=True)  # of one who was killed; it may be read-only by now
        if graves:
            _replace(path, graves)
    if graves or _is_stale(path, warc, len(redactions), catalog):
        _close_again(path, warc, catalog)
    return len(graves)


def _grave(path: Path, warc: str, redaction: Redaction) -> Grave | None:
    """The group that is to go; None when its tombstone lies there, or another record, which `verify` will report."""
    offset = redaction.offset
    first = _record_at(path, offset)
    if first and (index.is_tombstone(first) or first.record_id != redaction.record_id):
        return None
    length = _group_end(path, offset) - offset
    with path.open("rb") as file:
        group = os.pread(file.fileno(), length, offset)
    url, date = _address(first, redaction)
    return Grave(
        length=length,
        url=url,
        date=date,
        warcinfo=bare(first.field("WARC-Warcinfo-ID")) if first else None,
        leaf=leaf(group, warc, offset, url=url, date=date),
    )


def _record_at(path: Path, offset: int) -> Record | None:
    """The record there; None when it is damaged, which saves nobody from being redacted."""
    try:
        return read(path, offset)
    except Damaged:
        return None


def _address(first: Record | None, redaction: Redaction) -> tuple[str, str]:
    """Target URI and date of the record as they stand; of one that is damaged as the redaction has them."""
    if first:
        return first.field("WARC-Target-URI") or "", first.field("WARC-Date") or ""
    url = f"urn:pressmark:text:{redaction.url}" if redaction.sha256 else redaction.url
    return url, stamp(redaction.captured_at)


def _group_end(path: Path, offset: int) -> int:
    """Where the group ends that begins there, bytes; of a damaged one, where the next begins."""
    with suppress(Damaged):
        group = next(index.groups(walk(path, start=offset)), None)
        if group and group[0].offset == offset:
            return group[-1].offset + group[-1].length
    for record in survivors(path, []):
        if record.offset > offset and (record.type in index.FIRST_OF_GROUP or index.is_tombstone(record)):
            return record.offset
    return path.stat().st_size


def _replace(path: Path, graves: dict[int, bytes]) -> None:
    """The file anew beside itself, these members at these offsets instead of what lay there, then in its place."""
    draft = path.with_name(path.name + _DRAFT)
    try:
        with path.open("rb") as old, draft.open("wb") as new:
            for offset in sorted(graves):
                _copy(old, new, until=offset)
                new.write(graves[offset])
                old.seek(len(graves[offset]), os.SEEK_CUR)
            _copy(old, new, until=path.stat().st_size)
            new.flush()
            disk.sync(new.fileno())
        draft.chmod(READ_ONLY)
        draft.rename(path)  # waited for with the name of its manifest, which is written next
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def _copy(old: BinaryIO, new: BinaryIO, *, until: int) -> None:
    while (rest := until - old.tell()) > 0 and (chunk := old.read(min(rest, _CHUNK))):
        new.write(chunk)


def _is_stale(path: Path, warc: str, tombstones: int, catalog: Catalog) -> bool:
    """Whether manifest and catalog do not know yet that the file was written anew with so many tombstones."""
    with catalog.reading() as reading:
        _, sha256 = reading.warc_files().get(warc, (0, None))
    said = manifest.read(path) or {}
    return (said.get("redacted"), said.get("sha256")) != (tombstones, sha256)


def _close_again(path: Path, warc: str, catalog: Catalog) -> None:
    """Manifest and catalog for what lies there now.

    Of a damaged file only the digest is said anew, so that `verify` still sees what is lost.
    """
    said, size = manifest.read(path) or {}, path.stat().st_size
    digest, damages = hashlib.sha256(), list[Damaged]()
    counted = [index.is_tombstone(record) for record in survivors(path, damages, heard=digest.update)]
    sha256 = disk.digest_of(path) if damages else digest.hexdigest()
    whole = not damages and said.get("bytes", size) == size
    manifest.write(
        path, size=said.get("bytes", size), records=len(counted) if whole else said.get("records", len(counted)),
        sha256=sha256, redacted=sum(counted),
    )  # fmt: skip
    with catalog.writing() as writing:
        writing.set_warc(warc, writing.acknowledged(warc) or size, sha256)


# ── texts and quarantine ─────────────────────────────────────────────────────────────────────────────────────────────


def _drop_text(root: Path, redaction: Redaction) -> None:
    """The text file goes, with drafts that a dead writer left of it; the sidecar says when and why."""
    if redaction.text_file is None:
        return
    path = root / redaction.text_file
    for left in (path, *path.parent.glob(f".{path.stem}.*")):
        left.unlink(missing_ok=True)
    # Written though it may be there: whoever made it perhaps died before the folder was on the medium.
    disk.write_whole(path.with_suffix(".json"), texts.tombstone(redaction))


def _sweep(root: Path, gone: Sequence[Redaction]) -> Iterator[str]:
    """Remove what a rebuild, a repair or a recovery has put aside and what may hold what is gone; the paths.

    A catalog can be made again. Of the other files those go that hold a record of that id, or of that page.
    """
    names = [each.encode() for each in {name for redaction in gone for name in _names(redaction)}]
    digits = [each.sha256[:16] for each in gone if each.sha256]
    for path in [*root.glob("catalog.sqlite.fresh*"), *sorted((root / "quarantine").rglob("*"))]:
        if path.is_file() and (
            path.name.startswith("catalog.sqlite")
            or any(each in path.name for each in digits)
            or _mentions(path, lambda head: any(head.find(name) >= 0 for name in names))
        ):
            path.unlink()
            yield path.relative_to(root).as_posix()


def _names(redaction: Redaction) -> Iterable[str]:
    """Under which names a record of it, or a sidecar, would speak of it."""
    yield redaction.record_id
    yield f"WARC-Target-URI: {redaction.url}\r\n"
    yield f"urn:pressmark:text:{redaction.url}\r\n"
    if redaction.sha256:
        yield redaction.sha256


def _mentions(path: Path, speaks_of_it: Callable[[bytes | mmap.mmap], bool]) -> bool:
    """Whether the file as it lies, or the head of a gzip member anywhere in it, speaks of it."""
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        if speaks_of_it(raw):
            return True
        at = raw.find(_MAGIC)
        while at >= 0:
            if speaks_of_it(_inflated(raw[at : at + _HEAD])):
                return True
            at = raw.find(_MAGIC, at + 1)
    return False


def _inflated(block: bytes) -> bytes:
    """What can be had of the gzip member that begins there, though it be torn."""
    inflate = zlib.decompressobj(31)
    try:
        return inflate.decompress(block, _HEAD)
    except zlib.error:
        return b""
