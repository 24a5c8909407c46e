"""An archive read by FORMAT.md alone: with its reader, its tables, and the standard library."""

import base64
import gzip
import hashlib
import json
import re
import sqlite3
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archive import ledger, open_writer
from archive.records import ADDED, Page, Ruling, Site
from archive.redact import cover_text, redact
from archive.store import open_alone
from tests.archive import foreign_files
from tests.archive.pages import HARBOUR, MORE_FACTS, article, exchange, later, not_modified, page, visit

PAGE = (Path(__file__).parents[2] / "archive" / "FORMAT.md").read_text()
NAME = re.compile(r"pressmark-\d{17}-\d{5}\.warc\.gz")


@dataclass(frozen=True, slots=True)
class Found:
    """A record as FORMAT.md's reader gives it."""

    warc: str
    offset: int
    length: int
    fields: dict[str, str]
    block: bytes

    @property
    def type(self) -> str:
        return self.fields["WARC-Type"]

    @property
    def id(self) -> str:
        return self.fields["WARC-Record-ID"].strip("<>")

    def points_to(self, field: str) -> str:
        return self.fields[field].strip("<>")

    @property
    def payload(self) -> bytes:
        return self.block.partition(b"\r\n\r\n")[2] if self.type == "response" else self.block

    @property
    def facts(self) -> dict[str, object]:
        said: dict[str, object] = json.loads(self.fields["WARC-JSON-Metadata"])
        return said

    @property
    def lines(self) -> dict[str, str]:
        """A metadata block's fields; of a name that comes twice the first counts."""
        pairs = [line.split(": ", 1) for line in self.block.decode().split("\r\n") if line]
        return dict(reversed([(name, value) for name, value in pairs]))


def written(root: Path) -> None:
    """An archive with every kind of record, by two writers: a redirect, revisits, a cut page, all four verdicts."""
    elsewhere = "https://kosova-wire.example/strike"
    with open_writer(root) as first:
        moved = exchange(b"", url=f"{HARBOUR}/old", status="301 Moved Permanently", headers=b"Location: /strike\r\n")
        *_, whole = first.append(Page(exchanges=(moved, exchange(b"<p>one</p>"))))
        told = visit(whole.record_id, article=HARBOUR)
        reserving = replace(
            article("One."), reservations=("noai",), origins={"reservations:noai": "meta"}, **MORE_FACTS
        )
        kept = first.keep(reserving, told, verdict="new", after=None)
        first.append(page(b"<p>cut", url=f"{HARBOUR}/cut", truncated="length"))
        [copied] = first.append(page(b"<p>copy</p>", url=elsewhere))
        first.keep(
            article("One.", url=elsewhere), visit(copied.record_id, article=elsewhere), verdict="new", after=None
        )
        first.note(visit(url="https://unknown-host.example/", reason="dns"))
    assert kept
    with open_writer(root) as second:
        second.append(page(b"<p>one</p>", at=later(1)))
        second.append(not_modified(at=later(2)))
        [later_capture] = second.append(page(b"<p>two</p>", at=later(3)))
        told = visit(later_capture.record_id, article=HARBOUR, at=later(3))
        revised = second.keep(article("Two."), told, verdict="revised", after=kept.record_id)
        assert revised
        again = article("Two.", headline="Harbour workers end strike")
        [third] = second.append(page(b"<p>two, by Lena</p>", at=later(4)))
        told = visit(third.record_id, article=HARBOUR, at=later(4))
        second.keep(again, told, verdict="facts", after=revised.record_id, facts_changed=("authors",))
        second.remember(Site(site="harbour-post.example", number=1, learned_at=later(4), memory={"lines": ["More"]}))
        second.rule([Ruling(revision=revised.record_id, ruled_at=later(5), reason="import", verdict="revised")])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("format") / "archive"
    written(folder)
    return folder


@pytest.fixture(scope="module")
def found(root) -> list[Found]:
    return read(root)


def programs() -> dict[str, Callable[..., Any]]:
    """`records` and `day_root`, as FORMAT.md prints them."""
    printed: dict[str, Callable[..., Any]] = {}
    reader, root_of = (part.split("```")[0] for part in PAGE.split("```python\n")[1:3])
    exec(reader + root_of, printed)  # noqa: S102  the page's own programs are what is tested
    return printed


def read(root: Path) -> list[Found]:
    """Every record of the archive, by the reader that FORMAT.md prints."""
    records = programs()["records"]
    return [
        Found(path.relative_to(root).as_posix(), *record)
        for path in sorted(root.glob("warc/*/*/*/*.warc.gz"))
        for record in records(path)
    ]


def of_type(found: list[Found], *types: str) -> list[Found]:
    return [record for record in found if record.type in types]


def resources(found: list[Found], kind: str) -> list[dict[str, object]]:
    """The lines of all resource records of a kind: "visits", …"""
    lying = [each for each in of_type(found, "resource") if each.fields["WARC-Target-URI"].split(":")[2] == kind]
    return [json.loads(line) for record in lying for line in record.block.splitlines()]


def named(heading: str) -> list[str]:
    """The names in the first column of the tables under a heading of FORMAT.md."""
    return re.findall(r"^\| `([\w-]+)` \|", section(heading), flags=re.MULTILINE)


def always(heading: str) -> set[str]:
    """Of these names those that the table says are always there."""
    return set(re.findall(r"^\| `([\w-]+)` \| yes \|", section(heading), flags=re.MULTILINE))


def section(heading: str) -> str:
    """What stands under a heading of FORMAT.md, up to the next one of any depth."""
    under = re.split(rf"^#+ {heading}$", PAGE, flags=re.MULTILINE)[1]
    return re.split(r"^#+ ", under, flags=re.MULTILINE)[0]


def sha1(block: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(block, usedforsecurity=False).digest()).decode()


def test_the_folder_says_its_format_and_holds_what_the_page_names(root):
    assert (root / "FORMAT").read_text() == "pressmark archive 1\n"
    assert (root / "lock").read_bytes() == b""
    assert {path.name for path in root.iterdir()} <= {
        "FORMAT", "lock", "warc", "text", "catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm",
    }  # fmt: skip


def test_each_warc_file_is_read_only_and_named_by_the_moment_it_was_opened(root):
    for path in root.glob("warc/*/*/*/*.gz"):
        assert NAME.fullmatch(path.name)
        assert path.parent.relative_to(root / "warc").as_posix().replace("/", "") == path.name[10:18]
        assert not path.stat().st_mode & 0o222
        assert gzip.decompress(path.read_bytes())  # the whole file is gzip, too


def test_a_manifest_says_what_its_file_should_be(root, found):
    counted = Counter(record.warc for record in found)
    for warc, records in counted.items():
        file = root / warc
        said = json.loads(file.with_name(f"{file.name}.manifest.json").read_bytes())
        assert list(said) == named("Manifest")
        whole = file.read_bytes()
        assert said == {"format": 1, "file": file.name, "bytes": len(whole), "records": records,
                        "sha256": hashlib.sha256(whole).hexdigest()}  # fmt: skip


def test_every_kind_of_record_that_the_page_lists_is_there_and_no_other(found):
    assert {record.type for record in found} == set(named("Records"))
    assert len({record.id for record in found}) == len(found)


def test_a_file_begins_with_the_one_warcinfo_that_its_records_name(found):
    for warc in {record.warc for record in found}:
        first, *others = [record for record in found if record.warc == warc]
        assert (first.type, first.fields["WARC-Filename"]) == ("warcinfo", warc.rpartition("/")[2])
        assert {record.points_to("WARC-Warcinfo-ID") for record in others} == {first.id}


def test_every_digest_is_that_of_its_bytes(found):
    for record in found:
        assert record.fields["WARC-Block-Digest"] == sha1(record.block)
        if "WARC-Payload-Digest" in record.fields and record.type != "revisit":
            assert record.fields["WARC-Payload-Digest"] == sha1(record.payload)


def test_an_answer_its_request_and_its_metadata_stand_together(found):
    for position, answer in enumerate(found):
        if answer.type in ("response", "revisit"):
            request, metadata = found[position + 1 : position + 3]
            assert (request.type, metadata.type) == ("request", "metadata")
            for beside in (request, metadata):
                assert beside.points_to("WARC-Concurrent-To") == answer.id
                assert beside.fields["WARC-Target-URI"] == answer.fields["WARC-Target-URI"]
                assert beside.fields["WARC-Date"] == answer.fields["WARC-Date"]
    assert found[-1].type in ("conversion", "resource", "metadata")


def test_metadata_says_what_the_page_lists_and_always_what_it_must(found):
    answers = {record.id: record for record in of_type(found, "response")}
    for record in of_type(found, "metadata"):
        said = record.lines
        assert always("Metadata") <= set(said) <= set(named("Metadata"))
        answer = answers.get(record.points_to("WARC-Concurrent-To"))
        if answer:
            assert said["status"] == answer.block.split()[1].decode()
            assert said["payload-sha256"] == hashlib.sha256(answer.payload).hexdigest()
            assert int(said["payload-length"]) == len(answer.payload)


def test_the_answer_behind_a_redirect_names_the_hop_that_led_to_it(found):
    [hop] = [r for r in of_type(found, "response") if r.block.startswith(b"HTTP/1.1 301")]
    [led] = [r.lines for r in of_type(found, "metadata") if "hop-from" in r.lines]
    assert led["hop-from"] == hop.id


def test_a_cut_answer_says_why(found):
    [cut] = [record for record in of_type(found, "response") if "WARC-Truncated" in record.fields]
    assert (cut.fields["WARC-Truncated"], cut.payload) == ("length", b"<p>cut")


def test_a_revisit_names_the_response_that_holds_its_payload(found):
    responses = {record.id: record for record in of_type(found, "response")}
    revisits = of_type(found, "revisit")
    assert {record.fields["WARC-Profile"].rpartition("/")[2] for record in revisits} == {
        "identical-payload-digest",
        "server-not-modified",
    }
    for record in revisits:
        original = responses[record.points_to("WARC-Refers-To")]
        assert original.warc != record.warc
        assert record.fields["WARC-Refers-To-Date"] == original.fields["WARC-Date"]
        assert record.fields["WARC-Refers-To-Target-URI"] == original.fields["WARC-Target-URI"]
        assert record.fields["WARC-Payload-Digest"] == original.fields["WARC-Payload-Digest"]


def test_a_304_has_no_block_and_its_head_in_the_metadata(found):
    [same, declared] = of_type(found, "revisit")
    assert same.block.startswith(b"HTTP/1.1 200 OK\r\n")
    assert same.block.endswith(b"\r\n\r\n")
    assert same.fields["WARC-Truncated"] == "length"
    assert declared.block == b""
    assert "WARC-Truncated" not in declared.fields
    [head] = [json.loads(r.lines["response-head"]) for r in of_type(found, "metadata") if "response-head" in r.lines]
    assert head.startswith("HTTP/1.1 304 Not Modified\r\n")


def test_a_conversion_holds_the_text_its_facts_and_what_it_was_understood_from(found):
    answers = {record.id: record for record in of_type(found, "response", "revisit")}
    for record in of_type(found, "conversion"):
        facts = record.facts
        assert sorted(facts) == sorted(named("Conversion"))
        assert record.fields["WARC-Target-URI"] == f"urn:pressmark:text:{facts['canonical_url']}"
        assert answers[record.points_to("WARC-Refers-To")].fields["WARC-Date"] == facts["captured_at"]
        assert record.block.decode().split("\n\n")[0] == facts["headline"]


def test_the_four_verdicts_are_there_and_bytes_are_kept_once(found):
    conversions = of_type(found, "conversion")
    assert Counter(str(record.facts["verdict"]) for record in conversions) == Counter(
        ["new", "copy", "revised", "facts"]
    )
    assert Counter(record.block for record in conversions if record.facts["names_file"]) == Counter(
        {record.block for record in conversions}
    )
    by_text = {(record.block, record.facts["text_file"]) for record in conversions}
    assert len(by_text) == len({block for block, _ in by_text})
    [copy] = [record.facts for record in conversions if record.facts["verdict"] == "copy"]
    assert copy["copy_of"] == Path(str(copy["text_file"])).stem


def test_a_text_file_is_its_conversion_s_block_under_the_name_of_its_hash(root, found):
    named_files = [record for record in of_type(found, "conversion") if record.facts["names_file"]]
    assert {str(record.facts["text_file"]) for record in named_files} == {
        path.relative_to(root).as_posix() for path in root.glob("text/**/*.txt")
    }
    for record in named_files:
        facts = record.facts
        digits = hashlib.sha256(record.block).hexdigest()[:16]
        day = str(facts["captured_at"])[:10].replace("-", "/")
        assert re.fullmatch(rf"text/{facts['site']}/{day}/\d{{3,}}_{digits}\.txt", str(facts["text_file"]))
        assert (root / str(facts["text_file"])).read_bytes() == record.block


def test_a_sidecar_leads_to_its_records(root, found):
    at = {(record.warc, record.offset): record for record in found}
    facts_of_a_text = named("Conversion")[: named("Conversion").index("captured_at")]
    said_later = re.findall(r"`(\w+)`", PAGE.split(" came later: ")[0].rpartition("\n\n")[2])
    assert set(said_later) == set(ADDED)
    for name in said_later:
        assert any(f'"{name}"'.encode() in path.read_bytes() for path in root.glob("text/**/*.json"))
    for path in root.glob("text/**/*.json"):
        said = json.loads(path.read_bytes())
        text = path.with_suffix(".txt").read_bytes()
        columns = named("Sidecar")
        own, row = columns[: columns.index("capture") + 1], columns[columns.index("capture") + 1 :]
        conversion = at[said["conversion"]["warc"], said["conversion"]["offset"]]
        told = [name for name in facts_of_a_text if name not in said_later or conversion.facts[name]]
        assert sorted(said) == sorted([*own, *told])
        assert sorted(said["capture"]) == sorted(row)
        assert (said["format"], said["pressmark"], said["words"]) == (1, path.stem, len(text.split()))
        assert said["sha256"] == hashlib.sha256(text).hexdigest()
        assert (conversion.block, conversion.length) == (text, said["conversion"]["length"])
        assert {name: conversion.facts[name] for name in told} == {name: said[name] for name in told}
        answer = at[said["capture"]["warc"], said["capture"]["offset"]]
        assert (answer.id, answer.length) == (said["capture"]["record_id"], said["capture"]["length"])
        assert answer.id == conversion.points_to("WARC-Refers-To")


def test_visits_stand_as_json_lines_also_those_that_brought_nothing(found):
    visits = resources(found, "visits")
    assert {tuple(sorted(each)) for each in visits} == {tuple(sorted(named("Visits")))}
    assert [each["reason"] for each in visits if each["capture"] is None] == ["dns"]


@pytest.mark.parametrize(("kind", "heading"), [("rulings", "Rulings"), ("site", "A site's memory")])
def test_later_words_and_memories_are_json_lines_with_the_keys_that_the_page_names(found, kind, heading):
    [said] = resources(found, kind)
    assert sorted(said) == sorted(named(heading))


def test_the_catalog_has_the_tables_that_the_page_names_and_a_row_for_each_record(root, found):
    with sqlite3.connect(root / "catalog.sqlite") as catalog:
        tables = {name for (name,) in catalog.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert tables == {*named("The catalog"), "alembic_version"}
        rows = {name: catalog.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}  # noqa: S608
    catalog.close()
    assert rows["captures"] == len(of_type(found, "response", "revisit"))
    assert rows["revisions"] == len(of_type(found, "conversion"))
    assert rows["texts"] == len(list(root.glob("text/**/*.txt")))
    assert rows["warcs"] == len({record.warc for record in found})


# ── an archive in which more has happened: an import, a redaction, days that were sealed ─────────────────────────────

REASON = "order of the court, 12 O 3/26"


@pytest.fixture(scope="module")
def aged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive with two entries of the ledger, a foreign capture, and the wire's copy of a text taken out."""
    folder = tmp_path_factory.mktemp("aged") / "archive"
    written(folder)
    ledger.seal(folder, now=datetime.now(UTC) + timedelta(days=1))
    file = foreign_files.written(
        folder.parent / "wget.warc.gz",
        foreign_files.record("warcinfo", b"software: wget\r\n", WARC_Date="2020-03-01T12:00:00Z"),
        foreign_files.response(foreign_files.body("On."), WARC_Record_ID="<urn:uuid:theirs>"),
    )
    with open_writer(folder) as archive:
        foreign_files.imported(archive, file)
    ledger.seal(folder, now=datetime.now(UTC) + timedelta(days=2))
    with open_alone(folder) as archive:
        with archive.reading() as reading:
            cover = cover_text(reading, HARBOUR, key=str)
        redact(archive, cover, reason=REASON, now=datetime.now(UTC))
    return folder


@pytest.fixture(scope="module")
def all_found(aged: Path) -> list[Found]:
    return read(aged)


def tombstones(found: list[Found]) -> dict[tuple[str, int], Found]:
    """By file and offset: metadata that stands beside no answer."""
    return {
        (record.warc, record.offset): record
        for record in of_type(found, "metadata")
        if "WARC-Concurrent-To" not in record.fields
    }


def test_a_redacted_group_is_a_tombstone_of_its_length_and_every_redaction_has_one(all_found):
    graves = tombstones(all_found)
    said = resources(all_found, "redactions")
    assert len(graves) == len(said) > 1
    assert {tuple(sorted(each)) for each in said} <= {
        tuple(sorted(set(named("Redactions")) - absent)) for absent in (set[str](), {"outcome"})
    }
    for each in said:
        grave = graves[str(each["warc"]), int(str(each["offset"]))]
        assert grave.block.startswith(b"redacted: ")
        assert set(grave.lines) <= set(named("Tombstone"))
        assert (grave.id, grave.lines["reason"], each["reason"]) == (each["record_id"], REASON, REASON)
        assert (int(grave.lines["group-length"]), grave.lines["redacted"]) == (grave.length, each["redacted_at"])
        assert re.fullmatch(r"[0-9a-f]{64}", grave.lines["leaf"])


def test_a_redacted_text_is_gone_and_its_sidecar_says_when_and_why(aged, all_found):
    texts = [each for each in resources(all_found, "redactions") if each["text_file"]]
    assert texts
    for each in texts:
        path = aged / str(each["text_file"])
        assert not path.exists()
        assert path.name[4:20] == str(each["sha256"])[:16]
        assert json.loads(path.with_suffix(".json").read_bytes()) == {
            "format": 1, "pressmark": path.stem, "redacted_at": each["redacted_at"], "reason": REASON,
        }  # fmt: skip


def test_a_manifest_counts_the_tombstones_of_its_file(aged, all_found):
    counted = Counter(warc for warc, _ in tombstones(all_found))
    for path in aged.glob("warc/*/*/*/*.warc.gz"):
        said = json.loads(path.with_name(f"{path.name}.manifest.json").read_bytes())
        assert said["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert said["records"] == sum(record.warc == path.relative_to(aged).as_posix() for record in all_found)
        assert said.get("redacted", 0) == counted[path.relative_to(aged).as_posix()]
        assert set(said) - {"redacted"} == set(named("Manifest"))


def test_the_roots_of_each_day_are_recomputed_and_each_entry_names_the_one_before(aged):
    before = None
    paths = sorted(aged.glob("ledger/*/*/*.json"))
    assert len(paths) == 2
    for path in paths:
        entry = json.loads(path.read_bytes())
        assert sorted(entry) == sorted(named("Entry"))
        assert (entry["tree"], entry["root"]) == programs()["day_root"](aged, entry)
        assert entry["leaves"] == sum(warc["leaves"] for warc in entry["warcs"])
        assert entry["day"] == path.relative_to(aged / "ledger").as_posix().removesuffix(".json").replace("/", "-")
        assert entry["previous"] == before
        assert path.read_bytes() == json.dumps(entry, indent=1, sort_keys=True).encode() + b"\n"
        assert not path.stat().st_mode & 0o222
        before = {"day": entry["day"], "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def test_an_imported_capture_leads_to_the_record_that_it_was_in(aged, all_found):
    [told] = [record.lines for record in of_type(all_found, "metadata") if "import-sha256" in record.lines]
    file = aged.parent / told["import-file"]
    assert told["import-sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert "import-entry" not in told
    inflate = zlib.decompressobj(31)
    theirs = inflate.decompress(file.read_bytes()[int(told["import-offset"]) :])
    assert f"WARC-Record-ID: <{told['import-record']}>\r\n".encode() in theirs
    assert told["fetch-seconds"] == "0.000"


def test_an_imported_answer_without_a_request_stands_beside_its_metadata_alone(all_found):
    [at] = [n for n, each in enumerate(all_found) if each.type == "metadata" and "import-sha256" in each.lines]
    answer, metadata = all_found[at - 1 : at + 1]
    assert (answer.type, answer.fields["WARC-Date"]) == ("response", "2020-03-01T12:00:00.000000Z")
    assert metadata.points_to("WARC-Concurrent-To") == answer.id


def rows(root: Path, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(root / "catalog.sqlite") as catalog:
        found = catalog.execute(query).fetchall()
    catalog.close()
    return found


def test_what_the_catalog_holds_stands_in_the_records(aged, all_found):
    assert {record_id for (record_id,) in rows(aged, "SELECT record_id FROM captures")} == {
        record.id for record in of_type(all_found, "response", "revisit")
    }
    assert {record_id for (record_id,) in rows(aged, "SELECT record_id FROM revisions")} == {
        record.id for record in of_type(all_found, "conversion")
    }
    assert {record_id for (record_id,) in rows(aged, "SELECT record_id FROM redactions")} == {
        each["record_id"] for each in resources(all_found, "redactions")
    }
    assert {visit_id for (visit_id,) in rows(aged, "SELECT visit_id FROM visits")} <= {
        each["visit_id"] for each in resources(all_found, "visits")
    }
    gone = {each["text_file"] for each in resources(all_found, "redactions") if each["text_file"]}
    assert {text_file for (text_file,) in rows(aged, "SELECT text_file FROM texts")} == gone | {
        record.facts["text_file"] for record in of_type(all_found, "conversion") if record.facts["names_file"]
    }
    assert rows(aged, "SELECT site, number FROM sites") == [
        (each["site"], each["number"]) for each in resources(all_found, "site")
    ]


def test_a_ruling_counts_instead_of_what_the_conversion_says(root, found):
    [said] = resources(found, "rulings")
    assert rows(root, "SELECT revision, verdict FROM rulings") == [(said["revision"], said["verdict"])]
    [(verdict,)] = rows(root, f"SELECT verdict FROM revisions WHERE record_id = '{said['revision']}'")  # noqa: S608
    assert verdict == said["verdict"]


def test_the_catalog_says_how_long_each_file_is_and_where_it_was_made(aged):
    assert {
        path: (length, digest) for path, length, digest in rows(aged, "SELECT path, length, sha256 FROM warcs")
    } == {
        path.relative_to(aged).as_posix(): (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in aged.glob("warc/*/*/*/*.warc.gz")
    }
    catalog = aged / "catalog.sqlite"
    place = f"{aged.stat().st_ino}/{catalog.stat().st_ino}".encode()
    assert int.from_bytes(catalog.read_bytes()[60:64], "big") == (zlib.crc32(place) & 0x7FFFFFFF or 1)
