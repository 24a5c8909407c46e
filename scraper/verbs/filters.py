"""Which texts a verb is about, from what was said on the command line."""

from dataclasses import asdict

from archive.finding import Conditions
from archive.finding import conditions as made
from scraper.config import Config, watched
from scraper.flags import FilterFlags
from scraper.urls import site


def conditions(config: Config, filters: FilterFlags) -> Conditions:
    """The filters as conditions on revisions; a tag stands for the sites of the sources that carry it.

    Raises ConfigError when the seeds cannot be read.
    """
    said = asdict(filters)
    tag = said.pop("tag")
    sites = sorted({site(source.url) for source in watched(config) if tag in source.tags}) if tag else None
    return made(sites=sites, **said)
