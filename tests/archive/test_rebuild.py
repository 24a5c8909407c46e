"""The WARC files are the archive: catalog and texts come back from them alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive import index, open_archive, open_writer
from archive.errors import Locked, WriteFailed
from archive.rebuild import rebuild
from archive.records import Capture, Revision
from tests.archive.damaged import build, contents
from tests.archive.pages import HARBOUR, article, damages, disk_full_at, kept, page, visit


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return build(tmp_path / "a")


def test_without_catalog_and_texts_everything_comes_back_as_it_was(root):
    before = contents(root)
    for path in [*root.glob("catalog.sqlite*"), *(root / "text").rglob("*.txt"), *(root / "text").rglob("*.json")]:
        path.unlink()
    made = rebuild(root)
    assert contents(root) == before
    assert (made.warcs, made.texts) == (2, 2)
    assert damages(root) == []


def test_a_sound_archive_is_the_same_after_a_rebuild_and_its_old_catalog_is_kept(root):
    before = contents(root)
    made = rebuild(root)
    assert contents(root) == before
    assert made.texts == 0
    assert [path.name for path in (root / "quarantine").rglob("catalog.sqlite")] == ["catalog.sqlite"]


def test_of_two_rebuilds_in_one_second_each_keeps_its_old_catalog(root):
    for _ in range(3):
        rebuild(root)
    assert len(list((root / "quarantine").rglob("catalog.sqlite"))) == 3


def test_a_changed_text_is_written_anew(root):
    path = min((root / "text").rglob("*.txt"))
    said = path.read_bytes()
    path.write_bytes(b"something else")
    rebuild(root)
    assert path.read_bytes() == said


def test_one_damaged_record_costs_no_more_than_its_own_group(root):
    with open_archive(root) as reader, reader.reading() as reading:
        first, *others = sorted((row for row in reading.rows_in(min(reading.warc_files()))), key=lambda row: row.offset)
        path = root / first.warc
    path.chmod(0o644)
    block = bytearray(path.read_bytes())
    block[first.offset + first.length // 2] ^= 0xFF
    path.write_bytes(block)
    made = rebuild(root)
    assert [damage.offset for damage in made.damages] == [first.offset]
    with open_archive(root) as reader, reader.reading() as reading:
        assert [row.record_id for row in others] == [row.record_id for row in _by_offset(reading, first.warc)]


def _by_offset(reading, warc):
    return sorted(reading.rows_in(warc), key=lambda row: row.offset)


def test_what_a_site_reserves_comes_back_and_of_records_that_do_not_say_it_nothing_is_reserved(tmp_path, monkeypatch):
    root, facts_and = tmp_path / "a", index.facts_and
    with open_writer(root) as archive:
        [capture] = archive.append(page(b"a page that reserves"))
        reserving = replace(article("Reserved."), reservations=("noai", "tdm-reservation=1"))
        archive.keep(reserving, visit(capture.record_id, article=HARBOUR), verdict="new", after=None)
        with monkeypatch.context() as before:  # as a pressmark wrote it that did not look for reservations
            before.setattr(index, "facts_and", lambda *said: _without_reservations(facts_and(*said)))
            kept(archive, "Of before.", url="https://harbour-post.example/before")
    dump = contents(root)
    rebuild(root)
    assert contents(root) == dump
    with open_archive(root) as reader, reader.reading() as reading:
        facts = {each.facts.canonical_url: each.facts.reservations for each in reading.all_revisions()}
    assert facts == {HARBOUR: ("noai", "tdm-reservation=1"), "https://harbour-post.example/before": ()}
    assert sum(b"reservations" in path.read_bytes() for path in (root / "text").rglob("*.json")) == 1
    assert damages(root) == []


def _without_reservations(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name != "reservations"}


def test_nothing_is_rebuilt_under_a_living_writer(root):
    with open_writer(root), pytest.raises(Locked):
        rebuild(root)


def test_a_catalog_that_is_no_database_any_more_is_made_anew(root):
    before = contents(root)
    (root / "catalog.sqlite").write_bytes(b"no database" * 1000)
    rebuild(root)
    assert contents(root) == before


def test_a_disk_that_is_full_leaves_the_old_catalog_in_its_place(root):
    with open_writer(root) as archive, archive.together():
        for n in range(600):
            archive.note(visit(url=f"https://harbour-post.example/{n}", reason="dns"))
    before = contents(root)
    with disk_full_at(300_000), pytest.raises(WriteFailed, match=f"catalog.sqlite.fresh: {'.*'}nothing that was kept"):
        rebuild(root)
    assert contents(root) == before
    assert not list(root.glob("catalog.sqlite.fresh*"))
    rebuild(root)
    assert contents(root) == before


def test_what_a_damaged_open_file_holds_behind_the_damage_comes_back(root):
    [one, two] = sorted((root / "warc").rglob("*.warc.gz"))
    with open_archive(root) as reader, reader.reading() as reading:
        first, *others = sorted((row for row in reading.rows_in(one.relative_to(root).as_posix())), key=by_offset)
    one.chmod(0o644)
    with one.open("r+b") as file:
        file.seek(first.offset + 30)
        file.write(bytes(8))
    one.rename(f"{one}.open")
    made = rebuild(root)
    assert [damage.offset for damage in made.damages] == [first.offset]
    with open_archive(root) as reader, reader.reading() as reading:
        assert {row.record_id for row in others} <= {row.record_id for row in reading.rows_in(others[0].warc)}
    assert two.exists()


def by_offset(row: Capture | Revision) -> int:
    return row.offset
