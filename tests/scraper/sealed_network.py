"""Run in a network namespace of its own, where every address of the internet, public or not, leads to one server here.

So a check that fails is seen: the server is reached. Prints what was asked and who was dialled, as JSON.
"""

import asyncio
import json
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from unittest.mock import patch
from urllib.parse import quote, unquote

from scraper.errors import FetchError, Refused
from scraper.fetcher import Fetcher
from scraper.network import Network
from scraper.tap import NetworkSettings
from tests.servers import Origin, moved, ok, origin

# One address, every way to write it that a resolver or a URL parser may understand.
PRIVATE = r"""
127.0.0.1 127.1 127.0.1 0 0.0.0.0 0.0 2130706433 0x7f000001 0x7F.0.0.1 0x7f.1 017700000001 0177.0.0.1 0177.1
127.000.000.001 00000177.0.0.1 127.0.0.1. 127.0.0.1%20 127.255.255.254 localhost localhost. LOCALHOST LocalHost
localhost.localdomain [::1] [::] [0:0:0:0:0:0:0:1] [0000:0000:0000:0000:0000:0000:0000:0001] [::ffff:127.0.0.1]
[::ffff:7f00:1] [::FFFF:127.0.0.1] [0:0:0:0:0:ffff:127.0.0.1] [::127.0.0.1] [::7f00:1] [64:ff9b::7f00:1]
[64:ff9b::127.0.0.1] [64:ff9b:1::7f00:1] [2002:7f00:1::] [2002:7f00:0001::1] [2001:0:4136:e378:8000:63bf:80ff:fffe]
[fe80::1] [fe80::1%25lo] [fe80::1%lo] [fc00::1] [fd00:ec2::254] [ff02::1] [::ffff:0:127.0.0.1] [2001:db8::1]
[3fff::1] [5f00::1] [100::1] [fec0::1] 169.254.169.254 2852039166 0xa9fea9fe 0251.0376.0251.0376 169.16689662
[::ffff:169.254.169.254] [::ffff:a9fe:a9fe] 100.100.100.200 100.64.0.1 10.0.0.1 10.1 172.16.0.1 172.31.255.255
192.168.1.1 3232235777 192.0.0.1 192.0.0.8 192.0.0.192 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.1 203.0.113.1
224.0.0.1 240.0.0.1 255.255.255.255 0.0.0.1 ①②⑦.⓪.⓪.① １２７.０.０.１ 127。0。0。1 127．0．0．1 ⓛⓞⓒⓐⓛⓗⓞⓢⓣ
127.0.0.1%00.news.example 127.0.0.1#@news.example news.example@127.0.0.1 user:pass@127.0.0.1 127.0.0.1\@news.example
news.example\@127.0.0.1 127.0.0.1:80@127.0.0.1 127.0.0.257 256.256.256.256 1.1.1.1@127.0.0.1 1.1.1.1:80@[::1]
127.0.0.1:443
""".split()
PUBLIC = ["1.1.1.1", "[2606:4700:4700::1111]"]
SETTINGS = NetworkSettings(user_agent="pressmark test", exchange_seconds=5, connect_seconds=2)


def seal() -> None:
    """Brings loopback up and leads every address to it."""
    for command in ("link set lo up", "route add local 0.0.0.0/0 dev lo", "-6 route add local ::/0 dev lo"):
        subprocess.run(["ip", *command.split()], check=True)


def answer(request: bytes) -> bytes:
    """A page, or for /to?<url> a redirect to that URL."""
    path = request.split()[1].decode()
    return moved(unquote(path.removeprefix("/to?"))) if path.startswith("/to?") else ok()


@asynccontextmanager
async def open_gate(_: str) -> AsyncIterator[None]:
    """Lets everything through: here only the address check is on trial."""
    yield


async def fetched(network: Network, url: str) -> bool:
    """Whether a page came."""
    try:
        await Fetcher(network, gate=open_gate).page(url, validators=lambda _: None)
    except FetchError:
        return False
    return True


async def ask_all() -> tuple[int, list[str], int]:
    """How many URLs were asked, which private ones brought a page, and how many public ones did."""
    asked, private, public = 0, [], 0
    async with Network(SETTINGS) as network:
        for host in PRIVATE + PUBLIC:
            target = f"http://{host}/"
            for url in (target, f"https://{host}/", f"http://1.1.1.1/to?{quote(target, safe='')}"):
                asked += 1
                came = await fetched(network, url)
                public += came and host in PUBLIC
                private += [url] if came and host not in PUBLIC else []
    return asked, private, public


async def rebind(rounds: int) -> list[str | None]:
    """Whom we reach when a name answers with a public address first and a private one from then on."""
    reached: list[str | None] = []
    for _ in range(rounds):
        answers = iter(["1.1.1.1", *["127.0.0.1"] * 9])
        with patch("socket.getaddrinfo", partial(_next_answer, answers)):
            async with Network(SETTINGS) as network:
                try:
                    reached.append((await network.exchange("http://two-faced.example/")).ip)
                except Refused:
                    reached.append(None)
    return reached


def _next_answer(answers: Iterator[str], *_: object, **__: object) -> list[tuple[object, ...]]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), 0))]


def dialled(server: Origin) -> list[str]:
    """The local addresses on which connections arrived."""
    return sorted({address.removeprefix("::ffff:") for address in server.reached_at})


def main() -> None:
    """Prints the findings."""
    seal()
    listeners = [socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True) for port in (80, 443)]
    with origin(answer, listener=listeners[0]) as server, origin(answer, listener=listeners[1]) as secure:
        asked, private, public = asyncio.run(ask_all())
        addresses = dialled(server) + dialled(secure)
        rebound = asyncio.run(rebind(50))
    found = {
        "asked": asked,
        "private_reached": private,
        "public_reached": public,
        "dialled": addresses,
        "rebound": rebound,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
