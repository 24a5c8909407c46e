"""What bench/clean.py asks of score.py, for packs of the sample newspaper: P, R and F1 of words, and snippets found."""

import re
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any


def score(page: Mapping[str, Any], text: str | None) -> dict[str, Any]:
    """The scores of one page: "p", "r" and "f1" where the pack has a text, the share of snippets where it has some."""
    told: dict[str, Any] = {"empty": not text}
    if page["text"]:
        found, right = Counter(_words(text)), Counter(_words(page["text"]))
        shared = (found & right).total()
        told |= {"p": shared / max(found.total(), 1), "r": shared / right.total()}
        told["f1"] = 2 * shared / (found.total() + right.total())
    if page["with"]:
        told["with"] = statistics.fmean(each in (text or "") for each in page["with"])
    return told


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The means, and "f1_p10"."""
    told: dict[str, Any] = {
        "empty": sum(row["empty"] for row in rows),
        "errors": sum(bool(row["error"]) for row in rows),
    }
    for key in ("p", "r", "f1", "with"):
        if scored := [row[key] for row in rows if key in row]:
            told[key] = statistics.fmean(scored)
    if scored := sorted(row["f1"] for row in rows if "f1" in row):
        told["f1_p10"] = scored[len(scored) // 10]
    return told


def _words(text: str | None) -> list[str]:
    return re.findall(r"\w+", (text or "").lower())
