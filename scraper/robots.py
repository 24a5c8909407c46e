"""robots.txt: what a site lets us ask for.  Source: RFC 9309.

Only the reading of it. Whoever fetches it follows up to five redirects, keeps the last good copy, and asks again after
a day; a status of 5xx or none at all gives DISALLOW_ALL, which that copy then stands in for.
"""

import math
import re
from dataclasses import dataclass
from datetime import timedelta

from protego import Protego

from scraper.urls import host

LARGEST = 500 * 1024  # bytes that are read; RFC 9309, 2.5 asks for at least as many
MOST_SITEMAPS = 1_000

_MOST_FRESH = timedelta(hours=24)  # RFC 9309, 2.4
_LEAST_FRESH = timedelta(hours=1)  # many sites call everything stale at once, and mean their pages

# Site owners copy "User-agent: pressmark/1.2" from their logs. The product token ends where its letters do (2.2.1), as
# in Google's parser. protego compares the whole of it, and takes one that ours begins with ("press") for ours.
_AGENT = re.compile(r"^([ \t]*user[ -]?agent[ \t]*[: \t])[ \t]*([^\r\n#]*)", re.IGNORECASE | re.MULTILINE)
_TOKEN = re.compile(r"[a-z_-]*", re.IGNORECASE)
_NOBODY = "-"  # what no product's name begins with
_QUERY = re.compile(r"\?[^\r\n]*")
_MAX_AGE = re.compile(r"(?:^|,)\s*max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rules:
    """What one robots.txt says to one product."""

    product: str
    crawl_delay: float | None  # seconds between visits, as asked; not a word of RFC 9309, but many sites write it
    sitemaps: tuple[str, ...]  # as written; mostly absolute
    default: bool  # the answer where no rules were read
    parsed: Protego | None = None

    def allows(self, url: str) -> bool:
        """Whether we may ask for `url`, a URL of the origin whose robots.txt this is."""
        return self.parsed.can_fetch(_plain_query(url), self.product) if self.parsed else self.default


ALLOW_ALL = Rules(product="*", crawl_delay=None, sitemaps=(), default=True)
DISALLOW_ALL = Rules(product="*", crawl_delay=None, sitemaps=(), default=False)


def robots_url(url: str) -> str:
    """Where the robots.txt that speaks for `url` lies: scheme, host and port decide.

    Raises ValueError for what is no http(s) URL.
    """
    scheme = url.strip().partition(":")[0].lower()
    return f"{scheme}://{host(url)}/robots.txt"


def read_rules(status: int, body: bytes, product: str) -> Rules:
    """The rules for `product` in an answer to a request for robots.txt.

    status: of the last response, 0 when there was none; product: the token in our user agent, "pressmark".
    2xx: what the body says. 3xx (redirects that lead nowhere) and 4xx, 429 among them: everything is allowed (2.3.1.3
    "unavailable"; a 429 still cools the host down, see scraper.politeness). Anything else: nothing is (2.3.1.4).
    """
    if 300 <= status < 500:
        return ALLOW_ALL
    if not 200 <= status < 300:
        return DISALLOW_ALL
    text = body[:LARGEST].decode("utf-8-sig", "replace")
    if len(body) > LARGEST:
        text = text[: text.rfind("\n") + 1]  # half a rule may forbid more than was meant
    text = _AGENT.sub(lambda line: f"{line[1]} {_named(line[2], product)}", text)
    parsed = Protego.parse(_plain_query(text))
    return Rules(
        product=product,
        crawl_delay=_seconds(parsed.crawl_delay(product)),
        sitemaps=tuple(dict.fromkeys(parsed.sitemaps))[:MOST_SITEMAPS],
        default=True,
        parsed=parsed,
    )


def fresh_for(cache_control: str | None) -> timedelta:
    """How long a robots.txt may be used that came with this Cache-Control: from an hour up to a day.

    Source: RFC 9309, 2.4.
    """
    stated = _MAX_AGE.search(cache_control or "")
    if stated:
        return min(max(timedelta(seconds=int(stated[1])), _LEAST_FRESH), _MOST_FRESH)
    is_stale = re.search(r"\bno-(?:cache|store)\b", cache_control or "", re.IGNORECASE)
    return _LEAST_FRESH if is_stale else _MOST_FRESH


def _named(agent: str, product: str) -> str:
    """Whom a group is for: everybody, us, or nobody we know."""
    if re.match(r"\*(?:\s|$)", agent):
        return "*"
    token = _TOKEN.match(agent)
    return product if token and token[0].lower() == product.lower() else _NOBODY + agent


def _plain_query(text: str) -> str:
    """Colons and slashes in a query are the same with and without their escapes.  Source: RFC 9309, 2.2.2."""
    if "%" not in text:
        return text
    return _QUERY.sub(lambda query: re.sub("%3a", ":", re.sub("%2f", "/", query[0], flags=re.I), flags=re.I), text)


def _seconds(value: float | None) -> float | None:
    """A delay that can be kept; None for "inf", "nan" and what lies below zero."""
    return value if value is not None and math.isfinite(value) and value >= 0 else None
