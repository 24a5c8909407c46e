"""The door to the network: one GET over HTTP/1.1, its bytes kept as they stood on the wire.

httpx asks; below it lie our own pools and backend. The backend resolves a name once, refuses it when any answer is not
a public address, and dials what it checked: a name that changes its mind in between (DNS rebinding) gains nothing.
Each stream copies what it sends and receives to the exchange of the task at hand, found by a ContextVar: heads come out
byte for byte, also those that h11 rejects, and no connection that is used again can mix two exchanges up.
"""

# ruff: noqa: ASYNC109  the signatures with `timeout` are httpcore's

import asyncio
import hashlib
import os
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import certifi
import httpcore
import httpx

from archive.records import Exchange, Truncation
from scraper.addresses import IPNetwork, Pin, is_allowed
from scraper.errors import ConfigError, FetchError, Refused
from scraper.wire import Reading, archived_head

_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_READ = 64 * 1024  # bytes asked of a socket at a time
_MAX_INTERIM = 5  # 1xx responses before the real one; 100 Continue for ever is a known way to hold a client
# One-byte chunks cost us a thousand times what they cost the sender: so many bytes of framing are taken from anybody,
# and past them no more than one for each byte of body.
_FREE_FRAMING = 256 * 1024  # bytes
_KEEP_ALIVE = 15.0  # seconds; above the default delay between visits, below most servers' patience
_KEEP_PER_SHARD = 8
_DNS_KEPT = 300.0  # seconds
_DNS_FAILURE_KEPT = 30.0  # seconds
_DNS_NAMES = 10_000  # names remembered at most
_DNS_THREADS = 32  # getaddrinfo blocks: a dead name server must not hold up every other lookup
_DIALLED_AT_MOST = 4  # addresses of one name
_TLS_ADVICE = "if its certificate comes from an authority of your own, name that with --cacert"
_USERINFO = re.compile(r"//[^/?#]*@")
_SECRETS = re.compile(rb"(?im)^((?:proxy-)?authorization|cookie):[^\r\n]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """How we ask, how long we wait, how much we take, and whom we may ask."""

    user_agent: str
    connect_seconds: float = 10.0  # to resolve, dial and shake hands, each
    exchange_seconds: float = 60.0  # one wall clock from the first lookup to the last byte
    max_body: int = 20_000_000  # bytes, content coding kept
    max_head: int = 64 * 1024  # bytes of all heads of one response
    ports: tuple[int, ...] = (80, 443)
    allow_private: tuple[IPNetwork, ...] = ()
    pins: tuple[Pin, ...] = ()
    ca_file: Path | None = None  # PEM, trusted beside the system's
    shards: int = 64  # pools; one alone goes quadratic past 100 requests in flight


class _Enough(Exception):
    """The body has reached its cap: stop reading, keep what came."""


class _Tap:
    """What one exchange sent and received; it starts again when it moves to another connection."""

    def __init__(self, url: str, settings: NetworkSettings) -> None:
        self.url = url
        self.stream: _Stream | None = None
        self.reused = False  # the connection had carried an exchange before
        self.cut: Truncation | None = None  # why reading ended before the response did
        self._settings = settings
        self._restart()

    def _restart(self) -> None:
        self.sent = bytearray()
        self.reading = Reading()
        self.received = 0  # bytes
        self.closed = False  # the server ended the connection in order
        self.started_at = datetime.now(UTC)
        self.first = self.last = time.monotonic()

    @property
    def stale(self) -> bool:
        """A kept connection turned out to be closed: nothing was answered, so asking once more is safe."""
        return self.cut == "disconnect" and self.reused and not self.received

    def send(self, stream: "_Stream", piece: bytes) -> None:
        """Takes bytes that go out on a connection."""
        if stream is not self.stream:
            self.stream, self.reused, stream.used = stream, stream.used, True
            self._restart()
        self.sent += piece

    def receive(self, stream: "_Stream", piece: bytes) -> None:
        """Takes bytes that came in. Raises FetchError for what is no answer, _Enough when the body is too large."""
        self.received += len(piece)
        self.closed = not piece
        self.last = time.monotonic()
        try:
            self.reading.feed(piece)
        except ValueError as error:
            raise FetchError(self.url, "protocol", f"the server does not speak HTTP/1.1: {error}") from error
        self._check_heads()
        if (body := self.reading.body) is None:
            return
        # What nobody asked for must never be read as the answer to the next request.
        stream.spoiled |= bool(body.surplus)
        most_on_wire = self._settings.max_head + _FREE_FRAMING + 2 * len(body.payload)
        if len(body.payload) > self._settings.max_body or self.received > most_on_wire:
            raise _Enough

    def _check_heads(self) -> None:
        if len(self.reading.interim) > _MAX_INTERIM:
            raise FetchError(self.url, "protocol", f"the server sent more than {_MAX_INTERIM} interim (1xx) responses")
        if self.reading.head_length > (most := self._settings.max_head):
            message = f"the response head is larger than {most} bytes; if it should be, raise network.max_head"
            raise FetchError(self.url, "head-too-large", message)

    async def release(self) -> None:
        """Lets go of the connection: closes it when httpcore wanted that, or when it cannot be used again."""
        if self.stream is None:
            return
        self.stream.spoiled |= not self.reading.ended
        if self.stream.closing:
            await self.stream.aclose()


_current: ContextVar[_Tap] = ContextVar("_current")


class _Stream(httpcore.AsyncNetworkStream):
    """A connection that tells the current exchange what passes."""

    def __init__(self, inner: httpcore.AsyncNetworkStream, ip: str | None) -> None:
        self._inner = inner
        self.ip = ip  # read at connect: once the server has closed, the socket does not say it any more
        self.used = False
        self.spoiled = False  # not fit for another exchange
        self.closing = False  # httpcore is done with it
        self.notes = tuple(_tls_notes(inner.get_extra_info("ssl_object")))

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            piece = await self._inner.read(max_bytes, timeout)
        except OSError as error:  # a TLS alert in the middle of a response
            raise httpcore.ReadError(str(error)) from error
        _current.get().receive(self, piece)
        return piece

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        _current.get().send(self, buffer)
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        tap = _current.get(None)
        if tap is not None and tap.stream is self:
            self.closing = True  # what h11 rejects may still be read to its end; `release` closes
        else:
            await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "_Stream":
        name = server_hostname.rstrip(".") if server_hostname else None  # RFC 6066, 3: without the trailing dot
        try:
            async with AsyncExitStack() as when_it_fails:  # or is cancelled, which nobody below cleans up after
                when_it_fails.push_async_callback(self._inner.aclose)
                stream = _Stream(await self._inner.start_tls(ssl_context, name, timeout), self.ip)
                when_it_fails.pop_all()
                return stream
        except (httpcore.ConnectError, httpcore.ConnectTimeout, OSError, ValueError) as error:
            message = f"no secure connection to {name} ({self.ip}): {_why(error)}; {_TLS_ADVICE}"
            raise FetchError(_current.get().url, "tls", message) from error

    def get_extra_info(self, info: str) -> Any:
        return (info == "is_readable" and self.spoiled) or self._inner.get_extra_info(info)


def _tls_notes(tls: ssl.SSLObject | None) -> Iterator[tuple[str, str]]:
    if tls is None:
        return
    yield "tls-version", tls.version() or "unknown"
    if certificate := tls.getpeercert(binary_form=True):
        yield "certificate-sha256", hashlib.sha256(certificate).hexdigest()


class _Names:
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


class _Backend(httpcore.AsyncNetworkBackend):
    """Dials what was checked and nothing else."""

    def __init__(self, settings: NetworkSettings) -> None:
        self._settings = settings
        self._pins = {(pin.host, pin.port): pin for pin in settings.pins}
        self._inner = httpcore.AnyIOBackend()
        self.names = _Names()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> _Stream:
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
            return _Stream(inner, str(inner.get_extra_info("server_addr")[0]).partition("%")[0])
        message = f"no connection to {host} ({addresses[-1]}, port {to_port}): {_why(failure)}; try again later"
        raise FetchError(_current.get().url, "connect", message) from failure

    async def _checked(self, host: str, port: int, seconds: float | None) -> tuple[str, ...]:
        """The addresses to dial; one bad answer refuses the name, or a name with two answers is a way in."""
        url = _current.get().url
        if port not in self._settings.ports:
            message = f"port {port} is not among the allowed ones; add it to network.ports, or pin it with --connect-to"
            raise Refused(url, "port", message)
        try:
            addresses = await self.names.addresses(host, seconds)
        except OSError as error:
            message = f"the name {host} cannot be resolved ({_why(error)}); check its spelling and this machine's DNS"
            raise FetchError(url, "dns", message) from error
        for address in addresses:
            if not is_allowed(address, self._settings.allow_private):
                message = f"{host} is {address}, no public address; if you trust it, add --allow-private {address}"
                raise Refused(url, "private-address", message)
        return addresses[:_DIALLED_AT_MOST]


class _Body(httpx.AsyncByteStream):
    """httpcore's response stream in httpx's clothes."""

    def __init__(self, pieces: Any) -> None:
        self._pieces = pieces  # an async iterable of bytes with aclose()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._pieces:
            yield piece

    async def aclose(self) -> None:
        await self._pieces.aclose()


class _Shards(httpx.AsyncBaseTransport):
    """Many small connection pools, one picked by host: httpcore walks a whole pool at every request."""

    def __init__(self, backend: _Backend, context: ssl.SSLContext, shards: int) -> None:
        self._pools = [_pool(backend, context, keep=_KEEP_PER_SHARD) for _ in range(shards)]
        self._fresh = _pool(backend, context, keep=0)  # for what must not meet a used connection

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        fresh = request.extensions.get("fresh", False)
        pool = self._fresh if fresh else self._pools[hash(request.url.host) % len(self._pools)]
        url = request.url
        response = await pool.handle_async_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            response.status, headers=response.headers, stream=_Body(response.stream), extensions=response.extensions
        )

    async def aclose(self) -> None:
        for pool in (*self._pools, self._fresh):
            await pool.aclose()


def _pool(backend: _Backend, context: ssl.SSLContext, *, keep: int) -> httpcore.AsyncConnectionPool:
    return httpcore.AsyncConnectionPool(
        ssl_context=context,
        max_connections=None,  # how many at a time is politeness's to decide, not a queue's down here
        max_keepalive_connections=keep,
        keepalive_expiry=_KEEP_ALIVE,
        network_backend=backend,
    )


class Network:
    """Open connections and remembered names. Made and used inside one running event loop; close it with `aclose`."""

    def __init__(self, settings: NetworkSettings) -> None:
        """Raises ConfigError when the User-Agent cannot be sent or the CA file cannot be read."""
        if not (settings.user_agent.isascii() and settings.user_agent.isprintable() and settings.user_agent.strip()):
            raise ConfigError("network.user_agent", "must be printable ASCII; look at the contact setting too")
        self._settings = settings
        self._backend = _Backend(settings)
        # The transport alone, without httpx's client: that keeps cookies, sends a URL's credentials, lets a proxy from
        # the environment resolve names past every check, and raises on a Location it cannot read, redirects or not.
        self._transport = _Shards(self._backend, _trust(settings.ca_file), settings.shards)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes every connection."""
        await self._transport.aclose()
        self._backend.names.close()

    async def exchange(
        self, url: str, headers: Sequence[tuple[str, str]] = (), *, seconds: float | None = None
    ) -> Exchange:
        """One GET and what came of it: no redirect followed, no cookie, the bytes as they stood on the wire.

        headers: names and values to send besides our own, in latin-1.  seconds: a shorter deadline than the settings'.
        Raises FetchError when no whole head came (its reason: "url", "dns", "connect", "tls", "timeout",
        "disconnect", "protocol", "head-too-large"), Refused when nothing may be sent ("scheme", "port",
        "private-address").
        """
        url = as_asked(url)
        longest = self._settings.exchange_seconds
        patience = longest if seconds is None else min(seconds, longest)
        deadline = asyncio.get_running_loop().time() + patience
        request = self._request(url, headers)
        tap = await self._attempt(request, deadline)
        if tap.stale:
            request.extensions["fresh"] = True
            tap = await self._attempt(request, deadline)
        if tap.reading.head is None:
            raise _no_answer(tap, patience)
        return self._exchange(tap)

    def _request(self, url: str, headers: Sequence[tuple[str, str]]) -> httpx.Request:
        ours = (("User-Agent", self._settings.user_agent), ("Accept", _ACCEPT), ("Accept-Encoding", "gzip"))
        return httpx.Request(
            "GET",
            url,
            headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in (*ours, *headers)],
            extensions={"timeout": {"connect": self._settings.connect_seconds}},
        )

    async def _attempt(self, request: httpx.Request, deadline: float) -> _Tap:
        """What passed on one connection, however far it got."""
        tap = _Tap(str(request.url), self._settings)
        token = _current.set(tap)
        try:
            async with asyncio.timeout_at(deadline):
                await self._converse(request, tap)
        except TimeoutError:
            tap.cut = "time"
        except _Enough:
            tap.cut = "length"
        except (httpcore.NetworkError, httpcore.RemoteProtocolError):
            tap.cut = "disconnect"
        except httpcore.LocalProtocolError as error:
            raise FetchError(tap.url, "protocol", f"the request cannot be written: {error}") from error
        finally:
            _current.reset(token)
            await tap.release()
        return tap

    async def _converse(self, request: httpx.Request, tap: _Tap) -> None:
        """Asks, and reads to the end; also what h11 does not like, for it is what the server said."""
        try:
            response = await self._transport.handle_async_request(request)
            async for _ in response.aiter_raw():
                pass  # the tap has it
        except httpcore.RemoteProtocolError:
            while tap.stream and not (tap.closed or tap.reading.ended):
                await tap.stream.read(_READ)
            if not tap.reading.ended:
                raise

    def _exchange(self, tap: _Tap) -> Exchange:
        response = tap.reading.response(closed=tap.closed)
        truncated = None if response.complete else tap.cut or "disconnect"
        return Exchange(
            url=tap.url,
            started_at=tap.started_at,
            seconds=tap.last - tap.first,
            request_head=_SECRETS.sub(rb"\1:", bytes(tap.sent)),
            response_head=archived_head(response.head),
            body=response.body[: self._settings.max_body],
            ip=tap.stream.ip if tap.stream else None,
            truncated="length" if len(response.body) > self._settings.max_body else truncated,
            notes=response.notes + (tap.stream.notes if tap.stream else ()),
        )


def as_asked(url: str) -> str:
    """The URL as it goes on the wire: host in punycode, the rest percent-encoded, no fragment, no credentials.

    Raises FetchError (reason "url") when it is none, Refused ("scheme") when it is not http or https.
    """
    shown = _USERINFO.sub("//", url)  # what an error says ends in logs and records
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(shown, "url", f"this is no URL ({error}); write it as https://host/path") from error
    if parsed.scheme not in ("http", "https"):
        what = parsed.scheme or "a URL without a scheme"
        raise Refused(shown, "scheme", f"only http and https are fetched, not {what}")
    if not parsed.host:
        raise FetchError(shown, "url", "this URL names no host; write it as https://host/path")
    if parsed.port is not None and not 0 < parsed.port < 65536:
        raise FetchError(shown, "url", f"there is no port {parsed.port}; ports go from 1 to 65535")
    return str(parsed.copy_with(userinfo=b"", fragment=None, raw_path=parsed.raw_path))


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """One context for all pools (each costs 50 ms): the authorities of certifi, the system and the operator."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:
            raise ConfigError(str(ca_file), f"cannot be read as certificates in PEM: {_why(error)}") from error
    return context


def _no_answer(tap: _Tap, seconds: float) -> FetchError:
    if tap.cut == "time":
        return FetchError(tap.url, "timeout", f"no answer within {seconds:g} s; the server or the way to it is slow")
    if tap.received:
        message = f"the connection broke after {tap.received} bytes, within the response head; try again later"
    else:
        message = "the server closed the connection without an answer; try again later"
    return FetchError(tap.url, "disconnect", message)


def _why(error: BaseException) -> str:
    """What the system said, in few words: "Connection refused", "certificate has expired"."""
    # The outermost with a number: further in lies what asyncio tried, further out what anyio made of it.
    said = (each for each in _causes(error) if isinstance(each, TimeoutError) or getattr(each, "errno", None))
    match next(said, error):
        case ssl.SSLCertVerificationError() as refusal:
            return refusal.verify_message
        case ssl.SSLError(reason=str(reason)):
            return reason.replace("_", " ").lower()
        case TimeoutError():
            return "no answer in time"
        case socket.gaierror(strerror=str(words)):
            return words
        case OSError(errno=int(number)):
            return os.strerror(number)
        case other:
            return str(other) or "the other side broke off"


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        inner = cause.exceptions[0] if isinstance(cause, BaseExceptionGroup) else None
        cause = inner or cause.__cause__ or cause.__context__
