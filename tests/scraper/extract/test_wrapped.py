"""Boxes between an article's paragraphs: some hold paragraphs of it, some a promotion or a caption."""

import time

import pytest

from scraper.extract.cleaning import PARTS, cleaned
from tests.scraper.extract.test_site import BACKGROUND, between, known, read, story, told

FIRST, *REST = told(9)
MORE = told(509, 3)
PROMOTION = "Our harbour book tells of eleven ships and the people who built them, and costs no more than two crowns."

SIGN_UP = "Sign up for our newsletter, and every morning you will read what the night brought to the harbour."


def in_paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


@pytest.mark.parametrize(
    "box",
    [
        f"<div class='inner'>{in_paragraphs(*MORE)}</div>",
        f"<section>{in_paragraphs(*MORE)}</section>",
        f"<div class='widget-of-ann-lee'><div><div>{in_paragraphs(*MORE)}</div></div></div>",
        f"<div class='wp-block-group'><img src='/1.jpg'>{in_paragraphs(*MORE)}</div>",
        f"<div>{in_paragraphs(MORE[0])}</div><div>{in_paragraphs(MORE[1])}</div><div>{in_paragraphs(MORE[2])}</div>",
    ],
)
def test_paragraphs_in_a_box_between_others_are_the_articles(box):
    found = read(between(box), known())
    assert found.extractor["rung"] == "template"
    assert found.paragraphs == (FIRST, *MORE, *REST)


def test_what_stands_among_the_paragraphs_of_a_box_comes_with_them():
    first, second, third = MORE
    box = f"<h3>How it went</h3>{in_paragraphs(first, 'Nobody knows.')}<ul><li>{second}</li></ul>{in_paragraphs(third)}"
    found = read(between(f"<div>{box}</div>"), known())
    assert found.paragraphs == (FIRST, "How it went", first, "Nobody knows.", f"- {second}", third, *REST)


@pytest.mark.parametrize(
    ("box", "lines"),
    [
        ("<div class='scroll'><table><tr><th>Ship</th><th>Guests</th></tr></table></div>", ("Ship | Guests",)),
        (
            "<figure><table><tr><td>Aurora</td><td>12</td></tr></table><figcaption>Guests</figcaption></figure>",
            ("Aurora | 12",),
        ),
        ("<div><!-- list --> <ul><li>Coal</li><li>Salt</li></ul></div>", ("- Coal", "- Salt")),
        ("<div><div><h2>How it went on</h2></div></div>", ("How it went on",)),
    ],
)
def test_a_table_a_list_or_a_subhead_that_is_alone_in_its_box_is_the_articles(box, lines):
    found = read(between(box), known())
    assert found.extractor["rung"] == "template"
    assert found.paragraphs == (FIRST, *lines, *REST)


@pytest.mark.parametrize(
    "box",
    [
        "<div><h3>From the harbour</h3><ul><li>Storm</li><li>Fog</li></ul></div>",
        "<div><ul><li><a href='/1'>Storm on the sound</a></li><li><a href='/2'>Fog</a></li></ul></div>",
        "<div><h3><a href='/1'>Storm on the sound</a></h3></div>",
        "<div class='related'><ul><li>Storm</li></ul></div>",
        "<div><img src='/1.jpg'><h3>Our harbour book</h3></div>",
        "<div>Ad <ul><li>Storm</li></ul></div>",
        "<div>Advertisement</div>",
        "<div></div>",
    ],
)
def test_a_list_or_a_subhead_that_shares_its_box_or_leads_away_is_not(box):
    found = read(between(box), known())
    assert found.extractor["rung"] == "template"
    assert found.paragraphs == told(9)


def test_a_table_that_the_site_prints_in_each_article_is_not():
    def with_rates(number: int) -> tuple[str, bytes]:
        first, *rest = told(number)
        rates = "<div><table><tr><td>Crown</td><td>1.2</td></tr><tr><td>Florin</td><td>2</td></tr></table></div>"
        return story(number, f"<p>{first}</p>{rates}{in_paragraphs(*rest)}")

    plain = [story(number) for number in range(5, 15)]
    assert read(with_rates(9), known(with_rates(1), with_rates(2), *plain)).paragraphs == told(9)


def test_boxes_between_those_that_hold_the_paragraphs_are_looked_into_too():
    def grouped(number: int, box: str = "") -> tuple[str, bytes]:
        texts = told(number)
        groups = "".join(f"<div class='group'>{in_paragraphs(*texts[at : at + 2])}</div>" for at in (2, 4))
        return story(number, f"<div class='group'>{in_paragraphs(*texts[:2])}</div>{box}{groups}")

    found = read(grouped(9, f"<div class='inner'>{in_paragraphs(*MORE)}</div>"), known(*map(grouped, range(5))))
    assert found.extractor["rung"] == "template"
    assert found.paragraphs == (*told(9)[:2], *MORE, *told(9)[2:])


@pytest.mark.parametrize(
    "box",
    [
        f"<div class='video-js'>{in_paragraphs(MORE[0])}</div>",
        f"<div><img src='/1.jpg'>{in_paragraphs(MORE[0])}</div>",
        f"<div><div class='caption'>{in_paragraphs(MORE[0])}</div></div>",
        f"<div class='related'>{in_paragraphs(*MORE[:2])}</div>",
        f"<div id='newsletter-2'>{in_paragraphs(*MORE[:2])}</div>",
        f"<aside>{in_paragraphs(*MORE[:2])}</aside>",
        f"<div><aside>{in_paragraphs(*MORE[:2])}</aside></div>",
        f"<div><a href='/1'>{in_paragraphs(*MORE[:2])}</a></div>",
        f"<div><p><a href='/1'>{MORE[0]}</a></p></div>",
        f"<div><p class='teaser'>{MORE[0]}</p></div>",
        f"<div><p>{SIGN_UP}</p></div>",
        f"<div><p>{MORE[0]} (Photo: Ann Lee/AP)</p></div>",
    ],
)
def test_promotions_and_captions_in_a_box_between_paragraphs_are_not(box):
    found = read(between(box), known())
    assert found.extractor["rung"] == "template"
    assert found.paragraphs == told(9)


def test_a_box_with_a_paragraph_that_the_site_repeats_is_no_text():
    def promoted(number: int) -> tuple[str, bytes]:
        first, *rest = told(number)
        return story(number, f"<p>{first}</p><div><p>{PROMOTION}</p></div>{in_paragraphs(*rest)}")

    plain = [story(number) for number in range(5, 15)]
    found = read(promoted(9), known(promoted(1), promoted(2), *plain))
    assert found.extractor["rung"] == "template"
    assert found.paragraphs == told(9)


@pytest.mark.parametrize("parted", ["{0}<div>{1}</div>", "<div>{1}</div>{0}", "{0}<div> </div><section>{1}</section>"])
def test_a_box_at_once_before_the_first_paragraph_or_behind_the_last_is_the_articles(parted):
    found = read(story(9, parted.format(in_paragraphs(*told(9)), in_paragraphs(BACKGROUND))), known())
    assert found.extractor["rung"] == "template"
    assert set(found.paragraphs) == {*told(9), BACKGROUND}


@pytest.mark.parametrize(
    "box",
    [
        f"<div class='author'><p>{BACKGROUND}</p></div>",
        f"<img src='/1.jpg'><div><p>{BACKGROUND}</p></div>",
        "<div><p>Subscribe to our newsletter to get the tide tables and the ferry hours every morning.</p></div>",
    ],
)
def test_a_box_that_says_what_it_is_or_stands_apart_is_not(box):
    assert read(story(9, in_paragraphs(*told(9)) + box), known()).paragraphs == told(9)


def test_without_the_look_between_the_blocks_the_paragraphs_would_be_lost():
    url, body = between(f"<div>{in_paragraphs(MORE[0])}</div>")
    article = cleaned(body, url, site=known(), parts=[part for part in PARTS if part != "gaps"]).article()
    assert article.paragraphs == told(9)


def test_fifty_thousand_boxes_take_no_longer_than_their_words_do():
    started = time.process_time()
    found = read(between("<div><div><p>Coal</p></div></div>" * 50_000), known())
    assert found.paragraphs[0] == FIRST
    assert time.process_time() - started < 10
