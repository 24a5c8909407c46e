"""What `verify` finds, and that it finds nothing where nothing is wrong."""

import json
from pathlib import Path

import pytest

from archive import open_archive, open_writer
from archive.members import walk
from archive.verify import Counts, verify
from tests.archive.pages import HARBOUR, article, page, visit


@pytest.fixture
def root(tmp_path: Path) -> Path:
    with open_writer(tmp_path / "a") as archive:
        for n in range(3):
            url = f"{HARBOUR}/{n}"
            [capture] = archive.append(page(f"body {n}".encode() * 20, url=url))
            archive.keep(
                article(f"Story {n}.", url=url),
                visit(capture.record_id, url=url, article=url),
                verdict="new",
                after=None,
            )
    return tmp_path / "a"


def found(root: Path) -> list[tuple[str, str]]:
    with open_archive(root) as reader:
        return [(damage.file, damage.what) for damage in verify(reader, Counts())]


def warc(root: Path) -> Path:
    path: Path
    [path] = (root / "warc").rglob("*.warc.gz")
    path.chmod(0o644)
    return path


def test_a_sound_archive_has_no_damage_and_everything_was_looked_at(root):
    counts = Counts()
    with open_archive(root) as reader:
        assert list(verify(reader, counts)) == []
    assert (counts.warcs, counts.records, counts.rows, counts.texts) == (1, 1 + 3 * 4 + 1, 6, 3)


def test_a_changed_text_is_found_by_its_name(root):
    path = min((root / "text").rglob("*.txt"))
    path.write_bytes(path.read_bytes().replace(b"Story", b"Stoxy"))
    [(file, what)] = found(root)
    assert (file, "its name says otherwise" in what) == (path.relative_to(root).as_posix(), True)


def test_a_missing_text_and_a_missing_sidecar_are_found(root):
    path = min((root / "text").rglob("*.txt"))
    path.unlink()
    path.with_suffix(".json").unlink()
    assert [what for _, what in found(root)] == ["the text file is missing", "the sidecar is missing"]


def test_a_sidecar_that_names_another_text_is_found(root):
    one, two, _ = sorted((root / "text").rglob("*.json"))
    one.write_bytes(two.read_bytes())
    assert [what for _, what in found(root)] == ["the sidecar names another text"]


def test_a_flipped_bit_is_found_where_it_lies(root):
    path = warc(root)
    record = list(walk(path))[5]
    block = bytearray(path.read_bytes())
    block[record.offset + record.length - 6] ^= 1
    path.write_bytes(block)
    with open_archive(root) as reader:
        first = next(verify(reader, Counts()))
    assert first.offset == record.offset


def test_a_last_record_that_is_missing_at_a_boundary_is_found(root):
    path = warc(root)
    last = list(walk(path))[-1]
    path.write_bytes(path.read_bytes()[: last.offset])
    assert any("bytes, the catalog says" in what for _, what in found(root))


def test_a_missing_warc_file_is_found_with_every_record_it_held(root):
    warc(root).unlink()
    whats = [what for _, what in found(root)]
    assert whats[0] == "the file is missing"
    assert sum("is not there" in what for what in whats) == 6


def test_a_warc_file_that_the_catalog_does_not_know_is_found(root):
    path = warc(root)
    path.with_name("pressmark-stranger.warc.gz").write_bytes(path.read_bytes())
    assert [what for _, what in found(root)] == ["the catalog does not know this file"]


def test_a_manifest_that_says_something_else_is_found(root):
    path = warc(root)
    manifest = path.with_name(path.name + ".manifest.json")
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "records": 99}))
    [(_, what)] = found(root)
    assert what.startswith("the manifest says")


def test_one_flipped_bit_raises_no_alarm_about_what_stands_behind_it(root):
    path = warc(root)
    record = list(walk(path))[1]
    block = bytearray(path.read_bytes())
    block[record.offset + record.length - 6] ^= 1
    path.write_bytes(block)
    with open_archive(root) as reader:
        assert {damage.offset for damage in verify(reader, Counts())} == {record.offset}


@pytest.mark.parametrize("nonsense", ["[]", "7", "nonsense"])
def test_a_sidecar_or_a_manifest_that_holds_nonsense_is_a_damage_and_no_accident(root, nonsense):
    min((root / "text").rglob("*.json")).write_text(nonsense)
    path = warc(root)
    path.with_name(path.name + ".manifest.json").write_text(nonsense)
    assert len({file for file, _ in found(root)}) == 2


def test_every_damage_says_how_to_mend_it(root):
    warc(root).unlink()
    with open_archive(root) as reader:
        assert all(damage.mend for damage in verify(reader, Counts()))


def test_a_file_that_was_packed_anew_is_not_the_one_that_was_closed(root):
    path = warc(root)
    block = bytearray(path.read_bytes())
    block[9] ^= 1  # the operating system in a gzip header: no record changes by it
    path.write_bytes(block)
    assert [what.rpartition(",")[2].split(" says")[0] for _, what in found(root)] == [" the manifest", " the catalog"]


def test_what_a_living_writer_appends_meanwhile_is_no_damage(root):
    path = warc(root)
    with open_writer(root) as archive, open_archive(root) as reader:
        archive.append(page(b"before", url=f"{HARBOUR}/before"))
        (path.with_name(path.name + ".manifest.json")).unlink()
        damages = verify(reader, Counts())
        assert next(damages).what == "the manifest cannot be read"
        archive.append(page(b"after", url=f"{HARBOUR}/after"))
        assert list(damages) == []
