"""The door to the network: one request over HTTP/1.1, its bytes kept as they stood on the wire.

httpx asks; below it lie our own pools (scraper.dial: whom we may reach; scraper.tap: what passed). One pool alone goes
quadratic past a hundred requests in flight, so there are many, one picked by host.
"""

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import certifi
import httpcore
import httpx

from archive.heads import archived_head
from archive.records import Exchange
from scraper.dial import Backend
from scraper.errors import ConfigError, FetchError, Refused
from scraper.secrets import Secrets
from scraper.tap import Enough, Foreign, Held, NetworkSettings, Tap, current, why
from scraper.urls import host
from scraper.wire import ends_early

_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_READ = 64 * 1024  # bytes asked of a socket at a time
_KEEP_ALIVE = 15.0  # seconds; above the default delay between visits, below most servers' patience
_KEEP_PER_SHARD = 8
_INFLATED = 64_000_000  # bytes of a body that are looked at for its end; no reader takes more
_CODED_HERE = 256 * 1024  # bytes of a coded body; a larger one is inflated in a thread
_MEMBER = b"\x1f\x8b"  # how one begins
_MEMBERS_HERE = 100  # of a gzip body, 10 µs each
_INFLATED_HERE = 1_000_000  # bytes, 2 ms; what unpacks to more is inflated in a thread
_PLAIN = re.compile(r"https?://[^/?#@]+/[^#]*")  # nothing to leave out, and no path to fill in
_USERINFO = re.compile(r"//[^/?#]*@")
_HOST = re.compile(rb"[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]+")  # on a host with any other sign in it URL parsers disagree
_SECRETS = re.compile(rb"(?im)^((?:proxy-)?authorization|cookie):[^\r\n]*")


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

    def __init__(self, backend: Backend, context: ssl.SSLContext, shards: int) -> None:
        self._pools = [_pool(backend, context, keep=_KEEP_PER_SHARD) for _ in range(shards)]
        self._fresh = _pool(backend, context, keep=0)  # for what must not meet a used connection

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        fresh = request.extensions.get("fresh", False)
        pool = self._fresh if fresh else self._pools[hash(request.url.raw_host) % len(self._pools)]
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


def _pool(backend: Backend, context: ssl.SSLContext, *, keep: int) -> httpcore.AsyncConnectionPool:
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
        self.secrets = Secrets(settings.secrets)
        self._backend = Backend(settings)
        self._held = Held(settings.max_held)
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

    async def address(self, url: str) -> str | None:
        """The address that the URL's host would be dialled at; None when its name cannot be resolved."""
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return await self._backend.address(parts.hostname or "", port, self._settings.connect_seconds)

    async def exchange(
        self,
        url: str,
        headers: Sequence[tuple[str, str]] = (),
        *,
        seconds: float | None = None,
        room: int | None = None,
    ) -> Exchange:
        """One GET and what came of it: no redirect followed, no cookie, the bytes as they stood on the wire.

        headers: names and values to send besides our own, in latin-1.  seconds, room: a deadline and a cap on the body
        (bytes) that are less than the settings'.
        Raises FetchError when no whole head came (its reason: "url", "dns", "connect", "tls", "timeout",
        "too-slow", "disconnect", "protocol", "head-too-large", "too-many-fields", "proxy"), Refused when nothing may be
        sent ("scheme", "port", "private-address").
        """
        patience = self._patience(seconds)
        deadline = asyncio.get_running_loop().time() + patience
        request = self._request("GET", _asked(url), headers)
        tap = await self._attempt(request, deadline, room)
        if tap.stale:
            request.extensions["fresh"] = True
            tap = await self._attempt(request, deadline, room)
        return await self._answered(tap, patience)

    async def post(
        self, url: str, body: bytes, headers: Sequence[tuple[str, str]], *, seconds: float | None = None
    ) -> Exchange:
        """As `exchange`, one POST: for whoever we ask for something, never for a page.

        On a connection of its own, for what was sent once may not be sent again. Raises as `exchange`.
        """
        patience = self._patience(seconds)
        request = self._request("POST", _asked(url), headers, body)
        request.extensions["fresh"] = True
        tap = await self._attempt(request, asyncio.get_running_loop().time() + patience)
        return await self._answered(tap, patience)

    async def _answered(self, tap: Tap, patience: float) -> Exchange:
        """What the tap has, once it is known whether a content coding of the body breaks off."""
        if tap.reading.head is None:
            raise self._no_answer(tap, patience)
        exchange = self._exchange(tap)
        tap.forget()
        if exchange.truncated or not exchange.body:
            return exchange
        if not await _ends_early(exchange):
            return exchange
        notes = (*exchange.notes, ("coding-fault", "the content coding breaks off"))
        return replace(exchange, truncated="disconnect", notes=notes)

    def _patience(self, seconds: float | None) -> float:
        longest = self._settings.exchange_seconds
        return longest if seconds is None else min(seconds, longest)

    def _request(
        self, method: str, url: httpx.URL, headers: Sequence[tuple[str, str]], body: bytes | None = None
    ) -> httpx.Request:
        ours = (("User-Agent", self._settings.user_agent), ("Accept", _ACCEPT), ("Accept-Encoding", "gzip"))
        return httpx.Request(
            method,
            url,
            content=body,
            headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in (*ours, *headers)],
            extensions={"timeout": {"connect": self._settings.connect_seconds}, **self.secrets.target(str(url))},
        )

    @property
    def max_body(self) -> int:
        """Bytes that are taken of the bodies of one page, its hops together."""
        return self._settings.max_body

    async def _attempt(self, request: httpx.Request, deadline: float, room: int | None = None) -> Tap:
        """What passed on one connection, however far it got."""
        tap = Tap(str(request.url), self._settings, self._held, room=room)
        token = current.set(tap)
        try:
            async with asyncio.timeout_at(deadline) as clock:
                tap.end = partial(_end_now, clock)
                await self._at_a_rate(request, tap, clock)
        except TimeoutError:
            tap.cut = "length" if tap.crowded else "time"
        except Foreign:
            tap.cut, tap.reused = "disconnect", True  # nothing was asked on it, so another connection may be
        except Enough:
            tap.cut = "length"
        except (httpcore.NetworkError, httpcore.RemoteProtocolError):
            tap.cut = "disconnect"
        except httpcore.LocalProtocolError as error:
            raise FetchError(tap.url, "protocol", f"the request cannot be written: {error}") from error
        finally:
            current.reset(token)
            await tap.release()
        return tap

    async def _at_a_rate(self, request: httpx.Request, tap: Tap, clock: asyncio.Timeout) -> None:
        watch = _Watch(tap, clock) if self._settings.min_rate else None
        try:
            await self._converse(request, tap)
        finally:
            if watch:
                watch.stop()

    async def _converse(self, request: httpx.Request, tap: Tap) -> None:
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

    def _exchange(self, tap: Tap) -> Exchange:
        is_too_long = tap.reading.cut(tap.most)
        response = tap.reading.response(closed=tap.closed)
        truncated = None if response.complete else tap.cut or "disconnect"
        return Exchange(
            url=tap.url,
            started_at=tap.started_at,
            seconds=tap.last - tap.first,
            request_head=self.secrets.taken_out(_SECRETS.sub(rb"\1:", bytes(tap.sent))),
            response_head=archived_head(self.secrets.heard(response.head)),
            body=response.body,
            ip=tap.stream.route.ip if tap.stream else None,
            truncated="length" if is_too_long else truncated,
            notes=(
                *self.secrets.notes(response.notes),
                *self._slowness(tap),
                *self._crowd(tap),
                *(tap.stream.notes if tap.stream else ()),
            ),
        )

    def _slowness(self, tap: Tap) -> Iterator[tuple[str, str]]:
        if tap.slow:
            yield "slower-than", f"{self._settings.min_rate} bytes a second"

    def _crowd(self, tap: Tap) -> Iterator[tuple[str, str]]:
        if tap.crowded and tap.cut == "length":
            yield "held", f"more than {self._settings.max_held} bytes of all answers together, this one the largest"

    def _no_answer(self, tap: Tap, seconds: float) -> FetchError:
        if tap.slow:
            how = f"the response head came slower than {self._settings.min_rate} bytes a second"
            return FetchError(tap.url, "too-slow", f"{how}; try again later, or lower network.min_rate")
        if tap.cut == "time":
            message = f"no answer within {seconds:g} s; the server or the way to it is slow"
            return FetchError(tap.url, "timeout", message)
        if tap.received:
            message = f"the connection broke after {tap.received} bytes, within the response head; try again later"
        else:
            message = "the server closed the connection without an answer; try again later"
        return FetchError(tap.url, "disconnect", message)


async def _ends_early(exchange: Exchange) -> bool:
    """Whether its content coding breaks off; of what unpacks to much, found in a thread."""
    look = partial(ends_early, exchange.response_head, exchange.body)
    is_light = len(exchange.body) <= _CODED_HERE and exchange.body.count(_MEMBER) <= _MEMBERS_HERE
    early = look(limit=_INFLATED_HERE) if is_light else None
    return bool(early if early is not None else await asyncio.to_thread(look, limit=_INFLATED))


class _Watch:
    """Ends an exchange whose answer comes too slowly, however far its deadline may be."""

    def __init__(self, tap: Tap, clock: asyncio.Timeout) -> None:
        self._tap = tap
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._look()

    def _look(self) -> None:
        wait = self._tap.patience_ends() - time.monotonic()
        self._timer = self._loop.call_later(max(wait, 0), self._look if wait > 0 else self._end)

    def _end(self) -> None:
        if not self._clock.expired():
            self._tap.slow = True
            _end_now(self._clock)

    def stop(self) -> None:
        """The exchange is over."""
        self._timer.cancel()


def _end_now(clock: asyncio.Timeout) -> None:
    if not clock.expired():
        clock.reschedule(asyncio.get_running_loop().time())


def as_asked(url: str) -> str:
    """The URL as it goes on the wire: host in punycode, the rest percent-encoded, no fragment, no credentials.

    Raises FetchError (reason "url") when it is none, Refused ("scheme") when it is not http or https.
    """
    return str(_asked(url))


@lru_cache(maxsize=4_096)
def _asked(url: str) -> httpx.URL:
    shown = _USERINFO.sub("//", url)  # what an error says ends in logs and records
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(shown, "url", f"this is no URL ({error}); write it as https://host/path") from error
    if parsed.scheme not in ("http", "https"):
        what = parsed.scheme or "a URL without a scheme"
        raise Refused(shown, "scheme", f"only http and https are fetched, not {what}")
    if not parsed.raw_host:
        raise FetchError(shown, "url", "this URL names no host; write it as https://host/path")
    if parsed.port is not None and not 0 < parsed.port < 65536:
        raise FetchError(shown, "url", f"there is no port {parsed.port}; ports go from 1 to 65535")
    if str(parsed) != url or not _PLAIN.fullmatch(url):  # else it would cost as much again to change nothing
        parsed = parsed.copy_with(userinfo=b"", fragment=None, raw_path=parsed.raw_path)
    try:
        known_as, _ = host(str(parsed)), parsed.host  # httpx decodes punycode, and makes no request of what it cannot
    except ValueError as error:
        raise FetchError(shown, "url", f"no host can be asked at this URL ({error})") from error
    if not _HOST.fullmatch(parsed.raw_host):
        message = f"its host reads {known_as} to others; write that in letters, digits, dots and dashes alone"
        raise FetchError(shown, "url", message)
    return parsed


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """One context for all pools (each costs 50 ms): the authorities of certifi, the system and the operator."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:
            raise ConfigError(str(ca_file), f"cannot be read as certificates in PEM: {why(error)}") from error
    return context
