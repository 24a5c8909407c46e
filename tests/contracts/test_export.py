"""An export streams out of either database, and is the same whichever it comes from."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from archive import open_archive, open_writer
from archive.export import FORMATS, export
from archive.finding import conditions
from archive.rebuild import rebuild
from archive.records import Capture, Revision
from tests.archive.shelf import fill, many

SOME = conditions(site="harbour-post.example", author="lena", since=date(2026, 11, 1))


def exported(root: Path, catalog: str | None, to: Path) -> dict[str, bytes]:
    """Every format, whole and filtered, by name."""
    to.mkdir()
    with open_archive(root, catalog=catalog) as reader:
        for name, each in FORMATS.items():
            export(reader, to / f"all.{name}", as_format=each)
            export(reader, to / f"some.{name}", as_format=each, conditions=SOME)
    return {path.relative_to(to).as_posix(): path.read_bytes() for path in to.rglob("*") if path.is_file()}


def test_every_format_has_the_same_bytes_out_of_a_catalog_that_was_made_anew_in_sqlite(catalog_url, tmp_path):
    with open_writer(tmp_path / "a", catalog=catalog_url) as archive:
        fill(archive)
    out_of_it = exported(tmp_path / "a", catalog_url, tmp_path / "first")
    rebuild(tmp_path / "a")
    assert exported(tmp_path / "a", None, tmp_path / "second") == out_of_it
    assert len(out_of_it["all.jsonl"].splitlines()) == 5
    assert len(out_of_it["some.jsonl"].splitlines()) == 4


@pytest.mark.parametrize("stream", ["revisions", "captures"])
def test_rows_are_fetched_some_at_a_time_and_none_is_lost(catalog_url, tmp_path, stream):
    with open_writer(tmp_path / "a", catalog=catalog_url) as archive:
        many(archive, 3000)
        with archive.reading() as reading:
            rows: Iterator[Revision | Capture] = (
                reading.revisions_in_order(()) if stream == "revisions" else reading.all_captures()
            )
            seen = [next(rows).record_id]
            if catalog_url:  # or the server would have sent all of them at once
                assert reading._sql.exec_driver_sql("SELECT count(*) FROM pg_cursors").scalar() == 1
            seen += [each.record_id for each in rows]
    assert len(set(seen)) == len(seen) == (3001 if stream == "revisions" else 1)
