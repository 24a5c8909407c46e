"""Run in a network namespace of its own, where every address of the internet, public or not, leads to one server here.

So a check that fails is seen: the server is reached at an address that is not public. What is asked goes through the
whole line, as settings make it; only name servers are made up. Prints what was asked and who was dialled, as JSON.

    sealed_network.py ways EVERY FIRST [open]   each way to a spelling of a forbidden address, every so many of them
    sealed_network.py rebinding ROUNDS          names that change their mind
    sealed_network.py guards                    each guard taken out, and how often a forbidden address was reached then
"""

import asyncio
import json
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from html import escape
from ipaddress import ip_address
from typing import Any
from unittest.mock import patch

from scraper import dial
from scraper.addresses import is_allowed, is_public
from scraper.config import Config
from scraper.edge import Works, network_settings, pace, works
from scraper.errors import FetchError, Refused
from scraper.fetcher import check_url
from scraper.network import Network
from scraper.rounds import Rounds
from scraper.sources import Source
from scraper.tap import current
from scraper.urls import host, join
from tests.scraper.spellings import NAMED_URLS, PATH, TO, URLS, as_answers, named, resolved
from tests.scraper.spellings import PORTS as SPELLED_PORTS

PORTS = (80, 443, 22, 81, 8080, 6379)
ALLOWED_PORTS = (80, 443)
CONTROLS = tuple(f"8.8.8.{number}" for number in range(1, 100))  # public; one a way, for a host is visited in turn
_ASK = socket.getaddrinfo
_TLS = b"\x16"  # a handshake record


def seal() -> None:
    """Brings loopback up and leads every address to it."""
    for command in ("link set lo up", "route add local 0.0.0.0/0 dev lo", "-6 route add local ::/0 dev lo"):
        subprocess.run(["ip", *command.split()], check=True)


def world(host: str | bytes | None, port: Any = None, *more: Any, **named_more: Any) -> list[tuple[object, ...]]:
    """What name servers say: of our names what `spellings` makes of them, of others what the system does."""
    said = host.decode() if isinstance(host, bytes) else host
    if said == TO:
        raise socket.gaierror(socket.EAI_NONAME, "the domain itself is no host")
    found = resolved(said) if said else None
    return as_answers(found, port) if found else _ASK(host, port, *more, **named_more)  # type: ignore[return-value]


# ── the sentinel ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Sentinel:
    """A server at every address, and whom it was reached as."""

    respond: Callable[[str, str], bytes]  # host, path → a whole response
    reached: Counter[tuple[str, int]] = field(default_factory=Counter)  # our address and port
    bad: list[list[str]] = field(default_factory=list)  # connections to what must not be dialled: whom, what was asked
    opened: Counter[str] = field(default_factory=Counter)  # way → requests that came on those
    controls: Counter[str] = field(default_factory=Counter)  # way → requests that a public address got
    talks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def forbidden(self) -> list[str]:
        """A line for each connection to what must not be dialled."""
        return [" ".join(asked) for asked in self.bad]

    def accept(self, listener: socket.socket) -> None:
        """Takes and counts whoever has been let in by the kernel."""
        with suppress(BlockingIOError):
            while True:
                talk = asyncio.ensure_future(self._talk(*self._counted(listener.accept()[0])))
                self.talks.add(talk)
                talk.add_done_callback(self.talks.discard)

    def _counted(self, connection: socket.socket) -> tuple[socket.socket, str, list[str] | None]:
        """The connection, the address that it was reached at, and where to note what is asked there if it is bad."""
        named, port, *_ = connection.getsockname()
        ip = _plain(named)
        self.reached[ip, port] += 1
        if is_public(ip) and port in ALLOWED_PORTS:
            return connection, ip, None
        self.bad.append([ip, str(port)])
        return connection, ip, self.bad[-1]

    async def _talk(self, connection: socket.socket, ip: str, asked: list[str] | None) -> None:
        """One connection; a client that greets in TLS is left at once, or it would wait for its deadline."""
        reader, writer = await asyncio.open_connection(sock=connection)
        try:
            while (first := await reader.readexactly(1)) != _TLS:
                head = first + await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode()
                host = head.lower().partition(b"\r\nhost: ")[2].partition(b"\r\n")[0].decode()
                self._note(ip, asked, host, path)
                writer.write(self.respond(host, path))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, IndexError, UnicodeDecodeError):
            pass  # a client that goes
        finally:
            writer.close()

    def _note(self, ip: str, asked: list[str] | None, host: str, path: str) -> None:
        """One request: to the way that it came by, whatever else its connection carried."""
        if asked is not None:
            asked += [host, path]
            self.opened[_way_of(path)] += 1
        elif ip in CONTROLS and path.endswith("-door"):
            self.controls[_way_of(path)] += 1


def _plain(ip: str) -> str:
    """Of an IPv4 address as a socket for both kinds says it, that address."""
    address = ip_address(ip.partition("%")[0])
    return str(getattr(address, "ipv4_mapped", None) or address)


@asynccontextmanager
async def listening(sentinel: Sentinel) -> AsyncIterator[None]:
    """The sentinel at all ports; afterwards nobody who came is left uncounted."""
    loop, listeners = asyncio.get_running_loop(), []
    for port in PORTS:
        listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=1024)
        listener.setblocking(False)
        loop.add_reader(listener, sentinel.accept, listener)
        listeners.append(listener)
    try:
        yield
    finally:
        for listener in listeners:
            loop.remove_reader(listener)
            sentinel.accept(listener)
            listener.close()
        talks = tuple(sentinel.talks)
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


def ok(body: str, kind: str = "text/html; charset=utf-8", status: str = "200 OK", more: str = "") -> bytes:
    """A whole response."""
    raw = body.encode("utf-8", "surrogateescape")
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(raw)}\r\n{more}\r\n".encode() + raw


PAGE = ok("<title>here</title><p>somebody answered")
NOT_FOUND = ok("", status="404 Not Found")


# ── the ways in ──────────────────────────────────────────────────────────────────────────────────────────────────────


def moved(status: int) -> Callable[[str], bytes]:
    """To a URL: bytes of it that would end the header are left out, as any server would."""

    def respond(url: str) -> bytes:
        place = "".join(char for char in url if char not in "\r\n\0")
        return ok("", status=f"{status} Moved", more=f"Location: {place}\r\n")

    return respond


def _relative(url: str) -> bytes:
    return moved(302)(url.removeprefix("http:").removeprefix("https:"))


def _story(url: str) -> bytes:
    told = "".join(
        f"<p>The harbour master went home by tram on day {n}, and said so to everybody.</p>" for n in range(9)
    )
    link = f'<link rel="canonical" href="{escape(url)}">'
    return ok(f"<html><head><title>x</title>{link}</head><body><article><h1>A door</h1>{told}</article></body></html>")


def _xml(body: str) -> bytes:
    return ok('<?xml version="1.0" encoding="UTF-8"?>' + "".join(c for c in body if c >= " "), kind="application/xml")


def _sitemap(url: str) -> bytes:
    return _xml(
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{escape(url)}</loc></url></urlset>'
    )


def _news(url: str) -> bytes:
    news = "<n:news><n:publication_date>2026-11-20</n:publication_date><n:title>A door</n:title></n:news>"
    space = (
        'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"'
    )
    return _xml(f"<urlset {space}><url><loc>{escape(url)}</loc>{news}</url></urlset>")


def _index(url: str) -> bytes:
    return _xml(f"<sitemapindex><sitemap><loc>{escape(url)}</loc></sitemap></sitemapindex>")


def _rss(url: str) -> bytes:
    return _xml(f'<rss version="2.0"><channel><item><link>{escape(url)}</link></item></channel></rss>')


def _atom(url: str) -> bytes:
    base, _, name = url.rpartition("/")
    entry = f'<entry><title>x</title><link href="{escape(name)}"/></entry>'
    return _xml(f'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="{escape(base)}/">{entry}</feed>')


def _json(url: str) -> bytes:
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": [{"id": "1", "url": url}]}
    return ok(json.dumps(feed), kind="application/feed+json")


def _front(url: str) -> bytes:
    return ok(f'<body><h2><a href="{escape(url)}">A long story about doors and who goes through them</a></h2>')


def _based(url: str) -> bytes:
    base, _, name = url.rpartition("/")
    anchor = f'<h2><a href="{escape(name)}">A long story about doors and locks</a></h2>'
    return ok(f'<head><base href="{escape(base)}/"></head>{anchor}')


def _declared(url: str) -> bytes:
    return ok(f'<head><link rel="alternate" type="application/rss+xml" href="{escape(url)}"></head>')


@dataclass(frozen=True)
class Way:
    """How a stranger leads us to a URL."""

    kind: str  # of the source that is polled, or "article"; "direct": the URL itself is asked for
    respond: Callable[[str], bytes] | None = None
    at: str = PATH  # where that answer lies; everything else is not found


WAYS: Mapping[str, Way] = {
    "direct": Way("direct"),
    **{f"redirect-{status}": Way("article", moved(status)) for status in (301, 302, 303, 307, 308)},
    "redirect-relative": Way("article", _relative),
    "canonical": Way("article", _story),
    "robots-redirect": Way("article", moved(301), at="/robots.txt"),
    "feed-link": Way("feed", _rss),
    "feed-base": Way("feed", _atom),
    "feed-json": Way("feed", _json),
    "feed-redirect": Way("feed", moved(302)),
    "sitemap-entry": Way("sitemap", _sitemap),
    "news-sitemap": Way("news-sitemap", _news),
    "sitemap-child": Way("sitemap", _index),
    "sitemap-lines": Way("sitemap", lambda url: ok(url, kind="text/plain")),
    "robots-sitemap": Way("home", lambda url: ok(f"Sitemap: {url}\n", kind="text/plain"), at="/robots.txt"),
    "front-anchor": Way("front", _front),
    "front-base": Way("front", _based),
    "autodiscovery": Way("home", _declared),
}


def settings(*, is_open: bool) -> Config:
    """As a file would say it; is_open: everything is allowed, so that a spelling is seen to lead somewhere."""
    # All are answered at once, so only a busy machine takes long: and that must close no way.
    network: dict[str, object] = {"connect": "30 s", "exchange": "60 s", "page": "90 s"}
    if is_open:
        network["allow_private"] = ["0.0.0.0/0", "::/0"]
    said = {"politeness": {"delay": 0}, "network": network, "sources": {"max_age": None}, "daemon": {"in_flight": 200}}
    return Config.model_validate(said)


@dataclass
class Plan:
    """What is asked for, what is polled, and what strangers answer to it."""

    asked: list[str] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    pages: dict[tuple[str, str], bytes] = field(default_factory=dict)  # host, path → a whole response
    cases: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, url: str) -> None:
        """One way to one URL, by a host of its own."""
        way, name_of = WAYS[name], f"{name}-{self.cases[name]}.{TO}"
        self.cases[name] += 1
        if way.respond is None:
            self.asked.append(url)
            return
        if way.at != PATH:
            self.pages[name_of, PATH] = PAGE
        self.pages[name_of, way.at] = way.respond(url)
        begin = f"http://{name_of}{PATH}"
        if way.kind == "article":
            self.asked.append(begin)
        else:
            self.sources.append(Source(url=begin, kind=way.kind, name=name_of))  # type: ignore[arg-type]


def planned(every: int, first: int, most: int) -> Plan:
    """Every so many of the spellings in each way, others in each, and two public addresses.

    most: cases that lead to one host, for a host is visited in turn and a slow one is left alone for a while.
    """
    plan, used = Plan(), Counter[str]()
    for number, name in enumerate(WAYS):
        for url in [*URLS, *NAMED_URLS][(first + number) % every :: every]:
            used[known_as := _host(url)] += 1
            if used[known_as] <= most or not known_as:
                plan.add(name, url.replace(PATH, f"/2026/11/20/{name}-door"))
        for public in (CONTROLS[number], named(CONTROLS[number])):
            plan.add(name, f"http://{public}/2026/11/20/{name}-door")
    return plan


async def _fetch_all(made: Works, urls: Iterable[str]) -> None:
    room = asyncio.Semaphore(100)

    async def one(url: str) -> None:
        async with room:
            with suppress(FetchError):  # refused as it was typed
                await made.line.article(check_url(url))

    await asyncio.gather(*map(one, urls))


def _host(url: str) -> str:
    try:
        return host(join(f"http://{TO}/", url) or "")
    except ValueError:
        return ""


async def all_ways(every: int, first: int, *, is_open: bool) -> dict[str, Any]:
    """What came of it: cases by way, who was reached."""
    plan, config, began = (
        planned(every, first, most=3 if every > 1 else 1_000_000),
        settings(is_open=is_open),
        time.monotonic(),
    )
    sentinel = Sentinel(lambda *asked: plan.pages.get(asked, NOT_FOUND))
    async with listening(sentinel), works(config, keep=False) as made:
        rounds = Rounds(made.line, made.frontier, pace(config), lambda due, told: None)
        rounds.watch(plan.sources, wake=True)
        await asyncio.gather(rounds.until_done(), _fetch_all(made, plan.asked))
    return {
        "cases": plan.cases,
        "controls": sentinel.controls,
        "opened": {way: count for way, count in sentinel.opened.items() if way},
        "forbidden": sentinel.forbidden[:50],
        "hits": len(sentinel.forbidden),
        "connections": sentinel.reached.total(),
        "seconds": round(time.monotonic() - began, 1),
    }


def _way_of(asked: str) -> str:
    return asked.rpartition("/")[2].removesuffix("-door") if asked.endswith("-door") else ""


# ── names that change their mind ─────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Fickle:
    """A name server that answers otherwise each time it is asked."""

    answers: list[list[str]]
    given: list[list[str]] = field(default_factory=list)

    def __call__(self, _: object, port: object = None, *__: object, **___: object) -> list[tuple[object, ...]]:
        self.given.append(self.answers[len(self.given) % len(self.answers)])
        return as_answers(self.given[-1], port)


GOOD = ("1.1.1.1", "8.8.8.8", "9.9.9.9", "2606:4700:4700::1111", "2001:4860:4860::8888")
BAD = (
    "127.0.0.1",
    "10.0.0.1",
    "169.254.169.254",
    "::1",
    "::ffff:127.0.0.1",
    "fd00:ec2::254",
    "64:ff9b::7f00:1",
    "0.0.0.0",
)


def _mind(chance: random.Random) -> list[list[str]]:
    """Answers in turn: public ones, private ones, and both at once."""
    kinds = (
        lambda: chance.sample(GOOD, 1),
        lambda: chance.sample(BAD, 1),
        lambda: chance.sample(GOOD, 2),
        lambda: chance.sample([chance.choice(GOOD), chance.choice(BAD)], 2),
    )
    minds = [chance.choice(kinds)() for _ in range(6)]
    return [[chance.choice(GOOD)], *minds] if chance.random() < 0.7 else minds


async def rebinding(rounds: int) -> dict[str, Any]:
    """Each round a name, asked for five times, its address forgotten in between more often than not."""
    sentinel = Sentinel(lambda *_: ok("hello", more="Connection: close\r\n"))
    outcomes: Counter[str] = Counter()
    unchecked: list[str] = []
    chance = random.Random(20261120)  # noqa: S311
    async with listening(sentinel), Network(network_settings(settings(is_open=False))) as network:
        for number in range(rounds):
            fickle = Fickle(_mind(chance))
            with patch("socket.getaddrinfo", fickle):
                for _ in range(5):
                    sentinel.reached.clear()
                    outcome = await _outcome(network, f"http://fickle-{number}.example/")
                    outcomes[outcome] += 1
                    outcomes["connections"] += sentinel.reached.total()
                    # Whoever was dialled stands in the newest answer, and that answer was all public.
                    known = {ip_address(ip) for ip in fickle.given[-1]}
                    dialled = {ip_address(ip) for ip, _ in sentinel.reached}
                    if not dialled <= known or bool(dialled) != (outcome == "reached"):
                        unchecked.append(f"{outcome}: dialled {dialled} of {fickle.given}")
                    if chance.random() < 0.6:
                        _time_passes(network)
    return {"rounds": rounds, "forbidden": sentinel.forbidden, "unchecked": unchecked, **outcomes}


async def _outcome(network: Network, url: str) -> str:
    try:
        await network.exchange(url)
    except Refused:
        return "refused"
    except FetchError:
        return "failed"
    return "reached"


def _time_passes(network: Network) -> None:
    """So much that what the name server said is forgotten."""
    names = network._backend.names
    names._known = {name: (0.0, *known[1:]) for name, known in names._known.items()}


# ── without a guard ──────────────────────────────────────────────────────────────────────────────────────────────────

_CHECKED, _ALLOWED = dial.Backend._checked, is_allowed


async def _lenient(self: dial.Backend, host: str, port: int, seconds: float | None) -> tuple[str, ...]:
    """One good answer among several will do."""
    addresses = await self._resolved(host, seconds)
    if not any(is_public(address) for address in addresses):
        raise Refused(host, "private-address", "none is public")
    return addresses


async def _resolved_again(self: dial.Backend, host: str, port: int, seconds: float | None) -> tuple[str, ...]:
    """The name is checked, and dialled by name."""
    await _CHECKED(self, host, port, seconds)
    return (host,)


def _hops_unchecked(address: str, networks: Any) -> bool:
    """Only what was asked for is looked at, not where it leads."""
    return not current.get().url.partition("://")[2].startswith("redirect-") or _ALLOWED(address, networks)


def _robots_unchecked(address: str, networks: Any) -> bool:
    return current.get().url.endswith("/robots.txt") or _ALLOWED(address, networks)


_MIXED_NAMES = tuple(f"http://{named(f'{bad},1.1.1.1')}{PATH}" for bad in ("127.0.0.1", "10.0.0.1", "::1"))
# What is taken out → the patch, the ways that go in then, and to which URLs.
_WITHOUT = {
    "the check of an address": (("is_allowed", lambda *_: True), ("direct", "robots-redirect"), URLS[::80]),
    "one bad answer refuses the name": (("Backend._checked", _lenient), ("direct", "redirect-302"), _MIXED_NAMES),
    "the check at every hop": (("is_allowed", _hops_unchecked), ("redirect-301", "redirect-308"), URLS[::80]),
    "the check of robots.txt": (("is_allowed", _robots_unchecked), ("direct", "redirect-302"), URLS[::80]),
    "the list of ports": (None, ("direct", "redirect-302"), tuple(f"http://{each}{PATH}" for each in SPELLED_PORTS)),
}


async def without(guard: str) -> dict[str, int]:
    """How often a forbidden address was reached with the guard, and without it."""
    replaced, ways, urls = _WITHOUT[guard]
    hits: dict[str, int] = {}
    for state in ("with", "without"):
        plan, config = Plan(), settings(is_open=False)
        for name in ways:
            for url in urls:
                plan.add(name, url)
        if state == "without" and replaced is None:
            config = Config.model_validate(
                {**config.model_dump(mode="json", by_alias=True), "network": {"ports": list(range(1, 65536))}}
            )
        sentinel = Sentinel(lambda *asked, plan=plan: plan.pages.get(asked, NOT_FOUND))
        patched = (
            patch(f"scraper.dial.{replaced[0]}", replaced[1]) if replaced and state == "without" else nullcontext()
        )
        async with listening(sentinel), works(config, keep=False) as made:
            with patched:
                await _fetch_all(made, plan.asked)
        hits[state] = len(sentinel.forbidden)
    return hits


async def all_guards() -> dict[str, Any]:
    """Each guard's hits with it and without it."""
    found: dict[str, Any] = {guard: await without(guard) for guard in _WITHOUT}
    with patch("scraper.dial.Backend._checked", _resolved_again):
        again = await rebinding(60)
    before = await rebinding(60)
    found["dialled is what was checked"] = {
        state: len(run["forbidden"]) for state, run in (("with", before), ("without", again))
    }
    return found


def main() -> None:
    """Prints the findings."""
    seal()
    what, *numbers = sys.argv[1:]
    with patch("socket.getaddrinfo", world):
        if what == "ways":
            every, first = map(int, numbers[:2])
            # All of them lead to a few hosts, each of which would rest for twice as long as a visit took: on a busy
            # machine, for minutes.
            with patch("scraper.gate.host_delay", lambda **_: timedelta(0)):
                found = asyncio.run(all_ways(every, first, is_open="open" in numbers))
        elif what == "guards":
            found = asyncio.run(all_guards())
        else:
            found = asyncio.run(rebinding(int(numbers[0])))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
