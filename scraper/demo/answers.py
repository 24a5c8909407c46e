"""What the sample newspaper is asked and what it answers: values that a test can write down by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, as far as an answer may depend on it."""

    host: str  # lower case, without port
    path: str  # as sent, percent-encoding kept
    query: str = ""  # without the question mark
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case; of a repeated field the last
    scheme: str = "http"

    @property
    def target(self) -> str:
        """Path and query as the request line had them."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def url(self) -> str:
        """The URL that was asked for, without port."""
        return f"{self.scheme}://{self.host}{self.target}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One response.  Content-Length is added on the way out unless the headers speak of length or chunks."""

    status: int = 200
    reason: str | None = None  # the status's usual words when None
    headers: Fields = ()
    body: bytes = b""
    cut: int | None = None  # after so many bytes of the body the connection is closed
    pause: float = 0.0  # seconds of silence before the first byte
    head: bytes | None = None  # in place of the fields above, through the empty line; the connection ends after it

    def named(self, name: str) -> str | None:
        """The first header of that name, whatever its case; None when there is none."""
        return next((value for each, value in self.headers if each.lower() == name.lower()), None)

    @property
    def wire_head(self) -> bytes:
        """The head as it goes out: status line, fields, empty line."""
        if self.head is not None:
            return self.head
        reason = self.reason if self.reason is not None else HTTPStatus(self.status).phrase
        lines = [f"HTTP/1.1 {self.status} {reason}", *(f"{name}: {value}" for name, value in self._sent())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    @property
    def wire_body(self) -> bytes:
        """The body as it goes out: in chunks when a header says so, and no longer than `cut`."""
        whole = chunked(self.body) if self.named("transfer-encoding") == "chunked" else self.body
        return whole[: self.cut]

    def _sent(self) -> Fields:
        bodiless = self.status < 200 or self.status in (204, 304)  # RFC 9110, 6.4.1
        if bodiless or self.named("content-length") or self.named("transfer-encoding"):
            return self.headers
        return (*self.headers, ("Content-Length", str(len(self.body))))


def chunked(body: bytes, size: int = 4096) -> bytes:
    """The body in chunks of at most `size` bytes, the last one and the empty line included.  Source: RFC 9112, 7.1."""
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def page(markup: str, *headers: tuple[str, str], status: int = 200, charset: str = "utf-8") -> Answer:
    """An HTML page that names its charset in Content-Type."""
    kind = ("Content-Type", f"text/html; charset={charset}")
    return Answer(status=status, headers=(kind, *headers), body=markup.encode(charset))


def moved(location: str, status: int = 301) -> Answer:
    """A redirect, with the small page that servers send along."""
    note = f'<html><head><title>{status} Moved</title></head><body><a href="{location}">here</a></body></html>'
    return page(note, ("Location", location), status=status)
