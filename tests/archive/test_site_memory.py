"""What was learned about a site: each state has its number once, whoever learns it."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from archive import Writer, open_archive, open_writer
from archive.members import walk
from archive.rebuild import rebuild
from archive.records import Site
from tests.archive.damaged import contents
from tests.archive.pages import HOUSE, NOON, damages, later, page

FIRST = Site(site="caliber.az", number=1, learned_at=NOON, memory={"article": {"body": ["main > p"], "lines": []}})


def memories(root: Path) -> list[str]:
    """The records that hold a site's memory, by their target URIs."""
    paths = [*root.rglob("*.warc.gz"), *root.rglob("*.warc.gz.open")]
    said = (record.field("WARC-Target-URI") or "" for path in paths for record in walk(path))
    return [urn for urn in said if urn.startswith("urn:pressmark:site:")]


def test_what_was_learned_is_read_back_by_its_number_and_as_the_newest(archive):
    second = replace(FIRST, number=2, learned_at=later(24), memory={"article": {"body": ["article"]}})
    assert archive.remember(FIRST)
    assert archive.remember(second)
    with archive.reading() as reading:
        assert reading.site("caliber.az") == second
        assert reading.site("caliber.az", number=1) == FIRST
        assert reading.sites() == {"caliber.az": 2}


def test_of_two_who_learn_at_once_the_second_is_told_and_leaves_nothing(tmp_path):
    root = tmp_path / "a"
    with open_writer(root) as one, open_writer(root) as two:
        [capture] = two.append(page(b"fetched before"))
        size = two.warc_path(capture.warc).stat().st_size
        assert one.remember(FIRST)
        assert not two.remember(replace(FIRST, learned_at=later(1), memory={"lines": ["Share"]}))
        assert two.warc_path(capture.warc).stat().st_size == size
        with two.reading() as reading:
            assert reading.site("caliber.az") == FIRST
        assert two.remember(replace(FIRST, number=2, learned_at=later(1)))
    assert sorted(memories(root)) == ["urn:pressmark:site:caliber.az:1", "urn:pressmark:site:caliber.az:2"]
    before = contents(root)
    rebuild(root)
    assert contents(root) == before
    assert damages(root) == []


def test_a_number_that_is_taken_keeps_nothing_else_of_its_group_from_being_kept(archive):
    archive.remember(FIRST)
    with archive.together():
        [capture] = archive.append(page())
        assert not archive.remember(FIRST)
    with archive.reading() as reading:
        assert reading.capture(capture.record_id) == capture


DIES = """
import os, signal, sys
from pathlib import Path
from archive import open_writer
from archive.catalog import Writing
from tests.archive.test_site_memory import FIRST
archive = open_writer(Path(sys.argv[1]))
Writing.add_site = lambda *_, **__: (archive._file.settle(), os.kill(os.getpid(), signal.SIGKILL))
archive.remember(FIRST)
"""


def test_what_a_killed_writer_learned_has_its_number(tmp_path):
    root = tmp_path / "a"
    with open_writer(root) as archive:
        killed = subprocess.run([sys.executable, "-c", DIES, str(root)], cwd=HOUSE, check=False)
        assert killed.returncode == -signal.SIGKILL
        assert not archive.remember(replace(FIRST, learned_at=later(1), memory={}))
        with archive.reading() as reading:
            assert reading.site("caliber.az") == FIRST
    open_writer(root).close()
    assert memories(root) == ["urn:pressmark:site:caliber.az:1"]
    assert damages(root) == []


def twice_remembered(root: Path) -> None:
    """Two records with one number: as when a writer died, and nobody looked before another learned."""
    with open_writer(root) as one, open_writer(root) as two:
        for archive, hours in ((one, 1), (two, 0)):
            _as_if_nobody_looked(archive, replace(FIRST, learned_at=later(hours), memory={"learned": hours}))


def _as_if_nobody_looked(archive: Writer, site: Site) -> None:
    archive._state(f"urn:pressmark:site:{site.site}:{site.number}", [site],
                   lambda writing, record: writing.add_site(site, record=record))  # fmt: skip


def test_of_two_records_with_one_number_that_which_was_learned_later_counts_and_neither_is_damage(tmp_path):
    root = tmp_path / "a"
    twice_remembered(root)
    with open_archive(root) as reader, reader.reading() as reading:
        found = reading.site("caliber.az")
    assert found
    assert found.memory == {"learned": 1}
    before = contents(root)
    rebuild(root)
    assert contents(root) == before
    assert damages(root) == []
