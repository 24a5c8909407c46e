"""Traps: what a source leads into that never ends and holds no news. Facts in, decision out.

Some links tell it by their URL alone (`sign`, `combined`); of others it shows in what they brought (`verdict`). What is
left out is counted by kind, and each kind has its words (`WORDS`), for whoever asks why.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from struct import pack, unpack
from zlib import crc32

from archive.records import Article, Visit

REST = timedelta(days=1)  # so long a source in a trap is not followed; then it is looked at again
MEMORY = timedelta(days=7)  # after its rest, for a source too quiet to show that it is sound
PROBATION = 50  # new links a day, at most, while a source that was in a trap shows what it is now
WINDOW = 20  # links that show whether texts are nearly the same
ALIKE = 10  # of them, that are
GLANCE = 4  # links that show whether it is worth looking at more of them
USELESS = 50  # links one after another that lead to no text of their own

LONGEST = 2_048  # characters of a link; the sitemap protocol's limit. The longest of 8,000 real ones has 423
_MOST_SEGMENTS = 16  # of a path; the real ones have 11 at most
_MOST_EQUAL = 3  # equal segments that make a circle
_MOST_EQUAL_NUMBERS = 5  # as numbers of one or two digits: days, months and pages are alike by chance
_MOST_PARAMETERS = 16
_MOST_FACETS = 2  # ways to sort or filter, in one URL
_FEW_QUERIES = 20  # of one path, that need not be told apart
_FAR = timedelta(days=62)  # ahead; what is announced may be dated tomorrow, the next season's calendar is not
_NEAR = timedelta(days=2)  # ahead, for a day's own page
_LONG_AGO = timedelta(days=366)
_SKETCH = 16  # sentences of a text that stand for it
_SKETCHED = 4_000  # characters of a text that are looked at
_LIKENESS = 0.8  # share of them that two texts have in common when they are nearly the same
_FEW_SIGNS = 20  # links with signs, of one poll, that a sound source may show

REASON = "trap-"  # a Visit's reason is this and the kind
WORDS: Mapping[str, str] = {
    "depth": "sources more steps away than sources.max_depth",
    "sources": "feeds and sitemaps that lead to ever more of them",
    "daily-links": "more new links a day than sources.daily_links",
    "repeating-segments": "repeating path segments",
    "deep-paths": "paths without end",
    "calendar": "a calendar without end",
    "queries": "queries in all combinations",
    "long-urls": "over-long URLs",
    "encodings": "percent-encoding in layers",
    "same-texts": "texts that are nearly the same",
    "no-articles": "links that lead to no article of their own",
}
BOUNDS = ("depth", "sources", "daily-links")  # here the bound alone is enough: what keeps within it is followed
_TOLD_BY_TEXTS = ("same-texts", "no-articles")

_DATE = re.compile(r"/((?:1[5-9]|2[01])\d\d)[/-](0?[1-9]|1[0-2])(?:[/-](0?[1-9]|[12]\d|3[01]))?(?=[/._-]|$)")
_BARE = re.compile(r"(?:/(?:index\.\w{2,5})?)?")  # what may follow the date of a day's own page
_YEAR = re.compile(r"y|yr|year|jahr|ann[eé]e|a[nñ]o|anno", re.IGNORECASE)
_MONTH = re.compile(r"m|mon|month|monat|mois|m[eê]s|mese", re.IGNORECASE)
_DAY = re.compile(r"(?:.*[_-])?(?:date|day|datum|fecha|data|start|from|to|until|cal)", re.IGNORECASE)
_DATED = re.compile(r"((?:1[5-9]|2[01])\d\d)-(0?[1-9]|1[0-2])(?:-(0?[1-9]|[12]\d|3[01]))?(?=\D|$)")
_SLUG = re.compile(r"[-_][^/]*[-_]")  # a segment that is a headline in small letters
_NAMED = re.compile(r"[^/]*(?:[-_][^/]*[-_]|\d{4})[^/]*/*$")  # a path that ends in a slug or a number
_FACET = re.compile(
    r"sort(?:_?by|_?order|_?dir)?|order(?:_?by|_?dir)?|dir|direction|filters?|facets?|f|refine|per_?page|page_?size"
    r"|limit|offset|view|display|layout|colou?r|size|brand|price|(?:min|max)_?price|(?:filter|facet|f|refine)[_-]?\w*\[.*\]"
    r"|filter[_-]\w+",
    re.IGNORECASE,
)  # fmt: skip
_ENCODED_TWICE = re.compile(r"%25[0-9a-f]{2}", re.IGNORECASE)
_ENCODED_THRICE = re.compile(r"%25(?:25)+", re.IGNORECASE)
_SENTENCES = bytes.maketrans(b".!?:;", b"\n\n\n\n\n")


# ── by the URL ───────────────────────────────────────────────────────────────────────────────────────────────────────


def sign(url: str, *, now: datetime) -> str | None:
    """The kind of trap that a URL alone betrays; None when it may well be an article's.

    url: absolute; now: aware UTC. Leans to None, for a sign loses the article unseen.
    """
    if len(url) > LONGEST:
        return "long-urls"
    path, _, query = _path(url).partition("?")
    segments = [segment for segment in path.split("/") if segment]
    if _circles(segments):
        return "repeating-segments"
    if len(segments) > _MOST_SEGMENTS:
        return "deep-paths"
    if "%25" in url and (_ENCODED_THRICE.search(url) or len(_ENCODED_TWICE.findall(url)) > 3):
        return "encodings"
    parameters = _parameters(query) if query else []
    if len(parameters) > _MOST_PARAMETERS or len({name for name, _ in parameters if _FACET.fullmatch(name)}) >= (
        _MOST_FACETS
    ):
        return "queries"
    if _is_out_of_calendar(path, now) or (parameters and _asks_out_of_calendar(path, parameters, now)):
        return "calendar"
    return None


def combined(urls: Iterable[str], before: Mapping[str, Collection[str]]) -> set[str]:
    """Which of these URLs are one path with queries in all combinations, so that no parameter names the page.

    before: path (scheme and host before it) → queries of it that were let in on the same day. An article's URL has one
    parameter that no other shares; of what is sorted and filtered each parameter has few values.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for url in urls:
        path, has_query, query = url.partition("?")
        if has_query and "&" in query:
            groups[path].append(url)
    found: set[str] = set()
    for path, group in groups.items():
        queries = {*(url.partition("?")[2] for url in group), *before.get(path, ())}
        if len(queries) > _FEW_QUERIES and not _is_told_apart(queries):
            spare = max(0, _FEW_QUERIES - len(before.get(path, ())))
            found |= set(group[spare:])
    return found


def _is_told_apart(queries: Collection[str]) -> bool:
    """Whether one parameter alone tells most of these queries apart."""
    values: dict[str, set[str]] = defaultdict(set)
    for query in queries:
        for name, value in _parameters(query):
            values[name].add(value)
    return max((len(each) for each in values.values()), default=0) >= 0.8 * len(queries)


def _circles(segments: Sequence[str]) -> bool:
    """Whether a path goes round: /a/b/a/b/a/b."""
    if len(segments) - len(set(segments)) < _MOST_EQUAL - 1:
        return False
    segment, times = Counter(segments).most_common(1)[0]
    is_number = len(segment) <= 2 and segment.isdigit()
    return times >= (_MOST_EQUAL_NUMBERS if is_number else _MOST_EQUAL)


def _is_out_of_calendar(path: str, now: datetime) -> bool:
    """Whether a path names a day that news cannot be of, or is the page of a day long ago, with nothing on it."""
    for found in _DATE.finditer(path):
        when = _day(found)
        if when is None:
            continue
        is_bare = _BARE.fullmatch(path, found.end()) is not None and not _SLUG.search(path, 0, found.start())
        if when - now > (_NEAR if is_bare else _FAR) or (is_bare and now - when > _LONG_AGO):
            return True
    return False


def _asks_out_of_calendar(path: str, parameters: Iterable[tuple[str, str]], now: datetime) -> bool:
    """The same of a query: ?year=2031&month=5, ?date=2031-05-01."""
    year = month = None
    for name, value in parameters:
        if _YEAR.fullmatch(name) and re.fullmatch(r"(?:1[5-9]|2[01])\d\d", value):
            year = int(value)
        elif _MONTH.fullmatch(name) and re.fullmatch(r"0?[1-9]|1[0-2]", value):
            month = int(value)
        elif _DAY.fullmatch(name) and (found := _DATED.match(value)) and (when := _day(found)):
            year, month = when.year, when.month
    if year is None or month is None:
        return False
    when = datetime(year, month, 1, tzinfo=UTC)
    return when - now > _FAR or (now - when > _LONG_AGO and not _NAMED.search(path))


def _day(found: re.Match[str]) -> datetime | None:
    try:
        return datetime(int(found[1]), int(found[2]), int(found[3] or 1), tzinfo=UTC)
    except ValueError:  # the 31st of February
        return None


def _parameters(query: str) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (part.partition("=") for part in query.split("&") if part)]


def _path(url: str) -> str:
    """Path and query of an absolute URL."""
    rest = url.partition("#")[0].partition("://")[2]
    start = next((at for at, character in enumerate(rest) if character in "/?"), len(rest))
    return rest[start:]


# ── by what came ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What one new link brought, in a few numbers."""

    useless: bool  # gone, no article, or another article's text
    title: int = 0  # of headline and length; 0 without a text
    sketch: tuple[int, ...] = ()  # of its sentences without numbers, rising; () without a text

    def packed(self) -> bytes:
        """As few bytes as can be."""
        return pack(f">?{1 + len(self.sketch)}I", self.useless, self.title, *self.sketch)

    @classmethod
    def unpacked(cls, packed: bytes) -> "Mark":
        """The mark that was packed so."""
        useless, title, *numbers = unpack(f">?{len(packed) // 4}I", packed)
        return cls(useless=useless, title=title, sketch=tuple(numbers))


def mark(visit: Visit, article: Article | None) -> Mark | None:
    """What a visit to a link says about its source; None when nothing: it failed, or was not read again."""
    if visit.outcome in ("gone", "not-article"):
        return Mark(useless=True)
    if article is None:
        return None
    text = article.text
    title = crc32(f"{article.headline} {text.count(' ')}".encode())  # the headline, and how many words there are
    return Mark(useless=visit.outcome == "copy", title=title, sketch=sketch(text))


def sketch(text: str) -> tuple[int, ...]:
    """Numbers that stand for a text: near texts share most of them. Figures and dates in digits count for nothing.

    Source: Broder, On the resemblance and containment of documents (1997): the smallest hashes, here of sentences.
    """
    sentences = text[:_SKETCHED].encode().translate(_SENTENCES, b"0123456789").split(b"\n")
    return tuple(sorted({crc32(sentence) for sentence in sentences if len(sentence) > 2})[:_SKETCH])


def likeness(one: Collection[int], other: Collection[int]) -> float:
    """How much two texts share, by their sketches: from 0 to 1."""
    union = sorted({*one, *other})[:_SKETCH]
    return sum(each in one and each in other for each in union) / len(union) if union else 0.0


def verdict(marks: Sequence[Mark]) -> str | None:
    """The kind of trap that the newest links of one source show, newest first; None while they show none."""
    if len(marks) >= USELESS and all(each.useless for each in marks[:USELESS]):
        return "no-articles"
    newest, *others = marks[:WINDOW] or [Mark(useless=True)]
    if len(others) + 1 < WINDOW or not newest.sketch:
        return None
    own = frozenset(newest.sketch)
    alike = sum(each.title == newest.title or _is_like(own, each.sketch) for each in others)
    return "same-texts" if alike + 1 >= ALIKE else None


def is_suspicious(marks: Sequence[Mark]) -> bool:
    """Whether a glance at the newest links, newest first, is reason to ask for a verdict: nearly always it is not."""
    newest, *others = marks or [Mark(useless=False)]
    if newest.useless and all(each.useless for each in others):
        return True
    own = frozenset(newest.sketch)
    return any(each.title == newest.title or _is_like(own, each.sketch) for each in others)


def _is_like(own: frozenset[int], other: Sequence[int]) -> bool:
    return not own.isdisjoint(other) and likeness(own, other) >= _LIKENESS


# ── what follows ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """What a configured source has led into."""

    kind: str  # one of WORDS
    since: datetime
    until: datetime  # then it is looked at again
    left_out: int = 0  # links, each time they were announced; of depth and sources: feeds and sitemaps

    @property
    def stops(self) -> bool:
        """Whether the source is not followed at all, or only what goes past a bound is left out."""
        return self.kind not in BOUNDS

    @property
    def shows_in_texts(self) -> bool:
        """Whether it takes texts to see that the source is in it, and that it has come out."""
        return self.kind in _TOLD_BY_TEXTS

    @property
    def reason(self) -> str:
        """The Visit's word."""
        return REASON + self.kind

    def stands(self, now: datetime) -> bool:
        """Whether its rest is not over yet."""
        return now < self.until


def shown(left_out: Mapping[str, int], *, taken: int) -> str | None:
    """The kind of trap that one poll shows; None for none.

    left_out: kind → links left out; taken: new links that were let in. A few links with signs, of a print version or a
    calendar beside the news, are left out and make no trap.
    """
    signs = {kind: count for kind, count in left_out.items() if kind not in (*BOUNDS, *_TOLD_BY_TEXTS)}
    if sum(signs.values()) >= max(_FEW_SIGNS, taken + 1):
        return max(signs, key=lambda kind: signs[kind])
    over = {kind: count for kind, count in left_out.items() if kind in BOUNDS and count}
    return max(over, key=lambda kind: over[kind]) if over else None


def fallen(before: Trap | None, kind: str, *, left_out: int, now: datetime) -> Trap:
    """The trap that a source is in now; since when stays what it was while it never came out."""
    if before is None or before.kind != kind:
        return Trap(kind=kind, since=now, until=now + REST, left_out=left_out)
    return Trap(kind=kind, since=before.since, until=now + REST, left_out=before.left_out + left_out)


def is_over(trap: Trap, *, now: datetime, marks: Sequence[Mark] = ()) -> bool:
    """Whether a source whose poll has shown nothing has come out of its trap.

    marks: of what its links have brought since it fell in, newest first.
    """
    if trap.stands(now):
        return False
    shows_texts = len(marks) >= WINDOW and not all(each.useless for each in marks) and verdict(marks) is None
    return not trap.shows_in_texts or shows_texts or now - trap.until > MEMORY


def is_of_trap(visit: Visit) -> bool:
    """Whether a visit says of a source that it is in a trap; nothing was asked for."""
    return (visit.reason or "").startswith(REASON)


def told_by(visits: Sequence[Visit]) -> Trap | None:
    """The trap that the visits to a configured source tell, newest first; None when the newest tells none.

    How much was left out no visit tells.
    """
    if not visits or not is_of_trap(visits[0]):
        return None
    newest, since = visits[0], visits[0].visited_at
    for visit in visits:
        if visit.reason == newest.reason and since - visit.visited_at < 2 * REST:
            since = visit.visited_at
    return Trap(kind=(newest.reason or "").removeprefix(REASON), since=since, until=newest.visited_at + REST)


def words(trap: Trap) -> str:
    """A trap in a line: "trap: repeating path segments, 1,240 left out since 2026-11-20"."""
    left_out = f"{trap.left_out:,} left out " if trap.left_out else ""
    return f"trap: {WORDS.get(trap.kind, trap.kind)}, {left_out}since {trap.since:%Y-%m-%d}"
