"""A text that somebody flattened before us gives back its article: the user's five shapes, and the five documents."""

import hashlib
import os
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.records import Site
from scraper.errors import NotAnArticle
from scraper.extract import clean_flat, is_flat
from scraper.extract.flat.dumps import printed_lines
from scraper.extract.form import bare, folded
from scraper.extract.site import digest
from tests.scraper.extract.pages import HEADLINE, PARAGRAPHS

SEEDS = Path(os.environ.get("PRESSMARK_SEEDS") or Path(__file__).parents[4] / "shared" / "seeds")
FLATTENED = Path(__file__).parent / "flattened"  # one page of our own, as five programs print it
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


@pytest.mark.parametrize("columns", [72, 76, 80])
@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("head", ["", HEADLINE + "\n", HEADLINE + "\n\n"])
def test_a_brief_of_one_paragraph_that_a_margin_broke_is_read(head, count, columns):
    brief = " ".join(PARAGRAPHS[:count])
    article = clean_flat(head + textwrap.fill(brief, columns))
    assert article.paragraphs == (brief,)
    assert article.headline == (HEADLINE if head else None)


def test_menus_around_a_broken_brief_are_not_joined_to_it():
    brief = " ".join(PARAGRAPHS[:3])
    menu = ("Home", "Sport", "Storm hits the bridge and closes the road to the north", "Bakery wins a prize again")
    article = clean_flat("\n".join((*menu, "", HEADLINE, "", textwrap.fill(brief, 76), "", *menu[2:], "Contact")))
    assert (article.headline, article.paragraphs) == (HEADLINE, (brief,))


def test_headlines_one_below_the_other_are_not_one_paragraph():
    listed = (
        "Storm hits the bridge to the islands and closes the road to the north",
        "Bakery beside the landing stage wins the prize of the province again",
        "Captain of the ferry retires after thirty years on the northern line",
    )
    assert [line.line.text for line in printed_lines("\n".join(listed))] == list(listed)


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


def test_a_page_that_prints_a_tag_in_its_words_is_flat_all_the_same():
    assert is_flat("\n".join((*PARAGRAPHS, *PARAGRAPHS, "The form begins with <p> and ends with <p>.")))
    assert not is_flat("".join(f"<p>{text}</p>\n" for text in PARAGRAPHS))


# ── one page, as the programs leave it


@pytest.fixture(params=["html2text", "inscriptis", "links", "lynx", "w3m"])
def dump(request) -> str:
    return (FLATTENED / f"{request.param}.txt").read_text(encoding="utf-8")


def test_a_dumped_page_gives_its_article_and_nothing_else(dump):
    article = clean_flat(dump)
    assert article.headline == HEADLINE
    assert [text.removeprefix("> ")[:40] for text in article.paragraphs if " | " not in text] == [
        "The ferry that once tied the old town to",
        "“We had stopped believing in it,” said M",
        "Who pays for it",
        "The line is paid for by the province unt",
        "Three things are still to be settled:",
        "- whether lorries may cross",
        "- who cleans the landing stages of both ",
        "- what a ticket for children costs",
        "A crossing takes thirty-five minutes and",
        "The council will decide in spring whethe",
        "Until then it sails four times a day.",
    ]


def test_the_head_of_a_dumped_page_becomes_facts(dump):
    article = clean_flat(dump)
    assert (article.authors, article.published) == (("Khalid Aslan",), "2026-11-20T09:57")


def test_a_paragraph_broken_at_a_margin_is_one_again_without_the_marks_of_its_links(dump):
    said = clean_flat(dump).paragraphs[1]
    assert said.endswith(
        "said Marta Lindqvist, who runs the bakery beside the landing stage. She has sold bread there for thirty "
        "years, and her mother did so before her."
    )


@pytest.mark.parametrize("program", ["html2text", "links", "lynx"])
def test_a_quote_keeps_its_mark_where_the_dump_sets_it_apart(program):
    dumped = (FLATTENED / f"{program}.txt").read_text(encoding="utf-8")
    assert [text[:12] for text in clean_flat(dumped).paragraphs if text.startswith(">")] == ["> A crossing"]


@pytest.mark.parametrize("program", ["html2text", "lynx"])
def test_of_the_links_of_a_dump_the_source_s_address_is_kept(program):
    dumped = (FLATTENED / f"{program}.txt").read_text(encoding="utf-8")
    assert clean_flat(dumped).source_link == "https://www.islands.example/ferry"


@pytest.mark.parametrize("program", ["html2text", "inscriptis"])
def test_a_table_keeps_its_rows_and_its_cells(program):
    dumped = (FLATTENED / f"{program}.txt").read_text(encoding="utf-8")
    assert [text for text in clean_flat(dumped).paragraphs if "|" in text] == [
        "Year | Passengers",
        "2014 | 81,400",
        "2015 | 64,950",
    ]


def test_line_ends_byte_order_marks_and_page_feeds_change_nothing(dump):
    article = clean_flat(dump)
    assert clean_flat("\ufeff" + dump.replace("\n", "\r\n")).text == article.text
    assert clean_flat(dump.replace("\nWho pays", "\n\f\nWho pays")).text == article.text


def test_a_clean_text_cleaned_again_is_the_same(dump):
    article = clean_flat(dump)
    assert clean_flat(article.text).text == article.text


def test_marks_that_stand_in_running_text_are_the_page_s_own():
    text = "\n".join(
        (*PARAGRAPHS[:3], "## An exclusive talk", "**WTN:** " + PARAGRAPHS[3], "**Baker:** " + PARAGRAPHS[4])
    )
    assert clean_flat(text).paragraphs[3:5] == ("## An exclusive talk", "**WTN:** " + PARAGRAPHS[3])


def test_an_enumerated_date_at_a_line_s_beginning_is_no_list():
    wrapped = [
        "The court ruled that for all ships of the line that have sailed since the",
        "21. August of the year before last a duty is owed to the harbour, and that",
        "the owners of the line must pay it before the winter comes and the port is",
        "closed, for the ramps are cleaned at that time by the men of the islands in",
        "turns, and nobody else has ever paid them for it, as the mayor said at the",
        "meeting of the council on Friday evening, which many islanders had come to.",
    ]
    assert [text[-20:] for text in clean_flat("\n".join(wrapped)).paragraphs] == ["islanders had come to"[-19:] + "."]


def test_the_next_article_of_a_page_is_not_its_own():
    other = [
        f"Another story altogether tells of the {each} bridge to the north, which is closed." for each in "abcdefgh"
    ]
    text = "\n\n".join(
        (HEADLINE, *PARAGRAPHS, "Related articles", "Bridge closed", "12 May 2026", "Related articles", *other)
    )
    assert clean_flat(text).paragraphs == PARAGRAPHS


def test_the_same_line_three_times_over_does_not_stand_in_for_a_headline():
    text = "\n".join(("Sign in", "Sign in", "Sign in", HEADLINE, "", *PARAGRAPHS))
    assert clean_flat(text).headline == HEADLINE


# ── what a site's memory adds


def site(*cruft: str) -> Site:
    memory = {"version": 1, "cruft": [digest(bare(line)) for line in cruft]}
    return Site(site="herald.example", number=7, learned_at=datetime(2026, 11, 20, tzinfo=UTC), memory=memory)


PLEA = "Only the Herald sails with you to all of the islands, every day."
BACKGROUND = (
    "The ferry line was closed in 2015 after a storm had destroyed the old landing stage on the northern island."
)


def test_a_line_that_the_site_repeats_is_dropped_wherever_it_stands():
    text = "\n".join((HEADLINE, *PARAGRAPHS[:3], PLEA, *PARAGRAPHS[3:]))
    assert PLEA in clean_flat(text).paragraphs
    assert clean_flat(text, site=site(PLEA)).paragraphs == PARAGRAPHS


def test_a_repeated_line_is_known_under_its_link_numbers_and_marks():
    links = "\n".join(f"   * [{number}]Part {number}" for number in range(1, 8))
    text = "\n\n".join((links, f"   {HEADLINE}", f"   [8]{PLEA}", *(f"   {each}" for each in PARAGRAPHS)))
    assert clean_flat(text, site=site(PLEA)).paragraphs == PARAGRAPHS


def test_background_that_the_site_reuses_stays_between_paragraphs_and_goes_from_the_end():
    inside = "\n".join((HEADLINE, *PARAGRAPHS[:3], BACKGROUND, *PARAGRAPHS[3:]))
    assert BACKGROUND in clean_flat(inside, site=site(BACKGROUND)).paragraphs
    assert clean_flat("\n".join((HEADLINE, *PARAGRAPHS, BACKGROUND)), site=site(BACKGROUND)).paragraphs == PARAGRAPHS


def test_a_text_says_which_memory_it_was_cleaned_with():
    article = clean_flat("\n".join((HEADLINE, *PARAGRAPHS)), site=site())
    assert (article.site, article.site_memory) == ("herald.example", "herald.example@7")
    assert clean_flat("\n".join((HEADLINE, *PARAGRAPHS))).site_memory is None


def test_a_memory_without_repeated_lines_changes_nothing():
    nothing = Site(site="herald.example", number=1, learned_at=datetime(2026, 11, 20, tzinfo=UTC))
    assert clean_flat("\n".join((HEADLINE, *PARAGRAPHS)), site=nothing).paragraphs == PARAGRAPHS


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


@pytest.mark.parametrize(
    ("number", "digest"),
    [
        ("000", "b81f9b4013ebce99"),
        ("001", "d7280a78268a7379"),
        ("002", "2eb17cb444044089"),
        ("003", "98203c994b99251e"),
        ("004", "5e195e9c44ebb3e9"),
    ],
)
def test_a_sample_document_gives_exactly_the_lines_that_a_reader_marked_as_its_article(number, digest):
    kept = "\n".join(bare(paragraph) for paragraph in clean_flat(seed(number)).paragraphs)
    assert hashlib.sha256(kept.encode()).hexdigest()[:16] == digest


@pytest.mark.parametrize(
    ("number", "facts"),
    [
        ("000", ((), None, "https://www.khaleejtimes.com", None)),
        ("001", ((), "2024-12-02T09:57", None, "via Turkish media")),
        ("002", ((), None, None, None)),
        ("003", (("Khagan Isayev",), None, None, None)),
        ("004", ((), None, None, None)),
    ],
)
def test_a_sample_document_tells_its_author_its_date_its_source_and_whom_it_credits(number, facts):
    article = clean_flat(seed(number))
    assert (article.authors, article.published, article.source_link, article.wire_credit) == facts
