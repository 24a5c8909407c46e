"""/.well-known/tdmrep.json: what a site reserves for groups of its pages.  Only the reading of it.

Source: TDM Reservation Protocol, W3C Community Group, 10 May 2024, "TDM File on the Origin Server".
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from scraper import urls

LARGEST = 500 * 1024  # bytes that are read
MOST = 1_000  # rules
LONGEST = 2_000  # characters of a pattern
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_WRITTEN = "!\"#$%&'()*+,/:;<=>?@[\\]^`{|}"  # ASCII that stays as it is; other characters are percent-encoded


@dataclass(frozen=True, slots=True)
class Rule:
    """What is reserved at the paths that a pattern matches."""

    pattern: str  # as `_octets` gives it
    reservations: tuple[str, ...]  # "tdm-reservation=1", "tdm-policy=https://…"


def tdmrep_url(url: str) -> str:
    """Where the file that speaks for `url` lies: scheme, host and port decide. Raises ValueError for no http(s) URL."""
    return f"{urls.origin(url)}/.well-known/tdmrep.json"


def read_tdmrep(body: bytes, place: str) -> tuple[Rule, ...]:
    """The rules of a file, in their order; what the protocol does not know declares nothing. place: the file's URL."""
    if len(body) > LARGEST:
        return ()
    try:
        said = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return ()
    rules = (_rule(each, place) for each in said[:MOST]) if isinstance(said, list) else ()
    return tuple(rule for rule in rules if rule)


def reserved_at(rules: Iterable[Rule], url: str) -> tuple[str, ...]:
    """What is reserved at a URL of that origin: of the rules that match, the first counts."""
    parts = urlsplit(url)
    path = _octets((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    return next((rule.reservations for rule in rules if _matches(rule.pattern, path)), ())


def _rule(said: Any, place: str) -> Rule | None:
    """One object of the file; None without a pattern or without a value that the protocol knows."""
    if not isinstance(said, dict):
        return None
    pattern, reservation, policy = (said.get(key) for key in ("location", "tdm-reservation", "tdm-policy"))
    if not isinstance(pattern, str) or len(pattern) > LONGEST or str(reservation) not in ("0", "1"):
        return None
    joined = urls.join(place, policy) if isinstance(policy, str) and policy else None
    policies = (f"tdm-policy={joined}",) if joined else ()
    return Rule(_octets(pattern), (*policies, f"tdm-reservation={reservation}"))


def _octets(path: str) -> str:
    """A path or pattern so that its characters can be compared: escapes that need not be are undone."""

    def undone(escape: re.Match[str]) -> str:
        octet = int(escape[1], 16)
        return chr(octet) if octet in _UNRESERVED else escape[0].upper()

    return quote(_ESCAPE.sub(undone, path), safe=_WRITTEN, errors="replace")


def _matches(pattern: str, path: str) -> bool:
    """As in robots.txt (RFC 9309, 2.2.3): * is any characters, $ at the end the path's end, else a prefix is enough."""
    is_whole = pattern.endswith("$")
    first, *parts = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for number, part in enumerate(parts, start=1):
        if is_whole and number == len(parts):
            return path.endswith(part) and len(path) - len(part) >= at
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return not is_whole or at == len(path)
