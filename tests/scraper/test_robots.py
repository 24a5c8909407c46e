"""robots.txt as RFC 9309 and its readers have it."""

import tracemalloc
from datetime import timedelta

import pytest
from protego import Protego

from scraper import robots
from scraper.robots import ALLOW_ALL, DISALLOW_ALL, LARGEST, MOST_SITEMAPS, fresh_for, read_rules, robots_url

AT = "https://gazette.test"


def allows(body: str | bytes, path: str, product: str = "pressmark") -> bool:
    raw = body.encode() if isinstance(body, str) else body
    return read_rules(200, raw, product).allows(AT + path)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429, 451, 301, 304])
def test_where_there_is_no_robots_txt_everything_is_allowed(status):
    assert read_rules(status, b"User-agent: *\nDisallow: /", "pressmark") is ALLOW_ALL
    assert ALLOW_ALL.allows(AT + "/a")


@pytest.mark.parametrize("status", [0, 100, 500, 502, 503, 599, 999])
def test_where_robots_txt_cannot_be_reached_nothing_is_allowed(status):
    assert read_rules(status, b"", "pressmark") is DISALLOW_ALL
    assert not DISALLOW_ALL.allows(AT + "/a")


def test_the_longest_rule_decides():
    body = "User-agent: *\nDisallow: /news\nAllow: /news/today\nDisallow: /*.pdf$\nDisallow: /a?print="
    assert allows(body, "/news/today/a")
    assert not allows(body, "/news/old")
    assert not allows(body, "/b.pdf")
    assert allows(body, "/b.pdf?x")
    assert not allows(body, "/a?print=1")


def test_a_group_for_us_counts_instead_of_the_one_for_all():
    body = "User-agent: *\nDisallow: /\n\nUser-agent: PressMark\nUser-agent: other\nDisallow: /private\nCrawl-delay: 7"
    assert allows(body, "/a")
    assert not allows(body, "/private/a")
    assert not allows(body, "/a", "someone")
    assert read_rules(200, body.encode(), "pressmark").crawl_delay == 7
    assert read_rules(200, body.encode(), "someone").crawl_delay is None


def test_a_group_that_names_our_version_means_us():
    assert not allows("User-agent: pressmark/0.1 (+https://pressmark.test)\nDisallow: /", "/a")
    assert allows("User-agent: compressmark\nDisallow: /", "/a")


@pytest.mark.parametrize("agent", ["pressmark news bot", "PressMark # the archive", "pressmark;x", "*", "* all"])
def test_a_group_may_name_us_with_more_behind(agent):
    assert not allows(f"User-agent: {agent}\nDisallow: /", "/a")


@pytest.mark.parametrize("agent", ["press", "p", "mark", "pressmark-news", "a pressmark", "*bot", ""])
def test_a_group_for_a_name_that_is_not_ours_is_not_for_us(agent):
    assert allows(f"User-agent: {agent}\nDisallow: /", "/a")
    both = f"User-agent: *\nDisallow: /all\n\nUser-agent: {agent}\nAllow: /\n"
    assert not allows(both, "/all"), "so the one for all holds"


def test_two_groups_for_one_product_are_one():
    body = "User-agent: pressmark\nDisallow: /a\n\nUser-agent: x\nDisallow: /\n\nUser-agent: pressmark\nDisallow: /b"
    assert [allows(body, path) for path in ("/a", "/b", "/c")] == [False, False, True]


def test_escapes_and_letters_are_compared_as_bytes():
    assert not allows("User-agent: *\nDisallow: /ü", "/%C3%BC/a")
    assert not allows("User-agent: *\nDisallow: /%c3%bc", "/%C3%BC/a")


@pytest.mark.parametrize(
    ("rule", "path", "matches"),
    [
        ("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar", True),  # RFC 9309, 2.2.2
        ("/foo/bar?baz=https%3A%2F%2Ffoo.bar", "/foo/bar?baz=https://foo.bar", True),
        ("/foo/bar/\u30c4", "/foo/bar/%E3%83%84", True),
        ("/foo/bar/%E3%83%84", "/foo/bar/\u30c4", True),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz", True),
        ("/path/file-with-a-%2A.html", "/path/file-with-a-*.html", True),  # 2.2.3
        ("/path/file-with-a-%24.html", "/path/file-with-a-$.html", True),
        ("/a%2Ab", "/axxb", False),
        ("/a%2Fb", "/a/b", False),
        ("/A", "/a", False),
        ("/*.php$", "/index.php?x", False),
        ("*.gif", "/a/b.gif", True),
    ],
)
def test_a_path_is_matched_as_the_rfc_shows(rule, path, matches):
    assert allows(f"User-agent: *\nDisallow: {rule}", path) is not matches


def test_of_two_rules_of_one_length_the_one_that_allows_counts():
    assert allows("User-agent: *\nDisallow: /a\nAllow: /a", "/a/b")


@pytest.mark.parametrize(
    ("cache_control", "hours"),
    [
        (None, 24),
        ("max-age=7200", 2),
        ("public, Max-Age = 7200, must-revalidate", 2),
        ("max-age=0", 1),
        ("max-age=99999999999999", 24),
        ("s-maxage=5", 24),
        ("no-cache", 1),
        ("no-store, must-revalidate", 1),
        ("max-age=soon", 24),
    ],
)
def test_robots_txt_is_used_for_as_long_as_it_says_between_an_hour_and_a_day(cache_control, hours):
    assert fresh_for(cache_control) == timedelta(hours=hours)


@pytest.mark.parametrize(
    "body", [b"", b"<!doctype html><html>Disallow: /</html>", b"Disallow: /", b"\xff\x00\xfe", b"#"]
)
def test_a_file_without_rules_forbids_nothing(body):
    assert allows(body, "/a")


def test_a_byte_order_mark_hides_no_rule():
    assert not allows(b"\xef\xbb\xbfUser-agent: *\r\nDisallow: /\r\n", "/a")


def test_of_an_endless_file_only_whole_lines_of_the_beginning_count():
    head = b"User-agent: *\nDisallow: /first\n"
    padding = b"#" * (LARGEST - len(head) - len(b"\nDisallow: /") - 1)
    body = head + padding + b"\n\nDisallow: /second\nDisallow: /third\n"
    assert [allows(body, path) for path in ("/first", "/second", "/third")] == [False, True, True]


@pytest.mark.parametrize(
    ("asked", "delay"), [("10", 10.0), ("0.5", 0.5), ("soon", None), ("inf", None), ("nan", None), ("-1", None)]
)
def test_a_crawl_delay_is_a_number_that_can_be_kept(asked, delay):
    assert read_rules(200, f"User-agent: *\nCrawl-delay: {asked}".encode(), "pressmark").crawl_delay == delay


def test_sitemaps_are_told_once_and_not_without_end():
    body = (
        "".join(f"Sitemap: /{number}.xml\n" for number in range(MOST_SITEMAPS + 5))
        + "sitemap: https://cdn.test/s.xml\n"
    )
    assert len(read_rules(200, body.encode(), "pressmark").sitemaps) == MOST_SITEMAPS
    twice = b"Sitemap: https://gazette.test/s.xml\nUser-agent: *\nDisallow:\nSitemap: https://gazette.test/s.xml"
    assert read_rules(200, twice, "pressmark").sitemaps == ("https://gazette.test/s.xml",)


def test_robots_txt_itself_may_always_be_asked_for():
    assert allows("User-agent: *\nDisallow: /", "/robots.txt")


def test_robots_txt_lies_at_the_root_of_the_origin():
    assert robots_url("HTTPS://www.Gazette.test:443/a/b?c#d") == "https://www.gazette.test/robots.txt"
    assert robots_url("http://u:p@gazette.test:8080/") == "http://gazette.test:8080/robots.txt"


def heavy(rules: int) -> str:
    return "User-agent: *\n" + "".join(f"Disallow: /%x{number}\n" for number in range(rules))


def protego_reads(body: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What of a robots.txt reaches the parser."""
    read: list[str] = []
    monkeypatch.setattr(Protego, "_parse_robotstxt", lambda _, text: read.append(text))
    read_rules(200, body.encode(), "pressmark")
    return read[0]


def test_only_what_is_said_to_us_reaches_the_parser(monkeypatch):
    others = "".join(f"User-agent: bot{number}\nDisallow: /{number}\n" for number in range(5_000))
    told = "Sitemap: /s.xml\nUser-agent: *\nDisallow: /all\n\nUser-agent: x\nUser-agent: pressmark\nDisallow: /us\n"
    assert protego_reads(others + told, monkeypatch) == "Sitemap: /s.xml\nUser-agent: *\nDisallow: /us\n"


def test_agents_named_one_after_the_other_share_what_follows():
    body = "User-agent: a\nUser-agent: *\nSitemap: /s.xml\nUser-agent: b\nDisallow: /x\nUser-agent: c\nDisallow: /y"
    assert [allows(body, path) for path in ("/x", "/y")] == [False, True]


def test_a_group_for_us_that_says_nothing_allows_everything():
    assert allows("User-agent: *\nDisallow: /\n\nUser-agent: pressmark", "/a")


def test_of_half_a_megabyte_of_rules_those_beyond_five_thousand_are_left_out(monkeypatch):
    kept = read_rules(200, heavy(40_000).encode(), "pressmark").weight
    assert kept < 4_000_000
    monkeypatch.setattr(robots, "MOST_RULES", 10**9)
    assert read_rules(200, heavy(40_000).encode(), "pressmark").weight > 15_000_000


def test_what_a_file_weighs_is_what_it_takes():
    tracemalloc.start()
    rules = read_rules(200, heavy(5_000).encode(), "pressmark")
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert taken < rules.weight < taken * 3


def test_stars_in_a_row_are_one_star():
    assert not allows(f"User-agent: *\nDisallow: /a{'*' * 1_000}b", "/axb")


@pytest.mark.parametrize("guard", ["none", "_STARS_OF_A_RULE", "MOST_STARS"])
def test_no_url_is_held_against_more_stars_than_a_file_may_have(guard, monkeypatch):
    if guard != "none":
        monkeypatch.setattr(robots, guard, 10**9)
    one = f"Disallow: /{'*a' * 1_000}\n" * 4
    many = "".join(f"Disallow: /{'*a' * 50}{number}\n" for number in range(250))
    read = protego_reads(f"User-agent: *\n{one}{many}", monkeypatch).count("*")
    assert (read <= 5_001) is (guard != "MOST_STARS")
    assert (f"{'*a' * 51}" in "".join(robots._bounded([one.strip()]))) is (guard == "_STARS_OF_A_RULE")


def test_hostile_patterns_take_no_time():
    body = "User-agent: *\n" + "".join(f"Disallow: /{'*a' * 40}{number}\n" for number in range(2_000))
    assert allows(body, "/" + "a" * 2_000)
