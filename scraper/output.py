"""What reaches the terminal: data on stdout, narration on stderr, exit codes."""

import codecs
import io
import json
import logging
import sys
import traceback
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, BinaryIO, cast

from archive.errors import Ambiguous, ArchiveError, Damaged, Locked, NotAnArchive, NotAWarc, NotFound
from archive.records import Capture, Outcome
from archive.secrets import shown
from scraper.errors import ConfigError, FetchError, NotAnArticle, Refused, ScraperError, Unreadable

SCHEMA = 1
# Control, format (bidi among them), surrogate, private and unassigned characters; separators of lines and paragraphs.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

DONE, FAILED, USAGE, MIXED, NO_ARTICLE, DAMAGE, LOCKED, POLICY = range(8)
EXIT_HELP = (
    "Exit codes: 0 done, new or unchanged; 1 failed, gone or blocked; 2 usage or settings; 3 several links with "
    "different codes; 4 not an article; 5 damage found; 6 the archive is locked; 7 refused by policy (robots.txt, "
    "private address, redacted)."
)
_OF_OUTCOME: Mapping[Outcome, int] = {
    "new": DONE, "revised": DONE, "unchanged": DONE, "copy": DONE, "not-article": NO_ARTICLE,
    "gone": FAILED, "blocked": FAILED, "failed": FAILED, "refused": POLICY,
}  # fmt: skip


def exit_code(outcomes: Sequence[Outcome], others: Sequence[int] = ()) -> int:
    """The exit code of a run over several links, `others` the codes of those that had no outcome; of none: done."""
    codes = {*others, *(_OF_OUTCOME[outcome] for outcome in outcomes)} or {DONE}
    return codes.pop() if len(codes) == 1 else MIXED


def counted(count: int, thing: str) -> str:
    """How many of a thing: "1 text", "2 texts"; thing: a noun whose plural ends in s."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def code_of(error: ScraperError | ArchiveError) -> int:
    """The exit code that an error ends a verb with."""
    match error:
        case Locked():
            return LOCKED
        case Damaged():
            return DAMAGE
        case FetchError(reason="url") | FetchError(reason="scheme"):
            return USAGE
        case Refused():
            return POLICY
        case NotAnArticle():
            return NO_ARTICLE
        case ConfigError() | Unreadable() | NotAnArchive() | NotFound() | Ambiguous() | NotAWarc():
            return USAGE
    return FAILED


def safe(text: str) -> str:
    """A remote string fit for a terminal and a log: one line, no control, escape, bidi and invisible characters."""
    if text.isprintable():
        return text
    return "".join(" " if char in "\n\r\t" else char for char in text if char in "\n\r\t" or not _is_hidden(char))


def harmless(text: str) -> str:
    """Lines fit for a terminal: as `safe`, but line ends and tabs stay. Surrogates too, for what they stand for."""
    return text if text.isprintable() else "".join(char for char in text if char in "\n\t" or not _is_hidden(char))


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) in _HIDDEN and char not in "\u200c\u200d"


def _escaped(line: str) -> str:
    """A line of JSON that says the same and is harmless: what is hidden stands as \\uXXXX."""
    return line if line.isprintable() else "".join(_escape(char) if _is_hidden(char) else char for char in line)


def _escape(char: str) -> str:
    return json.dumps(char)[1:-1] if char > "\x7f" else f"\\u{ord(char):04x}"


@dataclass(frozen=True, slots=True)
class Output:
    """Where a verb speaks. json: one object a line, errors too; quiet: no narration; verbose: more of it."""

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    color: bool = True

    def line(self, text: str) -> None:
        """Data, as text; harmless, whoever wrote it."""
        if not self.json:
            print(harmless(text), flush=True)

    def text(self, text: str) -> None:
        """Data: a text as it is, byte for byte, with the newline it ends in; on a terminal harmless."""
        if not self.json:
            print(harmless(text) if sys.stdout.isatty() else text, end="", flush=True)

    def object(self, said: Mapping[str, Any]) -> None:
        """Data, as a JSON object: all of it, and yet nothing that a terminal would obey."""
        if self.json:
            line = json.dumps({"schema": SCHEMA, **said}, ensure_ascii=False)
            # An argument that was no UTF-8 holds surrogates.
            print(_escaped(line.encode("utf-8", "replace").decode()), flush=True)

    def say(self, text: str) -> None:
        """Narration; harmless, whoever wrote it."""
        if not (self.quiet or self.json):
            print(harmless(text), file=sys.stderr, flush=True)

    def detail(self, text: str) -> None:
        """Narration for those who asked for more of it."""
        if self.verbose:
            self.say(text)

    @property
    def shows_progress(self) -> bool:
        """Whether somebody is there to look at it."""
        return sys.stderr.isatty() and not (self.quiet or self.json)

    def fail(self, error: ScraperError | ArchiveError) -> int:
        """The error, as one line or one object; its exit code."""
        code = code_of(error)
        if self.json:
            reason = getattr(error, "reason", None)  # the Visit's word, of those that have one
            told = {"error": type(error).__name__, "subject": error.subject, "reason": reason}
            self.object({**told, "message": error.message, "exit": code})
        else:
            lines = "\n".join(safe(line) for line in str(error).splitlines())
            print(f"pressmark: {lines}", file=sys.stderr, flush=True)
        return code


class _Shown(io.RawIOBase):
    """A terminal that takes bytes of text and shows what is harmless of them."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        sys.stdout.write(harmless(self._decoder.decode(bytes(piece))))
        return len(piece)


def stdout_bytes() -> BinaryIO:
    """Where data goes that is bytes already: stdout as it is; on a terminal without what that would obey."""
    return cast("BinaryIO", _Shown()) if sys.stdout.isatty() else sys.stdout.buffer


def guard_stderr() -> None:
    """What libraries log, what Python warns of and what nobody caught: as harmless and bare as our own words."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter("%(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.captureWarnings(True)
    sys.excepthook = _say_uncaught


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return harmless(shown(super().format(record)))


def _say_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    print(harmless(shown("".join(traceback.format_exception(kind, error, trace)))), end="", file=sys.stderr)


def capture_object(capture: Capture) -> dict[str, Any]:
    """A capture as `--json` shows it."""
    said = asdict(capture)
    return {**said, "captured_at": capture.captured_at.isoformat().replace("+00:00", "Z")}
