"""The text files and their sidecars: names by hash, and what a sidecar says."""

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

from archive import disk
from archive.records import ADDED, Capture, Redaction, Revision
from archive.warc import stamp


def folder_of(site: str, at: datetime) -> str:
    """The folder of a site's texts captured on that UTC day: "text/caliber.az/2026/11/20".

    What cannot stand in a path (an IPv6 address's colons, anything a host name may not have) becomes "_".
    """
    safe = re.sub(r"[^a-z0-9.-]", "_", site.lower()).strip(".") or "_"
    return f"text/{safe[:200]}/{at:%Y/%m/%d}"


def name_of(ordinal: int, sha256: str) -> str:
    """The file's name: "000_d00c5ce0b9dbff16.txt"."""
    return f"{ordinal:03}_{sha256[:16]}.txt"


def sidecar(revision: Revision, capture: Capture | None) -> bytes:
    """Where the text came from, as JSON: facts, hash, and the capture it was understood from."""
    facts = {each.name: getattr(revision.facts, each.name) for each in fields(revision.facts)}
    # What was kept before some facts were looked for has the sidecar that it had.
    facts = {name: said for name, said in facts.items() if said or name not in ADDED}
    said = {
        "format": 1,
        "pressmark": revision.pressmark,
        "text_file": revision.text_file,
        "sha256": revision.sha256,
        "words": revision.words,
        **facts,
        "conversion": {
            "record_id": revision.record_id,
            "warc": revision.warc,
            "offset": revision.offset,
            "length": revision.length,
        },
        "capture": _where(capture) if capture else {"record_id": revision.capture},
    }
    return json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def tombstone(redaction: Redaction) -> bytes:
    """What lies in a sidecar's place when its text was redacted: when and why, as JSON."""
    said = {
        "format": 1,
        "pressmark": (redaction.text_file or "").rpartition("/")[2].removesuffix(".txt"),
        "redacted_at": stamp(redaction.redacted_at),
        "reason": redaction.reason,
    }
    return json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _where(capture: Capture) -> dict[str, Any]:
    said = {each.name: getattr(capture, each.name) for each in fields(capture)}
    return {**said, "captured_at": stamp(capture.captured_at)}


def drop_each(root: Path, revisions: Iterable[Revision]) -> None:
    """Take back what `write_each` has made, or a part of it, when the texts could not be kept after all.

    Waited for: what came back after a power cut no record would name.
    """
    paths = [root / revision.text_file for revision in revisions]
    for path in paths:
        for made in (path, path.with_suffix(".json")):
            with suppress(OSError):
                made.unlink()
    for folder in {path.parent for path in paths}:
        with suppress(OSError):
            disk.sync_folder(folder)


def write(root: Path, revision: Revision, text: bytes, capture: Capture | None) -> None:
    """The text file and its sidecar. Raises WriteFailed or ReadOnly."""
    write_each(root, [(revision, text, capture)])


def write_each(root: Path, kept: Iterable[tuple[Revision, bytes, Capture | None]]) -> None:
    """The text files and sidecars of several revisions. Raises WriteFailed or ReadOnly."""
    blocks: dict[Path, bytes] = {}
    for revision, text, capture in kept:
        path = root / revision.text_file
        blocks |= {path: text, path.with_suffix(".json"): sidecar(revision, capture)}
    disk.write_each(blocks)
