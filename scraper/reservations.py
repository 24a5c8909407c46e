"""What a page reserves, as its site declares it to everybody or to us. A fact: it changes nothing of what is done.

A reservation is one word, "noarchive", or a name and its value, "max-snippet=50", "tdm-policy=https://…". What permits
("all", "index", "max-snippet:-1") is none, nor is what is addressed to another crawler ("googlebot: noindex").

Sources: developers.google.com, "Robots meta tag, data-nosnippet, and X-Robots-Tag"; TDMRep, W3C Community Group,
10 May 2024: a head outranks /.well-known/tdmrep.json, and the page's own metadata outranks the head.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from itertools import islice

from archive.heads import fields, status_of
from archive.records import Article, Facts
from scraper import urls

MOST = 50  # reservations of one head or one page
MOST_FIELDS = 20  # fields or meta elements of one name that are read
LONGEST = 4_000  # characters of one of them that are read
_PRODUCT = "pressmark"
_EVERYBODY = ("*", "robots", _PRODUCT)
_ROBOTS = ("robots", _PRODUCT, "x-robots-tag")  # names of meta elements; the last as http-equiv
# Every directive that reserves begins so, and one that is made tomorrow will: noai came in 2022.
_RESERVING = re.compile(r"no[a-z][a-z-]{1,30}")
_CRAWLER = re.compile(r"[a-z0-9*][a-z0-9*_.-]{0,60}(?:/[a-z0-9.]{1,20})?")
_WEEKDAY = re.compile(r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,", re.IGNORECASE)
_NUMBER = re.compile(r"0*(\d{1,9})")
_TDM = ("tdm-reservation", "tdm-policy")
_STATED = re.compile(rb"\n(?:x-robots-tag|tdm-)", re.IGNORECASE)


def in_head(head: bytes, url: str) -> tuple[str, ...]:
    """What a response head reserves, sorted; url: whose response it is."""
    if not _STATED.search(head):  # nearly always, and every page is asked
        return ()
    stated: dict[str, list[str]] = {}
    for name, value in fields(head):
        if name == "x-robots-tag" or name in _TDM:
            stated.setdefault(name, []).append(value)
    return _of(stated.get("x-robots-tag", ()), stated, url)


def in_metas(metas: Mapping[str, tuple[str, ...]], url: str) -> tuple[str, ...]:
    """What the meta elements of a page reserve, sorted; metas: name in lower case → contents."""
    return _of((value for name in _ROBOTS for value in metas.get(name, ())), metas, url)


def with_reservations(article: Article, reservations: Collection[str], origin: str) -> Article:
    """The article with what another source reserves, one that ranks below those it has been given so far."""
    if not reservations:
        return article
    origins, known = dict(article.origins), set(article.reservations)
    outranked = {_name(each) for each in known if _name(each) in _TDM}
    for each in reservations:
        if each in known or _name(each) not in outranked:
            known.add(each)
            before = origins.get(key := f"reservations:{_name(each)}", "").split()
            origins[key] = " ".join(dict.fromkeys((*before, origin)))
    return replace(article, reservations=tuple(sorted(known)), origins=origins)


def as_before(head: bytes, url: str, facts: Facts) -> bool:
    """Whether a later head reserves what the one did that these facts were read with; a 304 may be silent about it."""
    stated = in_head(head, url)
    before = (each for each in facts.reservations if "header" in facts.origin_of(each).split())
    return stated == tuple(before) or (not stated and status_of(head) == 304)


def _name(reservation: str) -> str:
    return reservation.partition("=")[0]


def _of(robots: Iterable[str], stated: Mapping[str, Iterable[str]], url: str) -> tuple[str, ...]:
    found = (each for value in islice(robots, MOST_FIELDS) for each in _directives(value[:LONGEST]))
    kept = dict.fromkeys((*_tdm(stated, url), *found))
    return tuple(sorted(islice(kept, MOST)))


def _tdm(stated: Mapping[str, Iterable[str]], url: str) -> Iterator[str]:
    """Of a value that the protocol does not know, nothing is declared."""
    reservation = next(iter(stated.get("tdm-reservation", ())), "").strip()
    if reservation in ("0", "1"):
        yield f"tdm-reservation={reservation}"
    policy = next(iter(stated.get("tdm-policy", ())), "").strip()
    if policy and len(policy) <= LONGEST and (joined := urls.join(url, policy)):
        yield f"tdm-policy={joined}"


def _directives(value: str) -> Iterator[str]:
    """ "noai, googlebot: noindex, nofollow": a crawler's name holds for all that follows it."""
    is_ours = True
    for part in _WEEKDAY.sub("", value.lower()).split(","):
        word, colon, rest = (each.strip() for each in part.partition(":"))
        if colon and word not in _VALUED and _CRAWLER.fullmatch(word):
            is_ours = word.partition("/")[0] in _EVERYBODY
            word, colon, rest = (each.strip() for each in rest.partition(":"))
        if not is_ours:
            continue
        if colon and word in _VALUED:
            yield from (word + said for said in _VALUED[word](rest))
        elif not colon:
            yield from _words(word)


def _words(part: str) -> Iterator[str]:
    for word in part.split():
        if word == "none":
            yield from ("noindex", "nofollow")
        elif _RESERVING.fullmatch(word):
            yield word


def _number(value: str) -> list[str]:
    found = _NUMBER.fullmatch(value)  # -1 means: as much as you like
    return [f"={found[1]}"] if found else []


def _preview(value: str) -> list[str]:
    return [f"={value}"] if value in ("none", "standard") else []


def _moment(value: str) -> list[str]:
    """A date in ISO 8601, from any form that Google names (RFC 822, RFC 850, ISO 8601); of another the word alone."""
    for read in (date.fromisoformat, datetime.fromisoformat, parsedate_to_datetime):
        try:
            return [f"={read(value.upper()).isoformat()}"]
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return [""]


# What of a directive's value is kept, behind its name; nothing when it reserves nothing.
_VALUED: Mapping[str, Callable[[str], list[str]]] = {
    "max-snippet": _number,
    "max-video-preview": _number,
    "max-image-preview": _preview,
    "unavailable_after": _moment,
}
