"""`pressmark fetch URL`: every outcome, with its exit code, its line and its Visit."""

import hashlib
import shutil
from pathlib import Path

import pytest

from archive.records import Capture
from scraper.demo import ARTICLES, OUTCOMES, SITES, Answer, Asked, Press, Story, page
from tests.whole.conftest import LIGHTHOUSE
from tests.whole.terminal import Terminal

FIRST_OF_EACH = [next(story for story in ARTICLES if story.host == paper.host) for paper in SITES]
GRAIN = next(story for story in ARTICLES if story.name == "grain-quota")
CODES = {"not-article": 4, "gone": 1, "blocked": 1, "failed": 1, "refused": 7}
REASONS = {
    "/missing": "http-404",
    "/withdrawn": "http-410",
    "/forbidden": "http-403",
    "/busy": "http-429",
    "/court-order": "http-451",
    "/repairs": "http-503",
    "/timetable.pdf": "pdf",
    "/empty": "empty",
    "/members": "wall",
    "/app": "needs-javascript",
    "/cut": "truncated",
    "/cut-chunks": "truncated",
    "/loop/a": "redirects",
    "/private/archive": "robots",
    "/story": "no-robots",
}
FIELDS = {  # DESIGN.md, 4.1
    "schema", "url", "final_url", "canonical_url", "outcome", "reason", "pressmark", "text_file", "sha256", "headline",
    "authors", "published", "modified", "language", "site", "publisher", "kind", "access", "source_link",
    "reservations", "words", "facts_changed", "copy_of", "extractor", "site_memory", "captures",
    "section", "wire_credit", "image", "image_caption", "image_credit", "disagreements",  # since: docs/design.md
}  # fmt: skip
CAPTURE_FIELDS = {
    "record_id", "url", "status", "warc", "offset", "length", "captured_at", "payload_digest",
}  # fmt: skip


def captures_of(terminal: Terminal, url: str) -> list[Capture]:
    """The captures of exactly that URL, oldest first."""
    with terminal.reading() as archive, archive.reading() as reading:
        return reading.captures_of(url)[::-1]


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


class TestAnArticle:
    @pytest.mark.parametrize("story", FIRST_OF_EACH, ids=lambda story: story.host)
    def test_prints_its_clean_text_and_nothing_else(self, pressmark: Terminal, story: Story):
        ran = pressmark("fetch", story.url)
        assert (ran.code, ran.out) == (0, story.text)
        [line] = ran.err.splitlines()
        assert "new" in line
        assert hashlib.sha256(story.text.encode()).hexdigest() in line
        assert list(pressmark.texts().values()) == [story.text]
        assert [visit.outcome for visit in pressmark.visits(story.url)] == ["new"]
        assert pressmark.damages() == []
        assert pressmark.open_warcs() == []

    def test_says_nothing_on_stderr_when_asked_to_be_quiet(self, desk: Terminal):
        ran = desk("fetch", GRAIN.url, "-q")
        assert (ran.code, ran.out, ran.err) == (0, GRAIN.text, "")

    def test_is_told_in_json_as_the_design_says(self, pressmark: Terminal):
        ran = pressmark("fetch", GRAIN.url, "--json")
        told = ran.told
        assert ran.err == ""
        assert told.keys() - {"message", "status"} == FIELDS
        truth = {
            "url": GRAIN.url, "final_url": GRAIN.url, "canonical_url": GRAIN.url, "outcome": "new", "reason": None,
            "headline": GRAIN.headline, "authors": list(GRAIN.authors), "published": GRAIN.published,
            "modified": GRAIN.modified, "language": GRAIN.language, "site": GRAIN.host, "publisher": "Gulf Courier",
            "kind": "article", "access": "open", "source_link": None, "reservations": [],
            "words": len(GRAIN.text.split()), "facts_changed": [], "copy_of": None, "site_memory": None,
        }  # fmt: skip
        assert {name: told[name] for name in truth} == truth
        digest = hashlib.sha256(GRAIN.text.encode()).hexdigest()
        assert (told["sha256"], told["pressmark"]) == (digest, f"000_{digest[:16]}")
        assert (pressmark.archive / told["text_file"]).read_text() == GRAIN.text
        [capture] = told["captures"]
        assert capture.keys() >= CAPTURE_FIELDS
        assert (capture["url"], capture["status"]) == (GRAIN.url, 200)
        assert (pressmark.archive / capture["warc"]).stat().st_size > capture["offset"] + capture["length"]
        assert capture["captured_at"].endswith("Z")

    def test_that_did_not_change_is_printed_again_and_written_as_a_revisit(self, pressmark: Terminal, press: Press):
        pressmark("fetch", GRAIN.url)
        ran = pressmark("fetch", GRAIN.url)
        assert (ran.code, ran.out) == (0, GRAIN.text)
        assert "if-none-match" in press.requests[-1].headers
        first, second = captures_of(pressmark, GRAIN.url)
        assert (second.status, second.revisit_of) == (304, first.record_id)
        assert [visit.outcome for visit in pressmark.visits(GRAIN.url)] == ["unchanged", "new"]
        assert len(pressmark.texts()) == 1

    def test_behind_redirects_is_kept_hop_by_hop_under_the_address_they_lead_to(self, pressmark: Terminal):
        short, middle = "http://gulf-courier.example/a/1042", "http://gulf-courier.example/go?id=1042"
        told = pressmark("fetch", short, "--json").told
        assert (told["outcome"], told["url"]) == ("new", short)
        assert (told["final_url"], told["canonical_url"]) == (GRAIN.url, GRAIN.url)
        hops = told["captures"]
        assert [(hop["url"], hop["status"]) for hop in hops] == [(short, 301), (middle, 302), (GRAIN.url, 200)]
        assert [hop["hop_from"] for hop in hops] == [None, hops[0]["record_id"], hops[1]["record_id"]]
        assert pressmark("show", short).out == GRAIN.text

    def test_that_is_not_to_be_kept_touches_no_disk(self, desk: Terminal):
        before = desk.files()
        ran = desk("fetch", GRAIN.url, "--no-keep")
        assert (ran.code, ran.out) == (0, GRAIN.text)
        assert desk.files() == before

    def test_that_is_not_to_be_kept_needs_no_archive(self, pressmark: Terminal):
        told = pressmark("fetch", GRAIN.url, "--no-keep", "--json").told
        assert (told["headline"], told["pressmark"], told["captures"]) == (GRAIN.headline, None, [])
        assert not pressmark.archive.exists()

    def test_whose_text_moved_on_is_revised_and_the_first_text_stays(self, pressmark: Terminal, press: Press):
        tunnel = next(story for story in ARTICLES if story.name == "harbour-tunnel")
        pressmark("fetch", tunnel.url)
        press.edition = 2
        ran = pressmark("fetch", tunnel.url)
        assert (ran.code, ran.out) == (0, tunnel.at(2).text)
        assert list(pressmark.texts().values()) == [tunnel.text, tunnel.at(2).text]


class TestNoArticle:
    @pytest.mark.parametrize("url", OUTCOMES, ids=path_of)
    def test_has_one_clear_line_its_exit_code_and_a_visit(self, desk: Terminal, url: str):
        before = desk.files()
        ran = desk("fetch", url)
        assert ran.code == CODES[OUTCOMES[url]]
        assert url in ran.refusal
        [visit] = desk.visits(url)
        assert (visit.outcome, visit.reason) == (OUTCOMES[url], REASONS[path_of(url)])
        assert desk.damages() == []
        assert desk.open_warcs() == []
        lasting = [path for path in before if path.endswith((".txt", ".warc.gz"))]
        assert {path: desk.files()[path] for path in lasting} == {path: before[path] for path in lasting}

    @pytest.mark.parametrize("path", ["/missing", "/cut"])
    def test_is_captured_all_the_same(self, pressmark: Terminal, path: str):
        told = pressmark("fetch", f"http://rough-water.example{path}", "--json").told
        [capture] = told["captures"]
        with pressmark.reading() as archive:
            record = archive.record(capture["warc"], capture["offset"])
        assert record.record_id == capture["record_id"]
        assert capture["truncated"] == ("disconnect" if path == "/cut" else None)

    def test_is_a_loop_whose_hops_are_kept(self, pressmark: Terminal):
        pressmark("fetch", "http://rough-water.example/loop/a")
        assert [each.status for each in captures_of(pressmark, "http://rough-water.example/loop/a")] == [302]
        assert [each.status for each in captures_of(pressmark, "http://rough-water.example/loop/b")] == [302]

    def test_comes_of_a_page_cut_short_that_was_whole_before(self, pressmark: Terminal, press: Press):
        whole = page(
            f"<html><body><article><h1>Whole</h1>{'<p>The quay stays closed. </p>' * 40}</article></body></html>"
        )
        times: list[str] = []

        def answer(asked: Asked) -> Answer:
            times.append(asked.url)
            return whole if len(times) == 1 else Answer(headers=whole.headers, body=whole.body, cut=300)

        press.add("http://moody.example/story", answer)
        kept = pressmark("fetch", "http://moody.example/story")
        assert kept.code == 0
        cut = pressmark("fetch", "http://moody.example/story")
        assert cut.code == 1
        assert "cut short" in cut.refusal
        assert pressmark("show", "http://moody.example/story").out == kept.out

    def test_comes_of_a_story_that_was_taken_down_whose_text_stays(self, editions):
        assert editions.withdrawn.code == 1
        assert "gone" in editions.withdrawn.refusal
        tanker = next(story for story in ARTICLES if story.name == "tanker-fine")
        assert editions.terminal("show", tanker.url).out == tanker.text


class TestSeveralLinks:
    def test_have_a_line_each(self, pressmark: Terminal):
        urls = [story.url for story in ARTICLES[:3]]
        ran = pressmark("fetch", *urls)
        assert ran.code == 0
        lines = [line.split() for line in ran.out.splitlines()]
        assert {(outcome, url) for outcome, _, url in lines} == {("new", url) for url in urls}
        assert {pressmark for _, pressmark, _ in lines} == {Path(file).stem for file in pressmark.texts()}

    def test_come_from_stdin_one_a_line(self, pressmark: Terminal):
        stdin = f"# from the newsletter\n\n{LIGHTHOUSE.url}\n  {GRAIN.url}  \n"
        objects = pressmark("fetch", "-", "--json", stdin=stdin).objects
        assert {told["url"] for told in objects} == {LIGHTHOUSE.url, GRAIN.url}
        assert {told["outcome"] for told in objects} == {"new"}

    def test_that_end_differently_end_in_3(self, desk: Terminal):
        missing = "http://rough-water.example/missing"
        ran = desk("fetch", LIGHTHOUSE.url, missing)
        assert ran.code == 3
        assert {tuple(line.split()[::2]) for line in ran.out.splitlines()} == {
            ("unchanged", LIGHTHOUSE.url),
            ("gone", missing),
        }
        [line] = ran.err.splitlines()
        assert missing in line

    def test_that_all_end_badly_in_one_way_end_in_its_code(self, pressmark: Terminal):
        ran = pressmark("fetch", *[f"http://rough-water.example/{name}" for name in ("missing", "withdrawn", "cut")])
        assert ran.code == 1

    def test_that_tell_the_same_text_are_one_text_and_its_copy(self, pressmark: Terminal):
        copy, original = (next(s for s in ARTICLES if s.name == name) for name in ("pilots-copy", "pilots-strike"))
        first = pressmark("fetch", original.url, "--json").told
        second = pressmark("fetch", copy.url, "--json").told
        assert (second["outcome"], second["copy_of"]) == ("copy", first["pressmark"])
        assert second["canonical_url"] == copy.url
        assert list(pressmark.texts().values()) == [original.text]


class TestAnArchive:
    def test_that_was_copied_is_read_where_it_lies_now(self, desk: Terminal, tmp_path: Path):
        shutil.copytree(desk.archive, tmp_path / "elsewhere")
        ran = desk("show", LIGHTHOUSE.url, "-C", str(tmp_path / "elsewhere"))
        assert ran.out == LIGHTHOUSE.text
