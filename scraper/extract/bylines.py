"""Who signed an article: the names in its declarations and in its printed byline."""

from collections.abc import Iterator
from typing import Any

from scraper.extract.declared import Declared, texts, types_of
from scraper.extract.form import folded
from scraper.extract.names import is_author_label, names_in


def authors_of(page: Declared, outlets: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for origin, found in _bylines(page):
        if names := names_in(found, outlets=(*outlets, page.site)):
            yield origin, names


def _bylines(page: Declared) -> Iterator[tuple[str, list[str]]]:
    for node in page.articles:
        for key in ("author", "creator"):
            yield "json-ld", _people(node.get(key))
    for key in (
        "author",
        "article:author",
        "dc.creator",
        "parsely-author",
        "sailthru.author",
        "byl",
        "dcterms.creator",
    ):
        yield "meta", [folded(name) for name in page.metas.get(key, ())]
    for label, value in (("twitter:label1", "twitter:data1"), ("twitter:label2", "twitter:data2")):
        if any(
            is_author_label(folded(said)) for said in page.metas.get(label, ())
        ):  # WordPress, in the site's language
            yield "meta", [folded(name) for name in page.metas.get(value, ())]
    printed = page.tree.css('a[rel="author"], [itemprop="author"]')
    yield "html", [folded(element.text()) for element in printed[:6]]


def _people(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    people = [
        each for each in values[:50] if not (isinstance(each, dict) and "organization" in " ".join(types_of(each)))
    ]
    names = [name for each in people for name in texts(each)]
    return [name.title() if name.islower() and " " in name else name for name in names]
