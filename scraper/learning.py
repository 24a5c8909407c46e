"""Sites learned: from which pages, and when."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from archive.records import Site
from scraper.extract.facts import site_of
from scraper.extract.learning import memory_from


def learn_site(pages: Iterable[tuple[str, bytes]]) -> Site:
    """What pages of one site teach about it, for `clean(…, site=)`.

    pages: (URL after redirects, entity) of each, the oldest first. Three articles of a kind teach a template, two the
    lines that all of them print; pages that are no article teach nothing. The site is the host of most of them.
    Raises ValueError when there are no pages.
    """
    known = list(pages)
    if not known:
        raise ValueError("no pages to learn a site from")
    [(name, _)] = Counter(site_of(url) for url, _ in known).most_common(1)
    return Site(site=name, number=1, learned_at=datetime.now(UTC), memory=memory_from(known))
