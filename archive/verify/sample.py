"""Which WARC files a sample takes: spread over the whole archive, and all of them once the seeds have gone round."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

_SAID = re.compile(r"(\d+(?:\.\d+)?)(%?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How much of an archive to look at: a part of it (above 0 up to 1) or a number of WARC files."""

    part: float | None = None
    files: int | None = None
    seed: int

    def __str__(self) -> str:
        return f"{self.part * 100:g}%" if self.part else str(self.files)


def read_sample(said: str, *, seed: int) -> Sample:
    """ "5%" or "12" as a sample. Raises ValueError saying what it should be."""
    match = _SAID.fullmatch(said.strip())
    number = float(match[1]) if match else 0
    if match and match[2] and 0 < number <= 100:
        return Sample(part=number / 100, seed=seed)
    if match and not match[2] and number >= 1 and number == int(number):
        return Sample(files=int(number), seed=seed)
    raise ValueError(
        f"{said} is no share; write it as 5% (above 0, up to 100) or as a number of WARC files, such as 12"
    )


def choose(names: Sequence[str], sample: Sample) -> list[str]:
    """The names that a sample takes, in order.

    The names are cut into as many runs as are wanted, one is taken of each. With the next seed it is each run's next,
    so as many consecutive seeds as a run is long take every name.
    """
    total = len(names)
    wanted = min(total, sample.files if sample.files else max(1, round(total * (sample.part or 1))))
    chosen = []
    for number in range(wanted):
        start, end = number * total // wanted, (number + 1) * total // wanted
        # Not the same place in each run: writers close files at the same hours of every day.
        shift = int.from_bytes(hashlib.sha256(str(number).encode()).digest()[:4])
        chosen.append(names[start + (sample.seed + shift) % (end - start)])
    return chosen
