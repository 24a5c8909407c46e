"""Sites that never end, on loopback: each is left within its budget, and its source is said to be in a trap."""

import asyncio
import signal
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from archive import open_writer
from scraper.addresses import Pin
from scraper.crawl import Line, Manners, Told
from scraper.demo import Press
from scraper.desk import ArchiveDesk
from scraper.frontier import Due, Frontier
from scraper.health import MOST_FOUND, Bounds
from scraper.network import Network
from scraper.rounds import Pace, Rounds
from scraper.sources import Source
from scraper.tap import NetworkSettings
from scraper.traps import USELESS, WINDOW, WORDS
from scraper.workers import Workers
from tests.scraper.test_health import MAZES, letters
from tests.servers import NOT_FOUND, Answer, ok, origin
from tests.whole.terminal import Terminal

BUDGET, EACH, POLLS = 60, 50, 4
FEW = 20  # with a sign, that are let in
ON_THE_WAY = 5  # fetched already while the one before is still being read
# Maze → (the kind of trap that it turns out to be, articles fetched at most, feeds and sitemaps polled at most).
ENDS = {
    "daily-links": ("daily-links", BUDGET, POLLS),
    "repeating-segments": ("repeating-segments", FEW, POLLS),
    "deep-paths": ("deep-paths", FEW, POLLS),
    "calendar": ("calendar", FEW, POLLS),
    "queries": ("queries", FEW, POLLS),
    "long-urls": ("long-urls", FEW, POLLS),
    "encodings": ("encodings", FEW, POLLS),
    "same-texts": ("same-texts", WINDOW + ON_THE_WAY, POLLS),
    "mirrors": ("daily-links", BUDGET, POLLS),
    "no-articles": ("no-articles", USELESS + ON_THE_WAY, POLLS),
    "sessions": (None, 3, POLLS),
    "indexes": ("depth", 0, POLLS + 3),
    "many-indexes": ("sources", 0, POLLS + MOST_FOUND),
}


def page(number: int) -> bytes:
    """A story like no other, long enough to be one."""
    name = letters(number)
    told = "".join(
        f"<p>{name} said that the {word} of {name} would stay {word} until {name} was {word} again, and that nobody"
        f" in the {word} harbour of {name} had asked for anything else.</p>"
        for word in ("old", "new", "wet", "far")
    )
    head = f"<html><head><title>The {name} affair</title></head>"
    return f"{head}<body><article><h1>The {name} affair</h1>{told}</article></body></html>".encode()


@dataclass
class Endless:
    """All mazes under hosts of their own; what they were asked."""

    numbers: Counter[str] = field(default_factory=Counter)
    known: dict[tuple[str, str], int] = field(default_factory=dict)
    asked: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __call__(self, request: bytes) -> Answer:
        lines = request.decode("latin-1").split("\r\n")
        path = lines[0].split()[1]
        host = next(line.partition(":")[2].strip() for line in lines if line.lower().startswith("host:"))
        name = host.partition(".")[0]
        self.asked[name].append(path)
        if path == "/robots.txt":
            return NOT_FOUND
        if name in ("indexes", "many-indexes"):
            return self._index(host, path, 1 if name == "indexes" else 20)
        return self._feed(name, host) if path == "/feed" else self._story(name, path)

    def _index(self, host: str, path: str, each: int) -> Answer:
        children = "".join(f"<sitemap><loc>http://{host}{path}-{n}</loc></sitemap>" for n in range(each))
        namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
        return ok(f'<sitemapindex xmlns="{namespace}">{children}</sitemapindex>'.encode(), "Content-Type: text/xml")

    def _feed(self, name: str, host: str) -> Answer:
        start = self.numbers[name]
        self.numbers[name] += EACH
        links = []
        for number in range(start, start + EACH):
            link = MAZES[name].url(number).replace("https://maze.example", f"http://{host}")
            self.known[name, link.partition(host)[2]] = number
            links.append(link.replace("&", "&amp;"))
        entries = "".join(f"<item><link>{link}</link></item>" for link in links)
        return ok(
            f'<rss version="2.0"><channel>{entries}</channel></rss>'.encode(), "Content-Type: application/rss+xml"
        )

    def _story(self, name: str, path: str) -> Answer:
        number = self.known[name, path]
        if name == "no-articles":
            return NOT_FOUND
        same = {"same-texts": 0, "sessions": number % 3}
        return ok(page(same.get(name, number)), "Content-Type: text/html")

    def fetched(self, name: str) -> list[str]:
        return [path for path in self.asked[name] if path not in ("/robots.txt", "/feed") and "index" not in name]

    def polled(self, name: str) -> list[str]:
        return [path for path in self.asked[name] if path == "/feed" or ("index" in name and path != "/robots.txt")]


@dataclass
class Followed:
    """What came of following them all."""

    site: Endless
    folder: Path
    told: list[tuple[Due, Told]]
    sources: dict[str, Source]


def source(name: str) -> Source:
    kind = "sitemap" if "index" in name else "feed"
    path = "index" if "index" in name else "feed"
    return Source(url=f"http://{name}.example/{path}", kind=kind, name=name)  # type: ignore[arg-type]


async def follow(port: int, root: Path, sources: dict[str, Source]) -> list[tuple[Due, Told]]:
    """Every source polled POLLS times, everything it leads to fetched; the first alone before the others."""
    told: list[tuple[Due, Told]] = []
    pins = tuple(Pin(f"{name}.example", 80, "127.0.0.1", port) for name in sources)
    settings = NetworkSettings(user_agent="pressmark test", pins=pins)
    manners = Manners(delay=timedelta(0), page_seconds=20, max_redirects=5, max_age=None)
    pace = Pace(in_flight=20, least=timedelta(minutes=5), most=timedelta(days=1), looks=(),
                bounds=Bounds(daily_links=BUDGET))  # fmt: skip
    with open_writer(root) as archive:
        desk, workers = ArchiveDesk(archive), Workers(2)
        frontier = Frontier(root / "frontier.sqlite", owner="test")
        try:
            async with asyncio.timeout(120), Network(settings) as network:
                line = Line(network, frontier, workers, desk, manners)
                rounds = Rounds(line, frontier, pace, lambda due, each: told.append((due, each)))
                rounds.watch([sources["daily-links"]], wake=True)
                await rounds.until_done()
                for _ in range(POLLS - 1):
                    rounds.watch(list(sources.values()), wake=True)
                    await rounds.until_done()
                others = {name: each for name, each in sources.items() if name != "daily-links"}
                rounds.watch(list(others.values()), wake=True)
                await rounds.until_done()
        finally:
            desk.close()
            workers.close()
            frontier.close()
    return told


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    folder = tmp_path_factory.mktemp("traps")
    site, sources = Endless(), {name: source(name) for name in ENDS}
    with origin(site) as server:
        told = asyncio.run(follow(server.port, folder / "archive", sources))
        yield Followed(site, folder, told, sources)


@pytest.mark.parametrize("name", ENDS)
def test_a_site_without_end_is_left_within_its_budget(followed: Followed, name: str):
    _, most, polls = ENDS[name]
    assert len(followed.site.fetched(name)) <= most
    assert len(followed.site.polled(name)) <= polls
    assert len(followed.site.fetched(name)) + len(followed.site.polled(name)) > 0


def told_by_sources(terminal: Terminal) -> dict[str, dict[str, object]]:
    return {told["name"]: told for told in terminal("sources", "--json").objects}


@pytest.fixture(scope="module")
def terminal(followed: Followed) -> Iterator[Terminal]:
    """Somebody who asks after their health."""
    entries = [{"name": name, f"{each.kind}s": [each.url]} for name, each in followed.sources.items()]
    with Press() as press:
        made = Terminal(followed.folder, press)
        made.watch(*entries, {"name": "unvisited", "feeds": ["http://quiet.example/feed"]})
        yield made


def test_its_source_is_said_to_be_in_a_trap_and_which(followed: Followed, terminal: Terminal):
    told = told_by_sources(terminal)
    for name, (kind, _, _) in ENDS.items():
        trap = told[name]["trap"]
        assert (told[name]["health"], trap and trap["kind"]) == ("trap" if kind else "sound", kind)  # type: ignore[index]
        assert not kind or trap["left_out"] > 0  # type: ignore[index]
        assert told[name]["outcome"] in ("new", "revised", "unchanged")
    assert told["unvisited"]["health"] == "unknown"
    lines = terminal("sources").out
    assert "trap: a calendar without end, " in lines
    assert lines.count("trap: ") == sum(kind is not None for kind, _, _ in ENDS.values())
    assert f"http://calendar.example/feed: {WORDS['calendar']}" in terminal("status").out
    assert terminal("status", "--json").told["traps"] == lines.count("trap: ")


def test_it_is_told_once_when_it_falls_into_it(followed: Followed):
    fell = [told.trap or "" for _, told in followed.told if told.fell]
    for name, (kind, _, _) in ENDS.items():
        mine = [line for line in fell if line.startswith(f"http://{name}.example/")]
        assert len(mine) == (1 if kind else 0)
        assert not kind or WORDS[kind] in mine[0]


def test_what_was_found_out_outlives_the_frontier_and_the_catalog(followed: Followed, terminal: Terminal):
    before = told_by_sources(terminal)
    for path in terminal.archive.glob("frontier.sqlite*"):
        path.rename(path.with_name(f"away-{path.name}"))
    try:
        assert terminal("rebuild").code == 0
        after = told_by_sources(terminal)
    finally:
        for path in terminal.archive.glob("away-*"):
            path.rename(path.with_name(path.name.removeprefix("away-")))
    for name, (kind, _, _) in ENDS.items():
        if kind:
            assert after[name]["trap"]["kind"] == kind  # type: ignore[index]
            assert after[name]["trap"]["since"][:13] == before[name]["trap"]["since"][:13]  # type: ignore[index]


def test_a_daemon_says_once_in_its_log_that_a_source_is_in_a_trap(pressmark: Terminal):
    pressmark.watch({"name": "Calendar", "feeds": ["http://calendar.example/feed"]})
    with origin(Endless()) as server:
        pin = f"calendar.example:80:127.0.0.1:{server.port}"
        with pressmark.running("daemon", "--connect-to", pin) as daemon:
            daemon.until(lambda log: any(line["event"] == "trap" for line in log))
            assert daemon.send(signal.SIGTERM) == 0
    [said] = [line for line in daemon.log if line["event"] == "trap"]
    assert said["level"] == "warning"
    assert said["message"].startswith("http://calendar.example/feed: trap: a calendar without end, 30 left out since ")
    [poll] = [line for line in daemon.log if line["event"] == "visit"]
    assert poll["left_out"] == {"calendar": EACH - FEW}
