"""Opening: what is taken for an archive, and what is left alone."""

import pytest

from archive import open_archive, open_writer
from archive.errors import NewerFormat, NotAnArchive


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
