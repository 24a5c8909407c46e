"""What is known and not yet fetched, with its order: due times, host slots, what polling has taught.

Everything here may be lost; the archive knows what was kept. A claim is a due time in the future, so what a process
that died had claimed is due again by itself. One SQLite file, shared by all processes that work on the archive.

    links   one row for each URL that is fetched for a reason (role): its due time, null when there is nothing to do
    hosts   one row for each host: when it may be visited, and until when somebody is at it; ready_at is the moment at
            which it has both a due link and a free slot, so that choosing hosts first is one look at one index
    polls   what polling a source has taught
    places  one row for each source that others led to, or whose links were not all let in: steps from the configured
            one; the UTC day on which links were left out
    health  one row for each configured source: how many new links it brought on a UTC day, and how many of them were
            spare: of plain sitemaps, or with a sign; the trap it is in
    signs   how many links with a sign each of them brought on a UTC day, by shape, see scraper.traps
    marks   what its newest links brought, see scraper.traps
    clock   how far the wall clock is ahead of the machine's steady one, since this boot

Of an address only so many hosts are visited at once. One that is ready and finds no room there waits (waits_since), out
of the way of the others, until one of that address is left.

Slots and pauses are lengths of time, written as moments of the wall clock. When that clock is put, whoever notices it
first moves them along, so that none becomes shorter or longer. All processes that share the file run on one machine
(SQLite's WAL asks for that) and see the same two clocks. Across a boot there is the wall clock alone.
"""

import os
import socket
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args
from urllib.parse import quote

from archive.errors import WriteFailed
from scraper.clocks import both_clocks, this_boot
from scraper.links import Kind
from scraper.politeness import LONGEST, Standing, machine
from scraper.rhythm import Rhythm
from scraper.traps import Mark, Trap

T = TypeVar("T")
Wanted = Literal["article"] | Kind
Row = tuple[Wanted, str, str, str, str | None]  # role, key, URL, host, source

_SCHEMA = """
CREATE TABLE IF NOT EXISTS links (
    role TEXT NOT NULL, key TEXT NOT NULL, url TEXT NOT NULL, host TEXT NOT NULL, source TEXT,
    found_at REAL NOT NULL, due_at REAL, claimed_by TEXT, watched_by TEXT, tries INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (role, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS links_due ON links (host, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS links_claimed ON links (due_at) WHERE claimed_by IS NOT NULL;
CREATE TABLE IF NOT EXISTS hosts (
    host TEXT PRIMARY KEY, next_at REAL NOT NULL DEFAULT 0, busy_until REAL NOT NULL DEFAULT 0, held_by TEXT,
    ready_at REAL, refusals INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS hosts_ready ON hosts (ready_at) WHERE ready_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS clock (boot TEXT NOT NULL, ahead REAL NOT NULL);
CREATE TABLE IF NOT EXISTS polls (
    key TEXT PRIMARY KEY, rate_events REAL NOT NULL, rate_days REAL NOT NULL, failures INTEGER NOT NULL,
    answered_at REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS places (key TEXT PRIMARY KEY, depth INTEGER, left_on TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS health (
    key TEXT PRIMARY KEY, day TEXT, links INTEGER NOT NULL DEFAULT 0,
    trap TEXT, since REAL, until REAL, left_out INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS signs (
    source TEXT NOT NULL, shape TEXT NOT NULL, day TEXT NOT NULL, links INTEGER NOT NULL,
    PRIMARY KEY (source, shape)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS marks (
    source TEXT NOT NULL, key TEXT NOT NULL, at REAL NOT NULL, mark BLOB NOT NULL,
    PRIMARY KEY (source, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS marks_newest ON marks (source, at);
"""
# What the first frontiers did not have; they are brought up to date where they lie.
_HOSTS_ADDED = {
    "seconds": "REAL NOT NULL DEFAULT 0",  # see scraper.politeness.Standing
    "delay": "REAL NOT NULL DEFAULT 0",  # seconds between visits, as last decided
    "address": "TEXT",  # what it was last dialled at, see scraper.politeness.machine
    "waits_since": "REAL",  # since when it is ready and finds no room at its address
}
_VISITED = "visited INTEGER NOT NULL DEFAULT 0"  # whether an answer of the link was understood
_SPARE = "spare INTEGER NOT NULL DEFAULT 0"  # see Frontier.admit
_HOSTS_INDEXES = """
CREATE INDEX IF NOT EXISTS hosts_busy ON hosts (address, busy_until) WHERE busy_until > 0;
CREATE INDEX IF NOT EXISTS hosts_waiting ON hosts (address, waits_since) WHERE waits_since IS NOT NULL;
"""
_ADD = "INSERT OR IGNORE INTO links (role, key, url, host, source, found_at, due_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
_TRAP = "trap, since, until, left_out"
_KINDS = ", ".join(f"'{kind}'" for kind in get_args(Kind))
_PARENT = f"SELECT source FROM links WHERE role IN ({_KINDS}) AND key = ?1 AND source IS NOT NULL"  # noqa: S608
_ROOT = f"SELECT role, key, url FROM links WHERE role IN ({_KINDS}) AND key = coalesce(({_PARENT}), ?1) LIMIT 1"  # noqa: S608
# A slot that nobody gave back may have been used until it ran out, so the delay lies after it.
_FREE = "max(next_at, busy_until + CASE WHEN busy_until > 0 THEN delay ELSE 0 END)"
_READY = f"""
UPDATE hosts SET ready_at = (
    SELECT max(min(due_at), {_FREE})
    FROM links WHERE links.host = hosts.host AND due_at IS NOT NULL)
WHERE host = ?
"""  # noqa: S608
_ALL_READY = _READY.replace("WHERE host = ?", "WHERE ready_at IS NOT NULL")
_ROOM = "SELECT count(*) FROM hosts WHERE address = ? AND busy_until > 0 AND busy_until > ? AND host <> ?"
_OWNERS = "SELECT claimed_by FROM links WHERE claimed_by IS NOT NULL UNION SELECT held_by FROM hosts"
_LONG_AGO = datetime.fromtimestamp(0, UTC)
_STEP = 0.25  # seconds by which the clocks come apart until the wall clock counts as put; a slewed one moves both
_LOOK_AGAIN = 60.0  # seconds after which a host that waits for room is looked at again, whoever forgot it
_ROOM_AGAIN = 0.2  # seconds until a visit asks again for room at an address


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A link that was claimed: to be fetched now, and reported with `done`."""

    role: Wanted
    key: str
    url: str
    host: str
    source: str | None  # URL of the source that announced it
    found_at: datetime
    tries: int  # failures in a row so far
    is_first: bool = True  # nothing that it brought was understood before


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """How a host is left after a request."""

    standing: Standing
    delay: timedelta  # between visits to it
    pause: timedelta  # how long it is left alone now: the delay or, when it refused, longer


class Frontier:
    """The frontier in a file, or in memory for a fetch that keeps nothing."""

    def __init__(
        self,
        path: Path | None,
        *,
        owner: str,
        delay: timedelta = timedelta(0),
        per_address: int | None = None,
        clocks: Callable[[], tuple[float, float]] = both_clocks,
        boot: str | None = None,
    ) -> None:
        """path: the file, made when absent; None: memory alone. owner: names this process in its claims.

        delay: between visits to a host, at least, when whoever was at it never said how it went; per_address: visits at
        once to the hosts of one address, None: any number; clocks: seconds of the wall clock and of a steady one; boot:
        what tells this boot of the machine, None: ask it.
        Raises ArchiveError's WriteFailed when the file is no frontier or cannot be made.
        """
        self.fresh = path is None or not path.exists()
        self._owner = owner
        self._delay = delay.total_seconds()
        self._per_address = per_address
        self._clocks = clocks
        self._boot = this_boot() if boot is None else boot
        self._ahead: float | None = None  # of the wall clock, when this process last looked
        self._was_put = False  # whether it was found to have been put when this transaction began
        self._sql = sqlite3.connect(path or ":memory:", timeout=30, isolation_level=None, check_same_thread=False)
        # It may be lost, so a commit need not reach the medium; WAL lets others read and write meanwhile.
        try:
            self._use_wal()
            self._sql.execute("PRAGMA synchronous=NORMAL")
            self._sql.executescript(_SCHEMA)
            self._bring_up_to_date()
            self._set_clock()
            self._free_dead()
        except sqlite3.DatabaseError as error:
            self._sql.close()
            why = f"cannot be opened ({error}); nothing in it is needed: move it away and run it again"
            raise WriteFailed(path or "the frontier", why) from error

    def _use_wal(self) -> None:
        """Let others read and write meanwhile. The change of mode ignores the time-out, so we wait ourselves."""
        for attempt in range(100):
            try:
                self._sql.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or attempt == 99:
                    raise
                time.sleep(0.05)

    def _bring_up_to_date(self) -> None:
        """Add what an earlier pressmark's frontier lacks; what it knows of hosts stays."""
        with self._writing() as sql:
            there = {row[1] for row in sql.execute("PRAGMA table_info(hosts)").fetchall()}
            for column in _HOSTS_ADDED.keys() - there:
                sql.execute(f"ALTER TABLE hosts ADD COLUMN {column} {_HOSTS_ADDED[column]}")
            if not any(row[1] == "visited" for row in sql.execute("PRAGMA table_info(links)").fetchall()):
                sql.execute(f"ALTER TABLE links ADD COLUMN {_VISITED}")
                sql.execute("UPDATE links SET visited = 1 WHERE due_at IS NOT found_at")
            if not any(row[1] == "spare" for row in sql.execute("PRAGMA table_info(health)").fetchall()):
                sql.execute(f"ALTER TABLE health ADD COLUMN {_SPARE}")
        self._sql.executescript(_HOSTS_INDEXES)

    def _set_clock(self) -> None:
        """Take up the clock where the last process left it, or begin anew after a boot."""
        wall, steady = self._clocks()
        with self._writing() as sql:
            known = sql.execute("SELECT boot, ahead FROM clock").fetchone()
            self._ahead = wall - steady
            if known and known[0] == self._boot:
                self._follow(sql, known[1], self._ahead)
                return
            # Who held a slot is gone, and what a wrong clock wrote keeps us away no longer than anybody may ask.
            sql.execute("UPDATE hosts SET next_at = min(next_at, ?)", (wall + LONGEST.total_seconds(),))
            sql.execute(_ALL_READY)
            sql.execute("DELETE FROM clock")
            sql.execute("INSERT INTO clock VALUES (?, ?)", (self._boot, self._ahead))
            owners = {owner for (owner,) in sql.execute(_OWNERS).fetchall() if owner} if known else set()
        for owner in owners:
            self._let_go_of(owner, died=True)

    def _look_at_clock(self, sql: sqlite3.Connection) -> bool:
        """Whether the wall clock was put since this process last looked; then slots and pauses are right again."""
        if self._ahead is None:  # the file is being opened
            return False
        wall, steady = self._clocks()
        before, self._ahead = self._ahead, wall - steady
        # Not what we saw last counts but what the file says: another may have followed a clock that is back by now.
        self._follow(sql, sql.execute("SELECT ahead FROM clock").fetchone()[0], self._ahead)
        return abs(self._ahead - before) >= _STEP

    def _follow(self, sql: sqlite3.Connection, known: float, ahead: float) -> None:
        """Move slots, pauses and claims by as much as the wall clock was put since they were written.

        Links keep their due times when it was put forward, as after any sleep; put back, they come earlier by as much,
        for nobody shall wait a day for a poll that is due in a minute.
        """
        by = ahead - known
        if abs(by) < _STEP:
            return
        sql.execute("UPDATE links SET due_at = due_at + ?1 WHERE claimed_by IS NOT NULL OR ?1 < 0", (by,))
        query = (
            "UPDATE hosts SET next_at = next_at + ?1, waits_since = NULL,"
            " busy_until = CASE WHEN busy_until > 0 THEN busy_until + ?1 ELSE 0 END"
        )
        sql.execute(query, (by,))
        sql.execute(_ALL_READY)
        sql.execute("UPDATE clock SET ahead = ?", (ahead,))

    def _free_dead(self) -> None:
        """Let go of what processes hold that are no more: their links are due, their hosts free."""
        for (owner,) in self._sql.execute(_OWNERS).fetchall():
            if owner and not is_alive(owner):
                self._let_go_of(owner, died=True)

    def _let_go_of(self, owner: str, *, died: bool) -> int:
        """died: nobody said how its visits went, so the delay begins now for hosts it was at."""
        since = self._clocks()[0] if died else 0.0
        with self._writing() as sql:
            query = "UPDATE links SET due_at = 0, claimed_by = NULL WHERE claimed_by = ? RETURNING host"
            rows = sql.execute(query, (owner,)).fetchall()
            query = (
                "UPDATE hosts SET busy_until = 0, held_by = NULL, next_at ="
                " CASE WHEN busy_until > 0 AND delay > 0 THEN max(next_at, ? + delay) ELSE next_at END"
                " WHERE held_by = ? RETURNING host"
            )
            for (host,) in {*rows, *sql.execute(query, (since, owner)).fetchall()}:
                self._ready(sql, host)
        return len(rows)

    def _ready(self, sql: sqlite3.Connection, host: str) -> None:
        """Say when a host that was left is ready again, and let one that waits at its address try."""
        sql.execute(_READY, (host,))
        ((address,),) = sql.execute("SELECT address FROM hosts WHERE host = ?", (host,)).fetchall() or [(None,)]
        self._call(sql, address)

    def _call(self, sql: sqlite3.Connection, address: str | None) -> None:
        """Of the hosts that wait for room at an address, the one that has waited longest is ready."""
        query = "SELECT host FROM hosts WHERE address = ? AND waits_since IS NOT NULL ORDER BY waits_since LIMIT 1"
        for (waiting,) in sql.execute(query, (address,)).fetchall() if address else []:
            sql.execute("UPDATE hosts SET waits_since = NULL WHERE host = ?", (waiting,))
            sql.execute(_READY, (waiting,))

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            self._sql.execute("BEGIN IMMEDIATE")
            try:
                self._was_put = self._look_at_clock(self._sql)
                yield self._sql
            except BaseException:
                with suppress(sqlite3.OperationalError):  # a full disk has rolled back already
                    self._sql.execute("ROLLBACK")
                raise
            self._sql.execute("COMMIT")
        except sqlite3.OperationalError as error:
            why = f"the frontier was not written ({error}); nothing that was kept is lost. Mend that and run it again"
            raise WriteFailed("frontier.sqlite", why) from error

    def add(
        self,
        found: Iterable[tuple[Wanted, str, str, str, str | None]],
        *,
        now: datetime,
        due_at: datetime | None = None,
    ) -> int:
        """Add links as (role, key, url, host, source); those already known stay as they are. How many were new.

        due_at: when they are due; None: now.
        """
        due, new, hosts = (due_at or now).timestamp(), 0, set()
        with self._writing() as sql:
            for role, key, url, host, source in found:
                row = (role, key, url, host, source, now.timestamp(), due)
                if sql.execute(_ADD, row).rowcount:
                    new += 1
                    hosts.add(host)
            for host in hosts:
                sql.execute("INSERT OR IGNORE INTO hosts (host) VALUES (?)", (host,))
                sql.execute(_READY, (host,))
        return new

    def claim(self, *, now: datetime, limit: int, seconds: float) -> list[Due]:
        """Up to `limit` due links, no two of one host, each with its host's slot, for `seconds`.

        Hosts that have no room at their address are passed over.
        """
        moment, until = now.timestamp(), now.timestamp() + seconds
        claimed: list[Due] = []
        with self._writing() as sql:
            if self._was_put:
                return []  # `now` may be of the clock as it was
            while room := limit - len(claimed):
                query = "SELECT host, address FROM hosts WHERE ready_at <= ? ORDER BY ready_at LIMIT ?"
                ready = sql.execute(query, (moment, room)).fetchall()
                roomy = [host for host, address in ready if self._seats(sql, host, address, moment, until)]
                claimed += [self._claimed(sql, host, until) for host in roomy]
                if len(ready) < room:
                    break
        return claimed

    def _seats(self, sql: sqlite3.Connection, host: str, address: str | None, moment: float, until: float) -> bool:
        """Take a ready host's slot, or let the host wait for room at its address."""
        if self._has_room(sql, host, address, moment):
            query = (
                "UPDATE hosts SET busy_until = ?, held_by = ?, delay = max(delay, ?), waits_since = NULL WHERE host = ?"
            )
            sql.execute(query, (until, self._owner, self._delay, host))
            return True
        query = "UPDATE hosts SET waits_since = coalesce(waits_since, ready_at), ready_at = ? WHERE host = ?"
        sql.execute(query, (moment + _LOOK_AGAIN, host))
        return False

    def _has_room(self, sql: sqlite3.Connection, host: str, address: str | None, moment: float) -> bool:
        """Whether the host may be visited beside the others that are visited at its address now."""
        if address is None or self._per_address is None:
            return True
        return bool(sql.execute(_ROOM, (address, moment, host)).fetchone()[0] < self._per_address)

    def _claimed(self, sql: sqlite3.Connection, host: str, until: float) -> Due:
        row = sql.execute(
            "SELECT role, key, url, host, source, found_at, tries, visited FROM links"
            " WHERE host = ? AND due_at IS NOT NULL ORDER BY due_at LIMIT 1",
            (host,),
        ).fetchone()
        query = "UPDATE links SET due_at = ?, claimed_by = ? WHERE role = ? AND key = ?"
        sql.execute(query, (until, self._owner, *row[:2]))
        sql.execute(_READY, (host,))
        return _due(row)

    def done(self, due: Due, *, again_at: datetime | None, failed: bool = False) -> None:
        """Report a claimed link: due again at that time, or never (None) until somebody adds or wakes it.

        A source that `keep_only` let rest meanwhile stays at rest.
        """
        again = again_at.timestamp() if again_at else None
        with self._writing() as sql:
            sql.execute(
                "UPDATE links SET due_at = ?, claimed_by = NULL, tries = ?, visited = visited OR ?"
                " WHERE role = ? AND key = ? AND due_at IS NOT NULL",
                (again, due.tries + 1 if failed else 0, not failed, due.role, due.key),
            )
            sql.execute(_READY, (due.host,))

    def wake(self, role: Wanted, key: str, *, at: datetime) -> None:
        """A known link is due at that time, or earlier if it was; one that is being visited now is left alone."""
        with self._writing() as sql:
            query = (
                "UPDATE links SET due_at = min(coalesce(due_at, ?1), ?1)"
                " WHERE role = ?2 AND key = ?3 AND claimed_by IS NULL RETURNING host"
            )
            for (host,) in sql.execute(query, (at.timestamp(), role, key)).fetchall():
                sql.execute(_READY, (host,))

    def is_due(self, role: Wanted, key: str) -> bool:
        """Whether a link is due at any time, or claimed."""
        query = "SELECT 1 FROM links WHERE role = ? AND key = ? AND due_at IS NOT NULL"
        return self._sql.execute(query, (role, key)).fetchone() is not None

    def keep_only(self, sources: Iterable[str]) -> int:
        """Let sources rest that are no longer wanted, with the feeds and sitemaps found through them; how many.

        sources: keys of the wanted ones, which this process watches from now on. What another living process watches
        goes on, and links to articles stay due.
        """
        with self._writing() as sql:
            sql.execute("CREATE TEMP TABLE IF NOT EXISTS wanted (key TEXT PRIMARY KEY)")
            sql.execute("DELETE FROM wanted")
            sql.executemany("INSERT OR IGNORE INTO wanted VALUES (?)", ((key,) for key in sources))
            watchers = sql.execute("SELECT DISTINCT watched_by FROM links WHERE watched_by IS NOT NULL").fetchall()
            others = [owner for (owner,) in watchers if owner != self._owner and is_alive(owner)]
            ours = "key IN (SELECT key FROM wanted) AND role <> 'article'"
            sql.execute(f"UPDATE links SET watched_by = NULL WHERE watched_by = ? AND NOT ({ours})", (self._owner,))  # noqa: S608
            free = f"coalesce(watched_by, '') NOT IN ({', '.join('?' * len(others))})"
            sql.execute(f"UPDATE links SET watched_by = ? WHERE {ours} AND {free}", (self._owner, *others))  # noqa: S608
            for owner in others:
                sql.execute("INSERT OR IGNORE INTO wanted SELECT key FROM links WHERE watched_by = ?", (owner,))
            rows = sql.execute(
                "UPDATE links SET due_at = NULL, claimed_by = NULL WHERE role <> 'article' AND due_at IS NOT NULL"
                " AND coalesce(source, key) NOT IN (SELECT key FROM wanted) AND key NOT IN (SELECT key FROM wanted)"
                " RETURNING host"
            ).fetchall()
            for (host,) in set(rows):
                sql.execute(_READY, (host,))
        return len(rows)

    def take(
        self, host: str, *, now: datetime, seconds: float, past: datetime = _LONG_AGO, address: str | None = None
    ) -> datetime | None:
        """Take the host's slot for `seconds`; None when it is ours, else when to ask again.

        past: a pause that ends just then is not waited for: the visit that goes on here has caused it itself.
        address: what the host is dialled at; None: not known. There must be room at it, too.
        """
        moment, place = now.timestamp(), machine(address) if address else None
        with self._writing() as sql:
            if self._was_put:
                return now
            sql.execute("INSERT OR IGNORE INTO hosts (host) VALUES (?)", (host,))
            query = f"SELECT next_at, {_FREE}, address FROM hosts WHERE host = ?"  # noqa: S608
            next_at, free_at, known = sql.execute(query, (host,)).fetchone()
            is_own_pause = free_at == next_at and abs(next_at - past.timestamp()) < 1e-3
            if free_at > moment and not is_own_pause:
                return datetime.fromtimestamp(free_at, UTC)
            if not self._has_room(sql, host, place or known, moment):
                return now + timedelta(seconds=_ROOM_AGAIN)
            query = (
                "UPDATE hosts SET busy_until = ?, held_by = ?, delay = max(delay, ?), address = ?, waits_since = NULL"
                " WHERE host = ?"
            )
            sql.execute(query, (moment + seconds, self._owner, self._delay, place or known, host))
            sql.execute(_READY, (host,))
        return None

    def still_has(self, host: str, *, now: datetime, address: str | None) -> bool:
        """Whether the slot that this process took is its own still, with room at the address that is dialled."""
        moment, place = now.timestamp(), machine(address) if address else None
        query = "SELECT address, held_by, busy_until FROM hosts WHERE host = ?"
        known, held_by, busy_until = self._sql.execute(query, (host,)).fetchone() or (None, None, 0.0)
        if held_by != self._owner or busy_until <= moment:
            return False
        if place in (None, known):
            return True
        with self._writing() as sql:
            has_room = self._has_room(sql, host, place, moment)
            if has_room:
                sql.execute("UPDATE hosts SET address = ? WHERE host = ?", (place, host))
                self._call(sql, known)  # there is room where it was thought to be
        return has_room

    def release(self, host: str) -> None:
        """Give a slot back, if it is still ours, that was not used."""
        with self._writing() as sql:
            sql.execute("UPDATE hosts SET busy_until = 0 WHERE host = ? AND held_by = ?", (host, self._owner))
            self._ready(sql, host)

    def leave(self, host: str, *, now: datetime, parting: Callable[[Standing], Parting]) -> datetime:
        """Give the host's slot back, if it is still ours, after a request; when the host may be visited again.

        parting: what is remembered of the host and how long it is left alone, by what was remembered before. A longer
        pause that was asked for before stays.
        """
        with self._writing() as sql:
            if self._was_put:
                now = datetime.fromtimestamp(self._clocks()[0], UTC)
            sql.execute("INSERT OR IGNORE INTO hosts (host) VALUES (?)", (host,))
            before = sql.execute("SELECT seconds, refusals FROM hosts WHERE host = ?", (host,)).fetchone()
            after = parting(Standing(*before))
            query = (
                "UPDATE hosts SET busy_until = CASE WHEN held_by = ?1 THEN 0 ELSE busy_until END,"
                " next_at = max(next_at, ?2), seconds = ?3, refusals = ?4, delay = ?5 WHERE host = ?6 RETURNING next_at"
            )
            until = (now + after.pause).timestamp()
            said = (after.standing.seconds, after.standing.refusals, after.delay.total_seconds())
            ((next_at,),) = sql.execute(query, (self._owner, until, *said, host)).fetchall()
            self._ready(sql, host)
        return datetime.fromtimestamp(next_at, UTC)

    def heed(self, host: str, *, delay: timedelta) -> None:
        """Remember a host's delay as soon as it is known, for whoever comes after a process that dies in a visit."""
        with self._writing() as sql:
            sql.execute("INSERT OR IGNORE INTO hosts (host) VALUES (?)", (host,))
            sql.execute("UPDATE hosts SET delay = max(delay, ?) WHERE host = ?", (delay.total_seconds(), host))

    def free_at(self, host: str) -> datetime | None:
        """When the host may next be visited, as far as is known; None: nobody has been there."""
        query = f"SELECT {_FREE} FROM hosts WHERE host = ?"  # noqa: S608
        row = self._sql.execute(query, (host,)).fetchone()
        return datetime.fromtimestamp(row[0], UTC) if row else None

    def rests_until(self, host: str) -> datetime:
        """When the host's pause is over, whoever is at it; long ago for a host that nobody knows."""
        row = self._sql.execute("SELECT next_at FROM hosts WHERE host = ?", (host,)).fetchone()
        return datetime.fromtimestamp(row[0] if row else 0, UTC)

    def rhythm(self, key: str) -> tuple[Rhythm, datetime | None]:
        """What polling a source has taught, and when it last answered."""
        query = "SELECT rate_events, rate_days, failures, answered_at FROM polls WHERE key = ?"
        row = self._sql.execute(query, (key,)).fetchone()
        if row is None:
            return Rhythm(), None
        answered = datetime.fromtimestamp(row[3], UTC) if row[3] else None
        return Rhythm(rate_events=row[0], rate_days=row[1], failures=row[2]), answered

    def learn(self, key: str, rhythm: Rhythm, *, answered_at: datetime | None) -> None:
        """Remember a source's rhythm; answered_at: None leaves the time of the last answer."""
        answered = answered_at.timestamp() if answered_at else None
        with self._writing() as sql:
            sql.execute(
                "INSERT INTO polls VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (key) DO UPDATE SET"
                " rate_events = ?2, rate_days = ?3, failures = ?4, answered_at = coalesce(?5, answered_at)",
                (key, rhythm.rate_events, rhythm.rate_days, rhythm.failures, answered),
            )

    def known(self, role: Wanted, keys: Iterable[str]) -> set[str]:
        """Which of these links are in the frontier."""
        return {
            key
            for key in keys
            if self._sql.execute("SELECT 1 FROM links WHERE role = ? AND key = ?", (role, key)).fetchone()
        }

    def found_through(self, source: str) -> int:
        """How many feeds and sitemaps are here because that source led to them."""
        query = "SELECT count(*) FROM links WHERE source = ? AND role <> 'article'"
        return int(self._sql.execute(query, (source,)).fetchone()[0])

    def root(self, url_key: str) -> tuple[Kind, str, str] | None:
        """Kind, key and URL of the configured source that led to the source of that key; None when nobody knows it."""
        row = self._sql.execute(_ROOT, (url_key,)).fetchone()
        return (row[0], row[1], row[2]) if row else None

    def depth(self, key: str) -> int:
        """How many steps a source is from the configured one that led to it; 0 for a configured one."""
        row = self._sql.execute("SELECT depth FROM places WHERE key = ?", (key,)).fetchone()
        if row and row[0] is not None:
            return int(row[0])
        return 1 if self._sql.execute(_PARENT, (key,)).fetchone() else 0

    def led_to(self, keys: Iterable[str], *, depth: int) -> None:
        """Remember how many steps these sources are from the configured one."""
        with self._writing() as sql:
            query = "INSERT INTO places (key, depth) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET depth = ?2"
            sql.executemany(query, ((key, depth) for key in keys))

    def left_on(self, key: str) -> str | None:
        """The UTC day on which links of this source were left out that may be let in on another; None: none were."""
        row = self._sql.execute("SELECT left_on FROM places WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def leave_on(self, key: str, day: str | None) -> None:
        """Remember that day, or that nothing is left."""
        if day or self.left_on(key):
            with self._writing() as sql:
                query = "INSERT INTO places (key, left_on) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET left_on = ?2"
                sql.execute(query, (key, day))

    def admit(
        self,
        found: Iterable[Row],
        *,
        root: str,
        most: int,
        now: datetime,
        spare: Iterable[Row] = (),
        due_at: datetime | None = None,
    ) -> tuple[int, int]:
        """As `add`, as long as that configured source brings no more than `most` new links on one UTC day.

        spare: links that come after the others, and may take half of that at most, so that the others find room on the
        same day. How many were new, and how many were left out. The count is one for all processes.
        """
        day, half, due = f"{now:%Y-%m-%d}", (most + 1) // 2, (due_at or now).timestamp()
        new, left, hosts = [0, 0], 0, set()
        with self._writing() as sql:
            query = "SELECT links, spare FROM health WHERE key = ? AND day = ?"
            links, of_spare = sql.execute(query, (root, day)).fetchone() or (0, 0)
            rows = chain(((0, row) for row in found), ((1, row) for row in spare))
            for is_spare, (role, key, url, host, source) in rows:
                if links + sum(new) >= most or (is_spare and of_spare + new[1] >= half):
                    left += not self.known(role, [key])
                elif sql.execute(_ADD, (role, key, url, host, source, now.timestamp(), due)).rowcount:
                    new[is_spare] += 1
                    hosts.add(host)
            for host in hosts:
                sql.execute("INSERT OR IGNORE INTO hosts (host) VALUES (?)", (host,))
                sql.execute(_READY, (host,))
            if hosts:
                query = (
                    "INSERT INTO health (key, day, links, spare) VALUES (?1, ?2, ?3, ?4)"
                    " ON CONFLICT (key) DO UPDATE SET day = ?2, links = ?3, spare = ?4"
                )
                sql.execute(query, (root, day, links + sum(new), of_spare + new[1]))
        return sum(new), left

    def signs(self, root: str, *, day: str) -> dict[str, int]:
        """How many links with a sign a configured source brought on that UTC day, by shape."""
        query = "SELECT shape, links FROM signs WHERE source = ? AND day = ?"
        return dict(self._sql.execute(query, (root, day)).fetchall())

    def keep_signs(self, root: str, signs: Mapping[str, int], *, day: str) -> None:
        """Remember how many there were on that day, and of no other day."""
        with self._writing() as sql:
            sql.execute("DELETE FROM signs WHERE source = ? AND day <> ?", (root, day))
            rows = ((root, shape, day, links) for shape, links in signs.items())
            sql.executemany("INSERT OR REPLACE INTO signs VALUES (?, ?, ?, ?)", rows)

    def queries_of(self, path: str, *, since: datetime, limit: int) -> list[str]:
        """Queries of that path (scheme and host before it) among the articles' keys found since then."""
        query = "SELECT key FROM links WHERE role = 'article' AND key > ? AND key < ? AND found_at >= ? LIMIT ?"
        rows = self._sql.execute(query, (f"{path}?", f"{path}@", since.timestamp(), limit)).fetchall()  # @ follows ?
        return [key.partition("?")[2] for (key,) in rows]

    def trap(self, root: str) -> Trap | None:
        """The trap a configured source is in, or has not come out of for certain."""
        row = self._sql.execute(f"SELECT {_TRAP} FROM health WHERE key = ?", (root,)).fetchone()  # noqa: S608
        return _trap(row) if row and row[0] else None

    def set_trap(self, root: str, trap: Trap | None) -> None:
        """It is in that trap; None: in none any more. What its links brought before counts no longer."""
        at = (trap.since.timestamp(), trap.until.timestamp()) if trap else (None, None)
        with self._writing() as sql:
            sql.execute(
                "INSERT INTO health (key, trap, since, until, left_out) VALUES (?1, ?2, ?3, ?4, ?5)"
                " ON CONFLICT (key) DO UPDATE SET trap = ?2, since = ?3, until = ?4, left_out = ?5",
                (root, trap.kind if trap else None, *at, trap.left_out if trap else 0),
            )

    def let_wait(self, root: str, *, until: datetime) -> int:
        """Let the links of a configured source wait that nobody has visited yet; how many. It looks at every link."""
        query = (
            "UPDATE links SET due_at = ?2 WHERE role = 'article' AND NOT visited AND due_at < ?2 AND claimed_by IS NULL"
            " AND source IN (SELECT url FROM links WHERE role <> 'article' AND (source = ?1 OR key = ?1))"
            " RETURNING host"
        )
        with self._writing() as sql:
            rows = sql.execute(query, (root, until.timestamp())).fetchall()
            for (host,) in set(rows):
                sql.execute(_READY, (host,))
        return len(rows)

    def keep_mark(self, root: str, key: str, mark: Mark, *, now: datetime) -> None:
        """Remember what a link of a configured source brought."""
        with self._writing() as sql:
            row = (root, key, now.timestamp(), mark.packed())
            sql.execute("INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?)", row)

    def marks(self, root: str, *, limit: int) -> list[Mark]:
        """What the newest links of a configured source brought, newest first."""
        query = "SELECT mark FROM marks WHERE source = ? ORDER BY at DESC LIMIT ?"
        return [Mark.unpacked(mark) for (mark,) in self._sql.execute(query, (root, limit))]

    def forget_marks(self, root: str, *, but: int) -> None:
        """Forget what the links of a configured source brought, but for so many of the newest."""
        oldest = "SELECT at FROM marks WHERE source = ? ORDER BY at DESC LIMIT 1 OFFSET ?"
        row = self._sql.execute(oldest, (root, but)).fetchone()
        if row:
            with self._writing() as sql:
                sql.execute("DELETE FROM marks WHERE source = ? AND at <= ?", (root, row[0]))

    def stalled(self, *, now: datetime) -> list[str]:
        """URLs whose claim ran out without a report: their worker died or hangs. They are due again already."""
        with self._writing() as sql:
            query = "UPDATE links SET claimed_by = NULL WHERE claimed_by IS NOT NULL AND due_at <= ? RETURNING url"
            return [url for (url,) in sql.execute(query, (now.timestamp(),)).fetchall()]

    def let_go(self) -> int:
        """Make what this process has claimed and not reported due again at once, and free its hosts; how many."""
        return self._let_go_of(self._owner, died=False)

    def next_due(self) -> datetime | None:
        """The moment at which the next host is ready; None when nothing is due at all."""
        row = self._sql.execute("SELECT min(ready_at) FROM hosts WHERE ready_at IS NOT NULL").fetchone()
        return datetime.fromtimestamp(row[0], UTC) if row[0] is not None else None

    def counts(self, *, now: datetime) -> dict[str, int]:
        """How many links there are, are due, and are claimed; how many hosts."""
        return _counts(self._sql, now)

    def close(self) -> None:
        """Let go of the file."""
        self._sql.close()


def counts_in(path: Path, *, now: datetime) -> dict[str, int]:
    """As `Frontier.counts`, of a file that is only looked at; empty when it is not there or cannot be read."""
    return _seen_in(path, lambda sql: _counts(sql, now))


def traps_in(path: Path) -> dict[str, Trap]:
    """The traps of a file that is only looked at, by the key of the configured source; empty when it cannot be read."""
    query = f"SELECT {_TRAP}, key FROM health WHERE trap IS NOT NULL"  # noqa: S608
    return _seen_in(path, lambda sql: {row[-1]: _trap(row) for row in sql.execute(query).fetchall()})


def _seen_in(path: Path, look: Callable[[sqlite3.Connection], dict[str, T]]) -> dict[str, T]:
    """What a look at a file finds, of which nothing is changed; empty when it is not there or cannot be read."""
    for mode in ("mode=ro", "immutable=1"):  # the second where nothing may be made beside it: a read-only medium
        file = f"file:{quote(os.fsencode(path))}?{mode}"
        with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(file, timeout=30, uri=True)) as sql:
            return look(sql)
    return {}


def _trap(row: Sequence[Any]) -> Trap:
    since, until = (datetime.fromtimestamp(at, UTC) for at in row[1:3])
    return Trap(kind=row[0], since=since, until=until, left_out=row[3])


def _counts(sql: sqlite3.Connection, now: datetime) -> dict[str, int]:
    query = "SELECT count(*), coalesce(sum(due_at <= ?), 0), coalesce(sum(claimed_by IS NOT NULL), 0) FROM links"
    links, due, claimed = sql.execute(query, (now.timestamp(),)).fetchone()
    hosts = sql.execute("SELECT count(*) FROM hosts").fetchone()[0]
    return {"links": links, "due": due, "claimed": claimed, "hosts": hosts}


def name_of_process() -> str:
    """What this process is called in its claims: machine, process id, and a number that no successor has."""
    return f"{socket.gethostname()} {os.getpid()} {time.time_ns()}"


def is_alive(owner: str) -> bool:
    """Whether the process of that name may still be at work; of another machine's we cannot know, so it may."""
    machine, _, rest = owner.partition(" ")
    process = rest.partition(" ")[0]
    if machine != socket.gethostname() or not process.isdecimal():
        return True
    try:
        os.kill(int(process), 0)  # asks, and sends nothing
    except ProcessLookupError:
        return False
    except PermissionError:  # there, and somebody else's
        return True
    return True


def _due(row: Sequence[Any]) -> Due:
    role, key, url, host, source, found_at, tries, visited = row
    return Due(  # the types are the schema's
        role=role,
        key=key,
        url=url,
        host=host,
        source=source,
        found_at=datetime.fromtimestamp(found_at, UTC),
        tries=tries,
        is_first=not visited,
    )
