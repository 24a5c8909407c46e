"""The facts of an article as its page declares them: JSON-LD, then meta elements, then what is printed.

Read on the whole tree, before anything is cut from it. Each fact remembers where it came from.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit

from htmldate import find_date
from selectolax.lexbor import LexborHTMLParser

from scraper import urls
from scraper.errors import PARSER_BUGS
from scraper.extract.facts import bylines, headlines
from scraper.extract.facts.bylines import authors_of
from scraper.extract.facts.dates import moment
from scraper.extract.facts.declared import Declared, Node, declared, texts, types_of
from scraper.extract.facts.disagreements import canonicals_of, disagreements, with_order
from scraper.extract.facts.headlines import headlines_of
from scraper.extract.facts.pictures import lead_picture
from scraper.extract.facts.sections import sections_of
from scraper.extract.facts.terms import Terms, terms_of
from scraper.extract.facts.wires import wire_credits
from scraper.extract.form import bare, unescaped
from scraper.extract.tree import FOR_LXML, tree_of
from scraper.reservations import in_metas
from scraper.scan import fault, light

FACTS: Final = "3"  # the version of what is read here; a change that reads a fact otherwise raises it
_FRONTS: Final = frozenset("collectionpage searchresultspage".split())
_OUTLETS: Final = frozenset(("newsmediaorganization", "website"))
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*$", re.IGNORECASE)
_PUBLISHED = (
    *("datePublished", "article:published_time", "og:published_time", "parsely-pub-date", "sailthru.date"),
    *("dcterms.created", "dc.date.issued", "dc.date", "pubdate", "publish-date", "date"),
)
_MODIFIED = ("dateModified", "article:modified_time", "og:updated_time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a page says about its article, and where each fact came from ("json-ld", "meta", "html", "time", "text")."""

    headline: str | None = None
    headlines: tuple[str, ...] = ()  # every wording of it on the page
    authors: tuple[str, ...] = ()
    published: str | None = None
    modified: str | None = None
    language: str | None = None
    publisher: str | None = None
    section: str | None = None
    image: str | None = None  # the lead picture's address, absolute
    image_caption: str | None = None
    image_credit: str | None = None
    wire_credit: str | None = None  # "AP", "dpa, AFP": the agencies that are declared; see wires.wire_credit_in
    outlets: tuple[str, ...] = ()  # every name of the outlet on the page
    terms: Terms = field(default_factory=Terms)  # its kind and access, as far as they are declared
    canonical: str | None = None  # as declared, absolute
    reservations: tuple[str, ...] = ()  # what its meta elements reserve; their origin is always "meta"
    is_article: bool = False  # the markup says so
    is_front: bool = False
    body: str = ""  # JSON-LD's articleBody
    origins: Mapping[str, str] = field(default_factory=dict)
    disagreements: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # fact → "origin: another reading"


def facts_of(tree: LexborHTMLParser, url: str, page: bytes) -> Facts:
    """Everything the page declares about its article.

    tree: the whole page, scanned and untouched; url: where it came from, after redirects; page: the same in UTF-8, of
    which another tree is made when nothing declares a date.
    Dates are as precise as the page: "2026-11-20", or with a time, and with an offset where the page states one.
    """
    stated = declared(tree, url, site_of(url))
    publishers = list(_outlets(stated))
    outlets = tuple(dict.fromkeys(name for _, name in publishers))
    names = _bare_names(outlets, stated.site)
    titles = headlines_of(stated, names)
    origins: dict[str, str] = {}

    def first(fact: str, found: Iterable[tuple[str, str]]) -> str | None:
        origin, value = next(iter(found), ("", None))
        if value is not None:
            origins[fact] = origin
        return value

    is_article = bool(stated.articles) or "article" in stated.metas.get("og:type", ())
    signed, authors = authors_of(stated, {bare(name) for name in (*outlets, stated.site)})
    picture = lead_picture(stated)
    facts = Facts(
        headline=first("headline", titles),
        headlines=tuple(dict.fromkeys(title for _, title in titles)),
        authors=authors,
        published=first("published", _published(stated, page)),
        modified=first("modified", _dates(stated.stated(*_MODIFIED))),
        language=first("language", _languages(stated)),
        publisher=first("publisher", publishers),
        outlets=outlets,
        terms=terms_of(stated),
        section=first("section", sections_of(stated, titles[0][1] if titles else None, names)),
        image=picture.url,
        image_caption=picture.caption,
        image_credit=picture.credit,
        wire_credit=first("wire_credit", wire_credits(stated, authors, names)),
        canonical=stated.absolute(stated.canonical),
        reservations=in_metas(stated.metas, url),
        is_article=is_article,
        is_front=not is_article and _is_front(url, stated.types),
        body=max((body for node in stated.articles for body in _bodies(node)), key=len, default=""),
        origins=origins | dict(picture.origins) | ({"authors": signed} if authors else {}),
    )
    return replace(facts, disagreements=_disagreements(stated, facts, names))


def _disagreements(page: Declared, facts: Facts, outlets: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    chosen = {
        "headline": facts.headline,
        "authors": ", ".join(facts.authors),
        "published": facts.published,
        "modified": facts.modified,
        "language": facts.language,
        "canonical": facts.canonical or page.url,
    }
    readings = {
        "headline": headlines.readings_of(page, outlets, facts.headline),
        "authors": bylines.readings_of(page, outlets),
        "published": _dates(page.readings(*_PUBLISHED)),
        "modified": _dates(page.readings(*_MODIFIED)),
        "language": _languages(page),
        "canonical": canonicals_of(page),
    }
    origin = facts.origins.get("published", "")
    found = disagreements(chosen, readings)
    return with_order(found, published=facts.published, modified=facts.modified, origin=origin)


def site_of(url: str) -> str:
    """The host the text is filed under; "" for a page that is no URL's."""
    try:
        return urls.site(url)
    except ValueError:
        return ""


def canonical_url(url: str, declared: str | None) -> str:
    """What the article is known by: rel=canonical on the same registrable domain, else the page's own URL; normalised.

    A canonical that names the front page is a template's mistake. Of a page that is no URL's (a file): the
    declared one, or the file.
    """
    try:
        own = urls.key(url)
    except ValueError:
        return _key(declared) or url
    if not declared or not (key := _key(declared)) or not urls.same_publisher(url, declared):
        return own
    is_front = key.split("/", 3)[3:] in ([], [""])
    return own if is_front and own.split("/", 3)[3:] not in ([], [""]) else key


def _bodies(node: Node) -> list[str]:
    body = node.get("articleBody")
    return [unescaped(body)] if isinstance(body, str) else []


def _outlets(page: Declared) -> Iterator[tuple[str, str]]:
    yield from page.in_metas("og:site_name")
    for node in page.articles:
        yield from (("json-ld", name) for name in texts(node.get("publisher")))
    for node in page.nodes if page.types & _OUTLETS else ():
        if types_of(node) & _OUTLETS:
            yield from (("json-ld", name) for name in texts(node.get("name")))
    yield from page.in_metas("application-name", "apple-mobile-web-app-title", "dc.publisher")


def _bare_names(outlets: Iterable[str], site: str) -> frozenset[str]:
    """What the outlet is called, bare; of a host also its name: "The Old Quay" of old-quay.example."""
    host = bare(urls.registrable(site).partition(".")[0]) if site else ""
    names = {bare(name) for name in outlets} | {bare(site), host, f"the {host}"}
    return frozenset(name for name in names if name)


def _published(page: Declared, markup: bytes) -> Iterator[tuple[str, str]]:
    yield from _dates(page.stated(*_PUBLISHED))
    yield from _dates(page.stated("dateCreated", "uploadDate"))
    yield from _dates(_printed_dates(page))
    if guess := _guessed_date(page.url, markup):
        yield "htmldate", guess


def _printed_dates(page: Declared) -> Iterator[tuple[str, str]]:
    marked = page.tree.css('time[pubdate], [itemprop~="datePublished"]')
    for element in marked[:3]:
        yield "time", element.attributes.get("datetime") or element.text(deep=False)
    times = page.tree.css("article time[datetime], main time[datetime], header time[datetime]")
    yield from (("time", element.attributes.get("datetime") or "") for element in times[:1])


def _guessed_date(url: str, markup: bytes) -> str | None:
    page = light(markup)
    tree = tree_of(page) if fault(page, FOR_LXML) is None else None
    if tree is None:
        return None
    # Fixed bounds: htmldate's own upper bound is today, and the same page must give the same date tomorrow.
    first, last = "1995-01-01", "2099-12-31"
    try:
        return find_date(tree, extensive_search=False, original_date=True, url=url, min_date=first, max_date=last)
    except PARSER_BUGS:
        return None  # "+24:00" and the like: no text is lost for its date


def _dates(stated: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((origin, date) for origin, text in stated if (date := moment(text)))


def _languages(page: Declared) -> Iterator[tuple[str, str]]:
    root = page.tree.root.attributes if page.tree.root is not None else {}
    yield from _tags([("html", root.get("lang") or root.get("xml:lang") or "")])
    yield from _tags(page.readings("inLanguage", "og:locale", "content-language", "dc.language"))


def _tags(stated: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for origin, text in stated:
        tag = text.strip().replace("_", "-")
        if _LANGUAGE.match(tag):
            first, *rest = tag.split("-")
            tags = (first.lower(), *(part.upper() if len(part) == 2 else part.title() for part in rest))
            yield origin, "-".join(tags)


def _is_front(url: str, types: frozenset[str]) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return bool(types & _FRONTS)
    return (parts.path.strip("/") == "" and not parts.query and bool(parts.netloc)) or bool(types & _FRONTS)


def _key(url: str | None) -> str | None:
    try:
        return urls.key(url) if url else None
    except ValueError:
        return None
