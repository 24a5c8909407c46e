"""The bytes of a page in UTF-8, whatever they came in."""

import codecs
import re
from collections.abc import Iterator

from charset_normalizer import from_bytes

from scraper.charsets import codec_named
from scraper.wire import charset_of

_PIECE = 16 * 1024  # bytes, and what is left of a tag
_GUESSED = 64 * 1024  # bytes that the guess of an undeclared charset looks at
_SHIFTS = (b"\x1b$", b"\x1b(")  # of ISO-2022-JP
_FEWEST_SOUND = 4  # letters past ASCII to one fault: of GBK, which reads as UTF-8 most often, it is less than one
_FAULTS = re.compile("[\udc80-\udcff]++")  # what surrogateescape makes of bytes that are no UTF-8
_CUT = re.compile(rb"[\xe2-\xf4][\x80-\xbf]{1,2}")  # the beginning of a letter
_MOST_BROKEN = 0.01  # share of U+FFFD past which a declared charset is not believed
# What letters of UTF-8 become that someone read as windows-1252 and wrote as UTF-8 again: "Ã¼", "â€œ", "Ð¿".
_GARBLED_SIGNS = "\u00c3\u00c2\u00e2\u00d0\u00d1"
_FEWEST_GARBLED = 3
_GARBLED = re.compile(
    "[\u00c2\u00c3][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u2018-\u203a\u20ac\u2122]"
    "|\u00e2(?:\u20ac.|\u201a.)|[\u00d0\u00d1][\u0080-\u00bf\u2018-\u203a\u20ac\u2122]"
)


def utf8_of(body: bytes, charset: str | None) -> bytes:
    """The page in UTF-8.

    A byte order mark decides; then bytes that are valid UTF-8 and more than ASCII, which hardly happens by chance and
    often under a wrong declaration, also with a few faults among them: a stray byte is read as windows-1252, which it
    nearly always is, and a cut sequence as U+FFFD; then what HTTP (charset) or the markup declares; then a guess.
    """
    if b"\0" not in body and _is_utf8(body) and not body.startswith(codecs.BOM_UTF8):
        return body
    label = re.sub(r"[^\w.:-]", "", charset or "", flags=re.ASCII)
    declared = charset_of(f"HTTP/1.1 200\r\nContent-Type: text/html; charset={label}\r\n\r\n".encode(), body)
    if declared in ("utf-8-sig", "utf-16"):
        return body.decode(declared, "replace").encode("utf-8", "replace")
    if mended := _mended(body):
        return mended
    if declared:
        text = body.decode(declared, "replace")
        if text.count("\ufffd") <= len(text) * _MOST_BROKEN:
            return text.encode("utf-8", "replace")
    return body.decode(_guessed(body) or declared or "utf-8", "replace").encode("utf-8", "replace")


def _is_utf8(body: bytes) -> bool:
    if body.isascii():
        return False  # it may be ISO-2022-JP
    try:
        for piece in _pieces(body):
            piece.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _pieces(body: bytes) -> Iterator[bytes]:
    """The pieces that are more than ASCII, each ending behind a ">", where no letter is cut.

    One text of a whole page would take up to four times its size, and twice the time.
    """
    at = 0
    while at < len(body):
        end = body.find(b">", at + _PIECE) + 1 or len(body)
        if not (piece := body[at:end]).isascii():
            yield piece
        at = end


def _mended(body: bytes) -> bytes | None:
    """UTF-8 without its few faults: a quotation from elsewhere, a teaser cut in a letter; None of other bytes."""
    if b"\0" in body or body.isascii():
        return None
    text = body.decode("utf-8", "surrogateescape")
    faults = sum(map(len, _FAULTS.findall(text)))
    sound = len(text) - len(text.encode("ascii", "ignore")) - faults
    if sound < faults * _FEWEST_SOUND:
        return None
    return _FAULTS.sub(_mend, text).encode("utf-8", "replace")


def _mend(fault: re.Match[str]) -> str:
    octets = fault[0].encode("utf-8", "surrogateescape")
    return "\ufffd" if _CUT.fullmatch(octets) else octets.decode("windows-1252", "replace")


def _guessed(body: bytes) -> str | None:
    # UTF-16 without its mark: every other byte of markup is zero.
    if (zeros := body[:_GUESSED].count(0)) * 4 > len(body[:_GUESSED]):
        odd = sum(1 for byte in body[1:400:2] if not byte)
        return "utf-16-le" if odd * 4 > len(body[:400]) else "utf-16-be"
    if zeros:
        return None
    if is_ascii(body):
        return "ascii"
    named = (codec_named(guess.encoding) for guess in from_bytes(body[:_GUESSED]))  # the likeliest first
    # Of few bytes UTF-16 is guessed soon; but without a zero in it, it is no markup, and no text with spaces.
    return next((codec for codec in named if codec and not codec.startswith("utf-16")), None)


def is_ascii(body: bytes) -> bool:
    """Whether these bytes are ASCII, and not ISO-2022-JP, which has no others; an escape alone is a terminal's."""
    return body.isascii() and not any(shift in body for shift in _SHIFTS)


def is_garbled(text: str) -> bool:
    """Whether most letters past ASCII were read in a wrong encoding before the page was written ("FÃ¤hre").

    Such a text is kept as it is: it is what the page shows.
    """
    found = _GARBLED.findall(text) if any(sign in text for sign in _GARBLED_SIGNS) else []
    return len(found) >= _FEWEST_GARBLED and sum(map(len, found)) * 2 > len(text) - len(text.encode("ascii", "ignore"))
