"""Pages, articles and visits in a line, for tests of the archive; what is kept of them, and what is wrong with it."""

import resource
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archive import Writer, open_archive
from archive.records import Article, Exchange, Page, Revision, Truncation, Verdict, Visit
from archive.verify import Counts, verify

# What a page says of its article since more was looked for than at first.
MORE_FACTS: dict[str, Any] = {
    "section": "Порт",
    "wire_credit": "AP",
    "image": "https://cdn.harbour-post.example/strike.jpg?w=1200",
    "image_caption": "Dockers at the “gate”; dawn",
    "image_credit": "Øyvind Å. Berg",
    "disagreements": {"published": ("meta: 2026-11-18", "text: 2026-11-17"), "authors": ("text: L. Aho",)},
}
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUSE = Path(__file__).parents[2]  # where a child process finds archive and tests
HARBOUR = "https://harbour-post.example/2026/strike"


def exchange(
    body: bytes = b"<p>The strike is over.</p>",
    *,
    url: str = HARBOUR,
    status: str = "200 OK",
    headers: bytes = b"Content-Type: text/html; charset=utf-8\r\n",
    at: datetime = NOON,
    truncated: Truncation | None = None,
) -> Exchange:
    return Exchange(
        url=url,
        started_at=at,
        seconds=0.25,
        request_head=b"GET / HTTP/1.1\r\nHost: harbour-post.example\r\n\r\n",
        response_head=b"HTTP/1.1 " + status.encode() + b"\r\n" + headers + b"\r\n",
        body=body,
        ip="192.0.2.7",
        truncated=truncated,
        notes=(("tls-version", "TLSv1.3"),),
    )


def page(body: bytes = b"<p>The strike is over.</p>", **said: object) -> Page:
    return Page(exchanges=(exchange(body, **said),))  # type: ignore[arg-type]


def not_modified(url: str = HARBOUR, *, at: datetime = NOON) -> Page:
    return Page(exchanges=(exchange(b"", url=url, status="304 Not Modified", headers=b'ETag: "2"\r\n', at=at),))


def article(*paragraphs: str, url: str = HARBOUR, headline: str | None = "Harbour workers end strike") -> Article:
    return Article(
        url=url,
        canonical_url=url,
        site="harbour-post.example",
        headline=headline,
        paragraphs=paragraphs or ("Dock workers voted to return.", "The port opens at six."),
        authors=("Lena Aho",),
        published="2026-11-19",
        language="en",
        origins={"authors": "json-ld"},
        extractor={"pressmark": "0.1.0"},
    )


def visit(
    capture: str | None = None, *, url: str = HARBOUR, at: datetime = NOON, article: str | None = None, **said: object
) -> Visit:
    return Visit(
        visit_id=f"urn:uuid:{uuid.uuid4()}",
        url=url,
        visited_at=at,
        role="article",
        outcome="new" if capture else "failed",
        capture=capture,
        article=article,
        aliases=(url,) if article else (),
        **said,  # type: ignore[arg-type]
    )


def later(hours: int) -> datetime:
    return NOON + timedelta(hours=hours)


def kept(
    archive: Writer,
    *paragraphs: str,
    url: str = HARBOUR,
    hours: int = 0,
    verdict: Verdict = "new",
    after: str | None = None,
) -> Revision:
    """A page fetched and its article kept, while nobody else keeps anything."""
    [capture] = archive.append(page("".join(paragraphs or ("x",)).encode(), url=url, at=later(hours)))
    brought = visit(capture.record_id, url=url, at=later(hours), article=url)
    revision = archive.keep(article(*paragraphs, url=url), brought, verdict=verdict, after=after)
    assert revision
    return revision


@contextmanager
def disk_full_at(size: int) -> Iterator[None]:
    """A block in which no file of this process grows past so many bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def open_files() -> int:
    """How many descriptors this process holds."""
    return len(list(Path("/dev/fd").iterdir()))


def damages(root: Path) -> list[str]:
    """What `verify` finds."""
    with open_archive(root) as reader:
        return [f"{damage.file}: {damage.what}" for damage in verify(reader, Counts())]
