"""Noting: attempts, and the aliases they teach."""

import json

from archive import open_archive, open_writer
from archive.members import walk
from tests.archive.pages import HARBOUR, kept, later, visit


def test_aliases_lead_to_the_article_they_were_last_seen_to_lead_to(archive):
    kept(archive)
    archive.note(visit(url="https://harbour-post.example/s", article=HARBOUR, at=later(2)))
    archive.note(visit(url="https://harbour-post.example/s", article="https://older.example/", at=later(1)))
    with archive.reading() as reading:
        assert reading.article_at("https://harbour-post.example/s") == HARBOUR


def test_every_visit_stands_in_a_record_once_the_writer_has_closed(tmp_path):
    with open_writer(tmp_path / "a") as archive:
        archive.note(visit(reason="dns"))
    with open_archive(tmp_path / "a") as reader, reader.reading() as reading:
        [warc] = reading.warc_files()
        [resource] = [record for record in walk(reader.root / warc) if record.type == "resource"]
        assert json.loads(resource.block)["reason"] == "dns"
        assert reading.unwritten_visits() == []
