"""What was learned about a site, as `archive.records.Site` carries it: `memory`, a JSON object.

version     of this form
templates   kind of page, or "*" for those without one of their own → {"selector": CSS of the article's blocks,
            "pages": how many taught it}
cruft       digests of the bare lines that the site's articles repeat: a memory outlives texts that are redacted
sample      one page in so many is cleaned both ways, by its URL, so that drift is seen
held        {"from", "to"}: when the first and the last of the captures that taught it were taken, null when unknown;
            of a layout that began with a drift, those since
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final
from zlib import crc32

from archive.records import Site
from scraper.extract.template import Template

VERSION: Final = 1
ANY: Final = "*"
SAMPLE: Final = 128  # one page in so many, at a site that prints four hundred a day or more


@dataclass(frozen=True, slots=True)
class Repeated:
    """The lines that a site's articles repeat: `bare(line) in repeated`."""

    digests: frozenset[str] = frozenset()

    def __contains__(self, line: object) -> bool:
        return digest(str(line)) in self.digests

    def __len__(self) -> int:
        return len(self.digests)


def digest(line: str) -> str:
    """What a memory holds of a bare line: the first 16 hex digits of its SHA-256."""
    return sha256(line.encode("utf-8", "replace")).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A site's memory, read; of no site, and of a memory in a later form, nothing is known."""

    name: str | None = None  # "caliber.az@7"
    templates: Mapping[str, Template] = field(default_factory=dict)  # by kind of page
    cruft: Repeated = field(default_factory=Repeated)
    sample: int = SAMPLE

    def template_for(self, kind: str) -> Template | None:
        """The template for pages of that kind; None when none is known."""
        return self.templates.get(kind) or self.templates.get(ANY)

    def is_sampled(self, url: str) -> bool:
        """Whether this page goes through the whole extraction, too."""
        return crc32(url.encode("utf-8", "replace")) % self.sample == 0


def known_of(site: Site | None) -> Known:
    """What a site's memory holds."""
    return _known(_Itself(site)) if site else Known()


class _Itself:
    """A site that equals nothing but itself: what is read of a frozen value once need not be read for every page."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def __hash__(self) -> int:
        return id(self.site)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and other.site is self.site


@lru_cache(maxsize=64)
def _known(it: _Itself) -> Known:
    site = it.site
    if site.memory.get("version") != VERSION:
        return Known()
    try:
        return Known(
            name=f"{site.site}@{site.number}",
            templates={kind: Template(**said) for kind, said in site.memory.get("templates", {}).items()},
            cruft=cruft_of(site),
            sample=max(1, site.memory.get("sample", SAMPLE)),
        )
    except (TypeError, AttributeError):  # damaged, or from elsewhere
        return Known()


def cruft_of(site: Site | None) -> Repeated:
    """The bare lines that the site's articles repeat; none of no site."""
    return Repeated(frozenset(site.memory.get("cruft", ()))) if site else Repeated()


def memory(
    templates: Mapping[str, Template], cruft: Iterable[str], *, sample: int, held: tuple[str, str] | None
) -> dict[str, Any]:
    """The JSON object of a memory.

    cruft: bare lines; held: ISO 8601 times of the first and the last capture that taught it.
    """
    return {
        "version": VERSION,
        "templates": {
            kind: {"selector": template.selector, "pages": template.pages}
            for kind, template in sorted(templates.items())
        },
        "cruft": sorted(map(digest, cruft)),
        "sample": sample,
        "held": {"from": held[0], "to": held[1]} if held else None,
    }
