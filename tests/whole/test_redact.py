"""`pressmark redact`: gone for good, said when and why, and never fetched again."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from archive import open_writer
from scraper.demo.answers import Answer
from tests.whole.conftest import LIGHTHOUSE
from tests.whole.terminal import PAPERS, Ran, Terminal, run

REASON = "order of the court, 12 O 3/26"
TONIGHT = PAPERS[3]
ALIAS = "http://moved.example/lighthouse"


def redact(desk: Terminal, *arguments: str) -> Ran:
    return desk("redact", LIGHTHOUSE.url, "--reason", REASON, *arguments)


@pytest.fixture
def pressmark_of_it(desk: Terminal) -> str:
    [text] = desk.texts()
    return Path(text).stem


def test_a_dry_run_lists_what_would_go_and_changes_nothing(desk: Terminal, pressmark_of_it: str):
    before = desk.files()
    ran = redact(desk, "--dry-run")
    assert ran.code == 0
    *lines, last = ran.out.splitlines()
    assert [line.split()[0] for line in lines] == ["text", "capture"]
    assert last == "1 text and 1 capture would go; nothing was changed"
    assert {name: said for name, said in desk.files().items() if "-shm" not in name and "-wal" not in name} == {
        name: said for name, said in before.items() if "-shm" not in name and "-wal" not in name
    }


def test_what_is_redacted_is_shown_no_more_and_the_archive_is_sound(desk: Terminal, pressmark_of_it: str):
    ran = redact(desk)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == "1 text and 1 capture taken out; 2 tombstones say when and why"
    for wanted in (LIGHTHOUSE.url, pressmark_of_it, pressmark_of_it.partition("_")[2][:8]):
        shown = desk("show", wanted)
        assert (shown.code, REASON in shown.refusal, "was redacted on" in shown.refusal) == (2, True, True)
    assert desk("list").out == ""
    assert "redacted   2 records" in desk("status").out
    verified = desk("verify")
    assert verified.code == 0
    assert "2 redacted" in verified.out.splitlines()[-1]
    assert desk("rebuild").code == 0
    assert desk("verify").code == 0
    assert desk("export", "--format", "jsonl").out == ""


def test_it_is_not_asked_for_again_at_any_of_its_addresses(desk: Terminal):
    answer = Answer(status=301, headers=(("Location", LIGHTHOUSE.url),), body=b"")
    desk.press.add(ALIAS, answer)
    assert desk("fetch", ALIAS).code == 0
    redact(desk)
    for url in (LIGHTHOUSE.url, ALIAS, f"{LIGHTHOUSE.url}?utm_source=x"):
        desk.press.requests.clear()
        ran = desk("fetch", url, "--json")
        assert (ran.code, ran.told["outcome"], ran.told["reason"]) == (7, "refused", "redacted")
        assert REASON in ran.told["message"]
        assert desk.press.requests == []


def test_a_redirect_to_it_is_not_followed(desk: Terminal):
    redact(desk)
    desk.press.add(ALIAS, Answer(status=301, headers=(("Location", LIGHTHOUSE.url),), body=b""))
    ran = desk("fetch", ALIAS, "--json")
    assert (ran.code, ran.told["reason"]) == (7, "redacted")
    assert {seen.path for seen in desk.press.requests if seen.host == LIGHTHOUSE.host} <= {"/robots.txt"}


def test_its_text_at_another_address_is_not_kept_and_it_is_said_how_to_take_the_page_out(desk: Terminal):
    with desk.reading() as archive, archive.reading() as reading:
        capture = reading.captures_of(LIGHTHOUSE.url)[0]
        _, body = archive.payload(capture)
    redact(desk)
    mirror = "http://mirror.example/lighthouse"
    desk.press.add(mirror, Answer(status=200, headers=(("Content-Type", "text/html"),), body=body))
    ran = desk("fetch", mirror, "--json")
    assert (ran.code, ran.told["outcome"], ran.told["reason"]) == (7, "refused", "redacted")
    assert desk.texts() == {}
    [brought] = ran.told["captures"]
    assert f"pressmark redact {brought['record_id']}" in ran.told["message"]
    assert desk("redact", brought["record_id"], "--reason", REASON).code == 0
    assert desk.damages() == []


def test_a_reason_is_wanted(desk: Terminal):
    for reason in ("", "   "):
        ran = desk("redact", LIGHTHOUSE.url, "--reason", reason)
        assert (ran.code, "--reason" in ran.refusal) == (2, True)
    assert len(desk.texts()) == 1


def test_what_is_not_there_is_not_redacted(desk: Terminal):
    assert desk("redact", "0badcafe00", "--reason", REASON).code == 2


def test_while_somebody_writes_it_waits_and_then_gives_up(desk: Terminal):
    with open_writer(desk.archive):
        ran = redact(desk, "--wait", "0")
    assert ran.code == 6
    assert "another process holds this archive" in ran.refusal
    assert len(desk.texts()) == 1


def test_while_a_daemon_runs_it_is_left_alone_and_done_once_that_has_ended(desk: Terminal):
    desk.watch(TONIGHT)
    with desk.running("daemon") as daemon:
        daemon.until(lambda log: any(line["event"] == "visit" for line in log))
        refused = redact(desk, "--wait", "0")
        assert (refused.code, "another process holds this archive" in refused.refusal) == (6, True)
        assert LIGHTHOUSE.text in desk.texts().values()
        assert daemon.send(signal.SIGTERM) == 0
    assert redact(desk).code == 0
    assert LIGHTHOUSE.text not in desk.texts().values()
    assert desk.damages() == []


def test_of_what_was_redacted_no_proof_is_made_and_it_is_said_when_and_why(desk: Terminal, pressmark_of_it: str):
    assert redact(desk).code == 0
    for wanted in (LIGHTHOUSE.url, pressmark_of_it):
        ran = desk("prove", wanted, "-o", "p.zip")
        assert (ran.code, REASON in ran.refusal, "was redacted on" in ran.refusal) == (2, True, True)
    assert not list(desk.folder.glob("*.zip"))


def test_its_own_records_in_a_file_outside_do_not_bring_it_back(desk: Terminal):
    assert desk("show", LIGHTHOUSE.url, "--warc", "-o", "outside.warc.gz").code == 0
    assert redact(desk).code == 0
    ran = desk("import", "--json", "outside.warc.gz")
    assert ran.told["left"] == {"redacted": 1}
    assert desk.texts() == {}
    assert desk("show", LIGHTHOUSE.url).code == 2
    assert desk("export").out == ""
    assert desk.damages() == []


def test_foreign_judges_pass_over_its_tombstones(desk: Terminal):
    assert redact(desk).code == 0
    tools = Path(sys.executable).parent
    for warc in sorted(desk.archive.rglob("*.warc.gz")):
        for command in (["gzip", "--test"], [tools / "warcio", "check"], [tools / "fastwarc", "check"]):
            ran = run([*map(str, command), str(warc)], desk.folder)
            assert ran.code == 0, ran
        indexed = subprocess.run([tools / "cdxj-indexer", warc], capture_output=True, text=True, check=True).stdout
        assert LIGHTHOUSE.url not in indexed
