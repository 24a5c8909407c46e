"""A proof: one text with the records it rests on, their place in the ledger, and a program that checks all of it.

archive/check_proof.py is that program; it lies in the proof as verify.py.  Source: archive/FORMAT.md.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from archive import check_proof, ledger
from archive.errors import Damaged, NotFound
from archive.ledger import Entry
from archive.members import Record, bare, walk
from archive.reader import Archive
from archive.records import Revision

_MADE = (1980, 1, 1, 0, 0, 0)  # one date for every file in the zip, so that the same proof has the same bytes
_README = """\
pressmark made this proof. It holds

  {text}
      the text; its name holds the first 16 hex digits of the SHA-256 of its bytes
  warc/
      the records it rests on, as they lie in the archive: the answer of {url},
      and the record that names the text as understood from it (WARC/1.1, one gzip member a record)
  ledger/
      for each day one entry with the Merkle root over that day's records, each naming the one before it
      by its SHA-256; beside them, where there are any, time stamps of such a root (.tsr: RFC 3161,
      .ots: OpenTimestamps)
  proof.json
      which records belong to the text, and the paths that lead from them to the roots

Read verify.py, it is 80 lines, and run it where this was unpacked:  python3 -I verify.py

What it shows: that text and records are, byte for byte, those that the ledger covers. So they are tamper-evident
since somebody you trust first saw the root that verify.py names, or a later one: a time stamping authority, the
Bitcoin block chain, a newspaper, you. A root that you have from nobody but the giver of this proof shows nothing.
What it does not show: that the server sent these bytes, that the recorder's clock was right, or who recorded it.
The signature of a time stamp is checked by the command that verify.py prints.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """A group of the text's records, and where the ledger has it."""

    warc: str
    first: Record
    raw: bytes
    entry: Entry | None = None  # of the day it is sealed under
    index: int | None = None  # of its leaf in that day's tree
    path: tuple[bytes, ...] = ()

    @property
    def line(self) -> str:
        url, when = (self.first.field(name) or "" for name in ("WARC-Target-URI", "WARC-Date"))
        return ledger.line(self.raw, self.warc, self.first.offset, url=url, date=when)

    @property
    def place(self) -> str:
        """The line, or as much of it as a proof can show before the day is sealed."""
        return self.line if self.entry else f"{hashlib.sha256(self.raw).hexdigest()} {len(self.raw)} {self.warc} -"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a proof came to."""

    files: dict[str, bytes]  # everything in it, by name
    days: tuple[date, ...]  # days whose entries cover its records
    unsealed: tuple[str, ...]  # WARC files among its records that no entry covers yet
    roots: int  # entries in it, from the first of those days to the newest
    stamps: tuple[str, ...]  # time stamps in it

    @property
    def stamps_of_all(self) -> tuple[str, ...]:
        """Those of a root that commits to all of its records; none while one of these is not sealed."""
        if self.unsealed:
            return ()
        since = f"{ledger.FOLDER}/{max(self.days):%Y/%m/%d}"
        return tuple(path for path in self.stamps if path >= since)

    def write(self, file: BinaryIO) -> None:
        """The proof as a zip file. Raises OSError."""
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as box:
            for name, block in self.files.items():
                made = zipfile.ZipInfo(name, _MADE)
                made.compress_type = zipfile.ZIP_STORED if name.endswith(".gz") else zipfile.ZIP_DEFLATED
                made.external_attr = 0o644 << 16
                box.writestr(made, block)


def prove(archive: Archive, revision: Revision) -> Proof:
    """The proof of a revision's text. Reads the WARC files of the days under which its records are sealed.

    Raises Damaged when a record, a file or an entry is not as it was written, NotFound when a record was taken out.
    """
    text = archive.text(revision)
    groups = list(_groups(archive, revision))
    entries = ledger.entries(archive.root)
    groups = list(_placed(archive.root, groups, entries))
    chain = _chain(groups, entries)
    stamps = [path for entry in chain for path in ledger.stamps_of(archive.root, entry)]
    name = f"text/{revision.pressmark}.txt"
    evidence = {
        "README.txt": _README.format(text=name, url=groups[-2].first.field("WARC-Target-URI")).encode(),
        name: text,
        **_warcs(archive, groups),
        **{entry.path: entry.block for entry in chain},
        **{path: (archive.root / path).read_bytes() for path in stamps},
    }
    return Proof(
        files={**evidence, "proof.json": _index(name, groups, evidence), "verify.py": _checker()},
        days=tuple(sorted({group.entry.day for group in groups if group.entry})),
        unsealed=tuple(dict.fromkeys(group.warc for group in groups if group.entry is None)),
        roots=len(chain),
        stamps=tuple(stamps),
    )


def _checker() -> bytes:
    return Path(check_proof.__file__).read_bytes()


def _groups(archive: Archive, revision: Revision) -> Iterator[_Group]:
    """The groups that the text rests on: those that a revisit refers to first, the text's own last."""
    known: set[str] = set()
    for warc, offset in archive.places_of(revision):
        group = archive.group_at(warc, offset)
        if not group:
            why = "a record of this text was taken out or is damaged; `pressmark verify` says which"
            raise NotFound(revision.pressmark, f"{why} ({warc} @{offset})")
        first, length = group[0], group[-1].offset + group[-1].length - offset
        original = bare(first.field("WARC-Refers-To"))
        if original and original not in known:
            why = f"its capture refers to {original}, which is not there: it was taken out or lost, so nothing is shown"
            raise NotFound(revision.pressmark, why)
        known.add(first.record_id)
        yield _Group(warc=warc, first=first, raw=_bytes_at(archive.warc_path(warc), offset, length))


def _bytes_at(path: Path, offset: int, length: int) -> bytes:
    with path.open("rb") as file:
        return os.pread(file.fileno(), length, offset)


def _placed(root: Path, groups: Sequence[_Group], entries: Sequence[Entry]) -> Iterator[_Group]:
    """The groups with their place in the tree of the entry that covers them, if one does."""
    covering = {warc: entry for entry in entries for warc, _ in entry.warcs}
    trees: dict[str, list[ledger.Leaf]] = {}
    for group in groups:
        entry = covering.get(group.warc)
        if entry is None:
            yield group
            continue
        if entry.path not in trees:
            trees[entry.path] = _leaves(root, entry)
        index = [leaf.line for leaf in trees[entry.path]].index(group.line)
        path = ledger.inclusion([leaf.hash for leaf in trees[entry.path]], index)
        yield replace(group, entry=entry, index=index, path=tuple(path))


def _leaves(root: Path, entry: Entry) -> list[ledger.Leaf]:
    """The leaves of an entry's tree, the same as when it was sealed. Raises Damaged."""
    try:
        found = [leaf for warc, _ in entry.warcs for leaf in ledger.leaves(root / warc, warc)]
    except OSError as error:
        why = f"a WARC file that it covers cannot be read ({error}); `pressmark verify` says which"
        raise Damaged(entry.path, why) from error
    if ledger.tree_root([leaf.hash for leaf in found]).hex() != entry.tree:
        raise Damaged(entry.path, "the records are not those that were sealed; `pressmark verify` says which")
    return found


def _chain(groups: Sequence[_Group], entries: Sequence[Entry]) -> list[Entry]:
    """The entries from the first that covers one of the groups up to the newest."""
    first = min((group.entry.day for group in groups if group.entry), default=None)
    return [entry for entry in entries if first and entry.day >= first]


def _warcs(archive: Archive, groups: Sequence[_Group]) -> dict[str, bytes]:
    """A small WARC file for each that the groups lie in: its warcinfo, then the groups."""
    made: dict[str, bytes] = {}
    for group in groups:
        path = archive.warc_path(group.warc)
        if group.warc not in made:
            made[group.warc] = _bytes_at(path, 0, next(walk(path)).length)
        made[group.warc] += group.raw
    return made


def _index(text: str, groups: Sequence[_Group], evidence: dict[str, bytes]) -> bytes:
    """proof.json: every file by its SHA-256, every group by where it lies here and in the ledger."""
    said = {
        "format": 1,
        "text": text,
        "files": {name: hashlib.sha256(block).hexdigest() for name, block in evidence.items()},
        "groups": [_said(group, evidence[group.warc]) for group in groups],
    }
    return json.dumps(said, indent=1, sort_keys=True).encode() + b"\n"


def _said(group: _Group, warc: bytes) -> dict[str, Any]:
    here = {"leaf": group.place, "at": warc.index(group.raw)}
    if group.entry is None:
        return {**here, "day": None}
    return {**here, "day": str(group.entry.day), "index": group.index, "path": [each.hex() for each in group.path]}
