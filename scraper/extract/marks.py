"""What a page's markup says about the lines of its text: which are nothing but a link, a picture's caption, a box's.

trafilatura's tree has lost all that; so it is read on the page's own tree, where a line is known again by its letters.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.extract.blocks import upwards
from scraper.extract.form import Line

_LINKS: Final = "p > a, p > strong > a, p > b > a, p > em > a, p > span > a"
_INLINE: Final = frozenset(("strong", "b", "em", "span"))
_BOXES: Final = "div, section, aside, form, address, figure, figcaption, blockquote, ul, p[class], span[class]"
# What a box is about stands in its class. Each of these words was wrong about next to no line, on three sites or more.
_SORTS: Final = (
    ("caption", re.compile(r"caption", re.IGNORECASE)),
    ("post", re.compile(r"twitter-tweet|instagram-media|tiktok-embed|fb-post|bluesky-embed")),
    (
        "box",
        re.compile(
            r"author|\bbio\b|bio-|-bio|disclaimer|disclosure|affiliate|related|carousel|swiper|popup|modal|excerpt"
            r"|recent|\bcta|newsletter|sign-?up|subscri|\btags\b|copyright|contributor|pull-?quote|advert",
            re.IGNORECASE,
        ),
    ),
)
_BY_TAG: Final[Mapping[str, str]] = {"form": "box", "address": "box", "figcaption": "caption"}
_SHORT = 30  # letters; fewer may stand in a box by chance
_MOST_HELD = 4  # a box holds at most one letter in four of a text: else it is the article's own
_LONGEST = 20_000  # letters of a box
_MOST = 500_000  # letters in all of them that are looked at
_MOST_LINES = 1_500
_MOST_SAME = 200  # paragraphs that say the same as a line in a box


@dataclass(frozen=True, slots=True)
class Marks:
    """Lines by their letters (`letters`), each under the name of the rule that drops it."""

    links: frozenset[str] = frozenset()  # paragraphs that are nothing but one link to another page
    captions: frozenset[str] = frozenset()  # of pictures
    posts: frozenset[str] = frozenset()  # of an embedded post
    boxes: frozenset[str] = frozenset()  # of a box whose class says author, related, popup …


NO_MARKS: Final = Marks()


def letters(text: str) -> str:
    """The text without its white space, by which a line is known again in any tree."""
    return "".join(text.split())


def marks_of(tree: LexborHTMLParser, lines: Sequence[Line]) -> Marks:
    """What the page says about these lines of it; nothing about one that stands outside of the boxes, too.

    tree: the whole page.
    """
    if len(lines) > _MOST_LINES:
        return NO_MARKS
    said = {letters(line.text): line for line in reversed(lines)}
    found: dict[str, set[str]] = {"caption": set(), "post": set(), "box": set()}
    nodes = set()
    for sort, node, text in _boxes(tree):
        nodes.add(node.mem_id)
        found[sort] |= _held(text, said)
    outside = _outside(tree, nodes, set().union(*found.values()))
    return Marks(
        links=frozenset(_links(tree, said)),
        captions=frozenset(found["caption"] - outside),
        posts=frozenset(found["post"] - outside),
        boxes=frozenset(found["box"] - outside),
    )


def _outside(tree: LexborHTMLParser, boxes: Collection[int], wanted: Collection[str]) -> set[str]:
    """Those of the wanted lines that are a paragraph which lies in none of the boxes."""
    if not wanted:
        return set()
    same = ((text, node) for node in tree.css("p") if (text := letters(node.text(deep=True))) in wanted)
    return {
        text for text, node in islice(same, _MOST_SAME) if not any(above.mem_id in boxes for above in upwards(node))
    }


def _links(tree: LexborHTMLParser, said: Mapping[str, Line]) -> Iterator[str]:
    for link in tree.css(_LINKS):
        text = letters(link.text(deep=True))
        if text in said and said[text].kind == "paragraph" and "#" not in (link.attributes.get("href") or "#"):
            block = link.parent
            while block is not None and block.tag in _INLINE:
                block = block.parent
            if block is not None and letters(block.text(deep=True)) == text:
                yield text


def _boxes(tree: LexborHTMLParser) -> Iterator[tuple[str, LexborNode, str]]:
    left = _MOST
    for node in tree.css(_BOXES):
        if sort := _sort_of(node.attributes.get("class") or "") or _BY_TAG.get(node.tag or ""):
            text = letters(node.text(deep=True))
            left -= len(text) + 1
            if left < 0:
                return
            if 0 < len(text) < _LONGEST:
                yield sort, node, text


@lru_cache(maxsize=4096)
def _sort_of(name: str) -> str | None:
    return next((sort for sort, words in _SORTS if words.search(name)), None)


def _held(box: str, said: Mapping[str, Line]) -> set[str]:
    """The lines that lie in the box; none when they are more than its share of the text."""
    held = {line for line in said if line == box or (len(line) >= _SHORT and line in box)}
    if sum(map(len, held)) * _MOST_HELD > sum(map(len, said)):
        return set()
    return held
