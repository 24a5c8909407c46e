"""An archive's texts and captures in the formats of others.

from archive import open_archive
from archive.export import export
from archive.finding import conditions
with open_archive("pressmark-archive") as archive:
    export(archive, Path("harbour.wacz"), conditions=conditions(site="harbour-post.example"))

Each format is a module whose `write` streams: memory does not grow with the archive. The same archive gives the same
bytes; texts come in the order in which they were captured.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.errors import ArchiveError
from archive.export import cdxj, jsonl, markdown, parquet, sheet, wacz
from archive.export.whole import whole_file, whole_folder
from archive.finding import Conditions
from archive.reader import Archive

__all__ = ["FORMATS", "Format", "export", "format_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way to give an archive away."""

    name: str
    suffixes: tuple[str, ...]  # of a file's name, by which the format is known; a folder's name says none
    counts: str  # what `write` counts
    write: Callable[[Archive, Conditions, Any], int]  # to an open binary file, or into a folder
    whole: Callable[..., AbstractContextManager[Any]] = whole_file  # what makes such a file or folder
    has_lines: bool = False  # so that it can go to stdout

    @property
    def is_folder(self) -> bool:
        """Whether `write` takes a folder."""
        return self.whole is whole_folder


FORMATS = {
    each.name: each
    for each in (
        Format(name="jsonl", suffixes=(".jsonl", ".ndjson"), counts="texts", write=jsonl.write, has_lines=True),
        Format(name="csv", suffixes=(".csv",), counts="texts", write=sheet.write, has_lines=True),
        Format(name="parquet", suffixes=(".parquet",), counts="texts", write=parquet.write),
        Format(name="markdown", suffixes=(), counts="texts", write=markdown.write, whole=whole_folder),
        Format(name="cdxj", suffixes=(".cdxj",), counts="captures", write=cdxj.write, has_lines=True),
        Format(name="wacz", suffixes=(".wacz",), counts="texts", write=wacz.write),
    )
}


def format_of(path: Path) -> Format | None:
    """The format that a file's name ends in, or None."""
    return next((each for each in FORMATS.values() if path.suffix.lower() in each.suffixes), None)


def export(
    archive: Archive,
    to: Path,
    *,
    conditions: Conditions = (),
    as_format: Format | None = None,
    replace: bool = False,
) -> int:
    """Write what meets the conditions (none: all) to a file, or a folder for Markdown; how many texts or captures.

    as_format: one of FORMATS, when the name of `to` does not say it. replace: what is there already gives way. The file
    is there whole or not at all. Raises ArchiveError: WriteFailed, ReadOnly, Damaged, NotFound.
    """
    chosen = as_format or format_of(to)
    if chosen is None:
        raise ArchiveError(to, f"its name says no format; name one of {', '.join(FORMATS)}")
    with chosen.whole(to, replace=replace) as out:
        return chosen.write(archive, conditions, out)
