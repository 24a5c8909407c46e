"""Already flattened texts: a page that somebody turned into lines before us, menus and buttons among them."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from archive.records import Article, Site
from scraper.errors import NotAnArticle
from scraper.extract.facts.names import is_name
from scraper.extract.facts.wires import wire_credit_in
from scraper.extract.flat.dumps import printed_lines
from scraper.extract.flat.printed_dates import printed_date
from scraper.extract.flat.stretch import Judged, Stretch, judged, stretch_of, without_fragments
from scraper.extract.lines import RULES, Cleared, without_cruft
from scraper.extract.site import cruft_of

FLAT: Final = "3"  # the version of how a flattened text is read; a change that changes a text raises it

_FACTS: Final = ("headline", "authors", "published", "modified", "source_link", "wire_credit")
_PAGE = re.compile(r"<(?:!doctype html|html|head|body)\b[^<>]{0,2000}>", re.IGNORECASE)
_TAG = re.compile(r"<(?:div|p|article|section|span|a|br|h[1-6]|meta|script|li|td)\b[^<>]{0,2000}>", re.IGNORECASE)
_LOOKED_AT = 200_000  # characters
_RARE = 4  # lines to a tag, in a text that prints some
_SHORTEST = 8  # words of the longest line of an article
_BELOW = 10  # lines under the last paragraph that may name author and source
_ABOVE = 6  # lines above the first paragraph, where there is no headline, that may name author and date
_LONGEST_DATED = 15  # words of a line that tells when the article was published
_UPDATED = re.compile(
    r"updat|modif|aktualis|aktualiz|mis à jour|actuali|aggiorna|atualiz|bijgewerkt|обновл|оновл|güncel|yenil",
    re.IGNORECASE,
)


def is_flat(text: str) -> bool:
    """Whether a text is already flattened: no markup in it, or here and there a tag that the page itself printed."""
    head = text[:_LOOKED_AT]
    if _PAGE.search(head):
        return False
    tags = len(_TAG.findall(head))
    return tags < 2 or tags * _RARE < sum(1 for line in head.splitlines() if line.strip())


def clean_flat(text: str, url: str = "", *, site: Site | None = None) -> Article:
    """The article in a flattened text: its headline, when one stands above it, and its paragraphs.

    Its byline, its dates, its source link and whom it credits become facts.

    url: where it came from, "" when nobody knows; site: what was learned about the site it came from.
    Raises NotAnArticle "empty" or "no-text".
    """
    if not text.strip():
        raise NotAnArticle(url or "the text", "empty", "there is nothing in it")
    lines = judged(printed_lines(text), cruft_of(site))
    where = stretch_of(lines)
    cleared = _cleared(lines, where, site)
    if not any(line.words >= _SHORTEST for line in cleared.lines):
        raise NotAnArticle(url or "the text", "no-text", "nothing in it reads as an article")
    published, modified = _dates(lines, where)
    paragraphs = tuple(line.paragraph for line in cleared.lines)
    article = Article(
        url=url,
        canonical_url=url,
        headline=lines[where.headline].text if where.headline is not None else None,
        paragraphs=paragraphs,
        site=site.site if site else "",
        authors=cleared.authors or _signed(lines, where),
        published=published,
        modified=modified,
        source_link=cleared.source_link,
        wire_credit=wire_credit_in(paragraphs),
        extractor={"flat": FLAT, "rules": RULES, "rung": "flat"},
        site_memory=f"{site.site}@{site.number}" if site else None,
    )
    return replace(article, origins={fact: "text" for fact in _FACTS if getattr(article, fact)})


def _cleared(lines: Sequence[Judged], where: Stretch, site: Site | None) -> Cleared:
    """The lines of the article, and what the lines around them tell."""
    start = _head(where).start
    chosen = [line for line in lines[start : where.end + _BELOW] if not line.leads_away]
    if len(lines) - (where.end - where.first) > _BELOW:
        chosen = without_fragments(chosen)  # with this much around it, it is a page's dump
    cleared = without_cruft(
        [line.line for line in chosen],
        headlines=[lines[where.headline].text] if where.headline is not None else [],
        outlets=[site.site] if site else [],
    )
    subheads = [line for line in lines[start : where.first] if line.line.kind == "subhead"]
    own = {id(line.line) for line in (*subheads, *lines[where.first : where.end])}
    kept = tuple(line for line in cleared.lines if id(line) in own)
    return Cleared(kept, cleared.authors, cleared.source_link, cleared.dropped)


def _head(where: Stretch) -> range:
    """The lines between the headline and the first paragraph."""
    return range(max(0, where.first - _ABOVE) if where.headline is None else where.headline + 1, where.first)


def _dates(lines: Sequence[Judged], where: Stretch) -> tuple[str | None, str | None]:
    """When the article was published and modified, as its head tells; above the headline stands a date, too."""
    head = _head(where)
    dated = [
        (line.text, date)
        for line in lines[max(0, head.start - 5) : head.stop + 1]
        if line.words <= _LONGEST_DATED and (date := printed_date(line.text))
    ]
    published = [date for text, date in dated if not _UPDATED.search(text)]
    modified = [date for text, date in dated if _UPDATED.search(text)]
    if not published:
        published, modified = modified, []
    return next(iter(published), None), next(iter(modified), None)


def _signed(lines: Sequence[Judged], where: Stretch) -> tuple[str, ...]:
    """A name without "By" beside the date above the article."""
    head = [line.text for line in lines[_head(where).start : where.first]]
    return tuple(
        text
        for at, text in enumerate(head)
        if is_name(text) and any(printed_date(near) for near in head[max(0, at - 1) : at + 2])
    )[:1]
