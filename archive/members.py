"""WARC records as they lie in a file: one gzip member each.  Source: ISO 28500:2017 (WARC/1.1), RFC 1952.

Reading is ours and not warcio's, because warcio hands back a torn payload as if it were whole (webrecorder/warcio#138).
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from archive.errors import Damaged

try:  # five times faster at the same size; the format is plain gzip either way
    from isal import isal_zlib as zlib
except ImportError:  # pragma: no cover - where there is no isal wheel
    import zlib  # type: ignore[no-redef]

_CHUNK = 1 << 18
_MAGIC = b"\x1f\x8b\x08"
_GZIP = 31  # zlib's name for "a gzip header and trailer, checked"
_RESERVED = 0xE0  # flags of a gzip header that must be zero
_MOST = 1 << 30  # no record of ours is larger than this when inflated


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One WARC record and where it lies."""

    offset: int  # of its gzip member, bytes from the start of the file
    length: int  # of its gzip member
    fields: tuple[tuple[str, str], ...]
    block: bytes
    # The first field of each name, by the name in lower case.
    said: Mapping[str, str] = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "said", {name.lower(): value for name, value in self.fields[::-1]})

    def field(self, name: str) -> str | None:
        """The first header field of that name, in any case, or None."""
        return self.said.get(name.lower())

    @property
    def type(self) -> str:
        """The WARC-Type: "response", "revisit", …"""
        return self.field("WARC-Type") or ""

    @property
    def record_id(self) -> str:
        """The WARC-Record-ID without its angle brackets."""
        return bare(self.field("WARC-Record-ID")) or ""


def bare(uri: str | None) -> str | None:
    """A URI without the angle brackets that WARC puts round it."""
    return uri.strip("<>") if uri else None


def member(plain: bytes) -> bytes:
    """The bytes as one gzip member: isal's level 1 is within 2 % of zlib's 6 in size and five times as fast."""
    squeeze = zlib.compressobj(1 if zlib.__name__.startswith("isal") else 6, zlib.DEFLATED, _GZIP)
    return bytes(squeeze.compress(plain) + squeeze.flush())


def parse(plain: bytes, *, offset: int = 0, length: int = 0) -> Record:
    """One inflated record. Raises ValueError saying what is wrong with it."""
    at = plain.find(b"\r\n\r\n")
    lines = plain[: max(at, 0)].decode("utf-8", "replace").split("\r\n")
    if not lines[0].startswith("WARC/1."):
        raise ValueError("no WARC header")
    parts = [line.partition(":") for line in lines[1:]]
    fields = tuple([(name.strip(), value.strip()) for name, _, value in parts])
    stated = next((value for name, value in fields if name.lower() == "content-length"), "")
    if not stated.isdecimal():
        raise ValueError("no Content-Length")
    block, end = at + 4, at + 4 + int(stated)
    if len(plain) != end + 4 or not plain.endswith(b"\r\n\r\n"):
        if plain.startswith(b"WARC/1.", end + 4):
            raise ValueError("one gzip member holds several records")
        raise ValueError(f"Content-Length says {stated} bytes, there are {max(len(plain) - block - 4, 0)}")
    return Record(offset=offset, length=length, fields=fields, block=plain[block:end])


def walk(
    path: Path, *, start: int = 0, end: int | None = None, heard: Callable[[bytes], object] | None = None
) -> Iterator[Record]:
    """Every record of the file from `start` up to `end` (bytes), in order.

    heard: is given all bytes as they are read, so that whoever wants the file's digest need not read it again.
    Raises Damaged with the offset of the first member that is not whole, is no record, or is no gzip.
    """
    with path.open("rb") as file:
        file.seek(start)
        read = _heard(file, heard) if heard else lambda: file.read(_CHUNK)
        offset = start
        pending = b""
        while end is None or offset < end:
            pending = pending or read()
            if not pending:
                return
            plain, length, pending = _inflate(read, pending, path, offset)
            try:
                yield parse(plain, offset=offset, length=length)
            except ValueError as error:
                raise Damaged(path, str(error), offset=offset) from error
            offset += length


def _heard(file: BinaryIO, heard: Callable[[bytes], object]) -> Callable[[], bytes]:
    def read() -> bytes:
        chunk = file.read(_CHUNK)
        heard(chunk)
        return chunk

    return read


def survivors(
    path: Path, damages: list[Damaged], *, end: int | None = None, heard: Callable[[bytes], object] | None = None
) -> Iterator[Record]:
    """Every record that is whole, also behind a damaged one; what is wrong is added to `damages`.

    heard: as for `walk`, up to the first damage. Raises FileNotFoundError when the file is not there.
    """
    start: int | None = 0
    while start is not None:
        try:
            yield from walk(path, start=start, end=end, heard=heard)
            return
        except Damaged as damage:
            damages.append(damage)
            heard = None
            with path.open("rb") as file:
                start = next_member(file, damage.offset + 1, end)


def next_member(file: BinaryIO, start: int, end: int | None = None) -> int | None:
    """Where the next gzip member begins that holds a WARC record; None when there is none up to `end`."""
    while end is None or start < end:
        file.seek(start)
        chunk = file.read(_CHUNK)
        at = chunk.find(_MAGIC)
        while at >= 0:
            if (end is None or start + at < end) and _begins_a_record(chunk[at : at + 4096]):
                return start + at
            at = chunk.find(_MAGIC, at + 1)
        if len(chunk) < _CHUNK:
            return None
        start += len(chunk) - 4096  # a member may begin near the chunk's end
    return None


def _begins_a_record(block: bytes) -> bool:
    try:
        return bytes(zlib.decompressobj(_GZIP).decompress(block, 64)).startswith(b"WARC/1.")
    except zlib.error:  # type: ignore[misc]  # as below
        return False


def _inflate(read: Callable[[], bytes], pending: bytes, path: Path, offset: int) -> tuple[bytes, int, bytes]:
    """The member that begins at `pending`: inflated, its length, and what was read past it; read: gives more."""
    inflate, parts, length, size = zlib.decompressobj(_GZIP), [], 0, 0
    if len(pending) < 4:
        pending += read()
    # isal passes over them, zlib and the standard do not.  Source: RFC 1952, 2.3.1.2.
    if pending[3:4] and pending[3] & _RESERVED:
        raise Damaged(path, "bytes that are no gzip (unknown flags)", offset=offset)
    while pending:
        try:
            parts.append(inflate.decompress(pending))
        except zlib.error as error:  # type: ignore[misc]  # isal's stubs do not say that it is an exception
            raise Damaged(path, f"bytes that are no gzip ({error})", offset=offset) from error
        size += len(parts[-1])
        if size > _MOST:
            raise Damaged(path, "a record larger than 1 GB", offset=offset)
        length += len(pending) - len(inflate.unused_data)
        if inflate.eof:
            return b"".join(parts), length, inflate.unused_data
        pending = read()
    raise Damaged(path, "the last record is cut short", offset=offset)


def read(path: Path, offset: int) -> Record:
    """The record whose member begins there.

    Raises Damaged when there is none, FileNotFoundError when the file is not there.
    """
    for record in walk(path, start=offset, end=offset + 1):
        return record
    raise Damaged(path, "ends before this record", offset=offset)
