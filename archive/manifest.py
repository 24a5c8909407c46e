"""The manifest beside each closed WARC file: what it should be, and the only sign that records at its end are gone.

Source: archive/FORMAT.md, "Manifest".
"""

import json
from pathlib import Path
from typing import Any

from archive import disk

MANIFEST = ".manifest.json"  # behind the WARC file's name


def manifests(root: Path) -> list[Path]:
    """Every manifest of an archive, in the order of their names."""
    return sorted((root / "warc").glob(f"*/*/*/*{MANIFEST}"))


def path_of(warc: Path) -> Path:
    """Where the manifest of a WARC file lies."""
    return warc.with_name(warc.name + MANIFEST)


def block(warc: Path, *, size: int, records: int, sha256: str, redacted: int = 0) -> bytes:
    """The bytes of a manifest. size: bytes of the WARC file; redacted: how many of its records are tombstones."""
    said: dict[str, object] = {
        "format": 1, "file": warc.name, "bytes": size, "records": records, "sha256": sha256,
    }  # fmt: skip
    if redacted:
        said["redacted"] = redacted
    return json.dumps(said, indent=1).encode() + b"\n"


def write(warc: Path, *, size: int, records: int, sha256: str, redacted: int = 0) -> None:
    """Put the manifest of a closed WARC file beside it; arguments as for `block`. Raises WriteFailed or ReadOnly."""
    disk.write_whole(path_of(warc), block(warc, size=size, records=records, sha256=sha256, redacted=redacted))


def read(warc: Path) -> dict[str, Any] | None:
    """What the manifest of a WARC file says; None when it is missing or none."""
    try:
        said = json.loads(path_of(warc).read_bytes())
    except (OSError, ValueError):
        return None
    return said if isinstance(said, dict) else None
