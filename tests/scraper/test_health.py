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
from scraper.traps import PROBATION, REST, USELESS, WINDOW, mark
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
    "queries": Maze(lambda n: f"{SITE}/list?by={n % 10}&tag={n // 10 % 10}&place={n // 100}"),
    "long-urls": Maze(lambda n: f"{SITE}/{letters(n) * 600}"),
    "encodings": Maze(lambda n: f"{SITE}/{letters(n)}%25252525252F"),
    "same-texts": Maze(lambda n: f"{SITE}/{letters(n)}/ferry", lambda n: ("new", (f"No. {n}", story(0)[1]))),
    "mirrors": Maze(lambda n: f"{SITE}/{letters(n)}/ferry", lambda n: ("copy", story(n))),
    "no-articles": Maze(lambda n: f"{SITE}/{letters(n)}", lambda n: (("gone", "not-article")[n % 2], None)),
    "sessions": Maze(lambda n: f"{SITE}/ferry-{n % 3}?PHPSESSID={n:032x}", lambda n: ("new", story(n % 3))),
}
# What of each maze is fetched within a day of endless announcing, at most. A mirror of mirrors shows as no-articles.
BUDGETS = dict.fromkeys(MAZES, 0) | {
    "daily-links": BOUNDS.daily_links, "queries": 20, "same-texts": WINDOW, "mirrors": USELESS, "no-articles": USELESS,
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

    def poll(self, links: Iterator[str] | list[str], due: Due | None = None) -> int:
        """A poll of the feed, or of another source, that announces these links; how many were new."""
        due = due or self.feed
        rows = {key(url): ("article", key(url), url, host(url), due.url) for url in links}
        taken, left = self.health.admit(rows.values(), due=due, now=self.now)  # type: ignore[arg-type]
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
    kind = {"mirrors": "no-articles", "sessions": None}.get(name, name)
    assert desk.kinds[-1:] == ([kind] if kind else [])
    assert desk.left or name == "sessions"


# Guard → how it is taken out.
_NEVER = re.compile(r"(?!)")
GUARDS: dict[str, Callable[[pytest.MonkeyPatch], object]] = {
    "daily-links": lambda out: out.setattr("tests.scraper.test_health.BOUNDS", Bounds(daily_links=10**9)),
    "repeating-segments": lambda out: out.setattr(traps, "_MOST_EQUAL", 99),
    "deep-paths": lambda out: out.setattr(traps, "_MOST_SEGMENTS", 99),
    "calendar": lambda out: out.setattr(traps, "_FAR", 10**6 * DAY) or out.setattr(traps, "_NEAR", 10**6 * DAY),
    "queries": lambda out: out.setattr(traps, "_FEW_QUERIES", 10**9),
    "long-urls": lambda out: out.setattr(traps, "LONGEST", 10**9),
    "encodings": lambda out: out.setattr(traps, "_ENCODED_THRICE", _NEVER),
    "same-texts": lambda out: out.setattr(traps, "ALIKE", 99),
    "mirrors": lambda out: out.setattr(traps, "USELESS", 10**9),
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


def test_a_source_in_a_trap_is_followed_no_more_for_a_day_then_a_little_and_again_when_it_is_sound():
    maze, desk = MAZES["same-texts"], Follower(bounds=Bounds(daily_links=1_000))
    desk.follow(maze, polls=5)
    assert (len(desk.fetched), desk.health.rests(desk.feed.key, now=desk.now)) == (WINDOW, True)
    assert not desk.health.is_unread(desk.feed, now=desk.now)
    fell_at = desk.fallen[0].trap.since
    desk.now = fell_at + REST
    assert not desk.health.rests(desk.feed.key, now=desk.now)
    assert desk.health.is_unread(desk.feed, now=desk.now)
    # Then as much is fetched as it takes to see that nothing has changed.
    later = Maze(lambda n: maze.url(n + 999), maze.brings)
    again = Follower(desk.frontier, desk.bounds, desk.now).follow(later, polls=3)
    assert len(again.fetched) == WINDOW
    trap = desk.frontier.trap(desk.feed.key)
    assert trap
    assert (trap.since, trap.until > desk.now + REST / 2) == (fell_at, True)
    # A day later the site is mended, and what it announces is let in a little at a time until that shows.
    desk.now = trap.until
    mended = Follower(desk.frontier, desk.bounds, desk.now)
    new = Maze(lambda n: f"{SITE}/new/{letters(n)}")
    assert mended.poll([new.url(n) for n in range(PROBATION + 9)]) == PROBATION
    mended.fetch(new, {new.url(n): n for n in range(PROBATION)})
    assert (len(mended.fetched), desk.health.rests(desk.feed.key, now=mended.now)) == (PROBATION, False)
    mended.follow(Maze(lambda n: f"{SITE}/new/{letters(n + 50)}"), polls=2)
    assert desk.frontier.trap(desk.feed.key) is None


def test_a_source_in_a_trap_is_not_followed_whatever_else_it_announces_on_that_day():
    desk, news = Follower(), [MAZES["daily-links"].url(n) for n in range(9)]
    assert desk.poll([MAZES["calendar"].url(n) for n in range(40)]) == 0
    assert (desk.poll(news), desk.left, desk.kinds) == (0, 49, ["calendar"])
    trap = desk.frontier.trap(desk.feed.key)
    assert trap
    assert trap.left_out == 49
    desk.now += REST
    assert desk.health.is_unread(desk.feed, now=desk.now)
    assert (desk.poll(news), desk.frontier.trap(desk.feed.key)) == (9, None)


def test_combinations_are_counted_over_all_polls_of_a_day():
    desk = Follower()
    assert sum(desk.poll([MAZES["queries"].url(15 * poll + n) for n in range(15)]) for poll in range(10)) == 20


def test_what_waits_of_a_source_that_falls_into_a_trap_is_let_go_and_can_be_announced_anew():
    desk = Follower()
    other = desk.source("feed", "https://herald.example/feed")
    desk.poll(["https://herald.example/dock-strike"], other)
    desk.follow(MAZES["same-texts"], polls=1)
    assert len(desk.fetched) == WINDOW + 1
    assert desk.fallen[0].trap.left_out == EACH - WINDOW
    known = desk.frontier.known("article", [MAZES["same-texts"].url(n) for n in range(EACH)])
    assert len(known) == WINDOW
    assert desk.frontier.known("article", ["https://herald.example/dock-strike"])
    assert desk.health.is_unread(desk.feed, now=desk.now + DAY)


def test_a_frontier_of_before_is_brought_up_to_date_where_it_lies(tmp_path):
    path = tmp_path / "frontier.sqlite"
    with closing(Frontier(path, owner="then")) as frontier:
        frontier.add([("sitemap", f"{SITE}/a", f"{SITE}/a", "maze.example", FEED)], now=NOW)
    with closing(sqlite3.connect(path)) as sql:
        for table in ("places", "health", "marks"):
            sql.execute(f"DROP TABLE {table}")
    assert traps_in(path) == {}
    with closing(Frontier(path, owner="now")) as frontier:
        assert (frontier.depth(f"{SITE}/a"), frontier.depth(FEED), frontier.trap(FEED)) == (1, 0, None)


def test_marks_are_few_however_many_links_a_source_brings(tmp_path):
    desk = Follower(bounds=Bounds(daily_links=10**6))
    desk.follow(MAZES["daily-links"], polls=8)
    assert len(desk.frontier.marks(desk.feed.key, limit=10**6)) == USELESS + EACH


def test_links_of_a_trap_among_news_are_left_out_alone():
    desk = Follower()
    calendar = [MAZES["calendar"].url(n) for n in range(40)]
    news = [MAZES["daily-links"].url(n) for n in range(45)]
    assert (desk.poll(calendar + news), desk.left, desk.kinds) == (45, 40, [])
