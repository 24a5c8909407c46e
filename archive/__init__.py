"""Keeps the news, finds it again and proves it; opens without the crawler.

from archive import open_archive
with open_archive("pressmark-archive") as archive, archive.reading() as reading:
    revision = reading.latest("https://example.org/2026/harbour")
    print(archive.article(revision).text)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archive.reader import Archive
    from archive.store import open_archive, open_writer
    from archive.writer import Writer

__all__ = ["Archive", "Writer", "open_archive", "open_writer"]


def __getattr__(name: str) -> Any:
    """The names above, when they are first asked for: SQLAlchemy takes a fifth of a second, `--help` must not."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from archive import store  # noqa: PLC0415 - see above

    return getattr(store, name)
