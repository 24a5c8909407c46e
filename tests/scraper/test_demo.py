"""The sample newspaper is what it says it is, on paper and on the wire."""

import gzip
import html
import http.client
import json
import re
import socket
import ssl
import time
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from types import MappingProxyType
from urllib.parse import urlsplit

import pytest
import trustme
from lxml import etree

from scraper.demo import (
    ARTICLES,
    HOSTS,
    OUTCOMES,
    SITES,
    SOURCES,
    Answer,
    Asked,
    Paper,
    Press,
    Story,
    edition_of,
    page,
    respond,
    stories,
    told,
)

EVERY_EDITION = [story for edition in (1, 2, 3) for story in stories(edition)]
CRUFT = (
    "advertisement", "إعلان", "read also", "читайте также", "see also", "photo:", "views:", "share this", "share it",
    "subscribe",
    "source link", "cookie", "leave a comment", "min read", "автор:", "newsletter", "accept and show", "more on this",
)  # fmt: skip
each_story = pytest.mark.parametrize("story", EVERY_EDITION, ids=lambda story: f"{story.name}-{story.edition}")
each_paper = pytest.mark.parametrize("paper", SITES, ids=lambda paper: paper.host)


def asked(url: str, headers: Mapping[str, str]) -> Asked:
    parts = urlsplit(url)
    return Asked(host=parts.netloc, path=parts.path, query=parts.query, headers=headers, scheme=parts.scheme)


def answer(url: str, edition: int = 1, hits: int = 1, *, headers: Mapping[str, str] = MappingProxyType({})) -> Answer:
    return respond(asked(url, headers), edition, hits)


def charset(story: Story) -> str:
    return next(paper.charset for paper in SITES if paper.host == story.host)


def markup(story: Story, hits: int = 1) -> str:
    return answer(story.url, story.edition, hits).body.decode(charset(story))


def flat(source: str) -> str:
    """All text of a page, tags and invisible characters gone, white space folded."""
    text = html.unescape(re.sub(r"<[^>]+>", " ", source)).replace("\u00ad", "")
    return re.sub(r"\s+(?=[,.;:])", "", " ".join(text.split()))


@contextmanager
def fetch(
    press: Press, url: str, method: str = "GET", *, agent: str = "a reader"
) -> Iterator[http.client.HTTPResponse]:
    """The answer over loopback, its body still unread."""
    parts = asked(url, {"User-Agent": agent})
    with closing(http.client.HTTPConnection("127.0.0.1", press.port, timeout=5)) as connection:
        connection.request(method, parts.target, headers={"Host": parts.host, **parts.headers})
        with connection.getresponse() as response:
            yield response


def raw(press: Press, request: bytes) -> bytes:
    """Everything the server sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", press.port), timeout=5) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


class TestTheTruth:
    def test_there_are_five_papers_and_more_than_fourteen_articles(self) -> None:
        assert len(SITES) == 5
        assert len(ARTICLES) >= 14
        assert {story.host for story in ARTICLES} == {paper.host for paper in SITES}

    @each_story
    def test_a_page_prints_every_paragraph_of_its_clean_text(self, story: Story) -> None:
        if story.withdrawn:
            assert answer(story.url, story.edition).status == 410
            return
        printed = flat(markup(story))
        for paragraph in (story.headline, *story.paragraphs):
            unmarked = re.sub(r"^(- |> |\d+\. )", "", paragraph).replace(" | ", " ")
            assert re.sub(r"\s+(?=[,.;:])", "", unmarked) in printed

    @each_story
    def test_no_cruft_stands_in_a_clean_text(self, story: Story) -> None:
        assert not [word for word in CRUFT if word in story.text.lower()]
        assert not [name for name in story.authors if name in story.text]
        assert story.caption is None or story.caption not in story.text

    @each_story
    def test_a_clean_text_has_the_form_that_is_hashed(self, story: Story) -> None:
        assert story.text == unicodedata.normalize("NFC", story.text)
        assert story.text.endswith("\n")
        assert not story.text.endswith("\n\n")
        for block in story.text[:-1].split("\n\n"):
            assert block
            assert block == " ".join(block.split())
            assert not re.search("[<>][a-z/]|&[a-z]+;|[\u00ad\u200b]", block)

    @each_story
    def test_a_page_carries_much_that_is_not_its_text(self, story: Story) -> None:
        if not story.withdrawn:
            assert len(flat(markup(story)).split()) > 1.15 * len(story.text.split())

    def test_lists_quotes_and_tables_are_told_as_the_archive_writes_them(self) -> None:
        assert "1. In April two ships cross" in told("herring-quota", 1).text
        assert "\n\n- a harmonium without keys\n\n" in told("lighthouse", 1).text
        assert "\n\n> I shall not miss the stairs," in told("lighthouse", 1).text
        assert "\n\nSeptember | 127,000 | 40,200\n\n" in told("grain-quota", 1).text

    def test_subheads_speakers_and_datelines_stay_in_the_text(self) -> None:
        assert "\n\nThe herring moved first\n\n" in told("interview", 1).text
        assert "\n\nDr Amsel: In a bad year perhaps a tenth of the catch." in told("interview", 1).text
        assert told("pilots-strike", 1).paragraphs[0].startswith("PORT SELNA, 15 November — Velmora")

    def test_a_soft_hyphen_goes_and_a_no_break_space_becomes_a_space(self) -> None:
        assert "&shy;" in markup(told("herring-quota", 1))
        assert "41,500 tonnes" in told("herring-quota", 1).text
        assert "association, and it wants" in told("herring-quota", 1).text

    def test_a_single_line_break_is_a_space_in_the_text(self) -> None:
        assert "order.<br>The stones" in markup(told("tide-mill", 1))
        assert "order. The stones" in told("tide-mill", 1).text


class TestEditions:
    def test_a_view_counter_changes_the_page_and_not_the_text(self) -> None:
        ferry = told("ferry-line", 1)
        assert markup(ferry, hits=1) != markup(ferry, hits=2)
        assert "Views: 117" in markup(ferry, hits=5)
        assert ferry.text == ferry.at(2).text == ferry.at(3).text

    def test_a_related_box_changes_the_page_and_not_the_text(self) -> None:
        grain = told("grain-quota", 1)
        assert markup(grain) == markup(grain, hits=9)
        assert markup(grain) != markup(grain.at(2))
        assert grain.text == grain.at(2).text

    def test_a_revision_adds_a_paragraph_and_the_next_changes_the_headline(self) -> None:
        first, second, third = (told("harbour-tunnel", edition) for edition in (1, 2, 3))
        assert len(second.paragraphs) == len(first.paragraphs) + 1
        assert second.headline == first.headline
        assert third.headline.endswith("slips to 2028")
        assert third.headline in flat(markup(third))

    def test_one_article_is_only_dated_anew(self) -> None:
        before, after = told("desalination", 1), told("desalination", 2)
        assert before.text == after.text
        assert before.authors == after.authors
        assert (before.modified, after.modified) == ("2026-11-16T11:05:00+04:00", "2026-11-18T06:30:00+04:00")

    def test_one_article_gains_an_author_and_no_word(self) -> None:
        before, after = told("interview", 1), told("interview", 2)
        assert before.text == after.text
        assert after.authors == (*before.authors, "Beatrix Oyelaran")

    def test_news_appears_in_the_second_edition_only(self) -> None:
        storm = told("storm-warning", 2)
        assert answer(storm.url, 1).status == 404
        assert answer(storm.url, 2).status == 200
        assert storm.url not in answer("http://kosova-wire.example/feed/", 1).body.decode()
        assert storm.url in answer("http://kosova-wire.example/feed/", 2).body.decode()

    def test_a_withdrawn_story_is_gone_and_leaves_the_feed(self) -> None:
        fine = told("tanker-fine", 3)
        feed = "http://gulf-courier.example/feed.atom"
        assert answer(fine.url, 3).status == 410
        assert fine.url in answer(feed, 2).body.decode()
        assert fine.url not in answer(feed, 3).body.decode()

    def test_a_wire_copy_has_the_same_bytes_on_two_sites(self) -> None:
        first, second = told("pilots-strike", 1), told("pilots-copy", 1)
        assert first.host != second.host
        assert first.text == second.text
        assert second.canonical == first.url  # and a canonical link that leads to another site

    def test_a_near_copy_has_one_paragraph_more(self) -> None:
        near = told("pilots-near-copy", 1)
        assert near.paragraphs[:-1] == told("pilots-strike", 1).paragraphs
        assert near.text != told("pilots-strike", 1).text

    def test_the_same_question_gets_the_same_answer(self) -> None:
        for source in SOURCES:
            assert answer(source, 2, 7) == answer(source, 2, 7)


class TestListings:
    @each_paper
    def test_a_front_links_every_story_and_announces_its_feeds(self, paper: Paper) -> None:
        front = answer(paper.front).body.decode(paper.charset)
        linked = re.findall(r'<h2><a href="([^"]+)"', front)
        assert [html.unescape(url) for url in linked] == [story.url for story in edition_of(paper.host, 1)]
        assert all(feed in front for feed in paper.feeds)

    @pytest.mark.parametrize("feed", [feed for paper in SITES for feed in paper.feeds])
    def test_a_feed_names_every_story_of_its_paper(self, feed: str) -> None:
        body = answer(feed).body.decode("windows-1251" if feed.endswith(".rdf") else "utf-8")
        for story in edition_of(urlsplit(feed).netloc, 1):
            assert html.escape(story.url) in body

    @pytest.mark.parametrize("feed", [feed for paper in SITES for feed in paper.feeds if "rss.xml" not in feed])
    def test_a_good_feed_is_well_formed(self, feed: str) -> None:
        body = answer(feed).body
        if feed.endswith(".json"):
            assert json.loads(body)["version"] == "https://jsonfeed.org/version/1.1"
        else:
            assert etree.fromstring(body).tag

    def test_a_feed_made_by_hand_is_not_well_formed(self) -> None:
        with pytest.raises(etree.XMLSyntaxError):
            etree.fromstring(answer("http://old-quay.example/rss.xml").body)

    def test_links_in_an_atom_feed_carry_tracking_parameters_and_still_lead_to_the_story(self) -> None:
        feed = answer("http://gulf-courier.example/feed.atom").body.decode()
        tracked = html.unescape(re.findall(r'rel="alternate" href="([^"]+)"', feed)[0])
        assert "utm_source=atom" in tracked
        assert answer(tracked).status == 200

    def test_a_sitemap_index_leads_to_a_gzipped_sitemap(self) -> None:
        index = etree.fromstring(answer("http://caspian-ledger.example/sitemap.xml").body)
        child = index.findtext("{*}sitemap/{*}loc", "")
        urls = etree.fromstring(gzip.decompress(answer(child).body)).findall("{*}url/{*}loc")
        assert child.endswith(".xml.gz")
        assert [url.text for url in urls] == [story.url for story in edition_of("caspian-ledger.example", 1)]

    @pytest.mark.parametrize("host", ["caspian-ledger.example", "gulf-courier.example"])
    def test_a_news_sitemap_has_title_and_date_of_every_story(self, host: str) -> None:
        (sitemap,) = [url for paper in SITES if paper.host == host for url in paper.sitemaps if "news" in url]
        news = etree.fromstring(answer(sitemap).body).findall("{*}url/{*}news")
        named = {(entry.findtext("{*}title"), entry.findtext("{*}publication_date")) for entry in news}
        assert named == {(story.headline, story.published) for story in edition_of(host, 1)}

    def test_robots_files_are_of_every_kind(self) -> None:
        robots = {host: answer(f"http://{host}/robots.txt") for host in HOSTS}
        assert b"Sitemap: http://" in robots["caspian-ledger.example"].body
        assert b"Disallow: /private/" in robots["gulf-courier.example"].body
        assert b"Crawl-delay: 0.1" in robots["old-quay.example"].body
        assert robots["world-tonight.example"].body.startswith(b"\xef\xbb\xbf")
        assert robots["kosova-wire.example"].status == 404
        assert robots["shut-gate.example"].status == 500
        assert robots["www.caspian-ledger.example"].status == 301


class TestPages:
    def test_an_old_page_names_its_charset_inside_the_page_only(self) -> None:
        pier = told("old-pier-ru", 1)
        response = answer(pier.url)
        assert response.named("content-type") == "text/html"
        assert b"charset=windows-1251" in response.body
        assert pier.headline in response.body.decode("windows-1251")
        with pytest.raises(UnicodeDecodeError):
            response.body.decode("utf-8")

    def test_an_arabic_page_runs_from_right_to_left(self) -> None:
        assert '<html lang="ar" dir="rtl"' in markup(told("pearl-museum-ar", 1))

    def test_an_old_page_has_no_paragraphs_and_no_facts_for_machines(self) -> None:
        source = markup(told("tide-mill", 1)).lower()
        assert "<p>" not in source
        assert "og:" not in source
        assert "ld+json" not in source

    def test_json_ld_of_a_paper_states_its_facts(self) -> None:
        grain = told("grain-quota", 1)
        (script,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', markup(grain))
        stated = json.loads(script)
        assert stated["headline"] == grain.headline
        assert stated["datePublished"] == grain.published
        assert tuple(author["name"] for author in stated["author"]) == grain.authors

    def test_an_amp_page_says_what_it_is_a_variant_of(self) -> None:
        grain = told("grain-quota", 1)
        variant = answer(f"{grain.url}/amp").body.decode()
        assert f'<link rel="canonical" href="{grain.url}">' in variant
        assert all(paragraph in flat(variant) for paragraph in grain.paragraphs[:2])

    def test_a_page_is_zipped_for_who_can_unzip_it(self) -> None:
        url = told("interview", 1).url
        assert answer(url).named("content-encoding") is None
        zipped = answer(url, headers={"accept-encoding": "gzip, br"})
        assert zipped.named("content-encoding") == "gzip"
        assert gzip.decompress(zipped.body) == answer(url).body

    @pytest.mark.parametrize("validator", ["ETag", "Last-Modified"])
    def test_who_has_the_page_already_gets_304(self, validator: str) -> None:
        url = told("desalination", 1).url
        asks = {"ETag": "if-none-match", "Last-Modified": "if-modified-since"}[validator]
        having = {asks: answer(url).named(validator) or ""}
        assert answer(url, headers=having).status == 304
        assert answer(url, headers=having).body == b""
        assert answer(url, edition=2, headers=having).status == 200

    def test_a_moved_link_is_followed_over_two_hops(self) -> None:
        first = answer("http://gulf-courier.example/a/1042")
        second = answer(first.named("location") or "")
        assert (first.status, second.status) == (301, 302)
        assert second.named("location") == told("grain-quota", 1).url

    @pytest.mark.parametrize("host", ["www.caspian-ledger.example", "ledger-moved.example"])
    def test_an_old_host_sends_on_to_the_new_one(self, host: str) -> None:
        url = told("ferry-line", 1).url
        assert answer(url.replace("caspian-ledger.example", host)).named("location") == url

    def test_a_loop_leads_back_to_where_it_began(self) -> None:
        there = answer("http://rough-water.example/loop/a").named("location") or ""
        assert answer(there).named("location") == "http://rough-water.example/loop/a"

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("missing", 404),
            ("withdrawn", 410),
            ("forbidden", 403),
            ("busy", 429),
            ("court-order", 451),
            ("repairs", 503),
        ],
    )
    def test_a_refusal_has_its_status(self, path: str, status: int) -> None:
        assert answer(f"http://rough-water.example/{path}").status == status

    def test_a_busy_server_says_how_long_to_stay_away(self) -> None:
        assert answer("http://rough-water.example/busy").named("retry-after") == "120"
        assert answer("http://rough-water.example/repairs").named("retry-after") == "3600"

    def test_every_trouble_is_linked_from_its_front_and_every_outcome_has_a_page(self) -> None:
        front = answer("http://rough-water.example/").body.decode()
        for url in OUTCOMES:
            assert urlsplit(url).netloc != "rough-water.example" or f'href="{urlsplit(url).path}"' in front

    def test_a_pdf_says_where_its_parts_lie(self) -> None:
        body = answer("http://rough-water.example/timetable.pdf").body
        table = int(body.rsplit(b"startxref\n", 1)[1].split()[0])
        assert body.startswith(b"%PDF-1.4")
        assert body[table:].startswith(b"xref\n0 7\n")
        for number, place in enumerate(re.findall(rb"(\d{10}) 00000 n", body), start=1):
            assert body[int(place) :].startswith(b"%d 0 obj" % number)

    def test_a_feed_may_be_a_web_page_in_truth(self) -> None:
        assert answer("http://rough-water.example/feed").named("content-type") == "text/html; charset=utf-8"

    def test_a_torn_gzip_stream_cannot_be_read_to_its_end(self) -> None:
        with pytest.raises(EOFError):
            gzip.decompress(answer("http://rough-water.example/torn-gzip").body)

    def test_a_host_of_somebody_else_is_misdirected(self) -> None:
        assert answer("http://elsewhere.example/").status == 421


class TestOnTheWire:
    def test_a_page_over_loopback_is_the_page_on_paper(self, press: Press) -> None:
        for story in ARTICLES:
            with fetch(press, story.url) as response:
                assert response.read() == answer(story.url, hits=len(press.requests)).body

    def test_pages_come_in_chunks_where_the_server_sends_chunks(self, press: Press) -> None:
        with fetch(press, told("lighthouse", 1).url) as response:
            assert response.headers["Transfer-Encoding"] == "chunked"
            assert response.headers["Content-Length"] is None

    def test_one_connection_carries_many_requests(self, press: Press) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", press.port, timeout=5)
        with closing(connection):
            for paper in SITES:
                connection.request("GET", "/", headers={"Host": paper.host})
                port = connection.sock.getsockname()[1]
                assert connection.getresponse().read() == answer(paper.front, hits=len(press.requests)).body
                assert connection.sock.getsockname()[1] == port

    def test_the_press_remembers_who_asked_for_what(self, press: Press) -> None:
        with fetch(press, "http://gulf-courier.example/go?id=1042", agent="a reader"):
            (seen,) = press.requests
        assert (seen.host, seen.path) == ("gulf-courier.example", "/go?id=1042")
        assert seen.headers["user-agent"] == "a reader"
        assert len(press.times) == 1
        assert press.crowds["gulf-courier.example"] == 1

    def test_the_press_counts_how_many_ask_a_host_at_once(self, press: Press) -> None:
        url = "http://rough-water.example/slow?seconds=30"
        request = f"GET {urlsplit(url).path}?seconds=30 HTTP/1.1\r\nHost: rough-water.example\r\n\r\n".encode()
        with (
            socket.create_connection(("127.0.0.1", press.port), timeout=5) as one,
            socket.create_connection(("127.0.0.1", press.port), timeout=5) as two,
        ):
            one.sendall(request)
            two.sendall(request)
            until = time.monotonic() + 5
            while press.crowds["rough-water.example"] < 2 and time.monotonic() < until:
                time.sleep(0.005)
        assert press.crowds["rough-water.example"] == 2

    def test_a_new_edition_is_out_as_soon_as_it_is_set(self, press: Press) -> None:
        press.edition = 3
        with fetch(press, told("harbour-tunnel", 1).url) as response:
            assert "slips to 2028" in response.read().decode()

    def test_a_body_cut_short_is_shorter_than_promised(self, press: Press) -> None:
        with fetch(press, "http://rough-water.example/cut") as response:
            promised = int(response.headers["Content-Length"])
            with pytest.raises(http.client.IncompleteRead) as cut:
                response.read()
        assert len(cut.value.partial) == 900
        assert promised > 900

    def test_chunks_may_end_without_the_last_one(self, press: Press) -> None:
        with (
            fetch(press, "http://rough-water.example/cut-chunks") as response,
            pytest.raises(http.client.IncompleteRead),
        ):
            response.read()

    def test_an_odd_head_goes_out_byte_for_byte(self, press: Press) -> None:
        sent = raw(press, b"GET /odd-head HTTP/1.1\r\nHost: rough-water.example\r\n\r\n")
        assert sent.startswith(
            b"HTTP/1.1 200 Tr\xe8s bien\r\ncontent-type:text/html\r\nX-Powered-By:   PHP/5.2.17  \r\n"
        )
        assert b"\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n" in sent

    def test_a_head_alone_has_no_body(self, press: Press) -> None:
        with fetch(press, told("tide-mill", 1).url, method="HEAD") as response:
            assert int(response.headers["Content-Length"]) > 1000
            assert response.read() == b""

    def test_a_slow_page_waits_before_it_speaks(self, press: Press) -> None:
        began = time.monotonic()
        with fetch(press, "http://rough-water.example/slow?seconds=0.05"):
            assert time.monotonic() - began >= 0.05

    def test_the_end_of_the_day_does_not_wait_for_a_slow_page(self) -> None:
        with socket.socket() as reader:
            with Press() as press:
                reader.connect(("127.0.0.1", press.port))
                reader.sendall(b"GET /slow?seconds=60 HTTP/1.1\r\nHost: rough-water.example\r\n\r\n")
                while not press.requests:
                    time.sleep(0.005)
                began = time.monotonic()
            assert time.monotonic() - began < 5

    def test_a_reader_who_hangs_up_does_not_stop_the_press(self, press: Press) -> None:
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", press.port), timeout=5) as reader:
                reader.sendall(b"GET / HTTP/1.1\r\nHost: gulf-cou")
        with fetch(press, "http://gulf-courier.example/") as response:
            assert response.status == 200

    def test_every_host_is_pinned_to_the_port_of_the_press(self, press: Press) -> None:
        assert press.pins == [f"{host}:80:127.0.0.1:{press.port}" for host in HOSTS]

    def test_a_test_may_put_up_a_page_on_a_host_of_its_own(self, press: Press) -> None:
        press.add("http://pop-up.example/one?x=1", page("<p>Here</p>"))
        press.add("http://pop-up.example/two", lambda request: page(request.headers["user-agent"]))
        assert f"pop-up.example:80:127.0.0.1:{press.port}" in press.pins
        with fetch(press, "http://pop-up.example/one?x=1") as response:
            assert response.read() == b"<p>Here</p>"
        with fetch(press, "http://pop-up.example/two", agent="me") as response:
            assert response.read() == b"me"

    def test_a_fault_in_an_added_page_is_not_silent(self) -> None:
        def fault(_: Asked) -> Answer:
            raise ZeroDivisionError

        press = Press()
        press.add("http://pop-up.example/", fault)
        with pytest.raises(ZeroDivisionError), press:
            raw(press, b"GET / HTTP/1.1\r\nHost: pop-up.example\r\n\r\n")

    def test_the_same_pages_are_served_over_tls(self) -> None:
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*HOSTS).configure_cert(context)
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)
        with Press(certificate=context) as press:
            plain = socket.create_connection(("127.0.0.1", press.tls_port), timeout=5)
            with trusting.wrap_socket(plain, server_hostname="gulf-courier.example") as connection:
                connection.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: gulf-courier.example\r\n\r\n")
                assert b"Disallow: /private/" in connection.recv(65536)
            assert f"gulf-courier.example:443:127.0.0.1:{press.tls_port}" in press.pins

    def test_a_reader_who_does_not_trust_the_certificate_leaves_no_fault(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("gulf-courier.example").configure_cert(context)
        with (
            Press(certificate=context) as press,
            socket.create_connection(("127.0.0.1", press.tls_port), timeout=5) as plain,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            ssl.create_default_context().wrap_socket(plain, server_hostname="gulf-courier.example")
