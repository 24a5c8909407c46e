"""A disk that refuses, at each system call: the writer says so in our words, loses nothing, and goes on."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from archive import Writer, open_writer
from archive.errors import ArchiveError
from archive.records import Revision
from tests.archive.pages import HARBOUR, article, page, visit
from tests.archive.torture import figures
from tests.archive.torture.children import OURS, Ending, Tell
from tests.archive.torture.story import tell_captures, tell_revision, tell_visit
from tests.archive.torture.sweeping import Ordeal, Sweep
from tests.archive.torture.tracing import FILE_CALLS, Call, calls_of, under_strace

pytestmark = pytest.mark.usefixtures("strace")

T = TypeVar("T")
OFTEN, SOMETIMES = ("EIO", "ENOSPC", "EMFILE"), ("EDQUOT", "EFBIG")
# What a disk that fails or is full answers for good, and to which call.
LASTING = {
    "write": "ENOSPC",
    "pwrite64": "ENOSPC",
    "fdatasync": "EIO",
    "fsync": "EIO",
    "rename": "ENOSPC",
    "openat": "EMFILE",
    "mkdir": "EDQUOT",
}


def again(tell: Tell, step: Callable[[], T]) -> T:
    """What the step brings, at the second try when the archive refuses the first: a daemon does not restart."""
    try:
        return step()
    except ArchiveError as error:
        tell(f"refused {type(error).__name__}: {error}")
        return step()


def tell_a_keep_in_spite_of_all(root: Path, tell: Tell) -> None:
    """A full keep in which every step is done again by the same process when it is refused; then another."""
    for n in range(2):
        archive = again(tell, partial(open_writer, root))
        keep_in_spite_of_all(archive, tell, f"{HARBOUR}/{n}")
        again(tell, archive.close)


def keep_in_spite_of_all(archive: Writer, tell: Tell, url: str) -> None:
    captures = again(tell, lambda: archive.append(page(url.encode(), url=url)))
    tell_captures(tell, captures)
    brought = visit(captures[0].record_id, url=url, article=url)
    tell_revision(tell, again(tell, lambda: kept_now_or_before(archive, url, captures[0].record_id)))
    again(tell, lambda: archive.note(brought))
    tell_visit(tell, brought)


def kept_now_or_before(archive: Writer, url: str, capture: str) -> Revision | None:
    """A keep whose commit failed may stand all the same; then it comes back as somebody else's."""
    told = article(f"Of {url}.", url=url)
    kept = archive.keep(told, visit(capture, url=url, article=url), verdict="new", after=None)
    if kept:
        return kept
    with archive.reading() as reading:
        return reading.latest(url)


def refused_once(call: Call, error: str, root: Path) -> Ending:
    inject = f"inject={call.name}:error={error}:when={call.nth}"
    return under_strace(partial(tell_a_keep_in_spite_of_all, root), "-e", inject, stderr=root.with_name("stderr"))


def swept(begun: Path, errors: tuple[str, ...], *, start: int = 0, stop: int | None = None, step: int) -> Sweep:
    """Every error, once, at every step-th call that touches a file or folder."""
    sweep = Sweep.of(begun)
    act = partial(tell_a_keep_in_spite_of_all, begun)
    for call in calls_of(act, "-e", f"trace={FILE_CALLS}", log=begun.with_name("log"))[start:stop:step]:
        for error in errors:
            suffer(sweep, f"{error} at {call}", partial(refused_once, call, error))
    return sweep


def suffer(sweep: Sweep, where: str, ordeal: Ordeal) -> None:
    ending = sweep.alone(where, ordeal)
    if ending.code == OURS:
        sweep.faults.append(f"{where}: it did not go on: {ending.complaint}")
    elif "Traceback" in ending.complaint:
        sweep.faults.append(f"{where}: {ending.complaint}")


def tell_what_is_refused_for_ever(root: Path, tell: Tell) -> None:
    """As a daemon on a disk that stays full: whatever is refused, the next page is tried, and no error is not ours."""
    for n in range(3):
        with suppress(ArchiveError), open_writer(root) as archive, suppress(ArchiveError):
            keep_in_spite_of_all(archive, tell, f"{HARBOUR}/{n}")


def refused_from(name: str, nth: int, error: str, root: Path) -> Ending:
    """From its nth call of that name on, all of them are refused."""
    inject = f"inject={name}:error={error}:when={nth}+"
    act = partial(tell_what_is_refused_for_ever, root)
    return under_strace(act, "-e", inject, stderr=root.with_name("stderr"))


def swept_for_ever(begun: Path, *, step: int) -> Sweep:
    sweep = Sweep.of(begun)
    for name, error in LASTING.items():
        for nth in range(1, 40, step):
            suffer(sweep, f"{error} from {name} {nth} on", partial(refused_from, name, nth, error))
    return sweep


def check(part: str, sweep: Sweep, *, floor: int) -> None:
    figures.say(part, faults=sweep.count, worst_recovery=f"{sweep.worst:.3f} s")
    assert sweep.faults == []
    assert sweep.count >= floor
    assert sweep.worst < 1


def test_a_call_that_is_refused_once_costs_nothing_that_was_acknowledged(begun):
    check("a slice of it: a call refused once", swept(begun, ("EIO", "ENOSPC"), start=5, step=83), floor=15)


def test_a_disk_that_stays_full_costs_nothing_that_was_acknowledged(begun):
    check("a slice of it: a call refused for ever", swept_for_ever(begun, step=20), floor=12)


@pytest.mark.torture
def test_each_of_the_first_300_file_calls_refused_once(begun):
    sweep = swept(begun, OFTEN, stop=300, step=1)
    check("each of the first 300 file calls refused once: EIO, ENOSPC, EMFILE", sweep, floor=900)


@pytest.mark.torture
def test_every_seventh_call_refused_once_for_a_quota_or_a_size(begun):
    sweep = swept(begun, SOMETIMES, start=3, step=7)
    check("each seventh file call refused once: EDQUOT, EFBIG", sweep, floor=150)


@pytest.mark.torture
def test_calls_refused_for_ever(begun):
    check("calls refused for ever", swept_for_ever(begun, step=2), floor=100)
