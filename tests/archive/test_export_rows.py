"""JSON lines, CSV and Parquet: the same rows, three times."""

import csv
import gc
import hashlib
import io
import json
import sys
import tracemalloc
from dataclasses import replace

import pyarrow
import pyarrow.parquet
import pytest

from archive import Writer
from archive.errors import ArchiveError, Damaged
from archive.export import FORMATS, Format, sheet
from archive.export.rows import COLUMNS
from archive.finding import conditions
from tests.archive.pages import HARBOUR, MORE_FACTS, article, kept, later, page, visit
from tests.archive.shelf import Shelf, exported, fill, many


def telling(archive: Writer) -> None:
    """One text, of whose page every fact is known."""
    [capture] = archive.append(page())
    told = replace(article(), reservations=("noai",), **MORE_FACTS)
    archive.keep(told, visit(capture.record_id, article=HARBOUR), verdict="new", after=None)


LINES = [name for name, each in FORMATS.items() if each.has_lines]


@pytest.fixture
def shelf(archive) -> Shelf:
    return fill(archive)


def objects(written: bytes) -> list[dict]:
    return [json.loads(line) for line in written.splitlines()]


def cells(written: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written.decode(), newline="")))


class TestJsonLines:
    def test_a_line_tells_all_that_is_known_of_a_revision(self, shelf, tmp_path):
        first, *_ = objects(exported(shelf.archive, tmp_path / "a.jsonl"))
        revision = shelf.moved
        with shelf.archive.reading() as reading:
            capture = reading.capture(revision.capture)
        assert capture
        assert hashlib.sha256(first["text"].encode()).hexdigest() == first["sha256"] == revision.sha256
        assert (first["schema"], first["pressmark"], first["verdict"]) == (1, revision.pressmark, "new")
        assert (first["headline"], first["authors"]) == (revision.facts.headline, ["Lena Aho"])
        assert first["capture"]["record_id"] == capture.record_id
        assert first["capture"]["captured_at"] == "2026-11-20T13:00:00.000000Z"
        assert first["capture"]["revisit_of"] == capture.revisit_of
        assert (first["capture"]["warc"], first["capture"]["offset"]) == (capture.warc, capture.offset)
        assert first["conversion"]["record_id"] == revision.record_id

    def test_texts_come_in_the_order_of_their_captures(self, shelf, tmp_path):
        written = objects(exported(shelf.archive, tmp_path / "a.jsonl"))
        assert [each["conversion"]["record_id"] for each in written] == [each.record_id for each in shelf.revisions]

    def test_a_copy_says_so(self, shelf, tmp_path):
        *_, copy = objects(exported(shelf.archive, tmp_path / "a.jsonl"))
        assert (copy["verdict"], copy["copy_of"]) == ("copy", shelf.abroad.pressmark)

    def test_the_filters_choose(self, shelf, tmp_path):
        chosen = conditions(site="gazette.example")
        [one] = objects(exported(shelf.archive, tmp_path / "a.jsonl", conditions=chosen))
        assert one["site"] == "gazette.example"

    def test_what_was_superseded_is_not_exported(self, shelf, tmp_path):
        with shelf.archive.catalog.writing() as writing:
            writing._sql.exec_driver_sql("UPDATE revisions SET verdict = 'superseded' WHERE site = 'gazette.example'")
        sites = {each["site"] for each in objects(exported(shelf.archive, tmp_path / "a.jsonl"))}
        assert sites == {"harbour-post.example"}

    def test_a_text_that_is_not_what_was_kept_is_not_given_away(self, shelf, tmp_path):
        with shelf.archive.catalog.writing() as writing:
            writing._sql.exec_driver_sql("UPDATE revisions SET sha256 = 'ab' WHERE site = 'gazette.example'")
        with pytest.raises(Damaged, match="not what was kept"):
            exported(shelf.archive, tmp_path / "a.jsonl")
        assert list(tmp_path.glob("*a.jsonl*")) == []

    def test_it_tells_every_fact_and_where_the_page_contradicts_itself(self, archive, tmp_path):
        telling(archive)
        [told] = objects(exported(archive, tmp_path / "a.jsonl"))
        assert {name: told[name] for name in MORE_FACTS} == json.loads(json.dumps(MORE_FACTS))


class TestCsv:
    def test_it_tells_every_fact_too_the_contradictions_as_json(self, archive, tmp_path):
        telling(archive)
        [told] = cells(exported(archive, tmp_path / "a.csv"))
        disagreements = json.loads(told["disagreements"])
        assert disagreements["published"] == ["meta: 2026-11-18", "text: 2026-11-17"]
        assert {name: told[name] for name in MORE_FACTS if name != "disagreements"} == {
            name: said for name, said in MORE_FACTS.items() if name != "disagreements"
        }

    def test_it_has_the_columns_of_the_json_flat(self, shelf, tmp_path):
        first, *_ = cells(exported(shelf.archive, tmp_path / "a.csv"))
        [told, *_] = objects(exported(shelf.archive, tmp_path / "a.jsonl"))
        assert tuple(first) == COLUMNS
        assert (first["authors"], first["text"]) == ("Lena Aho", told["text"])
        assert first["capture_captured_at"] == told["capture"]["captured_at"]
        assert json.loads(first["origins"]) == told["origins"]

    def test_its_lines_end_as_rfc_4180_has_it_and_a_list_is_joined(self, archive, tmp_path):
        revision = kept(archive)
        facts = replace(revision.facts, authors=("Lena Aho", "Ilmar “Ilja” Rebane"), publisher='The "Post", Ltd')
        with archive.catalog.writing() as writing:
            writing.add_revision(replace(revision, record_id="urn:uuid:2", facts=facts, names_file=False))
        written = exported(archive, tmp_path / "a.csv")
        assert written.startswith(",".join(COLUMNS).encode() + b"\r\n")
        assert written.endswith(b"\r\n")
        both = cells(written)
        assert "Lena Aho; Ilmar “Ilja” Rebane" in [each["authors"] for each in both]
        assert 'The "Post", Ltd' in [each["publisher"] for each in both]

    @pytest.mark.parametrize("sign", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
    def test_a_cell_that_begins_a_formula_is_defused(self, sign):
        assert sheet.defused(sign) == f"'{sign}"
        assert sheet.defused(f"a{sign}") == f"a{sign}"

    def test_a_text_that_begins_a_formula_is_defused_unless_raw_cells_are_asked_for(self, shelf, tmp_path):
        texts = [each["text"] for each in cells(exported(shelf.archive, tmp_path / "a.csv"))]
        raw = io.BytesIO()
        sheet.write(shelf.archive, (), raw, cell=str)
        assert any(text.startswith("'=1+1") for text in texts)
        assert any(each["text"].startswith("=1+1") for each in cells(raw.getvalue()))
        assert not any(text.startswith("=") for text in texts)


class TestParquet:
    def test_it_holds_the_same_rows_in_typed_columns(self, shelf, tmp_path):
        exported(shelf.archive, tmp_path / "a.parquet")
        table = pyarrow.parquet.read_table(tmp_path / "a.parquet")
        told = objects(exported(shelf.archive, tmp_path / "a.jsonl"))
        assert tuple(table.column_names) == COLUMNS
        first = table.to_pylist()[0]
        assert table.column("text").to_pylist() == [each["text"] for each in told]
        assert first["capture_captured_at"] == later(1)
        assert (first["authors"], first["words"]) == (["Lena Aho"], told[0]["words"])
        assert dict(first["origins"]) == {"authors": "json-ld"}
        assert first["capture_offset"] == told[0]["capture"]["offset"]

    def test_contradictions_are_a_map_to_lists(self, archive, tmp_path):
        telling(archive)
        exported(archive, tmp_path / "a.parquet")
        [told] = pyarrow.parquet.read_table(tmp_path / "a.parquet").to_pylist()
        assert dict(told["disagreements"])["published"] == ["meta: 2026-11-18", "text: 2026-11-17"]
        assert (told["image"], told["section"]) == (MORE_FACTS["image"], "Порт")

    def test_row_groups_are_written_as_they_fill(self, archive, tmp_path):
        many(archive, 2500)
        exported(archive, tmp_path / "a.parquet")
        about = pyarrow.parquet.ParquetFile(tmp_path / "a.parquet").metadata
        assert (about.num_rows, about.num_row_groups) == (2501, 3)

    def test_without_pyarrow_it_names_the_extra_and_leaves_nothing(self, shelf, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        with pytest.raises(ArchiveError, match=r"pip install 'pressmark\[parquet\]'"):
            exported(shelf.archive, tmp_path / "a.parquet")
        assert list(tmp_path.glob("*parquet*")) == []


class _Sink(io.RawIOBase):
    """Takes everything, keeps nothing."""

    def write(self, block) -> int:
        return len(block)

    def writable(self) -> bool:
        return True


@pytest.mark.parametrize("name", LINES)
def test_memory_does_not_grow_with_the_number_of_texts(archive, name):
    many(archive, 250)
    few = _peak(archive, FORMATS[name])
    with archive.catalog.writing() as writing:
        for revision in list(writing.revisions_in_order(())):
            for number in range(3):
                record_id = f"{revision.record_id}-{number}"
                writing.add_revision(replace(revision, record_id=record_id, names_file=False))
    assert _peak(archive, FORMATS[name]) < few + 1_000_000  # the texts alone are 3 MB


def _peak(archive, chosen: Format) -> int:
    """The most bytes that an export holds at once, what is imported and cached at first left out."""
    chosen.write(archive, (), _Sink())
    gc.collect()
    gc.freeze()  # or what pytest holds keeps the collector from looking at what we drop
    tracemalloc.start()
    try:
        chosen.write(archive, (), _Sink())
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        gc.unfreeze()
