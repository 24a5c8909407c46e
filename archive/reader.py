"""Reading an archive: what a capture stands for, what a revision says. Takes no lock and writes nothing."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Self

from archive import index, members
from archive.catalog import Catalog, Reading
from archive.errors import Damaged
from archive.heads import head_meant
from archive.members import Record
from archive.records import Article, Capture, Revision
from archive.warc import OPEN, read_fields


class Archive:
    """A reader of one archive folder."""

    def __init__(self, root: Path, catalog: Catalog) -> None:
        self.root = root
        self.catalog = catalog

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """A view of the catalog for queries."""
        with self.catalog.reading() as reading:
            yield reading

    def dump(self) -> Iterator[str]:
        """Every row of the catalog as JSON lines sorted by table and key."""
        with self.reading() as reading:
            yield from reading.dump()

    def record(self, warc: str, offset: int) -> Record:
        """The record at that place. Raises Damaged when there is none."""
        try:
            return members.read(self.warc_path(warc), offset)
        except FileNotFoundError as error:
            raise _missing(warc) from error

    def warc_path(self, warc: str) -> Path:
        """Where a WARC file lies now: with .open while its writer holds it."""
        path = self.root / warc
        return path if path.exists() else path.with_name(path.name + OPEN)

    def payload(self, capture: Capture) -> tuple[bytes, bytes]:
        """The response head and the body (content coding kept) that a capture stands for: a revisit's original's.

        What a revisit's own head reserves counts instead of what its original's does, see `heads.head_meant`.

        Raises Damaged when the record is not there or is another.
        """
        with self.reading() as reading:
            holder = reading.capture(capture.holder) if capture.revisit_of else capture
        if holder is None:
            raise Damaged(capture.record_id, f"refers to {capture.holder}, which this archive does not hold")
        record = self.record(holder.warc, holder.offset)
        if record.record_id != holder.record_id:
            raise Damaged(
                holder.warc, f"holds {record.record_id} where {holder.record_id} should be", offset=holder.offset
            )
        head, empty, body = record.block.partition(b"\r\n\r\n")
        if not empty:
            raise Damaged(holder.warc, "a response without an end of its head", offset=holder.offset)
        if holder is not capture:
            return head_meant(head + empty, self._own_head(capture)), body
        return head + empty, body

    def _own_head(self, revisit: Capture) -> bytes:
        """The head that came with a revisit; b"" where nobody told it. Raises Damaged."""
        try:
            group = self.group_at(revisit.warc, revisit.offset)
        except FileNotFoundError as error:
            raise _missing(revisit.warc) from error
        if not group or group[0].record_id != revisit.record_id:
            raise Damaged(revisit.warc, f"does not hold {revisit.record_id} whole", offset=revisit.offset)
        said = read_fields(group[-1].block).get("response-head")
        return json.loads(said).encode("latin-1") if said else group[0].block

    def text(self, revision: Revision) -> bytes:
        """The bytes of a revision's text, from its conversion record. Raises Damaged."""
        record = self.record(revision.warc, revision.offset)
        if hashlib.sha256(record.block).hexdigest() != revision.sha256:
            raise Damaged(
                revision.warc, f"the text of {revision.pressmark} is not what was kept", offset=revision.offset
            )
        return record.block

    def article(self, revision: Revision) -> Article:
        """The article as that revision tells it."""
        paragraphs = self.text(revision).decode().removesuffix("\n").split("\n\n")
        facts = {each.name: getattr(revision.facts, each.name) for each in fields(revision.facts)}
        return Article(**facts, paragraphs=tuple(paragraphs[1:] if revision.facts.headline else paragraphs))

    def snapshot(self, revision: Revision) -> Iterator[bytes]:
        """The text's own records as they lie, member for member: a WARC file of its own.

        Each file's warcinfo once, then the captures (a revisit's original, the redirects before it), the conversion.
        """
        begun: set[str] = set()
        for warc, offset in self.places_of(revision):
            if warc not in begun:
                begun.add(warc)
                yield self._raw(next(members.walk(self.warc_path(warc))), warc)
            for record in self.group_at(warc, offset):
                yield self._raw(record, warc)

    def places_of(self, revision: Revision) -> list[tuple[str, int]]:
        """Where the groups begin that a text rests on: its captures, a revisit's original first, then its own record.

        Raises Damaged when its capture is not there.
        """
        with self.reading() as reading:
            capture = reading.capture(revision.capture)
            if capture is None:
                raise Damaged(revision.pressmark, f"its capture {revision.capture} is not in the catalog")
            original = reading.capture(capture.holder) if capture.revisit_of else None
            chain = [*([original] if original else []), *reading.hops_to(capture), capture]
        places = [(each.warc, each.offset) for each in chain]
        return list(dict.fromkeys([*places, (revision.warc, revision.offset)]))

    def group_at(self, warc: str, offset: int) -> tuple[Record, ...]:
        """The group that begins there, () when none does. Raises Damaged."""
        return next(index.groups(members.walk(self.warc_path(warc), start=offset)), ())

    def _raw(self, record: Record, warc: str) -> bytes:
        with self.warc_path(warc).open("rb") as file:
            file.seek(record.offset)
            return file.read(record.length)

    def close(self) -> None:
        """Let go of the catalog."""
        self.catalog.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _missing(warc: str) -> Damaged:
    return Damaged(warc, "the file is missing; bring it back from a second copy of the archive")
