"""When a link is fetched again, by what came of it. Facts in, moment out."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from archive.records import Visit
from scraper.rhythm import Rhythm, after_failure, after_poll, next_look

_FIRST_RETRY = timedelta(minutes=15)
_MOST_TRIES = 5  # 15 minutes, one hour, four, sixteen, two days and a half: then the link is let go
_BLOCKED_RETRY = timedelta(days=1)
_NO_USE = (
    *("parser-timeout", "parser-memory", "parser-crash", "too-deep", "too-large", "too-many-tags"),
    *("too-many-attributes", "tag-too-long", "url", "redirects"),
)


def article_again(
    visit: Visit, *, found_at: datetime, tries: int, looks: Sequence[timedelta], now: datetime
) -> datetime | None:
    """When an article's link is fetched again; None when never.

    found_at: when the link was announced; tries: failures in a row before this one; looks: ages at which an article is
    looked at again for edits.
    """
    if visit.outcome in ("new", "revised", "unchanged", "copy"):
        look = next_look(now - found_at, tuple(looks))
        return found_at + look if look else None
    if visit.outcome == "blocked" and tries < _MOST_TRIES:
        return now + _BLOCKED_RETRY
    may_pass = visit.outcome == "failed" and visit.reason not in _NO_USE
    # A robots.txt that could not be had forbids everything for a while (RFC 9309, 2.3.1.4), not for ever.
    if (may_pass or visit.reason == "no-robots") and tries < _MOST_TRIES:
        return now + _FIRST_RETRY * int(4**tries)
    return None


def rhythm_after(visit: Visit, rhythm: Rhythm, *, new_links: int, answered_at: datetime | None) -> Rhythm:
    """What a poll has taught. answered_at: when the source last answered, None for never."""
    if visit.outcome not in ("new", "revised", "unchanged"):
        return after_failure(rhythm)
    elapsed = visit.visited_at - answered_at if answered_at else timedelta(0)
    return after_poll(rhythm, new_links=new_links, elapsed=elapsed)


def is_dead_end(visit: Visit, *, announced: bool, answered_at: datetime | None) -> bool:
    """Whether a place that was only guessed or announced turned out not to be a source; then it is not asked again.

    announced: nobody configured it; it was found on a home page, in robots.txt, or among the usual places.
    """
    nothing_there = visit.outcome == "gone" or visit.reason in ("not-a-feed", "not-a-sitemap")
    return announced and answered_at is None and nothing_there
