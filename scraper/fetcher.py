"""One page from the network, redirects followed hop by hop, each hop an exchange of its own."""

import re
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from urllib.parse import urljoin, urlsplit

from archive.heads import field, status_of
from archive.records import Exchange, Page, Validators
from scraper.errors import FetchError, Refused
from scraper.network import Network, as_asked
from scraper.secrets import why_not, written

Gate = Callable[[str], AbstractAsyncContextManager[Callable[[Exchange], object] | None]]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)  # "news.example:8080" begins with a host
_LONGEST_VALIDATOR = 1024  # characters; a longer one is no validator but a way to make us carry something


class Fetcher:
    """Fetches pages through one Network.

    gate: entered around each hop's exchange with its URL; robots.txt and the host's slot are looked after there, and
    it may raise Refused. What is waited in it does not count against `page_seconds`. What it gives is called with the
    exchange, before it is left.
    """

    def __init__(self, network: Network, *, gate: Gate, page_seconds: float = 90.0, max_redirects: int = 10) -> None:
        self._network = network
        self._gate = gate
        self._page_seconds = page_seconds  # over all hops of one page, together
        self._max_redirects = max_redirects

    async def page(self, url: str, *, validators: Callable[[str], Validators | None]) -> Page:
        """What a URL leads to, asked with the validators known for each hop's URL (of captures that hold a payload).

        Raises FetchError when a hop has no answer or leads nowhere, Refused when a hop may not be asked; in both
        `exchanges` holds the hops that were answered before. Its reasons: those of Network.exchange, and "redirects".
        """
        hops: list[Exchange] = []
        left = self._page_seconds
        at: str | None = as_asked(url)
        try:
            while at is not None:
                self._check_chain(at, hops, left)
                async with self._gate(at) as tell:
                    began = time.monotonic()
                    room = self._network.max_body - sum(len(hop.body) for hop in hops)
                    conditions = _conditions(validators(at))
                    hops.append(await self._network.exchange(at, conditions, seconds=left, room=room))
                    left -= time.monotonic() - began
                    if tell:
                        tell(hops[-1])
                at = _next_hop(hops[-1])
        except FetchError as error:
            error.exchanges = tuple(hops)
            raise
        return Page(exchanges=tuple(hops))

    def _check_chain(self, url: str, hops: Sequence[Exchange], left: float) -> None:
        if any(hop.url == url for hop in hops):
            raise FetchError(url, "redirects", "this URL redirects to itself in the end; it may insist on a cookie")
        if len(hops) > self._max_redirects:
            raise FetchError(url, "redirects", f"more than {self._max_redirects} redirects; open {hops[0].url} by hand")
        if left <= 0:
            raise FetchError(
                url, "timeout", f"its redirects took longer than {self._page_seconds:g} s; try again later"
            )


def check_url(url: str) -> str:
    """The URL to fetch for what somebody typed: https:// is put before a bare host, the rest is made fit for the wire.

    Raises FetchError (reason "url") that says what to write instead, Refused ("scheme") when it is not http or https.
    """
    typed = url.strip()
    if not typed or re.search(r"\s", typed):
        raise FetchError(url, "url", "this is no URL; write it as https://host/path, a space in it as %20")
    if why := why_not(typed):
        raise FetchError(url, "url", why)
    if _SCHEME.match(typed):
        return written(as_asked(typed))
    asked = written(as_asked(f"https://{typed.removeprefix('//')}"))
    host = urlsplit(asked).hostname or ""
    if host != "localhost" and not {".", ":"} & set(host):
        raise FetchError(url, "url", "this is no URL; write it as https://host/path")
    return asked


def _next_hop(exchange: Exchange) -> str | None:
    """Where the answer sends us; None when it is the last one."""
    location = field(exchange.response_head, "location")
    if status_of(exchange.response_head) not in _REDIRECTS or not location:
        return None
    try:
        return as_asked(urljoin(exchange.url, _as_utf8(location)))
    except Refused:
        raise
    except (FetchError, ValueError) as error:
        raise FetchError(exchange.url, "redirects", f"redirects to {location[:200]!r}, which is no URL") from error


def _as_utf8(location: str) -> str:
    """Servers that leave Location unescaped mean UTF-8, as browsers take it; heads are read as latin-1."""
    try:
        return location.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return location


def _conditions(validators: Validators | None) -> list[tuple[str, str]]:
    """The header fields that make a request conditional.  Source: RFC 9110, 13.1."""
    if validators is None:
        return []
    pairs = (("If-None-Match", validators.etag), ("If-Modified-Since", validators.last_modified))
    return [(name, value) for name, value in pairs if value and _is_sendable(value)]


def _is_sendable(value: str) -> bool:
    """A server's validator comes back in our request: nothing in it may end a line."""
    return len(value) <= _LONGEST_VALIDATOR and not re.search(r"[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]", value)
