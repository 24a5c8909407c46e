"""What a URL leads to: redirects hop by hop, and a page asked for again only when it changed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import pytest

from archive.heads import status_of
from archive.records import Page, Validators
from scraper.addresses import Pin
from scraper.errors import FetchError, Refused
from scraper.fetcher import Fetcher, Gate, check_url
from scraper.network import Network
from scraper.tap import NetworkSettings
from tests.servers import Answer, Origin, closed_port, moved, ok, origin

HOST, OTHER = "news.example", "other.example"
HOME = f"http://{HOST}"


@asynccontextmanager
async def open_gate(_: str) -> AsyncIterator[None]:
    yield


def never(_: str) -> None:
    """No validators for any URL."""


def fetch(
    server: Origin,
    url: str,
    *,
    gate: Gate = open_gate,
    validators: Callable[[str], Validators | None] = never,
    page_seconds: float = 90.0,
) -> Page:
    pins = tuple(Pin(host, 80, "127.0.0.1", server.port) for host in (HOST, OTHER))

    async def once() -> Page:
        async with Network(NetworkSettings(user_agent="pressmark test", pins=pins)) as network:
            fetcher = Fetcher(network, gate=gate, page_seconds=page_seconds)
            return await fetcher.page(url, validators=validators)

    return asyncio.run(once())


def failed(answers: Mapping[str, Answer], url: str = f"{HOME}/", *, page_seconds: float = 90.0) -> FetchError:
    with origin(answers) as server, pytest.raises(FetchError) as caught:
        fetch(server, url, page_seconds=page_seconds)
    return caught.value


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_each_redirect_on_the_way_is_an_exchange_of_its_own(status: int) -> None:
    with origin({"/old": moved("/new", status), "/new": ok(b"the news")}) as server:
        page = fetch(server, f"{HOME}/old")
    assert [hop.url for hop in page.exchanges] == [f"{HOME}/old", f"{HOME}/new"]
    assert [status_of(hop.response_head) for hop in page.exchanges] == [status, 200]
    assert (page.url, page.answer.body) == (f"{HOME}/old", b"the news")


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("two", f"{HOME}/a/two"),
        ("../two", f"{HOME}/two"),
        ("/two?q=1#part", f"{HOME}/two?q=1"),
        ("?page=2", f"{HOME}/a/one?page=2"),
        (f"//{OTHER}/two", f"http://{OTHER}/two"),
        (f"HTTP://{OTHER.upper()}:80/two", f"http://{OTHER}/two"),
        (f"http://me:secret@{OTHER}/two", f"http://{OTHER}/two"),
        ("/a b", f"{HOME}/a%20b"),
        ("/für", f"{HOME}/f%C3%BCr"),
    ],
)
def test_a_location_is_read_as_browsers_read_it(location: str, leads_to: str) -> None:
    with origin(lambda request: moved(location) if b" /a/one " in request else ok()) as server:
        assert fetch(server, f"{HOME}/a/one").answer.url == leads_to


def test_a_location_in_latin_1_is_read_too() -> None:
    redirect = moved("/f").replace(b"/f", b"/f\xfcr")
    with origin({"/": redirect, "/f%C3%BCr": ok()}) as server:
        assert status_of(fetch(server, f"{HOME}/").answer.response_head) == 200


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: \r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 300 Multiple Choices\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nLocation: /b\r\n\r\n",
    ],
)
def test_an_answer_that_leads_nowhere_further_is_the_page(answer: bytes) -> None:
    with origin({"/": answer}) as server:
        page = fetch(server, f"{HOME}/")
    assert len(page.exchanges) == len(server.requests) == 1


def test_a_circle_of_redirects_is_left_with_what_was_answered() -> None:
    error = failed({"/": moved("/a"), "/a": moved("/b"), "/b": moved("/a#again")})
    assert error.reason == "redirects"
    assert [hop.url for hop in error.exchanges] == [f"{HOME}/", f"{HOME}/a", f"{HOME}/b"]


def test_ten_redirects_are_followed_and_the_eleventh_is_not() -> None:
    chain: dict[str, Answer] = {f"/{number}": moved(f"/{number + 1}") for number in range(11)}
    with origin({**chain, "/10": ok(b"the news")}) as server:
        assert fetch(server, f"{HOME}/0").answer.body == b"the news"
    error = failed(chain, f"{HOME}/0")
    assert (error.reason, len(error.exchanges)) == ("redirects", 11)


@pytest.mark.parametrize("location", ["http://[::g]/", "http://news.example:0/", "https://a:b:c/"])
def test_a_redirect_to_what_is_no_url_is_a_failure_of_redirects(location: str) -> None:
    error = failed({"/": moved(location)})
    assert (error.reason, len(error.exchanges)) == ("redirects", 1)
    assert location in error.message


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("ftp://news.example/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("http://127.0.0.1/", "private-address"),
        ("http://[::ffff:169.254.169.254]/latest/meta-data/", "private-address"),
        ("http://2130706433/", "private-address"),
        (f"http://{HOST}:22/", "port"),
    ],
)
def test_a_redirect_gets_nowhere_that_a_link_would_not(location: str, reason: str) -> None:
    error = failed({"/": moved(location)})
    assert isinstance(error, Refused)
    assert (error.reason, len(error.exchanges)) == (reason, 1)


def test_a_hop_that_fails_leaves_the_hops_before_it() -> None:
    error = failed({"/": moved("/next"), "/next": ["close"]})
    assert (error.reason, error.subject) == ("disconnect", f"{HOME}/next")
    assert [hop.url for hop in error.exchanges] == [f"{HOME}/"]


def test_a_first_hop_that_fails_leaves_none() -> None:
    with closed_port() as port, pytest.raises(FetchError) as caught:
        fetch(Origin(port), f"{HOME}/")
    assert (caught.value.reason, caught.value.exchanges) == ("connect", ())


def test_one_deadline_covers_all_hops() -> None:
    slow: Answer = [0.15, moved("/next")]
    error = failed({"/": slow, "/next": [0.15, moved("/last")], "/last": ["hold"]}, page_seconds=0.4)
    assert (error.reason, len(error.exchanges)) == ("timeout", 2)


def test_an_answer_that_the_deadline_cuts_is_kept_as_far_as_it_came() -> None:
    with origin({"/": moved("/b"), "/b": [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nthe", "hold"]}) as server:
        page = fetch(server, f"{HOME}/", page_seconds=0.3)
    assert (page.answer.body, page.answer.truncated) == (b"the", "time")


def test_every_hop_passes_the_gate_alone() -> None:
    passed: list[str] = []

    @asynccontextmanager
    async def gate(url: str) -> AsyncIterator[None]:
        passed.append(f"in {url}")
        yield
        passed.append(f"out {url}")

    with origin({"/": moved(f"http://{OTHER}/b"), "/b": ok()}) as server:
        fetch(server, f"{HOME}/#top", gate=gate)
    hops = (f"{HOME}/", f"http://{OTHER}/b")
    assert passed == [f"{way} {hop}" for hop in hops for way in ("in", "out")]


def test_what_the_gate_refuses_is_not_asked() -> None:
    @asynccontextmanager
    async def gate(url: str) -> AsyncIterator[None]:
        if OTHER in url:
            raise Refused(url, "robots", "robots.txt disallows it")
        yield

    with origin({"/": moved(f"http://{OTHER}/b")}) as server, pytest.raises(Refused) as caught:
        fetch(server, f"{HOME}/", gate=gate)
    assert server.paths == ["/"]
    assert [hop.url for hop in caught.value.exchanges] == [f"{HOME}/"]


def test_a_wait_at_the_gate_does_not_count_against_the_page() -> None:
    @asynccontextmanager
    async def gate(_: str) -> AsyncIterator[None]:
        await asyncio.sleep(0.2)
        yield

    with origin({"/": moved("/b"), "/b": ok(b"the news")}) as server:
        assert fetch(server, f"{HOME}/", gate=gate, page_seconds=0.3).answer.body == b"the news"


NOT_MODIFIED = b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\n\r\n'
DATE = "Fri, 20 Nov 2026 10:00:00 GMT"


def _changed_only(request: bytes) -> bytes:
    return NOT_MODIFIED if b'\r\nIf-None-Match: "v1"\r\n' in request else ok(b"the news", 'ETag: "v1"')


def test_a_page_that_is_known_is_asked_for_only_if_it_changed() -> None:
    known = {f"{HOME}/": Validators(etag='"v1"', last_modified=DATE)}
    with origin(_changed_only) as server:
        assert fetch(server, f"{HOME}/").answer.body == b"the news"
        again = fetch(server, f"{HOME}/", validators=known.get)
    assert status_of(again.answer.response_head) == 304
    assert (again.answer.body, again.answer.truncated) == (b"", None)
    assert f"\r\nIf-Modified-Since: {DATE}\r\n".encode() in server.requests[1]
    assert b"If-" not in server.requests[0]


def test_each_hop_is_asked_with_its_own_validators() -> None:
    known = {f"{HOME}/b": Validators(etag='"v1"', last_modified=None)}
    with origin(lambda request: moved("/b") if b" / " in request else _changed_only(request)) as server:
        page = fetch(server, f"{HOME}/", validators=known.get)
    assert [status_of(hop.response_head) for hop in page.exchanges] == [302, 304]
    assert b"If-" not in server.requests[0]
    assert b"If-Modified-Since" not in server.requests[1]


@pytest.mark.parametrize("etag", ['"a\r\nX-Injected: 1"', '"\x00"', '"' + "x" * 2000 + '"', '"\u2019"', ""])
def test_a_validator_that_could_break_the_request_is_not_sent(etag: str) -> None:
    with origin({"/": ok(b"the news")}) as server:
        page = fetch(server, f"{HOME}/", validators=lambda _: Validators(etag=etag, last_modified=None))
    assert page.answer.body == b"the news"
    assert b"If-None-Match" not in server.requests[0]
    assert b"X-Injected" not in server.requests[0]


def test_a_validator_beyond_ascii_goes_back_as_it_came() -> None:
    with origin({"/": ok()}) as server:
        fetch(server, f"{HOME}/", validators=lambda _: Validators(etag='W/"caf\xe9"', last_modified=None))
    assert b'\r\nIf-None-Match: W/"caf\xe9"\r\n' in server.requests[0]


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://news.example/a", "https://news.example/a"),
        ("  http://News.Example/a#b\n", "http://news.example/a"),
        ("news.example/a", "https://news.example/a"),
        ("news.example:8443", "https://news.example:8443/"),
        ("//news.example/a", "https://news.example/a"),
        ("localhost/a", "https://localhost/a"),
        ("localhost:8080/a", "https://localhost:8080/a"),
        ("[::1]/a", "https://[::1]/a"),
        ("http://intranet/a", "http://intranet/a"),
        ("новости.example", "https://xn--b1amnebsh.example/"),
    ],
)
def test_what_somebody_types_becomes_a_url(typed: str, url: str) -> None:
    assert check_url(typed) == url


@pytest.mark.parametrize(
    "typed", ["", " ", "news", "the news", "https://", "https:///a", "http://a b/", "?", "/a", "\x00.x"]
)
def test_what_is_no_url_says_what_to_write_instead(typed: str) -> None:
    with pytest.raises(FetchError, match="https://host/path") as error:
        check_url(typed)
    assert error.value.reason == "url"


@pytest.mark.parametrize("typed", ["ftp://news.example/", "mailto:desk@news.example", "file:///etc/passwd"])
def test_what_is_no_web_page_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as error:
        check_url(typed)
    assert error.value.reason == "scheme"
