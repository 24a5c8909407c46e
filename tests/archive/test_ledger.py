"""The ledger: what it covers, that it is chained, and that no change behind its back goes unseen."""

import hashlib
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from archive import check_proof, disk, ledger, open_writer
from archive.errors import Damaged, WriteFailed
from archive.index import groups
from archive.ledger import Entry
from archive.members import walk
from archive.records import Redaction
from archive.tombstones import Grave, tombstone
from archive.warc import WarcFile, capture_group, resource
from tests.archive.pages import HARBOUR, disk_full_at, exchange, kept

FIRST = datetime(2025, 11, 20, 12, tzinfo=UTC)
PAGE = (Path(__file__).parents[2] / "archive" / "FORMAT.md").read_text()


def written(root: Path, day: int, *, pages: int = 2) -> Path:
    """A closed WARC file of the n-th day, with captures and a journal."""
    at = FIRST + timedelta(days=day)
    file = WarcFile(root, now=at, software="a test")
    for n in range(pages):
        got = exchange(f"day {day}, page {n}".encode(), url=f"{HARBOUR}/{day}/{n}", at=at)
        file.write(capture_group(got, original=None, hop_from=None))
    file.write([resource("urn:pressmark:visits:1", b"", at=at)])
    file.settle()
    file.close()
    return root / file.path


def after(day: int) -> datetime:
    """The morning after the n-th day."""
    return FIRST + timedelta(days=day + 1, hours=-6)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three days, each sealed the next morning."""
    for day in range(3):
        written(tmp_path, day)
        ledger.seal(tmp_path, now=after(day))
    return tmp_path


def days(root: Path) -> list[int]:
    return [(entry.day - FIRST.date()).days for entry in ledger.entries(root)]


def whats(root: Path) -> list[str]:
    return [f"{fault.file}: {fault.what}" for fault in ledger.faults(root)]


def change(path: Path, block: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(block)


# ── the tree ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def as_the_rfc_says(hashes: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, word for word: k is the largest power of two smaller than n."""
    if not hashes:
        return hashlib.sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + as_the_rfc_says(hashes[:k]) + as_the_rfc_says(hashes[k:])).digest()


def test_the_tree_is_that_of_rfc_9162_and_every_inclusion_path_leads_to_its_root():
    for size in range(40):
        hashes = [check_proof.leaf(f"leaf {n}") for n in range(size)]
        assert ledger.tree_root(hashes) == as_the_rfc_says(hashes)
        for n, leaf in enumerate(hashes):
            path = [each.hex() for each in ledger.inclusion(hashes, n)]
            assert check_proof.root_from(leaf, n, size, path) == as_the_rfc_says(hashes).hex()


# ── sealing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_entry_covers_every_group_of_its_day_but_the_warcinfo(root):
    entry = ledger.entries(root)[0]
    [(warc, leaves)] = entry.warcs
    assert (entry.leaves, leaves) == (3, 3)
    assert [leaf.line for leaf in ledger.leaves(root / warc, warc)] == [
        ledger.line(
            (root / warc).read_bytes()[group[0].offset : group[-1].offset + group[-1].length],
            warc,
            group[0].offset,
            url=group[0].field("WARC-Target-URI") or "",
            date=group[0].field("WARC-Date") or "",
        )
        for group in groups(walk(root / warc))
        if group[0].type != "warcinfo"
    ]


def test_each_entry_names_the_one_before_it_by_its_bytes(root):
    first, second, third = ledger.entries(root)
    assert first.previous is None
    for entry, before in ((second, first), (third, second)):
        named = entry.previous
        assert named
        assert (named.day, named.sha256) == (before.day, hashlib.sha256((root / before.path).read_bytes()).hexdigest())


def test_an_entry_is_read_only_and_never_made_twice(root):
    before = {path: path.read_bytes() for path in root.glob("ledger/*/*/*")}
    assert not any(path.stat().st_mode & 0o222 for path in before)
    assert ledger.seal(root, now=after(2)) == ledger.seal(root, now=after(9)) == ()
    assert {path: path.read_bytes() for path in root.glob("ledger/*/*/*")} == before


def test_a_day_that_is_not_over_is_not_sealed(tmp_path):
    written(tmp_path, 0)
    assert ledger.seal(tmp_path, now=FIRST + timedelta(hours=11, minutes=59)) == ()
    assert not (tmp_path / "ledger").exists()
    [entry] = ledger.seal(tmp_path, now=FIRST + timedelta(hours=12))
    assert entry.day == FIRST.date()


def test_a_day_without_a_record_has_no_entry_and_the_chain_goes_over_it(root):
    written(root, 6)
    [entry] = ledger.seal(root, now=after(7))
    assert days(root) == [0, 1, 2, 6]
    assert entry.previous
    assert entry.previous.day == FIRST.date() + timedelta(days=2)
    assert whats(root) == []


def test_several_days_that_nobody_sealed_get_an_entry_each(tmp_path):
    for day in (0, 1, 3):
        written(tmp_path, day)
    assert len(ledger.seal(tmp_path, now=after(3))) == 3
    assert days(tmp_path) == [0, 1, 3]
    assert whats(tmp_path) == []


def test_a_file_that_was_closed_after_its_day_was_sealed_comes_into_the_next_entry(root):
    late = written(root, 1).relative_to(root).as_posix()
    assert ledger.seal(root, now=after(2)) == ()
    [entry] = ledger.seal(root, now=after(3))
    assert (entry.day, [path for path, _ in entry.warcs]) == (FIRST.date() + timedelta(days=3), [late])
    assert whats(root) == []


def test_a_damaged_file_is_left_out_until_it_is_mended(root):
    path = written(root, 3)
    sound = path.read_bytes()
    change(path, sound[:-9] + b"123456789")
    written(root, 4)
    assert [len(entry.warcs) for entry in ledger.seal(root, now=after(4))] == [1]
    change(path, sound)
    [entry] = ledger.seal(root, now=after(5))
    assert [each for each, _ in entry.warcs] == [path.relative_to(root).as_posix()]


def test_many_that_seal_at_once_make_one_entry(tmp_path):
    written(tmp_path, 0, pages=50)
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: ledger.seal(tmp_path, now=after(0)), range(8)))
    assert sum(map(len, made)) == 1
    assert whats(tmp_path) == []


def test_while_another_seals_nothing_is_done(tmp_path):
    written(tmp_path, 0)
    (tmp_path / "ledger").mkdir()
    lock = disk.take_lock(tmp_path / "ledger" / "lock", exclusive=True)
    assert ledger.seal(tmp_path, now=after(0)) == ()
    disk.let_go(lock)
    assert len(ledger.seal(tmp_path, now=after(0))) == 1


def test_a_disk_that_is_full_leaves_no_entry_and_the_next_try_makes_it(tmp_path):
    written(tmp_path, 0)
    with disk_full_at(100), pytest.raises(WriteFailed):
        ledger.seal(tmp_path, now=after(0))
    assert ledger.entries(tmp_path) == []
    assert len(ledger.seal(tmp_path, now=after(0))) == 1


def test_nothing_is_sealed_behind_an_entry_that_cannot_be_read(root):
    change(root / ledger.entries(root)[-1].path, b"{}")
    written(root, 3)
    with pytest.raises(Damaged, match="is no ledger entry"):
        ledger.seal(root, now=after(3))


def test_a_writer_seals_the_days_that_are_over_when_it_closes(tmp_path):
    path = written(tmp_path, 0)
    manifest = path.with_name(path.name + ".manifest.json")
    manifest.unlink()
    root = tmp_path / "a"
    open_writer(root).close()
    (root / "warc/2025/11/20").mkdir(parents=True)
    path.rename(root / "warc/2025/11/20" / f"{path.name}.open")  # as a dead writer leaves it
    with open_writer(root):
        assert days(root) == []
    assert days(root) == [0]
    assert whats(root) == []


# ── what is found ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sound_archive_has_no_fault(root):
    assert whats(root) == []


def test_no_byte_of_any_entry_can_be_changed_unseen(root):
    for entry in ledger.entries(root):
        path = root / entry.path
        sound = path.read_bytes()
        path.chmod(0o644)
        for at in range(len(sound)):
            path.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
            assert any(fault.file == entry.path for fault in ledger.faults(root)), at
        path.write_bytes(sound)


def test_an_entry_made_anew_over_changed_records_breaks_the_chain(root):
    """Whoever changes a record and its own day's entry must change every later entry, too."""
    first = ledger.entries(root)[0]
    path = written(root, 0).relative_to(root).as_posix()
    forged = ledger._made(root, first.day, [path], last=None, now=first.sealed_at)
    assert forged
    change(root / first.path, forged.block)
    assert any("names by its SHA-256: it was changed since" in what for what in whats(root))


def test_an_entry_that_is_missing_is_missed(root):
    second = ledger.entries(root)[1]
    (root / second.path).unlink()
    assert any(f"names {second.path} as the one before it" in what for what in whats(root))


def test_a_changed_byte_of_a_record_is_another_root_or_no_record(root):
    path = root / ledger.entries(root)[1].warcs[0][0]
    sound = path.read_bytes()
    path.chmod(0o644)
    for at in range(list(walk(path))[1].offset, len(sound), 13):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
        assert whats(root), at


def test_a_file_of_other_records_with_as_many_groups_is_another_root(root):
    ours, other = (root / entry.warcs[0][0] for entry in ledger.entries(root)[:2])
    change(ours, other.read_bytes())
    assert any("their Merkle root is another" in what for what in whats(root))


def test_a_file_that_is_gone_or_lost_its_last_record_is_named(root):
    first, second = (root / entry.warcs[0][0] for entry in ledger.entries(root)[:2])
    first.unlink()
    change(second, second.read_bytes()[: list(walk(second))[-1].offset])
    said = whats(root)
    assert any(f"{first.name}: cannot be checked" in what for what in said)
    assert any(f"{second.name}: holds 2 groups of records" in what for what in said)


def test_a_file_slipped_in_behind_the_ledger_is_named(root):
    path = written(root, 0)
    old = (FIRST + timedelta(hours=1)).timestamp()
    manifest = path.with_name(path.name + ".manifest.json")
    os.utime(manifest, (old, old))
    assert any("no ledger entry covers it" in what for what in whats(root))


def test_a_file_that_two_entries_cover_is_named(root):
    last = ledger.entries(root)[-1]
    twice = ledger._made(root, last.day + timedelta(days=1), [last.warcs[0][0]], last=last, now=last.sealed_at)
    assert twice
    (root / twice.path).write_bytes(twice.block)
    assert any("two ledger entries cover it" in what for what in whats(root))


def test_a_stamp_of_another_root_is_named(root):
    first, second, _ = ledger.entries(root)
    beside = (root / second.path).with_suffix(".alice.ots")
    beside.write_bytes(check_proof.OTS + bytes.fromhex(second.root) + b"the rest")
    assert whats(root) == []
    assert ledger.stamps_of(root, second) == [beside.relative_to(root).as_posix()]
    beside.write_bytes(check_proof.OTS + bytes.fromhex(first.root) + b"the rest")
    assert any("is a stamp of" in what for what in whats(root))
    beside.with_suffix(".tsr").write_bytes(b"nonsense")
    assert any("is no time stamp" in what for what in whats(root))


# ── redaction ────────────────────────────────────────────────────────────────────────────────────────────────────────


def redacted(path: Path, warc: str) -> None:
    """A tombstone in place of the file's first capture."""
    first = next(leaf for leaf in ledger.leaves(path, warc))
    record = list(walk(path))[1]
    said = Redaction(
        record_id=record.record_id, redacted_at=FIRST, reason="a court's order", url=HARBOUR, captured_at=FIRST,
        warc=warc, offset=first.offset,
    )  # fmt: skip
    grave = Grave(length=first.length, url=HARBOUR, date="2025-11-20T12:00:00Z", warcinfo=None, leaf=first.hash)
    block = path.read_bytes()
    change(path, block[: first.offset] + tombstone(said, grave) + block[first.offset + first.length :])


def test_the_root_holds_when_a_group_was_redacted(root):
    warc = ledger.entries(root)[1].warcs[0][0]
    redacted(root / warc, warc)
    assert next(ledger.leaves(root / warc, warc)).line is None
    assert whats(root) == []


def test_a_group_redacted_before_its_day_is_sealed_is_covered_as_it_was(root):
    path = written(root, 3)
    warc = path.relative_to(root).as_posix()
    as_it_was = [leaf.hash for leaf in ledger.leaves(path, warc)]
    redacted(path, warc)
    [entry] = ledger.seal(root, now=after(3))
    assert entry.tree == ledger.tree_root(as_it_was).hex()


# ── by the page alone ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_day_s_root_can_be_recomputed_by_what_the_page_says(root):
    printed: dict[str, object] = {}
    reader, root_of = (part.split("```")[0] for part in PAGE.split("```python\n")[1:3])
    exec(reader + root_of, printed)  # noqa: S102  the page's own programs are what is tested
    for entry in ledger.entries(root):
        said = json.loads((root / entry.path).read_bytes())
        assert printed["day_root"](root, said) == (entry.tree, entry.root)  # type: ignore[operator]


def test_the_root_of_a_real_archive_holds_what_a_writer_kept(tmp_path):
    with open_writer(tmp_path / "a") as archive:
        for n in range(3):
            kept(archive, f"Story {n}.", url=f"{HARBOUR}/{n}")
    shutil.rmtree(tmp_path / "a" / "ledger", ignore_errors=True)
    [entry] = ledger.seal(tmp_path / "a", now=datetime.now(UTC) + timedelta(days=1))
    assert entry.leaves == 3 + 3 + 1  # captures, texts, the journal
    assert list(ledger.faults(tmp_path / "a")) == []


def test_values_are_what_their_files_say(root):
    for entry in ledger.entries(root):
        block = (root / entry.path).read_bytes()
        assert ledger.parsed(block, entry.path) == entry
        assert isinstance(entry, Entry)
        assert json.loads(block)["root"] == entry.root == hashlib.sha256(entry.preimage).hexdigest()
    assert ledger.day_of("warc/2026/13/41/x.warc.gz") is None
    assert ledger.day_of("warc/2026/11/20/x.warc.gz") == date(2026, 11, 20)
