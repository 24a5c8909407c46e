"""`pressmark verify` at a terminal: what it says, what it mends, how it goes on."""

import json
import shutil
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive import ledger, open_archive, open_writer
from tests.archive.damaged import build, flipped, stranger_text, warc
from tests.archive.pages import HARBOUR, kept
from tests.whole.terminal import PRESSMARK, Ran, run, surroundings


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return build(tmp_path / "a")


def verify(root: Path, *flags: str) -> Ran:
    return run([*PRESSMARK, "-C", str(root), "verify", *flags], root.parent)


def test_a_damage_is_told_with_file_place_url_loss_and_what_mends_it(root):
    name, offset = flipped(root)
    ran = verify(root)
    first, lost, mend, last = ran.out.splitlines()
    assert ran.code == 5
    assert first.startswith(f"{name} @{offset}: ")
    assert HARBOUR in first
    assert "the answer as it was received" in lost
    assert "`pressmark verify --repair --from DIR`" in mend
    assert last.endswith(": 1 damaged")


def test_json_has_all_of_it_in_one_object(root):
    name, offset = flipped(root)
    ran = verify(root, "--json")
    told, last = ran.objects
    assert {"file": name, "offset": offset, "kind": "member"}.items() <= told["damage"].items()
    assert {"url", "what", "lost", "mend"} <= told["damage"].keys()
    assert last["damages"] == 1


def test_a_sample_says_that_it_is_one_and_how_to_take_it_again(root):
    ran = verify(root, "--sample", "1", "--seed", "7")
    assert ran.code == 0
    assert ran.out.startswith("1 WARC file, ")
    assert ran.out.rstrip().endswith("all as they were written; a sample of 1, seed 7")
    by_chance = verify(root, "--sample", "1", "--json").told["sample"]
    assert by_chance["share"] == "1"
    again = verify(root, "--sample", "1", "--seed", str(by_chance["seed"]), "--json")
    assert again.told["sample"] == by_chance


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--sample", "five"), "write it as 5%"),
        (("--seed", "3"), "give --sample"),
        (("--from", "x"), "give --repair"),
        (("--repair", "--sample", "5%"), "leave out --sample"),
        (("--repair", "--from", "."), "no second copy"),
    ],
)
def test_flags_that_do_not_fit_are_refused_with_what_to_do(root, flags, says):
    ran = verify(root, *flags)
    assert ran.code == 2
    assert says in ran.refusal


@pytest.mark.parametrize("said", ["pressmark archive 2\n", "", "nonsense\n", None])
def test_another_format_or_none_is_refused(root, said):
    if said is None:
        (root / "FORMAT").unlink()
    else:
        (root / "FORMAT").write_text(said)
    ran = verify(root)
    assert ran.code == 2
    assert str(root) in ran.refusal


def test_a_lost_catalog_is_a_damage_and_all_else_is_looked_at(root):
    (root / "catalog.sqlite").unlink()
    ran = verify(root)
    assert ran.code == 5
    assert ran.out.startswith("catalog.sqlite: ")
    assert "`pressmark rebuild`" in ran.out
    assert ran.out.splitlines()[-1].startswith("2 WARC files, ")


def test_repair_mends_what_it_can_and_says_what_is_left(root, tmp_path):
    second = Path(shutil.copytree(root, tmp_path / "second"))
    flipped(root)
    stranger_text(root)
    ran = verify(root, "--repair")
    assert ran.code == 5
    assert ran.out.splitlines()[-1].endswith("2 damaged, 1 mended, 1 left")
    ran = verify(root, "--repair", "--from", str(second))
    assert ran.code == 0
    assert ran.out.splitlines()[-1].endswith("1 damaged, 1 mended, 0 left")
    assert verify(root).code == 0


def test_repair_says_that_a_ledger_is_damaged_still(root):
    [entry, *_] = ledger.seal(root, now=datetime.now(UTC) + timedelta(days=2))
    path = root / entry.path
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"0", b"1"))
    assert verify(root).code == 5
    ran = verify(root, "--repair")
    assert ran.code == 5
    assert " 0 mended, " in ran.out.splitlines()[-1]


def test_repair_waits_for_writers_no_longer_than_asked(root):
    with open_writer(root):
        ran = verify(root, "--repair", "--wait", "0")
    assert ran.code == 6


def test_a_run_that_was_killed_goes_on_and_one_that_ended_starts_afresh(tmp_path):
    root = tmp_path / "a"
    for n in range(12):
        with open_writer(root) as archive:
            kept(archive, f"Story {n}.", url=f"{HARBOUR}/{n}", hours=n)
    for path in root.rglob("*.warc.gz"):
        path.chmod(0o644)
    flipped(root)
    file = tmp_path / "progress"
    command = [*PRESSMARK, "-C", str(root), "verify", "--resume", str(file)]
    with subprocess.Popen(command, cwd=tmp_path, env=surroundings(tmp_path), stdout=subprocess.PIPE) as running:
        while running.poll() is None and (not file.exists() or len(file.read_text().splitlines()) < 4):
            pass
        running.send_signal(signal.SIGKILL)
    lines = [json.loads(line) for line in file.read_text().splitlines(keepends=True) if line.endswith("\n")]
    done = {line["warc"] for line in lines[1:] if "warc" in line}
    assert len(done) >= 3
    if not lines[-1].get("done"):
        for warc_file in done:  # whoever looked at them again would find them gone
            (root / warc_file).rename(root / f"{warc_file}.away")
    ran = verify(root, "--resume", str(file))
    assert ran.code == 5
    assert ran.out.count("@") == 1
    for warc_file in done:
        (root / f"{warc_file}.away").rename(root / warc_file)
    assert verify(root, "--resume", str(file)).out.startswith(str(warc(root).relative_to(root)))
    with open_archive(root) as reader, reader.reading() as reading:
        assert len(reading.warc_files()) == 12


def test_a_run_over_something_else_does_not_go_on(root, tmp_path):
    file = tmp_path / "progress"
    file.write_text(json.dumps({"what": "pressmark verify", "archive": "/other", "sample": None, "seed": None}) + "\n")
    ran = verify(root, "--resume", str(file))
    assert ran.code == 2
    assert "/other" in ran.refusal
