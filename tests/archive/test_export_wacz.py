"""WACZ: a package that stands by itself."""

import gzip
import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from archive import open_archive
from archive.errors import Damaged, NotFound
from archive.export import wacz
from archive.finding import conditions
from archive.members import read, walk
from tests.archive.pages import HARBOUR, article, later, page, visit
from tests.archive.shelf import ABROAD, HALF, Shelf, exported, fill


@pytest.fixture
def shelf(archive) -> Shelf:
    return fill(archive)


class Package:
    """A WACZ as its readers take it."""

    def __init__(self, written: bytes, folder: Path) -> None:
        self.zip = zipfile.ZipFile(io.BytesIO(written))
        assert self.zip.testzip() is None
        self.zip.extractall(folder)
        self.folder = folder

    @property
    def index(self) -> list[dict[str, str]]:
        """The index's lines, each found through the second index."""
        _, *beginnings = (self.folder / "indexes/index.idx").read_text().splitlines()
        blocks = (self.folder / "indexes/index.cdx.gz").read_bytes()
        lines = []
        for beginning in beginnings:
            at = json.loads(beginning[beginning.index("{") :])
            block = gzip.decompress(blocks[at["offset"] : at["offset"] + at["length"]]).decode()
            assert block.startswith(beginning[: beginning.index("{")])
            lines += block.splitlines()
        assert lines == sorted(lines)
        return [json.loads(line.split(" ", 2)[2]) for line in lines]

    @property
    def pages(self) -> list[dict[str, str]]:
        """The pages, without the header."""
        return [json.loads(line) for line in (self.folder / "pages/pages.jsonl").read_bytes().splitlines()][1:]

    def record(self, fields: dict[str, str]):
        """The record that a line of the index points to."""
        return read(self.folder / "archive" / fields["filename"], int(fields["offset"]))


def unpacked(archive, tmp_path: Path, **said: object) -> Package:
    return Package(exported(archive, tmp_path / "a.wacz", **said), tmp_path / "unpacked")


def test_the_whole_archive_goes_in_as_it_lies(shelf, tmp_path):
    shelf.archive.close_warc()
    package = unpacked(shelf.archive, tmp_path)
    warcs = {path.name: path.read_bytes() for path in shelf.archive.root.rglob("*.warc.gz")}
    assert {path.name: path.read_bytes() for path in (package.folder / "archive").iterdir()} == warcs
    assert len(warcs) == 2


def test_of_an_open_file_what_is_acknowledged_goes_in(shelf, tmp_path):
    [open_path] = shelf.archive.root.rglob("*.open")
    whole = open_path.read_bytes()
    with open_path.open("ab") as file:
        file.write(b"of a writer that has not committed")
    package = unpacked(shelf.archive, tmp_path)
    assert (package.folder / "archive" / open_path.name.removesuffix(".open")).read_bytes() == whole
    with open_path.open("rb+") as file:
        file.truncate(len(whole))


@pytest.mark.parametrize("chosen", [(), conditions(captured_since=later(0).date())], ids=["whole", "selection"])
def test_every_line_points_to_its_record_and_every_revisit_to_an_original_inside(shelf, tmp_path, chosen):
    package = unpacked(shelf.archive, tmp_path, conditions=chosen)
    here = {
        (record.field("WARC-Target-URI"), record.field("WARC-Date"))
        for path in (package.folder / "archive").iterdir()
        for record in walk(path)
        if record.type == "response"
    }
    revisits = 0
    for fields in package.index:
        record = package.record(fields)
        assert record.field("WARC-Target-URI") == fields["url"]
        assert (record.type == "revisit") == (fields.get("mime") == "warc/revisit")
        if record.type == "revisit":
            revisits += 1
            assert (record.field("WARC-Refers-To-Target-URI"), record.field("WARC-Refers-To-Date")) in here
    assert revisits


@pytest.mark.parametrize("chosen", [(), conditions(captured_since=later(0).date())], ids=["whole", "selection"])
def test_every_page_has_a_line_in_the_index(shelf, tmp_path, chosen):
    package = unpacked(shelf.archive, tmp_path, conditions=chosen)
    assert [each["url"] for each in package.pages] == [
        HARBOUR, "https://harbour-post.example/torn", HALF, ABROAD, f"{HARBOUR}/copy"
    ]  # fmt: skip
    assert {each["url"] for each in package.pages} <= {fields["url"] for fields in package.index}
    assert package.pages[0]["ts"] == "2026-11-20T13:00:00.000000Z"
    assert package.pages[0]["text"].startswith(package.pages[0]["title"])


def test_a_selection_holds_the_groups_of_its_texts_member_for_member_and_no_others(shelf, tmp_path):
    package = unpacked(shelf.archive, tmp_path, conditions=conditions(site="gazette.example"))
    [warc] = (package.folder / "archive").iterdir()
    types = [record.type for record in walk(warc)]
    assert types == ["warcinfo", "response", "request", "metadata", "conversion"]
    whole = b"".join(path.read_bytes() for path in shelf.archive.root.rglob("*.warc.gz*"))
    selected = warc.read_bytes()
    assert all(selected[each.offset : each.offset + each.length] in whole for each in walk(warc))


def test_a_large_selection_is_parted_into_files_that_each_begin_with_a_warcinfo(shelf, tmp_path):
    out = io.BytesIO()
    wacz.write(shelf.archive, conditions(captured_since=later(0).date()), out, warc_size=1500)
    package = Package(out.getvalue(), tmp_path / "unpacked")
    warcs = sorted((package.folder / "archive").iterdir())
    assert len(warcs) > 2
    assert all(next(walk(warc)).type == "warcinfo" for warc in warcs)
    assert all(package.record(fields).field("WARC-Target-URI") == fields["url"] for fields in package.index)


def test_the_manifest_names_every_file_with_its_hash_and_the_digest_holds_the_manifest(shelf, tmp_path):
    package = unpacked(shelf.archive, tmp_path)
    manifest = package.zip.read("datapackage.json")
    said = json.loads(manifest)
    assert (said["profile"], said["wacz_version"]) == ("data-package", "1.1.1")
    named = {each["path"]: (each["hash"], each["bytes"]) for each in said["resources"]}
    there = {name: package.zip.read(name) for name in package.zip.namelist() if not name.startswith("datapackage")}
    assert named == {name: (f"sha256:{hashlib.sha256(body).hexdigest()}", len(body)) for name, body in there.items()}
    digest = json.loads(package.zip.read("datapackage-digest.json"))
    assert digest == {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(manifest).hexdigest()}"}


def test_what_is_compressed_is_stored_and_nothing_tells_when_it_was_packed(shelf, tmp_path):
    package = unpacked(shelf.archive, tmp_path)
    packed = {each.filename: each.compress_type for each in package.zip.infolist()}
    assert {each.date_time for each in package.zip.infolist()} == {(1980, 1, 1, 0, 0, 0)}  # no clock
    assert all(packed[name] == zipfile.ZIP_STORED for name in packed if name.endswith(".gz"))


@pytest.mark.parametrize("suffix", ["wacz", "cdxj", "jsonl", "csv", "parquet"])
def test_the_same_archive_gives_the_same_bytes(shelf, tmp_path, suffix):
    once = exported(shelf.archive, tmp_path / f"once.{suffix}")
    with open_archive(shelf.archive.root) as reader:
        assert exported(reader, tmp_path / f"again.{suffix}") == once  # type: ignore[arg-type]


def test_what_is_written_meanwhile_is_left_out_whole(shelf, tmp_path, monkeypatch):
    """A page that another writer keeps between the WARC files and the list of pages is in neither."""
    put_files = wacz._put_files

    def with_a_late_writer(*arguments) -> None:
        put_files(*arguments)
        [capture] = shelf.archive.append(page(b"late", url="https://harbour-post.example/late", at=later(9)))
        told = article("Late.", url="https://harbour-post.example/late")
        seen = visit(capture.record_id, article="https://harbour-post.example/late")
        assert shelf.archive.keep(told, seen, verdict="new", after=None)

    monkeypatch.setattr(wacz, "_put_files", with_a_late_writer)
    package = unpacked(shelf.archive, tmp_path)
    assert not [each for each in (*package.pages, *package.index) if each["url"].endswith("/late")]


def test_a_warc_file_that_is_not_what_was_written_is_not_given_away(shelf, tmp_path):
    shelf.archive.close_warc()
    warc = sorted(shelf.archive.root.rglob("*.warc.gz"))[0]
    flipped = bytearray(warc.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    warc.chmod(0o644)
    warc.write_bytes(flipped)
    with pytest.raises(Damaged, match="pressmark verify"):
        exported(shelf.archive, tmp_path / "a.wacz")
    assert list(tmp_path.glob("*a.wacz*")) == []


def test_a_selection_whose_record_is_not_where_it_should_be_is_not_given_away(shelf, tmp_path):
    with shelf.archive.catalog.writing() as writing:
        writing._sql.exec_driver_sql('UPDATE captures SET "offset" = 0 WHERE url = ?', (ABROAD,))
    with pytest.raises(Damaged, match="does not hold"):
        exported(shelf.archive, tmp_path / "a.wacz", conditions=conditions(site="gazette.example"))
    assert list(tmp_path.glob("*a.wacz*")) == []


def test_a_package_without_a_page_is_refused(shelf, tmp_path):
    with pytest.raises(NotFound, match="nothing in this archive meets"):
        exported(shelf.archive, tmp_path / "a.wacz", conditions=conditions(site="nobody.example"))
    assert list(tmp_path.glob("*a.wacz*")) == []
