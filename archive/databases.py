"""Opening the database that holds a catalog: SQLite or PostgreSQL, made or migrated when it may be written."""

import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from archive.catalog import Catalog, name_of
from archive.errors import ArchiveError, NewerFormat, NotAnArchive, ReadOnly, WriteFailed
from archive.tables import schema

SCHEMA_VERSION = "0002"  # the newest migration; tests/contracts/test_catalog.py holds the two together


def open_sqlite(path: Path, *, write: bool) -> Catalog:
    """The catalog in a SQLite file: WAL, every commit synced.

    For reading alone no row and no page is changed; SQLite may make its (empty) -wal and -shm beside it.
    Raises NotAnArchive, NewerFormat, ReadOnly, WriteFailed.
    """
    engine = sa.create_engine(_sqlite_url(path, write=write), connect_args={"timeout": 30})

    @sa.event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun by us: BEGIN IMMEDIATE, or none at all
        if write:
            _use_wal(connection)
            connection.execute("PRAGMA synchronous=FULL")

    return _ready(engine, write=write)


def _use_wal(connection: Any) -> None:
    """Let others read while one writes. Of a file just made the change ignores the time-out, so we wait ourselves."""
    for attempt in range(100):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except connection.OperationalError as error:
            if "locked" not in str(error) or attempt == 99:
                raise
            time.sleep(0.05)


def _sqlite_url(path: Path, *, write: bool) -> sa.URL:
    # Quoted from its bytes: a path may hold ?, # and %, and need not be UTF-8.
    file = f"file:{quote(os.fsencode(path))}"
    mode = {"mode": "rwc"} if write else _reading_mode(path)
    return sa.URL.create("sqlite", database=file, query={**mode, "uri": "true"})


def _reading_mode(path: Path) -> dict[str, str]:
    """immutable only where nobody can write: beside a living writer a checkpoint would be misread."""
    if not os.statvfs(path.parent).f_flag & os.ST_RDONLY:
        return {"mode": "ro"}
    wal = path.with_name(path.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        why = "a write-ahead log lies beside it that cannot be read on a read-only medium"
        raise ReadOnly(path, f"{why}; open it once where it can be written")
    return {"immutable": "1"}


def open_url(url: str, *, write: bool) -> Catalog:
    """The catalog in the database that a SQLAlchemy URL names: postgresql+psycopg://… Raises as `open_sqlite`."""
    # A daemon outlives a restart of its database: a connection is asked whether it lives before it is used.
    try:
        engine = sa.create_engine(url, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise NotAnArchive("catalog", "PostgreSQL needs psycopg: pip install 'pressmark[postgres]'") from error
    return _ready(engine, write=write)


def _ready(engine: sa.Engine, *, write: bool) -> Catalog:
    """The catalog, once its schema is the one this code knows: made, or migrated, when it may be written."""
    try:
        _settle_schema(engine, write=write)
    except sa.exc.DatabaseError as error:
        engine.dispose()
        raise _unusable(engine, error) from error
    except BaseException:
        engine.dispose()
        raise
    return Catalog(engine)


def _unusable(engine: sa.Engine, error: sa.exc.DatabaseError) -> ArchiveError:
    """A database out of reach is not a broken one: only of the latter it is said that it can be made anew."""
    if getattr(error.orig, "sqlite_errorname", "").startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        why = f"the catalog cannot be opened ({error.orig}); is the disk full? What was kept before is untouched"
        return WriteFailed(name_of(engine), why)
    if isinstance(error, sa.exc.OperationalError):
        return NotAnArchive(name_of(engine), f"the catalog cannot be opened ({error.orig}); mend that and run it again")
    why = f"the catalog cannot be read ({error.orig}); `pressmark rebuild` makes it anew"
    return NotAnArchive(name_of(engine), why)


def _settle_schema(engine: sa.Engine, *, write: bool) -> None:
    version = _version(engine)
    if version is None and not write:
        raise NotAnArchive(name_of(engine), "has no catalog yet; `pressmark fetch URL` makes one")
    if version is None:
        _create(engine)
    elif version > SCHEMA_VERSION:
        why = f"its catalog has schema {version}, this pressmark knows {SCHEMA_VERSION}; upgrade pressmark"
        raise NewerFormat(name_of(engine), why)
    elif version < SCHEMA_VERSION:
        _migrate(engine, write=write)


def _version(engine: sa.Engine) -> str | None:
    """The migration that the database stands at; None when it holds no catalog."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _create(engine: sa.Engine) -> None:
    """The tables at the newest version, without importing alembic: a one-shot fetch starts twice as fast."""
    with Catalog(engine).writing() as writing:
        connection = writing._sql
        if sa.inspect(connection).has_table("alembic_version"):
            return  # another process was faster
        schema.create_all(connection)
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        connection.execute(sa.text("INSERT INTO alembic_version VALUES (:version)"), {"version": SCHEMA_VERSION})


def _migrate(engine: sa.Engine, *, write: bool) -> None:
    if not write:
        raise ReadOnly(
            name_of(engine),
            "its catalog has an older schema; a writing command, such as `pressmark fetch`, migrates it",
        )
    from archive.migrations import upgrade  # noqa: PLC0415 - alembic takes long to import and is only for this

    upgrade(engine)
