"""An archive with one of everything that an export must get right."""

from dataclasses import dataclass, replace
from pathlib import Path

from archive import Writer
from archive.export import export
from archive.records import Page, Revision
from tests.archive.pages import HARBOUR, article, exchange, kept, later, not_modified, page, visit

OLD = "http://harbour-post.example/old"
TORN = "https://harbour-post.example/torn"
HALF = "https://harbour-post.example/half"
TYPELESS = "https://harbour-post.example/typeless"
ABROAD = "https://www.gazette.example/Abroad/?b=2&a=1"


@dataclass(frozen=True, slots=True)
class Shelf:
    """What was kept, in the order of its captures."""

    archive: Writer
    moved: Revision  # behind a redirect, and a revisit of an earlier response
    torn: Revision  # of a page that came torn first and then whole
    half: Revision  # of a page that only came torn
    abroad: Revision  # on another site
    copy: Revision  # of `abroad`, on the first site

    @property
    def revisions(self) -> tuple[Revision, ...]:
        return (self.moved, self.torn, self.half, self.abroad, self.copy)


def fill(archive: Writer) -> Shelf:
    """Redirect, revisits of both kinds, torn pages, a response without a type, a copy, two sites, two WARC files."""
    archive.append(page(b"the strike", at=later(0)))
    moved = _moved(archive)
    archive.append(not_modified(at=later(2)))
    archive.close_warc()
    archive.append(Page(exchanges=(exchange(b"plain", url=TYPELESS, headers=b"", at=later(3)),)))
    torn = _torn(archive, TORN, hours=4)
    archive.append(page(b"whole", url=TORN, at=later(5)))
    half = _torn(archive, HALF, hours=6)
    abroad = _keep(archive, ABROAD, hours=7, site="gazette.example")
    copy = _keep(archive, HARBOUR + "/copy", hours=8, site="harbour-post.example")
    return Shelf(archive, moved, torn, half, abroad, copy)


def _moved(archive: Writer) -> Revision:
    hop = exchange(b"", url=OLD, status="301 Moved", headers=b"Location: /2026/strike\r\n", at=later(1))
    _, capture = archive.append(Page(exchanges=(hop, exchange(b"the strike", at=later(1)))))
    made = archive.keep(article(), visit(capture.record_id, article=HARBOUR), verdict="new", after=None)
    assert made
    assert capture.revisit_of
    return made


def _torn(archive: Writer, url: str, *, hours: int) -> Revision:
    [capture] = archive.append(page(b"torn", url=url, truncated="length", at=later(hours)))
    told = article(f"Torn at {hours}.", url=url)
    made = archive.keep(told, visit(capture.record_id, url=url, article=url), verdict="new", after=None)
    assert made
    return made


def _keep(archive: Writer, url: str, *, hours: int, site: str) -> Revision:
    [capture] = archive.append(page(b"abroad", url=url, at=later(hours)))
    told = replace(article("=1+1, he said.", "He—“she”; they."), url=url, canonical_url=url, site=site, headline=None)
    made = archive.keep(told, visit(capture.record_id, url=url, article=url), verdict="new", after=None)
    assert made
    return made


def many(archive: Writer, count: int) -> None:
    """As many revisions in the catalog as that, all of them of one text: rows of their own, one record."""
    revision = kept(archive, "A long paragraph. " * 200)
    with archive.catalog.writing() as writing:
        for number in range(count):
            writing.add_revision(replace(revision, record_id=f"urn:uuid:{number:08}", names_file=False))


def exported(archive: Writer, path: Path, **said: object) -> bytes:
    """What an export to that path holds."""
    export(archive, path, **said)  # type: ignore[arg-type]
    return path.read_bytes()
