"""A writer is killed at every system call of a full keep, and of a recovery; nothing that it acknowledged is lost."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.archive.torture import story
from tests.archive.torture.children import Ending, Tell, told
from tests.archive.torture.deaths import write_and_die
from tests.archive.torture.judge import Told
from tests.archive.torture.sweeping import BESIDE, Sweep, check
from tests.archive.torture.tracing import Call, calls_of, under_strace

pytestmark = pytest.mark.usefixtures("strace")


def nothing(root: Path) -> Told:
    root.mkdir()
    return Told()


def an_old_archive(root: Path) -> Told:
    story.begin(root)
    return Told()


def what_the_dead_left(root: Path) -> Told:
    """The files of three dead writers: a torn capture, a torn text, a whole text that nobody waited for."""
    seen = Told()
    story.begin(root)
    for shape, size in (("a response", 700), ("a text", 300), ("a text", None)):
        ending = told(write_and_die(root, shape, size), stderr=root.with_name("stderr"))
        assert ending.killed, ending.complaint
        seen.add(ending.said)
    return seen


Beginning = Callable[[Path], Told]
BEGINNINGS: list[Beginning] = [nothing, an_old_archive, what_the_dead_left]
each_beginning = pytest.mark.parametrize("beginning", BEGINNINGS)


Act = Callable[[Path, Tell], None]


def killed_at(act: Act, call: Call, root: Path) -> Ending:
    """A writer, killed at that system call."""
    inject = f"inject={call.name}:signal=SIGKILL:when={call.nth}"
    return under_strace(partial(act, root), "-e", inject, stderr=root.with_name("stderr"))


def swept(
    scratch: Path,
    beginning: Beginning,
    *,
    act: Act = story.tell_a_full_keep,
    start: int = 0,
    step: int,
    beside: bool = False,
) -> Sweep:
    """Killed at every step-th system call of its run."""
    root = scratch / beginning.__name__ / "archive"
    root.parent.mkdir()
    sweep = Sweep.of(root, beginning(root))
    calls = calls_of(partial(act, root), log=root.with_name("log"))
    suffer = sweep.beside_another if beside else sweep.alone
    for call in calls[start::step]:
        suffer(str(call), partial(killed_at, act, call))
    return sweep


@each_beginning
def test_a_writer_killed_at_any_system_call_loses_nothing_that_it_acknowledged(scratch, beginning):
    sweep = swept(scratch, beginning, start=13, step=41)
    check(f"a slice of it: killed at system calls, {beginning.__name__}", [sweep], floor=8)


def test_of_a_group_that_is_killed_at_a_system_call_all_or_nothing_was_acknowledged_and_that_is_there(scratch):
    sweep = swept(scratch, an_old_archive, act=story.tell_a_group, start=7, step=41)
    check("a slice of it: a group killed at system calls", [sweep], floor=8)


@pytest.mark.torture
def test_a_group_killed_at_every_system_call(scratch):
    sweep = swept(scratch, an_old_archive, act=story.tell_a_group, step=1)
    check("a group killed at every system call", [sweep], floor=400)


@pytest.mark.torture
@each_beginning
def test_killed_at_every_system_call_of_a_full_keep_and_of_a_recovery(scratch, beginning):
    sweep = swept(scratch, beginning, step=1)
    check(f"killed at every system call, {beginning.__name__}", [sweep], floor=400)


@pytest.mark.torture
@each_beginning
def test_killed_at_every_seventh_system_call_beside_a_living_writer(scratch, beginning):
    sweep = swept(scratch, beginning, step=7, beside=True)
    check(f"killed at system calls beside a living writer, {beginning.__name__}", [sweep], floor=50, within=BESIDE)
