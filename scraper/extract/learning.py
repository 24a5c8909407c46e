"""What the pages of a site teach about it: the teacher is the whole extraction, the student a template per kind.

Pure: the same pages in the same order teach the same. When to learn, and from which pages, is decided elsewhere.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser

from scraper.errors import NotAnArticle
from scraper.extract.blocks import lighten
from scraper.extract.cleaning import canonical_url, cleaned
from scraper.extract.decoding import utf8_of
from scraper.extract.form import bare
from scraper.extract.site import ANY, SAMPLE, memory
from scraper.extract.template import Lesson, learned, lesson_from

MOST_PAGES: Final = 200  # of a kind whose lines are counted: the last ones
_FEW: Final = 2  # articles that print a line make it cruft, of the first few
_SHARE: Final = 0.05  # of many articles
_MOST_CRUFT: Final = 2_000  # lines that are remembered


@dataclass(frozen=True, slots=True)
class _Told:
    """A page that teaches, and what tells it from the others."""

    kind: str
    canonical: str
    paragraphs: tuple[str, ...]
    lesson: Lesson


def memory_from(
    pages: Iterable[tuple[str, bytes]], *, sample: int = SAMPLE, held: tuple[str, str] | None = None
) -> dict[str, Any]:
    """What these pages of one site teach, in the form of `Site.memory`.

    pages: (URL after redirects, entity) of each, the oldest first; those that are no article are passed over.
    sample: one page in so many will be cleaned both ways; held: when the first and the last of them were captured.
    """
    kinds: dict[str, list[Lesson]] = defaultdict(list)
    for told in _once(_told(pages)):
        kinds[told.kind].append(told.lesson)
    cruft = {kind: _cruft(lessons[-MOST_PAGES:]) for kind, lessons in kinds.items()}
    whole = frozenset[str]().union(*cruft.values())
    kinds[ANY] = [lesson for lessons in kinds.values() for lesson in lessons]
    taught = {kind: learned(lessons[-MOST_PAGES:], cruft=whole) for kind, lessons in kinds.items()}
    return memory({kind: template for kind, template in taught.items() if template}, whole, sample=sample, held=held)


def _told(pages: Iterable[tuple[str, bytes]]) -> Iterator[_Told]:
    for url, body in pages:
        found = cleaned(body, url)
        try:
            article = found.article()
        except NotAnArticle:
            continue
        tree = LexborHTMLParser(utf8_of(body, None))
        lighten(tree)
        lesson = lesson_from(tree, frozenset(bare(line.text) for line in found.cleared.lines))
        yield _Told(found.facts.terms.kind, canonical_url(url, found.facts.canonical), article.paragraphs, lesson)


def _once(pages: Iterable[_Told]) -> Iterator[_Told]:
    """Each article once, and each text: URL variants, revisions and copies are one."""
    urls: set[str] = set()
    texts: set[tuple[str, ...]] = set()
    for page in pages:
        if page.canonical not in urls and page.paragraphs not in texts:
            urls.add(page.canonical)
            texts.add(page.paragraphs)
            yield page


def _cruft(lessons: Sequence[Lesson]) -> frozenset[str]:
    """The lines that several of these articles print, the most frequent when they are many."""
    counts = Counter(line for lesson in lessons for line in {each for block in lesson for each in block.bares if each})
    fewest = max(_FEW, _SHARE * len(lessons))
    repeated = [(-count, line) for line, count in counts.items() if count >= fewest]
    return frozenset(line for _, line in sorted(repeated)[:_MOST_CRUFT])
