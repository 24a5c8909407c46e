"""The facts of an article as its page declares them: JSON-LD, then meta elements, then what is printed.

Read on the whole tree, before anything is cut from it. Each fact remembers where it came from.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

from htmldate import find_date
from lxml.html import HtmlElement, document_fromstring
from selectolax.lexbor import LexborHTMLParser

from scraper import urls
from scraper.errors import PARSER_BUGS
from scraper.extract.form import bare, folded, unescaped
from scraper.extract.names import is_author_label, names_in
from scraper.extract.tree import tree_of
from scraper.reservations import in_metas
from scraper.scan import light

FACTS: Final = "1"  # the version of what is read here; a change that reads a fact otherwise raises it
_LARGEST_JSON = 3_000_000  # characters of one script
_MOST_NODES = 2_000
_ARTICLES: Final = frozenset(
    "newsarticle article reportagenewsarticle analysisnewsarticle opinionnewsarticle reviewnewsarticle "
    "askpublicnewsarticle backgroundnewsarticle liveblogposting blogposting report "
    "satiricalarticle advertisercontentarticle".split()
)
_FRONTS: Final = frozenset("collectionpage searchresultspage".split())
_KINDS: Final[Mapping[str, str]] = {
    "liveblogposting": "live-blog",
    "opinionnewsarticle": "opinion",
    "analysisnewsarticle": "analysis",
    "reviewnewsarticle": "review",
    "satiricalarticle": "satire",
    "advertisercontentarticle": "advertorial",
}
_DATE = re.compile(r"(\d{4})[-/.](\d\d?)[-/.](\d\d?)")
_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ]+(\d\d?):(\d\d)(?::(\d\d))?(?:[.,]\d+)?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d"
    r"|[+-]\d\d)?$",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*$", re.IGNORECASE)
_BROKEN_JSON = (
    (re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)"), ""),
    (re.compile(r"(?:-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/|\]\]>)\s*;?\s*$"), ""),
    (re.compile(r",(\s*[}\]])"), r"\1"),
    (re.compile(r";\s*$"), ""),
)

Node = Mapping[str, Any]  # one JSON-LD node; its values are whatever a site wrote


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
    outlets: tuple[str, ...] = ()  # every name of the outlet on the page
    kind: str = "article"
    access: str = "open"
    canonical: str | None = None  # as declared, absolute
    reservations: tuple[str, ...] = ()  # what its meta elements reserve; their origin is always "meta"
    is_article: bool = False  # the markup says so
    is_front: bool = False
    body: str = ""  # JSON-LD's articleBody
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Markup:
    """The page's declarations, gathered in one pass each."""

    tree: HtmlElement
    url: str
    nodes: tuple[Node, ...]  # JSON-LD, the article's first
    metas: Mapping[str, tuple[str, ...]]  # name in lower case → contents

    def stated(self, *keys: str) -> Iterator[tuple[str, str]]:
        """(origin, folded text) of each JSON-LD value and meta content under these names, in that order."""
        articles = [node for node in self.nodes if _types(node) & _ARTICLES]
        for key in keys:
            for node in articles:
                yield from (("json-ld", text) for text in _texts(node.get(key)))
        for key in keys:
            yield from (("meta", text) for text in map(folded, self.metas.get(key.lower(), ())) if text)


def facts_of(_tree: LexborHTMLParser, url: str, page: bytes) -> Facts:
    """As `_facts_of`."""
    tree = tree_of(light(page))
    head = b"<html>" + page[: page.lower().find(b"</head>")]
    return _facts_of(tree if tree is not None else document_fromstring(head), url)


def _facts_of(tree: HtmlElement, url: str) -> Facts:
    """Everything the page declares about its article.

    tree: the whole page, untouched; url: where it came from, after redirects.
    Dates are as precise as the page: "2026-11-20", or with a time, and with an offset where the page states one.
    """
    page = _Markup(tree, url, tuple(_nodes(tree, url)), _metas(tree))
    origins: dict[str, str] = {}

    def first(fact: str, found: Iterable[tuple[str, str]]) -> str | None:
        origin, value = next(iter(found), ("", None))
        if value is not None:
            origins[fact] = origin
        return value

    types = frozenset().union(*map(_types, page.nodes)) if page.nodes else frozenset()
    outlets = tuple(dict.fromkeys(name for _, name in _outlets(page)))
    publisher = first("publisher", _outlets(page))
    titles = list(_headlines(page, outlets))
    return Facts(
        headline=first("headline", titles),
        headlines=tuple(dict.fromkeys(title for _, title in titles)),
        authors=_authors(page, outlets, origins),
        published=first("published", _published(page)),
        modified=first("modified", _dates(page.stated("dateModified", "article:modified_time", "og:updated_time"))),
        language=first("language", _languages(page)),
        publisher=publisher,
        outlets=outlets,
        kind=_kind(types),
        access="teaser" if _is_paid(page) else "open",
        canonical=_canonical(page),
        reservations=in_metas(page.metas, url),
        is_article=bool(types & _ARTICLES) or "article" in page.metas.get("og:type", ()),
        is_front=_is_front(page, types),
        body=max((body for node in page.nodes for body in _bodies(node)), key=len, default=""),
        origins=origins,
    )


def site_of(url: str) -> str:
    """The host the text is filed under; "" for a page that is no URL's."""
    try:
        return urls.site(url)
    except ValueError:
        return ""


def _metas(tree: HtmlElement) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for element in tree.iter("meta"):
        content = element.get("content")
        for attribute in ("property", "name", "itemprop", "http-equiv"):
            if content and (name := element.get(attribute)):
                found[name.lower()] = (*found.get(name.lower(), ())[:20], content)
    return found


def _nodes(tree: HtmlElement, url: str) -> list[Node]:
    """The page's JSON-LD nodes: those of its own address first, then those with a headline, else as they stand."""
    found: list[Node] = []
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or "").lower() and script.text:
            found.extend(_flat_nodes(_read_json(script.text)))
    here = url.partition("#")[0].partition("?")[0].rstrip("/")

    def distance(node: Node) -> tuple[bool, bool]:
        own = any(address.partition("#")[0].partition("?")[0].rstrip("/") == here for address in _addresses(node))
        return not own, not node.get("headline")

    return sorted(found[:_MOST_NODES], key=distance)


def _read_json(text: str) -> Any:
    """What the script says, also with the usual faults (comment marks, a trailing comma); None when it says nothing."""
    if len(text) > _LARGEST_JSON:
        return None
    for pattern, instead in (("", ""), *_BROKEN_JSON):
        text = re.sub(pattern, instead, text) if pattern else text
        try:
            return json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _flat_nodes(root: Any) -> Iterator[Node]:
    waiting, seen = [root], 0
    while waiting and seen < _MOST_NODES:
        value, seen = waiting.pop(0), seen + 1
        if isinstance(value, list):
            waiting[:0] = value[:_MOST_NODES]
        elif isinstance(value, dict):
            yield value
            waiting[:0] = [value[key] for key in ("@graph", "mainEntity", "mainEntityOfPage") if key in value]


def _types(node: Node) -> frozenset[str]:
    types = node.get("@type")
    names = types if isinstance(types, list) else [types]
    return frozenset(name.rpartition("/")[2].lower() for name in names if isinstance(name, str))


def _texts(value: Any) -> list[str]:
    """The printable texts of a JSON-LD value: a string, the name of a node, or a list of these."""
    if isinstance(value, list):
        return [text for each in value[:100] if not isinstance(each, list) for text in _texts(each)]
    if isinstance(value, dict):
        return _texts(value.get("name") or value.get("@value") or value.get("alternateName"))
    return [text] if isinstance(value, str) and (text := _unescaped(value)) else []


def _unescaped(text: str) -> str:
    # Many systems write entities into JSON, some of them twice.
    for _ in range(2):
        if "&" in text:
            text = unescaped(text)
    return folded(text)


def _addresses(node: Node) -> list[str]:
    page = node.get("mainEntityOfPage")
    values = (node.get("url"), node.get("@id"), page.get("@id") if isinstance(page, dict) else page)
    return [value for value in values if isinstance(value, str)]


def _bodies(node: Node) -> list[str]:
    body = node.get("articleBody")
    return [unescaped(body)] if isinstance(body, str) and _types(node) & _ARTICLES else []


def _headlines(page: _Markup, outlets: Iterable[str]) -> Iterator[tuple[str, str]]:
    printed = [words for h1 in list(page.tree.iter("h1"))[:5] if (words := _printed(h1))]
    stated = [
        (origin, _without_outlet(text, outlets))
        for origin, text in page.stated("headline", "og:title", "twitter:title")
    ]
    title = next((folded(element.text_content()) for element in page.tree.iter("title")), "")
    # Of several h1, or one that is the outlet's logo, the one that the markup confirms is the headline.
    confirmed = [words for words in printed if any(_confirms(text, words, page.url) for _, text in stated)]
    yield from (("html", words) for words in confirmed)
    yield from ((origin, text) for origin, text in stated if text)
    names = {bare(name) for name in outlets}
    yield from (("html", words) for words in printed if bare(words) not in names)
    head, mark, tail = _rparted(title)
    title = head if mark and head and _is_outlet_of(page.url, tail) else title
    if title and (words := _without_outlet(title, outlets)):
        yield "title", words


def _printed(element: HtmlElement) -> str:
    """The words of an element; what only its layout parts ("<span>Strike</span>Ferry stays", a <br>) gets a space."""
    words = ""
    for part in element.xpath(".//text()"):
        broken = part.is_tail and part.getparent().tag == "br"
        kicker = len(words) > 1 and words[-2:].isalnum() and part[:1].isupper()  # but not a drop cap
        words += f" {part}" if broken or kicker else part
    return folded(words)


def _confirms(title: str, words: str, url: str) -> bool:
    """Whether a stated title says the same as the h1, or the same and behind it the outlet, known by its host."""
    head, _, tail = _rparted(title)
    outlet = bare(site_of(url).partition(".")[0])
    return _alike(words, title) or (bare(head) == bare(words) and outlet != "" and outlet in bare(tail))


def _is_outlet_of(url: str, name: str) -> bool:
    """Whether a name is the host's: "The Old Quay" of old-quay.example."""
    words, host = bare(name).split(), bare(site_of(url).partition(".")[0]).split()
    return bool(host) and words in (host, ["the", *host])


def _alike(one: str, other: str) -> bool:
    mine, theirs = set(bare(one).split()), set(bare(other).split())
    return len(mine & theirs) * 2 > max(len(mine), len(theirs))


def _without_outlet(title: str, outlets: Iterable[str]) -> str:
    """The title without " | The Herald" at its end or "The Herald: " at its beginning."""
    names = {bare(name) for name in outlets}
    head, mark, tail = _rparted(title)
    if mark and head and (bare(tail) in names or bare(tail.partition(".")[0]) in names):
        return head
    return title if bare(title) not in names else ""


def _rparted(title: str) -> tuple[str, str, str]:
    found = list(re.finditer(r"\s+[|\-–—·•»:]\s+", title))
    return (title[: found[-1].start()], found[-1].group(), title[found[-1].end() :]) if found else (title, "", "")


def _outlets(page: _Markup) -> Iterator[tuple[str, str]]:
    yield from (("meta", name) for name in map(folded, page.metas.get("og:site_name", ())) if name)
    for node in page.nodes:
        if _types(node) & _ARTICLES:
            yield from (("json-ld", name) for name in _texts(node.get("publisher")))
    for node in page.nodes:
        if _types(node) & {"newsmediaorganization", "website"}:
            yield from (("json-ld", name) for name in _texts(node.get("name")))
    for key in ("application-name", "apple-mobile-web-app-title", "dc.publisher"):
        yield from (("meta", name) for name in map(folded, page.metas.get(key, ())) if name)


def _authors(page: _Markup, outlets: tuple[str, ...], origins: dict[str, str]) -> tuple[str, ...]:
    for origin, found in _bylines(page):
        if names := names_in(found, outlets=(*outlets, site_of(page.url))):
            origins["authors"] = origin
            return names
    return ()


def _bylines(page: _Markup) -> Iterator[tuple[str, list[str]]]:
    for node in page.nodes:
        if _types(node) & _ARTICLES:
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
    printed = page.tree.xpath("//*[self::a[@rel='author'] or @itemprop='author']")
    yield "html", [folded(element.text_content()) for element in printed[:6]]


def _people(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    people = [each for each in values[:50] if not (isinstance(each, dict) and "organization" in " ".join(_types(each)))]
    names = [name for each in people for name in _texts(each)]
    return [name.title() if name.islower() and " " in name else name for name in names]


def _published(page: _Markup) -> Iterator[tuple[str, str]]:
    keys = ("datePublished", "article:published_time", "og:published_time", "parsely-pub-date", "sailthru.date")
    yield from _dates(
        page.stated(*keys, "dcterms.created", "dc.date.issued", "dc.date", "pubdate", "publish-date", "date")
    )
    yield from _dates(page.stated("dateCreated", "uploadDate"))
    printed = page.tree.xpath(
        "//time[@pubdate or @itemprop='datePublished']/@datetime|//*[@itemprop='datePublished']/text()"
    )
    yield from _dates(("time", str(value)) for value in printed[:3])
    times = page.tree.xpath("(//article//time|//main//time|//header//time)/@datetime")
    yield from _dates(("time", str(value)) for value in times[:1])
    if guess := _guessed_date(page):
        yield "htmldate", guess


def _guessed_date(page: _Markup) -> str | None:
    # Fixed bounds: htmldate's own upper bound is today, and the same page must give the same date tomorrow.
    first, last = "1995-01-01", "2099-12-31"
    try:
        return find_date(
            page.tree, extensive_search=False, original_date=True, url=page.url, min_date=first, max_date=last
        )
    except PARSER_BUGS:
        return None  # "+24:00" and the like: no text is lost for its date


def _dates(stated: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((origin, date) for origin, text in stated if (date := moment(text)))


def moment(text: str) -> str | None:
    """A printed date or time in ISO 8601, as precise as it stands: None when it is no date of 1990 to 2099.

    "2026-11-20" · "2026-11-20T09:57:00" (no zone stated) · "2026-11-20T09:57:00+03:00". Z and GMT become +00:00.
    """
    text = text.strip()
    if found := _MOMENT.match(text):
        year, month, day, hour, minute, second, zone = found.groups()
        clock = f"T{int(hour):02}:{minute}" + (f":{second}" if second else "")
        return _checked(f"{year}-{month}-{day}{clock}{_offset(zone)}")
    if (found := _DATE.match(text)) and not re.match(r"\d", text[found.end() :]):
        year, month, day = found.groups()
        return _checked(f"{year}-{int(month):02}-{int(day):02}")
    try:
        return _checked(parsedate_to_datetime(text).isoformat())
    except (ValueError, TypeError, IndexError):
        return None


def _offset(zone: str | None) -> str:
    if zone is None:
        return ""
    if zone.upper() in ("Z", "UTC", "GMT"):
        return "+00:00"
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return f"{zone[0]}{digits[:2]}:{digits[2:]}"


def _checked(written: str) -> str | None:
    try:
        year = datetime.fromisoformat(written).year
    except ValueError:
        return None
    return written if 1990 <= year <= 2099 else None


def _languages(page: _Markup) -> Iterator[tuple[str, str]]:
    declared = [("html", page.tree.get("lang") or page.tree.get("{http://www.w3.org/XML/1998/namespace}lang") or "")]
    declared += page.stated("inLanguage", "og:locale", "content-language", "dc.language")
    for origin, text in declared:
        tag = text.strip().replace("_", "-")
        if _LANGUAGE.match(tag):
            first, *rest = tag.split("-")
            yield (
                origin,
                "-".join((first.lower(), *(part.upper() if len(part) == 2 else part.title() for part in rest))),
            )


def _kind(types: frozenset[str]) -> str:
    return next((kind for name, kind in _KINDS.items() if name in types), "article")


def _is_paid(page: _Markup) -> bool:
    articles = [node for node in page.nodes if _types(node) & _ARTICLES]
    if any(str(node.get("isAccessibleForFree")).lower() in ("false", "0") for node in articles):
        return True
    return "locked" in page.metas.get("article:content_tier", ())


def _is_front(page: _Markup, types: frozenset[str]) -> bool:
    if types & _ARTICLES or "article" in page.metas.get("og:type", ()):
        return False
    parts = urlsplit(page.url)
    return (parts.path.strip("/") == "" and not parts.query and bool(parts.netloc)) or bool(types & _FRONTS)


def _canonical(page: _Markup) -> str | None:
    for link in page.tree.iter("link"):
        href = link.get("href")
        if href and "canonical" in (link.get("rel") or "").lower().split():
            return urls.join(page.url, href.strip())
    return None
