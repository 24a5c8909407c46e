"""`pressmark import`: what wget, warcio and others have captured becomes part of the archive."""

import fcntl
import os
import shutil
import signal
import subprocess
import zipfile
from pathlib import Path

import pytest

from scraper.demo import Press
from tests.archive.foreign_files import packed, record, response
from tests.servers import ok, origin
from tests.whole.conftest import LIGHTHOUSE
from tests.whole.terminal import PATIENCE, Terminal, surroundings


def warc_of_wget(folder: Path, *urls: str) -> Path:
    """What wget makes of these pages."""
    if shutil.which("wget") is None:
        pytest.skip("no wget on this machine")
    command = ["wget", "-q", "--tries=1", "--warc-file=theirs", "--no-hsts", "-P", "pages", *urls]
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


def test_a_wacz_is_taken_too(pressmark: Terminal):
    path = pressmark.folder / "theirs.wacz"
    with zipfile.ZipFile(path, "w") as package:
        package.write(one(pressmark.folder), "archive/theirs.warc.gz")
    ran = pressmark("import", "--json", str(path))
    assert ran.told["taken"] == 2
    assert ran.told["outcomes"] == {"new": 2}


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
    assert (ran.code, ran.refusal) == (2, f"pressmark: {junk}: is no WARC or WACZ file; nothing was taken")
    assert not pressmark.archive.exists()


def test_of_a_torn_file_what_is_whole_is_taken_and_said(pressmark: Terminal):
    path = one(pressmark.folder)
    path.write_bytes(path.read_bytes()[:-30])
    ran = pressmark("import", str(path))
    assert ran.code == 5
    assert "1 taken" in ran.out
    assert "cut short" in ran.err
    assert "import it again" in ran.err


def test_a_hostile_file_leaves_nothing_but_an_empty_archive(pressmark: Terminal):
    hostile = pressmark.folder / "hostile.warc"
    hostile.write_bytes(record("response", b"x", length=2**63, WARC_Target_URI="http://a.example/"))
    ran = pressmark("import", str(hostile))
    assert ran.code == 5
    assert "Content-Length" in ran.err
    assert not list(pressmark.archive.rglob("*.warc.gz*"))
    assert not (pressmark.archive / "quarantine").exists()


def test_files_are_read_again_when_a_later_one_holds_what_they_refer_to(pressmark: Terminal):
    fields = {
        "WARC_Target_URI": "http://b.example/crane", "WARC_Date": "2020-03-09T12:00:00Z",
        "WARC_Refers_To_Target_URI": "http://b.example/crane", "WARC_Refers_To_Date": "2020-03-01T12:00:00Z",
        "Content_Type": "application/http; msgtype=response",
    }  # fmt: skip
    refers = pressmark.folder / "a.warc"
    refers.write_bytes(record("revisit", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", **fields))
    ran = pressmark("import", "--json", str(refers), str(one(pressmark.folder, "b.warc.gz")))
    assert [each["taken"] for each in ran.objects] == [1, 2]
    assert ran.objects[0]["left"] == {}


def many(folder: Path, count: int) -> Path:
    path = folder / "many.warc.gz"
    pages = (response(page_of(f"Berth {n}"), url=f"http://b.example/{n}") for n in range(count))
    path.write_bytes(packed(list(pages)))
    return path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_an_import_that_is_ended_goes_on_when_it_is_run_again(pressmark: Terminal, number: signal.Signals):
    path = many(pressmark.folder, 150)
    process = subprocess.Popen(
        pressmark.command("import", str(path)), cwd=pressmark.folder, env=surroundings(pressmark.folder),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    while not list(pressmark.archive.rglob("*.txt")):  # the first batch is in
        assert process.poll() is None
        os.sched_yield()
    process.send_signal(number)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == (-number if number == signal.SIGKILL else 128 + number)
    ran = pressmark("import", "--json", str(path))
    assert ran.code == 0
    assert ran.told["taken"] < 150  # what was captured before is not captured again
    assert len(pressmark.texts()) == 150
    assert [visit.outcome for visit in pressmark.all_visits()] == ["new"] * 150
    assert pressmark.damages() == []


def test_an_archive_that_is_held_is_left_alone(desk: Terminal):
    with (desk.archive / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert desk("import", "--wait", "0", str(one(desk.folder))).code == 6
