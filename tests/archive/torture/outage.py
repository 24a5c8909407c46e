"""Runs whose power goes: what each does, and what is left of it in every state that its disk may be in."""

import copy
import errno
import hashlib
import os
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from archive import open_writer
from archive.errors import Damaged, WriteFailed
from archive.members import walk
from tests.archive.pages import HARBOUR, article, page, visit
from tests.archive.torture import figures, power
from tests.archive.torture import story as stories
from tests.archive.torture.children import DONE, Tell, told
from tests.archive.torture.deaths import die_after_making, write_and_die
from tests.archive.torture.judge import Told, judge, losses
from tests.archive.torture.place import Place, State
from tests.archive.torture.power import Disk, Moment
from tests.archive.torture.story import keep_a_page, tell_captures, tell_revision
from tests.archive.torture.tracing import under_strace

Act = Callable[[Path, Tell], None]


@dataclass(frozen=True, slots=True)
class Story:
    """What was there before and is on the medium, and the processes that then run, one after the other."""

    begin: Callable[[Path], Told]
    acts: tuple[Act, ...]


def nothing(root: Path) -> Told:
    root.mkdir()
    return Told()


def a_first_day(root: Path, tell: Tell) -> None:
    """A new archive, every shape of group, two files, and a third by the next writer."""
    with open_writer(root) as archive:
        keep_a_page(archive, tell, url=HARBOUR)
        for shape in ("a 304", "two redirects", "a text", "a journal", "what was learned"):
            stories.SHAPES[shape](archive, tell)
        archive.close_warc()
        stories.several_together(archive, tell)
    keep_once_more(root, tell)


def keep_once_more(root: Path, tell: Tell) -> None:
    with open_writer(root) as archive:
        keep_a_page(archive, tell, url=f"{HARBOUR}/once-more")


def a_torn_tail(root: Path) -> Told:
    """An archive whose writer died in the middle of a group: its bytes may be moved, and may not be thrown away."""
    stories.begin(root)
    seen = Told()
    seen.add(told(write_and_die(root, "a response", 700), stderr=root.with_name("stderr")).said)
    [path] = root.rglob("*.open")
    end = 0
    with suppress(Damaged):
        for record in walk(path):
            end = record.offset + record.length if record.type in ("warcinfo", "metadata") else end
    seen.tails.add(path.read_bytes()[end:])
    return seen


def an_old_archive(root: Path) -> Told:
    stories.begin(root)
    return Told()


def a_death_before_the_sync(root: Path, tell: Tell) -> None:
    write_and_die(root, "a text", None)(tell)


def a_death_at_a_folder(root: Path, tell: Tell) -> None:
    die_after_making("harbour-post.example")
    with open_writer(root) as archive:
        keep_a_page(archive, tell, url=HARBOUR)


def a_text_that_is_refused(root: Path, tell: Tell) -> None:
    """One writer cannot write a sidecar, takes text and record back; then another keeps the same text."""
    url = f"{HARBOUR}/refused"
    told = article("The same words.", url=url)
    with open_writer(root) as first, open_writer(root) as second:
        captures = first.append(page(url=url))
        tell_captures(tell, captures)
        brought = visit(captures[0].record_id, url=url, article=url)
        with no_room_for("*.json"), pytest.raises(WriteFailed):
            first.keep(told, brought, verdict="new", after=None)
        tell_revision(tell, second.keep(told, brought, verdict="new", after=None))


@contextmanager
def no_room_for(pattern: str) -> Iterator[None]:
    """A block in which no file gets such a name."""
    rename = os.rename

    def full(old: Path, new: Path) -> None:
        if Path(new).match(pattern):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rename(old, new)

    os.rename = full  # type: ignore[assignment]
    try:
        yield
    finally:
        os.rename = rename


STORIES = {
    "a torn tail": Story(a_torn_tail, (keep_once_more,)),
    "a death before the sync": Story(an_old_archive, (a_death_before_the_sync, keep_once_more)),
    "a death at a folder": Story(nothing, (a_death_at_a_folder, keep_once_more)),
    "a text that is refused": Story(an_old_archive, (a_text_that_is_refused,)),
    "a first day": Story(nothing, (a_first_day,)),
}


@dataclass(slots=True)
class Outage:
    """States of one archive after the power went, and what became of them."""

    place: Place
    before: Told  # what was acknowledged before
    seen: set[bytes] = field(default_factory=set)  # digests of the states that were judged
    worst: float = 0.0  # seconds that a recovery took
    faults: list[str] = field(default_factory=list)

    def strike(self, said: str, state: State) -> None:
        """Have the power go and leave this; a state that was judged before is passed over."""
        digest = hashlib.sha256(repr((said, sorted(state.items()))).encode()).digest()
        if digest in self.seen:
            return
        self.seen.add(digest)
        root, told = self.place.put(state), copy.deepcopy(self.before)
        told.add(said)
        if told:  # before that nobody need find an archive
            self.faults += [f"before anybody writes: {loss}" for loss in losses(root, told)]
        verdict = judge(root, told)
        self.faults += verdict.losses
        self.worst = max(self.worst, verdict.seconds)


def recorded(folder: Path, story: Story, *, but: Callable[[], None] = lambda: None) -> tuple[Outage, list[Moment]]:
    """The story told once, and the moments in it when the power may go. but: done in each process before it begins."""
    folder.mkdir(exist_ok=True)
    root = folder / "archive"
    before = story.begin(root)
    disk = Disk(root)
    moments: list[Moment] = []
    for act in story.acts:
        log = root.with_name("log")
        ending = under_strace(_but(but, act, root), *power.STRACE, "-o", str(log), stderr=root.with_name("stderr"))
        assert ending.code == DONE or ending.killed, ending.complaint
        moments += disk.replay(log.read_text())
    return Outage(Place(root), before), moments


def _but(but: Callable[[], None], act: Act, root: Path) -> Callable[[Tell], None]:
    def both(tell: Tell) -> None:
        but()
        act(root, tell)

    return both


def strike_plainly(outage: Outage, moments: Sequence[Moment]) -> None:
    """At each moment the states that tell most."""
    for moment in moments:
        for state in power.plain_states(moment):
            outage.strike(moment.said, state)


def strike_by_chance(outage: Outage, moments: Sequence[Moment], chance: random.Random, *, count: int) -> None:
    """At each moment so many of the others."""
    for moment in moments:
        for state in power.chance_states(moment, chance, count):
            outage.strike(moment.said, state)


def check(part: str, outages: Iterable[Outage], *, floor: int) -> None:
    """Print a part's figures; so many states must have been judged, nothing lost, and each recovered in a second."""
    struck = list(outages)
    states, worst = sum(len(outage.seen) for outage in struck), max(outage.worst for outage in struck)
    figures.say(part, states=states, worst_recovery=f"{worst:.3f} s")
    assert [fault for outage in struck for fault in outage.faults] == []
    assert states >= floor
    assert worst < 1
