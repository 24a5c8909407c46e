"""`pressmark import`: what wget, warcio and others have captured becomes part of the archive."""

import base64
import fcntl
import gzip
import hashlib
import os
import shutil
import signal
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from archive.members import walk
from archive.warc import SAME_PAYLOAD, read_fields
from scraper.demo import Press
from tests.archive.foreign_files import everything, http, packed, record, response, written
from tests.servers import moved, ok, origin
from tests.whole.conftest import LIGHTHOUSE, Editions
from tests.whole.terminal import PATIENCE, Terminal, surroundings


def wait_for_another_second() -> None:
    """WARC/1.0 dates are whole seconds."""
    now = int(time.time())
    while int(time.time()) == now:
        time.sleep(0.01)


def warc_of_wget(folder: Path, *urls: str, more: Sequence[str] = ()) -> Path:
    """What wget makes of these pages."""
    if shutil.which("wget") is None:
        pytest.skip("no wget on this machine")
    command = ["wget", "-q", "--tries=1", "--warc-file=theirs", "--no-hsts", "-P", "pages", *more, *urls]
    subprocess.run(command, cwd=folder, env=surroundings(folder), timeout=PATIENCE, check=False)
    return folder / "theirs.warc.gz"


def page_of(story: object) -> bytes:
    sentences = " ".join(["The harbour office says that the quay will stay closed until the crane is inspected."] * 5)
    paragraphs = "".join(f"<p>{number}. {sentences}</p>" for number in ("One", "Two", "Three", "Four"))
    return f"<html><body><article><h1>{story}</h1>{paragraphs}</article></body></html>".encode()


def one(folder: Path, name: str = "theirs.warc.gz") -> Path:
    path = folder / name
    path.write_bytes(
        packed([response(page_of("Crane stays closed")), response(page_of("Crane"), url="http://b.example/crane")])
    )
    return path


def test_what_wget_captured_is_understood_and_kept(pressmark: Terminal):
    with origin({"/crane": ok(page_of("Crane stays closed"), "Content-Type: text/html")}) as server:
        place = f"http://127.0.0.1:{server.port}"
        path = warc_of_wget(pressmark.folder, f"{place}/crane", f"{place}/nowhere")
    ran = pressmark("import", str(path))
    assert ran.code == 0, ran.err
    assert "2 taken · 0 there already · 1 gone · 1 new" in ran.out
    [text] = pressmark.texts().values()
    assert text.startswith("Crane stays closed\n\nOne. The harbour office")
    assert pressmark("import", str(path)).out.startswith(f"{path}: 0 taken · 2 there already")
    assert pressmark("verify").code == 0


def test_what_wget_saw_again_and_left_out_is_found_in_its_first_file(pressmark: Terminal):
    """Its revisits name a record id alone; a redirect among the answers, and chunks."""
    page = page_of("Crane stays closed")
    chunked = [b"%x\r\n%b\r\n" % (len(part), part) for part in (page[:99], page[99:])]
    answers: dict[str, bytes | list[bytes]] = {
        "/old": moved("/crane", 301),
        "/crane": [b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n", *chunked,
                   b"0\r\n\r\n"],
    }  # fmt: skip
    with origin(answers) as server:
        place = f"http://127.0.0.1:{server.port}"
        first = warc_of_wget(pressmark.folder, f"{place}/old", more=["--warc-cdx"])
        first = first.rename(pressmark.folder / "first.warc.gz")
        wait_for_another_second()
        again = warc_of_wget(pressmark.folder, f"{place}/crane", more=["--warc-dedup=theirs.cdx"])
    ran = pressmark("import", "--json", str(again), str(first))  # what refers to the other comes first
    assert [(each["taken"], each["left"], each["outcomes"]) for each in ran.objects] == [
        (1, {}, {"unchanged": 1}),
        (2, {}, {"new": 1, "not-article": 1}),
    ]
    assert [visit.outcome for visit in pressmark.visits(f"{place}/crane")] == ["unchanged", "new"]
    assert pressmark("verify").code == 0


def test_what_browsertrix_packed_is_taken(pressmark: Terminal):
    """WARC/1.1, SHA-256 in hex, milliseconds; beside the answers what it notes of pages, and a query sent by POST."""
    page, url = page_of("Crane stays closed"), "https://b.example/crane"
    theirs: dict[str, Any] = {
        "version": "WARC/1.1", "WARC_Page_ID": "4d1c", "WARC_Resource_Type": "document",
        "WARC_JSON_Metadata": '{"ipType":"Public"}', "WARC_Protocol": "h2",
    }  # fmt: skip

    def answer(body: bytes, url: str, date: str, head: str) -> bytes:
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        return response(body, url=url, WARC_Date=date, WARC_Payload_Digest=digest, headers=head, **theirs)

    head = (
        "content-type: text/html; charset=utf-8\r\nx-orig-content-encoding: br\r\nx-orig-transfer-encoding: chunked\r\n"
    )
    post = answer(
        b"{}", f"{url}/views?__wb_method=POST", "2026-03-01T12:00:02.500Z", "content-type: application/json\r\n"
    )
    about = {"WARC_Date": "2026-03-01T12:00:01.250Z", "Content_Type": "application/json", "version": "WARC/1.1"}
    again = record(
        "revisit", b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n", WARC_Target_URI=url,
        WARC_Date="2026-03-02T12:00:00.001Z", WARC_Refers_To_Target_URI=url,
        WARC_Refers_To_Date="2026-03-01T12:00:01.250Z", WARC_Profile=SAME_PAYLOAD,
        WARC_Payload_Digest=f"sha256:{hashlib.sha256(page).hexdigest()}",
        Content_Type="application/http; msgtype=response", version="WARC/1.1",
    )  # fmt: skip
    records = [
        record("warcinfo", b"software: Browsertrix-Crawler 1.5\r\n", version="WARC/1.1"),
        answer(page, url, "2026-03-01T12:00:01.250Z", head),
        post,
        record("request", b"POST /crane/views HTTP/1.1\r\n\r\n{}", version="WARC/1.1", Content_Type="application/http",
               WARC_Concurrent_To=field_of(post, "WARC-Record-ID")),
        record("resource", b'{"pageid":"4d1c"}', WARC_Target_URI=f"urn:pageinfo:{url}", **about),
        record("resource", b"Crane stays closed", WARC_Target_URI=f"urn:text:{url}", **about),
        again,
    ]  # fmt: skip
    path = pressmark.folder / "theirs.wacz"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("archive/rec-1.warc.gz", packed(records))
        package.writestr("pages/pages.jsonl", b'{"format": "json-pages-1.0"}\n')
        package.writestr("datapackage.json", b"{}", zipfile.ZIP_DEFLATED)
    ran = pressmark("import", "--json", str(path))
    assert (ran.code, ran.told["taken"], ran.told["left"]) == (0, 2, {"not-get": 1})
    assert ran.told["outcomes"] == {"new": 1, "unchanged": 1}
    assert next(iter(pressmark.texts())).startswith("text/b.example/2026/03/01/000_")
    assert pressmark("verify").code == 0


def test_what_cc_news_holds_is_taken(pressmark: Terminal):
    """WARC/1.0, the request before its answer; bodies are decoded, and older files left the head as it was."""
    records = [record("warcinfo", b"isPartOf: CC-NEWS\r\nformat: WARC File Format 1.0\r\n")]
    for number, coded in enumerate(("X-Crawler-Content-Encoding", "Content-Encoding")):
        url = f"https://b.example/{number}"
        headers = f"Content-Type: text/html\r\n{coded}: gzip\r\nTransfer-Encoding: chunked\r\nContent-Length: 71\r\n"
        asked = record(
            "request",
            b"GET /crane HTTP/1.1\r\nHost: b.example\r\nUser-Agent: CCBot/2.0\r\n\r\n",
            WARC_Target_URI=url,
            WARC_Date="2019-03-01T12:00:00Z",
            Content_Type="application/http; msgtype=request",
        )
        said: dict[str, Any] = {"WARC_Payload_Digest": "sha1:" + "Q" * 32, "WARC_IP_Address": "192.0.2.7"}
        told = response(
            page_of(f"Crane {number}"),
            url=url,
            headers=headers,
            WARC_Concurrent_To=field_of(asked, "WARC-Record-ID"),
            **said,
        )
        records += [asked, told]
    path = pressmark.folder / "CC-NEWS-20190301120000-00001.warc.gz"
    path.write_bytes(packed(records))
    ran = pressmark("import", "--json", str(path))
    assert (ran.code, ran.told["outcomes"]) == (0, {"new": 2})
    assert sorted(text.partition("\n")[0] for text in pressmark.texts().values()) == ["Crane 0", "Crane 1"]
    assert pressmark("verify").code == 0


def field_of(told: bytes, name: str) -> str:
    """A header field of a record."""
    return told.partition(f"{name}: ".encode())[2].partition(b"\r\n")[0].decode()


def test_a_wacz_is_taken_too(pressmark: Terminal):
    path = pressmark.folder / "theirs.wacz"
    with zipfile.ZipFile(path, "w") as package:
        package.write(one(pressmark.folder), "archive/theirs.warc.gz")
    ran = pressmark("import", "--json", str(path))
    assert ran.told["taken"] == 2
    assert ran.told["outcomes"] == {"new": 2}


def test_our_own_archive_of_three_editions_tells_the_same_history_elsewhere(editions: Editions, tmp_path: Path):
    """Feeds, fronts, robots.txt, redirects, revisits and 304s among its captures."""
    other = Terminal(tmp_path / "other", editions.terminal.press)
    files = [str(path) for path in (editions.terminal.archive / "warc").rglob("*.warc.gz")]
    assert other("import", *sorted(files, reverse=True)).code == 0
    assert history(other) == history(editions.terminal)
    assert sorted(other.texts().values()) == sorted(editions.terminal.texts().values())
    assert other.damages() == []
    before = everything(other.archive), rows(other)
    ran = other("import", "--json", *files)
    assert [each["taken"] for each in ran.objects] == [0] * len(files)
    assert (everything(other.archive), rows(other)) == before


def test_feeds_fronts_and_robots_txt_of_our_own_archive_stay_what_they_were(editions: Editions, tmp_path: Path):
    other = Terminal(tmp_path / "other", editions.terminal.press)
    files = [str(path) for path in (editions.terminal.archive / "warc").rglob("*.warc.gz")]
    assert other("import", *files).code == 0
    theirs = {(visit.url, visit.role) for visit in editions.terminal.all_visits() if visit.capture}
    ours = {(visit.url, visit.role) for visit in other.all_visits()}
    assert {role for _, role in theirs} == {"article", "feed", "sitemap", "front", "robots"}
    assert theirs <= ours
    assert {role for url, role in ours if url.endswith("/robots.txt")} == {"robots"}
    polls = [visit for visit in other.all_visits() if visit.role != "article"]
    assert {visit.reason for visit in polls if visit.outcome == "not-article"} >= {"feed", "sitemap", "front", "robots"}
    assert [visit for visit in polls if visit.article] == []


def rows(terminal: Terminal) -> list[str]:
    """The catalog, row by row."""
    with terminal.reading() as archive:
        return list(archive.dump())


def history(terminal: Terminal) -> list[tuple[object, ...]]:
    """Every revision, without names and places.

    Of two outlets that tell the same, the one whose text was kept first has it when they are fetched, the one that was
    captured first when they are imported: so a copy counts as new, and each text has one that is no copy.
    """
    with terminal.reading() as archive, archive.reading() as reading:
        found = list(reading.revisions_where((), limit=None))
    firsts = [each.sha256 for each in found if each.verdict != "copy" and each.copy_of is None]
    assert {each.sha256 for each in found} == set(firsts)
    return sorted(
        (each.article, each.captured_at, each.sha256, each.verdict.replace("copy", "new"), each.facts_changed)
        for each in found
    )


def test_our_own_archive_in_another_folder_tells_the_same_articles(desk: Terminal, tmp_path: Path, press: Press):
    other = Terminal(tmp_path / "other", press)
    files = [str(path) for path in (desk.archive / "warc").rglob("*.warc.gz")]
    assert other("import", *files).code == 0
    assert [*other.texts().values()] == [*desk.texts().values()]
    assert LIGHTHOUSE.url in other("list", "--json").out


def test_what_is_no_warc_is_refused_and_makes_no_archive(pressmark: Terminal):
    junk = pressmark.folder / "junk.warc.gz"
    junk.write_bytes(b"nothing")
    ran = pressmark("import", str(junk))
    why = "is no WARC or WACZ file; nothing was taken; name files that a crawler wrote (.warc, .warc.gz, .wacz)"
    assert (ran.code, ran.refusal) == (2, f"pressmark: {junk}: {why}")
    assert not pressmark.archive.exists()


def test_of_a_torn_file_what_is_whole_is_taken_and_said(pressmark: Terminal):
    path = one(pressmark.folder)
    path.write_bytes(path.read_bytes()[:-30])
    ran = pressmark("import", str(path))
    assert ran.code == 5
    assert "1 taken" in ran.out
    assert "cut short" in ran.err
    assert "import it again" in ran.err


def test_what_was_changed_after_its_digest_was_made_is_left_out_and_told(pressmark: Terminal):
    page = page_of("Crane stays closed")
    digest = base64.b32encode(hashlib.sha1(http(page)).digest()).decode()  # noqa: S324 - as WARC files state it
    whole = response(page, WARC_Block_Digest=f"sha1:{digest}")
    path = written(pressmark.folder / "a.warc.gz", whole.replace(b"stays", b"stayz", 1))
    ran = pressmark("import", str(path))
    assert (ran.code, pressmark.texts()) == (5, {})
    assert "0 taken · 0 there already · 1 left out (changed after its digest was made) · 1 damaged" in ran.out
    assert "@0: not the bytes that its WARC-Block-Digest was made of; left out; get the file anew" in ran.err
    told = pressmark("import", "--json", str(written(pressmark.folder / "b.warc.gz", whole))).told
    assert (told["taken"], told["left"], told["doubtful"]) == (1, {}, 0)


def test_a_payload_that_is_not_what_its_file_says_is_taken_and_told(pressmark: Terminal):
    path = written(pressmark.folder / "a.warc", response(page_of("Crane"), WARC_Payload_Digest="sha1:" + "Q" * 32))
    ran = pressmark("import", str(path))
    assert (ran.code, len(pressmark.texts())) == (0, 1)
    assert "1 with another payload than the file's digest says (import-digest)" in ran.out


def test_under_the_floor_nothing_is_taken_and_it_goes_on_when_there_is_room(pressmark: Terminal):
    path = one(pressmark.folder)
    pressmark.settings(archive={"min_free": "1000 GB"})
    ran = pressmark("import", str(path), str(one(pressmark.folder, "again.warc.gz")))
    assert ran.code == 1
    assert ran.out == f"{path}: 0 taken · 0 there already · stopped; run it again to go on\n"
    [line] = ran.err.splitlines()
    assert line.startswith(f"pressmark: {pressmark.archive}: the disk has ")
    assert "must be (archive.min_free), so nothing more is taken; make room, or lower the setting, and run" in line
    assert pressmark.all_visits() == []
    pressmark.settings(archive={"min_free": 0})
    assert pressmark("import", "--json", str(path)).told["taken"] == 2
    assert pressmark.damages() == []


def test_an_empty_file_is_told_with_what_to_do(pressmark: Terminal):
    path = written(pressmark.folder / "empty.warc")
    why = "is empty, so there is nothing to take; if something should be in it, get it anew from where it came"
    assert pressmark("import", str(path)).refusal == f"pressmark: {path}: {why}"


def tiny_records(folder: Path) -> Path:
    path = folder / "tiny.warc.gz"
    fields = {"WARC_Target_URI": "http://a.example/", "WARC_Date": "2020-03-01T12:00:00Z"}
    tiny = record("response", b"HTTP/1.1 200 OK\r\n\r\n", **fields)
    path.write_bytes(packed([tiny]) * 1_000_000)
    return path


def bomb(folder: Path) -> Path:
    """More articles than are taken at a time, and a gigabyte of nothing in a megabyte."""
    path = folder / "bomb.warc.gz"
    zeros = gzip.compress(bytes(1 << 20)) * 1024
    path.write_bytes(many(folder, 60).read_bytes() + zeros)
    return path


def bomb_in_a_wacz(folder: Path) -> Path:
    path = folder / "bomb.wacz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.write(one(folder), "archive/theirs.warc.gz")
        package.writestr("archive/zeros.warc", response(bytes(200 << 20)))
    return path


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (tiny_records, "first 100000 records hold fewer than 64 bytes each"),
        (bomb, "as in a zip bomb"),
        (bomb_in_a_wacz, "archive/zeros.warc in it: it unpacks to far more than it is in the file"),
    ],
)
def test_a_hostile_file_is_refused_whole(desk: Terminal, made: Callable[[Path], Path], why: str):
    before = everything(desk.archive)
    path = made(desk.folder)
    ran = desk("import", str(path))
    assert (ran.code, ran.out) == (2, "")
    assert ran.refusal.startswith(f"pressmark: {path}: is refused: ")
    assert why in ran.refusal
    assert everything(desk.archive) == before


@pytest.mark.parametrize(
    ("hostile", "why"),
    [
        (record("response", b"x", length=2**63, WARC_Target_URI="http://a.example/"), "Content-Length"),
        (record("response", b"x", length=10**17, WARC_Target_URI="http://a.example/"), "Content-Length says"),
        (record("response", b"x", X="x" * 10_000_000), "a header of more than 64000 bytes"),
    ],
    ids=["2^63", "more than there is", "header of 10 MB"],
)
def test_a_hostile_record_is_left_and_told_and_the_others_are_taken(desk: Terminal, hostile: bytes, why: str):
    before = everything(desk.archive)
    path = written(desk.folder / "hostile.warc.gz", hostile)
    ran = desk("import", str(path))
    assert (ran.code, why in ran.err) == (5, True)
    assert everything(desk.archive) == before
    path.write_bytes(path.read_bytes() + one(desk.folder).read_bytes())
    ran = desk("import", str(path))
    assert (ran.code, why in ran.err) == (5, True)
    assert "2 taken" in ran.out
    assert desk.damages() == []


def test_a_hostile_name_in_a_wacz_leads_nowhere_and_stands_in_the_metadata_as_one_line(desk: Terminal):
    path = desk.folder / "theirs.wacz"
    with zipfile.ZipFile(path, "w") as package:
        package.write(one(desk.folder), "../../evil\n\x1b[31m.warc.gz")
    before = {each for each in desk.folder.parent.rglob("*") if not each.is_relative_to(desk.archive)}
    ran = desk("import", str(path))
    assert (ran.code, "2 taken" in ran.out) == (0, True)
    assert {each for each in desk.folder.parent.rglob("*") if not each.is_relative_to(desk.archive)} == before
    assert not list(desk.archive.rglob("*evil*"))
    names = [fields["import-entry"] for fields in notes(desk) if "import-entry" in fields]
    assert names == ["../../evil??[31m.warc.gz"] * 2
    assert desk.damages() == []


def notes(terminal: Terminal) -> Iterator[dict[str, str]]:
    """The fields of every metadata record."""
    for path in sorted((terminal.archive / "warc").rglob("*.warc.gz")):
        yield from (read_fields(each.block) for each in walk(path) if each.type == "metadata")


def crane_again() -> bytes:
    """A revisit of a page that was captured a week before."""
    fields = {
        "WARC_Target_URI": "http://b.example/crane", "WARC_Date": "2020-03-09T12:00:00Z",
        "WARC_Refers_To_Target_URI": "http://b.example/crane", "WARC_Refers_To_Date": "2020-03-01T12:00:00Z",
        "Content_Type": "application/http; msgtype=response",
    }  # fmt: skip
    return record("revisit", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", **fields)


def test_files_are_read_again_when_a_later_one_holds_what_they_refer_to(pressmark: Terminal):
    refers = pressmark.folder / "a.warc"
    refers.write_bytes(crane_again())
    ran = pressmark("import", "--json", str(refers), str(one(pressmark.folder, "b.warc.gz")))
    assert [each["taken"] for each in ran.objects] == [1, 2]
    assert ran.objects[0]["left"] == {}


def test_a_file_is_read_again_when_what_it_refers_to_stands_behind(pressmark: Terminal):
    path = written(pressmark.folder / "a.warc", crane_again(), response(page_of("Crane"), url="http://b.example/crane"))
    told = pressmark("import", "--json", str(path)).told
    assert (told["taken"], told["known"], told["left"]) == (2, 0, {})
    assert told["outcomes"] == {"new": 1, "unchanged": 1}


def many(folder: Path, count: int) -> Path:
    path = folder / "many.warc.gz"
    pages = (response(page_of(f"Berth {n}"), url=f"http://b.example/{n}") for n in range(count))
    path.write_bytes(packed(list(pages)))
    return path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_an_import_that_is_ended_goes_on_when_it_is_run_again(pressmark: Terminal, number: signal.Signals):
    path = many(pressmark.folder, 150)
    code = ended(pressmark, path, number, when=lambda: any(pressmark.archive.rglob("*.txt")))
    assert code == (-number if number == signal.SIGKILL else 128 + number)
    ran = pressmark("import", "--json", str(path))
    assert ran.code == 0
    assert ran.told["taken"] < 150  # what was captured before is not captured again
    assert len(pressmark.texts()) == 150
    assert [visit.outcome for visit in pressmark.all_visits()] == ["new"] * 150
    assert pressmark.damages() == []


def ended(terminal: Terminal, path: Path, number: signal.Signals, *, when: Callable[[], bool]) -> int:
    """The exit code of an import that gets a signal once something has come to be; of one that was quicker, 0."""
    process = subprocess.Popen(
        terminal.command("import", str(path)), cwd=terminal.folder, env=surroundings(terminal.folder),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    while not when() and process.poll() is None:
        os.sched_yield()
    process.send_signal(number)
    process.communicate(timeout=PATIENCE)
    return process.returncode


def test_an_archive_that_is_held_is_left_alone(desk: Terminal):
    with (desk.archive / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert desk("import", "--wait", "0", str(one(desk.folder))).code == 6
