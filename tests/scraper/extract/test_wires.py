"""Whom a text credits for what it took over."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from scraper.extract.facts import Facts, facts_of
from scraper.extract.facts.wires import wire_credit_in
from tests.scraper.extract.pages import PARAGRAPHS, URL, ld, page


def read(head: str) -> Facts:
    whole = page(head=head)
    return facts_of(LexborHTMLParser(whole), URL, whole)


@pytest.mark.parametrize(
    ("head", "credit", "origin"),
    [
        (ld(author=[{"name": "Ann Lee"}, {"name": "The Associated Press"}]), "AP", "json-ld"),
        (ld(author="Ann Lee with dpa and AFP"), "dpa, AFP", "json-ld"),
        (ld(author="Ann Lee", sourceOrganization={"@type": "Organization", "name": "Reuters"}), "Reuters", "json-ld"),
        ('<meta name="author" content="dpa/AFP">', "dpa, AFP", "meta"),
        ('<meta name="source" content="新华社">', "Xinhua", "meta"),
        (ld(author="Reuters", publisher={"name": "Reuters"}), None, None),
        (ld(author="Ann Lee"), None, None),
    ],
)
def test_the_agencies_a_page_declares_are_its_wire_credit(head, credit, origin):
    facts = read(head)
    assert (facts.wire_credit, facts.origins.get("wire_credit")) == (credit, origin)


@pytest.mark.parametrize(
    ("end", "credit"),
    [
        ("The ferry sailed on Friday. (AP)", "AP"),
        ("The ferry sailed on Friday. – Reuters", "Reuters"),
        ("“We sail,” she said. (AFP, dpa)", "AFP, dpa"),
        ("Das Schiff legte am Freitag ab. (dpa/sid)", "dpa, SID"),
        ("Reuters", "Reuters"),
        ("Source: Anadolu Agency", "Anadolu"),
        ("Источник: РИА Новости", "RIA Novosti"),
        ("The ferry sailed (with inputs from PTI)", "PTI"),
        ("The council agreed, Quay.Az reports via Turkish media.", "via Turkish media"),
        ("The council agreed, Quay.Az reports, citing TASS.", "TASS"),
        ("The mayor said via Telegram.", None),
        ("He had worked for Reuters.", None),
        ("The ferry sailed on Friday. (Photo: Ann Lee)", None),
        ("The line is called AA. – Ann Lee", None),
        ("", None),
    ],
)
def test_the_closing_words_of_a_text_credit_a_wire(end, credit):
    assert wire_credit_in((*PARAGRAPHS, end)) == credit


@pytest.mark.parametrize(
    ("dateline", "credit"),
    [
        ("BERLIN (dpa) - ", "dpa"),
        ("MOSCOW, Nov 20 (Reuters) — ", "Reuters"),
        ("(AFP) – ", "AFP"),
        ("МОСКВА, 20 ноября. /ТАСС/. ", "TASS"),
        ("The council (AP) said it ", None),
        ("QUAYTOWN — ", None),
    ],
)
def test_a_dateline_credits_a_wire(dateline, credit):
    assert wire_credit_in((dateline + PARAGRAPHS[0], *PARAGRAPHS[1:])) == credit


def test_what_credits_nobody_in_a_text_of_any_size_costs_no_time():
    assert wire_credit_in(("(" * 100_000, " – " * 100_000, "with " * 100_000)) is None
    assert wire_credit_in(()) is None
