"""A page that was the end of its worker is read again by simpler means, rather than lost.

The rungs are the extractor's, and a page that ends no worker never leaves the first: the same bytes give the same text.
Only here may time decide, for on a busy machine a page that takes seconds may run out of them: so a text that was made
further down says after what, and is compared as one of another extractor.
"""

import functools
from dataclasses import replace
from typing import Final

from archive.records import Article
from scraper.errors import ExtractError
from scraper.extract import TOP, understand
from scraper.workers import Workers

# Rung, and its share of the time that a page may take; the rest goes into starting workers.
STEPS: Final = ((TOP, 0.4), ("trafilatura-fast", 0.1), ("lexbor", 0.1), ("plain", 0.15))
_DEATHS: Final = ("parser-timeout", "parser-memory", "parser-crash", "parser-error")


async def article_of(workers: Workers, head: bytes, body: bytes, url: str) -> Article:
    """The article in a response, by the first rung that comes back alive.

    Raises what `scraper.extract.understand` raises; ExtractError with the first rung's end, when none does.
    """
    end: ExtractError | None = None
    for rung, share in STEPS:
        try:
            article = await workers.think(functools.partial(understand, start=rung), head, body, url, share=share)
        except ExtractError as error:
            if error.reason not in _DEATHS:
                raise
            end = end or error
        else:
            return replace(article, extractor={**article.extractor, "after": end.reason}) if end else article
    assert end is not None  # noqa: S101  there are steps, and each one ends
    raise end
