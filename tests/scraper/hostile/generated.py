"""Documents that nobody wrote: trees of random elements, and our own samples, broken at random."""

import gzip
import random
import traceback
import zlib
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from scraper.errors import ScraperError
from scraper.extract import clean, clean_flat, text_of, understand
from scraper.feeds import read_feed
from scraper.fronts import read_front
from scraper.sitemaps import read_sitemap
from scraper.wire import charset_of, decoded
from tests.scraper.extract.pages import URL, ld, page
from tests.scraper.hostile.feeds import SOURCES
from tests.scraper.hostile.pages import PAGES

Fault = tuple[str, str, bytes]  # the reader, what came out of it, the document
_DUMPS = Path(__file__).parents[1] / "extract" / "flattened"
_LARGEST_SAMPLE = 8_000  # bytes
_TOKENS = (
    b"<",
    b">",
    b"</",
    b"<p>",
    b"</p>",
    b"<div>",
    b"</div>",
    b"<table>",
    b"<tr><td>",
    b"<svg>",
    b"<math>",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"]]>",
    b"<script>",
    b"</script>",
    b"<h1>",
    b"<br><br>",
    b"<article>",
    b"</article>",
    b"<title>",
    b"<template>",
    b"<a href='//x/2026/11/20/y'>",
    b"&#xD800;",
    b"&#0;",
    b"&#99999999999;",
    b"&amp;",
    b"&nbsp;",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\xe2\x80\xae",
    b"\xcc\x81" * 40,
    b"'",
    b'"',
    b"=",
    b"\n",
    b"<time datetime='2026-11-20T99:99'>",
    b"<item>",
    b"<link>",
    b"<entry>",
    b"<url><loc>",
    b"</loc>",
    b"<sitemap>",
    b"<?xml version='1.0' encoding='",
    b"utf-16",
    b"gb18030",
    b"iso-2022-jp",
    b"<!DOCTYPE x [",
    b"<!ENTITY a 'b'>",
    b"http://[::1",
    b"http://\xc3\x9f.test/",
    b"9" * 400,
    b"{",
    b"}",
    b"[",
    b'"items":[',
    b'{"@type":"NewsArticle","author":',
    b'<script type="application/ld+json">',
    b"By Ann Lee",
    b"Read more",
    b"20 November 2026",
    b"<base href='",
    b"colspan=9999999999",
    b"xml:base='",
    b"\n\n# ",
    b"](http://x ",
    b"![",
    b"[12]",
    b"\nReferences\n\n   12. http://x/\n",
    b"\n---|---\n",
    b"\n   * ",
    b"**",
    b"\n> ",
    "\n│a│b│\n".encode(),
    b"(BUTTON) ",
)


def _read_wire(octets: bytes) -> None:
    charset_of(octets[:200] + b"\r\n\r\n", octets)
    for coding in (b"gzip", b"deflate", b"gzip, deflate", b"identity"):
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: " + coding + b"\r\n\r\n"
        for body in (octets, gzip.compress(octets)[: len(octets) + 9], zlib.compress(octets)[: len(octets)]):
            try:
                decoded(head, body, limit=5_000)
            except ScraperError:
                continue


def _read_answer(octets: bytes) -> None:
    head, _, body = octets.partition(b"<")
    understand(b"HTTP/1.1 200 OK\r\n" + head[:500].replace(b"\n", b" ") + b"\r\n\r\n", b"<" + body, URL)


READERS: dict[str, Callable[[bytes], object]] = {
    "clean": lambda octets: clean(octets, URL).text.encode(),
    "clean below": lambda octets: understand(
        b"HTTP/1.1 200 OK\r\n\r\n", octets, URL, start="trafilatura-fast"
    ).text.encode(),
    "clean by lexbor": lambda octets: understand(b"HTTP/1.1 200 OK\r\n\r\n", octets, URL, start="lexbor").text.encode(),
    "clean without a parser": lambda octets: understand(
        b"HTTP/1.1 200 OK\r\n\r\n", octets, URL, start="plain"
    ).text.encode(),
    "clean file": lambda octets: clean_flat(text_of(octets, URL), URL).text.encode(),
    "clean flat": lambda octets: clean_flat(octets.decode("utf-8", "replace"), URL).text.encode(),
    "answer": _read_answer,
    "front": lambda octets: read_front(octets, "https://gazette.test/", charset_of(b"\r\n\r\n", octets)),
    "feed": lambda octets: read_feed(octets, "https://gazette.test/feed"),
    "sitemap": lambda octets: read_sitemap(octets, "https://gazette.test/sitemap.xml"),
    "wire": _read_wire,
}
_OF_PAGES = (
    "clean",
    "clean",
    "clean",
    "clean below",
    "clean by lexbor",
    "clean without a parser",
    "clean flat",
    "clean file",
    "answer",
    "front",
)
_OF_SOURCES = ("feed", "feed", "sitemap", "sitemap", "front", "wire")


def fault_of(reader: str, octets: bytes) -> Fault | None:
    """What came out of a reader that is no error of ours; None when all is well."""
    try:
        READERS[reader](octets)
    except ScraperError:
        return None
    except Exception as error:  # noqa: BLE001  whatever comes is what we are after
        return reader, "".join(traceback.format_exception(error)[-3:]), octets
    return None


def mutants(number: int, count: int) -> list[Fault]:
    """The faults of so many documents, each one of ours broken at random; number: of the series."""
    chance = random.Random(number)  # noqa: S311
    pages, sources = _samples()
    faults = []
    for _ in range(count):
        of_pages = chance.random() < 0.5
        octets = _broken(chance.choice(pages if of_pages else sources), chance)
        if fault := fault_of(chance.choice(_OF_PAGES if of_pages else _OF_SOURCES), octets):
            faults.append(fault)
    return faults


def trees(number: int, count: int) -> list[Fault]:
    """The faults of so many documents that hypothesis makes up; number: of the series."""
    faults: list[Fault] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(_HTML, _XML), st.sampled_from(sorted(READERS)))
    def meet(document: str, reader: str) -> None:
        if fault := fault_of(reader, document.encode("utf-8", "replace")):
            faults.append(fault)

    meet()
    return faults


def _samples() -> tuple[list[bytes], list[bytes]]:
    own = [page(), page(head=ld(author={"@type": "Person", "name": "Ann Lee"}, datePublished="2026-11-20T07:00:00Z"))]
    small = (hostile.make() for hostile in PAGES if not hostile.slow)
    pages = [octets for octets in small if 0 < len(octets) < _LARGEST_SAMPLE]
    own += [dump.read_bytes() for dump in sorted(_DUMPS.glob("*.txt"))]
    sources = [octets for source in SOURCES if not source.slow and 0 < len(octets := source.make()) < _LARGEST_SAMPLE]
    return pages + own * 30, sources


def _broken(sample: bytes, chance: random.Random) -> bytes:
    octets = bytearray(sample)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(octets) + 1)
        end = min(len(octets), at + chance.choice((1, 2, 5, 20, 100, 500)))
        match chance.randrange(7):
            case 0:
                octets[at:at] = chance.choice(_TOKENS)
            case 1:
                octets[at:end] = b""
            case 2:
                octets[at:at] = octets[at:end] * chance.choice((1, 2, 10))
            case 3:
                octets[at:end] = chance.randbytes(end - at)
            case 4:
                octets[at:end] = chance.choice(_TOKENS) * chance.choice((1, 3, 30))
            case 5:
                del octets[at:]
            case _:
                there = chance.randrange(len(octets) + 1)
                octets[at:end] = octets[there : there + end - at]
    return bytes(octets[: 4 * _LARGEST_SAMPLE])


_WORDS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        (
            "By Ann Lee",
            "20 November 2026",
            "The ferry sailed again on Friday, eleven years late.",
            "Read more",
            "&#xD800;",
        )
    ),
)
_NAMES = st.sampled_from(
    "p div span b i a table tr td ul li h1 h2 blockquote article section svg math template br hr pre time meta link "
    "base title script style img q figure figcaption noscript".split()
)
_ATTRIBUTES = st.dictionaries(
    st.sampled_from("href class id content name property datetime colspan itemprop rel type src lang".split()),
    _WORDS,
    max_size=3,
)


def _element(name: str, attributes: dict[str, str], inside: list[str], closed: bool) -> str:
    said = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{said}>{''.join(inside)}{f'</{name}>' * closed}"


def _trees_of(names: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.recursive(
        _WORDS,
        lambda inner: st.builds(_element, names, _ATTRIBUTES, st.lists(inner, max_size=4), st.booleans()),
        max_leaves=25,
    )


_HTML = _trees_of(_NAMES).map(lambda body: f"<html><body><article>{body}</article></body></html>")
_XML = st.tuples(
    st.sampled_from(("rss", "feed", "urlset", "sitemapindex", "rdf:RDF", "html")),
    _trees_of(
        st.sampled_from(
            "channel item entry url sitemap loc lastmod link title pubDate guid updated news:news description".split()
        )
    ),
).map(lambda parts: f"<?xml version='1.0'?><{parts[0]}>{parts[1]}</{parts[0]}>")
