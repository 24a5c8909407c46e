"""Parquet, with typed columns: a revision a row.  Needs `pip install 'pressmark[parquet]'`."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Any

from archive.errors import ArchiveError
from archive.export.rows import COLUMNS, flat, rows
from archive.finding import Conditions
from archive.reader import Archive

_GROUP = 1000  # rows held in memory, and in one row group
_WHOLE = ("words", "capture_status", "capture_payload_length", "capture_offset", "capture_length",
          "conversion_offset", "conversion_length")  # fmt: skip
_LISTS = ("authors", "facts_changed", "reservations")
_MAPS = ("origins", "extractor")
_MAPS_OF_LISTS = ("disagreements",)
_MOMENTS = ("capture_captured_at",)


def write(archive: Archive, conditions: Conditions, out: IO[bytes]) -> int:
    """A row for each chosen revision, oldest capture first; how many. Raises Damaged, ArchiveError without pyarrow."""
    arrow, parquet = _pyarrow()
    schema = arrow.schema([(name, _type(arrow, name)) for name in COLUMNS])
    count = 0
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for group in _groups(rows(archive, conditions)):
            writer.write_table(arrow.Table.from_pylist(group, schema))
            count += len(group)
    return count


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow  # noqa: PLC0415  # an extra: 50 MB that few need
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError as error:
        why = "Parquet needs pyarrow, which is not installed: pip install 'pressmark[parquet]'"
        raise ArchiveError("parquet", why) from error
    return pyarrow, pyarrow.parquet


def _type(arrow: Any, column: str) -> Any:
    if column in _WHOLE:
        return arrow.int64()
    if column in _LISTS:
        return arrow.list_(arrow.string())
    if column in _MAPS:
        return arrow.map_(arrow.string(), arrow.string())
    if column in _MAPS_OF_LISTS:
        return arrow.map_(arrow.string(), arrow.list_(arrow.string()))
    return arrow.timestamp("us", "UTC") if column in _MOMENTS else arrow.string()


def _groups(found: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    rest = map(flat, found)
    while group := list(islice(rest, _GROUP)):
        yield group
