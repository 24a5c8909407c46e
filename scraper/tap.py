"""What passes on a connection, copied byte for byte to the exchange it belongs to.

Each stream tells the exchange of the task at hand, found by a ContextVar, what it sends and receives: heads come out as
they stood on the wire, also those that h11 rejects, and no connection that is used again can mix two exchanges up.
"""

# ruff: noqa: ASYNC109  the signatures with `timeout` are httpcore's

import hashlib
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpcore

from archive.records import Truncation
from scraper.addresses import IPNetwork, Pin, Proxy, is_allowed
from scraper.errors import FetchError
from scraper.secrets import Secret
from scraper.wire import Reading

_MAX_INTERIM = 5  # 1xx responses before the real one; 100 Continue for ever is a known way to hold a client
# One-byte chunks cost us a thousand times what they cost the sender: so many bytes of framing are taken from anybody,
# and past them no more than one for each byte of body.
_FREE_FRAMING = 256 * 1024  # bytes
_GRACE = 10.0  # seconds; sooner a rate says little
_TLS_ADVICE = "if its certificate comes from an authority of your own, name that with --cacert"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """How we ask, how long we wait, how much we take, and whom we may ask."""

    user_agent: str
    connect_seconds: float = 10.0  # to resolve, dial and shake hands, each
    exchange_seconds: float = 60.0  # one wall clock from the first lookup to the last byte
    max_body: int = 20_000_000  # bytes, content coding kept; of one response, and of all hops of one page together
    max_held: int = 256_000_000  # bytes of all answers on their way together; a hundred of `max_body` would be 2 GB
    max_head: int = 64 * 1024  # bytes of all heads of one response
    max_fields: int = 256  # in all heads of one response
    min_rate: int = 1000  # bytes a second, on average since the answer's first byte, once it has taken `grace_seconds`
    grace_seconds: float = _GRACE
    ports: tuple[int, ...] = (80, 443)
    allow_private: tuple[IPNetwork, ...] = ()
    pins: tuple[Pin, ...] = ()
    ca_file: Path | None = None  # PEM, trusted beside the system's
    proxy: Proxy | None = None
    secrets: tuple[Secret, ...] = ()  # for ${NAME} in URLs
    shards: int = 256  # pools; httpcore asks every connection of a pool whether it is still open, at every request


class Enough(Exception):
    """The body has reached its cap: stop reading, keep what came."""


class Held:
    """What all exchanges on their way hold together, so that many large answers at once stay within bounds."""

    def __init__(self, most: int) -> None:
        """most: bytes."""
        self._most = most
        self._of: dict[Tap, int] = {}  # bytes
        self.total = 0  # bytes

    def take(self, tap: "Tap", count: int) -> None:
        """So many bytes more came. When it is too much, whoever holds the most is cut: a page is small beside it."""
        self._of[tap] = self._of.get(tap, 0) + count
        self.total += count
        while self.total > self._most and self._of:
            largest = max(self._of, key=self._of.__getitem__)
            self.drop(largest)
            largest.crowd_out()

    def drop(self, tap: "Tap") -> None:
        """It holds nothing any more, or is about to."""
        self.total -= self._of.pop(tap, 0)


class Foreign(Exception):
    """The kept connection leads to a private address that this exchange may not reach."""


# What the source at hand may reach although it is not public, beside what the settings allow: set around a visit to it
# or to what it announced.
also_allowed: ContextVar[tuple[IPNetwork, ...]] = ContextVar("also_allowed", default=())


class Tap:
    """What one exchange sent and received; it starts again when it moves to another connection."""

    def __init__(self, url: str, settings: NetworkSettings, held: Held, *, room: int | None = None) -> None:
        """held: where it says what it holds; room: bytes of body that are taken, when the settings allow more."""
        self.url = url
        self.most = settings.max_body if room is None else max(0, min(room, settings.max_body))
        self.stream: Stream | None = None
        self.reused = False  # the connection had carried an exchange before
        self.cut: Truncation | None = None  # why reading ended before the response did
        self.slow = False  # it was cut because it came too slowly
        self.crowded = False  # it was cut because all of them came to too much, and it to the most
        self.end: Callable[[], object] = _nothing  # ends it now, from outside
        self._held = held
        self._settings = settings
        self._restart()

    def _restart(self) -> None:
        self._held.drop(self)
        self.sent = bytearray()
        self.reading = Reading()
        self.received = 0  # bytes
        self.closed = False  # the server ended the connection in order
        self.answered_at: float | None = None  # time.monotonic, of the answer's first byte
        self.started_at = datetime.now(UTC)
        self.first = self.last = time.monotonic()

    @property
    def stale(self) -> bool:
        """A kept connection turned out to be closed: nothing was answered, so asking once more is safe."""
        return self.cut == "disconnect" and self.reused and not self.received

    def patience_ends(self) -> float:
        """When, by time.monotonic, what has come by now is slower than the rate that is asked for."""
        if self.answered_at is None:
            return time.monotonic() + self._settings.grace_seconds
        return self.answered_at + max(self._settings.grace_seconds, self.received / self._settings.min_rate)

    def send(self, stream: "Stream", piece: bytes) -> None:
        """Takes bytes that go out on a connection. Raises Foreign when they may not go out on this one."""
        if stream is not self.stream:
            if stream.used and not stream.is_allowed(self._settings.allow_private):
                raise Foreign
            self.stream, self.reused, stream.used = stream, stream.used, True
            self._restart()
        self.sent += piece

    def receive(self, stream: "Stream", piece: bytes) -> None:
        """Takes bytes that came in. Raises FetchError for what is no answer, Enough when the body is too large."""
        if self.crowded:
            raise Enough
        self.received += len(piece)
        self._held.take(self, len(piece))
        self.closed = not piece
        self.last = time.monotonic()
        if self.answered_at is None and piece:
            self.answered_at = self.last
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
        if len(body.payload) > self.most or self.received > most_on_wire:
            raise Enough

    def _check_heads(self) -> None:
        if len(self.reading.interim) > _MAX_INTERIM:
            raise FetchError(self.url, "protocol", f"the server sent more than {_MAX_INTERIM} interim (1xx) responses")
        if self.reading.field_count > (most := self._settings.max_fields):
            message = f"the response has more than {most} header fields; if it should have, raise network.max_fields"
            raise FetchError(self.url, "too-many-fields", message)
        if self.reading.head_length > (most := self._settings.max_head):
            message = f"the response head is larger than {most} bytes; if it should be, raise network.max_head"
            raise FetchError(self.url, "head-too-large", message)

    def crowd_out(self) -> None:
        """Cut it here, as by its own cap."""
        self.crowded = True
        self.end()

    def forget(self) -> None:
        """Lets go of the bytes: a timer that was cancelled holds its context, and so the tap, until its time comes."""
        self.sent, self.reading = bytearray(), Reading()

    async def release(self) -> None:
        """Lets go of the connection: closes it when httpcore wanted that, or when it cannot be used again."""
        self._held.drop(self)
        self.end = _nothing
        if self.stream is None:
            return
        self.stream.spoiled |= not self.reading.ended
        if self.stream.closing:
            await self.stream.aclose()


def _nothing() -> None:
    """What ends an exchange that has ended."""


current: ContextVar[Tap] = ContextVar("exchange")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a connection leads."""

    ip: str  # that was dialled, or that the proxy was told to
    is_private: bool  # reached by permission, not because it is public or pinned
    proxy: str | None = None  # HOST:PORT


class Stream(httpcore.AsyncNetworkStream):
    """A connection that tells the current exchange what passes."""

    def __init__(self, inner: httpcore.AsyncNetworkStream, route: Route) -> None:
        self._inner = inner
        self.route = route
        self.used = False
        self.spoiled = False  # not fit for another exchange
        self.closing = False  # httpcore is done with it
        self.notes = (*_route_notes(route), *_tls_notes(inner.get_extra_info("ssl_object")))

    def is_allowed(self, networks: tuple[IPNetwork, ...]) -> bool:
        """Whether the exchange at hand may use it: anyone may when it leads to a public address or a pinned one."""
        if not self.route.is_private:
            return True
        return is_allowed(self.route.ip, (*networks, *also_allowed.get()))

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            piece = await self._inner.read(max_bytes, timeout)
        except OSError as error:  # a TLS alert in the middle of a response
            raise httpcore.ReadError(str(error)) from error
        current.get().receive(self, piece)
        return piece

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        current.get().send(self, buffer)
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        tap = current.get(None)
        if tap is not None and tap.stream is self:
            self.closing = True  # what h11 rejects may still be read to its end; `release` closes
        else:
            await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "Stream":
        name = server_hostname.rstrip(".") if server_hostname else None  # RFC 6066, 3: without the trailing dot
        try:
            async with AsyncExitStack() as when_it_fails:  # or is cancelled, which nobody below cleans up after
                when_it_fails.push_async_callback(self._inner.aclose)
                stream = Stream(await self._inner.start_tls(ssl_context, name, timeout), self.route)
                when_it_fails.pop_all()
                return stream
        except (httpcore.ConnectError, httpcore.ConnectTimeout, OSError, ValueError) as error:
            message = f"no secure connection to {name} ({self.route.ip}): {why(error)}; {_TLS_ADVICE}"
            raise FetchError(current.get().url, "tls", message) from error

    def get_extra_info(self, info: str) -> Any:
        return (info == "is_readable" and self.spoiled) or self._inner.get_extra_info(info)


def _route_notes(route: Route) -> Iterator[tuple[str, str]]:
    if route.proxy:
        yield "through-proxy", route.proxy


def _tls_notes(tls: ssl.SSLObject | None) -> Iterator[tuple[str, str]]:
    if tls is None:
        return
    yield "tls-version", tls.version() or "unknown"
    if certificate := tls.getpeercert(binary_form=True):
        yield "certificate-sha256", hashlib.sha256(certificate).hexdigest()


def why(error: BaseException) -> str:
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
