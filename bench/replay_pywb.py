"""pywb replays what pressmark kept: every line of the archive's CDXJ index, status and body.

    python bench/replay_pywb.py --run [--archive DIR] [--venv DIR] [--look]

It installs pywb from the package index into a virtual environment of its own, so it runs only when asked.  Without
--archive it keeps the pages of bench/real_pages.py first; --venv names an environment to reuse; --look leaves pywb up
until Enter, to look at the pages in a browser.

How to read it: `lines` are captures in the index by kind; each is asked for by its timestamp and URL as raw replay
(`id_`).  `status`: it had the archived status; `body`: its bytes are the archived ones, as they were sent (of a
revisit: those of the capture it refers to); `moment`: it was this very capture, by Memento-Datetime.  All four are
equal, or the exit code is 1.
"""

import argparse
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

from fastwarc.warc import ArchiveIterator, WarcRecordType

HERE = Path(__file__).resolve().parent
PYWB = ("pywb==2.10.*", "setuptools<81")  # it imports pkg_resources
START = 60.0  # seconds pywb may take until it listens
HOW = "replay in pywb: skipped, for it installs pywb; `python bench/replay_pywb.py --run` does it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One line of the index, and what the archive holds for it."""

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
        archive = said.archive or _archive_of_real_pages(Path(scratch) / "archive")
        warcs = sorted(archive.resolve().rglob("*.warc.gz"))
        kept = list(indexed(warcs))
        with wayback(_pywb_in(said.venv or Path(scratch) / "venv"), warcs, Path(scratch)) as port:
            found = [(each, replayed(port, each)) for each in kept]
            if said.look:
                print(f"pywb stands at http://127.0.0.1:{port}/news/ until you press Enter")
                for each in kept:
                    print(f"    http://127.0.0.1:{port}/news/{each.at}/{each.url}")
                input()
    return _print_table(len(warcs), found)


def _said() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", action="store_true", help="do it")
    parser.add_argument("--archive", type=Path, help="an archive of pressmark; without it one is made of real pages")
    parser.add_argument("--venv", type=Path, help="folder of the virtual environment; made when it is not there")
    parser.add_argument("--look", action="store_true", help="leave pywb up until Enter")
    return parser.parse_args()


def _archive_of_real_pages(archive: Path) -> Path:
    made = subprocess.run([sys.executable, HERE / "real_pages.py", "--archive", archive], check=False)
    if made.returncode or not archive.exists():
        sys.exit("replay in pywb: real_pages.py made no sound archive; name one with --archive")
    return archive


# ── what the archive holds ───────────────────────────────────────────────────────────────────────────────────────────


def indexed(warcs: Sequence[Path]) -> Iterator[Kept]:
    """What the archive holds for every line of its index, which cdxj-indexer makes.

    Lines of pressmark's own records (urn:pressmark:visits:…) are no pages and are left out.
    """
    responses = {identity: held for warc in warcs for identity, held in _responses(warc)}
    indexer = Path(sys.executable).with_name("cdxj-indexer")
    index = subprocess.run([indexer, "--sort", *warcs], check=True, stdout=subprocess.PIPE, text=True).stdout
    by_name = {warc.name: warc for warc in warcs}
    for line in index.splitlines():
        _, at, written = line.split(" ", 2)
        fields = json.loads(written)
        if fields["url"].startswith("urn:pressmark:"):
            continue
        kind, holder = _record_at(by_name[Path(fields["filename"]).name], int(fields["offset"]))
        status, body = responses[holder]
        yield Kept(url=fields["url"], at=at, kind=kind, status=status, body=body)


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
def wayback(bin_folder: Path, warcs: Sequence[Path], scratch: Path) -> Iterator[int]:
    """pywb with these WARC files as its collection "news": the port of loopback where it listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    home = scratch / "pywb"
    home.mkdir()
    with (home / "log").open("wb") as log:
        for words in (["init", "news"], ["add", "news", *warcs]):
            subprocess.run([bin_folder / "wb-manager", *words], check=True, cwd=home, stdout=log, stderr=log)
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
        connection.request("GET", f"/news/{kept.at}id_/{kept.url}", headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        body, moment = answer.read(), answer.getheader("Memento-Datetime")
    finally:
        connection.close()
    at = datetime.strptime(kept.at, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    same_moment = moment is not None and parsedate_to_datetime(moment) == at
    return answer.status == kept.status, body == kept.body, same_moment


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _print_table(warcs: int, found: Sequence[tuple[Kept, tuple[bool, bool, bool]]]) -> int:
    print(f"\n== replay in pywb of {warcs} WARC files, {len(found)} captures")
    print(f"{'kind':12}{'lines':>8}{'status':>8}{'body':>8}{'moment':>8}")
    lines = Counter(kept.kind for kept, _ in found)
    for kind, count in sorted(lines.items()):
        columns = zip(*(same for kept, same in found if kept.kind == kind), strict=True)
        print(f"{kind:12}{count:8}" + "".join(f"{sum(column):8}" for column in columns))
    faulty = [(kept, same) for kept, same in found if not all(same)]
    for kept, same in faulty:
        lost = [name for name, is_same in zip(("status", "body", "moment"), same, strict=True) if not is_same]
        print(f"    not as archived: {', '.join(lost)} of {kept.at} {kept.url}")
    return 1 if faulty or not found else 0


if __name__ == "__main__":
    sys.exit(main())
