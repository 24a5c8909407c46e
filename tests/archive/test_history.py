"""An article's history is that of its captures' dates, in whatever order they came into the archive."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import Writer, open_archive, open_writer
from archive.rebuild import rebuild
from tests.archive.foreign_files import (
    FERRY,
    STRIKE,
    body,
    day,
    fetched_now,
    imported,
    packed,
    response,
    sha256,
    told,
    written,
)  # fmt: skip
from tests.archive.pages import damages


@dataclass(frozen=True)
class Event:
    """A capture: of which page, when, and what it said."""

    url: str
    at: int  # days
    text: str
    author: str


def in_file(*events: Event) -> bytes:
    return packed([response(body(each.text, author=each.author), url=each.url, at=day(each.at)) for each in events])


def take_in(archive: Writer, folder: Path, *events: Event) -> None:
    path = folder / "a.warc.gz"
    path.write_bytes(in_file(*events))
    imported(archive, path)


def strike(at: int, text: str, author: str = "Lena Aho") -> Event:
    return Event(STRIKE, at, text, author)


def ferry(at: int, text: str) -> Event:
    return Event(FERRY, at, text, "Lena Aho")


def standing(archive: Writer) -> list[tuple[int, str]]:
    """(day, verdict) of the strike's revisions."""
    with archive.reading() as reading:
        return [((each.captured_at - day(0)).days, each.verdict) for each in reading.revisions_of(STRIKE)]


def outcomes(archive: Writer) -> dict[int, str]:
    with archive.reading() as reading:
        return {(each.visited_at - day(0)).days: each.outcome for each in reading.last_visits(STRIKE)}


class TestAnEarlierCapture:
    def test_with_another_text_makes_the_later_one_a_revision(self, archive: Writer, tmp_path: Path):
        take_in(archive, tmp_path, strike(3, "Over."))
        take_in(archive, tmp_path, strike(1, "On."))
        assert standing(archive) == [(1, "new"), (3, "revised")]
        assert outcomes(archive) == {1: "new", 3: "revised"}

    def test_with_the_same_text_supersedes_the_later_one(self, archive: Writer, tmp_path: Path):
        take_in(archive, tmp_path, strike(3, "On."))
        take_in(archive, tmp_path, strike(1, "On."))
        assert standing(archive) == [(1, "new")]
        assert outcomes(archive) == {1: "new", 3: "unchanged"}
        with archive.reading() as reading:
            [text] = reading.texts_like(sha256("On."))
        assert (archive.root / text.text_file).read_text() == "Strike\n\nOn.\n"

    def test_between_two_that_were_alike_makes_the_second_a_revision(self, archive: Writer, tmp_path: Path):
        take_in(archive, tmp_path, strike(1, "On."), strike(5, "On."))
        assert standing(archive) == [(1, "new")]
        take_in(archive, tmp_path, strike(3, "Over."))
        assert standing(archive) == [(1, "new"), (3, "revised"), (5, "revised")]
        assert outcomes(archive) == {1: "new", 3: "revised", 5: "revised"}

    def test_may_bring_back_what_was_superseded(self, archive: Writer, tmp_path: Path):
        for event in (strike(5, "On."), strike(1, "On."), strike(3, "Over.")):
            take_in(archive, tmp_path, event)
        assert standing(archive) == [(1, "new"), (3, "revised"), (5, "revised")]

    def test_of_another_article_makes_this_one_the_copy(self, archive: Writer, tmp_path: Path):
        take_in(archive, tmp_path, strike(3, "On."))
        assert standing(archive) == [(3, "new")]
        take_in(archive, tmp_path, ferry(1, "On."))
        assert standing(archive) == [(3, "copy")]
        assert outcomes(archive) == {3: "copy"}
        with archive.reading() as reading:
            first, copy = reading.latest(FERRY), reading.latest(STRIKE)
        assert first
        assert copy
        assert (first.copy_of, copy.copy_of) == (None, copy.pressmark)

    def test_with_other_facts_is_told_of(self, archive: Writer, tmp_path: Path):
        take_in(archive, tmp_path, strike(3, "On."))
        take_in(archive, tmp_path, strike(1, "On.", "Ilmar Raud"))
        with archive.reading() as reading:
            first, second = reading.revisions_of(STRIKE)
        assert (first.verdict, second.verdict, second.facts_changed) == ("new", "facts", ("authors",))
        assert outcomes(archive) == {1: "new", 3: "unchanged"}


def test_like_is_compared_with_like_when_an_older_extractor_kept_the_later_one(archive: Writer, tmp_path: Path):
    fetched_now(archive, "On.", url=STRIKE, at=day(3), author="Lena Aho", extractor="0")
    take_in(archive, tmp_path, strike(1, "On."))
    assert standing(archive) == [(1, "new")]
    fetched_now(archive, "Over.", url=STRIKE, at=day(5), author="Lena Aho")
    assert standing(archive) == [(1, "new"), (5, "revised")]


def test_what_live_fetching_finds_next_is_measured_against_what_was_imported(archive: Writer, tmp_path: Path):
    fetched_now(archive, "On.", url=STRIKE, at=day(1), author="Lena Aho")
    take_in(archive, tmp_path, strike(3, "Over."))
    fetched_now(archive, "Over.", url=STRIKE, at=day(5), author="Lena Aho")
    assert standing(archive) == [(1, "new"), (3, "revised")]
    assert outcomes(archive) == {1: "new", 3: "revised", 5: "unchanged"}


# ── any order ────────────────────────────────────────────────────────────────────────────────────────────────────────

EVENTS = st.lists(
    st.builds(
        Event,
        url=st.sampled_from([STRIKE, FERRY, "http://third.example/s"]),
        at=st.integers(0, 7),
        text=st.sampled_from(["On.", "Over.", "Again."]),
        author=st.sampled_from(["Lena Aho", "Lena Aho", "Ilmar Raud"]),
    ),
    min_size=1,
    max_size=9,
    unique_by=lambda event: (event.url, event.at),
)


def plan(data: st.DataObject, events: Sequence[Event]) -> list[tuple[str, list[Event]]]:
    """The events as imports in some order and split somehow; among them live fetches, each the newest when it came."""
    left = data.draw(st.permutations(events))
    steps: list[tuple[str, list[Event]]] = []
    newest = -1
    for event in left:
        kind = "live" if event.at > newest and data.draw(st.booleans()) else "import"
        newest = max(newest, event.at)
        if kind == "import" and steps and steps[-1][0] == kind and data.draw(st.booleans()):
            steps[-1][1].append(event)
        else:
            steps.append((kind, [event]))
    return steps


def carried_out(archive: Writer, folder: Path, steps: Sequence[tuple[str, list[Event]]]) -> None:
    for kind, events in steps:
        if kind == "import":
            take_in(archive, folder, *events)
            continue
        [event] = events
        fetched_now(archive, event.text, url=event.url, at=day(event.at), author=event.author)


def check_any_order(events: list[Event], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with open_writer(folder / "in order") as one:
            take_in(one, folder, *sorted(events, key=lambda event: (event.at, event.url)))
            expected = told(one)
        with open_writer(folder / "in any") as other:
            carried_out(other, folder, plan(data, events))
            assert told(other) == expected
        assert damages(folder / "in any") == []
        with open_archive(folder / "in any") as reader:
            before = list(reader.dump())
        rebuild(folder / "in any")
        with open_archive(folder / "in any") as reader:
            assert list(reader.dump()) == before


@settings(max_examples=25, deadline=None)
@given(EVENTS, st.data())
def test_the_order_of_imports_changes_nothing_and_rebuild_comes_to_the_same(events: list[Event], data: st.DataObject):
    check_any_order(events, data)


@pytest.mark.torture
@settings(max_examples=1_500, deadline=None)
@given(EVENTS, st.data())
def test_the_order_of_imports_changes_nothing_however_often(events: list[Event], data: st.DataObject):
    check_any_order(events, data)


def test_a_file_may_be_written_plain(archive: Writer, tmp_path: Path):
    path = written(tmp_path / "a.warc", response(body("On."), at=day(1)), response(body("Over."), at=day(2)))
    assert imported(archive, path).taken == 2
    assert standing(archive) == [(1, "new"), (2, "revised")]
