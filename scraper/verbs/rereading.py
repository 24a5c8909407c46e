"""`pressmark rebuild --reextract`: what today's extractor would make of what was kept; with --accept, the making."""

import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from archive import Archive, Writer
from archive.reextract import Change, Reread, accept, reextract, settle_copies
from scraper.config import Config, secrets_of
from scraper.edge import new_workers, reader, writer
from scraper.flags import FilterFlags, Flags
from scraper.output import DONE, FAILED, Output, safe
from scraper.reread import read_again
from scraper.secrets import Secrets
from scraper.verbs.fetch import settings
from scraper.verbs.filters import conditions

_WORDS = {"text": "texts read otherwise", "facts": "facts alone do", "merged": "read as the revision before",
          "verdict": "are another kind of revision", "unread": "give no article and stay"}  # fmt: skip


@dataclass(slots=True)
class _Tally:
    """What was counted, by site."""

    read: Counter[str] = field(default_factory=Counter)
    changed: dict[str, Counter[str]] = field(default_factory=dict)
    accepted: int = 0  # revisions of which a change was made
    overtaken: list[str] = field(default_factory=list)  # articles that another process has changed meanwhile

    def add(self, reread: Reread) -> None:
        for revision in reread.standing:
            self.read[revision.facts.site] += 1
        for change in reread.changes:
            self._count(change.revision.facts.site, _kind(change))
        for revision, _ in reread.unread:
            self._count(revision.facts.site, "unread")

    def _count(self, name: str, kind: str) -> None:
        self.changed.setdefault(name, Counter())[kind] += 1

    def total(self) -> Counter[str]:
        return sum(self.changed.values(), Counter())


def propose(flags: Flags, filters: FilterFlags) -> int:
    """Each text and fact that would change, and how many in all; nothing is written."""
    config, output, tally = settings(flags), flags.output, _Tally()
    with reader(config) as archive:
        for reread in _rereads(config, archive, filters):
            tally.add(reread)
            _tell(archive, reread, output)
    _tell_totals(tally, output)
    if sum(tally.total().values()) > tally.total()["unread"]:
        output.say("nothing was written; the same with --accept makes the changes")
    return DONE


def take(flags: Flags, filters: FilterFlags) -> int:
    """As `propose`, and each change is made; it can be interrupted, and run again it goes on."""
    config, output, tally = settings(flags), flags.output, _Tally()
    with writer(config, wait=flags.patience) as archive:
        for reread in _rereads(config, archive, filters):
            tally.add(reread)
            _tell(archive, reread, output)
            if not reread.changes:
                continue
            if accept(archive, reread, now=datetime.now(UTC)):
                tally.accepted += len(reread.changes)
            else:
                tally.overtaken.append(reread.standing[0].article)
        settle_copies(archive, now=datetime.now(UTC))
    _tell_totals(tally, output)
    for article in tally.overtaken:
        output.say(f"{safe(article)}: got another revision meanwhile and was left as it is; run it again")
    return FAILED if tally.overtaken else DONE


def _rereads(config: Config, archive: Archive | Writer, filters: FilterFlags) -> Iterator[Reread]:
    secrets = Secrets(secrets_of(config))
    clean = partial(read_again, workers=new_workers(config), at_once=2 * config.extract.workers, secrets=secrets)
    return reextract(archive, conditions(config, filters), clean=clean)


def _kind(change: Change) -> str:
    if change.verdict == "superseded":
        return "merged"
    if change.is_of_text:
        return "text"
    return "facts" if change.facts else "verdict"


def _tell(archive: Archive, reread: Reread, output: Output) -> None:
    for change in reread.changes:
        _tell_change(archive, change, output)
    for revision, unread in reread.unread:
        said = {"pressmark": revision.pressmark, "url": revision.article, "reason": unread.reason}
        output.object({"change": "unread", **said, "message": unread.message})
        output.line(f"unread   {revision.pressmark}  {safe(revision.article)}  {unread.reason}")


def _tell_change(archive: Archive, change: Change, output: Output) -> None:
    revision = change.revision
    diff = _diff(archive.text(revision).decode(), change.now.text, revision.pressmark) if change.now else []
    words = change.now.words if change.now else revision.words
    facts = {name: [getattr(revision.facts, name), getattr(change.now, name)] for name in change.facts}
    output.object(
        {
            "change": _kind(change),
            "pressmark": revision.pressmark,
            "record_id": revision.record_id,
            "url": revision.article,
            "site": revision.facts.site,
            "verdict": [revision.verdict, change.verdict],
            "words": [revision.words, words],
            "facts": facts,
            "diff": diff,
        }
    )
    counted = f"  {revision.words} → {words} words" if change.is_of_text else ""
    output.line(f"{_kind(change):<8} {revision.pressmark}  {safe(revision.article)}{counted}")
    for name, (before, now) in facts.items():
        output.line(f"    {name}: {safe(str(before))} → {safe(str(now))}")
    for line in diff:
        output.line(f"    {safe(line)}")


def _diff(before: str, now: str, name: str) -> list[str]:
    """What differs, by paragraphs, each on a line of its own."""
    kept, today = (text.removesuffix("\n").split("\n\n") for text in (before, now))
    return list(difflib.unified_diff(kept, today, f"{name} as kept", "as read today", n=1, lineterm=""))


def _tell_totals(tally: _Tally, output: Output) -> None:
    total = tally.total()
    sites = {name: {"read": tally.read[name], **tally.changed.get(name, {})} for name in sorted(tally.read)}
    said = {kind: total[kind] for kind in _WORDS}
    output.object({"read": tally.read.total(), **said, "accepted": tally.accepted, "sites": sites})
    for name in sorted(tally.changed):
        output.line(f"{safe(name):<32}  of {tally.read[name]} revisions {_told(tally.changed[name])}")
    output.line(f"{'in all':<32}  of {tally.read.total()} revisions {_told(total)}; {tally.accepted} changed")


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[kind]} {words}" for kind, words in _WORDS.items() if counts[kind]) or "none would change"
