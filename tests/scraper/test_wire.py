"""What a response is on the wire, and what of it is the page."""

import gc
import gzip
import zlib
from weakref import ref

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.heads import archived_head, note_value
from archive.secrets import masked_head
from scraper.charsets import CODECS, codec_of
from scraper.errors import FetchError
from scraper.wire import Body, Reading, charset_of, decoded, ends_early, framing, read_response

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def head(*lines: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode("latin-1")


def reason(encoding: str, body: bytes, limit: int = 1000) -> str:
    with pytest.raises(FetchError) as failure:
        decoded(head(f"Content-Encoding: {encoding}"), body, limit=limit)
    return failure.value.reason


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\ncoNtent-TYPE:   text/html  \r\nContent-length:0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nLink: </a>\r\nX: y\r\nLink: </b>\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Town: caf\xe9 \xd0\x91\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Folded: one\r\n\t two\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 Very  Fine \r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nBad Name: x\r\n:\r\nno colon\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_a_head_comes_out_as_it_stood_on_the_wire(sent: bytes) -> None:
    response = read_response(sent, closed=False)
    assert archived_head(response.head) == response.head == sent
    assert response.complete


def test_the_interim_responses_before_the_answer_are_noted_and_are_not_its_head() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    response = read_response(b"HTTP/1.1 100 Continue\r\n\r\n" + hints + head("Content-Length: 2") + b"ok", closed=False)
    assert response.head == head("Content-Length: 2")
    assert response.body == b"ok"
    assert response.interim == (b"HTTP/1.1 100 Continue\r\n\r\n", hints)
    assert ("interim-response", r"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n") in response.notes


@pytest.mark.parametrize(
    "coded",
    [
        b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
        b"5;name=value\r\nhello\r\n006 ;x\r\n world\r\n0;last\r\n\r\n",
        b"B\nhello world\n0\n\n",
        b"b\r\nhello world\r\n0\r\nX-Checksum: 1\r\nX-Other: 2\r\n\r\n",
    ],
)
def test_chunked_coding_is_undone_and_its_field_renamed_where_it_stood(coded: bytes) -> None:
    response = read_response(OK + b"A: b\r\ntransfer-ENCODING:  chunked\r\nC: d\r\n\r\n" + coded, closed=False)
    assert (response.body, response.complete) == (b"hello world", True)
    assert archived_head(response.head) == OK + b"A: b\r\nX-Archive-Orig-transfer-ENCODING:  chunked\r\nC: d\r\n\r\n"


def test_trailers_are_noted() -> None:
    response = read_response(CHUNKED + b"1\r\nx\r\n0\r\nX-Checksum: 1\r\nX-Other: 2\r\n\r\n", closed=False)
    assert response.notes == (("trailers", r"X-Checksum: 1\r\nX-Other: 2"),)


def test_only_a_header_field_is_renamed_and_not_what_looks_like_one() -> None:
    tricky = OK + b"X: Transfer-Encoding: chunked\r\n\tTransfer-Encoding: folded\r\n\r\n"
    assert archived_head(tricky) == tricky


def test_a_head_with_bare_line_feeds_is_archived_with_crlf_and_noted_as_it_was() -> None:
    sent = b"HTTP/1.1 200 OK\nContent-Length: 2\r\nX: y\n\n"
    response = read_response(sent + b"ok", closed=False)
    assert archived_head(response.head) == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: y\r\n\r\n"
    assert response.body == b"ok"
    noted = dict(response.notes)["wire-head"]
    assert noted.encode().decode("unicode_escape").encode("latin-1") == sent


def test_what_follows_the_body_is_noted_and_is_not_part_of_it() -> None:
    response = read_response(head("Content-Length: 2") + b"okHTTP/1.1 200 OK\r\n", closed=False)
    assert (response.body, response.complete) == (b"ok", True)
    assert response.notes == (("surplus-length", "17"), ("surplus", r"HTTP/1.1 200 OK\r\n"))


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (head("Content-Length: 10") + b"hel", b"hel"),
        (CHUNKED + b"5\r\nhello\r\n", b"hello"),
        (CHUNKED + b"5\r\nhel", b"hel"),
        (CHUNKED + b"5\r\nhello\r\n0\r\n", b"hello"),
        (CHUNKED + b"5\r\nhello\r\n0\r\nX: y\r\n", b"hello"),
        (CHUNKED + b"5\r\nhello", b"hello"),
        (CHUNKED + b"5\r\nhello world\r\n0\r\n\r\n", b"hello"),
        (CHUNKED + b"5\r\nhello\r\nzz\r\n", b"hello"),
    ],
)
def test_a_body_cut_short_keeps_what_came_and_says_that_it_is_not_whole(sent: bytes, body: bytes) -> None:
    response = read_response(sent, closed=True)
    assert (response.body, response.complete) == (body, False)


def test_a_body_that_only_closing_can_end_is_whole_when_the_server_closed() -> None:
    sent = head("Content-Type: text/html") + b"hello"
    assert read_response(sent, closed=True).complete
    assert not read_response(sent, closed=False).complete
    assert ("body-ends", "with the connection") in read_response(sent, closed=True).notes


def test_a_body_that_is_said_to_be_chunked_and_never_was_is_kept_as_it_came() -> None:
    response = read_response(CHUNKED + b"<html>\r\nhello\r\n</html>", closed=True)
    assert response.body == b"<html>\r\nhello\r\n</html>"
    assert not response.complete
    assert ("chunked-fault", "a chunk size is not a number") in response.notes


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified", "101 Switching Protocols"])
def test_some_answers_have_no_body_whatever_they_say(status: str) -> None:
    response = read_response(f"HTTP/1.1 {status}\r\nContent-Length: 9\r\n\r\n".encode(), closed=False)
    assert (response.body, response.complete) == (b"", True)


@pytest.mark.parametrize(
    ("lines", "ends"),
    [
        (["Content-Length: 7"], 7),
        (["Content-Length: 7, 7"], 7),
        (["Content-Length: 7", "Content-Length: 7"], 7),
        (["Content-Length: 7", "Content-Length: 8"], "close"),
        (["Content-Length: -7"], "close"),
        (["Content-Length: 7e3"], "close"),
        (["Content-Length: " + "9" * 5000], "close"),
        (["Content-Length: 7", "Transfer-Encoding: Chunked"], "chunked"),
        (["Transfer-Encoding: gzip, chunked"], "chunked"),
        (["Transfer-Encoding: gzip"], "close"),
        ([], "close"),
    ],
)
def test_a_body_ends_where_the_head_says(lines: list[str], ends: str | int) -> None:
    assert framing(head(*lines)) == ends


@pytest.mark.parametrize("sent", [b"", b"HT", b"HTTP/1.1 200 OK\r\nX: y\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_there_is_no_response_before_its_head_is_whole(sent: bytes) -> None:
    with pytest.raises(ValueError, match="not whole"):
        read_response(sent, closed=True)


@pytest.mark.parametrize(
    "sent", [b"SSH-2.0-OpenSSH_9.2\r\n", b"<html>", b"HTTP/1.1 OK\r\n\r\n", b"HTTP/1.1 2000\r\n\r\n"]
)
def test_what_is_no_http_is_no_response(sent: bytes) -> None:
    with pytest.raises(ValueError, match="no HTTP status line"):
        read_response(sent, closed=True)


FIELDS = st.sampled_from(
    [
        "Content-Length: 5",
        "Content-Length: 3",
        "Transfer-Encoding: chunked",
        "X: y",
        "X:\r\n z",
        "Connection: close",
        "é: x",
    ]
)
CHUNKS = st.lists(st.binary(max_size=20), max_size=5)


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    """Responses that are mostly right and often wrong in one byte."""
    status = draw(st.sampled_from([b"200 OK", b"200", b"204 No", b"304 Not", b"103 Hints", b"404 \xe9"]))
    lines = draw(st.lists(FIELDS, max_size=4))
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in draw(CHUNKS) if chunk)
    body = draw(
        st.sampled_from([b"", b"hello", b"hello, surplus", chunked + b"0\r\n\r\n", chunked + b"0\r\nT: r\r\n\r\n"])
    )
    sent = bytearray(
        b"HTTP/1.1 " + status + b"\r\n" + "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + body
    )
    if draw(st.booleans()):
        sent[draw(st.integers(0, len(sent) - 1))] = draw(st.integers(0, 255))
    return bytes(sent)


def as_h11_reads(sent: bytes) -> bytes | None:
    """The body when h11 finds a whole response in these bytes and then the end, else None."""
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "news.example")]))
    client.send(h11.EndOfMessage())
    client.receive_data(sent)
    client.receive_data(b"")
    body = b""
    try:
        while not isinstance(event := client.next_event(), h11.EndOfMessage):
            if event in (h11.NEED_DATA, h11.PAUSED) or isinstance(event, h11.ConnectionClosed):
                return None
            body += bytes(event.data) if isinstance(event, h11.Data) else b""
    except h11.RemoteProtocolError:
        return None
    return body


@given(responses())
def test_whatever_h11_reads_whole_is_read_the_same(sent: bytes) -> None:
    if (body := as_h11_reads(sent)) is not None:
        response = read_response(sent, closed=True)
        assert (response.body, response.complete) == (body, True)


@given(responses(), st.integers(1, 7))
def test_a_body_reads_the_same_in_however_many_packets_it_comes(sent: bytes, size: int) -> None:
    ends = framing(sent.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    whole, pieces = Body(ends), Body(ends)
    wire = sent.partition(b"\r\n\r\n")[2]
    whole.feed(wire)
    for start in range(0, len(wire), size):
        pieces.feed(wire[start : start + size])
    assert (whole.payload, whole.ended, whole.surplus) == (pieces.payload, pieces.ended, pieces.surplus)


@given(st.binary(max_size=200).map(lambda tail: b"HTTP/1.1 200 OK\r\n" + tail))
def test_no_bytes_bring_the_reader_down(sent: bytes) -> None:
    try:
        response = read_response(sent, closed=True)
    except ValueError:
        return
    assert sent.startswith(response.head)


@given(st.binary())
def test_a_note_is_one_line_and_can_be_turned_back(raw: bytes) -> None:
    note = note_value(raw)
    assert note.isprintable()
    assert note.encode().decode("unicode_escape").encode("latin-1") == masked_head(raw)


def deflated(text: bytes, wbits: int) -> bytes:
    coder = zlib.compressobj(wbits=wbits)
    return coder.compress(text) + coder.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"the news")),
        ("x-gzip", gzip.compress(b"the news")),
        ("GZIP", gzip.compress(b"the ") + gzip.compress(b"") + gzip.compress(b"news")),
        ("gzip", gzip.compress(b"the news") + b"\0\0\0 padding"),
        ("deflate", deflated(b"the news", 15)),
        ("deflate", deflated(b"the news", -15)),
        ("gzip, gzip", gzip.compress(gzip.compress(b"the news"))),
        ("deflate, identity, gzip", gzip.compress(deflated(b"the news", 15))),
        ("identity", b"the news"),
        ("", b"the news"),
    ],
)
def test_a_content_coding_is_undone(encoding: str, body: bytes) -> None:
    assert decoded(head(f"Content-Encoding: {encoding}"), body, limit=1000) == b"the news"


def test_an_empty_body_is_empty_whatever_its_coding() -> None:
    assert decoded(head("Content-Encoding: gzip"), b"", limit=1000) == b""


def test_a_body_that_is_not_what_its_coding_says_is_named_so() -> None:
    assert reason("gzip", b"<html>") == "content-encoding"
    assert reason("gzip", gzip.compress(b"the news")[:-8] + b"\0" * 8) == "content-encoding"
    assert reason("br", b"\x0b\x02\x80the news\x03") == "content-encoding"
    assert reason("gzip, gzip, gzip", gzip.compress(b"x")) == "content-encoding"


@pytest.mark.parametrize("kept", range(1, len(gzip.compress(b"the news"))))
def test_a_gzip_body_without_its_end_is_truncated_and_never_taken_for_whole(kept: int) -> None:
    assert reason("gzip", gzip.compress(b"the news")[:kept]) == "truncated"


def test_a_small_body_that_unpacks_to_a_huge_one_is_too_large() -> None:
    bomb = gzip.compress(bytes(5_000_000))
    assert reason("gzip", bomb, limit=1_000_000) == "too-large"
    assert reason("gzip, gzip", gzip.compress(bomb), limit=1_000_000) == "too-large"
    assert reason("gzip", gzip.compress(b"") * 100_000) == "content-encoding"
    assert reason("identity", b"x" * 1001) == "too-large"


CODINGS = {
    "gzip": gzip.compress,
    "x-gzip": lambda text: gzip.compress(text, 1) + gzip.compress(text, 9),
    "deflate": zlib.compress,
    "Deflate": lambda text: deflated(text, -15),
    "gzip, gzip": lambda text: gzip.compress(gzip.compress(text)),
    "deflate, gzip": lambda text: gzip.compress(zlib.compress(text)),
}


@given(st.sampled_from(sorted(CODINGS)), st.binary(max_size=3_000), st.integers(1, 40), st.data())
def test_a_body_ends_early_exactly_when_its_reader_finds_that_it_does(
    encoding: str, text: bytes, times: int, data: st.DataObject
) -> None:
    body = CODINGS[encoding](text * times)
    cut = body[: data.draw(st.integers(1, len(body)))]
    said = head(f"Content-Encoding: {encoding}")
    assert ends_early(said, cut, limit=10**7) == (_end(said, cut) == "truncated")


def _end(said: bytes, body: bytes) -> str:
    try:
        decoded(said, body, limit=10**6)
    except FetchError as error:
        return error.reason
    return "whole"


def test_what_ends_early_inside_a_second_coding_ends_early() -> None:
    inner = gzip.compress(gzip.compress(b"the news" * 1000)[:-9])
    assert ends_early(head("Content-Encoding: gzip, gzip"), inner, limit=10**7)


def test_of_what_unpacks_to_more_than_is_looked_at_the_end_is_not_known() -> None:
    body = gzip.compress(bytes(3_000_000))
    assert [ends_early(head("Content-Encoding: gzip"), body[:-1], limit=most) for most in (10**6, 10**7)] == [
        None,
        True,
    ]
    twice = gzip.compress(gzip.compress(b"the news"))
    assert ends_early(head("Content-Encoding: gzip, gzip"), twice, limit=10**6) is None


@pytest.mark.parametrize("most", [1_000_000, 2**20, 2**20 + 1, 3_000_000, 3_000_001])
def test_a_body_is_unpacked_whole_however_its_length_meets_the_pieces(most: int) -> None:
    said, body = head("Content-Encoding: gzip"), gzip.compress(bytes(most))
    assert decoded(said, body, limit=4_000_000) == bytes(most)
    assert not ends_early(said, body, limit=4_000_000)
    assert ends_early(said, body[:-1], limit=4_000_000)


def test_a_body_is_let_go_with_its_last_reader_and_not_by_a_collector_some_day() -> None:
    gc.disable()
    try:
        for wire in (head("Content-Length: 3") + b"abc", CHUNKED + b"1\r\nx\r\n0\r\n\r\n", CHUNKED + b"5\r\nx"):
            reading = Reading()
            reading.feed(wire)
            body = ref(reading.body)
            assert body()
            del reading
            assert body() is None
    finally:
        gc.enable()


def test_the_fields_of_a_head_are_counted_as_they_come() -> None:
    reading = Reading()
    counts = []
    for byte in OK + b"A: b\r\nC: d\r\nContent-Length: 3\r\n\r\n\n\n\n":
        reading.feed(bytes([byte]))
        counts.append(reading.field_count)
    assert (max(counts), counts[-1]) == (4, 3)


def test_a_body_of_just_the_limit_is_not_too_large() -> None:
    assert decoded(head("Content-Encoding: gzip"), gzip.compress(b"x" * 1000), limit=1000) == b"x" * 1000


@pytest.mark.parametrize(
    ("content_type", "body", "codec"),
    [
        ("text/html; charset=windows-1251", b"\xef\xbb\xbf<meta charset=koi8-r>", "utf-8-sig"),
        ("text/html", b"\xff\xfe<\0", "utf-16"),
        ("text/html; charset=windows-1251", b"<meta charset=koi8-r>", "cp1251"),
        ('text/html; Charset="ISO-8859-1"', b"", "cp1252"),
        ("text/html; charset=rot13", b"<meta charset=koi8-r>", "koi8-r"),
        ("text/html; charset=utf-7", b"", None),
        ("text/html", b"<!doctype html><META x=y CHARSET = 'Shift_JIS' />", "cp932"),
        ("text/html", b'<meta http-equiv=content-type content="text/html; charset=euc-kr">', "cp949"),
        ("text/html", b'<meta content="text/html; charset=big5" http-equiv="Content-Type">', "big5hkscs"),
        ("text/html", b'<meta name=x content="text/html; charset=big5">', None),
        ("text/html", b"<!-- <meta charset=big5> --><meta charset=gb2312>", "gb18030"),
        ("text/html", b"<!-- <meta charset=big5>", None),
        ("text/html", b'<meta content="a > b"><meta charset=utf8>', "utf-8"),
        ("text/html", b"<meta charset=utf-16>", "utf-8"),
        ("text/html", b"<?xml version='1.0' encoding='iso-8859-2'?><html>", "iso8859-2"),
        ("text/html", b" " * 1024 + b"<meta charset=utf-8>", None),
        ("text/html", b"<meta charset=base64><meta charset=iso-2022-kr>", None),
    ],
)
def test_the_charset_is_what_mark_server_or_markup_say_in_this_order(
    content_type: str, body: bytes, codec: str | None
) -> None:
    assert charset_of(head(f"Content-Type: {content_type}"), body) == codec


def test_every_charset_of_the_web_has_a_codec_that_makes_text() -> None:
    assert len(CODECS) == 221
    for codec in set(CODECS.values()):
        assert isinstance(b"news \xff\x81".decode(codec, "replace"), str)


@pytest.mark.parametrize("label", ["rot13", "base64", "utf-7", "hex", "zlib", "idna", "punycode", "raw_unicode_escape"])
def test_a_python_codec_that_the_web_does_not_know_is_not_looked_up(label: str) -> None:
    assert codec_of(label) is None


def test_a_label_is_taken_in_any_case_and_with_white_space_around() -> None:
    assert codec_of(" Latin1\n") == "cp1252"
