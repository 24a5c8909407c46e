"""Reading WARC files without trusting them."""

import gzip
from pathlib import Path

import pytest

from archive.errors import Damaged
from archive.members import member, parse, read, walk


def record(block: bytes, name: str = "a") -> bytes:
    head = f"WARC/1.1\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:x:{name}>\r\nContent-Length: {len(block)}\r\n\r\n"
    return head.encode() + block + b"\r\n\r\n"


@pytest.fixture
def three(tmp_path: Path) -> tuple[Path, list[int]]:
    """A file of three records, and where each begins; the end of the file last."""
    path, starts, whole = tmp_path / "three.warc.gz", [0], b""
    for name in "abc":
        whole += member(record(name.encode() * 300, name))
        starts.append(len(whole))
    path.write_bytes(whole)
    return path, starts


def test_a_member_is_plain_gzip_that_anybody_can_open():
    assert gzip.decompress(member(b"news" * 1000)) == b"news" * 1000


def test_records_come_in_order_with_the_place_where_they_lie(three):
    path, starts = three
    assert [(each.record_id, each.offset, each.offset + each.length) for each in walk(path)] == [
        ("urn:x:a", starts[0], starts[1]),
        ("urn:x:b", starts[1], starts[2]),
        ("urn:x:c", starts[2], starts[3]),
    ]


def test_one_record_is_read_by_its_offset(three):
    path, starts = three
    assert read(path, starts[1]).block == b"b" * 300


def test_reading_stops_where_the_catalog_says(three):
    path, starts = three
    assert [each.record_id for each in walk(path, end=starts[2])] == ["urn:x:a", "urn:x:b"]


def test_a_file_cut_at_any_byte_gives_its_whole_records_and_says_that_it_is_cut(three):
    path, starts = three
    whole = path.read_bytes()
    for cut in range(1, len(whole)):
        path.write_bytes(whole[:cut])
        found, damaged_at = walked(path)
        assert damaged_at == (None if cut in starts else max(start for start in starts if start <= cut))
        assert found == ["urn:x:a", "urn:x:b", "urn:x:c"][: sum(start <= cut for start in starts[1:])]


def walked(path: Path) -> tuple[list[str], int | None]:
    """The ids of the records, and where the damage begins that ends them."""
    found: list[str] = []
    try:
        for each in walk(path):
            found.append(each.record_id)  # noqa: PERF401 - a comprehension would lose what came before the damage
    except Damaged as damage:
        return found, damage.offset
    return found, None


def test_every_flipped_bit_that_changes_a_record_is_noticed(three):
    path, _ = three
    whole = path.read_bytes()
    sound = [(each.fields, each.block) for each in walk(path)]
    for at in range(len(whole)):
        for bit in range(8):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
            try:
                assert [(each.fields, each.block) for each in walk(path)] == sound
            except Damaged:
                continue


def test_a_tail_of_zeros_as_power_loss_leaves_it_is_no_record(three):
    path, starts = three
    path.write_bytes(path.read_bytes() + bytes(4096))
    with pytest.raises(Damaged) as damaged:
        list(walk(path))
    assert damaged.value.offset == starts[-1]


@pytest.mark.parametrize(
    "plain", [b"", b"HTTP/1.1 200 OK\r\n\r\n", record(b"x")[:-1], record(b"x") + b"!", b"WARC/1.1\r\n\r\n"]
)
def test_what_is_no_whole_record_is_refused(plain):
    with pytest.raises(ValueError, match=r"no WARC header|Content-Length"):
        parse(plain)
