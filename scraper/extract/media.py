"""What a file is that somebody takes for a page: text, or which kind of binary."""

from typing import Final

from scraper.errors import NotAnArticle
from scraper.extract.decoding import is_ascii, utf8_of

_LOOKED_AT = 1445  # bytes.  Source: WHATWG MIME Sniffing, 5.2 and 7.1
_CONTROLS = bytes({*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)})
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_FEW_CONTROLS, _MOST_CONTROLS = 3, 1 / 30  # of a text, and the share past which it is none; of chance it is a ninth
_MOST_BROKEN = 0.01  # share of U+FFFD past which a guess was wrong
_KINDS: Final = (
    (b"\x1f\x8b", "a gzip archive: unpack it first"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive: unpack it first"),
    (b"BZh", "a bzip2 archive: unpack it first"),
    (b"\xfd7zXZ\0", "an xz archive: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"),
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\xd0\xcf\x11\xe0", "an office document"),
    (b"ID3", "an MP3 recording"),
    (b"OggS", "an Ogg recording"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\0", "an SQLite database"),
)


def text_of(body: bytes, where: str) -> str:
    """What a file holds as text, whatever its charset, for somebody to whom no server names its type.

    where: the file or URL, for the message.  Raises NotAnArticle "pdf" or "media-type" for what is no text.
    """
    if body[:1024].lstrip().startswith(b"%PDF-"):
        raise NotAnArticle(where, "pdf", "it is a PDF")
    if is_binary(body):
        kind = next((kind for begins, kind in _KINDS if body.startswith(begins)), "binary")
        raise NotAnArticle(where, "media-type", f"it is {kind}, not a page and not a text")
    return _decoded(body).removeprefix("\ufeff")


def is_binary(body: bytes) -> bool:
    """Whether these bytes are no text in any charset: they begin as a binary does, or hold many control characters.

    A bell or a NUL here and there is what a broken system left in a text.
    """
    head = body[:_LOOKED_AT]
    if head.startswith(_WIDE_MARKS) and not head.startswith(b"\xff\xfe\0\0"):
        return False
    if head.startswith(tuple(begins for begins, _ in _KINDS)) and not head.isascii():
        return True
    found = len(head) - len(head.translate(None, _CONTROLS))
    return found > max(_FEW_CONTROLS, len(head) * _MOST_CONTROLS) and _wide_codec(head) is None


def _decoded(body: bytes) -> str:
    if codec := _wide_codec(body[:_LOOKED_AT]):
        return body.decode(codec, "replace")
    if is_ascii(body):
        return body.decode("ascii")
    text = utf8_of(body, None).decode("utf-8", "replace")
    # What no guess fits is most likely what the web's default stands for.
    return text if text.count("\ufffd") <= len(text) * _MOST_BROKEN else body.decode("cp1252", "replace")


def _wide_codec(head: bytes) -> str | None:
    """UTF-16 without its mark: read so, the bytes are words with spaces between them."""
    if head.startswith(_WIDE_MARKS) or 0 not in head:
        return None
    for codec in ("utf-16-le", "utf-16-be"):
        text = head[: len(head) // 2 * 2].decode(codec, "replace")
        spaces = text.count(" ") + text.count("\n")
        seen = sum(letter.isprintable() or letter.isspace() for letter in text)
        if spaces * 20 > len(text) and seen * 20 > len(text) * 19:
            return codec
    return None
