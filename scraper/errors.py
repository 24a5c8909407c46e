"""What can go wrong on the way to a text: theirs (a server, a page) and ours (a setting).

ScraperError
├── FetchError          no whole answer came; `reason` is the Visit's word for it
│   ├── Refused         we did not ask: robots.txt, a private address, a port, a scheme
│   └── NoRoom          we did not ask: what came could not be kept
├── Unreadable          a feed, sitemap, front or seed file is not what it should be
├── NotAnArticle        the page holds no article; `reason` says what it is instead
├── ExtractError        the page could not be understood: too deep, too slow, too large for its worker
└── ConfigError         a setting is wrong; the message names file and line
"""

from archive.records import Exchange
from archive.secrets import shown, without_userinfo

# What a bug in a parser raises on an odd document; MemoryError is not among them, it ends the worker.
PARSER_BUGS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class ScraperError(Exception):
    """Something did not work: `subject` is the URL or file, the message says what and what to do.

    Neither holds a credential, whatever they are made of: errors end on screens, in logs and in records.
    """

    def __init__(self, subject: str, message: str) -> None:
        self.subject = shown(without_userinfo(subject))
        self.message = shown(message)
        super().__init__(f"{self.subject}: {self.message}")

    def __reduce__(self) -> tuple[object, ...]:
        # Raised in a worker process, met in ours: an exception with several arguments does not pickle by itself.
        return _remade, (type(self), self.args), self.__dict__


def _remade(kind: type[ScraperError], args: tuple[object, ...]) -> ScraperError:
    return kind.__new__(kind, *args)


class FetchError(ScraperError):
    """No whole answer came from the network."""

    def __init__(self, url: str, reason: str, message: str, *, exchanges: tuple[Exchange, ...] = ()) -> None:
        super().__init__(url, message)
        self.reason = reason
        self.exchanges = exchanges  # the hops that were answered before it went wrong


class Refused(FetchError):
    """Policy forbids the request; nothing was sent."""


class NoRoom(FetchError):
    """The archive takes nothing now, so nothing was sent."""


class Unreadable(ScraperError):
    """A feed, sitemap, front or seed file is not what it should be."""

    def __init__(self, subject: str, reason: str, message: str) -> None:
        super().__init__(subject, message)
        self.reason = reason


class NotAnArticle(ScraperError):
    """The page was read and is no article."""

    def __init__(self, url: str, reason: str, message: str) -> None:
        super().__init__(url, message)
        self.reason = reason


class ExtractError(ScraperError):
    """The page could not be understood."""

    def __init__(self, url: str, reason: str, message: str) -> None:
        super().__init__(url, message)
        self.reason = reason


class ConfigError(ScraperError):
    """A setting is wrong or missing."""
