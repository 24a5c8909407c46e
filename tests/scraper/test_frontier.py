"""What is due, who is at it, and when a host may be visited: two processes on one file, on a made-up clock."""

import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from archive.errors import WriteFailed
from scraper.frontier import Due, Frontier, Parting, Wanted, is_alive, name_of_process
from scraper.politeness import Standing
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


def dead_process() -> str:
    """What a process that is no more was called."""
    child = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    return f"{socket.gethostname()} {int(child.stdout)} 1"


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
        frontier.release(due.host)
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
        frontier.release(due.host)
        frontier.done(due, again_at=NOW, failed=failed)
    assert tries == [0, 1, 2, 0]


def test_a_link_that_was_let_go_can_be_woken_and_an_unknown_one_cannot(frontier):
    frontier.add([article("a.example")], now=NOW)
    [due] = claim(frontier)
    frontier.release(due.host)
    frontier.done(due, again_at=None)
    frontier.wake("article", due.key, at=after(7))
    frontier.wake("article", "http://nobody.example/", at=NOW)
    assert claim(frontier, at=6) == []
    assert claim(frontier, at=7) == [replace(due, is_first=False)]


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
    frontier.release(due.host)
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
    dead, alive = dead_process(), name_of_process()
    first = open_frontier(dead)
    first.add([article("a.example"), article("b.example")], now=NOW)
    first.take("c.example", now=NOW, seconds=LEASE)
    assert hosts(claim(first, limit=1)) == ["a.example"]
    open_frontier(alive).take("d.example", now=NOW, seconds=LEASE)
    third = open_frontier("three")
    assert hosts(claim(third)) == ["a.example", "b.example"]
    assert third.take("c.example", now=NOW, seconds=LEASE) is None
    assert third.take("d.example", now=NOW, seconds=LEASE) == after(LEASE)


def test_of_another_machine_s_process_nobody_knows_whether_it_lives():
    assert is_alive("elsewhere 1 1")
    assert is_alive(name_of_process())


def test_waking_a_link_that_is_being_visited_does_not_let_another_claim_it(open_frontier):
    one = open_frontier()
    one.add([article("a.example")], now=NOW)
    (due,) = claim(one)
    one.wake("article", due.key, at=NOW)
    one.release("a.example")
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
    leave(stopping, 0, pause=5)  # its answer is here and is being understood
    assert len(claim(other, at=5)) == 1
    stopping.let_go()
    assert claim(stopping, at=20) == []
    assert take(other, 20) == after(5 + LEASE + 5)


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


def take(frontier: Frontier, at: float = 0, *, past: datetime = NOW, address: str | None = None) -> datetime | None:
    return frontier.take("a.example", now=after(at), seconds=LEASE, past=past, address=address)


def leave(frontier: Frontier, at: float, *, pause: float, delay: float | None = None) -> datetime:
    """The visit's request is over at that time."""
    kept = timedelta(seconds=pause if delay is None else delay)

    def parting(before: Standing) -> Parting:
        return Parting(standing=before, delay=kept, pause=timedelta(seconds=pause))

    return frontier.leave("a.example", now=after(at), parting=parting)


def test_a_host_that_nobody_knows_is_free(frontier):
    assert frontier.free_at("a.example") is None
    assert take(frontier) is None
    assert frontier.free_at("a.example") == after(LEASE)


def test_while_a_request_is_in_flight_nobody_else_asks_the_host(open_frontier):
    assert take(open_frontier("one")) is None
    assert take(open_frontier("two"), 1) == after(LEASE)
    assert take(open_frontier("three"), LEASE) is None


def test_a_visit_waits_for_the_delay_but_not_for_the_pause_that_it_caused_itself(open_frontier):
    one, two = open_frontier("one"), open_frontier("two")
    take(one)
    own = leave(one, 1, pause=5)
    assert own == after(6)
    assert take(two, 2) == own
    assert take(one, 2, past=own) is None
    assert take(two, 3, past=own) == after(2 + LEASE + 5)  # somebody is there


def test_a_visit_that_comes_back_waits_when_somebody_else_was_there_meanwhile(open_frontier):
    one, two = open_frontier("one"), open_frontier("two")
    take(one)
    own = leave(one, 1, pause=5)
    take(two, 6)
    theirs = leave(two, 7, pause=5)
    assert take(one, 8, past=own) == theirs


def test_a_slot_that_was_never_given_back_is_free_when_the_delay_has_passed_since_it_ran_out(open_frontier):
    dead, other = open_frontier("dead"), open_frontier("other")
    take(dead)
    leave(dead, 0, pause=600)
    take(dead, 600)
    assert take(other, 601) == after(600 + LEASE + 600)


def test_the_delay_that_robots_txt_asks_for_holds_from_the_first_visit_on(open_frontier):
    dead, other = open_frontier("dead"), open_frontier("other")
    dead.heed("a.example", delay=timedelta(seconds=600))
    take(dead)
    assert take(other, 1) == after(LEASE + 600)


def test_a_host_that_is_visited_by_hand_is_not_claimed_meanwhile(open_frontier):
    daemon, by_hand = open_frontier("daemon"), open_frontier("by hand")
    daemon.add([article("a.example")], now=NOW)
    take(by_hand)
    assert claim(daemon, at=1) == []
    leave(by_hand, 1, pause=5)
    assert claim(daemon, at=5.9) == []
    assert len(claim(daemon, at=6)) == 1


def test_a_host_that_asked_for_more_time_gets_it_whatever_is_said_later(frontier):
    assert leave(frontier, 0, pause=3600) == after(3600)
    assert leave(frontier, 1, pause=5) == after(3600)
    assert frontier.free_at("a.example") == after(3600)


def test_a_slot_that_ran_out_and_is_another_s_by_now_is_not_given_back(open_frontier):
    slow, other = open_frontier("slow"), open_frontier("other")
    take(slow)
    assert take(other, LEASE) is None
    leave(slow, LEASE, pause=5)
    assert take(slow, LEASE + 6) == after(2 * LEASE + 5)
    slow.release("a.example")
    assert take(slow, LEASE + 6) == after(2 * LEASE + 5)


def test_a_slot_that_was_not_used_is_free_at_once(frontier):
    take(frontier)
    frontier.release("a.example")
    assert take(frontier) is None


def test_what_a_host_needs_and_refuses_is_remembered_over_a_restart(open_frontier):
    first = open_frontier("one")
    kept = Parting(standing=Standing(30.0, 2), delay=timedelta(0), pause=timedelta(0))
    first.leave("a.example", now=NOW, parting=lambda _: kept)
    first.close()
    seen: list[Standing] = []

    def parting(before: Standing) -> Parting:
        seen.append(before)
        return kept

    open_frontier("two").leave("a.example", now=NOW, parting=parting)
    assert seen == [Standing(30.0, 2)]


def test_a_host_that_a_dead_process_was_at_is_left_alone_for_its_delay(open_frontier):
    first = open_frontier(dead_process())
    take(first)
    leave(first, 0, pause=600)
    take(first, 600)
    opened_at = datetime.now(UTC)  # on the real clock: nobody knows since when it is dead
    assert open_frontier("two").rests_until("a.example") >= opened_at + timedelta(seconds=600)


def test_a_frontier_of_an_earlier_pressmark_keeps_what_it_knows_of_hosts(path, open_frontier):
    with closing(sqlite3.connect(path)) as sql, sql:
        sql.execute(
            "CREATE TABLE hosts (host TEXT PRIMARY KEY, next_at REAL NOT NULL DEFAULT 0, busy_until REAL NOT NULL"
            " DEFAULT 0, held_by TEXT, ready_at REAL, refusals INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID"
        )
        soon = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
        sql.execute("INSERT INTO hosts VALUES ('a.example', ?, 0, NULL, NULL, 2)", (soon.timestamp(),))
    frontier = open_frontier()
    assert frontier.rests_until("a.example") == soon
    before: list[Standing] = []
    kept = Parting(standing=Standing(), delay=timedelta(0), pause=timedelta(0))

    def parting(standing: Standing) -> Parting:
        before.append(standing)
        return kept

    frontier.leave("a.example", now=NOW, parting=parting)
    assert before == [Standing(0.0, 2)]
    open_frontier("another")  # a second time there is nothing to add


# ── room at an address ───────────────────────────────────────────────────────────────────────────────────────────────

CDN, NEIGHBOUR = "192.0.2.80", "192.0.2.81"


@pytest.fixture
def crowded(path):
    """A frontier of ten hosts at one address and one at another, each known and due, two at once to an address."""
    frontier = Frontier(path, owner="one", per_address=2)
    for name in (*(f"{n}.example" for n in range(10)), "z.example"):
        frontier.add([article(name)], now=NOW, due_at=after(int(name[0]) if name[0] != "z" else 99))
        frontier.take(name, now=NOW, seconds=LEASE, address=NEIGHBOUR if name == "z.example" else CDN)
        frontier.release(name)
    yield frontier
    frontier.close()


def test_of_many_names_on_one_machine_only_so_many_are_visited_at_once(crowded):
    assert hosts(claim(crowded, at=100)) == ["0.example", "1.example", "z.example"]
    assert claim(crowded, at=101) == []


def test_whoever_has_waited_longest_for_room_at_an_address_is_next(crowded):
    claim(crowded, at=100)
    for left, following in (("1.example", "2.example"), ("0.example", "3.example"), ("2.example", "4.example")):
        crowded.release(left)
        assert hosts(claim(crowded, at=101)) == [following]


def test_hosts_without_room_do_not_keep_others_from_being_chosen(crowded):
    assert hosts(claim(crowded, at=100, limit=1)) == ["0.example"]
    assert hosts(claim(crowded, at=100, limit=2)) == ["1.example", "z.example"]


def test_a_visit_by_hand_waits_for_room_too_and_so_does_a_redirect(crowded):
    claim(crowded, at=100)
    asked = {"now": after(101), "seconds": LEASE, "address": CDN}
    assert crowded.take("new.example", **asked) == after(101.2)
    crowded.release("0.example")
    assert crowded.take("new.example", **asked) is None


def test_a_claimed_host_that_lies_elsewhere_than_was_thought_needs_room_there(crowded):
    claimed = claim(crowded, at=100)
    assert hosts(claimed) == ["0.example", "1.example", "z.example"]
    assert not crowded.still_has("z.example", now=after(101), address=CDN)
    assert crowded.still_has("0.example", now=after(101), address=NEIGHBOUR)
    assert crowded.still_has("z.example", now=after(101), address=CDN)
    assert not crowded.still_has("z.example", now=after(100 + LEASE), address=CDN), "it ran out"


def test_who_waits_for_room_is_looked_at_again_though_nobody_says_that_there_is_some(crowded):
    for name in ("x.example", "y.example"):  # whoever is there will die, and say nothing
        crowded.take(name, now=after(100), seconds=10, address=CDN)
    assert hosts(claim(crowded, at=100)) == ["z.example"]
    assert claim(crowded, at=111) == []
    assert hosts(claim(crowded, at=160, limit=2)) == ["0.example", "1.example"]


def test_addresses_of_one_ipv6_customer_are_one(path):
    with closing(Frontier(path, owner="one", per_address=1)) as frontier:

        def finds_room(host: str, address: str) -> bool:
            return frontier.take(host, now=NOW, seconds=LEASE, address=address) is None

        assert finds_room("a.example", "2001:db8:0:7::1")
        assert not finds_room("b.example", "2001:db8:0:7:ffff::9")
        assert finds_room("c.example", "2001:db8:0:8::1")


# ── the wall clock is put ────────────────────────────────────────────────────────────────────────────────────────────


class Clocks:
    """A wall clock that can be put, and a steady one."""

    def __init__(self) -> None:
        self.wall, self.steady = NOW.timestamp(), 1000.0

    def __call__(self) -> tuple[float, float]:
        return self.wall, self.steady

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.wall, UTC)

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


@pytest.mark.parametrize("by", [86_400, -86_400, 3600, -3600])
def test_a_wall_clock_that_is_put_makes_no_pause_and_no_slot_shorter_or_longer(path, by):
    clocks = Clocks()
    with (
        closing(Frontier(path, owner="one", clocks=clocks)) as one,
        closing(Frontier(path, owner="two", clocks=clocks)) as two,
    ):
        one.take("asked.example", now=clocks.now, seconds=LEASE)
        one.take("rests.example", now=clocks.now, seconds=LEASE)
        kept = Parting(standing=Standing(), delay=timedelta(seconds=30), pause=timedelta(seconds=30))
        one.leave("rests.example", now=clocks.now, parting=lambda _: kept)
        clocks.wall += by
        for name, seconds in (("asked.example", LEASE), ("rests.example", 30)):
            two.take(name, now=clocks.now, seconds=1)  # the first to notice says when to ask again
            assert two.take(name, now=clocks.now, seconds=1) == clocks.now + timedelta(seconds=seconds)
        clocks.pass_by(30)
        assert one.take("rests.example", now=clocks.now, seconds=1) == clocks.now  # it notices, too, and moves nothing
        assert one.take("rests.example", now=clocks.now, seconds=1) is None


def test_a_clock_that_is_put_back_puts_off_no_poll(path):
    clocks = Clocks()
    with closing(Frontier(path, owner="one", clocks=clocks)) as frontier:
        frontier.add([article("a.example")], now=clocks.now, due_at=after(60))
        clocks.wall -= 86_400
        clocks.pass_by(60)
        frontier.claim(now=clocks.now, limit=1, seconds=LEASE)
        assert len(frontier.claim(now=clocks.now, limit=1, seconds=LEASE)) == 1


def test_a_claim_does_not_run_out_because_the_clock_was_put_forward(path):
    clocks = Clocks()
    with closing(Frontier(path, owner="one", clocks=clocks)) as frontier:
        frontier.add([article("a.example")], now=clocks.now)
        assert len(frontier.claim(now=clocks.now, limit=1, seconds=LEASE)) == 1
        clocks.wall += 86_400
        for _ in range(2):
            assert frontier.claim(now=clocks.now, limit=1, seconds=LEASE) == []
        assert frontier.stalled(now=clocks.now) == []


def test_the_clock_may_be_put_while_nobody_is_there_to_see_it(path):
    clocks = Clocks()
    kept = Parting(standing=Standing(), delay=timedelta(hours=1), pause=timedelta(hours=1))
    with closing(Frontier(path, owner="one", clocks=clocks)) as frontier:
        frontier.leave("a.example", now=clocks.now, parting=lambda _: kept)
    clocks.wall += 86_400
    with closing(Frontier(path, owner="two", clocks=clocks)) as frontier:
        assert frontier.rests_until("a.example") == clocks.now + timedelta(hours=1)


def test_after_a_boot_no_slot_is_held_and_no_host_rests_for_longer_than_a_day(path):
    clocks = Clocks()
    kept = Parting(standing=Standing(), delay=timedelta(0), pause=timedelta(hours=20))
    with closing(Frontier(path, owner="elsewhere 1 1", clocks=clocks, boot="first")) as frontier:
        frontier.add([article("c.example")], now=clocks.now)
        assert len(frontier.claim(now=clocks.now, limit=1, seconds=LEASE)) == 1
        frontier.leave("a.example", now=clocks.now, parting=lambda _: kept)
    clocks.wall, clocks.steady = clocks.wall - 10 * 86_400, 5.0
    with closing(Frontier(path, owner="two", clocks=clocks, boot="second")) as frontier:
        assert frontier.rests_until("a.example") == clocks.now + timedelta(days=1)
        assert len(frontier.claim(now=clocks.now, limit=1, seconds=LEASE)) == 1


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
