"""The WARC files are the archive: catalog and texts come back from them alone."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from archive import index, open_archive, open_writer
from archive.errors import Locked, WriteFailed
from archive.rebuild import rebuild
from archive.records import ADDED, Article, Capture, Facts, Revision
from tests.archive.damaged import build, contents
from tests.archive.pages import HARBOUR, MORE_FACTS, article, damages, disk_full_at, kept, page, visit

FACTS_AND = index.facts_and
OF_THE_FIRST_FORMAT = (
    "url canonical_url site headline authors published modified language publisher kind access source_link origins"
    " extractor site_memory"
).split()


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


def test_facts_that_came_later_come_back_and_records_of_before_say_nothing_of_them(tmp_path, monkeypatch):
    root = tmp_path / "a"
    with open_writer(root) as archive:
        [capture] = archive.append(page(b"a page that says much"))
        telling = replace(article("Much."), reservations=("noai", "tdm-reservation=1"), **MORE_FACTS)
        archive.keep(telling, visit(capture.record_id, article=HARBOUR), verdict="new", after=None)
        with monkeypatch.context() as before:
            before.setattr(index, "facts_and", _as_before)
            old = kept(archive, "Of before.", url="https://harbour-post.example/before")
    before_it = contents(root)
    rebuild(root)
    assert contents(root) == before_it
    with open_archive(root) as reader, reader.reading() as reading:
        first, second = reading.all_revisions()
    assert first.facts == Facts(**{each.name: getattr(telling, each.name) for each in fields(Facts)})
    assert {name: getattr(second.facts, name) for name in ADDED} == ADDED
    said = (root / old.text_file).with_suffix(".json").read_bytes()
    assert not any(f'"{name}"'.encode() in said for name in ADDED)
    assert damages(root) == []


def _as_before(decision: index.Decision, article: Article) -> dict[str, Any]:
    """As a pressmark wrote a conversion's facts that did not look for some of them."""
    return {name: value for name, value in FACTS_AND(decision, article).items() if name not in ADDED}


def test_an_archive_of_before_has_the_sidecars_that_it_had(tmp_path, monkeypatch):
    """Byte for byte, under their hash: as pressmark made them before it looked for more facts."""
    root = tmp_path / "a"
    monkeypatch.setattr(index, "facts_and", _as_before)
    with open_writer(root) as archive:
        revision = kept(archive)
    with open_archive(root) as reader, reader.reading() as reading:
        capture = reading.capture(revision.capture)
    assert capture
    facts = {name: getattr(revision.facts, name) for name in OF_THE_FIRST_FORMAT}
    where = {each.name: getattr(capture, each.name) for each in fields(Capture)}
    said = {
        **facts, "format": 1, "pressmark": revision.pressmark, "text_file": revision.text_file,
        "sha256": revision.sha256, "words": revision.words,
        "conversion": {name: getattr(revision, name) for name in ("record_id", "warc", "offset", "length")},
        "capture": {**where, "captured_at": "2026-11-20T12:00:00.000000Z"},
    }  # fmt: skip
    sidecar = (root / revision.text_file).with_suffix(".json")
    assert sidecar.read_text() == json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (root / "catalog.sqlite").unlink()
    before = sidecar.stat().st_mtime_ns
    rebuild(root)
    assert sidecar.stat().st_mtime_ns == before


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
