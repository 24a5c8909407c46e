"""Changes of the catalog's schema, numbered. alembic is imported here alone, and only to migrate."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from archive.catalog import Catalog


def settings() -> Config:
    """alembic's settings, without a file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def upgrade(engine: Engine) -> None:
    """Bring the catalog to the newest schema, in one transaction; of two processes at it, the second finds it done."""
    with Catalog(engine).writing() as writing:
        config = settings()
        config.attributes["connection"] = writing._sql
        command.upgrade(config, "head")
