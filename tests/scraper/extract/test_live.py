"""A live blog is kept as its entries, in the order of the page, each once, under what stands above them."""

import pytest

from scraper.extract import clean
from tests.scraper.extract.pages import HEADLINE, URL, ld, page, paragraphs

LIVE = "https://www.harbour-herald.example/live/2026/nov/20/ferry-returns"
INTRO = "The ferry sails again today after eleven years; we follow its first day from the quay and from on board."
HEADS = ("Back at the quay", "The mayor speaks", "On the island", "A late start", "Good morning")
BODIES = (
    "The ferry is back at the quay, forty minutes late, and the bakery has run out of bread for the second time.",
    "“We had stopped believing in it,” says the mayor, who is standing on a crate that nobody has seen before.",
    "Three hundred people are waiting at the landing stage on the island, more than have lived here for a century.",
    "The ferry casts off at last, twenty minutes late, because a swan was sitting on the mooring line all morning.",
    "Good morning from the old town, where it is raining and where the first passengers came at five o'clock.",
)
TEXT = (INTRO, *(line for entry in zip(HEADS, BODIES, strict=True) for line in entry))


def entry(number: int, *, time: str = "<time datetime='2026-11-20T0{}:10'>0{}:10</time>", more: str = "") -> str:
    """One entry: its line of time and author, its headline, its paragraph."""
    return (
        f'<div class="entry" id="e{number}"><div class="entry-info">{time.replace("{}", str(9 - number))}'
        f"<span>Ann Lee</span></div><h3>{HEADS[number]}</h3><p>{BODIES[number]}</p>{more}</div>"
    )


def live_page(entries: str, *, head: str = "") -> bytes:
    return page(f"<p>{INTRO}</p><div class='entries'>{entries}</div>", head=head)


ENTRIES = "".join(map(entry, range(5)))
DECLARED = ld(**{"@type": "LiveBlogPosting"})


def stated(*numbers: int) -> str:
    """JSON-LD that states these entries."""
    return ld(
        **{
            "@type": "LiveBlogPosting",
            "liveBlogUpdate": [
                {"@type": "BlogPosting", "headline": HEADS[n], "articleBody": BODIES[n], "url": f"{LIVE}#e{n}"}
                for n in numbers
            ],
        }
    )


def test_what_stands_above_and_each_entry_are_kept_in_order_without_times_and_authors():
    article = clean(live_page(ENTRIES, head=DECLARED), LIVE)
    assert article.paragraphs == TEXT
    assert (article.kind, article.origins["kind"]) == ("live-blog", "json-ld")


def test_a_page_whose_address_alone_says_live_is_one_when_it_has_entries():
    article = clean(live_page(ENTRIES), LIVE)
    assert article.paragraphs == TEXT
    assert (article.kind, article.origins["kind"]) == ("live-blog", "text")
    assert clean(page(), LIVE).kind == "article"


@pytest.mark.parametrize(
    "headline",
    ["Liveticker: Die Fähre ist zurück", "Паром вернулся: онлайн", "渡轮重返港口 直播", "Le ferry, en direct"],
)
def test_a_headline_says_live_in_many_languages(headline):
    body = live_page(ENTRIES).replace(HEADLINE.encode(), headline.encode())
    assert clean(body, URL).kind == "live-blog"


def test_entries_without_a_time_element_are_known_by_what_json_ld_says_of_them():
    bare = "".join(entry(n, time="<i>some time ago</i>") for n in range(5))
    assert clean(live_page(bare, head=stated(*range(5))), URL).paragraphs == TEXT


def test_entries_that_come_in_heaps_of_ten_are_all_read():
    heaps = "".join(f"<div class='heap'>{entry(n)}{entry(n + 1)}{entry(n + 2)}</div>" for n in (0, 1, 2))
    said = clean(live_page(heaps, head=DECLARED), URL).paragraphs
    assert set(said) == set(TEXT)
    assert len(said) == len(TEXT)


def test_a_pinned_entry_is_kept_once_at_its_own_place():
    assert clean(live_page(entry(3) + ENTRIES, head=DECLARED), URL).paragraphs == TEXT


def test_an_entry_pinned_above_the_others_is_kept_once_at_its_own_place_too():
    pinned = f"<div class='pinned'><h3>{HEADS[3]}</h3><p>{BODIES[3]}</p></div>"
    body = f"<p>{INTRO}</p>{pinned}<div class='entries'>{ENTRIES}</div>"
    assert clean(page(body, head=DECLARED), LIVE).paragraphs == TEXT


def test_the_list_of_key_events_is_no_second_telling():
    keys = "".join(f"<li><time>0{9 - n}:10</time> <a href='#e{n}'>{head}</a></li>" for n, head in enumerate(HEADS))
    body = page(f"<p>{INTRO}</p><h2>Key events</h2><ul>{keys}</ul><div class='entries'>{ENTRIES}</div>", head=DECLARED)
    assert clean(body, URL).paragraphs == TEXT


def test_entries_that_only_scripts_would_show_are_read_from_json_ld():
    body = page(f"<p>{INTRO}</p><div id='liveblog'></div>", head=stated(*range(5)))
    assert clean(body, URL).paragraphs == TEXT[1:]


def test_a_page_that_shows_ten_entries_of_four_hundred_gives_what_it_shows():
    shown = "".join(map(entry, range(3)))
    assert clean(live_page(shown, head=stated(*range(5))), URL).paragraphs == TEXT[:7]


def test_a_post_of_others_is_read_where_an_entry_has_nothing_else():
    tweet = (
        '<blockquote class="twitter-tweet"><p>The ferry, the ferry! It has come back to us after all.</p></blockquote>'
    )
    more = entry(0, more=tweet) + entry(1) + entry(2)
    alone = entry(3).replace(f"<p>{BODIES[3]}</p>", tweet)
    said = clean(live_page(more + alone, head=DECLARED), URL).paragraphs
    assert said == (*TEXT[:7], HEADS[3], "> The ferry, the ferry! It has come back to us after all.")


def test_lists_line_breaks_and_tables_in_an_entry_keep_their_form():
    inside = (
        "<ul><li>Two decks for passengers on foot</li></ul><table><tr><td>07:10</td><td>07:45</td></tr></table>"
        "<div>The captain is from the island.<br><br>So is her mother, who built the quay.</div>"
    )
    said = clean(live_page(entry(0, more=inside) + entry(1) + entry(2), head=DECLARED), URL).paragraphs
    assert said[3:7] == (
        "- Two decks for passengers on foot",
        "07:10 | 07:45",
        "The captain is from the island.",
        "So is her mother, who built the quay.",
    )


@pytest.mark.parametrize("place", ["comments", "related", "sidebar"])
def test_comments_and_other_articles_with_their_times_are_no_entries(place):
    below = f"<section class='{place}'>{ENTRIES}</section>"
    assert clean(page(paragraphs(), around=below), LIVE).kind == "article"


def test_teasers_that_lead_to_other_pages_are_no_entries():
    teasers = "".join(
        f"<div class='box'><time>0{n}:10</time><h3><a href='/n/{n}'>{HEADS[n]}</a></h3><p>{BODIES[n]}</p></div>"
        for n in range(5)
    )
    assert clean(page(paragraphs(), around=f"<div class='boxes'>{teasers}</div>"), LIVE).kind == "article"


def test_a_ticker_of_paragraphs_that_begin_with_the_time_is_a_live_blog():
    said = [
        f"{hour}.15 Uhr: Die Fähre legt zum {hour}. Mal an diesem Tag ab, und es regnet noch immer."
        for hour in range(8, 14)
    ]
    article = clean(page(paragraphs(*said)), "https://www.harbour-herald.example/faehre-im-liveticker-100.html")
    assert (article.kind, article.paragraphs) == ("live-blog", tuple(said))
