"""A small sound archive of every type of record, and every way in which the tests damage it."""

import gzip
import hashlib
import json
import shutil
import sqlite3
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive import ledger, open_archive, open_writer
from archive.members import Record, walk
from archive.records import Page, Site
from archive.redact import cover_text, redact
from archive.verify import Counts, Damage, verify
from tests.archive.pages import HARBOUR, NOON, article, exchange, later, not_modified, page, visit

Place = tuple[str, int | None]  # the file, and the offset in it, that verify must name


def build(root: Path) -> Path:
    """A text, its edit, a copy, a revisit, a 304, a redirect, a failed visit, a site's memory; two WARC files."""
    with open_writer(root) as one, open_writer(root) as two:
        [first] = one.append(page(b"one", headers=b'Content-Type: text/html\r\nETag: "1"\r\n'))
        kept = one.keep(article("One."), visit(first.record_id, article=HARBOUR), verdict="new", after=None)
        assert kept
        [edit] = two.append(page(b"two", at=later(1)))
        told = visit(edit.record_id, article=HARBOUR, at=later(1))
        assert two.keep(article("Two."), told, verdict="revised", after=kept.record_id)
        moved = exchange(b"", url="http://old.example/", status="301 Moved", headers=b"Location: /new\r\n")
        _, elsewhere = two.append(Page(exchanges=(moved, exchange(b"one", url="https://new.example/", at=later(2)))))
        wire = visit(elsewhere.record_id, url="https://new.example/", article="https://new.example/", at=later(2))
        assert two.keep(article("One.", url="https://new.example/"), wire, verdict="new", after=None)
        two.append(page(b"two", at=later(3)))
        [same] = two.append(not_modified(at=later(4)))
        one.note(visit(same.record_id, article=HARBOUR, at=later(4)))
        one.remember(Site(site="harbour-post.example", number=1, learned_at=NOON, memory={"a": 1}))
        two.note(visit(reason="dns", at=later(5)))
    for path in root.rglob("*.warc.gz"):
        path.chmod(0o644)
    return root


def contents(root: Path) -> tuple[list[str], dict[str, bytes]]:
    """The catalog's rows, and every text file and sidecar."""
    with open_archive(root) as reader:
        rows = list(reader.dump())
    files = (path for path in (root / "text").rglob("*.*") if path.is_file())
    return rows, {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def found(root: Path) -> list[Damage]:
    """What verify finds."""
    with open_archive(root) as reader:
        return list(verify(reader, Counts()))


def warc(root: Path) -> Path:
    """The WARC file that holds the most."""
    return max((root / "warc").rglob("*.warc.gz"), key=lambda path: path.stat().st_size)


def records(root: Path, kind: str) -> list[Record]:
    return [record for record in walk(warc(root)) if record.type == kind]


def plains(path: Path) -> list[bytes]:
    """Each record of a WARC file as it is inside its member, read with the standard library."""
    data, each = path.read_bytes(), []
    while data:
        inflate = zlib.decompressobj(31)
        each.append(inflate.decompress(data))
        data = inflate.unused_data
    return each


def place(root: Path, path: Path, offset: int | None) -> Place:
    return path.relative_to(root).as_posix(), offset


def rewritten(root: Path, path: Path, members: list[bytes], number: int) -> Place:
    """Write the members as a WARC file, each packed anew; where the numbered one lies."""
    packed = [gzip.compress(each, mtime=0) for each in members]
    path.write_bytes(b"".join(packed))
    return place(root, path, sum(map(len, packed[:number])))


def numbered(path: Path, kind: str, nth: int = 0) -> int:
    return [number for number, record in enumerate(walk(path)) if record.type == kind][nth]


def changed(kind: str, old: bytes, new: bytes, *, nth: int = 0) -> Callable[[Path], Place]:
    """A record of that type with other bytes in it, and its member packed anew."""

    def damage(root: Path) -> Place:
        path = warc(root)
        members, number = plains(path), numbered(path, kind, nth)
        assert old in members[number], (old, members[number])
        members[number] = members[number].replace(old, new, 1)
        return rewritten(root, path, members, number)

    return damage


def without(kind: str, name: bytes, *, nth: int = 0) -> Callable[[Path], Place]:
    """A record of that type without a header line."""

    def damage(root: Path) -> Place:
        path = warc(root)
        members, number = plains(path), numbered(path, kind, nth)
        head, empty, rest = members[number].partition(b"\r\n\r\n")
        kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(name.lower() + b":")]
        assert len(kept) == head.count(b"\r\n"), name
        members[number] = b"\r\n".join(kept) + empty + rest
        return rewritten(root, path, members, number)

    return damage


def header(kind: str, name: bytes, value: bytes, *, nth: int = 0) -> Callable[[Path], Place]:
    """A record of that type in which one header field says something else."""

    def damage(root: Path) -> Place:
        path = warc(root)
        members, number = plains(path), numbered(path, kind, nth)
        head, empty, rest = members[number].partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(name.lower() + b":")]
        members[number] = b"\r\n".join([*lines, name + b": " + value]) + empty + rest
        return rewritten(root, path, members, number)

    return damage


def with_line(line: bytes) -> Callable[[Path], Place]:
    def damage(root: Path) -> Place:
        path = warc(root)
        members = plains(path)
        members[1] = members[1].replace(b"\r\n", b"\r\n" + line + b"\r\n", 1)
        return rewritten(root, path, members, 1)

    return damage


def dropped(kind: str) -> Callable[[Path], Place]:
    """A whole record taken out; named is the record before it."""

    def damage(root: Path) -> Place:
        path = warc(root)
        members, number = plains(path), numbered(path, kind)
        del members[number]
        return rewritten(root, path, members, number - 1)

    return damage


def swapped_order(root: Path) -> Place:
    """Request and metadata of a capture in the other order."""
    path = warc(root)
    members, number = plains(path), numbered(path, "request")
    members[number], members[number + 1] = members[number + 1], members[number]
    return rewritten(root, path, members, number - 1)


def twice(root: Path) -> Place:
    """A conversion with the id of the one before it."""
    one, _ = records(root, "conversion")[:2]
    return header("conversion", b"WARC-Record-ID", f"<{one.record_id}>".encode(), nth=1)(root)


def flipped(root: Path) -> Place:
    path = warc(root)
    record = records(root, "response")[0]
    block = bytearray(path.read_bytes())
    block[record.offset + record.length // 2] ^= 1
    path.write_bytes(block)
    return place(root, path, record.offset)


def cut_member(root: Path) -> Place:
    path = warc(root)
    *_, last = walk(path)
    path.write_bytes(path.read_bytes()[: last.offset + last.length // 2])
    return place(root, path, last.offset)


def lost_record(root: Path) -> Place:
    path = warc(root)
    *_, last = walk(path)
    path.write_bytes(path.read_bytes()[: last.offset])
    return place(root, path, last.offset)


def one_member(root: Path) -> Place:
    path = warc(root)
    path.write_bytes(gzip.compress(b"".join(plains(path)), mtime=0))
    return place(root, path, 0)


def zero_tail(root: Path) -> Place:
    path = warc(root)
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(bytes(4096))
    return place(root, path, size)


def hole(root: Path) -> Place:
    path = warc(root)
    record = records(root, "response")[1]
    block = path.read_bytes()
    end = record.offset + record.length
    path.write_bytes(block[: record.offset] + bytes(record.length) + block[end:])
    return place(root, path, record.offset)


def torn_end(root: Path) -> Place:
    """A record without the two empty lines at its end."""
    path = warc(root)
    members = plains(path)
    members[1] = members[1][:-4]
    return rewritten(root, path, members, 1)


def longer(root: Path) -> Place:
    """A Content-Length that says five bytes more."""
    path = warc(root)
    members = plains(path)
    record = list(walk(path))[1]
    stated = (record.field("Content-Length") or "").encode()
    members[1] = members[1].replace(b"Content-Length: " + stated, b"Content-Length: %d" % (int(stated) + 5), 1)
    return rewritten(root, path, members, 1)


def missing(root: Path) -> Place:
    path = warc(root)
    there = place(root, path, None)
    path.unlink()
    return there


def exchanged(root: Path) -> Place:
    """Two WARC files under each other's name."""
    one, two = sorted((root / "warc").rglob("*.warc.gz"))
    third = one.with_name("third")
    one.rename(third)
    two.rename(one)
    third.rename(two)
    return place(root, one, 0)


def no_manifest(root: Path) -> Place:
    manifest = warc(root).with_name(warc(root).name + ".manifest.json")
    manifest.unlink()
    return place(root, manifest, None)


def other_manifest(root: Path) -> Place:
    manifest = warc(root).with_name(warc(root).name + ".manifest.json")
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "records": 99}))
    return place(root, warc(root), None)


def packed_anew(root: Path) -> Place:
    path = warc(root)
    block = bytearray(path.read_bytes())
    block[9] ^= 1  # the operating system in a gzip header: no record changes by it
    path.write_bytes(block)
    return place(root, path, None)


def stranger_file(root: Path) -> Place:
    path = warc(root).with_name("pressmark-stranger.warc.gz")
    shutil.copy(warc(root), path)
    return place(root, path, None)


def sql(*statements: str) -> Callable[[Path], Place]:
    """A change of the catalog; `?` stands for the fullest WARC file."""

    def damage(root: Path) -> Place:
        path = warc(root)
        with sqlite3.connect(root / "catalog.sqlite") as catalog:
            for statement in statements:
                catalog.execute(statement.replace("?", f"'{place(root, path, None)[0]}'"))
        catalog.close()
        return place(root, path, None)

    return damage


def in_catalog(damage: Callable[[Path], Place], file: str = "catalog.sqlite") -> Callable[[Path], Place]:
    def damaged(root: Path) -> Place:
        damage(root)
        return file, None

    return damaged


def text_damage(damage: Callable[[Path], object], suffix: str) -> Callable[[Path], Place]:
    def damaged(root: Path) -> Place:
        path = min((root / "text").rglob(f"*{suffix}"))
        damage(path)
        return place(root, path, None)

    return damaged


def orphan_text(root: Path) -> Place:
    block = b"All that is left of what was said.\n"
    name = f"000_{hashlib.sha256(block).hexdigest()[:16]}.txt"
    path = next((root / "text").rglob("*.txt")).with_name(name)
    path.write_bytes(block)
    return path.relative_to(root).as_posix(), None


def stranger_text(root: Path) -> Place:
    path = min((root / "text").rglob("*.txt")).with_name("900_0123456789abcdef.txt")
    path.write_text("Nobody wrote this.\n")
    return place(root, path, None)


def broken_database(root: Path) -> Place:
    path = root / "catalog.sqlite"
    block = bytearray(path.read_bytes())
    with sqlite3.connect(path) as catalog:
        [[page_size]] = catalog.execute("PRAGMA page_size").fetchall()
        [[root_page]] = catalog.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'aliases_by_article'"
        ).fetchall()
    catalog.close()
    start = (root_page - 1) * page_size
    block[start + 8 : start + page_size // 2] = bytes([0xFF]) * (page_size // 2 - 8)
    path.write_bytes(block)
    return "catalog.sqlite", None


def redacted(root: Path) -> None:
    """One text and its captures taken out."""
    with open_writer(root) as archive:
        with archive.reading() as reading:
            text = next(each for each in reading.all_revisions() if each.names_file)
            cover = cover_text(reading, text.pressmark, key=str)
        redact(archive, cover, reason="asked for", now=NOON)


def forgotten_tombstone(root: Path) -> Place:
    redacted(root)
    with open_archive(root) as reader, reader.reading() as reading:
        taken = [each for warc in reading.warc_files() for each in reading.redactions_in(warc)]
    sql("DELETE FROM redactions")(root)
    return taken[0].warc, taken[0].offset


def changed_ledger(root: Path) -> Place:
    [entry] = ledger.seal(root, now=datetime.now(UTC) + timedelta(days=2))
    path = root / entry.path
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"T", b"t", 1))
    return entry.path, None


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    kind: str
    damage: Callable[[Path], Place]


NOBODY = b"<urn:uuid:00000000-0000-4000-8000-000000000000>"
CASES = [
    # the table of reference/warc.md, section 4
    Case("a payload byte changed, the member packed anew", "block_digest", changed("response", b"two", b"twa")),
    Case("the last member cut", "member", cut_member),
    Case("a bit flipped inside a member", "member", flipped),
    Case("the whole file one member", "member", one_member),
    Case("Content-Length five more", "member", longer),
    Case("a revisit without Refers-To", "mandatory", without("revisit", b"WARC-Refers-To")),
    Case("no WARC-Date", "mandatory", without("response", b"WARC-Date")),
    Case("no Record-ID", "mandatory", without("response", b"WARC-Record-ID")),
    Case("no Target-URI", "mandatory", without("response", b"WARC-Target-URI")),
    Case("no Warcinfo-ID", "mandatory", without("metadata", b"WARC-Warcinfo-ID")),
    Case("no Profile", "mandatory", without("revisit", b"WARC-Profile")),
    Case("no Payload-Digest", "mandatory", without("conversion", b"WARC-Payload-Digest")),
    Case("one id twice", "record_twice", twice),
    Case("Concurrent-To names nobody", "same_capture", header("request", b"WARC-Concurrent-To", NOBODY)),
    Case("a date that is not its answer's", "same_capture", header("metadata", b"WARC-Date", b"2026-11-20T12:00:00Z")),
    Case("a bad IP address", "address", header("response", b"WARC-IP-Address", b"192.0.2.300")),
    Case("only the payload digest wrong", "payload_digest",
         header("response", b"WARC-Payload-Digest", b"sha1:" + b"A" * 32)),
    Case("no empty lines at a record's end", "member", torn_end),
    Case("4 kB of zeros at the end", "zeros", zero_tail),
    Case("a hole of zeros", "zeros", hole),
    Case("the last record missing at a boundary", "size", lost_record),
    Case("a 304 revisit without its target's URL", "mandatory",
         without("revisit", b"WARC-Refers-To-Target-URI", nth=1)),
    Case("a malformed date", "date", header("response", b"WARC-Date", b"2026-11-20 12:00:00")),
    Case("a day that is none", "date", header("response", b"WARC-Date", b"2026-02-30T12:00:00Z")),
    # the issue's, and what FORMAT.md promises besides
    Case("a reference to nobody", "reference", header("conversion", b"WARC-Refers-To", NOBODY)),
    Case("a revisit of nobody", "reference", header("revisit", b"WARC-Refers-To", NOBODY)),
    Case("a revisit of another digest", "revisit_target",
         header("revisit", b"WARC-Payload-Digest", b"sha1:" + b"A" * 32)),
    Case("a revisit of another URL", "revisit_target",
         header("revisit", b"WARC-Refers-To-Target-URI", b"https://other.example/")),
    Case("a revisit of another date", "revisit_target",
         header("revisit", b"WARC-Refers-To-Date", b"2026-11-20T12:00:00Z")),
    Case("a missing file", "missing_file", missing),
    Case("two files exchanged", "file_name", exchanged),
    Case("a manifest that is gone", "manifest", no_manifest),
    Case("a manifest of more records", "manifest", other_manifest),
    Case("a file packed anew", "file_digest", packed_anew),
    Case("a file that the catalog does not know", "unknown_file", stranger_file),
    Case("a header line that is no field", "header", with_line(b"no field")),
    Case("a field twice", "header", with_line(b"WARC-IP-Address: 192.0.2.7\r\nWARC-IP-Address: 192.0.2.7")),
    Case("a type that nobody knows", "record_type", header("response", b"WARC-Type", b"sponge")),
    Case("a record id that is none", "record_id", header("request", b"WARC-Record-ID", b"<4711>")),
    Case("another content type", "content_type", header("response", b"Content-Type", b"text/html")),
    Case("a URL with a space", "target", header("response", b"WARC-Target-URI", b"https://a.example/x y")),
    Case("a reason that is none", "truncation", header("response", b"WARC-Truncated", b"boredom")),
    Case("a profile that is none", "profile", header("revisit", b"WARC-Profile", b"http://a.example/")),
    Case("a response without a head", "http_head", changed("response", b"HTTP/1.1 200", b"HTPT/1.1 200")),
    Case("metadata without its status", "fetch_fields", changed("metadata", b"status: ", b"stotus: ")),
    Case("another SHA-256 in the metadata", "payload_sums",
         changed("metadata", b"payload-length: 3", b"payload-length: 4")),
    Case("another status in the metadata", "status_line", changed("metadata", b"status: 200", b"status: 204")),
    Case("a request gone", "group", dropped("request")),
    Case("a metadata record gone", "group", dropped("metadata")),
    Case("request and metadata in the wrong order", "group", swapped_order),
    Case("no warcinfo", "warcinfo",
         lambda root: rewritten(root, warc(root), plains(warc(root))[1:], 0)),
    Case("another warcinfo's id", "warcinfo", header("response", b"WARC-Warcinfo-ID", NOBODY)),
    Case("facts that are no JSON", "facts", header("conversion", b"WARC-JSON-Metadata", b"{")),
    Case("visits that are no JSON", "lines", changed("resource", b'{"', b'["')),
    Case("a row that says otherwise", "row", sql("UPDATE captures SET status = 201 WHERE warc = ?")),
    Case("a revision's row that says otherwise", "row", sql("UPDATE revisions SET headline = 'x' WHERE warc = ?")),
    Case("a visit's row that says otherwise", "row", sql("UPDATE visits SET outcome = 'gone'")),
    Case("a visit without a row", "row", sql("DELETE FROM visits")),
    Case("an alias without a row", "row", sql("DELETE FROM aliases")),
    Case("a row at another place", "row_place", sql('UPDATE captures SET "offset" = "offset" + 1 WHERE warc = ?')),
    Case("a record without a row", "unlisted", sql("DELETE FROM captures WHERE warc = ?")),
    Case("a row without a record", "no_record",
         sql("UPDATE captures SET record_id = 'urn:uuid:x' || record_id WHERE warc = ?")),
    Case("a row in no file", "row_of_no_file",
         in_catalog(sql("UPDATE captures SET warc = 'warc/x.warc.gz' WHERE warc = ?"), "warc/x.warc.gz")),
    Case("a row that comes from no record", "row_of_nothing",
         in_catalog(sql("UPDATE sites SET record = 'urn:uuid:nobody'"))),
    Case("an alias that no visit taught", "alias",
         in_catalog(sql("INSERT INTO aliases VALUES ('https://x.example/', 'https://y.example/', '2027')"))),
    Case("a database that is torn", "database", broken_database),
    Case("a text changed", "text_file", text_damage(lambda path: path.write_text("x"), ".txt")),
    Case("a text gone", "text_file", text_damage(lambda path: path.unlink(), ".txt")),
    Case("a sidecar changed", "sidecar",
         text_damage(lambda path: path.write_bytes(path.read_bytes().replace(b": 200", b": 201")), ".json")),
    Case("a sidecar gone", "sidecar", text_damage(lambda path: path.unlink(), ".json")),
    Case("a text that no record names", "stranger", stranger_text),
    Case("a text whose record is nowhere", "orphan", orphan_text),
    Case("a tombstone that no row knows", "tombstone", forgotten_tombstone),
    Case("a day of the ledger changed", "ledger", changed_ledger),
    Case("a text without a row", "text_row",
         lambda root: (sql("DELETE FROM texts")(root), place(root, min((root / "text").rglob("*.txt")), None))[1]),
]  # fmt: skip
