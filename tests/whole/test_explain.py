"""`pressmark explain`, `clean --site` and `--format md`: what became of a page, as somebody at a terminal sees it."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from archive import open_writer
from archive.records import Article, Site
from scraper import clean, learn_site
from scraper.demo import ARTICLES, OUTCOMES
from scraper.demo import page as served
from tests.scraper.extract.pages import HEADLINE, PARAGRAPHS, URL, page, paragraphs
from tests.scraper.extract.test_explain import printed
from tests.whole.conftest import LIGHTHOUSE
from tests.whole.terminal import Ran, Terminal, run

SHELL = next(url for url, outcome in OUTCOMES.items() if outcome == "not-article" and url.endswith("/app"))
WIRE = [story for story in ARTICLES if story.host == LIGHTHOUSE.host]


def saved(terminal: Terminal, body: bytes, name: str = "page.html") -> str:
    """A page as a file in the terminal's folder."""
    path = terminal.folder / name
    path.write_bytes(body)
    return str(path)


def known() -> Site:
    """What the stories of the wire teach about its site."""
    return replace(learn_site((story.url, printed(story.url)) for story in WIRE), number=7)


def remembered(terminal: Terminal) -> Site:
    """The same, now in the archive."""
    with open_writer(terminal.archive) as writer:
        writer.remember(known())
    return known()


def kept_again(terminal: Terminal, article: Article) -> None:
    """Makes this the latest text of the story of the lighthouse."""
    with open_writer(terminal.archive) as writer:
        with writer.reading() as reading:
            latest = reading.latest(LIGHTHOUSE.url)
        assert latest
        writer.keep_again(article, latest, verdict="revised")


def kept(ran: Ran) -> list[str]:
    """The texts of the kept blocks of --json, the headline not among them."""
    return [told["text"] for told in ran.objects[1:] if told["kept"] and told["by"] != "headline"]


class TestExplain:
    def test_tells_each_block_of_a_saved_page_in_two_lines(self, pressmark: Terminal):
        ran = pressmark("explain", saved(pressmark, page()), "--url", URL)
        lines = ran.out.splitlines()
        assert (ran.code, ran.err) == (0, "")
        assert f"headline        {HEADLINE}  (html)" in lines
        assert f"kept            7 of 9 blocks, {clean(page(), URL).words} words" in lines
        at = lines.index("- Sport")
        assert lines[at + 1] == "    list at nav > ul > li: trafilatura took it for boilerplate"
        [first] = [number for number, line in enumerate(lines) if line.startswith(f"+ {PARAGRAPHS[0][:40]}")]
        assert lines[first + 1] == "    paragraph at main > article > p: trafilatura took it for the article's"
        assert max(map(len, lines)) <= 100

    def test_reads_a_page_from_stdin(self, pressmark: Terminal):
        assert kept(pressmark("explain", "-", "--json", stdin=page().decode())) == list(PARAGRAPHS)

    def test_reads_a_flattened_text(self, pressmark: Terminal):
        ran = pressmark("explain", "-", "--json", stdin="\n\n".join(["Menu", HEADLINE, *PARAGRAPHS, "5 views"]))
        assert kept(ran) == list(PARAGRAPHS)
        assert ran.objects[0]["way"] == "lines of a flattened text"

    def test_as_json_tells_the_page_first_and_then_a_block_a_line(self, pressmark: Terminal):
        first, *blocks = pressmark("explain", saved(pressmark, page()), "--url", URL, "--json").objects
        assert (first["schema"], first["page"], first["headline"], first["reason"]) == (1, URL, HEADLINE, None)
        assert (first["blocks"], first["kept"]) == (len(blocks), 7)
        assert [told["block"] for told in blocks] == list(range(1, len(blocks) + 1))
        assert {*blocks[0]} == {"schema", "block", "text", "kind", "place", "kept", "by", "why"}

    def test_reads_a_url_as_the_archive_holds_it(self, desk: Terminal):
        before = desk.all_visits()
        ran = desk("explain", LIGHTHOUSE.url, "--json")
        assert kept(ran) == list(LIGHTHOUSE.paragraphs)
        assert ran.objects[0]["captured"]["url"] == LIGHTHOUSE.url
        assert desk.press.requests == []
        assert desk.all_visits() == before

    def test_uses_the_memory_that_the_text_in_the_archive_names(self, desk: Terminal):
        memory = remembered(desk)
        assert desk("explain", LIGHTHOUSE.url, "--json").objects[0]["way"] == "trafilatura"
        kept_again(desk, clean(printed(LIGHTHOUSE.url), LIGHTHOUSE.url, site=memory))
        first, *blocks = desk("explain", LIGHTHOUSE.url, "--json").objects
        assert first["site_memory"] == "kosova-wire.example@7"
        assert {told["by"] for told in blocks if told["kept"]} == {"template", "headline"}

    def test_fetches_a_url_that_the_archive_does_not_hold_and_keeps_nothing(self, pressmark: Terminal):
        before = pressmark.files()
        ran = pressmark("explain", LIGHTHOUSE.url, "--json")
        assert kept(ran) == list(LIGHTHOUSE.paragraphs)
        assert pressmark.press.requests[0].path == "/robots.txt"
        assert pressmark.files() == before

    def test_is_refused_what_fetch_is_refused(self, pressmark: Terminal):
        assert pressmark("explain", "http://gulf-courier.example/private/archive").code == 7
        assert pressmark("explain", "http://127.0.0.1/admin").code == 7
        assert pressmark("explain", "http://rough-water.example/missing").code == 1
        assert pressmark("explain", "gopher://rough-water.example/").code == 2

    def test_of_a_page_without_an_article_tells_the_blocks_and_why(self, pressmark: Terminal):
        ran = pressmark("explain", SHELL)
        assert ran.code == 4
        assert "no article      needs-javascript: " in ran.out
        assert ran.err.startswith(f"pressmark: {SHELL}: ")
        told = pressmark("explain", SHELL, "--json")
        assert (told.code, told.err, told.objects[0]["reason"]) == (4, "", "needs-javascript")

    def test_takes_no_text_for_a_command(self, pressmark: Terminal):
        evil = f"The mayor said \x1b[31mno\x1b[0m on Friday, and went home.{chr(0x202E)}"
        ran = pressmark("explain", saved(pressmark, page(paragraphs(*PARAGRAPHS, evil))))
        assert not {"\x1b", "\u202e"} & set(ran.out)


class TestAPageAsATest:
    @pytest.fixture
    def tested(self, desk: Terminal) -> tuple[Terminal, Path]:
        """The story of the lighthouse as a test, and its folder."""
        ran = desk("explain", LIGHTHOUSE.url, "--site", remembered(desk).site, "--as-test", "cases")
        assert ran.code == 0
        return desk, desk.folder / ran.out.strip()

    def pytest(self, folder: Path) -> str:
        """What pytest says of the tests in that folder."""
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "cases"]
        return run(command, folder).out

    def test_passes_as_it_stands_and_fails_once_the_text_should_be_another(self, tested: tuple[Terminal, Path]):
        desk, case = tested
        expected = case / "expected.txt"
        assert expected.read_text() == LIGHTHOUSE.text
        assert '"number": 7' in (case / "case.json").read_text()
        wall = saved(desk, page("<p>Please verify that you are a human, and then go on.</p>"))
        assert desk("explain", wall, "--as-test", "cases").code == 0
        dump = saved(desk, "\n\n".join([HEADLINE, *PARAGRAPHS]).encode("utf-16"), "dump.txt")
        assert desk("explain", dump, "--as-test", "cases").code == 0
        assert "3 passed" in self.pytest(desk.folder)
        expected.write_text(LIGHTHOUSE.text.replace(LIGHTHOUSE.paragraphs[-1], "Nothing else was said."))
        ran = self.pytest(desk.folder)
        assert "1 failed, 2 passed" in ran
        assert "-Nothing else was said." in ran

    def test_is_not_written_twice(self, tested: tuple[Terminal, Path]):
        desk, case = tested
        (case / "expected.txt").write_text("edited")
        ran = desk("explain", LIGHTHOUSE.url, "--as-test", "cases")
        assert ran.code == 2
        assert "is there already" in ran.refusal
        assert (case / "expected.txt").read_text() == "edited"


class TestAKnownSite:
    def test_is_used_when_its_name_is_given_and_else_is_not(self, desk: Terminal):
        remembered(desk)
        file = saved(desk, printed(LIGHTHOUSE.url))
        words = ("clean", file, "--url", LIGHTHOUSE.url)
        told = desk(*words, "--site", "kosova-wire.example", "--json").told
        assert (told["site_memory"], told["extractor"]["rung"]) == ("kosova-wire.example@7", "template")
        assert told["text"] == LIGHTHOUSE.text
        assert desk(*words, "--json").told["site_memory"] is None
        assert desk(*words, "--site", "www.Kosova-Wire.example@7").out == LIGHTHOUSE.text

    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("kosovawire.example", "did you mean kosova-wire.example?"),
            ("kosova-wire.example@8", "numbered 1 to 7"),
            ("zzz", "it remembers 1 others"),
        ],
    )
    def test_that_nobody_knows_is_refused_with_the_nearest_names(self, desk: Terminal, name: str, hint: str):
        remembered(desk)
        ran = desk("clean", saved(desk, page()), "--site", name)
        assert ran.code == 2
        assert hint in ran.refusal

    def test_needs_an_archive(self, pressmark: Terminal):
        assert pressmark("clean", saved(pressmark, page()), "--site", "kosova-wire.example").code == 2


class TestMarkdown:
    BODY = paragraphs(*PARAGRAPHS[:5], f'{PARAGRAPHS[5]} <a href="/council">The agenda</a>')
    LINK = "[The agenda](https://www.harbour-herald.example/council)"

    def test_of_a_saved_page_has_its_links(self, pressmark: Terminal):
        ran = pressmark("clean", saved(pressmark, page(self.BODY)), "--url", URL, "--format", "md")
        assert ran.out.startswith(f"# {HEADLINE}\n\n")
        assert ran.out.endswith(f"{self.LINK}\n")
        told = pressmark("clean", saved(pressmark, page(self.BODY)), "--url", URL, "--format", "md", "--json").told
        assert told["markdown"] == ran.out
        assert self.LINK not in told["text"]

    def test_of_a_flattened_text_is_its_words(self, pressmark: Terminal):
        ran = pressmark("clean", "-", "--format", "md", stdin="\n\n".join([HEADLINE, *PARAGRAPHS]))
        assert ran.out.startswith(f"# {HEADLINE}\n\n{PARAGRAPHS[0]}\n")

    @pytest.fixture
    def printed_at(self, desk: Terminal) -> str:
        """Where the newspaper prints that page."""
        url = URL.replace("https", "http")
        desk.press.add(url, served(page(self.BODY).decode()))
        return url

    def test_of_a_fetched_link_is_all_that_goes_to_stdout(self, desk: Terminal, printed_at: str):
        link = self.LINK.replace("https", "http")
        first, again = desk("fetch", printed_at, "--format", "md"), desk("fetch", printed_at, "--format", "md")
        assert first.out.startswith(f"# {HEADLINE}\n\n")
        assert first.out.endswith(f"{link}\n")
        assert (again.out, again.err.split()[1]) == (first.out, "unchanged")
        assert desk("fetch", printed_at, "--format", "md", "--no-keep").out == first.out
        told = desk("fetch", printed_at, "--format", "md", "--json").told
        assert (told["outcome"], told["markdown"]) == ("unchanged", first.out)
        assert "markdown" not in desk("fetch", SHELL, "--format", "md", "--json").told

    def test_of_several_links_is_refused_for_each_is_told_in_a_line(self, pressmark: Terminal):
        for words in ([LIGHTHOUSE.url, SHELL], []):
            ran = pressmark("fetch", *words, "--format", "md")
            assert (ran.code, "one link" in ran.refusal) == (2, True)
        assert pressmark.press.requests == []

    def test_of_a_kept_text_is_read_from_its_capture(self, desk: Terminal, printed_at: str):
        desk("fetch", printed_at)
        ran = desk("show", printed_at, "--format", "md")
        assert ran.out.endswith("[The agenda](http://www.harbour-herald.example/council)\n")

    def test_of_a_text_that_its_page_does_not_give_any_more_is_its_words_and_says_so(self, desk: Terminal):
        article = clean(printed(LIGHTHOUSE.url), LIGHTHOUSE.url)
        kept_again(desk, replace(article, paragraphs=(*article.paragraphs, "- *Nothing* else")))
        ran = desk("show", LIGHTHOUSE.url, "--format", "md")
        assert ran.out.endswith("\n\n- \\*Nothing\\* else\n")
        assert "without links" in ran.err

    def test_is_the_only_other_format(self, desk: Terminal):
        for words in (["show", LIGHTHOUSE.url], ["clean", saved(desk, page())], ["fetch", LIGHTHOUSE.url]):
            assert "text, md" in desk(*words, "--format", "html").refusal
