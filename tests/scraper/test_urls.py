"""What makes two URLs one place, and what a URL may never be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.urls import LONGEST, host, join, key, link, path, same_publisher, site, without_secrets

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
HOST = st.one_of(
    st.lists(LABEL, min_size=1, max_size=3).map(lambda labels: ".".join((*labels, "test"))),
    st.sampled_from(
        ["münchen.de", "xn--mnchen-3ya.de", "straße.de", "пример.рф", "例え.jp", "127.0.0.1", "[2001:db8::1]"]
    ),
)
REST = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40)


@given(host=HOST, path=REST, query=REST, port=st.sampled_from(["", ":80", ":443", ":8080"]))
def test_a_key_is_its_own_key(host, path, query, port):
    once = key(f"https://{host}{port}/{path}?{query}")
    assert key(once) == once


@given(st.text(max_size=60))
def test_any_text_has_a_key_or_is_refused(text):
    try:
        once = key(text)
    except ValueError:
        return
    assert once.startswith(("http://", "https://"))
    assert key(once) == once


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://Gazette.test:443/a/../b", "https://gazette.test/b"),
        ("https://gazette.test//a///b", "https://gazette.test/a/b"),
        ("https://gazette.test/a#comments", "https://gazette.test/a"),
        ("https://gazette.test/a?utm_source=x&b=2&a=1&fbclid=y", "https://gazette.test/a?a=1&b=2"),
        ("https://gazette.test/a?ref=rss", "https://gazette.test/a"),
        ("https://münchen.de/ä", "https://xn--mnchen-3ya.de/%c3%a4"),
        ("https://user:secret@gazette.test/a", "https://gazette.test/a"),
        ("https://gazette.test./a", "https://gazette.test/a"),
        (r"https:\\gazette.test\a", "https://gazette.test/a"),
        ("https://gazette.test/a?PHPSESSID=4f1a&id=7", "https://gazette.test/a?id=7"),
        ("https://gazette.test/a;jsessionid=1A2B3C.node4?id=7", "https://gazette.test/a?id=7"),
        ("https://gazette.test/(S(x1y2z3x1y2z3))/a.aspx", "https://gazette.test/a.aspx"),
        ("https://gazette.test/a.asp?ASPSESSIONIDQADRT=X&id=7", "https://gazette.test/a.asp?id=7"),
        ("https://gazette.test/a.cfm?CFID=12&CFTOKEN=99&id=7", "https://gazette.test/a.cfm?id=7"),
        (f"https://gazette.test/view.php?t=7&sid={'0f' * 16}", "https://gazette.test/view.php?t=7"),
        (f"https://gazette.test/the-ferry-is-late?s={'0f' * 16}", "https://gazette.test/the-ferry-is-late"),
    ],
)
def test_two_spellings_of_one_place_have_one_key(one, other):
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://gazette.test/a", "https://gazette.test/a"),
        ("https://www.gazette.test/a", "https://gazette.test/a"),
        ("https://gazette.test/?12345", "https://gazette.test/?12346"),
        ("https://gazette.test/show?gallery=1", "https://gazette.test/show?gallery=2"),
        ("https://gazette.test/show?cid=1", "https://gazette.test/show?cid=2"),
        ("https://gazette.test/show?a=1&copy=2", "https://gazette.test/show?a=1&copy=3"),
        ("https://gazette.test/a%2Fb", "https://gazette.test/a/b"),
        ("https://gazette.test/A", "https://gazette.test/a"),
        (f"https://gazette.test/story.php?sid={'0f' * 16}", f"https://gazette.test/story.php?sid={'1f' * 16}"),
        (f"https://gazette.test/?s={'0f' * 16}", f"https://gazette.test/?s={'1f' * 16}"),
        ("https://gazette.test/a?sid=7", "https://gazette.test/a?sid=8"),
        ("https://gazette.test/a?s=harbour&p=1", "https://gazette.test/a?s=ferry&p=1"),
        ("https://gazette.test/a;id=7", "https://gazette.test/a;id=8"),
        ("https://gazette.test/a_(town)", "https://gazette.test/a"),
    ],
)
def test_two_articles_never_share_a_key(one, other):
    assert key(one) != key(other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gazette.test/a",
        "mailto:desk@gazette.test",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://gazette.test/a",
        "http://",
        "http://ex ample.test/",
        "http://gazette.test:99999/",
        "http://gazette.test/\ud800",
        "https://gazette.test/" + "a" * LONGEST,
    ],
)
def test_what_cannot_be_asked_for_over_http_has_no_key(text):
    with pytest.raises(ValueError, match=r"."):
        key(text)


@pytest.mark.parametrize("name", ["..", "%2e%2e", ".a", "a..b", "."])
def test_a_host_that_would_climb_out_of_its_folder_is_no_host(name):
    with pytest.raises(ValueError, match="not a"):
        site(f"http://{name}/x")


def test_a_host_names_its_port_only_when_it_is_not_the_usual_one():
    assert host("HTTPS://Gazette.TEST:443/a") == "gazette.test"
    assert host("http://gazette.test:443/a") == "gazette.test:443"
    assert host("https://пример.рф/") == "xn--e1afmkfd.xn--p1ai"


def test_a_path_is_what_stands_between_the_host_and_the_query():
    assert path("https://gazette.test/a/b.html?c=/d#e") == "/a/b.html"
    assert path("https://gazette.test") == path("http://[::1") == "/"
    assert path("page.html") == "page.html"


def test_the_site_is_the_host_without_port_and_www():
    assert site("https://www.gazette.test:8443/a") == "gazette.test"
    assert site("https://news.gazette.test/") == "news.gazette.test"
    assert site("https://www.test/") == "www.test"


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("https://www.gazette.co.uk/", "http://news.gazette.co.uk/", True),
        ("https://gazette.co.uk/", "https://herald.co.uk/", False),
        ("https://one.github.io/", "https://two.github.io/", False),
        ("https://a.gazette.test:8080/", "https://gazette.test/", True),
        ("http://127.0.0.1:8001/", "http://127.0.0.1:8002/", False),
        ("http://10.1.2.3/", "http://9.1.2.3/", False),
        ("https://gazette.test.evil.test/", "https://gazette.test/", False),
    ],
)
def test_a_publisher_is_a_registrable_domain(a, b, same):
    assert same_publisher(a, b) is same


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("https://u:p@gazette.test/a?b=@#c", "https://gazette.test/a?b=@"),
        ("https://u:p@@gazette.test/a", "https://gazette.test/a"),
        ("https:u:p@gazette.test/a", "https:gazette.test/a"),
        (r"https:\\u:p@gazette.test\a@b", r"https:\\gazette.test\a@b"),
        ("https://gazette.test//Ü?z&a=&utm_source=x", "https://gazette.test//Ü?z&a=&utm_source=x"),
    ],
)
def test_secrets_go_and_the_rest_of_a_url_stays_as_it_was(url, bare):
    assert without_secrets(url) == bare


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("../c?x=1&utm_source=y#z", "https://gazette.test/c?x=1&utm_source=y"),
        ("//u:p@other.test/ü", "https://other.test/%C3%BC"),
        (" /a\n", "https://gazette.test/a"),
        ("?page=2", "https://gazette.test/a/b?page=2"),
        ("mailto:desk@gazette.test", None),
        ("javascript:void(0)", None),
        ("http://[", None),
        ("http://../", None),
        ("\ud800", None),
    ],
)
def test_a_relative_link_is_joined_as_a_browser_does(href, url):
    assert join("https://gazette.test/a/b", href) == url


def test_a_link_to_a_place_on_a_page_keeps_it():
    assert link("https://gazette.test/a/b", "c?x=1#Item 7") == "https://gazette.test/a/c?x=1#Item%207"
    assert link("https://gazette.test/a/b", "//u:p@other.test/#top") == "https://other.test/#top"


@given(st.text(max_size=30), st.text(max_size=30))
def test_joining_never_raises_and_gives_only_http(base, href):
    joined = join(base, href)
    assert joined is None or joined.startswith(("http://", "https://"))


@pytest.mark.parametrize("run", ["-", "_", "1", "a-", "1-", "/-", "%41", ";"])
def test_a_url_made_to_hold_us_up_has_its_key_as_quickly_as_any_other(run: str):
    for number in range(50):
        long = run * (7_000 // len(run))
        assert key(f"https://news.example/{number}{long}/x?sid={'a' * 32}").startswith("https://news.example/")
