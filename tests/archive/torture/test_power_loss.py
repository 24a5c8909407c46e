"""The power goes at any point of a run; nothing that was acknowledged by then is lost."""

import random
from pathlib import Path

import pytest

from tests.archive.torture.outage import STORIES, check, recorded, strike_by_chance, strike_plainly

pytestmark = pytest.mark.usefixtures("strace")
each_story = pytest.mark.parametrize("story", STORIES)
STATES = 2_000


@each_story
def test_nothing_that_was_acknowledged_is_lost_with_the_power(scratch: Path, story):
    outage, moments = recorded(scratch, STORIES[story])
    strike_plainly(outage, moments[7::19])
    check(f"a slice of it: the power lost in {story}", [outage], floor=10)


@pytest.mark.torture
def test_the_power_lost_at_every_point_of_every_story(scratch):
    outages = []
    for name, story in STORIES.items():
        outage, moments = recorded(scratch / name.replace(" ", "-"), story)
        strike_plainly(outage, moments)
        strike_by_chance(outage, moments, random.Random(name), count=8)  # noqa: S311 - chance, no secret
        outages.append(outage)
    check("the power lost at every point", outages, floor=STATES)
