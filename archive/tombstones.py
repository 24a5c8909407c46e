"""The tombstone: what lies in a WARC file where a group of records was taken out.

One gzip member of exactly the length that the group had, so that every other offset, row and leaf of the ledger holds.
Sources: RFC 1951, 3.2.4 (stored blocks), RFC 1952, 2.3 (the comment); archive/FORMAT.md.
"""

import zlib
from dataclasses import dataclass

from archive.records import Redaction
from archive.warc import sha1, stamp, warc_fields

_STORED = 65_535  # bytes that one stored block of deflate can hold
_COMMENT = 0x10  # the flag of a gzip header that says that a comment follows
_END = b"\r\n"  # of the last field, which is the padding


@dataclass(frozen=True, slots=True, kw_only=True)
class Grave:
    """The group that a tombstone stands for, as it was."""

    length: int  # bytes of its members together
    url: str  # WARC-Target-URI of its first record
    date: str  # WARC-Date of its first record, as it stood
    warcinfo: str | None  # record id of the file's warcinfo
    leaf: bytes  # its leaf in the ledger, 32 bytes


def tombstone(redaction: Redaction, grave: Grave) -> bytes:
    """The member to lie there; its reason is cut where it has no room.

    Raises ValueError when not even a tombstone without a reason fits: no group of ours is so short.
    """
    reason = " ".join(redaction.reason.split())
    while (made := _exactly(redaction, grave, reason)) is None:
        if not reason:
            raise ValueError(f"{grave.length} bytes are too few for a tombstone")
        reason = reason[: len(reason) * 3 // 4]
    return made


def _exactly(redaction: Redaction, grave: Grave, reason: str) -> bytes | None:
    """The member with so much padding that it has the group's length; None when it is longer without any."""
    made = _member(*_record(redaction, grave, reason, 0))
    padding = grave.length - len(made)
    if padding < 0:
        return None
    while padding > 0:
        padded = _member(*_record(redaction, grave, reason, padding))
        if len(padded) <= grave.length:
            made = padded
            break
        padding -= len(padded) - grave.length
    return _commented(made, grave.length - len(made))


def _record(redaction: Redaction, grave: Grave, reason: str, padding: int) -> tuple[bytes, bytes]:
    """The WARC record in two parts: what says something, and what fills the place."""
    said = warc_fields(
        [
            ("redacted", stamp(redaction.redacted_at)),
            ("leaf", grave.leaf.hex()),
            ("group-length", str(grave.length)),
            *([("reason", reason)] if reason else []),
        ]
    )
    filler = b"padding:" + b" " * padding + _END if padding else b""
    head = [
        ("WARC-Type", "metadata"),
        ("WARC-Record-ID", f"<{redaction.record_id}>"),
        ("WARC-Date", grave.date),
        *([("WARC-Warcinfo-ID", f"<{grave.warcinfo}>")] if grave.warcinfo else []),
        ("WARC-Target-URI", grave.url),
        ("WARC-Block-Digest", sha1(said + filler)),
        ("Content-Type", "application/warc-fields"),
        ("Content-Length", str(len(said) + len(filler))),
    ]
    return b"WARC/1.1\r\n" + warc_fields(head) + b"\r\n" + said, filler + b"\r\n\r\n"


def _member(said: bytes, filler: bytes) -> bytes:
    """A gzip member in which the filler, when there is much of it, is stored as it is, byte for byte."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    if len(filler) > len(b"\r\n\r\n"):
        deflated = squeeze.compress(said) + squeeze.flush(zlib.Z_FULL_FLUSH) + _stored(filler)
    else:
        deflated = squeeze.compress(said + filler) + squeeze.flush()
    plain = said + filler
    trailer = zlib.crc32(plain).to_bytes(4, "little") + (len(plain) % 2**32).to_bytes(4, "little")
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff" + deflated + trailer


def _stored(block: bytes) -> bytes:
    """The block in deflate's stored form, the last piece marked as the stream's end."""
    pieces = [block[start : start + _STORED] for start in range(0, len(block), _STORED)]
    heads = (
        bytes([piece is pieces[-1]]) + len(piece).to_bytes(2, "little") + (len(piece) ^ 0xFFFF).to_bytes(2, "little")
        for piece in pieces
    )
    return b"".join(head + piece for head, piece in zip(heads, pieces, strict=True))


def _commented(member: bytes, more: int) -> bytes:
    """The member made longer by so many bytes: a comment in its gzip header, which any number fits."""
    if not more:
        return member
    return member[:3] + bytes([_COMMENT]) + member[4:10] + b" " * (more - 1) + b"\x00" + member[10:]
