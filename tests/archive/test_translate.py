"""What foreign records say, in our words: dates, digests, heads and chunks as the crawlers of this world write them."""

import base64
import gzip
import hashlib
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from archive.foreign import Foreign
from archive.heads import status_of
from archive.translate import (
    Asked,
    Left,
    Past,
    beside_of,
    is_as_stated,
    past_of,
    request_of,
    role_of,
    with_its_coding,
)
from tests.archive.foreign_files import STRIKE, http

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOTHING_BASE32 = "3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"
NOTHING_HEX = hashlib.sha1(b"").hexdigest()  # noqa: S324 - as WARC files state it
NOTHING_SHA256 = hashlib.sha256(b"").hexdigest()


def foreign(block: bytes | None, *, kind: str = "response", **said: Any) -> Foreign:
    """A record as `foreign` gives it; said: more of its fields, or others, or None for none."""
    fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": "<urn:uuid:theirs>",
        "WARC-Target-URI": STRIKE,
        "WARC-Date": "2020-03-01T12:00:00Z",
        "Content-Type": "application/http; msgtype=response",
        **{name.replace("_", "-"): value for name, value in said.items()},
    }
    return Foreign(offset=0, entry=None, fields=tuple((k, v) for k, v in fields.items() if v is not None), block=block)


def past(block: bytes, **said: Any) -> Past:
    found = past_of(foreign(block, **said), now=NOW)
    assert isinstance(found, Past), found
    return found


def left(block: bytes | None, **said: Any) -> str | None:
    found = past_of(foreign(block, **said), now=NOW)
    assert not isinstance(found, Past)
    return found.reason if found else None


@pytest.fixture
def in_baku() -> Iterator[None]:
    """A machine whose clock is not set to UTC."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "XXX-4")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2020-03-01T12:00:00Z", datetime(2020, 3, 1, 12, tzinfo=UTC)),
        ("2020-03-01T12:00:00.5Z", datetime(2020, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2020-03-01T12:00:00.123456789Z", datetime(2020, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)),
        ("2020-03-01t12:00:00z", datetime(2020, 3, 1, 12, tzinfo=UTC)),
        ("2020-03-01T12:00:00", datetime(2020, 3, 1, 12, tzinfo=UTC)),
        ("2020-03-01 12:00:00", datetime(2020, 3, 1, 12, tzinfo=UTC)),
        ("2020-03-01T12:00Z", datetime(2020, 3, 1, 12, tzinfo=UTC)),
        ("2020-03-01T12:00:00+04:00", datetime(2020, 3, 1, 8, tzinfo=UTC)),
        ("2020-03-01T12:00:00-0130", datetime(2020, 3, 1, 13, 30, tzinfo=UTC)),
    ],
)
@pytest.mark.usefixtures("in_baku")
def test_a_date_is_read_as_it_is_written_and_utc_where_it_says_no_zone(said: str, at: datetime):
    assert past(http(b"x"), WARC_Date=said).exchange.started_at == at


@pytest.mark.parametrize(
    "said", ["2020", "2020-03", "2020-03-01", "20200301120000", "2020-13-01T12:00:00Z", "now", "٢"]
)
def test_a_date_that_does_not_say_what_came_first_is_none(said: str):
    assert left(http(b"x"), WARC_Date=said) == "date"


@pytest.mark.parametrize(
    ("said", "digest"),
    [
        (f"sha1:{NOTHING_BASE32}", f"sha1:{NOTHING_BASE32}"),
        (f"sha1:{NOTHING_BASE32.lower()}", f"sha1:{NOTHING_BASE32}"),
        (f"SHA-1:{NOTHING_HEX}", f"sha1:{NOTHING_BASE32}"),
        (f"sha256:{NOTHING_SHA256}", f"sha256:{NOTHING_SHA256}"),
        (f"sha256:{NOTHING_SHA256.upper()}", f"sha256:{NOTHING_SHA256}"),
        ("sha256:4OYMIQUY7QOBJGX36TEJS35ZEQT24QPEMSNZGTFESWMRW6CSXBKQ====", f"sha256:{NOTHING_SHA256}"),
        ("sha256:" + NOTHING_SHA256[:-1], None),
        ("sha1:x", None),
        ("sha1:MFRGG===", None),
        ("sha1:١٢", None),
        ("md5:d41d8cd98f00b204e9800998ecf8427e", None),
        (NOTHING_BASE32, None),
        (None, None),
    ],
)
def test_a_digest_is_read_in_whatever_letters_it_is_written(said: str | None, digest: str | None):
    refers_to = past(http(b""), kind="revisit", WARC_Payload_Digest=said).refers_to
    assert refers_to
    assert refers_to.digest == digest


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"HTTP/1.1 200 OK", 200), (b"HTTP/1.0 404 Not Found", 404), (b"HTTP/2 200", 200), (b"HTTP/2.0 301 ", 301),
        (b"HTTP/3 200 OK", 200), (b"HTTP/1.1 200", 200), (b"HTTP/1.1  200  OK", 200),
    ],
)  # fmt: skip
def test_a_status_line_of_any_version_is_one(line: bytes, status: int):
    found = past(line + b"\r\ncontent-type: text/html\r\n\r\nOn.").exchange
    assert (status_of(found.response_head), found.body) == (status, b"On.")
    assert found.response_head.startswith(line)


def test_a_pseudo_status_of_http_2_becomes_a_status_line_and_is_kept_as_it_was():
    found = past(b":status: 200\ncontent-type: text/html\n\nOn.").exchange
    assert found.response_head.startswith(b"HTTP/2 200\r\n:status: 200\r\ncontent-type")
    assert (found.body, [name for name, _ in found.notes]) == (b"On.", ["wire-head"])


@pytest.mark.parametrize(
    "block", [b"", b"\r\n\r\n", b"<html>", b"HTTP/1.1 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"\0" * 99]
)
def test_a_block_without_a_head_is_no_answer(block: bytes):
    assert left(block) == "no-http"


def test_an_answer_may_leave_out_its_content_type_or_its_msgtype():
    assert past(http(b"x"), Content_Type=None).exchange.body == b"x"
    assert past(http(b"x"), Content_Type="Application/HTTP;msgtype=response").exchange.body == b"x"
    assert left(http(b"x"), Content_Type="text/html") == "no-http"


def test_interim_answers_become_notes_and_a_thousand_of_them_are_no_answer():
    hint = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    found = past(hint * 2 + http(b"On.")).exchange
    assert (found.body, [name for name, _ in found.notes]) == (b"On.", ["interim-response"] * 2)
    assert left(hint * 1_000 + http(b"On.")) == "no-http"


CHUNKED = "Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    ("body", "payload", "truncated"),
    [
        (b"3\r\nOn.\r\n0\r\n\r\n", b"On.", None),
        (b"3;ext=1\r\nOn.\r\n0\r\nX-Trailer: 1\r\n\r\n", b"On.", None),
        (b"3\nOn.\n0\n\n", b"On.", None),
        (b"<p>undone already", b"<p>undone already", None),
        (b"", b"", None),
        (b"3\r\nOn.\r\n", b"On.", "disconnect"),
        (b"3\r\nOn.\r\n9\r\nOver", b"On.Over", "disconnect"),
        (b"FACE the music", b"FACE the music", None),
        (b"f" * 17 + b"\r\nx", b"f" * 17 + b"\r\nx", None),
    ],
)
def test_chunks_are_undone_where_there_are_any(body: bytes, payload: bytes, truncated: str | None):
    found = past(http(body, headers=CHUNKED)).exchange
    assert (found.body, found.truncated) == (payload, truncated)
    assert b"X-Archive-Orig-Transfer-Encoding: chunked" in found.response_head


@pytest.mark.parametrize(
    ("coding", "body", "is_renamed"),
    [
        ("gzip", gzip.compress(b"<html>", mtime=0), False),
        ("gzip", b"On.", True),
        ("GZIP", b"<html>", True),
        ("br", b"\n<!DOCTYPE html>", True),
        ("br", b"\x1b\x07\x00", False),
        ("deflate", zlib.compress(b"<html>"), False),
        ("gzip", b"", False),
    ],
)
def test_a_coding_that_was_undone_is_not_said_of_the_body(coding: str, body: bytes, is_renamed: bool):
    found = with_its_coding(past(http(body, headers=f"Content-Encoding: {coding}\r\n")).exchange)
    assert (b"\r\nX-Archive-Orig-Content-Encoding: " in found.response_head) == is_renamed
    assert found.body == body


@pytest.mark.parametrize(
    ("said", "headers", "truncated"),
    [
        (None, "Content-Length: 3\r\n", None),
        (None, "Content-Length: 4\r\n", "disconnect"),
        (None, "Content-Length: 4\r\nContent-Encoding: gzip\r\n", None),  # many undo the coding and leave the head
        (None, "Content-Length: four\r\n", None),
        ("length", "", "length"),
        ("Time", "", "time"),
        ("unspecified", "", "disconnect"),
        ("disconnect", "", "disconnect"),
    ],
)
def test_what_was_cut_says_so(said: str | None, headers: str, truncated: str | None):
    assert past(http(b"On.", headers=headers), WARC_Truncated=said).exchange.truncated == truncated


@pytest.mark.parametrize("kind", ["metadata", "conversion", "warcinfo", "continuation", "request", "invented"])
def test_what_is_no_answer_nor_meant_as_one_is_passed_over(kind: str):
    assert left(http(b"x"), kind=kind) is None


@pytest.mark.parametrize(
    ("said", "url"),
    [
        (f"<{STRIKE}>", STRIKE),
        (f"  {STRIKE}#top ", STRIKE),
        ("HTTP://harbour-post.example/A b\u00e9", "http://harbour-post.example/A%20b%C3%A9"),
        ("https://me:pass@harbour-post.example:8443/?q=<1>", "https://harbour-post.example:8443/?q=<1>"),
    ],
)
def test_a_url_is_kept_in_ascii_without_brackets_credentials_and_fragment(said: str, url: str):
    assert past(http(b"x"), WARC_Target_URI=said).exchange.url == url


def test_a_request_without_a_head_or_method_is_none():
    asked = request_of(foreign(b"GET / HTTP/1.1\r\n\r\n", kind="request"))
    assert isinstance(asked, Asked)
    assert (asked.method, asked.head) == ("GET", b"GET / HTTP/1.1\r\n\r\n")
    for block in (b"", b"GET / HTTP/1.1\r\n", b"\r\n\r\n", None):
        assert request_of(foreign(block, kind="request")) is None


def test_a_block_that_was_too_large_to_read_is_left_out():
    found = past_of(foreign(None), now=NOW)
    assert found == Left("too-large")


def sha1_hex(block: bytes) -> str:
    return f"sha1:{hashlib.sha1(block).hexdigest()}"  # noqa: S324 - as WARC files state it


def sha1_base32(block: bytes) -> str:
    return f"sha1:{base64.b32encode(hashlib.sha1(block).digest()).decode()}"  # noqa: S324 - as WARC files state it


def sha256_hex(block: bytes) -> str:
    return f"sha256:{hashlib.sha256(block).hexdigest()}"


DIGESTS = [sha1_hex, sha1_base32, sha256_hex, lambda block: sha1_base32(block).lower()]


@pytest.mark.parametrize("digest", DIGESTS)
@pytest.mark.parametrize("kind", ["response", "request", "metadata"])
def test_a_block_that_was_changed_is_not_what_its_digest_says(digest: Callable[[bytes], str], kind: str):
    whole = http(b"On.")
    said = {"WARC_Block_Digest": digest(whole), "Content_Length": str(len(whole))}
    assert is_as_stated(foreign(whole, kind=kind, **said))
    for at in range(len(whole)):
        changed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        assert not is_as_stated(foreign(changed, kind=kind, **said))


@pytest.mark.parametrize("off", [-2, -1, 1, 2])
def test_a_digest_may_be_of_the_block_as_a_length_that_is_off_counts_it(off: int):
    block = http(b"exactly")
    counted = (block + b"\r\n")[: len(block) + off]
    for of in (block, counted):
        said = {"WARC_Block_Digest": sha1_hex(of), "Content_Length": str(len(counted))}
        assert is_as_stated(foreign(block, **said))
    assert not is_as_stated(foreign(block, WARC_Block_Digest=sha1_hex(b"x"), Content_Length=str(len(counted))))


@pytest.mark.parametrize("said", [None, "md5:d41d8cd98f00b204e9800998ecf8427e", "blake3:00", "sha1:x", "x"])
def test_a_digest_that_is_missing_or_not_known_says_nothing(said: str | None):
    assert is_as_stated(foreign(http(b"On."), WARC_Block_Digest=said))
    assert not past(http(b"On."), WARC_Payload_Digest=said).is_doubtful


def test_of_a_block_that_was_not_read_and_a_record_that_is_not_taken_no_digest_is_made():
    said = {"WARC_Block_Digest": sha1_hex(b"x")}
    assert is_as_stated(foreign(None, **said))
    assert is_as_stated(foreign(b"software: x", kind="warcinfo", **said))


def test_a_revisit_is_believed_whatever_its_digest_and_another_one_is_noted():
    said = {"WARC_Block_Digest": f"sha1:{NOTHING_BASE32}", "Content_Length": str(len(http(b"")))}
    again = foreign(http(b""), kind="revisit", **said)
    assert is_as_stated(again)
    assert ("import-digest", f"sha1:{NOTHING_BASE32}") in past(http(b""), kind="revisit", **said).exchange.notes
    assert not past(http(b""), kind="revisit", WARC_Block_Digest=sha1_hex(http(b""))).is_doubtful


@pytest.mark.parametrize("digest", DIGESTS)
def test_a_payload_digest_may_be_of_the_body_with_or_without_its_chunks_and_any_other_is_noted(
    digest: Callable[[bytes], str],
):
    chunked = b"3\r\nOn.\r\n0\r\n\r\n"
    for of in (chunked, b"On."):
        assert not past(http(chunked, headers=CHUNKED), WARC_Payload_Digest=digest(of)).is_doubtful
    other = past(http(chunked, headers=CHUNKED), WARC_Payload_Digest=digest(b"Off"))
    assert other.is_doubtful
    assert dict(other.exchange.notes)["import-digest"] == digest(b"Off")


@pytest.mark.parametrize(
    ("url", "headers", "body", "role"),
    [
        (STRIKE, "Content-Type: text/html\r\n", b"<html>", "article"),
        (STRIKE, "", b"<rss>", "article"),
        ("http://a.example/robots.txt", "Content-Type: text/html\r\n", b"<html>", "robots"),
        ("http://a.example/robots.txt?x=1", "", b"", "robots"),
        ("http://a.example/about/robots.txt", "Content-Type: text/plain\r\n", b"", "article"),
        (STRIKE, "Content-Type: application/rss+xml; charset=utf-8\r\n", b"", "feed"),
        (STRIKE, "Content-Type: APPLICATION/ATOM+XML\r\n", b"", "feed"),
        (STRIKE, "Content-Type: application/feed+json\r\n", b"{}", "feed"),
        (STRIKE, "Content-Type: text/xml\r\n", b'<?xml version="1.0"?>\n<!-- hi -->\n<rss version="2.0">', "feed"),
        (STRIKE, "Content-Type: application/xml\r\n", b'\xef\xbb\xbf<rdf:RDF xmlns="x">', "feed"),
        (STRIKE, "Content-Type: application/xml\r\n", b'<urlset xmlns="x">', "sitemap"),
        (STRIKE, "Content-Type: text/xml\r\n", b"<sitemapindex>", "sitemap"),
        (STRIKE, "Content-Type: text/xml\r\n", b"<report><rss>", "article"),
        (STRIKE, "Content-Type: text/xml\r\n", b" " * 5_000 + b"<rss>", "article"),
        (STRIKE, "Content-Type: text/xml\r\n", gzip.compress(b"<rss>", mtime=0), "article"),
    ],
)
def test_an_answer_that_nobody_gives_a_role_has_what_its_address_and_type_say(
    url: str, headers: str, body: bytes, role: str
):
    assert role_of(url, http(b"", headers=headers), body) == role


@pytest.mark.parametrize(
    ("block", "role"),
    [
        (b"status: 200\r\nrole: feed\r\n", "feed"),
        (b"role: robots\r\nrole: article\r\n", "robots"),
        (b"role: emperor\r\n", None),
        (b"via: http://a.example/\r\n", None),
        (b"role: feed\r\n" + b"x: y\r\n" * 200_000, None),
        (b"", None),
    ],
)
def test_a_role_is_one_of_ours_or_none(block: bytes, role: str | None):
    told = beside_of(foreign(block, kind="metadata", WARC_Concurrent_To="<urn:uuid:theirs>"))
    assert (told.role if told else None) == role
    answer = past(http(b"On."))
    assert (told.told_of(answer).role if told else answer.role) == role
    assert beside_of(foreign(block, kind="resource")) is None


def test_what_metadata_tells_is_of_the_answer_that_it_names():
    told = beside_of(foreign(b"role: feed\r\n", kind="metadata", WARC_Concurrent_To="<urn:uuid:other>"))
    assert told
    assert told.told_of(past(http(b"On."))).role is None
