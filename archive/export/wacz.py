"""WACZ: WARC files, their index and a list of pages in one zip file, for replay in a browser without a server.

Without conditions it holds the archive's WARC files as they lie, those that are open up to what is acknowledged; with
conditions WARC files of its own: the records that the chosen texts rest on, member for member. The same archive gives
the same bytes: nothing in it tells when it was made.
Sources: WACZ 1.1.1 (https://specs.webrecorder.net/wacz/1.1.1/), its index as pywb's ZipNum.
"""

import hashlib
import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from importlib.metadata import version
from itertools import islice
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from archive import index, members
from archive.catalog import Reading
from archive.errors import Damaged, NotFound
from archive.export.cdxj import line
from archive.export.chosen import can_replay, rests_on
from archive.export.sorting import in_order
from archive.finding import Conditions
from archive.reader import Archive
from archive.records import Capture, Revision
from archive.warc import GIGABYTE, stamp

_CHUNK = 1 << 20
_BLOCK = 300  # lines of the index in one gzip member, as cdxj-indexer has it
_INDEX, _SECOND_INDEX, _PAGES = "indexes/index.cdx.gz", "indexes/index.idx", "pages/pages.jsonl"

Held = Mapping[str, int]  # of each WARC file how many bytes were acknowledged when the export began


def write(archive: Archive, conditions: Conditions, out: IO[bytes], *, warc_size: int = GIGABYTE) -> int:
    """The package of the chosen texts, or without conditions of the whole archive; how many pages it lists.

    out: seekable. warc_size: bytes after which a WARC file of a selection is followed by another. Raises Damaged, or
    NotFound where there is nothing to put into a package.
    """
    with archive.reading() as reading, ZipFile(out, "w") as zip_file:
        files = reading.warc_files()
        held = {warc: length for warc, (length, _) in files.items()}
        package = _Package(zip_file)
        if conditions:
            lines = _put_selection(package, archive, reading, conditions, held, warc_size=warc_size)
        else:
            _put_files(package, archive, files)
            lines = _lines(reading, held)
        # Closed also when there is no room to sort them: an open part would not let the zip file be closed.
        with closing(lines), in_order(lines) as ordered:
            _put_index(package, ordered)
        pages = _put_pages(package, archive, reading, conditions, held)
        if not pages and (conditions or not held):
            why = "nothing in this archive meets these filters, and a WACZ without a page would be of no use"
            raise NotFound(archive.root.name, why)
        _put_manifest(package)
    return pages


class _Part:
    """One file of the package while it is written: its size and digest."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, block: bytes) -> None:
        """Write all of the block."""
        self._file.write(block)
        self._digest.update(block)
        self.size += len(block)

    @property
    def sha256(self) -> str:
        """Of what was written, 64 hex digits."""
        return self._digest.hexdigest()


class _Package:
    """The zip file as it grows, and what its manifest will say of each file."""

    def __init__(self, zip_file: ZipFile) -> None:
        self._zip = zip_file
        self.resources: list[dict[str, Any]] = []

    @contextmanager
    def part(self, path: str, *, compression: int = ZIP_DEFLATED) -> Iterator[_Part]:
        """A file to write; one at a time."""
        about = ZipInfo(path)  # dated 1980-01-01, the first day a zip file knows
        about.compress_type = compression
        about.external_attr = 0o644 << 16
        with self._zip.open(about, "w", force_zip64=True) as file:
            part = _Part(file)
            yield part
        named = {"name": path.rpartition("/")[2], "path": path}
        self.resources.append({**named, "hash": f"sha256:{part.sha256}", "bytes": part.size})


# ── the WARC files ───────────────────────────────────────────────────────────────────────────────────────────────────


def _put_files(package: _Package, archive: Archive, files: Mapping[str, tuple[int, str | None]]) -> None:
    """Every WARC file as it lies, as far as it is acknowledged. Raises Damaged when it is not what it was."""
    for warc, (length, sha256) in files.items():
        with _opened(archive, warc) as file, package.part(f"archive/{_name(warc)}", compression=ZIP_STORED) as part:
            while part.size < length and (block := file.read(min(_CHUNK, length - part.size))):
                part.write(block)
        if part.size != length or (sha256 and part.sha256 != sha256):
            why = "is not what was written, so it is not given away; `pressmark verify` says what is wrong with it"
            raise Damaged(warc, why, offset=part.size)


def _opened(archive: Archive, warc: str) -> IO[bytes]:
    for _ in range(2):
        try:
            return archive.warc_path(warc).open("rb")
        except FileNotFoundError:  # its writer gave it its final name between our look and now
            continue
    raise Damaged(warc, "the file is missing; bring it back from a second copy of the archive")


def _put_selection(
    package: _Package, archive: Archive, reading: Reading, conditions: Conditions, held: Held, *, warc_size: int
) -> Generator[bytes]:
    """WARC files with the records that the chosen texts rest on; a line of the index for each capture."""
    with in_order(_places(reading, conditions, held)) as places, _Selection(package, archive, warc_size) as selection:
        for place in places:
            warc, offset, record_id = place.decode().rstrip("\n").split("\t")
            file, at = selection.add(warc, int(offset), record_id)
            capture = reading.capture(record_id)
            if capture and can_replay(reading, capture):
                yield line(capture, file=file, offset=at)


def _places(reading: Reading, conditions: Conditions, held: Held) -> Iterator[bytes]:
    """Where the groups begin that the chosen texts rest on, so that they sort by file and offset."""
    for revision in _revisions(reading, conditions, held):
        records: tuple[Capture | Revision, ...] = (*rests_on(reading, revision), revision)
        for each in records:
            if _within(each, held):
                yield f"{each.warc}\t{each.offset:020}\t{each.record_id}\n".encode()


class _Selection:
    """The package's own WARC files: groups as they lie elsewhere, each behind the warcinfo of its file."""

    def __init__(self, package: _Package, archive: Archive, limit: int) -> None:
        self._package, self._archive, self._limit = package, archive, limit
        self._begun: set[str] = set()
        self._number = 0
        self._part: _Part | None = None
        self._closing = ExitStack()

    def __enter__(self) -> "_Selection":
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    @property
    def _file(self) -> str:
        return f"selection-{self._number:05}.warc.gz"

    def add(self, warc: str, offset: int, record_id: str) -> tuple[str, int]:
        """Copy the group that begins there; the file and the offset where it now lies. Raises Damaged."""
        part = self._room()
        if warc not in self._begun:
            self._begun.add(warc)
            part.write(_group(self._archive, warc, 0))
        at = part.size
        part.write(_group(self._archive, warc, offset, record_id))
        return self._file, at

    def _room(self) -> _Part:
        if self._part and self._part.size < self._limit:
            return self._part
        if self._part:
            self._closing.close()
            self._begun.clear()
            self._number += 1
        part = self._package.part(f"archive/{self._file}", compression=ZIP_STORED)
        self._part = self._closing.enter_context(part)
        return self._part


def _group(archive: Archive, warc: str, offset: int, record_id: str | None = None) -> bytes:
    """The members of the group that begins there, as they lie."""
    with _opened(archive, warc) as file:
        group = next(index.groups(members.walk(archive.warc_path(warc), start=offset)), ())
        if not group or group[0].offset != offset or (record_id and group[0].record_id != record_id):
            raise Damaged(warc, f"does not hold {record_id or 'a whole group'} where it should", offset=offset)
        file.seek(offset)
        return file.read(group[-1].offset + group[-1].length - offset)


# ── index, pages, manifest ───────────────────────────────────────────────────────────────────────────────────────────


def _lines(reading: Reading, held: Held) -> Generator[bytes]:
    for capture in reading.all_captures():
        if _within(capture, held) and can_replay(reading, capture):
            yield line(capture, file=capture.warc, offset=capture.offset)


def _put_index(package: _Package, lines: Iterable[bytes]) -> None:
    """The index in blocks that can be inflated one by one, and a second index that says where each begins."""
    beginnings = ["!meta 0 " + json.dumps({"format": "cdxj-gzip-1.0", "filename": _name(_INDEX)})]
    rest = iter(lines)
    with package.part(_INDEX, compression=ZIP_STORED) as part:
        while block := list(islice(rest, _BLOCK)):
            offset = part.size
            part.write(members.member(b"".join(block)))
            key = block[0].partition(b" {")[0].decode()
            beginnings.append(f"{key} " + json.dumps({"offset": offset, "length": part.size - offset}))
    with package.part(_SECOND_INDEX) as part:
        part.write("".join(f"{each}\n" for each in beginnings).encode())


def _put_pages(package: _Package, archive: Archive, reading: Reading, conditions: Conditions, held: Held) -> int:
    """A line for each chosen revision whose capture is in the package; how many."""
    count = 0
    with package.part(_PAGES) as part:
        part.write(_json({"format": "json-pages-1.0", "id": "pages", "title": "Articles", "hasText": True}))
        for revision in _revisions(reading, conditions, held):
            capture = reading.capture(revision.capture)
            if capture is None:
                continue
            part.write(_json(_page(archive, revision, capture)))
            count += 1
    return count


def _page(archive: Archive, revision: Revision, capture: Capture) -> dict[str, Any]:
    return {
        "id": revision.record_id,
        "url": capture.url,
        "ts": stamp(capture.captured_at),
        "title": revision.facts.headline or capture.url,
        "text": archive.text(revision).decode(),
    }


def _put_manifest(package: _Package) -> None:
    said = {
        "profile": "data-package",
        "wacz_version": "1.1.1",
        "title": "News kept by pressmark",
        "description": "News pages as they were sent, and their clean texts. Says nothing of when it was packed.",
        "software": f"pressmark/{version('pressmark')}",
        "resources": list(package.resources),
    }
    manifest = json.dumps(said, indent=1).encode() + b"\n"
    with package.part("datapackage.json") as part:
        part.write(manifest)
    with package.part("datapackage-digest.json") as digest:
        digest.write(_json({"path": "datapackage.json", "hash": f"sha256:{part.sha256}"}))


def _json(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _revisions(reading: Reading, conditions: Conditions, held: Held) -> Iterator[Revision]:
    """The chosen revisions that were there when the export began: what is written meanwhile lies behind that."""
    return (each for each in reading.revisions_in_order(conditions) if _within(each, held))


def _within(record: Capture | Revision, held: Held) -> bool:
    return record.offset < held.get(record.warc, 0)
