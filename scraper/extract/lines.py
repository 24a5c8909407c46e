"""The cruft left after the boilerplate: which lines of a text are not the article's, and by which rule.

A rule can be said in words, holds for a whole line, and looks at most at the line's place. Together the rules never
take more than a third of the words.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from archive.records import count_words
from scraper.extract import cues
from scraper.extract.form import Line, bare
from scraper.extract.names import byline_in

RULES: Final = "1"  # the version of these rules; a change to them that changes a text raises it
_LONG = 400  # characters; a longer line is no headline, and doubled only letter by letter
_MOST_CUT = 3  # one word in three
_SENTENCE = re.compile(r"[.!?…。！？؟।:;][\"'”’»)\]]*$")

# A line that is nothing but this is cruft wherever it stands.
_ANYWHERE: Final = (
    ("counter", cues.COUNTER),
    ("reading-time", cues.READING_TIME),
    ("font-size", cues.FONT_SIZE),
    ("share", cues.SHARE),
    ("share", cues.NETWORKS),
    ("comments", cues.COMMENTS),
    ("furniture", cues.FURNITURE),
    ("rights", cues.RIGHTS),
    ("read-also", cues.READ_ALSO),
    ("caption", cues.CREDIT_LINE),
)


@dataclass(frozen=True, slots=True)
class Cleared:
    """The article's lines, and what its cruft told."""

    lines: tuple[Line, ...]
    authors: tuple[str, ...] = ()  # from a byline of its own
    source_link: str | None = None
    dropped: tuple[tuple[str, str], ...] = ()  # (rule, text)


class _Text:
    """The lines being judged, and the rules that took some of them so far."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.words = [count_words(line.text) for line in lines]
        self.bares = [bare(line.text) if len(line.text) < _LONG else line.text for line in lines]
        self.prose = [is_prose(line.text, words) for line, words in zip(lines, self.words, strict=True)]
        self.rules: dict[int, str] = {}  # index → why it is dropped

    def left(self) -> list[int]:
        """The indexes of the lines no rule has taken."""
        return [at for at in range(len(self.lines)) if at not in self.rules]

    def paragraphs(self) -> list[int]:
        """Those of them that read as paragraphs."""
        return [at for at in self.left() if self.prose[at]]


def without_cruft(
    lines: Sequence[Line], *, headlines: Iterable[str] = (), outlets: Iterable[str] = (), authors: Iterable[str] = ()
) -> Cleared:
    """The lines that are the article's, in their order.

    headlines: every wording of the headline on the page; outlets: names of the publisher, and its host; authors: those
    known already.
    """
    text = _Text(lines)
    _drop_headline(text, {_unspaced(bare(headline)) for headline in headlines})
    _drop_doubles(text)
    sure = dict(text.rules)
    found = _drop_credits(text, authors)
    _drop_whole_lines(text, {bare(outlet) for outlet in outlets})
    _drop_captions(text)
    certain = dict(text.rules)
    _drop_head(text, {bare(author) for author in authors} | {bare(name) for name in found.authors})
    _drop_tail(text, {bare(author) for author in authors})
    text.rules = _within_bounds(text, (text.rules, certain, sure))
    return Cleared(
        lines=tuple(lines[at] for at in text.left()),
        authors=found.authors,
        source_link=found.source_link,
        dropped=tuple((rule, lines[at].text) for at, rule in sorted(text.rules.items())),
    )


def is_prose(text: str, words: int) -> bool:
    """Whether a line reads as a paragraph of an article: a sentence of eight words, or 25 words of any sort."""
    return words >= 25 or (words >= 8 and bool(_SENTENCE.search(text[-8:])))


def whole_line_rule(text: str) -> str | None:
    """The rule by which a line is cruft wherever it stands; None when there is none."""
    if len(text) > 240:
        return None
    return next((rule for rule, pattern in _ANYWHERE if pattern.fullmatch(text)), None)


def is_caption(text: str) -> bool:
    """Whether a line ends in the credit of a photo."""
    return len(text) < 700 and bool(cues.CREDIT_END.search(text[-160:]))


def _within_bounds(text: _Text, choices: tuple[dict[int, str], ...]) -> dict[int, str]:
    total = sum(text.words)
    said_once = {at for at, rule in text.rules.items() if rule in ("headline", "double")}
    for rules in choices:
        if sum(text.words[at] for at in rules if at not in said_once) * _MOST_CUT <= total:
            return rules
    return choices[-1]


def _unspaced(words: str) -> str:
    # A kicker and a headline that only their layout parts come with a space between them, or without one.
    return words.replace(" ", "")


def _drop_headline(text: _Text, headlines: set[str]) -> None:
    for at, said in enumerate(text.bares):
        if _unspaced(said) in headlines and (at < 8 or text.lines[at].kind == "subhead"):
            text.rules[at] = "headline"


def _drop_doubles(text: _Text) -> None:
    seen: set[str] = set()
    for at in text.left():
        if text.words[at] < 6 or text.lines[at].kind == "row":
            continue  # "Q:" and the cells of a table may well stand twice
        if text.bares[at] in seen:
            text.rules[at] = "double"
        seen.add(text.bares[at])


def _drop_whole_lines(text: _Text, outlets: set[str]) -> None:
    last = len(text.lines) - 1
    for at in text.left():
        line = text.lines[at]
        if line.kind == "row":
            continue
        if rule := whole_line_rule(line.text):
            text.rules[at] = rule
        elif _names_outlet(text, at, outlets, near_end=last - at < 12):
            text.rules[at] = "outlet"


def _names_outlet(text: _Text, at: int, outlets: set[str], *, near_end: bool) -> bool:
    line = text.lines[at].text
    if text.bares[at] in outlets and text.words[at] <= 6:
        return True
    return near_end and len(line) < 60 and cues.HOST.fullmatch(line) is not None


def _drop_captions(text: _Text) -> None:
    prose = text.paragraphs()
    for at in text.left():
        others = len(prose) - (at in prose)
        if others >= 2 and text.lines[at].kind != "row" and text.words[at] <= 90 and is_caption(text.lines[at].text):
            text.rules[at] = "caption"
    # A lone agency under the first line signs a picture; under the last one it signs the article.
    first = next(iter(text.left()), None)
    if (
        first is not None
        and len(prose) > 2
        and text.words[first] <= 60
        and cues.AGENCY_END.search(text.lines[first].text)
    ):
        text.rules[first] = "caption"


def _drop_credits(text: _Text, known: Iterable[str]) -> Cleared:
    """Drops bylines and the article's source, and tells what they said.

    Only before the text's third paragraph and among its last lines: in between, "By Monday Night" is a subhead.
    """
    left = text.left()
    prose = text.paragraphs()
    head = prose[2] if len(prose) > 2 else len(text.lines)
    names: dict[str, None] = {}
    link = None
    for place, at in enumerate(left):
        line = text.lines[at].text
        near_end = len(left) - place <= 10
        if (at < head or near_end) and (people := byline_in(line)):
            names.update(dict.fromkeys(people))
            text.rules[at] = "byline"
        elif near_end and (found := cues.SOURCE_LINK.fullmatch(line)):
            link, text.rules[at] = link or found.group(1).rstrip(".,;)"), "source-link"
        elif near_end and (cues.SOURCE_WORD.fullmatch(line) or cues.REPORTING.fullmatch(line)):
            text.rules[at] = "credit"
        elif at < head and _joined_byline(line, known):
            text.rules[at] = "byline"
    return Cleared((), tuple(names), link)


def _joined_byline(line: str, known: Iterable[str]) -> bool:
    # "Ann Lee, Senior Reporter" and "Ann Lee and Bo Li": nothing but known authors and at most a few words more.
    rest = bare(line)
    for name in known:
        rest = rest.replace(bare(name), "")
    return rest != bare(line) and len(rest.split()) <= 4 and not _SENTENCE.search(line.rstrip("."))


def _drop_head(text: _Text, authors: set[str]) -> None:
    """Dates, places, kickers and lone authors between the headline and the first paragraph."""
    for at in text.left():
        line = text.lines[at]
        if text.prose[at]:
            break
        if cues.is_date_line(line.text):
            text.rules[at] = "date"
        elif text.bares[at] in authors:
            text.rules[at] = "byline"
        elif line.kind == "paragraph" and text.words[at] <= 4 and cues.LABEL.fullmatch(line.text):
            text.rules[at] = "label"


def _drop_tail(text: _Text, authors: set[str]) -> None:
    """What follows the article's last paragraph, once something in it shows that it is not the article's."""
    _cut_at_cue(text)
    for at in reversed(text.left()):
        line = text.lines[at]
        if cues.is_date_line(line.text):
            text.rules[at] = "date"
        elif text.bares[at] in authors:
            text.rules[at] = "byline"
        elif text.words[at] <= 70 and cues.BLURB.search(line.text):
            text.rules[at] = "blurb"
        elif line.kind == "subhead" or (text.words[at] <= 8 and cues.TAIL.match(line.text) and not text.prose[at]):
            text.rules[at] = "tail"  # a subhead with nothing under it
        else:
            break
    _drop_after_cruft(text)


def _cut_at_cue(text: _Text) -> None:
    left = text.left()
    for place, at in enumerate(left):
        if not place or text.words[at] > 12 or not cues.TAIL.match(text.lines[at].text) or text.prose[at]:
            continue
        rest = left[place + 1 :]
        if sum(text.words[each] for each in rest) * 2 <= sum(text.words[each] for each in left[:place]) and not any(
            _belongs(text, each) for each in rest
        ):
            text.rules.update(dict.fromkeys((at, *rest), "tail"))
            return


def _belongs(text: _Text, at: int) -> bool:
    """Whether a line after a cue may still be the article's: a paragraph that is no promotion."""
    return text.lines[at].kind == "paragraph" and text.prose[at] and not cues.BLURB.search(text.lines[at].text)


def _drop_after_cruft(text: _Text) -> None:
    prose = text.paragraphs()
    end = prose[-1] if prose else len(text.lines)
    cruft = [
        at
        for at, rule in text.rules.items()
        if at > end and rule in ("counter", "share", "comments", "tail", "furniture")
    ]
    for at in text.left():
        if cruft and at > min(cruft) and text.words[at] <= 12 and text.lines[at].kind != "row":
            text.rules[at] = "tail"
