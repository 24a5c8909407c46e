"""What an archive remembers of a site, for verbs that are told which."""

from difflib import get_close_matches

from archive import Archive
from archive.catalog import Reading
from archive.records import Revision, Site
from scraper.config import Config
from scraper.edge import reader
from scraper.errors import ConfigError

_SHOWN = 3  # names that may have been meant


def site_named(config: Config, name: str) -> Site:
    """The newest memory of a site in the archive; with `@3` behind the name that of this number. Raises ConfigError."""
    with reader(config) as archive, archive.reading() as reading:
        return _found(reading, name) or _refused(archive, reading, name)


def site_of_text(reading: Reading, memory: str | None) -> Site | None:
    """The memory that a text names as it was cleaned with; None when it names none, or it is not there any more."""
    return _found(reading, memory) if memory else None


def page_of(archive: Archive, reading: Reading, revision: Revision) -> tuple[bytes, bytes, Site | None] | None:
    """Head and body that a text was understood from, and the site memory that it names; None: not there any more."""
    capture = reading.capture(revision.capture)
    return (*archive.payload(capture), site_of_text(reading, revision.facts.site_memory)) if capture else None


def _found(reading: Reading, name: str) -> Site | None:
    site, _, number = name.lower().removeprefix("www.").partition("@")
    if number and not number.isdecimal():
        return None
    return reading.site(site, number=int(number[:9]) if number else None)


def _refused(archive: Archive, reading: Reading, name: str) -> Site:
    known = reading.sites()
    asked = name.lower().partition("@")[0]
    near = get_close_matches(asked, known, n=_SHOWN) or [each for each in known if asked in each][:_SHOWN]
    if asked in known:
        hint = f"its memory is numbered 1 to {known[asked]}"
    elif near:
        hint = f"did you mean {' or '.join(near)}?"
    else:
        hint = "it remembers none so far" if not known else f"it remembers {len(known)} others"
    raise ConfigError(f"--site {name}", f"{archive.root} remembers nothing of that name; {hint}")
