"""The lines by which a format parts its articles: the same in each of them, and no cruft.

A fixed subhead ("Why it matters"), a label ("What happened:"), a turn of an interview ("A: No.").
"""

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from scraper.extract import cues
from scraper.extract.form import Line, bare
from scraper.extract.lines import is_caption, is_prose, whole_line_rule

_MOST_WORDS: Final = 14  # a longer line is no cruft between kept paragraphs, whatever it says
_BOLD_WORDS: Final = 6  # of a paragraph set in bold that stands for a subhead
_SEVERAL: Final = 2  # turns or questions of a page that make an interview of it
_MANY: Final = 3  # lines of one speaker that do
_UNDER: Final = frozenset(("list", "row", "quote"))
_MARK: Final = re.compile(r"(?:([^\W\d_][\w.'’ -]{0,30}?)\s?(?::\s|：)|([QA])\.\s)\s?\S")
_ASKED: Final = frozenset(
    "q a f p r v d s c b в о question answer frage antwort pregunta respuesta réponse domanda risposta pergunta"
    " resposta вопрос ответ soru cevap sual cavab vraag antwoord pytanie odpowiedź سؤال جواب 問 答 问".split()
)
_LABEL: Final = re.compile(r"[:：]\W{0,2}$")
_QUESTION: Final = re.compile(r"[?？؟]\W{0,2}$")
_SENTENCE: Final = re.compile(r"[.!…。！]\W{0,2}$")
# So begins a line that asks something of the reader, or that says what stands beside the text.
_ASIDE: Final = re.compile(
    r"click|read|watch|listen|view|subscribe|sign|follow|share|download|join|get|support|donate|register|log|tap|scroll"
    r"|see|stay|advert|sponsor|promot|newsletter|podcast|video|photos?|pictures?|image|credit|source|gallery|graphic"
    r"|related|recommend|trending|popular|latest news|breaking|comments?\b|topics?\b|tags?\b|more\b|also\b|copyright"
    r"|published|updated|by\b|about (?:us|the)\b|story continues|phone|tel\b|fax|e-?mail",
    re.IGNORECASE,
)
_NEXT: Final = frozenset(("what s next",))  # a cue at the end of a page, a subhead within a text


@dataclass(frozen=True, slots=True)
class Shown:
    """A line as a page that teaches shows it."""

    line: Line
    is_kept: bool  # by the teacher
    is_bold: bool = False  # all of it


def of_formats(pages: Iterable[Sequence[Shown]], repeated: Container[str]) -> frozenset[str]:
    """Those of the repeated lines that part the text in most of the pages which print them.

    pages: of each all lines, in its order; repeated: bare lines.
    """
    printed: Counter[str] = Counter()
    parting: Counter[str] = Counter()
    for page in pages:
        said = [bare(shown.line.text) for shown in page]
        printed.update(set(said))
        parting.update({said[at] for at in _parting(page, said, repeated)})
    return frozenset(each for each, count in parting.items() if count * 2 > printed[each])


def _parting(page: Sequence[Shown], said: Sequence[str], repeated: Container[str]) -> Iterator[int]:
    """The repeated lines within the text that lead to a line of it, or to one that does; and turns."""
    turns = _turns(page)
    text = {at for at, shown in enumerate(page) if at in turns or (_is_text(shown) and said[at] not in repeated)}
    asks = sum(1 for shown in page if shown.is_kept and _QUESTION.search(shown.line.text)) >= _SEVERAL
    is_led = False  # whether the line below is the article's
    for at in range(max(text), min(text), -1) if text else ():
        leads = is_led and page[at].is_kept and _leads(page[at], asks=asks)
        parts = (at in turns or leads) and not is_aside(page[at].line)
        if parts and said[at] in repeated:
            yield at
        is_led = parts or at in text


def _is_text(shown: Shown) -> bool:
    line = shown.line
    return shown.is_kept and (line.kind in _UNDER or is_prose(line.text, line.words))


def is_aside(line: Line) -> bool:
    """Whether a line is too long to part a text, or says that it is none: "Read more", "Related", "Advertisement"."""
    if bare(line.text) in _NEXT:
        return False
    cue = _ASIDE.match(line.text) or cues.TAIL.match(line.text) or cues.BLURB.search(line.text)
    return bool(line.words > _MOST_WORDS or cue or whole_line_rule(line.text) or is_caption(line.text))


def _leads(shown: Shown, *, asks: bool) -> bool:
    """Whether a line looks like a subhead, a label or, on a page of several questions, like one of these."""
    line = shown.line
    if line.kind == "subhead" or _LABEL.search(line.text):
        return True
    if _QUESTION.search(line.text):
        return asks
    return shown.is_bold and line.words <= _BOLD_WORDS and not _SENTENCE.search(line.text)


def _turns(page: Sequence[Shown]) -> frozenset[int]:
    """The lines that begin with a speaker's mark, where several do."""
    marks = {at: mark for at, shown in enumerate(page) if shown.is_kept and (mark := _mark(shown.line))}
    counts = Counter(marks.values())
    asked = sum(count for mark, count in counts.items() if mark in _ASKED) >= _SEVERAL
    return frozenset(at for at, mark in marks.items() if counts[mark] >= _MANY or (asked and mark in _ASKED))


def _mark(line: Line) -> str | None:
    found = _MARK.match(line.text)
    return (found[1] or found[2]).casefold() if found and not _ASIDE.match(line.text) else None
