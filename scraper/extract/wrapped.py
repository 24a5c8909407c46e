"""Parts of an article in boxes of their own between its others: a redesign's wrapper, a widget, a table's frame.

Promotions and captions lie in such boxes, too: these are known by the box's name and by what else is in it.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice, takewhile
from typing import Final, Literal

from selectolax.lexbor import LexborNode

from archive.records import count_words
from scraper.extract import cues
from scraper.extract.blocks import FILLING, HEADS, SEVERAL, beside, is_link, rows_of
from scraper.extract.form import bare, folded
from scraper.extract.lines import is_caption, is_prose

_BOXES: Final = frozenset(("div", "section", "center"))
_FRAMES: Final = _BOXES | {"figure"}  # what may hold a lone table
# Of a class or an id. Each parts promotions from text on pages whose article is known; names of products do not.
_ASIDE: Final = re.compile(
    r"caption|author|\bbio\b|disclaimer|disclosure|affiliate|related|recommend|carousel|swiper|slideshow|gallery"
    r"|popup|modal|excerpt|teaser|recent|newsletter|sign-?up|subscri|copyright|contributor|pull-?quote|advert|sponsor"
    r"|promo|banner|code-block|video|player|photo|image|picture|embed"
    r"|(?:^|[\s_-])(?:cta|ads?|tags?|comments?|share|sharing|social|byline|credits?|timestamp|toolbar|read-?more|breadcrumbs?"
    r"|sr-only|visually-hidden)(?=$|[\s_-])",
    re.IGNORECASE,
)
_PICTURED: Final = ":has(img,picture,video,audio,figure)"
_WORDS: Final = 15  # of a paragraph that is believed
_SEVERAL: Final = 2  # of them, beside a picture: one alone is its caption
_DEEPEST: Final = 4  # boxes in each other
_LONGEST: Final = 30  # words of a promotion
_FEW: Final = 12  # white space and elements, at most, of a box of such
_MOST: Final = 200  # boxes of a page, and paragraphs of a box


def wrapped(here: Mapping[int, LexborNode], cruft: Container[str]) -> list[LexborNode]:
    """What lies in boxes between these blocks and is the article's: paragraphs like them, with their subheads.

    And lists, tables, quotes and subheads that are alone in their box. here: blocks in the page's order; cruft: bare
    lines that the site repeats. A paragraph is like another that has the same class. What stands between two paragraphs
    of prose in a box is taken with them, however short.
    """
    boxes = list(islice(_boxes(here), _MOST))
    found = list[LexborNode]()
    for box in boxes:
        alone = _alone(box)
        is_thin = len(alone) > 1 and sum(count_words(node.text(deep=True, separator=" ")) for node in alone) < _WORDS
        if not is_thin and not any(_is_linked(node) or _is_repeated(node, cruft) for node in alone):
            found += alone
    boxes = [box for box in boxes if box.tag == "p" or box.css_first("p")]
    looks = {node.attributes.get("class") for node in here.values() if node.tag == "p"} if boxes else ()
    for box in boxes:
        fewest = _SEVERAL if box.css_matches(_PICTURED) else 1
        for row in _rows(box, here, looks):
            found += _text_of(row, fewest, cruft)
    return [node for node in found if node.mem_id not in here]


def _boxes(here: Mapping[int, LexborNode]) -> Iterator[LexborNode]:
    """What lies between the first and the last block of an element, and between the elements that hold blocks.

    Of an element that holds several, what stands at once before the first and behind the last, too.
    """
    above = {node.mem_id: node for each in here.values() if (node := each.parent)}
    for level, tags in ((here, _FRAMES), (above, _FRAMES | {"p"})):
        for node in _between(level.values()):
            if node.tag in tags and node.mem_id not in level and not _is_aside(node):
                yield node
    for children in rows_of(here.values()):
        if len(children) >= SEVERAL:
            yield from _next_to(children[0], "prev")
            yield from _next_to(children[-1], "next")


def _next_to(node: LexborNode, side: Literal["prev", "next"]) -> Iterator[LexborNode]:
    """The boxes at once before or behind a block."""
    near = takewhile(lambda at: _is_blank(at) or (at.tag in _FRAMES and not _is_aside(at)), beside(node, side))
    return (at for at in near if at.tag in _FRAMES)


def _between(nodes: Iterable[LexborNode]) -> Iterator[LexborNode]:
    """The nodes from the first to the last child of each element that holds some of these."""
    for children in rows_of(nodes):
        child: LexborNode | None = children[0]
        last = children[-1].mem_id
        while child is not None and child.mem_id != last:
            yield child
            child = child.next


def _alone(box: LexborNode) -> list[LexborNode]:
    """The subheads, lists, tables and quotes that are all there is in a box, but for a caption in a frame."""
    node = box
    for _ in range(_DEEPEST):
        children = list(islice(node.iter(include_text=True), _FEW + 1))
        within = [each for each in children if not _is_blank(each)]
        if node.tag not in _FRAMES or not within or len(children) > _FEW or any(map(_is_no_part, within)):
            return []
        if all(each.tag in FILLING for each in within):
            return within
        node = within[0]
        if len(within) > 1:
            return []
    return []


def _is_no_part(node: LexborNode) -> bool:
    return node.is_text_node or _is_aside(node)


def _is_blank(node: LexborNode) -> bool:
    return not (node.text_content or "").strip() if node.is_text_node else node.tag in ("figcaption", "-comment")


def _is_repeated(node: LexborNode, cruft: Container[str]) -> bool:
    """Whether the site repeats most of the items or rows of a list or a table."""
    parts = [bare(each.text(deep=True, separator=" ")) for each in node.css("li,tr")[:_MOST]]
    return sum(each in cruft for each in parts) * 2 > len(parts)


def _rows(box: LexborNode, here: Container[int], looks: Container[str | None]) -> Iterable[list[LexborNode]]:
    """The paragraphs in a box that look like the article's, those of one element together."""
    paragraphs = [box] if box.tag == "p" else box.css("p")[:_MOST]
    like = (node for node in paragraphs if node.mem_id not in here and node.attributes.get("class") in looks)
    return [row for row in rows_of(like) if row[0].mem_id == box.mem_id or _is_open(row[0].parent, box)]


def _is_open(node: LexborNode | None, box: LexborNode) -> bool:
    """Whether nothing but boxes of text lies around an element, up to this box."""
    for _ in range(_DEEPEST):
        if node is None or node.tag not in _BOXES or (node.mem_id != box.mem_id and _is_aside(node)):
            return False
        if node.mem_id == box.mem_id:
            return True
        node = node.parent
    return False


def _text_of(row: list[LexborNode], fewest: int, cruft: Container[str]) -> list[LexborNode]:
    """The paragraphs of a row from the first to the last that reads as the article's, and the subheads above them."""
    told = [at for at, node in enumerate(row) if _is_told(node, cruft)]
    if len(told) < fewest:
        return []
    text = [node for node in row[told[0] : told[-1] + 1] if not is_link(node)]
    return [*_heads(text[0]), *text]


def _is_told(node: LexborNode, cruft: Container[str]) -> bool:
    text = folded(node.text(deep=True))
    words = count_words(text)
    if words < _WORDS or not is_prose(text, words) or is_caption(text) or bare(text) in cruft:
        return False
    return not _is_linked(node) and not (words <= _LONGEST and cues.BLURB.search(text))


def _is_linked(node: LexborNode) -> bool:
    return sum(len(link.text(deep=True)) for link in node.css("a")) * 2 >= len(node.text(deep=True).strip())


def _heads(node: LexborNode) -> Iterator[LexborNode]:
    near = takewhile(lambda before: before.is_text_node or before.tag in HEADS, beside(node, "prev"))
    return (before for before in near if before.tag in HEADS)


def _is_aside(node: LexborNode) -> bool:
    said = node.attributes
    return _says_aside(f"{said.get('class') or ''} {said.get('id') or ''}"[:300])


@lru_cache(maxsize=4096)
def _says_aside(names: str) -> bool:
    return _ASIDE.search(names) is not None
