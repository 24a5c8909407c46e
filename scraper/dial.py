"""Dialling: a name resolved once, every address of it checked, and nothing dialled that was not.

A name that changes its mind in between (DNS rebinding) gains nothing.
"""

# ruff: noqa: ASYNC109  the signatures with `timeout` are httpcore's

import asyncio
import socket
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import httpcore

from scraper.addresses import is_allowed
from scraper.errors import FetchError, Refused
from scraper.tap import NetworkSettings, Stream, current, why

_DNS_KEPT = 300.0  # seconds
_DNS_FAILURE_KEPT = 30.0  # seconds
_DNS_NAMES = 10_000  # names remembered at most
_DNS_THREADS = 32  # getaddrinfo blocks: a dead name server must not hold up every other lookup
_DIALLED_AT_MOST = 4  # addresses of one name


class Names:
    """Host names resolved, remembered for a while: answers and failures both."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_DNS_THREADS, thread_name_prefix="pressmark-dns")
        self._known: dict[str, tuple[float, tuple[str, ...] | OSError]] = {}  # name → until when, what

    async def addresses(self, host: str, seconds: float | None) -> tuple[str, ...]:
        """Every address of a host, the one that worked last first.  Raises OSError when there is none."""
        until, known = self._known.get(host, (0.0, ()))
        if until <= time.monotonic():
            known = await self._look_up(host, seconds)
            kept = _DNS_FAILURE_KEPT if isinstance(known, OSError) else _DNS_KEPT
            self._remember(host, time.monotonic() + kept, known)
        if isinstance(known, OSError):
            raise known
        return known

    def prefer(self, host: str, address: str) -> None:
        """Puts the address that could be dialled first, so that one that cannot costs its wait only once."""
        until, known = self._known.get(host, (0.0, OSError()))
        if not isinstance(known, OSError):
            self._known[host] = until, tuple(sorted(known, key=lambda each: each != address))

    def close(self) -> None:
        """Forgets every lookup that has not begun."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _look_up(self, host: str, seconds: float | None) -> tuple[str, ...] | OSError:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                found = await loop.run_in_executor(self._threads, _getaddrinfo, host)
        except TimeoutError:
            return TimeoutError("no answer in time")
        except OSError as error:
            return error
        except ValueError as error:  # a label that is empty, too long, or holds a NUL
            return OSError(f"no host name: {error}")
        return tuple(dict.fromkeys(found))

    def _remember(self, host: str, until: float, known: tuple[str, ...] | OSError) -> None:
        if len(self._known) >= _DNS_NAMES:
            self._known.clear()
        self._known[host] = until, known


def _getaddrinfo(host: str) -> list[str]:
    return [str(answer[4][0]) for answer in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


class Backend(httpcore.AsyncNetworkBackend):
    """Dials what was checked and nothing else."""

    def __init__(self, settings: NetworkSettings) -> None:
        self._settings = settings
        self._pins = {(pin.host, pin.port): pin for pin in settings.pins}
        self._inner = httpcore.AnyIOBackend()
        self.names = Names()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> Stream:
        pin = self._pins.get((host.lower().rstrip("."), port))
        addresses = (pin.address,) if pin else await self._checked(host, port, timeout)
        to_port = pin.to_port if pin else port
        share = timeout / len(addresses) if timeout else None
        for address in addresses:
            try:
                inner = await self._inner.connect_tcp(address, to_port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            self.names.prefer(host, address)
            return Stream(inner, str(inner.get_extra_info("server_addr")[0]).partition("%")[0])
        message = f"no connection to {host} ({addresses[-1]}, port {to_port}): {why(failure)}; try again later"
        raise FetchError(current.get().url, "connect", message) from failure

    async def _checked(self, host: str, port: int, seconds: float | None) -> tuple[str, ...]:
        """The addresses to dial; one bad answer refuses the name, or a name with two answers is a way in."""
        url = current.get().url
        if port not in self._settings.ports:
            message = f"port {port} is not among the allowed ones; add it to network.ports, or pin it with --connect-to"
            raise Refused(url, "port", message)
        try:
            addresses = await self.names.addresses(host, seconds)
        except OSError as error:
            message = f"the name {host} cannot be resolved ({why(error)}); check its spelling and this machine's DNS"
            raise FetchError(url, "dns", message) from error
        for address in addresses:
            if not is_allowed(address, self._settings.allow_private):
                what = host if host.strip("[]") == address else f"{host} ({address})"
                message = f"{what} is no public address; if you trust it, add --allow-private {address}"
                raise Refused(url, "private-address", message)
        return addresses[:_DIALLED_AT_MOST]
