"""When sources are polled and articles looked at again."""

import heapq
import random
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from math import log

import pytest

from scraper.rhythm import (
    DAY,
    LEAST,
    MOST,
    Rhythm,
    after_failure,
    after_poll,
    next_look,
    next_poll,
    next_poll_of_missing,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def learned(links_a_day: float, days: int = 20) -> Rhythm:
    rhythm = Rhythm()
    for _ in range(days):
        rhythm = after_poll(rhythm, new_links=round(links_a_day), elapsed=DAY)
    return rhythm


def wait(rhythm: Rhythm, **settings) -> timedelta:
    return next_poll(rhythm, now=NOW, **settings) - NOW


def test_a_source_never_polled_is_believed_to_bring_two_links_a_day():
    assert Rhythm().rate == 2
    assert HOUR < wait(Rhythm()) < 3 * HOUR


def test_what_a_first_poll_finds_has_piled_up_and_says_nothing_of_the_rhythm():
    assert after_poll(Rhythm(), new_links=50_000, elapsed=timedelta(0)) == Rhythm()


def test_the_rate_of_a_steady_source_is_learned():
    assert learned(24).rate == pytest.approx(24, rel=0.1)
    assert learned(0).rate < 0.1


def test_a_source_a_hundred_times_livelier_is_polled_ten_times_as_often():
    ratio = wait(learned(4), most=timedelta(days=99)) / wait(learned(400), least=timedelta(0))
    assert ratio == pytest.approx(10, rel=0.2)


def test_what_was_long_ago_is_forgotten():
    rhythm = learned(100)
    for _ in range(30):
        rhythm = after_poll(rhythm, new_links=0, elapsed=DAY)
    assert rhythm.rate < 3


def test_a_site_that_announces_its_whole_history_anew_is_not_polled_like_mad_for_weeks():
    rhythm = after_poll(learned(4), new_links=50_000, elapsed=HOUR)
    for _ in range(10):
        rhythm = after_poll(rhythm, new_links=4, elapsed=DAY)
    assert wait(rhythm) > 4 * LEAST


def test_the_wait_lies_between_least_and_most():
    assert wait(learned(100_000)) >= LEAST
    assert wait(Rhythm(rate_events=0, rate_days=10_000)) == MOST
    assert wait(learned(300), least=2 * HOUR) == 2 * HOUR
    assert wait(Rhythm(), most=HOUR) == HOUR


def test_a_source_is_not_polled_before_the_time_it_names_unless_that_lies_past_the_most():
    assert wait(learned(300), ttl=3 * HOUR) == 3 * HOUR
    assert wait(learned(300), ttl=timedelta(days=30)) == MOST


def test_a_source_that_fails_is_asked_ever_less_up_to_once_a_day_and_forgiven_at_once():
    rhythm = learned(100)
    waits = [wait(rhythm)]
    for _ in range(12):
        rhythm = after_failure(rhythm)
        waits.append(wait(rhythm))
    assert waits[1] == 2 * waits[0]
    assert waits[2] == 4 * waits[0]
    assert waits[-1] == DAY
    again = after_poll(rhythm, new_links=4, elapsed=HOUR)
    assert again.failures == 0
    assert wait(again) < HOUR


def test_failures_without_end_overflow_nothing():
    assert wait(Rhythm(failures=10**9)) == DAY


def test_a_source_that_is_gone_is_asked_again_in_a_week():
    assert next_poll_of_missing(now=NOW) == NOW + timedelta(days=7)


def test_sources_learned_alike_are_not_polled_at_one_moment():
    times = [wait(Rhythm(), jitter=jitter) / wait(Rhythm()) for jitter in (0.0, 0.5, 1.0)]
    assert times == pytest.approx([0.95, 1.0, 1.05])


def test_an_article_is_looked_at_again_at_the_ages_set():
    looks = (7 * DAY, HOUR, DAY)
    ages = [timedelta(0), HOUR, 2 * HOUR, 3 * DAY, 7 * DAY]
    assert [next_look(age, looks) for age in ages] == [HOUR, DAY, DAY, 7 * DAY, None]
    assert next_look(timedelta(0), ()) is None


def publications(chance: random.Random, sources: int, days: int) -> list[list[float]]:
    """Times in days at which each source publishes: lively ones and sleepy ones, as news sources are."""
    every = []
    for _ in range(sources):
        rate = min(800.0, chance.lognormvariate(log(4), 1.7))
        times = [chance.expovariate(rate)]
        while times[-1] < days:
            times.append(times[-1] + chance.expovariate(rate))
        every.append(times[:-1])
    return every


def mean_delay(every: list[list[float]], days: int, interval) -> tuple[float, int]:
    """Days from publication to discovery, on the mean of the last half, and how many polls that took."""
    due = [(index / len(every) / 24, index) for index in range(len(every))]
    heapq.heapify(due)
    last, found = [0.0] * len(every), [0] * len(every)
    delays: list[float] = []
    polls = 0
    while due and due[0][0] < days:
        now, index = heapq.heappop(due)
        upto = bisect_right(every[index], now)
        if now > days / 2:
            polls += 1
            delays += [now - at for at in every[index][found[index] : upto]]
        wait = interval(index, upto - found[index], now - last[index])
        found[index], last[index] = upto, now
        heapq.heappush(due, (now + wait, index))
    return sum(delays) / len(delays), polls


def test_links_are_found_half_again_as_soon_as_by_as_many_polls_that_treat_all_alike():
    days, sources = 10, 300
    every = publications(random.Random(1), sources, days)  # noqa: S311  a sample, not a secret
    rhythms = [Rhythm()] * sources

    def by_rhythm(index: int, new: int, elapsed: float) -> float:
        rhythms[index] = after_poll(rhythms[index], new_links=new, elapsed=elapsed * DAY)
        return (next_poll(rhythms[index], now=NOW) - NOW) / DAY

    delay, polls = mean_delay(every, days, by_rhythm)
    alike = days / 2 * sources / polls
    delay_alike, polls_alike = mean_delay(every, days, lambda *_: alike)
    assert polls_alike == pytest.approx(polls, rel=0.05)
    assert delay_alike / delay > 1.5
