"""A killed writer's transaction ends before its file is free: in between nobody may give its names again."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

from archive import open_writer
from tests.archive.pages import HARBOUR
from tests.archive.torture.children import told
from tests.archive.torture.deaths import write_and_die
from tests.archive.torture.judge import Told, losses
from tests.archive.torture.story import keep_a_page


@contextmanager
def still_held(path: Path, *, seconds: float) -> Iterator[None]:
    """A file whose lock its dead writer lets go of so much later."""
    fd = os.open(path, os.O_RDWR)
    fcntl.flock(fd, fcntl.LOCK_EX)
    freed = Timer(seconds, os.close, (fd,))
    freed.start()
    try:
        yield
    finally:
        freed.join()


def test_a_number_that_a_dying_writer_gave_is_not_given_again(begun):
    with open_writer(begun) as living:
        keep_a_page(living, lambda _: None, url=f"{HARBOUR}/before")
        before = set(begun.rglob("*.open"))
        assert told(write_and_die(begun, "a text", None), stderr=begun.with_name("stderr")).killed
        [left] = set(begun.rglob("*.open")) - before
        with still_held(left, seconds=0.3):
            keep_a_page(living, lambda _: None, url=f"{HARBOUR}/after")
    open_writer(begun).close()
    assert losses(begun, Told()) == []
