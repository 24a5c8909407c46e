"""Every call in archive/ that waits for the medium, and a world in which one of them does not."""

import ast
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import archive
from archive import disk

_HOUSE = Path(archive.__file__).parent
_WAIT = {
    *(("disk", name) for name in ("sync", "sync_folder")),
    *(("", name) for name in ("sync", "sync_folder")),  # in disk itself
    *(("os", name) for name in ("fsync", "fdatasync", "sync")),
}

# Whose waits the stories of `outage` come by: a writer, a recovery.
TOLD = {"disk.py", "recovery.py", "warc.py", "databases.py", "texts.py"}
# Whose waits an errand of `upkeep` comes by, one of these.
ERRANDS_OF = {
    "erasure.py": ("a redaction",),
    "verify/repair.py": ("a repair",),
    "rebuild.py": ("a rebuild",),
    "export/whole.py": ("a file exported", "a folder exported", "a folder exported over another"),
}
# Whose waits nothing comes by: how far a `verify` has come is no archive. A file that is in none of the three fails a
# test: tell its story, or name it here.
UNTOLD = {"verify/progress.py"}


@dataclass(frozen=True, slots=True)
class Place:
    """One call, from its first line to its last."""

    file: str  # from archive/
    function: str
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.file}:{self.function}:{self.first}"


def places() -> list[Place]:
    """Where archive/ waits, read from its source: a new one is among them by itself."""
    found = []
    for path in sorted(_HOUSE.rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                file = path.relative_to(_HOUSE).as_posix()
                calls = (node for node in ast.walk(function) if isinstance(node, ast.Call) and _waits(node.func))
                found += [Place(file, function.name, node.lineno, node.end_lineno or 0) for node in calls]
    return found


def _waits(called: ast.expr) -> bool:
    match called:
        case ast.Name(id=name):
            return ("", name) in _WAIT
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            return (module, name) in _WAIT
    return False


def leave_out(place: Place) -> None:
    """From now on this process does not wait at that place."""
    for module, name in ((disk, "sync"), (disk, "sync_folder"), (os, "fsync"), (os, "fdatasync"), (os, "sync")):
        setattr(module, name, _except_at(place, getattr(module, name)))


def _except_at(place: Place, wait: Callable[..., None]) -> Callable[..., None]:
    @wraps(wait)
    def waits(*given: Any) -> None:
        caller = sys._getframe(1)
        at_home = Path(caller.f_code.co_filename) == _HOUSE / place.file
        if not (at_home and place.first <= caller.f_lineno <= place.last):
            wait(*given)

    return waits


def let_sqlite_hurry(level: str) -> None:
    """From now on SQLite syncs less in this process: OFF never, NORMAL not at a commit."""
    sa.event.listen(sa.pool.Pool, "checkout", lambda bare, *_: bare.execute(f"PRAGMA synchronous={level}"))
