"""One ordeal after the other, each upon the same archive put back, and what came of them."""

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.archive.torture import figures
from tests.archive.torture.children import DONE, Ending, alive
from tests.archive.torture.deaths import write_beside
from tests.archive.torture.judge import Told, Verdict, differs_when_rebuilt, judge
from tests.archive.torture.place import Place, State

Ordeal = Callable[[Path], Ending]  # what happens to a writer of the archive in that folder
REBUILT_EVERY = 50  # ordeals; a rebuild takes as long as the rest


@dataclass(slots=True)
class Sweep:
    """The same writer, stopped ever later."""

    place: Place
    begun: State
    before: Told = field(default_factory=Told)  # what was acknowledged before
    count: int = 0
    kills: int = 0
    worst: float = 0.0  # seconds that a recovery took
    faults: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, root: Path, before: Told | None = None) -> Self:
        """A sweep that begins each time with what lies there now."""
        place = Place(root)
        return cls(place, place.take(), before or Told())

    def alone(self, where: str, ordeal: Ordeal) -> Ending:
        """Let a writer suffer and judge what it left."""
        root = self.place.put(self.begun)
        ending = ordeal(root)
        self._judge(where, root, ending)
        return ending

    def beside_another(self, where: str, ordeal: Ordeal) -> Ending:
        """As `alone`, while another writer works on the same archive, before it happens and after it."""
        root = self.place.put(self.begun)
        with alive(write_beside(root), stderr=self.place.root.with_name("beside")) as endings:
            ending = ordeal(root)
            self._note(where, judge(root, copy.deepcopy(self.before), alone=False))
        [other] = endings
        if other.code != DONE:
            self.faults.append(f"{where}: the other writer ended with {other.code}: {other.complaint}")
        self._judge(where, root, ending, other.said)
        return ending

    def _judge(self, where: str, root: Path, ending: Ending, also_said: str = "") -> None:
        seen = copy.deepcopy(self.before)
        seen.add(ending.said + also_said)
        if not ending.killed and ending.code != DONE:
            self.faults.append(f"{where}: the writer ended with {ending.code}: {ending.complaint}")
        self._note(where, judge(root, seen))
        self.count += 1
        self.kills += ending.killed
        if self.count % REBUILT_EVERY == 0:
            self.faults += [f"{where}: rebuilt otherwise: {line}" for line in differs_when_rebuilt(root)]

    def _note(self, where: str, verdict: Verdict) -> None:
        self.worst = max(self.worst, verdict.seconds)
        self.faults += [f"{where}: {loss}" for loss in verdict.losses]


BESIDE = 5  # seconds: beside a living writer it also waits for its turn, on cores that are busy with both


def check(part: str, sweeps: Iterable[Sweep], *, floor: int, within: float = 1) -> None:
    """Print a part's figures; it must have killed so often, lost nothing, and recovered within so many seconds."""
    swept = list(sweeps)
    kills, worst = sum(sweep.kills for sweep in swept), max(sweep.worst for sweep in swept)
    figures.say(part, kills=kills, worst_recovery=f"{worst:.3f} s")
    assert [fault for sweep in swept for fault in sweep.faults] == []
    assert kills >= floor
    assert worst < within
