"""When a site is learned: after a few articles, once a day, and at once when its pages no longer fit."""

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from archive.records import Site
from scraper.learning import (
    Attempt,
    Look,
    Report,
    drifting_since,
    layout_began,
    look_of,
    next_state,
    why_learn,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MEMORY = {
    "version": 1,
    "templates": {"*": {"selector": "div.story > p", "pages": 5}},
    "cruft": ["share this story"],
    "sample": 4,
    "held": {"from": "2026-11-18T00:00:00+00:00", "to": "2026-11-19T00:00:00+00:00"},
}


def state(*, hours_old: float = 1) -> Site:
    return Site(site="herald.example", number=3, learned_at=NOON - timedelta(hours=hours_old), memory=MEMORY)


def looks(
    marks: str, *, every: timedelta = timedelta(hours=1), agreements: Sequence[float | None] = ()
) -> tuple[Look, ...]:
    """The last page first: + fits, - does not, . has no template; so far apart."""
    fits = {"+": True, "-": False, ".": None}
    agreed = [*agreements, *[None] * len(marks)]
    return tuple(
        Look(captured_at=NOON - every * at, fits=fits[mark], agreement=agreed[at]) for at, mark in enumerate(marks)
    )


def report(marks: str = "", *, hours_old: float = 1, has_news: bool = True) -> Report:
    return Report(articles=5, state=state(hours_old=hours_old), has_news=has_news, looks=looks(marks))


def unknown(articles: int) -> Report:
    return Report(articles=articles, state=None, has_news=False)


def test_a_site_is_learned_once_it_has_told_five_articles():
    assert [why_learn(unknown(articles), now=NOON) for articles in (0, 4, 5, 900)] == [None, None, "first", "first"]


def test_a_site_is_learned_anew_after_a_day_when_it_told_more():
    assert why_learn(report(hours_old=23.9), now=NOON) is None
    assert why_learn(report(hours_old=24), now=NOON) == "renewal"
    assert why_learn(report(hours_old=240, has_news=False), now=NOON) is None


def test_a_redesign_is_learned_at_once():
    assert why_learn(report("---+++"), now=NOON) == "drift"


@pytest.mark.parametrize(
    ("marks", "is_drift"),
    [
        ("-----", False),  # five pages prove nothing
        ("---+++", True),
        ("--++++", False),
        ("+++++++------", False),  # a bad time that is over
        ("......---+++", True),  # live blogs without a template say nothing of the others
        ("------++++++++++++", False),  # a busy day: a third of its pages
        ("---------+++++++++", True),
    ],
)
def test_half_of_the_last_six_pages_or_of_a_day_s_must_not_fit(marks, is_drift):
    assert (drifting_since(looks(marks), now=NOON) is not None) == is_drift


def test_of_a_quiet_site_six_pages_count_though_they_took_a_week():
    assert drifting_since(looks("---+++", every=timedelta(days=1)), now=NOON)


def test_a_drift_began_with_the_first_page_that_did_not_fit():
    assert drifting_since(looks("-+--++"), now=NOON) == NOON - timedelta(hours=3)


@pytest.mark.parametrize(
    ("agreements", "is_drift"),
    [((0.5, 0.5), False), ((0.7, 1.0, 0.9), True), ((0.9, 0.9, 0.9), False), ((0.2, 1.0, 1.0, 1.0), True)],
)
def test_three_samples_that_agree_by_less_than_nine_tenths_are_a_drift(agreements, is_drift):
    assert (drifting_since(looks("++++", agreements=agreements), now=NOON) is not None) == is_drift


def test_what_a_page_says_of_how_it_came_out_is_read_back():
    assert look_of(NOON, {"template": "fits", "agreement": "0.97"}) == Look(captured_at=NOON, fits=True, agreement=0.97)
    assert look_of(NOON, {"template": "misfit"}).fits is False
    assert look_of(NOON, {"rung": "trafilatura"}) == Look(captured_at=NOON, fits=None, agreement=None)


def test_an_attempt_that_came_to_nothing_is_made_again_a_day_later():
    tried = Attempt(why="first", at=NOON - timedelta(hours=23))
    assert why_learn(unknown(9), now=NOON, tried=tried) is None
    assert why_learn(unknown(9), now=NOON + timedelta(hours=1), tried=tried) == "first"


def test_a_drift_waits_for_no_day_to_pass_unless_it_was_tried_itself():
    assert why_learn(report("------"), now=NOON, tried=Attempt(why="renewal", at=NOON)) == "drift"
    assert why_learn(report("------"), now=NOON, tried=Attempt(why="drift", at=NOON)) is None


def test_pages_from_before_a_redesign_teach_no_template_ever_after():
    drifted = report("---+++")
    assert layout_began(drifted, "drift", now=NOON) == NOON - timedelta(hours=2)
    assert layout_began(report("++++++"), "renewal", now=NOON) == datetime(2026, 11, 18, tzinfo=UTC)
    assert layout_began(unknown(5), "first", now=NOON) is None


def test_states_are_numbered_one_after_the_other():
    learned = {**MEMORY, "cruft": ["another line"]}
    first = next_state("herald.example", unknown(5), "first", learned, now=NOON)
    assert first == Site(site="herald.example", number=1, learned_at=NOON, memory=learned)
    fourth = next_state("herald.example", report(), "renewal", learned, now=NOON)
    assert fourth
    assert fourth.number == 4


def test_a_state_that_says_what_the_one_before_said_is_not_remembered_anew():
    later = {**MEMORY, "held": {"from": "2026-11-18T00:00:00+00:00", "to": "2026-11-20T00:00:00+00:00"}}
    assert next_state("herald.example", report(), "renewal", later, now=NOON) is None


def test_a_renewal_that_fails_leaves_the_templates_that_fit():
    assert next_state("herald.example", report(), "renewal", None, now=NOON) is None


@pytest.mark.parametrize("learned", [None, {**MEMORY, "cruft": ["share this story"]}])
def test_a_template_that_does_not_fit_is_retired_also_when_nothing_else_was_learned(learned):
    retired = next_state("herald.example", report("------"), "drift", learned, now=NOON)
    assert retired
    assert (retired.number, retired.memory["templates"], retired.memory["cruft"]) == (4, {}, ["share this story"])


def test_a_state_without_templates_holds_from_the_drift_on():
    retired = next_state("herald.example", report("------"), "drift", None, now=NOON)
    assert retired
    assert retired.began == NOON - timedelta(hours=5)


def test_who_decides_when_to_learn_does_not_pay_for_the_parsers():
    script = "import json, sys, scraper.daemon; print(json.dumps(sorted(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, timeout=60).stdout
    assert "scraper.learning" in json.loads(loaded)
    assert not {"trafilatura", "htmldate"} & set(json.loads(loaded))
