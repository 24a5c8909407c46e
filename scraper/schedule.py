"""Schedules of sources: "every 15m", or five crontab fields, read by APScheduler's triggers."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

_EVERY = re.compile(r"every\s+(\d{1,5})\s*(m|min|h|d|w)")
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def next_fire(schedule: str, now: datetime) -> datetime:
    """When a source with a schedule is polled next: after `now`, in UTC.

    schedule: "every 15m" (m, h, d, w) or five crontab fields in UTC, "*/15 6-22 * * mon-fri"; where both day fields are
    narrowed, both must fit. Raises ValueError for any other form and for a time that never comes.
    """
    trigger = _every(schedule, now) or _crontab(schedule)
    fires = trigger.get_next_fire_time(None, now + timedelta(microseconds=1))
    if not isinstance(fires, datetime):
        raise ValueError(f"the schedule `{schedule}` names a time that never comes")
    return fires.astimezone(UTC)


def _every(schedule: str, now: datetime) -> IntervalTrigger | None:
    match = _EVERY.fullmatch(schedule.strip().lower())
    if match is None:
        return None
    if not int(match[1]):
        raise ValueError(f"the schedule `{schedule}` has no length; a minute is the least")
    trigger = IntervalTrigger(**{_UNITS[match[2]]: int(match[1])}, start_date=now, timezone=UTC)
    return IntervalTrigger(seconds=trigger.interval_length, start_date=now + trigger.interval, timezone=UTC)


def _crontab(schedule: str) -> CronTrigger:
    fields = schedule.lower().split()
    if len(fields) != 5:
        raise ValueError(f"the schedule `{schedule}` is neither `every 15m` nor five crontab fields")
    minute, hour, day, month, weekday = fields
    try:
        return CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=_weekdays(weekday), timezone=UTC)
    except ValueError as error:
        raise ValueError(f"the schedule `{schedule}` is no crontab line: {error}") from error


def _weekdays(field: str) -> str:
    """The weekday field by names, each day told: APScheduler 3 counts from Monday, crontab from Sunday (issue 286)."""
    if field == "*":
        return field
    days = [day for part in field.split(",") for day in _weekday_range(part)]
    return ",".join(_WEEKDAYS[day % 7] for day in days)


def _weekday_range(part: str) -> Iterator[int]:
    """The days of "1-5", "fri-mon", "*/2" or "0"; a range may run over the end of the week."""
    span, _, step = part.partition("/")
    first, _, last = ("0-6" if span == "*" else span).partition("-")
    start, end = _weekday(first), _weekday(last or first)
    if step and (not step.isdecimal() or not int(step)):
        raise ValueError(f"`{part}` is no weekday")
    yield from range(start, end + 1 if end >= start else end + 8, int(step or 1))


def _weekday(text: str) -> int:
    if text[:3] in _WEEKDAYS:
        return _WEEKDAYS.index(text[:3])
    if text.isdecimal() and int(text) <= 7:
        return int(text)
    raise ValueError(f"`{text}` is no weekday")
