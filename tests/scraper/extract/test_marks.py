"""What a news page's markup says about its lines: links, captions, embedded posts and boxes beside the text."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from scraper.extract.form import Line
from scraper.extract.lines import without_cruft
from scraper.extract.marks import Marks, marks_of
from tests.scraper.extract.pages import PARAGRAPHS, page, paragraphs


def marked(extra: str, *lines: str, body: str = "") -> Marks:
    """What a page of the sample article with something more in it says about these lines and the article's."""
    tree = LexborHTMLParser(page(paragraphs() + extra + body))
    return marks_of(tree, [Line("paragraph", text) for text in (*PARAGRAPHS, *lines)])


def kept(extra: str, *lines: str) -> list[str]:
    """What is left of the article and these lines."""
    text = [Line("paragraph", each) for each in (*PARAGRAPHS, *lines, "And the islands have a date to keep, at last.")]
    return [line.text for line in without_cruft(text, marks=marked(extra, *lines)).lines[len(PARAGRAPHS) :]]


LAST = ["And the islands have a date to keep, at last."]


@pytest.mark.parametrize(
    "link",
    [
        '<p><a href="/bridge">Bridge closed for the winter, says council</a></p>',
        '<p><strong><a href="/bridge">Bridge closed for the winter, says council</a></strong></p>',
    ],
)
def test_a_paragraph_that_is_nothing_but_a_link_to_another_page_is_cruft(link):
    assert kept(link, "Bridge closed for the winter, says council") == LAST


@pytest.mark.parametrize(
    "link",
    [
        '<p>The <a href="/bridge">bridge closed for the winter</a>, says council</p>',
        '<p><a href="#bridge">The bridge closed for the winter, says council</a></p>',
        '<ul><li><a href="/bridge">The bridge closed for the winter, says council</a></li></ul>',
        '<h2><a href="/bridge">The bridge closed for the winter, says council</a></h2>',
    ],
)
def test_a_link_in_a_sentence_a_list_a_subhead_or_to_the_page_itself_is_none(link):
    assert kept(link, "The bridge closed for the winter, says council") != LAST


@pytest.mark.parametrize(
    "box",
    [
        "<figure><img src=x><figcaption>{}</figcaption></figure>",
        '<div class="image-caption"><p>{}</p></div>',
        '<div class="article-author-bio"><p>{}</p></div>',
        '<section class="related-stories"><div>{}</div></section>',
        '<aside class="newsletter-box"><p>{}</p></aside>',
        "<form><p>{}</p></form>",
        '<blockquote class="twitter-tweet"><p>{}</p></blockquote>',
    ],
)
def test_a_line_in_a_caption_a_post_or_a_box_about_something_else_is_cruft(box):
    line = "The old quay in the evening light, seen from the bakery"
    assert kept(box.format(line), line) == LAST


def test_a_line_that_stands_in_the_article_too_stays():
    text = [Line("paragraph", each) for each in PARAGRAPHS]
    tree = LexborHTMLParser(page(f"{paragraphs()}<figure><figcaption>{PARAGRAPHS[2]}</figcaption></figure>"))
    assert without_cruft(text, marks=marks_of(tree, text)).lines == tuple(text)


def test_a_box_that_holds_the_whole_article_is_none():
    text = [Line("paragraph", each) for each in PARAGRAPHS]
    tree = LexborHTMLParser(page(f'<div class="related-author-article">{paragraphs()}</div>'))
    assert marks_of(tree, text) == Marks()
