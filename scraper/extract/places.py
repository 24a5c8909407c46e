"""Where a block of a page stands: the way to it from below <body>, as tags and the classes that tell something."""

import re
from typing import Final

from selectolax.lexbor import LexborNode

from scraper.extract.blocks import OUTERMOST

Step = tuple[str, tuple[str, ...]]  # an element on the way to a block: its tag, its classes in alphabetical order
Place = tuple[Step, ...]  # from below <body> to the block itself

_TAG: Final = re.compile(r"[a-z][a-z0-9-]*")
_CLASS: Final = re.compile(r"-?[A-Za-z_][\w-]*", re.ASCII)
_COUNTED: Final = re.compile(r"\d{3}|[0-9a-f]{6}")  # in a class: the number of this page, or the hash of a build


class Places:
    """The places of a page's blocks; what several blocks have above them is read once."""

    def __init__(self) -> None:
        self._known: dict[int, Place] = {}

    def of(self, node: LexborNode) -> Place:
        """From below <body> to that node."""
        above: list[LexborNode] = []
        at: LexborNode | None = node
        while at is not None and at.tag not in OUTERMOST and at.mem_id not in self._known:
            above.append(at)
            at = at.parent
        place = self._known.get(at.mem_id, ()) if at is not None else ()
        for each in reversed(above):
            place = self._known[each.mem_id] = (*place, (_tag(each), _classes(each)))
        return place


def _tag(node: LexborNode) -> str:
    return node.tag if node.tag and _TAG.fullmatch(node.tag) else "*"


def _classes(node: LexborNode) -> tuple[str, ...]:
    said = (node.attributes.get("class") or "").split()[:20]
    return tuple(sorted({each for each in said if _CLASS.fullmatch(each) and not _COUNTED.search(each)}))
