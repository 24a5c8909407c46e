"""Times and sizes as people write them: "90 s", "1.5 h", "20 MB"."""

import re
from collections.abc import Mapping
from math import isfinite

MILLISECONDS = {"d": 86_400_000, "h": 3_600_000, "min": 60_000, "s": 1_000, "ms": 1}
TIME_WORDS = {"sec": "s", "second": "s", "seconds": "s", "m": "min", "minute": "min", "minutes": "min"}
TIME_WORDS |= {"hour": "h", "hours": "h", "day": "d", "days": "d", "": "s"}
TIMES = MILLISECONDS | {word: MILLISECONDS[unit] for word, unit in TIME_WORDS.items()}
BYTES = {"GiB": 2**30, "GB": 10**9, "MiB": 2**20, "MB": 10**6, "KiB": 2**10, "kB": 10**3, "B": 1}
SIZES = {unit.lower(): factor for unit, factor in BYTES.items()} | {"": 1}
AMOUNT = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?) ?([a-z]*)", re.IGNORECASE)

LONGEST = 366 * 86_400  # seconds; more is a slip of the unit
LARGEST = 10**12  # bytes


def seconds(written: object) -> float:
    """A time as seconds, to the millisecond: from "90 s", "1.5 h", "7 days", or a number of seconds.

    Raises ValueError for anything else, and for more than 366 days.
    """
    amount = _amount(written, TIMES, bare=MILLISECONDS["s"])
    if amount is None or amount > LONGEST * 1000:
        raise ValueError(
            f"{str(written)[:40]!r} is no time up to 366 days: write 90 s, 15 min, 1 h, 7 d or a number of seconds"
        )
    return round(amount) / 1000


def size(written: object) -> int:
    """A size as bytes: from "20 MB", "64 KiB", or a number of bytes.

    Raises ValueError for anything else, and for more than 1000 GB.
    """
    amount = _amount(written, SIZES, bare=1)
    if amount is None or amount > LARGEST:
        raise ValueError(
            f"{str(written)[:40]!r} is no size up to 1000 GB: write 64 kB, 20 MB, 1 GiB or a number of bytes"
        )
    return round(amount)


def time_text(seconds: float) -> str:
    """A time in the largest unit that says it exactly: 5400.0 → "90 min".  seconds() reads it back."""
    milliseconds = round(seconds * 1000)
    if not milliseconds:
        return "0 s"
    unit = next(unit for unit, factor in MILLISECONDS.items() if milliseconds % factor == 0)
    return f"{milliseconds // MILLISECONDS[unit]} {unit}"


def size_text(count: int) -> str:
    """A size in the largest unit that says it exactly: 20000000 → "20 MB".  size() reads it back."""
    if not count:
        return "0 B"
    unit = next(unit for unit, factor in BYTES.items() if count % factor == 0)
    return f"{count // BYTES[unit]} {unit}"


def _amount(written: object, units: Mapping[str, int], *, bare: int) -> float | None:
    """In the smallest unit; None when it is no amount.  bare: what a number without a unit counts."""
    if isinstance(written, str):
        found = AMOUNT.fullmatch(written.strip())
        factor = units.get(found[2].lower()) if found else None
        return float(found[1]) * factor if found and factor else None
    if isinstance(written, bool) or not isinstance(written, (int, float)):
        return None
    return written * bare if isfinite(written) and written >= 0 else None
