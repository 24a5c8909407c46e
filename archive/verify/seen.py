"""Which record ids were seen and which were referred to, over a whole archive, in bounded memory.

Each id and each reference is one entry of 65 bytes in one of 256 buckets, by the first byte of the id's digest; the
buckets go to files when they grow. In the end one bucket after the other is joined: at once in memory is the 256th part
of the archive's ids, about 200 bytes each (a hundred million records: 80 MB).
"""

import hashlib
import struct
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_ENTRY = struct.Struct("<16sc8sQ8s8s8s8s")
_ANY = bytes(8)
_MOST = 32 << 20  # bytes of entries in memory
Holds = tuple[str | None, str | None, str | None, str | None]  # of a response: digest, URL, date, SHA-256
_HELD = b"RV"  # kinds that a text or a redirect may be understood from


def entry(
    kind: bytes,
    record_id: str,
    place: tuple[bytes, int],
    holds: Holds = (None, None, None, None),
) -> bytes:
    """In 65 bytes: an id that lies at a place, or that the record at that place refers to.

    kind: of ids R response, V revisit, M any other record; of references r of a revisit, c of a conversion, h of a
    redirect's next hop, j of a row of the catalog. place: the WARC file as `key_of` gives it, and the offset.
    holds: what the response at that place has, or should have; None fits any.
    """
    said = (_short(each, 8) if each else _ANY for each in holds)
    return _ENTRY.pack(_short(record_id, 16), kind, *place, *said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """An entry that does not fit the others."""

    kind: str  # "record_twice", "reference" or "revisit_target"
    id: bytes  # digest of the id
    of: bytes  # kind of the entry
    warc: bytes  # digest of the WARC file's path
    offset: int
    what: str
    other: tuple[bytes, int] | None = None  # where the id lies as well


def _short(said: str, size: int) -> bytes:
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()[:size]


def key_of(warc: str) -> bytes:
    """What stands for a WARC file's path in an entry."""
    return _short(warc, 8)


class Seen:
    """The entries of one run. folder: where they stay when the run is to be taken up again; None: nowhere."""

    def __init__(self, folder: Path | None) -> None:
        self._kept = folder
        self._folder = folder
        self._fleeting: tempfile.TemporaryDirectory[str] | None = None
        self._buckets = [bytearray() for _ in range(256)]
        self._size = 0

    def add(self, entries: bytes) -> None:
        """Entries, packed one behind the other."""
        for start in range(0, len(entries), _ENTRY.size):
            self._buckets[entries[start]] += entries[start : start + _ENTRY.size]
        self._size += len(entries)
        if self._size > _MOST:
            self.write()

    def write(self) -> None:
        """Put what is in memory into the buckets' files."""
        folder = self._make_folder()
        for number, bucket in enumerate(self._buckets):
            if bucket:
                with (folder / f"{number:02x}").open("ab") as file:
                    # A run that was killed here may have left a part of an entry; what comes behind it must not shift.
                    file.truncate(file.tell() - file.tell() % _ENTRY.size)
                    file.write(bucket)
                bucket.clear()
        self._size = 0

    def _make_folder(self) -> Path:
        if self._folder is None:
            self._fleeting = tempfile.TemporaryDirectory(prefix="pressmark-verify-")
            self._folder = Path(self._fleeting.name)
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder

    def odd(self) -> Iterator[Odd]:
        """Every id that lies in two places, and every reference to one that lies nowhere or is another."""
        for number, bucket in enumerate(self._buckets):
            yield from _joined(self._written(number) + bytes(bucket))

    def _written(self, number: int) -> bytes:
        """What a bucket's file holds, up to the last whole entry."""
        with suppress(FileNotFoundError):
            if self._folder:
                written = (self._folder / f"{number:02x}").read_bytes()
                return written[: len(written) - len(written) % _ENTRY.size]
        return b""

    def forget(self) -> None:
        """Take the files away."""
        if self._fleeting:
            self._fleeting.cleanup()
        elif self._kept and self._kept.is_dir():
            for path in self._kept.glob("[0-9a-f][0-9a-f]"):
                path.unlink()
            self._kept.rmdir()


Packed = tuple[bytes, bytes, bytes, int, bytes, bytes, bytes, bytes]


def _joined(bucket: bytes) -> Iterator[Odd]:
    here: dict[bytes, Packed] = {}
    wanted: list[Packed] = []
    for entry in _ENTRY.iter_unpack(bucket):
        if entry[1].islower():
            wanted.append(entry)
            continue
        first = here.setdefault(entry[0], entry)
        if first[2:4] != entry[2:4]:
            yield _odd(entry, "record_twice", "two records have one id", other=(first[2], first[3]))
    for entry in dict.fromkeys(wanted):  # what an interrupted run had entered is entered again
        yield from _unfit(entry, here.get(entry[0]))


def _odd(entry: Packed, kind: str, what: str, *, other: tuple[bytes, int] | None = None) -> Odd:
    return Odd(kind=kind, id=entry[0], of=entry[1], warc=entry[2], offset=entry[3], what=what, other=other)


def _unfit(entry: Packed, target: Packed | None) -> Iterator[Odd]:
    """Where a reference leads to nothing, or to something else than it says."""
    kind = entry[1]
    if target is None:
        yield _odd(entry, "reference", "which no record of the archive is")
    elif kind in b"ch" and target[1] not in _HELD:
        yield _odd(entry, "reference", "which is no answer")
    elif kind == b"r" and target[1] != b"R":
        yield _odd(entry, "revisit_target", "which is no response")
    elif kind == b"r":
        yield from (
            _odd(entry, "revisit_target", f"whose {name} is another than the revisit says")
            for name, said, is_ in zip(("digest", "URL", "date", "SHA-256"), entry[4:], target[4:], strict=True)
            if _ANY not in (said, is_) and said != is_
        )
