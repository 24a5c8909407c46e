"""Whatever chance makes of a document, nothing but an error with a name of ours comes out of what reads it."""

import asyncio
from collections.abc import Callable

import pytest

from scraper.workers import Workers
from tests.scraper.hostile.generated import Fault, mutants, trees

PARTS = 8
MUTANTS, TREES = 22_000, 3_500  # of a part: 204,000 documents in all


def faults(function: Callable[[int, int], list[Fault]], number: int, count: int) -> str:
    """What a worker found in a series of documents, to be read; a worker that died is a fault too."""
    workers = Workers(1, seconds=1_200)
    try:
        found = asyncio.run(workers.think(function, number, count))
    finally:
        workers.close()
    return "\n\n".join(f"{reader}: {came}{octets[:2_000]!r}" for reader, came, octets in found[:5])


def test_of_two_thousand_documents_made_by_chance_each_ends_in_a_value_or_a_named_error():
    assert not faults(mutants, 99, 1_800)
    assert not faults(trees, 99, 200)


@pytest.mark.torture
@pytest.mark.parametrize("part", range(PARTS))
def test_of_two_hundred_thousand_documents_made_by_chance_each_ends_in_a_value_or_a_named_error(part):
    assert not faults(mutants, part, MUTANTS)
    assert not faults(trees, part, TREES)
