"""From what a person writes to the revision that is meant."""

import re
from collections.abc import Callable, Sequence
from datetime import date

import sqlalchemy as sa

from archive.catalog import Reading
from archive.errors import Ambiguous, NotFound, Redacted
from archive.records import Redaction, Revision
from archive.tables import Holds, revisions

Conditions = Sequence[sa.ColumnElement[bool]]  # over revisions; none: all of them

_PRESSMARK = re.compile(r"(?:\d{3,}_)?([0-9a-f]{6,64})(?:\.txt)?", re.IGNORECASE)
_AT = re.compile(r"(.+)@(\d{1,6}|\d{4}-\d\d-\d\d)")
_SHOWN = 8  # candidates named when an ID is ambiguous


def find(reading: Reading, wanted: str, *, key: Callable[[str], str]) -> Revision:
    """The revision that an ID means.

    wanted: a pressmark, six or more of its hex digits, a record id, or an article's URL (its latest revision); with
    `@3` or `@2026-11-20` behind it an earlier one, by number or as of the end of that day (UTC). key: normalises a URL.
    Raises NotFound, Redacted or Ambiguous.
    """
    at = _AT.fullmatch(wanted)
    if at is None:
        return _find(reading, wanted, key)
    try:
        return _earlier(reading, _find(reading, at[1], key), at[2], wanted)
    except NotFound as missing:
        try:
            return _find(reading, wanted, key)  # a URL may hold an @ of its own
        except NotFound:
            raise missing from None  # it says what there is instead


def _find(reading: Reading, wanted: str, key: Callable[[str], str]) -> Revision:
    if digits := _PRESSMARK.fullmatch(wanted):
        return _one(reading, reading.texts_like(digits[1].lower(), limit=_SHOWN), digits[1].lower(), wanted)
    if wanted.strip("<>").startswith("urn:uuid:"):
        return _by_record(reading, wanted.strip("<>"))
    try:
        article = reading.article_at(key(wanted)) or wanted
    except ValueError:
        article = wanted
    latest = reading.latest(article)
    if latest is None:
        _check_redacted(reading.redactions_of(article), wanted)
        raise NotFound(wanted, "nothing in this archive answers to it; `pressmark list` shows what does")
    return latest


def _check_redacted(gone: Sequence[Redaction], wanted: str) -> None:
    """Raises Redacted when there is anything; the latest word on it counts."""
    if gone:
        last = max(gone, key=lambda each: each.redacted_at)
        raise Redacted(wanted, f"was redacted on {last.redacted_at:%Y-%m-%d}: {last.reason}")


def _one(reading: Reading, found: Sequence[Revision], digits: str, wanted: str) -> Revision:
    if not found:
        _check_redacted(reading.redacted_texts(digits), wanted)
        raise NotFound(
            wanted, "no text in this archive has a hash that begins so; `pressmark list` shows those there are"
        )
    if len(found) > 1:
        raise Ambiguous(wanted, tuple(each.pressmark for each in found))
    return found[0]


def _by_record(reading: Reading, record_id: str) -> Revision:
    found = reading.revision(record_id) or reading.of_capture(record_id)
    if found is None:
        gone = reading.redaction(record_id)
        _check_redacted([gone] if gone else [], record_id)
        raise NotFound(record_id, "no text in this archive was kept under, or understood from, this record")
    return found


def _earlier(reading: Reading, latest: Revision, at: str, wanted: str) -> Revision:
    """By number from 1, or the one that stood at the end of a day."""
    revised = reading.revisions_of(latest.article)
    if at.isdigit():
        if not 1 <= int(at) <= len(revised):
            raise NotFound(wanted, f"its article has {len(revised)} revisions, numbered from 1")
        return revised[int(at) - 1]
    try:
        day = date.fromisoformat(at)
    except ValueError as error:
        raise NotFound(wanted, f"{at} is no day; write it as 2026-11-20") from error
    before = [each for each in revised if each.captured_at.date() <= day]
    if not before:
        raise NotFound(wanted, f"its article was first captured on {revised[0].captured_at:%Y-%m-%d}")
    return before[-1]


def conditions(  # noqa: PLR0913 - one for each word of the vocabulary, by keyword alone
    *,
    site: str | None = None,
    author: str | None = None,
    language: str | None = None,
    kind: str | None = None,
    since: date | None = None,
    until: date | None = None,
    captured_since: date | None = None,
    captured_until: date | None = None,
    sites: Sequence[str] | None = None,
) -> list[sa.ColumnElement[bool]]:
    """The filters of list, search and export as conditions over revisions.

    since, until: the day it was published, else captured, both included. site: the host or any host under it. sites:
    one of these hosts. language: "en" means "en-GB" too. author: any part of a name, in any case. Of a date that is
    only a month or a year every day counts.
    """
    columns = revisions.c
    captured = sa.func.substr(sa.cast(columns.captured_at, sa.Text), 1, 10)
    # "2026-11" sorts before all its days, "2026-11-99" behind them.
    filled = columns.published + sa.func.substr("9999-99-99", sa.func.length(columns.published) + 1)
    first_day = sa.func.coalesce(sa.func.substr(columns.published, 1, 10), captured)
    last_day = sa.func.coalesce(sa.func.substr(filled, 1, 10), captured)
    wanted: list[tuple[object, Callable[[], sa.ColumnElement[bool]]]] = [
        (site, lambda: (columns.site == site) | columns.site.endswith(f".{site}", autoescape=True)),
        # As text: a Json column would take the pattern for a JSON string, quotes and all.
        (author, lambda: Holds(sa.cast(columns.authors, sa.Text), author)),
        (
            language,
            lambda: (columns.language == language) | columns.language.startswith(f"{language}-", autoescape=True),
        ),
        (kind, lambda: columns.kind == kind),
        (since, lambda: last_day >= str(since)),
        (until, lambda: first_day <= str(until)),
        (captured_since, lambda: captured >= str(captured_since)),
        (captured_until, lambda: captured <= str(captured_until)),
        (sites, lambda: columns.site.in_(list(sites or ()))),
    ]
    return [condition() for value, condition in wanted if value is not None]
