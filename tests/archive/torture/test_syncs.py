"""Each wait for the medium is needed: taken out alone, the loss of power costs something that was acknowledged."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.archive.torture import power
from tests.archive.torture.outage import STORIES, recorded
from tests.archive.torture.syncs import ERRANDS_OF, TOLD, UNTOLD, leave_out, let_sqlite_hurry, places

TURNS = 8  # through a run in as many turns: a loss that lasts is found in the first
pytestmark = pytest.mark.usefixtures("strace")


def first_loss(scratch: Path, but: Callable[[], None]) -> str | None:
    """What is lost first when all stories are told by writers that were tampered with."""
    for name, story in STORIES.items():
        outage, moments = recorded(scratch / name.replace(" ", "-"), story, but=but)
        for turn in range(TURNS):
            for moment in moments[turn::TURNS]:
                for state in power.plain_states(moment):
                    outage.strike(moment.said, state)
                    if outage.faults:
                        return outage.faults[0]
    return None


def test_every_file_that_waits_for_the_medium_is_known():
    assert {place.file for place in places()} == TOLD | ERRANDS_OF.keys() | UNTOLD


@pytest.mark.torture
def test_nothing_is_lost_when_nothing_is_taken_out(scratch):
    assert first_loss(scratch, lambda: None) is None


@pytest.mark.torture
@pytest.mark.parametrize("place", [place for place in places() if place.file in TOLD], ids=str)
def test_a_wait_that_is_taken_out_costs_something_when_the_power_goes(scratch, place):
    assert first_loss(scratch, partial(leave_out, place))


@pytest.mark.torture
@pytest.mark.parametrize("level", ["OFF", "NORMAL"])
def test_a_catalog_that_is_not_synced_costs_something_when_the_power_goes(scratch, level):
    assert first_loss(scratch, partial(let_sqlite_hurry, level))
