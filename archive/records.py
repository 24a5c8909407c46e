"""The lasting values: what was fetched, what lies in the archive, what was understood.

They know nothing: no clock, no disk, no network. Times are aware and UTC unless a field says otherwise.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

_WIDE = re.compile(r"[\u0e00-\u0e7f\u3040-\u9fff]")  # written without spaces between words, or nearly

Outcome = Literal["new", "revised", "unchanged", "copy", "not-article", "gone", "refused", "blocked", "failed"]
Role = Literal["article", "feed", "sitemap", "front", "robots"]
Verdict = Literal["new", "revised", "copy", "facts"]
Standing = Verdict | Literal["superseded"]  # what a revision is now
Truncation = Literal["length", "time", "disconnect"]
FOR_THE_SITE = "tdmrep.json"  # the origin of what a file reserves for a whole site
# Facts whose change makes a revision. `modified` alone moves with every counter on some sites, and says nothing that a
# reader could see; image CDNs sign and resize their addresses anew with every build of a page, captions and credits go
# with the picture, and what other places of the page say is markup.
REVISING = (
    "headline", "authors", "published", "language", "publisher", "section", "kind", "access", "source_link",
    "wire_credit", "reservations",
)  # fmt: skip
# Facts that were not looked for from the first, and what the records of before say of them: nothing.
ADDED: Mapping[str, object] = {
    "reservations": (), "section": None, "wire_credit": None, "image": None, "image_caption": None,
    "image_credit": None, "disagreements": {},
}  # fmt: skip


def count_words(text: str) -> int:
    """How many words a text has; where no spaces part them (Chinese, Japanese, Thai), two characters count as one."""
    if text.isascii() or not _WIDE.search(text):  # nearly always, and rebuild counts every text
        return len(text.split())
    return sum(max(1, len(_WIDE.findall(part)) // 2) for part in text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its response, as they stood on the wire."""

    url: str  # as asked; no fragment, no credentials
    started_at: datetime
    seconds: float  # from the request's first byte to the response's last; of an import 0.0: nobody told
    request_head: bytes  # through the empty line, credentials and cookies left out; of an import empty when not told
    response_head: bytes  # the final status line through the empty line, byte for byte
    body: bytes  # transfer coding undone, content coding kept
    ip: str | None  # the address that was dialled
    truncated: Truncation | None = None  # why the body is not whole
    notes: tuple[tuple[str, str], ...] = ()  # what no record has a place for: trailers, interim responses, TLS, …


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one fetch brought: its exchanges hop by hop, the answer last."""

    exchanges: tuple[Exchange, ...]

    @property
    def url(self) -> str:
        """The URL that was asked for."""
        return self.exchanges[0].url

    @property
    def answer(self) -> Exchange:
        """The last exchange: what the redirects led to."""
        return self.exchanges[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a conditional request may name.  Source: RFC 9110, 8.8."""

    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One exchange at rest: which WARC file holds it, and where in it."""

    record_id: str  # WARC-Record-ID of the response or revisit, without <>
    url: str  # as asked, not canonical
    captured_at: datetime
    status: int  # the HTTP status on the wire; 304 for a revisit that the server declared
    media_type: str | None  # as the server said
    payload_digest: str  # "sha1:" + base32, as in the record
    payload_sha256: str  # 64 hex digits, of the same bytes
    payload_length: int  # bytes
    hop_from: str | None  # record id of the redirect that led here
    revisit_of: str | None  # record id of the response that holds the payload
    truncated: Truncation | None
    etag: str | None
    last_modified: str | None
    warc: str  # path from the archive's folder, without .open
    offset: int  # bytes from the start of that file
    length: int  # bytes of the compressed record

    @property
    def holder(self) -> str:
        """Record id of the response that holds the payload: this one, or the one it revisits."""
        return self.revisit_of or self.record_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """An attempt to fetch, whatever came."""

    visit_id: str  # urn:uuid:…
    url: str  # as asked
    visited_at: datetime
    role: Role
    outcome: Outcome
    reason: str | None = None  # one word why: "robots", "timeout", "http-503", "pdf", …
    source: str | None = None  # URL of the source that announced the link, or that was polled
    status: int | None = None  # of the last response
    capture: str | None = None  # record id of the answer, when one was kept
    article: str | None = None  # canonical URL, once known
    aliases: tuple[str, ...] = ()  # normalised URLs that led to that article
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a page says about its article, beside the text, and where each fact came from."""

    url: str  # the page it was cleaned from, after redirects
    canonical_url: str  # what the article is known by, normalised
    site: str  # host, lower case, punycode, without www.
    headline: str | None = None
    authors: tuple[str, ...] = ()
    published: str | None = None  # as precise as the page: "2026-11-20" or with time and offset
    modified: str | None = None
    language: str | None = None  # BCP 47, as declared
    publisher: str | None = None  # the printed name
    section: str | None = None  # as the site calls it: "World", "Экономика"
    kind: str = "article"
    access: str = "open"
    source_link: str | None = None  # a URL: the source that the end of a text names
    wire_credit: str | None = None  # whose report it is by its own word: "AP", "via Turkish media"
    image: str | None = None  # URL of the lead image
    image_caption: str | None = None
    image_credit: str | None = None
    reservations: tuple[str, ...] = ()  # what its site reserves, sorted: "noarchive", "tdm-reservation=1"
    origins: Mapping[str, str] = field(default_factory=dict)  # fact → "json-ld", "meta", "time", "text", …
    # fact → what other places of the page say of it, "meta: 2026-11-19"
    disagreements: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    extractor: Mapping[str, str] = field(default_factory=dict)  # package → version
    site_memory: str | None = None  # "caliber.az@7"

    def said(self, fact: str) -> object:
        """A fact as the page or its head states it: without what only a file reserves, for that is kept as a capture.

        So a site that begins to reserve by a file makes no revision of each of its articles.
        """
        if fact != "reservations":
            return getattr(self, fact)
        return tuple(each for each in self.reservations if self.origin_of(each) != FOR_THE_SITE)

    def origin_of(self, reservation: str) -> str:
        """Where it was stated: "meta", "header", "tdmrep.json", or several parted by a space."""
        return self.origins.get(f"reservations:{reservation.partition('=')[0]}", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Article(Facts):
    """The text as one page tells it, with its facts."""

    paragraphs: tuple[str, ...]  # the headline is not among them

    @property
    def text(self) -> str:
        """Exactly what the text file holds: headline, paragraphs, an empty line between, one newline at the end."""
        return "\n\n".join((self.headline, *self.paragraphs) if self.headline else self.paragraphs) + "\n"

    @property
    def sha256(self) -> str:
        """The SHA-256 of the text file's bytes, 64 hex digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def words(self) -> int:
        """How many words the text has."""
        return count_words(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A later word on a kept revision: what it is, now that an earlier capture or a newer extractor is known.

    "superseded" takes it out of its article's revisions; its text stays, and is still found by its pressmark.
    """

    revision: str  # record id of the conversion record
    ruled_at: datetime
    reason: Literal["import", "reextract"]
    verdict: Standing
    copy_of: str | None = None
    facts_changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """A record that was taken out for good: a tombstone lies in its place."""

    record_id: str  # of the response, revisit or conversion that was there
    redacted_at: datetime
    reason: str  # as the person who ordered it gave it
    url: str  # as asked, or the article's canonical URL
    captured_at: datetime
    warc: str  # where the tombstone lies
    offset: int
    sha256: str | None = None  # of the text's bytes, when a conversion was there
    text_file: str | None = None  # the file that was made for its text; its number is never given again
    closed: bool = False  # nothing is fetched at, or imported of, its URL as an article any more
    outcome: Outcome | None = None  # of a capture: what its visit came to, when a ruling had said so


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What was learned about one host's layout: one numbered state of a site's memory."""

    site: str  # host, lower case, punycode, without www.
    number: int  # from 1; `caliber.az@7` names it
    learned_at: datetime
    memory: Mapping[str, Any] = field(default_factory=dict)  # what the extractor knows, as JSON

    @property
    def began(self) -> datetime:
        """From when on captures show the layout that it knows: when the first of those that taught it was taken."""
        held = self.memory.get("held")
        return datetime.fromisoformat(held["from"]) if held else self.learned_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A text, or a set of facts, of one article at one time, at rest as a conversion record."""

    record_id: str  # of the conversion record
    capture: str  # record id of the response or revisit it was understood from
    captured_at: datetime  # when that capture was taken
    verdict: Standing
    facts: Facts
    sha256: str  # of the text's bytes, 64 hex digits
    words: int
    text_file: str  # path from the archive's folder; of a text that was there before: that one's
    names_file: bool  # its text was the first with these bytes, so the file was made for it
    copy_of: str | None  # pressmark of another article's text with the same bytes
    facts_changed: tuple[str, ...]
    warc: str  # where the conversion record lies, as in Capture
    offset: int
    length: int

    @property
    def article(self) -> str:
        """The canonical URL of the article this is a revision of."""
        return self.facts.canonical_url

    @property
    def pressmark(self) -> str:
        """The text's name by hash: "000_d00c5ce0b9dbff16"."""
        return self.text_file.rpartition("/")[2].removesuffix(".txt")
