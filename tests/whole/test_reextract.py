"""`pressmark rebuild --reextract`: what was kept, read again by the extractor of today."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from archive import open_writer
from archive.records import Revision, Visit
from tests.whole.conftest import LIGHTHOUSE
from tests.whole.terminal import Terminal

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def worse(desk: Terminal) -> Revision:
    """The lighthouse as an extractor of yore kept it: with an advertisement, and without its headline's authors."""
    with open_writer(desk.archive) as archive:
        with archive.reading() as reading:
            [good] = reading.revisions_where([], limit=None)
        told = archive.article(good)
        paragraphs = (*told.paragraphs, "Buy a boat today!")
        visit = Visit(
            visit_id=f"urn:uuid:{uuid.uuid4()}",
            url=good.article,
            visited_at=NOW,
            role="article",
            outcome="new",
            capture=good.capture,
        )
        bad = archive.keep(
            replace(told, paragraphs=paragraphs, authors=("Nobody",)), visit, verdict="revised", after=good.record_id
        )
        assert bad
        return bad


@pytest.fixture
def spoilt(desk: Terminal) -> Terminal:
    worse(desk)
    return desk


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


def test_only_what_the_filters_let_through_is_read(spoilt: Terminal):
    assert spoilt("--json", "rebuild", "--reextract", "--site", "nobody.example").told["read"] == 0


@pytest.mark.parametrize("flags", [["--accept"], ["--site", "x.example"]])
def test_what_belongs_to_reextract_is_refused_without_it(desk: Terminal, flags: list[str]):
    ran = desk("rebuild", *flags)
    assert ran.code == 2
    assert "belong to --reextract" in ran.refusal
