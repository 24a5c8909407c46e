"""What of a front page leads to articles."""

import pytest

from scraper.errors import ExtractError
from scraper.fronts import LARGEST, MOST_LINKS, Front, read_front
from scraper.wire import charset_of

URL = "https://www.gazette.test/"
FRONT = """<!doctype html><html><head><title>Gazette</title>
<link rel="alternate" type="application/rss+xml" title="News" href="/feed/">
<link rel="ALTERNATE" type="Application/Atom+XML" href="https://feeds.example/gazette.atom">
<link rel="alternate stylesheet" type="text/css" href="/dark.css">
<link rel="alternate" hreflang="de" href="/de/">
<link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed/">
</head><body class="has-menu">
<nav><a href="/harbour/">Harbour</a><a href="/what-we-stand-for-every-day/">What we stand for every single day</a></nav>
<main>
  <a href="/2026/11/20/storm-closes-the-harbour/"><img src="a.jpg"></a>
  <h2><a href="/2026/11/20/storm-closes-the-harbour/?utm_source=front">Storm closes the harbour</a></h2>
  <a href="/2026/11/20/storm-closes-the-harbour/#comments">12 comments</a>
  <article><a href="/harbour/mayor-opens-the-new-bridge"><h3>Mayor opens bridge</h3><p>Teaser. By Ann</p></a></article>
  <div><a href="news.php?article=123456">The council votes on the budget tonight</a></div>
  <a href="/tag/a-long-tag-of-words/">Everything we know about long tags</a>
  <a href="/sport/">Sport</a>
  <a href="/search?q=x">A search for something rather long</a>
  <a href="https://other.test/2026/11/20/what-the-others-say-today/">What the others say today, at length</a>
  <a href="https://sport.gazette.test/2026/11/20/the-local-derby-ends-even/">The local derby ends even</a>
  <a href="mailto:desk@gazette.test">Write to the people at the news desk</a>
</main>
<div class="site-footer"><a href="/our-terms-of-use-explained/">Our terms of use, in all detail</a></div>
</body></html>"""


def urls(html: str, url: str = URL) -> list[str]:
    return [link.url for link in read_front(html.encode(), url).links]


def declared_as(charset: str | None, body: bytes) -> Front:
    """The front in an answer whose head names this charset."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset={charset or ''}\r\n\r\n".encode()
    return read_front(body, URL, charset_of(head, body))


def test_articles_are_told_from_sections_tags_and_menus():
    assert urls(FRONT) == [
        "https://www.gazette.test/2026/11/20/storm-closes-the-harbour/",
        "https://www.gazette.test/harbour/mayor-opens-the-new-bridge",
        "https://www.gazette.test/news.php?article=123456",
        "https://sport.gazette.test/2026/11/20/the-local-derby-ends-even/",
    ]


def test_an_article_linked_thrice_is_one_link_under_its_headline():
    first, second, *_ = read_front(FRONT.encode(), URL).links
    assert (first.headline, first.source) == ("Storm closes the harbour", URL)
    assert second.headline == "Mayor opens bridge"


def test_a_front_declares_its_feeds_but_those_of_comments_are_left_out():
    assert read_front(FRONT.encode(), URL).feeds == (
        "https://www.gazette.test/feed/",
        "https://feeds.example/gazette.atom",
    )


def test_relative_links_follow_the_base_of_the_page():
    html = '<base href="/news/"><h2><a href="the-harbour-is-open-again">Again</a></h2>'
    assert urls(html) == ["https://www.gazette.test/news/the-harbour-is-open-again"]


def test_a_front_does_not_announce_itself():
    html = '<h2><a href="https://www.gazette.test/2026/11/20/the-day-in-short/?utm_source=x">The day in short</a></h2>'
    assert urls(html, "https://www.gazette.test/2026/11/20/the-day-in-short/") == []


def test_headlines_are_long_in_few_characters_in_chinese():
    html = '<a href="/articles/20261120001">港口在暴风雨后重新开放市长说一切正常</a>'
    assert len(urls(html)) == 1


@pytest.mark.parametrize(
    ("head", "charset", "encoding"),
    [
        ("", "windows-1251", "cp1251"),
        ("<meta charset='windows-1251'>", None, "cp1251"),
        ("<meta http-equiv=Content-Type content='text/html; charset=windows-1251'>", None, "cp1251"),
        ("", None, "utf-8"),
        ("<meta charset='no-such'>", "idna", "utf-8"),
        ("", None, "utf-8-sig"),
    ],
)
def test_headlines_are_read_in_the_charset_of_the_page(head, charset, encoding):
    html = f"{head}<h2><a href='/2026/11/20/gavan'>Гавань снова открыта</a></h2>"
    (link,) = declared_as(charset, html.encode(encoding)).links
    assert link.headline == "Гавань снова открыта"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\xff\xfe garbage",
        b"<a href=" * 1_000,
        b"<a href='http://['>x</a><a href>y</a><a href='\xed\xa0\x80'>z</a>",
        b"<div>" * 2_000 + b"<a href='/2026/11/20/deep-in-the-page'>Deep</a>",
        b"%PDF-1.7",
        b"\xff\xfe<\x00a\x00",
    ],
)
def test_bad_html_leads_to_few_links_and_no_exception(body):
    assert len(read_front(body, URL).links) <= 1


@pytest.mark.parametrize("charset", ["hex", "undefined", "unicode_escape", "utf-7", "\0", "x" * 10_000, "punycode"])
def test_what_is_no_charset_of_the_web_is_taken_for_utf_8(charset):
    (link,) = declared_as(charset, "<h2><a href='/2026/11/20/ä'>Ä</a></h2>".encode()).links
    assert link.headline == "Ä"


def test_a_front_of_thousands_is_bounded_and_says_so():
    html = "".join(f"<h2><a href='/2026/11/20/story-{number}'>Story</a></h2>" for number in range(MOST_LINKS + 7))
    front = read_front(html.encode(), URL)
    assert (len(front.links), front.dropped) == (MOST_LINKS, 7)


def test_of_an_endless_front_only_the_beginning_is_read():
    html = (
        b"<h2><a href='/2026/11/20/one'>One</a></h2>" + b" " * LARGEST + b"<h2><a href='/2026/11/20/two'>Two</a></h2>"
    )
    front = read_front(html, URL)
    assert [link.url[-3:] for link in front.links] == ["one"]
    assert front.cut == len(html) - LARGEST


@pytest.mark.parametrize(("body", "reason"), [(b"<b>" * 6_000, "too-deep"), (b"<br>" * 400_000, "too-many-tags")])
def test_a_front_that_would_stall_the_parser_is_refused_at_once(body, reason):
    with pytest.raises(ExtractError) as caught:
        read_front(body + b"<h2><a href='/2026/11/20/one'>One</a></h2>", URL)
    assert caught.value.reason == reason


def test_a_tag_with_a_million_attributes_hides_no_link():
    flood = b"<p " + b" ".join(b"a%d" % number for number in range(600_000)) + b">"
    front = read_front(flood + b"<h2><a href='/2026/11/20/one'>One</a></h2>", URL)
    assert [link.url[-3:] for link in front.links] == ["one"]


def test_a_front_at_no_url_is_refused():
    with pytest.raises(ValueError, match="not"):
        read_front(b"<html>", "about:blank")
