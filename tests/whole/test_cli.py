"""The command itself: what it loads, where its flags stand, what it says of itself."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.whole.conftest import LIGHTHOUSE
from tests.whole.terminal import PRESSMARK, Terminal, run

HEAVY = {"sqlalchemy", "alembic", "httpx", "trafilatura"}
VERBS = ("fetch", "daemon", "clean", "explain", "add", "sources", "list", "show", "status", "verify", "demo", "config")
LOADED = """
import sys
from scraper.cli import main
sys.argv = ["pressmark", *sys.argv[1:]]
try:
    main()
finally:
    print("LOADED", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def loaded_by(folder: Path, *arguments: str) -> set[str]:
    """The packages that are loaded when a command has ended."""
    ran = run([sys.executable, "-c", LOADED, *arguments], folder)
    assert ran.code == 0
    return set(ran.err.split()[1:])


@pytest.mark.parametrize("arguments", [["--help"], ["fetch", "--help"]], ids=" ".join)
def test_help_loads_nothing_heavy(tmp_path: Path, arguments: list[str]):
    assert not loaded_by(tmp_path, *arguments) & HEAVY


def test_help_names_every_verb_and_exit_code(tmp_path: Path):
    ran = run([*PRESSMARK, "--help"], tmp_path)
    assert [verb for verb in VERBS if f"\n  {verb} " not in ran.out] == []
    assert [code for code in range(8) if f"{code} " not in ran.out.partition("Exit codes")[2]] == []


def test_the_installed_command_says_its_version(tmp_path: Path):
    installed = Path(sys.executable).parent / "pressmark"
    ran = run([str(installed), "--version"], tmp_path)
    assert (ran.code, ran.out) == (0, f"pressmark {version('pressmark')}\n")


def test_flags_stand_before_the_verb_or_behind_it(desk: Terminal):
    before = run([*PRESSMARK, "--json", "-c", str(desk.config), "-C", str(desk.archive), "list"], desk.folder)
    behind = run([*PRESSMARK, "list", "-C", str(desk.archive), "-c", str(desk.config), "--json"], desk.folder)
    assert before.out == behind.out
    assert json.loads(before.out)["canonical_url"] == LIGHTHOUSE.url


def test_settings_and_archive_lie_where_one_stands(desk: Terminal):
    desk.archive.rename(desk.folder / "pressmark-archive")
    assert run([*PRESSMARK, "show", LIGHTHOUSE.url], desk.folder).out == LIGHTHOUSE.text


def test_as_shipped_nothing_is_watched_and_the_daemon_says_what_to_set(tmp_path: Path):
    ran = run([*PRESSMARK, "daemon"], tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert "contact is empty" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_nothing_that_a_terminal_would_obey_is_printed_from_a_url(pressmark: Terminal):
    ran = pressmark("fetch", "http://no-such-paper.invalid/\x1b[31mred")
    assert "\x1b" not in ran.err
    assert ran.code in (1, 2)


def test_an_unknown_flag_is_a_word_to_the_user(tmp_path: Path):
    done = subprocess.run(
        [*PRESSMARK, "list", "--sitte", "x"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "--sitte" in done.stderr
