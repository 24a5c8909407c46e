"""From the bytes of one HTTP/1.x response on the wire to its exact parts, and from its body to text.

It reads what h11 rejects (an illegal header name, a bad chunk): such a response is evidence too.  Source: RFC 9112.
"""

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

try:  # a third of zlib's time, which every page pays while its connection waits
    from isal import isal_zlib
except ImportError:  # pragma: no cover - where there is no isal wheel
    import zlib as isal_zlib  # type: ignore[no-redef]

from archive.heads import field, fields, has_bare_lf, note_value, status_of
from scraper.charsets import codec_of
from scraper.errors import FetchError

Framing = Literal["none", "chunked", "close"] | int  # how a body ends; a number is Content-Length in bytes

_HEAD_END = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+\d{3}(?!\d)")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9a-fA-F]{1,16})[ \t]*(?:;[^\n]*)?\r?\n")
_LINE_END = re.compile(rb"\r?\n")
_LONGEST_CHUNK_LINE = 16 * 1024  # bytes, extensions included
_LONGEST_TRAILERS = 64 * 1024  # bytes
_SURPLUS_KEPT = 1024  # bytes of what nobody asked for: enough to see what it is

_MAX_CODINGS = 2  # a chain of gzips is a bomb, not a page
_MAX_MEMBERS = 4096  # so is a gzip body of a million empty members
_WINDOW = 64 * 1024  # bytes
_GZIP, _ZLIB, _RAW_DEFLATE = 31, 15, -15  # zlib's wbits
_PIECE = 1024 * 1024  # bytes inflated at a time to see whether a coding has an end
_LARGEST_INNER = 4_000_000  # bytes of a body between its two codings, when that is looked for
_PRESCAN = 1024  # bytes; WHATWG HTML, 13.2.3.2
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_META = re.compile(rb"""<meta[\s/]((?:"[^"]*"|'[^']*'|[^>"'])*)""", re.IGNORECASE)
_ATTRIBUTE = re.compile(rb"""([^\s=>"'/]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_CHARSET = re.compile(r"""charset\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;"',]+))""", re.IGNORECASE)
_XML_DECLARATION = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]*)["']""")
# The codecs that drop the mark while decoding.
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xfe\xff", "utf-16"), (b"\xff\xfe", "utf-16"))


@dataclass(frozen=True, slots=True, kw_only=True)
class WireResponse:
    """One response, taken apart without changing a byte of its head."""

    interim: tuple[bytes, ...]  # heads of 1xx responses that came first
    head: bytes  # the final status line through the empty line, as on the wire
    body: bytes  # chunked coding undone, cut at Content-Length; the content coding stays
    complete: bool  # the body is whole, as far as its framing can tell
    notes: tuple[tuple[str, str], ...]  # what the parts above do not show; values as `note_value` makes them


def framing(head: bytes) -> Framing:
    """How the body after this head ends: at once, at Content-Length, with its last chunk, or with the connection.

    Source: RFC 9112, 6.3, for a response to GET. Lengths that contradict each other count as none.
    """
    if status_of(head) in (101, 204, 304):
        return "none"
    pairs = fields(head)
    codings = ",".join(value for name, value in pairs if name == "transfer-encoding")
    if codings:
        return "chunked" if codings.lower().rpartition(",")[2].strip() == "chunked" else "close"
    lengths = {part.strip() for name, value in pairs if name == "content-length" for part in value.split(",")}
    length = lengths.pop() if len(lengths) == 1 else ""
    return int(length) if re.fullmatch(r"[0-9]{1,18}", length) else "close"


class Body:
    """A body being read: feed it what follows the head, piece by piece; `ended` says when it is whole."""

    def __init__(self, ends: Framing) -> None:
        self.payload = bytearray()
        self.surplus = bytearray()  # bytes after the end: nobody asked for them
        self.trailers = b""
        self.fault: str | None = None  # why the chunked coding could not be undone
        self.ended = ends in ("none", 0)
        self.framing = ends  # as the head says
        self._ends = ends  # as it turns out
        self._wire = bytearray()  # of a chunked body: what is not yet understood
        self._left = 0  # bytes of the present chunk still to come
        self._step = Body._size  # unbound: a cycle would keep the payload until the next garbage collection

    def feed(self, piece: bytes | bytearray | memoryview) -> None:
        """Takes the next bytes from the wire."""
        if self.ended:
            self.surplus += piece
        elif self._ends == "chunked":
            self._wire += piece
            self._read_chunks()
        elif isinstance(self._ends, int):
            room = self._ends - len(self.payload)
            self.payload += piece[:room]
            self.surplus += piece[room:]
            self.ended = len(self.payload) == self._ends
        else:
            self.payload += piece

    def complete(self, *, closed: bool) -> bool:
        """Whether the body is whole, given that the server closed the connection in order or did not."""
        return self.fault is None and (self.ended or (closed and self._ends == "close"))

    def _read_chunks(self) -> None:
        at = 0
        while not self.ended and self._ends == "chunked" and (then := self._step(self, at)) is not None:
            at = then
        rest = self._wire[at:]
        self._wire.clear()
        if self.ended:
            self.surplus += rest
        elif self._ends == "close":
            self.payload += rest
        else:
            self._wire += rest

    # Each step reads one part of the coding at `at` and says where the next begins; None when more bytes are needed.

    def _size(self, at: int) -> int | None:
        if self._wire.find(b"\n", at) < 0 and len(self._wire) - at <= _LONGEST_CHUNK_LINE:
            return None
        line = _CHUNK_SIZE.match(self._wire, at)
        if not line:
            return self._broken(at, "a chunk size is not a number")
        self._left = int(line[1], 16)
        self._step = Body._chunk if self._left else Body._trailer_section
        return line.end()

    def _chunk(self, at: int) -> int | None:
        part = self._wire[at : at + self._left]
        self.payload += part
        self._left -= len(part)
        if self._left:
            return at + len(part) if part else None
        self._step = Body._chunk_end
        return at + len(part)

    def _chunk_end(self, at: int) -> int | None:
        if line_end := _LINE_END.match(self._wire, at):
            self._step = Body._size
            return line_end.end()
        return None if b"\r".startswith(self._wire[at:]) else self._broken(at, "a chunk is longer than its size")

    def _trailer_section(self, at: int) -> int | None:
        end = _LINE_END.match(self._wire, at) or _HEAD_END.search(self._wire, at)
        if end:
            self.trailers = bytes(self._wire[at : end.end()]).strip(b"\r\n")
            self.ended = True
            return end.end()
        return None if len(self._wire) - at <= _LONGEST_TRAILERS else self._broken(at, "the trailers do not end")

    def _broken(self, at: int, why: str) -> int:
        """Gives up on the coding. A body that was never chunked, whatever its head says, is kept as it came."""
        self.fault = why
        self._ends = "chunked" if self.payload else "close"
        self.ended = bool(self.payload)
        return at


class Reading:
    """One response being read: feed it what comes from the wire; it knows its heads as soon as they are whole."""

    def __init__(self) -> None:
        self.interim: list[bytes] = []  # heads of 1xx responses
        self.head: bytes | None = None  # the final one
        self.head_length = 0  # bytes of all heads so far, whole or not
        self.body: Body | None = None  # from the moment the final head is whole
        self._wire = bytearray()  # the head that is not whole yet
        self._fields = 0  # lines of the heads that are whole, but for first and last

    @property
    def ended(self) -> bool:
        """The response is whole: the server has nothing more to say. Never so when only closing can tell."""
        return self.body is not None and self.body.ended

    @property
    def field_count(self) -> int:
        """Header fields of all heads so far; a folded line counts as one."""
        return self._fields + self._wire.count(b"\n")

    def feed(self, piece: bytes | bytearray | memoryview) -> None:
        """Takes the next bytes from the wire.  Raises ValueError when they do not begin an HTTP/1.x response."""
        if self.body is not None:
            self.body.feed(piece)
            return
        known = len(self._wire)
        self._wire += piece
        self.head_length += len(piece)
        self._read_heads(max(0, known - 2))  # a head in packets of a byte is searched once, not once a packet

    def cut(self, most: int) -> bool:
        """Drops what the body has beyond so many bytes; whether there was any."""
        is_longer = self.body is not None and len(self.body.payload) > most
        if self.body is not None:
            del self.body.payload[most:]
        return is_longer

    def response(self, *, closed: bool) -> WireResponse:
        """What came so far; `closed`: after it the server ended the connection.  Raises ValueError without a head."""
        if self.head is None or self.body is None:
            raise ValueError("the response head is not whole")
        return WireResponse(
            interim=tuple(self.interim),
            head=self.head,
            body=bytes(self.body.payload),
            complete=self.body.complete(closed=closed),
            notes=tuple(_notes(self.interim, self.head, self.body)),
        )

    def _read_heads(self, at: int) -> None:
        while self.body is None and (end := _HEAD_END.search(self._wire, at)):
            head = bytes(self._wire[: end.end()])
            if not _STATUS_LINE.match(head):
                raise ValueError(f"no HTTP status line but {head[:40]!r}")
            del self._wire[: end.end()]
            at = 0
            self._fields += head.count(b"\n") - 2
            if 100 <= status_of(head) < 200 and status_of(head) != 101:
                self.interim.append(head)
                continue
            self.head, self.body = head, Body(framing(head))
            self.head_length -= len(self._wire)
            self.body.feed(self._wire)
            self._wire = bytearray()
        if not b"HTTP/".startswith(self._wire[:5]):
            raise ValueError(f"no HTTP status line but {bytes(self._wire[:40])!r}")


def read_response(received: bytes | bytearray, *, closed: bool) -> WireResponse:
    """The parts of the one response in `received`; `closed`: after these bytes the server ended the connection.

    Raises ValueError when there is no whole head.
    """
    reading = Reading()
    reading.feed(received)
    return reading.response(closed=closed)


def _notes(interim: Iterable[bytes], head: bytes, body: Body) -> Iterator[tuple[str, str]]:
    for each in interim:
        yield "interim-response", note_value(each)
    if has_bare_lf(head):
        yield "wire-head", note_value(head)
    if body.framing == "close":
        yield "body-ends", "with the connection"
    if body.fault:
        yield "chunked-fault", body.fault
    if body.trailers:
        yield "trailers", note_value(body.trailers)
    if body.surplus:
        yield "surplus-length", str(len(body.surplus))
        yield "surplus", note_value(bytes(body.surplus[:_SURPLUS_KEPT]))


def decoded(head: bytes, body: bytes, *, limit: int, url: str = "the response") -> bytes:
    """The body with its Content-Encoding undone: gzip (every member of it), deflate, at most two codings.

    limit: bytes; never more than that and one byte are inflated.  url: what an error names as its subject.
    Raises FetchError with the reason "content-encoding" (unknown, or not what it says), "too-large" or "truncated".
    """
    body = beginning(head, body, limit=limit + 1, url=url)
    if len(body) > limit:
        raise _too_large(url, limit)
    return body


def beginning(head: bytes, body: bytes, *, limit: int, url: str = "the response") -> bytes:
    """As `decoded`, of a longer body the first `limit` bytes."""
    codings = _codings(head)
    if len(codings) > _MAX_CODINGS:
        raise FetchError(url, "content-encoding", f"the body is encoded {len(codings)} times over; two are undone")
    for coding in codings[:0:-1]:
        body = _undone(coding, body, limit=max(limit, _LARGEST_INNER), url=url)
    return (_first_undone(codings[0], body, limit=limit, url=url) if codings and body else body)[:limit]


def ends_early(head: bytes, body: bytes, *, limit: int) -> bool | None:
    """Whether a content coding of the body breaks off: it came whole as far as its framing tells, and yet is cut.

    limit: bytes; no more is inflated, and of what unpacks to more it is None: not known. What cannot be undone is not
    cut.
    """
    codings = _codings(head)
    if not codings or len(codings) > _MAX_CODINGS:
        return False
    if len(codings) > 1 and limit < _LARGEST_INNER:
        return None
    try:
        for coding in codings[:0:-1]:
            body = _undone(coding, body, limit=_LARGEST_INNER, url="")
        if body and (wbits := _wbits(codings[0], body)):
            pieces = _inflated(body, wbits, limit, isal_zlib.decompressobj)
            return None if sum(map(len, pieces)) > limit else False
    except EOFError:
        return True
    except FetchError as error:
        return error.reason == "truncated"
    except (zlib.error, isal_zlib.error):  # type: ignore[misc]  # isal's stubs do not say that it is an exception
        return False
    return False


def _codings(head: bytes) -> list[str]:
    """The content codings in the order they were applied, in lower case."""
    names = ",".join(value for name, value in fields(head) if name == "content-encoding").lower().split(",")
    return [name for name in (each.strip() for each in names) if name not in ("", "identity")]


def _wbits(coding: str, body: bytes) -> int | None:
    """What zlib calls the coding; None when it does not know it."""
    if coding in ("gzip", "x-gzip"):
        return _GZIP
    return (_ZLIB if _has_zlib_header(body) else _RAW_DEFLATE) if coding == "deflate" else None


def _undone(coding: str, body: bytes, *, limit: int, url: str) -> bytes:
    """All of it.  Raises FetchError "too-large" besides what `_first_undone` raises."""
    payload = _first_undone(coding, body, limit=limit + 1, url=url) if body else b""
    if len(payload) > limit:
        raise _too_large(url, limit)
    return payload


def _first_undone(coding: str, body: bytes, *, limit: int, url: str) -> bytes:
    """The first `limit` bytes.  Raises FetchError with the reason "content-encoding" or "truncated"."""
    wbits = _wbits(coding, body)
    if wbits is None:
        raise FetchError(url, "content-encoding", f"the body is encoded as {coding!r}; only gzip was asked for")
    try:
        return b"".join(_inflated(body, wbits, limit - 1))
    except zlib.error as error:
        raise FetchError(url, "content-encoding", f"the body is not the {coding} it is said to be ({error})") from error
    except EOFError as error:
        raise FetchError(url, "truncated", f"the {coding} body ends before its end; fetch it again") from error


def _inflated(
    body: bytes, wbits: int, limit: int, decoder_of: Callable[[int], Any] = zlib.decompressobj
) -> Iterator[bytes]:
    """At most limit + 1 bytes, in pieces; EOFError when the input ends early, zlib.error when it is something else."""
    decoder, members, at, unpacked, rest = decoder_of(wbits), 1, 0, 0, b""
    while (most := min(_PIECE, limit + 1 - unpacked)) > 0:
        # In windows, because zlib copies what follows a member: whole, that is quadratic in a body of tiny members.
        if not rest:
            rest = body[at : at + _WINDOW]
            at += len(rest)
        piece = decoder.decompress(rest, most)
        yield piece
        unpacked += len(piece)
        rest = decoder.unconsumed_tail
        if decoder.eof:
            at -= len(decoder.unused_data)
            if wbits != _GZIP or body[at : at + 2] != b"\x1f\x8b":
                return
            decoder, members, rest = decoder_of(wbits), members + 1, b""
        elif at == len(body) and not rest and len(piece) < most:
            raise EOFError
        if members > _MAX_MEMBERS:
            raise zlib.error(f"more than {_MAX_MEMBERS} members")


def _has_zlib_header(body: bytes) -> bool:
    """Servers mean either by "deflate"; the two-byte header tells.  Source: RFC 1950, 2.2; RFC 9110, 8.4.1.2."""
    return len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0


def _too_large(url: str, limit: int) -> FetchError:
    return FetchError(url, "too-large", f"the body unpacks to more than {limit} bytes")


def charset_of(head: bytes, body: bytes) -> str | None:
    """The Python codec for a decoded body: byte order mark, then HTTP, then what the markup says; None when none says.

    Always one that the web knows, fit for `body.decode(codec, "replace")`; one chosen by a mark drops the mark.
    Source: WHATWG HTML, 13.2.3.2 (encoding sniffing), without its guesses.
    """
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return codec
    said = _CHARSET.search(field(head, "content-type") or "")
    return (said and codec_of("".join(said.groups("")))) or _prescanned(body[:_PRESCAN])


def _prescanned(start: bytes) -> str | None:
    """What a meta element says, else the XML declaration; markup that could be read so far is not UTF-16."""
    metas = _META.finditer(_COMMENT.sub(b"", start))
    labels = [label for meta in metas if (label := _meta_label(meta[1]))]
    if declared := _XML_DECLARATION.match(start):
        labels.append(declared[1].decode("latin-1"))
    codec = next((codec for label in labels if (codec := codec_of(label))), None)
    return "utf-8" if codec in ("utf-16-le", "utf-16-be") else codec


def _meta_label(attributes: bytes) -> str | None:
    values: dict[str, str] = {}
    for name, *value in _ATTRIBUTE.findall(attributes):
        values.setdefault(name.decode("latin-1").lower(), b"".join(value).decode("latin-1"))
    if "charset" in values:
        return values["charset"]
    if values.get("http-equiv", "").lower() != "content-type":
        return None
    said = _CHARSET.search(values.get("content", ""))
    return "".join(said.groups("")) if said else None
