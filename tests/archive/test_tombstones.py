"""A tombstone fits any grave, and every reader of gzip and WARC passes over it."""

import gzip
import hashlib
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from archive import members
from archive.index import groups
from archive.records import Redaction
from archive.tombstones import Grave, tombstone
from archive.warc import new_id, read_fields, sha1
from tests.archive.test_format import written

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DATE = "2026-11-19T17:45:00.123456Z"
LEAF = hashlib.sha256(b"a group").digest()
URL = "https://harbour-post.example/2026/strike"


def redaction(reason: str = "order of the court, 12 O 3/26") -> Redaction:
    return Redaction(
        record_id=new_id(), redacted_at=NOON, reason=reason, url=URL, captured_at=NOON, warc="w.warc.gz", offset=0
    )


def grave(length: int, url: str = URL) -> Grave:
    return Grave(length=length, url=url, date=DATE, warcinfo=new_id(), leaf=LEAF)


def shortest(said: Redaction, url: str = URL) -> int:
    """The least length that a tombstone of it takes."""
    for length in range(300, 9_000):
        try:
            tombstone(said, grave(length, url))
        except ValueError:
            continue
        return length
    raise AssertionError("none fits")


def read_back(member: bytes, folder: Path) -> members.Record:
    path = folder / "one.warc.gz"
    path.write_bytes(member)
    record: members.Record
    [record] = members.walk(path)
    assert gzip.decompress(member).endswith(b"\r\n\r\n")  # Python's own gzip, which checks what ours does
    return record


def test_every_length_from_the_shortest_is_hit_to_the_byte(tmp_path):
    said = redaction()
    least = shortest(said)
    for length in [*range(least + 3, least + 700), 65_530, 65_540, 65_900, 131_075, 131_400]:
        record = read_back(tombstone(said, grave(length)), tmp_path)
        assert record.length == length
        assert record.field("WARC-Block-Digest") == sha1(record.block)
        assert read_fields(record.block)["group-length"] == str(length)


@settings(max_examples=300, deadline=None)
@given(length=some.integers(1_200, 300_000), reason=some.text(max_size=2_000), path=some.text(max_size=120))
def test_any_length_reason_and_url_fit_and_read_back(length, reason, path, tmp_path_factory):
    url = f"https://harbour-post.example/{path.encode().hex()}"
    record = read_back(tombstone(redaction(reason), grave(length, url)), tmp_path_factory.getbasetemp())
    said = read_fields(record.block)
    assert (record.length, said["leaf"], record.field("WARC-Target-URI")) == (length, LEAF.hex(), url)
    assert " ".join(reason.split()).startswith(said.get("reason", "")) or not reason.isprintable()


def test_a_reason_without_room_is_cut_and_one_with_room_is_whole(tmp_path):
    reason = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(40))
    cut = read_fields(read_back(tombstone(redaction(reason), grave(900)), tmp_path).block)["reason"]
    assert reason.startswith(cut)
    assert 100 < len(cut) < len(reason)
    assert read_fields(read_back(tombstone(redaction(reason), grave(9_000)), tmp_path).block)["reason"] == reason


def test_the_shortest_group_of_a_real_archive_has_room_for_a_reason(tmp_path):
    written(tmp_path / "a")
    groups = [
        record.length
        for path in (tmp_path / "a").rglob("*.warc.gz")
        for record in members.walk(path)
        if record.type in ("response", "revisit", "conversion")
    ]
    # The whole group of a capture is two members longer than its answer alone.
    assert min(groups) > shortest(redaction(""))


def test_what_is_too_short_is_refused():
    with pytest.raises(ValueError, match="too few"):
        tombstone(redaction(), grave(120))


def test_a_tombstone_is_no_end_of_a_group_that_lost_its_own(tmp_path):
    written(tmp_path / "a")
    answer, request, _ = next(
        group
        for path in sorted((tmp_path / "a").rglob("*.warc.gz"))
        for group in groups(members.walk(path))
        if group[0].type == "response"
    )
    stone = read_back(tombstone(redaction(), grave(1_200)), tmp_path)
    assert list(groups([answer, request, stone])) == []


@pytest.mark.parametrize("length", [450, 1_000, 70_000])
def test_foreign_readers_pass_over_it(length, tmp_path):
    tools = Path(sys.executable).parent
    path = tmp_path / "one.warc.gz"
    path.write_bytes(tombstone(redaction(), grave(length)))
    for command in (["gzip", "--test"], [tools / "warcio", "check"], [tools / "fastwarc", "check"]):
        ran = subprocess.run([*command, path], capture_output=True, text=True, check=False)
        assert (ran.returncode, "0 failed" in ran.stdout + ran.stderr or "fastwarc" not in str(command[0])) == (0, True)
    indexed = subprocess.run([tools / "cdxj-indexer", path], capture_output=True, text=True, check=True)
    assert indexed.stdout == ""
