"""How each paper prints a story or its front: the layouts of layouts/, filled with a story and with cruft."""

import html
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from itertools import groupby
from string import Template

from scraper.demo.stories import Block, Paper, Story, edition_of

LISTS = {"bullet": "ul", "number": "ol", "quote": "blockquote", "row": "table"}
PRINTED = {"ru": "%d.%m.%Y %H:%M", "ar": "%Y/%m/%d %H:%M"}  # the other languages: 17 November 2026 09:57


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a page shows of the world around its story."""

    edition: int
    hits: int  # requests served so far: what view counters count


@cache
def layout(name: str) -> Template:
    """The layout of that name: HTML with ${slots}."""
    return Template((files("scraper.demo") / "layouts" / f"{name}.html").read_text("utf-8"))


def article(paper: Paper, story: Story, moment: Moment, *, variant: str = "") -> str:
    """The page of a story; variant "." + name takes another layout of the paper, such as ".amp"."""
    rivals = [other for other in edition_of(paper.host, moment.edition) if other.name != story.name]
    turn = moment.edition % len(rivals) if rivals else 0
    slots = {
        **facts(paper, story),
        **machine_facts(paper, story),
        **surroundings(paper, moment),
        "body": PARTED[paper.parts](story.blocks),
        "related": teasers(rivals[turn:] + rivals[:turn]),
        "comment_count": str(moment.edition),
    }
    return layout(paper.host + (variant or design(paper, moment.edition))).substitute(slots)


def design(paper: Paper, edition: int) -> str:
    """The variant of its layout in which a paper appears; most never change it."""
    return ".redesign" if paper.redesigned and edition >= paper.redesigned else ""


def front(paper: Paper, moment: Moment) -> str:
    """The front page: every standing story under its headline, newest first."""
    announced = "".join(f'<link rel="alternate" type="{media_type(feed)}" href="{feed}">\n' for feed in paper.feeds)
    cards = "".join(
        f'<article><h2><a href="{html.escape(story.url)}">{html.escape(story.headline)}</a></h2>'
        f"<p>{html.escape(story.paragraphs[0][:140])}…</p></article>\n"
        for story in edition_of(paper.host, moment.edition)
    )
    slots = {**surroundings(paper, moment), "charset": paper.charset, "feeds": announced, "teasers": cards}
    return layout("front").substitute(slots)


def media_type(feed: str) -> str:
    """What a front page says a feed is, by the look of its URL."""
    known = {".atom": "application/atom+xml", ".json": "application/feed+json", ".rdf": "application/rdf+xml"}
    return next((kind for suffix, kind in known.items() if feed.endswith(suffix)), "application/rss+xml")


def facts(paper: Paper, story: Story) -> dict[str, str]:
    """The slots that a reader sees: all of them escaped."""
    authors = ", ".join(story.authors)
    author = f"Автор: {authors}" if story.language == "ru" else f"By {authors}"
    shown = {
        "language": story.language or "",
        "direction": "rtl" if story.language == "ar" else "ltr",
        "headline": story.headline,
        "description": story.paragraphs[0],
        "url": story.url,
        "canonical": story.canonical,
        "section": story.section,
        "published": story.published,
        "printed": printed(story),
        "caption": story.caption or "",
        "byline": authors,
        "signature": author if story.authors else paper.name,
    }
    return {slot: html.escape(value) for slot, value in shown.items()}


def machine_facts(paper: Paper, story: Story) -> dict[str, str]:
    """The slots that hold markup or JSON-LD."""
    names = [html.escape(name) for name in story.authors]
    modified = f'<meta property="article:modified_time" content="{story.modified}">' if story.modified else ""
    credit = f"<p>Source link: {story.source_link}</p>" if story.source_link else ""
    return {
        "author_meta": "\n".join(f'<meta name="author" content="{name}">' for name in names),
        "author_links": " and ".join(f'<a rel="author" href="/author/">{name}</a>' for name in names),
        "modified_meta": modified,
        "credit": credit,
        "news_article": json_ld(news_article(paper, story)),
        "graph": json_ld({"@context": "https://schema.org", "@graph": graph(paper, story)}),
    }


def surroundings(paper: Paper, moment: Moment) -> dict[str, str]:
    """The slots that have nothing to do with the story."""
    menu = "".join(f'<li><a href="/">{section}</a></li>' for section in paper.sections)
    newest = edition_of(paper.host, moment.edition)[:3]
    return {
        "paper": html.escape(paper.name),
        "host": paper.host,
        "menu": menu,
        "latest": teasers(newest),
        "views": str(112 + moment.hits),
        "session": f"{moment.hits * 2654435761 % 2**32:08x}",
    }


def news_article(paper: Paper, story: Story) -> dict[str, object]:
    """The paper's JSON-LD.  Its articleBody is only the beginning, as many papers have it."""
    return {
        "@context": "http://schema.org",
        "@type": "NewsArticle",
        "mainEntityOfPage": story.canonical,
        "headline": story.headline,
        "articleBody": story.paragraphs[0][:200] + "…",
        "datePublished": story.published,
        "dateModified": story.modified,
        "inLanguage": story.language,
        "author": [{"@type": "Person", "name": name} for name in story.authors],
        "publisher": {"@type": "NewsMediaOrganization", "name": paper.name},
    }


def graph(paper: Paper, story: Story) -> list[dict[str, object]]:
    """The nodes that the usual WordPress plugin writes: the article names its people by reference."""
    people: list[dict[str, object]] = [
        {"@type": "Person", "@id": f"#/person/{name}", "name": name} for name in story.authors
    ]
    piece: dict[str, object] = {
        "@type": "Article",
        "@id": f"{story.url}#article",
        "headline": story.headline,
        "datePublished": story.published,
        "dateModified": story.modified,
        "inLanguage": story.language,
        "author": [{"@id": person["@id"], "name": person["name"]} for person in people],
        "publisher": {"@id": "#organization"},
    }
    house: dict[str, object] = {"@type": "Organization", "@id": "#organization", "name": paper.name}
    web_page: dict[str, object] = {"@type": "WebPage", "@id": story.url, "name": f"{story.headline} - {paper.name}"}
    return [piece, web_page, house, *people]


def json_ld(value: dict[str, object]) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/")


def printed(story: Story) -> str:
    """The date as the page shows it."""
    if "T" not in story.published:
        return datetime.fromisoformat(story.published).strftime("%d.%m.%Y")
    return datetime.fromisoformat(story.published).strftime(PRINTED.get(story.language or "", "%d %B %Y %H:%M"))


def teasers(stories: Sequence[Story]) -> str:
    """A list of links to stories."""
    links = (f'<li><a href="{html.escape(story.url)}">{html.escape(story.headline)}</a></li>' for story in stories)
    return f"<ul>{''.join(links)}</ul>"


def structured(blocks: Sequence[Block]) -> str:
    """The blocks as paragraphs, subheads, lists, quotes and tables."""
    runs = groupby(blocks, lambda block: LISTS.get(block.kind, ""))
    return "\n".join(f"<{tag}>{elements(run)}</{tag}>" if tag else elements(run) for tag, run in runs)


def elements(blocks: Iterable[Block]) -> str:
    """Each block as one element."""
    return "\n".join(element(block) for block in blocks)


def element(block: Block) -> str:
    """One block as one element; cruft as it stands."""
    match block.kind:
        case "cruft":
            return block.markup
        case "subhead":
            return f"<h2>{block.markup}</h2>"
        case "bullet" | "number":
            return f"<li>{block.markup}</li>"
        case "row":
            return "<tr>" + "".join(f"<td>{cell.strip()}</td>" for cell in block.markup.split("|")) + "</tr>"
        case _:
            return f"<p>{block.markup}</p>"


def flowing(blocks: Sequence[Block]) -> str:
    """The blocks of a page that knows no paragraphs: parted by two <BR>."""
    return "<BR><BR>\n".join(block.markup for block in blocks)


PARTED = {"elements": structured, "breaks": flowing}
