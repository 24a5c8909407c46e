"""Fronts: the page of a section or of the whole paper, and which of its links lead to articles.

Articles come and go on a front, sections stay; of one look at it only the URL, the place of the link and its words tell
them apart. Lexbor is fast but not bounded on hostile HTML: call read_front in a worker that can be killed.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.links import Link, article_signs, could_be_article, headline
from scraper.scan import HTML, Limits, check, fault, light, shortened
from scraper.urls import host, join, key, same_publisher

LARGEST = 5_000_000  # bytes of HTML that are read
MOST_LINKS = 2_000
MOST_FEEDS = 200
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
# Lexbor compares each attribute of a tag with each and walks up from each element; large fronts have 30,000 tags.
_FOR_LEXBOR = Limits(grammar=HTML, size=LARGEST, tags=300_000, attributes=500, tag=1_000_000, depth=5_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What a front page leads to."""

    links: tuple[Link, ...]  # likely articles, in the order of the page, each once
    feeds: tuple[str, ...]  # URLs of the feeds it declares, without those of comments
    dropped: int  # likely articles over MOST_LINKS, feeds over MOST_FEEDS, links that were not looked at
    cut: int  # bytes over LARGEST


def read_front(body: bytes, url: str, codec: str | None = None) -> Front:
    """Likely articles of the same publisher, and declared feeds, of the HTML in `body`, fetched from `url`.

    body: to LARGEST bytes; codec: as scraper.wire.charset_of names it, None for UTF-8.
    Raises ExtractError "too-many-tags" or "too-deep"; ValueError when `url` is no http(s) URL.
    """
    tree = LexborHTMLParser(
        _bearable(body[:LARGEST].decode(codec or "utf-8", "replace").encode("utf-8", "replace"), url)
    )
    base = _base(tree, url)
    anchors, feeds = tree.css("a[href]"), tuple(dict.fromkeys(_feeds(tree, base)))
    found = [link for link, points in _candidates(anchors[:_MOST_ANCHORS], url, base) if points >= ENOUGH]
    return Front(
        links=tuple(found[:MOST_LINKS]),
        feeds=feeds[:MOST_FEEDS],
        dropped=sum(map(len, (found[MOST_LINKS:], feeds[MOST_FEEDS:], anchors[_MOST_ANCHORS:]))),
        cut=max(0, len(body) - LARGEST),
    )


def _bearable(page: bytes, url: str) -> bytes:
    """The page as Lexbor bears it."""
    page = light(page)[:LARGEST]  # in UTF-8 it may have grown
    why = fault(page, _FOR_LEXBOR)
    if why and why.reason in ("too-many-attributes", "tag-too-long"):
        page = shortened(page, _FOR_LEXBOR)
    if why:
        check(page, _FOR_LEXBOR, url)
    return page


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


def _candidates(anchors: Iterable[LexborNode], url: str, base: str) -> Iterator[tuple[Link, float]]:
    """Links that stay with the publisher, each once, with their points."""
    found: dict[str, _Candidate] = {}
    here = key(url)
    for node in anchors:
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
