"""Where in a flattened page its article stands: by what its lines are, for no markup tells.

Each line is weighed: a paragraph for the article, by its words; links, buttons, dates and cues against it. The article
is the stretch of lines with the greatest sum.
"""

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from archive.records import count_words
from scraper.extract import cues
from scraper.extract.facts.names import byline_in
from scraper.extract.flat.dumps import Printed
from scraper.extract.flat.printed_dates import printed_date
from scraper.extract.form import Line, bare
from scraper.extract.lines import is_caption, is_prose, whole_line_rule
from scraper.extract.template import without_repeats

_PARAGRAPH = 8  # words of the shortest line that speaks for the article
_MOST_FOR, _MOST_AGAINST = 80, 10  # words of one line that count
_OTHER, _ROW, _DATED, _CUE = -8, -4, -30, -40
_LONGEST_BLURB, _LONGEST_HEADING, _LONGEST_CRY = 70, 40, 14  # words
_ABOVE = 60  # lines above the first paragraph among which the headline is looked for
_STEM = 5  # letters in which the forms of a word agree
_HEADED, _FARTHER = 0.2, 0.01  # how much more a headline is one that is set as a heading; less, for each line between
_CLOSING = "“‘«›"  # what closes a quote in German, Czech and Danish
_SENTENCE = re.compile(r"[.!?…。！？؟।:;][\"'”’»“‘«›)\]]*$")
_FIGURES = re.compile(r"[\d\s.,%|]*")  # a table's row, not a date
_FULL_STOP = re.compile(r"[.…。।][\"'”’»“‘«›)\]]*$")


@dataclass(frozen=True, slots=True)
class Judged:
    """A printed line, and what can be told of it alone."""

    printed: Printed
    words: int
    prose: bool  # it reads as a paragraph of an article

    @property
    def line(self) -> Line:
        """What it says, in the text form."""
        return self.printed.line

    @property
    def text(self) -> str:
        """Its words."""
        return self.printed.line.text

    @property
    def leads_away(self) -> bool:
        """Whether it is hardly more than links or buttons."""
        if self.printed.button:
            return True
        return self.printed.linked * 4 > self.words * 3 and not cues.SOURCE_LINK.fullmatch(self.text)

    @property
    def fragment(self) -> bool:
        """Whether it is a piece of a sentence that no mark explains, as captions and others' headlines are."""
        return self.line.kind == "paragraph" and not self.prose and _SENTENCE.search(self.text[-8:]) is None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where the article stands among the lines."""

    headline: int | None
    first: int  # of its paragraphs; the number of lines when there is none
    end: int  # behind the last of them

    def __contains__(self, at: int) -> bool:
        return self.first <= at < self.end


def judged(printed: Iterable[Printed], cruft: Container[str] = ()) -> list[Judged]:
    """The lines, each judged by itself, without those that the site repeats (cruft: their bare texts).

    What `without_repeats` keeps in an article stays between the first and the last of its own paragraphs.
    """
    lines = [_judged(each) for each in printed]
    repeated = [bare(line.text) in cruft for line in lines]
    own = [at for at, line in enumerate(lines) if line.prose and not repeated[at]]
    inside = lines[own[0] : own[-1] + 1] if own else []
    kept = {id(line) for line in without_repeats([each.line for each in inside], cruft)}
    return [line for at, line in enumerate(lines) if not repeated[at] or id(line.line) in kept]


def stretch_of(lines: Sequence[Judged]) -> Stretch:
    """Where the article and its headline stand."""
    first, end = _heaviest_stretch(lines)
    while first < end and _cries(lines[first]):
        first += 1
    end = _with_its_list(lines, end) if first < end else end
    return Stretch(_headline(lines, first, end), first, end)


def without_fragments(lines: Sequence[Judged]) -> list[Judged]:
    """An article's lines without captions and others' headlines: fragments of eight words, or next to another one.

    A short one that stands alone may be a subhead that lost its mark.
    """
    fragments = [line.fragment and not _tells(line.text) for line in lines]
    near = [any(fragments[max(0, at - 1) : at] + fragments[at + 1 : at + 2]) for at in range(len(lines))]
    return [line for at, line in enumerate(lines) if not fragments[at] or (line.words < _PARAGRAPH and not near[at])]


def _tells(text: str) -> bool:
    # Author, source and date are facts to be read, not captions.
    return bool(byline_in(text) or cues.SOURCE_LINK.fullmatch(text) or whole_line_rule(text))


def _judged(printed: Printed) -> Judged:
    text = printed.line.text
    words = count_words(text)
    alien = (
        printed.button
        or printed.linked * 2 > words
        or whole_line_rule(text) is not None
        or is_caption(text)
        or (words <= _LONGEST_BLURB and cues.BLURB.search(text) is not None)
    )
    return Judged(printed, words, not alien and _reads(printed.line, words))


def _reads(line: Line, words: int) -> bool:
    if line.kind == "subhead" and words <= _LONGEST_HEADING:
        return False
    # An item of a list needs its sentence: 25 words may be any list's.
    return is_prose(line.text.rstrip(_CLOSING), min(words, 24) if line.kind == "list" else words)


def _heaviest_stretch(lines: Sequence[Judged]) -> tuple[int, int]:
    """Of several stretches the first that has at least half as much: below an article stand the next ones."""
    weights = _weights(lines)
    most, first, end = _heaviest(weights)
    if not most:
        return len(lines), len(lines)
    while first:
        weight, earlier, its_end = _heaviest(weights[:first])
        if not weight or weight * 2 < most:
            break
        first, end = earlier, its_end
    return first, end


def _heaviest(weights: Sequence[int]) -> tuple[int, int, int]:
    """(the greatest sum, where its stretch begins, where it ends)."""
    sums = [0, *accumulate(weights)]
    lowest, best = 0, (0, 0, 0)
    for end, total in enumerate(sums):
        best = max(best, (total - sums[lowest], -lowest, end), key=lambda each: each[0])
        lowest = end if total < sums[lowest] else lowest
    return best[0], -best[1], best[2]


def _weights(lines: Sequence[Judged]) -> list[int]:
    weights: list[int] = []
    announced = False  # the line above ends in a colon, or stands in a list below such a line
    for line in lines:
        listed = announced and line.line.kind == "list" and not line.leads_away
        weights.append(max(0, _weight(line)) if listed else _weight(line))
        announced = listed or line.text.endswith((":", "："))
    return weights


def _weight(line: Judged) -> int:
    if line.prose:
        return min(line.words, _MOST_FOR)
    if line.leads_away:
        return _OTHER - min(line.words, _MOST_AGAINST)
    if line.words <= _PARAGRAPH and (cues.TAIL.match(line.text) or cues.COMMENTS.fullmatch(line.text)):
        return _CUE
    if cues.is_date_line(line.text) and (printed_date(line.text) or not _FIGURES.fullmatch(line.text)):
        return _DATED
    if line.line.kind == "row":
        return _ROW
    # A short sentence says little, but it goes with the paragraphs beside it.
    return 1 if _FULL_STOP.search(line.text[-8:]) and whole_line_rule(line.text) is None else _OTHER


def _cries(line: Judged) -> bool:
    # "Is This the End of the Grain Deal?" may be a headline although it ends like a sentence.
    return line.text[-1] in "!?" and line.words <= _LONGEST_CRY


def _with_its_list(lines: Sequence[Judged], end: int) -> int:
    """The end behind the list that the article's last line announces."""
    if not lines[end - 1].text.endswith((":", "：")):
        return end
    while end < len(lines) and lines[end].line.kind == "list" and not lines[end].leads_away:
        end += 1
    return end


def _headline(lines: Sequence[Judged], first: int, end: int) -> int | None:
    """The headline among what stands above the first paragraph: the line that shares most with the article.

    A page's own heading, where marks tell it, goes before all.
    """
    could = [at for at in range(max(0, first - _ABOVE), first) if _could_be_headline(lines[at])]
    marked = [at for at in could if lines[at].printed.level == 1]
    said = {stem for line in lines[first:end] for stem in _stems(line.text)}

    def likeness(at: int) -> float:
        stems = _stems(lines[at].text)
        share = len(stems & said) / (len(stems) + 1)
        return share + _HEADED * (lines[at].line.kind == "subhead") - _FARTHER * (first - at)

    return max(marked or could, key=likeness, default=None)


def _stems(text: str) -> set[str]:
    return {word[:_STEM] for word in bare(text).split() if len(word) >= _STEM - 1}


def _could_be_headline(line: Judged) -> bool:
    text = line.text
    if not 3 <= line.words <= _LONGEST_HEADING or text.endswith((":", ",", ";")):
        return False
    if line.leads_away or line.line.kind in ("list", "row"):
        return False
    if whole_line_rule(text) or cues.is_date_line(text) or is_caption(text) or byline_in(text):
        return False
    return not cues.TAIL.match(text) and not cues.LABEL.fullmatch(text)
