"""An export is there whole, or it is not there."""

from dataclasses import replace

import pytest

from archive.errors import ArchiveError, WriteFailed
from archive.export import FORMATS, export
from tests.archive.pages import disk_full_at
from tests.archive.shelf import Shelf, fill, many

FILES = [name for name, each in FORMATS.items() if not each.is_folder]


@pytest.fixture
def shelf(archive) -> Shelf:
    return fill(archive)


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "archive")


@pytest.mark.parametrize("name", FORMATS)
def test_a_full_disk_leaves_nothing_half(archive, tmp_path, name):
    many(archive, 60)
    archive.close_warc()
    with pytest.raises(WriteFailed), disk_full_at(200):
        export(archive, tmp_path / "out", as_format=FORMATS[name])
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_there_is_left_alone_unless_it_may_be_replaced(shelf, tmp_path, name):
    target = tmp_path / "out"
    target.write_text("mine")
    with pytest.raises(WriteFailed, match="is there already"):
        export(shelf.archive, target, as_format=FORMATS[name])
    assert target.read_text() == "mine"
    export(shelf.archive, target, as_format=FORMATS[name], replace=True)
    assert target.read_bytes() != b"mine"
    assert names(tmp_path) == ["out"]


def test_a_file_that_was_to_be_replaced_stands_when_the_new_one_fails(archive, tmp_path):
    many(archive, 60)
    archive.close_warc()
    target = tmp_path / "out.jsonl"
    target.write_text("mine")
    with pytest.raises(WriteFailed), disk_full_at(200):
        export(archive, target, replace=True)
    assert target.read_text() == "mine"


def test_nothing_is_read_for_a_file_that_is_there(shelf, tmp_path):
    asked: list[object] = []

    def write(*said: object) -> int:
        asked.append(said)
        return 0

    (tmp_path / "out").write_text("mine")
    theirs = replace(FORMATS["csv"], write=write)
    with pytest.raises(WriteFailed, match="is there already"):
        export(shelf.archive, tmp_path / "out", as_format=theirs)
    assert asked == []


def test_a_file_that_came_meanwhile_is_left_alone(shelf, tmp_path):
    target = tmp_path / "out"

    def write(*_) -> int:
        target.write_text("somebody's")
        return 0

    theirs = replace(FORMATS["csv"], write=write)
    with pytest.raises(WriteFailed, match="is there already"):
        export(shelf.archive, target, as_format=theirs)
    assert target.read_text() == "somebody's"


def test_a_folder_that_holds_something_is_left_alone_unless_it_may_be_replaced(shelf, tmp_path):
    folder = tmp_path / "notes"
    (folder / "gazette.example").mkdir(parents=True)
    (folder / "mine.md").write_text("mine")
    with pytest.raises(WriteFailed, match="is there already"):
        export(shelf.archive, folder, as_format=FORMATS["markdown"])
    assert names(folder) == ["gazette.example", "mine.md"]
    export(shelf.archive, folder, as_format=FORMATS["markdown"], replace=True)
    assert names(folder) == ["gazette.example", "harbour-post.example", "mine.md"]
    assert (folder / "mine.md").read_text() == "mine"
    assert len(list(folder.rglob("*.md"))) == 5
    assert names(tmp_path) == ["notes"]


def test_an_empty_folder_is_as_good_as_none(shelf, tmp_path):
    (tmp_path / "notes").mkdir()
    assert export(shelf.archive, tmp_path / "notes", as_format=FORMATS["markdown"]) == 4


def test_a_name_that_says_no_format_is_refused_with_those_there_are(shelf, tmp_path):
    with pytest.raises(ArchiveError, match="jsonl, csv, parquet, markdown, cdxj, wacz"):
        export(shelf.archive, tmp_path / "out.pdf")
