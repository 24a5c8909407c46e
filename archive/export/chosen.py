"""What an export holds: the texts that meet the filters, in one order, and the captures they rest on.

The order is that of `captured_at`, then of the place of the record: the same every time, and what is kept later comes
later.
"""

from collections.abc import Iterator

from archive.catalog import Reading
from archive.finding import Conditions
from archive.records import Capture, Revision


def captures(reading: Reading, conditions: Conditions) -> Iterator[Capture]:
    """Without conditions every capture; else those that the chosen texts rest on, some of them more than once."""
    if not conditions:
        yield from reading.all_captures()
        return
    for revision in reading.revisions_in_order(conditions):
        yield from rests_on(reading, revision)


def rests_on(reading: Reading, revision: Revision) -> Iterator[Capture]:
    """The captures that show where a text came from: the redirects that led there, its page, originals of revisits.

    Of a page that is not whole also the whole one that replays in its place. Nothing when its capture is not there.
    """
    page = reading.capture(revision.capture)
    if page is None:
        return
    for capture in (*reading.hops_to(page), page):
        yield from _with_original(reading, capture)
        if capture.truncated and (whole := reading.latest_whole(capture.url)):
            yield from _with_original(reading, whole)


def _with_original(reading: Reading, capture: Capture) -> Iterator[Capture]:
    if capture.revisit_of and (original := reading.capture(capture.revisit_of)):
        yield original
    yield capture


def can_replay(reading: Reading, capture: Capture) -> bool:
    """Whether a replay tool can show it, and should.

    Not a revisit whose original is not there, nor a torn page where there is a whole one: clients wait for the bytes
    that its Content-Length promises.
    """
    if capture.revisit_of:
        return reading.capture(capture.revisit_of) is not None
    return not capture.truncated or reading.latest_whole(capture.url) is None
