"""Sitemaps: of pages, of news, of sitemaps; XML or a URL a line; plain or gzip.

Source: sitemaps.org protocol 0.9, and the news extension of Google.
"""

import io
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml import etree

from scraper.errors import Unreadable
from scraper.links import Link, headline, in_utf8, moment
from scraper.scan import XML, Limits, check, without_doctype
from scraper.urls import join, key

MOST_LINKS = 50_000  # what the protocol allows a sitemap
LARGEST = 50_000_000  # bytes, unpacked; the protocol's limit too

USUAL_PLACES = ("/news-sitemap.xml", "/sitemap-news.xml", "/sitemap_index.xml", "/sitemap.xml")

# Past 256 levels libxml2 reads no further, so depth is told only of what would take long all the same.
_FOR_LXML = Limits(grammar=XML, size=4 * LARGEST, tags=4_000_000, attributes=500, tag=1_000_000, depth=200_000)
_PIECE = 65_536  # bytes
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
    dropped: int  # links and children over MOST_LINKS
    cut: int  # bytes over LARGEST, at least


def read_sitemap(body: bytes, url: str) -> Sitemap:
    """The sitemap in `body`, which was fetched from `url`.

    body: as served, content coding undone; a gzip file is unpacked to LARGEST bytes. What a cut-off sitemap still holds
    is read. Relative URLs are resolved against `url`; nothing is looked up, no entity expanded.
    Raises Unreadable(url, "not-a-sitemap", …) for anything else (a feed too: read it with read_feed); ExtractError
    "too-many-tags", "too-many-attributes", "tag-too-long" or "too-deep" for what no parser may have.
    """
    whole = unpacked(body, most=LARGEST + 1)
    plain, cut = in_utf8(whole[:LARGEST]), len(whole[LARGEST:])
    if plain[:8].lower().startswith((b"http://", b"https://")):
        return _sitemap(_read_lines(plain, url), cut=cut, announced=plain.count(b"\n") + 1)
    if not plain.startswith(b"<"):
        raise Unreadable(url, "not-a-sitemap", "neither XML nor a list of URLs")
    # Behind the last tag of a sitemap that was cut off stands half a URL.
    plain = without_doctype(plain[: plain.rfind(b">") + 1])
    check(plain, _FOR_LXML, url)
    return _sitemap(_read_xml(plain, url), cut=cut, announced=plain.count(b"<loc"))


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


def unpacked(body: bytes, *, most: int = LARGEST) -> bytes:
    """The body, or what its gzip members hold, to so many bytes; of a torn file as much as can be had."""
    plain = bytearray()
    at = 0
    while body[at : at + 2] == b"\x1f\x8b" and len(plain) < most:
        at = _unpack(body, at, plain, most)
    return bytes(plain) if at else body[:most]


def _unpack(body: bytes, at: int, plain: bytearray, most: int) -> int:
    """Add one gzip member to `plain`, a piece at a time so that a tear costs one piece; where the next one begins."""
    member = zlib.decompressobj(wbits=31)
    while at < len(body) and len(plain) < most:
        piece = body[at : at + _PIECE]
        try:
            plain += member.decompress(piece, most - len(plain))
        except zlib.error:
            break
        at += len(piece)
        if member.eof:
            return at - len(member.unused_data)
    return len(body)


def _sitemap(found: Iterator[Link | Child], *, cut: int, announced: int) -> Sitemap:
    """Links and children parted, each once, to MOST_LINKS together; announced: how many there are, about."""
    links: dict[str, Link] = {}
    children: dict[str, Child] = {}
    dropped = 0
    for number, each in enumerate(found):
        if len(links) + len(children) >= MOST_LINKS and each.url not in links and each.url not in children:
            dropped = max(1, announced - number)
            break
        if isinstance(each, Link):
            links.setdefault(each.url, each)
        else:
            children.setdefault(each.url, each)
    newest = _newest_first(children.values())
    return Sitemap(links=tuple(links.values()), children=newest, dropped=dropped, cut=cut)


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
