"""An import is killed at every system call; run again it comes to what it would have come to, and adds no capture."""

from functools import partial
from pathlib import Path

import pytest

from archive import Archive, open_archive, open_writer
from tests.archive.foreign_files import FERRY, STRIKE, body, day, fetched_now, imported, response, told, written
from tests.archive.pages import damages
from tests.archive.torture import figures
from tests.archive.torture.children import DONE, Ending, Tell
from tests.archive.torture.judge import differs_when_rebuilt
from tests.archive.torture.place import Place
from tests.archive.torture.tracing import Call, calls_of, under_strace

pytestmark = pytest.mark.usefixtures("strace")


def begin(root: Path) -> None:
    """Two looks at a page that said the same, and one that came later: an earlier text makes other things of them."""
    with open_writer(root) as archive:
        for number, text in ((5, "On."), (6, "On."), (9, "Over.")):
            fetched_now(archive, text, url=STRIKE, at=day(number), author="Lena Aho")


def file_of(folder: Path) -> Path:
    """A new first text, one between the two looks, the same of another article before all of them, a redirect."""
    moved = response(b"", url=f"{STRIKE}/old", status="301 Moved", headers=f"Location: {STRIKE}\r\n", at=day(2))
    first, between = response(body("Soon."), at=day(1)), response(body("Over."), at=day(5).replace(hour=18))
    return written(folder / "a.warc.gz", first, between, response(body("On."), url=FERRY, at=day(0)), moved)


def take_in(root: Path, path: Path, _: Tell) -> None:
    with open_writer(root) as archive:
        imported(archive, path)


def what_is_told(archive: Archive) -> tuple[object, ...]:
    """What does not depend on who was killed: revisions, visits, and captures, each once."""
    with archive.reading() as reading:
        captures = sorted((each.url, each.captured_at, each.payload_digest) for each in reading.all_captures())
    return told(archive), captures


def killed_at(call: Call, root: Path, path: Path) -> Ending:
    inject = f"inject={call.name}:signal=SIGKILL:when={call.nth}"
    return under_strace(partial(take_in, root, path), "-e", inject, stderr=root.with_name("stderr"))


def swept(scratch: Path, *, start: int = 0, step: int) -> tuple[int, list[str]]:
    """How often it was killed, at every step-th system call; and what was otherwise when it was run again.

    A run now and then makes a call less, and lives: of ten nine must die, or nothing was tried.
    """
    root, path = scratch / "archive", file_of(scratch)
    begin(root)
    place = Place(root)
    begun = place.take()
    calls = calls_of(partial(take_in, root, path), log=root.with_name("log"))
    with open_archive(root) as reader:
        expected = what_is_told(reader)
    kills, faults = 0, []
    tried = calls[start::step]
    for number, call in enumerate(tried):
        place.put(begun)
        ending = killed_at(call, root, path)
        kills += ending.killed
        if not ending.killed and ending.code != DONE:
            faults.append(f"{call}: it ended with {ending.code}: {ending.complaint}")
        with open_writer(root) as again:
            imported(again, path)
            if what_is_told(again) != expected:
                faults.append(f"{call}: {what_is_told(again)}, not {expected}")
        faults += [f"{call}: {damage}" for damage in damages(root)]
        if number % 10 == 0:
            faults += [f"{call}: rebuilt otherwise: {line}" for line in differs_when_rebuilt(root)]
    if kills < 0.9 * len(tried):
        faults.append(f"of {len(tried)} runs that were to be killed {kills} were")
    return kills, faults


def test_an_import_killed_at_any_system_call_comes_to_the_same_when_it_is_run_again(scratch: Path):
    kills, faults = swept(scratch, start=29, step=97)
    assert faults == []
    assert kills > 3


@pytest.mark.torture
def test_an_import_killed_at_every_fifth_system_call_comes_to_the_same_when_it_is_run_again(scratch: Path):
    kills, faults = swept(scratch, step=5)
    figures.say("imports killed at every fifth system call", kills=kills)
    assert faults == []
    assert kills > 100
