"""Speed and size of the line: what it costs beside bare extraction, at rest, and at its start.

    python bench/line.py [--only line,known,frontier,idle,start] [--rounds 3] [--scratch DIR]

The pages are those of fundus-eval and fundus-test (../shared/pages beside the project, or PRESSMARK_PAGES), each five
times, under two host names of its publisher, gzipped as the web sends them, of every other host in chunks; a process of
its own serves them on loopback, with a robots.txt and a feed for each host.  `pressmark` runs as a user runs it, one
process a round, and what is counted is the user and system time of it and of all its workers, the learning of sites
included, read when it has ended.

It fails (exit code 1) only where a page was lost: neither kept nor refused with a reason.  Times are for reading.
"""

import argparse
import asyncio
import gzip
import json
import multiprocessing
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])  # not this folder: archive.py in it is no package of ours

from archive import open_archive, open_writer
from archive.records import Visit
from scraper.config import read_config, watched
from scraper.frontier import Frontier
from scraper.urls import host

ROOT = Path(__file__).resolve().parent.parent
SETS = ("fundus-eval", "fundus-test")
COPIES = 5
KNOWN_COPIES = 20
SOURCES, LINKS = 10_000, 100_000
CHUNK = 16 * 1024  # bytes; what a proxy sends at a time

_PRESSMARK = (sys.executable, "-m", "scraper")
_COMMAND = Path(sys.executable).with_name("pressmark")
_ROBOTS = b"User-agent: *\nDisallow: /search\n"
_BUSY = "busy.example"  # the one source that the idle daemon polls before it rests
_SMALL = (
    "<html lang=en><head><title>Divers find chain</title></head><article><h1>Divers find chain</h1>"
    "<p>The harbour of Kelling closed for an hour on Friday while divers looked for a lost anchor chain.</p>"
    "<p>They found it twelve metres down, wound round the wreck of a barge that had sunk in the spring.</p>"
    "<p>It is forty metres long, bears the number {number}, and will be sold for the benefit of the lifeboat.</p>"
)

Web = Mapping[tuple[str, str], bytes]  # (host, path) → the whole response


@dataclass(frozen=True, slots=True)
class Printed:
    """One page of the data sets: who published it, and its body, gzipped."""

    publisher: str
    wire: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """One page of the run: its URL and its body as it is sent."""

    url: str
    wire: bytes


@dataclass(frozen=True, slots=True)
class Ran:
    """What one command took, all the processes it waited for included."""

    cpu: float  # seconds, user and system
    wall: float  # seconds
    code: int  # exit code


def main() -> int:
    """The exit code."""
    said = _said()
    tables: dict[str, Callable[[Path], bool]] = {
        "line": lambda scratch: line(scratch, rounds=said.rounds),
        "known": known,
        "frontier": frontier,
        "idle": idle,
        "start": start,
    }
    sound = True
    for name in said.only.split(",") if said.only else tables:
        with tempfile.TemporaryDirectory(dir=said.scratch) as scratch:
            sound &= tables[name](Path(scratch))
    return 0 if sound else 1


def _said() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="these tables, with commas between: line, known, frontier, idle, start")
    parser.add_argument("--rounds", type=int, default=3, help="of the line; each takes about half a minute")
    parser.add_argument("--scratch", type=Path, help="a folder for the archives, on the disk that is to be measured")
    return parser.parse_args()


# ── the web ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_pages(*sets: str) -> list[Printed]:
    """The pages of these data sets; none where one is not there."""
    folders = [Path(os.environ.get("PRESSMARK_PAGES") or ROOT.parent / "shared" / "pages") / each for each in sets]
    if not all((folder / "pages.jsonl").exists() for folder in folders):
        return []
    golds = [
        (each, json.loads(gold))
        for each in folders
        for gold in (each / "pages.jsonl").read_text("utf-8").split("\n")[:-1]
    ]
    return [Printed(gold["publisher"], (folder / gold["html"]).read_bytes()) for folder, gold in golds]


def spread(pages: Sequence[Printed]) -> list[Sent]:
    """Each page five times, under two hosts of its publisher; it comes again only after all the others."""
    numbers = {each.publisher: at for at, each in enumerate(pages)}
    numbered = enumerate((copy, each) for copy in range(COPIES) for each in pages)
    return [_sent(f"h{numbers[each.publisher]:03}-{copy % 2}.example", at, each) for at, (copy, each) in numbered]


def many_times(pages: Sequence[Printed]) -> tuple[list[Sent], list[Sent]]:
    """Each publisher's pages under one host: first each once, then many times."""
    numbers = {each.publisher: at for at, each in enumerate(pages)}
    numbered = enumerate(each for _ in range(1 + KNOWN_COPIES) for each in pages)
    sent = [_sent(f"p{numbers[each.publisher]:02}.example", at, each) for at, each in numbered]
    return sent[: len(pages)], sent[len(pages) :]


def _sent(host: str, number: int, page: Printed) -> Sent:
    return Sent(f"http://{host}/2026/11/20/story-number-{number}.html", page.wire)


def web_of(pages: Sequence[Sent], *, feed: str = "feed.xml") -> Web:
    """The whole responses: pages, and for each host its robots.txt and its feed, which has that name."""
    web: dict[tuple[str, str], bytes] = {}
    links: dict[str, list[str]] = {}
    for page in pages:
        links.setdefault(host(page.url), []).append(page.url)
    for at, (name, urls) in enumerate(links.items()):
        web[name, "/robots.txt"] = _response(_ROBOTS, "text/plain", chunked=False)
        web[name, f"/{feed}"] = _response(_feed(name, urls), "application/rss+xml", chunked=False)
        chunked = at % 2 == 1
        html = (page for page in pages if host(page.url) == name)
        web |= {(name, _path(page.url)): _response(page.wire, "text/html", chunked=chunked) for page in html}
    return web


def _path(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def _feed(name: str, urls: Sequence[str]) -> bytes:
    stories = "".join(f"<item><title>Story</title><link>{url}</link></item>" for url in urls)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{name}</title>{stories}</channel></rss>'.encode()


def _response(body: bytes, media_type: str, *, chunked: bool) -> bytes:
    """An answer as it stands on the wire; what is not gzipped yet is sent as it is."""
    coding = "Content-Encoding: gzip\r\n" if body.startswith(b"\x1f\x8b") else ""
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}; charset=utf-8\r\n{coding}{framing}\r\n\r\n".encode()
    return head + (b"".join(_chunks(body)) if chunked else body)


def _chunks(body: bytes) -> Iterator[bytes]:
    for at in range(0, len(body), CHUNK):
        piece = body[at : at + CHUNK]
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


class _Conversation(asyncio.Protocol):
    """One connection of the server: requests in, ready answers out."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *heads, self._heard = (self._heard + data).split(b"\r\n\r\n")
        for head in heads:
            request, *fields = head.decode("latin-1").split("\r\n")
            name = next(field[5:].strip() for field in fields if field.lower().startswith("host:"))
            self._transport.write(self._web.get((name, request.split()[1]), _NOT_THERE))


_NOT_THERE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def _serve(web: Web, ready: Connection) -> None:
    """What the server's process does: says its port, then answers until it is ended."""

    async def answer() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: _Conversation(web), "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(answer())


@contextmanager
def serving(web: Web) -> Iterator[int]:
    """The port of loopback at which a process of its own serves these hosts."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(web, theirs), daemon=True)
    server.start()
    try:
        yield ours.recv()
    finally:
        server.terminate()
        server.join()


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _ran(*command: str | Path) -> Ran:
    """Runs a command to its end; what it prints is dropped, what it narrates is shown."""
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return Ran(used.ru_utime + used.ru_stime, time.perf_counter() - began, child.returncode)


def _settings(folder: Path, hosts: Sequence[str], port: int, feeds: Sequence[str]) -> Path:
    """A settings file that watches these feeds and finds these hosts on loopback."""
    settings = {
        "contact": "bench@example.org",
        "archive": {"dir": str(folder / "archive")},
        "politeness": {"delay": 0, "per_address": 500},  # all of them lie on one address
        "network": {"connect_to": [f"{name}:80:127.0.0.1:{port}" for name in hosts]},
        "sources": {"list": [{"name": "bench", "feeds": list(feeds)}]},
    }
    (folder / "config.yaml").write_text(json.dumps(settings))  # YAML holds JSON
    return folder / "config.yaml"


# ── the line ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def line(scratch: Path, *, rounds: int) -> bool:
    """Prints what the line costs beside trafilatura; whether no page was lost."""
    pages = spread(read_pages(*SETS))
    if not pages:
        print(f"== the line: skipped; {' and '.join(SETS)} are looked for in $PRESSMARK_PAGES")
        return True
    names = sorted({host(page.url) for page in pages})
    print(f"== the line: {len(pages)} pages of {len(names)} hosts, {_load()}")
    print("round  bare_extraction  pressmark  ratio      wall  pages/min     new  copy  reasons  lost")
    ratios, lost = [], 0
    with serving(web_of(pages)) as port:
        for number in range(1, rounds + 1):
            folder = scratch / str(number)
            folder.mkdir()
            config = _settings(folder, names, port, [f"http://{name}/feed.xml" for name in names])
            alone = _in_a_process(_extract, pages[::2])  # half before and half after, for the machine's mood changes
            ran = _ran(*_PRESSMARK, "--config", config, "--quiet", "fetch")
            alone += _in_a_process(_extract, pages[1::2])
            ratios.append(ran.cpu / alone)
            lost += _print_round(number, alone, ran, _outcomes(folder / "archive", pages))
    print(f"median ratio {statistics.median(ratios):.3f}: user+system seconds of pressmark and its workers, the server")
    print("not, by those of bare_extraction(…, include_comments=False, with_metadata=True) over the same gzipped bytes")
    print("in one process, its imports not counted.  At most 1.25; the aim is 1.1.  wall: with fdatasync, on")
    print(f"{os.cpu_count()} processors shared with the server.  The same page under another address is a copy.\n")
    return not lost


def _load() -> str:
    return f"load average {os.getloadavg()[0]:.1f} (others at work here bend the figures)"


def _extract(pages: Sequence[Sent]) -> float:
    """The yardstick's processor seconds, imports not counted."""
    from trafilatura import bare_extraction  # noqa: PLC0415  the yardstick's process alone pays for it

    began = time.process_time()
    for page in pages:
        bare_extraction(gzip.decompress(page.wire), url=page.url, include_comments=False, with_metadata=True)
    return time.process_time() - began


def _in_a_process(work: Callable[[Sequence[Sent]], float], pages: Sequence[Sent]) -> float:
    """What the work returns, done in a new process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, (pages,))


def _outcomes(folder: Path, pages: Sequence[Sent]) -> Counter[str]:
    """How many pages came to what; "reasons" are those not kept with a reason, "lost" those without."""
    with open_archive(folder) as archive, archive.reading() as reading:
        kept = {revision.capture for revision in reading.all_revisions()}
        return Counter(_outcome(reading.last_visits(page.url, limit=1), kept) for page in pages)


def _outcome(visits: Sequence[Visit], kept: Set[str]) -> str:
    for visit in visits:
        if visit.outcome in ("new", "copy") and visit.capture in kept:
            return visit.outcome
        if visit.outcome == "unchanged":
            return "copy"  # its canonical is relative, so two addresses of a host are one article
        return "reasons" if visit.reason else "lost"
    return "lost"


def _print_ways(folder: Path, pages: Sequence[Sent]) -> None:
    """Prints by what the texts of these pages were found."""
    urls = {page.url for page in pages}
    with open_archive(folder) as archive, archive.reading() as reading:
        facts = (each.facts for each in reading.all_revisions())
        ways = Counter(each.extractor["rung"] for each in facts if each.url in urls)
    print("found by: " + ", ".join(f"{way} {count}" for way, count in ways.most_common()))


def _print_round(number: int | str, alone: float, ran: Ran, came: Counter[str]) -> int:
    """Prints a line; how many pages were lost."""
    print(
        f"{number:<5}{alone:15.2f} s{ran.cpu:9.2f} s{ran.cpu / alone:7.3f}{ran.wall:8.2f} s"
        f"{came.total() / ran.wall * 60:11.0f}{came['new']:8}{came['copy']:6}{came['reasons']:9}{came['lost']:6}"
    )
    return came["lost"]


# ── the line on known sites ──────────────────────────────────────────────────────────────────────────────────────────


def known(scratch: Path) -> bool:
    """Prints what the line costs on sites that it has learned; whether no page was lost."""
    first, later = many_times(read_pages(SETS[0]))
    if not later:
        print(f"== known sites: skipped; {SETS[0]} is looked for in $PRESSMARK_PAGES")
        return True
    names = sorted({host(page.url) for page in first})
    print(f"== known sites: {len(first)} pages of {len(names)} publishers, then {len(later)} more, {_load()}")
    print("pass   bare_extraction  pressmark  ratio      wall  pages/min     new  copy  reasons  lost")
    lost = 0
    with serving({**web_of(first), **web_of(later, feed="later.xml")}) as port:
        for name, pages, feed in (("first", first, "feed.xml"), ("known", later, "later.xml")):
            config = _settings(scratch, names, port, [f"http://{each}/{feed}" for each in names])
            alone = _in_a_process(_extract, pages)
            ran = _ran(*_PRESSMARK, "--config", config, "--quiet", "fetch")
            lost += _print_round(name, alone, ran, _outcomes(scratch / "archive", pages))
    _print_ways(scratch / "archive", later)
    print(
        "As the table above.  The first pass learns each site at its end from its five pages, as the daemon does, and"
    )
    print(
        "the second meets the same pages under other addresses: what a page costs once its site is known, no quality.\n"
    )
    return not lost


# ── the frontier ─────────────────────────────────────────────────────────────────────────────────────────────────────


def frontier(scratch: Path) -> bool:
    """Prints how long it takes to claim a hundred links of a full frontier."""
    print(f"== the frontier: {SOURCES:,} sources and {LINKS:,} links; a batch of 100 is claimed")
    now = datetime.now(UTC)
    print("which is due          median     worst  claimed")
    for name, due_at in (("every link", now), ("every link, in a day", now + timedelta(days=1))):
        full = Frontier(scratch / f"{name}.sqlite", owner="bench")
        fill(full, now=now, due_at=due_at)
        taken, claimed = [], 0
        for _ in range(20):
            began = time.perf_counter()
            claimed += len(full.claim(now=now + timedelta(seconds=1), limit=100, seconds=300))
            taken.append(time.perf_counter() - began)
        full.close()
        print(f"{name:20}{statistics.median(taken) * 1000:5.1f} ms{max(taken) * 1000:7.1f} ms{claimed:9,}")
    print("Wall time of one call, its commit included, over 20 batches; less than 50 ms.\n")
    return True


def fill(frontier: Frontier, *, now: datetime, due_at: datetime) -> None:
    """As many sources and links as a crawler of ten thousand papers has, ten links to a host."""
    sources = ((f"http://p{at:05}.example/feed.xml", f"p{at:05}.example") for at in range(SOURCES))
    frontier.add((("feed", url, url, name, None) for url, name in sources), now=now, due_at=due_at)
    links = ((f"http://p{at % SOURCES:05}.example/story-{at}", f"p{at % SOURCES:05}.example") for at in range(LINKS))
    frontier.add((("article", url, url, name, None) for url, name in links), now=now, due_at=due_at)


# ── the daemon at rest ───────────────────────────────────────────────────────────────────────────────────────────────


def idle(scratch: Path) -> bool:
    """Prints the memory of a daemon that has worked and then rested for a minute."""
    print(f"== the idle daemon: {SOURCES:,} sources, {LINKS:,} links, none due; it has kept ten pages before")
    if not Path("/proc/self/smaps_rollup").exists():
        print("skipped: only Linux tells the PSS of a process\n")
        return True
    pages = [Sent(f"http://{_BUSY}/2026/11/20/divers-find-chain-{at}.html", _small(at)) for at in range(10)]
    with serving(web_of(pages)) as port:
        feeds = [f"http://{_BUSY}/feed.xml", *(f"http://p{at:05}.example/feed.xml" for at in range(SOURCES))]
        config = _settings(scratch, [_BUSY], port, feeds)
        open_writer(scratch / "archive").close()
        rested = Frontier(scratch / "archive" / "frontier.sqlite", owner="bench")
        fill(rested, now=datetime.now(UTC), due_at=datetime.now(UTC) + timedelta(days=1))
        rested.close()
        assert len(watched(read_config(config))) == SOURCES + 1
        with _daemon(config, scratch / "log.jsonl") as daemon:
            _print_rest(daemon, scratch / "log.jsonl", pages=len(pages))
    print("PSS of the daemon and all processes below it (a shared page is counted by halves), and the processor time")
    print("of the resting minute.  Less than 150 MB at the end, when the workers have gone home.\n")
    return True


def _small(number: int) -> bytes:
    return gzip.compress(_SMALL.format(number=number).encode())


@contextmanager
def _daemon(config: Path, log: Path) -> Iterator[int]:
    """The process id of a running daemon; it is ended by SIGTERM."""
    with log.open("wb") as file:
        child = subprocess.Popen([*_PRESSMARK, "--config", config, "--json", "daemon"], stderr=file)
    try:
        yield child.pid
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait()


def _print_rest(daemon: int, log: Path, *, pages: int) -> None:
    """Waits for the work to be done, then for a minute; prints a line for each."""
    print("moment                 processes       PSS       CPU")
    while log.read_bytes().count(b'"outcome": "new", "role": "article"') < pages:
        time.sleep(0.2)
    before = _print_moment("work is done", daemon, since=0)
    time.sleep(60)
    _print_moment("a minute later", daemon, since=before)


def _print_moment(name: str, daemon: int, *, since: float) -> float:
    """Prints the memory of a process and those below it; its own processor seconds."""
    family = _family(daemon)
    used = _processor_seconds(daemon)
    print(f"{name:20}{len(family):12}{sum(map(_pss, family)) / 1e6:7.1f} MB{used - since:8.2f} s")
    return used


def _family(process: int) -> list[int]:
    """A process and all below it."""
    children = Path(f"/proc/{process}/task").glob("*/children")
    return [process, *(each for file in children for child in file.read_text().split() for each in _family(int(child)))]


def _pss(process: int) -> int:
    """Bytes of memory, those shared with other processes in proportion; 0 when it has just ended."""
    with suppress(OSError):
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return 0


def _processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# ── starting ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def start(scratch: Path) -> bool:
    """Prints what a new process costs; whether the small page was kept each time."""
    print(f"== starting: a new process each time, a warm disk cache, {_load()}")
    page = Sent("http://small.example/2026/11/20/divers-find-chain.html", _small(0))
    with serving(web_of([page])) as port:
        config = _settings(scratch, [host(page.url)], port, [])
        archives = iter(range(1_000))

        def fetch() -> Ran:
            return _ran(*_PRESSMARK, "-c", config, "-C", scratch / f"a{next(archives)}", "-q", "fetch", page.url)

        commands: dict[str, Callable[[], Ran]] = {
            "python -c pass": lambda: _ran(sys.executable, "-c", "pass"),
            "pressmark --help": lambda: _ran(*([_COMMAND] if _COMMAND.exists() else _PRESSMARK), "--help"),
            "pressmark fetch URL": fetch,
        }
        runs = {name: [run() for _ in range(6)][1:] for name, run in commands.items()}  # the first warms the cache
    plain = statistics.median(ran.cpu for ran in runs["python -c pass"])
    print("command                    CPU      wall   × pass (CPU)")
    for name, each in runs.items():
        cpu, wall = (statistics.median(values) for values in zip(*((ran.cpu, ran.wall) for ran in each), strict=True))
        print(f"{name:20}{cpu * 1000:7.0f} ms{wall * 1000:7.0f} ms{cpu / plain:10.1f}")
    print("Medians of five.  --help at most 15 times `python -c pass`; fetch, which makes a new archive and reads a")
    print("small page, at most 2,000 ms.\n")
    return not any(ran.code for each in runs.values() for ran in each)


if __name__ == "__main__":
    sys.exit(main())
