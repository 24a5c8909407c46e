"""Dialling: a name resolved once, every address of it checked, and nothing dialled that was not.

A name that changes its mind in between (DNS rebinding) gains nothing. A proxy is told addresses alone, so it has none
to resolve.
"""

# ruff: noqa: ASYNC109  the signatures with `timeout` are httpcore's

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from functools import partial

import httpcore

from scraper.addresses import Pin, Proxy, bracketed, is_allowed, is_public
from scraper.errors import FetchError, Refused
from scraper.sockets import connect
from scraper.tap import NetworkSettings, Route, Stream, also_allowed, current, why
from scraper.urls import registrable

_DNS_KEPT = 300.0  # seconds
_DNS_FAILURE_KEPT = 30.0  # seconds
_DNS_NAMES = 10_000  # names remembered at most
_DNS_THREADS = 32  # getaddrinfo blocks: a dead name server must not hold up every other lookup
_DNS_PER_DOMAIN = 4  # lookups at once; the names of one domain have one name server, and may be as many as it likes
_DIALLED_AT_MOST = 4  # addresses of one name
_LONGEST_CONSENT = 16 * 1024  # bytes of a proxy's answer to CONNECT
_CONSENT = re.compile(rb"HTTP/1\.[01] (\d{3})[^\d]")


class _Queue:
    """The lookups of one domain."""

    def __init__(self) -> None:
        self.places = asyncio.Semaphore(_DNS_PER_DOMAIN)
        self.length = 0  # those that have a place, too


class Names:
    """Host names resolved, remembered for a while: answers and failures both."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_DNS_THREADS, thread_name_prefix="pressmark-dns")
        self._known: dict[str, tuple[float, tuple[str, ...] | OSError]] = {}  # name → until when, what
        self._queues: dict[str, _Queue] = {}  # by registrable domain

    async def addresses(self, host: str, seconds: float | None) -> tuple[str, ...]:
        """Every address of a host, the one that worked last first.  Raises OSError when there is none.

        seconds: for the lookup itself, from when it begins: that others were before it is no failure of the name.
        """
        known = self._fresh(host)
        if known is None:
            async with self._place(registrable(host)) as leave:
                known = self._fresh(host)  # whoever was before us may have asked for the same
                if known is None:
                    known = await self._look_up(host, seconds, leave)
                    kept = _DNS_FAILURE_KEPT if isinstance(known, OSError) else _DNS_KEPT
                    self._remember(host, time.monotonic() + kept, known)
        if isinstance(known, OSError):
            raise type(known)(*known.args)  # the same one again would grow a traceback with every hit
        return known

    def prefer(self, host: str, address: str) -> None:
        """Puts the address that could be dialled first, so that one that cannot costs its wait only once."""
        until, known = self._known.get(host, (0.0, OSError()))
        if not isinstance(known, OSError):
            self._known[host] = until, tuple(sorted(known, key=lambda each: each != address))

    def close(self) -> None:
        """Forgets every lookup that has not begun."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _fresh(self, host: str) -> tuple[str, ...] | OSError | None:
        until, known = self._known.get(host, (0.0, ()))
        return known if until > time.monotonic() else None

    @asynccontextmanager
    async def _place(self, domain: str) -> AsyncIterator[ExitStack]:
        """A place in the domain's queue; whoever takes over what is given keeps it beyond the context."""
        queue = self._queues.setdefault(domain, _Queue())
        queue.length += 1
        with ExitStack() as leave:
            leave.callback(self._shorten, domain, queue)
            await queue.places.acquire()
            leave.callback(queue.places.release)
            yield leave

    def _shorten(self, domain: str, queue: _Queue) -> None:
        queue.length -= 1
        if not queue.length:
            self._queues.pop(domain, None)

    async def _look_up(self, host: str, seconds: float | None, leave: ExitStack) -> tuple[str, ...] | OSError:
        """What the name resolves to. The place is left when its thread is free again, not when we have given up."""
        loop, begun = asyncio.get_running_loop(), asyncio.Event()
        work = self._threads.submit(_begun, partial(_tell, loop, begun.set), host)
        found_later = asyncio.wrap_future(work)  # before the place is left, so that whoever gets it finds the answer
        place = leave.pop_all()
        work.add_done_callback(lambda _: _tell(loop, begun.set, place.close))
        try:
            await begun.wait()
            async with asyncio.timeout(seconds):
                found = await found_later
        except asyncio.CancelledError:
            found_later.cancel()
            raise
        except TimeoutError:
            return TimeoutError("no answer in time")
        except OSError as error:
            return error
        except ValueError as error:  # a label that is empty, too long, or holds a NUL
            return OSError(f"no host name: {error}")
        return tuple(dict.fromkeys(found)) or OSError("the name has no address")

    def _remember(self, host: str, until: float, known: tuple[str, ...] | OSError) -> None:
        if len(self._known) >= _DNS_NAMES:
            self._known.clear()
        self._known[host] = until, known


def _begun(tell: Callable[[], None], host: str) -> list[str]:
    tell()
    return _getaddrinfo(host)


def _tell(loop: asyncio.AbstractEventLoop, *calls: Callable[[], object]) -> None:
    """Call these in the loop, from a thread, unless the loop is closed by now."""
    with suppress(RuntimeError):
        for call in calls:
            loop.call_soon_threadsafe(call)


def _getaddrinfo(host: str) -> list[str]:
    return [str(answer[4][0]) for answer in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


class Backend(httpcore.AsyncNetworkBackend):
    """Dials what was checked and nothing else."""

    def __init__(self, settings: NetworkSettings) -> None:
        self._settings = settings
        self._pins = {(pin.host, pin.port): pin for pin in settings.pins}
        self.names = Names()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> Stream:
        proxy = self._settings.proxy
        pin = self._pins.get((host.lower().rstrip("."), port))
        addresses = await (self._pinned(pin, timeout) if pin else self._checked(host, port, timeout))
        to_port = pin.to_port if pin else port
        share = timeout / len(addresses) if timeout else None
        for address in addresses:
            try:
                inner = await self._dialled(address, to_port, share)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            self.names.prefer(host, address)
            return Stream(inner, self._route(inner, address, pinned=pin is not None))
        through, reason = (f" through the proxy {proxy.name}", "proxy") if proxy else ("", "connect")
        message = f"no connection to {host} ({addresses[-1]}, port {to_port}){through}: {why(failure)}; try again later"
        raise FetchError(current.get().url, reason, message) from failure

    async def address(self, host: str, port: int, seconds: float | None) -> str | None:
        """What the origin would be dialled at first; None when it would not, or its name cannot be resolved."""
        if pin := self._pins.get((host.lower().rstrip("."), port)):
            return pin.address
        if port not in self._settings.ports:
            return None
        try:
            async with asyncio.timeout(seconds):
                return (await self.names.addresses(host, seconds))[0]
        except OSError:
            return None

    async def _pinned(self, pin: Pin, seconds: float | None) -> tuple[str, ...]:
        """Where a pinned origin is dialled; a name is resolved here, for sockets and proxies are told addresses."""
        return (await self._resolved(pin.address, seconds))[:_DIALLED_AT_MOST]

    async def _checked(self, host: str, port: int, seconds: float | None) -> tuple[str, ...]:
        """The addresses to dial; one bad answer refuses the name, or a name with two answers is a way in."""
        url = current.get().url
        if port not in self._settings.ports:
            message = f"port {port} is not among the allowed ones; add it to network.ports, or pin it with --connect-to"
            raise Refused(url, "port", message)
        addresses = await self._resolved(host, seconds)
        for address in addresses:
            if not is_allowed(address, (*self._settings.allow_private, *also_allowed.get())):
                what = host if host.strip("[]") == address else f"{host} ({address})"
                advice = f"if you trust it, add --allow-private {address}, or allow_private to its source"
                message = f"{what} is no public address; {advice}"
                raise Refused(url, "private-address", message)
        return addresses[:_DIALLED_AT_MOST]

    async def _resolved(self, host: str, seconds: float | None) -> tuple[str, ...]:
        try:
            return await self.names.addresses(host, seconds)
        except OSError as error:
            message = f"the name {host} cannot be resolved ({why(error)}); check its spelling and this machine's DNS"
            raise FetchError(current.get().url, "dns", message) from error

    async def _dialled(self, address: str, port: int, seconds: float | None) -> httpcore.AsyncNetworkStream:
        """A connection to that address, made by the proxy where there is one."""
        proxy = self._settings.proxy
        if proxy is None:
            return await connect(address, port, seconds)
        inner = await connect(proxy.host, proxy.port, seconds)
        async with AsyncExitStack() as when_it_fails:
            when_it_fails.push_async_callback(inner.aclose)
            await _tunnel(inner, proxy, f"{bracketed(address)}:{port}", seconds)
            when_it_fails.pop_all()
        return inner

    def _route(self, inner: httpcore.AsyncNetworkStream, address: str, *, pinned: bool) -> Route:
        proxy = self._settings.proxy
        # Read now: once the server has closed, the socket does not say it any more.
        ip = address if proxy else str(inner.get_extra_info("server_addr")[0]).partition("%")[0]
        return Route(ip=ip, is_private=not pinned and not is_public(ip), proxy=proxy.name if proxy else None)


async def _tunnel(inner: httpcore.AsyncNetworkStream, proxy: Proxy, to: str, seconds: float | None) -> None:
    """Has the proxy connect to ADDRESS:PORT. Raises httpcore.ConnectError or ConnectTimeout when it does not.

    What is said here is no part of an exchange: the credentials reach no record.  Source: RFC 9110, 9.3.6.
    """
    asked = [f"CONNECT {to} HTTP/1.1", f"Host: {to}"]
    asked += [f"Proxy-Authorization: {proxy.credentials}"] if proxy.credentials else []
    try:
        async with asyncio.timeout(seconds):
            await inner.write("\r\n".join([*asked, "", ""]).encode("ascii"))
            said = b""
            while b"\r\n\r\n" not in said and len(said) <= _LONGEST_CONSENT and (piece := await inner.read(4096)):
                said += piece
    except TimeoutError as error:
        raise httpcore.ConnectTimeout("the proxy does not answer in time") from error
    except httpcore.NetworkError as error:
        raise httpcore.ConnectError(f"the proxy broke off: {why(error)}") from error
    _check_consent(said, to)


def _check_consent(said: bytes, to: str) -> None:
    """Raises httpcore.ConnectError unless the proxy agreed and said nothing else: it would be read as the answer."""
    answer = _CONSENT.match(said)
    status = int(answer[1]) if answer else 0
    if status == 200 and said.endswith(b"\r\n\r\n") and said.count(b"\r\n\r\n") == 1:
        return
    advice = {
        0: "it speaks no HTTP",
        200: "it said more than that it is connected",
        407: "it answered 407; set PRESSMARK_PROXY_USER and PRESSMARK_PROXY_PASSWORD",
    }
    raise httpcore.ConnectError(advice.get(status, f"it answered {status} to CONNECT {to}; see what it allows"))
