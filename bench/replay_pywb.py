"""pywb replays what pressmark kept: every line of the index that `pressmark export` writes, status and body.

    python bench/replay_pywb.py --run [--archive DIR | --demo] [--venv DIR] [--look]

It installs pywb from the package index into a virtual environment of its own, so it runs only when asked.  Without
--archive it keeps the pages of bench/real_pages.py first, with --demo three editions of the sample newspaper; --venv
names an environment to reuse; --look leaves pywb up until Enter, to look at the pages in a browser.

pywb gets two collections and makes no index of its own: `cdxj` is the archive's WARC files with `export -o index.cdxj`,
`wacz` what `export -o news.wacz` unpacks to.

How to read it: `lines` are captures in the index by kind; each is asked for by its timestamp and URL as raw replay
(`id_`).  `status`: it had the archived status; `body`: its bytes are the archived ones, as they were sent (of a
revisit: those of the capture it refers to); `moment`: it was this very capture, by Memento-Datetime.  All four are
equal, or the exit code is 1.
"""

import argparse
import gzip
import http.client
import json
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from zipfile import ZipFile

sys.path[0] = str(Path(__file__).parents[1])  # not this folder: archive.py in it is no package of ours

from fastwarc.warc import ArchiveIterator, WarcRecordType

from archive import open_archive
from archive.export import export
from scraper.demo import SITES, Press

HERE = Path(__file__).resolve().parent
PYWB = ("pywb==2.10.*", "setuptools<81")  # it imports pkg_resources
START = 60.0  # seconds pywb may take until it listens
HOW = "replay in pywb: skipped, for it installs pywb; `python bench/replay_pywb.py --run` does it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One line of the index, and what the archive holds for it."""

    collection: str  # "cdxj" or "wacz"
    url: str
    at: str  # YYYYMMDDhhmmss, UTC
    kind: str  # "response" or "revisit"
    status: int
    body: bytes  # as it was sent, content coding kept


def main() -> int:
    """The exit code."""
    said = _said()
    if not said.run:
        print(HOW)
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        archive = said.archive or _made(Path(scratch) / "archive", demo=said.demo)
        bin_folder, home = _pywb_in(said.venv or Path(scratch) / "venv"), Path(scratch) / "pywb"
        collections = _collections(archive.resolve(), bin_folder, home)
        with wayback(bin_folder, home) as port:
            found = [(each, replayed(port, each)) for name in collections for each in indexed(home, name)]
            if said.look:
                print(f"pywb stands at http://127.0.0.1:{port}/cdxj/ until you press Enter")
                for each, _ in found:
                    print(f"    http://127.0.0.1:{port}/{each.collection}/{each.at}/{each.url}")
                input()
    return _print_table(found)


def _said() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", action="store_true", help="do it")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--archive", type=Path, help="an archive at rest; without it one is made of real pages")
    where.add_argument("--demo", action="store_true", help="make one of the sample newspaper instead")
    parser.add_argument("--venv", type=Path, help="folder of the virtual environment; made when it is not there")
    parser.add_argument("--look", action="store_true", help="leave pywb up until Enter")
    return parser.parse_args()


def _made(archive: Path, *, demo: bool) -> Path:
    return _archive_of_the_newspaper(archive) if demo else _archive_of_real_pages(archive)


def _archive_of_the_newspaper(archive: Path) -> Path:
    """Three editions, all links asked for again in each, so that there are revisits."""
    papers = [{"name": each.name, "feeds": each.feeds, "fronts": [each.front]} for each in SITES]
    settings = {"contact": "bench@example.org", "sources": {"list": papers, "max_age": None}}
    config = archive.with_name("newspaper.yaml")
    config.write_text(json.dumps(settings))  # YAML holds JSON
    pressmark = [sys.executable, "-m", "scraper", "--config", config, "--archive", archive, "--quiet"]
    with Press() as press:
        pins = [flag for pin in press.pins for flag in ("--connect-to", pin)]
        for press.edition in (1, 1, 2, 3):
            command = [*pressmark, "fetch", "--again", "--delay", "0", *pins]
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    return archive


def _archive_of_real_pages(archive: Path) -> Path:
    made = subprocess.run([sys.executable, HERE / "real_pages.py", "--archive", archive], check=False)
    if made.returncode or not archive.exists():
        sys.exit("replay in pywb: real_pages.py made no sound archive; name one with --archive")
    return archive


# ── what pywb gets, and what it must give back ───────────────────────────────────────────────────────────────────────


def _collections(archive: Path, bin_folder: Path, home: Path) -> tuple[str, str]:
    """The collections `cdxj` and `wacz` of pywb, with our indexes in the place of its own."""
    home.mkdir()
    for name in ("cdxj", "wacz"):
        subprocess.run([bin_folder / "wb-manager", "init", name], check=True, cwd=home, capture_output=True)
    cdxj, package = (home / "collections" / name for name in ("cdxj", "wacz"))
    for warc in archive.rglob("*.warc.gz"):
        (cdxj / "archive" / warc.name).symlink_to(warc)
    with open_archive(archive) as opened:
        export(opened, cdxj / "indexes" / "index.cdxj")
        export(opened, home / "news.wacz")
    with ZipFile(home / "news.wacz") as packed:
        packed.extractall(package, [name for name in packed.namelist() if name.startswith("archive/")])
        (package / "indexes" / "index.cdxj").write_bytes(gzip.decompress(packed.read("indexes/index.cdx.gz")))
    return "cdxj", "wacz"


def indexed(home: Path, collection: str) -> Iterator[Kept]:
    """What the archive holds for every line of the collection's index."""
    folder = home / "collections" / collection
    responses = {identity: held for warc in (folder / "archive").iterdir() for identity, held in _responses(warc)}
    for line in (folder / "indexes" / "index.cdxj").read_text().splitlines():
        _, at, written = line.split(" ", 2)
        fields = json.loads(written)
        kind, holder = _record_at(folder / "archive" / fields["filename"], int(fields["offset"]))
        status, body = responses[holder]
        yield Kept(collection=collection, url=fields["url"], at=at, kind=kind, status=status, body=body)


def _responses(warc: Path) -> Iterator[tuple[tuple[str, str], tuple[int, bytes]]]:
    """(URL, date) of each response record, and its status and body."""
    with warc.open("rb") as file:
        for record in ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=False):
            head, _, body = record.reader.read().partition(b"\r\n\r\n")
            identity = record.headers["WARC-Target-URI"], record.headers["WARC-Date"]
            yield identity, (int(head.split(maxsplit=2)[1]), body)


def _record_at(warc: Path, offset: int) -> tuple[str, tuple[str, str]]:
    """Type of the record there, and (URL, date) of the response that holds its body."""
    with warc.open("rb") as file:
        file.seek(offset)
        record = next(iter(ArchiveIterator(file, parse_http=False)))
        kind = record.headers["WARC-Type"]
        refers = "WARC-Refers-To-Target-URI", "WARC-Refers-To-Date"
        url, date = refers if kind == "revisit" else ("WARC-Target-URI", "WARC-Date")
        return kind, (record.headers[url], record.headers[date])


# ── pywb ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _pywb_in(folder: Path) -> Path:
    """The environment's bin, with pywb in it."""
    if not (folder / "bin" / "wayback").exists():
        print("installing pywb into an environment of its own", file=sys.stderr)
        venv.create(folder, with_pip=True)
        pip = (folder / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check", "install")
        subprocess.run([*pip, *PYWB], check=True)
    return folder.resolve() / "bin"


@contextmanager
def wayback(bin_folder: Path, home: Path) -> Iterator[int]:
    """pywb with the collections of that folder: the port of loopback where it listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    with (home / "log").open("wb") as log:
        command = [str(bin_folder / "wayback"), "--bind", "127.0.0.1", "--port", str(port)]
        with subprocess.Popen(command, cwd=home, stdout=log, stderr=log) as child:
            try:
                _await(child, port)
                yield port
            finally:
                child.terminate()


def _await(child: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + START
    while time.monotonic() < until and child.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit("replay in pywb: it did not start")


def replayed(port: int, kept: Kept) -> tuple[bool, bool, bool]:
    """Whether status, body and moment of the raw replay are the archived ones."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", f"/{kept.collection}/{kept.at}id_/{kept.url}", headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        body, moment = answer.read(), answer.getheader("Memento-Datetime")
    finally:
        connection.close()
    at = datetime.strptime(kept.at, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    same_moment = moment is not None and parsedate_to_datetime(moment) == at
    return answer.status == kept.status, body == kept.body, same_moment


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _print_table(found: Sequence[tuple[Kept, tuple[bool, bool, bool]]]) -> int:
    print(f"\n== replay in pywb, {len(found)} lines of our indexes")
    print(f"{'index':8}{'kind':12}{'lines':>8}{'status':>8}{'body':>8}{'moment':>8}")
    lines = Counter((kept.collection, kept.kind) for kept, _ in found)
    for (collection, kind), count in sorted(lines.items()):
        sames = [same for kept, same in found if (kept.collection, kept.kind) == (collection, kind)]
        columns = zip(*sames, strict=True)
        print(f"{collection:8}{kind:12}{count:8}" + "".join(f"{sum(column):8}" for column in columns))
    faulty = [(kept, same) for kept, same in found if not all(same)]
    for kept, same in faulty:
        lost = [name for name, is_same in zip(("status", "body", "moment"), same, strict=True) if not is_same]
        print(f"    not as archived: {', '.join(lost)} of {kept.collection} {kept.at} {kept.url}")
    return 1 if faulty or not found else 0


if __name__ == "__main__":
    sys.exit(main())
