"""What a polled source announces."""

import gzip
from datetime import UTC, datetime
from html import escape

import pytest

from scraper.demo import page
from scraper.errors import FetchError, Unreadable
from scraper.links import Announced, Kind
from scraper.polls import read_polled

SITE = "https://harbour-post.example"
EVER = datetime.min.replace(tzinfo=UTC)
STRIKE, FERRY = f"{SITE}/2026/11/20/dock-workers-end-their-strike", f"{SITE}/2026/11/20/the-last-ferry-is-late"
ADVERT = "https://casino.example/2026/11/20/a-bonus-for-every-new-player"


def rss(*links: str) -> bytes:
    entries = "".join(f"<item><title>News</title><link>{escape(link)}</link></item>" for link in links)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{entries}</channel></rss>'.encode()


def sitemap(*dated: tuple[str, str | None], index: bool = False) -> bytes:
    root, entry = ("sitemapindex", "sitemap") if index else ("urlset", "url")
    entries = "".join(
        f"<{entry}><loc>{url}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</{entry}>" for url, day in dated
    )
    return f'<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{root}>'.encode()


def front(*links: str, feed: str = "/feed") -> bytes:
    anchors = "".join(f'<h2><a href="{link}">A headline of about thirty letters</a></h2>' for link in links)
    return page(
        f'<html><link rel="alternate" type="application/rss+xml" href="{feed}"><body>{anchors}</body></html>'
    ).body


def polled(kind: Kind, body: bytes, *, url: str = f"{SITE}/", since: datetime = EVER, headers: str = "") -> Announced:
    head = f"HTTP/1.1 200 OK\r\n{headers}\r\n".encode()
    return read_polled(kind, since, head, body, url)


def urls(announced: Announced) -> list[str]:
    return [link.url for link in announced.links]


# ── what it is ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_home_page_leads_to_its_articles_and_its_feeds():
    announced = polled("home", front(STRIKE, FERRY))
    assert urls(announced) == [STRIKE, FERRY]
    assert announced.sources == (("feed", f"{SITE}/feed"),)


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\n  "])
def test_a_home_page_that_is_a_feed_is_read_as_one(before):
    announced = polled("home", before + rss(STRIKE, FERRY))
    assert (urls(announced), announced.sources) == ([STRIKE, FERRY], ())


def test_a_home_page_that_is_a_json_feed_is_read_as_one():
    body = b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "%s"}]}' % STRIKE.encode()
    assert urls(polled("home", body)) == [STRIKE]


def test_a_home_page_that_is_a_sitemap_is_read_as_one():
    assert urls(polled("home", sitemap((STRIKE, None)))) == [STRIKE]


def test_a_home_page_in_xhtml_is_a_page():
    xhtml = b'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n' + front(STRIKE)
    assert urls(polled("home", xhtml)) == [STRIKE]


@pytest.mark.parametrize("kind", ["feed", "sitemap", "news-sitemap"])
@pytest.mark.parametrize("body", [front(STRIKE), b"", b"out of order", b'{"error": 500}'])
def test_a_page_where_a_list_should_be_is_unreadable(kind, body):
    with pytest.raises(Unreadable) as caught:
        polled(kind, body)
    assert caught.value.reason == ("not-a-feed" if kind == "feed" else "not-a-sitemap")


def test_a_section_s_front_page_is_read_like_a_home_page():
    assert urls(polled("front", front(STRIKE, FERRY), url=f"{SITE}/economy/")) == [STRIKE, FERRY]


def test_a_feed_that_came_compressed_is_read():
    body = gzip.compress(rss(STRIKE), mtime=0)
    assert urls(polled("feed", body, headers="Content-Encoding: gzip\r\n")) == [STRIKE]


def test_a_feed_that_is_not_compressed_as_it_says_is_a_failure():
    with pytest.raises(FetchError) as caught:
        polled("feed", rss(STRIKE), headers="Content-Encoding: br\r\n")
    assert caught.value.reason == "content-encoding"


def test_how_long_a_feed_asks_to_be_left_alone_is_told():
    body = rss(STRIKE).replace(b"<title>t</title>", b"<title>t</title><ttl>60</ttl>")
    assert polled("feed", body).ttl is not None


# ── whose links ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["feed", "sitemap"])
def test_an_advertiser_s_link_is_left_out(kind):
    links = (ADVERT, STRIKE, FERRY)
    body = rss(*links) if kind == "feed" else sitemap(*((link, None) for link in links))
    assert urls(polled(kind, body)) == [STRIKE, FERRY]


def test_an_advertiser_s_link_on_a_front_is_left_out():
    assert urls(polled("home", front(ADVERT, STRIKE))) == [STRIKE]


def test_a_feed_that_lies_with_a_service_keeps_its_publisher_s_links():
    announced = polled("feed", rss(STRIKE, ADVERT, FERRY), url="https://feeds.service.example/harbour-post")
    assert urls(announced) == [STRIKE, FERRY]


def test_a_publisher_s_other_hosts_are_its_own():
    blog = "https://blogs.harbour-post.example/2026/11/20/notes-from-the-pier"
    assert urls(polled("feed", rss(STRIKE, blog))) == [STRIKE, blog]


def test_what_cannot_be_an_article_is_left_out():
    body = rss(STRIKE, f"{SITE}/", f"{SITE}/login", f"{SITE}/2026/photo.jpg", "mailto:desk@harbour-post.example")
    assert urls(polled("feed", body)) == [STRIKE]


def test_an_article_is_announced_once_however_it_is_spelled():
    assert urls(polled("feed", rss(STRIKE, f"{STRIKE}?utm_source=rss", f"{STRIKE}#comments"))) == [STRIKE]


def test_an_empty_feed_announces_nothing():
    assert polled("feed", rss()) == Announced()


# ── how old ──────────────────────────────────────────────────────────────────────────────────────────────────────────

WEEK_AGO = datetime(2026, 11, 13, tzinfo=UTC)


def test_what_a_sitemap_dates_before_our_time_is_left_out_and_what_it_does_not_date_is_taken():
    old = f"{SITE}/2019/01/01/the-tide-mill-burns-down"
    body = sitemap((old, "2019-01-02"), (STRIKE, "2026-11-20T08:00:00+02:00"), (FERRY, None))
    assert urls(polled("sitemap", body, since=WEEK_AGO)) == [STRIKE, FERRY]
    assert urls(polled("sitemap", body)) == [old, STRIKE, FERRY]


def test_of_an_index_the_newest_sitemaps_are_followed_and_the_old_ones_are_not():
    dated = [(f"{SITE}/sitemap-{day:02}.xml", f"2026-11-{day:02}") for day in range(1, 21)]
    announced = polled("sitemap", sitemap(*dated, (f"{SITE}/undated.xml", None), index=True), since=WEEK_AGO)
    assert announced.links == ()
    days = [f"{SITE}/sitemap-{day:02}.xml" for day in range(20, 12, -1)]
    assert announced.sources == tuple(("sitemap", url) for url in (*days, f"{SITE}/undated.xml"))


def test_an_index_without_dates_does_not_bring_a_thousand_sitemaps():
    body = sitemap(*((f"{SITE}/{n}.xml", None) for n in range(1_000)), index=True)
    assert len(polled("sitemap", body).sources) == 20
