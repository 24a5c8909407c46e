"""The machine's two clocks: the one on the wall, which may be put, and a steady one that begins with each boot."""

import subprocess
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

_HELD_UP = 0.025  # seconds between two looks, from which on they are no longer one look


def both_clocks() -> tuple[float, float]:
    """Seconds of the wall clock, and of the one that nobody puts; the latter stands still while the machine sleeps."""
    while True:
        before, wall, after = time.monotonic(), time.time(), time.monotonic()
        if after - before < _HELD_UP:
            return wall, after


@cache
def this_boot() -> str:
    """What tells this boot of the machine from every other."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    command = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]  # macOS
    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(command, capture_output=True, check=True, text=True, timeout=5).stdout.strip()  # noqa: S603
    return "unknown"
