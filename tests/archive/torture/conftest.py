"""Where the torture happens, and what it came to."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.archive.torture import figures, story, tracing

_ROOM = 1 << 29  # bytes; a state is made and judged in a hundredth of that
_MEMORY = Path("/dev/shm")


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is room, else on disk: thousands of archives are made in it and thrown away."""
    if not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < _ROOM:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="pressmark-torture-", dir=_MEMORY) as folder:
        yield Path(folder)


@pytest.fixture
def begun(scratch: Path) -> Path:
    """An archive in which one article was kept, closed: what each torture begins with a copy of."""
    story.begin(scratch / "begun")
    return scratch / "begun"


@pytest.fixture
def strace() -> None:
    """Skips the test, saying why, where strace cannot be used."""
    if why := tracing.why_not():
        pytest.skip(why)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of every part that ran."""
    if figures.LINES:
        terminalreporter.section("torture of the archive")
        for line in figures.LINES:
            terminalreporter.write_line(line)
