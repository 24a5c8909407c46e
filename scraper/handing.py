"""A site's memory on its way to the workers: pickled once, and read once by each of them."""

import pickle
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

from archive.records import Site

_MOST: Final = 64  # sites that a worker has at hand; a memory takes half a megabyte at most
_MOST_BYTES: Final = 20_000_000  # of the memories that the line has at hand, as they are handed over
_MOST_NAMES: Final = 10_000  # of sites, most of them not known
_SECONDS: Final = 180.0  # for so long it is not looked again whether another process has learned a site anew
_at_hand: OrderedDict[str, Site] = OrderedDict()  # in a worker


@dataclass(frozen=True, slots=True)
class Handed:
    """A `Site` as it is given to `Workers.think`: the function there gets the Site itself."""

    name: str  # by which a worker knows it again
    pickled: bytes

    def without_templates(self) -> "Handed":
        """The same state, by which every page goes to the teacher: its cruft stays."""
        site = _opened(self.pickled)
        return handed(replace(site, memory={**site.memory, "templates": {}}))

    def __reduce__(self) -> tuple[object, ...]:
        return _received, (self.name, self.pickled)


def handed(site: Site) -> Handed:
    """The site's memory, ready to be handed over many times."""
    has_templates = bool(site.memory.get("templates"))
    name = f"{site.site}@{site.number} {site.learned_at.isoformat()} {has_templates}"
    return Handed(name, pickle.dumps(site, pickle.HIGHEST_PROTOCOL))


def _received(name: str, pickled: bytes) -> Site:
    """What the worker gets for a `Handed`: the same Site as before when it has had it."""
    site = _at_hand.pop(name, None) or _opened(pickled)
    _at_hand[name] = site
    if len(_at_hand) > _MOST:
        _at_hand.popitem(last=False)
    return site


def _opened(pickled: bytes) -> Site:
    site: Site = pickle.loads(pickled)  # noqa: S301  we have pickled it ourselves
    return site


class AtHand:
    """The newest states of the sites that were asked for lately; of a site without one, that it has none."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[float, Handed | None]] = OrderedDict()  # by site; when it was looked up
        self._bytes = 0

    def is_fresh(self, name: str, *, now: float) -> bool:
        """Whether the site was looked up, and not too long ago.  now: time.monotonic()."""
        looked_at, _ = self._known.get(name, (None, None))
        return looked_at is not None and now - looked_at < _SECONDS

    def get(self, name: str) -> Handed | None:
        """What was put there for it."""
        _, state = self._known[name]
        self._known.move_to_end(name)
        return state

    def put(self, name: str, state: Site | None, *, now: float) -> None:
        """What the archive knows of the site now; what was asked for longest ago may go."""
        self._drop(name)
        known = handed(state) if state else None
        self._known[name] = now, known
        self._bytes += len(known.pickled) if known else 0
        while len(self._known) > 1 and (self._bytes > _MOST_BYTES or len(self._known) > _MOST_NAMES):
            self._drop(next(iter(self._known)))

    def _drop(self, name: str) -> None:
        _, known = self._known.pop(name, (0.0, None))
        self._bytes -= len(known.pickled) if known else 0
