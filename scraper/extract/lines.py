"""The cruft left after the boilerplate: which lines of a text are not the article's, and by which rule.

A rule can be said in words, holds for a whole line, and looks at most at the line's place and at what the page's markup
says about it. Together the rules never take more than a third of the words.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from scraper.extract import cues
from scraper.extract.facts.names import byline_in
from scraper.extract.facts.wires import is_signature
from scraper.extract.form import Kind, Line, bare
from scraper.extract.marks import NO_MARKS, Marks, letters
from scraper.extract.notices import is_offer

RULES: Final = "3"  # the version of these rules; a change to them that changes a text raises it
_SAID_ONCE: Final = ("headline", "double", "pull-quote")  # what they take stands elsewhere, so it counts as no loss
_MARKED: Final = ("link", "post", "caption", "box")
_WHOLE: Final = (
    *("counter", "reading-time", "font-size", "share", "comments", "furniture", "rights", "read-also"),
    *("consent", "disclaimer", "outlet"),
)
_PLACED: Final = ("byline", "source-link", "credit", "date", "label", "blurb", "bio", "contact", "tail")
RULE_NAMES: Final = (*_SAID_ONCE, *_MARKED, *_WHOLE, *_PLACED)

_LONG = 400  # characters of a headline
_KICKER = 60  # characters before a headline
_SHORT = 130  # characters; a longer line is cruft wherever it stands by few patterns only
_MOST_CUT = 3  # one word in three
_FEW_DATES, _MANY_DATES = 2, 3  # in a row, that are no cruft: items of a list below the text, or whatever they are
_LONGEST_CAPTION = 35  # words of what an agency signs at the beginning; more is a first paragraph
_MOST_QUOTES = 100  # of a text that are looked for in its paragraphs
_END_OF_SENTENCE = re.compile(r"[.!?…。！？؟।:;][\"'”’»)\]]*$")
_DIGIT = re.compile(r"\d")

# A line that is nothing but this is cruft wherever it stands. The patterns read lower case: to fold each letter as they
# go would double their time.
_ANYWHERE_LONG: Final = (
    ("rights", re.compile(cues.RIGHTS.pattern)),
    ("read-also", re.compile(cues.READ_ALSO.pattern)),
)
_ANYWHERE: Final = (
    ("counter", re.compile(cues.COUNTER.pattern)),
    ("reading-time", re.compile(cues.READING_TIME.pattern)),
    ("font-size", re.compile(cues.FONT_SIZE.pattern)),
    ("share", re.compile(cues.SHARE.pattern)),
    ("share", re.compile(cues.NETWORKS.pattern)),
    ("comments", re.compile(cues.COMMENTS.pattern)),
    ("furniture", re.compile(cues.FURNITURE.pattern)),
    *_ANYWHERE_LONG,
    ("caption", re.compile(cues.CREDIT_LINE.pattern)),
)


@dataclass(frozen=True, slots=True)
class Cleared:
    """The article's lines, and what its cruft told."""

    lines: tuple[Line, ...]
    authors: tuple[str, ...] = ()  # from a byline of its own
    source_link: str | None = None
    dropped: tuple[tuple[str, str], ...] = ()  # (rule, text)
    credited: tuple[str, ...] = ()  # of these what stood below the text and names its source: "(AP)", "Source: Reuters"


class _Text:
    """The lines being judged, and the rules that took some of them so far."""

    def __init__(self, lines: Sequence[Line], rules: Collection[str]) -> None:
        self.lines = lines
        self.words = [line.words for line in lines]
        self.prose = [is_prose(line.text, words) for line, words in zip(lines, self.words, strict=True)]
        self.rules: dict[int, str] = {}  # index → why it is dropped
        self.at_work = frozenset(rules)
        whole = "\n".join(line.text for line in lines).lower()
        self.notices = [notice for notice in cues.NOTICES if notice[0] in whole]

    def drop(self, at: int, rule: str) -> None:
        """Takes that line, when the rule is at work."""
        if rule in self.at_work:
            self.rules[at] = rule

    def left(self) -> list[int]:
        """The indexes of the lines no rule has taken."""
        return [at for at in range(len(self.lines)) if at not in self.rules]

    def paragraphs(self) -> list[int]:
        """Those of them that read as paragraphs."""
        return [at for at in self.left() if self.prose[at]]


def without_cruft(
    lines: Sequence[Line],
    *,
    headlines: Iterable[str] = (),
    outlets: Iterable[str] = (),
    authors: Iterable[str] = (),
    marks: Marks = NO_MARKS,
    rules: Collection[str] = RULE_NAMES,
) -> Cleared:
    """The lines that are the article's, in their order.

    headlines: every wording of the headline on the page; outlets: names of the publisher, and its host; authors: those
    known already; marks: what the page's markup says about the lines; rules: those of RULE_NAMES that are at work.
    """
    text = _Text(lines, rules)
    known = tuple(filter(None, map(bare, authors)))
    _drop_headline(text, {said for headline in headlines if (said := _unspaced(bare(headline)))})
    _drop_doubles(text)
    sure = dict(text.rules)
    _drop_marked(text, marks)
    publisher = {bare(outlet) for outlet in outlets}
    found = _drop_credits(text, known, publisher)
    _drop_whole_lines(text, publisher)
    _drop_captions(text)
    certain = dict(text.rules)
    people = {*known, *map(bare, found.authors)}
    _drop_head(text, people)
    _drop_tail(text, people, publisher)
    text.rules = _within_bounds(text, (text.rules, certain, sure))
    return Cleared(
        lines=tuple(lines[at] for at in text.left()),
        authors=found.authors,
        source_link=found.source_link,
        dropped=tuple((rule, lines[at].text) for at, rule in sorted(text.rules.items())),
        credited=found.credited,
    )


def is_prose(text: str, words: int) -> bool:
    """Whether a line reads as a paragraph of an article: a sentence of eight words, or 25 words of any sort."""
    return words >= 25 or (words >= 8 and bool(_END_OF_SENTENCE.search(text[-8:])))


def whole_line_rule(text: str) -> str | None:
    """The rule by which a line is cruft wherever it stands; None when there is none."""
    if len(text) > 240:
        return None
    patterns = _ANYWHERE if len(text) <= _SHORT else _ANYWHERE_LONG
    lowered = text.lower()
    return next((rule for rule, pattern in patterns if pattern.fullmatch(lowered)), None)


def is_caption(text: str) -> bool:
    """Whether a line ends in the credit of a photo, or says where in it one stands."""
    if len(text) >= 700:
        return False
    end = text[-160:]
    if cues.CREDIT_SIGN.search(end) and any(map(end.lower().__contains__, cues.CREDIT_HINTS)):
        return cues.CREDIT_END.search(end) is not None or cues.CAPTION_START.match(text) is not None
    return cues.CAPTION_START.match(text) is not None


def _within_bounds(text: _Text, choices: tuple[dict[int, str], ...]) -> dict[int, str]:
    total = sum(text.words)
    said_once = {at for at, rule in text.rules.items() if rule in _SAID_ONCE}
    for rules in choices:
        if sum(text.words[at] for at in rules if at not in said_once) * _MOST_CUT <= total:
            return rules
    return choices[-1]


def _unspaced(words: str) -> str:
    # A kicker and a headline that only their layout parts come with a space between them, or without one.
    return words.replace(" ", "")


def _drop_headline(text: _Text, headlines: set[str]) -> None:
    longest = max(map(len, headlines), default=-_LONG)
    for at, line in enumerate(text.lines):
        if len(line.text) > longest * 2 + _KICKER or not (at < 8 or line.kind == "subhead"):
            continue
        said = _unspaced(text.lines[at].bare)
        if said in headlines or (at < 3 and _holds_headline(text, at, said, headlines)):
            text.drop(at, "headline")


def _holds_headline(text: _Text, at: int, said: str, headlines: set[str]) -> bool:
    # "OLD TOWN: The ferry is back", of which the page's other headlines tell the second half alone.
    return not text.prose[at] and any(
        len(headline) * 2 > len(said) and len(headline) >= 20 and said.endswith(headline) for headline in headlines
    )


def _drop_doubles(text: _Text) -> None:
    seen: set[str] = set()
    for at in text.left():
        if text.words[at] < 6 or text.lines[at].kind == "row":
            continue  # "Q:" and the cells of a table may well stand twice
        if text.lines[at].text in seen:
            text.drop(at, "double")
        seen.add(text.lines[at].text)
    _drop_pull_quotes(text)


def _drop_pull_quotes(text: _Text) -> None:
    """Quotes set apart that stand in a paragraph, too."""
    quotes = [at for at in text.left() if text.lines[at].kind == "quote" and text.words[at] >= 5]
    if not quotes:
        return
    said = "\n".join(_unspaced(text.lines[at].bare) for at in text.paragraphs() if text.lines[at].kind != "quote")
    for at in quotes[:_MOST_QUOTES]:
        if _unspaced(text.lines[at].bare) in said:
            text.drop(at, "pull-quote")


def _drop_marked(text: _Text, marks: Marks) -> None:
    sorts = (("link", marks.links), ("post", marks.posts), ("caption", marks.captions), ("box", marks.boxes))
    if not any(said for _, said in sorts):
        return
    for at in text.left():
        line = letters(text.lines[at].text)
        if rule := next((rule for rule, said in sorts if line in said), None):
            text.drop(at, rule)


def _drop_whole_lines(text: _Text, outlets: set[str]) -> None:
    last = len(text.lines) - 1
    for at in text.left():
        line = text.lines[at]
        if line.kind == "row":
            continue
        if rule := whole_line_rule(line.text) or _notice(text, at):
            text.drop(at, rule)
        elif text.words[at] <= 6 and _names_outlet(text, at, outlets, near_end=last - at < 12):
            text.drop(at, "outlet")


def _notice(text: _Text, at: int) -> str | None:
    if not text.notices or not 5 <= text.words[at] <= 90:
        return None
    lowered = text.lines[at].text.lower()
    return next((rule for word, rule, pattern in text.notices if word in lowered and pattern.search(lowered)), None)


def _names_outlet(text: _Text, at: int, outlets: set[str], *, near_end: bool) -> bool:
    line = text.lines[at].text
    return text.lines[at].bare in outlets or (near_end and len(line) < 60 and cues.HOST.fullmatch(line) is not None)


def _drop_captions(text: _Text) -> None:
    prose = set(text.paragraphs())
    for at in text.left():
        if text.words[at] <= 90 and text.lines[at].kind != "row" and is_caption(text.lines[at].text):
            others = len(prose) - (at in prose)
            if others >= 2:
                text.drop(at, "caption")
    # A lone agency under the first line signs a picture; under the last one it signs the article.
    first = next(iter(text.left()), None)
    if (
        first is not None
        and len(prose) > 2
        and text.words[first] <= _LONGEST_CAPTION
        and cues.AGENCY_END.search(text.lines[first].text[-60:])
    ):
        text.drop(first, "caption")


def _drop_credits(text: _Text, known: Collection[str], outlets: Collection[str]) -> Cleared:
    """Drops bylines and the article's source, and tells what they said.

    Only before the text's third paragraph and among its last lines: in between, "By Monday Night" is a subhead.
    """
    left = text.left()
    prose = text.paragraphs()
    head = prose[2] if len(prose) > 2 else len(text.lines)
    names: dict[str, None] = {}
    link = None
    credited: list[str] = []
    for place, at in enumerate(left):
        near_end = len(left) - place <= 10
        if at >= head and not near_end:
            continue
        line = text.lines[at].text
        if people := byline_in(line):
            names.update(dict.fromkeys(people))
            text.drop(at, "byline")
        elif near_end and "http" in line and (found := cues.SOURCE_LINK.fullmatch(line)):
            link = link or found.group(1).rstrip(".,;)")
            text.drop(at, "source-link")
        elif near_end and (_tells_source(text, at) or _signs(text, at, prose, outlets)):
            text.drop(at, "credit")
            credited.append(line)
        elif at < head and text.words[at] <= 12 and _joined_byline(text, at, known):
            text.drop(at, "byline")
    return Cleared((), tuple(names), link, credited=tuple(credited))


def _tells_source(text: _Text, at: int) -> bool:
    line = text.lines[at].text
    return text.words[at] <= 60 and bool(cues.SOURCE_WORD.fullmatch(line) or cues.REPORTING.fullmatch(line))


def _signs(text: _Text, at: int, prose: Sequence[int], outlets: Collection[str]) -> bool:
    """Whether a line is an agency's signature, and nothing but cruft stands below it."""
    line = text.lines[at]
    if line.kind != "paragraph" or not is_signature(line.text) or line.bare in outlets:
        return False
    below = (text.lines[each].text for each in reversed(prose) if each > at)
    return all(whole_line_rule(each) or _is_blurb(each) for each in below)


def _joined_byline(text: _Text, at: int, known: Collection[str]) -> bool:
    # "Ann Lee, Senior Reporter" and "Ann Lee and Bo Li": nothing but known authors and at most a few words more.
    said = rest = text.lines[at].bare
    for name in known:
        rest = rest.replace(name, "")
    return rest != said and len(rest.split()) <= 4 and not _END_OF_SENTENCE.search(text.lines[at].text.rstrip("."))


def _drop_head(text: _Text, authors: Collection[str]) -> None:
    """Dates, places, kickers and lone authors between the headline and the first paragraph."""
    for at in text.left():
        line = text.lines[at]
        if text.prose[at]:
            break
        if _is_date(line):
            if not _is_listed(text, at, _MANY_DATES):
                text.drop(at, "date")
        elif text.words[at] <= 6 and text.lines[at].bare in authors:
            text.drop(at, "byline")
        elif line.kind == "paragraph" and text.words[at] <= 4 and cues.LABEL.fullmatch(line.text):
            text.drop(at, "label")


def _is_date(line: Line) -> bool:
    # "2024 | 12" is a row of figures.
    text = line.text
    return line.kind != "row" and len(text) <= 120 and _DIGIT.search(text) is not None and cues.is_date_line(text)


def _is_listed(text: _Text, at: int, fewest: int) -> bool:
    """Whether a date is one of so many in a row, or the only one of a list under a label as "The date:".

    None of them says what an article's own do: "Updated".
    """
    if cues.STAMP.search(text.lines[at].text):
        return False
    lines, kind = text.lines, text.lines[at].kind
    above = sum(1 for _ in takewhile(lambda line: _is_like(line, kind), lines[max(0, at - fewest) : at][::-1]))
    below = sum(1 for _ in takewhile(lambda line: _is_like(line, kind), lines[at + 1 : at + fewest]))
    label = lines[at - above - 1] if above < at else None
    if label and label.kind == "subhead" and not cues.STAMP.search(label.text):
        fewest = min(fewest, _FEW_DATES)  # "Opening hours"
    is_labelled = label and kind == "list" and label.text.endswith(":") and not cues.STAMP.search(label.text)
    return above + 1 + below >= fewest or bool(is_labelled)


def _is_like(line: Line, kind: Kind) -> bool:
    return line.kind == kind and _is_date(line) and not cues.STAMP.search(line.text)


def _drop_tail(text: _Text, authors: Collection[str], outlets: Collection[str]) -> None:
    """What follows the article's last paragraph, once something in it shows that it is not the article's."""
    _cut_at_cue(text)
    for at in reversed(text.left()):
        if rule := _rule_at_end(text, at, authors, outlets):
            text.drop(at, rule)
        if at not in text.rules:
            break
    _drop_after_cruft(text)


def _rule_at_end(text: _Text, at: int, authors: Collection[str], outlets: Collection[str]) -> str | None:
    line, words = text.lines[at], text.words[at]
    if _is_date(line):
        fewest = _FEW_DATES if line.kind == "list" else _MANY_DATES
        return None if _is_listed(text, at, fewest) else "date"
    if words <= 6 and text.lines[at].bare in authors:
        return "byline"
    if words <= 70 and (_is_blurb(line.text) or is_offer(line.text)):
        return "blurb"
    if line.kind == "subhead" or (words <= 8 and cues.TAIL.match(line.text) and not text.prose[at]):
        return "tail"  # a subhead with nothing under it
    if words <= 200 and _is_bio(text.lines[at].bare, authors):
        return "bio"
    return "contact" if words <= 40 and _is_contact(text, at, authors, outlets) else None


def _is_contact(text: _Text, at: int, authors: Collection[str], outlets: Collection[str]) -> bool:
    """Whether a line tells how to reach its author or the outlet, and not, in a sentence, somebody it reports on."""
    line = text.lines[at]
    if cues.ACCOUNT.search(line.text):
        return True
    hosts = [bare(found[1]) for found in cues.ADDRESS.finditer(line.text)]
    is_ours = any(host == outlet or host.endswith(f" {outlet}") for host in hosts for outlet in outlets)
    return bool(hosts) and (is_ours or not text.prose[at] or any(name in line.bare for name in authors))


def _is_blurb(text: str) -> bool:
    return any(map(text.lower().__contains__, cues.BLURB_HINTS)) and cues.BLURB.search(text) is not None


def _is_bio(said: str, authors: Collection[str]) -> bool:
    """Whether a paragraph begins with an author's name and says who that is."""
    start = said[:120]
    return any(
        0 <= (at := start.find(name)) <= 30 and cues.BIO.match(said[at + len(name) :]) is not None for name in authors
    )


def _cut_at_cue(text: _Text) -> None:
    left = text.left()
    for place, at in enumerate(left):
        if not place or text.words[at] > 12 or text.prose[at] or not cues.TAIL.match(text.lines[at].text):
            continue
        rest = left[place + 1 :]
        if sum(text.words[each] for each in rest) * 2 <= sum(text.words[each] for each in left[:place]) and not any(
            _belongs(text, each) for each in rest
        ):
            for each in (at, *rest):
                text.drop(each, "tail")
            return


def _belongs(text: _Text, at: int) -> bool:
    """Whether a line after a cue may still be the article's: a paragraph that is no promotion."""
    return text.lines[at].kind == "paragraph" and text.prose[at] and not _is_blurb(text.lines[at].text)


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
            text.drop(at, "tail")
