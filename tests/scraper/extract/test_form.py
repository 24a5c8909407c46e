"""The characters of a paragraph: quick ways say the same as the long ones, for every character there is."""

import re
import unicodedata

from scraper.extract.form import bare, folded

EVERY = [chr(point) for point in range(0x20000) if not 0xD800 <= point < 0xE000]


def test_bare_words_are_those_of_the_case_folded_text():
    words = re.compile(r"\w+")
    for sign in EVERY:
        for text in (f"a{sign}B", f"a {sign}’ é"):
            assert bare(text) == " ".join(words.findall(text.casefold())), hex(ord(sign))


def test_a_line_of_ascii_is_folded_as_any_other():
    for sign in map(chr, range(128)):
        line = f" a {sign}b\n"
        marked = folded(f"{line}é")  # the long way
        assert folded(line) == marked.removesuffix("é").rstrip(), hex(ord(sign))
        assert unicodedata.is_normalized("NFC", folded(line))
