"""Sources: what we poll, as lists of links in YAML, and how a few of them are switched on.

The form of a list is told in seeds/README.md.
"""

import fcntl
import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import get_args

from scraper.addresses import IPNetwork
from scraper.errors import ConfigError
from scraper.links import Kind
from scraper.schedule import next_fire
from scraper.secrets import why_not, written
from scraper.urls import key, site, without_secrets
from scraper.yamlfile import line_of, read_yaml, shown, yaml_text

KINDS: tuple[Kind, ...] = get_args(Kind)

# The field of an entry that lists the URLs of each kind, in the order they are polled.
_FIELDS: dict[str, Kind] = {
    "feeds": "feed",
    "news_sitemaps": "news-sitemap",
    "sitemaps": "sitemap",
    "fronts": "front",
    "pages": "page",
}
_TEXTS = ("name", "home", "language", "country", "schedule")
_KNOWN = (*_TEXTS, *_FIELDS, "tags", "allow_private", "daily_links")

_ADDED = "# Written by `pressmark add`; yours to edit. The form is told in seeds/README.md.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One URL that is polled for links; a `home` stands for all that can be found from it."""

    url: str
    kind: Kind
    name: str  # of the publisher
    tags: tuple[str, ...] = ()  # lower case
    language: str | None = None  # BCP 47
    country: str | None = None  # ISO 3166-1 alpha-2, lower case
    allow_private: tuple[IPNetwork, ...] = ()  # reached for it and what it announces, though they are not public
    schedule: str | None = None  # "every 15m" or five crontab fields in UTC; None: as often as it pays
    daily_links: int | None = None  # new links that are taken on one UTC day; None: as sources.daily_links says

    @property
    def key(self) -> str:
        """What the source is known by.  See scraper.urls.key."""
        return key(self.url)


class _Refusal:
    """Makes the ConfigError for a field of one entry: where it stands, and what is wrong."""

    def __init__(self, where: str, lines: Mapping[str, int]) -> None:
        self._where = where
        self._lines = lines

    def __call__(self, field: str, message: str) -> ConfigError:
        line = self._lines.get(field, self._lines.get(""))
        return ConfigError(f"{self._where}:{line}" if line else self._where, message)


# ── YAML ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_seeds(path: Path) -> tuple[Source, ...]:
    """The sources of one seed file, in its order, each URL once; an empty file holds none.

    Values are taken as they are written: `no` is Norway, not false.
    Raises ConfigError naming file and line for every mistake, and for a file that cannot be read.
    """
    return _sources_in(_read_text(path), str(path))


def sources_of(
    entry: Mapping[str, object], *, where: str, lines: Mapping[str, int] | None = None
) -> tuple[Source, ...]:
    """The sources of one entry of a list: each URL it lists, or its home page when it lists none.

    where: the file, or file and line, that mistakes are reported under; lines: field → line in that file, when known.
    Raises ConfigError for an unknown field, a value of the wrong form, a URL that is none, an entry without any URL.
    """
    refuse = _Refusal(where, lines or {})
    for field in entry:
        if field not in _KNOWN:
            raise refuse(field, f"`{field}` is no field of a source{_nearest(field, _KNOWN)}")
    one = {field: _string(entry.get(field), field, refuse) for field in _TEXTS}
    home = _url(one["home"], "home", refuse) if one["home"] else None
    listed = _listed(entry, refuse) or ([("home", home)] if home else [])
    if not listed:
        raise refuse("name", f"an entry needs a `home` or a list of URLs under {', '.join(_FIELDS)}")
    _check_schedule(one["schedule"], refuse)
    name = one["name"] or site(home or listed[0][1])
    common = {
        "language": one["language"],
        "country": one["country"] and one["country"].lower(),
        "schedule": one["schedule"],
    }
    most = _count(entry.get("daily_links"), "daily_links", refuse)
    tags = tuple(dict.fromkeys(tag.lower() for tag in _strings(entry.get("tags"), "tags", refuse)))
    networks = _networks(entry.get("allow_private"), refuse)
    return tuple(
        Source(kind=kind, url=url, name=name, tags=tags, allow_private=networks, daily_links=most, **common)
        for kind, url in listed
    )


def _listed(entry: Mapping[str, object], refuse: _Refusal) -> list[tuple[Kind, str]]:
    """Every URL that an entry lists, with what it is."""
    return [
        (kind, _url(url, field, refuse))
        for field, kind in _FIELDS.items()
        for url in _strings(entry.get(field), field, refuse)
    ]


def switched_on(seeds_by_file: Mapping[str, Sequence[Source]], on: Iterable[str]) -> tuple[Source, ...]:
    """The sources that `on` names, in the order of the files, each URL once.

    seeds_by_file: the file's name without `.yaml` → its sources; on: each a file, a tag or a publisher's name, in this
    order of precedence, or one of them outright as `file:at`, `tag:at`, `name:…`; case does not matter.
    Raises ConfigError for an entry that matches nothing, with the nearest that would.
    """
    choices = _choices(seeds_by_file)
    chosen: dict[str, Source] = {}
    for entry in on:
        wanted = " ".join(entry.lower().split())
        found = next((choices[way] for way in _ways(wanted) if way in choices), None)
        if found is None:
            known = sorted({each.partition(":")[2] for each in choices})
            nearest = _nearest(wanted.partition(":")[2] or wanted, known)
            raise ConfigError("sources", f"`{entry}` is no file, tag or name among the seeds{nearest}")
        for source in found:
            chosen.setdefault(source.key, source)
    return tuple(source for sources in seeds_by_file.values() for source in sources if chosen.get(source.key) is source)


def _ways(wanted: str) -> tuple[str, ...]:
    """How one word may be meant, most likely first."""
    return (wanted, f"file:{wanted}", f"tag:{wanted}", f"name:{wanted}")


def _choices(seeds_by_file: Mapping[str, Sequence[Source]]) -> dict[str, list[Source]]:
    """Everything that can be switched on: "file:at", "tag:news", "name:der standard" → sources."""
    choices: dict[str, list[Source]] = {}
    for stem, sources in seeds_by_file.items():
        choices.setdefault(f"file:{stem.lower()}", []).extend(sources)
        for source in sources:
            choices.setdefault(f"name:{' '.join(source.name.lower().split())}", []).append(source)
            for tag in source.tags:
                choices.setdefault(f"tag:{tag}", []).append(source)
    return choices


def _nearest(word: str, known: Iterable[str]) -> str:
    """What was probably meant, as the end of a sentence."""
    near = get_close_matches(word, list(known), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(f'`{each}`' for each in near)}?" if near else ""


def _string(value: object, field: str, refuse: _Refusal) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise refuse(field, f"`{field}` must be text, not {shown(value)}; put it in quotes")
    return value.strip()


def _strings(value: object, field: str, refuse: _Refusal) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise refuse(field, f"`{field}` is a list; write `{field}: [{value}]`")
    return [text for each in value if (text := _string(each, field, refuse))]


def _networks(value: object, refuse: _Refusal) -> tuple[IPNetwork, ...]:
    written = _strings(value, "allow_private", refuse)
    try:
        return tuple(ip_network(text) for text in written)
    except ValueError as error:
        hint = "write networks as 192.168.7.0/24 or fd00:7::/32"
        raise refuse("allow_private", f"`allow_private`: {error}; {hint}") from error


def _url(text: str, field: str, refuse: _Refusal) -> str:
    """A URL as it is written. Secrets are refused: seed files are handed around, and no record may hold one."""
    try:
        key(text)
    except ValueError as error:
        hint = f"; write https://{text}" if "://" not in text and "." in text else ""
        raise refuse(field, f"`{without_secrets(text)}` in `{field}` is no http(s) URL{hint}") from error
    if "@" in text and without_secrets(text) != text.partition("#")[0]:
        raise refuse(field, f"a URL in `{field}` holds a user name or password; take it out")
    if why := why_not(text):
        raise refuse(field, f"a URL in `{field}` cannot be taken: {why}")
    return written(without_secrets(text))


def _count(value: object, field: str, refuse: _Refusal) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise refuse(field, f"`{field}` is a whole number from 1, not {shown(value)}")
    return value


def _check_schedule(schedule: str | None, refuse: _Refusal) -> None:
    if schedule is None:
        return
    try:
        next_fire(schedule, datetime(2026, 1, 1, tzinfo=UTC))
    except ValueError as error:
        raise refuse("schedule", str(error)) from error


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"cannot be read: {error}") from error


def _sources_in(text: str, where: str) -> tuple[Source, ...]:
    written = read_yaml(text)
    for line, what in written.mistakes:
        raise ConfigError(f"{where}:{line}", f"not YAML as it is read here: {what}")
    if written.tree is None:
        return ()
    if not isinstance(written.tree, list):
        raise ConfigError(f"{where}:{line_of((), written.lines)}", "a seed file is a list; begin each with `- name: …`")
    once: dict[str, Source] = {}
    for position, entry in enumerate(written.tree):
        line = line_of((position,), written.lines)
        if not isinstance(entry, dict):
            raise ConfigError(f"{where}:{line}", "an entry of a seed file has fields; write `- home: …`")
        lines = {field: line_of((position, field), written.lines) for field in entry}
        for source in sources_of(entry, where=where, lines={"": line, **lines}):
            once.setdefault(source.key, source)
    return tuple(once.values())


# ── adding ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def add_sources(path: Path, sources: Iterable[Source]) -> list[Source]:
    """Append to a seed file what is not in it yet, and tell what that was; comments and order in it stay.

    The file is made when it is missing. Readers see the old file or the new one, never a part; two that add at the same
    time wait for each other. Raises ConfigError when the file is no seed file, OSError when it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        text = _read_text(path) if path.exists() else _ADDED
        known = {source.key for source in _sources_in(text, str(path))}
        new = {source.key: source for source in sources if source.key not in known}
        if new:
            longer = _appended(text, new.values(), str(path))
            _sources_in(longer, str(path))  # what we write must be what we can read
            _replace(path, longer)
            os.fsync(folder)
        return list(new.values())
    finally:
        os.close(folder)


def _appended(text: str, sources: Iterable[Source], where: str) -> str:
    """The text with an entry for each source at its end, indented as the entries before."""
    first = re.search(r"^( *)(\S)", re.sub(r"(?m)^\s*(?:#.*|---.*)?$", "", text), re.MULTILINE)
    if first and first[2] == "[":
        raise ConfigError(where, "write the list with a dash on each line, then it can be added to")
    indent = first[1] if first else ""
    entries = yaml_text([_written(source) for source in sources])
    return text.rstrip("\n") + "\n" + "".join(f"{indent}{line}\n" for line in entries.splitlines())


def _written(source: Source) -> dict[str, object]:
    """A source as an entry of a seed file."""
    field = next((field for field, kind in _FIELDS.items() if kind == source.kind), None)
    entry: dict[str, object] = {"name": source.name}
    entry |= {field: [source.url]} if field else {"home": source.url}
    told = {
        "tags": list(source.tags),
        "language": source.language,
        "country": source.country,
        "schedule": source.schedule,
        "daily_links": source.daily_links,
        "allow_private": [str(network) for network in source.allow_private],
    }
    return entry | {field: value for field, value in told.items() if value}


def _replace(path: Path, text: str) -> None:
    """Put a new file in the place of the old one, whole or not at all."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    fresh = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
