"""The catalog's tables, in SQLAlchemy Core for SQLite and PostgreSQL.

Every row comes from a record and can be made again from it; keys are record ids, digests and URLs. Times are text,
`2026-11-20T17:45:00.123456Z`, so that both databases sort and print them alike. A change here needs a migration beside
it.
"""

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from archive.warc import stamp


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware UTC datetime as sortable text."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> str | None:
        return stamp(value) if value else None

    def process_result_value(self, value: str | None, dialect: object) -> datetime | None:
        return moment(value) if value else None


class Json(sa.types.TypeDecorator[Any]):
    """A tuple or mapping as JSON text with sorted keys."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: object) -> str:
        return json.dumps(value, sort_keys=True, ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: object) -> object:
        read = json.loads(value or "null")
        return tuple(read) if isinstance(read, list) else read


class Lists(Json):
    """A mapping to tuples as JSON text with sorted keys."""

    cache_ok = True

    def process_result_value(self, value: str | None, dialect: object) -> object:
        return {name: tuple(each) for name, each in json.loads(value or "{}").items()}


class Holds(sa.sql.functions.GenericFunction[bool]):
    """Whether a text holds another, in any case: holds(text, part).

    SQLite's own LIKE knows the case of ASCII alone; there it is `holds` below.
    """

    type = sa.Boolean()
    inherit_cache = True


@compiles(Holds)
def _holds_in_postgresql(element: Holds, compiler: Any, **options: Any) -> str:
    text, part = (compiler.process(each, **options) for each in element.clauses)
    return f"strpos(lower({text}), lower({part})) > 0"


@compiles(Holds, "sqlite")
def _holds_in_sqlite(element: Holds, compiler: Any, **options: Any) -> str:
    return f"holds({compiler.process(element.clauses, **options)})"


def holds(text: str | None, part: str) -> bool:
    """What SQLite calls for `Holds`."""
    return part.casefold() in (text or "").casefold()


def moment(text: str) -> datetime:
    """A WARC-Date, with or without fractions of a second, as an aware datetime. Raises ValueError."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


schema = sa.MetaData()

captures = sa.Table(
    "captures",
    schema,
    sa.Column("record_id", sa.Text, primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("captured_at", Moment, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("media_type", sa.Text),
    sa.Column("payload_digest", sa.Text, nullable=False),
    sa.Column("payload_sha256", sa.Text, nullable=False),
    sa.Column("payload_length", sa.BigInteger, nullable=False),
    sa.Column("hop_from", sa.Text),
    sa.Column("revisit_of", sa.Text),
    sa.Column("truncated", sa.Text),
    sa.Column("etag", sa.Text),
    sa.Column("last_modified", sa.Text),
    sa.Column("warc", sa.Text, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("length", sa.BigInteger, nullable=False),
    sa.Index("captures_by_url", "url", "captured_at"),
    sa.Index("captures_by_hop", "hop_from"),
)

visits = sa.Table(
    "visits",
    schema,
    sa.Column("visit_id", sa.Text, primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("visited_at", Moment, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("source", sa.Text),
    sa.Column("status", sa.Integer),
    sa.Column("capture", sa.Text),
    sa.Column("article", sa.Text),
    sa.Column("aliases", Json, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("journal", sa.Text),  # the resource record that holds this visit; null until it is written
    sa.Index("visits_by_url", "url", "visited_at"),
    sa.Index("visits_by_source", "source", "visited_at"),
    sa.Index("visits_by_time", "visited_at"),
    sa.Index("visits_by_capture", "capture"),
    sa.Index("visits_by_article", "article"),
    sa.Index("visits_unwritten", "visited_at", sqlite_where=sa.text("journal IS NULL"),
             postgresql_where=sa.text("journal IS NULL")),
)  # fmt: skip

revisions = sa.Table(
    "revisions",
    schema,
    sa.Column("record_id", sa.Text, primary_key=True),
    sa.Column("canonical_url", sa.Text, nullable=False),
    sa.Column("capture", sa.Text, nullable=False),
    sa.Column("captured_at", Moment, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("words", sa.Integer, nullable=False),
    sa.Column("text_file", sa.Text, nullable=False),
    sa.Column("names_file", sa.Boolean, nullable=False),
    sa.Column("copy_of", sa.Text),
    sa.Column("facts_changed", Json, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("headline", sa.Text),
    sa.Column("authors", Json, nullable=False),
    sa.Column("published", sa.Text),
    sa.Column("modified", sa.Text),
    sa.Column("language", sa.Text),
    sa.Column("publisher", sa.Text),
    sa.Column("section", sa.Text),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("access", sa.Text, nullable=False),
    sa.Column("source_link", sa.Text),
    sa.Column("wire_credit", sa.Text),
    sa.Column("image", sa.Text),
    sa.Column("image_caption", sa.Text),
    sa.Column("image_credit", sa.Text),
    sa.Column("reservations", Json, nullable=False, server_default="[]"),
    sa.Column("origins", Json, nullable=False),
    sa.Column("disagreements", Lists, nullable=False, server_default="{}"),
    sa.Column("extractor", Json, nullable=False),
    sa.Column("site_memory", sa.Text),
    sa.Column("warc", sa.Text, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("length", sa.BigInteger, nullable=False),
    sa.Index("revisions_by_article", "canonical_url", "captured_at"),
    sa.Index("revisions_by_text", "sha256"),
    sa.Index("revisions_by_capture", "capture"),
    sa.Index("revisions_by_site", "site", "captured_at"),
    sa.Index("revisions_by_time", "captured_at"),
)

rulings = sa.Table(
    "rulings",
    schema,
    sa.Column("revision", sa.Text, primary_key=True),
    sa.Column("ruled_at", Moment, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("copy_of", sa.Text),
    sa.Column("facts_changed", Json, nullable=False),
    sa.Column("record", sa.Text, nullable=False),  # the resource record that holds it
)

redactions = sa.Table(
    "redactions",
    schema,
    sa.Column("record_id", sa.Text, primary_key=True),
    sa.Column("redacted_at", Moment, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("captured_at", Moment, nullable=False),
    sa.Column("warc", sa.Text, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.Text),
    sa.Column("text_file", sa.Text),
    sa.Column("closed", sa.Boolean, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Index("redactions_by_url", "url"),
    sa.Index("redactions_by_text", "sha256"),
    sa.Index("redactions_by_warc", "warc"),
)

sites = sa.Table(
    "sites",
    schema,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("learned_at", Moment, nullable=False),
    sa.Column("memory", Json, nullable=False),
    sa.Column("record", sa.Text, nullable=False),  # the resource record that holds it
)

texts = sa.Table(
    "texts",
    schema,
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("text_file", sa.Text, nullable=False, unique=True),
    sa.Column("folder", sa.Text, nullable=False),
    sa.Column("ordinal", sa.Integer, nullable=False),
    sa.Column("revision", sa.Text, nullable=False),
    sa.Index("texts_by_folder", "folder", "ordinal"),
)

aliases = sa.Table(
    "aliases",
    schema,
    sa.Column("alias", sa.Text, primary_key=True),
    sa.Column("article", sa.Text, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Index("aliases_by_article", "article"),
)

warcs = sa.Table(
    "warcs",
    schema,
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("length", sa.BigInteger, nullable=False),  # bytes that are acknowledged; readers go no further
    sa.Column("sha256", sa.Text),  # null while the file is open
)
