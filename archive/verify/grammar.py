"""What one record must say by itself: header, mandatory fields, digests.  Sources: ISO 28500:2017, archive/FORMAT.md.

Each check is a function of a record and gives what is wrong, in words; its name is the kind of the damage.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address

from archive.heads import status_of
from archive.members import Record
from archive.tables import moment
from archive.warc import NOT_MODIFIED, SAME_PAYLOAD, read_fields

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_RECORD_ID = re.compile(r"<urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}>")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z")
_SHA1 = re.compile(r"sha1:[A-Z2-7]{32}")
_AS_DIGITS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789abcdefghijklmnopqrstuv")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REASONS = ("length", "time", "disconnect")

_ALL = ("warc-record-id", "warc-date", "warc-type", "content-length", "content-type", "warc-block-digest")
_OURS = (*_ALL, "warc-warcinfo-id", "warc-target-uri")
MANDATORY = {
    "warcinfo": (*_ALL, "warc-filename"),
    "response": (*_OURS, "warc-payload-digest"),
    "revisit": (
        *_OURS, "warc-payload-digest", "warc-profile", "warc-refers-to", "warc-refers-to-target-uri",
        "warc-refers-to-date",
    ),
    "request": (*_OURS, "warc-concurrent-to"),
    "metadata": (*_OURS, "warc-concurrent-to"),
    "conversion": (*_OURS, "warc-payload-digest", "warc-refers-to", "warc-json-metadata"),
    "resource": (*_OURS, "warc-payload-digest"),
}  # fmt: skip
_CONTENT = {
    "warcinfo": "application/warc-fields",
    "response": "application/http; msgtype=response",
    "revisit": "application/http; msgtype=response",
    "request": "application/http; msgtype=request",
    "metadata": "application/warc-fields",
    "conversion": "text/plain; charset=utf-8",
    "resource": "application/x-ndjson",
}
_OF_METADATA = ("status", "payload-sha256", "payload-length", "fetch-seconds")
_HELD = frozenset({"response", "conversion", "resource"})  # types whose record holds the payload itself


@dataclass(frozen=True, slots=True)
class Sums:
    """The digests of a record's bytes, computed from them; of a payload only where the record holds one."""

    block: bytes  # SHA-1
    payload: bytes | None = None  # SHA-1
    payload_sha256: str | None = None
    payload_length: int = 0


@dataclass(frozen=True, slots=True)
class Sight:
    """A record as the checks see it."""

    record: Record
    type: str  # its WARC-Type
    said: Mapping[str, str]  # its header fields by their names in lower case
    went: Mapping[str, str]  # of a metadata record: the fields in its block
    sums: Sums


def sight_of(record: Record) -> Sight:
    """A record with its digests, as its bytes give them."""
    went = read_fields(record.block) if record.type == "metadata" else {}
    return Sight(record, record.type, record.said, went, _sums_of(record.type, record.block))


def _sums_of(kind: str, block: bytes) -> Sums:
    whole = _sha1(block)
    if kind not in _HELD:
        return Sums(whole)
    payload = memoryview(block)[_head_length(block) :] if kind == "response" else block
    return Sums(
        whole,
        _sha1(payload) if kind == "response" else whole,
        None if kind == "resource" else hashlib.sha256(payload).hexdigest(),
        len(payload),
    )


def _sha1(block: bytes | memoryview) -> bytes:
    return hashlib.sha1(block, usedforsecurity=False).digest()


def _is_sha1(said: str, digest: bytes) -> bool:
    # Compared as numbers: base32 takes Python longer than the digest of what most records hold.
    return bool(_SHA1.fullmatch(said)) and int(said[5:].translate(_AS_DIGITS), 32) == int.from_bytes(digest, "big")


def _in_base32(digest: bytes) -> str:
    return f"sha1:{base64.b32encode(digest).decode()}"


def _head_length(block: bytes) -> int:
    at = block.find(b"\r\n\r\n")
    return len(block) if at < 0 else at + 4


@lru_cache(maxsize=256)  # writers write few kinds of headers
def _odd_names(names: tuple[str, ...]) -> tuple[str, ...]:
    seen: set[str] = set()
    odd = []
    for name in names:
        if not _NAME.fullmatch(name):
            odd.append(f"a header line that is no field: {name[:40]!r}")
        elif name.lower() in seen and name.lower() != "warc-concurrent-to":
            odd.append(f"{name} stands there twice")
        seen.add(name.lower())
    return tuple(odd)


def header(sight: Sight) -> Iterator[str]:
    """Every header line is a field with a value, in UTF-8, and none comes twice."""
    names, values = zip(*sight.record.fields, strict=True)
    yield from _odd_names(names)
    if "" not in values and "\ufffd" not in "".join(values):
        return
    for name, value in sight.record.fields:
        if not value:
            yield f"{name} has no value"
        elif "\ufffd" in value:
            yield f"{name} is not UTF-8"


def record_type(sight: Sight) -> Iterator[str]:
    """The type is one that the format knows."""
    if sight.type not in MANDATORY:
        yield f"WARC-Type {sight.type or '(none)'} is none that FORMAT.md knows"


def mandatory(sight: Sight) -> Iterator[str]:
    """Every field that a record of that type must have is there."""
    missing = [name for name in MANDATORY.get(sight.type, ()) if name not in sight.said]
    if missing:
        yield f"a {sight.type} without {', '.join(missing)}"


def record_id(sight: Sight) -> Iterator[str]:
    """The record id is a UUID."""
    said = sight.said.get("warc-record-id")
    if said is not None and not _RECORD_ID.fullmatch(said):
        yield f"WARC-Record-ID {said[:60]} is no <urn:uuid:…>"


def date(sight: Sight) -> Iterator[str]:
    """The date is a moment in UTC, as WARC/1.1 writes it."""
    for name in ("warc-date", "warc-refers-to-date"):
        said = sight.said.get(name)
        if said is not None and not (_DATE.fullmatch(said) and _can(moment, said)):
            yield f"{name} {said[:40]} is no UTC time such as 2026-11-20T17:45:00.123456Z"


@lru_cache(maxsize=512)  # the records of a group share theirs
def _can(read: Callable[[str], object], said: str) -> bool:
    """Whether it can be read."""
    try:
        read(said)
    except ValueError:
        return False
    return True


def content_type(sight: Sight) -> Iterator[str]:
    """The Content-Type is the one of that type of record."""
    said = sight.said.get("content-type")
    if said is not None and said != _CONTENT.get(sight.type, said):
        yield f"Content-Type of a {sight.type} is {said[:60]}"


def target(sight: Sight) -> Iterator[str]:
    """The target URI is one word, and of a conversion or resource one of ours."""
    said = sight.said.get("warc-target-uri", "urn:pressmark:")
    if len(said.split()) != 1 or ":" not in said:
        yield f"WARC-Target-URI {said[:60]!r} is no URI"
    elif sight.type in ("conversion", "resource") and not said.startswith("urn:pressmark:"):
        yield f"WARC-Target-URI of a {sight.type} is {said[:60]}, not urn:pressmark:…"


def address(sight: Sight) -> Iterator[str]:
    """The address is an IP address."""
    said = sight.said.get("warc-ip-address")
    if said is not None and not _can(ip_address, said):
        yield f"WARC-IP-Address {said[:60]} is no IP address"


def truncation(sight: Sight) -> Iterator[str]:
    """A reason why a payload is not whole is one of ours."""
    said = sight.said.get("warc-truncated")
    if said is not None and said not in _REASONS:
        yield f"WARC-Truncated says {said[:40]}"


def profile(sight: Sight) -> Iterator[str]:
    """A revisit's profile is one that the format knows."""
    said = sight.said.get("warc-profile")
    if said is not None and said not in (SAME_PAYLOAD, NOT_MODIFIED):
        yield f"WARC-Profile {said[:80]} is none that FORMAT.md knows"


def block_digest(sight: Sight) -> Iterator[str]:
    """The block is what its digest says."""
    said = sight.said.get("warc-block-digest")
    if said is not None and not _is_sha1(said, sight.sums.block):
        yield f"the block is not what its digest says: {_in_base32(sight.sums.block)}, stated {said[:60]}"


def payload_digest(sight: Sight) -> Iterator[str]:
    """The payload is what its digest says; of a revisit the digest is at least one."""
    said = sight.said.get("warc-payload-digest")
    if said is None:
        return
    if sight.sums.payload is not None and not _is_sha1(said, sight.sums.payload):
        yield f"the payload is not what its digest says: {_in_base32(sight.sums.payload)}, stated {said[:60]}"
    if not _SHA1.fullmatch(said):
        yield f"WARC-Payload-Digest {said[:60]} is no sha1: and base32"


def http_head(sight: Sight) -> Iterator[str]:
    """An HTTP block begins with a head that ends; a request has nothing behind it."""
    block = sight.record.block
    if sight.type == "request" and (_head_length(block) != len(block) or not block.endswith(b"\r\n\r\n")):
        yield "a request that is not one HTTP head"
    if sight.type == "response" and not (block.startswith(b"HTTP/") and b"\r\n\r\n" in block):
        yield "a response without an HTTP head"
    if sight.type == "revisit" and block and not (block.startswith(b"HTTP/") and block.endswith(b"\r\n\r\n")):
        yield "a revisit whose block is no HTTP head"


Check = Callable[[Sight], Iterator[str]]
CHECKS: tuple[Check, ...] = (
    header, record_type, mandatory, record_id, date, content_type, target, address, truncation, profile, block_digest,
    payload_digest, http_head,
)  # fmt: skip


def faults(sight: Sight) -> Iterator[tuple[str, str]]:
    """What is wrong with a record by itself: the kind, and in words."""
    for check in CHECKS:
        for what in check(sight):
            yield check.__name__, what


def faults_of_tombstone(sight: Sight) -> Iterator[tuple[str, str]]:
    """What is wrong with a record that stands where others were taken out: it names no answer."""
    for kind, what in faults(sight):
        if (kind, what) != ("mandatory", "a metadata without warc-concurrent-to"):
            yield kind, what


Group = tuple[Sight, ...]  # response or revisit, request (of an import only when its file told it), metadata
Said = tuple[Sight, str]  # the record that is wrong, and in words how


def same_capture(group: Group) -> Iterator[Said]:
    """Request and metadata name their answer, and have its URL and its date."""
    answer = group[0].said
    for other in group[1:]:
        if other.said.get("warc-concurrent-to") != answer.get("warc-record-id"):
            yield other, f"the {other.type} names another answer: {other.said.get('warc-concurrent-to', '(none)')[:60]}"
        for name in ("warc-target-uri", "warc-date"):
            if other.said.get(name) != answer.get(name):
                yield other, f"{name} of the {other.type} is not its answer's"


def fetch_fields(group: Group) -> Iterator[Said]:
    """The metadata record says what it must, as numbers and digests."""
    went = group[-1].went
    missing = [name for name in _OF_METADATA if name not in went]
    if missing:
        yield group[-1], f"the metadata lacks {', '.join(missing)}"
        return
    if not went["status"].isdecimal():
        yield group[-1], f"status {went['status'][:40]} is no number"
    if not went["payload-length"].isdecimal():
        yield group[-1], f"payload-length {went['payload-length'][:40]} is no number"
    if not _SHA256.fullmatch(went["payload-sha256"]):
        yield group[-1], f"payload-sha256 {went['payload-sha256'][:70]} is no SHA-256"
    if not re.fullmatch(r"\d+(\.\d+)?", went["fetch-seconds"]):
        yield group[-1], f"fetch-seconds {went['fetch-seconds'][:40]} is no number"


def payload_sums(group: Group) -> Iterator[Said]:
    """The payload of a response is what its metadata record says."""
    answer, went = group[0], group[-1].went
    if answer.type != "response":
        return
    if went.get("payload-sha256") != answer.sums.payload_sha256:
        yield (
            group[-1],
            f"the payload's SHA-256 is {answer.sums.payload_sha256}, its metadata says {went.get('payload-sha256')}",
        )
    if went.get("payload-length") != str(answer.sums.payload_length):
        yield (
            group[-1],
            f"the payload has {answer.sums.payload_length} bytes, its metadata says {went.get('payload-length')}",
        )


def status_line(group: Group) -> Iterator[Said]:
    """The status in the metadata is that of the head."""
    answer, went = group[0], group[-1].went
    if answer.record.block and str(status_of(answer.record.block)) != went.get("status"):
        yield group[-1], f"the status is {status_of(answer.record.block)}, its metadata says {went.get('status')}"


GROUP_CHECKS: tuple[Callable[[Group], Iterator[Said]], ...] = (same_capture, fetch_fields, payload_sums, status_line)


def group_faults(group: Group) -> Iterator[tuple[Sight, str, str]]:
    """What is wrong with the records of a capture taken together: with which, the kind, and in words."""
    for check in GROUP_CHECKS:
        for sight, what in check(group):
            yield sight, check.__name__, what
