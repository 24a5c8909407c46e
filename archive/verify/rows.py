"""What `verify` asks of the catalog, and what `--repair` takes out of it to make it anew."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa

from archive.catalog import Reading, Writing
from archive.records import Redaction, Ruling, Site, Visit
from archive.tables import aliases, captures, redactions, revisions, rulings, sites, texts, visits, warcs

_SHOWN = 1000  # rows named of one kind of damage
_AT_ONCE = 500
_KEPT = {
    Visit: (visits, visits.c.journal),
    Ruling: (rulings, rulings.c.record),
    Redaction: (redactions, None),
    Site: (sites, sites.c.record),
}
Kept = Visit | Ruling | Redaction | Site


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the catalog that came from a line of a resource record."""

    value: Kept
    record: str | None  # the record that it names


def quick_check(reading: Reading) -> list[str]:
    """What SQLite finds wrong with its file; nothing for another database."""
    if reading._sql.dialect.name != "sqlite":
        return []
    said = reading._sql.exec_driver_sql("PRAGMA quick_check(20)").scalars().all()
    return [] if said == ["ok"] else [str(each) for each in said]


def kept_in(reading: Reading, values: Sequence[Kept]) -> dict[object, Row]:
    """The rows of values that one resource record holds, by key."""
    if not values:
        return {}
    kind = type(values[0])
    table, record = _KEPT[kind]
    names = [each.name for each in fields(kind)]
    first, *others = table.primary_key.columns
    keys = list(dict.fromkeys(key_of(each) for each in values))
    found = {}
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        wanted = sa.tuple_(first, *others).in_(some) if others else first.in_(some)
        for row in reading._sql.execute(table.select().where(wanted)).mappings():
            value = kind(**{name: row[name] for name in names})
            found[key_of(value)] = Row(value, row[record.name] if record is not None else None)
    return found


def key_of(value: Kept) -> object:
    """The key of a value's row."""
    match value:
        case Visit():
            return value.visit_id
        case Ruling():
            return value.revision
        case Redaction():
            return value.record_id
        case Site():
            return (value.site, value.number)


def ruling_on(reading: Reading, revision: str) -> Mapping[str, Any] | None:
    """The later word on a revision: verdict, copy_of and facts_changed as its row must have them."""
    query = sa.select(rulings.c.verdict, rulings.c.copy_of, rulings.c.facts_changed)
    row = reading._sql.execute(query.where(rulings.c.revision == revision)).mappings().first()
    return dict(row) if row else None


def records_named(reading: Reading) -> Iterator[tuple[str, str]]:
    """Each resource record that a row says it came from: (table, record id)."""
    for table, record in _KEPT.values():
        if record is not None:
            query = sa.select(record).where(record.is_not(None)).distinct().execution_options(yield_per=_AT_ONCE)
            for each in reading._sql.execute(query).scalars():
                yield table.name, each


def rows_of_no_file(reading: Reading) -> Iterator[tuple[str, str, str]]:
    """Captures and revisions in WARC files that the catalog does not know: (file, record id, URL)."""
    for table, url in ((captures, captures.c.url), (revisions, revisions.c.canonical_url)):
        query = sa.select(table.c.warc, table.c.record_id, url)
        lost = query.outerjoin(warcs, warcs.c.path == table.c.warc).where(warcs.c.path.is_(None))
        yield from ((warc, record, about) for warc, record, about in reading._sql.execute(lost.limit(_SHOWN)))


def texts_unlike_revisions(reading: Reading) -> Iterator[tuple[str, str]]:
    """Rows of `texts` that no revision names so, and revisions that name a file and have none: (file, what)."""
    fits = (
        (revisions.c.record_id == texts.c.revision)
        & (revisions.c.sha256 == texts.c.sha256)
        & (revisions.c.text_file == texts.c.text_file)
        & revisions.c.names_file
    )
    taken_out = sa.select(redactions.c.record_id)
    query = sa.select(texts).outerjoin(revisions, fits)
    odd = query.where(revisions.c.record_id.is_(None), texts.c.revision.not_in(taken_out)).limit(_SHOWN)
    for row in reading._sql.execute(odd).mappings():
        yield row["text_file"], "the catalog's row of this text is of no revision"
    query = sa.select(revisions.c.text_file).outerjoin(texts, fits)
    for file in reading._sql.execute(query.where(revisions.c.names_file, texts.c.sha256.is_(None)).limit(_SHOWN)):
        yield file[0], "the catalog has no row of this text"
    split = sa.select(texts).where(texts.c.text_file.not_like(texts.c.folder + "/%")).limit(_SHOWN)
    for row in reading._sql.execute(split).mappings():
        yield row["text_file"], f"the catalog places this text in {row['folder']}"
    for row in reading._sql.execute(sa.select(texts).execution_options(yield_per=_AT_ONCE)).mappings():
        name = row["text_file"].rpartition("/")[2]
        if name.partition("_")[0] != f"{row['ordinal']:03}":
            yield row["text_file"], f"the catalog says that its number is {row['ordinal']}"


def aliases_of_no_visit(reading: Reading) -> Iterator[tuple[str, str]]:
    """Aliases that no visit taught: (alias, article)."""
    taught = (visits.c.article == aliases.c.article) & (visits.c.visited_at == aliases.c.seen_at)
    query = sa.select(aliases.c.alias, aliases.c.article).outerjoin(visits, taught)
    odd = query.where(visits.c.visit_id.is_(None)).limit(_SHOWN)
    yield from ((alias, article) for alias, article in reading._sql.execute(odd))


def leads_to(reading: Reading, alias: str) -> tuple[str, Any] | None:
    """Where an alias leads, and when it was seen."""
    row = reading._sql.execute(sa.select(aliases.c.article, aliases.c.seen_at).where(aliases.c.alias == alias)).first()
    return (row[0], row[1]) if row else None


def naming(reading: Reading, text_file: str) -> str | None:
    """The revision that names a text file, by its record id."""
    mine = (revisions.c.text_file == text_file) & revisions.c.names_file
    return reading._sql.execute(sa.select(revisions.c.record_id).where(mine)).scalar()


def take_out(writing: Writing, warc: str) -> Iterator[dict[str, Any]]:
    """Take out the captures, revisions and texts of a WARC file: each row as it was, so that it can be kept."""
    mine = sa.select(revisions.c.record_id).where(revisions.c.warc == warc)
    yield from _taken(writing, texts, texts.c.revision.in_(mine))
    for table in (captures, revisions):
        yield from _taken(writing, table, table.c.warc == warc)


def take_out_values(writing: Writing, values: Iterable[Kept]) -> Iterator[dict[str, Any]]:
    """Take out the rows of what a resource record holds."""
    for value in values:
        yield from _taken(writing, _KEPT[type(value)][0], _is(value))


def take_out_records(writing: Writing, record_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Take out the captures and revisions with these record ids, wherever the catalog places them."""
    for start in range(0, len(record_ids), _AT_ONCE):
        some = record_ids[start : start + _AT_ONCE]
        yield from _taken(writing, texts, texts.c.revision.in_(some))
        for table in (captures, revisions):
            yield from _taken(writing, table, table.c.record_id.in_(some))


def _is(value: Kept) -> sa.ColumnElement[bool]:
    columns = list(_KEPT[type(value)][0].primary_key.columns)
    key = key_of(value)
    return sa.and_(
        *(column == each for column, each in zip(columns, key if isinstance(key, tuple) else (key,), strict=True))
    )


def _taken(writing: Writing, table: sa.Table, condition: sa.ColumnElement[bool]) -> Iterator[dict[str, Any]]:
    for row in writing._sql.execute(table.select().where(condition)).mappings().all():
        yield {"table": table.name, **row}
    writing._sql.execute(table.delete().where(condition))
