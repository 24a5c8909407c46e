"""A writer is killed after every single byte that it writes; nothing that it acknowledged is lost."""

import json
import signal
from collections.abc import Callable, Iterable
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from tests.archive.torture.children import DONE, Ending, Tell, fork, told
from tests.archive.torture.deaths import write_and_die
from tests.archive.torture.story import FIRST, SHAPES, begin
from tests.archive.torture.sweeping import BESIDE, Ordeal, Sweep, check

Suffer = Callable[[Sweep, str, Ordeal], Ending]


def sweep_through(sweep: Sweep, suffer: Suffer, shape: str, sizes: Iterable[int]) -> None:
    """Kill a writer of that shape after ever more bytes, until it goes to its end unharmed."""
    for size in sizes:
        ordeal = partial(killed_after, shape, size)
        if not suffer(sweep, f"{shape}, byte {size}", ordeal).killed:
            return


def killed_after(shape: str, size: int, root: Path) -> Ending:
    return told(write_and_die(root, shape, size), stderr=root.with_name("stderr"))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_writer_killed_at_any_byte_loses_nothing_that_it_acknowledged(begun, shape):
    sweep = Sweep.of(begun)
    sweep_through(sweep, Sweep.alone, shape, count(0, 97))
    check(f"a slice of it: killed within {shape}", [sweep], floor=5)


@pytest.mark.parametrize("shape", [FIRST, "a text"])
def test_a_writer_killed_beside_a_living_one_takes_nothing_from_either(begun, shape):
    sweep = Sweep.of(begun)
    sweep_through(sweep, Sweep.beside_another, shape, count(50, 397))
    check(f"a slice of it: killed within {shape}, beside a living writer", [sweep], floor=2, within=BESIDE)


def swept(scratch: Path, suffer: Suffer, shape: str, *, step: int) -> list[Sweep]:
    """A shape killed after 0, step, 2 * step, … bytes, by two processes in turns: there are thousands."""
    workers = []
    for turn in range(2):
        (scratch / f"{turn}").mkdir()
        work = partial(_sweep_and_tell, scratch / f"{turn}" / "archive", suffer, shape, count(turn * step, 2 * step))
        workers.append(fork(work, stderr=scratch / f"{turn}" / "worker"))
    for worker in workers:
        worker.go()
    endings = [worker.end() for worker in workers]
    assert [ending.code for ending in endings] == [DONE, DONE], [ending.complaint for ending in endings]
    sweeps = [Sweep.of(scratch / f"{turn}" / "archive") for turn in range(2)]
    for sweep, ending in zip(sweeps, endings, strict=True):
        sweep.count, sweep.kills, sweep.worst, sweep.faults = json.loads(ending.said)
    return sweeps


def _sweep_and_tell(root: Path, suffer: Suffer, shape: str, sizes: Iterable[int], tell: Tell) -> None:
    signal.alarm(0)  # a worker takes minutes; each of its own children has its limit
    begin(root)
    sweep = Sweep.of(root)
    sweep_through(sweep, suffer, shape, sizes)
    tell(json.dumps([sweep.count, sweep.kills, sweep.worst, sweep.faults]))


# How many bytes a writer of that shape writes, at least: record ids make a difference of some.
BYTES: dict[str, int] = {
    FIRST: 1_600,
    "a response": 1_200,
    "a 304": 1_300,
    "the same payload": 1_300,
    "two redirects": 3_600,
    "a text": 2_200,
    "a journal": 500,
    "what was learned": 800,
    "several together": 7_000,
    "an end": 600,
}
# Two are too long for the ten minutes that a part may take: they hold the records of the others, several times over.
STEPS = {"two redirects": 3, "several together": 7}
assert sum(size for shape, size in BYTES.items() if shape not in STEPS) >= 5_000
assert BYTES.keys() == SHAPES.keys()
each_shape = pytest.mark.parametrize("shape", BYTES)


@pytest.mark.torture
@each_shape
def test_killed_at_every_byte_of_a_shape(scratch, shape):
    step = STEPS.get(shape, 1)
    sweeps = swept(scratch, Sweep.alone, shape, step=step)
    check(f"killed at every byte of {shape}, by {step}", sweeps, floor=BYTES[shape] // step)


@pytest.mark.torture
@each_shape
def test_killed_at_ever_more_bytes_beside_a_living_writer(scratch, shape):
    step = 5 * STEPS.get(shape, 1)
    sweeps = swept(scratch, Sweep.beside_another, shape, step=step)
    check(f"killed within {shape} beside a living writer", sweeps, floor=BYTES[shape] // step, within=BESIDE)
