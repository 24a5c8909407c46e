"""What can be asked of the catalog, and what can be added to it.

The finding aid over the WARC files: an index, not the archive. `archive.databases` opens one.
"""

import heapq
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import unquote

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from archive.errors import Damaged, WriteFailed
from archive.records import Capture, Facts, Outcome, Redaction, Revision, Ruling, Site, Validators, Visit
from archive.tables import aliases, captures, redactions, revisions, rulings, schema, sites, texts, visits, warcs
from archive.warc import stamp

_AT_ONCE = 200  # rows taken from the database at a time where there may be any number
_FEW_AT_ONCE = 10  # where a row may be large
_READER_MS = 5_000  # for so long a reader may keep the log of a SQLite file from being emptied
_WRITERS = 7_072_657  # the advisory lock that orders writing transactions on PostgreSQL: any number, but one only
_FACTS = [each.name for each in fields(Facts)]
_CAPTURE = [each.name for each in fields(Capture)]
_VISIT = [each.name for each in fields(Visit)]
_REVISION = [each.name for each in fields(Revision) if each.name != "facts"]
_REDACTION = [each.name for each in fields(Redaction)]
_SITE = [each.name for each in fields(Site)]
_RULING = [each.name for each in fields(Ruling)]
# What a visit came to, by what its revision is now.
OUTCOME_NOW: Mapping[str, Outcome] = {
    "new": "new",
    "revised": "revised",
    "copy": "copy",
    "facts": "unchanged",
    "superseded": "unchanged",
}
# A superseded revision is found by its pressmark and record id alone.
_STANDS = revisions.c.verdict != "superseded"
# Of captures of the same moment (an import's are of a second) the one whose text was kept later is the later revision.
_OLDEST_FIRST = (revisions.c.captured_at, revisions.c.warc, revisions.c.offset)
_NEWEST_FIRST = tuple(column.desc() for column in _OLDEST_FIRST)


# What every page asks is built once: SQLAlchemy takes longer to build a statement than SQLite to answer it.
_CAPTURE_BY_ID = captures.select().where(captures.c.record_id == sa.bindparam("record_id"))
_PAYLOAD = (
    captures.select()
    .where(
        captures.c.url == sa.bindparam("url"),
        captures.c.payload_digest == sa.bindparam("payload_digest"),
        captures.c.revisit_of.is_(None),
        captures.c.truncated.is_(None),
    )
    .order_by(captures.c.captured_at)
    .limit(1)
)
# A 304 that came when nothing was held is a response of its own, without a payload: nothing leans on that.
_LATEST_WHOLE = (
    captures.select()
    .where(
        captures.c.url == sa.bindparam("url"),
        (captures.c.status == 200) | ((captures.c.status == 304) & captures.c.revisit_of.is_not(None)),
        captures.c.truncated.is_(None),
    )
    .order_by(captures.c.captured_at.desc())
    .limit(1)
)
_ARTICLE_AT = sa.select(aliases.c.article).where(aliases.c.alias == sa.bindparam("alias"))
_LATEST = (
    revisions.select()
    .where(revisions.c.canonical_url == sa.bindparam("article"), _STANDS)
    .order_by(*_NEWEST_FIRST)
    .limit(1)
)
_FIRST_WITH = (
    revisions.select()
    .join(texts, texts.c.revision == revisions.c.record_id)
    .where(texts.c.sha256 == sa.bindparam("sha256"))
)
_CLOSED = (
    redactions.select()
    .where(redactions.c.url.in_(sa.bindparam("urls", expanding=True)), redactions.c.closed)
    .order_by(redactions.c.redacted_at)
    .limit(1)
)
# Of a redacted capture the redaction says it: the revision on which there was a ruling is gone.
_RULED = sa.union_all(
    sa.select(redactions.c.outcome).where(
        redactions.c.record_id == sa.bindparam("capture"), redactions.c.outcome.is_not(None)
    ),
    sa.select(sa.null())
    .join_from(rulings, revisions, revisions.c.record_id == rulings.c.revision)
    .where(revisions.c.capture == sa.bindparam("capture")),
)
_TOLD_FIRST = (
    sa.select(revisions.c.canonical_url)
    .where(revisions.c.sha256 == sa.bindparam("sha256"), _STANDS)
    .order_by(revisions.c.captured_at, revisions.c.canonical_url)
    .limit(1)
)
_LATER = revisions.alias("later")
# Both sides by index: of a site its revisions backwards in time, of each of them those of its article that came later.
_NEWEST_OF_A_SITE = (
    revisions.select()
    .where(
        revisions.c.site == sa.bindparam("site"),
        _STANDS,
        ~sa.exists().where(
            _LATER.c.canonical_url == revisions.c.canonical_url,
            _LATER.c.verdict != "superseded",
            sa.tuple_(*(_LATER.c[column.name] for column in _OLDEST_FIRST)) > sa.tuple_(*_OLDEST_FIRST),
        ),
    )
    .order_by(*_NEWEST_FIRST)
    .execution_options(yield_per=_AT_ONCE)
)
_HIGHEST_ORDINAL = sa.select(sa.func.max(texts.c.ordinal)).where(texts.c.folder == sa.bindparam("folder"))


def _capture(row: sa.RowMapping) -> Capture:
    return Capture(**{name: row[name] for name in _CAPTURE})


def _visit(row: sa.RowMapping) -> Visit:
    return Visit(**{name: row[name] for name in _VISIT})


def _redaction(row: sa.RowMapping) -> Redaction:
    return Redaction(**{name: row[name] for name in _REDACTION})


def _revision(row: sa.RowMapping) -> Revision:
    return Revision(facts=Facts(**{name: row[name] for name in _FACTS}), **{name: row[name] for name in _REVISION})


class Reading:
    """What can be asked of the catalog over one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._sql = connection

    def _rows(self, query: sa.Select[Any], **values: str) -> Iterable[sa.RowMapping]:
        return self._sql.execute(query, values).mappings()

    def _capture(self, query: sa.Select[Any], **values: str) -> Capture | None:
        return next(map(_capture, self._rows(query, **values)), None)

    def _revision(self, query: sa.Select[Any], **values: str) -> Revision | None:
        return next(map(_revision, self._rows(query, **values)), None)

    def capture(self, record_id: str) -> Capture | None:
        """The capture with that record id."""
        return self._capture(_CAPTURE_BY_ID, record_id=record_id)

    def captures_of(self, url: str, *, limit: int = 100) -> list[Capture]:
        """The captures of exactly that URL, newest first."""
        query = captures.select().where(captures.c.url == url).order_by(captures.c.captured_at.desc()).limit(limit)
        return [_capture(row) for row in self._rows(query)]

    def payload_of(self, url: str, payload_digest: str) -> Capture | None:
        """The response that already holds this payload of this URL whole: what a revisit refers to."""
        return self._capture(_PAYLOAD, url=url, payload_digest=payload_digest)

    def latest_whole(self, url: str) -> Capture | None:
        """The newest whole capture of the URL that a conditional request may lean on: a 200, or a revisit of one."""
        return self._capture(_LATEST_WHOLE, url=url)

    def validators(self, url: str) -> Validators | None:
        """ETag and Last-Modified of the newest whole capture, if it is there and has any.

        None also when the URL has redirected since: they stand for what is no longer there.
        """
        capture = self.latest_whole(url)
        if capture is None or not (capture.etag or capture.last_modified) or self._redirects(url):
            return None
        return Validators(etag=capture.etag, last_modified=capture.last_modified)

    def _redirects(self, url: str) -> bool:
        """Whether the newest answer of the URL that was no error was a redirect."""
        query = sa.select(captures.c.status).where(captures.c.url == url, captures.c.status < 400)
        status = self._sql.execute(query.order_by(captures.c.captured_at.desc()).limit(1)).scalar()
        return status is not None and 300 <= status < 400 and status != 304

    def hops_to(self, capture: Capture) -> list[Capture]:
        """The redirects that led to this capture, first hop first."""
        hops: list[Capture] = []
        while capture.hop_from and (earlier := self.capture(capture.hop_from)):
            hops.insert(0, earlier)
            capture = earlier
        return hops

    def article_at(self, alias: str) -> str | None:
        """The canonical URL of the article that this normalised URL leads to."""
        return self._sql.execute(_ARTICLE_AT, {"alias": alias}).scalar()

    def known(self, keys: Sequence[str]) -> set[str]:
        """Which of these normalised URLs lead to an article that was kept."""
        found: set[str] = set()
        for start in range(0, len(keys), 500):
            query = sa.select(aliases.c.alias).where(aliases.c.alias.in_(keys[start : start + 500]))
            found.update(self._sql.execute(query).scalars())
        return found

    def revisions_of(self, article: str) -> list[Revision]:
        """Every revision of the article, oldest first: number 1 is the first."""
        query = revisions.select().where(revisions.c.canonical_url == article, _STANDS)
        return [_revision(row) for row in self._rows(query.order_by(*_OLDEST_FIRST))]

    def latest(self, article: str) -> Revision | None:
        """The newest revision of the article."""
        return self._revision(_LATEST, article=article)

    def revision(self, record_id: str) -> Revision | None:
        """The revision with that record id."""
        return self._revision(revisions.select().where(revisions.c.record_id == record_id))

    def of_capture(self, record_id: str) -> Revision | None:
        """The revision that was understood from that capture."""
        return self._revision(revisions.select().where(revisions.c.capture == record_id, _STANDS).limit(1))

    def first_with(self, sha256: str) -> Revision | None:
        """The revision whose text was the first with these bytes."""
        return self._revision(_FIRST_WITH, sha256=sha256)

    def told_first(self, sha256: str) -> str | None:
        """The article whose page told this text first, by capture date; None when none of them stands."""
        return self._sql.execute(_TOLD_FIRST, {"sha256": sha256}).scalar()

    def texts_told_twice(self, *, after: str, limit: int) -> list[str]:
        """The SHA-256, in order and after that one, of texts that several articles tell, or one as a copy."""
        sha256, copies = revisions.c.sha256, sa.func.count(revisions.c.copy_of)
        several = sa.func.count(sa.distinct(revisions.c.canonical_url)) > 1
        query = sa.select(sha256).where(_STANDS, sha256 > after).group_by(sha256).having(several | (copies > 0))
        return list(self._sql.execute(query.order_by(sha256).limit(limit)).scalars())

    def same_capture(self, url: str, at: datetime, payload_digest: str) -> Capture | None:
        """The capture of exactly that URL at that moment with that payload."""
        query = captures.select().where(
            captures.c.url == url, captures.c.captured_at == at, captures.c.payload_digest == payload_digest
        )
        return next(map(_capture, self._rows(query.limit(1))), None)

    def captured(self, url: str, at: datetime) -> Capture | None:
        """The capture of exactly that URL at that moment that holds its payload, or of several any."""
        query = captures.select().where(captures.c.url == url, captures.c.captured_at == at)
        return next(map(_capture, self._rows(query.order_by(captures.c.revisit_of.is_not(None)).limit(1))), None)

    def payload_known(self, url: str, sha256: str) -> Capture | None:
        """As `payload_of`, by the payload's SHA-256."""
        query = captures.select().where(
            captures.c.url == url, captures.c.payload_sha256 == sha256, captures.c.revisit_of.is_(None)
        )
        return next(map(_capture, self._rows(query.where(captures.c.truncated.is_(None)).limit(1))), None)

    def rulings_on(self, articles: Collection[str]) -> dict[str, Ruling]:
        """The rulings on the revisions of these articles, by the revision's record id."""
        query = rulings.select().join(revisions, revisions.c.record_id == rulings.c.revision)
        found = self._rows(query.where(revisions.c.canonical_url.in_(sorted(articles))))
        return {row["revision"]: Ruling(**{name: row[name] for name in _RULING}) for row in found}

    def outcome_ruled(self, capture: str) -> Outcome | None:
        """What the visit that brought this capture came to, when a ruling has said it since."""
        ruled: Sequence[Outcome | None] = self._sql.execute(_RULED, {"capture": capture}).scalars().all()
        for said in ruled:
            if said:
                return said
        if not ruled:
            return None
        # Where a newer extractor read the page again there are two revisions: the one that stands says it.
        verdicts = sa.select(revisions.c.verdict).where(revisions.c.capture == capture)
        standing = sa.case((_STANDS, 0), else_=1)
        verdict = self._sql.execute(verdicts.order_by(standing, revisions.c.record_id).limit(1)).scalar()
        return OUTCOME_NOW[verdict] if verdict else None

    def texts_like(self, digits: str, *, limit: int = 10) -> list[Revision]:
        """The texts whose SHA-256 begins with these hex digits, each by the revision that brought it first."""
        query = revisions.select().join(texts, texts.c.revision == revisions.c.record_id)
        query = query.where(texts.c.sha256.startswith(digits, autoescape=True)).order_by(texts.c.sha256).limit(limit)
        return [_revision(row) for row in self._rows(query)]

    def texts_in(self, folder: str) -> set[str]:
        """The text files that belong into a folder, by their paths; those that were taken out, too."""
        return set(self._sql.execute(sa.select(texts.c.text_file).where(texts.c.folder == folder)).scalars())

    def next_ordinal(self, folder: str) -> int:
        """The next free number in a text folder."""
        highest = self._sql.execute(_HIGHEST_ORDINAL, {"folder": folder}).scalar()
        return 0 if highest is None else int(highest) + 1

    def revisions_where(self, conditions: Sequence[sa.ColumnElement[bool]], *, limit: int | None) -> Iterator[Revision]:
        """Revisions that meet all conditions (over `catalog.revisions`), newest capture first."""
        query = revisions.select().where(_STANDS, *conditions).order_by(*_NEWEST_FIRST)
        for row in self._rows(query.limit(limit)):
            yield _revision(row)

    def articles_where(self, conditions: Sequence[sa.ColumnElement[bool]], *, after: str, limit: int) -> list[str]:
        """The canonical URLs, in order and after that one, of articles of which a revision meets all conditions."""
        url = revisions.c.canonical_url
        query = sa.select(url).distinct().where(_STANDS, url > after, *conditions).order_by(url).limit(limit)
        return list(self._sql.execute(query).scalars())

    def revisions_in_order(self, conditions: Sequence[sa.ColumnElement[bool]]) -> Iterator[Revision]:
        """Revisions that meet all conditions, oldest capture first; of any number only some are held in memory."""
        query = revisions.select().where(_STANDS, *conditions).order_by(*_OLDEST_FIRST)
        yield from map(_revision, self._rows(query.execution_options(yield_per=_AT_ONCE)))

    def articles_of(self, site: str, *, kind: str | None = None, limit: int = 200) -> list[Revision]:
        """The newest revision of each article of a host, newest capture first: what a site's layout is learned from.

        What several articles of it tell word for word counts once. kind: as in `Facts`. The page behind one of them is
        `archive.payload(reading.capture(revision.capture))`.
        """
        query = _NEWEST_OF_A_SITE.where(revisions.c.kind == kind) if kind else _NEWEST_OF_A_SITE
        found: dict[str, Revision] = {}
        with self._sql.execute(query, {"site": site}) as rows:
            for row in rows.mappings():
                if len(found) == limit:
                    break
                found.setdefault(row["sha256"], _revision(row))
        return list(found.values())

    def count_articles(self, site: str, *, limit: int) -> int:
        """How many articles of a host were kept; of more than `limit` no more are counted."""
        told = sa.select(revisions.c.canonical_url).distinct().where(revisions.c.site == site, _STANDS).limit(limit)
        return self._sql.execute(sa.select(sa.func.count()).select_from(told.subquery())).scalar() or 0

    def has_news(self, site: str, *, since: datetime) -> bool:
        """Whether the host told an article that was captured later than that."""
        told = revisions.select().where(revisions.c.site == site, revisions.c.captured_at > since)
        return self._sql.execute(told.where(revisions.c.verdict.in_(("new", "copy"))).limit(1)).first() is not None

    def read_by(self, state: Site, *, limit: int) -> list[tuple[datetime, Mapping[str, str]]]:
        """When the pages were captured that this state of a site's memory helped to read since it was learned, and what
        `Facts.extractor` says of them: the newest first.
        """
        query = sa.select(revisions.c.captured_at, revisions.c.extractor).where(
            revisions.c.site == state.site,
            revisions.c.captured_at >= state.learned_at,
            revisions.c.site_memory == f"{state.site}@{state.number}",
            _STANDS,
        )
        return [(at, said) for at, said in self._sql.execute(query.order_by(*_NEWEST_FIRST).limit(limit))]

    def sites_told(self) -> list[str]:
        """Every host of which an article was kept."""
        return list(self._sql.execute(sa.select(revisions.c.site).distinct().order_by(revisions.c.site)).scalars())

    def last_captured_at(self) -> datetime | None:
        """When the newest capture was taken."""
        query = sa.select(captures.c.captured_at).order_by(captures.c.captured_at.desc()).limit(1)
        return self._sql.execute(query).scalar()

    def all_captures(self) -> Iterator[Capture]:
        """Every capture, in no order; of any number only some are held in memory."""
        yield from map(_capture, self._rows(captures.select().execution_options(yield_per=_AT_ONCE)))

    def visits_since(self, at: datetime) -> list[Visit]:
        """The visits from that moment on, oldest first."""
        query = visits.select().where(visits.c.visited_at >= at).order_by(visits.c.visited_at)
        return [_visit(row) for row in self._rows(query)]

    def last_visits(self, url: str, *, limit: int = 20) -> list[Visit]:
        """The newest visits to exactly that URL, newest first."""
        query = visits.select().where(visits.c.url == url).order_by(visits.c.visited_at.desc()).limit(limit)
        return [_visit(row) for row in self._rows(query)]

    def unwritten_visits(self) -> list[Visit]:
        """The visits that no WARC file holds yet, oldest first."""
        query = visits.select().where(visits.c.journal.is_(None)).order_by(visits.c.visited_at, visits.c.visit_id)
        return [_visit(row) for row in self._rows(query)]

    def outcomes(self, *, since: datetime | None = None) -> dict[tuple[str, str], int]:
        """How many visits by (role, outcome)."""
        query = sa.select(visits.c.role, visits.c.outcome, sa.func.count()).group_by(visits.c.role, visits.c.outcome)
        if since:
            query = query.where(visits.c.visited_at >= since)
        return {(role, outcome): count for role, outcome, count in self._sql.execute(query)}

    def counts(self) -> dict[str, int]:
        """How many rows each table holds, and how many articles there are."""
        tables = {
            table.name: self._sql.execute(sa.select(sa.func.count()).select_from(table)).scalar() or 0
            for table in schema.sorted_tables
        }
        articles = sa.select(sa.func.count(sa.distinct(revisions.c.canonical_url))).where(_STANDS)
        return {**tables, "articles": self._sql.execute(articles).scalar() or 0}

    def warc_files(self) -> dict[str, tuple[int, str | None]]:
        """Each WARC file's acknowledged bytes, and its SHA-256 once it is closed."""
        return {
            path: (length, sha256)
            for path, length, sha256 in self._sql.execute(sa.select(warcs).order_by(warcs.c.path))
        }

    def knows_a_warc(self) -> bool:
        """Whether there is any WARC file in it."""
        return self._sql.execute(sa.select(warcs.c.path).limit(1)).first() is not None

    def acknowledged(self, warc: str) -> int:
        """How many bytes of a WARC file are acknowledged; 0 for one that is not known."""
        return self._sql.execute(sa.select(warcs.c.length).where(warcs.c.path == warc)).scalar() or 0

    def redaction(self, record_id: str) -> Redaction | None:
        """What was taken out under that record id."""
        return next(self._redactions(redactions.c.record_id == record_id), None)

    def redactions_of(self, url: str) -> list[Redaction]:
        """What was taken out of exactly that URL or article, oldest capture first."""
        return list(self._redactions(redactions.c.url == url))

    def redacted_texts(self, digits: str) -> list[Redaction]:
        """The texts taken out whose SHA-256 begins with these hex digits."""
        return list(self._redactions(redactions.c.sha256.startswith(digits, autoescape=True)))

    def redactions_in(self, warc: str) -> list[Redaction]:
        """What was taken out of that WARC file."""
        return list(self._redactions(redactions.c.warc == warc))

    def all_redactions(self) -> list[Redaction]:
        """Everything that was ever taken out, oldest capture first."""
        return list(self._redactions(sa.true()))

    def closed(self, urls: Sequence[str]) -> Redaction | None:
        """Why nothing may be fetched at, or imported of, one of these URLs as an article; None when it may."""
        row = next(iter(self._sql.execute(_CLOSED, {"urls": urls}).mappings()), None)
        return _redaction(row) if row else None

    def captures_with(self, column: str, values: Collection[str]) -> list[Capture]:
        """The captures that have one of these values in that column."""
        return [_capture(row) for row in self._with(captures, column, values)]

    def revisions_with(self, column: str, values: Collection[str]) -> list[Revision]:
        """The revisions that have one of these values in that column, superseded ones too."""
        return [_revision(row) for row in self._with(revisions, column, values)]

    def visits_with(self, column: str, values: Collection[str]) -> list[Visit]:
        """The visits that have one of these values in that column."""
        return [_visit(row) for row in self._with(visits, column, values)]

    def _with(self, table: sa.Table, column: str, values: Collection[str]) -> Iterator[sa.RowMapping]:
        wanted = sorted(values)
        for start in range(0, len(wanted), 500):
            yield from self._rows(table.select().where(table.c[column].in_(wanted[start : start + 500])))

    def _redactions(self, condition: sa.ColumnElement[bool]) -> Iterator[Redaction]:
        query = redactions.select().where(condition)
        for row in self._rows(query.order_by(redactions.c.captured_at, redactions.c.record_id)):
            yield _redaction(row)

    def site(self, name: str, *, number: int | None = None) -> Site | None:
        """A state of what was learned about a host: the newest, or the one of that number."""
        query = sites.select().where(sites.c.site == name)
        newest = query.order_by(sites.c.number.desc()).limit(1)
        query = newest if number is None else query.where(sites.c.number == number)
        return next((Site(**{each: row[each] for each in _SITE}) for row in self._rows(query)), None)

    def sites(self) -> dict[str, int]:
        """The hosts of which something was learned, each with the number of its newest state."""
        newest = sa.select(sites.c.site, sa.func.max(sites.c.number).label("number")).group_by(sites.c.site)
        return {row["site"]: row["number"] for row in self._rows(newest.order_by(sites.c.site))}

    def periods(self, name: str) -> list[tuple[datetime, int]]:
        """When the layout began that a state of what was learned about a host knows, and its number: newest first."""
        query = sites.select().where(sites.c.site == name).order_by(sites.c.number.desc())
        rows = self._rows(query.execution_options(yield_per=_FEW_AT_ONCE))
        return [(Site(**{each: row[each] for each in _SITE}).began, row["number"]) for row in rows]

    def rows_in(self, warc: str) -> Iterator[Capture | Revision]:
        """The captures and revisions that the catalog places in a WARC file, by offset."""
        kept, understood = (
            table.select().where(table.c.warc == warc).order_by(table.c.offset).execution_options(yield_per=_AT_ONCE)
            for table in (captures, revisions)
        )
        rows: list[Iterator[Capture | Revision]] = [
            map(_capture, self._rows(kept)),
            map(_revision, self._rows(understood)),
        ]
        yield from heapq.merge(*rows, key=lambda row: row.offset)

    def all_revisions(self) -> Iterator[Revision]:
        """Every revision, by file and offset; of any number only some are held in memory."""
        query = revisions.select().order_by(revisions.c.warc, revisions.c.offset)
        yield from map(_revision, self._rows(query.execution_options(yield_per=_AT_ONCE)))

    def dump(self) -> Iterator[str]:
        """Each table as JSON lines sorted by key: what two archives are compared by."""
        for table in schema.sorted_tables:
            for row in self._rows(table.select().order_by(*table.primary_key.columns)):
                line = {name: stamp(value) if isinstance(value, datetime) else value for name, value in row.items()}
                yield json.dumps({"table": table.name, **line}, sort_keys=True, ensure_ascii=False)


class Writing(Reading):
    """What can be changed, inside one transaction. Every row may come twice: the second time changes nothing."""

    def _add(self, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> None:
        if rows:
            self._sql.execute(_adding(self._sql.dialect.name, table), rows)

    def clear(self) -> None:
        """Take out every row."""
        for table in schema.sorted_tables:
            self._sql.execute(table.delete())

    def add_captures(self, added: Iterable[Capture]) -> None:
        """Captures whose records are on the medium."""
        self._add(captures, [_columns(capture) for capture in added])

    def add_visit(self, visit: Visit, *, journal: str | None = None) -> None:
        """A visit, and the aliases it teaches; `journal` is the record that holds it, if one does already."""
        self._add(visits, [{**_columns(visit), "journal": journal}])
        if journal:
            # A writer that died may have written visits that another wrote again: in any order, the smaller id counts.
            mine = visits.c.visit_id == visit.visit_id
            other = visits.c.journal.is_(None) | (visits.c.journal > journal)
            self._sql.execute(visits.update().where(mine, other).values(journal=journal))
            if visit.article and visit.capture:
                self._follow_rulings(visit.capture)
        if visit.article:
            for alias in dict.fromkeys((*visit.aliases, visit.article)):
                self._point(alias, visit.article, visit.visited_at)

    def _point(self, alias: str, article: str, at: datetime) -> None:
        """The alias leads to the article it was last seen to lead to; of two seen at once, to the greater URL."""
        row = {"alias": alias, "article": article, "seen_at": at}
        self._sql.execute(_pointing(self._sql.dialect.name), row)

    def add_revision(self, revision: Revision) -> None:
        """A revision; when its text is the first with these bytes, its file's name and ordinal with it."""
        row = {name: getattr(revision, name) for name in _REVISION}
        self._add(revisions, [{**row, **{name: getattr(revision.facts, name) for name in _FACTS}}])
        if revision.names_file:
            self._add_text(revision.text_file, revision.sha256, revision.record_id)
        self._apply_ruling(revision.record_id)
        self._follow_rulings(revision.capture)

    def add_ruling(self, ruling: Ruling, *, record: str) -> None:
        """A later word on a revision, which may be added before the revision is; of several the latest counts."""
        self._sql.execute(_ruling(self._sql.dialect.name), {**_columns(ruling), "record": record})
        self._apply_ruling(ruling.revision)
        if ruled := self.revision(ruling.revision):
            self._follow_rulings(ruled.capture)

    def _apply_ruling(self, revision: str) -> None:
        said = next(iter(self._rows(rulings.select().where(rulings.c.revision == revision))), None)
        if said:
            changed = {name: said[name] for name in ("verdict", "copy_of", "facts_changed")}
            self._sql.execute(revisions.update().where(revisions.c.record_id == revision).values(changed))

    def _follow_rulings(self, capture: str) -> None:
        """The outcome of the visit that brought this capture, when there is a later word on what came of it.

        Asked for wherever a revision, a ruling or a visit is added, for they may come in any order.
        """
        outcome = self.outcome_ruled(capture)
        if outcome:
            brought = (visits.c.capture == capture) & visits.c.article.is_not(None)
            self._sql.execute(visits.update().where(brought).values(outcome=outcome))

    def add_redaction(self, redaction: Redaction) -> None:
        """A record taken out for good: its row goes, the number of its text's file stays taken."""
        self._add(redactions, [_columns(redaction)])
        if redaction.text_file and redaction.sha256:
            self._add_text(redaction.text_file, redaction.sha256, redaction.record_id)
        for table in (captures, revisions):
            self._sql.execute(table.delete().where(table.c.record_id == redaction.record_id))
        self._follow_rulings(redaction.record_id)

    def drop_redacted(self) -> None:
        """Take out the rows of what was redacted, should a rebuild have met its records before it met the redaction."""
        for table in (captures, revisions):
            self._sql.execute(table.delete().where(table.c.record_id.in_(sa.select(redactions.c.record_id))))

    def add_site(self, site: Site, *, record: str) -> None:
        """A state of what was learned about a host; of two with one number that which was learned later counts."""
        self._sql.execute(_learning(self._sql.dialect.name), {**_columns(site), "record": record})

    def _add_text(self, text_file: str, sha256: str, revision: str) -> None:
        folder, _, name = text_file.rpartition("/")
        text = {"sha256": sha256, "text_file": text_file, "folder": folder, "revision": revision}
        self._add(texts, [{**text, "ordinal": int(name.partition("_")[0])}])

    def mark_written(self, visit_ids: Sequence[str], journal: str) -> None:
        """These visits now stand in that record."""
        for start in range(0, len(visit_ids), 500):
            some = visit_ids[start : start + 500]
            self._sql.execute(visits.update().where(visits.c.visit_id.in_(some)).values(journal=journal))

    def set_warc(self, path: str, length: int, sha256: str | None) -> None:
        """A WARC file is acknowledged up to `length` bytes; its digest when it is closed."""
        row = {"path": path, "length": length, "sha256": sha256}
        self._sql.execute(_acknowledging(self._sql.dialect.name), row)


def _insert(dialect: str, table: sa.Table) -> sqlite.Insert | Any:
    """An insert that knows ON CONFLICT, in that dialect."""
    return (sqlite if dialect == "sqlite" else postgresql).insert(table)


@cache
def _adding(dialect: str, table: sa.Table) -> sa.Insert:
    return _insert(dialect, table).on_conflict_do_nothing()


@cache
def _pointing(dialect: str) -> sa.Insert:
    insert = _insert(dialect, aliases)
    new = insert.excluded
    newer = sa.tuple_(new.seen_at, new.article) > sa.tuple_(aliases.c.seen_at, aliases.c.article)
    changed = {"article": new.article, "seen_at": new.seen_at}
    return insert.on_conflict_do_update(index_elements=["alias"], set_=changed, where=newer)


@cache
def _acknowledging(dialect: str) -> sa.Insert:
    insert = _insert(dialect, warcs)
    changed = {"length": insert.excluded.length, "sha256": insert.excluded.sha256}
    return insert.on_conflict_do_update(index_elements=["path"], set_=changed)


@cache
def _ruling(dialect: str) -> sa.Insert:
    insert = _insert(dialect, rulings)
    new = insert.excluded
    newer = sa.tuple_(new.ruled_at, new.record) > sa.tuple_(rulings.c.ruled_at, rulings.c.record)
    changed = {each.name: new[each.name] for each in rulings.columns if each.name != "revision"}
    return insert.on_conflict_do_update(index_elements=["revision"], set_=changed, where=newer)


@cache
def _learning(dialect: str) -> sa.Insert:
    insert = _insert(dialect, sites)
    new = insert.excluded
    later = sa.tuple_(new.learned_at, new.record) > sa.tuple_(sites.c.learned_at, sites.c.record)
    changed = {name: new[name] for name in ("learned_at", "memory", "record")}
    return insert.on_conflict_do_update(index_elements=["site", "number"], set_=changed, where=later)


def _columns(value: Capture | Visit | Ruling | Redaction | Site) -> dict[str, object]:
    return {each.name: getattr(value, each.name) for each in fields(value)}


def _vacuum_sqlite(connection: sa.Connection) -> bool:
    """The file written anew and its log emptied; whether a reader held on to that for as long as we wait."""
    connection.exec_driver_sql("VACUUM")
    [patience] = connection.exec_driver_sql("PRAGMA busy_timeout").one()
    connection.exec_driver_sql(f"PRAGMA busy_timeout={_READER_MS}")
    busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    connection.exec_driver_sql(f"PRAGMA busy_timeout={patience}")
    return bool(busy)


def _vacuum_postgres(connection: sa.Connection) -> bool:
    """Every table in files of its own, and what was noted of their values anew. Locks out readers, so none is busy."""
    alone = connection.execution_options(isolation_level="AUTOCOMMIT")
    for table in schema.sorted_tables:
        alone.exec_driver_sql(f"VACUUM (FULL, ANALYZE) {table.name}")
    return False


_VACUUM = {"sqlite": _vacuum_sqlite, "postgresql": _vacuum_postgres}


def name_of(engine: sa.Engine) -> str:
    """What the database is called in a message: a SQLite file by its path, others by their URL without the password."""
    url = engine.url
    if url.get_backend_name() == "sqlite":
        return unquote((url.database or "").removeprefix("file:"))
    return str(url)


class Catalog:
    """A database that holds the catalog of one archive."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @property
    def url(self) -> str:
        """Where the database is, password and all, for `databases.open_again`."""
        return self._engine.url.render_as_string(hide_password=False)

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """A view for queries; it is no snapshot: others may commit between two of them. Raises Damaged."""
        try:
            with self._engine.connect() as connection:
                yield Reading(connection)
        except sa.exc.DBAPIError as error:
            raise Damaged(name_of(self._engine), f"the catalog cannot be read ({error.orig})") from error

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """One transaction; one at a time over all processes. It is on the medium when the block ends.

        Raises WriteFailed; when it does at the end of the block, the transaction may stand all the same.
        """
        try:
            with self._engine.begin() as connection:
                if connection.dialect.name == "sqlite":
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                else:
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITERS)))
                yield Writing(connection)
        except sa.exc.DatabaseError as error:
            # SQLite opens a file for reading alone where it could not be opened for writing just then (EMFILE, EIO),
            # and says so only now: the next transaction gets a connection of its own.
            self._engine.dispose()
            if isinstance(error, (sa.exc.IntegrityError, sa.exc.ProgrammingError)):
                raise  # no fault of the disk's
            why = f"the catalog was not written ({error.orig}); nothing that was kept is lost"
            raise WriteFailed(name_of(self._engine), f"{why}. Mend that and run it again") from error

    def scrub(self) -> None:
        """Write the database anew, so that what was deleted stands nowhere in its files any more.

        Nobody may write meanwhile. Raises WriteFailed, also when somebody who reads holds on to its log.
        """
        try:
            with self._engine.connect() as connection:
                busy = _VACUUM[connection.dialect.name](connection)
        except sa.exc.OperationalError as error:
            raise WriteFailed(name_of(self._engine), f"could not be written anew ({error.orig})") from error
        if busy:
            raise WriteFailed(name_of(self._engine), "its log could not be emptied, for somebody is reading it")

    def close(self) -> None:
        """Let go of the database; a SQLite file is checkpointed by its last connection."""
        self._engine.dispose()
