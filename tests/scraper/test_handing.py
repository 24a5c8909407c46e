"""A site's memory is handed to the workers with every page, and pickled and read but once."""

import asyncio
import pickle
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from archive.records import Site
from scraper.handing import AtHand, handed
from scraper.workers import Workers

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def herald(number: int = 1, lines: int = 3, name: str = "herald.example") -> Site:
    templates = {"*": {"selector": "div.story > p", "pages": 5}}
    cruft = [f"line {at} of the many that are printed under every story" for at in range(lines)]
    return Site(site=name, number=number, learned_at=NOON, memory={"templates": templates, "cruft": cruft})


@pytest.fixture
def workers() -> Iterator[Workers]:
    pool = Workers(1)
    yield pool
    pool.close()


def which(site: Site) -> tuple[int, Site]:
    """What a worker has got."""
    return id(site), site


def test_a_worker_gets_the_site_itself_and_the_same_one_each_time(workers):
    async def both() -> list[tuple[int, Site]]:
        return [await workers.think(which, handed(herald())) for _ in range(2)]  # it arrives as a Site

    (one, site), (other, _) = asyncio.run(both())
    assert site == herald()
    assert one == other


def test_a_later_state_and_one_without_templates_are_others():
    states = [herald(), herald(2), replace(herald(), learned_at=NOON.replace(hour=13))]
    names = {handed(each).name for each in states} | {handed(herald()).without_templates().name}
    assert len(names) == 4


def test_without_its_templates_a_site_keeps_its_cruft():
    bare: Site = pickle.loads(pickle.dumps(handed(herald()).without_templates()))  # noqa: S301
    assert bare.memory == {"templates": {}, "cruft": herald().memory["cruft"]}


def test_what_was_looked_up_is_looked_up_again_after_minutes():
    at_hand = AtHand()
    assert not at_hand.is_fresh("herald.example", now=0.0)
    at_hand.put("herald.example", None, now=0.0)
    assert at_hand.get("herald.example") is None
    assert at_hand.is_fresh("herald.example", now=100.0)
    assert not at_hand.is_fresh("herald.example", now=300.0)
    at_hand.put("herald.example", herald(), now=300.0)
    assert at_hand.get("herald.example") == handed(herald())


def test_a_crawler_of_thousands_of_papers_has_only_those_at_hand_that_it_needs():
    at_hand = AtHand()
    for number in range(400):
        at_hand.put(f"p{number}.example", herald(lines=2_000, name=f"p{number}.example"), now=1.0)
    held = [number for number in range(400) if at_hand.is_fresh(f"p{number}.example", now=1.0)]
    assert held[-1] == 399
    assert sum(len(pickle.dumps(at_hand.get(f"p{number}.example"))) for number in held) < 25_000_000
    assert 50 < len(held) < 400
