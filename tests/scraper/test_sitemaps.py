"""Sitemaps as the web serves them."""

import gzip
import tracemalloc

import pytest

from scraper.errors import Unreadable
from scraper.sitemaps import LARGEST, MOST_LINKS, Child, places_to_look, read_sitemap, unpacked

URL = "https://gazette.test/sitemap.xml"
SITEMAP = (
    b'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">%s</urlset>'
)
INDEX = b'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">%s</sitemapindex>'
NEWS = b"""<url xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/image">
  <loc> https://gazette.test/storm?a=1&amp;b=2 </loc><lastmod>2026-11-20T12:00:00+01:00</lastmod>
  <image:image><image:loc>https://gazette.test/storm.jpg</image:loc><image:title>A photo</image:title></image:image>
  <news:news><news:publication><news:name>Gazette</news:name><news:language>en</news:language></news:publication>
  <news:publication_date>2026-11-20</news:publication_date>
  <news:title>Storm &amp; flood</news:title></news:news></url>"""


def page(number: int) -> bytes:
    return b"<url><loc>https://gazette.test/%d</loc></url>" % number


def test_a_news_sitemap_tells_headline_and_time_as_printed():
    (link,) = read_sitemap(SITEMAP % NEWS, URL).links
    assert link.url == "https://gazette.test/storm?a=1&b=2"
    assert (link.headline, link.published, link.modified, link.source) == (
        "Storm & flood",
        "2026-11-20",
        "2026-11-20T12:00:00+01:00",
        URL,
    )


def test_a_sitemap_without_namespaces_is_read_all_the_same():
    body = b"<urlset><url><loc>/a</loc><lastmod>last week</lastmod></url><url><loc>mailto:x</loc></url><url/></urlset>"
    (link,) = read_sitemap(body, URL).links
    assert (link.url, link.modified) == ("https://gazette.test/a", None)


def test_an_index_names_its_sitemaps_newest_first():
    children = b"".join(
        b"<sitemap><loc>/%s.xml</loc><lastmod>%s</lastmod></sitemap>" % each
        for each in (
            (b"old", b"2024-01-01"),
            (b"undated", b""),
            (b"late", b"2026-11-20T01:00+02:00"),
            (b"new", b"2026-11-20"),
        )
    )
    sitemap = read_sitemap(INDEX % children, URL)
    assert sitemap.links == ()
    assert [child.url[21:-4] for child in sitemap.children] == ["new", "late", "old", "undated"]
    assert sitemap.children[2] == Child(url="https://gazette.test/old.xml", modified="2024-01-01")


@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, lambda body: gzip.compress(body[:90]) + gzip.compress(body[90:])]
)
def test_a_gzip_sitemap_is_known_by_its_first_bytes(pack):
    assert len(read_sitemap(pack(SITEMAP % (page(1) + page(2))), URL).links) == 2


def test_a_torn_gzip_sitemap_gives_what_it_holds():
    packed = gzip.compress(SITEMAP % b"".join(page(number * 7919) for number in range(30_000)))
    assert len(read_sitemap(packed[: len(packed) // 2], URL).links) > 5_000


def test_a_sitemap_cut_off_gives_its_whole_entries():
    body = SITEMAP % (page(1) + page(2) + page(3))
    assert [link.url[-1] for link in read_sitemap(body[: body.index(b"/3<")], URL).links] == ["1", "2"]


def test_a_text_sitemap_has_a_url_a_line():
    body = b"\xef\xbb\xbfhttps://gazette.test/a\r\nhttps://gazette.test/b\n\nnot a url\nhttps://gazette.test/a\n"
    assert [link.url[-1] for link in read_sitemap(body, URL).links] == ["a", "b"]


def test_a_sitemap_over_the_limit_is_bounded_and_says_so():
    sitemap = read_sitemap(SITEMAP % b"".join(page(number) for number in range(MOST_LINKS + 3)), URL)
    assert (len(sitemap.links), sitemap.dropped) == (MOST_LINKS, 3)


def test_a_gzip_bomb_is_unpacked_only_to_the_limit():
    bomb = gzip.compress(b"\0" * (LARGEST + 10_000_000), 1)
    tracemalloc.start()
    try:
        assert len(unpacked(bomb)) == LARGEST
        assert tracemalloc.get_traced_memory()[1] < 2.5 * LARGEST
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"garbage",
        b"<html><body><urlset><url><loc>https://gazette.test/a</loc></url></urlset></body></html>",
        b"<rss version='2.0'><channel/></rss>",
        b"<",
        b"\x1f\x8b garbage",
        b"<?xml version='1.0' encoding='no-such-charset'?><html/>",
        b"<a>" * 1_000,
    ],
)
def test_what_is_no_sitemap_is_named_so(body):
    with pytest.raises(Unreadable) as error:
        read_sitemap(body, URL)
    assert (error.value.subject, error.value.reason) == (URL, "not-a-sitemap")


def test_a_sitemap_opens_no_file_and_expands_no_entity(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("the-secret")
    doctype = f'<!DOCTYPE urlset [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY y "expanded">]>'.encode()
    body = doctype + b"<urlset><url><loc>https://gazette.test/&x;&y;</loc></url>" + page(1) + b"</urlset>"
    links = read_sitemap(body, URL).links
    assert "the-secret" not in str(links)
    assert "expanded" not in str(links)
    assert links[-1].url == "https://gazette.test/1"


def test_half_a_character_in_a_name_stops_nothing():
    body = b'<urlset xmlns="a"><url><x xmlns="&#xD800;">y</x><loc>https://gazette.test/1</loc></url></urlset>'
    assert [link.url for link in read_sitemap(body, URL).links] == ["https://gazette.test/1"]


def test_sitemaps_are_looked_for_in_robots_txt_first_and_news_before_the_rest():
    places = places_to_look(
        ["/all.xml", "https://cdn.test/news.xml", "/sitemap.xml", "mailto:x"], "https://gazette.test/en/"
    )
    assert places == (
        "https://cdn.test/news.xml",
        "https://gazette.test/all.xml",
        "https://gazette.test/sitemap.xml",
        "https://gazette.test/news-sitemap.xml",
        "https://gazette.test/sitemap-news.xml",
        "https://gazette.test/sitemap_index.xml",
    )


def test_a_sitemap_in_utf_16_is_read():
    body = (SITEMAP % (page(1) + page(2))).decode().replace("UTF-8", "UTF-16").encode("utf-16")
    assert [link.url[-1] for link in read_sitemap(body, URL).links] == ["1", "2"]
