"""Keeping: what becomes of an article, its text file and its name."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace

import pytest

from archive.errors import NotFound, WriteFailed
from archive.texts import folder_of
from tests.archive.pages import HARBOUR, HOUSE, NOON, article, damages, kept, later, page, visit


def test_a_text_file_is_named_by_the_hash_of_its_bytes(archive):
    revision = kept(archive)
    text = (archive.root / revision.text_file).read_bytes()
    assert text == b"Harbour workers end strike\n\nDock workers voted to return.\n\nThe port opens at six.\n"
    assert revision.text_file == f"text/harbour-post.example/2026/11/20/000_{hashlib.sha256(text).hexdigest()[:16]}.txt"


def test_ordinals_count_up_in_a_site_s_folder_of_the_day(archive):
    names = [kept(archive, f"Story {n}.", url=f"{HARBOUR}/{n}").pressmark[:4] for n in range(3)]
    assert names == ["000_", "001_", "002_"]


def test_the_sidecar_says_where_the_text_came_from(archive):
    revision = kept(archive)
    said = json.loads((archive.root / revision.text_file).with_suffix(".json").read_text())
    assert said["sha256"] == revision.sha256
    assert said["capture"]["record_id"] == revision.capture
    assert (said["authors"], said["published"]) == (["Lena Aho"], "2026-11-19")


def test_the_first_text_of_an_article_that_equals_another_s_is_a_copy_without_a_second_file(archive):
    first = kept(archive)
    second = kept(archive, url="https://other.example/wire")
    assert (second.verdict, second.copy_of, second.text_file) == ("copy", first.pressmark, first.text_file)
    assert len(list((archive.root / "text").rglob("*.txt"))) == 1


def test_an_article_that_goes_back_to_an_earlier_text_of_its_own_names_that_file_and_is_no_copy(archive):
    first = kept(archive, "Six died.")
    second = kept(archive, "Seven died.", hours=1, verdict="revised", after=first.record_id)
    third = kept(archive, "Six died.", hours=2, verdict="revised", after=second.record_id)
    assert (third.verdict, third.copy_of, third.text_file) == ("revised", None, first.text_file)


def test_a_verdict_measured_against_a_revision_that_is_no_longer_the_latest_keeps_nothing(archive):
    first = kept(archive, "One.")
    kept(archive, "Two.", hours=1, verdict="revised", after=first.record_id)
    [capture] = archive.append(page(b"Three.", at=later(2)))
    brought = visit(capture.record_id, at=later(2), article=HARBOUR)
    assert archive.keep(article("Three."), brought, verdict="revised", after=first.record_id) is None
    with archive.reading() as reading:
        assert len(reading.revisions_of(HARBOUR)) == 2


def test_an_article_is_kept_only_of_a_capture_that_is_there(archive):
    with pytest.raises(NotFound):
        archive.keep(article(), visit("urn:uuid:none", article=HARBOUR), verdict="new", after=None)


def test_a_commit_that_fails_takes_the_record_back(archive):
    kept(archive)
    (archive.root / "text" / "blocked.example").write_text("a file where a folder should be")
    [capture] = archive.append(page(url="https://blocked.example/x"))
    path, size = archive.warc_path(capture.warc), archive.warc_path(capture.warc).stat().st_size
    told = replace(article("New.", url="https://blocked.example/x"), site="blocked.example")
    with pytest.raises(WriteFailed):
        archive.keep(told, visit(capture.record_id, article=told.canonical_url), verdict="new", after=None)
    assert path.stat().st_size == size
    (archive.root / "text" / "blocked.example").unlink()
    archive.close_warc()
    assert damages(archive.root) == []


def test_a_text_that_could_not_be_kept_leaves_no_file_behind(archive):
    told = article("New.", url=f"{HARBOUR}/2")
    folder = (archive.root / kept(archive).text_file).parent
    name = f"001_{hashlib.sha256(told.text.encode()).hexdigest()[:16]}"
    (folder / f"{name}.json" / "blocked").mkdir(parents=True)
    [capture] = archive.append(page(b"new", url=told.url))
    with pytest.raises(WriteFailed):
        archive.keep(told, visit(capture.record_id, article=told.url), verdict="new", after=None)
    assert not (folder / f"{name}.txt").exists()


WRITE_TWENTY = """
import sys
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
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE_TWENTY, tmp_path / "a", name], cwd=HOUSE)
        for name in ("one", "two")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    texts = [path.name for path in (tmp_path / "a" / "text").rglob("*.txt")]
    assert sorted(int(name[:3]) for name in texts) == list(range(40))
    assert damages(tmp_path / "a") == []


def test_nothing_that_a_site_is_called_leads_out_of_the_archive(archive):
    assert folder_of("../../etc", NOON) == "text/_.._etc/2026/11/20"
    assert folder_of("::1", NOON) == "text/__1/2026/11/20"
    assert folder_of("", NOON) == "text/_/2026/11/20"
