"""Addresses that must never be dialled: however they are written, whoever leads to them, whatever the names say.

What goes to the network runs in a namespace of its own where every address leads to one server (sealed_network.py).
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import courlan
import httpcore
import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scraper import addresses, network
from scraper.addresses import is_public
from scraper.errors import FetchError, Refused
from scraper.network import Network, as_asked
from scraper.tap import NetworkSettings
from scraper.urls import host, join
from tests.scraper.sealed_network import PAGE, Sentinel
from tests.scraper.spellings import ADDRESSES, HOSTS, NAMES, OTHERS, URLS

HERE = Path(__file__).parent
SEALED = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
# The ways that never lead to another host: what is told of it is believed of the publisher's own alone, or not dialled.
STAYS = {"canonical"}


def _can_seal() -> bool:
    tools = shutil.which("unshare") and shutil.which("ip")
    return bool(tools) and subprocess.run(["unshare", "--net", *SEALED, "true"], check=False).returncode == 0


sealed = pytest.mark.skipif(
    not _can_seal(), reason="needs Linux with unshare, ip and leave to make a network namespace"
)


def found(*arguments: object) -> dict[str, Any]:
    """What the sealed network tells."""
    child = ["unshare", "--net", *SEALED, sys.executable, str(HERE / "sealed_network.py"), *map(str, arguments)]
    environ = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    ran = subprocess.run(child, check=False, capture_output=True, timeout=580, env=environ)
    assert ran.returncode == 0, ran.stderr.decode()[-3_000:]
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


def _check_that_none_was_reached(told: dict[str, Any], *, cases: int) -> None:
    assert told["forbidden"] == []
    assert sum(told["cases"].values()) >= cases
    assert set(told["controls"]) == set(told["cases"]) - STAYS  # a public address is reached on each way


@sealed
def test_no_forbidden_address_is_dialled_on_any_way_that_leads_to_it():
    _check_that_none_was_reached(found("ways", 8, 0), cases=1_500)


@sealed
@pytest.mark.torture
def test_no_forbidden_address_is_dialled_in_any_spelling_on_any_way():
    told = found("ways", 1, 0)
    print(told["cases"], told["connections"], "connections in", told["seconds"], "s")
    _check_that_none_was_reached(told, cases=20_000)


@sealed
def test_the_same_spellings_do_reach_them_on_every_way_when_the_operator_allows_it():
    """Else nothing would be shown by reaching none."""
    told = found("ways", 40, 3, "open")
    assert set(told["opened"]) == set(told["cases"]) - STAYS
    assert told["hits"] > 200


def test_whoever_comes_is_counted_though_he_never_leaves_and_each_request_to_the_way_it_came_by():
    sentinel, ways = Sentinel(lambda *_: PAGE), ("redirect-301", "redirect-302")

    async def come() -> str:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            sentinel.accept(listener)
            [counted] = sentinel.forbidden
            for way in ways:
                writer.write(f"GET /{way}-door HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                await reader.readuntil(b"somebody answered")
            writer.close()
        return counted

    assert asyncio.run(come()).startswith("127.0.0.1 ")
    assert sentinel.opened == dict.fromkeys(ways, 1)


@sealed
@pytest.mark.parametrize("rounds", [100, pytest.param(1_000, marks=pytest.mark.torture)])
def test_a_name_that_changes_its_mind_leads_to_no_address_but_the_public_one_that_was_checked(rounds):
    told = found("rebinding", rounds)
    assert (told["forbidden"], told["unchecked"]) == ([], [])
    assert told["rounds"] == rounds
    assert min(told["reached"], told["refused"]) > rounds


@sealed
def test_without_any_one_of_the_guards_forbidden_addresses_are_reached():
    told = found("guards")
    assert {guard for guard, hits in told.items() if hits["with"]} == set()
    assert {guard for guard, hits in told.items() if not hits["without"]} == set()
    assert len(told) == 6


def test_there_are_spellings_enough():
    assert len(set(HOSTS)) >= 700
    assert len(URLS) >= 750
    assert len(NAMES) >= 230
    assert len(set(ADDRESSES)) >= 170
    assert not any(map(is_public, ADDRESSES))


# ── each line of the lists ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("block", addresses._NOT_PUBLIC_4, ids=str)
def test_each_block_of_ipv4_is_needed(monkeypatch: pytest.MonkeyPatch, block: Any):
    others = tuple(each for each in addresses._NOT_PUBLIC_4 if each != block)
    inside = [str(block[at]) for at in (0, block.num_addresses // 2, -1)]
    assert not any(map(is_public, inside))
    monkeypatch.setattr(addresses, "_NOT_PUBLIC_4", others)
    assert all(map(is_public, inside))


@pytest.mark.parametrize("block", addresses._NOT_PUBLIC_6, ids=str)
def test_each_block_of_ipv6_is_needed(monkeypatch: pytest.MonkeyPatch, block: Any):
    others = tuple(each for each in addresses._NOT_PUBLIC_6 if each != block)
    inside = [str(block[at]) for at in (0, block.num_addresses // 2, -1)]
    assert not any(map(is_public, inside))
    monkeypatch.setattr(addresses, "_NOT_PUBLIC_6", others)
    assert all(map(is_public, inside))


def test_that_global_unicast_alone_is_public_is_needed(monkeypatch: pytest.MonkeyPatch):
    inside = [
        "::1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
    ]
    assert not any(map(is_public, inside))
    monkeypatch.setattr(addresses, "_PUBLIC_6", ip_network("::/0"))
    assert all(map(is_public, inside))


def test_without_the_check_of_the_scheme_what_is_no_web_page_comes_as_far_as_the_connection(monkeypatch):
    async def ask(url: str) -> None:
        async with Network(NetworkSettings(user_agent="pressmark test")) as door:
            await door.exchange(url)

    for url in ("ftp://127.0.0.1/", "gopher://127.0.0.1/", "unix://127.0.0.1/"):
        with pytest.raises(Refused, match="only http and https"):
            asyncio.run(ask(url))
    monkeypatch.setattr(network, "_asked", httpx.URL)
    with pytest.raises(httpcore.UnsupportedProtocol):
        asyncio.run(ask("ftp://127.0.0.1/"))


# ── one host for everybody ───────────────────────────────────────────────────────────────────────────────────────────

_PIECES = st.sampled_from([
    *"paper example . .. 127.0.0.1 0x7f 1 [::1] [ ] :: : 80 @ me:pw@ \\ / ? #".split(),
    *"%2e %00 %40 %5B xn-- xn--a xn--9iq - _ ~".split(),
    *"! $ & ' ( ) * + , ; = | ^ ` { } < > 。 ． ① １ ß ſ K é İ ☃ موقع".split(),
    *' "\t\n\r\0\u00ad\u200d\u202e\ud800',
    "x" * 64,
])  # fmt: skip
_TRICKY = st.builds(
    lambda scheme, pieces, path: scheme + "".join(pieces) + path,
    st.sampled_from(["http://", "https://", "HTTP://", "http:", "http:\\\\", "//", "", "ftp://", "http:/", " http://"]),
    st.lists(_PIECES, min_size=1, max_size=7),
    st.sampled_from(["", "/", "/a", "?b", "#c", "\\d", "/@x", ":80/", ":81", ":/"]),
)


def _meant(name: str) -> object:
    """What a resolver would make of a host: an address where it is one, however it is written."""
    bare = name.strip("[]").rstrip(".").lower()
    with suppress(ValueError):
        return ip_address(bare)
    if bare.isascii() and bare[:1].isdigit():
        with suppress(OSError):
            return ip_address(socket.inet_aton(bare))
    return bare


def _readings(asked: str) -> dict[str, object]:
    """Whom each parser finds in the URL that goes on the wire."""
    known_as = host(asked)
    parsed = httpx.URL(asked)
    port = f":{parsed.port}" if parsed.port else ""
    return {
        "what is dialled": _meant(parsed.raw_host.decode()),
        "the key of robots.txt and of politeness": _meant(known_as.removesuffix(port) if port else known_as),
        "urllib": _meant(urlsplit(asked).hostname or ""),
        "courlan": _meant(urlsplit(courlan.get_base_url(asked)).hostname or ""),
        "the next hop's base": _meant(urlsplit(join(asked, "/x") or "").hostname or ""),
    }


@given(_TRICKY)
@example("http://local%68ost/")
@example("http://\\192.168.1.1/")
@example("http://a|b.example/")
@example("http://localhost../")
@example("http://١٢٧.0.0.1/")
@example("http://xn--gca.example/")
@example("http://[fe80::1%25lo]/")
@example("http://0x7f.1./")
def test_whoever_reads_a_url_that_is_asked_for_finds_one_host(url: str):
    try:
        asked = as_asked(url)
    except FetchError:
        return
    readings = _readings(asked)
    assert len(set(readings.values())) == 1, (asked, readings)
    assert as_asked(asked) == asked


@pytest.mark.parametrize("url", [*URLS, *OTHERS])
def test_and_so_for_every_spelling_of_a_forbidden_address(url: str):
    for written in {url, join("http://paper.example/", url) or ""}:
        with suppress(FetchError):
            assert len(set(_readings(as_asked(written)).values())) == 1


@given(st.text(max_size=60))
def test_whatever_a_stranger_writes_is_a_url_or_an_error_of_ours(text: str):
    for url in (text, f"http://{text}", f"http://{text}.example/", f"http://paper.example/{text}"):
        with suppress(FetchError):
            host(as_asked(url))


def test_an_ipv6_address_has_one_name_however_it_is_written():
    written = ["[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:1]", "[::FFFF:127.0.0.1]"]
    assert {IPv6Address(host(as_asked(f"http://{each}/")).strip("[]")) for each in written} == {
        IPv6Address("::ffff:7f00:1")
    }
