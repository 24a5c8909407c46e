"""What a polled source announces: links to articles, and further sources. Runs in a worker process."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from scraper.errors import Unreadable
from scraper.feeds import read_feed
from scraper.fronts import read_front
from scraper.links import Announced, Kind, Link, could_be_article, moment
from scraper.sitemaps import Child, read_sitemap
from scraper.urls import key, same_publisher, site
from scraper.wire import charset_of, decoded

_MOST_CHILDREN = 20  # child sitemaps followed from one index at one poll; the rest are older or come with the next
_LARGEST = 50_000_000  # bytes, decoded


def read_polled(kind: Kind, since: datetime, head: bytes, body: bytes, url: str) -> Announced:
    """What the answer to a poll announces.

    A home page that turns out to be a feed or a sitemap is read as one. since: what a sitemap dates earlier is left
    out, for it lists all there ever was. Raises Unreadable, for a feed that is HTML too, FetchError for a body that
    cannot be decoded, or ExtractError for one that no parser may have.
    """
    plain = decoded(head, body, limit=_LARGEST, url=url)
    if kind in ("sitemap", "news-sitemap"):
        return _from_sitemap(plain, url, since)
    if kind == "feed":
        return _from_feed(plain, url)
    if kind == "home":
        with suppress(Unreadable):
            return _from_feed(plain, url) if _is_xml_or_json(plain) else _from_front(head, plain, url)
        return _from_sitemap(plain, url, since)
    return _from_front(head, plain, url)


def _is_xml_or_json(plain: bytes) -> bool:
    start = plain[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return (
        start.startswith((b"<?xml", b"<rss", b"<feed", b"<rdf", b"<urlset", b"<sitemapindex", b"{"))
        and b"<html" not in start
    )


def _from_feed(plain: bytes, url: str) -> Announced:
    feed = read_feed(plain, url)
    return Announced(links=_own(feed.links, url), ttl=feed.ttl, dropped=feed.dropped, cut=feed.cut)


def _from_front(head: bytes, plain: bytes, url: str) -> Announced:
    front = read_front(plain, url, charset_of(head, plain))
    return Announced(
        links=_wanted(front.links),
        sources=tuple(("feed", feed) for feed in front.feeds),
        dropped=front.dropped,
        cut=front.cut,
    )


def _from_sitemap(plain: bytes, url: str, since: datetime) -> Announced:
    sitemap = read_sitemap(plain, url)
    links = [link for link in sitemap.links if (moment(link.published or link.modified) or since) >= since]
    worth = _worth(sitemap.children, since)
    return Announced(
        links=_own(links, url),
        sources=tuple(("sitemap", child.url) for child in worth[:_MOST_CHILDREN]),
        dropped=sitemap.dropped + len(worth[_MOST_CHILDREN:]),
        cut=sitemap.cut,
    )


def _worth(children: Iterable[Child], since: datetime) -> list[Child]:
    """The child sitemaps that may hold news: changed since then, or undated; newest first."""
    return [child for child in children if (moment(child.modified) or since) >= since]


def _own(links: Iterable[Link], url: str) -> tuple[Link, ...]:
    """Links of the publisher that announces them; an advertiser's link in a feed is not.

    A feed may lie with a service (feedburner): then the site that most of its links lead to counts as its own.
    """
    wanted = _wanted(links)
    most = Counter(site(link.url) for link in wanted).most_common(1)
    home = f"https://{most[0][0]}/" if most else url
    return tuple(link for link in wanted if same_publisher(link.url, url) or same_publisher(link.url, home))


def _wanted(links: Iterable[Link]) -> tuple[Link, ...]:
    """Links that could be articles, each place once."""
    found: dict[str, Link] = {}
    for link in links:
        with suppress(ValueError):
            if could_be_article(link.url):
                found.setdefault(key(link.url), link)
    return tuple(found.values())
