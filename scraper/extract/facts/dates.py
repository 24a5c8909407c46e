"""Printed dates and times, and whether two of them mean the same moment."""

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

_LONGEST = 100  # characters of a printed date
_SAME = timedelta(minutes=1)  # two systems of one site round the same moment otherwise
_STEP, _WIDEST = timedelta(minutes=15), timedelta(hours=14)  # zones lie apart by these steps, at most so far
_DATE = re.compile(r"(\d{4})[-/.](\d\d?)[-/.](\d\d?)")
_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ]+(\d\d?):(\d\d)(?::(\d\d))?(?:[.,]\d+)?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d"
    r"|[+-]\d\d)?$",
    re.IGNORECASE,
)


@lru_cache(maxsize=64)  # a page states the same up to six times
def moment(text: str) -> str | None:
    """A printed date or time in ISO 8601, as precise as it stands: None when it is no date of 1990 to 2099.

    "2026-11-20" · "2026-11-20T09:57:00" (no zone stated) · "2026-11-20T09:57:00+03:00". Z and GMT become +00:00.
    """
    text = text[:_LONGEST].strip()
    if found := _MOMENT.match(text):
        year, month, day, hour, minute, second, zone = found.groups()
        clock = f"T{int(hour):02}:{minute}" + (f":{second}" if second else "")
        return _checked(f"{year}-{month}-{day}{clock}{_offset(zone)}")
    if (found := _DATE.match(text)) and not re.match(r"\d", text[found.end() :]):
        year, month, day = found.groups()
        return _checked(f"{year}-{int(month):02}-{int(day):02}")
    try:
        return _checked(parsedate_to_datetime(text).isoformat())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def agree(one: str, other: str) -> bool:
    """Whether two dates that `moment` gave may mean the same: to the minute, as far as both are stated.

    Of a day alone only the calendar day is compared. Of a time without zone nobody knows the hour: only the minutes.
    """
    if len(one) == 10 or len(other) == 10:
        return one[:10] == other[:10]
    mine, theirs = datetime.fromisoformat(one), datetime.fromisoformat(other)
    if (mine.tzinfo is None) == (theirs.tzinfo is None):
        return abs(mine - theirs) < _SAME
    apart = abs(mine.replace(tzinfo=None) - theirs.replace(tzinfo=None))
    return apart <= _WIDEST and min(apart % _STEP, _STEP - apart % _STEP) < _SAME


def precedes(one: str, other: str) -> bool:
    """Whether a date that `moment` gave is surely before another one, as far as both are stated."""
    if agree(one, other):
        return False
    if len(one) == 10 or len(other) == 10:
        return one[:10] < other[:10]
    mine, theirs = datetime.fromisoformat(one), datetime.fromisoformat(other)
    if (mine.tzinfo is None) == (theirs.tzinfo is None):
        return mine < theirs
    return theirs.replace(tzinfo=None) - mine.replace(tzinfo=None) > _WIDEST


def _offset(zone: str | None) -> str:
    if zone is None:
        return ""
    if zone.upper() in ("Z", "UTC", "GMT"):
        return "+00:00"
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return f"{zone[0]}{digits[:2]}:{digits[2:]}"


def _checked(written: str) -> str | None:
    try:
        year = datetime.fromisoformat(written).year
    except ValueError:
        return None
    return written if 1990 <= year <= 2099 else None
