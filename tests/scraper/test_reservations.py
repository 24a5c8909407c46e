"""What a page reserves, and to whom it says so: X-Robots-Tag, robots meta elements, the TDM Reservation Protocol."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

from archive.records import Article
from scraper import reservations
from scraper.extract import clean, understand
from scraper.extract.facts import FACTS
from scraper.reservations import LONGEST, MOST, as_before, in_head, in_metas, with_reservations
from tests.scraper.extract.pages import URL, page

POLICY = "https://www.harbour-herald.example/policies/tdm.json"

DAY = "unavailable_after=2010-06-25"


def head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", "Content-Type: text/html; charset=utf-8", *lines, "", "")).encode()


def robots(*values: str) -> tuple[str, ...]:
    return in_head(head(*(f"X-Robots-Tag: {value}" for value in values)), URL)


def metas(*elements: tuple[str, str]) -> str:
    return "".join(f'<meta name="{name}" content="{content}">' for name, content in elements)


@pytest.mark.parametrize(
    ("said", "reserved"),
    [
        ("noai, noimageai", ["noai", "noimageai"]),
        ("NOARCHIVE", ["noarchive"]),
        ("noindex nofollow", ["nofollow", "noindex"]),
        ("none", ["nofollow", "noindex"]),
        ("noarchive,,noarchive , ", ["noarchive"]),
        ("max-snippet: 050", ["max-snippet=50"]),
        ("max-image-preview:none, max-video-preview:0", ["max-image-preview=none", "max-video-preview=0"]),
        ("unavailable_after: 25 Jun 2010 15:00:00 PST", [f"{DAY}T15:00:00-08:00"]),
        ("unavailable_after: Friday, 25-Jun-10 15:00:00 UTC, none", ["nofollow", "noindex", f"{DAY}T15:00:00+00:00"]),
        ("unavailable_after: 2027-11-20", ["unavailable_after=2027-11-20"]),
        ("unavailable_after: 2027-11-20T10:00:00Z", ["unavailable_after=2027-11-20T10:00:00+00:00"]),
        ("unavailable_after: soon", ["unavailable_after"]),
        ("notrainingofmodels", ["notrainingofmodels"]),  # nobody has said it yet
    ],
)  # fmt: skip
def test_what_a_head_reserves_is_written_in_one_way(said, reserved):
    assert list(robots(said)) == reserved


@pytest.mark.parametrize(
    "said",
    ["", "all", "index, follow", "max-snippet:-1, max-video-preview:-1", "max-image-preview:large", "max-snippet:x"],
)
def test_what_permits_is_no_reservation(said):
    assert robots(said) == ()


@pytest.mark.parametrize(
    ("said", "reserved"),
    [
        (["googlebot: noindex, nofollow"], []),
        (["otherbot: noindex, pressmark: noai"], ["noai"]),
        (["noai, googlebot: noindex"], ["noai"]),
        (["googlebot: noindex", "noarchive"], ["noarchive"]),  # a name holds for its own field alone
        (["Pressmark/0.1: noarchive"], ["noarchive"]),
        (["*: noarchive", "robots: noai"], ["noai", "noarchive"]),
        (["pressmarket: noarchive"], []),
        (["googlebot: unavailable_after: 25 Jun 2010 15:00:00 PST"], []),
        (["pressmark: unavailable_after: 25 Jun 2010 15:00:00 GMT"], ["unavailable_after=2010-06-25T15:00:00+00:00"]),
    ],
)
def test_only_what_is_said_to_everybody_or_to_us_counts(said, reserved):
    assert list(robots(*said)) == reserved


def test_meta_elements_speak_as_heads_do():
    said = metas(("ROBOTS", "noarchive"), ("googlebot", "noindex"), ("Pressmark", "noai, max-snippet:20"))
    article = clean(page(head=said + '<meta http-equiv="X-Robots-Tag" content="otherbot: noindex, *: noodp">'), URL)
    assert article.reservations == ("max-snippet=20", "noai", "noarchive", "noodp")
    assert article.origin_of("noai") == "meta"


def test_a_page_that_reserves_nothing_says_nothing_of_it():
    article = understand(head(), page(), URL)
    assert article.reservations == ()
    assert not any("reservations" in each for each in article.origins)


def test_head_and_page_both_speak():
    article = understand(
        head("X-Robots-Tag: noai, noarchive"), page(head=metas(("robots", "noarchive, max-snippet:0"))), URL
    )
    assert article.reservations == ("max-snippet=0", "noai", "noarchive")
    assert article.origin_of("noarchive") == "meta header"
    assert article.origin_of("noai") == "header"


@pytest.mark.parametrize(
    ("fields", "elements", "reserved"),
    [
        (["TDM-Reservation: 1"], [], ["tdm-reservation=1"]),
        (["tdm-reservation: 1", f"tdm-policy: {POLICY}"], [], [f"tdm-policy={POLICY}", "tdm-reservation=1"]),
        (["tdm-reservation: 0"], [], ["tdm-reservation=0"]),
        (["tdm-reservation: 2"], [], []),  # a value that the protocol does not know is as none
        (["tdm-reservation: true", "tdm-policy: javascript:1"], [], []),
        (["tdm-reservation: 1"], [("tdm-reservation", "0")], ["tdm-reservation=0"]),  # the page outranks the head
        (["tdm-reservation: 1"], [("tdm-reservation", "maybe")], ["tdm-reservation=1"]),
        (["tdm-reservation: 1"], [("tdm-policy", "/policies/tdm.json")], [f"tdm-policy={POLICY}", "tdm-reservation=1"]),
    ],
)
def test_of_the_tdm_reservation_protocol_the_page_outranks_the_head(fields, elements, reserved):
    article = understand(head(*fields), page(head=metas(*elements)), URL)
    assert list(article.reservations) == reserved


# Each attack, and the guard without which it gets through: what it is called, and what stands in its place.
LETTERS = "abcdefghijklmnopqrst"
MANY = [f"no{a}{b}" for a in LETTERS for b in LETTERS]
SECRET = "https://user:secret@harbour-herald.example/tdm.json"
ATTACKS = {
    "a field of a megabyte": (head("X-Robots-Tag: " + "all, " * 200_000 + "noai"), "LONGEST", 10**9),
    "a thousand fields": (head(*["X-Robots-Tag: all"] * 1_000, "X-Robots-Tag: noai"), "MOST_FIELDS", 10**9),
    "400 directives": (head(f"X-Robots-Tag: {', '.join(MANY)}"), "MOST", 10**9),
    "terminal escapes": (head("X-Robots-Tag: no\x1b[31mai, no\x9bai"), "_RESERVING", re.compile("no.+")),
    "a bidi override": (head("X-Robots-Tag: no\u202eai"), "_RESERVING", re.compile("no.+")),
    "a secret in the policy's URL": (head(f"tdm-policy: {SECRET}"), "urls", SimpleNamespace(join=lambda _, url: url)),
    "a policy that is a script": (head("tdm-policy: javascript:1"), "urls", SimpleNamespace(join=lambda _, url: url)),
    "a crawler that is a sentence": (head("X-Robots-Tag: see robots: x, noai"), "_CRAWLER", re.compile(".*")),
}  # fmt: skip


def is_clean(found: tuple[str, ...]) -> bool:
    """What a bounded, printable list of reservations is."""
    return len(found) <= MOST and all(
        each.isascii() and each.isprintable() and "secret" not in each and "javascript" not in each for each in found
    )


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_hostile_head_gives_a_short_and_clean_list(attack):
    assert is_clean(in_head(ATTACKS[attack][0], URL))


@pytest.mark.parametrize("attack", ATTACKS)
def test_without_its_guard_an_attack_gets_through(attack, monkeypatch):
    hostile, guard, instead = ATTACKS[attack]
    guarded = in_head(hostile, URL)
    monkeypatch.setattr(reservations, guard, instead)
    assert in_head(hostile, URL) != guarded


def test_a_hostile_page_gives_a_short_and_clean_list():
    said = {
        "robots": (", ".join(MANY) * 1_000, "no\u202eai", "no\x00ai", "n\u043eai"),
        "tdm-reservation": ("1" * 1_000_000,),
        "tdm-policy": ("https://harbour-herald.example/" + "x" * LONGEST,),
    }
    found = in_metas(said, URL)
    assert is_clean(found)
    assert not any(each.startswith("tdm") for each in found)


def test_what_the_protocol_says_is_not_pushed_out_by_a_flood_of_directives():
    flooded = head(f"X-Robots-Tag: {', '.join(MANY)}", "tdm-reservation: 1")
    assert "tdm-reservation=1" in in_head(flooded, URL)


# ── has it changed? ──────────────────────────────────────────────────────────────────────────────────────────────────

RESERVED = understand(head("X-Robots-Tag: noai", "tdm-reservation: 1"), page(head=metas(("robots", "noarchive"))), URL)


@pytest.mark.parametrize(
    ("later", "same"),
    [
        (head("X-Robots-Tag: noai", "tdm-reservation: 1"), True),
        (head("tdm-reservation: 1", "X-Robots-Tag:  NOAI, all"), True),
        (head("X-Robots-Tag: noai"), False),
        (head(), False),  # it reserves no more
        (head("X-Robots-Tag: noai, noindex", "tdm-reservation: 1"), False),
        (head(status="304 Not Modified"), True),  # which may leave out what has not changed
        (head("X-Robots-Tag: noindex", status="304 Not Modified"), False),
    ],
)
def test_a_later_head_is_compared_with_what_the_one_before_reserved(later, same):
    assert as_before(later, URL, RESERVED) is same


def test_who_reads_reservations_is_another_extractor_than_who_did_not():
    assert RESERVED.extractor["facts"] == FACTS


def test_a_page_kept_before_reservations_were_read_is_read_again_when_its_head_reserves():
    before = replace(RESERVED, reservations=(), origins={})
    assert not as_before(head("X-Robots-Tag: noai"), URL, before)
    assert as_before(head(), URL, before)


def test_the_same_reservation_from_another_source_is_there_once():
    told = Article(url=URL, canonical_url=URL, site="harbour-herald.example", paragraphs=())
    for origin in ("meta", "header", "header"):
        told = with_reservations(told, ("noai", "tdm-reservation=1"), origin)
    assert told.reservations == ("noai", "tdm-reservation=1")
    assert told.origin_of("tdm-reservation=1") == "meta header"
