"""The papers and what they print.  A story is a text file in stories/: a head of `name: value` lines, then its blocks.

Empty lines part the head, the headline and the blocks.  A block is inline HTML and begins, when it is no plain
paragraph, with `## ` (subhead), `- ` or `1. ` (list), `> ` (quote), `| ` (table row), or `! ` (cruft: printed
as it stands, never part of the text).  `[from 2] ` or `[until 1] ` before a line or block says in which editions it
stands; of two head lines with one name the later wins.  Head lines:

    url, section, published                                      every story has them
    modified, language, authors (comma between)                  where the page states them
    caption      under the lead photo          source       address credited at the end
    canonical    rel=canonical, if not url     body         name of the story whose headline and blocks come first
    since        first edition that has it     withdrawn    "yes": it answers 410 from now on
"""

import html
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal
from urllib.parse import urlsplit

SHELF = files("scraper.demo") / "stories"
MARKS = {"##": "subhead", "-": "bullet", "number": "number", ">": "quote", "|": "row", "!": "cruft"}

_EDITIONS = re.compile(r"\[(from|until) (\d+)\] ")
_MARKED = re.compile(r"(##|-|>|\||!|\d+\.) (.*)", re.DOTALL)
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\ufeff"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One site of the sample newspaper."""

    host: str
    name: str
    sections: tuple[str, ...]  # as its menu prints them
    feeds: tuple[str, ...]  # URLs
    sitemaps: tuple[str, ...] = ()  # URLs
    charset: str = "utf-8"
    parts: Literal["elements", "breaks"] = "elements"  # what stands between two blocks of its pages
    redesigned: int | None = None  # first edition in its new layout

    @property
    def front(self) -> str:
        """URL of its front page."""
        return f"http://{self.host}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block of a story: what a page prints as one element."""

    kind: str  # "paragraph" or a value of MARKS
    mark: str = ""  # what its paragraph begins with in the clean text: "-", "1.", ">"
    markup: str  # inline HTML

    @property
    def text(self) -> str:
        """The paragraph that a right cleaner makes of it."""
        cells = (plain(cell) for cell in self.markup.split("|"))
        return " | ".join(cells) if self.kind == "row" else f"{self.mark} {plain(self.markup)}".lstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An article as one edition tells it, and the truth about its clean text."""

    name: str
    edition: int
    url: str
    canonical: str  # as the page declares it
    headline: str
    blocks: tuple[Block, ...]
    authors: tuple[str, ...]
    published: str  # as precise as the page: a date, or date and time with offset
    modified: str | None
    language: str | None  # as declared; None where the page declares none
    section: str
    caption: str | None
    source_link: str | None
    since: int
    withdrawn: bool

    @property
    def host(self) -> str:
        """The site that prints it."""
        return urlsplit(self.url).netloc

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The clean text without its headline, as DESIGN 4.3 wants it."""
        return tuple(block.text for block in self.blocks if block.kind != "cruft")

    @property
    def text(self) -> str:
        """Exactly what a text file of this story holds."""
        return "\n\n".join((self.headline, *self.paragraphs)) + "\n"

    def at(self, edition: int) -> "Story":
        """The same story as a later or earlier edition tells it."""
        return told(self.name, edition)


def plain(markup: str) -> str:
    """Inline HTML as text: tags gone, `<br>` a space, references resolved, soft hyphens gone, white space folded."""
    bare = re.sub(r"<[^>]+>", "", re.sub(r"<br\s*/?>", " ", markup))
    return " ".join(html.unescape(bare).translate(_INVISIBLE).split())


@cache
def told(name: str, edition: int) -> Story:
    """The story of that name as that edition (1, 2, …) tells it.  Raises FileNotFoundError when there is none."""
    pieces = (SHELF / f"{name}.txt").read_text("utf-8").split("\n\n")
    head = dict(line.split(": ", 1) for line in _standing(pieces[0].splitlines(), edition))
    lent = told(head["body"], edition) if "body" in head else None
    telling = _standing(pieces[1:], edition)
    headline = lent.headline if lent else telling.pop(0).strip()
    return Story(
        name=name,
        edition=edition,
        url=head["url"],
        canonical=head.get("canonical", head["url"]),
        headline=headline,
        blocks=(lent.blocks if lent else ()) + tuple(map(_block, telling)),
        authors=tuple(head["authors"].split(", ")) if "authors" in head else (),
        published=head["published"],
        modified=head.get("modified"),
        language=head.get("language"),
        section=head["section"],
        caption=head.get("caption"),
        source_link=head.get("source"),
        since=int(head.get("since", "1")),
        withdrawn="withdrawn" in head,
    )


@cache
def edition_of(host: str, edition: int) -> tuple[Story, ...]:
    """What that site has printed up to that edition and not withdrawn, newest first."""
    standing = (story for story in stories(edition) if story.host == host and not story.withdrawn)
    return tuple(sorted(standing, key=lambda story: story.published, reverse=True))


@cache
def stories(edition: int) -> tuple[Story, ...]:
    """Every story of every site up to that edition, the withdrawn ones too."""
    names = sorted(entry.name.removesuffix(".txt") for entry in SHELF.iterdir() if entry.name.endswith(".txt"))
    every = (told(name, edition) for name in names)
    return tuple(story for story in every if story.since <= edition)


def _standing(pieces: list[str], edition: int) -> list[str]:
    """The lines or blocks that stand in that edition, without their edition marks."""
    bounds = {"from": edition.__ge__, "until": edition.__le__}
    marked = ((_EDITIONS.match(piece), piece) for piece in pieces)
    return [_EDITIONS.sub("", piece, count=1) for mark, piece in marked if not mark or bounds[mark[1]](int(mark[2]))]


def _block(piece: str) -> Block:
    marked = _MARKED.fullmatch(piece.strip())
    if not marked:
        return Block(kind="paragraph", markup=piece.strip())
    mark, markup = marked.groups()
    kind = MARKS["number" if mark.endswith(".") else mark]
    return Block(kind=kind, mark=mark if kind in ("bullet", "number", "quote") else "", markup=markup)


PAPERS = {
    paper.host: paper
    for paper in (
        Paper(
            host="caspian-ledger.example",
            name="Caspian Ledger",
            sections=("World", "Economy", "Общество"),
            feeds=("http://caspian-ledger.example/rss/",),
            sitemaps=(
                "http://caspian-ledger.example/sitemap.xml",
                "http://caspian-ledger.example/sitemap-news.xml",
            ),
        ),
        Paper(
            host="gulf-courier.example",
            name="Gulf Courier",
            sections=("World", "Business", "ثقافة"),
            feeds=("http://gulf-courier.example/feed.atom",),
            sitemaps=("http://gulf-courier.example/news-sitemap.xml",),
        ),
        Paper(
            host="kosova-wire.example",
            name="Kosova Wire",
            sections=("Region", "Life"),
            feeds=("http://kosova-wire.example/feed/",),
            redesigned=4,
        ),
        Paper(
            host="world-tonight.example",
            name="World Tonight",
            sections=("World", "Explained"),
            feeds=("http://world-tonight.example/feed.json",),
            sitemaps=("http://world-tonight.example/sitemap.xml",),
        ),
        Paper(
            host="old-quay.example",
            name="The Old Quay",
            sections=("News", "Новости"),
            feeds=("http://old-quay.example/backend.rdf", "http://old-quay.example/rss.xml"),
            charset="windows-1251",
            parts="breaks",
        ),
    )
}
