"""Sources that never end, followed day after day: what is let in of them, and that it takes each guard to stop them."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, islice

import pytest

from archive.records import Article, Visit
from scraper import health, traps, urls
from scraper.frontier import Due, Frontier, traps_in
from scraper.health import MOST_FOUND, Bounds, Fallen, Health
from scraper.traps import REST, USELESS, WINDOW, mark
from scraper.urls import host, key

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SITE = "https://maze.example"
FEED = f"{SITE}/feed"
BOUNDS = Bounds(daily_links=300)
EACH = 50  # links that a poll of an endless site announces, all of them new


def letters(number: int) -> str:
    """A name of its own for each number, without a digit."""
    return "".join(chr(97 + int(digit)) for digit in str(number * 7 + 1000))


def story(number: int) -> tuple[str, str]:
    """A headline and a text that are like no other's."""
    name = letters(number)
    return f"The {name}", "\n".join(f"{name} saw the {word} of {name}. No {word} saw {name}." for word in "abcdefgh")


@dataclass(frozen=True)
class Maze:
    """A site without end: the URL of its nth link, and what is found there."""

    url: Callable[[int], str]
    brings: Callable[[int], tuple[str, tuple[str, str] | None]] = lambda n: ("new", story(n))


MAZES = {
    "daily-links": Maze(lambda n: f"{SITE}/{letters(n)}"),
    "repeating-segments": Maze(lambda n: f"{SITE}" + "/harbour/ferry" * (3 + n % 5) + f"/{letters(n)}"),
    "deep-paths": Maze(lambda n: f"{SITE}/" + "/".join(letters(n + m) for m in range(17))),
    "calendar": Maze(lambda n: f"{SITE}/events/{2031 + n // 336}/{1 + n // 28 % 12:02}/{1 + n % 28:02}"),
    "queries": Maze(lambda n: f"{SITE}/list?by={n % 4}&tag={n // 4 % 4}&place={n // 16}"),
    "long-urls": Maze(lambda n: f"{SITE}/{letters(n) * 600}"),
    "encodings": Maze(lambda n: f"{SITE}/{letters(n)}%25252525252F"),
    "same-texts": Maze(lambda n: f"{SITE}/{letters(n)}/ferry", lambda n: ("new", (f"No. {n}", story(0)[1]))),
    "mirrors": Maze(lambda n: f"{SITE}/{letters(n)}/ferry", lambda n: ("copy", story(n))),
    "no-articles": Maze(lambda n: f"{SITE}/{letters(n)}", lambda n: (("gone", "not-article")[n % 2], None)),
    "sessions": Maze(lambda n: f"{SITE}/ferry-{n % 3}?PHPSESSID={n:032x}", lambda n: ("new", story(n % 3))),
}
# What of each maze is fetched within a day of endless announcing, at most; 20 where a URL alone tells. Copies may be
# what an agency wrote, so a mirror has the budget of any source.
BUDGETS = dict.fromkeys(MAZES, 20) | {
    "daily-links": BOUNDS.daily_links, "mirrors": BOUNDS.daily_links, "same-texts": WINDOW, "no-articles": USELESS,
    "sessions": 3,
}  # fmt: skip


@dataclass
class Follower:
    """Somebody who follows a source and what it leads to, on a clock of their own."""

    frontier: Frontier = field(default_factory=lambda: Frontier(None, owner="test"))
    bounds: Bounds = BOUNDS
    now: datetime = NOW
    fetched: list[str] = field(default_factory=list)
    fallen: list[Fallen] = field(default_factory=list)
    left: int = 0

    def __post_init__(self) -> None:
        self.health = Health(self.frontier, self.bounds)
        self.feed = self.source("feed", FEED)

    def source(self, kind: str, url: str, through: str | None = None) -> Due:
        if through is None:
            self.frontier.add([(kind, key(url), url, host(url), None)], now=self.now)  # type: ignore[list-item]
        return Due(role=kind, key=key(url), url=url, host=host(url), source=through, found_at=self.now, tries=0)  # type: ignore[arg-type]

    def poll(self, links: Iterator[str] | list[str], due: Due | None = None, *, kept: int = 0) -> int:
        """A poll of the feed, or of another source, that announces these links; how many were new.

        kept: how many more it announces that were kept before.
        """
        due = due or self.feed
        rows = {key(url): ("article", key(url), url, host(url), due.url) for url in links}
        announced = len(rows) + kept
        taken, left = self.health.admit(rows.values(), due=due, now=self.now, announced=announced)  # type: ignore[arg-type]
        self.left += sum(left.values())
        self._tell(self.health.polled(due, left, taken=taken, looked=bool(rows), now=self.now))
        return taken

    def fetch(self, maze: Maze, at: dict[str, int]) -> None:
        """Everything that is due, one after another."""
        while claimed := self.frontier.claim(now=self.now, limit=1, seconds=0.5):
            [due] = claimed
            if due.role == "article":
                self.fetched.append(due.url)
                outcome, told = maze.brings(at.get(due.url, 0))
                root = self.health.root_of(due)
                assert root
                if brought := mark(visit(due.url, outcome), article(due.url, *told) if told else None):
                    self._tell(self.health.saw(due, brought, root=root, now=self.now))
            self.frontier.done(due, again_at=None)
            self.now += timedelta(seconds=1)

    def follow(self, maze: Maze, *, polls: int, apart: timedelta = MINUTE) -> "Follower":
        """Polls of a source that announces EACH new links whenever it is asked."""
        numbers, at = count(), dict[str, int]()
        for _ in range(polls):
            urls_now = {maze.url(n): n for n in islice(numbers, EACH)}
            at |= urls_now
            self.poll(list(urls_now))
            self.fetch(maze, at)
            self.now += apart
        return self

    def _tell(self, fallen: Fallen | None) -> None:
        if fallen and fallen.is_new:
            self.fallen.append(fallen)

    @property
    def kinds(self) -> list[str]:
        return [fallen.trap.kind for fallen in self.fallen]


def visit(url: str, outcome: str) -> Visit:
    return Visit(visit_id=url, url=url, visited_at=NOW, role="article", outcome=outcome)  # type: ignore[arg-type]


def article(url: str, headline: str, text: str) -> Article:
    paragraphs = tuple(text.split("\n"))
    return Article(url=url, canonical_url=url, site="maze.example", headline=headline, paragraphs=paragraphs)


@pytest.mark.parametrize("name", MAZES)
def test_a_site_without_end_is_left_within_its_budget_and_its_source_is_said_to_be_in_a_trap(name):
    desk = Follower().follow(MAZES[name], polls=20)
    assert len(desk.fetched) == BUDGETS[name]
    kind = {"mirrors": "daily-links", "sessions": None}.get(name, name)
    assert desk.kinds[-1:] == ([kind] if kind else [])
    assert desk.left or name == "sessions"


# Guard → how it is taken out.
_NEVER = re.compile(r"(?!)")
GUARDS: dict[str, Callable[[pytest.MonkeyPatch], object]] = {
    "daily-links": lambda out: out.setattr("tests.scraper.test_health.BOUNDS", Bounds(daily_links=10**9)),
    "repeating-segments": lambda out: out.setattr(traps, "_MOST_EQUAL", 99),
    "deep-paths": lambda out: out.setattr(traps, "_MOST_SEGMENTS", 99),
    "calendar": lambda out: out.setattr(traps, "_FAR", 10**6 * DAY),
    "queries": lambda out: out.setattr(traps, "_FEW_QUERIES", 10**9),
    "long-urls": lambda out: out.setattr(traps, "LONGEST", 10**9),
    "encodings": lambda out: out.setattr(traps, "_LAYERS", "%25" * 99),
    "same-texts": lambda out: out.setattr(traps, "ALIKE", 99),
    "mirrors": lambda out: out.setattr("tests.scraper.test_health.BOUNDS", Bounds(daily_links=10**9)),
    "no-articles": lambda out: out.setattr(traps, "USELESS", 10**9),
    "sessions": lambda out: out.setattr(urls, "_SESSION", _NEVER),
}


@pytest.mark.parametrize("name", MAZES)
def test_without_its_guard_a_site_without_end_goes_on(name, monkeypatch):
    GUARDS[name](monkeypatch)
    urls.key.cache_clear()
    try:
        desk = Follower(bounds=BOUNDS).follow(MAZES[name], polls=20)
    finally:
        monkeypatch.undo()
        urls.key.cache_clear()
    assert len(desk.fetched) > BUDGETS[name]


def test_what_a_paper_prints_in_a_year_makes_no_trap():
    desk = Follower(bounds=Bounds())
    paper = Maze(lambda n: f"{SITE}/2026/11/{1 + n % 20:02}/{letters(n)}-and-{letters(n + 1)}?id={n}&from=feed")
    desk.follow(paper, polls=60, apart=timedelta(hours=6))
    assert (len(desk.fetched), desk.left, desk.kinds) == (60 * EACH, 0, [])


def test_what_goes_past_the_day_s_budget_is_taken_when_it_is_announced_on_another_day():
    desk = Follower(bounds=Bounds(daily_links=30))
    links = [f"{SITE}/{letters(n)}" for n in range(50)]
    assert (desk.poll(links), desk.left, desk.kinds) == (30, 20, ["daily-links"])
    assert not desk.health.is_unread(desk.feed, now=desk.now)
    assert desk.poll(links) == 0
    desk.now += DAY
    # An unchanged source would not be read again, were it not known that links of it are left.
    assert desk.health.is_unread(desk.feed, now=desk.now)
    assert desk.poll(links) == 20
    assert not desk.health.is_unread(desk.feed, now=desk.now + DAY)
    assert desk.frontier.trap(desk.feed.key) is None


def test_a_source_may_have_a_budget_of_its_own_and_what_it_leads_to_shares_it():
    desk = Follower(bounds=Bounds(daily_links=30, own={key(FEED): 40}))
    child = desk.source("sitemap", f"{SITE}/more.xml", through=desk.feed.key)
    desk.health.lead([("sitemap", child.key, child.url, child.host, desk.feed.key)], due=desk.feed, now=NOW)
    assert desk.poll([f"{SITE}/{letters(n)}" for n in range(25)]) == 25
    assert desk.poll([f"{SITE}/{letters(n)}" for n in range(20, 60)], child) == 15
    other = desk.source("feed", f"{SITE}/other")
    assert desk.poll([f"{SITE}/{letters(n)}" for n in range(60, 100)], other) == 30


def test_the_budget_is_one_for_all_processes_and_survives_them(tmp_path):
    path, links = tmp_path / "frontier.sqlite", [f"{SITE}/{letters(n)}" for n in range(60)]
    for part, taken in ((links[:20], 20), (links[20:40], 10), (links[40:], 0)):
        with closing(Frontier(path, owner="one after another")) as frontier:
            assert Follower(frontier, Bounds(daily_links=30)).poll(part) == taken
    [(url, trap)] = traps_in(path).items()
    assert (url, trap.kind, trap.left_out) == (FEED, "daily-links", 30)
    assert traps_in(tmp_path / "none.sqlite") == {}


@pytest.mark.parametrize(
    ("bounds", "found", "each", "kind"),
    [(Bounds(), 3, 1, "depth"), (Bounds(max_depth=1), 1, 1, "depth"), (Bounds(), MOST_FOUND, 20, "sources")],
)
def test_an_index_of_indexes_comes_to_an_end_in_depth_and_in_breadth(bounds, found, each, kind):
    assert climbed(bounds, each=each) == (found, [kind])


def test_without_their_guards_an_index_of_indexes_does_not_come_to_an_end(monkeypatch):
    assert climbed(Bounds(max_depth=10**9), each=1)[0] == MOST_FOUND
    monkeypatch.setattr(health, "MOST_FOUND", 10**9)
    assert climbed(Bounds(), each=20)[0] > MOST_FOUND


def climbed(bounds: Bounds, *, each: int) -> tuple[int, list[str]]:
    """How many sitemaps are polled of an index that leads to `each` more, as does each of them; until 500."""
    desk = Follower(bounds=bounds)
    root = desk.source("sitemap", f"{SITE}/index")
    polled, waiting = 0, [root]
    while waiting and polled < 500:
        due = waiting.pop(0)
        found = [desk.source("sitemap", f"{due.url}-{n}", through=root.key) for n in range(each)]
        left = desk.health.lead([(f.role, f.key, f.url, f.host, root.key) for f in found], due=due, now=NOW)
        desk._tell(desk.health.polled(due, left, taken=0, looked=True, now=NOW))
        known = desk.frontier.known("sitemap", [each.key for each in found])
        waiting += [each for each in found if each.key in known]
        polled += due is not root
    return polled, desk.kinds[-1:]


def test_of_a_source_whose_texts_show_a_trap_links_wait_for_a_day_and_are_followed_again_when_it_is_sound():
    maze, desk = MAZES["same-texts"], Follower(bounds=Bounds(daily_links=1_000))
    desk.follow(maze, polls=5)
    assert len(desk.fetched) == WINDOW
    fell_at = desk.fallen[0].trap.since
    trap = desk.frontier.trap(desk.feed.key)
    assert trap
    assert (trap.left_out, desk.left) == (5 * EACH - WINDOW, 0)
    # Then as much is fetched as it takes to see that nothing has changed.
    desk.now = fell_at + REST
    later = Maze(lambda n: maze.url(n + 999), maze.brings)
    again = Follower(desk.frontier, desk.bounds, desk.now).follow(later, polls=3)
    assert len(again.fetched) == WINDOW
    trap = desk.frontier.trap(desk.feed.key)
    assert trap
    assert (trap.since, trap.until > desk.now + REST / 2) == (fell_at, True)
    # A day later the site is mended, and all that waited is fetched.
    mended = Follower(desk.frontier, desk.bounds, trap.until)
    mended.follow(Maze(lambda n: f"{SITE}/new/{letters(n)}", lambda n: ("new", story(len(mended.fetched)))), polls=2)
    assert len(mended.fetched) == 8 * EACH - 2 * WINDOW + 2 * EACH
    assert desk.frontier.trap(desk.feed.key) is None


def test_news_beside_a_trap_is_let_in_on_the_same_day_from_this_source_and_the_others_of_its_home():
    desk, news = Follower(), [MAZES["daily-links"].url(n) for n in range(99)]
    other = desk.source("feed", f"{SITE}/other", through=desk.feed.key)
    assert desk.poll([MAZES["calendar"].url(n) for n in range(40)]) == 20
    assert (desk.poll(news[:9]), desk.poll(news[9:], other), desk.left, desk.kinds) == (9, 90, 20, ["calendar"])
    desk.now += REST
    assert (desk.poll(news), desk.frontier.trap(desk.feed.key)) == (0, None)


def test_combinations_are_counted_over_all_polls_of_a_day():
    desk = Follower()
    assert sum(desk.poll([MAZES["queries"].url(15 * poll + n) for n in range(15)]) for poll in range(10)) == 20


def test_what_waits_of_a_source_that_falls_into_a_trap_waits_for_another_day_and_is_not_lost():
    desk = Follower()
    other = desk.source("feed", "https://herald.example/feed")
    desk.poll(["https://herald.example/dock-strike"], other)
    desk.follow(MAZES["same-texts"], polls=1)
    assert len(desk.fetched) == WINDOW + 1
    assert desk.fallen[0].trap.left_out == EACH - WINDOW
    urls_of_all = [MAZES["same-texts"].url(n) for n in range(EACH)]
    assert len(desk.frontier.known("article", urls_of_all)) == EACH
    assert desk.frontier.counts(now=desk.now)["due"] == 0
    assert desk.frontier.counts(now=desk.now + REST)["due"] == EACH - WINDOW


def test_all_that_a_paper_announced_is_asked_for_though_its_network_said_404_for_an_hour():
    hour = Maze(lambda n: f"{SITE}/{letters(n)}", lambda n: ("gone", None) if n < USELESS else ("new", story(n)))
    desk, links = Follower(bounds=Bounds()), [hour.url(n) for n in range(120)]
    desk.poll(links)
    desk.fetch(hour, {url: n for n, url in enumerate(links)})
    assert (len(desk.fetched), desk.kinds) == (USELESS, ["no-articles"])
    desk.now += REST
    desk.fetch(hour, {url: n for n, url in enumerate(links)})
    assert sorted(desk.fetched) == sorted(links)
    desk.poll(links)
    assert desk.frontier.trap(desk.feed.key) is None


def test_old_articles_that_are_gone_when_they_are_looked_at_again_say_nothing_of_their_source():
    desk = Follower(bounds=Bounds())
    urls_of_all = [f"{SITE}/{letters(n)}" for n in range(USELESS + 9)]
    desk.poll(urls_of_all)
    for outcome in ("new", "gone"):
        while claimed := desk.frontier.claim(now=desk.now, limit=1, seconds=0.5):
            [due] = claimed
            if due.role == "article":
                assert due.is_first == (outcome == "new")
                brought = mark(
                    visit(due.url, outcome), article(due.url, *story(len(due.url))) if outcome == "new" else None
                )
                assert brought
                if outcome == "gone":
                    desk._tell(desk.health.saw(due, brought, root=desk.feed.key, now=desk.now))
            desk.frontier.done(due, again_at=desk.now + 7 * DAY if due.role == "article" else None)
            desk.now += timedelta(seconds=1)
        desk.now += 7 * DAY
    assert desk.kinds == []


def test_a_plain_sitemap_takes_half_of_the_day_s_budget_so_that_the_feed_s_news_is_let_in():
    desk = Follower(bounds=Bounds(daily_links=300))
    sitemap = desk.source("sitemap", f"{SITE}/sitemap.xml", through=desk.feed.key)
    archive = [f"{SITE}/old/{letters(n)}" for n in range(5_000)]
    for day in range(3):
        assert desk.poll(archive, sitemap) == 150
        assert desk.poll(archive, sitemap) == 0
        assert desk.poll([f"{SITE}/{letters(day * 150 + n)}" for n in range(150)]) == 150
        assert desk.frontier.known("article", archive[day * 150 : day * 150 + 150])  # the first are the newest
        desk.now += DAY
    # Without sitemaps feeds, fronts and sitemaps of news have all of it.
    front = desk.source("front", f"{SITE}/front", through=desk.feed.key)
    news = desk.source("news-sitemap", f"{SITE}/news.xml", through=desk.feed.key)
    assert desk.poll([f"{SITE}/front/{letters(n)}" for n in range(200)], front) == 200
    assert desk.poll([f"{SITE}/news/{letters(n)}" for n in range(200)], news) == 100


def test_links_with_a_sign_leave_half_of_the_day_s_budget_to_the_others():
    desk = Follower(bounds=Bounds(daily_links=100))
    calendar = [MAZES["calendar"].url(n) for n in range(300)]
    assert desk.poll([*calendar, *(f"{SITE}/{letters(n)}" for n in range(40))], kept=300) == 90
    assert desk.poll([f"{SITE}/{letters(n + 40)}" for n in range(40)]) == 10


def test_a_frontier_of_before_is_brought_up_to_date_where_it_lies(tmp_path):
    path = tmp_path / "frontier.sqlite"
    with closing(Frontier(path, owner="then")) as frontier:
        frontier.add([("sitemap", f"{SITE}/a", f"{SITE}/a", "maze.example", FEED)], now=NOW)
    with closing(sqlite3.connect(path)) as sql:
        for table in ("places", "health", "marks", "signs"):
            sql.execute(f"DROP TABLE {table}")
        sql.execute("ALTER TABLE links DROP COLUMN visited")
    assert traps_in(path) == {}
    with closing(Frontier(path, owner="now")) as frontier:
        assert (frontier.depth(f"{SITE}/a"), frontier.depth(FEED), frontier.trap(FEED)) == (1, 0, None)


def test_marks_are_few_however_many_links_a_source_brings(tmp_path):
    desk = Follower(bounds=Bounds(daily_links=10**6))
    desk.follow(MAZES["daily-links"], polls=8)
    assert len(desk.frontier.marks(desk.feed.key, limit=10**6)) == USELESS + EACH


def test_links_with_a_sign_among_as_many_others_are_let_in():
    desk = Follower()
    calendar = [MAZES["calendar"].url(n) for n in range(40)]
    news = [MAZES["daily-links"].url(n) for n in range(45)]
    assert (desk.poll(calendar + news), desk.left, desk.kinds) == (85, 0, [])


def test_a_few_links_with_signs_a_day_are_let_in_and_more_are_counted_over_all_polls():
    desk = Follower()
    events = [f"{SITE}/events/2027/05/{letters(n)}-in-the-park" for n in range(60)]
    assert [desk.poll(events[at : at + 10]) for at in range(0, 40, 10)] == [10, 10, 0, 0]
    assert desk.kinds == ["calendar"]
    # What was kept before was announced, too.
    assert desk.poll(events[40:50], kept=30) == 10
    desk.now += DAY
    assert desk.poll(events[50:]) == 10


def test_what_is_left_out_day_after_day_shows_in_the_source_s_health():
    desk = Follower()
    for day in range(3):
        links = [f"{SITE}/list?by={n % 3}&tag={n // 3 % 3}&place={day}{n // 9}" for n in range(25)]
        desk.poll([*links, *(f"{SITE}/{letters(50 * day + n)}" for n in range(50))])
        trap = desk.frontier.trap(desk.feed.key)
        assert trap
        assert (trap.kind, trap.left_out) == ("queries", 5 * (day + 1))
        desk.now += DAY
