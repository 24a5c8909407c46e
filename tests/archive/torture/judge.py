"""Is what was acknowledged there, is what is there sound, and does the next writer go on?"""

import hashlib
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from archive import Archive, open_archive, open_writer
from archive.catalog import Reading
from archive.errors import ArchiveError
from archive.rebuild import rebuild
from tests.archive.pages import HARBOUR, damages
from tests.archive.torture.story import keep_a_page


@dataclass(slots=True)
class Told:
    """What writers have acknowledged: record id → SHA-256 of what it stands for."""

    captures: dict[str, str] = field(default_factory=dict)
    revisions: dict[str, str] = field(default_factory=dict)
    visits: set[str] = field(default_factory=set)
    rulings: dict[str, str] = field(default_factory=dict)  # revision → verdict
    sites: set[tuple[str, int]] = field(default_factory=set)
    tails: set[bytes] = field(default_factory=set)  # torn bytes that nobody may throw away

    def add(self, lines: str) -> None:
        """Take in what a child told."""
        for line in lines.splitlines():
            kind, *words = line.split(" ")
            match kind:
                case "capture":
                    self.captures[words[0]] = words[1]
                case "revision":
                    self.revisions[words[0]] = words[1]
                case "visit":
                    self.visits.add(words[0])
                case "ruling":
                    self.rulings[words[0]] = words[1]
                case "site":
                    self.sites.add((words[0], int(words[1])))

    def __bool__(self) -> bool:
        return bool(self.captures or self.visits or self.rulings or self.sites)


def losses(root: Path, told: Told) -> list[str]:
    """What was acknowledged and is not there as it was, and what `verify` finds; read without changing anything."""
    try:
        with open_archive(root) as reader, reader.reading() as reading:
            return [
                *_lost_captures(reader, reading, told),
                *_lost_revisions(reader, reading, told),
                *_lost_rows(reading, told),
                *_lost_tails(root, told),
                *_names_given_twice(reading),
                *damages(root),
            ]
    except ArchiveError as error:
        return [f"{type(error).__name__}: {error}"]


def _lost_captures(reader: Archive, reading: Reading, told: Told) -> Iterator[str]:
    for record_id, sha256 in told.captures.items():
        capture = reading.capture(record_id)
        if capture is None:
            yield f"the capture {record_id} is lost"
        elif hashlib.sha256(reader.payload(capture)[1]).hexdigest() != sha256:
            yield f"the capture {record_id} has another payload"


def _lost_revisions(reader: Archive, reading: Reading, told: Told) -> Iterator[str]:
    for record_id, sha256 in told.revisions.items():
        revision = reading.revision(record_id)
        if revision is None:
            yield f"the revision {record_id} is lost"
            continue
        file = reader.root / revision.text_file
        for place, text in (("record", reader.text(revision)), ("file", file.read_bytes() if file.exists() else b"")):
            if hashlib.sha256(text).hexdigest() != sha256:
                yield f"the text of {record_id} is not in its {place}"


def _lost_rows(reading: Reading, told: Told) -> Iterator[str]:
    there = {visit.visit_id for visit in reading.visits_since(datetime(1970, 1, 1, tzinfo=UTC))}
    yield from (f"the visit {visit_id} is lost" for visit_id in told.visits - there)
    for record_id, verdict in told.rulings.items():
        revision = reading.revision(record_id)
        if revision is None or revision.verdict != verdict:
            yield f"the ruling on {record_id} is lost"
    yield from (f"the memory {name}@{n} is lost" for name, n in told.sites if reading.site(name, number=n) is None)


def _lost_tails(root: Path, told: Told) -> Iterator[str]:
    there = [path.read_bytes() for path in (*root.rglob("*.tail"), *root.rglob("*.open")) if told.tails]
    for tail in told.tails:
        if not any(block.endswith(tail) for block in there):
            yield f"a torn tail of {len(tail)} bytes is lost"


def _names_given_twice(reading: Reading) -> Iterator[str]:
    named = [revision for revision in reading.all_revisions() if revision.names_file]
    numbers = Counter((each.text_file.rpartition("/")[0], each.pressmark.partition("_")[0]) for each in named)
    yield from (f"the number {each} is given twice" for each, times in numbers.items() if times > 1)
    for sha256, times in Counter(each.sha256 for each in named).items():
        if times > 1:
            yield f"{times} records name the file of {sha256}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an archive after a fault."""

    losses: list[str]
    seconds: float  # that the next writer took to open it, with all it had to recover


def judge(root: Path, told: Told, *, alone: bool = True) -> Verdict:
    """The next writer opens the archive, appends and keeps; then everything acknowledged must be there, and sound.

    alone: nobody else writes now, so no file may be left open.
    """
    later: list[str] = []
    began = time.perf_counter()
    try:
        with open_writer(root) as archive:
            seconds = time.perf_counter() - began
            keep_a_page(archive, later.append, url=f"{HARBOUR}/after/{os.urandom(4).hex()}")
    except ArchiveError as error:
        return Verdict([f"the next writer cannot go on: {type(error).__name__}: {error}"], 0.0)
    told.add("\n".join(later))
    left = [f"{path} is left open" for path in root.rglob("*.open") if alone]
    return Verdict([*left, *losses(root, told)], seconds)


def differs_when_rebuilt(root: Path) -> list[str]:
    """The lines of the catalog that a rebuild from the WARC files alone does not bring back, or brings anew."""
    with open_archive(root) as reader:
        before = set(reader.dump())
    for path in root.glob("catalog.sqlite*"):
        path.unlink()
    shutil.rmtree(root / "text", ignore_errors=True)
    rebuild(root)
    with open_archive(root) as reader:
        return sorted(before ^ set(reader.dump()))
