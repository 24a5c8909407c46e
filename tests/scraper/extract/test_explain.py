"""Explained: what became of each block of a page, and why, in words."""

import zlib
from collections import Counter
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.demo import ARTICLES, Asked, respond
from scraper.errors import NotAnArticle
from scraper.extract import clean, explain, explain_flat, lines
from scraper.extract.boilerplate import RUNGS
from scraper.extract.explain import RULES, WAYS, Explanation, Judged
from scraper.extract.tracing import Tracer
from scraper.extract.walls import WORDS_FOR
from tests.scraper.extract.pages import HEADLINE, PARAGRAPHS, URL, ld, page, paragraphs
from tests.scraper.extract.test_site import HOST, NOTE, PROMISE, known, story, told, with_line
from tests.scraper.hostile.pages import PAGES

SITE = known()


def kept(told: Explanation) -> list[str]:
    """The texts of the kept blocks, the headline not among them."""
    return [block.text for block in told.blocks if block.kept and block.by != "headline"]


def block(told: Explanation, beginning: str) -> Judged:
    """The only block that begins so."""
    [found] = [each for each in told.blocks if each.text.startswith(beginning)]
    return found


def test_the_blocks_stand_in_the_order_of_the_page_the_kept_among_the_dropped():
    url, body = story(9)
    texts = [each.text for each in explain(body, url).blocks]
    assert texts == ["- Home", "Voyage 9 ended well", *told(9), PROMISE, "Harbour Herald, 1 Quay Street"]


def test_a_block_of_a_known_site_is_told_by_its_place():
    url, body = story(9)
    found = explain(body, url, site=SITE)
    assert kept(found) == list(told(9))
    first, promise = block(found, "On day 1 "), block(found, "Journalism")
    assert (first.kept, first.by, first.place) == (True, "template", "div.story-body > p")
    assert (promise.kept, promise.by, promise.place) == (False, "template", "div.promo > p")
    assert promise.why == "the template does not take this place"
    assert found.way == "template div.story-body > p of harbour-herald.example@7, which the page fits"


def test_of_an_unknown_site_trafilatura_decides():
    url, body = story(9)
    found = explain(body, url)
    assert found.way == "trafilatura"
    assert block(found, "On day 1 ").why == "trafilatura took it for the article's"
    assert block(found, "Harbour Herald").why == "trafilatura took it for boilerplate"


def test_a_page_that_does_not_fit_says_so():
    url, body = story(9, layout="feature")
    way = explain(body, url, site=SITE).way
    assert (
        way == "trafilatura, because the page does not fit the template div.story-body > p of harbour-herald.example@7"
    )


def test_a_site_without_a_template_for_such_pages_says_so():
    few = known(story(1), story(2))
    url, body = story(9)
    assert explain(body, url, site=few).way.startswith(
        "trafilatura, because harbour-herald.example@7 has no template for pages of kind article"
    )


def test_what_no_page_taught_but_stands_between_paragraphs_says_that_it_does():
    first, *rest = told(9)
    headed = f"<p>{first}</p><h3>What the captain wrote</h3>" + "".join(f"<p>{text}</p>" for text in rest)
    url, body = story(9, headed)
    head = block(explain(body, url, site=SITE), "What the captain wrote")
    assert (head.kept, head.by, head.why) == (True, "template", "it stands between blocks that the template takes")


def test_a_paragraph_that_trafilatura_passed_over_and_that_was_put_back_says_so():
    first, second, third, *rest = PARAGRAPHS
    found = explain(page(paragraphs(first, second) + f'<p class="widget">{third}</p>' + paragraphs(*rest)), URL)
    assert kept(found) == list(PARAGRAPHS)
    assert block(found, third).by == "passed-over"


@pytest.mark.parametrize("layout", ["story", "feature"])
def test_a_line_that_the_site_repeats_is_told_as_such(layout):
    site = known(with_line(1, NOTE), with_line(2, NOTE), story(3), story(4))
    body = with_line(9, NOTE)[1].replace(b"story-body", f"{layout}-body".encode())
    note = block(explain(body, f"{HOST}/9", site=site), NOTE)
    assert (note.kept, note.by) == (False, "site")
    assert "repeats" in note.why


def test_a_rule_says_in_words_why_it_takes_a_line():
    body = page(paragraphs(*PARAGRAPHS, "Photo: Ann Lee / Harbour Herald"))
    found = block(explain(body, URL), "Photo:")
    assert (found.kept, found.by, found.why) == (False, "rule:caption", RULES["caption"])


def test_the_headline_above_the_text_is_kept_and_any_other_time_is_not():
    again = f"<h2>{HEADLINE}</h2>"
    first, second = (
        each for each in explain(page(again + paragraphs(), head=ld()), URL).blocks if each.text == HEADLINE
    )
    assert (first.kept, first.by, first.place) == (True, "headline", "main > article > h1")
    assert (second.kept, second.by) == (False, "rule:headline")


def test_a_kept_paragraph_that_also_stands_in_a_box_above_is_kept_where_the_article_is():
    box = f'<div class="box"><p>{PARAGRAPHS[0]}</p></div>'
    site = known(*(story(number, after=box) for number in range(5)))
    url, body = story(9, after=f'<div class="box"><p>{told(9)[2]}</p></div>')
    twice = [each for each in explain(body, url, site=site).blocks if each.text == told(9)[2]]
    assert [(each.kept, each.place) for each in twice] == [(True, "div.story-body > p"), (False, "div.box > p")]


def test_what_one_pair_of_breaks_parts_stands_as_two_lines():
    found = explain(page(f"<p>{PARAGRAPHS[0]}<br><br>{PARAGRAPHS[1]}</p>{paragraphs(*PARAGRAPHS[2:])}"), URL)
    assert kept(found) == list(PARAGRAPHS)


def test_text_that_lies_loose_between_blocks_is_still_kept_once():
    loose = f"<div>{PARAGRAPHS[0]}<p>{PARAGRAPHS[1]}</p>{PARAGRAPHS[2]}<p>{PARAGRAPHS[3]}</p></div>"
    found = explain(page(loose + paragraphs(*PARAGRAPHS[4:])), URL)
    assert kept(found) == list(found.article.paragraphs)
    assert block(found, PARAGRAPHS[0][:30]).why.endswith("not found as a block")


def printed(url: str) -> bytes:
    """The page that the sample newspaper has there."""
    parts = urlsplit(url)
    answer = respond(Asked(host=parts.netloc, path=parts.path, query=parts.query), 1, 0)
    return zlib.decompress(answer.body, 31) if answer.named("content-encoding") else answer.body


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.name)
def test_each_paragraph_of_the_sample_newspaper_is_kept_once_and_found_on_its_page(article):
    found = explain(printed(article.url), article.url)
    assert Counter(kept(found)) == Counter(article.paragraphs)
    assert [each.text for each in found.blocks if each.kept and not each.place] == []


@pytest.mark.parametrize("hostile", [each for each in PAGES if not each.slow][::12], ids=str)
def test_of_a_hostile_page_too_each_paragraph_is_kept_once(hostile):
    found = explain(body := hostile.make(), URL)
    assert found.reason == why_none(body)
    assert Counter(kept(found)) == Counter(found.article.paragraphs)
    assert found.reason or found.article.paragraphs == clean(body, URL).paragraphs


def why_none(body: bytes) -> str | None:
    """The reason why there is no article on a page; None when there is one."""
    try:
        clean(body, URL)
    except NotAnArticle as none:
        return none.reason
    return None


def test_a_page_that_is_no_article_is_explained_too():
    body = page("<p>Please verify that you are a human to go on. We have seen unusual traffic from your network.</p>")
    found = explain(body, URL)
    assert (found.reason, found.message) == ("wall", WORDS_FOR["wall"])
    assert any("Please verify" in text for text in kept(found))


def test_an_empty_response_has_no_blocks():
    found = explain(b"", URL)
    assert (found.reason, found.blocks) == ("empty", ())


def test_where_nothing_was_read_neither_a_kind_nor_an_access_is_said():
    assert [explain(b"", URL).facts[name] for name in ("kind", "access")] == [None, None]
    assert [explain_flat("").facts[name] for name in ("kind", "access")] == [None, None]
    assert [explain(page(), URL).facts[name] for name in ("kind", "access")] == ["article", "open"]


def test_a_flattened_text_is_explained_line_by_line():
    dump = "\n\n".join(
        ["Home", "20 November 2026", HEADLINE, *PARAGRAPHS, "Photo: Ann Lee / Harbour Herald", "5 views"]
    )
    found = explain_flat(dump)
    assert [each.text for each in found.blocks] == dump.split("\n\n")
    assert [each.text for each in found.blocks if each.kept] == [HEADLINE, *PARAGRAPHS]
    assert (block(found, "20 Nov").by, block(found, "5 views").by) == ("rule:date", "rule:counter")


def test_of_a_flattened_text_what_its_site_repeats_is_told_as_such():
    site = known(with_line(1, NOTE), with_line(2, NOTE), story(3), story(4))
    found = explain_flat("\n\n".join(["Voyage 9 ended well", *told(9)[:3], NOTE, *told(9)[3:]]), site=site)
    assert [each.text for each in found.blocks if each.kept] == ["Voyage 9 ended well", *told(9)]
    assert block(found, NOTE).by == "site"


def test_a_flattened_text_without_an_article_says_why():
    found = explain_flat("Home\n\nSport\n\nWeather")
    assert found.reason == "no-text"
    assert [each.kept for each in found.blocks] == [False] * 3


# ── from lines to blocks


@given(st.lists(st.sampled_from(["Ferry returns at last", "Q:", "Harbour master speaks again", "5", "?"]), max_size=12))
def test_a_line_is_traced_once_for_each_time_that_it_is_printed(printed):
    tracer = Tracer(printed)
    traced = list(tracer.trace(printed))
    said = [places for text, places in zip(printed, traced, strict=True) if text != "?"]
    assert sorted(places.start for places in said if places) == [at for at, text in enumerate(printed) if text != "?"]
    assert list(tracer.trace(["Q:", "5"])) == [None, None]


def test_a_line_may_be_several_blocks_or_a_part_of_one():
    tracer = Tracer(["Menu", "The ferry sailed", "again on Friday.", "Share The bakery was closed all day. Print"])
    joined, part = tracer.trace(["The ferry sailed again on Friday.", "The bakery was closed all day."])
    assert (joined, part) == (range(1, 3), range(3, 4))
    assert tracer.says(range(1, 3), "The ferry sailed, again on Friday")
    assert not tracer.says(range(3, 4), "The bakery was closed all day.")


def test_of_several_places_the_one_behind_the_last_line_counts():
    tracer = Tracer(["Background", "One ferry sailed on Friday", "Background", "Two ferries sailed on Monday"])
    assert list(tracer.trace(["One ferry sailed on Friday", "Background"])) == [range(1, 2), range(2, 3)]


# ── in words


def test_every_rule_has_a_sentence_and_no_sentence_is_left_of_a_rule_that_is_gone():
    assert {*RULES} == {*lines.RULE_NAMES}, "explain.RULES says of each rule of the line pass what it says of a line"


def test_every_way_of_reading_has_its_words():
    assert {"live", "template", "flat", *RUNGS} <= WAYS.keys()
