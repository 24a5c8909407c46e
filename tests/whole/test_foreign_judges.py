"""The WARC files of three editions, judged by tools that know nothing of us."""

import sys
from pathlib import Path

import pytest

from scraper.demo import ARTICLES
from tests.whole.terminal import Ran, Terminal, run

TOOLS = Path(sys.executable).parent  # theirs lie beside our interpreter


@pytest.fixture
def warcs(editions) -> list[Path]:
    """The archive's WARC files, one for each run that wrote."""
    files = sorted(editions.terminal.archive.rglob("*.warc.gz"))
    assert len(files) >= 5
    return files


def judged(editions, *command: str) -> Ran:
    terminal: Terminal = editions.terminal
    return run(command, terminal.folder)


def test_gzip_finds_every_member_whole(editions, warcs: list[Path]):
    ran = judged(editions, "gzip", "--test", *map(str, warcs))
    assert (ran.code, ran.err) == (0, "")


def test_warcio_finds_every_digest_right(editions, warcs: list[Path]):
    ran = judged(editions, str(TOOLS / "warcio"), "check", "--verbose", *map(str, warcs))
    assert ran.code == 0
    assert "digest pass" in ran.out
    assert "fail" not in ran.out


def test_fastwarc_finds_every_digest_right(editions, warcs: list[Path]):
    for warc in warcs:
        ran = judged(editions, str(TOOLS / "fastwarc"), "check", str(warc))
        assert ran.code == 0
        assert "0 failed" in ran.out + ran.err


def test_an_index_of_them_is_sorted_and_knows_every_article(editions, warcs: list[Path]):
    ran = judged(editions, str(TOOLS / "cdxj-indexer"), "--sort", *map(str, warcs))
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines == sorted(lines)
    indexed = {line.split('"url": "')[1].split('"')[0].partition("?utm_")[0] for line in lines}
    assert indexed >= {story.url for story in ARTICLES}
