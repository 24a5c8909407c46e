"""Where the sources of a fact say different things: never hidden, so that a reader can judge."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from scraper import urls
from scraper.extract.facts.dates import agree, precedes
from scraper.extract.facts.declared import Declared, addresses_of
from scraper.extract.form import bare

_MOST = 5  # readings of one fact
_LONGEST = 300  # characters of one
Reading = tuple[str, str]  # origin, value


def disagreements(
    chosen: Mapping[str, str | None], readings: Mapping[str, Iterable[Reading]]
) -> Mapping[str, tuple[str, ...]]:
    """Fact → the other readings of it, as "origin: value", sorted; only facts that have some.

    Two readings agree when they differ in what is no news: a headline in its signs or by a section behind it, a time in
    its zone or by less than a minute, a language in its region, a URL in its scheme and in what `urls.key` leaves out,
    names in their order.
    """
    found: dict[str, tuple[str, ...]] = {}
    for fact, value in chosen.items():
        if not value:
            continue
        same = _SAME.get(fact, _said_alike)
        others = {
            f"{origin}: {other}"[:_LONGEST]
            for origin, other in readings.get(fact, ())
            if other and value != other and not same(value, other)
        }
        if others:
            found[fact] = tuple(sorted(others)[:_MOST])
    return dict(sorted(found.items()))


def with_order(
    found: Mapping[str, tuple[str, ...]], *, published: str | None, modified: str | None, origin: str
) -> Mapping[str, tuple[str, ...]]:
    """The disagreements, and of an article that was modified before it was published that: "json-ld: published …".

    origin: where the latter is known from.
    """
    if not published or not modified or not precedes(modified, published):
        return found
    others = (*found.get("modified", ()), f"{origin}: published {published}")
    return dict(sorted({**found, "modified": tuple(sorted(others))}.items()))


def canonicals_of(page: Declared) -> Iterator[Reading]:
    """The addresses that the page declares as its own."""
    if link := page.absolute(page.canonical):
        yield "html", link
    yield from page.in_metas("og:url")
    for node in page.articles[:1]:
        # An @id may be a mere name: "https://news.example/#article", "WebPage".
        yield from (("json-ld", url) for url in addresses_of(node) if url.startswith("http") and "#" not in url)


def _said_alike(headline: str, other: str) -> bool:
    # What ends a title may be a section: "Ferry stays - National".
    return bare(other).startswith(bare(headline))


def _same_language(one: str, other: str) -> bool:
    mine, theirs = (tag.partition("-")[0] for tag in (one, other))
    return _WRITTEN.get(mine, mine) == _WRITTEN.get(theirs, theirs)


def _same_names(one: str, other: str) -> bool:
    return {*map(bare, one.split(", "))} == {*map(bare, other.split(", "))}


def _same_place(one: str, other: str) -> bool:
    try:
        return _place(urls.key(one)) == _place(urls.key(urls.join(one, other) or other))
    except ValueError:
        return False


def _place(key: str) -> str:
    return key.partition("://")[2].removeprefix("www.").rstrip("/")


_WRITTEN: Final = {"nb": "no", "nn": "no", "in": "id", "iw": "he"}  # written forms and former codes of a language
_SAME: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "published": agree,
    "modified": agree,
    "language": _same_language,
    "authors": _same_names,
    "canonical": _same_place,
}
