"""A proof: what verify.py finds, in this process and as a program of its own; what a forger would have to change."""

import ast
import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from archive import Writer, check_proof, ledger, open_archive, open_writer
from archive.errors import Damaged, NotFound
from archive.members import walk
from archive.proof import Proof, prove
from archive.records import Page
from tests.archive.pages import HARBOUR, article, exchange, later, page, visit

TOMORROW = datetime.now(UTC) + timedelta(days=1)
VERIFY = Path(check_proof.__file__)
BAD = (ValueError, LookupError, TypeError, AttributeError, RuntimeError, OSError, NameError,
       zlib.error)  # fmt: skip


def written(root: Path) -> None:
    """A text that rests on much: a redirect led to a revisit of a response in another writer's file."""
    with open_writer(root) as first:
        first.append(page(b"<p>two</p>"))
        first.append(page(b"<p>other</p>", url=f"{HARBOUR}/other"))
    with open_writer(root) as second:
        keep(second)


def keep(archive: Writer) -> None:
    moved = exchange(b"", url=f"{HARBOUR}/old", status="301 Moved", headers=b"Location: /strike\r\n", at=later(1))
    *_, answer = archive.append(Page(exchanges=(moved, exchange(b"<p>two</p>", at=later(1)))))
    assert answer.revisit_of
    told = visit(answer.record_id, article=HARBOUR, at=later(1))
    assert archive.keep(article("Two."), told, verdict="new", after=None)


def proved(root: Path) -> Proof:
    with open_archive(root) as archive, archive.reading() as reading:
        revision = reading.latest(HARBOUR)
        assert revision
        return prove(archive, revision)


def stamped(root: Path) -> None:
    """An OpenTimestamps file beside the newest entry: as much of one as verify.py reads."""
    entry = ledger.newest(root)
    assert entry
    block = check_proof.OTS + bytes.fromhex(entry.root) + b"\x00and so on"
    (root / entry.path).with_suffix(".alice.ots").write_bytes(block)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("proof") / "archive"
    written(folder)
    ledger.seal(folder, now=TOMORROW)
    stamped(folder)
    return folder


@pytest.fixture(scope="module")
def proof(root) -> Proof:
    return proved(root)


@pytest.fixture(scope="module")
def unsealed(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    folder = tmp_path_factory.mktemp("unsealed") / "archive"
    written(folder)
    return proved(folder)


def zipped(files: dict[str, bytes]) -> bytes:
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w") as made:
        for name, block in files.items():
            made.writestr(name, block)
    return box.getvalue()


def checked(files: dict[str, bytes], place: Path) -> None:
    """What verify.py does with them. Raises what it would end with."""
    place.write_bytes(zipped(files))
    check_proof.check(*check_proof.load(str(place)))


def is_refused(files: dict[str, bytes], place: Path) -> bool:
    try:
        checked(files, place)
    except BAD:
        return True
    return False


def run(place: Path, verify: Path = VERIFY) -> subprocess.CompletedProcess[str]:
    """verify.py as a stranger runs it: Python alone, no site-packages."""
    command = [sys.executable, "-I", "-S", str(verify), *([str(place)] if place != verify.parent else [])]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def forged(files: dict[str, bytes], name: str, block: bytes) -> dict[str, bytes]:
    """The files with one changed, by somebody who thought of the list in proof.json."""
    said = json.loads(files["proof.json"])
    if name in said["files"]:
        said["files"][name] = hashlib.sha256(block).hexdigest()
    return {**files, name: block, "proof.json": json.dumps(said, indent=1, sort_keys=True).encode() + b"\n"}


def flips(block: bytes, step: int = 1) -> list[tuple[int, bytes]]:
    return [(at, block[:at] + bytes([block[at] ^ 1]) + block[at + 1 :]) for at in range(0, len(block), step)]


# ── verify.py itself ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_verify_py_is_at_most_80_lines_of_python_3_8_and_needs_the_standard_library_alone():
    text = VERIFY.read_text()
    assert len(text.splitlines()) <= 80
    assert max(map(len, text.splitlines())) <= 120
    tree = ast.parse(text, feature_version=(3, 8))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported <= sys.stdlib_module_names
    assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))


def test_it_runs_on_the_zip_and_where_that_was_unpacked(proof, tmp_path):
    with (tmp_path / "proof.zip").open("wb") as file:
        proof.write(file)
    with zipfile.ZipFile(tmp_path / "proof.zip") as box:
        box.extractall(tmp_path / "unpacked")
    said = [run(tmp_path / "proof.zip"), run(tmp_path / "unpacked", tmp_path / "unpacked" / "verify.py")]
    assert [each.returncode for each in said] == [0, 0]
    assert said[0].stdout == said[1].stdout
    assert "Shown: " in said[0].stdout
    assert "tamper-evident since" in said[0].stdout
    assert "ots verify -d" in said[0].stdout
    assert "Not shown: that a server sent it" in said[0].stdout
    assert not said[0].stderr


def test_it_names_what_is_not_as_it_was_and_fails(proof, tmp_path):
    [text] = [name for name in proof.files if name.startswith("text/")]
    (tmp_path / "p.zip").write_bytes(zipped({**proof.files, text: b"something else"}))
    ended = run(tmp_path / "p.zip")
    assert ended.returncode == 1
    assert text in ended.stderr
    assert "Traceback" not in ended.stderr


# ── what is in a proof ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_proof_holds_every_record_that_the_text_rests_on(proof):
    said = json.loads(proof.files["proof.json"])
    assert len(said["groups"]) == 4  # the original, the redirect, the revisit, the text
    assert len({group["leaf"].split()[2] for group in said["groups"]}) == 2
    assert proof.unsealed == ()
    assert len(proof.stamps) == 1
    assert proof.stamps_of_all == proof.stamps


def test_its_warc_files_are_whole_ones(proof, tmp_path):
    for name, block in proof.files.items():
        if name.startswith("warc/"):
            (tmp_path / "w.warc.gz").write_bytes(block)
            types = [record.type for record in walk(tmp_path / "w.warc.gz")]
            assert types[0] == "warcinfo"
            assert len(types) > 3


def test_the_same_proof_has_the_same_bytes(root, proof):
    boxes = [io.BytesIO(), io.BytesIO()]
    proof.write(boxes[0])
    proved(root).write(boxes[1])
    assert boxes[0].getvalue() == boxes[1].getvalue()


def test_the_chain_reaches_from_the_text_s_day_to_the_newest_entry(tmp_path):
    written(tmp_path / "a")
    for day in range(1, 4):
        ledger.seal(tmp_path / "a", now=datetime.now(UTC) + timedelta(days=day))
        with open_writer(tmp_path / "a") as archive:
            archive.append(page(b"later", url=f"{HARBOUR}/later/{day}"))
    made = proved(tmp_path / "a")
    assert made.roots == len(ledger.entries(tmp_path / "a")) == 3
    checked(made.files, tmp_path / "p.zip")
    missing = [name for name in made.files if name.startswith("ledger/")][1]
    with pytest.raises(ValueError, match="not the next entry"):
        checked(without(made.files, missing), tmp_path / "p.zip")


def without(files: dict[str, bytes], name: str) -> dict[str, bytes]:
    said = json.loads(files["proof.json"])
    del said["files"][name]
    rest = {each: block for each, block in files.items() if each != name}
    return {**rest, "proof.json": json.dumps(said, indent=1, sort_keys=True).encode() + b"\n"}


def test_a_text_whose_day_is_not_over_is_proved_without_time_and_both_say_so(unsealed, tmp_path):
    assert len(unsealed.unsealed) == 2
    assert unsealed.roots == 0
    (tmp_path / "p.zip").write_bytes(zipped(unsealed.files))
    ended = run(tmp_path / "p.zip")
    assert ended.returncode == 0
    assert "NOT SEALED YET: nothing about time. When the day is over (UTC)" in ended.stdout
    assert "tamper-evident since" not in ended.stdout


def test_records_that_are_not_those_that_were_sealed_are_not_proved(tmp_path):
    written(tmp_path / "a")
    ledger.seal(tmp_path / "a", now=TOMORROW)
    path = next(path for path in (tmp_path / "a").rglob("*.warc.gz"))
    block = bytearray(path.read_bytes())
    *_, last = walk(path)
    block[last.offset + 9] ^= 1  # the operating system in a gzip header: no record changes by it
    path.chmod(0o644)
    path.write_bytes(block)
    with pytest.raises(Damaged, match="are not those that were sealed"):
        proved(tmp_path / "a")


def test_a_text_whose_records_are_not_all_there_is_not_proved(tmp_path, monkeypatch):
    written(tmp_path / "a")
    with open_archive(tmp_path / "a") as archive, archive.reading() as reading:
        revision = reading.latest(HARBOUR)
        assert revision
        places = archive.places_of(revision)
        monkeypatch.setattr(archive, "places_of", lambda _: places[1:])  # as when the original was redacted
        with pytest.raises(NotFound, match="was taken out or lost"):
            prove(archive, revision)


# ── every byte ───────────────────────────────────────────────────────────────────────────────────────────────────────


def every_flip_fails(files: dict[str, bytes], place: Path, *, step: int) -> int:
    """Every step-th byte of each file but verify.py, changed by somebody who did not think of the list."""
    done = 0
    for name in files.keys() - {"verify.py"}:
        for at, block in flips(files[name], step):
            done += 1
            assert is_refused({**files, name: block}, place), f"{name}, byte {at}"
    return done


@pytest.mark.parametrize("kind", ["sealed", "unsealed"])
def test_some_bytes_of_a_proof_changed_are_all_found(proof, unsealed, tmp_path, kind):
    files = (proof if kind == "sealed" else unsealed).files
    checked(files, tmp_path / "p.zip")
    assert every_flip_fails(files, tmp_path / "p.zip", step=37) > 200


@pytest.mark.torture
@pytest.mark.parametrize("kind", ["sealed", "unsealed"])
def test_every_byte_of_a_proof_changed_is_found(proof, unsealed, tmp_path, kind):
    assert every_flip_fails((proof if kind == "sealed" else unsealed).files, tmp_path / "p.zip", step=1) > 7000


def test_a_forger_who_thinks_of_the_list_is_found_by_the_tree_and_the_chain(proof, tmp_path):
    """Members, text, entries: none can be changed together with proof.json's list alone."""
    for name, block in proof.files.items():
        if not name.startswith(("text/", "ledger/", "warc/")):
            continue
        start = 400 if name.startswith("warc/") else 0  # the warcinfo says nothing about the text, and has no leaf
        end = len(check_proof.OTS) + 32 if name.endswith(".ots") else len(block)
        for at, changed in flips(block[:end], 7):
            if at < start or json_alike(name, block, changed + block[end:]):
                continue
            one = forged(proof.files, name, changed + block[end:])
            assert is_refused(one, tmp_path / "p.zip"), f"{name}, byte {at}"


def json_alike(name: str, block: bytes, changed: bytes) -> bool:
    """White space between the words of an entry may be changed by who may change the list: it still says the same."""
    try:
        return name.endswith(".json") and bool(json.loads(block) == json.loads(changed))
    except ValueError:
        return False


def swapped(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    def forge(files: dict[str, bytes]) -> dict[str, bytes]:
        said = json.loads(files["proof.json"])
        change(said)
        return {**files, "proof.json": json.dumps(said, indent=1, sort_keys=True).encode() + b"\n"}

    return forge


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said["groups"][0].update(index=said["groups"][1]["index"]),
        lambda said: said["groups"][0].update(path=said["groups"][0]["path"][:-1]),
        lambda said: said["groups"][0].update(path=[*said["groups"][0]["path"], "00" * 32]),
        lambda said: said["groups"][0].update(at=said["groups"][0]["at"] + 1),
        lambda said: said["groups"][0].update(day="2026-01-01"),
        lambda said: said["groups"][0].update(day=None),
        lambda said: said["groups"][0].update(leaf=said["groups"][0]["leaf"].replace("harbour", "hargour")),
        lambda said: said["groups"].pop(),
        lambda said: said["groups"].pop(0),
        lambda said: said["groups"].pop(1),
        lambda said: said["groups"].pop(2),
        lambda said: said.update(text=next(name for name in said["files"] if name.startswith("warc/"))),
        lambda said: said.update(format=2),
        lambda said: said.update(groups=[]),
    ],
)
def test_what_proof_json_says_of_the_groups_cannot_be_changed(proof, tmp_path, change):
    with pytest.raises(BAD):
        checked(swapped(change)(proof.files), tmp_path / "p.zip")


def changed(said: Any) -> Iterator[Any]:
    """A JSON value with one number, word or list in it changed, each in turn."""
    if isinstance(said, dict):
        for key, value in said.items():
            yield from ({**said, key: other} for other in changed(value))
            yield {each: kept for each, kept in said.items() if each != key}
    elif isinstance(said, list):
        for at, value in enumerate(said):
            yield from ([*said[:at], other, *said[at + 1 :]] for other in changed(value))
        yield [*said, *said[-1:]] if said else ["0" * 64]
    elif isinstance(said, int):
        yield from (said + 1, said - 1, -said - 1)
    elif isinstance(said, str):
        yield from (said[:at] + chr(ord(said[at]) ^ 1) + said[at + 1 :] for at in range(0, len(said), 3))
        yield from (said + "0", None)


def test_no_number_and_no_word_of_a_group_or_an_entry_can_be_changed(proof, tmp_path):
    """Whatever proof.json's list says."""
    tried = 0
    said = json.loads(proof.files["proof.json"])
    for groups in changed(said["groups"]):
        if groups == [*said["groups"], said["groups"][-1]]:
            continue  # the same group twice says the same
        one = relisted(proof.files, partial(dict.update, groups=groups))
        assert is_refused(one, tmp_path / "p.zip"), groups
        tried += 1
    [name] = [name for name in proof.files if name.startswith("ledger/") and name.endswith(".json")]
    for entry in changed(json.loads(proof.files[name])):
        block = json.dumps(entry, indent=1, sort_keys=True).encode() + b"\n"
        assert is_refused(relisted({**proof.files, name: block}), tmp_path / "p.zip"), entry
        tried += 1
    assert tried > 500


def test_another_text_under_the_name_of_its_own_hash_is_not_the_one_that_was_recorded(proof, tmp_path):
    text = b"Something else.\n"
    name = f"text/000_{hashlib.sha256(text).hexdigest()[:16]}.txt"
    said = json.loads(proof.files["proof.json"])
    old = said["text"]
    del said["files"][old]
    said["files"][name], said["text"] = hashlib.sha256(text).hexdigest(), name
    files = {each: block for each, block in proof.files.items() if each != old} | {name: text}
    files["proof.json"] = json.dumps(said, indent=1, sort_keys=True).encode() + b"\n"
    with pytest.raises(ValueError, match="not the one that was recorded"):
        checked(files, tmp_path / "p.zip")


def test_a_length_that_is_not_that_of_the_records_is_refused_before_the_day_is_sealed(unsealed, tmp_path):
    def longer(said: dict[str, Any]) -> None:
        sha256, length, rest = said["groups"][-1]["leaf"].split(" ", 2)
        said["groups"][-1]["leaf"] = f"{sha256} {int(length) + 1000} {rest}"

    with pytest.raises(ValueError, match="not what the ledger has"):
        checked(swapped(longer)(unsealed.files), tmp_path / "p.zip")


def test_the_text_under_a_name_that_is_not_its_hash_is_refused(proof, tmp_path):
    old = json.loads(proof.files["proof.json"])["text"]
    name = "text/000_0000000000000000.txt"
    files = {name if each == old else each: block for each, block in proof.files.items()}
    files["proof.json"] = files["proof.json"].replace(old.encode(), name.encode())
    files["proof.json"] = json.dumps(json.loads(files["proof.json"]), indent=1, sort_keys=True).encode() + b"\n"
    with pytest.raises(ValueError, match="not the one that its name tells"):
        checked(files, tmp_path / "p.zip")


def test_a_payload_that_is_not_that_of_its_digest_is_refused():
    head = b"WARC/1.1\r\nWARC-Type: conversion\r\nWARC-Payload-Digest: sha1:AAAA\r\n\r\n"
    with pytest.raises(ValueError, match="another payload"):
        check_proof.first_of(ledger_member(head + b"text\r\n\r\n"))


def test_a_stamp_of_another_root_is_refused(proof, tmp_path):
    [name] = proof.stamps
    other = check_proof.OTS + b"\1" * 32 + b"\x00and so on"
    with pytest.raises(ValueError, match="a time stamp of something else"):
        checked(forged(proof.files, name, other), tmp_path / "p.zip")


# ── forgers with an archive of their own ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def forger(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    """The proof of what somebody else has recorded, without a stamp."""
    folder = tmp_path_factory.mktemp("forger") / "archive"
    with open_writer(folder) as archive:
        [answer] = archive.append(page(b"<p>never said</p>"))
        assert archive.keep(article("Never said."), visit(answer.record_id, article=HARBOUR), verdict="new", after=None)
    ledger.seal(folder, now=TOMORROW)
    return proved(folder)


def relisted(files: dict[str, bytes], change: Callable[[dict[str, Any]], object] = lambda _: None) -> dict[str, bytes]:
    """The files with a list in proof.json that is theirs."""
    said = json.loads(files["proof.json"])
    change(said)
    said["files"] = {
        name: hashlib.sha256(block).hexdigest()
        for name, block in files.items()
        if name not in ("proof.json", "verify.py")
    }
    return {**files, "proof.json": json.dumps(said, indent=1, sort_keys=True).encode() + b"\n"}


def grafted(proof: Proof, forger: Proof, *, day: date, named: date) -> dict[str, bytes]:
    """The forger's records in an entry behind a stamped one of ours, which does not know of them.

    day: what the entry says. named: the day that its file is named by.
    """
    ours = {name: block for name, block in proof.files.items() if name.startswith("ledger/")}
    theirs = next(name for name in forger.files if name.startswith("ledger/"))
    [(path, block)] = [(name, block) for name, block in ours.items() if name.endswith(".json")]
    before = ledger.Previous(day=ledger.parsed(block, path).day, sha256=hashlib.sha256(block).hexdigest())
    entry = replace(ledger.parsed(forger.files[theirs], theirs), day=day, previous=before)
    rest = {name: block for name, block in forger.files.items() if name != theirs}

    def moved(said: dict[str, Any]) -> None:
        for group in said["groups"]:
            group["day"] = str(day)

    return relisted({**rest, **ours, f"ledger/{named:%Y/%m/%d}.json": entry.block}, moved)


def test_a_stamp_of_an_earlier_root_is_not_said_to_cover_what_was_put_behind_it(proof, forger, tmp_path, capsys):
    day = TOMORROW.date()
    checked(grafted(proof, forger, day=day, named=day), tmp_path / "p.zip")
    said = capsys.readouterr().out
    assert "NOT OF ALL OF IT; its signature: ots" in said
    assert f"first saw the root of {day}, " in said  # and nobody has seen that
    checked(proof.files, tmp_path / "p.zip")
    assert "NOT OF ALL OF IT" not in capsys.readouterr().out


def test_the_root_that_is_named_is_the_first_that_has_all_of_the_records(tmp_path, capsys):
    """The response that a revisit refers to was sealed a day earlier, and only that day's root is stamped."""
    root = tmp_path / "a"
    with open_writer(root) as archive:
        archive.append(page(b"<p>two</p>"))
    ledger.seal(root, now=TOMORROW)
    stamped(root)
    with open_writer(root) as archive:
        keep(archive)
    for days in (1, 2):
        ledger.seal(root, now=TOMORROW + timedelta(days=days))
        with open_writer(root) as archive:
            archive.append(page(b"later", url=f"{HARBOUR}/later/{days}"))
    made = proved(root)
    assert (len(made.days), made.roots, len(made.stamps), made.stamps_of_all) == (2, 3, 1, ())
    checked(made.files, tmp_path / "p.zip")
    said = capsys.readouterr().out
    assert f"first saw the root of {made.days[1]}, {ledger.entries(root)[1].root}." in said
    assert f"names the root of {made.days[0]}, NOT OF ALL OF IT" in said


def test_an_entry_under_the_name_of_another_day_is_refused(proof, forger, tmp_path):
    """Else its records would pass as covered by the newest day's root."""
    with pytest.raises(ValueError, match="not the next entry"):
        checked(grafted(proof, forger, day=date(2000, 1, 1), named=date(2999, 1, 1)), tmp_path / "p.zip")


def test_records_that_the_ledger_does_not_have_cannot_be_put_beside_those_that_it_has(proof, forger, tmp_path):
    theirs = next(block for name, block in forger.files.items() if name.startswith("warc/"))
    for name in [name for name in proof.files if name.startswith("warc/")]:
        for block in (proof.files[name] + theirs, theirs + proof.files[name]):
            with pytest.raises(ValueError, match=r"more than the ledger's records|not what the ledger has"):
                checked(relisted({**proof.files, name: block}), tmp_path / "p.zip")


def test_an_answer_cannot_take_the_place_of_a_warcinfo(proof, tmp_path):
    said = json.loads(proof.files["proof.json"])
    one = said["groups"][0]
    name, raw = one["leaf"].split()[2], int(one["leaf"].split()[1])
    group = proof.files[name][one["at"] :][:raw]
    evil = ledger_member(b"WARC/1.1\r\nWARC-Type: resource\r\nWARC-Payload-Digest: "
                         b"sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ\r\n\r\n\r\n\r\n")  # fmt: skip

    def moved(said: dict[str, Any]) -> None:
        said["groups"][0]["at"] = len(evil)

    with pytest.raises(ValueError, match="more than the ledger's records"):
        checked(relisted({**proof.files, name: evil + group}, moved), tmp_path / "p.zip")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (".alice.", ".a;evil."),  # for a shell
        (".alice.", ".\x1b[2J."),  # for a terminal
        (".alice.ots", ".evil.sh"),
        ("ledger/", "text/"),
        ("ledger/", ""),
    ],
)
def test_a_file_that_no_proof_has_is_refused_though_it_is_listed(proof, tmp_path, capsys, old, new):
    [stamp] = proof.stamps
    name = stamp.replace(old, new)
    with pytest.raises(BAD):
        checked(relisted({**proof.files, name: proof.files[stamp]}), tmp_path / "p.zip")
    assert not capsys.readouterr().out  # no command to run, and no word of what is shown


def revisiting(proof: Proof, **changed: str) -> dict[str, bytes]:
    """An unsealed proof whose revisit says something else of what it refers to."""
    said = json.loads(proof.files["proof.json"])
    group = said["groups"][2]
    _, length, name, rest = group["leaf"].split(" ", 3)
    raw = proof.files[name][group["at"] :][: int(length)]
    inflate = zlib.decompressobj(31)
    plain = inflate.decompress(raw)
    for field, value in changed.items():
        plain = re.sub(
            rb"(?m)^%s: .*?\r$" % field.replace("_", "-").encode(),
            f"{field.replace('_', '-')}: {value}\r".encode(),
            plain,
        )
    other = ledger_member(plain) + inflate.unused_data
    block = proof.files[name].replace(raw, other)

    def moved(said: dict[str, Any]) -> None:
        said["groups"][2]["leaf"] = f"{hashlib.sha256(other).hexdigest()} {len(other)} {name} {rest}"
        for each in said["groups"]:
            if each["leaf"].split()[2] == name and each["at"] > group["at"]:
                each["at"] += len(other) - len(raw)

    return relisted({**proof.files, name: block}, moved)


def test_a_revisit_must_have_the_digest_of_the_response_that_holds_its_payload(unsealed, tmp_path):
    checked(revisiting(unsealed), tmp_path / "p.zip")
    hop = check_proof.first_of(part(unsealed, 1))[0]
    for changed in (
        {"WARC_Payload_Digest": "sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
        {"WARC_Refers_To": hop["WARC-Record-ID"]},
    ):
        with pytest.raises(ValueError, match="a bad revisit"):
            checked(revisiting(unsealed, **changed), tmp_path / "p.zip")


def test_what_a_revisit_refers_to_must_be_a_response(unsealed, tmp_path):
    itself = check_proof.first_of(part(unsealed, 2))[0]["WARC-Record-ID"]
    with pytest.raises(ValueError, match="a bad revisit"):
        checked(revisiting(unsealed, WARC_Refers_To=itself), tmp_path / "p.zip")


def test_the_only_leaf_of_a_day_is_the_first():
    said = check_proof.leaf("…")
    assert check_proof.root_from(said, 0, 1, []) == said.hex()
    assert check_proof.root_from(said, 1, 1, []) != said.hex()


def test_the_head_of_a_revisit_is_no_text(unsealed, tmp_path):
    head = check_proof.first_of(part(unsealed, 2))[1]
    old, raw = json.loads(unsealed.files["proof.json"])["text"], part(unsealed, 3)
    files = {name: block.replace(raw, b"") for name, block in unsealed.files.items() if name != old}
    name = f"text/000_{hashlib.sha256(head).hexdigest()[:16]}.txt"

    def moved(said: dict[str, Any]) -> None:
        said["text"] = name
        said["groups"].pop()

    with pytest.raises(ValueError, match="not the one that was recorded"):
        checked(relisted({**files, name: head}, moved), tmp_path / "p.zip")


def part(proof: Proof, number: int) -> bytes:
    """The bytes of one group of a proof."""
    group = json.loads(proof.files["proof.json"])["groups"][number]
    _, length, name, _ = group["leaf"].split(" ", 3)
    return proof.files[name][group["at"] :][: int(length)]


# ── hostile zips ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_zip_that_unfolds_to_more_than_any_proof_is_refused_before_it_is_read(proof, tmp_path):
    with zipfile.ZipFile(tmp_path / "p.zip", "w", zipfile.ZIP_DEFLATED) as box:
        for name, block in proof.files.items():
            box.writestr(name, block)
        box.writestr("bomb", bytes(check_proof.MOST + 1))
    with pytest.raises(ValueError, match="larger than any proof"):
        check_proof.load(str(tmp_path / "p.zip"))


def test_a_record_that_unfolds_to_more_than_any_is_refused(monkeypatch):
    monkeypatch.setattr(check_proof, "MOST", 1000)
    with pytest.raises(ValueError, match="too large"):
        check_proof.first_of(ledger_member(b"WARC/1.1\r\n\r\n" + bytes(2000)))


def ledger_member(plain: bytes) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    return bytes(squeeze.compress(plain) + squeeze.flush())


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_too_many_or_twice_is_refused(proof, tmp_path):
    with pytest.raises(ValueError, match="a file too many"):
        checked({**proof.files, "../../evil": b"x"}, tmp_path / "p.zip")
    place = tmp_path / "twice.zip"
    place.write_bytes(zipped(proof.files))
    with zipfile.ZipFile(place, "a") as box:
        box.writestr("README.txt", b"another")
    with pytest.raises(ValueError, match="a file too many"):
        check_proof.load(str(place))
    assert not (tmp_path.parent.parent / "evil").exists()


@pytest.mark.parametrize("block", [b"", b"PK\x05\x06", b"nonsense", b"\x00" * 100_000])
def test_what_is_no_proof_is_refused_in_one_line(tmp_path, block):
    (tmp_path / "p.zip").write_bytes(block)
    ended = run(tmp_path / "p.zip")
    assert ended.returncode == 1
    assert ended.stderr.startswith("NOT AS IT WAS")
    assert len(ended.stderr.splitlines()) == 1
