"""Reading: what comes back out of an archive."""

from dataclasses import replace

import pytest

from archive import open_archive, open_writer
from archive.errors import Damaged
from archive.heads import field
from archive.members import walk
from archive.records import Page, count_words
from tests.archive.pages import HARBOUR, article, exchange, kept, later, page, visit


def test_a_text_reads_back_as_the_article_it_was(archive):
    revision = kept(archive, "First.", "Second.")
    assert archive.article(revision) == article("First.", "Second.")


def test_the_snapshot_of_a_text_holds_its_own_records_member_for_member(archive, tmp_path):
    moved = exchange(b"", url="http://old.example/", status="301 Moved", headers=b"Location: /new\r\n")
    archive.append(page(b"again", url=HARBOUR))
    _, capture = archive.append(Page(exchanges=(moved, exchange(b"again", at=later(1)))))
    revision = archive.keep(article(), visit(capture.record_id, article=HARBOUR), verdict="new", after=None)
    assert revision
    kept(archive, "Another story.", url="https://harbour-post.example/other")
    snapshot = tmp_path / "snapshot.warc.gz"
    snapshot.write_bytes(b"".join(archive.snapshot(revision)))
    types = [record.type for record in walk(snapshot)]
    group = ["request", "metadata"]
    assert types == ["warcinfo", "response", *group, "response", *group, "revisit", *group, "conversion"]


def test_readers_write_nothing(tmp_path):
    with open_writer(tmp_path / "a") as archive:
        revision = kept(archive)
    before = {
        path: path.stat().st_mtime_ns
        for path in (tmp_path / "a").rglob("*")
        if not path.name.startswith("catalog.sqlite")
    }
    with open_archive(tmp_path / "a") as reader:
        assert reader.article(revision).headline == "Harbour workers end strike"
    assert before == {
        path: path.stat().st_mtime_ns
        for path in (tmp_path / "a").rglob("*")
        if not path.name.startswith("catalog.sqlite")
    }


@pytest.mark.parametrize(
    ("again", "reserved"),
    [
        (page(b"same", headers=b"X-Robots-Tag: noai\r\n", at=later(1)), "noai"),
        (page(b"same", headers=b"Server: x\r\n", at=later(1)), None),
        (page(b"", status="304 Not Modified", headers=b"x-robots-tag: noai\r\n", at=later(1)), "noai"),
        (page(b"", status="304 Not Modified", headers=b"Server: x\r\n", at=later(1)), "noarchive"),
    ],
)
def test_of_a_revisit_the_body_is_its_originals_and_what_it_reserves_its_own(archive, again, reserved):
    archive.append(page(b"same", headers=b"X-Robots-Tag: noarchive\r\nContent-Type: text/html\r\n"))
    [revisit] = archive.append(again)
    head, body = archive.payload(revisit)
    assert revisit.revisit_of
    assert body == b"same"
    assert (field(head, "x-robots-tag"), field(head, "content-type")) == (reserved, "text/html")


def test_a_revisit_whose_own_warc_file_is_gone_is_damage(archive):
    archive.append(page(b"same"))
    archive.close_warc()
    [revisit] = archive.append(page(b"same", at=later(1)))
    archive.close_warc()
    (archive.root / revisit.warc).unlink()
    with pytest.raises(Damaged, match="the file is missing"):
        archive.payload(revisit)


def test_a_text_whose_place_holds_another_record_is_damage(archive):
    revision = kept(archive)
    with pytest.raises(Damaged, match="not what was kept"):
        archive.text(replace(revision, offset=0))


def test_a_text_whose_warc_file_is_gone_is_damage(archive):
    revision = kept(archive)
    archive.close_warc()
    (archive.root / revision.warc).unlink()
    with pytest.raises(Damaged, match="the file is missing"):
        archive.text(revision)


def test_a_text_without_spaces_has_more_words_than_white_space_parts():
    assert count_words("The port opens at six.") == 5
    assert count_words("港は六時に開く。船員たちは戻った。") == 7
    assert count_words("The Korean word for harbour is 항구, she said; in Chinese it is 港口.") == 14
