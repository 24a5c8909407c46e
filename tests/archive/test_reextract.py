"""A newer extractor reads what was kept: it is said what would change, then it is changed, and nothing is lost."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from archive import Writer, open_archive, open_writer
from archive.finding import conditions, find
from archive.rebuild import rebuild
from archive.records import Article, Revision, Ruling, Site
from archive.reextract import Reread, SavedPage, Unread, accept, reextract, settle_copies
from tests.archive.pages import HARBOUR, HOUSE, MORE_FACTS, NOON, article, damages, later, page, visit

Extractor = Callable[[SavedPage], Article | Unread]
EVER = NOON + timedelta(days=1)


def old(saved: SavedPage) -> Article:
    """What the first extractor makes of a page: a line is a paragraph."""
    return article(*saved[1].decode().splitlines(), url=saved[2])


def tidier(saved: SavedPage) -> Article | Unread:
    """A later one: it takes out advertisements, finds the editor, and wants more than a counter."""
    lines = [line for line in saved[1].decode().splitlines() if not line.startswith("Ad: ")]
    if not lines:
        return Unread(reason="no-text", message=f"{saved[2]}: nothing but advertisements")
    editors = tuple(line.removeprefix("Edited by ") for line in lines if line.startswith("Edited by "))
    told = article(*(line for line in lines if not line.startswith("Edited by ")), url=saved[2])
    return replace(told, authors=(*told.authors, *editors), extractor={"pressmark": "9"})


def over(extractor: Extractor, ahead: int = 3) -> Callable[[Iterable[SavedPage]], Iterator[Article | Unread]]:
    """The extractor over many pages, some of which it takes before it answers the first."""

    def clean(pages: Iterable[SavedPage]) -> Iterator[Article | Unread]:
        taken: list[SavedPage] = []
        for each in pages:
            taken.append(each)
            if len(taken) > ahead:
                yield extractor(taken.pop(0))
        yield from map(extractor, taken)

    return clean


def keep(archive: Writer, body: str, *, url: str = HARBOUR, hours: int = 0) -> Revision:
    [capture] = archive.append(page(body.encode(), url=url, at=later(hours)))
    with archive.reading() as reading:
        latest = reading.latest(url)
    told = old(SavedPage(b"", body.encode(), url))
    kept = archive.keep(
        told,
        visit(capture.record_id, url=url, article=url),
        verdict="revised" if latest else "new",
        after=latest.record_id if latest else None,
    )
    assert kept
    return kept


def rereads(archive: Writer, extractor: Extractor = tidier, **filters: str) -> list[Reread]:
    return list(reextract(archive, conditions(**filters), clean=over(extractor)))  # type: ignore[arg-type]


def take(archive: Writer, extractor: Extractor = tidier) -> int:
    """How many changes were made."""
    found = rereads(archive, extractor)
    assert all(accept(archive, each, now=EVER) for each in found if each.changes)
    settle_copies(archive, now=EVER)
    return sum(len(each.changes) for each in found)


def standing(archive: Writer, url: str = HARBOUR) -> list[tuple[str, str]]:
    """Verdict and first paragraph of each revision, oldest first."""
    with archive.reading() as reading:
        return [(each.verdict, archive.article(each).paragraphs[0]) for each in reading.revisions_of(url)]


def files(archive: Writer) -> dict[str, bytes]:
    """Every file with its bytes; SQLite notes in its -shm who reads."""
    there = (path for path in archive.root.rglob("*") if path.is_file() and path.suffix != ".sqlite-shm")
    return {str(path): path.read_bytes() for path in there}


def test_what_reads_the_same_is_left_alone(archive):
    keep(archive, "The strike is over.")
    [reread] = rereads(archive, old)
    assert (reread.changes, reread.unread) == ((), ())


def test_a_proposal_writes_nothing(archive):
    keep(archive, "Ad: buy boats\nThe strike is over.")
    archive.close_warc()
    before = files(archive)
    with open_archive(archive.root) as reader:
        [reread] = list(reextract(reader, [], clean=over(tidier)))
    assert [change.is_of_text for change in reread.changes] == [True]
    assert files(archive) == before


def test_a_text_that_reads_otherwise_gets_a_name_of_its_own_and_the_old_one_is_still_found(archive):
    first = keep(archive, "Ad: buy boats\nThe strike is over.")
    assert take(archive) == 1
    with archive.reading() as reading:
        now, before = reading.latest(HARBOUR), find(reading, first.pressmark, key=str)
    assert now
    assert (now.verdict, now.capture, now.captured_at) == ("new", first.capture, first.captured_at)
    assert now.pressmark.startswith("001_")
    assert now.facts.extractor == {"pressmark": "9"}
    assert b"boats" not in (archive.root / now.text_file).read_bytes()
    assert before.verdict == "superseded"
    assert b"boats" in (archive.root / before.text_file).read_bytes()
    assert archive.text(before) == (archive.root / before.text_file).read_bytes()


def test_facts_that_read_otherwise_leave_the_text_its_name(archive):
    first = keep(archive, "The strike is over.")
    keep(archive, "The strike is over.\nEdited by Ana Sol", hours=1)
    [reread] = rereads(archive)
    [change] = reread.changes
    assert (change.verdict, change.facts_changed) == ("facts", ("authors",))
    assert take(archive) == 1
    with archive.reading() as reading:
        _, second = reading.revisions_of(HARBOUR)
    assert (second.text_file, second.names_file, second.facts.authors) == (
        first.text_file,
        False,
        ("Lena Aho", "Ana Sol"),
    )


def test_a_site_that_is_found_to_have_reserved_has_its_revision_read_anew(archive):
    first = keep(archive, "One.\nTwo.")
    [reread] = rereads(archive, lambda saved: replace(old(saved), reservations=("noai",)))
    [change] = reread.changes
    assert (change.facts, change.verdict) == (("reservations",), "new")
    assert accept(archive, reread, now=EVER)
    with archive.reading() as reading:
        assert [each.facts.reservations for each in reading.revisions_of(first.article)] == [("noai",)]


@pytest.mark.parametrize("fact", MORE_FACTS)
def test_a_fact_that_nobody_looked_for_when_the_page_came_is_found_in_it_and_makes_no_new_revision(archive, fact):
    keep(archive, "One.\nTwo.")
    keep(archive, "Three.", hours=1)
    take(archive, lambda saved: replace(old(saved), **{fact: MORE_FACTS[fact]}))
    with archive.reading() as reading:
        found = reading.revisions_of(HARBOUR)
    assert [getattr(each.facts, fact) for each in found] == [MORE_FACTS[fact]] * 2
    assert [(each.verdict, each.facts_changed) for each in found] == [("new", ()), ("revised", ())]


def test_what_a_file_reserved_for_a_whole_site_is_in_no_page_and_stays(archive):
    filed = replace(old(SavedPage(b"", b"One.\nAd: Soap.", HARBOUR)), reservations=("noai", "tdm-reservation=1"),
                    origins={"reservations:noai": "header", "reservations:tdm-reservation": "tdmrep.json"})  # fmt: skip
    [capture] = archive.append(page(b"One.\nAd: Soap."))
    archive.keep(filed, visit(capture.record_id, article=HARBOUR), verdict="new", after=None)

    def reserving(extractor: Extractor, *said: str) -> Extractor:
        origins = {f"reservations:{each.partition('=')[0]}": "header" for each in said}

        def read(saved: SavedPage) -> Article | Unread:
            told = extractor(saved)
            return replace(told, reservations=said, origins=origins) if isinstance(told, Article) else told

        return read

    assert [each.changes for each in rereads(archive, reserving(old, "noai"))] == [()]
    take(archive, reserving(tidier, "noai"))
    with archive.reading() as reading:
        assert reading.latest(HARBOUR).facts.reservations == ("noai", "tdm-reservation=1")
    take(archive, reserving(tidier, "noai", "tdm-reservation=0"))
    with archive.reading() as reading:
        assert reading.latest(HARBOUR).facts.reservations == ("noai", "tdm-reservation=0")


def test_revisions_that_now_read_the_same_become_one(archive):
    keep(archive, "The strike is over.")
    keep(archive, "Ad: buy boats\nThe strike is over.", hours=1)
    keep(archive, "Ad: buy nets\nThe strike is over.", hours=2)
    keep(archive, "Ad: buy nets\nThe port is open.", hours=3)
    archive.journal()
    assert take(archive) == 3
    assert standing(archive) == [("new", "The strike is over."), ("revised", "The port is open.")]
    with archive.reading() as reading:
        brought = [each.outcome for each in reversed(reading.last_visits(HARBOUR))]
    assert brought == ["new", "unchanged", "unchanged", "revised"]
    archive.close()
    assert damages(archive.root) == []


def test_a_revision_that_stays_may_be_of_another_kind_once_the_one_before_it_reads_otherwise(archive):
    keep(archive, "Ad: buy boats\nThe strike is over.")
    second = keep(archive, "The strike is over.", hours=1)
    [reread] = rereads(archive)
    assert [change.verdict for change in reread.changes] == ["new", "superseded"]
    take(archive)
    assert standing(archive) == [("new", "The strike is over.")]
    with archive.reading() as reading:
        assert reading.latest(HARBOUR).sha256 == second.sha256  # its text, under its name


def test_a_page_that_gives_no_article_today_is_told_and_left_as_it_is(archive):
    keep(archive, "Ad: buy boats")
    [reread] = rereads(archive)
    [(revision, unread)] = reread.unread
    assert (revision.verdict, unread.reason, reread.changes) == ("new", "no-text", ())
    assert take(archive) == 0
    assert standing(archive) == [("new", "Ad: buy boats")]


def test_a_page_that_cannot_be_read_from_the_disk_costs_no_other(archive):
    kept = [keep(archive, f"Ad: {n}\nStory {n}.", url=f"{HARBOUR}/{n}") for n in range(5)]
    archive.close_warc()
    path = archive.root / kept[2].warc
    with archive.reading() as reading:
        hurt = reading.capture(kept[2].capture)
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(hurt.offset + 40)
        file.write(b"\0" * 8)
    found = rereads(archive)
    assert [len(each.changes) for each in found] == [1, 1, 0, 1, 1]
    assert [why.reason for each in found for _, why in each.unread] == ["damaged"]


def test_only_articles_that_meet_the_filters_are_read(archive):
    keep(archive, "Ad: 1\nOne.")
    assert rereads(archive, site="elsewhere.example") == []
    assert len(rereads(archive, site="harbour-post.example")) == 1


def test_to_take_it_twice_changes_nothing_more(archive):
    for n in range(7):
        keep(archive, f"Ad: {n}\nStory {n // 2}.", hours=n)
    assert take(archive) == 7
    rows = list(archive.dump())
    assert take(archive) == 0
    assert list(archive.dump()) == rows


def test_revisions_of_the_same_moment_keep_their_order(archive):
    keep(archive, "Ad: buy boats\nThe strike is on.")
    keep(archive, "The strike is over.")
    assert take(archive) == 2
    assert standing(archive) == [("new", "The strike is on."), ("revised", "The strike is over.")]


def test_an_article_that_got_another_revision_meanwhile_is_left_to_the_next_time(archive):
    keep(archive, "Ad: buy boats\nThe strike is on.")
    [reread] = rereads(archive)
    keep(archive, "Ad: buy boats\nThe strike is over.", hours=1)
    assert accept(archive, reread, now=EVER) is False
    assert [text for _, text in standing(archive)] == ["Ad: buy boats", "Ad: buy boats"]
    assert take(archive) == 2


ALBATROSS, ZEPHYR = "https://albatross.example/1", "https://zephyr.example/1"


def test_of_texts_that_now_read_the_same_the_one_that_was_captured_later_is_the_copy(archive):
    keep(archive, "Ad: buy nets\nThe strike is over.", url=ZEPHYR)
    keep(archive, "Ad: buy boats\nThe strike is over.", url=ALBATROSS, hours=1)
    take(archive)
    assert [standing(archive, url)[0][0] for url in (ZEPHYR, ALBATROSS)] == ["new", "copy"]
    archive.close()
    assert damages(archive.root) == []


def test_a_copy_of_what_now_reads_otherwise_is_one_no_more(archive):
    keep(archive, "The strike is over.\nEdited by Ana Sol", url=ZEPHYR)
    keep(archive, "The strike is over.\nEdited by Ana Sol", url=ALBATROSS, hours=1)
    assert standing(archive, ALBATROSS)[0][0] == "copy"
    [reread] = [each for each in rereads(archive) if each.standing[0].article == ZEPHYR]
    assert accept(archive, reread, now=EVER)
    assert settle_copies(archive, now=EVER) == 1
    assert [standing(archive, url)[0][0] for url in (ZEPHYR, ALBATROSS)] == ["new", "new"]
    assert settle_copies(archive, now=EVER) == 0


def test_a_word_from_a_clock_that_ran_ahead_does_not_stand_against_it(archive):
    first = keep(archive, "Ad: buy boats\nThe strike is over.")
    ahead = EVER + timedelta(days=9)
    archive.rule([Ruling(revision=first.record_id, ruled_at=ahead, reason="import", verdict="new")])
    assert take(archive) == 1
    assert standing(archive) == [("new", "The strike is over.")]
    assert take(archive) == 0


def test_after_a_rebuild_everything_is_as_it_was_accepted(archive):
    for n in range(6):
        keep(archive, f"Ad: {n}\nStory {n // 2}.", hours=n, url=f"{HARBOUR}/{n % 2}")
    take(archive)
    root, before = archive.root, list(archive.dump())
    archive.close()
    with open_archive(root) as reader:
        before = list(reader.dump())
    (root / "catalog.sqlite").unlink()
    rebuild(root)
    with open_archive(root) as reader:
        assert list(reader.dump()) == before
    assert damages(root) == []


TAKE_AND_TELL = """
import sys
sys.path.insert(0, sys.argv[2])
from archive import open_writer
from archive.reextract import accept, reextract
from tests.archive.test_reextract import EVER, over, tidier
with open_writer(sys.argv[1]) as archive:
    for reread in reextract(archive, [], clean=over(tidier)):
        if reread.changes:
            accept(archive, reread, now=EVER)
            print(reread.standing[0].article, flush=True)
"""


KEEP_AND_DIE = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from archive import open_writer
from archive.reextract import reextract
from tests.archive.test_reextract import over, tidier
with open_writer(sys.argv[1]) as archive:
    [reread] = reextract(archive, [], clean=over(tidier))
    with archive.together():
        archive.keep_again(reread.changes[0].now, reread.changes[0].revision, verdict="new")
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_one_that_was_killed_between_a_text_and_the_word_on_the_old_one_is_finished_by_the_next(tmp_path):
    root = tmp_path / "a"
    with open_writer(root) as archive:
        keep(archive, "Ad: buy boats\nThe strike is over.")
        keep(archive, "Ad: buy boats\nThe port is open.", hours=1)
    killed = subprocess.run([sys.executable, "-c", KEEP_AND_DIE, str(root), str(HOUSE)], check=False)
    assert killed.returncode == -signal.SIGKILL
    with open_writer(root) as archive:
        [found] = archive.recovered
        assert found.indexed, "what it kept reached the file"
        assert damages(root) == []
        assert take(archive)
        assert standing(archive) == [("new", "The strike is over."), ("revised", "The port is open.")]
        assert take(archive) == 0
    with open_archive(root) as reader:
        before = list(reader.dump())
    rebuild(root)
    with open_archive(root) as reader:
        assert list(reader.dump()) == before
    assert damages(root) == []


@pytest.mark.parametrize("after", [1, 5, 11])
def test_one_that_was_killed_is_finished_by_the_next(tmp_path, after):
    urls = [f"{HARBOUR}/{n:02}" for n in range(20)]
    with open_writer(tmp_path / "a") as archive:
        for url in urls:
            keep(archive, f"Ad: {url}\nOf {url}.", url=url)
    with subprocess.Popen(
        [sys.executable, "-c", TAKE_AND_TELL, str(tmp_path / "a"), str(HOUSE)], stdout=subprocess.PIPE, text=True
    ) as taking:
        assert taking.stdout
        told = [taking.stdout.readline().strip() for _ in range(after)]
        taking.kill()
        told += [line.strip() for line in taking.stdout if line.endswith("\n")]
    with open_writer(tmp_path / "a") as archive:
        for url in told:
            assert standing(archive, url) == [("new", f"Of {url}.")]
        take(archive)
        assert [standing(archive, url) for url in urls] == [[("new", f"Of {url}.")] for url in urls]
    assert damages(tmp_path / "a") == []


# ── what was known of the site ───────────────────────────────────────────────────────────────────────────────────────


def learned(archive: Writer, number: int, *, began: int | None) -> Site:
    """A state of what is known of the Harbour Post, whose layout began so many hours after noon."""
    held = None if began is None else {"from": later(began).isoformat(), "to": later(began + 1).isoformat()}
    site = Site(site="harbour-post.example", number=number, learned_at=later(200 + number), memory={"held": held})
    assert archive.remember(site)
    return site


def test_each_page_is_read_with_what_was_known_of_its_site_at_that_time(archive):
    for hours in (0, 10, 50, 100):
        keep(archive, f"As of hour {hours}.", hours=hours)
    first, second, third = (learned(archive, number, began=began) for number, began in ((1, 10), (2, 40), (3, 100)))
    given: list[Site | None] = []

    def read(saved: SavedPage) -> Article | Unread:
        given.append(saved.site)
        return old(saved)

    rereads(archive, read)
    assert given == [first, first, second, third]  # of what was captured before any of them the first knows most


def test_a_state_that_does_not_say_since_when_it_holds_holds_since_it_was_learned(archive):
    keep(archive, "As of noon.")
    keep(archive, "As of later.", hours=300)
    first, second = learned(archive, 1, began=0), learned(archive, 2, began=None)
    given: list[Site | None] = []
    rereads(archive, lambda saved: given.append(saved.site) or old(saved))  # type: ignore[func-returns-value]
    assert given == [first, second]


def test_of_a_site_that_was_never_learned_nothing_is_known(archive):
    keep(archive, "As of noon.")
    rereads(archive, lambda saved: old(saved) if saved.site is None else pytest.fail("nobody has learned it"))
