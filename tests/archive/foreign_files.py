"""WARC files as others write them, byte by byte; and a reader of pages whose every line is a paragraph."""

import gzip
import hashlib
import random
import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archive import Archive, Writer
from archive.importing import Answer, Imported, Terms, Understood, import_warc
from archive.records import Article, Exchange, Page, Visit
from scraper.compare import between, compare

LONG_AGO = datetime(2020, 3, 1, 12, tzinfo=UTC)
STRIKE = "http://harbour-post.example/strike"
FERRY = "http://ferry-news.example/strike"
_URL = re.compile("https?://[!-~]+")  # what an extractor gives, whatever a page claims


def day(number: int) -> datetime:
    """Noon of a day in March 2020; 0 is the first."""
    return LONG_AGO + timedelta(days=number)


def record(
    kind: str, block: bytes, *, version: str = "WARC/1.0", length: int | str | None = None, **fields: str
) -> bytes:
    """A record as it stands in a file that is not compressed; fields: names with _ for -."""
    said = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{uuid.uuid4()}>",
        **{name.replace("_", "-"): value for name, value in fields.items()},
        "Content-Length": str(len(block) if length is None else length),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in said.items() if value)
    return f"{version}\r\n{head}\r\n".encode() + block + b"\r\n\r\n"


def http(body: bytes, *, status: str = "200 OK", headers: str = "Content-Type: text/html\r\n") -> bytes:
    """An answer: head and body."""
    return f"HTTP/1.1 {status}\r\n{headers}\r\n".encode() + body


def response(body: bytes, *, url: str = STRIKE, at: datetime = LONG_AGO, status: str = "200 OK",
             headers: str = "Content-Type: text/html\r\n", **said: Any) -> bytes:  # fmt: skip
    """A response record; said: more of its fields, or others."""
    fields = {
        "WARC_Target_URI": url,
        "WARC_Date": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Content_Type": "application/http; msgtype=response",
        **said,
    }
    return record("response", http(body, status=status, headers=headers), **fields)


def packed(records: Sequence[bytes]) -> bytes:
    """A gzip member for each record."""
    return b"".join(gzip.compress(each, 6, mtime=0) for each in records)


def written(path: Path, *records: bytes) -> Path:
    """A file of these records: compressed when its name ends in .gz."""
    path.write_bytes(packed(records) if path.suffix == ".gz" else b"".join(records))
    return path


def body(text: str, *, author: str = "Lena Aho", canonical: str = "") -> bytes:
    """A page for `understood`."""
    return f"{canonical}\n{author}\n{text}".encode()


def article_in(said: bytes, url: str, *, extractor: str = "1") -> Article:
    """The article in such a page; an older extractor left a line of cruft in it."""
    canonical, author, text = said.decode("utf-8", "replace").split("\n", 2)
    paragraphs = (text, *(("Share this.",) if extractor == "0" else ()))
    return Article(
        url=url,
        canonical_url=canonical if _URL.fullmatch(canonical) else url,
        site=url.split("/")[2],
        headline="Strike",
        paragraphs=paragraphs,
        authors=(author,),
        extractor={"pressmark": extractor},
    )


def understood(answers: Sequence[Answer]) -> list[Understood]:
    """What these pages tell; of an answer that is no page nothing."""
    return [_understood(answer) for answer in answers]


def _understood(answer: Answer) -> Understood:
    if answer.role != "article":
        return Understood(outcome="not-article", reason=answer.role)
    if answer.status not in (200, 304) or answer.body.count(b"\n") < 2 or answer.truncated:
        return Understood(outcome="not-article", reason="no-text")
    told = article_in(answer.body, answer.url)
    return Understood(outcome="new", article=told, aliases=(answer.url,))


def imported(archive: Writer, path: Path, **said: object) -> Imported:
    """The file, imported."""
    return import_warc(archive, path, Terms(understand=understood, compare=between, **said))  # type: ignore[arg-type]


def fetched_now(archive: Writer, text: str, *, url: str, at: datetime, author: str, extractor: str = "1") -> None:
    """The page as the crawler would fetch and keep it at that moment, nobody else writing."""
    exchange = Exchange(
        url=url,
        started_at=at,
        seconds=0.25,
        request_head=b"GET / HTTP/1.1\r\n\r\n",
        response_head=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
        body=body(text, author=author),
        ip=None,
    )
    [capture] = archive.append(Page(exchanges=(exchange,)))
    told = article_in(exchange.body, url, extractor=extractor)
    with archive.reading() as reading:
        latest = reading.latest(url)
    change = compare(told, latest)
    visit = Visit(
        visit_id=f"urn:uuid:{uuid.uuid4()}", url=url, visited_at=at, role="article", outcome="unchanged",
        status=200, capture=capture.record_id, article=url, aliases=(url,),
    )  # fmt: skip
    if change.verdict is None:
        archive.note(visit)
        return
    outcome = "unchanged" if change.verdict == "facts" else change.verdict
    after = latest.record_id if latest else None
    visit = Visit(**{name: getattr(visit, name) for name in visit.__slots__} | {"outcome": outcome})
    assert archive.keep(told, visit, verdict=change.verdict, after=after, facts_changed=change.facts_changed)


def told(archive: Archive) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """What must not depend on the order of imports: revisions and visits, without names and places."""
    with archive.reading() as reading:
        kept = list(reading.revisions_where((), limit=None))
        visits = reading.visits_since(datetime(1990, 1, 1, tzinfo=UTC))
    revisions = sorted(
        (each.article, each.captured_at, each.sha256, each.verdict, each.copy_of is not None, each.facts_changed)
        for each in kept
    )
    return [*revisions], sorted((each.url, each.visited_at, each.outcome) for each in visits)


def sha256(text: str) -> str:
    """Of a text as it is kept."""
    return hashlib.sha256(f"Strike\n\n{text}\n".encode()).hexdigest()


def everything(root: Path) -> dict[str, bytes]:
    """Every file of an archive that is not SQLite's own, with its bytes."""
    files = sorted(path for path in root.rglob("*") if path.is_file() and "catalog.sqlite" not in path.name)
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def mutated(rng: random.Random, whole: bytes) -> bytes:
    """The file with some bytes flipped, cut out, doubled or put elsewhere."""
    block = bytearray(whole)
    for _ in range(rng.randint(1, 4)):
        start = rng.randrange(len(block) + 1)
        end = min(len(block), start + rng.choice((1, 2, 8, 60, 600)))
        match rng.randrange(4):
            case 0:
                block[start:end] = rng.randbytes(end - start)
            case 1:
                del block[start:end]
            case 2:
                block[start:start] = block[start:end]
            case _:
                piece = bytes(block[start:end])
                at = rng.randrange(len(block) + 1)
                block[at:at] = piece
    return bytes(block)
