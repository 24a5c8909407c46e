"""A page that was the end of its worker is read again by simpler means, rather than lost.

The rungs are the extractor's, and a page that ends no worker never leaves the first: the same bytes give the same text.
Only here may time decide, for on a busy machine a page that takes seconds may run out of them: so a text that was made
further down says after what, and is compared as one of another extractor.

A site whose pages end workers one after the other would keep all of them busy: its next pages begin at the last rung.
"""

import functools
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from archive.records import Article
from scraper.errors import ExtractError
from scraper.extract import TOP, understand
from scraper.handing import Handed
from scraper.workers import Workers, site_of

# Rung, and its share of the time that a page may take; the rest goes into starting workers.
STEPS: Final = ((TOP, 0.4), ("trafilatura-fast", 0.1), ("lexbor", 0.1), ("plain", 0.15))
MOST_DEATHS: Final = 3  # pages of a site, in a row, that ended a worker; its next ones begin at the last rung
AFTER_OTHERS: Final = "site-deaths"  # what is said of a text that was made there
_KILLED: Final = ("parser-timeout", "parser-memory", "parser-crash")  # ends of a page that ended its worker, too
_FAILED: Final = (*_KILLED, "parser-error")
_MOST_SITES = 10_000  # that are remembered


class Deaths:
    """How many pages in a row of each site have ended a worker, lately."""

    def __init__(self) -> None:
        self._times: OrderedDict[str, int] = OrderedDict()  # by site

    def are_many(self, url: str) -> bool:
        """Whether the next page of the URL's site begins at the last rung."""
        return self._times.get(site_of(url), 0) >= MOST_DEATHS

    def add(self, url: str, *, killed: bool) -> None:
        """One more page. One that comes through at the last rung earns the next one a look from the top, no more.

        Else of four bad pages in a row three would have all the time of the ladder.
        """
        site = site_of(url)
        before = self._times.pop(site, 0)
        after = min(before + 1, MOST_DEATHS) if killed else (before >= MOST_DEATHS) * (MOST_DEATHS - 1)
        if after:
            self._times[site] = after
        if len(self._times) > _MOST_SITES:
            self._times.popitem(last=False)


async def article_of(
    workers: Workers,
    head: bytes,
    body: bytes,
    url: str,
    *,
    site: Handed | None = None,
    deaths: Deaths | None = None,
) -> Article:
    """The article in a response, by the first rung that comes back alive.

    site: what was learned of its site, for every rung.
    deaths: of pages before this one, where others wait for the workers; without, each page begins at the top.
    Raises what `scraper.extract.understand` raises; ExtractError with the first rung's end, when none does.
    """
    deaths = deaths or Deaths()
    is_late = deaths.are_many(url)
    ends: list[ExtractError] = []
    try:
        article = await _climbed_down(workers, (head, body, url), STEPS[-1:] if is_late else STEPS, ends, site)
    finally:
        if not any(end.reason == "stopped" for end in ends):
            deaths.add(url, killed=any(end.reason in _KILLED for end in ends))
    after = AFTER_OTHERS if is_late else ends[0].reason if ends else None
    return replace(article, extractor={**article.extractor, "after": after}) if after else article


async def _climbed_down(
    workers: Workers,
    page: tuple[bytes, bytes, str],
    steps: Sequence[tuple[str, float]],
    ends: list[ExtractError],
    site: Handed | None,
) -> Article:
    """The article by the first of these rungs that comes back alive; how the others ended is added to `ends`."""
    known: dict[str, Any] = {"site": site} if site else {}  # it arrives as a Site
    for rung, share in steps:
        try:
            return await workers.think(functools.partial(understand, start=rung, **known), *page, share=share)
        except ExtractError as error:
            ends.append(error)
            if error.reason not in _FAILED:
                raise
    raise ends[0]
