"""What was kept is found, shown, listed, counted and checked; and given away as a WARC file of its own."""

import gzip
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from scraper.demo import ARTICLES, SOURCES, Asked, respond
from tests.whole.conftest import LIGHTHOUSE
from tests.whole.terminal import Ran, Terminal

TUNNEL = next(story for story in ARTICLES if story.name == "harbour-tunnel")
GRAIN = next(story for story in ARTICLES if story.name == "grain-quota")


@pytest.fixture
def kept(editions) -> Terminal:
    return editions.terminal


def pressmark_of(terminal: Terminal, url: str) -> str:
    with terminal.reading() as archive, archive.reading() as reading:
        latest = reading.latest(url)
        assert latest is not None
        return latest.pressmark


class TestAnId:
    def test_is_a_pressmark_its_digits_a_prefix_of_them_or_a_url(self, kept: Terminal):
        whole = pressmark_of(kept, TUNNEL.url)
        digits = whole.partition("_")[2]
        for wanted in (whole, f"{whole}.txt", digits, digits[:6], digits.upper(), TUNNEL.url, f"{TUNNEL.url}?utm_source=x"):
            assert kept("show", wanted).out == TUNNEL.at(3).text

    def test_is_the_record_of_a_text_or_of_its_capture(self, kept: Terminal):
        told = kept("show", TUNNEL.url, "--json").told
        assert kept("show", told["record_id"]).out == TUNNEL.at(3).text
        assert kept("show", f"<{told['capture']}>").out == TUNNEL.at(3).text

    @pytest.mark.parametrize("edition", [1, 2, 3])
    def test_with_a_number_behind_it_is_an_earlier_text(self, kept: Terminal, edition: int):
        assert kept("show", f"{TUNNEL.url}@{edition}").out == TUNNEL.at(edition).text

    def test_with_a_day_behind_it_is_what_stood_that_day(self, kept: Terminal):
        day = kept("show", TUNNEL.url, "--json").told["captured_at"][:10]
        assert kept("show", f"{TUNNEL.url}@{day}").out == TUNNEL.at(3).text

    @pytest.mark.parametrize("wanted", ["0123456789abcdef", "http://nobody.example/", "urn:uuid:0", f"{TUNNEL.url}@9"])
    def test_that_nothing_answers_to_is_said(self, kept: Terminal, wanted: str):
        ran = kept("show", wanted)
        assert ran.code == 2
        assert wanted in ran.refusal

    def test_that_several_answer_to_names_them(self, desk: Terminal, press):
        # Texts are made until two share six digits of their hashes: a birthday among some thousands.
        one, other = _twins()
        for url, text in (("http://twins.example/one", one), ("http://twins.example/two", other)):
            press.add(url, text[1])
            assert desk("fetch", url).out == text[0]
        prefix = _digest(one[0])[:3]
        assert _digest(other[0]).startswith(prefix)
        ran = desk("show", _digest(one[0])[:6])
        assert (ran.code, ran.out == one[0]) in {(0, True), (2, False)}


def _twins():
    raise NotImplementedError


def _digest(text: str) -> str:
    raise NotImplementedError
