"""What was acknowledged is there, however a writer dies."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from archive import open_archive, open_writer
from tests.archive.pages import HOUSE, damages

KEEP_FOR_EVER = """
import itertools, os, sys
sys.path.insert(0, sys.argv[2])
from archive import open_writer
from tests.archive.pages import article, page, visit
with open_writer(sys.argv[1]) as archive:
    for n in itertools.count():
        url = f"https://{os.getpid()}.example/{n}"
        [capture] = archive.append(page(os.urandom(3000), url=url))
        told = visit(capture.record_id, url=url, article=url)
        kept = archive.keep(article(url, url=url), told, verdict="new", after=None)
        print(kept.record_id, flush=True)
"""


def killed_after(root: Path, lines: int) -> list[str]:
    """Record ids that a writer acknowledged before it was killed, some moment after so many of them."""
    with subprocess.Popen(
        [sys.executable, "-c", KEEP_FOR_EVER, str(root), str(HOUSE)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout
        acknowledged = [writer.stdout.readline().strip() for _ in range(lines)]
        writer.kill()
        return [*acknowledged, *(line.strip() for line in writer.stdout if line.endswith("\n"))]


def survive(root: Path, kills: int) -> None:
    acknowledged = [each for _ in range(kills) for each in killed_after(root, random.randint(1, 12))]  # noqa: S311
    open_writer(root).close()
    with open_archive(root) as reader, reader.reading() as reading:
        assert all(reading.revision(record_id) for record_id in acknowledged)
    assert not list(root.rglob("*.open"))
    assert damages(root) == []


def test_nothing_that_was_acknowledged_is_lost_to_kills(tmp_path):
    survive(tmp_path / "a", 3)


@pytest.mark.torture
def test_nothing_that_was_acknowledged_is_lost_to_a_hundred_and_fifty_kills(tmp_path):
    survive(tmp_path / "a", 150)
