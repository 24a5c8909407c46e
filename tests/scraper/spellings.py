"""Addresses that must never be dialled, and the ways in which they may be written.

URL is a spelling of an address with a path that could be an article's; what a resolver, a URL parser or a reader in a
hurry takes for that address.
"""

import socket
import zlib
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import quote

PATH = "/2026/11/20/a-long-story-about-doors"
TO = "paper.example"  # whatever ends in this is a name of ours; see `resolved`
PUBLIC = ("1.1.1.1", "8.8.8.8", "2606:4700:4700::1111")

# Every block of the IANA special-purpose registries that is not globally reachable, or that hides an IPv4 address, and
# what lies within one of them and is known for itself. Source: IANA, iana-ipv4-special-registry and its IPv6 sister.
BLOCKS_4 = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.0.0/29 192.0.2.0/24
192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
""".split()
BLOCKS_6 = """
::/96 ::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/32 2001:2::/48
2001:3::/32 2001:4:112::/48 2001:10::/28 2001:20::/28 2001:30::/28 2001::/23 2001:db8::/32 2002::/16 3fff::/20
5f00::/16 fc00::/8 fd00::/8 fe80::/10 fec0::/10 ff00::/8 200::/7 400::/6 4000::/3 6000::/3 8000::/3 a000::/3 c000::/3
e000::/4 f000::/5 f800::/6
""".split()
# Where clouds keep what a machine may know of itself, its keys among it; and other places that answer to those inside.
KNOWN_4 = """
169.254.169.254 169.254.170.2 169.254.169.253 169.254.169.123 100.100.100.200 192.0.0.192 192.0.0.8 192.0.0.170
255.255.255.255 239.255.255.250 224.0.0.251 127.0.0.53 172.17.0.1 10.96.0.1 192.168.0.1 192.168.1.1
0.0.0.1
""".split()
KNOWN_6 = (
    "::1 :: fd00:ec2::254 fd20:ce::254 fe80::1 fe80::a9fe:a9fe ff02::1 ff0e::1 ::ffff:127.0.0.1 ::127.0.0.1".split()
)


def _of_block_4(text: str) -> list[str]:
    block = IPv4Network(text)
    return [str(block[at]) for at in (0, block.num_addresses // 2, -1)]


def _of_block_6(text: str) -> list[str]:
    block = IPv6Network(text)
    return [str(block[at]) for at in (0, block.num_addresses // 2, -1)]


ADDRESSES_4 = tuple(dict.fromkeys([each for block in BLOCKS_4 for each in _of_block_4(block)] + KNOWN_4))
ADDRESSES_6 = tuple(dict.fromkeys([each for block in BLOCKS_6 for each in _of_block_6(block)] + KNOWN_6))
ADDRESSES = (*ADDRESSES_4, *ADDRESSES_6)
OFTEN = ("127.0.0.1", "169.254.169.254", "10.0.0.1", "192.168.1.1")  # written in every way there is
_PARTS = ("{0}.{1}.{2}.{3}", "{0}.{1}.{23}", "{0}.{123}", "{0123}")


def _numbers(address: str) -> list[str]:
    """An IPv4 address as inet_aton reads it: one to four numbers, decimal, octal or hex, with zeros before them."""
    a, b, c, d = IPv4Address(address).packed
    values = {"0": a, "1": b, "2": c, "3": d, "23": c << 8 | d, "123": b << 16 | c << 8 | d}
    values["0123"] = a << 24 | values["123"]
    bases = ("d", "#x", "#X", "o")
    written = []
    for parts in _PARTS:
        for base in bases:
            said = {name: f"0{value:o}" if base == "o" else format(value, base) for name, value in values.items()}
            written.append(_put(parts, said))
    written.append(f"{a:03d}.{b:03d}.{c:03d}.{d:03d}")
    written.append(f"{a:#06x}.{b:#06x}.{c:#06x}.{d:#06x}")
    written.append(f"000{a:o}.{b}.0x{c:x}.{d}")
    written.append(f"{a:#x}.{b}.0{values['23']:o}")
    return written


def _put(parts: str, said: dict[str, str]) -> str:
    for name in sorted(said, key=len, reverse=True):
        parts = parts.replace(f"{{{name}}}", said[name])
    return parts


def _letters(address: str) -> list[str]:
    """Other characters that some parser turns into these digits and dots."""
    wide = address.translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)})
    circled = address.translate({ord(str(n)): "⓪①②③④⑤⑥⑦⑧⑨"[n] for n in range(10)})
    bold = address.translate({ord(str(n)): chr(0x1D7CE + n) for n in range(10)})
    raised = address.translate({ord(str(n)): "⁰¹²³⁴⁵⁶⁷⁸⁹"[n] for n in range(10)})
    arabic = address.translate({ord(str(n)): chr(0x0660 + n) for n in range(10)})
    dotted = [address.replace(".", dot) for dot in "。．｡․"]
    hidden = [address[0] + char + address[1:] for char in "\u00ad\u200b\u2060\ufeff\t\n\r"]
    return [wide, circled, bold, raised, arabic, *dotted, *hidden, wide.replace(".", "。")]


def _escapes(address: str) -> list[str]:
    every = "".join(f"%{byte:02x}" for byte in address.encode())
    once = address.replace(".", "%2e")
    return [
        every,
        once,
        once.replace("%", "%25"),
        f"{address}%00",
        f"{address}%00.{TO}",
        f"{address}%20",
        f"{address}%2f",
        f"{address}%2523",
        f"{address}%09",
        f"%20{address}",
        f"{address}%0d%0a",
        quote(address[0]) + address[1:],
    ]


def _tricks(address: str) -> list[str]:
    """What stands around a host so that one reader sees it and another does not."""
    return [
        f"{address}.",
        f"{address}..",
        f"me@{address}",
        f"me:pw@{address}",
        f"{TO}@{address}",
        f"1.1.1.1@{address}",
        f"1.1.1.1:80@{address}",
        f"{TO}%40x@{address}",
        f"me:p@w@{address}",
        f"@{address}",
        f":@{address}",
        f":pw@{address}",
        f"{address}#@{TO}",
        f"{address}?@{TO}",
        f"{address}/@{TO}",
        f"{address}\\@{TO}",
        f"{TO}\\@{address}",
        f"{TO}#@{address}",
        f"{address}:80@{address}",
        f"{address}:80",
        f"{address}:0080",
        f"{address}:",
        f"[{address}]",
        f"1.1.1.1 @{address}",
        f"{address};{TO}",
        f"{address},{TO}",
        f"{address}&@{TO}",
        f"1.1.1.1\t@{address}",
        f"{address}|{TO}",
        f"1.1.1.1\n.{address}",
        f"/{address}",
        f"\\{address}",
        f"//{address}",
    ]


def _ipv6(address: str) -> list[str]:
    """An IPv4 address in every IPv6 coat, and each coat in other words."""
    low = IPv4Address(address)
    number = int(low)
    hexed = f"{number >> 16:x}:{number & 0xFFFF:x}"
    turned = f"{(number ^ 0xFFFFFFFF) >> 16:x}:{(number ^ 0xFFFFFFFF) & 0xFFFF:x}"
    coats = [
        f"::ffff:{address}",
        f"::ffff:{hexed}",
        f"::FFFF:{address}",
        f"0:0:0:0:0:ffff:{address}",
        f"::{address}",
        f"::{hexed}",
        f"0:0:0:0:0:0:{address}",
        f"64:ff9b::{address}",
        f"64:ff9b::{hexed}",
        f"64:ff9b:1::{address}",
        f"64:ff9b:1:fffe::{hexed}",
        f"2002:{hexed}::",
        f"2002:{hexed}::1",
        f"2002:{hexed}:1::{hexed}",
        f"2001:0:4136:e378:8000:63bf:{turned}",
        f"2001::{turned}",
        f"::ffff:0:{address}",
        f"::ffff:0:{hexed}",
        f"fe80::5efe:{address}",
        f"fe80::200:5efe:{hexed}",
        f"0000:0000:0000:0000:0000:ffff:{hexed}",
        f"0:0::0:0:ffff:{hexed}",
        f"fc00::{address}",
        f"fd00::{hexed}",
    ]
    return [f"[{coat}]" for coat in coats]


_LOCAL = r"""
localhost LOCALHOST LocalHost localhost. localhost.. localhost.localdomain localhost4 localhost6 ip6-localhost
ip6-loopback local%68ost ⓛⓞⓒⓐⓛⓗⓞⓢⓣ ｌｏｃａｌｈｏｓｔ lOcAlHoSt localho\u00adst localhost%00 localhost%2e me@localhost
localhost#@paper.example localhost\@paper.example paper.example\@localhost [::1%25lo] [::1%lo] [fe80::1%25lo]
[fe80::1%lo] [fe80::1%251] [fe80::1%25eth0] [::1]. [::1]:80 [0:0:0:0:0:0:0:1]
[0000:0000:0000:0000:0000:0000:0000:0001] [::0001] [::] [0::0] [0:0:0:0:0:0:0:0] [::01] [v1.::1] [v6.127.0.0.1]
[::ffff:0x7f.1] [::ffff:127.1] [::1]@paper.example paper.example@[::1] 1.1.1.1:80@[::1] [::1%00] %5B::1%5D [::1]%2e
::1 0 00 0x0 0.0 0x00000000 000000000000 4294967296 4294967297 127.0.0.257 256.256.256.256 127.0.0.1.1 127.0.0 0x7f.1
2130706433 017700000001 0x7f000001 ①②⑦.⓪.⓪.① [::𝟣] 0x7f.0x0.0x0.0x1 127.0x0.1 0177.1 00000177.0.0.1 127.000.000.001
2852039166 0xa9fea9fe 169.16689662 1.1.1.1@127.0.0.1 127。0。0。1 １２７.０.０.１ 0x7F000001 0X7F.1 0x7f.1. 2130706433.
0177.0.0.01 [::ffff:7f00:0001] [0:0:0:0:0:FFFF:7F00:0001]
""".replace(r"\u00ad", "\u00ad").split()

# Names that a resolver turns into these addresses: one for each, and names with several answers, one of them bad.
_MIXED = ("1.1.1.1,{}", "{},1.1.1.1", "2606:4700:4700::1111,{}", "1.1.1.1,8.8.8.8,9.9.9.9,8.8.4.4,{}")


def named(addresses: str) -> str:
    """A host name of ours that resolves to these."""
    return f"a-{addresses.encode().hex()}.{TO}"


def resolved(host: str) -> list[str] | None:
    """Whom one of our names resolves to; None for a name that is none of ours.

    A name that says nothing of it lies on a public machine, each on another.
    """
    name = host.lower().rstrip(".")
    if name != TO and not name.endswith(f".{TO}"):
        return None
    first = next((label for label in name.split(".") if label.startswith("a-")), "")
    if first:
        return bytes.fromhex(first[2:]).decode().split(",")
    number = zlib.crc32(name.encode())
    return [f"1.1.{number >> 8 & 0xFF}.{number & 0xFF}"]


def as_answers(addresses: list[str], port: object = 0) -> list[tuple[object, ...]]:
    """These addresses as socket.getaddrinfo tells them."""
    return [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (ip, port or 0, 0, 0))
        if ":" in ip
        else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port or 0))
        for ip in addresses
    ]


NAMES = tuple(named(each) for each in ADDRESSES) + tuple(
    named(mixed.format(each)) for each in (*OFTEN, *KNOWN_6, "fe80::1%lo", "::ffff:10.0.0.1") for mixed in _MIXED
)
HOSTS = tuple(
    dict.fromkeys(
        [
            *ADDRESSES_4,
            *(f"[{each}]" for each in ADDRESSES_6),
            *(f"[{each.upper()}]" for each in ADDRESSES_6[::3]),
            *(f"[{IPv6Address(each).exploded}]" for each in ADDRESSES_6[::3]),
            *(
                spelled
                for often in OFTEN
                for spell in (_numbers, _letters, _escapes, _tricks, _ipv6)
                for spelled in spell(often)
            ),
            *_LOCAL,
        ]
    )
)
# A public address, and something else about the URL that forbids it.
PORTS = tuple(f"1.1.1.1:{port}" for port in (22, 25, 8080, 6379, 81, 65535, 0, 65536, 99999))
SCHEMES = "ftp gopher ws wss unix http+unix feed view-source dict ldap tftp jar HTTPX".split()
_NO_SCHEME = """
file:///etc/passwd file://127.0.0.1/etc/passwd data:text/html,<p>x javascript:alert(1) about:blank
blob:http://127.0.0.1/x unix:/var/run/docker.sock http://127.0.0.1
""".split()
_NO_SLASHES = (
    "http:",
    "http:/",
    "http:///",
    "http:\\\\",
    "http:/\\",
    "http:\\/",
    "url:http://",
    "http://http://",
    "hTTpS://",
)
_HIDDEN = (
    "ht\ntp://",
    "h\tttp://",
    " http://",
    "\x00http://",
    "\x1bhttp://",
    "\x85http://",
    "\u2028http://",
    "\ufeffhttp://",
)
_RELATIVE = ("//", "\\\\", "/\\", "HTTP://", "///", "////", ".//", "\t//", "//\t")
OTHERS = (
    *(f"{scheme}://127.0.0.1:80{PATH}" for scheme in SCHEMES),
    *_NO_SCHEME,
    *(f"{begin}127.0.0.1{PATH}" for begin in (*_NO_SLASHES, *_HIDDEN, *_RELATIVE)),
    f"http://127.0.0.1\\{PATH}",
)
URLS = tuple(dict.fromkeys([f"http://{host}{PATH}" for host in (*HOSTS, *PORTS)] + list(OTHERS)))
NAMED_URLS = tuple(f"http://{name}{PATH}" for name in NAMES)
