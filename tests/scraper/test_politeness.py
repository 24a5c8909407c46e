"""How long hosts are left alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.politeness import (
    LONGEST,
    Answered,
    Standing,
    cool_down,
    host_delay,
    machine,
    pause_after,
    retry_after,
    standing_after,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(minutes=2)),
        (" 0 ", timedelta(0)),
        ("9" * 5_000, LONGEST),
        ("Fri, 20 Nov 2026 12:10:00 GMT", timedelta(minutes=10)),
        ("Friday, 20-Nov-26 12:10:00 GMT", timedelta(minutes=10)),
        ("Fri Nov 20 12:10:00 2026", timedelta(minutes=10)),
        ("Thu, 19 Nov 2026 12:00:00 GMT", timedelta(0)),
        ("Sun, 20 Nov 2044 12:00:00 GMT", LONGEST),
    ],
)
def test_a_server_says_when_to_come_back_in_seconds_or_by_date(value, wait):
    assert retry_after(value, NOW) == wait


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "-5",
        "1.5",
        "٣",
        "Fri, 99 Nov 2026 12:00:00 GMT",
        "Mon, 1 Jan 99999 0:0:0 GMT",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Mon, 01 Jan 2026 00:00:00 +99999999999999999",
    ],
)
def test_what_is_neither_seconds_nor_a_date_is_refused(value):
    with pytest.raises(ValueError, match=r"."):
        retry_after(value, NOW)


@given(st.text(max_size=40))
def test_nobody_is_left_alone_for_longer_than_a_day_at_a_word(value):
    try:
        wait = retry_after(value, NOW)
    except ValueError:
        return
    assert timedelta(0) <= wait <= LONGEST


@pytest.mark.parametrize(
    ("crawl_delay", "last_seconds", "delay"),
    [(None, 0.2, 5), (2.0, 0.2, 5), (30.0, 0.2, 30), (None, 20.0, 40), (600.0, 1.0, 600), (1e300, 1.0, 86_400)],
)
def test_the_longest_of_our_delay_theirs_and_twice_the_last_visit_counts(crawl_delay, last_seconds, delay):
    setting = timedelta(seconds=5)
    waited = host_delay(setting=setting, crawl_delay=crawl_delay, last_seconds=last_seconds)
    assert waited == timedelta(seconds=delay)


def answered(status: int | None, seconds: float, *, whole: bool = True, asked: timedelta | None = None) -> Answered:
    return Answered(status=status, seconds=seconds, is_whole_page=whole, retry_after=asked)


@pytest.mark.parametrize("status", [200, 206, 304])
def test_a_good_answer_says_how_long_a_host_needs(status):
    assert standing_after(Standing(30.0), answered(status, 0.2)).seconds == 0.2


@pytest.mark.parametrize("status", [None, 301, 403, 404, 410, 429, 500, 502, 503])
def test_an_answer_that_is_not_good_makes_a_host_s_time_longer_and_never_shorter(status):
    assert standing_after(Standing(30.0), answered(status, 0.01)).seconds == 30.0
    assert standing_after(Standing(0.2), answered(status, 60.0)).seconds == 60.0


def test_a_page_that_breaks_off_and_a_robots_txt_do_not_make_it_shorter_either():
    assert standing_after(Standing(30.0), answered(200, 0.01, whole=False)).seconds == 30.0


def test_refusals_are_counted_in_a_row_and_a_redirect_or_a_fault_ends_none():
    standing, counted = Standing(), []
    for status in (403, 301, 403, 500, None, 503, 404, 403, 200):
        standing = standing_after(standing, answered(status, 0.1))
        counted.append(standing.refusals)
    assert counted == [1, 1, 2, 2, 2, 3, 0, 1, 0]


@pytest.mark.parametrize(
    ("status", "asked", "pause"),
    [(200, None, 5), (200, 60, 60), (301, 60, 60), (500, 60, 60), (200, 1, 5), (429, None, 90), (503, 600, 900)],
)
def test_a_host_is_left_alone_for_its_delay_or_what_it_asked_for(status, asked, pause):
    said = answered(status, 0.1, asked=timedelta(seconds=asked) if asked else None)
    standing = standing_after(Standing(), said)
    assert pause_after(standing, said, delay=timedelta(seconds=5), jitter=1.0) == timedelta(seconds=pause)


@pytest.mark.parametrize(
    ("address", "counted_by"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:7:1:2:3:4", "2001:db8:0:7::/64"),
        ("2001:DB8::7", "2001:db8::/64"),
        ("backend.example", "backend.example"),
        ("not:an:address", "not:an:address"),
    ],
)
def test_an_address_is_counted_by_the_machine_it_stands_for(address, counted_by):
    assert machine(address) == counted_by


def test_a_host_that_refuses_is_left_alone_twice_as_long_each_time_up_to_a_day():
    waits = [cool_down(429, refusals=number) for number in (1, 2, 3, 4, 40)]
    assert waits == [*(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)), LONGEST]


def test_a_host_is_never_asked_before_the_time_it_named():
    assert cool_down(503, retry_after=timedelta(hours=3)) == timedelta(hours=3)
    assert cool_down(503, retry_after=timedelta(seconds=1)) == timedelta(minutes=1)


def test_one_forbidden_page_says_nothing_of_the_host_but_three_in_a_row_do():
    assert cool_down(403, refusals=1) is None
    assert cool_down(403, refusals=2) is None
    assert cool_down(403, refusals=3) == timedelta(minutes=4)


@pytest.mark.parametrize("status", [200, 304, 401, 404, 410, 451, 500, 502])
def test_other_answers_do_not_cool_a_host_down(status):
    assert cool_down(status, refusals=9) is None


def test_hosts_that_failed_together_do_not_come_back_together():
    waits = {cool_down(429, refusals=5, jitter=jitter) for jitter in (0.0, 0.5, 1.0)}
    assert waits == {timedelta(minutes=16), timedelta(minutes=20), timedelta(minutes=24)}
    assert cool_down(429, refusals=40, jitter=1.0) == LONGEST
