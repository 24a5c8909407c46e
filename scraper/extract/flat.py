"""Already flattened texts: a page that somebody turned into lines before us, menus and buttons among them."""

import re
from collections.abc import Sequence
from itertools import pairwise

from archive.records import Article, count_words
from scraper.errors import NotAnArticle
from scraper.extract import cues
from scraper.extract.dates import moment
from scraper.extract.form import Line, folded
from scraper.extract.lines import RULES, is_caption, is_prose, whole_line_rule, without_cruft
from scraper.extract.names import byline_in

_TAG = re.compile(
    r"<(?:!doctype|html|head|body|div|p|article|section|span|a|br|h[1-6]|meta|script)\b[^<]{0,2000}>", re.IGNORECASE
)
_WRAPPED_AT = range(50, 101)  # columns where editors and mail programs break lines
_SHORTEST = 8  # words of the longest line of an article
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DAY_MONTH = re.compile(r"\b(\d{1,2})\.? ([A-Za-z]{3})[a-z]*\.?,? (\d{4})\b")
_MONTH_DAY = re.compile(r"\b([A-Za-z]{3})[a-z]*\.? (\d{1,2}),? (\d{4})\b")
_CLOCK = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d)\b(?!\s*[ap]\.?m)", re.IGNORECASE)


def is_flat(text: str) -> bool:
    """Whether a text is already flattened: no markup in it."""
    return len(_TAG.findall(text[:200_000])) < 2


def clean_flat(text: str, url: str = "") -> Article:
    """The article in a flattened text: its headline, when one stands above it, and its paragraphs.

    Its byline, its source link and the date above it become facts.

    url: where it came from, "" when nobody knows.  Raises NotAnArticle "empty" or "no-text".
    """
    if not text.strip():
        raise NotAnArticle(url or "the text", "empty", "there is nothing in it")
    lines = _lines(text)
    start = _first_paragraph(lines)
    at = _headline(lines[:start])
    head, headline = lines[:start], lines[at] if at is not None else None
    cleared = without_cruft(
        [Line("paragraph", line) for line in lines[at + 1 if at is not None else 0 :]],
        headlines=(headline,) if headline else (),
    )
    if not any(count_words(line.text) >= _SHORTEST for line in cleared.lines):
        raise NotAnArticle(url or "the text", "no-text", "nothing in it reads as an article")
    published = next((date for line in head if cues.is_date_line(line) and (date := _date(line))), None)
    facts = {
        "headline": headline,
        "authors": cleared.authors,
        "published": published,
        "source_link": cleared.source_link,
    }
    return Article(
        url=url,
        canonical_url=url,
        headline=headline,
        paragraphs=tuple(line.paragraph for line in cleared.lines),
        site="",
        authors=cleared.authors,
        published=published,
        source_link=cleared.source_link,
        origins={fact: "text" for fact, value in facts.items() if value},
        extractor={"rules": RULES, "rung": "flat"},
    )


def _lines(text: str) -> list[str]:
    raw = text.removeprefix("\ufeff").splitlines()
    blocks = "\n".join(line.strip() for line in raw).split("\n\n")
    if _is_wrapped(raw):
        return [words for block in blocks if (words := folded(block))]
    return [words for line in raw if (words := folded(line))]


def _is_wrapped(raw: Sequence[str]) -> bool:
    """Whether an editor broke the paragraphs into lines: most lines that another follows end at one margin."""
    followed = [line.rstrip() for line, after in pairwise(raw) if line.strip() and after.strip()]
    full = [line for line in followed if len(line) in _WRAPPED_AT]
    return len(followed) > 5 and len(full) * 10 > len(followed) * 9 and any(not line.strip() for line in raw)


def _first_paragraph(lines: Sequence[str]) -> int:
    """Where the article's sentences begin; the number of lines when there are none."""
    for at, line in enumerate(lines):
        if (
            is_prose(line, count_words(line))
            and not whole_line_rule(line)
            and not is_caption(line)
            and not _shouts(line)
        ):
            return at
    return len(lines)


def _shouts(line: str) -> bool:
    # "Is This the End of the Grain Deal?" may be a headline although it ends like a sentence.
    return line[-1] in "!?" and count_words(line) <= 14


def _headline(head: Sequence[str]) -> int | None:
    """The headline among what stands above the first paragraph: the first line of the last group that could be one."""
    could = [at for at, line in enumerate(head) if _could_be_headline(line)]
    while len(could) > 1 and could[-2] == could[-1] - 1:
        could.pop()
    return could[-1] if could else None


def _could_be_headline(line: str) -> bool:
    if not 3 <= count_words(line) <= 40 or line.endswith((":", ",", ";")):
        return False
    if whole_line_rule(line) or cues.is_date_line(line) or is_caption(line) or byline_in(line):
        return False
    return not cues.TAIL.match(line) and not cues.LABEL.fullmatch(line)


def _date(line: str) -> str | None:
    if found := _DAY_MONTH.search(line):
        day, month, year = found.groups()
    elif found := _MONTH_DAY.search(line):
        month, day, year = found.groups()
    else:
        return moment(line)
    if month.lower() not in _MONTHS:
        return None
    clock = _CLOCK.search(line)
    written = f"{year}-{_MONTHS.index(month.lower()) + 1:02}-{int(day):02}"
    return moment(f"{written}T{int(clock[1]):02}:{clock[2]}" if clock else written)
