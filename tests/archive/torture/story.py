"""What a writer does while it is tortured: each shape of group that an archive holds, and a full keep."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from archive import Writer, open_writer
from archive.records import Capture, Page, Revision, Ruling, Site, Verdict, Visit
from tests.archive.pages import HARBOUR, NOON, article, exchange, later, not_modified, page, visit
from tests.archive.torture.children import Tell

EARLIER = b"<p>The strike goes on.</p>"
Shape = Callable[[Writer, Tell], None]


def tell_captures(tell: Tell, captures: Iterable[Capture]) -> None:
    for capture in captures:
        tell(f"capture {capture.record_id} {capture.payload_sha256}")


def tell_revision(tell: Tell, revision: Revision | None) -> None:
    assert revision
    tell(f"revision {revision.record_id} {revision.sha256}")


def tell_visit(tell: Tell, noted: Visit) -> None:
    tell(f"visit {noted.visit_id}")


def begin(root: Path) -> None:
    """An archive in which one article was kept and everything closed."""
    with open_writer(root) as archive:
        keep_a_page(archive, lambda _: None, url=HARBOUR, body=EARLIER)


def keep_a_page(
    archive: Writer,
    tell: Tell,
    *,
    url: str,
    body: bytes = EARLIER,
    said: str = "",
    verdict: Verdict = "new",
    after: str | None = None,
) -> Revision | None:
    """A page appended and its article kept, each told when it is acknowledged."""
    captures = archive.append(page(body, url=url))
    tell_captures(tell, captures)
    brought = visit(captures[0].record_id, url=url, article=url)
    revision = archive.keep(article(said or f"Of {url}.", url=url), brought, verdict=verdict, after=after)
    tell_revision(tell, revision)
    tell_visit(tell, brought)
    return revision


def a_response(archive: Writer, tell: Tell) -> None:
    tell_captures(tell, archive.append(page(b"<p>Never seen before.</p>", url=f"{HARBOUR}/new")))


def a_304(archive: Writer, tell: Tell) -> None:
    tell_captures(tell, archive.append(not_modified(at=later(1))))


def the_same_payload(archive: Writer, tell: Tell) -> None:
    tell_captures(tell, archive.append(page(EARLIER, at=later(1))))


def two_redirects(archive: Writer, tell: Tell) -> None:
    hops = [
        exchange(b"", url=f"{HARBOUR}/{n}", status="301 Moved", headers=b"Location: /next\r\n", at=later(1))
        for n in range(2)
    ]
    tell_captures(tell, archive.append(Page(exchanges=(*hops, exchange(b"<p>There.</p>", url=f"{HARBOUR}/there")))))


def a_text(archive: Writer, tell: Tell) -> None:
    """A revision of the article that was there: conversion, text file, sidecar."""
    with archive.reading() as reading:
        [capture], latest = reading.captures_of(HARBOUR, limit=1), reading.latest(HARBOUR)
    assert latest
    told = article("It is over.", "Work begins at six.")
    brought = replace(visit(capture.record_id, article=HARBOUR), outcome="revised")
    tell_revision(tell, archive.keep(told, brought, verdict="revised", after=latest.record_id))
    tell_visit(tell, brought)


def a_journal(archive: Writer, tell: Tell) -> None:
    for reason in ("dns", "timeout"):
        noted = visit(url=f"{HARBOUR}/{reason}", reason=reason)
        archive.note(noted)
        tell_visit(tell, noted)
    archive.journal()


def what_was_learned(archive: Writer, tell: Tell) -> None:
    """A site's memory and a ruling: resource records that no capture stands beside."""
    archive.remember(Site(site="harbour-post.example", number=1, learned_at=NOON, memory={"body": ["main"]}))
    tell("site harbour-post.example 1")
    with archive.reading() as reading:
        latest = reading.latest(HARBOUR)
    assert latest
    archive.rule([Ruling(revision=latest.record_id, ruled_at=NOON, reason="reextract", verdict=latest.verdict)])
    tell(f"ruling {latest.record_id} {latest.verdict}")


def several_together(archive: Writer, tell: Tell) -> None:
    """Two pages and two texts with one wait and one transaction; acknowledged when the block has ended."""
    said: list[str] = []
    with archive.together():
        for n in range(2):
            keep_a_page(archive, said.append, url=f"{HARBOUR}/together/{n}")
    tell("\n".join(said))


def an_end(archive: Writer, tell: Tell) -> None:
    """Journal, manifest, final name."""
    archive.note(visit(reason="tls"))
    archive.close()


# What is written after a page that was acknowledged before; the first has nothing before it.
FIRST = "the first record of a file"
SHAPES: dict[str, Shape] = {
    FIRST: a_response,
    "a response": a_response,
    "a 304": a_304,
    "the same payload": the_same_payload,
    "two redirects": two_redirects,
    "a text": a_text,
    "a journal": a_journal,
    "what was learned": what_was_learned,
    "several together": several_together,
    "an end": an_end,
}


def tell_a_group(root: Path, tell: Tell) -> None:
    """Open, keep two pages with one wait, close."""
    with open_writer(root) as archive:
        several_together(archive, tell)
    tell("closed")


def tell_a_full_keep(root: Path, tell: Tell) -> None:
    """Open, append, keep, note, close."""
    with open_writer(root) as archive:
        keep_a_page(archive, tell, url=f"{HARBOUR}/full")
        noted = visit(reason="dns")
        archive.note(noted)
        tell_visit(tell, noted)
    tell("closed")
