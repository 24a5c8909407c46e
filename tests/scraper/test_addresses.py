"""Which addresses anybody on the internet may reach, and how an operator pins an origin."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.addresses import Pin, Proxy, is_allowed, is_public, read_pin, read_proxy

NOT_PUBLIC = """
0.0.0.0 0.255.255.255 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.254
168.63.129.16
169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.8 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1
198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::7f00:1 100::1
2001::1 2001:0:4136:e378:8000:63bf:80ff:fffe 2001:db8::1 2002:7f00:1:: 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1
fe80::1%eth0 fec0::1 ff02::1
""".split()
PUBLIC = """
1.1.1.1 8.8.8.8 168.63.129.15
9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 172.15.255.255 172.32.0.0
192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255
2001:200::1 2001:4860:4860::8888 2003::1 2606:4700:4700::1111 2a00:1450::1 3ffe:ffff::1
""".split()


@pytest.mark.parametrize("ip", NOT_PUBLIC)
def test_an_address_of_a_machine_room_a_home_or_a_cloud_is_not_public(ip: str) -> None:
    assert not is_public(ip)


@pytest.mark.parametrize("ip", PUBLIC)
def test_an_address_of_the_internet_is_public(ip: str) -> None:
    assert is_public(ip)


@given(st.ip_addresses(v=6))
def test_no_ipv6_address_outside_global_unicast_is_public(address: ipaddress.IPv6Address) -> None:
    assert not is_public(str(address)) or 0x2000 <= int(address) >> 112 <= 0x3FFF


def test_what_is_no_address_is_neither_public_nor_private() -> None:
    with pytest.raises(ValueError, match="localhost"):
        is_public("localhost")


def test_an_operator_may_allow_a_private_network_and_opens_nothing_else_by_it() -> None:
    office = (ipaddress.ip_network("192.168.7.0/24"), ipaddress.ip_network("fd00:7::/64"))
    assert is_allowed("192.168.7.9", office)
    assert is_allowed("fd00:7::9", office)
    assert is_allowed("1.1.1.1", office)
    assert not is_allowed("192.168.8.9", office)
    assert not is_allowed("127.0.0.1", office)


@pytest.mark.parametrize(
    ("text", "pin"),
    [
        ("news.example:443:127.0.0.1:8443", Pin("news.example", 443, "127.0.0.1", 8443)),
        ("News.Example:80:[::1]:8080", Pin("news.example", 80, "::1", 8080)),
        ("[2001:DB8::1]:80:localhost:8080", Pin("2001:db8::1", 80, "localhost", 8080)),
        ("nachrichten-für.example:80:10.0.0.1:80", Pin("xn--nachrichten-fr-ssb.example", 80, "10.0.0.1", 80)),
    ],
)
def test_a_pin_names_an_origin_and_where_to_dial_it(text: str, pin: Pin) -> None:
    assert read_pin(text) == pin


@pytest.mark.parametrize(
    "text",
    [
        "",
        "news.example",
        "news.example:443",
        ":443:127.0.0.1:8443",
        "news.example::127.0.0.1:8443",
        "news.example:443::8443",
        "news.example:443:127.0.0.1:",
        "news.example:0:127.0.0.1:80",
        "news.example:80:127.0.0.1:65536",
        "news.example:80:::1:80",
        "[::g]:80:127.0.0.1:80",
        "a..b:80:127.0.0.1:80",
        "news example:80:127.0.0.1:80",
        "news.example:80:127.0.0.1:80:80",
    ],
)
def test_a_pin_that_leaves_something_open_is_refused_with_what_was_written(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no|HOST:PORT:ADDR:PORT") as refusal:
        read_pin(text)
    assert repr(text) in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("http://proxy.example:3128", Proxy("proxy.example", 3128)),
        ("http://Proxy.Example:3128/", Proxy("proxy.example", 3128)),
        ("http://[::1]:8080", Proxy("::1", 8080)),
        ("http://10.0.0.1:1", Proxy("10.0.0.1", 1)),
    ],
)
def test_a_proxy_is_a_host_and_a_port(text: str, proxy: Proxy) -> None:
    assert read_proxy(text) == proxy
    assert f"http://{proxy.name}" == text.lower().rstrip("/")


@pytest.mark.parametrize(
    "text",
    [
        "", "proxy.example:3128", "http://proxy.example", "https://proxy.example:3128", "socks5://proxy.example:1080",
        "http://proxy.example:0", "http://proxy.example:99999", "http://proxy.example:1/path", "http://[::g]:1",
        "http://a b:1", "http://:3128",
    ],
)  # fmt: skip
def test_what_is_no_proxy_says_what_is_wrong(text: str) -> None:
    with pytest.raises(ValueError, match=r"HOST:PORT|no port|no IPv6|no host"):
        read_proxy(text)


def test_a_password_beside_a_proxy_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="PRESSMARK_PROXY_PASSWORD") as error:
        read_proxy("http://me:hush@proxy.example:3128")
    assert "hush" not in str(error.value)


def test_the_credentials_of_a_proxy_do_not_show_when_it_is_printed() -> None:
    proxy = read_proxy("http://proxy.example:3128", user="me", password="hush")
    assert proxy.credentials == "Basic bWU6aHVzaA=="
    assert "bWU6aHVzaA" not in f"{proxy!r} {proxy}"
