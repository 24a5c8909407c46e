"""Sitemaps: of pages, of news, of sitemaps; XML or a URL a line; plain or gzip.

Source: sitemaps.org protocol 0.9, and the news extension of Google.
"""

import io
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from lxml import etree

from scraper.errors import Unreadable
from scraper.links import Link, headline, in_utf8, moment
from scraper.urls import join, key

MOST_LINKS = 50_000  # what the protocol allows a sitemap
LARGEST = 50_000_000  # bytes, unpacked; the protocol's limit too

USUAL_PLACES = ("/news-sitemap.xml", "/sitemap-news.xml", "/sitemap_index.xml", "/sitemap.xml")

Found = TypeVar("Found", "Link", "Child")

_W3C_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d(?:[T ]\d\d:\d\d\S{0,20})?)?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A sitemap that an index names."""

    url: str
    modified: str | None  # ISO 8601, as precise as the index


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """What one sitemap document announces: links, or the sitemaps that hold them."""

    links: tuple[Link, ...]  # in the order given, each URL once
    children: tuple[Child, ...]  # newest first; those without a date after the dated, in the order given
    dropped: int  # links and children over MOST_LINKS, each


def read_sitemap(body: bytes, url: str) -> Sitemap:
    """The sitemap in `body`, which was fetched from `url`.

    body: as served, content coding undone; a gzip file is unpacked to LARGEST bytes. What a cut-off sitemap still holds
    is read. Relative URLs are resolved against `url`; nothing is looked up, no entity expanded.
    Raises Unreadable(url, "not-a-sitemap", …) for anything else (a feed too: read it with read_feed).
    """
    plain = in_utf8(unpacked(body))
    if plain[:8].lower().startswith((b"http://", b"https://")):
        return _sitemap(_read_lines(plain, url))
    if not plain.startswith(b"<"):
        raise Unreadable(url, "not-a-sitemap", "neither XML nor a list of URLs")
    # Behind the last tag of a sitemap that was cut off stands half a URL.
    return _sitemap(_read_xml(plain[: plain.rfind(b">") + 1], url))


def places_to_look(robots_sitemaps: Iterable[str], home: str) -> tuple[str, ...]:
    """Where the sitemaps of a publisher may be, best first, each once: those of robots.txt, then the usual places.

    robots_sitemaps: as they stand in robots.txt; home: URL of the home page. News sitemaps come before the others.
    """
    named = sorted(robots_sitemaps, key=lambda place: "news" not in place.lower())
    found: dict[str, str] = {}
    for place in (*named, *USUAL_PLACES):
        if absolute := join(home, place):
            found.setdefault(key(absolute), absolute)
    return tuple(found.values())


def unpacked(body: bytes) -> bytes:
    """The body, or what its gzip members hold, to LARGEST bytes; of a torn file as much as can be had."""
    if not body.startswith(b"\x1f\x8b"):
        return body[:LARGEST]
    plain = bytearray()
    while body.startswith(b"\x1f\x8b") and len(plain) < LARGEST:
        member = zlib.decompressobj(wbits=31)
        body = _unpack(member, body, plain)
    del plain[LARGEST:]
    return bytes(plain)


def _unpack(member: "zlib._Decompress", body: bytes, plain: bytearray) -> bytes:
    """Add one gzip member to `plain`, a piece at a time so that a tear costs one piece; what follows the member."""
    piece = 65_536
    for start in range(0, len(body), piece):
        try:
            plain += member.decompress(body[start : start + piece], LARGEST - len(plain) + 1)
        except zlib.error:
            return b""
        if member.eof:
            return member.unused_data + body[start + piece :]
        if len(plain) > LARGEST:
            break
    return b""


def _sitemap(found: Iterator[Link | Child]) -> Sitemap:
    """Links and children parted, bounded, each once."""
    links: dict[str, Link] = {}
    children: dict[str, Child] = {}
    dropped = 0
    for each in found:
        if isinstance(each, Link):
            dropped += _keep(links, each)
        else:
            dropped += _keep(children, each)
    return Sitemap(links=tuple(links.values()), children=_newest_first(children.values()), dropped=dropped)


def _keep(kept: dict[str, Found], found: Found) -> int:
    """Keep what is new while there is room; 1 when it had to be dropped."""
    if found.url in kept:
        return 0
    if len(kept) >= MOST_LINKS:
        return 1
    kept[found.url] = found
    return 0


def _newest_first(children: Iterable[Child]) -> tuple[Child, ...]:
    dated = [(when, child) for child in children if (when := moment(child.modified))]
    dated.sort(key=lambda pair: pair[0], reverse=True)
    return (*(child for _, child in dated), *(child for child in children if not moment(child.modified)))


def _read_lines(body: bytes, url: str) -> Iterator[Link]:
    """A text sitemap: one URL a line."""
    for line in body.decode("utf-8", "replace").splitlines():
        if line.startswith(("http://", "https://")) and (found := join(url, line)):
            yield Link(url=found, source=url)


def _read_xml(body: bytes, url: str) -> Iterator[Link | Child]:
    """Entries as they come; the tree is thrown away behind them, so that memory stays flat."""
    root = None
    for element in _elements(body):
        if root is None:
            root = element.getroottree().getroot()
            if _name(root) not in ("urlset", "sitemapindex"):
                raise Unreadable(url, "not-a-sitemap", f"an XML document of <{_name(root)[:40]}>")
        if element is not root and element.getparent() is root:
            if found := _entry(element, url):
                yield found
            element.clear()
            while element.getprevious() is not None:
                del root[0]
    if root is None:
        raise Unreadable(url, "not-a-sitemap", "no element of a sitemap can be read in it")


def _elements(body: bytes) -> Iterator[etree._Element]:
    """Entries, and the root at its end, to where the document stops making sense."""
    parser = etree.iterparse(
        io.BytesIO(body),
        events=("end",),
        tag=("{*}url", "{*}sitemap", "{*}urlset", "{*}sitemapindex"),
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        for _, element in parser:
            yield element
    except etree.XMLSyntaxError:  # what recovering does not get past: an unknown encoding, a tree too deep
        return


def _entry(element: etree._Element, url: str) -> Link | Child | None:
    """What one <url> or <sitemap> says; None when it names no URL.

    Only by the local names: half the sitemaps out there declare no namespace, or the wrong one. A <loc> or <title> of
    an image or a video lies deeper, in an element of its own.
    """
    told = {_name(child): _text(child) for child in element}
    found = join(url, told.get("loc") or "") if told.get("loc") else None
    if not found:
        return None
    modified = _date(told.get("lastmod"))
    if _name(element) == "sitemap":
        return Child(url=found, modified=modified)
    news = next((child for child in element if _name(child) == "news"), ())
    said = {_name(child): _text(child) for child in news}
    return Link(
        url=found,
        source=url,
        published=_date(said.get("publication_date")),
        modified=modified,
        headline=headline(said.get("title")),
    )


def _name(element: etree._Element) -> str:
    """The local name; "" for what is no element or cannot be read."""
    try:
        return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
    except UnicodeDecodeError:  # "&#xD800;" in a namespace or text: libxml2 lets it pass when it recovers
        return ""


def _text(element: etree._Element) -> str:
    """The text before the first child; "" when there is none or it cannot be read."""
    try:
        return (element.text or "").strip()
    except UnicodeDecodeError:
        return ""


def _date(text: str | None) -> str | None:
    """A W3C date as it is printed; None for anything else."""
    return text if text and _W3C_DATE.fullmatch(text) else None
