"""From records to the values that the catalog holds: the same for a writer as it goes, for recovery and for rebuild."""

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

from archive.catalog import Writing
from archive.errors import Damaged
from archive.members import Record, bare
from archive.records import ADDED, Article, Capture, Facts, Redaction, Revision, Ruling, Site, Visit, count_words
from archive.tables import moment
from archive.warc import Draft, Place, read_fields, stamp

# What a resource record holds, by the beginning of its target URI.
VISITS = "urn:pressmark:visits"
RULINGS = "urn:pressmark:rulings"
REDACTIONS = "urn:pressmark:redactions"
SITE = "urn:pressmark:site"
FIRST_OF_GROUP = frozenset({"warcinfo", "response", "revisit", "conversion", "resource"})
LAST_OF_GROUP = frozenset({"warcinfo", "metadata", "conversion", "resource"})
_FACTS = [each.name for each in fields(Facts)]

T = TypeVar("T", Visit, Ruling, Redaction, Site)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided about an article: what its conversion record says beside the text."""

    verdict: str
    text_file: str
    names_file: bool
    copy_of: str | None
    facts_changed: tuple[str, ...]
    captured_at: datetime


def is_tombstone(record: Record) -> bool:
    """Whether the record stands where a group was taken out.  See archive.tombstones."""
    return record.type == "metadata" and record.block.startswith(b"redacted: ")


def groups(records: Iterable[Record]) -> Iterator[tuple[Record, ...]]:
    """The records in whole groups; a group that lost its first or its last record is not given, nor are tombstones."""
    group: list[Record] = []
    for record in records:
        if record.type in FIRST_OF_GROUP or is_tombstone(record):
            group = []
        group.append(record)
        if record.type in LAST_OF_GROUP:
            if group[0].type in FIRST_OF_GROUP:
                yield tuple(group)
            group = []


def as_record(draft: Draft, place: Place) -> Record:
    """A record that has just been written, as reading it back would give it (without the block)."""
    said = {
        "WARC-Type": draft.type,
        "WARC-Record-ID": f"<{draft.record_id}>",
        "WARC-Date": stamp(draft.at),
        "WARC-Target-URI": draft.url or "",
        **draft.fields,
    }
    return Record(offset=place.offset, length=place.length, fields=tuple(said.items()), block=draft.block)


def capture_from(answer: Record, metadata: Record, warc: str) -> Capture:
    """The capture that a response or revisit and its metadata make."""
    return capture_as_told(answer, read_fields(metadata.block), warc)


def capture_as_told(answer: Record, went: Mapping[str, str], warc: str) -> Capture:
    """As `capture_from`. went: the fields in the metadata record's block."""
    revisit = answer.type == "revisit"
    return Capture(
        record_id=answer.record_id,
        url=answer.field("WARC-Target-URI") or "",
        captured_at=moment(answer.field("WARC-Date") or ""),
        status=int(went["status"]),
        media_type=went.get("media-type"),
        payload_digest=answer.field("WARC-Payload-Digest") or "",
        payload_sha256=went["payload-sha256"],
        payload_length=int(went["payload-length"]),
        hop_from=went.get("hop-from"),
        revisit_of=bare(answer.field("WARC-Refers-To")) if revisit else None,
        truncated=None if revisit else answer.field("WARC-Truncated"),  # type: ignore[arg-type]  # one of ours
        etag=went.get("etag"),
        last_modified=went.get("last-modified"),
        warc=warc,
        offset=answer.offset,
        length=answer.length,
    )


def facts_and(decision: Decision, article: Article) -> dict[str, Any]:
    """Facts and decision as the conversion record's JSON holds them."""
    said = {name: getattr(article, name) for name in _FACTS}
    return {**said, **asdict(decision), "captured_at": stamp(decision.captured_at)}


def revision_from(conversion: Record, text: bytes, warc: str) -> Revision:
    """The revision that a conversion record makes; text: its block."""
    said = {**ADDED, **json.loads(conversion.field("WARC-JSON-Metadata") or "{}")}
    disagreements = {fact: tuple(each) for fact, each in dict(said["disagreements"]).items()}
    facts = Facts(**{name: _frozen(said[name]) for name in _FACTS} | {"disagreements": disagreements})
    return Revision(
        record_id=conversion.record_id,
        capture=bare(conversion.field("WARC-Refers-To")) or "",
        captured_at=moment(said["captured_at"]),
        verdict=said["verdict"],
        facts=facts,
        sha256=hashlib.sha256(text).hexdigest(),
        words=count_words(text.decode()),
        text_file=said["text_file"],
        names_file=said["names_file"],
        copy_of=said["copy_of"],
        facts_changed=tuple(said["facts_changed"]),
        warc=warc,
        offset=conversion.offset,
        length=conversion.length,
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def urn(kind: str) -> str:
    """A target URI for a resource record of that kind."""
    return f"{kind}:{uuid.uuid4()}"


def line(value: Visit | Ruling | Redaction | Site) -> bytes:
    """A value as one JSON line of a resource record."""
    said = {
        name: stamp(each) if isinstance(each, datetime) else each
        for name, each in ((of.name, getattr(value, of.name)) for of in fields(value))
    }
    return json.dumps(said, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def values_from(resource: Record, kind: type[T]) -> Iterator[T]:
    """The visits, rulings, redactions or states of a site's memory that a resource record holds."""
    for each in resource.block.splitlines():
        said: dict[str, Any] = {
            name: moment(value) if name.endswith("_at") else _frozen(value) for name, value in json.loads(each).items()
        }
        yield kind(**said)


def add_group(writing: Writing, group: tuple[Record, ...], warc: str) -> list[tuple[Revision, bytes]]:
    """Put what a group holds into the catalog; the revisions with their texts, so that their files can be made.

    Raises Damaged for a group that is whole and lacks what we write.
    """
    try:
        return _add_group(writing, group, warc)
    except (KeyError, TypeError, ValueError) as error:
        why = f"a whole record that is none of ours ({type(error).__name__}: {error})"
        raise Damaged(warc, why, offset=group[0].offset) from error


def _add_group(writing: Writing, group: tuple[Record, ...], warc: str) -> list[tuple[Revision, bytes]]:
    first, last = group[0], group[-1]
    if first.type in ("response", "revisit") and last.type == "metadata":
        writing.add_captures([capture_from(first, last, warc)])
    elif first.type == "conversion":
        revision = revision_from(first, first.block, warc)
        writing.add_revision(revision)
        return [(revision, first.block)]
    elif first.type == "resource":
        _add_resource(writing, first)
    return []


def _add_resource(writing: Writing, resource: Record) -> None:
    """The rows that a resource record holds; one of another kind is passed over."""
    urn = resource.field("WARC-Target-URI") or ""
    if urn.startswith(f"{VISITS}:"):
        for visit in values_from(resource, Visit):
            writing.add_visit(visit, journal=resource.record_id)
    elif urn.startswith(f"{RULINGS}:"):
        for ruling in values_from(resource, Ruling):
            writing.add_ruling(ruling, record=resource.record_id)
    elif urn.startswith(f"{REDACTIONS}:"):
        for redaction in values_from(resource, Redaction):
            writing.add_redaction(redaction)
    elif urn.startswith(f"{SITE}:"):
        for site in values_from(resource, Site):
            writing.add_site(site, record=resource.record_id)
