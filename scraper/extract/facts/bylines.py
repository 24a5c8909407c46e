"""Who signed an article: the names in its declarations, else in its printed byline."""

import re
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any, Final

from selectolax.lexbor import LexborNode

from scraper.extract.facts.declared import Declared, texts, types_of
from scraper.extract.facts.names import is_author_label, signers_in
from scraper.extract.form import folded

_MOST = 50  # authors of one node
_METAS: Final = (
    *("author", "article:author", "dc.creator", "parsely-author", "sailthru.author", "byl", "dcterms.creator"),
)
_ENDS: Final = tuple(f"{mark}{word}" for mark in ".:_-" for word in ("author", "authors", "byline", "creator"))
_MARKED: Final = 'a[rel~="author"], [itemprop~="author"]'
_BYLINES: Final = '[class*="byline" i], [class*="author" i], [class*="autor" i], [class*="auteur" i]'
_MOST_PRINTED = 30
_MOST_PARTS = 60  # nodes of a printed byline
_LONGEST = 200  # characters of it
_NEAR = 6  # elements around and before a byline that tell what it belongs to
_ELSEWHERE = re.compile(
    r"(?:^|[\s_-])(?:comments?|related|sidebar|teaser|appetizer|recommend\w{0,6}|promo|caption|newsletter)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)


def authors_of(page: Declared, outlets: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """(origin, names): the people that the first place names where any are named, and the wire agencies beside them.

    Where no people are named, an agency is an author alone, as its readers cite it, and so is a named desk; the outlet
    and nameless accounts never are. What is declared goes before what is printed.
    """
    for places in (_declared(page), _printed(page)):
        instead: tuple[str, tuple[str, ...]] = ("", ())
        for origin, found in places:
            signers = signers_in(found, outlets)
            if signers.people:
                return origin, (*signers.people, *signers.agencies)
            if not instead[1]:
                instead = origin, (*signers.agencies, *signers.desks)
        if instead[1]:
            return instead
    return "", ()


def readings_of(page: Declared, outlets: Collection[str]) -> Iterator[tuple[str, str]]:
    """(origin, names parted by commas) of each place that declares who signed, a byline that stands twice once."""
    seen: set[tuple[str, ...]] = set()
    for origin, found in _declared(page):
        if tuple(found) not in seen:
            seen.add(tuple(found))
            signers = signers_in(found, outlets)
            if names := (*signers.people, *signers.agencies):
                yield origin, ", ".join(names)


def _declared(page: Declared) -> Iterator[tuple[str, list[str]]]:
    for node in page.articles:
        for key in ("author", "creator"):
            yield "json-ld", _people(node.get(key))
    further = (key for key in page.metas if key.endswith(_ENDS) and key not in _METAS)
    for key in (*_METAS, *further):
        if key in page.metas:
            yield "meta", [text for _, text in page.in_metas(key)]
    for label, value in (("twitter:label1", "twitter:data1"), ("twitter:label2", "twitter:data2")):
        if any(is_author_label(said) for _, said in page.in_metas(label)):  # WordPress, in the site's language
            yield "meta", [text for _, text in page.in_metas(value)]


def _people(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    people = [each for each in values[:_MOST] if not _is_organization(each)]
    names = [name for each in people for name in texts(each)]
    return [name.title() if name.islower() and " " in name else name for name in names]


def _is_organization(value: Any) -> bool:
    if not isinstance(value, dict) or "organization" not in " ".join(types_of(value)):
        return False
    signers = signers_in(texts(value))
    return not (signers.agencies or signers.desks)


def _printed(page: Declared) -> Iterator[tuple[str, list[str]]]:
    """What stands in elements that are marked as a byline, in their order, those behind the headline first."""
    for selector in (_MARKED, _BYLINES):
        found = page.tree.css(f"h1, {selector}")[:_MOST_PRINTED]
        first = next((at for at, element in enumerate(found) if element.tag == "h1"), 0)
        for element in (*found[first:], *found[:first]):
            if element.tag != "h1" and (lines := _lines(element)) and not _is_elsewhere(element):
                yield "html", lines


def _lines(element: LexborNode) -> list[str]:
    """The texts of a byline, one for each part of it; [] of an element that holds more than a byline."""
    parts = list(islice(element.traverse(include_text=True), _MOST_PARTS + 1))
    lines = [line for part in parts if part.tag == "-text" and (line := folded(part.text()))]
    return lines if len(parts) <= _MOST_PARTS and sum(map(len, lines)) <= _LONGEST else []


def _is_elsewhere(element: LexborNode) -> bool:
    """Whether a byline is another text's: a comment's, or that of a teaser, which links its headline or is one link."""
    at: LexborNode | None = element
    for _ in range(_NEAR):
        if at is None or at.tag in ("article", "body", "main") or _follows(at, ("h1",)):
            return False
        if at.tag in ("aside", "nav") or _ELSEWHERE.search(at.attributes.get("class") or ""):
            return True
        if (at.tag == "a" and at is not element) or _follows(at, ("h2", "h3", "h4"), linked=True):
            return True
        at = at.parent
    return False


def _follows(element: LexborNode, tags: Collection[str], *, linked: bool = False) -> bool:
    """Whether one of these tags stands among the few elements before this one."""
    before = element.prev
    for _ in range(_NEAR):
        if before is None:
            return False
        if before.tag in tags and (not linked or before.css_first("a") is not None):
            return True
        before = before.prev
    return False
