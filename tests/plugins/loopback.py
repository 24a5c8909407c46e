"""Tests reach nothing but this machine: a dial to any other address is refused, and fails the test that made it.

It hooks the interpreter's own audit events, so it sees what C code dials too, in every thread. Names are not looked up,
they are unknown: what a test means by an unknown host stays so on every network. What goes round the interpreter
(uvloop, child processes) is held by .ci/run, which runs the tests in a network namespace that has only loopback.
"""

import errno
import socket
import sys
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

DIALS = {"socket.connect", "socket.sendto", "socket.sendmsg"}

_dialled: list[str] = []


def is_loopback(host: str) -> bool:
    """True for an address of this machine."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host == "localhost"
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def is_asked_about(host: str) -> bool:
    """True for a name that a name server would be asked about: not localhost, no address, "0x7f000001" being one."""
    if host.removesuffix(".") in ("", "localhost") or ":" in host:
        return False
    try:
        socket.inet_aton(host)
    except OSError:
        return True
    return False


def _guard(event: str, arguments: tuple[object, ...]) -> None:
    if event in DIALS:
        _check_dial(*arguments[:2])
    elif event == "socket.getaddrinfo":
        _check_lookup(arguments[0])


def _check_dial(dialling: object, address: object) -> None:
    # Unix sockets and the kernel's own families go nowhere.
    inet = isinstance(dialling, socket.socket) and dialling.family in (socket.AF_INET, socket.AF_INET6)
    if inet and isinstance(address, tuple) and not is_loopback(str(address[0])):
        _dialled.append(f"{address[0]}:{address[1]}")
        raise OSError(errno.ENETUNREACH, f"tests reach loopback only, not {address[0]}")


def _check_lookup(host: object) -> None:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    if is_asked_about(name):
        raise socket.gaierror(socket.EAI_NONAME, f"tests look up no names, not {name}")


sys.addaudithook(_guard)


@pytest.fixture(autouse=True)
def _loopback_only() -> Iterator[None]:
    yield
    dialled = ", ".join(_dialled)
    _dialled.clear()
    if dialled:
        pytest.fail(f"dialled {dialled}; tests reach loopback only")
