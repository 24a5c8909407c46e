"""What the pages of an archive teach: the last ones, those of today's layout, and how large a sample is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from scraper import clean
from scraper.extract.learning import MOST_PAGES, MOST_TAUGHT, Example, memory_of
from scraper.extract.site import digest
from tests.scraper.extract.test_site import story

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def example(number: int, *, at: datetime = NOON, layout: str = "story", **said: tuple[str, ...]) -> Example:
    """The page of the story of that number."""
    url, body = story(number, layout=layout)
    return Example(url=url, body=body, captured_at=at, **said)  # type: ignore[arg-type]  # paragraphs alone


def examples(count: int, *, every: timedelta) -> list[Example]:
    """So many stories, the last one of noon first."""
    return [example(number, at=NOON - every * number) for number in range(count)]


def selector(memory: dict[str, object]) -> str:
    return memory["templates"]["article"]["selector"]  # type: ignore[index, no-any-return]


def test_pages_of_an_earlier_layout_teach_no_template():
    old = [example(number, at=NOON - DAY) for number in range(8)]
    new = [example(number, at=NOON, layout="feature") for number in range(10, 13)]
    memory = memory_of([*new, *old], since=NOON)
    assert selector(memory) == "div.feature-body > p"
    assert memory["templates"]["article"]["pages"] == 3
    assert digest("harbour herald 1 quay street") in memory["cruft"]


def test_two_pages_of_a_new_layout_are_too_few_and_the_cruft_stays():
    new = [example(number, at=NOON, layout="feature") for number in range(10, 12)]
    memory = memory_of([*new, *examples(8, every=DAY)], since=NOON + timedelta(seconds=1))
    assert memory["templates"] == {}
    assert digest("harbour herald 1 quay street") in memory["cruft"]


def test_it_is_said_from_when_to_when_the_captures_that_taught_were_taken():
    told = examples(5, every=DAY)
    assert memory_of(told)["held"] == {"from": (NOON - 4 * DAY).isoformat(), "to": NOON.isoformat()}
    since = NOON - 2 * DAY
    assert memory_of(told, since=since)["held"] == {"from": since.isoformat(), "to": NOON.isoformat()}
    assert memory_of(told, since=NOON + DAY)["held"] == {"from": (NOON + DAY).isoformat()} | {
        "to": (NOON + DAY).isoformat()
    }


@pytest.mark.parametrize(
    ("every", "sample"),
    [(timedelta(days=1), 1), (timedelta(hours=4), 2), (timedelta(hours=1), 8), (timedelta(seconds=1), 128)],
)
def test_about_three_pages_a_day_are_samples_of_a_busy_site_more(every, sample):
    assert memory_of(examples(12, every=every))["sample"] == sample


def test_no_more_pages_are_taken_than_are_wanted():
    taken: list[int] = []

    def endless() -> Iterator[Example]:
        url, body = story(0)
        for number in range(10**9):
            taken.append(number)
            yield Example(url=f"{url}/{number}", body=body, captured_at=NOON, paragraphs=(f"Text {number}.",))

    memory_of(endless())
    assert len(taken) == MOST_PAGES + 1


def test_forty_pages_teach_templates_at_most():
    told = [example(number, paragraphs=clean(*story(number)[::-1]).paragraphs) for number in range(MOST_TAUGHT + 5)]
    assert memory_of(told)["templates"]["article"]["pages"] == MOST_TAUGHT


def test_a_text_that_the_teacher_has_found_is_not_asked_for_again():
    told = [
        example(number, paragraphs=("Harbour Herald, 1 Quay Street",) if number < 4 else ("No such line.",))
        for number in range(5)
    ]
    assert memory_of(told)["templates"] == {}  # it believes what it is told
