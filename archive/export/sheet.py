"""CSV as RFC 4180 has it, in UTF-8: a revision a row, safe to open in a spreadsheet."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import IO, Any

from archive.export.rows import COLUMNS, flat, rows
from archive.finding import Conditions
from archive.reader import Archive
from archive.warc import stamp

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def defused(cell: str) -> str:
    """The cell, with a ' before what a spreadsheet would take for a formula.  Source: OWASP, CSV Injection."""
    return f"'{cell}" if cell.startswith(_BEGINS_A_FORMULA) else cell


def write(archive: Archive, conditions: Conditions, out: IO[bytes], *, cell: Callable[[str], str] = defused) -> int:
    """A header and a row for each chosen revision, oldest capture first; how many. Raises Damaged.

    cell: what is done to each cell's text; `str` leaves it as it is.
    """
    lines = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    table = csv.writer(lines)
    table.writerow(COLUMNS)
    count = 0
    for row in rows(archive, conditions):
        count += 1
        table.writerow([cell(_written(value)) for value in flat(row).values()])
    lines.detach()
    return count


def _written(value: Any) -> str:
    """A list joined by "; ", a mapping as JSON, nothing for what is not known."""
    match value:
        case None:
            return ""
        case datetime():
            return stamp(value)
        case tuple() | list():
            return "; ".join(map(str, value))
        case Mapping():
            return json.dumps(value, sort_keys=True, ensure_ascii=False)
    return str(value)
