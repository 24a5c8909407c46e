"""Whatever a server does: a visit to it ends in time, with a name, in little memory, and harms no other."""

import asyncio
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Literal

import pytest

from scraper.addresses import Pin
from scraper.errors import FetchError
from scraper.network import Network
from scraper.tap import NetworkSettings
from tests.scraper.misbehaving import (
    BEHAVIOURS,
    CHUNKED,
    HTML,
    HTML_AGAIN,
    OK,
    Behaviour,
    Street,
    bomb,
    coded,
    dripping,
    street,
)
from tests.servers import NOT_FOUND, Answer, moved, ok, origin

HERE = Path(__file__).parent
MOST_MEMORY = 150_000_000  # bytes of the process that fetches
GRACE = 1.0  # seconds that a server may be slow before it must keep a rate


def visited(
    there: Street, behaviours: Iterable[Behaviour], *, in_flight: int, page_seconds: float, **settings: object
) -> dict[str, Any]:
    order = {
        "settings": {"ca_file": str(there.ca_file), **settings},
        "page_seconds": page_seconds,
        "pins": there.pins,
        "in_flight": in_flight,
        "visits": [[each.name, there.url(each), there.fine(each)] for each in behaviours],
    }
    return sent_out(order)


def sent_out(order: Mapping[str, object]) -> dict[str, Any]:
    """What a visitor in a process of its own found."""
    ran = subprocess.run(
        [sys.executable, "-W", "error", str(HERE / "visitor.py")],
        input=json.dumps(order).encode(),
        check=False,
        capture_output=True,
        timeout=500,
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
    )
    assert ran.returncode == 0, ran.stderr.decode()
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


STALLED = tuple(each for each in BEHAVIOURS if each.kind == "stall")
BUSY = tuple(each for each in BEHAVIOURS if each.kind != "stall")


def check(behaviours: Sequence[Behaviour], found: dict[str, Any], *, seconds: float) -> None:
    """Each ended as it must and in time, then one that behaves was answered, and all that in little memory.

    seconds: until we have waited long enough for it; two more are for a busy machine.
    """
    ended = {each.name: (each, *found["ends"][each.name]) for each in behaviours}
    assert {name: end for name, (each, end, *_) in ended.items() if end not in each.ends.split("|")} == {}
    assert {name: said for name, (*_, said, _) in ended.items() if said != "<p>fine</p>"} == {}
    assert {name: took for name, (_, _, took, *_) in ended.items() if took > seconds + 2} == {}
    assert found["peak"] < MOST_MEMORY


def test_a_server_that_misbehaves_is_named_long_before_the_deadline_and_harms_no_other(tmp_path: Path) -> None:
    with street(tmp_path, BUSY) as there:
        found = visited(there, BUSY, in_flight=6, page_seconds=8, grace_seconds=GRACE, max_body=1_000_000)
    check(BUSY, found, seconds=GRACE)


def test_a_server_that_stalls_is_left_when_its_time_is_up(tmp_path: Path) -> None:
    with street(tmp_path, STALLED) as there:
        found = visited(there, STALLED, in_flight=12, page_seconds=1.5, exchange_seconds=1.5, connect_seconds=0.7)
    check(STALLED, found, seconds=1.5)


@pytest.mark.torture
def test_no_server_makes_us_hold_much_however_much_it_sends(tmp_path: Path) -> None:
    with street(tmp_path, BUSY) as there:
        found = visited(there, BUSY, in_flight=1, page_seconds=90, grace_seconds=1.0)
    check(BUSY, found, seconds=90)


# What is read beside pages: by the whole line, which asks for robots.txt first

SITEMAP = b"<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>"
# role → name → how it ends, what robots.txt brings, what the page or poll brings
ON_THE_LINE: dict[str, dict[str, tuple[str, Callable[[], Answer], Callable[[], Answer]]]] = {
    "article": {
        "a bomb for robots": ("no-text", lambda: coded("gzip", bomb()), lambda: HTML_AGAIN),
        "a stacked bomb for robots": ("no-robots", lambda: coded("gzip, gzip", bomb()), lambda: HTML_AGAIN),
        "a cut gzip for robots": ("no-robots", lambda: coded("gzip", gzip.compress(HTML)[:-9]), lambda: HTML_AGAIN),
        "endless robots": ("no-text", lambda: chain([OK + b"\r\n"], repeat(b"#" * 65536)), lambda: HTML_AGAIN),
        "dripping robots": ("too-slow", lambda: dripping(OK, b"X: y\r\n"), lambda: HTML_AGAIN),
        "robots of 8000 fields": ("too-many-fields", lambda: ok(b"", *["a: b"] * 8000), lambda: HTML_AGAIN),
        "robots that move for ever": ("no-text", lambda: moved("/robots.txt"), lambda: HTML_AGAIN),
    },
    "feed": {
        "a bomb for a feed": ("too-large", lambda: NOT_FOUND, lambda: coded("gzip", bomb())),
        "a cut feed": ("truncated", lambda: NOT_FOUND, lambda: coded("gzip", gzip.compress(HTML * 9)[:-9])),
        "an endless feed": ("too-large", lambda: NOT_FOUND, lambda: chain([OK + b"\r\n<rss>"], repeat(b"<a>" * 9999))),
    },
    "sitemap": {
        "a bomb for a sitemap": ("too-large", lambda: NOT_FOUND, lambda: coded("gzip", bomb())),
        "a bomb in a sitemap.xml.gz": ("too-large|not-a-sitemap", lambda: NOT_FOUND, lambda: ok(bomb())),
        "millions of links in a sitemap.xml.gz": (
            "new|too-many-tags",
            lambda: NOT_FOUND,
            lambda: ok(gzip.compress(SITEMAP + b"<url><loc>https://news.example/1</loc></url>" * 2_000_000, 1)),
        ),
        "a cut sitemap.xml.gz": (
            "new|truncated|not-a-sitemap",
            lambda: NOT_FOUND,
            lambda: ok(gzip.compress(SITEMAP)[:-9]),
        ),
    },
}


def test_what_is_read_beside_pages_is_bounded_too(tmp_path: Path) -> None:
    hosts = {
        f"{role}-{number}.example": (role, name, *case)
        for role, cases in ON_THE_LINE.items()
        for number, (name, case) in enumerate(cases.items())
    }

    def answer(request: bytes) -> Answer:
        host = request.partition(b"Host: ")[2].partition(b"\r\n")[0].decode()
        target = request.split()[1]
        if target == b"/fine":
            return ok(b"<p>fine</p>")
        _, _, _, robots, page = hosts[host]
        return robots() if target == b"/robots.txt" else page()

    with origin(answer) as server:
        order = {
            "settings": {"grace_seconds": GRACE},
            "page_seconds": 8,
            "pins": [f"{host}:80:127.0.0.1:{server.port}" for host in hosts],
            "in_flight": 1,
            "visits": [
                [name, f"http://{host}/a.gz", f"http://{host}/fine", role] for host, (role, name, *_) in hosts.items()
            ],
        }
        found = sent_out(order)
    check([Behaviour(kind="line", name=name, ends=end) for _, name, end, *_ in hosts.values()], found, seconds=8)


# Broken off at each byte

RESPONSES = {
    "length": ok(b"<p>the news</p>", "Content-Type: text/html"),
    "chunked": CHUNKED + b"f\r\n<p>the news</p>\r\n0\r\nX-Sum: 1\r\n\r\n",
    "gzip": ok(gzip.compress(b"<p>the news</p>"), "Content-Encoding: gzip"),
    "hints": b"HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n" + ok(b"<p>the news</p>"),
    "close": b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<p>the news</p>",
}
BODIES = {"length": b"<p>", "chunked": b"f\r\n<p>", "gzip": b"\x1f\x8b", "hints": b"<p>", "close": b"<p>"}
BREAKS: tuple[Literal["close", "reset"], ...] = ("close", "reset")


def broken_off(request: bytes) -> Answer:
    """For /chunked/17/reset the first 17 bytes of that response, and then a reset."""
    _, which, kept, how = request.split()[1].decode().split("/")
    # A reset at once could overtake what was sent.
    return [RESPONSES[which][: int(kept)], *([0.01, "reset"] if how == "reset" else ["close"])]


async def fetched_in_pieces(port: int) -> dict[tuple[str, int, str], str]:
    """How each exchange ends, by response, bytes sent and way of breaking off; and that the next one works."""
    room = asyncio.Semaphore(24)
    settings = NetworkSettings(user_agent="pressmark test", pins=(Pin("news.example", 80, "127.0.0.1", port),))
    async with Network(settings) as network:

        async def one(which: str, kept: int, how: str) -> tuple[tuple[str, int, str], str]:
            async with room:
                try:
                    exchange = await network.exchange(f"http://news.example/{which}/{kept}/{how}")
                except FetchError as error:
                    return (which, kept, how), error.reason
                return (which, kept, how), exchange.truncated or "whole"

        every = [
            (which, kept, how) for which, sent in RESPONSES.items() for kept in range(len(sent) + 1) for how in BREAKS
        ]
        ends = dict(await asyncio.gather(*(one(*each) for each in every)))
        assert (await network.exchange("http://news.example/length/81/close")).body.startswith(b"<p>the")
    return ends


def must_end(which: str, kept: int, how: str) -> str:
    head = len(RESPONSES[which].partition(BODIES[which])[0])
    if kept < head:
        return "disconnect"  # no head, no answer
    whole = how == "close" if which == "close" else kept == len(RESPONSES[which])
    return "whole" if whole else "disconnect"


def test_a_response_broken_off_at_any_byte_is_cut_or_none_and_never_whole() -> None:
    with origin(broken_off) as server:
        ends = asyncio.run(fetched_in_pieces(server.port))
    assert len(ends) > 800
    assert {each: end for each, end in ends.items() if end != must_end(*each)} == {}
