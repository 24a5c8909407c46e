"""New, revised, unchanged: like compared with like."""

import hashlib
from dataclasses import fields, replace

import pytest

from archive.records import Article, Facts, Revision
from scraper.compare import (
    Change,
    between,
    compare,
    facts_changed,
    known_as,
    same_extractor,
    same_way,
    with_text_of,
)

URL = "https://harbour-post.example/2026/strike"

STRIKE = Article(
    url=URL,
    canonical_url=URL,
    site="harbour-post.example",
    headline="Harbour workers end strike",
    paragraphs=("Dock workers voted to return.",),
    authors=("Lena Aho",),
    published="2026-11-19",
    modified="2026-11-19T10:00:00+02:00",
    language="en",
    publisher="Harbour Post",
    extractor={"pressmark": "0.1.0"},
)


def revision_of(article: Article) -> Revision:
    return Revision(
        record_id="urn:uuid:r1",
        capture="urn:uuid:c1",
        captured_at=None,  # type: ignore[arg-type]  # no decision looks at it
        verdict="new",
        facts=Facts(**{each.name: getattr(article, each.name) for each in fields(Facts)}),
        sha256=hashlib.sha256(article.text.encode()).hexdigest(),
        words=article.words,
        text_file="text/harbour-post.example/2026/11/20/000_d00c5ce0b9dbff16.txt",
        names_file=True,
        copy_of=None,
        facts_changed=(),
        warc="warc/a.warc.gz",
        offset=0,
        length=1,
    )


KEPT = revision_of(STRIKE)


def test_the_first_text_of_an_article_is_new():
    assert compare(STRIKE, None) == Change(verdict="new")


def test_the_same_text_with_the_same_facts_is_nothing_to_keep():
    assert compare(STRIKE, KEPT) == Change(verdict=None)


@pytest.mark.parametrize("edit", [{"paragraphs": ("Dock workers voted to stay out.",)}, {"paragraphs": ()}])
def test_another_text_is_a_revision(edit):
    assert compare(replace(STRIKE, **edit), KEPT) == Change(verdict="revised")


def test_another_headline_is_another_text_and_another_fact():
    edited = replace(STRIKE, headline="Harbour strike ends")
    assert compare(edited, KEPT) == Change(verdict="revised", facts_changed=("headline",))


@pytest.mark.parametrize(
    "edit",
    [
        {"authors": ("Lena Aho", "Otto Berg")},
        {"published": "2026-11-20"},
        {"language": "fi"},
        {"publisher": "The Harbour Post"},
        {"kind": "opinion"},
        {"access": "paid"},
        {"source_link": "https://wire.example/1"},
        {"reservations": ("noai",)},
        {"section": "World"},
        {"wire_credit": "AP"},
    ],
)
def test_a_fact_that_changed_under_the_same_text_is_kept_as_facts(edit):
    assert compare(replace(STRIKE, **edit), KEPT) == Change(verdict="facts", facts_changed=tuple(edit))


@pytest.mark.parametrize(
    "edit", [{"modified": "2026-11-20"}, {"origins": {"published": "meta"}}, {"url": URL + "?page=1"}]
)
def test_a_counter_in_the_time_of_change_says_nothing_a_reader_could_see(edit):
    assert compare(replace(STRIKE, **edit), KEPT) == Change(verdict=None)


@pytest.mark.parametrize(
    "edit",
    [
        {"image": "https://cdn.harbour-post.example/strike.jpg?w=800&sig=1f"},
        {"image_caption": "The gate at dawn", "image_credit": "Otto Berg"},
        {"disagreements": {"published": ("meta: 2026-11-18",)}},
    ],
)
def test_an_image_whose_address_its_server_writes_anew_is_no_news(edit):
    assert compare(replace(STRIKE, **edit), KEPT) == Change(verdict=None)


def test_a_section_that_nobody_looked_for_before_is_no_news():
    today = replace(STRIKE, section="Ports", wire_credit="AP", extractor={"pressmark": "0.1.0", "facts": "2"})
    assert compare(today, KEPT, baseline=today) == Change(verdict=None)
    moved = replace(today, section="Business")
    assert compare(moved, KEPT, baseline=today) == Change(verdict="facts", facts_changed=("section",))


def test_a_text_that_only_the_extractor_changed_is_no_revision():
    today = replace(STRIKE, paragraphs=("Dock workers voted to return.", "By hand."), extractor={"pressmark": "0.2.0"})
    assert not same_extractor(today, KEPT)
    assert compare(today, KEPT, baseline=today) == Change(verdict=None)


def test_what_today_s_extractor_reads_in_the_old_page_is_what_a_revision_is_measured_against():
    old_page = replace(STRIKE, paragraphs=("Dock workers voted to return.", "Share!"))
    edited = replace(old_page, paragraphs=("Dock workers voted to stay out.", "Share!"), authors=("Otto Berg",))
    assert compare(edited, KEPT, baseline=old_page) == Change(verdict="revised", facts_changed=("authors",))


def test_a_fact_that_only_the_extractor_reads_otherwise_has_not_changed():
    today = replace(STRIKE, publisher="HARBOUR POST", extractor={"pressmark": "0.2.0"})
    assert compare(today, KEPT, baseline=today) == Change(verdict=None)


def test_a_new_extractor_does_not_hide_that_an_author_was_added():
    old_page = replace(STRIKE, extractor={"pressmark": "0.2.0"})
    today = replace(old_page, authors=("Lena Aho", "Otto Berg"))
    assert compare(today, KEPT, baseline=old_page) == Change(verdict="facts", facts_changed=("authors",))


def test_what_was_reserved_before_anybody_looked_for_it_is_no_news():
    today = replace(STRIKE, reservations=("noai",), extractor={"pressmark": "0.1.0", "facts": "1"})
    assert not same_extractor(today, KEPT)
    assert compare(today, KEPT, baseline=today) == Change(verdict=None)
    assert compare(today, KEPT, baseline=replace(today, reservations=())).facts_changed == ("reservations",)


def test_a_site_learned_anew_is_another_extractor():
    assert same_extractor(STRIKE, KEPT)
    assert not same_extractor(replace(STRIKE, site_memory="harbour-post.example@2"), KEPT)


def test_a_fact_that_changed_is_kept_with_the_text_that_another_extractor_read_otherwise():
    old_page = replace(STRIKE, paragraphs=("Dock workers voted to return.", "Share!"), extractor={"pressmark": "0.2.0"})
    today = replace(old_page, authors=("Lena Aho", "Otto Berg"), site_memory="harbour-post.example@2")
    assert compare(today, KEPT, baseline=old_page) == Change(verdict="facts", facts_changed=("authors",))
    kept = with_text_of(STRIKE, today)
    assert (kept.text, kept.authors) == (STRIKE.text, ("Lena Aho", "Otto Berg"))
    assert (kept.extractor, kept.site_memory) == (STRIKE.extractor, None)  # for they have read that text


@pytest.mark.parametrize(
    ("now", "before", "is_same"),
    [
        ("template", "template", True),
        ("trafilatura", "lexbor", True),
        ("template", "trafilatura", False),
        ("lexbor", "template", False),
    ],
)
def test_a_template_and_the_teacher_read_a_page_in_two_ways(now, before, is_same):
    one, other = (replace(STRIKE, extractor={"rung": rung}) for rung in (now, before))
    assert same_way(one, other) == is_same
    assert (between(one, other) is not None) == is_same


def test_changed_facts_are_named_in_one_order():
    edited = replace(STRIKE, source_link="https://wire.example/1", headline=None, kind="opinion")
    assert facts_changed(edited, STRIKE) == ("headline", "kind", "source_link")


# ── identity ─────────────────────────────────────────────────────────────────────────────────────────────────────────

OLD, NEW = "http://harbour-post.example/strike", "https://harbour-post.example/strike"


def test_an_article_never_seen_is_known_by_the_url_its_page_claims():
    assert known_as(NEW, asked=OLD, moved=True, article_at=lambda _: None) == NEW


def test_a_url_that_leads_to_an_article_already_is_that_article():
    assert known_as(NEW, asked=NEW, moved=False, article_at={NEW: URL}.get) == URL


def test_an_article_that_moved_for_good_stays_the_one_it_was():
    assert known_as(NEW, asked=OLD, moved=True, article_at={OLD: OLD}.get) == OLD


def test_a_detour_for_today_makes_no_article_another_one():
    assert known_as(NEW, asked=OLD, moved=False, article_at={OLD: OLD}.get) == NEW


def test_a_short_link_that_led_to_one_article_may_lead_to_another_tomorrow():
    short = "https://harbour-post.example/latest"
    assert known_as(NEW, asked=short, moved=True, article_at={short: URL}.get) == NEW
