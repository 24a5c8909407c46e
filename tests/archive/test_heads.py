"""Reading HTTP heads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.heads import archived_head, field, fields, head_meant, media_type, note_value, status_of
from archive.secrets import MASK

HEAD = (
    b"HTTP/1.1 404 Not Here\r\ncoNtent-TYPE:   Text/HTML; charset=x  \r\n"
    b"X-Fold: one\r\n\ttwo\r\nno colon\r\nX-Fold: three\r\n\r\n"
)


def test_names_are_lower_case_and_folded_lines_are_joined():
    assert fields(HEAD) == [("content-type", "Text/HTML; charset=x"), ("x-fold", "one two"), ("x-fold", "three")]


def test_the_first_field_of_a_name_counts():
    assert (field(HEAD, "x-fold"), field(HEAD, "etag")) == ("one two", None)


def test_the_media_type_has_no_parameters():
    assert (media_type(HEAD), media_type(b"HTTP/1.1 200\r\n\r\n")) == ("text/html", None)


@pytest.mark.parametrize(
    ("head", "status"), [(HEAD, 404), (b"HTTP/1.0 200\n\n", 200), (b"ICY\r\n\r\n", 0), (b"HTTP/1.1 abc x\r\n", 0)]
)
def test_the_status_is_that_of_the_status_line(head, status):
    assert status_of(head) == status


KEPT = b"HTTP/1.1 200 OK\r\nX-Robots-Tag: noai\r\nContent-Type: text/html\r\nTDM-Reservation: 1\r\n\r\n"


def says(*lines: bytes, status: bytes = b"200 OK") -> bytes:
    return b"\r\n".join((b"HTTP/1.1 " + status, *lines, b"", b""))


@pytest.mark.parametrize(
    ("later", "meant"),
    [
        (b"", [("x-robots-tag", "noai"), ("content-type", "text/html"), ("tdm-reservation", "1")]),
        (says(b"Content-Type: text/css"), [("content-type", "text/html")]),
        (
            says(b"X-Robots-Tag: noarchive,", b"\tnoindex", b"x-robots-tag: noai"),
            [("content-type", "text/html"), ("x-robots-tag", "noarchive, noindex"), ("x-robots-tag", "noai")],
        ),
        (
            says(b"Server: x", status=b"304 Not Modified"),
            [("x-robots-tag", "noai"), ("content-type", "text/html"), ("tdm-reservation", "1")],
        ),
        (
            says(b"tdm-reservation: 0", status=b"304 Not Modified"),
            [("x-robots-tag", "noai"), ("content-type", "text/html"), ("tdm-reservation", "0")],
        ),
    ],
)
def test_what_a_site_reserves_is_what_it_said_last_and_a_304_may_be_silent(later, meant):
    head = head_meant(KEPT, later)
    assert fields(head) == meant
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert head.endswith(b"\r\n\r\n")
    assert head.count(b"\r\n\r\n") == 1


# Credentials. CANARY is what must not be left.

CANARY = b"c4n4ry"
HANDED_OUT = {
    "a cookie": b"Set-Cookie: sid=c4n4ry",
    "a cookie with attributes": b"Set-Cookie: sid=c4n4ry; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=3600",
    "any case, a space before the colon": b"sEt-cOOkie : sid=c4n4ry",
    "a quoted value with a semicolon": b'Set-Cookie: sid="a;c4n4ry;b"; Path=/',
    "several in one field": b"Set-Cookie: a=c4n4ry; Path=/, b=c4n4ry; Secure, c=c4n4ry",
    "no name": b"Set-Cookie: c4n4ry",
    "an empty name": b"Set-Cookie: =c4n4ry",
    "a folded line": b"Set-Cookie: sid=\r\n\tc4n4ry;\r\n c4n4ry=1",
    "within a folded line": b"X-Other: 1\r\n Set-Cookie: sid=c4n4ry",
    "behind a lone CR": b"X-Other: 1\rSet-Cookie: sid=c4n4ry",
    "an attribute nobody knows": b"Set-Cookie: sid=x; Token=c4n4ry; c4n4ry",
    "an attribute that is not one": b"Set-Cookie: sid=x; Expires=c4n4ry; Path=c4n4ry; Max-Age=c4n4ry",
    "the second kind": b"Set-Cookie2: sid=c4n4ry",
    "a token": b"X-Auth-Token: c4n4ry",
    "a key": b"X-API-Key: c4n4ry",
    "a protection against forgery": b"X-CSRF-Token: c4n4ry",
    "the same in one word": b"X-CSRFToken: c4n4ry",
    "who is known": b"X-Auth-User: c4n4ry",
    "a session": b"X-Session-Id: c4n4ry",
    "a cloud's token": b"X-Amz-Security-Token: c4n4ry",
    "another field with backslashes": b'Link: <http:\\\\me:c4n4ry@news.example/>; rel="next"',
    "an authorization": b"Authorization: Bearer c4n4ry",
    "a cookie sent back": b"Cookie: sid=c4n4ry",
    "a proxy's": b"Proxy-Authorization: Basic c4n4ry",
    "Location": b"Location: https://me:c4n4ry@news.example/",
    "Location without a scheme": b"Location: //me:c4n4ry@news.example/",
    "Location with backslashes": b"Location: http:\\\\me:c4n4ry@news.example/",
    "Location with one slash": b"Location: http:/me:c4n4ry@news.example/",
    "Location with an @ and a space in it": b"Location: https://me:c4n4ry@c4n4ry c4n4ry@news.example/",
    "Content-Location": b"Content-Location: https://me:c4n4ry@news.example/",
    "Refresh": b"Refresh: 0; url='https://me:c4n4ry@news.example/'",
    "Link": b'Link: <https://a.example/>; rel="x", <https://me:c4n4ry@news.example/>; rel="next"',
    "any other field": b'Report-To: {"url":"https://me:c4n4ry@news.example/"}',
}


def _head(*lines: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", *lines, b"Server: x", b"", b""])


@pytest.mark.parametrize("line", HANDED_OUT.values(), ids=HANDED_OUT)
def test_no_credential_that_a_head_holds_reaches_the_archive(line):
    archived = archived_head(_head(b"Date: now", line))
    assert CANARY not in archived
    assert archived.startswith(b"HTTP/1.1 200 OK\r\nDate: now\r\n")
    assert archived.endswith(b"\r\nServer: x\r\n\r\n")
    assert archived_head(archived) == archived


@pytest.mark.parametrize("line", HANDED_OUT.values(), ids=HANDED_OUT)
def test_nor_does_one_in_a_note_of_bytes_from_the_wire(line):
    for raw in (line, _head(line), _head(line).replace(b"\r\n", b"\n"), b"0\r\n" + line + b"\r\n"):
        assert "c4n4ry" not in note_value(raw)


def test_a_cookie_keeps_its_name_and_what_says_nothing_of_the_reader():
    line = b"Set-Cookie: sid=c4n4ry; Expires=Wed, 21 Oct 2026 07:28:00 GMT; domain=.news.example; Path=/a; Secure"
    masked = f"sid={MASK}".encode()
    assert archived_head(_head(line)) == _head(line.replace(b"sid=c4n4ry", masked))


@pytest.mark.parametrize(
    "line",
    [
        b"Location: https://news.example/@reporter?to=a@b.example",
        b"Link: <https://a.example>; title=me@b.example",
        b"X-Contact: https://social.example/@desk, mailto:desk@news.example",
        b'ETag: "x//y@z"'.replace(b"//", b"/"),
        b"X-Set-Cookie: a=b",
        b"Access-Control-Allow-Headers: Authorization, Cookie",
        b"Vary: Cookie",
    ],
)
def test_a_field_that_holds_no_credential_stands_byte_for_byte(line):
    assert archived_head(_head(line)) == _head(line)


@given(st.binary(max_size=300).map(lambda noise: noise.replace(b"c4n4ry", b"")), st.sampled_from(sorted(HANDED_OUT)))
def test_whatever_stands_around_it_a_cookie_on_a_line_of_its_own_is_masked(noise, name):
    assert CANARY not in archived_head(b"HTTP/1.1 200 OK\r\n" + noise + b"\r\n" + HANDED_OUT[name] + b"\r\n\r\n")


@given(st.lists(st.from_regex(rb"[A-Za-z-]{1,20}: [ -~]{0,60}", fullmatch=True)))
def test_an_archived_head_is_its_own_archived_head(lines):
    archived = archived_head(_head(*lines))
    assert archived_head(archived) == archived


# 60 kB of each: what looked at them again from every byte on would take minutes.
FLOODS = [
    b"Location: " + b"/" * 60_000,
    b"Location: " + b"/" * 60_000 + b"?@",
    b"Location: " + b"http:" * 12_000 + b"?@",
    b"Refresh: " + b"/@" * 30_000,
    b"Set-Cookie: a=b;" + b" " * 60_000 + b"x",
    b"Set-Cookie: a=b; path" + b" " * 60_000 + b"x",
    b"X-" + b"auth-" * 12_000,
    b"Link: " + b"<//" * 20_000,
]


@pytest.mark.parametrize("flood", FLOODS, ids=[flood[:24].decode() for flood in FLOODS])
def test_a_head_made_to_hold_us_up_is_masked_as_quickly_as_any_other(flood: bytes):
    for _ in range(20):
        assert archived_head(b"HTTP/1.1 200 OK\r\n" + flood + b"\r\n\r\n").startswith(b"HTTP/1.1 200 OK\r\n")
