"""The headline among all that a page prints and declares as one, without its outlet's name."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from selectolax.lexbor import LexborNode

from scraper.extract.declared import Declared
from scraper.extract.form import bare, folded

_MOST_H1 = 5
_MOST_PARTS = 200  # nodes of one h1
_DASH = re.compile(r"\s+[|\-–—·•»:]\s+")


def headlines_of(page: Declared, outlets: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(origin, words) of each wording, the headline first."""
    printed = [words for h1 in page.h1s[:_MOST_H1] if (words := words_of(h1))]
    stated = [
        (origin, without_outlet(text, outlets)) for origin, text in page.stated("headline", "og:title", "twitter:title")
    ]
    # Of several h1, or one that is the outlet's logo, the one that the markup confirms is the headline.
    confirmed = [words for words in printed if any(_confirms(text, words, page.site) for _, text in stated)]
    yield from (("html", words) for words in confirmed)
    yield from ((origin, text) for origin, text in stated if text)
    names = {bare(name) for name in outlets}
    yield from (("html", words) for words in printed if bare(words) not in names)
    element = page.tree.css_first("title")
    title = folded(element.text()) if element is not None else ""
    head, mark, tail = _rparted(title)
    title = head if mark and head and _is_outlet_of(page.site, tail) else title
    if title and (words := without_outlet(title, outlets)):
        yield "title", words


def words_of(element: LexborNode) -> str:
    """The words of an element; what only its layout parts ("<span>Strike</span>Ferry stays", a <br>) gets a space."""
    words = ""
    for part in islice(element.traverse(include_text=True), _MOST_PARTS):
        if part.tag == "br":
            words += " "
        elif part.tag == "-text":
            text = part.text()
            kicker = len(words) > 1 and words[-2:].isalnum() and text[:1].isupper()  # but not a drop cap
            words += f" {text}" if kicker else text
    return folded(words)


def _confirms(title: str, words: str, site: str) -> bool:
    """Whether a stated title says the same as the h1, or the same and behind it the outlet, known by its host."""
    head, _, tail = _rparted(title)
    outlet = bare(site.partition(".")[0])
    return _alike(words, title) or (bare(head) == bare(words) and outlet != "" and outlet in bare(tail))


def _is_outlet_of(site: str, name: str) -> bool:
    """Whether a name is the host's: "The Old Quay" of old-quay.example."""
    words, host = bare(name).split(), bare(site.partition(".")[0]).split()
    return bool(host) and words in (host, ["the", *host])


def _alike(one: str, other: str) -> bool:
    mine, theirs = set(bare(one).split()), set(bare(other).split())
    return len(mine & theirs) * 2 > max(len(mine), len(theirs))


def without_outlet(title: str, outlets: Iterable[str]) -> str:
    """The title without " | The Herald" at its end or "The Herald: " at its beginning."""
    names = {bare(name) for name in outlets}
    head, mark, tail = _rparted(title)
    if mark and head and (bare(tail) in names or bare(tail.partition(".")[0]) in names):
        return head
    return title if bare(title) not in names else ""


def _rparted(title: str) -> tuple[str, str, str]:
    found = list(_DASH.finditer(title))
    return (title[: found[-1].start()], found[-1].group(), title[found[-1].end() :]) if found else (title, "", "")
