"""Feeds as the web serves them: whole, broken, hostile."""

import json
from datetime import timedelta

import pytest

from scraper.errors import Unreadable
from scraper.feeds import LARGEST, MOST_LINKS, read_feed

URL = "https://gazette.test/news/feed.xml"
RSS_HEAD = b'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>The Gazette</title>'
RSS_TAIL = b"</channel></rss>"


def rss(*entries: str, head: str = "") -> bytes:
    return RSS_HEAD + head.encode() + "".join(f"<item>{entry}</item>" for entry in entries).encode() + RSS_TAIL


def story(number: int) -> str:
    return f"<title>Story {number}</title><link>https://gazette.test/{number}</link>"


def urls(body: bytes) -> list[str]:
    return [link.url for link in read_feed(body, URL).links]


def test_an_rss_feed_announces_its_articles_in_order_with_headline_and_time():
    feed = read_feed(rss(story(2) + "<pubDate>Fri, 20 Nov 2026 10:00:00 +0100</pubDate>", story(1)), URL)
    first, second = feed.links
    assert (first.url, first.headline, first.published) == (
        "https://gazette.test/2",
        "Story 2",
        "2026-11-20T09:00:00+00:00",
    )
    assert (second.url, second.published, second.source) == ("https://gazette.test/1", None, URL)
    assert (feed.title, feed.ttl, feed.dropped) == ("The Gazette", None, 0)


def test_an_atom_feed_is_resolved_against_its_xml_base():
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://gazette.test/2026/"><title>G</title>
      <entry xml:base="november/"><title>A</title><link href="a.html"/><updated>2026-11-20T10:00:00Z</updated></entry>
      <entry><title>B</title><link rel="self" href="self"/><link rel="alternate" href="/b.html"/></entry></feed>"""
    assert urls(body) == ["https://gazette.test/2026/november/a.html", "https://gazette.test/b.html"]


def test_an_atom_link_without_rel_is_the_article():
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>G</title>
      <entry><title>A</title><link href="a.html"/></entry></feed>"""
    assert urls(body) == ["https://gazette.test/news/a.html"]


def test_an_rdf_feed_is_read():
    body = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
      <channel><title>G</title><items/></channel><item><title>A</title><link>/a</link></item></rdf:RDF>"""
    assert urls(body) == ["https://gazette.test/a"]


def test_a_json_feed_is_read_with_its_times_as_printed():
    entries = [{"url": "/a", "title": "A", "date_published": "2026-11-20"}, {"external_url": "https://gazette.test/b"}]
    feed = read_feed(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": entries}).encode(), URL)
    assert [link.url for link in feed.links] == ["https://gazette.test/a", "https://gazette.test/b"]
    assert feed.links[0].published == "2026-11-20"


def test_a_json_feed_cut_off_gives_its_whole_entries():
    body = b'{"version": "https://jsonfeed.org/version/1", "items": [{"url": "/a"}, {"url": "/b"}, {"ur'
    assert urls(body) == ["https://gazette.test/a", "https://gazette.test/b"]


def test_a_feed_cut_off_gives_what_it_holds():
    whole = rss(*(story(number) for number in range(20)))
    assert len(urls(whole[: len(whole) // 2])) >= 9


def test_a_feed_with_a_bare_ampersand_and_an_open_tag_loses_no_entry():
    body = rss(story(1), "<title>Fish & <b>Chips</title><link>https://gazette.test/2</link>", story(3))
    assert urls(body) == [f"https://gazette.test/{number}" for number in (1, 2, 3)]


def test_what_stands_before_the_xml_does_not_hide_a_feed():
    assert urls(b"\xef\xbb\xbf\n\n  " + rss(story(1))) == ["https://gazette.test/1"]


def test_an_empty_feed_is_a_feed():
    assert read_feed(rss(), URL).links == ()


@pytest.mark.parametrize(
    ("head", "ttl"),
    [
        ("<ttl>15</ttl>", timedelta(minutes=15)),
        ("<ttl><![CDATA[ 60 ]]></ttl>", timedelta(hours=1)),
        ("<ttl>0</ttl>", None),
        ("<ttl>soon</ttl>", None),
        (
            "<sy:updatePeriod>\n hourly </sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
            timedelta(minutes=15),
        ),
        ("<sy:updatePeriod>daily</sy:updatePeriod>", timedelta(days=1)),
    ],
)
def test_a_feed_says_how_long_it_wants_to_be_left_alone(head, ttl):
    body = rss(story(1), head=head).replace(b"<rss ", b'<rss xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" ')
    assert read_feed(body, URL).ttl == ttl


def test_an_article_announced_twice_is_one_link():
    twice = "<title>Again</title><link>https://gazette.test/1?utm_source=feed</link>"
    assert urls(rss(story(1), twice)) == ["https://gazette.test/1"]


def test_links_that_are_no_http_urls_are_passed_over():
    entries = [
        f"<title>x</title><link>{link}</link>" for link in ("javascript:alert(1)", "file:///etc/passwd", "", "http://[")
    ]
    assert urls(rss(*entries, story(1))) == ["https://gazette.test/1"]


def test_a_link_in_a_feed_carries_no_password():
    assert urls(rss("<title>x</title><link>https://u:p@gazette.test/1#top</link>")) == ["https://gazette.test/1"]


def test_a_feed_of_thousands_is_bounded_and_says_so():
    feed = read_feed(rss(*(story(number) for number in range(MOST_LINKS + 5))), URL)
    assert (len(feed.links), feed.dropped) == (MOST_LINKS, 5)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   \n",
        b"garbage",
        b"<!doctype html><html><body><a href='/a'>a</a></body></html>",
        b"<!doctype html><html><body><entry>x</entry></body></html>",
        b"https://gazette.test/feed",
        b"/etc/passwd",
        b"{}",
        b'{"items": 3}',
        b'{"items": [1, null, {"url": 7}]}',
        b"{" + b'"a":[' * 100_000,
        b'<?xml version="1.0"?><urlset><url><loc>https://gazette.test/a</loc></url></urlset>',
        b"\xff\xfe\x00",
        b"\x1f\x8b\x08",
    ],
)
def test_what_is_no_feed_is_named_so(body):
    with pytest.raises(Unreadable) as error:
        read_feed(body, URL)
    assert (error.value.subject, error.value.reason) == (URL, "not-a-feed")


def test_a_feed_opens_no_file_and_no_url(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    doctype = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY y SYSTEM "http://gazette.test/dtd">]>'
    body = rss("<title>&x;&y;Storm & flood</title><link>https://gazette.test/1</link>")
    feed = read_feed(body.replace(b"<rss", doctype.encode() + b"<rss"), URL)
    assert "the secret" not in str(feed)


def test_a_billion_laughs_expand_to_nothing_much():
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    body = rss("<title>&l9;</title><link>https://gazette.test/1</link>")
    doctype = f'<!DOCTYPE rss [<!ENTITY l0 "lol">{entities}]>'.encode()
    try:
        feed = read_feed(body.replace(b"<rss", doctype + b"<rss"), URL)
    except Unreadable:
        return  # refusing it is as good
    assert len(str(feed)) < 10_000


def test_of_an_endless_feed_only_the_beginning_is_read():
    body = (
        rss(story(1)).removesuffix(RSS_TAIL)
        + b"<!-- "
        + b" " * LARGEST
        + b" --><item>"
        + story(2).encode()
        + b"</item>"
    )
    assert urls(body) == ["https://gazette.test/1"]


def test_a_feed_cut_off_within_a_url_announces_no_half_of_it():
    assert urls(rss(story(1), story(23)).partition(b"/23<")[0] + b"/2") == ["https://gazette.test/1"]


def test_a_made_up_time_zone_loses_no_entry():
    assert urls(rss(story(1) + "<pubDate>Fri, 20 Nov 2026 10:00 BZT</pubDate>")) == ["https://gazette.test/1"]


def test_a_feed_in_utf_16_is_read_even_when_it_is_broken():
    text = rss(story(1), "<title>Fish & <b>Chips</title><link>https://gazette.test/2</link>").decode()
    broken = text.replace("utf-8", "utf-16").encode("utf-16")
    assert urls(broken) == ["https://gazette.test/1", "https://gazette.test/2"]
