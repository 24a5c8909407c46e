"""The text form: how a paragraph's characters stand in a text file.  Source: DESIGN.md 4.3, "The text file".

What is written here is hashed: a change to it is a new format version.
"""

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from archive.records import count_words

Kind = Literal["paragraph", "subhead", "list", "quote", "row"]

# Joiners shape Persian, Indic and emoji text, so they stay; every other control or format character is invisible.
_JOINERS = "\u200c\u200d"
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_WORD = re.compile(r"\w+")
_ASCII = (chr(at) for at in range(128))
_WORDS_OF_ASCII = "".join(sign.lower() if sign.isalnum() or sign == "_" else " " for sign in _ASCII).encode().ljust(256)
_SIGNS = "“”‘’–—…\u00a0"  # what text in ASCII is printed with
_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,6}(?![0-9])")
_SHORT = 300  # characters; no order of marks takes long in it
_MOST_MARKS = 30  # on one letter; no script needs as many.  Source: UAX 15, 13 (Stream-Safe Text Format)
_NO_LETTERS = re.compile(rf"[^\x00-\u02ff\w\s]{{{_MOST_MARKS + 1},}}")
_HUGE_REFERENCE = re.compile(r"&#(?:x0*+[0-9a-f]{7,}+|0*+[0-9]{8,}+);?", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """One paragraph on its way to the text: what it is, and its words in the text form, without a mark of its kind."""

    kind: Kind
    text: str
    mark: str = ""  # "- ", "3. ", "> ": what stands before the words in the text file

    @cached_property
    def words(self) -> int:
        """How many words it has, without its mark."""
        return count_words(self.text)

    @cached_property
    def bare(self) -> str:
        """Its text as `bare` gives it."""
        return bare(self.text)

    @property
    def paragraph(self) -> str:
        """The paragraph as the text file holds it."""
        return self.mark + self.text


def folded(text: str) -> str:
    """The text on one line: NFC, each run of white space (NBSP too) one space, none at the ends, nothing unseen."""
    words = text.split()
    line = " ".join(words)
    if line.isprintable() and (len(text) <= _SHORT or max(map(len, words), default=0) <= _MOST_MARKS):
        return line if line.isascii() else unicodedata.normalize("NFC", line)  # the rest would change nothing
    if len(text) > _SHORT and not text.isascii():
        # Normalising puts marks in order, in a time that grows with the square of their number.
        text = _NO_LETTERS.sub(_with_few_marks, text)
    return unicodedata.normalize("NFC", " ".join(_UNSEEN.sub("", text).split())).strip(_JOINERS + " ")


def _with_few_marks(run: re.Match[str]) -> str:
    kept, marks = [], 0
    for letter in run[0]:
        marks = marks + 1 if unicodedata.combining(letter) else 0
        if marks <= _MOST_MARKS:
            kept.append(letter)
    return "".join(kept)


def whole_number(attribute: str | None) -> int | None:
    """The number that an attribute of HTML says, of six digits at most; None when it says none."""
    found = _WHOLE.match(attribute or "")
    return int(found[0]) if found else None


def unescaped(text: str) -> str:
    """The text with its character references undone; one that no character has is U+FFFD."""
    # Python refuses to read a number of more than 4,300 digits.
    return html.unescape(_HUGE_REFERENCE.sub("\ufffd", text)) if "&" in text else text


def bare(text: str) -> str:
    """The words alone, case folded and parted by one space: two lines that say the same have the same bare text."""
    if not text.isascii():
        for sign in _SIGNS:
            text = text.replace(sign, " ")
    if text.isascii():  # five times as quick, and most of what many sites print
        return b" ".join(text.encode().translate(_WORDS_OF_ASCII).split()).decode()
    return " ".join(_WORD.findall(text.casefold()))
