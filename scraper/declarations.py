"""What sites declare for all their pages, /.well-known/tdmrep.json: asked for once a day, as politely as a page."""

import asyncio
from collections import OrderedDict
from datetime import UTC, datetime, timedelta

from archive.heads import status_of
from archive.records import Exchange
from scraper.errors import FetchError, NoRoom
from scraper.fetcher import Fetcher
from scraper.gate import Gate, Memory
from scraper.network import Network
from scraper.tdmrep import LARGEST, Rule, read_tdmrep, reserved_at, tdmrep_url
from scraper.wire import decoded

_FRESH = timedelta(hours=24)  # also of a file that is not there, and of a host that does not answer
_MOST = 10_000  # origins


class Declarations:
    """The files of the origins that were visited. A site that answers anything else, or nothing, declares nothing."""

    def __init__(self, network: Network, gate: Gate, memory: Memory, *, page_seconds: float = 90.0) -> None:
        """page_seconds: the longest that one file may take, its redirects together."""
        self._memory = memory
        self._fetcher = Fetcher(network, gate=gate, page_seconds=page_seconds, max_redirects=5)
        self._rules: OrderedDict[str, tuple[tuple[Rule, ...], datetime]] = OrderedDict()
        self._asking: dict[str, asyncio.Lock] = {}

    async def look(self, url: str) -> None:
        """Ask for the file that speaks for `url`, unless that was done within a day: as a part of the visit at hand."""
        place = tdmrep_url(url)
        async with self._asking.setdefault(place, asyncio.Lock()):
            known = self._rules.get(place)
            if known is None or known[1] <= _now():
                self._rules[place] = await self._ask(place), _now() + _FRESH
                self._rules.move_to_end(place)
        self._asking.pop(place, None)
        while len(self._rules) > _MOST:
            self._rules.popitem(last=False)

    def reserved_at(self, url: str) -> tuple[str, ...]:
        """What the site reserves at `url`, as far as it was asked."""
        known = self._rules.get(tdmrep_url(url))
        return reserved_at(known[0], url) if known else ()

    async def _ask(self, place: str) -> tuple[Rule, ...]:
        try:
            page = await self._fetcher.page(place, validators=self._memory.validators)
        except NoRoom:  # nobody was asked
            return ()
        except FetchError as error:
            await self._memory.keep(place, error)
            return ()
        await self._memory.keep(place, page)
        return await self._read(place, page.answer)

    async def _read(self, place: str, answer: Exchange) -> tuple[Rule, ...]:
        status = status_of(answer.response_head)
        if status == 304:
            return read_tdmrep(await self._memory.last_good(place, answer.url) or b"", place)
        if status != 200 or answer.truncated:
            return ()
        try:
            return read_tdmrep(decoded(answer.response_head, answer.body, limit=LARGEST, url=place), place)
        except FetchError:
            return ()


def _now() -> datetime:
    return datetime.now(UTC)
