"""How long a host is left alone between two visits, and after it refused one."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST = timedelta(days=1)

_FIRST_COOL_DOWN = timedelta(minutes=1)
_FORBIDDEN_UNTIL_MEANT = 3  # refusals with 403 in a row until it is the host that means us, not one page


def retry_after(value: str, now: datetime) -> timedelta:
    """How long a server asks us to stay away: from zero up to one day.

    value: seconds ("120") or an HTTP-date; now: aware UTC.  Source: RFC 9110, 10.2.3.
    Raises ValueError if value is neither.
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return LONGEST if len(text) > 9 else min(LONGEST, timedelta(seconds=int(text)))
    date = parsedate_to_datetime(text)
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
