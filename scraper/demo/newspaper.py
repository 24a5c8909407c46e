"""The sample newspaper: what every URL of its sites answers.  Pure: request, edition and count in, answer out."""

import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache, partial

from scraper.demo import listings, pages, troubles
from scraper.demo.answers import Answer, Asked, moved, page
from scraper.demo.stories import PAPERS, Paper, Story, edition_of, stories

Route = Callable[[int], Answer]  # hits in, answer out

COURIER = "gulf-courier.example"
PRIVATE = page(troubles.article_page("The archive is for the staff"))

SITES = tuple(PAPERS.values())
ARTICLES = stories(1)
SOURCES = tuple(source for paper in SITES for source in (*paper.feeds, *paper.sitemaps, paper.front))

MIRRORS = {  # hosts that only send on to another
    "www.caspian-ledger.example": "caspian-ledger.example",
    "ledger-moved.example": "caspian-ledger.example",
}
REDIRECTS = {  # host and target → where to, and how
    "gulf-courier.example/a/1042": ("http://gulf-courier.example/go?id=1042", 301),
    "gulf-courier.example/go?id=1042": (
        "http://gulf-courier.example/business/grain-ships-get-a-quay-of-their-own",
        302,
    ),
    "kosova-wire.example/?p=48213": (
        "/2026/11/17/korvin-and-kessar-leader-agree-to-reopen-border-road/",  # relative, as servers send it
        301,
    ),
}
HOSTS = (*PAPERS, *MIRRORS, troubles.HOST, troubles.SHUT)


def respond(request: Asked, edition: int, hits: int) -> Answer:
    """What the newspaper answers in that edition (1, 2, …), after so many requests (hits).

    A query that no page asks for is ignored, so tracking parameters lead to the page.  An unknown host gets 421.
    """
    if redirect := REDIRECTS.get(request.host + request.target):
        return moved(*redirect)
    if request.host in MIRRORS:
        return moved(f"http://{MIRRORS[request.host]}{request.target}")
    if request.host == troubles.HOST:
        return _trouble(request)
    if request.host == troubles.SHUT:
        return troubles.refusal(500, "Internal Server Error")
    if request.host not in PAPERS:
        return troubles.refusal(421, "Misdirected Request")
    known = routes(request.host, edition)
    route = known.get(request.target) or known.get(request.path)
    answer = route(hits) if route else troubles.refusal(404, "Not Found")
    return DRESS.get(request.host, _as_it_is)(answer, request.headers)


@cache
def routes(host: str, edition: int) -> Mapping[str, Route]:
    """Path (with the query, where it matters) → what is there in that edition."""
    paper, printed = PAPERS[host], edition_of(host, edition)
    every = [story for story in stories(edition) if story.host == host]
    known: dict[str, Route] = {target(story.url): partial(_article, paper, story) for story in every}
    known |= {f"{target(story.url)}/amp": partial(_amp, paper, story) for story in every if host == COURIER}
    known |= {path: partial(_fixed, answer) for path, answer in _listings(paper, printed).items()}
    fronts = dict.fromkeys(("/", "/ru/"), partial(_front, paper, edition))
    return known | fronts | {"/private/archive": partial(_fixed, PRIVATE)}


def target(url: str) -> str:
    """Path and query of a URL of ours."""
    return "/" + url.split("/", 3)[3]


def _listings(paper: Paper, printed: tuple[Story, ...]) -> Mapping[str, Answer]:
    """Path → feed, sitemap or robots.txt of that paper."""
    robots = listings.ROBOTS.get(paper.host)
    common = {"/robots.txt": listings.listing("text/plain", robots)} if robots else {}
    match paper.host:
        case "caspian-ledger.example":
            child = "/sitemap-iblock-7.xml.gz"
            return common | {
                "/rss/": listings.rss(paper, printed),
                "/sitemap.xml": listings.sitemap_index(f"http://{paper.host}{child}"),
                child: listings.zipped(listings.sitemap(printed)),
                "/sitemap-news.xml": listings.news_sitemap(paper, printed),
            }
        case "gulf-courier.example":
            news = listings.news_sitemap(paper, printed)
            return common | {"/feed.atom": listings.atom(paper, printed), "/news-sitemap.xml": news}
        case "kosova-wire.example":
            return common | {"/feed/": listings.rss(paper, printed)}
        case "world-tonight.example":
            feed = listings.json_feed(paper, printed)
            return common | {"/feed.json": feed, "/sitemap.xml": listings.sitemap(printed)}
        case _:
            broken = listings.malformed_rss(paper, printed)
            return common | {"/backend.rdf": listings.rdf(paper, printed), "/rss.xml": broken}


def _article(paper: Paper, story: Story, hits: int) -> Answer:
    if story.withdrawn:
        return troubles.refusal(410, "Gone")
    markup = pages.article(paper, story, pages.Moment(edition=story.edition, hits=hits))
    return _printed(paper, markup, ("Last-Modified", _http_date(story)))


def _amp(paper: Paper, story: Story, hits: int) -> Answer:
    if story.withdrawn:
        return troubles.refusal(410, "Gone")
    return _printed(paper, pages.article(paper, story, pages.Moment(edition=story.edition, hits=hits), variant=".amp"))


def _front(paper: Paper, edition: int, hits: int) -> Answer:
    return _printed(paper, pages.front(paper, pages.Moment(edition=edition, hits=hits)))


def _fixed(answer: Answer, _hits: int) -> Answer:
    return answer


def _printed(paper: Paper, markup: str, *headers: tuple[str, str]) -> Answer:
    """The page in the paper's own charset; a paper that is not of this century names it inside the page only."""
    if paper.charset == "utf-8":
        return page(markup, *headers)
    return Answer(headers=(("Content-Type", "text/html"),), body=markup.encode(paper.charset))


def _http_date(story: Story) -> str:
    moment = datetime.fromisoformat(story.modified or story.published)
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _trouble(request: Asked) -> Answer:
    if request.path == "/robots.txt":
        return listings.listing("text/plain", listings.ROBOTS[troubles.HOST])
    trouble = troubles.PAGES.get(request.path)
    return trouble(request) if trouble else troubles.refusal(404, "Not Found")


def _as_it_is(answer: Answer, _headers: Mapping[str, str]) -> Answer:
    return answer


def _with_cookie(answer: Answer, _headers: Mapping[str, str]) -> Answer:
    """A session for everyone, as Bitrix has it; robots must not give it back."""
    cookie = ("Set-Cookie", "PHPSESSID=5cb0a1f2e7; path=/; HttpOnly")
    return replace(answer, headers=(("Server", "nginx"), *answer.headers, cookie))


def _conditional(answer: Answer, headers: Mapping[str, str]) -> Answer:
    """304 for who has it already.  Source: RFC 9110, 13.1."""
    if answer.status != 200:
        return answer
    etag, changed = f'"{hashlib.sha256(answer.body).hexdigest()[:16]}"', answer.named("last-modified")
    asked = headers.get("if-none-match")
    same = etag in asked if asked else changed is not None and headers.get("if-modified-since") == changed
    if same:
        return Answer(status=304, headers=(("ETag", etag),))
    return replace(answer, headers=(*answer.headers, ("ETag", etag)))


def _in_chunks(answer: Answer, _headers: Mapping[str, str]) -> Answer:
    return replace(answer, headers=(*answer.headers, ("Transfer-Encoding", "chunked")))


def _gzipped(answer: Answer, headers: Mapping[str, str]) -> Answer:
    varied = (*answer.headers, ("Vary", "Accept-Encoding"))
    if "gzip" not in headers.get("accept-encoding", ""):
        return replace(answer, headers=varied)
    body = gzip.compress(answer.body, mtime=0)
    return replace(answer, headers=(*varied, ("Content-Encoding", "gzip")), body=body)


# How each site's server sends what it has.
DRESS: Mapping[str, Callable[[Answer, Mapping[str, str]], Answer]] = {
    "caspian-ledger.example": _with_cookie,
    "gulf-courier.example": _conditional,
    "kosova-wire.example": _in_chunks,
    "world-tonight.example": _gzipped,
}
