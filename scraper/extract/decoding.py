"""The bytes of a page in UTF-8, whatever they came in."""

import re

from charset_normalizer import from_bytes

from scraper.charsets import codec_named
from scraper.wire import charset_of

_GUESSED = 64 * 1024  # bytes that the guess of an undeclared charset looks at
_MOST_BROKEN = 0.01  # share of U+FFFD past which a declared charset is not believed


def utf8_of(body: bytes, charset: str | None) -> bytes:
    """The page in UTF-8.

    A byte order mark decides; then bytes that are valid UTF-8 and more than ASCII, which hardly happens by chance and
    often under a wrong declaration; then what HTTP (charset) or the markup declares; then a guess.
    """
    label = re.sub(r"[^\w.:-]", "", charset or "", flags=re.ASCII)
    declared = charset_of(f"HTTP/1.1 200\r\nContent-Type: text/html; charset={label}\r\n\r\n".encode(), body)
    if declared in ("utf-8-sig", "utf-16"):
        return body.decode(declared, "replace").encode("utf-8", "replace")
    if b"\0" not in body and _is_utf8(body):
        return body
    if declared:
        text = body.decode(declared, "replace")
        if text.count("\ufffd") <= len(text) * _MOST_BROKEN:
            return text.encode("utf-8", "replace")
    return body.decode(_guessed(body) or declared or "utf-8", "replace").encode("utf-8", "replace")


def _is_utf8(body: bytes) -> bool:
    if body.isascii():
        return False  # it may be ISO-2022-JP
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _guessed(body: bytes) -> str | None:
    # UTF-16 without its mark: every other byte of markup is zero.
    if (zeros := body[:_GUESSED].count(0)) * 4 > len(body[:_GUESSED]):
        odd = sum(1 for byte in body[1:400:2] if not byte)
        return "utf-16-le" if odd * 4 > len(body[:400]) else "utf-16-be"
    if zeros:
        return None
    best = from_bytes(body[:_GUESSED]).best()
    return codec_named(best.encoding) if best else None
