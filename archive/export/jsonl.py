"""JSON lines: a revision a line."""

import json
from datetime import datetime
from typing import IO, Any

from archive.export.rows import rows
from archive.finding import Conditions
from archive.reader import Archive
from archive.warc import stamp

SCHEMA = 1


def write(archive: Archive, conditions: Conditions, out: IO[bytes]) -> int:
    """A line for each chosen revision, oldest capture first; how many. Raises Damaged."""
    count = 0
    for row in rows(archive, conditions):
        count += 1
        out.write(json.dumps({"schema": SCHEMA, **row}, ensure_ascii=False, default=_written).encode() + b"\n")
    return count


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return stamp(value)
    raise TypeError(type(value).__name__)
