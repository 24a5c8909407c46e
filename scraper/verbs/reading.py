"""`pressmark list`, `show`, `status`, `sources`: what is in the archive."""

import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archive import Archive
from archive.finding import find
from archive.records import Revision, Site, Visit
from scraper.config import Config, watched
from scraper.edge import reader, thinking
from scraper.errors import ConfigError, ExtractError, FetchError, NotAnArticle
from scraper.flags import FilterFlags, Flags
from scraper.frontier import counts_in, traps_in
from scraper.output import DONE, Output, safe
from scraper.sources import Source
from scraper.traps import Trap, is_of_trap, told_by, words
from scraper.urls import key
from scraper.verbs.fetch import settings
from scraper.verbs.filters import conditions
from scraper.verbs.formats import check_format, markdown_of_response, with_links
from scraper.verbs.memory import page_of

_VISITS = 20  # of one source that are looked at, to see since when it is in a trap


def list_texts(flags: Flags, filters: FilterFlags, *, limit: int) -> int:
    """A line for each revision that meets the filters, newest capture first."""
    config, output = settings(flags), flags.output
    with reader(config) as archive, archive.reading() as reading:
        found = 0
        for revision in reading.revisions_where(conditions(config, filters), limit=limit or None):
            found += 1
            output.object(_revision_object(revision))
            day = (revision.facts.published or f"{revision.captured_at:%Y-%m-%d}")[:10]
            headline = safe(revision.facts.headline or "(no headline)")
            output.line(f"{revision.pressmark}  {day}  {safe(revision.facts.site):<24}  {headline}")
    if not found:
        output.say("nothing in this archive meets these filters")
    return DONE


def show(flags: Flags, wanted: str, *, name: str, warc: bool, to: Path | None) -> int:
    """The text that an ID means, in the format of that name; or its own records as a WARC file."""
    check_format(name)
    config, output = settings(flags), flags.output
    with reader(config) as archive, archive.reading() as reading:
        revision = find(reading, wanted, key=key)
        if warc:
            return _snapshot(archive, revision, output, to)
        text = archive.text(revision).decode()
        source = page_of(archive, reading, revision) if name == "md" else None
    said = {**_revision_object(revision), "text": text}
    if name == "md":
        written = _as_markdown(config, output, revision, text, source)
        said["markdown"] = written
    output.object(said)
    output.text(written if name == "md" else text)
    output.say(_provenance(revision))
    return DONE


def _as_markdown(
    config: Config, output: Output, revision: Revision, text: str, source: tuple[bytes, bytes, Site | None] | None
) -> str:
    """The kept text as Markdown."""
    read = None
    if source is not None:
        with suppress(NotAnArticle, ExtractError, FetchError), thinking(config) as think:
            read = think(markdown_of_response, *source, revision.facts.url)
    return with_links(output, text, revision.facts, read)


def _snapshot(archive: Archive, revision: Revision, output: Output, to: Path | None) -> int:
    if to == Path("-"):
        if sys.stdout.isatty():
            raise ConfigError("-o -", "a WARC file is nothing for a terminal; name a file, or send it into a pipe")
        for member in archive.snapshot(revision):
            sys.stdout.buffer.write(member)
        return DONE
    path = to or Path(f"{revision.pressmark}.warc.gz")
    members = list(archive.snapshot(revision))  # all of them are read before a file is made
    try:
        with path.open("xb") as file:
            file.writelines(members)
    except OSError as error:
        raise ConfigError(str(path), f"cannot be written ({error.strerror}); name another file with -o") from error
    output.object({"pressmark": revision.pressmark, "file": str(path), "bytes": path.stat().st_size})
    output.line(str(path))
    return DONE


def _provenance(revision: Revision) -> str:
    facts = revision.facts
    by = ", ".join((*facts.authors, facts.wire_credit) if facts.wire_credit else facts.authors)
    told = [by, facts.published, facts.site, facts.language, f"{revision.words} words"]
    line = safe(" · ".join(each for each in told if each))
    lines = [
        line,
        *([f"reserved: {safe(', '.join(facts.reservations))}"] if facts.reservations else []),
        f"{revision.text_file} · {revision.warc} @{revision.offset}",
        f"sha256 {revision.sha256}",
    ]
    return "\n".join(f"── {each}" for each in lines)


def _revision_object(revision: Revision) -> dict[str, Any]:
    said = asdict(revision)
    facts = said.pop("facts")
    captured = revision.captured_at.isoformat().replace("+00:00", "Z")
    return {"pressmark": revision.pressmark, **said, **facts, "captured_at": captured}


def status(flags: Flags, *, watch: bool) -> int:
    """How much the archive holds, and what the last day brought; with watch every two seconds until interrupted."""
    config = settings(flags)
    while True:
        with reader(config) as archive:
            _status(archive, config, flags.output)
        if not watch:
            return DONE
        try:
            time.sleep(2)
        except KeyboardInterrupt:
            return DONE


def _status(archive: Archive, config: Config, output: Output) -> None:
    now = datetime.now(UTC)
    with archive.reading() as reading:
        counts, known = reading.counts(), len(reading.sites())
        bytes_kept = sum(length for length, _ in reading.warc_files().values())
        day = reading.outcomes(since=now - timedelta(days=1))
    frontier = counts_in(archive.root / "frontier.sqlite", now=now)
    trapped = traps_in(archive.root / "frontier.sqlite")
    by_outcome: dict[str, int] = {}
    for (role, outcome), count in day.items():
        if role == "article":
            by_outcome[outcome] = by_outcome.get(outcome, 0) + count
    output.object(
        {
            "archive": str(config.archive.dir),
            **counts,
            "known_sites": known,
            "warc_bytes": bytes_kept,
            "last_day": by_outcome,
            "traps": len(trapped),
            "frontier": frontier,
        }
    )
    output.line(f"archive    {config.archive.dir}")
    output.line(f"articles   {counts['articles']}, in {counts['revisions']} revisions and {counts['texts']} texts")
    output.line(f"captures   {counts['captures']}, in {counts['warcs']} WARC files of {bytes_kept / 1e6:.1f} MB")
    if known:
        output.line(f"known      {known} sites, in {counts['sites']} states of what was learned of them")
    if counts["redactions"]:
        output.line(f"redacted   {counts['redactions']} records")
    output.line(
        "last day   " + (" · ".join(f"{count} {name}" for name, count in sorted(by_outcome.items())) or "no visit")
    )
    for url, trap in trapped.items():
        output.line(f"trap       {safe(url)}: {words(trap).removeprefix('trap: ')}")
    output.line(
        "frontier   " + " · ".join(f"{count} {name}" for name, count in frontier.items())
        if frontier
        else "frontier   none"
    )


def sources(flags: Flags) -> int:
    """A line for each source that is watched: what its last poll brought, and which trap it is in."""
    config, output = settings(flags), flags.output
    told = _health_of_all(config)
    for source, visit, trap in told:
        last = f"{visit.visited_at:%Y-%m-%d %H:%M}  {visit.outcome}" if visit else "never polled"
        seen = (
            {"last_visit": visit.visited_at.isoformat(), "outcome": visit.outcome, "reason": visit.reason}
            if visit
            else {}
        )
        networks = [str(network) for network in source.allow_private]
        output.object({**asdict(source), "allow_private": networks, **seen, **_health_object(visit, trap)})
        output.line(f"{source.kind:<12}  {safe(source.name):<28}  {last:<28}  {safe(source.url)}")
        if trap:
            output.line(f"{'':<14}{words(trap)}")
    if not told:
        output.say(
            f"{config.where('sources', 'on')}: no source is switched on: name seeds here, or run `pressmark add URL`"
        )
    return DONE


def _health_object(visit: Visit | None, trap: Trap | None) -> dict[str, Any]:
    """A source's health in --json: sound, trap, failing, or unknown before its first poll."""
    if trap:
        since, until = trap.since.isoformat(), trap.until.isoformat()
        return {
            "health": "trap",
            "trap": {"kind": trap.kind, "since": since, "until": until, "left_out": trap.left_out},
        }
    answered = visit is not None and visit.outcome in ("new", "revised", "unchanged", "copy")
    return {"health": "unknown" if visit is None else "sound" if answered else "failing", "trap": None}


def _health_of_all(config: Config) -> list[tuple[Source, Visit | None, Trap | None]]:
    """Every watched source with the visit of its last poll and the trap it is in."""
    watching = watched(config)
    if not (config.archive.dir / "FORMAT").exists():
        return [(source, None, None) for source in watching]
    with reader(config) as archive, archive.reading() as reading:
        known = traps_in(archive.root / "frontier.sqlite")
        return [
            (source, *_health(reading.last_visits(source.url, limit=_VISITS), known.get(source.key)))
            for source in watching
        ]


def _health(visits: Sequence[Visit], known: Trap | None) -> tuple[Visit | None, Trap | None]:
    """The last poll and the trap that visits tell, newest first; how much was left out the frontier knows."""
    trap = told_by(visits)
    if trap and known and known.kind == trap.kind:
        trap = known
    return next((visit for visit in visits if not is_of_trap(visit)), None), trap
