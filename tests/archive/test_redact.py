"""What is redacted is gone from records, texts, rows and quarantine, and everything else is as it was."""

import gzip
import hashlib
import json
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet
import pytest

from archive import ledger, open_archive, open_writer
from archive.catalog import Reading
from archive.erasure import BEGUN, Erased
from archive.errors import Locked, NotFound, Redacted
from archive.export import FORMATS, export
from archive.finding import find
from archive.index import REDACTIONS, is_tombstone
from archive.members import walk
from archive.rebuild import rebuild
from archive.records import Revision
from archive.redact import Cover, cover_article, cover_text, redact
from archive.store import open_alone
from archive.warc import read_fields
from tests.archive.canaries import OTHER, PLACES, WIRE, canary, first_text, found_in, full_of_canaries
from tests.archive.damaged import contents
from tests.archive.pages import HARBOUR, article, damages, later, page, visit
from tests.archive.test_format import named

REASON = "order of the court, 12 O 3/26"
OF_THE_FIRST = set(PLACES) - {"revised", "same-again", "elsewhere"}
Covers = Callable[[Reading, str], Cover]


def by_key(url: str) -> str:
    return url


def text_alone(reading: Reading, wanted: str) -> Cover:
    return cover_text(reading, wanted, key=by_key)


def whole_article(reading: Reading, wanted: str) -> Cover:
    return cover_article(reading, wanted, key=by_key)


def take_out(root: Path, wanted: str, covers: Covers = text_alone) -> Erased:
    with open_alone(root) as archive:
        with archive.reading() as reading:
            cover = covers(reading, wanted)
        return redact(archive, cover, reason=REASON, now=later(24))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "a"


@pytest.fixture
def kept(root: Path) -> tuple[Revision, Revision]:
    """The two revisions of an archive full of canaries."""
    return full_of_canaries(root)


# ── what goes ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_before_it_is_redacted_every_canary_is_found(root, kept):
    assert found_in(root) == set(PLACES)


def test_of_a_redacted_article_nothing_is_found_but_where_another_page_quotes_it(root, kept):
    take_out(root, HARBOUR, whole_article)
    assert found_in(root) == {"elsewhere"}
    assert damages(root) == []


def test_a_page_that_quotes_it_goes_by_the_id_of_its_capture(root, kept):
    with open_archive(root) as reader, reader.reading() as reading:
        [quoting] = reading.captures_of("https://harbour-post.example/front")
    take_out(root, quoting.record_id)
    assert found_in(root) == set(PLACES) - {"elsewhere"}
    assert damages(root) == []


def test_a_redacted_text_goes_with_its_copies_and_each_capture_that_may_show_it(root, kept):
    first, _ = kept
    take_out(root, first.pressmark)
    assert found_in(root) == set(PLACES) - OF_THE_FIRST
    assert damages(root) == []


def test_the_text_that_came_before_stays_with_its_pages(root, kept):
    _, second = kept
    take_out(root, second.record_id)
    left = found_in(root)
    assert not left & {"revised", "same-again"}
    # What could not be understood lies between the two, so nobody knows which of them it shows.
    assert OF_THE_FIRST - left == {"failed", "cut"}
    assert damages(root) == []


def test_a_page_that_shows_the_earlier_text_stays_also_next_to_the_later_one(root, kept):
    first, second = kept
    with open_writer(root) as archive:
        with archive.reading() as reading:
            capture = reading.capture(first.capture)
        assert capture
        _, body = archive.payload(capture)
        [again] = archive.append(page(body, at=later(3)))
    assert again.revisit_of == first.capture
    take_out(root, second.pressmark)
    with open_archive(root) as reader, reader.reading() as reading:
        assert reading.capture(again.record_id)
        assert reading.revisions_of(HARBOUR) == [first]


def test_the_same_bytes_under_another_url_go_too(root, kept):
    with open_writer(root) as archive:
        tracked = page(canary("revised").encode(), url=f"{HARBOUR}?from=front", at=later(7))
        [capture] = archive.append(tracked)
    with open_archive(root) as reader, reader.reading() as reading:
        assert capture in text_alone(reading, kept[1].pressmark).captures


def test_what_is_taken_out_by_a_revisit_s_id_goes_with_the_response_and_all_that_revisit_it(root, kept):
    with open_writer(root) as archive:
        front = "https://harbour-post.example/front"
        captures = [archive.append(page(b"all the news", url=front, at=later(n)))[0] for n in (7, 8, 9)]
    assert [each.revisit_of for each in captures[1:]] == [captures[0].record_id] * 2
    with open_archive(root) as reader, reader.reading() as reading:
        cover = text_alone(reading, captures[1].record_id)
    assert {each.record_id for each in cover.captures} == {each.record_id for each in captures}


def test_another_reading_of_the_same_page_goes_with_it(root, kept):
    _, second = kept
    with open_writer(root) as archive:
        told = visit(second.capture, at=later(4), article=HARBOUR)
        read_anew = archive.keep(article("As read today."), told, verdict="revised", after=second.record_id)
    assert read_anew
    with open_archive(root) as reader, reader.reading() as reading:
        cover = text_alone(reading, second.pressmark)
    assert {each.record_id for each in cover.texts} == {second.record_id, read_anew.record_id}


def test_every_other_record_row_and_text_is_as_it_was(root, kept):
    before = contents(root)
    members = {path.name: list(walk(path)) for path in root.rglob("*.warc.gz")}
    take_out(root, HARBOUR, whole_article)
    rows, files = contents(root)
    for name, records in members.items():
        now = {record.offset: record for record in walk(next(root.rglob(name)))}
        standing = [record for record in records if now.get(record.offset) == record]
        assert sum(is_tombstone(record) for record in now.values()) == len(now) - len(standing)
        assert max(now) + now[max(now)].length == records[-1].offset + records[-1].length
    grain = [row for row in before[0] if OTHER in row]
    assert len(grain) >= 3
    assert set(grain) <= set(rows)
    stayed = {name for name, block in files.items() if before[1].get(name) == block}
    assert {Path(name).suffix for name in stayed} == {".txt", ".json"}


def test_a_tombstone_says_when_why_and_what_the_ledger_needs(root, kept):
    take_out(root, HARBOUR, whole_article)
    tombs = [record for path in root.rglob("*.warc.gz") for record in walk(path) if is_tombstone(record)]
    assert len(tombs) == 11
    for record in tombs:
        said = dict(line.split(": ", 1) for line in record.block.decode().split("\r\n") if ": " in line)
        assert (said["redacted"], said["reason"]) == ("2026-11-21T12:00:00.000000Z", REASON)
        assert int(said["group-length"]) == record.length


def test_format_md_names_every_key_of_a_redaction_and_every_field_of_a_tombstone(root, kept):
    take_out(root, HARBOUR, whole_article)
    records = [record for path in root.rglob("*.warc.gz") for record in walk(path)]
    [redaction] = [each for each in records if (each.field("WARC-Target-URI") or "").startswith(f"{REDACTIONS}:")]
    lines = [json.loads(line) for line in redaction.block.splitlines()]
    assert len(lines) == 11
    assert {tuple(sorted(line)) for line in lines} == {tuple(sorted(named("Redactions")))}
    tombs = [read_fields(each.block) for each in records if is_tombstone(each)]
    assert {name for said in tombs for name in said} == set(named("Tombstone"))
    assert all({"redacted", "leaf", "group-length"} <= set(said) for said in tombs)


def given_away(root: Path, to: Path) -> set[str]:
    """The places whose canary an export holds, in any of the formats, once it is unpacked."""
    with open_archive(root) as reader:
        for name, each in FORMATS.items():
            export(reader, to / f"news.{name}", as_format=each)
    with zipfile.ZipFile(to / "news.wacz") as package:
        package.extractall(to / "package")
    (to / "rows.txt").write_text(repr(pyarrow.parquet.read_table(to / "news.parquet").to_pylist()))
    return found_in(to)


def test_what_was_redacted_is_exported_in_no_format(root, kept, tmp_path):
    for folder in ("before", "after"):
        (tmp_path / folder).mkdir()
    assert given_away(root, tmp_path / "before") >= set(PLACES) - {"modified", "origin"}
    take_out(root, HARBOUR, whole_article)
    assert given_away(root, tmp_path / "after") <= {"elsewhere"}
    assert OTHER in (tmp_path / "after" / "news.jsonl").read_text()


def test_the_ledger_s_root_holds_after_a_redaction(root, kept):
    [entry] = ledger.seal(root, now=datetime.now(UTC) + timedelta(days=1))
    assert list(ledger.faults(root)) == []
    take_out(root, HARBOUR, whole_article)
    sealed = {warc for warc, _ in entry.warcs} | {entry.path}
    # The file that holds the redaction came after that day was sealed.
    assert [fault for fault in ledger.faults(root) if fault.file in sealed] == []
    assert sum(each.line is None for warc, _ in entry.warcs for each in ledger.leaves(root / warc, warc)) == 11


def test_the_manifest_counts_its_tombstones(root, kept):
    take_out(root, HARBOUR, whole_article)
    for path in root.rglob("*.manifest.json"):
        file = path.with_name(path.name.removesuffix(".manifest.json"))
        said, records = json.loads(path.read_bytes()), list(walk(file))
        assert said["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert (said["bytes"], said["records"]) == (file.stat().st_size, len(records))
        assert said.get("redacted", 0) == sum(map(is_tombstone, records))
        assert not file.stat().st_mode & 0o222


def test_where_the_text_lay_a_sidecar_says_when_and_why(root, kept):
    first, _ = kept
    take_out(root, first.pressmark)
    path = root / first.text_file
    assert not path.exists()
    assert json.loads(path.with_suffix(".json").read_bytes()) == {
        "format": 1,
        "pressmark": first.pressmark,
        "reason": REASON,
        "redacted_at": "2026-11-21T12:00:00.000000Z",
    }


def test_a_draft_of_the_text_that_a_dead_writer_left_goes_too(root, kept):
    first, _ = kept
    path = root / first.text_file
    draft = path.with_name(f".{path.name}.0badcafe")
    shutil.copy(path, draft)
    take_out(root, first.pressmark)
    assert not draft.exists()


def test_what_was_put_aside_goes_when_it_may_hold_it(root, kept):
    aside = root / "quarantine" / "2026-11-20"
    aside.mkdir(parents=True)
    warc = next(
        path for path in sorted(root.rglob("*.warc.gz")) if HARBOUR.encode() in gzip.decompress(path.read_bytes())
    )
    groups = list(walk(warc))
    torn = warc.read_bytes()[groups[1].offset : groups[3].offset + 200]
    (aside / "x.warc.gz.open.99.tail").write_bytes(torn)
    shutil.copy(root / "catalog.sqlite", aside / "catalog.sqlite")
    shutil.copy(root / kept[0].text_file, aside / Path(kept[0].text_file).name)
    (aside / "harmless.tail").write_bytes(b"\x1f\x8b\x08 nothing of ours")
    (root / "catalog.sqlite.fresh").write_bytes(b"of a rebuild that was killed")
    done = take_out(root, HARBOUR, whole_article)
    assert [path.name for path in aside.iterdir()] == ["harmless.tail"]
    assert len(done.quarantine) == 4
    assert found_in(root) == {"elsewhere"}


def test_a_damaged_record_is_taken_out_all_the_same(root, kept):
    with open_archive(root) as reader, reader.reading() as reading:
        [copied] = reading.captures_of(WIRE)
    path = root / copied.warc
    path.chmod(0o644)
    block = bytearray(path.read_bytes())
    block[copied.offset + copied.length // 2] ^= 0xFF
    path.write_bytes(block)
    take_out(root, WIRE, whole_article)
    assert not found_in(root) & {"copied", "paragraph", "headline"}
    [lying] = [record for record in walk(path) if record.offset == copied.offset]
    assert is_tombstone(lying)


# ── what is said of it afterwards ────────────────────────────────────────────────────────────────────────────────────


def test_who_asks_for_it_is_told_when_and_why(root, kept):
    first, second = kept
    take_out(root, HARBOUR, whole_article)
    with open_archive(root) as reader, reader.reading() as reading:
        for wanted in (
            first.pressmark,
            first.sha256[:8],
            first.record_id,
            first.capture,
            HARBOUR,
            second.pressmark,
            WIRE,
        ):
            with pytest.raises(Redacted, match=f"was redacted on 2026-11-21: {REASON}"):
                find(reading, wanted, key=by_key)
        with pytest.raises(NotFound) as unknown:
            find(reading, "0badcafe", key=by_key)
        assert not isinstance(unknown.value, Redacted)
        assert find(reading, OTHER, key=by_key).article == OTHER


def test_to_redact_it_once_more_says_that_it_is_gone(root, kept):
    take_out(root, HARBOUR, whole_article)
    with pytest.raises(Redacted):
        take_out(root, HARBOUR, whole_article)


def test_an_article_whose_later_text_stays_is_found_by_its_url(root, kept):
    first, second = kept
    take_out(root, first.pressmark)
    with open_archive(root) as reader, reader.reading() as reading:
        assert find(reading, HARBOUR, key=by_key) == second
        assert reading.revisions_of(HARBOUR) == [second]


def test_the_same_bytes_are_not_kept_again_and_no_text_of_the_article(root, kept):
    take_out(root, HARBOUR, whole_article)
    with open_writer(root) as archive:
        [capture] = archive.append(page(b"x", url="https://mirror.example/", at=later(30)))
        told = visit(capture.record_id, url="https://mirror.example/")
        for said in (article("New words.", url=HARBOUR), first_text("https://mirror.example/")):
            with pytest.raises(Redacted, match=capture.record_id):
                archive.keep(said, told, verdict="new", after=None)
        assert archive.keep(article("Other.", url="https://mirror.example/"), told, verdict="new", after=None)


def test_its_number_is_never_given_again(root, kept):
    with open_archive(root) as reader, reader.reading() as reading:
        [last] = reading.revisions_of(OTHER)
        folder = last.text_file.rpartition("/")[0]
        free = reading.next_ordinal(folder)
    assert last.pressmark.startswith(f"{free - 1:03}_")
    take_out(root, OTHER)
    with open_archive(root) as reader, reader.reading() as reading:
        assert reading.next_ordinal(folder) == free
    rebuild(root)
    with open_archive(root) as reader, reader.reading() as reading:
        assert reading.next_ordinal(folder) == free


def test_its_urls_are_closed_and_no_others(root, kept):
    take_out(root, HARBOUR, whole_article)
    with open_archive(root) as reader, reader.reading() as reading:
        assert reading.closed([OTHER, HARBOUR])
        assert reading.closed([WIRE])
        # A redirect may lead to many articles, and a front page is asked for its links.
        assert reading.closed([OTHER, "http://harbour-post.example/s", "https://harbour-post.example/front"]) is None


def test_a_front_page_that_was_redacted_is_asked_for_its_links_again(root, kept):
    front = "https://harbour-post.example/front"
    with open_writer(root) as archive, archive.reading() as reading:
        [capture] = reading.captures_of(front)
        archive.note(replace(visit(capture.record_id, url=front), role="front"))
    take_out(root, capture.record_id)
    with open_archive(root) as reader, reader.reading() as reading:
        assert reading.redactions_of(front)
        assert reading.closed([front]) is None


def test_a_rebuild_makes_the_same_catalog_and_the_same_files(root, kept):
    take_out(root, HARBOUR, whole_article)
    before = contents(root)
    shutil.rmtree(root / "text")
    for path in root.glob("catalog.sqlite*"):
        path.unlink()
    rebuild(root)
    assert contents(root) == before
    assert damages(root) == []
    assert found_in(root) == {"elsewhere"}


def test_a_file_that_comes_back_from_a_second_copy_is_damage_until_a_rebuild_takes_it_out_again(root, kept, tmp_path):
    with open_archive(root) as reader, reader.reading() as reading:
        holder = reading.captures_of(WIRE)[0].warc
    copy = tmp_path / "copy.warc.gz"
    shutil.copy(root / holder, copy)
    shutil.copy(root / f"{holder}.manifest.json", tmp_path / "copy.json")
    take_out(root, HARBOUR, whole_article)
    (root / holder).unlink()
    shutil.copy(copy, root / holder)
    shutil.copy(tmp_path / "copy.json", root / f"{holder}.manifest.json")
    assert any(holder in damage for damage in damages(root))
    rebuild(root)
    assert found_in(root) == {"elsewhere"}
    assert damages(root) == []


def test_a_tombstone_that_no_redaction_explains_is_damage(root, kept):
    take_out(root, HARBOUR, whole_article)
    with sqlite3.connect(root / "catalog.sqlite") as catalog:
        catalog.execute("DELETE FROM redactions WHERE sha256 IS NULL")
    catalog.close()
    assert any("tombstone" in damage for damage in damages(root))


def test_nothing_is_redacted_while_somebody_writes(root, kept):
    with open_writer(root), pytest.raises(Locked):
        take_out(root, HARBOUR)
    assert found_in(root) == set(PLACES)


def test_nobody_writes_while_it_is_redacted(root, kept):
    with open_alone(root), pytest.raises(Locked):
        open_writer(root)


def test_a_catalog_whose_sqlite_leaves_deleted_bytes_lying_is_clean_once_it_is_scrubbed(root, kept):
    """Debian builds SQLite so that it overwrites what is deleted; others do not."""
    path = root / "catalog.sqlite"
    with sqlite3.connect(path) as careless:
        careless.execute("PRAGMA secure_delete=OFF")
        careless.execute("DELETE FROM revisions")
    careless.close()
    assert canary("headline").encode() in path.read_bytes()
    with open_alone(root) as archive:
        archive.catalog.scrub()
    assert canary("headline").encode() not in path.read_bytes()


def test_what_a_reader_keeps_from_being_cleaned_the_next_writer_cleans(root, kept):
    with sqlite3.connect(root / "catalog.sqlite", isolation_level=None) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM captures").fetchone()
        done = take_out(root, HARBOUR, whole_article)
        reader.execute("COMMIT")
    reader.close()
    assert done.left
    assert (root / BEGUN).exists()
    open_writer(root).close()
    assert not (root / BEGUN).exists()
    assert found_in(root) == {"elsewhere"}
