"""CDXJ: a line for each capture that replay tools can show, sorted bytewise as they search it.

pywb takes it as the index of a collection whose archive folder holds the WARC files (`wb-manager init`, then this file
as indexes/index.cdxj). The digest is bare base32, as pywb's own indexer writes it.
Sources: pywb's documentation of CDXJ; archive/FORMAT.md.
"""

import json
from collections.abc import Iterator
from typing import IO

from archive.export.chosen import can_replay, captures
from archive.export.sorting import in_order
from archive.export.surt import sort_key
from archive.finding import Conditions
from archive.reader import Archive
from archive.records import Capture


def write(archive: Archive, conditions: Conditions, out: IO[bytes]) -> int:
    """The index of the chosen texts' captures, or without conditions of all; how many lines it has."""
    count = 0
    with in_order(_lines(archive, conditions)) as lines:
        for each in lines:
            out.write(each)
            count += 1
    return count


def _lines(archive: Archive, conditions: Conditions) -> Iterator[bytes]:
    with archive.reading() as reading:
        for capture in captures(reading, conditions):
            if can_replay(reading, capture):
                yield line(capture, file=capture.warc, offset=capture.offset)


def line(capture: Capture, *, file: str, offset: int) -> bytes:
    """The capture's line, with its newline, when its record lies there; of the file's path the name alone counts."""
    revisit = capture.revisit_of is not None
    said = {
        "url": capture.url,
        "mime": "warc/revisit" if revisit else capture.media_type,
        # A declared 304 replays as what it refers to, so its own status is not said.
        "status": None if revisit and capture.status == 304 else str(capture.status),
        "digest": capture.payload_digest.removeprefix("sha1:"),
        "length": str(capture.length),
        "offset": str(offset),
        "filename": file.rpartition("/")[2],
    }
    fields = json.dumps({name: value for name, value in said.items() if value is not None})
    return f"{sort_key(capture.url)} {capture.captured_at:%Y%m%d%H%M%S} {fields}\n".encode()
