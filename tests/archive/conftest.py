"""What the archive's tests share."""

import faulthandler
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive import Writer, open_writer


@pytest.fixture(autouse=True)
def _unhurried(request: pytest.FixtureRequest) -> None:
    """A torture takes minutes and does not hang: no stacks are printed. Each child has its own limit."""
    if request.node.get_closest_marker("torture"):
        faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Writer]:
    """A new archive, open for writing."""
    with open_writer(tmp_path / "archive") as writer:
        yield writer
