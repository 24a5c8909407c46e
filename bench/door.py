"""What a request costs at the door, beside aiohttp and httpx with one pool; what opening it costs; its memory.

    python bench/door.py [--only speed,start,memory] [--rounds 3] [--requests 2000] [--in-flight 500]

A process of its own answers on as many addresses of 127.0.0.0/8 as there are hosts, each with the same page of 50 kB of
gzip made here.  Each client runs in a new process, first asks every host once, and is then counted: the user and system
time of that process, all its threads included, the server's not.  The rounds of the clients take turns, and the median
counts, for others at work here bend every figure.  `memory` takes minutes, so it is made only when it is asked for.

It fails (exit code 1) only where an answer was not what the server had sent.  Times and sizes are for reading.
"""

import argparse
import asyncio
import gc
import gzip
import importlib.util
import multiprocessing
import os
import random
import resource
import ssl
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_network
from itertools import repeat
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

sys.path[0] = str(Path(__file__).parents[1])  # not this folder: archive.py in it is no package of ours

from archive.heads import status_of
from scraper.errors import FetchError
from scraper.network import Network
from scraper.tap import NetworkSettings
from scraper.wire import decoded

LOOPS = ("uvloop", "asyncio") if importlib.util.find_spec("uvloop") else ("asyncio",)
SIZE = 50_000  # bytes of the page as it is sent, nearly
CHUNK = 16 * 1024  # bytes; what a proxy sends at a time
ROAMED, SAMPLES = 1_000, 10  # hosts of the memory's run; how often it is looked at
USER_AGENT = "pressmark bench"

S, T = TypeVar("S"), TypeVar("T")
Get = Callable[[str], Awaitable[bytes]]  # asks for a URL; the body


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one client is to do, and the bodies it should come back with."""

    client: str
    loop: str
    hosts: Sequence[str]
    port: int
    requests: int
    wire: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a load took."""

    cpu: float  # seconds, user and system
    requests: int
    wrong: int  # answers that were not the page


def main() -> int:
    """The exit code."""
    said = _said()
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    tables: dict[str, Callable[[], bool]] = {
        "speed": lambda: speed(rounds=said.rounds, requests=said.requests, in_flight=said.in_flight),
        "start": start,
        "memory": lambda: memory(exchanges=said.exchanges, in_flight=min(200, said.in_flight)),
    }
    chosen = said.only.split(",") if said.only else ("speed", "start")
    sound = True
    for name in chosen:
        sound &= tables[name]()
    return 0 if sound else 1


def _said() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="these tables, with commas between: speed, start, memory")
    parser.add_argument("--rounds", type=int, default=3, help="of each client; the median is what counts")
    parser.add_argument("--requests", type=int, default=2_000, help="counted in a round of a client")
    parser.add_argument("--in-flight", type=int, default=500, help="requests at once, and hosts they go to")
    parser.add_argument("--exchanges", type=int, default=100_000, help="of the memory's run")
    return parser.parse_args()


# ── the server ───────────────────────────────────────────────────────────────────────────────────────────────────────


def page() -> bytes:
    """The HTML of a page that packs to about a third; the same one every time."""
    chance = random.Random(7)  # noqa: S311
    words = ["".join(chance.choices("eeeaaiiootnnssrrhldcumfpgwybvk", k=chance.randint(2, 11))) for _ in range(8000)]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    html = "<!doctype html><html lang=en><head><title>Story</title></head><body><article>"
    while len(html) < 2.65 * SIZE:
        html += f'<p class="story__text">{" ".join(chance.choices(words, weights, k=60)).capitalize()}.</p>\n'
    return f"{html}</article></body></html>".encode()


def answers(body: bytes) -> Mapping[str, bytes]:
    """What the server says to a path that begins with this word; what breaks off is followed by the end."""
    head = f"Content-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n"
    whole = f"HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Fri, 20 Nov 2026 12:00:00 GMT\r\n{head}".encode()
    pieces = [body[at : at + CHUNK] for at in range(0, len(body), CHUNK)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return {
        "page": whole + b"\r\n" + body,
        "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n",
        "moved": b"HTTP/1.1 302 Found\r\nLocation: /page\r\nContent-Length: 0\r\n\r\n",
        "gone": b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone",
        "close": whole + b"Connection: close\r\n\r\n" + body,
        "cut": whole + b"\r\n" + body[: len(body) // 2],
        "silent": b"",
        "garbage": b"SSH-2.0-OpenSSH_9.6\r\n",
    }


ENDED = ("close", "cut", "silent", "garbage")  # after these answers the server closes the connection
# How often the roamers ask for each.
MIX = {"page": 60, "chunked": 10, "moved": 8, "gone": 5, "close": 10, "cut": 3, "silent": 2, "garbage": 2}


class _Conversation(asyncio.Protocol):
    """One connection of the server: requests in, ready answers out."""

    def __init__(self, said: Mapping[str, bytes]) -> None:
        self._said = said
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *heads, self._heard = (self._heard + data).split(b"\r\n\r\n")
        for head in heads:
            word = head.split(b" ", 2)[1].split(b"/")[1].decode()
            self._transport.write(self._said[word])
            if word in ENDED:
                self._transport.close()


def addresses(count: int) -> list[str]:
    """So many addresses of this machine."""
    return [f"127.0.{at // 250}.{at % 250 + 1}" for at in range(count)]


def _serve(said: Mapping[str, bytes], hosts: Sequence[str], ready: Connection) -> None:
    """What the server's process does: says its port, then answers until it is ended."""

    async def answer() -> None:
        loop = asyncio.get_running_loop()
        first = await loop.create_server(lambda: _Conversation(said), hosts[0], 0)
        port = first.sockets[0].getsockname()[1]
        if hosts[1:]:
            await loop.create_server(lambda: _Conversation(said), hosts[1:], port)
        ready.send(port)
        await first.serve_forever()

    asyncio.run(answer())


@contextmanager
def serving(body: bytes, hosts: Sequence[str]) -> Iterator[int]:
    """The port at which a process of its own answers on all these addresses."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(answers(body), hosts, theirs), daemon=True
    )
    server.start()
    try:
        yield ours.recv()
    finally:
        server.terminate()
        server.join()


# ── the clients ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _settings(port: int) -> NetworkSettings:
    return NetworkSettings(user_agent=USER_AGENT, ports=(port,), allow_private=(ip_network("127.0.0.0/8"),))


@asynccontextmanager
async def pressmark(port: int) -> AsyncIterator[Get]:
    """The door as the crawler uses it: addresses checked, heads byte for byte, the whole Exchange; gzip as it came."""
    async with Network(_settings(port)) as network:

        async def get(url: str) -> bytes:
            return (await network.exchange(url)).body

        yield get


@asynccontextmanager
async def pressmark_decoded(port: int) -> AsyncIterator[Get]:
    """As `pressmark`, and the gzip undone."""
    async with Network(_settings(port)) as network:

        async def get(url: str) -> bytes:
            exchange = await network.exchange(url)
            return decoded(exchange.response_head, exchange.body, limit=10_000_000)

        yield get


@asynccontextmanager
async def aiohttp_raw(port: int, *, decode: bool = False) -> AsyncIterator[Get]:
    """Another client, bodies as they came."""
    import aiohttp  # noqa: PLC0415  its own process alone pays for it

    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"},
        auto_decompress=decode,
    ) as session:

        async def get(url: str) -> bytes:
            async with session.get(url, allow_redirects=False) as response:
                return await response.read()

        yield get


def aiohttp_decoded(port: int) -> AbstractAsyncContextManager[Get]:
    """The same, and the gzip undone."""
    return aiohttp_raw(port, decode=True)


@asynccontextmanager
async def httpx_one_pool(port: int) -> AsyncIterator[Get]:
    """httpx as it comes, without its limits; the gzip undone."""
    import httpx  # noqa: PLC0415  its own process alone pays for it

    # Its 5 seconds would close connections that wait for their turn.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=None)
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"}
    async with httpx.AsyncClient(limits=limits, headers=headers, timeout=120, trust_env=False) as client:

        async def get(url: str) -> bytes:
            return (await client.get(url)).content

        yield get


PEER = "aiohttp, decoded"
CLIENTS: Mapping[str, Callable[[int], AbstractAsyncContextManager[Get]]] = {
    "pressmark": pressmark,
    "pressmark, decoded": pressmark_decoded,
    "aiohttp": aiohttp_raw,
    PEER: aiohttp_decoded,
    "httpx, one pool": httpx_one_pool,
}
SLOW = "httpx, one pool"  # half a minute for five hundred requests: asked once, and one request a host


def _run(work: Coroutine[None, None, T], loop: str) -> T:
    """The work's result, on an event loop of that kind."""
    if loop == "asyncio":
        return asyncio.run(work)
    import uvloop  # noqa: PLC0415  it may be missing

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def cost(load: Load) -> Cost:
    """What a load takes in this process."""
    return _run(_cost(load), load.loop)


async def _cost(load: Load) -> Cost:
    wanted = {load.wire, gzip.decompress(load.wire)}
    wrong: list[object] = []

    async def ask(host: str, numbers: Iterator[int]) -> None:
        for number in numbers:
            got = await _tried(get(f"http://{host}:{load.port}/page/2026/11/20/story-number-{number}.html"))
            wrong.extend([] if got in wanted else [got])

    async def ask_all(turns: Iterable[Iterator[int]]) -> None:
        async with asyncio.TaskGroup() as tasks:
            for host, numbers in zip(load.hosts, turns, strict=False):
                tasks.create_task(ask(host, numbers))

    async with CLIENTS[load.client](load.port) as get:
        if load.client != SLOW:
            await ask_all(iter((-1,)) for _ in load.hosts)
        gc.collect()
        began = time.process_time()
        await ask_all(repeat(iter(range(load.requests))))  # whoever is done takes the next
        return Cost(cpu=time.process_time() - began, requests=load.requests, wrong=len(wrong))


async def _tried(asking: Awaitable[bytes]) -> object:
    """What came, or why nothing did: clients have errors of their own."""
    try:
        return await asking
    except Exception as error:  # noqa: BLE001
        return error


def _in_a_process(work: Callable[[S], T], given: S) -> T:
    """What the work returns, done in a new process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, (given,))


# ── what a request costs ─────────────────────────────────────────────────────────────────────────────────────────────


def speed(*, rounds: int, requests: int, in_flight: int) -> bool:
    """Prints what a request costs each client; whether every answer was the page."""
    html = page()
    wire = gzip.compress(html, 6)
    hosts = addresses(in_flight)
    print(f"== a request: {in_flight} in flight over as many hosts, {rounds} × {requests} counted, keep-alive, no TLS,")
    print(f"a page of {len(wire) / 1000:.0f} kB of gzip, {len(html) / 1000:.0f} kB of HTML; {_load()}")
    pairs = [(client, loop) for client in CLIENTS for loop in LOOPS if client != SLOW or loop == LOOPS[0]]
    costs: dict[tuple[str, str], list[Cost]] = {pair: [] for pair in pairs}
    with serving(wire, hosts) as port:
        for number in range(rounds):
            for (client, loop), taken in costs.items():
                counted = len(hosts) if client == SLOW else requests
                load = Load(client=client, loop=loop, hosts=hosts, port=port, requests=counted, wire=wire)
                if client != SLOW or not number:
                    taken.append(_in_a_process(cost, load))
    _print_costs({which: statistics.median(each.cpu / each.requests for each in of) for which, of in costs.items()})
    return not sum(each.wrong for of in costs.values() for each in of)


def _load() -> str:
    return f"load average {os.getloadavg()[0]:.1f} (others at work here bend the figures)"


def _print_costs(seconds: Mapping[tuple[str, str], float]) -> None:
    print("client              loop       ms of CPU a request   requests a CPU second   × aiohttp, decoded")
    for (client, loop), each in seconds.items():
        print(f"{client:20}{loop:10}{each * 1000:20.2f}{1 / each:24.0f}{each / seconds[PEER, loop]:20.2f}")
    print(
        "Medians, of the client's process alone.  pressmark at most 1.5 ms: it keeps the body as it came, but inflates"
    )
    print("it once to know that it is not cut, which aiohttp does where it decodes; `decoded` then unpacks it, as a")
    print(
        "worker does later.  One pool looks at all its connections at every request: its cost grows with the square of"
    )
    print("what is in flight (counted while it fills, so too low).\n")


# ── what opening it costs ────────────────────────────────────────────────────────────────────────────────────────────


def start() -> bool:
    """Prints what a Network costs before its first request."""
    print("== opening: a new process, Network() with its pools, then one more")
    print("shards   first   another   SSLContexts made   memory of another")
    for shards in (1, 64, NetworkSettings(user_agent=USER_AGENT).shards):
        first, another, contexts, size = _in_a_process(_opened, shards)
        print(f"{shards:6}{first * 1000:6.0f} ms{another * 1000:7.0f} ms{contexts:15.0f}{size / 1e6:18.1f} MB")
    print("Processor time; the most of it reads the certificates, once for all pools.\n")
    return True


def _opened(shards: int) -> tuple[float, float, float, float]:
    """Seconds of the first and of another, SSLContexts made for one, bytes that another takes."""
    made: list[type] = []
    told = ssl.SSLContext.__new__

    def counted(cls: type[ssl.SSLContext], *given: object, **named: object) -> ssl.SSLContext:
        made.append(cls)
        return told(cls, *given, **named)

    async def opened() -> float:
        began = time.process_time()
        networks.append(Network(replace(_settings(80), shards=shards)))
        return time.process_time() - began

    networks: list[Network] = []
    first = asyncio.run(opened())
    before = _resident()
    another = asyncio.run(opened())
    size = _resident() - before
    ssl.SSLContext.__new__ = counted
    asyncio.run(opened())
    return first, another, len(made), size


def _resident() -> int:
    """Bytes of memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# ── memory ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Roaming:
    """What the roamers are to do."""

    hosts: Sequence[str]
    port: int
    exchanges: int
    in_flight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The roaming process at one moment."""

    exchanges: int  # by then
    resident: int  # bytes
    files: int  # open descriptors
    cpu: float  # seconds, user and system


def memory(*, exchanges: int, in_flight: int) -> bool:
    """Prints the memory of a process through many exchanges; whether each came to what the server had sent."""
    hosts = addresses(ROAMED)
    print(f"== memory: {exchanges:,} exchanges over {len(hosts):,} hosts through one Network, {in_flight} in flight")
    if not Path("/proc/self/statm").exists():
        print("skipped: only Linux tells it this way\n")
        return True
    with serving(gzip.compress(page(), 6), hosts) as port:
        roaming = Roaming(hosts=hosts, port=port, exchanges=exchanges, in_flight=in_flight)
        looks, came = _in_a_process(_roamed, roaming)
    print("exchanges      RSS   open files    CPU")
    for look in looks:
        print(f"{look.exchanges:9,}{look.resident / 1e6:6.1f} MB{look.files:13}{look.cpu:5.0f} s")
    warm, last = looks[1], looks[-1]
    print(f"grown by {(last.resident / warm.resident - 1) * 100:.1f} % since the second line; at most 5 %.")
    print("What came, and how often: " + ", ".join(f"{what} {count:,}" for what, count in sorted(came.items())) + "\n")
    return set(came) == {*EXPECTED.values()}


EXPECTED = {
    "page": "200",
    "chunked": "200",
    "moved": "302",
    "gone": "404",
    "close": "200",
    "cut": "200, cut off",
    "silent": "disconnect",
    "garbage": "protocol",
}


def _roamed(roaming: Roaming) -> tuple[list[Look], Counter[str]]:
    looks: list[Look] = []
    came: Counter[str] = Counter()
    asyncio.run(_roam(roaming, looks, came))
    return looks, came


async def _roam(roaming: Roaming, looks: list[Look], came: Counter[str]) -> None:
    """Each roamer goes from host to host, as a crawler that is polite does, and follows what moved."""
    words = random.Random(7).choices(list(MIX), list(MIX.values()), k=roaming.exchanges)  # noqa: S311
    step = max(1, roaming.exchanges // SAMPLES)

    async def roam(network: Network, turns: Iterator[tuple[int, str]]) -> None:
        for number, word in turns:
            host = roaming.hosts[number * 7 % len(roaming.hosts)]
            what = await _outcome(network, f"http://{host}:{roaming.port}/{word}/story-number-{number}.html")
            came[what if what == EXPECTED[word] else f"{word}: {what}"] += 1
            if number % step == 0:
                looks.append(_look(number))

    async with Network(_settings(roaming.port)) as network, asyncio.TaskGroup() as tasks:
        shared = iter(enumerate(words, 1))
        for _ in range(roaming.in_flight):
            tasks.create_task(roam(network, shared))


async def _outcome(network: Network, url: str) -> str:
    try:
        exchange = await network.exchange(url)
    except FetchError as error:
        return error.reason
    return f"{status_of(exchange.response_head)}{', cut off' if exchange.truncated else ''}"


def _look(exchanges: int) -> Look:
    gc.collect()
    files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  as many as there are, by the quickest way
    return Look(exchanges=exchanges, resident=_resident(), files=files, cpu=time.process_time())


if __name__ == "__main__":
    sys.exit(main())
