"""Writers that die in the middle of a group, and one that lives beside them."""

import os
import signal
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from archive import open_writer
from tests.archive.pages import HARBOUR, page
from tests.archive.torture.children import Tell
from tests.archive.torture.story import FIRST, SHAPES, keep_a_page, tell_captures


def die_after(size: int) -> None:
    """From now on this process may write so many bytes through os.write; then it is killed, in the middle of a write.

    WARC members, text files, sidecars and manifests go this way; SQLite's writes are cut at every system call instead.
    """
    write, left = os.write, size

    def mortal(fd: int, block: Any) -> int:
        nonlocal left
        if len(block) > left:
            write(fd, block[:left])
            os.kill(os.getpid(), signal.SIGKILL)
        left -= len(block)
        return write(fd, block)

    os.write = mortal


def die_before_it_is_synced() -> None:
    """From now on the first file that this process waits for is its death: the bytes are written, and that is all."""
    os.fdatasync = lambda fd: os.kill(os.getpid(), signal.SIGKILL)


def die_after_making(name: str) -> None:
    """From now on the first folder of that name that this process makes is its death: nobody waited for its name."""
    mkdir = os.mkdir

    def mortal(path: Path, mode: int = 0o777) -> None:
        mkdir(path, mode)
        if Path(path).name == name:
            os.kill(os.getpid(), signal.SIGKILL)

    os.mkdir = mortal  # type: ignore[assignment]


def write_and_die(root: Path, shape: str, size: int | None) -> Callable[[Tell], None]:
    """A writer that writes one group of that shape and dies after so many bytes of it, or goes to its end.

    size: None for one that writes all of it and dies before it is synced.
    """

    def act(tell: Tell) -> None:
        archive = open_writer(root)
        if shape != FIRST:
            tell_captures(tell, archive.append(page(b"acknowledged before", url=f"{HARBOUR}/before")))
        die_before_it_is_synced() if size is None else die_after(size)
        SHAPES[shape](archive, tell)

    return act


def write_beside(root: Path) -> Callable[[Tell, Callable[[], bool]], None]:
    """Another writer of the same archive, which appends and keeps until it is told to stop."""

    def act(tell: Tell, stop: Callable[[], bool]) -> None:
        with open_writer(root) as archive:
            for n in count():
                keep_a_page(archive, tell, url=f"https://beside.example/{n}")
                if stop():
                    return

    return act
