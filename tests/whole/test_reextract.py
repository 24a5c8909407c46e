"""`pressmark rebuild --reextract`: what was kept, read again by the extractor of today."""

import shutil
import subprocess
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive import Writer, open_writer
from archive.records import Revision, Visit
from scraper.demo import Press
from tests.whole.conftest import LIGHTHOUSE, Editions
from tests.whole.terminal import Terminal, surroundings

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def spoil(desk: Terminal) -> int:
    """Every article as an extractor of yore read it last: with an advertisement, and without its authors; how many."""
    with open_writer(desk.archive) as archive:
        with archive.reading() as reading:
            latest = {each.article: each for each in reading.revisions_in_order([])}
        for good in latest.values():
            worse(archive, good)
        return len(latest)


def worse(archive: Writer, good: Revision) -> None:
    told = archive.article(good)
    visit = Visit(
        visit_id=f"urn:uuid:{uuid.uuid4()}",
        url=good.article,
        visited_at=NOW,
        role="article",
        outcome="new",
        capture=good.capture,
    )
    paragraphs = (*told.paragraphs, "Buy a boat today!")
    spoilt = replace(told, paragraphs=paragraphs, authors=("Nobody",))
    assert archive.keep(spoilt, visit, verdict="revised", after=good.record_id)


@pytest.fixture
def spoilt(desk: Terminal) -> Terminal:
    spoil(desk)
    return desk


def told(desk: Terminal) -> list[tuple[str, str, str]]:
    """Article, verdict and text of each revision that stands; a copy as new, for who told first is decided anew."""
    with desk.reading() as archive, archive.reading() as reading:
        found = reading.revisions_in_order([])
        return sorted((each.article, each.verdict.replace("copy", "new"), each.sha256) for each in found)


def rows(desk: Terminal) -> list[str]:
    with desk.reading() as archive:
        return list(archive.dump())


def test_an_archive_that_today_s_extractor_reads_the_same_says_so(desk: Terminal):
    ran = desk("rebuild", "--reextract")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.split("of 1 revisions ")[1] == "none would change; 0 changed\n"


def test_what_would_change_is_shown_and_nothing_is_written(spoilt: Terminal):
    before = {name: block for name, block in spoilt.files().items() if "catalog.sqlite-" not in name}
    ran = spoilt("rebuild", "--reextract")
    assert ran.code == 0
    assert "-Buy a boat today!" in ran.out
    assert "authors: ('Nobody',) → (" in ran.out
    assert "merged" in ran.out
    assert "of 2 revisions 1 read as the revision before; 0 changed" in ran.out.splitlines()[-1]
    assert "nothing was written" in ran.err
    assert {name: block for name, block in spoilt.files().items() if "catalog.sqlite-" not in name} == before


def test_the_same_as_objects(spoilt: Terminal):
    change, total = spoilt("--json", "rebuild", "--reextract").objects
    assert (change["change"], change["url"], change["verdict"]) == ("merged", LIGHTHOUSE.url, ["revised", "superseded"])
    assert change["words"][0] - change["words"][1] == 4
    assert "-Buy a boat today!" in change["diff"]
    assert change["facts"]["authors"][0] == ["Nobody"]
    assert (total["read"], total["merged"], total["text"], total["accepted"]) == (2, 1, 0, 0)
    assert total["sites"] == {change["site"]: {"read": 2, "merged": 1}}


def test_what_is_accepted_is_shown_from_then_on_and_the_old_text_is_found_by_its_name(spoilt: Terminal):
    bad = next(line["pressmark"] for line in spoilt("--json", "rebuild", "--reextract").objects)
    assert spoilt("show", LIGHTHOUSE.url).out != LIGHTHOUSE.text
    ran = spoilt("rebuild", "--reextract", "--accept", "--site", LIGHTHOUSE.host)
    assert (ran.code, ran.out.splitlines()[-1].endswith("; 1 changed")) == (0, True)
    assert spoilt("show", LIGHTHOUSE.url).out == LIGHTHOUSE.text
    assert "Buy a boat" in spoilt("show", bad).out
    assert spoilt("rebuild", "--reextract", "--accept").out.endswith("none would change; 0 changed\n")
    assert spoilt.damages() == []


def test_one_that_is_killed_again_and_again_comes_to_the_same_and_the_archive_stays_sound(
    editions: Editions, press: Press, tmp_path: Path
):
    shutil.copytree(editions.terminal.folder, tmp_path / "desk")
    desk = Terminal(tmp_path / "desk", press)
    before = told(desk)
    spoilt = spoil(desk)
    assert spoilt > 4
    for lines in (1, 2, 3):
        accept = desk.command("rebuild", "--reextract", "--accept", "--json")
        with subprocess.Popen(accept, stdout=subprocess.PIPE, env=surroundings(desk.folder), text=True) as process:
            assert process.stdout
            for _ in range(lines):
                assert '"change"' in process.stdout.readline()
            process.kill()
        assert desk.damages() == []
    left = desk("--json", "rebuild", "--reextract").objects[-1]
    assert 0 < left["read"] - len(before) < spoilt
    assert desk("rebuild", "--reextract", "--accept").code == 0
    assert told(desk) == before
    after = rows(desk)
    assert desk("rebuild", "--reextract", "--accept").out.splitlines()[-1].endswith("none would change; 0 changed")
    assert rows(desk) == after
    assert desk("verify").code == desk("rebuild").code == 0
    assert rows(desk) == after
    assert desk.damages() == []


def test_only_what_the_filters_let_through_is_read(spoilt: Terminal):
    assert spoilt("--json", "rebuild", "--reextract", "--site", "nobody.example").told["read"] == 0


@pytest.mark.parametrize("flags", [["--accept"], ["--site", "x.example"]])
def test_what_belongs_to_reextract_is_refused_without_it(desk: Terminal, flags: list[str]):
    ran = desk("rebuild", *flags)
    assert ran.code == 2
    assert "belong to --reextract" in ran.refusal
