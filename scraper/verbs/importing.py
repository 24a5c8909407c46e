"""`pressmark import`: WARC and WACZ files that others made, into the archive."""

import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from archive import Writer
from archive.errors import ArchiveError, NotAWarc
from archive.foreign import Limits, read_foreign
from archive.importing import Imported, Terms, import_warc
from scraper.compare import between
from scraper.desk import lacks_room
from scraper.edge import understanding, writer
from scraper.flags import Flags
from scraper.output import DAMAGE, DONE, Output, exit_code, safe
from scraper.verbs.fetch import progress, settings

_HEAD = 100_000  # bytes that a block may be larger than its body: head, interim answers, chunk sizes
_WHY = {
    "too-large": "larger than network.max_body",
    "no-http": "no answer of a server",
    "url": "no URL",
    "scheme": "neither http nor https",
    "no-date": "no date",
    "date": "a date that is none",
    "future": "from the future",
    "not-get": "an answer to something else than GET",
    "segmented": "in parts",
    "revisit": "refers to what is not in the archive: import the file that holds it, then this one again",
    "redacted": "redacted",
    "digest": "changed after its digest was made",
}
_DAMAGED = "left out; get the file anew from where it came, and import it again; if it was made like that, let it be"
_NO_ROOM = "nothing more is taken; make room, or lower the setting, and run the import again: it goes on where it was"


def import_files(flags: Flags, files: Sequence[Path]) -> int:
    """Every answer in the files as a capture of its own date; the exit code."""
    config, output = settings(flags), flags.output
    limits = Limits(block=config.network.max_body + _HEAD)
    refused, sound = _parted(files, output, limits)
    if not sound:
        return exit_code((), refused)
    with _asked_to_stop() as stopped, progress(output, "importing") as show, understanding(config) as understand:
        terms = Terms(
            understand=understand,
            compare=between,
            limits=limits,
            stop=lambda: bool(stopped),
            refusal=lambda: lacks_room(config.archive.dir, config.archive.min_free, _NO_ROOM),
            tell=lambda so_far: show(_so_far(so_far)),
        )
        with writer(config, wait=flags.patience) as archive:
            done = _Files(archive, terms).run(sound)
        show("")
    refused += [output.fail(each) for each in done if isinstance(each, NotAWarc)]
    taken = [each for each in done if isinstance(each, Imported)]
    for each in taken:
        _tell(output, each)
    if stopped:
        return 128 + stopped[0]
    refusal = next((each.refusal for each in taken if each.refusal), None)
    return output.fail(refusal) if refusal else exit_code((), [*refused, *map(_code, taken)])


def _so_far(imported: Imported) -> str:
    return f"{Path(imported.file).name}: {imported.taken} taken, {imported.known} there already"


def _parted(files: Sequence[Path], output: Output, limits: Limits) -> tuple[list[int], list[Path]]:
    """Exit codes of the files that are no WARC, and the others: a file that is refused makes no archive."""
    refused: list[int] = []
    sound: list[Path] = []
    for path in dict.fromkeys(files):
        try:
            next(read_foreign(path, [], limits), None)
            sound.append(path)
        except NotAWarc as error:
            refused.append(output.fail(error))
    return refused, sound


class _Files:
    """Files being imported into one archive."""

    def __init__(self, archive: Writer, terms: Terms) -> None:
        self._archive = archive
        self._terms = terms
        self._refusal: ArchiveError | None = None

    def run(self, files: Sequence[Path]) -> list[Imported | NotAWarc]:
        """Each file in order; then those again that refer to what was read after it."""
        done = {path: self._one(path) for path in files if not self._is_over()}
        fresh = done
        while any(map(_has_taken, fresh.values())) and (waiting := [path for path in done if _waits(done[path])]):
            fresh = {path: self._one(path) for path in waiting if not self._is_over()}
            done |= {path: _both(done[path], more) for path, more in fresh.items()}
        return list(done.values())

    def _is_over(self) -> bool:
        return self._terms.stop() or self._refusal is not None

    def _one(self, path: Path) -> Imported | NotAWarc:
        try:
            imported = import_warc(self._archive, path, self._terms)
        except NotAWarc as error:
            return error
        self._refusal = imported.refusal
        return imported


def _has_taken(imported: Imported | NotAWarc) -> bool:
    return isinstance(imported, Imported) and imported.taken > 0


def _waits(imported: Imported | NotAWarc) -> bool:
    """Whether it refers to what was not in the archive when it was read."""
    return isinstance(imported, Imported) and imported.left["revisit"] > 0


def _both(first: Imported | NotAWarc, second: Imported | NotAWarc) -> Imported | NotAWarc:
    """What two looks at one file came to: what the first took is known to the second."""
    if isinstance(first, NotAWarc) or isinstance(second, NotAWarc):
        return first
    second.known -= first.taken
    second.taken += first.taken
    second.doubtful += first.doubtful
    second.outcomes += first.outcomes
    return second


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """The signals that came: the record at hand is finished first."""
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda sent, _: came.append(sent)) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _code(imported: Imported) -> int:
    return DAMAGE if imported.damages else DONE


def _tell(output: Output, imported: Imported) -> None:
    """A line for a file; on stderr what is damaged in it."""
    output.object(_as_object(imported))
    told = [f"{imported.taken} taken", f"{imported.known} there already", *_left(imported.left)]
    told += [f"{count} {outcome}" for outcome, count in sorted(imported.outcomes.items())]
    if imported.doubtful:
        told.append(f"{imported.doubtful} with another payload than the file's digest says (import-digest)")
    if imported.damages:
        told.append(f"{len(imported.damages)} damaged")
    if imported.ended or imported.refusal:
        told.append("stopped; run it again to go on")
    output.line(f"{safe(imported.file)}: {' · '.join(told)}")
    for damage in imported.damages:
        output.say(f"pressmark: {safe(str(damage))}; {_DAMAGED}")


def _left(left: Counter[str]) -> list[str]:
    return [f"{count} left out ({_WHY.get(reason, reason)})" for reason, count in sorted(left.items()) if count]


def _as_object(imported: Imported) -> dict[str, Any]:
    return {
        "file": imported.file,
        "sha256": imported.sha256,
        "taken": imported.taken,
        "known": imported.known,
        "doubtful": imported.doubtful,
        "left": {reason: count for reason, count in sorted(imported.left.items()) if count},
        "outcomes": dict(sorted(imported.outcomes.items())),
        "damages": [{"offset": damage.offset, "what": damage.message} for damage in imported.damages],
        "ended": imported.ended or imported.refusal is not None,
    }
