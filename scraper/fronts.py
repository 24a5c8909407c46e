"""Fronts: the page of a section or of the whole paper, and which of its links lead to articles.

Articles come and go on a front, sections stay; of one look at it only the URL, the place of the link and its words tell
them apart. Lexbor is fast but not bounded on hostile HTML: call read_front in a worker that can be killed.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.links import Link, article_signs, could_be_article, headline
from scraper.urls import host, join, key, same_publisher

LARGEST = 5_000_000  # bytes of HTML that are read
MOST_LINKS = 2_000
ENOUGH = 3.0  # points from which a link is taken for an article's

_FEED_TYPE = re.compile(r"application/(?:rss|atom|rdf|feed)\+(?:xml|json)|text/(?:rss|atom)\+?xml", re.IGNORECASE)
_COMMENTS = re.compile(r"/comments/(?:feed|rss|atom)/*$|[?&]feed=comments", re.IGNORECASE)
_NAVIGATION = re.compile(r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|footer|breadcrumbs?|social|share)(?:$|[\s_-])")
# A list of articles or a page of moving pictures, whatever its slug looks like.
_LISTED = re.compile(
    r"/(?:tags?|topics?|thema|themen|auth?ors?|autor(?:en|es)?|categor(?:y|ies|ia)|videos?|galler(?:y|ies)|podcasts?|live)/",
    re.IGNORECASE,
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4"})
_OUTSIDE = frozenset({"nav", "footer"})
_MOST_ANCHORS = 20_000  # that are looked at; the largest fronts have a thousand or two
_MOST_STEPS = 20  # up the tree; a front that nests deeper than this around a link is not made by people
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
# What browsers know under some name (WHATWG Encoding); Python's "idna", "unicode_escape" or "punycode" are no charsets.
_CHARSETS = re.compile(
    r"utf-8|utf-16(?:-[lb]e)?|ascii|latin[_-]?1|iso8859-\d{1,2}|cp(?:125\d|866|874|932|949|950)|koi8-[ru]|mac-\w+"
    r"|gb(?:2312|k|18030)|hz|big5(?:hkscs)?|euc[_-](?:jp|kr)|shift_jis|iso2022_jp|tis-620|johab"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What a front page leads to."""

    links: tuple[Link, ...]  # likely articles, in the order of the page, each once
    feeds: tuple[str, ...]  # URLs of the feeds it declares, without those of comments
    dropped: int  # likely articles over MOST_LINKS


def read_front(body: bytes, url: str, charset: str | None = None) -> Front:
    """Likely articles of the same publisher, and declared feeds, of the HTML in `body`, fetched from `url`.

    body: to LARGEST bytes; charset: as the server said, else the page's own word, else UTF-8. Never raises on bad HTML.
    Raises ValueError when `url` is no http(s) URL.
    """
    tree = LexborHTMLParser(_decoded(body[:LARGEST], charset))
    base = _base(tree, url)
    found = [link for link, points in _candidates(tree, url, base) if points >= ENOUGH]
    return Front(
        links=tuple(found[:MOST_LINKS]),
        feeds=tuple(dict.fromkeys(_feeds(tree, base))),
        dropped=max(0, len(found) - MOST_LINKS),
    )


def _base(tree: LexborHTMLParser, url: str) -> str:
    """What relative links are resolved against."""
    host(url)  # the one place where a wrong URL of the page itself must not pass in silence
    declared = tree.css_first("base[href]")
    return (join(url, declared.attributes.get("href") or "") if declared else None) or url


def _feeds(tree: LexborHTMLParser, base: str) -> Iterator[str]:
    """Feeds that the page declares.  Source: RSS autodiscovery; HTML, 4.6.7.1 (rel=alternate)."""
    for node in tree.css("link[rel~=alternate i][href]"):
        declared = node.attributes
        feed = join(base, declared.get("href") or "")
        if feed and _FEED_TYPE.match((declared.get("type") or "").strip()) and not _COMMENTS.search(feed):
            yield feed


@dataclass(slots=True)
class _Candidate:
    """One URL with the best of what its anchors say: a picture, a headline and "read more" are one article."""

    url: str
    place: float = -10.0
    words: str = ""


def _candidates(tree: LexborHTMLParser, url: str, base: str) -> Iterator[tuple[Link, float]]:
    """Links that stay with the publisher, each once, with their points."""
    found: dict[str, _Candidate] = {}
    here = key(url)
    for node in tree.css("a[href]")[:_MOST_ANCHORS]:
        target = join(base, node.attributes.get("href") or "")
        if not target or not same_publisher(target, url) or not could_be_article(target):
            continue
        candidate = found.setdefault(key(target), _Candidate(target))
        candidate.place = max(candidate.place, _points_of_place(node))
        candidate.words = max(candidate.words, _words(node), key=len)
    for name, candidate in found.items():
        if name != here:
            link = Link(url=candidate.url, source=url, headline=headline(candidate.words))
            yield link, _points_of_url(candidate.url) + candidate.place + _points_of_words(candidate.words)


def _points_of_url(url: str) -> float:
    """What the URL says for an article; a first-level path without any sign of one is a section."""
    signs = article_signs(url)
    path = url.partition("://")[2].partition("?")[0]
    is_section = signs < 1 and path.strip("/").count("/") <= 1
    return signs - 2.0 * is_section - 3.0 * bool(_LISTED.search(path))


def _points_of_words(words: str) -> float:
    """Two points for the length of a headline; a Chinese or Japanese character counts as two letters."""
    width = len(words) + sum("\u3040" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7a3" for letter in words)
    return 2.0 if width >= 25 else 0.0


def _points_of_place(node: LexborNode) -> float:
    """Two points within or around a heading, or in an <article>; three less in navigation."""
    points = 2.0 if node.css_first("h1, h2, h3, h4") else 0.0
    step, above = 0, node.parent
    while above is not None and step < _MOST_STEPS:
        if above.tag in _OUTSIDE or _is_navigation(above):
            return -3.0
        if above.tag in _HEADINGS or above.tag == "article":
            points = 2.0
        step, above = step + 1, above.parent
    return points


def _is_navigation(node: LexborNode) -> bool:
    """Whether a container calls itself one; <body class="has-menu"> speaks of the page."""
    if node.tag in ("body", "html", "-undef", "-document"):
        return False
    said = node.attributes
    if (said.get("role") or "") in ("navigation", "contentinfo", "menu"):
        return True
    names = f"{said.get('class') or ''} {said.get('id') or ''}"[:300].lower()
    return _NAVIGATION.search(names) is not None


def _words(node: LexborNode) -> str:
    """The words of a link: of its heading when it has one, for a card holds a teaser and an author too."""
    heading = node.css_first("h1, h2, h3, h4")
    return " ".join((heading or node).text(separator=" ").split())


# ── characters ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _decoded(body: bytes, charset: str | None) -> str:
    """The page as text: by byte order mark, the server's word, the page's, UTF-8; what does not fit is replaced."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    declared = _META_CHARSET.search(body[:4_096])
    name = _codec(charset) or _codec(declared[1].decode("ascii", "replace") if declared else None) or "utf-8"
    return body.decode(name, "replace")


def _codec(charset: str | None) -> str | None:
    """Python's name for a charset that the web uses, None for any other. Browsers read Latin-1 as windows-1252."""
    try:
        name = codecs.lookup(charset).name if charset else ""
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        return None
    if name in ("iso8859-1", "ascii"):
        return "cp1252"
    return name if _CHARSETS.fullmatch(name) else None
