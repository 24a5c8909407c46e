"""Whom a text credits for what it took over."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from scraper import clean
from scraper.extract.facts import Facts, facts_of
from scraper.extract.facts.wires import is_signature, wire_credit_in
from tests.scraper.extract.pages import PARAGRAPHS, URL, ld, page, paragraphs
from tests.scraper.extract.test_site import known, story, told
from tests.scraper.extract.test_site import read as read_story


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
    ("line", "credit"),
    [
        ("(AP)", "AP"),
        ("(Reuters)", "Reuters"),
        ("— AFP", "AFP"),
        ("[dpa]", "dpa"),
        ("(dpa/lby)", "dpa"),
        ("AP / Reuters", "AP, Reuters"),
        ("Associated Press", "AP"),
        ("ТАСС", "TASS"),
        ("Source: Anadolu", "Anadolu"),
        ("(with inputs from PTI)", "PTI"),
    ],
)
def test_an_agency_that_signs_the_text_in_a_line_of_its_own_is_its_wire_credit_and_no_paragraph(line, credit):
    article = clean(page(paragraphs(*PARAGRAPHS, line)), URL)
    assert article.paragraphs == PARAGRAPHS
    assert (article.wire_credit, article.origins["wire_credit"]) == (credit, "text")


@pytest.mark.parametrize("line", ["AP Photo", "© AFP", "Photo: Reuters", "Getty Images", "— Ann Lee", "(Ann Lee)", "/"])
def test_who_took_a_picture_is_none(line):
    assert not is_signature(line)
    assert clean(page(paragraphs(*PARAGRAPHS, line)), URL).wire_credit is None


def test_what_stands_under_a_signature_does_not_hide_it():
    rights = "Copyright 2026 The Associated Press. All rights reserved. It may not be published without permission."
    article = clean(page(paragraphs(*PARAGRAPHS, "(AP)", rights)), URL)
    assert (article.paragraphs, article.wire_credit) == (PARAGRAPHS, "AP")


def test_an_agency_between_two_paragraphs_signs_nothing():
    article = clean(page(paragraphs(*PARAGRAPHS[:3], "(AP)", *PARAGRAPHS[3:])), URL)
    assert (article.paragraphs, article.wire_credit) == (PARAGRAPHS, None)


def test_an_agency_that_signs_many_articles_of_a_site_is_told_of_each():
    def signed(number: int) -> tuple[str, bytes]:
        return story(number, "".join(f"<p>{text}</p>" for text in (*told(number), "(AP)")))

    found = read_story(signed(9), known(*map(signed, range(5))))
    assert found.extractor["rung"] == "template"
    assert (found.paragraphs, found.wire_credit) == (told(9), "AP")


def test_a_word_that_is_a_code_too_is_no_signature_nor_are_signs_alone():
    assert not is_signature("Spa")
    assert not any(map(is_signature, ("(" * 100_000, "— " * 33 + "x", "/" * 69)))


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
