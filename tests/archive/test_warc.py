"""WARC files: when one is closed, and what a disk that refuses leaves of it."""

import hashlib
import json
import os
import resource

import pytest

from archive import open_writer
from archive.errors import WriteFailed
from tests.archive.pages import damages, keep, page


def test_a_closed_warc_file_has_its_manifest_and_is_read_only(archive):
    [capture] = archive.append(page())
    open_name = archive.warc_path(capture.warc)
    archive.close_warc()
    path = archive.root / capture.warc
    manifest = json.loads(path.with_name(path.name + ".manifest.json").read_text())
    assert (open_name.suffix, path.stat().st_mode & 0o222) == (".open", 0)
    assert manifest["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (manifest["bytes"], manifest["records"]) == (path.stat().st_size, 4)


def test_a_warc_file_is_closed_when_it_is_large_enough(tmp_path):
    with open_writer(tmp_path / "a", warc_size=1000) as archive:
        [first] = archive.append(page(os.urandom(2000)))
        [second] = archive.append(page(os.urandom(2000)))
    assert first.warc != second.warc


def test_a_full_disk_takes_nothing_that_was_kept_and_the_next_page_can_be_kept(tmp_path, monkeypatch):
    with open_writer(tmp_path / "a") as archive:
        kept = keep(archive)
        size = archive.warc_path(kept.warc).stat().st_size
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 500, limits[1]))
        try:
            with pytest.raises(WriteFailed, match="too large"):
                archive.append(page(os.urandom(5000), url="https://big.example/"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert archive.warc_path(kept.warc).stat().st_size == size
        archive.append(page(b"small", url="https://small.example/"))
    assert damages(tmp_path / "a") == []
