"""One link from Python, as `pressmark fetch URL` does it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scraper.config import config_of, require_named
from scraper.crawl import Told
from scraper.edge import run, works
from scraper.fetcher import check_url


def fetch(
    url: str,
    *,
    archive: str | Path | None = None,
    contact: str = "",
    settings: Mapping[str, Mapping[str, object]] | None = None,
) -> Told:
    """Fetch a link politely and understand it; keep it, when an archive's folder is named.

    settings: more of them, by section, as config.yaml has them: {"politeness": {"delay": "10 s"}}.
    contact: e-mail address or URL that site owners can reach you by; it goes into the request. What came of it is in
    the answer: `.visit.outcome`, `.article` (None when there is none), `.revision` (when it was kept), `.message` (why
    not). Must not be called where an event loop runs. Raises FetchError for what is no URL, ConfigError for a setting
    that is wrong, ArchiveError when nothing can be kept.
    """
    said: dict[str, Any] = {"contact": contact, **(settings or {})}
    if archive is not None:
        said["archive"] = {**said.get("archive", {}), "dir": str(archive)}
    config = config_of(said)
    require_named(config, [url])

    async def once() -> Told:
        async with works(config, keep=archive is not None) as made:
            return await made.line.article(check_url(url))

    return run(once())
