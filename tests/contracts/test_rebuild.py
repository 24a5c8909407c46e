"""The WARC files are the archive, in each database: what they hold comes back, row for row and byte for byte."""

import random
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree

import pytest
import sqlalchemy as sa

from archive import Writer, open_archive, open_writer
from archive.databases import open_sqlite, open_url
from archive.errors import NoCatalog
from archive.rebuild import index_files, rebuild, warc_files
from archive.records import Outcome, Redaction, Ruling
from archive.redact import cover_text, redact
from archive.store import open_alone
from archive.verify import Counts, verify
from tests.archive.chronicle import Chronicle, kinds
from tests.archive.foreign_files import STRIKE, body, day, imported, response, written
from tests.archive.pages import HOUSE, kept, page

EVERY_TABLE = {"captures", "visits", "revisions", "texts", "aliases", "rulings", "redactions", "sites", "warcs"}
KILLED = "from tests.archive.chronicle import main; main()"


def chronicle(root: Path, url: str | None, captures: int) -> None:
    """Two writers at once, two that are killed one after another; two texts taken out, one of them ruled on."""
    part = captures // 4
    with open_writer(root, catalog=url) as one, open_writer(root, catalog=url) as two:
        Chronicle(one, "one").write(part)
        Chronicle(two, "two").write(part)
    for seed in ("three", "four"):
        arguments = [str(root), url or "", seed, str(part)]
        killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], cwd=HOUSE, check=False)
        assert killed.returncode == -signal.SIGKILL
    with open_alone(root, catalog=url) as archive:
        for n in range(2):
            revision = kept(archive, f"To be taken out: {n}.", url=f"https://private.example/{n}")
            archive.journal()
            if n:
                now = datetime.now(UTC)
                archive.rule([Ruling(revision=revision.record_id, ruled_at=now, reason="import", verdict="revised")])
            archive.close_warc()
            take_out(archive, revision.record_id)


def take_out(archive: Writer, record_id: str) -> None:
    with archive.reading() as reading:
        cover = cover_text(reading, record_id, key=str)
    redact(archive, cover, reason="court order", now=datetime.now(UTC))


def rows(root: Path, url: str | None) -> list[str]:
    with open_archive(root, catalog=url) as reader:
        return list(reader.dump())


def files(root: Path) -> dict[str, bytes]:
    """Every text file and sidecar; drafts of one that was killed are nobody's."""
    there = (path for path in (root / "text").rglob("[!.]*.*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in there}


def forget(root: Path, url: str | None) -> None:
    """Lose the catalog, the frontier and every text."""
    rmtree(root / "text")
    for path in [*root.glob("catalog.sqlite*"), *root.glob("frontier.sqlite*")]:
        path.unlink()
    if url:
        empty(url)


def empty(url: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()


def comes_back(root: Path, url: str | None, captures: int) -> None:
    chronicle(root, url, captures)
    before = rows(root, url), files(root)
    counted = kinds(before[0])
    assert counted.keys() >= EVERY_TABLE
    assert counted["captures"] >= captures * 9 // 10
    forget(root, url)
    began = time.perf_counter()
    made = rebuild(root, catalog=url)
    seconds = time.perf_counter() - began
    print(f"\n{counted['captures']} captures, {sum(counted.values())} rows, {made.texts} texts: {seconds:.1f} s,"
          f" {counted['captures'] / seconds:.0f} captures/s")  # fmt: skip
    assert made.damages == []
    after = rows(root, url), files(root)
    assert set(after[0]) ^ set(before[0]) == set()
    assert after == before
    assert damages(root, url) == []


def damages(root: Path, url: str | None) -> list[str]:
    with open_archive(root, catalog=url) as reader:
        return [f"{each.file}: {each.what}" for each in verify(reader, Counts())]


def test_everything_comes_back_from_the_warc_files_alone(tmp_path, catalog_url):
    comes_back(tmp_path / "a", catalog_url, 300)


@pytest.mark.torture
def test_five_thousand_captures_come_back_from_the_warc_files_alone(tmp_path, catalog_url):
    comes_back(tmp_path / "a", catalog_url, 5600)


def test_the_order_of_the_files_makes_no_difference(tmp_path):
    root = tmp_path / "a"
    chronicle(root, None, 120)
    assert len(warc_files(root)) > 5
    comes_back_in_any_order(root)


def comes_back_in_any_order(root: Path) -> None:
    before, paths = rows(root, None), warc_files(root)
    chance = random.Random(3)  # noqa: S311
    catalog = open_sqlite(root.with_name("shuffled.sqlite"), write=True)
    for _ in range(12):
        chance.shuffle(paths)
        with catalog.writing() as writing:
            writing.clear()
            same = nullcontext(writing)
            index_files(root, paths, lambda same=same: same)  # type: ignore[misc]
        with catalog.reading() as reading:
            assert set(reading.dump()) ^ set(before) == set()
    catalog.close()


def overtaken(root: Path) -> None:
    """An archive in which a text that was new is a revision since: an earlier one was imported after it."""
    late = written(root.with_name("late.warc"), response(body("Over."), at=day(2)))
    early = written(root.with_name("early.warc"), response(body("On."), at=day(0)))
    with open_writer(root) as archive:
        imported(archive, late)
        archive.journal()
        archive.close_warc()  # what its visit came to then stands in a file that nobody writes any more
        imported(archive, early)


def outcomes(root: Path) -> list[Outcome]:
    """What the visits came to, oldest first."""
    with open_archive(root) as reader, reader.reading() as reading:
        return [each.outcome for each in reading.visits_since(day(-1))]


def test_what_a_visit_came_to_by_a_ruling_is_no_damage_and_comes_back(tmp_path):
    overtaken(tmp_path / "a")
    assert outcomes(tmp_path / "a") == ["new", "revised"]
    assert damages(tmp_path / "a", None) == []
    comes_back_in_any_order(tmp_path / "a")


@pytest.mark.parametrize("which", [0, 1])
def test_it_stays_what_it_came_to_when_the_text_is_taken_out(tmp_path, which):
    root = tmp_path / "a"
    overtaken(root)
    with open_alone(root) as archive:
        with archive.reading() as reading:
            gone = reading.revisions_of(STRIKE)[which]
        take_out(archive, gone.record_id)
    assert outcomes(root) == ["new", "revised"]
    assert damages(root, None) == []
    comes_back_in_any_order(root)


def test_what_was_redacted_stays_out_in_any_order_also_before_it_is_taken_out(tmp_path):
    with open_writer(tmp_path / "a") as archive:
        gone = kept(archive)
        archive.close_warc()
        said = Redaction(
            record_id=gone.record_id, redacted_at=datetime.now(UTC), reason="court order", url=gone.article,
            captured_at=gone.captured_at, warc=gone.warc, offset=gone.offset, sha256=gone.sha256,
            text_file=gone.text_file, closed=True,
        )  # fmt: skip
        archive.redact([said])
    comes_back_in_any_order(tmp_path / "a")


def test_the_next_text_gets_the_next_free_number(tmp_path, catalog_url):
    with open_writer(tmp_path / "a", catalog=catalog_url) as archive:
        names = [kept(archive, f"{n}.", url=f"https://harbour-post.example/{n}").pressmark[:4] for n in range(3)]
    forget(tmp_path / "a", catalog_url)
    rebuild(tmp_path / "a", catalog=catalog_url)
    with open_writer(tmp_path / "a", catalog=catalog_url) as archive:
        names.append(kept(archive, "After.", url="https://harbour-post.example/after").pressmark[:4])
    assert names == ["000_", "001_", "002_", "003_"]


@pytest.mark.parametrize("write", [True, False])
def test_a_database_without_the_catalog_of_what_was_kept_is_not_begun_anew(tmp_path, catalog_url, write):
    with open_writer(tmp_path / "a", catalog=catalog_url) as archive:
        archive.append(page())
    forget_catalog = tmp_path / "a" / "catalog.sqlite"
    if catalog_url:
        empty(catalog_url)
    else:
        forget_catalog.unlink()
    with pytest.raises(NoCatalog, match="`pressmark rebuild` makes it anew"):
        open_archive(tmp_path / "a", write=write, catalog=catalog_url)
    rebuild(tmp_path / "a", catalog=catalog_url)
    open_archive(tmp_path / "a", write=write, catalog=catalog_url).close()


def test_a_catalog_without_rows_is_not_taken_for_that_of_what_was_kept(tmp_path, catalog_url):
    with open_writer(tmp_path / "a", catalog=catalog_url) as archive:
        archive.append(page())
    path = tmp_path / "a" / "catalog.sqlite"
    opened = open_url(catalog_url, write=True) if catalog_url else open_sqlite(path, write=True)
    with opened.writing() as writing:
        writing.clear()
    opened.close()
    with pytest.raises(NoCatalog, match="knows none of its WARC files"):
        open_writer(tmp_path / "a", catalog=catalog_url)


REBUILD = """
import sys
from pathlib import Path
from archive.rebuild import rebuild
rebuild(Path(sys.argv[1]), catalog=sys.argv[2] or None)
"""


def test_one_that_is_killed_leaves_the_old_catalog_or_the_new_one(tmp_path, catalog_url):
    root = tmp_path / "a"
    with open_writer(root, catalog=catalog_url) as archive:
        for n in range(150):
            kept(archive, f"{n}.", url=f"https://harbour-post.example/{n}")
    before = rows(root, catalog_url), files(root)
    chance, killed = random.Random(5), 0  # noqa: S311
    for path in sorted((root / "text").rglob("*.txt"))[::3]:
        path.unlink()
    for _ in range(8):
        process = subprocess.Popen([sys.executable, "-c", REBUILD, str(root), catalog_url or ""], cwd=HOUSE)
        try:
            process.wait(timeout=0.3 + chance.random())
        except subprocess.TimeoutExpired:
            process.kill()
            killed += 1
        process.wait()
        assert rows(root, catalog_url) == before[0]
    assert killed
    rebuild(root, catalog=catalog_url)
    assert (rows(root, catalog_url), files(root)) == before
