"""bench/clean.py, on a pack of our own newspaper's pages: its tables are whole, and say what they mean."""

import gzip
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest

from scraper.demo import ARTICLES, Asked, Story, respond

HOUSE = Path(__file__).parents[2]
BENCH = HOUSE / "bench" / "clean.py"
FRONT = replace(ARTICLES[0], name="front", url=f"http://{ARTICLES[0].host}/")  # a home page, taken for a story
STORIES = [story for story in ARTICLES if story.host in ("caspian-ledger.example", "gulf-courier.example")]


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Three small data sets: whole texts of known and of unknown sites, and snippets."""
    shutil.copy(HOUSE / "tests" / "bench" / "scorer.py", tmp_path / "score.py")
    add_set(tmp_path / "pages", "fundus-eval", STORIES, title=None, date=None, author=[])
    add_set(tmp_path / "pages", "fundus-test", STORIES[:3])
    add_set(tmp_path / "pages", "trafilatura", STORIES[:3], text=None)
    return tmp_path / "pages"


def add_set(pages: Path, name: str, stories: Sequence[Story], **said: Any) -> None:
    (pages / name / "html").mkdir(parents=True)
    lines = []
    for story in stories:
        address = urlsplit(story.url)
        body = respond(Asked(host=address.netloc, path=address.path, query=address.query), 1, 1).body
        (pages / name / "html" / f"{story.name}.html.gz").write_bytes(gzip.compress(body))
        lines.append(json.dumps(gold(name, story) | said) + "\n")
    (pages / name / "pages.jsonl").write_text("".join(lines), encoding="utf-8")


def gold(name: str, story: Story) -> dict[str, Any]:
    """The story as a data set describes it."""
    return {
        "id": story.name, "set": name, "url": story.url, "publisher": story.host, "title": story.headline,
        "date": story.published[:10], "author": story.authors, "text": "\n\n".join(story.paragraphs), "optional": [],
        "with": [story.paragraphs[0][:40]], "without": [], "html": f"html/{story.name}.html.gz",
    }  # fmt: skip


def run(pages: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    told = subprocess.run(
        [sys.executable, BENCH, "--rounds", "1", "--jobs", "1", *flags],
        env={**os.environ, "PRESSMARK_PAGES": str(pages)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not told.stderr
    return told


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    """The bench's own functions; as a program it sets the first place that modules come from."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "path", ["", *sys.path])
        spec = importlib.util.spec_from_file_location("bench_clean", BENCH)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


def test_every_table_is_printed_for_a_pack_of_the_newspaper(pack, tmp_path):
    said = run(pack, "--worst", "2", "--json", str(tmp_path / "told.jsonl")).stdout
    heads = [line[3:].partition(":")[0] for line in said.splitlines() if line.startswith("== ")]
    assert heads == [
        "fundus-eval", "the 2 worst pages of fundus-eval",
        "fundus-test", "facts of fundus-test", "the 2 worst pages of fundus-test",
        "trafilatura", "facts of trafilatura", "ablation", "CPU", "bars",
    ]  # fmt: skip
    ours = next(line for line in said.split("== fundus-test")[1].splitlines() if line.startswith("pressmark"))
    assert [float(cell) for cell in ours.split()[1:4]] == [100, 100, 100]
    assert "fundus-test: authors exact, %" in said
    told = [json.loads(line) for line in (tmp_path / "told.jsonl").read_text().splitlines()]
    assert {(line["set"], line["id"]) for line in told if line["way"] == "pressmark"} == {
        *(("fundus-eval", story.name) for story in STORIES),
        *((name, story.name) for name in ("fundus-test", "trafilatura") for story in STORIES[:3]),
    }


def test_a_headline_that_is_not_the_page_s_falls_short_of_the_bar(pack):
    shutil.rmtree(pack / "fundus-test")
    add_set(pack, "fundus-test", STORIES[:2], title="Ferry runs aground off a cape that is on no chart")
    told = run(pack, "--set", "fundus-test", "--only", "facts")
    assert told.returncode == 1
    assert "headline exact, %" in told.stdout
    assert "short by 85.00" in told.stdout


def test_a_page_that_should_give_no_text_is_no_empty_one_and_a_lost_text_says_why(pack):
    shutil.rmtree(pack / "fundus-test")
    add_set(pack, "fundus-test", [*STORIES[:2], FRONT])
    table = pack / "fundus-test" / "pages.jsonl"
    first, *others = map(json.loads, table.read_text().splitlines())
    table.write_text("".join(json.dumps(line) + "\n" for line in (first | {"text": ""}, *others)))
    said = run(pack, "--set", "fundus-test", "--only", "quality").stdout
    assert "pages whose text should be empty: 1, not counted; 1 of them give one" in said
    assert f"empty: {FRONT.name}: NotAnArticle: front: {FRONT.url}" in said
    [bar] = [line for line in said.splitlines() if line.startswith("fundus-test: empty texts")]
    assert bar.split()[3] == "1.00"
    assert bar.endswith("short by 1.00: 1 NotAnArticle: front")


def test_without_pages_it_says_where_they_are_looked_for(tmp_path):
    told = run(tmp_path)
    assert (told.returncode, told.stdout.count("PRESSMARK_PAGES")) == (0, 1)


def test_a_page_teaches_nothing_about_itself_and_no_other_publisher(bench, pack):
    samples = bench.read_samples(pack / "fundus-eval")
    for sample in samples:
        shelf = bench.others(samples, sample)
        rivals = [each for each in samples if each.gold["publisher"] == sample.gold["publisher"] and each != sample]
        assert sorted(each.id for each in shelf) == sorted(each.id for each in rivals)
    alone = bench.read_samples(pack / "fundus-test")
    assert bench.others(alone, alone[0]) == []


def test_facts_are_compared_as_a_reader_compares_them(bench):
    assert bench.said("headline", "“Strike\u00a0is  off”, says UNION") == bench.said(
        "headline", '"Strike is off", says Union'
    )
    assert bench.said("date", "2026-11-17T23:57:00-05:00") == "2026-11-17"
    assert bench.said("authors", ["Leyla Orbeli", "Ruth Amman"]) == bench.said(
        "authors", ("ruth amman", "Leyla  Orbeli")
    )
    assert bench.said("headline", None) == ""


def test_the_interval_holds_the_mean_and_is_the_same_each_time(bench):
    apart = [0.0] * 50 + [0.02] * 30 + [-0.01] * 10
    least, most = bench.interval(apart)
    assert least < statistics.fmean(apart) < most
    assert bench.interval(apart) == (least, most)
    assert bench.interval([0.01] * 20) == pytest.approx((0.01, 0.01))


def test_paragraphs_that_the_other_text_lacks_are_strangers(bench):
    article = "Divers found the chain on Friday.\n\nIt lay twelve metres down in the mud of the harbour."
    found = "Divers found the chain on Friday.\n\nSign up for our newsletter and read more like this."
    assert bench.strangers(found, article) == ["Sign up for our newsletter and read more like this."]
    assert bench.strangers(article, found) == ["It lay twelve metres down in the mud of the harbour."]
    assert bench.strangers("Divers found the chain on Friday.\n" * 2, article) == ["Divers found the chain on Friday."]
