"""What a page declares of its own kind and of who may read it.  Source: schema.org; Google's markup of paywalls."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from selectolax.lexbor import SelectolaxError

from archive.records import count_words
from scraper.extract.facts.declared import Declared, Node, printed, texts
from scraper.extract.form import unescaped

_KINDS: Final[Mapping[str, str]] = {
    "liveblogposting": "live-blog",
    "opinionnewsarticle": "opinion",
    "analysisnewsarticle": "analysis",
    "reviewnewsarticle": "review",
    "satiricalarticle": "satire",
    "advertisercontentarticle": "advertorial",
}
# Of a page that is declared to be one of these and no article: an article may hold a film, too.
_OTHER_KINDS: Final[Mapping[str, str]] = {
    "imagegallery": "gallery",
    "mediagallery": "gallery",
    "videoobject": "video",
    "podcastepisode": "audio",
    "radioepisode": "audio",
}
_TIER = "article:content_tier"
_MOST_PARTS = 20
_EMPTY = 15  # words of an element that would hold the rest
_MOST_UPDATES = 4_000


@dataclass(frozen=True, slots=True)
class Update:
    """One entry of a live blog, as JSON-LD states it."""

    headline: str
    body: str  # may hold tags
    place: str  # its address's fragment: the id of its element


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the page says of itself; where it says nothing, the defaults."""

    kind: str = "article"
    og_type: str = ""  # lower case
    is_paid: bool | None = None
    is_withheld: bool = False  # the elements that would hold what is paid for are there and empty
    words: int = 0  # that the article has
    updates: tuple[Update, ...] = ()  # in the order in which they are stated


def terms_of(page: Declared) -> Terms:
    """The terms of a page by its declarations."""
    kinds = _KINDS if page.articles else _OTHER_KINDS
    is_paid = _is_paid(page)
    return Terms(
        kind=next((kind for name, kind in kinds.items() if name in page.types), "article"),
        og_type=next(iter(page.metas.get("og:type", ())), "").lower(),
        is_paid=is_paid,
        is_withheld=is_paid is True and _is_withheld(page),
        words=max(map(_words, page.articles), default=0),
        updates=tuple(update for node in page.articles for update in _updates(node)),
    )


def _is_paid(page: Declared) -> bool | None:
    said = {str(node.get("isAccessibleForFree")).lower() for node in page.articles}
    tiers = page.metas.get(_TIER, ())
    if said & {"false", "0"} or "locked" in tiers:
        return True
    return False if said & {"true", "1"} or "free" in tiers else None


def _is_withheld(page: Declared) -> bool:
    for selector in islice(_paid_parts(page.articles), _MOST_PARTS):
        try:
            parts = page.tree.css(selector)
        except (SelectolaxError, ValueError):
            continue
        if parts and sum(count_words(part.text(separator=" ")) for part in parts) < _EMPTY:
            return True
    return False


def _paid_parts(articles: tuple[Node, ...]) -> Iterator[str]:
    """The CSS selectors of what is only for subscribers: schema.org's hasPart."""
    for node in articles:
        parts = node.get("hasPart")
        for part in parts[:_MOST_PARTS] if isinstance(parts, list) else [parts]:
            if isinstance(part, dict) and str(part.get("isAccessibleForFree")).lower() == "false":
                yield from texts(part.get("cssSelector"))


def _words(article: Node) -> int:
    said = str(article.get("wordCount"))
    return int(said) if len(said) <= len("999999") and said.isascii() and said.isdigit() else 0


def _updates(article: Node) -> Iterator[Update]:
    stated = article.get("liveBlogUpdate")
    for node in stated[:_MOST_UPDATES] if isinstance(stated, list) else [stated]:
        if isinstance(node, dict):
            address = _string(node, "url") or _string(node, "@id")
            headline = printed(_string(node, "headline") or _string(node, "name"))
            yield Update(headline, unescaped(_string(node, "articleBody")), address.partition("#")[2])


def _string(node: Node, key: str) -> str:
    return value if isinstance(value := node.get(key), str) else ""
