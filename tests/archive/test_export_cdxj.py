"""CDXJ: the index that pywb and cdxj-indexer would make, without what cannot be replayed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from archive.finding import conditions
from tests.archive.pages import HARBOUR, later, page
from tests.archive.shelf import ABROAD, HALF, OLD, TORN, TYPELESS, Shelf, exported, fill

INDEXER = Path(sys.executable).with_name("cdxj-indexer")


@pytest.fixture
def shelf(archive) -> Shelf:
    return fill(archive)


def lines(written: bytes) -> list[tuple[str, str, dict[str, str]]]:
    split = [line.split(" ", 2) for line in written.decode().splitlines()]
    return [(key, at, json.loads(fields)) for key, at, fields in split]


def test_the_index_is_line_for_line_the_one_of_cdxj_indexer(shelf, tmp_path):
    shelf.archive.close_warc()
    ours = exported(shelf.archive, tmp_path / "ours.cdxj").decode().splitlines()
    warcs = sorted(shelf.archive.root.rglob("*.warc.gz"))
    ran = subprocess.run([INDEXER, "--sort", *warcs], check=True, capture_output=True, text=True)
    theirs = [line for line in ran.stdout.splitlines() if not line.startswith("urn:pressmark:")]
    # What they write otherwise: the digest's algorithm, which pywb leaves out, and the torn page that we leave out.
    [torn] = [line for line in theirs if TORN in line and "20261120160000" in line]
    assert ours == [line.replace('"sha1:', '"') for line in theirs if line != torn]
    assert len(ours) == 9


def test_the_index_is_sorted_as_replay_tools_search_it(shelf, tmp_path):
    written = exported(shelf.archive, tmp_path / "a.cdxj")
    ran = subprocess.run(["sort", "-c"], input=written, env={"LC_ALL": "C"}, check=False)
    assert ran.returncode == 0


def test_every_field_is_text_and_a_type_that_was_not_sent_is_left_out(shelf, tmp_path):
    written = lines(exported(shelf.archive, tmp_path / "a.cdxj"))
    assert all(isinstance(value, str) for _, _, fields in written for value in fields.values())
    [typeless] = [fields for _, _, fields in written if fields["url"] == TYPELESS]
    assert "mime" not in typeless


def test_a_torn_page_is_left_out_when_there_is_a_whole_one_and_kept_when_there_is_none(shelf, tmp_path):
    moments = {(fields["url"], at) for _, at, fields in lines(exported(shelf.archive, tmp_path / "a.cdxj"))}
    assert [at for url, at in sorted(moments) if url == TORN] == ["20261120170000"]
    assert [at for url, at in sorted(moments) if url == HALF] == ["20261120180000"]


def test_a_revisit_whose_original_is_not_there_is_left_out(shelf, tmp_path):
    with shelf.archive.reading() as reading:
        original = reading.capture(shelf.moved.capture)
    assert original
    with shelf.archive.catalog.writing() as writing:
        writing._sql.exec_driver_sql("DELETE FROM captures WHERE record_id = ?", (original.revisit_of,))
    urls = [fields["url"] for _, _, fields in lines(exported(shelf.archive, tmp_path / "a.cdxj"))]
    assert HARBOUR not in urls


def test_with_filters_it_holds_what_the_texts_rest_on_and_no_more(shelf, tmp_path):
    chosen = conditions(until=later(0).date(), site="gazette.example")
    [(key, at, fields)] = lines(exported(shelf.archive, tmp_path / "a.cdxj", conditions=chosen))
    assert (key, at, fields["url"]) == ("example,gazette)/abroad?a=1&b=2", "20261120190000", ABROAD)


def test_with_filters_redirects_originals_and_whole_pages_come_along(shelf, tmp_path):
    shelf.archive.append(page(b"not asked for", url="https://harbour-post.example/other", at=later(9)))
    chosen = conditions(site="harbour-post.example")
    written = lines(exported(shelf.archive, tmp_path / "a.cdxj", conditions=chosen))
    html = "text/html"
    assert {(fields["url"], fields.get("mime"), at[8:10]) for _, at, fields in written} == {
        (HARBOUR, html, "12"),
        (HARBOUR, "warc/revisit", "13"),
        (OLD, None, "13"),
        (TORN, html, "17"),
        (HALF, html, "18"),
        (HARBOUR + "/copy", html, "20"),
    }
    assert len(written) == 6
