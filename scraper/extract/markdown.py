"""An article in Markdown: its lines, and what its page says beside their words: levels, links, footnotes, tables.

The words are those of the text form. What the page has beside them is read from the block that prints the line; a line
that no block prints has its words alone. Source: CommonMark 0.31, and GitHub's tables and footnotes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from archive import escaping
from archive.records import Article, Site
from scraper import urls
from scraper.extract.cleaning import Cleaned, cleaned, lightened
from scraper.extract.form import Line, folded
from scraper.extract.tracing import Tracer, blocks_in

_UNSPACED: Final = re.compile(r"[^\s\u200c\u200d]")  # what folding leaves as it is: neither space nor joiner
_IN_A_URL: Final = re.compile(r"[()<>\\`|\"'\s]")
_BARS: Final = re.compile(r"[\s|]+")  # what a row's cells are parted by
_ENTITY: Final = re.compile(r"&(?=#?\w+;)")
_LONGEST_LABEL: Final = 8  # characters of a footnote's number or sign
_HEADING: Final = re.compile(r"h[2-6]")


@dataclass(frozen=True, slots=True)
class _Run:
    """Letters of a block that stand together: as plain text, in a link, or as the number of a footnote."""

    letters: str
    target: str | None = None  # a URL
    note: str | None = None  # the id of its footnote


@dataclass(frozen=True, slots=True)
class _Printed:
    """A line of the article, and the elements that print it."""

    line: Line
    nodes: tuple[LexborNode, ...] = ()


def markdown(body: bytes, url: str, *, charset: str | None = None, site: Site | None = None) -> tuple[Article, str]:
    """The article as `scraper.extract.clean` gives it, and its Markdown.  Raises what that raises."""
    found = cleaned(body, url, charset=charset, site=site)
    return found.article(), markdown_of(found, lightened(body, charset))


def markdown_of(found: Cleaned, tree: LexborHTMLParser | None) -> str:
    """The article as Markdown, one newline at the end.

    tree: the page's, lightened; None: then words alone.
    """
    lines = _printed(found.cleared.lines, tree)
    own = urls.join(found.url, "") or found.facts.canonical or ""
    page = _Page(own, _base(own, tree), _notes(lines, own))
    headline = [escaping.heading(found.facts.headline)] if found.facts.headline else []
    return "\n\n".join([*headline, *_blocks(page, lines)]) + "\n"


def _printed(lines: Sequence[Line], tree: LexborHTMLParser | None) -> list[_Printed]:
    blocks = list(blocks_in(tree)) if tree else []
    traced = Tracer([block.line.text for block in blocks]).trace(line.text for line in lines)
    found = []
    for line, places in zip(lines, traced, strict=True):
        nodes = {block.node.mem_id: block.node for block in blocks[places.start : places.stop]} if places else {}
        found.append(_Printed(line, tuple(nodes.values())))
    return found


def _base(own: str, tree: LexborHTMLParser | None) -> str:
    """What links are relative to."""
    declared = tree.css_first("base[href]") if tree else None
    return (_absolute(own, declared.attributes.get("href") or "") if declared else None) or own


# ── blocks


def _blocks(page: "_Page", lines: Sequence[_Printed]) -> Iterator[str]:
    before, bracketed = "", False
    for (sort, _), group in groupby(enumerate(lines), key=lambda each: _sort(page, *each)):
        together = [each for _, each in group]
        # A list that does not go on counting is another one: readers tell two in a row by "1." and "1)".
        bracketed = sort == before == "1. " and not bracketed
        before = sort
        if sort == "row":
            yield _table(page, together)
        elif bracketed:
            yield "\n".join(page.block(each).replace(".", ")", 1) for each in together)
        else:
            yield _JOINED.get(sort, "\n\n").join(page.block(each) for each in together)


_JOINED: Final[Mapping[str, str]] = {"- ": "\n", "1. ": "\n", "> ": "\n>\n"}


def _sort(page: "_Page", at: int, each: _Printed) -> tuple[str, int]:
    """What stands together without a line between: a list that counts on, a quote, the rows of one table."""
    if each.line.kind == "row":
        return "row", _table_of(each)
    if each.line.kind == "list" and not page.label(each):
        number = each.line.mark.partition(".")[0]
        return ("1. ", int(number) - at) if number.isdigit() else (each.line.mark, 0)
    return each.line.mark if each.line.kind == "quote" else each.line.kind, 0


def _table_of(each: _Printed) -> int:
    at = each.nodes[0] if each.nodes else None
    while at is not None and at.tag != "table":
        at = at.parent
    return at.mem_id if at is not None else 0


def _table(page: "_Page", rows: Sequence[_Printed]) -> str:
    cells = [page.cells(row) for row in rows]
    width = max(map(len, cells))
    head, *others = [f"| {' | '.join([*row, *[''] * (width - len(row))])} |" for row in cells]
    return "\n".join([head, f"|{' --- |' * width}", *others])


def _level(each: _Printed) -> int:
    tag = each.nodes[0].tag or "" if each.nodes else ""
    return int(tag[1]) if _HEADING.fullmatch(tag) else 2


@dataclass(frozen=True, slots=True)
class _Page:
    """What a line needs of its page."""

    own: str  # its URL; of a page that is no URL's, its canonical link
    base: str  # what its links are relative to
    notes: Mapping[str, str]  # id of a footnote → its label; those whose text the article holds

    def block(self, each: _Printed) -> str:
        """A line that is no row, with the mark of its kind."""
        said = self.words(each.line.text, each.nodes)
        if label := self.label(each):
            return f"[^{label}]: {said}"
        if each.line.kind == "subhead":
            return f"{'#' * _level(each)} {_unclosed(said)}"
        return each.line.mark + escaping.begun(said)

    def cells(self, each: _Printed) -> list[str]:
        """The cells of a row, empty ones too where the page tells them."""
        nodes = each.nodes[0].css("td,th") if len(each.nodes) == 1 else []
        texts = [folded(node.text(deep=True, separator=" ")) for node in nodes]
        if texts and _BARS.sub("", "".join(texts)) == _BARS.sub("", each.line.text):
            said = [self.words(text, (node,)) for node, text in zip(nodes, texts, strict=True)]
        else:
            said = [escaping.words(text) for text in each.line.text.split(" | ")]
        return [cell.replace("|", r"\|") for cell in said]

    def label(self, each: _Printed) -> str | None:
        """The label of the footnote whose text this line is."""
        return next((self.notes[name] for name in _names(each) if name in self.notes), None)

    def words(self, text: str, nodes: Sequence[LexborNode]) -> str:
        """A line's words with the links and footnotes of the elements that print it."""
        at = [found.start() for found in _UNSPACED.finditer(text)]
        said, done = "", 0
        for start, run in _runs_in(self, [text[each] for each in at], nodes):
            first, last = at[start], at[start + len(run.letters) - 1] + 1
            said += _before_link(escaping.words(text[done:first])) + self._marked(run, text[first:last])
            done = last
            if run.note and text[done : done + 1] in (":", "("):
                said, done = f"{said}\\{text[done]}", done + 1
        return said + escaping.words(text[done:])

    def _marked(self, run: _Run, text: str) -> str:
        return f"[^{self.notes[run.note]}]" if run.note else f"[{escaping.words(text)}]({run.target})"


def _before_link(said: str) -> str:
    return f"{said[:-1]}\\!" if said.endswith("!") else said  # else it would be an image


def _unclosed(said: str) -> str:
    return f"{said[:-1]}\\#" if said.endswith("#") else said  # else it would close the heading


# ── links and footnotes


def _runs_in(page: _Page, letters: Sequence[str], nodes: Sequence[LexborNode]) -> Iterator[tuple[int, _Run]]:
    """The links and footnotes among the letters of a line, and at which letter each begins."""
    runs = [run for node in nodes for run in _runs(node, page)]
    at = -"".join(run.letters for run in runs).find("".join(letters))
    if at > 0:
        return  # the page prints other characters there
    for run in runs:
        start, end = max(at, 0), min(at + len(run.letters), len(letters))
        if (run.target or run.note) and start < end:
            yield start, _Run(run.letters[start - at : end - at], run.target, run.note)
        at += len(run.letters)


def _runs(node: LexborNode, page: _Page) -> Iterator[_Run]:
    """The text of an element in its order; what one link holds is one run."""
    links: dict[int, tuple[str | None, str | None]] = {}
    for link in node.css("a[href]"):
        means = _meant(link, page)
        links.update((each.mem_id, means) for each in link.traverse(include_text=True))
    pieces = (
        (links.get(each.mem_id, (None, None)), "".join(_UNSPACED.findall(folded(each.text_content or ""))))
        for each in node.traverse(include_text=True)
        if each.is_text_node
    )
    for means, group in groupby(pieces, key=lambda piece: piece[0]):
        yield _Run("".join(letters for _, letters in group), *means)


def _meant(link: LexborNode, page: _Page) -> tuple[str | None, str | None]:
    """The URL that a link leads to, or the id of its footnote; neither, when it leads nowhere else."""
    href = (link.attributes.get("href") or "").strip()
    name = _anchor(href, page.own)
    if name in page.notes:
        return None, name
    target = _absolute(page.base, href) if href and not href.startswith("#") else None
    return (_written(target), None) if target else (None, None)


def _anchor(href: str, own: str) -> str | None:
    """The id on the page itself that a link leads to; own: the page's URL, which many write before it."""
    address, mark, name = href.partition("#")
    return name if mark and (not address or urls.join(own, address) == own) else None


def _absolute(base: str, href: str) -> str | None:
    return urls.link(base, href) or urls.link(href, "")


def _written(url: str) -> str:
    return _ENTITY.sub(r"\\&", _IN_A_URL.sub(lambda found: f"%{ord(found[0]):02X}", url))


def _notes(lines: Sequence[_Printed], own: str) -> dict[str, str]:
    """The footnotes that the article refers to and holds further down: the id of each, and its label."""
    held = {name: at for at, each in enumerate(lines) for name in _names(each)}
    labels: dict[str, str] = {}
    for at, each in enumerate(lines):
        for link in (link for node in each.nodes for link in node.css("sup a[href], a[href]:has(sup)")):
            name = _anchor((link.attributes.get("href") or "").strip(), own) or ""
            sign = link.text(deep=True).strip(" \n\t[]()")
            if held.get(name, 0) > at and name not in labels and len(sign) <= _LONGEST_LABEL:
                number = re.sub(r"[^\w-]", "", sign, flags=re.ASCII) or "note"
                labels[name] = f"{number}-{len(labels) + 1}" if number in labels.values() else number
    return labels


def _names(each: _Printed) -> Iterator[str]:
    """The ids by which a link could lead to a line: of its element, of what lies in it, of the item that it begins."""
    for node in each.nodes[:1]:
        item = node.parent
        begun = item is not None and item.tag in ("li", "dd") and _begins(item, node)
        for named in (node, *node.css("[id],a[name]"), *([item] if item is not None and begun else [])):
            yield from filter(None, (named.attributes.get("id"), named.attributes.get("name")))


def _begins(item: LexborNode, node: LexborNode) -> bool:
    first = item.child
    while first is not None and first.is_text_node:
        first = first.next
    return first is not None and first.mem_id == node.mem_id
