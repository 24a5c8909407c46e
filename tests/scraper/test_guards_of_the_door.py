"""What each guard of the door is for: with it an attack fails, and with it taken out the same attack gets through.

A row that no longer fails without its guard says that the guard guards nothing, or that another stands in its place.
"""

import asyncio
import gzip
import ssl
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any

import pytest
import trustme

from archive.records import Exchange
from scraper import dial, network, tap, wire
from scraper.addresses import Pin, Proxy
from scraper.errors import FetchError
from scraper.fetcher import Fetcher
from scraper.network import Network
from scraper.tap import NetworkSettings, also_allowed
from tests.scraper.misbehaving import CHUNKED, HTML, OK, coded, dripping, with_length
from tests.servers import Answer, moved, ok, origin, proxy

HOST = "news.example"
URL = f"http://{HOST}/"
HERE = (ip_network("127.0.0.0/8"),)
PATIENCE = 0.7  # seconds; an attack that is not over by then goes on

TakenOut = Callable[[pytest.MonkeyPatch], None]


def settings(port: int, **changes: Any) -> NetworkSettings:
    pins = (Pin(HOST, 80, "127.0.0.1", port), Pin(HOST, 443, "127.0.0.1", port))
    return NetworkSettings(**{"user_agent": "pressmark test", "pins": pins, "max_body": 100_000, **changes})


async def end(asking: Any) -> str:
    """How an exchange or a page ends: "whole", "cut", the reason of its failure, or "goes on"."""
    try:
        async with asyncio.timeout(PATIENCE):
            came = await asking
    except FetchError as error:
        return error.reason
    except TimeoutError:
        return "goes on"
    answer: Exchange = getattr(came, "answer", came)
    return "cut" if answer.truncated else "whole"


def asked(answer: Answer | Callable[[bytes], Answer], url: str = URL, **changes: Any) -> str:
    """How an exchange with a server ends that answers like this."""

    async def once(port: int) -> str:
        async with Network(settings(port, **changes)) as door:
            return await end(door.exchange(url.replace("PORT", str(port))))

    with origin(answer if callable(answer) else {"/": answer}) as server:
        return asyncio.run(once(server.port))


@asynccontextmanager
async def open_gate(_: str) -> AsyncIterator[None]:
    yield


def fetched(answer: Callable[[bytes], Answer]) -> tuple[str, int]:
    """How a page ends, and the bytes that its hops hold."""

    async def once(port: int) -> tuple[str, int]:
        async with Network(settings(port)) as door:
            asking = Fetcher(door, gate=open_gate, page_seconds=60).page(URL, validators=lambda _: None)
            try:
                async with asyncio.timeout(PATIENCE):
                    return "whole", sum(len(hop.body) for hop in (await asking).exchanges)
            except FetchError as error:
                return error.reason, sum(len(hop.body) for hop in error.exchanges)
            except TimeoutError:
                return "goes on", 0

    with origin(answer) as server:
        return asyncio.run(once(server.port))


def twice(answer: Answer, *, permitted: bool = False) -> str:
    """What the second of two exchanges on one connection brings; only the first has leave to reach this machine."""

    async def both(port: int) -> str:
        url = f"http://127.0.0.1:{port}/" if permitted else URL
        async with Network(settings(port, ports=(80, port), shards=1)) as door:
            token = also_allowed.set(HERE)
            await door.exchange(url)
            also_allowed.reset(token)
            try:
                return (await door.exchange(url)).body.decode()
            except FetchError as error:
                return error.reason

    answers = iter([answer, ok(b"true")])
    with origin(lambda _: next(answers)) as server:
        return asyncio.run(both(server.port))


def through_a_proxy(consent: bytes) -> str:
    with proxy(consent=consent) as between:

        async def once() -> str:
            async with Network(settings(1, proxy=Proxy("127.0.0.1", between.port))) as door:
                try:
                    return (await door.exchange(URL)).body.decode()
                except FetchError as error:
                    return error.reason

        return asyncio.run(once())


def told_a_proxy(url: str) -> int:
    """How often a proxy was asked to reach it."""
    with proxy(consent=b"HTTP/1.1 403 No\r\n\r\n") as between:

        async def once() -> None:
            async with Network(settings(1, pins=(), proxy=Proxy("127.0.0.1", between.port))) as door:
                await end(door.exchange(url))

        asyncio.run(once())
        return len(between.requests)


def with_a_strangers_certificate() -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(HOST).configure_cert(context)

    async def once(port: int) -> str:
        async with Network(settings(port)) as door:
            return await end(door.exchange(f"https://{HOST}/"))

    with origin({"/": ok(HTML)}, tls=context) as server:
        return asyncio.run(once(server.port))


def unpacked(body: bytes, coding: str = "gzip") -> str:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n".encode()
    try:
        wire.decoded(head, body, limit=1_000_000)
    except FetchError as error:
        return error.reason
    return "whole"


def megabytes_to_unpack(body: bytes) -> float:
    """Memory that it takes at most."""
    tracemalloc.start()
    try:
        unpacked(body)
        return tracemalloc.get_traced_memory()[1] / 1_000_000
    finally:
        tracemalloc.stop()


def read_in(charset: str) -> str:
    codec = wire.charset_of(f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset={charset}\r\n\r\n".encode(), HTML)
    try:
        return "text" if isinstance(HTML.decode(codec or "utf-8", "replace"), str) else "no text"
    except (LookupError, AssertionError) as error:
        return type(error).__name__


# ── how a guard is taken out ─────────────────────────────────────────────────────────────────────────────────────────


def becomes(place: object, name: str, value: object) -> TakenOut:
    return lambda patch: patch.setattr(place, name, value)


def without_deadline(patch: pytest.MonkeyPatch) -> None:
    timeout_at = asyncio.timeout_at
    patch.setattr(asyncio, "timeout_at", lambda _: timeout_at(None))


def without_watch(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(network._Watch, "_end", lambda _: None)


def without_room(patch: pytest.MonkeyPatch) -> None:
    exchange = Network.exchange

    def roomy(*args: Any, room: int, **how: Any) -> Any:
        return exchange(*args, **how)

    patch.setattr(Network, "exchange", roomy)


def without_limit(patch: pytest.MonkeyPatch) -> None:
    inflated = wire._inflated
    patch.setattr(wire, "_inflated", lambda body, wbits, limit, *how: inflated(body, wbits, 10**12, *how))


def without_cap_on_bodies(patch: pytest.MonkeyPatch) -> None:
    begun = tap.Tap.__init__

    def begin(self: tap.Tap, *args: Any, **how: Any) -> None:
        begun(self, *args, **how)
        self.most = 10**12

    patch.setattr(tap.Tap, "__init__", begin)


def with_every_port(patch: pytest.MonkeyPatch) -> None:
    begun = dial.Backend.__init__
    every: Any = range(65536)
    patch.setattr(dial.Backend, "__init__", lambda self, how: begun(self, replace(how, ports=every)))


def trusting_anybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(network, "_trust", lambda _: ssl._create_unverified_context())  # noqa: S323


def taking_surplus(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tap.Stream, "get_extra_info", lambda self, what: self._inner.get_extra_info(what))


@dataclass(frozen=True)
class Guard:
    """An attack, how it ends, and how it would end without the guard."""

    against: str
    guard: str
    attack: Callable[[], object]
    ends: object
    taken_out: TakenOut
    then_ends: object


def _circle(_: bytes) -> Answer:
    return moved("/")


def _fat_redirects(request: bytes) -> Answer:
    number = int(request.split()[1].decode().strip("/") or 0)
    return b"HTTP/1.1 302 Moved\r\nLocation: /%d\r\nContent-Length: 50000\r\n\r\n" % (number + 1) + b"x" * 50_000


BOMB = gzip.compress(bytes(100_000_000), 1)
GUARDS = [
    Guard(
        "a link to this machine", "dial.is_allowed",
        lambda: asked(ok(HTML), "http://127.0.0.1:PORT/", ports=range(65536)), "private-address",
        becomes(dial, "is_allowed", lambda *_: True), "whole",
    ),
    Guard(
        "a private address by way of a proxy", "dial.is_allowed",
        lambda: told_a_proxy("http://10.0.0.1/"), 0,
        becomes(dial, "is_allowed", lambda *_: True), 1,
    ),
    Guard(
        "a link to a mail server", "settings.ports",
        lambda: asked(ok(HTML), "http://127.0.0.1:PORT/", allow_private=HERE), "port",
        with_every_port, "whole",
    ),
    Guard(
        "a kept connection into another source's network", "Stream.is_allowed",
        lambda: twice(ok(b"first"), permitted=True), "private-address",
        becomes(tap.Stream, "is_allowed", lambda *_: True), "true",
    ),
    Guard(
        "silence", "timeout_at",
        lambda: asked(["hold"], exchange_seconds=0.2), "timeout",
        without_deadline, "goes on",
    ),
    Guard(
        "a body that drips", "_Watch",
        lambda: asked(dripping(OK + b"\r\n", b"x"), grace_seconds=0.2), "cut",
        without_watch, "goes on",
    ),
    Guard(
        "a head that drips", "_Watch",
        lambda: asked(dripping(OK, b"X: y\r\n"), grace_seconds=0.2), "too-slow",
        without_watch, "goes on",
    ),
    Guard(
        "8,000 header fields", "field_count",
        lambda: asked(with_length(HTML, *["a: b"] * 8_000)), "too-many-fields",
        becomes(wire.Reading, "field_count", 0), "whole",
    ),
    Guard(
        "a header line without end", "Tap._check_heads",
        lambda: asked(dripping(OK + b"X: ", b"y" * 65536)), "head-too-large",
        becomes(tap.Tap, "_check_heads", lambda _: None), "goes on",
    ),
    Guard(
        "a thousand interim responses", "_MAX_INTERIM",
        lambda: asked(b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000 + with_length(HTML)), "protocol",
        becomes(tap, "_MAX_INTERIM", 10**9), "whole",
    ),
    Guard(
        "a body without end", "Tap.most",
        lambda: asked(dripping(OK + b"\r\n", b"x" * 65536)), "cut",
        without_cap_on_bodies, "goes on",
    ),
    Guard(
        "half a megabyte of chunks around 8 kB", "_FREE_FRAMING",
        lambda: asked(CHUNKED + (b"1;" + b"a" * 60 + b"\r\nx\r\n") * 8_000 + b"0\r\n\r\n"), "cut",
        becomes(tap, "_FREE_FRAMING", 10**9), "whole",
    ),
    Guard(
        "redirects with fat bodies", "room",
        lambda: fetched(_fat_redirects), ("redirects", 100_000),
        without_room, ("redirects", 550_000),
    ),
    Guard(
        "a circle of redirects", "_check_chain",
        lambda: fetched(_circle)[0], "redirects",
        becomes(Fetcher, "_check_chain", lambda *_: None), "goes on",
    ),
    Guard(
        "a bomb", "_inflated's limit",
        lambda: megabytes_to_unpack(BOMB) < 50, True,
        without_limit, False,
    ),
    Guard(
        "a chain of codings", "_MAX_CODINGS",
        lambda: unpacked(gzip.compress(gzip.compress(gzip.compress(HTML))), "gzip, gzip, gzip"), "content-encoding",
        becomes(wire, "_MAX_CODINGS", 99), "whole",
    ),
    Guard(
        "a body of empty members", "_MAX_MEMBERS",
        lambda: unpacked(gzip.compress(b"") * 10_000), "content-encoding",
        becomes(wire, "_MAX_MEMBERS", 10**9), "whole",
    ),
    Guard(
        "a gzip body that breaks off in a whole framing", "ends_early",
        lambda: asked(coded("gzip", gzip.compress(HTML)[:-9])), "cut",
        becomes(network, "ends_early", lambda *_, **__: False), "whole",
    ),
    Guard(
        "a forged answer behind the true one, which costs the next exchange", "Stream.spoiled",
        lambda: twice(ok(b"first") + ok(b"forged")), "true",
        taking_surplus, "disconnect",
    ),
    Guard(
        "a proxy that refuses, for which the site is blamed", "_check_consent",
        lambda: through_a_proxy(b"HTTP/1.1 403 No\r\n\r\n"), "proxy",
        becomes(dial, "_check_consent", lambda *_: None), "disconnect",
    ),
    Guard(
        "a certificate of a stranger", "_trust",
        with_a_strangers_certificate, "tls",
        trusting_anybody, "whole",
    ),
    Guard(
        "a charset that is a codec", "codec_of",
        lambda: read_in("base64"), "text",
        becomes(wire, "codec_of", str), "LookupError",
    ),
]  # fmt: skip


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: f"{guard.against}: {guard.guard}")
def test_an_attack_fails_and_without_its_guard_gets_through(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    assert guard.attack() == guard.ends
    guard.taken_out(monkeypatch)
    assert guard.attack() == guard.then_ends
