"""`pressmark fetch` without links: one pass over the sources, and what the next editions change."""

from collections import Counter

import pytest

from scraper.demo import ARTICLES, SOURCES, Press, Story, stories
from tests.whole.terminal import PAPERS, Ran, Terminal

TUNNEL, INTERVIEW, DESALINATION, STRIKE, COPY = (
    next(story for story in ARTICLES if story.name == name)
    for name in ("harbour-tunnel", "interview", "desalination", "pilots-strike", "pilots-copy")
)
STORM = next(story for story in stories(2) if story.name == "storm-warning")


def told_by(ran: Ran) -> dict[str, str]:
    """URL (without what the newsletter desk hung on it) → outcome, as the lines of a pass say."""
    lines = [line.split() for line in ran.out.splitlines()]
    assert len({url for _, _, url in lines}) == len(lines)
    return {url.partition("?utm_")[0]: outcome for outcome, _, url in lines}


class TestTheFirstPass:
    def test_keeps_every_article_once(self, editions):
        assert editions.first.code == 0
        told = told_by(editions.first)
        assert told.keys() == {story.url for story in ARTICLES}
        assert Counter(told.values()) == {"new": len(ARTICLES) - 1, "copy": 1}

    @pytest.mark.parametrize("story", ARTICLES, ids=lambda story: story.name)
    def test_keeps_the_clean_text_of_every_article(self, editions, story: Story):
        with editions.terminal.reading() as archive, archive.reading() as reading:
            first = reading.revisions_of(story.url)[0]
            assert archive.text(first).decode() == story.text
            facts = first.facts
        assert (facts.headline, facts.authors) == (story.headline, story.authors)
        if story.host != "old-quay.example":  # it dates its stories in running text alone, where no guess is safe
            assert (facts.published, facts.modified) == (story.published, story.modified)
        assert (facts.language, facts.source_link) == (story.language, story.source_link)

    def test_finds_that_a_text_was_printed_by_another_paper_before(self, editions):
        told = told_by(editions.first)
        assert {told[STRIKE.url], told[COPY.url]} == {"new", "copy"}
        assert list(editions.terminal.texts().values()).count(STRIKE.text) == 1

    def test_polls_every_source(self, editions):
        assert {visit.url for visit in editions.terminal.all_visits()} >= set(SOURCES)

    def test_ends_with_a_summary(self, editions):
        assert f"{len(ARTICLES) - 1} new · 1 copy" in editions.first.err.splitlines()[-1]

    def test_asks_robots_txt_first_at_every_host(self, editions):
        seen: dict[str, str] = {}
        for request in editions.terminal.press.requests:
            seen.setdefault(request.host, request.path)
        assert set(seen.values()) == {"/robots.txt"}

    def test_gives_no_cookie_back(self, editions):
        assert not [request for request in editions.terminal.press.requests if "cookie" in request.headers]

    def test_never_asks_a_host_two_things_at_once(self, editions):
        assert set(editions.terminal.press.crowds.values()) == {1}

    def test_says_who_asks(self, editions):
        agents = {request.headers["user-agent"] for request in editions.terminal.press.requests}
        [agent] = agents
        assert agent.startswith("pressmark/")
        assert "desk@example.org" in agent


class TestASecondPass:
    def test_keeps_nothing_anew(self, editions):
        assert (editions.second.code, editions.second.out) == (0, "")
        assert "nothing new" in editions.second.err

    def test_fetches_again_what_was_kept_when_asked_to(self, editions):
        assert editions.again.code == 0
        told = told_by(editions.again)
        assert told == {story.url: "unchanged" for story in ARTICLES}

    def test_finds_that_counters_moved_and_no_text(self, editions):
        with editions.terminal.reading() as archive, archive.reading() as reading:
            second, first = reading.captures_of(STRIKE.url)[-2:]
        assert first.payload_digest != second.payload_digest
        assert (first.revisit_of, second.revisit_of) == (None, None)

    def test_writes_a_revisit_where_nothing_was_sent_or_the_same(self, editions):
        with editions.terminal.reading() as archive, archive.reading() as reading:
            for story in ARTICLES:
                if story.host != "gulf-courier.example":
                    continue
                asked = f"{story.url}?utm_source=atom&utm_medium=feed"
                captures = reading.captures_of(asked) or reading.captures_of(story.url)
                first, second = captures[-1], captures[-2]
                assert (second.status, second.revisit_of) == (304, first.record_id)


class TestAnEditionLater:
    def test_a_paragraph_more_revises_a_story(self, editions):
        assert told_by(editions.later)[TUNNEL.url] == "revised"
        assert editions.terminal("show", f"{TUNNEL.url}@2").out == TUNNEL.at(2).text

    def test_a_new_story_is_new(self, editions):
        assert told_by(editions.later)[STORM.url] == "new"

    def test_counters_and_related_boxes_change_no_text(self, editions):
        told = told_by(editions.later)
        assert {url for url, outcome in told.items() if outcome != "unchanged"} == {TUNNEL.url, STORM.url}

    def test_a_new_author_is_a_fact_that_changed(self, editions):
        with editions.terminal.reading() as archive, archive.reading() as reading:
            first, second = reading.revisions_of(INTERVIEW.url)
        assert (second.verdict, second.facts_changed) == ("facts", ("authors",))
        assert (first.facts.authors, second.facts.authors) == (INTERVIEW.authors, INTERVIEW.at(2).authors)
        assert (first.text_file, first.sha256) == (second.text_file, second.sha256)

    def test_another_modified_alone_is_no_revision(self, editions):
        with editions.terminal.reading() as archive, archive.reading() as reading:
            assert len(reading.revisions_of(DESALINATION.url)) == 1


class TestTwoEditionsLater:
    def test_a_new_headline_revises_a_story(self, editions):
        assert told_by(editions.last)[TUNNEL.url] == "revised"
        assert editions.terminal("show", TUNNEL.url).out == TUNNEL.at(3).text

    def test_every_text_that_ever_stood_is_there_once(self, editions):
        ever = [story.at(edition).text for edition in (1, 2, 3) for story in stories(edition) if not story.withdrawn]
        assert sorted(editions.terminal.texts().values()) == sorted(set(ever))

    def test_the_archive_is_whole(self, editions):
        assert editions.terminal.damages() == []
        assert editions.terminal.open_warcs() == []


class TestSources:
    def test_a_feed_that_is_html_is_told_and_holds_up_nothing(self, pressmark: Terminal):
        feed = "http://rough-water.example/feed"
        pressmark.watch({"name": "Rough Water", "feeds": [feed]}, PAPERS[2])
        ran = pressmark("fetch")
        assert ran.code == 3
        [line] = [line for line in ran.err.splitlines() if feed in line]
        assert line.startswith("failed")
        [visit] = pressmark.visits(feed)
        assert (visit.outcome, visit.reason, visit.role) == ("failed", "not-a-feed", "feed")
        assert list(told_by(ran).values()) == ["new"] * 3

    def test_a_home_page_alone_leads_to_all_its_articles(self, pressmark: Terminal):
        pressmark.watch({"name": "Caspian Ledger", "home": "http://caspian-ledger.example/"})
        told = told_by(pressmark("fetch"))
        assert told.keys() == {story.url for story in ARTICLES if story.host == "caspian-ledger.example"}

    def test_one_that_was_added_twice_stands_there_once(self, pressmark: Terminal):
        first = pressmark("add", "http://kosova-wire.example/", "--json")
        second = pressmark("add", "kosova-wire.example", "http://kosova-wire.example/")
        assert first.told["added"] == "http://kosova-wire.example/"
        assert "1 were there" in second.err

    def test_none_at_all_is_a_setting_to_be_made(self, pressmark: Terminal):
        ran = pressmark("fetch")
        assert ran.code == 2
        assert str(pressmark.config) in ran.refusal
        assert "pressmark add" in ran.refusal

    def test_a_page_is_fetched_as_an_article_each_time(self, pressmark: Terminal):
        pressmark.watch({"name": "The mill", "pages": ["http://world-tonight.example/how-the-herring-quota-works/"]})
        assert list(told_by(pressmark("fetch")).values()) == ["new"]
        assert list(told_by(pressmark("fetch")).values()) == ["unchanged"]


class TestInJson:
    def test_a_pass_tells_every_article_and_then_the_sum(self, pressmark: Terminal, press: Press):
        pressmark.watch(PAPERS[3])
        *articles, summary = pressmark("fetch", "--json").objects
        assert {told["url"] for told in articles} == {s.url for s in ARTICLES if s.host == "world-tonight.example"}
        assert (summary["sources"], summary["new"]) == (3, len(articles))
