"""A revision as one row: its facts, its text, its hash, and the capture that proves it."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from typing import Any

from archive.catalog import Reading
from archive.finding import Conditions
from archive.reader import Archive
from archive.records import Capture, Facts, Revision

_DECIDED = ("pressmark", "text_file", "sha256", "words", "verdict", "copy_of", "facts_changed")
_FACTS = tuple(each.name for each in fields(Facts))
_CAPTURE = tuple(each.name for each in fields(Capture))
_CONVERSION = ("record_id", "warc", "offset", "length")

# Every column that `flat` gives, in its order.
COLUMNS = (
    *_DECIDED,
    *_FACTS,
    *(f"capture_{name}" for name in _CAPTURE),
    *(f"conversion_{name}" for name in _CONVERSION),
    "text",
)


def rows(archive: Archive, conditions: Conditions) -> Iterator[dict[str, Any]]:
    """Each chosen revision, oldest capture first; `capture` and `conversion` are rows of their own. Raises Damaged."""
    with archive.reading() as reading:
        for revision in reading.revisions_in_order(conditions):
            yield _row(archive, reading, revision)


def _row(archive: Archive, reading: Reading, revision: Revision) -> dict[str, Any]:
    capture = reading.capture(revision.capture)
    return {
        **{name: getattr(revision, name) for name in _DECIDED},
        **{name: getattr(revision.facts, name) for name in _FACTS},
        "capture": asdict(capture) if capture else {**dict.fromkeys(_CAPTURE), "record_id": revision.capture},
        "conversion": {name: getattr(revision, name) for name in _CONVERSION},
        "text": archive.text(revision).decode(),
    }


def flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row without rows in it: `capture.url` becomes `capture_url`."""
    within = {f"{part}_{name}": value for part in ("capture", "conversion") for name, value in row[part].items()}
    return {name: within[name] if name in within else row[name] for name in COLUMNS}
