"""What the next writer does with what a dead one left."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from archive import open_archive, open_writer
from archive.members import walk
from tests.archive.pages import HARBOUR, HOUSE, article, damages, kept, later, page, visit

DIE_AFTER_KEEPING = """
import os, signal, sys
from tests.archive.pages import HARBOUR, article, page, visit
from archive import open_writer
archive = open_writer(sys.argv[1])
[capture] = archive.append(page(b"kept"))
archive.keep(article(), visit(capture.record_id, article=HARBOUR), verdict="new", after=None)
archive.note(visit(reason="dns"))
os.kill(os.getpid(), signal.SIGKILL)
"""


DIE_KEEPING = """
import os, signal, sys
from tests.archive.pages import HARBOUR, article, page, visit
from archive import open_writer
from archive.catalog import Writing
archive = open_writer(sys.argv[1])
[capture] = archive.append(page(b"kept"))
Writing.add_revision = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
archive.keep(article(), visit(capture.record_id, article=HARBOUR), verdict="new", after=None)
"""


def killed(script: str, root: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", script, root], timeout=60, check=False, cwd=HOUSE)
    assert ran.returncode == -signal.SIGKILL


@pytest.fixture
def dead(tmp_path: Path) -> Path:
    """An archive whose only writer was killed with its WARC file open."""
    killed(DIE_AFTER_KEEPING, tmp_path / "archive")
    return tmp_path / "archive"


def left_open(root: Path) -> Path:
    path: Path
    [path] = root.rglob("*.warc.gz.open")
    return path


def forget(root: Path) -> None:
    """Lose the catalog, so that nothing is acknowledged."""
    for path in root.glob("catalog.sqlite*"):
        path.unlink()


def test_an_archive_whose_writer_was_killed_is_sound_before_anybody_mends_it(dead):
    assert damages(dead) == []


def test_the_next_writer_closes_what_a_dead_one_left_and_loses_nothing(dead):
    with open_writer(dead) as archive:
        [recovered] = archive.recovered
    assert (recovered.records, recovered.cut, recovered.indexed) == (5, 0, 0)
    assert not list(dead.rglob("*.open"))
    assert damages(dead) == []


def test_a_visit_that_no_record_held_is_written_by_the_next_writer(dead):
    open_writer(dead).close()
    with open_archive(dead) as reader, reader.reading() as reading:
        assert reading.unwritten_visits() == []
        records = [record for warc in reading.warc_files() for record in walk(dead / warc)]
    assert sum(record.block.count(b'"dns"') for record in records) == 1


@pytest.mark.parametrize("torn", [b"\x1f\x8b\x08\x00", b"\x00" * 4096, b"garbage"])
def test_a_torn_tail_is_cut_and_moved_to_quarantine(dead, torn):
    with left_open(dead).open("ab") as file:
        file.write(torn)
    with open_writer(dead) as archive:
        assert archive.recovered[0].cut == len(torn)
    [tail] = (dead / "quarantine").rglob("*.tail")
    assert tail.read_bytes() == torn
    assert damages(dead) == []


def test_a_file_cut_at_any_byte_keeps_its_whole_groups(dead):
    path = left_open(dead)
    ends = [record.offset + record.length for record in walk(path)]
    whole = path.read_bytes()
    sound_ends = {0, ends[0], ends[3], ends[4]}  # nothing; after warcinfo, the capture's group, the conversion
    for cut in range(0, len(whole) + 1, 71):
        path.write_bytes(whole[:cut])
        forget(dead)
        with open_writer(dead) as archive:
            [recovered] = archive.recovered
        assert cut - recovered.cut == max(end for end in sound_ends if end <= cut)
        for made in dead.rglob("pressmark-*"):
            made.unlink()
        path.write_bytes(whole)


def test_what_was_acknowledged_is_never_cut_whatever_is_wrong_with_it(dead):
    path = left_open(dead)
    _, second, *_ = walk(path)
    whole = bytearray(path.read_bytes())
    whole[second.offset + second.length - 6] ^= 1  # in its checksum
    path.write_bytes(whole + b"torn")
    with open_writer(dead) as archive:
        [recovered] = archive.recovered
    assert recovered.cut == len(b"torn")
    assert path.with_suffix("").read_bytes() == whole
    assert f"{path.relative_to(dead).with_suffix('')}: bytes that are no gzip" in damages(dead)[0]


def test_a_file_that_lost_acknowledged_bytes_stays_known_as_too_short(dead):
    path = left_open(dead)
    last = list(walk(path))[-1]
    path.write_bytes(path.read_bytes()[: last.offset])
    open_writer(dead).close()
    assert any("bytes, the catalog says" in damage for damage in damages(dead))


def test_a_file_closed_just_before_its_writer_died_is_closed_in_the_catalog_too(dead):
    open_writer(dead).close()
    with open_archive(dead) as reader, reader.reading() as reading:
        closed = reading.warc_files()
    with sqlite3.connect(dead / "catalog.sqlite") as catalog:
        catalog.execute("UPDATE warcs SET sha256 = NULL")
    catalog.close()
    for path in dead.rglob("*.warc.gz"):
        path.chmod(0o644)
    open_writer(dead).close()
    with open_archive(dead) as reader, reader.reading() as reading:
        assert reading.warc_files() == closed
    assert not any(path.stat().st_mode & 0o222 for path in dead.rglob("*.warc.gz"))


def test_a_revision_that_a_writer_died_of_while_others_lived_counts_as_the_latest(archive):
    killed(DIE_KEEPING, archive.root)
    [capture] = archive.append(page(b"later", at=later(1)))
    brought = visit(capture.record_id, article=HARBOUR)
    assert archive.keep(article("Later."), brought, verdict="new", after=None) is None
    with archive.reading() as reading:
        latest = reading.latest(HARBOUR)
    assert latest
    assert archive.article(latest) == article()
    assert damages(archive.root) == []


def test_a_record_that_the_catalog_lacks_is_indexed_and_its_text_file_made(dead):
    [text] = (dead / "text").rglob("*.txt")
    said = text.read_bytes()
    for path in (text, text.with_suffix(".json")):
        path.unlink()
    forget(dead)
    with open_writer(dead) as archive:
        assert archive.recovered[0].indexed == 2
    assert text.read_bytes() == said
    assert damages(dead) == []


def test_a_living_writer_s_file_is_left_alone(tmp_path):
    with open_writer(tmp_path / "a") as living:
        [capture] = living.append(page(b"one"))
        with open_writer(tmp_path / "a") as other:
            assert other.recovered == []
            other.append(page(b"two", url=f"{HARBOUR}/2"))
        living.append(page(b"three", url=f"{HARBOUR}/3"))
        assert living.warc_path(capture.warc).name.endswith(".open")
    assert damages(tmp_path / "a") == []


def test_a_name_that_a_dead_writer_gave_is_not_given_again(dead):
    with open_writer(dead) as archive:
        assert kept(archive, "Another story.", url=f"{HARBOUR}/2").pressmark.startswith("001_")


def test_a_draft_that_was_never_locked_is_swept_after_an_hour(dead):
    old, young = (left_open(dead).with_name(f"pressmark-{name}.warc.gz.new") for name in ("old", "young"))
    for path in (old, young):
        path.write_bytes(b"")
    os.utime(old, (0, 0))
    open_writer(dead).close()
    assert (old.exists(), young.exists()) == (False, True)


def test_a_draft_that_got_its_name_while_others_looked_is_no_fault(dead):
    left_open(dead).with_name("pressmark-gone.warc.gz.new").symlink_to("already-renamed")
    open_writer(dead).close()
    assert damages(dead) == []
