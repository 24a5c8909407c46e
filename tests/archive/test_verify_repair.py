"""What `--repair` mends, what it leaves, and that nothing is deleted by it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from archive import open_archive, open_writer
from archive.errors import Locked
from archive.manifest import path_of
from archive.rebuild import rebuild
from archive.verify import Counts, verify
from archive.verify.damage import Damage
from archive.verify.repair import Left, Mended, repair, repairing
from tests.archive import damaged
from tests.archive.damaged import Place, build, contents, found, sql, warc
from tests.archive.pages import NOON
from tests.archive.test_redact import take_out


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return build(tmp_path / "a")


@pytest.fixture
def second(root: Path, tmp_path: Path) -> Path:
    """A second copy of the archive, taken before it was damaged."""
    return Path(shutil.copytree(root, tmp_path / "second"))


def repaired(root: Path, second: Path | None = None) -> list[Mended | Left]:
    with repairing(root) as archive:
        return list(repair(archive, list(verify(archive, Counts())), second=second, now=NOON))


def archived(root: Path) -> dict[Path, bytes]:
    """Every file with its bytes but the catalog's: a reader's SQLite makes its log and its index beside it."""
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and "sqlite" not in path.name}


def quarantined(root: Path) -> set[str]:
    aside = root / "quarantine" / "2026-11-20"
    return {path.relative_to(aside).as_posix() for path in aside.rglob("*") if path.is_file()}


def change(suffix: str) -> Callable[[Path], object]:
    return lambda root: min((root / "text").rglob(f"*{suffix}")).write_bytes(b"changed")


def lose(suffix: str) -> Callable[[Path], object]:
    return lambda root: min((root / "text").rglob(f"*{suffix}")).unlink()


FROM_RECORDS = {
    "a changed text": change(".txt"),
    "a changed sidecar": change(".json"),
    "a lost text": lose(".txt"),
    "a lost sidecar": lose(".json"),
    "a lost manifest": damaged.no_manifest,
    "a manifest that says otherwise": damaged.other_manifest,
    "a row that says otherwise": sql("UPDATE captures SET status = 201 WHERE warc = ?"),
    "lost rows of captures": sql("DELETE FROM captures WHERE warc = ?"),
    "lost rows of revisions and texts": sql("DELETE FROM revisions", "DELETE FROM texts"),
    "lost visits and aliases": sql("DELETE FROM visits", "DELETE FROM aliases"),
    "a visit that says otherwise": sql("UPDATE visits SET outcome = 'gone'"),
    "rows of records that are none": sql("UPDATE captures SET record_id = 'urn:uuid:x' || record_id WHERE warc = ?"),
    "a file that the catalog forgot": sql(
        "DELETE FROM warcs WHERE path = ?", "DELETE FROM captures WHERE warc = ?",
        "DELETE FROM revisions WHERE warc = ?",
    ),
    "a digest that is not the file's": sql("UPDATE warcs SET sha256 = 'x', length = length + 1 WHERE path = ?"),
}  # fmt: skip


@pytest.mark.parametrize("damage", FROM_RECORDS.values(), ids=FROM_RECORDS)
def test_what_the_records_hold_is_made_anew_from_them(root, damage):
    before = contents(root)
    damage(root)
    assert found(root)
    assert repaired(root)
    assert found(root) == []
    assert contents(root) == before


FROM_A_SECOND_COPY: dict[str, Callable[[Path], Place]] = {
    "a flipped bit": damaged.flipped,
    "a lost record": damaged.lost_record,
    "zeros at the end": damaged.zero_tail,
    "a lost file": damaged.missing,
    "a file packed anew": damaged.packed_anew,
    "two files exchanged": damaged.exchanged,
}


@pytest.mark.parametrize("damage", FROM_A_SECOND_COPY.values(), ids=FROM_A_SECOND_COPY)
def test_a_damaged_warc_file_comes_back_from_a_second_copy(root, second, damage):
    before = {path.name: path.read_bytes() for path in root.rglob("*.warc.gz")}
    damage(root)
    spoiled = {path.name: path.read_bytes() for path in root.rglob("*.warc.gz")}
    repaired(root, second)
    assert found(root) == []
    assert {path.name: path.read_bytes() for path in (root / "warc").rglob("*.warc.gz")} == before
    aside = {path.name: path.read_bytes() for path in (root / "quarantine").rglob("*.warc.gz")}
    assert aside == {name: block for name, block in spoiled.items() if block != before[name]}


def test_without_a_second_copy_a_damaged_warc_file_is_left_as_it_is(root):
    damaged.flipped(root)
    before = warc(root).read_bytes()
    assert repaired(root) == []
    assert warc(root).read_bytes() == before
    assert [damage.kind for damage in found(root)] == ["member"]


def test_a_copy_that_is_damaged_too_is_not_taken(root, second):
    damaged.flipped(root)
    damaged.flipped(second)
    before = warc(root).read_bytes()
    [left] = repaired(root, second)
    assert isinstance(left, Left)
    assert "damaged, too" in left.why
    assert warc(root).read_bytes() == before


def test_a_sound_copy_of_another_file_is_not_taken(root, second):
    damaged.flipped(root)
    path = second / warc(root).relative_to(root)
    path.write_bytes(min(second.rglob("*.warc.gz"), key=lambda each: each.stat().st_size).read_bytes())
    assert [type(each) for each in repaired(root, second)] == [Left]


def test_a_copy_without_the_file_is_told(root, tmp_path):
    damaged.missing(root)
    [left] = repaired(root, tmp_path)
    assert isinstance(left, Left)
    assert left.why.endswith("is not there")


@pytest.fixture
def redacted(root: Path) -> Path:
    """The archive after a text was taken out."""
    with open_archive(root) as reader, reader.reading() as reading:
        wanted = next(each.record_id for each in reading.all_revisions() if each.names_file)
    take_out(root, wanted)
    assert found(root) == []
    return root


def tombs(root: Path) -> Path:
    """The WARC file with tombstones in it."""
    return next(path for path in root.rglob("*.warc.gz") if '"redacted"' in path_of(path).read_text())


def test_what_was_redacted_comes_back_as_tombstones_from_a_later_copy(redacted, tmp_path):
    second = Path(shutil.copytree(redacted, tmp_path / "later"))
    before = tombs(redacted).read_bytes()
    tombs(redacted).unlink()
    assert {type(each) for each in repaired(redacted, second)} == {Mended}
    assert tombs(redacted).read_bytes() == before
    assert found(redacted) == []


def test_a_copy_from_before_a_redaction_is_not_taken_and_told_why(root, second, request):
    redacted = request.getfixturevalue("redacted")
    tombs(redacted).unlink()
    [left] = repaired(redacted, second)
    assert isinstance(left, Left)
    assert "redacted" in left.why


@pytest.mark.parametrize("count", [0, 7])
def test_a_manifest_that_counts_other_tombstones_is_made_anew(redacted, count):
    manifest = path_of(tombs(redacted))
    before = manifest.read_bytes()
    said = {**json.loads(before), "redacted": count}
    manifest.write_text(json.dumps({name: value for name, value in said.items() if value}, indent=1) + "\n")
    assert [damage.kind for damage in found(redacted)] == ["manifest"]
    repaired(redacted)
    assert manifest.read_bytes() == before


def test_what_is_replaced_lies_in_quarantine_byte_for_byte(root):
    text = min((root / "text").rglob("*.txt"))
    text.write_bytes(b"changed")
    stranger = damaged.stranger_text(root)[0]
    repaired(root)
    name = text.relative_to(root).as_posix()
    assert quarantined(root) == {name, stranger}
    assert (root / "quarantine" / "2026-11-20" / name).read_bytes() == b"changed"
    assert found(root) == []


def test_rows_that_are_taken_out_lie_in_quarantine_as_they_were(root):
    sql("UPDATE captures SET status = 201 WHERE warc = ?")(root)
    repaired(root)
    [name] = [each for each in quarantined(root) if each.endswith(".rows.jsonl")]
    lines = (root / "quarantine" / "2026-11-20" / name).read_text().splitlines()
    assert {json.loads(line).get("status") for line in lines if '"captures"' in line} == {201}


def test_two_things_of_one_name_both_stay_in_quarantine(root):
    text = min((root / "text").rglob("*.txt"))
    for said in (b"one", b"two"):
        text.write_bytes(said)
        repaired(root)
    aside = (root / "quarantine").rglob(f"{text.name}*")
    assert sorted(path.read_bytes() for path in aside) == [b"one", b"two"]


def test_a_sound_archive_is_not_touched(root):
    before = archived(root)
    assert repaired(root) == []
    assert archived(root) == before
    assert not (root / "quarantine").exists()


def test_nothing_is_repaired_under_a_living_writer(root):
    with open_writer(root), pytest.raises(Locked), repairing(root):
        pass


def test_verify_itself_writes_nothing(root):
    for damage in (damaged.flipped, damaged.stranger_text, damaged.no_manifest):
        damage(root)
    before = archived(root)
    damages: list[Damage] = found(root)
    assert damages
    assert archived(root) == before


def test_a_text_whose_record_is_damaged_is_left_as_it_is(root):
    with open_archive(root) as reader, reader.reading() as reading:
        revision = next(each for each in reading.all_revisions() if each.names_file)
    path = root / revision.warc
    block = bytearray(path.read_bytes())
    block[revision.offset + revision.length // 2] ^= 1
    path.write_bytes(block)
    (root / revision.text_file).write_bytes(b"changed")
    assert repaired(root) == []
    assert (root / revision.text_file).read_bytes() == b"changed"


def test_the_last_that_is_left_of_a_text_is_no_rubbish(root):
    with open_archive(root) as reader, reader.reading() as reading:
        revision = next(each for each in reading.all_revisions() if each.names_file)
    path, text = root / revision.warc, root / revision.text_file
    block = bytearray(path.read_bytes())
    block[revision.offset + revision.length // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(block)
    rebuild(root)  # whose rows do not know the text, because its record cannot be read
    before = text.read_bytes()
    orphans = {damage.file for damage in found(root) if damage.kind == "orphan"}
    assert orphans == {revision.text_file, revision.text_file.replace(".txt", ".json")}
    repaired(root)
    assert text.read_bytes() == before
