"""Of all that a page calls its headline, which one is it."""

import pytest

from scraper.extract import clean
from scraper.extract.facts.headlines import without_outlet
from tests.scraper.extract.pages import HEADLINE, URL, ld, page

OUTLETS = frozenset(("harbour herald", "herald", "the herald", "herald example"))


def headed(h1: str, *, stated: str, titled: str | None = None, kind: str = "NewsArticle") -> str | None:
    """The headline of a page with this h1, JSON-LD headline and og:title."""
    head = ld(**{"@type": kind, "headline": stated})
    if titled is not None:
        head += f'<meta property="og:title" content="{titled}">'
    return clean(page(head=head).replace(HEADLINE.encode(), h1.encode()), URL).headline


SUNG = "Choir of the islands sings on the ferry for the first time"
ELSE = "Choir of the islands sings at last on board of the ferry"


def test_the_printed_headline_goes_before_one_that_is_stated():
    assert headed(SUNG, stated=ELSE, titled=SUNG) == SUNG
    assert headed(SUNG, stated=SUNG, titled=ELSE) == SUNG
    assert headed(SUNG, stated=ELSE) == SUNG


def test_of_news_what_json_ld_and_og_title_agree_on_goes_before_the_h1():
    assert headed(SUNG, stated=ELSE, titled=ELSE) == ELSE
    assert headed(SUNG, stated=ELSE, titled=f"{ELSE} | Harbour-Herald") == ELSE
    assert headed(SUNG, stated=ELSE, titled=ELSE, kind="BlogPosting") == SUNG


def test_a_section_behind_what_both_state_is_no_part_of_the_headline():
    assert headed(SUNG, stated=f"{SUNG} - Latest news", titled=f"{SUNG} - Latest news") == SUNG


def test_the_h1_is_spelled_as_it_is_printed():
    assert headed(f"“{SUNG}”", stated=f'"{SUNG}"', titled=f'"{SUNG}"') == f"“{SUNG}”"


@pytest.mark.parametrize("sign", [": ", " – ", " / ", " | ", " - "])
def test_a_kicker_that_only_the_layout_parts_gets_the_sign_that_a_stated_wording_has(sign):
    assert headed(f"<span>Music</span><span>{SUNG}</span>", stated=f"Music{sign}{SUNG}") == f"Music{sign}{SUNG}"


@pytest.mark.parametrize(
    "title",
    [
        "Ferry stays | The Herald",
        "Ferry stays - Herald.example",
        "Ferry stays|Harbour Herald",
        "Ferry stays：Harbour Herald",
        "Ferry stays_Herald",
        "Ferry stays | Herald | Harbour Herald",
        "Harbour Herald: Ferry stays",
        "The Herald | Ferry stays",
        "Ferry stays",
    ],
)
def test_an_outlet_s_name_is_cut_from_either_end(title):
    assert without_outlet(title, OUTLETS) == "Ferry stays"


def test_an_outlet_s_name_alone_is_no_headline_and_inside_a_sentence_it_stays():
    assert without_outlet("Harbour Herald", OUTLETS) == ""
    assert without_outlet("Why the Herald sails", OUTLETS) == "Why the Herald sails"
    assert without_outlet("x" * 100_000, OUTLETS) == ""
