"""Real pages, as a new user would keep them: one pass keeps every article, a second writes revisits.

    python bench/real_pages.py [--set fundus-eval] [--archive DIR] [--json FILE]

The publishers of a data set are served under their own host names from loopback over https, each with a feed; the
authority that signs for them is thrown away afterwards.  `pressmark` runs as a process of its own, with --connect-to
and --cacert, and what it kept is counted by `list`, `status` and a WARC reader that is not ours.

How to read it: in the first pass `new` is the number of articles, in the second `revisits` is.  The kept texts are
scored (score.py beside the pages says what each column means) beside trafilatura.extract, and F1 is not below it.  The
exit code is 1 where one of these does not hold; only fundus-eval, whose pages are all articles, is held to it.
"""

import argparse
import gzip
import importlib.util
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

sys.path[0] = str(Path(__file__).parents[1])  # not this folder: archive.py in it is no package of ours

import trafilatura
import trustme
from fastwarc.warc import ArchiveIterator, WarcRecordType

from scraper import clean
from scraper.demo import Answer, Press
from scraper.errors import ScraperError

ROOT = Path(__file__).resolve().parent.parent
FEED = "/pressmark-bench.rss"

_ROBOTS = Answer(headers=(("Content-Type", "text/plain"),), body=b"User-agent: *\nAllow: /\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One page of the data set: where it stood, its bytes gzipped as they are sent, and the text it should give."""

    url: str
    wire: bytes
    gold: Mapping[str, Any]  # the data set's own line

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def html(self) -> bytes:
        return gzip.decompress(self.wire)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one `pressmark fetch` did."""

    name: str
    lines: tuple[Mapping[str, Any], ...]  # of its --json, articles only
    records: Counter[str]  # WARC records of article URLs by type, of this pass alone
    exact: int  # of these, responses whose body is byte for byte what was sent
    seconds: float

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(line["outcome"] for line in self.lines)


def main() -> int:
    """The exit code."""
    said = _said()
    pages = Path(os.environ.get("PRESSMARK_PAGES") or ROOT.parent / "shared" / "pages")
    wanted = (pages / said.set / "pages.jsonl", pages.resolve().parent / "score.py")
    if not all(each.exists() for each in wanted):
        print(f"real pages: skipped; {said.set}/pages.jsonl and ../score.py are looked for in $PRESSMARK_PAGES")
        return 0
    samples = read_samples(pages / said.set)
    with tempfile.TemporaryDirectory() as scratch:
        archive = said.archive or Path(scratch) / "archive"
        passes, counts = try_out(samples, archive, Path(scratch))
        kept = {sample.url: _kept_text(archive, passes[0], sample.url) for sample in samples}
    if said.json:
        said.json.write_text("".join(json.dumps(line) + "\n" for each in passes for line in each.lines))
    _print_passes(said.set, samples, passes, counts)
    faults = [*_faults(len(samples), passes, counts), *_print_scores(_scorer(pages), samples, kept)]
    for fault in faults:
        print(f"does not hold: {fault}")
    return 1 if faults and said.set == "fundus-eval" else 0


def _said() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", default="fundus-eval", help="the data set")
    parser.add_argument("--archive", type=Path, help="a new folder for the archive; without it, it is thrown away")
    parser.add_argument("--json", type=Path, help="write what `fetch --json` said there")
    return parser.parse_args()


def read_samples(folder: Path) -> list[Sample]:
    """The pages of a data set, each URL once; those the web serves in the clear are served over https all the same."""
    lines = map(json.loads, (folder / "pages.jsonl").read_text(encoding="utf-8").splitlines())
    found: dict[str, Sample] = {}
    for gold in lines:
        url = gold["url"].replace("http://", "https://", 1)
        found.setdefault(url, Sample(url=url, wire=(folder / gold["html"]).read_bytes(), gold=gold))
    return list(found.values())


# ── the web, and pressmark on it ─────────────────────────────────────────────────────────────────────────────────────


def try_out(samples: Sequence[Sample], archive: Path, scratch: Path) -> tuple[list[Pass], Mapping[str, Any]]:
    """Both passes over these pages, and what `pressmark status` counts after them."""
    hosts = sorted({sample.host for sample in samples})
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(scratch / "authority.pem"))
    certificate = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(certificate)
    entries = [{"name": host, "feeds": [f"https://{host}{FEED}"]} for host in hosts]
    settings = {"contact": "bench@example.org", "sources": {"list": entries}, "archive": {"dir": str(archive)}}
    (scratch / "config.yaml").write_text(json.dumps(settings))  # YAML holds JSON
    with Press(certificate=certificate) as press:
        _put_up(press, samples)
        pins = [flag for pin in press.pins if ":443:" in pin for flag in ("--connect-to", pin)]
        reach = ["--cacert", str(scratch / "authority.pem"), "--delay", "0", *pins]
        first = _pass("first", samples, archive, lambda: _pressmark(scratch, "fetch", *reach))
        again = _pass("--again", samples, archive, lambda: _pressmark(scratch, "fetch", "--again", *reach))
    listed = _pressmark(scratch, "list", "--limit", "0")
    return [first, again], {**next(_pressmark(scratch, "status")), "listed": sum(1 for _ in listed)}


def _put_up(press: Press, samples: Sequence[Sample]) -> None:
    """The pages as the web sends them: gzipped, of every other host in chunks; and a feed for each host."""
    hosts = sorted({sample.host for sample in samples})
    for number, host in enumerate(hosts):
        framing = (("Transfer-Encoding", "chunked"),) if number % 2 else ()
        headers = (("Content-Type", "text/html; charset=utf-8"), ("Content-Encoding", "gzip"), *framing)
        links = [sample for sample in samples if sample.host == host]
        press.add(f"https://{host}/robots.txt", _ROBOTS)
        press.add(f"https://{host}{FEED}", _feed(host, [sample.url for sample in links]))
        for sample in links:
            press.add(sample.url, Answer(headers=headers, body=sample.wire))


def _feed(host: str, urls: Sequence[str]) -> Answer:
    items = "".join(f"<item><title>{escape(url)}</title><link>{escape(url)}</link></item>" for url in urls)
    head = f"<title>{host}</title><link>https://{host}/</link><description>a bench</description>"
    body = f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>{head}{items}</channel></rss>'
    return Answer(headers=(("Content-Type", "application/rss+xml"),), body=body.encode())


def _pressmark(scratch: Path, verb: str, *flags: str) -> Iterator[Mapping[str, Any]]:
    """The objects that `pressmark --json` prints; what it narrates goes to stderr."""
    command = [sys.executable, "-m", "scraper", "--config", str(scratch / "config.yaml"), "--json", "--quiet", verb]
    with subprocess.Popen([*command, *flags], stdout=subprocess.PIPE, text=True, encoding="utf-8") as child:
        assert child.stdout
        yield from map(json.loads, child.stdout)


def _pass(
    name: str, samples: Sequence[Sample], archive: Path, fetch: Callable[[], Iterator[Mapping[str, Any]]]
) -> Pass:
    before, start = set(archive.rglob("*.warc.gz")), time.perf_counter()
    lines = tuple(line for line in fetch() if "url" in line)
    seconds = time.perf_counter() - start
    sent = {sample.url: sample.wire for sample in samples}
    records: Counter[str] = Counter()
    exact = 0
    for warc in set(archive.rglob("*.warc.gz")) - before:
        for kind, url, block in _http_records(warc):
            if url in sent:
                records[kind] += 1
                exact += kind == "response" and block.partition(b"\r\n\r\n")[2] == sent[url]
    return Pass(name=name, lines=lines, records=records, exact=exact, seconds=seconds)


def _http_records(warc: Path) -> Iterator[tuple[str, str, bytes]]:
    """Type, URL and block of each response and revisit."""
    with warc.open("rb") as file:
        for record in ArchiveIterator(file, parse_http=False):
            if record.record_type in (WarcRecordType.response, WarcRecordType.revisit):
                url = record.headers.get("WARC-Target-URI") or ""
                yield record.headers["WARC-Type"], url, record.reader.read()


def _kept_text(archive: Path, first: Pass, url: str) -> str | None:
    """The kept text without its headline; None when there is none."""
    line: Mapping[str, Any] | None = next(
        (line for line in first.lines if line["url"] == url and line["text_file"]), None
    )
    if line is None:
        return None
    text: str = (archive / line["text_file"]).read_text(encoding="utf-8").rstrip("\n")
    return text.partition("\n\n")[2] if line["headline"] else text


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _print_passes(name: str, samples: Sequence[Sample], passes: Sequence[Pass], counts: Mapping[str, Any]) -> None:
    hosts = len({sample.host for sample in samples})
    print(f"\n== real pages: {name}, {len(samples)} articles of {hosts} hosts, over https on loopback")
    print(
        f"{'pass':10}{'new':>7}{'unchanged':>11}{'copy':>6}{'others':>8}{'responses':>11}{'exact':>7}{'revisits':>10}{'s':>7}"
    )
    for each in passes:
        came = each.outcomes
        others = came.total() - came["new"] - came["unchanged"] - came["copy"]
        print(
            f"{each.name:10}{came['new']:7}{came['unchanged']:11}{came['copy']:6}{others:8}"
            f"{each.records['response']:11}{each.exact:7}{each.records['revisit']:10}{each.seconds:7.1f}"
        )
        for line in each.lines:
            if line["outcome"] not in ("new", "unchanged", "copy"):
                print(f"    {line['outcome']}: {line['message'] or line['reason']} ({line['url']})")
    told = ("articles", "revisions", "texts", "captures", "warcs")
    print(f"status: {', '.join(f'{counts[each]} {each}' for each in told)}; list: {counts['listed']} revisions")


def _faults(articles: int, passes: Sequence[Pass], counts: Mapping[str, Any]) -> Iterator[str]:
    """What is not as it must be."""
    first, again = passes
    for what, number in (
        ("kept in the first pass", first.outcomes["new"]),
        ("response records of articles", first.records["response"]),
        ("bodies kept byte for byte", first.exact),
        ("revisits in the second pass", again.records["revisit"]),
        ("unchanged in the second pass", again.outcomes["unchanged"]),
        ("articles in the catalog", counts["articles"]),
        ("revisions listed", counts["listed"]),
    ):
        if number != articles:
            yield f"{what}: {number}, not {articles}"
    if again.records["response"]:
        yield f"response records in the second pass: {again.records['response']}, not 0"


def _scorer(pages: Path) -> ModuleType:
    """score.py, which stands beside the pages' folder."""
    spec = importlib.util.spec_from_file_location("score", pages.resolve().parent / "score.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _print_scores(score: ModuleType, samples: Sequence[Sample], kept: Mapping[str, str | None]) -> Iterator[str]:
    """Prints the scores; what is not as it must be."""
    ours = {sample.url: _cleaned(sample) for sample in samples}
    theirs = {each.url: trafilatura.extract(each.html, url=each.url, include_comments=False) for each in samples}
    columns = {"trafilatura.extract": theirs, "scraper.clean": ours, "text files": kept}
    rows = {name: [_scored(score, each, texts[each.url]) for each in samples] for name, texts in columns.items()}
    sums = {name: score.summary(each) for name, each in rows.items()}
    print(score.table(list(sums), list(sums.values())))
    if ours != kept:
        yield f"texts that are not what clean() gives: {sum(ours[url] != kept[url] for url in ours)}"
    if sums["text files"]["f1"] < sums["trafilatura.extract"]["f1"]:
        yield "the F1 of the kept texts is below trafilatura's"


def _cleaned(sample: Sample) -> str | None:
    try:
        return "\n\n".join(clean(sample.html, sample.url, charset="utf-8").paragraphs)
    except ScraperError:
        return None


def _scored(score: ModuleType, sample: Sample, text: str | None) -> Mapping[str, Any]:
    return {**score.score(sample.gold, text), "id": sample.gold["id"], "error": None, "seconds": None, "cpu": None}


if __name__ == "__main__":
    sys.exit(main())
