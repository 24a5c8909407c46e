"""An archive full of canaries: strings that must not be found anywhere once their article is redacted."""

import base64
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from archive import open_writer
from archive.records import Article, Page, Revision
from tests.archive.pages import HARBOUR, article, exchange, later, not_modified, page, visit

# One for each place that bytes of a page, or what was understood of them, come to lie in.
PLACES = (
    "head body headline author publisher paragraph origin gzipped copied revised hop interim surplus same-again"
    " not-modified etag failed cut modified source-link section wire image caption credit disagreement elsewhere"
).split()
CANARIES = {place: f"Kanarienvögel-{place}-c4n4ry" for place in PLACES}
WIRE = "https://kosova-wire.example/strike"
OTHER = "https://gulf-courier.example/grain"
HTML = b"Content-Type: text/html; charset=utf-8\r\n"


def canary(place: str) -> str:
    return CANARIES[place]


def _page(place: str, body: str = "", *, url: str = HARBOUR, hours: int = 0, headers: bytes = b"") -> Page:
    return page((canary(place) + body).encode(), url=url, at=later(hours), headers=HTML + headers)


def full_of_canaries(root: Path, *, catalog: str | None = None) -> tuple[Revision, Revision]:
    """Two revisions of one article, the first copied by a wire; an article that has nothing to do with them."""
    with open_writer(root, catalog=catalog) as archive:
        hop = exchange(
            canary("hop").encode(), url="http://harbour-post.example/s", status="301 Moved", headers=b"Location: /x\r\n"
        )
        etag = canary("etag").encode("latin-1")
        first = exchange(
            gzip.compress((canary("gzipped") + canary("body")).encode()),
            headers=HTML
            + b"Content-Encoding: gzip\r\nX-Head: "
            + canary("head").encode()
            + b"\r\nETag: "
            + etag
            + b"\r\n",
        )
        notes = (("interim-response", canary("interim")), ("surplus", canary("surplus")))
        *_, capture = archive.append(Page(exchanges=(hop, replace(first, notes=notes))))
        told = visit(capture.record_id, article=HARBOUR)
        kept = archive.keep(first_text(), told, verdict="new", after=None)
        assert kept
        [copied] = archive.append(_page("copied", url=WIRE, hours=1))
        archive.keep(
            first_text(WIRE), visit(copied.record_id, url=WIRE, at=later(1), article=WIRE), verdict="new", after=None
        )
        [declared] = archive.append(_not_modified(2))
        unchanged = visit(declared.record_id, at=later(2), article=HARBOUR)
        archive.note(replace(unchanged, outcome="unchanged"))
        [failed] = archive.append(_page("failed", hours=3))
        archive.note(replace(visit(failed.record_id, at=later(3)), outcome="failed", reason="too-deep"))
        archive.append(page(canary("cut").encode(), at=later(3), truncated="time"))
    with open_writer(root, catalog=catalog) as archive:
        [second] = archive.append(_page("revised", hours=4))
        told = visit(second.record_id, at=later(4), article=HARBOUR)
        revised = archive.keep(article(canary("revised")), told, verdict="revised", after=kept.record_id)
        assert revised
        [again] = archive.append(
            _page("revised", hours=5, headers=b"X-Same: " + canary("same-again").encode() + b"\r\n")
        )
        archive.note(replace(visit(again.record_id, at=later(5), article=HARBOUR), outcome="unchanged"))
        [other] = archive.append(page(b"grain", url=OTHER))
        told = visit(other.record_id, url=OTHER, article=OTHER)
        archive.keep(article("Grain.", url=OTHER), told, verdict="new", after=None)
        archive.append(_page("elsewhere", url="https://harbour-post.example/front", hours=6))
    return kept, revised


def first_text(url: str = HARBOUR) -> Article:
    made = article(canary("paragraph"), url=url, headline=canary("headline"))
    return replace(
        made, authors=(canary("author"),), publisher=canary("publisher"), modified=canary("modified"),
        source_link=canary("source-link"), origins={"authors": canary("origin")}, section=canary("section"),
        wire_credit=canary("wire"), image=canary("image"), image_caption=canary("caption"),
        image_credit=canary("credit"), disagreements={"published": (canary("disagreement"),)},
    )  # fmt: skip


def _not_modified(hours: int) -> Page:
    [answer] = not_modified(at=later(hours)).exchanges
    head = answer.response_head[:-2] + b"Set-Cookie: " + canary("not-modified").encode() + b"\r\n\r\n"
    return Page(exchanges=(replace(answer, response_head=head),))


def found_in(root: Path) -> set[str]:
    """The places whose canary any file of the archive still holds, in whatever form."""
    forms = {place: list(_forms(said)) for place, said in CANARIES.items()}
    found: set[str] = set()
    for path in sorted(root.rglob("*")):
        for block in _blocks(path.read_bytes()) if path.is_file() else ():
            found |= {place for place, written in forms.items() if any(form in block for form in written)}
    return found


def _forms(said: str) -> Iterator[bytes]:
    """As UTF-8, read as latin-1 and written again, with JSON's and Python's escapes, in base64 at any shift."""
    plain = said.encode()
    yield plain
    yield said.encode("latin-1")
    yield plain.decode("latin-1").encode()
    for each in (said, plain.decode("latin-1")):
        yield json.dumps(each)[1:-1].encode()
        yield each.encode("unicode_escape")
    for shift in range(3):
        yield base64.b64encode(b"x" * shift + plain)[4:-4]


def _blocks(raw: bytes) -> Iterator[bytes]:
    """The bytes, and what inflates from anywhere in them, and from anywhere in that."""
    yield raw
    for magic in re.finditer(rb"\x1f\x8b\x08", raw):
        try:
            plain = zlib.decompressobj(31).decompress(raw[magic.start() :])
        except zlib.error:
            continue
        yield from _blocks(plain)


def is_in(raw: bytes, said: str) -> bool:
    """Whether bytes hold an ASCII secret: as it is, escaped, in base64, hex or UTF-16, in gzip within gzip too."""
    plain = said.encode()
    written = {*_forms(said), plain.hex().encode(), said.encode("utf-16-le"), said.encode("utf-16-be")}
    written |= {"".join(f"%{byte:02X}" for byte in plain).encode(), plain[::-1]}
    return any(form in block for block in _blocks(raw) for form in written)
