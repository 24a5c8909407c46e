"""Other people's WARC and WACZ files are read as they are; a hostile one costs little and comes to a clear line."""

import gzip
import io
import os
import random
import time
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastwarc.stream_io import GzipWriter

from archive.errors import Damaged, NotAWarc
from archive.foreign import Foreign, Limits, read_foreign
from tests.archive.foreign_files import body, day, mutated, packed, record, response, written

TWO = (response(body("On."), at=day(1)), response(body("Over."), at=day(2)))


def read(path: Path, limits: Limits | None = None) -> tuple[list[Foreign], list[str]]:
    """Records and what is said of damages."""
    damages: list[Damaged] = []
    found = list(read_foreign(path, damages, limits or Limits()))
    return found, [damage.message for damage in damages]


def texts(records: list[Foreign]) -> list[bytes]:
    return [(each.block or b"").rpartition(b"\n")[2] for each in records]


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "one-member.warc.gz", "fastwarc.warc.gz"])
def test_a_file_may_be_plain_or_hold_a_gzip_member_a_record_or_be_one_member(tmp_path: Path, name: str):
    path = written(tmp_path / name, *TWO)
    if name.startswith("one"):
        path.write_bytes(gzip.compress(b"".join(TWO)))
    if name.startswith("fast"):
        packed_by_it = io.BytesIO()
        with GzipWriter(packed_by_it) as writer:
            writer.write(b"".join(TWO))
        path.write_bytes(packed_by_it.getvalue())
    records, damages = read(path)
    assert (texts(records), damages) == ([b"On.", b"Over."], [])
    second = {"a.warc": len(TWO[0]), "a.warc.gz": len(packed(TWO[:1]))}.get(name, 0)
    assert [each.offset for each in records] == [0, second]


@pytest.mark.parametrize("off", [-2, -1, 1, 2])
def test_a_length_that_is_off_by_one_or_two_is_mended(tmp_path: Path, off: int):
    block = b"HTTP/1.1 200 OK\r\n\r\nexactly"
    crooked = record("response", block, length=len(block) + off)
    for path in (written(tmp_path / "a.warc", crooked, TWO[1]), written(tmp_path / "a.warc.gz", crooked, TWO[1])):
        records, damages = read(path)
        assert (records[0].block, texts(records)[1], damages) == (block, b"Over.", [])


@pytest.mark.parametrize("length", ["9223372036854775808", "-1", "", "12x", "1e3", "000000000000000000001", "٣"])
def test_a_length_that_is_none_is_damage_and_the_next_member_is_read(tmp_path: Path, length: str):
    path = written(tmp_path / "a.warc.gz", record("response", b"HTTP/1.1 200 OK\r\n\r\nx", length=length), TWO[1])
    records, [damage] = read(path)
    assert texts(records) == [b"Over."]
    assert "Content-Length" in damage


def test_of_a_plain_file_nothing_behind_a_damage_is_believed(tmp_path: Path):
    forged = record("response", b"x" * 50 + b"\r\n\r\n" + TWO[0], length=10)
    records, [damage] = read(written(tmp_path / "a.warc", TWO[1], forged, TWO[1]))
    assert texts(records) == [b"Over."]
    assert "what follows is left" in damage


def test_of_a_member_nothing_behind_a_damage_is_believed(tmp_path: Path):
    forged = record("response", b"x" * 50 + b"\r\n\r\n" + TWO[0], length=10)
    records, [_] = read(written(tmp_path / "a.warc.gz", forged, TWO[1]))
    assert texts(records) == [b"Over."]


def test_of_a_torn_file_the_whole_members_are_read_wherever_it_was_torn(tmp_path: Path):
    whole, ends = packed(TWO), [len(packed(TWO[:1])), len(packed(TWO))]
    path = tmp_path / "a.warc.gz"
    for size in range(20, len(whole)):
        path.write_bytes(whole[:size])
        if size < ends[0]:
            records, damages = read_or_refused(path)
            assert records == []
        else:
            records, damages = read(path)
            assert texts(records) == [b"On."]
            assert len(damages) == (size > ends[0])


def read_or_refused(path: Path) -> tuple[list[Foreign], list[str]]:
    try:
        return read(path)
    except NotAWarc as refused:
        return [], [refused.message]


def test_a_flipped_bit_never_changes_what_is_read(tmp_path: Path):
    whole = packed(TWO)
    path = tmp_path / "a.warc.gz"
    for position in range(0, len(whole) * 8, 3):
        flipped = bytearray(whole)
        flipped[position // 8] ^= 1 << position % 8
        path.write_bytes(flipped)
        records, damages = read_or_refused(path)
        assert set(texts(records)) <= {b"On.", b"Over."}
        assert len(records) == 2 or damages


def test_a_header_of_ten_megabytes_is_damage(tmp_path: Path):
    long = record("response", b"", X="x" * 10_000_000)
    records, [damage] = read(written(tmp_path / "a.warc.gz", long, TWO[1]))
    assert (texts(records), "header of more than 64000 bytes" in damage) == ([b"Over."], True)
    many = record("response", b"", **{f"X{number}": "x" for number in range(300)})
    assert "more than 256 fields" in read(written(tmp_path / "b.warc.gz", many))[1][0]


def test_a_block_that_is_larger_than_the_limit_is_passed_over(tmp_path: Path):
    for name in ("a.warc", "a.warc.gz"):
        path = written(tmp_path / name, response(os.urandom(300_000)), TWO[1])
        records, damages = read(path, Limits(block=100_000))
        assert [each.block is None for each in records] == [True, False]
        assert damages == []


@pytest.mark.parametrize("shape", ["gzip", "wacz", "wacz of gzip"])
def test_a_zip_bomb_is_left_when_its_allowance_is_used_up(tmp_path: Path, shape: str):
    zeros = response(b"0" * 40_000_000)
    path = tmp_path / ("a.warc.gz" if shape == "gzip" else "a.wacz")
    if shape == "gzip":
        path.write_bytes(gzip.compress(zeros, 9, mtime=0))
    else:
        inner = gzip.compress(zeros, 9, mtime=0) if "gzip" in shape else zeros
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
            package.writestr("archive/a.warc", inner)
    with pytest.raises(NotAWarc, match="zip bomb"), memory(most=8_000_000):
        read(path, Limits(allowance=1_000_000, block=1_000_000))


@contextmanager
def memory(*, most: int) -> Iterator[None]:
    """A block that takes so many bytes at most."""
    tracemalloc.start()
    try:
        yield
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < most


def test_an_allowance_is_for_the_file_and_not_for_each_entry(tmp_path: Path):
    zeros = gzip.compress(response(b"0" * 900_000), 9)
    path = wacz(tmp_path / "a.wacz", **{f"{number}.warc.gz": zeros for number in range(5)})
    assert len(read(path, Limits(allowance=5_000_000, inflation=2))[0]) == 5
    with pytest.raises(NotAWarc, match="zip bomb"):
        read(path, Limits(allowance=1_000_000, inflation=2))


def test_gzip_members_without_end_cost_no_memory_and_belong_to_no_record(tmp_path: Path):
    path, nothing = tmp_path / "a.warc.gz", gzip.compress(b"", mtime=0)
    path.write_bytes(packed(TWO[:1]) + nothing * 50_000 + packed(TWO[1:]))
    with memory(most=3_000_000):
        records, damages = read(path)
    assert (texts(records), damages) == ([b"On.", b"Over."], [])
    path.write_bytes(b"".join(gzip.compress(TWO[0][at : at + 1], mtime=0) for at in range(len(TWO[0]))))
    assert texts(read(path)[0]) == [b"On."]
    with pytest.raises(NotAWarc, match="a record in more than 100 gzip members"):
        read(path, Limits(members=100))


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_empty_lines_without_end_are_no_records(tmp_path: Path, name: str):
    few = written(tmp_path / name, TWO[0] + b"\r\n" * 20, TWO[1])
    assert texts(read(few)[0]) == [b"On.", b"Over."]
    many = written(tmp_path / name, TWO[0] + b"\n" * 5_000_000, TWO[1])
    begun = time.process_time()
    records, [damage] = read(many)
    assert time.process_time() - begun < 1
    assert texts(records) == ([b"On."] if name == "a.warc" else [b"On.", b"Over."])
    assert "empty lines" in damage


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "a.wacz"])
def test_a_file_of_a_great_many_records_with_nothing_in_them_is_refused(tmp_path: Path, name: str):
    tiny = record("response", b"HTTP/1.1 200 OK\r\n\r\n", WARC_Target_URI="http://a.example/")
    path = written(tmp_path / name.replace("wacz", "warc"), *[tiny] * 1_000)
    if name == "a.wacz":
        path = wacz(tmp_path / name, **{"archive/a.warc": path.read_bytes()})
    assert len(read(path)[0]) == 1_000
    with pytest.raises(NotAWarc, match="first 1000 records hold fewer than 64 bytes each; nothing of it was taken"):
        read(path, Limits(many=1_000))
    alike = written(tmp_path / "b.warc", *[response(body("The strike is on."))] * 1_000)
    assert len(read(alike, Limits(many=1_000))[0]) == 1_000


def test_what_cannot_be_read_twice_is_no_file(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(NotAWarc, match="name a file"):
            read(path)
    with pytest.raises(NotAWarc, match="cannot be read"):
        read(tmp_path / "nowhere")


def wacz(path: Path, **entries: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as package:
        for name, block in entries.items():
            package.writestr(name, block)
    return path


def test_the_names_in_a_wacz_lead_nowhere(tmp_path: Path):
    (tmp_path / "desk").mkdir()
    path = wacz(
        tmp_path / "desk" / "a.wacz",
        **{"../../evil.warc.gz": packed(TWO[:1]), "/etc/evil.WARC": TWO[1], "pages/pages.jsonl": b"{}"},
    )
    records, damages = read(path)
    assert (texts(records), damages) == ([b"On.", b"Over."], [])
    assert [each.entry for each in records] == ["../../evil.warc.gz", "/etc/evil.WARC"]
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["a.wacz", "desk"]


def test_a_zip_in_a_zip_is_no_warc(tmp_path: Path):
    inner = wacz(tmp_path / "inner.zip", **{"a.warc": TWO[0]}).read_bytes()
    records, [damage] = read(wacz(tmp_path / "a.wacz", **{"a.warc": inner, "b.warc": TWO[1]}))
    assert texts(records) == [b"Over."]
    assert "is no WARC" in damage


def test_entries_that_overlap_are_refused(tmp_path: Path):
    path = wacz(tmp_path / "a.wacz", **{"a.warc": TWO[0], "b.warc": TWO[1]})
    whole = path.read_bytes()
    listed = bytearray(whole)
    for at in (whole.index(b"PK\x01\x02"), whole.rindex(b"PK\x01\x02")):
        listed[at + 20 : at + 24] = (len(whole) - 100).to_bytes(4, "little")
    path.write_bytes(listed)
    with pytest.raises(NotAWarc, match="overlap"):
        read(path)


def test_a_list_of_entries_without_end_is_refused(tmp_path: Path):
    path = wacz(tmp_path / "a.wacz", **{f"{number}.warc": b"" for number in range(500)})
    with pytest.raises(NotAWarc, match="list of entries"):
        read(path, Limits(directory=10_000))


@pytest.mark.parametrize(
    ("block", "why"),
    [
        (b"", "is empty"),
        (b"<html>", "is no WARC"),
        (b"\x28\xb5\x2f\xfd....", "zstd"),
        (b"filedesc://a.arc 0.0.0.0", "ARC"),
        (gzip.compress(b"a tar ball", mtime=0), "is no WARC"),
        (b"\x1f\x8b\x08 nothing", "no WARC file that can be read"),
        (b"PK\x03\x04 nothing", "zip file that cannot be read"),
    ],
)
def test_what_is_no_warc_is_refused_with_a_line_that_says_why(tmp_path: Path, block: bytes, why: str):
    path = tmp_path / "a"
    path.write_bytes(block)
    with pytest.raises(NotAWarc, match=why) as refused:
        read(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_many_tiny_records_take_time_by_their_number_and_no_memory(tmp_path: Path, name: str):
    tiny = record("metadata", b"")

    def seconds(count: int) -> float:
        path = tmp_path / name
        path.write_bytes((packed([tiny]) if name.endswith("gz") else tiny) * count)
        begun = time.process_time()
        assert sum(1 for _ in read_foreign(path, [], Limits())) == count
        return time.process_time() - begun

    few, many = min(seconds(2_000) for _ in range(3)), seconds(20_000)
    assert many < 25 * few


def seeds(folder: Path) -> list[bytes]:
    package = wacz(folder / "seed.wacz", **{"archive/a.warc.gz": packed(TWO), "b.warc": TWO[0]}).read_bytes()
    return [packed(TWO), b"".join(TWO), gzip.compress(b"".join(TWO)), package]


def check_mutations(folder: Path, count: int, seed: int) -> None:
    rng, whole, path = random.Random(seed), seeds(folder), folder / "a"  # noqa: S311 - to be repeated
    for _ in range(count):
        path.write_bytes(mutated(rng, rng.choice(whole)))
        records, damages = read_or_refused(path)
        assert len(records) < 20
        assert all("\n" not in damage for damage in damages)


def test_no_damage_brings_anything_but_our_own_words(tmp_path: Path):
    check_mutations(tmp_path, 2_000, seed=int(time.time()))


@pytest.mark.torture
def test_no_damage_brings_anything_but_our_own_words_however_often(tmp_path: Path):
    check_mutations(tmp_path, 40_000, seed=1)
