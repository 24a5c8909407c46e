"""An operator's secrets in URLs: `${NAME}` stands for one everywhere but on the wire.

A URL like https://news.example/feed?token=… is its own password. Written `?token=${NEWS_TOKEN}` it can be kept, logged
and shown; the value comes from the environment, is put in as a request is written, only for the origin it is named
for, and is taken out of the answer's head. A ${NAME} that a site writes is none of ours: the value is for the places
that its owner chose, not for every link that leads to its origin.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote, quote_plus, urlsplit

from archive.records import Article
from archive.secrets import PARAMETER, PLACEHOLDER, without_userinfo, without_users
from scraper.urls import origin

SHORTEST = 8  # characters of a value; a shorter one would be found in what has nothing to do with it

_NAMED = re.compile(r"((?i:https?)://[^/?#\s@]+)/? ([A-Z][A-Z0-9_]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """What one origin may be told."""

    name: str  # of the environment variable
    origin: str  # "https://news.example", a port only where it is not the scheme's own
    value: str = field(repr=False)


def read_named(text: str) -> tuple[str, str]:
    """The origin and the name in "https://news.example NEWS_TOKEN".  Raises ValueError that says what is wrong."""
    found = _NAMED.fullmatch(text.strip())
    if not found:
        raise ValueError("must be written ORIGIN NAME, as https://news.example NEWS_TOKEN: a variable, not its value")
    return origin(found[1]), found[2]


def names_in(url: str) -> tuple[tuple[str, str], ...]:
    """What a URL leaves to the environment: (origin, name) of each ${NAME} in it; nothing for what is no URL."""
    try:
        return tuple((origin(url), name) for name in PLACEHOLDER.findall(url))
    except ValueError:
        return ()


def why_not(url: str) -> str | None:
    """Why a URL may not be asked for as somebody wrote it: a secret stands in it. None: none is seen."""
    found = (each for each in PARAMETER.finditer(url.partition("#")[0]) if not PLACEHOLDER.fullmatch(each[2]))
    if not (first := next(found, None)):
        return None
    return (
        f"its parameter `{first[1]}` is a secret, and URLs are kept and shown: write ${{NAME}} for the value, set NAME"
        " in the environment, and name both under network.secrets as ORIGIN NAME"
    )


def written(url: str) -> str:
    """The URL with each ${NAME} as it goes through everything else: $%7BNAME%7D."""
    return PLACEHOLDER.sub(lambda found: _mark(found[1]), url)


class Secrets:
    """Values put into requests, and taken out of what comes back."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        known = tuple(secrets)
        self._values = {(each.origin, each.name): quote(each.value, safe="") for each in known}
        self._names = {form: _mark(each.name) for each in known for form in _forms(each.value)}
        longest_first = sorted(self._names, key=len, reverse=True)
        self._seen = re.compile("|".join(map(re.escape, longest_first))) if known else None
        self._bytes_seen = re.compile(self._seen.pattern.encode()) if self._seen else None
        named = "|".join(sorted({each.name for each in known}))
        self._forged = re.compile(rf"((?:\$|%24))(?:\{{|%7[Bb])(?=(?:{named})(?:\}}|%7[Dd]))")

    def __bool__(self) -> bool:
        return self._seen is not None

    def target(self, url: str) -> Mapping[str, bytes]:
        """What httpcore is to write instead of the path and query of `url` (as asked): {"target": …} or nothing."""
        if not self._values or not PLACEHOLDER.search(url):
            return {}
        parts = urlsplit(url)
        whose = f"{parts.scheme}://{parts.netloc}"
        said = f"{parts.path}?{parts.query}" if parts.query else parts.path
        target = PLACEHOLDER.sub(lambda found: self._values.get((whose, found[1]), found[0]), said)
        return {"target": target.encode("ascii")}

    def heard(self, head: bytes) -> bytes:
        """As `taken_out`, of a head that a server sent: a $%7BNAME%7D that it wrote itself stands for nothing."""
        return self.taken_out(self._defused(head.decode("latin-1")).encode("latin-1")) if self._seen else head

    def taken_out(self, wire: bytes) -> bytes:
        """Bytes of a head without our values: $%7BNAME%7D stands for each."""
        if self._bytes_seen is None:
            return wire
        return self._bytes_seen.sub(lambda found: self._names[found[0].decode()].encode(), wire)

    def notes(self, notes: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
        """As `taken_out`, of what else is told of an answer."""
        return [(name, self.hidden(value)) for name, value in notes] if self._seen else notes

    def hidden(self, text: str) -> str:
        """Text that a site told us, without our values; many put the token they were asked with into their links."""
        return self._seen.sub(lambda found: self._names[found[0]], self._defused(text)) if self._seen else text

    def told(self, article: Article) -> Article:
        """The article with what its page says beside the text as `hidden` has it, and without anybody's password.

        Headline and paragraphs stay: they are what was published, and the text's name is made of them.
        """

        def kept(text: str | None) -> str | None:
            return self.hidden(without_users(text)) if text else text

        said = article.disagreements.items()
        return replace(
            article,
            canonical_url=self.hidden(article.canonical_url),
            source_link=kept(article.source_link),
            image=self.hidden(without_userinfo(article.image)) if article.image else None,
            image_caption=kept(article.image_caption),
            image_credit=kept(article.image_credit),
            disagreements={fact: tuple(kept(each) or "" for each in others) for fact, others in said},
        )

    def _defused(self, text: str) -> str:
        return self._forged.sub(r"\1%257B", text)


def _mark(name: str) -> str:
    return f"$%7B{name}%7D"


def _forms(value: str) -> set[str]:
    """How servers write a value back: as it is, and escaped in some way."""
    escaped = {quote(value, safe=""), quote(value), quote_plus(value), quote(value, safe="/:+=@,;!$'()*")}
    lower = {re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), each) for each in escaped}
    noted = value.encode().decode("latin-1").encode("unicode_escape").decode("ascii")  # as archive.heads.note_value
    return {value, noted, *escaped, *lower}
