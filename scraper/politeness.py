"""How long a host is left alone between two visits, and after it refused one; which addresses are one machine's."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from ipaddress import IPv6Network

LONGEST = timedelta(days=1)

_FIRST_COOL_DOWN = timedelta(minutes=1)
_FORBIDDEN_UNTIL_MEANT = 3  # refusals with 403 in a row until it is the host that means us, not one page
_REFUSALS = frozenset({403, 429, 503})
_ANSWERS_AFTER_ALL = frozenset({304, 404, 410})  # beside every 2xx: they end a row of refusals; a redirect does not


@dataclass(frozen=True, slots=True)
class Standing:
    """What is remembered of a host between two visits."""

    seconds: float = 0.0  # what its last good answer took, or what something worse has taken since
    refusals: int = 0  # in a row


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How a request went, as far as the next one depends on it."""

    status: int | None  # None when no whole head came
    seconds: float  # from asking to the last byte, or to giving up
    is_whole_page: bool  # what breaks off says nothing of how the host fares; nor does robots.txt, which lies ready
    retry_after: timedelta | None = None  # what the server asked for


def standing_after(before: Standing, answered: Answered) -> Standing:
    """What is remembered after an answer, a failure being one.

    Only a good one (2xx, or a 304) makes the time that a host needs shorter: a host in trouble sends error pages, and
    those are quick.
    """
    status = answered.status or 0
    is_good = answered.is_whole_page and (200 <= status < 300 or status == 304)
    seconds = answered.seconds if is_good else max(before.seconds, answered.seconds)
    if status in _REFUSALS:
        return Standing(seconds, before.refusals + 1)
    answers = 200 <= status < 300 or status in _ANSWERS_AFTER_ALL
    return Standing(seconds, 0 if answers else before.refusals)


def pause_after(standing: Standing, answered: Answered, *, delay: timedelta, jitter: float) -> timedelta:
    """How long the host is left alone after that answer: for its delay or, when it asked for more time, longer.

    standing: as `standing_after` has it, this answer counted in; delay: see `host_delay`; jitter: see `cool_down`.
    """
    asked = answered.retry_after or timedelta(0)
    cool = cool_down(answered.status or 0, retry_after=asked, refusals=standing.refusals, jitter=jitter)
    return max(delay, asked, cool or timedelta(0))


@lru_cache(maxsize=4_096)
def machine(address: str) -> str:
    """What an IP address is counted by: itself; of IPv6 its /64, for one customer has all of that.

    An address with a zone, and a name that stands for one (a pin's), is its own.
    """
    try:
        return str(IPv6Network((address, 64), strict=False)) if ":" in address else address
    except ValueError:
        return address


def retry_after(value: str, now: datetime) -> timedelta:
    """How long a server asks us to stay away: from zero up to one day.

    value: seconds ("120") or an HTTP-date; now: aware UTC.  Source: RFC 9110, 10.2.3.
    Raises ValueError if value is neither.
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return LONGEST if len(text) > 9 else min(LONGEST, timedelta(seconds=int(text)))
    try:
        date = parsedate_to_datetime(text)
    except (OverflowError, TypeError, IndexError) as error:  # years and zones that no calendar has
        raise ValueError(f"{text[:40]!r} is neither seconds nor an HTTP-date") from error
    # An HTTP-date is GMT by definition (5.6.7); Python leaves "-0000" and asctime dates without a zone.
    until = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(timedelta(0), min(LONGEST, until - now))


def host_delay(*, setting: timedelta, crawl_delay: float | None, last_seconds: float) -> timedelta:
    """How long a host is left alone between two visits: the largest of what we set, it asks for, and it needs.

    crawl_delay: seconds from robots.txt, kept up to a day: the frontier holds the host's slot and loses nothing by
    waiting; last_seconds: how long the last visit took, twice of which is waited, so that a host in trouble is asked
    less.
    """
    asked = timedelta(seconds=min(max(crawl_delay or 0.0, 2 * last_seconds), LONGEST.total_seconds()))
    return max(setting, asked)


def cool_down(
    status: int, *, retry_after: timedelta | None = None, refusals: int = 1, jitter: float = 0.0
) -> timedelta | None:
    """How long a host that refused a visit is left alone; None when the status is no refusal by the host.

    429 and 503 are, and 403 from the third in a row: some hosts say 403 where they mean 429. A minute, doubling with
    each refusal, never shorter than Retry-After, never longer than one day.
    refusals: in a row, this one among them; jitter: from 0 to 1, drawn by the caller, stretches the time by up to a
    half, so that hosts that failed together do not come back together.
    """
    if status not in (429, 503) and not (status == 403 and refusals >= _FORBIDDEN_UNTIL_MEANT):
        return None
    doubled: int = 2 ** min(max(refusals, 1) - 1, 20)
    wait = max(_FIRST_COOL_DOWN * doubled, retry_after or timedelta(0))
    return min(LONGEST, wait * (1 + jitter / 2))
