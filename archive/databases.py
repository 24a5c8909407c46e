"""Opening the database that holds a catalog: SQLite or PostgreSQL, made or migrated when it may be written."""

import os
import secrets
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import sqlalchemy as sa

from archive import disk
from archive.catalog import Catalog, name_of
from archive.errors import ArchiveError, NewerFormat, NoCatalog, NotAnArchive, ReadOnly, WriteFailed
from archive.tables import holds, schema

SCHEMA_VERSION = "0005"  # the newest migration; tests/contracts/test_catalog.py holds the two together
REBUILD = "`pressmark rebuild` makes it anew from the WARC files"
_MAGIC = b"SQLite format 3\0"
_MARK_AT = 60  # bytes from the start of a SQLite file: where `PRAGMA user_version` lies, four bytes, big-endian


# A server may be set to acknowledge what is not on its medium. A stronger setting than ours is left alone.
_WAIT_FOR_THE_MEDIUM = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)


def open_sqlite(path: Path, *, write: bool) -> Catalog:
    """The catalog in a SQLite file: WAL, every commit synced.

    For reading alone no row and no page is changed; SQLite may make its (empty) -wal and -shm beside it.
    A new file is whole, with its tables and its mark, before it has its name.
    Raises NotAnArchive, NewerFormat, ReadOnly, WriteFailed.
    """
    if write and not path.exists():
        _make_file(path)
    engine = sa.create_engine(_sqlite_url(path, write=write), connect_args={"timeout": 30})

    @sa.event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun by us: BEGIN IMMEDIATE, or none at all
        if write:
            _use_wal(connection)
            connection.execute("PRAGMA synchronous=FULL")

    return _ready(engine, write=write)


def _make_file(path: Path) -> None:
    """A catalog without rows. Its first bytes are never in a -wal alone, so that `mark_in` can rely on the file."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    engine = sa.create_engine(_sqlite_url(draft, write=True))
    try:
        _create(engine)
        with engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA user_version = {mark_of(draft)}")
        engine.dispose()
        with suppress(FileExistsError):  # another process was faster
            os.link(draft, path)
        disk.sync_folder(path.parent)
    except sa.exc.DatabaseError as error:
        raise _unusable(engine, error) from error
    except OSError as error:
        raise disk.refused(path, error) from error
    finally:
        engine.dispose()
        draft.unlink(missing_ok=True)


def mark_of(path: Path) -> int:
    """What a catalog file in this very place is marked with: a number from 1 that a copy of it has not.

    Made of the numbers that the file system gave to file and folder: moved together they keep them, copied they do not.
    """
    place = f"{path.parent.stat().st_ino}/{path.stat().st_ino}"
    return zlib.crc32(place.encode()) & 0x7FFFFFFF or 1


def mark_in(path: Path) -> int | None:
    """The mark that a catalog file bears, 0 when it was made before there were marks; None when it is no database.

    Read from the file alone: beside a copy may lie a -wal of another moment, which SQLite would believe.
    """
    with path.open("rb") as file:
        head = file.read(100)
    if len(head) < 100 or not head.startswith(_MAGIC):
        return None
    return int.from_bytes(head[_MARK_AT : _MARK_AT + 4], "big")


def put_mark(path: Path) -> bool:
    """Mark the file as made where it lies; False when a reader keeps the mark from reaching the file.

    Only for who holds the archive alone. Raises as `open_sqlite`.
    """
    _ask(path, f"PRAGMA user_version = {mark_of(path)}", "PRAGMA wal_checkpoint(TRUNCATE)", write=True)
    return mark_in(path) == mark_of(path)


def is_sound(path: Path) -> bool:
    """Whether SQLite finds the file's pages to fit each other; of a file copied while it was written they may not."""
    try:
        return _ask(path, "PRAGMA quick_check(1)", write=False) == "ok"
    except ArchiveError:
        return False


def settle_log(path: Path) -> bool:
    """Write a SQLite file's -wal into it; whether nothing is left in the -wal now.

    Only for who holds the archive alone.
    """
    try:
        _ask(path, "PRAGMA wal_checkpoint(TRUNCATE)", write=True)
    except ArchiveError:
        return False
    log = path.with_name(path.name + "-wal")
    return not log.exists() or not log.stat().st_size


def _ask(path: Path, *pragmas: str, write: bool) -> object:
    """Open the file for these pragmas alone; what the last one answers.  Raises as `open_sqlite`."""
    opened = open_sqlite(path, write=write)
    try:
        with opened._engine.connect() as connection:
            for pragma in pragmas:
                answer = connection.exec_driver_sql(pragma)
            return answer.scalar() if answer.returns_rows else None
    except sa.exc.DatabaseError as error:
        raise _unusable(opened._engine, error) from error
    finally:
        opened.close()


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


def open_url(url: str, *, write: bool, make: bool = True) -> Catalog:
    """The catalog in the database that a SQLAlchemy URL names: postgresql+psycopg://…

    make: whether an empty database may become one. Raises as `open_sqlite`, and NoCatalog.
    """
    # A daemon outlives a restart of its database: a connection is asked whether it lives before it is used.
    try:
        engine = sa.create_engine(url, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise NotAnArchive("catalog", "PostgreSQL needs psycopg: pip install 'pressmark[postgres]'") from error

    @sa.event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: object) -> None:
        connection.execute(_WAIT_FOR_THE_MEDIUM)
        connection.commit()

    return _ready(engine, write=write, make=make)


def open_again(url: str) -> Catalog:
    """The catalog that another process has open, for reading. url: `Catalog.url` there. Raises as `open_sqlite`."""
    said = sa.make_url(url)
    if said.drivername != "sqlite":
        return open_url(url, write=False, make=False)
    return open_sqlite(Path(os.fsdecode(unquote_to_bytes((said.database or "").removeprefix("file:")))), write=False)


def _ready(engine: sa.Engine, *, write: bool, make: bool = True) -> Catalog:
    """The catalog, once its schema is the one this code knows: made, or migrated, when it may be written."""
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _teach)
    try:
        _settle_schema(engine, write=write, make=make)
    except sa.exc.DatabaseError as error:
        engine.dispose()
        raise _unusable(engine, error) from error
    except BaseException:
        engine.dispose()
        raise
    return Catalog(engine)


def _teach(connection: Any, _record: object) -> None:
    connection.create_function("holds", 2, holds, deterministic=True)


def _unusable(engine: sa.Engine, error: sa.exc.DatabaseError) -> ArchiveError:
    """A database out of reach is not a broken one: only of the latter it is said that it can be made anew."""
    if getattr(error.orig, "sqlite_errorname", "").startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        why = f"the catalog cannot be opened ({error.orig}); is the disk full? What was kept before is untouched"
        return WriteFailed(name_of(engine), why)
    if isinstance(error, sa.exc.OperationalError):
        return NotAnArchive(name_of(engine), f"the catalog cannot be opened ({error.orig}); mend that and run it again")
    why = f"the catalog cannot be read ({error.orig}); `pressmark rebuild` makes it anew"
    return NotAnArchive(name_of(engine), why)


def _settle_schema(engine: sa.Engine, *, write: bool, make: bool) -> None:
    version = _version(engine)
    if version is None and not make:
        raise NoCatalog(name_of(engine), f"holds no catalog of this archive yet; {REBUILD}")
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
