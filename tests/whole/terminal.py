"""Somebody at a terminal: a folder with settings and an archive, and the real `pressmark` in a process of its own."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive import Archive, open_archive
from archive.records import Visit
from archive.verify import Counts, Damage, verify
from scraper.demo import SITES, Press
from scraper.frontier import Frontier

PATIENCE = 90  # seconds; past them a process hangs
PRESSMARK = (sys.executable, "-m", "scraper")
CONTACT = "desk@example.org"
PAPERS = [
    {"name": paper.name, "feeds": paper.feeds, "sitemaps": paper.sitemaps, "fronts": [paper.front]} for paper in SITES
]
_EVER = datetime.min.replace(tzinfo=UTC)
_GO_OUT = ("fetch", "daemon", "explain")  # the verbs that take the network's flags


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The lines of --json."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def told(self) -> dict[str, Any]:
        """The only line of --json."""
        [one] = self.objects
        assert one["schema"] == 1
        return one

    @property
    def refusal(self) -> str:
        """The only line on stderr, when nothing stands on stdout."""
        assert self.out == ""
        [line] = self.err.splitlines()
        assert line.startswith("pressmark: ")
        return line


@dataclass(frozen=True, slots=True)
class Terminal:
    """A folder and the newspaper that can be reached from it."""

    folder: Path
    press: Press

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.settings()

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    def settings(self, **sections: object) -> None:
        """Write config.yaml with a contact and these sections; JSON is YAML."""
        self.config.write_text(json.dumps({"contact": CONTACT, **sections}))

    def watch(self, *sources: object, **sections: object) -> None:
        """Write a config.yaml that watches these sources, whatever the age of what they list."""
        self.settings(sources={"list": sources, "max_age": None}, **sections)

    def command(self, verb: str, *arguments: str) -> list[str]:
        """The command line: own config and archive; for verbs that go out no delay and every host pinned.

        What the arguments say stands behind it all, and so counts more.
        """
        network = ["--delay", "0"] if verb in _GO_OUT else []
        pins = [flag for pin in self.press.pins for flag in ("--connect-to", pin)] if network else []
        own = ["-c", str(self.config), "-C", str(self.archive)]
        return [*PRESSMARK, *own, verb, *network, *pins, *arguments]

    def __call__(self, verb: str, *arguments: str, stdin: str = "", before: Sequence[str] = ()) -> Ran:
        """What `pressmark VERB …` comes to; before: words in front of the command line, as `unshare`'s."""
        return run([*before, *self.command(verb, *arguments)], self.folder, stdin=stdin)

    @contextmanager
    def running(self, verb: str, *arguments: str) -> Iterator["Running"]:
        """`pressmark VERB …` at work; killed when the block ends before it does."""
        process = Running(self.command(verb, *arguments), self.folder)
        try:
            yield process
        finally:
            process.bury()

    @contextmanager
    def reading(self) -> Iterator[Archive]:
        """The archive, opened to read."""
        with open_archive(self.archive) as archive:
            yield archive

    def visits(self, url: str) -> list[Visit]:
        """The visits to exactly that URL, newest first."""
        with self.reading() as archive, archive.reading() as reading:
            return reading.last_visits(url)

    def all_visits(self) -> list[Visit]:
        """Every visit, oldest first."""
        with self.reading() as archive, archive.reading() as reading:
            return reading.visits_since(_EVER)

    def texts(self) -> dict[str, str]:
        """Every text file by its path from the archive's folder."""
        files = sorted((self.archive / "text").rglob("*.txt"))
        return {path.relative_to(self.archive).as_posix(): path.read_bytes().decode() for path in files}

    def damages(self) -> list[Damage]:
        """What `pressmark verify` would find."""
        with self.reading() as archive:
            return list(verify(archive, Counts()))

    def open_warcs(self) -> list[Path]:
        """WARC files that nobody closed."""
        return sorted(self.archive.rglob("*.open"))

    def claimed(self) -> int:
        """How many links somebody is said to be at."""
        frontier = Frontier(self.archive / "frontier.sqlite", owner="a test")
        try:
            return frontier.counts(now=datetime.now(UTC))["claimed"]
        finally:
            frontier.close()

    def files(self) -> dict[str, bytes]:
        """Every file in the folder with its bytes."""
        return {str(path): path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file()}


class Running:
    """A `pressmark` that is at work, with the lines it has written to stderr so far."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self.lines: list[str] = []
        self._fresh: queue.Queue[str | None] = queue.Queue()
        self._process = subprocess.Popen(
            command, cwd=folder, env=surroundings(folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._fresh.put(line)
        self._fresh.put(None)

    @property
    def log(self) -> list[dict[str, Any]]:
        """The lines so far, as the daemon writes them; what Python says of a process that was killed is none."""
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    def until(self, enough: Callable[[list[dict[str, Any]]], object]) -> list[dict[str, Any]]:
        """The log, once it holds enough."""
        while not enough(self.log):
            self.one_more()
        return self.log

    def one_more(self) -> None:
        """Wait for one more line."""
        line = self._fresh.get(timeout=PATIENCE)
        assert line is not None, f"it ended early: {self.lines}"
        self.lines.append(line)

    def send(self, number: signal.Signals) -> int:
        """Send a signal; the exit code."""
        self._process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """The exit code, when it has ended by itself; then the log is whole."""
        code = self._process.wait(timeout=PATIENCE)
        while (line := self._fresh.get(timeout=PATIENCE)) is not None:
            self.lines.append(line)
        return code

    def bury(self) -> None:
        """Kill it if it still lives, and let go of what it held."""
        self._process.kill()
        self._process.wait(timeout=PATIENCE)
        self._listener.join(timeout=PATIENCE)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()


def run(command: Sequence[str], folder: Path, *, stdin: str = "") -> Ran:
    """What a command comes to in that folder, its home too."""
    done = subprocess.run(
        command, cwd=folder, env=surroundings(folder), input=stdin, capture_output=True, text=True, timeout=PATIENCE,
        check=False,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


def surroundings(home: Path) -> dict[str, str]:
    """The environment of a command: nothing of ours but where programs lie."""
    return {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
