"""Pages that only their scripts would print, with the article in the state that the scripts carry."""

import json

import pytest

from scraper.errors import NotAnArticle
from scraper.extract import clean
from scraper.extract.state import markup_in_state
from tests.scraper.extract.pages import HEADLINE, PARAGRAPHS, URL, paragraphs

CAPTION = '<div class="caption"><p>The ferry at the quay on Friday morning, with all its flags up</p></div>'


def shell(script: str) -> bytes:
    """A page of which its server sent nothing but a script and a place to print."""
    head = f"<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>{HEADLINE}</title></head>"
    return f'{head}<body><div id="__next"></div><script>{script}</script></body></html>'.encode()


def escaped(value: object) -> str:
    """JSON as it stands in a script, where no tag may."""
    return json.dumps(value).replace("<", r"\u003c").replace(">", r"\u003e")


STATE = {"queries": [{"state": {"article": {"title": HEADLINE, "contentHtml": CAPTION + paragraphs(), "ads": None}}}]}


@pytest.mark.parametrize(
    "script",
    [
        f"window.__STATE__ = window.__STATE__ || []; window.__STATE__.push({escaped(STATE)});",
        f"self.__next_f.push([1,{escaped('5:' + json.dumps(STATE))}])",
        "window.__STATE__ = " + json.dumps(STATE).replace("</", "<\\/"),
    ],
)
def test_an_article_in_the_state_of_a_page_s_scripts_is_read_from_there(script):
    article = clean(shell(script), URL)
    assert article.paragraphs == PARAGRAPHS
    assert article.extractor["rung"] == "state"


def test_a_shell_without_its_article_needs_javascript():
    with pytest.raises(NotAnArticle) as refusal:
        clean(shell(escaped({"teasers": ["<p>One</p>", "<p>Two</p>"]})), URL)
    assert refusal.value.reason == "needs-javascript"


def test_a_script_that_prints_markup_piece_by_piece_carries_no_article():
    assert markup_in_state(shell("document.write('<p>' + \"it's\" + '</p></p></p>')")) == ""
