"""The other articles of a page: which of several the page is about, and the page without the rest.

Some sites load the next article below the one that was asked for, others print two side by side. What is found here is
cut before anything else looks at the page, so that no reader of it takes a part of one for the other's.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from archive.records import count_words
from scraper.extract.blocks import upwards
from scraper.extract.form import bare

_WORDS: Final = 60  # in paragraphs, of what may be an article
_MOST: Final = 3  # others; more are a list or the entries of a live blog, and left to who knows these
_MOST_HEADS: Final = 50
_SIGNED: Final = (
    'time,[itemprop~="datePublished"],[itemprop~="author"],[rel~="author"],[class*="byline" i],[class*="author" i]'
)
# What the head of a page says of the article that it is about.
_SAID: Final = (
    'title,meta[property="og:title"],meta[name="twitter:title"],meta[property^="article:"],meta[name="author" i]'
)


@dataclass(frozen=True, slots=True)
class _Headed:
    """A headline that is no link, and the largest element around it that holds no other one."""

    head: LexborNode
    box: LexborNode

    @property
    def is_whole(self) -> bool:
        """Whether there is text enough for an article, and the box is one or says by whom it was written, or when."""
        words = sum(count_words(paragraph.text(deep=True)) for paragraph in self.box.css("p"))
        # Guides have headlines of their parts in <h1>, each in a <section> or <div>, and slides in an <article>.
        signs = f"article,{_SIGNED}" if self.head.tag == "h1" else _SIGNED
        return words >= _WORDS and self.box.css_first(signs) is not None

    def is_like(self, own: "_Headed") -> bool:
        """Whether it stands beside that one as its equal: the same element of the same class."""
        mine, its = (set((each.box.attributes.get("class") or "").split()) for each in (self, own))
        return self.box.tag == own.box.tag and (mine == its or bool(mine & its))


def without_others(tree: LexborHTMLParser, headline: str | None, url: str) -> bytes | None:
    """The page without the articles that it is not about; None when it holds no others, and most hold none.

    The URL's fragment says which article is meant, else the headline, else it is the first.

    tree: the whole page; headline: as the page declares it. Of a page with others the tree is changed in place.
    """
    found = tree.css("h1,article")
    heads = _heads([node for node in found if node.tag == "h1"][:_MOST_HEADS])
    headed = _headed(heads) if len(heads) > 1 else _articles([node for node in found if node.tag == "article"])
    if not headed:
        return None
    name = url.partition("#")[2]
    named = _named(tree, headed, name) if name else None
    first = headed[0] if len(heads) > 1 else None
    own = named or next((each for each in headed if _says(each.head, headline)), first)
    if own is None:
        return None
    others = _others(own, [each for each in headed if each is not own])
    if not 0 < len(others) <= _MOST:
        return None
    for each in others:
        each.box.decompose()
    page = tree.html or ""
    if named and not _says(own.head, headline):
        page = _titled(tree, own.head.text(deep=True))
    return page.encode("utf-8", "replace")


def _others(own: _Headed, headed: Sequence[_Headed]) -> list[_Headed]:
    """Those of them that are articles, too: beside the page's own its equals, within one that is none the only one."""
    around = _article_around(own.box)
    # In one <article> with the first they are its chapters.
    alike = [each for each in headed if each.is_like(own) and (around is None or _article_around(each.box) != around)]
    nested = [each for each in headed if _is_nested(each)]
    if not alike and not nested:  # as of nearly all pages; the words are counted of no other
        return []
    if own.is_whole:
        return [each for each in alike if each.is_whole]
    others = [each for each in headed if each.is_whole]
    return others if len(others) == 1 and _is_nested(others[0]) else []


def _titled(tree: LexborHTMLParser, headline: str) -> str:
    """The page under this headline; what its head says of the article above it goes."""
    for element in tree.css(_SAID):
        element.decompose()
    return (tree.html or "").replace("<head>", f"<head><title>{html.escape(headline)}</title>", 1)


def _heads(found: Sequence[LexborNode]) -> list[LexborNode]:
    """The <h1>s that are no links, as those of teasers are; none of a page that has but one."""
    if len(found) < 2:
        return []
    return [head for head in found if not head.css_first("a") and all(each.tag != "a" for each in upwards(head.parent))]


def _articles(found: Sequence[LexborNode]) -> list[_Headed]:
    """The <article>s that lie in no other, each with its headline, which may be a link to its own page."""
    if len(found) < 2:
        return []
    outer = [each for each in found[:_MOST_HEADS] if all(element.tag != "article" for element in upwards(each.parent))]
    heads = [(each.css_first("h1") or each.css_first("h2"), each) for each in outer]
    return [_Headed(head, box) for head, box in heads if head is not None]


def _headed(heads: Sequence[LexborNode]) -> list[_Headed]:
    above: dict[int, int] = {}  # element → how many of the heads it holds
    for head in heads:
        for element in upwards(head.parent):
            above[element.mem_id] = above.get(element.mem_id, 0) + 1
    found = [
        _Headed(head, next(reversed([head, *takewhile(lambda each: above[each.mem_id] == 1, upwards(head.parent))])))
        for head in heads
    ]
    return [each for each in found if each.box.tag not in ("html", "body")]


def _named(tree: LexborHTMLParser, headed: Sequence[_Headed], name: str) -> _Headed | None:
    """The article that has this name, or holds what has it."""
    anchor = next((each for each in tree.css("[id]") if each.attributes.get("id") == name), None)
    around = {each.mem_id for each in upwards(anchor)}
    return next((each for each in headed if each.box.mem_id in around), None)


def _article_around(box: LexborNode) -> int | None:
    return next((each.mem_id for each in upwards(box.parent) if each.tag == "article"), None)


def _is_nested(each: _Headed) -> bool:
    """Whether it is an <article> within another one."""
    return each.box.tag == "article" and any(element.tag == "article" for element in upwards(each.box.parent))


def _says(head: LexborNode, headline: str | None) -> bool:
    return headline is not None and bare(head.text(deep=True)) == bare(headline)
