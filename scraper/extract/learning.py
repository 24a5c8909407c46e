"""What the pages of a site teach about it: the teacher is the whole extraction, the student a template per kind.

Pure: the same pages in the same order teach the same. When to learn, and from which pages, is decided elsewhere.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser

from archive.records import count_words
from scraper.errors import NotAnArticle
from scraper.extract import cues
from scraper.extract.blocks import LEAVES, lighten, lines_of
from scraper.extract.cleaning import cleaned
from scraper.extract.decoding import utf8_of
from scraper.extract.facts import Facts, canonical_url, facts_of
from scraper.extract.form import bare
from scraper.extract.formats import Shown, of_formats
from scraper.extract.lessons import Lesson, learned, lesson_from
from scraper.extract.neighbours import without_others
from scraper.extract.site import ANY, SAMPLE, memory
from scraper.extract.tree import FOR_LEXBOR
from scraper.scan import fault, shortened

MOST_PAGES: Final = 200  # whose lines are counted: the last ones
MOST_TAUGHT: Final = 40  # of them that teach templates, each of which may cost a whole extraction
MOST_BYTES: Final = 100_000_000  # of all entities together
_FEW: Final = 2  # articles that print a line make it cruft, of the first few
_SHARE: Final = 0.05  # of many articles
_SAMPLES_A_DAY: Final = 3
_SHORTEST: Final = 3_600.0  # seconds; what a first pass brings at once says little of how much there is in a day
_MOST_CRUFT: Final = 2_000  # lines that are remembered
_LONG: Final = 15  # words; what no two articles share by chance
_MARK: Final = re.compile(r"(?:- |> |\d+\. )")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A page that teaches."""

    url: str  # after redirects
    body: bytes  # the entity
    charset: str | None = None  # as HTTP declared it
    captured_at: datetime | None = None
    paragraphs: tuple[str, ...] | None = None  # what the teacher finds in it; None: nobody has asked it yet


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What an example says, and what tells it from the others."""

    kind: str
    canonical: str
    text: tuple[str, ...]  # by which a copy is known
    bares: frozenset[str]  # of its lines
    lesson: Lesson | None  # None: it teaches no template
    captured_at: datetime | None


def memory_from(
    pages: Iterable[tuple[str, bytes]], *, sample: int = SAMPLE, held: tuple[str, str] | None = None
) -> dict[str, Any]:
    """What these pages of one site teach, in the form of `Site.memory`.

    pages: (URL after redirects, entity) of each, the oldest first; those that are no article are passed over.
    sample: one page in so many will be cleaned both ways; held: when the first and the last of them were captured.
    """
    examples = [Example(url=url, body=body) for url, body in pages]
    return _memory(_in_order(reversed(examples), None), sample=sample, held=held)


def memory_of(examples: Iterable[Example], *, since: datetime | None = None) -> dict[str, Any]:
    """As `memory_from`, of pages of an archive.

    examples: newest first; no more are taken than are wanted. since: when the layout of today began: what was captured
    before teaches no template.
    """
    taught = _in_order(examples, since)
    return _memory(taught, sample=_sample([told.captured_at for told in taught]), held=_held(taught, since))


def _memory(taught: Sequence[_Told], *, sample: int, held: tuple[str, str] | None) -> dict[str, Any]:
    kinds: dict[str, list[_Told]] = defaultdict(list)
    for told in taught:
        kinds[told.kind].append(told)
    repeated = frozenset[str]().union(*(_cruft([told.bares for told in each]) for each in kinds.values()))
    whole = repeated - of_formats(map(_shown, taught), repeated) - {each for each in repeated if _is_correction(each)}
    lessons = {kind: [told.lesson for told in each if told.lesson] for kind, each in kinds.items()}
    lessons[ANY] = [told.lesson for told in taught if told.lesson]
    templates = {kind: template for kind, each in lessons.items() if (template := learned(each, cruft=whole))}
    return memory(templates, whole, sample=sample, held=held)


def _shown(told: _Told) -> list[Shown]:
    return [shown for block in told.lesson or () for shown in block.shown]


def _in_order(newest_first: Iterable[Example], since: datetime | None) -> list[_Told]:
    """What the examples say, the oldest first."""
    return list(_once(list(_told(newest_first, since))[::-1]))


def _told(examples: Iterable[Example], since: datetime | None) -> Iterator[_Told]:
    pages = teaching = weight = 0
    for example in examples:
        pages, weight = pages + 1, weight + len(example.body)
        if pages > MOST_PAGES or weight > MOST_BYTES:
            return
        is_late = since is None or example.captured_at is None or example.captured_at >= since
        told = _read(example, teaches=is_late and teaching < MOST_TAUGHT)
        if told:
            teaching += told.lesson is not None
            yield told


def _read(example: Example, *, teaches: bool) -> _Told | None:
    """What an example says; None when it is no article, or Lexbor does not bear it."""
    page = utf8_of(example.body, example.charset)
    if fault(page, FOR_LEXBOR) and fault(page := shortened(page, FOR_LEXBOR), FOR_LEXBOR):
        return None
    tree = LexborHTMLParser(page)
    facts = facts_of(tree, example.url, page)
    if alone := without_others(tree, facts.headline, example.url):
        tree = LexborHTMLParser(alone)
    lighten(tree)
    found = example.paragraphs
    if teaches and found is None and (found := _asked(example)) is None:
        return None
    if facts.is_front:
        return None
    lesson = lesson_from(tree, _kept(found)) if teaches and found else None
    bares = _bares(lesson) if lesson else [bare(line.text) for node in tree.css(LEAVES) for line in lines_of(node)]
    return _as_told(example, facts, found or _long(bares), bares, lesson)


def _bares(lesson: Lesson) -> list[str]:
    return [each for block in lesson for each in block.bares]


def _long(bares: Iterable[str]) -> tuple[str, ...]:
    return tuple(each for each in bares if count_words(each) > _LONG)


def _as_told(
    example: Example, facts: Facts, text: tuple[str, ...], bares: Sequence[str], lesson: Lesson | None
) -> _Told:
    return _Told(
        kind=facts.terms.kind,
        canonical=canonical_url(example.url, facts.canonical),
        text=text,
        bares=frozenset(filter(None, bares)),
        lesson=lesson,
        captured_at=example.captured_at,
    )


def _asked(example: Example) -> tuple[str, ...] | None:
    """The paragraphs that the whole extraction finds; None when the page is no article."""
    try:
        return cleaned(example.body, example.url, charset=example.charset).article().paragraphs
    except NotAnArticle:
        return None


def _kept(paragraphs: Iterable[str]) -> frozenset[str]:
    """The bare texts of an article's lines, of an item of a list without its mark, too."""
    return frozenset(bare(each) for text in paragraphs for each in (text, _MARK.sub("", text, count=1)))


def _once(pages: Iterable[_Told]) -> Iterator[_Told]:
    """Each article once, and each text: URL variants, revisions and copies are one."""
    urls: set[str] = set()
    texts: set[tuple[str, ...]] = set()
    for page in pages:
        if page.canonical not in urls and not (page.text and page.text in texts):
            urls.add(page.canonical)
            texts.add(page.text)
            yield page


def _cruft(pages: Sequence[frozenset[str]]) -> frozenset[str]:
    """The lines that several of these articles print, the most frequent when they are many."""
    counts = Counter(line for page in pages for line in page)
    fewest = max(_FEW, _SHARE * len(pages))
    repeated = [(-count, line) for line, count in counts.items() if count >= fewest]
    return frozenset(line for _, line in sorted(repeated)[:_MOST_CRUFT])


def _is_correction(line: str) -> bool:
    """Whether a bare line says what was wrong in an article, rather than whom to tell."""
    return bool(cues.CORRECTION.match(line)) and not cues.CORRECTIONS_POLICY.search(line)


def _sample(moments: Sequence[datetime | None]) -> int:
    """One page in how many is a sample, so that about three a day are, of a busy site more; a power of two.

    A share that follows every article more or less would make each day's memory another one.
    """
    known = [at for at in moments if at]
    if not known:
        return SAMPLE
    seconds = max(_SHORTEST, (max(known) - min(known)).total_seconds())
    wanted = min(SAMPLE, max(1.0, len(known) / seconds * 86_400 / _SAMPLES_A_DAY))
    return 1 << round(math.log2(wanted))


def _held(pages: Sequence[_Told], since: datetime | None) -> tuple[str, str] | None:
    """From when to when the captures that taught were taken: of a layout that began within them, from then on."""
    known = [page.captured_at for page in pages if page.captured_at]
    begun = [at for at in known if since is None or at >= since] or ([since] if since else [])
    return (min(begun).isoformat(), max(begun).isoformat()) if begun else None
