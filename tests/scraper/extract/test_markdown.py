"""Markdown: the words of the text, the links, levels, tables and footnotes of the page, and no markup of a text's."""

import html
import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from selectolax.lexbor import LexborHTMLParser

from scraper.errors import NotAnArticle
from scraper.extract import clean, markdown
from scraper.extract.cleaning import Cleaned
from scraper.extract.facts import Facts
from scraper.extract.form import bare
from scraper.extract.lines import Cleared
from scraper.extract.markdown import markdown_of
from scraper.extract.tracing import blocks_in
from tests.archive.test_export_markdown import MARKS
from tests.scraper.extract.pages import HEADLINE, PARAGRAPHS, URL, page, paragraphs

READER = MarkdownIt("commonmark").enable("table")


def written(markup: str, headline: str | None = None, *, url: str = URL) -> str:
    """All that this markup prints, as Markdown."""
    tree = LexborHTMLParser(f"<html><body>{markup}</body></html>")
    cleared = Cleared(tuple(block.line for block in blocks_in(tree)))
    found = Cleaned(url=url, facts=Facts(headline=headline), cleared=cleared, rung="template")
    return markdown_of(found, tree).removesuffix("\n")


# ── what a block becomes


@pytest.mark.parametrize(
    ("markup", "made"),
    [
        ("<h2>Who pays</h2><h4>And how</h4>", "## Who pays\n\n#### And how"),
        ("<ul><li>bread</li><li>salt</li></ul><p>Then home.</p>", "- bread\n- salt\n\nThen home."),
        ("<ol><li>first</li><li>second</li></ol>", "1. first\n2. second"),
        ("<ul><li>bread</li></ul><ol><li>first</li></ol>", "- bread\n\n1. first"),
        ("<ol start=4><li>fourth</li><li>fifth</li></ol>", "4. fourth\n5. fifth"),
        ("<ol reversed><li>third</li><li>second</li><li>first</li></ol>", "3. third\n\n2) second\n\n1. first"),
        ("<ol><li>one</li><li value=7>7. seven</li></ol>", "1. one\n\n7) 7\\. seven"),
        ("<ol><li>one</li></ol><ol><li>one more</li><li>two</li></ol>", "1. one\n\n1) one more\n2) two"),
        ("<blockquote><p>He said no.</p><p>Twice.</p></blockquote>", "> He said no.\n>\n> Twice."),
        ("<p>One.<br><br>Two.</p>", "One.\n\nTwo."),
        (
            "<table><tr><th>Month<th>Wheat</tr><tr><td>May<td>7</tr></table><table><tr><td>a|b</tr></table>",
            "| Month | Wheat |\n| --- | --- |\n| May | 7 |\n\n| a\\|b |\n| --- |",
        ),
        ("<table><tr><th></th><th>Wheat</th></tr><tr><td>May</td><td>7</td></tr></table>",
         "|  | Wheat |\n| --- | --- |\n| May | 7 |"),
    ],
)  # fmt: skip
def test_a_block_stays_what_it_is(markup, made):
    assert written(markup) == made


def test_a_reader_of_the_markdown_counts_as_the_page_does():
    markup = "<ol reversed start=10><li>tenth</li><li>ninth</li></ol><ol start=3><li>third</li><li>fourth</li></ol>"
    starts = [token.attrGet("start") for token in tokens(written(markup)) if token.type == "ordered_list_open"]
    assert starts == [10, 9, 3]


@pytest.mark.parametrize(
    ("markup", "made"),
    [
        ('<p>See <a href="/x?a=1&amp;b=2">the <b>new</b> line</a>.</p>',
         "See [the new line](https://www.harbour-herald.example/x?a=1&b=2)."),
        ('<p>See <a href="a(b) c">it</a></p>', "See [it](https://www.harbour-herald.example/2026/11/20/a%28b%29%20c)"),
        ('<p><a href="http://a.example/">one</a> <a href="http://b.example/">two</a></p>',
         "[one](http://a.example/) [two](http://b.example/)"),
        ('<p>No!<a href="http://a.example/">Yes</a></p>', "No\\![Yes](http://a.example/)"),
        ('<ul><li>buy <a href="http://a.example/">bread</a></li></ul>', "- buy [bread](http://a.example/)"),
        ('<h3><a href="http://a.example/">Who pays</a></h3>', "### [Who pays](http://a.example/)"),
        ('<p>One <a href="http://a.example/">two</a><br><br>three <a href="http://b.example/">four</a></p>',
         "One [two](http://a.example/)\n\nthree [four](http://b.example/)"),
        ('<table><tr><td><a href="http://a.example/?a|b">x</a></td></tr></table>',
         "| [x](http://a.example/?a%7Cb) |\n| --- |"),
        ('<p><a href="http://a.example/"> spaced </a>out</p>', "[spaced](http://a.example/) out"),
        ('<p>Item <a href="/minutes?y=1#item-7">seven</a></p>',
         "Item [seven](https://www.harbour-herald.example/minutes?y=1#item-7)"),
        ('<p>See <a href="http://a.example/#(b) c|d">it</a></p>', "See [it](http://a.example/#%28b%29%20c%7Cd)"),
    ],
)  # fmt: skip
def test_a_link_stands_where_the_page_has_it(markup, made):
    assert written(markup) == made


@pytest.mark.parametrize(
    "href",
    ["javascript:alert(1)", "data:text/html,x", " JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "#top", "",
     "vbscript:x", "file:///etc/passwd", "mailto:a@b.example", "http://", "blob:http://a.example/1"],
)  # fmt: skip
def test_what_leads_to_no_page_is_no_link(href):
    assert written(f'<p>Read <a href="{href}">this</a>.</p>') == "Read this."


def test_links_of_a_page_that_is_a_file_are_those_that_say_all():
    links = '<p><a href="/x">here</a> and <a href="http://a.example/">there</a></p>'
    assert written(links, url="page.html") == "here and [there](http://a.example/)"
    assert written('<base href="http://b.example/d/">' + links, url="page.html").startswith(
        "[here](http://b.example/x)"
    )


@pytest.mark.parametrize(
    "note",
    [
        '<ol><li id="fn1">The note. <a href="#ref1">↩</a></li></ol>',
        '<ol><li id="fn1"><p>The note. ↩</p></li></ol>',
        '<p><a name="fn1" href="#ref1"></a>The note. ↩</p>',
    ],
)
def test_a_footnote_is_one(note):
    text = '<p id="ref1">Told by two.<sup><a href="#fn1">[1]</a></sup>: and so on.</p><p>More.</p>'
    assert written(text + note) == "Told by two.[^1]\\: and so on.\n\nMore.\n\n[^1]: The note. ↩"


@pytest.mark.parametrize("address", ["", URL, "/2026/11/20/ferry-returns"])
def test_a_footnote_is_one_whose_link_says_the_pages_own_address(address):
    text = f'<p>Told by two.<sup><a href="{address}#fn1">1</a></sup></p><p id="fn1">The note.</p>'
    assert written(text) == "Told by two.[^1]\n\n[^1]: The note."


def test_a_note_on_another_page_is_a_link():
    text = '<p>Told by two.<sup><a href="/notes#fn1">1</a></sup></p><p id="fn1">No note.</p>'
    assert written(text) == "Told by two.[1](https://www.harbour-herald.example/notes#fn1)\n\nNo note."


def test_a_number_whose_note_is_not_in_the_text_is_a_number():
    assert written('<p>Told by two.<sup><a href="#fn1">1</a></sup></p>') == "Told by two.1"


def test_two_footnotes_of_one_sign_are_two():
    text = (
        '<p>A<sup><a href="#a">*</a></sup> and B<sup><a href="#b">*</a></sup></p><p id="a">Aye.</p><p id="b">Bee.</p>'
    )
    assert written(text) == "A[^note] and B[^note-2]\n\n[^note]: Aye.\n\n[^note-2]: Bee."


# ── what a text cannot do


hostile = st.lists(
    st.sampled_from(
        [*MARKS, "www.evil.example", "mail@evil.example", "https://evil.example/", "[^1]:", "![", "](http://x.example)"]
    ),
    min_size=1,
    max_size=5,
).map(" ".join)
hrefs = st.sampled_from(["http://a.example/(x)_y_", "/rel?q=<b>&amp=1", "javascript:alert(1)", "x|y`z*", "/a#b](x)<c>"])
links = st.tuples(hostile, hrefs).map(lambda both: f'<a href="{html.escape(both[1])}">{html.escape(both[0])}</a>')
inline = st.lists(hostile.map(html.escape) | links, min_size=1, max_size=4).map("".join)
elements = st.sampled_from(
    ["<p>{}</p>", "<h2>{}</h2>", "<ul><li>{}</li><li>{}</li></ul>", "<ol><li>{}</li></ol>", "<pre>{}</pre>",
     "<blockquote><p>{}</p></blockquote>", "<table><tr><td>{}</td><td></td></tr><tr><td>{}</td></tr></table>"]
)  # fmt: skip
pages = st.lists(st.tuples(elements, inline), min_size=1, max_size=4).map(
    lambda several: "".join(element.replace("{}", said) for element, said in several)
)


def tokens(text: str) -> list[Token]:
    """All that a reader of the Markdown makes of it."""
    return [child for token in READER.parse(text) for child in (token, *(token.children or ()))]


def text_of(markup: str) -> str:
    """The words of the text form, without the marks of lists."""
    tree = LexborHTMLParser(f"<html><body>{markup}</body></html>")
    return " ".join(block.line.text for block in blocks_in(tree))


@given(pages)
def test_the_words_are_those_of_the_text(markup):
    read = " ".join(token.content for token in tokens(written(markup)) if token.type == "text")
    assert bare(read).replace(" ", "") == bare(text_of(markup)).replace(" ", "")


@given(pages)
def test_a_text_opens_no_markup_and_every_link_is_the_pages(markup):
    found = tokens(written(markup))
    kinds = {re.sub(r"_(?:open|close)$", "", token.type) for token in found}
    own = {"inline", "text", "text_special", "paragraph", "heading", "bullet_list", "ordered_list", "list_item", "link"}
    assert kinds <= own | {"blockquote", "table", "thead", "tbody", "tr", "th", "td"}
    targets = [str(token.attrGet("href")) for token in found if token.type == "link_open"]
    assert {urlsplit(target).hostname for target in targets} <= {"a.example", "www.harbour-herald.example"}
    assert len(targets) <= markup.count("<a ")


@pytest.mark.parametrize("text", ["www.evil.example", "https://evil.example/a", "mail me@evil.example"])
def test_a_printed_address_is_no_link_to_readers_that_make_links_of_them(text):
    assert re.search(r"\\[.:@]", written(f"<p>{text}</p>"))


# ── of a page


def test_the_article_in_markdown_and_the_article():
    body = page(paragraphs(*PARAGRAPHS[:5], f'{PARAGRAPHS[5]} <a href="/council">The agenda</a>'))
    article, made = markdown(body, URL)
    assert article == clean(body, URL)
    assert made.startswith(f"# {HEADLINE}\n\n{PARAGRAPHS[0]}\n\n")
    assert made.endswith(" [The agenda](https://www.harbour-herald.example/council)\n")


def test_a_page_that_is_no_article_has_no_markdown():
    with pytest.raises(NotAnArticle):
        markdown(page("<p>Please verify that you are a human.</p>"), URL)


def test_a_page_that_no_tree_is_made_of_is_words_alone():
    body = page(paragraphs(*PARAGRAPHS[:5], f'{PARAGRAPHS[5]} <a href="/council">The agenda</a>'))
    deep = body.replace(b"<main>", b"<div>" * 6_000 + b"<main>")
    assert markdown(deep, URL)[1].strip().endswith("The agenda")
