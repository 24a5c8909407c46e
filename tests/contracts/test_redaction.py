"""What is redacted stands in no row and no file of either database."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from archive import open_archive
from archive.rebuild import rebuild
from archive.records import Redaction
from archive.redact import cover_article, redact
from archive.store import open_alone
from archive.tables import schema
from tests.archive.canaries import CANARIES, full_of_canaries
from tests.archive.pages import HARBOUR, later

_KEPT = {"elsewhere"}  # a front page that quotes it is no capture of the article


def places_in(root: Path, url: str | None) -> set[str]:
    """The places whose canary the catalog's rows, or the files of its tables, still hold."""
    with open_archive(root, catalog=url) as reader:
        blocks = ["\n".join(reader.dump()).encode(), *(path.read_bytes() for path in root.glob("catalog.sqlite*"))]
    return {place for place, said in CANARIES.items() if any(said.encode() in each for each in [*blocks, *files(url)])}


def files(url: str | None) -> list[bytes]:
    """PostgreSQL's files of our tables, their long values and their indexes, once all is written."""
    if url is None:
        return []
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CHECKPOINT")
        home = Path(str(connection.exec_driver_sql("SHOW data_directory").scalar()))
        names = connection.exec_driver_sql(
            "SELECT pg_relation_filepath(oid) FROM pg_class WHERE relkind IN ('r', 'i', 't') AND relfilenode > 0"
        ).scalars()
        found = [(home / name).read_bytes() for name in names if name and (home / name).exists()]
    engine.dispose()
    assert len(found) > len(schema.sorted_tables)
    return found


def test_rows_that_come_after_their_redaction_are_dropped(open_catalog, tmp_path):
    kept, _ = full_of_canaries(tmp_path / "a")
    with open_archive(tmp_path / "a") as reader, reader.reading() as reading:
        capture = reading.capture(kept.capture)
    assert capture
    gone: dict[str, Any] = {
        "redacted_at": later(9),
        "reason": "…",
        "url": HARBOUR,
        "captured_at": later(0),
        "warc": "w",
        "offset": 0,
    }
    catalog = open_catalog()
    with catalog.writing() as writing:
        for record_id in (kept.record_id, capture.record_id):
            writing.add_redaction(Redaction(record_id=record_id, **gone))
        writing.add_captures([capture])
        writing.add_revision(kept)
        writing.drop_redacted()
        assert (writing.capture(capture.record_id), writing.revision(kept.record_id)) == (None, None)


def test_no_row_and_no_file_of_the_catalog_holds_it_any_more(catalog_url, tmp_path):
    root = tmp_path / "a"
    full_of_canaries(root, catalog=catalog_url)
    assert {"headline", "author", "publisher", "origin"} <= places_in(root, catalog_url)
    with open_alone(root, catalog=catalog_url) as archive:
        with archive.reading() as reading:
            cover = cover_article(reading, HARBOUR, key=lambda url: url)
        assert redact(archive, cover, reason="order of the court", now=later(24)).left is None
    assert places_in(root, catalog_url) <= _KEPT
    with open_archive(root, catalog=catalog_url) as reader:
        before = list(reader.dump())
    rebuild(root, catalog=catalog_url)
    with open_archive(root, catalog=catalog_url) as reader:
        assert list(reader.dump()) == before
