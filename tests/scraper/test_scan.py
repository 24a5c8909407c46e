"""What markup is made of is told before a parser sees it, in a time that grows with its length alone."""

import random
import time
from dataclasses import replace

import pytest
from selectolax.lexbor import LexborHTMLParser

from scraper.errors import ExtractError
from scraper.extract.tree import FOR_LEXBOR
from scraper.scan import HTML, XML, Limits, check, fault, light, shortened, without_doctype

URL = "https://gazette.test/"
LIMITS = Limits(grammar=HTML, size=10_000, tags=100, attributes=10, tag=1_000, depth=20)


@pytest.mark.parametrize("grammar", [HTML, XML])
@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        (b"x" * 10_001, "too-large"),
        (b"<b>x</b>" * 51, "too-many-tags"),
        (b"<p " + b" ".join(b"a%d=b" % n for n in range(11)) + b">", "too-many-attributes"),
        (b'<p a=">"' + b" ".join(b'a%d=">"' % n for n in range(11)) + b">", "too-many-attributes"),
        (b'<p title="' + b"x" * 1_000 + b'">', "tag-too-long"),
        (b"<b>" * 21, "too-deep"),
        (b"<b></i>" * 21, "too-deep"),
        (b"</b>" * 30 + b"<b>" * 21, "too-deep"),
        (b"<b>x</b>" * 50, None),
        (b"<p " + b" ".join(b"a%d=b" % n for n in range(9)) + b">", None),
        (b"<b>" * 20, None),
        (b"<!-- " + b"<b>" * 30 + b" -->", None),
        (b'<p title="' + b"<b>" * 30 + b'">', None),
        (b"x < y and y > z " * 30, None),
    ],
)
def test_what_is_past_a_parser_s_limits_is_named(grammar, markup, reason):
    found = fault(markup, replace(LIMITS, grammar=grammar))
    assert (found and found.reason) == reason


def test_what_is_past_the_limits_is_refused_with_its_name():
    with pytest.raises(ExtractError, match="more than 20 deep") as caught:
        check(b"<b>" * 21, LIMITS, URL)
    assert (caught.value.reason, caught.value.subject) == ("too-deep", URL)


@pytest.mark.parametrize(
    "hidden",
    [
        b"<title><script></title>%s",
        b"<!-->%s",
        b"<!--->%s",
        b"<!-- --!>%s",
        b"<!x '>%s",
        b"</ '>%s",
        b"<textarea><script></textarea>%s",
        b"<p a=b'>%s",
        b"<p '>%s",
        b"<script>'</script>%s",
    ],
)
def test_nothing_hides_tags_from_the_scan_that_parsers_see(hidden):
    found = fault(hidden % (b"<b>" * 40), LIMITS)
    assert found is not None
    assert found.reason == "too-deep"


# What a tag may begin with, or lie in, that readers of it could understand in several ways.
ODD = [
    *(b"<p", b"<p>", b"</p>", b" a=b", b' a="', b'"', b"'", b">", b"<", b"=", b" x", b"\n\t", b"/", b"\v", b"`", b"\0"),
    *(
        b"<b c=",
        b"<script>",
        b"</script>",
        b"<!--",
        b"-->",
        b"<textarea",
        b"</textarea>",
        b"<!",
        b"<?",
    ),
    *(b"k=v " * 15, b"text text", b" =", b"= ", b"/ =", b' =" ', b"b=c=' ", b" b\v=", b"</", b"</a "),
]


def test_no_tag_of_a_page_that_passes_has_more_attributes_than_its_parser_bears():
    chance = random.Random(20_261_122)  # noqa: S311
    many = b" ".join(b"k%d" % number for number in range(600))
    passed = 0
    for _ in range(4_000):
        parts = chance.choices(ODD, k=chance.choice((4, 12, 40)))
        parts.insert(chance.randrange(len(parts)), many)
        page = b"<html><body>" + b"".join(parts)
        if fault(page, FOR_LEXBOR) is None:
            passed += 1
            tags = LexborHTMLParser(page).css("*")
            assert max(len(tag.attributes) for tag in tags) <= FOR_LEXBOR.attributes, page
    assert passed > 1_000


@pytest.mark.parametrize(
    "flat",
    [b"<script>" + b"<b>" * 90 + b"</script>", b"<br>" * 90, b"<p>" * 90, b"<style>" + b"<b>" * 90 + b"</style>"],
)
def test_what_holds_nothing_is_not_deep(flat):
    assert fault(flat, LIMITS) is None


def test_a_tag_with_too_many_attributes_keeps_its_name_and_a_few():
    page = b'<p class="lead" ' + b" ".join(b"a%d" % n for n in range(5_000)) + b">It rained.</p>"
    assert shortened(page, LIMITS).startswith(b'<p class="lead" a0 a1 ')
    assert shortened(page, LIMITS).endswith(b" a98>It rained.</p>")
    assert shortened(b"<p>It rained.</p>", LIMITS) == b"<p>It rained.</p>"


def test_of_a_small_page_only_what_no_text_is_made_of_goes():
    assert light(b"<!DOCTYPE html><p>It\0 rained.<!-- again --></p>") == b"<p>It rained.<!-- again --></p>"


def test_html_that_goes_on_behind_its_end_is_one_page():
    assert light(b"<html><body><p>a</p></html><p>b</p></body></html>") == b"<html><body><p>a</p><p>b</p>"
    assert light(b"<html><p>a</p></html>\n<!-- 12 ms -->") == b"<html><p>a</p></html>\n<!-- 12 ms -->"


@pytest.mark.parametrize(
    ("xml", "left"),
    [
        (b"<?xml version='1.0'?><!DOCTYPE x><x/>", b"<?xml version='1.0'?><x/>"),
        (b"<!-- a --><!DOCTYPE x [<!ENTITY a ']>'>] ><x/>", b"<!-- a --><x/>"),
        (b"<!doctype x SYSTEM 'a>b' [<!-- ]> -->]><x/>", b"<x/>"),
        (b"<x><!DOCTYPE y></x>", b"<x><!DOCTYPE y></x>"),
        (b"<!DOCTYPE x [", b"<!DOCTYPE x ["),
    ],
)
def test_xml_loses_its_doctype(xml, left):
    assert without_doctype(xml) == left


ENDLESS = {
    "tags": b"<a>",
    "half tags": b"<a",
    "less than": b"<",
    "quotes": b'<a b="',
    "mixed quotes": b"<a b='\"",
    "comments": b"<!--",
    "dashes": b"<!-",
    "scripts": b"<script>",
    "ends": b"</script",
    "equals": b"<a =",
    "spaces": b"<a = ",
    "attributes": b"a=b ",
    "cdata": b"<![CDATA[",
    "brackets": b"]",
    "instructions": b"<?",
    "doctypes": b"<!doctype",
    "entities": b"<!ENTITY a '",
    "files": b"data:a/a;base64,",
    "slashes": b"</",
    "nul": b"\0",
    "text": b"words ",
    "closed comments": b"<!--x-->",
    "html ends": b"</html><p",
    "names": b"<" + b"a" * 1_000,
    "end quotes": b"='",
    "raw": b"<title><xmp><style>",
}


@pytest.mark.parametrize("start", [b"", b"<a ", b"<!--", b"<!DOCTYPE x [", b"<script>", b"<![CDATA["], ids=str)
@pytest.mark.parametrize("name", ENDLESS)
def test_the_scan_s_time_grows_with_the_length_alone(name, start):
    limits = replace(LIMITS, size=10**9, tags=10**9, attributes=10**9, tag=10**9, depth=10**9)
    markup = start + ENDLESS[name] * (1_000_000 // len(ENDLESS[name]))
    began = time.process_time()
    for grammar in (HTML, XML):
        fault(markup, replace(limits, grammar=grammar))
        fault(markup, replace(LIMITS, grammar=grammar, size=10**9))
    light(markup)
    without_doctype(markup)
    assert time.process_time() - began < 2.5  # 2 MB a second and pass; a quadratic pattern needs minutes


@pytest.mark.torture
@pytest.mark.parametrize("name", ENDLESS)
def test_twenty_megabytes_are_scanned_in_seconds(name):
    limits = replace(LIMITS, size=10**9, tags=1_500_000, attributes=500, tag=10**6, depth=5_000)
    markup = ENDLESS[name] * (20_000_000 // len(ENDLESS[name]))
    began = time.process_time()
    fault(markup, limits)
    light(markup)
    assert time.process_time() - began < 10
