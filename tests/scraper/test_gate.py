"""Robots rules and host slots before every request: the real client against a real server."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

from archive.heads import field as head_field
from archive.heads import status_of
from archive.records import Page, Validators
from scraper import gate
from scraper.addresses import Pin, read_pin
from scraper.demo import Answer, Asked, Press, moved, page
from scraper.errors import FetchError, Refused
from scraper.fetcher import Fetcher
from scraper.frontier import Frontier
from scraper.gate import Gate, Memory
from scraper.network import Network
from scraper.robots import Rules, read_rules
from scraper.tap import NetworkSettings
from tests.servers import closed_port

T = TypeVar("T")

HOST, OTHER = "gazette.example", "herald.example"
ROBOTS, STORY = f"http://{HOST}/robots.txt", f"http://{HOST}/story"
HOUR = timedelta(hours=1)
NO_DELAY = timedelta(0)
NO_ROBOTS = Answer(status=404)


def robots(text: str, *headers: tuple[str, str]) -> Answer:
    return Answer(headers=(("Content-Type", "text/plain"), *headers), body=text.encode())


@dataclass
class Kept:
    """What an archive would hold of robots.txt files."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    came: list[tuple[str, int | str]] = field(default_factory=list)  # URL, and status or reason

    async def keep(self, url: str, what: Page | FetchError) -> None:
        self.came.append((url, what.reason if isinstance(what, FetchError) else status_of(what.answer.response_head)))
        if isinstance(what, Page) and status_of(what.answer.response_head) == 200:
            answer = what.answer
            self.bodies[answer.url] = answer.body
            self.etags[answer.url] = head_field(answer.response_head, "etag") or ""

    async def last_good(self, place: str, url: str) -> bytes | None:
        return self.bodies.get(url)

    def validators(self, url: str) -> Validators | None:
        return Validators(etag=self.etags[url], last_modified=None) if self.etags.get(url) else None

    @property
    def memory(self) -> Memory:
        return Memory(keep=self.keep, last_good=self.last_good, validators=self.validators)


@dataclass
class Crawler:
    """A gate with what it stands between."""

    gate: Gate
    fetcher: Fetcher
    frontier: Frontier

    async def visit(self, url: str, *, held: str | None = None) -> Page:
        async with self.gate.visit(held=held):
            return await self.fetcher.page(url, validators=lambda _: None)


@asynccontextmanager
async def crawler(
    pins: tuple[Pin, ...], kept: Kept, *, delay: timedelta = NO_DELAY, frontier: Frontier | None = None
) -> AsyncIterator[Crawler]:
    frontier = frontier or Frontier(None, owner="test")
    async with Network(NetworkSettings(user_agent="pressmark test", pins=pins)) as network:
        gate = Gate(network, frontier, product="pressmark", delay=delay, memory=kept.memory, seconds=600)
        yield Crawler(gate, Fetcher(network, gate=gate), frontier)
    frontier.close()


def crawl(
    press: Press,
    work: Callable[[Crawler], Awaitable[T]],
    *,
    delay: timedelta = NO_DELAY,
    kept: Kept | None = None,
    pins: tuple[Pin, ...] | None = None,
) -> T:
    """What the work came to; it may take half a minute, where it should take none."""
    pins = tuple(read_pin(pin) for pin in press.pins) if pins is None else pins

    async def within() -> T:
        async with asyncio.timeout(30), crawler(pins, kept or Kept(), delay=delay) as made:
            return await work(made)

    return asyncio.run(within())


def paths(press: Press, name: str = HOST) -> list[str]:
    return [seen.path for seen in press.requests if seen.host == name]


@pytest.fixture
def gazette(press: Press) -> Press:
    """A host with a story and no robots.txt."""
    press.add(ROBOTS, NO_ROBOTS)
    press.add(STORY, page("<p>the story</p>"))
    return press


# ── what robots.txt says ─────────────────────────────────────────────────────────────────────────────────────────────


def test_robots_txt_is_asked_for_once_and_before_the_first_page(gazette):
    async def two_visits(crawler: Crawler) -> None:
        await crawler.visit(STORY)
        await crawler.visit(STORY)

    crawl(gazette, two_visits)
    assert paths(gazette) == ["/robots.txt", "/story", "/story"]


def test_visits_at_the_same_time_share_one_request_for_robots_txt(gazette):
    async def two_visits(crawler: Crawler) -> None:
        await asyncio.gather(*(crawler.visit(STORY) for _ in range(2)))

    crawl(gazette, two_visits)
    assert paths(gazette) == ["/robots.txt", "/story", "/story"]
    assert gazette.crowds[HOST] == 1


def test_each_origin_has_a_robots_txt_of_its_own(gazette):
    for path, answer in (("robots.txt", robots("User-agent: *\nDisallow: /")), ("story", page("no"))):
        gazette.add(f"http://{OTHER}/{path}", answer)

    async def both(crawler: Crawler) -> None:
        await crawler.visit(STORY)
        with pytest.raises(Refused):
            await crawler.visit(f"http://{OTHER}/story")

    crawl(gazette, both)
    assert (paths(gazette), paths(gazette, OTHER)) == (["/robots.txt", "/story"], ["/robots.txt"])


def test_a_page_that_robots_txt_forbids_is_never_asked_for(gazette):
    gazette.add(ROBOTS, robots("User-agent: *\nDisallow: /story"))
    with pytest.raises(Refused) as caught:
        crawl(gazette, lambda crawler: crawler.visit(STORY))
    assert caught.value.reason == "robots"
    assert paths(gazette) == ["/robots.txt"]


def test_a_redirect_does_not_lead_past_robots_txt(gazette):
    gazette.add(f"http://{OTHER}/robots.txt", robots("User-agent: pressmark\nDisallow: /secret"))
    gazette.add(f"http://{OTHER}/secret", page("no"))
    gazette.add(STORY, moved(f"http://{OTHER}/secret"))
    with pytest.raises(Refused) as caught:
        crawl(gazette, lambda crawler: crawler.visit(STORY))
    assert [exchange.url for exchange in caught.value.exchanges] == [STORY]
    assert paths(gazette, OTHER) == ["/robots.txt"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_where_robots_txt_is_not_to_be_had_everything_is_allowed(gazette, status):
    gazette.add(ROBOTS, replace(NO_ROBOTS, status=status))
    fetched = crawl(gazette, lambda crawler: crawler.visit(STORY))
    assert fetched.answer.body == b"<p>the story</p>"


def test_a_robots_txt_that_only_redirects_in_circles_is_as_good_as_none(gazette):
    gazette.add(ROBOTS, moved(f"http://{HOST}/robots.txt?again"))
    gazette.add(f"{ROBOTS}?again", moved(ROBOTS))
    assert status_of(crawl(gazette, lambda crawler: crawler.visit(STORY)).answer.response_head) == 200


@pytest.mark.parametrize(("redirects", "allowed"), [(5, False), (6, True)])
def test_five_redirects_of_a_robots_txt_are_followed_and_more_are_as_good_as_none(gazette, redirects, allowed):
    places = [ROBOTS, *(f"{ROBOTS}?{number}" for number in range(redirects))]
    for place, onward in pairwise(places):
        gazette.add(place, moved(onward))
    gazette.add(places[-1], robots("User-agent: *\nDisallow: /"))

    async def is_allowed(crawler: Crawler) -> bool:
        return (await crawler.gate.rules(STORY)).allows(STORY)

    assert crawl(gazette, is_allowed) is allowed


@pytest.mark.parametrize(("here", "elsewhere"), [(gate._READ_HERE, True), (10**6, False)])
def test_a_large_robots_txt_is_not_read_where_everybody_would_wait_for_it(gazette, here, elsewhere, monkeypatch):
    readers: list[int] = []

    def read(*args: Any) -> Rules:
        readers.append(threading.get_ident())
        return read_rules(*args)

    monkeypatch.setattr(gate, "read_rules", read)
    monkeypatch.setattr(gate, "_READ_HERE", here)
    gazette.add(ROBOTS, robots("User-agent: *\n" + "Disallow: /no\n" * 10_000))
    crawl(gazette, lambda crawler: crawler.visit(STORY))
    assert [reader != threading.get_ident() for reader in readers] == [elsewhere]


@pytest.mark.parametrize(("most", "asked_anew"), [(1_000_000, True), (10**9, False)])
def test_the_robots_txt_asked_least_lately_is_forgotten_when_all_weigh_too_much(gazette, most, asked_anew, monkeypatch):
    monkeypatch.setattr(gate, "_MOST_WEIGHT", most)
    heavy = robots("User-agent: *\n" + "".join(f"Disallow: /no{number}\n" for number in range(1_000)))
    for name in (OTHER, HOST):
        gazette.add(f"http://{name}/robots.txt", heavy)

    async def three(crawler: Crawler) -> None:
        for name in (HOST, OTHER, HOST):
            await crawler.gate.rules(f"http://{name}/")
        assert crawler.gate._weight == sum(known.rules.weight for known in crawler.gate._rules.values())

    crawl(gazette, three)
    assert (paths(gazette) == ["/robots.txt"] * 2) is asked_anew


@pytest.mark.parametrize("clock", ["wall", "steady"])
def test_robots_txt_is_asked_for_again_after_a_day_by_either_clock(gazette, clock, monkeypatch):
    day = timedelta(hours=24.1)

    async def two_visits(crawler: Crawler) -> None:
        await crawler.visit(STORY)
        if clock == "wall":
            monkeypatch.setattr("scraper.gate._now", lambda: datetime.now(UTC) + day)
        else:
            tomorrow = SimpleNamespace(monotonic=lambda: time.monotonic() + day.total_seconds())
            monkeypatch.setattr("scraper.gate.time", tomorrow)
        await crawler.visit(STORY)

    crawl(gazette, two_visits)
    assert paths(gazette) == ["/robots.txt", "/story", "/robots.txt", "/story"]


@pytest.mark.parametrize("status", [500, 502, 503])
def test_while_robots_txt_fails_nothing_is_asked_for_and_the_refusal_says_it_may_pass(gazette, status):
    gazette.add(ROBOTS, Answer(status=status))
    with pytest.raises(Refused, match="could not be had") as caught:
        crawl(gazette, lambda crawler: crawler.visit(STORY))
    assert caught.value.reason == "no-robots"
    assert paths(gazette) == ["/robots.txt"]


@pytest.mark.parametrize("broken", [Answer(status=500), Answer(status=503), Answer(head=b"\r\n")])
def test_the_last_good_copy_stands_in_for_a_robots_txt_that_fails(gazette, broken):
    kept = Kept(bodies={ROBOTS: b"User-agent: *\nDisallow: /private"})
    gazette.add(ROBOTS, broken)

    async def both(crawler: Crawler) -> None:
        assert status_of((await crawler.visit(STORY)).answer.response_head) == 200
        with pytest.raises(Refused) as caught:
            await crawler.visit(f"http://{HOST}/private/a")
        assert caught.value.reason == "robots"

    crawl(gazette, both, kept=kept)
    assert "/private/a" not in paths(gazette)
    assert paths(gazette).count("/story") == 1


def not_modified(text: str) -> Callable[[Asked], Answer]:
    """robots.txt with a validator, and 304 for who has it."""

    def answer(asked: Asked) -> Answer:
        return Answer(status=304) if asked.headers.get("if-none-match") == '"1"' else robots(text, ("ETag", '"1"'))

    return answer


@pytest.mark.parametrize("redirected", [False, True])
def test_a_robots_txt_that_did_not_change_is_read_from_the_copy(gazette, redirected):
    final = f"http://{OTHER}/robots.txt" if redirected else ROBOTS
    gazette.add(final, not_modified("User-agent: *\nDisallow: /story"))
    if redirected:
        gazette.add(ROBOTS, moved(final))
    kept = Kept()
    for _ in range(2):  # two runs on one archive
        with pytest.raises(Refused):
            crawl(gazette, lambda crawler: crawler.visit(STORY), kept=kept)
    assert kept.came == [(ROBOTS, 200), (ROBOTS, 304)]
    assert "/story" not in paths(gazette)


def test_an_unchanged_robots_txt_that_nobody_holds_any_more_allows_nothing(gazette):
    gazette.add(ROBOTS, Answer(status=304))
    with pytest.raises(Refused) as caught:
        crawl(gazette, lambda crawler: crawler.visit(STORY))
    assert caught.value.reason == "no-robots"
    assert "/story" not in paths(gazette)


def test_a_host_that_refuses_its_robots_txt_for_now_is_not_asked_for_the_page(gazette):
    gazette.add(ROBOTS, Answer(status=429, headers=(("Retry-After", "120"),)))
    with pytest.raises(FetchError) as caught:
        crawl(gazette, lambda crawler: crawler.visit(STORY))
    assert caught.value.reason == "http-429"
    assert "/story" not in paths(gazette)


def test_a_host_that_rests_for_long_is_a_failure_that_says_until_when(gazette):
    gazette.add(STORY, Answer(status=429, headers=(("Retry-After", "3600"),)))

    async def twice(crawler: Crawler) -> None:
        await crawler.visit(STORY)
        with pytest.raises(FetchError, match="left alone until") as caught:
            await crawler.visit(STORY)
        assert caught.value.reason == "host-rests"

    crawl(gazette, twice)


def test_a_host_that_cannot_be_reached_is_a_failure_of_the_network_and_no_refusal(press):
    kept = Kept()
    with closed_port() as port, pytest.raises(FetchError) as caught:
        crawl(press, lambda crawler: crawler.visit(STORY), pins=(Pin(HOST, 80, "127.0.0.1", port),), kept=kept)
    assert (type(caught.value), caught.value.reason) == (FetchError, "connect")
    assert kept.came == [(ROBOTS, "connect")]


def test_a_name_that_nobody_knows_is_a_failure_of_the_network_too(press):
    with pytest.raises(FetchError) as caught:
        crawl(press, lambda crawler: crawler.visit("http://nobody.example/"), pins=())
    assert (type(caught.value), caught.value.reason) == (FetchError, "dns")


def test_rules_can_be_asked_for_between_two_visits(gazette):
    gazette.add(ROBOTS, robots("Sitemap: http://gazette.example/news.xml"))
    rules = crawl(gazette, lambda crawler: crawler.gate.rules(f"http://{HOST}/"))
    assert rules.sitemaps == ("http://gazette.example/news.xml",)


# ── when a host may be asked ─────────────────────────────────────────────────────────────────────────────────────────


def test_robots_txt_and_the_hops_of_a_visit_follow_at_once_and_the_next_visit_waits(gazette):
    gazette.add(f"http://{HOST}/old", moved("/older", 302))
    gazette.add(f"http://{HOST}/older", moved(STORY))

    async def one_visit(crawler: Crawler) -> datetime | None:
        await crawler.visit(f"http://{HOST}/old")
        return crawler.frontier.take(HOST, now=datetime.now(UTC), seconds=1)

    began = datetime.now(UTC)
    waits_until = crawl(gazette, one_visit, delay=HOUR)
    assert paths(gazette) == ["/robots.txt", "/old", "/older", "/story"]
    assert waits_until is not None
    assert waits_until >= began + HOUR


def test_a_second_visit_is_not_there_before_the_delay_is_over(gazette):
    async def two_visits(crawler: Crawler) -> None:
        await crawler.visit(STORY)
        await crawler.visit(STORY)

    crawl(gazette, two_visits, delay=timedelta(seconds=0.3))
    first, second = gazette.times[-2:]  # of their arrival; a slow machine only draws them apart
    assert second - first >= 0.3


@pytest.mark.parametrize(("asked", "kept"), [("7200", 2 * HOUR), ("1", HOUR)])
def test_the_delay_is_the_longer_of_ours_and_the_crawl_delay_that_was_asked_for(gazette, asked, kept):
    gazette.add(ROBOTS, robots(f"User-agent: *\nCrawl-delay: {asked}"))

    async def one_visit(crawler: Crawler) -> datetime | None:
        await crawler.visit(STORY)
        return crawler.frontier.free_at(HOST)

    began = datetime.now(UTC)
    free_at = crawl(gazette, one_visit, delay=HOUR)
    assert free_at is not None
    assert began + kept <= free_at < datetime.now(UTC) + kept + HOUR / 2


def test_a_crawl_delay_is_kept_though_we_set_none(gazette):
    gazette.add(ROBOTS, robots("User-agent: *\nCrawl-delay: 3600"))

    async def one_visit(crawler: Crawler) -> datetime | None:
        await crawler.visit(STORY)
        return crawler.frontier.free_at(HOST)

    began = datetime.now(UTC)
    free_at = crawl(gazette, one_visit, delay=NO_DELAY)
    assert free_at is not None
    assert free_at >= began + HOUR


def test_a_retry_after_is_kept_whatever_it_came_with(gazette):
    gazette.add(STORY, replace(page("not yet"), status=404, headers=(("Retry-After", "3600"),)))

    async def one_visit(crawler: Crawler) -> datetime:
        await crawler.visit(STORY)
        return crawler.frontier.rests_until(HOST)

    began = datetime.now(UTC)
    assert crawl(gazette, one_visit) >= began + HOUR


def test_error_pages_never_make_us_ask_sooner_than_before(gazette):
    gazette.add(STORY, replace(page("slow"), pause=0.3))
    gazette.add(f"http://{HOST}/broken", Answer(status=500))

    async def both(crawler: Crawler) -> None:
        await crawler.visit(STORY)
        await crawler.visit(f"http://{HOST}/broken")
        await crawler.visit(STORY)

    crawl(gazette, both)
    _, _, broken, last = gazette.times
    assert last - broken >= 0.6


def test_links_of_many_hosts_that_redirect_to_one_do_not_reach_it_all_at_once(gazette):
    farms = [f"http://farm{number}.example" for number in range(4)]
    for farm in farms:
        gazette.add(f"{farm}/robots.txt", NO_ROBOTS)
        gazette.add(f"{farm}/go", moved(STORY))

    async def all_at_once(crawler: Crawler) -> None:
        await asyncio.gather(*(crawler.visit(f"{farm}/go") for farm in farms))

    crawl(gazette, all_at_once, delay=timedelta(seconds=0.2))
    arrived = [at for at, seen in zip(gazette.times, gazette.requests, strict=True) if seen.path == "/story"]
    assert len(arrived) == len(farms)
    assert all(after - before >= 0.2 for before, after in pairwise(arrived))


def test_a_redirect_to_a_host_that_rests_for_long_is_a_failure_that_keeps_the_hops_before(gazette):
    gazette.add(STORY, Answer(status=429, headers=(("Retry-After", "3600"),)))
    gazette.add(f"http://{OTHER}/robots.txt", NO_ROBOTS)
    gazette.add(f"http://{OTHER}/go", moved(STORY))

    async def both(crawler: Crawler) -> None:
        await crawler.visit(STORY)
        with pytest.raises(FetchError, match="left alone until") as caught:
            await crawler.visit(f"http://{OTHER}/go")
        assert [hop.url for hop in caught.value.exchanges] == [f"http://{OTHER}/go"]

    crawl(gazette, both)
    assert paths(gazette).count("/story") == 1


def test_names_on_one_machine_are_visited_so_many_at_once(gazette):
    names = [f"paper{number}.example" for number in range(6)]
    most, there = [0], [0]

    def counted(_: Asked) -> Answer:
        there[0] += 1
        most[0] = max(most[0], there[0])
        time.sleep(0.05)  # the server's own thread
        there[0] -= 1
        return page("news")

    for name in names:
        gazette.add(f"http://{name}/robots.txt", NO_ROBOTS)
        gazette.add(f"http://{name}/story", counted)

    async def all_at_once() -> None:
        frontier = Frontier(None, owner="test", per_address=2)
        pins = tuple(read_pin(pin) for pin in gazette.pins)
        async with asyncio.timeout(30), crawler(pins, Kept(), frontier=frontier) as made:
            await asyncio.gather(*(made.visit(f"http://{name}/story") for name in names))

    asyncio.run(all_at_once())
    assert most[0] == 2


def test_a_slot_that_was_claimed_for_a_visit_is_used_by_it(gazette):
    async def one_visit(crawler: Crawler) -> None:
        crawler.frontier.take(HOST, now=datetime.now(UTC), seconds=3600)
        await crawler.visit(STORY, held=HOST)

    crawl(gazette, one_visit)
    assert paths(gazette) == ["/robots.txt", "/story"]


def test_a_claimed_slot_that_a_visit_did_not_need_is_given_back(gazette):
    gazette.add(ROBOTS, robots("User-agent: *\nDisallow: /"))

    async def refused(crawler: Crawler) -> datetime | None:
        await crawler.gate.rules(STORY)
        crawler.frontier.take(HOST, now=datetime.now(UTC), seconds=3600)
        with pytest.raises(Refused):
            await crawler.visit(STORY, held=HOST)
        return crawler.frontier.free_at(HOST)

    began = datetime.now(UTC)
    free_at = crawl(gazette, refused)
    assert free_at is not None
    assert free_at < began + timedelta(minutes=30)


def test_two_visits_that_each_have_what_the_other_waits_for_both_arrive(gazette):
    async def crossing(crawler: Crawler) -> None:
        crawler.frontier.take(HOST, now=datetime.now(UTC), seconds=3600)
        # The one that comes first asks for robots.txt and waits for the slot, which the other one holds.
        await asyncio.gather(crawler.visit(STORY), crawler.visit(STORY, held=HOST))

    crawl(gazette, crossing)
    assert paths(gazette) == ["/robots.txt", "/story", "/story"]


def test_two_processes_never_ask_one_host_at_once(gazette, tmp_path):
    pins = tuple(read_pin(pin) for pin in gazette.pins)
    gazette.add(STORY, replace(page("slow"), pause=0.05))

    async def both() -> None:
        frontiers = [Frontier(tmp_path / "frontier.sqlite", owner=owner) for owner in ("daemon", "fetch")]
        async with (
            asyncio.timeout(30),
            crawler(pins, Kept(), frontier=frontiers[0]) as daemon,
            crawler(pins, Kept(), frontier=frontiers[1]) as by_hand,
        ):
            await asyncio.gather(*(each.visit(STORY) for each in (daemon, by_hand)))

    asyncio.run(both())
    assert paths(gazette).count("/story") == 2
    assert gazette.crowds[HOST] == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_asks_for_time_gets_it(gazette, status):
    gazette.add(STORY, Answer(status=status, headers=(("Retry-After", "7200"),)))

    async def one_visit(crawler: Crawler) -> datetime | None:
        await crawler.visit(STORY)
        return crawler.frontier.free_at(HOST)

    began = datetime.now(UTC)
    free_at = crawl(gazette, one_visit)
    assert free_at is not None
    assert began + 2 * HOUR <= free_at <= datetime.now(UTC) + 3 * HOUR  # half as much again, by chance


def test_a_retry_after_that_nobody_can_read_still_costs_a_minute(gazette):
    gazette.add(STORY, Answer(status=429, headers=(("Retry-After", "soon"),)))

    async def one_visit(crawler: Crawler) -> datetime | None:
        await crawler.visit(STORY)
        return crawler.frontier.free_at(HOST)

    began = datetime.now(UTC)
    free_at = crawl(gazette, one_visit)
    assert free_at is not None
    assert free_at >= began + timedelta(minutes=1)


def test_a_page_that_is_forbidden_to_us_says_nothing_of_its_host_until_the_third_in_a_row(gazette):
    gazette.add(f"http://{HOST}/members", Answer(status=403))

    async def visits(crawler: Crawler) -> list[bool]:
        rests = []
        for path in ("members", "members", "story", "members", "members", "members"):
            await crawler.visit(f"http://{HOST}/{path}")
            rests.append(crawler.frontier.rests_until(HOST) > datetime.now(UTC) + timedelta(minutes=1))
        return rests

    assert crawl(gazette, visits) == [False, False, False, False, False, True]


def test_a_visit_that_is_broken_off_leaves_the_host_free_after_the_delay(gazette):
    gazette.add(STORY, replace(page("never"), pause=20.0))

    async def broken_off(crawler: Crawler) -> datetime | None:
        task = asyncio.create_task(crawler.visit(STORY))
        while "/story" not in paths(gazette):  # noqa: ASYNC110  the server is another thread
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return crawler.frontier.free_at(HOST)

    began = datetime.now(UTC)
    free_at = crawl(gazette, broken_off, delay=HOUR)
    assert free_at is not None
    assert began + HOUR <= free_at < began + 2 * HOUR
