"""Markdown: characters of a text that would be taken for markup, escaped, so that each word of it is read.

Source: CommonMark 0.31.
"""

import re

# Markup; an entity; and what many readers make a link of: an address of the web or of a person.
_INLINE = re.compile(r"[\\`*_\[\]<~@]|&(?=#?\w+;)|:(?=//)|(?<=\bwww)\.", re.IGNORECASE)
_MEANT = re.compile(r"(?:> )*(?:- |[0-9]{1,9}\. )?(?=\S)")  # a quote, a list item, an item of a quoted list
_BLOCK = re.compile(r"^(?:(?=[#+=>-])|([0-9]{1,9})(?=[.)](?:\s|$)))")  # a heading, a list, a rule, a quote


def page_of(text: str, *, has_headline: bool) -> str:
    """A text in the text form (archive/FORMAT.md) as Markdown: list items, quotes and headline stay what they are."""
    first, *others = text.removesuffix("\n").split("\n\n")
    return "\n\n".join([heading(first) if has_headline else paragraph(first), *map(paragraph, others)]) + "\n"


def heading(text: str) -> str:
    """The heading of a page."""
    return "# " + words(text).replace("#", r"\#")


def paragraph(text: str) -> str:
    """A paragraph of the text form, the mark of a quote or a list item before it."""
    meant = _MEANT.match(text)
    cut = meant.end() if meant else 0
    return text[:cut] + begun(words(text[cut:]))


def words(text: str) -> str:
    """Words within a paragraph."""
    return _INLINE.sub(r"\\\g<0>", text)


def begun(line: str) -> str:
    """The beginning of a paragraph, its words escaped already, so that it begins nothing else."""
    return _BLOCK.sub(r"\1\\", line)
