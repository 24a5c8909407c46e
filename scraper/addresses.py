"""Which addresses may be dialled: public ones by explicit lists, and what the operator named: pins, a proxy.

Python's own `is_private` and `is_global` are not used: in 3.11 they call ::127.0.0.1, 64:ff9b::/96, 2002::/16,
multicast and 192.0.0.192 global.  Source: the IANA special-purpose registries for IPv4 and IPv6.
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

IPNetwork = IPv4Network | IPv6Network

_NOT_PUBLIC_4 = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier NAT; 100.100.100.200 is a cloud's metadata service
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's platform service, though it lies among public ones
        "169.254.0.0/16",  # link local; 169.254.169.254 is most clouds' metadata service
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; 192.0.0.192 is a metadata service
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays, retired
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# Only global unicast: mapped, compatible, NAT64, SIIT, unique-local, link-local and multicast addresses lie outside.
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    ip_network(block)
    for block in (
        "2001::/23",  # protocol assignments, Teredo among them: an IPv4 address may hide inside
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address hides inside
        "3fff::/20",  # documentation
    )
)

_PIN = re.compile(r"(\[[^\[\]]+\]|[^:\[\]]+):(\d{1,5}):(\[[^\[\]]+\]|[^:\[\]]+):(\d{1,5})")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,252}[a-z0-9_.])?")
_PROXY = re.compile(r"http://(\[[^\[\]]+\]|[^:/?#@\[\]]+):(\d{1,5})/?")


@dataclass(frozen=True, slots=True)
class Pin:
    """One origin and where it is dialled instead, whatever its name resolves to."""

    host: str  # lower case, ASCII (punycode), IPv6 without brackets
    port: int
    address: str  # an IP address, or a name to resolve; IPv6 without brackets
    to_port: int


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where connections are made for us, to addresses that were checked here."""

    host: str  # lower case, ASCII (punycode), IPv6 without brackets
    port: int
    credentials: str | None = field(default=None, repr=False)  # of Proxy-Authorization; in no log, record or error

    @property
    def name(self) -> str:
        """HOST:PORT, for records and messages."""
        return f"{bracketed(self.host)}:{self.port}"


def bracketed(host: str) -> str:
    """A host as it stands before a colon and a port: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def is_public(ip: str) -> bool:
    """True when an IP address (a zone after % is ignored) is one that anybody on the internet may reach.

    Raises ValueError when `ip` is no IP address.
    """
    address = ip_address(ip.partition("%")[0])
    if address.version == 4:
        return not any(address in block for block in _NOT_PUBLIC_4)
    return address in _PUBLIC_6 and not any(address in block for block in _NOT_PUBLIC_6)


def is_allowed(ip: str, allowed: Iterable[IPNetwork]) -> bool:
    """True when an IP address is public, or lies in a network the operator allowed by name (--allow-private).

    Raises ValueError when `ip` is no IP address.
    """
    address = ip_address(ip.partition("%")[0])
    return is_public(ip) or any(address in block for block in allowed)


def read_pin(text: str) -> Pin:
    """The Pin in "HOST:PORT:ADDR:PORT", as curl's --connect-to but with nothing left empty; IPv6 stands in brackets.

    Raises ValueError that says what is wrong.
    """
    found = _PIN.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not HOST:PORT:ADDR:PORT (all four are needed; put IPv6 addresses in brackets)")
    host, port, address, to_port = found.groups()
    return Pin(_host(host, text), _port(port, text), _host(address, text), _port(to_port, text))


def read_proxy(text: str, *, user: str | None = None, password: str | None = None) -> Proxy:
    """The Proxy in "http://HOST:PORT"; user and password are for it alone.

    Raises ValueError that says what is wrong and repeats nothing that could be a password.
    """
    if "@" in text:
        raise ValueError(
            "a proxy is written without user and password; PRESSMARK_PROXY_USER and PRESSMARK_PROXY_PASSWORD"
            " in the environment hold them"
        )
    found = _PROXY.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not http://HOST:PORT (put an IPv6 address in brackets)")
    said = f"{user}:{password or ''}".encode()
    credentials = f"Basic {b64encode(said).decode('ascii')}" if user else None
    return Proxy(_host(found[1], text), _port(found[2], text), credentials)


def _host(text: str, pin: str) -> str:
    if text.startswith("["):
        try:
            return str(IPv6Address(text[1:-1]))
        except ValueError as error:
            raise ValueError(f"{pin!r}: {text} is no IPv6 address") from error
    try:
        host = text.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise ValueError(f"{pin!r}: {text!r} is no host name ({error})") from error
    if not _HOST.fullmatch(host):
        raise ValueError(f"{pin!r}: {text!r} is no host name or address")
    return host


def _port(text: str, pin: str) -> int:
    if not 1 <= int(text) <= 65535:
        raise ValueError(f"{pin!r}: {text} is no port (1 to 65535)")
    return int(text)
