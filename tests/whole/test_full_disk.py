"""A disk that fills up under `pressmark`: nothing is fetched that could not be kept, and it goes on by itself."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scraper.demo import Answer, Press
from tests.archive.foreign_files import response, written
from tests.whole.conftest import LIGHTHOUSE
from tests.whole.terminal import Running, Terminal

OWN_MOUNTS = ("unshare", "--mount", "bash", "-c")
SIZE = "24m"
FLOOR = "4 MB"
PAGES = [f"http://ticker.example/{number}" for number in range(90)]  # one a second: longer than the test takes


class Disk:
    """A small disk in a place of its own: what is mounted there nobody else sees."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._keeper = subprocess.Popen(
            [*OWN_MOUNTS, f"mount -t tmpfs -o size={SIZE} none '{folder}' && echo there && read"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self._keeper.stdout
        self.is_there = self._keeper.stdout.readline() == "there\n"
        self.inside = ("nsenter", "--mount", "--target", str(self._keeper.pid))

    def sh(self, script: str) -> str:
        """What a shell there says."""
        return subprocess.run([*self.inside, "bash", "-c", script], capture_output=True, text=True, check=False).stdout

    def fill(self) -> None:
        self.sh(f"cat /dev/zero > '{self.folder}/filler'")

    def free(self) -> None:
        self.sh(f"rm '{self.folder}/filler'")

    def close(self) -> None:
        self._keeper.communicate("\n", timeout=10)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if sys.platform != "linux":
        pytest.skip("needs mounts of its own: Linux")
    made = Disk(tmp_path / "disk")
    try:
        if not made.is_there:
            pytest.skip("needs mounts of its own: root, and a kernel that lets it")
        yield made
    finally:
        made.close()


@contextmanager
def daemon(pressmark: Terminal, disk: Disk) -> Iterator[Running]:
    """A daemon whose archive lies on the disk."""
    command = pressmark.command("daemon", "-C", str(disk.folder / "archive"), "--delay", "1")
    process = Running([*disk.inside, *command], pressmark.folder)
    try:
        yield process
    finally:
        process.bury()


def said(log: list[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    return [line for line in log if line["event"] == event]


def beats_since(log: list[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    """The heartbeats after the event was said."""
    places = [place for place, line in enumerate(log) if line["event"] == event]
    return said(log[places[-1] :], "heartbeat") if places else []


def test_a_daemon_pauses_under_the_floor_and_goes_on_when_there_is_room(pressmark: Terminal, press: Press, disk: Disk):
    for url in PAGES:
        press.add(url, Answer(headers=(("Content-Type", "text/html"),), body=os.urandom(1000)))
    ticker = {"name": "Ticker", "pages": PAGES}
    pressmark.settings(archive={"min_free": FLOOR}, daemon={"heartbeat": 1}, sources={"list": [ticker]})
    with daemon(pressmark, disk) as running:
        running.until(lambda log: said(log, "visit"))
        disk.fill()
        running.until(lambda log: len(beats_since(log, "paused")) > 1)
        asked = len(press.requests)
        running.until(lambda log: len(beats_since(log, "paused")) > 4)
        assert len(press.requests) == asked
        disk.free()
        running.until(lambda log: beats_since(log, "resumed") and len(press.requests) > asked + 1)
        assert running.send(signal.SIGTERM) == 0
    [paused], [_] = said(running.log, "paused"), said(running.log, "resumed")
    assert "MB free and 4.0 MB must be (archive.min_free)" in paused["why"]
    assert "make room" in paused["why"]
    assert said(running.log, "job failed") == []
    disk.sh(f"cp -r '{disk.folder}/archive' '{pressmark.archive}'")
    assert pressmark("rebuild").code == 0
    assert pressmark.damages() == []
    visits = [visit for visit in pressmark.all_visits() if visit.url in PAGES]
    assert len(visits) == len([asked for asked in press.requests if asked[0] == "ticker.example"]) - 1  # robots.txt


def test_an_import_ends_under_the_floor_and_goes_on_when_there_is_room(pressmark: Terminal, disk: Disk):
    pictures = (
        response(os.urandom(100_000), url=f"http://ticker.example/{number}", headers="Content-Type: image/png\r\n")
        for number in range(150)
    )
    path = written(pressmark.folder / "theirs.warc.gz", *pictures)
    pressmark.settings(archive={"min_free": FLOOR})
    words = ("--json", "-C", str(disk.folder / "archive"), str(path))
    disk.sh(f"head -c 10000000 /dev/zero > '{disk.folder}/filler'")
    taken, refused = (ended := pressmark("import", *words, before=disk.inside)).objects
    assert (ended.code, taken["ended"], refused["exit"]) == (1, True, 1)
    assert 0 < taken["taken"] < 150
    assert "must be (archive.min_free), so nothing more is taken; make room" in refused["message"]
    disk.free()
    rest = pressmark("import", *words, before=disk.inside)
    assert (rest.code, rest.told["taken"], rest.told["known"]) == (0, 150 - taken["taken"], taken["taken"])
    assert pressmark("verify", "-C", str(disk.folder / "archive"), before=disk.inside).code == 0


def test_one_link_and_one_pass_end_before_any_request_under_the_floor(pressmark: Terminal, press: Press):
    pressmark.watch({"name": "Feed", "feeds": ["http://kosova-wire.example/feed.xml"]}, archive={"min_free": "1000 GB"})
    one = pressmark("fetch", LIGHTHOUSE.url)
    assert (one.code, one.out) == (1, "")
    assert "archive.min_free" in one.refusal
    whole = pressmark("fetch")
    assert whole.code == 1
    assert "archive.min_free" in whole.refusal
    assert press.requests == []
    assert pressmark("list").code == 0
    assert pressmark("verify").code == 0
    pressmark.watch({"name": "Feed", "feeds": ["http://kosova-wire.example/feed.xml"]}, archive={"min_free": 0})
    assert pressmark("fetch", LIGHTHOUSE.url).out == LIGHTHOUSE.text
