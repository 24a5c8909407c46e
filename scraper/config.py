"""Reading config.yaml: where it is looked for, every mistake in it with file and line, what the command line adds.

Only cli.py and daemon.py see a Config; everything else gets single settings as arguments, and only this file reads
os.environ. The built-in file is config.yaml at the top of the project (in the wheel: scraper/shipped/), which is also
the reference page.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from scraper.errors import ConfigError
from scraper.secrets import SHORTEST, Secret, names_in, read_named
from scraper.settings import NAME, Config, Reading, is_section, known
from scraper.sources import Source, read_seeds, sources_of, switched_on
from scraper.units import size_text
from scraper.yamlfile import Place, Written, line_of, read_yaml, shown, yaml_text

__all__ = [
    "Config",
    "as_yaml",
    "config_of",
    "proxy_login",
    "read_config",
    "require_contact",
    "require_named",
    "schema",
    "secrets_of",
    "seed_files",
    "shipped",
    "watched",
    "with_flags",
]

ADDED = "added"  # the seed file that `pressmark add` writes; it is always on
MOST = 50  # mistakes that one message lists
LARGEST = 4_000_000  # bytes of a settings file; ten thousand sources take half of it


def shipped(name: str) -> Path:
    """A file or folder that comes with pressmark ("config.yaml", "seeds"): in the wheel, or at the checkout's top."""
    package = Path(__file__).parent
    inside = package / "shipped" / name
    return inside if inside.exists() else package.parent / name


def read_config(path: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Config:
    """The settings of the file at path; without one of ./config.yaml, ~/.config/pressmark/config.yaml, or the built-in.

    Raises ConfigError, with a line `FILE:LINE: what, why, nearest known name` for every mistake in the file.
    """
    home = Path(environ["HOME"]) if environ.get("HOME") else None
    path, builtin = (path, False) if path else _found(home)
    written = read_yaml(_text(path))
    # The built-in file lies where nobody keeps an archive; its relative paths start where we run.
    folder = Path() if builtin else path.parent
    reading = Reading(origin=path, folder=folder, home=home, lines=written.lines)
    return _checked(written, reading)


def config_of(said: Mapping[str, object]) -> Config:
    """The settings that a program states, by section, as a file would. Raises ConfigError naming each that is wrong."""
    try:
        return Config.model_validate(said)
    except ValidationError as error:
        raise _refusal([("settings", _named(wrong)) for wrong in error.errors()]) from error


def with_flags(
    config: Config,
    *,
    archive: Path | None = None,
    delay: str | None = None,
    connect_to: Sequence[str] = (),
    allow_private: Sequence[str] = (),
    ca_file: Path | None = None,
) -> Config:
    """The settings with what the command line says: archive, delay and ca_file replace, the others are added.

    Raises ConfigError, naming the flag, for a value that the file could not hold either.
    """
    tree = config.model_dump(mode="json", by_alias=True)
    tree["network"]["connect_to"] += connect_to
    tree["network"]["allow_private"] += allow_private
    if archive is not None:
        tree["archive"]["dir"] = archive
    if ca_file is not None:
        tree["network"]["ca_file"] = ca_file
    if delay is not None:
        tree["politeness"]["delay"] = delay
    reading = config.reading  # its paths are placed already
    try:
        return Config.model_validate(tree, context=replace(reading, folder=Path()) if reading else None)
    except ValidationError as error:
        raise _refusal([(FLAGS.get(wrong["loc"][:2], NAME), _said(wrong)) for wrong in error.errors()]) from error


def require_contact(config: Config) -> None:
    """Raises ConfigError, saying what to set and where, when site owners could not reach whoever runs this."""
    if config.contact:
        return
    copy = f"copy this file to ./{NAME} and " if config.origin == shipped(NAME) else ""
    what = f"contact is empty: {copy}set it to an e-mail address or URL that site owners can reach you by"
    mistakes = [(config.where("contact"), what)]
    if not (config.sources.on or config.sources.own or ADDED in seed_files(config)):
        what = "no source is switched on: name seeds here, or run `pressmark add URL`"
        mistakes.append((config.where("sources", "on"), what))
    raise _refusal(mistakes)


def proxy_login(*, environ: Mapping[str, str] = os.environ) -> tuple[str | None, str | None]:
    """User and password for network.proxy, from the environment alone; None where it holds none."""
    return environ.get("PRESSMARK_PROXY_USER"), environ.get("PRESSMARK_PROXY_PASSWORD")


def secrets_of(config: Config, *, environ: Mapping[str, str] = os.environ) -> tuple[Secret, ...]:
    """The values that network.secrets names. Raises ConfigError for one that the environment does not hold."""
    secrets = []
    for position, text in enumerate(config.network.secrets):
        origin, name = read_named(text)
        value = environ.get(name, "")
        if len(value) < SHORTEST or not value.isprintable():
            what = f"the environment must hold {name}, {SHORTEST} printable characters at least"
            raise ConfigError(config.where("network", "secrets", position), what)
        secrets.append(Secret(name=name, origin=origin, value=value))
    return tuple(secrets)


def seed_files(config: Config) -> dict[str, Path]:
    """The seed files by stem ("de"): the shipped ones, and the operator's own, which replace those of the same name."""
    folders = (shipped("seeds"), config.sources.seeds)
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.yaml"))}


def watched(config: Config) -> tuple[Source, ...]:
    """Every source that is polled, each URL once: what `pressmark add` added, seeds switched on, the operator's own.

    Raises ConfigError, naming file and line, for a seed that is not there, for a wrong entry, and for a ${NAME} that
    network.secrets does not know.
    """
    sources = {source.key: source for source in (*_own(config), *_seeds(config))}
    require_named(config, (source.url for source in sources.values()))
    return tuple(sources.values())


def require_named(config: Config, urls: Iterable[str]) -> None:
    """Raises ConfigError when a URL leaves a ${NAME} to the environment that network.secrets does not know."""
    named = {read_named(text) for text in config.network.secrets}
    for url in urls:
        for origin, name in names_in(url):
            if (origin, name) not in named:
                what = f"{url} needs a secret: add `{origin} {name}`, and set {name} in the environment"
                raise ConfigError(config.where("network", "secrets"), what)


def _seeds(config: Config) -> tuple[Source, ...]:
    files = seed_files(config)
    on = [f"file:{ADDED}"] * (ADDED in files) + list(config.sources.on)
    if not on:
        return ()
    seeds = {stem: read_seeds(path) for stem, path in files.items()}
    for position, wanted in enumerate(config.sources.on):
        try:
            switched_on(seeds, [wanted])
        except ConfigError as error:
            raise ConfigError(config.where("sources", "on", position), error.message) from error
    return switched_on(seeds, on)


def _own(config: Config) -> Iterator[Source]:
    lines = config.reading.lines if config.reading else {}
    for position, entry in enumerate(config.sources.own):
        place: Place = ("sources", "list", position)
        fields = {str(field): lines.get((*place, field), line_of(place, lines)) for field in entry}
        yield from sources_of(entry, where=str(config.origin or NAME), lines={"": line_of(place, lines), **fields})


def as_yaml(config: Config) -> str:
    """All settings in force, defaults included, as a file that read_config would take."""
    return yaml_text(config.model_dump(mode="json", by_alias=True))


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a settings file, for editors."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "pressmark settings"}
    return Config.model_json_schema(by_alias=True) | dialect


def _found(home: Path | None) -> tuple[Path, bool]:
    """The settings file to read when none is named, and whether it is the built-in one."""
    places = [Path(NAME), *([home / ".config" / "pressmark" / NAME] if home else [])]
    found = next((place for place in places if os.path.isfile(place)), None)  # noqa: PTH113  as in _there
    return (found, False) if found else (shipped(NAME), True)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            read = file.read(LARGEST + 1)
        if len(read) > LARGEST:
            raise ConfigError(str(path), f"is larger than {size_text(LARGEST)}; is it a settings file?")
        return read.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = read.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}", "is not UTF-8 here; save the file as UTF-8") from error
    except OSError as error:
        raise ConfigError(str(path), f"cannot be read: {error.strerror}") from error


def _checked(written: Written, reading: Reading) -> Config:
    mistakes = list(written.mistakes)
    try:
        config = Config.model_validate({} if written.tree is None else written.tree, context=reading)
        if not mistakes:
            return config
    except ValidationError as error:
        mistakes += [(line_of(wrong["loc"], written.lines), _named(wrong)) for wrong in error.errors()]
    raise _refusal([(f"{reading.origin}:{line}", what) for line, what in sorted(mistakes)])


def _refusal(mistakes: Sequence[tuple[str, str]]) -> ConfigError:
    """One error for all mistakes, (where, what) each, a line for each."""
    (place, first), *others = mistakes[:MOST]
    lines = [first, *(f"{where}: {what}" for where, what in others)]
    if len(mistakes) > MOST:
        lines.append(f"and {len(mistakes) - MOST} more mistakes")
    return ConfigError(place, "\n".join(lines))


# ── saying what is wrong ─────────────────────────────────────────────────────────────────────────────────────────────

FLAGS: Mapping[Place, str] = {
    ("archive", "dir"): "--archive",
    ("politeness", "delay"): "--delay",
    ("network", "connect_to"): "--connect-to",
    ("network", "allow_private"): "--allow-private",
    ("network", "ca_file"): "--cacert",
}
# How pydantic names a kind of mistake → how we do.
KINDS = {
    "model_type": "must be a section of `key: value` lines",
    "dict_type": "must be a group of `key: value` lines",
    "tuple_type": "must be a list",
    "path_type": "must be a path",
    "int_type": "must be a whole number",
}


def _named(wrong: ErrorDetails) -> str:
    """What is wrong, with the setting's dotted name before it."""
    place = wrong["loc"]
    if wrong["type"] == "extra_forbidden" or not place:
        return _said(wrong)
    steps = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in place[1:])
    return f"{place[0]}{''.join(steps)}: {_said(wrong)}"


def _said(wrong: ErrorDetails) -> str:
    if wrong["type"] == "extra_forbidden":
        return _unknown(wrong["loc"])
    if wrong["type"] == "value_error":
        return str(wrong["ctx"]["error"])
    what = KINDS.get(wrong["type"]) or wrong["msg"].replace("Input should be", "must be")
    return f"{what}, not {shown(wrong['input'])}"


def _unknown(place: Place) -> str:
    """An unknown key, where it stands, and the known one that was probably meant."""
    *above, key = map(str, place)
    section: object = Config
    for name in above:
        section = known(section)[name].annotation if is_section(section) else None
    names = list(known(section)) if is_section(section) else []
    kinds = {name: field.annotation for name, field in known(Config).items()}
    home = next((name for name, kind in kinds.items() if is_section(kind) and key in known(kind)), None)
    near = get_close_matches(key[:40].lower().replace("-", "_"), names, n=1)
    if home and not (above and near):
        hint = f"it belongs in section {home}"
    elif near:
        hint = f'did you mean "{near[0]}"?'
    else:
        hint = f"known are {', '.join(names)}"
    return f"unknown key {shown(key)} {f'in section {above[0]}' if above else 'at the top'}; {hint}"
