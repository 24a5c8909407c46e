"""Time stamps of the ledger, asked for through our own door, and asked for again when none came."""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from archive import ledger, stamps
from archive.errors import StampFailed
from archive.heads import status_of
from archive.records import Exchange
from archive.stamps import Authority
from scraper.errors import FetchError
from scraper.network import Network
from scraper.wire import decoded

_LARGEST = 64 * 1024  # bytes of an answer; a token with its certificates has 3 to 8 kB
_AGAIN = timedelta(minutes=10)  # after a failure, doubled with each that follows
_AGAIN_AT_MOST = timedelta(days=1)
_LOOK = timedelta(hours=1)  # for a new entry, and whether a calendar has come to its block

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking every authority."""

    made: tuple[str, ...]  # paths of stamps that are new, or whole now
    failed: tuple[StampFailed, ...]


def wait(failures: int) -> timedelta:
    """How long to leave the authorities alone after so many runs in a row in which one failed; 0: none did."""
    return min(_AGAIN * 2 ** min(failures - 1, 10), _AGAIN_AT_MOST) if failures else _LOOK


class Stamping:
    """Who is asked, and when again. Made and used inside one running event loop."""

    def __init__(self, network: Network, root: Path, authorities: Sequence[Authority]) -> None:
        self._network = network
        self._root = root
        self._authorities = tuple(authorities)
        self._failures = 0
        self._due: datetime | None = None

    async def when_due(self, now: datetime) -> Asked:
        """As `once`, when it is time; else nothing came."""
        if not self._authorities or (self._due and now < self._due):
            return Asked((), ())
        asked = await self.once()
        self._failures = self._failures + 1 if asked.failed else 0
        self._due = now + wait(self._failures)
        return asked

    def soon(self) -> None:
        """There is a new entry: ask at the next occasion."""
        self._due = None

    async def once(self) -> Asked:
        """Stamp the newest entry, and take what calendars have for earlier ones; on a thread, the waiting on our loop.

        Raises WriteFailed or ReadOnly when a stamp that came cannot be written, Damaged for an entry that is none.
        """
        loop = asyncio.get_running_loop()

        def waited(asking: Coroutine[Any, Any, T]) -> T:
            return asyncio.run_coroutine_threadsafe(asking, loop).result()

        def post(url: str, body: bytes, media_type: str) -> bytes:
            return waited(self._post(url, body, media_type))

        def get(url: str) -> bytes | None:
            return waited(self._get(url))

        return await asyncio.to_thread(_ask, self._root, self._authorities, post, get)

    async def _post(self, url: str, body: bytes, media_type: str) -> bytes:
        exchange = await _answer(url, self._network.post(url, body, [("Content-Type", media_type)]))
        return _body(url, exchange)

    async def _get(self, url: str) -> bytes | None:
        exchange = await _answer(url, self._network.exchange(url))
        return None if status_of(exchange.response_head) == 404 else _body(url, exchange)


def _ask(root: Path, authorities: Sequence[Authority], post: stamps.Post, get: stamps.Get) -> Asked:
    # In this order, or a calendar would be asked for the block of a promise that it has just made.
    answers = [*stamps.upgrade(root, get=get), *_stamped(root, authorities, post)]
    return Asked(
        tuple(each for each in answers if isinstance(each, str)),
        tuple(each for each in answers if isinstance(each, StampFailed)),
    )


def _stamped(root: Path, authorities: Sequence[Authority], post: stamps.Post) -> Iterator[str | StampFailed | None]:
    entry = ledger.newest(root)
    if entry is None:
        return
    for authority in authorities:
        try:
            yield stamps.stamp(root, entry, authority, post=post)
        except StampFailed as failure:
            yield failure


async def _answer(url: str, asking: Coroutine[Any, Any, Exchange]) -> Exchange:
    try:
        return await asking
    except FetchError as error:
        raise StampFailed(url, error.message) from error


def _body(url: str, exchange: Exchange) -> bytes:
    """The body of a whole answer that says 200."""
    status = status_of(exchange.response_head)
    if status != 200:
        raise StampFailed(url, f"answered {status} and no time stamp; look at archive.stamps in the settings")
    if exchange.truncated:
        raise StampFailed(url, f"the answer is cut short ({exchange.truncated}); asked again later")
    try:
        return decoded(exchange.response_head, exchange.body, limit=_LARGEST, url=url)
    except FetchError as error:
        raise StampFailed(url, error.message) from error


async def stamped_once(network: Network, root: Path, authorities: Sequence[Authority]) -> Asked:
    """One run over all authorities; the network is closed behind it."""
    async with network:
        return await Stamping(network, root, authorities).once()
