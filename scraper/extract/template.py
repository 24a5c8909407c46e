"""Templates: the places of a site's pages that hold the article, as one CSS selector that Lexbor runs.

A page fits its site's template when little text lies elsewhere: that is what the guard looks at.
"""

from collections import Counter
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile
from typing import Final, Literal

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from scraper.extract.blocks import (
    DIVS,
    FILLING,
    HEADS,
    LEAVES,
    SEVERAL,
    beside,
    blocks_of,
    is_link,
    lines_of,
    quoted_in,
    rows_of,
)
from scraper.extract.facts.wires import is_signature
from scraper.extract.form import Line, bare
from scraper.extract.wrapped import wrapped

PARTS: Final = ("gaps", "guard")  # what can be taken out, to see what it is worth
_BACKGROUND: Final = 15  # words of a line that may be background, which a site repeats in each article on a matter
# Weights are bytes in UTF-8, fair to scripts whose words no spaces part; six are about a word.
_FEWEST: Final = 480  # a page with less is no proof that the template fits
_ELSEWHERE: Final = 0.5  # by the article's weight, what of the page's text may be lost
_LONG: Final = 90  # a block that could be the article's
_LITTLE: Final = 2_000  # what a promotion may have that stands where the article stood
_GUARDED: Final = (
    "p:not(:has(p,ul,ol,table,blockquote)),li:not(:has(p,li,h2,h3,h4,blockquote,table)),"
    "blockquote:not(:has(p,li,h2,h3,h4,table,div))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What the pages of one kind at one site have in common."""

    selector: str  # CSS, of the blocks that are the article's
    pages: int  # it was learned from


def fitting(
    template: Template, tree: LexborHTMLParser, *, cruft: Container[str], parts: Collection[str] = PARTS
) -> list[Line] | None:
    """The article's lines by the template; None when the page does not fit it.

    tree: lightened; cruft: bare lines that the site repeats; parts: those of PARTS that are at work.
    """
    quoted = quoted_in(tree)
    try:
        here = blocks_of(tree.css(template.selector))
    except (SelectolaxError, ValueError):  # of a memory that came damaged, or from elsewhere
        return None
    if "gaps" in parts:
        here = _with_gaps(tree, here, cruft)
    lines = [line for node in here.values() if not is_link(node) for line in lines_of(node, quoted=quoted)]
    kept = without_repeats(lines, cruft)
    own = sum(len(line.text.encode()) for line in kept)
    if own < _FEWEST or ("guard" in parts and (_are_several(here) or _loses(tree, here, cruft, own=own))):
        return None
    return kept


def _with_gaps(tree: LexborHTMLParser, here: dict[int, LexborNode], cruft: Container[str]) -> dict[int, LexborNode]:
    """These blocks, and what stands between or next to them in the same element: subheads, lists, quotes and tables.

    What lies in boxes between them, too. The pages that taught may have had none; a list of links is none
    of the article's.
    """
    if boxed := wrapped(here, cruft):
        blocks = (block for node in boxed for block in (_blocks_in(node) if node.tag in FILLING else [node]))
        here = _in_order(tree, here | {block.mem_id: block for block in blocks})
    found = {block.mem_id: block for child in _beside(here) for block in _blocks_in(child) if block.mem_id not in here}
    if not found:
        return here
    return _in_order(tree, here | found)


def _in_order(tree: LexborHTMLParser, nodes: Mapping[int, LexborNode]) -> dict[int, LexborNode]:
    return {node.mem_id: nodes[node.mem_id] for node in tree.css("*") if node.mem_id in nodes}


def _beside(here: Mapping[int, LexborNode]) -> Iterator[LexborNode]:
    """The elements that are no block of these, between the first and the last block of each element that holds some.

    Of an element that holds several, too, those that stand at once before the first and behind the last one.
    """
    for children in rows_of(here.values()):
        child, last = children[0], children[-1].mem_id
        while (following := child.next) is not None and child.mem_id != last:
            child = following
            if _fills(child, here):
                yield child
        if len(children) >= SEVERAL:
            yield from _next_to(children[0], "prev", here)
            yield from _next_to(children[-1], "next", here)


def _next_to(node: LexborNode, side: Literal["prev", "next"], here: Container[int]) -> Iterator[LexborNode]:
    near = takewhile(lambda child: child.is_text_node or _fills(child, here), beside(node, side))
    return (child for child in near if not child.is_text_node)


def _fills(node: LexborNode, here: Container[int]) -> bool:
    return node.tag in FILLING and node.mem_id not in here


def _blocks_in(node: LexborNode) -> Iterable[LexborNode]:
    if node.tag in HEADS:
        return [node]
    linked = sum(len(link.text(deep=True)) for link in node.css("a"))
    return node.css(f"{LEAVES},li,dd") if linked * 2 < len(node.text(deep=True)) else []


def without_repeats(lines: Sequence[Line], cruft: Container[str]) -> list[Line]:
    """The lines that the site does not repeat; between others, one of 15 words or more and a table's row stay.

    The one is a background paragraph, which a follow-up takes from the article before it; of a table that is printed
    every day the head and some rows are the same. Of a list, as of what goes into a dish, so are some items. An agency
    that signs the text tells whose it is, however often: the rules take it out.
    """
    first, end = 0, len(lines)
    while first < end and lines[first].bare in cruft:
        first += 1
    while first < end and lines[end - 1].bare in cruft:
        end -= 1
    within = (at for at in range(first, end) if lines[at].kind != "row" and lines[at].words < _BACKGROUND)
    repeated = {*range(first), *(at for at in within if lines[at].bare in cruft), *range(end, len(lines))}
    repeated -= {at for at in range(end, len(lines)) if is_signature(lines[at].text)}
    if repeated:
        repeated -= _listed(lines, repeated)
    return [line for at, line in enumerate(lines) if at not in repeated]


def _listed(lines: Sequence[Line], repeated: Container[int]) -> set[int]:
    """The items and rows of lists and tables of which the site does not repeat the greater part."""
    found: set[int] = set()
    for kind, group in groupby(range(len(lines)), key=lambda at: lines[at].kind):
        together = list(group) if kind in ("list", "row") else []
        if sum(at in repeated for at in together) * 2 <= len(together):
            found.update(together)
    return found


def agreement(some: Iterable[Line], others: Iterable[Line]) -> float:
    """How far two readings of a page agree: the F1 of their words, 0 to 1."""
    mine, theirs = (Counter(word for line in lines for word in line.bare.split()) for lines in (some, others))
    return 2 * (mine & theirs).total() / max(1, mine.total() + theirs.total())


def _loses(tree: LexborHTMLParser, here: Mapping[int, LexborNode], cruft: Container[str], *, own: int) -> bool:
    """Whether what the template does not take, and might be the article's, weighs too much beside what it takes.

    Text that stands loose between the blocks it takes counts four times over, for that is surely the article's; long
    blocks at other places, those that the site does not repeat, count as they are.  own: the weight of what it takes;
    when that is little, more text than it in nothing but <div> is too much, too.
    """
    loose = 4 * sum(map(_weight, _loose_texts(here.values())))
    if _is_more(_others(tree, _GUARDED, here), _ELSEWHERE * own - loose, cruft):
        return True
    return own < _LITTLE and _is_more(_others(tree, DIVS, here), own, cruft)


def _are_several(here: Mapping[int, LexborNode]) -> bool:
    """Whether these blocks stand in several <article>s beside each other: the next article may lie below this one."""
    outermost: dict[int, int] = {}  # element → the outermost <article> around it, 0 for none
    for node in here.values():
        at, climbed = node.parent, list[LexborNode]()
        while at is not None and at.mem_id not in outermost:
            climbed.append(at)
            at = at.parent
        found = outermost[at.mem_id] if at is not None else 0
        for element in reversed(climbed):
            found = found or (element.mem_id if element.tag == "article" else 0)
            outermost[element.mem_id] = found
    return len(set(outermost.values()) - {0}) > 1


def _others(tree: LexborHTMLParser, selector: str, here: Container[int]) -> Iterator[str]:
    texts = (node.text(deep=True) for node in tree.css(selector) if node.mem_id not in here)
    return (" ".join(text.split()) for text in texts if len(text) * 4 >= _LONG)


def _is_more(texts: Iterable[str], most: float, cruft: Container[str]) -> bool:
    """Whether the long ones of these texts, each counted once, weigh more than that without those the site repeats."""
    weights = {text: weight for text in texts if (weight := _weight(text)) >= _LONG}
    # Nearly always there is too little of it to look for each among the lines that the site repeats.
    return sum(weights.values()) > most and (
        sum(weight for text, weight in weights.items() if bare(text) not in cruft) > most
    )


def _weight(text: str) -> int:
    """The bytes of a text in UTF-8; 0 of one that is too short to be long in any script."""
    return len(text.encode("utf-8", "replace")) if len(text) * 4 >= _LONG else 0


def _loose_texts(nodes: Iterable[LexborNode]) -> Iterator[str]:
    """The text that stands in no block, in each element that holds one of these, and in each list's."""
    above = {parent.mem_id: parent for node in nodes if (parent := node.parent)}
    above |= {item.mem_id: item for each in above.values() if each.tag in ("ul", "ol") and (item := each.parent)}
    return (node.text(deep=False, strip=True) for node in above.values())
