"""Lessons: from what the whole extraction kept of a site's pages to the template that finds it again.

A place is told by as few of its last steps as part the article from the rest: `div.article-body > p`.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from scraper.extract.blocks import LEAVES, is_bold, lines_of
from scraper.extract.form import bare
from scraper.extract.formats import Shown
from scraper.extract.places import Place, Places
from scraper.extract.template import Template

FEWEST_PAGES: Final = 3  # of a kind that teach a template
_LONGEST: Final = 10  # steps of a place that are looked at
_LONGEST_SELECTOR: Final = 8_000  # characters of a template; the places that hold most come first
_SURE: Final = 0.95  # share of the text at a place that was, or was not, the article's


@dataclass(frozen=True, slots=True)
class Placed:
    """A block of a page that teaches."""

    place: Place
    weight: int
    bares: tuple[str, ...]  # of its lines
    is_kept: bool
    shown: tuple[Shown, ...] = ()  # its lines


Lesson = tuple[Placed, ...]  # the blocks of one page, in its order


def lesson_from(tree: LexborHTMLParser, kept: Collection[str]) -> Lesson:
    """What a page teaches.  tree: lightened; kept: bare texts of the article's lines.

    A subhead belongs to what stands under it.
    """
    places, blocks, heads = Places(), list[Placed](), list[Placed]()
    for node in tree.css(LEAVES):
        lines = list(lines_of(node))
        bares = tuple(bare(line.text) for line in lines)
        if not lines:
            continue
        weight = sum(len(line.text.encode()) for line in lines)
        shown = tuple(Shown(line, each in kept, is_bold(node)) for line, each in zip(lines, bares, strict=True))
        block = Placed(places.of(node), weight, bares, any(each.is_kept for each in shown), shown)
        if lines[0].kind == "subhead" and not block.is_kept:
            heads.append(block)
            continue
        blocks += (replace(head, is_kept=block.is_kept) for head in heads)
        blocks.append(block)
        heads.clear()
    return (*blocks, *heads)


def learned(lessons: Sequence[Lesson], *, cruft: Container[str]) -> Template | None:
    """The template that these pages teach; None when they are too few, or show no place that holds an article.

    cruft: bare texts of lines that the site repeats.
    """
    if len(lessons) < FEWEST_PAGES:
        return None
    pages = [[block for block in lesson if not all(each in cruft for each in block.bares)] for lesson in lessons]
    stable = _stable(pages)
    shares: dict[Place, list[int]] = defaultdict(lambda: [0, 0])
    weights: Counter[Place] = Counter()
    for block in (block for page in pages for block in page):
        steady = _steady(block.place, stable)
        weights[steady] += block.weight * block.is_kept
        for start in range(len(steady)):
            shares[steady[start:]][not block.is_kept] += block.weight
    selectors: dict[str, None] = {}
    for place, weight in weights.most_common():
        shortest = _shortest(place, shares) if weight else None
        if shortest and sum(map(len, selectors)) + len(_selector(shortest)) < _LONGEST_SELECTOR:
            selectors[_selector(shortest)] = None
    return Template(selector=", ".join(sorted(selectors)), pages=len(lessons)) if selectors else None


def _stable(pages: Sequence[Sequence[Placed]]) -> frozenset[tuple[str, str]]:
    """Classes that stand on several pages; one of a single page is its topic, its author or its number."""
    counts: Counter[tuple[str, str]] = Counter()
    for page in pages:
        counts.update({(tag, name) for block in page for tag, names in block.place for name in names})
    return frozenset(each for each, count in counts.items() if count >= max(2, len(pages) // 2))


def _steady(place: Place, stable: frozenset[tuple[str, str]]) -> Place:
    # Without <body>, the whole way to a place that no class tells would lead to many others.
    steps = (("body", ()), *place)[-_LONGEST:]
    return tuple((tag, tuple(name for name in names if (tag, name) in stable)) for tag, names in steps)


def _shortest(place: Place, shares: Mapping[Place, Sequence[int]]) -> Place | None:
    """The fewest last steps by which this place is surely the article's; None when it is surely not, or rarely is."""
    for length in range(1, len(place) + 1):
        steps = place[-length:]
        kept, dropped = shares[steps]
        if length < len(place) and not any(names for _, names in steps):
            continue  # `div > p` is everywhere
        if kept >= _SURE * (kept + dropped):
            return steps
        if kept <= (1 - _SURE) * (kept + dropped):
            return None
    kept, dropped = shares[place]
    has_class = any(names for _, names in place)
    return place if has_class and kept >= dropped else None


def _selector(place: Place) -> str:
    return " > ".join(tag + "".join(f".{name}" for name in names) for tag, names in place)
