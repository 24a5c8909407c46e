"""From the decoded page to a tree, past everything that would lose, stall or flood a parser."""

import re
from typing import Final

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from scraper.errors import ExtractError

# Measured in reference/reliability.md, section 2: past these both parsers need seconds and gigabytes.
LARGEST: Final = 20_000_000  # bytes, once comments and inline images are out
MOST_TAGS: Final = 200_000
MOST_ATTRIBUTES: Final = 10_000  # of one tag; both parsers compare each with each
DEEPEST: Final = 20_000  # levels; Lexbor takes 0.5 s for 10,000 and 13 s for 100,000

_SMALL = 1_000_000  # bytes; below, nothing in a page is large enough to be worth a second pass
_LONG_TAG = re.compile(rb"<[a-zA-Z][^<>]{20000,}")
_QUOTED = re.compile(rb"\"[^\"]*\"|'[^']*'")
_INLINE_FILE = re.compile(rb"data:[\w.+-]*/[\w.+-]*;base64,[A-Za-z0-9+/=%]{1000,}")
_FORBIDDEN = bytes({*range(32)} - set(b"\t\n\r"))  # XML 1.0, 2.2: lxml refuses them
_DOCTYPE = re.compile(rb"<!doctype[^>]{0,2000}>", re.IGNORECASE)
_TAG = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
_EMPTY_TAGS = frozenset(b"area base br col embed hr img input link meta param source track wbr".split())


def fit(page: bytes, url: str) -> bytes:
    """The page, in UTF-8, as a parser can bear it: no doctype, control characters, giant comments, inline images.

    A few passes of the machine's speed, before any parser runs.
    Raises ExtractError "too-large", "too-many-tags" or "too-many-attributes".
    """
    page = page.translate(None, _FORBIDDEN)
    if len(page) > _SMALL:
        page = _INLINE_FILE.sub(b"data:,", _without_comments(page))
    if len(page) > LARGEST:
        raise ExtractError(url, "too-large", f"the page has {len(page):,} bytes of markup, {LARGEST:,} are read")
    if page.count(b"<") > MOST_TAGS:
        raise ExtractError(url, "too-many-tags", f"the page has more than {MOST_TAGS:,} tags")
    if any(_attributes(tag) > MOST_ATTRIBUTES for tag in _LONG_TAG.findall(page)):
        raise ExtractError(url, "too-many-attributes", f"one tag has more than {MOST_ATTRIBUTES:,} attributes")
    # libxml2 takes some broken doctypes for text and then drops the head (trafilatura's own repair, lxml bug 1955915).
    return _DOCTYPE.sub(b"", page, count=1)


def tree_of(page: bytes) -> HtmlElement | None:
    """The tree of a fit page; None when lxml lost a part of it, 2,048 levels down, or found no element."""
    # Without huge_tree a page is cut at 256 levels and at 10 MB in one node, without a word.
    parser = HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, collect_ids=False)
    try:
        tree = document_fromstring(page, parser=parser, ensure_head_body=True)
    except etree.ParserError:
        return None
    return None if _was_cut(parser) else tree


def too_deep(page: bytes) -> bool:
    """Whether elements lie so deep in each other that Lexbor, whose time grows with the square, must not see them."""
    depth = 0
    for closing, name in _TAG.findall(page):
        if name.lower() not in _EMPTY_TAGS:
            depth += -1 if closing else 1
        if depth > DEEPEST:
            return True
    return False


def _was_cut(parser: HTMLParser) -> bool:
    last = parser.error_log.last_error
    return last is not None and last.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT


def _without_comments(page: bytes) -> bytes:
    kept, at = [], 0
    while (start := page.find(b"<!--", at)) >= 0 and (end := page.find(b"-->", start)) >= 0:
        kept.append(page[at:start])
        at = end + 3
    return b"".join((*kept, page[at:]))


def _attributes(tag: bytes) -> int:
    return len(_QUOTED.sub(b" ", tag).split())
