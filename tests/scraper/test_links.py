"""What a URL alone says about what lies behind it."""

from datetime import UTC, datetime

import pytest

from scraper.links import LONGEST_HEADLINE, Link, article_signs, could_be_article, headline, moment


@pytest.mark.parametrize(
    "url",
    [
        "https://gazette.test/2026/11/20/harbour-reopens-after-storm/",
        "https://gazette.test/harbour-master-saves-his-cat/",
        "https://gazette.test/a-talk-with-the-author/",
        "https://gazette.test/topics/harbour-reopens-after-the-storm-384756",
        "https://gazette.test/archive/63076",
        "https://gazette.test/?p=4711",
        "https://gazette.test/index.php?article=12",
        "https://gazette.test/news/contact-tracing-begins",
        "https://gazette.test/de/artikel/310144",
    ],
)
def test_an_article_is_not_turned_away_by_its_url(url):
    assert could_be_article(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://gazette.test",
        "https://gazette.test/",
        "https://gazette.test/index.html",
        "https://gazette.test/photo.JPG?w=300",
        "https://gazette.test/report.pdf",
        "https://gazette.test/feed/",
        "https://gazette.test/rss.xml",
        "https://gazette.test/login?next=/a",
        "https://gazette.test/search?q=harbour",
        "https://gazette.test/tag/harbour/",
        "https://gazette.test/author/ann-example/",
        "https://gazette.test/category/sport/page/2",
        "https://gazette.test/wp-content/uploads/2026/a",
        "https://gazette.test/privacy-policy",
        "mailto:desk@gazette.test",
    ],
)
def test_files_listings_and_service_pages_are_turned_away(url):
    assert not could_be_article(url)


def test_a_date_a_slug_and_an_id_speak_for_an_article():
    assert article_signs("https://gazette.test/2026/11/20/the-harbour-reopens-today-12345.html") == 6.5
    assert article_signs("https://gazette.test/articles/clymn8zyrp9o") == 1
    assert article_signs("https://gazette.test/harbour") == 0


def test_the_archive_of_a_day_is_not_an_article_for_its_date():
    assert article_signs("https://gazette.test/2026/11/20/") == 0


def test_hostile_urls_are_judged_in_no_time():
    for piece in ("/2011/11", "/tag", ".jpg/", "/////", "-a", "%2f", "a1"):
        assert article_signs("https://gazette.test" + piece * 2_000) < 7
        assert could_be_article("https://gazette.test" + piece * 2_000) in (True, False)


def test_a_link_is_fetched_as_found_and_known_by_its_key():
    link = Link(url="https://gazette.test/a?utm_source=feed", source="https://gazette.test/feed")
    assert link.url.endswith("utm_source=feed")
    assert link.key == "https://gazette.test/a"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20T10:00:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20T10:00+05:30", datetime(2026, 11, 20, 4, 30, tzinfo=UTC)),
        ("2026-11", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
        ("yesterday", None),
        ("2026-13-40", None),
        (None, None),
    ],
)
def test_dates_of_any_precision_can_be_compared(text, time):
    assert moment(text) == time


def test_a_headline_is_plain_text_on_one_line():
    assert headline(" Fish &amp;amp;\n <b>Chips</b> &lt;i&gt;again ") == "Fish &amp; Chips again"
    assert headline("5 < 6, says the mayor") == "5 < 6, says the mayor"
    assert headline(" <br> ") is None
    assert len(headline("x" * 10**6) or "") == LONGEST_HEADLINE
