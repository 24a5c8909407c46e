"""The power goes at any point of a run; nothing that was acknowledged by then is lost."""

import random
from pathlib import Path

import pytest

from tests.archive.torture.outage import STORIES, check, recorded, strike_by_chance, strike_plainly

pytestmark = pytest.mark.usefixtures("strace")
each_story = pytest.mark.parametrize("story", STORIES)
# That a story leaves, at least: a part for each, so that none takes more than ten minutes.
STATES = {
    "a torn tail": 200,
    "a death before the sync": 400,
    "a death at a folder": 400,
    "a text that is refused": 300,
    "a first day": 900,
}
assert sum(STATES.values()) >= 2_000
assert STATES.keys() == STORIES.keys()


@each_story
def test_nothing_that_was_acknowledged_is_lost_with_the_power(scratch: Path, story):
    outage, moments = recorded(scratch, STORIES[story])
    strike_plainly(outage, moments[7::19])
    check(f"a slice of it: the power lost in {story}", [outage], floor=10)


@pytest.mark.torture
@each_story
def test_the_power_lost_at_every_point_of_a_story(scratch, story):
    outage, moments = recorded(scratch, STORIES[story])
    strike_plainly(outage, moments)
    strike_by_chance(outage, moments, random.Random(story), count=8)  # noqa: S311 - chance, no secret
    check(f"the power lost at every point of {story}", [outage], floor=STATES[story])
