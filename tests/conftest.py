"""What every test may ask for."""

from collections.abc import Iterator

import pytest

from scraper.demo import Press


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Gzip bytes hold the time they were made at, and a test's name is the same in each of pytest's processes."""
    return "gzip" if isinstance(val, bytes) and val.startswith(b"\x1f\x8b") else None


@pytest.fixture
def press() -> Iterator[Press]:
    """The sample newspaper, running on loopback in its first edition."""
    with Press() as running:
        yield running
