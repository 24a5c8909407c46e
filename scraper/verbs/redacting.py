"""`pressmark redact`: what the law or a person demands gone is taken out for good."""

from collections.abc import Callable
from datetime import UTC, datetime

from archive.catalog import Reading
from archive.erasure import Erased
from archive.records import Capture, Revision
from archive.redact import Cover, cover_article, cover_text, redact
from scraper.edge import alone, reader
from scraper.errors import ConfigError
from scraper.flags import Flags
from scraper.output import DONE, FAILED, Output, counted, safe
from scraper.urls import key
from scraper.verbs.fetch import settings

Finds = Callable[[Reading], Cover]


def list_covered(flags: Flags, wanted: str, *, article: bool) -> int:
    """A line for each record that would go; nothing is changed."""
    output = flags.output
    with reader(settings(flags)) as archive, archive.reading() as reading:
        cover = _covers(wanted, article=article)(reading)
    _tell(output, cover, done=False)
    output.line(f"{_counted(cover)} would go; nothing was changed")
    return DONE


def redact_for_good(flags: Flags, wanted: str, *, article: bool, reason: str) -> int:
    """Take out what the ID means, a line a record; waits --wait seconds for writers to end."""
    if not reason.strip():
        raise ConfigError("--reason", "is empty; say who demanded it, or which law: it stays for good")
    output = flags.output
    with alone(settings(flags), wait=flags.patience) as archive:
        with archive.reading() as reading:
            cover = _covers(wanted, article=article)(reading)
        erased = redact(archive, cover, reason=reason.strip(), now=datetime.now(UTC))
    _tell(output, cover, done=True)
    return _told(output, cover, erased)


def _covers(wanted: str, *, article: bool) -> Finds:
    cover = cover_article if article else cover_text
    return lambda reading: cover(reading, wanted, key=key)


def _tell(output: Output, cover: Cover, *, done: bool) -> None:
    records: list[Revision | Capture] = [*cover.texts, *cover.captures]
    for record in records:
        said = _said(record)
        output.object({"redacted": done, **said})
        output.line(f"{said['kind']:<7}  {said['captured_at'][:10]}  {said['record_id']}  {safe(str(said['url']))}")


def _said(record: Revision | Capture) -> dict[str, str]:
    is_text = isinstance(record, Revision)
    return {
        "kind": "text" if is_text else "capture",
        "record_id": record.record_id,
        "url": record.article if isinstance(record, Revision) else record.url,
        "captured_at": record.captured_at.isoformat().replace("+00:00", "Z"),
        "warc": record.warc,
        **({"pressmark": record.pressmark} if isinstance(record, Revision) else {}),
    }


def _told(output: Output, cover: Cover, erased: Erased) -> int:
    for path in erased.quarantine:
        output.object({"removed": path})
        output.say(f"removed, for it may have held it: {path}")
    counts = {"texts": len(cover.texts), "captures": len(cover.captures), "tombstones": erased.tombstones}
    output.object({**counts, "left": erased.left})
    say = "says" if erased.tombstones == 1 else "say"
    output.line(f"{_counted(cover)} taken out; {counted(erased.tombstones, 'tombstone')} {say} when and why")
    if erased.left is None:
        return DONE
    output.say(f"the records are gone, the catalog's file is not clean yet: {erased.left}")
    output.say("end what reads the archive; the next command that writes to it does the rest")
    return FAILED


def _counted(cover: Cover) -> str:
    return f"{counted(len(cover.texts), 'text')} and {counted(len(cover.captures), 'capture')}"
