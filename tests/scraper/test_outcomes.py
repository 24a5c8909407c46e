"""What an answer means."""

import pytest

from archive.records import Exchange, Page, Visit
from scraper.outcomes import aliases, answered, known_by, moved, why
from tests.archive.pages import NOON, exchange

URL = "https://harbour-post.example/strike"
ASKED = Visit(visit_id="urn:uuid:v1", url=URL, visited_at=NOON, role="article", outcome="new")


def hop(url: str, status: str) -> Exchange:
    return exchange(b"", url=url, status=status)


def after(status: str, **said: object) -> Visit:
    return answered(ASKED, Page(exchanges=(exchange(status=status, **said),)))  # type: ignore[arg-type]


@pytest.mark.parametrize("status", ["200 OK", "203 Non-Authoritative", "299 Odd", "304 Not Modified"])
def test_a_good_answer_is_there_to_be_understood(status):
    visit = after(status)
    assert (visit.outcome, visit.reason, visit.status) == ("new", None, int(status[:3]))


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (404, "gone"),
        (410, "gone"),
        (401, "blocked"),
        (403, "blocked"),
        (429, "blocked"),
        (451, "blocked"),
        (300, "failed"),
        (302, "failed"),
        (400, "failed"),
        (418, "failed"),
        (500, "failed"),
        (503, "failed"),
        (999, "failed"),
    ],
)
def test_every_other_status_has_its_outcome_and_is_the_reason(status, outcome):
    visit = after(f"{status} Whatever")
    assert (visit.outcome, visit.reason, visit.status) == (outcome, f"http-{status}", status)
    assert f"HTTP {status}" in why(visit)
    assert why(visit).startswith(URL)


@pytest.mark.parametrize(
    ("cut", "reason"), [("disconnect", "truncated"), ("time", "truncated"), ("length", "too-large")]
)
def test_an_answer_that_is_not_whole_is_a_failure(cut, reason):
    visit = after("200 OK", truncated=cut)
    assert (visit.outcome, visit.reason) == ("failed", reason)
    assert "changes no text" in why(visit)


def test_the_status_of_a_page_that_was_cut_short_says_more_than_the_cut():
    assert after("404 Not Found", truncated="disconnect").reason == "http-404"


def test_the_time_of_all_hops_counts():
    page = Page(exchanges=(hop("http://a.example/", "301 Moved"), hop("https://a.example/", "200 OK")))
    assert answered(ASKED, page).seconds == 0.5


@pytest.mark.parametrize(
    ("statuses", "for_good"),
    [(["200 OK"], False), (["301 Moved", "200 OK"], True), (["308 Moved", "301 Moved", "200 OK"], True),
     (["301 Moved", "302 Found", "200 OK"], False), (["307 Temporary", "200 OK"], False)],
)  # fmt: skip
def test_a_page_has_moved_when_every_redirect_on_the_way_is_permanent(statuses, for_good):
    page = Page(exchanges=tuple(hop(f"https://a.example/{n}", status) for n, status in enumerate(statuses)))
    assert moved(page) is for_good


def test_every_spelling_on_the_way_is_an_alias_once():
    urls = ["http://A.example/strike?utm_source=x", "http://a.example/strike", "https://a.example/strike#top"]
    page = Page(exchanges=tuple(hop(url, "200 OK") for url in urls))
    assert aliases(page) == ("http://a.example/strike", "https://a.example/strike")


def test_a_url_that_no_browser_would_take_is_known_by_itself():
    assert known_by("http://a..example/x") == "http://a..example/x"
