"""The sort key: the one that replay tools make, or they do not find the page."""

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.export.surt import sort_key

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its regular expressions are older than Python's warning
    from surt import surt

HOSTS = [
    "example.org", "WWW.Example.org", "www2.a.b", "www.www.x.org", "127.0.0.1", "10.0.0.1:8080", "xn--a.org:443",
    "e.org:80", "[::1]", "[::1]:81", "e..org.", "www.com", "wwwx.org", "a_b.org",
]  # fmt: skip
BITS = [
    "sid=0123456789abcdef0123456789abcdef", "jsessionid=" + "A" * 32, "phpsessid=" + "1" * 32, "cfid=1&cftoken=2",
    "ASPSESSIONIDabcdefgh=" + "c" * 24, "/(a(0123456789abcdefghijklmn))/x.aspx", "/(0123456789abcdefghijklmn)/y.aspx",
    "%2e", "%2F", "%25", "%2525",
    "%", "..", ".", "//", "/", "&", "=", "%C3%A9", "/./", "/../", "%26", "%3F", "%3d", "é", "A",
    "b", "1", ";", " ", "+", "~", "|", '"', "<",
]  # fmt: skip
parts = st.lists(st.sampled_from(BITS), max_size=10).map("".join)


@given(st.sampled_from(["http", "https"]), st.sampled_from(HOSTS), parts, st.none() | parts)
def test_the_sort_key_is_the_one_that_pywb_and_cdxj_indexer_look_for(scheme, host, path, query):
    url = f"{scheme}://{host}/{path}" + (f"?{query}" if query is not None else "")
    assert sort_key(url) == surt(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.Example.org:443/2026/Harbour/?b=2&A=1", "org,example)/2026/harbour?a=1&b=2"),
        ("http://example.org", "org,example)/"),
        ("urn:pressmark:visits:1", "urn:pressmark:visits:1"),
        ("http://[broken/a b", "http://[broken/a%20b"),
    ],
)
def test_a_sort_key_holds_no_space_and_leaves_out_what_makes_no_difference(url, expected):
    assert sort_key(url) == expected
