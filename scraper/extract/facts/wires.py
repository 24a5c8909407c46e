"""Whom a text credits for what it took over: a wire agency, or "via Turkish media"."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from scraper.extract.facts.agencies import agency
from scraper.extract.facts.declared import Declared, texts
from scraper.extract.form import bare

_KEYS: Final = ("author", "creator", "contributor", "sourceOrganization", "provider")
_METAS: Final = ("article:author", "author", "source", "dc.source", "article:source", "news:source", "agency")
_MOST = 5  # agencies of one text
_LONGEST = 70  # characters of a signature
_CODE = 5  # letters of a code, which is written in capitals: "SPA" and "WAM" are words, too
_NEAR = 400  # characters at the end of a paragraph
# "MOSCOW, Nov 20 (Reuters) -", "Berlin (dpa/lby) –", "БАКУ, 20 ноября. /ТАСС/."
_DATELINE = re.compile(
    r"[^\s(\[/][^()\[\]]{0,60}[(\[/]\s?([^()\[\]]{2,40}?)\s?[)\]/]\.?\s?(?:[-–—:.]|$)|\(([^()]{2,20})\)\s?[-–—]"
)
_CLOSING = re.compile(
    r"[.!?…»”\"']\s*[(\[]\s*([^()\[\]]{2,60})[)\]]\s*\.?$"  # "… on Friday. (AP)"
    r"|[.!?…»”\"']\s*[-–—/|]+\s*([^-–—/|.]{2,30})\s*\.?$"  # "… on Friday. – Reuters"
    r"|^\W{0,3}(?:source|quelle|fuente|fonte|kaynak|mənbə|источник|джерело)\s?[:：]\s?(.{2,40}?)\W*$"
    r"|^\W{0,3}([^\W\d][^.!?]{1,40}?)\W{0,3}$",  # a line of its own
    re.IGNORECASE,
)
_VIA = re.compile(
    r"\b(?:reports?|reported|writes|informs|said|says)\b,?\s(via|citing|quoting|with reference to|referring to)\s"
    r"(?:the\s)?([^,.;:()]{2,60})[.\"”»)]*$",
    re.IGNORECASE,
)
_TAKEN: Final = ("via", "citing", "quoting", "refer")  # one of these stands in what _VIA finds; nearly no text has one
_MEDIA = re.compile(r"\b(?:media|press|outlets?|agenc(?:y|ies)|news|newspapers?|portals?|channels?)$", re.IGNORECASE)
_WITH = re.compile(
    r"(?:\bwith\b[^.]{0,30}\b(?:inputs?|material|reporting|contributions?|files)\b[^.]{0,10}\bfrom"
    r"|\bmit material (?:von|der)"
    r"|\bavec l['’]|\bcon informaci[oó]n de|\bcon material de|\bcom informa[cç][oõ]es d[aeo]s?)\s(.{2,80}?)[.)]*$",
    re.IGNORECASE,
)
_SIGNED = re.compile(r"[\s(\[/|–—-]*+([^()\[\]©]{2,60}?)[\s)\]/.]*+")
_REGION = re.compile(r"[a-z]{2,4}")  # the desk in "dpa/lby"
_PARTS = re.compile(r"\s*[,;/|&+]\s*|\s(?:and|und|et|y|e|og|och|ve|with|mit)\s", re.IGNORECASE)


def wire_credits(page: Declared, authors: Iterable[str], outlets: Collection[str]) -> Iterator[tuple[str, str]]:
    """(origin, short names) of the agencies that JSON-LD, meta elements and the byline name, in that order.

    authors: those that the byline names; outlets: bare names of the publisher, which is no wire on its own page.
    """
    stated = {
        "json-ld": [name for node in page.articles[:1] for key in _KEYS for name in texts(node.get(key))],
        "meta": [text for _, text in page.in_metas(*_METAS)],
        "html": list(authors),
    }
    for origin, names in stated.items():
        if found := _agencies(name for name in names if bare(name) not in outlets):
            yield origin, found


def wire_credit_in(paragraphs: Sequence[str]) -> str | None:
    """Whom the words at a text's ends credit: "AP", "dpa, AFP", "via Turkish media"; None when they credit nobody.

    Looked at are a dateline ("BERLIN (dpa) -"), the last words of the last three paragraphs ("(AP)", "– Reuters"), and
    how the first or one of the last ends: "Caliber.Az reports via Turkish media".
    """
    for paragraph in reversed(paragraphs[-3:]):
        if names := _closing(paragraph[-_NEAR:]):
            return names
    if paragraphs and (found := _DATELINE.match(paragraphs[0][:120])) and (names := _agencies(found.groups())):
        return names
    return next((said for each in (*paragraphs[:2], *paragraphs[-3:]) if (said := _via(each[-_NEAR:]))), None)


def is_signature(line: str) -> bool:
    """Whether a line is nothing but names of agencies: "(AP)", "— AFP", "(dpa/lby)"."""
    found = _SIGNED.fullmatch(line) if len(line) < _LONGEST else None
    first, *others = _PARTS.split(found[1]) if found else [""]
    return _is_named(first) and all(_is_named(each) or _REGION.fullmatch(each) for each in others)


def _is_named(part: str) -> bool:
    short = agency(part)
    return short is not None and not (short.isupper() and part.isalpha() and not part.isupper() and len(part) <= _CODE)


def _closing(end: str) -> str | None:
    for pattern in (_CLOSING, _WITH):
        if (found := pattern.search(end)) and (names := _agencies(found.groups())):
            return names
    return None


def _via(end: str) -> str | None:
    if not any(word in end.lower() for word in _TAKEN) or not (found := _VIA.search(end)):
        return None
    # "… said via Telegram" credits nobody.
    named = found[1].lower() == "via" and _MEDIA.search(found[2].strip())
    return _agencies([found[2]]) or (f"via {found[2].strip()}" if named else None)


def _agencies(names: Iterable[str | None]) -> str | None:
    """The short names of the agencies among these, each once, parted by commas."""
    parts = [part for name in names if name for part in (name, *_PARTS.split(name[:_NEAR]))]
    found = dict.fromkeys(short for part in parts if (short := agency(part.strip(" .()"))))
    return ", ".join(list(found)[:_MOST]) or None
