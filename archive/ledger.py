"""The ledger: for each day one entry, with the Merkle root over the records of the WARC files that it covers.

Every entry's root commits to the entry before it, so a witness of one root is a witness of all that came earlier.
Sources: RFC 9162, 2.1 (the tree); archive/FORMAT.md (the bytes).
"""

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from archive import check_proof, disk, manifest
from archive.errors import Damaged, Locked
from archive.index import LAST_OF_GROUP
from archive.members import Record, walk
from archive.tables import moment
from archive.warc import READ_ONLY, read_fields, stamp

FOLDER = "ledger"
_ENTRY = re.compile(r"ledger/(\d{4})/(\d\d)/(\d\d)\.json")
_WARC = re.compile(r"warc/(\d{4})/(\d\d)/(\d\d)/[^/]+\.warc\.gz")
_SECOND_COPY = "bring the file back from a second copy of the archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One group of records as the ledger covers it."""

    offset: int  # where the group begins, bytes from the start of its WARC file
    length: int  # of its members together
    line: str | None  # what is hashed; None for a group that was redacted
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Previous:
    """The entry before, by its bytes."""

    day: date
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One day of the ledger."""

    day: date
    sealed_at: datetime  # by the clock of the machine that wrote it
    leaves: int
    tree: str  # root of the tree over the leaves, 64 hex digits
    warcs: tuple[tuple[str, int], ...]  # paths in order, each with its leaves
    previous: Previous | None

    @property
    def path(self) -> str:
        """Where it lies, from the archive's folder."""
        return f"{FOLDER}/{self.day:%Y/%m/%d}.json"

    @property
    def root(self) -> str:
        """What a time stamp is asked for: the node above this entry and its tree, 64 hex digits."""
        return hashlib.sha256(self.preimage).hexdigest()

    @property
    def preimage(self) -> bytes:
        """What the root is the SHA-256 of."""
        head = json.dumps(self._said(), sort_keys=True, separators=(",", ":")).encode()
        return b"\1" + _leaf_hash(head) + bytes.fromhex(self.tree)

    @property
    def block(self) -> bytes:
        """The entry's file, byte for byte."""
        return json.dumps({**self._said(), "root": self.root}, indent=1, sort_keys=True).encode() + b"\n"

    def _said(self) -> dict[str, Any]:
        before = self.previous
        return {
            "format": 1,
            "day": str(self.day),
            "sealed_at": stamp(self.sealed_at),
            "leaves": self.leaves,
            "tree": self.tree,
            "warcs": [{"path": path, "leaves": leaves} for path, leaves in self.warcs],
            "previous": {"day": str(before.day), "sha256": before.sha256} if before else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing in which ledger and records disagree."""

    file: str  # path from the archive's folder
    what: str
    mend: str


# ── leaves and their tree ────────────────────────────────────────────────────────────────────────────────────────────


def line(group: bytes, warc: str, offset: int, *, url: str, date: str) -> str:
    """What stands in the ledger's tree for a group of records: `sha256 length warc offset url date`.

    group: its gzip members as they lie in the file. offset: where it begins, bytes. url, date: WARC-Target-URI and
    WARC-Date of its first record, as they stand there.
    """
    return f"{hashlib.sha256(group).hexdigest()} {len(group)} {warc} {offset} {url} {date}"


def leaf(group: bytes, warc: str, offset: int, *, url: str, date: str) -> bytes:
    """The leaf hash of a group, 32 bytes: what a tombstone must carry on. Arguments as for `line`."""
    return _leaf_hash(line(group, warc, offset, url=url, date=date).encode())


def leaf_of_tombstone(record: Record) -> tuple[bytes, int] | None:
    """Leaf hash and length (bytes) of the group that a tombstone stands for; None for any other record."""
    if record.type != "metadata":
        return None
    said = read_fields(record.block)
    digits, length = said.get("leaf", ""), said.get("group-length", "")
    if not (re.fullmatch(r"[0-9a-f]{64}", digits) and length.isdecimal()):
        return None
    return bytes.fromhex(digits), int(length)


def leaves(path: Path, warc: str) -> Iterator[Leaf]:
    """A leaf for each group of a WARC file, in order; the warcinfo has none.

    path: where the file lies. warc: its path from the archive's folder. Raises Damaged, or OSError when it cannot be
    read.
    """
    with path.open("rb") as file:
        group: list[Record] = []
        redacted_to = 0
        for record in walk(path):
            if record.type == "warcinfo" or record.offset < redacted_to:
                continue
            if not group and (said := leaf_of_tombstone(record)):
                redacted_to = record.offset + said[1]
                yield Leaf(offset=record.offset, length=said[1], line=None, hash=said[0])
                continue
            group.append(record)
            if record.type in LAST_OF_GROUP:
                yield _leaf(os.pread(file.fileno(), _length(group), group[0].offset), warc, group[0])
                group = []


def _leaf(raw: bytes, warc: str, first: Record) -> Leaf:
    said = line(raw, warc, first.offset, url=first.field("WARC-Target-URI") or "", date=first.field("WARC-Date") or "")
    return Leaf(offset=first.offset, length=len(raw), line=said, hash=_leaf_hash(said.encode()))


def _length(group: Sequence[Record]) -> int:
    return group[-1].offset + group[-1].length - group[0].offset


def _leaf_hash(said: bytes) -> bytes:
    return hashlib.sha256(b"\0" + said).digest()


def _above(level: Sequence[bytes]) -> list[bytes]:
    """The nodes above a level of the tree; an odd last one is carried up as it is."""
    pairs = zip(level[::2], level[1::2], strict=False)
    odd = [level[-1]] if len(level) % 2 else []
    return [hashlib.sha256(b"\1" + left + right).digest() for left, right in pairs] + odd


def tree_root(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes, 32 bytes."""
    level = list(hashes)
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else hashlib.sha256().digest()


def inclusion(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The inclusion path of one leaf, from the leaf's sibling up."""
    path, level = [], list(hashes)
    while len(level) > 1:
        if (sibling := index ^ 1) < len(level):
            path.append(level[sibling])
        level, index = _above(level), index // 2
    return path


# ── entries ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def entries(root: Path) -> list[Entry]:
    """Every entry of an archive, oldest first. Raises Damaged for one that is none."""
    return [_read(root, path) for path in _entry_paths(root)]


def newest(root: Path) -> Entry | None:
    """The last entry, if there is any. Raises Damaged."""
    path = next(reversed(_entry_paths(root)), None)
    return _read(root, path) if path else None


def parsed(block: bytes, path: str) -> Entry:
    """The entry that a file's bytes are. Raises Damaged when they are none, not even one byte off."""
    try:
        said = json.loads(block)
        before = said["previous"]
        entry = Entry(
            day=date.fromisoformat(said["day"]),
            sealed_at=moment(said["sealed_at"]),
            leaves=int(said["leaves"]),
            tree=str(said["tree"]),
            warcs=tuple((str(each["path"]), int(each["leaves"])) for each in said["warcs"]),
            previous=Previous(day=date.fromisoformat(before["day"]), sha256=str(before["sha256"])) if before else None,
        )
        same = entry.block == block and entry.path == path
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Damaged(path, f"is no ledger entry ({type(error).__name__}: {error}); {_SECOND_COPY}") from error
    if not same:
        raise Damaged(path, f"is not the entry that was sealed: its root says otherwise; {_SECOND_COPY}")
    return entry


def _read(root: Path, path: str) -> Entry:
    try:
        return parsed((root / path).read_bytes(), path)
    except OSError as error:
        raise Damaged(path, f"cannot be read ({error.strerror}); {_SECOND_COPY}") from error


def _entry_paths(root: Path) -> list[str]:
    found = (path.relative_to(root).as_posix() for path in (root / FOLDER).glob("*/*/*.json"))
    return sorted(path for path in found if _ENTRY.fullmatch(path))


# ── sealing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def seal(root: Path, *, now: datetime) -> tuple[Entry, ...]:
    """Write the entry of each day that is over (UTC) and whose closed WARC files no entry covers; the entries made.

    Nothing when another process is at it. A WARC file that is damaged is left out until it is mended. Touches neither
    catalog nor WARC files, so it may run beside a writer. Raises Damaged for an entry that cannot be read, WriteFailed
    or ReadOnly.
    """
    yesterday = now.astimezone(UTC).date() - timedelta(days=1)
    last = next(reversed(_entry_paths(root)), "")
    if last >= f"{FOLDER}/{yesterday:%Y/%m/%d}.json" or not any(_closed(root, until=yesterday)):
        return ()
    disk.make_folder(root / FOLDER)
    try:
        lock = disk.take_lock(root / FOLDER / "lock", exclusive=True)
    except Locked:
        return ()
    try:
        return tuple(_seal(root, yesterday, now))
    finally:
        disk.let_go(lock)


def _seal(root: Path, yesterday: date, now: datetime) -> Iterator[Entry]:
    covered, last = _covered(root), newest(root)
    waiting: list[str] = []
    for day, paths in _by_day(root, covered, last, yesterday).items():
        waiting += paths
        entry = _made(root, day, sorted(waiting), last=last, now=now)
        if entry is None:
            continue  # no record in them: they wait for a day that has one
        disk.write_whole(root / entry.path, entry.block, mode=READ_ONLY)
        yield entry
        last, waiting = entry, []


def _covered(root: Path) -> set[str]:
    """The WARC files that an entry names. Of entries by the thousand only the names are read: the last is checked."""
    found: set[str] = set()
    for path in _entry_paths(root):
        try:
            found.update(each["path"] for each in json.loads((root / path).read_bytes())["warcs"])
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise Damaged(path, f"is no ledger entry ({type(error).__name__}: {error}); {_SECOND_COPY}") from error
    return found


def _by_day(root: Path, covered: set[str], last: Entry | None, yesterday: date) -> Mapping[date, list[str]]:
    """The files that no entry covers by the day they are to be sealed under, earliest first.

    That of a dead writer, closed after its day was sealed, comes under the first day without an entry.
    """
    earliest = last.day + timedelta(days=1) if last else date.min
    days: dict[date, list[str]] = {}
    for day, path in _closed(root, until=yesterday):
        if path not in covered:
            days.setdefault(max(day, earliest), []).append(path)
    return dict(sorted(days.items()))


def _closed(root: Path, *, until: date) -> Iterator[tuple[date, str]]:
    """Closed WARC files of the days up to that one: (day of their folder, path)."""
    for path in (root / "warc").glob("*/*/*/*.warc.gz"):
        warc = path.relative_to(root).as_posix()
        day = day_of(warc)
        if day and day <= until:
            yield day, warc


def day_of(warc: str) -> date | None:
    """The day in whose folder a WARC file lies; None for a path that is not made so."""
    named = _WARC.fullmatch(warc)
    try:
        return date(*map(int, named.groups())) if named else None
    except ValueError:
        return None


def _made(root: Path, day: date, paths: Iterable[str], *, last: Entry | None, now: datetime) -> Entry | None:
    """The entry over these files; None when they hold no record."""
    hashes: list[bytes] = []
    warcs: list[tuple[str, int]] = []
    for warc in paths:
        try:
            found = [each.hash for each in leaves(root / warc, warc)]
        except (Damaged, OSError):  # for `verify` to report; what is mended is sealed later
            continue
        hashes += found
        warcs.append((warc, len(found)))
    if not hashes:
        return None
    return Entry(
        day=day,
        sealed_at=now,
        leaves=len(hashes),
        tree=tree_root(hashes).hex(),
        warcs=tuple(warcs),
        previous=Previous(day=last.day, sha256=hashlib.sha256(last.block).hexdigest()) if last else None,
    )


# ── checking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def faults(root: Path) -> Iterator[Fault]:
    """Everything in which entries, records, chain and time stamps disagree. Reads each covered WARC file once.

    root: the archive's folder. An archive in which no day was sealed has none.
    """
    known: list[Entry] = []
    for path in _entry_paths(root):
        try:
            known.append(_read(root, path))
        except Damaged as damage:
            yield Fault(file=path, what=damage.message, mend=_SECOND_COPY)
    yield from _broken_links(root, known)
    for entry in known:
        yield from _unlike(root, entry)
    yield from _uncovered(root, known)
    yield from _strange_stamps(root, {entry.path: entry for entry in known})


def _broken_links(root: Path, known: Sequence[Entry]) -> Iterator[Fault]:
    """The chain: each entry names the one before it, by its bytes."""
    before: str | None = None
    sealed = {entry.path: entry for entry in known}
    for path in _entry_paths(root):
        entry = sealed.get(path)
        named = entry.previous if entry else None
        there = f"{FOLDER}/{named.day:%Y/%m/%d}.json" if named else None
        if entry and there != before:
            what = f"names {there or 'no entry'} as the one before it, and {before or 'none'} lies there"
            yield Fault(file=path, what=what, mend=_SECOND_COPY)
        elif named and there and _sha256(root / there) != named.sha256:
            what = f"is not the entry that {path} names by its SHA-256: it was changed since"
            yield Fault(file=there, what=what, mend=_SECOND_COPY)
        before = path


def _sha256(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _unlike(root: Path, entry: Entry) -> Iterator[Fault]:
    """The records as they lie against the tree that was sealed."""
    hashes: list[bytes] = []
    whole = True
    for warc, count in entry.warcs:
        try:
            found = [each.hash for each in leaves(root / warc, warc)]
        except (Damaged, OSError) as error:
            why = error.message if isinstance(error, Damaged) else error.strerror
            yield Fault(file=warc, what=f"cannot be checked against {entry.path}: {why}", mend=_SECOND_COPY)
            whole = False
            continue
        if len(found) != count:
            what = f"holds {len(found)} groups of records, {entry.path} says {count}"
            yield Fault(file=warc, what=what, mend=_SECOND_COPY)
            whole = False
        hashes += found
    if whole and (len(hashes) != entry.leaves or tree_root(hashes).hex() != entry.tree):
        what = "the records of its WARC files are not those that were sealed: their Merkle root is another"
        yield Fault(file=entry.path, what=what, mend=_SECOND_COPY)


def _uncovered(root: Path, known: Sequence[Entry]) -> Iterator[Fault]:
    """Closed files that an entry should cover and none does, and those that two do.

    A file that was closed after the last entry was sealed waits for the next one; its manifest is as old as its end.
    """
    covered = Counter(path for entry in known for path, _ in entry.warcs)
    for path in sorted(path for path, times in covered.items() if times > 1):
        yield Fault(file=path, what="two ledger entries cover it", mend=_SECOND_COPY)
    last = known[-1] if known else None
    if last is None:
        return
    for _, warc in sorted(_closed(root, until=last.day)):
        closed = _closed_at(root / warc)
        if warc not in covered and closed and closed < last.sealed_at:
            what = f"no ledger entry covers it, though {last.path} was sealed after it was closed"
            yield Fault(file=warc, what=what, mend="if it is damaged, mend it: the next entry will cover it")


def _closed_at(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(manifest.path_of(path).stat().st_mtime, UTC)
    except OSError:
        return None


def stamps_of(root: Path, entry: Entry) -> list[str]:
    """The time stamps beside an entry: paths from the archive's folder, in order."""
    beside = root / entry.path
    return sorted(
        path.relative_to(root).as_posix()
        for kind in check_proof.STAMPS
        for path in beside.parent.glob(f"{beside.stem}.*{kind}")
    )


def _strange_stamps(root: Path, known: Mapping[str, Entry]) -> Iterator[Fault]:
    """Time stamps of another root, or of a day that has no entry."""
    found = (path for kind in check_proof.STAMPS for path in (root / FOLDER).glob(f"*/*/*{kind}"))
    for path in sorted(each.relative_to(root).as_posix() for each in found):
        entry = known.get(f"{path[: len(FOLDER) + 11]}.json")
        try:
            imprint = check_proof.imprint(path, (root / path).read_bytes())
        except (OSError, ValueError, IndexError) as error:
            yield Fault(file=path, what=f"is no time stamp ({error})", mend=_SECOND_COPY)
            continue
        if entry is None or imprint != entry.root:
            what = f"is a stamp of {imprint}, not of {entry.root if entry else 'a ledger entry that is there'}"
            yield Fault(file=path, what=what, mend=_SECOND_COPY)
