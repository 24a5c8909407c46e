"""The settings as frozen values: what each may be, its default, and its line of explanation.

A docstring under a setting is its line in config.yaml (a test compares them) and its description in the JSON Schema.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, TypeGuard

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PrivateAttr,
    Strict,
    StrictStr,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo

from archive.secrets import PARAMETER, without_userinfo
from scraper.addresses import read_pin, read_proxy
from scraper.secrets import read_named, why_not
from scraper.units import seconds, size, size_text, time_text
from scraper.yamlfile import Place, line_of, shown

NAME = "config.yaml"
AUTO = "auto"
# It stands in every request, in the parentheses of the User-Agent: visible ASCII, without parentheses and without a
# backslash, which would escape the closing one (RFC 9110, 5.6.5).
CONTACT = re.compile(
    r"https?://[!-'*-\[\]-~]{3,180}|[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,120}\.[A-Za-z0-9-]{2,63}"
)

# NAME KIND URL: who stamps the ledger's roots.
STAMPER = re.compile(r"[a-z0-9][a-z0-9-]{0,39} (rfc3161|opentimestamps) https?://[!-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Where the settings that are being checked stand; pydantic's validation context."""

    origin: Path | None  # the file; None for settings made in code
    folder: Path  # where relative paths start
    home: Path | None  # what ~ stands for
    lines: Mapping[Place, int]


def _contact(text: str) -> str:
    if text and not CONTACT.fullmatch(text):
        raise ValueError(f"{shown(text)} is neither an e-mail address nor an http(s) URL in plain ASCII")
    if "://" in text and (without_userinfo(text) != text or PARAMETER.search(text)):
        raise ValueError("holds a secret, and it goes into every request; take it out")
    return text


def _stamper(text: str) -> str:
    if not STAMPER.fullmatch(text):
        raise ValueError(f"{shown(text)} is not NAME rfc3161 URL or NAME opentimestamps URL, NAME of a-z, 0-9 and -")
    url = text.split()[2]
    if without_userinfo(url) != url:
        raise ValueError("the URL holds a user name or password; nobody is logged in to, so take it out")
    if why := why_not(url):
        raise ValueError(why)
    return text


def _named_once(stampers: tuple[str, ...]) -> tuple[str, ...]:
    names = [text.split()[0] for text in stampers]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"{twice} is named twice; their stamps would have one name")
    return stampers


def _network(written: object) -> IPv4Network | IPv6Network:
    if isinstance(written, IPv4Network | IPv6Network):
        return written
    try:
        return ip_network(str(written))
    except ValueError as error:
        raise ValueError(f"{shown(written)} is no network in CIDR form, as 192.168.7.0/24 or fd00:7::/32") from error


def _pin(text: str) -> str:
    read_pin(text)
    return text


def _secret(text: str) -> str:
    read_named(text)
    return text


def _proxy(text: str) -> str:
    read_proxy(text)
    return text


def _without_password(url: str) -> str:
    if not re.fullmatch(r"postgresql\+psycopg://\S*", url):
        raise ValueError("must be written postgresql+psycopg://USER@HOST/NAME")
    # As SQLAlchemy reads it: a password goes on to the @, whatever is in it; and a parameter may be one, too.
    if re.match(r"[^/]*//[^@]*:[^@]*@", url) or PARAMETER.search(url) or "password" in url.partition("?")[2].lower():
        raise ValueError("may hold no password; PGPASSWORD in the environment does")
    return url


def _placed(path: Path, info: ValidationInfo) -> Path:
    """A path as the reader of the file means it: from the file's folder, or from home after ~."""
    if "\0" in str(path):
        raise ValueError("a path may not hold U+0000")
    reading: Reading | None = info.context
    if reading is None:
        return path
    if path.parts[:1] == ("~",) and reading.home:
        return reading.home.joinpath(*path.parts[1:])
    return reading.folder / path


def _there(path: Path) -> Path:
    if not os.path.isfile(path):  # noqa: PTH113  Path.is_file raises where a folder may not be looked into
        raise ValueError(f"there is no file {path}")
    return path


def _floor(written: object) -> int | None:
    """Bytes, or None for "auto"."""
    return None if written is None or written == AUTO else size(written)


def _one_at_least(ports: tuple[int, ...]) -> tuple[int, ...]:
    if not ports:
        raise ValueError("must name one at least")
    return ports


def _amount_schema(example: str) -> WithJsonSchema:
    text = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?[A-Za-z]*$", "examples": [example]}
    return WithJsonSchema({"anyOf": [text, {"type": "number", "minimum": 0}]})


Seconds = Annotated[
    float, BeforeValidator(seconds), PlainSerializer(time_text, when_used="json"), _amount_schema("90 s")
]
Bytes = Annotated[int, BeforeValidator(size), PlainSerializer(size_text, when_used="json"), _amount_schema("20 MB")]
Floor = Annotated[
    int | None,
    BeforeValidator(_floor),
    PlainSerializer(lambda floor: AUTO if floor is None else size_text(floor), when_used="json"),
    WithJsonSchema({"anyOf": [{"const": "auto"}, *_amount_schema("500 MB").json_schema["anyOf"]]}),
]
Count = Annotated[int, Strict(), Field(ge=1)]
Port = Annotated[int, Strict(), Field(ge=1, le=65535)]
PlacedPath = Annotated[Path, AfterValidator(_placed)]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network), WithJsonSchema({"type": "string"})]


# ── the settings ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Section(BaseModel):
    """A frozen group of settings that refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty_keys(cls, written: object) -> object:
        if not isinstance(written, dict):
            return written
        # "ports:" with every line under it commented out says nothing, so it has its default. An absent section is an
        # empty one, for its defaults may depend on where the file lies.
        said = {key: value for key, value in written.items() if value is not None or key not in known(cls)}
        return {key: {} for key, field in known(cls).items() if is_section(field.annotation)} | said


class ArchiveSection(Section):
    """Where everything is kept."""

    dir: PlacedPath = Path("pressmark-archive")
    """the archive's folder"""
    warc_size: Annotated[Bytes, Field(ge=1_000_000)] = 10**9
    """a WARC file is closed at this size; small files are quick to copy, large ones are few"""
    min_free: Floor = None
    """free on its disk, else nothing is fetched or imported; auto: 1 GB or, if more, 2 % of the disk; 0: none"""
    catalog: Annotated[StrictStr, AfterValidator(_without_password)] | None = None
    """null: SQLite in dir; or postgresql+psycopg://USER@HOST/NAME, its password from PGPASSWORD"""
    stamps: Annotated[tuple[Annotated[StrictStr, AfterValidator(_stamper)], ...], AfterValidator(_named_once)] = ()
    """who stamps each day's root, as [digicert rfc3161 http://timestamp.digicert.com]; or NAME opentimestamps URL"""
    stamps_ca: Annotated[Path, AfterValidator(_placed), AfterValidator(_there)] | None = None
    """PEM roots that rfc3161 stamps are checked against before they are kept; null: by you, later"""


class PolitenessSection(Section):
    """How gently sites are visited; robots.txt and one request at a time to a host hold always, neither can be set."""

    delay: Seconds = 5
    """between visits to one host, at least; robots.txt may ask for more, and twice the last answer's time is kept"""
    per_address: Annotated[Count, Field(le=500)] = 8
    """visits at once to one address, over all its hosts; a browser opens six to a host, a content network bears more"""
    tdmrep: Annotated[bool, Strict()] = False
    """ask each site once a day for /.well-known/tdmrep.json too, and record what it reserves there"""


class NetworkSection(Section):
    """How far the door to the network opens."""

    connect: Annotated[Seconds, Field(gt=0)] = 10
    """to reach a host and agree on TLS"""
    exchange: Annotated[Seconds, Field(gt=0)] = 60
    """for a request and its whole response; a dripping server must not hold us"""
    page: Annotated[Seconds, Field(gt=0)] = 90
    """for one link with all its redirects"""
    max_body: Annotated[Bytes, Field(ge=1)] = 20 * 10**6
    """of a link's responses together, as sent; the rest is cut and marked as cut"""
    max_head: Annotated[Bytes, Field(ge=1024)] = 64 * 10**3
    """of a response's header fields; more is an attack or a broken server"""
    max_fields: Annotated[int, Strict(), Field(ge=32, le=10_000)] = 256
    """header fields of a response; sites send a few dozen, and many clients take 100 at most"""
    min_rate: Bytes = 1000
    """a second on average, once an answer has taken 10 s; a slower one is cut and marked as cut; 0: any"""
    max_redirects: Annotated[int, Strict(), Field(ge=0, le=50)] = 10
    """hops; browsers follow 20, news sites need 4"""
    ports: Annotated[tuple[Port, ...], AfterValidator(_one_at_least)] = (80, 443)
    """others are refused, so that no link reaches a mail server or a database"""
    allow_private: tuple[Network, ...] = ()
    """networks that may be reached though they are not public, as 192.168.7.0/24; a source may name its own"""
    connect_to: tuple[Annotated[StrictStr, AfterValidator(_pin)], ...] = ()
    """HOST:PORT:ADDR:PORT as for curl: dials ADDR, private or not, for that origin"""
    ca_file: Annotated[Path, AfterValidator(_placed), AfterValidator(_there)] | None = None
    """PEM certificates trusted beside the system's; no setting turns certificate checks off"""
    proxy: Annotated[StrictStr, AfterValidator(_proxy)] | None = None
    """http://HOST:PORT, told to CONNECT to addresses checked here; null: none, whatever the environment says"""
    secrets: tuple[Annotated[StrictStr, AfterValidator(_secret)], ...] = ()
    """ORIGIN NAME: for ${NAME} in a URL of ORIGIN the environment's NAME is sent, and kept nowhere"""

    @field_validator("exchange", "page")
    @classmethod
    def _holds_what_is_in_it(cls, time: float, info: ValidationInfo) -> float:
        inner = {"exchange": "connect", "page": "exchange"}[str(info.field_name)]
        return _at_least(time, inner, info)


class SourcesSection(Section):
    """What is watched; as shipped, nothing."""

    on: tuple[StrictStr, ...] = ()
    """seeds that are switched on: by file (de), by tag (tag:finance), or by name"""
    seeds: Annotated[PlacedPath, Field(validate_default=True)] = Path("seeds")
    """folder of your own seed files; those that pressmark ships are always known"""
    max_age: Annotated[Seconds, Field(gt=0)] | None = 604800
    """what a sitemap dates earlier is left out, for it lists all there ever was; null takes all"""
    max_depth: Annotated[int, Strict(), Field(ge=1, le=10)] = 3
    """steps from a source to the sitemaps it leads to: home page, index, index of a year, sitemap of a month"""
    daily_links: Count = 2_000
    """new links of one source on one UTC day, half of them from plain sitemaps at most; the rest waits for a day"""
    own: tuple[dict[str, Any], ...] = Field(default=(), alias="list")
    """sources of your own, in the form of a seed file (seeds/README.md); always on"""


class ExtractSection(Section):
    """How pages are turned into texts, in processes of their own that can be killed."""

    workers: Count = 2
    """processes at most, started when needed; two clean about a hundred pages a second"""
    time: Annotated[Seconds, Field(gt=0)] = 20
    """for one page: two fifths for the best reading, the rest for simpler ones"""
    memory: Annotated[Bytes, Field(ge=100 * 10**6)] = 1500 * 10**6
    """for one process; some pages of 8 MB unfold to 2 GB, and are read by simpler means"""
    idle: Annotated[Seconds, Field(gt=0)] = 30
    """without work, then the processes end"""
    learn: Annotated[bool, Strict()] = True
    """once a day, from the pages kept of a site, where its text stands and what it repeats; false: use what is known"""


class DaemonSection(Section):
    """The rhythm of the daemon."""

    in_flight: Annotated[Count, Field(le=500)] = 100
    """visits at once, over all hosts; past a few hundred one process gains nothing"""
    poll_least: Annotated[Seconds, Field(ge=10)] = 300
    """between polls of one source, however lively it is"""
    poll_most: Seconds = 86400
    """between polls of one source, however quiet it is"""
    look_again: tuple[Annotated[Seconds, Field(gt=0)], ...] = (3600, 86400, 604800)
    """ages at which an article is fetched again to see edits; [] never looks again"""
    heartbeat: Annotated[Seconds, Field(ge=1)] = 60
    """between signs of life in the log"""

    @field_validator("poll_most")
    @classmethod
    def _is_the_longer(cls, time: float, info: ValidationInfo) -> float:
        return _at_least(time, "poll_least", info)

    @field_validator("look_again")
    @classmethod
    def _rises(cls, ages: tuple[float, ...]) -> tuple[float, ...]:
        if any(later <= age for age, later in pairwise(ages)):
            raise ValueError("must rise from age to age")
        return ages


class Config(Section):
    """Every setting of pressmark."""

    contact: Annotated[StrictStr, AfterValidator(_contact)] = ""
    """e-mail address or URL that site owners can reach you by; it goes into every request"""
    archive: ArchiveSection = Field(default_factory=ArchiveSection)
    politeness: PolitenessSection = Field(default_factory=PolitenessSection)
    network: NetworkSection = Field(default_factory=NetworkSection)
    sources: SourcesSection = Field(default_factory=SourcesSection)
    extract: ExtractSection = Field(default_factory=ExtractSection)
    daemon: DaemonSection = Field(default_factory=DaemonSection)

    _reading: Reading | None = PrivateAttr(None)

    def model_post_init(self, context: Any, /) -> None:
        self._reading = context

    @property
    def reading(self) -> Reading | None:
        """How these settings were read; None when they were made in code."""
        return self._reading

    @property
    def origin(self) -> Path | None:
        """The file these settings were read from; None when they were made in code."""
        return self._reading.origin if self._reading else None

    def where(self, *place: str | int) -> str:
        """Where a setting stands, for a message: where("sources", "list", 3) → "config.yaml:41"."""
        if self._reading is None or self.origin is None:
            return NAME
        return f"{self.origin}:{line_of(place, self._reading.lines)}"


def known(section: type[BaseModel]) -> dict[str, FieldInfo]:
    """The keys of a section as the file writes them."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def is_section(kind: object) -> TypeGuard[type[Section]]:
    return isinstance(kind, type) and issubclass(kind, Section)


def _at_least(time: float, other: str, info: ValidationInfo) -> float:
    least = info.data.get(other, 0)
    if time < least:
        raise ValueError(f"must not be shorter than {other} ({time_text(least)})")
    return time
