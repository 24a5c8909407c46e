"""What every test may ask for."""

from collections.abc import Iterator

import pytest

from scraper.demo import Press


@pytest.fixture
def press() -> Iterator[Press]:
    """The sample newspaper, running on loopback in its first edition."""
    with Press() as running:
        yield running
