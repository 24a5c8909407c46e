"""A page becomes its article, whole and in the text form; a page that holds none says why."""

import pytest

from scraper.errors import NotAnArticle, ScraperError
from scraper.extract import clean, understand
from tests.scraper.extract.pages import HEADLINE, PARAGRAPHS, URL, ld, page, paragraphs

HTML_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"


def text_with(body: str) -> tuple[str, ...]:
    """The paragraphs of the sample article with this markup in its middle."""
    first, *rest = PARAGRAPHS
    found = clean(page(paragraphs(first) + body + paragraphs(*rest)), URL).paragraphs
    assert found[0] == first
    assert found[-len(rest) :] == tuple(rest)
    return found[1 : -len(rest)]


def test_a_page_gives_its_headline_once_and_every_paragraph():
    article = clean(page(), URL)
    assert article.headline == HEADLINE
    assert article.paragraphs == PARAGRAPHS
    assert article.text == "\n\n".join((HEADLINE, *PARAGRAPHS)) + "\n"


@pytest.mark.parametrize("where", ["file:///srv/page.html", "page.html", "", "http://[::1"])
def test_a_page_that_comes_from_no_url_is_read_all_the_same(where):
    assert clean(page(paragraphs(*PARAGRAPHS[:2])), where).paragraphs == PARAGRAPHS[:2]


def test_the_same_page_gives_the_same_article_again():
    assert clean(page(head=ld()), URL) == clean(page(head=ld()), URL)


@pytest.mark.parametrize(
    "change",
    [
        '<div class="counter">Views: 98,114</div>',
        "<p>Views: 98,114</p>",
        '<aside class="related"><h3>Related articles</h3><ul><li><a href="/a">Storm hits bridge</a></li></ul></aside>',
        '<div class="related-posts"><h3>More news</h3><a href="/b">Bakery wins a prize</a><a href="/c">Quay</a></div>',
        '<div class="share"><a href="#">Share this post</a><a href="#">Copy link</a></div>',
        '<section id="comments"><h3>Comments (12)</h3><p>I sailed on it as a child and loved it.</p></section>',
    ],
)
def test_a_counter_or_a_related_box_changes_no_byte_of_the_text(change):
    assert clean(page(paragraphs() + change), URL).text == clean(page(), URL).text
    assert clean(page(around=change), URL).text == clean(page(), URL).text


def test_a_subhead_is_a_paragraph():
    assert text_with("<h2>Who pays</h2>") == ("Who pays",)


def test_list_items_begin_with_a_dash_or_their_number():
    bullets = "<ul><li>Two decks for passengers on foot</li><li>One deck for bicycles and prams</li></ul>"
    numbers = "<ol><li>Buy a ticket at the kiosk</li><li>Wait at the second gate</li></ol>"
    assert text_with(bullets) == ("- Two decks for passengers on foot", "- One deck for bicycles and prams")
    assert text_with(numbers) == ("1. Buy a ticket at the kiosk", "2. Wait at the second gate")


def test_each_paragraph_of_a_quote_is_marked():
    quote = "<blockquote><p>The sea was calm that day.</p><p>Nobody wanted to go home.</p></blockquote>"
    assert text_with(quote) == ("> The sea was calm that day.", "> Nobody wanted to go home.")


def test_a_table_row_is_a_paragraph_with_bars_between_its_cells():
    table = (
        "<table><tr><th>Departure</th><th>Arrival</th></tr>"
        "<tr><td>07:10 from the quay</td><td>07:45 at the island</td></tr></table>"
    )
    assert text_with(table) == ("Departure | Arrival", "07:10 from the quay | 07:45 at the island")


def test_two_line_breaks_part_paragraphs_and_one_is_a_space():
    body = "<p>The first boat leaves at seven,<br>the last one at ten.<br><br>There is none on Sundays in winter.</p>"
    assert text_with(body) == (
        "The first boat leaves at seven, the last one at ten.",
        "There is none on Sundays in winter.",
    )


def test_an_article_written_with_line_breaks_alone_keeps_its_paragraphs():
    body = f"<div class='article-body'>{'<br><br>'.join(PARAGRAPHS)}</div>"
    assert clean(page(body), URL).paragraphs == PARAGRAPHS


def test_inline_markup_leaves_no_gap_in_a_word():
    body = "<p>The <b>har</b>bour <i>authority</i> called it a <a href='/x'>step</a>, no more than that, on Friday.</p>"
    assert text_with(body) == ("The harbour authority called it a step, no more than that, on Friday.",)


def test_white_space_and_invisible_characters_fold_away_but_joiners_stay():
    persian = "\u0645\u06cc\u200c\u0631\u0648\u062f"  # "it goes", with a joiner in it
    body = f"<p>The\u00a0ship\u200b car\u00adries  two\n hundred, {persian}, and e\u0301clairs are sold aboard.</p>"
    assert text_with(body) == (f"The ship carries two hundred, {persian}, and éclairs are sold aboard.",)


def test_the_next_article_loaded_below_is_not_this_one_s():
    said = (f"Harvest report {number}: the orchards on the hill gave more than ever." for number in range(20))
    below = f"<article><h1>Apples wherever one looks</h1>{paragraphs(*said)}</article>"
    assert clean(page(around=below), URL).paragraphs == PARAGRAPHS


def test_a_page_that_lies_whole_in_a_popup_that_is_never_closed_is_read_by_simpler_means():
    body = page(head=ld()).replace(b"<body>", b"<body><aside class='popup newsletter'><div class='popup-box'>")
    article = clean(body, URL)
    assert article.paragraphs == PARAGRAPHS
    assert article.extractor["rung"] == "lexbor"


def test_a_teaser_above_with_a_linked_h1_does_not_hide_the_article():
    teaser = b'<article><h1><a href="/b">Bakery wins a prize</a></h1></article><main>'
    assert clean(page().replace(b"<main>", teaser), URL).paragraphs == PARAGRAPHS


def test_a_caption_with_its_credit_is_no_paragraph():
    figure = "<figure><img src='/f.jpg'><figcaption>The ferry on Friday. Photo: Ann Lee/AP</figcaption></figure>"
    assert text_with(figure) == ()
    assert text_with("<p>The ferry leaves the quay on its first morning (Photo: Ann Lee/AP)</p>") == ()


def test_a_dateline_that_opens_a_paragraph_stays():
    opening = "OLD TOWN, Nov. 20 (HH) — The ferry that tied the old town to the islands sailed again on Friday morning."
    assert clean(page(paragraphs(opening, *PARAGRAPHS)), URL).paragraphs[0] == opening


def test_a_byline_in_the_text_becomes_the_author():
    article = clean(page(paragraphs("By Ann Lee and Bo Marten", *PARAGRAPHS)), URL)
    assert article.authors == ("Ann Lee", "Bo Marten")
    assert article.origins["authors"] == "text"
    assert article.paragraphs == PARAGRAPHS


def test_a_credit_at_the_end_becomes_the_source_link():
    printed = clean(page(paragraphs(*PARAGRAPHS, "Source link: https://www.islands.example/news")), URL)
    linked = clean(
        page(paragraphs(*PARAGRAPHS) + '<p><a href="https://www.islands.example/news">Source link</a></p>'), URL
    )
    assert printed.source_link == linked.source_link == "https://www.islands.example/news"
    assert printed.paragraphs == linked.paragraphs == PARAGRAPHS


# ── writing systems


def test_arabic_and_chinese_articles_come_through():
    arabic = (
        "عادت العبارة إلى الميناء صباح الجمعة بعد أحد عشر عاما من التوقف، وكان في استقبالها نحو مئتي شخص على الرصيف."
    )
    chinese = "渡轮在停航十一年后于星期五早晨重返老港口，约有两百人在码头上迎接它的到来，其中包括市长和三位前船长。"
    for paragraph in (arabic, chinese):
        several = tuple(paragraph.replace("。", f"{n}。").replace("الرصيف", f"الرصيف {n}") for n in range(5))
        assert clean(page(paragraphs(*several)), URL).paragraphs == several


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_unicode_in_any_coat_is_read(codec):
    markup = page().decode().replace('<meta charset="utf-8">', "")
    assert clean(markup.encode(codec), URL).paragraphs == PARAGRAPHS


def test_a_wrong_declaration_does_not_garble_utf_8():
    body = page().replace(b'<meta charset="utf-8">', b'<meta charset="iso-8859-1">')
    assert clean(body, URL, charset="windows-1251").paragraphs == PARAGRAPHS


def test_a_declared_charset_is_used_where_the_bytes_are_not_utf_8():
    paragraph = (
        "Паром снова вышел в море в пятницу утром, через одиннадцать лет после своего последнего рейса к островам."
    )
    markup = page(paragraphs(*(f"{paragraph} {n}." for n in range(4)))).decode().replace("utf-8", "windows-1251")
    assert clean(markup.encode("cp1251", "ignore"), URL).paragraphs[0] == f"{paragraph} 0."


def test_a_page_that_begins_as_utf_7_does_is_not_read_as_that():
    said = "Harbour pilots in Port Selna called off +AGE- their strike early on Friday after a night of talks."
    body = b"+/v8- " + page(paragraphs(said)).replace(b'<meta charset="utf-8">', b"")
    assert clean(body, URL).paragraphs == (said,)


# ── hostile pages


def test_a_thousand_nested_boxes_hide_no_text():
    body = "<div>" * 1_000 + paragraphs() + "</div>" * 1_000
    assert clean(page(body), URL).paragraphs == PARAGRAPHS


def test_what_lies_deeper_than_lxml_reads_is_found_by_lexbor():
    article = clean(page("<div>" * 4_000 + paragraphs() + "</div>" * 4_000, head=ld()), URL)
    assert article.paragraphs == PARAGRAPHS
    assert article.headline == HEADLINE
    assert article.extractor["rung"] == "lexbor"


def test_an_inline_image_of_eleven_megabytes_hides_no_text():
    image = f'<img src="data:image/png;base64,{"A" * 11_000_000}">'
    assert clean(page(paragraphs(PARAGRAPHS[0]) + image + paragraphs(*PARAGRAPHS[1:])), URL).paragraphs == PARAGRAPHS


def test_ten_megabytes_of_comments_hide_no_text():
    comments = "<!-- <div> -->" * 720_000
    assert clean(page(comments + paragraphs()), URL).paragraphs == PARAGRAPHS


def test_zero_bytes_and_control_characters_hide_no_text():
    assert clean(page().replace(b"ferry", b"fer\0r\x01y").replace(b"<p>", b"<p\0>"), URL).paragraphs == PARAGRAPHS


@pytest.mark.parametrize(
    ("body", "rung"),
    [
        ("<br>" * 250_000, "lexbor"),
        ("<p " + " ".join(f"a{n}" for n in range(12_000)) + ">It rained.</p>", "trafilatura"),
        ("<div>" + "words " * 4_000_000 + "</div>", "lexbor"),
        ("<b>" * 25_000, "plain"),
    ],
)
def test_a_page_that_would_stall_a_parser_is_read_by_one_that_bears_it(body, rung):
    article = clean(page(body + paragraphs()), URL)
    assert article.paragraphs[-len(PARAGRAPHS) :] == PARAGRAPHS
    assert article.extractor["rung"] == rung


@pytest.mark.parametrize(
    "noise",
    [
        b"<" * 150_000,
        b"\xff\xfe\xfd" * 9_000,
        b"<p>" + b"&" * 90_000,
        b"<!--" * 40_000,
        b'<p a="' + b"<" * 90_000,
        b"<html/>",
    ],
)
def test_noise_ends_in_a_value_or_an_error_of_ours(noise):
    with pytest.raises(ScraperError):
        clean(noise, URL)


# ── what is no article


@pytest.mark.parametrize(
    ("body", "url", "reason"),
    [
        (b"<html><body><div id='__next'></div><script src='/app.js'></script></body></html>", URL, "needs-javascript"),
        (b"", URL, "empty"),
        (b" \r\n\t ", URL, "empty"),
        (
            (
                b"<html><body><div id='root'></div><noscript>You need to enable JavaScript to run this app.</noscript>"
                b"<script src='/app.js'></script></body></html>"
            ),
            URL,
            "needs-javascript",
        ),
        (
            (
                b"<html><body><h1>Before you continue</h1><p>We use cookies and similar techniques. "
                b"Accept all cookies or manage them.</p><button>Accept all</button></body></html>"
            ),
            URL,
            "wall",
        ),
        (
            b"<html><head><title>Just a moment...</title></head><body><p>Verifying you are human.</p></body></html>",
            URL,
            "wall",
        ),
        (page(paragraphs()), "https://www.harbour-herald.example/", "front"),
        (b"<html><body><img src='/a.png'></body></html>", URL, "no-text"),
    ],
)
def test_a_page_without_an_article_says_what_it_is(body, url, reason):
    with pytest.raises(NotAnArticle) as caught:
        clean(body, url)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("head", "body", "reason"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n", b"%PDF-1.7", "pdf"),
        (HTML_HEAD, b"%PDF-1.7 sent as a page", "pdf"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n", b"\x89PNG", "media-type"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", b"{}", "media-type"),
        (HTML_HEAD, b"", "empty"),
    ],
)
def test_a_response_that_is_no_page_says_what_it_is(head, body, reason):
    with pytest.raises(NotAnArticle) as caught:
        understand(head, body, URL)
    assert caught.value.reason == reason


def test_a_response_is_understood_with_the_charset_of_its_head():
    paragraph = (
        "Die Fähre fährt wieder, elf Jahre nach ihrer letzten Überfahrt, und zweihundert Leute grüßten sie am Kai"
    )
    body = page(paragraphs(*(f"{paragraph} {n}." for n in range(4)))).decode().replace('<meta charset="utf-8">', "")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=ISO-8859-1\r\n\r\n"
    assert understand(head, body.encode("latin-1"), URL).paragraphs[0] == f"{paragraph} 0."


# ── identity


@pytest.mark.parametrize(
    ("declared", "known_as"),
    [
        ("https://harbour-herald.example/ferry-returns", "https://harbour-herald.example/ferry-returns"),
        ("/ferry-returns", "https://www.harbour-herald.example/ferry-returns"),
        ("https://elsewhere.example/ferry", URL),
        ("https://www.harbour-herald.example/", URL),
        ("javascript:void(0)", URL),
    ],
)
def test_an_article_is_known_by_its_canonical_url_on_the_same_domain(declared, known_as):
    assert clean(page(head=f'<link rel="canonical" href="{declared}">'), URL).canonical_url == known_as


def test_a_saved_page_without_a_url_is_cleaned_too():
    article = clean(page(), "saved.html")
    assert (article.site, article.canonical_url, article.paragraphs) == ("", "saved.html", PARAGRAPHS)
