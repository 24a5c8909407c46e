"""A site is learned as it is crawled: its pages are read by what is known of it, and a redesign is noticed."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from archive.records import Revision, Site
from scraper.demo import Press, Story
from tests.whole.kosova_wire import PAPER, REDESIGNED, SOURCE, Wire, voyage
from tests.whole.terminal import Ran, Terminal

FIRST, NEXT = [voyage(number) for number in range(6)], [voyage(number) for number in range(6, 9)]
IN_NEW_DRESS, LATER = [voyage(number) for number in range(10, 17)], [voyage(number) for number in range(17, 19)]
MENDED = voyage(
    2,
    extra="The company said on Friday that the Cecilia would sail again in spring, when its second engine has been "
    "mended and the crew has come back from leave.",
)


@dataclass(frozen=True, slots=True)
class Year:
    """Passes over one paper, and the state of what was known of it after each."""

    terminal: Terminal
    again: Ran  # with --again, once the site was known
    redesigned: Ran  # with --again, in the new layout; one story was changed
    states: tuple[Site, ...]  # after the first pass, before the drift was seen, and after


def state(terminal: Terminal) -> Site:
    with terminal.reading() as archive, archive.reading() as reading:
        known = reading.site(PAPER.host)
    assert known
    return known


def kept(terminal: Terminal, story: Story) -> tuple[Revision, str]:
    """The latest revision of a story, and its text."""
    with terminal.reading() as archive, archive.reading() as reading:
        revision = reading.latest(story.url)
        assert revision
        return revision, archive.text(revision).decode()


def outcomes(ran: Ran) -> dict[str, str]:
    assert ran.code == 0
    return {url: outcome for outcome, _, url in map(str.split, ran.out.splitlines())}


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    with Press() as press:
        terminal, wire = Terminal(tmp_path_factory.mktemp("year"), press), Wire(press)
        terminal.watch(SOURCE)

        def printed(*stories: Story) -> Site:
            wire.print(*stories)
            assert set(outcomes(terminal("fetch")).values()) == {"new"}
            return state(terminal)

        first = printed(*FIRST)
        printed(*NEXT)
        again = terminal("fetch", "--again")
        press.edition = REDESIGNED
        wire.print(MENDED)
        redesigned = terminal("fetch", "--again")
        before = state(terminal)
        drifted = printed(*IN_NEW_DRESS)
        printed(*LATER)
        yield Year(terminal, again, redesigned, (first, before, drifted))


def test_a_first_pass_learns_the_site_of_the_articles_it_keeps(year):
    first, *_ = year.states
    assert (first.site, first.number) == ("kosova-wire.example", 1)
    assert "entry-content" in first.memory["templates"]["article"]["selector"]
    for story in FIRST:
        revision, text = kept(year.terminal, story)
        if story.url != MENDED.url:
            assert (revision.facts.site_memory, text) == (None, story.text)


@pytest.mark.parametrize("story", NEXT, ids=lambda story: story.name)
def test_the_next_articles_are_read_by_what_is_known_and_say_so(year, story):
    revision, text = kept(year.terminal, story)
    assert text == story.text
    assert (revision.facts.site_memory, revision.facts.extractor["rung"]) == ("kosova-wire.example@1", "template")


def test_pages_that_were_kept_before_are_unchanged_though_they_are_read_otherwise_now(year):
    assert outcomes(year.again) == {story.url: "unchanged" for story in (*FIRST, *NEXT)}


def test_a_redesign_revises_no_article_but_the_one_that_was_changed(year):
    changed = {url for url, outcome in outcomes(year.redesigned).items() if outcome != "unchanged"}
    assert changed == {MENDED.url}
    revision, text = kept(year.terminal, MENDED)
    assert (revision.verdict, text) == ("revised", MENDED.text)


@pytest.mark.parametrize("story", IN_NEW_DRESS, ids=lambda story: story.name)
def test_pages_that_no_longer_fit_go_back_to_the_teacher_and_keep_their_texts(year, story):
    revision, text = kept(year.terminal, story)
    assert text == story.text
    assert (revision.facts.site_memory, revision.facts.extractor["template"]) == ("kosova-wire.example@1", "misfit")


def test_the_template_is_retired_and_the_new_layout_learned_from_the_pages_that_show_it(year):
    first, before, drifted = year.states
    assert (before, drifted.number) == (first, 2)
    assert "reader__column" in drifted.memory["templates"]["article"]["selector"]
    assert drifted.memory["templates"]["article"]["pages"] == len(IN_NEW_DRESS) + 1
    assert drifted.began == kept(year.terminal, MENDED)[0].captured_at


@pytest.mark.parametrize("story", LATER, ids=lambda story: story.name)
def test_the_articles_after_that_are_read_by_the_new_one(year, story):
    revision, text = kept(year.terminal, story)
    assert text == story.text
    assert (revision.facts.site_memory, revision.facts.extractor["template"]) == ("kosova-wire.example@2", "fits")


def test_one_link_is_read_by_what_is_known_too(year):
    assert year.terminal("fetch", "--json", NEXT[0].url).told["outcome"] == "unchanged"
    told = year.terminal("fetch", "--json", "--no-keep", NEXT[0].url).told
    assert told["site_memory"] is None  # of an archive that is not looked at nothing is known


def test_what_was_learned_is_shown(year):
    assert year.terminal("status", "--json").told["known_sites"] == 1


def test_each_page_is_read_again_by_what_was_known_at_its_time(year):
    ran = year.terminal("rebuild", "--reextract")
    assert (ran.code, "none would change" in ran.out) == (0, True)


def test_the_archive_is_whole_and_can_be_made_again(year):
    with year.terminal.reading() as archive:
        rows = list(archive.dump())
    assert sum('"table": "sites"' in row for row in rows) == 2
    assert year.terminal("verify").code == year.terminal("rebuild").code == 0
    with year.terminal.reading() as archive:
        assert list(archive.dump()) == rows
    assert year.terminal.damages() == []


def test_a_daemon_learns_and_one_that_was_killed_is_taken_up_by_the_next(pressmark: Terminal, press: Press):
    wire = Wire(press)
    wire.print(*FIRST)
    pressmark.watch(SOURCE, daemon={"heartbeat": 1})
    with pressmark.running("daemon") as killed:
        killed.until(lambda log: sum(line.get("role") == "article" for line in log) == len(FIRST))
        assert killed.send(signal.SIGKILL) == -signal.SIGKILL
    with pressmark.running("daemon") as heir:
        log = heir.until(lambda log: any(line["event"] in ("learned", "heartbeat") for line in killed.log + log))
        if not any(line["event"] == "learned" for line in killed.log):
            log = heir.until(lambda log: any(line["event"] == "learned" for line in log))
            [learned] = [line for line in log if line["event"] == "learned"]
            assert (learned["site"], learned["number"], learned["why"]) == (PAPER.host, 1, "first")
        assert heir.send(signal.SIGTERM) == 0
    assert state(pressmark).number == 1
    assert pressmark.damages() == []


def test_a_crawler_that_is_not_to_learn_does_not(pressmark: Terminal, press: Press):
    Wire(press).print(*FIRST)
    pressmark.watch(SOURCE, extract={"learn": False})
    assert set(outcomes(pressmark("fetch")).values()) == {"new"}
    with pressmark.reading() as archive, archive.reading() as reading:
        assert reading.site(PAPER.host) is None
