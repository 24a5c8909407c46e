"""The section of the paper an article stands in: "Politics"."""

from collections.abc import Collection, Iterator
from itertools import chain
from typing import Any, Final

from scraper.extract.facts.declared import Declared, Node, texts, types_of
from scraper.extract.form import bare

_METAS: Final = ("article:section", "og:section", "og:article:section", "parsely-section", "section", "articlesection")
_NONE: Final = frozenset("home homepage startseite start accueil inicio início uncategorized uncategorised".split())
_PATH: Final = "breadcrumblist"
_LONGEST = 80  # characters
_MOST_CRUMBS = 20


def sections_of(page: Declared, headline: str | None, outlets: Collection[str]) -> Iterator[tuple[str, str]]:
    """(origin, section) as JSON-LD, meta elements and the path of bread crumbs name it, the widest one of each.

    outlets: the bare names of the outlet, which is no section, as neither is the article itself.
    """
    others = {bare(headline or ""), *outlets, *_NONE}
    stated = (("json-ld", text) for node in page.articles[:1] for text in texts(node.get("articleSection")))
    paths = (node for node in page.nodes if _PATH in types_of(node)) if _PATH in page.types else ()
    crumbs = (("json-ld", text) for node in paths for text in _crumbs(page, node))
    for origin, text in chain(stated, page.in_metas(*_METAS), crumbs):
        if 1 < len(text) <= _LONGEST and "://" not in text and bare(text) not in others:
            yield origin, text


def _crumbs(page: Declared, node: Node) -> Iterator[str]:
    """The names on a path of bread crumbs, the front's left out."""
    steps = node.get("itemListElement")
    for step in steps[:_MOST_CRUMBS] if isinstance(steps, list) else []:
        if isinstance(step, dict) and not _is_front(page, step.get("item")):
            yield from texts(step)[:1] or texts(step.get("item"))[:1]


def _is_front(page: Declared, place: Any) -> bool:
    address = (place.get("@id") or place.get("url")) if isinstance(place, dict) else place
    if not isinstance(address, str):
        return False
    return address.split("?")[0].rstrip("/").count("/") <= 2 and (page.site in address or address in ("", "/"))
