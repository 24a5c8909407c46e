"""What a page declares about its article, as printed, and where it was found."""

import pytest

from scraper.extract import clean
from scraper.extract.facts.dates import moment
from scraper.extract.facts.names import byline_in, names_in
from tests.scraper.extract.pages import HEADLINE, PARAGRAPHS, URL, ld, page


def test_json_ld_states_an_article_s_facts():
    head = ld(
        author=[{"@type": "Person", "name": "Ann Lee"}, {"@type": "Person", "name": "Bo Marten"}],
        datePublished="2026-11-20T09:57:00+03:00",
        dateModified="2026-11-20T11:00:00Z",
        publisher={"@type": "NewsMediaOrganization", "name": "Harbour Herald"},
    )
    article = clean(page(head=head), URL)
    assert article.authors == ("Ann Lee", "Bo Marten")
    assert article.published == "2026-11-20T09:57:00+03:00"
    assert article.modified == "2026-11-20T11:00:00+00:00"
    assert article.publisher == "Harbour Herald"
    assert article.language == "en"
    assert article.origins["published"] == "json-ld"


def test_json_ld_inside_a_graph_and_beside_others_is_found():
    graph = {
        "@graph": [
            {"@type": "WebPage", "name": "x"},
            {"@type": ["Article", "NewsArticle"], "author": {"name": "Ann Lee"}},
        ]
    }
    assert clean(page(head=ld(**graph)), URL).authors == ("Ann Lee",)


@pytest.mark.parametrize(
    "broken",
    [
        '<!-- {"@type": "NewsArticle", "author": "Ann Lee"} -->',
        '{"@type": "NewsArticle", "author": "Ann Lee",}',
        '//<![CDATA[\n{"@type": "NewsArticle", "author": "Ann Lee"}\n//]]>',
        '{"@type": "NewsArticle", "description": "two\nlines", "author": "Ann Lee"};',
    ],
)
def test_json_ld_with_the_usual_faults_is_read(broken):
    assert clean(page(head=f'<script type="application/ld+json">{broken}</script>'), URL).authors == ("Ann Lee",)


@pytest.mark.parametrize(
    "broken", ["", "{", "[" * 100_000, "null", '"text"', "[[[]]]", '{"@type": {"a": 1}, "author": [[1]]}']
)
def test_json_ld_that_says_nothing_costs_nothing(broken):
    assert clean(page(head=f'<script type="application/ld+json">{broken}</script>'), URL).headline == HEADLINE


def test_meta_elements_speak_where_json_ld_is_silent():
    head = (
        '<meta property="og:site_name" content="Harbour Herald"><meta name="author" content="By Ann Lee">'
        '<meta property="article:published_time" content="2026-11-20 09:57"><meta property="og:locale" content="en_GB">'
    )
    article = clean(page(head=head), URL)
    assert (article.authors, article.published, article.publisher) == (
        ("Ann Lee",),
        "2026-11-20T09:57",
        "Harbour Herald",
    )
    assert article.origins["authors"] == "meta"


def test_an_outlet_or_an_admin_is_no_author():
    for author in (
        "Admin",
        "Harbour Herald",
        {"@type": "Organization", "name": "Quay Media"},
        "https://quay.example/ann",
    ):
        head = ld(author=author, publisher={"name": "Harbour Herald"})
        assert clean(page(head=head), URL).authors == ()


def test_a_page_without_a_declared_date_gives_the_printed_one():
    article = clean(
        page('<time datetime="2026-11-20">20 November</time>' + "<p>The ferry sails again today.</p>" * 1), URL
    )
    assert article.published == "2026-11-20"


def test_the_headline_leaves_the_outlet_s_name_behind():
    body = (
        page(head='<meta property="og:site_name" content="Harbour Herald">')
        .replace(b"<h1>", b"<p>")
        .replace(b"</h1>", b"</p>")
    )
    assert clean(body, URL).headline == HEADLINE


def test_of_several_h1_the_one_the_markup_confirms_is_the_headline():
    body = page(head=f'<meta property="og:title" content="{HEADLINE}">').replace(
        b"<nav>", b"<h1>Harbour Herald</h1><nav>"
    )
    assert clean(body, URL).headline == HEADLINE


@pytest.mark.parametrize(
    ("markup", "printed"),
    [
        ("<span>Quay strike</span>Ferry stays in port", "Quay strike Ferry stays in port"),
        ("Quay strike<br>ferry stays in port", "Quay strike ferry stays in port"),
        ("<span>F</span>erry stays in <em>port</em>s", "Ferry stays in ports"),
    ],
)
def test_what_only_the_layout_of_a_headline_parts_is_two_words(markup, printed):
    article = clean(page().replace(HEADLINE.encode(), markup.encode()), URL)
    assert article.headline == printed
    assert article.paragraphs == PARAGRAPHS


def test_an_outlet_that_only_its_host_gives_away_is_left_out_of_a_short_headline():
    head = '<meta property="og:title" content="Ferry returns - The New Harbour-Herald of the Islands">'
    body = page(head=head).replace(HEADLINE.encode(), b"Ferry returns")
    assert clean(body, URL).headline == "Ferry returns"


def test_a_live_blog_says_so():
    assert clean(page(head=ld(**{"@type": "LiveBlogPosting"})), URL).kind == "live-blog"


@pytest.mark.parametrize(
    ("printed", "written"),
    [
        ("2026-11-20", "2026-11-20"),
        ("2026/11/2", "2026-11-02"),
        ("2026-11-20T09:57", "2026-11-20T09:57"),
        ("2026-11-20 09:57:03", "2026-11-20T09:57:03"),
        ("2026-11-20T09:57:03.120Z", "2026-11-20T09:57:03+00:00"),
        ("2026-11-20T09:57:03+0300", "2026-11-20T09:57:03+03:00"),
        ("Fri, 20 Nov 2026 09:57:03 GMT", "2026-11-20T09:57:03+00:00"),
        ("2026-13-45", None),
        ("0001-01-01", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_time_is_as_precise_as_it_is_printed(printed, written):
    assert moment(printed) == written


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("By Khalid Aslan", ("Khalid Aslan",)),
        ("Von Anna Schmidt und Jörg Böhm", ("Anna Schmidt", "Jörg Böhm")),
        ("Par Jeanne Dupont", ("Jeanne Dupont",)),
        ("Автор: Иван Петров", ("Иван Петров",)),
        ("By ANN LEE, Senior Reporter", ("Ann Lee",)),
        ("Ludwig van der Meer", ("Ludwig van der Meer",)),
        ("Staff Reporter", ()),
        ("Harbour Wire Inc", ()),
        ("info@quay.example", ()),
    ],
)
def test_a_byline_names_people(byline, names):
    assert names_in([byline]) == names


def test_a_sentence_that_begins_with_by_is_no_byline():
    assert byline_in("By the time the ferry reached the island, the bakery had sold out.") == ()


@pytest.mark.parametrize("date", ["2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+2400", "2026-01-01T99:99:99+99:99"])
def test_a_date_that_no_calendar_has_costs_no_text(date):
    head = f'<meta property="article:published_time" content="{date}"><time datetime="{date}">today</time>'
    assert clean(page(head=head), URL).paragraphs == PARAGRAPHS
