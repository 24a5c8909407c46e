"""What the next writer does with what a dead one left."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from archive import open_archive, open_writer
from archive.members import walk
from archive.verify import Counts, verify
from tests.archive.pages import HARBOUR, article, later, page, visit

DIE_AFTER_KEEPING = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from tests.archive.pages import HARBOUR, article, page, visit
from archive import open_writer
archive = open_writer(sys.argv[1])
[capture] = archive.append(page(b"kept"))
archive.keep(article(), visit(capture.record_id, article=HARBOUR), verdict="new", after=None)
archive.note(visit(reason="dns"))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def dead(tmp_path) -> Path:
    """An archive whose only writer was killed with its WARC file open."""
    root = tmp_path / "archive"
    ran = subprocess.run(
        [sys.executable, "-c", DIE_AFTER_KEEPING, root, Path(__file__).parent], timeout=60, check=False
    )
    assert ran.returncode == -signal.SIGKILL
    return root


def left_open(root: Path) -> Path:
    [path] = root.rglob("*.warc.gz.open")
    return path


def damages(root: Path) -> list[str]:
    with open_archive(root) as reader:
        return [f"{damage.file}: {damage.what}" for damage in verify(reader, Counts())]


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


def test_a_file_cut_at_any_byte_behind_what_was_acknowledged_keeps_its_whole_groups(dead):
    path = left_open(dead)
    ends = [record.offset + record.length for record in walk(path)]
    whole = path.read_bytes()
    sound_ends = {ends[0], ends[3], ends[4]}  # after warcinfo, after the capture's group, after the conversion
    for cut in range(ends[3], len(whole) + 1, 37):
        path.write_bytes(whole[:cut])
        with open_writer(dead) as archive:
            [recovered] = archive.recovered
        assert cut - recovered.cut in sound_ends
        for made in dead.rglob("pressmark-*"):
            made.unlink()
        path.write_bytes(whole)


def test_a_record_that_the_catalog_lacks_is_indexed_and_its_text_file_made(dead):
    [text] = (dead / "text").rglob("*.txt")
    said = text.read_bytes()
    for path in [text, text.with_suffix(".json"), *dead.glob("catalog.sqlite*")]:
        path.unlink()
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
        [capture] = archive.append(page(b"new", url=f"{HARBOUR}/2", at=later(1)))
        told = article("Another story.", url=f"{HARBOUR}/2")
        kept = archive.keep(
            told, visit(capture.record_id, url=f"{HARBOUR}/2", article=f"{HARBOUR}/2"), verdict="new", after=None
        )
    assert kept.pressmark.startswith("001_")


def test_a_draft_that_was_never_locked_is_swept_after_an_hour(dead):
    old, young = (left_open(dead).with_name(f"pressmark-{name}.warc.gz.new") for name in ("old", "young"))
    for path in (old, young):
        path.write_bytes(b"")
    os.utime(old, (0, 0))
    open_writer(dead).close()
    assert (old.exists(), young.exists()) == (False, True)
