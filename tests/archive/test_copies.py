"""An archive that is copied while somebody writes is a sound archive; so is one that is moved, or copied at rest."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from archive import open_archive, open_writer
from archive.databases import mark_in, mark_of
from archive.disk import take_lock
from archive.errors import Copied, Locked, NoCatalog
from archive.manifest import path_of
from archive.members import walk
from archive.rebuild import provisional, rebuild
from archive.verify import Counts, Damage, open_to_verify, verify, verify_copy
from tests.archive.pages import HOUSE, damages, kept

# ── in another place ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def rested(tmp_path: Path) -> Path:
    """An archive that nobody writes to."""
    with open_writer(tmp_path / "a") as archive:
        kept(archive)
    return tmp_path / "a"


def living(root: Path) -> None:
    """What a writer has at work, left by one that was killed: an open file, and a -wal beside the catalog."""
    with subprocess.Popen([sys.executable, "-c", KEEP, root, HOUSE, EVER], stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        writer.stdout.readline()
        writer.kill()
    assert list(root.rglob("*.open"))
    assert (root / "catalog.sqlite-wal").stat().st_size


def test_a_catalog_bears_the_mark_of_its_place(rested):
    assert mark_in(rested / "catalog.sqlite") == mark_of(rested / "catalog.sqlite") != 0


def test_a_copy_of_an_archive_at_rest_is_read_at_once_and_made_its_own_by_the_first_who_writes(rested, tmp_path):
    copy = shutil.copytree(rested, tmp_path / "copy")
    assert mark_in(copy / "catalog.sqlite") != mark_of(copy / "catalog.sqlite")
    assert damages(copy) == []
    with open_writer(copy) as archive:
        assert kept(archive, "Another.", url="https://other.example/").pressmark.startswith("001_")
    assert mark_in(copy / "catalog.sqlite") == mark_of(copy / "catalog.sqlite")
    assert damages(copy) == []


def test_a_moved_archive_keeps_its_catalog_also_when_its_writer_was_killed(rested, tmp_path):
    living(rested)
    moved = rested.rename(tmp_path / "moved")
    open_writer(moved).close()
    assert damages(moved) == []


@pytest.mark.parametrize("write", [True, False])
def test_a_copy_of_a_living_archive_is_refused_with_the_command_that_makes_it_whole(rested, tmp_path, write):
    living(rested)
    copy = shutil.copytree(rested, tmp_path / "copy")
    with pytest.raises(Copied, match="`pressmark rebuild` makes it anew"):
        open_archive(copy, write=write)


def test_texts_of_a_copy_whose_records_were_not_there_yet_go_to_quarantine(rested, tmp_path):
    living(rested)
    copy = shutil.copytree(rested, tmp_path / "copy")
    [later] = (copy / "warc").rglob("*.open")
    later.write_bytes(b"")  # as if it had been copied before anything was written to it
    before = sorted(path.name for path in (copy / "text").rglob("*_*.*"))
    made = rebuild(copy)
    assert damages(copy) == []  # and the empty file is gone without a word
    left = sorted(path.name for path in (copy / "text").rglob("*_*.*"))
    aside = sorted(path.name for path in (copy / "quarantine").rglob("*_*.*"))
    assert (len(left), made.aside) == (2, len(aside))
    assert sorted(left + aside) == before


def test_texts_that_no_record_names_stay_where_nothing_was_copied(rested):
    stranger = next((rested / "text").rglob("*_*.txt")).with_name("007_0123456789abcdef.txt")
    stranger.write_bytes(b"whose record was damaged, perhaps")
    rebuild(rested)
    assert stranger.exists()


def test_a_log_beside_a_copied_catalog_is_not_believed(rested, tmp_path):
    copy = shutil.copytree(rested, tmp_path / "copy")
    (copy / "catalog.sqlite-wal").write_bytes(b"of another moment")
    with pytest.raises(Copied):
        open_archive(copy)
    rebuild(copy)
    assert damages(copy) == []


def test_a_catalog_copied_before_a_file_was_made_is_not_believed(rested, tmp_path):
    copy = shutil.copytree(rested, tmp_path / "copy")
    with open_writer(rested) as archive:
        kept(archive, "Later.", url="https://other.example/")
    shutil.copytree(rested / "warc", copy / "warc", dirs_exist_ok=True)
    with pytest.raises(Copied):
        open_archive(copy)


def test_a_catalog_copied_after_the_files_is_not_believed(rested, tmp_path):
    copy = shutil.copytree(rested, tmp_path / "copy")
    with open_writer(rested) as archive:
        kept(archive, "Later.", url="https://other.example/")
    shutil.copy(rested / "catalog.sqlite", copy)
    with pytest.raises(NoCatalog, match="copy it again") as refused:
        open_archive(copy)
    assert not isinstance(refused.value, Copied)  # or the newest file is lost: who can tell?


def test_a_file_cut_where_a_record_ends_is_told_by_a_rebuild_also_without_its_manifest(rested):
    path = max((rested / "warc").rglob("*.warc.gz"))
    *_, last = walk(path)
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.truncate(last.offset)
    path_of(path).unlink()
    assert rebuild(rested).lost == {path.relative_to(rested).as_posix(): last.length}


def test_a_copy_of_a_living_archive_that_lost_an_older_file_is_not_sound(rested, tmp_path):
    with open_writer(rested) as archive:
        kept(archive, "Later.", url="https://other.example/")
    copy = shutil.copytree(rested, tmp_path / "copy")
    (copy / "catalog.sqlite-wal").write_bytes(os.urandom(4152))  # as if somebody had been at it
    first = min((copy / "warc").rglob("*.warc.gz"))
    first.unlink()
    path_of(first).unlink()
    with provisional(copy) as (archive, _):
        told = list(verify_copy(archive, Counts(), []))
    assert [damage.file for damage in told] == [first.relative_to(copy).as_posix()]
    made = rebuild(copy)
    assert (list(made.lost), made.aside) == ([first.relative_to(copy).as_posix()], 0)


@pytest.mark.parametrize("lost", ["every", "the newest"])
@pytest.mark.parametrize("at_home", [True, False])
def test_what_an_archive_at_rest_has_lost_is_damage_and_told_by_a_rebuild(rested, tmp_path, lost, at_home):
    with open_writer(rested) as archive:
        kept(archive, "Later.", url="https://other.example/")
    root = rested if at_home else shutil.copytree(rested, tmp_path / "copy")
    lost_files = sorted((root / "warc").rglob("*.warc.gz"))[0 if lost == "every" else -1 :]
    sizes = {path.relative_to(root).as_posix(): path.stat().st_size for path in lost_files}
    for path in lost_files:
        path.unlink()
        path_of(path).unlink()
    with open_to_verify(root) as (archive, first):
        assert [*first, *verify(archive, Counts())]
    assert rebuild(root).lost == sizes
    assert all("whose record is nowhere" in each for each in damages(root))
    assert damages(root)


def test_a_copy_that_lost_a_file_is_not_taken_for_one_of_a_living_archive(rested, tmp_path):
    with open_writer(rested) as archive:
        kept(archive, "Later.", url="https://other.example/")
    copy = shutil.copytree(rested, tmp_path / "copy")
    first = min((copy / "warc").rglob("*.warc.gz"))
    first.unlink()
    with pytest.raises(NoCatalog, match=f"{first.name}, which it knows, is not there") as refused:
        open_archive(copy)
    assert not isinstance(refused.value, Copied)


def test_a_copy_whose_catalog_s_pages_do_not_fit_each_other_is_not_written_to(rested, tmp_path):
    copy = shutil.copytree(rested, tmp_path / "copy")
    pages = bytearray((copy / "catalog.sqlite").read_bytes())
    half = len(pages) // 2 // 4096 * 4096
    pages[half : half + 4096] = os.urandom(4096)
    (copy / "catalog.sqlite").write_bytes(pages)
    with pytest.raises(NoCatalog):
        open_writer(copy)


def test_an_archive_from_before_the_marks_gets_its_own_when_nobody_else_writes(rested):
    path = rested / "catalog.sqlite"
    block = bytearray(path.read_bytes())
    block[60:64] = bytes(4)
    path.write_bytes(block)
    lock = take_lock(rested / "lock", exclusive=False)
    open_writer(rested).close()
    assert mark_in(path) == 0
    os.close(lock)
    open_writer(rested).close()
    assert mark_in(path) == mark_of(path)


def test_nobody_makes_a_copy_his_own_while_another_holds_it(rested, tmp_path):
    copy = shutil.copytree(rested, tmp_path / "copy")
    lock = take_lock(copy / "lock", exclusive=True)
    with pytest.raises(Locked):
        open_writer(copy)
    os.close(lock)


def test_the_beginning_of_a_file_that_is_there_whole_does_not_take_its_place(rested):
    [whole] = (rested / "warc").rglob("*.warc.gz")
    block = whole.read_bytes()
    begun = whole.with_name(f"{whole.name}.open")
    begun.write_bytes(block[: len(block) // 2])
    with open_archive(rested) as reader:
        rows = list(reader.dump())
    open_writer(rested).close()
    assert (whole.read_bytes(), begun.exists()) == (block, False)
    assert [path.name for path in (rested / "quarantine").rglob("*.open")] == [begun.name]
    with open_archive(rested) as reader:
        assert list(reader.dump()) == rows


def test_it_is_not_taken_in_by_one_who_writes_already(rested):
    [whole] = (rested / "warc").rglob("*.warc.gz")
    with open_writer(rested) as archive:
        whole.with_name(f"{whole.name}.open").write_bytes(whole.read_bytes() + b"torn")
        kept(archive, "Later.", url="https://other.example/")
        with archive.reading() as reading:
            length, sha256 = reading.warc_files()[whole.relative_to(rested).as_posix()]
    assert (length, sha256 is not None) == (whole.stat().st_size, True)


# ── while somebody writes ────────────────────────────────────────────────────────────────────────────────────────────

# One writer that stays, and runs of many that come and go.
KEEP = """
import itertools, os, sys, time
sys.path.insert(0, sys.argv[2])
from archive import open_writer
from tests.archive.pages import article, page, visit
most = int(sys.argv[3])
for run in itertools.count():
    with open_writer(sys.argv[1]) as archive:
        for n in range(most):
            url = f"https://{os.getpid()}.example/{run}/{n}"
            [capture] = archive.append(page(os.urandom(2000), url=url))
            told = visit(capture.record_id, url=url, article=url)
            kept = archive.keep(article(url, url=url), told, verdict="new", after=None)
            print(kept.record_id, kept.sha256, flush=True)
            time.sleep(0.01)
"""
EVER = "1000000"


@dataclass(slots=True)
class Writers:
    """Processes that write to one archive, and what they have acknowledged."""

    root: Path
    acknowledged: list[tuple[str, str]] = field(default_factory=list)  # record id of a conversion, SHA-256 of its text
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    listeners: list[threading.Thread] = field(default_factory=list)

    def begin(self, most: str) -> None:
        command = [sys.executable, "-c", KEEP, str(self.root), str(HOUSE), most]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        self.listeners.append(threading.Thread(target=self._listen, args=(process,)))
        self.listeners[-1].start()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        with process.stdout as lines:
            for line in lines:
                if line.endswith("\n"):
                    self.acknowledged.append(tuple(line.split()))  # type: ignore[arg-type]

    @contextmanager
    def resting(self) -> Iterator[None]:
        """A block in which they stand still: what is judged meanwhile is judged sooner."""
        for process in self.processes:
            process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in self.processes:
                process.send_signal(signal.SIGCONT)

    def until(self, count: int) -> None:
        """Wait until so much is acknowledged."""
        patience = time.monotonic() + 60
        while len(self.acknowledged) < count:
            assert time.monotonic() < patience
            time.sleep(0.001)


@contextmanager
def writing(root: Path) -> Iterator[Writers]:
    writers = Writers(root)
    try:
        writers.begin(EVER)
        writers.begin("4")
        yield writers
    finally:
        for process in writers.processes:
            process.kill()
            process.wait(timeout=60)
        for listener in writers.listeners:
            listener.join(timeout=60)


def copied(root: Path, copy: Path, command: Sequence[str]) -> bool:
    """Copy the archive; False when a WARC file got another name meanwhile, which means: run it again."""
    source = f"{root}/" if command[0] == "rsync" else f"{root}/."
    copy.mkdir(exist_ok=True)
    plain = {"LC_ALL": "C", "PATH": os.environ["PATH"]}
    ran = subprocess.run([*command, source, str(copy)], capture_output=True, text=True, check=False, env=plain)
    assert ran.returncode in (0, 1, 24), ran.stderr
    return not re.search(r"warc\.gz\.open.*(?:vanished|No such file)|vanished.*warc\.gz\.open", ran.stderr)


def faults(copy: Path) -> list[Damage]:
    """What `pressmark verify` finds in a copy."""
    try:
        with open_archive(copy) as reader:
            return list(verify(reader, Counts()))
    except Copied:
        with provisional(copy) as (archive, _):
            return list(verify_copy(archive, Counts(), []))


def judge(copy: Path, acknowledged: Sequence[tuple[str, str]]) -> None:
    """The copy is sound, holds everything acknowledged, and can be written to."""
    assert faults(copy) == []
    try:
        open_writer(copy).close()
    except Copied:
        rebuild(copy)
    with open_writer(copy) as archive, archive.reading() as reading:
        for record_id, sha256 in acknowledged:
            revision = reading.revision(record_id)
            assert revision, "acknowledged before the copy began, and not in it"
            assert revision.sha256 == sha256
            assert (copy / revision.text_file).read_bytes() == archive.text(revision)
        kept(archive, "In the copy.", url="https://copy.example/")
        names = [each.text_file for each in reading.all_revisions() if each.names_file]
    assert len({(name.rpartition("/")[0], name.rpartition("/")[2][:4]) for name in names}) == len(names)
    assert damages(copy) == []


COPYING = {
    "cp -r": ["cp", "-r"],
    "cp -a": ["cp", "-a"],
    "rsync": ["rsync", "-a", "--exclude=.*"],
    "rsync over an older copy": ["rsync", "-a", "--exclude=.*"],
    "rsync as the README says": ["rsync", "-a", "--delete", "--exclude=.*"],
}


def copies_while_writing(tmp_path: Path, *, moments: int, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    with writing(tmp_path / "a") as writers:
        writers.until(3)
        for moment in range(moments):
            name = [each for each in COPYING if "rsync" not in each or shutil.which("rsync")][moment % 5 % len(COPYING)]
            copy = tmp_path / ("over" if "over" in name or "README" in name else f"copy-{moment}")
            writers.until(len(writers.acknowledged) + chance.randint(0, 3))
            time.sleep(chance.random() / 50)
            acknowledged = list(writers.acknowledged)
            for _ in range(20):
                if copied(tmp_path / "a", copy, COPYING[name]):
                    break
                if "rsync" not in name:
                    shutil.rmtree(copy)
            else:
                pytest.fail("a WARC file was renamed in each of twenty copies")
            with writers.resting():
                shutil.copytree(copy, tmp_path / "judged")
                judge(tmp_path / "judged", acknowledged)
                shutil.rmtree(tmp_path / "judged")
            if copy.name != "over":
                shutil.rmtree(copy)


def test_a_copy_at_any_moment_while_others_write_is_a_sound_archive(tmp_path):
    copies_while_writing(tmp_path, moments=20, seed=1)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(20))
def test_copies_at_three_hundred_moments_are_sound_archives(tmp_path, seed):
    copies_while_writing(tmp_path, moments=15, seed=100 + seed)
