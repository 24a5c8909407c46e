"""What reaches the terminal: data on stdout, narration on stderr, exit codes."""

import json
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from archive.errors import Ambiguous, ArchiveError, Damaged, Locked, NotAnArchive, NotAWarc, NotFound
from archive.records import Capture, Outcome
from scraper.errors import ConfigError, FetchError, NotAnArticle, Refused, ScraperError, Unreadable

SCHEMA = 1

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
    return "".join(" " if char in "\n\r\t" else char for char in text if char in "\n\r\t" or not _is_hidden(char))


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") and char not in "\u200c\u200d"


@dataclass(frozen=True, slots=True)
class Output:
    """Where a verb speaks. json: one object a line, errors too; quiet: no narration; verbose: more of it."""

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    color: bool = True

    def line(self, text: str) -> None:
        """Data, as text."""
        if not self.json:
            print(text, flush=True)

    def text(self, text: str) -> None:
        """Data: a text as it is, with the newline it ends in."""
        if not self.json:
            print(text, end="", flush=True)

    def object(self, said: Mapping[str, Any]) -> None:
        """Data, as a JSON object."""
        if self.json:
            line = json.dumps({"schema": SCHEMA, **said}, ensure_ascii=False)
            print(
                line.encode("utf-8", "replace").decode(), flush=True
            )  # an argument that was no UTF-8 holds surrogates

    def say(self, text: str) -> None:
        """Narration."""
        if not (self.quiet or self.json):
            print(text, file=sys.stderr, flush=True)

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
            self.object(
                {"error": type(error).__name__, "subject": error.subject, "message": error.message, "exit": code}
            )
        else:
            lines = "\n".join(safe(line) for line in str(error).splitlines())
            print(f"pressmark: {lines}", file=sys.stderr, flush=True)
        return code


def capture_object(capture: Capture) -> dict[str, Any]:
    """A capture as `--json` shows it."""
    said = asdict(capture)
    return {**said, "captured_at": capture.captured_at.isoformat().replace("+00:00", "Z")}
