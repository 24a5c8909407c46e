"""/.well-known/tdmrep.json: which of its rules speaks for a page.  Examples: the W3C Community Group's report."""

import json
import time

import pytest

from scraper import tdmrep
from scraper.tdmrep import LARGEST, MOST, read_tdmrep, reserved_at, tdmrep_url

SITE = "https://provider.example"
PLACE = f"{SITE}/.well-known/tdmrep.json"
POLICY = "https://provider.example/policies/policy.json"
RESERVED, FREE = "tdm-reservation=1", "tdm-reservation=0"


def at(path: str, *rules: object) -> tuple[str, ...]:
    """What is reserved at that path; a rule: its pattern, for all of whose paths TDM is reserved, or the object."""
    said = [{"location": each, "tdm-reservation": 1} if isinstance(each, str) else each for each in rules]
    return reserved_at(read_tdmrep(json.dumps(said).encode(), PLACE), SITE + path)


def test_the_file_lies_at_the_origin_of_the_page():
    assert tdmrep_url("HTTPS://Provider.example:8443/a?b#c") == "https://provider.example:8443/.well-known/tdmrep.json"
    with pytest.raises(ValueError, match="not an http"):
        tdmrep_url("ftp://provider.example/")


REPORT = (
    {"location": "/directory-a/", "tdm-reservation": 1},
    {"location": "/directory-b/html/", "tdm-reservation": 1, "tdm-policy": POLICY},
    {"location": "/directory-b/images/*.jpg", "tdm-reservation": 0},
)


@pytest.mark.parametrize(
    ("path", "reserved"),
    [
        ("/directory-a/x.pdf", (RESERVED,)),
        ("/directory-b/html/page?x=1", (f"tdm-policy={POLICY}", RESERVED)),
        ("/directory-b/images/a/b.jpg", (FREE,)),
        ("/directory-b/images/a.png", ()),
        ("/", ()),
    ],
)
def test_the_report_s_own_example(path, reserved):
    assert at(path, *REPORT) == reserved


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/", "/anything", True),
        ("/", "", True),
        ("/news", "/newsroom", True),  # a prefix is enough
        ("/News", "/news", False),
        ("/this/path/exactly$", "/this/path/exactly", True),
        ("/this/path/exactly$", "/this/path/exactly/not", False),
        ("/this/*/then", "/this/and/that/then/more", True),
        ("/this/*/then", "/this/then", False),
        ("*", "/a", True),
        ("*.pdf$", "/a.pdf", True),
        ("/*.pdf$", "/a.pdf?x=1", False),
        ("/a*$", "/abc", True),
        ("/ab*b$", "/ab", False),  # one character is not matched twice
        ("/a**b", "/ab", True),
        ("/path/foo-%24", "/path/foo-%24", True),
        ("/path/foo-$", "/path/foo-%24", False),
        ("/%7Ejoe", "/~joe", True),
        ("/~joe", "/%7ejoe", True),
        ("/münchen", "/m%C3%BCnchen", True),
        ("/m%c3%bcnchen", "/m%C3%BCnchen", True),
        ("/a%2Fb", "/a/b", False),  # a reserved character stays escaped
        ("/search?q=", "/search?q=tdm", True),
        ("", "/a", True),
    ],
)
def test_a_pattern_matches_as_in_robots_txt(pattern, path, matches):
    assert bool(at(path, pattern)) is matches


def test_of_the_rules_that_match_the_first_counts():
    assert at("/open/x", {"location": "/open/", "tdm-reservation": 0}, "/") == (FREE,)
    assert at("/open/x", "/", {"location": "/open/", "tdm-reservation": 0}) == (RESERVED,)


@pytest.mark.parametrize("value", [2, -1, True, None, 1.0, "yes", [1], {"a": 1}])
def test_a_value_that_the_protocol_does_not_know_declares_nothing(value):
    assert at("/a", {"location": "/", "tdm-reservation": value}) == ()
    assert at("/a", {"location": "/", "tdm-reservation": value}, {"location": "/", "tdm-reservation": "1"}) == (
        RESERVED,
    )


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<!doctype html><p>not found", b"{}", b"null", b"1", b'[1, "a", null, [], {}]',
        b'{"location": "/", "tdm-reservation": 1}',  # brackets are mandatory, says the report
        b'[{"location": 1, "tdm-reservation": 1}]', b'[{"tdm-reservation": 1}]', b"[" * 200_000, b"\xff\xfe\x00",
        b'[{"location": "/", "tdm-reservation": 1' + b"0" * 5_000 + b"}]",
    ],
)  # fmt: skip
def test_a_file_that_is_none_declares_nothing(body):
    assert reserved_at(read_tdmrep(body, PLACE), f"{SITE}/a") == ()


def test_a_policy_is_a_url_without_secrets_and_no_script():
    def policy(said: str) -> tuple[str, ...]:
        return at("/a", {"location": "/", "tdm-reservation": 1, "tdm-policy": said})

    assert policy("/policies/policy.json") == (f"tdm-policy={POLICY}", RESERVED)
    assert policy("https://u:p@provider.example/policies/policy.json") == (f"tdm-policy={POLICY}", RESERVED)
    assert policy("javascript:alert(1)") == policy("\ud800") == (RESERVED,)
    assert all(each.isascii() for each in policy("/\u202e/x"))


NEVER: list[dict[str, object]] = [{"location": "/never"}] * MOST
BOUNDS: dict[str, tuple[str, list[dict[str, object]]]] = {
    "a file of a megabyte": ("LARGEST", [{"location": "/" + "x" * LARGEST, "tdm-reservation": 1}]),
    "too many rules": ("MOST", [*NEVER, {"location": "/a", "tdm-reservation": 1}]),
    "a pattern that is no path": ("LONGEST", [{"location": "/" + "a" * 3_000, "tdm-reservation": 1}]),
}  # fmt: skip


@pytest.mark.parametrize("attack", BOUNDS)
def test_a_file_is_bounded_and_without_the_bound_it_is_not(attack, monkeypatch):
    guard, said = BOUNDS[attack]
    body = json.dumps(said).encode()
    url = SITE + str(said[-1]["location"])
    assert reserved_at(read_tdmrep(body, PLACE), url) == ()
    for each in ("LARGEST", "LONGEST") if guard == "LARGEST" else (guard,):
        monkeypatch.setattr(tdmrep, each, 10**9)
    assert reserved_at(read_tdmrep(body, PLACE), url) == (RESERVED,)


def test_no_pattern_takes_long():
    rules = read_tdmrep(
        json.dumps([{"location": "/" + "*a" * 200 + "*b$", "tdm-reservation": 1}] * MOST).encode(), PLACE
    )
    assert len(rules) == MOST
    began = time.process_time()
    assert reserved_at(rules, f"{SITE}/{'a' * 8_000}") == ()
    assert time.process_time() - began < 2
