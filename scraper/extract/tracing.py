"""Tracing: from an article's lines back to the blocks of the page that print them.

The extraction that found a text does not say where, and joins and parts what the page prints; so lines are known by
their letters alone.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, islice
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.extract.blocks import LEAVES, holds_others, lines_of, quoted_in
from scraper.extract.form import Line, bare

_PRINTED: Final = f"h1,{LEAVES},li,dd,blockquote"
_LONG: Final = 16  # letters; fewer may stand in the midst of any sentence
_MOST_PLACES: Final = 200  # of one text that are looked at


@dataclass(frozen=True, slots=True)
class Block:
    """A line that the page prints, and the element that it stands in."""

    node: LexborNode
    line: Line


def blocks_in(tree: LexborHTMLParser) -> Iterator[Block]:
    """The lines of a page in its order, each once.  tree: lightened."""
    quoted = quoted_in(tree)
    within: set[int] = set()  # other blocks
    for node in tree.css(_PRINTED):
        if node.mem_id in within:
            continue
        if not holds_others(node):
            within.update(inner.mem_id for inner in node.css(_PRINTED))
        yield from (Block(node, line) for line in lines_of(node, quoted=quoted))


class Tracer:
    """Lines as a page prints them, and which of them were traced to so far."""

    def __init__(self, printed: Sequence[str]) -> None:
        keys = [_letters(text) for text in printed]
        self._places: dict[str, list[int]] = defaultdict(list)
        for at, key in enumerate(keys):
            self._places[key].append(at)
        self._starts = [0, *accumulate(map(len, keys))]
        self._letters = "".join(keys)
        self.taken: set[int] = set()

    def trace(self, texts: Iterable[str], *, among: Collection[int] = ()) -> Iterator[range | None]:
        """For each text, in their order, the printed lines that say it, now taken; None when none does.

        Several lines may say it together, and one line more than it. Of several places the next one counts, and those
        `among` before all others.
        """
        last = 0
        for text in texts:
            key = _letters(text)
            found = self._line(key, last, among) if key else None
            found = found or (self._stretch(key, last) if len(key) >= _LONG else None)
            if found:
                last = found[-1]
                self.taken.update(found)
            yield found

    def says(self, places: range, text: str) -> bool:
        """Whether these lines say that and nothing more."""
        return self._letters[self._starts[places.start] : self._starts[places.stop]] == _letters(text)

    def _line(self, key: str, last: int, among: Collection[int]) -> range | None:
        places = self._places.get(key, [])
        behind = bisect_left(places, last)
        free = [at for at in islice(chain(places[behind:], places), _MOST_PLACES) if at not in self.taken]
        at = next((at for at in free if at in among), next(iter(free), None))
        return None if at is None else range(at, at + 1)

    def _stretch(self, key: str, last: int) -> range | None:
        start = self._letters.find(key, self._starts[last])
        start = start if start >= 0 else self._letters.find(key)
        if start < 0:
            return None
        return range(bisect_right(self._starts, start) - 1, bisect_left(self._starts, start + len(key)))


def _letters(text: str) -> str:
    return bare(text).replace(" ", "")
