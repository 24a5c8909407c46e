"""The paragraphs of a page that no parser bears, by its block tags alone: linear in whatever it is made of."""

import re
from collections.abc import Iterator
from typing import Final

from archive.records import count_words
from scraper.extract.form import Kind, Line, folded, unescaped
from scraper.scan import HTML

_TAG = re.compile(rb"<(/?+[a-zA-Z][a-zA-Z0-9]*+)")
_LONGEST_NAME = 20
_KINDS: Final[dict[str, Kind]] = {"p": "paragraph", "h2": "subhead", "h3": "subhead", "li": "list"}
_BLOCKS = frozenset(
    "address article blockquote body br center dd div dl dt fieldset figure h1 h2 h3 h4 h5 h6 head header hr html li "
    "main ol p pre section table tbody td th tr ul".split()
)
# What stands in them is not the article's; one that is never closed ends with the page's next part.
_UNREAD = frozenset("nav footer aside noscript template select button figcaption".split())
_PARTS = frozenset("article main body".split())
_SENTENCE = 8  # words of a line that is no paragraph's and yet may be the article's


def plain_lines(page: bytes) -> list[Line]:
    """The lines of a page, in UTF-8: its paragraphs; of one without any, whatever stands between two blocks."""
    return _lines(page, _UNREAD) or _lines(page, frozenset())


def _lines(page: bytes, unread: frozenset[str]) -> list[Line]:
    found = [(name, words) for name, raw in _runs(page, unread) if (words := folded(unescaped(raw)))]
    if any(name == "p" for name, _ in found):
        return [Line(_KINDS[name], words, "- " if name == "li" else "") for name, words in found if name in _KINDS]
    return [Line("paragraph", words) for _, words in found if count_words(words) >= _SENTENCE]


def _runs(page: bytes, unread: frozenset[str]) -> Iterator[tuple[str, str]]:
    """(the block it stands in, text) of each stretch between two block tags."""
    run: list[str] = []
    block, closed_by, at = "", "", 0  # closed_by: the end tag of the unread element we are in
    for token in HTML.token.finditer(page):
        if not closed_by:
            run.append(page[at : token.start()].decode("utf-8", "replace"))
        at = token.end()
        name = _name(page, token.start())
        if name.lstrip("/") in unread and not (closed_by and name != closed_by):
            closed_by = "" if name == closed_by or name[0] == "/" else f"/{name}"
        elif name in _PARTS:
            closed_by = ""
        if name.lstrip("/") in _BLOCKS and not closed_by:
            yield block, "".join(run)
            run.clear()
            block = block if name == "br" else "" if name[0] == "/" else name
    yield block, "".join((*run, "" if closed_by else page[at:].decode("utf-8", "replace")))


def _name(page: bytes, at: int) -> str:
    """The name of the tag there, behind a "/" when it is an end tag; "" for a comment."""
    tag = _TAG.match(page, at, at + _LONGEST_NAME)
    return tag[1].decode().lower() if tag else ""
