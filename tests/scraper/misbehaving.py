"""Servers that misbehave, each in its own way: what one sends, and how a visit to it must end.

`ends` is "whole" (the answer is one, whatever it says), "cut" (it is kept as far as it came, and marked), or the reason
of the failure. What holds for all stands in the tests: an end by the deadline, little memory, no harm to others.
"""

import gzip
import re
import socket
import ssl
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import chain, repeat
from pathlib import Path

import trustme

from scraper.extract import LARGEST
from tests.servers import NOT_FOUND, Answer, Origin, Step, listening, moved, ok, origin

OK = b"HTTP/1.1 200 OK\r\n"
HTML = b"<!doctype html><p>the news</p>"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
DRIP = 0.02  # seconds between drops

Serve = Callable[[socket.socket, Origin, "Papers"], None]


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """One way to misbehave."""

    kind: str
    name: str
    ends: str
    answer: Callable[[str], Answer] | None = None  # to a GET, made from its target
    serve: Serve | None = None  # a connection from its first byte, of the origin's http or, with `tls`, https
    tls: bool = False

    @property
    def host(self) -> str:
        return f"{re.sub('[^a-z0-9]+', '-', self.name.lower())}.paper.example"


@dataclass
class Papers:
    """Certificates of one authority."""

    authority: trustme.CA = field(default_factory=trustme.CA)

    def context(self, *names: str, **of: object) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(*names, **of).configure_cert(context)  # type: ignore[arg-type]
        return context

    def write(self, path: Path) -> Path:
        self.authority.cert_pem.write_to_path(path)
        return path


def dripping(start: bytes, drop: bytes) -> Iterator[Step]:
    """The start, and then a drop fifty times a second, for ever."""
    yield start
    while True:
        yield drop
        yield DRIP


def with_length(body: bytes, *fields: str) -> bytes:
    return ok(body, "Content-Type: text/html", *fields)


HTML_AGAIN = with_length(HTML)


def coded(coding: str, body: bytes) -> bytes:
    return with_length(body, f"Content-Encoding: {coding}")


def chunk(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(body), body)


@cache
def zeros(wbits: int, size: int) -> bytes:
    """Zeros, deflated to a two hundredth of their size."""
    coder = zlib.compressobj(1, wbits=wbits)
    return b"".join(coder.compress(bytes(1_000_000)) for _ in range(size // 1_000_000)) + coder.flush()


BOMB = 2 * LARGEST  # bytes when it is unpacked
GZIP, ZLIB, RAW = 31, 15, -15


def bomb() -> bytes:
    return zeros(GZIP, BOMB)


def endless_gzip_name() -> Iterator[Step]:
    """A gzip header whose file name does not end."""
    yield OK + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x08\0\0\0\0\0\x03"
    yield from repeat(b"n" * 65536)


def extra_gzip(flags: int, extra: bytes) -> bytes:
    """A gzip member with these optional fields in its header."""
    return b"\x1f\x8b\x08" + bytes([flags]) + b"\0\0\0\0\0\x03" + extra + gzip.compress(HTML)[10:]


def to(location: str) -> Callable[[str], Answer]:
    """Answers everything with a redirect there."""
    return lambda _: moved(location)


def _number(target: str) -> int:
    digits = "".join(each for each in target if each.isdigit())
    return int(digits or 0)


# ── what a server sends to a request ─────────────────────────────────────────────────────────────────────────────────

_ANSWERS: dict[str, dict[str, tuple[str, Callable[[str], Answer]]]] = {
    "drip": {
        "drips its head": ("too-slow", lambda _: dripping(OK, b"X: y\r\n")),
        "drips one header line": ("too-slow", lambda _: dripping(OK + b"X: ", b"y")),
        "drips its status line": ("too-slow", lambda _: dripping(b"HTTP/1.1 200 ", b"O")),
        "drips its body": ("cut", lambda _: dripping(OK + b"\r\n", b"x")),
        "drips a body of known length": ("cut", lambda _: dripping(OK + b"Content-Length: 9999\r\n\r\n", b"x")),
        "drips chunks of one byte": ("cut", lambda _: dripping(CHUNKED, b"1\r\nx\r\n")),
        "drips a chunk size": ("cut", lambda _: dripping(CHUNKED + chunk(HTML), b"0")),
        "drips a chunk extension": ("cut", lambda _: dripping(CHUNKED + b"5;", b"a")),
        "drips trailers": ("cut", lambda _: dripping(CHUNKED + chunk(HTML) + b"0\r\n", b"X: y\r\n")),
        "drips gzip": ("cut", lambda _: dripping(OK + b"Content-Encoding: gzip\r\n\r\n" + bomb()[:20], b"\0")),
        "drips interim responses": ("protocol", lambda _: dripping(b"", b"HTTP/1.1 102 Processing\r\n\r\n")),
        "says a status line and no more": ("too-slow", lambda _: [OK, "hold"]),
        "says a head and no more": ("cut", lambda _: [OK + b"Content-Length: 5\r\n\r\n", "hold"]),
        "says half a body and no more": ("cut", lambda _: [OK + b"Content-Length: 50\r\n\r\n" + HTML, "hold"]),
        "never ends a body it need not end": ("cut", lambda _: [OK + b"\r\n" + HTML, "hold"]),
        "never ends a head h11 rejects": ("cut", lambda _: [OK + b"Bad Name: x\r\n\r\n" + HTML, "hold"]),
        "thinks and then drips": ("cut", lambda _: chain([0.3], dripping(OK + b"\r\n", b"x"))),
    },
    "stall": {
        "says nothing": ("timeout", lambda _: ["hold"]),
        "says nothing to a hop": ("timeout", lambda target: moved("/b") if target == "/" else ["hold"]),
    },
    "endless": {
        "endless body": ("too-large", lambda _: chain([OK + b"\r\n"], repeat(b"x" * 65536))),
        "endless body of a length": (
            "too-large",
            lambda _: chain([OK + b"Content-Length: 999999999999\r\n\r\n"], repeat(b"x" * 65536)),
        ),
        "endless body h11 rejects": ("too-large", lambda _: chain([OK + b"Bad Name: x\r\n\r\n"], repeat(b"x" * 65536))),
        "endless chunks": ("too-large", lambda _: chain([CHUNKED], repeat(chunk(b"x" * 65536)))),
        "endless chunks of a byte": ("too-large", lambda _: chain([CHUNKED], repeat(chunk(b"x") * 5000))),
        "endless one chunk": ("too-large", lambda _: chain([CHUNKED + b"fffffffffff\r\n"], repeat(b"x" * 65536))),
        "endless chunk extension": ("cut", lambda _: chain([CHUNKED + chunk(HTML) + b"5;"], repeat(b"a" * 65536))),
        "endless chunk extensions": (
            "too-large",
            lambda _: chain([CHUNKED], repeat(b"1;" + b"a" * 9000 + b"\r\nx\r\n")),
        ),
        "endless chunk size of zeros": ("cut", lambda _: chain([CHUNKED + chunk(HTML)], repeat(b"0" * 65536))),
        "endless trailers": ("cut", lambda _: chain([CHUNKED + chunk(HTML) + b"0\r\n"], repeat(b"X: y\r\n" * 1000))),
        "endless trailer line": ("cut", lambda _: chain([CHUNKED + chunk(HTML) + b"0\r\nX: "], repeat(b"y" * 65536))),
        "endless head": ("too-many-fields", lambda _: chain([OK], repeat(b"X: y\r\n" * 1000))),
        "endless head of long lines": ("head-too-large", lambda _: chain([OK], repeat(b"X: " + b"y" * 9000 + b"\r\n"))),
        "endless header line": ("head-too-large", lambda _: chain([OK + b"X: "], repeat(b"y" * 65536))),
        "endless folded line": ("too-many-fields", lambda _: chain([OK + b"X: y\r\n"], repeat(b" y\r\n" * 1000))),
        "endless status line": ("head-too-large", lambda _: chain([b"HTTP/1.1 200 "], repeat(b"O" * 65536))),
        "endless empty lines first": ("protocol", lambda _: repeat(b"\r\n" * 1000)),
        "endless 100 continue": ("protocol", lambda _: repeat(b"HTTP/1.1 100 Continue\r\n\r\n")),
        "endless early hints": ("protocol", lambda _: repeat(b"HTTP/1.1 103 Hints\r\nLink: </a.css>\r\n\r\n")),
        "endless head of an interim response": (
            "too-many-fields",
            lambda _: chain([b"HTTP/1.1 103 Hints\r\n"], repeat(b"X: y\r\n")),
        ),
        "endless gzip": (
            "too-large",
            lambda _: chain([OK + b"Content-Encoding: gzip\r\n\r\n"], repeat(gzip.compress(HTML) * 500)),
        ),
        "endless surplus": ("whole", lambda _: chain([with_length(HTML)], repeat(b"x" * 65536))),
        "endless body of an error": ("http-500", lambda _: chain([b"HTTP/1.1 500 No\r\n\r\n"], repeat(b"x" * 65536))),
        "endless body of a redirect": (
            "redirects",
            lambda target: chain(
                [f"HTTP/1.1 302 Moved\r\nLocation: /{_number(target) + 1}\r\n\r\n".encode()], repeat(b"x" * 65536)
            ),
        ),
    },
    "head": {
        "8000 fields": ("too-many-fields", lambda _: with_length(HTML, *["a: b"] * 8000)),
        "8000 fields of one name": ("too-many-fields", lambda _: with_length(HTML, *["Set-Cookie: a=b"] * 3000)),
        "one field of a megabyte": ("head-too-large", lambda _: with_length(HTML, "X: " + "y" * 1_000_000)),
        "a field name of a megabyte": ("head-too-large", lambda _: with_length(HTML, "y" * 1_000_000 + ": x")),
        "a reason of a megabyte": ("head-too-large", lambda _: b"HTTP/1.1 200 " + b"O" * 1_000_000 + b"\r\n\r\n"),
        "a NUL in a field": ("whole", lambda _: with_length(HTML, "X: a\0b")),
        "a NUL in a name": ("whole", lambda _: with_length(HTML, "X\0Y: b")),
        "control characters in a field": ("whole", lambda _: with_length(HTML, "X: \x01\x02\x1b[31m\x07\x7f")),
        "bytes beyond ASCII in a name": ("whole", lambda _: with_length(HTML, "Ж".encode().decode("latin-1") + ": b")),
        "a bare CR in a field": ("whole", lambda _: with_length(HTML, "X: a\rContent-Length: 3")),
        "bare LFs": ("whole", lambda _: b"HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 30\n\n" + HTML),
        "CR alone as line end": ("disconnect", lambda _: [b"HTTP/1.1 200 OK\rContent-Length: 30\r\r" + HTML, "close"]),
        "a folded field": ("whole", lambda _: with_length(HTML, "X: a\r\n b\r\n\tc")),
        "a fold before any field": ("whole", lambda _: OK + b" folded\r\nContent-Length: 30\r\n\r\n" + HTML),
        "no colon": ("whole", lambda _: with_length(HTML, "no colon here")),
        "an empty name": ("whole", lambda _: with_length(HTML, ": x")),
        "a space before the colon": ("whole", lambda _: with_length(HTML, "X : y")),
        "no reason": ("whole", lambda _: b"HTTP/1.1 200\r\nContent-Length: 30\r\n\r\n" + HTML),
        "status 000": ("http-0", lambda _: b"HTTP/1.1 000 No\r\nContent-Length: 30\r\n\r\n" + HTML),
        "status 999": ("http-999", lambda _: b"HTTP/1.1 999 No\r\nContent-Length: 30\r\n\r\n" + HTML),
        "status 99999": ("protocol", lambda _: b"HTTP/1.1 99999 No\r\nContent-Length: 30\r\n\r\n" + HTML),
        "a negative status": ("protocol", lambda _: b"HTTP/1.1 -200 OK\r\n\r\n"),
        "HTTP 2.0": ("whole", lambda _: b"HTTP/2.0 200 OK\r\nContent-Length: 30\r\n\r\n" + HTML),
        "HTTP 9.9": ("whole", lambda _: b"HTTP/9.9 200 OK\r\nContent-Length: 30\r\n\r\n" + HTML),
        "HTTP 0.9": ("protocol", lambda _: [HTML, "close"]),
        "lower case http": ("protocol", lambda _: b"http/1.1 200 OK\r\nContent-Length: 30\r\n\r\n" + HTML),
        "white space first": ("protocol", lambda _: b" HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n" + HTML),
        "a byte order mark first": ("protocol", lambda _: b"\xef\xbb\xbf" + with_length(HTML)),
        "its own request back": ("protocol", lambda _: b"GET / HTTP/1.1\r\nHost: news.example\r\n\r\n"),
        "an ICY answer": ("protocol", lambda _: [b"ICY 200 OK\r\nicy-name: radio\r\n\r\n", "hold"]),
        "a HTTP/2 preface": ("protocol", lambda _: [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "hold"]),
        "HTTP/2 frames": ("protocol", lambda _: [b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80", "hold"]),
        "binary noise": ("protocol", lambda _: [zeros(RAW, 1_000_000), "close"]),
        "nothing but zeros": ("protocol", lambda _: [bytes(9000), "close"]),
        "a TLS alert": ("protocol", lambda _: [b"\x15\x03\x03\0\x02\x02\x28", "close"]),
        "nothing at all": ("disconnect", lambda _: ["close"]),
        "a reset": ("disconnect", lambda _: ["reset"]),
    },
    "length": {
        "a body shorter than its length": ("cut", lambda _: [OK + b"Content-Length: 99\r\n\r\n" + HTML, "close"]),
        "a body longer than its length": ("whole", lambda _: OK + b"Content-Length: 9\r\n\r\n" + HTML),
        "a negative length": ("whole", lambda _: [OK + b"Content-Length: -5\r\n\r\n" + HTML, "close"]),
        "a signed length": ("whole", lambda _: [OK + b"Content-Length: +30\r\n\r\n" + HTML, "close"]),
        "a length in hex": ("whole", lambda _: [OK + b"Content-Length: 0x1e\r\n\r\n" + HTML, "close"]),
        "a length in words": ("whole", lambda _: [OK + b"Content-Length: thirty\r\n\r\n" + HTML, "close"]),
        "a length with a point": ("whole", lambda _: [OK + b"Content-Length: 30.0\r\n\r\n" + HTML, "close"]),
        "a length with exponent": ("whole", lambda _: [OK + b"Content-Length: 3e1\r\n\r\n" + HTML, "close"]),
        "a length in other digits": (
            "whole",
            lambda _: [OK + "Content-Length: ٣٠\r\n\r\n".encode() + HTML, "close"],
        ),
        "no length after the colon": ("whole", lambda _: [OK + b"Content-Length: \r\n\r\n" + HTML, "close"]),
        "a length of 5000 digits": (
            "whole",
            lambda _: [OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n" + HTML, "close"],
        ),
        "a length beyond 64 bits": (
            "cut",
            lambda _: [OK + b"Content-Length: 99999999999999999\r\n\r\n" + HTML, "close"],
        ),
        "two lengths": ("whole", lambda _: [OK + b"Content-Length: 30\r\nContent-Length: 9\r\n\r\n" + HTML, "close"]),
        "two equal lengths": ("whole", lambda _: OK + b"Content-Length: 30\r\nContent-Length: 30\r\n\r\n" + HTML),
        "two lengths in one field": ("whole", lambda _: [OK + b"Content-Length: 30, 9\r\n\r\n" + HTML, "close"]),
        "length and chunks": (
            "whole",
            lambda _: OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(HTML) + b"0\r\n\r\n",
        ),
        "chunks and length": (
            "whole",
            lambda _: OK + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n" + chunk(HTML) + b"0\r\n\r\n",
        ),
        "a length and no body": ("cut", lambda _: [OK + b"Content-Length: 30\r\n\r\n", "close"]),
        "204 with a body": ("whole", lambda _: [b"HTTP/1.1 204 No\r\nContent-Length: 30\r\n\r\n" + HTML, "close"]),
        "205 with a body": ("whole", lambda _: b"HTTP/1.1 205 Reset\r\nContent-Length: 30\r\n\r\n" + HTML),
        "304 unasked": ("http-304", lambda _: b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n'),
        "304 with a body": ("http-304", lambda _: [b"HTTP/1.1 304 Not\r\nContent-Length: 30\r\n\r\n" + HTML, "close"]),
        "206 unasked": (
            "whole",
            lambda _: b"HTTP/1.1 206 Part\r\nContent-Range: bytes 0-29/9999\r\nContent-Length: 30\r\n\r\n" + HTML,
        ),
        "101 unasked": ("http-101", lambda _: [b"HTTP/1.1 101 Switch\r\nUpgrade: h2c\r\n\r\n\0\0\x12\x04", "hold"]),
        "416 unasked": (
            "http-416",
            lambda _: b"HTTP/1.1 416 No\r\nContent-Range: bytes */9\r\nContent-Length: 0\r\n\r\n",
        ),
        "200 without anything": ("whole", lambda _: [b"HTTP/1.1 200 OK\r\n\r\n", "close"]),
        "a body broken by a reset": ("cut", lambda _: [OK + b"Content-Length: 99\r\n\r\n" + HTML, 0.05, "reset"]),
        "an open end broken by a reset": ("cut", lambda _: [OK + b"\r\n" + HTML, 0.05, "reset"]),
        "an unknown transfer coding": ("whole", lambda _: [OK + b"Transfer-Encoding: gzip\r\n\r\n" + HTML, "close"]),
        "identity as transfer coding": (
            "whole",
            lambda _: [OK + b"Transfer-Encoding: identity\r\n\r\n" + HTML, "close"],
        ),
        "chunked twice": (
            "whole",
            lambda _: OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + chunk(HTML) + b"0\r\n\r\n",
        ),
        "a transfer coding after chunked": (
            "whole",
            lambda _: [OK + b"Transfer-Encoding: chunked, x\r\n\r\n" + chunk(HTML) + b"0\r\n\r\n", "close"],
        ),
        "Chunked in odd case": (
            "whole",
            lambda _: OK + b"TRANSFER-encoding: \t Chunked \r\n\r\n" + chunk(HTML) + b"0\r\n\r\n",
        ),
    },
    "chunks": {
        "a size that is no number": ("cut", lambda _: [CHUNKED + chunk(HTML) + b"zz\r\nxx\r\n", "close"]),
        "a negative size": ("cut", lambda _: [CHUNKED + chunk(HTML) + b"-5\r\nhello\r\n", "close"]),
        "a size with 0x": ("cut", lambda _: [CHUNKED + chunk(HTML) + b"0x5\r\nhello\r\n0\r\n\r\n", "close"]),
        "a size of 40 digits": ("cut", lambda _: [CHUNKED + chunk(HTML) + b"f" * 40 + b"\r\nx", "close"]),
        "a size of 16 digits": ("cut", lambda _: [CHUNKED + chunk(HTML) + b"f" * 16 + b"\r\nx", "close"]),
        "a size that wraps": (
            "cut",
            lambda _: [CHUNKED + chunk(HTML) + b"10000000000000005\r\nhello\r\n0\r\n\r\n", "close"],
        ),
        "a chunk shorter than its size": ("cut", lambda _: [CHUNKED + b"99\r\n" + HTML, "close"]),
        "a chunk longer than its size": ("cut", lambda _: [CHUNKED + b"5\r\n" + HTML + b"\r\n0\r\n\r\n", "close"]),
        "no line end after a chunk": ("cut", lambda _: [CHUNKED + b"5\r\nhello" * 3 + b"0\r\n\r\n", "close"]),
        "no last chunk": ("cut", lambda _: [CHUNKED + chunk(HTML), "close"]),
        "no end of trailers": ("cut", lambda _: [CHUNKED + chunk(HTML) + b"0\r\nX: y\r\n", "close"]),
        "trailers that are a head": (
            "whole",
            lambda _: CHUNKED + chunk(HTML) + b"0\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx",
        ),
        "no chunks at all": ("cut", lambda _: [CHUNKED + HTML, "close"]),
        "chunks of bare LF": ("whole", lambda _: CHUNKED + b"1e\n" + HTML + b"\n0\n\n"),
        "chunks with white space": ("whole", lambda _: CHUNKED + b"  1e \t\r\n" + HTML + b"\r\n0 \r\n\r\n"),
        "a megabyte of chunks of a byte": ("whole", lambda _: CHUNKED + chunk(b"x") * 40_000 + b"0\r\n\r\n"),
    },
    "coding": {
        "a gzip bomb": ("too-large", lambda _: coded("gzip", bomb())),
        "an x-gzip bomb": ("too-large", lambda _: coded("x-gzip", bomb())),
        "a zlib bomb": ("too-large", lambda _: coded("deflate", zeros(ZLIB, BOMB))),
        "a raw deflate bomb": ("too-large", lambda _: coded("deflate", zeros(RAW, BOMB))),
        "gzip in gzip": ("too-large", lambda _: coded("gzip, gzip", gzip.compress(bomb()))),
        "a bomb outside a bomb": ("too-large", lambda _: coded("gzip, gzip", bomb())),
        "deflate in gzip": ("too-large", lambda _: coded("deflate, gzip", gzip.compress(zeros(RAW, BOMB)))),
        "gzip three times": (
            "content-encoding",
            lambda _: coded("gzip, gzip, gzip", gzip.compress(gzip.compress(bomb()))),
        ),
        "two thousand codings": ("content-encoding", lambda _: coded(", ".join(["gzip"] * 2000), gzip.compress(HTML))),
        "two hundred coding fields": (
            "content-encoding",
            lambda _: with_length(gzip.compress(HTML), *["Content-Encoding: gzip"] * 200),
        ),
        "brotli unasked": ("content-encoding", lambda _: coded("br", b"\x0b\x02\x80the news\x03")),
        "zstd unasked": ("content-encoding", lambda _: coded("zstd", b"\x28\xb5\x2f\xfd\x04\x00\x41\x00\x00the news")),
        "compress unasked": ("content-encoding", lambda _: coded("compress", b"\x1f\x9d\x90the")),
        "a coding nobody knows": ("content-encoding", lambda _: coded("rot13", HTML)),
        "a coding name of control characters": ("content-encoding", lambda _: coded("\x1b[31mgzip", HTML)),
        "a million empty members": ("content-encoding", lambda _: coded("gzip", gzip.compress(b"") * 50_000)),
        "a bomb of many members": ("too-large", lambda _: coded("gzip", zeros(GZIP, 1_000_000) * 200)),
        "a bomb as second member": ("too-large", lambda _: coded("gzip", gzip.compress(HTML) + bomb())),
        "an endless gzip name": ("too-large", lambda _: endless_gzip_name()),
        "a gzip header of extras": ("whole", lambda _: coded("gzip", extra_gzip(0x04, b"\xff\xff" + bytes(65535)))),
        "a gzip comment of a megabyte": ("whole", lambda _: coded("gzip", extra_gzip(0x10, b"c" * 900_000 + b"\0"))),
        "reserved gzip flags": ("content-encoding", lambda _: coded("gzip", extra_gzip(0xE0, b""))),
        "a cut gzip": ("cut", lambda _: coded("gzip", gzip.compress(HTML * 50)[:-12])),
        "a gzip cut in its header": ("cut", lambda _: coded("gzip", gzip.compress(HTML)[:6])),
        "a gzip without its sum": ("cut", lambda _: coded("gzip", gzip.compress(HTML)[:-8])),
        "a cut second member": ("cut", lambda _: coded("gzip", gzip.compress(HTML) + gzip.compress(HTML)[:-9])),
        "a cut zlib": ("cut", lambda _: coded("deflate", zlib.compress(HTML * 50)[:-6])),
        "a cut gzip in chunks": (
            "cut",
            lambda _: (
                OK
                + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
                + chunk(gzip.compress(HTML)[:-9])
                + b"0\r\n\r\n"
            ),
        ),
        "a cut gzip in a whole one": (
            "cut",
            lambda _: coded("gzip, gzip", gzip.compress(gzip.compress(HTML * 9)[:-9])),
        ),
        "a gzip with a wrong sum": ("content-encoding", lambda _: coded("gzip", gzip.compress(HTML)[:-8] + bytes(8))),
        "a gzip with a broken middle": (
            "content-encoding",
            lambda _: coded("gzip", gzip.compress(HTML)[:12] + b"\xff" * 9 + gzip.compress(HTML)[21:]),
        ),
        "garbage after gzip": ("whole", lambda _: coded("gzip", gzip.compress(HTML) + b"garbage" * 999)),
        "zeros after gzip": ("whole", lambda _: coded("gzip", gzip.compress(HTML) + bytes(9999))),
        "half a magic after gzip": ("whole", lambda _: coded("gzip", gzip.compress(HTML) + b"\x1f")),
        "html called gzip": ("content-encoding", lambda _: coded("gzip", HTML)),
        "gzip called deflate": ("content-encoding", lambda _: coded("deflate", gzip.compress(HTML))),
        "zlib called gzip": ("content-encoding", lambda _: coded("gzip", zlib.compress(HTML))),
        "an empty gzip": ("whole", lambda _: coded("gzip", b"")),
        "a gzip of nothing": ("whole", lambda _: coded("gzip", gzip.compress(b""))),
        "a bomb in an error": ("http-500", lambda _: coded("gzip", bomb()).replace(b"200 OK", b"500 No", 1)),
        "a bomb in a redirect": (
            "whole",
            lambda target: (
                HTML_AGAIN
                if target == "/there"
                else coded("gzip", bomb()).replace(b"200 OK", b"302 Moved\r\nLocation: /there", 1)
            ),
        ),
        "a charset that is a codec": ("whole", lambda _: ok(HTML, "Content-Type: text/html; charset=base64")),
        "a charset of a kilobyte": ("whole", lambda _: ok(HTML, f"Content-Type: text/html; charset={'x' * 1024}")),
    },
    "redirect": {
        "a circle of one": ("redirects", to("/")),
        "to itself with a fragment": ("redirects", to("/#again")),
        "a circle of two": ("redirects", lambda target: moved("/b" if target == "/" else "/")),
        "to itself in another spelling": ("redirects", lambda _: moved("/a/..//../#x")),
        "a maze of 5000": ("redirects", lambda target: moved(f"/{_number(target) + 1}")),
        "a maze of queries": ("redirects", lambda target: moved(f"?p={_number(target) + 1}")),
        "a maze of deeper folders": ("redirects", lambda target: moved(f"{target.rstrip('/')}/deeper/")),
        "growing URLs": ("redirects", lambda target: moved("/" + "x" * (2 * len(target) + 3000))),
        "a Location of a megabyte": ("head-too-large", to("/" + "x" * 1_000_000)),
        "a Location of 60 kB": ("redirects", to("/" + "x" * 60_000)),
        "to file": ("scheme", to("file:///etc/passwd")),
        "to ftp": ("scheme", to("ftp://news.example/")),
        "to gopher": ("scheme", to("gopher://127.0.0.1:6379/_FLUSHALL")),
        "to data": ("scheme", to("data:text/html,<p>news")),
        "to javascript": ("scheme", to("javascript:alert(1)")),
        "to mailto": ("scheme", to("mailto:desk@news.example")),
        "to ws": ("scheme", to("ws://news.example/")),
        "to about": ("scheme", to("about:blank")),
        "to a private address": ("private-address", to("http://10.0.0.1/")),
        "to this machine": ("private-address", to("http://127.0.0.1:80/")),
        "to a metadata service": ("private-address", to("http://169.254.169.254/latest/meta-data/")),
        "to another port": ("port", to("http://news.example:25/")),
        "to port 0": ("redirects", to("http://news.example:0/")),
        "to no host": ("redirects", to("http:///x")),
        "to a broken IPv6 address": ("redirects", to("http://[::g]/")),
        "to garbage": ("redirects", to("http://%%%:x@@@/\\\\")),
        "to control characters": ("redirects", to("/\x01\x1b[31m")),
        "to nowhere": ("http-302", to("")),
        "two Locations": (
            "whole",
            lambda target: (
                HTML_AGAIN
                if target == "/one"
                else b"HTTP/1.1 302 Moved\r\nLocation: /one\r\nLocation: file:///etc\r\nContent-Length: 0\r\n\r\n"
            ),
        ),
        "a Location folded over lines": (
            "whole",
            lambda target: (
                HTML_AGAIN if target != "/" else b"HTTP/1.1 302 Moved\r\nLocation:\r\n /on\r\nContent-Length: 0\r\n\r\n"
            ),
        ),
        "a redirect that drips": ("redirects", lambda target: [0.1, moved(f"/{_number(target) + 1}")]),
        "a redirect cut short": (
            "whole",
            lambda target: (
                HTML_AGAIN
                if target != "/"
                else [b"HTTP/1.1 302 Moved\r\nLocation: /there\r\nContent-Length: 99\r\n\r\nx", "close"]
            ),
        ),
        "300 with many ways": ("http-300", lambda _: b"HTTP/1.1 300 Many\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"),
    },
    "poison": {
        "a second response at once": ("whole", lambda target: with_length(HTML) + with_length(b"<p>forged</p>")),
        "surplus bytes": ("whole", lambda _: with_length(HTML) + b"\0" * 999),
        "a response after 204": ("whole", lambda _: b"HTTP/1.1 204 No\r\n\r\n" + with_length(b"<p>forged</p>")),
        "a response after 304": ("http-304", lambda _: b"HTTP/1.1 304 Not\r\n\r\n" + with_length(b"<p>forged</p>")),
        "a response in trailers": (
            "whole",
            lambda _: CHUNKED + chunk(HTML) + b"0\r\nX: y\r\n\r\n" + with_length(b"forged"),
        ),
        "a response after a short length": (
            "whole",
            lambda _: OK + b"Content-Length: 0\r\n\r\n" + with_length(b"forged"),
        ),
        "keep-alive for ever and gone at once": (
            "whole",
            lambda _: [with_length(HTML, "Keep-Alive: timeout=9999"), "close"],
        ),
        "close said and kept open": ("whole", lambda _: [with_length(HTML, "Connection: close"), "hold"]),
    },
}


# ── what a server does with a connection ─────────────────────────────────────────────────────────────────────────────


def banner(words: bytes) -> Serve:
    """Speaks first."""

    def serve(connection: socket.socket, server: Origin, _: Papers) -> None:
        with suppress(OSError):
            connection.sendall(words)
            server.stopping.wait(30)

    return serve


def tls_stalls(after: int | None, *, drop: bool = False) -> Serve:
    """Sends so many bytes of the server's first flight (None: all of it) and then nothing, or a byte now and then."""

    def serve(connection: socket.socket, server: Origin, papers: Papers) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        talk = papers.context("tls.example").wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(connection.recv(65536))
        with suppress(ssl.SSLWantReadError):
            talk.do_handshake()
        flight = outgoing.read()
        with suppress(OSError):
            connection.sendall(flight[:after])
            for byte in flight[after:] if drop and after is not None else b"":
                connection.sendall(bytes([byte]))
                if server.stopping.wait(DRIP):
                    return
            server.stopping.wait(30)

    return serve


def tls_says(words: bytes) -> Serve:
    """Answers the client's hello with these bytes."""

    def serve(connection: socket.socket, server: Origin, _: Papers) -> None:
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(words)

    return serve


def tls_answers(context: Callable[[Papers, str], ssl.SSLContext], *steps: Step, junk: bytes = b"") -> Serve:
    """Shakes hands, answers with these steps, and then sends junk below TLS."""

    def serve(connection: socket.socket, server: Origin, papers: Papers) -> None:
        secure = context(papers, "*.paper.example")
        with suppress(OSError, ValueError), secure.wrap_socket(connection, server_side=True) as talk:
            talk.recv(65536)
            for step in steps:
                if isinstance(step, bytes):
                    talk.sendall(step)
                else:
                    server.stopping.wait(30 if step == "hold" else float(step))
            with socket.socket(fileno=talk.detach()) as bare:
                bare.sendall(junk)

    return serve


def good(papers: Papers, name: str) -> ssl.SSLContext:
    return papers.context(name)


def expired(papers: Papers, name: str) -> ssl.SSLContext:
    return papers.context(name, not_after=datetime(2020, 1, 1, tzinfo=UTC))


def of_another(papers: Papers, _: str) -> ssl.SSLContext:
    return papers.context("other.test")


def of_a_stranger(_: Papers, name: str) -> ssl.SSLContext:
    return Papers().context(name)


def of_itself(_: Papers, name: str) -> ssl.SSLContext:
    stranger = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with stranger.cert_pem.tempfile() as cert, stranger.private_key_pem.tempfile() as key:
        context.load_cert_chain(cert, key)
    return context


def of_thousands(papers: Papers, name: str) -> ssl.SSLContext:
    """A certificate chain longer than any."""
    leaf = papers.authority.issue_cert(name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    chain_pem = leaf.cert_chain_pems[0].bytes() + papers.authority.cert_pem.bytes() * 2_000
    with trustme.Blob(leaf.private_key_pem.bytes() + chain_pem).tempfile() as path:
        context.load_cert_chain(path)
    return context


_DROPS: tuple[Step, ...] = (b"x", DRIP) * 400
_CONNECTIONS: dict[str, dict[str, tuple[str, bool, Serve]]] = {
    "banner": {
        "an SSH banner": ("protocol", False, banner(b"SSH-2.0-OpenSSH_9.2p1\r\n")),
        "an SMTP banner": ("protocol", False, banner(b"220 mail.example ESMTP\r\n")),
        "an FTP banner": ("protocol", False, banner(b"220 (vsFTPd 3.0.3)\r\n")),
        "a MySQL greeting": ("protocol", False, banner(b"J\0\0\0\n8.0.31\0")),
        "a response before the request": ("whole", False, banner(with_length(HTML))),
    },
    "stall": {
        "a connection that is never answered": ("timeout", False, banner(b"")),
        "silence over TLS": ("timeout", True, tls_answers(good, "hold")),
        "silent after the hello": ("tls", True, tls_stalls(0)),
        "one byte of a handshake": ("tls", True, tls_stalls(1)),
        "a record header of a handshake": ("tls", True, tls_stalls(5)),
        "half a handshake": ("tls", True, tls_stalls(300)),
        "a handshake but for a byte": ("tls", True, tls_stalls(-1)),
        "a handshake that drips": ("tls", True, tls_stalls(5, drop=True)),
        "silent after a handshake": ("tls|timeout", True, tls_stalls(None)),
    },
    "tls": {
        "a TLS alert for a hello": ("tls", True, tls_says(b"\x15\x03\x03\0\x02\x02\x28")),
        "a warning for a hello": ("tls", True, tls_says(b"\x15\x03\x03\0\x02\x01\x70")),
        "plain HTTP for a hello": ("tls", True, tls_says(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
        "noise for a hello": ("tls", True, tls_says(bytes(range(256)) * 9)),
        "nothing for a hello": ("tls", True, tls_says(b"")),
        "an endless record for a hello": ("tls", True, tls_says(b"\x16\x03\x03\xff\xff" + bytes(65535))),
        "an expired certificate": ("tls", True, tls_answers(expired)),
        "a certificate for another name": ("tls", True, tls_answers(of_another)),
        "a certificate of a stranger": ("tls", True, tls_answers(of_a_stranger)),
        "a certificate of its own making": ("tls", True, tls_answers(of_itself)),
        "two thousand certificates": ("tls", True, tls_answers(of_thousands)),
        "nothing over TLS": ("disconnect", True, tls_answers(good)),
        "half a head over TLS": ("disconnect", True, tls_answers(good, OK)),
        "half a body over TLS": ("cut", True, tls_answers(good, OK + b"Content-Length: 99\r\n\r\n" + HTML)),
        "junk within a body over TLS": (
            "cut",
            True,
            tls_answers(good, OK + b"Content-Length: 99\r\n\r\n" + HTML, 0.1, junk=b"junk" * 99),
        ),
        "a broken record within a body over TLS": (
            "cut",
            True,
            tls_answers(good, OK + b"Content-Length: 99\r\n\r\n" + HTML, 0.1, junk=b"\x17\x03\x03\0\x20" + bytes(32)),
        ),
        "junk instead of a head over TLS": ("disconnect", True, tls_answers(good, junk=b"junk" * 99)),
        "a drip over TLS": ("cut", True, tls_answers(good, OK + b"\r\n", *_DROPS)),
        "an endless body over TLS": ("too-large", True, tls_answers(good, OK + b"\r\n", *[b"x" * 65536] * 400)),
    },
}

BEHAVIOURS = (
    *(
        Behaviour(kind=kind, name=name, ends=ends, answer=answer)
        for kind, answers in _ANSWERS.items()
        for name, (ends, answer) in answers.items()
    ),
    *(
        Behaviour(kind=kind, name=name, ends=ends, serve=serve, tls=tls)
        for kind, served in _CONNECTIONS.items()
        for name, (ends, tls, serve) in served.items()
    ),
)


@dataclass(frozen=True)
class Street:
    """All of them at work: where each is dialled, and where one that behaves is."""

    pins: tuple[str, ...]  # HOST:PORT:ADDR:PORT
    ca_file: Path

    @staticmethod
    def url(behaviour: Behaviour) -> str:
        return f"{'https' if behaviour.tls else 'http'}://{behaviour.host}/"

    @staticmethod
    def fine(behaviour: Behaviour) -> str:
        """A page of the same host that behaves; by the same connection, where that is still good."""
        return f"http://{behaviour.host}{'' if behaviour.answer else ':8080'}/fine"


@contextmanager
def street(folder: Path, behaviours: tuple[Behaviour, ...] = BEHAVIOURS) -> Iterator[Street]:
    """Every misbehaving server, on loopback."""
    papers = Papers()
    by_host = {each.host: each for each in behaviours}
    pins: list[str] = []

    def answer(request: bytes) -> Answer:
        lines = request.decode("latin-1").split("\r\n")
        target = lines[0].split()[1]
        host = next(line.partition(": ")[2] for line in lines if line.lower().startswith("host:")).partition(":")[0]
        if target == "/fine":
            return with_length(b"<p>fine</p>")
        misbehave = by_host[host].answer
        return misbehave(target) if misbehave and target != "/robots.txt" else NOT_FOUND

    for wbits in (GZIP, ZLIB, RAW):
        zeros(wbits, BOMB)  # now: making one would hold up every server
    with ExitStack() as stack:
        plain = stack.enter_context(origin(answer))
        for each in behaviours:
            pins.append(f"{each.host}:8080:127.0.0.1:{plain.port}")
            port = plain.port
            if serve := each.serve:
                port = stack.enter_context(_served(serve, papers)).port
            pins.append(f"{each.host}:{443 if each.tls else 80}:127.0.0.1:{port}")
        yield Street(tuple(pins), papers.write(folder / "authority.pem"))


@contextmanager
def _served(serve: Serve, papers: Papers) -> Iterator[Origin]:
    with listening(lambda connection, server: serve(connection, server, papers)) as server:
        yield server
