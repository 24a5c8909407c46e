"""HTTP heads as they stood on the wire, read without changing a byte of them.  Source: RFC 9112."""

import re

from archive.secrets import masked_head

# It and _TRANSFER_ENCODING begin with a fixed character: several times as quick over a head as (?<!) and ^ are.
_BARE_LF = re.compile(rb"\n(?<!\r\n)")
# Fields by which a site reserves what is done with an answer, with the lines they are folded into.
_RESERVING = re.compile(rb"(?im)^(x-robots-tag|tdm-reservation|tdm-policy)[ \t]*:[^\n]*\n(?:[ \t]+[^\s][^\n]*\n)*")
_TRANSFER_ENCODING = re.compile(rb"(?i)\n(?=transfer-encoding[ \t]*:)")


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


def head_meant(kept: bytes, later: bytes) -> bytes:
    """The head of a kept response with what the head of a revisit reserves instead: the later one counts.

    A 304 may leave out what has not changed (RFC 9110, 15.4.5), so of one only what it says counts. later: b"" where
    nobody told it; then nothing changes.
    """
    if not later:
        return kept
    lines = [(found[1].lower(), found[0].rstrip() + b"\r\n") for found in _RESERVING.finditer(later)]
    stated = {name for name, _ in lines}
    may_be_silent = status_of(later) == 304
    left = _RESERVING.sub(lambda found: found[0] if may_be_silent and found[1].lower() not in stated else b"", kept)
    return left.removesuffix(b"\r\n") + b"".join(line for _, line in lines) + b"\r\n"


def archived_head(head: bytes) -> bytes:
    """The head as it goes into the archive: byte for byte but for two things that readers stumble over, and secrets.

    Transfer-Encoding (undone in the body) gets X-Archive-Orig- before its name; a bare LF becomes CRLF; what hands out
    credentials is masked (archive.secrets). A head that was archived is its own archived head.
    """
    return masked_head(_TRANSFER_ENCODING.sub(b"\nX-Archive-Orig-", _BARE_LF.sub(b"\r\n", head)))


def has_bare_lf(head: bytes) -> bool:
    """Whether `archived_head` mends a line end in it."""
    return _BARE_LF.search(head) is not None


def note_value(raw: bytes) -> str:
    r"""Bytes from the wire as one line of ASCII: \r, \n, \\ and \xNN stand for what does not print; secrets masked.

    Turned back by `value.encode().decode("unicode_escape").encode("latin-1")`.
    """
    return masked_head(raw).decode("latin-1").encode("unicode_escape").decode("ascii")
