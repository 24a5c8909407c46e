"""What a page declares about itself, gathered before anything is judged: JSON-LD, meta elements, and where to look."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper import urls
from scraper.extract.form import bare, folded, unescaped

_LARGEST_JSON = 3_000_000  # characters of one script
_MOST_NODES = 2_000
_MOST_ELEMENTS = 5_000  # of a page, of those that declare something
_MOST_OF_A_NAME = 20  # contents of meta elements with one name
_MOST_VALUES = 100  # of one list in JSON-LD
_MOST_HEADS = 5  # h1s that are looked at
ARTICLES: Final = frozenset(
    "newsarticle article reportagenewsarticle analysisnewsarticle opinionnewsarticle reviewnewsarticle "
    "askpublicnewsarticle backgroundnewsarticle liveblogposting blogposting report "
    "satiricalarticle advertisercontentarticle".split()
)
_DECLARING = 'meta, script[type*="ld+json" i], link[rel~="canonical" i], h1, figure'
_JSON = json.JSONDecoder(strict=False)
_NAMED = ("property", "name", "itemprop", "http-equiv")
_REPAIRS = (
    (re.compile(r"^\s*+(?:<!--|//\s*+<!\[CDATA\[|/\*\s*+<!\[CDATA\[\s*+\*/|<!\[CDATA\[)"), ""),
    (re.compile(r"(?:-->|//\s*+\]\]>|/\*\s*+\]\]>\s*+\*/|\]\]>)\s*+;?+\s*+$"), ""),
    (re.compile(r",(\s*+[}\]])"), r"\1"),
    (re.compile(r";\s*+$"), ""),
)

Node = Mapping[str, Any]  # one JSON-LD node; its values are whatever a site wrote


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The declarations of one page, and the elements that may print a fact."""

    tree: LexborHTMLParser
    url: str  # where it came from, after redirects
    site: str  # its host without "www."; "" for a page that is no URL's
    nodes: tuple[Node, ...]  # JSON-LD, the article's first
    types: frozenset[str]  # all that these nodes have
    articles: tuple[Node, ...]  # those of them that are of an article's type, and not of another page's
    metas: Mapping[str, tuple[str, ...]]  # name in lower case → contents
    canonical: str | None  # the href of the first rel=canonical
    h1s: tuple[LexborNode, ...]
    figures: tuple[LexborNode, ...]

    def stated(self, *keys: str) -> Iterator[tuple[str, str]]:
        """(origin, folded text) of each JSON-LD value and meta content under these names, in that order."""
        for key in keys:
            for node in self.articles:
                yield from (("json-ld", text) for text in texts(node.get(key)))
        yield from self.in_metas(*keys)

    def readings(self, *keys: str) -> Iterator[tuple[str, str]]:
        """The same of the page's own article alone: other nodes may be teasers."""
        for node in self.articles[:1]:
            yield from (("json-ld", text) for key in keys for text in texts(node.get(key)))
        yield from self.in_metas(*keys)

    def in_metas(self, *keys: str) -> Iterator[tuple[str, str]]:
        """The same of meta elements alone."""
        for key in keys:
            for content in self.metas.get(key.lower(), ()):
                if text := folded(content):
                    yield "meta", text

    def absolute(self, address: str | None) -> str | None:
        """The http(s) URL that an address of the page means; None when it means none."""
        if not address:
            return None
        return urls.join(self.url, address.strip()) or urls.join(address.strip(), "")


def declared(tree: LexborHTMLParser, url: str, site: str) -> Declared:
    """Everything that the page declares; see Declared."""
    kinds: dict[str, list[LexborNode]] = {"script": [], "link": [], "h1": [], "figure": []}
    metas: dict[str, tuple[str, ...]] = {}
    for element in tree.css(_DECLARING)[:_MOST_ELEMENTS]:
        if element.tag == "meta":
            _add_meta(metas, element)
        else:
            kinds[element.tag or ""].append(element)
    nodes = tuple(_nodes(kinds["script"], url))
    types = [types_of(node) for node in nodes]
    articles = [node for node, names in zip(nodes, types, strict=True) if names & ARTICLES]
    canonical = next((href for link in kinds["link"] if (href := link.attributes.get("href"))), None)
    if len(articles) > 1:
        printed_heads = {bare(h1.text(deep=True)) for h1 in kinds["h1"][:_MOST_HEADS]}
        articles = _own(articles, [url, *([canonical] if canonical else [])], printed_heads)
    return Declared(
        tree=tree,
        url=url,
        site=site,
        nodes=nodes,
        types=frozenset().union(*types),
        articles=tuple(articles),
        metas=metas,
        canonical=canonical,
        h1s=tuple(kinds["h1"]),
        figures=tuple(kinds["figure"]),
    )


def types_of(node: Node) -> frozenset[str]:
    """A node's types in lower case, without the vocabulary's address."""
    types = node.get("@type")
    names = types if isinstance(types, list) else [types]
    return frozenset(name.rpartition("/")[2].lower() for name in names if isinstance(name, str))


def texts(value: Any, *, deep: int = 3) -> list[str]:
    """The printable texts of a JSON-LD value: a string, the name of a node, or a list of these.

    deep: how many nodes and lists in each other are opened.
    """
    if isinstance(value, str):
        return [text] if (text := printed(value)) else []
    if not value or not deep:
        return []
    if isinstance(value, list):
        return [text for each in value[:_MOST_VALUES] for text in texts(each, deep=deep - 1)]
    if isinstance(value, dict):
        return texts(value.get("name") or value.get("@value") or value.get("alternateName"), deep=deep - 1)
    return []


def printed(text: str) -> str:
    """A JSON string as a browser would print it, on one line."""
    # Many systems write entities into JSON, some of them twice.
    for _ in range(2):
        if "&" in text:
            text = unescaped(text)
    return folded(text)


def addresses_of(node: Node) -> list[str]:
    """The URLs a node says it is about."""
    page = node.get("mainEntityOfPage")
    values = (node.get("url"), node.get("@id"), page.get("@id") if isinstance(page, dict) else page)
    return [value for value in values if isinstance(value, str)]


def _add_meta(metas: dict[str, tuple[str, ...]], element: LexborNode) -> None:
    attributes = element.attributes
    if content := attributes.get("content"):
        for attribute in _NAMED:
            if name := attributes.get(attribute):
                metas[name.lower()] = (*metas.get(name.lower(), ())[:_MOST_OF_A_NAME], content)


def _nodes(scripts: Iterable[LexborNode], url: str) -> list[Node]:
    """The page's JSON-LD nodes: those of its own address first, then those with a headline, else as they stand."""
    found: list[Node] = []
    for script in scripts:
        if text := script.text():
            found.extend(_flat_nodes(_read_json(text)))
    here = _place(url)

    def distance(node: Node) -> tuple[bool, bool]:
        return not any(_place(address) == here for address in addresses_of(node)), not node.get("headline")

    return sorted(found[:_MOST_NODES], key=distance)


def _place(url: str) -> str:
    return url.partition("#")[0].partition("?")[0].rstrip("/")


def _own(articles: list[Node], addresses: list[str], heads: Collection[str]) -> list[Node]:
    """The nodes of the page's own article: where one says that it is that, those of other pages are left out.

    Where none says it, those come first whose headline the page prints. Of several articles on one page the URL's
    fragment says which one is meant.  addresses: the page's URL and its canonical link; heads: bare words of its h1s.
    """
    if (name := addresses[0].partition("#")[2]) and (named := [each for each in articles if _is_named(each, name)]):
        return named
    paths = {_path(address) for address in addresses}
    here = [any(_path(address) in paths for address in addresses_of(node)) for node in articles]
    if not any(here):
        return sorted(articles, key=lambda node: not any(bare(text) in heads for text in texts(node.get("headline"))))
    silent = [not any("://" in address for address in addresses_of(node)) for node in articles]
    return [node for node, is_here, is_silent in zip(articles, here, silent, strict=True) if is_here or is_silent]


def _is_named(node: Node, name: str) -> bool:
    return any(address.partition("#")[2] == name for address in addresses_of(node))


def _path(url: str) -> str:
    return _place(url).partition("://")[2].partition("/")[2]


def _read_json(text: str) -> Any:
    """What the script says, also with the usual faults (comment marks, a trailing comma); None when it says nothing."""
    if len(text) > _LARGEST_JSON:
        return None
    for pattern, instead in (None, ""), *_REPAIRS:
        text = pattern.sub(instead, text) if pattern else text
        try:
            return _JSON.decode(text)
        except (ValueError, RecursionError):
            continue
    return None


def _flat_nodes(root: Any) -> Iterator[Node]:
    waiting, seen = [root], 0  # the next one last
    while waiting and seen < _MOST_NODES:
        value, seen = waiting.pop(), seen + 1
        if isinstance(value, list):
            waiting += reversed(value[:_MOST_NODES])
        elif isinstance(value, dict):
            yield value
            waiting += [value[key] for key in ("mainEntityOfPage", "mainEntity", "@graph") if key in value]
