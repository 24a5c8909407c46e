"""HTTP heads as they stood on the wire, read without changing a byte of them.  Source: RFC 9112."""


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
