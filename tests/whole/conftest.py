"""The command as a fixture, and two archives made once: `editions` is only read, `desk` is a copy to change."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from scraper.demo import ARTICLES, Press
from tests.whole.terminal import PAPERS, Ran, Terminal

TANKER = next(story for story in ARTICLES if story.name == "tanker-fine")
LIGHTHOUSE = next(story for story in ARTICLES if story.name == "lighthouse")


@pytest.fixture
def pressmark(tmp_path: Path, press: Press) -> Terminal:
    """`pressmark(…)` in an empty folder, with the newspaper within reach and nothing watched."""
    return Terminal(tmp_path / "desk", press)


@dataclass(frozen=True, slots=True)
class Editions:
    """Passes over the five papers, one after another into one archive."""

    terminal: Terminal
    first: Ran
    second: Ran  # nothing was printed meanwhile
    again: Ran  # with --again, still edition 1
    later: Ran  # with --again, edition 2
    last: Ran  # with --again, edition 3
    withdrawn: Ran  # edition 3: the link to a story that was taken down


@pytest.fixture(scope="session")
def editions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editions]:
    """Three editions, kept. Read it, change nothing."""
    with Press() as press:
        terminal = Terminal(tmp_path_factory.mktemp("editions"), press)
        terminal.watch(*PAPERS)
        first, second, again = terminal("fetch"), terminal("fetch"), terminal("fetch", "--again")
        press.edition = 2
        later = terminal("fetch", "--again")
        press.edition = 3
        last = terminal("fetch", "--again")
        yield Editions(terminal, first, second, again, later, last, terminal("fetch", TANKER.url))


@pytest.fixture(scope="session")
def _one_kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with Press() as press:
        terminal = Terminal(tmp_path_factory.mktemp("one"), press)
        assert terminal("fetch", LIGHTHOUSE.url).code == 0
        return terminal.folder


@pytest.fixture
def desk(_one_kept: Path, tmp_path: Path, press: Press) -> Terminal:
    """`desk(…)` in a folder whose archive holds one article, LIGHTHOUSE; change it as you like."""
    shutil.copytree(_one_kept, tmp_path / "desk")
    return Terminal(tmp_path / "desk", press)
