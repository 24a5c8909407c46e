"""What of a page is article and what is boilerplate: trafilatura, and a ladder of fallbacks below it.

This is the only module that knows trafilatura, and the only place where a tree becomes lines of the text form.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

import trafilatura
from lxml import etree
from lxml.html import HtmlElement
from selectolax.lexbor import LexborHTMLParser
from trafilatura.settings import Document

from scraper.errors import PARSER_BUGS
from scraper.extract.floods import has_many_parts, open_floods
from scraper.extract.form import Kind, Line, folded, whole_number

# The ladder, and two texts that may stand in for any of them: JSON-LD's own, and that in the state of a page's scripts.
# The parent begins further down with a page whose worker died higher up.
RUNGS: Final = ("trafilatura", "trafilatura-fast", "baseline", "lexbor", "plain", "json-ld", "state")
VERSIONS: Final = {name: version(name) for name in ("trafilatura", "selectolax", "lxml", "htmldate")}

# Line breaks must outlive trafilatura, which trims white space and drops control characters: so they are marked by
# printable symbols that no newspaper prints. A pair of <br> parts paragraphs, a single one is a space.
_PART, _SPACE = "\u241e", "\u241f"
_NUMBER = "\u241d"  # around the number of a list's item, where the list does not count from one
_NUMBERED = re.compile(rf"\s*{_NUMBER}(-?[0-9]+){_NUMBER}")
_CODE = re.compile(r"[{};]\s*$", re.MULTILINE)
_BLOCKS = frozenset(("p", "head", "list", "item", "quote", "row", "table", "div", "article", "section", "code"))
_KINDS: Final[dict[str, Kind]] = {"head": "subhead", "quote": "quote", "row": "row"}
_UNREAD: Final = ("script", "style", "svg", "template", "link", "meta", "img", "source")
_SPAN_DIGITS = 2
_MOST_TABLES = 10  # in each other
_PROSE = 80  # characters of a paragraph that is no cell's
_FEWEST_BLOCKS = 3
_MOST_CELLS = 300  # of a table that lays out a page
_SPACED = frozenset(("lb", "graphic"))

# trafilatura logs every page without a text; here that is a value with a reason, so its log says nothing new.
for _name in ("trafilatura", "htmldate", "readability"):
    trafilatura.core.LOGGER.manager.getLogger(_name).setLevel("CRITICAL")


def article_lines(tree: HtmlElement, url: str, *, start: str = RUNGS[0]) -> tuple[str, list[Line]]:
    """The rung of the ladder that found a text, and the text's lines; ("", []) when none did.

    tree: the whole page; it is changed in place, so read the facts first. start: the first rung that is tried.
    """
    open_floods(tree)
    _lighten(tree)
    _cut_next_articles(tree)
    _mark_breaks(tree)
    _mark_numbers(tree)
    if start == RUNGS[0] and has_many_parts(tree):
        start = RUNGS[1]
    for rung in RUNGS[RUNGS.index(start) : 3]:
        try:
            lines = list(_lines(_found(rung, tree, url)))
        except PARSER_BUGS:
            continue
        if lines:
            return rung, lines
    return "", []


def deep_lines(page: bytes | str) -> list[Line]:
    """The paragraphs of a page that lies too deep for lxml, by Lexbor, which has no such limit."""
    body = LexborHTMLParser(page)
    found = body.css("article p, article h2, article h3, article li") or body.css("p, h2, h3")
    kinds: dict[str, Kind] = {"h2": "subhead", "h3": "subhead", "li": "list"}
    lines = [(kinds.get(node.tag or "", "paragraph"), folded(node.text(deep=True))) for node in found]
    return [Line(kind, words, "- " if kind == "list" else "") for kind, words in lines if words]


def printed_lines(text: str) -> list[Line]:
    """The paragraphs of a text that comes without markup: JSON-LD's articleBody, or one with stray tags in it."""
    if "</p>" in text or "<br" in text:
        return deep_lines(text)
    return [Line("paragraph", words) for part in re.split(r"\n\s*\n|\n", text) if (words := folded(part))]


def _found(rung: str, tree: HtmlElement, url: str) -> etree._Element | None:
    if rung == "baseline":
        return trafilatura.baseline(tree)[0]
    found = trafilatura.bare_extraction(
        tree,
        url=url,
        fast=rung == "trafilatura-fast",
        include_comments=False,  # +0.1 to +1.65 points of F1: reference/extraction.md, 0.2
        include_tables=True,
        with_metadata=False,  # facts.py reads them at a fraction of the cost
    )
    return found.body if isinstance(found, Document) else None


def _lighten(tree: HtmlElement) -> None:
    """Takes out what no rung reads; trafilatura copies the tree four times over before it does the same."""
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or "").lower():
            script.tag = "kept"  # its articleBody is what `baseline` reads first
    _open_foreign(tree)
    _open_layouts(tree)
    etree.strip_elements(tree, *_UNREAD, with_tail=False)
    for kept in tree.iter("kept"):
        kept.tag = "script"


def _open_foreign(tree: HtmlElement) -> None:
    # Browsers end an <svg> at the first paragraph in it, and show the template of a shadow root; lxml does neither.
    for element in list(tree.iter("svg", "template")):
        shown = (
            element.get("shadowrootmode") if element.tag == "template" else next(element.iter("p"), None) is not None
        )
        if shown:
            element.drop_tag()
    _flatten_tables(tree)
    for cell in tree.iter("td", "th"):
        for span in ("colspan", "rowspan"):
            if len(cell.get(span) or "") > _SPAN_DIGITS:
                del cell.attrib[span]  # trafilatura writes out each cell that it covers


def _open_layouts(tree: HtmlElement) -> None:
    """Makes boxes of the tables that lay out a page of before HTML 5, and takes out their cells of nothing but links.

    trafilatura would print their cells beside each other.
    """
    if next(tree.iter("article", "main"), None) is not None:
        return
    most = len(tree.text_content()) // 2
    for table in [each for each in tree.iter("table") if _lays_out(each, most)]:
        for part in _parts_of(table):
            linked = sum(len("".join(link.itertext()).strip()) for link in part.iter("a")) if part.tag == "td" else 0
            if linked and linked * 10 >= len(part.text_content().strip()) * 9:
                part.clear()
            part.tag = "div"


def _lays_out(table: HtmlElement, most: int) -> bool:
    """Whether most of the page's text stands in the table, and the headline, or several paragraphs in one cell."""
    if len(table.text_content()) < most or sum(1 for _ in table.iter("td")) > _MOST_CELLS:
        return False
    return next(table.iter("h1"), None) is not None or any(map(_holds_paragraphs, table.iter("td")))


def _holds_paragraphs(cell: HtmlElement) -> bool:
    breaks = sum(1 for each in cell.iter("br") if (after := each.getnext()) is not None and after.tag == "br")
    blocks = sum(1 for each in cell.iter("p") if len(each.text_content()) > _PROSE)
    return max(breaks, blocks) >= _FEWEST_BLOCKS and len(cell.text_content()) > _PROSE * _FEWEST_BLOCKS


def _parts_of(table: HtmlElement) -> list[HtmlElement]:
    """The table, its rows and its cells, but none of a table that lies in it."""
    parts, waiting = [], [table]
    while waiting:
        part = waiting.pop()
        parts.append(part)
        waiting += [each for each in part if each.tag in ("tbody", "thead", "tfoot", "tr", "td", "th")]
    return parts


def _flatten_tables(tree: HtmlElement) -> None:
    # trafilatura goes through all that lies in a table, for each table that lies in it, twice.
    deep = 0
    if sum(1 for _ in tree.iter("table")) > _MOST_TABLES:
        for event, table in list(etree.iterwalk(tree, events=("start", "end"), tag="table")):
            deep += 1 if event == "start" else -1
            if event == "start" and deep > _MOST_TABLES:
                table.tag = "div"


def _cut_next_articles(tree: HtmlElement) -> None:
    # Dagbladet and others load the next article below this one: an <article> of its own, with an h1 of its own, which
    # is no link as a teaser's is.
    whole = tree.xpath("//article[not(ancestor::article)][.//h1[not(.//a or ancestor::a)]]")
    for following in whole[1:]:
        following.drop_tree()


def _mark_breaks(tree: HtmlElement) -> None:
    for element in tree.iter("br", "hr", "pre", "q"):
        if element.tag == "q":
            element.tag = "span"  # trafilatura takes it for a quote that stands apart
        elif element.tag == "pre":
            _unwrap_printed(element)
        else:
            _mark_break(element)


def _mark_numbers(tree: HtmlElement) -> None:
    """Writes the numbers that a list prints into its items, which lose what they are counted by."""
    for around in tree.iter("ol"):
        items = list(around.iterchildren("li"))
        if not {"start", "reversed"}.isdisjoint(around.attrib) or any("value" in item.attrib for item in items):
            step = -1 if "reversed" in around.attrib else 1
            start = whole_number(around.get("start"))
            number = start if start is not None else 1 if step > 0 else len(items)
            for item in items:
                value = whole_number(item.get("value"))
                number = value if value is not None else number
                item.text = f"{_NUMBER}{number}{_NUMBER}{item.text or ''}"
                number += step


def _mark_break(element: HtmlElement) -> None:
    tail, following = element.tail or "", element.getnext()
    if not tail.strip() and (following is None or following.tag == "br"):
        return  # the last break of a run speaks for all
    before = element.getprevious()
    paired = before is not None and before.tag == "br" and not (before.tail or "").strip()
    element.tail = (_PART if paired or element.tag == "hr" else _SPACE) + tail


def _unwrap_printed(element: HtmlElement) -> None:
    # Wire services print whole articles in <pre>, which trafilatura would call one quote; program text stays.
    if len(element) or not element.text or _CODE.search(element.text):
        return
    element.tag = "p"
    element.text = re.sub(r"\n\s*\n", _PART, element.text)


def _lines(body: etree._Element | None) -> Iterator[Line]:
    """The lines of trafilatura's tree: p, head, list with item, quote, table with row and cell, code, lb."""
    if body is None:
        return
    last: Line | None = None
    for line in _flow(body):
        if line.text.startswith(_SPACE) and last is not None and line.kind == last.kind == "paragraph":
            last = Line("paragraph", f"{last.text} {line.text}")  # trafilatura made two paragraphs of a single <br>
            continue
        if last is not None:
            yield from _finished(last)
        last = line
    if last is not None:
        yield from _finished(last)


def _finished(line: Line) -> Iterator[Line]:
    mark = line.mark
    for part in _NUMBERED.sub(" ", line.text).split(_PART):
        if words := folded(part.replace(_SPACE, " ")):
            yield Line(line.kind, words, mark)
            mark = mark if line.kind == "quote" else ""


@dataclass(slots=True)
class _Block:
    """An open block of the tree: the kind of the lines in it and the mark the next one gets."""

    kind: Kind
    mark: str = ""
    ordered: bool = False
    items: int = 0  # list items so far


def _flow(body: etree._Element) -> Iterator[Line]:
    """Raw lines in the order of the page: text between two block boundaries, breaks still marked."""
    run: list[str] = []
    blocks = [_Block("paragraph")]
    cells = 0  # how many cells we are in; a cell's blocks do not part it
    for event, element in etree.iterwalk(body, events=("start", "end")):
        tag = str(element.tag)
        if tag in _BLOCKS and not cells:
            yield from _closed(run, blocks[-1])
            _step(blocks, event, element)
        elif tag in _BLOCKS or tag in _SPACED:
            run.append(" ")
        if tag == "cell":
            cells += 1 if event == "start" else -1
            run.append(" | " if event == "start" and run else "")
        run.append((element.text if event == "start" else element.tail if element is not body else "") or "")
    yield from _closed(run, blocks[0])


def _closed(run: list[str], block: _Block) -> Iterator[Line]:
    words = "".join(run).strip(" |") if block.kind == "row" else "".join(run).strip()
    run.clear()
    if numbered := _NUMBERED.match(words) if block.mark[:1].isdigit() else None:
        words = words[numbered.end() :].strip()
        block.mark = f"{numbered[1]}. " if int(numbered[1]) >= 0 else "- "
    if words:
        yield Line(block.kind, words, block.mark)
        if block.kind == "list":
            block.mark = ""  # a second paragraph of the same item has no bullet


def _step(blocks: list[_Block], event: str, element: etree._Element) -> None:
    if event == "end":
        blocks.pop()
    elif element.tag == "list":
        blocks.append(_Block(blocks[-1].kind, ordered=element.get("rend") == "ol"))
    elif element.tag == "item":
        blocks[-1].items += 1
        blocks.append(_Block("list", f"{blocks[-1].items}. " if blocks[-1].ordered else "- "))
    elif element.tag in _KINDS:
        blocks.append(_Block(_KINDS[element.tag], "> " if element.tag == "quote" else ""))
    else:
        blocks.append(blocks[-1])
