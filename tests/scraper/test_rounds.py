"""Working off the frontier: the real line against the sample newspaper's server."""

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

import scraper.rounds
from archive import open_writer
from archive.errors import WriteFailed
from scraper.addresses import read_pin
from scraper.crawl import Line, Manners, Told
from scraper.demo import Answer, Asked, Press, page
from scraper.desk import ArchiveDesk, NoDesk
from scraper.frontier import Due, Frontier
from scraper.health import MOST_FOUND, Bounds
from scraper.network import Network
from scraper.rounds import Pace, Rounds
from scraper.sitemaps import places_to_look
from scraper.sources import Source
from scraper.tap import NetworkSettings
from scraper.workers import Workers
from tests.servers import ok, origin

SITE = "http://gazette.example"
FEED, ROBOTS = f"{SITE}/feed", f"{SITE}/robots.txt"
STRIKE, FERRY = f"{SITE}/2026/11/20/dock-workers-end-their-strike", f"{SITE}/2026/11/20/the-last-ferry-is-late"
MINUTE = timedelta(minutes=1)
LEISURELY = Pace(in_flight=8, least=5 * MINUTE, most=timedelta(days=1), looks=())


def source(url: str = FEED, kind: str = "feed", schedule: str | None = None) -> Source:
    return Source(url=url, kind=kind, name="Gazette", schedule=schedule)  # type: ignore[arg-type]


def rss(*links: str) -> Answer:
    entries = "".join(f"<item><link>{link}</link></item>" for link in links)
    return Answer(body=f'<?xml version="1.0"?><rss version="2.0"><channel>{entries}</channel></rss>'.encode())


def story(headline: str) -> Answer:
    told = "".join(
        f"<p>{headline}, said the harbour master on the {n}th day, and went home by tram.</p>" for n in range(9)
    )
    return page(
        f"<html><head><title>{headline}</title></head><body><article><h1>{headline}</h1>{told}</article></body></html>"
    )


@dataclass
class Desk:
    """Rounds at work, and what they told."""

    line: Line
    frontier: Frontier
    told: list[tuple[Due, Told]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rounds = self.begin(LEISURELY)

    def begin(self, pace: Pace) -> Rounds:
        return Rounds(self.line, self.frontier, pace, lambda due, told: self.told.append((due, told)))

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        return sorted((due.url, told.visit.outcome) for due, told in self.told)


def work(press: Press, do: Callable[[Desk], Awaitable[None]], *, archive: ArchiveDesk | None = None) -> Desk:
    async def within() -> Desk:
        frontier, workers = Frontier(None, owner="test"), Workers(1)
        settings = NetworkSettings(user_agent="pressmark test", pins=tuple(read_pin(pin) for pin in press.pins))
        manners = Manners(delay=timedelta(0), page_seconds=20, max_redirects=5, max_age=None)
        with closing(workers):
            async with asyncio.timeout(60), Network(settings) as network:
                line = Line(network, frontier, workers, archive or NoDesk(), manners)
                desk = Desk(line, frontier)
                await do(desk)
        return desk

    return asyncio.run(within())


@contextmanager
def closing(workers: Workers) -> Iterator[None]:
    try:
        yield
    finally:
        workers.close()


def one_pass(*sources: Source) -> Callable[[Desk], Awaitable[None]]:
    async def do(desk: Desk) -> None:
        desk.rounds.watch(sources, wake=True)
        await desk.rounds.until_done()

    return do


@pytest.fixture
def gazette(press: Press) -> Press:
    """A host with a feed of two stories, and no robots.txt."""
    for url, answer in (
        (ROBOTS, Answer(status=404)),
        (FEED, rss(STRIKE, FERRY)),
        (STRIKE, story("Dock workers end their strike")),
        (FERRY, story("The last ferry is late")),
    ):
        press.add(url, answer)
    return press


def paths(press: Press) -> list[str]:
    return [seen.path for seen in press.requests if seen.host == "gazette.example"]


def test_a_pass_polls_a_source_fetches_what_it_announces_and_ends(gazette):
    desk = work(gazette, one_pass(source()))
    assert desk.outcomes == [(STRIKE, "new"), (FERRY, "new"), (FEED, "new")]
    assert paths(gazette)[:2] == ["/robots.txt", "/feed"]
    assert gazette.crowds["gazette.example"] == 1
    assert desk.frontier.counts(now=datetime.now(UTC)) == {"links": 3, "due": 0, "claimed": 0, "hosts": 1}


def test_a_visit_on_its_way_whose_claim_ran_out_is_not_begun_again(gazette, monkeypatch):
    monkeypatch.setattr(scraper.rounds, "_CLAIM_SECONDS", 0.0)

    async def dispatch_often(desk: Desk) -> None:
        desk.rounds.watch([source()], wake=True)
        assert [desk.rounds.dispatch() for _ in range(5)] == [1, 0, 0, 0, 0]
        await asyncio.gather(*desk.rounds.tasks)

    desk = work(gazette, dispatch_often)
    assert paths(gazette) == ["/robots.txt", "/feed"]
    assert [due.url for due, _ in desk.told] == [FEED]


def test_a_home_page_leads_to_its_feeds_and_to_the_sitemaps_of_robots_txt(gazette):
    gazette.add(ROBOTS, Answer(body=f"Sitemap: {SITE}/news.xml".encode()))
    places = (f"{SITE}/news.xml", *places_to_look((), SITE))
    for place in places:
        gazette.add(place, Answer(status=404))
    gazette.add(f"{SITE}/", page('<html><link rel="alternate" type="application/rss+xml" href="/feed"></html>'))
    desk = work(gazette, one_pass(source(f"{SITE}/", "home")))
    found = {(STRIKE, "new"), (FERRY, "new"), (FEED, "new"), (f"{SITE}/", "new")}
    assert set(desk.outcomes) == found | {(place, "gone") for place in places}
    # What was guessed and is not there is not asked for again; what was found is.
    assert not any(desk.frontier.is_due("sitemap", place) for place in places)
    assert desk.frontier.is_due("feed", FEED)


def test_a_source_that_brings_nothing_is_polled_again_later(gazette):
    gazette.add(FEED, page("<p>Our feeds are out of order.</p>"))
    desk = work(gazette, one_pass(source()))
    assert desk.outcomes == [(FEED, "failed")]
    assert desk.told[0][1].visit.reason == "not-a-feed"
    assert desk.frontier.is_due("feed", FEED)
    assert desk.frontier.rhythm(FEED)[0].failures == 1


def test_a_source_that_is_gone_is_asked_again_in_about_a_week(gazette):
    gazette.add(FEED, Answer(status=410))
    began = datetime.now(UTC)
    at = work(gazette, one_pass(source())).frontier.next_due()
    assert at is not None
    assert timedelta(days=6) < at - began < timedelta(days=8)


def test_a_source_with_a_schedule_is_polled_by_it(gazette):
    gazette.add(FEED, rss())
    began = datetime.now(UTC)
    at = work(gazette, one_pass(source(schedule="every 3d"))).frontier.next_due()
    assert at is not None
    assert began + timedelta(days=3) <= at <= datetime.now(UTC) + timedelta(days=3)


def test_a_page_that_is_a_source_itself_is_fetched_as_an_article_and_again_later(gazette):
    desk = work(gazette, one_pass(source(STRIKE, "page")))
    assert desk.outcomes == [(STRIKE, "new")]
    assert desk.told[0][1].article is not None
    assert desk.frontier.is_due("page", STRIKE)


def test_an_article_is_fetched_again_when_its_robots_txt_failed_and_not_when_it_forbids(gazette):
    for host, answer in (("busy", Answer(status=500)), ("shut", Answer(body=b"User-agent: *\nDisallow: /"))):
        gazette.add(f"http://{host}.gazette.example/robots.txt", answer)
    gazette.add(FEED, rss(*(f"http://{host}.gazette.example/2026/11/20/a-long-story" for host in ("busy", "shut"))))
    desk = work(gazette, one_pass(source()))
    reasons = {due.host.partition(".")[0]: told.visit.reason for due, told in desk.told if due.role == "article"}
    assert reasons == {"busy": "no-robots", "shut": "robots"}
    assert desk.frontier.is_due("article", "http://busy.gazette.example/2026/11/20/a-long-story")
    assert not desk.frontier.is_due("article", "http://shut.gazette.example/2026/11/20/a-long-story")


def test_no_more_visits_are_on_their_way_than_there_is_room_for(gazette):
    sources = [source(f"http://{n}.gazette.example/feed") for n in range(6)]

    async def begin(desk: Desk) -> None:
        desk.rounds = desk.begin(replace(LEISURELY, in_flight=2))
        desk.rounds.watch(sources, wake=True)
        assert [desk.rounds.dispatch(), desk.rounds.dispatch()] == [2, 0]
        await desk.rounds.until_done()

    for each in sources:
        gazette.add(each.url, rss())
    assert len(work(gazette, begin).told) == 6


def test_sources_are_known_once_and_one_that_is_dropped_is_polled_no_more(gazette):
    async def watch(desk: Desk) -> None:
        other = source(f"{SITE}/other")
        assert desk.rounds.watch([source(), other], wake=False) == 2
        assert desk.rounds.watch([source(), other], wake=False) == 0
        assert desk.rounds.watch([source()], wake=False) == 0
        await desk.rounds.until_done()

    desk = work(gazette, watch)
    assert (FEED, "new") in desk.outcomes
    assert "/other" not in paths(gazette)


def test_the_first_polls_of_many_sources_are_no_burst(gazette):
    async def watch(desk: Desk) -> None:
        began = datetime.now(UTC)
        sources = [source(f"http://{n}.gazette.example/feed") for n in range(200)]
        desk.rounds.watch(sources, wake=True, spread=timedelta(hours=1))
        due = [desk.frontier.counts(now=began + share * timedelta(minutes=61))["due"] for share in (0.25, 0.5, 1)]
        assert 20 < due[0] < 80
        assert 60 < due[1] < 140
        assert due[2] == 200

    work(gazette, watch)


@pytest.mark.parametrize(("again", "times"), [(True, 2), (False, 1)])
def test_a_later_pass_fetches_what_was_fetched_before_only_when_it_is_told_to_and_then_once(gazette, again, times):
    async def two_passes(desk: Desk) -> None:
        await one_pass(source())(desk)
        desk.rounds = desk.begin(replace(LEISURELY, again=again))
        for _ in range(2):  # polled twice within the pass, as a home page and its feed announce the same links
            await one_pass(source())(desk)

    urls = [url for url, _ in work(gazette, two_passes).outcomes]
    assert (urls.count(FEED), urls.count(STRIKE), urls.count(FERRY)) == (3, times, times)


def test_an_index_of_indexes_of_indexes_comes_to_an_end_and_says_what_it_left_out(gazette):
    def index(asked: Asked) -> Answer:
        children = "".join(f"<sitemap><loc>{SITE}{asked.path}-{n}</loc></sitemap>" for n in range(20))
        body = f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{children}</sitemapindex>'
        return Answer(body=body.encode(), headers=(("Content-Type", "application/xml"),))

    root = f"{SITE}/index"
    children = [f"{root}-{n}" for n in range(20)]
    for name in (root, *children, *(f"{child}-{n}" for child in children for n in range(20))):
        gazette.add(name, index)
    desk = work(gazette, one_pass(source(root, "sitemap")))
    assert len(desk.told) == 1 + MOST_FOUND
    assert sum(told.left_out.get("sources", 0) for _, told in desk.told) > 0


def due_again(desk: Desk, key: str) -> datetime:
    """When a source is polled next."""
    query = "SELECT due_at FROM links WHERE role <> 'article' AND key = ?"
    ((at,),) = desk.frontier._sql.execute(query, (key,)).fetchall()
    return datetime.fromtimestamp(at, UTC)


def test_a_source_of_nothing_but_a_trap_is_polled_at_the_longest_interval_whatever_its_schedule(gazette):
    gazette.add(FEED, rss(*(f"{SITE}/events/2031/{1 + n // 28:02}/{1 + n % 28:02}" for n in range(60))))
    began = datetime.now(UTC)
    desk = work(gazette, one_pass(source(schedule="every 15m")))
    [told] = [told for due, told in desk.told if due.role == "feed"]
    assert (told.left_out, told.fell, len(paths(gazette))) == ({"calendar": 40}, True, 2 + 20)
    assert timedelta(hours=22) < due_again(desk, FEED) - began < timedelta(hours=26)


def test_a_source_of_a_trap_and_of_news_keeps_its_rhythm(gazette):
    calendar = [f"{SITE}/events/2031/{1 + n // 28:02}/{1 + n % 28:02}" for n in range(60)]
    gazette.add(FEED, rss(STRIKE, *calendar))
    desk = work(gazette, one_pass(source(schedule="every 15m")))
    [told] = [told for due, told in desk.told if due.role == "feed"]
    assert told.left_out == {"calendar": 40}
    assert due_again(desk, FEED) - datetime.now(UTC) <= timedelta(minutes=15)


def test_of_a_sitemap_the_newest_links_are_let_in_first_and_those_without_a_date_last(gazette):
    days = {"undated": None, "old": "2026-11-01", "new": "2026-11-20T10:00:00Z", "older": "2026-10-01"}
    entries = "".join(
        f"<url><loc>{SITE}/{name}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</url>" for name, day in days.items()
    )
    body = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'.encode()
    gazette.add(FEED, Answer(body=body, headers=(("Content-Type", "application/xml"),)))

    def let_in(most: int) -> list[str]:
        async def within(desk: Desk) -> None:
            desk.rounds = desk.begin(replace(LEISURELY, bounds=Bounds(daily_links=most)))
            await one_pass(source(kind="sitemap"))(desk)

        return sorted(due.url.rpartition("/")[2] for due, _ in work(gazette, within).told if due.role == "article")

    assert [let_in(2 * most) for most in (1, 2, 3, 4)] == [
        ["new"], ["new", "old"], ["new", "old", "older"], ["new", "old", "older", "undated"],
    ]  # fmt: skip


def test_what_was_left_out_for_a_day_is_read_again_from_a_source_that_has_not_changed(gazette, shelf):
    async def two_days(desk: Desk) -> None:
        desk.frontier.fresh = False  # else every source would be read, changed or not
        desk.rounds = desk.begin(replace(LEISURELY, bounds=Bounds(daily_links=1)))
        for _ in range(3):  # after the second it is known to have been read since it was captured
            await one_pass(source())(desk)
        assert (FERRY, "new") not in desk.outcomes
        desk.frontier.leave_on(FEED, "2026-11-20")  # it was on another day
        desk.frontier._sql.execute("UPDATE health SET day = '2026-11-20'")
        await one_pass(source())(desk)

    desk = work(gazette, two_days, archive=shelf)
    assert [(due.url, told.visit.outcome, told.left_out) for due, told in desk.told if due.role == "feed"] == [
        (FEED, "new", {"daily-links": 1}), (FEED, "unchanged", {"daily-links": 1}), (FEED, "unchanged", {}),
        (FEED, "unchanged", {}),
    ]  # fmt: skip
    assert {(STRIKE, "new"), (FERRY, "new")} <= set(desk.outcomes)


def test_a_private_network_is_open_to_the_source_that_names_it_and_what_it_announces_and_to_no_other():
    open_to = (ip_network("127.0.0.0/8"),)
    answers: dict[str, bytes] = {}
    with origin(answers) as server:
        site = f"http://127.0.0.1:{server.port}"
        answers["/feed"] = ok(rss(f"{site}/ferry").body, "Content-Type: application/rss+xml")
        answers["/ferry"] = ok(story("The last ferry is late").body, "Content-Type: text/html")
        named = replace(source(f"{site}/feed"), allow_private=open_to)
        told = asyncio.run(visited(server.port, named, source(f"{site}/other")))
    assert sorted((due.url.rpartition("/")[2], told.visit.outcome, told.visit.reason) for due, told in told) == [
        ("feed", "new", None), ("ferry", "new", None), ("other", "refused", "private-address"),
    ]  # fmt: skip


async def visited(port: int, *sources: Source) -> list[tuple[Due, Told]]:
    """What came of one pass over these sources, with nothing pinned, so that every address is checked."""
    settings, told = NetworkSettings(user_agent="pressmark test", ports=(port,)), []
    manners = Manners(delay=timedelta(0), page_seconds=20, max_redirects=5, max_age=None)
    frontier, workers = Frontier(None, owner="test"), Workers(1)
    with closing(workers):
        async with asyncio.timeout(60), Network(settings) as network:
            line = Line(network, frontier, workers, NoDesk(), manners)
            rounds = Rounds(line, frontier, LEISURELY, lambda due, each: told.append((due, each)))
            rounds.watch(sources, wake=True)
            await rounds.until_done()
    return told


@pytest.fixture
def shelf(tmp_path) -> Iterator[ArchiveDesk]:
    """A desk with a real archive; its floor may be moved."""
    with open_writer(tmp_path / "archive") as archive:
        desk = ArchiveDesk(archive)
        try:
            yield desk
        finally:
            desk.close()


def pass_that_fails(*sources: Source) -> Callable[[Desk], Awaitable[None]]:
    async def do(desk: Desk) -> None:
        with pytest.raises(WriteFailed, match=r"archive\.min_free"):
            await one_pass(*sources)(desk)

    return do


def test_while_nothing_could_be_kept_nothing_is_claimed_and_what_is_due_stays_due(gazette, shelf):
    shelf._min_free = 10**18
    desk = work(gazette, pass_that_fails(source()), archive=shelf)
    counts = desk.frontier.counts(now=datetime.now(UTC))
    assert (paths(gazette), counts["due"], counts["claimed"]) == ([], 1, 0)


def test_what_was_claimed_when_the_disk_filled_up_is_due_at_once(gazette, shelf):
    def fill(_: Asked) -> Answer:
        shelf._min_free = 10**18
        return Answer(status=404)

    gazette.add(ROBOTS, fill)
    desk = work(gazette, pass_that_fails(source()), archive=shelf)
    counts = desk.frontier.counts(now=datetime.now(UTC))
    assert (paths(gazette), counts["due"], counts["claimed"]) == (["/robots.txt"], 1, 0)


def test_a_source_that_came_and_could_not_be_kept_is_asked_again_in_a_while_and_loses_nothing_by_it(
    gazette, shelf, monkeypatch
):
    def full(fd: int, block: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    gazette.add(FEED, lambda asked: monkeypatch.setattr(os, "write", full) or rss(STRIKE))
    began = datetime.now(UTC)
    desk = work(gazette, one_pass(source()), archive=shelf)
    at = desk.frontier.next_due()
    assert [(due.url, told.visit.reason) for due, told in desk.told] == [(FEED, "disk")]
    assert at
    assert timedelta(minutes=14) < at - began < timedelta(minutes=16)
    assert desk.frontier.rhythm(FEED)[0].failures == 0
