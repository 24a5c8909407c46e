"""The health of sources: what is let in of what they announce, and which of them are in a trap.

What is a trap is decided in scraper.traps; what is remembered of it lies in the frontier.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from scraper import traps
from scraper.frontier import Due, Frontier, Row
from scraper.links import Kind
from scraper.traps import Mark, Trap
from scraper.urls import key

MOST_FOUND = 200  # feeds and sitemaps that are polled because one configured source led to them
_QUERIES = 600  # of one path that are compared
_MOST_ROOTS = 20_000  # remembered
_SHAPES = 100  # of links with a sign that are remembered for a day, of one source


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How far a configured source is followed."""

    max_depth: int = 3  # steps from it to the feeds and sitemaps that others lead to
    daily_links: int = 2_000  # new links on one UTC day
    own: Mapping[str, int] = field(default_factory=dict)  # key of a source → its own daily_links


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallen:
    """A configured source and the trap it is in."""

    kind: Kind
    url: str
    trap: Trap
    is_new: bool  # it was in none, or in another


class Health:
    """What is let in and left out, over all sources of one frontier."""

    def __init__(self, frontier: Frontier, bounds: Bounds) -> None:
        self._frontier = frontier
        self.bounds = bounds
        self._roots: dict[str, str] = {}  # URL of a source → key of the configured one that led to it

    def root_of(self, due: Due) -> str | None:
        """Key of the configured source that a link goes back to; None when it is known no more."""
        if due.role != "article":
            return due.source or due.key
        if due.source is None:
            return None
        if due.source in self._roots:
            return self._roots[due.source]
        root = self._frontier.root(key(due.source))
        if root and len(self._roots) < _MOST_ROOTS:
            self._roots[due.source] = root[1]
        return root[1] if root else None

    def is_unread(self, due: Due, *, now: datetime) -> bool:
        """Whether links of a source were left out on an earlier day, and could be let in now."""
        return self._frontier.left_on(due.key) not in (None, f"{now:%Y-%m-%d}")

    def admit(
        self, rows: Iterable[Row], *, due: Due, now: datetime, announced: int | None = None
    ) -> tuple[int, Counter[str]]:
        """Add what is new of the links that a source announced: how many, and how many were left out, by kind.

        rows: the most wanted first; announced: how many there are with those that were kept before, None: no others.
        While a source rests whose texts show a trap, its links wait and none is lost.
        """
        found, root = list(rows), due.source or due.key
        known = self._frontier.known("article", (row[1] for row in found))
        new = [row for row in found if row[1] not in known]
        combined = self._combined(new, now)
        sound = [row for row in new if row[1] not in combined]
        left = Counter(queries=len(new) - len(sound)) if combined else Counter[str]()
        signed = {row: kind for row in sound if (kind := traps.sign(row[2], now=now))}
        doubtful, more = self._doubtful(signed, found, root=root, now=now, announced=announced or len(found))
        certain = [row for row in sound if row not in signed]
        if due.role == "sitemap":  # it may list all there ever was
            certain, doubtful = [], [*certain, *doubtful]
        trap, most = self._frontier.trap(root), self.bounds.own.get(root, self.bounds.daily_links)
        later = trap.until if trap and trap.shows_in_texts and trap.stands(now) else None
        taken, over = self._frontier.admit(certain, spare=doubtful, root=root, most=most, now=now, due_at=later)
        left += more + (Counter({"daily-links": over}) if over else Counter())
        if found:
            self._frontier.leave_on(due.key, f"{now:%Y-%m-%d}" if left else None)
        return taken, left

    def _doubtful(
        self, signed: Mapping[Row, str], found: Sequence[Row], *, root: str, now: datetime, announced: int
    ) -> tuple[list[Row], Counter[str]]:
        """The links that are let in although they show a sign, and how many are not, by kind."""
        if not signed:
            return [], Counter()
        day, left, doubtful = f"{now:%Y-%m-%d}", Counter[str](), list[Row]()
        before = self._frontier.signs(root, day=day)
        shapes: dict[str, list[Row]] = defaultdict(list)
        for row, kind in signed.items():
            shapes[traps.shape(row[2], kind)].append(row)
        all_of = Counter(traps.shape(row[2], of) for row in found if (of := traps.sign(row[2], now=now)))
        for shape, rows in shapes.items():
            kind, seen = signed[rows[0]], before.get(shape, 0)
            out = traps.too_many(len(rows), seen, of_shape=all_of[shape], announced=announced)
            left[kind] += out
            doubtful += rows[: len(rows) - out]
            before[shape] = seen + len(rows) - out
        self._frontier.keep_signs(root, dict(Counter(before).most_common(_SHAPES)), day=day)
        return doubtful, +left

    def _combined(self, new: Sequence[Row], now: datetime) -> set[str]:
        """Keys of the links that are queries in all combinations."""
        keys = [row[1] for row in new if "&" in row[1]]
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        before = {
            path: self._frontier.queries_of(path, since=today, limit=_QUERIES)
            for path in {each.partition("?")[0] for each in keys}
        }
        return traps.combined(keys, before)

    def lead(self, rows: Iterable[Row], *, due: Due, now: datetime) -> Counter[str]:
        """Add the feeds and sitemaps that a source led to; how many were left out, by kind.

        An index of indexes may go on for ever, in depth and in breadth.
        """
        root, depth = due.source or due.key, self._frontier.depth(due.key) + 1
        new = [row for row in rows if not self._frontier.known(row[0], [row[1]])]
        if not new:
            return Counter()
        if depth > self.bounds.max_depth:
            return Counter(depth=len(new))
        room = max(0, MOST_FOUND - self._frontier.found_through(root))
        self._frontier.add(new[:room], now=now)
        self._frontier.led_to((row[1] for row in new[:room]), depth=depth)
        return Counter(sources=len(new) - room) if len(new) > room else Counter()

    def polled(self, due: Due, left: Counter[str], *, taken: int, looked: bool, now: datetime) -> Fallen | None:
        """The trap that the configured source is in after a poll of it, or of one that it led to.

        left, taken: what became of what was announced; looked: whether anything was, so that it shows how things are.
        """
        root = due.source or due.key
        if taken:
            self._frontier.forget_marks(root, but=traps.USELESS)
        before, kind = self._frontier.trap(root), traps.shown(left)
        if before and self._outlasts(before, kind, now=now):
            kind = None
        if kind:
            return self._fall(root, before, traps.fallen(before, kind, left_out=left[kind], now=now))
        if before is None:
            return None
        marks = self._frontier.marks(root, limit=traps.USELESS) if before.shows_in_texts else ()
        if looked and traps.is_over(before, now=now, marks=marks):
            self._frontier.set_trap(root, None)
            return None
        more = taken if before.shows_in_texts and before.stands(now) else left[before.kind]
        return self._fall(root, before, replace(before, left_out=before.left_out + more))

    def _outlasts(self, trap: Trap, kind: str | None, *, now: datetime) -> bool:
        """Whether a source stays in its trap, whatever else a poll shows: it is in one at a time."""
        if trap.shows_in_texts:
            return trap.stands(now) or kind in traps.BOUNDS
        return trap.stands(now) and trap.kind not in traps.BOUNDS and trap.kind != kind

    def saw(self, due: Due, mark: Mark, *, root: str, now: datetime) -> Fallen | None:
        """The trap that a configured source turns out to be in by what one more of its links has brought."""
        if not due.is_first:  # an old article that is gone says nothing of what is announced now
            return None
        self._frontier.keep_mark(root, due.key, mark, now=now)
        if not traps.is_suspicious(self._frontier.marks(root, limit=traps.GLANCE)):
            return None
        kind = traps.verdict(self._frontier.marks(root, limit=traps.USELESS if mark.useless else traps.WINDOW))
        if kind is None:
            return None
        before = self._frontier.trap(root)
        after = traps.fallen(before, kind, left_out=0, now=now)
        waiting = self._frontier.let_wait(root, until=after.until)
        self._frontier.forget_marks(root, but=0)
        return self._fall(root, before, replace(after, left_out=waiting))

    def _fall(self, root: str, before: Trap | None, after: Trap) -> Fallen | None:
        if after != before:
            self._frontier.set_trap(root, after)
        known = self._frontier.root(root)
        is_new = before is None or before.kind != after.kind
        return Fallen(kind=known[0], url=known[2], trap=after, is_new=is_new) if known else None
