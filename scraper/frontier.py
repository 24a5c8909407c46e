"""What is known and not yet fetched, with its order: due times, host slots, what polling has taught.

Everything here may be lost; the archive knows what was kept. A claim is a due time in the future, so what a process
that died had claimed is due again by itself. One SQLite file, shared by all processes that work on the archive.

    links   one row for each URL that is fetched for a reason (role): its due time, null when there is nothing to do
    hosts   one row for each host: when it may be visited, and until when somebody is at it; ready_at is the moment at
            which it has both a due link and a free slot, so that choosing hosts first is one look at one index
    polls   what polling a source has taught
"""

import os
import socket
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from archive.errors import WriteFailed
from scraper.links import Kind
from scraper.rhythm import Rhythm

Wanted = Literal["article"] | Kind

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
CREATE TABLE IF NOT EXISTS polls (
    key TEXT PRIMARY KEY, rate_events REAL NOT NULL, rate_days REAL NOT NULL, failures INTEGER NOT NULL,
    answered_at REAL) WITHOUT ROWID;
"""
_ADD = "INSERT OR IGNORE INTO links (role, key, url, host, source, found_at, due_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
_READY = """
UPDATE hosts SET ready_at = (
    SELECT max(min(due_at), hosts.next_at, hosts.busy_until)
    FROM links WHERE links.host = hosts.host AND due_at IS NOT NULL)
WHERE host = ?
"""


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


class Frontier:
    """The frontier in a file, or in memory for a fetch that keeps nothing."""

    def __init__(self, path: Path | None, *, owner: str) -> None:
        """path: the file, made when absent; None: memory alone. owner: names this process in its claims.

        Raises ArchiveError's WriteFailed when the file is no frontier or cannot be made.
        """
        self.fresh = path is None or not path.exists()
        self._owner = owner
        self._sql = sqlite3.connect(path or ":memory:", timeout=30, isolation_level=None, check_same_thread=False)
        # It may be lost, so a commit need not reach the medium; WAL lets others read and write meanwhile.
        try:
            self._use_wal()
            self._sql.execute("PRAGMA synchronous=NORMAL")
            self._sql.executescript(_SCHEMA)
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

    def _free_dead(self) -> None:
        """Let go of what processes hold that are no more: their links are due, their hosts free."""
        query = "SELECT claimed_by FROM links WHERE claimed_by IS NOT NULL UNION SELECT held_by FROM hosts"
        for (owner,) in self._sql.execute(query).fetchall():
            if owner and not is_alive(owner):
                self._let_go_of(owner)

    def _let_go_of(self, owner: str) -> int:
        with self._writing() as sql:
            query = "UPDATE links SET due_at = 0, claimed_by = NULL WHERE claimed_by = ? RETURNING host"
            rows = sql.execute(query, (owner,)).fetchall()
            query = "UPDATE hosts SET busy_until = 0, held_by = NULL WHERE held_by = ? RETURNING host"
            for (host,) in {*rows, *sql.execute(query, (owner,)).fetchall()}:
                sql.execute(_READY, (host,))
        return len(rows)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            self._sql.execute("BEGIN IMMEDIATE")
            try:
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
        """Up to `limit` due links, no two of one host, each with its host's slot, for `seconds`."""
        moment, until = now.timestamp(), now.timestamp() + seconds
        claimed = []
        with self._writing() as sql:
            query = "SELECT host FROM hosts WHERE ready_at <= ? ORDER BY ready_at LIMIT ?"
            for (host,) in sql.execute(query, (moment, limit)).fetchall():
                row = sql.execute(
                    "SELECT role, key, url, host, source, found_at, tries FROM links"
                    " WHERE host = ? AND due_at IS NOT NULL ORDER BY due_at LIMIT 1",
                    (host,),
                ).fetchone()
                sql.execute(
                    "UPDATE links SET due_at = ?, claimed_by = ? WHERE role = ? AND key = ?",
                    (until, self._owner, *row[:2]),
                )
                sql.execute("UPDATE hosts SET busy_until = ?, held_by = ? WHERE host = ?", (until, self._owner, host))
                sql.execute(_READY, (host,))
                claimed.append(_due(row))
        return claimed

    def done(self, due: Due, *, again_at: datetime | None, failed: bool = False) -> None:
        """Report a claimed link: due again at that time, or never (None) until somebody adds or wakes it.

        A source that `keep_only` let rest meanwhile stays at rest.
        """
        again = again_at.timestamp() if again_at else None
        with self._writing() as sql:
            sql.execute(
                "UPDATE links SET due_at = ?, claimed_by = NULL, tries = ?"
                " WHERE role = ? AND key = ? AND due_at IS NOT NULL",
                (again, due.tries + 1 if failed else 0, due.role, due.key),
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

    def take(self, host: str, *, now: datetime, seconds: float, hop: bool) -> datetime | None:
        """Take the host's slot for `seconds`; None when it is ours, else when to ask again.

        hop: a visit goes on here (robots.txt before it, a redirect): the delay is not waited for, only a request in
        flight.
        """
        moment = now.timestamp()
        with self._writing() as sql:
            sql.execute("INSERT OR IGNORE INTO hosts (host) VALUES (?)", (host,))
            next_at, busy_until = sql.execute(
                "SELECT next_at, busy_until FROM hosts WHERE host = ?", (host,)
            ).fetchone()
            free_at = busy_until if hop else max(next_at, busy_until)
            if free_at > moment:
                return datetime.fromtimestamp(free_at, UTC)
            query = "UPDATE hosts SET busy_until = ?, held_by = ? WHERE host = ?"
            sql.execute(query, (moment + seconds, self._owner, host))
            sql.execute(_READY, (host,))
        return None

    def release(self, host: str, *, next_at: datetime) -> None:
        """Give the host's slot back if it is still ours; no visit to the host before that time, see `rest`."""
        with self._writing() as sql:
            query = (
                "UPDATE hosts SET busy_until = CASE WHEN held_by = ?1 THEN 0 ELSE busy_until END,"
                " next_at = max(next_at, ?2) WHERE host = ?3"
            )
            sql.execute(query, (self._owner, next_at.timestamp(), host))
            sql.execute(_READY, (host,))

    def rest(self, host: str, *, until: datetime) -> None:
        """No visit to the host before that time, or a later one if that was said before; whoever is at it goes on."""
        with self._writing() as sql:
            sql.execute("UPDATE hosts SET next_at = max(next_at, ?) WHERE host = ?", (until.timestamp(), host))
            sql.execute(_READY, (host,))

    def free_at(self, host: str) -> datetime | None:
        """When the host may next be visited, as far as is known; None: nobody has been there."""
        row = self._sql.execute("SELECT max(next_at, busy_until) FROM hosts WHERE host = ?", (host,)).fetchone()
        return datetime.fromtimestamp(row[0], UTC) if row else None

    def rests_until(self, host: str) -> datetime:
        """When the host's pause is over, whoever is at it; long ago for a host that nobody knows."""
        row = self._sql.execute("SELECT next_at FROM hosts WHERE host = ?", (host,)).fetchone()
        return datetime.fromtimestamp(row[0] if row else 0, UTC)

    def refused(self, host: str, *, again: bool) -> int:
        """Count a refusal (429, 503, 403) by the host, or forget them when it answered; how many in a row."""
        with self._writing() as sql:
            sql.execute("INSERT OR IGNORE INTO hosts (host) VALUES (?)", (host,))
            query = (
                "UPDATE hosts SET refusals = CASE WHEN ? THEN refusals + 1 ELSE 0 END WHERE host = ? RETURNING refusals"
            )
            return int(sql.execute(query, (again, host)).fetchone()[0])

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

    def stalled(self, *, now: datetime) -> list[str]:
        """URLs whose claim ran out without a report: their worker died or hangs. They are due again already."""
        with self._writing() as sql:
            query = "UPDATE links SET claimed_by = NULL WHERE claimed_by IS NOT NULL AND due_at <= ? RETURNING url"
            return [url for (url,) in sql.execute(query, (now.timestamp(),)).fetchall()]

    def let_go(self) -> int:
        """Make what this process has claimed and not reported due again at once, and free its hosts; how many."""
        return self._let_go_of(self._owner)

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
    for mode in ("mode=ro", "immutable=1"):  # the second where nothing may be made beside it: a read-only medium
        file = f"file:{quote(os.fsencode(path))}?{mode}"
        with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(file, timeout=30, uri=True)) as sql:
            return _counts(sql, now)
    return {}


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
    role, key, url, host, source, found_at, tries = row
    return Due(  # the types are the schema's
        role=role,
        key=key,
        url=url,
        host=host,
        source=source,
        found_at=datetime.fromtimestamp(found_at, UTC),
        tries=tries,
    )
