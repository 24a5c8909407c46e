"""`pressmark`, and `python -m scraper`."""

import signal
import sys
from types import FrameType


def _end(number: int, _frame: FrameType | None) -> None:
    """A signal before the verb listens to it itself: nothing is open yet, or it is closed on the way out."""
    sys.exit(0 if "daemon" in sys.argv[1:] else 128 + number)


def main() -> None:
    """The `pressmark` command."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    from scraper.cli import main as run  # noqa: PLC0415  half a second passes in imports, and signals come when they like

    run()


if __name__ == "__main__":
    main()
