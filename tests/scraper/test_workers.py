"""Pages are understood in processes that may die without taking anybody along."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

import scraper.workers
from scraper.errors import ExtractError, NotAnArticle
from scraper.extract import understand
from scraper.workers import Workers
from tests.scraper.extract.pages import HEADLINE, URL, page

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"


@pytest.fixture
def workers() -> Iterator[Workers]:
    """One worker with two seconds and a gigabyte a page."""
    started = Workers(1, seconds=2, megabytes=1_000, idle_seconds=30)
    yield started
    started.close()


def reason(workers: Workers, function, *args) -> str:
    with pytest.raises(ExtractError) as caught:
        asyncio.run(workers.think(function, *args))
    return caught.value.reason


def test_a_page_is_understood_in_another_process(workers):
    assert asyncio.run(workers.think(understand, HEAD, page(), URL)).headline == HEADLINE
    assert asyncio.run(workers.think(os.getpid)) != os.getpid()


def test_what_a_page_is_instead_of_an_article_reaches_the_parent(workers):
    with pytest.raises(NotAnArticle) as caught:
        asyncio.run(workers.think(understand, HEAD, b"%PDF-1.7", URL))
    assert (caught.value.reason, caught.value.subject) == ("pdf", URL)


def test_a_page_past_its_time_ends_and_the_next_one_is_understood():
    hasty = Workers(1, seconds=0.5)
    assert reason(hasty, time.sleep, 30) == "parser-timeout"
    assert reason(hasty, sum, range(10**12)) == "parser-timeout"  # a loop in C, which no signal handler interrupts
    assert asyncio.run(hasty.think(abs, -1)) == 1
    hasty.close()


def test_a_page_past_its_memory_ends_and_the_next_one_is_understood(workers):
    assert reason(workers, bytearray, 3 << 30) == "parser-memory"
    assert asyncio.run(workers.think(abs, -1)) == 1


def test_a_page_that_takes_half_of_the_memory_leaves_the_next_one_a_new_worker():
    small = Workers(1, megabytes=400)
    first = asyncio.run(small.think(os.getpid))
    asyncio.run(small.think(_fill, 220 << 20))
    assert asyncio.run(small.think(os.getpid)) != first
    assert asyncio.run(small.think(_fill, 250 << 20)) == 250 << 20
    small.close()


def _fill(octets: int) -> int:
    return len(bytearray(octets))


def test_workers_are_renewed_now_and_then_for_parsers_may_leak(workers, monkeypatch):
    monkeypatch.setattr(scraper.workers, "PAGES_OF_A_LIFE", 2)
    assert len({asyncio.run(workers.think(os.getpid)) for _ in range(5)}) == 3


def test_a_page_out_of_memory_takes_its_worker_along(workers):
    first = asyncio.run(workers.think(os.getpid))
    assert reason(workers, bytearray, 3 << 30) == "parser-memory"
    assert asyncio.run(workers.think(os.getpid)) != first


def test_a_worker_that_is_asked_to_end_says_nothing_against_the_page(workers):
    assert reason(workers, signal.raise_signal, signal.SIGTERM) == "stopped"
    assert asyncio.run(workers.think(abs, -1)) == 1


def test_a_page_in_a_loop_in_c_is_ended_at_once(workers):
    asyncio.run(workers.think(abs, -1))
    began = time.monotonic()
    assert reason(workers, sum, range(10**12)) == "parser-timeout"
    assert time.monotonic() - began < 4  # its two seconds; pebble would wait for three more


def test_a_worker_past_its_processor_time_ends_when_nobody_is_there_to_end_it():
    code = "from scraper.workers import _begin, _limited\n_begin(1_000)\n_limited(0.1, sum, range(10**12))\n"
    ended = subprocess.run([sys.executable, "-c", code], check=False, timeout=30)
    assert ended.returncode == -signal.SIGXCPU


def test_a_parser_that_crashes_takes_only_its_worker_along(workers):
    assert reason(workers, os.abort) == "parser-crash"
    assert reason(workers, signal.raise_signal, signal.SIGKILL) == "parser-memory"
    assert asyncio.run(workers.think(abs, -1)) == 1


def test_a_fault_of_ours_is_named_and_keeps_its_cause(workers):
    with pytest.raises(ExtractError) as caught:
        asyncio.run(workers.think(int, "ferry"))
    assert caught.value.reason == "parser-error"
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_idle_worker_killed_from_outside_is_replaced(workers):
    async def kill_and_ask():
        os.kill(await workers.think(os.getpid), signal.SIGKILL)
        return await workers.think(abs, -1)

    assert asyncio.run(kill_and_ask()) == 1


def test_ctrl_c_is_not_for_the_workers(workers):
    async def interrupt_and_ask():
        worker = await workers.think(os.getpid)
        os.kill(worker, signal.SIGINT)
        return await workers.think(os.getpid) == worker

    assert asyncio.run(interrupt_and_ask())


def test_workers_start_with_the_first_page_and_end_when_idle():
    workers = Workers(1, idle_seconds=0.05)
    assert not workers.running

    async def rest() -> tuple[bool, bool]:
        await workers.think(abs, -1)
        busy = workers.running
        await asyncio.sleep(0.2)
        return busy, workers.running

    assert asyncio.run(rest()) == (True, False)


def test_a_page_whose_reader_gave_up_frees_its_worker(workers):
    async def give_up_and_ask():
        await workers.think(abs, -1)  # the worker is up
        page_in_hand = asyncio.ensure_future(workers.think(time.sleep, 1.9))
        await asyncio.sleep(0.2)
        page_in_hand.cancel()
        return await workers.think(abs, -1)

    assert asyncio.run(give_up_and_ask()) == 1


def test_closing_leaves_nobody_waiting(workers):
    async def close_in_between() -> list[object]:
        pages = [asyncio.ensure_future(workers.think(time.sleep, 1.9)) for _ in range(3)]
        await asyncio.sleep(0.2)
        workers.close()
        return await asyncio.wait_for(asyncio.gather(*pages, return_exceptions=True), 10)

    assert all(isinstance(outcome, ExtractError) for outcome in asyncio.run(close_in_between()))


def order(workers: Workers, subjects: list[str]) -> list[str]:
    """In which order the pages come back."""
    back: list[str] = []

    async def page_of(subject: str) -> None:
        await workers.think(_slow, subject)
        back.append(subject)

    async def all_of_them() -> None:
        await workers.think(abs, -1)
        await asyncio.gather(*map(page_of, subjects))

    asyncio.run(all_of_them())
    return back


def _slow(subject: str) -> None:
    if "bad" in subject:
        time.sleep(0.05)


BAD = [f"https://{number}.bad.example/{number}" for number in range(20)]
GOOD = "https://good.example/"


def test_a_page_waits_for_no_more_of_another_site_than_are_in_hand(workers):
    assert order(workers, [*BAD, GOOD]).index(GOOD) <= 3
    assert order(workers, [*BAD, GOOD, f"{GOOD}2", "https://fine.example/"])[:6].count(GOOD) == 1


@pytest.mark.parametrize("taken_out", ["turns", "the registrable domain"])
def test_without_turns_by_site_it_waits_for_all_of_them(workers, taken_out, monkeypatch):
    monkeypatch.setattr(scraper.workers, *(("site_of", lambda _: "") if taken_out == "turns" else ("registrable", str)))
    assert order(workers, [*BAD, GOOD]).index(GOOD) >= 19


def test_a_page_whose_reader_gave_up_while_it_waited_takes_no_turn(workers):
    async def give_up() -> list[int]:
        waiting = [asyncio.ensure_future(workers.think(_slow, subject)) for subject in BAD]
        await asyncio.sleep(0)
        for each in waiting[::2]:
            each.cancel()
        await asyncio.wait(waiting)
        return [await workers.think(abs, -number) for number in range(4)]

    assert asyncio.run(give_up()) == [0, 1, 2, 3]
    assert workers._turns._free == 2


def test_the_parent_never_loads_a_parser():
    code = (
        "import sys; from scraper.extract import understand; from scraper.workers import Workers;"
        "print({'lxml', 'trafilatura', 'selectolax', 'htmldate'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "set()\n"


def test_a_worker_ends_when_its_parent_was_killed():
    code = (
        "import asyncio, os, time; from scraper.workers import Workers\n"
        "async def main():\n"
        "    workers = Workers(1)\n"
        "    print(await workers.think(os.getpid), flush=True)\n"
        "    time.sleep(60)\n"
        "if __name__ == '__main__': asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        worker = int(parent.stdout.readline())
        parent.kill()
    until = time.monotonic() + 20
    while _is_running(worker) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _is_running(worker)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


BESIDE_MUCH = """
import asyncio, os
from scraper.workers import Workers

if __name__ == "__main__":
    held = bytearray(os.urandom(1 << 20)) * 300
    workers = Workers(1, megabytes=500)
    print(asyncio.run(workers.think(len, "a page")))
    workers.close()
"""


def test_what_the_parent_holds_is_not_counted_as_its_workers_memory(tmp_path):
    script = tmp_path / "much.py"
    script.write_text(BESIDE_MUCH)
    ran = subprocess.run([sys.executable, script], check=False, capture_output=True, text=True, timeout=60)
    assert ran.stdout == "6\n", ran.stderr
