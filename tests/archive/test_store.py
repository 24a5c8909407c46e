"""Appending, keeping, finding: what an archive promises to those who write to it."""

import hashlib
import json
import os
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from archive import Writer, open_archive, open_writer
from archive.errors import NewerFormat, NotAnArchive, NotFound, WriteFailed
from archive.members import walk
from archive.records import Page
from archive.texts import folder_of
from archive.verify import Counts, verify
from tests.archive.pages import HARBOUR, NOON, article, exchange, later, not_modified, page, visit


@pytest.fixture
def archive(tmp_path):
    with open_writer(tmp_path / "archive") as writer:
        yield writer


def keep(archive: Writer, *paragraphs: str, url: str = HARBOUR, hours: int = 0, verdict="new", after=None, **facts):
    """A page fetched and its article kept; the revision."""
    body = "".join(paragraphs or ("x",)).encode()
    [capture] = archive.append(page(body, url=url, at=later(hours)))
    told = article(*paragraphs, url=url, **facts)
    return archive.keep(
        told, visit(capture.record_id, url=url, at=later(hours), article=url), verdict=verdict, after=after
    )


def damages(root: Path) -> list[str]:
    with open_archive(root) as reader:
        return [damage.what for damage in verify(reader, Counts())]


def test_a_text_file_is_named_by_the_hash_of_its_bytes(archive):
    kept = keep(archive)
    text = (archive.root / kept.text_file).read_bytes()
    assert text == b"Harbour workers end strike\n\nDock workers voted to return.\n\nThe port opens at six.\n"
    assert kept.text_file == f"text/harbour-post.example/2026/11/20/000_{hashlib.sha256(text).hexdigest()[:16]}.txt"


def test_ordinals_count_up_in_a_site_s_folder_of_the_day(archive):
    names = [keep(archive, f"Story {n}.", url=f"{HARBOUR}/{n}").pressmark[:4] for n in range(3)]
    assert names == ["000_", "001_", "002_"]


def test_the_sidecar_says_where_the_text_came_from(archive):
    kept = keep(archive)
    said = json.loads((archive.root / kept.text_file).with_suffix(".json").read_text())
    assert said["sha256"] == kept.sha256
    assert said["capture"]["record_id"] == kept.capture
    assert (said["authors"], said["published"]) == (["Lena Aho"], "2026-11-19")


def test_a_capture_holds_head_and_body_byte_for_byte(archive):
    odd = b"coNtent-TYPE:   text/html  \r\nX-Title: caf\xe9\r\nX-Fold: one\r\n  two\r\n"
    [capture] = archive.append(page(b"\x00body\r\n\r\n", headers=odd))
    assert archive.payload(capture) == (b"HTTP/1.1 200 OK\r\n" + odd + b"\r\n", b"\x00body\r\n\r\n")


def test_the_same_bytes_fetched_twice_are_written_as_a_revisit(archive):
    [first] = archive.append(page(b"same"))
    [second] = archive.append(page(b"same", at=later(1)))
    assert second.revisit_of == first.record_id
    assert archive.payload(second)[1] == b"same"


def test_an_empty_body_is_never_a_revisit(archive):
    [_], [second] = archive.append(page(b"")), archive.append(page(b"", at=later(1)))
    assert second.revisit_of is None


def test_the_same_bytes_at_another_url_are_a_response_of_their_own(archive):
    [_], [second] = archive.append(page(b"same")), archive.append(page(b"same", url=f"{HARBOUR}/other"))
    assert second.revisit_of is None


def test_a_304_is_a_revisit_with_an_empty_block_that_refers_to_a_response_and_never_to_a_revisit(archive):
    [first] = archive.append(page(b"same", headers=b'Content-Type: text/html\r\nETag: "1"\r\n'))
    archive.append(page(b"same", at=later(1)))
    [third] = archive.append(not_modified(at=later(2)))
    record = archive.record(third.warc, third.offset)
    assert (third.revisit_of, third.status, third.media_type, third.etag) == (first.record_id, 304, "text/html", '"2"')
    assert record.block == b""
    assert record.field("WARC-Refers-To-Target-URI") == HARBOUR
    assert record.field("WARC-Refers-To-Date") == "2026-11-20T12:00:00.000000Z"


def test_a_truncated_body_is_said_to_be_and_no_revisit_leans_on_it(archive):
    [cut] = archive.append(page(b"half", truncated="disconnect"))
    [again] = archive.append(page(b"half", at=later(1)))
    assert archive.record(cut.warc, cut.offset).field("WARC-Truncated") == "disconnect"
    assert (cut.truncated, again.revisit_of) == ("disconnect", None)


def test_a_request_is_conditional_only_on_a_capture_that_is_there(archive):
    with archive.reading() as reading:
        assert reading.validators(HARBOUR) is None
    archive.append(page(headers=b'ETag: "1"\r\nLast-Modified: Thu, 19 Nov 2026 10:00:00 GMT\r\n'))
    archive.append(page(b"cut", headers=b'ETag: "cut"\r\n', at=later(1), truncated="time"))
    with archive.reading() as reading:
        assert (reading.validators(HARBOUR).etag, reading.validators(HARBOUR).last_modified) == (
            '"1"',
            "Thu, 19 Nov 2026 10:00:00 GMT",
        )


def test_redirects_are_captures_of_their_own_and_name_the_hop_before(archive):
    moved = exchange(b"", url="http://old.example/", status="301 Moved", headers=b"Location: https://new.example/\r\n")
    first, second = archive.append(Page(exchanges=(moved, exchange(url="https://new.example/"))))
    with archive.reading() as reading:
        assert (second.hop_from, reading.hops_to(second)) == (first.record_id, [first])


def test_request_response_and_metadata_stand_together_as_one_member_each(archive):
    [capture] = archive.append(page())
    archive.close_warc()
    answer, request, metadata = list(walk(archive.root / capture.warc))[1:]
    assert (answer.type, request.type, metadata.type) == ("response", "request", "metadata")
    assert request.field("WARC-Concurrent-To") == metadata.field("WARC-Concurrent-To") == f"<{answer.record_id}>"
    assert request.field("WARC-Date") == answer.field("WARC-Date")
    assert b"tls-version: TLSv1.3" in metadata.block


def test_the_first_text_of_an_article_that_equals_another_s_is_a_copy_without_a_second_file(archive):
    first = keep(archive)
    second = keep(archive, url="https://other.example/wire")
    assert (second.verdict, second.copy_of, second.text_file) == ("copy", first.pressmark, first.text_file)
    assert len(list((archive.root / "text").rglob("*.txt"))) == 1


def test_an_article_that_goes_back_to_an_earlier_text_of_its_own_names_that_file_and_is_no_copy(archive):
    first = keep(archive, "Six died.")
    second = keep(archive, "Seven died.", hours=1, verdict="revised", after=first.record_id)
    third = keep(archive, "Six died.", hours=2, verdict="revised", after=second.record_id)
    assert (third.verdict, third.copy_of, third.text_file) == ("revised", None, first.text_file)


def test_a_verdict_measured_against_a_revision_that_is_no_longer_the_latest_keeps_nothing(archive):
    first = keep(archive, "One.")
    keep(archive, "Two.", hours=1, verdict="revised", after=first.record_id)
    assert keep(archive, "Three.", hours=2, verdict="revised", after=first.record_id) is None
    with archive.reading() as reading:
        assert len(reading.revisions_of(HARBOUR)) == 2


def test_an_article_is_kept_only_of_a_capture_that_is_there(archive):
    with pytest.raises(NotFound):
        archive.keep(article(), visit("urn:uuid:none", article=HARBOUR), verdict="new", after=None)


def test_aliases_lead_to_the_article_they_were_last_seen_to_lead_to(archive):
    keep(archive)
    archive.note(visit(url="https://harbour-post.example/s", article=HARBOUR, at=later(2)))
    archive.note(visit(url="https://harbour-post.example/s", article="https://older.example/", at=later(1)))
    with archive.reading() as reading:
        assert reading.article_at("https://harbour-post.example/s") == HARBOUR


def test_a_text_reads_back_as_the_article_it_was(archive):
    kept = keep(archive, "First.", "Second.")
    assert archive.article(kept) == article("First.", "Second.")


def test_every_visit_stands_in_a_record_once_the_writer_has_closed(tmp_path):
    with open_writer(tmp_path / "a") as archive:
        archive.note(visit(reason="dns"))
    with open_archive(tmp_path / "a") as reader, reader.reading() as reading:
        [warc] = reading.warc_files()
        [resource] = [record for record in walk(reader.root / warc) if record.type == "resource"]
        assert json.loads(resource.block)["reason"] == "dns"
        assert reading.unwritten_visits() == []


def test_the_snapshot_of_a_text_holds_its_own_records_member_for_member(archive, tmp_path):
    moved = exchange(b"", url="http://old.example/", status="301 Moved", headers=b"Location: /new\r\n")
    archive.append(page(b"again", url=HARBOUR))
    _, capture = archive.append(Page(exchanges=(moved, exchange(b"again", at=later(1)))))
    kept = archive.keep(article(), visit(capture.record_id, article=HARBOUR), verdict="new", after=None)
    keep(archive, "Another story.", url="https://harbour-post.example/other")
    snapshot = tmp_path / "snapshot.warc.gz"
    snapshot.write_bytes(b"".join(archive.snapshot(kept)))
    types = [record.type for record in walk(snapshot)]
    group = ["request", "metadata"]
    assert types == ["warcinfo", "response", *group, "response", *group, "revisit", *group, "conversion"]


def test_a_closed_warc_file_has_its_manifest_and_is_read_only(archive):
    [capture] = archive.append(page())
    open_name = archive.warc_path(capture.warc)
    archive.close_warc()
    path = archive.root / capture.warc
    manifest = json.loads(path.with_name(path.name + ".manifest.json").read_text())
    assert (open_name.suffix, path.stat().st_mode & 0o222) == (".open", 0)
    assert manifest["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (manifest["bytes"], manifest["records"]) == (path.stat().st_size, 4)


def test_a_warc_file_is_closed_when_it_is_large_enough(tmp_path):
    with open_writer(tmp_path / "a", warc_size=1000) as archive:
        [first] = archive.append(page(os.urandom(2000)))
        [second] = archive.append(page(os.urandom(2000)))
    assert first.warc != second.warc


def test_readers_write_nothing(tmp_path):
    with open_writer(tmp_path / "a") as archive:
        kept = keep(archive)
    before = {
        path: path.stat().st_mtime_ns
        for path in (tmp_path / "a").rglob("*")
        if not path.name.startswith("catalog.sqlite")
    }
    with open_archive(tmp_path / "a") as reader:
        assert reader.article(kept).headline == "Harbour workers end strike"
    assert before == {
        path: path.stat().st_mtime_ns
        for path in (tmp_path / "a").rglob("*")
        if not path.name.startswith("catalog.sqlite")
    }


WRITE_TWENTY = """
import sys
sys.path.insert(0, sys.argv[3])
from tests.archive.pages import article, later, page, visit
from archive import open_writer
with open_writer(sys.argv[1]) as archive:
    for n in range(20):
        url = f"https://{sys.argv[2]}.example/{n}"
        [capture] = archive.append(page(url.encode(), url=url))
        told = article(f"Story {n} of {sys.argv[2]}.", url=url)
        assert archive.keep(told, visit(capture.record_id, url=url, article=url), verdict="new", after=None)
"""


def test_two_processes_write_to_one_archive_and_nothing_is_lost_or_named_twice(tmp_path):
    pages_py = str(Path(__file__).parent)
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE_TWENTY, tmp_path / "a", name, pages_py])
        for name in ("one", "two")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    texts = [path.name for path in (tmp_path / "a" / "text").rglob("*.txt")]
    assert sorted(int(name[:3]) for name in texts) == list(range(40))
    assert damages(tmp_path / "a") == []


def test_a_full_disk_takes_nothing_that_was_kept_and_the_next_page_can_be_kept(tmp_path, monkeypatch):
    with open_writer(tmp_path / "a") as archive:
        kept = keep(archive)
        size = archive.warc_path(kept.warc).stat().st_size
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 500, limits[1]))
        try:
            with pytest.raises(WriteFailed, match="too large"):
                archive.append(page(os.urandom(5000), url="https://big.example/"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert archive.warc_path(kept.warc).stat().st_size == size
        archive.append(page(b"small", url="https://small.example/"))
    assert damages(tmp_path / "a") == []


def test_a_commit_that_fails_takes_the_record_back(archive):
    keep(archive)
    (archive.root / "text" / "blocked.example").write_text("a file where a folder should be")
    [capture] = archive.append(page(url="https://blocked.example/x"))
    path, size = archive.warc_path(capture.warc), archive.warc_path(capture.warc).stat().st_size
    told = replace(article("New.", url="https://blocked.example/x"), site="blocked.example")
    with pytest.raises(WriteFailed):
        archive.keep(told, visit(capture.record_id, article=told.canonical_url), verdict="new", after=None)
    assert path.stat().st_size == size
    archive.close_warc()
    assert [damage.what for damage in verify(archive, Counts())] == []


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path):
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(NotAnArchive, match="other things"):
        open_writer(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


def test_a_newer_format_is_refused_and_not_guessed_at(tmp_path):
    (tmp_path / "FORMAT").write_text("pressmark archive 2\n")
    for write in (True, False):
        with pytest.raises(NewerFormat, match="its format is 2"):
            open_archive(tmp_path, write=write)


def test_an_archive_that_is_not_there_is_not_made_by_reading(tmp_path):
    with pytest.raises(NotAnArchive, match="is not there"):
        open_archive(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_nothing_that_a_site_is_called_leads_out_of_the_archive(archive):
    assert folder_of("../../etc", NOON) == "text/_.._etc/2026/11/20"
    assert folder_of("::1", NOON) == "text/__1/2026/11/20"
    assert folder_of("", NOON) == "text/_/2026/11/20"
