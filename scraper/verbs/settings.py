"""`pressmark config` and `pressmark add`: the settings and the seeds."""

import json
from collections.abc import Sequence
from pathlib import Path

from scraper.config import as_yaml, require_named, schema, watched
from scraper.errors import ConfigError
from scraper.fetcher import check_url
from scraper.flags import Flags
from scraper.opml import read_opml
from scraper.output import DONE, USAGE, safe
from scraper.secrets import why_not
from scraper.sources import Source, add_sources
from scraper.urls import site
from scraper.verbs.fetch import settings


def show(flags: Flags) -> int:
    """All settings in force, as a file that could be read again."""
    config = settings(flags)
    flags.output.object(config.model_dump(mode="json", by_alias=True))
    flags.output.line(as_yaml(config).rstrip())
    flags.output.say(f"# from {config.origin}")
    return DONE


def validate(flags: Flags) -> int:
    """Say that settings and seeds are sound; what is wrong is raised as ConfigError."""
    config = settings(flags)
    sources = len(watched(config))
    flags.output.object({"file": str(config.origin), "sources": sources, "sound": True})
    flags.output.line(f"{config.origin}: sound; sources switched on: {sources}")
    return DONE


def print_schema(flags: Flags) -> int:
    """The JSON Schema of a settings file."""
    print(json.dumps(schema(), indent=None if flags.json else 2))
    return DONE


def add(flags: Flags, what: Sequence[str]) -> int:
    """Write home pages, or the feeds of an OPML file, to seeds/added.yaml beside the config; 2 when some hold a secret.

    Those are told and left out; the others are added.
    """
    config = settings(flags)
    path = config.sources.seeds / "added.yaml"
    found = [source for each in what for source in _sources_of(each)]
    refused = [ConfigError(source.url, why) for source in found if (why := why_not(source.url))]
    for error in refused:
        flags.output.fail(error)
    wanted = [source for source in found if not why_not(source.url)]
    require_named(config, (source.url for source in wanted))
    added = add_sources(path, wanted)
    for source in added:
        flags.output.object({"added": source.url, "kind": source.kind, "name": source.name, "file": str(path)})
        flags.output.line(f"{source.kind:<12}  {safe(source.name):<28}  {safe(source.url)}")
    flags.output.say(f"{len(added)} added to {path}, {len(wanted) - len(added)} were there")
    return USAGE if refused else DONE


def _sources_of(what: str) -> list[Source]:
    if Path(what).is_file():
        return list(read_opml(_bytes(Path(what)), what))
    url = check_url(what)
    return [Source(url=url, kind="home", name=site(url))]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(str(path), f"cannot be read ({error.strerror})") from error
