"""Keeps the news, finds it again and proves it; opens without the crawler.

from archive import open_archive
with open_archive("pressmark-archive") as archive, archive.reading() as reading:
    revision = reading.latest("https://example.org/2026/harbour")
    print(archive.article(revision).text)
"""

from archive.store import Archive, Writer, open_archive, open_writer

__all__ = ["Archive", "Writer", "open_archive", "open_writer"]
