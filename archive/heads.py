"""HTTP heads as they stood on the wire, read without changing a byte of them.  Source: RFC 9112."""

import re

_BARE_LF = re.compile(rb"(?<!\r)\n")
_TRANSFER_ENCODING = re.compile(rb"(?im)^(?=transfer-encoding[ \t]*:)")


def status_of(head: bytes) -> int:
    """The status code of a response head (three digits); 0 when the status line has none."""
    words = head.split(b"\n", 1)[0].split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


def fields(head: bytes) -> list[tuple[str, str]]:
    """The header fields in order: (name in lower case, value without the white space around it).

    Bytes are read as latin-1; folded lines (RFC 9112, 5.2) are joined by a space, lines without a colon passed over.
    """
    lines: list[str] = []
    for line in head.decode("latin-1").replace("\r\n", "\n").split("\n")[1:]:
        if line[:1] in (" ", "\t") and lines:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    pairs = (line.partition(":") for line in lines)
    return [(name.strip().lower(), value.strip()) for name, colon, value in pairs if colon]


def field(head: bytes, name: str) -> str | None:
    """The first field of that name (lower case), or None."""
    return next((value for each, value in fields(head) if each == name), None)


def media_type(head: bytes) -> str | None:
    """The media type of Content-Type in lower case, without parameters: "text/html"; None when absent."""
    value = field(head, "content-type")
    return value.partition(";")[0].strip().lower() or None if value else None


def archived_head(head: bytes) -> bytes:
    """The head as it goes into the archive: byte for byte but for two things that readers stumble over.

    Transfer-Encoding (undone in the body) gets X-Archive-Orig- before its name; a bare LF becomes CRLF.
    """
    return _TRANSFER_ENCODING.sub(b"X-Archive-Orig-", _BARE_LF.sub(b"\r\n", head))


def has_bare_lf(head: bytes) -> bool:
    """Whether `archived_head` mends a line end in it."""
    return _BARE_LF.search(head) is not None


def note_value(raw: bytes) -> str:
    r"""Bytes from the wire as one line of ASCII: \r, \n, \\ and \xNN stand for what does not print.

    Turned back by `value.encode().decode("unicode_escape").encode("latin-1")`.
    """
    return raw.decode("latin-1").encode("unicode_escape").decode("ascii")
