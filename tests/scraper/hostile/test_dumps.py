"""Whatever a flattened text repeats, reading it takes a time that grows with its length and no faster."""

import time

import pytest

from scraper.errors import NotAnArticle
from scraper.extract import clean_flat, is_flat
from tests.scraper.extract.pages import PARAGRAPHS

LETTERS = 40_000
UNITS = (
    *(
        "[",
        "](",
        "![a](",
        "[a](b",
        "](<",
        '[a](b "',
        "](a '",
        "](http://x y",
        "[a][x]",
        "\\[",
        "a\\",
        "**a",
        "_a_ ",
        "__",
    ),
    *("[1]", "[1] \n", "- \n", "1. \n", "> ", "| ", "a | b\n---|---\n", "# \n", "a  b\n", "   a b\n", "a-b ", "-"),
    *("a" * 70 + "\n", "aaaa " * 14 + "\n", "References\n", "References\n   1. http://a\n", "[x]: http://a\n"),
    *(
        "(BUTTON) ",
        "[ ",
        "____",
        "│a│b│\n",
        "a\n===\n",
        "漢",
        "漢" * 70 + "\n",
        "a.\n",
        "a:\n",
        "12 May 2026\n",
        "!?\n",
    ),
    *("Source: http://x ", "IFRAME: ", "[a.gif]", "By Ann Lee\n", "\f", "\n", "\u200b", "\u0301", "<a ", "&#"),
)


def end_of(text: str) -> str:
    try:
        return clean_flat(text).paragraphs[0]
    except NotAnArticle as error:
        return error.reason


@pytest.mark.parametrize("unit", UNITS, ids=repr)
def test_a_text_that_repeats_itself_is_read_in_time(unit):
    began = time.process_time()
    long = unit * (LETTERS // len(unit))
    broken = "\n".join([unit * 20] * (LETTERS // 20 // len(unit)))
    for text in (long, broken, "\n\n".join((*PARAGRAPHS, long))):
        assert end_of(text)
        is_flat(text)
    assert time.process_time() - began < 6
