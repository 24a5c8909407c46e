"""Speed of the archive: appending beside warcio's writer, acknowledged captures a second, verify beside `warcio check`.

    python bench/archive.py [--only append,group,verify] [--rounds 5] [--scratch DIR]

The pages are made here: 600 of about 80 kB, words of a vocabulary of their own in the markup of a news page, with menus
that are the same on every page.  They pack to about a third, as news pages do that carry few scripts.

It fails (exit code 1) only where what was written is not whole.  Times are for reading.
"""

import argparse
import contextlib
import gzip
import io
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])  # not this folder: archive.py in it is no package of ours

from warcio.checker import Checker
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive import open_archive, open_writer
from archive.records import Exchange, Page
from archive.verify import Counts, verify
from archive.verify.crew import cores
from archive.warc import WarcFile, capture_group

PAGES, SIZE = 600, 80_000  # bytes of one page, nearly
GROUPS = (1, 32)
CAPTURES = 640
FILES = 8

_NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
_REQUEST = b"GET / HTTP/1.1\r\nHost: bench.example\r\nUser-Agent: bench\r\nAccept-Encoding: gzip\r\n\r\n"
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nServer: bench\r\nContent-Length: %d\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Took:
    """What some work took, in seconds."""

    wall: float
    cpu: float  # of this process


def main() -> int:
    """The exit code."""
    said = _said()
    tables: dict[str, Callable[[Path, int], bool]] = {"append": append, "group": group, "verify": check}
    print(f"load average {os.getloadavg()[0]:.1f} (others at work here bend the figures)\n")
    sound = True
    for name in said.only.split(",") if said.only else tables:
        with tempfile.TemporaryDirectory(dir=said.scratch) as scratch:
            sound &= tables[name](Path(scratch), said.rounds)
    return 0 if sound else 1


def _said() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="these tables, with commas between: append, group, verify")
    parser.add_argument("--rounds", type=int, default=5, help="of each pair; the median is what counts")
    parser.add_argument("--scratch", type=Path, help="a folder for the archives, on the disk that is to be measured")
    return parser.parse_args()


def pages(count: int) -> list[Exchange]:
    """Pages of a newspaper that does not exist; the same ones every time."""
    chance = random.Random(7)  # noqa: S311
    letters = "eeeaaiiootnnssrrhldcumfpgwybvk"
    words = ["".join(chance.choices(letters, k=chance.randint(2, 11))) for _ in range(8000)]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    menu = "".join(f'<li class="nav__entry"><a href="/{word}/">{word.title()}</a></li>' for word in words[:150])
    return [_exchange(number, _html(number, menu, chance.choices(words, weights, k=7_800))) for number in range(count)]


def _html(number: int, menu: str, words: Sequence[str]) -> bytes:
    told = [" ".join(words[at : at + 60]).capitalize() for at in range(0, len(words), 60)]
    story = "".join(f'<p class="story__text" data-id="{number}-{at}">{each}.</p>\n' for at, each in enumerate(told))
    head = f"<!doctype html><html lang=en><head><title>Story {number}</title></head><body><nav>{menu}</nav>"
    return f"{head}<article>{story}</article><footer>{menu}</footer></body></html>".encode()


def _exchange(number: int, body: bytes) -> Exchange:
    return Exchange(
        url=f"https://bench.example/2026/11/20/story-{number}.html",
        started_at=_NOON + timedelta(seconds=number),
        seconds=0.2,
        request_head=_REQUEST,
        response_head=_HEAD % len(body),
        body=body,
        ip="192.0.2.7",
    )


def took(work: Callable[..., object], *arguments: object) -> Took:
    """What the work takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    work(*arguments)
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


# ── appending ────────────────────────────────────────────────────────────────────────────────────────────────────────


def append(scratch: Path, rounds: int) -> bool:
    """Prints how fast records are written beside warcio's writer; nobody waits for the disk."""
    made = pages(PAGES)
    size = sum(len(each.body) for each in made)
    print(f"== append: {PAGES} pages of {size / PAGES / 1000:.0f} kB, without fdatasync")
    print("round      warcio    pressmark   ratio of CPU   ratio of wall   packed to: warcio  pressmark")
    ratios = []
    for number in range(1, rounds + 1):
        folder = scratch / str(number)
        folder.mkdir()
        theirs = took(_by_warcio, folder / "warcio.warc.gz", made)
        ours = took(_by_us, folder, made)
        ratios.append(theirs.cpu / ours.cpu)
        packed = [sum(file.stat().st_size for file in folder.glob(f)) / size for f in ("*.warc.gz", "warc/**/*.open")]
        print(
            f"{number:5}{size / theirs.cpu / 1e6:7.1f} MB/s{size / ours.cpu / 1e6:8.1f} MB/s{ratios[-1]:14.2f}"
            f"{theirs.wall / ours.wall:16.2f}{packed[0]:25.1%}{packed[1]:11.1%}"
        )
    print(f"median ratio {statistics.median(ratios):.2f}: processor seconds of warcio's WARCWriter for response and")
    print("request, by ours for response, request and metadata, with the SHA-256 that warcio does not make.  MB are of")
    print("HTML as it came, by processor seconds.  At least 3.\n")
    return True


def _by_warcio(path: Path, made: Sequence[Exchange]) -> None:
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True, warc_version="1.1")
        for each in made:
            head = [tuple(line.split(": ", 1)) for line in each.response_head.decode().split("\r\n")[1:-2]]
            asked = [tuple(line.split(": ", 1)) for line in each.request_head.decode().split("\r\n")[1:-2]]
            response = writer.create_warc_record(
                each.url, "response", payload=io.BytesIO(each.body), length=len(each.body),
                http_headers=StatusAndHeaders("200 OK", head, protocol="HTTP/1.1"),
            )  # fmt: skip
            request = writer.create_warc_record(
                each.url, "request", http_headers=StatusAndHeaders("GET / HTTP/1.1", asked, is_http_request=True)
            )
            writer.write_request_response_pair(request, response)


def _by_us(folder: Path, made: Sequence[Exchange]) -> None:
    file = WarcFile(folder, now=_NOON, software="bench")
    for each in made:
        file.write(capture_group(each, original=None, hop_from=None))


# ── acknowledged captures ────────────────────────────────────────────────────────────────────────────────────────────


def group(scratch: Path, rounds: int) -> bool:
    """Prints how many captures a second are on the medium and in the catalog, one by one and in groups."""
    made = pages(CAPTURES)
    print(f"== acknowledged: {CAPTURES} captures, each group waited for (fdatasync, then the catalog's commit)")
    print("group of     captures/s      CPU a capture   (median of the rounds; fdatasync alone: see below)")
    for together in GROUPS:
        taken = [_acknowledged(scratch / f"{together}-{number}", made, together) for number in range(rounds)]
        wall = statistics.median(each.wall for each in taken)
        cpu = statistics.median(each.cpu for each in taken)
        print(f"{together:8}{CAPTURES / wall:15.0f}{cpu / CAPTURES * 1000:16.2f} ms")
    print(f"One fdatasync after a write of 25 kB takes {_fdatasync(scratch) * 1000:.2f} ms here, the median of 100.")
    print("Wall time, on the disk of --scratch; a disk that does not wait for its medium makes both rows alike.\n")
    return True


def _acknowledged(folder: Path, made: Sequence[Exchange], together: int) -> Took:
    with open_writer(folder) as archive:
        archive.append(Page(exchanges=(_exchange(-1, b"the file is begun"),)))

        def work() -> None:
            for at in range(0, len(made), together):
                with archive.together():
                    for each in made[at : at + together]:
                        archive.append(Page(exchanges=(each,)))

        return took(work)


def _fdatasync(scratch: Path) -> float:
    """Seconds that the disk takes to say that 25 kB are on its medium."""
    taken = []
    with (scratch / "probe").open("ab", buffering=0) as file:
        for _ in range(100):
            file.write(os.urandom(25_000))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - began)
    return statistics.median(taken)


# ── verify ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def check(scratch: Path, rounds: int) -> bool:
    """Prints how fast archives are verified beside `warcio check`; whether both found them whole."""
    made = pages(PAGES)
    sound = True
    for name, each_as in (("as it is", list(made)), ("with Content-Encoding: gzip, as servers send it", _packed(made))):
        root = scratch / f"archive-{len(name)}"
        _fill(root, each_as)
        size = FILES * sum(len(each.body) for each in made)
        print(f"== verify: {FILES * PAGES} captures in {FILES} WARC files, {size / 1e6:.0f} MB of HTML {name}")
        sound &= _checked_by_both(root, rounds)
    print(f"Wall time: warcio has one process, verify one a core ({cores()} here). Processor seconds: verify in one")
    print("process alone, as with --jobs 1. Imports are not counted but in round 1, where its processes are begun.")
    print("verify makes four digests of each byte where warcio makes two, and also compares catalog and texts.\n")
    return sound


def _packed(made: Sequence[Exchange]) -> list[Exchange]:
    packed = [(each, gzip.compress(each.body, 6, mtime=0)) for each in made]
    head = _HEAD.replace(b"Server:", b"Content-Encoding: gzip\r\nServer:")
    return [replace(each, body=body, response_head=head % len(body)) for each, body in packed]


def _fill(root: Path, made: Sequence[Exchange]) -> None:
    """An archive as a writer leaves it that ended now and then; the pages of each file have URLs of their own."""
    for number in range(FILES):
        with open_writer(root) as archive, archive.together():
            for each in made:
                # Other bytes, else all files but the first held revisits.
                body = each.body + b"%d" % number
                archive.append(Page(exchanges=(replace(each, url=f"{each.url}?{number}", body=body),)))


def _checked_by_both(root: Path, rounds: int) -> bool:
    warcs = [str(path) for path in sorted(root.rglob("*.warc.gz"))]
    print("round   warcio check: wall     CPU   verify: wall     CPU   ratio of wall   ratio of CPU   damages")
    walls, damaged = [], 0
    for number in range(1, rounds + 1):
        found: list[object] = []
        theirs = took(_warcio_check, warcs, found)
        ours, alone = took(_verify, root, found, cores()), took(_verify, root, found, 1)
        walls.append((theirs.wall / ours.wall, theirs.cpu / alone.cpu))
        damaged += len(found)
        print(
            f"{number:5}{theirs.wall:19.2f} s{theirs.cpu:6.2f} s{ours.wall:13.2f} s{alone.cpu:6.2f} s"
            f"{walls[-1][0]:16.2f}{walls[-1][1]:15.2f}{len(found):10}"
        )
    wall, cpu = (statistics.median(each) for each in zip(*walls, strict=True))
    print(f"median ratio {wall:.2f} of wall time (at least 3), {cpu:.2f} of processor time")
    return not damaged


@dataclass(frozen=True, slots=True)
class _Checked:
    """What `warcio check` was asked."""

    inputs: list[str]
    verbose: bool = False


def _warcio_check(warcs: list[str], found: list[object]) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        found += ["warcio"] * Checker(_Checked(warcs)).process_all()


def _verify(root: Path, found: list[object], jobs: int) -> None:
    with open_archive(root) as archive:
        found += verify(archive, Counts(), jobs=jobs)


if __name__ == "__main__":
    sys.exit(main())
