"""Links: addresses that a source announces, not yet fetched."""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Literal
from urllib.parse import unquote

from scraper.charsets import codec_of
from scraper.urls import key

Kind = Literal["home", "feed", "sitemap", "news-sitemap", "front", "page"]  # of a source

LONGEST_HEADLINE = 500  # characters

_DECLARED = re.compile(rb"""(<\?xml[^>]{0,200}?\sencoding\s{0,20}=\s{0,20}["'])([^"'>]{0,60})""", re.IGNORECASE)
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF16_STARTS = {b"<\0?\0": "utf-16-le", b"\0<\0?": "utf-16-be"}
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_FILE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|svg|ico|bmp|tiff?|mp[34]|m4[av]|m3u8|webm|ogg|og[av]|wav|aac|flac|avi|mov|wmv|flv|mkv"
    r"|pdf|docx?|xlsx?|pptx?|odt|epub|csv|zip|gz|tgz|bz2|xz|rar|7z|tar|exe|dmg|apk|iso|css|js|mjs|json|map|xml|rss|atom"
    r"|ics|woff2?|ttf|eot|swf|torrent)/*$",
    re.IGNORECASE,
)
# Words that stand for a kind of page when they are a whole segment of the path. courlan's filters find them at the end
# of a slug too, and "/man-saves-his-cat/" or "/talk-with-the-author/" would be lost.
_LISTING = re.compile(
    r"/(?:tags?|topics?|thema|themen|schlagwort|labels?|categor(?:y|ies|ie|ia|ias)|kategor(?:ie|ien|i|ia)|rubri[ck][as]?"
    r"|auth?ors?|auteurs?|autor(?:en|es|i)?|profiles?|users?|members?|archives?|paged?|seite|search|suche|recherche|buscar)"
    r"(?:/[^/]*){0,2}/*$",
    re.IGNORECASE,
)
_SERVICE = re.compile(
    r"/(?:wp-login|log-?in|log-?out|sign-?(?:in|up|out)|register|account|cart|checkout|subscribe|subscription|newsletters?"
    r"|feed|rss|comments/feed|impressum|imprint|[ck]onta[ck]t(?:-us)?|privacy(?:-policy)?|datenschutz|terms"
    r"|terms-of-(?:use|service)|cookies|cookie-policy|about(?:-us)?|sitemap)(?:\.[a-z]{3,5})?/*$"
    r"|/wp-(?:admin|json|content|includes)/",
    re.IGNORECASE,
)
_FRONT = re.compile(r"/+(?:(?:index|default|home)(?:\.[a-z]{3,5})?/*)?", re.IGNORECASE)
_DATE = re.compile(r"/(?:19|20)\d\d[/-]?(?:0?[1-9]|1[0-2])(?:[/-]|[0-3]\d)|/(?:19|20)\d\d/[a-z]{3}/\d")
_MORE_THAN_A_DATE = re.compile(r"[^\d/-]|\d{5}")
# A number of five digits, a UUID, or an opaque name with digits in it: /articles/clymn8zyrp9o
_NUMBER = re.compile(r"\d{5,}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-|/(?=(?:[A-Za-z]*\d){2})[A-Za-z0-9]{10,}/*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A URL as a source announced it, with what the source said of it."""

    url: str  # as found, absolute, without fragment and credentials
    source: str  # URL of the feed, sitemap or front it stood in
    published: str | None = None  # ISO 8601, as precise as the source
    modified: str | None = None  # ISO 8601
    headline: str | None = None  # as announced; the page may say otherwise

    @property
    def key(self) -> str:
        """What the link is known by.  See scraper.urls.key."""
        return key(self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What one poll of a source brought."""

    links: tuple[Link, ...] = ()
    sources: tuple[tuple[Kind, str], ...] = ()  # feeds of a home page, child sitemaps of an index, by URL
    ttl: timedelta | None = None  # how long the source asks to be left alone
    dropped: int = 0  # links and sources that were more than we take
    cut: int = 0  # bytes behind the last that is read of such a source

    def told_as(self, spelled: Callable[[str], str]) -> "Announced":
        """The same with each URL spelled otherwise."""
        links = tuple(replace(link, url=spelled(link.url)) for link in self.links)
        return replace(self, links=links, sources=tuple((kind, spelled(url)) for kind, url in self.sources))


def could_be_article(url: str) -> bool:
    """Whether the URL alone leaves room for an article: no file, login, search or listing, no front page.

    Leans to yes, for a no loses the article unseen.
    """
    path, _, query = path_of(url).partition("?")
    if not url[:8].lower().startswith(("http://", "https://")) or _FILE.search(path):
        return False
    if _SERVICE.search(path) or (_FRONT.fullmatch(path) and not query):
        return False
    return not _LISTING.search(path) or article_signs(url) > 0


def article_signs(url: str) -> float:
    """How much a URL looks like an article's, in points: a date 3, a slug of four words 2, an id 1, .html 0.5.

    Zero for none of these.  Source: measured beside scraper.fronts, whose scale it is.
    """
    path, _, query = path_of(url).partition("?")
    last = unquote(path.rstrip("/").rpartition("/")[2])
    words = [word for word in re.split(r"[-_+ ]", last) if word]
    points = 3.0 * _is_dated(path) + 2.0 * (len(words) >= 4)
    points += 1.0 * bool(_NUMBER.search(path) or _NUMBER.search(query))
    return points + 0.5 * path.lower().endswith((".html", ".htm"))


def _is_dated(path: str) -> bool:
    """Whether a path names a day and something on it: /2026/11/20/ alone is the archive of that day."""
    date = _DATE.search(path)
    return date is not None and _MORE_THAN_A_DATE.search(path, date.end()) is not None


def path_of(url: str) -> str:
    """Path and query of an absolute URL; "/" when it has neither."""
    rest = url.partition("#")[0].partition("://")[2]
    start = next((at for at, character in enumerate(rest) if character in "/?"), None)
    return "/" if start is None else rest[start:]


def moment(text: str | None) -> datetime | None:
    """The aware time that an ISO 8601 text names, to compare by; without a zone it is read as UTC.

    A year or a month alone stands for its beginning. None when the text is no date.
    """
    if not text:
        return None
    padded = text + "-01-01"[len(text) - 4 :] if len(text) in (4, 7) else text
    try:
        read = datetime.fromisoformat(padded)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def headline(text: str | None) -> str | None:
    """A headline in plain text, on one line, at most LONGEST_HEADLINE characters; None when nothing is left."""
    if not text:
        return None
    # Feeds escape their headlines once too often; what is longer than this is no headline.
    plain = _TAG.sub("", unescape(text[: 4 * LONGEST_HEADLINE]))
    return " ".join(plain.split())[:LONGEST_HEADLINE].rstrip() or None


def in_utf8(body: bytes) -> bytes:
    """A feed or sitemap in UTF-8, without what stands before its first character.

    By its mark, its first two characters (UTF-16 without a mark), or the charset that its declaration names; what is no
    charset of the web is taken for UTF-8, and the declaration that names another one goes.
    """
    if body.startswith(_UTF16_MARKS) and body[2:4] != b"\0\0":
        return _as_utf8(body.decode("utf-16", "replace"))
    if body[:4] in _UTF16_STARTS:
        return _as_utf8(body.decode(_UTF16_STARTS[body[:4]], "replace"))
    body = body.replace(b"\0", b"").lstrip(codecs.BOM_UTF8 + b" \t\r\n")  # in UTF-32 a doctype could hide
    declared = _DECLARED.match(body)
    if not declared or declared[2].lower() in (b"utf-8", b"utf8"):
        return body
    codec = codec_of(declared[2].decode("latin-1"))
    ascii_like = codec if codec and not codec.startswith("utf") else "utf-8"  # or the declaration could not be read
    return _as_utf8(body.decode(ascii_like, "replace"))


def _as_utf8(text: str) -> bytes:
    return _DECLARED.sub(rb"\1utf-8", text.lstrip("\ufeff \t\r\n").encode("utf-8", "replace"), count=1)
