"""Blocks: what a page prints, each paragraph, subhead, list item, quote or row of a table.

By Lexbor, thirty times faster than a whole extraction. Its time grows with the square of the depth and of the
attributes of one tag: a page is scanned (scraper.scan) before a tree is made of it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, Literal

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.extract.form import Kind, Line, folded, whole_number

_POSTS: Final = frozenset("twitter-tweet instagram-media tiktok-embed bluesky-embed".split())  # others', embedded
# One selector for all: each goes through the whole page. `.fb-post` alone would look at the classes of all elements.
_LOOKED_AT: Final = (
    "script,style,noscript,template,svg,button,select,textarea,iframe,object,blockquote,table,div.fb-post"
)
_HOLDERS: Final = "p,ul,ol,table,blockquote,h1,h2,h3,h4,h5,h6,pre,dl,div,section,article,figure"
DIVS: Final = f"div:not(:has({_HOLDERS},li,form,nav,header,footer,aside,main,input,img,video,audio))"  # of text
# Elements of text that hold no other one.
LEAVES: Final = ",".join(
    (
        "p:not(:has(p,ul,ol,table,blockquote))",
        "h2,h3,h4,h5,h6,pre,dt",
        f"li:not(:has({_HOLDERS}))",
        f"dd:not(:has({_HOLDERS}))",
        f"blockquote:not(:has({_HOLDERS}))",
        "tr:not(:has(tr,p,ul,ol,h2,h3,h4,blockquote))",
        DIVS,
    )
)
_COMMENTS: Final = ",".join(
    f"[{name}*={word} i]" for word in ("comment", "kommentar", "comentario", "disqus") for name in ("class", "id")
)
# "comments", "comment-list", "post__comment", "comment_12", but no "comment-form-open" of the whole body.
_COMMENT: Final = re.compile(
    r"(?:^|[\s_-])(?:comments?|commentlist|comment-?(?:list|section|thread|area|body)s?|kommentare?|comentarios?"
    r"|disqus\w*)(?=$|[\s_-])",
    re.IGNORECASE,
)
HEADS: Final = frozenset(("h2", "h3", "h4", "h5", "h6"))
FILLING: Final = HEADS | {"ul", "ol", "blockquote", "table", "dl", "pre"}  # what stands between paragraphs
SEVERAL: Final = 3  # blocks in an element, before what stands next to them is believed
OUTERMOST: Final = frozenset(("body", "html", "-undef", "-document", None))
_PAGES: Final = frozenset(("html", "body", "main", "article", "h1", "p", "a"))
_BLOCKS: Final = frozenset((*_HOLDERS.split(","), "li", "dd", "dt", "tr", "tbody", "thead", "td", "th"))
_HOLDING: Final = f":has({_HOLDERS})"  # `css_first` would find the element itself
_OPEN: Final = frozenset(("li", "dd", "blockquote", "tr", "div"))  # these may hold blocks, or be one
_MANY_IN_CELL: Final = "td p ~ p ~ p, th p ~ p ~ p"
_FEWEST_ROWS: Final = 2
_MOST_TABLES: Final = 50  # of a page that are looked into
_DEEPEST: Final = 20  # elements around a paragraph in a cell
_MOST_WITHIN: Final = 3_000  # elements in blocks that hold blocks
_MOST_NUMBERED: Final = 500  # items of a list: each is counted from the first one
_KINDS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(("h2", "h3", "h4", "h5", "h6"), "subhead"),
    **dict.fromkeys(("li", "dd"), "list"),
    "tr": "row",
    "blockquote": "quote",
}
_PART: Final = re.compile(r"(?:[^\S\x1f]*+\x1f){2,}+\s*")  # a pair of <br>; \x1f is white space, too


def lighten(tree: LexborHTMLParser) -> None:
    """Takes scripts and the like out of the tree, whose text would stand in the blocks; read the facts before."""
    found = [(node, node.tag) for node in tree.css(_LOOKED_AT)]
    for node in [node for node, tag in found if tag != "table" and (tag != "blockquote" or _is_post(node))]:
        node.decompose()
    if any(tag == "table" for _, tag in found):
        _unwrap_cells(tree)


def _is_post(quote: LexborNode) -> bool:
    return not _POSTS.isdisjoint((quote.attributes.get("class") or "").split())


def _unwrap_cells(tree: LexborHTMLParser) -> None:
    """Takes the paragraphs out of the cells of a table of data, whose words they part as little as its rows."""
    tables: dict[int, tuple[LexborNode, list[LexborNode]]] = {}
    for node in tree.css("table p"):
        table = next((each for each in islice(upwards(node), _DEEPEST) if each.tag == "table"), None)
        if table is not None:
            tables.setdefault(table.mem_id, (table, []))[1].append(node)
    for table, paragraphs in islice(tables.values(), _MOST_TABLES):
        if _is_of_data(table):
            for node in paragraphs:
                node.insert_after(" ")
                node.unwrap()


def _is_of_data(table: LexborNode) -> bool:
    """Whether a table has rows of several cells, of which none holds so many paragraphs that it lays out a text."""
    if table.css_first("table table, h1, form") is not None or table.css_first(_MANY_IN_CELL) is not None:
        return False
    return len(table.css("tr:has(td + td, th + th, th + td)")) >= _FEWEST_ROWS


def rows_of(nodes: Iterable[LexborNode]) -> Iterable[list[LexborNode]]:
    """These nodes, those of one element together."""
    rows: dict[int, list[LexborNode]] = defaultdict(list)
    for node in nodes:
        if node.parent is not None:
            rows[node.parent.mem_id].append(node)
    return rows.values()


def beside(node: LexborNode, side: Literal["prev", "next"]) -> Iterator[LexborNode]:
    """What stands before or behind a node in its element, text too, the nearest first."""
    at: LexborNode | None = getattr(node, side)
    while at is not None:
        yield at
        at = getattr(at, side)


def upwards(node: LexborNode | None) -> Iterator[LexborNode]:
    """The element and those around it, the innermost first, within the body."""
    while node is not None and node.tag not in OUTERMOST:
        yield node
        node = node.parent


def without_comments(tree: LexborHTMLParser) -> bytes:
    """The page without its readers' comments, in UTF-8.  tree: the whole page; they are taken out of it."""
    taken: set[int] = set()
    comments = []
    for node in tree.css(_COMMENTS):
        around = node.parent
        while around is not None and around.mem_id not in taken and around.tag not in OUTERMOST:
            around = around.parent
        is_within = around is not None and around.mem_id in taken
        if not is_within and node.tag not in _PAGES and _COMMENT.search(_named(node)) and not node.css_first("h1"):
            taken.add(node.mem_id)
            comments.append(node)
    for node in comments:
        node.decompose()
    return (tree.html or "").encode("utf-8", "replace")


def _named(node: LexborNode) -> str:
    return f"{node.attributes.get('class') or ''} {node.id or ''}"[:300]


def quoted_in(tree: LexborHTMLParser) -> frozenset[int]:
    """The `mem_id` of each element that lies in a block quote."""
    found: set[int] = set()
    for quote in tree.css("blockquote"):
        if quote.mem_id not in found:  # nor one that lies in another a second time
            found.update(node.mem_id for node in quote.traverse() if node.mem_id != quote.mem_id)
    return frozenset(found)


def is_link(node: LexborNode) -> bool:
    """Whether a paragraph is nothing but one link: to another article, nearly always."""
    link = _first(node, "a") if node.tag == "p" else None
    return link is not None and len(link.text(deep=True).strip()) >= len(node.text(deep=True).strip()) > 0


def is_bold(node: LexborNode) -> bool:
    """Whether all words of a paragraph stand in one element of heavy type: it serves as a subhead, nearly always."""
    heavy = (_first(node, "strong") or _first(node, "b")) if node.tag == "p" else None
    return heavy is not None and len(heavy.text(deep=True).strip()) >= len(node.text(deep=True).strip()) > 0


def blocks_of(nodes: Iterable[LexborNode]) -> dict[int, LexborNode]:
    """These nodes by `mem_id`, in the page's order; behind one that holds blocks (an item with a list in it) these.

    Its own words are a line, too: see `lines_of`. None at all when they hold more than any article: the time to look
    into elements that lie in each other grows with the square of their number.
    """
    found: dict[int, LexborNode] = {}
    within: set[int] = (
        set()
    )  # those that were looked into, so that a page of nested elements takes no longer than others
    for node in nodes:
        found.setdefault(node.mem_id, node)
        if node.mem_id not in within and holds_others(node):
            within.update(each.mem_id for each in node.css("*"))
            if len(within) > _MOST_WITHIN:
                return {}
            for block in node.css(f"{LEAVES},li,dd"):
                found.setdefault(block.mem_id, block)
    return found


def holds_others(node: LexborNode) -> bool:
    """Whether other blocks lie in a block: then its lines are the words that lie in none of them."""
    return node.tag in _OPEN and node.css_matches(_HOLDING)


def lines_of(node: LexborNode, *, quoted: frozenset[int] = frozenset()) -> Iterator[Line]:
    """The lines of a block: several where pairs of <br> part paragraphs.  quoted: as `quoted_in` tells."""
    begun = _item_begun_by(node) or node
    kind = "quote" if node.mem_id in quoted else _KINDS.get(begun.tag or "", "paragraph")
    if holds_others(node):
        words = folded("".join(_loose(node)))
        if words:
            yield Line("paragraph" if kind == "row" else kind, words, _mark(kind, node))
        return
    if kind == "row":
        cells = (folded(cell.text(deep=True, separator=" ")) for cell in node.css("td,th"))
        if words := " | ".join(filter(None, cells)):
            yield Line("row", words)
        return
    mark = _mark(kind, begun)
    for part in _parts(node):
        if words := folded(part):
            yield Line(kind, words, mark)
            mark = mark if kind == "quote" else ""


def _item_begun_by(node: LexborNode) -> LexborNode | None:
    """The item of a list whose first paragraph this is."""
    item = node.parent if node.tag == "p" else None
    if item is None or item.tag not in ("li", "dd"):
        return None
    before = node.prev
    while before is not None and before.is_text_node and not (before.text_content or "").strip():
        before = before.prev
    return item if before is None else None


def _parts(node: LexborNode) -> list[str]:
    if node.tag == "pre":
        return re.split(r"\n[^\S\n]*+\n", node.text(deep=True))
    if _first(node, "br") is None:
        return [node.text(deep=True)]
    return [part.replace("\x1f", " ") for part in _PART.split("".join(_pieces(node)))]


def _first(block: LexborNode, tag: str) -> LexborNode | None:
    """The first element of that tag; among the few that most blocks hold this is quicker than a selector."""
    return next((node for node in block.traverse() if node.tag == tag), None)


def _pieces(node: LexborNode) -> Iterator[str]:
    for each in node.traverse(include_text=True):
        if each.is_text_node:
            yield each.text_content or ""
        elif each.tag == "br":
            yield "\x1f"


def _loose(node: LexborNode) -> Iterator[str]:
    """The text of a node that stands in no block of it."""
    for child in node.iter(include_text=True):
        if child.is_text_node:
            yield child.text_content or ""
        elif child.tag not in _BLOCKS:
            yield " " if child.tag == "br" else child.text(deep=True)


def _mark(kind: Kind, node: LexborNode) -> str:
    return "> " if kind == "quote" else _bullet(node) if kind == "list" else ""


def _bullet(node: LexborNode) -> str:
    parent = node.parent
    if node.tag != "li" or parent is None or parent.tag != "ol":
        return "- "
    number = _number(node, parent)
    return f"{number}. " if number is not None and number >= 0 else "- "


def _number(item: LexborNode, around: LexborNode) -> int | None:
    """The number that a list prints before an item: by its own, by one before it, by the list's start or its end.

    None of an item that is far down.
    """
    before = list(islice(_items(item, "prev"), _MOST_NUMBERED))
    if len(before) >= _MOST_NUMBERED:
        return None
    said = around.attributes
    step = -1 if "reversed" in said else 1
    if item.css_matches("li[value], li[value] ~ li"):
        for passed, each in enumerate((item, *before)):
            if (value := whole_number(each.attributes.get("value"))) is not None:
                return value + passed * step
    if (first := whole_number(said.get("start"))) is not None:
        return first + len(before) * step
    if step > 0:
        return 1 + len(before)
    behind = sum(1 for _ in islice(_items(item, "next"), _MOST_NUMBERED + 1))
    return 1 + behind if behind <= _MOST_NUMBERED else None


def _items(item: LexborNode, side: Literal["prev", "next"]) -> Iterator[LexborNode]:
    return (node for node in beside(item, side) if node.tag == "li")
