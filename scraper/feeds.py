"""Feeds: RSS 0.9x to 2.0, RDF, Atom and JSON Feed, whole or broken.

Two parsers, both given bytes and never a name that they could open: fastfeedparser takes what is well formed in 3 ms,
feedparser (a hundred times slower, more forgiving) takes over where the first one fails or finds too little.
"""

import io
import json
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import NamedTuple

import fastfeedparser  # type: ignore[import-untyped]
import feedparser
from lxml import etree

from scraper.errors import PARSER_BUGS, Unreadable
from scraper.links import Link, headline, in_utf8
from scraper.scan import XML, Limits, check, without_doctype
from scraper.urls import join, key

MOST_LINKS = 2_000
LARGEST = 10_000_000  # bytes read of a feed
LARGEST_BROKEN = 2_000_000  # bytes that feedparser gets: it takes seconds for a megabyte of nested tags

_MOST_ENTRIES = 5 * MOST_LINKS  # that are parsed; several may lead to one article
# The patient parser takes 4 s for 200,000 levels; of what the fast one bears libxml2 has an eye itself.
_FOR_PARSERS = Limits(grammar=XML, size=4 * LARGEST, tags=1_000_000, attributes=500, tag=1_000_000, depth=20_000)
_ENTRY = re.compile(rb"<(?:[\w-]{1,20}:)?(?:item|entry)[\s>]", re.IGNORECASE)
_TTL = re.compile(rb"<ttl>\s{0,20}(?:<!\[CDATA\[)?\s{0,20}(\d{1,6})\s{0,20}(?:\]\]>)?\s{0,20}</ttl>")
_PERIOD = re.compile(rb"<sy:updatePeriod>\s{0,20}(hourly|daily|weekly|monthly|yearly)\s{0,20}</sy:updatePeriod>")
_FREQUENCY = re.compile(rb"<sy:updateFrequency>\s{0,20}([1-9]\d{0,3})\s{0,20}</sy:updateFrequency>")
_PERIODS = {
    b"hourly": timedelta(hours=1),
    b"daily": timedelta(days=1),
    b"weekly": timedelta(days=7),
    b"monthly": timedelta(days=30),
    b"yearly": timedelta(days=365),
}
_JSON_ITEMS = re.compile(r'"items"\s*:\s*\[')


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What one feed document announces."""

    links: tuple[Link, ...]  # in the order given, each article once, at most MOST_LINKS
    title: str | None
    ttl: timedelta | None  # how long the feed asks to be left alone
    dropped: int  # links over MOST_LINKS; of a feed of millions, entries
    cut: int  # bytes over LARGEST


class _Entry(NamedTuple):
    href: str
    headline: str | None
    published: str | None
    modified: str | None


class _Told(NamedTuple):
    title: str | None
    entries: list[_Entry]
    left: int = 0  # entries that were too many to be read


def read_feed(body: bytes, url: str) -> Feed:
    """The feed in `body`, which was fetched from `url`.

    body: as served, content coding undone; what a broken or cut-off feed still holds is read, to LARGEST bytes.
    Times of links are UTC: RSS and Atom demand a zone, a time without one is read as UTC. Entries without a link are
    passed over; relative links are resolved against xml:base, else `url`.
    Raises Unreadable(url, "not-a-feed", …) for HTML, other XML and garbage; ExtractError "too-many-tags",
    "too-many-attributes", "tag-too-long" or "too-deep" for what no parser may have.
    """
    cut = max(0, len(body) - LARGEST)
    body, left = _bounded(in_utf8(body[:LARGEST]))
    told = _read_json(body) if body.startswith(b"{") else _read_xml(body, url)
    if told is None:
        raise Unreadable(url, "not-a-feed", "neither RSS, RDF, Atom nor JSON Feed; look at the page for its feed's URL")
    links = _links(told.entries, url)
    return Feed(
        links=tuple(links[:MOST_LINKS]),
        title=headline(told.title),
        ttl=_ttl(body),
        dropped=max(0, len(links) - MOST_LINKS) + left + told.left,
        cut=cut,
    )


def _bounded(body: bytes) -> tuple[bytes, int]:
    """An XML feed to its _MOST_ENTRIES, and how many it has more; a parser reads one that ends there."""
    if body.startswith(b"{") or body.count(b"<") <= _MOST_ENTRIES:
        return body, 0
    starts = (match.start() for match in _ENTRY.finditer(body))
    end = next(islice(starts, _MOST_ENTRIES, None), None)
    return (body, 0) if end is None else (body[:end], 1 + sum(1 for _ in starts))


def _links(entries: Iterable[_Entry], url: str) -> list[Link]:
    """Each article once, under its first entry."""
    once: dict[str, Link] = {}
    for entry in entries:
        found = join(url, entry.href)
        if found and found != url:
            link = Link(
                url=found,
                source=url,
                published=entry.published,
                modified=entry.modified,
                headline=headline(entry.headline),
            )
            once.setdefault(key(found), link)
    return list(once.values())


# ── XML ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read_xml(body: bytes, url: str) -> _Told | None:
    """By the fast parser, and by the patient one where the fast one lost entries; None when it is a feed to neither."""
    body = body[: body.rfind(b">") + 1]  # the rest is half a URL, where a feed was cut off, or nothing
    if not body.startswith(b"<"):
        return None
    body = without_doctype(body)
    check(body, _FOR_PARSERS, url)
    fast = _read_fast(body)
    if fast and not _may_hold_more(fast, body):
        return fast
    # A page of HTML taken for a feed costs the patient parser seconds; without an entry it has nothing to find.
    slow = _read_slow(body, url) if _ENTRY.search(body) else None
    return slow if fast is None or (slow and _hrefs(slow) >= _hrefs(fast)) else fast


def _may_hold_more(told: _Told, body: bytes) -> bool:
    """Whether entries were lost, or have links that only xml:base resolves, which the fast parser does not read."""
    if _hrefs(told) < sum(1 for _ in _ENTRY.finditer(body)):
        return True
    return b"xml:base" in body and not all(entry.href.startswith(("http:", "https:")) for entry in told.entries)


def _hrefs(told: _Told) -> int:
    return sum(1 for entry in told.entries if entry.href)


def _read_fast(body: bytes) -> _Told | None:
    """What fastfeedparser finds; None when it refuses the document."""
    try:
        with warnings.catch_warnings(action="ignore"):  # dateutil warns of every zone that a feed made up
            parsed = fastfeedparser.parse(
                body, include_content=False, include_tags=False, include_media=False, include_enclosures=False
            )
    # Some of them are its own refusals.
    except (*PARSER_BUGS, etree.LxmlError, re.error):
        return None
    entries = [
        _Entry(_href_of(entry), entry.get("title"), entry.get("published"), entry.get("updated"))
        for entry in parsed["entries"]
    ]
    return _Told(parsed["feed"].get("title"), entries)


def _href_of(entry: Mapping[str, object]) -> str:
    """The link of a parsed entry, "" when it has none. In Atom no rel means alternate (RFC 4287, 4.2.7.2)."""
    if isinstance(link := entry.get("link"), str) and link.strip():
        return link.strip()
    links = entry.get("links")
    for each in links if isinstance(links, list) else ():
        if each.get("rel") in (None, "alternate") and each.get("href"):
            return str(each["href"]).strip()
    return ""


def _read_slow(body: bytes, url: str) -> _Told | None:
    """What feedparser finds in the first MOST_LINKS entries and LARGEST_BROKEN bytes; None when it is no feed."""
    starts = [match.start() for _, match in zip(range(MOST_LINKS + 1), _ENTRY.finditer(body), strict=False)]
    end = starts[MOST_LINKS] if len(starts) > MOST_LINKS else len(body)
    # The headers must name a type, or feedparser takes a feed without a declared encoding for ISO 8859-1.
    headers = {"content-location": url, "content-type": "application/xml"}
    try:
        with warnings.catch_warnings(action="ignore"):
            parsed = feedparser.parse(
                io.BytesIO(body[: min(end, LARGEST_BROKEN)]),
                response_headers=headers,
                sanitize_html=False,
                resolve_relative_uris=False,
            )
    except PARSER_BUGS:
        return None
    entries = [
        _Entry(
            _href_of(entry),
            dict.get(entry, "title"),
            _iso(dict.get(entry, "published_parsed")),
            _iso(dict.get(entry, "updated_parsed")),
        )
        for entry in parsed["entries"]
    ]
    # It makes a feed of anything with an <entry> in it; what it cannot name a version of must at least hold links.
    is_feed = bool(parsed["version"]) or any(entry.href for entry in entries)
    return _Told(dict.get(parsed["feed"], "title"), entries) if is_feed else None


def _iso(moment: Sequence[int] | None) -> str | None:
    """feedparser's UTC time as ISO 8601; None where there is none, or one that no calendar has."""
    if moment is None:
        return None
    try:
        year, month, day, hour, minute, second = moment[:6]
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC).isoformat()
    except ValueError:
        return None


def _ttl(body: bytes) -> timedelta | None:
    """How long the feed asks to be left alone.  Source: RSS 2.0 <ttl>, minutes; RSS 1.0 module Syndication."""
    if match := _TTL.search(body):
        return timedelta(minutes=int(match[1])) or None
    if match := _PERIOD.search(body):
        frequency = _FREQUENCY.search(body)
        return _PERIODS[match[1]] / (int(frequency[1]) if frequency else 1)
    return None


# ── JSON Feed ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read_json(body: bytes) -> _Told | None:
    """A JSON Feed, also one cut off; None when it is other JSON.  Source: jsonfeed.org, version 1.1."""
    text = body.decode("utf-8", "replace")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = {"items": _before_the_cut(text)}
    objects = document.get("items") if isinstance(document, dict) else None
    if not isinstance(objects, list):
        return None
    entries = [_json_entry(each) for each in objects[:_MOST_ENTRIES] if isinstance(each, dict)]
    if not _is_json_feed(document) and not any(entry.href for entry in entries):
        return None
    return _Told(_text(document.get("title")), entries, left=len(objects[_MOST_ENTRIES:]))


def _is_json_feed(document: Mapping[str, object]) -> bool:
    return "jsonfeed.org" in (_text(document.get("version")) or "")


def _json_entry(entry: Mapping[str, object]) -> _Entry:
    return _Entry(
        _text(entry.get("url")) or _text(entry.get("external_url")) or "",
        _text(entry.get("title")),
        _text(entry.get("date_published")),
        _text(entry.get("date_modified")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _before_the_cut(text: str) -> list[object]:
    """The whole entries of a JSON Feed whose end is missing."""
    start = _JSON_ITEMS.search(text)
    at = start.end() if start else len(text)
    decoder = json.JSONDecoder()
    whole: list[object] = []
    while len(whole) <= MOST_LINKS and (at := _next_object(text, at)) < len(text):
        try:
            entry, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        whole.append(entry)
    return whole


def _next_object(text: str, at: int) -> int:
    """Where the next entry of an array begins: past white space and commas."""
    while at < len(text) and text[at] in ", \t\r\n":
        at += 1
    return at
