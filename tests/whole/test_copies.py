"""An archive copied while its daemon writes: the copy is sound, and holds every text that was told of before."""

import shutil
from collections.abc import Callable
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any

import pytest

from archive import open_archive
from scraper.demo import Answer, Asked, Press, page
from tests.archive.test_copies import COPYING, copied
from tests.whole.terminal import Terminal

PAPER = "http://evening-ferry.example"
WAYS = [way for way in COPYING if "rsync" not in way or shutil.which("rsync")]


def press_that_never_rests(press: Press, stories: int) -> dict[str, object]:
    """A paper of so many stories, each with another sentence whenever it is asked for; the source to be watched."""
    editions = count(1)

    def story(asked: Asked) -> Answer:
        said = "".join(
            f"<p>Edition {next(editions)} of the ferry's report says that line {line} of {asked.path} stays open, and"
            " that the harbour office will tell passengers at noon how many boats go on Friday and on Saturday.</p>"
            for line in range(4)
        )
        return page(f"<html><title>Ferry report</title><article><h1>Ferry report {asked.path}</h1>{said}</article>")

    urls = [f"{PAPER}/story/{n}" for n in range(stories)]
    for url in urls:
        press.add(url, story)
    items = "".join(f"<item><title>{url}</title><link>{url}</link></item>" for url in urls)
    feed = f"<rss version='2.0'><channel><title>Ferry</title><link>{PAPER}/</link>{items}</channel></rss>"
    press.add(f"{PAPER}/feed", Answer(headers=(("Content-Type", "application/rss+xml"),), body=feed.encode()))
    return {"name": "Evening Ferry", "feeds": [f"{PAPER}/feed"]}


def told(log: list[dict[str, Any]]) -> set[str]:
    """The texts that the daemon's log says are kept."""
    return {line["pressmark"] for line in log if line["event"] == "visit" and "pressmark" in line}


def holding(count: int) -> Callable[[list[dict[str, Any]]], bool]:
    """Whether a log speaks of so many texts."""
    return lambda log: len(told(log)) >= count


def copy_now(root: Path, copy: Path, way: str) -> None:
    for _ in range(20):
        if copied(root, copy, COPYING[way]):
            return
    pytest.fail("a WARC file was renamed in each of twenty copies")


def judge(desk: Terminal, copy: Path, pressmarks: set[str]) -> None:
    """As somebody would who restores it: verify, read or be told what to run, rebuild, verify, find everything."""
    here = ("-C", str(copy))
    looked = desk("verify", *here)
    assert (looked.code, "a copy that goes to 20" in looked.out) == (0, True), looked
    refused = desk("list", *here)
    assert "`pressmark rebuild` makes it anew" in refused.refusal
    assert desk("rebuild", *here).code == 0
    again = desk("verify", *here)
    assert (again.code, again.err) == (0, ""), again
    with open_archive(copy) as archive, archive.reading() as reading:
        kept = {each.pressmark: each for each in reading.all_revisions() if each.names_file}
        assert pressmarks <= kept.keys(), "told of before the copy began, and not in it"
        assert all((copy / kept[each].text_file).read_bytes() == archive.text(kept[each]) for each in pressmarks)


def copies_of_a_daemon_at_work(desk: Terminal, folder: Path, *, moments: int) -> None:
    desk.watch(press_that_never_rests(desk.press, 300), daemon={"look_again": [1, 2, *range(5, 300, 5)]})
    with desk.running("daemon") as daemon:
        for moment, way in enumerate(islice(cycle(WAYS), moments)):
            daemon.until(holding(len(told(daemon.log)) + 1 + moment % 4))
            before = told(daemon.log)
            copy = folder / ("over" if "rsync" in way else f"copy-{moment}")
            copy_now(desk.archive, copy, way)
            assert desk.open_warcs(), "the daemon does not write any more"
            restored = shutil.copytree(copy, folder / "restored")
            judge(desk, restored, before)
            shutil.rmtree(restored)
        assert len(before) > moments


def test_a_copy_of_a_daemon_at_work_is_sound(pressmark: Terminal, tmp_path: Path):
    copies_of_a_daemon_at_work(pressmark, tmp_path, moments=3)


@pytest.mark.torture
def test_copies_of_a_daemon_at_work_at_twenty_five_moments_are_sound(pressmark: Terminal, tmp_path: Path):
    copies_of_a_daemon_at_work(pressmark, tmp_path, moments=25)
