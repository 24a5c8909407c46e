"""No line, whatever it repeats, makes a rule try again and again."""

import re
import time
from collections.abc import Iterator

import pytest

from scraper import feeds, fronts, links, sitemaps
from scraper.extract import cleaning, cues, facts, flat, form, lines, marks, state
from scraper.extract.facts import names
from scraper.extract.flat import dumps, printed_dates, stretch

UNITS = (
    *(
        "1 views ",
        "1 baxılıb ",
        "a-Aa ",
        "A+ ",
        "1 ",
        "1, ",
        "by ",
        "Ann Lee, ",
        "and ",
        "Photo: ",
        "read more ",
        "share on ",
        "- ",
        "| ",
    ),
    *(
        ": ",
        "© ",
        "(",
        '"',
        "<",
        "<a ",
        "&#",
        "https://",
        "www.",
        "a@",
        "20 November 2026 ",
        "12:00 ",
        "min ",
        "x y ",
        "O'",
        "a-",
        "#A",
        "=(charset ",
    ),
    *("original: ", "foto ", "Von Ann ", "google e ", "1 min ", "newsletter ", "reporting by ", "港", "ال", "Ə", "ı"),
    *("](a", "[a](", '](b "', "](<c", "a\\", "**a", "_a_ ", "[1]", "│", "---|", "1 May 2026 "),
)
MODULES = (
    *(cleaning, cues, dumps, facts, feeds, flat, form, fronts, lines, links, marks, names, printed_dates, sitemaps),
    *(state, stretch),
)


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Every pattern of ours that reads text."""
    for module in MODULES:
        for name, value in vars(module).items():
            for each in flat_values(value):
                if isinstance(each, re.Pattern) and isinstance(each.pattern, str):
                    yield f"{module.__name__}.{name}", each


def flat_values(value: object) -> Iterator[object]:
    """What stands in tuples, and in tuples in them."""
    if isinstance(value, tuple):
        for each in value:
            yield from flat_values(each)
    else:
        yield value


@pytest.mark.parametrize(("name", "pattern"), list(patterns()))
def test_a_pattern_s_time_does_not_grow_with_the_ways_to_read_a_line(name, pattern):
    began = time.process_time()
    for unit in UNITS:
        for ending in ("", "!", "~x"):
            line = (unit * 240)[:238] + ending
            pattern.fullmatch(line)
            pattern.search(line)
    assert time.process_time() - began < 2, name


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        *((said, "counter") for said in ("12,345 views", "Views: 98,114", "1 view | 2 shares", "5 likes 3 shares")),
        *((said, "counter") for said in ("12 k reads", "1 views 2 views 3 views")),
        *((said, "font-size") for said in ("A- A+", "A+ A++", "A- A A+", "a-Aa")),
    ],
)
def test_what_is_a_counter_or_a_font_switch_still_is(said, rule):
    assert lines.whole_line_rule(said) == rule
