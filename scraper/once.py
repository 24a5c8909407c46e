"""One link from Python, as `pressmark fetch URL` does it."""

from pathlib import Path

from scraper.crawl import Told
from scraper.edge import run, works
from scraper.fetcher import check_url
from scraper.settings import Config


def fetch(url: str, *, archive: str | Path | None = None, contact: str = "") -> Told:
    """Fetch a link politely and understand it; keep it, when an archive's folder is named.

    contact: e-mail address or URL that site owners can reach you by; it goes into the request. What came of it is in
    the answer: `.visit.outcome`, `.article` (None when there is none), `.revision` (when it was kept), `.message` (why
    not). Must not be called where an event loop runs. Raises FetchError for what is no URL, ArchiveError when nothing
    can be kept.
    """
    said = {"contact": contact, **({"archive": {"dir": str(archive)}} if archive else {})}
    config = Config.model_validate(said)

    async def once() -> Told:
        async with works(config, keep=archive is not None) as made:
            return await made.line.article(check_url(url))

    return run(once())
