"""Opening: what is taken for an archive, and what is left alone."""

import shutil
import sqlite3

import pytest

from archive import open_archive, open_writer
from archive.errors import NewerFormat, NotAnArchive, WriteFailed
from tests.archive.pages import kept, open_files, page


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


def test_an_archive_whose_making_was_cut_short_is_made_by_the_next(tmp_path):
    (tmp_path / ".FORMAT.4711").write_text("pressmark arch")
    open_writer(tmp_path).close()
    assert (tmp_path / "FORMAT").read_text() == "pressmark archive 1\n"


@pytest.mark.parametrize("name", ["a b", "what?", "50%", "100%25", "no#1", "ünï – ж", "caf\udce9"])
def test_an_archive_may_lie_in_a_folder_of_any_name(tmp_path, name):
    with open_writer(tmp_path / name) as archive:
        revision = kept(archive)
    with open_archive(tmp_path / name) as reader:
        assert reader.article(revision).headline == "Harbour workers end strike"
    assert (tmp_path / name / "catalog.sqlite").exists()
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("write", [True, False])
def test_a_lost_catalog_is_not_replaced_by_an_empty_one(tmp_path, write):
    with open_writer(tmp_path / "a") as archive:
        archive.append(page())
    (tmp_path / "a" / "catalog.sqlite").unlink()
    with pytest.raises(NotAnArchive, match="its catalog is missing"):
        open_archive(tmp_path / "a", write=write)
    assert not (tmp_path / "a" / "catalog.sqlite").exists()


def test_a_catalog_that_is_no_database_is_said_to_be_remade_by_rebuild(tmp_path):
    open_writer(tmp_path / "a").close()
    (tmp_path / "a" / "catalog.sqlite").write_bytes(b"no database at all, but long enough to be taken for one" * 20)
    with pytest.raises(NotAnArchive, match="rebuild"):
        open_archive(tmp_path / "a")


def test_a_catalog_that_is_out_of_reach_is_not_called_broken(tmp_path):
    with pytest.raises(NotAnArchive, match="cannot be opened") as refused:
        open_archive(tmp_path / "a", write=True, catalog=f"sqlite:///{tmp_path}/nowhere/catalog.sqlite")
    assert "rebuild" not in refused.value.message


def test_a_writer_that_cannot_recover_lets_go_of_everything(tmp_path):
    with open_writer(tmp_path / "a") as archive:
        [capture] = archive.append(page())
        torn = tmp_path / "torn"
        shutil.copy(archive.warc_path(capture.warc), torn)
    left = (tmp_path / "a" / capture.warc).with_name("pressmark-20261120120000000-00000.warc.gz.open")
    left.write_bytes(torn.read_bytes()[:-1])
    (tmp_path / "a" / "quarantine").write_text("a file where a folder should be")
    before = open_files()
    with pytest.raises(WriteFailed, match="not written"):
        open_writer(tmp_path / "a")
    assert open_files() == before
    (tmp_path / "a" / "quarantine").unlink()
    open_writer(tmp_path / "a").close()


def test_a_writer_may_be_closed_twice(tmp_path):
    archive = open_writer(tmp_path / "a")
    archive.close()
    with (tmp_path / "other").open("w") as other:  # it has the number that the lock had
        archive.close()
        other.write("still open")


def test_a_writer_whose_catalog_refuses_its_last_visits_still_closes_its_warc_file(tmp_path):
    archive = open_writer(tmp_path / "a")
    revision = kept(archive)
    with sqlite3.connect(tmp_path / "a" / "catalog.sqlite") as other:
        other.execute("DROP TABLE visits")
    other.close()
    with pytest.raises(WriteFailed):
        archive.close()
    assert (tmp_path / "a" / revision.warc).exists()
