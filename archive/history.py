"""An article's history, by the dates of its captures: which of them is a revision, and of what kind.

Pure: the same captures give the same history, in whatever order they came into the archive.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from archive.records import Article, Capture, Facts, Revision

# Names of the facts that differ between a telling and the one before; None when other extractors cleaned the two.
Compare = Callable[[Facts, Facts], tuple[str, ...] | None]
# What today's extractor makes of a capture; None when it makes nothing of it.
Readings = Mapping[str, Article | None]
_NOTHING = ""  # no record id: what follows it was never measured
Kind = Literal["new", "revised", "facts"]  # a copy is new or revised, and somebody told it first


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What one capture says of its article."""

    capture: Capture
    sha256: str  # of the text
    facts: Facts
    revision: Revision | None = None  # the conversion record that holds it; None: it was unchanged, or has just come
    follows: str | None = None  # record id of the capture that it was measured against
    article: Article | None = None  # of one that has just come, or was read again

    @property
    def stands(self) -> bool:
        """Whether it was a revision of its article so far."""
        return self.revision is not None and self.revision.verdict != "superseded"

    @property
    def at(self) -> tuple[datetime, str, str, str]:
        """Its place in the history."""
        return _place(self.capture)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a telling is: a revision of some kind, or, without one, the same as what stood before."""

    telling: Telling
    kind: Kind | None
    facts_changed: tuple[str, ...] = ()


def tellings_of(
    revisions: Collection[Revision], unchanged: Collection[str], captures: Mapping[str, Capture], late: Collection[str]
) -> list[Telling]:
    """What is known of an article, in order.

    revisions: its conversions, superseded ones too. unchanged: record ids of the captures that said what stood before.
    captures: all of them by their record id; one that is not there any more is passed over.
    late: captures whose text a dead writer kept without a word on what follows it: they are measured again.
    """
    by_capture: dict[str, Revision] = {}
    for kept in sorted(revisions, key=lambda each: (each.verdict != "superseded", each.warc, each.offset)):
        by_capture[kept.capture] = kept
    ids = {*by_capture, *unchanged} & captures.keys()
    places = sorted((_place(captures[each]), each) for each in ids)
    known: list[Telling] = []
    before: Telling | None = None
    for _, each in places:
        revision = by_capture.get(each)
        source = revision or (before.revision if before else None)
        if source is None:
            continue  # it was the same as a revision that was redacted since
        telling = Telling(
            capture=captures[each],
            sha256=source.sha256,
            facts=source.facts,
            revision=revision,
            follows=_NOTHING if each in late else before.capture.record_id if before else None,
        )
        known.append(telling)
        before = telling if telling.stands and each not in late else before
    return known


def _place(capture: Capture) -> tuple[datetime, str, str, str]:
    """Of captures of one moment URL and payload decide, not who came first."""
    return capture.captured_at, capture.url, capture.payload_sha256, capture.record_id


def judge(
    known: Sequence[Telling], arrived: Sequence[Telling], compare: Compare, readings: Readings
) -> tuple[list[Judged], set[str]]:
    """What each telling is, in order; and which captures must be read again before that can be said.

    Whatever follows the same telling as before is what it was: it is not measured again.
    """
    needed: set[str] = set()
    judged: list[Judged] = []
    before: Telling | None = None
    new = {telling.capture.record_id for telling in arrived}
    for telling in sorted((*known, *arrived), key=lambda each: each.at):
        follows = before.capture.record_id if before else None
        if telling.capture.record_id not in new and telling.follows == follows:
            each = _as_it_was(telling)
        else:
            each = _measured(telling, before, compare, readings, needed)
        judged.append(each)
        before = each.telling if each.kind else before
    return judged, needed


def _as_it_was(telling: Telling) -> Judged:
    revision = telling.revision
    if revision is None or not telling.stands:
        return Judged(telling=telling, kind=None)
    kind: Kind = "revised" if revision.verdict == "revised" else "facts" if revision.verdict == "facts" else "new"
    return Judged(telling=telling, kind=kind, facts_changed=revision.facts_changed)


def _measured(
    telling: Telling, before: Telling | None, compare: Compare, readings: Readings, needed: set[str]
) -> Judged:
    """The telling, measured against the one that now stands before it."""
    judged = _against(telling, before, compare, readings, needed)
    if judged.kind is None or telling.revision or telling.article:
        return judged
    # It was unchanged, so its text is nowhere but in its page.
    if telling.capture.record_id not in readings:
        needed.add(telling.capture.record_id)
        return judged
    article = readings[telling.capture.record_id]
    if article is None:
        return Judged(telling=telling, kind=None)
    read = Telling(
        capture=telling.capture,
        sha256=article.sha256,
        facts=article,
        follows=telling.follows,
        article=article,
    )
    return _against(read, before, compare, readings, needed)


def _against(
    telling: Telling, before: Telling | None, compare: Compare, readings: Readings, needed: set[str]
) -> Judged:
    if before is None:
        return Judged(telling=telling, kind="new")
    changed = compare(telling.facts, before.facts)
    same_text = telling.sha256 == before.sha256
    if changed is None:
        ids = {telling.capture.record_id, before.capture.record_id}
        needed |= ids - readings.keys()
        now, then = (readings.get(each.capture.record_id) for each in (telling, before))
        if now is not None and then is not None:
            changed, same_text = compare(now, then), now.sha256 == then.sha256
    if not same_text:
        return Judged(telling=telling, kind="revised", facts_changed=changed or ())
    return Judged(telling=telling, kind="facts" if changed else None, facts_changed=changed or ())
