"""Dates as newspapers print them: "20 November 2026", "Nov. 20, 2026 3:45 PM", "20.11.2026", "2026年11月20日"."""

import re
from collections.abc import Iterator
from typing import Final

from scraper.extract.facts.dates import moment

# How the names of the twelve months begin, in the languages of cues.py and some of their neighbours.
_BEGINNINGS: Final = (
    "jan jän janv gen ene янв січ sty oca yan",
    "feb fév fev фев лют lut şub subat",
    "mar mär maa мар бер mrt",
    "apr avr abr апр кві kwi nis",
    "may mai maj mag mei ма тра мая",
    "jun juin jún giu июн чер cze haz iyn iyun",
    "jul juil júl lug июл лип lip tem iyl iyul",
    "aug aoû aou ago авг сер sie ağu avq",
    "sep set сен вер wrz eyl",
    "oct okt ott out окт жов paź eki",
    "nov ноя лис lis kas noy",
    "dec dez déc dic дек гру gru ara des",
)
_MONTHS: Final = {begins: number for number, row in enumerate(_BEGINNINGS, 1) for begins in row.split()}
_NAME = r"([^\W\d_]{2,12})"
_WRITTEN: Final = (
    (
        "dmy",
        re.compile(
            rf"\b(\d{{1,2}})(?:st|nd|rd|th|er|º)?\.?\s?(?:of |de |d['’])?{_NAME}\.?,?\s(?:de |del )?(\d{{4}})\b"
        ),
    ),
    ("mdy", re.compile(rf"\b{_NAME}\.?\s(\d{{1,2}})(?:st|nd|rd|th)?,?\s(\d{{4}})\b")),
    ("ymd", re.compile(r"\b(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d)")),
    ("dmy", re.compile(r"\b(\d{1,2})[./-](\d{1,2})[./-](\d{4})\b")),
)
_CLOCK = re.compile(
    r"(?<![\d.:])([01]?\d|2[0-3])(?:[:h]|\.(?=\d\d (?:uhr|hrs?)\b))([0-5]\d)(?!\d)(\s?[ap]\.?m\b)?", re.IGNORECASE
)


def printed_date(line: str) -> str | None:
    """The date that a line prints, with the clock when it prints one, in ISO 8601; None when it prints none.

    Of "03/04/2026" nobody knows which is the month: that is none.
    """
    line = line[:200]
    for day in _days(line):
        if not moment(day):
            continue
        clock = _CLOCK.search(line.replace(day, ""))
        return moment(f"{day}T{_hour(clock):02}:{clock[2]}") if clock else day
    return None


def _days(line: str) -> Iterator[str]:
    for order, pattern in _WRITTEN:
        for found in pattern.finditer(line):
            year, month, day = (found[order.index(each) + 1] for each in "ymd")
            number = int(month) if month.isdecimal() else _month(month)
            is_open = "/" in found[0] and order == "dmy" and int(day) <= 12 and day != month
            if number and not is_open:
                yield f"{year}-{number:02}-{int(day):02}"


def _month(name: str) -> int | None:
    name = name.casefold()
    return next((_MONTHS[name[:size]] for size in (4, 3, 2) if name[:size] in _MONTHS), None)


def _hour(clock: re.Match[str]) -> int:
    hour, half = int(clock[1]), (clock[3] or "").strip().lower()[:1]
    if half and hour <= 12:
        return hour % 12 + (12 if half == "p" else 0)
    return hour
