"""Writing WARC/1.1: what a record says, and one writer run's file.  Sources: ISO 28500:2017, archive/FORMAT.md.

A group is what belongs together and is written together: response or revisit, request, metadata; or a single conversion
or resource. A file is whole when it ends with a whole group.
"""

import base64
import errno
import fcntl
import hashlib
import io
import json
import os
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive import disk, manifest
from archive.errors import WriteFailed
from archive.heads import field, media_type, status_of
from archive.members import member
from archive.records import Capture, Exchange

GIGABYTE = 1_000_000_000
SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
OPEN = ".open"
READ_ONLY = 0o444


class _WireHead(StatusAndHeaders):  # type: ignore[misc]  # warcio has no types
    """A head that warcio writes as it stood on the wire; its own way would trim, fold and percent-encode."""

    def __init__(self, wire: bytes) -> None:
        super().__init__("200 OK", [("x", "y")], protocol="HTTP/1.1")
        self._wire = self.headers_buff = wire

    def compute_headers_buffer(self, header_filter: object = None) -> None:
        self.headers_buff = self._wire


class _ExactWriter(WARCWriter):  # type: ignore[misc]
    """A writer that adds no digest of its own: a Draft states those that say something."""

    def ensure_digest(self, record: object, block: bool = True, payload: bool = True) -> None:
        return


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A record before it has a place: what the writer makes of it is one gzip member."""

    record_id: str
    type: str
    url: str | None
    at: datetime
    fields: Mapping[str, str]
    content_type: str
    head: bytes | None = None  # an HTTP head before the block
    block: bytes = b""

    def member(self, warcinfo: str | None) -> bytes:
        """The record as one gzip member. warcinfo: record id of the file's own, None for that one itself."""
        headers = {
            "WARC-Record-ID": f"<{self.record_id}>",
            "WARC-Date": stamp(self.at),
            **({"WARC-Warcinfo-ID": f"<{warcinfo}>"} if warcinfo else {}),
            **self.fields,
        }
        plain = io.BytesIO()
        writer = _ExactWriter(plain, gzip=False, warc_version="1.1")
        writer.write_record(
            writer.create_warc_record(
                self.url or "",
                self.type,
                payload=io.BytesIO(self.block),
                length=len(self.block),
                http_headers=_WireHead(self.head) if self.head is not None else None,
                warc_headers_dict=headers,
                warc_content_type=self.content_type,
            )
        )
        return member(plain.getvalue())


def new_id() -> str:
    """A fresh record id, without angle brackets."""
    return f"urn:uuid:{uuid.uuid4()}"


def stamp(at: datetime) -> str:
    """The moment as WARC/1.1 writes it: UTC, microseconds, Z."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def sha1(block: bytes) -> str:
    """The digest that replay tools share: "sha1:" and base32."""
    return "sha1:" + base64.b32encode(hashlib.sha1(block, usedforsecurity=False).digest()).decode()


def capture_group(
    exchange: Exchange, *, original: Capture | None, hop_from: str | None, notes: Sequence[tuple[str, str]] = ()
) -> tuple[Draft, ...]:
    """The group of one exchange: response (or a revisit of `original`), request, metadata.

    original: the response that already holds this payload; a 304 without one is a response of its own. An import whose
    file tells no request has no request record: one is never made up.
    """
    answer = _revisit(exchange, original) if original else _response(exchange)
    request = Draft(
        record_id=new_id(),
        type="request",
        url=exchange.url,
        at=exchange.started_at,
        fields={"WARC-Concurrent-To": f"<{answer.record_id}>", "WARC-Block-Digest": sha1(exchange.request_head)},
        content_type="application/http; msgtype=request",
        head=exchange.request_head,
    )
    lines = [
        *_how_it_went(exchange, original),
        *([("hop-from", hop_from)] if hop_from else []),
        *exchange.notes,
        *notes,
    ]
    block = warc_fields(lines)
    metadata = Draft(
        record_id=new_id(),
        type="metadata",
        url=exchange.url,
        at=exchange.started_at,
        fields={"WARC-Concurrent-To": f"<{answer.record_id}>", "WARC-Block-Digest": sha1(block)},
        content_type="application/warc-fields",
        block=block,
    )
    return (answer, request, metadata) if exchange.request_head else (answer, metadata)


def _response(exchange: Exchange) -> Draft:
    fields = {
        "WARC-Payload-Digest": sha1(exchange.body),
        "WARC-Block-Digest": sha1(exchange.response_head + exchange.body),
        **({"WARC-IP-Address": exchange.ip} if exchange.ip else {}),
        **({"WARC-Truncated": exchange.truncated} if exchange.truncated else {}),
    }
    return Draft(
        record_id=new_id(),
        type="response",
        url=exchange.url,
        at=exchange.started_at,
        fields=fields,
        content_type="application/http; msgtype=response",
        head=exchange.response_head,
        block=exchange.body,
    )


def _revisit(exchange: Exchange, original: Capture) -> Draft:
    """A revisit record; of a 304 the block stays empty, or pywb replays the 304 instead of the page."""
    declared = status_of(exchange.response_head) == 304
    head = b"" if declared else exchange.response_head
    fields = {
        "WARC-Profile": NOT_MODIFIED if declared else SAME_PAYLOAD,
        "WARC-Refers-To": f"<{original.record_id}>",
        "WARC-Refers-To-Target-URI": original.url,
        "WARC-Refers-To-Date": stamp(original.captured_at),
        "WARC-Payload-Digest": original.payload_digest,
        "WARC-Block-Digest": sha1(head),
        **({} if declared else {"WARC-Truncated": "length"}),
        **({"WARC-IP-Address": exchange.ip} if exchange.ip else {}),
    }
    return Draft(
        record_id=new_id(),
        type="revisit",
        url=exchange.url,
        at=exchange.started_at,
        fields=fields,
        content_type="application/http; msgtype=response",
        head=head,
    )


def _how_it_went(exchange: Exchange, original: Capture | None) -> list[tuple[str, str]]:
    """What the catalog needs of an exchange, said once: a 304 may leave out what has not changed (RFC 9110, 15.4.5)."""
    head = exchange.response_head
    status = status_of(head)
    kept = original if status == 304 else None
    stated = [
        ("status", str(status)),
        ("media-type", media_type(head) or (kept.media_type if kept else None)),
        ("etag", field(head, "etag") or (kept.etag if kept else None)),
        ("last-modified", field(head, "last-modified") or (kept.last_modified if kept else None)),
        ("payload-sha256", original.payload_sha256 if original else hashlib.sha256(exchange.body).hexdigest()),
        ("payload-length", str(original.payload_length if original else len(exchange.body))),
        ("fetch-seconds", f"{exchange.seconds:.3f}"),
        ("response-head", json.dumps(head.decode("latin-1")) if kept else None),
    ]
    return [(name, value) for name, value in stated if value is not None]


def warc_fields(lines: Sequence[tuple[str, str]]) -> bytes:
    """Names and values as application/warc-fields; line ends inside a value become spaces."""
    return b"".join(f"{name}: {' '.join(value.splitlines())}\r\n".encode() for name, value in lines)


def read_fields(block: bytes) -> dict[str, str]:
    """application/warc-fields as a mapping; of a name that comes twice the first counts."""
    pairs = [line.partition(":") for line in block.decode("utf-8", "replace").split("\r\n")]
    return {name.strip(): value.strip() for name, colon, value in reversed(pairs) if colon}


def conversion(text: bytes, facts: Mapping[str, Any], *, url: str, refers_to: str, at: datetime) -> Draft:
    """The clean text under `urn:pressmark:text:<url>`; its facts stand as JSON in one header field."""
    return Draft(
        record_id=new_id(),
        type="conversion",
        url=f"urn:pressmark:text:{url}",
        at=at,
        fields={
            "WARC-Refers-To": f"<{refers_to}>",
            "WARC-Block-Digest": sha1(text),
            "WARC-Payload-Digest": sha1(text),
            "WARC-JSON-Metadata": json.dumps(facts, sort_keys=True),
        },
        content_type="text/plain; charset=utf-8",
        block=text,
    )


def resource(urn: str, lines: bytes, *, at: datetime) -> Draft:
    """What has no capture to stand beside, as JSON lines: visits, rulings, redactions, a site's memory.

    urn: `urn:pressmark:visits:` and a UUID, `urn:pressmark:site:caliber.az:7`, …
    """
    return Draft(
        record_id=new_id(),
        type="resource",
        url=urn,
        at=at,
        fields={"WARC-Block-Digest": sha1(lines), "WARC-Payload-Digest": sha1(lines)},
        content_type="application/x-ndjson",
        block=lines,
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a member lies: bytes from the start of its file, and how many."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class _Mark:
    """How far a WARC file had come at one time."""

    size: int  # bytes
    records: int
    digest: "hashlib._Hash"


class WarcFile:
    """One writer run's WARC file, from its warcinfo to its manifest; held by flock while it is open.

        mark, write …, settle               and what was written stays
        mark, write …, take_back            and the file is as it was at the mark

    After a WriteFailed the file is as it was before the call, or dead: then it is never written again, and what comes
    next needs a new file.
    """

    def __init__(self, root: Path, *, now: datetime, software: str) -> None:
        folder = root / "warc" / f"{now:%Y/%m/%d}"
        self.opened_at = now
        self.dead = False
        self.records = 0
        self.size = 0
        self._digest = hashlib.sha256()
        self.mark()
        try:
            disk.make_folder(folder)
            self._fd, self._open_path = _create(folder, now)
        except OSError as error:
            raise disk.refused(folder, error) from error
        self.path = self._open_path.relative_to(root).as_posix().removesuffix(OPEN)
        try:
            self.warcinfo = self._begin(software)
        except BaseException:
            with suppress(OSError):
                self._open_path.unlink()
            os.close(self._fd)
            raise

    def _begin(self, software: str) -> str:
        lines = [
            ("software", software),
            ("format", "WARC File Format 1.1"),
            ("conformsTo", "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"),
            ("description", "news pages and their clean texts; see FORMAT.md of pressmark"),
        ]
        block = warc_fields(lines)
        draft = Draft(
            record_id=new_id(),
            type="warcinfo",
            url=None,
            at=self.opened_at,
            fields={"WARC-Filename": Path(self.path).name, "WARC-Block-Digest": sha1(block)},
            content_type="application/warc-fields",
            block=block,
        )
        self._write([draft.member(None)])
        self.settle()
        self._sync_folder()
        self.mark()
        return draft.record_id

    def _sync_folder(self) -> None:
        try:
            disk.sync_folder(self._open_path.parent)
        except OSError as error:
            raise disk.refused(self._open_path.parent, error) from error

    def write(self, drafts: Sequence[Draft]) -> tuple[Place, ...]:
        """Write whole groups without waiting for the medium; where each record now lies.

        Raises WriteFailed (or ReadOnly); nothing of the call is left in the file then.
        """
        return self._write([draft.member(self.warcinfo) for draft in drafts])

    def _write(self, members: Sequence[bytes]) -> tuple[Place, ...]:
        block = b"".join(members)
        try:
            disk.write_all(self._fd, block)
        except OSError as error:
            if error.errno == errno.EIO:
                self._give_up()
            else:
                self._cut(self.size)
            raise disk.refused(self._open_path, error) from error
        except BaseException:  # Ctrl-C between two parts of it
            self._cut(self.size)
            raise
        places = []
        for each in members:
            places.append(Place(self.size, len(each)))
            self.size += len(each)
        self.records += len(members)
        self._digest.update(block)
        return tuple(places)

    def settle(self) -> None:
        """Wait until all that was written is on the medium.

        Raises WriteFailed or ReadOnly: then the file is dead, and what was written since the mark is gone from it.
        """
        if self.dead:
            raise WriteFailed(self._open_path, "is not written any more, for the disk failed; try again")
        try:
            disk.sync(self._fd)
        except OSError as error:
            self._give_up()
            raise disk.refused(self._open_path, error) from error

    def mark(self) -> None:
        """What was written so far stays: `take_back` comes back to here."""
        self._marked = _Mark(self.size, self.records, self._digest.copy())

    @property
    def has_grown(self) -> bool:
        """Whether anything was written since the mark."""
        return self.size > self._marked.size

    def take_back(self) -> None:
        """Undo what was written since the mark: it did not come to be. A dead file is left as it is."""
        if self.dead or not self.has_grown:
            return
        mark = self._marked
        self.size, self.records, self._digest = mark.size, mark.records, mark.digest.copy()
        self._cut(self.size)

    def _cut(self, size: int) -> None:
        """Cut the file there for good; when even that fails it is dead, for the next writer to recover."""
        if self.dead:
            return
        try:
            os.ftruncate(self._fd, size)
            disk.sync(self._fd)
        except OSError:
            self.dead = True

    def _give_up(self) -> None:
        """The disk failed: the file is dead, and what nobody can vouch for is not left for recovery to find.

        Without a sync, for it may lie from now on, see disk.sync.
        """
        self.dead = True
        with suppress(OSError):
            os.ftruncate(self._fd, self._marked.size)

    def close(self) -> str | None:
        """Manifest, final name, read-only; the file's SHA-256. A dead one is let go as it is, for recovery: None.

        One in which nothing came to be is removed, for the catalog has never heard of it: None, too.
        Raises WriteFailed or ReadOnly; the file is let go then, too.
        """
        try:
            if self.dead:
                return None
            if self.records == 1:  # the warcinfo
                self._drop()
                return None
            return finish(self._open_path, size=self.size, records=self.records, sha256=self._digest.hexdigest())
        finally:
            disk.let_go(self._fd)

    def _drop(self) -> None:
        try:
            self._open_path.unlink()
        except OSError as error:
            raise disk.refused(self._open_path, error) from error


def _create(folder: Path, now: datetime) -> tuple[int, Path]:
    """A new file under its flock; it is called .open only when the lock is held, so that nobody recovers it."""
    moment = f"{now:%Y%m%d%H%M%S}{now.microsecond // 1000:03}"
    for serial in range(100_000):
        final = folder / f"pressmark-{moment}-{serial:05}.warc.gz"
        held, draft = final.with_name(final.name + OPEN), final.with_name(final.name + ".new")
        try:
            fd = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except FileExistsError:
            continue
        try:
            # Asked only now: whoever gives this name must own its draft first, so nobody does between look and rename.
            if not (held.exists() or final.exists()):
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                draft.rename(held)
                return fd, held
            draft.unlink()
        except BaseException:
            os.close(fd)
            with suppress(OSError):
                draft.unlink()
            raise
        os.close(fd)
    raise WriteFailed(folder, "100,000 WARC files in one millisecond; is the clock standing still?")


def finish(open_path: Path, *, size: int, records: int, sha256: str) -> str:
    """Give a whole file its manifest and its final name, and make it read-only; returns the SHA-256.

    Raises WriteFailed or ReadOnly.
    """
    final = open_path.with_name(open_path.name.removesuffix(OPEN))
    manifest.write(final, size=size, records=records, sha256=sha256)
    try:
        open_path.rename(final)
        disk.sync_folder(final.parent)
        final.chmod(READ_ONLY)
    except OSError as error:
        raise disk.refused(final, error) from error
    return sha256
