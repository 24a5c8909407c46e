"""Sites are learned between visits, from the archive, in a process of its own; whatever ends it ends nothing else."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from archive import Writer, open_archive, open_writer
from archive.rebuild import rebuild
from archive.records import Article, Site
from scraper import clean
from scraper.desk import ArchiveDesk
from scraper.school import Lesson, School
from tests.archive.damaged import contents
from tests.archive.pages import HOUSE, damages, later, page, visit
from tests.scraper.extract.test_site import HOST, story, told

T = TypeVar("T")
SITE = "harbour-herald.example"


def keep(archive: Writer, number: int, *, hours: int = 0, layout: str = "story", site: Site | None = None) -> Article:
    """The story of that number, captured so many hours after noon, and kept."""
    url, body = story(number, layout=layout)
    [capture] = archive.append(page(body, url=url, at=later(hours) + timedelta(minutes=number)))
    article = clean(body, url, site=site)
    kept = archive.keep(article, visit(capture.record_id, url=url, article=url), verdict="new", after=None)
    assert kept
    return article


@pytest.fixture
def archive(tmp_path):
    with open_writer(tmp_path / "a") as writer:
        yield writer


@pytest.fixture
def told_five(archive: Writer) -> Writer:
    for number in range(5):
        keep(archive, number)
    return archive


def at_school(archive: Writer, work: Callable[[School], Awaitable[T]], *, seconds: float = 60) -> T:
    """What the work gives, in a process that has just begun and has looked at every site."""

    async def done() -> T:
        desk = ArchiveDesk(archive)
        school = School(desk, root=archive.root, catalog=None, megabytes=1_500, seconds=seconds)
        try:
            await school.look_at_all()
            return await work(school)
        finally:
            school.close()
            desk.close()

    return asyncio.run(done())


def lesson(archive: Writer, *, seconds: float = 60) -> Lesson | None:
    return at_school(archive, lambda school: school.next(), seconds=seconds)


def known(archive: Writer) -> Site:
    with archive.reading() as reading:
        site = reading.site(SITE)
    assert site
    return site


def test_five_articles_teach_where_the_text_stands_and_what_is_repeated(told_five):
    learned = lesson(told_five)
    assert learned
    assert (learned.site, learned.why, learned.state, learned.failure) == (SITE, "first", known(told_five), None)
    url, body = story(9)
    article = clean(body, url, site=known(told_five))
    assert (article.extractor["rung"], article.site_memory, article.paragraphs) == ("template", f"{SITE}@1", told(9))


def test_four_do_not(archive):
    for number in range(4):
        keep(archive, number)
    assert lesson(archive) is None


def test_what_is_learned_is_what_the_same_pages_teach_anyone(told_five):
    lesson(told_five)
    again = at_school(told_five, lambda school: school.next())
    assert again is None  # nothing new has come
    assert known(told_five).memory["held"] == {
        "from": later(0).isoformat(),
        "to": (later(0) + timedelta(minutes=4)).isoformat(),
    }
    assert known(told_five).memory["templates"]["article"] == {"selector": "div.story-body > p", "pages": 5}


def test_after_a_redesign_pages_of_the_new_layout_alone_teach_templates(told_five):
    first = lesson(told_five)
    assert first
    for number in range(10, 16):
        misfit = keep(told_five, number, hours=30_000, layout="feature", site=first.state)  # later than it was learned
        assert misfit.extractor["template"] == "misfit"
    learned = lesson(told_five)
    assert learned
    assert (learned.why, learned.state) == ("drift", known(told_five))
    assert known(told_five).number == 2
    assert known(told_five).memory["templates"]["article"] == {"selector": "div.feature-body > p", "pages": 6}
    assert known(told_five).began == later(30_000) + timedelta(minutes=10)


def test_a_site_whose_pages_end_the_process_that_learns_is_left_alone_for_a_day(told_five):
    async def twice(school: School) -> tuple[Lesson | None, Lesson | None]:
        first = await school.next()
        school.saw(SITE)
        return first, await school.next()

    failed, again = at_school(told_five, twice, seconds=0.01)
    assert failed
    assert (failed.state, failed.why) == (None, "first")
    assert "not understood within" in str(failed.failure)
    assert again is None
    assert lesson(told_five)  # another process has not tried it


def test_templates_that_do_not_fit_are_retired_also_when_nothing_can_be_learned(told_five):
    first = lesson(told_five)
    assert first
    for number in range(10, 16):
        keep(told_five, number, hours=30_000, layout="feature", site=first.state)
    failed = lesson(told_five, seconds=0.01)
    assert failed
    assert failed.failure
    assert known(told_five).number == 2
    assert (known(told_five).memory["templates"], known(told_five).memory["cruft"] != []) == ({}, True)


def test_of_two_processes_that_learn_at_once_one_takes_over_what_the_other_knows(told_five, tmp_path):
    async def both(school: School) -> Lesson | None:
        with open_writer(tmp_path / "a") as other:
            learned = asyncio.ensure_future(school.next())
            await asyncio.sleep(0)
            assert other.remember(Site(site=SITE, number=1, learned_at=later(1), memory={"version": 1, "cruft": []}))
            return await learned

    mine = at_school(told_five, both)
    assert mine is None or mine.state is None
    assert known(told_five).learned_at == later(1)


DIES = """
import os, signal, sys
from pathlib import Path
from archive import Writer, open_writer
from tests.scraper.test_school import lesson
with open_writer(Path(sys.argv[1])) as archive:
    Writer.remember = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    lesson(archive)
"""


def test_a_process_that_is_killed_while_it_learns_loses_nothing_and_the_next_one_learns(told_five, tmp_path):
    root: Path = tmp_path / "a"
    told_five.close()
    killed = subprocess.run([sys.executable, "-c", DIES, str(root)], cwd=HOUSE, check=False, timeout=90)
    assert killed.returncode == -signal.SIGKILL
    with open_writer(root) as archive:
        assert lesson(archive)
    assert damages(root) == []
    before = contents(root)
    rebuild(root)
    assert contents(root) == before
    with open_archive(root) as reader, reader.reading() as reading:
        assert reading.sites() == {SITE: 1}


def test_a_page_that_cannot_be_read_any_more_teaches_nothing_and_the_others_do(told_five):
    url, body = story(7)
    spoilt = page(body, url=url, headers=b"Content-Type: text/html\r\nContent-Encoding: gzip\r\n", at=later(7))
    [capture] = told_five.append(spoilt)
    kept = replace(clean(body, url), canonical_url=url)
    assert told_five.keep(kept, visit(capture.record_id, url=url, article=url), verdict="new", after=None)
    learned = lesson(told_five)
    assert learned
    assert learned.state
    assert learned.state.memory["templates"]["article"]["pages"] == 5
    assert HOST in url
