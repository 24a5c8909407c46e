"""When a link is fetched again, by what came of it."""

from datetime import UTC, datetime, timedelta

import pytest

from archive.records import Visit
from scraper.agenda import article_again, is_dead_end, rhythm_after
from scraper.rhythm import Rhythm

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LOOKS = (HOUR, DAY, 7 * DAY)


def visit(outcome: str, reason: str | None = None) -> Visit:
    return Visit(
        visit_id="urn:uuid:v1",
        url="https://harbour-post.example/strike",
        visited_at=NOW,
        role="article",
        outcome=outcome,  # type: ignore[arg-type]
        reason=reason,
    )


def again(outcome: str, reason: str | None = None, *, age: timedelta = timedelta(0), tries: int = 0) -> datetime | None:
    return article_again(visit(outcome, reason), found_at=NOW - age, tries=tries, looks=LOOKS, now=NOW)


@pytest.mark.parametrize("outcome", ["new", "revised", "unchanged", "copy"])
def test_an_article_is_looked_at_again_for_edits_at_set_ages(outcome):
    assert again(outcome, age=timedelta(minutes=1)) == NOW + timedelta(minutes=59)
    assert again(outcome, age=2 * HOUR) == NOW + 22 * HOUR
    assert again(outcome, age=2 * DAY) == NOW + 5 * DAY
    assert again(outcome, age=8 * DAY) is None


def test_without_ages_to_look_at_no_article_is_fetched_twice():
    assert article_again(visit("new"), found_at=NOW, tries=0, looks=(), now=NOW) is None


def test_a_failure_is_tried_again_ever_later_and_then_let_go():
    waits = [again("failed", "timeout", tries=tries) for tries in range(6)]
    minutes = [(at - NOW) / timedelta(minutes=1) for at in waits if at]
    assert minutes == [15, 60, 240, 960, 3840]
    assert waits[5] is None


@pytest.mark.parametrize("reason", ["dns", "connect", "tls", "disconnect", "http-500", "http-503", "truncated"])
def test_what_may_pass_is_tried_again(reason):
    assert again("failed", reason) == NOW + timedelta(minutes=15)


@pytest.mark.parametrize("reason", ["url", "redirects", "too-large", "too-deep", "too-many-tags", "parser-crash"])
def test_what_will_be_the_same_tomorrow_is_not_asked_for_again(reason):
    assert again("failed", reason) is None


def test_a_site_that_blocks_us_is_asked_once_a_day_and_five_times_at_most():
    assert again("blocked", "http-429") == NOW + DAY
    assert again("blocked", "http-403", tries=5) is None


@pytest.mark.parametrize(("outcome", "reason"), [("gone", "http-410"), ("not-article", "pdf"), ("refused", "robots"),
                                                 ("refused", "private-address")])  # fmt: skip
def test_what_is_no_article_or_not_for_us_is_let_go(outcome, reason):
    assert again(outcome, reason) is None


def test_a_robots_txt_that_could_not_be_had_loses_no_article_for_good():
    assert again("refused", "no-robots") == NOW + timedelta(minutes=15)
    assert again("refused", "no-robots", tries=5) is None


@pytest.mark.parametrize("outcome", ["new", "revised", "unchanged"])
def test_a_poll_that_was_answered_teaches_how_often_links_come(outcome):
    learned = rhythm_after(visit(outcome), Rhythm(failures=3), new_links=12, answered_at=NOW - DAY)
    assert learned == Rhythm(rate_events=12, rate_days=1, failures=0)


def test_a_first_poll_ends_a_row_of_failures_and_teaches_nothing_else():
    assert rhythm_after(visit("new"), Rhythm(failures=2), new_links=500, answered_at=None) == Rhythm()


@pytest.mark.parametrize("outcome", ["failed", "blocked", "refused", "gone"])
def test_a_poll_without_an_answer_counts_as_a_failure_and_forgets_nothing(outcome):
    before = Rhythm(rate_events=4, rate_days=2, failures=1)
    after = rhythm_after(visit(outcome), before, new_links=0, answered_at=NOW - DAY)
    assert after == Rhythm(rate_events=4, rate_days=2, failures=2)


def test_a_clock_set_back_between_two_polls_breaks_nothing():
    assert rhythm_after(visit("new"), Rhythm(), new_links=3, answered_at=NOW + HOUR) == Rhythm()


@pytest.mark.parametrize(
    ("outcome", "reason"), [("gone", "http-404"), ("failed", "not-a-feed"), ("failed", "not-a-sitemap")]
)
def test_a_guessed_place_where_nothing_is_found_is_not_asked_again(outcome, reason):
    assert is_dead_end(visit(outcome, reason), announced=True, answered_at=None)
    assert not is_dead_end(visit(outcome, reason), announced=False, answered_at=None)  # somebody configured it
    assert not is_dead_end(visit(outcome, reason), announced=True, answered_at=NOW - DAY)  # it was one yesterday


@pytest.mark.parametrize(("outcome", "reason"), [("failed", "timeout"), ("blocked", "http-403"), ("refused", "robots"),
                                                 ("new", None)])  # fmt: skip
def test_a_guessed_place_that_may_still_be_a_source_is_asked_again(outcome, reason):
    assert not is_dead_end(visit(outcome, reason), announced=True, answered_at=None)
