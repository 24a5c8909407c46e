"""The door to the network: one request over HTTP/1.1, its bytes kept as they stood on the wire.

httpx asks; below it lie our own pools (scraper.dial: whom we may reach; scraper.tap: what passed). One pool alone goes
quadratic past a hundred requests in flight, so there are many, one picked by host.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import certifi
import httpcore
import httpx

from archive.heads import archived_head
from archive.records import Exchange
from scraper.dial import Backend
from scraper.errors import ConfigError, FetchError, Refused
from scraper.tap import Enough, NetworkSettings, Tap, current, why

_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_READ = 64 * 1024  # bytes asked of a socket at a time
_KEEP_ALIVE = 15.0  # seconds; above the default delay between visits, below most servers' patience
_KEEP_PER_SHARD = 8
_USERINFO = re.compile(r"//[^/?#]*@")
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
        self._backend = Backend(settings)
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
        patience = self._patience(seconds)
        deadline = asyncio.get_running_loop().time() + patience
        request = self._request("GET", as_asked(url), headers)
        tap = await self._attempt(request, deadline)
        if tap.stale:
            request.extensions["fresh"] = True
            tap = await self._attempt(request, deadline)
        if tap.reading.head is None:
            raise _no_answer(tap, patience)
        return self._exchange(tap)

    async def post(
        self, url: str, body: bytes, headers: Sequence[tuple[str, str]], *, seconds: float | None = None
    ) -> Exchange:
        """As `exchange`, one POST: for whoever we ask for something, never for a page.

        On a connection of its own, for what was sent once may not be sent again. Raises as `exchange`.
        """
        patience = self._patience(seconds)
        request = self._request("POST", as_asked(url), headers, body)
        request.extensions["fresh"] = True
        tap = await self._attempt(request, asyncio.get_running_loop().time() + patience)
        if tap.reading.head is None:
            raise _no_answer(tap, patience)
        return self._exchange(tap)

    def _patience(self, seconds: float | None) -> float:
        longest = self._settings.exchange_seconds
        return longest if seconds is None else min(seconds, longest)

    def _request(
        self, method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes | None = None
    ) -> httpx.Request:
        ours = (("User-Agent", self._settings.user_agent), ("Accept", _ACCEPT), ("Accept-Encoding", "gzip"))
        return httpx.Request(
            method,
            url,
            content=body,
            headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in (*ours, *headers)],
            extensions={"timeout": {"connect": self._settings.connect_seconds}},
        )

    async def _attempt(self, request: httpx.Request, deadline: float) -> Tap:
        """What passed on one connection, however far it got."""
        tap = Tap(str(request.url), self._settings)
        token = current.set(tap)
        try:
            async with asyncio.timeout_at(deadline):
                await self._converse(request, tap)
        except TimeoutError:
            tap.cut = "time"
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


@lru_cache(maxsize=4_096)
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
            raise ConfigError(str(ca_file), f"cannot be read as certificates in PEM: {why(error)}") from error
    return context


def _no_answer(tap: Tap, seconds: float) -> FetchError:
    if tap.cut == "time":
        return FetchError(tap.url, "timeout", f"no answer within {seconds:g} s; the server or the way to it is slow")
    if tap.received:
        message = f"the connection broke after {tap.received} bytes, within the response head; try again later"
    else:
        message = "the server closed the connection without an answer; try again later"
    return FetchError(tap.url, "disconnect", message)
