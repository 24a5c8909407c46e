"""The power goes during a redaction, a repair, a rebuild or an export: it is done, or can be done again."""

from functools import partial

import pytest

from tests.archive.torture import figures
from tests.archive.torture.syncs import ERRANDS_OF, leave_out, places
from tests.archive.torture.upkeep import ERRANDS, recorded

pytestmark = pytest.mark.usefixtures("strace")


@pytest.mark.parametrize("errand", ERRANDS)
def test_an_errand_is_done_or_can_be_done_again_after_the_power_went(scratch, errand):
    struck = recorded(scratch, ERRANDS[errand])
    assert list(struck.faults(every=23)) == []


@pytest.mark.torture
@pytest.mark.parametrize("errand", ERRANDS)
def test_an_errand_can_lose_the_power_at_every_point(scratch, errand):
    struck = recorded(scratch, ERRANDS[errand])
    assert list(struck.faults()) == []
    figures.say(f"the power lost at every point of {errand}", states=len(struck.seen))
    assert len(struck.seen) >= 5


@pytest.mark.torture
@pytest.mark.parametrize("place", [place for place in places() if place.file in ERRANDS_OF], ids=str)
def test_a_wait_of_an_errand_that_is_taken_out_costs_something_when_the_power_goes(scratch, place):
    for errand in ERRANDS_OF[place.file]:
        struck = recorded(scratch / errand.replace(" ", "-"), ERRANDS[errand], but=partial(leave_out, place))
        if any(struck.faults()):
            return
    pytest.fail("without this wait nothing was lost")
