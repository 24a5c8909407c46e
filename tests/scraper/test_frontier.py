"""What is due, who is at it, and when a host may be visited: two processes on one file, on a made-up clock."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import WriteFailed
from scraper.frontier import Due, Frontier, Wanted, is_alive, name_of_process
from scraper.rhythm import Rhythm

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEASE = 60.0


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def article(host: str, name: str = "a") -> tuple[Wanted, str, str, str, str | None]:
    url = f"http://{host}/{name}"
    return ("article", url, url, host, f"http://{host}/feed")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "frontier.sqlite"


@pytest.fixture
def open_frontier(path):
    opened: list[Frontier] = []

    def open_it(owner: str = "one") -> Frontier:
        opened.append(Frontier(path, owner=owner))
        return opened[-1]

    yield open_it
    for frontier in opened:
        frontier.close()


@pytest.fixture
def frontier(open_frontier):
    return open_frontier()


def claim(frontier: Frontier, *, at: float = 0, limit: int = 10) -> list[Due]:
    return frontier.claim(now=after(at), limit=limit, seconds=LEASE)


def hosts(claimed: list[Due]) -> list[str]:
    return sorted(due.host for due in claimed)


# ── links ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_link_comes_back_as_it_went_in(frontier):
    frontier.add([("feed", "k", "http://a.example/feed?x", "a.example", None)], now=NOW)
    assert claim(frontier) == [
        Due(role="feed", key="k", url="http://a.example/feed?x", host="a.example", source=None, found_at=NOW, tries=0)
    ]


def test_a_known_link_stays_as_it_is(frontier):
    assert frontier.add([article("a.example"), article("a.example", "b")], now=NOW) == 2
    assert frontier.add([article("a.example")], now=after(5), due_at=NOW) == 0
    assert frontier.known("article", ["http://a.example/a", "http://a.example/z"]) == {"http://a.example/a"}
    assert claim(frontier)[0].found_at == NOW


def test_one_place_may_be_fetched_for_two_reasons(frontier):
    rows = [(role, "k", "http://a.example/", "a.example", None) for role in ("home", "article")]
    assert frontier.add(rows, now=NOW) == 2


def test_a_link_announced_for_later_waits(frontier):
    frontier.add([article("a.example")], now=NOW, due_at=after(100))
    assert claim(frontier, at=99) == []
    assert frontier.next_due() == after(100)
    assert len(claim(frontier, at=100)) == 1


def test_of_one_host_a_single_link_is_claimed_and_the_longest_due_first(frontier):
    for name, due in (("late", 2), ("early", 1)):
        frontier.add([article("a.example", name)], now=NOW, due_at=after(due))
    frontier.add([article("b.example")], now=NOW)
    assert [due.key for due in claim(frontier, at=3)] == ["http://b.example/a", "http://a.example/early"]


def test_no_more_is_claimed_than_there_is_room_for(frontier):
    frontier.add([article(f"{n}.example") for n in range(5)], now=NOW)
    assert len(claim(frontier, limit=3)) == 3
    assert len(claim(frontier, limit=3)) == 2


def test_what_is_done_is_due_when_it_was_said_or_never(frontier):
    frontier.add([article("a.example"), article("b.example")], now=NOW)
    a, b = sorted(claim(frontier), key=lambda due: due.host)
    for due, again in ((a, after(50)), (b, None)):
        frontier.release(due.host, next_at=NOW)
        frontier.done(due, again_at=again)
    assert (frontier.is_due("article", a.key), frontier.is_due("article", b.key)) == (True, False)
    assert claim(frontier, at=49) == []
    assert [due.host for due in claim(frontier, at=50)] == ["a.example"]


def test_failures_are_counted_until_something_else_comes(frontier):
    frontier.add([article("a.example")], now=NOW)
    tries = []
    for failed in (True, True, False, True):
        [due] = claim(frontier)
        tries.append(due.tries)
        frontier.release(due.host, next_at=NOW)
        frontier.done(due, again_at=NOW, failed=failed)
    assert tries == [0, 1, 2, 0]


def test_a_link_that_was_let_go_can_be_woken_and_an_unknown_one_cannot(frontier):
    frontier.add([article("a.example")], now=NOW)
    [due] = claim(frontier)
    frontier.release(due.host, next_at=NOW)
    frontier.done(due, again_at=None)
    frontier.wake("article", due.key, at=after(7))
    frontier.wake("article", "http://nobody.example/", at=NOW)
    assert claim(frontier, at=6) == []
    assert claim(frontier, at=7) == [due]


def test_waking_never_puts_a_link_off(frontier):
    frontier.add([article("a.example")], now=NOW, due_at=after(5))
    frontier.wake("article", "http://a.example/a", at=after(50))
    assert frontier.next_due() == after(5)


# ── sources that are no longer wanted ────────────────────────────────────────────────────────────────────────────────


def sources(frontier: Frontier) -> None:
    frontier.add(
        [
            ("home", "http://a.example/", "http://a.example/", "a.example", None),
            ("feed", "http://a.example/feed", "http://a.example/feed", "a.example", "http://a.example/"),
            ("home", "http://b.example/", "http://b.example/", "b.example", None),
            ("feed", "http://b.example/feed", "http://b.example/feed", "b.example", "http://b.example/"),
            ("article", "http://b.example/1", "http://b.example/1", "c.example", "http://b.example/feed"),
        ],
        now=NOW,
    )


def test_a_source_that_is_not_wanted_any_more_rests_with_the_feeds_found_through_it(frontier):
    sources(frontier)
    assert frontier.keep_only(["http://a.example/"]) == 2
    assert hosts(claim(frontier)) == ["a.example", "c.example"]  # links to articles stay due
    assert not frontier.is_due("feed", "http://b.example/feed")


def test_a_pass_does_not_put_to_rest_what_a_living_daemon_watches(open_frontier):
    feed: tuple[Wanted, str, str, str, str | None] = (
        "feed",
        "http://a.example/f",
        "http://a.example/f",
        "a.example",
        None,
    )
    daemon, one_pass = open_frontier(name_of_process()), open_frontier("a pass")
    daemon.add([feed], now=NOW)
    daemon.keep_only(["http://a.example/f"])
    assert one_pass.keep_only([]) == 0
    assert daemon.keep_only([]) == 1


def test_a_feed_that_is_wanted_itself_stays_though_the_home_page_that_led_to_it_goes(frontier):
    sources(frontier)
    assert frontier.keep_only(["http://b.example/feed"]) == 3
    assert frontier.is_due("feed", "http://b.example/feed")


def test_a_source_that_rests_can_be_wanted_again(frontier):
    sources(frontier)
    frontier.keep_only([])
    frontier.keep_only(["http://b.example/"])
    frontier.wake("home", "http://b.example/", at=NOW)
    assert hosts(claim(frontier)) == ["b.example", "c.example"]


def test_a_source_that_is_dropped_while_it_is_polled_is_not_polled_again(frontier):
    frontier.add([("feed", "k", "http://a.example/feed", "a.example", None)], now=NOW)
    [due] = claim(frontier)
    frontier.keep_only([])
    frontier.release(due.host, next_at=NOW)
    frontier.done(due, again_at=after(300))
    assert frontier.next_due() is None
    assert frontier.let_go() == 0
    assert frontier.counts(now=after(999)) == {"links": 1, "due": 0, "claimed": 0, "hosts": 1}


# ── leases ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_a_process_that_died_had_claimed_is_due_again_by_itself(open_frontier):
    dead, alive = open_frontier("dead"), open_frontier("alive")
    dead.add([article("a.example")], now=NOW)
    [due] = claim(dead)
    dead.close()
    assert claim(alive, at=LEASE - 1) == []
    assert alive.next_due() == after(LEASE)
    assert claim(alive, at=LEASE) == [due]


def test_what_a_process_that_is_no_more_holds_is_free_when_the_next_one_opens(open_frontier):
    child = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    dead, alive = f"{socket.gethostname()} {int(child.stdout)} 1", name_of_process()
    first = open_frontier(dead)
    first.add([article("a.example"), article("b.example")], now=NOW)
    first.take("c.example", now=NOW, seconds=LEASE, hop=False)
    assert hosts(claim(first, limit=1)) == ["a.example"]
    open_frontier(alive).take("d.example", now=NOW, seconds=LEASE, hop=False)
    third = open_frontier("three")
    assert hosts(claim(third)) == ["a.example", "b.example"]
    assert third.take("c.example", now=NOW, seconds=LEASE, hop=False) is None
    assert third.take("d.example", now=NOW, seconds=LEASE, hop=False) == after(LEASE)


def test_of_another_machine_s_process_nobody_knows_whether_it_lives():
    assert is_alive("elsewhere 1 1")
    assert is_alive(name_of_process())


def test_waking_a_link_that_is_being_visited_does_not_let_another_claim_it(open_frontier):
    one = open_frontier()
    one.add([article("a.example")], now=NOW)
    (due,) = claim(one)
    one.wake("article", due.key, at=NOW)
    one.release("a.example", next_at=NOW)
    assert claim(open_frontier("two")) == []


def test_a_claim_that_ran_out_is_named_once(frontier):
    frontier.add([article("a.example"), article("b.example")], now=NOW)
    [kept] = claim(frontier, limit=1)
    assert frontier.stalled(now=after(LEASE - 1)) == []
    assert frontier.stalled(now=after(LEASE)) == [kept.url]
    assert frontier.stalled(now=after(LEASE)) == []
    assert len(claim(frontier, at=LEASE)) == 2


def test_a_process_that_stops_in_order_leaves_nothing_claimed(open_frontier):
    stopping, other = open_frontier("stopping"), open_frontier("other")
    stopping.add([article("a.example"), article("b.example"), article("c.example")], now=NOW)
    claim(stopping, limit=2)
    claim(other, limit=1)
    assert stopping.let_go() == 2
    assert len(claim(other)) == 2
    assert other.counts(now=NOW) == {"links": 3, "due": 0, "claimed": 3, "hosts": 3}


def test_a_process_that_stops_does_not_free_a_host_that_another_is_at(open_frontier):
    stopping, other = open_frontier("stopping"), open_frontier("other")
    stopping.add([article("a.example", "1"), article("a.example", "2"), article("a.example", "3")], now=NOW)
    claim(stopping)
    stopping.release("a.example", next_at=after(5))  # its answer is here and is being understood
    assert len(claim(other, at=5)) == 1
    stopping.let_go()
    assert claim(stopping, at=20) == []
    assert other.take("a.example", now=after(20), seconds=LEASE, hop=True) == after(5 + LEASE)


def test_the_frontier_survives_its_process(open_frontier):
    first = open_frontier()
    first.add([article("a.example")], now=NOW)
    first.learn("k", Rhythm(rate_events=3, rate_days=2, failures=1), answered_at=NOW)
    first.close()
    second = open_frontier("next")
    assert (first.fresh, second.fresh) == (True, False)
    assert second.rhythm("k") == (Rhythm(rate_events=3, rate_days=2, failures=1), NOW)
    assert len(claim(second)) == 1


def test_a_frontier_that_is_none_is_named_with_what_to_do(path):
    path.write_bytes(b"no database at all, " * 100)
    with pytest.raises(WriteFailed, match="move it away"):
        Frontier(path, owner="one")


def test_a_source_never_polled_has_taught_nothing(frontier):
    assert frontier.rhythm("k") == (Rhythm(), None)


def test_a_poll_that_failed_leaves_the_time_of_the_last_answer(frontier):
    frontier.learn("k", Rhythm(), answered_at=NOW)
    frontier.learn("k", Rhythm(failures=1), answered_at=None)
    assert frontier.rhythm("k") == (Rhythm(failures=1), NOW)


# ── slots ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def take(frontier: Frontier, at: float = 0, *, hop: bool = False) -> datetime | None:
    return frontier.take("a.example", now=after(at), seconds=LEASE, hop=hop)


def test_a_host_that_nobody_knows_is_free(frontier):
    assert frontier.free_at("a.example") is None
    assert take(frontier) is None
    assert frontier.free_at("a.example") == after(LEASE)


@pytest.mark.parametrize("hop", [True, False])
def test_while_a_request_is_in_flight_nobody_else_asks_the_host(open_frontier, hop):
    assert take(open_frontier("one")) is None
    assert take(open_frontier("two"), 1, hop=hop) == after(LEASE)
    assert take(open_frontier("three"), LEASE, hop=hop) is None


def test_a_visit_waits_for_the_delay_and_a_hop_of_one_under_way_does_not(frontier):
    take(frontier)
    frontier.release("a.example", next_at=after(5))
    assert take(frontier, 1) == after(5)
    assert take(frontier, 1, hop=True) is None


def test_a_host_that_is_visited_by_hand_is_not_claimed_meanwhile(open_frontier):
    daemon, by_hand = open_frontier("daemon"), open_frontier("by hand")
    daemon.add([article("a.example")], now=NOW)
    take(by_hand)
    assert claim(daemon, at=1) == []
    by_hand.release("a.example", next_at=after(6))
    assert claim(daemon, at=5.9) == []
    assert len(claim(daemon, at=6)) == 1


def test_a_host_that_asked_for_more_time_gets_it_whatever_is_said_later(frontier):
    frontier.rest("a.example", until=after(3600))  # nobody knows it yet: that it asked is not forgotten
    take(frontier)
    frontier.rest("a.example", until=after(3600))
    frontier.release("a.example", next_at=after(5))
    assert frontier.free_at("a.example") == after(3600)


def test_a_host_that_is_to_rest_is_not_taken_from_whoever_is_at_it(open_frontier):
    one, two = open_frontier("one"), open_frontier("two")
    take(one)
    one.rest("a.example", until=after(5))
    assert take(two, 6, hop=True) == after(LEASE)


def test_a_slot_that_ran_out_and_is_another_s_by_now_is_not_given_back(open_frontier):
    slow, other = open_frontier("slow"), open_frontier("other")
    take(slow)
    assert take(other, LEASE) is None
    slow.release("a.example", next_at=after(LEASE + 5))
    assert take(slow, LEASE + 6) == after(2 * LEASE)


def test_refusals_are_counted_in_a_row(frontier):
    assert [frontier.refused("a.example", again=again) for again in (True, True, False, True)] == [1, 2, 0, 1]


# ── politeness, over every schedule ──────────────────────────────────────────────────────────────────────────────────

DELAY = 5.0
HOSTS = ("a.example", "b.example", "c.example")

STEPS = st.lists(
    st.tuples(
        st.floats(0, 4),  # seconds that pass before it
        st.sampled_from(["claim", "answer", "answer", "hop", "late", "report", "by hand", "die", "stop", "rest"]),
        st.integers(0, 1),  # the process
        st.integers(0, 2),  # the host
    ),
    min_size=10,
    max_size=80,
)  # fmt: skip


class Schedule:
    """Two processes that fetch as the gate does, and the rules they may not break."""

    def __init__(self, path: Path) -> None:
        self.now = 0.0
        self.processes = [Frontier(path, owner=f"process {n}") for n in range(2)]
        self.asking: dict[str, tuple[int, float]] = {}  # host → who has a request in flight, and until when at most
        self.answered: dict[str, float] = {}  # host → when the last answer came
        self.unreported: list[tuple[int, Due]] = []
        rows = [article(host, str(n)) for host in HOSTS for n in range(20)]
        self.processes[0].add(rows, now=NOW)
        self.visits = 0

    def close(self) -> None:
        for process in self.processes:
            process.close()

    def begin(self, process: int, host: str, *, hop: bool) -> None:
        _, until = self.asking.get(host, (process, 0.0))
        assert until <= self.now, f"two requests to {host} at once"
        if not hop:
            since = self.now - self.answered.get(host, -DELAY)
            assert since >= DELAY - 1e-3, f"{host} was visited {since} s after the last visit"
            self.visits += 1
        self.asking[host] = (process, self.now + LEASE)

    def claim(self, process: int, _: str) -> None:
        claimed = claim(self.processes[process], at=self.now, limit=2)
        assert len(set(hosts(claimed))) == len(claimed)
        for due in claimed:
            self.begin(process, due.host, hop=False)
            self.unreported.append((process, due))

    def by_hand(self, process: int, host: str) -> None:
        self._take(process, host, hop=False)

    def hop(self, process: int, host: str) -> None:
        """A redirect may lead anywhere at any time."""
        self._take(process, host, hop=True)

    def _take(self, process: int, host: str, *, hop: bool) -> None:
        at = self.processes[process].take(host, now=after(self.now), seconds=LEASE, hop=hop)
        assert at is None or at > after(self.now)
        if at is None:
            self.begin(process, host, hop=hop)

    def answer(self, process: int, host: str) -> None:
        whose, until = self.asking.get(host, (None, 0.0))
        if whose == process and until > self.now:
            del self.asking[host]
            self.answered[host] = self.now
            self.processes[process].release(host, next_at=after(self.now + DELAY))

    def late(self, process: int, host: str) -> None:
        """An answer came when the slot had run out, and another may be at the host."""
        if self.asking.get(host, (None, 0.0))[0] != process:
            self.processes[process].release(host, next_at=after(self.now))

    def report(self, process: int, host: str) -> None:
        """An answer was understood: any time later, perhaps when the claim has run out."""
        mine = [(who, due) for who, due in self.unreported if (who, due.host) == (process, host)]
        for each in mine:
            if self.asking.get(host, (None,))[0] != process:
                self.unreported.remove(each)
                self.processes[process].done(each[1], again_at=after(self.now + 10))

    def rest(self, process: int, host: str) -> None:
        self.processes[process].rest(host, until=after(self.now + 1))

    def die(self, process: int, _: str) -> None:
        """Its requests break off; nobody is told."""
        self.unreported = [(who, due) for who, due in self.unreported if who != process]

    def stop(self, process: int, _: str) -> None:
        for host in HOSTS:
            self.answer(process, host)
        self.processes[process].let_go()
        self.die(process, "")


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_no_two_visits_to_a_host_lie_within_its_delay_and_no_two_requests_are_in_flight(steps):
    with TemporaryDirectory() as folder:
        schedule = Schedule(Path(folder) / "frontier.sqlite")
        try:
            for passed, step, process, host in steps:
                schedule.now += passed
                getattr(schedule, step.replace(" ", "_"))(process, HOSTS[host])
            schedule.now += 2 * LEASE
            before = schedule.visits
            schedule.claim(0, "")
            schedule.claim(0, "")
            assert schedule.visits == before + len(HOSTS), "a host is held though nobody is there"
        finally:
            schedule.close()


# ── size ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def vast() -> Iterator[Frontier]:
    """10,000 sources and 100,000 links."""
    frontier = Frontier(None, owner="one")
    feeds: list[tuple[Wanted, str, str, str, str | None]] = [
        ("feed", f"http://{n}.example/feed", f"http://{n}.example/feed", f"{n}.example", None) for n in range(10_000)
    ]
    frontier.add(feeds, now=NOW, due_at=after(3600))
    frontier.add((article(f"{n % 10_000}.example", str(n)) for n in range(100_000)), now=NOW)
    yield frontier
    frontier.close()


def test_a_hundred_links_are_claimed_out_of_a_hundred_thousand_without_looking_at_them_all(vast):
    ticks = [0]

    def count() -> None:
        ticks[0] += 1

    vast._sql.set_progress_handler(count, 1_000)  # called once for so many steps of SQLite's machine
    claimed = claim(vast, limit=100)
    vast._sql.set_progress_handler(None, 0)
    assert len(set(hosts(claimed))) == 100
    assert ticks[0] < 100  # to look at every link once takes more than 500
    assert vast.counts(now=NOW) == {"links": 110_000, "due": 99_900, "claimed": 100, "hosts": 10_000}
