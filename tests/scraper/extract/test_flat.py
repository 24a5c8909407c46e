"""A text that somebody flattened before us gives back its article: the user's five shapes, and the five documents."""

import os
from pathlib import Path

import pytest

from scraper.errors import NotAnArticle
from scraper.extract import clean_flat, is_flat
from scraper.extract.form import folded
from tests.scraper.extract.pages import HEADLINE, PARAGRAPHS

SEEDS = Path(os.environ.get("PRESSMARK_SEEDS") or Path(__file__).parents[4] / "shared" / "seeds")
CAPTION = "The mayor (left) stands beside three former captains during the first crossing on April 3, 2026. — AFP file"

MENUS = f"""twitter
youtube
play market
night_theme
ru
search
WHAT ARE YOU LOOKING FOR ?



Any use of materials is allowed only if there is a hyperlink to Herald.example
Herald.example © 2026. .
WORLD
A+
A-

{HEADLINE}

20 November 2026 09:57

{{body}}

Herald.Az
Views: 112

share-lineLiked the story? Share it on social media!
print
copy link
Ссылка скопирована
youtube
Follow us on Youtube
Follow us on Youtube
WORLD
The most important world news"""


def test_a_caption_above_and_a_source_below_are_no_paragraphs():
    article = clean_flat("\n".join((CAPTION, *PARAGRAPHS, "Source link: https://www.islands.example")))
    assert article.paragraphs == PARAGRAPHS
    assert article.source_link == "https://www.islands.example"
    assert article.headline is None


def test_menus_around_an_article_fall_away_and_its_date_is_a_fact():
    article = clean_flat(MENUS.format(body="\n\n".join(PARAGRAPHS)))
    assert (article.headline, article.paragraphs) == (HEADLINE, PARAGRAPHS)
    assert article.published == "2026-11-20T09:57"
    assert article.origins["published"] == "text"


def test_a_text_that_is_all_article_keeps_every_paragraph():
    assert clean_flat("\n".join(PARAGRAPHS)).paragraphs == PARAGRAPHS


def test_a_byline_under_the_text_becomes_the_author():
    article = clean_flat("\n".join((HEADLINE, *PARAGRAPHS, "By Khalid Aslan")))
    assert (article.headline, article.paragraphs, article.authors) == (HEADLINE, PARAGRAPHS, ("Khalid Aslan",))


def test_outlet_reading_time_and_buttons_fall_away():
    text = "\n\n".join(("Ferry Returns to the Harbour!", "BAY NEWS\nBAY NEWS 3 Min Read\n3 Min Read", *PARAGRAPHS))
    article = clean_flat(f"{text}\n\nShare this Post\nLeave a Comment")
    assert (article.headline, article.paragraphs) == ("Ferry Returns to the Harbour!", PARAGRAPHS)


def test_a_text_broken_into_lines_by_an_editor_is_joined():
    wrapped = [
        "The ferry that once tied the old town to the islands sailed",
        "again on Friday morning, eleven years after its last trip,",
        "and about two hundred people stood on the quay when the ship",
        "cast off for the first time.",
        "",
        "The line is paid for by the province until the year of 2029;",
        "after that, ticket sales must cover two thirds of its costs,",
        "or the council will have to decide about the subsidy again in",
        "an open session.",
    ]
    assert [len(paragraph.split()) for paragraph in clean_flat("\n".join(wrapped)).paragraphs] == [40, 39]


def test_the_same_text_gives_the_same_article_again():
    text = MENUS.format(body="\n\n".join(PARAGRAPHS))
    assert clean_flat(text) == clean_flat(text.replace("\n", "\r\n"))
    assert clean_flat(clean_flat(text).text).text == clean_flat(text).text


@pytest.mark.parametrize(
    ("text", "reason"), [("", "empty"), (" \n\t\n", "empty"), ("print\ncopy link\nViews: 3", "no-text")]
)
def test_a_text_without_an_article_says_so(text, reason):
    with pytest.raises(NotAnArticle) as caught:
        clean_flat(text)
    assert caught.value.reason == reason


def test_markup_tells_a_page_from_a_flattened_text():
    assert is_flat("\n".join(PARAGRAPHS) + "\n3 < 5 and <sic>")
    assert not is_flat("<html><body><p>The ferry is back.</p></body></html>")


# ── the five documents the user gave; they are not ours to copy here


def seed(number: str) -> str:
    found = sorted(SEEDS.glob(f"{number}_*.txt"))
    if not found:
        pytest.skip(f"the user's sample documents are not at {SEEDS.name}; set PRESSMARK_SEEDS")
    return found[0].read_text(encoding="utf-8")


@pytest.mark.parametrize("number", ["000", "001", "002", "003", "004"])
def test_no_paragraph_of_a_sample_document_is_lost(number):
    text = seed(number)
    article = clean_flat(text)
    prose = [line for line in map(folded, text.splitlines()) if len(line) > 120 and "AFP file" not in line]
    assert len(prose) >= 5
    assert [line for line in prose if line not in article.paragraphs] == []


@pytest.mark.parametrize(
    ("number", "headline", "count"),
    [
        ("000", None, 5),
        ("001", "Türkiye, US urge de-escalation in Syria, call for cease-fire in Gaza", 11),
        ("002", None, 34),
        ("003", "Washington urges Türkiye's role in Syrian de-escalation as rebel offensive rages", 10),
        ("004", "Erdogan Talks to Putin About Syria Conflict!", 12),
    ],
)
def test_a_sample_document_gives_its_headline_and_as_many_paragraphs_as_it_has(number, headline, count):
    article = clean_flat(seed(number))
    assert (article.headline, len(article.paragraphs)) == (headline, count)
    assert not {"Views: 112", "print", "WORLD", "Share this Post", "3 Min Read", "RKS NEWS"} & set(article.paragraphs)
