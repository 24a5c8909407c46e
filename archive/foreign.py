"""WARC files that others wrote, and WACZ, read as streams; nothing in them is trusted.

A file may be plain, hold one gzip member a record, or be one member; wget's brackets and its lengths that are off by
one are mended. Sources: ISO 28500 (WARC/1.0 and 1.1), RFC 1952, WACZ 1.1.1.
"""

import re
import stat
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from archive.errors import Damaged, NotAWarc
from archive.members import next_member

_CHUNK = 1 << 18  # bytes
_FIRST_WINDOW = 1 << 11  # zlib copies what follows a member: in large windows a million tiny ones are quadratic
_GZIP = 31  # zlib's name for "a gzip header and trailer, checked"
_VERSION = re.compile(r"WARC/(?:0\.1[78]|1\.\d)")
_LENGTH = re.compile(r"\d{1,18}")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
# What stands between a block and the next record; up to two bytes belong to the block when its length is too small.
_BETWEEN = re.compile(rb"(?s)(.{0,2}?)([\r\n]{0,16})(?=WARC/|(?:W(?:A(?:RC?)?)?)?\Z)")  # at the end: or as much of it
_LINE_ENDS = 64  # that may stand before a record: some writers leave more than two
_PEEKED = 16  # bytes: enough for what stands between, and for "WARC/"
_ENTRY = re.compile(r"\.warc(?:\.gz)?", re.IGNORECASE)
_OTHERS = {
    b"\x28\xb5\x2f\xfd": "is compressed with zstd; unpack it with `zstd -d` and import what comes out",
    b"filedesc:": "is an ARC file, the format before WARC; convert it with `warcio recompress`",
}
_ANEW = "get it anew from where it came"
_NOTHING_IN_IT = f"is empty, so there is nothing to take; if something should be in it, {_ANEW}"
_NO_WARC = "is no WARC or WACZ file; nothing was taken; name files that a crawler wrote (.warc, .warc.gz, .wacz)"
_NO_WACZ = (
    "is a zip file without a .warc or .warc.gz in it, so no WACZ; nothing was taken; name the WARC files themselves"
)
_ZIP_FAULTS = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError, OverflowError,
    IndexError, UnicodeError,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an import takes before it calls a file hostile."""

    block: int = 20_100_000  # bytes of one record's block; a larger one is passed over
    head: int = 64_000  # bytes of one record's header
    fields: int = 256  # of one record's header
    inflation: int = 200  # bytes that may come of one compressed byte, over the file so far …
    allowance: int = 64_000_000  # … and so many more
    damages: int = 100  # places that may be damaged before the rest of a file is left
    directory: int = 4_000_000  # bytes of a WACZ's list of entries
    members: int = 10_000  # gzip members of one record
    many: int = 100_000  # records, from which on …
    tiny: int = 64  # … they may not hold fewer bytes each, on average: the web answers with more


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """One record of somebody else's file, and where it lies."""

    offset: int  # of the record, or of the gzip member it begins in, bytes from the start of the file or entry
    entry: str | None  # the name inside the WACZ
    fields: tuple[tuple[str, str], ...]
    block: bytes | None  # None: it is larger than the limit

    def field(self, name: str) -> str | None:
        """The first header field of that name (lower case), or None."""
        return next((value for each, value in self.fields if each.lower() == name), None)


class _Hostile(Exception):
    """No crawler writes such a file: reading on would cost more than it is worth."""


class _Broken(Exception):
    """The bytes at hand are not what they should be."""

    offset = 0  # of the record they should be


class _Stream(ABC):
    """A file as the bytes of its records, one after another."""

    def __init__(self, file: BinaryIO) -> None:
        self.fault: str | None = None  # why no more bytes come, when it is not the end
        self._file = file
        self._buffer = bytearray()
        self._at = 0  # bytes that were passed over

    def peek(self, size: int) -> bytes:
        """The next bytes, up to so many; fewer at the end and before a fault. Raises _Hostile."""
        while len(self._buffer) < size and (more := self._more()):
            self._buffer += more
        return bytes(self._buffer[:size])

    def skip(self, size: int) -> int:
        """Passes over so many bytes; how many there were. Raises _Hostile."""
        left = size
        while left and self.peek(1):
            here = min(left, len(self._buffer))
            del self._buffer[:here]
            left -= here
            self._at += here
            self._passed()
        return size - left

    def _passed(self) -> None:  # noqa: B027 - most have nothing to do
        """Some bytes were passed over."""

    @abstractmethod
    def _more(self) -> bytes:
        """The next bytes of the file; none at its end, or when there is a fault."""

    @abstractmethod
    def begin(self) -> int:
        """A record begins with the next byte; where that lies: itself, or its gzip member."""

    @abstractmethod
    def vouches(self) -> bool:
        """Whether the record that was begun and read is what was written, as far as the file can tell."""

    @abstractmethod
    def past_damage(self) -> bool:
        """Goes to where records may begin again; False when there is no such place."""


class _Plain(_Stream):
    """A file that is not compressed. Behind a damage nobody can tell where a record begins: a page may hold one."""

    def _more(self) -> bytes:
        return self._file.read(_CHUNK)

    def begin(self) -> int:
        return self._at

    def vouches(self) -> bool:
        return True

    def past_damage(self) -> bool:
        return False


class _Gzip(_Stream):
    """A file of gzip members."""

    def __init__(self, file: BinaryIO, limits: Limits, most: int | None) -> None:
        super().__init__(file)
        self._limits = limits
        self._most = most  # bytes that may come of it at all
        self._made = 0  # bytes inflated
        self._go_to(0)

    def _go_to(self, start: int) -> None:
        self._file.seek(start)
        self.fault = None
        self._is_cut = False
        self._raw, self._raw_at, self._raw_start = b"", 0, start  # read from the file; how far it is inflated
        self._inflate: zlib._Decompress | None = None
        self._window = _FIRST_WINDOW
        self._buffer = bytearray()
        self._at = self._begun = 0  # bytes of the stream that were passed over; where the record begins
        self._members: deque[tuple[int, int]] = deque()  # (where in the stream, where in the file) each begins

    def _passed(self) -> None:
        while len(self._members) > 3 and self._members[3][0] <= self._at:
            del self._members[2]  # of those that one record spans, its own and the next are enough

    def begin(self) -> int:
        while len(self._members) > 1 and self._members[1][0] <= self._at:
            self._members.popleft()
        self._begun = self._at
        return self._members[0][1] if self._members else self._raw_start + self._raw_at

    def vouches(self) -> bool:
        """No, when it lies in a member whose checksum is wrong, or is what a member cut short begins with."""
        if self.fault is None or self._members[-1][0] >= self._at:
            return True
        return self._is_cut and self._members[-1][0] < self._begun

    def past_damage(self) -> bool:
        """To the next member: the one behind the record's own, or, when that has no end, where one is found."""
        while len(self._members) < 2 and (more := self._more()):
            self._at += len(self._buffer)  # what was inflated belongs to the damaged record
            self._buffer = bytearray(more)
        if len(self._members) > 1:
            self._go_to(self._members[1][1])
            return True
        start = next_member(self._file, self.begin() + 1) if self.fault else None
        if start is not None:
            self._go_to(start)
        return start is not None

    def _more(self) -> bytes:
        while self.fault is None and self._fill():
            inflate = self._inflate or self._begin_member()
            if made := self._inflated(inflate):
                return made
        if self.fault is None and self._inflate is not None:
            self.fault, self._is_cut = "the file is cut short", True
        return b""

    def _fill(self) -> bool:
        """Whether there are compressed bytes to go on with."""
        if self._raw_at < len(self._raw):
            return True
        self._raw_start += len(self._raw)
        self._raw, self._raw_at = self._file.read(_CHUNK), 0
        return bool(self._raw)

    def _begin_member(self) -> "zlib._Decompress":
        self._inflate, self._window = zlib.decompressobj(_GZIP), _FIRST_WINDOW
        start = self._at + len(self._buffer)
        if self._members and self._members[-1][0] == start:
            self._members.pop()  # it was empty
        self._members.append((start, self._raw_start + self._raw_at))
        if len(self._members) > self._limits.members:
            raise _Hostile(f"a record in more than {self._limits.members} gzip members")
        return self._inflate

    def _inflated(self, inflate: "zlib._Decompress") -> bytes:
        window = self._raw[self._raw_at : self._raw_at + self._window]
        try:
            made = inflate.decompress(window, _CHUNK)
        except zlib.error as error:
            self.fault = f"bytes that are no gzip ({error})"
            return b""
        left = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
        self._raw_at += len(window) - len(left)
        self._window = min(2 * self._window, _CHUNK)
        if inflate.eof:
            self._inflate = None
        self._count(len(made))
        return made

    def _count(self, made: int) -> None:
        self._made += made
        limits = self._limits
        most = limits.inflation * (self._raw_start + self._raw_at) + limits.allowance
        if self._made > min(most, self._most or most):
            raise _Hostile(f"a compressed byte becomes more than {limits.inflation}, as in a zip bomb")


class _Counted:
    """An entry of a WACZ that gives no more bytes than its size in the file makes likely."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file = file
        self._left = most

    def read(self, size: int) -> bytes:
        read = self._file.read(size)
        self._left -= len(read)
        if self._left < 0:
            raise _Hostile("it unpacks to far more than it is in the file, as in a zip bomb")
        return read

    def seek(self, offset: int) -> int:
        return self._file.seek(offset)


class _ShortDirectory:
    """A file of which no one read takes more than so many bytes: zipfile reads the list of entries at once."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file = file
        self._most = most

    def read(self, size: int = -1) -> bytes:
        if size > self._most:
            raise _Hostile(f"its list of entries is larger than {self._most} bytes")
        return self._file.read(size)

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)


def read_foreign(path: Path, damages: list[Damaged], limits: Limits) -> Iterator[Foreign]:
    """Every sound record of a WARC or WACZ file, in order; what is wrong is added to `damages`.

    Memory holds one record at a time. Behind a damage reading goes on with the next gzip member; of a file that is
    plain, or is one member, the rest is left, for nobody can tell there whether a record is one or stands in a page.
    Raises NotAWarc when it is none, cannot be read, or is hostile: made to cost far more than it holds.
    """
    try:
        yield from _of_a_likely_size(_records(path, damages, limits), limits)
    except _Hostile as error:
        raise NotAWarc(path, f"is refused: {error}; nothing of it was taken, and nothing need be done") from error
    except OSError as error:
        why = f"cannot be read ({error.strerror or error}); look whether it is there and whole"
        raise NotAWarc(path, why) from error


def look_through(path: Path, limits: Limits, stop: Callable[[], bool]) -> None:
    """Reads the whole file and keeps nothing: a hostile one is refused before anything of it is taken.

    stop: asked after each record. Raises NotAWarc as `read_foreign`.
    """
    next((record for record in read_foreign(path, [], limits) if stop()), None)


def _of_a_likely_size(records: Iterator[Foreign], limits: Limits) -> Iterator[Foreign]:
    """The records, up to where there are a great many with next to nothing in them."""
    size = 0
    for count, record in enumerate(records, start=1):
        size += limits.block if record.block is None else len(record.block)
        if count >= limits.many and size < limits.tiny * count:
            raise _Hostile(f"its first {count} records hold fewer than {limits.tiny} bytes each")
        yield record


def _records(path: Path, damages: list[Damaged], limits: Limits) -> Iterator[Foreign]:
    if not stat.S_ISREG(path.stat().st_mode):
        raise NotAWarc(path, "is no file that can be read twice, but a folder, pipe or device; name a file")
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(0)
        if start in (b"PK\x03\x04", b"PK\x05\x06"):
            yield from _of_wacz(path, file, damages, limits)
        else:
            yield from _of_warc(path, file, damages, limits, entry=None, most=None)


def _of_wacz(path: Path, file: BinaryIO, damages: list[Damaged], limits: Limits) -> Iterator[Foreign]:
    """The records of every entry that is called *.warc or *.warc.gz, whatever folder it claims to lie in."""
    try:
        package = zipfile.ZipFile(_ShortDirectory(file, limits.directory))  # type: ignore[call-overload]  # reads like one
        entries = [entry for entry in package.infolist() if _ENTRY.search(entry.filename[-8:])]
    except _ZIP_FAULTS as error:
        why = f"is a zip file that cannot be read ({error}), and nothing of it was taken; {_ANEW}"
        raise NotAWarc(path, why) from error
    if not entries:
        raise NotAWarc(path, _NO_WACZ)
    if sum(entry.compress_size for entry in entries) > path.stat().st_size:
        raise _Hostile("its entries overlap, as in a zip bomb")
    share = replace(limits, allowance=limits.allowance // len(entries))  # or thousands of entries make a bomb
    for entry in entries:
        name, most = one_line(entry.filename), share.inflation * entry.compress_size + share.allowance
        try:
            with package.open(entry) as opened:
                counted = _Counted(opened, most)
                yield from _of_warc(path, counted, damages, share, entry=name, most=most)  # type: ignore[arg-type]
        except _Hostile as error:
            raise _Hostile(f"{name} in it: {error}") from error
        except NotAWarc as error:
            damages.append(Damaged(path, f"{name} in it {error.message}"))
        except _ZIP_FAULTS as error:
            damages.append(Damaged(path, f"{name} in it cannot be read ({error}); the rest of it is left"))


def one_line(name: str) -> str:
    """A name out of somebody's file, fit for a line of ours: at most 200 characters, all of them printable."""
    shown = "".join(char if char.isprintable() else "?" for char in name)
    return shown.encode("utf-8", "replace").decode()[-200:]


def _of_warc(
    path: Path, file: BinaryIO, damages: list[Damaged], limits: Limits, *, entry: str | None, most: int | None
) -> Iterator[Foreign]:
    stream = _opened(path, file, limits, most)
    for told in range(1, limits.damages + 1):
        try:
            while (record := _record(stream, entry, limits)) is not None:
                yield record
            return
        except _Broken as error:
            goes_on = told < limits.damages and stream.past_damage()
            what = f"{error}{'' if goes_on else '; what follows is left'}"
            damages.append(damage_at(path, entry, error.offset, what))
            if not goes_on:
                return


def _opened(path: Path, file: BinaryIO, limits: Limits, most: int | None) -> _Stream:
    """The file as a stream that begins with a WARC record. Raises NotAWarc."""
    start = file.read(512)
    file.seek(0)
    if not start.startswith(b"\x1f\x8b"):
        _check_begin(path, start)
        return _Plain(file)
    stream = _Gzip(file, limits, most)
    if stream.peek(1) or not stream.fault:
        _check_begin(path, stream.peek(512))
    elif next_member(file, 1) is None:
        raise NotAWarc(path, f"is no WARC file that can be read: {stream.fault}; nothing was taken; {_ANEW}")
    return stream


def _check_begin(path: Path, start: bytes) -> None:
    if start.lstrip(b"\r\n").startswith(b"WARC/"):
        return
    known = next((said for mark, said in _OTHERS.items() if start.startswith(mark)), None)
    raise NotAWarc(path, known or (_NOTHING_IN_IT if not start else _NO_WARC))


def damage_at(path: Path, entry: str | None, offset: int, what: str) -> Damaged:
    """What is wrong with the record that begins there, in the file or in that entry of a WACZ."""
    return Damaged(path, f"{f'{entry} ' if entry else ''}@{offset}: {what}", offset=offset)


def _record(stream: _Stream, entry: str | None, limits: Limits) -> Foreign | None:
    """The next record; None at the end."""
    offset = stream.begin()
    try:
        _pass_line_ends(stream)
        offset = stream.begin()
        if not stream.peek(1):
            if stream.fault:
                raise _Broken(stream.fault)
            return None
        offset = stream.begin()  # of a stream at rest between two members only now known
        fields = _fields(stream, limits)
        block = _block(stream, _size(fields), limits)
        if not stream.vouches():
            raise _Broken(stream.fault)
    except _Broken as error:
        error.offset = offset
        raise
    return Foreign(offset=offset, entry=entry, fields=fields, block=block)


def _pass_line_ends(stream: _Stream) -> None:
    for _ in range(_LINE_ENDS):
        if stream.peek(1) not in (b"\r", b"\n"):
            return
        stream.skip(1)
    raise _Broken(f"more than {_LINE_ENDS} empty lines where a record should begin")


def _block(stream: _Stream, size: int, limits: Limits) -> bytes | None:
    """The block of so many bytes; None when it is larger than we take. Passes over it and what parts two records."""
    if size > limits.block:
        there = stream.skip(size)
        block = None
    else:
        block = stream.peek(size)
        there = stream.skip(len(block))
    if there < size:
        raise _Broken(stream.fault or f"Content-Length says {size} bytes, there are {there}")
    mended = _mended(stream, block or b"")
    return None if block is None else mended


def _fields(stream: _Stream, limits: Limits) -> tuple[tuple[str, str], ...]:
    """The header's fields; a line that begins with white space goes on the one before (WARC/1.0, 4)."""
    start = stream.peek(limits.head)
    end = _HEAD_END.search(start)
    if not start.startswith(b"WARC/"):
        raise _Broken("no WARC record begins here")
    if end is None:
        long = f"a header of more than {limits.head} bytes"
        raise _Broken(long if len(start) == limits.head else stream.fault or "a header without an end")
    stream.skip(end.end())
    version, *lines = start[: end.start()].decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    if not _VERSION.fullmatch(version.strip()):
        raise _Broken(f"a version that is not known: {one_line(version[:40])}")
    if len(lines) > limits.fields:
        raise _Broken(f"a header of more than {limits.fields} fields")
    fields: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (" ", "\t") and fields:
            fields[-1] = (fields[-1][0], f"{fields[-1][1]} {line.strip()}")
        else:
            name, _, value = line.partition(":")
            fields.append((name.strip(), value.strip()))
    return tuple(fields)


def _size(fields: tuple[tuple[str, str], ...]) -> int:
    """The Content-Length, in bytes."""
    said = {value for name, value in fields if name.lower() == "content-length"}
    if len(said) != 1:
        raise _Broken("no Content-Length" if not said else "more than one Content-Length")
    [value] = said
    if not (value.isascii() and _LENGTH.fullmatch(value)):
        raise _Broken(f"a Content-Length that no record can have: {one_line(value[:40]) or 'nothing'}")
    return int(value)


def _mended(stream: _Stream, block: bytes) -> bytes:
    """The block as what follows it shows it to be: wget and others are off by one or two. Passes over what follows."""
    after = stream.peek(_PEEKED)
    between = _BETWEEN.match(after)
    if between is None or (between[1] and len(between[2]) < 2):
        raise _Broken("no record follows where Content-Length says that this one ends")
    stream.skip(between.end())
    surplus, newlines = between[1], between[2]
    if surplus:
        return block + surplus
    missing = 4 - len(newlines)
    if newlines and missing in (1, 2, 3) and block[-missing:] + newlines == b"\r\n\r\n":
        return block[:-missing]  # it was too large, and took what parts two records
    return block
