"""The text form: how a paragraph's characters stand in a text file.  Source: DESIGN.md 4.3, "The text file".

What is written here is hashed: a change to it is a new format version.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Kind = Literal["paragraph", "subhead", "list", "quote", "row"]

# Joiners shape Persian, Indic and emoji text, so they stay; every other control or format character is invisible.
_JOINERS = "\u200c\u200d"
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph on its way to the text: what it is, and its words in the text form, without a mark of its kind."""

    kind: Kind
    text: str
    mark: str = ""  # "- ", "3. ", "> ": what stands before the words in the text file

    @property
    def paragraph(self) -> str:
        """The paragraph as the text file holds it."""
        return self.mark + self.text


def folded(text: str) -> str:
    """The text on one line: NFC, each run of white space (NBSP too) one space, none at the ends, nothing unseen."""
    return unicodedata.normalize("NFC", " ".join(_UNSEEN.sub("", text).split())).strip(_JOINERS + " ")


def bare(text: str) -> str:
    """The words alone, case folded and parted by one space: two lines that say the same have the same bare text."""
    return " ".join(_WORD.findall(text.casefold()))
