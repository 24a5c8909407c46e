"""From the decoded page to a tree, and what each parser bears."""

from typing import Final

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from scraper.scan import HTML, Limits

# Past these lxml's tree, and trafilatura on it, need seconds and gigabytes; how deep it lies lxml tells itself.
FOR_LXML: Final = Limits(grammar=HTML, size=20_000_000, tags=200_000, attributes=500, tag=1_000_000, depth=2_000_000)
# Lexbor's time grows with the square of the depth: 0.5 s for 10,000 levels, and list items are not counted.
FOR_LEXBOR: Final = Limits(grammar=HTML, size=64_000_000, tags=1_500_000, attributes=500, tag=1_000_000, depth=5_000)


def tree_of(page: bytes) -> HtmlElement | None:
    """The tree of a light page; None when lxml lost a part of it, 2,048 levels down, or found no element."""
    # Without huge_tree a page is cut at 256 levels and at 10 MB in one node, without a word.
    parser = HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, collect_ids=False)
    try:
        tree = document_fromstring(page, parser=parser, ensure_head_body=True)
    except etree.ParserError:
        return None
    return None if _was_cut(parser) else tree


def _was_cut(parser: HTMLParser) -> bool:
    last = parser.error_log.last_error
    return last is not None and last.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT
