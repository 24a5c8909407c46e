"""From a page to its article. Pure: the same bytes give the same text, without clock, network or chance.

decoding    the bytes in UTF-8; tree: what each parser bears of them
facts       what the page declares: headline, authors, dates, … and where it contradicts itself
blocks      what the page prints, paragraph by paragraph; places: where each stands
neighbours  which of several articles on a page is meant
boilerplate what of it is article, of an unknown site: trafilatura and its fallbacks; plain: the last, without a parser;
            floods: what would take trafilatura minutes; gaps: what it passed over; state: an article that only the
            page's scripts would print
template    what of it is article, of a known site: places of blocks, learned; wrapped: boxes between; site: what an
            archive remembers of them
live        a live blog's entries
lines       the cruft that is left, by rules; cues: its words; marks: what the markup says of a line
form        how a paragraph's characters stand in the text file
kinds       what kind of page it is, how much of it is open; walls: why it holds no article; notices: what it says
            instead; wordings: its words
cleaning    all of this in a row; learning: what a site's pages teach (lessons: of templates; formats: of lines)
flat        the same for a text without markup; media: what is no text at all
tracing     from the article back to the blocks of its page; explain: each of them, kept or dropped, and why;
            markdown: the article with the links, levels, tables and footnotes that they have
"""

import re
from typing import TYPE_CHECKING

from archive import heads
from archive.records import Article, Site
from scraper import wire
from scraper.errors import NotAnArticle
from scraper.reservations import in_head, with_reservations

if TYPE_CHECKING:
    from scraper.extract.explain import Explanation

TOP = "trafilatura"  # the ladder's first rung; all of them: boilerplate.RUNGS
LARGEST = 64_000_000  # bytes of a decoded body

_HTML = frozenset(("text/html", "application/xhtml+xml", "application/xml", "text/xml", "text/plain"))

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)

# Some imports stand inside the functions: trafilatura takes 0.4 s and 60 MB, and a process that only names `understand`
# for its workers shall not pay them.


def clean(body: bytes, url: str, *, charset: str | None = None, site: Site | None = None) -> Article:
    """The article in a page.

    body: the entity, content coding undone; url: where it came from, after redirects; charset: the label HTTP declared;
    site: what was learned about its site, from `learn_site` or an archive; without, nothing is known of it.
    Raises NotAnArticle with the reason "empty", "front", "list", "soft-404", "needs-javascript", "wall" or "no-text".
    """
    return _cleaned(body, url, charset, TOP, site)


def clean_flat(text: str, url: str = "", *, site: Site | None = None) -> Article:
    """The article in an already flattened text.  Raises NotAnArticle with the reason "empty" or "no-text".

    url and site: as for `clean`, where they are known.
    """
    from scraper.extract import flat  # noqa: PLC0415

    return flat.clean_flat(text, url, site=site)


def is_flat(text: str) -> bool:
    """Whether a text has no markup, so that `clean_flat` is for it."""
    from scraper.extract import flat  # noqa: PLC0415

    return flat.is_flat(text)


def text_of(body: bytes, where: str) -> str:
    """A file's text, whatever its charset.  Raises NotAnArticle "pdf" or "media-type" for what is no text."""
    from scraper.extract import media  # noqa: PLC0415

    return media.text_of(body, where)


def understand(head: bytes, body: bytes, url: str, *, start: str = TOP, site: Site | None = None) -> Article:
    """The article in a response: what the workers run.

    head: the response's, through the empty line; body: transfer coding undone, content coding kept; start: the first
    rung of the ladder that is tried, for a page that was the end of a worker higher up; site: as for `clean`.
    Raises what `clean` raises, NotAnArticle "pdf" or "media-type", and FetchError for a body that cannot be decoded.
    """
    entity, charset = entity_of(head, body, url)
    article = _cleaned(entity, url, charset, start, site)
    return with_reservations(article, in_head(head, url), "header")


def explain(body: bytes, url: str, *, charset: str | None = None, site: Site | None = None) -> "Explanation":
    """What `clean` makes of a page, block by block: kept or dropped, and why. Of a page that is no article, too."""
    from scraper.extract.explain import explained  # noqa: PLC0415

    return explained(body, url, charset=charset, site=site)


def explain_flat(text: str, url: str = "", *, site: Site | None = None) -> "Explanation":
    """What `clean_flat` makes of a flattened text, line by line."""
    from scraper.extract.explain import explained_flat  # noqa: PLC0415

    return explained_flat(text, url, site=site)


def markdown(body: bytes, url: str, *, charset: str | None = None, site: Site | None = None) -> tuple[Article, str]:
    """What `clean` gives, and the article as Markdown. Raises what `clean` raises."""
    from scraper.extract.markdown import markdown as made  # noqa: PLC0415

    return made(body, url, charset=charset, site=site)


def entity_of(head: bytes, body: bytes, url: str) -> tuple[bytes, str | None]:
    """A response's page and the charset that HTTP declared, as `clean` takes them.

    Raises NotAnArticle "pdf" or "media-type", and FetchError for a body that cannot be decoded.
    """
    entity = wire.decoded(head, body, limit=LARGEST, url=url)
    media_type = heads.media_type(head)
    if media_type == "application/pdf" or entity.startswith(b"%PDF-"):
        raise NotAnArticle(url, "pdf", "the link leads to a PDF")
    if media_type not in _HTML and not (media_type is None and b"<" in entity[:1024]) and entity.strip():
        raise NotAnArticle(url, "media-type", f"the link leads to {media_type or 'something unnamed'}, not to a page")
    return entity, charset_in(head)


def charset_in(head: bytes) -> str | None:
    """The label of the charset that a response declares."""
    declared = _CHARSET.search(heads.field(head, "content-type") or "")
    return declared[1] if declared else None


def _cleaned(body: bytes, url: str, charset: str | None, start: str, site: Site | None) -> Article:
    from scraper.extract.cleaning import cleaned  # noqa: PLC0415

    return cleaned(body, url, charset=charset, start=start, site=site).article()
