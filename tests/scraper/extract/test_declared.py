"""Whatever a page declares, reading it costs little and raises nothing."""

import time

import pytest
from selectolax.lexbor import LexborHTMLParser

from scraper.extract.facts import facts_of
from tests.scraper.extract.pages import URL, page

SPACES = " " * 200_000
LD = '<script type="application/ld+json">{}</script>'


@pytest.mark.parametrize(
    "head",
    [
        LD.format('{"@type": "NewsArticle"} -->' + SPACES + "x"),
        LD.format('{"@type": "NewsArticle", "author": "Ann Lee"};' + SPACES + "x"),
        LD.format("[" + ",".join(["[1,2]"] * 50_000) + "]"),
        LD.format('{"@type": "NewsArticle", "author": ' + '{"name": [' * 300 + "1" + "]}" * 300 + "}"),
        LD.format('{"@type": "NewsArticle", "headline": "\\ud800", "author": "\\udfff x", "image": "\\ud800"}'),
        LD.format('{"@type": "NewsArticle", "author": "' + "A. " * 100_000 + '"}'),
        LD.format('{"@type": "BreadcrumbList", "itemListElement": [[], 1, {"item": 2}, {"item": {"@id": 3}}]}'),
        LD.format('{"@type": "NewsArticle", "datePublished": "Fri, 20 Nov 99999999999999999999 09:57:03 GMT"}'),
        '<meta name="author" content="' + "(" * 200_000 + '">',
        '<meta property="og:title" content="' + " | x" * 100_000 + '">',
        '<meta property="og:site_name" content="' + "x" * 300_000 + '">',
        '<meta property="og:image" content="//[">' * 2_000,
        f"<title>{SPACES}{'|' * 100_000}</title>",
        "<base href='::'><link rel=canonical href='http://['><meta name='\x00' content='\x00'>",
        f'<div class="author">{"<i>" * 2_000}Ann Lee</div>' * 30,
        f"<h1>{'<b>x' * 5_000}</h1>" * 5,
    ],
    ids=range(16),
)
def test_a_hostile_declaration_is_read_within_a_second(head: str):
    whole = page(head=head)
    tree = LexborHTMLParser(whole)
    before = time.process_time()
    facts = facts_of(tree, URL, whole)
    assert time.process_time() - before < 1
    assert "\ud800" not in repr(facts)


@pytest.mark.parametrize("url", ["", "page.html", "file:///x", "http://[", "https://quay.example"])
def test_a_page_that_is_no_url_s_has_facts(url: str):
    whole = page(head='<link rel="canonical" href="https://quay.example/ferry">')
    assert facts_of(LexborHTMLParser(whole), url, whole).canonical == "https://quay.example/ferry"
