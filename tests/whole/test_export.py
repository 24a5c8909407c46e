"""`pressmark export`: what was kept, in the formats of others."""

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from scraper.demo import ARTICLES, Press, page
from tests.whole.conftest import LIGHTHOUSE, Editions
from tests.whole.terminal import Terminal

FORMATS = ["jsonl", "csv", "parquet", "cdxj", "wacz"]


@pytest.fixture
def kept(editions: Editions) -> Terminal:
    """Three editions; to be read only."""
    return editions.terminal


class TestTheFormat:
    @pytest.mark.parametrize("name", FORMATS)
    def test_is_known_by_the_name_of_the_file(self, kept: Terminal, tmp_path: Path, name: str):
        target = tmp_path / f"news.{name.upper()}"
        ran = kept("export", "-o", str(target), "--json")
        told = ran.told
        assert (ran.code, told["format"], told["file"]) == (0, name, str(target))
        assert told["bytes"] == target.stat().st_size
        assert told["captures" if name == "cdxj" else "texts"] >= len(ARTICLES)

    def test_of_stdout_is_json_lines_unless_another_is_named(self, kept: Terminal):
        told = kept("export").objects
        assert {each["canonical_url"] for each in told} >= {story.url for story in ARTICLES}
        rows = list(csv.DictReader(io.StringIO(kept("export", "--format", "csv", "-o", "-").out)))
        assert [row["pressmark"] for row in rows] == [each["pressmark"] for each in told]

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--format", "pdf"], "pdf is none of jsonl, csv, parquet, markdown, cdxj, wacz"),
            (["-o", "news.pdf"], "its name says no format"),
            (["--format", "wacz"], "name a file or folder with -o"),
            (["--format", "parquet", "-o", "-"], "name a file or folder with -o"),
            (["--format", "markdown"], "name a file or folder with -o"),
            (["-o", "nowhere/news.csv"], "make it first"),
            (["-o", "news.jsonl", "--raw-cells"], "is for csv"),
        ],
    )
    def test_that_cannot_be_is_refused_with_what_can(self, kept: Terminal, arguments: Sequence[str], said: str):
        ran = kept("export", *arguments)
        assert ran.code == 2
        assert said in ran.refusal

    def test_shares_stdout_with_json_only_when_it_is_json(self, kept: Terminal):
        ran = kept("export", "--format", "cdxj", "--json")
        assert (ran.code, ran.told["error"]) == (2, "ConfigError")
        assert len(kept("export", "--json").objects) >= len(ARTICLES)


class TestTheFilters:
    def test_are_those_of_list(self, kept: Terminal):
        for flags in (["--site", "gulf-courier.example"], ["--language", "ar"], ["--since", "2026-11-12"],
                      ["--author", "alwyn"], ["--kind", "opinion"], ["--captured-until", "2000-01-01"]):  # fmt: skip
            listed = [each["record_id"] for each in kept("list", "--limit", "0", "--json", *flags).objects]
            told = [each["conversion"]["record_id"] for each in kept("export", *flags).objects]
            assert sorted(told) == sorted(listed)

    def test_of_a_tag_are_the_sources_watched(self, desk: Terminal):
        desk.settings(sources={"list": [{"name": "x", "tags": ["coast"], "feeds": ["http://x.example/rss"]}]})
        assert desk("export", "--tag", "coast").out == ""
        assert len(desk("export").objects) == 1

    def test_that_nothing_meets_leave_an_empty_file_and_no_package(self, desk: Terminal):
        nobody = ("--site", "nobody.example")
        assert desk("export", *nobody, "-o", "none.jsonl").code == 0
        assert (desk.folder / "none.jsonl").read_bytes() == b""
        ran = desk("export", *nobody, "-o", "none.wacz")
        assert ran.code == 2
        assert "nothing in this archive meets these filters" in ran.refusal
        assert not (desk.folder / "none.wacz").exists()


class TestWhatIsThere:
    @pytest.mark.parametrize("name", ["csv", "wacz"])
    def test_is_left_alone_without_force(self, desk: Terminal, name: str):
        target = desk.folder / f"news.{name}"
        target.write_text("mine")
        ran = desk("export", "-o", target.name)
        assert (ran.code, target.read_text()) == (2, "mine")
        assert "--force" in ran.refusal
        assert desk("export", "-o", target.name, "--force").code == 0
        assert target.read_bytes() != b"mine"

    def test_as_a_folder_is_no_file_and_as_a_file_no_folder(self, desk: Terminal):
        (desk.folder / "file").write_text("mine")
        (desk.folder / "folder.csv").mkdir()
        assert desk("export", "--format", "markdown", "-o", "file", "--force").code == 2
        assert desk("export", "-o", "folder.csv", "--force").code == 2


def test_markdown_is_a_folder_of_texts(kept: Terminal, tmp_path: Path):
    ran = kept("export", "--format", "markdown", "-o", str(tmp_path / "notes"))
    assert ran.code == 0
    files = {path.relative_to(tmp_path / "notes").as_posix() for path in (tmp_path / "notes").rglob("*.md")}
    assert files == {name.removeprefix("text/").removesuffix(".txt") + ".md" for name in kept.texts()}


def test_a_headline_that_is_a_formula_is_defused_unless_raw_cells_are_asked_for(pressmark: Terminal, press: Press):
    sentence = "The harbour office says that the quay will stay closed until the crane has been inspected. " * 4
    body = f"<article><h1>=1+1 berths stay closed</h1>{f'<p>{sentence}</p>' * 4}</article>"
    press.add("http://harbour-office.example/berths-stay-closed", page(f"<html><body>{body}</body></html>"))
    assert pressmark("fetch", "http://harbour-office.example/berths-stay-closed").code == 0
    for flags, mark in (([], "'="), (["--raw-cells"], "=")):
        [row] = csv.DictReader(io.StringIO(pressmark("export", "--format", "csv", *flags).out))
        assert row["headline"] == f"{mark}1+1 berths stay closed"


def test_a_pipe_that_ends_early_is_no_failure(kept: Terminal):
    ran = kept("export", before=["bash", "-c", '"$@" | head -c 1; exit "${PIPESTATUS[0]}"', "bash"])
    assert (ran.code, ran.out, ran.err) == (0, "{", "")


def test_a_package_lists_the_texts_as_its_pages(desk: Terminal):
    assert desk("export", "-o", "news.wacz").code == 0
    with zipfile.ZipFile(desk.folder / "news.wacz") as package:
        pages = [json.loads(line) for line in package.read("pages/pages.jsonl").splitlines()]
    assert [each["title"] for each in pages[1:]] == [LIGHTHOUSE.headline]
