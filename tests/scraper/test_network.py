"""What passes the door: bytes as they stood on the wire, and nothing to an address that is not public."""

import asyncio
import gc
import gzip
import os
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
import trustme

import scraper.network
from archive.heads import archived_head, status_of
from archive.records import Exchange
from scraper import dial
from scraper.addresses import IPNetwork, Pin, Proxy, read_proxy
from scraper.dial import Names
from scraper.errors import ConfigError, FetchError, Refused
from scraper.network import Network, as_asked
from scraper.tap import Held, NetworkSettings, Tap, also_allowed
from scraper.wire import ends_early
from tests.servers import Answer, Origin, Step, closed_port, ok, origin, proxy

HOST = "news.example"


def settings(port: int, **changes: object) -> NetworkSettings:
    pins = (Pin(HOST, 80, "127.0.0.1", port), Pin(HOST, 443, "127.0.0.1", port))
    return NetworkSettings(**{"user_agent": "pressmark test", "pins": pins, **changes})  # type: ignore[arg-type]


def ask(url: str, how: NetworkSettings, headers: Sequence[tuple[str, str]] = ()) -> Exchange:
    async def once() -> Exchange:
        async with Network(how) as network:
            return await network.exchange(url, headers)

    return asyncio.run(once())


def answered(answer: Answer, **changes: object) -> Exchange:
    """The exchange with a server that answers like this."""
    with origin({"/": answer}) as server:
        return ask(f"http://{HOST}/", settings(server.port, **changes))


def failure(answer: Answer, **changes: object) -> FetchError:
    with pytest.raises(FetchError) as caught:
        answered(answer, **changes)
    return caught.value


def dripping(start: bytes, drop: bytes) -> Iterator[Step]:
    """Sends the start, and then a drop fifty times a second."""
    yield start
    for _ in range(500):
        yield drop
        yield 0.02


HTML = b"<p>the news</p>"
ZIPPED = gzip.compress(HTML)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
WIRES = {
    "odd case and spaces": (b"HTTP/1.1 200 OK\r\ncoNtent-TYPE:   text/html \r\nCONTENT-length:15\r\n\r\n", HTML, HTML),
    "twice the same field": (
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 15\r\nset-cookie: a=2\r\n\r\n",
        HTML,
        HTML,
    ),
    "bytes beyond ASCII": (b"HTTP/1.1 200 Tr\xe8s bien\r\nX-Town: \xd0\x91\r\nContent-Length: 15\r\n\r\n", HTML, HTML),
    "a folded line": (b"HTTP/1.1 200 OK\r\nX-Long: one\r\n   two\r\nContent-Length: 15\r\n\r\n", HTML, HTML),
    "bare line feeds": (b"HTTP/1.1 200 OK\nContent-Length: 15\n\n", HTML, HTML),
    "no reason phrase": (b"HTTP/1.1 200\r\nContent-Length: 15\r\n\r\n", HTML, HTML),
    "chunks with extensions and trailers": (
        CHUNKED,
        b"5;a=b\r\n<p>th\r\na\r\ne news</p>\r\n0;c\r\nX-Sum: 1\r\n\r\n",
        HTML,
    ),
    "chunked and gzipped": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n",
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(ZIPPED), ZIPPED),
        ZIPPED,
    ),
    "an illegal field name": (b"HTTP/1.1 200 OK\r\nBad Name: x\r\nContent-Length: 15\r\n\r\n", HTML, HTML),
    "an illegal field name, chunked": (
        b"HTTP/1.1 200 OK\r\n(x): y\r\n" + CHUNKED[17:],
        b"f\r\n" + HTML + b"\r\n0\r\n\r\n",
        HTML,
    ),
    "no content": (b"HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n", b"", b""),
    "an empty page": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"", b""),
    "a page that is gone": (b"HTTP/1.1 410 Gone\r\nContent-Length: 15\r\n\r\n", HTML, HTML),
    "a change of protocol nobody asked for": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", b"", b""),
}


@pytest.mark.parametrize(("head", "wire", "body"), WIRES.values(), ids=WIRES)
def test_a_response_is_kept_as_it_stood_on_the_wire(head: bytes, wire: bytes, body: bytes) -> None:
    exchange = answered(head + wire)
    assert exchange.response_head == archived_head(head)
    assert exchange.body == body
    assert exchange.truncated is None


def test_a_response_in_many_small_packets_is_the_same_response() -> None:
    head, wire, body = WIRES["chunks with extensions and trailers"]
    packets: list[Step] = [step for byte in head + wire for step in (bytes([byte]), 0.0005)]
    assert (answered(packets).body, answered(head + wire).response_head) == (body, archived_head(head))


def test_what_the_records_have_no_place_for_stands_in_the_notes() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    exchange = answered(hints + CHUNKED + b"1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\njunk")
    assert status_of(exchange.response_head) == 200
    assert exchange.notes == (
        ("interim-response", r"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"),
        ("trailers", "X-Sum: 1"),
        ("surplus-length", "4"),
        ("surplus", "junk"),
    )


def test_a_body_that_ends_with_the_connection_is_whole() -> None:
    exchange = answered([b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + HTML, "close"])
    assert (exchange.body, exchange.truncated) == (HTML, None)


def test_surplus_bytes_are_never_taken_for_the_answer_to_the_next_request() -> None:
    async def twice(port: int) -> list[bytes]:
        async with Network(settings(port)) as network:
            return [(await network.exchange(f"http://{HOST}{path}")).body for path in ("/poisoned", "/true")]

    with origin({"/poisoned": ok(b"first") + ok(b"forged"), "/true": ok(b"second")}) as server:
        assert asyncio.run(twice(server.port)) == [b"first", b"second"]
        assert server.connections == 2


def test_the_request_says_who_asks_and_what_is_understood() -> None:
    with origin({"/a%20b?q=1": ok()}) as server:
        exchange = ask(f"http://{HOST}/a b?q=1#part", settings(server.port))
    assert server.requests == [exchange.request_head]
    assert exchange.url == f"http://{HOST}/a%20b?q=1"
    assert exchange.request_head.startswith(b"GET /a%20b?q=1 HTTP/1.1\r\nHost: news.example\r\n")
    for line in (b"User-Agent: pressmark test", b"Accept: text/html,application/xhtml+xml", b"Accept-Encoding: gzip"):
        assert b"\r\n" + line in exchange.request_head


def test_credentials_are_sent_where_asked_and_never_kept() -> None:
    secrets = [
        ("Authorization", "Bearer hush"),
        ("cookie", "session=hush"),
        ("Proxy-Authorization", "hush"),
        ("X", "y"),
    ]
    with origin({"/": ok()}) as server:
        exchange = ask(f"http://me:hush@{HOST}/", settings(server.port), secrets)
    assert server.requests[0].count(b"hush") == 3
    assert b"hush" not in exchange.request_head
    assert b"hush" not in exchange.url.encode()
    assert b"\r\nX: y\r\n" in exchange.request_head
    assert b"Basic" not in server.requests[0]


def test_a_cookie_that_was_set_is_not_sent_back() -> None:
    async def twice(port: int) -> None:
        async with Network(settings(port)) as network:
            await network.exchange(f"http://{HOST}/")
            await network.exchange(f"http://{HOST}/")

    with origin({"/": ok(b"x", "Set-Cookie: id=1; Path=/")}) as server:
        asyncio.run(twice(server.port))
    assert len(server.requests) == 2
    assert b"ookie" not in server.requests[1]


def test_an_exchange_knows_when_it_began_how_long_it_took_and_whom_it_reached() -> None:
    before = datetime.now(UTC)
    slow: list[Step] = [b"HTTP/1.1 200 OK\r\n", 0.05, b"Content-Length: 1\r\n\r\nx"]
    exchange = answered(slow)
    assert before <= exchange.started_at <= datetime.now(UTC)
    assert exchange.started_at.utcoffset() == timedelta(0)
    assert 0.05 <= exchange.seconds < 5
    assert exchange.ip == "127.0.0.1"


# What is cut short


@pytest.mark.parametrize(
    "cut",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + HTML, "close"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + HTML, 0.05, "reset"],
        [b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + HTML, 0.05, "reset"],
        [CHUNKED + b"f\r\n" + HTML, "close"],
        [CHUNKED + b"f\r\n" + HTML + b"\r\n0\r\n", "close"],
        [CHUNKED + b"f\r\n" + HTML + b"\r\nzz\r\n", "close"],
    ],
)
def test_a_body_whose_connection_breaks_is_kept_as_far_as_it_came(cut: Answer) -> None:
    exchange = answered(cut)
    assert (exchange.body, exchange.truncated) == (HTML, "disconnect")


def test_a_body_that_drips_is_kept_as_far_as_it_came_in_time() -> None:
    began = time.monotonic()
    exchange = answered(dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x"), exchange_seconds=0.3)
    assert time.monotonic() - began < 2
    assert exchange.truncated == "time"
    assert 0 < len(exchange.body) < 50
    assert set(exchange.body) == {ord("x")}


def test_a_body_that_stalls_after_a_head_h11_rejects_is_cut_by_the_same_deadline() -> None:
    stalled: list[Step] = [b"HTTP/1.1 200 OK\r\nBad Name: x\r\nContent-Length: 9\r\n\r\nx", "hold"]
    exchange = answered(stalled, exchange_seconds=0.2)
    assert (exchange.body, exchange.truncated) == (b"x", "time")


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", b"x" * 65536),
        (CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n", b"x" * 65536),
    ],
)
def test_an_endless_body_is_cut_at_the_cap(head: bytes, piece: bytes) -> None:
    exchange = answered(chain([head], repeat(piece)), max_body=300_000)
    assert exchange.truncated == "length"
    assert exchange.body == b"x" * 300_000


def test_a_body_of_one_byte_chunks_costs_no_more_than_it_brings() -> None:
    exchange = answered(chain([CHUNKED], repeat(b"1\r\nx\r\n" * 1000)), max_body=100_000)
    assert exchange.truncated == "length"
    assert 0 < len(exchange.body) < 100_000


def test_a_body_of_just_the_cap_is_whole() -> None:
    exchange = answered(ok(b"x" * 1000), max_body=1000)
    assert (len(exchange.body), exchange.truncated) == (1000, None)


# What comes too slowly


def _took(answer: Answer, **changes: object) -> tuple[Exchange, float]:
    began = time.monotonic()
    exchange = answered(answer, **{"exchange_seconds": 30.0, "grace_seconds": 0.3, **changes})
    return exchange, time.monotonic() - began


def test_a_body_slower_than_the_least_rate_is_cut_long_before_the_deadline() -> None:
    exchange, seconds = _took(dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x"))
    assert exchange.truncated == "time"
    assert set(exchange.body) == {ord("x")}
    assert ("slower-than", "1000 bytes a second") in exchange.notes
    assert 0.3 <= seconds < 2


def test_a_server_that_stalls_in_the_middle_is_waited_for_no_longer_than_its_rate_allows() -> None:
    exchange, seconds = _took([b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 900, "hold"], min_rate=1_000)
    assert (exchange.truncated, len(exchange.body)) == ("time", 900)
    assert 0.9 <= seconds < 3


def test_a_head_slower_than_the_least_rate_is_no_answer_and_names_the_setting() -> None:
    answer = dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n")
    error = failure(answer, exchange_seconds=30.0, grace_seconds=0.3)
    assert error.reason == "too-slow"
    assert "network.min_rate" in error.message


def test_a_server_that_thinks_for_long_and_then_answers_is_not_slow() -> None:
    exchange, _ = _took([0.8, ok(HTML)])
    assert (exchange.body, exchange.truncated) == (HTML, None)


def test_a_body_that_is_slow_and_fast_enough_comes_whole() -> None:
    pieces: list[Step] = [step for _ in range(20) for step in (b"x" * 100, 0.05)]
    exchange, seconds = _took([b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n", *pieces], min_rate=1_000)
    assert (len(exchange.body), exchange.truncated) == (2000, None)
    assert seconds > 0.9


def test_without_a_least_rate_the_deadline_alone_decides() -> None:
    answer = dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x")
    exchange, seconds = _took(answer, min_rate=0, exchange_seconds=0.8)
    assert exchange.truncated == "time"
    assert exchange.notes == (("body-ends", "with the connection"),)
    assert seconds >= 0.8


# Many large bodies at once


def _crowd(most: int, endless: int = 30) -> tuple[int, list[Exchange], list[Exchange]]:
    """The most that was held of so many endless bodies and five pages; the exchanges of either kind."""
    peak = 0

    class Watched(Held):
        def take(self, tap: Tap, count: int) -> None:
            nonlocal peak
            super().take(tap, count)
            peak = max(peak, sum(each.received for each in self._of))

    async def together(server: Origin) -> list[Exchange]:
        how = settings(server.port, max_held=most, max_body=5_000_000)
        async with Network(how) as network:
            network._held = Watched(most)
            asked = [network.exchange(f"http://{HOST}/endless?{number}") for number in range(endless)]
            asked += [network.exchange(f"http://{HOST}/page?{number}") for number in range(5)]
            came = await asyncio.gather(*asked)
            assert (network._held.total, network._held._of) == (0, {})
            return came

    def answer(request: bytes) -> Answer:
        if b"/page" in request:
            return ok(bytes(100_000))
        return chain([b"HTTP/1.1 200 OK\r\n\r\n"], repeat(bytes(65_536), 100))

    with origin(answer) as server:
        came = asyncio.run(together(server))
    return peak, came[:endless], came[endless:]


def test_all_bodies_together_stay_within_bounds_and_pages_beside_them_come_whole() -> None:
    peak, endless, pages = _crowd(20_000_000)
    assert peak < 20_200_000
    assert {exchange.truncated for exchange in endless} == {"length"}
    crowded = [exchange for exchange in endless if any(name == "held" for name, _ in exchange.notes)]
    assert len(crowded) > 3
    assert [(len(page.body), page.truncated, page.notes) for page in pages] == [(100_000, None, ())] * 5


def test_without_that_bound_they_come_to_all_that_each_may_have() -> None:
    assert _crowd(10**9)[0] > 60_000_000


# What breaks off within its coding

_NOISE = b"".join(b"<p>%d</p>" % (number * number) for number in range(5_000))
_LONG = gzip.compress(_NOISE)


_HEAVY = {
    "zeros": gzip.compress(bytes(48_000_000)),
    "tiny members": gzip.compress(b"") * 4_000,
    "twice over": gzip.compress(gzip.compress(bytes(3_000_000))),
}


@pytest.mark.parametrize(("what", "guard"), [("zeros", "_INFLATED_HERE"), ("tiny members", "_MEMBERS_HERE")])
def test_a_small_body_that_takes_long_to_unpack_is_not_unpacked_where_everybody_waits(
    what: str, guard: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def longest() -> float:
        times.clear()
        answered(ok(_HEAVY[what], "Content-Encoding: gzip"))
        return max((seconds for thread, seconds in times if thread == threading.get_ident()), default=0.0)

    def timed(*args: Any, **how: Any) -> bool | None:
        began = time.thread_time()
        end = ends_early(*args, **how)
        times.append((threading.get_ident(), time.thread_time() - began))
        return end

    times: list[tuple[int, float]] = []
    monkeypatch.setattr(scraper.network, "ends_early", timed)
    with_guard = longest()
    monkeypatch.setattr(scraper.network, guard, 10**9)
    assert longest() > 5 * with_guard


def test_an_ordinary_page_is_looked_at_where_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio, "to_thread", None)
    assert answered(ok(_LONG, "Content-Encoding: gzip")).truncated is None


@pytest.mark.parametrize("kept", [1, 9, 10, 11, 100, len(_LONG) // 2, len(_LONG) - 9, len(_LONG) - 8, len(_LONG) - 1])
def test_a_gzip_body_that_breaks_off_is_cut_though_its_framing_is_whole(kept: int) -> None:
    exchange = answered(ok(_LONG[:kept], "Content-Encoding: gzip"))
    assert (exchange.body, exchange.truncated) == (_LONG[:kept], "disconnect")
    assert ("coding-fault", "the content coding breaks off") in exchange.notes


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", _LONG),
        ("gzip", ZIPPED + ZIPPED),
        ("gzip", ZIPPED + b"\0\0\0 padding"),
        ("gzip", b""),
        ("gzip", HTML),  # a server that forgets to encode what it says is encoded
        ("br", b"\x0b\x02\x80the news\x03"),
        ("gzip, gzip, gzip", ZIPPED[:9]),
        ("gzip", gzip.compress(bytes(70_000_000))[:-9]),  # larger than anybody looks at: too large, not cut
        ("identity", HTML),
    ],
)
def test_a_body_whose_coding_does_not_break_off_is_whole(encoding: str, body: bytes) -> None:
    exchange = answered(ok(body, f"Content-Encoding: {encoding}"))
    assert (exchange.body, exchange.truncated) == (body, None)


def test_a_large_coded_body_is_looked_at_for_its_end_as_well() -> None:
    noise = gzip.compress(os.urandom(400_000))
    assert answered(ok(noise, "Content-Encoding: gzip")).truncated is None
    assert answered(ok(noise[:-1], "Content-Encoding: gzip")).truncated == "disconnect"


# What brings no answer


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (["close"], "disconnect"),
        (["reset"], "disconnect"),
        ([b"HTTP/1.1 200 OK\r\nContent-Le", "close"], "disconnect"),
        ([b"HTTP/1.1 103 Early Hints\r\n\r\n", "close"], "disconnect"),
        ([b"SSH-2.0-OpenSSH_9.2\r\n", "hold"], "protocol"),
        ([b"<html>no head</html>", "close"], "protocol"),
        ([b"\r\n\r\n", "close"], "protocol"),
        (repeat(b"HTTP/1.1 100 Continue\r\n\r\n"), "protocol"),
    ],
)
def test_what_is_no_answer_is_named(answer: Answer, reason: str) -> None:
    error = failure(answer)
    assert error.reason == reason
    assert error.subject == f"http://{HOST}/"


@pytest.mark.parametrize("piece", [b"X-Field: and another\r\n" * 100, b"x" * 9999])
def test_a_head_without_end_is_too_large(piece: bytes) -> None:
    error = failure(chain([b"HTTP/1.1 200 OK\r\nX: "], repeat(piece)), max_fields=10**6)
    assert error.reason == "head-too-large"
    assert "network.max_head" in error.message


def test_a_whole_head_that_is_too_large_is_no_less_so() -> None:
    assert failure(ok(b"", "X: " + "x" * 5000), max_head=4096).reason == "head-too-large"
    assert answered(ok(b"here", "X: " + "x" * 3000), max_head=4096).body == b"here"


def test_a_head_of_thousands_of_fields_is_refused_and_one_of_hundreds_is_read() -> None:
    error = failure(ok(b"", *["a: b"] * 8_000))
    assert error.reason == "too-many-fields"
    assert "network.max_fields" in error.message
    assert answered(ok(HTML, *["Set-Cookie: a=b"] * 255)).body == HTML
    assert failure(ok(HTML, *["Set-Cookie: a=b"] * 256)).reason == "too-many-fields"
    assert answered(ok(HTML, *["a: b"] * 256), max_fields=257).body == HTML


def test_the_fields_of_interim_responses_count_too() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\n" + b"Link: </a.css>\r\n" * 100 + b"\r\n"
    assert failure(hints * 3 + ok(HTML)).reason == "too-many-fields"
    assert answered(hints * 2 + ok(HTML)).body == HTML


def test_a_server_that_says_nothing_is_a_timeout() -> None:
    began = time.monotonic()
    assert failure(["hold"], exchange_seconds=0.2).reason == "timeout"
    assert time.monotonic() - began < 2


def test_a_head_that_drips_is_a_timeout() -> None:
    began = time.monotonic()
    assert failure(dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), exchange_seconds=0.3).reason == "timeout"
    assert time.monotonic() - began < 2


def test_a_refused_connection_says_so_and_where() -> None:
    with closed_port() as port, pytest.raises(FetchError, match="Connection refused") as error:
        ask(f"http://{HOST}/", settings(port))
    assert error.value.reason == "connect"
    assert f"(127.0.0.1, port {port})" in error.value.message


def test_a_name_that_does_not_exist_is_a_failure_of_dns_and_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []

    def nothing(host: str, *_: object, **__: object) -> list[object]:
        looked_up.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def twice() -> list[str]:
        async with Network(settings(1)) as network:
            return [await _reason(network.exchange("http://no-such-paper.example/")) for _ in range(2)]

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    assert asyncio.run(twice()) == ["dns", "dns"]
    assert looked_up == ["no-such-paper.example"]


class _Slow:
    """A resolver that answers at once, but for names below slow.example not before it is told to."""

    def __init__(self) -> None:
        self.told, self.asked = threading.Event(), list[str]()
        self.begun = threading.Semaphore(0)  # how many wait to be told

    def __call__(self, host: str, *_: object, **__: object) -> list[object]:
        self.asked.append(host)
        if "slow" in host:
            self.begun.release()
            self.told.wait(20)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))]


def _beside_slow_names(monkeypatch: pytest.MonkeyPatch, slow: list[str], then: Callable[..., Any]) -> Any:
    """What `then` (of the names and the resolver) comes to while these are looked up."""
    resolver = _Slow()
    monkeypatch.setattr(socket, "getaddrinfo", resolver)

    async def within() -> object:
        names = Names()
        waiting = [asyncio.ensure_future(names.addresses(each, 20)) for each in slow]
        try:
            for _ in range(min(len(slow), dial._DNS_PER_DOMAIN, dial._DNS_THREADS)):
                await asyncio.to_thread(resolver.begun.acquire)
            return await then(names, resolver)
        finally:
            resolver.told.set()
            await asyncio.gather(*waiting)
            await asyncio.to_thread(names._threads.shutdown)  # a place is left when its thread says so
            await asyncio.sleep(0)
            assert not names._queues
            names.close()

    return asyncio.run(within())


@pytest.mark.parametrize(("at_once", "in_time"), [(4, True), (100, False)])
def test_a_name_server_that_hangs_holds_up_no_names_of_others(
    at_once: int, in_time: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def another(names: Names, resolver: _Slow) -> bool:
        try:
            async with asyncio.timeout(0.5):
                return bool(await names.addresses("paper.example", 0.5))
        except TimeoutError:
            return False

    monkeypatch.setattr(dial, "_DNS_PER_DOMAIN", at_once)
    slow = [f"{number}.slow.example" for number in range(40)]
    assert _beside_slow_names(monkeypatch, slow, another) is in_time


def test_a_lookup_that_waits_for_others_has_all_its_time_and_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    async def late(names: Names, resolver: _Slow) -> object:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await names.addresses("late.slow.example", 0.05)
        assert "late.slow.example" not in names._known
        waiting = asyncio.ensure_future(names.addresses("late.slow.example", 5))
        await asyncio.sleep(0)
        resolver.told.set()
        return await waiting

    slow = [f"{number}.slow.example" for number in range(6)]
    assert _beside_slow_names(monkeypatch, slow, late) == ("192.0.2.1",)


def test_one_name_asked_for_many_times_at_once_is_looked_up_no_more_often_than_its_domain_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def count(names: Names, resolver: _Slow) -> list[str]:
        await asyncio.gather(*(names.addresses("paper.example", 5) for _ in range(50)))
        return resolver.asked

    assert len(_beside_slow_names(monkeypatch, [], count)) <= dial._DNS_PER_DOMAIN


def test_a_name_that_is_asked_for_again_and_again_holds_no_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def steps() -> list[int]:
        names, found = Names(), []
        for _ in range(20):
            try:
                await names.addresses("no-such-paper.example", 1.0)
            except OSError as error:
                found.append(len(list(traceback.walk_tb(error.__traceback__))))
        names.close()
        return found

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    assert len(set(asyncio.run(steps()))) == 1


def test_a_name_without_any_address_is_a_failure_of_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    async def once() -> str:
        async with Network(settings(1)) as network:
            return await _reason(network.exchange("http://empty.example/"))

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    assert asyncio.run(once()) == "dns"


async def _reason(exchange: Awaitable[Exchange]) -> str:
    with pytest.raises(FetchError) as caught:
        await exchange
    return caught.value.reason


# Connections that are used again


def test_a_connection_is_used_again() -> None:
    async def several(port: int) -> None:
        async with Network(settings(port)) as network:
            for _ in range(5):
                await network.exchange(f"http://{HOST}/")

    with origin({"/": ok()}) as server:
        asyncio.run(several(server.port))
        assert (server.connections, len(server.requests)) == (1, 5)


def test_a_kept_connection_that_died_in_silence_is_replaced_once() -> None:
    answers: list[Answer] = [ok(b"one"), ["close"], ok(b"two")]

    async def twice(port: int) -> list[bytes]:
        async with Network(settings(port)) as network:
            return [(await network.exchange(f"http://{HOST}/")).body for _ in range(2)]

    with origin(lambda _: answers.pop(0)) as server:
        assert asyncio.run(twice(server.port)) == [b"one", b"two"]
        assert (server.connections, len(server.requests)) == (2, 3)


def test_a_new_connection_that_brings_nothing_is_not_tried_again() -> None:
    with origin({"/": ["close"]}) as server, pytest.raises(FetchError):
        ask(f"http://{HOST}/", settings(server.port))
    assert len(server.requests) == 1


def test_an_answer_that_began_is_never_asked_for_twice() -> None:
    answers: list[Answer] = [ok(b"one"), [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", "close"]]

    async def twice(port: int) -> Exchange:
        async with Network(settings(port)) as network:
            await network.exchange(f"http://{HOST}/")
            return await network.exchange(f"http://{HOST}/")

    with origin(lambda _: answers.pop(0)) as server:
        assert asyncio.run(twice(server.port)).truncated == "disconnect"
        assert len(server.requests) == 2


# Hundreds at a time


def _canned(request: bytes) -> bytes:
    """An answer whose head, framing and body all follow from the path."""
    path = request.split()[1].decode()
    number = int(path[1:])
    body = f"page {path} ".encode() * (1 + number * 37 % 900)
    named = f"X-paGe:  {path} \r\nX-Town: caf\xe9\r\n".encode("latin-1")
    match number % 4:
        case 0:
            return b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (named, len(body), body)
        case 1:
            return b"HTTP/1.1 200 OK\r\n%sTransfer-Encoding: chunked\r\n\r\n%x;x\r\n%s\r\n0\r\n\r\n" % (
                named,
                len(body),
                body,
            )
        case 2:
            return b"HTTP/1.1 404 Not\r\n%sBad Name: x\r\nContent-Length: %d\r\n\r\n%s" % (named, len(body), body)
        case _:
            return b"HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200\r\n%sContent-Length: %d\r\n\r\n%sjunk" % (
                named,
                len(body),
                body,
            )


def _is_what_was_sent(exchange: Exchange) -> bool:
    path = exchange.url.rpartition("/")[2]
    sent = _canned(f"GET /{path} HTTP/1.1".encode())
    head = sent.removeprefix(b"HTTP/1.1 103 Hints\r\n\r\n").partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    number = int(path)
    body = f"page /{path} ".encode() * (1 + number * 37 % 900)
    asked = f"GET /{path} HTTP/1.1\r\nHost: paper{number % 50}.example\r\n".encode()
    whole = (exchange.response_head, exchange.body, exchange.truncated) == (archived_head(head), body, None)
    return whole and exchange.request_head.startswith(asked)


PAPERS = [f"paper{number}.example" for number in range(50)]


def _fetch_many(port: int, scheme: str, count: int, **changes: object) -> list[Exchange]:
    """Exchanges with fifty hosts, up to two hundred at a time."""

    async def all_at_once() -> list[Exchange]:
        pins = tuple(Pin(paper, to, "127.0.0.1", port) for paper in PAPERS for to in (80, 443))
        async with Network(settings(port, pins=pins, **changes)) as network:
            limit = asyncio.Semaphore(200)

            async def one(number: int) -> Exchange:
                async with limit:
                    return await network.exchange(f"{scheme}://{PAPERS[number % 50]}/{number}")

            return await asyncio.gather(*(one(number) for number in range(count)))

    return asyncio.run(all_at_once())


def test_hundreds_of_exchanges_at_a_time_are_never_mixed_up() -> None:
    with origin(_canned) as server:
        exchanges = _fetch_many(server.port, "http", 600)
    assert len(exchanges) == 600
    assert [exchange.url for exchange in exchanges if not _is_what_was_sent(exchange)] == []


def test_an_exchange_that_is_cancelled_leaves_the_others_alone() -> None:
    async def scene(port: int) -> bytes:
        async with Network(settings(port)) as network:
            doomed = asyncio.create_task(network.exchange(f"http://{HOST}/slow"))
            await asyncio.sleep(0.05)
            doomed.cancel()
            with pytest.raises(asyncio.CancelledError):
                await doomed
            return (await network.exchange(f"http://{HOST}/")).body

    with origin({"/": ok(b"here"), "/slow": [b"HTTP/1.1 200 OK\r\n", "hold"]}) as server:
        assert asyncio.run(scene(server.port)) == b"here"


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    return tmp_path / "authority.pem"


def _server_side(authority: trustme.CA, *names: str, **of: object) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **of).configure_cert(context)  # type: ignore[arg-type]
    return context


def test_a_page_over_tls_says_which_certificate_was_shown(authority: trustme.CA, ca_file: Path) -> None:
    with origin({"/": ok(HTML)}, tls=_server_side(authority, HOST)) as server:
        exchange = ask(f"https://{HOST}/", settings(server.port, ca_file=ca_file))
    notes = dict(exchange.notes)
    assert exchange.body == HTML
    assert notes["tls-version"] == "TLSv1.3"
    assert len(bytes.fromhex(notes["certificate-sha256"])) == 32


def test_exchanges_over_tls_are_never_mixed_up_either(authority: trustme.CA, ca_file: Path) -> None:
    with origin(_canned, tls=_server_side(authority, "*.example", *PAPERS)) as server:
        exchanges = _fetch_many(server.port, "https", 200, ca_file=ca_file)
    assert len(exchanges) == 200
    assert [exchange.url for exchange in exchanges if not _is_what_was_sent(exchange)] == []


def test_a_name_with_a_dot_at_its_end_has_the_same_certificate(authority: trustme.CA, ca_file: Path) -> None:
    with origin({"/": ok(HTML)}, tls=_server_side(authority, HOST)) as server:
        assert ask(f"https://{HOST}./", settings(server.port, ca_file=ca_file)).body == HTML


def _tls_failure(server: Origin, **changes: object) -> FetchError:
    with pytest.raises(FetchError) as caught:
        ask(f"https://{HOST}/", settings(server.port, **changes))
    assert caught.value.reason == "tls"
    assert server.requests == []
    return caught.value


def test_a_certificate_of_an_unknown_authority_is_refused(authority: trustme.CA) -> None:
    with origin({"/": ok()}, tls=_server_side(authority, HOST)) as server:
        error = _tls_failure(server)
    assert "unable to get local issuer certificate" in error.message
    assert "--cacert" in error.message


def test_a_certificate_for_another_name_is_refused(authority: trustme.CA, ca_file: Path) -> None:
    with origin({"/": ok()}, tls=_server_side(authority, "other.example")) as server:
        assert "Hostname mismatch" in _tls_failure(server, ca_file=ca_file).message


def test_a_certificate_that_has_expired_is_refused(authority: trustme.CA, ca_file: Path) -> None:
    expired = _server_side(authority, HOST, not_after=datetime(2020, 1, 1, tzinfo=UTC))
    with origin({"/": ok()}, tls=expired) as server:
        assert "certificate has expired" in _tls_failure(server, ca_file=ca_file).message


def test_a_server_that_speaks_no_tls_is_a_failure_of_tls() -> None:
    def answer_in_plain() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer_in_plain)
        thread.start()
        with pytest.raises(FetchError, match=r"wrong version number|record layer failure") as error:
            ask(f"https://{HOST}/", settings(listener.getsockname()[1]))
        thread.join()
    assert error.value.reason == "tls"


def test_a_handshake_that_nobody_answers_ends_with_the_deadline_and_leaves_no_socket_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(FetchError) as error:
        ask(f"https://{HOST}/", settings(listener.getsockname()[1], exchange_seconds=0.2))
    gc.collect()  # a socket left open would warn here
    assert error.value.reason == "timeout"


def test_a_handshake_slower_than_a_connection_may_be_is_a_failure_of_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(FetchError, match="in time") as error:
        ask(f"https://{HOST}/", settings(listener.getsockname()[1], connect_seconds=0.2))
    assert error.value.reason == "tls"


def test_a_ca_file_that_cannot_be_read_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("no certificate")
    for name in ("missing.pem", "empty.pem"):
        with pytest.raises(ConfigError, match=name):
            Network(settings(1, ca_file=tmp_path / name))


@pytest.mark.parametrize("user_agent", ["", " ", "pressmark\r\nX: y", "pressmark (+mailto:é@news.example)"])
def test_a_user_agent_that_cannot_be_sent_is_a_mistake_in_the_settings(user_agent: str) -> None:
    with pytest.raises(ConfigError, match="user_agent"):
        Network(NetworkSettings(user_agent=user_agent))


# URLs


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("https://News.Example", "https://news.example/"),
        ("http://news.example:80/a#b", "http://news.example/a"),
        ("https://me:secret@news.example:8443/?q", "https://news.example:8443/?q"),
        ("https://nachrichten-für.example/für?q=ü", "https://xn--nachrichten-fr-ssb.example/f%C3%BCr?q=%C3%BC"),
        ("http://news.example/a/../b%20c d", "http://news.example/b%20c%20d"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
    ],
)
def test_a_url_is_asked_as_it_goes_on_the_wire(written: str, asked: str) -> None:
    assert as_asked(written) == asked
    assert as_asked(asked) == asked


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("http:///path", "url"),
        ("http://news.example:99999/", "url"),
        ("http://news.example:0/", "url"),
        ("http://news.example:port/", "url"),
        ("http://[::g]/", "url"),
        ("http://news.example/\x00", "url"),
        ("http://news.example/\ud800", "url"),
        ("http://" + "x" * 70_000, "url"),
        ("ftp://news.example/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("//news.example/", "scheme"),
        ("", "scheme"),
    ],
)
def test_what_is_no_url_or_no_web_page_is_never_asked(written: str, reason: str) -> None:
    with pytest.raises(FetchError) as error:
        as_asked(written)
    assert error.value.reason == reason


@pytest.mark.parametrize("written", ["ftp://me:hush@news.example/", "http://me:hush@news.example:99999/"])
def test_a_password_in_a_url_that_is_refused_does_not_show_in_the_error(written: str) -> None:
    with pytest.raises(FetchError) as error:
        as_asked(written)
    assert "hush" not in str(error.value)


# Whom we may ask


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://0x7f.1/"])
def test_this_machine_is_refused(url: str) -> None:
    with pytest.raises(Refused, match="no public address") as error:
        ask(url, settings(1))
    assert error.value.reason == "private-address"


def test_a_private_address_that_the_operator_allows_is_asked() -> None:
    with origin({"/": ok(HTML)}) as server:
        allowed = settings(server.port, allow_private=(ip_network("127.0.0.0/8"),), ports=(80, 443, server.port))
        assert ask(f"http://127.0.0.1:{server.port}/", allowed).body == HTML


def test_a_port_that_is_not_for_the_web_is_refused() -> None:
    with pytest.raises(Refused, match="22") as error:
        ask("http://1.1.1.1:22/", settings(1))
    assert error.value.reason == "port"


def test_a_pin_holds_for_its_own_origin_and_for_no_other() -> None:
    with origin({"/": ok(HTML)}) as server:
        pinned = settings(server.port, pins=(Pin("127.0.0.1", 80, "127.0.0.1", server.port),))
        assert ask("http://127.0.0.1/", pinned).ip == "127.0.0.1"
        for url in ("https://127.0.0.1/", "http://127.0.0.2/", "http://localhost/"):
            with pytest.raises(Refused):
                ask(url, pinned)
        assert len(server.requests) == 1


def test_a_pin_may_name_the_host_to_dial() -> None:
    with origin({"/": ok(HTML)}) as server:
        pinned = settings(server.port, pins=(Pin(HOST, 8080, "localhost", server.port),))
        assert ask(f"http://{HOST}:8080/", pinned).body == HTML


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 0)) for ip in ("1.1.1.1", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    with pytest.raises(Refused, match=r"10\.0\.0\.1"):
        ask("http://two-faced.example/", settings(1))


PRIVATE = (ip_network("127.0.0.0/8"),)


@contextmanager
def source_may_reach(*networks: IPNetwork) -> Iterator[None]:
    """A visit to a source whose entry allows these networks."""
    token = also_allowed.set(networks)
    try:
        yield
    finally:
        also_allowed.reset(token)


def test_a_private_address_is_reached_for_the_source_that_may_and_for_no_other() -> None:
    async def scene(server: Origin) -> list[str]:
        url = f"http://127.0.0.1:{server.port}/"
        async with Network(settings(1, ports=(80, server.port))) as network:
            ends = [await _reason(network.exchange(url))]
            with source_may_reach(*PRIVATE):
                ends.append((await network.exchange(url)).body.decode())
            return [*ends, await _reason(network.exchange(url))]

    with origin({"/": ok(b"ours")}) as server:
        assert asyncio.run(scene(server)) == ["private-address", "ours", "private-address"]
        assert len(server.requests) == 1


def test_a_permission_does_not_reach_the_visits_that_run_beside_it() -> None:
    async def scene(server: Origin) -> tuple[str, list[str]]:
        url = f"http://127.0.0.1:{server.port}/"
        async with Network(settings(1, ports=(80, server.port))) as network:
            others = [asyncio.create_task(_reason(network.exchange(url))) for _ in range(5)]
            with source_may_reach(*PRIVATE):
                ours = asyncio.create_task(network.exchange(url))
            return (await ours).body.decode(), await asyncio.gather(*others)

    with origin({"/": [0.1, ok(b"ours")]}) as server:
        assert asyncio.run(scene(server)) == ("ours", ["private-address"] * 5)


def test_a_kept_connection_to_a_private_address_carries_no_other_sources_exchange() -> None:
    async def scene(server: Origin) -> list[str]:
        url = f"http://127.0.0.1:{server.port}/"
        async with Network(settings(1, ports=(80, server.port), shards=1)) as network:
            with source_may_reach(*PRIVATE):
                await network.exchange(url)
                await network.exchange(url)
            ends = [await _reason(network.exchange(url))]
            with source_may_reach(*PRIVATE):
                ends.append((await network.exchange(url)).body.decode())
            return ends

    with origin({"/": ok(b"ours")}) as server:
        assert asyncio.run(scene(server)) == ["private-address", "ours"]
        assert (server.connections, len(server.requests)) == (2, 3)


def test_a_name_that_one_source_may_look_up_is_checked_again_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []

    def private(host: str, *_: object, **__: object) -> list[object]:
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    async def scene(server: Origin) -> list[str]:
        url = f"http://intranet.example:{server.port}/"
        async with Network(settings(1, ports=(80, server.port))) as network:
            with source_may_reach(*PRIVATE):
                ends = [(await network.exchange(url, [("Connection", "close")])).body.decode()]
            return [*ends, await _reason(network.exchange(url))]

    with origin({"/": ok(b"ours")}) as server, monkeypatch.context() as names:
        names.setattr(socket, "getaddrinfo", private)
        assert asyncio.run(scene(server)) == ["ours", "private-address"]
    assert looked_up.count("intranet.example") == 1


# Through a proxy


def test_a_page_comes_through_a_proxy_that_is_told_an_address_and_no_name(authority: trustme.CA, ca_file: Path) -> None:
    with (
        origin({"/": ok(HTML)}, tls=_server_side(authority, HOST)) as secure,
        origin({"/": ok(HTML)}) as plain,
        proxy() as between,
    ):
        pins = (Pin(HOST, 443, "127.0.0.1", secure.port), Pin(HOST, 80, "localhost", plain.port))
        how = settings(1, pins=pins, ca_file=ca_file, proxy=Proxy("127.0.0.1", between.port))
        came = [ask(f"{scheme}://{HOST}/", how) for scheme in ("https", "http")]
    assert [exchange.body for exchange in came] == [HTML, HTML]
    assert [exchange.ip for exchange in came] == ["127.0.0.1", "127.0.0.1"]
    assert [request.partition(b" HTTP/1.1\r\n")[0] for request in between.requests] == [
        f"CONNECT 127.0.0.1:{port}".encode() for port in (secure.port, plain.port)
    ]
    for exchange in came:
        assert exchange.request_head.startswith(b"GET / HTTP/1.1\r\nHost: news.example\r\n")
        assert ("through-proxy", f"127.0.0.1:{between.port}") in exchange.notes


def test_a_proxy_is_never_told_an_address_that_may_not_be_reached() -> None:
    with proxy() as between:
        for url in ("http://127.0.0.1/", "http://localhost/", "http://10.0.0.1/", "https://[::ffff:10.0.0.1]/"):
            with pytest.raises(Refused):
                ask(url, settings(1, proxy=Proxy("127.0.0.1", between.port)))
        assert between.connections == 0


def _either(look_up: Callable[..., object], name: str, answers: object) -> Callable[..., object]:
    """Look-ups as ever, but of that name."""
    return lambda host, *args, **how: answers if host == name else look_up(host, *args, **how)


def test_the_addresses_of_a_name_are_checked_here_and_told_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(family, socket.SOCK_STREAM, 6, "", (ip, 0)) for family, ip in
               ((socket.AF_INET6, "2606:4700::1111"), (socket.AF_INET, "1.1.1.1"))]  # fmt: skip
    with proxy(consent=b"HTTP/1.1 502 Bad Gateway\r\n\r\n") as between, monkeypatch.context() as names:
        how = settings(1, proxy=Proxy("127.0.0.1", between.port))
        names.setattr("scraper.dial.socket.getaddrinfo", _either(socket.getaddrinfo, "far.example", answers))
        with pytest.raises(FetchError) as error:
            ask("https://far.example/", how)
    assert error.value.reason == "proxy"
    targets = [request.split()[1] for request in between.requests]
    assert targets == [b"[2606:4700::1111]:443", b"1.1.1.1:443"]


@pytest.mark.parametrize(
    ("consent", "says"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "PRESSMARK_PROXY_USER"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", "answered 403"),
        (b"HTTP/1.1 201 Created\r\n\r\n", "answered 201"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "answered 100"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + ok(b"forged"), "said more"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 9_000, "no HTTP|broke off|said more"),
        (b"", "no HTTP|broke off"),
    ],
)
def test_a_proxy_that_does_not_connect_us_is_a_failure_with_its_name(consent: bytes, says: str) -> None:
    with proxy(consent=consent) as between, pytest.raises(FetchError, match=says) as error:
        ask(f"http://{HOST}/", settings(1, proxy=Proxy("127.0.0.1", between.port)))
    assert error.value.reason == "proxy"
    assert f"through the proxy 127.0.0.1:{between.port}" in error.value.message


def test_a_proxy_that_is_not_there_or_says_nothing_is_a_failure_with_its_name() -> None:
    with closed_port() as port, pytest.raises(FetchError, match="Connection refused") as error:
        ask(f"http://{HOST}/", settings(1, proxy=Proxy("127.0.0.1", port)))
    assert error.value.reason == "proxy"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        how = settings(1, proxy=Proxy("127.0.0.1", silent.getsockname()[1]), connect_seconds=0.2)
        with pytest.raises(FetchError, match="in time") as error:
            ask(f"http://{HOST}/", how)
    assert error.value.reason == "proxy"


def test_what_a_proxy_is_told_about_us_reaches_no_exchange_and_no_error() -> None:
    with origin({"/": ok(HTML)}) as server, proxy() as between:
        told = read_proxy(f"http://127.0.0.1:{between.port}", user="me", password="hush:hush")
        exchange = ask(f"http://{HOST}/", settings(server.port, proxy=told))
    assert b"\r\nProxy-Authorization: Basic bWU6aHVzaDpodXNo\r\n" in between.requests[0]
    assert b"Basic" not in server.requests[0]
    with proxy(consent=b"HTTP/1.1 407 No\r\n\r\n") as between:
        told = read_proxy(f"http://127.0.0.1:{between.port}", user="me", password="hush:hush")
        with pytest.raises(FetchError) as error:
            ask(f"http://{HOST}/", settings(1, proxy=told))
    said = f"{exchange} {told} {settings(1, proxy=told)} {error.value} {error.value.__cause__!r}"
    for secret in ("hush", "bWU6aHVzaDpodXNo"):
        assert secret not in said


def test_a_proxy_in_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with origin({"/": ok(HTML)}) as server, origin({}) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert ask(f"http://{HOST}/", settings(server.port)).body == HTML
        assert proxy.connections == 0
