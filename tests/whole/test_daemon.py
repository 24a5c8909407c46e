"""`pressmark daemon`: it starts, polls, keeps, and ends; and nothing is lost when it is killed."""

import shutil
import signal
import subprocess
import threading
from typing import Any

import pytest

from archive import open_archive
from scraper.demo import ARTICLES, Answer, Asked, Press
from tests.whole.conftest import LIGHTHOUSE
from tests.whole.terminal import PAPERS, PATIENCE, PRESSMARK, Terminal, run

WIRE, TONIGHT = PAPERS[2], PAPERS[3]
OF_THE_WIRE = {story.url for story in ARTICLES if story.host == "kosova-wire.example"}
OF_BOTH = OF_THE_WIRE | {story.url for story in ARTICLES if story.host == "world-tonight.example"}
SLOW = "http://slow-press.example/story"


def kept(log: list[dict[str, Any]]) -> set[str]:
    """The URLs of the articles that the log says were kept."""
    visits = [line for line in log if line["event"] == "visit" and line["role"] == "article"]
    return {visit["url"] for visit in visits if visit["outcome"] in ("new", "copy")}


def visited(log: list[dict[str, Any]]) -> list[str]:
    """The URLs of the articles that the log says were asked for."""
    return [line["url"] for line in log if line["event"] == "visit" and line["role"] == "article"]


@pytest.fixture
def slow(press: Press) -> threading.Event:
    """A page that is never answered; the event is set once somebody asks for it."""
    asked_for = threading.Event()

    def silence(asked: Asked) -> Answer:
        asked_for.set()
        return Answer(pause=600.0)

    press.add(SLOW, silence)
    return asked_for


def test_a_daemon_keeps_what_its_sources_announce_and_ends_clean(pressmark: Terminal):
    pressmark.watch(WIRE, TONIGHT, daemon={"heartbeat": 1})
    with pressmark.running("daemon") as daemon:
        daemon.until(lambda log: kept(log) >= OF_BOTH and log[-1]["event"] == "heartbeat")
        assert daemon.send(signal.SIGTERM) == 0
        log = daemon.log
    events = [line["event"] for line in log]
    assert (events[0], events[-1]) == ("started", "stopped")
    assert sorted(visited(log)) == sorted(OF_BOTH)
    assert all({"outcome", "seconds", "timestamp", "level"} <= line.keys() for line in log if line["event"] == "visit")
    assert all({"in_flight", "links", "due", "claimed"} <= line.keys() for line in log if line["event"] == "heartbeat")
    polls = {visit.url for visit in pressmark.all_visits() if visit.role in ("feed", "sitemap", "front")}
    assert polls == {line["url"] for line in log if line["event"] == "visit" and line["role"] != "article"}
    assert pressmark.open_warcs() == []
    assert pressmark.damages() == []
    assert pressmark.claimed() == 0


def test_a_link_is_fetched_beside_a_running_daemon(pressmark: Terminal):
    pressmark.watch(TONIGHT)
    with pressmark.running("daemon") as daemon:
        daemon.until(kept)
        fetched = pressmark("fetch", LIGHTHOUSE.url)
        shown = pressmark("show", LIGHTHOUSE.url)
        assert daemon.send(signal.SIGINT) == 0
    assert (fetched.code, fetched.out) == (0, LIGHTHOUSE.text)
    assert shown.out == LIGHTHOUSE.text
    assert pressmark.damages() == []
    assert pressmark.open_warcs() == []


def test_a_server_that_is_silent_does_not_hold_up_the_end(pressmark: Terminal, slow: threading.Event):
    pressmark.watch({"name": "Slow", "pages": [SLOW]})
    with pressmark.running("daemon") as daemon:
        assert slow.wait(PATIENCE)
        assert daemon.send(signal.SIGTERM) == 0
    assert pressmark.claimed() == 0
    assert pressmark.open_warcs() == []


def test_nothing_is_lost_with_a_daemon_that_is_killed(pressmark: Terminal, press: Press, slow: threading.Event):
    pressmark.watch(WIRE, {"name": "Slow", "pages": [SLOW]})
    with pressmark.running("daemon") as killed:
        killed.until(kept)
        assert slow.wait(PATIENCE)
        assert killed.send(signal.SIGKILL) == -signal.SIGKILL
    assert pressmark.open_warcs()
    texts = pressmark.texts()
    press.add(SLOW, Answer(status=404))
    with pressmark.running("daemon") as heir:
        log = heir.until(lambda log: kept(killed.log) | kept(log) >= OF_THE_WIRE and SLOW in visited(log))
        assert heir.send(signal.SIGTERM) == 0
    [recovered] = [line for line in log if line["event"] == "recovered"]
    assert recovered["records"] > 0
    assert not kept(killed.log) & kept(log)
    assert pressmark.texts().items() >= texts.items()
    assert len(pressmark.texts()) == len(OF_THE_WIRE)
    assert pressmark.damages() == []
    assert pressmark.open_warcs() == []
    assert pressmark.claimed() == 0


def test_a_source_that_was_added_is_polled_by_the_next_daemon(pressmark: Terminal):
    pressmark("add", "http://kosova-wire.example/")
    with pressmark.running("daemon") as daemon:
        daemon.until(lambda log: kept(log) >= OF_THE_WIRE)
        assert daemon.send(signal.SIGTERM) == 0
    assert pressmark.damages() == []


def test_two_daemons_on_one_archive_keep_everything_once(pressmark: Terminal):
    pressmark.watch(WIRE, TONIGHT, daemon={"heartbeat": 1})
    with pressmark.running("daemon") as one, pressmark.running("daemon") as other:
        while not kept(one.log) | kept(other.log) >= OF_BOTH:
            for daemon in (one, other):
                daemon.one_more()
        assert [daemon.send(signal.SIGTERM) for daemon in (one, other)] == [0, 0]
    assert kept(one.log) | kept(other.log) == OF_BOTH
    assert not kept(one.log) & kept(other.log)
    assert pressmark.damages() == []
    assert pressmark.claimed() == 0


def test_two_passes_at_once_keep_everything_once(pressmark: Terminal):
    pressmark.watch(WIRE, TONIGHT)
    with pressmark.running("fetch") as one, pressmark.running("fetch") as other:
        assert [one.ended(), other.ended()] == [0, 0]
    with pressmark.reading() as archive, archive.reading() as reading:
        assert {url: len(reading.revisions_of(url)) for url in OF_BOTH} == dict.fromkeys(OF_BOTH, 1)
    assert pressmark.damages() == []
    assert pressmark.open_warcs() == []


def test_a_daemon_wants_a_contact_and_a_source_first(pressmark: Terminal):
    pressmark.config.write_text("contact: ''\n")
    ran = pressmark("daemon")
    assert (ran.code, ran.out) == (2, "")
    contact, source = ran.err.splitlines()
    assert f"{pressmark.config}:1" in contact
    assert "contact is empty" in contact
    assert "no source is switched on" in source
    assert not pressmark.archive.exists()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_fetch_that_is_interrupted_leaves_a_sound_archive(
    desk: Terminal, slow: threading.Event, number: signal.Signals, code: int
):
    with desk.running("fetch", SLOW) as fetch:
        assert slow.wait(PATIENCE)
        assert fetch.send(number) == code
    assert desk.damages() == []
    assert desk.open_warcs() == []
    assert list(desk.texts().values()) == [LIGHTHOUSE.text]


def test_a_pass_that_is_interrupted_is_taken_up_by_the_next(pressmark: Terminal, press: Press, slow: threading.Event):
    pressmark.watch({"name": "Slow", "pages": [SLOW]}, WIRE)
    with pressmark.running("fetch") as one:
        assert slow.wait(PATIENCE)
        assert one.send(signal.SIGTERM) == 143
    assert pressmark.claimed() == 0
    press.add(SLOW, Answer(status=404))
    ran = pressmark("fetch")
    assert ran.code in (1, 3)
    with pressmark.reading() as archive, archive.reading() as reading:
        assert {url: len(reading.revisions_of(url)) for url in OF_THE_WIRE} == dict.fromkeys(OF_THE_WIRE, 1)
    assert f"gone        {'-':<20} {SLOW}" in ran.out
    assert pressmark.damages() == []


@pytest.mark.parametrize("command", [["cp", "-r"], ["cp", "-a"], ["rsync", "-a", "--delete", "--exclude=.*"]])
def test_a_copy_taken_while_a_daemon_writes_is_a_sound_archive(pressmark: Terminal, command: list[str]):
    if not shutil.which(command[0]):
        pytest.skip(f"no {command[0]}")
    pressmark.watch(WIRE, TONIGHT)
    copy = pressmark.folder / "copy"
    with pressmark.running("daemon") as daemon:
        for _ in range(2):
            daemon.one_more()
            before = kept(daemon.until(kept))
            subprocess.run([*command, f"{pressmark.archive}/.", str(copy)], check=False, capture_output=True)
            told = run([*PRESSMARK, "-C", str(copy), "verify"], pressmark.folder)
            assert (told.code, "all as they were written" in told.out) == (0, True), told
            listed = run([*PRESSMARK, "-C", str(copy), "list"], pressmark.folder)
            assert listed.code == 0 or "`pressmark rebuild` makes it anew" in listed.refusal
            assert run([*PRESSMARK, "-C", str(copy), "rebuild"], pressmark.folder).code == 0
            with open_archive(copy) as archive, archive.reading() as reading:
                assert all(reading.latest(url) for url in before)
            shutil.rmtree(copy)
        assert daemon.send(signal.SIGTERM) == 0
