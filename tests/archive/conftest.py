"""What the archive's tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive import Writer, open_writer


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Writer]:
    """A new archive, open for writing."""
    with open_writer(tmp_path / "archive") as writer:
        yield writer
