"""The health of sources: what is let in of what they announce, and which of them are in a trap.

What is a trap is decided in scraper.traps; what is remembered of it lies in the frontier.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from scraper import traps
from scraper.frontier import Due, Frontier, Wanted
from scraper.links import Kind
from scraper.traps import Mark, Trap
from scraper.urls import key

MOST_FOUND = 200  # feeds and sitemaps that are polled because one configured source led to them
_QUERIES = 200  # of one path that are compared
_MOST_ROOTS = 20_000  # remembered

Row = tuple[Wanted, str, str, str, str | None]  # role, key, URL, host, source


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

    def rests(self, root: str, *, now: datetime) -> bool:
        """Whether a configured source is not followed now."""
        trap = self._frontier.trap(root)
        return trap is not None and trap.stops and trap.stands(now)

    def is_unread(self, due: Due, *, now: datetime) -> bool:
        """Whether links of a source were left out on an earlier day, and could be let in now."""
        left_on = self._frontier.left_on(due.key)
        return left_on not in (None, f"{now:%Y-%m-%d}") and not self.rests(due.source or due.key, now=now)

    def admit(self, rows: Iterable[Row], *, due: Due, now: datetime) -> tuple[int, Counter[str]]:
        """Add what is new of the links that a source announced: how many, and how many were left out, by kind."""
        found, root = list(rows), due.source or due.key
        known = self._frontier.known("article", (row[1] for row in found))
        new = [row for row in found if row[1] not in known]
        trap = self._frontier.trap(root)
        sound, left = self._sound(new, now)
        if trap and trap.stops and trap.stands(now):
            sound, left = [], Counter({trap.kind: len(new)} if new else {})
        taken, over = self._frontier.admit(sound, root=root, most=self._most(root, trap), now=now)
        if over:
            left[trap.kind if trap and trap.shows_in_texts else "daily-links"] += over
        if found:
            is_left = over or (trap is not None and left[trap.kind])
            self._frontier.leave_on(due.key, f"{now:%Y-%m-%d}" if is_left else None)
        return taken, left

    def _sound(self, new: Sequence[Row], now: datetime) -> tuple[list[Row], Counter[str]]:
        """The links that show no sign of a trap, and how many do, by kind."""
        signs = {row[1]: kind for row in new if (kind := traps.sign(row[2], now=now))}
        keys = [row[1] for row in new if row[1] not in signs and "&" in row[1]]
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        before = {
            path: self._frontier.queries_of(path, since=today, limit=_QUERIES)
            for path in {each.partition("?")[0] for each in keys}
        }
        signs |= dict.fromkeys(traps.combined(keys, before), "queries")
        return [row for row in new if row[1] not in signs], Counter(signs.values())

    def _most(self, root: str, trap: Trap | None) -> int:
        most = self.bounds.own.get(root, self.bounds.daily_links)
        return min(most, traps.PROBATION) if trap and trap.shows_in_texts else most

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
        before, kind = self._frontier.trap(root), traps.shown(left, taken=taken)
        if before and before.stops and (before.stands(now) or (before.shows_in_texts and kind in traps.BOUNDS)):
            kind = None
        if kind:
            return self._fall(root, before, traps.fallen(before, kind, left_out=left[kind], now=now))
        if before is None:
            return None
        marks = self._frontier.marks(root, limit=traps.USELESS) if before.shows_in_texts else ()
        if looked and traps.is_over(before, now=now, marks=marks):
            self._frontier.set_trap(root, None)
            return None
        return self._fall(root, before, replace(before, left_out=before.left_out + left[before.kind]))

    def saw(self, due: Due, mark: Mark, *, root: str, now: datetime) -> Fallen | None:
        """The trap that a configured source turns out to be in by what one more of its links has brought."""
        self._frontier.keep_mark(root, due.key, mark, now=now)
        if not traps.is_suspicious(self._frontier.marks(root, limit=traps.GLANCE)):
            return None
        kind = traps.verdict(self._frontier.marks(root, limit=traps.USELESS if mark.useless else traps.WINDOW))
        if kind is None:
            return None
        before = self._frontier.trap(root)
        after = traps.fallen(before, kind, left_out=0, now=now)
        forgotten = self._frontier.forget_waiting(root)
        for source in set(forgotten):
            self._frontier.leave_on(key(source), f"{now:%Y-%m-%d}")
        self._frontier.forget_marks(root, but=0)
        return self._fall(root, before, replace(after, left_out=after.left_out + len(forgotten)))

    def _fall(self, root: str, before: Trap | None, after: Trap) -> Fallen | None:
        if after != before:
            self._frontier.set_trap(root, after)
        known = self._frontier.root(root)
        is_new = before is None or before.kind != after.kind
        return Fallen(kind=known[0], url=known[2], trap=after, is_new=is_new) if known else None
