"""How far a `verify` has come, in a file, so that one which was interrupted goes on where it stopped.

JSON lines: first whom it is about, then one for each WARC file that was looked at, with the damages found; at last that
it is done. The ids seen so far lie in a folder beside it, `<file>.seen`.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from archive.errors import ArchiveError, WriteFailed
from archive.verify.damage import Counts, Damage
from archive.verify.files import Expected

_WHAT = "pressmark verify"


class Progress:
    """The progress of one run.

    Raises ArchiveError when the file is another's, WriteFailed when it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path.with_name(path.name + ".seen")
        self.about: dict[str, Any] = {}  # what the interrupted run was about; empty when there is none
        self._done: dict[str, dict[str, Any]] = {}
        self._read()

    def _read(self) -> None:
        if not self.path.exists():
            return
        lines = []
        for line in self.path.read_bytes().splitlines(keepends=True):
            try:
                lines.append(dict(json.loads(line)))
            except (TypeError, ValueError):
                break  # the run was killed while it wrote this line
        if self.path.stat().st_size and not (lines and lines[0].get("what") == _WHAT):
            raise ArchiveError(self.path, "is not the progress of a `pressmark verify`; name another file for --resume")
        if lines and not lines[-1].get("done"):
            self.about = lines[0]
            self._done = {line["warc"]: line for line in lines[1:]}

    def begin(self, about: dict[str, Any]) -> None:
        """Go on with the run that was interrupted, or, when there is none, begin one about that."""
        self.about = self.about or {"what": _WHAT, **about}
        if self._done and self._seen_bytes() < max(line.get("seen", 0) for line in self._done.values()):
            self._done = {}  # the power went before the ids were on the medium: without them all would seem dangling
        self._forget_seen(unless=bool(self._done))
        try:
            draft = self.path.with_name(self.path.name + ".new")
            lines = [self.about, *self._done.values()]
            draft.write_text("".join(json.dumps(line) + "\n" for line in lines))
            draft.replace(self.path)  # a torn last line is gone with it
        except OSError as error:
            raise WriteFailed(
                self.path, f"the progress cannot be written ({error.strerror}); name another file"
            ) from error

    def _seen_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.folder.iterdir()) if self.folder.is_dir() else 0

    def _forget_seen(self, *, unless: bool) -> None:
        if self.folder.is_dir() and not unless:
            for path in self.folder.iterdir():
                path.unlink()

    def of(self, expected: Expected) -> tuple[Counts, list[Damage]] | None:
        """What was found in that file, when it was looked at and has not grown since."""
        line = self._done.get(expected.warc)
        if line is None or (line["length"], line["sha256"]) != (expected.length, expected.sha256):
            return None
        return Counts(**line["counts"]), [Damage(**each) for each in line["damages"]]

    def note(self, expected: Expected, counts: Counts, damages: Sequence[Damage]) -> None:
        """A file was looked at."""
        found = {"counts": asdict(counts), "damages": [asdict(each) for each in damages]}
        self._add({**asdict(expected), **found, "seen": self._seen_bytes()})

    def end(self) -> None:
        """Everything was looked at: the next run starts afresh."""
        self._add({"done": True})

    def _add(self, line: dict[str, Any]) -> None:
        try:
            with self.path.open("a") as file:
                file.write(json.dumps(line) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise WriteFailed(
                self.path, f"the progress cannot be written ({error.strerror}); name another file"
            ) from error
