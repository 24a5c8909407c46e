"""What the law or a person demands gone: which records hold it, and taking them out for good.

with open_alone(path) as archive:
    with archive.reading() as reading:
        cover = cover_text(reading, wanted, key=key)
    redact(archive, cover, reason="…", now=…)
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from archive import erasure
from archive.catalog import Reading
from archive.erasure import Erased
from archive.errors import NotFound
from archive.finding import find
from archive.records import Capture, Outcome, Redaction, Revision, Visit
from archive.writer import Writer

T = TypeVar("T", Capture, Revision)
_SAME_TEXT = ("new", "revised", "copy", "unchanged")  # what a visit says whose page was understood


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """The records that hold it."""

    texts: tuple[Revision, ...]
    captures: tuple[Capture, ...]
    closed: frozenset[str]  # record ids of the captures whose URL is not fetched as an article again


def cover_text(reading: Reading, wanted: str, *, key: Callable[[str], str]) -> Cover:
    """The text that an ID means, wherever it stands, with every page that shows it.

    These are all conversions with the same bytes, in other articles too; the captures that they were understood from,
    and those that were found unchanged against them, or could not be understood, before the next text came; of each
    of these the redirects to it, the response that it revisits and all revisits of that. wanted, key: as for `find`;
    also the record id of a capture without a text. Raises NotFound, Redacted or Ambiguous.
    """
    try:
        found = find(reading, wanted, key=key)
    except NotFound:
        capture = reading.capture(wanted.strip("<>"))
        if capture is None:
            raise
        return _closing(reading, *_grown(reading, {}, {capture.record_id: capture}))
    return _closing(reading, *_grown(reading, {found.record_id: found}, {}))


def cover_article(reading: Reading, wanted: str, *, key: Callable[[str], str]) -> Cover:
    """As `cover_text` for every text of the article, and every capture of it whatever it holds."""
    article = find(reading, wanted, key=key).article
    texts = {each.record_id: each for each in reading.revisions_with("canonical_url", [article])}
    captures = {each.record_id: each for each in _captures_of(reading, article)}
    return _closing(reading, *_grown(reading, texts, captures))


def redact(archive: Writer, cover: Cover, *, reason: str, now: datetime) -> Erased:
    """Take these records out for good, tombstones in their place.

    archive: the only one who writes, see `archive.store.open_alone`. reason: not empty. Raises WriteFailed or ReadOnly;
    once the redaction's own record is written the next writer finishes what is left.
    """
    erasure.begin(archive.root)
    with archive.reading() as reading:
        ruled = {each.record_id: reading.outcome_ruled(each.record_id) for each in cover.captures}
    archive.redact(_redactions(cover, ruled, reason=reason, now=now))
    return erasure.finish(archive.root, archive.catalog)


def _redactions(cover: Cover, ruled: Mapping[str, Outcome | None], *, reason: str, now: datetime) -> list[Redaction]:
    """ruled: by capture, what its visit came to by a ruling on its revision, which goes as well."""
    texts = [
        Redaction(
            record_id=each.record_id, redacted_at=now, reason=reason, url=each.article, captured_at=each.captured_at,
            warc=each.warc, offset=each.offset, sha256=each.sha256, closed=True,
            text_file=each.text_file if each.names_file else None,
        )
        for each in cover.texts
    ]  # fmt: skip
    captures = [
        Redaction(
            record_id=each.record_id, redacted_at=now, reason=reason, url=each.url, captured_at=each.captured_at,
            warc=each.warc, offset=each.offset, closed=each.record_id in cover.closed,
            outcome=ruled[each.record_id],
        )
        for each in cover.captures
    ]  # fmt: skip
    return texts + captures


def _grown(
    reading: Reading, texts: dict[str, Revision], captures: dict[str, Capture]
) -> tuple[dict[str, Revision], dict[str, Capture]]:
    """With all that holds the same, or leans on what goes, until nothing more is found; by record id."""
    size = -1
    while size != len(texts) + len(captures):
        size = len(texts) + len(captures)
        texts |= _by_id(reading.revisions_with("sha256", {each.sha256 for each in texts.values()}))
        shown_by = reading.captures_with("record_id", {each.capture for each in texts.values()})
        captures |= _by_id(shown_by)
        payloads = {each.payload_sha256 for each in shown_by if each.payload_length}
        captures |= _by_id(reading.captures_with("payload_sha256", payloads))
        for article in {each.article for each in texts.values()}:
            captures |= _by_id(_lingering(reading, article, texts))
        captures |= _by_id(_family(reading, captures.values()))
        texts |= _by_id(reading.revisions_with("capture", captures.keys()))
    hops = [hop for each in captures.values() for hop in reading.hops_to(each)]
    return texts, captures | _by_id(_family(reading, hops))


def _by_id(found: Iterable[T]) -> dict[str, T]:
    return {each.record_id: each for each in found}


def _family(reading: Reading, captures: Iterable[Capture]) -> list[Capture]:
    """The responses that hold their payloads, and all revisits of these."""
    holders = {each.holder for each in captures}
    return [*reading.captures_with("record_id", holders), *reading.captures_with("revisit_of", holders)]


def _captures_of(reading: Reading, article: str) -> list[Capture]:
    """Every capture that a visit to the article brought, or that was made where one of them ended."""
    visits = reading.visits_with("article", [article])
    ended = reading.captures_with("record_id", {each.capture for each in visits if each.capture})
    places = {article} | {each.url for each in visits} | {each.url for each in ended}
    return [*ended, *reading.captures_with("url", places)]


def _lingering(reading: Reading, article: str, gone: dict[str, Revision]) -> list[Capture]:
    """The captures of the article that show a text that goes, though no text was understood from them.

    Such are those found unchanged against it, and those that were not understood next to it in time: cut short, too
    deep, too slow. What shows a text that stays is not touched.
    """
    revised = sorted(reading.revisions_with("canonical_url", [article]), key=lambda each: each.captured_at)
    stays = {each.capture for each in revised if each.record_id not in gone}
    kept = {each.holder for each in reading.captures_with("record_id", stays)}
    captures = [
        each
        for each in _captures_of(reading, article)
        if each.holder not in kept and (each.status == 304 or 200 <= each.status < 300)
    ]
    visits = reading.visits_with("capture", {each.record_id for each in captures})
    understood = {visit.capture for visit in visits if visit.outcome in _SAME_TEXT}
    return [each for each in captures if _shows(each, revised, gone, understood=each.record_id in understood)]


def _shows(capture: Capture, revised: Sequence[Revision], gone: dict[str, Revision], *, understood: bool) -> bool:
    """Whether the text that stood when it was captured goes; or, when nobody knows which it shows, the next one."""
    at = bisect_right([each.captured_at for each in revised], capture.captured_at)
    beside = revised[max(at - 1, 0) : at] if understood else revised[max(at - 1, 0) : at + 1]
    return any(each.record_id in gone for each in beside)


def _closing(reading: Reading, texts: dict[str, Revision], captures: dict[str, Capture]) -> Cover:
    """The cover in the order of the files; a URL is closed where a visit to an article ended."""
    visits: list[Visit] = reading.visits_with("capture", captures.keys())
    return Cover(
        texts=tuple(sorted(texts.values(), key=lambda each: (each.warc, each.offset))),
        captures=tuple(sorted(captures.values(), key=lambda each: (each.warc, each.offset))),
        closed=frozenset(each.capture for each in visits if each.capture and each.role == "article"),
    )
