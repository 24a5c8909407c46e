"""What a foreign record says, in our words: an answer of the past, the request to it, or why it is left out."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import cast, get_args
from urllib.parse import quote, urlsplit

from archive.foreign import Foreign, one_line
from archive.heads import archived_head, field, has_bare_lf, media_type, note_value, status_of
from archive.members import bare
from archive.records import Exchange, Role, Truncation
from archive.warc import read_fields, sha1

LONGEST_URL = 8_000  # characters, as for what is fetched
LONGEST_HEAD = 64_000  # bytes of an HTTP head
_LONGEST_METADATA = 1_000_000  # bytes; ours are far shorter
_INTERIM_ANSWERS = 16  # heads of one record; each costs a copy of what follows it
_WEB_BEGAN = datetime(1990, 1, 1, tzinfo=UTC)
_FROM_THE_FUTURE = timedelta(days=1)
_HEAD_END = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+\d{3}(?!\d)")
_PSEUDO_STATUS = re.compile(rb":status:[ \t]*(\d{3})(?!\d)")  # how some write a head that came over HTTP/2
_REQUEST_LINE = re.compile(rb"([!-~]{1,20}) ")
_CREDENTIALS = re.compile(rb"(?im)^(?:authorization|proxy-authorization|cookie2?)[ \t]*:.*\n(?:[ \t].*\n)*")
_USERINFO = re.compile(rb"(?<=://)[^/?#\s@]*@")
_LINE_END = re.compile(rb"\r?\n")
_CONTENT_ENCODING = re.compile(rb"(?im)^(?=content-encoding[ \t]*:)")
_MARKUP = re.compile(rb"\s*<(?:!doctype|!--|html|\?xml)", re.IGNORECASE)
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9a-fA-F]{1,16})[ \t]*(?:;[^\n]*)?\r?\n")
# WARC/1.1 allows less precise ones. A minute is precise enough to say what came first, a day is not.
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE)
_DIGEST_BYTES = {"sha1": 20, "sha-1": 20, "sha256": 32, "sha-256": 32}
_FEEDS = ("application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json")
_XML = ("application/xml", "text/xml")  # what it is of stands in its root
_ROOT = re.compile(rb"<(?:rdf:)?([A-Za-z]+)[\s>]")
_ROOT_WITHIN = 2_000  # bytes
_OF_ROOT: Mapping[bytes, Role] = {
    b"urlset": "sitemap", b"sitemapindex": "sitemap", b"rss": "feed", b"feed": "feed", b"RDF": "feed",
}  # fmt: skip
_HAS_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_DOUBT = "import-digest"  # the field of our metadata that keeps what the file stated
_AS_THEY_ARE = "".join(map(chr, range(0x21, 0x7F)))  # a URL's characters that need no escape


@dataclass(frozen=True, slots=True)
class Left:
    """A record that is not taken: one word why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Which response a revisit says that it means; each may be missing."""

    record_id: str | None  # in the file that holds it
    url: str | None
    at: datetime | None
    digest: str | None  # of the payload, as stated: "sha1:" and base32, or "sha256:" and 64 hex digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that a file tells."""

    record_id: str
    answers: tuple[str, ...]  # record ids of the records that it stands beside
    method: str
    head: bytes  # without credentials and cookies


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """An answer that a file tells. Of a revisit the exchange has no body, and may have no head."""

    record_id: str
    requests: tuple[str, ...]  # record ids of the records that it stands beside
    offset: int
    entry: str | None
    exchange: Exchange
    refers_to: Reference | None  # None: a response
    role: Role | None = None  # what it was fetched as, where a pressmark's metadata says so

    def asked(self, request: Asked) -> "Past":
        """With its request."""
        return replace(self, exchange=replace(self.exchange, request_head=request.head))

    @property
    def is_doubtful(self) -> bool:
        """Whether its file states the digest of another payload."""
        return any(name == _DOUBT for name, _ in self.exchange.notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What the metadata of a pressmark tells of the answer it stands beside."""

    answer: str  # record id
    role: Role | None
    head: bytes  # of a 304, whose revisit has none; else empty

    def told_of(self, past: Past) -> Past:
        """The answer with what is told of it; any other as it is."""
        if past.record_id != self.answer:
            return past
        exchange = past.exchange
        if status_of(self.head) == 304 and not exchange.response_head:
            exchange = replace(exchange, response_head=self.head)
        return replace(past, exchange=exchange, role=self.role or past.role)


def is_as_stated(record: Foreign) -> bool:
    """Whether a record that we take is what its WARC-Block-Digest says; one that is not known says nothing against it.

    Of a revisit it says nothing: wrong ones are about (webrecorder/warcio#18, webrecorder/warcio.js#91), and `warcio
    check` does not look at them either.
    """
    if record.block is None or record.field("warc-type") not in ("response", "request", "metadata"):
        return True
    return not _differs(record.field("warc-block-digest"), record.block, _as_counted(record, record.block))


def _as_counted(record: Foreign, block: bytes) -> bytes:
    """The block as its Content-Length has it, which may be off by one or two: who wrote it may have digested that."""
    return (block + b"\r\n\r\n")[: int(record.field("content-length") or 0)]


def _differs(stated: str | None, *blocks: bytes) -> bool:
    """Whether a digest is of none of these blocks."""
    digest = _digest(stated or "")
    if digest is None:
        return False
    made = sha1 if digest.startswith("sha1:") else _sha256
    return all(made(block) != digest for block in blocks)


def _sha256(block: bytes) -> str:
    return f"sha256:{hashlib.sha256(block).hexdigest()}"


def role_of(url: str, head: bytes, body: bytes) -> Role:
    """What an answer was fetched as, where nobody says: as far as address, media type and the root of XML tell."""
    if urlsplit(url).path == "/robots.txt":
        return "robots"
    kind = media_type(head)
    if kind in _FEEDS:
        return "feed"
    root = _ROOT.search(body, 0, _ROOT_WITHIN) if kind in _XML else None
    return _OF_ROOT.get(root[1], "article") if root else "article"


def beside_of(record: Foreign) -> Beside | None:
    """What a metadata record tells of its answer; None when it is none, or tells nothing that we know."""
    block = record.block
    if record.field("warc-type") != "metadata" or not block or len(block) > _LONGEST_METADATA:
        return None
    said = read_fields(block)
    role = said.get("role")
    told = Beside(
        answer=bare(record.field("warc-concurrent-to")) or "",
        role=cast("Role", role) if role in get_args(Role) else None,
        head=archived_head(_head_in(said.get("response-head", ""))),
    )
    return told if told.role or told.head else None


def _head_in(said: str) -> bytes:
    """The head that stands in a JSON string; empty when it is none."""
    if not said.startswith('"') or len(said) > LONGEST_HEAD:
        return b""  # no string, and the depth of anything else is the file's choice
    try:
        return cast("str", json.loads(said)).encode("latin-1")
    except ValueError:
        return b""


def with_its_coding(exchange: Exchange) -> Exchange:
    """The exchange, its head naming no content coding that its body has not: many undo it and leave the head."""
    body = exchange.body
    coding = (field(exchange.response_head, "content-encoding") or "").lower()
    is_undone = _MARKUP.match(body) or (coding in ("gzip", "x-gzip") and not body.startswith(b"\x1f\x8b"))
    if not (coding and body and is_undone):
        return exchange
    return replace(exchange, response_head=_CONTENT_ENCODING.sub(b"X-Archive-Orig-", exchange.response_head))


def request_of(record: Foreign) -> Asked | None:
    """The request in a record; None when it holds none that is fit to be kept."""
    if record.field("warc-type") != "request" or not record.block:
        return None
    end = _HEAD_END.search(record.block, 0, LONGEST_HEAD)
    head = record.block[: end.end()] if end else b""
    method = _REQUEST_LINE.match(head)
    if not method:
        return None
    clean = _USERINFO.sub(b"", _CREDENTIALS.sub(b"", archived_head(head)))
    return Asked(
        record_id=bare(record.field("warc-record-id")) or "",
        answers=_beside(record),
        method=method[1].decode(),
        head=clean,
    )


def past_of(record: Foreign, *, now: datetime) -> Past | Left | None:
    """The answer that a record tells, or why it is left out; None for a record that is no answer, nor meant as one.

    A resource with an http(s) URL is left out: no server sent a head for it, and none is made up.
    """
    kind = record.field("warc-type")
    url = _url(record.field("warc-target-uri"))
    if kind == "resource":
        return Left("no-http") if re.match("https?:", url, re.IGNORECASE) else None
    if kind not in ("response", "revisit"):
        return None
    asked, at = _asked(url), _date(record.field("warc-date"), now)
    for each in (asked, at):
        if isinstance(each, Left):
            return each
    if record.block is None:
        return Left("too-large")
    if record.field("warc-segment-number"):
        return Left("segmented")
    refers_to = _reference(record, now) if kind == "revisit" else None
    exchange = _exchange(record, record.block, cast("str", asked), cast("datetime", at), refers_to)
    if isinstance(exchange, Left):
        return exchange
    return Past(
        record_id=bare(record.field("warc-record-id")) or "",
        requests=_beside(record),
        offset=record.offset,
        entry=record.entry,
        exchange=exchange,
        refers_to=refers_to,
    )


def _beside(record: Foreign) -> tuple[str, ...]:
    named = (value for name, value in record.fields if name.lower() == "warc-concurrent-to")
    return tuple(filter(None, map(bare, named)))


def _url(value: str | None) -> str:
    """A URL out of a header field: some, wget among them, put it in angle brackets."""
    said = (value or "").strip()
    return said[1:-1] if said.startswith("<") and said.endswith(">") else said


def _asked(url: str) -> str | Left:
    """The URL without fragment and credentials, in ASCII; or why it is none."""
    if not url or _HAS_CONTROLS.search(url) or len(url) > LONGEST_URL:
        return Left("url")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return Left("url")
    if parts.scheme not in ("http", "https"):
        return Left("scheme")
    if not host or "\\" in parts.netloc:
        return Left("url")
    place = parts.netloc.rpartition("@")[2]
    bare_url = url.partition("#")[0]
    begin = bare_url.index(parts.netloc)
    clean = f"{parts.scheme}://{place}{bare_url[begin + len(parts.netloc) :]}"
    return quote(clean, safe=_AS_THEY_ARE)


def _date(value: str | None, now: datetime) -> datetime | Left:
    """The moment of a WARC-Date; or why there is none, or none to believe."""
    if not value:
        return Left("no-date")
    said = _DATE.fullmatch(value.strip())
    if not said:
        return Left("date")
    day, time, fraction, zone = said.groups()
    try:
        # The standard knows no zone but UTC, so where none is written it is that.
        at = datetime.fromisoformat(f"{day}T{time}{(zone or 'Z').upper()}").astimezone(UTC)
    except (ValueError, OverflowError):
        return Left("date")
    at += timedelta(microseconds=int((fraction or "0").ljust(6, "0")[:6]))
    if at > now + _FROM_THE_FUTURE:
        return Left("future")
    return at if at >= _WEB_BEGAN else Left("date")


def _reference(record: Foreign, now: datetime) -> Reference:
    url = _asked(_url(record.field("warc-refers-to-target-uri")))
    at = _date(record.field("warc-refers-to-date"), now)
    return Reference(
        record_id=bare(record.field("warc-refers-to")),
        url=None if isinstance(url, Left) else url,
        at=None if isinstance(at, Left) else at,
        digest=_digest(record.field("warc-payload-digest") or ""),
    )


def _digest(said: str) -> str | None:
    """A digest as we write it; some write SHA-1 in hex or SHA-256 in base32, and letters of either case."""
    name, _, value = said.partition(":")
    size = _DIGEST_BYTES.get(name.strip().lower(), 0)
    value = value.strip().rstrip("=").upper()
    try:
        raw = bytes.fromhex(value) if len(value) == 2 * size else base64.b32decode(value + "=" * (-len(value) % 8))
    except ValueError:
        return None
    if not size or len(raw) != size:
        return None
    return f"sha1:{base64.b32encode(raw).decode()}" if size == 20 else f"sha256:{raw.hex()}"


def _exchange(record: Foreign, block: bytes, url: str, at: datetime, refers_to: Reference | None) -> Exchange | Left:
    """The answer with its head as archived and its body de-chunked; its request comes from another record."""
    if refers_to and not block.strip():
        return _made(record, url, at, b"", b"", None, ())
    if not (record.field("content-type") or "application/http").lower().startswith("application/http"):
        return Left("no-http")
    notes: list[tuple[str, str]] = []
    head, body = _parted(block, notes)
    if not head:
        return Left("no-http")
    if refers_to:
        notes += _doubt(record.field("warc-block-digest"), block)
        return _made(record, url, at, archived_head(head), b"", None, notes)
    as_it_lies = body
    body, fault = _dechunked(head, body, notes)
    # Which of the two is the payload writers do not agree on: wget digests chunks, too.
    notes += _doubt(record.field("warc-payload-digest"), as_it_lies, body)
    cut = _cut(record, head, body) or fault
    return _made(record, url, at, archived_head(head), body, cut, notes)


def _doubt(stated: str | None, *blocks: bytes) -> list[tuple[str, str]]:
    return [(_DOUBT, one_line(stated or ""))] if _differs(stated, *blocks) else []


def _made(
    record: Foreign,
    url: str,
    at: datetime,
    head: bytes,
    body: bytes,
    truncated: Truncation | None,
    notes: "list[tuple[str, str]] | tuple[()]",
) -> Exchange:
    return Exchange(
        url=url,
        started_at=at,
        seconds=0.0,
        request_head=b"",
        response_head=head,
        body=body,
        ip=_ip(record.field("warc-ip-address")),
        truncated=truncated,
        notes=tuple(notes),
    )


def _ip(value: str | None) -> str | None:
    try:
        return str(ip_address(value or ""))
    except ValueError:
        return None


def _parted(block: bytes, notes: list[tuple[str, str]]) -> tuple[bytes, bytes]:
    """Head and body of the final answer; an empty head when there is none. Interim answers become notes."""
    for _ in range(_INTERIM_ANSWERS):
        end = _HEAD_END.search(block, 0, LONGEST_HEAD)
        head = block[: end.end()] if end else b""
        if (pseudo := _PSEUDO_STATUS.match(head)) is not None:
            notes.append(("wire-head", note_value(head)))
            return b"HTTP/2 " + pseudo[1] + b"\r\n" + head, block[len(head) :]
        if not _STATUS_LINE.match(head):
            return b"", b""
        block = block[len(head) :]
        if 100 <= status_of(head) < 200 and status_of(head) != 101 and block.startswith(b"HTTP/"):
            notes.append(("interim-response", note_value(head)))
            continue
        if has_bare_lf(head):
            notes.append(("wire-head", note_value(head)))
        return head, block
    return b"", b""


def _cut(record: Foreign, head: bytes, body: bytes) -> Truncation | None:
    """Why the body is not whole, as the record says, or as its length shows where no coding could have changed it."""
    said = (record.field("warc-truncated") or "").lower()
    if said:
        return said if said in ("length", "time") else "disconnect"  # type: ignore[return-value]  # one of ours
    length = field(head, "content-length") or ""
    coded = field(head, "transfer-encoding") or field(head, "content-encoding")
    short = length.isdecimal() and len(length) < 19 and len(body) < int(length)
    return "disconnect" if short and not coded and status_of(head) not in (204, 304) else None


def _dechunked(head: bytes, body: bytes, notes: list[tuple[str, str]]) -> tuple[bytes, Truncation | None]:
    """The body with its chunks undone, where it has any: many writers undo them and leave the head as it was."""
    coding = (field(head, "transfer-encoding") or "").lower().rpartition(",")[2].strip()
    if coding != "chunked" or not _CHUNK_SIZE.match(body):
        return body, None
    parts: list[bytes] = []
    at = 0
    while size := _CHUNK_SIZE.match(body, at):
        length, begin = int(size[1], 16), size.end()
        if not length:
            if trailers := body[begin:].strip(b"\r\n"):
                notes.append(("trailers", note_value(trailers[:1024])))
            return b"".join(parts), None
        parts.append(body[begin : begin + length])
        at = begin + length
        if at >= len(body):
            break
        end = _LINE_END.match(body, at)
        if not end:
            notes.append(("chunked-fault", "a chunk is longer than its size"))
            return (b"".join(parts), "disconnect") if len(parts) > 1 else (body, None)
        at = end.end()
    notes.append(("chunked-fault", "the last chunk is missing"))
    return b"".join(parts), "disconnect"
