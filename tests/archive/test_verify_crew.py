"""Large archives are looked at by several processes: nothing else is found, and no process outlives its use."""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import asdict
from pathlib import Path
from threading import Thread

import pytest

from archive import open_archive, open_writer
from archive.records import Page
from archive.verify import Counts, verify
from archive.verify.crew import looked_at
from archive.verify.files import Expected, Looked
from tests.archive.pages import HARBOUR, exchange

FILES, SIZE = 3, 12 << 20  # more than what is looked at by one process alone


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three WARC files of 12 MB that does not pack, the second of them damaged."""
    root = tmp_path_factory.mktemp("large") / "a"
    for number in range(FILES):
        with open_writer(root) as archive:
            body = random.Random(number).randbytes(SIZE)  # noqa: S311
            archive.append(Page(exchanges=(exchange(body, url=f"{HARBOUR}/{number}"),)))
    spoilt = sorted(root.rglob("*.warc.gz"))[1]
    spoilt.chmod(0o644)
    with spoilt.open("r+b") as file:
        file.seek(SIZE // 2)
        file.write(bytes(64))
    return root


def looks(root: Path, *, jobs: int) -> tuple[list[dict[str, object]], dict[str, int]]:
    counts = Counts()
    with open_archive(root) as archive:
        return [asdict(each) for each in verify(archive, counts, jobs=jobs)], asdict(counts)


def files(root: Path, *, jobs: int) -> Generator[Looked]:
    with open_archive(root) as archive:
        with archive.reading() as reading:
            known = reading.warc_files()
        chosen = [Expected(warc=warc, length=length, sha256=sha256) for warc, (length, sha256) in known.items()]
        yield from looked_at(archive, chosen, jobs=jobs)


def by(seconds: float, arrived: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not arrived() and time.monotonic() < until:
        time.sleep(0.01)
    return arrived()


def test_two_processes_find_what_one_does(root):
    alone = looks(root, jobs=1)
    assert alone[0]
    assert looks(root, jobs=2) == alone
    assert list(files(root, jobs=2)) == list(files(root, jobs=1))


def test_what_a_killed_process_had_in_hand_is_looked_at_all_the_same(root):
    killed: list[int] = []

    def kill() -> None:
        if by(30, lambda: bool(multiprocessing.active_children())):
            killed.append(multiprocessing.active_children()[0].pid or 0)
            os.kill(killed[0], signal.SIGKILL)

    killer = Thread(target=kill)
    killer.start()
    looked = list(files(root, jobs=2))
    killer.join()
    assert killed
    assert looked == list(files(root, jobs=1))


def test_who_stops_listening_ends_the_processes(root):
    looking = files(root, jobs=2)
    next(looking)
    assert multiprocessing.active_children()
    looking.close()
    assert by(10, lambda: not multiprocessing.active_children())


ENDLESS = """
import sys
from archive import open_archive
from archive.verify import Counts, verify
from multiprocessing import active_children
if __name__ == "__main__":
    with open_archive(sys.argv[1]) as archive:
        for damage in verify(archive, Counts(), jobs=2):
            print(*(child.pid for child in active_children()), flush=True)
            sys.stdin.read()
"""


def test_processes_end_when_the_one_that_asked_them_is_killed(root, tmp_path):
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS)
    command = [sys.executable, str(script), str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as asking:
        assert asking.stdout
        pids = [int(each) for each in asking.stdout.readline().split()]
        asking.kill()
    assert pids
    assert by(10, lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
