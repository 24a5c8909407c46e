"""The WARC files of three editions, judged by tools that know nothing of us."""

import sys
from pathlib import Path
from zipfile import ZipFile

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


@pytest.fixture(params=["whole", "selection"])
def package(request: pytest.FixtureRequest, editions, tmp_path: Path) -> Path:
    """The archive as a WACZ, or one paper of it."""
    chosen = ["--site", "gulf-courier.example"] if request.param == "selection" else []
    assert editions.terminal("export", "-o", str(tmp_path / "news.wacz"), *chosen).code == 0
    return tmp_path / "news.wacz"


def test_wacz_validate_accepts_the_package(editions, package: Path):
    ran = judged(editions, str(TOOLS / "wacz"), "validate", "--file", str(package))
    assert ran.code == 0, ran.out
    assert "the passed WACZ is valid" in ran.out


def test_the_warc_files_inside_are_whole_to_everyone(editions, package: Path, tmp_path: Path):
    with ZipFile(package) as zip_file:
        zip_file.extractall(tmp_path)
    warcs = sorted((tmp_path / "archive").iterdir())
    assert warcs
    for judge in (["gzip", "--test"], [str(TOOLS / "warcio"), "check"], [str(TOOLS / "fastwarc"), "check"]):
        for warc in warcs:
            assert judged(editions, *judge, str(warc)).code == 0


def test_our_index_is_the_one_that_cdxj_indexer_makes(editions, warcs: list[Path]):
    """Line for line, but for the digest's algorithm, which pywb leaves out, and records that are no pages."""
    ours = editions.terminal("export", "--format", "cdxj").out.splitlines()
    theirs = judged(editions, str(TOOLS / "cdxj-indexer"), "--sort", *map(str, warcs)).out.splitlines()
    pages = [line.replace('"sha1:', '"') for line in theirs if not line.startswith("urn:pressmark:")]
    assert ours == pages
    assert '"warc/revisit"' in "".join(ours)
