"""Traps: what a source leads into that never ends and holds no news. Facts in, decision out.

Some links tell it by their URL alone (`sign`, `combined`); of others it shows in what they brought (`verdict`). One
sign proves nothing: news that is lost costs more than a trap that is followed for a day's budget, so links are left out
only where many of one shape show a sign (`too_many`). What is left out is counted by kind, and each kind has its words
(`WORDS`), for whoever asks why.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from struct import pack, unpack
from zlib import crc32

from archive.records import Article, Visit
from scraper.links import path_of

REST = timedelta(days=1)  # so long the links of a source wait whose texts show a trap; then it is looked at again
MEMORY = timedelta(days=7)  # after its rest, for a source too quiet to show that it is sound
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
_FEW_QUERIES = 20  # of one path in a day, where three parameters vary, that need not be told apart
_MANY_QUERIES = 500  # the same where two vary: a date and a page, a section and a story
_MANY_VARYING = 3
_FAR = timedelta(days=62)  # ahead; what is announced may be dated tomorrow, the next season's calendar is not
_SKETCH = 16  # sentences of a text that stand for it
_SKETCHED = 4_000  # characters of a text that are looked at
_LIKENESS = 0.8  # share of them that two texts have in common when they are nearly the same
_FEW_SIGNS = 20  # links with signs, of one shape on one day, that a sound source may show
_SHARE = 0.5  # of what a poll announced, that shows signs in a trap

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

# Ids are followed by pages (/article/2134/5) and slugs begin with numbers (/news/2051-12-hurt-in-crash), so a month has
# two digits, and nothing follows a date that is parted by "-".
_DATE = re.compile(
    r"/(2[01]\d\d)(?:/(0[1-9]|1[0-2])(?:/(0[1-9]|[12]\d|3[01]))?(?=[/.]|$)"
    r"|-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?(?=/|\.\w{2,5}$|$))"
)
_YEAR = re.compile(r"y|yr|year|jahr|ann[eé]e|a[nñ]o|anno", re.IGNORECASE)
_MONTH = re.compile(r"m|mon|month|monat|mois|m[eê]s|mese", re.IGNORECASE)
_DAYS = ("date", "day", "datum", "fecha", "data", "start", "from", "to", "until", "cal")  # how such a name ends
_DATED = re.compile(r"(2[01]\d\d)-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?(?=\D|$)")
_LANGUAGES = ("lang", "language", "hl", "locale", "lng", "sprache", "langue", "idioma")
_IDS = (
    *("no", "nr", "num", "number", "idx", "index", "seq", "sn", "key", "code", "p", "article", "art", "story", "news"),
    *("item", "doc", "post", "content", "slug", "title"),
)
_FACET = re.compile(
    r"sort(?:_?by|_?order|_?dir)?|order(?:_?by|_?dir)?|dir|direction|filters?|facets?|f|refine|per_?page|page_?size"
    r"|limit|offset|view|display|layout|colou?r|size|brand|price|(?:min|max)_?price|(?:filter|facet|f|refine)[_-]?\w*\[.*\]"
    r"|filter[_-]\w+",
    re.IGNORECASE,
)  # fmt: skip
_LAYERS = "%252525"  # four of them: some sites escape their slugs two or three times, a trap once more on each page
_DIGITS = re.compile(r"\d+")
_NO_DIGITS = dict.fromkeys(map(ord, "0123456789"))
_SENTENCES = bytes.maketrans(b".!?:;", b"\n\n\n\n\n")


# ── by the URL ───────────────────────────────────────────────────────────────────────────────────────────────────────


def sign(url: str, *, now: datetime) -> str | None:
    """The kind of trap that a URL alone may betray; None when it looks like any article's.

    url: absolute; now: aware UTC. One sign proves nothing, see `too_many`.
    """
    if len(url) > LONGEST:
        return "long-urls"
    path, _, query = path_of(url).partition("?")
    segments = [segment for segment in path.split("/") if segment]
    if _circles(segments):
        return "repeating-segments"
    if len(segments) > _MOST_SEGMENTS:
        return "deep-paths"
    if _LAYERS in url:
        return "encodings"
    parameters = _parameters(query) if query else []
    if _is_sorted(parameters):
        return "queries"
    return "calendar" if _is_out_of_calendar(path, parameters, now) else None


def shape(url: str, kind: str) -> str:
    """What the links of one trap have in common: its kind and, of a calendar, what stands before the first number."""
    if kind != "calendar":
        return kind
    return f"{kind} {_DIGITS.split(url.partition('://')[2], maxsplit=1)[0]}"[:200]


def too_many(signs: int, before: int, *, of_shape: int, announced: int) -> int:
    """How many of the new links of one shape, all with a sign, are left out.

    before: such links that were let in on the same day; of_shape: how many of all that the poll announced are such.
    """
    is_trap = before + signs > _FEW_SIGNS and of_shape >= _SHARE * announced
    return signs - max(0, _FEW_SIGNS - before) if is_trap else 0


def combined(urls: Iterable[str], before: Mapping[str, Collection[str]]) -> set[str]:
    """Which of these URLs are one path with queries in all combinations, so that no parameter names the page.

    before: path (scheme and host before it) → queries of it that were let in on the same day. An article's URL has one
    parameter that no other shares, or an id; of what is sorted and filtered each parameter has few values.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for url in urls:
        path, has_query, query = url.partition("?")
        if has_query and "&" in query:
            groups[path].append(url)
    found: set[str] = set()
    for path, group in groups.items():
        earlier = before.get(path, ())
        few = _few_of({*(url.partition("?")[2] for url in group), *earlier})
        if few is not None:
            found |= set(group[max(0, few - len(earlier)) :])
    return found


def _few_of(queries: Collection[str]) -> int | None:
    """How many of these queries of one path are let in on one day; None: all of them. Languages tell none apart."""
    values: dict[str, set[str]] = defaultdict(set)
    pages = set()
    for query in queries:
        told = [(name, value) for name, value in _parameters(query) if name.lower() not in _LANGUAGES]
        pages.add(tuple(told))
        for name, value in told:
            values[name].add(value)
    varying = {name: len(each) for name, each in values.items() if len(each) > 1}
    few = _FEW_QUERIES if len(varying) >= _MANY_VARYING else _MANY_QUERIES
    is_told_apart = any(_is_id(name) or number >= 0.8 * len(pages) for name, number in varying.items())
    return None if len(pages) <= few or is_told_apart else few


def _is_sorted(parameters: Sequence[tuple[str, str]]) -> bool:
    """Whether a query sorts and filters, and names no page."""
    if len(parameters) > _MOST_PARAMETERS:
        return True
    facets = {name for name, _ in parameters if _FACET.fullmatch(name)}
    return len(facets) >= _MOST_FACETS and not _has_id(parameters)


def _has_id(parameters: Iterable[tuple[str, str]]) -> bool:
    return any(value and _is_id(name) for name, value in parameters)


def _is_id(name: str) -> bool:
    """Whether a parameter of that name may name a page: id, newsId, article_no."""
    bare = name.lower()
    if bare.endswith("id"):
        return "sess" not in bare and bare != "sid"
    return bare.replace("-", "_").rpartition("_")[2] in _IDS


def _circles(segments: Sequence[str]) -> bool:
    """Whether a path goes round: /a/b/a/b/a/b."""
    if len(segments) - len(set(segments)) < _MOST_EQUAL - 1:
        return False
    segment, times = Counter(segments).most_common(1)[0]
    is_number = len(segment) <= 2 and segment.isdigit()
    return times >= (_MOST_EQUAL_NUMBERS if is_number else _MOST_EQUAL)


def _is_out_of_calendar(path: str, parameters: Iterable[tuple[str, str]], now: datetime) -> bool:
    """Whether a URL names a day too far ahead for news; the past ends somewhere, and may be asked for.

    /events/2031/05, ?year=2031&month=5, ?date=2031-05-01
    """
    if any(_is_far(found[1], found[2] or found[4], found[3] or found[5], now) for found in _DATE.finditer(path)):
        return True
    year = month = None
    for name, value in parameters:
        if _YEAR.fullmatch(name) and re.fullmatch(r"2[01]\d\d", value):
            year = value
        elif _MONTH.fullmatch(name) and re.fullmatch(r"0?[1-9]|1[0-2]", value):
            month = value
        elif name.lower().replace("-", "_").rpartition("_")[2] in _DAYS and (found := _DATED.match(value)):
            year, month = found[1], found[2]
    return year is not None and month is not None and _is_far(year, month, None, now) and not _has_id(parameters)


def _is_far(year: str, month: str, day: str | None, now: datetime) -> bool:
    try:
        return datetime(int(year), int(month), int(day or 1), tzinfo=UTC) - now > _FAR
    except ValueError:  # the 31st of February
        return False


def _parameters(query: str) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (part.partition("=") for part in query.split("&") if part)]


# ── by what came ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What one new link brought, in a few numbers."""

    useless: bool  # gone, or no article
    title: int = 0  # of the headline without figures (upper 16 bits), of all of it and the length; 0 without a text
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
    """What the first visit to a link says about its source; None when nothing: it failed, or was not read again."""
    if visit.outcome in ("gone", "not-article"):
        return Mark(useless=True)
    if article is None:
        return None
    text, headline = article.text, article.headline or ""
    bare = crc32(headline.translate(_NO_DIGITS).encode()) & 0xFFFF
    title = bare << 16 | crc32(f"{headline} {text.count(' ')}".encode()) & 0xFFFF
    return Mark(useless=False, title=title, sketch=sketch(text))


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
    seen = marks[:WINDOW]
    if len(seen) < WINDOW or not seen[0].sketch:
        return None
    # The sentences that ask for a subscription under each beginning of an article say nothing of it.
    times = Counter(number for each in seen for number in each.sketch)
    common = frozenset(number for number, count in times.items() if count > len(seen) / 2)
    alike = sum(_is_like(seen[0], each, common) for each in seen[1:])
    return "same-texts" if alike + 1 >= ALIKE else None


def is_suspicious(marks: Sequence[Mark]) -> bool:
    """Whether a glance at the newest links, newest first, is reason to ask for a verdict: nearly always it is not."""
    newest, *others = marks or [Mark(useless=False)]
    if newest.useless and all(each.useless for each in others):
        return True
    return any(_is_like(newest, each, frozenset()) for each in others)


def _is_like(one: Mark, other: Mark, common: frozenset[int]) -> bool:
    """Whether two links brought one text, by headlines that differ in figures at most and what is not common."""
    if one.title >> 16 != other.title >> 16:
        return False
    own, others = frozenset(one.sketch) - common, frozenset(other.sketch) - common
    if one.title == other.title or not (own or others):
        return True
    return not own.isdisjoint(others) and likeness(own, others) >= _LIKENESS


# ── what follows ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """What a configured source has led into."""

    kind: str  # one of WORDS
    since: datetime
    until: datetime  # then it is looked at again
    left_out: int = 0  # links, each time they are announced, or that wait; of depth and sources: feeds and sitemaps

    @property
    def shows_in_texts(self) -> bool:
        """Whether it takes texts to see that the source is in it, and that it has come out; until then links wait."""
        return self.kind in _TOLD_BY_TEXTS

    @property
    def reason(self) -> str:
        """The Visit's word."""
        return REASON + self.kind

    def stands(self, now: datetime) -> bool:
        """Whether its rest is not over yet."""
        return now < self.until


def shown(left_out: Mapping[str, int]) -> str | None:
    """The kind of trap that one poll shows: whatever is left out shows; None for nothing.

    left_out: kind → links left out.
    """
    signs = {kind: count for kind, count in left_out.items() if count and kind not in BOUNDS}
    over = {kind: count for kind, count in left_out.items() if count and kind in BOUNDS}
    return max(signs or over, key=lambda kind: left_out[kind]) if signs or over else None


def holds_all(left_out: Mapping[str, int], *, announced: int) -> bool:
    """Whether all that a poll announced is of a trap, so that it need not be polled often."""
    signs = sum(count for kind, count in left_out.items() if kind not in BOUNDS)
    return signs > 0 and signs + _FEW_SIGNS >= announced


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
    left_out = f"{trap.left_out:,} {'wait' if trap.shows_in_texts else 'left out'} " if trap.left_out else ""
    return f"trap: {WORDS.get(trap.kind, trap.kind)}, {left_out}since {trap.since:%Y-%m-%d}"
