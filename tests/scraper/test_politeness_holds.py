"""Never two visits to a host within its delay, never two requests at once: over schedules, restarts, clocks, processes.

The first half plays in a made-up world (tests/scraper/polite_world.py) through the real gate and frontier. In the
second two real processes share one frontier, and a server on loopback writes down when they came.
"""

import json
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper import frontier, gate, politeness
from scraper import robots as robots_txt
from scraper.frontier import Frontier, name_of_process
from scraper.gate import Gate
from scraper.politeness import Answered, Standing, host_delay, standing_after
from tests.scraper import polite_world
from tests.scraper.polite_world import HOSTS, Hop, Reply, Robots, Step, World, faults, play
from tests.servers import Origin, moved, ok, origin

REPLIES: list[Reply] = ["good", "good", "good", "unchanged", "missing", "forbidden", "broken", "busy", "nothing"]
DAY = 86_400.0
SEEN: Counter[str] = Counter()

hops = st.builds(
    Hop,
    host=st.sampled_from(HOSTS),
    seconds=st.sampled_from([0.05, 0.1, 0.5, 3.0, 8.0]),
    reply=st.sampled_from(REPLIES),
    retry_after=st.sampled_from([None, None, None, 0, 20]),
    private=st.sampled_from([False] * 9 + [True]),
)
robots = st.dictionaries(
    st.sampled_from(HOSTS),
    st.builds(
        Robots,
        crawl_delay=st.sampled_from([None, 1.0, 7.0]),
        seconds=st.sampled_from([0.05, 3.0]),
        status=st.sampled_from([200, 200, 200, 404, 500]),
        leads_to=st.sampled_from([None, None, None, *HOSTS]),
    ),
    max_size=3,
)
visits = st.builds(
    Step,
    after=st.sampled_from([0.0, 0.0, 0.1, 1.0, 2.5]),
    act=st.sampled_from(["visit", "link"]),
    process=st.integers(0, 1),
    hops=st.lists(hops, min_size=1, max_size=4).map(tuple),
)
others = st.builds(
    Step,
    after=st.sampled_from([0.0, 0.2, 1.0, 5.0]),
    act=st.sampled_from(["work", "work", "work", "stop", "kill", "start", "start", "put"]),
    process=st.integers(0, 1),
    by=st.sampled_from([DAY, -DAY, 1.0, -1.0, 60.0]),
)
schedules = st.lists(st.one_of(visits, others), min_size=5, max_size=40)


@pytest.fixture(scope="module", autouse=True)
def counted() -> Iterator[None]:
    """Says with -s how much was played."""
    yield
    print(f"made-up worlds: {dict(SEEN)}")


def seen(said: dict[str, Robots], steps: list[Step]) -> World:
    with TemporaryDirectory() as folder:
        world = play(said, steps, Path(folder) / "frontier.sqlite")
    SEEN.update(rounds=1, requests=len(world.log), visits=len({each.visit for each in world.log}))
    return world


@given(robots, schedules)
@settings(max_examples=25, deadline=None)
def test_whatever_happens_no_host_is_visited_within_its_delay_nor_asked_twice_at_once(said, steps):
    assert faults(seen(said, steps)) == []


@pytest.mark.torture
@given(robots, schedules)
@settings(max_examples=3_000, deadline=None)
def test_whatever_happens_for_longer(said, steps):
    assert faults(seen(said, steps)) == []


# ── what breaks without each guard ───────────────────────────────────────────────────────────────────────────────────


def visit(*stops: Hop, after: float = 0.0, process: int = 0) -> Step:
    return Step(after, "visit", process, stops)


def link(*stops: Hop) -> Step:
    return Step(0.0, "link", 0, stops)


def act(what: Literal["work", "stop", "kill", "start"], *, after: float = 0.0, process: int = 0) -> Step:
    return Step(after, what, process)


def put(by: float, *, after: float = 0.0) -> Step:
    return Step(after, "put", by=by)


A, B, C, D, E = (Hop(host) for host in HOSTS)
SLOW, BUSY, FORBIDDEN = replace(A, seconds=8.0), replace(A, reply="busy"), replace(A, reply="forbidden")
SOON = 0.5  # seconds; less than the delay


def take_without_a_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = Frontier.take

    def take(self: Frontier, host: str, **asked: Any) -> datetime | None:
        at = taken(self, host, **asked)
        self._sql.execute("UPDATE hosts SET busy_until = 0 WHERE host = ?", (host,))
        return at

    monkeypatch.setattr(Frontier, "take", take)


def claim_without_a_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    seated = Frontier._seats

    def seats(self: Frontier, sql: Any, host: str, *rest: Any) -> bool:
        has = seated(self, sql, host, *rest)
        sql.execute("UPDATE hosts SET busy_until = 0 WHERE host = ?", (host,))
        return has

    monkeypatch.setattr(Frontier, "_seats", seats)
    monkeypatch.setattr(Frontier, "still_has", lambda *_, **__: True)


def without_part(part: str, value: object) -> Callable[[pytest.MonkeyPatch], None]:
    """The delay without one of its parts."""

    def takes_out(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(gate, "host_delay", lambda **parts: host_delay(**{**parts, part: value}))
        if part == "setting":
            monkeypatch.setattr(Frontier, "_delay", property(lambda _: 0.0, lambda *_: None), raising=False)

    return takes_out


def errors_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def after(before: Standing, answered: Answered) -> Standing:
        return replace(standing_after(before, answered), seconds=answered.seconds)

    monkeypatch.setattr(gate, "standing_after", after)


def hops_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = Frontier.take

    def take(self: Frontier, host: str, **asked: Any) -> datetime | None:
        way = gate._visit.get(None)
        if way and way.began_at:
            self._sql.execute("UPDATE hosts SET next_at = 0 WHERE host = ?", (host,))
        return taken(self, host, **asked)

    monkeypatch.setattr(Frontier, "take", take)


def others_pauses_are_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = Frontier.take

    def take(self: Frontier, host: str, *, past: datetime, **asked: Any) -> datetime | None:
        return taken(self, host, past=self.rests_until(host) if past.timestamp() else past, **asked)

    monkeypatch.setattr(Frontier, "take", take)


def forgotten_at_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Frontier._bring_up_to_date

    def forget(self: Frontier) -> None:
        opened(self)
        self._sql.execute("DELETE FROM hosts")

    monkeypatch.setattr(Frontier, "_bring_up_to_date", forget)


def the_dead_leave_no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = Frontier._let_go_of
    monkeypatch.setattr(Frontier, "_let_go_of", lambda self, owner, *, died: let_go(self, owner, died=False))


def looks_at_its_own_clock_alone(self: Frontier, sql: Any) -> bool:
    wall, steady = self._clocks()
    if self._ahead is None or abs(wall - steady - self._ahead) < 0.25:
        return False
    self._follow(sql, sql.execute("SELECT ahead FROM clock").fetchone()[0], wall - steady)
    self._ahead = wall - steady
    return True


def sets(where: object, name: str, value: object) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda monkeypatch: monkeypatch.setattr(where, name, value)


# guard → what takes it out, the robots.txt files, and what then gets through
GUARDS: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], dict[str, Robots], list[Step]]] = {
    "a visit reserves the slot before it asks": (take_without_a_slot, {}, [visit(A), visit(A, process=1)]),
    "a claim reserves the slot": (
        claim_without_a_slot,
        {},
        [link(A), link(A), act("work"), act("work", process=1)],
    ),
    "a slot that is held is looked at": (sets(frontier, "_FREE", "next_at"), {}, [visit(A), visit(A, process=1)]),
    "delay: the setting": (without_part("setting", timedelta(0)), {}, [visit(A), visit(A, after=SOON)]),
    "delay: robots.txt": (
        without_part("crawl_delay", None),
        {"a.example": Robots(crawl_delay=7)},
        [visit(A), visit(A, after=4)],
    ),
    "delay: twice the last answer's time": (without_part("last_seconds", 0.0), {}, [visit(SLOW), visit(A, after=9)]),
    "delay: never lowered by an error page": (
        errors_count,
        {},
        [visit(SLOW), visit(replace(A, reply="broken"), after=26), visit(A, after=3)],
    ),
    "delay: Retry-After": (
        sets(gate, "_asked_wait", lambda _: None),
        {},
        [visit(replace(A, reply="missing", retry_after=20)), visit(A, after=5)],
    ),
    "429 and 503 cool the host": (
        sets(politeness, "cool_down", lambda *_, **__: None),
        {},
        [visit(BUSY), visit(A, after=9)],
    ),
    "the third 403 in a row cools the host": (
        sets(politeness, "_FORBIDDEN_UNTIL_MEANT", 99),
        {},
        [*(visit(FORBIDDEN, after=5) for _ in range(3)), visit(A, after=5)],
    ),
    "a redirect does not end a row of 403": (
        sets(politeness, "_ANSWERS_AFTER_ALL", frozenset({302})),
        {},
        [*(visit(A, FORBIDDEN, after=5) for _ in range(3)), visit(A, after=5)],
    ),
    "a restart forgets nothing": (
        forgotten_at_restart,
        {},
        [visit(BUSY), act("stop", after=5), act("start"), visit(A)],
    ),
    "a dead process's hosts have their delay": (
        the_dead_leave_no_pause,
        {},
        [visit(A), visit(SLOW, after=5), act("kill", after=1), act("start"), visit(A)],
    ),
    "a slot that ran out is followed by the delay": (
        sets(frontier, "_FREE", "max(next_at, busy_until)"),
        {"a.example": Robots(crawl_delay=400)},
        [visit(A), visit(SLOW, after=410), act("kill", after=1), visit(A, process=1), put(0, after=200)],
    ),
    "slots follow a clock that is put and put back, whoever has seen it": (
        sets(Frontier, "_look_at_clock", looks_at_its_own_clock_alone),
        {},
        [visit(BUSY), put(-DAY, after=9), link(D), act("kill"), put(DAY), visit(A, process=1), put(0, after=5)],
    ),
    "slots follow the clock when it is put forward": (
        sets(frontier, "_STEP", float("inf")),
        {},
        [visit(SLOW), put(DAY, after=1), visit(A, process=1)],
    ),
    "pauses follow the clock that is put while nobody is there": (
        sets(Frontier, "_follow", lambda *_: None),
        {},
        [visit(BUSY), act("stop", after=1), act("stop", process=1), put(DAY), act("start"), visit(A)],
    ),
    "room at an address": (sets(Frontier, "_has_room", lambda *_: True), {}, [visit(A), visit(B), visit(C)]),
    "room at the address that a claimed host turns out to have": (
        sets(Frontier, "still_has", lambda *_, **__: True),
        {},
        [link(A), link(B), link(C), act("work")],
    ),
    "a redirect to another host waits for its delay": (
        hops_at_once,
        {},
        [visit(D, A), visit(E, A), visit(B, A, after=0.1)],
    ),
    "a visit passes over no pause but its own": (
        others_pauses_are_ours,
        {},
        [visit(A, replace(D, seconds=8.0), A), visit(replace(A, seconds=5.0), after=SOON)],
    ),
    "robots.txt at every hop": (
        sets(robots_txt.Rules, "allows", lambda *_: True),
        {},
        [visit(D, replace(A, private=True))],
    ),
}  # fmt: skip


@pytest.mark.parametrize("guard", GUARDS)
def test_without_its_guard_a_host_is_harmed_and_with_it_it_is_not(guard, monkeypatch):
    takes_out, said, steps = GUARDS[guard]
    assert faults(seen(said, steps)) == []
    takes_out(monkeypatch)
    assert faults(seen(said, steps)) != []


def test_hosts_that_failed_together_come_back_apart(monkeypatch):
    together = [visit(BUSY), visit(replace(D, reply="busy")), visit(A, after=61), visit(D)]

    def apart() -> float:
        last = {each.host: each.start for each in seen({}, together).log}
        return abs(last["a.example"] - last["d.example"])

    random.seed(4)
    assert apart() > 1.0
    monkeypatch.setattr(random, "random", lambda: 0.5)
    assert apart() == 0.0


def test_a_process_that_stood_still_for_longer_than_its_lease_does_not_ask_a_host_twice_at_once(monkeypatch):
    monkeypatch.setattr(polite_world, "LEASE", 0.01)
    twice = [visit(replace(A, seconds=3.0)), visit(replace(A, seconds=3.0), after=1)]
    assert faults(seen({}, twice)) == []
    asked = Gate._asked_slot

    def asked_slot(self: Gate, *rest: Any) -> datetime | None:
        self._at.clear()
        return asked(self, *rest)

    monkeypatch.setattr(Gate, "_asked_slot", asked_slot)
    assert faults(seen({}, twice)) != []


# ── two processes, a real clock ──────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Arrival:
    """A request as the server saw it: seconds of its steady clock."""

    host: str
    path: str
    start: float
    end: float = float("inf")

    @property
    def visit(self) -> str:
        return self.path.split("/")[1]


class Town:
    """Hosts on one port of loopback: each page takes a moment, and may lead to a page of another host."""

    def __init__(self, *, crawl_delays: dict[str, float], seconds: float) -> None:
        self.arrivals: list[Arrival] = []
        self._crawl_delays = crawl_delays
        self._seconds = seconds
        self._came = threading.Condition()

    def answer(self, request: bytes) -> Iterator[bytes | float]:
        """/VISIT/HOST/HOST…: a redirect to the first of those hosts, or a page when none is left."""
        host = re.search(rb"(?im)^host: ([^\r:]+)", request)
        assert host
        arrival = Arrival(host[1].decode(), request.split()[1].decode(), time.monotonic())
        with self._came:
            self.arrivals.append(arrival)
            self._came.notify_all()
        yield self._seconds
        arrival.end = time.monotonic()
        _, visit, *onward = arrival.path.split("/")
        if visit == "robots.txt":
            yield ok(f"User-agent: *\nCrawl-delay: {self._crawl_delays.get(arrival.host, 0)}".encode())
        elif onward:
            yield moved(f"http://{onward[0]}/{'/'.join([visit, *onward[1:]])}")
        else:
            yield ok(b"news")

    def wait_for(self, count: int) -> None:
        with self._came:
            assert self._came.wait_for(lambda: len(self.arrivals) >= count, timeout=60)

    def faults(self, delay: float) -> list[str]:
        """Two requests at once to a host, or a visit within its delay, one that goes on within its host left out."""
        found = []
        for host in {each.host for each in self.arrivals}:
            there = [each for each in self.arrivals if each.host == host]
            for before, after in pairwise(there):
                least = max(delay, 0 if before.visit == "robots.txt" else self._crawl_delays.get(host, 0))
                # Whose robots.txt it was is not told; a page that follows at once is its visit's.
                goes_on = before.visit in ("robots.txt", after.visit) and after.visit != "robots.txt"
                if after.start < before.end + (0 if goes_on else least):
                    found.append(f"{host}{after.path} {after.start - before.end:.3f} s after {before.path}")
        return found


def process(path: Path, town: Origin, urls: list[str], *, delay: float) -> "subprocess.Popen[bytes]":
    hosts = sorted({part for url in urls for part in url.split("/") if part.endswith(".example")})
    told = {"frontier": str(path), "port": town.port, "delay": delay, "per_address": 3, "hosts": hosts, "urls": urls}
    command = [sys.executable, "-m", "tests.scraper.polite_process", json.dumps(told)]
    return subprocess.Popen(command, cwd=Path(__file__).parents[2])


def urls_of(name: str, count: int, chance: random.Random) -> list[str]:
    """URLs of visits that lead over one to three hosts."""
    chains = (chance.choices(HOSTS, k=chance.choice([1, 1, 2, 3])) for _ in range(count))
    return [f"http://{chain[0]}/{'/'.join([f'{name}{number}', *chain[1:]])}" for number, chain in enumerate(chains)]


def two_processes(folder: Path, *, seed: int, visits_each: int, kills: int) -> Town:
    """Two processes work at once; one is killed in the middle, so many times, and started again on the same visits."""
    chance, delay = random.Random(seed), 0.3  # noqa: S311
    town = Town(crawl_delays={"a.example": 0.6}, seconds=0.05)
    lists = [urls_of(name, visits_each, chance) for name in ("x", "y")]
    with origin(town.answer) as server:
        running = [process(folder / "frontier.sqlite", server, urls, delay=delay) for urls in lists]
        try:
            for _ in range(kills):
                town.wait_for(len(town.arrivals) + chance.randint(3, 8))
                running[0].kill()
                running[0].wait()
                running[0] = process(folder / "frontier.sqlite", server, lists[0], delay=delay)
            assert [each.wait(timeout=300) for each in running] == [0, 0]
        finally:
            for each in running:
                each.kill()
                each.wait()
    assert town.faults(delay) == []
    return town


def test_two_processes_one_of_them_killed_never_visit_a_host_within_its_delay(tmp_path):
    town = two_processes(tmp_path, seed=1, visits_each=8, kills=1)
    assert len({each.visit for each in town.arrivals}) == 17  # robots.txt counted as one


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(10))
def test_two_processes_for_longer(tmp_path, seed):
    town = two_processes(tmp_path, seed=seed, visits_each=40, kills=4)
    print(f"{len(town.arrivals)} requests of {len({each.visit for each in town.arrivals}) - 1} visits by two processes")


def test_what_a_killed_process_was_told_to_wait_is_waited(tmp_path):
    """kill -9 after a 429: the host is cooled by whoever comes next."""
    path, killed = tmp_path / "frontier.sqlite", threading.Event()

    def answer(request: bytes) -> Iterator[bytes | float]:
        if b"GET /robots.txt" in request:
            yield ok(b"")
        elif b"GET /busy" in request:
            yield b"HTTP/1.1 429 Too Many\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"
        else:
            killed.wait(60)

    with origin(answer) as server:
        urls = ["http://a.example/busy", "http://b.example/never"]
        running = process(path, server, urls, delay=0.1)
        try:
            with closing(Frontier(path, owner="a test")) as seen_by:
                while seen_by.rests_until("a.example") < datetime.now(UTC) + timedelta(minutes=50):
                    assert running.poll() is None
        finally:
            running.kill()
            running.wait()
            killed.set()
    with closing(Frontier(path, owner=name_of_process())) as frontier:
        assert frontier.rests_until("a.example") > datetime.now(UTC) + timedelta(minutes=50)
        assert frontier.take("b.example", now=datetime.now(UTC) + timedelta(seconds=60), seconds=1) is None
