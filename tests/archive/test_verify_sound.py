"""No false alarm: over records of all types, and while somebody writes."""

import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archive import Writer, open_archive, open_writer
from archive.records import Page, Ruling, Site
from archive.verify import Counts, Damage, verify
from archive.verify.files import Expected, look_at
from tests.archive.pages import HOUSE, article, exchange, kept, later, not_modified, page, visit

WRITE_FOR_EVER = """
import itertools, os, sys
sys.path.insert(0, sys.argv[2])
from archive import open_writer
from tests.archive.pages import article, page, visit
with open_writer(sys.argv[1], warc_size=int(sys.argv[3])) as archive:
    for n in itertools.count():
        url = f"https://{os.getpid()}.example/{n // 2}"
        [capture] = archive.append(page(b"x" * 300 + b"%d" % (n // 2), url=url))
        told = visit(capture.record_id, url=url, article=url)
        archive.keep(article(url, url=url), told, verdict="new", after=None)
        archive.note(told)
        if n % 20 == 19:
            archive.journal()
        print(n, flush=True)
"""


def counted(root: Path) -> tuple[list[Damage], Counts]:
    counts = Counts()
    with open_archive(root) as reader:
        return list(verify(reader, counts)), counts


def wrote(archive: Writer, n: int, chance: random.Random) -> None:
    """One of the things that a line writes."""
    url = f"https://harbour-post.example/{chance.randint(0, n // 3)}"
    body = chance.choice([b"", b"\r\n\r\n", bytes(range(256)) * 3, f"<p>{n}</p>".encode(), b"\x1f\x8b\x08 torn"])
    at = later(n)
    match chance.randint(0, 7):
        case 0:
            moved = exchange(b"", url=url, status="301 Moved", headers=b"Location: /b\r\n", at=at)
            archive.append(Page(exchanges=(moved, exchange(body, url=f"{url}/b", at=at))))
        case 1:
            archive.append(not_modified(url, at=at))
        case 2:
            archive.append(page(body, url=url, at=at, truncated="length"), notes=(("visit", f"urn:uuid:{n}"),))
        case 3:
            archive.note(visit(url=url, at=at, reason="dns"))
        case 4:
            archive.append(
                page(body, url=url, at=at, headers=b"X-Odd:  \xe4 \xff\r\nSet-Cookie: a\r\n", status="404 Gone")
            )
        case 5:
            archive.remember(Site(site="harbour-post.example", number=n, learned_at=at, memory={"n": [n, None]}))
        case _:
            _kept(archive, url, body, n)


def _kept(archive: Writer, url: str, body: bytes, n: int) -> None:
    [capture] = archive.append(page(body, url=url, at=later(n), headers=b'Content-Type: text/html\r\nETag: "1"\r\n'))
    with archive.reading() as reading:
        latest = reading.latest(url)
    told = visit(capture.record_id, url=url, article=url, at=later(n))
    text = article(f"Text {n % 5}.", "Łódź, 北京, עברית.", url=url)
    kept = archive.keep(text, told, verdict="revised" if latest else "new", after=latest.record_id if latest else None)
    assert kept
    if n % 9 == 0:
        archive.rule([Ruling(revision=kept.record_id, ruled_at=later(n), reason="reextract", verdict="facts")])


def sound_records(root: Path, count: int, seed: int) -> None:
    """So many records of all types, by two writers with several files each; none of them raises an alarm."""
    chance = random.Random(seed)  # noqa: S311
    with open_writer(root, warc_size=200_000) as one, open_writer(root, warc_size=200_000) as two:
        n = 0
        while sum(file.records for file in (one._file, two._file) if file) + _closed(root) < count:
            n += 1
            wrote(chance.choice([one, two]), n, chance)
    damages, counts = counted(root)
    assert damages == []
    assert counts.records >= count


def _closed(root: Path) -> int:
    with open_archive(root) as reader, reader.reading() as reading:
        closed = sum(1 for _, sha256 in reading.warc_files().values() if sha256)
    return closed * 250  # about as many as 200 kB hold; the count that is asserted is verify's own


def test_five_hundred_sound_records_raise_no_alarm(tmp_path):
    sound_records(tmp_path / "a", 500, 1)


@pytest.mark.torture
def test_ten_thousand_sound_records_raise_no_alarm(tmp_path):
    sound_records(tmp_path / "a", 10_000, 2)


# With 1 byte every append and every keep closes the file before it and begins another.
@pytest.mark.parametrize("warc_size", [20_000, 1])
def test_a_daemon_that_writes_meanwhile_raises_no_alarm(tmp_path, warc_size):
    root = tmp_path / "a"
    command = [sys.executable, "-c", WRITE_FOR_EVER, str(root), str(HOUSE), str(warc_size)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        try:
            seen = set()
            for _ in range(6):
                for _ in range(8):
                    assert writer.stdout.readline()
                damages, counts = counted(root)
                assert damages == []
                seen.add(counts.warcs)
        finally:
            writer.kill()
    assert len(seen) > 1, "no file was closed meanwhile"


@contextmanager
def as_it_is_opened(path: Path, act: Callable[[], object]) -> Iterator[None]:
    """A block in which `act` is done right before that file is opened, the first time."""
    acts = [act]

    def hear(event: str, given: tuple[object, ...]) -> None:
        if acts and event == "open" and str(given[0]) == str(path):
            acts.pop()()

    sys.addaudithook(hear)  # for good, but it does nothing once `acts` is empty
    yield
    assert acts == [], "nobody opened it"


def test_a_file_that_gets_its_final_name_as_it_is_read_raises_no_alarm(archive):
    warc = kept(archive).warc
    with open_archive(archive.root) as reader, reader.reading() as reading:
        length, sha256 = reading.warc_files()[warc]
        expected = Expected(warc=warc, length=length, sha256=sha256)
        with as_it_is_opened(archive.warc_path(warc), archive.close_warc):
            looked = look_at(reader, reading, expected)
    assert (looked.damages, looked.counts.records) == ([], 5)


DIE_BEFORE_THE_COMMIT = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from archive import open_writer, texts
from tests.archive.pages import kept
def write_and_die(*given):
    write_each(*given)
    if given[1]:
        os.kill(os.getpid(), signal.SIGKILL)
write_each, texts.write_each = texts.write_each, write_and_die
kept(open_writer(sys.argv[1]))
"""


def test_a_text_whose_writer_died_before_its_row_was_there_is_no_stranger(tmp_path):
    root = tmp_path / "a"
    died = subprocess.run([sys.executable, "-c", DIE_BEFORE_THE_COMMIT, str(root), str(HOUSE)], check=False, timeout=60)
    assert died.returncode == -signal.SIGKILL
    assert len(list(root.rglob("*.txt"))) == 1
    assert counted(root)[0] == []
    open_writer(root).close()
    damages, counts = counted(root)
    assert (damages, counts.texts) == ([], 1)


def test_a_stranger_is_named_at_once_though_somebody_writes(archive):
    kept(archive)
    [text] = archive.root.rglob("*.txt")
    text.with_name("900_0123456789abcdef.txt").write_text("Nobody wrote this.\n")
    assert [damage.kind for damage in counted(archive.root)[0]] == ["stranger"]
