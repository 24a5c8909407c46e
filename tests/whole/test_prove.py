"""`pressmark prove`, and the ledger that a daemon keeps."""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive import ledger
from archive.warc import WarcFile, resource
from tests.authorities import Calendar, Office, TimeAuthority, opened
from tests.whole.conftest import LIGHTHOUSE
from tests.whole.terminal import PAPERS, Terminal

TOMORROW = datetime.now(UTC) + timedelta(days=1)
LONG_AGO = datetime(2025, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    if shutil.which("openssl") is None:
        pytest.skip("the authority is the openssl command, which is not here")
    with opened(Office(TimeAuthority(tmp_path_factory.mktemp("tsa") / "folder"), Calendar())) as office:
        yield office


def within_reach(office: Office) -> dict[str, object]:
    assert office.authority
    stamps = [f"bob rfc3161 {office.url}/tsa", f"alice opentimestamps {office.url}/calendar"]
    return {
        "network": {"allow_private": ["127.0.0.0/8"], "ports": [80, 443, office.server_port]},
        "archive": {"stamps": stamps, "stamps_ca": str(office.authority.roots)},
    }


def check(proof: Path) -> str:
    """What the verify.py that lies in it says of it."""
    with zipfile.ZipFile(proof) as box:
        (proof.parent / "verify.py").write_bytes(box.read("verify.py"))
    command = [sys.executable, "-I", "-S", str(proof.parent / "verify.py"), str(proof)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def as_printed(line: str, proof: Path, roots: bytes) -> int:
    """What a line that verify.py prints comes to where the proof was unpacked, beside the authority's roots."""
    place = proof.parent / "unpacked"
    with zipfile.ZipFile(proof) as box:
        box.extractall(place)
    (place / "AUTHORITY.pem").write_bytes(roots)
    return subprocess.run(["sh", "-c", line], cwd=place, capture_output=True, timeout=60, check=False).returncode


def test_a_text_kept_today_is_proved_without_time_and_it_is_said_when_that_comes(desk: Terminal):
    ran = desk("prove", LIGHTHOUSE.url, "-o", "p.zip")
    assert (ran.code, ran.out) == (0, "p.zip\n")
    assert "not sealed yet, so it shows nothing about time" in ran.err
    assert f"{TOMORROW:%Y-%m-%d} 00:00 UTC" in ran.err
    assert "NOT SEALED YET" in check(desk.folder / "p.zip")


def test_a_sealed_and_stamped_text_is_proved_to_anyone(desk: Terminal, office: Office):
    ledger.seal(desk.archive, now=TOMORROW)
    desk.settings(**within_reach(office))
    ran = desk("prove", LIGHTHOUSE.url, "--stamp")
    assert ran.code == 0, ran.err
    assert "tamper-evident since" in ran.err
    proof = desk.folder / ran.out.strip()
    said = check(proof)
    assert "tamper-evident since" in said
    assert "ots verify -d" in said
    assert "NOT OF ALL OF IT" not in said
    [line] = [line.partition("its signature: ")[2] for line in said.splitlines() if "openssl" in line]
    assert office.authority
    assert as_printed(line, proof, office.authority.roots.read_bytes()) == 0
    other = TimeAuthority(desk.folder / "another-authority")
    assert as_printed(line, proof, other.roots.read_bytes()) != 0
    [token] = (desk.archive / "ledger").rglob("*.tsr")
    entry = ledger.newest(desk.archive)
    assert entry
    assert office.authority.accepts(entry.root, token)
    assert desk("prove", LIGHTHOUSE.url).code == 2  # the file is there
    assert desk("--json", "prove", LIGHTHOUSE.url, "-o", "again.zip").told["sealed"] is True


def test_an_authority_that_does_not_answer_is_named_and_the_proof_is_made(desk: Terminal, office: Office):
    ledger.seal(desk.archive, now=TOMORROW)
    desk.settings(**within_reach(office))
    office.closed = True
    ran = desk("prove", LIGHTHOUSE.url, "--stamp", "-o", "p.zip")
    assert ran.code == 1
    assert ran.err.count("answered 503") == 2
    assert "tamper-evident since" in check(desk.folder / "p.zip")


def test_stamps_that_nobody_is_named_for_and_texts_that_are_not_there_are_refused(desk: Terminal):
    assert "set archive.stamps" in desk("prove", LIGHTHOUSE.url, "--stamp").err
    assert desk("prove", "000_0000000000000000").code == 2
    assert not list(desk.folder.glob("*.zip"))


def test_the_daemon_seals_days_that_are_over_and_has_them_stamped(pressmark: Terminal, office: Office):
    file = WarcFile(pressmark.archive, now=LONG_AGO, software="a test")
    file.write([resource("urn:pressmark:visits:1", b"", at=LONG_AGO)])
    file.settle()
    path = pressmark.archive / file.path
    file.close()
    path.with_name(path.name + ".manifest.json").unlink()
    path.rename(path.with_name(path.name + ".open"))  # as a dead writer leaves it
    (pressmark.archive / "FORMAT").write_text("pressmark archive 1\n")
    pressmark.watch(PAPERS[0], **within_reach(office))
    with pressmark.running("daemon") as daemon:
        log = daemon.until(lambda log: sum(line["event"] == "stamped" for line in log) == 2)
        daemon.bury()
    assert [line["day"] for line in log if line["event"] == "sealed"] == ["2025-11-20"]
    assert sorted(path.name for path in (pressmark.archive / "ledger").rglob("20.*")) == [
        "20.alice.ots", "20.bob.tsr", "20.json",
    ]  # fmt: skip
    assert list(ledger.faults(pressmark.archive)) == []
