"""robots.txt: what a site lets us ask for.  Source: RFC 9309.

Only the reading of it. Whoever fetches it follows up to five redirects, keeps the last good copy, and asks again after
a day; a status of 5xx or none at all gives DISALLOW_ALL, which that copy then stands in for.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from protego import Protego

from scraper.urls import origin

LARGEST = 500 * 1024  # bytes that are read; RFC 9309, 2.5 asks for at least as many
MOST_SITEMAPS = 1_000
MOST_RULES = 5_000  # lines that speak to us; protego takes up to 20 µs to read one and 600 bytes to keep it
MOST_STARS = 5_000  # in all rules, so that a URL is looked up within 10 ms; those with a star beyond are left out
_STARS_OF_A_RULE = 50  # one with more is no rule but a burden

_MOST_FRESH = timedelta(hours=24)  # RFC 9309, 2.4
_LEAST_FRESH = timedelta(hours=1)  # many sites call everything stale at once, and mean their pages

# Site owners copy "User-agent: pressmark/1.2" from their logs. The product token ends where its letters do (2.2.1), as
# in Google's parser. protego compares the whole of it, and takes one that ours begins with ("press") for ours.
_AGENT = re.compile(r"user[ -]?agent(?![^\s:])\s*:?\s*", re.IGNORECASE)
_TOKEN = re.compile(r"[a-z_-]*", re.IGNORECASE)
# As generous as protego: its spellings, and white space for the colon.
_RULE = re.compile(r"(?:dis{1,2}al{1,2}ow|diasllow|disallaw|allow|crawl[ -]delay)(?![^\s:])", re.IGNORECASE)
_SITEMAP = re.compile(r"site-?maps?(?![^\s:])", re.IGNORECASE)
_OTHER = re.compile(r"(?!host\s*:)[^:]*:|(?:request[ -]rate|visit[ -]time)(?!\S)", re.IGNORECASE)
_STARS = re.compile(r"\*{2,}")
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
    weight: int = 1_000  # bytes of memory that it takes, roughly

    def allows(self, url: str) -> bool:
        """Whether we may ask for `url`, a URL of the origin whose robots.txt this is."""
        return self.parsed.can_fetch(_plain_query(url), self.product) if self.parsed else self.default


ALLOW_ALL = Rules(product="*", crawl_delay=None, sitemaps=(), default=True)
DISALLOW_ALL = Rules(product="*", crawl_delay=None, sitemaps=(), default=False)


def robots_url(url: str) -> str:
    """Where the robots.txt that speaks for `url` lies: scheme, host and port decide.

    Raises ValueError for what is no http(s) URL.
    """
    return f"{origin(url)}/robots.txt"


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
    spoken = _spoken(text, product)
    parsed = Protego.parse(_plain_query(spoken))
    return Rules(
        product=product,
        crawl_delay=_seconds(parsed.crawl_delay(product)),
        sitemaps=tuple(dict.fromkeys(parsed.sitemaps))[:MOST_SITEMAPS],
        default=True,
        parsed=parsed,
        weight=2_000 + 3 * len(spoken) + 600 * spoken.count("\n"),
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


def _spoken(text: str, product: str) -> str:
    """What is said to `product`, as one group, and the sitemaps: all that protego is given to read.

    Lines that name agents one after the other begin one group, and the groups of one agent are one (RFC 9309, 2.2.1).
    """
    ours: list[str] | None = None
    everybody: list[str] = []
    sitemaps: dict[str, None] = {}
    groups: list[list[str]] = []  # that the lines at hand belong to
    named_last = False
    for written in text.splitlines():
        if not (line := written.partition("#")[0].strip()):
            continue
        if agent := _AGENT.match(line):
            groups = groups if named_last else []
            named_last = True
            name = _named(line[agent.end() :], product)
            if name == product:
                ours = [] if ours is None else ours
            group = everybody if name == "*" else ours if name == product else None
            if group is not None and all(group is not each for each in groups):
                groups.append(group)
        elif _RULE.match(line):
            named_last = False
            for group in groups:
                group.append(line)
        elif _SITEMAP.match(line):
            if len(sitemaps) < MOST_SITEMAPS:
                sitemaps[line] = None
        elif _OTHER.match(line):
            named_last = False
    said = everybody if ours is None else ours
    return "\n".join([*sitemaps, "User-agent: *", *_bounded(said), ""])


def _bounded(rules: list[str]) -> Iterator[str]:
    """The rules that are kept, of stars in a row one: they match the same."""
    stars = 0
    for rule in rules[:MOST_RULES]:
        short = _STARS.sub("*", rule)
        its_stars = short.count("*")
        if its_stars <= _STARS_OF_A_RULE and (not its_stars or stars + its_stars <= MOST_STARS):
            stars += its_stars
            yield short


def _named(agent: str, product: str) -> str | None:
    """Whom a group is for: everybody, us, or nobody we know."""
    if re.match(r"\*(?:\s|$)", agent):
        return "*"
    token = _TOKEN.match(agent)
    return product if token and token[0].lower() == product.lower() else None


def _plain_query(text: str) -> str:
    """Colons and slashes in a query are the same with and without their escapes.  Source: RFC 9309, 2.2.2."""
    if "%" not in text:
        return text
    return _QUERY.sub(lambda query: re.sub("%3a", ":", re.sub("%2f", "/", query[0], flags=re.I), flags=re.I), text)


def _seconds(value: float | None) -> float | None:
    """A delay that can be kept; None for "inf", "nan" and what lies below zero."""
    return value if value is not None and math.isfinite(value) and value >= 0 else None
