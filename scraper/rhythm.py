"""Rhythm: when a source is polled next, and when an article is looked at again.

A source that brings r links a day is polled every c/sqrt(r) days. Of all ways to spread a number of polls over many
sources this one finds links soonest on average; polling in proportion to r starves the small ones.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import sqrt

DAY = timedelta(days=1)
MISSING = 7 * DAY  # between polls of a source that answers 404 or 410; it is never dropped

LEAST = timedelta(minutes=5)
MOST = DAY

# c, in days^(1/2): about 24 polls a day and source over many sources whose median brings four links a day.
_BUDGET = 0.125
_MEMORY = 5.0  # days after which what was seen counts half
_PRIOR_EVENTS, _PRIOR_DAYS = 0.5, 0.25  # what we believe of a source never polled: two links a day
# A site that renames its URLs announces its whole history as new; a poll cannot prove a rate higher than this.
_MOST_EVENTS = 300
_JITTER = 0.05  # of the interval, either way


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """What polling a source has taught: links counted over days, both fading, and failures in a row."""

    rate_events: float = 0.0
    rate_days: float = 0.0
    failures: int = 0

    @property
    def rate(self) -> float:
        """New links a day, as far as we know."""
        return (self.rate_events + _PRIOR_EVENTS) / (self.rate_days + _PRIOR_DAYS)


def after_poll(rhythm: Rhythm, *, new_links: int, elapsed: timedelta) -> Rhythm:
    """The rhythm after a poll that was answered (304 too).

    new_links: announced for the first time; elapsed: since the last answered poll, zero for the first, whose links have
    piled up over a time nobody knows and so count for nothing.
    """
    days = max(elapsed / DAY, 0.0)
    if not days:
        return replace(rhythm, failures=0)
    faded = 0.5 ** (days / _MEMORY)
    events = rhythm.rate_events * faded + min(new_links, _MOST_EVENTS)
    return Rhythm(rate_events=events, rate_days=rhythm.rate_days * faded + days)


def after_failure(rhythm: Rhythm) -> Rhythm:
    """The rhythm after a poll that brought no answer, or 4xx or 5xx; what was learned stays."""
    return replace(rhythm, failures=rhythm.failures + 1)


def next_poll(
    rhythm: Rhythm,
    *,
    now: datetime,
    ttl: timedelta | None = None,
    least: timedelta = LEAST,
    most: timedelta = MOST,
    jitter: float = 0.5,
) -> datetime:
    """When to poll next, by what was learned.

    Between `least` and `most` (both positive); not before `ttl`, the time the source asks to be left alone (feed or
    Cache-Control), unless that lies past `most`. Each failure doubles the wait, up to a day or `most`, the longer one.
    jitter: from 0 to 1, drawn by the caller, moves the time by up to a twentieth either way.
    """
    learned = _BUDGET / sqrt(rhythm.rate) * DAY
    wait = min(most, max(least, learned, ttl or timedelta(0)))
    if rhythm.failures:
        wait = min(max(DAY, most), wait * 2 ** min(rhythm.failures, 16))
    return now + wait * (1 + _JITTER * (2 * jitter - 1))


def next_poll_of_missing(*, now: datetime, jitter: float = 0.5) -> datetime:
    """When to ask again for a source that is not there (404, 410): in about a week, for ever; sites come back."""
    return now + MISSING * (1 + _JITTER * (2 * jitter - 1))


def next_look(age: timedelta, looks: tuple[timedelta, ...]) -> timedelta | None:
    """The age at which an article is fetched again to see its edits; None when all looks are done.

    age: since the article was first kept; looks: such as one hour, one day, seven days, in any order. Looks that were
    missed, while the daemon stood still, are not made up for.
    """
    return min((look for look in looks if look > age), default=None)
