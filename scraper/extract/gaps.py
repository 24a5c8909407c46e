"""Paragraphs that the boilerplate's rules passed over, though they stand on the page among those that were taken.

trafilatura drops a paragraph for its many links or for a word in its class, and whole runs of them below the part of
the page that it believes in. What lies between two taken paragraphs, in the same place of the layout, is the article's.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.extract.blocks import LEAVES, lines_of, upwards
from scraper.extract.form import Kind, Line, folded
from scraper.extract.lines import is_prose
from scraper.extract.marks import letters

_KINDS: Final[Mapping[str, Kind]] = {"p": "paragraph", "h2": "subhead", "h3": "subhead", "h4": "subhead"}
_ELSEWHERE: Final = "footer, nav, aside, form, [id*=comment], [class*=comment]"
_OUTSIDE: Final = "nav, footer, body > header"
_DEEPEST: Final = 60  # elements above a block in which that is looked for
_PROBE: Final = 40  # letters by which a paragraph is known that was taken only in part
_FEWEST: Final = 3  # paragraphs taken from a place before its others are believed
_LONGEST: Final = 20_000  # characters of one paragraph
_MOST: Final = 3_000  # blocks of a page that are looked at
_MOST_LETTERS: Final = 300_000  # of a text

# Where a paragraph stands: its parent's tag and class, or the parent itself when neither says anything.
_Place = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class _Block:
    line: Line
    at: int | None  # the line that holds it; None when none does

    @property
    def prose(self) -> bool:
        return self.line.kind == "paragraph" and is_prose(self.line.text, self.line.words)


def filled(lines: Sequence[Line], tree: LexborHTMLParser) -> list[Line]:
    """The lines, and in their places the paragraphs and subheads of the page that were passed over.

    tree: the whole page. Nothing is put back from after the next headline.
    """
    if sum(len(line.text) for line in lines) > _MOST_LETTERS:
        return list(lines)
    added: dict[int, list[Line]] = defaultdict(list)
    for blocks in _places(tree, lines).values():
        for after, line in _passed_over(blocks):
            added[after].append(line)
    return [each for at, line in enumerate(lines) for each in (line, *added.get(at, ()))]


def parted(lines: Sequence[Line], tree: LexborHTMLParser) -> list[Line]:
    """The lines; of a lone one that is several blocks of the page run together, these, without menus and footers.

    trafilatura gives all that a page prints as one paragraph when it finds too little in it: of a notice, a brief.
    """
    whole = letters(lines[0].text) if len(lines) == 1 else ""
    if not whole or len(whole) > _LONGEST:
        return list(lines)
    elsewhere = {node.mem_id for node in tree.css(_OUTSIDE)}
    found: dict[str, Line] = {}
    for node in tree.css(LEAVES)[:_MOST]:
        if not _is_elsewhere(node, elsewhere):
            found |= {said: line for line in lines_of(node) if (said := letters(line.text)) and said in whole}
    return list(found.values()) if len(found) > 1 and sum(map(len, found)) * 2 > len(whole) else list(lines)


def _places(tree: LexborHTMLParser, lines: Sequence[Line]) -> dict[_Place, list[_Block]]:
    said = [letters(line.text) for line in lines]
    whole, ends = "".join(said), list(accumulate(map(len, said)))
    elsewhere = {node.mem_id for node in tree.css(_ELSEWHERE)}
    places: dict[_Place, list[_Block]] = defaultdict(list)
    taken = 0
    for node in tree.css("h1, p, h2, h3, h4")[:_MOST]:
        if node.tag == "h1" and taken >= _FEWEST:
            break  # the next article begins
        text = folded(node.text(deep=True)) if node.tag in _KINDS else ""
        if not text or len(text) > _LONGEST:
            continue
        at = _held(letters(text), whole, ends)
        if at is not None or not _is_elsewhere(node, elsewhere):
            taken += at is not None and node.tag == "p"
            places[_place(node)].append(_Block(Line(_KINDS[node.tag or ""], text), at))
    return places


def _is_elsewhere(node: LexborNode, elsewhere: Collection[int]) -> bool:
    if any(each.mem_id in elsewhere for each in islice(upwards(node), _DEEPEST)):
        return True
    return node.css_first("script, style") is not None


def _held(said: str, whole: str, ends: Sequence[int]) -> int | None:
    at = whole.find(said)
    if at < 0 and len(said) > _PROBE:
        at = max(whole.find(said[:_PROBE]), whole.find(said[-_PROBE:]))
    return bisect_right(ends, at) if at >= 0 else None


def _place(node: LexborNode) -> _Place:
    parent = node.parent
    if parent is None:
        return ("", "", 0)
    if name := parent.attributes.get("class"):
        return (parent.tag or "", name, 0)
    above = parent.parent
    if above is not None and (name := above.attributes.get("class")):
        return (parent.tag or "", name, 1)
    return (parent.tag or "", "", parent.mem_id)


def _passed_over(blocks: Sequence[_Block]) -> Iterator[tuple[int, Line]]:
    """(the line it comes after, the line) of each block between two taken ones.

    Of those below the last one, too, when they are so many that the rest of the article was passed over.
    """
    taken = [at for at, block in enumerate(blocks) if block.at is not None and block.prose]
    if len(taken) < _FEWEST:
        return
    below = blocks[taken[-1] + 1 :]
    missing = sum(block.line.words for block in below if block.at is None and block.prose)
    had = sum(blocks[at].line.words for at in taken)
    end = len(blocks) if missing * 2 >= had else taken[-1] + 1
    after, subheads = 0, list[tuple[int, Line]]()
    for block in blocks[taken[0] : end]:
        if block.at is not None:
            after = block.at
        if block.at is None and block.line.kind == "subhead":
            subheads.append((after, block.line))
        elif block.at is not None or block.prose:
            yield from subheads  # a subhead counts once something stands under it
            subheads.clear()
            if block.at is None:
                yield after, block.line
