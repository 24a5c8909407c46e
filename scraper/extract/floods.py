"""What of a page would take trafilatura minutes, made lighter: blocks of a thousand links or emphasised words.

trafilatura strips such tags and leaves their words side by side; of each piece libxml2 then asks what stands before it.
"""

from collections import Counter
from typing import Final

from lxml import etree
from lxml.html import HtmlElement

_PHRASES: Final = tuple(
    "a abbr acronym b bdi bdo big cite data dfn em font i img ins kbd mark nobr q ruby s samp script small span strike "
    "strong sub sup svg time tt u var wbr".split()
)
_MOST_PHRASES = 1_000  # of one block; the fullest of a thousand pages of newspapers and blogs has 402
_MANY_PHRASES, _FEWER_PHRASES = 10_000, 200  # of a page with more than the first, a block bears no more than the second
_UNREAD: Final = ("script", "svg")
_PHRASE, _LINK, _GONE = "phrase", "linked", "gone"  # what they are called while they are taken out
# Parts that a reader sees apart. From here on only the rungs that are linear in them read a page; 2,000 are many.
_MOST_PARTS: Final = 10_000
_PARTS = ("p", "div", "br", "li", "td", "th", "dd", "dt", "blockquote", "section", "h1", "h2", "h3", "h4", "h5", "h6")
_has_more_than = etree.XPath("count(//*) > $most")  # a third of what it takes to look at each from here


def open_floods(tree: HtmlElement) -> None:
    """Takes the tags out of each block with more than 1,000 of them, and its links, where they are most of its text.

    Of a page with more than 10,000, out of each block with more than 200. The tree is changed in place.
    """
    phrases = list(tree.iter(*_PHRASES)) if _has_more(tree, _MOST_PHRASES) else []
    if len(phrases) <= _MOST_PHRASES:
        return
    block_of: dict[HtmlElement, HtmlElement] = {}
    for phrase in phrases:
        around = phrase.getparent()
        block_of[phrase] = block_of.get(around, around)
    most = _FEWER_PHRASES if len(phrases) > _MANY_PHRASES else _MOST_PHRASES
    many = {block for block, count in Counter(block_of.values()).items() if count > most}
    for phrase, block in block_of.items():
        if block in many:
            phrase.tag = _LINK if phrase.tag == "a" else _GONE if phrase.tag in _UNREAD else _PHRASE
    for block in many:
        _open(block)


def has_many_parts(tree: HtmlElement) -> bool:
    """Whether so many paragraphs, breaks, list items and cells are in the tree that jusText would take minutes."""
    return _has_more(tree, _MOST_PARTS) and sum(1 for _ in tree.iter(*_PARTS)) > _MOST_PARTS


def _has_more(tree: HtmlElement, elements: int) -> bool:
    return bool(_has_more_than(tree, most=elements))


def _open(block: HtmlElement) -> None:
    etree.strip_elements(block, _GONE, with_tail=False)
    linked = sum(len(link.text_content()) for link in block.iter(_LINK))
    if linked * 2 > len(block.text_content()):
        etree.strip_elements(block, _LINK, with_tail=False)
    etree.strip_tags(block, _PHRASE, _LINK)
    for element in block.iter():
        element.text = element.text  # its pieces, which lie side by side, become one
        if element is not block:
            element.tail = element.tail
