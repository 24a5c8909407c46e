"""What each guard is for: the attack that it stops gets through without it."""

import gzip
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from scraper import feeds, fronts, links, polls, scan, sitemaps
from scraper.errors import ScraperError
from scraper.extract import boilerplate, clean, cleaning, form, plain, tree, understand
from scraper.feeds import read_feed
from scraper.fronts import read_front
from scraper.polls import read_polled
from scraper.sitemaps import read_sitemap
from tests.scraper.extract.pages import PARAGRAPHS, URL, ld, page, paragraphs
from tests.scraper.hostile.feeds import URL as SOURCE

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
SINCE = datetime(2000, 1, 1, tzinfo=UTC)
NO_LIMIT = 10**9
Stands = Callable[[], bool]


def _whole(octets: bytes, start: str = "trafilatura") -> bool:
    """Whether every sentence of the article is in its text."""
    try:
        text = understand(HEAD, octets, URL, start=start).text
    except ScraperError:
        return False
    return all(paragraph in text for paragraph in PARAGRAPHS)


def _within(seconds: float, work: Callable[[], object]) -> bool:
    """Whether so much processor time is enough, as the machine is now; a page of no kind is its measure."""
    began = time.process_time()
    for _ in range(3):
        clean(page(), URL)
    unit = max((time.process_time() - began) / 3, 0.002)
    began = time.process_time()
    with suppress(ScraperError):
        work()
    return time.process_time() - began < seconds * unit / 0.006  # 6 ms: what it takes on a machine at rest


def _same(page: bytes, *_: object) -> bytes:
    return page


def _none(_: object) -> bool:
    return False


FLOOD = page("<p " + " ".join(f"a{n}" for n in range(25_000)) + ">It rained.</p>" + paragraphs())
DEEP = page("<ul><li>" * 9_000 + paragraphs())
MARKS = page(f"<p>It rained a{chr(0x301) + chr(0x323)}" * 1 + "\u0301\u0323" * 25_000 + "</p>" + paragraphs())
REFERENCE = page(head=ld(articleBody="&#" + "9" * 9_000 + ";"))
TABLES = page("<table>" * 500 + paragraphs() + "</table>" * 500)
SPANS = page(f"<table>{'<tr><td colspan=1000 rowspan=1000>x</td></tr>' * 60}</table>" + paragraphs())
LINKS = page("<p>" + '<a href="/x">a word</a> ' * 6_000 + "</p>" + paragraphs())
BREAKS = page(around="<p>" + "words here<br><br>" * 12_000 + "</p>")
SITEMAP = b"<urlset>" + b"".join(b"<url><loc>/%d</loc></url>" % n for n in range(60_000)) + b"</urlset>"
ENTRIES = (
    b"<rss><channel>" + b"".join(b"<item><link>/%d</link></item>" % n for n in range(60_000)) + b"</channel></rss>"
)
CHILDREN = b"<sitemapindex>" + b"<sitemap><loc>/%d.xml</loc></sitemap>" * 99 % tuple(range(99)) + b"</sitemapindex>"
FRONT = b"<p " + b" ".join(b"a%d" % n for n in range(25_000)) + b"><h2><a href='/2026/11/20/one'>One</a></h2>"
HIDDEN = "<?xml version='1.0'?><rss><channel><item><title>Störm</title><link>/a</link></item></channel></rss>".encode(
    "utf-16-le"
)

GUARDS: dict[str, tuple[object, str, object, Stands]] = {
    "attributes": (
        cleaning,
        "FOR_LXML",
        replace(tree.FOR_LXML, attributes=NO_LIMIT, tag=NO_LIMIT),
        lambda: _within(0.6, lambda: clean(FLOOD, URL)),
    ),
    "depth": (
        cleaning,
        "FOR_LEXBOR",
        replace(tree.FOR_LEXBOR, depth=NO_LIMIT),
        lambda: _within(1.5, lambda: clean(DEEP, URL)),
    ),
    "end of the page": (scan, "_with_its_end", _same, lambda: _whole(page("</html>" + paragraphs()))),
    "svg": (boilerplate, "_open_foreign", _same, lambda: _whole(page("<svg>" + paragraphs()))),
    "tables": (boilerplate, "_MOST_TABLES", NO_LIMIT, lambda: _within(1.5, lambda: clean(TABLES, URL))),
    "spans": (boilerplate, "_SPAN_DIGITS", NO_LIMIT, lambda: _within(0.4, lambda: clean(SPANS, URL))),
    "links of a block": (boilerplate, "open_floods", _same, lambda: _within(0.6, lambda: clean(LINKS, URL))),
    "parts": (boilerplate, "has_many_parts", _none, lambda: _within(2.5, lambda: clean(BREAKS, URL))),
    "marks": (form, "_MOST_MARKS", NO_LIMIT, lambda: _within(1, lambda: clean(MARKS, URL))),
    "references": (form, "_HUGE_REFERENCE", re.compile("(?!)"), lambda: _named(REFERENCE)),
    "unread below": (
        plain,
        "_UNREAD",
        frozenset(),
        lambda: (
            "Secret" not in understand(HEAD, page(around="<aside><p>Secret sale</p></aside>"), URL, start="plain").text
        ),
    ),
    "front attributes": (
        fronts,
        "_FOR_LEXBOR",
        replace(fronts._FOR_LEXBOR, attributes=NO_LIMIT, tag=NO_LIMIT),
        lambda: _within(1, lambda: read_front(FRONT, SOURCE)),
    ),
    "front depth": (
        fronts,
        "_FOR_LEXBOR",
        replace(fronts._FOR_LEXBOR, depth=NO_LIMIT),
        lambda: _within(1, lambda: read_front(b"<ul><li>" * 16_000, SOURCE)),
    ),
    "entries of a feed": (feeds, "_MOST_ENTRIES", NO_LIMIT, lambda: _within(1.2, lambda: read_feed(ENTRIES, SOURCE))),
    "utf-16": (links, "_UTF16_STARTS", {}, lambda: read_feed(HIDDEN, SOURCE).links[0].headline == "Störm"),
    "depth of a feed": (
        feeds,
        "_FOR_PARSERS",
        replace(feeds._FOR_PARSERS, depth=NO_LIMIT),
        lambda: _refused(b"<rss>" + b"<x>" * 30_000, "too-deep"),
    ),
    "links of a sitemap": (
        sitemaps,
        "MOST_LINKS",
        NO_LIMIT,
        lambda: len(read_sitemap(SITEMAP, SOURCE).links) == 50_000,
    ),
    "sitemaps of an index": (
        polls,
        "_MOST_CHILDREN",
        NO_LIMIT,
        lambda: len(read_polled("sitemap", SINCE, HEAD, CHILDREN, SOURCE).sources) == 20,
    ),
    "gzip": (
        sitemaps,
        "LARGEST",
        NO_LIMIT,
        lambda: read_sitemap(gzip.compress(b"<urlset/>" + b" " * 60_000_000, 1), SOURCE).cut > 0,
    ),
}


def _named(octets: bytes) -> bool:
    try:
        return _whole(octets)
    except ValueError:  # Python's own
        return False


def _refused(octets: bytes, reason: str) -> bool:
    with pytest.raises(ScraperError) as caught:
        read_feed(octets, SOURCE)
    return getattr(caught.value, "reason", None) == reason


# Those that must let an attack run for seconds to show it.
_SLOW = (
    "attributes",
    "depth",
    "entries of a feed",
    "front attributes",
    "marks",
    "spans",
    "links of a block",
    "links of a sitemap",
    "parts",
    "tables",
)


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.torture] * (name in _SLOW)) for name in GUARDS])
def test_with_its_guard_an_attack_is_stopped_and_without_it_is_not(name, monkeypatch):
    module, guard, without, stands = GUARDS[name]
    assert stands()
    monkeypatch.setattr(module, guard, without)
    assert not stands()
